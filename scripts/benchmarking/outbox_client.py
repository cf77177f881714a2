"""The clients of the outbox's measurements: what writes rows, what reads commands, and a relay as users write one.

usage: outbox_client.py relay|write|read|transact OPTIONS. Needs psycopg and confluent-kafka.
"""
import argparse
import json
import sys
import threading
import time

import psycopg
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition


def relay(options):
    """The usual polling publisher: rows in the order of their ids, a plain idempotent producer, then the deletion."""
    producer = Producer({"bootstrap.servers": options.bootstrap, "enable.idempotence": True, "linger.ms": 5})
    print("the relay serves", flush=True)
    with psycopg.connect(options.database) as connection:
        while True:
            rows = connection.execute(
                "select id, key, type, payload, command_id from outbox order by id limit %s for update skip locked",
                (options.rows,)).fetchall()
            if not rows:
                connection.rollback()
                if options.until_empty:
                    return
                time.sleep(0.005)
                continue
            for _, key, kind, payload, command in rows:
                producer.produce(options.topic, key=key, value=payload,
                                 headers={"ce_type": kind, "ce_id": str(command)})
            producer.flush()
            connection.execute("delete from outbox where id = any(%s)", ([row[0] for row in rows],))
            connection.commit()


def write(options):
    """Rows at an even rate, each in a transaction of its own; prints when each was committed."""
    began, times = time.time() + 0.2, {}

    def writer(number):
        with psycopg.connect(options.database, autocommit=True) as connection:
            for n in range(number, options.rate * options.seconds, options.writers):
                wait = began + n / options.rate - time.time()
                if wait > 0:
                    time.sleep(wait)
                connection.execute(options.statement, {"n": str(n), "key": f"object-{n % 997}"})
                times[n] = time.time()

    threads = [threading.Thread(target=writer, args=(number,)) for number in range(options.writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"times": times, "seconds": time.time() - began}))


def read(options):
    """Prints when each command could be read, until so many have come or none comes for a minute."""
    consumer = Consumer({"bootstrap.servers": options.bootstrap, "group.id": "bench", "enable.auto.commit": False,
                         "isolation.level": "read_committed"})
    partitions = []
    for topic in options.topic.split(","):
        for partition in consumer.list_topics(topic, timeout=30).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
            partitions.append(TopicPartition(topic, partition, high))
    consumer.assign(partitions)
    consumer.poll(1)
    print("reading", flush=True)
    times, last = {}, time.time()
    while len(times) < options.count and time.time() - last < 60:
        message = consumer.poll(0.2)
        if message is None:
            continue
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                sys.exit(str(message.error()))
            continue
        last = time.time()
        times[f"{message.topic()} {message.value().decode()}"] = last
    print(json.dumps(times))


def transact(options):
    """Transactions of one record, some a second: what the broker itself takes from the beginning to readable."""
    producer = Producer({"bootstrap.servers": options.bootstrap, "transactional.id": options.topic,
                         "retry.backoff.ms": 5, "on_delivery": lambda *_: None})
    producer.init_transactions(60)
    times, began = {}, time.time()
    for n in range(int(options.seconds * options.rate)):
        wait = began + n / options.rate - time.time()
        if wait > 0:
            time.sleep(wait)
        times[n] = time.time()
        producer.begin_transaction()
        producer.produce(options.topic, value=str(n))
        producer.commit_transaction(60)
    print(json.dumps({"times": times}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("relay", "write", "read", "transact"))
    parser.add_argument("--bootstrap")
    parser.add_argument("--database")
    parser.add_argument("--topic")
    parser.add_argument("--statement")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--until-empty", action="store_true")
    options = parser.parse_args()
    {"relay": relay, "write": write, "read": read, "transact": transact}[options.what](options)


main()
