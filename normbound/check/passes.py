"""Forward passes on arrays with any leading axes, of a whole schedule or of the part of it that makes up one step.

``forward.py`` carries derivatives along and runs a whole network; here values alone are computed (complex ones too, so
that a complex step gives derivatives in chosen directions), every network of a population having its own tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from normbound.contracts.block import Composite, Repeat
from normbound.layers.normalization import Normalize
from normbound.network.program import CLOSE, LEAF, NEXT, OPEN
from normbound.terms.evaluate import evaluate_floats

if TYPE_CHECKING:
    from normbound.check.realization import Event, Realization

Array = Any


@dataclass(slots=True, eq=False)
class Visit:
    """One executed step: the events ``first`` to ``stop`` (excluded), applied to ``before``.

    premises, bodies  positions of other visits; outside  captured tensors that the events may read
    """

    step: int
    iterations: tuple[int, ...]
    first: int
    stop: int
    before: Array
    after: Array
    outside: Mapping[str, Array]
    premises: tuple[int, ...] = ()
    bodies: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class _Frame:
    block: Any
    opened: int
    entry: Array
    x: Array
    x0: Array
    begun: int
    last: int | None = None
    iterated: bool = False
    outs: list[Array] = field(default_factory=list)
    lasts: list[int | None] = field(default_factory=list)  # what the branches ended with
    captured: dict[str, Array] = field(default_factory=dict)
    bodies: list[int] = field(default_factory=list)

    def begin(self, x: Array, event: int) -> None:
        self.x = self.x0 = x
        self.begun, self.last = event, None


class Stopped(Exception):
    """Raised by a watcher that has seen enough."""


class Pass:
    """Runs the schedule of ``r`` with ``tensors`` (arrays whose leading axes broadcast against those of the input).

    watch   called with (event, layer, input) before every normalizer
    start   called with (scope path, iterations, tensor) at the beginning of every iteration of a Repeat
    """

    def __init__(self, r: Realization, tensors: Mapping[Any, Array],
                 watch: Callable[[Event, Normalize, Array], None] | None = None,
                 start: Callable[[tuple[int, ...], tuple[int, ...], Array], None] | None = None):
        self.r, self.tensors, self.watch, self.start = r, tensors, watch, start
        self.code = r.plan.derivation.program.code
        self.steps_at: dict[int, list[int]] = {}
        for k, step in enumerate(r.plan.derivation.steps):
            if step.rule != "domain":
                self.steps_at.setdefault(step.at, []).append(k)

    def run(self, x: Array, first: int = 0, stop: int | None = None, outside: Mapping[str, Array] | None = None,
            visits: list[Visit] | None = None) -> Array:
        """The output of the events first..stop-1 on ``x``; every step met is appended to ``visits``."""
        r, code = self.r, self.code
        frames = [_Frame(None, first, x, x, x, first, captured=dict(outside or {}))]
        stop = len(r.schedule) if stop is None else stop
        noted = visits is not None
        found = visits if visits is not None else []
        if noted and first == 0:
            found.append(Visit(0, (), 0, 0, x, x, {}))
            frames[0].last = 0
        for k in range(first, stop):
            event = r.schedule[k]
            frame = frames[-1]
            block = code[event.at].block
            if event.op == LEAF:
                before = frame.x
                frame.x = self._leaf(frames, event)
                if noted:
                    self._note(found, frames, event, k, k, before, ())
            elif event.op == OPEN:
                inner = _Frame(block, k, frame.x, frame.x, frame.x, k + 1)
                inner.begin(self._branch(block, frame.x, 0), k + 1)
                frames.append(inner)
            elif event.op == NEXT:
                self._finish(frame)
                frame.begin(self._branch(block, frame.entry, code[event.at].branch), k + 1)
            elif event.op == CLOSE:
                frames.pop()
                parent = frames[-1]
                premises = self._close(frame, event, parent)
                if noted:
                    self._note(found, frames, event, frame.opened, k, frame.entry, premises, tuple(frame.bodies))
            else:
                self._iterate(frame, event, k)
        if noted and first == 0:
            for step in self.steps_at.get(len(code) - 1, []):
                if r.plan.derivation.steps[step].rule == "sharing":
                    found.append(Visit(step, (), 0, stop, x, frames[0].x, {}, (len(found) - 1,)))
        return frames[0].x

    def _note(self, found: list[Visit], frames: list[_Frame], event: Event, first: int, last: int, before: Array,
              premises: tuple[int, ...], bodies: tuple[int, ...] = ()) -> None:
        frame, steps = frames[-1], self.r.plan.derivation.steps
        outside: dict[str, Array] = {}
        for f in frames:
            outside.update(f.captured)
        step = self.steps_at[event.at][0]
        found.append(Visit(step, event.iterations, first, last + 1, before, frame.x, outside, premises, bodies))
        own = len(found) - 1
        if frame.last is None:
            frame.last = own
            return
        chain = next(k for k in self.steps_at[event.at] if steps[k].rule == "series" and k > step)
        found.append(Visit(chain, event.iterations, frame.begun, last + 1, frame.x0, frame.x, outside,
                           (frame.last, own)))
        frame.last = len(found) - 1

    def _leaf(self, frames: list[_Frame], event: Event) -> Array:
        layer = self.r.layers[event.at]
        x = frames[-1].x
        if layer.name == "Outside":
            source = layer.source  # type: ignore[attr-defined]
            return next(f.captured[source] for f in reversed(frames) if source in f.captured)
        if self.watch is not None and isinstance(layer, Normalize):
            self.watch(event, layer, x)
        values = {s.parameter.name: self.tensors[self.r.key(event.at, s, event.iterations)]
                  for s in self.r.plan.slots[event.at]}
        return layer.forward(values, x)

    @staticmethod
    def _branch(block: Any, x: Array, k: int) -> Array:
        if isinstance(block, Composite) and block.rule == "parallel":
            width = x.shape[-1] // len(block.parts)
            return x[..., k * width:(k + 1) * width]
        return x

    @staticmethod
    def _finish(frame: _Frame) -> None:
        """A branch ends (for a Repeat: its start or one of its captured networks)."""
        frame.outs.append(frame.x)
        frame.lasts.append(frame.last)
        if isinstance(frame.block, Repeat) and len(frame.outs) > 1:
            frame.captured[list(frame.block.capture)[len(frame.outs) - 2]] = frame.x

    def _iterate(self, frame: _Frame, event: Event, k: int) -> None:
        x = frame.outs[0] if event.iterations[-1] == 1 else frame.x
        if event.iterations[-1] > 1 and frame.last is not None:
            frame.bodies.append(frame.last)
        frame.begin(x, k + 1)
        frame.iterated = True
        if self.start is not None:
            self.start(self.code[self.r.schedule[frame.opened].at].path, event.iterations, x)

    def _close(self, frame: _Frame, event: Event, parent: _Frame) -> tuple[int, ...]:
        block = frame.block
        if isinstance(block, Repeat):
            if frame.iterated and frame.last is not None:
                frame.bodies.append(frame.last)
            parent.x = frame.x if frame.iterated else frame.outs[0]
        else:
            self._finish(frame)
            parent.x = self._joined(frame, event)
        return tuple(k for k in frame.lasts if k is not None)

    def _joined(self, frame: _Frame, event: Event) -> Array:
        block, outs = frame.block, frame.outs
        if block.rule == "sum":
            return sum(outs[1:], outs[0])
        if block.rule in ("concat", "parallel"):
            lead = np.broadcast_shapes(*(o.shape[:-1] for o in outs))
            return np.concatenate([np.broadcast_to(o, (*lead, o.shape[-1])) for o in outs], axis=-1)
        if block.rule == "product":
            return outs[0] * outs[1]
        values = self.r.at_scope(self.r.plan.scope_of[event.at], event.iterations)
        return block.sign * evaluate_floats([block.factor], values)[0] * outs[0]
