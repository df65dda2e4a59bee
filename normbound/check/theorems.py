"""Trying to break theorems about losses, gradients, risks and floors, on sampled networks and on known distributions.

``check`` runs the check of a theorem and returns a Finding. Each check reads the terms of the theorem it is given and compares
their values with what is measured, so a wrong statement is refuted. Inequalities that hold surely are compared with one
floating-point allowance. Statements that hold with probability 1 - delta are tested on 1,000 draws against hypotheses chosen
after seeing the draw, by an exact binomial test in rational arithmetic; the same test must reject the statement without the
price of uniformity, otherwise it has no power and nothing counts as checked. Floats search here; they certify nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import comb, exp, log, sqrt
from typing import Any

import numpy as np

from normbound.check.finding import Finding
from normbound.check.forward import Trace, execute
from normbound.check.realization import FEW_LAWS, Plan, Realization, draw, plan
from normbound.contracts.block import Block, Composite, Layer, Repeat
from normbound.errors import NetworkError, TermError, UnsupportedError
from normbound.layers.normalization import Affine, Normalize, Standardize
from normbound.network.program import LEAF, Input, Network, children_of
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.store import Op, Term
from normbound.theory.floors import FloorTheorem
from normbound.theory.generalization import RiskTheorem
from normbound.theory.landscape import LandscapeTheorem
from normbound.theory.losses import LOSSES, Loss, LossTheorem
from normbound.theory.theorem import Theorem

#: The only allowance, relative to the sizes that enter a comparison: rounding of the small problems here is below 1e-12.
ALLOWANCE = 1e-9
ATTAINED = 0.999
DRAWS = 1000
DELTA = Fraction(1, 20)
REJECT = Fraction(1, 10**6)  # a violation rate this unlikely under delta refutes; a true statement is refuted this rarely
CELLS, SAMPLES, ATOMS = 32, 800, 4

Array = Any


def check(theorem: Theorem, seed: int = 0, networks: int | None = None) -> Finding:
    """Run the numerical check of one theorem of this package.

    networks  how many networks are sampled, where networks are; default: what takes a second or two

    Raises UnsupportedError for a theorem that has no check here, NetworkError for a seed or count that is no natural number.
    """
    for value, what in ((seed, "seed"), (0 if networks is None else networks, "networks")):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise NetworkError(f"check: {what} = {value!r}; a natural number is needed")
    checks: dict[str, Callable[..., Finding]] = {
        "loss-input": check_loss_bound, "loss-parameters": check_loss_bound, "gradient-bound": check_gradients,
        "landscape": check_gradients, "concentration": check_concentration, "partition-bound": check_partition,
        "robustness-bound": check_partition, "parametric-bound": check_parametric, "certificate-floor": check_certificate_floor,
        "matched-batchnorm": check_matched_batchnorm}
    if theorem.name not in checks:
        raise UnsupportedError(f"theorem {theorem.name!r} has no check here; those with one: {', '.join(checks)}")
    run = checks[theorem.name]
    return run(theorem, seed) if networks is None else run(theorem, seed, networks)


# -- comparisons --------------------------------------------------------------------------------------------------

@dataclass(slots=True)
class _Tally:
    """Comparisons of one kind: how many, the largest measured/claimed, the worst one that fails."""

    what: str
    count: int = 0
    best: float = 0.0
    failure: str = ""

    def add(self, measured: Array, claimed: Array, noise: Array = 0.0, where: str = "") -> None:
        """measured <= claimed, up to the allowance relative to ``claimed`` and to ``noise``, the sizes that were subtracted."""
        measured, claimed, noise = np.broadcast_arrays(measured, claimed, noise)
        good = np.isfinite(measured) & np.isfinite(claimed)
        measured, claimed, noise = measured[good], claimed[good], noise[good]
        self.count += int(measured.size)
        over = measured - claimed * (1 + ALLOWANCE) - ALLOWANCE * noise
        clear = claimed > 1e4 * ALLOWANCE * noise
        if clear.any():
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where(claimed[clear] > 0, measured[clear] / claimed[clear], 0.0)
            self.best = max(self.best, float(ratio.max()))
        if measured.size and over.max() > 1e-250 and not self.failure:
            k = int(np.argmax(over))
            self.failure = f"{self.what}: measured {measured[k]:.9g}, claimed {claimed[k]:.9g}{where and ' (' + where + ')'}"


def _finding(tallies: Sequence[_Tally], figures: Mapping[str, Any], attained: bool, passed: str,
             series: Mapping[str, Mapping[str, Any]] | None = None) -> Finding:
    shown = {**figures, **{f"{t.what}: comparisons": t.count for t in tallies},
             **{f"{t.what}: largest measured/claimed": t.best for t in tallies}}
    failed = [t.failure for t in tallies if t.failure]
    if failed:
        return Finding("refuted", failed[0], shown, series or {})
    if not tallies[0].count:
        return Finding("not checked", "no sampled case met the hypotheses", shown, series or {})
    return Finding("attained" if attained else "survived", passed, shown, series or {})


# -- numbers for symbols ------------------------------------------------------------------------------------------

def _loss_numbers(loss: Loss, rng: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """A value for every symbol of the arguments of a loss that the network does not have."""
    store = loss.logits.store
    names = [n for n in store.symbols(loss.logits, *loss.arguments.values()) if n not in known]
    return {n: Fraction(int(rng.integers(1, 40)), 10) for n in names}


def _arguments(loss: Loss, values: Mapping[str, Any]) -> dict[str, float]:
    names = list(loss.arguments)
    return dict(zip(names, evaluate_floats([loss.arguments[n] for n in names], values), strict=True)) if names else {}


def _targets(loss: Loss, rng: Any, shape: tuple[int, ...], C: int) -> Array:
    """Random targets of the given leading shape."""
    kind = loss.kind.targets
    if kind == "class":
        return rng.integers(C, size=shape)
    if kind == "distribution":
        spread = rng.dirichlet(np.full(C, 0.5), size=shape)
        return np.where(rng.random((*shape, 1)) < 0.5, np.eye(C)[rng.integers(C, size=shape)], spread)
    if kind == "fractions":
        soft = rng.random((*shape, C))
        return np.where(rng.random((*shape, 1)) < 0.7, np.round(soft), soft)
    return rng.standard_normal((*shape, C))


# -- losses -------------------------------------------------------------------------------------------------------

def check_loss(loss: Loss, seed: int = 0, samples: int = 4000) -> Finding:
    """The Lipschitz constant and the smoothness of a loss: random pairs of logits, gradients, and the witnesses."""
    rng = np.random.default_rng([seed, 11])
    store = loss.logits.store
    C, rows = int(loss.logits.literal() or 5), int(loss.samples.literal() or 3)
    values: dict[str, Any] = dict.fromkeys(store.symbols(loss.logits), C) | dict.fromkeys(store.symbols(loss.samples), rows)
    values |= _loss_numbers(loss, rng, values)
    a = _arguments(loss, values)
    smooth = loss.smoothness
    L = evaluate_floats([loss.lipschitz], values)[0]
    H = None if smooth is None else evaluate_floats([smooth], values)[0]
    lead: tuple[int, ...] = (samples,) if loss.single else (samples, rows)
    sizes: Array = 10.0 ** rng.uniform(-1, 1.5, (samples, *[1] * len(lead)))
    y = _targets(loss, rng, lead, C)
    z = loss.kind.project(sizes * rng.standard_normal((*lead, C)), y, a)
    steps: Array = 10.0 ** rng.uniform(-3, 1, (samples, *[1] * len(lead)))
    other = loss.kind.project(z + steps * rng.standard_normal((*lead, C)), y, a)
    values_tally, gradients, bends = _Tally("two-point quotients"), _Tally("gradients"), _Tally("quotients of gradients")
    axes = tuple(range(1, z.ndim))

    def size(x: Array) -> Array:
        return np.sqrt((x * x).sum(axis=axes))

    v, w = loss.value(z, y, a), loss.value(other, y, a)
    distance = size(z - other)
    values_tally.add(np.abs(v - w), L * distance, np.abs(v) + np.abs(w) + L * size(z))
    g, h = loss.gradient(z, y, a), loss.gradient(other, y, a)
    gradients.add(size(g), np.full(samples, L))
    if H is not None:
        bends.add(size(g - h), H * distance, size(g) + size(h))
    bends_found = 1.0
    spread: Callable[[Array], Array] = (lambda x: x) if loss.single else (lambda x: np.stack([x] * rows))
    for t in (0.1, 0.01, 0.001):
        x, x2, target = (spread(q) for q in loss.kind.witness(C, a, t))
        d = float(np.sqrt(((x - x2) ** 2).sum()))
        v, w = float(loss.value(x, target, a)), float(loss.value(x2, target, a))
        values_tally.add(np.array([abs(v - w)]), np.array([L * d]), np.array([abs(v) + abs(w)]), "witness")
    attained = values_tally.best >= ATTAINED
    if H is not None and loss.kind.bend is not None:
        for t in (0.1, 0.01):
            x, x2, target = (spread(q) for q in loss.kind.bend(C, a, t))
            d = float(np.sqrt(((x - x2) ** 2).sum()))
            g, h = loss.gradient(x, target, a), loss.gradient(x2, target, a)
            bends.add(np.array([np.sqrt(((g - h) ** 2).sum())]), np.array([H * d]), 1e-3 * np.abs(g).max(), "witness")
        bends_found = bends.best
        attained = attained and bends_found >= ATTAINED
    tallies = [values_tally, gradients, *([bends] if H is not None else [])]
    return _finding(tallies, {"lipschitz": L, "smoothness": H, "logits": C}, attained,
                    f"{loss.title}: {samples} pairs of logits stay below {L:.6g}; the witness reaches "
                    f"{min(values_tally.best, bends_found):.6f} of the constants")


def check_losses(seed: int = 0, logits: Sequence[int] = (2, 3, 7)) -> Finding:
    """Every loss of the table, at several numbers of logits and arguments, and its mean over samples."""
    rows: dict[str, list[Any]] = {"loss": [], "attained": [], "verdict": []}
    worst: Finding | None = None
    for kind in LOSSES.values():
        for C in logits:
            for n, numbers in ((1, ("1", "1/2")), (4, ("7/3", "1/4"))):
                given = {a.name: numbers[1] if a.exact else numbers[0] for a in kind.arguments}
                found = check_loss(kind(C, n, **given), seed, 400)
                rows["loss"].append(kind.name)
                rows["attained"].append(found.figures["two-point quotients: largest measured/claimed"])
                rows["verdict"].append(found.verdict)
                if found.verdict == "refuted" or (found.verdict != "attained" and worst is None):
                    worst = worst if worst is not None and worst.verdict == "refuted" else found
    if worst is not None:
        return Finding(worst.verdict, worst.says, worst.figures, {"losses": rows})
    return Finding("attained", f"{len(LOSSES)} losses, {len(rows['loss'])} cases: no pair of logits exceeds a constant, and "
                   "every witness reaches its constant", {"cases": len(rows["loss"]), "least witness": min(rows["attained"])},
                   {"losses": rows})


# -- sampled networks ---------------------------------------------------------------------------------------------

@dataclass(slots=True)
class _Sample:
    """One realization with its forward pass: logits z of shape (networks, points[, rows], C)."""

    r: Realization
    trace: Trace
    z: Array
    values: dict[str, Any]
    loss: Loss
    arguments: dict[str, float]

    @property
    def C(self) -> int:
        return int(self.z.shape[-1])


def _samples(theorem: LossTheorem, seed: int, networks: int, points: int, derivatives: bool,
             prepare: Callable[[Realization], None] | None = None, fixed: Mapping[str, Any] | None = None) -> Iterator[_Sample]:
    """Realizations of the network of a theorem under all laws, where the loss makes sense."""
    network, loss = theorem.network, theorem.loss
    assert network is not None and loss is not None and theorem.bound is not None
    p = plan(network, theorem.trainable, theorem.bound.derivation.floors)
    rng = np.random.default_rng([seed, 12])
    for k in range(networks):
        single = int(np.random.SeedSequence([seed, k]).generate_state(1)[0])
        r = draw(p, single, FEW_LAWS[k % len(FEW_LAWS)], points, fixed)
        if prepare is not None:
            prepare(r)
        trace = execute(r, derivatives)
        out = trace.records[-1].after
        z = out.reshape(*out.shape[:2], -1, out.shape[-1])
        z = z[:, :, 0] if loss.single else z
        if z.shape[-1] < loss.kind.least_logits or not trace.valid.any():
            continue
        values = {**r.values, **_loss_numbers(loss, rng, r.values)}
        yield _Sample(r, trace, z, values, loss, _arguments(loss, values))


def _meet_domain(s: _Sample, z: Array, y: Array) -> Array:
    """Which logits lie in the domain of the loss; a residual bound that is a plain symbol of the loss is measured."""
    if "residual" not in s.loss.arguments:
        return np.ones(z.shape[:-1], dtype=bool)
    e = np.sqrt(((z - y) ** 2).sum(-1))
    term = s.loss.arguments["residual"]
    if term.kind == Op.SYM and term.node[1] not in s.r.values:
        s.values[term.node[1]] = float(e[np.isfinite(e)].max()) * (1 + 1e-12)
        s.arguments.update(_arguments(s.loss, s.values))
    return e <= s.arguments["residual"]


def check_loss_bound(theorem: LossTheorem, seed: int = 0, networks: int = 120) -> Finding:
    """Pairs of inputs, or of networks, against the constant of the loss; and the gradients."""
    assert theorem.loss is not None
    inputs = theorem.name == "loss-input"
    rng = np.random.default_rng([seed, 13])
    pairs, gradients = _Tally("pairs"), _Tally("gradients")
    for s in _samples(theorem, seed, networks, 8, True):
        T, P = s.z.shape[:2]
        y = _targets(s.loss, rng, (1, 1, *s.z.shape[2:-1]), s.C)
        y = np.broadcast_to(y, (*s.z.shape[:-1], *y.shape[len(s.z.shape) - 1:]))
        ok = s.trace.valid & _meet_domain(s, s.z, y).reshape(T, P, -1).all(-1)
        bound = evaluate_floats([theorem.value], s.values)[0]
        v = s.loss.value(s.z, y, s.arguments)
        if inputs:
            x = s.r.points.reshape(P, -1)
            d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
            gap, both = np.abs(v[:, :, None] - v[:, None]), ok[:, :, None] & ok[:, None]
            noise = np.abs(v).max() + 1 + _scale(s)
            pairs.add(np.where(both, gap, np.nan), bound * d, noise, s.r.law)
        else:
            square = sum((((t.reshape(T, -1)[:, None] - t.reshape(T, -1)[None]) ** 2).sum(-1)
                          for t in s.r.tensors.values() if t.shape[0] == T), np.zeros((T, T)))
            gap, both = np.abs(v[:, None] - v[None]), ok[:, None] & ok[None]
            noise = np.abs(v).max() + 1 + _scale(s)
            pairs.add(np.where(both, gap, np.nan), bound * np.sqrt(square)[..., None], noise, s.r.law)
        J = s.trace.records[-1].tangents
        m = J.matrix[:, :J.inputs] if inputs else J.matrix[:, J.inputs:]
        g = s.loss.gradient(s.z[0], y[0], s.arguments).reshape(P, -1, 1)
        gradients.add(np.where(ok[0], np.sqrt(((m @ g) ** 2).sum((1, 2))), np.nan), bound, 0.0, s.r.law)
    return _finding([pairs, gradients], {"networks": networks}, max(pairs.best, gradients.best) >= ATTAINED,
                    f"{pairs.count} pairs on {networks} sampled networks stay below the constant")


def _scale(s: _Sample) -> float:
    """The size of the tensors on the way, whose rounding enters differences."""
    top = max((float(np.abs(r.after[np.isfinite(r.after)]).max(initial=0.0)) for r in s.trace.records), default=0.0)
    return top * (1 + evaluate_floats([s.loss.lipschitz], s.values)[0])


def _all_targets(s: _Sample, rng: Any) -> list[Array]:
    """Targets for the logits of the first network: every class, every vertex, the worst binary ones, random ones."""
    lead = s.z.shape[1:-1]
    kind = s.loss.kind.targets
    if kind == "class" and s.loss.single:
        return [np.full(lead, j) for j in range(s.C)]
    if kind == "distribution" and s.loss.single:
        return [np.broadcast_to(np.eye(s.C)[j], (*lead, s.C)) for j in range(s.C)]
    if kind == "fractions":
        zeros, ones = np.zeros((*lead, s.C)), np.ones((*lead, s.C))
        down, up = (np.abs(s.loss.kind.gradient(s.z[0], y, s.arguments)) for y in (zeros, ones))
        return [np.where(up >= down, 1.0, 0.0), zeros, ones]
    return [_targets(s.loss, rng, lead, s.C) for _ in range(3)]


def check_gradients(theorem: LossTheorem, seed: int = 0, networks: int = 120) -> Finding:
    """Gradients of the loss in the parameters, by complex steps; for the landscape also iteration by iteration."""
    rng = np.random.default_rng([seed, 14])
    whole, layers, least = _Tally("gradient"), _Tally("gradient of an iteration"), _Tally("least gradient")
    deep: dict[str, list[Any]] = {"x": [], "y": [], "bound": []}
    landscape = isinstance(theorem, LandscapeTheorem)
    for s in _samples(theorem, seed, networks, 6, True):
        J = s.trace.records[-1].tangents
        P = s.z.shape[1]
        ok = s.trace.valid[0]
        largest = np.zeros(P)
        groups = _iterations(theorem, s) if isinstance(theorem, LandscapeTheorem) else {}
        for y in _all_targets(s, rng):
            inside = ok & _meet_domain(s, s.z[0], y).reshape(P, -1).all(-1)
            bound = evaluate_floats([theorem.value], s.values)[0]
            g = s.loss.gradient(s.z[0], y, s.arguments).reshape(P, -1, 1)
            grad = (J.matrix @ g)[..., 0]
            size = np.sqrt((grad[:, J.inputs:] ** 2).sum(1))
            whole.add(np.where(inside, size, np.nan), bound, 0.0, s.r.law)
            largest = np.maximum(largest, size)
            for j, parts in groups.items():
                assert isinstance(theorem, LandscapeTheorem)
                claims = ["iteration"]
                if "first" in theorem.terms:
                    claims.append("first" if j == 1 else "uniform")  # the two cases that the statement tells apart
                claimed = min(evaluate_floats([theorem.terms[name] for name in claims], {**s.values, theorem.index: j}))
                own = np.sqrt(sum((grad[:, J.where[k]] ** 2).sum(1) for k in parts))
                layers.add(np.where(inside, own, np.nan), claimed, 0.0, s.r.law)
                if inside.any():
                    depth = round(evaluate_floats([theorem.terms["depth"]], s.values)[0])
                    deep["x"].append(depth - j)
                    deep["y"].append(float(own[inside].max()))
                    deep["bound"].append(claimed)
        if landscape and "least" in theorem.terms:
            claimed = evaluate_floats([theorem.terms["least"]], s.values)[0]
            least.add(np.where(ok, claimed, np.nan), largest, 0.0, s.r.law)
    tallies = [whole, *([layers] if landscape else []), *([least] if "least" in theorem.terms else [])]
    return _finding(tallies, {"networks": networks}, whole.best >= ATTAINED,
                    f"{whole.count} gradients on {networks} sampled networks stay below the bound",
                    {"iterations": deep} if landscape else {})


def _iterations(theorem: LandscapeTheorem, s: _Sample) -> dict[int, list[Any]]:
    """The tensors of every iteration of the Repeat of a landscape."""
    code = s.r.plan.derivation.program.code
    n = len(theorem.path)
    at = {slot.group for k, slots in s.r.plan.slots.items() if code[k].path[:n] == theorem.path for slot in slots}
    found: dict[int, list[Any]] = {}
    for key in s.trace.records[-1].tangents.where:
        if key[0] in at and key[1]:
            found.setdefault(key[1][0], []).append(key)
    return found


# -- exact binomial test ------------------------------------------------------------------------------------------

def binomial_tail(n: int, p: Fraction, k: int) -> Fraction:
    """P(Bin(n, p) >= k), exactly."""
    a, b = p.numerator, p.denominator
    if k <= 0:
        return Fraction(1)
    if k <= n - k:  # the shorter sum
        low = sum(comb(n, j) * a**j * (b - a) ** (n - j) for j in range(k))
        return 1 - Fraction(low, b**n)
    return Fraction(sum(comb(n, j) * a**j * (b - a) ** (n - j) for j in range(k, n + 1)), b**n)


def least_rate(n: int, k: int, error: Fraction = REJECT) -> Fraction:
    """A lower confidence limit of the rate of k events in n (Clopper-Pearson), rounded down to 1/2^14."""
    low, high = 0, 2**14
    while high - low > 1:
        mid = (low + high) // 2
        low, high = (mid, high) if binomial_tail(n, Fraction(mid, 2**14), k) <= error else (low, mid)
    return Fraction(low, 2**14)


def _binomial(k: int, n: int, delta: Fraction) -> bool:
    """Whether k violations in n draws refute a failure probability of at most delta."""
    return binomial_tail(n, delta, k) < REJECT


# -- concentration ------------------------------------------------------------------------------------------------

def _plain(term: Term, default: int | float, values: dict[str, Any]) -> Any:
    """The number of a literal, or ``default`` given to the symbol."""
    literal = term.literal()
    if literal is not None:
        return literal
    if term.kind != Op.SYM:
        raise UnsupportedError(f"{term}: the check needs a symbol or a number here")
    values[term.node[1]] = default
    return default


def check_concentration(theorem: Theorem, seed: int = 0, draws: int = 20_000) -> Finding:
    """Empirical frequencies of uniform and random cells against the tail bound, at several levels."""
    rng = np.random.default_rng([seed, 15])
    values: dict[str, Any] = {}
    excess = theorem.terms["t"]
    worst, count = "", 0
    figures: dict[str, Any] = {"draws": draws}
    series: dict[str, list[Any]] = {"x": [], "y": [], "bound": []}
    for N in {int(_plain(theorem.terms["cells"], c, values)) for c in (2, 6, 16)}:
        _plain(theorem.terms["cells"], N, values)
        n = int(_plain(theorem.terms["n"], 200, values))
        for p in (np.full(N, 1 / N), rng.dirichlet(np.ones(N))):
            frequencies = rng.multinomial(n, p, size=draws) / n
            gap = np.maximum(p - frequencies, 0).sum(1)
            for level in (0.5, 0.1, 0.01):
                at = float(_plain(excess, sqrt(log(max(2.0**N - 2, 1) / level) / (2 * n)), values))
                bound = evaluate_floats([theorem.value], values)[0]
                k = int((gap >= at).sum())
                count += 1
                series["x"].append(at)
                series["y"].append(k / draws)
                series["bound"].append(bound)
                if bound < 1 and _binomial_float(draws, bound, k):
                    worst = worst or f"{N} cells, n = {n}: the sum reaches {at:.4g} in {k} of {draws} draws, claimed at most " \
                                     f"{bound:.4g}"
    if worst:
        return Finding("refuted", worst, figures, {"tails": series})
    return Finding("survived", f"{count} tails of {draws} draws stay below the bound", figures, {"tails": series})


def _binomial_float(n: int, p: float, k: int) -> bool:
    """Whether k events in n refute a probability of at most p: Chernoff's bound on the tail, below REJECT."""
    f = k / n
    if f <= p:
        return False
    if p <= 0:
        return True
    divergence = f * log(f / p) + ((1 - f) * log((1 - f) / (1 - p)) if f < 1 else 0.0)
    return exp(-n * divergence) < float(REJECT)


# -- risks on cells -----------------------------------------------------------------------------------------------

def without_uniformity(theorem: RiskTheorem) -> RiskTheorem:
    """The tempting wrong statement: the same gap without the price of holding for all hypotheses at once."""
    t = theorem.terms
    store = theorem.value.store
    root = t["M"] * store.power(t["t"] / (2 * t["n"]), Fraction(1, 2))
    value = (t["inside"] if "inside" in t else 2 * t["M"] / t["n"]) + root
    return replace(theorem, terms={**t, "value": value})


@dataclass(slots=True)
class _Cells:
    """A finite distribution on cells of atoms, and samples of it."""

    p: Array  # (N, atoms): probability of every atom
    draws: Array  # (DRAWS, N, atoms): counts
    n: int

    @classmethod
    def make(cls, rng: Any, N: int, atoms: int, n: int) -> _Cells:
        p = np.repeat(np.full((N, 1), 1 / N), atoms, axis=1) * rng.dirichlet(np.ones(atoms), size=N)
        p /= p.sum()
        return cls(p, rng.multinomial(n, p.ravel(), size=DRAWS).reshape(DRAWS, N, atoms), n)

    @property
    def shortfall(self) -> Array:
        """sum_i (p_i - frequency_i)_+ of every draw: the gap, over M, of the hypothesis that loses M on those cells."""
        cells = self.draws.sum(2) / self.n
        return np.maximum(self.p.sum(1) - cells, 0).sum(1)

    def gaps(self, losses: Array) -> Array:
        """Risk minus empirical risk for every draw and hypothesis; losses of shape (hypotheses, N, atoms)."""
        flat = losses.reshape(len(losses), -1)
        return flat @ self.p.ravel() - (self.draws.reshape(DRAWS, -1) @ flat.T) / self.n


def check_partition(theorem: RiskTheorem, seed: int = 0, networks: int = 24) -> Finding:
    """Risk against empirical risk on cells of finitely many points with known probabilities, so that the risk is known.

    In each of 1,000 draws the hypothesis is chosen after seeing the sample: one that loses M on every cell that the sample
    underrates and nothing elsewhere (constant on the cells), and all sampled networks. Also every network is compared with
    the constant that the theorem takes for a cell.
    """
    assert theorem.network is not None and theorem.loss is not None and theorem.cells is not None
    rng = np.random.default_rng([seed, 16])
    base: dict[str, Any] = {}
    N = int(_plain(theorem.cells, CELLS, base))
    n = int(_plain(theorem.terms["n"], SAMPLES, base))
    if N > 4096 or n > 1_000_000:
        raise UnsupportedError(f"check: {N} cells and {n} samples are too many to draw; leave them symbolic")
    base[theorem.confidence] = log(DELTA.denominator / DELTA.numerator)
    cells = _Cells.make(rng, N, ATOMS, n)
    fixed, atoms, diameters = _atoms(theorem, rng, seed, N)
    inside = _Tally("losses in one cell")
    kept: list[tuple[dict[str, Any], Array]] = []
    labels = None

    def place_atoms(r: Realization) -> None:
        r.points = atoms

    for s in _samples(theorem, seed, networks, 1, False, place_atoms, fixed):
        if not s.trace.valid.all():
            continue
        if labels is None:
            labels = _targets(s.loss, rng, (N, 1), s.C)
        y = np.repeat(labels, ATOMS, axis=1).reshape(1, N * ATOMS, *labels.shape[2:])
        y = np.broadcast_to(y, (len(s.z), *y.shape[1:]))
        if not _meet_domain(s, s.z, y).all():
            continue
        v = s.loss.value(s.z, y, s.arguments).reshape(len(s.z), N, ATOMS)
        kept.append(({**s.values, **_per_cell(theorem, s.values, N)}, v))
        cell = {theorem.terms["index"].node[1]: 1} if "index" in theorem.terms else {}
        slope = evaluate_floats([theorem.terms["Lambda"]], {**kept[-1][0], **cell})[0]
        x = atoms.reshape(N, ATOMS, -1)
        d = np.sqrt(((x[:, :, None] - x[:, None]) ** 2).sum(-1))
        inside.add(np.abs(v[..., None] - v[..., None, :]), slope * d, np.abs(v).max() + 1 + _scale(s), s.r.law)
    if not kept:
        return Finding("not checked", "no sampled network met the hypotheses on all cells")
    top = _top(theorem, kept, base)
    runs = {}
    for name, claim in (("theorem", theorem), ("without the count of cells", without_uniformity(theorem))):
        runs[name] = _violations(claim, cells, kept, {**base, **top}, diameters)
    return _verdict(theorem, runs, inside, len(kept), N, n, cells.shortfall)


def _per_cell(theorem: RiskTheorem, values: Mapping[str, Any], N: int) -> dict[str, Any]:
    return {family: [values[name]] * N for name, family in theorem.per_cell.items()}


def _top(theorem: RiskTheorem, kept: Sequence[tuple[dict[str, Any], Array]], base: Mapping[str, Any]) -> dict[str, Any]:
    """The range M: measured where it is a symbol."""
    M = theorem.terms["M"]
    if M.literal() is None and M.kind == Op.SYM:
        low = min(float(v.min()) for _, v in kept)
        if low < -1e-12:
            raise UnsupportedError(f"the loss takes the value {low:.3g}; the theorem is about losses in [0, M]")
        return {M.node[1]: max(float(v.max()) for _, v in kept)}
    return {}


def _atoms(theorem: RiskTheorem, rng: Any, seed: int, N: int) -> tuple[dict[str, Any], Array, Array]:
    """Values of the natural symbols and the radius, N small groups of points in that domain, and their diameters."""
    network = theorem.network
    assert network is not None and theorem.bound is not None and theorem.loss is not None
    p = plan(network, theorem.trainable, theorem.bound.derivation.floors)
    for k in range(100):
        r = draw(p, int(np.random.SeedSequence([seed, 7, k]).generate_state(1)[0]), "gaussian", 2)
        if r.runs_every_repeat and r.shapes[-1][2] >= theorem.loss.kind.least_logits:
            break
    fixed: dict[str, Any] = {name: r.values[name] for name in p.naturals}
    radius = network.input.radius
    size = 3.0
    if radius is not None:
        for name in p.store.symbols(radius):
            fixed[name] = Fraction(r.values[name]).limit_denominator(64) or Fraction(1)
        size = evaluate_floats([radius], fixed)[0]
    shape = r.points.shape[1:]
    centres = rng.standard_normal((N, 1, *shape))
    centres *= 0.9 * size / np.sqrt((centres**2).sum(axis=(2, 3, 4), keepdims=True))
    spread = rng.standard_normal((N, ATOMS, *shape))
    spread *= 0.09 * size * rng.random((N, 1, 1, 1, 1)) / np.sqrt((spread**2).sum(axis=(2, 3, 4), keepdims=True))
    x = centres + spread
    flat = x.reshape(N, ATOMS, -1)
    d = np.sqrt(((flat[:, :, None] - flat[:, None]) ** 2).sum(-1)).max(axis=(1, 2))
    return fixed, x.reshape(N * ATOMS, *shape), d


def _violations(theorem: RiskTheorem, cells: _Cells, kept: Sequence[tuple[dict[str, Any], Array]], base: Mapping[str, Any],
                diameters: Array) -> int:
    """In how many draws some hypothesis exceeds the claimed gap, in either direction."""
    diameter = theorem.terms["diameter"]
    counts = cells.draws.sum(2)
    M = evaluate_floats([theorem.terms["M"]], {**kept[0][0], **base})[0]

    free = diameter.literal() is None
    point = diameter.store.substitute([theorem.value], {diameter: diameter.store.zero})[0] if free else theorem.value
    family = theorem.terms["count"].node[1] if "count" in theorem.terms else None

    def claimed(term: Term, values: Mapping[str, Any], rows: Array) -> Array:
        """The gap that ``term`` claims, for the numbers of samples in the cells in each of ``rows``."""
        numbers = {**values, **base}
        if free:
            numbers[diameter.node[1]] = diameters.tolist() if diameter.kind == Op.ELT else float(diameters.max())
        if family is None or family not in term.store.symbols(term):
            return np.full(len(rows), evaluate_floats([term], numbers)[0])
        return np.array([evaluate_floats([term], {**numbers, family: row.tolist()})[0] for row in rows])

    # Constant on every cell: the theorem applies with cells of diameter 0 (or with the least claim, if that is not free).
    least = np.min([claimed(point, values, counts) for values, _ in (kept[:1] if free else kept)], axis=0)
    bad = cells.shortfall * M > least * (1 + ALLOWANCE)
    few = DRAWS if family is None else DRAWS // 5  # with families there is one evaluation per draw
    for values, losses in kept if family is None else kept[:1]:
        gaps = np.abs(cells.gaps(losses))[:few]
        over = gaps > claimed(theorem.value, values, counts[:few])[:, None] * (1 + ALLOWANCE) + ALLOWANCE * M
        bad[:few] |= over.any(1)
    return int(bad.sum())


def _verdict(theorem: RiskTheorem, runs: Mapping[str, int], inside: _Tally, networks: int, cells: int, n: int,
             shortfall: Array) -> Finding:
    (_, found), (wrong_name, wrong) = runs.items()
    figures = {"draws": DRAWS, "delta": str(DELTA), "violations": found, "violations of the wrong variant": wrong,
               "wrong variant": wrong_name, "p-value": float(binomial_tail(DRAWS, DELTA, found)),
               "p-value of the wrong variant": float(binomial_tail(DRAWS, DELTA, wrong)),
               "least rate of the wrong variant": float(least_rate(DRAWS, wrong)), "networks": networks, "cells": cells, "n": n,
               f"{inside.what}: comparisons": inside.count, f"{inside.what}: largest measured/claimed": inside.best}
    series = {"adversary": {"x": np.sort(shortfall).tolist(), "y": (np.arange(DRAWS) / DRAWS).tolist()}}
    if inside.failure:
        return Finding("refuted", inside.failure, figures, series)
    if not inside.count:
        return Finding("not checked", "no sampled network met the hypotheses", figures, series)
    if _binomial(found, DRAWS, DELTA):
        return Finding("refuted", f"the gap is exceeded in {found} of {DRAWS} draws, with delta = {DELTA}", figures, series)
    if not _binomial(wrong, DRAWS, DELTA):
        return Finding("not checked", f"the statement {wrong_name} is exceeded in {wrong} of {DRAWS} draws only, so the check "
                       "has no power at these numbers", figures, series)
    return Finding("survived", f"exceeded in {found} of {DRAWS} draws (delta = {DELTA}) by hypotheses chosen after seeing the "
                   f"sample; {wrong_name} it is exceeded in {wrong}", figures, series)


def check_parametric(theorem: RiskTheorem, seed: int = 0, networks: int = 60) -> Finding:
    """The gap for p parameters: a class whose risk is known, its worst member chosen after seeing the sample.

    The loss of parameter vector v on cell i is M/2 + L v_i, cut off to [0, M]: L-Lipschitz in v. v_i = +-M/(2L), within
    radius sqrt(p) M/(2L), loses M on the cells that the sample underrates. The constant of the loss of the network in its
    parameters is compared with pairs of sampled networks.
    """
    t = theorem.terms
    assert theorem.loss is not None
    rng = np.random.default_rng([seed, 17])
    base: dict[str, Any] = {}
    P = int(_plain(t["p"], CELLS, base))
    n = int(_plain(t["n"], SAMPLES, base))
    M = float(_plain(t["M"], 1, base))
    if P > 4096 or n > 1_000_000 or P < 2:
        raise UnsupportedError(f"check: {P} parameters and {n} samples cannot be drawn; leave them symbolic")
    base[theorem.confidence] = log(DELTA.denominator / DELTA.numerator)
    r = float(_plain(t["r"], 5.0, base))
    slope = sqrt(P) * M / (2 * r) if r else 1.0
    (entropy,) = theorem.logs
    base[entropy] = log(1 + 2 * r * n * slope / M)
    cells = _Cells.make(rng, P, 1, n)
    runs = {}
    for name, claim in (("theorem", theorem), ("without the price of the parameters", without_uniformity(theorem))):
        gap = evaluate_floats([claim.value], base)[0]
        runs[name] = int((cells.shortfall * M > gap * (1 + ALLOWANCE)).sum())
    pairs = _Tally("pairs of networks")
    for s in _samples(theorem, seed, networks, 4, False):
        T, points = s.z.shape[:2]
        y = _targets(s.loss, rng, (1, points), s.C)
        y = np.broadcast_to(y, (T, *y.shape[1:]))
        ok = s.trace.valid & _meet_domain(s, s.z, y)
        v = s.loss.value(s.z, y, s.arguments)
        square = sum((((x.reshape(T, -1)[:, None] - x.reshape(T, -1)[None]) ** 2).sum(-1) for x in s.r.tensors.values()),
                     np.zeros((T, T)))
        bound = evaluate_floats([t["Lambda"]], s.values)[0]
        pairs.add(np.where(ok[:, None] & ok[None], np.abs(v[:, None] - v[None]), np.nan), bound * np.sqrt(square)[..., None],
                  np.abs(v).max() + 1 + _scale(s), s.r.law)
    return _verdict(theorem, runs, pairs, networks, P, n, cells.shortfall)


# -- floors -------------------------------------------------------------------------------------------------------

def check_certificate_floor(theorem: FloorTheorem, seed: int = 0, networks: int = 150) -> Finding:
    """Sampled networks, their measured norms and deviations, against the floor under the product of constants."""
    network = theorem.network
    assert network is not None
    p = plan(network, ())
    tally = _Tally("floor over certificate")
    series: dict[str, list[Any]] = {"x": [], "y": []}
    size = theorem.terms["size"]
    for k in range(networks):
        r = draw(p, int(np.random.SeedSequence([seed, k]).generate_state(1)[0]), FEW_LAWS[k % len(FEW_LAWS)], 1)
        x = float(np.sqrt((r.points**2).sum()))
        trace = execute(r, False)
        if not trace.valid.all() or not r.runs_every_repeat or not x:
            continue
        values = dict(r.values)
        if size.kind == Op.SYM:
            values[size.node[1]] = x
        try:
            floor, certificate = evaluate_floats([theorem.value, theorem.terms["certificate"]], values)
        except TermError:
            continue  # a floor of 0 with eps = 0: no finite certificate
        tally.add(np.array([floor]), np.array([certificate]), 0.0, r.law)
        series["x"].append(len([e for e in r.schedule if e.op == LEAF]))
        series["y"].append(certificate / floor if floor else float("inf"))
    return _finding([tally], {"networks": networks}, tally.best >= ATTAINED,
                    f"{tally.count} certificates at measured norms and deviations stay above the floor", {"ratios": series})


def check_matched_batchnorm(theorem: FloorTheorem, seed: int = 0, networks: int = 160) -> Finding:
    """Batches through networks whose BatchNorms use the statistics of the batch: the largest quotient of two samples.

    Batches have 2, 3, 8 and 16 samples where memory permits; the floor must stay below the quotient.
    """
    network = theorem.network
    assert network is not None
    tally, exactly = _Tally("floor over quotient"), _Tally("sum over the channels over quotient")
    series: dict[str, list[Any]] = {"x": [], "y": []}
    for m in (2, 3, 8, 16):
        twin = Network(Input(network.input.radius, network.input.features, m, 1), _matched(network.body))
        p = plan(twin, ())
        for k in range(max(1, networks // 4)):
            single = int(np.random.SeedSequence([seed, m, k]).generate_state(1)[0])
            try:
                r = draw(p, single, FEW_LAWS[k % len(FEW_LAWS)], 4)
            except UnsupportedError:
                break  # too large to sample with this batch
            trace = execute(r, False)
            if not r.runs_every_repeat:
                continue
            deviations, gamma, eps = _last_statistics(p, r, trace)
            least, gain = deviations.min(axis=-1), float(np.sqrt((gamma**2).sum()))
            out = trace.records[-1].after[0]
            for i in np.flatnonzero(trace.valid[0] & (least > 0)):
                x, f = r.points[i].reshape(m, -1), out[i].reshape(m, -1)
                spread = float(x.var(axis=0).sum())
                values = _floor_values(theorem, r, float(least[i]), gain, spread)
                upper = np.triu_indices(m, 1)
                dx = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))[upper]
                df = np.sqrt(((f[:, None] - f[None]) ** 2).sum(-1))[upper]
                apart = dx > 1e-9 * np.abs(x).max()
                if values is None or not apart.any() or spread <= 1e-16 * (x * x).sum() or least[i] <= 1e-4 * _top_entry(trace):
                    continue
                quotient = float((df[apart] / dx[apart]).max())
                floor = evaluate_floats([theorem.value], values)[0]
                tally.add(np.array([floor]), np.array([quotient]), 0.0, r.law)
                variances = deviations[i] ** 2
                known = sqrt(float((gamma**2 * variances / (variances + eps)).sum()) / spread)
                exactly.add(np.array([known]), np.array([quotient]), 0.0, r.law)
                series["x"].append(m)
                series["y"].append(quotient / floor if floor else float("inf"))
    return _finding([tally, exactly], {"networks": networks}, exactly.best >= ATTAINED,
                    f"{tally.count} batches have two samples whose quotient is at least the floor", {"ratios": series})


def _matched(body: Block) -> Block:
    """The network in which every BatchNorm in evaluation mode uses the statistics of the batch."""
    done: dict[int, Block] = {}
    order: list[Block] = []
    stack = [body]
    while stack:
        b = stack.pop()
        order.append(b)
        stack.extend(children_of(b))
    for b in reversed(order):
        if isinstance(b, Layer):
            parts = b.expand() or (b,)
            if any(isinstance(q, Standardize) for q in parts):
                own = [Normalize("channel", True, None, q.eps) if isinstance(q, Standardize) else q for q in parts]
                done[id(b)] = own[0] if len(own) == 1 else Composite("series", tuple(own))
            else:
                done[id(b)] = b
        elif isinstance(b, Repeat):
            done[id(b)] = Repeat(done[id(b.body)], b.depth, b.tied, b.index, {n: done[id(c)] for n, c in b.capture.items()},
                                 None if b.start is None else done[id(b.start)])
        elif isinstance(b, Composite):
            done[id(b)] = Composite(b.rule, tuple(done[id(q)] for q in b.parts), b.factor, b.sign)
    return done[id(body)]


def _top_entry(trace: Trace) -> float:
    return max(float(np.abs(rec.after[np.isfinite(rec.after)]).max(initial=0.0)) for rec in trace.records)


def _last_statistics(p: Plan, r: Realization, trace: Trace) -> tuple[Array, Array, float]:
    """The deviations of the channels that enter the last normalizer, at every point; its gamma and epsilon."""
    last = max(k for k, e in enumerate(r.schedule) if e.op == LEAF and isinstance(r.layers[e.at], Normalize))
    event = r.schedule[last]
    layer = r.layers[event.at]
    assert isinstance(layer, Normalize)
    record = [rec for rec in trace.records if p.derivation.steps[rec.step].at == event.at
              and p.derivation.steps[rec.step].rule == "contract"][-1]
    deviations = layer.deviations(record.before[0])
    gamma = np.ones(deviations.shape[-1])
    for e in r.schedule[last + 1:]:
        if e.op == LEAF and isinstance(r.layers[e.at], Affine):
            for slot in p.slots[e.at]:
                if slot.parameter.name == "gamma":
                    gamma = r.tensors[r.key(e.at, slot, e.iterations)][0, 0]
    eps = evaluate_floats([layer.eps], r.at_scope(p.scope_of[event.at], event.iterations))[0]
    return deviations, gamma, eps


def _floor_values(theorem: FloorTheorem, r: Realization, least: float, gain: float, spread: float
                  ) -> dict[str, Any] | None:
    """Values for the symbols of the floor: measured deviation, gain and trace; None where given numbers are not met."""
    values = dict(r.values)
    variance = theorem.terms["variance"]
    store = variance.store
    base = Term(store, variance.node[1]) if variance.kind == Op.POW and variance.node[2] == 2 else variance
    if base.kind == Op.SYM:
        values[base.node[1]] = least if base is not variance else least**2
    elif base.kind == Op.ELT:
        values[base.node[1]] = [least if base is not variance else least**2] * 64
    elif evaluate_floats([variance], values)[0] > least**2:
        return None
    for name, number in (("gain", gain), ("trace", spread)):
        term = theorem.terms[name]
        if term.kind == Op.SYM:
            values[term.node[1]] = number
        elif name == "trace" and evaluate_floats([term], values)[0] < spread:
            return None
    return values
