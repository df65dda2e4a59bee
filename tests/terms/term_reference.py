"""Exact values of terms by plain recursion over their nodes, and random terms; independent of the evaluator."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement
from math import isqrt, prod
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from normbound.terms.store import Op, Store, Term

STABLE = settings(derandomize=True, database=None, deadline=None, max_examples=150)
FEWER = settings(STABLE, max_examples=60)
NATURALS = {"K": 3, "M": 2}
REALS = {"a": Fraction(1, 3), "b": Fraction(2), "c": Fraction(7, 5), "z": Fraction(0)}
FAMILIES = {"w": [Fraction(1, 2), Fraction(3), Fraction(0), Fraction(5, 4), Fraction(2), Fraction(1)]}
VALUES: dict[str, Any] = {**NATURALS, **REALS, **FAMILIES}


class NotRational(Exception):
    """The exact value is not rational or not defined; the example says nothing."""


def homogeneous(degree: int, nodes: list[Fraction]) -> Fraction:
    """The complete homogeneous symmetric polynomial, monomial by monomial."""
    if degree < 0:
        return Fraction(0)
    return sum((Fraction(prod(m)) for m in combinations_with_replacement(nodes, degree)), Fraction(0))


def rational_root(x: Fraction, n: int) -> Fraction:
    if n == 1:
        return x
    if n != 2:
        raise NotRational
    p, q = isqrt(x.numerator), isqrt(x.denominator)
    if p * p != x.numerator or q * q != x.denominator:
        raise NotRational
    return Fraction(p, q)


def value(term: Term, values: dict[str, Any], env: dict[int, Fraction] | None = None) -> Fraction:
    """The exact value of a small term."""
    store, env = term.store, env or {}

    def at(i: int, extra: dict[int, Fraction] | None = None) -> Fraction:
        return value(Term(store, i), values, {**env, **(extra or {})})

    if term.id in env:
        return env[term.id]
    kind, *args = term.node
    if kind == Op.NUM:
        return Fraction(args[0])
    if kind == Op.SYM:
        return Fraction(values[args[0]])
    if kind == Op.ELT:
        family, index = values[args[0]], at(args[1])
        if index < 1 or index > len(family):
            raise NotRational
        return Fraction(family[int(index) - 1])
    if kind == Op.ADD:
        return at(args[0]) + at(args[1])
    if kind == Op.MUL:
        return at(args[0]) * at(args[1])
    if kind == Op.POW:
        base, e = at(args[0]), Fraction(args[1])
        if base == 0 and e < 0:
            raise NotRational
        return rational_root(base, e.denominator) ** e.numerator
    if kind in (Op.MAX, Op.MIN):
        return (max if kind == Op.MAX else min)(at(i) for i in args)
    if kind == Op.DD:
        depth, nodes = int(at(args[0])), [at(i) for i in args[1:]]
        return homogeneous(depth - len(nodes) + 1, nodes)
    if kind == Op.SUB:
        result = at(args[0]) - at(args[1])
        if result < 0:
            raise NotRational
        return result
    if kind in (Op.PROD, Op.SUM):
        index, depth, body = args
        terms = [at(body, {index: Fraction(k)}) for k in range(1, int(at(depth)) + 1)]
        return Fraction(prod(terms)) if kind == Op.PROD else sum(terms, Fraction(0))
    if kind == Op.REC:
        component, depth, index, states, starts, steps = args
        now = [at(i) for i in starts]
        for k in range(1, int(at(depth)) + 1):
            scope = {index: Fraction(k), **dict(zip(states, now, strict=True))}
            now = [at(f, scope) for f in steps]
        return now[component]
    raise NotRational


def contains(ball: Any, exact_value: Any) -> bool:
    """Whether a ball contains a rational number, decided exactly."""
    middle, radius = (Fraction(int(m)) * Fraction(2) ** int(e) for m, e in (ball.mid().man_exp(), ball.rad().man_exp()))
    return abs(middle - Fraction(exact_value)) <= radius


def _trees(leaves: list[Any], roots: bool, calculus: bool, signs: bool) -> Any:
    exponents = [2, 3] + ([-1, -2] if signs else []) + ([Fraction(1, 2), Fraction(3, 2)] if roots else [])
    if roots and signs:
        exponents.append(Fraction(-1, 2))
    naturals = st.sampled_from([("sym", "K"), ("sym", "M"), ("num", 0), ("num", 1), ("num", 2), ("K+1",), ("K-1",),
                                ("K*M",)])

    def extend(below: Any) -> Any:
        options = [st.tuples(st.just("+"), below, below), st.tuples(st.just("*"), below, below),
                   st.tuples(st.just("^"), below, st.sampled_from(exponents)),
                   st.tuples(st.just("dd"), naturals, st.lists(below, min_size=1, max_size=3).map(tuple))]
        if not calculus:
            options += [st.tuples(st.just("max"), below, below), st.tuples(st.just("min"), below, below)]
        options += [st.tuples(st.just("sum"), naturals, below), st.tuples(st.just("prod"), naturals, below),
                    st.tuples(st.just("rec"), naturals, below, below)]
        return st.one_of(options)

    return st.recursive(st.sampled_from(leaves), extend, max_leaves=7)


_LEAVES = [("sym", n) for n in REALS] + [("num", n) for n in (0, 1, 2, Fraction(1, 2), Fraction(4, 9))]
_BOUND = [("index",), ("member",), ("sym", "K")]
TREES = _trees(_LEAVES + _BOUND, roots=False, calculus=False, signs=True)
ROOTED = _trees([leaf for leaf in _LEAVES if leaf != ("sym", "z")] + _BOUND, roots=True, calculus=False, signs=True)
SMOOTH = _trees([leaf for leaf in _LEAVES if leaf != ("sym", "z")] + [("index",), ("member",)], roots=True,
                calculus=True, signs=True)


def build(store: Store, tree: Any, index: Term | None = None) -> Term:
    """The term of a random tree; outside a sum the index is the literal 1."""
    op, *args = tree
    if op == "sym":
        return store.symbol(args[0])
    if op == "num":
        return store.number(args[0])
    if op == "K+1":
        return store.symbol("K") + 1
    if op == "K-1":
        return store.monus(store.symbol("K"), 1)
    if op == "K*M":
        return store.symbol("K") * store.symbol("M")
    if op == "index":
        return index if index is not None else store.one
    if op == "member":
        return store.element("w", index if index is not None else store.one)
    if op == "+":
        return build(store, args[0], index) + build(store, args[1], index)
    if op == "*":
        return build(store, args[0], index) * build(store, args[1], index)
    if op == "^":
        return store.power(build(store, args[0], index), args[1])
    if op in ("max", "min"):
        parts = [build(store, a, index) for a in args]
        return store.maximum(parts) if op == "max" else store.minimum(parts)
    if op == "dd":
        return store.dd(build(store, args[0]), [build(store, a, index) for a in args[1]])
    inner = store.fresh("i")
    depth = build(store, args[0])
    if op == "sum":
        return store.sum(inner, depth, build(store, args[1], inner))
    if op == "prod":
        return store.product(inner, depth, build(store, args[1], inner))
    assert op == "rec"
    x, y = store.fresh("x"), store.fresh("y")
    step = build(store, args[1], inner)
    return store.recurrence(0, depth, inner, [x, y], [build(store, args[2], index), store.one],
                            [x * step + y, y * store.number(Fraction(1, 2)) + step])
