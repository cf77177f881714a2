// Latencies: of a command from its append to its event, of an empty transaction; and how fast a topic is read.
#include "ceiling.h"
#include "workload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return left < right ? -1 : left > right;
}

static void print_latencies(const char *name, double *values, size_t count) {
  qsort(values, count, sizeof *values, compare);
#define AT(part) (count ? values[(size_t)((double)(count - 1) * (part))] : 0)
  printf("\"%s\": {\"count\": %zu, \"p50\": %f, \"p90\": %f, \"p99\": %f, \"p999\": %f, \"max\": %f}", name, count,
         AT(0.5), AT(0.9), AT(0.99), AT(0.999), AT(1));
}

/// `--count N --outputs O`: the time of a transaction with nothing but one small record, in milliseconds.
void empty_transactions(void) {
  rd_kafka_t *producer = transactional_producer("ceiling-empty");
  char name[256];
  snprintf(name, sizeof name, "%s-valid", option("outputs", "ceiling"));
  rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, name, NULL);
  rd_kafka_t *reader = group_reader("ceiling-empty");
  size_t count = (size_t)option_number("count", 300);
  double *values = calloc(count, sizeof *values);
  for (size_t i = 0; i < count; i++) {
    double start = now();
    rd_kafka_error_t *error = rd_kafka_begin_transaction(producer);
    if (error) stop("begin: %s", rd_kafka_error_string(error));
    rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, "x", 1, "k", 1, NULL);
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(offsets, option("topic", "commands"), 0)->offset = (int64_t)i;
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(reader);
    while (retry(rd_kafka_send_offsets_to_transaction(producer, offsets, group, 10000), "send offsets")) {}
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(offsets);
    while (retry(rd_kafka_commit_transaction(producer, 10000), "commit")) {}
    values[i] = (now() - start) * 1000;
  }
  printf("{");
  print_latencies("milliseconds", values, count);
  printf("}\n");
}

/// A command that was sent: when it was due, and where it stands once it was delivered.
typedef struct {
  uint64_t due;
  int32_t partition;
  int64_t offset;
} sent_command;

static sent_command *sent_commands;
static atomic_long sent;
static atomic_bool is_sending = true;

static void note_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
  (void)producer, (void)opaque;
  check(message->err, "deliver a command");
  sent_command *command = message->_private;
  command->partition = message->partition;
  command->offset = message->offset;
}

/// Sends `--rate` commands a second for `--seconds`, evenly, each with the time at which it was due.
static void *send_commands(void *argument) {
  (void)argument;
  // librdkafka's own linger, 5 ms, is part of what is measured. With less the sender measures itself: a broker on the
  // same two cores does not keep up with its 1,000 requests a second, and what is due waits in this program.
  const char *properties[] = {"partitioner", "murmur2_random", "queue.buffering.max.messages", "1000000", NULL};
  rd_kafka_t *producer = client_reporting(RD_KAFKA_PRODUCER, properties, note_delivery);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, option("topic", "commands"), NULL);
  workload_keys keys;
  workload_keys_init(&keys, 7, (uint64_t)option_number("objects", 100000), option_real("theta", 0.99));
  double rate = option_real("rate", 1000), seconds = option_real("seconds", 5);
  size_t size = (size_t)option_number("payload", 100);
  uint8_t *payload = malloc(size), key[WORKLOAD_KEY_BYTES];
  long total = (long)(rate * seconds);
  uint64_t start = now_nanoseconds() + 1000000;
  for (long i = 0; i < total; i++) {
    // Latency counts from when the command was due, so that a stalled sender hides nothing.
    uint64_t due = start + (uint64_t)((double)i / rate * 1e9), time;
    // Sleeps once a millisecond and then sends what became due: a sender that waits by looking at the clock takes
    // a third of a core from those it measures.
    while ((time = now_nanoseconds()) < due) {
      rd_kafka_poll(producer, 0);
      usleep(due - time < 1000000 ? 1000 : (useconds_t)((due - time) / 1000));
    }
    workload_key(workload_keys_next(&keys), key);
    workload_account((uint64_t)i, payload, size);
    memcpy(payload + WORKLOAD_TIME_OFFSET, &due, sizeof due);
    sent_commands[i].due = due;
    while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload, size, key, sizeof key,
                            &sent_commands[i]))
      rd_kafka_poll(producer, 1);
    atomic_fetch_add(&sent, 1);
  }
  check(rd_kafka_flush(producer, 60000), "flush the commands");
  atomic_store(&is_sending, false);
  return NULL;
}

/// Reads the events as a read_committed consumer until there is one for each command.
static void watch_events(rd_kafka_t *reader, double *values, size_t room, size_t *count, uint64_t start) {
  long received = 0;
  uint64_t silent_since = start;
  while (atomic_load(&is_sending) || received < atomic_load(&sent)) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);
    uint64_t time = now_nanoseconds();
    if (message && !message->err && message->len >= 24) {
      uint64_t due;
      memcpy(&due, (uint8_t *)message->payload + WORKLOAD_TIME_OFFSET, sizeof due);
      received++;
      silent_since = time;
      if (due > start + 1000000000 && *count < room) values[(*count)++] = (double)(time - due) / 1e6;
    }
    if (message) rd_kafka_message_destroy(message);
    if (time - silent_since > 20000000000) stop("no event came for 20 seconds");
  }
}

static rd_kafka_t *event_reader(const char *topic, int partitions) {
  const char *properties[] = {"group.id", "probe", "enable.auto.commit", "false", "isolation.level", "read_committed",
                              "enable.partition.eof", "true", NULL};
  rd_kafka_t *reader = client(RD_KAFKA_CONSUMER, properties);
  check(rd_kafka_poll_set_consumer(reader), "use one queue");
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; p++)
    rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_END;
  check(rd_kafka_assign(reader, list), "assign partitions");
  // Every partition's end is reached before the first command is sent.
  for (int ends = 0; ends < partitions;) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 10000);
    if (!message) stop("the topic's end was not reached");
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ends++;
    rd_kafka_message_destroy(message);
  }
  return reader;
}

static int compare_places(const void *a, const void *b) {
  const sent_command *left = a, *right = b;
  if (left->partition != right->partition) return left->partition < right->partition ? -1 : 1;
  return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/// When a partition's group position was first seen at an offset.
typedef struct {
  int64_t offset;
  uint64_t time;
} sighting;

/// Asks for the group's positions once a millisecond until all commands are behind them. A transaction's offsets
/// are committed with it, so that is when a command is committed; unlike a consumer it leaves the broker alone
/// meanwhile, which matters when the broker answers empty fetches at once.
static void watch_positions(const char *group, const char *topic, int partitions, double *values, size_t *count,
                            uint64_t start) {
  const char *properties[] = {"group.id", group, "isolation.level", "read_uncommitted", "enable.auto.commit", "false",
                              NULL};
  rd_kafka_t *observer = client(RD_KAFKA_CONSUMER, properties);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; p++) rd_kafka_topic_partition_list_add(list, topic, p);
  size_t room = 200000, seen[256] = {0};
  sighting *all = calloc(room * (size_t)partitions, sizeof *all);
  double asked = 0;
  long asks = 0;
  uint64_t silent_since = start;
  bool is_done = false;
  while (!is_done) {
    uint64_t before = now_nanoseconds();
    if (rd_kafka_committed(observer, list, 5000)) continue;
    uint64_t time = now_nanoseconds();
    asked += (double)(time - before) / 1e6, asks++;
    for (int p = 0; p < partitions; p++) {
      sighting *mine = all + room * (size_t)p;
      int64_t offset = list->elems[p].offset;
      if (offset < 0 || (seen[p] && mine[seen[p] - 1].offset >= offset) || seen[p] == room) continue;
      mine[seen[p]++] = (sighting){offset, time};
      silent_since = time;
    }
    if (time - silent_since > 20000000000) stop("no command was committed for 20 seconds");
    if (!atomic_load(&is_sending)) {
      is_done = true;
      for (long i = atomic_load(&sent) - 1; i >= 0; i--) {
        const sent_command *command = &sent_commands[i];
        size_t n = seen[command->partition];
        if (n == 0 || all[room * (size_t)command->partition + n - 1].offset <= command->offset) is_done = false;
      }
    }
    usleep(1000);
  }
  long total = atomic_load(&sent);
  qsort(sent_commands, (size_t)total, sizeof *sent_commands, compare_places);
  int32_t partition = -1;
  size_t place = 0;
  for (long i = 0; i < total; i++) {
    sent_command *command = &sent_commands[i];
    if (command->partition != partition) partition = command->partition, place = 0;
    sighting *mine = all + room * (size_t)partition;
    while (mine[place].offset <= command->offset) place++;
    if (command->due > start + 1000000000) values[(*count)++] = (double)(mine[place].time - command->due) / 1e6;
  }
  printf("\"askMilliseconds\": %f, ", asked / (double)(asks ? asks : 1));
}

/// `--topic T --outputs O --partitions P --rate R --seconds S --until readable|committed --application GROUP`: sends
/// commands at a steady rate to a running worker, and sees when they are committed: when their events reach a
/// read_committed consumer, or when the group's position is behind them. The first second is not counted.
void probe(void) {
  char name[256];
  snprintf(name, sizeof name, "%s-valid", option("outputs", "worker"));
  int partitions = (int)option_number("partitions", 4);
  bool is_readable = strcmp(option("until", "readable"), "readable") == 0;
  rd_kafka_t *reader = is_readable ? event_reader(name, partitions) : NULL;
  size_t room = (size_t)(option_real("rate", 1000) * option_real("seconds", 5)) + 1, count = 0;
  double *values = calloc(room, sizeof *values);
  sent_commands = calloc(room, sizeof *sent_commands);
  pthread_t sender;
  pthread_create(&sender, NULL, send_commands, NULL);
  uint64_t start = now_nanoseconds();
  printf("{");
  if (is_readable)
    watch_events(reader, values, room, &count, start);
  else
    watch_positions(option("application", "worker"), option("topic", "commands"), partitions, values, &count, start);
  pthread_join(sender, NULL);
  double seconds = (double)(now_nanoseconds() - start) / 1e9;
  printf("\"offered\": %f, \"achieved\": %f, ", option_real("rate", 1000), (double)atomic_load(&sent) / seconds);
  print_latencies("milliseconds", values, count);
  printf("}\n");
}
