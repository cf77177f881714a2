"""The tables that a run prints."""
from . import outbox, projections
from .figures import ratios, spread, table, values

NAMES = {"ceiling": "C ceiling", "ceiling-store": "C with store", "sequitur": "Sequitur"}


def report(results):
    parts = []
    if results.get("endToEnd"):
        parts.append("End to end\n\n" + end_to_end(results["endToEnd"]))
    if results.get("alone"):
        parts.append("Alone, on one core\n\n" + alone(results["alone"]))
    if results.get("instructions"):
        counted = results["instructions"]
        parts.append(f"Instructions a command: C {counted['ceiling']:,}, Sequitur {counted['sequitur']:,}, "
                     f"ratio {counted['sequitur'] / counted['ceiling']:.2f}")
    if results.get("restore"):
        parts.append(restore(results["restore"]))
    if results.get("latency"):
        parts.append("Latency, milliseconds\n\n" + latency(results["latency"]))
    if results.get("outbox"):
        parts.append("Outbox\n\n" + outbox.report(results["outbox"]))
    if results.get("projections"):
        parts.append("Projections into PostgreSQL\n\n" + projections.report(results["projections"]))
    if results.get("verdicts"):
        rows = [["target", "wanted", "measured", ""]] + [
            [v["target"], v["wanted"], v["measured"], v["verdict"]] for v in results["verdicts"]]
        parts.append("Targets\n\n" + table(rows))
    return "\n\n".join(parts)


def end_to_end(workloads):
    rows = [["workload", "program", "commands/s", "Sequitur's ratio", "client CPU µs", "broker CPU µs", "commits",
             "memory MB"]]
    for name, result in workloads.items():
        for kind, title in NAMES.items():
            rates = values(result, kind, "rate")
            if not rates:
                continue
            rows.append([
                name if kind == "ceiling" else "", title, spread(rates, "{:,.0f}"),
                spread(ratios(result, kind)) if kind != "sequitur" else "",
                spread(values(result, kind, "cpuMicroseconds"), "{:.1f}"),
                spread(values(result, kind, "brokerMicroseconds"), "{:.1f}"),
                spread(values(result, kind, "transactions"), "{:.0f}"),
                spread([x / 1e6 for x in values(result, kind, "peakMemory")], "{:.0f}")])
    return table(rows)


def alone(cases):
    rows = [["case", "C /s", "Sequitur /s", "ratio", "C CPU µs", "Sequitur CPU µs", "C MB", "Sequitur MB"]]
    for name, result in cases.items():
        title = name + (f", {result['objects'] / 1e6:g} M objects" if "objects" in result else "")
        rows.append([title] + [spread(values(result, kind, "rate"), "{:,.0f}") for kind in ("ceiling", "sequitur")]
                    + [spread(ratios(result, "ceiling"))]
                    + [spread(values(result, kind, "cpuMicroseconds")) for kind in ("ceiling", "sequitur")]
                    + [spread([x / 1e6 for x in values(result, kind, "peakMemory")], "{:.0f}")
                       for kind in ("ceiling", "sequitur")])
    return table(rows)


def restore(result):
    each = result["bytes"] / result["records"]
    speeds = [spread([x * each / 1e6 for x in values(result, kind, "rate")], "{:.1f}")
              for kind in ("ceiling", "sequitur")]
    return (f"Restore of {result['records']:,} changelog records, {each:.0f} bytes each, {result['readers']} readers\n\n"
            + alone({"restore (C: reads only)": result})
            + f"\n\nMegabytes of keys and values a second: C {speeds[0]}, Sequitur {speeds[1]}.")


def latency(result):
    rows = [["offered /s", "achieved /s", "committed p50", "p90", "p99", "p99.9", "readable p50", "p99",
             "C: committed p50", "p99", "readable p50", "p99"]]
    for point in result["points"]:
        own, other = point["sequitur"], point["ceiling"]
        figures = [own["milliseconds"][name] for name in ("p50", "p90", "p99", "p999")]
        for client in (own["readable"], other["milliseconds"], other["readable"]):
            figures += [client["p50"], client["p99"]]
        rows.append([f"{point['offered']:,.0f}", f"{own['achieved']:,.0f}"] + [f"{x:.1f}" for x in figures])
    empty = result["emptyTransaction"]
    return table(rows) + (f"\n\nAn empty transaction takes the broker {empty['p50']:.1f} ms "
                          f"(p99 {empty['p99']:.1f}).")
