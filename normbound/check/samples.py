"""Measured data about small blocks: what the audit compares promises with.

A case is a block; its promises are read off the derivation, relative to the block's own input. ``measure`` runs the
block on many small networks (several shapes, laws, inputs, and the witness of the layer) with an interpreter of its own,
by complex steps, and fills the cells of every claim. The data do not depend on the promises: a wrong contract changes
what is promised, never what is measured.

Composition rules are measured on probes. A probe is a layer that attains every coefficient of its contract at once: near
the point where it stands it is affine, with the value b0 + G|x|, the slope L and the derivative l1|x| + l0 in its
tensor, all of them along one direction. Some function that meets the contract (with G <= L) has these values, so what a
composition of probes does is what the rule must allow for, and where all effects are aligned it is what the rule
promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from normbound.calculus.derivation import Derivation
from normbound.calculus.derive import analyse
from normbound.calculus.repeat import close_groups
from normbound.check.mutants import Claim
from normbound.contracts.block import Block, Composite, Layer, Parameter, Repeat, extreme, scaled
from normbound.contracts.context import ROLES, Context, Contract, Sensitivity, Shape
from normbound.contracts.hypothesis import Hypothesis
from normbound.contracts.summary import Summary
from normbound.errors import NetworkError, ShapeError
from normbound.layers.activations import SquaredReLU
from normbound.layers.linear import Linear, Outside
from normbound.layers.normalization import Affine, Normalize, Standardize
from normbound.network.program import Input, Network
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.store import Op, Store, Term, sqrt

Array = Any
Key = tuple[Any, ...]
STEP = 1e-30
CENTRING = 1e-9
ROUNDING = 4e-15  # of a difference of two outputs, relative to their norms
DIMENSIONS = ("n", "m", "d")
RADIUS, NORM, MOVED, TURNED = "R", "B", "dx", "dt"  # domain, input of a point, distances of inputs and of parameters


# -- probes -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, eq=False)
class Probe(Layer):
    """A layer on each row that attains all of its contract (lip, offset, growth, tensors (l1, l0)) at every point."""

    lip: Term
    offset: Term
    growth: Term
    tensors: tuple[tuple[Term, Term], ...]
    largest: Term | None = None
    share: str | None = None
    stem: str = ""
    name = "Probe"
    why = "the contract is assumed"

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        one = shape.rows.store.one
        numbers = {"lip": self.lip, "offset": self.offset, "growth": self.growth}
        for k, (l1, l0) in enumerate(self.tensors):
            numbers |= {f"slope{k}": l1, f"start{k}": l0}
        return (*(Parameter(n + self.stem, "constant", (), "exact", t) for n, t in numbers.items()),
                *(Parameter(f"w{k}", ROLES[k], (), "euclidean", one) for k in range(len(self.tensors))))

    def contract(self, context: Context) -> Contract:
        return Contract(self.lip, self.offset, self.growth,
                        tuple(Sensitivity(f"w{k}", ROLES[k], l1, l0) for k, (l1, l0) in enumerate(self.tensors)))

    def sup(self, context: Context) -> Term | None:
        return self.largest

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        def at(name: str) -> Any:
            return np.asarray(tensors[name if name in tensors else name + self.stem])[..., None, None, None]

        width = x.shape[-1]
        size = np.sqrt((x.real**2).sum(-1, keepdims=True))
        ahead = np.where(size > 0, x.real / np.where(size > 0, size, 1.0), 1 / np.sqrt(width))
        value = at("offset") + at("growth") * size
        for k in range(len(self.tensors)):
            value = value + at(f"w{k}") * (at(f"slope{k}") * size + at(f"start{k}"))
        if np.iscomplexobj(x):
            value = value + 1j * at("lip") * (ahead * x.imag).sum(-1, keepdims=True)
        return value * np.ones(width) / np.sqrt(width)


def probe(store: Store, stem: str, tensors: int = 1, share: str | None = None, index: str | None = None,
          growth: bool = True, entries: bool = False) -> Probe:
    """A probe whose coefficients are the symbols L, b, G, u, v (and y, z) followed by ``stem``, or families of them."""
    def coefficient(letter: str) -> Term:
        name = letter + stem
        return store.symbol(name) if index is None else store.element(name, store.symbol(index))

    pairs = tuple((coefficient(a), coefficient(b)) for a, b in (("u", "v"), ("y", "z"))[:tensors])
    return Probe(coefficient("L"), coefficient("b"), coefficient("G") if growth else store.zero, pairs,
                 coefficient("F") if entries else None, share, stem)


# -- cases --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Case:
    """One block to measure.

    label    what is built, in words
    build    makes the block in the current store
    probes   stems of the probes in it; then the networks are local and laws of weights do not matter
    even     features must be even
    widest   most entries of an input
    depths   numbers of iterations to draw from
    scalar   inputs are single numbers: promises that are sharp only there
    upper    quantities that are not sharp here: upper bounds, nothing more is claimed
    partly   quantities that are attained for some numbers only; of probes all others must be attained for all numbers
    """

    label: str
    build: Callable[[], Block]
    probes: tuple[str, ...] = ()
    even: bool = False
    widest: int = 24
    depths: tuple[int, ...] = (0, 1, 2, 3, 4, 6)
    scalar: bool = False
    upper: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()


@dataclass(slots=True)
class Promises:
    """The claims of one case under one policy, and the hypotheses of the derivation."""

    label: str
    claims: dict[str, Claim]
    hypotheses: list[Hypothesis]


@dataclass(slots=True)
class Measured:
    """Counts of one case."""

    networks: int = 0
    points: int = 0
    tests: int = 0
    unmet: int = 0


def wrapped(case: Case, block: Block, store: Store) -> Network:
    """``block`` on a domain with symbolic dimensions, inside a bracket, so that one step is about it alone."""
    inner = scaled(store.one, block)
    domain = Input(RADIUS, 1) if case.scalar else Input(RADIUS, "d", "n", "m")
    return domain >> inner >> SquaredReLU()  # a layer that asks for the largest entry


def own_summary(d: Derivation) -> Summary:
    """The summary of the block in ``wrapped``, relative to its own input."""
    found = [s for s in d.steps if s.rule == "scale"]
    if not found:
        raise NetworkError("the derivation has no step for the block")
    return found[-1].summary


def promises(case: Case, block: Block, store: Store, status: Callable[[str], str]) -> list[Promises]:
    """The claims of a case, with the declared floors and, where there are some, without them."""
    network = wrapped(case, block, store)
    out = []
    with_floors = analyse(network)
    policies = [(True, with_floors)]
    if any(h.kind == "floor" for h in (u.hypothesis for u in with_floors.uses)):
        policies.append((False, analyse(network, floors=False)))
    for floors, d in policies:
        whole = own_summary(d)
        hypotheses = [u.hypothesis for u in d.uses if u.scope == 0]
        label = case.label if floors else f"{case.label}, no floor used"
        claims = {c.name: c for c in _claims(network, whole, floors, store, status)}
        out.append(Promises(label, claims, hypotheses))
    return out


def _claims(network: Network, s: Summary, floors: bool, store: Store, status: Callable[[str], str]) -> Iterable[Claim]:
    B, dx, dt = (store.symbol(n) for n in (NORM, MOVED, TURNED))
    rows = sqrt(store.symbol("n") * store.symbol("m"))
    program = network.program()
    naturals = frozenset(DIMENSIONS) | {n for i in program.code if isinstance(i.block, Repeat)
                                        for n in store.symbols(i.block.depth)}
    made: list[Claim] = [Claim("input", status("input"), s.L, (
        ("the growth for the Lipschitz constant", s.G), ("a factor sqrt(rows) added", rows * s.L),
        ("divided by sqrt(rows)", s.L / rows)), naturals)]
    made.append(Claim("radius", status("radius"), s.radius(B), (
        ("the Lipschitz constant for the growth", s.b0 + s.L * B),
        ("a factor sqrt(rows) added to b0", rows * s.b0 + s.G * B),
        ("b0 divided by sqrt(rows)", s.b0 / rows + s.G * B),
        ("a factor sqrt(rows) added to G", s.b0 + rows * s.G * B)), naturals))
    if s.sup is not None:
        made.append(Claim("sup", status("sup"), s.sup, (), naturals))
    present = {p.role for i in program.layers() for p in i.block.parameters(i.shape)}  # type: ignore
    roles = [r for r in ROLES if r in present]
    sensitivities = [(r, own_summary(analyse(network, (r,), floors))) for r in roles]
    if len(roles) > 1:
        sensitivities.append(("all", s))
    for name, found in sensitivities:
        c = close_groups(found, ())
        p2 = c.p_squared(B)
        made.append(Claim(name, status(name), sqrt(p2), (
            ("a factor sqrt(rows) added to p", rows * sqrt(p2)), ("p divided by sqrt(rows)", sqrt(p2) / rows),
            ("the square for p", p2),
            ("the rows counted in q2", sqrt(c._replace(q2=c.q2 * rows**2).p_squared(B))),
            ("the rows counted twice in q0", sqrt(c._replace(q0=c.q0 * rows**2).p_squared(B))),
            ("q1 dropped", sqrt(c._replace(q1=store.zero).p_squared(B)))), naturals))
    if roles and not any(isinstance(i.block, Probe) for i in program.code):
        made.append(Claim("pair", "upper", s.L * dx + sqrt(close_groups(s, ()).p_squared(B)) * dt, (), naturals,
                          mutate=False))
    for claim in made:
        if program.network.input.shape.rows.literal() is not None:
            claim.variants = ()  # no rows to count
        if not claim.promise.is_unbounded:
            claim.want(store)
            yield claim


# -- the interpreter ----------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Sample:
    """Values and tensors of one sample: two networks (probes: one) with the values of the symbols.

    draw       makes a tensor of a layer when it is first needed: (layer, parameter, dims, bound, input) -> array
    tensors    key -> array (networks, 1, *dims)
    """

    values: dict[str, Any]
    draw: Callable[[Layer, Parameter, tuple[int, ...], float, Array], Array]
    second: Callable[[Array, Parameter, float], Array] | None
    tensors: dict[Key, Array] = field(default_factory=dict)
    roles: dict[Key, str] = field(default_factory=dict)
    sizes: dict[str, list[float]] = field(default_factory=dict)
    lows: dict[str, list[float]] = field(default_factory=dict)
    store: Store | None = None
    moved: Mapping[Key, Array] | None = None

    def run(self, block: Block, x: Array, moved: Mapping[Key, Array] | None = None) -> Array:
        """The output; ``moved`` replaces tensors (then nothing is drawn or measured)."""
        self.moved = moved
        with np.errstate(all="ignore"):
            return self._block(block, x, (), (), {})

    def _block(self, block: Block, x: Array, path: Key, iterations: Key, outside: Mapping[str, Array]) -> Array:
        """Nested at most as deep as the blocks that the audit writes down."""
        if isinstance(block, Layer):
            parts = block.expand()
            if parts is None:
                return self._layer(block, x, path, iterations, outside)
            for k, primitive in enumerate(parts):
                x = self._block(primitive, x, (*path, k), iterations, outside)
            return x
        if isinstance(block, Repeat):
            return self._repeat(block, x, path, iterations, outside)
        assert isinstance(block, Composite)
        if block.rule == "series":
            for k, part in enumerate(block.parts):
                x = self._block(part, x, (*path, k), iterations, outside)
            return x
        count = len(block.parts)
        inputs = np.split(x, count, axis=-1) if block.rule == "parallel" else [x] * count
        outs = [self._block(b, inputs[k], (*path, k), iterations, outside) for k, b in enumerate(block.parts)]
        if block.rule == "scale":
            return block.sign * self._number(block.factor) * outs[0]
        if block.rule in ("concat", "parallel"):
            return np.concatenate(outs, axis=-1)
        total = outs[0]
        for y in outs[1:]:
            total = total * y if block.rule == "product" else total + y
        return total

    def _number(self, term: Term | None) -> float:
        assert term is not None
        node = term.node
        if node[0] == Op.SYM:
            return float(self.values[node[1]])
        if node[0] == Op.ELT:
            index = term.store.nodes[node[2]]
            if index[0] == Op.SYM:
                return float(self.values[node[1]][self.values[index[1]] - 1])
        return evaluate_floats([term], self.values)[0]

    def _repeat(self, block: Repeat, x: Array, path: Key, iterations: Key, outside: Mapping[str, Array]) -> Array:
        inside = dict(outside)
        for name, source in block.capture.items():
            inside[name] = self._block(source, x, (*path, name), iterations, outside)
        if block.start is not None:
            x = self._block(block.start, x, (*path, "start"), iterations, outside)
        for t in range(1, round(self._number(block.depth)) + 1):
            if block.index is not None:
                self.values[block.index] = t
            x = self._block(block.body, x, (*path, "body"), iterations if block.tied else (*iterations, t), inside)
        if block.index is not None:
            self.values.pop(block.index, None)
        return x

    def _layer(self, layer: Layer, x: Array, path: Key, iterations: Key, outside: Mapping[str, Array]) -> Array:
        if isinstance(layer, Outside):
            return outside[layer.source]
        store = self.store
        assert store is not None
        shape = Shape.of(*(store.number(k) for k in x.shape[-3:]))
        tensors: dict[str, Array] = {}
        for p in layer.parameters(shape):
            limit = self._number(p.bound)
            if p.role == "constant" and p.norm == "exact":
                tensors[p.name] = np.full((1, 1), limit)
                continue
            shared = layer.share is not None and p.role != "constant"
            key: Key = (layer.share, p.name) if shared else (path, p.name, iterations)
            if self.moved is not None:
                tensors[p.name] = self.moved[key]
                continue
            if key not in self.tensors:
                dims = tuple(round(v) for v in evaluate_floats(p.dims, self.values)) if p.dims else ()
                first = self.draw(layer, p, dims, limit, np.nan_to_num(x[0].real))
                both = [first] if self.second is None else \
                    [first, first if p.role == "constant" else self.second(first, p, limit)]
                self.tensors[key] = np.stack(both)[:, None]
                if p.role != "constant":
                    self.roles[key] = p.role
                if p.bound.kind == Op.SYM and not isinstance(layer, Probe):
                    into = self.lows if p.norm == "least" else self.sizes
                    into.setdefault(p.bound.node[1], []).extend(float(size(p, t)) for t in both)
            tensors[p.name] = self.tensors[key]
        if self.moved is None and isinstance(layer, Normalize) and layer.floor is not None and layer.floor.kind == Op.SYM:
            low = float(layer.deviations(x.real).min())
            rounding = CENTRING * float(np.abs(x.real).max())  # what centring leaves of a group of equal entries
            self.lows.setdefault(layer.floor.node[1], []).append(low if low > rounding else 0.0)
        y = layer.forward(tensors, x)
        if self.moved is None and isinstance(layer, Probe) and layer.largest is not None:
            assert layer.largest.kind == Op.SYM
            self.sizes.setdefault(layer.largest.node[1], []).append(float(np.abs(y).max()))
        return y


def size(p: Parameter, value: Array) -> float:
    """The norm of a tensor in which its parameter is bounded."""
    if p.norm == "spectral":
        return float(np.linalg.norm(value, 2))
    if p.norm == "sup":
        return float(np.abs(value).max())
    return float(value.min() if p.norm == "least" else np.sqrt((value**2).sum()))


# -- laws ---------------------------------------------------------------------------------------------------------
DIRECTIONS = ("equal", "spike", "pair", "turns", "last")


def direction(kind: str, width: int) -> Array:
    """A unit vector: equal entries, one entry, a centred pair, signs in turn, one entry against the rest (centred)."""
    v = np.zeros(width)
    if kind == "equal" or width == 1:
        v[:] = 1.0
    elif kind == "spike":
        v[0] = 1.0
    elif kind == "pair":
        v[0], v[1] = 1.0, -1.0
    elif kind == "turns":
        v[0::2], v[1::2] = 1.0, -1.0
    else:
        v[:] = -1.0
        v[0] = width - 1
    return v / np.linalg.norm(v)


def aligned(out: str, follow: bool = True) -> Callable[[Layer, Parameter, tuple[int, ...], float, Array], Array]:
    """Tensors at their bounds whose effects add up on the first input; shifts follow it or point to ``out``."""
    def draw(layer: Layer, p: Parameter, dims: tuple[int, ...], limit: float, x: Array) -> Array:
        rows = x[0].reshape(-1, x.shape[-1])
        longest = rows[int(np.argmax(np.abs(rows).max(-1)))]
        along = longest / (np.linalg.norm(longest) or 1.0)
        if p.norm in ("sup", "least", "exact") or not dims:
            return np.full(dims, limit)
        if len(dims) == 2:
            if not along.any():
                along = direction(out, dims[1])
            return limit * np.outer(direction(out, dims[0]), along)
        if isinstance(layer, Linear):
            return limit * direction(out, dims[0])
        if isinstance(layer, (Affine, Standardize)) and follow and along.any():
            return limit * (along if isinstance(layer, Affine) else -along)
        return limit * direction(out, dims[0])
    return draw


def scattered(rng: Any) -> Callable[[Layer, Parameter, tuple[int, ...], float, Array], Array]:
    """Random tensors, half of them at their bounds."""
    def draw(layer: Layer, p: Parameter, dims: tuple[int, ...], limit: float, x: Array) -> Array:
        if p.norm == "exact":
            return np.full(dims, limit)
        if p.norm == "least":
            return limit * (1 + rng.exponential(0.5, dims))
        t = rng.standard_normal(dims)
        scale = limit * (1.0 if rng.random() < 0.5 else rng.random())
        return t * (scale / (size(p, t) or 1.0))
    return draw


def extremes(values: Mapping[str, Any]) -> Callable[[Layer, Parameter, tuple[int, ...], float, Array], Array]:
    """The tensors that the witnesses of layers are stated for."""
    def draw(layer: Layer, p: Parameter, dims: tuple[int, ...], limit: float, x: Array) -> Array:
        return np.asarray(extreme(p, dims, lambda t: evaluate_floats([t], values)[0]))
    return draw


def near(rng: Any) -> Callable[[Array, Parameter, float], Array]:
    """A second tensor within the same bound, near or far."""
    def draw(first: Array, p: Parameter, limit: float) -> Array:
        t = first + limit * 10.0 ** rng.uniform(-4, 0) * rng.standard_normal(first.shape)
        over = size(p, t)
        return t * (limit / over) if over > limit else t
    return draw


# -- measuring ----------------------------------------------------------------------------------------------------
def shapes(case: Case, quick: bool) -> list[tuple[int, int, int]]:
    """(samples, positions, features), small."""
    every = [(1, 1, 4), (2, 1, 2), (2, 3, 4), (1, 3, 2), (3, 1, 6), (1, 2, 6), (1, 1, 2), (2, 2, 3), (1, 1, 3), (1, 4, 1),
             (1, 1, 1)]
    if case.scalar:
        return [(1, 1, 1)] * 6
    if case.probes:
        every = [(1, 1, 2), (2, 1, 4), (1, 1, 4), (1, 3, 2), (2, 2, 2), (1, 1, 1), (1, 2, 3), (1, 1, 6)]
    fitting = [s for s in every if not (case.even and s[2] % 2) and s[0] * s[1] * s[2] <= case.widest]
    return fitting[:6] if quick else fitting


def measure(case: Case, block: Block, found: Sequence[Promises], store: Store, seed: int, quick: bool) -> Measured:
    """Fill the cells of all claims of a case."""
    run = _Runs(case, block, found, store, np.random.default_rng(seed), Measured())
    for shape in shapes(case, quick):
        run.shape = shape
        try:
            (Input(1, shape[2], shape[0], shape[1]) >> block).program()
        except ShapeError:  # the layer refuses this shape, e.g. features that do not split into its groups
            continue
        (run.probes if case.probes else run.layers)(quick)
    return run.counts


@dataclass(slots=True)
class _Runs:
    case: Case
    block: Block
    found: Sequence[Promises]
    store: Store
    rng: Any
    counts: Measured
    shape: tuple[int, int, int] = (1, 1, 1)
    group: int = -1
    depths: set[str] = field(init=False)
    symbols: dict[str, Term] = field(init=False)

    def __post_init__(self) -> None:
        program = wrapped(self.case, self.block, self.store).program()
        layers = list(program.layers())
        roots = [p.bound for i in layers for p in i.block.parameters(i.shape)]  # type: ignore
        roots += [i.block.floor for i in layers if isinstance(i.block, Normalize) and i.block.floor is not None]
        roots += [i.block.factor for i in program.code if isinstance(i.block, Composite) and i.block.factor is not None]
        repeats = [i.block for i in program.code if isinstance(i.block, Repeat)]
        self.depths = {n for block in repeats for n in self.store.symbols(block.depth)}
        self.symbols = self.store.symbols(*roots)

    def free(self) -> dict[str, Any]:
        """Values of all symbols, before anything is measured."""
        rng = self.rng
        values: dict[str, Any] = dict(zip(DIMENSIONS, self.shape, strict=True))
        for name in sorted(self.depths):
            values[name] = int(rng.choice(self.case.depths))
        for name, t in self.symbols.items():
            if name not in values:
                values[name] = [self.number(name) for _ in range(6)] if t.kind == Op.ELT else self.number(name)
        for p in self.found:
            for c in p.claims.values():
                for name in c.columns:
                    values.setdefault(name, 1.0)
        return values

    def number(self, name: str) -> float:
        if name == "eps":
            return float(self.rng.choice([0.0, 1e-6, 0.01, 0.3, 2.0]))
        return float(np.round(np.exp(self.rng.uniform(-1.1, 1.1)), 4))

    # -- layers ---------------------------------------------------------------------------------------------------
    def layers(self, quick: bool) -> None:
        rng = self.rng
        for kind in DIRECTIONS[:3 if self.shape[2] < 3 else 5]:
            u = direction(kind, self.shape[2])
            base = np.broadcast_to(u, self.shape)
            signs = np.where(np.arange(self.shape[0] * self.shape[1]) % 2, -1.0, 1.0).reshape(*self.shape[:2], 1)
            patterns = [base]
            if len(signs.ravel()) > 1:
                single = np.zeros(self.shape)
                single[0, 0] = u
                patterns += [base * signs, single]
            scales = (1e-4, 1.0, 1e4) if quick else (1e-4, 1e-2, 0.3, 1.0, 4.0, 1e2, 1e4)
            for x in patterns:
                for scale in scales:
                    out = DIRECTIONS[int(rng.integers(len(DIRECTIONS)))]
                    for law in (aligned(out), aligned("spike" if kind == "last" else kind, follow=False)):
                        self.sample(np.stack([x * scale, -x * scale]), self.free(), law, calm=True)
        for _ in range(2 if quick else 8):
            scale = 10.0 ** rng.uniform(-2, 2)
            x = scale * rng.standard_normal((4, *self.shape))
            x[1] = x[0] + 0.01 * scale * rng.standard_normal(self.shape)
            x[2] = -x[0]
            self.sample(x, self.free(), scattered(rng))
            x = x - x.mean(axis=-1, keepdims=True) * rng.choice([0.0, 1.0, 0.99])
            x[3] = scale * rng.standard_normal()
            self.sample(x, self.free(), aligned("equal"))
        self.sample(np.zeros((1, *self.shape)), self.free(), aligned("equal"))
        if isinstance(self.block, Layer):
            for _ in range(1 if quick else 4):
                self.witnesses((1e-1, 1e-11) if quick else (1.0, 1e-1, 1e-2, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11))

    def witnesses(self, sequence: Sequence[float]) -> None:
        """The witness of the layer for one choice of numbers, along t -> 0; shrunk, it approaches the constant without
        the floor.
        """
        assert isinstance(self.block, Layer)
        chosen = self.free()
        self.group += 1
        for t in sequence:
            with np.errstate(all="ignore"):
                x, y = self.block.witness(self.shape, _reader(chosen), t)
            if not (np.isfinite(x).all() and np.isfinite(y).all()):  # groups of one centred entry have no witness
                continue
            self.sample(np.stack([x, y]), dict(chosen), extremes(chosen), calm=True, groups=(self.group, self.group))
            if len(self.found) > 1:
                self.sample(np.stack([t * x, t * y]), dict(chosen), extremes(chosen), calm=True,
                            groups=(-1, self.group))

    # -- probes ---------------------------------------------------------------------------------------------------
    def probes(self, quick: bool) -> None:
        rng, width = self.rng, self.shape[2]
        for trial in range((64 if self.case.even else 32) if quick else 120):
            values = self.free()
            self.coefficients(values, trial)
            rows = self.shape[0] * self.shape[1]
            sizes = np.ones((rows, 2))
            style = trial % 4
            if style == 1:
                sizes = rng.random((rows, 2))
            elif style == 2:
                sizes[:, int(rng.integers(2))] = 0.0
            elif style == 3 and trial % 8 == 3:
                sizes[1:] = 0.0
            half = width // 2 if self.case.even else 0
            x = np.repeat(sizes[:, :1], width, axis=1)
            x[:, width - half:] = sizes[:, 1:]
            scale = 0.0 if trial == 5 else float(np.exp(rng.uniform(-1.5, 1.5)))
            self.group += style == 0
            self.sample(scale * x.reshape(1, *self.shape), values, aligned("equal"),
                        groups=(self.group if style == 0 else -1,))

    def coefficients(self, values: dict[str, Any], trial: int) -> None:
        """Numbers of the probes: G <= L; some of them 0; in some trials equal for all probes."""
        rng, stems = self.rng, self.case.probes
        rare = 1.0 if trial % 8 == 2 else 0.7
        absent = dict.fromkeys("LbGuvyz", 0.2) | (dict.fromkeys("bvz", rare) if trial % 4 == 2 else {})
        for stem in stems:
            families = isinstance(values.get("L" + stem), list)
            for letter in "LbGuvyz":
                name = letter + stem
                if name in values:
                    made = [self.number(name) * float(rng.random() > absent[letter])
                            for _ in range(6 if families else 1)]
                    values[name] = made if families else made[0]
            if "G" + stem in values:
                parts = rng.choice([0.0, 0.5, 0.8, 1.0], 6)
                values["G" + stem] = [a * b for a, b in zip(values["L" + stem], parts, strict=True)] if families \
                    else values["L" + stem] * float(parts[0])
        if trial % 3 == 1:
            for stem in stems[1:]:
                for letter in "LbGuvyz":
                    if letter + stem in values and letter + stems[0] in values:
                        values[letter + stem] = values[letter + stems[0]]

    # -- one sample -----------------------------------------------------------------------------------------------
    def sample(self, x: Array, values: dict[str, Any], draw: Callable[..., Array], calm: bool = False,
               groups: tuple[int, ...] = (-1, -1)) -> None:
        """Measure one network (and a second one near it) at points x of shape (points, samples, positions, features).

        ``groups`` are the numbers of the sequence of witnesses under each policy.
        """
        local = bool(self.case.probes)
        def still(first: Array, p: Parameter, limit: float) -> Array:
            return first

        def zero(layer: Layer, p: Parameter, dims: tuple[int, ...], limit: float, x: Array) -> Array:
            return np.zeros(dims)

        second = None if local else (still if calm else near(self.rng))
        run = Sample(values, zero if local else draw, second, store=self.store)
        y = run.run(self.block, np.broadcast_to(x, (1 if local else 2, *x.shape)))
        for name, numbers in run.sizes.items():
            values[name] = max(numbers)
        for name, numbers in run.lows.items():
            values[name] = min(numbers)
        inside = np.sqrt((x * x).sum(axis=(1, 2, 3)))
        values[RADIUS] = float(inside.max())
        self.counts.networks += len(y)
        self.counts.points += len(x)
        jacobian, where = self.jacobian(run, x)
        self.note(values, run, x, y, inside, jacobian, where, calm, groups)

    def jacobian(self, run: Sample, x: Array) -> tuple[Array, dict[Key, slice]]:
        """Derivatives of the first network at all points, rows are directions: entries of x, then of the tensors."""
        entries = int(np.prod(x.shape[1:]))
        total = entries
        where: dict[Key, slice] = {}
        for key in run.roles:
            count = int(np.prod(run.tensors[key].shape[2:]))
            where[key] = slice(total, total + count)
            total += count
        start = np.zeros((total, *x.shape), dtype=complex) + x
        start[:entries] += (1j * STEP) * np.eye(entries).reshape(entries, 1, *x.shape[1:])
        moved: dict[Key, Array] = {}
        for key, t in run.tensors.items():
            moved[key] = t[:1]
            if key in where:
                s = where[key]
                shifted = np.zeros((total, *t.shape[1:]), dtype=complex) + t[:1]
                count = s.stop - s.start
                shifted[s] += (1j * STEP) * np.eye(count).reshape(count, 1, *t.shape[2:])
                moved[key] = shifted
        y = run.run(self.block, start, moved)
        y = np.broadcast_to(y, (total, *y.shape[1:]))
        return (y.imag / STEP).reshape(total, len(x), -1).swapaxes(0, 1), where

    def note(self, values: dict[str, Any], run: Sample, x: Array, y: Array, inside: Array, jacobian: Array,
             where: Mapping[Key, slice], calm: bool, groups: tuple[int, ...]) -> None:
        entries = int(np.prod(x.shape[1:]))
        flat = y.reshape(*y.shape[:2], -1)
        outside = np.sqrt((flat**2).sum(-1))
        slopes = spectral(jacobian[:, :entries])
        by_role: dict[str, Array] = {}
        for role in dict.fromkeys(run.roles.values()):
            parts = [jacobian[:, where[k]] for k in where if run.roles[k] == role]
            by_role[role] = spectral(np.concatenate(parts, axis=1))
        if where:
            by_role["all"] = spectral(jacobian[:, entries:])
        quotients = [0.0]
        pairs: list[tuple[float, float, float, float]] = []
        turned = np.sqrt(sum(((t[0] - t[-1])**2).sum() for k, t in run.tensors.items() if k in run.roles))
        local = bool(self.case.probes)
        for a in range(len(x)):
            for b in range(len(x)):
                moved = float(np.sqrt(((x[a] - x[b])**2).sum()))
                apart = float(np.sqrt(((flat[0, a] - flat[0, b])**2).sum()))
                rounding = ROUNDING * float(outside[:, a].max() + outside[:, b].max())
                if a < b and not local and moved > 1e-4 * max(inside[a], inside[b]):
                    quotients.append(max(apart - rounding, 0.0) / moved)
                if len(y) > 1 and not calm and turned:
                    apart = float(np.sqrt(((flat[0, a] - flat[1, b])**2).sum()))
                    pairs.append((min(inside[a], inside[b]), moved, float(turned), max(apart - rounding, 0.0)))
        largest = _number(np.abs(flat).max())
        for promise, group in zip(self.found, groups, strict=False):
            if not self.met(promise.hypotheses, values):
                self.counts.unmet += len(x)
                continue
            for name, claim in promise.claims.items():
                cells: list[tuple[dict[str, Any], float]]
                if name == "input":
                    cells = [(values, max(_number(slopes.max()), max(quotients)))]
                elif name == "sup":
                    cells = [(values, largest)]
                elif name == "radius":
                    cells = [({**values, NORM: float(b)}, _number(out))
                             for b, out in zip(inside, outside.max(0), strict=True)]
                elif name == "pair":
                    cells = [({**values, NORM: b, MOVED: dx, TURNED: dt}, _number(apart)) for b, dx, dt, apart in pairs]
                else:
                    sizes = by_role.get(name, np.zeros(len(x)))
                    cells = [({**values, NORM: float(b)}, _number(p)) for b, p in zip(inside, sizes, strict=True)]
                for v, number in cells:
                    claim.note(v, number, group if name == "input" or (local and name not in self.case.partly) else -1)
                self.counts.tests += len(cells)

    def met(self, hypotheses: Sequence[Hypothesis], values: Mapping[str, Any]) -> bool:
        """Whether the numbers meet what the derivation assumes; floors are measured, so they hold."""
        for h in hypotheses:
            if h.kind == "missing":
                return False
            if h.kind in ("floor", "positive"):
                under = h.terms[-1]
                if not evaluate_floats([under], values)[0] > 0:
                    return False
        return True


def _reader(values: Mapping[str, Any]) -> Callable[[Term], float]:
    return lambda term: evaluate_floats([term], values)[0]


def _number(x: Any) -> float:
    """An output that is not a number counts as unbounded."""
    return float(x) if np.isfinite(x) else float("inf")


def spectral(matrices: Array) -> Array:
    """Largest singular value of every matrix of a stack."""
    if matrices.shape[1] > matrices.shape[2]:
        gram = matrices.swapaxes(1, 2) @ matrices
    else:
        gram = matrices @ matrices.swapaxes(1, 2)
    out = np.full(len(gram), np.inf)
    good = np.isfinite(gram).all(axis=(1, 2))
    if good.any():
        out[good] = np.sqrt(np.maximum(np.linalg.eigvalsh(gram[good])[:, -1], 0.0))
    return out
