"""Comparisons with parameters, by a derivative: equal or evident where a variable is at an end of its range, and a difference that
is monotone from there (rule ``derivative``). Powers such as (1 + 1/K)^K, also for natural K, and powers with real exponents.

An end is a bound among the hypotheses, 0 for what is not negative, or a number or another variable at which both sides are equal; then
there are two cases. The sign of the derivative is found from its factors, from 1 - 1/u <= log(u) <= u - 1 for the logarithms that
occur, by ``loglinear``, or by a further derivative.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from normbound.claims.checker import node
from normbound.claims.checker.algebra import Quotient
from normbound.claims.checker.registry import rules
from normbound.claims.checker.rules_logic import compared
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import MINUS, PLUS
from normbound.claims.prove import derivative, expoly, products
from normbound.claims.prove.derivative import REFUSED, Certificate
from normbound.claims.prove.forms import Writer
from normbound.claims.prove.logic import every
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, free_names, literal, number, postorder, substitute, variable

ZERO, ONE = number(0), number(1)
MAX_PARTS = 80
MAX_VARIABLES = 4
MAX_GIVEN = 12
DEEPER = 1  # derivatives in the proof of the sign of a derivative
SLICE = 0.4
EFFORT = 1  # of products after a lemma
SHORT = 0.05
POINTS = 150  # in floating point
CLEAR = 1e-6  # a margin that is no rounding
MAX_FACTORS = 6
_REFUSED = (*REFUSED, ValueError)


class _Slice:
    def __init__(self, deadline: float, seconds: float = SLICE, effort: int = 3):
        self.deadline = min(deadline, time.monotonic() + seconds)
        self.effort = effort


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A complete certificate, or None."""
    goal = sequent.goal
    varying = goal.op in (Op.INCREASING, Op.DECREASING)
    if not (varying or goal.op in (Op.LE, Op.LT, Op.GE, Op.GT)) or len(sequent.given) > MAX_GIVEN:
        return None
    nodes = postorder(goal)
    if len(nodes) > MAX_PARTS or any(n.op in (*BINDERS, Op.DD, Op.ELT, Op.MAX, Op.MIN, Op.ABS) for n in nodes):
        return None
    if not any(n.op in (Op.LOG, Op.EXP) or _real_power(n) for n in nodes) or len(free_names(goal)) > MAX_VARIABLES:
        return None
    search = _Search(budget.deadline)
    try:
        return search.varying(sequent) if varying else search.compared(sequent, DEEPER)
    except _REFUSED:
        return None


def _real_power(n: Node) -> bool:
    return n.op == Op.POW and literal(n.args[1]) is None


def _factor(sequent: Sequent) -> dict[str, Any] | None:
    """For a product compared with 0, the data of the rule ``sign`` that leave the factor whose sign is not evident."""
    op, a, b = compared(sequent.goal, Op.LE, Op.LT)
    if ZERO not in (a, b):
        return None
    e, want = (b, 1) if a == ZERO else (a, -1)
    if e.op == Op.NEG:
        place, turned = 0, -1
    elif e.op == Op.MUL:
        masks = [sequent.signs.sign(x) for x in e.args]
        evident = [k for k, m in enumerate(masks) if m in (MINUS, PLUS)]
        if len(evident) != 1:
            return None
        place, turned = 1 - evident[0], 1 if masks[evident[0]] == PLUS else -1
    else:
        return None
    return {"signs": {str(place): ("ge" if want * turned > 0 else "le") if op == Op.LE else ("gt" if want * turned > 0 else "lt")}}


def seems_false(sequent: Sequent, between: str) -> bool:
    """Whether the goal fails at a point that meets the hypotheses, by floating point: then nothing is tried. The last two hypotheses say
    that the variable ``between`` lies between two numbers."""
    import numpy as np

    from normbound.claims.numeric import PLAIN, Batch, NotNumeric, margins
    from normbound.claims.sampling import Row, sample
    statements = [*sequent.given, sequent.goal]
    names = sorted(set().union(*(free_names(s) for s in statements)) & set(sequent.sorts))
    if any(sequent.sorts[x].is_family for x in names):
        return False
    x = sample([Row(n, 0, sequent.sorts[n].kind) for n in names], POINTS, 0)
    count = x.shape[1]
    try:
        with np.errstate(all="ignore"):
            arrays = dict(zip(names, x, strict=True))
            low, high = (Batch(PLAIN, {}, arrays, {}).value(e) for e in (sequent.given[-2].args[0], sequent.given[-1].args[1]))
            arrays[between] = low + (high - low) * np.resize(np.linspace(0.01, 0.99, 23), count)
            *given, goal = margins(statements, {}, arrays, {}, count)
    except NotNumeric:
        return False
    holds = np.ones(count, dtype=bool)
    for m in given:
        holds &= m > CLEAR
    return bool((holds & (goal < -CLEAR)).any())


class _Search:
    def __init__(self, deadline: float):
        self.deadline = deadline
        self.quick = derivative.Prover(deadline)

    # -- monotonicity ------------------------------------------------------------------------------------------------------
    def varying(self, sequent: Sequent) -> Certificate | None:
        """increasing and decreasing: by ``slope``; for a natural variable between two points."""
        name = sequent.goal.value
        sort = sequent.sorts[name]
        if sort.is_family:
            return None
        if sort.kind in ("natural", "integer"):
            wanted = rules()["two_points"](sequent, {})
            parts = every(self.compared(p, DEEPER) if k == 0 else self.leaf(p) for k, p in enumerate(wanted))
            return None if parts is None else node("two_points", {}, parts)
        *conditions, sign = rules()["slope"](sequent, {})
        closed = every(self.leaf(c) for c in conditions)
        if closed is None:
            return None
        found = self.sign(sign, name, DEEPER)
        return None if found is None else node("slope", {}, [*closed, found])

    # -- comparisons -------------------------------------------------------------------------------------------------------
    def compared(self, sequent: Sequent, deeper: int) -> Certificate | None:
        names = [x for x in sorted(free_names(sequent.goal)) if x in sequent.sorts and not sequent.sorts[x].is_family]
        for x in names:
            for at, side in self.ends(sequent, x):
                found = self.from_end(sequent, x, at, side, deeper)
                if found is not None:
                    return found
        for x in names:
            if sequent.sorts[x].kind in ("natural", "integer"):
                continue
            for at in (*(variable(y) for y in names if y != x), ONE):
                found = self.both_sides(sequent, x, at, deeper)
                if found is not None:
                    return found
        return None

    def ends(self, sequent: Sequent, name: str) -> Iterator[tuple[Node, str]]:
        """Bounds of the variable with the side on which it lies."""
        x = variable(name)
        bounded = False
        for h in sorted(sequent.given, key=lambda h: any(literal(a) is not None for a in h.args)):
            if h.op not in (Op.LE, Op.LT, Op.GE, Op.GT):
                continue
            a, b = h.args if h.op in (Op.LE, Op.LT) else h.args[::-1]
            if b == x and name not in free_names(a):
                bounded = True
                yield a, "right"
            elif a == x and name not in free_names(b):
                yield b, "left"
        if not bounded and sequent.sorts[name].kind in ("positive", "nonnegative", "natural"):
            yield ZERO, "right"

    def from_end(self, sequent: Sequent, name: str, at: Node, side: str, deeper: int) -> Certificate | None:
        """The rule ``derivative`` with every premise closed."""
        if time.monotonic() > self.deadline:
            return None
        strict_goal = compared(sequent.goal)[0] == Op.LT
        for strict in (False, True) if strict_goal else (False,):
            data: dict[str, Any] = {"variable": name, "at": str(at), "side": side, **({"strict": True} if strict else {})}
            try:
                *conditions, sign, start = rules()["derivative"](sequent, data)
                first = self.start(start, deeper)
                if first is None:
                    continue
                if seems_false(sign, sequent.fresh(name)):
                    continue
                closed = every(self.leaf(c) for c in conditions)
                if closed is None:
                    continue
                found = self.sign(sign, sequent.fresh(name), deeper)
            except _REFUSED:
                continue
            if found is not None:
                return node("derivative", data, [*closed, found, first])
        return None

    def both_sides(self, sequent: Sequent, name: str, at: Node, deeper: int) -> Certificate | None:
        """Cases where both sides are equal at a point inside."""
        change = {name: at}
        a, b = (substitute(e, change) for e in sequent.goal.args)
        if sequent.goal.op not in (Op.LE, Op.GE) or not sequent.algebra.equal(a, b):
            return None
        data = {"left": name, "right": str(at)}
        *conditions, below, above = rules()["cases"](sequent, data)
        closed = every(self.leaf(c) for c in conditions)
        if closed is None:
            return None
        halves: list[Certificate] = []
        for s, side in ((below, "left"), (above, "right")):
            found = self.from_end(s, name, at, side, deeper)
            if found is None:
                return None
            halves.append(found)
        return node("cases", data, [*closed, *halves])

    # -- leaves ------------------------------------------------------------------------------------------------------------
    def leaf(self, sequent: Sequent) -> Certificate | None:
        """What other provers do at once."""
        if sequent.goal.op not in COMPARISONS:
            return None
        found = self.quick.leaf_quick(sequent) or expoly.leaf(sequent, _Slice(self.deadline))
        if found is None and sequent.goal.op == Op.NE:
            for op in (Op.GT, Op.LT):
                inner = self.quick.leaf(sequent.aim(Node(op, sequent.goal.args)))
                if inner is not None:
                    return node("stronger", {"op": op}, [inner])
        return found or self.quick.leaf(sequent) or self.alone(sequent)

    def start(self, sequent: Sequent, deeper: int) -> Certificate | None:
        """The goal at the end: mostly an equality there."""
        if deeper:
            return self.quick.leaf_quick(sequent) or expoly.leaf(sequent, _Slice(self.deadline, SHORT))
        return self.leaf(sequent)

    def alone(self, sequent: Sequent) -> Certificate | None:
        """A comparison in one variable, by the prover of these."""
        names = free_names(sequent.goal)
        if len(names) != 1 or sequent.goal.op in (Op.EQ, Op.NE):
            return None
        (name,) = names
        if name not in sequent.sorts or sequent.sorts[name].is_family:
            return None
        try:
            return derivative.Prover(min(self.deadline, time.monotonic() + SLICE)).everywhere(sequent, name)
        except _REFUSED:
            return None

    # -- signs of derivatives ----------------------------------------------------------------------------------------------
    def sign(self, sequent: Sequent, name: str, deeper: int) -> Certificate | None:
        """The sign of a derivative. First that bases of powers and arguments of logarithms are positive, where that is not evident."""
        inner = [n.args[0] for n in postorder(sequent.goal) if n.op == Op.LOG or _real_power(n)]
        for u in dict.fromkeys(inner):
            data = {"lemma": str(Node(Op.GT, (u, ZERO)))}
            if sequent.signs.is_positive(u):
                continue
            *conditions, first, second = rules()["cut"](sequent, data)
            parts = every(self.leaf(s) for s in (*conditions, first))
            if parts is None:
                continue
            found = self.sign(second, name, deeper)
            return None if found is None else node("cut", data, [*parts, found])
        return self.stripped(sequent, name, deeper)

    def stripped(self, sequent: Sequent, name: str, deeper: int) -> Certificate | None:
        """Without factors whose sign is evident, and without minus signs."""
        chain: list[dict[str, Any]] = []
        here = sequent
        for _ in range(MAX_FACTORS):
            data = _factor(here)
            if data is None:
                break
            try:
                (here,) = rules()["sign"](here, data)
            except (*_REFUSED, TypeError):
                break
            chain.append(data)
        found = self.by_parts(here, name, deeper)
        if found is None and chain:
            return self.by_parts(sequent, name, deeper)
        for data in reversed(chain):
            found = None if found is None else node("sign", data, [found])
        return found

    def by_parts(self, sequent: Sequent, name: str, deeper: int) -> Certificate | None:
        """By its factors as a quotient; else by the derivative of that."""
        if time.monotonic() > self.deadline:
            return None
        logarithms = dict.fromkeys(n.args[0] for n in postorder(sequent.goal) if n.op == Op.LOG)

        tried: list[Sequent] = []

        def prove(s: Sequent) -> Certificate | None:
            tried.append(s)
            return self.plain(s) or self.with_logarithms(s, list(logarithms)) or self.divided(s) or (
                self.again(s, name, deeper - 1) if deeper else None)

        found = self.plain(sequent)
        if found is None:
            try:
                found = self.quick.factored(sequent, prove)
            except _REFUSED:
                found = None
        return found if found is not None or tried else prove(sequent)

    def again(self, sequent: Sequent, name: str, deeper: int) -> Certificate | None:
        for at, side in self.ends(sequent, name):
            found = self.from_end(sequent, name, at, side, deeper)
            if found is not None:
                return found
        return None

    def plain(self, sequent: Sequent) -> Certificate | None:
        found = self.quick.leaf_quick(sequent) or expoly.leaf(sequent, _Slice(self.deadline))
        if found is None and not any(n.op in (Op.LOG, Op.EXP) or _real_power(n) for n in postorder(sequent.goal)):
            found = products.attempt(sequent, _Slice(self.deadline))
        return found

    def with_logarithms(self, sequent: Sequent, logarithms: list[Node]) -> Certificate | None:
        """By log(u) <= u - 1 or log(u) >= 1 - 1/u."""
        for u in logarithms:
            for lemma in ("log_above", "log"):
                data = {"name": lemma, "args": [str(u)]}
                try:
                    *conditions, last = rules()["lemma"](sequent, data)
                except _REFUSED:
                    continue
                closed = every(self.quick.leaf(c) for c in conditions)
                if closed is None:
                    continue
                same = {"facts": [{"hypothesis": len(last.given) - 1}], "terms": [["1", [[0, 1]]]]}
                if self.quick.accepts("products", last, same) and not rules()["products"](last, same):
                    return node("lemma", data, [*closed, node("products", same)])
                found = products.attempt(last, _Slice(self.deadline, SLICE, EFFORT))
                if found is not None and None not in found["premises"]:
                    return node("lemma", data, [*closed, found])
        return None

    def divided(self, sequent: Sequent) -> Certificate | None:
        """What is subtracted on one side, what is added on the other: then ``loglinear``."""
        algebra = sequent.algebra
        op, a, b = compared(sequent.goal, Op.LE, Op.LT)
        q = algebra.difference(b, a)
        if q.bottom or not 2 <= len(q.top) <= 4:
            return None
        writer = Writer(algebra, sequent.names())
        sides = [writer.quotient(Quotient({m: abs(c) for m, c in q.top.items() if (c > 0) == keep}, {})) for keep in (False, True)]
        if sides[0] is None or sides[1] is None:
            return None
        data = {"lemma": str(Node(op, (sides[0], sides[1])))}
        *conditions, first, second = rules()["cut"](sequent, data)
        closed = every(self.quick.leaf(c) for c in conditions)
        if closed is None:
            return None
        inner = {"facts": [{"hypothesis": len(second.given) - 1}], "terms": [["1", [[0, 1]]]]}
        rest = every(self.quick.leaf(p) for p in rules()["products"](second, inner))
        if rest is None:
            return None
        found = expoly.leaf(first, _Slice(self.deadline))
        return None if found is None else node("cut", data, [*closed, found, node("products", inner, rest)])


__all__ = ["attempt"]
