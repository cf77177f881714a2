"""Latency by offered load, of Sequitur and of the ceiling, and the time of an empty transaction."""
import statistics
import subprocess
import time

from .broker import Broker
from .programs import Scratch, command, progress, run
from .workloads import RATE_TARGET

KINDS = ("ceiling", "sequitur")


def latency(rates, seconds, rounds):
    """A point for each rate; `rounds` of the rate that has a target."""
    points, empty = [], []
    for rate in rates:
        results = []
        for index in range(rounds if rate == RATE_TARGET else 1):
            # A broker for each load: the test broker slows down as its logs grow.
            with Broker() as broker, Scratch() as scratch:
                if not empty or rate == RATE_TARGET:
                    empty.append(empty_transaction(broker, scratch))
                order = KINDS if index % 2 == 0 else tuple(reversed(KINDS))
                results.append({kind: latency_of(kind, rate, seconds, broker, scratch) for kind in order})
            progress(f"latency at {rate}/s: " + "; ".join(
                f"{kind} p50 {results[-1][kind]['milliseconds']['p50']:.1f} ms, "
                f"p99 {results[-1][kind]['milliseconds']['p99']:.1f} ms" for kind in KINDS))
        points.append({"offered": rate, "rounds": results, **{kind: middle(results, kind) for kind in KINDS}})
        if points[-1]["sequitur"]["achieved"] < rate * 0.9:
            break
    return {"emptyTransaction": {q: statistics.median(e[q] for e in empty) for q in empty[0]},
            "emptyTransactions": empty, "points": points}


def middle(results, kind):
    """The round whose 99th percentile is the middle one."""
    ordered = sorted((r[kind] for r in results), key=lambda r: r["milliseconds"]["p99"])
    return ordered[len(ordered) // 2]


def empty_transaction(broker, scratch):
    commands, name = scratch.name("commands"), scratch.name("empty")
    broker.make_topics(4, commands, f"{name}-valid")
    run("ceiling", "load", {"bootstrap": broker.bootstrap, "topic": commands, "count": 1000})
    return run("ceiling", "empty", {
        "bootstrap": broker.bootstrap, "topic": commands, "outputs": name, "count": 300})["milliseconds"]


def latency_of(kind, rate, seconds, broker, scratch):
    """From when a command is due until it is committed; and, with a consumer beside it, until its event is read."""
    commands, name = scratch.name("commands"), scratch.name("latency")
    broker.make_topics(4, commands, *(f"{name}-{topic}" for topic in ("valid", "invalid", "changelog")))
    options = {"bootstrap": broker.bootstrap, "topic": commands, "outputs": name, "application": name, "lanes": 2,
               "partitions": 4, "count": 1 << 40}
    program = ("ceiling", "transactions")
    if kind == "sequitur":
        program = ("benchmark-client", "worker")
        options.update(state=scratch.directory(name), look=1000)
    client = subprocess.Popen(command(*program, options), stdout=subprocess.DEVNULL)
    try:
        time.sleep(3)
        probe = dict(options, rate=rate, seconds=seconds)
        result = run("ceiling", "probe", dict(probe, until="committed"))
        result["readable"] = run("ceiling", "probe", dict(probe, until="readable"))["milliseconds"]
        return result
    finally:
        client.kill()
        client.wait()
