"""The engine without Kafka on one core, beside C that does the same; and over RocksDB, beside RocksDB alone."""
import json
import os
import shutil
import subprocess

from .figures import summary
from .programs import ARITHMETIC, ROOT, RULES, Scratch, progress, run


def pairs(name, rounds, ours, theirs, c="engine"):
    """Alternating runs of the C loop (options `theirs`) and of Sequitur's engine (options `ours`)."""
    result = {"rounds": [
        {"ceiling": run("ceiling", c, theirs), "sequitur": run("benchmark-client", "engine", ours)}
        for _ in range(rounds)]}
    progress(f"{name}: {summary(result)}")
    return result


def engine(rounds, scale):
    count = max(int(2_000_000 * scale), 100_000)
    options = {"count": count}
    results = {"engine": pairs("engine", rounds, options, options)}
    # Uniform, so that all the objects are in use.
    for title, objects in (("1 k", 1000), ("100 k", 100_000), ("1 M", 1_000_000)):
        uniform = dict(options, objects=objects, theta=0, warm=3 * objects, **{"object-bytes": 1 << 30})
        results[f"engine, {title} objects"] = pairs(f"engine with {title} objects", rounds, uniform, uniform)
    compact = dict(options, envelope="compact")
    results["engine, compact"] = pairs("engine, compact", rounds, compact, compact)
    results["engine, JSON rules (C: binary)"] = pairs(
        "engine, JSON rules", rounds, dict(options, rules=RULES), options)
    return results


def over_store(rounds, scale, objects):
    """Uniform keys over a store that is far larger than the objects that may stay in memory."""
    reads = max(int((1_000_000 if objects > 1_000_000 else 300_000) * scale), 50_000)
    with Scratch() as scratch:
        options = {"objects": objects, "theta": 0, "count": reads}
        ours = dict(options, store=scratch.directory("swift"), warm=0, **{"object-bytes": 16 << 20})
        theirs = dict(options, store=scratch.directory("c"))
        # A first run of each fills the stores.
        run("ceiling", "store", dict(theirs, prefill=1, count=1000))
        run("benchmark-client", "engine", dict(ours, prefill=1, count=1000))
        return dict(pairs("over the store", rounds, ours, theirs, c="store"), objects=objects)


def instructions():
    """Instructions a command, counted by valgrind; None where there is no valgrind. `json` and `arithmetic` are the
    engine's with rules that set fields, and with rules that reckon with the same commands."""
    if not shutil.which("valgrind"):
        return None
    result = counted()
    result["json"] = counted("--rules", RULES)["sequitur"]
    result["arithmetic"] = counted("--rules", ARITHMETIC)["sequitur"]
    progress("instructions a command: " + ", ".join(f"{name} {count}" for name, count in result.items()))
    return result


def counted(*options):
    done = subprocess.run(
        [os.path.join(ROOT, "scripts/bench-profile"), "--brief", *options],
        capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
