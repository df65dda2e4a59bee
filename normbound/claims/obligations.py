"""Whether a claim says something everywhere: what has to be shown for that, and a point at which it says nothing.

What has to be shown is the checker's matter (``checker.obligations``): no division by zero, no root of a negative number, no
logarithm of a number that is not positive, no power without a value, under the guards of implications and earlier hypotheses.
Here they are named for provers, and broken by points: a point at which a hypothesis, or the goal under true hypotheses, has no
value makes the claim ill-defined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from types import SimpleNamespace
from typing import Any

from normbound.claims.checker.obligations import needs
from normbound.claims.checker.obligations import obligations as of_sequent
from normbound.claims.checker.sequent import Sequent
from normbound.claims.evaluate import Point, Undefined, misfit, truth
from normbound.claims.refute import refute
from normbound.claims.syntax import Node, free_names
from normbound.claims.witness import said

SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Gap:
    """A point at which a statement has no value although the hypotheses before it are true there.

    statement  the hypothesis or the goal; why: what has no value, and at which operation
    """

    point: Mapping[str, Any]
    statement: Node
    why: str

    def __str__(self) -> str:
        names = free_names(self.statement)
        shown = ", ".join(f"{n} = {v}" for n, v in self.point.items() if n in names) or "every point"
        return f"{said(self.statement)} has no value at {shown}: {self.why}"


def obligations(statement: Node, sequent: Sequent) -> list[Sequent]:
    """What shows that ``statement`` is defined wherever the hypotheses of ``sequent`` hold; evident parts are left out."""
    return needs(sequent, statement)


def gap(sequent: Sequent, budget: Any = None) -> Gap | None:
    """A point at which a hypothesis, or the goal under the hypotheses, has no value; None where none was found, which says
    nothing. ``budget`` has a ``deadline`` in the time of ``time.monotonic``."""
    wanted = of_sequent(sequent)
    end = min(getattr(budget, "deadline", float("inf")), monotonic() + SECONDS)
    for k, obligation in enumerate(wanted):
        now = monotonic()
        if now > end:
            return None
        witness = refute(obligation, SimpleNamespace(deadline=now + (end - now) / (len(wanted) - k)))
        if witness is not None:
            found = undefined_at(sequent, {n: witness.point[n] for n in sequent.sorts if n in witness.point})
            if found is not None:
                return found
    return None


def undefined_at(sequent: Sequent, point: Point) -> Gap | None:
    """The statement of the sequent that has no value at ``point``, where the statements before it are true."""
    if misfit(point, sequent.sorts):
        return None
    for statement in _parts(sequent):
        found = truth(statement, point)
        if isinstance(found, Undefined):
            return Gap(dict(point), statement, found.why)
        if found is not True:
            return None
    return None


def _parts(sequent: Sequent) -> Iterator[Node]:
    yield from sequent.given
    yield sequent.goal


__all__ = ["Gap", "gap", "obligations", "undefined_at"]
