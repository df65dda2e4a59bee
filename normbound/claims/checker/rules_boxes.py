"""Comparisons on bounded boxes: the rule ``boxes``.

    {"bits": 80, "variables": ["x", "y"], "tree": [...], "balls": false}
The domain is the box that the sorts and the hypotheses of the form x op rational give for the named variables, which must be all
variables of the goal. ``tree`` is the box cut into parts, in preorder: [k, "p/q"] cuts the current box at p/q in the variable number
k, and its two parts follow, the lower one first; a leaf is the name of the way in which f = b - a (goal: a <= b) is bounded below on it:

    "direct"    by its enclosure on the box
    "mean"      f(c) + sum of f_k(box) (box_k - c_k), c the centre, f_k the partial derivatives
    "corner"    each f_k has one sign on the box, so the least value is at a corner
    "second"    one variable: f(c) + f'(c) (x - c) + f''(box) (x - c)^2/2

So the parts cover the box by construction, and each one is verified in exact integer arithmetic with outward rounding
(``enclosure``). "balls" is true where a constant of normbound occurs: its enclosure is ball arithmetic, and the verdict of a
certificate with such a rule is "enclosed". Without variables ``variables`` is empty and the tree is one leaf.

Source: Moore, Interval Analysis, 1966 (mean value form); Taylor's theorem with the remainder of Lagrange.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from normbound.claims.checker.differential import derivative
from normbound.claims.checker.enclosure import Interval, NotEnclosed, Program, multiply
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_logic import compared
from normbound.claims.checker.sequent import Sequent, entry, listing, number_below, rational, string
from normbound.claims.checker.signs import rational_value
from normbound.claims.syntax import COMPARISONS, Node, Op, free_names

MAX_CELLS = 5_000
MAX_BITS = 400
WAYS = ("direct", "mean", "corner", "second")
Box = dict[str, tuple[Fraction, Fraction]]


def bounds(sequent: Sequent, name: str) -> tuple[Fraction | None, Fraction | None]:
    """The least closed interval that sort and hypotheses of the form name op rational give."""
    sort = sequent.sorts.get(name)
    if sort is None or sort.is_family:
        reject(f"found {name[:60]!r}; accepted: a variable that is no family")
    low: Fraction | None = Fraction(0) if sort.kind in ("positive", "nonnegative", "natural") else None
    high: Fraction | None = None
    stack = list(sequent.given)
    while stack:
        h = stack.pop()
        if h.op == Op.AND:
            stack.extend(h.args)
            continue
        if h.op not in COMPARISONS or h.op == Op.NE:
            continue
        for side in (0, 1):
            x, c = h.args[side], h.args[1 - side]
            if x.op != Op.VAR or x.value != name:
                continue
            q = rational_value(c)
            if q is None:
                continue
            if h.op == Op.EQ or (h.op in (Op.GE, Op.GT)) == (side == 0):
                low = q if low is None else max(low, q)
            if h.op == Op.EQ or (h.op in (Op.LE, Op.LT)) == (side == 0):
                high = q if high is None else min(high, q)
    return low, high


class Bounder:
    """Lower bounds of b - a on boxes."""

    def __init__(self, a: Node, b: Node, variables: tuple[str, ...]):
        self.f = Node(Op.SUB, (b, a))
        self.variables = variables
        self.programs: dict[str, Program] = {}

    def program(self, way: str) -> Program:
        if way not in self.programs:
            roots = [self.f]
            if way != "direct":
                roots += [derivative(self.f, x) for x in self.variables]
            if way == "second":
                if len(self.variables) != 1:
                    reject(f"found {len(self.variables)} variables; second accepts one")
                roots.append(derivative(roots[1], self.variables[0]))
            self.programs[way] = Program(roots)
        return self.programs[way]

    def lower(self, box: Box, way: str, bits: int) -> int:
        """A lower bound, times 2^bits. Raises NotEnclosed."""
        if way == "direct":
            return self.program("direct").run(box, bits)[0][0]
        names = self.variables
        values = self.program(way).run(box, bits, strict=True)
        if way == "corner":
            corner: Box = {}
            for x, slope in zip(names, values[1:], strict=True):
                if slope[0] < 0 < slope[1]:
                    raise NotEnclosed("a slope has no sign")
                end = box[x][0] if slope[0] >= 0 else box[x][1]
                corner[x] = (end, end)
            return self.program("direct").run(corner, bits)[0][0]
        centre: Box = {x: ((box[x][0] + box[x][1]) / 2,) * 2 for x in names}  # type: ignore[misc]
        away: list[Interval] = []
        for x in names:
            half = (box[x][1] - box[x][0]) / 2
            up = -(-(half.numerator << bits) // half.denominator)
            away.append((-up, up))
        if way == "mean":
            total = self.program("direct").run(centre, bits, strict=True)[0][0]
            for slope, d in zip(values[1:], away, strict=True):
                total += multiply(slope, d, bits)[0]
            return total
        at = self.program("mean").run(centre, bits, strict=True)
        square = 0, multiply(away[0], away[0], bits)[1]
        curve = multiply(values[2], square, bits)[0]
        return at[0][0] + multiply(at[1], away[0], bits)[0] + (curve >> 1)


@rule("boxes")
def boxes(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    op, a, b = compared(sequent.goal, Op.LE, Op.LT, Op.NE)
    bits = number_below(entry(data, "bits"), MAX_BITS + 1, "bits")
    if bits < 16:
        reject(f"found {bits} bits; accepted: 16 to {MAX_BITS}")
    names = tuple(string(x) for x in listing(entry(data, "variables"), 8))
    if set(names) != free_names(sequent.goal) or len(set(names)) != len(names):
        reject(f"found the variables {', '.join(names)[:60]}; accepted: those of the goal, {', '.join(sorted(free_names(sequent.goal)))}")
    domain: Box = {}
    for x in names:
        low, high = bounds(sequent, x)
        if low is None or high is None:
            reject(f"{x} has no bounds among sorts and hypotheses")
        if low > high:
            return []  # no point satisfies the hypotheses
        domain[x] = low, high
    bounder = Bounder(a, b, names)
    try:
        if bounder.program("direct").balls and data.get("balls") is not True:
            reject("a constant occurs, which balls enclose; data must say so")
        stack = [domain]
        for item in listing(entry(data, "tree"), MAX_CELLS):
            if not stack:
                reject("the tree has more parts than boxes")
            box = stack.pop()
            if isinstance(item, list):
                if len(item) != 2:
                    reject(f"found the cut {str(item)[:60]}; accepted: [variable, place]")
                x, at = names[number_below(item[0], len(names), "variable")], rational(item[1])
                low, high = box[x]
                if not low < at < high:
                    reject(f"found a cut of {x} at {at}, which is outside of the box")
                stack += [{**box, x: (at, high)}, {**box, x: (low, at)}]
                continue
            if item not in WAYS:
                reject(f"found the way {str(item)[:40]!r}; accepted: {', '.join(WAYS)}")
            least = bounder.lower(box, item, bits)
            if least < 0 or (least == 0 and op != Op.LE):
                reject(f"the lower bound on a box is {least}/2^{bits}")
    except NotEnclosed as error:
        reject(str(error))
    if stack:
        reject(f"{len(stack)} boxes are not covered")
    return []


__all__ = ["Bounder", "Box", "bounds", "boxes"]
