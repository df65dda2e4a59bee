"""Sums, products and divided differences taken apart (rule ``unfold``), then exact linear algebra (``loglinear``)."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import Any

from normbound.claims.checker.logforms import UNIT, Forms, add
from normbound.claims.checker.rules_expoly import unfold
from normbound.claims.checker.rules_logic import absurd
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import rational_value
from normbound.claims.prove import loglinear
from normbound.claims.prove.loglinear import REFUSED
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, literal, number, postorder

Certificate = dict[str, Any]
MAX_STEPS = 24
MAX_SHIFT = 4
MAX_LITERAL = 12


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """Unfold what has an evident other side, then ``loglinear``; None where nothing is to unfold or it does not suffice."""
    if sequent.goal.op not in COMPARISONS or not any(n.op in (Op.SUM, Op.PROD, Op.DD) or _nought(n) for n in postorder(sequent.goal)):
        return None
    return close(sequent, budget) or _simplified(sequent, budget)


def _simplified(sequent: Sequent, budget: Any) -> Certificate | None:
    """Divided differences and powers of 0 replaced by powers, what remains left open."""
    left: list[Sequent] = []

    def stop(sequent: Sequent, budget: Any) -> Certificate | None:
        left.append(sequent)
        return None

    def simpler(current: Sequent, budget: Any) -> Certificate:
        return {"rule": "weaken", "data": {"keep": list(range(len(current.given)))}, "premises": [None]}

    if not any(n.op == Op.DD or _nought(n) for n in postorder(sequent.goal)):
        return None
    close(sequent, budget, final=stop, lenient=True)
    if not left or any(n.op == Op.DD for n in postorder(left[0].goal)):
        return None
    return close(sequent, budget, final=simpler, lenient=True)


def _nought(node: Node) -> bool:
    return node.op == Op.POW and literal(node.args[0]) == 0 and literal(node.args[1]) is None


def leaf(sequent: Sequent, budget: Any) -> Certificate | None:
    """A sequent without structure: evident, absurd, by opening a quantifier, or by ``loglinear``; no premise is left open."""
    opened: list[Certificate] = []
    for _ in range(8):
        if sequent.goal.op not in (Op.IMPLIES, Op.FORALL):
            break
        from normbound.claims.checker.rules_logic import intro
        sequent = intro(sequent, {})[0]
        opened.append({"rule": "intro", "data": {}, "premises": []})
    found = _leaf(sequent, budget)
    if found is None:
        return None
    for node in reversed(opened):
        node["premises"] = [found]
        found = node
    return found


def _leaf(sequent: Sequent, budget: Any) -> Certificate | None:
    if sequent.goal.op not in COMPARISONS:
        return None
    if sequent.signs.holds(sequent.goal):
        return {"rule": "evident", "data": {}, "premises": []}
    for k, h in enumerate(sequent.given):
        if h.op in COMPARISONS and all(literal(a) is not None for a in h.args):
            try:
                absurd(sequent, {"number": k})
            except REFUSED:
                continue
            return {"rule": "absurd", "data": {"number": k}, "premises": []}
    if sequent.goal.op == Op.NE:
        return _unequal(sequent, budget)
    found = loglinear.attempt(sequent, budget)
    return found if found is not None and complete(found) else None


def _unequal(sequent: Sequent, budget: Any) -> Certificate | None:
    """a != b from a < b, from a > b, or from a hypothesis that says so in other words."""
    for op in ("lt", "gt"):
        found = loglinear.attempt(sequent.aim(Node(op, sequent.goal.args)), budget)
        if found is not None and complete(found):
            return {"rule": "stronger", "data": {"op": op}, "premises": [found]}
    forms = Forms(sequent)
    try:
        wanted = add(forms.plain(sequent.goal.args[0]), forms.plain(sequent.goal.args[1]), -1)
        for h in sequent.given:
            if h.op != Op.NE:
                continue
            gap = add(forms.plain(h.args[0]), forms.plain(h.args[1]), -1)
            if wanted not in (gap, {m: -c for m, c in gap.items()}):
                continue
            # were they equal, so would be the sides of the hypothesis
            number_of = sequent.given.index(h)
            equal = sequent.assume(Node(Op.EQ, sequent.goal.args)).aim(Node(Op.EQ, h.args))
            inner = loglinear.attempt(equal, budget)
            if inner is not None and complete(inner):
                return {"rule": "unequal", "data": {"number": number_of}, "premises": [inner]}
    except REFUSED:
        return None
    return None


def complete(certificate: Certificate | None) -> bool:
    """Whether no premise is open."""
    stack = [certificate]
    while stack:
        node = stack.pop()
        if node is None:
            return False
        stack.extend(node["premises"])
    return True


def close(sequent: Sequent, budget: Any, earlier: Collection[Node] = (), final: Any = leaf,
          lenient: bool = False) -> Certificate | None:
    """Unfold, then ``final``. ``earlier``: terms that hypotheses speak of; sums, products and divided differences that reach a
    little further are brought back to them. Tries each way to take a divided difference apart. ``lenient``: conditions may stay open."""
    for way in (-1, 0):
        chain: list[Certificate] = []
        current: Sequent | None = sequent
        for _ in range(MAX_STEPS):
            assert current is not None
            if time.monotonic() > budget.deadline:
                return None
            data = next(_moves(current, earlier, way), None)
            if data is None:
                break
            try:
                *conditions, following = unfold(current, data)
            except REFUSED:
                current = None
                break
            closed = [leaf(c, budget) for c in conditions]
            if not lenient and any(c is None for c in closed):
                current = None
                break
            chain.append({"rule": "unfold", "data": data, "premises": closed})
            current = following
        if current is None:
            continue
        found: Certificate | None = final(current, budget)
        if found is None and not chain:
            return None
        if found is not None:
            for node in reversed(chain):
                node["premises"].append(found)
                found = node
            return found
    return None


def terms(*statements: Node) -> Iterator[Node]:
    """The sums, products and divided differences that no index reaches into, outermost last."""
    seen: set[Node] = set()
    for s in statements:
        inner = {id(d) for n in postorder(s) if n.op in BINDERS for d in postorder(n.args[2])}
        for n in postorder(s):
            if n.op in (Op.SUM, Op.PROD, Op.DD) and n not in seen and id(n) not in inner:
                seen.add(n)
                yield n


def _moves(sequent: Sequent, earlier: Collection[Node], way: int) -> Iterator[dict[str, Any]]:
    """Equations that make the goal simpler, with their data."""
    forms = Forms(sequent)
    for n in postorder(sequent.goal):
        if _nought(n) and sequent.signs.holds(Node(Op.LE, (number(1), n.args[1]))):
            yield {"term": str(n), "equation": "nought"}
    for t in terms(sequent.goal, *sequent.given):
        data: dict[str, Any] = {"term": str(t)}
        if t.op == Op.DD:
            depth, count = rational_value(t.args[0]), len(t.args) - 1
            if count == 1:
                yield {**data, "equation": "single"}
            elif depth is not None and 0 <= depth <= count - 1:
                yield {**data, "equation": "short"}
            elif (depth is not None and depth <= MAX_LITERAL) or _further(forms, t.args[0], [e.args[0] for e in earlier if e.op == Op.DD]):
                yield {**data, "equation": "depth", "node": count - 1 if way else 0}
            elif count in (2, 3) and len(set(t.args[1:])) == 1 and sequent.signs.holds(Node(Op.LE, (number(count - 1), t.args[0]))):
                yield {**data, "equation": "equal"}
            elif (pair := _apart(sequent, t)) is not None and not earlier:
                yield {**data, "equation": "distinct", "nodes": list(pair)}
            elif count == 2 and not earlier and any(n.op == Op.SUM for n in postorder(sequent.goal)):
                yield {**data, "equation": "terms"}
        else:
            lo, hi = rational_value(t.args[0]), rational_value(t.args[1])
            if lo is not None and hi is not None and hi - lo < MAX_LITERAL:
                yield {**data, "equation": "listed"}
            elif _further(forms, t.args[1], [e.args[1] for e in earlier if e.op == t.op]):
                yield {**data, "equation": "last"}


def _further(forms: Forms, end: Node, ends: list[Node]) -> bool:
    """Whether ``end`` is a small positive number above one of ``ends``."""
    try:
        here = forms.plain(end)
        for e in ends:
            gap = add(here, forms.plain(e), -1)
            if set(gap) == {UNIT} and 0 < gap[UNIT] <= MAX_SHIFT and gap[UNIT].denominator == 1:
                return True
    except REFUSED:
        return False
    return False


def _apart(sequent: Sequent, term: Node) -> tuple[int, int] | None:
    """Two nodes that differ, evidently or by a hypothesis."""
    nodes = term.args[1:]
    for j in range(len(nodes)):
        for k in range(j + 1, len(nodes)):
            a, b = nodes[j], nodes[k]
            gap = Node(Op.NE, (Node(Op.SUB, (a, b)), number(Fraction(0))))
            if sequent.signs.holds(gap) or _below_one(sequent, a, b) or _below_one(sequent, b, a) or any(
                    h.op in (Op.NE, "lt", "gt") and set(h.args) == {a, b} for h in sequent.given):
                return j, k
    return None


def _below_one(sequent: Sequent, node: Node, one: Node) -> bool:
    """Whether the node is x or x^2 and a hypothesis says x < 1 or x > 1, x >= 0."""
    if literal(one) != 1:
        return False
    x = node.args[0] if node.op == Op.POW and literal(node.args[1]) == 2 else node
    return sequent.signs.is_nonnegative(x) and any(h.op in (Op.NE, "lt", "gt") and set(h.args) == {x, one} for h in sequent.given)


__all__ = ["attempt", "close", "complete", "leaf", "terms"]
