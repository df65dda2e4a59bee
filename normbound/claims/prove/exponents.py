"""Sums of exponentials: each two of them in the order of their arguments (lemma ``exp_ordered``), then ``products``.

exp(u) + exp(v) <= 2*exp(max(u, v)) is of this kind, and what is left of the logarithm of a sum of exponentials.
"""

from __future__ import annotations

import time
from typing import Any

from normbound.claims.checker import node
from normbound.claims.checker.registry import Rejected, rules
from normbound.claims.checker.rules_logic import upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import NOUGHT
from normbound.claims.errors import ClaimError
from normbound.claims.prove import products
from normbound.claims.prove.logic import Certificate, closed, every
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, postorder

MAX_ARGUMENTS = 6
MAX_PARTS = 120
SLICE = 0.05  # seconds for the order of two arguments
REFUSED = (Rejected, ClaimError)


class _Slice:
    def __init__(self, deadline: float, seconds: float, effort: int):
        self.deadline = min(deadline, time.monotonic() + seconds)
        self.effort = effort


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A complete certificate, or None where there are no two exponentials, no order among them, or it does not suffice."""
    goal = upward(sequent.goal)
    if goal.op not in (Op.LE, Op.LT):
        return None
    nodes = postorder(goal)
    if len(nodes) > MAX_PARTS or any(n.op in BINDERS for n in nodes):
        return None
    inside = list(dict.fromkeys(n.args[0] for n in nodes if n.op == Op.EXP))
    if not 2 <= len(inside) <= MAX_ARGUMENTS:
        return None
    found: list[tuple[dict[str, Any], list[Certificate]]] = []
    here = sequent
    for x in inside:
        for y in (*inside, NOUGHT):
            if x == y or time.monotonic() > budget.deadline:
                continue
            for low, high in ((x, y),) if y != NOUGHT else ((x, y), (y, x)):
                order = at_most(here.aim(Node(Op.LE, (low, high))), budget)
                data = {"name": "exp_ordered", "args": [str(low), str(high)]}
                if order is None:
                    continue
                try:
                    *conditions, last = rules()["lemma"](here, data)
                except REFUSED:
                    continue
                parts = every(order if c.goal.args == (low, high) and c.goal.op == Op.LE else closed(c) for c in conditions)
                if parts is None:
                    continue
                found.append((data, parts))
                here = last
    if not found:
        return None
    proof = products.attempt(here, _Slice(budget.deadline, 1.0, 5))
    if proof is None or not _complete(proof):
        return None
    for data, parts in reversed(found):
        proof = node("lemma", data, [*parts, proof])
    return proof


def at_most(sequent: Sequent, budget: Any) -> Certificate | None:
    """A proof of x <= y that is simple: evident, a hypothesis, a part of a maximum or a minimum, or a combination of hypotheses."""
    x, y = sequent.goal.args
    found = closed(sequent)
    if found is not None:
        return found
    for side, e, op in (("right", y, Op.MAX), ("left", x, Op.MIN)):
        if e.op == op:
            for k in range(len(e.args)):
                data = {"side": side, "choose": k}
                (inner,) = rules()["extremum"](sequent, data)
                found = closed(inner)
                if found is not None:
                    return node("extremum", data, [found])
    if not any(h.op in COMPARISONS for h in sequent.given):
        return None
    found = products.attempt(sequent, _Slice(budget.deadline, SLICE, 1))
    return found if found is not None and _complete(found) else None


def _complete(root: Certificate) -> bool:
    stack = [root]
    while stack:
        n = stack.pop()
        if n is None:
            return False
        stack.extend(n["premises"])
    return True


__all__ = ["at_most", "attempt"]
