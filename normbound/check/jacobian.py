"""Jacobians of whole networks in the input, and their largest singular values, for many networks and points at once.

Directions are pushed forward: with the rows of D the directions at the input of a layer, D J^T are those behind it, and
the identity at the input of the network ends as the transposed Jacobian. Layers are not made matrices: elementwise
ones scale columns, a normalizer of one group changes D by rank two, and both stay pending as
(D diag(s) - (D A) B) diag(t) until a weight needs the matrix.
Layers without a formula here are pushed by one complex step per direction through their own ``forward`` (imaginary
part 1e-30: no truncation, no cancellation), which is also the reference that the formulas are tested against.

Meant for searching many points fast. What a step promises is measured on ``forward.execute``, which runs the layers'
own forward passes and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from normbound.check.realization import CLOSE, ITERATE, LEAF, NEXT, OPEN, Realization
from normbound.contracts.block import Composite, Layer, Repeat
from normbound.layers.activations import Elementwise, PReLU, SquaredReLU
from normbound.layers.linear import Dropout, Identity, LearnedScale, Linear, Scaling
from normbound.layers.normalization import Affine, Normalize, Squash, Standardize
from normbound.terms.evaluate import evaluate_floats

STEP = 1e-30
POINTS = 128  # (network, point) pairs in flight at once: their matrices stay in the cache
POWER = 1024  # the last power of a Gram matrix; what is undecided then goes to LAPACK
FEW = 4  # so few undecided ones go to LAPACK too
HELD = 4_000_000  # entries kept for reuse
SMALL = 10  # Gram matrices below this size go to LAPACK at once
AGREE = 1e-13  # relative width of the enclosure of the eigenvalue at which the search stops
STEPS = 6  # power steps after each squaring

Array = Any


class Flow:
    """A tensor of many networks at many points, with its derivative along the directions that started at the input.

    x      (networks, points, samples, positions, features)
    base   D, (networks, points, directions, entries), or None: the identity
    scale  s, (networks, points, entries), or None: ones
    left, right   A (networks, points, entries, k) and B (networks, points, k, entries), or None: k = 0
    post   t, (networks, points, entries), or None: ones

    The transposed derivative is (D diag(s) - (D A) B) diag(t). Flows are not changed once made.
    """

    __slots__ = ("base", "left", "post", "right", "scale", "x")

    def __init__(self, x: Array, base: Array = None, scale: Array = None, left: Array = None, right: Array = None,
                 post: Array = None):
        self.x, self.base, self.scale, self.left, self.right, self.post = x, base, scale, left, right, post

    @property
    def entries(self) -> int:
        return math.prod(self.x.shape[2:])

    def at(self, y: Array) -> Flow:
        """The same derivative at a tensor of the same shape."""
        return Flow(y, self.base, self.scale, self.left, self.right, self.post)

    def scaled(self, y: Array, factors: Array) -> Flow:
        """Behind a map that acts on every entry by itself, with these derivatives."""
        t = factors.reshape(*factors.shape[:2], -1)
        if t.shape[-1] not in (1, self.entries):
            t = np.broadcast_to(factors, (*factors.shape[:2], *self.x.shape[2:])).reshape(*factors.shape[:2], -1)
        post = t if self.post is None else self.post * t
        return Flow(y, self.base, self.scale, self.left, self.right, post)

    def reduced(self, left: Array, right: Array) -> Flow:
        """Behind the map d -> d - (d left) right."""
        scale, old = self.scale, self.right
        if self.post is not None:
            scale = self.post if scale is None else scale * self.post
            old = None if old is None else old * self.post[..., None, :]
        own = left if scale is None else scale[..., None] * left
        if old is None:
            return Flow(self.x, self.base, scale, own, right)
        own = own - self.left @ (old @ left)
        return Flow(self.x, self.base, scale, np.concatenate([self.left, own], axis=-1),
                    np.concatenate([old, right], axis=-2))

    def times(self, y: Array, weight: Array) -> Flow:
        """Behind y = W x (+ constant) on each row; ``weight`` is (networks, 1, outputs, features)."""
        networks, points, *_, width = self.x.shape
        turned = np.ascontiguousarray(weight.swapaxes(-1, -2))
        untouched = self.base is None and self.left is None and self.scale is None and self.post is None
        if untouched and self.entries == width:
            d = np.broadcast_to(turned, (networks, points, *turned.shape[-2:]))
            return Flow(y, d)
        if self.entries != width:  # several rows: the weight acts on each of them
            d = self.matrix()
            new = (d.reshape(networks, points, -1, width) @ turned).reshape(*d.shape[:3], -1)
            return Flow(y, new)
        rows = width if self.base is None else self.base.shape[2]
        new = POOL.take((networks, points, rows, y.shape[-1]))
        d = self.matrix()
        np.matmul(d, turned, out=new)
        if d is not self.base:
            POOL.give(d)
        return Flow(y, new)

    def matrix(self) -> Array:
        """The transposed derivative itself: (networks, points, directions, entries)."""
        shape = (*self.x.shape[:2], self.entries if self.base is None else self.base.shape[2], self.entries)
        found = np.eye(self.entries) if self.base is None else self.base
        if self.left is not None:
            low = np.matmul(found @ self.left, self.right, out=POOL.take(shape))
            if self.scale is not None:
                found = found * self.scale[..., None, :]
            found = np.subtract(found, low, out=low)
            if self.post is not None:
                found *= self.post[..., None, :]
        elif self.scale is not None or self.post is not None:
            both = [t for t in (self.scale, self.post) if t is not None]
            found = found * (both[0] if len(both) == 1 else both[0] * both[1])[..., None, :]
        return found if found.shape == shape else np.broadcast_to(found, shape)


class Pool:
    """Arrays that can be written again: the first touch of fresh memory costs more than the arithmetic on it."""

    __slots__ = ("free", "held")

    def __init__(self) -> None:
        self.free: dict[tuple[int, ...], list[Array]] = {}
        self.held = 0

    def take(self, shape: tuple[int, ...]) -> Array:
        """An array with arbitrary entries."""
        try:
            found = self.free[shape].pop()
        except (KeyError, IndexError):
            return np.empty(shape)
        self.held -= found.size
        return found

    def give(self, array: Array) -> None:
        """Hand back an array that nobody reads any more; views and arrays of other types are left alone."""
        if array is not None and array.base is None and array.dtype == float and array.flags.c_contiguous:
            if self.held > HELD:
                self.free, self.held = {}, 0
            self.free.setdefault(array.shape, []).append(array)
            self.held += array.size


POOL = Pool()


# -- layers -------------------------------------------------------------------------------------------------------
Tensors = Mapping[str, Array]
Push = Callable[[Any, Tensors, Flow], Flow]
_PUSHES: dict[type[Layer], Push] = {}


def _pushes(*classes: type[Layer]) -> Callable[[Push], Push]:
    def note(f: Push) -> Push:
        for c in classes:
            _PUSHES[c] = f
        return f

    return note


def push(layer: Layer, tensors: Tensors, flow: Flow) -> Flow:
    """The flow behind a layer; ``tensors`` are (networks, 1, dims...)."""
    known = _PUSHES.get(type(layer))
    return stepped(layer, tensors, flow) if known is None else known(layer, tensors, flow)


def stepped(layer: Layer, tensors: Tensors, flow: Flow) -> Flow:
    """The same for any layer, by one complex step along every direction."""
    x = flow.x
    d = flow.matrix()
    lifted = {n: t[:, :, None] if t.ndim >= 2 else t for n, t in tensors.items()}
    moved = layer.forward(lifted, x[:, :, None] + (1j * STEP) * d.reshape(*d.shape[:3], *x.shape[2:]))
    y = layer.forward(tensors, x)
    return Flow(y, np.broadcast_to(moved.imag / STEP, (*d.shape[:3], *y.shape[2:])).reshape(*d.shape[:3], -1))


@_pushes(Identity, Dropout)
def _same(layer: Layer, tensors: Tensors, flow: Flow) -> Flow:
    return flow


@_pushes(Linear)
def _linear(layer: Linear, tensors: Tensors, flow: Flow) -> Flow:
    x, weight = flow.x, tensors["W"]
    y = x.reshape(x.shape[0], -1, x.shape[-1]) @ weight[:, 0].swapaxes(-1, -2)  # all points of a network at once
    if "b" in tensors:
        y = y + tensors["b"]
    return flow.times(y.reshape(*x.shape[:-1], -1), weight)


@_pushes(Scaling)
def _scaling(layer: Scaling, tensors: Tensors, flow: Flow) -> Flow:
    return flow.scaled(layer.forward(tensors, flow.x), tensors["a"][..., None, None, None])


@_pushes(LearnedScale)
def _learned(layer: LearnedScale, tensors: Tensors, flow: Flow) -> Flow:
    return flow.scaled(layer.forward(tensors, flow.x), tensors["alpha"][..., None, None, None])


@_pushes(Elementwise)
def _elementwise(layer: Elementwise, tensors: Tensors, flow: Flow) -> Flow:
    a = tensors["a"][..., None, None, None] if "a" in tensors else None
    return flow.scaled(layer.kind.phi(flow.x, a), layer.kind.slope(flow.x, a))


@_pushes(Squash)
def _squash(layer: Squash, tensors: Tensors, flow: Flow) -> Flow:
    y = np.tanh(flow.x)
    return flow.scaled(y, 1 - y * y)


@_pushes(PReLU)
def _prelu(layer: PReLU, tensors: Tensors, flow: Flow) -> Flow:
    slope = np.where(flow.x > 0, 1.0, tensors["a"][..., None, None, None])
    return flow.scaled(slope * flow.x, slope)


@_pushes(SquaredReLU)
def _squared(layer: SquaredReLU, tensors: Tensors, flow: Flow) -> Flow:
    top = np.maximum(flow.x, 0)
    return flow.scaled(top * top, 2 * top)


@_pushes(Affine)
def _affine(layer: Affine, tensors: Tensors, flow: Flow) -> Flow:
    y = layer.forward(tensors, flow.x)
    if "gamma" not in tensors:
        return flow.at(y)
    return flow.scaled(y, tensors["gamma"][..., None, None, :])


@_pushes(Standardize)
def _standardize(layer: Standardize, tensors: Tensors, flow: Flow) -> Flow:
    eps = np.asarray(tensors["eps"])[..., None]
    return flow.scaled(layer.forward(tensors, flow.x), (1 / np.sqrt(tensors["var"] + eps))[..., None, None, :])


@_pushes(Normalize)
def _normalize(layer: Normalize, tensors: Tensors, flow: Flow) -> Flow:
    """N(z) = z/q, q^2 = |z|^2/D + eps: d -> (d - mean(d) - z (z.d)/(D q^2))/q on each group; no mean if not centred."""
    x = flow.x
    z, axes = layer.grouped(x)
    size = int(np.prod([z.shape[a] for a in axes]))
    divisor = {"biased": size, "unbiased": size - 1, "sum": 1}[layer.variance]
    if layer.center and size == 1:
        return Flow(0 * x, flow.base, np.zeros((*x.shape[:2], flow.entries)))
    if layer.center:
        z = z - z.sum(axis=axes, keepdims=True) / size
    eps = np.asarray(tensors["eps"])
    square = (z * z).sum(axis=axes, keepdims=True)
    q2 = square / divisor + eps.reshape(eps.shape + (1,) * (square.ndim - eps.ndim))
    q = np.sqrt(q2)
    y = z / q
    if size == flow.entries:  # one group
        both = np.empty((*x.shape[:2], 1 + layer.center, size))
        both[..., 0, :] = y.reshape(*x.shape[:2], size)
        both[..., 1:, :] = 1.0
        share = np.array([1 / divisor, 1 / size])[:1 + layer.center, None]
        return flow.reduced(np.ascontiguousarray(both.swapaxes(-1, -2)), both * share).scaled(y.reshape(x.shape), 1 / q)
    d = flow.matrix()
    w, _ = layer.grouped(d.reshape(*d.shape[:3], *x.shape[2:]))
    u = y[:, :, None]
    mean = w.mean(axis=axes, keepdims=True) if layer.center else 0
    w = w - u * ((u * w).sum(axis=axes, keepdims=True) / divisor) - mean
    return Flow(y.reshape(x.shape), (w / q[:, :, None]).reshape(d.shape))


# -- networks -----------------------------------------------------------------------------------------------------
class _Bracket:
    """An open composite block or Repeat: where it started, its branches so far, what it captured."""

    __slots__ = ("block", "captured", "flow", "outs", "runs", "start")

    def __init__(self, block: Any, flow: Flow):
        self.block, self.start, self.flow = block, flow, flow
        self.runs = False  # a Repeat of depth 0 never does
        self.outs: list[Flow] = []
        self.captured: dict[str, Flow] = {}

    def holds(self, base: Array) -> bool:
        return any(f.base is base for f in (self.start, self.flow, *self.outs, *self.captured.values()))

    def branch(self, k: int) -> None:
        self.flow = self.start
        if isinstance(self.block, Composite) and self.block.rule == "parallel":
            x = self.start.x
            width = x.shape[-1] // len(self.block.parts)
            at = slice(k * width, (k + 1) * width)
            d = self.start.matrix()
            d = d.reshape(*d.shape[:3], *x.shape[2:])[..., at]
            self.flow = Flow(x[..., at], d.reshape(*d.shape[:3], -1))


def flow(r: Realization, points: Array = None, networks: slice = slice(None)) -> Flow:
    """The output of networks of a realization at ``points`` (default: its own), with the derivative in the input.

    ``points`` is (points, samples, positions, features), or with a leading axis of networks.
    """
    plan, code = r.plan, r.plan.derivation.program.code
    x = r.points if points is None else points
    count = len(range(max((t.shape[0] for t in r.tensors.values()), default=1))[networks])
    if x.ndim == 4:
        x = np.broadcast_to(x, (count, *x.shape))
    brackets = [_Bracket(None, Flow(x))]
    with np.errstate(all="ignore"):
        for event in r.schedule:
            here = brackets[-1]
            if event.op == LEAF:
                layer = r.layers[event.at]
                if layer.name == "Outside":
                    source = layer.source  # type: ignore[attr-defined]
                    here.flow = next(b.captured[source] for b in reversed(brackets) if source in b.captured)
                    continue
                tensors = {s.parameter.name: _part(r.tensors[r.key(event.at, s, event.iterations)], networks)
                           for s in plan.slots[event.at]}
                before, here.flow = here.flow.base, push(layer, tensors, here.flow)
                if here.flow.base is not before and not any(b.holds(before) for b in brackets):
                    POOL.give(before)
            elif event.op == OPEN:
                brackets.append(_Bracket(code[event.at].block, here.flow))
                brackets[-1].branch(0)
            elif event.op == NEXT:
                here.outs.append(here.flow)
                if isinstance(here.block, Repeat) and len(here.outs) > 1:
                    here.captured[list(here.block.capture)[len(here.outs) - 2]] = here.flow
                here.branch(code[event.at].branch)
            elif event.op == ITERATE:
                if event.iterations[-1] == 1:
                    here.flow, here.runs = here.outs[0], True
            elif event.op == CLOSE:
                brackets.pop()
                brackets[-1].flow = _closed(r, here, event)
    return brackets[0].flow


def _part(tensor: Array, networks: slice) -> Array:
    return tensor[networks] if tensor.shape[0] > 1 else tensor


def _closed(r: Realization, here: _Bracket, event: Any) -> Flow:
    """The flow behind a bracket."""
    block = here.block
    if isinstance(block, Repeat):
        return here.flow if here.runs else here.outs[0]
    outs = [*here.outs, here.flow]
    rule = block.rule
    if rule == "scale":
        values = r.at_scope(r.plan.scope_of[event.at], event.iterations)
        factor = block.sign * evaluate_floats([block.factor], values)[0]
        return outs[0].scaled(factor * outs[0].x, np.full((1, 1, 1, 1, 1), factor))
    ds = [o.matrix() for o in outs]
    if rule == "sum":
        x, d = outs[0].x, ds[0]
        for o, e in zip(outs[1:], ds[1:], strict=True):
            x, d = x + o.x, d + e
        return Flow(x, d)
    if rule == "product":
        f, g = outs
        shape = (*f.x.shape[:2], 1, -1)
        return Flow(f.x * g.x, ds[0] * g.x.reshape(shape) + ds[1] * f.x.reshape(shape))
    wide = [d.reshape(*d.shape[:3], *o.x.shape[2:]) for o, d in zip(outs, ds, strict=True)]
    d = np.concatenate(wide, axis=-1)
    return Flow(np.concatenate([o.x for o in outs], axis=-1), d.reshape(*d.shape[:3], -1))


def input_norms(r: Realization, points: Array = None) -> Array:
    """The spectral norm of the input Jacobian for every network and point: (networks, points)."""
    x = r.points if points is None else points
    networks = max((t.shape[0] for t in r.tensors.values()), default=1)
    count = x.shape[-4]
    found = np.empty((networks, count))
    for k in range(networks):
        for at in range(0, count, POINTS):
            part = x[k:k + 1, at:at + POINTS] if x.ndim == 5 else x[at:at + POINTS]
            end = flow(r, part, slice(k, k + 1))
            d = end.matrix()
            found[k, at:at + POINTS] = largest(d[0])
            POOL.give(d)
            if d is not end.base:
                POOL.give(end.base)
    return found


# -- singular values ----------------------------------------------------------------------------------------------
def largest(matrices: Array) -> Array:
    """Largest singular values of a stack (count, rows, columns); NaN where an entry is not finite.

    A few power steps on A = (G/tr G)^p, p = 8, 16, 32, ..., with G the smaller Gram matrix, from the column of the
    largest diagonal entry. With the Rayleigh quotient t of v and the residual r = |A v - t v| of a unit vector, the eigenvalues
    of A (>= 0, of sum tr A) satisfy lambda_1 >= t and lambda_2 <= tr A - t, so by Temple's inequality
    lambda_1 <= t + r^2/(2 t - tr A) as soon as 2 t > tr A; the p-th root divides the relative width by p. What this
    does not enclose to ``AGREE`` up to the last power is solved by LAPACK. (Up to rounding: doubles, not balls.)
    """
    count, rows, columns = matrices.shape
    if not count or not rows or not columns:
        return np.zeros(count)
    size = min(rows, columns)
    turned, g = POOL.take((count, columns, rows)), POOL.take((count, size, size))
    np.copyto(turned, matrices.swapaxes(-1, -2))
    with np.errstate(all="ignore"):
        np.matmul(*((matrices, turned) if rows <= columns else (turned, matrices)), out=g)
    POOL.give(turned)
    trace = np.einsum("nii->n", g)
    good = np.isfinite(trace) & (trace > 1e-280) & (trace < 1e280)
    if not good.all():
        return _careful(matrices, good)
    if size == 1:
        return np.sqrt(trace)
    if size < SMALL:
        return np.sqrt(np.maximum(np.linalg.eigvalsh(g)[:, -1], 0.0))
    power, free = np.divide(g, trace[:, None, None], out=POOL.take(g.shape)), POOL.take(g.shape)
    found = np.empty(count)
    left = np.arange(count)
    logs = np.zeros(count)  # (G/tr G)^p is exp(logs) times ``power``
    p = 1
    while p < POWER:
        power, free = np.matmul(power, power, out=free), power
        p *= 2
        logs *= 2
        if p < 8:
            continue
        diagonal = np.einsum("nii->ni", power)
        sums = diagonal.sum(axis=-1)
        v = power[np.arange(len(power)), diagonal.argmax(axis=-1)][..., None]
        for _ in range(STEPS):
            v = power @ v
        v /= np.sqrt((v * v).sum(axis=1, keepdims=True))
        w = power @ v
        t = (v * w).sum(axis=(1, 2))
        residual = ((w - t[:, None, None] * v) ** 2).sum(axis=(1, 2))
        gap = 2 * t - sums
        done = (gap > 0) & (residual <= AGREE * p * t * gap)
        if done.any():
            at = left[done]
            found[at] = np.sqrt(trace[at] * np.exp((np.log(t[done]) + logs[done]) / p))
            more = ~done
            left, logs, sums = left[more], logs[more], sums[more]
            POOL.give(free)
            POOL.give(power)
            if len(left) <= FEW:
                break
            power = power[more]
            free = np.empty_like(power)
        power /= sums[:, None, None]
        logs += np.log(sums)
    if len(left):
        found[left] = np.sqrt(np.maximum(np.linalg.eigvalsh(g[left])[:, -1], 0.0))
    POOL.give(g)
    return found


def _careful(matrices: Array, good: Array) -> Array:
    """The same where some entries are not finite, all zero, or so large or small that their squares do not fit."""
    found = np.full(len(matrices), np.nan)
    if good.any():
        found[good] = largest(matrices[good])
    for k in np.flatnonzero(~good):
        top = np.abs(matrices[k]).max()
        if top == 0:
            found[k] = 0.0
        elif np.isfinite(top):
            found[k] = top * np.linalg.svd(matrices[k] / top, compute_uv=False)[0]
    return found
