"""Adversarial search: how close to its bound a network can be driven, and whether it can be driven beyond.

The search climbs on measured/bound over points, tensors and (for derivatives) directions, where the bound is evaluated
at the measured values of its symbols: a smaller weight also lowers the bound, so shrinking does not help. Many restarts
climb side by side, from all weight laws and several shapes; each keeps a proposal only if it gets better. Proposals are
random steps of adaptive size (all tensors, one tensor, one entry), repetitions of the last success, norms made equal to
their bounds, weights replaced by rank one, points moved towards constant rows, and steps along the maximizer of the
linearized quotient over the norm balls: for a weight that is the product of the direction that the end of the network
amplifies most and the direction that reaches it.

    quantity   "input"       the Jacobian of the network in its input against L
               "parameters"  the Jacobian in all trainable tensors against P at the norm of the point
               "pair"        |f(x;t) - f(x';t')| against L |x - x'| + p(B) |dt_once| + sum_s c_s(B) |dt_s|
               a number      one step of the derivation, in the input or the parameters of its block: a layer against its
                             contract, a composition against its rule applied to what was measured on its premises, a
                             Repeat or a block with shared tensors against its derived summary

Derivatives are complex steps, so they carry no truncation error. Floats search here; they certify nothing: whatever
exceeds its bound is a suspicion, with a witness that reproduces it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from normbound.calculus.bound import bound_of
from normbound.calculus.derivation import Step
from normbound.check.passes import Pass, Visit
from normbound.check.realization import LAWS, LEAF, Key, Plan, Realization, draw, norm_of, plan
from normbound.contracts import rules
from normbound.contracts.block import Composite, Parameter
from normbound.contracts.context import ROLES
from normbound.contracts.summary import Summary
from normbound.errors import HypothesisError, NetworkError, NormboundError, TermError, UnsupportedError
from normbound.layers.linear import Linear
from normbound.layers.normalization import Normalize
from normbound.network.files import Architecture
from normbound.network.program import Network
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.store import Op, Term

if TYPE_CHECKING:
    from normbound.check.confirm import Confirmation

QUANTITIES = ("input", "parameters", "pair")
WRT = ("input", "parameters")
MAX_RESTARTS = 10_000
MAX_NUMBERS = 60_000  # entries x directions of one restart: what a shape may cost
SHAPES = 3  # different shapes and depths among the restarts
DRAWS = 40  # realizations looked at to find them
MAX_VISITS = 6  # instances (iterations) of one step that are looked at
IMAGINARY = 1e-30
DIFFERENCE = 1e-6  # relative step of the gradient of a derivative, which only proposes
NOISE = 1e-7  # deviations and differences below this share of the numbers that enter them are rounding: not counted
ALLOWANCE = 1e-9  # beyond 1 + ALLOWANCE a ratio is a suspicion
KEEP_SCALE = 1e-6, 0.7

Array = Any
State = dict[Any, Array]  # Key or "x" -> (restarts, networks, ...)


class Member(NamedTuple):
    """A measured symbol (member 0) or a member of a family."""

    name: str
    member: int
    low: bool


@dataclass(slots=True)
class Search:
    """What a search found.

    ratio       the largest measured/bound
    ratios      the best of every restart, in descending order: the distribution of tightness
    starts      what the restarts began with, in the same order
    laws        the weight laws they began with, in the same order
    witness     the network and the points of ``ratio``, exact: ``reproduce`` measures them again
    evaluations networks evaluated
    unmet       restarts that never met the hypotheses
    """

    title: str
    quantity: str | int
    wrt: str
    label: str
    seed: int
    iterations: int
    evaluations: int
    seconds: float
    ratios: list[float]
    starts: list[float]
    laws: list[str]
    unmet: int
    witness: Mapping[str, Any]

    def __bool__(self) -> NoReturn:
        raise TypeError("a search has no truth value; read .ratio or .suspicious")

    @property
    def ratio(self) -> float:
        return self.ratios[0]

    @property
    def suspicious(self) -> bool:
        """Whether the bound seems to be exceeded: to be decided in ball arithmetic."""
        return self.ratio > 1 + ALLOWANCE

    def quantile(self, share: float) -> float:
        """The ratio that ``share`` of the restarts stay below or at (linear interpolation)."""
        return float(np.quantile(self.ratios, share))

    def to_json(self) -> str:
        """Everything but the time as JSON text: the same bytes for the same seed and number of iterations."""
        body = {k: getattr(self, k) for k in ("title", "quantity", "wrt", "label", "seed", "iterations", "evaluations",
                                              "ratios", "starts", "laws", "unmet", "witness")}
        return json.dumps(body, indent=1, allow_nan=False)

    def __str__(self) -> str:
        return (f"{self.title}, {self.label}: best measured/bound {self.ratio:.6f} (median {self.quantile(0.5):.4f} of "
                f"{len(self.ratios)} restarts, starts at most {max(self.starts):.4f}; {self.evaluations} networks, "
                f"seed {self.seed})")


# -- the public functions -----------------------------------------------------------------------------------------
def search(network: Network | Architecture, quantity: str | int = "input", networks: int = 24,
           seconds: float | None = None, iterations: int | None = None, seed: int = 0,
           values: Mapping[str, Any] | None = None, trainable: Collection[str] = ROLES, floors: bool = True,
           wrt: str = "input", laws: Sequence[str] = LAWS) -> Search:
    """Climb on measured/bound of ``quantity`` from ``networks`` random networks.

    seconds, iterations  how long to climb, whichever ends first (default: 200 iterations); with iterations alone the
                         result depends on the seed only
    values    exact values of symbols that should not be drawn
    wrt       for a step: its input or its parameters

    Raises NetworkError for bad requests, UnsupportedError for architectures that are too large and for quantities that
    have no finite bound, HypothesisError when no restart met the hypotheses.
    """
    network, title = (network.network, network.name) if isinstance(network, Architecture) else (network, "")
    if not isinstance(network, Network):
        raise NetworkError(f"search: found {type(network).__name__}; a network or an architecture is needed")
    _request(quantity, networks, seconds, iterations, seed, wrt, laws)
    p = plan(network, trainable, floors)
    target = _target(p, quantity, wrt)
    limit = iterations if iterations is not None else 200 if seconds is None else None
    climbs = [_Climb(target, group, np.random.default_rng([seed, 5, k]))
              for k, group in enumerate(_groups(p, networks, seed, values or {}, laws, target))]
    begun = monotonic()
    end = begun + seconds if seconds is not None else None
    steps = 0
    while (limit is None or steps < limit) and (end is None or monotonic() < end):
        for climb in climbs:
            climb.advance()
        steps += 1
    return _result(climbs, target, title or network.title or "network", seed, steps, monotonic() - begun)


def tightness(network: Network | Architecture, wrt: str = "input", networks: int = 12, seconds: float | None = None,
              iterations: int | None = None, seed: int = 0, values: Mapping[str, Any] | None = None,
              trainable: Collection[str] = ROLES, floors: bool = True) -> dict[int, Search | str]:
    """``search`` for every step of the derivation; a step without a ratio gets the reason as text.

    ``seconds`` is the time for all steps together.
    """
    bare = network.network if isinstance(network, Architecture) else network
    if not isinstance(bare, Network):
        raise NetworkError(f"tightness: found {type(bare).__name__}; a network or an architecture is needed")
    count = len(plan(bare, trainable, floors).derivation.steps)
    share = None if seconds is None else seconds / max(1, count - 1)
    out: dict[int, Search | str] = {}
    for step in range(1, count):
        try:
            out[step] = search(network, step, networks, share, iterations, seed, values, trainable, floors, wrt)
        except (UnsupportedError, HypothesisError) as error:
            out[step] = str(error)
    return out


def realized(network: Network | Architecture, witness: Mapping[str, Any], trainable: Collection[str] = ROLES,
             floors: bool = True) -> Realization:
    """The network and the points of a witness as a realization of the checker."""
    bare = network.network if isinstance(network, Architecture) else network
    p = plan(bare, trainable, floors)
    try:
        start = witness["start"]
        fixed = {k: list(v) if isinstance(v, list) else v for k, v in start["fixed"].items()}
        r = draw(p, start["seed"], start["law"], start["points"], fixed)
        tensors = {(t["group"], tuple(t["iterations"])): _read(t)[0] for t in witness["tensors"]}
        points = _read(witness["points"])[0]
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, NormboundError):
            raise
        raise NetworkError(f"the witness is not one that a search wrote ({error!r})") from None
    if set(tensors) != set(r.tensors) or points.shape[1:] != r.points.shape[1:]:
        raise NetworkError("the witness belongs to another network: its tensors or points are not those of this one")
    for key, value in tensors.items():
        if value.shape[1:] != r.tensors[key].shape[2:]:
            raise NetworkError(f"the witness belongs to another network: {key[0]} has the shape {value.shape[1:]}")
    r.tensors = {k: t[:, None] for k, t in tensors.items()}
    r.points = points
    r.measure()
    return r


def reproduce(network: Network | Architecture, witness: Mapping[str, Any], trainable: Collection[str] = ROLES,
              floors: bool = True) -> tuple[float, float]:
    """(measured, bound) of a witness, measured again from its exact numbers."""
    r = realized(network, witness, trainable, floors)
    try:
        target = _target(r.plan, witness["quantity"], witness["wrt"])
        population = _Population(target, [r], set(witness["measured symbols"]))
    except (KeyError, TypeError) as error:
        raise NetworkError(f"the witness is not one that a search wrote ({error!r})") from None
    population.state["x"] = r.points[None]
    with np.errstate(all="ignore"):
        found = population.evaluate(population.state)
    return float(found.measured[0]), float(found.bound[0])


def confirmed(network: Network | Architecture, found: Search, trainable: Collection[str] = ROLES,
              floors: bool = True) -> Confirmation:
    """What ball arithmetic says about the witness of a search.

    A composition step is judged by its derived summary, like the network; its rule on measured premises is a matter for
    ``falsify``.
    """
    from normbound.check.confirm import confirm_in

    w = found.witness
    r = realized(network, w, trainable, floors)
    kind = "pair" if found.quantity == "pair" else "input" if found.wrt == "input" else (
        "joint" if r.plan.derivation.steps[w["step"]].summary.shared else "parameters")
    where = {"network": 0, "point": 0, "network'": 1, "point'": 1} if kind == "pair" else {"network": 0, "point": 0}
    return confirm_in(r, w["step"], tuple(w["step iterations"]), kind, "", where)


def _request(quantity: Any, networks: Any, seconds: Any, iterations: Any, seed: Any, wrt: Any, laws: Any) -> None:
    """Refuse what makes no sense."""
    if isinstance(quantity, bool) or not (quantity in QUANTITIES or isinstance(quantity, int)):
        raise NetworkError(f"search: quantity={quantity!r}; accepted: {', '.join(QUANTITIES)}, or the number of a step")
    if wrt not in WRT:
        raise NetworkError(f"search: wrt={wrt!r}; accepted: {', '.join(WRT)}")
    if isinstance(networks, bool) or not isinstance(networks, int) or not 1 <= networks <= MAX_RESTARTS:
        raise NetworkError(f"search: networks = {networks!r}; a number from 1 to {MAX_RESTARTS} is needed")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise NetworkError(f"search: seed = {seed!r}; a natural number is needed")
    if iterations is not None and (isinstance(iterations, bool) or not isinstance(iterations, int) or iterations < 0):
        raise NetworkError(f"search: iterations = {iterations!r}; a natural number is needed")
    if seconds is not None and not (isinstance(seconds, (int, float)) and 0 <= seconds < float("inf")):
        raise NetworkError(f"search: seconds = {seconds!r}; a finite number >= 0 is needed")
    if not laws or any(law not in LAWS for law in laws):
        raise NetworkError(f"search: laws = {laws!r}; at least one is needed, accepted: {', '.join(LAWS)}")


# -- what is climbed on -------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Target:
    """A quantity of a plan: the whole network (step None) or one step."""

    plan: Plan
    quantity: str | int
    wrt: str
    step: int | None
    term: Term | None  # the bound of the whole network
    label: str

    @property
    def networks(self) -> int:
        return 2 if self.quantity == "pair" else 1


def _target(p: Plan, quantity: str | int, wrt: str) -> _Target:
    d = p.derivation
    if isinstance(quantity, int):
        if not 1 <= quantity < len(d.steps):
            raise NetworkError(f"search: found the step {quantity}; the derivation has the steps 1 to {len(d.steps) - 1}")
        step = d.steps[quantity]
        label = f"step {quantity} ({step.rule}) at {d.label(quantity)}, {wrt}"
        _finite(step.summary, wrt, label)
        if wrt == "parameters" and any(s.binders for s in _own_groups(step.summary).values()):
            raise UnsupportedError(f"{label}: families of groups have no joint constant here; search for the parameters of "
                                   "the whole network")
        return _Target(p, quantity, wrt, quantity, None, label)
    if quantity == "pair":
        summary = d.summary
        _finite(summary, "input", "pair")
        if any(t.is_unbounded for t in (summary.q2, summary.q1, summary.q0)):
            raise UnsupportedError("pair: the parameter bound is unbounded, nothing can come close to it")
        if any(s.binders for s in summary.shared.values()) or any(g.startswith("outside ") for g in summary.shared):
            raise UnsupportedError("pair: the network has families of groups, whose terms are not added up here; search for "
                                   "the parameters")
        return _Target(p, quantity, wrt, None, None, "pairs")
    term = bound_of(p.network, d, quantity).term
    if term.is_unbounded:
        raise UnsupportedError(f"{quantity}: the bound is unbounded, nothing can come close to it")
    return _Target(p, quantity, quantity, None, term, quantity)


def _finite(s: Summary, wrt: str, label: str) -> None:
    terms = (s.L,) if wrt == "input" else (s.q2, s.q1, s.q0, *(c for g in _own_groups(s).values() for c in g[:2]))
    if any(t.is_unbounded for t in terms):
        raise UnsupportedError(f"{label}: the bound is unbounded, nothing can come close to it")
    if not any(terms):
        raise UnsupportedError(f"{label}: the bound is 0, there is no ratio to climb on")


# -- starts -------------------------------------------------------------------------------------------------------
def _groups(p: Plan, networks: int, seed: int, values: Mapping[str, Any], laws: Sequence[str],
            target: _Target) -> Iterator[_Population]:
    """Populations of different shapes; within one, all shapes and all symbols that are not measured are the same."""
    count = min(SHAPES, networks)
    found: list[tuple[float, Realization]] = []
    refused = ""
    for k in range(DRAWS):
        single = int(np.random.SeedSequence([seed, 1, k]).generate_state(1)[0])
        try:
            r = draw(p, single, laws[k % len(laws)], 1, values)
        except UnsupportedError as error:
            refused = str(error)
            break
        size = sum(t[0].size for t in r.tensors.values()) + r.points[0].size
        found.append((r.points[0].size * max(int(np.prod(s)) for s in r.shapes) if target.wrt == "input"
                      else size * max(int(np.prod(s)) for s in r.shapes), r))
    if not found:
        raise UnsupportedError(refused)
    usable = [r for cost, r in found if cost <= MAX_NUMBERS and r.runs_every_repeat]
    if not usable:
        usable = [min((f for f in found if f[1].runs_every_repeat), default=min(found, key=lambda f: f[0]),
                      key=lambda f: f[0])[1]]
        cost = min(c for c, _ in found)
        if cost > MAX_NUMBERS:
            raise UnsupportedError(f"search: the smallest network drawn needs {cost} numbers for one Jacobian, at most "
                                   f"{MAX_NUMBERS} are searched: fix smaller widths or depths")
    chosen: dict[str, Realization] = {}
    for r in usable:
        chosen.setdefault(str(r.shapes) + str(len(r.schedule)), r)
        if len(chosen) == count:
            break
    first = list(chosen.values())
    for k, r in enumerate(first):
        number = networks // len(first) + (k < networks % len(first))
        if not number:
            continue
        given = {n: v for n, v in r.values.items() if n in values or p.direction(n) is None}
        fixed = {**given, **values}
        members = []
        for j in range(number):
            single = int(np.random.SeedSequence([seed, 2, k, j]).generate_state(1)[0])
            members.append(draw(p, single, laws[(j * len(first) + k) % len(laws)], 2, fixed))
        yield _Population(target, members, {n for n in r.values if n not in fixed})


# -- populations --------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Evaluated:
    """Per restart: measured/bound (NaN where the hypotheses are not met), what it is made of, and what is climbed on.

    score   the ratio; below 0 where a given floor is not met, the higher the closer to it; -inf where nothing is known
    """

    ratio: Array
    measured: Array
    bound: Array
    score: Array


@dataclass(slots=True)
class _Slice:
    """A part of the schedule whose derivative is wanted, with what enters it."""

    first: int
    stop: int
    x: Array
    outside: Mapping[str, Array]
    centred: bool = False


class _Population:
    """Networks of one shape, stacked: tensors (restarts, networks, *dims), points (restarts, networks, s, n, d)."""

    def __init__(self, target: _Target, members: list[Realization], measured: set[str]):
        self.target, self.members, self.measured_names = target, members, measured
        self.r = r = members[0]
        self.plan = p = r.plan
        self.size = len(members)
        V = target.networks
        self.state: State = {k: np.stack([m.tensors[k][:V, 0] for m in members]) for k in r.tensors}
        self.state["x"] = np.stack([np.resize(m.points, (V, *m.points.shape[1:])) for m in members])
        self.parameters: dict[Key, Parameter] = {}
        self.varies: dict[Key, bool] = {}
        self.limits: dict[Key, float] = {}
        self.caps: dict[Key, float] = {}
        self.sizes: list[tuple[Member, Key, str]] = []
        self.used_at: dict[Key, list[int]] = {}
        for k, event in enumerate(r.schedule):
            if event.op != LEAF:
                continue
            layer = r.layers[event.at]
            values = r.at_scope(p.scope_of[event.at], event.iterations)
            for slot in p.slots[event.at]:
                key, parameter = r.key(event.at, slot, event.iterations), slot.parameter
                self.used_at.setdefault(key, []).append(k)
                self.parameters[key] = parameter
                self.varies[key] = self.varies.get(key, False) or slot.varies
                bounds = [(parameter.bound, "norm")] if parameter.value is None else []
                if isinstance(layer, Linear) and layer.row_norm != layer.norm and parameter.name == "W" \
                        and layer.weight_value is None:
                    bounds.append((layer.row_norm, "row"))
                for bound, kind in bounds:
                    symbol = self._symbol(bound, values, parameter.norm == "least")
                    if symbol is not None:
                        self.sizes.append((symbol, key, kind))
                    elif kind == "row":
                        self.caps[key] = min(self.caps.get(key, np.inf), evaluate_floats([bound], values)[0])
                    elif parameter.norm != "exact":
                        limit, old = evaluate_floats([bound], values)[0], self.limits.get(key)
                        low = parameter.norm == "least"
                        self.limits[key] = limit if old is None else (max if low else min)(old, limit)
        self.movable = [k for k in self.state if k == "x" or (
            self.parameters[k].norm != "exact" and self.parameters[k].value is None)]
        radius = p.network.input.radius
        self.radius_symbol = None
        self.radius = np.inf
        if radius is not None:
            self.radius_symbol = self._symbol(radius, r.values, False)
            if self.radius_symbol is None:
                self.radius = evaluate_floats([radius], r.values)[0]
        self.given = dict(r.values)
        self.floors: set[Member] = set()  # measured floors
        self.found: dict[Member, Array] = {}
        self.states: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[Array, Array]] = {}
        self.largest: Array = np.zeros(self.size)
        self.memory: dict[tuple[int, str, bool], Array] = {}
        self.where: Array = None  # the visit with the largest ratio, per restart
        self.visits: list[Visit] = []
        self.slice: _Slice | None = None
        self.runs = 0

    def _symbol(self, bound: Term, values: Mapping[str, Any], low: bool) -> Member | None:
        """The measured symbol that ``bound`` is, if it is one."""
        if bound.kind not in (Op.SYM, Op.ELT) or bound.node[1] not in self.measured_names:
            return None
        if bound.kind == Op.SYM:
            return Member(bound.node[1], 0, low)
        return Member(bound.node[1], round(evaluate_floats([Term(bound.store, bound.node[2])], values)[0]), low)

    # -- staying inside the hypotheses ----------------------------------------------------------------------------
    def project(self, state: State) -> State:
        """The state moved back into the parameter set and the domain."""
        out: State = {}
        for key, value in state.items():
            if key == "x":
                size = np.sqrt((value**2).sum(axis=(-3, -2, -1), keepdims=True))
                cap = min(self.radius, 1e8)
                over = size > cap
                out[key] = np.where(over, value * (cap / np.where(over, size * (1 + 1e-15), 1.0)), value)
                continue
            p = self.parameters[key]
            if key not in self.state or p.norm == "exact" or p.value is not None:
                out[key] = value
                continue
            if not self.varies[key] and value.shape[1] > 1:
                value = np.broadcast_to(value[:, :1], value.shape)
            if p.norm == "least":
                value = np.maximum(np.abs(value), self.limits.get(key, 0.0))
            else:
                axes = (..., *([None] * len(p.dims)))
                for limit, kind in ((self.limits.get(key), "norm"), (self.caps.get(key), "row")):
                    if limit is None:
                        continue
                    found = norm_of(p, value) if kind == "norm" else np.sqrt((value**2).sum(-1)).max(-1)
                    over = found > limit
                    value = value * np.where(over, limit / np.where(over, found * (1 + 1e-15), 1.0), 1.0)[axes]
            out[key] = value
        return out

    # -- measuring ------------------------------------------------------------------------------------------------
    def evaluate(self, state: State) -> _Evaluated:
        """Measured, bound and ratio of every restart."""
        self.runs += self.size
        target = self.target
        found: dict[Member, Array] = {}
        valid = np.ones(self.size, dtype=bool)
        with_floor = np.ones(self.size)  # the smallest deviation relative to a given floor

        def note(m: Member, size: Array) -> None:
            old = found.get(m)
            found[m] = size if old is None else (np.minimum if m.low else np.maximum)(old, size)

        for m, key, kind in self.sizes:
            size = norm_of(self.parameters[key], state[key]) if kind == "norm" else np.sqrt(
                (state[key] ** 2).sum(-1)).max(-1)
            note(m, size.min(axis=1) if m.low else size.max(axis=1))
        x = state["x"]
        lengths = np.sqrt((x * x).sum(axis=(-3, -2, -1)))
        if self.radius_symbol is not None:
            note(self.radius_symbol, lengths.max(axis=1))
        states: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[Array, Array]] = {}
        largest = lengths.max(axis=1)

        def watch(event: Any, layer: Normalize, z: Array) -> None:
            nonlocal valid, largest
            deviations = layer.deviations(z)
            size = np.sqrt((z * z).sum(axis=(-3, -2, -1))).max(axis=1)
            largest = np.fmax(largest, size)
            if layer.center and layer.size(self.plan.derivation.program.code[event.at].shape).literal() == 1:
                return
            least = deviations.min(axis=(1, 2))
            values = self.r.at_scope(self.plan.scope_of[event.at], event.iterations)
            eps = evaluate_floats([layer.eps], values)[0]
            valid &= np.isfinite(least) & (np.sqrt(least**2 + eps) > NOISE * size)
            if layer.floor is None or not self.plan.derivation.floors:
                return
            symbol = self._symbol(layer.floor, values, True)
            if symbol is not None:
                note(symbol, least)
                self.floors.add(symbol)
            else:
                floor = evaluate_floats([layer.floor], values)[0]
                valid &= least >= floor
                with_floor[:] = np.minimum(with_floor, least / floor if floor else 1.0)

        def start(path: tuple[int, ...], iterations: tuple[int, ...], z: Array) -> None:
            states[path, iterations] = (np.sqrt((z * z).sum(axis=(-3, -2, -1))).max(axis=1),
                                        np.abs(z).max(axis=(-4, -3, -2, -1)))

        visits: list[Visit] | None = [] if target.step is not None else None
        out = Pass(self.r, state, watch, start).run(x, visits=visits)
        valid &= np.isfinite(out).all(axis=(-4, -3, -2, -1))
        self.found, self.states, self.largest = found, states, largest
        if target.quantity == "pair":
            measured, bound = self._pair(state, out, lengths)
        elif target.step is None:
            self.slice = _Slice(0, len(self.r.schedule), x[:, 0], {})
            measured = spectral(self.jacobian(state, self.slice))
            assert target.term is not None
            bound = self._numbers([target.term], 0, ())[:, 0]
        else:
            assert visits is not None
            measured, bound = self._step(state, visits)
        with np.errstate(invalid="ignore", divide="ignore"):
            good = valid & np.isfinite(measured) & np.isfinite(bound) & (bound > 1e-250) & (bound < 1e250)
            ratio = np.where(good, measured / np.where(good, bound, 1.0), np.nan)
        score = np.where(np.isfinite(ratio), ratio, np.where(with_floor < 1, with_floor - 1, -np.inf))
        return _Evaluated(ratio, measured, bound, score)

    def values(self, k: int, scope: int, iterations: tuple[int, ...]) -> dict[str, Any]:
        """The values of all symbols for restart ``k``, with indices and states of one iteration."""
        values = dict(self.given)
        for m, size in self.found.items():
            if m.member:
                column = list(values[m.name])
                column[m.member - 1] = float(size[k])
                values[m.name] = column
            else:
                values[m.name] = float(size[k])
        scopes = self.plan.derivation.scopes
        for n, s in enumerate(self.plan.chains[scope][:len(iterations)]):
            index, state, sup = scopes[s].index, scopes[s].state, scopes[s].sup_state
            if index is not None:
                values[index.node[1]] = iterations[n]
            size, top = self.states[scopes[s].path, iterations[:n + 1]]
            if state is not None:
                values[state.node[1]] = float(size[k])
            if sup is not None:
                values[sup.node[1]] = float(top[k])
        return values

    def _numbers(self, terms: Sequence[Term], scope: int, iterations: tuple[int, ...]) -> Array:
        """(restarts, terms): values of terms; what is not defined claims nothing."""
        out = np.full((self.size, len(terms)), np.inf)
        for k in range(self.size):
            try:
                out[k] = evaluate_floats(terms, self.values(k, scope, iterations))
            except TermError:
                continue
        return out

    def pull(self) -> dict[Member, Array]:
        """d log(bound) / d log(floor) of the whole network, for every measured floor, at the last evaluation."""
        if self.target.term is None:
            return {}
        out: dict[Member, Array] = {}
        before = np.log(self._numbers([self.target.term], 0, ())[:, 0])
        for m in sorted(self.floors & set(self.found)):
            size = self.found[m]
            self.found[m] = size * (1 + 1e-4)
            after = np.log(self._numbers([self.target.term], 0, ())[:, 0])
            self.found[m] = size
            out[m] = np.nan_to_num((after - before) / 1e-4, nan=0.0, posinf=0.0, neginf=0.0)
        return out

    def jacobian(self, state: State, part: _Slice, wrt: str = "", keys: Collection[Key] | None = None) -> Array:
        """(restarts, directions, outputs): the transposed derivative of a part of the first network."""
        wrt = wrt or self.target.wrt
        x = part.x[:, None]
        outside = {k: v[:, :1] for k, v in part.outside.items()}
        tensors: State = {k: t[:, :1] for k, t in state.items() if k != "x"}
        if wrt == "input":
            shape = part.x.shape[1:]
            size = int(np.prod(shape))
            x = x + 1j * IMAGINARY * np.eye(size).reshape(size, *shape)
        else:
            moved = self.trained(part) if keys is None else list(keys)
            total = sum(tensors[k][0].size for k in moved)
            if not total:
                return np.zeros((self.size, 0, 1))
            at = 0
            for key in moved:
                dims = tensors[key].shape[2:]
                size = int(np.prod(dims))
                basis = np.zeros((total, size))
                basis[at:at + size] = np.eye(size)
                tensors[key] = tensors[key] + 1j * IMAGINARY * basis.reshape(total, *dims)
                at += size
        y = Pass(self.r, tensors).run(x, part.first, part.stop, outside)
        directions = size if wrt == "input" else total
        y = np.broadcast_to(y, (self.size, directions, *y.shape[2:]))
        j = y.imag.reshape(self.size, directions, -1) / IMAGINARY
        if part.centred and wrt == "input":  # the contract speaks about centred rows, the only ones that reach the layer
            rows = j.reshape(self.size, -1, part.x.shape[-1], j.shape[-1])
            j = (rows - rows.mean(axis=2, keepdims=True)).reshape(j.shape)
        return j

    def trained(self, part: _Slice) -> list[Key]:
        """The trainable tensors that a part of the schedule uses."""
        return [k for k, at in self.used_at.items()
                if self.varies[k] and any(part.first <= e < part.stop for e in at)]

    # -- pairs ----------------------------------------------------------------------------------------------------
    def _pair(self, state: State, out: Array, lengths: Array) -> tuple[Array, Array]:
        summary = self.plan.derivation.summary
        names = list(summary.shared)
        terms = [summary.L, summary.q2, summary.q1, summary.q0, *(c for n in names for c in summary.shared[n][:2])]
        numbers = self._numbers(terms, 0, ())
        B = lengths.max(axis=1)
        x = state["x"]
        bound = numbers[:, 0] * np.sqrt(((x[:, 0] - x[:, 1]) ** 2).sum(axis=(-3, -2, -1)))
        squares = {k: ((t[:, 0] - t[:, 1]) ** 2).reshape(self.size, -1).sum(-1) for k, t in state.items() if k != "x"}
        once = np.zeros(self.size)
        shared: dict[str, Array] = {}
        for key, square in squares.items():
            if not self.varies[key]:
                continue
            homes = _homes(key, names)
            if not homes:
                once += square
            for home in homes:
                shared[home] = shared.get(home, 0.0) + square
        bound = bound + np.sqrt(np.maximum(numbers[:, 1] * B**2 + numbers[:, 2] * B + numbers[:, 3], 0) * once)
        for n, name in enumerate(names):
            if name in shared:
                bound = bound + (numbers[:, 4 + 2 * n] * B + numbers[:, 5 + 2 * n]) * np.sqrt(shared[name])
        difference = np.sqrt(((out[:, 0] - out[:, 1]) ** 2).sum(axis=(-3, -2, -1)))
        size = np.fmax(self.largest, np.sqrt((out**2).sum(axis=(-3, -2, -1))).max(axis=1))
        return difference, np.where(difference > NOISE * 10 * size, bound, np.nan)

    # -- steps ----------------------------------------------------------------------------------------------------
    def _step(self, state: State, visits: list[Visit]) -> tuple[Array, Array]:
        """The instance of the step with the largest ratio, per restart."""
        steps = self.plan.derivation.steps
        found = [k for k, v in enumerate(visits) if v.step == self.target.step]
        if not found:
            return np.full(self.size, np.nan), np.full(self.size, np.nan)
        if len(found) > MAX_VISITS:
            found = found[:MAX_VISITS // 2] + found[-(MAX_VISITS // 2):]
        best = np.full(self.size, np.nan), np.full(self.size, np.nan)
        self.memory = {}
        self.where = np.full(self.size, found[0])
        self.visits = visits
        top = np.full(self.size, -np.inf)
        for k in found:
            v = visits[k]
            measured, bound = self._instance(state, visits, k, steps[v.step])
            with np.errstate(invalid="ignore", divide="ignore"):
                ratio = np.where(bound > 1e-250, measured / bound, -np.inf)
            better = ratio > top
            top = np.where(better, ratio, top)
            self.where = np.where(better, k, self.where)
            best = np.where(better, measured, best[0]), np.where(better, bound, best[1])
        self.slice = self._slice(visits[found[-1]])
        return best

    def _slice(self, v: Visit) -> _Slice:
        step = self.plan.derivation.steps[v.step]
        after = getattr(self.r.layers.get(step.at), "after", None) if step.rule == "contract" else None
        centred = isinstance(after, Normalize) and after.center and after.partition == "row"
        return _Slice(v.first, v.stop, v.before[:, 0], v.outside, centred)

    def _instance(self, state: State, visits: list[Visit], k: int, step: Step) -> tuple[Array, Array]:
        v, wrt = visits[k], self.target.wrt
        B = np.sqrt((v.before[:, 0] ** 2).sum(axis=(-3, -2, -1)))
        measured = self._norm(state, visits, k, wrt)
        block = self.plan.derivation.program.code[step.at].block
        composed = step.rule == "series" or (isinstance(block, Composite) and step.rule not in ("contract", "sharing"))
        if not composed or (wrt == "parameters" and _own_groups(step.summary)):
            s = step.summary
            own = _own_groups(s)
            shared = [c for g in own.values() for c in g[:2]]
            if wrt == "input":
                return measured, self._numbers([s.L], step.scope, v.iterations)[:, 0]
            n = self._numbers([s.q2, s.q1, s.q0, *shared], step.scope, v.iterations)
            total = n[:, 0] * B**2 + n[:, 1] * B + n[:, 2]
            sizes = n[:, 3::2] * B[:, None] + n[:, 4::2]
            linked = any(len(_homes(key, own)) > 1 for key in self.varies)  # a tensor alone and jointly: these add
            total = total + (sizes.sum(axis=1) ** 2 if linked else (sizes**2).sum(axis=1))
            return measured, np.sqrt(total)
        parts = [(self._norm(state, visits, q, "input", True), self._norm(state, visits, q, "parameters", True),
                  np.sqrt((visits[q].after[:, 0] ** 2).sum(axis=(-3, -2, -1))),
                  np.abs(visits[q].after[:, 0]).max(axis=(-3, -2, -1))) for q in v.premises]
        bound = np.full(self.size, np.nan)
        for m in range(self.size):
            known = [Summary(float(L[m]), float(out[m]), 0.0, 0.0, 0.0, float(p[m]) ** 2, {}, float(sup[m]))
                   for L, p, out, sup in parts]
            promised = self._promised(step, block, known, v, m)
            bound[m] = promised.L if wrt == "input" else np.sqrt(promised.p_squared(float(B[m])))
        return measured, bound

    def _promised(self, step: Step, block: Any, parts: list[Summary], v: Visit, m: int) -> Summary:
        """The rule applied to what was measured on the premises."""
        if step.rule == "series":
            return rules.series(*parts)
        if block.rule == "scale":
            return rules.scale(parts[0], evaluate_floats([block.factor], self.values(m, step.scope, v.iterations))[0])
        return rules.compose(block.rule, parts)

    def _norm(self, state: State, visits: list[Visit], k: int, wrt: str, plain: bool = False) -> Array:
        """The norm of the derivative of one visit; the domain is the identity without parameters."""
        v = visits[k]
        if v.step == 0:
            return np.full(self.size, float(wrt == "input"))
        if (k, wrt, plain) not in self.memory:
            part = self._slice(v)
            part.centred &= not plain or wrt == "input"
            self.memory[k, wrt, plain] = spectral(self.jacobian(state, part, wrt))
        return self.memory[k, wrt, plain]


def _own_groups(s: Summary) -> dict[str, Any]:
    """The shared groups of a block without the outside tensors that it reads, which a step takes as given."""
    return {n: c for n, c in s.shared.items() if not n.startswith("outside ")}


def _homes(key: Key, names: Collection[str]) -> list[str]:
    """The shared groups that a tensor belongs to; tensors in one joint group are written "gamma, beta"."""
    stem, _, last = key[0].rpartition(".")
    return [n for n in names if n.rpartition(".")[0] == stem and last in n.rpartition(".")[2].split(", ")]


def spectral(j: Array) -> Array:
    """The largest singular values of a stack of matrices; NaN where an entry is not finite."""
    if 0 in j.shape:
        return np.zeros(j.shape[0])
    good = np.isfinite(j).all(axis=(-2, -1))
    scale = np.where(good, np.abs(j).max(axis=(-2, -1)), 1.0)
    scale = np.where(scale > 0, scale, 1.0)
    unit = np.where(good[:, None, None], j / scale[:, None, None], 0.0)
    gram = unit @ unit.swapaxes(-1, -2) if j.shape[1] <= j.shape[2] else unit.swapaxes(-1, -2) @ unit
    top = np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[:, -1], 0.0)) * scale
    return np.where(good, top, np.nan)


# -- climbing -----------------------------------------------------------------------------------------------------
class _Climb:
    """Hill climbing of one population; every restart has its own step size and keeps what makes it better."""

    def __init__(self, target: _Target, population: _Population, rng: Any):
        self.target, self.p, self.rng = target, population, rng
        self.state = population.project(population.state)
        with np.errstate(all="ignore"):
            found = population.evaluate(self.state)
        self.measured, self.bound = found.measured, found.bound
        self.ratio = np.where(np.isnan(found.score), -np.inf, found.score)
        self.started = self.ratio.copy()
        self.scale = np.full(population.size, 0.2)
        self.last: State | None = None
        self.moves: list[Any] = [self.all, self.one, self.entry, self.scaled, self.flat, self.again, self.to_bounds,
                                 self.rank_one, self.steepest]
        self.worth = np.array([2.0, 2.0, 2.0, 2.0, 0.7, 1.5, 0.4, 0.4, 3.0])
        if target.quantity == "pair":
            self.moves.append(self.closer)
            self.worth = np.append(self.worth, 1.0)
        self.floor = self.worth / 10
        self.turn = 0

    def advance(self) -> None:
        """One proposal for every restart."""
        self.turn += 1
        k = int(self.rng.choice(len(self.moves), p=self.worth / self.worth.sum()))
        with np.errstate(all="ignore"):
            move = self.moves[k]
            proposal = move()
            if proposal is None:
                return
            proposal = self.p.project(proposal)
            found = self.p.evaluate(proposal)
        ratio = np.where(np.isnan(found.score), -np.inf, found.score)
        better = ratio > self.ratio
        gain = float(np.mean(better))
        self.worth[k] = max(self.floor[k], 0.95 * self.worth[k] + 0.3 * gain * self.floor[k] * 10)
        if move in (self.all, self.one, self.entry, self.scaled):
            self.scale = np.clip(np.where(better, self.scale * 1.6, self.scale * 0.93), KEEP_SCALE[0], KEEP_SCALE[1])
            # a step that has become tiny without success starts again
            self.scale = np.where(self.scale <= KEEP_SCALE[0] * 1.01, 0.1, self.scale)
        if better.any():
            new: State = {}
            if self.last is None:
                self.last = {q: np.zeros_like(self.state[q]) for q in self.p.movable}
            for q, old in self.state.items():
                mask = better.reshape(-1, *[1] * (old.ndim - 1))
                new[q] = np.where(mask, proposal[q], old)
                if q in self.last:
                    self.last[q] = np.where(mask, proposal[q] - old, self.last[q])
            self.state = new
            self.measured = np.where(better, found.measured, self.measured)
            self.bound = np.where(better, found.bound, self.bound)
            self.ratio = np.where(better, ratio, self.ratio)

    # -- moves ----------------------------------------------------------------------------------------------------
    def _wide(self, per_restart: Array, value: Array) -> Array:
        return np.asarray(per_restart).reshape(-1, *[1] * (value.ndim - 1))

    def _size(self, value: Array) -> Array:
        """The typical size of an entry, per restart; 0.3 for zeros, so that they can grow."""
        flat = value.reshape(value.shape[0], -1)
        size = np.sqrt((flat * flat).mean(axis=1))
        return self._wide(np.where(size > 1e-12, size, 0.3), value)

    def _noise(self, value: Array) -> Array:
        noise = self.rng.standard_normal(value.shape)
        if value.shape[1] > 1 and self.rng.random() < 0.5:  # a pair moves together
            noise[:, 1:] = noise[:, :1]
        return self._wide(self.scale, value) * self._size(value) * noise

    def _chosen(self) -> dict[Any, Array]:
        """One tensor (or the points) per restart."""
        pick = self.rng.integers(len(self.p.movable), size=self.p.size)
        return {key: pick == n for n, key in enumerate(self.p.movable) if (pick == n).any()}

    def all(self) -> State:
        """Every number moves."""
        return {k: v + self._noise(v) if k in self.p.movable else v for k, v in self.state.items()}

    def one(self) -> State:
        """One tensor moves."""
        out = dict(self.state)
        for key, mask in self._chosen().items():
            out[key] = out[key] + self._wide(mask, out[key]) * self._noise(out[key]) * 2
        return out

    def entry(self) -> State:
        """One entry moves, or becomes zero."""
        out = dict(self.state)
        for key, mask in self._chosen().items():
            v = out[key].copy()
            flat = v.reshape(v.shape[0], v.shape[1], -1)
            for m in np.flatnonzero(mask):
                at = int(self.rng.integers(flat.shape[2]))
                if self.rng.random() < 0.2:
                    flat[m, :, at] = 0.0
                else:
                    flat[m, :, at] += self.scale[m] * 3 * float(self._size(v)[m].ravel()[0]) * self.rng.standard_normal()
            out[key] = v
        return out

    def scaled(self) -> State:
        """One tensor is scaled; in one of ten times to nothing."""
        out = dict(self.state)
        for key, mask in self._chosen().items():
            factor = np.exp(3 * self.scale * self.rng.standard_normal(self.p.size))
            factor = np.where(self.rng.random(self.p.size) < 0.1, 0.0, factor)
            out[key] = out[key] * self._wide(np.where(mask, factor, 1.0), out[key])
        return out

    def flat(self) -> State:
        """Rows of the points move towards (or away from) their means: towards floors."""
        x = self.state["x"]
        mean = x.mean(axis=-1, keepdims=True)
        factor = np.exp(4 * self.scale * self.rng.standard_normal(self.p.size))
        if self.rng.random() < 0.3:
            mean = x.mean(axis=(-3, -2), keepdims=True)  # all rows towards one
        return {**self.state, "x": mean + self._wide(factor, x) * (x - mean)}

    def again(self) -> State | None:
        """The last success, once more, shorter or longer."""
        if self.last is None:
            return None
        factor = np.exp(self.rng.uniform(-1, 2, self.p.size))
        return {k: v + self._wide(factor, v) * self.last[k] if k in self.last else v for k, v in self.state.items()}

    def to_bounds(self) -> State:
        """All tensors that one symbol bounds get the largest of their norms; given bounds are used up."""
        out = dict(self.state)
        sizes: dict[Any, list[Array]] = {}
        for m, key, kind in self.p.sizes:
            if kind == "norm" and key in self.p.movable:
                sizes.setdefault(m, []).append(norm_of(self.p.parameters[key], out[key]))
        for m, key, kind in self.p.sizes:
            if m in sizes and kind == "norm" and key in self.p.movable:
                aim = (np.min if m.low else np.max)(np.stack(sizes[m]), axis=0)
                own = norm_of(self.p.parameters[key], out[key])
                factor = np.where(own > 0, aim / np.where(own > 0, own, 1.0), 1.0)
                out[key] = out[key] * factor.reshape(*factor.shape, *[1] * (out[key].ndim - 2))
        for key, limit in self.p.limits.items():
            if key in self.p.movable and self.p.parameters[key].norm != "least":
                own = norm_of(self.p.parameters[key], out[key])
                factor = np.where(own > 0, limit / np.where(own > 0, own, 1.0), 1.0)
                out[key] = out[key] * factor.reshape(*factor.shape, *[1] * (out[key].ndim - 2))
        return out

    def rank_one(self) -> State:
        """Weights move towards their leading singular pair."""
        out = dict(self.state)
        amount = self._amount()
        for key in self.p.movable:
            if key != "x" and self.p.parameters[key].norm == "spectral" and min(out[key].shape[-2:]) > 1:
                w = out[key]
                u, s, v = np.linalg.svd(np.nan_to_num(w))
                lead = s[..., :1, None] * u[..., :, :1] * v[..., :1, :]
                out[key] = w + self._wide(amount, w) * (lead - w)
        return out

    def closer(self) -> State:
        """A pair: parts of the second network or point move towards (or away from) the first."""
        out = dict(self.state)
        only = self.rng.random() < 0.5
        factor = np.exp(self.rng.normal(0, 1.0, self.p.size)) if self.rng.random() < 0.7 else np.zeros(self.p.size)
        masks = self._chosen() if only else {k: np.ones(self.p.size, dtype=bool) for k in self.p.movable}
        for key, mask in masks.items():
            v = out[key].copy()
            f = self._wide(np.where(mask, factor, 1.0), v[:, 0])
            v[:, 1] = v[:, 0] + f * (v[:, 1] - v[:, 0])
            out[key] = v
        return out

    def _amount(self) -> Array:
        return self.rng.choice([1.0, 0.5, 0.2, 0.05], self.p.size)

    def steepest(self) -> State | None:
        """Towards the maximizer of the linearized quotient over the norm balls.

        For the derivative along its own top singular pair (q, v), log(q . Df v) is differentiated in every movable number,
        as are the measured floors that the bound depends on; a tensor moves towards the member of its norm ball that this
        gradient likes best, keeping its norm, or a little along the gradient.
        """
        gradient = self._gradient()
        if gradient is None:
            return None
        out = dict(self.state)
        amount = self._amount()
        some = self.rng.random() < 0.3
        masks = self._chosen() if some else None
        if self.rng.random() < 0.5:  # plain ascent
            total = sum((g * g).reshape(self.p.size, -1).sum(-1) for g in gradient.values())
            length = 3 * self.scale * np.exp(self.rng.standard_normal(self.p.size)) / np.sqrt(np.maximum(total, 1e-300))
            for key, g in gradient.items():
                out[key] = out[key] + self._wide(length, g) * g * np.minimum(1.0, self._size(out[key]) * np.sqrt(g[0].size))
            return out
        for key, g in gradient.items():
            v = out[key]
            a = amount if masks is None else np.where(masks.get(key, np.zeros(self.p.size, dtype=bool)), amount, 0.0)
            out[key] = v + self._wide(a, v) * (self._favourite(key, g, v) - v)
        return out

    def _favourite(self, key: Any, g: Array, v: Array) -> Array:
        """The element of the norm ball of radius |v| with the largest scalar product with g."""
        kind = "euclidean" if key == "x" else self.p.parameters[key].norm
        flat = np.sqrt((g * g).reshape(g.shape[0], -1).sum(-1))
        known = self._wide(flat > 0, g)
        if kind == "spectral":
            size = norm_of(self.p.parameters[key], v)[..., None, None]
            u, s, w = np.linalg.svd(np.nan_to_num(g), full_matrices=False)
            if self.rng.random() < 0.7:
                best = u[..., :, :1] * w[..., :1, :]
            else:
                best = (u * (s[..., None, :] > 1e-9 * s[..., :1, None])) @ w
            return np.where(known, size * best, v)
        if kind == "sup":
            size = norm_of(self.p.parameters[key], v)
            return np.where(known, self._wide(size[:, 0], v) * np.sign(g), v)
        if kind == "least":
            return v
        size = np.sqrt((v * v).reshape(v.shape[0], -1).sum(-1))
        return np.where(known, self._wide(size / np.where(flat > 0, flat, 1.0), g) * g, v)

    def _gradient(self) -> State | None:
        p, target = self.p, self.target
        if target.quantity == "pair":
            return self._pair_gradient()
        p.evaluate(self.state)  # fills the slice of the present state
        part = p.slice
        if part is None:
            return None
        j = p.jacobian(self.state, part)
        if 0 in j.shape:
            return None
        j = np.nan_to_num(j)
        u, _, w = np.linalg.svd(j, full_matrices=False)
        v, q = u[:, :, 0], w[:, 0]  # directions, outputs
        keys = [k for k in p.movable if k != "x" and any(part.first <= e < part.stop for e in p.used_at[k])]
        moved: list[Any] = [*keys, "x"] if part.first == 0 else list(keys)
        sizes = [int(np.prod((part.x if k == "x" else self.state[k][:, 0]).shape[1:])) for k in moved]
        total = sum(sizes)
        if not total or p.size * total * int(np.prod(part.x.shape[1:])) > 4_000_000:
            return None
        x = part.x[:, None].astype(complex)
        tensors: State = {k: t[:, :1] for k, t in self.state.items() if k != "x"}
        if target.wrt == "input":
            x = x + 1j * IMAGINARY * v.reshape(x.shape)
        else:
            at = 0
            for key in p.trained(part):
                t = tensors[key]
                size = int(np.prod(t.shape[2:]))
                tensors[key] = t + 1j * IMAGINARY * v[:, at:at + size].reshape(t.shape)
                at += size
        steps: dict[Any, Array] = {}
        at = 0
        for key, size in zip(moved, sizes, strict=True):
            base = x if key == "x" else tensors[key]
            dims = base.shape[2:]
            step = DIFFERENCE * np.maximum(np.abs(base).max(axis=tuple(range(1, base.ndim))), 1e-9)
            basis = np.zeros((total + 1, size))
            basis[at:at + size] = np.eye(size)
            new = base + self._wide(step, base) * basis.reshape(total + 1, *dims)
            steps[key] = step
            if key == "x":
                x = new
            else:
                tensors[key] = new
            at += size
        p.runs += p.size
        pull = p.pull()
        floors: dict[Member, Array] = {}

        def watch(event: Any, layer: Normalize, z: Array) -> None:
            symbol = None
            if layer.floor is not None and pull:
                symbol = p._symbol(layer.floor, p.r.at_scope(p.plan.scope_of[event.at], event.iterations), True)
            if symbol is not None:
                least = np.broadcast_to(layer.deviations(z.real).min(axis=-1), (p.size, total + 1))
                floors[symbol] = np.fmin(floors.get(symbol, np.inf), least)

        y = Pass(p.r, tensors, watch).run(x, part.first, part.stop, {k: o[:, :1] for k, o in part.outside.items()})
        y = np.broadcast_to(y, (p.size, total + 1, *y.shape[2:])).imag.reshape(p.size, total + 1, -1) / IMAGINARY
        phi = np.nan_to_num((y * q[:, None]).sum(-1))
        slopes = (phi[:, :-1] - phi[:, -1:]) / np.where(phi[:, -1:] == 0, 1.0, phi[:, -1:])
        for m, least in floors.items():
            if m in pull:
                slopes = slopes - pull[m][:, None] * np.nan_to_num(np.log(least[:, :-1] / least[:, -1:]))
        out: State = {}
        at = 0
        for key, size in zip(moved, sizes, strict=True):
            g = slopes[:, at:at + size] / steps[key][:, None]
            out[key] = g.reshape(self.state[key].shape)
            at += size
        return out

    def _pair_gradient(self) -> State | None:
        """The gradient of |f(x;t) - f(x';t')| alone, by complex steps along random directions of the difference."""
        p = self.p
        out: State = {}
        x = self.state["x"]
        y = Pass(p.r, {k: t for k, t in self.state.items() if k != "x"}).run(x)
        d = y[:, 0] - y[:, 1]
        q = d / np.maximum(np.sqrt((d**2).sum(axis=(-3, -2, -1), keepdims=True)), 1e-300)
        for n, sign in ((0, 1.0), (1, -1.0)):
            one: State = {k: t[:, n:n + 1] for k, t in self.state.items()}
            sizes = {k: int(np.prod(one[k].shape[2:])) for k in p.movable}
            total = sum(sizes.values())
            if p.size * total * int(np.prod(x.shape[2:])) > 4_000_000:
                return None
            at = 0
            moved: State = dict(one)
            for key, size in sizes.items():
                basis = np.zeros((total, size))
                basis[at:at + size] = np.eye(size)
                moved[key] = one[key] + 1j * IMAGINARY * basis.reshape(total, *one[key].shape[2:])
                at += size
            y = Pass(p.r, {k: t for k, t in moved.items() if k != "x"}).run(moved["x"])
            slopes = np.nan_to_num((y.imag / IMAGINARY * q[:, None]).sum(axis=(-3, -2, -1))) * sign
            slopes = np.broadcast_to(slopes, (p.size, total))
            at = 0
            for key, size in sizes.items():
                g = slopes[:, at:at + size].reshape(one[key].shape)
                out[key] = g if n == 0 else np.concatenate([out[key], g], axis=1)
                at += size
        return out


# -- results ------------------------------------------------------------------------------------------------------
def _result(climbs: list[_Climb], target: _Target, title: str, seed: int, steps: int, seconds: float) -> Search:
    ratios: list[tuple[float, float, str]] = []
    best: tuple[float, _Climb, int] | None = None
    unmet = tried = 0
    laws: dict[str, None] = {}
    for climb in climbs:
        for k in range(climb.p.size):
            tried += 1
            laws[climb.p.members[k].law] = None
            value = float(climb.ratio[k])
            if value < 0:
                unmet += 1
                continue
            ratios.append((value, max(0.0, float(climb.started[k])), climb.p.members[k].law))
            if best is None or value > best[0]:
                best = value, climb, k
    if best is None:
        stated = "; ".join(sorted({u.hypothesis.statement for u in target.plan.derivation.uses})) or "none stated"
        raise HypothesisError(f"search for {target.label}: no network with a positive finite bound met the hypotheses "
                              f"({stated}): {tried} networks under the laws {', '.join(laws)} with {steps} iterations each "
                              "were tried; free or lower fixed floors")
    ratios.sort(key=lambda t: (-t[0], -t[1], t[2]))
    return Search(title, target.quantity, target.wrt, target.label, seed, steps, sum(c.p.runs for c in climbs), seconds,
                  [r for r, _, _ in ratios], [s for _, s, _ in ratios], [law for _, _, law in ratios], unmet,
                  _witness(best[1], best[2]))


def _witness(climb: _Climb, k: int) -> dict[str, Any]:
    """Everything about one restart, exactly: doubles as hexadecimal text."""
    p, target, member = climb.p, climb.target, climb.p.members[k]
    with np.errstate(all="ignore"):
        p.evaluate(climb.state)
    values = p.values(k, 0, ())
    at = len(p.plan.derivation.steps) - 1 if target.step is None else target.step
    iterations = () if target.step is None or p.where is None else p.visits[int(p.where[k])].iterations
    return {
        "quantity": target.quantity, "wrt": target.wrt, "label": target.label,
        "step": at, "step iterations": list(iterations),
        "measured": float(climb.measured[k]).hex(), "bound": float(climb.bound[k]).hex(),
        "start": {"seed": member.seed, "law": member.law, "inputs": member.inputs, "points": len(member.points),
                  "fixed": {n: _exact(v) for n, v in member.fixed.items()}},
        "values": {n: _exact(v) for n, v in values.items()},
        "measured symbols": sorted(p.measured_names),
        "tensors": [{"group": key[0], "iterations": list(key[1]), **_written(v[k:k + 1])}
                    for key, v in climb.state.items() if key != "x"],
        "points": _written(climb.state["x"][k:k + 1])}


def _exact(value: Any) -> Any:
    """A number as data: whole numbers, fractions as text, doubles as hexadecimal text."""
    if isinstance(value, (list, tuple)):
        return [_exact(v) for v in value]
    if isinstance(value, (int, np.integer)):
        return int(value)
    return str(value) if isinstance(value, (Fraction, str)) else float(value).hex()


def _written(value: Array) -> dict[str, Any]:
    """An array as data."""
    return {"shape": list(value.shape), "entries": [float(x).hex() for x in value.ravel()]}


def _read(data: Mapping[str, Any]) -> Array:
    """The array that ``_written`` wrote."""
    return np.array([float.fromhex(x) for x in data["entries"]]).reshape([int(n) for n in data["shape"]])


__all__ = ["Search", "confirmed", "realized", "reproduce", "search", "tightness"]
