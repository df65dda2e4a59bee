"""Two networks side by side: the quotient of their bounds, when it is below 1, and what it does with the depth.

A comparison is plain data over two bounds of one kind. The first network is usually the normalized one, the second the
same without its normalizers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from normbound.calculus.bound import Bound, Value, derive
from normbound.calculus.cautions import Caution, cautions
from normbound.calculus.inequality import PRECISIONS, Inequality, below, quotient, sign
from normbound.calculus.rate import Rate, rate
from normbound.contracts.block import Block, Composite, Layer, Repeat
from normbound.errors import NetworkError, NormboundError, TermError, UnsupportedError
from normbound.network.program import Network, children_of
from normbound.terms.evaluate import evaluate, precision
from normbound.terms.exact import exact
from normbound.terms.normal import Normal
from normbound.terms.store import Term

KINDS = ("input", "parameters")


@dataclass(frozen=True, slots=True)
class DepthRates:
    """How both bounds and their quotient grow in one symbolic depth.

    first, second   the rates, or None with the reason in ``notes``
    ratio           the quotient of the bounds behaves like ratio^depth
    normalizer      ratio per normalizer that the first network has and the second has not, where that is a fixed number
                    of normalizers for each unit of depth
    threshold       when the ratio is below 1: for a chain Linear, normalizer this is g < sqrt(sigma^2 + eps); the line
                    for the first bound itself, g s = sqrt(sigma^2 + eps), is among ``first.critical_lines()``
    """

    depth: Term
    first: Rate | None
    second: Rate | None
    ratio: Term | None
    normalizer: Term | None
    threshold: Inequality | None
    notes: tuple[str, ...] = ()


class RateAt(NamedTuple):
    """Rates at numbers: enclosures, and the side of 1 that each is on (-1 below, 0 exactly 1, 1 above, None undecided).

    Without a rate (a recurrence, say) the enclosure is None as well.
    """

    depth: Term
    first: Any
    second: Any
    ratio: Any
    sides: tuple[int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Regime:
    """What the comparison says at exact numbers.

    verdict  "reduces" (first < second, proved), "neutral" (equal, proved), "explodes" (first > second, proved),
             "undecided" (no precision tried separates them and no exact comparison applies), "vacuous" (the floors of a
             network cannot be met), "unmet" (a hypothesis is false), "unbounded" (a bound does not exist)
    ratio    an enclosure of first/second where both are finite and the second is positive, else None
    """

    verdict: str
    first: Value
    second: Value
    ratio: Any
    reasons: tuple[str, ...]
    rates: tuple[RateAt, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison:
    """Two bounds of one kind.

    ratio        first/second in normal form; None where ``obstacle`` says why there is none
    condition    the reduced form of first < second, equivalent to it for all positive values of the symbols
    normalizers  how many normalizers each network applies
    """

    first: Bound
    second: Bound
    ratio: Term | None
    condition: Inequality | None
    obstacle: str
    rates: tuple[DepthRates, ...]
    normalizers: tuple[Term, Term]
    warnings: tuple[Caution, ...]

    @property
    def wrt(self) -> str:
        return self.first.wrt

    def symbols(self) -> dict[str, Term]:
        """Every symbol of the two networks, by name."""
        return {**self.first.symbols(), **self.second.symbols()}

    def regime(self, values: Mapping[str, object] | None = None, **more: object) -> Regime:
        """The comparison where symbols take exact ``values``; decided by enclosures and exact arithmetic only.

        Raises TermError for a missing, inexact, negative or unknown value.
        """
        given = {**(values or {}), **more}
        numbers = {n: exact(v) if isinstance(v, str) else v for n, v in given.items()}
        known = self.symbols()
        unknown = [n for n in numbers if n not in known]
        if unknown:
            raise TermError(f"unknown symbol {unknown[0]!r}; these networks have {', '.join(known) or 'no symbols'}")
        values_of = [b.at({n: v for n, v in numbers.items() if n in b.symbols()}) for b in (self.first, self.second)]
        first, second = values_of
        verdict, reasons = self._verdict(first, second, numbers)
        ratio = None
        if first.ball.is_finite() and second.ball.is_finite() and second.ball > 0:
            with precision(PRECISIONS[0]):
                ratio = first.ball / second.ball
        rates = () if verdict == "unmet" else tuple(_rates_at(self.rates, numbers))
        return Regime(verdict, first, second, ratio, reasons, rates)

    def _verdict(self, first: Value, second: Value, numbers: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
        for status in ("unmet", "vacuous"):
            reasons = tuple(f"{name} network: {r}" for name, v in (("first", first), ("second", second))
                            if v.status == status for r in v.reasons)
            if reasons:
                return status, reasons
        if self.first.unbounded or self.second.unbounded:
            return "unbounded", (self.obstacle,)
        side = self._side(numbers)
        if side is None:
            return "undecided", (f"the enclosures overlap at {PRECISIONS[-1]} bits and no exact comparison applies",)
        return ("reduces", "neutral", "explodes")[side + 1], ()

    def _side(self, numbers: Mapping[str, object]) -> int | None:
        depths = {str(t) for b in (self.first, self.second) for t in b.depths()}
        if self.condition is not None and all(_positive(v) for n, v in numbers.items() if n not in depths):
            found = self.condition.sign(numbers)
            if found is not None:
                return found
        return sign(self.first.term, self.second.term, numbers)

    def __repr__(self) -> str:
        return f"Comparison({self.wrt}: {self.first.term} against {self.second.term})"


def compare(net: Network, other: Network | None = None, wrt: str = "input", trainable: Collection[str] | None = None,
            floors: bool = True) -> Comparison:
    """Compare the bounds of two networks.

    other      default: ``net`` without its normalizers
    wrt        "input" or "parameters"
    trainable  for "parameters": the roles and groups whose change counts, in both networks
    floors     False: the unconditional constants of the normalizers

    Raises TermError when the networks were built under different stores.
    """
    if wrt not in KINDS:
        raise UnsupportedError(f"compare: wrt={wrt!r}; accepted: {', '.join(KINDS)}")
    if not isinstance(net, Network) or not (other is None or isinstance(other, Network)):
        found = type(other if isinstance(net, Network) else net).__name__
        raise NetworkError(f"compare: found {found}; a network is needed, e.g. Input(\"R\", \"d\") >> layers")
    other = net.without_normalization() if other is None else other
    first = derive(net, wrt, trainable, floors)
    second = derive(other, wrt, trainable, floors)
    if first.term.store is not second.term.store:
        first.term.store.refuse(second.term)
    depths = {t.id: t for b in (first, second) for t in b.depths()}
    names = {str(t) for t in depths.values()}
    obstacle = _obstacle(first, second)
    ratio = None if obstacle else quotient(first.term, second.term)
    condition = None if first.unbounded or second.unbounded else below(first.term, second.term, names)
    counts = (normalizers(net), normalizers(other))
    rates = tuple(_depth_rates(first, second, t, counts, names) for t in depths.values())
    return Comparison(first, second, ratio, condition, obstacle, rates, counts, cautions(first, second))


def _obstacle(first: Bound, second: Bound) -> str:
    if first.unbounded and second.unbounded:
        return "both bounds are unbounded"
    if first.unbounded or second.unbounded:
        return f"the bound of the {'first' if first.unbounded else 'second'} network is unbounded"
    return "" if Normal(second.term.store)(second.term) else "the bound of the second network is 0"


def normalizers(network: Network) -> Term:
    """How many normalizers the network applies, with the depths of the Repeats they stand in."""
    total = network.input.features.store.zero
    stack: list[tuple[Block, Term]] = [(network.body, total.store.one)]
    while stack:
        block, times = stack.pop()
        if isinstance(block, Layer):
            total = total + times if block.normalizer else total
        elif isinstance(block, Repeat):
            outside = [b for b in children_of(block) if b is not block.body]
            stack += [(b, times) for b in outside] + [(block.body, times * block.depth)]
        elif isinstance(block, Composite):
            stack += [(b, times) for b in block.parts]
    return Normal(total.store)(total)


# -- rates -----------------------------------------------------------------------------------------------------------

def _depth_rates(first: Bound, second: Bound, depth: Term, counts: tuple[Term, Term], depths: Collection[str]) -> DepthRates:
    found: list[Rate | None] = []
    notes: list[str] = []
    for name, bound in (("first", first), ("second", second)):
        try:
            if bound.unbounded:
                raise UnsupportedError("unbounded")
            found.append(rate(bound.term, depth))
        except NormboundError as error:
            found.append(None)
            notes.append(f"{name} network: {error}")
    one, two = (r.rate if r is not None else None for r in found)
    if one is None or two is None or not two:
        return DepthRates(depth, found[0], found[1], None, None, None, tuple(notes))
    ratio = quotient(one, two)
    per = _each(counts, depth)
    single = ratio if per == 1 else None if per is None else ratio.store.power(ratio, 1 / per)
    return DepthRates(depth, found[0], found[1], ratio, single, below(one, two, depths), tuple(notes))


def _each(counts: tuple[Term, Term], depth: Term) -> Fraction | None:
    """How many more normalizers the first network applies for each unit of depth, when the second has none there."""
    store = depth.store
    if depth.id in store.reachable([counts[1]]):
        return None
    forms = Normal(store)
    total = forms.sums.get(forms(counts[0]).id)
    summands = total.summands if total is not None else [forms.split(forms(counts[0]).id)]
    growing = [(c, body) for c, body in summands if depth.id in store.reachable([Term(store, body)])]
    if len(growing) == 1 and growing[0][1] == depth.id:
        return Fraction(growing[0][0])
    return None


def _rates_at(rates: Iterable[DepthRates], numbers: Mapping[str, object]) -> Iterable[RateAt]:
    for r in rates:
        one, two = (None if x is None else x.rate for x in (r.first, r.second))
        balls, sides = [], []
        for top, bottom in ((one, None), (two, None), (one, two) if r.ratio is not None else (None, None)):
            try:
                side = None if top is None else sign(top, bottom if bottom is not None else top.store.one, numbers)
                t = top if bottom is None or top is None else r.ratio
                ball = None if t is None else evaluate(t, numbers)
            except TermError:  # 0/0, or a symbol without a value
                side = ball = None
            sides.append(side)
            balls.append(ball)
        yield RateAt(r.depth, balls[0], balls[1], balls[2], (sides[0], sides[1], sides[2]))


def _positive(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_positive(v) for v in value)
    return Fraction(exact(value)) > 0


__all__ = ["Caution", "Comparison", "DepthRates", "Inequality", "RateAt", "Regime", "compare", "normalizers"]
