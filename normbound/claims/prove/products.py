"""Comparisons as nonnegative combinations of products of facts: linear programs over the coefficients.

The difference of the sides, freed of denominators of known sign, is a polynomial over generators. Columns are products of
facts: hypotheses times monomials that can occur, pairs of hypotheses, squares. Weights are found in floating point and
then solved exactly (``farkas``); the checker verifies the identity (rule ``products``). Where hypotheses are equations that give
a power, as x^2 == u^2 + a, the same is tried with that power eliminated (``equations``). A denominator y^2 + a whose root r
occurs is cleared by r where that suffices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import combinations, combinations_with_replacement
from typing import Any, NamedTuple

from normbound.claims.checker.algebra import Factor, Monomial, Polynomial, Quotient, primitive
from normbound.claims.checker.obligations import needs
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_linear import even
from normbound.claims.checker.rules_linear import fact as read_fact
from normbound.claims.checker.rules_logic import FALSE, upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import MINUS, NONNEGATIVE, NONPOSITIVE, PLUS, ZERO, times
from normbound.claims.errors import ClaimError
from normbound.claims.prove.equations import Rewriting, divided, square_root
from normbound.claims.prove.forms import Writer
from normbound.claims.prove.lp import feasible
from normbound.claims.sorts import is_integer
from normbound.claims.syntax import COMPARISONS, Node, Op, postorder

MAX_COLUMNS = 700
MAX_ROWS = 400
MAX_TERMS = 60  # of a product
MAX_HALVES = 12  # monomials of which all squares of sums of two are tried
MAX_SCALE = 4  # factors that a goal is multiplied by
MAX_SQUARINGS = 2  # one after the other
STRICT = "strict"


@dataclass(slots=True)
class Fact:
    """One fact: how the certificate names it, its signs, its polynomial, and further factors that free it of denominators."""

    data: dict[str, Any]
    mask: int
    top: Polynomial
    more: tuple[tuple[str, int], ...] = ()  # texts of sign facts with exponents


@dataclass(slots=True)
class Column:
    """A product of facts: its polynomial, whether it is > 0, whether it is 0, and the factors."""

    top: Polynomial  # modulo the equations, where some are used
    mask: int
    factors: list[tuple[int, int]]  # numbers in the table, exponents
    extra: list[tuple[str, int]] = field(default_factory=list)  # sign facts by text
    origin: Callable[[], Polynomial] | None = None  # the polynomial itself, where it is another than ``top``

    @property
    def whole(self) -> Polynomial:
        return self.top if self.origin is None else self.origin()


def attempt(sequent: Sequent, budget: Any) -> dict[str, Any] | None:
    """A certificate with the rule ``products`` or ``algebra``, or None. ``budget.effort`` 1, where given, means: ``quick``."""
    if getattr(budget, "effort", 5) == 1:
        return quick(sequent, budget)
    goal = upward(sequent.goal)
    if goal.op not in COMPARISONS:
        return None
    try:
        if _has_roots(sequent, goal):
            for effort in (1, 2, 5):
                found = (_Search(sequent, goal, budget.deadline, effort).run()
                         or _squared(sequent, goal, budget.deadline, MAX_SQUARINGS, effort))
                if found is not None or time.monotonic() > budget.deadline:
                    return found
            return None
        return _Search(sequent, goal, budget.deadline).run() or _squared(sequent, goal, budget.deadline)
    except (Rejected, ClaimError, OverflowError):
        return None


def quick(sequent: Sequent, budget: Any) -> dict[str, Any] | None:
    """The same with the first set of products only."""
    goal = upward(sequent.goal)
    if goal.op not in COMPARISONS:
        return None
    try:
        return _Search(sequent, goal, budget.deadline, effort=1).run()
    except (Rejected, ClaimError, OverflowError):
        return None


def _has_roots(sequent: Sequent, goal: Node) -> bool:
    algebra = sequent.algebra
    q = algebra.difference(goal.args[1], goal.args[0])
    return any(g in algebra.roots or e.denominator != 1 for m in (*q.top, *(m for f in q.bottom for m, _ in f)) for g, e in m)


def _squared(sequent: Sequent, goal: Node, deadline: float, squarings: int = MAX_SQUARINGS, effort: int = 5) -> dict[str, Any] | None:
    """a <= b from a^2 <= b^2 where b >= 0, for goals with roots; without success for the terms sorted by their sign. Where the
    squares have roots again, once more."""
    if goal.op not in (Op.LE, Op.LT):
        return None
    if time.monotonic() > deadline:
        return None
    difference = sequent.algebra.difference(goal.args[1], goal.args[0])
    lemma = None if difference.bottom or not _has_roots(sequent, goal) else _sorted(sequent, goal, difference)
    found = None
    if squarings < MAX_SQUARINGS:  # a square: its terms are sorted first
        found = _sorted_squares(sequent, goal, lemma, deadline, squarings, effort)
    found = found or _by_squares(sequent, goal, deadline, squarings, effort)
    if squarings == MAX_SQUARINGS:
        found = found or _sorted_squares(sequent, goal, lemma, deadline, squarings, effort)
    return found


def _sorted(sequent: Sequent, goal: Node, difference: Quotient) -> Node | None:
    """The goal with the roots on one side and the rest on the other, where the roots have one sign; else with terms on the sides on
    which their coefficients are positive."""
    algebra = sequent.algebra
    rooted = {m: any(g in algebra.roots or e.denominator != 1 for g, e in m) for m in difference.top}
    ways = {c > 0 for m, c in difference.top.items() if rooted[m]}
    writer = Writer.of(sequent.aim(goal))
    sides = []
    for right in (False, True):
        if len(ways) == 1:
            (above,) = ways
            terms = {m: c if right else -c for m, c in difference.top.items() if (rooted[m] == above) == right}
        else:
            terms = {m: abs(c) for m, c in difference.top.items() if (c > 0) == right}
        sides.append(writer.quotient(Quotient(terms, {})))
    if sides[0] is None or sides[1] is None:
        return None
    lemma = sequent.statement(str(Node(goal.op, (sides[0], sides[1]))))
    return None if lemma == goal or needs(sequent, lemma) else lemma


def _sorted_squares(sequent: Sequent, goal: Node, lemma: Node | None, deadline: float, squarings: int,
                    effort: int) -> dict[str, Any] | None:
    from normbound.claims.checker import node
    if lemma is None:
        return None
    inner = _by_squares(sequent.aim(lemma), lemma, deadline, squarings, effort)
    if inner is None:
        return None
    rest = _Search(sequent.assume(lemma), goal, deadline).run()
    return None if rest is None else node("cut", {"lemma": str(lemma)}, [inner, rest])


def _by_squares(sequent: Sequent, goal: Node, deadline: float, squarings: int, effort: int) -> dict[str, Any] | None:
    from normbound.claims.checker import node
    from normbound.claims.checker.registry import rules
    data = {"by": "square"}
    parts = []
    for premise in rules()["map"](sequent.aim(goal), data):
        if premise.signs.holds(premise.goal):
            parts.append(node("evident"))
            continue
        turned = upward(premise.goal)
        found = None
        if squarings > 1 and _has_roots(premise, turned):
            found = _Search(premise, turned, deadline, effort=1).run() or _squared(premise, turned, deadline, squarings - 1, effort)
        found = found or _Search(premise, turned, deadline, effort).run()
        if found is None:
            return None
        parts.append(found)
    return node("map", data, parts)


class _Way(NamedTuple):
    """Equations that columns are reduced by, the target modulo these and itself, its multipliers, the sets of columns."""

    modulo: Rewriting | None
    goal: Polynomial
    target: Polynomial
    extra: list[tuple[str, int]]
    stages: Iterator[list[Column]]


class _Search:
    def __init__(self, sequent: Sequent, goal: Node, deadline: float, effort: int = 5):
        self.effort = effort
        self.sequent = sequent
        self.algebra = sequent.algebra
        self.op = goal.op
        self.deadline = deadline
        self.writer = Writer.of(sequent.aim(goal))
        self.goal = goal
        self.difference: Quotient = self.algebra.difference(goal.args[1], goal.args[0])
        self.texts: dict[tuple[int, int], str | None] = {}
        self.modulo: Rewriting | None = None  # equations that columns are reduced by
        self.positive: dict[Factor, tuple[str, Fraction]] = {}  # sums of known sign that may be divided by: text, sign

    def run(self) -> dict[str, Any] | None:
        from normbound.claims.checker import node
        if time.monotonic() > self.deadline:
            return None
        c = self.difference.constant
        if c is not None and {Op.EQ: c == 0, Op.NE: c != 0, Op.LE: c >= 0, Op.LT: c > 0}[self.op]:
            return node("algebra")
        if c is not None and self.op != Op.EQ:  # the goal is false; the hypotheses may contradict each other
            if self.op == Op.LT and c == 0:
                found = self.combination(1)
                return None if found is None else node("products", found)
            inner = self.sequent.aim(FALSE)
            found = _Search(inner, FALSE, self.deadline).combination(1)
            return None if found is None else node("contradiction", {}, [node("products", found)])
        signs = (1, -1) if self.op == Op.NE else (1,)
        for sign in signs:
            found = self.combination(sign)
            if found is not None:
                return node("products", {**found, **({"negative": True} if sign < 0 else {})})
        return None

    # -- facts -------------------------------------------------------------------------------------------------------
    def facts(self) -> Iterator[dict[str, Any]]:
        """What hypotheses and extrema say."""
        for k, given in enumerate(self.sequent.given):
            if given.op in COMPARISONS and given.op != Op.NE:
                yield {"hypothesis": k}
                turned = upward(given)
                if turned.op == Op.LT and all(is_integer(a, self.sequent.sorts) for a in turned.args):
                    yield {"gap": k}
        bound = self._bound()
        for n in postorder(*self.sequent.given, self.sequent.goal):
            if n.op in (Op.MAX, Op.MIN, Op.ABS) and not _names(n) & bound:
                for k in range(len(n.args) if n.op != Op.ABS else 2):
                    yield {"part": str(n), "number": k}

    def _bound(self) -> frozenset[str]:
        return frozenset(self.sequent.names() - set(self.sequent.sorts))

    def denominators(self) -> None:
        """Sums whose sign is evident or a hypothesis, by their factor."""
        nodes: list[Node] = []
        for h in self.sequent.given:
            turned = upward(h)
            if turned.op in (Op.LT, Op.NE):
                nodes.append(Node("sub", (turned.args[1], turned.args[0])))
        bound = self._bound()
        for n in postorder(*self.sequent.given, self.sequent.goal):
            if not n.is_statement and not _names(n) & bound:
                nodes.append(n)
        for n in nodes:
            if self.sequent.signs.sign(n) & ZERO:
                continue
            try:
                q = self.algebra.normal(n)
            except Rejected:
                continue
            for polynomial in (q.top,):
                if len(polynomial) > 1 and not q.bottom:
                    self._denominator(n, polynomial)

    def _denominator(self, n: Node, polynomial: Polynomial) -> None:
        c, m, f = primitive(polynomial)
        if not m:
            self.positive.setdefault(f, (str(n), c))

    def cleared(self, q: Quotient) -> tuple[Polynomial, list[tuple[str, int]], int] | None:
        """The top of a quotient after multiplication with its denominators, the multipliers by text, and their sign."""
        extra: list[tuple[str, int]] = []
        sign = 1
        product = q
        for f, e in q.bottom.items():
            known = self.positive.get(f)
            if known is None:
                text = self.writer.polynomial(f)
                if text is None:
                    return None
                mask = self.algebra.mask_of_polynomial(dict(f))
                if mask & ZERO or mask & MINUS:
                    return None
                known = self.positive[f] = (str(text), Fraction(1))
            text_, c = known
            mask = self.sequent.signs.sign(self.sequent.expression(text_))
            if mask & MINUS and mask & ~MINUS:
                e += int(e) % 2  # sign unknown, but not 0
            elif mask == MINUS and e % 2:
                sign = -sign
            for _ in range(e):  # one after the other, so that each is cancelled
                product = self.algebra.multiply(product, Quotient({k: v * c for k, v in f}, {}))
            by_root = None if mask & MINUS and mask & ~MINUS else self._by_root(product, f)
            if by_root is not None:  # one factor f less, a power of its root instead
                product, power = self.algebra.scaled(by_root[0], 1 / c), by_root[1]
                if mask == MINUS:
                    sign = -sign
                e -= 1
                extra.append(power)
            if e:
                extra.append((text_, e))
        least: dict[int, Any] = {}
        for m in product.top:
            for g, exponent in m:
                if exponent < 0:
                    least[g] = min(least.get(g, 0), exponent)
        for g, lowest in least.items():
            node = self.writer.generator(g)
            if node is None or self.algebra.masks[g] & ZERO:
                return None
            mask = self.algebra.masks[g]
            size = -Fraction(lowest)
            if mask & MINUS:
                size = Fraction(-(lowest.numerator // lowest.denominator))
                if mask & ~MINUS:
                    size += size % 2
                elif size % 2:
                    sign = -sign
            power_ = self.text(g, size)
            if power_ is None:
                return None
            extra.append(power_)
            product = self.algebra.multiply(product, Quotient({((g, _whole(size)),): Fraction(1)}, {}))
        if product.bottom:
            return None
        return product.top, extra, sign

    def _without_content(self, top: Polynomial) -> tuple[Polynomial, list[tuple[str, int]]]:
        """The polynomial without the positive generators that all of its terms have in common, and these as further factors."""
        _, common, _ = primitive(top)
        divisor, extra = [], []
        for g, e in common:
            text = self.text(g, Fraction(-e)) if e > 0 and self.algebra.masks[g] == PLUS and g not in self.algebra.roots else None
            if text is not None:
                divisor.append((g, -e))
                extra.append(text)
        if not divisor:
            return top, []
        return self.algebra.multiply(Quotient(top, {}), Quotient({tuple(divisor): Fraction(1)}, {})).top, extra

    def _by_root(self, product: Quotient, f: Factor) -> tuple[Quotient, tuple[str, int]] | None:
        """The product times a power of a root of f over f, where f divides it, and that power. The root is positive."""
        for g, (n, radicand) in self.algebra.roots.items():
            if radicand.bottom or self.algebra.masks[g] & ~PLUS or len(radicand.top) != len(f):
                continue
            _, common, factor = primitive(radicand.top)
            if common or factor != f:
                continue
            for t in range(1, n):
                times_root = self.algebra.multiply(product, Quotient({((g, t),): Fraction(1)}, {}))
                top = divided(times_root.top, dict(f)) if times_root.bottom == product.bottom else None
                power = self.text(g, Fraction(t)) if top is not None else None
                if top is not None and power is not None:
                    return Quotient(top, product.bottom), power
        return None

    # -- search ------------------------------------------------------------------------------------------------------
    def combination(self, sign: int) -> dict[str, Any] | None:
        self.denominators()
        target_q = self.difference if sign > 0 else self.algebra.negative(self.difference)
        cleared = self.cleared(target_q)
        if cleared is None:
            return None
        target, goal_extra, turned = cleared
        if turned < 0:
            target = {m: -c for m, c in target.items()}
        table: list[Fact] = []
        for data in self.facts():
            try:
                expression, mask, _ = read_fact(self.sequent, data)
                freed = self.cleared(self.algebra.normal(expression))
            except Rejected:
                continue
            if freed is None:
                continue
            top, extra, direction = freed
            if direction < 0:
                continue
            if len(top) <= MAX_TERMS and top:
                top, common = self._without_content(top)
                table.append(Fact(data, mask, top, (*extra, *common)))
        ways = [_Way(None, target, target, goal_extra, self.stages(target, table))]
        scaled = self.scaled(target, table)
        if scaled is not None:
            ways.append(_Way(None, scaled[0], scaled[0], [*goal_extra, *scaled[1]], self.stages(scaled[0], table)))
        rules = Rewriting(self.algebra, ((k, f.top) for k, f in enumerate(table) if f.mask == ZERO))
        reduced = rules.reduce(target) if rules.rules else None
        if reduced is not None:
            ways.append(_Way(rules, reduced[0], target, goal_extra, self.stages(reduced[0], table, rules)))
        while ways:  # a stage of each in turn
            for way in list(ways):
                if time.monotonic() > self.deadline:
                    return None
                self.modulo = way.modulo
                columns = next(way.stages, None)
                if columns is None:
                    ways.remove(way)
                    continue
                if time.monotonic() > self.deadline:
                    return None
                found = self.solve(way.goal, columns)
                if found is not None:
                    return self.written(found, table, way.extra, turned, way.target)
        return None

    def scaled(self, target: Polynomial, table: list[Fact]) -> tuple[Polynomial, list[tuple[str, int]]] | None:
        """The target times what the facts were freed of denominators with, and these factors; None where there are none."""
        factors: dict[str, int] = {}
        for f in table:
            for text, e in f.more:
                if e > 0:
                    factors[text] = max(e, factors.get(text, 0))
        if not factors or sum(factors.values()) > MAX_SCALE:
            return None
        product = Quotient(target, {})
        for text, e in factors.items():
            factor = self.sequent.expression(text)
            if self.sequent.signs.sign(factor) & ~PLUS:
                return None
            product = self.algebra.multiply(product, self.algebra.power(self.algebra.normal(factor), e))
        if product.bottom or not product.top or len(product.top) > MAX_TERMS:
            return None
        return product.top, list(factors.items())

    def stages(self, target: Polynomial, table: list[Fact], modulo: Rewriting | None = None) -> Iterator[list[Column]]:
        """Growing sets of products."""
        single = [Column(f.top, f.mask, [(k, 1)], list(f.more)) for k, f in enumerate(table)]
        if modulo is not None:
            powers = [self.monomial(m, mask) for m in modulo.powers() if not (mask := self.algebra.mask_of_monomial(m)) & MINUS]
            single = [c for c in map(self.rewritten, (*single, *powers)) if c is not None]
        monomials = list(self.monomials(target))
        yield self.multiplied(target, single, monomials, rounds=1)
        if self.effort == 1:
            return
        squares = list(self.squares(target, table))
        yield self.multiplied(target, [*single, *squares], monomials, rounds=1)
        if self.effort == 2:
            return
        pairs = list(self.pairs(single))
        yield self.multiplied(target, [*single, *pairs, *squares], monomials, rounds=1)
        weighted = list(self.pairs(single, squares)) if len(single) * len(squares) <= 400 else []
        yield self.multiplied(target, [*single, *pairs, *squares, *weighted], monomials, rounds=2)
        if len(single) <= 8:
            triples = list(self.pairs(single, pairs))
            yield self.multiplied(target, [*single, *pairs, *triples, *squares], monomials, rounds=2)

    def rewritten(self, column: Column | None) -> Column | None:
        """The column modulo the equations that are used; None where nothing is left of it."""
        if column is None or self.modulo is None:
            return column
        found = self.modulo.reduce(column.top)
        if found is None or not found[0]:
            return None
        if not found[1]:
            return column
        whole = column.whole
        return Column(found[0], column.mask, column.factors, column.extra, lambda: whole)

    def monomials(self, target: Polynomial) -> Iterator[Column]:
        """Monomials of a known sign."""
        for m in (*target, ()):
            mask = self.algebra.mask_of_monomial(m)
            if not mask & MINUS:
                column = self.monomial(m, mask)
                if column is not None:
                    yield column

    def monomial(self, m: Monomial, mask: int) -> Column | None:
        extra = []
        for g, e in m:
            text = self.text(g, Fraction(e))
            if text is None:
                return None
            extra.append(text)
        return Column({m: Fraction(1)}, mask, [], extra)

    def text(self, g: int, e: Fraction) -> tuple[str, int] | None:
        """The power of a generator as a sign fact with an integer exponent."""
        key = (g, e.denominator)
        if key not in self.texts:
            node = self.writer.generator(g)
            if node is not None and e.denominator > 1:
                node = Node("sqrt", (node,)) if e.denominator == 2 else Node("pow", (node, _number(Fraction(1, e.denominator))))
            self.texts[key] = None if node is None else str(node)
        text = self.texts[key]
        return None if text is None else (text, e.numerator)

    def pairs(self, single: list[Column], others: list[Column] | None = None) -> Iterator[Column]:
        """Products of two."""
        chosen = combinations_with_replacement(single, 2) if others is None else ((a, b) for a in single for b in others)
        count = 0
        for a, b in chosen:
            if len(a.top) * len(b.top) > MAX_TERMS or count > 200 or time.monotonic() > self.deadline:
                continue
            count += 1
            product = self.algebra.multiply(Quotient(a.top, {}), Quotient(b.top, {}))
            if product.bottom or not product.top:
                continue
            column = self.rewritten(Column(
                product.top, times(a.mask, b.mask) if a is not b else even(a.mask), [*a.factors, *b.factors], [*a.extra, *b.extra],
                None if a.origin is None and b.origin is None else partial(self._product, a, b)))
            if column is not None:
                yield column

    def _product(self, a: Column, b: Column) -> Polynomial:
        return self.algebra.multiply(Quotient(a.whole, {}), Quotient(b.whole, {})).top

    def squares(self, target: Polynomial, table: list[Fact]) -> Iterator[Column]:
        """The target, where it is a square; (u - v)^2 and (u + v)^2 for monomials u, v whose squares can occur."""
        root = square_root(target) if len(target) > 3 else None
        text = None if root is None else self.writer.polynomial(root.items())
        if root is not None and text is not None:
            yield Column(self.algebra.power(Quotient(root, {}), 2).top, NONNEGATIVE, [], [(str(text), 2)])
        terms_ = list(dict.fromkeys((*target, *(m for f in table for m in f.top))))
        halves: dict[Monomial, None] = {((g, 1),): None for m in terms_ for g, _ in m}
        halves[()] = None
        for m in terms_:
            halves.update((((g, e),), None) for g, e in m if e.denominator != 1)
        for whole in (True, False):
            for m in terms_:
                half = tuple((g, _whole(Fraction(e) / 2)) for g, e in m)
                if all(e.denominator == 1 or (not self.algebra.masks[g] & MINUS and g not in self.algebra.roots) for g, e in half) and (
                        not whole or all(e.denominator == 1 for _, e in half)):
                    halves[half] = None
        chosen = list(halves)[:MAX_HALVES]
        mixed = {self._product_of(u, v): (u, v) for u, v in combinations(halves, 2)} if len(halves) <= 4 * MAX_HALVES else {}
        first = [mixed[m] for m in target if m in mixed]  # whose mixed term is wanted
        for m in target:  # the same from terms with roots: x*r*s is the mixed term of r and x*s
            if 2 < len(m) <= 4 and any(g in self.algebra.roots for g, _ in m) and all(e == 1 for _, e in m):
                first.extend((m[k:k + 1], (*m[:k], *m[k + 1:])) for k in range(len(m)))
        for u, v in dict.fromkeys((*first, *combinations(chosen, 2))):
            for c in (-1, 1):
                terms = {u: Fraction(1), v: Fraction(c)}
                text = self.writer.polynomial(sorted(terms.items(), key=lambda item: -item[1]))
                if text is None:
                    continue
                square = self.algebra.power(Quotient(terms, {}), 2)
                column = None if square.bottom else self.rewritten(Column(square.top, NONNEGATIVE, [], [(str(text), 2)]))
                if column is not None:
                    yield column

    @staticmethod
    def _product_of(u: Monomial, v: Monomial) -> Monomial:
        exponents = {g: Fraction(e) for g, e in u}
        for g, e in v:
            exponents[g] = exponents.get(g, Fraction(0)) + e
        return tuple(sorted((g, _whole(e)) for g, e in exponents.items() if e))

    def multiplied(self, target: Polynomial, base: list[Column], monomials: list[Column], rounds: int) -> list[Column]:
        """Columns times the monomials that take one of their terms to a term that is wanted."""
        wanted: set[Monomial] = set(target) or {()}
        found = list(monomials)
        seen: set[object] = {tuple(c.top.items()) for c in found}
        for _ in range(rounds):
            new_terms: set[Monomial] = set()
            for column in base:
                for factor in self._ratios(wanted, column):
                    if len(found) >= MAX_COLUMNS or time.monotonic() > self.deadline:
                        return found
                    product = self._shifted(column, factor)
                    if product is None:
                        continue
                    key = tuple(sorted(product.top.items()))
                    if key in seen:
                        continue
                    seen.add(key)
                    found.append(product)
                    new_terms.update(product.top)
            wanted |= new_terms
            for m in new_terms:
                mask = self.algebra.mask_of_monomial(m)
                if not mask & MINUS and len(found) < MAX_COLUMNS:
                    column_ = self.monomial(m, mask)
                    if column_ is not None and tuple(column_.top.items()) not in seen:
                        seen.add(tuple(column_.top.items()))
                        found.append(column_)
        return found

    def _ratios(self, wanted: Iterable[Monomial], column: Column) -> Iterator[Monomial]:
        done: set[Monomial] = set()
        for m in list(wanted)[:150]:
            for n in column.top:
                exponents = dict(m)
                for g, e in n:
                    exponents[g] = exponents.get(g, 0) - e
                ratio = tuple(sorted((g, _whole(Fraction(e))) for g, e in exponents.items() if e))
                if ratio in done or any(e < 0 for _, e in ratio):
                    continue
                done.add(ratio)
                yield ratio

    def _shifted(self, column: Column, m: Monomial) -> Column | None:
        if not m:
            return column
        mask = times(column.mask, self.algebra.mask_of_monomial(m))
        if mask & MINUS and mask & ~MINUS and mask != ZERO:
            return None
        unit = self.monomial(m, mask)
        if unit is None:
            return None
        product = self.algebra.multiply(Quotient(column.top, {}), Quotient({m: Fraction(1)}, {}))
        if product.bottom:
            return None
        return self.rewritten(Column(product.top, mask, column.factors, [*column.extra, *unit.extra],
                                     None if column.origin is None else partial(self._product, column, unit)))

    def solve(self, target: Polynomial, columns: list[Column]) -> list[tuple[Fraction, Column]] | None:
        signed: list[tuple[int, Column]] = []
        for c in columns:
            if self.op == Op.EQ and c.mask & ~ZERO:
                continue
            if not c.mask & MINUS:
                signed.append((1, c))
            if not c.mask & ~NONPOSITIVE:
                signed.append((-1, c))
        rows: list[dict[Any, Fraction]] = [{m: s * x for m, x in c.top.items()} for s, c in signed]
        if self.op in (Op.LT, Op.NE):
            for row, (_, c) in zip(rows, signed, strict=True):
                if not c.mask & ZERO:
                    row[STRICT] = Fraction(1)
            rows.append({m: -x for m, x in target.items()})
            weights = _feasible(rows, {STRICT: Fraction(1)}, self.deadline)
            if weights is None or (target and not weights[-1]):
                return None
            scale = weights[-1] if target else Fraction(1)
            weights = [w / scale for w in weights[:-1]]
        else:
            found = _feasible(rows, target, self.deadline)
            if found is None:
                return None
            weights = found
        return [(s * w, c) for (s, c), w in zip(signed, weights, strict=True) if w]

    def equated(self, found: list[tuple[Fraction, Column]], target: Polynomial, table: list[Fact]) -> Iterator[tuple[Fraction, Column]]:
        """The multiples of equations by which the sum of the products differs from the target."""
        if self.modulo is None:
            return
        total = Quotient(target, {})
        for c, column in found:
            total = self.algebra.subtract(total, Quotient({m: c * x for m, x in column.whole.items()}, {}))
        rest = self.modulo.reduce(total.top)
        if rest is None or rest[0]:
            raise Rejected((), "the sum of the products is not the target modulo the equations")
        for (k, m), c in rest[1].items():
            unit = self.monomial(m, ZERO)
            if unit is None:
                raise Rejected((), "a factor of an equation has no expression")
            yield c, Column({}, ZERO, [(k, 1)], [*table[k].more, *unit.extra])

    def written(self, found: list[tuple[Fraction, Column]], table: list[Fact], goal_extra: list[tuple[str, int]],
                turned: int, target: Polynomial) -> dict[str, Any]:
        """The data of the certificate."""
        facts: list[dict[str, Any]] = []
        places: dict[str, int] = {}

        def place(data: dict[str, Any]) -> int:
            key = repr(sorted(data.items()))
            if key not in places:
                places[key] = len(facts)
                facts.append(data)
            return places[key]

        terms = []
        for c, column in (*found, *self.equated(found, target, table)):
            exponents: dict[int, int] = {}
            for k, e in column.factors:
                n = place(table[k].data)
                exponents[n] = exponents.get(n, 0) + e
            for text, e in column.extra:
                n = place({"sign": text})
                exponents[n] = exponents.get(n, 0) + e
            for text, e in goal_extra:
                n = place({"sign": text})
                exponents[n] = exponents.get(n, 0) - e
            coefficient = c * turned
            terms.append([str(coefficient), [[n, e] for n, e in exponents.items() if e]])
        return {"facts": facts, "terms": terms}


def _feasible(rows: list[dict[Any, Fraction]], target: Mapping[Any, Fraction], deadline: float) -> list[Fraction] | None:
    """The linear program without the columns of a term that nothing can cancel; 0 for these."""
    counts: dict[Any, list[int]] = {}  # term -> how many columns have it with a coefficient below and above 0
    where: dict[Any, list[int]] = {}
    for k, row in enumerate(rows):
        for m, c in row.items():
            counts.setdefault(m, [0, 0])[c > 0] += 1
            where.setdefault(m, []).append(k)
    for m, c in target.items():
        counts.setdefault(m, [0, 0])[c < 0] += 1
    kept = [True] * len(rows)
    queue = [m for m, (below, above) in counts.items() if not below or not above]
    while queue:
        for k in where.get(queue.pop(), ()):
            if not kept[k]:
                continue
            kept[k] = False
            for m, c in rows[k].items():
                count = counts[m]
                count[c > 0] -= 1
                if not count[c > 0] and count[c < 0]:
                    queue.append(m)
    places = [k for k, keep in enumerate(kept) if keep]
    if len({m for k in places for m in rows[k]}) > MAX_ROWS:
        return None
    found = feasible([rows[k] for k in places], target, deadline)
    if found is None:
        return None
    weights = [Fraction(0)] * len(rows)
    for k, w in zip(places, found, strict=True):
        weights[k] = w
    return weights


def _names(node: Node) -> frozenset[str]:
    from normbound.claims.syntax import free_names
    return free_names(node)


def _number(q: Fraction) -> Node:
    from normbound.claims.syntax import number
    return number(q)


def _whole(e: Fraction) -> Fraction | int:
    return int(e) if e.denominator == 1 else e


__all__ = ["attempt", "quick"]
