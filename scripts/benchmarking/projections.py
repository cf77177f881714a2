"""Events into PostgreSQL: `sequitur project` beside C on libpq (`unnest`, COPY) and Python as users write it."""
import json
import os
import re
import subprocess
import sys
import time

from .broker import Broker
from .database import Database
from .figures import median, spread, table
from .programs import PROGRAMS, Scratch, progress, run

PARTITIONS = 4
# By workload: columns of the table that C and Python write, the projection's table, its rule, and its key.
WORKLOADS = {
    "upsert": ("id text primary key, customer text, total bigint, version bigint",
               "{customer: text, total: bigint, version: bigint}",
               "{upsert: {customer: customer, total: total, version: $version}}", "{id: $key}"),
    "increment": ("id text primary key, n bigint", "{n: bigint}", "{upsert: {}, increment: {n: 1}}", "{id: $key}"),
    "insert": ("id text primary key, key text, total bigint, version bigint",
               "{key: text, total: bigint, version: bigint}",
               "{insert: {key: $key, total: total, version: $version}}", "{id: $id}"),
}
# What `executemany` is given by users, with their commit of the offset afterwards.
PYTHON = {
    "upsert": "insert into t_p values (%s, %s, %s, %s) on conflict (id) do update set customer = excluded.customer, "
              "total = excluded.total, version = excluded.version",
    "increment": "insert into t_p as t values (%s, 1) on conflict (id) do update set n = t.n + 1",
    "insert": "insert into t_p values (%s, %s, %s, %s)",
}


def write_events(broker, topic, count, rate=0):
    broker.make_topics(PARTITIONS, topic)
    return run("ceiling", "events", {
        "bootstrap": broker.bootstrap, "topic": topic, "commands": f"{topic}-commands", "partitions": PARTITIONS,
        "count": count, "objects": max(1000, count // 10), "rate": rate}, timeout=3600)


def ends(broker, topic):
    """How many events each partition has: of a topic that nothing else writes to, its end."""
    read = run("ceiling", "ends", {"bootstrap": broker.bootstrap, "topic": topic, "partitions": PARTITIONS})
    return read["ends"]


def file(scratch, name, workload, more=""):
    _, columns, rule, key = WORKLOADS[workload]
    path = scratch.directory(f"{name}.yaml")
    with open(path, "w") as text:
        text.write(f"projection: {name}\n{more}table: {{name: t_s, key: {key}, columns: {columns}}}\n"
                   f"events: {{changed: {rule}}}\n")
    return path


def sequitur(broker, server, topic, path, counts=True):
    """A whole process up to the end. The rate is that from its partitions' assignment to the last transaction."""
    line = [os.path.join(PROGRAMS, "sequitur"), "project", path, "--database", server.connection, "--bootstrap-servers",
            broker.bootstrap, "--valid-topic", topic, "--commands-topic", f"{topic}-commands", "--application-id", "bench",
            "--instance-id", "bench", "--create-tables"]
    process = subprocess.Popen(line + ["--until-caught-up"], stderr=subprocess.PIPE, text=True)
    began, log = None, []
    for text in process.stderr:
        log.append(text)
        if "partitions assigned" in text and began is None:
            began = time.time()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0 or began is None:
        sys.exit(f"bench: {' '.join(line)} failed\n{''.join(log[-20:])}")
    if not counts:
        return None
    events, last = server.sql("select sum(events), max(extract(epoch from changed_at)) from sequitur_position").split("|")
    seconds = float(last) - began
    transactions = re.search(r"transactions=(\d+)", "".join(log))
    return {"events": int(events), "seconds": seconds, "rate": int(events) / seconds,
            "cpuMicroseconds": (usage.ru_utime + usage.ru_stime) * 1e6 / int(events),
            "transactions": int(transactions.group(1)) if transactions else 0, "peakMemory": usage.ru_maxrss * 1024}


def forget(server):
    """Empties what a run has left, so that each begins alike."""
    server.sql("drop table if exists t_s, t_c, t_p, c_position, sequitur_projection, sequitur_position, sequitur_event")
    server.sql("checkpoint")


def ceiling(broker, server, topic, workload, counts, copy):
    server.sql(f"create table t_c ({WORKLOADS[workload][0]}); create table c_position (partition int primary key, "
               f"next_offset bigint); insert into c_position select i, 0 from generate_series(0, {PARTITIONS - 1}) i")
    return run("ceiling", "project", {
        "bootstrap": broker.bootstrap, "topic": topic, "partitions": PARTITIONS, "database": server.connection,
        "workload": workload, "copy": int(copy), "counts": ",".join(map(str, counts))}, timeout=3600)


def python(broker, server, topic, workload, counts):
    """None without psycopg and confluent_kafka: `SEQUITUR_BENCH_PYTHON` names an interpreter that has them."""
    interpreter = os.environ.get("SEQUITUR_BENCH_PYTHON", sys.executable)
    if subprocess.run([interpreter, "-c", "import psycopg, confluent_kafka"], capture_output=True).returncode != 0:
        return None
    server.sql(f"create table t_p ({WORKLOADS[workload][0]})")
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "psycopg_consumer.py")
    # A tenth of the events is enough: its rate does not change.
    total = max(sum(counts) // 10, min(sum(counts), 20_000))
    done = subprocess.run([interpreter, script, broker.bootstrap, topic, server.connection, workload, PYTHON[workload], str(total)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {script} failed\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def rates(broker, server, scratch, rounds, count):
    topic = scratch.name("events")
    write_events(broker, topic, count)
    counts = ends(broker, topic)
    results = {}
    for workload in WORKLOADS:
        path = file(scratch, workload, workload)
        results[workload] = {"rounds": []}
        for _ in range(rounds):
            one = {}
            for kind in ("ceiling", "copy", "sequitur", "python"):
                forget(server)
                if kind == "sequitur":
                    one[kind] = sequitur(broker, server, topic, path)
                elif kind == "python":
                    measured = python(broker, server, topic, workload, counts)
                    if measured:
                        one[kind] = measured
                else:
                    one[kind] = ceiling(broker, server, topic, workload, counts, kind == "copy")
            results[workload]["rounds"].append(one)
            progress(f"{workload}: " + ", ".join(f"{kind} {r['rate']:,.0f}/s" for kind, r in one.items()))
    forget(server)
    return results


def latency(broker, server, scratch, rate, seconds):
    """From when an event is sent until its row is committed, by the server's own time of the commit."""
    topic = scratch.name("paced")
    broker.make_topics(PARTITIONS, topic)
    path = scratch.directory("paced.yaml")
    with open(path, "w") as text:
        text.write("projection: paced\ntable: {name: t_s, key: {id: $id}, columns: {sent: timestamptz}}\n"
                   "events: {changed: {insert: {sent: $time}}}\n")
    process = subprocess.Popen(
        [os.path.join(PROGRAMS, "sequitur"), "project", path, "--database", server.connection, "--bootstrap-servers",
         broker.bootstrap, "--valid-topic", topic, "--commands-topic", f"{topic}-commands", "--application-id", "bench",
         "--instance-id", "bench", "--create-tables"], stderr=subprocess.PIPE, text=True)
    for text in process.stderr:
        if "has caught up" in text:
            break
    count = rate * seconds
    run("ceiling", "events", {
        "bootstrap": broker.bootstrap, "topic": topic, "commands": f"{topic}-commands", "partitions": PARTITIONS,
        "count": count, "objects": 1000, "rate": rate})
    while int(server.sql("select count(*) from t_s")) < count:
        time.sleep(0.1)
    process.send_signal(15)
    process.wait()
    # The first second is the program's own warming up.
    shares = server.sql(
        "select string_agg((1000 * p)::numeric(10, 2)::text, ',') from (select unnest(percentile_cont(array[0.5, 0.9, 0.99, "
        "0.999]) within group (order by extract(epoch from pg_xact_commit_timestamp(xmin) - sent))) p from t_s "
        "where sent > (select min(sent) + interval '1 second' from t_s)) q").split(",")
    forget(server)
    return dict(zip(("p50", "p90", "p99", "p999"), map(float, shares)), offered=rate)


def rebuild(broker, server, scratch, count):
    """A table of all events from the beginning, as the next generation of one that is there."""
    topic = scratch.name("rebuilt")
    write_events(broker, topic, count)
    sequitur(broker, server, topic, file(scratch, "rebuilt", "upsert", "from: now\n"), counts=False)
    result = sequitur(broker, server, topic, file(scratch, "rebuilt", "upsert", "generation: 2\n"))
    forget(server)
    return result


def projections(rounds, scale, rebuilt):
    """`rebuilt`: events of the rebuild."""
    with Broker() as broker, Database(track_commit_timestamp="on", timezone="UTC") as server, Scratch() as scratch:
        count = max(int(500_000 * scale), 20_000)
        results = {"count": count, "rates": rates(broker, server, scratch, rounds, count)}
        results["latency"] = [latency(broker, server, scratch, 1000, 10) for _ in range(rounds)]
        progress(f"latency at 1,000/s: {results['latency']}")
        results["rebuild"] = dict(rebuild(broker, server, scratch, rebuilt), events=rebuilt)
        progress(f"rebuild of {rebuilt:,}: {results['rebuild']['rate']:,.0f}/s")
        return results


NAMES = {"ceiling": "C, unnest", "copy": "C, COPY", "sequitur": "Sequitur", "python": "Python, executemany"}


def report(results):
    rows = [["workload", "program", "events/s", "Sequitur's ratio", "client CPU µs", "memory MB"]]
    for workload, result in results["rates"].items():
        for kind, title in NAMES.items():
            measured = [one for one in result["rounds"] if kind in one]
            if not measured:
                continue
            ratios = [one["sequitur"]["rate"] / one[kind]["rate"] for one in measured]
            rows.append([workload if kind == "ceiling" else "", title,
                         spread([one[kind]["rate"] for one in measured], "{:,.0f}"),
                         "" if kind == "sequitur" else spread(ratios),
                         spread([one[kind]["cpuMicroseconds"] for one in measured], "{:.1f}"),
                         spread([one[kind]["peakMemory"] / 1e6 for one in measured], "{:.0f}")])
    points = results["latency"]
    shown = ", ".join(f"{name} {median([point[key] for point in points]):.1f}"
                      for name, key in (("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("p99.9", "p999")))
    built = results["rebuild"]
    return (table(rows) + f"\n\nFrom an event to its committed row at {points[0]['offered']:,}/s, milliseconds: {shown}."
            f"\n\nA rebuild of {built['events']:,} events: {built['seconds']:.0f} s, {built['rate']:,.0f}/s, "
            f"{built['cpuMicroseconds']:.1f} CPU-µs an event, {built['peakMemory'] / 1e6:.0f} MB.")


def ratios_to_c(results, workload):
    return [one["sequitur"]["rate"] / one["ceiling"]["rate"] for one in results["rates"][workload]["rounds"]]
