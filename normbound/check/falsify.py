"""Trying to break every step of a derivation on sampled networks.

A step promises, for its block and any two pairs (x, t), (x', t') that meet the hypotheses,
|f(x;t) - f(x';t')| <= L|x - x'| + p(B)|dt_once| + sum_s c_s(B)|dt_s| and |f(x;t)| <= b0 + G|x|. Each executed instance
of a step is tested, at the values measured on the realization,

  radius       the envelope at every point of every network
  entries      the largest entry, where products need a bound on it
  input        the spectral norm of the input Jacobian against L
  parameters   the norm of the Jacobian in the once-used tensors against p, in each shared group against c_s
  joint        the norm of the whole parameter Jacobian against sqrt(p^2 + sum c_s^2)
  pair         the inequality itself for every pair of (network, point)
  rule         composition steps: the rule applied to what was measured on the premises must dominate what was measured
               on the conclusion. Upstream slack cannot hide a wrong rule here, because no derived constant enters.

Blocks are tested relative to their own actual input; chains relative to the start of their branch, so the chain of the
whole network is tested cumulatively.

Doubles search here, they decide nothing. What exceeds its bound by more than ``MARGIN`` is suspected and handed to
``confirm``, which proves the whole witness in ball arithmetic or does not; only what is proved is a violation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from normbound.calculus import repeat
from normbound.calculus.derivation import Step
from normbound.check.confirm import Confirmation, confirm_in, sort_keys
from normbound.check.forward import Record, Trace, execute, norms
from normbound.check.realization import LAWS, Key, Plan, Realization, draw, plan
from normbound.check.report import MAX_STORED, Report, Row, Tightness, Violation, merge
from normbound.check.source import digest, network_of
from normbound.contracts import rules
from normbound.contracts.block import Composite, Repeat
from normbound.contracts.context import ROLES
from normbound.contracts.summary import Shared, Summary
from normbound.errors import NetworkError, TermError
from normbound.network.files import Architecture
from normbound.network.program import Network
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.store import Store, Term

#: What doubles must exceed before balls are asked, relative to the sizes that enter a comparison: the bound, and for
#: differences of two forward passes the norms of the tensors on the way, transported to the end. It saves asking about
#: rounding errors, which are below 1e-12 of these sizes here; no verdict depends on it.
MARGIN = 1e-9
ASKED = 2  # suspicions of one kind and group about one step of one network that are handed to the balls
OVERFLOW = 1e100  # beyond this input size a layer without a finite output counts as overflow, not as a violation
MAX_SAMPLES = {"networks": 1_000_000, "points": 1000}
BATCH = 32  # networks tested together; a cut of its own would only change which suspicions the balls are asked about
LOCAL_POINTS = 3  # points per instance at which rules are fed with measured constants

Array = Any
Member = tuple[tuple[str, ...], tuple[int, ...]]  # (groups with common tensors, member of a family)
KINDS = ("radius", "entries", "input", "parameters", "joint", "pair", "rule", "undefined")


@dataclass(frozen=True, slots=True)
class Batch:
    """Which networks to draw: ``count`` of them, from number ``first`` on, and how.

    Network k has the law ``laws[k % len(laws)]`` and a seed made of ``seed`` and k, so a run may be cut anywhere.
    """

    first: int
    count: int
    seed: int
    laws: tuple[str, ...]
    points: int
    values: Mapping[str, Any] | None = None


# -- the public functions -----------------------------------------------------------------------------------------
def check(network: Network | Architecture, networks: int = 200, seed: int = 0, laws: Sequence[str] = LAWS,
          points: int = 8, values: Mapping[str, Any] | None = None, trainable: Collection[str] = ROLES,
          floors: bool = True) -> Report:
    """Draw ``networks`` realizations of ``network`` and try to break every step of its derivation.

    laws       cycled through; see ``realization.LAWS``
    points     inputs per network, all pairs of which are compared (with four networks each)
    values     exact values of symbols that should not be drawn
    trainable  roles and groups that may change, as in ``analyse``
    floors     as in ``analyse``: False checks the unconditional bounds, whatever the deviations are

    Raises NetworkError for counts below 1 and unknown laws or symbols, UnsupportedError for architectures that are too
    large to sample, HypothesisError when no sampled point met the hypotheses.
    """
    network, title = network_of(network)
    validate(networks, points, seed, laws)
    p = plan(network, trainable, floors)
    name = digest(p)
    return merge([examine(p, Batch(first, count, seed, tuple(laws), points, values), title, name)
                  for first, count in batches(networks)]).require_met()


def batches(networks: int) -> list[tuple[int, int]]:
    """(first network, number of networks) of every batch of a run, whoever runs it."""
    return [(first, min(BATCH, networks - first)) for first in range(0, networks, BATCH)]


def validate(networks: Any, points: Any, seed: Any, laws: Sequence[str]) -> None:
    """Raise NetworkError for a request that cannot be run, or that would check nothing."""
    for count, what in ((networks, "networks"), (points, "points")):
        if isinstance(count, int) and count > MAX_SAMPLES[what]:
            raise NetworkError(f"check: {what} = {count}; at most {MAX_SAMPLES[what]} are drawn in one run")
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise NetworkError(f"check: {what} = {count!r}; at least 1 is needed, nothing would be checked")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise NetworkError(f"check: seed = {seed!r}; a natural number is needed")
    if not laws:
        raise NetworkError(f"check: no law given; accepted: {', '.join(LAWS)}")
    for law in laws:
        if law not in LAWS:
            raise NetworkError(f"found the law {law!r}; accepted: {', '.join(LAWS)}")


def examine(p: Plan, batch: Batch, title: str = "network", fingerprint: str = "") -> Report:
    """Draw and test one batch of networks; batches of one run merge with ``report.merge``."""
    report = _report(p, title, batch, fingerprint)
    tester = _Tester(p, report)
    for k in range(batch.first, batch.first + batch.count):
        single = int(np.random.SeedSequence([batch.seed, k]).generate_state(1)[0])
        law = batch.laws[k % len(batch.laws)]
        report.met += tester.realize(draw(p, single, law, batch.points, batch.values), k)
    return report


def replay(network: Network | Architecture, violation: Violation,
           trainable: Collection[str] = ROLES, floors: bool = True) -> list[Violation]:
    """Draw the network of ``violation`` again and return the violations it shows."""
    network, title = network_of(network)
    p = plan(network, trainable, floors)
    report = _report(p, title, Batch(0, 1, violation.seed, (violation.law,), violation.points), digest(p))
    fixed = {k: _read(v) for k, v in violation.fixed.items()}
    _Tester(p, report).realize(draw(p, violation.seed, violation.law, violation.points, fixed), 0)
    return report.violations


def _read(text: Any) -> Any:
    return [_read(t) for t in text] if isinstance(text, (list, tuple)) else text


def _report(p: Plan, title: str, batch: Batch, fingerprint: str) -> Report:
    """A report in which nothing has happened yet."""
    d = p.derivation
    rows = [Row(k, s.rule, d.label(k), d.binder(s.scope)) for k, s in enumerate(d.steps)]
    stated = tuple(sorted({u.hypothesis.statement for u in d.uses}))
    return Report(title, rows, [s.premises for s in d.steps], batch.count, batch.points, batch.seed, batch.laws,
                  first=batch.first, hypotheses=stated, digest=fingerprint)


# -- numbers of steps ---------------------------------------------------------------------------------------------
class _Constants:
    """The summaries of the steps as numbers, at the measured values of one realization."""

    def __init__(self, p: Plan):
        self.plan = p
        d, store = p.derivation, p.store
        self.changing: list[bool] = []  # depends on the iteration
        for step in d.steps:
            roots = _terms(step.summary)
            inside = set(store.reachable(roots)) if roots else set()
            local = [t for k in p.chains[step.scope]
                     for t in (d.scopes[k].state, d.scopes[k].sup_state, d.scopes[k].index) if t is not None]
            binders = any(s.binders for s in step.summary.shared.values())
            self.changing.append(binders or any(t.id in inside for t in local))

    def bind(self, r: Realization, trace: Trace) -> None:
        self.r, self.trace = r, trace
        steps = self.plan.derivation.steps
        fixed = [k for k in range(len(steps)) if not self.changing[k]]
        found = self._numbers([steps[k].summary for k in fixed], r.values)
        self.fixed = dict(zip(fixed, found, strict=True))
        self.batches: dict[tuple[int, tuple[int, ...]], dict[int, Summary]] = {}

    def values(self, scope: int, iterations: tuple[int, ...]) -> dict[str, Any]:
        """Symbols, indices and measured states of one iteration."""
        values = self.r.at_scope(scope, iterations)
        for n, k in enumerate(self.plan.chains[scope]):
            state = self.plan.derivation.scopes[k].state
            assert state is not None
            sizes = self.trace.states[k, iterations[:n + 1]]
            values[state.node[1]] = float(np.where(self.trace.valid, sizes, 0.0).max())
            largest = self.plan.derivation.scopes[k].sup_state
            if largest is not None:
                tops = self.trace.tops[k, iterations[:n + 1]]
                values[largest.node[1]] = float(np.where(self.trace.valid, tops, 0.0).max())
        return values

    def summary(self, step: int, iterations: tuple[int, ...]) -> Summary:
        if step in self.fixed:
            return self.fixed[step]
        scope = self.plan.derivation.steps[step].scope
        batch = self.batches.get((scope, iterations))
        if batch is None:
            steps = self.plan.derivation.steps
            ids = [k for k in range(len(steps)) if steps[k].scope == scope and self.changing[k]]
            found = self._numbers([steps[k].summary for k in ids], self.values(scope, iterations))
            batch = self.batches[scope, iterations] = dict(zip(ids, found, strict=True))
        return batch[step]

    def sup(self, step: int, iterations: tuple[int, ...]) -> float:
        """The promised bound on the entries of the output."""
        s = self.plan.derivation.steps[step]
        assert s.summary.sup is not None
        return _single(s.summary.sup, self.values(s.scope, iterations))

    def _numbers(self, summaries: list[Summary], values: dict[str, Any]) -> list[Summary]:
        flat = [t for s in summaries for t in _terms(s)]
        try:
            numbers = iter(evaluate_floats(flat, values) if flat else [])
        except TermError:
            numbers = iter([_single(t, values) for t in flat])
        out = []
        for s in summaries:
            L, b0, G, q2, q1, q0 = (next(numbers) for _ in range(6))
            shared: dict[Any, Shared] = {}
            for name, c in s.shared.items():
                if not c.binders:
                    shared[name] = Shared(next(numbers), next(numbers))
            out.append(Summary(L, b0, G, q2, q1, q0, shared))
        for s, number in zip(summaries, out, strict=True):
            for name, c in s.shared.items():
                if c.binders:
                    number.shared[name] = Shared(c.l1, c.l0, c.binders)  # type: ignore[index]
        return out

    def member(self, c: Shared, scope: int, iterations: tuple[int, ...], key: Key) -> tuple[float, float]:
        """The coefficients of one member of a family of groups."""
        values = self.values(scope, iterations)
        for (symbol, _), t in zip(c.binders, reversed(key[1]), strict=False):
            values[symbol.node[1]] = t
        l1, l0 = (_single(t, values) for t in (c.l1, c.l0))
        return l1, l0


def _terms(s: Summary) -> list[Term]:
    return [*s[:6], *(t for c in s.shared.values() if not c.binders for t in c[:2])]


def _single(t: Term, values: dict[str, Any]) -> float:
    """One value; zero times an unbounded factor counts as unbounded, which claims nothing."""
    try:
        return evaluate_floats([t], values)[0]
    except TermError as error:
        if "not defined" not in str(error):
            raise
        return float("inf")


def poly(s: Summary, B: Array) -> Array:
    """p(B), elementwise; unbounded coefficients stay unbounded."""
    with np.errstate(invalid="ignore", over="ignore"):
        total = s.q0 + (s.q1 * B if s.q1 else 0.0) + (s.q2 * B * B if s.q2 else 0.0)
        return np.sqrt(np.where(np.isnan(total), np.inf, total))


def linear(l1: float, l0: float, B: Array) -> Array:
    """l1 B + l0, elementwise."""
    return l0 + (l1 * B if l1 else 0.0)


# -- measured constants -------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Groups:
    """How the tensors of one record split into those used once and shared groups (with the member of a family)."""

    once: list[Key]
    shared: dict[Member, list[Key]]


def spectral(matrices: list[Array]) -> list[Array]:
    """Largest singular values of stacks (points, rows, columns), one eigenvalue call per size."""
    out: list[Array | None] = [None] * len(matrices)
    by_size: dict[int, list[tuple[int, Array]]] = {}
    for k, m in enumerate(matrices):
        points, rows, columns = m.shape
        if rows == 0 or columns == 0:
            out[k] = np.zeros(points)
            continue
        gram = m @ m.swapaxes(-1, -2) if rows <= columns else m.swapaxes(-1, -2) @ m
        by_size.setdefault(min(rows, columns), []).append((k, gram))
    for size, group in by_size.items():
        stack = np.concatenate([g for _, g in group])
        good = np.isfinite(stack).all(axis=(-2, -1))
        top = np.full(len(stack), np.nan)
        if size == 1:
            top = stack[:, 0, 0]
        elif good.any():
            top[good] = np.linalg.eigvalsh(stack[good])[:, -1]
        top = np.sqrt(np.maximum(top, 0.0))
        at = 0
        for k, g in group:
            out[k] = top[at:at + len(g)]
            at += len(g)
    return out  # type: ignore[return-value]


@dataclass(slots=True)
class _Measured:
    """Jacobian norms of one record, per point of the first network."""

    groups: _Groups
    before: Array
    after: Array
    top: Array  # largest entry of the output
    lip: Array
    once: Array
    shared: dict[Member, Array]
    joint: Array

    def summary(self, i: int) -> Summary:
        """A summary that promises exactly what was measured at point i, spread over all of its coefficients."""
        B = float(self.before[i])
        b0, G = _split(float(self.after[i]), B)
        p = float(self.once[i]) ** 2
        q2, q1, q0 = (0.3 * p / B**2, 0.3 * p / B, 0.4 * p) if B > 1e-100 else (0.0, 0.0, p)
        shared = {}
        for k, v in self.shared.items():
            l0, l1 = _split(float(v[i]), B)
            shared[k] = Shared(l1, l0)
        return Summary(float(self.lip[i]), b0, G, q2, q1, q0, shared, float(self.top[i]))  # type: ignore[arg-type]


def _split(size: float, B: float) -> tuple[float, float]:
    """(constant, slope) of an affine function that is ``size`` at B."""
    return (0.4 * size, 0.6 * size / B) if B > 1e-100 else (size, 0.0)


# -- tests --------------------------------------------------------------------------------------------------------
class _Tester:
    """Runs all tests of one realization after the other into one report."""

    def __init__(self, p: Plan, report: Report):
        self.plan = p
        self.report = report
        self.constants = _Constants(p)
        self.stored: dict[tuple[int, str, str], int] = {}
        self.closures: dict[int, tuple[tuple[str, ...], Summary]] = {}

    def realize(self, r: Realization, number: int) -> bool:
        """Test the realization with this number in the run; whether any point met the hypotheses."""
        self.ratios: dict[int, dict[str, float]] = {}  # step -> kind -> largest measured/bound of this realization
        self.reached: dict[int, Array] = {}  # step -> points at which it was tested
        self.asked: dict[tuple[int, str, str], int] = {}
        with np.errstate(all="ignore"):
            trace = execute(r)
            self.r, self.trace = r, trace
            self.report.executed += 1
            self._count_unmet(trace)
            self._undefined(trace)
            self._overflow(trace)
            if not trace.valid.any():
                return False
            self.constants.bind(r, trace)
            self.noted = r.runs_every_repeat
            self._distances()
            measured = self._measure(trace.records)
            self.sizes: dict[int, Array] = {}
            self.by_record = {id(rec): m for rec, m in zip(trace.records, measured, strict=True)}
            for rec, m in zip(trace.records, measured, strict=True):
                self._test(rec, m)
        self._note(r, number)
        return True

    def _note(self, r: Realization, number: int) -> None:
        """Add what this realization showed to the rows."""
        for step, mask in self.reached.items():
            self.report.steps[step].triples += int(mask.sum())
        for step, ratios in self.ratios.items():
            row = self.report.steps[step]
            for kind, ratio in ratios.items():
                if ratio > row.ratios.get(kind, -1.0):
                    row.ratios[kind] = ratio
            # P is the constant in all parameters at once: with shared groups only the whole Jacobian measures it
            shared = self.plan.derivation.steps[step].summary.shared
            whole = ("joint",) if shared else ("parameters", "two networks")
            for quantity, kinds in (*((k, (k,)) for k in ("radius", "pair", "rule")), ("L", ("input", "two points")),
                                    ("P", whole)):
                found = [ratios[k] for k in kinds if k in ratios]
                if found:
                    row.tightness.setdefault(quantity, Tightness()).note(max(found), number, r.seed, r.law)

    def _count_unmet(self, trace: Trace) -> None:
        first = {}
        for k, step in enumerate(self.plan.derivation.steps):
            if step.rule == "contract":
                first[step.at] = k
        for at, count in trace.skipped.items():
            self.report.steps[first[at]].unmet += count

    def _undefined(self, trace: Trace) -> None:
        for u in trace.undefined:
            if trace.valid[u.network, u.point]:
                if u.size > OVERFLOW:
                    continue
                trace.valid[u.network, u.point] = False
                row = self.report.steps[u.step]
                verdict = self._suspect(u.step, u.iterations, "undefined", "", float("nan"), float("nan"),
                                        {"network": u.network, "point": u.point, "input": self.r.points[u.point]})
                if verdict is not None and verdict.confirmed is False:  # a number that doubles cannot hold
                    row.overflow += 1
                else:
                    row.executed += 1
                    row.suspected += 1

    def _overflow(self, trace: Trace) -> None:
        """Leave out points where a number is too large for doubles, and say where that happened first."""
        for rec in trace.records:
            lost = trace.valid & ~np.isfinite(norms(rec.after))
            if lost.any():
                self.report.steps[rec.step].overflow += int(lost.sum())
                trace.valid &= ~lost

    def _distances(self) -> None:
        """|t - t'| for every tensor and every pair of networks, squared."""
        self.squares: dict[Key, Array] = {}
        for key, t in self.r.tensors.items():
            flat = t.reshape(t.shape[0], -1)
            d = flat[:, None] - flat[None]
            self.squares[key] = (d * d).sum(-1)

    def _measure(self, records: list[Record]) -> list[_Measured]:
        matrices: list[Array] = []
        groups: list[_Groups] = []
        for rec in records:
            g = _Groups(*sort_keys(self.plan.derivation.steps[rec.step], list(rec.tangents.where), []))
            groups.append(g)
            t = rec.tangents
            matrices.append(t.matrix[:, :t.inputs])
            matrices.append(_stack(rec, g.once))
            matrices.extend(_stack(rec, keys) for keys in g.shared.values())
            matrices.append(t.matrix[:, t.inputs:] if g.shared else matrices[-1][:, :0])
        found = iter(spectral(matrices))
        out = []
        for rec, g in zip(records, groups, strict=True):
            lip, once = next(found), next(found)
            shared = {k: next(found) for k in g.shared}
            joint = next(found)
            top = np.abs(rec.after[0]).max(axis=(-3, -2, -1))
            out.append(_Measured(g, norms(rec.before[0]), norms(rec.after[0]), top, lip, once, shared,
                                 joint if g.shared else once))
        return out

    # -- one record -----------------------------------------------------------------------------------------------
    def _test(self, rec: Record, m: _Measured) -> None:
        d = self.plan.derivation
        step = d.steps[rec.step]
        row = self.report.steps[rec.step]
        row.executed += 1
        s = self.constants.summary(rec.step, rec.iterations)
        failed = False
        tested = False
        valid = self.trace.valid
        inside, out = norms(rec.before), norms(rec.after)
        tests: list[tuple[str, str, Array, Array, Array]] = []  # kind, group, measured, bound, mask over points
        tests.append(("radius", "", out, s.b0 + (s.G * inside if s.G else 0.0), valid))
        if step.summary.sup is not None:
            top = np.abs(rec.after).max(axis=(-3, -2, -1))
            tests.append(("entries", "", top, np.full(top.shape, self.constants.sup(rec.step, rec.iterations)), valid))
        v0 = valid[0]
        B = m.before
        tests.append(("input", "", m.lip, np.full(B.shape, s.L), v0))
        members = self._members(rec, s, m)
        if m.groups.once:
            tests.append(("parameters", "", m.once, poly(s, B), v0))
        total = poly(s, B) ** 2
        for k, (l1, l0) in members.items():
            c = linear(l1, l0, B)
            tests.append(("parameters", " and ".join(k[0]), m.shared[k], c, v0))
            total = total + c * c
        if members:
            tests.append(("joint", "", m.joint, np.sqrt(total), v0))
        unbounded = any(t.is_unbounded for t in _terms(step.summary))
        reached = self.reached.setdefault(rec.step, np.zeros(B.shape, dtype=bool))
        for kind, group, measured, bound, mask in tests:
            finite = mask & np.isfinite(bound)
            if not finite.all() and not unbounded:  # a promise that is a number, too large for doubles: not tested
                row.overflow += int((mask & ~np.isfinite(bound)).sum())
            tested |= bool(finite.any())
            reached |= finite[0] if finite.ndim == 2 else finite
            failed |= self._compare(row, rec, kind, group, measured, bound, mask)
        pair_tested, pair_failed = self._pairs(row, rec, s, m, members, inside, out)
        if step.premises and step.rule != "sharing":
            failed |= self._rule(row, rec, step, m)
        if failed or pair_failed:
            row.suspected += 1
        elif tested or pair_tested:
            row.survived += 1
        else:
            row.unbounded += 1

    def _members(self, rec: Record, s: Summary, m: _Measured) -> dict[Member, tuple[float, float]]:
        """(l1, l0) of every group; groups with common tensors add."""
        scope = self.plan.derivation.steps[rec.step].scope
        out = {}
        for k, keys in m.groups.shared.items():
            pairs = []
            for group in k[0]:
                c = s.shared[group]
                pairs.append(self.constants.member(c, scope, rec.iterations, keys[0]) if c.binders else (c.l1, c.l0))
            out[k] = sum(l1 for l1, _ in pairs), sum(l0 for _, l0 in pairs)
        return out

    def _compare(self, row: Row, rec: Record, kind: str, group: str, measured: Array, bound: Array,
                 mask: Array, at: int = 0) -> bool:
        """One test at many points; notes the best ratio, hands the worst suspicion to the balls."""
        use = mask & np.isfinite(bound)
        if not use.any():
            return False
        measured, bound = np.broadcast_to(measured, mask.shape)[use], np.broadcast_to(bound, mask.shape)[use]
        positive = bound > 0
        if positive.any():
            self._best(row, kind, float((measured[positive] / bound[positive]).max()))
        # a Jacobian of a defined layer must be a number
        over = ~(measured <= bound * (1 + MARGIN) + 1e-290)
        if kind != "rule" and not positive.all():
            over &= ~((bound == 0) & (measured < 1e-200))
        if not over.any():
            return False
        where = np.argwhere(use)
        worst = int(np.argmax(np.where(over, np.nan_to_num(measured - bound, nan=np.inf), -np.inf)))
        place = [int(n) for n in where[worst]]
        network, point = (0, place[0]) if len(place) == 1 else place
        if kind == "rule":
            point = at
        self._suspect(rec.step, rec.iterations, kind, group, float(measured[worst]), float(bound[worst]),
                      {"network": network, "point": point, "block_input": rec.before[network, point]})
        return True

    def _pairs(self, row: Row, rec: Record, s: Summary, m: _Measured, members: Mapping[Any, tuple[float, float]],
               inside: Array, out: Array) -> tuple[bool, bool]:
        """The inequality itself for all pairs of (network, point)."""
        T, P = inside.shape
        a = rec.before.reshape(T * P, -1)
        b = rec.after.reshape(T * P, -1)
        d_in, d_out = _differences(a), _differences(b)
        radius = np.maximum(inside.reshape(-1, 1), inside.reshape(1, -1))
        bound = s.L * d_in if s.L else np.zeros_like(d_in)
        once = sum((self.squares[k] for k in m.groups.once), np.zeros((T, T)))
        moved = np.zeros((T, T))
        if m.groups.once:
            bound = bound + poly(s, radius) * _spread(np.sqrt(once), P)
            moved = moved + once
        for k, (l1, l0) in members.items():
            keys = m.groups.shared[k]
            if k[0][0].startswith("outside "):
                distance = _differences(rec.outside[keys[0]].reshape(T * P, -1))
            else:
                square = sum((self.squares[key] for key in keys), np.zeros((T, T)))
                moved = moved + square
                distance = _spread(np.sqrt(square), P)
            bound = bound + linear(l1, l0, radius) * distance
        error = self._rounding(rec, s, inside, out).reshape(-1)
        size = np.maximum(error[:, None], error[None])
        ok = self.trace.valid.reshape(-1)
        use = ok[:, None] & ok[None] & np.isfinite(bound) & np.isfinite(size)  # else the comparison is empty
        np.fill_diagonal(use, False)
        if not use.any():
            return False, False
        allowed = bound * (1 + MARGIN) + MARGIN * size
        clear = use & (bound > 0) & (bound > 1e4 * MARGIN * size)
        if clear.any():
            ratio = np.where(clear, d_out / np.where(clear, bound, 1.0), 0.0)
            same = np.kron(np.eye(T, dtype=bool), np.ones((P, P), dtype=bool))
            self._best(row, "two points", float(ratio[same].max()))
            still = np.kron(~np.eye(T, dtype=bool), np.eye(P, dtype=bool)) & (d_in == 0)
            if still.any():
                self._best(row, "two networks", float(ratio[still].max()))
            self._best(row, "pair", float(ratio.max()))
        over = use & ~(d_out <= allowed)
        if not over.any():
            return True, False
        i, j = np.unravel_index(int(np.argmax(np.where(over, d_out - allowed, -np.inf))), over.shape)
        self._suspect(rec.step, rec.iterations, "pair", "", float(d_out[i, j]), float(bound[i, j]),
                      {"network": int(i) // P, "point": int(i) % P, "network'": int(j) // P, "point'": int(j) % P,
                       "block_input": a[i], "block_input'": a[j], "distance": float(d_in[i, j]),
                       "parameter_distance": float(np.sqrt(moved[int(i) // P, int(j) // P]))})
        return True, True

    def _rounding(self, rec: Record, s: Summary, inside: Array, out: Array) -> Array:
        """The sizes whose rounding enters the output of a block: every tensor on the way, transported to the end.

        Inner tensors can be far larger than both ends (a bias that the next weight annihilates), so they are included.
        """
        step = self.plan.derivation.steps[rec.step]
        found: Array = (s.L * inside if s.L else 0.0) + out
        parts = [self.sizes[id(q)] for q in rec.premises]
        if step.rule == "series" and parts:
            f, g = rec.premises
            found = self._transport(g) * parts[0] + parts[1] + found
        elif rec.bodies:
            stream = parts[0]
            for body in rec.bodies:
                stream = self._transport(body) * stream + self.sizes[id(body)]
            found = stream + found
        elif step.rule == "product":
            f, g = (np.abs(q.after).max(axis=(-3, -2, -1)) for q in rec.premises)
            found = g * parts[0] + f * parts[1] + found
        else:
            for part in parts:
                found = found + part
        found = np.where(np.isnan(found), np.inf, found)
        self.sizes[id(rec)] = found
        return found

    def _transport(self, rec: Record) -> float:
        return float(self.constants.summary(rec.step, rec.iterations).L)

    # -- rules on measured premises -------------------------------------------------------------------------------
    def _rule(self, row: Row, rec: Record, step: Step, m: _Measured) -> bool:
        """The rule applied to what the premises show must dominate what the conclusion shows."""
        block = self.plan.derivation.program.code[step.at].block
        failed = False
        for i in self._local_points(rec):
            if step.rule == "series":
                f, g = (self.by_record[id(q)].summary(i) for q in rec.premises)
                promised = rules.series(f, g)
            elif isinstance(block, Repeat):
                found = self._closure(rec, step, i)
                if found is None:
                    continue
                promised = found
            else:
                assert isinstance(block, Composite)
                parts = [self.by_record[id(q)].summary(i) for q in rec.premises]
                promised = self._composed(block, parts, rec)
            failed |= self._dominates(row, rec, m, promised, i)
        return failed

    def _local_points(self, rec: Record) -> list[int]:
        good = np.flatnonzero(self.trace.valid[0])
        return [int(good[k % len(good)]) for k in range(0, LOCAL_POINTS)] if len(good) else []

    def _composed(self, block: Composite, parts: list[Summary], rec: Record) -> Summary:
        if block.rule == "scale":
            # the factor that was executed: |out| / |in| of the part is not it when the part vanishes
            values = self.constants.values(self.plan.derivation.steps[rec.step].scope, rec.iterations)
            assert block.factor is not None
            return rules.scale(parts[0], evaluate_floats([block.factor], values)[0])
        return rules.compose(block.rule, parts)

    def _dominates(self, row: Row, rec: Record, m: _Measured, promised: Summary, i: int) -> bool:
        B = float(m.before[i])
        mask = np.array([True])
        failed = False
        tests: list[tuple[str, float, float]] = [
            ("radius", float(m.after[i]), float(promised.radius(B))),
            ("input", float(m.lip[i]), float(promised.L)),
            ("parameters", float(m.once[i]), float(np.sqrt(promised.p_squared(B))))]
        for k, v in m.shared.items():
            # groups with common tensors may be grouped differently in the premises: the other tests cover them
            if len(k[0]) == 1:
                c = promised.shared.get(k)  # type: ignore[call-overload]
                tests.append((f"parameters {k[0][0]}", float(v[i]), float(c.l1 * B + c.l0) if c is not None else 0.0))
        for name, size, bound in tests:
            scale = float(m.after[i]) + float(m.lip[i]) * B + float(m.joint[i])
            if size <= bound + MARGIN * (bound + MARGIN * scale):
                if bound > max(0.0, 1e4 * MARGIN * scale):
                    self._best(row, "rule", size / bound)
                continue
            failed |= self._compare(row, rec, "rule", name, np.array([size]), np.array([bound]), mask, i)
        return failed

    def _closure(self, rec: Record, step: Step, i: int) -> Summary | None:
        """The Repeat rule fed with the largest constants measured over the iterations, at point i.

        Applies to bodies whose coefficients do not change with the iteration; the closed form is rebuilt from symbols,
        once per step, through ``Iteration``. Families of groups are left to the other tests.
        """
        block = self.plan.derivation.program.code[step.at].block
        assert isinstance(block, Repeat)
        if not rec.bodies or step.rule == "repeat-family":
            return None
        bodies = [self.by_record[id(b)] for b in rec.bodies]
        own = self.by_record[id(rec)]
        names = sorted({k for b in bodies for k in b.shared})
        if any(k[1] or len(k[0]) > 1 for k in (*names, *own.shared)):
            return None
        if len(names) not in self.closures:
            self.closures[len(names)] = _symbolic_closure(len(names))
        symbols, closed = self.closures[len(names)]
        start, *sources = (self.by_record[id(q)].summary(i) for q in rec.premises)
        found = [b.summary(i) for b in bodies]
        values: dict[str, Any] = {"K": len(bodies)}
        for k, name in enumerate(symbols):
            values[name] = max(float(f[k]) for f in found)  # type: ignore[arg-type]
        for n, group in enumerate(names):
            values[f"u{n}"] = max(f.shared[group].l1 for f in found if group in f.shared)  # type: ignore[index]
            values[f"w{n}"] = max(f.shared[group].l0 for f in found if group in f.shared)  # type: ignore[index]
        numbers = evaluate_floats(list(closed.coefficients()), values)
        shared = {group: Shared(numbers[6 + 2 * n], numbers[7 + 2 * n]) for n, group in enumerate(names)}
        L, b0, G, q2, q1, q0 = numbers[:6]
        promised = rules.series(start, Summary(L, b0, G, q2, q1, q0, shared))  # type: ignore[arg-type]
        stem = f"outside {'.'.join(map(str, self.plan.derivation.program.code[step.at].path))}"
        for name, source in zip(block.capture, sources, strict=True):
            promised = repeat.release(promised, ((f"{stem} {name}",), ()), source, float(own.before[i]))  # type: ignore
        return repeat.close_groups(promised, own.shared)  # type: ignore[arg-type]

    def _best(self, row: Row, kind: str, ratio: float) -> None:
        """Note a ratio measured/bound. A Repeat of depth 0 does not count: the identity attains its bounds."""
        if self.noted and np.isfinite(ratio):
            ratios = self.ratios.setdefault(row.step, {})
            if ratio > ratios.get(kind, -1.0):
                ratios[kind] = ratio

    def _suspect(self, step: int, iterations: tuple[int, ...], kind: str, group: str, measured: float, bound: float,
                 witness: dict[str, Any]) -> Confirmation | None:
        """Ask the balls about a suspicion, unless enough of its kind are known; what they confirm is a violation."""
        place = step, kind, group
        if self.stored.get(place, 0) >= MAX_STORED or self.asked.get(place, 0) >= ASKED:
            return None
        self.asked[place] = self.asked.get(place, 0) + 1
        verdict = confirm_in(self.r, step, iterations, kind, group, witness)
        if not verdict.confirmed:
            self.report.steps[step].undecided += verdict.blind
            return verdict
        self.stored[place] = self.stored.get(place, 0) + 1
        self.report.steps[step].violated += 1
        d, r = self.plan.derivation, self.r
        fixed = {k: [str(x) for x in v] if isinstance(v, (list, tuple)) else str(v) for k, v in r.fixed.items()}
        shown = {k: [float(x) for x in v] if isinstance(v, list) else (v if isinstance(v, int) else float(v))
                 for k, v in r.values.items()}
        witness = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in witness.items()}
        self.report.violations.append(Violation(
            step, d.steps[step].rule, d.label(step), d.binder(d.steps[step].scope), iterations, kind, group, measured,
            bound, r.seed, r.law, len(r.points), fixed, shown, witness, verdict.to_data()))
        return verdict


def _symbolic_closure(groups: int) -> tuple[tuple[str, ...], Summary]:
    """The closed form of a Repeat over symbols for its constants, by the rule as it stands now."""
    names = ("L", "b0", "G", "q2", "q1", "q0")
    with Store() as store:
        shared = {str(n): Shared(store.symbol(f"u{n}"), store.symbol(f"w{n}")) for n in range(groups)}
        L, b0, G, q2, q1, q0 = (store.symbol(n) for n in names)
        body = Summary(L, b0, G, q2, q1, q0, shared)
        return names, repeat.Iteration(body, store.symbol("K"), store.symbol("state"), store.zero).close()


def _stack(rec: Record, keys: list[Key]) -> Array:
    t = rec.tangents
    if not keys:
        return t.matrix[:, :0]
    if len(keys) == len(t.where):
        return t.matrix[:, t.inputs:]
    return np.concatenate([t.part(k) for k in keys], axis=1)


def _differences(a: Array) -> Array:
    d = a[:, None] - a[None]
    return np.sqrt((d * d).sum(-1))


def _spread(by_network: Array, points: int) -> Array:
    """A matrix over networks as one over (network, point)."""
    return np.repeat(np.repeat(by_network, points, axis=0), points, axis=1)
