"""Named inequalities (rule ``lemma``) with what they need, then ``loglinear``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import permutations
from typing import Any

from normbound.claims.checker.logforms import ONE, Forms, add, constant, flatten, scale, to_node
from normbound.claims.checker.rules_logic import upward
from normbound.claims.checker.rules_powers import lemma, squared
from normbound.claims.checker.sequent import Sequent
from normbound.claims.prove import expoly, products
from normbound.claims.prove.loglinear import REFUSED
from normbound.claims.syntax import COMPARISONS, Node, Op, literal, postorder

Certificate = dict[str, Any]
MAX_TRIED = 16


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A complete certificate that uses one or two lemmas, or None."""
    goal = sequent.goal
    if goal.op not in COMPARISONS or goal.op == Op.NE:
        return None
    found = _with_lemmas(sequent, budget, 1)
    if found is not None:
        return found
    if goal.op in (Op.LE, Op.LT, Op.GE, Op.GT) and any(n.op in (Op.SQRT, Op.ABS) for n in postorder(goal)):
        try:
            wanted = squared(sequent, {})
        except REFUSED:
            return None
        closed = [expoly.leaf(p, budget) or _with_lemmas(p, budget, 1) for p in wanted]
        if all(closed):
            return {"rule": "squared", "data": {}, "premises": closed}
    return _with_lemmas(sequent, budget, 2)


def one_lemma(sequent: Sequent, budget: Any) -> Certificate | None:
    """A complete certificate that uses one lemma, or None."""
    return _with_lemmas(sequent, budget, 1) if sequent.goal.op in COMPARISONS and sequent.goal.op != Op.NE else None


def _with_lemmas(sequent: Sequent, budget: Any, depth: int) -> Certificate | None:
    tried = 0
    direct = any(n.op in (Op.SQRT, Op.DD, Op.LOG) for n in postorder(sequent.goal))  # fractions, for which ``products`` is better
    for data in _lemmas(sequent):
        tried += 1
        if tried > MAX_TRIED or time.monotonic() > budget.deadline:
            return None
        try:
            *conditions, last = lemma(sequent, data)
        except REFUSED:
            continue
        if any(flatten(last.given[-1])[0] == h for h in sequent.given):
            continue
        closed = [expoly.leaf(c, budget) for c in conditions]
        if any(c is None for c in closed):
            continue
        found = (products.quick(last, budget) if direct else None) or expoly.leaf(last, budget)
        if found is None and depth > 1:
            found = _with_lemmas(last, budget, depth - 1)
        if found is not None:
            return {"rule": "lemma", "data": data, "premises": [*closed, found]}
    return None


def _lemmas(sequent: Sequent) -> Iterator[dict[str, Any]]:
    """Lemmas that speak of parts of the goal."""
    goal = sequent.goal
    forms = Forms(sequent)
    nodes = list(postorder(goal))
    inner = {id(d) for n in nodes if n.op in (Op.SUM, Op.PROD) for d in postorder(n.args[2])}
    outer = [n for n in nodes if id(n) not in inner]
    sums = [n for n in outer if n.op == Op.SUM]
    for n in outer:
        if n.op == Op.DD and len(n.args) == 3:
            turned = Node(Op.DD, (n.args[0], n.args[2], n.args[1]))
            pair = (n, turned) if n.args[1] != n.args[2] else (n,)
            above = [{"name": "dd_small", "args": [str(n)]}, *({"name": "dd_above", "args": [str(d)]} for d in pair)]
            below = [*({"name": "dd_member", "args": [str(n), str(x)]} for x in sorted(set(n.args[1:]), key=_rank)),
                     *({"name": "dd_below", "args": [str(d)]} for d in pair)]
            if goal.op in (Op.LE, Op.LT, Op.GE, Op.GT) and not any(x == n for x in postorder(upward(goal).args[0])):
                yield from (*below, *above)  # on the larger side only
            else:
                yield from (*above, *below)
    yield from _of_powers(sequent, outer)
    for s in sums:
        yield {"name": "powersum", "args": [str(s)]}
        if s.args[2].op == Op.POW:
            yield {"name": "geometric", "args": [str(s)]}
        body = s.args[2]
        if body.op == Op.MUL:
            a, b = (Node(Op.SUM, (*s.args[:2], x), s.value) for x in body.args)
            yield {"name": "cauchy", "args": [str(a), str(b)]}
        one = Node(Op.SUM, (*s.args[:2], ONE), s.value)
        yield {"name": "cauchy", "args": [str(s), str(one)]}
        yield {"name": "triangle", "args": [str(s)]}
        for e in sorted({str(n.args[0]) for n in outer if n.op == Op.ELT}):
            yield {"name": "member", "args": [str(s), e]}
    for p in (n for n in outer if n.op == Op.PROD):
        yield {"name": "means", "args": [str(Node(Op.SUM, p.args, p.value))]}
    for n in outer:
        try:
            if n.op == Op.EXP:
                yield {"name": "exp", "args": [str(n.args[0])]}
                yield {"name": "exp", "args": [str(to_node(scale(forms.plain(n.args[0]), -1)))]}
            elif n.op == Op.LOG:
                yield {"name": "log", "args": [str(n.args[0])]}
            elif n.op == Op.POW and n.args[0].op in (Op.ADD, Op.SUB):
                t = add(forms.plain(n.args[0]), constant(1), -1)
                yield {"name": "bernoulli", "args": [str(to_node(t)), str(n.args[1])]}
        except REFUSED:
            continue
    logs = [n.args[0] for n in dict.fromkeys(n for n in postorder(goal, *sequent.given) if n.op == Op.LOG and id(n) not in inner)]
    if len(logs) <= 3 and any(n.op == Op.SUM for n in outer):  # log(K + 1) - log(K), as sums of 1/i have it
        for u, v in permutations(logs, 2):
            yield {"name": "log", "args": [str(Node(Op.DIV, (u, v)))]}
    variables = [n for n in dict.fromkeys(n for n in outer if n.op in ("var", Op.ELT)) if sequent.signs.is_nonnegative(n)]
    if 2 <= len(variables) <= 5:
        yield {"name": "amgm", "args": [str(v) for v in variables]}


def _rank(node: Node) -> tuple[bool, str]:
    """Numbers first."""
    return literal(node) is None, str(node)


def _of_powers(sequent: Sequent, nodes: list[Node]) -> Iterator[dict[str, Any]]:
    """Symbolic powers beside 1 and beside each other, where a hypothesis compares the bases."""
    bases = {n.args[0] for n in nodes if n.op == Op.POW and literal(n.args[1]) is None}
    forms = Forms(sequent)
    try:
        exponents = dict.fromkeys(to_node(forms.plain(n.args[1])) for n in nodes if n.op == Op.POW and n.args[0] in bases)
    except REFUSED:
        return
    inside = {n.args[0] for n in nodes if n.op == Op.EXP}
    for h in sequent.given:
        if h.op not in (Op.LE, Op.LT, Op.GE, Op.GT):
            continue
        low, high = h.args if h.op in (Op.LE, Op.LT) else h.args[::-1]
        if low in inside and high in inside:
            yield {"name": "exp_ordered", "args": [str(low), str(high)]}
        for n in exponents:
            if low in bases and literal(high) == 1:
                yield {"name": "small", "args": [str(low), str(n)]}
            elif high in bases and literal(low) == 1:
                yield {"name": "large", "args": [str(high), str(n)]}
            elif low in bases and high in bases:
                yield {"name": "ordered", "args": [str(low), str(high), str(n)]}


__all__ = ["attempt", "one_lemma"]
