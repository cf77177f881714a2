// Makes the topics of a measurement, and drops them.
#include "ceiling.h"

#include <string.h>

enum { topics_max = 256 };

/// The elements of `--names a,b,c`, in memory that stays.
static size_t topic_names(const char **names) {
  size_t count = 0;
  for (char *name = strtok(strdup(option("names", "")), ","); name; name = strtok(NULL, ",")) {
    if (count == topics_max) stop("more than %d topics at once", topics_max);
    names[count++] = name;
  }
  return count;
}

/// The answer to a request about topics; ends the program unless all succeeded.
static void check_results(rd_kafka_queue_t *queue, const char *what,
                          const rd_kafka_topic_result_t **(*results_of)(rd_kafka_event_t *, size_t *)) {
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 20000);
  if (!event) stop("%s: no answer", what);
  check(rd_kafka_event_error(event), what);
  size_t count = 0;
  const rd_kafka_topic_result_t **results = results_of(event, &count);
  for (size_t i = 0; i < count; i++)
    check(rd_kafka_topic_result_error(results[i]), rd_kafka_topic_result_name(results[i]));
}

static const rd_kafka_topic_result_t **made(rd_kafka_event_t *event, size_t *count) {
  return rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), count);
}

static const rd_kafka_topic_result_t **dropped(rd_kafka_event_t *event, size_t *count) {
  return rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), count);
}

/// `--names a,b,c --partitions P`. One that exists ends the program: its records would be measured with the others.
void make_topics(void) {
  const char *names[topics_max];
  rd_kafka_NewTopic_t *topics[topics_max];
  size_t count = topic_names(names);
  char text[512];
  for (size_t i = 0; i < count; i++) {
    topics[i] = rd_kafka_NewTopic_new(names[i], (int)option_number("partitions", 4), 1, text, sizeof text);
    if (!topics[i]) stop("%s", text);
    const char *kind = strrchr(names[i], '-');
    const char *policy = kind && strcmp(kind, "-changelog") == 0 ? "compact" : "delete";
    check(rd_kafka_NewTopic_set_config(topics[i], "cleanup.policy", policy), "set a topic's policy");
  }
  rd_kafka_t *admin = client(RD_KAFKA_PRODUCER, (const char *[]){NULL});
  rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
  rd_kafka_CreateTopics(admin, topics, count, NULL, queue);
  check_results(queue, "create topics", made);
}

/// `--names a,b,c`.
void drop_topics(void) {
  const char *names[topics_max];
  rd_kafka_DeleteTopic_t *topics[topics_max];
  size_t count = topic_names(names);
  for (size_t i = 0; i < count; i++) topics[i] = rd_kafka_DeleteTopic_new(names[i]);
  rd_kafka_t *admin = client(RD_KAFKA_PRODUCER, (const char *[]){NULL});
  rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
  rd_kafka_DeleteTopics(admin, topics, count, NULL, queue);
  check_results(queue, "delete topics", dropped);
}
