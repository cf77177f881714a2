// A plain consumer of a whole topic: what a restore is measured against.
#include "ceiling.h"

#include <pthread.h>

enum { readers_max = 64 };

typedef struct {
  int first, readers, partitions;
  const char *topic;
  pthread_t thread;
  long records;
  size_t bytes;
} topic_reader;

/// Assigns each `readers`th partition from `first` on and returns how many these are.
static int assign_share(rd_kafka_t *consumer, const topic_reader *self) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(self->partitions);
  for (int p = self->first; p < self->partitions; p += self->readers)
    rd_kafka_topic_partition_list_add(list, self->topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  int count = list->cnt;
  check(rd_kafka_assign(consumer, list), "assign partitions");
  rd_kafka_topic_partition_list_destroy(list);
  return count;
}

static void *read_share(void *argument) {
  topic_reader *self = argument;
  const char *properties[] = {"group.id", "ceiling-read", "enable.auto.commit", "false", "isolation.level",
                              "read_committed", "enable.partition.eof", "true", "queued.max.messages.kbytes", "8192",
                              NULL};
  rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, properties);
  check(rd_kafka_poll_set_consumer(consumer), "use one queue");
  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
  rd_kafka_message_t *messages[1000];
  int open = assign_share(consumer, self);
  while (open > 0) {
    ssize_t count = rd_kafka_consume_batch_queue(queue, 0, messages, 1000);
    if (count == 0) count = rd_kafka_consume_batch_queue(queue, 100, messages, 1);
    for (ssize_t i = 0; i < count; i++) {
      if (messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        open--;
      } else {
        check(messages[i]->err, "read a record");
        self->records++;
        self->bytes += messages[i]->key_len + messages[i]->len;
      }
      rd_kafka_message_destroy(messages[i]);
    }
  }
  return NULL;
}

/// `--topic T --partitions P --readers N`: N consumers, each in a thread of its own, read the topic to its end.
void read_topic(void) {
  static topic_reader all[readers_max];
  int partitions = (int)option_number("partitions", 4), readers = (int)option_number("readers", 1);
  if (readers < 1 || readers > readers_max) stop("--readers is %d: 1 to %d", readers, readers_max);
  double start = now();
  for (int i = 0; i < readers; i++) {
    all[i] = (topic_reader){.first = i, .readers = readers, .partitions = partitions,
                            .topic = option("topic", "commands")};
    pthread_create(&all[i].thread, NULL, read_share, &all[i]);
  }
  long records = 0;
  size_t bytes = 0;
  for (int i = 0; i < readers; i++) {
    pthread_join(all[i].thread, NULL);
    records += all[i].records;
    bytes += all[i].bytes;
  }
  double seconds = now() - start;
  printf("{\"records\": %ld, \"bytes\": %zu, \"seconds\": %f, \"rate\": %f, \"cpuSeconds\": %f, "
         "\"peakMemory\": %ld}\n",
         records, bytes, seconds, (double)records / seconds, processor_seconds(), peak_memory_bytes());
  fflush(stdout);
  _Exit(0);
}
