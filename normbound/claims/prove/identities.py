"""Equations with divided differences: in general position (rule ``generic``) each divided difference is a sum of powers over products of
differences of its nodes, and what is left are rational functions of powers, which have a normal form (rule ``algebra``).

This decides an equation whenever its sides are rational functions of the real variables at each depth and the powers that occur are
independent of each other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_expoly import MAX_EQUAL, unfold
from normbound.claims.checker.rules_generic import generic, unfit
from normbound.claims.checker.rules_linear import algebra
from normbound.claims.checker.sequent import Sequent
from normbound.claims.errors import ClaimError
from normbound.claims.prove import expoly
from normbound.claims.syntax import Node, Op, free_names, literal, number, postorder

Certificate = dict[str, Any]
REFUSED = (Rejected, ClaimError, ArithmeticError, LookupError, TypeError, ValueError)
POINTS = ((2, 3, 5, 7, 11, 13, 17, 19), (3, 7, 2, 11, 5, 17, 13, 23), (13, 5, 29, 3, 19, 2, 31, 7))
MAX_STEPS = 60
ENOUGH = 0.5  # seconds that an equation has in any case: they decide it
WRITTEN = 8  # depths that are numbers up to it are written out by the normal form
ONE, ZERO = number(1), number(0)


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A complete certificate of an equation in which divided differences with two or more nodes occur; or None."""
    if not fits(sequent.goal):
        return None
    try:
        return _attempt(sequent, budget)
    except REFUSED:
        return None


def fits(goal: Node) -> bool:
    """Whether it is an equation with divided differences of two or more nodes, none of them below an index."""
    return goal.op == Op.EQ and any(len(t.args) > 2 for t in expoly.terms(goal) if t.op == Op.DD)


def _attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    goal = sequent.goal
    differences = [t for t in expoly.terms(goal) if t.op == Op.DD]
    real = {n for n, s in sequent.sorts.items() if not s.is_family and s.kind in ("positive", "nonnegative", "real")}
    names = real & free_names(goal)
    if any(unfit(sequent, side, frozenset(names)) for side in goal.args):
        names = real & {n for t in differences for x in t.args[1:] for n in free_names(x)}
        if any(unfit(sequent, side, frozenset(names)) for side in goal.args):
            return None
    if not names:
        return _spread(sequent, budget)
    if len(names) > len(POINTS[0]):
        return None
    gaps: dict[Node, None] = {}
    for t in differences:
        for j, a in enumerate(t.args[1:]):
            gaps.update((Node(Op.SUB, (a, b)), None) for b in t.args[j + 2:] if _apart(sequent, a, b))
    conditions = [str(Node(Op.NE, (g, ZERO))) for g in gaps if free_names(g)]
    for values in POINTS:
        data = {"variables": sorted(names), "conditions": conditions,
                "point": {n: str(v) for n, v in zip(sorted(names), values, strict=False)}}
        try:
            (general,) = generic(sequent, data)
        except Rejected:
            continue
        found = _spread(general, budget)
        return None if found is None else {"rule": "generic", "data": data, "premises": [found]}
    return None


def _apart(sequent: Sequent, a: Node, b: Node) -> bool:
    return a != b and not sequent.algebra.equal(a, b)


def _spread(sequent: Sequent, budget: Any) -> Certificate | None:
    """Divided differences written as powers, then normal forms."""
    chain: list[Certificate] = []
    current = sequent
    until = max(budget.deadline, time.monotonic() + ENOUGH)
    while True:
        if len(chain) > MAX_STEPS or time.monotonic() > until:
            return None
        data = next(_steps(current), None)
        if data is None:
            break
        *conditions, current = unfold(current, data)
        closed = [expoly.leaf(c, budget) for c in conditions]
        if any(c is None for c in closed):
            return None
        chain.append({"rule": "unfold", "data": data, "premises": closed})
    algebra(current, {})
    found: Certificate = {"rule": "algebra", "data": {}, "premises": []}
    for node in reversed(chain):
        node["premises"].append(found)
        found = node
    return found


def _steps(sequent: Sequent) -> Iterator[dict[str, Any]]:
    """Equations that take a divided difference, or a power of 0, apart."""
    for t in expoly.terms(sequent.goal):
        depth = literal(t.args[0])
        if t.op != Op.DD or (depth is not None and depth <= WRITTEN):
            continue
        data: dict[str, Any] = {"term": str(t)}
        nodes = t.args[1:]
        if len(nodes) == 1:
            yield {**data, "equation": "single"}
        elif len(set(nodes)) == 1 and len(nodes) <= MAX_EQUAL:
            yield {**data, "equation": "equal"}
        else:
            pairs = ((j, k) for j in range(len(nodes)) for k in range(j + 1, len(nodes)) if _apart(sequent, nodes[j], nodes[k]))
            pair = next(pairs, None)
            if pair is not None:
                yield {**data, "equation": "distinct", "nodes": list(pair)}
    for n in postorder(sequent.goal):
        if n.op == Op.POW and n.args[0] == ZERO and literal(n.args[1]) is None and sequent.signs.holds(Node(Op.LE, (ONE, n.args[1]))):
            yield {"term": str(n), "equation": "nought"}


__all__ = ["attempt", "fits"]
