r"""Attainment: whether a whole bound, not only each of its rules, is the best constant over its parameter set.

A composition is exact when one network makes every rule of the derivation an equality at once. Three arguments are known
to this module; each builds its witness, so that a claim can be measured:

    origin   input bounds. A signal t w, t -> 0, of fixed nonnegative direction runs through weights s out in^T of rank one
             and zero biases; activations act by their slope at 0+. Under variance floors a constant part orthogonal to the
             signal (brought by a bias, or by the input) gives every normalizer a deviation of exactly its floor.
    steepest input bounds of chains whose activations are steepest away from 0: biases put every activation at its
             steepest point.
    ray      parameter bounds and radii: the input R w, all weights and biases at their bounds and along the signal: the
             network is a scalar one with nonnegative numbers, where sums replace triangle inequalities.

``attainment(bound)`` answers "exact" with conditions and proof, or "upper" with the place where the arguments stop. "upper"
says nothing about the truth. Directions are solved by unification over the program, in one pass.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from normbound.calculus.bound import Bound
from normbound.contracts.block import Composite, Layer, Repeat
from normbound.contracts.registry import LAYERS
from normbound.layers.activations import KINDS, CReLU, Elementwise, MaxMin, PReLU
from normbound.layers.linear import Dropout, Identity, LearnedScale, Linear, Outside, Scaling
from normbound.layers.normalization import Affine, Normalize, Squash, Standardize
from normbound.network.program import LEAF, NEXT, OPEN, Instruction, branches, group_name, place
from normbound.terms.evaluate import evaluate
from normbound.terms.normal import same
from normbound.terms.store import Store, Term, sqrt
from normbound.theory.witness import Node, Recipe, Spec

_ROWS = "no witness is known for normalizers whose groups are not single rows"
_KINDS = {k.name: k for k in KINDS}
Condition = tuple[Term, str, Term, str]


class Start(NamedTuple):
    """An activation with phi(0) = 0 near 0: its slope at 0+, and where phi(t) = slope * t.

    slope     "1", or "a" for the argument of the activation
    linear    "ray": for all t >= 0; "near": for small t >= 0; "limit": as t -> 0 only
    two_sided the slope at 0 is the same from both sides
    """

    slope: str
    linear: str
    two_sided: bool = False


# The activations with phi(0) = 0 whose slope at 0+ is their Lipschitz constant, at least for some arguments.
STARTS: Mapping[str, Start] = {
    "ReLU": Start("1", "ray"), "Abs": Start("1", "ray"), "LeakyReLU": Start("1", "ray"), "ELU": Start("1", "ray"),
    "CELU": Start("1", "ray", True), "ReLU6": Start("1", "near"), "HardTanh": Start("1", "near", True),
    "Tanh": Start("1", "limit", True), "Softsign": Start("1", "limit", True), "Sin": Start("a", "limit", True)}


class Peak(NamedTuple):
    """An activation that attains its Lipschitz constant at t* >= 0: bounds t* <= point and |phi(t*)| <= value, both to be
    divided by the argument of the activation where it has one."""

    point: str
    value: str


PEAKS: Mapping[str, Peak] = {
    "GELU": Peak("sqrt(2)", "sqrt(2)"), "GELUTanh": Peak("71/50", "71/50"), "SiLU": Peak("12/5", "12/5"),
    "Mish": Peak("3/2", "3/2"), "Sigmoid": Peak("0", "1/2"), "HardSigmoid": Peak("0", "1/2"), "Tanh": Peak("0", "0"),
    "Softsign": Peak("0", "0"), "HardTanh": Peak("0", "0")}


@dataclass(frozen=True, slots=True, eq=False)
class Attainment:
    """Whether the composition of a bound is exact.

    status      "exact": for all values of the symbols that satisfy ``conditions``, some network in Theta and points in D
                attain the bound or approach it; "upper": nothing is claimed beyond the upper bound
    mode        "attained" or "approached" (as a supremum), "" for "upper"
    statement   the claim, TeX prose
    witness     the network and the points, TeX prose
    proof       why, TeX prose
    conditions  (left, relation, right, reason in TeX prose), relations >=, >, <=
    obstacle    for "upper": where and why the argument stops
    layerwise   (place, layer, sharpness of its own contract in one word), for each layer of the derivation
    recipe      the witness as data
    """

    status: str
    mode: str
    statement: str
    witness: str
    proof: str
    conditions: tuple[Condition, ...]
    obstacle: str
    layerwise: tuple[tuple[str, str, str], ...]
    recipe: Recipe | None = field(repr=False, default=None)

    @property
    def exact(self) -> bool:
        return self.status == "exact"


def attainment(bound: Bound) -> Attainment:
    """Whether the composition of ``bound`` is exact; see the module text."""
    layerwise = _layerwise(bound)
    if bound.unbounded:
        return _upper("the bound is infinite, so there is nothing to attain", layerwise)
    stops: list[_Stop] = []
    for walk in _arguments(bound):
        try:
            return _exact(bound, walk, walk.run(), layerwise)
        except _Stop as stop:
            stops.append(stop)
    return _upper(max(stops, key=lambda s: s.at).words, layerwise)


class _Stop(Exception):
    """The argument does not get past instruction ``at``."""

    def __init__(self, at: int, words: str):
        super().__init__(words)
        self.at = at
        self.words = words


def _arguments(bound: Bound) -> list[_Walk | _Steepest]:
    """The arguments that may apply, in the order in which they are tried."""
    if bound.wrt != "input":
        return [_Walk(bound, "ray")]
    tried: list[_Walk | _Steepest] = [_Walk(bound, "origin")]
    first = next((i for i in bound.derivation.program.layers() if isinstance(i.block, Normalize) and _floored(bound, i)), None)
    if first is None:
        tried.append(_Steepest(bound))
    elif not _indexed(bound, first.block.floor):  # type: ignore[attr-defined]
        tried.append(_Walk(bound, "origin", first))
    return tried


def _indexed(bound: Bound, t: Term) -> bool:
    """Whether a term changes with the index of a Repeat: one point cannot have the deviation of every member."""
    indices = {s.index.id for s in bound.derivation.scopes if s.index is not None}
    return bool(indices) and not indices.isdisjoint(t.store.reachable([t]))


def _floored(bound: Bound, i: Instruction) -> bool:
    """Whether the bound uses the floor of this normalizer."""
    d = bound.derivation
    assert isinstance(i.block, Normalize)
    return bool(d.floors and i.path not in d.dropped and i.block.floor)


# -- directions ------------------------------------------------------------------------------------------------------
class _Directions:
    """Unit vectors with unknowns, solved by unification. An unknown may be required to have no negative entry."""

    def __init__(self) -> None:
        self.nodes: list[Node | None] = []  # None: unknown
        self.widths: list[Term] = []
        self.link: list[int] = []
        self.nonnegative: list[bool] = []

    def unknown(self, width: Term) -> int:
        return self._add(None, width)

    def known(self, kind: str, width: Term, weights: Sequence[Term] = (), parts: Sequence[int] = ()) -> int:
        return self._add(Node(kind, width, tuple(weights), tuple(parts)), width)

    def _add(self, node: Node | None, width: Term) -> int:
        self.nodes.append(node)
        self.widths.append(width)
        self.link.append(len(self.link))
        self.nonnegative.append(False)
        return len(self.link) - 1

    def find(self, k: int) -> int:
        while self.link[k] != k:
            self.link[k] = self.link[self.link[k]]
            k = self.link[k]
        return k

    def unify(self, a: int, b: int) -> bool:
        """Make two directions equal; False when they cannot be."""
        stack = [(a, b)]
        while stack:
            a, b = (self.find(k) for k in stack.pop())
            if a == b:
                continue
            x, y = self.nodes[a], self.nodes[b]
            if self.widths[a].id != self.widths[b].id and not same(self.widths[a], self.widths[b]):
                return False  # parts of different widths: the stacked vectors differ
            if x is None or y is None:
                if x is not None:
                    a, b = b, a
                self.link[a] = b
                if self.nonnegative[a] and not self.require_nonnegative(b):
                    return False
                continue
            if x.kind != y.kind or x.weights != y.weights or len(x.parts) != len(y.parts):
                return False
            self.link[a] = b
            stack.extend(zip(x.parts, y.parts, strict=True))
        return True

    def require_nonnegative(self, k: int) -> bool:
        stack = [k]
        while stack:
            k = self.find(stack.pop())
            node = self.nodes[k]
            if node is not None and node.kind == "centred":
                return False
            if not self.nonnegative[k]:
                self.nonnegative[k] = True
                stack.extend(() if node is None else node.parts)
        return True

    def mentions(self, k: int, symbol: Term) -> bool:
        """Whether the weights of a direction depend on ``symbol``."""
        stack = [k]
        weights: list[Term] = []
        while stack:
            node = self.nodes[self.find(stack.pop())]
            if node is not None:
                weights.extend(node.weights)
                stack.extend(node.parts)
        return bool(weights) and symbol.id in symbol.store.reachable(weights)

    def solved(self) -> tuple[Node, ...]:
        """All directions, unknown ones set to the first unit vector."""
        out = []
        for k in range(len(self.nodes)):
            node = self.nodes[self.find(k)]
            out.append(Node("first", self.widths[k]) if node is None else node)
        return tuple(out)


# -- the walk over the program ---------------------------------------------------------------------------------------
class _Base(NamedTuple):
    """The constant part of a tensor, always orthogonal to the signal.

    kind  "zero"; "carrier": ``size`` * u in every row, which has deviation ``floor`` at the normalizer it is made for (biased
          and unbiased variance of one row differ); "normalized": what a normalizer made of a carrier and
          activations made of that (entries 1 and 2 equal and positive where it centres, entry 2 zero where it does not);
          "loose": any of zero and normalized
    """

    kind: str
    floor: Term | None = None
    centred: bool = False
    size: Term | None = None


_ZERO = _Base("zero")


class _State(NamedTuple):
    signal: int
    base: _Base


class _Frame:
    __slots__ = ("block", "entry", "outs", "parts", "weights")

    def __init__(self, block: Composite | Repeat, entry: _State):
        self.block = block
        self.entry = entry
        self.outs: list[_State] = []
        self.weights: tuple[Term, ...] = ()
        self.parts: list[int] = []


class _Walk:
    """The arguments "origin" and "ray": one pass that tracks the direction of the signal and the constant part."""

    def __init__(self, bound: Bound, argument: str, carrier: Instruction | None = None):
        self.bound = bound
        self.argument = argument
        self.carrier = carrier
        self.derivation = bound.derivation
        self.program = bound.derivation.program
        self.code = self.program.code
        self.store: Store = bound.term.store
        self.directions = _Directions()
        self.conditions: list[Condition] = []
        self.specs: dict[tuple[int, str], Spec] = {}
        self.shared: dict[tuple[str, str], int] = {}
        self.used: set[str] = set()
        self.mode = "attained"
        self.frames: list[_Frame] = []
        self.floors = any(isinstance(i.block, Normalize) and _floored(bound, i) for i in self.program.layers())
        self.at = 0
        self.joins: dict[tuple[int, ...], tuple[int, ...]] = {}
        self.noted: set[tuple[int, str, int]] = set()
        self.handlers: dict[type, Callable[[Instruction, Any, _State], _State]] = {
            Linear: self._linear, Elementwise: self._activation, Identity: self._same, Dropout: self._same,
            Scaling: self._scaled, LearnedScale: self._learned, Affine: self._affine, Standardize: self._standardize,
            Normalize: self._normalize, Outside: self._outside, Squash: self._squash, PReLU: self._prelu,
            MaxMin: self._maxmin, CReLU: self._crelu}

    # -- small things ----------------------------------------------------------------------------------------
    def stop(self, why: str) -> _Stop:
        i = self.code[self.at]
        return _Stop(self.at, f"{_shown(self.bound, i)}: {why}")

    def require(self, left: Term, relation: str, right: Term, reason: str) -> None:
        """Note a condition; one that holds in any case is dropped, one that never holds stops the argument."""
        decided = _decided(left, relation, right)
        if decided is False:
            raise self.stop(f"at these numbers a condition fails: {reason}")
        key = left.id, relation, right.id
        if decided is None and key not in self.noted:
            self.noted.add(key)
            every = ", in every iteration" if _indexed(self.bound, left) or _indexed(self.bound, right) else ""
            self.conditions.append((left, relation, right, reason + every))

    def approached(self) -> None:
        self.mode = "approached"

    def unify(self, a: int, b: int, why: str) -> None:
        if not self.directions.unify(a, b):
            raise self.stop(why)

    def trained(self, i: Instruction, name: str, role: str) -> bool:
        if self.bound.wrt != "parameters":
            return False
        assert isinstance(i.block, Layer)
        return not self.derivation.trainable.isdisjoint((role, group_name(i.block, i.path, name)))

    # -- run -------------------------------------------------------------------------------------------------
    def run(self) -> Recipe:
        domain = self.program.network.input
        signal = self.directions.unknown(domain.features)
        state = _State(signal, _ZERO)
        point = Spec("zero")
        if self.argument == "ray":
            if domain.radius is None:
                raise _Stop(0, "the domain has no radius, so no input is the farthest one")
            point = Spec("along", domain.radius, signal)
        elif self.carrier is not None:
            n, shape = self.carrier.block, domain.shape
            assert isinstance(n, Normalize)
            if n.partition != "row":
                raise _Stop(0, f"{_shown(self.bound, self.carrier)}: {_ROWS}")
            assert n.floor is not None
            size = n.floor * sqrt(n.divisor(shape))
            self._frame_of(signal, n, shape.features)
            if domain.radius is not None:
                self.require(domain.radius, ">", size * sqrt(shape.rows),
                             "the input must be able to bring the deviation of the floor to the first normalizer, with "
                             "some room to move")
            state = _State(signal, _Base("carrier", n.floor, n.center, size))
            point = Spec("carrier", size, centred=n.center)
            self.used.add("input carrier")
        elif domain.radius is not None:
            self.require(domain.radius, ">", self.store.zero, "the domain must contain more than one point")
        if any(isinstance(i.block, Composite) and i.block.rule in ("concat", "parallel") for i in self.code):
            for step in self.derivation.steps:
                if step.rule in ("concat", "parallel"):
                    self.joins[self.code[step.at].path] = step.premises
        for at, i in enumerate(self.code):
            self.at = at
            if i.op == LEAF:
                state = self._leaf(i, state)
            elif i.op == OPEN:
                state = self._open(i, state)
            elif i.op == NEXT:
                state = self._next(i, state)
            else:
                state = self._close(i, state)
        if self.bound.wrt == "parameters":
            self.approached()
        return Recipe(self.argument, self.directions.solved(), self.specs, point, signal)

    def _frame_of(self, signal: int, n: Normalize, width: Term) -> None:
        """The signal direction orthogonal to the carrier; it needs room for both."""
        kind, least = ("centred", 3) if n.center else ("second", 2)
        self.require(width, ">=", self.store.number(least),
                     "signal and constant part are orthogonal" + (" and centred" if n.center else ""))
        self.unify(signal, self.directions.known(kind, width), "its signal would need a direction that an earlier layer "
                   "or another branch excludes")

    # -- layers ----------------------------------------------------------------------------------------------
    def _leaf(self, i: Instruction, state: _State) -> _State:
        layer = i.block
        assert isinstance(layer, Layer)
        for p in layer.parameters(i.shape):
            if p.role == "constant":
                continue
            if p.value is not None:
                raise self.stop("a tensor given by its entries need not be aligned with its neighbours")
            if self.trained(i, p.name, p.role):
                self.require(p.bound, ">", self.store.zero, "a tensor that cannot change has no share in the bound")
        handle = self.handlers.get(type(layer))
        if handle is None:
            raise self.stop("no witness is known for this layer in a composition")
        return handle(i, layer, state)

    def _same(self, i: Instruction, layer: Layer, state: _State) -> _State:
        return state

    def _no_carrier(self, state: _State) -> None:
        if state.base.kind == "carrier":
            raise self.stop("it would change the deviation that the next normalizer needs")

    def _scaled(self, i: Instruction, layer: Scaling, state: _State) -> _State:
        self._no_carrier(state)
        return state

    def _learned(self, i: Instruction, layer: LearnedScale, state: _State) -> _State:
        self._no_carrier(state)
        self.specs[self.at, "alpha"] = Spec("uniform", layer.bound)
        self.used.add("gain")
        return state

    def _linear(self, i: Instruction, layer: Linear, state: _State) -> _State:
        if layer.row_norm != layer.norm:
            raise self.stop("its rows are bounded separately, and the aligned weight may violate that")
        d = self.directions
        out = d.unknown(i.out.features)
        into = state.signal
        if layer.share is not None:
            if self.floors:
                raise self.stop("a shared Linear in a network with variance floors would need two biases at once")
            self._one_tensor(layer, "weight", into)
            self._one_tensor(layer, "output", out)
        self.specs[self.at, "W"] = Spec("outer", layer.norm, out, into)
        self.used.add("linear")
        base = _ZERO
        bias = Spec("zero")
        if self.argument == "ray":
            bias = Spec("along", layer.bias, out)
        else:
            after = self.code[self.at + 1] if self.at + 1 < len(self.code) else None
            n = after.block if after is not None and after.op == LEAF else None
            if isinstance(n, Normalize) and after is not None and _floored(self.bound, after):
                if n.partition != "row":
                    raise _Stop(self.at + 1, f"{_shown(self.bound, after)}: {_ROWS}")
                if layer.bias is None:
                    raise self.stop("it has no bias, so the deviation that the next normalizer needs would have to come "
                                    "through the weight, at the cost of the signal")
                assert n.floor is not None
                size = n.floor * sqrt(n.divisor(i.out))
                self.require(layer.bias, ">=", size, "the bias brings the deviation of the floor to the normalizer")
                self._frame_of(out, n, i.out.features)
                bias = Spec("carrier", size, centred=n.center)
                base = _Base("carrier", n.floor, n.center, size)
                self.used.add("bias carrier")
        if layer.bias is not None:
            self.specs[self.at, "b"] = bias
        return _State(out, base)

    def _one_tensor(self, layer: Layer, what: str, direction: int) -> None:
        """A shared tensor is one tensor: all its uses need the same direction."""
        if layer.share is not None:
            old = self.shared.setdefault((layer.share, what), direction)
            self.unify(old, direction, "the uses of the shared tensors would need them aligned with different directions")

    def _nonnegative(self, state: _State) -> None:
        if not self.directions.require_nonnegative(state.signal):
            raise self.stop("it passes only one side of 0, and the signal has entries of both signs there")

    def _slope(self, i: Instruction, layer: Elementwise) -> Start:
        start = STARTS.get(layer.kind.name) if layer.kind is _KINDS.get(layer.kind.name) else None
        if start is None:
            raise self.stop("its Lipschitz constant is not its slope at 0, where the aligned network works")
        lip, a = layer.kind.lip(self.store, layer.argument or self.store.one), layer.argument
        slope = self.store.one if start.slope == "1" or a is None else a
        if lip != slope:
            assert a is not None
            self.require(a, "<=", self.store.one, "the steeper side of the activation is the positive one")
        return start

    def _activation(self, i: Instruction, layer: Elementwise, state: _State) -> _State:
        start = self._slope(i, layer)
        if self.argument == "ray":
            if start.linear != "ray":
                raise self.stop("it bends away from the line that its growth ratio allows, so inputs far from 0 do not "
                                "attain it")
            self._nonnegative(state)
            return state
        kind = state.base.kind
        if kind == "carrier":
            raise self.stop("it would change the deviation that the next normalizer needs")
        if kind == "loose":
            raise self.stop("the constant part that reaches it is zero in one iteration and not in the next")
        if kind == "normalized" and state.base.centred:
            if start.linear != "ray":
                raise self.stop("after a centring normalizer its inputs are not near 0, where alone its slope is largest")
            assert state.base.floor is not None
            self.require(state.base.floor, ">", self.store.zero, "the constant part keeps the activation on its positive "
                         "side")
            return state
        if not start.two_sided:
            self._nonnegative(state)
        if start.linear == "limit":
            self.approached()
        self.used.add("activation")
        return state

    def _squash(self, i: Instruction, layer: Squash, state: _State) -> _State:
        if self.argument == "ray" or state.base.kind != "zero":
            raise self.stop("its slope is largest at 0 only, and inputs away from 0 reach it")
        self.approached()
        self.used.add("activation")
        return state

    def _only_zero(self, state: _State) -> None:
        if state.base.kind != "zero":
            raise self.stop("a normalizer's constant part reaches it, and no witness is known for that")

    def _prelu(self, i: Instruction, layer: PReLU, state: _State) -> _State:
        if self.trained(i, "a", "slope"):
            raise self.stop("its slope moves negative entries only, and the aligned network has none")
        self._only_zero(state)
        self.require(layer.bound, "<=", self.store.one, "the steeper side of the activation is the positive one")
        self._nonnegative(state)
        self.specs[self.at, "a"] = Spec("zero")
        self.used.add("slope")
        return state

    def _maxmin(self, i: Instruction, layer: MaxMin, state: _State) -> _State:
        self._only_zero(state)
        self._first(state, "it sorts entries, which may turn the signal")
        return state

    def _first(self, state: _State, why: str) -> None:
        width = self.directions.widths[state.signal]
        self.unify(state.signal, self.directions.known("first", width), why)

    def _crelu(self, i: Instruction, layer: CReLU, state: _State) -> _State:
        self._only_zero(state)
        self._nonnegative(state)
        d, one = self.directions, self.store.one
        half = d.known("block", i.out.features, (one, self.store.zero), (state.signal, d.unknown(i.shape.features)))
        return _State(half, _ZERO)

    def _standardize(self, i: Instruction, layer: Standardize, state: _State) -> _State:
        self._no_carrier(state)
        self.specs[self.at, "var"] = Spec("uniform", layer.var)
        self.specs[self.at, "mean"] = Spec("against", layer.mean, state.signal) if self.argument == "ray" else Spec("zero")
        self.used.add("batch")
        return state

    def _affine(self, i: Instruction, layer: Affine, state: _State) -> _State:
        self._no_carrier(state)
        if layer.gain is not None:
            self.specs[self.at, "gamma"] = Spec("uniform", layer.gain)
            self.used.add("gain")
            if self.trained(i, "gamma", "gain"):
                self._first(state, "its gain is worth most for a signal in one entry, and the signal is spread out there")
        ray = self.argument == "ray"
        if ray and layer.after is None and self.at and isinstance(before := self.code[self.at - 1].block, Standardize) \
                and before.mean:
            self._one_tensor(layer, "mean", state.signal)  # so that statistics that go with the shared tensors agree too
        if layer.shift is not None:
            if ray:
                self._one_tensor(layer, "shift", state.signal)
            self.specs[self.at, "beta"] = Spec("along", layer.shift, state.signal) if ray else Spec("zero")
        return state

    def _normalize(self, i: Instruction, layer: Normalize, state: _State) -> _State:
        if self.argument == "ray":
            if self.bound.wrt == "radius":
                raise self.stop("its output has the norm that bounds it only without an epsilon, and no witness is known")
            raise self.stop("its slope and the size of its output are bounded by separate worst cases")
        if layer.partition != "row":
            raise self.stop(_ROWS)
        self.approached()
        if not _floored(self.bound, i):
            self._only_zero(state)
            if layer.center:
                self.require(i.shape.features, ">=", self.store.number(2), "a centred signal needs two entries")
                self.unify(state.signal, self.directions.known("centred", i.shape.features),
                           "its signal would have to be centred, which an earlier layer or another branch excludes")
            self.used |= {"free normalizer", "free centring"} if layer.center else {"free normalizer"}
            return state
        base = state.base
        if base.kind != "carrier":
            raise self.stop("no bias directly before it, and no input alone, brings it a deviation of exactly its floor")
        assert base.size is not None and layer.floor is not None
        if base.centred != layer.center or not same(base.size, layer.floor * sqrt(layer.divisor(i.shape))):
            raise self.stop("the constant part that reaches it has the deviation of another normalizer's floor")
        self.used.add("centring" if layer.center else "plain")
        return _State(state.signal, _Base("normalized", layer.floor, layer.center))

    def _outside(self, i: Instruction, layer: Outside, state: _State) -> _State:
        for frame in reversed(self.frames):
            block = frame.block
            if isinstance(block, Composite) and block.rule in ("concat", "parallel"):
                raise self.stop("the derivation adds what the stream and the captured tensor bring, although they stand in "
                                "different features")
            if isinstance(block, Repeat) and layer.source in block.capture and len(frame.outs) == len(branches(block)) - 1:
                found = frame.outs[1 + list(block.capture).index(layer.source)]
                if self.argument == "ray" and i.shape.rows.literal() != 1:
                    raise self.stop("the radius of a captured tensor is counted once for each row")
                if found.base.kind != "zero":
                    raise self.stop("the captured tensor has a constant part")
                self.used.add("capture")
                return found
        raise self.stop("it captures nothing")

    # -- brackets --------------------------------------------------------------------------------------------
    def _open(self, i: Instruction, state: _State) -> _State:
        block = i.block
        assert isinstance(block, (Composite, Repeat))
        if isinstance(block, Composite):
            if block.rule == "product":
                raise self.stop("a product is bounded by its factors' largest entries and slopes at once, which need not "
                                "occur at one input")
            if block.rule == "scale" and block.sign < 0:
                raise self.stop("a negative factor turns the signal against the other branches")
        frame = _Frame(block, state)
        self.frames.append(frame)
        if isinstance(block, Composite) and block.rule in ("concat", "parallel"):
            self._joined(i, frame)
        return self._entry(frame, 0)

    def _joined(self, i: Instruction, frame: _Frame) -> None:
        block = frame.block
        assert isinstance(block, Composite)
        summaries = [self.derivation.steps[k].summary for k in self.joins[i.path]]
        frame.weights = tuple(s.L for s in summaries)
        if self.argument == "ray":
            if any(s.q2 or s.q1 or s.q0 or s.shared for s in summaries):
                raise self.stop("its branches have parameters of their own, whose effects stand in different features: the "
                                "maximum that bounds them is not attained together with the rest")
            if any(s.b0 for s in summaries):
                raise self.stop("a bias in one branch and growth in another do not add up as the Minkowski inequality allows")
        if frame.entry.base.kind != "zero":
            raise self.stop("a normalizer's constant part enters its branches")
        self.used.add(block.rule)
        if block.rule == "parallel":
            d, count = self.directions, len(block.parts)
            width = i.shape.features * self.store.number(Fraction(1, count))
            frame.parts = [d.unknown(width) for _ in block.parts]
            whole = d.known("block", i.shape.features, frame.weights, frame.parts)
            self.unify(frame.entry.signal, whole, "its input would have to stand in the block with the largest constant")

    def _entry(self, frame: _Frame, branch: int) -> _State:
        block = frame.block
        if isinstance(block, Composite) and block.rule == "parallel":
            return _State(frame.parts[branch], _ZERO)
        if isinstance(block, Repeat) and branch == len(branches(block)) - 1:
            start = frame.outs[0]
            loose = self.floors and start.base.kind in ("zero", "normalized")
            return _State(start.signal, _Base("loose")) if loose else start
        return frame.entry

    def _next(self, i: Instruction, state: _State) -> _State:
        frame = self.frames[-1]
        frame.outs.append(state)
        return self._entry(frame, i.branch)

    def _close(self, i: Instruction, state: _State) -> _State:
        frame = self.frames.pop()
        frame.outs.append(state)
        block, outs, d = frame.block, frame.outs, self.directions
        if isinstance(block, Repeat):
            return self._repeated(block, outs[0], state)
        assert isinstance(block, Composite)
        if block.rule == "scale":
            self._no_carrier(state)
            return state
        if block.rule == "sum":
            for o in outs[1:]:
                self.unify(outs[0].signal, o.signal, "its branches end along different directions")
            self.used.add("sum")
            return _State(outs[0].signal, self._added([o.base for o in outs]))
        if any(o.base.kind != "zero" for o in outs):
            raise self.stop("a normalizer's constant part leaves its branches")
        kind = "joined" if block.rule == "concat" else "block"
        return _State(d.known(kind, i.out.features, frame.weights, [o.signal for o in outs]), _ZERO)

    def _added(self, bases: Sequence[_Base]) -> _Base:
        others = [b for b in bases if b.kind != "zero"]
        if not others:
            return _ZERO
        if any(b.kind == "carrier" for b in others):
            if len(others) > 1:
                raise self.stop("a branch adds to the deviation that the next normalizer needs")
            return others[0]
        if all(b.kind == "normalized" and b.centred == others[0].centred for b in others):
            return others[0]
        return _Base("loose")

    def _repeated(self, block: Repeat, start: _State, end: _State) -> _State:
        self.unify(start.signal, end.signal, "its iterations would have to begin and end along one direction")
        self.used.add("tied" if block.tied else "repeat")
        if block.index is not None and self.directions.mentions(start.signal, self.store.symbol(block.index)):
            raise self.stop("the direction of the signal would change from iteration to iteration")
        if start.base.kind == "carrier":
            if end.base != start.base:
                raise self.stop("an iteration changes the deviation that the next one needs")
            return end
        if end.base.kind == "carrier":
            raise self.stop("an iteration ends with the deviation of a floor, and the next one does not begin so")
        return _State(end.signal, _Base("loose") if self.floors else _ZERO)


# -- activations at their steepest point --------------------------------------------------------------------------------
class _Steepest:
    """Chains Linear(s, bias=b) >> activation with biases that put every activation at its steepest point.

    The stream is 0 at the start and phi(t*) after an activation, so the bias t* - s * (stream) is needed.
    """

    def __init__(self, bound: Bound):
        self.walk = _Walk(bound, "steepest")
        self.mode = "approached"
        self.used: set[str] = {"steepest"}

    @property
    def conditions(self) -> list[Condition]:
        return self.walk.conditions

    def run(self) -> Recipe:
        w = self.walk
        code, store, d = w.code, w.store, w.directions
        domain = w.program.network.input
        if domain.radius is not None:
            w.require(domain.radius, ">", store.zero, "the domain must contain more than one point")
        activations = [i.block for i in code if isinstance(i.block, Elementwise)]
        values = [self._at(k, PEAKS[k.kind.name].value) for k in activations if k.kind.name in PEAKS]
        reach = store.maximum(values) if values else store.zero
        first = d.known("first", domain.features)
        active = False
        for at, i in enumerate(code):
            w.at = at
            block = i.block
            if isinstance(block, Repeat):
                if block.tied or block.capture or block.start is not None:
                    raise w.stop("biases that differ from iteration to iteration would be needed")
                continue
            after = code[at + 1].block if at + 1 < len(code) and code[at + 1].op == LEAF else None
            if isinstance(block, Linear):
                if block.weight_value is not None or block.bias_value is not None or block.row_norm != block.norm \
                        or block.share is not None:
                    raise w.stop("its weight or bias cannot be chosen freely")
                out = d.known("first", i.out.features)
                w.specs[at, "W"] = Spec("outer", block.norm, out, d.known("first", i.shape.features))
                if isinstance(after, Elementwise):
                    peak = PEAKS.get(after.kind.name) if after.kind is _KINDS.get(after.kind.name) else None
                    if peak is None:
                        w.at = at + 1
                        raise w.stop("no bias is known that puts it at a point of largest slope")
                    if block.bias is None:
                        raise w.stop("it has no bias to put the next activation at its steepest point")
                    need = store.maximum((self._at(after, peak.point), block.norm * reach))
                    w.require(block.bias, ">=", need, "the bias puts the activation at its steepest point")
                    w.specs[at, "b"] = Spec("steepest", block.norm, out, peak=after)
                elif at + 1 < len(code):
                    raise w.stop("it is not followed directly by an activation")
                elif block.bias is not None:
                    w.specs[at, "b"] = Spec("zero")
                active = True
            elif type(block) in (Identity, Dropout):
                continue
            elif isinstance(block, Elementwise):
                if not active or not (at and isinstance(code[at - 1].block, Linear) and code[at - 1].op == LEAF):
                    raise w.stop("no bias stands directly before it")
            else:
                raise w.stop("only chains of Linear and activations have a witness of this kind")
        return Recipe("steepest", d.solved(), dict(w.specs), Spec("zero"), first)

    def _at(self, layer: Elementwise, text: str) -> Term:
        value = self.walk.store.term(text)
        return value if layer.argument is None or not value else value / layer.argument


# -- words ---------------------------------------------------------------------------------------------------------------
_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {">=": operator.ge, ">": operator.gt, "<=": operator.le}


def _decided(left: Term, relation: str, right: Term) -> bool | None:
    """Whether a relation holds for all values of the symbols (True), for none (False), or for some (None)."""
    if relation == ">" and not right and left.is_positive:
        return True
    if relation != ">" and (left is right or same(left, right)):
        return True
    if left.store.symbols(left, right):
        return None
    a, b = evaluate(left, {}), evaluate(right, {})
    holds = _RELATIONS[relation]
    return True if holds(a, b) else None if a.overlaps(b) and not (a.is_exact() and b.is_exact()) else False


def _shown(bound: Bound, i: Instruction) -> str:
    """A place and what stands there; names of layers that are not built in are left out (prose holds no user text)."""
    block = i.block
    if isinstance(block, Repeat):
        return f"{place(i.path)} (Repeat)"
    if isinstance(block, Composite):
        return f"{place(i.path)} ({block.rule})"
    name = getattr(block, "title", None) or getattr(block, "name", "")
    known = block.__class__.__module__.startswith("normbound.")
    return f"{place(i.path)} ({name})" if known else place(i.path)


def _layerwise(bound: Bound) -> tuple[tuple[str, str, str], ...]:
    """The layers in program order, each with the first word of its own sharpness."""
    found: dict[tuple[int, ...], list[Layer]] = {}
    for i in bound.derivation.program.layers():
        assert isinstance(i.block, Layer)
        found.setdefault(i.path, []).append(i.block)
    out = []
    for path, parts in found.items():
        titles = [t for p in parts if (t := getattr(p, "title", None)) and t in LAYERS and t != "Affine"]
        name = titles[0] if titles else "DyT" if any(isinstance(p, Squash) for p in parts) else parts[0].name
        entry = LAYERS.get(name)
        word = "upper" if entry is None else entry.sharpness.split(":")[0].split(",")[0].split()[0]
        if entry is not None and bound.wrt == "parameters" and "upper in" in entry.sharpness:
            word = "upper"
        out.append((place(path), name, word))
    return tuple(out)


def _upper(obstacle: str, layerwise: tuple[tuple[str, str, str], ...]) -> Attainment:
    return Attainment(
        "upper", "", r"The bound is an upper bound. Nothing is claimed about whether some network in $\Theta$ comes close to "
        "it.", "", "", (), obstacle, layerwise)


def _exact(bound: Bound, walk: _Walk | _Steepest, recipe: Recipe, layerwise: tuple[tuple[str, str, str], ...]) -> Attainment:
    mode = walk.mode
    under = " that satisfy the conditions below" if walk.conditions else ""
    if bound.wrt == "radius":
        claim = r"some network in $\Theta$ and an input in $D$ have an output of exactly this norm"
    elif bound.wrt == "parameters":
        claim = (r"some $\theta \in \Theta$ and an input $x$ in $D$ have $\abs{f(x;\theta) - f(x;\theta')}/\abs{\theta - "
                 r"\theta'}$ as close to the bound as desired for suitable $\theta' \in \Theta$ near $\theta$")
    elif mode == "attained":
        claim = (r"some network in $\Theta$ and two points of $D$ have $\abs{f(x) - f(x')} / \abs{x - x'}$ equal to the "
                 "bound")
    else:
        claim = (r"some network in $\Theta$ and pairs of points of $D$ have $\abs{f(x) - f(x')} / \abs{x - x'}$ as close to "
                 "the bound as desired")
    return Attainment(
        "exact", mode, f"The composition is exact: for all values of the symbols{under}, {claim}. No smaller constant "
        r"holds for all of $\Theta$ and $D$.", " ".join(_witness(walk.used, recipe)),
        " ".join(_proof(bound, walk.used, recipe)), tuple(walk.conditions), "", layerwise, recipe)


def _witness(used: set[str], recipe: Recipe) -> list[str]:
    out = []
    if recipe.argument == "steepest":
        return [r"All weights are $s \, e_1 e_1^T$ with $e_1$ the first unit vector and $s$ their bound. The bias before an "
                r"activation is $(t^* - s y) e_1$, where $t^*$ is the point of largest slope and $y$ the first entry of the "
                "stream that reaches the layer. The inputs are $0$ and $t e_1$ with small $t > 0$ (in every row)."]
    out.append(r"Every weight is $W = s \, w' w^T$ with $s$ its bound and unit vectors $w, w'$: $w$ is the direction of the "
               r"signal that enters, $w'$ that of the signal that leaves.")
    if recipe.argument == "ray":
        out.append(r"The input has all rows equal to $w$ and Euclidean norm $R$; biases and shifts are along $w'$, at their "
                   r"bounds, and no entry is negative. Unless said otherwise $w = e_1$, the first unit vector.")
        if "batch" in used:
            out.append("Running variances are at their lower bound, running means are the bound times $-w$.")
    else:
        out.append(r"The inputs are $x_0$ and $x_0 + t w$ (in every row) with small $t > 0$.")
        if "bias carrier" in used or "input carrier" in used:
            frame = []
            if "centring" in used:
                frame.append(r"$w = (1,-1,0,\ldots,0)/\sqrt{2}$ and $u = (1,1,-2,0,\ldots,0)/\sqrt{6}$ where the "
                             "normalizer centres")
            if "plain" in used:
                frame.append(r"$w = e_2$ and $u = e_1$ where it does not centre")
            out.append("Where a normalizer with a floor fixes the direction of a tensor, also through the activations, sums "
                       "and repeats that keep it, " + ", ".join(frame) + ".")
            if "bias carrier" in used:
                out.append(r"The bias before it is $\sigma \sqrt{D} \, u$ with $\sigma$ the floor and $D$ the divisor of its "
                           "variance.")
            if "input carrier" in used:
                out.append(r"The base point $x_0$ is $\sigma \sqrt{D} \, u$ in every row.")
            else:
                out.append("The base point $x_0$ is $0$.")
            out.append("Everywhere else $w = e_1$; all other biases and shifts are $0$.")
        else:
            out.append("The base point $x_0$ is $0$; biases, shifts and running means are $0$. Unless said otherwise $w = "
                       "e_1$, the first unit vector.")
        if "free centring" in used:
            out.append(r"At a centring normalizer without floor $w = (1,-1,0,\ldots,0)/\sqrt{2}$.")
        if "batch" in used:
            out.append("Running variances are at their lower bound.")
    if "gain" in used:
        out.append("Every gain, and every learned scale, is its bound in all entries.")
    if "slope" in used:
        out.append("The slopes of PReLU are $0$.")
    if "concat" in used:
        out.append("After a concatenation $w$ is the vector of the branches' directions, weighted with their Lipschitz "
                   "constants and normalized.")
    if "parallel" in used:
        out.append("Before a parallel block $w$ stands in the part with the largest Lipschitz constant.")
    return out


def _proof(bound: Bound, used: set[str], recipe: Recipe) -> list[str]:
    if recipe.argument == "steepest":
        return [r"By induction over the layers the first entry of every activation's input is $t^*$ at $t = 0$: the stream "
                r"$y$ is $0$ at the input and $\varphi(t^*)$ after an activation, so the bias has size $\abs{t^* - s y}$, at "
                r"most the larger of $t^*$ and $s \abs{y}$. The derivative along $e_1$ is then the product of all $s$ and all "
                "largest slopes, which is the bound."]
    out = []
    if recipe.argument == "ray":
        out.append(r"By induction over the layers every tensor is $B w$ in the sense that all rows are equal to a nonnegative "
                   "multiple of $w$, with norm $B$ equal to the radius that the derivation propagates: weights multiply the "
                   "norm by $s$, biases add to it in the direction it has, and activations act as the identity on "
                   "nonnegative vectors.")
        if bound.wrt == "parameters":
            out.append(r"A change of a weight along $w' w^T$ moves its output by $B$ along $w'$ for each unit, a change of a "
                       r"bias along $w'$ by the square root of the number of rows, and every later layer multiplies that by "
                       "its Lipschitz constant. So all parameters move the output along one direction, with the sensitivities "
                       "of the derivation: different tensors by root-sum-square, the uses of one tensor by their sum. Moving "
                       r"them inwards keeps them in $\Theta$.")
    else:
        out.append("By induction over the layers the difference of the two tensors is a multiple of $w$, up to terms that "
                   "vanish faster than $t$, and each layer multiplies it by its own Lipschitz constant: a weight by $s$, an "
                   "activation by its slope at $0$ from the right, which is its largest.")
        if "centring" in used or "plain" in used:
            out.append(r"At a floored normalizer the base point has deviation exactly $\sigma$ along $u$, and the signal is "
                       r"orthogonal to it: the deviation is at least $\sigma$ at both points, so both are in $D$, and the "
                       r"derivative along $w$ is $1/\sqrt{\sigma^2 + \varepsilon}$, the constant of the normalizer under its "
                       "floor. What it makes of $u$ stays orthogonal to $w$, and the next weight removes it.")
            if "centring" in used:
                out.append("Its entries $1$ and $2$ are equal and positive, so a following activation acts on the signal by "
                           "its slope on the positive side.")
        if "free normalizer" in used:
            out.append(r"A normalizer without floor has slope $1/\sqrt{\varepsilon}$ at $0$.")
    if "sum" in used:
        out.append("The branches of a sum end along one direction with nonnegative factors, so the triangle inequality is an "
                   "equality.")
    if "capture" in used:
        out.append("A captured tensor has the direction of the stream, so its share is added in full at every step.")
    if "concat" in used:
        out.append("The parts of a concatenation are orthogonal, so its norms add by root-sum-square; the next weight is "
                   "aligned with the sum.")
    if "parallel" in used:
        out.append("The whole signal runs through the branch with the largest constant.")
    if "repeat" in used or "tied" in used:
        out.append("The signal has one direction at the beginning of all iterations, so the argument repeats"
                   + (", with the same weights where they are tied." if "tied" in used else "."))
    return out


__all__ = ["PEAKS", "STARTS", "Attainment", "Condition", "Peak", "Start", "attainment"]
