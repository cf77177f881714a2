"""Clients of a gateway's live feed, and events for them. Knows nothing of the engine.

    feed_clients.py write BOOTSTRAP VALID COMMANDS COUNT BYTES [RATE]
                                                              appends events to partition 0 of a valid topic, with payloads of so
                                                              many bytes, RATE a second or as fast as it goes
    feed_clients.py stall PORT COUNT                          keeps COUNT clients that read nothing; one that is closed
                                                              comes again
    feed_clients.py read PORT COUNT EVENTS                    COUNT clients that read EVENTS events each, and come back by their
                                                              last id when they are closed

`stall` prints a JSON object each second until its standard input ends: clients, and how often one was closed. `read` prints
"connected" when all clients are, and at the end one JSON object: events, those out of order or lost, how often a client came
back, and how late events were against the time they carry, in milliseconds.
"""

import json
import os
import select
import socket
import sys
import time


def write(bootstrap, topic, commands, count, size, rate=None):
    from confluent_kafka import Consumer, Producer, TopicPartition

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "feed-clients"})
    start = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=20)[1]
    consumer.close()

    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 2, "queue.buffering.max.messages": 1000000})
    failed = []
    begin = time.monotonic()
    for number in range(int(count)):
        if rate:
            ahead = number / float(rate) - (time.monotonic() - begin)
            if ahead > 0:
                producer.poll(ahead)
        value = {"number": start + number, "sentAt": time.time(), "text": ""}
        value["text"] = "x" * max(0, int(size) - len(json.dumps(value)))
        while True:
            try:
                producer.produce(
                    topic, json.dumps(value), f"order-{number % 1000}", partition=0,
                    headers={
                        "ce_id": f"{commands}/0/{start + number}/0", "ce_type": "amended", "ce_source": "feed",
                        "ce_sequence": str(start + number + 1), "ce_specversion": "1.0", "content-type": "application/json"},
                    on_delivery=lambda error, _: failed.append(str(error)) if error else None)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush(120)
    if failed:
        raise SystemExit(failed[0])


def connect(port, last=None):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096 if last is None else 1 << 18)
    client.connect(("127.0.0.1", port))
    resume = f"Last-Event-ID: {last}\r\n" if last else ""
    client.sendall(f"GET /feed/live HTTP/1.1\r\nHost: localhost\r\n{resume}\r\n".encode())
    return client


def stall(port, count):
    port, count = int(port), int(count)
    waiting = select.epoll()
    waiting.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
    clients, closed, shown = {}, 0, 0
    while True:
        while len(clients) < count:
            client = connect(port)
            clients[client.fileno()] = client
            waiting.register(client, select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR)
        if time.monotonic() - shown > 1:
            shown = time.monotonic()
            print(json.dumps({"clients": len(clients), "closed": closed}), flush=True)
        for number, _ in waiting.poll(0.2):
            if number == sys.stdin.fileno():
                return
            closed += 1
            waiting.unregister(number)
            clients.pop(number).close()


class Reader:
    def __init__(self, port):
        self.port, self.last, self.seen, self.faults, self.returns = port, None, 0, 0, -1
        self.open()

    def open(self):
        self.socket, self.buffer, self.hasHead = connect(self.port, self.last or ""), b"", False
        self.socket.setblocking(False)
        self.returns += 1

    def read(self, late):
        """Whether the connection goes on."""
        try:
            part = self.socket.recv(1 << 18)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not part:
            return False
        now = time.time()
        self.buffer += part
        if not self.hasHead:
            if b"\r\n\r\n" not in self.buffer:
                return True
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            self.hasHead = b" 200 " in head
            if not self.hasHead:
                raise SystemExit(head.decode())
        # The frames of the chunks stand between lines, and are none of an event's.
        *lines, self.buffer = self.buffer.split(b"\n")
        for line in lines:
            if line.startswith(b"id: "):
                self.coming = line[4:].strip().decode()
            elif line.startswith(b"event: reset"):
                self.faults += 1
            elif line.startswith(b"data: "):
                event = json.loads(line[6:])
                if "value" not in event:
                    continue
                offset = int(self.coming.split(",")[0].split(":")[1])
                if self.last is not None and offset != int(self.last.split(",")[0].split(":")[1]) + 1:
                    self.faults += 1
                self.last = self.coming
                self.seen += 1
                if self.seen % 10 == 0:
                    late.append(now - event["value"]["sentAt"])
        return True


def read(port, count, events):
    port, count, events = int(port), int(count), int(events)
    waiting, late = select.epoll(), []
    readers = {}

    def add(reader):
        readers[reader.socket.fileno()] = reader
        waiting.register(reader.socket, select.EPOLLIN)

    for _ in range(count):
        add(Reader(port))
    for reader in readers.values():
        while not reader.hasHead:
            reader.read(late)
            time.sleep(0.001)
    print("connected", flush=True)
    done = []
    while readers:
        for number, _ in waiting.poll(60) or sys.exit("nothing came for 60 s"):
            reader = readers[number]
            goes_on = reader.read(late)
            if goes_on and reader.seen < events:
                continue
            waiting.unregister(number)
            del readers[number]
            reader.socket.close()
            if reader.seen >= events:
                done.append(reader)
            else:
                reader.open()
                add(reader)
    late.sort()
    print(json.dumps({
        "events": sum(reader.seen for reader in done), "faults": sum(reader.faults for reader in done),
        "returns": sum(reader.returns for reader in done), "p50": round(late[len(late) // 2] * 1000, 1),
        "p99": round(late[len(late) * 99 // 100] * 1000, 1)}))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    {"write": write, "stall": stall, "read": read}[sys.argv[1]](*sys.argv[2:])
