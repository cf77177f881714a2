// Reads numbers, one a line, as the engine does, and says what each became. A number's line:
//
//   x                     it is no JSON number, or too large for a double
//   i 12                  an integer
//   d 3ff8000000000000 1.5  a double: its bits, and how a state would write it
//   ! why                 the way back from what a state would write gave something else
//
// For scripts/fuzz-numbers, which compares it with a parser of another origin.
#include <CSimdJSON.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>

namespace {

struct engine {
  csj_reader *reader = csj_reader_create();
  csj_names *names = nullptr;

  engine() {
    auto *name = reinterpret_cast<const uint8_t *>("n");
    size_t length = 1;
    names = csj_names_create(&name, &length, 1);
  }

  ~engine() {
    csj_names_destroy(names);
    csj_reader_destroy(reader);
  }

  /// What the text between `{"n":` and `}` is; CSJ_MISSING when the document is refused.
  csj_value read(const std::string &number) {
    std::string document = "{\"n\":" + number + "}";
    csj_value value;
    auto *bytes = reinterpret_cast<const uint8_t *>(document.data());
    if (csj_reader_read(reader, names, bytes, document.size(), &value) != CSJ_OK) value.kind = CSJ_MISSING;
    return value;
  }
};

void describe(engine &engine, const std::string &line) {
  csj_value value = engine.read(line);
  if (value.kind == CSJ_INTEGER) {
    std::printf("i %" PRId64 "\n", value.integer);
    return;
  }
  if (value.kind != CSJ_NUMBER) {
    std::puts(value.kind == CSJ_MISSING ? "x" : "! it became no number");
    return;
  }
  char text[32];
  size_t length = csj_print_number(value.number, text);
  csj_value again = engine.read(std::string(text, length));
  bool is_same = again.kind == CSJ_NUMBER && std::memcmp(&again.number, &value.number, sizeof(double)) == 0;
  double parsed = 0;
  is_same = is_same && csj_parse_number(text, length, &parsed) &&
            std::memcmp(&parsed, &value.number, sizeof(double)) == 0;
  if (!is_same) {
    std::printf("! written as %.*s, it was not read back\n", int(length), text);
    return;
  }
  uint64_t bits;
  std::memcpy(&bits, &value.number, sizeof bits);
  std::printf("d %016" PRIx64 " %.*s\n", bits, int(length), text);
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  engine engine;
  std::string line;
  while (std::getline(std::cin, line)) describe(engine, line);
  return 0;
}
