"""Numbers at which the hypotheses of a certificate hold: a certificate that nobody can use proves nothing.

The library confirms them (``Satisfiable.v``): every symbol gets a number, floors get 0, tensors are zero and running variances
large, and the origin is then admitted. Floors that have to be positive admit fewer inputs; for those no witness of this kind exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any

from normbound.calculus.bound import Bound
from normbound.contracts.block import Layer
from normbound.formal.export import Export
from normbound.formal.layers import Leaf, least_dimensions, multiples
from normbound.formal.nodes import number
from normbound.layers.normalization import Normalize, Standardize
from normbound.network.program import LEAF
from normbound.terms.store import Op, Store, Term

FUEL = 20  # how deep the library looks into a floor or a running variance
TRIES = (1, 2, 3, 4, 6, 8, 16)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A number for each symbol of a certificate.

    zero      symbols that are 0: those that floors are made of; the other real symbols are 1
    listed    those of them that are not a floor themselves, which the library finds
    naturals  name -> number
    reason    why there is no assignment, or ""
    """

    zero: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    naturals: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""

    @property
    def found(self) -> bool:
        return not self.reason

    def __str__(self) -> str:
        if self.reason:
            return f"none: {self.reason}"
        parts = ["every real symbol 1" + (f" but {', '.join(sorted(self.zero))} = 0" if self.zero else "")]
        parts += [f"{n} = {k}" for n, k in self.naturals.items()]
        return "; ".join(parts) + "; all tensors zero, the input zero"

    def coq(self, data: Export) -> str:
        """The assignment as ``Satisfiable.v`` reads it."""
        zero = "; ".join(number(data.symbols[n]) for n in sorted(self.listed) if n in data.symbols)
        naturals = "; ".join(f"({number(data.symbols[n])}, {k}%N)" for n, k in self.naturals.items() if n in data.symbols)
        return f"{{| a_zero := [{zero}]; a_nat := [{naturals}] |}}"


def assignment(bound: Bound, data: Export) -> Assignment:
    """The assignment for the certificate ``data`` of ``bound``, or the reason why there is none.

    What is found meets everything that the library decides, so that a certificate with an assignment is accepted with it.
    """
    store = bound.term.store
    leaves = list(_leaves(bound))
    zero: set[str] = set()
    direct: set[str] = set()
    for leaf, floors in leaves:
        first = leaf.parts[0]
        if isinstance(first, Normalize) and first.floor is not None and floors:
            names = _made_zero(store, first.floor.id, data, FUEL)
            if names is None:
                return Assignment(reason=f"the floor {first.floor} cannot be 0, and the witness needs floors that are 0")
            zero |= names
            if first.floor.node[0] in (Op.SYM, Op.ELT):
                direct |= names
    naturals = _naturals(data, leaves)
    if naturals is None:
        return Assignment(reason="no small numbers for the dimensions meet what the normalizers need")
    signs = _Signs(store, data, zero, naturals)
    for t in _positive(bound, leaves):
        if not signs.positive(t):
            return Assignment(reason=f"{t} > 0 is not seen to hold where {'floors are 0' if zero else 'all symbols are 1'}")
    for leaf, _ in leaves:
        first = leaf.parts[0]
        if isinstance(first, Standardize) and not _steady(store, first.var.id, {*data.indices, *data.states}, FUEL):
            return Assignment(reason=f"the running variance {first.var} depends on an iteration")
    return Assignment(frozenset(zero), frozenset(zero - direct), naturals)


def _leaves(bound: Bound) -> Iterator[tuple[Leaf, bool]]:
    """The layers, and whether their floors are used."""
    d = bound.derivation
    for i in d.program.code:
        if i.op == LEAF and isinstance(i.block, Layer):
            yield Leaf((i.block,), i.shape, i.out), d.floors and i.path not in d.dropped


def _positive(bound: Bound, leaves: Iterable[tuple[Leaf, bool]]) -> Iterator[Term]:
    """The terms that the certificate assumes positive."""
    for use in bound.derivation.uses:
        h = use.hypothesis
        if h.kind in ("floor", "positive"):
            yield h.terms[-1 if h.kind == "floor" else 0]
    yield from bound._denominators()
    for leaf, floors in leaves:
        under = leaf.under(floors)
        if under is not None:
            yield under


def _made_zero(store: Store, i: int, data: Export, fuel: int) -> frozenset[str] | None:
    """Symbols of which the term is 0 if they are, or None."""
    kind, *rest = store.nodes[i]
    if not fuel:
        return None
    if kind == Op.NUM:
        return None if rest[0] else frozenset()
    if kind == Op.SYM:
        return None if rest[0] in data.naturals or rest[0] in data.states else frozenset({rest[0]})
    if kind == Op.ELT:
        return frozenset({rest[0]})
    if kind == Op.POW and rest[1] > 0:
        return _made_zero(store, rest[0], data, fuel - 1)
    if kind in (Op.ADD, Op.MUL):
        a, b = (_made_zero(store, c, data, fuel - 1) for c in rest)
        if kind == Op.MUL:
            return b if a is None else a
        return None if a is None or b is None else a | b
    return None


def _steady(store: Store, i: int, moving: set[str], fuel: int) -> bool:
    """Whether a term has the same value in every iteration when the members of families are equal."""
    kind, *rest = store.nodes[i]
    if not fuel:
        return False
    if kind == Op.ELT or moving.isdisjoint(store.symbols(Term(store, i))):
        return True
    return kind in (Op.ADD, Op.MUL, Op.POW) and all(_steady(store, c, moving, fuel - 1) for c in (rest[:1] if kind == Op.POW else rest))


def _naturals(data: Export, leaves: Iterable[tuple[Leaf, bool]]) -> dict[str, int] | None:
    """Numbers for the natural symbols that are large enough and have the divisors that layers need."""
    names = sorted(n for n in data.naturals if n in data.symbols and n not in data.indices)
    least = {(t.id, n): t for leaf, _ in leaves for t, n in least_dimensions(leaf)}
    parts = {(a.id, b.id): (a, b) for leaf, _ in leaves for a, b in multiples(leaf)}
    base, divisors = 2, set()
    for _, b in parts.values():
        value = b.literal()
        if isinstance(value, int) and value:
            base = lcm(base, value)
        divisors |= set(b.store.symbols(b))
    for k in TRIES:
        for power in (1, 2):
            found = {n: base * k if n in divisors else (base * k)**power for n in names}
            sizes = _Sizes(found)
            if all(sizes.at_least(t, n) for (_, n), t in least.items()) and all(sizes.divides(b, a) for a, b in parts.values()):
                return found
    return None


class _Sizes:
    """Naturals at given numbers; None where an expression has no natural value."""

    __slots__ = ("known", "values")

    def __init__(self, values: Mapping[str, int]):
        self.values = values
        self.known: dict[int, Fraction | None] = {}

    def __call__(self, t: Term) -> int | None:
        store = t.store
        for i in store.reachable([t]):
            if i not in self.known:
                self.known[i] = self._value(*store.nodes[i])
        value = self.known[t.id]
        return None if value is None or value.denominator != 1 or value < 0 else int(value)

    def _value(self, kind: int, *rest: Any) -> Fraction | None:
        if kind == Op.NUM:
            return Fraction(rest[0])
        if kind == Op.SYM:
            return Fraction(self.values[rest[0]]) if rest[0] in self.values else None
        if kind in (Op.ADD, Op.MUL, Op.SUB):
            a, b = (self.known.get(c) for c in rest)
            if a is None or b is None:
                return None
            return a + b if kind == Op.ADD else a * b if kind == Op.MUL else max(a - b, Fraction(0))
        if kind == Op.POW and rest[1] == -1:
            a = self.known[rest[0]]
            return 1 / a if a else None
        return None

    def at_least(self, t: Term, n: int) -> bool:
        size = self(t)
        return size is not None and size >= n

    def divides(self, k: Term, a: Term) -> bool:
        size, part = self(a), self(k)
        return bool(size is not None and part and size % part == 0)


class _Signs:
    """Which terms the library sees to be positive at the assignment."""

    __slots__ = ("data", "known", "sizes", "store", "zero")

    def __init__(self, store: Store, data: Export, zero: set[str], naturals: Mapping[str, int]):
        self.store, self.data, self.zero = store, data, zero
        self.sizes = _Sizes(naturals)
        self.known: dict[int, bool] = {}

    def positive(self, t: Term) -> bool:
        for i in self.store.reachable([t]):
            if i not in self.known:
                self.known[i] = self._positive(i)
        return self.known[t.id]

    def _positive(self, i: int) -> bool:
        kind, *rest = self.store.nodes[i]
        if kind == Op.NUM:
            return bool(rest[0] > 0)
        if kind == Op.SUB or (kind == Op.SYM and rest[0] in self.data.naturals):
            return self.sizes.at_least(Term(self.store, i), 1)
        if kind == Op.SYM:
            return rest[0] not in self.zero and rest[0] not in self.data.states
        if kind == Op.ELT:
            return rest[0] not in self.zero
        if kind in (Op.CONST, Op.OPNORM):
            return True
        if kind in (Op.ADD, Op.MAX):
            return any(self.known[c] for c in rest)
        if kind in (Op.MUL, Op.MIN):
            return all(self.known[c] for c in rest)
        if kind == Op.POW:
            return self.known[rest[0]]
        if kind == Op.DD:
            return len(rest) == 2 and self.known[rest[1]]
        return kind == Op.PROD and self.known[rest[2]]
