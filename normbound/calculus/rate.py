"""Exponential rates of closed forms in a depth.

rate = lim value(K)^(1/K). The dominant node of a divided difference is its rate; where nodes coincide on the critical
line they contribute powers of K, which the order reports. Nodes that contain K have no rate: their limit is reported
where it is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from normbound.calculus.inequality import numerator_denominator
from normbound.errors import UnsupportedError
from normbound.terms.evaluate import DEFAULT_BITS, evaluate, precision
from normbound.terms.normal import Normal, Product
from normbound.terms.store import Op, Store, Term, children


@dataclass(frozen=True, slots=True)
class Rate:
    """Growth of a bound in a depth.

    depth      the depth symbol
    rate       the bound grows like rate^depth; None when there is a limit instead
    candidates the terms whose maximum is the rate
    order      where all candidates are 1 (criticality) the bound grows at most like depth^order
    limit      the limit for depth -> infinity, when nodes shrink with the depth
    """

    depth: Term
    rate: Term | None
    candidates: tuple[Term, ...]
    order: Fraction
    limit: Term | None = None

    def critical_lines(self) -> list[tuple[Term, Term]]:
        """(left, right) for each candidate that can be on either side of 1: it exceeds 1 iff left > right."""
        return [numerator_denominator(c) for c in self.candidates if not _is_constant(c) and not at_least_one(c)]

    def never_below_one(self) -> bool:
        """Whether one candidate is visibly at least 1, such as 1 + s."""
        return any(at_least_one(c) and c.literal() is None for c in self.candidates)

    def __str__(self) -> str:
        K = self.depth
        if self.rate is None:
            return f"no exponential rate in {K}; limit {self.limit} as {K} -> infinity"
        order = f"{K}^({self.order})" if self.order.denominator != 1 else f"{K}^{self.order}" if self.order != 1 else f"{K}"
        lines = self.critical_lines()
        text = f"{self.rate} per unit of {K}"
        if self.never_below_one():
            return f"{text}; never below 1"
        if not lines:
            return text + (f", of order {order}" if self.order else "")
        there = f"at most of order {order}" if self.order else "bounded"
        if len(lines) == 1:
            return f"{text}; critical line {lines[0][0]} = {lines[0][1]} (there {there})"
        free = ", ".join(str(c) for c in self.candidates if not _is_constant(c))
        return f"{text}; critical where max({free}) = 1 (there {there})"


def _is_constant(term: Term) -> bool:
    """Whether no symbol occurs in a term."""
    return not term.store.symbols(term)


def at_least_one(term: Term) -> bool:
    """Whether a candidate is 1 + something, or a positive power of such a sum, so that it is at least 1."""
    literal = term.literal()
    if literal is not None:
        return literal >= 1
    forms = Normal(term.store)
    i = forms(term).id
    form = forms.products.get(i)
    bases = [i] if form is None else [b for b, _ in form.factors]
    if form is not None and (form.coefficient < 1 or any(x < 0 for _, e in form.factors for x in e.values())):
        return False

    def constant(base: int) -> bool:
        total = forms.sums.get(base)
        return total is not None and any(body == 1 and c >= 1 for c, body in total.summands)

    return all(constant(b) for b in bases)


class _Ray(NamedTuple):
    """A term as constant * monomial; two terms lie on one ray when their monomials are powers of each other."""

    constant: Any  # a ball
    exponents: dict[tuple, Fraction]

    def at_critical(self, other: _Ray) -> Any | None:
        """The value of this term where ``other`` is 1, and None when they lie on different rays."""
        power = self.power_of(other)
        if power is None:
            return None
        with precision(DEFAULT_BITS):
            return self.constant / (other.constant.log() * other.constant.__class__(_quotient(power))).exp()

    def power_of(self, other: _Ray) -> Fraction | None:
        if not self.exponents or self.exponents.keys() != other.exponents.keys():
            return None
        ratios = {self.exponents[k] / other.exponents[k] for k in self.exponents}
        return ratios.pop() if len(ratios) == 1 and min(ratios) > 0 else None


def _quotient(q: Fraction) -> Any:
    from flint import fmpq
    return fmpq(q.numerator, q.denominator)


def _ray(forms: Normal, t: Term) -> _Ray:
    store = t.store
    i = forms(t).id
    form = forms.products.get(i) or Product(1, [(i, {(): Fraction(1)})])
    constant = store.number(form.coefficient)
    exponents: dict[tuple, Fraction] = {}
    for base, exponent in form.factors:
        for naturals, x in exponent.items():
            if not naturals and store.nodes[base][0] in (Op.NUM, Op.CONST, Op.OPNORM):
                constant = constant * store.power(Term(store, base), x)
            else:
                exponents[base, naturals] = x
    return _Ray(evaluate(constant, {}), exponents)


def dominant(candidates: Iterable[Term]) -> tuple[Term, ...]:
    """Candidates of a maximum without duplicates and without those that never exceed the maximum of the others.

    On one ray, c = k m^a lies below o = k' m^b if a = b and k <= k', or if a < b, a candidate is at least 1, and c <= 1
    where o = 1. A literal at most 1 lies below a candidate that is at least 1.
    """
    given = [_folded(t) for t in candidates]
    forms = Normal(given[0].store)
    found = list({forms(t).id: t for t in reversed(given)}.values())[::-1]
    rays = {t.id: _ray(forms, t) for t in found}
    floor = any(at_least_one(t) for t in found)

    def below(t: Term, other: Term) -> bool:
        power = rays[t.id].power_of(rays[other.id])
        if other is t or power is None or power > 1 or (power < 1 and not floor):
            return False
        value = rays[t.id].at_critical(rays[other.id])
        return value is not None and bool(value < 1)

    kept = [t for t in found if not any(below(t, o) for o in found)]
    kept = [t for t in kept if not (floor and t.literal() is None and _is_constant(t) and rays[t.id].constant < 1)] or kept
    kept = [t for t in kept if not any(o is not t and rays[t.id].power_of(rays[o.id]) not in (None, 1)
                                       and floor and _is_one(rays[t.id].at_critical(rays[o.id]))
                                       and rays[t.id].power_of(rays[o.id]) < 1 for o in kept)]  # type: ignore[operator]
    return tuple(t for t in kept if not (t.literal() is not None and t.literal() <= 1  # type: ignore[operator]
                                         and any(o.literal() is None and at_least_one(o) for o in kept)))


def _folded(t: Term) -> Term:
    """The literal that a term is after normalization, if it is one."""
    plain = Normal(t.store)(t)
    if plain.literal() is not None:
        return plain
    return t


def _is_one(ball: Any) -> bool:
    """Whether a ball is 1 as far as can be seen (it contains 1 and is thin)."""
    return ball is not None and bool(ball.contains(1))


def _order(nodes: list[Term]) -> Fraction:
    """One less than the number of nodes that can be 1 together where the largest one is 1."""
    forms = Normal(nodes[0].store)
    rays = [_ray(forms, t) for t in nodes]
    ones = sum(t.literal() == 1 for t in nodes)
    free = [ray for t, ray in zip(nodes, rays, strict=True) if t.literal() is None]
    best = ones
    for peak in free:
        count = ones
        for ray in free:
            value = ray.at_critical(peak)
            if value is None or _is_one(value):
                count += 1
            elif value > 1:  # where this candidate is 1, another node is above 1: not the critical set
                count = 0
                break
        best = max(best, count)
    return Fraction(max(best - 1, 0))


_Growth = tuple[tuple[Term, ...], Fraction]  # candidates of the rate, order


def rate(term: Term, depth: Term) -> Rate:
    """The exponential rate of a closed form in ``depth``.

    Raises UnsupportedError for recurrences and indexed families (their rate depends on the whole sequence).
    """
    store = term.store
    ids = store.reachable([term])
    nodes = store.nodes
    depends = {i for i in ids if i == depth.id}
    growth: dict[int, _Growth] = {}
    for i in ids:
        if i not in depends and any(c in depends for c in children(nodes[i])):
            depends.add(i)
        if i not in depends:
            growth[i] = ((store.one,), Fraction(0))
            continue
        if i == depth.id:
            growth[i] = ((store.one,), Fraction(1))
            continue
        try:
            growth[i] = _node_growth(store, i, depth, depends, growth)
        except _Shrinking as found:
            if i == term.id or _only_factor(store, term.id, i, depends):
                factor = store.substitute([term], {Term(store, i): store.exp(found.exponent)})[0]
                return Rate(depth, None, (), Fraction(0), factor)
            raise UnsupportedError(f"the nodes contain {depth}: there is no exponential rate; every factor "
                                   f"(1 + c/{depth})^{depth} is below exp(c) with c = {found.exponent}") from None
    candidates, order = growth[term.id]
    candidates = dominant(candidates)
    return Rate(depth, store.maximum(candidates), candidates, order)


class _Shrinking(Exception):
    def __init__(self, exponent: Term):
        self.exponent = exponent


def _only_factor(store: Store, root: int, i: int, depends: set[int]) -> bool:
    """Whether everything between ``root`` and ``i`` is a product or sum with parts free of the depth."""
    while root != i:
        below = [c for c in children(store.nodes[root]) if c in depends]
        if len(below) != 1 or store.nodes[root][0] not in (Op.MUL, Op.ADD, Op.POW):
            return False
        root = below[0]
    return True


def _node_growth(store: Store, i: int, depth: Term, depends: set[int], growth: dict[int, _Growth]) -> _Growth:
    node = store.nodes[i]
    kind = node[0]
    below = [growth[c] for c in children(node)]
    if kind in (Op.ADD, Op.MAX):
        return _distinct(c for g in below for c in g[0]), max(g[1] for g in below)
    if kind == Op.MUL:
        return _distinct(a * b for a in below[0][0] for b in below[1][0]), below[0][1] + below[1][1]
    if kind == Op.POW:
        e = Fraction(node[2])
        if e < 0 and node[1] != depth.id:
            raise UnsupportedError(f"the rate of a denominator that depends on {depth} in several ways is not decided")
        return tuple(store.power(c, node[2]) for c in below[0][0]), below[0][1] * e
    if kind == Op.MIN:
        raise UnsupportedError("the rate of a minimum is not decided; ask for the rate of each alternative")
    if kind == Op.DD:
        return _dd_growth(store, node, depth, depends, growth)
    names = {Op.PROD: "an indexed product", Op.SUM: "an indexed sum", Op.REC: "a recurrence", Op.ELT: "an indexed family",
             Op.EXP: "an exponential"}
    if kind in names:
        raise UnsupportedError(f"the rate of {names[kind]} in {depth} depends on the whole sequence; evaluate it at numbers")
    assert kind not in (Op.NUM, Op.SYM, Op.CONST, Op.OPNORM)
    return (store.one,), Fraction(1)  # natural difference


def _outer_growth(store: Store, node: tuple, depth: Term, growth: dict[int, _Growth]) -> _Growth:
    """A power whose base grows with the depth while its own exponent does not."""
    exponent = Term(store, node[1])
    candidates, order = growth[node[2]]
    if len(node) != 3 or order:
        raise UnsupportedError(f"not computed: nodes of a divided difference of depth {exponent} depend on {depth}")
    return tuple(store.dd(exponent, [c]) for c in candidates), order


def _dd_growth(store: Store, node: tuple, depth: Term, depends: set[int], growth: dict[int, _Growth]) -> _Growth:
    nodes = [Term(store, c) for c in node[2:]]
    if any(c in depends for c in node[2:]):
        if node[1] not in depends:
            return _outer_growth(store, node, depth, growth)
        raise _Shrinking(_shrinking_exponent(store, node, depth, depends))
    forms = Normal(store)
    form = forms.products.get(forms(Term(store, node[1])).id)
    exponent = store.one
    if node[1] != depth.id:
        if form is None:
            raise UnsupportedError(f"the rate in {depth} of a power with exponent {Term(store, node[1])} is not decided")
        rest = [(b, e) for b, e in form.factors if b != depth.id]
        own = [e for b, e in form.factors if b == depth.id]
        if own != [{(): 1}] or any(b in depends for b, _ in rest):
            raise UnsupportedError(f"the rate in {depth} of a power with exponent {Term(store, node[1])} is not decided")
        exponent = store.number(form.coefficient)
        for b, e in rest:
            exponent = exponent * store.power(Term(store, b), e[()])
    kept = [n for n in nodes if n]
    if not kept:
        return (store.zero,), Fraction(0)
    powered = [n if exponent.id == 1 else store.dd(exponent, [n]) for n in kept]
    return _distinct(powered), _order(kept)


def _shrinking_exponent(store: Store, node: tuple, depth: Term, depends: set[int]) -> Term:
    """c when the only node is 1 + c/depth, up to normal form."""
    message = f"not computed: the nodes of a divided difference contain {depth}"
    if len(node) != 3 or node[1] != depth.id:
        raise UnsupportedError(message)
    forms = Normal(store)
    total = forms.sums.get(forms(Term(store, node[2])).id)
    if total is None:
        raise UnsupportedError(message)
    c = store.zero
    one = False
    for coefficient, body in total.summands:
        scaled = forms(store.number(coefficient) * Term(store, body) * depth)
        if body == 1 and coefficient == 1:
            one = True
        elif depth.id in store.reachable([scaled]):
            raise UnsupportedError(message)
        else:
            c = c + scaled
    if not one:
        raise UnsupportedError(message)
    return c


def _distinct(terms: Iterable[Term]) -> tuple[Term, ...]:
    found: dict[int, Term] = {}
    for t in terms:
        found.setdefault(t.id, t)
    return tuple(found.values())
