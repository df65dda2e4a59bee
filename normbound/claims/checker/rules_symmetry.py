"""Symmetry: the rule ``ordered``.

Rule ``ordered``: {"variables": ["a", "b", "c"]}, two or more variables of one sort that are in no length of a family. For each two
neighbours in the list: with the two exchanged, every hypothesis is a hypothesis again, and the goal is the same comparison, its sides'
difference with the same normal form. Premises: what shows that the goal with the two exchanged is defined, where it is written in
another way; then H, a <= b, b <= c |- goal. For let a point meet H. Exchanges of neighbours lead to one at which the values are
in order; along the way the hypotheses stay true, the goal stays defined, and its truth does not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from normbound.claims.checker.obligations import needs
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_logic import compared
from normbound.claims.checker.sequent import Sequent, entry, listing, mentions, string
from normbound.claims.syntax import Node, Op, bound_name, postorder, rebuild, variable

MAX_VARIABLES = 8
_WHOLE = (Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE, Op.RECURRENCE)  # true or false of more than the point


def exchanged(root: Node, a: str, b: str) -> Node:
    """The root with two variables exchanged. Rejected where one of the names is bound inside."""
    for n in postorder(root):
        if n.op in _WHOLE or any(bound_name(n, k) in (a, b) for k in range(len(n.args))):
            reject(f"found {str(n)[:60]}; accepted: statements about points, in which {a} and {b} are not bound")
    other = {a: variable(b), b: variable(a)}
    return rebuild(root, lambda n, args: other.get(n.value) if n.op == Op.VAR else None)


def named(sequent: Sequent, data: Mapping[str, Any]) -> list[str]:
    """The variables that the data names."""
    names = [string(x) for x in listing(entry(data, "variables"), MAX_VARIABLES)]
    if len(names) < 2 or len(set(names)) != len(names):
        reject(f"found the variables {', '.join(names)[:60]}; accepted: 2 to {MAX_VARIABLES} different ones")
    for x in names:
        sort = sequent.sorts.get(x)
        if sort is None or sort.is_family:
            reject(f"found {x[:60]!r}; accepted: a variable that is no family")
    return names


@rule("ordered")
def ordered(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    names = named(sequent, data)
    if len({sequent.sorts[x].kind for x in names}) > 1:
        reject(f"{', '.join(names)} have different sorts")
    if any(mentions(s.length, x) for s in sequent.sorts.values() if s.length is not None for x in names):
        reject(f"{', '.join(names)[:60]}: one of them is in the length of a family")
    op, a, b = compared(sequent.goal)
    known = set(sequent.given)
    premises: list[Sequent] = []
    for x, y in pairwise(names):
        for h in sequent.given:
            if exchanged(h, x, y) not in known:
                reject(f"the hypothesis {str(h)[:60]} is none with {x} and {y} exchanged")
        goal = exchanged(sequent.goal, x, y)
        if goal != sequent.goal:
            _, c, d = compared(goal, op)
            algebra = sequent.algebra
            if not algebra.subtract(algebra.difference(b, a), algebra.difference(d, c)).is_zero:
                reject(f"the goal is another one with {x} and {y} exchanged")
            premises += needs(sequent, goal)
    order = [Node(Op.LE, (variable(x), variable(y))) for x, y in pairwise(names)]
    return [*premises, sequent.assume(*order)]


__all__ = ["exchanged", "ordered"]
