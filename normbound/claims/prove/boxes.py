"""Comparisons on bounded boxes by branch and bound: certificates of the rule ``boxes``."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

from normbound.claims.checker.enclosure import NotEnclosed
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_boxes import Bounder, Box, bounds
from normbound.claims.checker.rules_logic import compared
from normbound.claims.checker.sequent import Sequent
from normbound.claims.syntax import COMPARISONS, Op, free_names

Certificate = dict[str, Any]
MAX_VARIABLES = 3
CELLS = 3_000
DEPTH = 48
BITS = (80, 200, 400)
REFUSED = (Rejected, NotEnclosed, ArithmeticError)


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A certificate for a comparison whose variables all have rational bounds, or None."""
    return search(sequent, budget.deadline)


def search(sequent: Sequent, deadline: float, cells: int = CELLS, depth: int = DEPTH) -> Certificate | None:
    """The same, with at most ``cells`` boxes and ``depth`` cuts in a row. Stops at the first box at whose centre the goal
    fails."""
    goal = sequent.goal
    if goal.op not in COMPARISONS:
        return None
    if goal.op == Op.EQ:
        return None
    names = tuple(sorted(free_names(goal)))
    if len(names) > MAX_VARIABLES or any(x not in sequent.sorts or sequent.sorts[x].is_family for x in names):
        return None
    try:
        op, a, b = compared(goal)
        domain: Box = {}
        for x in names:
            low, high = bounds(sequent, x)
            if low is None or high is None or low > high:
                return None
            domain[x] = low, high
        bounder = Bounder(a, b, names)
        balls = bounder.program("direct").balls
    except REFUSED:
        return None
    for bits in BITS:
        tree = _tree(bounder, domain, op == Op.LE, bits, deadline, cells, depth)
        if tree is not None:
            return {"rule": "boxes", "data": {"bits": bits, "variables": list(names), "tree": tree, "balls": balls}, "premises": []}
        if len(names) and bits == BITS[0]:
            return None
    return None


def _tree(bounder: Bounder, domain: Box, zero: bool, bits: int, deadline: float, cells: int,
          deepest: int) -> list[Any] | None:
    tree: list[Any] = []
    stack: list[tuple[Box, int]] = [(domain, 0)]
    names = bounder.variables
    ways = [w for w in ("direct", "corner", "second" if len(names) == 1 else "mean") if names or w == "direct"]
    while stack:
        box, depth = stack.pop()
        cells -= 1
        if cells < 0 or depth > deepest or time.monotonic() > deadline:
            return None
        way = _way(bounder, box, ways, zero, bits)
        if way is not None:
            tree.append(way)
            continue
        if not names or _fails(bounder, box, bits):
            return None
        k = max(range(len(names)), key=lambda j: box[names[j]][1] - box[names[j]][0])
        low, high = box[names[k]]
        if low == high:
            return None
        at = _short((low + high) / 2, (high - low) / 4)
        tree.append([k, str(at)])
        stack += [({**box, names[k]: (at, high)}, depth + 1), ({**box, names[k]: (low, at)}, depth + 1)]
    return tree


def _way(bounder: Bounder, box: Box, ways: list[str], zero: bool, bits: int) -> str | None:
    """The first way that bounds the difference below on the box."""
    for way in ways:
        try:
            least = bounder.lower(box, way, bits)
        except REFUSED:
            continue
        if least > 0 or (zero and least == 0):
            return way
    return None


def _fails(bounder: Bounder, box: Box, bits: int) -> bool:
    """Whether the goal is false at the centre."""
    centre = {x: ((low + high) / 2, (low + high) / 2) for x, (low, high) in box.items()}
    try:
        return bounder.program("direct").run(centre, bits)[0][1] < 0
    except REFUSED:
        return False


def _short(q: Fraction, slack: Fraction) -> Fraction:
    """A number with a short expansion near q."""
    step = Fraction(1)
    while step > slack:
        step /= 2
    while step * 2 <= slack:
        step *= 2
    return Fraction(round(q / step)) * step


__all__ = ["attempt", "search"]
