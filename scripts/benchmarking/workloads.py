"""What is measured end to end."""

# `count` commands are counted, after `warm` that are not; each run writes to topics of its own.
STANDARD = {
    "format": "account", "envelope": "cloudevents", "ids": 0, "theta": 0.99, "payload": 100, "count": 300_000,
    "warm": 15_000, "objects": 100_000, "partitions": 4, "lanes": 2, "store": "new", "title": "",
}

# name: (what differs from the standard, whether only a full run has it)
WORKLOADS = {
    "account": ({"title": "binary decider, 100 k objects, Zipf, 4 partitions, 100 B"}, False),
    "json": ({"format": "json", "title": "JSON rules"}, False),
    "compact": ({"envelope": "compact", "title": "envelope compact"}, False),
    "ids": ({"ids": 1, "title": "every command has an id"}, True),
    "uniform": ({"theta": 0, "title": "uniform keys"}, False),
    # The test broker answers a fetch with the whole log, which must stay below librdkafka's 100 MB for a response.
    "payload-1k": ({"payload": 1000, "count": 60_000, "warm": 10_000, "title": "1 kB payloads"}, False),
    "partitions-1": ({"partitions": 1, "title": "1 partition"}, False),
    "partitions-16": ({"partitions": 16, "title": "16 partitions"}, False),
    # RocksDB writes and verifies the options of all column families with each that is made: 64 new ones take a second
    # or two, while the first partitions are served already. By then what counts must not have begun.
    "partitions-64": ({"partitions": 64, "warm": 400_000, "title": "64 partitions"}, False),
    "warm": ({"store": "warm", "theta": 0, "title": "uniform keys, objects in memory"}, False),
    "cold": ({"store": "cold", "theta": 0, "title": "uniform keys, objects in RocksDB only"}, False),
    "objects-10m": ({"objects": 10_000_000, "theta": 0, "title": "10 M objects, uniform keys"}, True),
}

# These decide targets and get all rounds; the others two, unless the run is a full one.
DECISIVE = {"account", "json"}

# Commands offered a second.
RATES = [100, 1000, 5000, 20_000, 50_000]
RATES_FULL = [100, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]
# The one that has a target, measured several times.
RATE_TARGET = 5000


def workload(name, scale=1.0, lanes=None):
    made = dict(STANDARD, **WORKLOADS[name][0])
    made["count"], made["warm"] = int(made["count"] * scale), int(made["warm"] * scale)
    if made["store"] == "warm":
        # By then nearly every object was touched.
        made["warm"] = 3 * made["objects"]
    if lanes:
        made["lanes"] = lanes
    return made
