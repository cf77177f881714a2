#include "records.h"

#include <string.h>

static void put_digits(text *to, int64_t number, int width) {
  for (int i = width - 1; i >= 0; i--, number /= 10) to->bytes[to->length + (size_t)i] = (char)('0' + number % 10);
  to->length += (size_t)width;
}

void put_time(text *to, int64_t milliseconds) {
  int64_t days = milliseconds / 86400000, time = milliseconds % 86400000;
  int64_t shifted = days + 719468, era = shifted / 146097, day = shifted - era * 146097;
  int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  int64_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
  int64_t calendar_month = month < 10 ? month + 3 : month - 9;
  put_digits(to, year + era * 400 + (calendar_month <= 2), 4);
  put(to, "-", 1);
  put_digits(to, calendar_month, 2);
  put(to, "-", 1);
  put_digits(to, of_year - (153 * month + 2) / 5 + 1, 2);
  put(to, "T", 1);
  put_digits(to, time / 3600000, 2);
  put(to, ":", 1);
  put_digits(to, time / 60000 % 60, 2);
  put(to, ":", 1);
  put_digits(to, time / 1000 % 60, 2);
  put(to, ".", 1);
  put_digits(to, time % 1000, 3);
  put(to, "Z", 1);
}

void key_set_init(key_set *set, size_t capacity) {
  size_t slots = 1;
  while (slots < capacity * 2) slots *= 2;
  *set = (key_set){.slots = calloc(slots, sizeof *set->slots), .mask = slots - 1, .generation = 1,
                   .order = calloc(capacity, sizeof *set->order)};
}

static uint64_t hash_key(const uint8_t *key) {
  uint64_t low, high;
  memcpy(&low, key, 8);
  memcpy(&high, key + 8, 8);
  __uint128_t product = (__uint128_t)(low ^ 0xa0761d6478bd642f) * (high ^ 0xe7037ed1a0b428db);
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

struct touched *key_set_touch(key_set *set, const void *key, int32_t partition) {
  uint64_t hash = hash_key(key);
  size_t place = hash & set->mask;
  while (set->slots[place].generation == set->generation) {
    struct touched *slot = &set->slots[place];
    if (slot->hash == hash && memcmp(slot->key, key, WORKLOAD_KEY_BYTES) == 0) return slot;
    place = (place + 1) & set->mask;
  }
  struct touched *slot = &set->slots[place];
  *slot = (struct touched){.generation = set->generation, .partition = partition, .hash = hash};
  memcpy(slot->key, key, WORKLOAD_KEY_BYTES);
  set->order[set->count++] = slot;
  return slot;
}
