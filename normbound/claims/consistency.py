"""Whether the hypotheses of a claim can hold at all.

From hypotheses that no point meets everything follows, so a claim is looked at only after a point was found. Where none is
found the claim is vacuous only if a certificate of ``absurd(sequent)`` says so; otherwise the verdict carries a note.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.sequent import Sequent
from normbound.claims.evaluate import Point, Resolver, misfit, truth
from normbound.claims.refute import refute
from normbound.claims.syntax import Node, Op, number

NEVER = Node(Op.GE, (number(0), number(1)))
UNKNOWN = "no point was found that meets the hypotheses, and no proof that there is none"


def absurd(sequent: Sequent) -> Sequent:
    """The hypotheses with a goal that is false everywhere: its certificate says that no point meets them."""
    return sequent.aim(NEVER)


def point_of(sequent: Sequent, budget: Any = None, resolver: Resolver | None = None) -> Mapping[str, Any] | None:
    """A point in exact numbers that fits the sorts and at which every hypothesis is certainly true; None where none was found.

    ``budget`` has a ``deadline`` in the time of ``time.monotonic``.
    """
    witness = refute(absurd(sequent), budget, resolver)
    return None if witness is None else witness.point


def meets(sequent: Sequent, point: Point, resolver: Resolver | None = None) -> bool:
    """Whether ``point`` fits the sorts and every hypothesis is certainly true there."""
    return not misfit(point, sequent.sorts) and all(truth(g, point, resolver) is True for g in sequent.given)


__all__ = ["NEVER", "UNKNOWN", "absurd", "meets", "point_of"]
