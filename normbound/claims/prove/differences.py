"""Bounds on divided differences (rule ``difference``): the goal is a sum of multiples of some of them, or follows from one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from normbound.claims.checker.logforms import Form, Forms, Monomial, add, multiply, to_node
from normbound.claims.checker.rules_differences import MAX_NODES, difference
from normbound.claims.checker.rules_linear import products
from normbound.claims.checker.rules_logic import upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.prove import expoly
from normbound.claims.prove.farkas import nonnegative
from normbound.claims.prove.loglinear import REFUSED
from normbound.claims.syntax import COMPARISONS, Node, Op, literal, number

Certificate = dict[str, Any]
MAX_TERMS = 6
MAX_KNOWN = 40
ZERO, ONE = number(0), number(1)


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A complete certificate, or None."""
    goal = sequent.goal
    if goal.op not in COMPARISONS or goal.op == Op.EQ:
        return None
    terms = [t for t in expoly.terms(goal) if t.op == Op.DD and 3 <= len(t.args) <= MAX_NODES + 1]
    if not 1 <= len(terms) <= MAX_TERMS:
        return None
    known: list[tuple[dict[str, Any], Node]] = []
    found = None
    for stage in _stages(sequent, [*_bounds(sequent, terms), *_between(terms)]):
        for data in stage:
            if len(known) > MAX_KNOWN or time.monotonic() > budget.deadline:
                return None
            bounded = _bounded(sequent, data, budget)
            if bounded is None:
                continue
            known.append((data, bounded[1].given[-1]))
            found = _combined(sequent, [known[-1]], budget)
            if found is not None:
                return found
        found = _combined(sequent, known, budget)
        if found is not None:
            return found
    for k in range(len(known)):
        if found is not None or time.monotonic() > budget.deadline:
            break
        found = _chained(sequent, [known[k][0]], budget, expoly.leaf)
    return found


def _stages(sequent: Sequent, bounds: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The bounds whose conditions are evident, then those with one condition to be shown, and so on."""
    stages: dict[int, list[dict[str, Any]]] = {}
    for data in bounds:
        try:
            stages.setdefault(len(difference(sequent, data)), []).append(data)
        except REFUSED:
            continue
    return [stages[k] for k in sorted(stages)]


def _combined(sequent: Sequent, known: list[tuple[dict[str, Any], Node]], budget: Any) -> Certificate | None:
    """The goal as a sum of multiples of bounds; or evident by one."""
    if len(known) == 1 and sequent.assume(known[0][1]).signs.holds(sequent.goal):
        return _chained(sequent, [known[0][0]], budget, expoly.leaf)
    forms = Forms(sequent)
    try:
        a, b = upward(sequent.goal).args
        wanted = add(forms.plain(b), forms.plain(a), -1)
        gaps = [add(forms.plain(x.args[1]), forms.plain(x.args[0]), -1) for _, x in known]
        factors = _factors(sequent, wanted)
        rows = [(k, f) for k in range(len(known)) for f in (None, *factors)]
        columns = [gaps[k] if f is None else multiply({factors[f]: Fraction(1)}, gaps[k]) for k, f in rows]
        weights = nonnegative(columns, wanted, deadline=budget.deadline)
    except REFUSED:
        return None
    if weights is None and len(known) == 1:
        weights = [Fraction(1)]  # equal but for the way in which fractions are written
    chosen = [(rows[n], w) for n, w in enumerate(weights or []) if w]
    used = sorted({k for (k, _), _ in chosen})
    signs = sorted({f for (_, f), _ in chosen if f is not None})
    here = len(sequent.given)
    facts = [*({"hypothesis": here + n} for n in range(len(used))), *({"sign": f} for f in signs)]
    terms = [[str(w), [[used.index(k), 1], *([[len(used) + signs.index(f), 1]] if f is not None else [])]] for (k, f), w in chosen]
    data = {"facts": facts, "terms": terms}

    def last(sequent: Sequent, budget: Any) -> Certificate | None:
        return {"rule": "products", "data": data, "premises": []} if not products(sequent, data) else None

    return _chained(sequent, [known[k][0] for k in used], budget, last) if used else None


def _factors(sequent: Sequent, wanted: Form) -> dict[str, Monomial]:
    """What divided differences are multiplied by in the goal, where it is evidently not negative; by its text."""
    found: dict[str, Monomial] = {}
    for m in wanted:
        rest = frozenset(f for f in m if f[0].op != Op.DD)
        if rest and len(rest) < len(m) and sequent.signs.is_nonnegative(to_node({rest: Fraction(1)})):
            found[str(to_node({rest: Fraction(1)}))] = rest
    return found


def _chained(sequent: Sequent, bounds: list[dict[str, Any]], budget: Any, last: Any) -> Certificate | None:
    """One bound after the other, then ``last``."""
    chain = []
    current = sequent
    for data in bounds:
        bounded = _bounded(current, data, budget)
        if bounded is None:
            return None
        chain.append(bounded[0])
        current = bounded[1]
    try:
        found: Certificate | None = last(current, budget)
    except REFUSED:
        return None
    for node in reversed(chain):
        if found is None:
            return None
        node["premises"].append(found)
        found = node
    return found


def _bounded(sequent: Sequent, data: dict[str, Any], budget: Any) -> tuple[Certificate, Sequent] | None:
    """The node without its last premise, and that premise; None where a condition is not shown."""
    try:
        *conditions, following = difference(sequent, data)
    except REFUSED:
        return None
    closed = []
    for c in conditions:
        found = expoly.leaf(c, budget)
        if found is None:
            return None
        closed.append(found)
    return {"rule": "difference", "data": data, "premises": closed}, following


def _bounds(sequent: Sequent, terms: list[Node]) -> Iterator[dict[str, Any]]:
    """Bounds by their names, those that need least."""
    goal = sequent.goal
    for t in terms:
        for other in terms:
            if other is not t and other.args[0] == t.args[0] and len(other.args) == len(t.args):
                yield {"bound": "ordered", "term": str(t), "nodes": [str(x) for x in other.args[1:]]}
    zero = any(literal(a) == 0 for a in goal.args)
    for t in terms:
        data = {"term": str(t)}
        nodes = t.args[1:]
        if zero or goal.op == Op.NE:
            for j, x in enumerate(nodes):
                if sequent.signs.is_positive(x):
                    yield {**data, "bound": "positive", "node": j}
                    break
        for j, x in enumerate(nodes):
            if literal(x) == 1:
                yield {**data, "bound": "geometric", "node": j}
                break
        yield {**data, "bound": "small"}
        yield from ({**data, "bound": "member", "node": nodes.index(x)} for x in dict.fromkeys(nodes))


def _between(terms: list[Node]) -> Iterator[dict[str, Any]]:
    """Bounds by the least and the largest node; which that is must be shown."""
    for t in terms:
        nodes = t.args[1:]
        for name in ("above", "below"):
            yield from ({"term": str(t), "bound": name, "node": nodes.index(x)} for x in dict.fromkeys(nodes))


__all__ = ["attempt"]
