"""A consumer as users write it: poll, decode, executemany, commit, commit offsets. At least once.

usage: psycopg_consumer.py BOOTSTRAP TOPIC DATABASE WORKLOAD STATEMENT COUNT
"""
import json
import resource
import sys
import time

import psycopg
from confluent_kafka import Consumer

bootstrap, topic, database, workload, statement, count = sys.argv[1:]
consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"psycopg-{topic}-{time.time()}",
                     "auto.offset.reset": "earliest", "enable.auto.commit": False, "isolation.level": "read_committed"})
consumer.subscribe([topic])
connection = psycopg.connect(database)
applied, began, used = 0, None, None
while applied < int(count):
    messages = consumer.consume(5000, 1)
    if began is None and messages:
        began, used = time.time(), resource.getrusage(resource.RUSAGE_SELF)
    rows = []
    for message in messages:
        if message.error():
            sys.exit(str(message.error()))
        headers = dict(message.headers())
        event = json.loads(message.value())
        key, version = message.key().decode(), int(headers["ce_sequence"])
        rows.append({"upsert": (key, event["customer"], event["total"], version), "increment": (key,),
                     "insert": (headers["ce_id"].decode(), key, event["total"], version)}[workload])
    if not rows:
        continue
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
    connection.commit()
    consumer.commit(asynchronous=False)
    applied += len(rows)
seconds, now = time.time() - began, resource.getrusage(resource.RUSAGE_SELF)
cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
print(json.dumps({"events": applied, "seconds": seconds, "rate": applied / seconds, "cpuMicroseconds": cpu * 1e6 / applied,
                  "peakMemory": now.ru_maxrss * 1024}))
