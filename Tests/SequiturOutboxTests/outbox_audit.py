"""Compares the commands on a topic with the rows that writers committed.

usage: outbox_audit.py BOOTSTRAP TOPIC < rows
Each line of the input is `key<TAB>command id`, in the order in which the rows of a key were committed. Ends with 1 unless
every row is one command, there is no other command, and those of each key are in order. Shares no code with the relay.
"""

import collections
import sys
import time

from confluent_kafka import Consumer, KafkaError, TopicPartition


def read(bootstrap, topic):
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "outbox-audit", "isolation.level": "read_committed",
        "enable.auto.commit": False, "enable.partition.eof": True, "auto.offset.reset": "earliest",
    })
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    commands, ended, deadline = collections.defaultdict(list), set(), time.time() + 120
    while len(ended) < len(partitions):
        if time.time() > deadline:
            sys.exit("the topic's end did not come")
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            if message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
                continue
            sys.exit(str(message.error()))
        ended.discard(message.partition())
        headers = dict(message.headers() or [])
        commands[message.key().decode()].append(headers["ce_id"].decode())
    consumer.close()
    return commands


def main():
    commands = read(sys.argv[1], sys.argv[2])
    rows = collections.defaultdict(list)
    for line in sys.stdin:
        key, command = line.rstrip("\n").split("\t")
        rows[key].append(command)
    faults = 0
    for key in sorted(set(rows) | set(commands)):
        expected, found = rows[key], commands[key]
        if expected == found:
            continue
        faults += 1
        missing = [command for command in expected if command not in set(found)]
        extra = [command for command in found if command not in set(expected)]
        twice = [command for command, count in collections.Counter(found).items() if count > 1]
        print(f"{key}: {len(expected)} rows, {len(found)} commands; missing {missing[:3]}, without a row {extra[:3]}, "
              f"twice {twice[:3]}, {'in another order' if not (missing or extra or twice) else 'not all'}")
    print(f"{sum(map(len, rows.values()))} rows, {sum(map(len, commands.values()))} commands, {faults} faults")
    sys.exit(1 if faults else 0)


main()
