"""Enclosures of expressions by intervals with dyadic ends, in exact integer arithmetic.

An interval is a pair of integers (lo, hi) and stands for lo/2^bits <= value <= hi/2^bits. Every operation rounds lo down and hi
up. exp, log and sqrt are enclosed by series with a proved remainder and by integer roots:

    exp(x), 0 <= x:   r = x/2^k <= 1/2; sum of r^n/n! for n < N, remainder at most 2 r^N/N!; then k squarings; exp(-x) = 1/exp(x)
    log(y), y > 0:    y = m 2^k, 1 <= m < 2; log(m) = 2 atanh(t), t = (m - 1)/(m + 1) <= 1/3; sum of t^(2n+1)/(2n+1) for n < N,
                      remainder at most 2 t^(2N+1); log(2) is the case m = 2
    sqrt              integer roots, rounded both ways

Constants of normbound are enclosed by ball arithmetic; a program that contains one says so in ``balls``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import isqrt

from normbound.claims.checker.signs import rational_value
from normbound.claims.syntax import Node, Op, literal, postorder

Interval = tuple[int, int]
GUARD = 40  # further bits inside exp and log
LARGEST = 1 << 14  # exp is enclosed for arguments up to this one
MAX_POWER = 4_096  # literal integer exponents
MAX_SIZE = 1 << 17  # bits of an end


class NotEnclosed(ValueError):
    """An operation has no bounded enclosure here: a divisor may be 0, a logarithm may not exist, a number is too large."""


def floor_div(a: int, b: int) -> int:
    return a // b


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def shift(x: Interval, by: int) -> Interval:
    """The interval with ``by`` bits fewer."""
    return x[0] >> by, -(-x[1] >> by)


def multiply(x: Interval, y: Interval, bits: int) -> Interval:
    a, b, c, d = x[0] * y[0], x[0] * y[1], x[1] * y[0], x[1] * y[1]
    return shift((min(a, b, c, d), max(a, b, c, d)), bits)


def divide(x: Interval, y: Interval, bits: int) -> Interval:
    if y[0] <= 0 <= y[1]:
        raise NotEnclosed("a divisor may be 0")
    down = min(floor_div(a << bits, b) for a in x for b in y)
    up = max(ceil_div(a << bits, b) for a in x for b in y)
    return down, up


def _exp_upward(x: int, bits: int) -> Interval:
    """exp of x/2^bits >= 0."""
    k = max(0, x.bit_length() - bits + 1)
    work = bits + GUARD + 2 * k
    low, high = (x << (work - bits)) >> k, ceil_div(x << (work - bits), 1 << k)
    one = 1 << work
    total, term = (one, one), (one, one)
    n = 0
    while term[1] > 1:
        n += 1
        term = (term[0] * low >> work) // n, ceil_div(ceil_div(term[1] * high, one), n)
        total = total[0] + term[0], total[1] + term[1]
        if n > work:
            raise NotEnclosed("the series of exp is too long")
    total = total[0], total[1] + 2 * term[1]  # what is left is at most r/(1 - r) times the last term, r <= 1/2
    for _ in range(k):
        total = shift((total[0] * total[0], total[1] * total[1]), work)
    return shift(total, work - bits)


@lru_cache(maxsize=20_000)
def _exp_end(x: int, bits: int) -> Interval:
    if x >= 0:
        if x > LARGEST << bits:
            raise NotEnclosed("an argument of exp is too large")
        return _exp_upward(x, bits)
    if -x > LARGEST << bits:
        return 0, 1  # exp(-n) <= 2^(-n), and bits < LARGEST
    # exp(x) = 1/exp(-x): the relative precision of exp(-x) >= 1 is kept
    low, high = _exp_upward(-x, bits)
    one = 1 << (2 * bits)
    return floor_div(one, high), ceil_div(one, low)


def exponential(x: Interval, bits: int) -> Interval:
    low = _exp_end(x[0], bits)
    return low if x[0] == x[1] else (low[0], _exp_end(x[1], bits)[1])


def _twice_atanh(top: int, bottom: int, work: int) -> Interval:
    """2 atanh(top/bottom) at ``work`` bits, 0 <= top/bottom <= 1/3."""
    one = 1 << work
    t = floor_div(top << work, bottom), ceil_div(top << work, bottom)
    square = t[0] * t[0] >> work, ceil_div(t[1] * t[1], one)
    power, total, n = t, (0, 0), 0
    while power[1] > 1:
        total = total[0] + power[0] // (2 * n + 1), total[1] + ceil_div(power[1], 2 * n + 1)
        power = power[0] * square[0] >> work, ceil_div(power[1] * square[1], one)
        n += 1
        if n > work:
            raise NotEnclosed("the series of log is too long")
    return 2 * total[0], 2 * total[1] + 4 * power[1]  # the rest is at most t^(2N+1)/(1 - t^2) <= 9/8 t^(2N+1)


@lru_cache(maxsize=64)
def _log_two(work: int) -> Interval:
    return _twice_atanh(1, 3, work)


@lru_cache(maxsize=20_000)
def _log_end(y: int, bits: int) -> Interval:
    """log of y/2^bits > 0."""
    if y <= 0:
        raise NotEnclosed("an argument of log may be 0 or less")
    k = y.bit_length() - 1  # y = m 2^k, 1 <= m < 2
    work = bits + GUARD
    one = 1 << k
    inner = _twice_atanh(y - one, y + one, work)
    two = _log_two(work + 20)
    factor = k - bits
    ends = sorted((two[0] * factor, two[1] * factor))
    scaled = shift((ends[0], ends[1]), 20)
    return shift((inner[0] + scaled[0], inner[1] + scaled[1]), work - bits)


def logarithm(x: Interval, bits: int) -> Interval:
    low = _log_end(x[0], bits)
    return low if x[0] == x[1] else (low[0], _log_end(x[1], bits)[1])


def root(x: Interval, bits: int, strict: bool) -> Interval:
    """sqrt; the part below 0, where there is no value, is left out unless ``strict``."""
    if (x[0] < 0 and strict) or x[1] < 0:
        raise NotEnclosed("an argument of sqrt may be negative")
    high = x[1] << bits
    up = isqrt(high)
    return isqrt(max(x[0], 0) << bits), up + (up * up < high)


def whole_power(x: Interval, n: int, bits: int) -> Interval:
    """x^n for an integer n."""
    if abs(n) > MAX_POWER:
        raise NotEnclosed(f"an exponent is above {MAX_POWER}")
    one = 1 << bits
    if n < 0:
        return divide((one, one), whole_power(x, -n, bits), bits)
    if n % 2 == 0 and x[0] < 0:
        x = (0, max(-x[0], x[1])) if x[1] > 0 else (-x[1], -x[0])
    result, square = (one, one), x  # ends of one sign, or an odd power: multiplication of ends is exact up to rounding
    if x[0] < 0 < x[1]:
        low = whole_power((x[0], x[0]), n, bits)[0]
        return low, whole_power((x[1], x[1]), n, bits)[1]
    while n:
        if n & 1:
            result = multiply(result, square, bits)
        n >>= 1
        if n:
            square = multiply(square, square, bits)
        if max(abs(square[0]), abs(square[1])).bit_length() > MAX_SIZE:
            raise NotEnclosed("a power is too large")
    return result


def real_power(x: Interval, e: Interval, bits: int) -> Interval:
    """x^e = exp(e log(x)) for x > 0; a lower end 0 is accepted when e > 0."""
    if x[0] <= 0 and e[0] > 0 and x[1] > 0:
        top = exponential(multiply(e, logarithm((x[1], x[1]), bits), bits), bits)
        return 0, top[1]  # increasing in x for every e > 0, and 0 at x = 0
    return exponential(multiply(e, logarithm(x, bits), bits), bits)


@lru_cache(maxsize=256)
def constant(name: str, bits: int) -> Interval:
    """A constant of normbound, by ball arithmetic."""
    from flint import ctx

    from normbound.terms.constants import enclosure
    with ctx.workprec(bits + 32):
        ball = enclosure(name, bits + 16)
        low, high = ball.lower(), ball.upper()
    ends = []
    for end, up in ((low, False), (high, True)):
        mantissa, exponent = (int(p) for p in end.man_exp())
        by = exponent + bits
        if by >= 0:
            ends.append(mantissa << by)
        else:
            ends.append(ceil_div(mantissa, 1 << -by) if up else mantissa >> -by)
    return ends[0], ends[1]


def of_rational(q: Fraction, bits: int) -> Interval:
    """The least interval around a rational number."""
    top = q.numerator << bits
    return floor_div(top, q.denominator), ceil_div(top, q.denominator)


class Program:
    """Expressions prepared for many evaluations. Equal subexpressions are evaluated once.

    ``run(box, bits, strict)`` returns an interval for each root; box: name -> (lo, hi), rational numbers. Raises NotEnclosed. With
    ``strict`` every expression is defined and continuous on the whole box; without, points without a value may be left out.
    """

    def __init__(self, roots: Sequence[Node]):
        self.steps: list[tuple[str, tuple[int, ...], object]] = []
        self.balls = False
        places: dict[Node, int] = {}
        for n in postorder(*roots):
            if n in places:
                continue
            q = literal(n)
            value: object = n.value
            op = n.op
            args: tuple[int, ...] = ()
            if q is not None:
                op, value = Op.NUM, q
            else:
                if op not in _OPERATORS:
                    raise NotEnclosed(f"found {op}; accepted: + - * / ^ sqrt exp log abs min max, numbers, constants, variables")
                args = tuple(places[a] for a in n.args)
                if op == Op.POW:
                    value = rational_value(n.args[1])
                if op == Op.CONST:
                    self.balls = True
                if op == Op.MUL and args[0] == args[1]:
                    op, value, args = Op.POW, Fraction(2), (args[0], args[0])
            places[n] = len(self.steps)
            self.steps.append((op, args, value))
        self.roots = [places[r] for r in roots]

    def run(self, box: Mapping[str, tuple[Fraction, Fraction]], bits: int, strict: bool = False) -> list[Interval]:
        values: list[Interval] = []
        ends = {name: (of_rational(a, bits)[0], of_rational(b, bits)[1]) for name, (a, b) in box.items()}
        for op, args, datum in self.steps:
            values.append(self._step(op, [values[k] for k in args], datum, ends, bits, strict))
        return [values[k] for k in self.roots]

    @staticmethod
    def _step(op: str, x: list[Interval], datum: object, ends: Mapping[str, Interval], bits: int, strict: bool) -> Interval:
        if op == Op.NUM:
            assert isinstance(datum, Fraction)
            return of_rational(datum, bits)
        if op == Op.VAR:
            if datum not in ends:
                raise NotEnclosed(f"the variable {datum} has no bounds")
            return ends[str(datum)]
        if op == Op.CONST:
            return constant(str(datum), bits)
        if op == Op.ADD:
            return x[0][0] + x[1][0], x[0][1] + x[1][1]
        if op == Op.SUB:
            return x[0][0] - x[1][1], x[0][1] - x[1][0]
        if op == Op.NEG:
            return -x[0][1], -x[0][0]
        if op == Op.MUL:
            return multiply(x[0], x[1], bits)
        if op == Op.DIV:
            return divide(x[0], x[1], bits)
        if op == Op.SQRT:
            return root(x[0], bits, strict)
        if op == Op.EXP:
            return exponential(x[0], bits)
        if op == Op.LOG:
            return logarithm(x[0], bits)
        if op == Op.ABS:
            low, high = x[0]
            return (max(low, -high, 0), max(-low, high))
        if op in (Op.MIN, Op.MAX):
            choose = min if op == Op.MIN else max
            return choose(v[0] for v in x), choose(v[1] for v in x)
        if isinstance(datum, Fraction) and datum.denominator == 1:
            return whole_power(x[0], int(datum), bits)
        if x[0][0] < 0:  # the exponent may be an integer, and then the power has a value there
            raise NotEnclosed("the base of a power may be negative")
        if strict and x[0][0] == 0 and datum is None:
            raise NotEnclosed("the base of a power may be 0")
        return real_power(x[0], x[1], bits)


_OPERATORS = frozenset((Op.NUM, Op.VAR, Op.CONST, Op.ADD, Op.SUB, Op.NEG, Op.MUL, Op.DIV, Op.SQRT, Op.EXP, Op.LOG, Op.ABS,
                        Op.MIN, Op.MAX, Op.POW))

__all__ = ["Interval", "NotEnclosed", "Program", "constant", "exponential", "logarithm", "of_rational", "root"]
