"""Inequalities by the order of their variables: the rules ``ordered`` and ``cases``, then sums of terms of one sign.

With a <= b <= c the differences b - a and c - b are not negative. A polynomial written in a and in these differences often has no
negative coefficient, and then it is a sum of products of facts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, permutations
from math import comb
from typing import Any

from normbound.claims.checker import node
from normbound.claims.checker.algebra import Polynomial
from normbound.claims.checker.registry import Rejected, rules
from normbound.claims.checker.rules_logic import compared
from normbound.claims.checker.rules_symmetry import exchanged
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import MINUS, PLUS, ZERO
from normbound.claims.errors import ClaimError
from normbound.claims.prove import OPEN
from normbound.claims.prove.forms import Writer
from normbound.claims.prove.logic import Certificate, closed, every
from normbound.claims.syntax import BINDERS, Node, Op, free_names, postorder, variable

REFUSED = (Rejected, ClaimError, ArithmeticError, LookupError)
MAX_VARIABLES = 4
ALL_ORDERS = 3  # variables up to which every order is looked at where the goal is not symmetric
MAX_TERMS = 400
MAX_DEGREE = 16
MAX_GIVEN = 20
MAX_NODES = 200
_ODD = (Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE, Op.RECURRENCE)


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A complete proof by orders, or None."""
    if not _fits(sequent):
        return None
    try:
        alike = _alike(sequent)
        if alike:
            return _symmetric(sequent, alike, False)
        return _all_orders(sequent, budget)
    except REFUSED:
        return None


def symmetric(sequent: Sequent) -> Certificate | None:
    """For a goal in which variables may be exchanged: the node of the rule ``ordered``, its last premise left open."""
    if not _fits(sequent):
        return None
    alike = _alike(sequent)
    return _symmetric(sequent, alike, True) if alike else None


def _fits(sequent: Sequent) -> bool:
    if sequent.goal.op not in (Op.LE, Op.LT, Op.GE, Op.GT) or len(sequent.given) > MAX_GIVEN:
        return False
    nodes = postorder(sequent.goal, *sequent.given)
    return len(nodes) <= MAX_NODES and not any(n.op in BINDERS or n.op in _ODD for n in nodes)


def _candidates(sequent: Sequent) -> list[list[str]]:
    """Variables of the goal in groups of one sort."""
    groups: dict[str, list[str]] = {}
    for x in sorted(free_names(sequent.goal)):
        sort = sequent.sorts.get(x)
        if sort is not None and not sort.is_family:
            groups.setdefault(sort.kind, []).append(x)
    return [g for g in groups.values() if len(g) > 1]


def _alike(sequent: Sequent) -> list[str]:
    """The most variables that may be exchanged with each other."""
    best: list[str] = []
    known = set(sequent.given)
    op, a, b = compared(sequent.goal)
    whole = sequent.algebra.difference(b, a)
    for group in _candidates(sequent):
        classes: list[list[str]] = []
        for y in group[:8]:
            for c in classes:
                x = c[0]
                if any(exchanged(h, x, y) not in known for h in sequent.given):
                    continue
                _, d, e = compared(exchanged(sequent.goal, x, y), op)
                if sequent.algebra.subtract(whole, sequent.algebra.difference(e, d)).is_zero:
                    c.append(y)
                    break
            else:
                classes.append([y])
        best = max((best, *classes), key=len)
    return best[:MAX_VARIABLES] if len(best) > 1 else []


def _symmetric(sequent: Sequent, names: list[str], open_: bool) -> Certificate | None:
    """The node of ``ordered`` where every premise is closed; with ``open_`` the last one may stay open."""
    data = {"variables": names}
    *conditions, last = rules()["ordered"](sequent, data)
    parts = every(closed(c) for c in conditions)
    if parts is None:
        return None
    proof = ladder(last, names)
    if proof is None and not open_:
        return None
    return node("ordered", data, [*parts, OPEN if proof is None else proof])


def _all_orders(sequent: Sequent, budget: Any) -> Certificate | None:
    """Every order of the variables, each closed; else None."""
    for names in _candidates(sequent):
        if len(names) > ALL_ORDERS or not all(ladder(_in_order(sequent, p), p) for p in permutations(names)):
            continue
        found = _split(sequent, list(permutations(names)), budget)
        if found is not None:
            return found
    return None


def _in_order(sequent: Sequent, names: Sequence[str]) -> Sequent:
    return sequent.assume(*(Node(Op.LE, (variable(x), variable(y))) for x, y in pairwise(names)))


def _split(sequent: Sequent, orders: list[tuple[str, ...]], budget: Any) -> Certificate | None:
    """Cases until one order is left. At most one level for each pair of variables."""
    if time.monotonic() > budget.deadline:
        return None
    if len(orders) == 1:
        return ladder(sequent, orders[0])
    first = orders[0]
    for x, y in ((x, y) for k, x in enumerate(first) for y in first[k + 1:]):
        before = [p for p in orders if p.index(x) < p.index(y)]
        after = [p for p in orders if p not in before]
        if before and after:
            data = {"left": x, "right": y}
            *_, low, high = rules()["cases"](sequent, data)
            parts = every((_split(low, before, budget), _split(high, after, budget)))
            return None if parts is None else node("cases", data, parts)
    return None


# -- one order ---------------------------------------------------------------------------------------------------------------
def ladder(sequent: Sequent, names: Sequence[str]) -> Certificate | None:
    """The goal where each variable is at most the next one, by hypotheses: written in the first one and in the differences its
    numerator has terms of one sign only."""
    try:
        return _ladder(sequent, names)
    except REFUSED:
        return None


def _ladder(sequent: Sequent, names: Sequence[str]) -> Certificate | None:
    algebra = sequent.algebra
    _, a, b = compared(sequent.goal, Op.LE, Op.LT)
    difference = algebra.difference(b, a)
    writer = Writer(algebra, sequent.names())
    facts: list[dict[str, Any]] = []
    below: list[tuple[int, int]] = []
    sign = 1
    for f, n in difference.bottom.items():
        e = writer.polynomial(f)
        mask = 7 if e is None else sequent.signs.sign(e)
        if mask not in (MINUS, PLUS):
            return None
        sign *= -1 if mask == MINUS and n % 2 else 1
        facts.append({"sign": str(e)})
        below.append((len(facts) - 1, -n))
    numbers = {}
    for x in names:
        ((m, c),) = algebra.normal(variable(x)).top.items()
        if len(m) != 1 or c != 1 or m[0][1] != 1:
            return None
        numbers[m[0][0]] = x
    top = difference.top
    for g, x in numbers.items():
        least = min((e for m in top for h, e in m if h == g), default=0)
        if least < 0:
            if not sequent.signs.is_positive(variable(x)):
                return None
            facts.append({"sign": x})
            below.append((len(facts) - 1, int(least)))
            top = {tuple(sorted({**dict(m), g: dict(m).get(g, 0) - least}.items())): c for m, c in top.items()}
    others: dict[int, tuple[int, int]] = {}  # generators that are no variables of the order: number of the fact, signs
    for m in top:
        for g, k in m:
            if k.denominator != 1:
                return None
            if g in numbers or g in others:
                continue
            e = writer.generator(g)
            if e is None:
                return None
            mask = sequent.signs.sign(e)
            if free_names(e) & set(names):
                return None
            facts.append({"sign": str(e)})
            others[g] = len(facts) - 1, mask
    steps = _steps(sequent, names)
    if steps is None:
        return None
    place = {x: k for k, x in enumerate(names)}
    spread = _spread(top, {g: place[x] for g, x in numbers.items()}, len(names))
    if spread is None:
        return None
    first = sequent.signs.sign(variable(names[0]))
    start = len(facts)
    facts += [{"sign": names[0]}, *({"hypothesis": k} for k in steps)]
    terms = []
    for (powers, rest), c in spread.items():
        negative = c * sign < 0
        for mask, e in ((first, powers[0]), *((others[g][1], e) for g, e in rest)):
            if e % 2 == 0:
                continue
            if mask & MINUS and mask & PLUS:
                return None
            negative ^= not mask & PLUS and mask != ZERO
        if negative:
            return None
        factors = [[start + k, e] for k, e in enumerate(powers) if e]
        factors += [[others[g][0], int(e)] for g, e in rest]
        terms.append([str(c), [*factors, *(list(x) for x in below)]])
    data = {"facts": facts, "terms": terms}
    wanted = rules()["products"](sequent, data)
    parts = every(closed(p) for p in wanted)
    return None if parts is None else node("products", data, parts)


def _steps(sequent: Sequent, names: Sequence[str]) -> list[int] | None:
    """The numbers of the hypotheses that say that each variable is at most the next one."""
    found = []
    for x, y in pairwise(names):
        a, b = variable(x), variable(y)
        fits = [k for k, h in enumerate(sequent.given) if (h.op in (Op.LE, Op.LT) and h.args == (a, b))
                or (h.op in (Op.GE, Op.GT) and h.args == (b, a))]
        if not fits:
            return None
        found.append(fits[0])
    return found


def _spread(top: Polynomial, places: dict[int, int], count: int) -> dict[tuple[tuple[int, ...], tuple[Any, ...]], Fraction] | None:
    """The polynomial with x_1 + d_2 + ... + d_k in the place of the k-th variable: exponents of x_1, d_2, ..., and the rest."""
    total: dict[tuple[tuple[int, ...], tuple[Any, ...]], Fraction] = {}
    for m, c in top.items():
        rest = tuple((g, e) for g, e in m if g not in places)
        part: dict[tuple[int, ...], Fraction] = {(0,) * count: c}
        degree = 0
        for g, e in m:
            if g not in places:
                continue
            if e.denominator != 1 or e < 0:
                return None
            degree += int(e)
            if degree > MAX_DEGREE:
                return None
            part = _times(part, _power(places[g], int(e), count))
        for powers, x in part.items():
            key = powers, rest
            total[key] = total.get(key, Fraction(0)) + x
        if len(total) > MAX_TERMS:
            return None
    return {k: c for k, c in total.items() if c}


def _power(last: int, e: int, count: int) -> dict[tuple[int, ...], Fraction]:
    """(x_1 + d_2 + ... )^e up to the variable number ``last``."""
    found: dict[tuple[int, ...], Fraction] = {}
    stack: list[tuple[int, int, tuple[int, ...], int]] = [(0, e, (), 1)]
    while stack:
        k, left_over, powers, c = stack.pop()
        if k == last:
            found[(*powers, left_over, *(0,) * (count - last - 1))] = Fraction(c)
            continue
        stack.extend((k + 1, left_over - j, (*powers, j), c * comb(left_over, j)) for j in range(left_over + 1))
    return found


def _times(a: dict[tuple[int, ...], Fraction], b: dict[tuple[int, ...], Fraction]) -> dict[tuple[int, ...], Fraction]:
    result: dict[tuple[int, ...], Fraction] = {}
    for m, c in a.items():
        for n, d in b.items():
            key = tuple(x + y for x, y in zip(m, n, strict=True))
            result[key] = result.get(key, Fraction(0)) + c * d
    return result


__all__ = ["attempt", "ladder"]
