"""Limits and rates with simple numbers in the place of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice, product
from random import Random

from normbound.claims.checker.sequent import Sequent
from normbound.claims.evaluate import misfit, truth
from normbound.claims.syntax import Node, free_names, number, substitute

NUMBERS = {"positive": ("1", "1/2", "2", "3"), "nonnegative": ("1", "1/2", "2", "0"), "natural": ("1", "2", "3"),
           "real": ("1", "1/2", "2", "-1", "0"), "integer": ("1", "2", "-1")}
MAX_POINTS = 4_000
MAX_FOUND = 60


def specialized(sequent: Sequent) -> Iterator[tuple[Sequent, Mapping[str, int | Fraction]]]:
    """Instances of a goal limit(e, K) == v or rate(e, K) == v that the sequent implies, each with the values of its parameters.

    Only sequents without families, whose hypotheses do not speak of K; parameters that occur nowhere get the value 1.
    """
    varying = sequent.goal.value
    if any(s.length is not None for s in sequent.sorts.values()) or any(varying in free_names(g) for g in sequent.given):
        return
    used = {n for s in (*sequent.given, *sequent.goal.args) for n in free_names(s)} - {varying}
    others = [n for n in sequent.sorts if n != varying]
    choices = [NUMBERS[sequent.sorts[n].kind] if n in used else ("1",) for n in others]
    found = 0
    points = list(islice(product(*choices), MAX_POINTS))
    Random(0).shuffle(points)
    for values in points:
        if found >= MAX_FOUND:
            return
        point = {n: Fraction(v) for n, v in zip(others, values, strict=True)}
        if misfit(point, {n: sequent.sorts[n] for n in others}) or any(truth(g, point) is not True for g in sequent.given):
            continue
        found += 1
        change = {n: number(q) for n, q in point.items()}
        e, v = (substitute(a, change) for a in sequent.goal.args)
        goal = Node(sequent.goal.op, (e, v), varying)
        yield Sequent({varying: sequent.sorts[varying]}, (), goal), point


__all__ = ["specialized"]
