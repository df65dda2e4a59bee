"""Statements in floating point, at many points at once: the eyes of the refuter. What is found here decides nothing.

A statement becomes a margin at every point: above 0 where it holds, below 0 where it fails, nan where it has no value. The
margin of a <= b is (b - a)/(|a| + |b|), so it lies in [-1, 1] whatever the size of the numbers. Two arithmetics run the same
walk over the syntax: ``Plain`` (long doubles) and ``Logarithmic`` (sign and logarithm of the size: no overflow, fewer digits),
which is used where the first one overflows.

Names that decide how much work there is (``structural``: ends of sums, products and forall, depths of dd, indices, lengths) are
integers, the same ones for all points of a batch; every other name is an array over the points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from time import monotonic
from typing import Any, Protocol

import numpy as np

from normbound.claims.sorts import Variables
from normbound.claims.syntax import BINDERS, Node, Op, free_names, postorder

Array = Any
MAX_ITERATIONS = 4_000  # of all sums, products and forall of one evaluation
MAX_BINDERS = 8  # inside each other
LONG_SUM = 150  # terms from which all terms are computed at once
SINGLE_TERMS = 1_500  # of a long sum, each on its own; later ones by the middle of a run
FINE = 128  # runs are this much shorter than their distance from the start


class NotNumeric(Exception):
    """The statement, or this batch of it, is not evaluated here."""


class Algebra(Protocol):
    """Arithmetic on arrays; every operation gives nan where it has no value."""

    def number(self, q: Fraction | int | Array) -> Any: ...
    def add(self, a: Any, b: Any) -> Any: ...
    def neg(self, a: Any) -> Any: ...
    def mul(self, a: Any, b: Any) -> Any: ...
    def div(self, a: Any, b: Any) -> Any: ...
    def power(self, a: Any, b: Any) -> Any: ...
    def exp(self, a: Any) -> Any: ...
    def log(self, a: Any) -> Any: ...
    def abs(self, a: Any) -> Any: ...
    def extremum(self, greatest: bool, a: Any, b: Any) -> Any: ...
    def margin(self, a: Any, b: Any) -> Array: ...


class Plain:
    """Long doubles."""

    def number(self, q: Fraction | int | Array) -> Any:
        return _long(q) if isinstance(q, (int, Fraction)) else q

    def add(self, a: Any, b: Any) -> Any:
        return a + b

    def neg(self, a: Any) -> Any:
        return -a

    def mul(self, a: Any, b: Any) -> Any:
        return a * b

    def div(self, a: Any, b: Any) -> Any:
        return np.where(b == 0, np.nan, a / b)

    def power(self, a: Any, b: Any) -> Any:
        return np.where((a == 0) & (b < 0), np.nan, np.power(a, b))

    def exp(self, a: Any) -> Any:
        return np.exp(a)

    def log(self, a: Any) -> Any:
        return np.where(a <= 0, np.nan, np.log(a))

    def abs(self, a: Any) -> Any:
        return np.abs(a)

    def extremum(self, greatest: bool, a: Any, b: Any) -> Any:
        return np.maximum(a, b) if greatest else np.minimum(a, b)

    def margin(self, a: Any, b: Any) -> Array:
        """(b - a)/(|a| + |b|), 0 where both are 0."""
        d, size = b - a, np.abs(a) + np.abs(b)
        return np.where(size == 0, 0.0, np.where(np.isinf(a) ^ np.isinf(b), np.sign(d), d / size))


class Logarithmic:
    """Pairs (sign, logarithm of the size) of long doubles; zero has the sign 0 and the logarithm -inf."""

    def number(self, q: Fraction | int | Array) -> Any:
        if isinstance(q, (int, Fraction)):
            exact = Fraction(q.numerator, q.denominator)
            return _long((exact > 0) - (exact < 0)), _log_of(abs(exact)) if exact else _long(0) - np.inf
        x = np.asarray(q, dtype=np.longdouble)
        with np.errstate(divide="ignore"):
            return np.sign(x), np.log(np.abs(x))

    def add(self, a: Any, b: Any) -> Any:
        (s, x), (t, y) = a, b
        high, gap = np.maximum(x, y), np.abs(x - y)
        same = s * t >= 0
        sign = np.where(x > y, s, np.where(y > x, t, np.where(same, np.where(s == 0, t, s), 0.0)))
        size = np.where(np.isneginf(np.minimum(x, y)), high,
                        high + np.where(same, np.log1p(np.exp(-gap)), np.log1p(-np.exp(-gap))))
        return np.where(np.isnan(x + y) & ~np.isinf(x + y), np.nan, sign), np.where(sign == 0, -np.inf, size)

    def neg(self, a: Any) -> Any:
        return -a[0], a[1]

    def mul(self, a: Any, b: Any) -> Any:
        sign = a[0] * b[0]
        return sign, np.where(sign == 0, -np.inf, a[1] + b[1])

    def div(self, a: Any, b: Any) -> Any:
        sign = np.where(b[0] == 0, np.nan, a[0] * b[0])
        return sign, np.where(sign == 0, -np.inf, a[1] - b[1])

    def power(self, a: Any, b: Any) -> Any:
        e = self._value(b)
        odd, whole = np.abs(np.fmod(e, 2)) == 1, np.floor(e) == e
        sign = np.where(a[0] > 0, 1.0, np.where(a[0] == 0, np.where(e > 0, 0.0, np.where(e == 0, 1.0, np.nan)),
                        np.where(whole, np.where(odd, -1.0, 1.0), np.nan)))
        size = np.where(e == 0, 0.0, a[1] * e)
        return np.where(np.isnan(a[0]) | np.isnan(e), np.nan, sign), np.where(sign == 0, -np.inf, size)

    def exp(self, a: Any) -> Any:
        e = self._value(a)
        return np.where(np.isnan(e), np.nan, 1.0), e

    def log(self, a: Any) -> Any:
        x = np.where(a[0] > 0, a[1], np.nan)
        return np.sign(x), np.log(np.abs(x))

    def abs(self, a: Any) -> Any:
        return np.abs(a[0]), a[1]

    def extremum(self, greatest: bool, a: Any, b: Any) -> Any:
        first = (self.margin(a, b) < 0) == greatest
        return np.where(first, a[0], b[0]), np.where(first, a[1], b[1])

    def margin(self, a: Any, b: Any) -> Array:
        d = self.add(b, self.neg(a))
        size = np.logaddexp(a[1], b[1])
        return np.where(np.isneginf(size), 0.0, d[0] * np.where(d[0] == 0, 0.0, np.exp(d[1] - size)))

    @staticmethod
    def _value(a: Any) -> Array:
        return a[0] * np.where(a[0] == 0, 0.0, np.exp(a[1]))


PLAIN, LOGARITHMIC = Plain(), Logarithmic()


@cache
def _long(q: int | Fraction) -> Any:
    """The nearest long double, or one of its neighbours."""
    top, bottom = q.numerator, q.denominator
    shift = max(abs(top).bit_length(), bottom.bit_length()) - 900
    if shift > 0:
        top, bottom = top >> shift, max(1, bottom >> shift)
    return _parts(top) / _parts(bottom)


def _parts(n: int) -> Any:
    """An integer of at most 900 bits as a long double, from pieces that doubles hold."""
    result, sign = np.longdouble(0), -1 if n < 0 else 1
    for k in range((abs(n).bit_length() + 29) // 30 - 1, -1, -1):
        result = result * np.longdouble(2**30) + np.longdouble((abs(n) >> (30 * k)) & (2**30 - 1))
    return sign * result


@cache
def _log_of(q: Fraction) -> Any:
    shift = max(q.numerator.bit_length(), q.denominator.bit_length())
    if shift <= 900:
        return np.log(_long(q))
    from math import log
    return np.longdouble(log(q.numerator) - log(q.denominator))


@lru_cache(maxsize=64)
def _runs(low: int, high: int) -> tuple[Array, Array]:
    """The integers from low to high in runs: the middle of each and how many it has, as columns."""
    middles: list[float] = []
    sizes: list[int] = []
    at = low
    while at <= high:
        size = 1 if at - low < SINGLE_TERMS else min(high - at + 1, max(1, (at - low) // FINE))
        middles.append(at + (size - 1) / 2)
        sizes.append(size)
        at += size
    return tuple(np.array(x, dtype=np.longdouble).reshape(-1, 1) for x in (middles, sizes))  # type: ignore[return-value]


def structural(roots: Sequence[Node], variables: Variables) -> set[str]:
    """The declared names on which the amount of work depends."""
    found: set[str] = set()
    for n in postorder(*roots):
        if n.op in BINDERS:
            found |= free_names(n.args[0]) | free_names(n.args[1])
        elif n.op in (Op.DD, Op.ELT):
            found |= free_names(n.args[0])
        if n.op == Op.ELT and n.value in variables and (length := variables[n.value].length) is not None:
            found |= free_names(length)
    return {n for n in found if n in variables and not variables[n].is_family}


class Batch:
    """One evaluation: integers for the structural names, arrays for the other names, families as lists of arrays."""

    def __init__(self, algebra: Algebra, integers: Mapping[str, int], arrays: Mapping[str, Array],
                 families: Mapping[str, Sequence[Array]], deadline: float = float("inf")):
        self.deadline = deadline
        self.algebra = algebra
        self.integers = dict(integers)
        self.arrays = {k: algebra.number(v) for k, v in arrays.items()}
        self.families = {k: [algebra.number(x) for x in v] for k, v in families.items()}
        self.iterations = 0
        self.depth = 0
        self.orders: dict[int, tuple[Node, list[Node]]] = {}

    def margin(self, statement: Node) -> Array:
        """The margin of a statement at every point. Raises NotNumeric."""
        with np.errstate(all="ignore"):
            return self._walk(statement)

    def value(self, expression: Node) -> Any:
        """The value of an expression at every point, in the algebra. Raises NotNumeric."""
        with np.errstate(all="ignore"):
            return self._walk(expression)

    def _order(self, root: Node) -> list[Node]:
        """Below the root, children first; the bodies of binders are left out."""
        known = self.orders.get(id(root))
        if known is not None:
            return known[1]
        order: list[Node] = []
        seen: set[int] = set()
        stack = [(root, False)]
        while stack:
            n, done = stack.pop()
            if done:
                order.append(n)
            elif id(n) not in seen:
                seen.add(id(n))
                stack.append((n, True))
                if n.op not in (*BINDERS, Op.ELT):
                    stack.extend((a, False) for a in n.args[1 if n.op == Op.DD else 0:])
        self.orders[id(root)] = root, order
        return order

    def _walk(self, root: Node) -> Any:
        found: dict[int, Any] = {}
        for n in self._order(root):
            found[id(n)] = self._statement(n, found) if n.is_statement else self._expression(n, found)
        return found[id(root)]

    def _expression(self, n: Node, found: Mapping[int, Any]) -> Any:
        op, a = n.op, self.algebra
        if op == Op.NUM:
            return a.number(n.value)
        if op == Op.VAR:
            if n.value in self.arrays:
                return self.arrays[n.value]
            if n.value in self.integers:
                return a.number(self.integers[n.value])
            raise NotNumeric(f"{n.value} has no value")
        if op == Op.ELT:
            members, k = self.families.get(n.value), self.whole(n.args[0])
            if members is None or not 1 <= k <= len(members):
                return a.number(np.longdouble("nan"))
            return members[k - 1]
        if op in (Op.SUM, Op.PROD):
            return self._total(n)
        if op == Op.DD:
            return self._divided(self.whole(n.args[0]), [found[id(x)] for x in n.args[1:]])
        if op == Op.CONST:
            return a.number(_constant(n.value))
        if op == Op.STATE or op not in _OPERATIONS:
            raise NotNumeric(f"{op} has no numbers")
        return _OPERATIONS[op](a, [found[id(x)] for x in n.args])

    def _total(self, n: Node) -> Any:
        a = self.algebra
        result = a.number(int(n.op == Op.PROD))
        low, high = self.whole(n.args[0]), self.whole(n.args[1])
        if high - low >= LONG_SUM and not self._by_terms(n):
            return self._at_once(n, low, high)
        for body in self._each(n):
            result = a.mul(result, body) if n.op == Op.PROD else a.add(result, body)
        return result

    @staticmethod
    def _by_terms(n: Node) -> bool:
        """Whether the terms differ in more than a number in the place of the index."""
        return any(x.op in BINDERS or (x.op in (Op.ELT, Op.DD) and n.value in free_names(x.args[0])) for x in postorder(n.args[2]))

    def _at_once(self, n: Node, low: int, high: int) -> Any:
        """A long sum or product: the index is a column, and runs of many terms count as often as their middle."""
        a = self.algebra
        middles, sizes = _runs(low, high)
        if n.value in self.integers or n.value in self.arrays:
            raise NotNumeric(f"{n.value} is bound twice")
        self.arrays[n.value] = a.number(middles)
        try:
            body = self._walk(n.args[2])
        finally:
            del self.arrays[n.value]
        weights = a.number(sizes)
        terms = a.power(body, weights) if n.op == Op.PROD else a.mul(body, weights)
        together = a.mul if n.op == Op.PROD else a.add
        pair = isinstance(terms, tuple)
        parts = [np.broadcast_to(x, np.broadcast_shapes(np.shape(x), middles.shape)) for x in (terms if pair else (terms,))]
        while parts[0].shape[0] > 1:
            count = parts[0].shape[0]
            half = count // 2
            first, second, odd = ([x[:half] for x in parts], [x[half:2 * half] for x in parts], [x[2 * half:] for x in parts])
            found = together(tuple(first), tuple(second)) if pair else together(first[0], second[0])
            parts = [np.concatenate([x, y]) for x, y in zip(found if pair else (found,), odd, strict=True)]
        return tuple(x[0] for x in parts) if pair else parts[0][0]

    def _each(self, n: Node) -> list[Any]:
        """The body for every value of the index."""
        low, high = self.whole(n.args[0]), self.whole(n.args[1])
        self.iterations += max(0, high - low + 1)
        self.depth += 1
        if self.iterations > MAX_ITERATIONS or self.depth > MAX_BINDERS:
            raise NotNumeric("the sums are too long")
        before = self.integers.get(n.value)
        bodies = []
        for i in range(low, high + 1):
            if monotonic() > self.deadline:
                raise NotNumeric("the sums take too long")
            self.integers[n.value] = i
            bodies.append(self._walk(n.args[2]))
        if before is None:
            self.integers.pop(n.value, None)
        else:
            self.integers[n.value] = before
        self.depth -= 1
        return bodies

    def whole(self, root: Node) -> int:
        """The value of an expression in structural names and indices. Raises NotNumeric unless it is an integer."""
        found: dict[int, Fraction] = {}
        for n in postorder(root):
            v = [found[id(x)] for x in n.args]
            if n.op == Op.NUM:
                q = n.value
            elif n.op == Op.VAR and n.value in self.integers:
                q = Fraction(self.integers[n.value])
            elif n.op in (Op.ADD, Op.SUB, Op.MUL):
                q = v[0] + v[1] if n.op == Op.ADD else v[0] - v[1] if n.op == Op.SUB else v[0] * v[1]
            elif n.op in (Op.NEG, Op.ABS):
                q = -v[0] if n.op == Op.NEG else abs(v[0])
            elif n.op in (Op.MIN, Op.MAX):
                q = min(v) if n.op == Op.MIN else max(v)
            elif n.op == Op.POW and v[1].denominator == 1 and 0 <= v[1] <= 64 and abs(v[0]) < 10**6:
                q = v[0] ** int(v[1])
            else:
                raise NotNumeric(f"{n.op} in a depth or an index")
            found[id(n)] = q
        result = found[id(root)]
        if result.denominator != 1:
            raise NotNumeric("a depth or an index is not an integer")
        return int(result)

    def _divided(self, depth: int, nodes: list[Any]) -> Any:
        """The divided difference of z^depth: the corner of the power of the bidiagonal matrix of the nodes."""
        a, m = self.algebra, len(nodes)
        if depth < 0:
            return a.number(np.longdouble("nan"))
        zero, one = a.number(0), a.number(1)
        if m == 1:
            return a.power(nodes[0], a.number(depth))
        if depth < m - 1:
            return zero

        def times(x: dict[Any, Any], y: dict[Any, Any]) -> dict[Any, Any]:
            out = {}
            for i in range(m):
                for j in range(i, m):
                    total = a.mul(x[i, i], y[i, j])
                    for k in range(i + 1, j + 1):
                        total = a.add(total, a.mul(x[i, k], y[k, j]))
                    out[i, j] = total
            return out

        matrix = {(i, j): nodes[i] if i == j else one if j == i + 1 else zero for i in range(m) for j in range(i, m)}
        result = None
        while depth:
            if depth & 1:
                result = matrix if result is None else times(result, matrix)
            depth >>= 1
            if depth:
                matrix = times(matrix, matrix)
        assert result is not None
        return result[0, m - 1]

    def _statement(self, n: Node, found: Mapping[int, Any]) -> Array:
        op, a = n.op, self.algebra
        if op == Op.FORALL:
            margins = self._each(n)
            result = np.ones(())
            for m in margins:
                result = np.minimum(result, m)
            return result
        parts = [found[id(x)] for x in n.args]
        if op in (Op.LE, Op.LT):
            return a.margin(*parts)
        if op in (Op.GE, Op.GT):
            return a.margin(parts[1], parts[0])
        if op in (Op.EQ, Op.NE):
            d = np.abs(a.margin(*parts))
            return d if op == Op.NE else -d
        if op == Op.AND:
            result = parts[0]
            for p in parts[1:]:
                result = np.where(result < 0, np.fmin(result, p), np.minimum(result, p))
            return result
        if op == Op.IMPLIES:
            p, q = parts
            return np.where(p < 0, np.fmax(-p, q), np.maximum(-p, q))
        if op == Op.IFF:
            p, q = parts
            return np.maximum(np.minimum(p, q), np.minimum(-p, -q))
        raise NotNumeric(f"{op} is not a statement about one point")


_OPERATIONS: dict[str, Any] = {
    Op.ADD: lambda a, v: a.add(*v), Op.SUB: lambda a, v: a.add(v[0], a.neg(v[1])), Op.MUL: lambda a, v: a.mul(*v),
    Op.DIV: lambda a, v: a.div(*v), Op.NEG: lambda a, v: a.neg(v[0]), Op.POW: lambda a, v: a.power(*v),
    Op.SQRT: lambda a, v: a.power(v[0], a.number(Fraction(1, 2))), Op.EXP: lambda a, v: a.exp(v[0]), Op.LOG: lambda a, v: a.log(v[0]),
    Op.ABS: lambda a, v: a.abs(v[0]), Op.MIN: lambda a, v: _fold(a, False, v), Op.MAX: lambda a, v: _fold(a, True, v)}


def _fold(a: Algebra, greatest: bool, values: list[Any]) -> Any:
    result = values[0]
    for v in values[1:]:
        result = a.extremum(greatest, result, v)
    return result


@cache
def _constant(name: str) -> Any:
    from normbound.terms.constants import enclosure
    q = enclosure(name, 80).mid().fmpq()
    return _long(Fraction(int(q.p), int(q.q)))


def margins(statements: Sequence[Node], integers: Mapping[str, int], arrays: Mapping[str, Array],
            families: Mapping[str, Sequence[Array]], count: int, deadline: float = float("inf")) -> list[Array]:
    """The margins of ``statements`` at ``count`` points, in long doubles, and in logarithms where these overflow. Raises
    NotNumeric, also when sums are not done at ``deadline``."""
    plain = Batch(PLAIN, integers, arrays, families, deadline)
    found = [np.array(np.broadcast_to(np.asarray(plain.margin(s), dtype=float), (count,))) for s in statements]
    lost = np.zeros(count, dtype=bool)
    for m in found:
        lost |= ~np.isfinite(m)
    if lost.any():
        where = np.flatnonzero(lost)
        again = Batch(LOGARITHMIC, integers, {k: v[where] for k, v in arrays.items()},
                      {k: [x[where] for x in v] for k, v in families.items()}, deadline)
        for m, s in zip(found, statements, strict=True):
            m[where] = np.broadcast_to(again.margin(s), where.shape)
    return found
