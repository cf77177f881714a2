"""A view as a user writes it in Python: a consumer and a dict. Prints what scripts/bench-views compares.

    dict_view.py BOOTSTRAP TOPIC PARTITIONS
"""
import json
import resource
import sys
import time

from confluent_kafka import Consumer, TopicPartition


def main(bootstrap, topic, partitions):
    start = time.monotonic()
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "dict-view", "isolation.level": "read_committed",
        "enable.auto.commit": False, "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    objects, records, ended = {}, 0, 0
    while ended < partitions:
        for message in consumer.consume(1000, 1.0):
            if message.error():
                ended += 1
                continue
            records += 1
            if message.value() is None:
                objects.pop(message.key(), None)
            else:
                objects[message.key()] = message.value()
    seconds = time.monotonic() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "records": records, "seconds": seconds, "rate": records / seconds, "objects": len(objects),
        "cpuSeconds": usage.ru_utime + usage.ru_stime, "peakMemory": usage.ru_maxrss * 1024}))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
