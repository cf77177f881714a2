"""What was measured beside what was wanted. A target that was not measured in this run says so."""
from .figures import median, ratios, spread, values
from .projections import WORKLOADS, ratios_to_c


def verdicts(results):
    return [
        *end_to_end(results.get("endToEnd", {})),
        *engine(results),
        over_store(results.get("alone", {})),
        at_least("restore, of plain C consumers", 0.5,
                 ratios(results["restore"], "ceiling") if results.get("restore") else []),
        latency(results.get("latency")),
        *growth(results),
        *of_outbox(results.get("outbox")),
        *projected(results.get("projections")),
    ]


def verdict(target, wanted, measured, is_met):
    if not measured or is_met is None:
        return {"target": target, "wanted": wanted, "measured": "–", "verdict": "not measured in this run"}
    return {"target": target, "wanted": wanted, "measured": measured, "verdict": "met" if is_met else "MISSED"}


def at_least(target, bound, numbers, form="{:.2f}"):
    middle = median(numbers)
    return verdict(target, "at least " + form.format(bound), numbers and spread(numbers, form),
                   None if middle is None else middle >= bound)


def at_most(target, bound, numbers, form="{:.2f}"):
    middle = median(numbers)
    return verdict(target, "at most " + form.format(bound), numbers and spread(numbers, form),
                   None if middle is None else middle <= bound)


def end_to_end(workloads):
    def of(name, kind):
        return ratios(workloads[name], kind) if name in workloads else []
    cpu = values(workloads["account"], "sequitur", "cpuMicroseconds") if "account" in workloads else []
    return [
        at_least("end to end, of the C ceiling", 0.85, of("account", "ceiling")),
        at_least("end to end, of the C ceiling with a store", 1.5, of("account", "ceiling-store")),
        at_most("client CPU µs a command", 4, cpu, "{:.1f}"),
        at_least("JSON rules, of the C ceiling", 0.7, of("json", "ceiling")),
    ]


def engine(results):
    alone = results.get("alone", {})
    rates = [x / 1e6 for x in values(alone["engine"], "sequitur", "rate")] if "engine" in alone else []
    counted = results.get("instructions")
    return [
        at_least("engine alone, million commands/s on one core", 2, rates),
        at_most("engine alone, instructions in terms of C's", 1.1,
                [counted["sequitur"] / counted["ceiling"]] if counted else []),
        at_most("rules that reckon, instructions in terms of rules that set", 1.3,
                [counted["arithmetic"] / counted["json"]] if counted else []),
    ]


def projected(results):
    return [
        at_least(f"projection, {workload}, of C with unnest", 0.7, ratios_to_c(results, workload) if results else [])
        for workload in WORKLOADS]


def over_store(alone):
    for name, result in alone.items():
        if "objects" in result:
            made = at_least(f"{result['objects'] / 1e6:g} M objects, uniform, of RocksDB alone", 0.9,
                            ratios(result, "ceiling"))
            if result["objects"] < 10_000_000:
                made["verdict"] += " (10 M: BENCH=full)"
            return made
    return at_least("10 M objects, uniform, of RocksDB alone", 0.9, [])


def latency(result):
    target = "p99 at 5,000/s until committed, ms"
    point = next((p for p in result["points"] if p["offered"] == 5000), None) if result else None
    if not point:
        return at_most(target, 0, []) | {"wanted": "at most 3 × empty transaction + 5"}
    bound = 3 * result["emptyTransaction"]["p99"] + 5
    of = {kind: [r[kind]["milliseconds"]["p99"] for r in point["rounds"]] for kind in ("sequitur", "ceiling")}
    made = at_most(target, bound, of["sequitur"], "{:.1f}")
    made["measured"] += f"; bare C: {spread(of['ceiling'], '{:.1f}')}"
    return made


def of_outbox(result):
    """Only where it was measured: it takes a PostgreSQL."""
    for kind in ("poll", "tail") if result else ():
        yield at_least(f"outbox, {kind}: rows/s", 20_000, result["throughput"][kind], "{:,.0f}")
        above = [r["p99"] - r["transaction p99"] for r in result["latency"][kind]]
        yield at_most(f"outbox, {kind}: p99 at {result['rate']:,}/s above the broker's own, ms", 50, above, "{:.1f}")


def growth(results):
    """CPU a command from the fewest to the most, and the same of C: what it grows by is not Sequitur's own."""
    workloads, alone = results.get("endToEnd", {}), results.get("alone", {})
    yield grows("client CPU, 64 partitions in terms of 1", workloads, "partitions-1", "partitions-64")
    yield grows("engine's CPU, 1 M objects in memory in terms of 1 k", alone, "engine, 1 k objects",
                "engine, 1 M objects")


def grows(target, cases, few, many):
    if few not in cases or many not in cases:
        return at_most(target, 1.1, [])
    factors = {
        kind: median(values(cases[many], kind, "cpuMicroseconds")) / median(values(cases[few], kind, "cpuMicroseconds"))
        for kind in ("sequitur", "ceiling")}
    made = at_most(target, 1.1, [factors["sequitur"]])
    made["measured"] += f"; C: {factors['ceiling']:.2f}"
    return made
