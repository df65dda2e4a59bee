"""Counterexamples. Floating point looks for them, exact arithmetic decides.

``search`` takes a goal apart (``reductions``) and hunts for a point at which a part fails (``hunt``). What looks false goes to
``verify``: sorts, hypotheses true, goal false, everything defined, each certain (``evaluate.truth``). Nothing else becomes a
``Witness``.
"""

from __future__ import annotations

from fractions import Fraction
from time import monotonic
from typing import Any

from normbound.claims.checker.sequent import Sequent
from normbound.claims.evaluate import Resolver, resolved
from normbound.claims.hunt import Hunt
from normbound.claims.reductions import first_difference, reductions
from normbound.claims.syntax import Op, free_names, postorder
from normbound.claims.witness import Found, Witness, completed, verify

SECONDS = 0.4  # without a budget
SIMPLE_POINTS = 40
_HALF = Fraction(1, 2)
SIMPLE: dict[str, tuple[int | Fraction, ...]] = {
    "positive": (1, 2, _HALF), "nonnegative": (0, 1, 2, _HALF), "natural": (0, 1, 2), "real": (0, 1, 2, -1), "integer": (0, 1, -1, 2)}


def refute(sequent: Sequent, budget: Any = None, resolver: Resolver | None = None) -> Witness | None:
    """A counterexample to the sequent, or None. ``budget`` has a ``deadline`` in the time of ``time.monotonic``."""
    return search(sequent, budget, resolver).witness


def search(sequent: Sequent, budget: Any = None, resolver: Resolver | None = None, quick: bool = False) -> Found:
    """Look for a counterexample; ``quick`` leaves out the walk downhill and long ladders."""
    deadline = min(getattr(budget, "deadline", float("inf")), monotonic() + (SECONDS / 4 if quick else SECONDS))
    if resolver is not None:
        sequent = Sequent(sequent.sorts, tuple(resolved(g, resolver) for g in sequent.given), resolved(sequent.goal, resolver))
    found = Found()
    tasks = list(reductions(sequent, found.notes))
    import numpy as np
    begun = monotonic()
    with np.errstate(all="ignore"):
        for k, (task, note) in enumerate(tasks):
            share = begun + (deadline - begun) * (k + 1) / len(tasks)
            if not any(n.op in (Op.LIMIT, Op.RATE) for n in postorder(task.goal)) and (not quick or not free_names(task.goal)):
                found.witness = _simple(task, note, found, begun + (share - begun) / 4, resolver)
                if found.witness is not None:
                    break
            Hunt(task, note, found, share, resolver, quick).run()
            if found.witness is not None:
                break
    if found.witness is not None:
        found.witness = _folded(sequent, found.witness, resolver)
    return found


def _folded(sequent: Sequent, witness: Witness, resolver: Resolver | None) -> Witness:
    """The witness against a recurrence itself, not against its iterates written out, which may be longer than any text."""
    for task, _ in reductions(sequent, [], unroll=False):
        if task.goal.op == Op.RECURRENCE and verify(task, witness.point, resolver):
            return Witness(witness.point, task, first_difference(task.goal, witness.point) or witness.note, witness.about)
    return witness


def _simple(task: Sequent, note: str, found: Found, deadline: float, resolver: Resolver | None) -> Witness | None:
    """A counterexample among a few points of simple numbers, in exact arithmetic only: what floating point is too coarse for."""
    from random import Random
    draw = Random(0)
    single = [n for n, s in task.sorts.items() if s.length is None]
    for k in range(SIMPLE_POINTS if free_names(task.goal) else 1):
        if monotonic() > deadline and k:
            break
        point: dict[str, Any] = {n: draw.choice(SIMPLE[task.sorts[n].kind]) if k else 1 for n in single}
        if not completed(point, task.sorts):
            continue
        found.points += 1
        if verify(task, point, resolver):
            return Witness(point, task, note)
    return None


__all__ = ["Found", "Witness", "refute", "search", "verify"]
