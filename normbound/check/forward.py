"""Forward passes that record everything: values of all networks and points, and Jacobians by complex steps.

The interpreter runs a schedule (instructions in order of execution) on arrays of shape
(networks, points, samples, positions, features). For the first network it also carries the derivative of the running
tensor with respect to the start of its branch and to every parameter used since: each layer's own Jacobian comes from
one complex step per direction (imaginary part 1e-30, so there is no truncation and no cancellation), blocks compose by
the chain rule. Every derivation step that ends at an instruction gets a record: local blocks relative to their own
input, chains relative to the start of their branch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from normbound.check.realization import CLOSE, ITERATE, LEAF, NEXT, OPEN, Key, Plan, Realization, assign, record
from normbound.contracts.block import Composite, Layer, Repeat
from normbound.errors import NetworkError, ShapeError
from normbound.layers.normalization import Normalize
from normbound.network.program import place
from normbound.terms.evaluate import evaluate_floats

STEP = 1e-30
Array = Any


@lru_cache(maxsize=256)
def _identity(size: int, imaginary: bool = False) -> Array:
    """The identity, or the complex steps along it; read only."""
    found = np.eye(size) * (1j * STEP) if imaginary else np.eye(size)
    found.flags.writeable = False
    return found


@dataclass(slots=True)
class Tangents:
    """A derivative, transposed: rows are directions, columns entries of the tensor; one matrix per point.

    The first ``inputs`` rows belong to the entries of the input, the others to the tensors in ``where``.
    """

    matrix: Array  # (points, rows, entries)
    inputs: int
    where: dict[Key, slice]

    @classmethod
    def start(cls, points: int, entries: int) -> Tangents:
        return cls(np.broadcast_to(_identity(entries), (points, entries, entries)), entries, {})

    def part(self, key: Key) -> Array:
        return self.matrix[:, self.where[key]]

    def then(self, block: Tangents) -> Tangents:
        """The derivative after one more block that reads this tensor."""
        moved = self.matrix @ block.matrix[:, :block.inputs]
        return _with(moved, self.inputs, dict(self.where), [(k, block.part(k)) for k in block.where])


def _with(matrix: Array, inputs: int, where: dict[Key, slice], parts: list[tuple[Key, Array]]) -> Tangents:
    """``matrix`` with the derivatives of further tensors; a tensor that is there already adds up."""
    new: list[Array] = []
    rows = matrix.shape[1]
    copied = False
    for key, part in parts:
        if key in where and where[key].start < matrix.shape[1]:
            if not copied:
                matrix, copied = matrix.copy(), True
            matrix[:, where[key]] += part
            continue
        where[key] = slice(rows, rows + part.shape[1])
        new.append(part)
        rows += part.shape[1]
    return Tangents(np.concatenate([matrix, *new], axis=1) if new else matrix, inputs, where)


@dataclass(slots=True, eq=False)
class Record:
    """One executed step: step index, iterations of the enclosing repeats, tensors, derivative, records of premises."""

    step: int
    iterations: tuple[int, ...]
    before: Array  # (networks, points, ...)
    after: Array
    tangents: Tangents
    outside: dict[Key, Array]  # captured tensors that the block reads from an enclosing Repeat
    premises: tuple[Record, ...] = ()
    bodies: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class Undefined:
    """A layer whose output is not a finite number although its input is."""

    step: int
    iterations: tuple[int, ...]
    network: int
    point: int
    size: float  # largest entry of the input


@dataclass(slots=True)
class Trace:
    records: list[Record]
    valid: Array  # (networks, points): every hypothesis holds there
    skipped: dict[int, int]  # instruction -> pairs (network, point) that violate its floor
    undefined: list[Undefined]
    states: dict[tuple[int, tuple[int, ...]], Array]  # (scope, iterations) -> norms at the start of the iteration
    tops: dict[tuple[int, tuple[int, ...]], Array]  # the same for the largest entries


class _Frame:
    __slots__ = ("at", "block", "bodies", "captured", "entry", "iterations", "last", "outs", "sources", "sum",
                 "tangents", "x", "x0")

    def __init__(self, block: Any, at: int, x: Array):
        self.block = block
        self.at = at
        self.entry = x  # input of the block
        self.outs: list[tuple[Array, Tangents, dict[Key, Array]]] = []
        self.captured: dict[str, Array] = {}
        self.sources: dict[str, Record] = {}
        self.sum: Tangents | None = None  # a Repeat: the derivative of the stream relative to the input of the block
        self.bodies: list[Record] = []
        self.last: Record | None = None
        self.begin(x)

    def begin(self, x: Array) -> None:
        """Start a branch (or an iteration) at ``x``."""
        self.x0 = self.x = x
        self.last = None
        self.tangents = Tangents.start(x.shape[1], math.prod(x.shape[2:]))


def norms(x: Array) -> Array:
    """Euclidean norms over samples, positions and features."""
    return np.sqrt((x * x).sum(axis=(-3, -2, -1)))


def floors(r: Realization, trace: Trace, deviations: list[tuple[Any, Array]]) -> None:
    """Measure floors over all networks, points and iterations; mark the points below given ones."""
    found: dict[tuple[str, int], float] = {}
    for event, dev in deviations:
        layer = r.layers[event.at]
        assert isinstance(layer, Normalize)
        if layer.floor is not None and r.plan.derivation.floors:
            record(r, found, layer.floor, event, np.where(np.isfinite(dev), dev, np.inf))
    assign(r, {k: v for k, v in found.items() if np.isfinite(v)})
    for event, dev in deviations:
        layer = r.layers[event.at]
        assert isinstance(layer, Normalize)
        values = r.at_scope(r.plan.scope_of[event.at], event.iterations)
        if layer.center and layer.size(r.plan.derivation.program.code[event.at].shape).literal() == 1:
            continue  # centred groups of one entry are constant: their contract has no hypothesis
        floor = 0.0
        if layer.floor is not None and r.plan.derivation.floors:
            floor = evaluate_floats([layer.floor], values)[0]
        eps = evaluate_floats([layer.eps], values)[0]
        ok = (dev >= floor).all(-1)
        if floor * floor + eps <= 0:  # the hypothesis "sigma^2 + eps > 0" fails
            ok = ok & False
        if not ok.all():
            trace.skipped[event.at] = trace.skipped.get(event.at, 0) + int((~ok).sum())
            trace.valid &= ok


def execute(r: Realization, derivatives: bool = True) -> Trace:
    """Run the realization: values of all networks and points, derivatives of the first network.

    Floors that are plain symbols are measured here and written into ``r.values``.
    """
    with np.errstate(all="ignore"):
        return _Run(r, derivatives).run()


class _Run:
    def __init__(self, r: Realization, derivatives: bool):
        self.r = r
        self.plan: Plan = r.plan
        self.derivatives = derivatives
        self.code = self.plan.derivation.program.code
        self.steps_at: dict[int, list[int]] = {}
        self.series_at: dict[int, list[int]] = {}
        for k, step in enumerate(self.plan.derivation.steps):
            if step.rule != "domain":
                self.steps_at.setdefault(step.at, []).append(k)
            if step.rule == "series":
                self.series_at.setdefault(step.at, []).append(k)
        self.latest: dict[int, Record] = {}
        self.deviations: list[tuple[Any, Array]] = []
        scopes = self.plan.derivation.scopes
        self.scope_by_path = {s.path: k for k, s in enumerate(scopes) if k}
        networks = max((t.shape[0] for t in r.tensors.values()), default=1)
        self.x0 = np.broadcast_to(r.points, (networks, *r.points.shape))
        self.trace = Trace([], np.ones(self.x0.shape[:2], dtype=bool), {}, [], {}, {})

    def run(self) -> Trace:
        top = _Frame(None, 0, self.x0)
        frames = self.frames = [top]
        domain = Record(0, (), self.x0, self.x0, top.tangents, {})
        self._add(domain)
        top.last = domain
        for event in self.r.schedule:
            block = self.code[event.at].block
            frame = frames[-1]
            if event.op == LEAF:
                self._leaf(frame, event)
            elif event.op == OPEN:
                new = _Frame(block, event.at, frame.x)
                frames.append(new)
                self._branch(new, 0)
            elif event.op == NEXT:
                self._finish(frame)
                self._branch(frame, self.code[event.at].branch)
            elif event.op == ITERATE:
                self._iterate(frame, event)
            elif event.op == CLOSE:
                self._close(event)
        final = self.steps_at.get(len(self.code) - 1, [])
        for k in final:
            if self.plan.derivation.steps[k].rule == "sharing":
                last = self.trace.records[-1]
                self._add(Record(k, (), last.before, last.after, last.tangents, {}, (last,)))
        floors(self.r, self.trace, self.deviations)
        return self.trace

    # -- records --------------------------------------------------------------------------------------------------
    def _add(self, rec: Record) -> Record:
        self.trace.records.append(rec)
        self.latest[rec.step] = rec
        return rec

    def _advance(self, frame: _Frame, at: int, iterations: tuple[int, ...], block: Record) -> None:
        """The frame moves on by one block; the chain so far gets its record."""
        frame.tangents = frame.tangents.then(block.tangents) if self.derivatives else frame.tangents
        frame.x = block.after
        if frame.last is None:
            frame.last = block
            return
        chain = next(k for k in self.series_at[at] if k > block.step)
        rec = Record(chain, iterations, frame.x0, frame.x, frame.tangents, self._reads(frame.tangents),
                     (frame.last, block))
        frame.last = self._add(rec)

    def _reads(self, tangents: Tangents) -> dict[Key, Array]:
        """The captured tensors among the parameters of a derivative."""
        found: dict[Key, Array] = {}
        for key in tangents.where:
            if key[0].startswith("outside "):
                for frame in self.frames:
                    for name, value in frame.captured.items():
                        if self._outside(frame, name) == key[0]:
                            found[key] = value
        return found

    def _outside(self, frame: _Frame, name: str) -> str:
        return f"outside {'.'.join(map(str, self.code[frame.at].path))} {name}"

    # -- leaves ---------------------------------------------------------------------------------------------------
    def _leaf(self, frame: _Frame, event: Any) -> None:
        r, x = self.r, frame.x
        layer = r.layers[event.at]
        step = self.steps_at[event.at][0]
        points, entries = x.shape[1], math.prod(x.shape[2:])
        if layer.name == "Outside":
            source = layer.source  # type: ignore[attr-defined]
            home = next(f for f in reversed(self.frames) if source in f.captured)
            y = home.captured[source]
            size = math.prod(y.shape[2:])
            key: Key = (self._outside(home, source), ())
            t = _with(np.zeros((points, entries, size)), entries, {},
                      [(key, np.broadcast_to(_identity(size), (points, size, size)))])
            rec = Record(step, event.iterations, x, y, t, {key: y}, (home.sources[source],))
        else:
            slots = self.plan.slots[event.at]
            keys = [r.key(event.at, s, event.iterations) for s in slots]
            values = {s.parameter.name: r.tensors[k] for s, k in zip(slots, keys, strict=True)}
            try:
                y = layer.forward(values, x)
            except ValueError as error:  # shapes that the arrays do not have
                raise ShapeError(f"{self._where(event.at)}: the forward pass fails on an input of shape {x.shape[2:]}, "
                                 f"the program says {r.shapes[2 * event.at]}: {error}") from None
            except (ArithmeticError, LookupError, RuntimeError, TypeError, AttributeError) as error:  # a layer of the user's
                raise NetworkError(f"{self._where(event.at)}: the forward pass raises {type(error).__name__}: {error}") from error
            if isinstance(layer, Normalize):
                self.deviations.append((event, layer.deviations(x)))
            self._defined(step, event, x, y)
            varying = [(s.parameter.name, k) for s, k in zip(slots, keys, strict=True) if s.varies]
            t = self._jacobian(layer, {n: v[0, 0] for n, v in values.items()}, x[0], varying) if self.derivatives \
                else frame.tangents
            rec = Record(step, event.iterations, x, y, t, {})
        if y.shape[2:] != r.shapes[2 * event.at + 1]:
            raise ShapeError(f"{self._where(event.at)}: the forward pass gives the shape {y.shape[2:]}, the program "
                             f"says {r.shapes[2 * event.at + 1]}")
        self._add(rec)
        self._advance(frame, event.at, event.iterations, rec)

    def _where(self, at: int) -> str:
        return f"{place(self.code[at].path)} ({self.r.layers[at].name})"

    def _defined(self, step: int, event: Any, x: Array, y: Array) -> None:
        finite = np.isfinite(y)
        if finite.all():
            return
        good = finite.all(axis=(-3, -2, -1))
        fresh = np.isfinite(x).all(axis=(-3, -2, -1)) & ~good
        for network, point in np.argwhere(fresh):
            size = float(np.abs(x[network, point]).max())
            self.trace.undefined.append(Undefined(step, event.iterations, int(network), int(point), size))

    def _jacobian(self, layer: Layer, tensors: Mapping[str, Array], x: Array,
                  varying: list[tuple[str, Key]]) -> Tangents:
        """The derivative of one layer at points ``x``, one complex step per entry of its input and of its tensors."""
        points, shape = x.shape[0], x.shape[1:]
        entries = math.prod(shape)
        y = layer.forward(tensors, x[:, None] + _identity(entries, True).reshape(1, entries, *shape))
        inner = y.imag.reshape(points, entries, -1) / STEP
        after = getattr(layer, "after", None)
        if isinstance(after, Normalize) and after.center and after.partition == "row":
            # the contract speaks about centred rows, the only ones that reach the layer
            z = inner.reshape(points, -1, shape[-1], inner.shape[-1])
            inner = (z - z.mean(axis=2, keepdims=True)).reshape(inner.shape)
        parts: list[tuple[Key, Array]] = []
        for name, key in varying:
            value = tensors[name]
            size = value.size
            moved = value + _identity(size, True).reshape(size, *value.shape)
            y = layer.forward({**tensors, name: moved}, x[:, None])
            parts.append((key, np.broadcast_to(y.imag, (points, size, *y.shape[-3:])).reshape(points, size, -1) / STEP))
        return _with(inner, entries, {}, parts)

    # -- brackets -------------------------------------------------------------------------------------------------
    def _branch(self, frame: _Frame, k: int) -> None:
        block, x = frame.block, frame.entry
        if isinstance(block, Composite) and block.rule == "parallel":
            width = x.shape[-1] // len(block.parts)
            x = x[..., k * width:(k + 1) * width]
        frame.begin(x)

    def _finish(self, frame: _Frame) -> None:
        """A branch ends (for a Repeat: its start or one of its captured networks)."""
        frame.outs.append((frame.x, frame.tangents, {}))
        block = frame.block
        if isinstance(block, Repeat):
            k = len(frame.outs) - 1
            if k:
                assert frame.last is not None
                name = list(block.capture)[k - 1]
                frame.captured[name], frame.sources[name] = frame.x, frame.last
            else:
                frame.sum = frame.tangents

    def _iterate(self, frame: _Frame, event: Any) -> None:
        scope = self.scope_by_path[self.code[frame.at].path]
        if event.iterations[-1] == 1:
            stream = frame.outs[0][0]
        else:
            stream = frame.x
            self._absorb(frame)
        frame.begin(stream)
        self.trace.states[scope, event.iterations] = norms(stream)
        self.trace.tops[scope, event.iterations] = np.abs(stream).max(axis=(-3, -2, -1))

    def _absorb(self, frame: _Frame) -> None:
        """The iteration that ends becomes part of the stream."""
        assert frame.sum is not None and frame.last is not None
        frame.bodies.append(frame.last)
        if self.derivatives:
            frame.sum = frame.sum.then(frame.tangents)

    def _close(self, event: Any) -> None:
        at, iterations = event.at, event.iterations
        frame = self.frames[-1]
        block = frame.block
        step = self.steps_at[at][0]
        premises = self.plan.derivation.steps[step].premises
        if isinstance(block, Repeat):
            if frame.x is frame.x0 and frame.last is None:  # depth 0
                y = frame.outs[0][0]
            else:
                y = frame.x
                self._absorb(frame)
            tangents = self._released(frame)
            known: tuple[Record, ...] = tuple(self.latest[p] for p in premises[:-1])
        else:
            frame.outs.append((frame.x, frame.tangents, {}))
            y, tangents = self._joined(frame, block)
            known = tuple(self.latest[p] for p in premises)
        self.frames.pop()
        parent = self.frames[-1]
        rec = Record(step, iterations, frame.entry, y, tangents, self._reads(tangents), known, frame.bodies)
        self._add(rec)
        self._advance(parent, at, iterations, rec)

    def _released(self, frame: _Frame) -> Tangents:
        """The derivative of a Repeat once its captured tensors are read off the networks that compute them."""
        stream = frame.sum
        assert stream is not None
        if not self.derivatives:
            return stream
        for name, (_, source, _) in zip(frame.block.capture, frame.outs[1:], strict=True):
            key: Key = (self._outside(frame, name), ())
            if key not in stream.where:
                continue
            through = stream.part(key)
            matrix = stream.matrix.copy()
            matrix[:, :stream.inputs] += source.matrix[:, :source.inputs] @ through
            kept = {k: s for k, s in stream.where.items() if k != key}
            order = [matrix[:, :stream.inputs], *(matrix[:, s] for s in kept.values())]
            where: dict[Key, slice] = {}
            rows = stream.inputs
            for k, s in kept.items():
                where[k] = slice(rows, rows + s.stop - s.start)
                rows = where[k].stop
            stream = _with(np.concatenate(order, axis=1), stream.inputs, where,
                           [(k, source.part(k) @ through) for k in source.where])
        return stream

    def _joined(self, frame: _Frame, block: Composite) -> tuple[Array, Tangents]:
        outs, rule = frame.outs, block.rule
        xs = [o[0] for o in outs]
        if rule == "sum":
            y = xs[0]
            for x in xs[1:]:
                y = y + x
        elif rule in ("concat", "parallel"):
            y = np.concatenate(xs, axis=-1)
        elif rule == "product":
            y = xs[0] * xs[1]
        else:
            y = self._factor(block) * xs[0]
        if not self.derivatives:
            return y, frame.tangents
        shape = y.shape[2:]
        points, entries = y.shape[1], math.prod(frame.entry.shape[2:])
        width = frame.entry.shape[-1] // max(1, len(block.parts))
        positions = np.arange(entries).reshape(frame.entry.shape[2:])
        matrix = np.zeros((points, entries, math.prod(shape)))
        parts: list[tuple[Key, Array]] = []
        offset = 0
        for k, (x, t, _) in enumerate(outs):
            rows = t.matrix.shape[1]
            m = t.matrix
            if rule in ("concat", "parallel"):
                wide = np.zeros((points, rows, *shape))
                wide[..., offset:offset + x.shape[-1]] = m.reshape(points, rows, *x.shape[2:])
                offset += x.shape[-1]
                m = wide.reshape(points, rows, -1)
            elif rule == "product":
                m = m * xs[1 - k][0].reshape(points, 1, -1)
            elif rule == "scale":
                m = m * self._factor(block)
            inner = m[:, :t.inputs]
            if rule == "parallel":
                matrix[:, positions[..., k * width:(k + 1) * width].ravel()] += inner
            else:
                matrix += inner
            parts.extend((key, m[:, s]) for key, s in t.where.items())
        # A tensor used in two branches appears twice in ``parts``: add it up before it is stacked.
        merged: dict[Key, Array] = {}
        for key, part in parts:
            merged[key] = merged[key] + part if key in merged else part
        return y, _with(matrix, entries, {}, list(merged.items()))

    def _factor(self, block: Composite) -> float:
        """The signed factor of a scaled block."""
        assert block.factor is not None
        return block.sign * evaluate_floats([block.factor], self._values())[0]

    def _values(self) -> dict[str, Any]:
        values = dict(self.r.values)
        for scope, iterations in reversed(list(self.trace.states)):
            index = self.plan.derivation.scopes[scope].index
            if index is not None and index.node[1] not in values:
                values[index.node[1]] = iterations[-1]
        return values
