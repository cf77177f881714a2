"""Folds a valid topic of orders, and holds moments of a view against it. Knows nothing of the engine.

    moments.py BOOTSTRAP VALID    moments as JSON lines on standard input; what is wrong on standard output

A moment names a partition, the last command that it covers, and every order: the state that the events of the commands up to there
leave.
"""

import json
import sys

from confluent_kafka import Consumer, TopicPartition


def read(bootstrap, topic):
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "moments", "enable.partition.eof": True,
        "isolation.level": "read_committed", "enable.auto.commit": False})
    partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    events, ended = {number: [] for number in partitions}, 0
    while ended < len(partitions):
        message = consumer.poll(30)
        if message is None:
            raise SystemExit(f"{topic} does not end")
        if message.error():
            ended += 1
            continue
        headers = {name: value.decode() for name, value in message.headers()}
        events[message.partition()].append((
            int(headers["ce_id"].split("/")[2]), message.key().decode(), headers["ce_type"],
            int(headers["ce_sequence"]), json.loads(message.value() or b"{}")))
    consumer.close()
    return events


def apply(orders, event):
    _, key, kind, version, value = event
    if kind == "purged":
        del orders[key]
        return
    before = orders.get(key, {})
    orders[key] = {
        "status": "paid" if kind == "paid" else "open", "version": version,
        "total": value.get("total", before.get("total")) if kind != "paid" else before.get("total")}


def main(bootstrap, topic):
    events = read(bootstrap, topic)
    moments = [json.loads(line) for line in sys.stdin]
    wrong = 0
    for partition, own in events.items():
        orders, next_event = {}, 0
        for moment in sorted((m for m in moments if m["partition"] == partition), key=lambda m: m["command"]):
            while next_event < len(own) and own[next_event][0] <= moment["command"]:
                apply(orders, own[next_event])
                next_event += 1
            if moment["orders"] != orders:
                wrong += 1
                print(f"partition {partition} at {moment['command']}: {moment['orders']} instead of {orders}")
    print(f"{len(moments)} moments, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
