// On-demand rather than simdjson's DOM, because it lends a number's text to numbers.cpp. The DOM of 3.0.1 reads
// numbers itself: wrongly from 19 digits on, and it refuses the whole document for an integer beyond 64 bits.
// What on-demand does not look at it does not validate, hence the walk through every value below. On 6
// million mutated documents its verdicts differed from the DOM's for such integers only.
#ifndef NDEBUG
#define NDEBUG  // SwiftPM leaves simdjson's assertions on in release builds: 60 ns a document.
#endif
#define SIMDJSON_EXCEPTIONS 0
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include <cstring>
#include <memory>
#include <new>

#include "names.h"
#include "numbers.h"

using namespace simdjson;

struct csj_reader {
  ondemand::parser parser;
  std::unique_ptr<uint8_t[]> input;
  /// Lists of strings; only grows with documents that have wanted lists.
  std::unique_ptr<uint8_t[]> lists;
  size_t lists_capacity = 0;
  size_t lists_used = 0;
  /// How long a document the buffers have room for.
  size_t capacity = 0;

  /// Grows by doubling, and gives back what one long document needed.
  int reserve(size_t length) {
    bool fits = length <= capacity && (capacity <= CSJ_BYTES_KEPT || length > CSJ_BYTES_KEPT);
    if (fits) return CSJ_OK;
    size_t wanted = 1024;
    while (wanted < length) wanted *= 2;
    capacity = 0;
    input.reset();
    input.reset(new (std::nothrow) uint8_t[wanted + SIMDJSON_PADDING]);
    if (!input || parser.allocate(wanted, CSJ_DEPTH_MAX) != SUCCESS) return CSJ_NO_MEMORY;
    capacity = wanted;
    return CSJ_OK;
  }
};

namespace {

int read_value(ondemand::value value, csj_value &result, size_t depth);

/// A string token without escapes is a view of the input; stage 1 has found its end and its control
/// characters. `token` may have white space behind the closing quote.
int read_string(ondemand::value value, std::string_view token, csj_value &result) {
  size_t end = token.size() - 1;
  while (end > 0 && token[end] != '"') end--;
  if (end == 0) return STRING_ERROR;
  std::string_view text = token.substr(1, end - 1);
  if (std::memchr(text.data(), '\\', text.size()) != nullptr) {
    auto error = value.get_string().get(text);
    if (error) return error;
  } else {
    // Tell the iterator that the value was consumed.
    ondemand::raw_json_string raw;
    auto error = value.get_raw_json_string().get(raw);
    if (error) return error;
  }
  result.string = reinterpret_cast<const uint8_t *>(text.data());
  result.length = uint32_t(text.size());
  result.kind = CSJ_STRING;
  return CSJ_OK;
}

bool is_space(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

/// A token has white space behind the number, or is something else.
///
/// Leaves the value unread: the iterator then skips one scalar, and checks what stands behind it.
int read_number(std::string_view token, csj_value &result) {
  csj_decimal number;
  if (!csj_take_number(token, number)) return NUMBER_ERROR;
  for (size_t at = number.text.size(); at < token.size(); at++) {
    if (!is_space(token[at])) return NUMBER_ERROR;
  }
  return csj_evaluate(number, result) ? int(CSJ_OK) : int(NUMBER_ERROR);
}

int read_array(ondemand::value value, csj_value &result, size_t depth) {
  if (depth > CSJ_DEPTH_MAX) return CSJ_TOO_DEEP;
  ondemand::array array;
  auto error = value.get_array().get(array);
  if (error) return error;
  for (auto element : array) {
    ondemand::value inner;
    error = element.get(inner);
    if (error) return error;
    csj_value ignored;
    int code = read_value(inner, ignored, depth + 1);
    if (code != CSJ_OK) return code;
  }
  result.kind = CSJ_ARRAY;
  return CSJ_OK;
}

/// The name's bytes: a view of the input unless there are escapes in it.
int read_name(ondemand::field &field, std::string_view &name) {
  const char *start = field.key().raw();
  size_t length = 0;
  while (start[length] != '"' && start[length] != '\\') length++;
  name = std::string_view(start, length);
  if (start[length] == '"') return CSJ_OK;
  return field.unescaped_key().get(name);
}

/// Walks an object's fields; `names` is NULL for a nested object, whose fields are only validated.
int read_fields(ondemand::object object, const csj_names *names, csj_value *values, size_t depth) {
  for (auto element : object) {
    ondemand::field field;
    auto error = std::move(element).get(field);
    if (error) return error;
    std::string_view name;
    int code = read_name(field, name);
    if (code != CSJ_OK) return code;
    csj_value value;
    code = read_value(field.value(), value, depth + 1);
    if (code != CSJ_OK) return code;
    if (names == nullptr) continue;
    int64_t index = names->find(reinterpret_cast<const uint8_t *>(name.data()), name.size());
    if (index >= 0) values[index] = value;
  }
  return CSJ_OK;
}

/// Reads an array whose strings are wanted; another array is only validated.
int read_list(csj_reader *reader, ondemand::value value, csj_value &result, size_t depth) {
  if (depth > CSJ_DEPTH_MAX) return CSJ_TOO_DEEP;
  ondemand::array array;
  auto error = value.get_array().get(array);
  if (error) return error;
  uint8_t *start = reader->lists.get() + reader->lists_used;
  uint8_t *end = start;
  bool is_list = true;
  for (auto element : array) {
    ondemand::value inner;
    error = element.get(inner);
    if (error) return error;
    csj_value item;
    int code = read_value(inner, item, depth + 1);
    if (code != CSJ_OK) return code;
    is_list = is_list && item.kind == CSJ_STRING;
    if (!is_list) continue;
    std::memcpy(end, &item.length, sizeof(item.length));
    std::memcpy(end + sizeof(item.length), item.string, item.length);
    end += sizeof(item.length) + item.length;
  }
  result = csj_value();
  result.kind = is_list ? CSJ_LIST : CSJ_ARRAY;
  if (!is_list) return CSJ_OK;
  result.string = start;
  result.length = uint32_t(end - start);
  reader->lists_used += result.length;
  return CSJ_OK;
}

/// Makes room for every list that a document can hold: an item takes three bytes there, its quotes and a comma, and
/// at most twice as many here.
int reserve_lists(csj_reader *reader, size_t length) {
  reader->lists_used = 0;
  size_t wanted = 2 * length + 16;
  size_t kept = 4 * CSJ_BYTES_KEPT;
  bool fits = wanted <= reader->lists_capacity && (reader->lists_capacity <= kept || wanted > kept / 2);
  if (fits) return CSJ_OK;
  reader->lists.reset(new (std::nothrow) uint8_t[2 * wanted]);
  reader->lists_capacity = reader->lists ? 2 * wanted : 0;
  return reader->lists ? CSJ_OK : CSJ_NO_MEMORY;
}

/// Walks a document's fields where numbers are also wanted as they are written, or arrays as lists.
int read_fields_and_texts(csj_reader *reader, ondemand::object object, const csj_names *names, csj_value *values) {
  for (auto element : object) {
    ondemand::field field;
    auto error = std::move(element).get(field);
    if (error) return error;
    std::string_view name;
    int code = read_name(field, name);
    if (code != CSJ_OK) return code;
    int64_t index = names->find(reinterpret_cast<const uint8_t *>(name.data()), name.size());
    size_t slot = index < 0 ? 0 : names->texts[index];
    ondemand::value inner = field.value();
    std::string_view token = inner.raw_json_token();
    csj_value value = csj_value();
    csj_value text = csj_value();
    if (slot != 0 && token[0] == '[') {
      code = read_list(reader, inner, text, 2);
      value.kind = CSJ_ARRAY;
    } else {
      code = read_value(inner, value, 2);
    }
    if (code != CSJ_OK) return code;
    if (index < 0) continue;
    values[index] = value;
    if (slot == 0) continue;
    if (value.kind == CSJ_INTEGER || value.kind == CSJ_NUMBER) {
      size_t length = token.size();
      while (length > 0 && uint8_t(token[length - 1]) <= ' ') length--;
      text.kind = CSJ_TEXT;
      text.string = reinterpret_cast<const uint8_t *>(token.data());
      text.length = uint32_t(length);
    }
    values[slot] = text;
  }
  return CSJ_OK;
}

int read_object(ondemand::value value, csj_value &result, size_t depth) {
  if (depth > CSJ_DEPTH_MAX) return CSJ_TOO_DEEP;
  ondemand::object object;
  auto error = value.get_object().get(object);
  if (error) return error;
  result.kind = CSJ_OBJECT;
  return read_fields(object, nullptr, nullptr, depth);
}

int read_value(ondemand::value value, csj_value &result, size_t depth) {
  std::string_view token = value.raw_json_token();
  switch (token[0]) {
    case '"': return read_string(value, token, result);
    case '{': return read_object(value, result, depth);
    case '[': return read_array(value, result, depth);
    case 't':
    case 'f':
      result.kind = CSJ_BOOLEAN;
      return value.get_bool().get(result.boolean);
    case 'n': {
      result.kind = CSJ_NULL;
      bool is_null = false;
      auto error = value.is_null().get(is_null);
      if (error) return error;
      return is_null ? int(SUCCESS) : int(N_ATOM_ERROR);
    }
    default: return read_number(token, result);
  }
}

/// Whether the first byte that is not white space opens an object.
bool opens_object(const uint8_t *bytes, size_t length) {
  size_t at = 0;
  while (at < length && is_space(char(bytes[at]))) at++;
  return at < length && bytes[at] == '{';
}

}  // namespace

csj_reader *csj_reader_create(void) { return new (std::nothrow) csj_reader; }

void csj_reader_destroy(csj_reader *reader) { delete reader; }

int csj_reader_read(
    csj_reader *reader, const csj_names *names, const uint8_t *bytes, size_t length, csj_value *values) {
  if (length == 0) return CSJ_EMPTY;
  if (length > CSJ_BYTES_MAX) return CSJ_TOO_LONG;
  if (!opens_object(bytes, length)) return CSJ_NOT_AN_OBJECT;
  int code = reader->reserve(length);
  if (code != CSJ_OK) return code;
  std::memcpy(reader->input.get(), bytes, length);
  std::memset(reader->input.get() + length, ' ', SIMDJSON_PADDING);
  std::memset(values, 0, names->value_count() * sizeof(csj_value));

  ondemand::document document;
  auto error = reader->parser.iterate(reader->input.get(), length, length + SIMDJSON_PADDING).get(document);
  if (error) return error;
  ondemand::object object;
  error = document.get_object().get(object);
  if (error) return error;
  if (names->text_count == 0) {
    code = read_fields(object, names, values, 1);
  } else {
    code = reserve_lists(reader, length);
    if (code == CSJ_OK) code = read_fields_and_texts(reader, object, names, values);
  }
  if (code != CSJ_OK) return code;
  return document.current_location().error() == OUT_OF_BOUNDS ? CSJ_OK : CSJ_TRAILING;
}

const char *csj_message(int code) {
  switch (code) {
    case CSJ_OK: return "no error";
    case CSJ_EMPTY: return "it is empty";
    case CSJ_TOO_LONG: return "it is longer than 64 MiB";
    case CSJ_NOT_AN_OBJECT: return "it is not an object";
    case CSJ_TRAILING: return "something follows the object";
    case CSJ_TOO_DEEP: return "it is nested deeper than 256 levels";
    case CSJ_NO_MEMORY: return "there is no memory for it";
    default: return error_message(error_code(code));
  }
}
