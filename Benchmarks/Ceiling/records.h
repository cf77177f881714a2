// The records of one transaction, as the record contract has them, made by hand in C.
#pragma once
#include "ceiling.h"
#include "workload.h"

/// Text of at most its capacity, appended to without a check: all benchmark names are short.
typedef struct {
  char bytes[160];
  size_t length;
} text;

static inline void put(text *to, const char *bytes, size_t length) {
  __builtin_memcpy(to->bytes + to->length, bytes, length);
  to->length += length;
}

static inline void put_decimal(text *to, uint64_t number) {
  char digits[20];
  size_t start = sizeof digits;
  do digits[--start] = (char)('0' + number % 10);
  while (number /= 10);
  put(to, digits + start, sizeof digits - start);
}

/// Appends `<topic>/<partition>/<offset>`.
static inline void put_position(text *to, const char *topic, size_t length, int32_t partition, int64_t offset) {
  put(to, topic, length);
  put(to, "/", 1);
  put_decimal(to, (uint64_t)partition);
  put(to, "/", 1);
  put_decimal(to, (uint64_t)offset);
}

/// Appends a time as RFC 3339 in UTC with milliseconds (Howard Hinnant's civil_from_days).
void put_time(text *to, int64_t milliseconds);

/// A set of the keys that a transaction touches, emptied by a new generation.
typedef struct {
  struct touched {
    uint32_t generation;
    int32_t partition;
    uint64_t hash;
    uint64_t version;
    uint8_t key[WORKLOAD_KEY_BYTES];
  } *slots;
  size_t mask;
  uint32_t generation;
  struct touched **order;
  size_t count;
} key_set;

void key_set_init(key_set *set, size_t capacity);
static inline void key_set_clear(key_set *set) {
  set->generation++;
  set->count = 0;
}
/// The key's entry; made when it is not there.
struct touched *key_set_touch(key_set *set, const void *key, int32_t partition);
