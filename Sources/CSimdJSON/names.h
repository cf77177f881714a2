#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "CSimdJSON.h"

/// Open addressing over at least twice as many slots as names; a slot holds index + 1.
struct csj_names {
  std::vector<std::string> names;
  std::vector<uint32_t> slots;
  /// By name: the slot of its text, or 0. Empty when no name has one.
  std::vector<size_t> texts;
  size_t text_count = 0;
  size_t mask = 0;

  size_t value_count() const { return names.size() + text_count; }

  static size_t hash(const uint8_t *name, size_t length) {
    if (length == 0) return 0;
    size_t ends = (size_t(name[0]) << 16) | (size_t(name[length - 1]) << 8) | name[length / 2];
    size_t mixed = (ends + length * 31) * 0x9E3779B97F4A7C15ull;
    return mixed >> 32;
  }

  int64_t find(const uint8_t *name, size_t length) const {
    for (size_t slot = hash(name, length) & mask; slots[slot] != 0; slot = (slot + 1) & mask) {
      const std::string &candidate = names[slots[slot] - 1];
      if (candidate.size() == length && std::memcmp(candidate.data(), name, length) == 0) {
        return int64_t(slots[slot]) - 1;
      }
    }
    return -1;
  }
};
