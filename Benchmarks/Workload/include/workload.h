// The commands that every benchmark program sees: the same seed gives the same keys and payloads in C and in Swift.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Bytes of an object key: 'o' and 15 digits.
#define WORKLOAD_KEY_BYTES 16
/// Bytes of the state that an account keeps: balance, number of deposits, 48 bytes of the last command.
#define WORKLOAD_STATE_BYTES 64
/// Where an account's payload holds the time at which it was sent, for latencies; part of the 48 kept bytes.
#define WORKLOAD_TIME_OFFSET 16

/// Which objects the commands are for.
typedef struct {
  uint64_t state;
  uint64_t objects;
  /// 0: uniform. Otherwise the exponent of a Zipf distribution, below 1.
  double theta, zeta, alpha, eta;
} workload_keys;

/// Gray et al., "Quickly generating billion-record synthetic databases" (1994), as YCSB uses it.
void workload_keys_init(workload_keys *keys, uint64_t seed, uint64_t objects, double theta);

/// The next command's object, from 0; 0 is the most frequent one.
uint64_t workload_keys_next(workload_keys *keys);

/// Writes the object's key.
void workload_key(uint64_t object, uint8_t key[WORKLOAD_KEY_BYTES]);

/// Writes a deposit in binary form: operation (1), amount at byte 8 (little-endian), filler. At least 64 bytes.
void workload_account(uint64_t random, uint8_t *payload, size_t size);

/// Writes a deposit as a JSON object of exactly `size` bytes, at least 80.
void workload_json(uint64_t random, uint8_t *payload, size_t size);
