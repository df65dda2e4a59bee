"""What a counterexample is: a point in exact numbers, and the exact test that makes it one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from normbound.claims.checker.sequent import Sequent
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import Point, Resolver, misfit, truth, value
from normbound.claims.sorts import Sort
from normbound.claims.syntax import COMPARISONS, Node, Op, conjunction, free_names
from normbound.terms.evaluate import precision

MAX_FILLED = 100_000  # members of a family that no statement mentions


@dataclass(frozen=True, slots=True)
class Witness:
    """A counterexample, in exact numbers.

    point    the value of every variable: int or Fraction, families as tuples
    sequent  what is false there: the sequent, or what a part of its goal comes down to
    note     how it came down to that, empty where nothing was changed
    about    further variables that matter, of a network say
    """

    point: Mapping[str, Any]
    sequent: Sequent
    note: str = ""
    about: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = {*free_names(conjunction((*self.sequent.given, self.sequent.goal))), *self.about}
        place = ", ".join(f"{n} = {shown(v)}" for n, v in self.point.items() if n in names) or "every point"
        values = ""
        failed = failing(self.sequent.goal, self.point)
        if failed is not None:
            left, right = sides(failed, self.point)
            values = f", where the left side is {left} and the right side is {right}"
        note = f" ({self.note})" if self.note else ""
        return f"{place}: {said(failed or self.sequent.goal)} is false{values}{note}"

    def to_data(self) -> dict[str, Any]:
        """JSON values: numbers as "p/q", families as lists of these, and the sequent that is false there."""
        from normbound.claims.checker.sequent import to_json
        point = {n: [str(x) for x in v] if isinstance(v, (tuple, list)) else str(v) for n, v in self.point.items()}
        return {"point": point, "sequent": to_json(self.sequent), "note": self.note}


@dataclass(slots=True)
class Found:
    """What a search came to.

    witness   a counterexample, or None
    margin    the smallest margin (b - a)/(|a| + |b|) of the goal seen where the hypotheses hold, None without such a point;
              computed in floating point
    nearest   the point of that margin
    points    how many points were looked at
    notes     what was not looked at, and why
    """

    witness: Witness | None = None
    margin: float | None = None
    nearest: Mapping[str, Any] = field(default_factory=dict)
    points: int = 0
    notes: list[str] = field(default_factory=list)


def verify(sequent: Sequent, point: Point, resolver: Resolver | None = None) -> bool:
    """Whether ``point`` is certainly a counterexample: it fits the sorts, every hypothesis is true and the goal is
    false, so all of them are defined there."""
    try:
        if misfit(point, sequent.sorts):
            return False
        if any(truth(g, point, resolver) is not True for g in sequent.given):
            return False
        return truth(sequent.goal, point, resolver) is False
    except ClaimError:
        return False


def failing(goal: Node, point: Point) -> Node | None:
    """A comparison that is false at the point and makes the goal false, if the goal consists of comparisons."""
    while goal.op in (Op.AND, Op.IMPLIES):
        if goal.op == Op.IMPLIES:
            goal = goal.args[1]
            continue
        bad = [p for p in goal.args if truth(p, point) is False]
        if not bad:
            return None
        goal = bad[0]
    return goal if goal.op in COMPARISONS and truth(goal, point) is False else None


def completed(point: dict[str, Any], sorts: Mapping[str, Sort]) -> bool:
    """Give the variables that no statement mentions the value 1, families the right length; False where they are too long."""
    for name, sort in sorts.items():
        if name not in point and sort.length is None:
            point[name] = 1
    for name, sort in sorts.items():
        if name not in point and sort.length is not None:
            length = value(sort.length, point)
            if not isinstance(length, Fraction) or not 0 <= length <= MAX_FILLED:
                return False
            point[name] = (1,) * int(length)
    return True


def shown(v: Any) -> str:
    if isinstance(v, (tuple, list)):
        texts = [cut(str(x), 30) for x in v[:6]]
        return f"({', '.join(texts)}{', ...' if len(v) > 6 else ''})"
    return cut(str(v), 60)


def sides(comparison: Node, point: Point) -> tuple[str, str]:
    """The values of both sides, with as many digits as show that they differ."""
    left = right = ""
    for n in (8, 16, 24, 32, 60, 200):
        left, right = (digits(value(side, point, bits=40 + 4 * n), n) for side in comparison.args)
        if left != right:
            break
    return left, right


def digits(x: Any, n: int = 8) -> str:
    """A number with ``n`` digits; short fractions as they are."""
    if isinstance(x, Fraction):
        if max(x.numerator.bit_length(), x.denominator.bit_length()) < 100:
            text = str(x)
            if len(text) <= 20:
                return text
        from flint import arb, fmpq
        with precision(4 * n + 40):
            x = arb(fmpq(x.numerator, x.denominator))
    return x.str(n, radius=False) if hasattr(x, "str") else str(x)


def said(statement: Node) -> str:
    """The statement, or what stands for one that shared parts of bounds make too long."""
    try:
        return cut(str(statement))
    except ClaimError:
        return "the statement, with the bounds written out,"


def cut(text: str, most: int = 200) -> str:
    return text if len(text) <= most else text[:most] + "..."


__all__ = ["Found", "Witness", "completed", "cut", "digits", "failing", "said", "shown", "sides", "verify"]
