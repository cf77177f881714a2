#include "workload.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/// splitmix64 (Steele, Lea, Flood 2014).
static uint64_t next(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

void workload_keys_init(workload_keys *keys, uint64_t seed, uint64_t objects, double theta) {
  *keys = (workload_keys){.state = seed, .objects = objects, .theta = theta};
  if (theta == 0) return;
  for (uint64_t i = 1; i <= objects; i++) keys->zeta += 1 / pow((double)i, theta);
  double zeta2 = 1 + 1 / pow(2, theta);
  keys->alpha = 1 / (1 - theta);
  keys->eta = (1 - pow(2.0 / (double)objects, 1 - theta)) / (1 - zeta2 / keys->zeta);
}

uint64_t workload_keys_next(workload_keys *keys) {
  uint64_t random = next(&keys->state);
  if (keys->theta == 0) return random % keys->objects;
  double u = (double)(random >> 11) * 0x1p-53;
  double uz = u * keys->zeta;
  if (uz < 1) return 0;
  if (uz < 1 + pow(0.5, keys->theta)) return 1;
  uint64_t object = (uint64_t)((double)keys->objects * pow(keys->eta * u - keys->eta + 1, keys->alpha));
  return object < keys->objects ? object : keys->objects - 1;
}

void workload_key(uint64_t object, uint8_t key[WORKLOAD_KEY_BYTES]) {
  key[0] = 'o';
  for (int i = WORKLOAD_KEY_BYTES - 1; i > 0; i--, object /= 10) key[i] = (uint8_t)('0' + object % 10);
}

void workload_account(uint64_t random, uint8_t *payload, size_t size) {
  for (size_t i = 16; i < size; i++) payload[i] = (uint8_t)(i + random);
  memset(payload, 0, 16);
  payload[0] = 1;
  payload[8] = (uint8_t)(1 + random % 100);
}

void workload_json(uint64_t random, uint8_t *payload, size_t size) {
  char head[128];
  int length = snprintf(head, sizeof head,
                        "{\"type\":\"deposit\",\"amount\":%d,\"note\":\"%016llx\",\"memo\":\"",
                        (int)(1 + random % 100), (unsigned long long)random);
  memset(payload, 'x', size);
  memcpy(payload, head, (size_t)length);
  memcpy(payload + size - 2, "\"}", 2);
}
