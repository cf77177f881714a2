/// The named top-level fields of a JSON object, read with simdjson's on-demand parser.
///
/// What it promises:
/// - the *whole* document is validated, also the values nobody asked for: UTF-8, structure, escapes,
///   numbers, literals, and that nothing follows the object;
/// - of fields with the same name the last one counts (as in most JSON libraries);
/// - no exception crosses this boundary, and nothing is allocated per call once the buffers are warm;
/// - objects and arrays may be nested CSJ_DEPTH_MAX deep, a document may be CSJ_BYTES_MAX long.
///
/// Thread rule: a reader belongs to one thread at a time; names may be shared.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How deep objects and arrays may be nested.
#define CSJ_DEPTH_MAX 256
/// The longest document, in bytes.
#define CSJ_BYTES_MAX (64u << 20)
/// Buffers that grew beyond this many document bytes are given back at the next small document.
#define CSJ_BYTES_KEPT (64u << 10)

/// What a field holds.
typedef enum csj_kind {
  /// The object has no such field.
  CSJ_MISSING = 0,
  CSJ_NULL = 1,
  CSJ_BOOLEAN = 2,
  /// A number without fraction and exponent within int64.
  CSJ_INTEGER = 3,
  /// Any other number, also an integer beyond int64 (rounded to the nearest double).
  CSJ_NUMBER = 4,
  CSJ_OBJECT = 5,
  CSJ_ARRAY = 6,
  // From here on a value has bytes.
  CSJ_STRING = 7,
  /// A number as the document has it; only in the slots of csj_names_add_text().
  CSJ_TEXT = 8,
  /// An array of strings, each as a uint32 of its length in this machine's order and its bytes; only in the slots
  /// of csj_names_add_text().
  CSJ_LIST = 9,
  /// Not made here: 16 bytes of a reader's own.
  CSJ_WIDE = 10,
} csj_kind;

/// One field's value. A string is a view that lasts until the reader's next call; it is not terminated.
typedef struct csj_value {
  union {
    int64_t integer;
    double number;
    bool boolean;
    const uint8_t *string;
  };
  /// The string's length in bytes.
  uint32_t length;
  csj_kind kind;
} csj_value;

/// Codes below zero are this shim's own; those above are simdjson's.
enum {
  CSJ_OK = 0,
  CSJ_EMPTY = -1,
  CSJ_TOO_LONG = -2,
  CSJ_NOT_AN_OBJECT = -3,
  CSJ_TRAILING = -4,
  CSJ_TOO_DEEP = -5,
  CSJ_NO_MEMORY = -6,
};

/// A sentence fragment for a code; lives for ever.
const char *csj_message(int code);

/// A table of names, each with an index from 0 on.
typedef struct csj_names csj_names;

/// NULL when there is no memory. Copies the names. The caller destroys the table.
csj_names *csj_names_create(const uint8_t *const *names, const size_t *lengths, size_t count);
void csj_names_destroy(csj_names *names);
/// Has the field's number also handed out as it is written, or its array as a list of strings: in another slot, whose
/// index is returned. Slots stand behind the names' own values, in the order in which they were added. 0 when there is
/// no memory.
size_t csj_names_add_text(csj_names *names, size_t index);
/// The name's index, or -1.
int64_t csj_names_find(const csj_names *names, const uint8_t *name, size_t length);

/// A parser with its buffers.
typedef struct csj_reader csj_reader;

/// NULL when there is no memory. The caller destroys the reader.
csj_reader *csj_reader_create(void);
void csj_reader_destroy(csj_reader *reader);
/// Reads the fields `names` of a JSON object into `values`, which has room for as many and the added slots.
///
/// Copies the bytes, since simdjson reads beyond their end. Returns CSJ_OK or a code; after an error the
/// values mean nothing.
int csj_reader_read(
    csj_reader *reader, const csj_names *names, const uint8_t *bytes, size_t length, csj_value *values);

/// Writes the shortest decimal form that reads back as the same double, always with a fraction or an exponent
/// (so that it stays a number and does not become an integer). `text` has room for 32 bytes. Returns the length.
size_t csj_print_number(double number, char *text);
/// Reads a JSON number of `length` bytes as a double; false when it is out of range or no number.
bool csj_parse_number(const char *text, size_t length, double *number);

#ifdef __cplusplus
}
#endif
