"""Folds the valid topic of the orders that FollowedApplication makes, and prints a line for each that is left.

usage: fold_orders.py BOOTSTRAP TOPIC PARTITIONS
"""

import json
import sys

from confluent_kafka import Consumer, KafkaError, TopicPartition

bootstrap, topic, partitions = sys.argv[1], sys.argv[2], int(sys.argv[3])
consumer = Consumer({
    "bootstrap.servers": bootstrap, "group.id": "fold", "isolation.level": "read_committed",
    "enable.auto.commit": False, "enable.partition.eof": True, "auto.offset.reset": "earliest",
})
consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
orders = {}
ended = 0
while ended < partitions:
    message = consumer.poll(30)
    if message is None:
        sys.exit("nothing came for 30 s")
    if message.error():
        if message.error().code() == KafkaError._PARTITION_EOF:
            ended += 1
            continue
        sys.exit(str(message.error()))
    headers = dict(message.headers())
    key, kind, version = message.key().decode(), headers["ce_type"].decode(), int(headers["ce_sequence"])
    if kind == "purged":
        orders.pop(key, None)
        continue
    order = orders.setdefault(key, {})
    order["version"] = version
    if kind == "created":
        order.update(total=json.loads(message.value())["total"], status="open")
    elif kind == "amended":
        order["total"] = json.loads(message.value())["total"]
    elif kind == "paid":
        order["status"] = "paid"
consumer.close()
for key in sorted(orders):
    order = orders[key]
    print(f"{key} {order['total']} {order['status']} {order['version']}")
