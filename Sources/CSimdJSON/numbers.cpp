#include <charconv>
#include <cmath>

#include "CSimdJSON.h"

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

bool csj_parse_number(const char *text, size_t length, double *number) {
  auto [end, error] = std::from_chars(text, text + length, *number);
  return error == std::errc() && end == text + length && std::isfinite(*number);
}
