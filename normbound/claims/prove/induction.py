"""Induction over natural variables, recurrences, monotonicity in a natural variable."""

from __future__ import annotations

import time
from typing import Any

from normbound.claims.checker.rules_induction import MAX_START, induction, recurrence, steps, two_points
from normbound.claims.checker.rules_logic import apply
from normbound.claims.checker.sequent import Sequent
from normbound.claims.prove import OPEN, expoly, identities, powers
from normbound.claims.prove.loglinear import REFUSED
from normbound.claims.syntax import COMPARISONS, Node, Op, free_names, literal, postorder, variable

Certificate = dict[str, Any]
MORE = 6  # starts that are tried above the least one


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A node of ``induction``, ``recurrence`` or ``steps``; a premise that is not closed here is left open."""
    goal = sequent.goal
    try:
        if goal.op == Op.RECURRENCE:
            return _recurrence(sequent, budget)
        if goal.op in (Op.INCREASING, Op.DECREASING):
            return _monotone(sequent, budget)
        if goal.op in COMPARISONS and goal.op != Op.NE:
            return _induction(sequent, budget)
    except REFUSED:
        return None
    return None


def _monotone(sequent: Sequent, budget: Any) -> Certificate | None:
    """By steps for a natural variable, else between two points; what cannot be closed is left open."""
    goal = sequent.goal
    sort = sequent.sorts.get(goal.value)
    if sort is None:
        return None
    earlier = list(expoly.terms(goal.args[0]))
    open_node: Certificate | None = None
    for name, rule in (("steps", steps), ("two_points", two_points)):
        if name == "steps" and (sort.kind != "natural" or sort.is_family):
            continue
        try:
            closed = [expoly.close(p, budget, earlier) for p in rule(sequent, {})]
        except REFUSED:
            continue
        node = {"rule": name, "data": {}, "premises": closed}
        if expoly.complete(node):
            return node
        open_node = open_node or node
    return open_node


def _recurrence(sequent: Sequent, budget: Any) -> Certificate:
    wanted = recurrence(sequent, {})
    premises = []
    for p in wanted:
        earlier = [t for t in expoly.terms(p.goal.args[1]) if p.goal.op in COMPARISONS]
        premises.append(identities.attempt(p, budget) or expoly.close(p, budget, earlier))
    return {"rule": "recurrence", "data": {}, "premises": premises}


def candidates(sequent: Sequent) -> list[str]:
    """Natural variables on which ends of sums and products, depths, exponents or indices depend."""
    score: dict[str, int] = {}
    for n in postorder(sequent.goal):
        places = {Op.SUM: n.args[:2], Op.PROD: n.args[:2], Op.DD: n.args[:1], Op.POW: n.args[1:], Op.ELT: n.args}.get(n.op, ())
        for name in {x for place in places for x in free_names(place)}:
            score[name] = score.get(name, 0) + (1 if n.op in (Op.POW, Op.ELT) else 5)
    natural = [n for n in score if n in sequent.sorts and sequent.sorts[n].kind == "natural" and not sequent.sorts[n].is_family]
    return sorted(natural, key=lambda n: (-score[n], n))[:3]


def least(sequent: Sequent, name: str) -> int:
    """The literal lower bound that hypotheses give the variable."""
    k, found = variable(name), 0
    for h in sequent.given:
        if h.op in (Op.LE, Op.LT, Op.GE, Op.GT):
            low, high = h.args if h.op in (Op.LE, Op.LT) else h.args[::-1]
            q = literal(low)
            if high == k and q is not None and q >= 0:
                found = max(found, int(q) + (1 if h.op in (Op.LT, Op.GT) or q.denominator != 1 else 0))
    return min(found, MAX_START)


def _induction(sequent: Sequent, budget: Any) -> Certificate | None:
    names = candidates(sequent)
    for name in names:
        start = least(sequent, name)
        for n0 in range(start, min(start + MORE, MAX_START) + 1):
            if time.monotonic() > budget.deadline:
                return None
            data = {"variable": name, "from": n0}
            try:
                wanted = induction(sequent, data)
            except REFUSED:
                break
            bases, step, defined = wanted[:n0 + 1], wanted[n0 + 1], wanted[n0 + 2:]
            closed_step = _step(step, sequent.goal, budget)
            if closed_step is None and n0 == start:
                closed_step = _step(step, sequent.goal, budget, powers.one_lemma)
            if closed_step is None:
                continue
            closed = [expoly.close(b, budget) for b in bases]
            return {"rule": "induction", "data": data, "premises": [*closed, closed_step, *(expoly.leaf(d, budget) for d in defined)]}
    for name in names:  # the step is left to others
        if any(n.op in (Op.SUM, Op.PROD, Op.DD) for n in postorder(sequent.goal)):
            data = {"variable": name, "from": least(sequent, name)}
            try:
                wanted = induction(sequent, data)
            except REFUSED:
                continue
            closed = [expoly.close(w, budget) for w in wanted]
            return {"rule": "induction", "data": data, "premises": [OPEN if c is None else c for c in closed]}
    return None


def _step(step: Sequent, goal: Node, budget: Any, final: Any = expoly.leaf) -> Certificate | None:
    """The step: the induction hypothesis set free, terms at K+1 brought back to K."""
    chain: list[Certificate] = []
    current = step
    for _ in range(6):
        if current.given[-1].op != Op.IMPLIES:
            break
        data = {"number": len(current.given) - 1}
        condition, current = apply(current, data)
        closed = expoly.leaf(condition, budget)
        if closed is None:
            return None
        chain.append({"rule": "apply", "data": data, "premises": [closed]})
    found = expoly.close(current, budget, list(expoly.terms(goal)), final)
    if found is None:
        return None
    for node in reversed(chain):
        node["premises"].append(found)
        found = node
    return found


__all__ = ["attempt", "candidates"]
