"""What the experiments share: comparisons in log space, concrete networks at their probes, samples of architectures.

Measured values are doubles, by forward passes and complex steps; they are compared with claims relative to one stated
allowance. Claimed values are evaluated in balls. Comparisons of constants are made on logarithms, so that a depth of 40
neither overflows nor hides a wrong rate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import log
from typing import Any, TypeVar

import numpy as np

from normbound.calculus.bound import derive
from normbound.check.falsify import spectral
from normbound.check.finding import Finding
from normbound.check.forward import Tangents, Trace, execute
from normbound.check.realization import Plan, Realization, draw, plan
from normbound.contracts.context import ROLES
from normbound.errors import NetworkError
from normbound.layers.normalization import Normalize
from normbound.network.program import Network
from normbound.terms.evaluate import evaluate, evaluate_floats
from normbound.terms.exact import exact
from normbound.terms.store import Term
from normbound.theory.theorem import Theorem

#: The only allowance, relative: rounding of products of at most 40 layers of at most 16 features is below 1e-12.
ROUNDING = 1e-9

Array = Any
T = TypeVar("T", bound=Theorem)


def factor_of(factor: int | Fraction | str) -> Fraction:
    """An exact positive factor by which a check multiplies the constant that is claimed."""
    try:
        found = Fraction(exact(factor))
    except ValueError as error:
        raise NetworkError(f"factor: {error}") from None
    if found <= 0:
        raise NetworkError(f"factor: found {found}; a number > 0 is needed")
    return found


def count_of(given: int | None, default: int, what: str = "networks") -> int:
    """The number of samples asked for; 0 is allowed and checks nothing."""
    if given is None:
        return default
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise NetworkError(f"{what}: found {given!r}; a natural number is needed")
    return given


def log_value(term: Term, values: Mapping[str, Any] | None = None) -> float:
    """The logarithm of a term at exact values, from a ball of relative radius below 1e-30; -inf for 0."""
    ball = evaluate(term, values or {})
    if ball == 0:
        return float("-inf")
    return float(ball.log().mid()) if ball.is_finite() else float("inf")


def exactly(values: Mapping[str, Any]) -> dict[str, Any]:
    """Measured values as the rationals that these doubles are."""
    def one(v: Any) -> Any:
        return v if isinstance(v, (int, Fraction)) else Fraction(float(v))
    return {k: [one(x) for x in v] if isinstance(v, (list, tuple)) else one(v) for k, v in values.items()}


# -- comparisons --------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Tally:
    """Counts comparisons of log(measured) with log(claimed); NaN is a failure."""

    tests: int = 0
    failures: int = 0
    first: str = ""
    largest: float = float("-inf")   # of log(measured/claimed)
    smallest: float = float("inf")

    @property
    def deviation(self) -> float:
        """The largest |log(measured/claimed)|."""
        return max(abs(self.largest), abs(self.smallest)) if np.isfinite(self.largest) else 0.0

    def at_most(self, measured: Any, claimed: Any, what: str) -> None:
        """measured <= claimed."""
        self._note(measured, claimed, what, "exceeds", lambda gap: gap <= ROUNDING)

    def at_least(self, measured: Any, claimed: Any, what: str) -> None:
        """measured >= claimed."""
        self._note(measured, claimed, what, "is below", lambda gap: gap >= -ROUNDING)

    def equal(self, measured: Any, claimed: Any, what: str) -> None:
        """measured = claimed."""
        self._note(measured, claimed, what, "is not", lambda gap: np.abs(gap) <= ROUNDING)

    def sure(self, holds: Any, what: str) -> None:
        """Statements without a size (signs, exact identities)."""
        holds = np.atleast_1d(np.asarray(holds, dtype=bool))
        self.tests += holds.size
        failed = int((~holds).sum())
        if failed and not self.first:
            self.first = what
        self.failures += failed

    def _note(self, measured: Any, claimed: Any, what: str, relation: str, good: Any) -> None:
        measured, claimed = np.broadcast_arrays(np.atleast_1d(np.asarray(measured, float)), np.asarray(claimed, float))
        if not measured.size:
            return
        with np.errstate(invalid="ignore"):
            gap = np.where(measured == claimed, 0.0, measured - claimed)
        holds = good(gap) & ~np.isnan(gap)
        self.tests += gap.size
        finite = gap[np.isfinite(gap)]
        if finite.size:
            self.largest = max(self.largest, float(finite.max()))
            self.smallest = min(self.smallest, float(finite.min()))
        bad = np.argwhere(~holds)
        if len(bad) and not self.first:
            k = tuple(bad[0])
            self.first = f"{what}: measured {shown(measured[k])} {relation} {shown(claimed[k])}"
        self.failures += len(bad)


def shown(logarithm: float) -> str:
    """exp of a logarithm as text, whatever its size."""
    if not np.isfinite(logarithm):
        return str(float(np.exp(logarithm)))
    ten = logarithm / log(10)
    if abs(ten) < 6:
        return f"{np.exp(logarithm):.9g}"
    power = int(np.floor(ten))
    return f"{10 ** (ten - power):.9f}e{power:+d}"


def conclude(tallies: Sequence[Tally], attained: bool, says: str, figures: Mapping[str, Any],
             series: Mapping[str, Mapping[str, Any]], parts: Sequence[Finding] = (), others: Sequence[str] = ()) -> Finding:
    """The finding of comparisons: refuted if one fails, else not checked if one is empty.

    parts   findings that the result rests on as well
    others  refutations found elsewhere
    """
    broken = [*others, *(p.says for p in parts if p.verdict == "refuted"), *(t.first for t in tallies if t.failures)]
    tests = sum(t.tests for t in tallies)
    figures = {**figures, "comparisons": tests, "failed": sum(t.failures for t in tallies) + len(others)}
    if broken:
        return Finding("refuted", broken[0], figures, series)
    if not tallies or any(not t.tests for t in tallies):
        return Finding("not checked", "nothing was sampled that meets the hypotheses", figures, series)
    for p in parts:
        if not p.passed:
            return Finding("not checked", p.says, figures, series)
    return Finding("attained" if attained else "survived", says, figures, series)


def scaled(theorem: T, factor: Fraction) -> T:
    """The theorem that claims ``factor`` times its constants."""
    if factor == 1:
        return theorem
    changed = {n: theorem.terms[n] * factor for n in ("value", "iteration") if n in theorem.terms}
    return replace(theorem, terms={**theorem.terms, **changed})


# -- concrete networks at their probes ----------------------------------------------------------------------------
@dataclass(slots=True)
class AtPoint:
    """One concrete network executed at one input: its derivative, and whether its floors hold there."""

    plan: Plan
    tangents: Tangents
    least: float                  # smallest deviation / floor, inf without floors

    @property
    def met(self) -> bool:
        """Whether every floor holds, up to rounding."""
        return self.least >= 1 - ROUNDING

    def along_input(self, direction: Any) -> float:
        """|derivative along a change of the input| / |change|."""
        d = as_array(direction).ravel()
        return float(np.linalg.norm(d @ self.tangents.matrix[0, :self.tangents.inputs]) / np.linalg.norm(d))

    def along_weight(self, layer: int, direction: Any) -> float:
        """The same for a change of one weight; ``layer`` counts the executed Linear layers from 0."""
        weights = [k for k in self.tangents.where if k[0].endswith(".W")]
        d = as_array(direction).ravel()
        return float(np.linalg.norm(d @ self.tangents.part(weights[layer])[0]) / np.linalg.norm(d))

    def input_norm(self) -> float:
        """The spectral norm of the input Jacobian."""
        return float(spectral([self.tangents.matrix[:, :self.tangents.inputs]])[0][0])

    def parameter_norm(self) -> float:
        """The spectral norm of the Jacobian in all trainable tensors."""
        return float(spectral([self.tangents.matrix[:, self.tangents.inputs:]])[0][0])


def as_array(rows: Any) -> Array:
    """Exact rows as doubles."""
    return np.array([[float(x) for x in row] for row in rows])


def at_point(network: Network, point: Any, trainable: Collection[str] = ()) -> AtPoint:
    """Execute a concrete network (every tensor given by its entries) at ``point``, samples x features."""
    p = plan(network, trainable)
    r = draw(p, 0, "gaussian", 1)
    r.points = as_array(point)[None, :, None, :]
    trace = execute(r)
    return AtPoint(p, trace.records[-1].tangents, _least(p, trace))


def _least(p: Plan, trace: Trace) -> float:
    least = float("inf")
    for rec in trace.records:
        step = p.derivation.steps[rec.step]
        layer = p.derivation.program.code[step.at].block
        if step.rule == "contract" and isinstance(layer, Normalize) and layer.floor is not None:
            floor = evaluate_floats([layer.floor], {})[0]
            if floor > 0:
                least = min(least, float(layer.deviations(rec.before)[0].min()) / floor)
    return least


# -- samples of an architecture -----------------------------------------------------------------------------------
@dataclass(slots=True)
class Drawn:
    """One sampled network, executed at its points, and the logarithm of its derived bound."""

    realization: Realization
    trace: Trace
    bound: float

    @property
    def valid(self) -> Array:
        """The points at which the first network meets the hypotheses."""
        return self.trace.valid[0]

    def jacobian(self, wrt: str) -> Array:
        """Transposed derivatives of the first network: points x (inputs or parameters) x outputs."""
        t = self.trace.records[-1].tangents
        return t.matrix[:, :t.inputs] if wrt == "input" else t.matrix[:, t.inputs:]


def drawn(network: Network, wrt: str, depths: Sequence[int], laws: Sequence[str], networks: int, points: int,
          seed: int) -> Iterator[Drawn]:
    """Draw ``networks`` networks for every depth. The bound is evaluated in balls at the measured norms and floors."""
    p = plan(network, ROLES if wrt == "parameters" else ())
    bound = derive(network, wrt, ROLES if wrt == "parameters" else None).term
    names = sorted(p.depths)
    for depth in depths if names else (0,):
        for k in range(networks):
            single = int(np.random.SeedSequence([seed, depth, k]).generate_state(1)[0])
            r = draw(p, single, laws[k % len(laws)], points, dict.fromkeys(names, depth))
            trace = execute(r)
            known = {n: v for n, v in exactly(r.values).items() if n in p.symbols}
            yield Drawn(r, trace, log_value(bound, known) if trace.valid[0].any() else float("inf"))


@dataclass(slots=True)
class Sampled:
    """log(measured) and log(bound) of whole networks, one entry per drawn network with a valid point."""

    networks: int = 0
    points: int = 0
    unmet: int = 0
    depth: list[int] = field(default_factory=list)
    law: list[str] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)
    bound: list[float] = field(default_factory=list)


def sample(network: Network, wrt: str, depths: Sequence[int], laws: Sequence[str], networks: int, points: int,
           seed: int) -> Sampled:
    """The largest Jacobian norms of drawn networks beside their derived bounds.

    Jacobians are exact up to rounding (complex steps), so the ratio is a lower bound on (true constant)/(bound).
    """
    out = Sampled()
    for k, d in enumerate(drawn(network, wrt, depths, laws, networks, points, seed)):
        valid = d.valid
        out.networks += 1
        out.points += int(valid.sum())
        out.unmet += int((~valid).sum())
        if not valid.any():
            continue
        size = float(spectral([d.jacobian(wrt)])[0][valid].max())
        if size == 0:
            continue
        out.depth.append(depths[k // networks])
        out.law.append(d.realization.law)
        out.measured.append(log(size))
        out.bound.append(d.bound)
    return out
