// Events into PostgreSQL: what a program in C on librdkafka and libpq does with the same events, and the events themselves.
#define _GNU_SOURCE
#include "ceiling.h"
#include "records.h"
#include "workload.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

/// Batches are of as many bytes as Sequitur's, which counts the values of an event's headers too.
enum { batch_events_max = 20000, batch_bytes_max = 1 << 20, step_events = 250, header_bytes = 130 };
enum { threads_max = 16, text_bytes = 64, key_bytes = 24 };

/// `--topic T --commands C --application A --partitions P --count N --objects M --payload BYTES --rate R`: events as a worker
/// writes them, with all eight headers; with a rate so many a second, each sent as it is due.
void events(void) {
  const char *properties[] = {"linger.ms", option_number("rate", 0) ? "1" : "20", "batch.size", "1000000",
                              "queue.buffering.max.messages", "1000000", "queue.buffering.max.kbytes", "524288", NULL};
  rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, properties);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, option("topic", "valid"), NULL);
  const char *commands = option("commands", "commands"), *application = option("application", "bench");
  long count = option_number("count", 1000000), partitions = option_number("partitions", 4);
  long objects = option_number("objects", 100000), rate = option_number("rate", 0);
  size_t size = (size_t)option_number("payload", 100);
  char *payload = malloc(size + 128), key[key_bytes], id[256], source[256], version[24], cause[256];
  // Where each partition's commands are, and each object's version.
  long *next = calloc((size_t)partitions, sizeof *next), *versions = calloc((size_t)objects, sizeof *versions);
  uint64_t random = 88172645463325252u, start = now_nanoseconds();
  for (long i = 0; i < count; i++) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    long object = (long)(random % (uint64_t)objects), partition = object % partitions;
    if (rate) {
      uint64_t due = start + (uint64_t)i * 1000000000u / (uint64_t)rate, moment = now_nanoseconds();
      if (due > moment) {
        struct timespec wait = {0, (long)(due - moment)};
        nanosleep(&wait, NULL);
      }
    }
    int length = snprintf(payload, size + 128, "{\"customer\":\"customer-%06ld\",\"total\":%ld,\"note\":\"", object, i);
    while (length < (int)size - 2) payload[length++] = 'x';
    length += snprintf(payload + length, 8, "\"}");
    int key_length = snprintf(key, sizeof key, "order-%09ld", object);
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    int64_t milliseconds = (int64_t)clock.tv_sec * 1000 + clock.tv_nsec / 1000000;
    char text[40];
    struct tm parts;
    gmtime_r(&clock.tv_sec, &parts);
    size_t time_length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    time_length += (size_t)snprintf(text + time_length, sizeof text - time_length, ".%06ldZ", clock.tv_nsec / 1000);
    int id_length = snprintf(id, sizeof id, "%s/%ld/%ld/0", commands, partition, next[partition]);
    int cause_length = snprintf(cause, sizeof cause, "%s/%ld/%ld", commands, partition, next[partition]++);
    int version_length = snprintf(version, sizeof version, "%ld", ++versions[object]);
    int source_length = snprintf(source, sizeof source, "/%s", application);
    rd_kafka_headers_t *headers = rd_kafka_headers_new(8);
    rd_kafka_header_add(headers, "ce_specversion", -1, "1.0", 3);
    rd_kafka_header_add(headers, "ce_id", -1, id, id_length);
    rd_kafka_header_add(headers, "ce_source", -1, source, source_length);
    rd_kafka_header_add(headers, "ce_type", -1, "changed", 7);
    rd_kafka_header_add(headers, "ce_subject", -1, key, key_length);
    rd_kafka_header_add(headers, "ce_time", -1, text, (ssize_t)time_length);
    rd_kafka_header_add(headers, "ce_sequence", -1, version, version_length);
    rd_kafka_header_add(headers, "ce_causationid", -1, cause, cause_length);
    while (true) {
      rd_kafka_resp_err_t code = rd_kafka_producev(
          producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION((int32_t)partition),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, (size_t)key_length),
          RD_KAFKA_V_VALUE(payload, (size_t)length), RD_KAFKA_V_TIMESTAMP(milliseconds), RD_KAFKA_V_HEADERS(headers),
          RD_KAFKA_V_END);
      if (!code) break;
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) check(code, "produce an event");
      rd_kafka_poll(producer, 10);
    }
    if (rate || i % 1000 == 0) rd_kafka_poll(producer, 0);
  }
  check(rd_kafka_flush(producer, 120000), "flush the events");
  printf("{\"count\": %ld, \"seconds\": %f}\n", count, (double)(now_nanoseconds() - start) / 1e9);
}

/// `--topic T --partitions P`: where each partition ends.
void ends(void) {
  rd_kafka_t *reader = client(RD_KAFKA_PRODUCER, (const char *const[]){NULL});
  int partitions = (int)option_number("partitions", 4);
  printf("{\"ends\": [");
  for (int i = 0; i < partitions; i++) {
    int64_t low, high;
    check(rd_kafka_query_watermark_offsets(reader, option("topic", "valid"), i, &low, &high, 10000), "ask for an end");
    printf("%s%ld", i ? ", " : "", (long)high);
  }
  printf("]}\n");
}

/// What a row needs of an event.
typedef struct {
  char id[text_bytes * 2], key[key_bytes], customer[text_bytes], total[24], version[24];
  long count;
} row;

typedef struct {
  pthread_t thread;
  int partition;
  long target, applied, transactions;
} projector;

typedef struct {
  char *bytes;
  size_t length, capacity;
} array;

static void put_text(array *to, const char *piece, size_t length) {
  if (to->length + length + 1 > to->capacity) to->bytes = realloc(to->bytes, to->capacity = 2 * (to->length + length + 64));
  memcpy(to->bytes + to->length, piece, length);
  to->bytes[to->length += length] = 0;
}

static PGresult *expect(PGconn *connection, PGresult *result, ExecStatusType status, const char *what) {
  if (PQresultStatus(result) != status) stop("%s: %s", what, PQerrorMessage(connection));
  return result;
}

static void statement(PGconn *connection, const char *sql) {
  PQclear(expect(connection, PQexec(connection, sql), PGRES_COMMAND_OK, sql));
}

/// The text behind a name, up to a quote or a comma: the payloads are the ones above.
static void field(const char *payload, size_t length, const char *name, char *into, size_t size) {
  const char *found = memmem(payload, length, name, strlen(name));
  if (!found) stop("a payload without %s", name);
  found += strlen(name);
  size_t count = 0;
  while (found[count] != '"' && found[count] != ',' && found[count] != '}' && count + 1 < size) count++;
  memcpy(into, found, count);
  into[count] = 0;
}

static int by_key(const void *left, const void *right) {
  const row *a = *(const row *const *)left, *b = *(const row *const *)right;
  int order = strcmp(a->key, b->key);
  return order ? order : (a > b) - (a < b);
}

/// Sets over sets, and counts added up: a statement may touch a row once.
static size_t fold(row *rows, size_t count, row **order) {
  for (size_t i = 0; i < count; i++) order[i] = &rows[i];
  qsort(order, count, sizeof *order, by_key);
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if (kept > 0 && strcmp(order[kept - 1]->key, order[i]->key) == 0) {
      order[i]->count += order[kept - 1]->count;
      order[kept - 1] = order[i];
    } else {
      order[kept++] = order[i];
    }
  }
  return kept;
}

static const char *values(const row *one, int column, char *buffer) {
  switch (column) {
  case 0: return one->key;
  case 1: return one->id;
  case 2: return one->customer;
  case 3: return one->total;
  case 4: return one->version;
  default: sprintf(buffer, "%ld", one->count); return buffer;
  }
}

/// Of each workload: the columns that are sent, and the statements.
typedef struct {
  const char *name;
  int columns[4], width;
  const char *unnest, *copy, *merge;
} workload;

static const workload workloads[] = {
    {"upsert", {0, 2, 3, 4}, 4,
     "insert into t_c (id, customer, total, version) select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) "
     "on conflict (id) do update set customer = excluded.customer, total = excluded.total, version = excluded.version",
     "copy staged (id, customer, total, version) from stdin",
     "insert into t_c (id, customer, total, version) select id, customer, total, version from staged on conflict (id) do update "
     "set customer = excluded.customer, total = excluded.total, version = excluded.version"},
    {"increment", {0, 5}, 2,
     "insert into t_c as t (id, n) select * from unnest($1::text[], $2::bigint[]) on conflict (id) do update "
     "set n = t.n + excluded.n",
     "copy staged (id, n) from stdin",
     "insert into t_c as t (id, n) select id, n from staged on conflict (id) do update set n = t.n + excluded.n"},
    {"insert", {1, 0, 3, 4}, 4,
     "insert into t_c (id, key, total, version) select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])",
     "copy t_c (id, key, total, version) from stdin", NULL},
};

static const workload *work;
static bool is_copy;

static void send_unnest(PGconn *connection, row **order, size_t count, array *arrays) {
  const char *parameters[4];
  char buffer[24];
  for (int c = 0; c < work->width; c++) {
    arrays[c].length = 0;
    put_text(&arrays[c], "{", 1);
    for (size_t i = 0; i < count; i++) {
      const char *value = values(order[i], work->columns[c], buffer);
      if (i) put_text(&arrays[c], ",", 1);
      put_text(&arrays[c], "\"", 1);
      put_text(&arrays[c], value, strlen(value));
      put_text(&arrays[c], "\"", 1);
    }
    put_text(&arrays[c], "}", 1);
    parameters[c] = arrays[c].bytes;
  }
  PQclear(expect(connection, PQexecPrepared(connection, "rows", work->width, parameters, NULL, NULL, 0),
                 PGRES_COMMAND_OK, "write rows"));
}

static void send_copy(PGconn *connection, row **order, size_t count, array *arrays) {
  array *all = &arrays[0];
  char buffer[24];
  all->length = 0;
  for (size_t i = 0; i < count; i++)
    for (int c = 0; c < work->width; c++) {
      const char *value = values(order[i], work->columns[c], buffer);
      put_text(all, value, strlen(value));
      put_text(all, c + 1 < work->width ? "\t" : "\n", 1);
    }
  if (work->merge) statement(connection, "truncate staged");
  PQclear(expect(connection, PQexec(connection, work->copy), PGRES_COPY_IN, "copy"));
  if (PQputCopyData(connection, all->bytes, (int)all->length) != 1 || PQputCopyEnd(connection, NULL) != 1)
    stop("copy: %s", PQerrorMessage(connection));
  PQclear(expect(connection, PQgetResult(connection), PGRES_COMMAND_OK, "copy"));
  PQclear(PQgetResult(connection));
  if (work->merge) statement(connection, work->merge);
}

static void *run(void *argument) {
  projector *self = argument;
  PGconn *connection = PQconnectdb(option("database", ""));
  if (PQstatus(connection) != CONNECTION_OK) stop("%s", PQerrorMessage(connection));
  statement(connection, "set client_min_messages = error");
  if (is_copy && work->merge) statement(connection, "create temporary table staged (like t_c)");
  PQclear(expect(connection, PQprepare(connection, "rows", work->unnest, 0, NULL), PGRES_COMMAND_OK, work->unnest));
  PQclear(expect(connection,
                 PQprepare(connection, "fence",
                           "update c_position set next_offset = $2 where partition = $1 and next_offset = $3", 0, NULL),
                 PGRES_COMMAND_OK, "prepare the fence"));
  const char *properties[] = {"group.id", "c-projector", "enable.auto.commit", "false", "isolation.level",
                              "read_committed", NULL};
  rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, properties);
  check(rd_kafka_poll_set_consumer(consumer), "use one queue");
  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, option("topic", "valid"), self->partition)->offset = 0;
  check(rd_kafka_assign(consumer, list), "assign the partition");
  rd_kafka_message_t *messages[step_events];
  row *rows = malloc(batch_events_max * sizeof *rows), **order = malloc(batch_events_max * sizeof *order);
  array arrays[4] = {{0}};
  int64_t position = 0;
  while (self->applied < self->target) {
    size_t count = 0, bytes = 0;
    int64_t next = position;
    while (count + step_events <= batch_events_max && bytes < batch_bytes_max) {
      ssize_t got = rd_kafka_consume_batch_queue(queue, count ? 0 : 100, messages, step_events);
      if (got <= 0) {
        if (count) break;
        continue;
      }
      for (ssize_t i = 0; i < got; i++) {
        rd_kafka_message_t *message = messages[i];
        check(message->err, "read an event");
        row *one = &rows[count++];
        rd_kafka_headers_t *headers;
        const void *value;
        size_t length;
        check(rd_kafka_message_headers(message, &headers), "read headers");
        check(rd_kafka_header_get_last(headers, "ce_type", &value, &length), "read the type");
        check(rd_kafka_header_get_last(headers, "ce_sequence", &value, &length), "read the version");
        memcpy(one->version, value, length), one->version[length] = 0;
        check(rd_kafka_header_get_last(headers, "ce_id", &value, &length), "read the id");
        memcpy(one->id, value, length), one->id[length] = 0;
        memcpy(one->key, message->key, message->key_len), one->key[message->key_len] = 0;
        field(message->payload, message->len, "\"customer\":\"", one->customer, sizeof one->customer);
        field(message->payload, message->len, "\"total\":", one->total, sizeof one->total);
        one->count = 1;
        bytes += message->len + message->key_len + header_bytes;
        next = message->offset + 1;
        rd_kafka_message_destroy(message);
      }
    }
    size_t kept = count;
    if (work->columns[0] == 0) kept = fold(rows, count, order);
    else for (size_t i = 0; i < count; i++) order[i] = &rows[i];
    statement(connection, "begin");
    char numbers[3][24];
    snprintf(numbers[0], 24, "%d", self->partition), snprintf(numbers[1], 24, "%ld", (long)next);
    snprintf(numbers[2], 24, "%ld", (long)position);
    const char *fence[] = {numbers[0], numbers[1], numbers[2]};
    PGresult *moved = expect(connection, PQexecPrepared(connection, "fence", 3, fence, NULL, NULL, 0), PGRES_COMMAND_OK,
                             "move the position");
    if (strcmp(PQcmdTuples(moved), "1") != 0) stop("somebody else has moved the position");
    PQclear(moved);
    (is_copy ? send_copy : send_unnest)(connection, order, kept, arrays);
    statement(connection, "commit");
    position = next;
    self->applied += (long)count;
    self->transactions++;
  }
  return NULL;
}

/// `--topic T --partitions P --database CONNINFO --workload upsert|increment|insert --copy 0|1 --counts N,N,…`: a thread for each
/// partition, with a connection of its own, applies so many events of it.
void project(void) {
  static projector all[threads_max];
  int partitions = (int)option_number("partitions", 4);
  if (partitions > threads_max) stop("at most %d partitions", threads_max);
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
    if (strcmp(workloads[i].name, option("workload", "upsert")) == 0) work = &workloads[i];
  if (!work) stop("no such workload");
  is_copy = option_number("copy", 0);
  const char *counts = option("counts", "");
  double start = now();
  for (int i = 0; i < partitions; i++) {
    all[i].partition = i;
    all[i].target = strtol(counts, (char **)&counts, 10);
    if (*counts == ',') counts++;
    pthread_create(&all[i].thread, NULL, run, &all[i]);
  }
  long applied = 0, transactions = 0;
  for (int i = 0; i < partitions; i++) {
    pthread_join(all[i].thread, NULL);
    applied += all[i].applied, transactions += all[i].transactions;
  }
  double seconds = now() - start;
  printf("{\"events\": %ld, \"transactions\": %ld, \"seconds\": %f, \"rate\": %f, \"cpuMicroseconds\": %f, \"peakMemory\": %ld}\n",
         applied, transactions, seconds, (double)applied / seconds, processor_seconds() * 1e6 / (double)applied,
         peak_memory_bytes());
  fflush(stdout);
  _Exit(0);
}
