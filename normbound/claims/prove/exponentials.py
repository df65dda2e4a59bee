"""Sums of c x^i exp(k x + d) with rational c, k, d: quotients of these, as provers use them to find signs on intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from normbound.claims.syntax import Node, Op, literal, number, postorder, variable

Key = tuple[Fraction, int, Fraction]  # k, i, d
Sum = dict[Key, Fraction]
NOUGHT = Fraction(0)
MAX_TERMS = 200
MAX_POWER = 24


class Outside(ValueError):
    """The expression is not a quotient of such sums."""


class Ratio(NamedTuple):
    """``top`` over the product of the powers of the sums in ``bottom``; each comes with its expression."""

    top: Sum
    bottom: Mapping[tuple[tuple[Key, Fraction], ...], int]


def add(a: Sum, b: Sum, scale: Fraction = Fraction(1)) -> Sum:
    result = dict(a)
    for key, c in b.items():
        total = result.get(key, NOUGHT) + scale * c
        if total:
            result[key] = total
        else:
            result.pop(key, None)
    return result


def multiply(a: Sum, b: Sum) -> Sum:
    if len(a) * len(b) > 20 * MAX_TERMS:
        raise Outside("too many terms")
    result: Sum = {}
    for (k, i, d), c in a.items():
        for (m, j, e), f in b.items():
            key = k + m, i + j, d + e
            total = result.get(key, NOUGHT) + c * f
            if total:
                result[key] = total
            else:
                result.pop(key, None)
    if len(result) > MAX_TERMS:
        raise Outside("too many terms")
    return result


def power(a: Sum, n: int) -> Sum:
    if n > MAX_POWER and len(a) > 1:
        raise Outside("a large power")
    result: Sum = {(NOUGHT, 0, NOUGHT): Fraction(1)}
    for _ in range(n):
        result = multiply(result, a)
    return result


def constant(q: Fraction) -> Sum:
    return {(NOUGHT, 0, NOUGHT): q} if q else {}


def _spread(bottom: Mapping[tuple[tuple[Key, Fraction], ...], int]) -> Sum:
    result = constant(Fraction(1))
    for factor, n in bottom.items():
        result = multiply(result, power(dict(factor), n))
    return result


def _sum(a: Ratio, b: Ratio, sign: int) -> Ratio:
    bottom = {f: max(a.bottom.get(f, 0), b.bottom.get(f, 0)) for f in (*a.bottom, *b.bottom)}
    tops = [multiply(r.top, _spread({f: n - r.bottom.get(f, 0) for f, n in bottom.items() if n > r.bottom.get(f, 0)})) for r in (a, b)]
    return Ratio(add(tops[0], tops[1], Fraction(sign)), bottom)


def _product(a: Ratio, b: Ratio) -> Ratio:
    bottom = dict(a.bottom)
    for f, n in b.bottom.items():
        bottom[f] = bottom.get(f, 0) + n
    return Ratio(multiply(a.top, b.top), bottom)


def _inverse(a: Ratio) -> Ratio:
    if not a.top:
        raise Outside("a division by 0")
    top = _spread(a.bottom)
    least = min(i for _, i, _ in a.top)
    if len(a.top) == 1:
        (((k, i, d), c),) = a.top.items()
        inner = multiply(top, {(-k, 0, -d): 1 / c})
        return Ratio(inner, {(((NOUGHT, 1, NOUGHT), Fraction(1)),): i} if i else {})
    rest = {(k, i - least, d): c for (k, i, d), c in a.top.items()}
    k0, _, d0 = min(rest)
    rest = {(k - k0, i, d - d0): c for (k, i, d), c in rest.items()}
    bottom = {tuple(sorted(rest.items())): 1}
    if least:
        bottom[(((NOUGHT, 1, NOUGHT), Fraction(1)),)] = least
    return Ratio(multiply(top, {(-k0, 0, -d0): Fraction(1)}), bottom)


def ratio(root: Node, name: str) -> Ratio:
    """The expression as a quotient. Raises Outside."""
    found: dict[Node, Ratio] = {}
    for n in postorder(root):
        if n in found:
            continue
        q = literal(n)
        inner = [found[a] for a in n.args]
        if q is not None:
            found[n] = Ratio(constant(q), {})
        elif n.op == Op.VAR and n.value == name:
            found[n] = Ratio({(NOUGHT, 1, NOUGHT): Fraction(1)}, {})
        elif n.op in (Op.ADD, Op.SUB):
            found[n] = _sum(inner[0], inner[1], 1 if n.op == Op.ADD else -1)
        elif n.op == Op.NEG:
            found[n] = Ratio({k: -c for k, c in inner[0].top.items()}, inner[0].bottom)
        elif n.op == Op.MUL:
            found[n] = _product(inner[0], inner[1])
        elif n.op == Op.DIV:
            found[n] = _product(inner[0], _inverse(inner[1]))
        elif n.op == Op.POW:
            e = literal(n.args[1])
            if e is None or e.denominator != 1 or abs(e) > MAX_POWER:
                raise Outside("a power")
            base = inner[0] if e >= 0 else _inverse(inner[0])
            result = Ratio(constant(Fraction(1)), {})
            for _ in range(abs(int(e))):
                result = _product(result, base)
            found[n] = result
        elif n.op == Op.EXP:
            found[n] = Ratio(_exp(inner[0]), {})
        else:
            raise Outside(f"found {n.op}")
    return found[root]


def _exp(a: Ratio) -> Sum:
    k = d = NOUGHT
    for (m, i, e), c in a.top.items():
        if m or e or i > 1:
            raise Outside("an exponential of no linear function")
        if i:
            k = c
        else:
            d = c
    if a.bottom:
        raise Outside("an exponential of a quotient")
    return {(k, 0, d): Fraction(1)}


def derivative(a: Sum) -> Sum:
    result: Sum = {}
    for (k, i, d), c in a.items():
        if i:
            result = add(result, {(k, i - 1, d): c * i})
        if k:
            result = add(result, {(k, i, d): c * k})
    return result


def at(a: Sum, x: Fraction) -> float:
    """The value in floating point; exactly 0.0 when the exponentials cancel."""
    grouped: dict[Fraction, Fraction] = {}
    for (k, i, d), c in a.items():
        e = k * x + d
        grouped[e] = grouped.get(e, NOUGHT) + c * x**i
    total = 0.0
    for e, c in grouped.items():
        if c:
            try:
                total += float(c) * math.exp(e)
            except OverflowError:
                return math.inf if c > 0 else -math.inf
    return total


def write(a: Sum, name: str) -> Node:
    """The sum as an expression."""
    total: Node | None = None
    for (k, i, d), c in sorted(a.items(), reverse=True):
        factors = []
        if i:
            x = variable(name)
            factors.append(x if i == 1 else Node(Op.POW, (x, number(i))))
        if k or d:
            factors.append(exponential(k, d, name))
        size = abs(c)
        if size != 1 or not factors:
            factors.insert(0, number(size))
        term = factors[0]
        for f in factors[1:]:
            term = Node(Op.MUL, (term, f))
        if total is None:
            total = Node(Op.NEG, (term,)) if c < 0 else term
        else:
            total = Node(Op.SUB if c < 0 else Op.ADD, (total, term))
    return number(0) if total is None else total


def exponential(k: Fraction, d: Fraction, name: str) -> Node:
    """exp(k x + d)."""
    x = variable(name)
    size = abs(k)
    inner: Node | None = None
    if k:
        inner = x if size == 1 else Node(Op.MUL, (number(size), x))
        if k < 0:
            inner = Node(Op.NEG, (inner,))
    if d:
        inner = number(d) if inner is None else Node(Op.ADD if d > 0 else Op.SUB, (inner, number(abs(d))))
    return Node(Op.EXP, (inner if inner is not None else number(0),))


__all__ = ["Outside", "Ratio", "Sum", "add", "at", "derivative", "exponential", "multiply", "ratio", "write"]
