"""The sign of a denominator, where it is not evident, as a lemma (rule ``cut``) for other provers."""

from __future__ import annotations

from functools import partial
from typing import Any

from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import NOUGHT
from normbound.claims.errors import ClaimError
from normbound.claims.prove import products
from normbound.claims.prove.logic import Certificate, closed, opened
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, postorder

MAX_TRIED = 4


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """One cut with the goal left open; None where the sign of every denominator is evident or is not found."""
    if sequent.goal.op not in COMPARISONS or any(n.op in BINDERS for n in postorder(sequent.goal)):
        return None
    below = dict.fromkeys(n.args[1] for n in postorder(sequent.goal) if n.op == Op.DIV and n.args[1].op in (Op.ADD, Op.SUB))
    for d in list(below)[:MAX_TRIED]:
        signs = [Node(Op.GT, (d, NOUGHT)), Node(Op.LT, (d, NOUGHT))]
        if any(sequent.signs.holds(s) for s in signs):
            continue
        for s in signs:
            found = products.attempt(sequent.aim(s), budget)
            if found is None or None in found["premises"]:
                continue
            try:
                return opened(sequent, "cut", {"lemma": str(s)}, partial(_close, s, found))
            except (Rejected, ClaimError):
                continue
    return None


def _close(lemma: Node, proof: Certificate, sequent: Sequent) -> Certificate | None:
    return proof if sequent.goal == lemma else closed(sequent)


__all__ = ["attempt"]
