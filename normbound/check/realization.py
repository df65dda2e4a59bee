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
from normbound.check.laws import INPUTS, WEIGHTS, Ball, Units, Wanted, input_law, inside, sized, zero
from normbound.check.passes import Pass, Stopped
from normbound.contracts.block import Composite, Layer, Parameter, Repeat
from normbound.contracts.context import ROLES, Shape
from normbound.errors import NetworkError, NormboundError, ShapeError, TermError, UnsupportedError
from normbound.layers.linear import Linear
from normbound.layers.normalization import Normalize
from normbound.network.program import CLOSE, LEAF, NEXT, OPEN, Network, branches, group_name, natural_symbols, place
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.exact import exact
from normbound.terms.store import Op, Store, Term

LAWS = tuple(WEIGHTS)
FEW_LAWS = LAWS[:6]  # where every network costs much: a third of them is witness-like
VARIANTS = 4  # the network, one near it, one far from it, one that differs in a single tensor
MAX_ENTRIES = 160  # entries of one sample of data: Jacobians are formed entirely
MAX_LAYERS = 400  # executed layers
MAX_PARAMETERS = 20_000
STREAM = 106  # part of every seed: another number here draws other realizations from the same seeds
MAX_ROWS = 32  # samples x positions, where the architecture leaves them open
MANY_ROWS = 0.06  # share of the realizations with more than four samples or positions: they cost far more than others
SHAPE_TRIALS = 400
CHORD_STEPS = 16

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

    def with_indices(self, values: Mapping[str, Any], scope: int, iterations: Sequence[int]) -> dict[str, Any]:
        """``values`` with the iteration indices of the scopes that enclose ``scope``."""
        found = dict(values)
        for k, t in zip(self.chains[scope], iterations, strict=False):
            index = self.derivation.scopes[k].index
            if index is not None:
                found[index.node[1]] = t
        return found

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
        bare = term.kind in (Op.SYM, Op.ELT)
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
        if node[0] in (Op.SYM, Op.ELT):
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

    seed, law, fixed  what it was drawn from: ``draw`` gives the same realization again (with as many points)
    inputs    the input law, which the seed chooses
    values    a value for every symbol: naturals as int, budgets as Fraction, families as lists; measured ones as float
    tensors   key -> array of shape (VARIANTS, 1, *dims)
    points    inputs, (points, samples, positions, features)
    """

    plan: Plan
    seed: int
    law: str
    inputs: str
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

    def is_measured(self, name: str) -> bool:
        """Whether a symbol is read off the tensors, points and deviations, not given."""
        return name not in self.fixed and self.plan.direction(name) is not None

    def measure(self) -> None:
        """Replace measured symbols by what the tensors and points show."""
        r, plan = self, self.plan
        radius = plan.network.input.radius
        if radius is not None and radius.kind == Op.SYM and plan.direction(radius.node[1]) == "radius" \
                and self.is_measured(radius.node[1]):
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
        return self.plan.with_indices(self.values, scope, iterations)


def draw(plan: Plan, seed: int, law: str, points: int = 8, fixed: Mapping[str, Any] | None = None) -> Realization:
    """Draw a realization.

    law is one of LAWS; ``fixed`` gives values of symbols (exact numbers; families as sequences). Raises NetworkError
    for an unknown law or symbol, UnsupportedError when no small shape fits or the architecture is too large.
    """
    if law not in LAWS:
        raise NetworkError(f"found the law {law!r}; accepted: {', '.join(LAWS)}")
    given = fixed_values(plan, fixed or {})
    rng = np.random.default_rng([seed, LAWS.index(law), STREAM])
    inputs = input_law(np.random.default_rng([seed, LAWS.index(law), STREAM, 1]), law)
    numbers, shapes = _naturals(plan, rng, given)
    values: dict[str, Any] = {**given, **numbers}
    schedule = _schedule(plan, values)
    _budgets(plan, rng, values, law)
    layers = {at: _resolved(plan.derivation.program.code[at].block, values) for at in plan.slots}
    found = Realization(plan, seed, law, inputs, dict(fixed or {}), values, shapes, layers, schedule)
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
    many = rng.random() < MANY_ROWS
    for trial in range(SHAPE_TRIALS if free else 3):
        chosen: dict[str, int] = {}
        for n in free:
            if n in plan.depths:
                chosen[n] = int(rng.choice([0, 1, 2, 3, 4], p=[0.06, 0.22, 0.36, 0.24, 0.12]))
            elif n in rows:
                chosen[n] = int(rng.integers(1, 5))
            else:
                chosen[n] = int(rng.integers(1, 9) if trial >= SHAPE_TRIALS // 2 else rng.choice([2, 3, 4, 4, 5, 6]))
        if many and trial < SHAPE_TRIALS // 8 and rows:
            open_rows = sorted(rows & set(chosen))
            if open_rows:
                chosen.update(_many(rng, open_rows))
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


def _many(rng: Any, names: list[str]) -> dict[str, int]:
    """Up to MAX_ROWS rows, in one of the open dimensions or spread over them."""
    left = int(rng.choice([8, 16, MAX_ROWS]))
    out = dict.fromkeys(names, 1)
    for name in [names[k] for k in rng.permutation(len(names))]:
        out[name] = left if rng.random() < 0.5 else min(2, left)
        left //= out[name]
    return out


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
                and not (i.block.floor.kind in (Op.SYM, Op.ELT) and plan.direction(i.block.floor.node[1]) == "floor"
                         and i.block.floor.node[1] not in values) for i in plan.derivation.program.code)
    low, high = (0.0, 2.5) if given and rng.random() < 0.6 else (-1.0, 0.8)
    for name in sorted(plan.symbols):
        if name in values:
            continue
        if plan.symbols[name].kind == Op.ELT:
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
        self.law = WEIGHTS[realization.law]
        self.share = 1.0 if self.law.full else 0.7
        self.units = Units(rng)

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
        r.measure()

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
            excess = rng.exponential(0.5, dims) * (rng.random(dims) < 0.5) if law.along != (0,) else np.zeros(dims)
            return excess * (1 - _identity(dims[0])[0]) if dims else excess
        if not dims and law.draw is not zero:
            return np.array(1.0 if law.full or rng.random() < 0.5 else -1.0)
        return law.draw(rng, self.units, Wanted(p.norm, p.role, dims))

    def variants(self, order: list[Key], limits: Mapping[Key, tuple[Parameter, float, bool]]) -> None:
        """Stack the networks: itself, near, far, one tensor changed; all inside the parameter set."""
        rng, tensors, law = self.rng, self.r.tensors, self.law
        varying = [k for k in order if limits[k][2]]
        single = varying[int(rng.integers(len(varying)))] if varying else None
        near = 10.0 ** rng.uniform(-4, -1)
        # Floors are measured over all networks: where the law attains the bound under its own floor, half of the
        # realizations compare it with close networks only.
        calm = law.full and rng.random() < 0.5
        for key in order:
            p, limit, varies = limits[key]
            base = tensors[key]
            stack = [base] * VARIANTS
            if varies:
                scale = limit if limit else 0.0
                size = scale / max(1.0, float(np.sqrt(base.size)))
                stack[1] = base + near * size * rng.standard_normal(base.shape)
                self.law = WEIGHTS["gaussian"] if rng.random() < 0.5 else law
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
            if layer.row_norm.kind in (Op.SYM, Op.ELT) and self.r.is_measured(layer.row_norm.node[1]):
                continue
            cap = evaluate_floats([layer.row_norm], r.at_scope(plan.scope_of[event.at], event.iterations))[0]
            key = r.key(event.at, plan.slots[event.at][0], event.iterations)
            longest = np.sqrt((r.tensors[key] ** 2).sum(-1)).max(-1)
            r.tensors[key] = r.tensors[key] * np.minimum(1.0, cap / np.maximum(longest, 1e-300))[..., None, None]

    def inputs(self, points: int) -> Array:
        """Points of the domain by the input law; the first one along the direction that the weights are made for."""
        r, rng = self.r, self.rng
        program = r.plan.derivation.program
        s, n, d = (round(v) for v in evaluate_floats(program.network.input.shape[:3], r.values))
        radius = program.network.input.radius
        R = 3.0 if radius is None else evaluate_floats([radius], r.values)[0]
        free = radius is None or (radius.kind == Op.SYM and self.r.is_measured(radius.node[1]))
        axes = self.law.along
        along = self.units.at(d)[axes[int(rng.integers(len(axes)))]] if axes else rng.standard_normal(d)
        ball = Ball((s, n, d), R, along, free)
        x = INPUTS[r.inputs](rng, points, ball)
        if axes and points:
            x[0] = sized(np.broadcast_to(along, (1, s, n, d)), [R])[0]
        if r.inputs == "floor" and points > 1:
            x[1:] = self.lowered(x[1:], rng)
        return x if free else inside(x, R)

    def lowered(self, x: Array, rng: Any) -> Array:
        """The points moved along chords until the deviation at the first normalizer is just above the floor there.

        The floor is the given one, or the smallest deviation among the points. Only the tensors of the first network
        count; a point whose chord does not sink that far goes where it is smallest, one that is below where it is largest.
        """
        r = self.r
        tensors = {k: t[0] for k, t in r.tensors.items()}
        floor: list[Term | None] = []

        def deviation(points: Array) -> Array:
            found: list[Array] = []

            def seen(event: Any, layer: Normalize, z: Array) -> None:
                floor.append(layer.floor)
                found.append(layer.deviations(z).min(axis=-1))
                raise Stopped

            try:
                Pass(r, tensors, seen).run(points)
            except Stopped:
                return found[0]
            return np.zeros(len(points))

        with np.errstate(all="ignore"):
            before = deviation(x)
            if not floor:
                return x  # no normalizer: the sphere
            term = floor[0]
            given = term is not None and r.plan.derivation.floors and not (
                term.kind in (Op.SYM, Op.ELT) and self.r.is_measured(term.node[1]))
            finite = before[np.isfinite(before)]
            target = evaluate_floats([term], {**r.values, **self._first})[0] if given and term is not None else (
                float(finite.min()) if finite.size else 0.0)
            target *= 1 + 10.0 ** rng.uniform(-9, -2)
            ends = np.roll(x, 1, axis=0) * rng.uniform(-1, 1, (len(x), 1, 1, 1))
            times = np.linspace(0, 1, 17)
            chord = np.stack([deviation(x + t * (ends - x)) for t in times])
            below = chord < target
            crossed = ~below[0] & below.any(axis=0)
            lowest, highest = np.nan_to_num(chord, nan=np.inf).argmin(axis=0), np.nan_to_num(chord, nan=-np.inf).argmax(axis=0)
            high = np.where(crossed, below.argmax(axis=0), np.where(below[0], highest, lowest))
            t1 = times[high]
            t0 = np.where(crossed, times[np.maximum(high - 1, 0)], t1)
            for _ in range(CHORD_STEPS):
                t = (t0 + t1) / 2
                low = deviation(x + t[:, None, None, None] * (ends - x)) < target
                t0, t1 = np.where(low, t0, t), np.where(low, t, t1)
        return x + t0[:, None, None, None] * (ends - x)

    @property
    def _first(self) -> dict[str, int]:
        """Every iteration index at its first value."""
        scopes = self.r.plan.derivation.scopes
        return {s.index.node[1]: 1 for s in scopes if s.index is not None}




def record(r: Realization, found: dict[tuple[str, int], float], bound: Term, event: Event, size: Array) -> None:
    """Note a measured size of the symbol or family member ``bound`` (member 0: a plain symbol)."""
    if bound.kind not in (Op.SYM, Op.ELT):
        return
    name = bound.node[1]
    way = r.plan.direction(name)
    if way is None or name in r.fixed:
        return
    member = 0
    if bound.kind == Op.ELT:
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
