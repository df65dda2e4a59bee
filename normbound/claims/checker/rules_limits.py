"""Limits and rates: the rules ``limit_terms``, ``limit_parts``, ``limit_power``, ``limit_same``, ``squeeze``, ``rate_terms``.

The goal is limit(e, K) == v or rate(e, K) == v. k is a new variable of the sort of K, and "for large k" means: as a premise with the
hypothesis k >= n, where n is the datum "from" (1 where it is left out). That e has a value for large k is a premise of every rule.

A term is {"c": text, "a": text, "l": number, "b": text} and stands for c K^a log(K)^l b^K with c, a, b free of K (1, 0, 0, 1 where left
out); l from 0 to 20, and n >= 2 where l > 0. One term dominates another, t0 before t:
    "base"      |b| < b0:  0 <= b, or K natural and -b0 < b;  b < b0
    "power"     0 <= b, b <= b0, a < a0
    "log"       the same b and a, l < l0
In each case t/t0 tends to 0, given b0 > 0.

limit_terms     e == (sum of the terms of "top")/(sum of the terms of "bottom") for large k; in both the first term dominates the others in
                the ways "top_ways", "bottom_ways"; bottom is 1 where it is left out; its first coefficient is not 0. "case":
                    equal      both first terms have the same a, l, b; v == c/d
                    zero       the first term of bottom dominates each term of top in the way that "ways" gives for it; v == 0
                    infinite   the first term of top dominates that of bottom in the way "way"; c/d > 0; v is inf
rate_terms      the same; c/d > 0 and v == b/b', b and b' those of the first terms; here a further way is accepted:
                    level      0 <= c, 0 <= b, b <= b0 and 0 < c0: such terms add at most a factor K^q to the sum, q fixed
limit_parts     e = op(x, ...): "values", one for each argument, text, "inf" or "-inf": the limits of the arguments; op is continuous
                at the values, which must be in its domain; or one of: inf + x, inf + inf, inf*inf, inf*x and inf/x with x > 0,
                x/inf = 0, exp(inf), exp(-inf) = 0, log(inf), sqrt(inf), inf^q for a literal q, -(-inf), max(inf, x)
limit_power     e = u^w: limit(u, K) == 1, limit(w*(u - 1), K) == L ("exponent": L), v == exp(L)
limit_same      limit(e2, K) == v and e(k) == e2(k) for large k ("other": e2); or limit(e, K) == w and v == w ("value": w)
squeeze         lower(k) <= e(k) <= upper(k) for large k, both with the limit v; for v = inf only lower

Source: n^a q^n -> 0 for |q| < 1; log(1 + t)/t -> 1 as t -> 0; elementary calculus.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.obligations import needs
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_derivative import required
from normbound.claims.checker.rules_logic import checked
from normbound.claims.checker.sequent import Sequent, entry, listing, members, mentions, string
from normbound.claims.syntax import Node, Op, literal, number, rebuild, variable

Data = Mapping[str, Any]
ZERO, ONE = number(0), number(1)
INFINITE = Node(Op.INF)
MAX_TERMS = 60
MAX_LOG = 20
MAX_FROM = 10**9


class Scene:
    """The parts of a goal, and the sequent in which k is large."""

    def __init__(self, sequent: Sequent, data: Data, op: str = Op.LIMIT):
        goal = sequent.goal
        if goal.op != op:
            reject(f"found the goal {str(goal)[:60]}; accepted: {op}")
        self.sequent = sequent
        self.name: str = goal.value
        self.e, self.v = goal.args
        lengths = [f for f, length in sequent.lengths().items() if mentions(length, self.name)]
        if set(lengths) & members(self.e):
            reject(f"{self.name} is in the length of a family of which the expression has members")
        start = data.get("from", 1)
        if not isinstance(start, int) or isinstance(start, bool) or not 1 <= start <= MAX_FROM:
            reject(f"found from = {str(start)[:40]}; accepted: 1 to {MAX_FROM}")
        self.start = start
        fresh = sequent.fresh(self.name)
        self.k = variable(fresh)
        self.large = sequent.declare(fresh, sequent.sorts[self.name]).assume(Node(Op.GE, (self.k, number(start))))

    def at(self, node: Node) -> Node:
        """The expression at k."""
        return rebuild(node, lambda n, args: self.k if n == variable(self.name) else None)

    def free(self, data: object, otherwise: Node) -> Node:
        """An expression free of the variable."""
        if data is None:
            return otherwise
        node = self.sequent.expression(data)
        if mentions(node, self.name):
            reject(f"found {str(node)[:60]}; accepted: an expression free of {self.name}")
        return node

    def defined(self) -> list[Sequent]:
        return [checked(s) for s in needs(self.large, self.at(self.e))]

    def limit(self, e: Node, v: Node) -> Sequent:
        return checked(self.sequent.aim(Node(Op.LIMIT, (e, v), self.name)))

    def finite(self) -> Node:
        if self.v.op == Op.INF:
            reject("the value is inf")
        return self.v


class Term:
    """c K^a log(K)^l b^K."""

    def __init__(self, scene: Scene, data: object):
        if not isinstance(data, Mapping) or not set(data) <= {"c", "a", "l", "b"}:
            reject(f"found the term {str(data)[:60]}; accepted: a table with c, a, l, b")
        self.c = scene.free(data.get("c"), ONE)
        self.a = scene.free(data.get("a"), ZERO)
        self.b = scene.free(data.get("b"), ONE)
        l = data.get("l", 0)
        if not isinstance(l, int) or isinstance(l, bool) or not 0 <= l <= MAX_LOG:
            reject(f"found the power {str(l)[:20]} of log; accepted: 0 to {MAX_LOG}")
        if l and scene.start < 2:
            reject("a term with log needs from >= 2")
        self.l = l

    def node(self, k: Node) -> Node:
        """The term at k."""
        result = self.c
        if self.a != ZERO:
            result = Node(Op.MUL, (result, k if self.a == ONE else Node(Op.POW, (k, self.a))))
        if self.l:
            result = Node(Op.MUL, (result, Node(Op.POW, (Node(Op.LOG, (k,)), number(self.l)))))
        if self.b != ONE:
            result = Node(Op.MUL, (result, Node(Op.POW, (self.b, k))))
        return result


def dominated(scene: Scene, t: Term, t0: Term, way: object, level: bool = False) -> list[Node]:
    """What shows that t/t0 tends to 0, given that the base of t0 is positive; with ``level`` also what shows that t does not change the
    rate of t0."""
    if way == "level" and level:
        return [Node(Op.LE, (ZERO, t.c)), Node(Op.LE, (ZERO, t.b)), Node(Op.LE, (t.b, t0.b)), Node(Op.LT, (ZERO, t0.c))]
    if way == "base":
        if scene.sequent.sorts[scene.name].kind in ("natural", "integer") and not scene.sequent.signs.is_nonnegative(t.b):
            return [Node(Op.LT, (Node(Op.NEG, (t0.b,)), t.b)), Node(Op.LT, (t.b, t0.b))]
        return [Node(Op.LE, (ZERO, t.b)), Node(Op.LT, (t.b, t0.b))]
    if way == "power":
        found = [] if t.b == t0.b else [Node(Op.LE, (ZERO, t.b)), Node(Op.LE, (t.b, t0.b))]
        return [*found, Node(Op.LT, (t.a, t0.a))]
    if way == "log":
        if t.b != t0.b or t.a != t0.a or t.l >= t0.l:
            reject("found other bases or powers, or no smaller power of log")
        return []
    reject(f"found the way {str(way)[:20]!r}; accepted: base, power, log")


def read(scene: Scene, data: Data, key: str) -> list[Term]:
    """The terms of top or bottom."""
    terms = [Term(scene, t) for t in listing(entry(data, key), MAX_TERMS)] if key == "top" or key in data else [Term(scene, {})]
    if not terms:
        reject(f"{key} has no terms")
    return terms


def ordered(scene: Scene, data: Data, key: str, level: bool = False) -> tuple[list[Term], list[Node]]:
    """Terms of which the first dominates, and what shows it."""
    terms = read(scene, data, key)
    ways = listing(data.get(f"{key}_ways", []), MAX_TERMS)
    if len(ways) != len(terms) - 1:
        reject(f"found {len(ways)} ways for {len(terms)} terms; accepted: one less than terms")
    conditions = [Node(Op.LT, (ZERO, terms[0].b))]
    for t, way in zip(terms[1:], ways, strict=True):
        conditions += dominated(scene, t, terms[0], way, level)
    return terms, conditions


def total(terms: list[Term], k: Node) -> Node:
    result = terms[0].node(k)
    for t in terms[1:]:
        result = Node(Op.ADD, (result, t.node(k)))
    return result


def quotient(scene: Scene, data: Data, vanishes: bool = False, level: bool = False) -> tuple[Term, Term, list[Sequent], list[Sequent]]:
    """The first terms; the premises that parts are defined and that the first terms dominate; the premises about large k. When the quotient
    ``vanishes``, the first term of bottom dominates all terms of top, and these need no order."""
    bottom, below = ordered(scene, data, "bottom", level)
    if vanishes:
        top = read(scene, data, "top")
        ways = listing(entry(data, "ways"), MAX_TERMS)
        if len(ways) != len(top):
            reject(f"found {len(ways)} ways for {len(top)} terms; accepted: one for each")
        above = [c for t, way in zip(top, ways, strict=True) for c in dominated(scene, t, bottom[0], way)]
    else:
        top, above = ordered(scene, data, "top", level)
    pieces = [p for t in (*top, *bottom) for p in (t.c, t.a, t.b)]
    value = total(top, scene.k)
    if "bottom" in data:
        value = Node(Op.DIV, (value, total(bottom, scene.k)))
    conditions = [*needs(scene.sequent, *pieces),
                  *required(scene.sequent, *above, *below, Node(Op.NE, (bottom[0].c, ZERO)))]
    large = [*scene.defined(), *needs(scene.large, value), scene.large.aim(Node(Op.EQ, (scene.at(scene.e), value)))]
    return top[0], bottom[0], conditions, [checked(s) for s in large]


def leading(t: Term, s: Term) -> Node:
    return t.c if s.c == ONE else Node(Op.DIV, (t.c, s.c))


@rule("limit_terms")
def limit_terms(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module. Premises in the order: parts are defined, conditions, about large k (the last one the equation), the
    value."""
    scene = Scene(sequent, data)
    case = string(entry(data, "case"))
    t, s, conditions, large = quotient(scene, data, case == "zero")
    more: list[Node]
    if case == "equal":
        if (t.a, t.b, t.l) != (s.a, s.b, s.l):
            reject("the first terms differ in more than their coefficients")
        more = [Node(Op.EQ, (scene.finite(), leading(t, s)))]
    elif case == "zero":
        more = [Node(Op.EQ, (scene.finite(), ZERO))]
    elif case == "infinite":
        if scene.v.op != Op.INF:
            reject("the value is not inf")
        more = [*dominated(scene, s, t, entry(data, "way")), Node(Op.LT, (ZERO, leading(t, s)))]
    else:
        reject(f"found the case {case[:20]!r}; accepted: equal, zero, infinite")
    return [*conditions, *large, *required(sequent, *more)]


@rule("rate_terms")
def rate_terms(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    scene = Scene(sequent, data, Op.RATE)
    t, s, conditions, large = quotient(scene, data, level=True)
    ratio = t.b if s.b == ONE else Node(Op.DIV, (t.b, s.b))
    return [*conditions, *large, *required(sequent, Node(Op.LT, (ZERO, leading(t, s))), Node(Op.EQ, (scene.finite(), ratio)))]


@rule("limit_parts")
def limit_parts(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module. Premises in the order: values are defined, conditions, e is defined, the limits of the arguments,
    the value."""
    scene = Scene(sequent, data)
    e = scene.e
    if not mentions(e, scene.name):
        return [*scene.defined(), sequent.aim(Node(Op.EQ, (scene.finite(), e)))]
    if e.op not in (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.NEG, Op.POW, Op.SQRT, Op.EXP, Op.LOG, Op.ABS, Op.MIN, Op.MAX):
        reject(f"found {e.op}; accepted: + - * / ^ sqrt exp log abs min max")
    texts = listing(entry(data, "values"), len(e.args))
    if len(texts) != len(e.args):
        reject(f"found {len(texts)} values; accepted: {len(e.args)}")
    values = [x if x in ("inf", "-inf") else scene.free(x, ZERO) for x in map(string, texts)]
    premises: list[Sequent] = []
    for a, x in zip(e.args, values, strict=True):
        if not mentions(a, scene.name):
            if x != a:
                reject(f"found the value {str(x)[:40]} of {str(a)[:40]}, which is free of {scene.name}; accepted: itself")
        elif isinstance(x, Node):
            premises.append(scene.limit(a, x))
        elif x == "inf":
            premises.append(scene.limit(a, INFINITE))
        else:
            premises.append(scene.limit(a.args[0] if a.op == Op.NEG else Node(Op.NEG, (a,)), INFINITE))
    if all(isinstance(x, Node) for x in values):
        w = Node(e.op, tuple(x for x in values if isinstance(x, Node)))
        conditions = [Node(Op.LT, (ZERO, w.args[0]))] if e.op == Op.POW and literal(e.args[1]) is None else []
    else:
        w, conditions = improper(e, values)
    known = [x for x in values if isinstance(x, Node)]
    found = [*needs(sequent, *known), *([] if w.op == Op.INF else needs(sequent, w)), *required(sequent, *conditions)]
    if w.op == Op.INF:
        if scene.v.op != Op.INF:
            reject("the value is not inf")
        return [*found, *scene.defined(), *premises]
    return [*found, *scene.defined(), *premises, *required(sequent, Node(Op.EQ, (scene.finite(), w)))]


def improper(e: Node, values: list[Any]) -> tuple[Node, list[Node]]:
    """The value of an operator with infinite arguments, and conditions."""
    op = e.op
    first = values[0]
    second = values[1] if len(values) > 1 else None
    if op == Op.NEG and first == "-inf":
        return INFINITE, []
    if op == Op.ADD and "inf" in (first, second) and "-inf" not in (first, second):
        return INFINITE, []
    if op == Op.SUB and ((first == "inf" and second != "inf") or (isinstance(first, Node) and second == "-inf")):
        return INFINITE, []
    if op == Op.MUL and "-inf" not in (first, second):
        return INFINITE, [Node(Op.LT, (ZERO, x)) for x in (first, second) if isinstance(x, Node)]
    if op == Op.DIV and isinstance(first, Node) and second in ("inf", "-inf"):
        return ZERO, []
    if op == Op.DIV and first == "inf" and isinstance(second, Node):
        return INFINITE, [Node(Op.LT, (ZERO, second))]
    if op == Op.EXP:
        return (INFINITE if first == "inf" else ZERO), []
    if op in (Op.LOG, Op.SQRT) and first == "inf":
        return INFINITE, []
    if op == Op.POW and first == "inf":
        q = literal(e.args[1])
        if q is not None and q != 0:
            return (INFINITE if q > 0 else ZERO), []
    if op == Op.MAX and "inf" in values and "-inf" not in values:
        return INFINITE, []
    reject(f"{op} has no limit by the values {', '.join(str(x)[:20] for x in values)}")


@rule("limit_power")
def limit_power(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    scene = Scene(sequent, data)
    if scene.e.op != Op.POW:
        reject(f"found {scene.e.op}; accepted: a power")
    u, w = scene.e.args
    exponent = scene.free(string(entry(data, "exponent")), ZERO)
    return [*needs(sequent, exponent), *scene.defined(), scene.limit(u, ONE),
            scene.limit(Node(Op.MUL, (w, Node(Op.SUB, (u, ONE)))), exponent),
            *required(sequent, Node(Op.EQ, (scene.finite(), Node(Op.EXP, (exponent,)))))]


@rule("limit_same")
def limit_same(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    scene = Scene(sequent, data)
    if "value" in data:
        w = scene.free(string(data["value"]), ZERO)
        return [*needs(sequent, w), scene.limit(scene.e, w), *required(sequent, Node(Op.EQ, (scene.finite(), w)))]
    other = sequent.expression(entry(data, "other"))
    return [checked(s) for s in (*scene.defined(), *needs(scene.large, scene.at(other)),
                                 scene.large.aim(Node(Op.EQ, (scene.at(scene.e), scene.at(other)))), scene.limit(other, scene.v))]


@rule("squeeze")
def squeeze(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    scene = Scene(sequent, data)
    found = list(scene.defined())
    limits = []
    for key in ("lower", "upper"):
        if key == "upper" and scene.v.op == Op.INF:
            continue
        bound = sequent.expression(entry(data, key))
        sides = (scene.at(bound), scene.at(scene.e))
        found += [*needs(scene.large, sides[0]), scene.large.aim(Node(Op.LE, sides if key == "lower" else sides[::-1]))]
        limits.append(scene.limit(bound, scene.v))
    return [checked(s) for s in (*found, *limits)]


__all__ = ["Scene", "Term", "dominated", "limit_parts", "limit_power", "limit_same", "limit_terms", "rate_terms", "squeeze"]
