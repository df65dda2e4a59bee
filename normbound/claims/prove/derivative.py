"""Comparisons in one real variable, on bounded and unbounded intervals, by signs of derivatives; monotonicity by the rule ``slope``.

A difference of the sides that is a quotient of sums c x^i exp(k x + d) is cleared of denominators of evident sign. Dividing by the
least exponential and differentiating lowers the number of terms, so a chain of derivatives, each with its value at the end of
the interval, comes down to a polynomial times an exponential, whose sign is a combination of powers of x - lo and hi - x. Other
functions are differentiated until they are such quotients. Bounded pieces without a zero are left to ``boxes``; where the least value is 0
inside the interval, the interval is cut at a rational point found in floating point.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from normbound.claims.checker.algebra import primitive
from normbound.claims.checker.enclosure import NotEnclosed, Program
from normbound.claims.checker.registry import Rejected, rules
from normbound.claims.checker.rules_boxes import bounds
from normbound.claims.checker.rules_logic import compared
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import MINUS, PLUS, rational_value
from normbound.claims.checker.signs import ZERO as ZERO_BIT
from normbound.claims.errors import ClaimError
from normbound.claims.prove import boxes, expoly, exponentials
from normbound.claims.prove.exponentials import Outside, Sum, ratio, write
from normbound.claims.prove.forms import Writer
from normbound.claims.syntax import COMPARISONS, Node, Op, free_names, number, postorder, variable

Certificate = dict[str, Any]
End = Fraction | None
REFUSED = (Rejected, ClaimError, NotEnclosed, Outside, ArithmeticError, LookupError)
ZERO = number(0)
CHAIN = 14  # derivatives in a row
RAYS = (Fraction(0), Fraction(1), Fraction(2), Fraction(4), Fraction(8), Fraction(16), Fraction(32))
CONTACTS = 3
QUICK = 9  # cuts of a box in a row before another way is tried
TOUCH = 1e-9  # a value that may be 0
DEGREE = 6  # added to a polynomial to make its coefficients on an interval nonnegative


def node(rule: str, data: Mapping[str, Any], premises: list[Any]) -> Certificate:
    return {"rule": rule, "data": dict(data), "premises": premises}


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A complete certificate, or for increasing and decreasing with parameters a node with the sign left open; else None."""
    goal = sequent.goal
    prover = Prover(budget.deadline)
    try:
        if goal.op in (Op.INCREASING, Op.DECREASING):
            return prover.slope(sequent)
        if goal.op in COMPARISONS and goal.op not in (Op.EQ, Op.NE):
            names = free_names(goal)
            if len(names) == 1:
                (name,) = names
                sort = sequent.sorts.get(name)
                if sort is not None and not sort.is_family:
                    return prover.everywhere(sequent, name)
    except REFUSED:
        return None
    return None


class Prover:
    """One search."""

    def __init__(self, deadline: float):
        self.deadline = deadline

    def late(self) -> bool:
        return time.monotonic() > self.deadline

    # -- leaves ------------------------------------------------------------------------------------------------------
    def leaf(self, sequent: Sequent) -> Certificate | None:
        """Evident, a hypothesis, equal normal forms, numbers."""
        if sequent.goal.op not in COMPARISONS:
            return None
        if sequent.signs.holds(sequent.goal):
            return node("evident", {}, [])
        known = rules()
        for k in range(len(sequent.given) - 1, -1, -1):
            if self.accepts("hypothesis", sequent, {"number": k}):
                return node("hypothesis", {"number": k}, [])
        if self.accepts("algebra", sequent, {}):
            return node("algebra", {}, [])
        found = boxes.search(sequent, self.deadline, 40)
        if found is not None:
            return found
        if len(postorder(sequent.goal)) < 60 and "products" in known:
            from normbound.claims.prove import products
            return products.attempt(sequent, _Small(self.deadline))
        return None

    def accepts(self, rule: str, sequent: Sequent, data: Mapping[str, Any]) -> bool:
        try:
            rules()[rule](sequent, data)
        except REFUSED:
            return False
        return True

    def close(self, sequents: list[Sequent], name: str) -> list[Certificate] | None:
        """Certificates of conditions such as denominators other than 0."""
        closed = []
        for s in sequents:
            found = self.leaf(s)
            if found is None and s.goal.op == Op.NE and s.goal.args[1] == ZERO:
                for op in (Op.GT, Op.LT):
                    inner = self.leaf(s.aim(Node(op, s.goal.args)))
                    if inner is not None:
                        found = node("stronger", {"op": op}, [inner])
                        break
            if found is None:
                return None
            closed.append(found)
        return closed

    # -- the whole domain --------------------------------------------------------------------------------------------
    def slope(self, sequent: Sequent) -> Certificate | None:
        goal = sequent.goal
        wanted = rules()["slope"](sequent, {})
        conditions = [self.leaf(s) for s in wanted[:-1]]
        last = wanted[-1]
        sign = self.leaf(last)
        if sign is None and free_names(last.goal) == {goal.value}:
            sign = self.everywhere(last, goal.value)
        if sign is None:
            sign = self.factored(last)
        return node("slope", {}, [*conditions, sign])  # what is None is left open

    def factored(self, sequent: Sequent, prove: Any = None) -> Certificate | None:
        """The comparison from that of the numerator of the difference of the sides; the other factors have evident signs. ``prove`` is
        for the numerator; without it, what is not proved at once is left open."""
        op, a, b = compared(sequent.goal, Op.LE, Op.LT)
        algebra = sequent.algebra
        q = algebra.difference(b, a)
        if not q.top:
            return None
        writer = Writer(algebra, sequent.names())
        c, m, f = primitive(q.top)
        texts = [] if not m else [(writer.monomial(m), 1)]
        texts += [(writer.polynomial(g), -n) for g, n in q.bottom.items()]
        sign = 1 if c > 0 else -1
        facts, factors = [], []
        for e, n in texts:
            if e is None:
                return None
            mask = sequent.signs.sign(sequent.expression(str(e)))
            if mask & ZERO_BIT or (mask & MINUS and mask & PLUS):
                return None
            sign *= -1 if mask == MINUS and n % 2 else 1
            facts.append({"sign": str(e)})
            factors.append([len(facts), n])
        numerator = writer.polynomial(f)
        if numerator is None:
            return None
        lemma = Node(op, (ZERO, numerator) if sign > 0 else (numerator, ZERO))
        data = {"lemma": str(lemma)}
        *conditions, first, second = rules()["cut"](sequent, data)
        inner = {"facts": [{"hypothesis": len(second.given) - 1}, *facts], "terms": [[str(sign * c), [[0, 1], *factors]]]}
        closed, rest = self.close(conditions, ""), self.close(rules()["products"](second, inner), "")
        if closed is None or rest is None:
            return None
        found = self.leaf(first)
        if found is None and prove is not None:
            found = prove(first)
            if found is None:
                return None
        return node("cut", data, [*closed, found, node("products", inner, rest)])

    def everywhere(self, sequent: Sequent, name: str) -> Certificate | None:
        """The comparison on the interval that sorts and hypotheses give."""
        low, high = bounds(sequent, name)
        return self.confined(sequent, name, low, False, lambda s, y: self.confined(
            s, y, high, True, lambda t, z: self.interval(t, z, low, high, CONTACTS)))

    def interval(self, sequent: Sequent, name: str, low: End, high: End, contacts: int) -> Certificate | None:
        """The comparison from ``low`` to ``high``, cut at points of contact and, where it is unbounded, at the start of a tail."""
        if self.late():
            return None
        if sequent.signs.holds(sequent.goal):
            return node("evident", {}, [])
        bounded = low is not None and high is not None
        if bounded:
            found = boxes.search(sequent, min(self.deadline, time.monotonic() + 0.5), 300, QUICK)
            if found is not None:
                return found
        f = self.program(sequent)
        if f is None or _negative(f, name, low, high):
            return None
        found = self.piece(sequent, name, low, high, 4)
        if found is not None:
            return found
        if contacts:
            least = _lowest(f, name, low, high)
            for c in _touching(f, name, low, high, least):
                found = self.cut(sequent, name, c, low, high, contacts - 1)
                if found is not None:
                    return found
            for e in _named(f, name, low, high, least):
                found = self.around(sequent, name, e)
                if found is not None:
                    return found
        if bounded:
            return boxes.search(sequent, self.deadline)
        return self.tails(sequent, name, low, high, contacts)

    def tails(self, sequent: Sequent, name: str, low: End, high: End, contacts: int) -> Certificate | None:
        """An unbounded interval: a tail, for which the least start is taken that one piece suffices for, and the rest."""
        for c in RAYS:
            at = c if high is None else -c
            if self.late():
                return None
            if (low is not None and at <= low) or (high is not None and at >= high):
                continue
            data = {"left": name, "right": str(number(at))}
            below, above = rules()["cases"](sequent, data)[-2:]
            tail = self.piece(above, name, at, None, 2) if high is None else self.piece(below, name, None, at, 2)
            if tail is None:
                continue
            rest = self.interval(below, name, low, at, contacts) if high is None else self.interval(above, name, at, high, contacts)
            return None if rest is None else node("cases", data, [rest, tail] if high is None else [tail, rest])
        return None

    def around(self, sequent: Sequent, name: str, at: Node) -> Certificate | None:
        """The goal from the signs of the derivative on both sides of an irrational point."""
        data = {"left": name, "right": str(at)}
        *conditions, below, above = rules()["cases"](sequent, data)
        closed = self.close(conditions, name)
        if closed is None:
            return None
        halves = []
        for s, side in ((below, "left"), (above, "right")):
            try:
                found = self.descend(s, name, side, at, None, lambda t, y: self.leaf_quick(t) or self.sloped(t))
            except REFUSED:
                return None
            if found is None:
                return None
            halves.append(found)
        return node("cases", data, [*closed, *halves])

    def sloped(self, sequent: Sequent) -> Certificate | None:
        """The sign of a derivative by hypotheses about its variable; in factors, if not as it stands."""
        small = _Small(self.deadline)
        found = expoly.leaf(sequent, small)
        if found is not None:
            return found
        from normbound.claims.prove import products
        return self.factored(sequent, lambda s: expoly.leaf(s, small) or products.attempt(s, _Small(self.deadline, 5)))

    def cut(self, sequent: Sequent, name: str, at: Fraction, low: End, high: End, contacts: int) -> Certificate | None:
        """Cases x <= at and x > at."""
        data = {"left": name, "right": str(number(at))}
        below, above = rules()["cases"](sequent, data)[-2:]
        first = self.interval(below, name, low, at, contacts)
        if first is None:
            return None
        second = self.interval(above, name, at, high, contacts)
        return None if second is None else node("cases", data, [first, second])

    @staticmethod
    def program(sequent: Sequent) -> Program | None:
        _, a, b = compared(sequent.goal, Op.LE, Op.LT)
        try:
            return Program([Node(Op.SUB, (b, a))])
        except NotEnclosed:
            return None

    # -- one piece ---------------------------------------------------------------------------------------------------
    def piece(self, sequent: Sequent, name: str, low: End, high: End, depth: int) -> Certificate | None:
        """A quotient of sums by a chain of derivatives; any other function by its derivative."""
        if self.late():
            return None
        if sequent.signs.holds(sequent.goal):
            return node("evident", {}, [])
        op, a, b = compared(sequent.goal, Op.LE, Op.LT)
        try:
            quotient = ratio(Node(Op.SUB, (b, a)), name)
        except Outside:
            return self.by_derivative(sequent, name, low, high, depth) if depth else None
        return self.cleared(sequent, name, quotient, low, high, op)

    def cleared(self, sequent: Sequent, name: str, quotient: Any, low: End, high: End, op: str) -> Certificate | None:
        """The top of the quotient has the sign of the goal; its factors below have evident signs."""
        top, facts, factors = quotient.top, [], []
        for factor, n in quotient.bottom.items():
            e = write(dict(factor), name)
            if sequent.signs.is_positive(e):
                pass
            elif sequent.signs.sign(e) == 1:  # negative
                if n % 2:
                    top = {k: -c for k, c in top.items()}
                    e = Node("neg", (e,))
            else:
                return None
            facts.append({"sign": str(e)})
            factors.append([len(facts), -n])
        lemma = Node(op, (ZERO, write(top, name)))
        if lemma == sequent.goal:
            return self.chain(sequent, name, top, low, high, CHAIN)
        if not top:
            return self.leaf(sequent)
        return self.through(sequent, lemma, facts, factors, lambda s: self.chain(s, name, top, low, high, CHAIN))

    def through(self, sequent: Sequent, lemma: Node, facts: list[Any], factors: list[Any], prove: Any) -> Certificate | None:
        """The goal from the lemma 0 <= e: the difference of its sides is e times the factors."""
        data = {"lemma": str(lemma)}
        *conditions, first, second = rules()["cut"](sequent, data)
        closed = self.close(conditions, "")
        if closed is None:
            return None
        table = [{"hypothesis": len(second.given) - 1}, *facts]
        inner = {"facts": table, "terms": [["1", [[0, 1], *factors]]]}
        wanted = rules()["products"](second, inner)
        rest = self.close(wanted, "")
        if rest is None:
            return None
        found = prove(first)
        return None if found is None else node("cut", data, [*closed, found, node("products", inner, rest)])

    # -- sums of exponentials ----------------------------------------------------------------------------------------
    def chain(self, sequent: Sequent, name: str, top: Sum, low: End, high: End, depth: int) -> Certificate | None:
        """0 <= top (or <), which is the goal, on the interval from ``low`` to ``high``."""
        if self.late() or not depth:
            return None
        if sequent.signs.holds(sequent.goal):
            return node("evident", {}, [])
        rates = sorted({k for k, _, _ in top})
        if len(rates) == 1:
            found = self.polynomial(sequent, name, top, low, high)
            if found is not None:
                return found
        for side, end in (("right", low), ("left", high)):
            if end is None:
                continue
            k = rates[0] if side == "right" else rates[-1]
            if k:
                divided = {(m - k, i, d): c for (m, i, d), c in top.items()}
                if exponentials.at(divided, end) < 0:
                    continue
                lemma = Node(sequent.goal.op, (ZERO, write(divided, name)))
                facts = [{"sign": str(exponentials.exponential(k, Fraction(0), name))}]
                found = self.through(sequent, lemma, facts, [[1, 1]],
                                     lambda s, t=divided, g=side, e=end: self.lowered(s, name, t, g, e, low, high, depth))
            else:
                found = self.lowered(sequent, name, top, side, end, low, high, depth)
            if found is not None:
                return found
        if low is not None and high is not None:
            return boxes.search(sequent, min(self.deadline, time.monotonic() + 0.2), 100, QUICK)
        return None

    def lowered(self, sequent: Sequent, name: str, top: Sum, side: str, end: Fraction, low: End, high: End,
                depth: int) -> Certificate | None:
        """By the value at the end and the sign of the derivative."""
        if exponentials.at(top, end) < 0:
            return None
        slope = exponentials.derivative(top)
        sign = slope if side == "right" else {k: -c for k, c in slope.items()}
        far = high if side == "right" else low
        return self.descend(sequent, name, side, end, far, lambda s, y: self.rewritten(s, y, sign, low, high, depth - 1))

    def rewritten(self, sequent: Sequent, name: str, top: Sum, low: End, high: End, depth: int) -> Certificate | None:
        """The derivative as the rules write it has the normal form ``top`` up to a sign."""
        found = self.leaf_quick(sequent)
        if found is not None:
            return found
        lemma = Node(compared(sequent.goal, Op.LE, Op.LT)[0], (ZERO, write(top, name)))
        return self.through(sequent, lemma, [], [], lambda s: self.chain(s, name, top, low, high, depth))

    def leaf_quick(self, sequent: Sequent) -> Certificate | None:
        if sequent.signs.holds(sequent.goal):
            return node("evident", {}, [])
        return node("algebra", {}, []) if self.accepts("algebra", sequent, {}) else None

    def confined(self, sequent: Sequent, name: str, far: End, up: bool, prove: Any) -> Certificate | None:
        """The far end as a hypothesis on the new variable, then ``prove``."""
        if far is None or _bound_number(sequent, name, far, up) is not None:
            return prove(sequent, name)  # type: ignore[no-any-return]
        y, c = variable(name), number(far)
        data = {"lemma": str(Node(Op.LE, (y, c) if up else (c, y)))}
        *conditions, first, second = rules()["cut"](sequent, data)
        closed = self.close([*conditions, first], name)
        if closed is None:
            return None
        found = prove(second, name)
        return None if found is None else node("cut", data, [*closed, found])

    def descend(self, sequent: Sequent, name: str, side: str, end: Fraction | Node, far: End, prove: Any) -> Certificate | None:
        """The rule ``derivative``; ``prove`` gets the sequent of the sign of the derivative, with its variable."""
        for strict in (False, True):
            if strict and compared(sequent.goal)[0] != Op.LT:
                break
            data: dict[str, Any] = {"variable": name, "at": str(end if isinstance(end, Node) else number(end)), "side": side}
            if strict:
                data["strict"] = True
            *conditions, sign, start = rules()["derivative"](sequent, data)
            first = self.leaf(start)
            if first is None:
                continue
            closed = self.close(conditions, name)
            if closed is None:
                return None
            found = self.confined(sign, sequent.fresh(name), far, side == "right", prove)
            if found is not None:
                return node("derivative", data, [*closed, found, first])
        return None

    def by_derivative(self, sequent: Sequent, name: str, low: End, high: End, depth: int) -> Certificate | None:
        """Any function: the goal at an end, and the sign of its derivative."""
        for side, end in (("right", low), ("left", high)):
            if end is None:
                continue

            def prove(s: Sequent, y: str) -> Certificate | None:
                found = self.leaf_quick(s)
                if found is None and low is not None and high is not None:
                    found = boxes.search(s, min(self.deadline, time.monotonic() + 0.3), 200, QUICK)
                if found is None:
                    found = self.factored(s, lambda t: self.piece(t, y, low, high, 0)) or self.piece(s, y, low, high, depth - 1)
                return found

            try:
                found = self.descend(sequent, name, side, end, high if side == "right" else low, prove)
            except REFUSED:
                continue
            if found is not None:
                return found
        return None

    def polynomial(self, sequent: Sequent, name: str, top: Sum, low: End, high: End) -> Certificate | None:
        """exp(k x + d) p(x), p >= 0: p as a combination of powers of x - low and high - x with coefficients >= 0."""
        shifts = {d for _, _, d in top}
        if len(shifts) != 1:
            return None
        (d,), k = shifts, next(iter(top))[0]
        degree = max(i for _, i, _ in top)
        coefficients = [top.get((k, i, d), Fraction(0)) for i in range(degree + 1)]
        places = [_bound_number(sequent, name, e, up) for e, up in ((low, False), (high, True))]
        if (low is not None and places[0] is None) or (high is not None and places[1] is None):
            return None
        facts: list[Any] = [{"sign": str(exponentials.exponential(k, d, name))}] if k or d else []
        first = len(facts)
        facts += [{"hypothesis": h} for h in places if h is not None]
        terms = _combination(coefficients, low, high)
        if terms is None:
            return None
        lead = [[0, 1]] if first else []
        listed = []
        for c, i, j in terms:
            powers = []
            if low is not None:
                powers.append([first, i])
            if high is not None:
                powers.append([first + (low is not None), j])
            listed.append([str(c), [*lead, *([p for p in powers if p[1]])]])
        data = {"facts": facts, "terms": listed}
        try:
            wanted = rules()["products"](sequent, data)
        except REFUSED:
            return None
        closed = self.close(wanted, name)
        return None if closed is None else node("products", data, closed)


class _Small:
    """A budget for small conditions."""

    def __init__(self, deadline: float, effort: int = 1):
        self.effort = effort
        self.deadline = min(deadline, time.monotonic() + 0.3 * effort)


def _bound_number(sequent: Sequent, name: str, end: End, up: bool) -> int | None:
    """The number of a hypothesis x >= end (or x <= end, when ``up``), also strict."""
    if end is None:
        return None
    best = None
    for k, h in enumerate(sequent.given):
        if h.op not in (Op.LE, Op.LT, Op.GE, Op.GT):
            continue
        a, b = h.args if h.op in (Op.LE, Op.LT) else h.args[::-1]
        x, c = (a, b) if up else (b, a)
        if x == variable(name) and rational_value(c) == end:
            best = k if best is None or h.op in (Op.LT, Op.GT) else best
    return best


def _combination(p: list[Fraction], low: End, high: End) -> list[tuple[Fraction, int, int]] | None:
    """p(x) = sum of c (x - low)^i (high - x)^j with c >= 0, or None."""
    degree = len(p) - 1
    if low is None and high is None:
        return [(p[0], 0, 0)] if degree == 0 and p[0] >= 0 else None
    if low is None or high is None:
        origin, sign = (low, 1) if low is not None else (high, -1)
        assert origin is not None
        shifted = [c * sign**i for i, c in enumerate(_shift(p, origin))]
        if any(c < 0 for c in shifted):
            return None
        return [(c, i, 0) if sign > 0 else (c, 0, i) for i, c in enumerate(shifted) if c]
    width = high - low
    if not width:
        return None
    local = [c * width**i for i, c in enumerate(_shift(p, low))]  # in t = (x - low)/width
    for n in range(degree, degree + DEGREE + 1):
        bernstein = [sum(math.comb(j, i) * local[i] / Fraction(math.comb(n, i)) for i in range(min(j, degree) + 1)) for j in range(n + 1)]
        if all(b >= 0 for b in bernstein):
            return [(b * math.comb(n, j) / width**n, j, n - j) for j, b in enumerate(bernstein) if b]
    return None


def _shift(p: list[Fraction], a: Fraction) -> list[Fraction]:
    """Coefficients of p(a + t)."""
    result = list(p)
    for k in range(len(p)):
        for i in range(len(p) - 2, k - 1, -1):
            result[i] += a * result[i + 1]
    return result


def _samples(name: str, low: End, high: End) -> list[Fraction]:
    if low is not None and high is not None:
        return [low + (high - low) * Fraction(i, 64) for i in range(65)]
    spread = [Fraction(2) ** i for i in range(-6, 7)]
    origin = low if low is not None else high if high is not None else Fraction(0)
    result = [origin]
    if high is None:
        result += [origin + s for s in spread] + [Fraction(i) for i in range(-4, 9) if low is None or i >= low]
    if low is None:
        result += [origin - s for s in spread] + [Fraction(i) for i in range(-8, 5) if high is None or i <= high]
    return sorted(set(result))


def _value(f: Program, name: str, x: Fraction) -> tuple[float, float] | None:
    try:
        low, high = f.run({name: (x, x)}, 80)[0]
    except REFUSED:
        return None
    return math.ldexp(float(low >> 20), -60), math.ldexp(float(high >> 20), -60)


def _negative(f: Program, name: str, low: End, high: End) -> bool:
    """Whether the goal fails at a sample."""
    for x in _samples(name, low, high):
        try:
            if f.run({name: (x, x)}, 80)[0][1] < 0:
                return x not in (low, high)
        except REFUSED:
            continue
    return False


def _lowest(f: Program, name: str, low: End, high: End) -> list[Fraction]:
    """Points near which the difference of the sides seems to be least, by samples and ternary search."""
    points = [(v[0], x) for x in _samples(name, low, high) if (v := _value(f, name, x)) is not None]
    ordered = sorted(p[1] for p in points)
    found = []
    for _, x in sorted(points)[:2]:
        k = ordered.index(x)
        left, right = ordered[max(k - 1, 0)], ordered[min(k + 1, len(ordered) - 1)]
        for _ in range(80):
            if right - left < Fraction(1, 2**40):
                break
            a, b = left + (right - left) / 3, right - (right - left) / 3
            a, b = a.limit_denominator(2**60), b.limit_denominator(2**60)
            p, q = _value(f, name, a), _value(f, name, b)
            if p is None or q is None:
                break
            left, right = (left, b) if p[0] <= q[0] else (a, right)
        found += [x, (left + right) / 2]
    return found


def _touching(f: Program, name: str, low: End, high: End, least: list[Fraction]) -> list[Fraction]:
    """Rational points inside at which the least value seems to be 0."""
    found: list[Fraction] = []
    for x in least:
        for c in (x, *(x.limit_denominator(n) for n in (1, 12, 1000))):
            here = _value(f, name, c)
            if (c.denominator <= 10**6 and c not in found and here is not None and abs(here[0]) < TOUCH
                    and (low is None or c > low) and (high is None or c < high)):
                found.append(c)
    return found[:3]


def _named(f: Program, name: str, low: End, high: End, least: list[Fraction]) -> list[Node]:
    """Points exp(q), log(q) and sqrt(q), q a simple rational number, at which the least value seems to be 0."""
    found: list[Node] = []
    for x in least:
        here = _value(f, name, x)
        if here is None or abs(here[0]) > TOUCH or (low is not None and x <= low) or (high is not None and x >= high):
            continue
        for op, inverse, direct in ((Op.EXP, math.log, math.exp), (Op.LOG, math.exp, math.log), (Op.SQRT, lambda t: t * t, math.sqrt)):
            if (op in (Op.EXP, Op.SQRT) and x <= 0) or abs(x) > 50:
                continue
            q = Fraction(inverse(float(x))).limit_denominator(12)
            rational = q == {Op.EXP: 0, Op.LOG: 1}.get(op) or (
                op == Op.SQRT and q >= 0 and all(math.isqrt(n) ** 2 == n for n in (q.numerator, q.denominator)))
            if not rational and (op == Op.EXP or q > 0) and abs(direct(float(q)) - float(x)) < 1e-5 and Node(op, (number(q),)) not in found:
                found.append(Node(op, (number(q),)))
    return found[:3]


__all__ = ["Prover", "attempt"]
