"""Members of families replaced by what a hypothesis bounds them with (rule ``transitive``)."""

from __future__ import annotations

from typing import Any

from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_logic import upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.errors import ClaimError
from normbound.claims.prove.logic import Certificate, opened
from normbound.claims.syntax import COMPARISONS, Node, Op, free_names, postorder, rebuild

MAX_TRIED = 6


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """The first of ``attempts``."""
    return next(iter(attempts(sequent, budget)), None)


def attempts(sequent: Sequent, budget: Any) -> list[Certificate]:
    """a <= b <= c, where b is a with s[i] replaced by e, or c with e[i] by s, for a hypothesis forall(i, lo, hi, s[i] <= e), e free
    of i; both premises are left open."""
    goal = upward(sequent.goal)
    found: list[Certificate] = []
    if goal.op != Op.LE:
        return found
    for h in sequent.given:
        if h.op != Op.FORALL or h.args[2].op not in COMPARISONS:
            continue
        body = upward(h.args[2])
        if body.op not in (Op.LE, Op.LT):
            continue
        for side, (x, e) in ((0, body.args), (1, body.args[::-1])):
            if x.op != Op.ELT or x.args[0] != Node(Op.VAR, (), h.value) or h.value in free_names(e) or len(found) >= MAX_TRIED:
                continue
            if not any(n.op == Op.ELT and n.value == x.value for n in postorder(goal.args[side])):
                continue
            try:
                found.append(opened(sequent, "transitive", {"through": str(_replaced(goal.args[side], x.value, e))}))
            except (Rejected, ClaimError):
                continue
    return found


def _replaced(root: Node, family: str, new: Node) -> Node:
    return rebuild(root, lambda n, args: new if n.op == Op.ELT and n.value == family else None)


__all__ = ["attempt", "attempts"]
