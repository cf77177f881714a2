// The engine's work alone, as a plain C loop: look up, decide, encode the event with its headers, stage the state,
// write the changelog records, commit into a table of objects. No Kafka, no store, nothing general.
#include "ceiling.h"
#include "records.h"

#include <rocksdb/c.h>
#include <string.h>

typedef struct {
  uint8_t *bytes;
  size_t length, capacity;
} buffer;

typedef struct {
  uint32_t offset, count;
} range;

typedef struct {
  range name, value;
} header;

typedef struct {
  uint8_t topic;
  int32_t partition;
  int64_t timestamp;
  range key, value;
  uint32_t first_header, end_header;
} record;

typedef struct {
  int64_t balance, deposits;
  uint8_t note[48];
} account;

/// What is kept of an object: its version, its number of command ids (none here), its state.
typedef struct __attribute__((packed)) {
  uint64_t version;
  uint8_t ids;
  account state;
} object;

typedef struct {
  uint64_t hash;
  uint8_t key[WORKLOAD_KEY_BYTES];
  object object;
  bool is_dirty, is_used;
} entry;

/// Open addressing over an array of entries; a generation empties it.
typedef struct {
  struct slot {
    uint32_t generation, entry;
  } *slots;
  size_t mask;
  uint32_t generation;
  entry *entries;
  size_t count, capacity;
} table;

static buffer arena;
static record *records;
static header *headers;
static size_t record_count, record_capacity, header_count, header_capacity;
static table staged, committed;
static uint32_t *dirty;
static size_t dirty_count, dirty_bytes, dirty_capacity;
static const int64_t timestamp = 1700000000000;
static bool is_compact;

static inline void reserve(size_t added) {
  if (arena.length + added <= arena.capacity) return;
  arena.capacity = (arena.length + added) * 2;
  arena.bytes = realloc(arena.bytes, arena.capacity);
}

static inline range append(const void *bytes, size_t count) {
  reserve(count);
  memcpy(arena.bytes + arena.length, bytes, count);
  range made = {(uint32_t)arena.length, (uint32_t)count};
  arena.length += count;
  return made;
}

static inline range append_text(const text *value) { return append(value->bytes, value->length); }

static inline void add_header(range name, range value) {
  if (header_count == header_capacity)
    headers = realloc(headers, (header_capacity = header_capacity * 2 + 1024) * sizeof *headers);
  headers[header_count++] = (header){name, value};
}

static inline void add_record(uint8_t topic, range key, range value, size_t first_header) {
  if (record_count == record_capacity)
    records = realloc(records, (record_capacity = record_capacity * 2 + 1024) * sizeof *records);
  records[record_count++] =
      (record){topic, 0, timestamp, key, value, (uint32_t)first_header, (uint32_t)header_count};
}

static struct {
  range id, type, sequence, spec_version, source, subject, time, causation, version, one;
} names;

static void write_names(void) {
#define NAME(field, text) names.field = append(text, sizeof text - 1)
  NAME(id, "ce_id"), NAME(type, "ce_type"), NAME(sequence, "ce_sequence"), NAME(spec_version, "ce_specversion");
  NAME(source, "ce_source"), NAME(subject, "ce_subject"), NAME(time, "ce_time"), NAME(causation, "ce_causationid");
  NAME(version, "v"), NAME(one, "1.0");
}

static inline uint64_t hash_key(const uint8_t *key) {
  uint64_t low, high;
  memcpy(&low, key, 8);
  memcpy(&high, key + 8, 8);
  __uint128_t product = (__uint128_t)(low ^ 0xa0761d6478bd642f) * (high ^ 0xe7037ed1a0b428db);
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void table_grow(table *self) {
  size_t slots = self->mask ? (self->mask + 1) * 2 : 256;
  free(self->slots);
  self->slots = calloc(slots, sizeof *self->slots);
  self->mask = slots - 1;
  self->generation = 1;
  for (size_t i = 0; i < self->count; i++) {
    size_t place = self->entries[i].hash & self->mask;
    while (self->slots[place].generation == self->generation) place = (place + 1) & self->mask;
    self->slots[place] = (struct slot){self->generation, (uint32_t)i};
  }
}

static inline entry *table_find(table *self, const uint8_t *key, uint64_t hash, size_t *free_place) {
  size_t place = hash & self->mask;
  while (self->slots[place].generation == self->generation) {
    entry *found = &self->entries[self->slots[place].entry];
    if (found->hash == hash && memcmp(found->key, key, WORKLOAD_KEY_BYTES) == 0) return found;
    place = (place + 1) & self->mask;
  }
  *free_place = place;
  return NULL;
}

static entry *table_add(table *self, const uint8_t *key, uint64_t hash, size_t place) {
  if (self->count == self->capacity)
    self->entries = realloc(self->entries, (self->capacity = self->capacity * 2 + 1024) * sizeof *self->entries);
  entry *made = &self->entries[self->count];
  *made = (entry){.hash = hash};
  memcpy(made->key, key, WORKLOAD_KEY_BYTES);
  self->slots[place] = (struct slot){self->generation, (uint32_t)self->count++};
  if (self->count * 2 > self->mask) table_grow(self);
  return &self->entries[self->count - 1];
}

static void encode_event(const uint8_t *key, const uint8_t *payload, size_t size, int64_t offset, uint64_t version) {
  range key_range = append(key, WORKLOAD_KEY_BYTES), value = append(payload, size);
  size_t first = header_count;
  text position = {.length = 0}, number = {.length = 0};
  put_position(&position, "commands", 8, 0, offset);
  size_t without_index = position.length;
  put(&position, "/0", 2);
  put_decimal(&number, version);
  range id = append_text(&position);
  add_header(names.id, id);
  add_header(names.type, append("deposited", 9));
  add_header(names.sequence, append_text(&number));
  if (!is_compact) {
    text time = {.length = 0};
    put_time(&time, timestamp);
    add_header(names.spec_version, names.one);
    add_header(names.source, append("/sequitur", 9));
    add_header(names.subject, key_range);
    add_header(names.time, append_text(&time));
    add_header(names.causation, append(position.bytes, without_index));
  }
  add_record(0, key_range, value, first);
}

static void process(const uint8_t *key, const uint8_t *payload, size_t size, int64_t offset) {
  uint64_t hash = hash_key(key);
  size_t place = 0, other;
  entry *current = table_find(&staged, key, hash, &place);
  entry *old = current ? current : table_find(&committed, key, hash, &other);
  object next = {0};
  if (old) next = old->object;
  if (size < 64 || payload[0] != 1) stop("malformed");
  int64_t amount;
  memcpy(&amount, payload + 8, sizeof amount);
  if (amount <= 0) stop("invalid");
  next.version++;
  next.state.balance += amount;
  next.state.deposits++;
  memcpy(next.state.note, payload + 16, sizeof next.state.note);
  encode_event(key, payload, size, offset, next.version);
  if (!current) current = table_add(&staged, key, hash, place);
  current->object = next;
}

static void seal_and_commit(void) {
  for (size_t i = 0; i < staged.count; i++) {
    entry *from = &staged.entries[i];
    range key = append(from->key, WORKLOAD_KEY_BYTES), value = append(&from->object.state, sizeof(account));
    text number = {.length = 0};
    put_decimal(&number, from->object.version);
    size_t first = header_count;
    add_header(names.version, append_text(&number));
    add_record(2, key, value, first);
  }
  for (size_t i = 0; i < staged.count; i++) {
    entry *from = &staged.entries[i];
    size_t place = 0;
    entry *to = table_find(&committed, from->key, from->hash, &place);
    if (!to) to = table_add(&committed, from->key, from->hash, place);
    to->object = from->object;
    to->is_used = true;
    if (to->is_dirty) continue;
    to->is_dirty = true;
    if (dirty_count == dirty_capacity)
      dirty = realloc(dirty, (dirty_capacity = dirty_capacity * 2 + 1024) * sizeof *dirty);
    dirty[dirty_count++] = (uint32_t)(to - committed.entries);
    dirty_bytes += WORKLOAD_KEY_BYTES + sizeof(object);
  }
  staged.count = 0;
  staged.generation++;
}

static int compare_keys(const void *a, const void *b) {
  return memcmp(committed.entries[*(const uint32_t *)a].key, committed.entries[*(const uint32_t *)b].key,
                WORKLOAD_KEY_BYTES);
}

static void drain(void) {
  qsort(dirty, dirty_count, sizeof *dirty, compare_keys);
  for (size_t i = 0; i < dirty_count; i++) committed.entries[dirty[i]].is_dirty = false;
  dirty_count = dirty_bytes = 0;
}

enum { payload_variants = 64 };

/// `--count N --objects M --theta S --batch B --payload BYTES [--make KEYS]`.
void engine(void) {
  long count = option_number("count", 1000000), batch = option_number("batch", 20000);
  long warm = option_number("warm", count / 4);
  size_t size = (size_t)option_number("payload", 100);
  is_compact = strcmp(option("envelope", "cloudevents"), "compact") == 0;
  workload_keys distribution;
  workload_keys_init(&distribution, 1, (uint64_t)option_number("objects", 100000), option_real("theta", 0.99));
  // Counting instructions, two runs of different lengths make the same keys, so that making them drops out.
  long made = option_number("make", warm + count);
  uint8_t *keys = malloc((size_t)made * WORKLOAD_KEY_BYTES), *payloads = malloc(payload_variants * size);
  for (long i = 0; i < made; i++)
    workload_key(workload_keys_next(&distribution), keys + i * WORKLOAD_KEY_BYTES);
  for (size_t i = 0; i < payload_variants; i++) workload_account(i, payloads + i * size, size);
  table_grow(&staged);
  table_grow(&committed);
  write_names();
  size_t constant = arena.length;
  double start = 0, start_processor = 0;
  for (long i = 0; i < warm + count; i++) {
    if (i == warm) start = now(), start_processor = processor_seconds();
    process(keys + i * WORKLOAD_KEY_BYTES, payloads + (size_t)i % payload_variants * size, size, i);
    if ((i + 1) % batch && i + 1 < warm + count) continue;
    seal_and_commit();
    if (dirty_bytes >= 4 << 20) drain();
    if (i + 1 == warm + count) break;
    arena.length = constant;
    record_count = header_count = 0;
  }
  double seconds = now() - start;
  printf("{\"commands\": %ld, \"seconds\": %f, \"rate\": %f, \"cpuMicroseconds\": %f, \"outputBytes\": %zu, "
         "\"peakMemory\": %ld}\n",
         count, seconds, (double)count / seconds, (processor_seconds() - start_processor) / (double)count * 1e6,
         arena.length - constant, peak_memory_bytes());
}

/// `--store DIR --count N --objects M --theta S --batch B`: RocksDB alone, a get for each command and a put for each
/// key of a batch, with the options of a worker. `--prefill 1` writes all objects first.
void store(void) {
  char *fault = NULL;
  rocksdb_options_t *options = rocksdb_options_create();
  rocksdb_block_based_table_options_t *blocks = rocksdb_block_based_options_create();
  rocksdb_options_set_create_if_missing(options, 1);
  rocksdb_options_set_db_write_buffer_size(options, 32 << 20);
  rocksdb_options_set_write_buffer_size(options, 16 << 20);
  rocksdb_options_set_max_open_files(options, 512);
  rocksdb_options_set_compression(options, rocksdb_lz4_compression);
  rocksdb_options_set_max_background_jobs(options, 2);
  rocksdb_block_based_options_set_block_cache(
      blocks, rocksdb_cache_create_lru((size_t)option_number("block-cache", 32 << 20)));
  rocksdb_block_based_options_set_cache_index_and_filter_blocks(blocks, 1);
  rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(blocks, 1);
  rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(blocks, 1);
  rocksdb_block_based_options_set_filter_policy(blocks, rocksdb_filterpolicy_create_bloom_full(10));
  rocksdb_options_set_block_based_table_factory(options, blocks);
  rocksdb_t *database = rocksdb_open(options, option("store", "store"), &fault);
  if (fault) stop("%s", fault);
  rocksdb_readoptions_t *read_options = rocksdb_readoptions_create();
  rocksdb_writeoptions_t *write_options = rocksdb_writeoptions_create();
  rocksdb_writeoptions_disable_WAL(write_options, 1);
  rocksdb_writebatch_t *writes = rocksdb_writebatch_create();
  uint8_t key[WORKLOAD_KEY_BYTES], state[sizeof(object)] = {1};
  long objects = option_number("objects", 100000), batch = option_number("batch", 20000);
  if (option("prefill", NULL)) {
    for (long i = 0; i < objects; i++) {
      workload_key((uint64_t)i, key);
      rocksdb_writebatch_put(writes, (char *)key, sizeof key, (char *)state, sizeof state);
      if ((i + 1) % 10000 && i + 1 < objects) continue;
      rocksdb_write(database, write_options, writes, &fault);
      rocksdb_writebatch_clear(writes);
    }
    rocksdb_flush(database, rocksdb_flushoptions_create(), &fault);
    rocksdb_compact_range(database, NULL, 0, NULL, 0);
    if (fault) stop("%s", fault);
  }
  workload_keys distribution;
  workload_keys_init(&distribution, 1, (uint64_t)objects, option_real("theta", 0.99));
  long count = option_number("count", 1000000), found = 0, writes_pending = 0;
  double start = now(), start_processor = processor_seconds();
  for (long i = 0; i < count; i++) {
    workload_key(workload_keys_next(&distribution), key);
    rocksdb_pinnableslice_t *slice = rocksdb_get_pinned(database, read_options, (char *)key, sizeof key, &fault);
    if (slice) {
      size_t length;
      memcpy(state, rocksdb_pinnableslice_value(slice, &length), sizeof state);
      rocksdb_pinnableslice_destroy(slice);
      found++;
    }
    state[0]++;
    rocksdb_writebatch_put(writes, (char *)key, sizeof key, (char *)state, sizeof state);
    if (++writes_pending < batch && i + 1 < count) continue;
    rocksdb_write(database, write_options, writes, &fault);
    if (fault) stop("%s", fault);
    rocksdb_writebatch_clear(writes);
    writes_pending = 0;
  }
  double seconds = now() - start;
  printf("{\"commands\": %ld, \"seconds\": %f, \"rate\": %f, \"cpuMicroseconds\": %f, \"found\": %ld, "
         "\"peakMemory\": %ld}\n",
         count, seconds, (double)count / seconds, (processor_seconds() - start_processor) / (double)count * 1e6, found,
         peak_memory_bytes());
  fflush(stdout);
  rocksdb_close(database);
}
