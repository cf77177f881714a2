"""Whole runs over a broker: the ceiling, the ceiling with a store, and Sequitur, in turn."""
from .broker import Broker
from .programs import RULES, Scratch, progress, run

KINDS = ("ceiling", "ceiling-store", "sequitur")


def load(broker, topic, workload, count, seed=1):
    run("ceiling", "load", {
        "bootstrap": broker.bootstrap, "topic": topic, "count": count, "seed": seed,
        **{name: workload[name] for name in ("objects", "theta", "payload", "format", "ids")}})


def measured(broker, program, subcommand, options):
    """One run, with the broker's processor time beside the client's own."""
    before = broker.processor_seconds()
    result = run(program, subcommand, dict(options, bootstrap=broker.bootstrap))
    if before is not None:
        result["brokerMicroseconds"] = (broker.processor_seconds() - before) / options["count"] * 1e6
    return result


def client(broker, scratch, kind, workload, commands):
    """One run of one program over the preloaded commands: what it measured, and the name of its topics."""
    name = scratch.name(kind)
    outputs = [f"{name}-{topic}" for topic in ("valid", "invalid", "changelog")]
    broker.make_topics(workload["partitions"], *outputs)
    options = {
        "topic": commands, "outputs": name, "application": name, "partitions": workload["partitions"],
        "count": workload["warm"] + workload["count"], "skip": workload["warm"], "lanes": workload["lanes"],
        "envelope": workload["envelope"],
    }
    is_cold = workload["store"] == "cold"
    if kind == "sequitur":
        options["state"] = scratch.directory(name)
        if workload["format"] == "json":
            options["rules"] = RULES
        if is_cold:
            options["topic"] = filled(broker, name, workload, options)
        return measured(broker, "benchmark-client", "worker", options), name
    if kind == "ceiling-store":
        options["store"] = scratch.directory(name)
        if is_cold:
            run("ceiling", "transactions", dict(options, bootstrap=broker.bootstrap))
    return measured(broker, "ceiling", "transactions", options), name


def filled(broker, name, workload, options):
    """A worker's commands topic of its own, with as many commands again as it was stopped after."""
    topic = f"{name}-commands"
    broker.make_topics(workload["partitions"], topic)
    load(broker, topic, workload, options["count"], seed=2)
    run("benchmark-client", "worker", dict(options, topic=topic, bootstrap=broker.bootstrap))
    load(broker, topic, workload, options["count"], seed=1)
    return topic


def end_to_end(name, workload, rounds, kinds=KINDS):
    """Alternating runs; ratios are made within each round."""
    with Broker() as broker, Scratch() as scratch:
        commands = scratch.name("commands")
        broker.make_topics(workload["partitions"], commands)
        load(broker, commands, workload, workload["warm"] + workload["count"])
        results = []
        for index in range(rounds):
            order = kinds if index % 2 == 0 else tuple(reversed(kinds))
            results.append({kind: client(broker, scratch, kind, workload, commands)[0] for kind in order})
            progress(f"{name} {index + 1}/{rounds}: " + ", ".join(
                f"{kind} {results[-1][kind]['rate'] / 1000:.1f} k/s" for kind in kinds))
        return {"workload": workload, "rounds": results}


def restore(workload, rounds):
    """How fast a lost store is rebuilt, against plain C consumers of the same topic, as many as restore."""
    with Broker() as broker, Scratch() as scratch:
        commands = scratch.name("commands")
        broker.make_topics(workload["partitions"], commands)
        load(broker, commands, workload, workload["warm"] + workload["count"])
        _, name = client(broker, scratch, "sequitur", workload, commands)
        results = []
        for _ in range(rounds):
            read = run("ceiling", "read", {
                "bootstrap": broker.bootstrap, "topic": f"{name}-changelog", "partitions": workload["partitions"],
                "readers": workload["lanes"]})
            read["cpuMicroseconds"] = read["cpuSeconds"] / read["records"] * 1e6
            restored = run("benchmark-client", "restore", {
                "bootstrap": broker.bootstrap, "topic": commands, "outputs": name, "application": name,
                "partitions": workload["partitions"], "state": scratch.directory(scratch.name("restore")),
                "lanes": workload["lanes"]})
            restored["rate"] = read["records"] / restored["seconds"]
            restored["cpuMicroseconds"] = restored["cpuSeconds"] / read["records"] * 1e6
            results.append({"ceiling": read, "sequitur": restored})
        return {"records": read["records"], "bytes": read["bytes"], "readers": workload["lanes"], "rounds": results}
