// The end-to-end ceiling: consume, produce the same records with the same headers, send offsets, commit.
//
// Each lane is one thread with one transactional producer. It takes what has arrived, produces an event for each
// command at once, and as soon as nothing more is there (or the cap is reached) a changelog record for each key it
// touched and a checkpoint for each partition. It decides nothing and looks nothing up; with --store it reads
// and writes RocksDB for each command, as an engine without a cache would.
#include "ceiling.h"
#include "records.h"

#include <pthread.h>
#include <rocksdb/c.h>
#include <string.h>

enum { batch_max = 1000, partitions_max = 256 };

typedef struct {
  int index;
  pthread_t thread;
  rd_kafka_t *producer;
  rd_kafka_topic_t *valid, *changelog;
  rd_kafka_queue_t *queue;
  rocksdb_writebatch_t *writes;
  key_set keys;
  int64_t next[partitions_max];
  bool is_touched[partitions_max];
  long open;
} lane;

static rd_kafka_t *consumer;
static rocksdb_t *database;
static rocksdb_readoptions_t *read_options;
static rocksdb_writeoptions_t *write_options;
static const char *topic_name, *application;
static size_t topic_length, application_length;
static bool is_compact;
static int partitions;
static long total, skip, cap;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
  long commands, first_commands, transactions, changelog_records;
  double start, start_processor, end, end_processor;
} progress;

static void add(rd_kafka_headers_t *headers, const char *name, size_t name_length, const void *value, size_t length) {
  rd_kafka_header_add(headers, name, (ssize_t)name_length, value, (ssize_t)length);
}
#define ADD(headers, name, value, length) add(headers, name, sizeof name - 1, value, length)

static void produce(lane *self, rd_kafka_topic_t *topic, int32_t partition, const void *key, size_t key_length,
                    const void *value, size_t length, rd_kafka_headers_t *headers, int64_t timestamp) {
  while (true) {
    rd_kafka_resp_err_t code = headers
        ? rd_kafka_producev(self->producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_length),
                            RD_KAFKA_V_VALUE((void *)value, length), RD_KAFKA_V_TIMESTAMP(timestamp),
                            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END)
        : rd_kafka_producev(self->producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_length),
                            RD_KAFKA_V_VALUE((void *)value, length), RD_KAFKA_V_TIMESTAMP(timestamp), RD_KAFKA_V_END);
    if (!code) return;
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) check(code, "produce a record");
    rd_kafka_poll(self->producer, 10);
  }
}

static rd_kafka_headers_t *event_headers(const rd_kafka_message_t *command, uint64_t version, int64_t timestamp) {
  rd_kafka_headers_t *headers = rd_kafka_headers_new(is_compact ? 3 : 8);
  text position = {.length = 0}, number = {.length = 0};
  put_position(&position, topic_name, topic_length, command->partition, command->offset);
  size_t without_index = position.length;
  put(&position, "/0", 2);
  put_decimal(&number, version);
  ADD(headers, "ce_id", position.bytes, position.length);
  ADD(headers, "ce_type", "deposited", 9);
  ADD(headers, "ce_sequence", number.bytes, number.length);
  if (is_compact) return headers;
  text source = {.length = 0}, time = {.length = 0};
  put(&source, "/", 1);
  put(&source, application, application_length);
  put_time(&time, timestamp);
  ADD(headers, "ce_specversion", "1.0", 3);
  ADD(headers, "ce_source", source.bytes, source.length);
  ADD(headers, "ce_subject", command->key, command->key_len);
  ADD(headers, "ce_time", time.bytes, time.length);
  ADD(headers, "ce_causationid", position.bytes, without_index);
  return headers;
}

static void read_and_write(lane *self, const rd_kafka_message_t *command, const void *state) {
  char *fault = NULL;
  rocksdb_pinnableslice_t *slice =
      rocksdb_get_pinned(database, read_options, command->key, command->key_len, &fault);
  if (fault) stop("%s", fault);
  if (slice) rocksdb_pinnableslice_destroy(slice);
  rocksdb_writebatch_put(self->writes, command->key, command->key_len, state, WORKLOAD_STATE_BYTES);
}

static void process(lane *self, const rd_kafka_message_t *command) {
  int64_t timestamp = rd_kafka_message_timestamp(command, NULL);
  struct touched *key = key_set_touch(&self->keys, command->key, command->partition);
  produce(self, self->valid, command->partition, command->key, command->key_len, command->payload, command->len,
          event_headers(command, ++key->version, timestamp), timestamp);
  self->next[command->partition] = command->offset + 1;
  self->is_touched[command->partition] = true;
  self->open++;
  if (database) read_and_write(self, command, command->payload);
}

/// Changelog records and checkpoints.
static void seal(lane *self) {
  static const uint8_t state[WORKLOAD_STATE_BYTES];
  for (size_t i = 0; i < self->keys.count; i++) {
    struct touched *key = self->keys.order[i];
    text number = {.length = 0};
    put_decimal(&number, key->version);
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    ADD(headers, "v", number.bytes, number.length);
    produce(self, self->changelog, key->partition, key->key, sizeof key->key, state, sizeof state, headers, 0);
  }
  for (int p = 0; p < partitions; p++) {
    if (!self->is_touched[p]) continue;
    char value[96];
    int length = snprintf(value, sizeof value, "{\"format\":1,\"position\":%lld,\"partitions\":%d}",
                          (long long)self->next[p], partitions);
    produce(self, self->changelog, p, "", 0, value, (size_t)length, NULL, 0);
  }
}

static void send_offsets(lane *self) {
  rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; p++)
    if (self->is_touched[p]) rd_kafka_topic_partition_list_add(offsets, topic_name, p)->offset = self->next[p];
  rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(consumer);
  while (retry(rd_kafka_send_offsets_to_transaction(self->producer, offsets, group, 10000), "send offsets")) {}
  rd_kafka_consumer_group_metadata_destroy(group);
  rd_kafka_topic_partition_list_destroy(offsets);
}

static void commit(lane *self) {
  seal(self);
  send_offsets(self);
  while (retry(rd_kafka_commit_transaction(self->producer, 10000), "commit")) {}
  if (database) {
    char *fault = NULL;
    rocksdb_write(database, write_options, self->writes, &fault);
    if (fault) stop("%s", fault);
    rocksdb_writebatch_clear(self->writes);
  }
  pthread_mutex_lock(&mutex);
  progress.commands += self->open;
  progress.transactions++;
  progress.changelog_records += (long)self->keys.count;
  progress.end = now();
  progress.end_processor = processor_seconds();
  // As for the worker: the first commands, and with them what happens once, are not counted.
  if (progress.start == 0 && progress.commands >= skip) {
    progress.start = progress.end;
    progress.start_processor = progress.end_processor;
    progress.first_commands = progress.commands;
  }
  pthread_mutex_unlock(&mutex);
  key_set_clear(&self->keys);
  memset(self->is_touched, 0, sizeof self->is_touched);
  self->open = 0;
}

static bool is_done(void) {
  pthread_mutex_lock(&mutex);
  bool done = progress.commands >= total;
  pthread_mutex_unlock(&mutex);
  return done;
}

static void *serve(void *argument) {
  lane *self = argument;
  rd_kafka_message_t *messages[batch_max];
  while (self->open > 0 || !is_done()) {
    ssize_t count = rd_kafka_consume_batch_queue(self->queue, 0, messages, batch_max);
    if (count == 0 && self->open > 0) {
      commit(self);
      continue;
    }
    if (count == 0) count = rd_kafka_consume_batch_queue(self->queue, 50, messages, 1);
    for (ssize_t i = 0; i < count; i++) {
      check(messages[i]->err, "consume a command");
      if (self->open == 0) {
        rd_kafka_error_t *error = rd_kafka_begin_transaction(self->producer);
        if (error) stop("begin: %s", rd_kafka_error_string(error));
      }
      process(self, messages[i]);
      rd_kafka_message_destroy(messages[i]);
      if (self->open == cap) commit(self);
    }
  }
  return NULL;
}

static void open_store(const char *path) {
  char *fault = NULL;
  rocksdb_options_t *options = rocksdb_options_create();
  rocksdb_options_set_create_if_missing(options, 1);
  rocksdb_options_set_write_buffer_size(options, 16 << 20);
  database = rocksdb_open(options, path, &fault);
  if (fault) stop("%s", fault);
  read_options = rocksdb_readoptions_create();
  write_options = rocksdb_writeoptions_create();
  rocksdb_writeoptions_disable_WAL(write_options, 1);
}

static void open_lane(lane *self, int index, const char *outputs) {
  char name[256];
  *self = (lane){.index = index, .writes = rocksdb_writebatch_create()};
  snprintf(name, sizeof name, "%s-%d", application, index);
  self->producer = transactional_producer(name);
  snprintf(name, sizeof name, "%s-valid", outputs);
  self->valid = rd_kafka_topic_new(self->producer, name, NULL);
  snprintf(name, sizeof name, "%s-changelog", outputs);
  self->changelog = rd_kafka_topic_new(self->producer, name, NULL);
  self->queue = rd_kafka_queue_new(consumer);
  key_set_init(&self->keys, (size_t)cap);
}

/// `--topic T --outputs O --application ID --partitions P --count N --skip N --lanes L --cap C --envelope E [--store DIR]`.
void transactions(void) {
  topic_name = option("topic", "commands");
  topic_length = strlen(topic_name);
  application = option("application", "ceiling");
  application_length = strlen(application);
  is_compact = strcmp(option("envelope", "cloudevents"), "compact") == 0;
  partitions = (int)option_number("partitions", 4);
  total = option_number("count", 1000000);
  skip = option_number("skip", total / 20);
  cap = option_number("cap", 20000);
  int lanes = (int)option_number("lanes", 2);
  if (option("store", NULL)) open_store(option("store", NULL));
  consumer = group_reader(application);
  lane *all = calloc((size_t)lanes, sizeof *all);
  for (int i = 0; i < lanes; i++) open_lane(&all[i], i, option("outputs", "ceiling"));
  for (int p = 0; p < partitions; p++)
    rd_kafka_queue_forward(rd_kafka_queue_get_partition(consumer, topic_name, p), all[p % lanes].queue);
  assign_all(consumer, topic_name, partitions);
  for (int i = 0; i < lanes; i++) pthread_create(&all[i].thread, NULL, serve, &all[i]);
  while (!is_done()) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 50);
    if (!message) continue;
    if (message->rkt && !message->err) stop("a command of partition %d came past its lane", message->partition);
    rd_kafka_message_destroy(message);
  }
  for (int i = 0; i < lanes; i++) pthread_join(all[i].thread, NULL);
  double seconds = progress.end - progress.start;
  long commands = progress.commands - progress.first_commands;
  printf("{\"commands\": %ld, \"seconds\": %f, \"rate\": %f, \"cpuMicroseconds\": %f, \"transactions\": %ld, "
         "\"changelogRecords\": %ld, \"peakMemory\": %ld}\n",
         commands, seconds, (double)commands / seconds,
         (progress.end_processor - progress.start_processor) / (double)commands * 1e6, progress.transactions,
         progress.changelog_records, peak_memory_bytes());
  fflush(stdout);
  if (database) rocksdb_close(database);
  _Exit(0);
}
