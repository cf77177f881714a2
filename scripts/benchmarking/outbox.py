"""How fast an outbox is, what it costs who writes, and a relay in Python beside it. See docs/benchmarks.md."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

from .broker import Broker
from .database import Database
from .figures import spread, table
from .programs import PROGRAMS, ROOT, Scratch, progress

PARTITIONS = 4
RATE = 1000  # rows a second of the latency's measurement
PROBES = 20  # transactions of one record a second, beside it
WARM_UP = 2  # seconds before the latency counts: a relay that had nothing to do looks for rows five times a second
ROWS = 200_000
PAYLOAD = '{"amount": 135, "currency": "EUR", "reference": "2026-11-30/0815", "note": "as ordered, deliver soon"}'
CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "outbox_client.py")
RELAYS = ("poll", "tail", "python")
NAMES = {"poll": "`--mode poll`", "tail": "`--mode tail`", "python": "Python, not exactly once"}
INSERT = f"insert into outbox (key, type, payload) values (%(key)s, 'deposit', %(n)s)"


def python():
    """An interpreter with psycopg and confluent-kafka, made once."""
    path = os.path.join(ROOT, ".build/bench-venv")
    program = os.path.join(path, "bin/python")
    if not os.path.exists(program) or subprocess.run(
            [program, "-c", "import psycopg, confluent_kafka"], capture_output=True).returncode != 0:
        progress("installing psycopg and confluent-kafka for the relay in Python")
        subprocess.run([sys.executable, "-m", "venv", path], check=True)
        subprocess.run([program, "-m", "pip", "install", "-q", "psycopg[binary]", "confluent-kafka"], check=True)
    return program


class Outbox:
    """A table, a topic, and relays of each kind between them."""

    def __init__(self, broker, database, scratch):
        self.broker, self.database, self.scratch = broker, database, scratch
        self.name = scratch.name("outbox")
        self.topic = f"{self.name}-commands"
        broker.make_topics(PARTITIONS, self.topic)
        database.sql("drop table if exists outbox, outbox_parked")
        self.sequitur("create", "--table", "outbox", kafka=False).wait()

    def sequitur(self, *words, kafka=True):
        flags = ["--database", self.database.connection]
        if kafka:
            flags += ["--application-id", self.name, "--bootstrap-servers", self.broker.bootstrap]
        return subprocess.Popen([f"{PROGRAMS}/sequitur", "outbox", *words, *flags], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def client(self, what, *words):
        return subprocess.Popen(
            [python(), CLIENT, what, "--bootstrap", self.broker.bootstrap, "--database", self.database.connection, *words],
            stdout=subprocess.PIPE, text=True)

    def start(self, kind, *words):
        """A relay that serves."""
        if kind == "python":
            process = self.client("relay", "--topic", self.topic, *words)
            output = process.stdout
        else:
            process = self.sequitur("run", "--mode", kind, *words)
            output = process.stderr
            # The relay makes it at its first start.
            if f"{self.name}-outbox" not in self.broker.topics:
                self.broker.topics.append(f"{self.name}-outbox")
        for line in output:
            if "the outbox is served" in line or "the relay serves" in line:
                # What it says later would fill the pipe.
                threading.Thread(target=lambda: output.read(), daemon=True).start()
                return process
        sys.exit(f"bench: the relay {kind} does not start")

    def settle(self, kind):
        """What the log is read from begins with the first start."""
        if kind == "tail":
            stop(self.start("tail"))

    def fill(self, rows, of_each=1000):
        """So many rows, in transactions of a thousand."""
        statement = ("insert into outbox (key, type, payload) select 'object-' || (i % 997), 'deposit', '" + PAYLOAD
                     + f"' from generate_series(1, {of_each}) i;\n")
        self.database.sql(statement * (rows // of_each))

    def drop_slot(self):
        # The server may not have noticed yet that the relay is gone.
        self.database.sql("select pg_terminate_backend(active_pid, 10000) from pg_replication_slots where active;"
                          "select pg_drop_replication_slot(slot_name) from pg_replication_slots")


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait()


def measure(results, rounds, scale):
    """Adds each part to the results as soon as it is measured."""
    results.update({"rows": int(ROWS * scale) // 1000 * 1000, "rate": RATE, "throughput": {kind: [] for kind in RELAYS},
                    "latency": {kind: [] for kind in RELAYS}})
    with Broker() as broker, Database(wal_level="logical", max_wal_senders="4") as database, Scratch() as scratch:
        for _ in range(rounds):
            for kind in RELAYS:
                rate = throughput(Outbox(broker, database, scratch), kind, results["rows"])
                results["throughput"][kind].append(rate)
                progress(f"outbox, {kind}: {rate:,.0f} rows/s")
        yield
        for _ in range(rounds):
            for kind in RELAYS:
                found = latency(Outbox(broker, database, scratch), kind, seconds=max(5, int(10 * scale)))
                results["latency"][kind].append(found)
                progress(f"outbox, {kind} at {RATE}/s: " + ", ".join(f"{k} {v:.1f}" for k, v in found.items()))
        yield
        results["cost"] = cost(lambda: Outbox(broker, database, scratch), rounds, max(4, int(8 * scale)))
        yield
        results["bloat"] = bloat(Outbox(broker, database, scratch), int(1_000_000 * scale))
        yield


def throughput(outbox, kind, rows):
    """Rows a second, from when the relay serves until its process has ended with nothing left."""
    outbox.settle(kind)
    outbox.fill(rows)
    process = outbox.start(kind, "--until-empty")
    began = time.time()
    if process.wait() != 0:
        sys.exit(f"bench: the relay {kind} failed")
    seconds = time.time() - began
    if kind == "tail":
        outbox.drop_slot()
    return rows / seconds


def latency(outbox, kind, seconds):
    """Milliseconds from a row's commit until its command can be read, and from a transaction's begin, beside it."""
    own = outbox.scratch.name("transactions")
    outbox.broker.make_topics(1, own)
    outbox.settle(kind)
    relay = outbox.start(kind)
    seconds += WARM_UP
    count = seconds * (RATE + PROBES)
    reader = outbox.client("read", "--topic", f"{outbox.topic},{own}", "--count", str(count))
    reader.stdout.readline()
    probe = outbox.client("transact", "--topic", own, "--rate", str(PROBES), "--seconds", str(seconds))
    writer = outbox.client("write", "--statement", INSERT, "--rate", str(RATE), "--seconds", str(seconds))
    written = json.loads(writer.communicate()[0])
    begun = json.loads(probe.communicate()[0])["times"]
    read = json.loads(reader.communicate()[0])
    stop(relay)
    if kind == "tail":
        outbox.drop_slot()
    start = min(written["times"].values()) + WARM_UP
    rows = sorted((read[f"{outbox.topic} {n}"] - at) * 1000 for n, at in written["times"].items() if at >= start)
    transactions = sorted((read[f"{own} {n}"] - at) * 1000 for n, at in begun.items() if at >= start)
    return {"p50": at(rows, 0.5), "p99": at(rows, 0.99), "max": rows[-1], "transaction p50": at(transactions, 0.5),
            "transaction p99": at(transactions, 0.99), "achieved": len(written["times"]) / written["seconds"]}


def at(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def cost(make, rounds, seconds):
    """Transactions a second of four writers that change a row: without an outbox, with one, and with relays."""
    update = "\\set id random(1, 1000)\nbegin;\nupdate objects set n = n + 1 where id = :id;\n"
    insert = f"insert into outbox (key, type, payload) values ('object-' || :id, 'deposit', '{PAYLOAD}');\n"
    cases = {"without": None, "rows, no relay": None, "rows, poll": "poll", "rows, tail": "tail", "rows with a bell": "bell"}
    results = {name: [] for name in cases}
    for _ in range(rounds):
        for name, kind in cases.items():
            outbox = make()
            outbox.database.sql("drop table if exists objects; create table objects (id int primary key, n int);"
                                "insert into objects select i, 0 from generate_series(1, 1000) i; checkpoint")
            relay = None
            if kind == "bell":
                outbox.sequitur("create", "--bell", "rows", kafka=False).wait()
                relay = outbox.start("poll", "--bell", "rows")
            elif kind:
                relay = outbox.start(kind)
            script = update + ("" if name == "without" else insert) + "commit;\n"
            results[name].append(outbox.database.transactions_a_second(script, seconds, 4))
            if relay:
                stop(relay)
            if kind == "tail":
                outbox.drop_slot()
            progress(f"outbox, writers, {name}: {results[name][-1]:,.0f} transactions/s")
    return results


def bloat(outbox, rows):
    """Rows that come and go while a snapshot is held: nothing of them can be cleaned up."""
    holder = outbox.database.session()
    holder.stdin.write("begin isolation level repeatable read; select count(*) from outbox;\n")
    holder.stdin.flush()
    holder.stdout.readline()
    relay = outbox.start("poll")
    parts, rates = 10, []
    for part in range(parts):
        began = time.time()
        outbox.fill(rows // parts)
        drain(outbox)
        rates.append(rows // parts / (time.time() - began))
        progress(f"outbox, held snapshot, part {part + 1}: {rates[-1]:,.0f} rows/s")
    result = {"rows": rows, "rates": rates, "heldBytes": size(outbox), "lookSeconds": look(outbox)}
    holder.stdin.close()
    holder.wait()
    began = time.time()
    outbox.database.sql("vacuum outbox")
    result["vacuumSeconds"] = time.time() - began
    began = time.time()
    outbox.fill(rows // parts)
    drain(outbox)
    result["rateAfter"] = rows // parts / (time.time() - began)
    outbox.database.sql("vacuum outbox")
    result["bytes"] = size(outbox)
    stop(relay)
    return result


def look(outbox):
    """Seconds that looking for the oldest row takes in the empty table."""
    began = time.time()
    outbox.database.sql("set enable_seqscan = off; select id from outbox order by id limit 1")
    return time.time() - began


def drain(outbox):
    while outbox.database.sql("select exists (select from outbox)") == "t":
        time.sleep(0.02)


def size(outbox):
    return int(outbox.database.sql("select pg_total_relation_size('outbox')"))


def report(results):
    """The tables of docs/benchmarks.md, of the parts that were measured."""
    parts = [relays(results)]
    if results.get("cost"):
        rows = [["writers", "transactions/s", "of those without"]]
        for name, found in results["cost"].items():
            shares = [mine / other for mine, other in zip(found, results["cost"]["without"])]
            rows.append([name, spread(found, "{:,.0f}"), spread(shares)])
        parts.append(table(rows))
    if results.get("bloat"):
        held = results["bloat"]
        rates = ", ".join(f"{rate:,.0f}" for rate in held["rates"])
        parts.append(
            f"{held['rows']:,} rows that came and went while a snapshot was held: table and indexes "
            f"{held['heldBytes'] / 1e6:.0f} MB, a look for rows in the then empty table {held['lookSeconds'] * 1000:.0f} ms; "
            f"rows/s, written and sent, of each tenth: {rates}. Once it is let go, a vacuum takes {held['vacuumSeconds']:.1f} s; "
            f"the next tenth {held['rateAfter']:,.0f} rows/s, {held['bytes'] / 1e6:.0f} MB.")
    return "\n\n".join(parts)


def relays(results):
    rows = [["relay", "rows/s", "of Python's", f"p50 at {results['rate']:,}/s, ms", "p99",
             "the broker's own transaction p50", "p99", "p99 above it"]]
    base = results["throughput"]["python"]
    for kind in RELAYS:
        rates = results["throughput"][kind]
        row = [NAMES[kind], spread(rates, "{:,.0f}"),
               spread([mine / other for mine, other in zip(rates, base)]) if kind != "python" else ""]
        found = results["latency"][kind]
        for name in ("p50", "p99", "transaction p50", "transaction p99"):
            row.append(spread([one[name] for one in found], "{:.1f}"))
        rows.append(row + [spread([one["p99"] - one["transaction p99"] for one in found], "{:.1f}")])
    return table(rows)
