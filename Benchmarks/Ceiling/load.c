// Writes commands to a topic as fast as it can.
#include "ceiling.h"
#include "workload.h"

#include <string.h>

/// `--topic T --count N --objects M --theta S --payload BYTES --format account|json --ids 0|1 --batch-bytes BYTES`.
void load(void) {
  const char *properties[] = {"partitioner", "murmur2_random", "linger.ms", "5", "queue.buffering.max.messages",
                              "1000000", "queue.buffering.max.kbytes", "524288",
                              "batch.size", option("batch-bytes", "1000000"), NULL};
  rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, properties);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, option("topic", "commands"), NULL);
  workload_keys keys;
  long seed = option_number("seed", 1);
  workload_keys_init(&keys, (uint64_t)seed, (uint64_t)option_number("objects", 100000), option_real("theta", 0.99));
  size_t size = (size_t)option_number("payload", 100);
  bool is_json = strcmp(option("format", "account"), "json") == 0, has_ids = option_number("ids", 0) != 0;
  uint8_t *payload = malloc(size), key[WORKLOAD_KEY_BYTES];
  long count = option_number("count", 1000000);
  for (long i = 0; i < count; i++) {
    workload_key(workload_keys_next(&keys), key);
    (is_json ? workload_json : workload_account)((uint64_t)i, payload, size);
    rd_kafka_headers_t *headers = NULL;
    if (has_ids) {
      char id[48];
      int length = snprintf(id, sizeof id, "%08lx-0000-4000-8000-%012lx", seed, i);
      headers = rd_kafka_headers_new(1);
      rd_kafka_header_add(headers, "ce_id", 5, id, length);
    }
    while (true) {
      rd_kafka_resp_err_t code =
          headers ? rd_kafka_producev(producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                      RD_KAFKA_V_KEY(key, sizeof key), RD_KAFKA_V_VALUE(payload, size),
                                      RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END)
          : rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload, size, key, sizeof key, NULL)
              ? rd_kafka_last_error()
              : RD_KAFKA_RESP_ERR_NO_ERROR;
      if (!code) break;
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) check(code, "produce a command");
      rd_kafka_poll(producer, 10);
    }
    if (i % 1000 == 0) rd_kafka_poll(producer, 0);
  }
  check(rd_kafka_flush(producer, 120000), "flush the commands");
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
}
