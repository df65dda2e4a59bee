r"""The witness of an exact bound: its tensors and points as data, and in numbers.

A recipe says for every tensor of a network which multiple of which direction it is; the builder turns it into arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from normbound.layers.activations import Elementwise
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.store import Term

Array = Any


class Node(NamedTuple):
    """A unit vector in the features of one tensor.

    kind  "first" (the first unit vector e_1), "second" (e_2), "centred" ((e_1 - e_2)/sqrt 2), "joined" (``parts`` stacked,
          weighted with ``weights`` and normalized) or "block" (``parts[j]`` in block j, j the first with the largest weight,
          zero elsewhere)
    """

    kind: str
    width: Term
    weights: tuple[Term, ...] = ()
    parts: tuple[int, ...] = ()


class Spec(NamedTuple):
    """One tensor of the witness.

    kind  "outer": size * out in^T; "along": size * out; "against": -size * out; "carrier": size * u with u the unit vector
          that carries the deviation; "uniform": size in every entry; "zero"; "steepest": the bias that puts the activation
          that follows at its steepest point
    """

    kind: str
    size: Term | None = None
    out: int = -1
    into: int = -1
    centred: bool = False
    peak: Elementwise | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """The witness as data: a specification for every tensor, the point, and the direction of the signal.

    specs    (instruction, parameter name) -> specification
    point    the base point (the same in every row): "zero", "carrier", or "along" with its Euclidean norm over all rows
    signal   direction of the change of the input (origin, steepest), or of the point (ray)
    argument "origin", "steepest" or "ray"
    """

    argument: str
    nodes: tuple[Node, ...]
    specs: Mapping[tuple[int, str], Spec]
    point: Spec
    signal: int


class Builder:
    """The witness at numbers, in floating point: tensors in the order of execution, point and direction.

    ``number`` gives the value of a term; members of indexed families and iterations are the caller's business, who asks for
    the tensors of the layers in the order in which they run.
    """

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self._stream = 0.0  # argument "steepest": the first entry of the stream

    def vector(self, k: int, number: Callable[[Term], float]) -> Array:
        """Direction ``k`` as a unit vector."""
        nodes = self.recipe.nodes
        done: dict[int, Array] = {}
        stack = [k]
        while stack:
            j = stack[-1]
            node = nodes[j]
            missing = [p for p in node.parts if p not in done]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            v = np.zeros(round(number(node.width)))
            if node.kind == "first":
                v[0] = 1.0
            elif node.kind == "second":
                v[1] = 1.0
            elif node.kind == "centred":
                v[:2] = np.sqrt(0.5), -np.sqrt(0.5)
            else:
                weights = np.array([number(w) for w in node.weights])
                if node.kind == "block" or not weights.any():
                    weights = np.eye(len(weights))[int(np.argmax(weights))]
                v = np.concatenate([w * done[p] for w, p in zip(weights / np.linalg.norm(weights), node.parts, strict=True)])
            done[j] = v
        return done[k]

    def tensor(self, at: int, name: str, dims: tuple[int, ...], number: Callable[[Term], float]) -> Array:
        """The tensor ``name`` of the layer at instruction ``at``."""
        spec = self.recipe.specs.get((at, name), Spec("zero"))
        return self._filled(spec, dims, number)

    def _filled(self, spec: Spec, dims: tuple[int, ...], number: Callable[[Term], float]) -> Array:
        size = 1.0 if spec.size is None else number(spec.size)
        if spec.kind == "zero":
            return np.zeros(dims)
        if spec.kind == "uniform":
            return np.full(dims, size)
        if spec.kind == "carrier":
            u = np.zeros(dims)
            u[:3 if spec.centred else 1] = np.array([1, 1, -2]) / np.sqrt(6) if spec.centred else 1.0
            return size * u
        out = self.vector(spec.out, number)
        if spec.kind == "outer":
            return size * np.outer(out, self.vector(spec.into, number))
        if spec.kind == "steepest":
            assert spec.peak is not None
            a = None if spec.peak.argument is None else number(spec.peak.argument)
            t = spec.peak.kind.peak(1.0 if a is None else a)
            bias = t - size * self._stream
            self._stream = float(spec.peak.kind.phi(np.array([t]), a)[0])
            return bias * out
        return (-size if spec.kind == "against" else size) * out

    def point(self, shape: tuple[int, int, int], number: Callable[[Term], float]) -> tuple[Array, Array]:
        """The base point and the unit direction of the signal, samples x positions x features."""
        rows = shape[0] * shape[1]
        w = np.broadcast_to(self.vector(self.recipe.signal, number), shape) / np.sqrt(rows)
        spec = self.recipe.point
        if spec.kind == "along":
            assert spec.size is not None
            return number(spec.size) * w, w
        return np.broadcast_to(self._filled(spec, shape[2:], number), shape).copy(), w


def numbers(values: Mapping[str, object]) -> Callable[[Term], float]:
    """The value of a term at ``values``, for ``Builder``."""
    return lambda t: evaluate_floats([t], values)[0]


__all__ = ["Builder", "Node", "Recipe", "Spec", "numbers"]
