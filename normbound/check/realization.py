"""Realizations: one concrete network drawn for an architecture, reproducibly from (seed, law, values).

A realization is data: a number for every natural symbol, a budget for every other symbol, a tensor for every parameter
of every executed layer, input points. Everything is drawn from one generator in program order, so the same seed, law
and fixed values always give the same numbers.

Symbols are read in their direction. A symbol that is nothing but a norm bound is *measured*: the largest norm among
the tensors it bounds, over all networks of the realization. A symbol that is nothing but a variance floor is measured
as the smallest deviation met in the forward pass (``forward.py`` supplies it). A symbol that also occurs elsewhere, in
an expression, or with a value fixed by the caller keeps that value, and the tensors are drawn below it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from normbound.calculus.derivation import Derivation
from normbound.calculus.derive import analyse
from normbound.contracts.block import Composite, Layer, Parameter, Repeat
from normbound.contracts.context import ROLES, Shape
from normbound.errors import NetworkError, NormboundError, ShapeError, TermError, UnsupportedError
from normbound.layers.linear import Linear
from normbound.layers.normalization import Normalize
from normbound.network.program import CLOSE, LEAF, NEXT, OPEN, Network, branches, group_name, natural_symbols, place
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.exact import exact
from normbound.terms.store import ELT, SYM, Store, Term

LAWS = ("gaussian", "orthogonal", "low-rank", "aligned", "bias-dominated", "zero")
VARIANTS = 4  # the network, one near it, one far from it, one that differs in a single tensor
MAX_ENTRIES = 160  # entries of one sample of data: Jacobians are formed entirely
MAX_LAYERS = 400  # executed layers
MAX_PARAMETERS = 20_000
SHAPE_TRIALS = 400

Array = Any
Key = tuple[str, tuple[int, ...]]  # (parameter group, iterations of the enclosing untied repeats)


class Event(NamedTuple):
    """One executed instruction. ``op`` is LEAF, OPEN, NEXT, CLOSE or ITERATE (an iteration of a Repeat begins)."""

    op: int
    at: int
    iterations: tuple[int, ...]


ITERATE = 4


@dataclass(slots=True)
class Slot:
    """One tensor of one layer instruction."""

    parameter: Parameter
    group: str
    varies: bool  # may differ between the networks of a realization


@dataclass(slots=True)
class Plan:
    """What is the same for every realization of one network: its derivation and the reading of its symbols."""

    network: Network
    derivation: Derivation
    naturals: list[str]
    depths: set[str]
    symbols: dict[str, Term]
    occurrences: dict[str, set[str]]
    scope_of: list[int]
    chains: list[tuple[int, ...]]  # enclosing scopes of each scope, outermost first, without scope 0
    slots: dict[int, list[Slot]]
    body_at: dict[int, int]  # CLOSE of a Repeat -> the instruction at which its body starts
    close_at: dict[int, int]

    @property
    def concrete(self) -> bool:
        """Whether some trainable tensor is given by its entries."""
        return any(s.varies and s.parameter.value is not None for slots in self.slots.values() for s in slots)

    @property
    def store(self) -> Store:
        return self.network.input.features.store

    def direction(self, name: str) -> str | None:
        """"max", "min", "floor" or "radius" if the symbol is read off the realization, None if it is given."""
        found = self.occurrences.get(name, set())
        return next(iter(found)) if len(found) == 1 and "given" not in found else None


def plan(network: Network, trainable: Collection[str] = ROLES, floors: bool = True) -> Plan:
    """Derive ``network`` and classify its symbols."""
    derivation = analyse(network, trainable, floors)
    program = derivation.program
    store = network.input.features.store
    scope_of = derivation.scope_of_instructions()
    chains: list[tuple[int, ...]] = []
    for k, scope in enumerate(derivation.scopes):
        chains.append(() if k == 0 else (*chains[scope.parent], k))
    occurrences: dict[str, set[str]] = {}
    roots: list[Term] = []

    def note(term: Term | None, how: str) -> None:
        if term is None:
            return
        roots.append(term)
        bare = term.kind in (SYM, ELT)
        for name in store.symbols(term):
            occurrences.setdefault(name, set()).add(how if bare and name == term.node[1] else "given")

    note(network.input.radius, "radius")
    slots: dict[int, list[Slot]] = {}
    body_at: dict[int, int] = {}
    close_at: dict[int, int] = {}
    opened: list[int] = []
    depths: set[str] = set()
    for at, i in enumerate(program.code):
        for t in i.shape[:3]:
            note(t, "given")
        if isinstance(i.block, Repeat):
            if i.op == OPEN:
                note(i.block.depth, "given")
                depths |= set(store.symbols(i.block.depth))
            if i.op in (OPEN, NEXT) and i.branch == len(branches(i.block)) - 1:
                opened.append(at)
            if i.op == CLOSE:
                start = opened.pop()
                body_at[at], close_at[start] = start, at
        elif isinstance(i.block, Composite):
            note(i.block.factor, "given")
        if i.op != LEAF:
            continue
        layer = i.block
        assert isinstance(layer, Layer)
        slots[at] = []
        for p in layer.parameters(i.shape):
            note(p.bound, {"least": "min", "exact": "given"}.get(p.norm, "max") if p.value is None else "given")
            for t in p.dims:
                note(t, "given")
            group = group_name(layer, i.path, p.name)
            slots[at].append(Slot(p, group, p.role in derivation.trainable or group in derivation.trainable))
        if isinstance(layer, Normalize):
            note(layer.floor, "floor")
            note(layer.groups, "given")
        if isinstance(layer, Linear) and layer.row_norm != layer.norm:
            note(layer.row_norm, "max" if layer.weight_value is None else "given")
    for t in program.out[:3]:
        note(t, "given")
    kinds: dict[str, set[int]] = {}
    for k in store.reachable(roots):
        node = store.nodes[k]
        if node[0] in (SYM, ELT):
            kinds.setdefault(node[1], set()).add(node[0])
    for name, found in kinds.items():
        if len(found) > 1:
            raise NetworkError(f"{name} is used both as a symbol and as a family {name}[...]; give them different "
                               "names")
    bound_names = {s.state.node[1] for s in derivation.scopes if s.state is not None}
    bound_names |= {s.index.node[1] for s in derivation.scopes if s.index is not None}
    for step in derivation.steps:
        roots.extend(step.summary.coefficients())
    symbols = {n: t for n, t in store.symbols(*roots).items() if n not in bound_names and "." not in n}
    naturals = sorted((natural_symbols(program) & set(symbols)) | {n for n in symbols if _counts(program, n)})
    return Plan(network, derivation, naturals, depths, symbols, occurrences, scope_of, chains, slots, body_at, close_at)


def _counts(program: Any, name: str) -> bool:
    """Whether a symbol is the number of groups of a layer: natural, although no shape shows it."""
    store = program.out.rows.store
    return any(i.op == LEAF and isinstance(i.block, Normalize) and i.block.groups is not None
               and name in store.symbols(i.block.groups) for i in program.code)


@dataclass(slots=True)
class Realization:
    """One concrete network.

    seed, law, fixed  what it was drawn from: ``draw`` gives the same realization again
    values    a value for every symbol: naturals as int, budgets as Fraction, families as lists; measured ones as float
    tensors   key -> array of shape (VARIANTS, 1, *dims)
    points    inputs, (points, samples, positions, features)
    """

    plan: Plan
    seed: int
    law: str
    fixed: Mapping[str, Any]
    values: dict[str, Any]
    shapes: list[tuple[int, int, int]]
    layers: dict[int, Layer]
    schedule: list[Event]
    tensors: dict[Key, Array] = field(default_factory=dict)
    points: Array = None

    @property
    def runs_every_repeat(self) -> bool:
        """Whether every Repeat that is reached runs at least once."""
        reached = {e.at for e in self.schedule}
        return all(start in reached and any(e.op == ITERATE and e.at == start for e in self.schedule)
                   for start in self.plan.close_at)

    def key(self, at: int, slot: Slot, iterations: tuple[int, ...]) -> Key:
        """The identity of a tensor: tied repeats and ``share`` use one, untied repeats one per iteration."""
        plan = self.plan
        layer = plan.derivation.program.code[at].block
        assert isinstance(layer, Layer)
        name = slot.group if slot.parameter.role != "constant" else f"{at}:{slot.group}"
        if layer.share is not None and slot.parameter.role != "constant":
            return name, ()
        return name, tuple(t for t, k in zip(iterations, plan.chains[plan.scope_of[at]], strict=True)
                           if not plan.derivation.scopes[k].repeat.tied)  # type: ignore[union-attr]

    def at_scope(self, scope: int, iterations: Sequence[int]) -> dict[str, Any]:
        """``values`` with the iteration indices of the scopes that enclose ``scope``."""
        values = dict(self.values)
        for k, t in zip(self.plan.chains[scope], iterations, strict=False):
            index = self.plan.derivation.scopes[k].index
            if index is not None:
                values[index.node[1]] = t
        return values


def draw(plan: Plan, seed: int, law: str, points: int = 8, fixed: Mapping[str, Any] | None = None) -> Realization:
    """Draw a realization.

    law is one of LAWS; ``fixed`` gives values of symbols (exact numbers; families as sequences). Raises NetworkError
    for an unknown law or symbol, UnsupportedError when no small shape fits or the architecture is too large.
    """
    if law not in LAWS:
        raise NetworkError(f"found the law {law!r}; accepted: {', '.join(LAWS)}")
    given = fixed_values(plan, fixed or {})
    rng = np.random.default_rng([seed, LAWS.index(law)])
    numbers, shapes = _naturals(plan, rng, given)
    values: dict[str, Any] = {**given, **numbers}
    schedule = _schedule(plan, values)
    _budgets(plan, rng, values, law)
    layers = {at: _resolved(plan.derivation.program.code[at].block, values) for at in plan.slots}
    found = Realization(plan, seed, law, dict(fixed or {}), values, shapes, layers, schedule)
    _Drawing(found, rng).run(points)
    return found


def fixed_values(plan: Plan, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The caller's values, exact; unknown names and negative numbers are errors."""
    out: dict[str, Any] = {}
    for name, value in fixed.items():
        if name not in plan.symbols:
            raise NetworkError(f"found a value for {name!r}, which is no symbol of the network; its symbols are "
                               f"{', '.join(sorted(plan.symbols)) or '(none)'}")
        out[name] = [exact(v) for v in value] if isinstance(value, (list, tuple)) else exact(value)
        for v in out[name] if isinstance(out[name], list) else [out[name]]:
            if v < 0 or (name in plan.naturals and not isinstance(v, int)):
                what = "a natural number" if name in plan.naturals else "a nonnegative number"
                raise NetworkError(f"{name} = {v}: {what} is needed")
    return out


# -- natural numbers and shapes -----------------------------------------------------------------------------------
def _naturals(plan: Plan, rng: Any, given: Mapping[str, Any]) -> tuple[dict[str, int], list[tuple[int, int, int]]]:
    """Small integers that make every shape valid; wide normalizers first, narrow ones if nothing else fits."""
    program = plan.derivation.program
    store = plan.store
    free = [n for n in plan.naturals if n not in given]
    rows = {n for t in (program.network.input.samples, program.network.input.positions) for n in store.symbols(t)}
    terms = [t for i in program.code for t in (*i.shape[:3], *i.out[:3])]
    reason = "nothing was tried"
    for trial in range(SHAPE_TRIALS if free else 3):
        chosen: dict[str, int] = {}
        for n in free:
            if n in plan.depths:
                chosen[n] = int(rng.choice([0, 1, 2, 3, 4], p=[0.06, 0.22, 0.36, 0.24, 0.12]))
            elif n in rows:
                chosen[n] = int(rng.integers(1, 5))
            else:
                chosen[n] = int(rng.integers(1, 9) if trial >= SHAPE_TRIALS // 2 else rng.choice([2, 3, 4, 4, 5, 6]))
        values = {**given, **chosen}
        try:
            sizes = evaluate_floats(terms, values) if terms else []
        except TermError as error:
            reason = str(error)
            continue
        if any(s < 1 or s != int(s) for s in sizes):
            reason = "a width is not a natural number"
            continue
        shapes = [(int(a), int(b), int(c)) for a, b, c in zip(*[iter(sizes)] * 3, strict=True)]
        entries = max((a * b * c for a, b, c in shapes), default=1)
        if entries > MAX_ENTRIES:
            reason = f"a tensor has {entries} entries, the checker samples at most {MAX_ENTRIES}"
            continue
        try:
            narrow = _fits(plan, shapes, values)
        except NormboundError as error:
            reason = str(error)
            continue
        if narrow and trial < (SHAPE_TRIALS // 4 if free else 1):
            continue
        return chosen, shapes
    raise UnsupportedError(f"no small shape fits the network ({', '.join(free) or 'every dimension is given'}; "
                           f"{SHAPE_TRIALS if free else 1} choices tried): {reason}")


def _fits(plan: Plan, shapes: list[tuple[int, int, int]], values: Mapping[str, Any]) -> bool:
    """Whether a centred group has fewer than 3 entries; raises when a layer refuses its shape."""
    store = plan.store
    narrow = False
    for at, i in enumerate(plan.derivation.program.code):
        if i.op != LEAF:
            continue
        a, b, c = (store.number(n) for n in shapes[2 * at])
        layer = _resolved(i.block, values)
        shape = Shape.of(a, b, c)
        layer.output_shape(shape)
        for p in layer.parameters(shape):
            if p.value is not None and np.shape(np.array(p.value, dtype=float)) != _dims(p, values):
                raise ShapeError(f"{place(i.path)}: the given {p.name} does not fit {_dims(p, values)}")
        if isinstance(layer, Normalize) and layer.center:
            size = layer.size(shape).literal()
            narrow |= size is not None and size < 3
    return narrow


def _resolved(block: Any, values: Mapping[str, Any]) -> Layer:
    """A layer whose forward pass needs numbers gets them."""
    if isinstance(block, Normalize) and block.groups is not None and block.groups.literal() is None:
        number = round(evaluate_floats([block.groups], values)[0])
        return replace(block, groups=block.groups.store.number(number))
    assert isinstance(block, Layer)
    return block


def _dims(p: Parameter, values: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(round(v) for v in evaluate_floats(p.dims, values)) if p.dims else ()


def _schedule(plan: Plan, values: Mapping[str, Any]) -> list[Event]:
    """The instructions in the order of execution, with every Repeat run its number of times."""
    code = plan.derivation.program.code
    events: list[Event] = []
    running: list[tuple[int, int, int]] = []  # (CLOSE of the Repeat, iteration, depth)
    at, leaves = 0, 0
    while at < len(code):
        i = code[at]
        iterations = tuple(t for _, t, _ in running)
        if i.op == LEAF:
            leaves += 1
            if leaves > MAX_LAYERS:
                shown = ", ".join(f"{n} = {values[n]}" for n in sorted(plan.depths)) or "all given"
                raise UnsupportedError(f"the network executes more than {MAX_LAYERS} layers at these depths ({shown}); "
                                       "the checker samples smaller ones: fix smaller depths")
            events.append(Event(LEAF, at, iterations))
        elif i.op == CLOSE and at in plan.body_at and running and running[-1][0] == at:
            _, t, depth = running.pop()
            if t < depth:
                running.append((at, t + 1, depth))
                events.append(Event(ITERATE, plan.body_at[at], tuple(t for _, t, _ in running)))
                at = plan.body_at[at] + 1
                continue
            events.append(Event(CLOSE, at, iterations[:-1]))
        else:
            events.append(Event(i.op, at, iterations))
            if at in plan.close_at:
                assert isinstance(i.block, Repeat)
                close = plan.close_at[at]
                depth = round(evaluate_floats([i.block.depth], values)[0])
                if depth == 0:
                    events.append(Event(CLOSE, close, iterations))
                    at = close + 1
                    continue
                running.append((close, 1, depth))
                events.append(Event(ITERATE, at, (*iterations, 1)))
        at += 1
    return events


# -- budgets ------------------------------------------------------------------------------------------------------
def _short(x: float) -> Fraction:
    """A short exact fraction near x."""
    return Fraction(x).limit_denominator(64) or Fraction(1, 64)


def _budgets(plan: Plan, rng: Any, values: dict[str, Any], law: str) -> None:
    """Log-uniform budgets for the symbols that have no value yet."""
    store = plan.store
    longest = 1
    for scope in plan.derivation.scopes:
        if scope.repeat is not None:
            longest = max(longest, round(evaluate_floats([scope.repeat.depth], values)[0]))
    eps = {n for i in plan.derivation.program.code if i.op == LEAF and isinstance(i.block, Normalize)
           for n in store.symbols(i.block.eps)}
    floored = all(i.block.floor is not None for i in plan.derivation.program.code
                  if i.op == LEAF and isinstance(i.block, Normalize))
    # Floors that are given rather than measured are met more often by large networks and inputs.
    given = any(i.op == LEAF and isinstance(i.block, Normalize) and i.block.floor is not None
                and not (i.block.floor.kind in (SYM, ELT) and plan.direction(i.block.floor.node[1]) == "floor"
                         and i.block.floor.node[1] not in values) for i in plan.derivation.program.code)
    low, high = (0.0, 2.5) if given and rng.random() < 0.6 else (-1.0, 0.8)
    for name in sorted(plan.symbols):
        if name in values:
            continue
        if plan.symbols[name].kind == ELT:
            values[name] = [_short(float(np.exp(rng.uniform(low, high)))) for _ in range(longest + 2)]
        elif name in eps:
            zero = floored and law in ("gaussian", "orthogonal", "bias-dominated") and rng.random() < 0.25
            values[name] = Fraction(0) if zero else Fraction(1, int(10 ** rng.uniform(0, 4)))
        else:
            values[name] = _short(float(np.exp(rng.uniform(low, high))))


# -- tensors ------------------------------------------------------------------------------------------------------
@cache
def _identity(n: int) -> Array:
    return np.eye(n)


def norm_of(p: Parameter, value: Array) -> Array:
    """The norm of a tensor of shape (..., *dims) in which its parameter is bounded."""
    rank = len(p.dims)
    if rank == 0:
        return np.abs(value)
    if p.norm == "spectral":
        return np.linalg.norm(value, 2, axis=(-2, -1)) if value.size else np.zeros(value.shape[:-2])
    axes = tuple(range(-rank, 0))
    if p.norm == "sup":
        return np.abs(value).max(axis=axes)
    if p.norm == "least":
        return value.min(axis=axes)
    return np.sqrt((value * value).sum(axis=axes))


class _Drawing:
    """Draws the tensors and the points of one realization."""

    def __init__(self, realization: Realization, rng: Any):
        self.r = realization
        self.rng = rng
        self.law = realization.law
        self.directions: dict[int, tuple[Array, Array, Array]] = {}
        self.share = 1.0 if realization.law in ("aligned", "bias-dominated") else 0.7
        self.style = int(rng.integers(0, 3))

    def run(self, points: int) -> None:
        r, plan, total = self.r, self.r.plan, 0
        limits: dict[Key, tuple[Parameter, float, bool]] = {}
        order: list[Key] = []
        for event in r.schedule:
            if event.op != LEAF:
                continue
            values: dict[str, Any] | None = None
            for slot in plan.slots[event.at]:
                key = r.key(event.at, slot, event.iterations)
                values = values or r.at_scope(plan.scope_of[event.at], event.iterations)
                p = slot.parameter
                limit = evaluate_floats([p.bound], values)[0]
                if key in r.tensors:
                    limits[key] = (p, min(limit, limits[key][1]) if p.norm != "least" else max(limit, limits[key][1]),
                                   limits[key][2])
                    continue
                dims = _dims(p, values)
                total += int(np.prod(dims))
                if total > MAX_PARAMETERS:
                    raise UnsupportedError(f"the network has more than {MAX_PARAMETERS} parameter entries; the checker "
                                           "samples smaller ones: fix smaller widths or depths")
                r.tensors[key] = self.tensor(p, dims, limit)
                limits[key] = (p, limit, slot.varies)
                order.append(key)
        self.variants(order, limits)
        self.rows(limits)
        r.points = self.inputs(points)
        self.measure()

    def unit(self, width: int) -> tuple[Array, Array, Array]:
        """(nonnegative, centred, centred and orthogonal to the former) unit vectors of one width."""
        if width not in self.directions:
            rng = self.rng
            styles = (np.ones(width), np.abs(rng.standard_normal(width)) + 1e-3, np.eye(width)[0])
            plus = styles[self.style] / np.linalg.norm(styles[self.style])
            frame = rng.standard_normal((width, 2))
            if width > 2:
                frame = frame - frame.mean(axis=0)
            if width == 4 and self.style != 1:
                frame = np.array([[1.0, 1], [-1, 1], [1, -1], [-1, -1]])
            q = np.linalg.qr(frame)[0] if width > 1 else np.ones((1, 2))
            self.directions[width] = plus, q[:, 0], q[:, 1]
        return self.directions[width]

    def tensor(self, p: Parameter, dims: tuple[int, ...], limit: float) -> Array:
        """One tensor whose norm is ``limit``, or a random fraction of it."""
        if p.value is not None:
            return np.array(p.value, dtype=float)
        if p.norm == "exact":
            return np.full(dims, limit)
        rng = self.rng
        shape = self.direction(p, dims)
        if p.norm == "least":
            return limit * (1 + shape)
        size = float(norm_of(p, shape))
        scale = limit if rng.random() < self.share else limit * rng.random()
        return shape * (scale / size) if size else shape

    def direction(self, p: Parameter, dims: tuple[int, ...]) -> Array:
        rng, law = self.rng, self.law
        if p.norm == "least":
            excess = rng.exponential(0.5, dims) * (rng.random(dims) < 0.5) if law != "aligned" else np.zeros(dims)
            return excess * (1 - _identity(dims[0])[0]) if dims else excess
        if law == "zero":
            return np.zeros(dims)
        if not dims:
            return np.array(1.0 if law in ("aligned", "bias-dominated") or rng.random() < 0.5 else -1.0)
        if p.norm == "sup":
            if law in ("aligned", "bias-dominated"):
                return np.ones(dims)
            return rng.choice([-1.0, 1.0], dims) if law == "orthogonal" else rng.uniform(-1, 1, dims)
        if len(dims) == 2 and p.norm == "spectral":
            out, width = dims
            if law == "aligned":
                return np.outer(self.unit(out)[0], self.unit(width)[0])
            if law == "bias-dominated":
                return np.outer(self.unit(out)[2], self.unit(width)[2])
            if law == "orthogonal":
                q = np.linalg.qr(rng.standard_normal((max(dims), min(dims))))[0]
                return q if out >= width else q.T
            if law == "low-rank":
                rank = int(rng.integers(1, 3))
                return rng.standard_normal((out, rank)) @ rng.standard_normal((rank, width))
        elif len(dims) == 1:
            if law == "aligned":
                return self.unit(dims[0])[0].copy()
            if law == "bias-dominated":
                return self.unit(dims[0])[1] * (p.role == "bias" or rng.random() < 0.5)
        return rng.standard_normal(dims)

    def variants(self, order: list[Key], limits: Mapping[Key, tuple[Parameter, float, bool]]) -> None:
        """Stack the networks: itself, near, far, one tensor changed; all inside the parameter set."""
        rng, tensors, law = self.rng, self.r.tensors, self.law
        varying = [k for k in order if limits[k][2]]
        single = varying[int(rng.integers(len(varying)))] if varying else None
        near = 10.0 ** rng.uniform(-4, -1)
        # Floors are measured over all networks: where the law attains the bound under its own floor, half of the
        # realizations compare it with close networks only.
        calm = law in ("aligned", "bias-dominated") and rng.random() < 0.5
        for key in order:
            p, limit, varies = limits[key]
            base = tensors[key]
            stack = [base] * VARIANTS
            if varies:
                scale = limit if limit else 0.0
                size = scale / max(1.0, float(np.sqrt(base.size)))
                stack[1] = base + near * size * rng.standard_normal(base.shape)
                self.law = "gaussian" if rng.random() < 0.5 else law
                stack[2] = self.tensor(replace(p, value=None), base.shape, limit)
                self.law = law
                if key == single:
                    stack[3] = base + 10.0 ** rng.uniform(-3, 0) * size * rng.standard_normal(base.shape)
                if calm:
                    stack[1:] = [base + 1e-4 * (b - base) for b in stack[1:]]
                for v in range(1, VARIANTS):
                    over = float(norm_of(p, stack[v]))
                    if over > limit:
                        stack[v] = stack[v] * (limit / over)
            tensors[key] = np.stack(stack)[:, None]

    def rows(self, limits: Mapping[Key, tuple[Parameter, float, bool]]) -> None:
        """Scale weights whose largest row norm is bounded by something that is not measured."""
        r, plan = self.r, self.r.plan
        for event in r.schedule:
            layer = r.layers.get(event.at)
            if event.op != LEAF or not isinstance(layer, Linear) or layer.row_norm == layer.norm \
                    or layer.weight_value is not None:
                continue
            if layer.row_norm.kind in (SYM, ELT) and self._measured(layer.row_norm.node[1]):
                continue
            cap = evaluate_floats([layer.row_norm], r.at_scope(plan.scope_of[event.at], event.iterations))[0]
            key = r.key(event.at, plan.slots[event.at][0], event.iterations)
            longest = np.sqrt((r.tensors[key] ** 2).sum(-1)).max(-1)
            r.tensors[key] = r.tensors[key] * np.minimum(1.0, cap / np.maximum(longest, 1e-300))[..., None, None]

    def inputs(self, points: int) -> Array:
        """Points in the domain: along the law's direction, on the sphere, close together, inside, nearly constant."""
        r, rng = self.r, self.rng
        program = r.plan.derivation.program
        s, n, d = (round(v) for v in evaluate_floats(program.network.input.shape[:3], r.values))
        radius = program.network.input.radius
        R = 3.0 if radius is None else evaluate_floats([radius], r.values)[0]
        plus, u, v = self.unit(d)
        kinds = int(rng.integers(0, 2))
        along = {"aligned": plus, "bias-dominated": u if kinds else v}.get(self.law, rng.standard_normal(d))
        out = np.zeros((points, s, n, d))
        for k in range(points):
            if k % 8 == 0:
                x = np.broadcast_to(along, (s, n, d))
            elif k % 8 == 2:
                x = out[k - 1] + R * 10.0 ** rng.uniform(-4, -1) * rng.standard_normal((s, n, d)) / np.sqrt(s * n * d)
            elif k % 8 == 4:
                x = np.broadcast_to(along, (s, n, d)) * 1.0 + 0.02 * rng.standard_normal((s, n, d))
            elif k % 8 == 5:
                x = np.ones((s, n, d)) + 0.05 * rng.standard_normal((s, n, d))
            elif k % 8 == 6:
                x = np.broadcast_to(rng.standard_normal(d), (s, n, d))
            else:
                x = rng.standard_normal((s, n, d))
            size = float(np.sqrt((x * x).sum()))
            inner = {3: rng.random(), 6: rng.random() ** 2}.get(k % 8, 1.0)
            out[k] = x * (R * inner / size) if k % 8 != 2 else x * min(1.0, R / size if size else 1.0)
        return out

    def _measured(self, name: str) -> bool:
        return name not in self.r.fixed and self.r.plan.direction(name) is not None

    def measure(self) -> None:
        """Replace measured symbols by what the tensors and points show."""
        r, plan = self.r, self.r.plan
        radius = plan.network.input.radius
        if radius is not None and radius.kind == SYM and plan.direction(radius.node[1]) == "radius" \
                and self._measured(radius.node[1]):
            r.values[radius.node[1]] = float(np.sqrt((r.points**2).sum(axis=(1, 2, 3))).max())
        found: dict[tuple[str, int], float] = {}
        for event in r.schedule:
            if event.op != LEAF:
                continue
            layer = r.layers[event.at]
            for slot in plan.slots[event.at]:
                value = r.tensors[r.key(event.at, slot, event.iterations)]
                bounds: list[tuple[Term, Array]] = []
                if slot.parameter.value is None:
                    bounds.append((slot.parameter.bound, norm_of(slot.parameter, value)))
                if isinstance(layer, Linear) and layer.row_norm != layer.norm and slot.parameter.name == "W":
                    bounds.append((layer.row_norm, np.sqrt((value**2).sum(-1)).max(-1)))
                for bound, size in bounds:
                    record(r, found, bound, event, size)
        assign(r, found)


def record(r: Realization, found: dict[tuple[str, int], float], bound: Term, event: Event, size: Array) -> None:
    """Note a measured size of the symbol or family member ``bound`` (member 0: a plain symbol)."""
    if bound.kind not in (SYM, ELT):
        return
    name = bound.node[1]
    way = r.plan.direction(name)
    if way is None or name in r.fixed:
        return
    member = 0
    if bound.kind == ELT:
        values = r.at_scope(r.plan.scope_of[event.at], event.iterations)
        member = round(evaluate_floats([Term(bound.store, bound.node[2])], values)[0])
    low = way in ("min", "floor")
    extreme = float(np.min(size) if low else np.max(size))
    old = found.get((name, member))
    found[name, member] = extreme if old is None else (min if low else max)(old, extreme)


def assign(r: Realization, found: Mapping[tuple[str, int], float]) -> None:
    """Write measured sizes into the values."""
    for (name, member), size in found.items():
        if member:
            r.values[name][member - 1] = size
        else:
            r.values[name] = size
