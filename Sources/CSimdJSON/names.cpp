#include "names.h"

csj_names *csj_names_create(const uint8_t *const *names, const size_t *lengths, size_t count) try {
  auto *table = new csj_names;
  size_t size = 4;
  while (size < count * 2) size *= 2;
  table->slots.resize(size);
  table->mask = size - 1;
  for (size_t index = 0; index < count; index++) {
    table->names.emplace_back(reinterpret_cast<const char *>(names[index]), lengths[index]);
    size_t slot = csj_names::hash(names[index], lengths[index]) & table->mask;
    while (table->slots[slot] != 0) slot = (slot + 1) & table->mask;
    table->slots[slot] = uint32_t(index + 1);
  }
  return table;
} catch (...) {
  return nullptr;
}

size_t csj_names_add_text(csj_names *names, size_t index) try {
  names->texts.resize(names->names.size());
  if (names->texts[index] == 0) names->texts[index] = names->names.size() + names->text_count++;
  return names->texts[index];
} catch (...) {
  return 0;
}

void csj_names_destroy(csj_names *names) { delete names; }

int64_t csj_names_find(const csj_names *names, const uint8_t *name, size_t length) {
  return names->find(name, length);
}
