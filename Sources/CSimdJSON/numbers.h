#pragma once

#include <string_view>

#include "CSimdJSON.h"

/// A JSON number as its text has it.
struct csj_decimal {
  /// Whether it has neither a fraction nor an exponent.
  bool is_integer = true;
  bool is_negative = false;
  /// The digits before the exponent as one number, times ten to the power of `exponent`; of more digits than
  /// `digits_max` it means nothing.
  uint64_t digits = 0;
  int64_t exponent = 0;
  /// How many digits stand before the exponent, leading zeros included.
  size_t digit_count = 0;
  /// The text, without what stood behind it.
  std::string_view text;

  /// So many digits fit a uint64, whatever they are.
  static constexpr size_t digits_max = 19;
};

/// Takes the JSON number at the start of a text; false when it is none.
bool csj_take_number(std::string_view text, csj_decimal &number);

/// Makes it a CSJ_INTEGER when it is an integer within int64, and else a CSJ_NUMBER: the nearest double, a tie going to
/// the even one; what is too small for a double is a zero. False when it is too large for a double.
bool csj_evaluate(const csj_decimal &number, csj_value &result);
