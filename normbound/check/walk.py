"""The forward pass of a realization up to one executed step, in any arithmetic that the layers run on.

``forward.execute`` runs all networks and points in doubles and records everything. This pass follows the same schedule on
a batch of (network, point) pairs and keeps one record: the tensors before and after one step's block at given iterations,
with what the hypotheses speak about on the way. The arrays may hold complex numbers (a direction in the imaginary part) or
balls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from normbound.check.balls import Undefined, to_balls
from normbound.check.realization import CLOSE, ITERATE, LEAF, NEXT, OPEN, Event, Key, Plan, Realization
from normbound.contracts.block import Composite, Repeat
from normbound.layers.normalization import Normalize
from normbound.network.program import place

Array = Any


class NoOutput(Undefined):
    """A layer has no output at an input that it should accept.

    inside  an operation on the way has no value (in a branch that may not be taken), not the output itself
    """

    def __init__(self, where: str, at: int, iterations: tuple[int, ...], reason: str, inside: bool = False):
        super().__init__(f"{where}: {reason}")
        self.at, self.iterations, self.inside = at, iterations, inside
        self.so_far = Walk()


@dataclass(slots=True)
class Passage:
    """One executed block: tensors at its ends, captured tensors it reads, keys of the tensors that may vary in it."""

    before: Array
    after: Array
    outside: dict[str, Array]
    keys: list[Key]


@dataclass(slots=True)
class Walk:
    """What a pass met. ``streams``: the tensor at the start of every iteration of every scope."""

    passage: Passage | None = None
    inputs: list[tuple[Event, Array]] = field(default_factory=list)  # of every normalizer
    streams: dict[tuple[int, tuple[int, ...]], Array] = field(default_factory=dict)


class _Part:
    """What the running branch is made of: its keys in order of use and the captured tensors it reads."""

    __slots__ = ("keys", "outside")

    def __init__(self, keys: Mapping[Key, None] | None = None, outside: Mapping[str, Array] | None = None):
        self.keys: dict[Key, None] = dict(keys or {})
        self.outside: dict[str, Array] = dict(outside or {})

    def then(self, other: _Part) -> _Part:
        return _Part({**self.keys, **other.keys}, {**self.outside, **other.outside})


class _Frame:
    __slots__ = ("at", "block", "captured", "entry", "last", "outs", "part", "ran", "stream", "x", "x0")

    def __init__(self, block: Any, at: int, x: Array):
        self.block, self.at, self.entry = block, at, x
        self.outs: list[tuple[Array, _Part]] = []
        self.captured: dict[str, Array] = {}
        self.stream = _Part()  # of a Repeat: its start and the iterations so far
        self.ran = False
        self.begin(x)

    def begin(self, x: Array) -> None:
        self.x0 = self.x = x
        self.part = _Part()
        self.last: int | None = None


Factor = Callable[[Composite, int, tuple[int, ...]], Any]


def walk(r: Realization, tensors: Mapping[Key, Array], x: Array, step: int, iterations: tuple[int, ...],
         factor: Factor) -> Walk:
    """Run ``r`` with other tensors (pairs, 1, *dims) on inputs (pairs, 1, samples, positions, features).

    factor gives the signed factor of a scaled block. Raises NoOutput when a layer on balls has no output.
    """
    run = _Run(r, tensors, step, iterations, factor)
    try:
        return run.run(x)
    except NoOutput as error:
        error.so_far = run.out
        raise


class _Run:
    def __init__(self, r: Realization, tensors: Mapping[Key, Array], step: int, iterations: tuple[int, ...],
                 factor: Factor):
        self.r, self.tensors, self.factor = r, tensors, factor
        self.plan: Plan = r.plan
        d = self.plan.derivation
        while d.steps[step].rule == "sharing":  # the same block as its premise
            step = d.steps[step].premises[0]
        self.wanted = (step, iterations)
        self.code = d.program.code
        self.scope_by_path = {s.path: k for k, s in enumerate(d.scopes) if k}
        self.steps_at: dict[int, list[int]] = {}
        for k, s in enumerate(d.steps):
            if s.rule not in ("domain", "sharing"):
                self.steps_at.setdefault(s.at, []).append(k)
        self.out = Walk()

    def run(self, x: Array) -> Walk:
        top = _Frame(None, 0, x)
        top.last = 0
        self.frames = [top]
        self._note(0, (), x, x, _Part())
        for event in self.r.schedule:
            frame, block = self.frames[-1], self.code[event.at].block
            if event.op == LEAF:
                self._leaf(frame, event)
            elif event.op == OPEN:
                self.frames.append(_Frame(block, event.at, frame.x))
                self._branch(self.frames[-1], 0)
            elif event.op == NEXT:
                self._finish(frame)
                self._branch(frame, self.code[event.at].branch)
            elif event.op == ITERATE:
                self._iterate(frame, event)
            elif event.op == CLOSE:
                self._close(event)
        return self.out

    def _note(self, step: int, iterations: tuple[int, ...], before: Array, after: Array, part: _Part) -> None:
        if (step, iterations) == self.wanted:
            self.out.passage = Passage(before, after, dict(part.outside), list(part.keys))

    def _advance(self, frame: _Frame, event: Event, step: int, y: Array, part: _Part) -> None:
        frame.part = frame.part.then(part)
        frame.x = y
        if frame.last is None:
            frame.last = step
            return
        frame.last = next(k for k in self.steps_at[event.at] if k > step)
        self._note(frame.last, event.iterations, frame.x0, y, frame.part)

    def _leaf(self, frame: _Frame, event: Event) -> None:
        r, x = self.r, frame.x
        layer, step = r.layers[event.at], self.steps_at[event.at][0]
        if layer.name == "Outside":
            source = layer.source  # type: ignore[attr-defined]
            home = next(f for f in reversed(self.frames) if source in f.captured)
            y = home.captured[source]
            part = _Part({}, {self._outside(home, source): y})
        else:
            slots = self.plan.slots[event.at]
            keys = [r.key(event.at, s, event.iterations) for s in slots]
            if isinstance(layer, Normalize):
                self.out.inputs.append((event, x))
            try:
                y = layer.forward({s.parameter.name: self.tensors[k] for s, k in zip(slots, keys, strict=True)}, x)
            except Undefined as error:
                raise NoOutput(f"{place(self.code[event.at].path)} ({layer.name})", event.at, event.iterations,
                               str(error), inside=True) from None
            try:
                if y.dtype == object:
                    y = to_balls(y)
            except Undefined as error:
                raise NoOutput(f"{place(self.code[event.at].path)} ({layer.name})", event.at, event.iterations,
                               str(error)) from None
            part = _Part({k: None for s, k in zip(slots, keys, strict=True) if s.varies})
        self._note(step, event.iterations, x, y, part)
        self._advance(frame, event, step, y, part)

    def _outside(self, frame: _Frame, name: str) -> str:
        return f"outside {'.'.join(map(str, self.code[frame.at].path))} {name}"

    def _branch(self, frame: _Frame, k: int) -> None:
        block, x = frame.block, frame.entry
        if isinstance(block, Composite) and block.rule == "parallel":
            width = x.shape[-1] // len(block.parts)
            x = x[..., k * width:(k + 1) * width]
        frame.begin(x)

    def _finish(self, frame: _Frame) -> None:
        frame.outs.append((frame.x, frame.part))
        if isinstance(frame.block, Repeat):
            if len(frame.outs) == 1:
                frame.stream = frame.part
            else:
                frame.captured[list(frame.block.capture)[len(frame.outs) - 2]] = frame.x

    def _iterate(self, frame: _Frame, event: Event) -> None:
        if frame.ran:
            frame.stream = frame.stream.then(frame.part)
            stream = frame.x
        else:
            stream = frame.outs[0][0]
        frame.ran = True
        frame.begin(stream)
        self.out.streams[self.scope_by_path[self.code[frame.at].path], event.iterations] = stream

    def _close(self, event: Event) -> None:
        frame = self.frames.pop()
        block = frame.block
        if isinstance(block, Repeat):
            y = frame.x if frame.ran else frame.outs[0][0]
            part = frame.stream.then(frame.part) if frame.ran else frame.stream
            for name, (_, source) in zip(block.capture, frame.outs[1:], strict=True):
                if part.outside.pop(self._outside(frame, name), None) is not None:
                    part = part.then(source)
        else:
            frame.outs.append((frame.x, frame.part))
            y = self._joined(frame, event)
            part = _Part()
            for _, p in frame.outs:
                part = part.then(p)
        step = self.steps_at[event.at][0]
        self._note(step, event.iterations, frame.entry, y, part)
        self._advance(self.frames[-1], event, step, y, part)

    def _joined(self, frame: _Frame, event: Event) -> Array:
        xs, rule = [y for y, _ in frame.outs], frame.block.rule
        if rule in ("concat", "parallel"):
            return np.concatenate(xs, axis=-1)
        if rule == "scale":
            return self.factor(frame.block, event.at, event.iterations) * xs[0]
        y = xs[0]
        for x in xs[1:]:
            y = y + x if rule == "sum" else y * x
        return y
