"""Clients of a gateway, and the check of what they were told against the topics. Knows nothing of the engine.

    gateway_clients.py send  PORTS CLIENTS COMMANDS SEED KEYS   answers as JSON lines on standard output
    gateway_clients.py check BOOTSTRAP COMMANDS VALID INVALID   answers on standard input; faults on standard output

Each command has an id of its own. A client whose connection breaks, or that is told 503 or 504, repeats the command with the
same id at the next port. PORTS are separated by commas.
"""

import http.client
import json
import random
import sys
import threading
import time


def client(number, ports, count, seed, keys, answers, lock):
    rng = random.Random(f"{seed}-{number}")
    connection, port = None, number % len(ports)
    for index in range(count):
        key = f"order-{rng.randrange(keys)}"
        kind = rng.choice(["create", "amend", "amend", "pay", "purge", "dance"])
        body = json.dumps({"total": rng.randrange(1, 999)}) if rng.random() > 0.05 else "{"
        identity = f"{seed}-{number}-{index}"
        deadline = time.time() + 120
        tries = 0
        while True:
            tries += 1
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", ports[port % len(ports)], timeout=70)
                connection.request(
                    "POST", f"/objects/{key}/commands/{kind}", body,
                    {"Idempotency-Key": identity, "Content-Type": "application/json", "Prefer": "wait=30"})
                response = connection.getresponse()
                text = response.read()
                status = response.status
                token = response.getheader("Sequitur-Token")
                document = json.loads(text)
            except (OSError, http.client.HTTPException, ValueError):
                status = 0
                if connection is not None:
                    connection.close()
                connection = None
                port += 1
            if status not in (0, 202, 429, 503, 504):
                break
            if time.time() > deadline:
                status = -1
                break
            time.sleep(0.05)
        answer = {"id": identity, "key": key, "type": kind, "status": status, "tries": tries}
        if status > 0:
            answer.update(token=token, replayed=response.getheader("Sequitur-Replayed"), body=document)
        with lock:
            answers.append(answer)


def send(ports, clients, count, seed, keys):
    ports = [int(port) for port in ports.split(",")]
    answers, lock = [], threading.Lock()
    threads = [
        threading.Thread(target=client, args=(n, ports, int(count), seed, int(keys), answers, lock))
        for n in range(int(clients))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        print(json.dumps(answer))


def read(bootstrap, topic):
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "gateway-check", "enable.partition.eof": True,
        "isolation.level": "read_committed", "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    ended = set()
    while len(ended) < len(partitions):
        message = consumer.poll(30)
        if message is None:
            raise SystemExit(f"{topic} does not end")
        if message.error():
            ended.add(message.partition())
            continue
        yield message, {name: value.decode() for name, value in message.headers() or []}
    consumer.close()


def check(bootstrap, commands, valid, invalid):
    answers = [json.loads(line) for line in sys.stdin]
    sent, events, rejections, changes = {}, {}, {}, {}
    for message, headers in read(bootstrap, commands):
        sent.setdefault(headers["ce_id"], []).append(f"{message.partition()}-{message.offset()}")
    for message, headers in read(bootstrap, valid):
        position = "-".join(headers["ce_id"].split("/")[1:3])
        events.setdefault(position, []).append(
            {"type": headers["ce_type"], "version": int(headers["ce_sequence"])})
        changes.setdefault(headers["ce_causationid"], set()).add(position)
    for message, headers in read(bootstrap, invalid):
        rejections["-".join(headers["command-position"].split("/")[1:])] = headers
    faults = []
    for answer in answers:
        name, status, token = answer["id"], answer["status"], answer.get("token")
        if status <= 0:
            faults.append(f"{name} has no answer")
            continue
        if token is None or token not in sent.get(name, []):
            faults.append(f"{name} was told {token}, and stands at {sent.get(name)}")
            continue
        if status in (200, 201) and not answer["replayed"]:
            if answer["body"]["events"] != events.get(token):
                faults.append(f"{name} was told {answer['body']}, and its events are {events.get(token)}")
            if (status == 201) != (answer["body"]["events"][0]["version"] == 1):
                faults.append(f"{name} was told {status} with {answer['body']}")
        elif answer["replayed"]:
            first = [place for place in sent[name] if place in events]
            if not first or events[first[0]][-1]["version"] != answer["body"]["version"]:
                faults.append(f"{name} was told it is a duplicate, and its first is {first}")
        else:
            found = rejections.get(token)
            if found is None or found["rejection-code"] != answer["body"]["code"]:
                faults.append(f"{name} was told {answer['body']}, and was decided {found}")
    for position in events:
        if position in rejections:
            faults.append(f"{position} is valid and invalid")
    for places in sent.values():
        for place in places:
            if place not in events and place not in rejections:
                faults.append(f"{place} has no outcome")
    for name, places in changes.items():
        if len(places) > 1:
            faults.append(f"{name} changed its object {len(places)} times")
    asked = {answer["id"] for answer in answers}
    for name in sent:
        if name not in asked:
            faults.append(f"{name} stands on the topic, and nobody sent it")
    for fault in faults:
        print(fault)
    print(json.dumps({
        "answers": len(answers), "commands": sum(len(places) for places in sent.values()),
        "events": len(events), "rejections": len(rejections), "faults": len(faults),
        "repeated": sum(1 for answer in answers if answer["tries"] > 1)}))


if __name__ == "__main__":
    {"send": send, "check": check}[sys.argv[1]](*sys.argv[2:])
