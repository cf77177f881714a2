// simdjson 3.0.1 reads numbers of 19 digits and more wrongly, and says that they are right: numbers are read here.
#include "numbers.h"

#include <algorithm>
#include <cfloat>
#include <charconv>
#include <cmath>

namespace {

/// The powers of ten that a double holds exactly.
constexpr double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int64_t exact_power_max = 22;
/// Up to here a double holds every integer.
constexpr uint64_t exact_integer_max = uint64_t(1) << 53;
/// Exponents beyond it are all alike: documents are too short for digits that could bring them back.
constexpr int64_t exponent_max = 1'000'000'000;

// One operation on two exact doubles is rounded once, so it gives the nearest double, unless the processor
// computes with more bits than a double has.
static_assert(FLT_EVAL_METHOD == 0, "expected arithmetic on doubles to be done in doubles");

bool is_digit(const char *at, const char *end) { return at < end && unsigned(*at) - '0' < 10; }

/// Takes digits behind those that are there; returns where they end.
const char *take_digits(const char *at, const char *end, uint64_t &digits) {
  for (; is_digit(at, end); at++) digits = digits * 10 + uint64_t(*at - '0');
  return at;
}

/// Takes what follows the letter e; nullptr when there is no digit.
const char *take_exponent(const char *at, const char *end, int64_t &result) {
  bool is_negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+')) at++;
  if (!is_digit(at, end)) return nullptr;
  int64_t exponent = 0;
  for (; is_digit(at, end); at++) {
    if (exponent < exponent_max) exponent = exponent * 10 + (*at - '0');
  }
  result += is_negative ? -exponent : exponent;
  return at;
}

/// Whether a number that no double holds is below the smallest one, and not above the largest.
bool is_small(const csj_decimal &number) {
  std::string_view text = number.text;
  size_t end = std::min(text.find_first_of("eE"), text.size());
  size_t point = std::min(text.find('.'), end);
  size_t first = text.find_first_of("123456789");
  int64_t fraction_length = point < end ? int64_t(end - point - 1) : 0;
  // Where the point would be before the first digit that is not zero, if there were no exponent.
  int64_t place = first < point ? int64_t(point - first) : -int64_t(first - point - 1);
  return place + number.exponent + fraction_length < 0;
}

/// False when the number is too large.
bool find_nearest(const csj_decimal &number, double &nearest) {
  bool is_exact = number.digit_count <= csj_decimal::digits_max && number.digits <= exact_integer_max;
  if (is_exact && std::abs(number.exponent) <= exact_power_max) {
    double value = double(number.digits);
    if (number.exponent < 0) value /= exact_powers[-number.exponent];
    if (number.exponent > 0) value *= exact_powers[number.exponent];
    nearest = number.is_negative ? -value : value;
    return true;
  }
  // Knows no locale, needs no NUL behind the text, and rounds correctly whatever its length.
  const char *end = number.text.data() + number.text.size();
  auto [behind, error] = std::from_chars(number.text.data(), end, nearest);
  if (error == std::errc()) return behind == end && std::isfinite(nearest);
  if (!is_small(number)) return false;
  nearest = number.is_negative ? -0.0 : 0.0;
  return true;
}

}  // namespace

bool csj_take_number(std::string_view text, csj_decimal &number) {
  const char *at = text.data(), *end = at + text.size();
  number.is_negative = at < end && *at == '-';
  if (number.is_negative) at++;
  const char *start = at;
  at = take_digits(at, end, number.digits);
  number.digit_count = size_t(at - start);
  bool has_leading_zero = number.digit_count > 1 && *start == '0';
  if (number.digit_count == 0 || has_leading_zero) return false;
  if (at < end && *at == '.') {
    number.is_integer = false;
    start = at + 1;
    at = take_digits(start, end, number.digits);
    if (at == start) return false;
    number.digit_count += size_t(at - start);
    number.exponent = start - at;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    number.is_integer = false;
    at = take_exponent(at + 1, end, number.exponent);
    if (at == nullptr) return false;
  }
  number.text = text.substr(0, size_t(at - text.data()));
  return true;
}

bool csj_evaluate(const csj_decimal &number, csj_value &result) {
  uint64_t limit = uint64_t(INT64_MAX) + (number.is_negative ? 1 : 0);
  if (number.is_integer && number.digit_count <= csj_decimal::digits_max && number.digits <= limit) {
    result.integer = int64_t(number.is_negative ? 0 - number.digits : number.digits);
    result.kind = CSJ_INTEGER;
    return true;
  }
  result.kind = CSJ_NUMBER;
  return find_nearest(number, result.number);
}

bool csj_parse_number(const char *text, size_t length, double *nearest) {
  csj_decimal number;
  std::string_view view(text, length);
  return csj_take_number(view, number) && number.text.size() == length && find_nearest(number, *nearest);
}

size_t csj_print_number(double number, char *text) {
  // The shortest form of a double has at most 24 characters, so 29 always suffice.
  char *end = std::to_chars(text, text + 29, number).ptr;
  for (const char *at = text; at < end; at++) {
    if (*at == '.' || *at == 'e') return size_t(end - text);
  }
  *end++ = '.';
  *end++ = '0';
  return size_t(end - text);
}
