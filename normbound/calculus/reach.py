r"""How far the tensor reaches that a floor speaks about: sharper than radii, where the layers just before it say more.

Radii grow with G. A bounded activation, a normalizer or a given matrix bounds its output by itself:

    bounded activation    |phi(z)| <= sup|phi| sqrt(entries)
    normalizer            |N(z)| <= sqrt(T) B/sqrt(B^2 + T eps) for |z| <= B, T = (number of groups) D: the squared norm of a group
                          with variance V is D V/(V + eps), which is concave in V, and the mean of V is at most B^2/T
    given matrix          a normalizer that centres rows sees C(W x + b), of norm at most ||C W|| B + sqrt(rows) |C b|, C the
                          projection onto centred rows

Only the test for vacuity reads these numbers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from normbound.contracts.block import Layer
from normbound.contracts.context import Shape
from normbound.contracts.summary import Summary
from normbound.layers.activations import Elementwise
from normbound.layers.linear import Linear
from normbound.layers.normalization import Normalize
from normbound.layers.tensors import euclidean
from normbound.terms.store import Term, sqrt

MAX_WIDTH = 64  # of the matrices that are centred
MAX_AFTER = 8  # layers between the source and the floor


class Source(NamedTuple):
    """A layer that bounds its output by itself, and the summaries of the layers between it and the place.

    run, base  the summary of the branch up to the input of the layer, and the radius at the start of the branch
    floor      of a normalizer, where it is used
    """

    layer: Layer
    shape: Shape
    run: Summary
    base: Term
    floor: Term | None = None
    after: tuple[Summary, ...] = ()


def reach(source: Source, floored: Layer, radius: Term) -> Term:
    """A bound on the norm that matters to the floor of ``floored``; at most ``radius``."""
    layer, shape = source.layer, source.shape
    store = radius.store
    if not radius:
        return radius
    before = source.run.radius(source.base)
    if isinstance(layer, Linear):
        found = _centred(layer, floored, shape, before)
        return radius if found is None else store.minimum((radius, found))
    if isinstance(layer, Normalize):
        total = layer.count(shape) * layer.divisor(shape)
        if before.is_unbounded or not layer.eps or not before:
            return radius
        # under its floor B >= floor sqrt(T) may be assumed, which keeps the quotient defined at B = eps = 0
        least = before**2 if not source.floor else store.maximum((before**2, source.floor**2 * total))
        own = sqrt(total) * before / sqrt(least + total * layer.eps)
    else:
        assert isinstance(layer, Elementwise)
        entry = layer.entry_bound(shape)
        assert entry is not None
        own = entry * sqrt(shape.rows * shape.features)
    for s in source.after:
        own = s.radius(own)
    # the radius behind a normalizer is what these steps make of sqrt(T), so the sharper one is never larger
    return own if isinstance(layer, Normalize) else store.minimum((radius, own))


def _centred(layer: Linear, floored: Layer, shape: Shape, before: Term) -> Term | None:
    """The norm of the centred rows of W x + b for a given W; None where it is not known or nothing centres them."""
    rows = layer.weight_value
    if not isinstance(floored, Normalize) or floored.partition != "row" or not floored.center or len(rows) > MAX_WIDTH \
            or len(rows[0]) > MAX_WIDTH:
        return None
    n = len(rows)
    means = [sum((Fraction(row[j]) for row in rows), Fraction(0)) / n for j in range(len(rows[0]))]
    centred = tuple(tuple(Fraction(x) - m for x, m in zip(row, means, strict=True)) for row in rows)
    store = before.store
    flat = not any(any(row) for row in centred)
    found = store.zero if flat else store.operator_norm(centred) * before
    if not layer.bias:
        return found
    shift = layer.bias
    if layer.bias_value is not None:
        mean = sum((Fraction(b) for b in layer.bias_value), Fraction(0)) / n
        shift = euclidean([Fraction(b) - mean for b in layer.bias_value])
    return found + sqrt(shape.rows) * shift


__all__ = ["Source", "reach"]
