"""Mutants: claims that were weakened or broken in one place, and an independent opinion on each.

A mutant of a true claim is true or false. ``counterexample`` looks for a point at which it fails, with an evaluator of its own:
mpmath, doubles first, then 60 and 1500 digits. It shares the syntax tree with normbound and the bounds derived for networks, and
nothing else. What it finds is a number, not a proof, but no prover may contradict it.
"""

import itertools
import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import mpmath

from normbound.claims.document import Claim, Document, read
from normbound.claims.errors import ClaimError
from normbound.claims.networks import Derived
from normbound.claims.sorts import Sort
from normbound.claims.syntax import COMPARISONS, Node, Op, free_names, networks, number, parts, postorder, rebuild

FLIPPED = {Op.LE: Op.GE, Op.LT: Op.GT, Op.GE: Op.LE, Op.GT: Op.LT, Op.EQ: Op.NE, Op.NE: Op.EQ}
STRICT = {Op.LE: Op.LT, Op.GE: Op.GT, Op.EQ: Op.LT}
LOOSE = {Op.LT: Op.LE, Op.GT: Op.GE}
WIDER = {"positive": ("nonnegative", "real"), "nonnegative": ("real",), "natural": ("integer", "nonnegative"), "integer": ("real",)}
KINDS = ("flip", "factor", "hypothesis", "sort", "exponent", "constant", "term", "strict", "direction", "range")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutant: what was done, the claim as read back from ``document``."""

    kind: str
    what: str
    original: Claim
    claim: Claim
    document: Document


# -- making mutants --------------------------------------------------------------------------------------------------------
def mutants(document: Document, claim: Claim, most: int = 40) -> list[Mutant]:
    """Distinct mutants of a claim that can be read; the kinds take turns, so that a few already cover all."""
    by_kind: dict[str, list[tuple[str, dict]]] = {k: [] for k in KINDS}
    for kind, what, change in _changes(claim):
        by_kind[kind].append((what, change))
    found: list[Mutant] = []
    seen = {(claim.show, claim.given, tuple(sorted((n, str(s)) for n, s in claim.vars.items())))}
    for row in itertools.zip_longest(*by_kind.values()):
        for kind, item in zip(KINDS, row, strict=True):
            if item is None or len(found) >= most:
                continue
            what, change = item
            try:
                new = _reread(document, claim, len(found), **change)
            except ClaimError:  # ill-sorted, or a network cannot take the symbol
                continue
            key = (new.claims[0].show, new.claims[0].given, tuple(sorted((n, str(s)) for n, s in new.claims[0].vars.items())))
            if key not in seen:
                seen.add(key)
                found.append(Mutant(kind, what, claim, new.claims[0], new))
    return found


def _changes(claim: Claim) -> Iterator[tuple[str, str, dict]]:
    show = claim.show
    for node in _outermost(show, COMPARISONS):
        yield "flip", f"{node} flipped", {"show": _put(show, node, Node(FLIPPED[node.op], node.args))}
        a, b = node.args
        for factor in ((Fraction(99, 100), Fraction(101, 100)) if node.op == Op.EQ
                       else (Fraction(99, 100),) if node.op in (Op.LE, Op.LT) else (Fraction(101, 100),)):
            new = Node(node.op, (a, Node(Op.MUL, (number(factor), b))))
            yield "factor", f"the right side of {node} times {factor}", {"show": _put(show, node, new)}
        if node.op in STRICT:
            yield "strict", f"{node} made strict", {"show": _put(show, node, Node(STRICT[node.op], node.args))}
    for k, h in enumerate(claim.given):
        yield "hypothesis", f"the hypothesis {h} dropped", {"given": claim.given[:k] + claim.given[k + 1:]}
        for node in _outermost(h, tuple(LOOSE)):
            loose = _put(h, node, Node(LOOSE[node.op], node.args))
            yield "strict", f"the hypothesis {node} made loose", {"given": (*claim.given[:k], loose, *claim.given[k + 1:])}
        for node in _outermost(h, (Op.LE, Op.GE, Op.LT, Op.GT)):
            wide = Fraction(101, 100) if node.op in (Op.LE, Op.LT) else Fraction(99, 100)
            new = Node(node.op, (node.args[0], Node(Op.MUL, (number(wide), node.args[1]))))
            yield "factor", f"the hypothesis {node} widened", {"given": (*claim.given[:k], _put(h, node, new), *claim.given[k + 1:])}
    for name in sorted(free_names(show).union(*(free_names(g) for g in claim.given))):
        for kind in WIDER.get(claim.vars[name].kind, ()):
            yield "sort", f"{name} made {kind}", {"vars": {**claim.vars, name: Sort(kind, claim.vars[name].length)}}
    for node in _distinct(show, (Op.POW,)):
        base, e = node.args
        for d in (Op.ADD, Op.SUB):
            yield "exponent", f"the exponent of {node} {'plus' if d == Op.ADD else 'minus'} 1", \
                {"show": _put(show, node, Node(Op.POW, (base, Node(d, (e, number(1))))))}
    for node in _distinct(show, (Op.DD,)):
        yield "exponent", f"the depth of {node} plus 1", \
            {"show": _put(show, node, Node(Op.DD, (Node(Op.ADD, (node.args[0], number(1))), *node.args[1:])))}
    for node in _distinct(show, (Op.NUM,)):
        yield "constant", f"{node} plus 1", {"show": _put(show, node, number(node.value + 1))}
        if node.value >= 1:
            yield "constant", f"{node} minus 1", {"show": _put(show, node, number(node.value - 1))}
    for node in _distinct(show, (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MAX, Op.MIN)):
        for part in node.args[:2]:
            yield "term", f"{node} replaced by {part}", {"show": _put(show, node, part)}
    for node in _distinct(show, (Op.SQRT, Op.ABS)):
        yield "term", f"{node} replaced by {node.args[0]}", {"show": _put(show, node, node.args[0])}
    for node in _distinct(show, (Op.INCREASING, Op.DECREASING)):
        other = Op.DECREASING if node.op == Op.INCREASING else Op.INCREASING
        yield "direction", f"{node} reversed", {"show": _put(show, node, Node(other, node.args, node.value))}
        symbols = set(free_names(node.args[0])).union(*(claim.networks[n].symbols for n in networks(node)))
        for name in sorted(symbols - {node.value}):
            yield "direction", f"{node} in {name}", {"show": _put(show, node, Node(node.op, node.args, name))}
    for node in _distinct(show, (Op.LIMIT, Op.RATE)):
        e, v = node.args
        values = (number(0), number(1)) if v.op == Op.INF else (Node(Op.ADD, (v, number(1))), Node(Op.MUL, (number(Fraction(101, 100)), v)))
        for new in values:
            yield "direction", f"the value of {node} replaced by {new}", {"show": _put(show, node, Node(node.op, (e, new), node.value))}
    if show.op == Op.RECURRENCE:
        index, sequences = parts(show)
        n = len(sequences)
        i = Node(Op.VAR, (), index)
        for k in range(n):
            form = show.args[2 * n + k]
            for what, new in (("plus 1", Node(Op.ADD, (form, number(1)))), ("plus the index", Node(Op.ADD, (form, i)))):
                args = (*show.args[:2 * n + k], new, *show.args[2 * n + k + 1:])
                yield "direction", f"the form of {sequences[k].name} {what}", {"show": Node(Op.RECURRENCE, args, show.value)}
            start = (*show.args[:k], Node(Op.ADD, (show.args[k], number(1))), *show.args[k + 1:])
            yield "range", f"the start of {sequences[k].name} plus 1", {"show": Node(Op.RECURRENCE, start, show.value)}
    for node in _distinct(show, (Op.SUM, Op.PROD, Op.FORALL)):
        lo, hi, body = node.args
        for what, args in (("end", (lo, Node(Op.ADD, (hi, number(1))), body)), ("start", (Node(Op.ADD, (lo, number(1))), hi, body))):
            yield "range", f"the {what} of {node} plus 1", {"show": _put(show, node, Node(node.op, args, node.value))}


def _outermost(statement: Node, ops: tuple[str, ...]) -> list[Node]:
    """Comparisons that are to hold: not those in the premise of an implication."""
    found, stack = [], [statement]
    while stack:
        n = stack.pop()
        if n.op in ops and n.is_statement:
            found.append(n)
        elif n.op == Op.IMPLIES:
            stack.append(n.args[1])
        elif n.op in (Op.AND, Op.IFF):
            stack.extend(n.args)
        elif n.op == Op.FORALL:
            stack.append(n.args[2])
    return found


def _distinct(statement: Node, ops: tuple[str, ...]) -> list[Node]:
    return list(dict.fromkeys(n for n in postorder(statement) if n.op in ops))[:12]


def _put(root: Node, old: Node, new: Node) -> Node:
    return rebuild(root, lambda n, args: new if n == old else None)


# -- mutants as documents --------------------------------------------------------------------------------------------------
def _reread(document: Document, claim: Claim, number: int, show: Node | None = None, given: tuple[Node, ...] | None = None,
            vars: dict[str, Sort] | None = None) -> Document:
    show, given, sorts = show or claim.show, claim.given if given is None else given, vars or dict(claim.vars)
    nets = sorted(networks(show, *given))
    used = set().union(*(free_names(s) for s in (show, *given)), *(document.networks[n].symbols for n in nets))
    lengths = [sorts[n].length for n in used if n in sorts]
    used |= set().union(*(free_names(length) for length in lengths if length is not None))
    lines = ["schema = 1", *_tables(document, nets), "", "[[claim]]", f'id = "{claim.id[:70]}.m{number}"']
    declared = ", ".join(f'{n} = "{s}"' for n, s in sorts.items() if n in used)
    lines += [f"vars = {{{declared}}}", "given = [" + ", ".join(f"'{g}'" for g in given) + "]", f"show = '{show}'"]
    return read("\n".join(lines) + "\n", f"a mutant of {claim.id}")


@lru_cache(maxsize=8)
def _source(text: str) -> dict:
    return tomllib.loads(text).get("networks", {})


def _tables(document: Document, nets: list[str]) -> list[str]:
    def line(key, value):
        if isinstance(value, dict):
            return f"{key} = {{" + ", ".join(line(k, v) for k, v in value.items()) + "}"
        return f"{key} = {value}" if isinstance(value, int) else f"{key} = '{value}'"

    text = document.text
    return [x for n in nets for x in (f"[networks.{n}]", *(line(k, re.sub(r"\s+", " ", v) if isinstance(v, str) else v)
                                                            for k, v in _source(text)[n].items() if k != "title"))]


# -- an independent opinion ------------------------------------------------------------------------------------------------
class Unknown(Exception):
    """This evaluator does not know."""


class NoValue(Exception):
    """An expression has no value."""


SPECIAL = tuple(Fraction(x) for x in ("1", "0", "2", "1/2", "3", "1/3", "10", "1/10", "100", "1/100", "3/2", "2/3", "101/100", "99/100",
                                      "5", "7", "1000", "1/1000"))
NATURALS = (0, 1, 2, 3, 4, 5, 7, 10, 20, 50, 200)
DIGITS = (0, 60, 1500)  # 0: doubles
CONSTANTS = {
    "pi": lambda: +mpmath.mp.pi, "log2": lambda: mpmath.log(2), "gelu_lip": lambda: _gelu(mpmath.sqrt(2)),
    "gelu_curvature": lambda: 2/mpmath.sqrt(2*mpmath.pi),
    "gelu_min": lambda: -(lambda z: z*mpmath.ncdf(z))(mpmath.findroot(_gelu, mpmath.mpf("-0.75"))),
    "silu_lip": lambda: mpmath.mpf(1)/2 + mpmath.findroot(lambda y: y*mpmath.tanh(y/2) - 2, 2.4)/4,
    "mish_lip": lambda: mpmath.diff(_mish, mpmath.findroot(lambda x: mpmath.diff(_mish, x, 2), 1.49)),
    "selu_lip": lambda: mpmath.mpf("1.758099340847376859940217520812"),
    "selu_scale": lambda: mpmath.mpf("1.050700987355480493419334985295"),
    "selu_alpha": lambda: mpmath.mpf("1.673263242354377284817042991672"),
}


def _gelu(x):
    return mpmath.ncdf(x) + x*mpmath.npdf(x)


def _mish(x):
    return x*mpmath.tanh(mpmath.log(1 + mpmath.exp(x)))


@lru_cache(maxsize=64)
def _constant(name: str, digits: int):
    if name not in CONSTANTS:
        raise Unknown(name)
    with mpmath.workdps(digits):
        return CONSTANTS[name]()


class Evaluator:
    """Values and truth at a point, in doubles (``digits`` 0) or with ``digits`` digits."""

    def __init__(self, point: dict, digits: int = 60):
        self.m = mpmath.mp if digits else mpmath.fp
        self.digits = digits
        self.point = point
        self.steps = 0

    def number(self, q):
        return self.m.mpf(q.numerator)/q.denominator if isinstance(q, Fraction) else self.m.mpf(q)

    def value(self, n: Node, env: dict):
        self.steps += 1
        if self.steps > 20_000:
            raise Unknown("too much")
        m, op = self.m, n.op
        if op == Op.NUM:
            return self.number(n.value)
        if op == Op.VAR:
            return self.number(env[n.value] if n.value in env else self.point[n.value])
        if op == Op.CONST:
            c = _constant(n.value, self.digits or 20)
            return float(c) if not self.digits else c
        if op == Op.ELT:
            k, members = self.integer(n.args[0], env), self.point[n.value]
            if not 1 <= k <= len(members):
                raise NoValue(str(n))
            return self.number(members[k - 1])
        if op in (Op.SUM, Op.PROD):
            lo, hi = (self.integer(a, env) for a in n.args[:2])
            if hi - lo > 3000:
                raise Unknown("too long")
            total = m.mpf(0 if op == Op.SUM else 1)
            for k in range(lo, hi + 1):
                x = self.value(n.args[2], {**env, n.value: k})
                total = total + x if op == Op.SUM else total*x
            return total
        if op == Op.STATE:
            return env[("state", n.value)]
        if op in (Op.NET, Op.INF):
            raise Unknown(op)
        a = [self.value(x, env) for x in (n.args[1:] if op == Op.DD else n.args)]
        if op == Op.ADD:
            return a[0] + a[1]
        if op == Op.SUB:
            return a[0] - a[1]
        if op == Op.MUL:
            return a[0]*a[1]
        if op == Op.DIV:
            if a[1] == 0:
                raise NoValue(str(n))
            return a[0]/a[1]
        if op == Op.NEG:
            return -a[0]
        if op == Op.ABS:
            return abs(a[0])
        if op in (Op.MIN, Op.MAX):
            return (min if op == Op.MIN else max)(a)
        if op == Op.SQRT:
            if a[0] < 0:
                raise NoValue(str(n))
            return m.sqrt(a[0])
        if op == Op.EXP:
            return m.exp(a[0])
        if op == Op.LOG:
            if a[0] <= 0:
                raise NoValue(str(n))
            return m.log(a[0])
        if op == Op.POW:
            return self.power(n, *a)
        return self.difference(self.integer(n.args[0], env), a)

    def power(self, n, base, e):
        whole = e == int(e) if abs(e) < 1e15 else False
        if e == 0:
            return self.m.mpf(1)
        if (base == 0 and e < 0) or (base < 0 and not whole):
            raise NoValue(str(n))
        return base**int(e) if whole else self.m.mpf(0) if base == 0 else self.m.exp(e*self.m.log(base))

    def integer(self, n, env):
        x = self.value(n, env)
        if x != int(x):
            raise Unknown("not an integer")
        return int(x)

    def difference(self, depth, nodes):
        """The corner of the depth-th power of the bidiagonal matrix of the nodes."""
        if depth < 0:
            raise NoValue("dd")
        size = len(nodes)
        one, zero = self.m.mpf(1), self.m.mpf(0)
        step = [[nodes[r] if c == r else one if c == r + 1 else zero for c in range(size)] for r in range(size)]
        result = [[one if r == c else zero for c in range(size)] for r in range(size)]

        def times(a, b):
            return [[sum((a[r][k]*b[k][c] for k in range(r, c + 1)), zero) for c in range(size)] for r in range(size)]

        while depth:
            if depth & 1:
                result = times(result, step)
            step, depth = times(step, step), depth >> 1
        return result[0][-1]

    def compare(self, op, a, b):
        ten = self.m.mpf(10)
        relative, absolute = (self.digits*3//4, self.digits*17//20) if self.digits else (9, 14)
        close = abs(a - b) <= max(max(abs(a), abs(b))*ten**-relative, ten**-absolute)
        if close and self.digits < DIGITS[-1]:
            raise Unknown("close")
        if close and not all(map(_small, self.point.values())):  # strict inequalities saturate, 1 + exp(-10^6) > 1
            raise Unknown("close")
        sign = 0 if close else 1 if a > b else -1
        return {Op.EQ: sign == 0, Op.NE: sign != 0, Op.LE: sign <= 0, Op.LT: sign < 0, Op.GE: sign >= 0, Op.GT: sign > 0}[op]

    def truth(self, n: Node, env: dict) -> bool:
        op = n.op
        if op in COMPARISONS:
            return self.compare(op, *(self.value(a, env) for a in n.args))
        if op == Op.AND:
            return all(self.truth(a, env) for a in n.args)
        if op == Op.IMPLIES:
            return not self.truth(n.args[0], env) or self.truth(n.args[1], env)
        if op == Op.IFF:
            return self.truth(n.args[0], env) == self.truth(n.args[1], env)
        if op == Op.FORALL:
            lo, hi = (self.integer(a, env) for a in n.args[:2])
            return all(self.truth(n.args[2], {**env, n.value: k}) for k in range(lo, min(hi, lo + 3000) + 1))
        if op in (Op.LIMIT, Op.RATE):
            return self.tends(n)
        if op == Op.RECURRENCE:
            return self.recurs(n)
        raise Unknown(op)

    def tends(self, n):
        """Whether the values far out are near the limit, or come nearer: a false answer is safe for the mutants made here."""
        if not self.digits:
            raise Unknown("doubles")
        e, v = n.args
        limit = None if v.op == Op.INF else self.value(v, {})
        errors = []
        for k in (10**4, 10**7, 10**10):
            self.point, old = {**self.point, n.value: k}, self.point
            try:
                x = self.value(e, {})
            finally:
                self.point = old
            if n.op == Op.RATE:
                if x < 0:
                    raise NoValue("rate")
                x = self.m.mpf(0) if x == 0 else self.m.exp(self.m.log(x)/k)
            errors.append(-x if limit is None else abs(x - limit))
        if limit is None:
            return errors[2] < errors[1] - 1 or errors[2] < -10**6
        return errors[2] <= errors[1]/2 or errors[2] <= 1e-6*max(1, abs(limit))

    def recurs(self, n):
        index, sequences = parts(n)
        values = {("state", s.name): self.value(s.start, {}) for s in sequences}
        for k in range(8):
            for s in sequences:
                if not self.compare(Op.EQ, values["state", s.name], self.value(s.form, {index: k})):
                    return False
            env = {**values, index: k}
            values = {("state", s.name): self.value(s.step, env) for s in sequences}
        return True


def counterexample(claim: Claim, points: int = 400, seed: int = 0) -> dict | None:
    """A point at which the hypotheses hold and the statement fails, or has no value; None where none was found, or where the
    statement speaks of true constants."""
    derived = Derived(claim.networks)

    def out(n, args):
        if n.op != Op.NET:
            return None
        found = derived(*n.value) if n.value[0] in ("bound", "param_bound", "radius") else None
        if not isinstance(found, Node):
            raise Unknown("a network")
        return found

    try:
        show, given = rebuild(claim.show, out), [rebuild(g, out) for g in claim.given]
    except Unknown:
        return None
    for k, point in enumerate(_points(claim, given, points, random.Random(f"{seed} {claim.id}"))):
        if _fails(show, given, point, claim.vars, 0 if k % 10 else 1):
            return point
    return None


def _fails(show, given, point, sorts, skip=0) -> bool:
    for digits in DIGITS[skip:]:  # a candidate of the doubles counts only when the highest precision agrees with it
        try:
            with mpmath.workdps(digits or 15):
                run = Evaluator(point, digits)
                if not all(run.truth(g, {}) for g in given):
                    return False
                if show.op in (Op.INCREASING, Op.DECREASING):
                    if not _turns(show, given, point, digits, sorts):
                        return False
                elif run.truth(show, {}):
                    return False
        except NoValue:
            if digits == 0:
                continue
            return _defined(given, point, digits)
        except (Unknown, OverflowError, ZeroDivisionError, MemoryError, TypeError, ValueError):
            if digits < DIGITS[-1]:
                continue
            return False
    return True


def _defined(given, point, digits) -> bool:
    """Whether the hypotheses have values and hold: then it is the statement that has none."""
    try:
        with mpmath.workdps(digits):
            return all(Evaluator(point, digits).truth(g, {}) for g in given)
    except (NoValue, Unknown, OverflowError, ZeroDivisionError, MemoryError, TypeError, ValueError):
        return False


def _turns(show, given, point, digits, sorts) -> bool:
    """Whether the expression goes the wrong way between the point and a larger one, both within the hypotheses."""
    name = show.value
    old = point[name]
    whole = sorts[name].kind in ("natural", "integer")
    if isinstance(old, tuple):
        larger = [(*old[:k], old[k] + 1, *old[k + 1:]) for k in range(len(old))]
    else:
        if any(s.length is not None and name in free_names(s.length) for s in sorts.values()):
            raise Unknown("a family grows with the variable")
        larger = [old + 1, old + 2] if whole else [old + abs(old)/10 + Fraction(1, 100), old + 1, old + 10]
    here = Evaluator(point, digits).value(show.args[0], {})
    for new in larger:
        moved = {**point, name: new}
        run = Evaluator(moved, digits)
        try:
            if not all(run.truth(g, {}) for g in given):
                continue
        except NoValue:
            continue
        there = run.value(show.args[0], {})
        if not run.compare(Op.LE if show.op == Op.INCREASING else Op.GE, here, there):
            return True
    return False


def _points(claim, given, count, rng) -> Iterator[dict]:
    sorts = claim.vars
    scalars = [n for n, s in sorts.items() if s.length is None]
    fixed = [(g.args[0].value, g.args[1]) for g in given if g.op == Op.EQ and g.args[0].op == Op.VAR]
    for _ in range(count):
        point: dict = {}
        shared = _draw("real", rng)
        for n in scalars:
            kind = sorts[n].kind
            equal = kind in ("real", "nonnegative", "positive") and rng.random() < 0.1 and _fits(shared, kind)
            point[n] = shared if equal else _draw(kind, rng)
        for name, e in fixed:
            try:
                x = Evaluator(point, 60).value(e, {})
                q = Fraction(str(x)) if x == x else None
            except (NoValue, Unknown, KeyError, ValueError, OverflowError):
                q = None
            if q is not None and _fits(q.limit_denominator(10**6), sorts[name].kind):
                point[name] = q.limit_denominator(10**6)
        try:
            for n, s in sorts.items():
                if s.length is not None:
                    length = Evaluator(point, 15).integer(s.length, {})
                    if length > 60:
                        raise Unknown("long")
                    same = _draw(s.kind, rng)
                    point[n] = tuple(same if rng.random() < 0.3 else _draw(s.kind, rng) for _ in range(length))
        except (Unknown, NoValue):
            continue
        yield point


def _small(x) -> bool:
    return all(abs(y) <= 50 for y in (x if isinstance(x, tuple) else (x,)))


def _fits(x, kind):
    return {"positive": x > 0, "nonnegative": x >= 0, "real": True, "natural": x >= 0 and x == int(x), "integer": x == int(x)}[kind]


def _draw(kind, rng):
    if kind in ("natural", "integer"):
        k = rng.choice(NATURALS)
        return -k if kind == "integer" and rng.random() < 0.4 else k
    way = rng.random()
    if way < 0.5:
        x = rng.choice(SPECIAL)
    elif way < 0.8:
        x = Fraction(rng.randrange(1, 400), 100)
    else:
        x = Fraction(round(10**rng.uniform(-4, 4)*10**6), 10**6) or Fraction(1)
    if kind == "positive" and x == 0:
        return Fraction(1)
    return -x if kind == "real" and rng.random() < 0.4 else x


__all__ = ["KINDS", "Evaluator", "Mutant", "counterexample", "mutants"]
