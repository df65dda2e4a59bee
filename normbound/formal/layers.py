"""Layers as the proof checker reads them: one constructor of ``Networks.v`` each.

A layer whose contract has no proof becomes ``Assumed``: its contract is then a hypothesis of the certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from normbound.contracts.block import Layer
from normbound.contracts.context import Shape
from normbound.formal.nodes import Symbols, dim
from normbound.layers.activations import KINDS, CReLU, Elementwise, MaxMin, PReLU, SquaredReLU
from normbound.layers.linear import Dropout, Identity, LearnedScale, Linear, Scaling
from normbound.layers.normalization import Affine, Normalize, Squash, Standardize
from normbound.terms.store import Term

Piece = str | int  # text, or the id of a term whose number in the table is put there
_ACTIVATIONS = {"ReLU": "AReLU", "ReLU6": "AReLU6", "HardTanh": "AHardTanh", "Abs": "AAbs", "LeakyReLU": "ALeaky", "ELU": "AELU",
                "CELU": "ACELU", "SELU": "ASELU", "GELU": "AGELU", "SiLU": "ASiLU", "Softplus": "ASoftplus", "Sigmoid": "ASigmoid",
                "Tanh": "ATanh", "HardSigmoid": "AHardSigmoid", "HardSwish": "AHardSwish", "LogSigmoid": "ALogSigmoid",
                "Tanhshrink": "ATanhshrink", "Softsign": "ASoftsign", "Sin": "ASin"}
ACTIVATION_CONSTANTS = frozenset({"GELU", "SiLU", "SELU"})
_PARTITIONS = {"row": "PRow", "sample-channel": "PSampleChannel", "channel": "PChannel"}
_VARIANCES = {"biased": "Biased", "unbiased": "Unbiased", "sum": "Plain"}
Use = Callable[[Layer, str, tuple[Term, ...]], str]  # where the checker reads the tensor with this name and these dimensions


class Leaf(NamedTuple):
    """A layer with the affine map that follows it, if the two are one layer for the checker.

    parts       the layers of the package: one, or a normalizer and its affine map
    shape, out  of the input and of the output
    """

    parts: tuple[Layer, ...]
    shape: Shape
    out: Shape

    def under(self, floors: bool) -> Term | None:
        """What stands under the root of a normalizer and has to be positive."""
        first = self.parts[0]
        if isinstance(first, Standardize):
            return first.var + first.eps
        if not isinstance(first, Normalize):
            return None
        return first.eps if first.floor is None or not floors else first.floor**2 + first.eps


def proved(layer: Layer) -> bool:
    """Whether the library proves the contract of ``layer``, an instruction of a program."""
    if isinstance(layer, Elementwise):
        return layer.kind.name in _ACTIVATIONS and any(layer.kind is k for k in KINDS)  # a kind of the user may have any name
    return type(layer) in _WRITERS


def write(leaf: Leaf, symbols: Symbols, use: Use, floors: bool) -> Iterator[Piece]:
    """The layer, as text with ids of terms in between."""
    first = leaf.parts[0]
    if isinstance(first, Elementwise):
        name = _ACTIVATIONS[first.kind.name]
        yield f"(Act {name})" if first.argument is None else f"(Act ({name} "
        if first.argument is not None:
            yield first.argument.id
            yield "))"
        return
    yield "("
    yield from _WRITERS[type(first)](leaf, symbols, use, floors)
    yield ")"


def shape_text(shape: Shape, symbols: Symbols) -> str:
    return f"(Build_shape {dim(shape.samples, symbols)} {dim(shape.positions, symbols)} {dim(shape.features, symbols)})"


def _tensor(layer: Layer, name: str, bound: Term, dims: tuple[Term, ...], use: Use) -> Iterator[Piece]:
    yield "(Build_tensor "
    yield bound.id
    yield f" {use(layer, name, dims)})"


def _linear(leaf: Leaf, symbols: Symbols, use: Use, floors: bool) -> Iterator[Piece]:
    layer = leaf.parts[0]
    assert isinstance(layer, Linear)
    out, width = leaf.out.features, leaf.shape.features
    yield f"Linear {dim(out, symbols)} "
    yield from _tensor(layer, "W", layer.norm, (out, width), use)
    if layer.bias is None:
        yield " None"
    else:
        yield " (Some "
        yield from _tensor(layer, "b", layer.bias, (out,), use)
        yield ")"
    if layer.row_norm == layer.norm or layer.weight_value is not None:
        yield " None"
    else:
        yield " (Some "
        yield layer.row_norm.id
        yield ")"


def _scaling(leaf: Leaf, symbols: Symbols, use: Use, floors: bool) -> Iterator[Piece]:
    layer = leaf.parts[0]
    assert isinstance(layer, Scaling)
    yield "Scaling "
    yield layer.factor.id


def _learned(leaf: Leaf, symbols: Symbols, use: Use, floors: bool) -> Iterator[Piece]:
    layer = leaf.parts[0]
    assert isinstance(layer, (LearnedScale, PReLU))
    yield "LearnedScale " if isinstance(layer, LearnedScale) else "PReLU "
    yield from _tensor(layer, layer.parameters(leaf.shape)[0].name, layer.bound, (), use)


def _normalize(leaf: Leaf, symbols: Symbols, use: Use, floors: bool) -> Iterator[Piece]:
    layer = leaf.parts[0]
    assert isinstance(layer, Normalize)
    partition = _PARTITIONS.get(layer.partition)
    if partition is None:
        assert layer.groups is not None
        partition = f"(PGroup {dim(layer.groups, symbols)})"
    yield f"Normalize {partition} {'true' if layer.center else 'false'} {_VARIANCES[layer.variance]} "
    if layer.floor is None or not floors:
        yield "None "
    else:
        yield "(Some "
        yield layer.floor.id
        yield ") "
    yield layer.eps.id
    yield " "
    yield from _affine_part(leaf, use)


def _affine_part(leaf: Leaf, use: Use) -> Iterator[Piece]:
    affine = leaf.parts[-1]
    if not isinstance(affine, Affine):
        yield "ANone"
        return
    width = leaf.shape.features
    both = affine.gain is not None and affine.shift is not None
    joint = use(affine, "gamma, beta", (width,)) if both else ""
    if joint:
        assert affine.gain is not None and affine.shift is not None
        yield "(AJoint "
        yield affine.gain.id
        yield " "
        yield affine.shift.id
        yield f" {joint})"
        return
    yield "(ABoth " if both else "(AGain " if affine.gain is not None else "(AShift "
    if affine.gain is not None:
        yield from _tensor(affine, "gamma", affine.gain, (width,), use)
    if both:
        yield " "
    if affine.shift is not None:
        yield from _tensor(affine, "beta", affine.shift, (width,), use)
    yield ")"


def _standardize(leaf: Leaf, symbols: Symbols, use: Use, floors: bool) -> Iterator[Piece]:
    layer = leaf.parts[0]
    assert isinstance(layer, Standardize)
    yield "Standardize "
    for name, bound in (("mean", layer.mean), ("var", layer.var)):
        yield from _tensor(layer, name, bound, (leaf.shape.features,), use)
        yield " "
    yield layer.eps.id


def _affine(leaf: Leaf, symbols: Symbols, use: Use, floors: bool) -> Iterator[Piece]:
    yield "Affine "
    yield from _affine_part(leaf, use)


def _squash(leaf: Leaf, symbols: Symbols, use: Use, floors: bool) -> Iterator[Piece]:
    yield "Squash "
    yield from _affine_part(leaf, use)


def _bare(name: str) -> Callable[[Leaf, Symbols, Use, bool], Iterator[Piece]]:
    def write_name(leaf: Leaf, symbols: Symbols, use: Use, floors: bool) -> Iterator[Piece]:
        yield name
    return write_name


_WRITERS: dict[type, Callable[[Leaf, Symbols, Use, bool], Iterator[Piece]]] = {
    Linear: _linear, Scaling: _scaling, LearnedScale: _learned, PReLU: _learned, Normalize: _normalize,
    Standardize: _standardize, Affine: _affine, Squash: _squash, Identity: _bare("Identity"), Dropout: _bare("Identity"),
    MaxMin: _bare("MaxMin"), CReLU: _bare("CReLU"), SquaredReLU: _bare("SquaredReLU"),
}


def joins(first: Layer, following: object) -> bool:
    """Whether ``following`` is the affine map of the normalizer ``first``: one layer for the checker."""
    return isinstance(first, (Normalize, Squash)) and isinstance(following, Affine) and following.after is first


def least_dimensions(leaf: Leaf) -> Iterator[tuple[Term, int]]:
    """Dimensions that have to be at least some number for a normalizer to be defined."""
    first = leaf.parts[0]
    if isinstance(first, Normalize):
        for t in leaf.shape[:3]:
            yield t, 1
        if first.variance == "unbiased":
            yield first.size(leaf.shape), 2


def multiples(leaf: Leaf) -> Iterator[tuple[Term, Term]]:
    """Pairs of dimensions of which the first has to be a multiple of the second."""
    first = leaf.parts[0]
    if isinstance(first, Normalize) and first.groups is not None:
        yield leaf.shape.features, first.groups
    if isinstance(first, MaxMin):
        yield leaf.shape.features, leaf.shape.features.store.number(2)
