"""Throughput and latency percentiles against offered load as SVG, without libraries. Both axes are logarithmic."""
import math

LEFT, RIGHT, WIDTH, HEIGHT = 70, 640, 740, 640
LATENCIES = (("p50", "#2a7", "sequitur", "p50"), ("p90", "#e90", "sequitur", "p90"),
             ("p99", "#c33", "sequitur", "p99"), ("p99 of C", "#999", "ceiling", "p99"))
THROUGHPUTS = (("Sequitur", "#25a", "sequitur"), ("C", "#999", "ceiling"))


class Panel:
    """One diagram of the two, from `top` to `bottom`, with a line for each power of ten."""

    def __init__(self, title, loads, levels, top, bottom, unit=""):
        self.title, self.top, self.bottom, self.unit = title, top, bottom, unit
        self.x_range = math.log10(min(loads)), math.log10(max(loads)) + 1e-9
        self.y_range = math.floor(math.log10(max(min(levels), 0.1))), math.ceil(math.log10(max(levels)) + 1e-9)

    def x(self, load):
        low, high = self.x_range
        return LEFT + (math.log10(load) - low) / (high - low) * (RIGHT - LEFT)

    def y(self, level):
        low, high = self.y_range
        return self.bottom - (math.log10(max(level, 0.1)) - low) / (high - low) * (self.bottom - self.top)

    def frame(self):
        yield f'<text x="{LEFT}" y="{self.top - 12}" font-size="14">{self.title}</text>'
        for power in range(self.y_range[0], self.y_range[1] + 1):
            level = self.y(10 ** power)
            yield (f'<line x1="{LEFT}" y1="{level:.1f}" x2="{RIGHT}" y2="{level:.1f}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{level + 4:.1f}" text-anchor="end">{10 ** power:,g}{self.unit}</text>')

    def loads(self, loads):
        for load in loads:
            yield (f'<text x="{self.x(load):.1f}" y="{self.bottom + 18}" text-anchor="middle" '
                   f'font-size="10">{load:,.0f}</text>')
        yield f'<text x="{LEFT - 6}" y="{self.bottom + 18}" text-anchor="end" font-size="10">offered/s</text>'

    def line(self, name, colour, points, shift=0):
        places = [(self.x(load), self.y(level)) for load, level in points]
        yield (f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
               + " ".join(f"{x:.1f},{y:.1f}" for x, y in places) + '"/>')
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
        yield f'<text x="{RIGHT + 10}" y="{places[-1][1] + 4 + shift:.1f}" fill="{colour}">{name}</text>'


def plot(points):
    loads = [p["offered"] for p in points]
    done = [p[kind]["achieved"] for p in points for _, _, kind in THROUGHPUTS]
    times = [p[kind]["milliseconds"][q] for p in points for _, _, kind, q in LATENCIES]
    upper = Panel("Commands a second by offered load", loads, loads + done, 40, 240)
    lower = Panel("Milliseconds from when a command is due until it is committed", loads, times, 310, 600)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           'font-size="12"><rect width="100%" height="100%" fill="white"/>']
    for panel in (upper, lower):
        out += panel.frame()
        out += panel.loads(loads)
    for index, (name, colour, kind) in enumerate(THROUGHPUTS):
        out += upper.line(name, colour, [(p["offered"], p[kind]["achieved"]) for p in points], shift=14 * index)
    for name, colour, kind, percentile in LATENCIES:
        out += lower.line(name, colour, [(p["offered"], p[kind]["milliseconds"][percentile]) for p in points])
    return "\n".join(out) + "\n</svg>\n"
