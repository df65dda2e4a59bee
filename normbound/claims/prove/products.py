"""Comparisons as nonnegative combinations of products of facts: linear programs over the coefficients.

The difference of the sides, freed of denominators of known sign, is a polynomial over generators. Columns are products of
facts: hypotheses times monomials that can occur, pairs of hypotheses, squares. Weights are found in floating point and
then solved exactly (``farkas``); the checker verifies the identity (rule ``products``).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, combinations_with_replacement
from typing import Any

from normbound.claims.checker.algebra import Factor, Monomial, Polynomial, Quotient, primitive
from normbound.claims.checker.obligations import needs
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_linear import even
from normbound.claims.checker.rules_linear import fact as read_fact
from normbound.claims.checker.rules_logic import FALSE, upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import MINUS, NONPOSITIVE, ZERO, times
from normbound.claims.errors import ClaimError
from normbound.claims.prove.forms import Writer
from normbound.claims.prove.lp import feasible
from normbound.claims.sorts import is_integer
from normbound.claims.syntax import COMPARISONS, Node, Op, postorder

MAX_COLUMNS = 700
MAX_ROWS = 400
MAX_TERMS = 60  # of a product
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

    top: Polynomial
    mask: int
    factors: list[tuple[int, int]]  # numbers in the table, exponents
    extra: list[tuple[str, int]] = field(default_factory=list)  # sign facts by text


def attempt(sequent: Sequent, budget: Any) -> dict[str, Any] | None:
    """A certificate with the rule ``products`` or ``algebra``, or None. ``budget.effort`` 1, where given, means: the first
    set of products only."""
    effort = getattr(budget, "effort", 5)
    goal = upward(sequent.goal)
    if goal.op not in COMPARISONS:
        return None
    try:
        if effort == 1:
            return _Search(sequent, goal, budget.deadline, effort).run()
        if _has_roots(sequent, goal):
            return _squared(sequent, goal, budget.deadline) or _Search(sequent, goal, budget.deadline).run()
        return _Search(sequent, goal, budget.deadline).run() or _squared(sequent, goal, budget.deadline)
    except (Rejected, ClaimError, OverflowError):
        return None


def _has_roots(sequent: Sequent, goal: Node) -> bool:
    algebra = sequent.algebra
    q = algebra.difference(goal.args[1], goal.args[0])
    return any(g in algebra.roots or e.denominator != 1 for m in (*q.top, *(m for f in q.bottom for m, _ in f)) for g, e in m)


def _squared(sequent: Sequent, goal: Node, deadline: float) -> dict[str, Any] | None:
    """a <= b from a^2 <= b^2 where b >= 0, for goals with roots; without success for the terms sorted by their sign."""
    from normbound.claims.checker import node
    if goal.op not in (Op.LE, Op.LT):
        return None
    algebra = sequent.algebra
    difference = algebra.difference(goal.args[1], goal.args[0])
    found = _by_squares(sequent, goal, deadline)
    if found is not None or difference.bottom or not _has_roots(sequent, goal):
        return found
    writer = Writer(algebra, sequent.names())
    sides = [writer.quotient(Quotient({m: abs(c) for m, c in difference.top.items() if (c > 0) == keep}, {})) for keep in (False, True)]
    if sides[0] is None or sides[1] is None:
        return None
    lemma = sequent.statement(str(Node(goal.op, (sides[0], sides[1]))))
    if lemma == goal or needs(sequent, lemma):
        return None
    inner = _by_squares(sequent.aim(lemma), lemma, deadline)
    if inner is None:
        return None
    rest = _Search(sequent.assume(lemma), goal, deadline).run()
    return None if rest is None else node("cut", {"lemma": str(lemma)}, [inner, rest])


def _by_squares(sequent: Sequent, goal: Node, deadline: float) -> dict[str, Any] | None:
    from normbound.claims.checker import node
    from normbound.claims.checker.registry import rules
    data = {"by": "square"}
    parts = []
    for premise in rules()["map"](sequent.aim(goal), data):
        if premise.signs.holds(premise.goal):
            parts.append(node("evident"))
            continue
        found = _Search(premise, upward(premise.goal), deadline).run()
        if found is None:
            return None
        parts.append(found)
    return node("map", data, parts)


class _Search:
    def __init__(self, sequent: Sequent, goal: Node, deadline: float, effort: int = 5):
        self.effort = effort
        self.sequent = sequent
        self.algebra = sequent.algebra
        self.op = goal.op
        self.deadline = deadline
        self.writer = Writer(self.algebra, sequent.names())
        self.goal = goal
        self.difference: Quotient = self.algebra.difference(goal.args[1], goal.args[0])
        self.positive: dict[Factor, tuple[str, Fraction]] = {}  # sums of known sign that may be divided by: text, sign

    def run(self) -> dict[str, Any] | None:
        from normbound.claims.checker import node
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
            extra.append((text_, e))
            product = self.algebra.multiply(product, self.algebra.power(Quotient({k: v * c for k, v in f}, {}), e))
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
            size: int = -(lowest.numerator // lowest.denominator)
            if mask & MINUS and mask & ~MINUS:
                size += size % 2
            elif mask == MINUS and size % 2:
                sign = -sign
            extra.append((str(node), size))
            product = self.algebra.multiply(product, Quotient({((g, size),): Fraction(1)}, {}))
        if product.bottom:
            return None
        return product.top, extra, sign

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
            top, extra, way = freed
            if way < 0:
                continue
            if len(top) <= MAX_TERMS and top:
                table.append(Fact(data, mask, top, tuple(extra)))
        for columns in self.stages(target, table):
            if time.monotonic() > self.deadline:
                return None
            found = self.solve(target, columns)
            if found is not None:
                return self.written(found, table, goal_extra, turned)
        return None

    def stages(self, target: Polynomial, table: list[Fact]) -> Iterator[list[Column]]:
        """Growing sets of products."""
        single = [Column(f.top, f.mask, [(k, 1)], list(f.more)) for k, f in enumerate(table)]
        monomials = list(self.monomials(target))
        yield self.multiplied(target, single, monomials, rounds=1)
        if self.effort == 1:
            return
        squares = list(self.squares(target, table))
        pairs = list(self.pairs(single))
        yield self.multiplied(target, [*single, *squares], monomials, rounds=1)
        yield self.multiplied(target, [*single, *pairs, *squares], monomials, rounds=1)
        weighted = list(self.pairs(single, squares)) if len(single) * len(squares) <= 400 else []
        yield self.multiplied(target, [*single, *pairs, *squares, *weighted], monomials, rounds=2)
        if len(single) <= 8:
            triples = list(self.pairs(single, pairs))
            yield self.multiplied(target, [*single, *pairs, *triples, *squares], monomials, rounds=2)

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
        node = self.writer.generator(g)
        if node is None:
            return None
        if e.denominator == 1:
            return str(node), int(e)
        root = Node("sqrt", (node,)) if e.denominator == 2 else Node("pow", (node, _number(Fraction(1, e.denominator))))
        return str(root), e.numerator

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
            yield Column(product.top, times(a.mask, b.mask) if a is not b else even(a.mask), [*a.factors, *b.factors], [*a.extra, *b.extra])

    def squares(self, target: Polynomial, table: list[Fact]) -> Iterator[Column]:
        """(u - v)^2 and (u + v)^2 for monomials u, v whose squares can occur."""
        terms_ = list(dict.fromkeys((*target, *(m for f in table for m in f.top))))
        halves: dict[Monomial, None] = {((g, 1),): None for m in terms_ for g, _ in m}
        halves[()] = None
        for whole in (True, False):
            for m in terms_:
                half = tuple((g, _whole(Fraction(e) / 2)) for g, e in m)
                if all(e.denominator == 1 or (not self.algebra.masks[g] & MINUS and g not in self.algebra.roots) for g, e in half) and (
                        not whole or all(e.denominator == 1 for _, e in half)):
                    halves[half] = None
        chosen = list(halves)[:12]
        for u, v in combinations(chosen, 2):
            for c in (-1, 1):
                terms = {u: Fraction(1), v: Fraction(c)}
                text = self.writer.polynomial(sorted(terms.items(), key=lambda item: -item[1]))
                if text is None:
                    continue
                square = self.algebra.power(Quotient(terms, {}), 2)
                if not square.bottom:
                    yield Column(square.top, 6, [], [(str(text), 2)])

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
        return Column(product.top, mask, column.factors, [*column.extra, *unit.extra])

    def solve(self, target: Polynomial, columns: list[Column]) -> list[tuple[Fraction, Column]] | None:
        signed: list[tuple[int, Column]] = []
        for c in columns:
            if self.op == Op.EQ and c.mask & ~ZERO:
                continue
            if not c.mask & MINUS:
                signed.append((1, c))
            if not c.mask & ~NONPOSITIVE:
                signed.append((-1, c))
        if len({m for _, c in signed for m in c.top} | set(target)) > MAX_ROWS:
            return None
        rows: list[dict[Any, Fraction]] = [{m: s * x for m, x in c.top.items()} for s, c in signed]
        if self.op in (Op.LT, Op.NE):
            for row, (_, c) in zip(rows, signed, strict=True):
                if not c.mask & ZERO:
                    row[STRICT] = Fraction(1)
            rows.append({m: -x for m, x in target.items()})
            weights = feasible(rows, {STRICT: Fraction(1)}, self.deadline)
            if weights is None or (target and not weights[-1]):
                return None
            scale = weights[-1] if target else Fraction(1)
            weights = [w / scale for w in weights[:-1]]
        else:
            found = feasible(rows, target, self.deadline)
            if found is None:
                return None
            weights = found
        return [(s * w, c) for (s, c), w in zip(signed, weights, strict=True) if w]

    def written(self, found: list[tuple[Fraction, Column]], table: list[Fact], goal_extra: list[tuple[str, int]],
                turned: int) -> dict[str, Any]:
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
        for c, column in found:
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


def _names(node: Node) -> frozenset[str]:
    from normbound.claims.syntax import free_names
    return free_names(node)


def _number(q: Fraction) -> Node:
    from normbound.claims.syntax import number
    return number(q)


def _whole(e: Fraction) -> Fraction | int:
    return int(e) if e.denominator == 1 else e


__all__ = ["attempt"]
