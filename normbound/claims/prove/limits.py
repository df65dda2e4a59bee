"""Limits and rates by dominant terms, parts, continuity, bounds of divided differences, and (1 + t)^w with w t -> L.

An expression is written, where possible, as a quotient of sums of terms c K^a log(K)^l b^K with c, a, b free of K; the terms are
ordered by comparisons of bases and powers that hypotheses decide; the checker verifies the equation and each comparison. Other
expressions are taken apart at their outermost operator.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from normbound.claims.checker.enclosure import NotEnclosed
from normbound.claims.checker.registry import Rejected, rules
from normbound.claims.checker.rules_differences import monomials
from normbound.claims.checker.rules_limits import INFINITE, improper
from normbound.claims.checker.sequent import Sequent, mentions
from normbound.claims.checker.signs import rational_value
from normbound.claims.errors import ClaimError
from normbound.claims.prove import differences, expoly, identities, induction, powers, rates
from normbound.claims.prove.derivative import Prover
from normbound.claims.syntax import COMPARISONS, Node, Op, literal, number, postorder, variable

Certificate = dict[str, Any]
ZERO, ONE = number(0), number(1)
REFUSED = (Rejected, ClaimError, NotEnclosed, ArithmeticError, LookupError)
DEPTH = 10
MAX_TERMS = 24
MAX_POWER = 6
RATE_LIMIT_DEPTH = 3
MAX_NODES = 5  # of a divided difference that is written as powers


class NoTerms(ValueError):
    """The expression is no quotient of sums of terms."""


class Found(NamedTuple):
    """A value, possibly INFINITE, and the certificate of limit(e, K) == value."""

    value: Node
    certificate: Certificate


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A certificate for a limit or a rate, or one in which an equation for large K or of maxima is left open, or None."""
    goal = sequent.goal
    if goal.op not in (Op.LIMIT, Op.RATE):
        return None
    for partial in (False, True):
        search = Search(sequent, budget.deadline, partial)
        try:
            depth = DEPTH if not partial else 1
            found = search.rate(goal.args[0], DEPTH) if goal.op == Op.RATE else search.limit(goal.args[0], depth)
            node = None if found is None else search.claimed(found, goal.args[1])
        except REFUSED:
            continue
        if node is not None:
            return node
    return None


def true_limit(sequent: Sequent, budget: Any) -> tuple[Node, Certificate] | None:
    """The limit or rate that can be proved, whatever the goal claims it to be, and the certificate of that statement: of
    ``sequent.aim(Node(goal.op, (goal.args[0], value), goal.value))``. The value is the node INF for infinity."""
    goal = sequent.goal
    if goal.op not in (Op.LIMIT, Op.RATE):
        return None
    search = Search(sequent, budget.deadline)
    try:
        found = search.rate(goal.args[0], DEPTH) if goal.op == Op.RATE else search.limit(goal.args[0], DEPTH)
    except REFUSED:
        return None
    return None if found is None else (found.value, found.certificate)


# -- terms -----------------------------------------------------------------------------------------------------------------
def product(a: Node, b: Node) -> Node:
    p, q = literal(a), literal(b)
    if p is not None and q is not None:
        return number(p * q)
    if p == 0 or q == 0:
        return ZERO
    if p == 1:
        return b
    return a if q == 1 else Node(Op.MUL, (a, b))


def raised(a: Node, e: Fraction | Node) -> Node:
    """a^e, short where that is possible."""
    q = e if isinstance(e, Fraction) else literal(e)
    p = literal(a)
    if q == 0 or p == 1:
        return ONE
    if q == 1:
        return a
    if p is not None and q is not None and q.denominator == 1 and p and abs(q) <= 64:
        return number(p ** int(q))
    return Node(Op.POW, (a, number(q) if q is not None else e if isinstance(e, Node) else ONE))


@dataclass(frozen=True, slots=True)
class Term:
    """c K^a log(K)^l b^K."""

    c: Node
    a: Fraction = Fraction(0)
    l: int = 0
    b: Node = ONE

    def times(self, other: Term) -> Term:
        return Term(product(self.c, other.c), self.a + other.a, self.l + other.l, product(self.b, other.b))

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.c != ONE:
            found["c"] = str(self.c)
        if self.a:
            found["a"] = str(number(self.a))
        if self.l:
            found["l"] = self.l
        if self.b != ONE:
            found["b"] = str(self.b)
        return found


Terms = list[Term]
UNIT = [Term(ONE)]


class Expansion:
    """Expressions as quotients of sums of terms, children first."""

    def __init__(self, sequent: Sequent, name: str):
        self.sequent = sequent
        self.name = name
        self.known: dict[Node, tuple[Terms, Terms]] = {}

    def of(self, root: Node) -> tuple[Terms, Terms]:
        """Numerator and denominator. Raises NoTerms."""
        stack = [root]
        while stack:
            n = stack[-1]
            if n in self.known:
                stack.pop()
                continue
            closed = self.closed(n)
            parts = [closed] if closed is not None else [] if self.is_leaf(n) else list(n.args[:1] if n.op == Op.POW else n.args)
            missing = [p for p in parts if p not in self.known]
            if missing:
                stack.extend(missing)
                continue
            self.known[n] = self.known[closed] if closed is not None else self.apply(n)
            stack.pop()
        return self.known[root]

    def is_leaf(self, n: Node) -> bool:
        return not mentions(n, self.name) or n.op in (Op.VAR, Op.LOG, Op.EXP) or (n.op == Op.POW and not mentions(n.args[0], self.name))

    def closed(self, n: Node) -> Node | None:
        """Geometric sums, products of one factor and divided differences in closed form."""
        if n.op == Op.DD and 3 <= len(n.args) <= MAX_NODES + 1 and mentions(n.args[0], self.name):
            d, *nodes = n.args
            pair = next(((j, k) for j, a in enumerate(nodes) for k, b in enumerate(nodes) if j < k and a != b), None)
            if pair is None:
                return Node(Op.MUL, (monomials(d, len(nodes)), Node(Op.POW, (nodes[0], Node(Op.SUB, (d, number(len(nodes) - 1)))))))
            without = (nodes[:m] + nodes[m + 1:] for m in reversed(pair))
            parts = tuple(Node(Op.DD, (d, *rest)) if len(rest) > 1 else Node(Op.POW, (rest[0], d)) for rest in without)
            return Node(Op.DIV, (Node(Op.SUB, parts), Node(Op.SUB, (nodes[pair[0]], nodes[pair[1]]))))
        if n.op in (Op.SUM, Op.PROD) and mentions(n, self.name):
            lo, hi, body = n.args
            count = hi if lo == ONE else Node(Op.ADD, (Node(Op.SUB, (hi, lo)), ONE))
            if not mentions(body, n.value):
                return Node(Op.MUL, (count, body)) if n.op == Op.SUM else Node(Op.POW, (body, count))
            if n.op == Op.SUM and body.op == Op.POW and body.args[1] == variable(n.value) and not mentions(body.args[0], n.value):
                q = body.args[0]
                first, after = Node(Op.POW, (q, lo)), Node(Op.POW, (q, Node(Op.ADD, (hi, ONE))))
                return Node(Op.DIV, (Node(Op.SUB, (first, after)), Node(Op.SUB, (ONE, q))))
        return None

    def apply(self, n: Node) -> tuple[Terms, Terms]:
        if not mentions(n, self.name):
            return [Term(n)], UNIT
        op = n.op
        if op == Op.VAR:
            return [Term(ONE, Fraction(1))], UNIT
        if op == Op.LOG and n.args[0] == variable(self.name):
            return [Term(ONE, Fraction(0), 1)], UNIT
        if op == Op.EXP:
            k, d = self.linear(n.args[0])
            return [Term(Node(Op.EXP, (d,)) if d != ZERO else ONE, b=Node(Op.EXP, (k,)))], UNIT
        if op == Op.POW:
            return self.power(n)
        inner = [self.known[a] for a in n.args]
        if op == Op.NEG:
            return self.scaled(inner[0][0], -1), inner[0][1]
        if op in (Op.ADD, Op.SUB):
            (p, q), (r, s) = inner
            if op == Op.SUB:
                r = self.scaled(r, -1)
            if q == s:
                return self.sum(p, r), q
            return self.sum(self.multiply(p, s), self.multiply(r, q)), self.multiply(q, s)
        if op == Op.MUL:
            (p, q), (r, s) = inner
            return self.multiply(p, r), self.multiply(q, s)
        if op == Op.DIV:
            (p, q), (r, s) = inner
            return self.multiply(p, s), self.multiply(q, r)
        if op == Op.SQRT:
            return self.root(inner[0], Fraction(1, 2))
        raise NoTerms(op)

    def power(self, n: Node) -> tuple[Terms, Terms]:
        base, e = n.args
        if not mentions(base, self.name):
            k, d = self.linear(e)
            return [Term(raised(base, d), b=raised(base, k))], UNIT
        q = literal(e)
        if q is None:
            raise NoTerms("an exponent")
        top, bottom = self.known[base]
        if q < 0:
            top, bottom, q = bottom, top, -q
        if q.denominator == 1 and q <= MAX_POWER:
            result = UNIT, UNIT
            for _ in range(int(q)):
                result = self.multiply(result[0], top), self.multiply(result[1], bottom)
            return result
        return self.root((top, bottom), q)

    def root(self, inner: tuple[Terms, Terms], q: Fraction) -> tuple[Terms, Terms]:
        """Powers of quotients of single terms."""
        if any(len(part) != 1 or part[0].l for part in inner):
            raise NoTerms("a root of a sum")
        top, bottom = ([Term(raised(p[0].c, q), p[0].a * q, 0, raised(p[0].b, q))] for p in inner)
        return top, bottom

    def linear(self, e: Node) -> tuple[Node, Node]:
        """k and d with e = k K + d."""
        top, bottom = Expansion(self.sequent, self.name).of(e) if not self.is_leaf(e) or e.op == Op.VAR else ([Term(e)], UNIT)
        if len(bottom) != 1 or bottom[0].b != ONE or bottom[0].a or bottom[0].l:
            raise NoTerms("an exponent")
        k, d = ZERO, ZERO
        for t in top:
            c = t.c if bottom[0].c == ONE else Node(Op.DIV, (t.c, bottom[0].c))
            if t.b != ONE or t.l or t.a not in (0, 1):
                raise NoTerms("an exponent")
            if t.a:
                k = c
            else:
                d = c
        return k, d

    def scaled(self, terms: Terms, c: int) -> Terms:
        return [Term(product(number(c), t.c), t.a, t.l, t.b) for t in terms]

    def sum(self, p: Terms, q: Terms) -> Terms:
        return self.collected([*p, *q])

    def multiply(self, p: Terms, q: Terms) -> Terms:
        if len(p) * len(q) > 200:
            raise NoTerms("too many terms")
        return self.collected([s.times(t) for s in p for t in q])

    def collected(self, terms: Terms) -> Terms:
        """Terms with equal a, l, b joined; those that are 0 left out."""
        found: dict[tuple[Fraction, int, Node], Node] = {}
        for t in terms:
            key = next((k for k in found if k[:2] == (t.a, t.l) and self.same(k[2], t.b)), (t.a, t.l, t.b))
            if key in found:
                p, q = literal(found[key]), literal(t.c)
                found[key] = number(p + q) if p is not None and q is not None else Node(Op.ADD, (found[key], t.c))
            else:
                found[key] = t.c
        result = [Term(c, a, l, b) for (a, l, b), c in found.items() if not self.same(c, ZERO)]
        if len(result) > MAX_TERMS:
            raise NoTerms("too many terms")
        return result

    def same(self, a: Node, b: Node) -> bool:
        if a == b:
            return True
        if literal(a) is not None and literal(b) is not None:
            return literal(a) == literal(b)
        try:
            return bool(self.sequent.algebra.equal(a, b))
        except REFUSED:
            return False


# -- search ----------------------------------------------------------------------------------------------------------------
class Search:
    """One goal."""

    def __init__(self, sequent: Sequent, deadline: float, partial: bool = False):
        self.sequent = sequent
        self.partial = partial  # an equation for large K, or of maxima, may be left open
        self.name: str = sequent.goal.value
        self.deadline = deadline
        self.prover = Prover(deadline)
        self.closed: dict[Sequent, Certificate | None] = {}
        self.tried: dict[Node, tuple[int, Found | None]] = {}
        self.rates: dict[Node, tuple[int, Found | None]] = {}

    def leaf(self, s: Sequent) -> Certificate | None:
        """A certificate of a condition."""
        if s not in self.closed:
            self.closed[s] = self.condition(s)
        return self.closed[s]

    def condition(self, s: Sequent) -> Certificate | None:
        if s.goal.op not in COMPARISONS:
            return expoly.leaf(s, self)
        found = self.prover.leaf(s)
        if found is not None:
            return found
        if s.goal.op == Op.EQ and by_cases(s.goal):
            return None
        if s.goal.op == Op.EQ:
            return identities.attempt(s, self) or expoly.close(s, self) or self.inductive(s) or powers.attempt(s, self)
        found = expoly.leaf(s, self) or differences.attempt(s, self)
        if found is not None:
            return found
        if s.goal.op == Op.NE:
            for op in (Op.LT, "gt"):
                inner = self.leaf(s.aim(Node(op, s.goal.args)))
                if inner is not None:
                    return {"rule": "stronger", "data": {"op": op}, "premises": [inner]}
            return self.factors(s)
        return None

    def factors(self, s: Sequent) -> Certificate | None:
        """A product that is not 0, by the signs of its factors."""
        product, zero = s.goal.args
        if product.op not in (Op.MUL, Op.POW, Op.DIV) or zero != ZERO:
            return None
        stack: list[Node] = [product]
        chain: list[Certificate] = []
        current = s
        while stack:
            x = stack.pop()
            if current.signs.is_nonzero(x):
                continue
            if x.op in (Op.MUL, Op.DIV) or (x.op == Op.POW and x.args[0].op in (Op.ADD, Op.SUB)):
                stack.extend(x.args[:1] if x.op == Op.POW else x.args)
                continue
            for op in (Op.LT, Op.GT):
                lemma = Node(op, (x, ZERO))
                inner = self.leaf(current.aim(lemma))
                if inner is not None:
                    *conditions, _, following = rules()["cut"](current, {"lemma": str(lemma)})
                    chain.append({"rule": "cut", "data": {"lemma": str(lemma)}, "premises": [*map(self.leaf, conditions), inner]})
                    current = following
                    break
            else:
                return None
        if not current.signs.holds(current.goal) or any(None in c["premises"] for c in chain):
            return None
        found: Certificate = {"rule": "evident", "data": {}, "premises": []}
        for node in reversed(chain):
            node["premises"].append(found)
            found = node
        return found

    def inductive(self, s: Sequent) -> Certificate | None:
        """An equation about large K by induction, where sums and divided differences stand on its sides."""
        if self.sequent.goal.op != Op.RATE or not {Op.SUM, Op.DD} <= {n.op for n in postorder(s.goal)}:
            return None
        found = induction.attempt(s, self)
        return found if found is not None and expoly.complete(found) else None

    def holds(self, *statements: Node) -> bool:
        return all(self.leaf(self.sequent.aim(s)) is not None for s in statements)

    def assemble(self, goal: Node, rule: str, data: dict[str, Any], inner: list[Certificate]) -> Certificate | None:
        """The node: limits and rates among the premises are proved by ``inner``, the rest are conditions."""
        rest: Iterator[Certificate] = iter(inner)
        premises = []
        for s in rules()[rule](self.sequent.aim(goal), data):
            found = next(rest) if s.goal.op in (Op.LIMIT, Op.RATE) else self.leaf(s)
            if found is None and not (self.partial and s.goal.op == Op.EQ and (s.sorts != self.sequent.sorts or by_cases(s.goal))):
                return None
            premises.append(found)
        return {"rule": rule, "data": data, "premises": premises}

    def goal(self, e: Node, v: Node, op: str = Op.LIMIT) -> Node:
        return Node(op, (e, v), self.name)

    def claimed(self, found: Found, v: Node) -> Certificate | None:
        """The certificate for the value that is claimed."""
        if found.value == v:
            return found.certificate
        if Op.INF in (found.value.op, v.op):
            return None
        rule = "rate_same" if self.sequent.goal.op == Op.RATE else "limit_same"
        return self.assemble(self.sequent.goal, rule, {"value": str(found.value)}, [found.certificate])

    def limit(self, e: Node, depth: int) -> Found | None:
        """The limit of e; values in short form."""
        if time.monotonic() > self.deadline:
            return None
        if self.tried.get(e, (-1, None))[0] >= depth or self.tried.get(e, (0, None))[1] is not None:
            return self.tried[e][1]
        self.tried[e] = depth, None  # an expression is not reduced to itself
        found = self.searched(e, depth)
        self.tried[e] = depth, found
        return found

    def searched(self, e: Node, depth: int) -> Found | None:
        """The same, without a look at what has been tried."""
        for way in (self.by_difference, self.by_terms, self.by_power, self.by_parts, self.by_rewriting):
            try:
                found = way(e, depth)
            except (*REFUSED, NoTerms):
                continue
            if found is not None:
                return self.short(e, found)
        return None

    def short(self, e: Node, found: Found) -> Found:
        """The same with a simpler value."""
        w = simple(found.value)
        if w == found.value:
            return found
        node = self.assemble(self.goal(e, w), "limit_same", {"value": str(found.value)}, [found.certificate])
        return found if node is None else Found(w, node)

    # -- dominant terms ----------------------------------------------------------------------------------------------
    def by_terms(self, e: Node, depth: int) -> Found | None:
        if not mentions(e, self.name):
            node = self.assemble(self.goal(e, e), "limit_parts", {}, [])
            return None if node is None else Found(e, node)
        top, bottom = Expansion(self.sequent, self.name).of(e)
        data: dict[str, Any] = {"from": 2 if any(t.l for t in (*top, *bottom)) else 1}
        s = self.first(bottom, "bottom", data)
        if s is None:
            return None
        ways = [self.way(t, s) for t in top]
        if all(ways):
            data.update(case="zero", ways=ways or ["power"], top=[t.data() for t in top] or [Term(ZERO, s.a - 1, 0, s.b).data()])
            value = ZERO
        else:
            t = self.first(top, "top", data)
            if t is None:
                return None
            if (t.a, t.l) == (s.a, s.l) and t.b == s.b:
                data["case"] = "equal"
                value = t.c if s.c == ONE else Node(Op.DIV, (t.c, s.c))
            elif (way := self.way(s, t)) is not None:
                data.update(case="infinite", way=way)
                value = INFINITE
            else:
                return None
        node = self.assemble(self.goal(e, value), "limit_terms", data, [])
        return None if node is None else Found(value, node)

    def by_difference(self, e: Node, depth: int) -> Found | None:
        found = rates.limit_of_difference(self, e)
        return None if found is None else Found(*found)

    # -- rates ---------------------------------------------------------------------------------------------------------
    def rate(self, e: Node, depth: int) -> Found | None:
        """The rate of e."""
        known = self.rates.get(e)
        if known is not None and (known[0] >= depth or known[1] is not None):
            return known[1]
        ways = [self.rate_by_terms, self.rate_of_parts]
        if rates.differs(e, self.name):
            ways.reverse()  # dominant terms of a divided difference need to know which of its nodes differ
        found = None
        for way in (*ways, self.rate_of_sum, self.rate_by_limit):
            if time.monotonic() > self.deadline or depth < 0:
                return None
            try:
                found = way(e, depth)
            except (*REFUSED, NoTerms):
                continue
            if found is not None:
                break
        self.rates[e] = depth, found
        return found

    def rate_of_parts(self, e: Node, depth: int) -> Found | None:
        zero = rates.of_zero(self, e)
        if zero is not None:
            return Found(*zero)
        found = rates.of_difference(self, e) if e.op == Op.DD else rates.of_parts(self, e, depth) if mentions(e, self.name) else None
        return None if found is None else Found(*found)

    def rate_of_sum(self, e: Node, depth: int) -> Found | None:
        found = rates.of_sum(self, e, depth)
        return None if found is None else Found(*found)

    def rate_by_limit(self, e: Node, depth: int) -> Found | None:
        found = rates.of_limit(self, e, min(depth, RATE_LIMIT_DEPTH))
        return None if found is None else Found(*found)

    def line(self, depth: Node) -> tuple[Node, Node]:
        """p and q with depth = p*K + q. Raises NoTerms."""
        return Expansion(self.sequent, self.name).linear(depth)

    def start(self, e: Node) -> int:
        """From where on an expression is looked at: 1, or later where depths such as K - 3 occur in it."""
        least = 1
        for n in postorder(e):
            if n.op == Op.SUB and n.args[0] == variable(self.name):
                q = literal(n.args[1])
                least = max(least, int(q) + 1 if q is not None and 0 < q < 1000 else 1)
        return least

    def rate_by_terms(self, e: Node, depth: int) -> Found | None:
        top, bottom = Expansion(self.sequent, self.name).of(e)
        data: dict[str, Any] = {"from": 2 if any(t.l for t in (*top, *bottom)) else 1}
        s, t = self.first(bottom, "bottom", data, True), self.first(top, "top", data, True)
        if s is None or t is None:
            return None
        value = simple(t.b if s.b == ONE else Node(Op.DIV, (t.b, s.b)))
        node = self.assemble(self.goal(e, value, Op.RATE), "rate_terms", data, [])
        return None if node is None else Found(value, node)

    def first(self, terms: Terms, key: str, data: dict[str, Any], level: bool = False) -> Term | None:
        """The term that dominates the others; it and they go into the data."""
        for k, t in enumerate(terms):
            others = [*terms[:k], *terms[k + 1:]]
            ways = []
            for s in others:
                way = self.way(s, t)
                if way is None and level and self.holds(Node(Op.LE, (ZERO, s.c)), Node(Op.LE, (ZERO, s.b)), Node(Op.LE, (s.b, t.b)),
                                                        Node(Op.LT, (ZERO, t.c))):
                    way = "level"
                if way is None:
                    break
                ways.append(way)
            if len(ways) == len(others) and self.holds(Node(Op.LT, (ZERO, t.b))):
                if key == "top" or terms != UNIT:
                    data[key] = [s.data() for s in (t, *others)]
                    data[f"{key}_ways"] = ways
                return t
        return None

    def way(self, t: Term, t0: Term) -> str | None:
        """The way in which t0 dominates t, if it can be shown."""
        if t.b == t0.b:
            return "power" if t.a < t0.a else "log" if t.a == t0.a and t.l < t0.l else None
        signed = self.sequent.sorts[self.name].kind in ("natural", "integer") and not self.sequent.signs.is_nonnegative(t.b)
        low = Node(Op.LT, (Node(Op.NEG, (t0.b,)), t.b)) if signed else Node(Op.LE, (ZERO, t.b))
        if self.holds(low, Node(Op.LT, (t.b, t0.b))):
            return "base"
        if t.a < t0.a and self.holds(Node(Op.LE, (ZERO, t.b)), Node(Op.LE, (t.b, t0.b))):
            return "power"
        return None

    # -- other ways --------------------------------------------------------------------------------------------------
    def by_power(self, e: Node, depth: int) -> Found | None:
        if e.op != Op.POW or not depth or not mentions(e.args[1], self.name) or not mentions(e.args[0], self.name):
            return None
        u, w = e.args
        one = self.limit(u, depth - 1)
        if one is None or one.value.op == Op.INF:
            return None
        first = one.certificate if one.value == ONE else self.assemble(
            self.goal(u, ONE), "limit_same", {"value": str(one.value)}, [one.certificate])
        second = self.limit(Node(Op.MUL, (w, Node(Op.SUB, (u, ONE)))), depth - 1)
        if first is None or second is None or second.value.op == Op.INF:
            return None
        value = Node(Op.EXP, (second.value,))
        node = self.assemble(self.goal(e, value), "limit_power", {"exponent": str(second.value)}, [first, second.certificate])
        return None if node is None else Found(value, node)

    def by_rewriting(self, e: Node, depth: int) -> Found | None:
        """The limit of an expression with the same values."""
        if not depth:
            return None
        for other in rewritings(e, self.name):
            found = self.limit(other, depth - 1)
            if found is None:
                continue
            node = self.assemble(self.goal(e, found.value), "limit_same", {"other": str(other)}, [found.certificate])
            if node is not None:
                return Found(found.value, node)
        return None

    def by_parts(self, e: Node, depth: int) -> Found | None:
        """The limits of the arguments."""
        if not depth or not e.args or e.op not in rules_parts():
            return None
        values: list[Any] = []
        inner = []
        for a in e.args:
            if not mentions(a, self.name):
                values.append(a)
                continue
            found = self.limit(a, depth - 1)
            if found is None:
                negative = a.args[0] if a.op == Op.NEG else Node(Op.NEG, (a,))
                found = self.limit(negative, depth - 1)
                if found is None or found.value.op != Op.INF:
                    return None
                values.append("-inf")
            else:
                values.append("inf" if found.value.op == Op.INF else found.value)
            inner.append(found.certificate)
        value = Node(e.op, tuple(values)) if all(isinstance(v, Node) for v in values) else improper(e, values)[0]
        data = {"values": [v if isinstance(v, str) else str(v) for v in values]}
        node = self.assemble(self.goal(e, value), "limit_parts", data, inner)
        return None if node is None else Found(value, node)


def by_cases(goal: Node) -> bool:
    """Whether an equation of values has maxima or the like, which other provers take apart."""
    return any(n.op in (Op.MAX, Op.MIN, Op.ABS) for n in postorder(goal))


def rewritings(e: Node, name: str) -> Iterator[Node]:
    """Expressions with the same values, for large values of the variable.

    sqrt(a) - sqrt(b) = (a - b)/(sqrt(a) + sqrt(b)), also with one root; a/(b + sqrt(c)) with all parts divided by a power of the
    variable; products and quotients with roots as the root of the square; u^w = exp(w log(u)); w log(u) = log(u^w).
    """
    if e.op == Op.SUB and any(a.op == Op.SQRT and mentions(a, name) for a in e.args):
        a, b = e.args
        squares = [x.args[0] if x.op == Op.SQRT else Node(Op.POW, (x, number(2))) for x in (a, b)]
        yield Node(Op.DIV, (Node(Op.SUB, (squares[0], squares[1])), Node(Op.ADD, (a, b))))
    if e.op == Op.DIV and e.args[1].op in (Op.ADD, Op.SUB):
        roots = [n for n in postorder(e.args[1]) if n.op == Op.SQRT and mentions(n, name)]
        if roots and all(n.args[0].op != Op.DIV for n in roots):
            for power in (Fraction(1, 2), Fraction(1), Fraction(2)):
                yield Node(Op.DIV, tuple(scaled(x, name, power) for x in e.args))
    if e.op in (Op.MUL, Op.DIV) and any(a.op == Op.SQRT and mentions(a, name) for a in e.args):
        yield Node(Op.SQRT, (Node(e.op, tuple(a.args[0] if a.op == Op.SQRT else Node(Op.POW, (a, number(2))) for a in e.args)),))
    if e.op == Op.POW and mentions(e.args[1], name):
        yield Node(Op.EXP, (Node(Op.MUL, (e.args[1], Node(Op.LOG, (e.args[0],)))),))
    if e.op == Op.MUL:
        for u, w in (e.args, e.args[::-1]):
            if u.op == Op.LOG and u.args[0].op != Op.VAR:
                yield Node(Op.LOG, (Node(Op.POW, (u.args[0], w)),))


def scaled(root: Node, name: str, a: Fraction) -> Node:
    """root/K^a, divided in every part of sums and under roots."""
    done: dict[int, Node] = {}
    stack = [root]
    while stack:
        n = stack[-1]
        missing = [x for x in n.args if id(x) not in done] if n.op in (Op.ADD, Op.SUB, Op.NEG) else []
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        if n.op in (Op.ADD, Op.SUB, Op.NEG):
            done[id(n)] = Node(n.op, tuple(done[id(x)] for x in n.args))
        elif n.op == Op.SQRT:
            done[id(n)] = Node(Op.SQRT, (Node(Op.DIV, (n.args[0], raised(variable(name), 2 * a))),))
        else:
            done[id(n)] = Node(Op.DIV, (n, raised(variable(name), a)))
    return done[id(root)]


def rules_parts() -> frozenset[str]:
    return frozenset((Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.NEG, Op.POW, Op.SQRT, Op.EXP, Op.LOG, "abs", "min", "max"))


def simple(v: Node) -> Node:
    """A shorter node of the same value, where that is easy to see."""
    if v.op == Op.INF:
        return v
    q = rational_value(v)
    if q is not None:
        return number(q)
    if v.op == Op.EXP and rational_value(v.args[0]) == 0:
        return ONE
    if v.op == Op.LOG and rational_value(v.args[0]) == 1:
        return ZERO
    if v.op in (Op.MUL, Op.DIV) and rational_value(v.args[0]) == 0:
        return ZERO
    if v.op in (Op.ADD, Op.SUB) and rational_value(v.args[1]) == 0:
        return v.args[0]
    if v.op == Op.ADD and rational_value(v.args[0]) == 0:
        return v.args[1]
    if v.op == Op.DIV and rational_value(v.args[1]) == 1:
        return v.args[0]
    return v


__all__ = ["Search", "attempt", "true_limit"]
