// The ceiling: what bare C on librdkafka and RocksDB does on the same machine with the same records.
#include "ceiling.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static char **arguments;

int main(int count, char **values) {
  static const struct {
    const char *name;
    void (*run)(void);
  } commands[] = {{"topics", make_topics}, {"drop", drop_topics},         {"load", load},
                  {"transactions", transactions}, {"empty", empty_transactions}, {"probe", probe},
                  {"read", read_topic},    {"events", events},       {"project", project}, {"ends", ends},
                     {"engine", engine},            {"store", store}};
  if (count < 2) stop("usage: ceiling topics|drop|load|transactions|empty|probe|read|events|ends|project|engine|store [--option value]...");
  arguments = values + 2;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(values[1], commands[i].name) != 0) continue;
    commands[i].run();
    return 0;
  }
  stop("unknown subcommand '%s'", values[1]);
}

const char *option(const char *name, const char *standard) {
  for (char **argument = arguments; argument[0] && argument[1]; argument += 2)
    if (strncmp(argument[0], "--", 2) == 0 && strcmp(argument[0] + 2, name) == 0) return argument[1];
  return standard;
}

long option_number(const char *name, long standard) {
  const char *text = option(name, NULL);
  return text ? strtol(text, NULL, 10) : standard;
}

double option_real(const char *name, double standard) {
  const char *text = option(name, NULL);
  return text ? strtod(text, NULL) : standard;
}

void stop(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fputs("ceiling: ", stderr);
  vfprintf(stderr, format, list);
  fputs("\n", stderr);
  va_end(list);
  _exit(1);
}

uint64_t now_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

double now(void) { return (double)now_nanoseconds() / 1e9; }

double processor_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

long peak_memory_bytes(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

void check(rd_kafka_resp_err_t code, const char *what) {
  if (code) stop("%s: %s", what, rd_kafka_err2str(code));
}

bool retry(rd_kafka_error_t *error, const char *what) {
  // Since when this thread's calls have failed: one run stood still for good on a call that was always to be repeated.
  static _Thread_local double since;
  if (!error) {
    since = 0;
    return false;
  }
  if (since == 0) since = now();
  if (!rd_kafka_error_is_retriable(error)) stop("%s: %s", what, rd_kafka_error_string(error));
  if (now() - since > 60) stop("%s: %s, for a minute", what, rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
  usleep(10000);
  return true;
}

/// A failed delivery ends the program. Being there at all also makes commits ten times faster: without a delivery
/// callback a commit waits for librdkafka's next internal tick.
static void delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  check(message->err, "deliver a record");
}

rd_kafka_t *client(rd_kafka_type_t type, const char *const *properties) {
  return client_reporting(type, properties, delivered);
}

rd_kafka_t *client_reporting(rd_kafka_type_t type, const char *const *properties,
                             void (*report)(rd_kafka_t *, const rd_kafka_message_t *, void *)) {
  char text[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  const char *bootstrap[] = {"bootstrap.servers", option("bootstrap", "127.0.0.1:9092"), NULL};
  const char *const *lists[] = {bootstrap, properties};
  for (int list = 0; list < 2; list++)
    for (const char *const *p = lists[list]; p[0]; p += 2)
      if (rd_kafka_conf_set(conf, p[0], p[1], text, sizeof text)) stop("%s", text);
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, report);
  rd_kafka_t *made = rd_kafka_new(type, conf, text, sizeof text);
  if (!made) stop("%s", text);
  return made;
}

rd_kafka_t *transactional_producer(const char *id) {
  const char *properties[] = {"transactional.id", id, "retry.backoff.ms", "5", "queue.buffering.max.messages",
                              "250000", "queue.buffering.max.kbytes", "131072", NULL};
  rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, properties);
  while (retry(rd_kafka_init_transactions(producer, 10000), "initialise transactions")) {}
  return producer;
}

rd_kafka_t *group_reader(const char *group) {
  const char *properties[] = {"group.id", group, "enable.auto.commit", "false", "isolation.level", "read_committed",
                              "enable.partition.eof", "false", NULL};
  rd_kafka_t *reader = client(RD_KAFKA_CONSUMER, properties);
  check(rd_kafka_poll_set_consumer(reader), "use one queue");
  return reader;
}

void assign_all(rd_kafka_t *reader, const char *topic, int partitions) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; p++)
    rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  check(rd_kafka_assign(reader, list), "assign partitions");
  rd_kafka_topic_partition_list_destroy(list);
}
