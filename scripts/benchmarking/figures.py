"""Medians, spreads and ratios of rounds, and tables of them."""
import statistics


def values(result, kind, field):
    return [r[kind][field] for r in result["rounds"] if kind in r and field in r[kind]]


def ratios(result, kind):
    """Sequitur's rate in terms of another's, round by round."""
    return [r["sequitur"]["rate"] / r[kind]["rate"] for r in result["rounds"] if kind in r]


def median(numbers):
    return statistics.median(numbers) if numbers else None


def spread(numbers, form="{:.2f}"):
    """`median (lowest–highest)`."""
    if not numbers:
        return "–"
    middle, low, high = (form.format(x) for x in (statistics.median(numbers), min(numbers), max(numbers)))
    return middle if low == high else f"{middle} ({low}–{high})"


def summary(result):
    return (f"C {spread(values(result, 'ceiling', 'rate'), '{:,.0f}')}/s, "
            f"Sequitur {spread(values(result, 'sequitur', 'rate'), '{:,.0f}')}/s, ratio "
            f"{spread(ratios(result, 'ceiling'))}")


def table(rows):
    """A Markdown table whose first row is its head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
