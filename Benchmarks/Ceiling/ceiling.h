// What the ceiling programs share: options, the clock, and librdkafka's boilerplate. Any fault ends the program.
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/// The value of `--name`, or `standard`.
const char *option(const char *name, const char *standard);
long option_number(const char *name, long standard);
double option_real(const char *name, double standard);

/// Prints the message and ends the program.
_Noreturn void stop(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Seconds of a clock that never goes back, and nanoseconds of the same.
double now(void);
uint64_t now_nanoseconds(void);
/// Processor seconds of this process, user and system, and its largest resident memory.
double processor_seconds(void);
long peak_memory_bytes(void);

/// A client with `properties` (name, value, …, NULL) besides `--bootstrap`.
rd_kafka_t *client(rd_kafka_type_t type, const char *const *properties);
/// The same, with what is to be told of deliveries; `client` stops the program when one fails.
rd_kafka_t *client_reporting(rd_kafka_type_t type, const char *const *properties,
                             void (*report)(rd_kafka_t *, const rd_kafka_message_t *, void *));
/// The same, with a transactional id and initialised transactions.
rd_kafka_t *transactional_producer(const char *id);
/// A read_committed consumer that starts at the beginning of the `partitions` of a topic, without a group's rebalancing.
rd_kafka_t *group_reader(const char *group);
/// Assigns all partitions of the topic from their beginning. Queues that are to be forwarded are so before: what
/// arrives between the two would be in the consumer's own queue.
void assign_all(rd_kafka_t *reader, const char *topic, int partitions);
void check(rd_kafka_resp_err_t code, const char *what);
/// Ends the program unless `error` is NULL; waits and returns true when the call is to be made again.
bool retry(rd_kafka_error_t *error, const char *what);

/// The subcommands.
void load(void);
void make_topics(void);
void drop_topics(void);
void transactions(void);
void empty_transactions(void);
void probe(void);
void read_topic(void);
void events(void);
void ends(void);
void project(void);
void engine(void);
void store(void);
