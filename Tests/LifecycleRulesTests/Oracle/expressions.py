"""Makes random typed expressions of the rules' language, and says what each is worth.

usage: expressions.py SEED COUNT

Writes one JSON object a line: the expression, the object's fields and the command's as JSON texts, the time, and the
value as a JSON text or the class of the fault. It shares nothing with the decider: integers are Python's, decimals are
those of the module `decimal`, doubles are C's.
"""
import json
import math
import random
import sys
from decimal import ROUND_HALF_UP, Context, Decimal, setcontext

setcontext(Context(prec=400))
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
BOUND = Decimal(10) ** 34
TIME = 1_767_225_600_000


class Fault(Exception):
    pass


OVERFLOW, ZERO, MISSING = "overflow", "zero", "missing"


def integer(value):
    if not INT_MIN <= value <= INT_MAX:
        raise Fault(OVERFLOW)
    return value


def decimal(value, scale):
    if abs(value.scaleb(scale)) >= BOUND:
        raise Fault(OVERFLOW)
    return value


def number(value):
    if isinstance(value, float) and not math.isfinite(value):
        raise Fault(OVERFLOW)
    return value


def truncated(left, right):
    if right == 0:
        raise Fault(ZERO)
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def rounded(value, scale):
    return value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)


class Expression:
    """A text, how tightly it binds, its type, and a function that gives its value or raises Fault."""

    def __init__(self, text, rank, kind, value):
        self.text, self.rank, self.kind, self.value = text, rank, kind, value

    def inside(self, rank):
        return self.text if self.rank >= rank else f"({self.text})"


ATOM, NEGATIVE, PRODUCT, SUM, COMPARISON, NOT, AND, OR = 8, 7, 6, 5, 4, 3, 2, 1


class Maker:
    def __init__(self, source):
        self.random = source
        self.state = {}
        self.command = {}
        self.fill()

    def whole(self):
        choice = self.random.random
        edges = [0, 1, -1, 2, 7, 10, -3, 2**53, 2**53 + 1, -(2**53) - 1, INT_MAX, INT_MIN, INT_MAX - 1, 10**18]
        return self.random.choice(edges) if choice() < 0.4 else self.random.randint(-1000, 1000)

    def exact(self, scale):
        digits = self.random.choice([1, 2, 3, 5, 9, 17, 33, 34])
        unscaled = self.random.randint(0, 10**digits - 1) * self.random.choice([1, -1])
        return Decimal(unscaled).scaleb(-scale)

    def double(self):
        values = [0.5, -1.25, 3.0, 1e300, -1e300, 1e-300, 0.1, 2.0**53, 123456.789, 2.0**63]
        return self.random.choice(values) if self.random.random() < 0.6 else self.random.uniform(-1e6, 1e6)

    def word(self):
        return "".join(self.random.choice("ab'é😀 {}") for _ in range(self.random.randint(0, 5)))

    def fill(self):
        choose = self.random
        fields = {
            "i1": ("integer", self.whole()), "i2": ("integer", self.whole()),
            "d1": (("decimal", 2), self.exact(2)), "d2": (("decimal", 4), self.exact(4)),
            "n1": ("number", choose.choice([self.double(), self.double(), self.whole()])),
            "b1": ("boolean", choose.random() < 0.5), "s1": ("string", self.word()),
            "t1": ("timestamp", TIME + choose.randint(-(10**9), 10**9)),
            "u1": ("duration", choose.choice([0, 1, 60_000, choose.randint(-(10**7), 10**7), INT_MAX])),
            "l1": ("list", [self.word() for _ in range(choose.randint(0, 4))]),
        }
        self.state = fields
        self.command = {
            "ci": ("integer", self.whole()), "cd": (("decimal", 3), self.exact(3)),
            "cn": ("number", self.double()), "cs": ("string", self.word()),
        }

    # Leaves.

    def field(self, kind):
        found = [("state." + name, value) for name, (type_, value) in self.state.items() if type_ == kind]
        found += [(name, value) for name, (type_, value) in self.command.items() if type_ == kind]
        if kind == "timestamp":
            found.append(("$time", TIME))
        if kind == "integer" and self.random.random() < 0.1:
            found = [("$version", 1)]
        if kind == "integer" and self.random.random() < 0.02:
            def missing():
                raise Fault(MISSING)
            return Expression("state.m1", ATOM, kind, missing)
        if not found:
            return None
        text, value = self.random.choice(found)
        return Expression(text, ATOM, kind, lambda: value)

    def literal(self, kind):
        if kind == "integer":
            # A literal zero as a divisor is a fault of the rules.
            value = self.whole() or 1
            return Expression(str(value), ATOM, kind, lambda: value)
        if kind == "number":
            value = self.random.choice([0.5, 2.0, -1.5, 1e10, 1e-5, 1e200])
            text = repr(value)
            return Expression(text if "e" in text else text + "e0", ATOM, kind, lambda: value)
        if kind == "boolean":
            value = self.random.random() < 0.5
            return Expression("true" if value else "false", ATOM, kind, lambda: value)
        if kind == "string":
            value = self.word()
            return Expression("'" + value.replace("'", "''") + "'", ATOM, kind, lambda: value)
        if kind == "duration":
            text, value = self.random.choice(
                [("10m", 600_000), ("1h30m", 5_400_000), ("5ms", 5), ("2w", 1_209_600_000), ("0s", 0)])
            return Expression(text, ATOM, kind, lambda: value)
        if isinstance(kind, tuple):
            scale = kind[1]
            if scale == 0:
                return None
            value = self.random.randint(-99999, 99999) or 1
            value = Decimal(value).scaleb(-scale)
            return Expression(f"{value:f}", ATOM, kind, lambda: value)
        return None

    def leaf(self, kind):
        for make in self.random.sample([self.field, self.literal], 2):
            found = make(kind)
            if found is not None:
                return found
        if isinstance(kind, tuple):
            source = self.leaf(("decimal", self.random.choice([2, 4])))
            return Expression(
                f"round({source.text}, {kind[1]})", ATOM, kind,
                lambda: decimal(rounded(source.value(), kind[1]), kind[1]))
        raise AssertionError(kind)

    # Types that go together.

    def convert(self, source, kind):
        """The value of `source` as the wider `kind`, as the language converts by itself."""
        if isinstance(kind, tuple):
            return lambda: decimal(Decimal(source.value()), kind[1])
        return source.value

    def pair(self, depth):
        """Two expressions with a common type."""
        form = self.random.choice(["integer", "integer", "decimal", "decimal", "mixed", "number", "exact"])
        if form == "integer":
            return self.make("integer", depth), self.make("integer", depth), "integer"
        if form in ("number", "exact"):
            other = "integer" if form == "exact" else "number"
            return self.make("number", depth), self.make(other, depth), "number"
        scales = [self.random.choice([2, 3, 4]) for _ in range(2)]
        left = self.make(("decimal", scales[0]), depth)
        if form == "mixed":
            return left, self.make("integer", depth), ("decimal", scales[0])
        return left, self.make(("decimal", scales[1]), depth), ("decimal", max(scales))

    def make(self, kind, depth):
        if depth <= 0 or self.random.random() < 0.2:
            return self.leaf(kind)
        return getattr(self, "make_" + (kind if isinstance(kind, str) else "decimal"))(kind, depth - 1)

    def binary(self, sign, rank, left, right, kind, value):
        return Expression(f"{left.inside(rank)} {sign} {right.inside(rank + 1)}", rank, kind, value)

    def negative(self, operand, kind, value):
        # A minus in front of a number is part of the number.
        inner = operand.inside(NEGATIVE)
        if inner[0].isdigit() or inner[0] == "-":
            inner = f"({inner})"
        return Expression("-" + inner, NEGATIVE, kind, value)

    def make_integer(self, kind, depth):
        form = self.random.choice(["+", "-", "*", "/", "%", "negate", "abs", "min", "max", "length", "ratio"])
        if form == "length":
            source = self.make("string", depth) if self.random.random() < 0.7 else self.leaf("list")
            return Expression(f"length({source.text})", ATOM, kind, lambda: len(source.value()))
        if form == "ratio":
            left, right = self.make("duration", depth), self.make("duration", depth)
            return self.binary("/", PRODUCT, left, right, kind, lambda: integer(truncated(left.value(), right.value())))
        left = self.make(kind, depth)
        if form == "negate":
            return self.negative(left, kind, lambda: integer(-left.value()))
        if form == "abs":
            return Expression(f"abs({left.text})", ATOM, kind, lambda: integer(abs(left.value())))
        right = self.make(kind, depth)
        if form in ("min", "max"):
            pick = min if form == "min" else max
            return Expression(f"{form}({left.text}, {right.text})", ATOM, kind, lambda: pick(left.value(), right.value()))
        return self.reckon(form, left, right, kind, left.value, right.value)

    def reckon(self, sign, left, right, kind, first, second):
        """Arithmetic of whole numbers, also of times and durations."""
        def value():
            one = first()
            other = second()
            if sign == "+":
                return integer(one + other)
            if sign == "-":
                return integer(one - other)
            if sign == "*":
                return integer(one * other)
            quotient = truncated(one, other)
            return integer(quotient) if sign == "/" else one - other * quotient
        return self.binary(sign, SUM if sign in "+-" else PRODUCT, left, right, kind, value)

    def make_decimal(self, kind, depth):
        scale = kind[1]
        form = self.random.choice(["+", "-", "*", "/", "%", "negate", "abs", "min", "max", "round"])
        if form == "round":
            source = self.make(("decimal", self.random.choice([2, 3, 4])), depth)
            return Expression(
                f"round({source.text}, {scale})", ATOM, kind,
                lambda: decimal(rounded(source.value(), scale), scale))
        if form == "*":
            scales = (scale - 2, 2) if scale >= 4 else (scale, None)
            left = self.make(("decimal", scales[0]), depth)
            right = self.make("integer" if scales[1] is None else ("decimal", scales[1]), depth)
            return self.binary(
                "*", PRODUCT, left, right, kind, lambda: decimal(left.value() * Decimal(right.value()), scale))
        left = self.make(kind, depth)
        if form == "negate":
            return self.negative(left, kind, lambda: -left.value())
        if form == "abs":
            return Expression(f"abs({left.text})", ATOM, kind, lambda: abs(left.value()))
        other = self.random.choice(["integer", ("decimal", scale), ("decimal", 2)])
        right = self.make(other, depth)
        second = self.convert(right, kind)
        if form in ("min", "max"):
            pick = min if form == "min" else max
            return Expression(f"{form}({left.text}, {right.text})", ATOM, kind, lambda: pick(left.value(), second()))

        def value():
            one = left.value()
            two = second()
            if form == "+":
                return decimal(one + two, scale)
            if form == "-":
                return decimal(one - two, scale)
            if two == 0:
                raise Fault(ZERO)
            return decimal(rounded(one / two, scale) if form == "/" else one % two, scale)
        return self.binary(form, SUM if form in "+-" else PRODUCT, left, right, kind, value)

    def make_number(self, kind, depth):
        form = self.random.choice(["+", "-", "*", "/", "%", "negate", "abs", "min", "max"])
        left = self.make(kind, depth)
        if form == "negate":
            return self.negative(left, kind, lambda: -float(left.value()))
        if form == "abs":
            return Expression(f"abs({left.text})", ATOM, kind, lambda: abs(float(left.value())))
        right = self.make(self.random.choice(["number", "integer"]), depth)
        if form in ("min", "max"):
            def extreme():
                one, other = left.value(), right.value()
                if form == "min":
                    return one if one < other else other
                return one if one > other else other
            return Expression(f"{form}({left.text}, {right.text})", ATOM, kind, extreme)

        def value():
            one, other = float(left.value()), float(right.value())
            if form == "+":
                return number(one + other)
            if form == "-":
                return number(one - other)
            if form == "*":
                return number(one * other)
            if other == 0:
                raise Fault(ZERO)
            return number(one / other if form == "/" else math.fmod(one, other))
        return self.binary(form, SUM if form in "+-" else PRODUCT, left, right, kind, value)

    def make_string(self, kind, depth):
        left, right = self.make(kind, depth), self.make(kind, depth)
        return self.binary("+", SUM, left, right, kind, lambda: left.value() + right.value())

    def make_timestamp(self, kind, depth):
        left, right = self.make(kind, depth), self.make("duration", depth)
        sign = self.random.choice("+-")
        if sign == "+" and self.random.random() < 0.3:
            left, right = right, left
        return self.reckon(sign, left, right, kind, left.value, right.value)

    def make_duration(self, kind, depth):
        form = self.random.choice(["+", "-", "%", "times", "scale", "divide", "between", "abs", "negate"])
        if form == "between":
            left, right = self.make("timestamp", depth), self.make("timestamp", depth)
            return self.reckon("-", left, right, kind, left.value, right.value)
        left = self.make(kind, depth)
        if form == "negate":
            return self.negative(left, kind, lambda: integer(-left.value()))
        if form == "abs":
            return Expression(f"abs({left.text})", ATOM, kind, lambda: integer(abs(left.value())))
        if form in ("times", "scale", "divide"):
            right = self.make("integer", depth)
            if form == "scale":
                left, right = right, left
            return self.reckon("/" if form == "divide" else "*", left, right, kind, left.value, right.value)
        right = self.make(kind, depth)
        return self.reckon(form, left, right, kind, left.value, right.value)

    def make_list(self, kind, depth):
        left, right = self.make(kind, depth), self.make("string", depth)
        if self.random.random() < 0.6:
            return self.binary("+", SUM, left, right, kind, lambda: left.value() + [right.value()])

        def value():
            items = left.value()
            item = right.value()
            return [other for other in items if other != item]
        return self.binary("-", SUM, left, right, kind, value)

    def make_boolean(self, kind, depth):
        form = self.random.choice(["and", "or", "not", "compare", "compare", "compare", "in", "texts", "times", "one"])
        if form in ("and", "or"):
            left, right = self.make(kind, depth), self.make(kind, depth)
            value = (
                (lambda: left.value() and right.value()) if form == "and" else (lambda: left.value() or right.value()))
            return self.binary(form, AND if form == "and" else OR, left, right, kind, value)
        if form == "not":
            operand = self.make(kind, depth)
            return Expression(f"not {operand.inside(NOT)}", NOT, kind, lambda: not operand.value())
        if form == "in":
            left, right = self.make("string", depth), self.leaf("list")

            def is_item():
                item = left.value()
                return item in right.value()
            return self.binary("in", COMPARISON, left, right, kind, is_item)
        if form == "one":
            left = self.make("integer", depth)
            members = [self.whole() for _ in range(3)]
            text = f"{left.inside(SUM)} in [{', '.join(str(member) for member in members)}]"
            return Expression(text, COMPARISON, kind, lambda: left.value() in members)
        sign = self.random.choice(["==", "!=", "<", "<=", ">", ">="])
        if form == "texts":
            left, right = self.make("string", depth), self.make("string", depth)
            first, second = (lambda: left.value().encode()), (lambda: right.value().encode())
        elif form == "times":
            shared = self.random.choice(["timestamp", "duration"])
            left, right = self.make(shared, depth), self.make(shared, depth)
            first, second = left.value, right.value
        else:
            left, right, shared = self.pair(depth)
            first, second = self.convert(left, shared), self.convert(right, shared)

        def value():
            one = first()
            other = second()
            return {
                "==": one == other, "!=": one != other, "<": one < other, "<=": one <= other, ">": one > other,
                ">=": one >= other,
            }[sign]
        return self.binary(sign, COMPARISON, left, right, kind, value)


def as_json(value, kind):
    if isinstance(kind, tuple):
        return f"{value:.{kind[1]}f}" if value != 0 else f"{abs(value):.{kind[1]}f}"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def document(fields):
    return "{" + ",".join(f'"{name}":{as_json(value, kind)}' for name, (kind, value) in fields.items()) + "}"


KINDS = ["integer", ("decimal", 2), ("decimal", 4), "number", "boolean", "boolean", "string", "timestamp", "duration", "list"]


def line(maker):
    """One expression, what it is reckoned with, and its value or its fault."""
    maker.fill()
    kind = maker.random.choice(KINDS)
    made = getattr(maker, "make_" + (kind if isinstance(kind, str) else "decimal"))(kind, maker.random.randint(1, 4))
    found = {"expression": made.text, "state": document(maker.state), "command": document(maker.command), "time": TIME}
    found["kind"] = kind if isinstance(kind, str) else "decimal"
    try:
        found["value"] = as_json(made.value(), kind)
    except Fault as fault:
        found["fault"] = str(fault)
    return found


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    maker = Maker(random.Random(seed))
    for _ in range(count):
        print(json.dumps(line(maker), ensure_ascii=False))


if __name__ == "__main__":
    main()
