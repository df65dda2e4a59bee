"""One term of a sum of terms >= 0 in the place of the sum: a <= s + t + ... from a <= t (rules ``cut`` and ``products``).

A term that is seen to be smaller than a somewhere is not tried.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from normbound.claims.budget import Budget
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_logic import upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import PLUS
from normbound.claims.errors import ClaimError
from normbound.claims.prove.logic import Certificate, closed, opened
from normbound.claims.refute import search
from normbound.claims.syntax import Node, Op

MAX_PARTS = 8
LOOK = 0.04  # seconds for a point at which a term is too small


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """The first of ``attempts``."""
    return next(iter(attempts(sequent, budget)), None)


def attempts(sequent: Sequent, budget: Any) -> list[Certificate]:
    """A cut for each term that may do, its proof left open."""
    goal = upward(sequent.goal)
    found: list[Certificate] = []
    if goal.op not in (Op.LE, Op.LT) or goal.args[1].op != Op.ADD:
        return found
    parts = _summands(goal.args[1])
    if len(parts) > MAX_PARTS or not all(sequent.signs.is_nonnegative(p) for p in parts) or sequent.signs.sign(goal.args[0]) & PLUS == 0:
        return found
    look = Budget(budget.deadline)
    for k, part in enumerate(parts):
        lemma = Node(goal.op, (goal.args[0], part))
        if lemma in sequent.given or look.over or search(sequent.aim(lemma), look.share(LOOK), quick=True).witness is not None:
            continue
        others = [p for j, p in enumerate(parts) if j != k]
        facts = [{"hypothesis": len(sequent.given)}, *({"sign": str(p)} for p in others)]
        last = {"facts": facts, "terms": [["1", [[j, 1]]] for j in range(len(facts))]}
        try:
            found.append(opened(sequent, "cut", {"lemma": str(lemma)}, partial(_close, sequent, last)))
        except (Rejected, ClaimError):
            continue
    return found


def _summands(root: Node) -> list[Node]:
    """The parts of nested sums, from left to right."""
    found: list[Node] = []
    stack = [root]
    while stack:
        n = stack.pop()
        if n.op == Op.ADD:
            stack.extend(reversed(n.args))
        else:
            found.append(n)
    return found


def _close(before: Sequent, last: dict[str, Any], premise: Sequent) -> Certificate | None:
    """The proof of the goal from the cut, and what is evident."""
    if premise.goal == before.goal and len(premise.given) == len(before.given) + 1:
        return opened(premise, "products", last)
    return closed(premise)


__all__ = ["attempt", "attempts"]
