"""Affine maps: Linear, fixed scaling and learned scaling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import normbound.layers.tensors as tensors_
from normbound.contracts.block import Layer, Parameter, bound, natural
from normbound.contracts.context import Context, Contract, Sensitivity, Shape
from normbound.contracts.registry import layer
from normbound.errors import NetworkError, ShapeError
from normbound.terms.store import Term, current


@layer("Linear", constants=r"$L = \norm{W}$, $p^2 = B^2 + 1$ on one row ($B^2$ without bias), Frobenius norm in $W$",
       sharpness=r"exact: $x$ along the top right singular vector; $p$ at $\abs{x} = B$",
       source="$y - y' = W(x - x') + (W - W')x' + (b - b')$, and the last two terms have norm at most "
              r"$\sqrt{\abs{x'}^2 + 1}\, \abs{(W - W', b - b')}$ by Cauchy-Schwarz",
       example="Linear(s, bias=b)", lemma="Layers.sat_linear")
@dataclass(frozen=True, slots=True, eq=False, init=False)
class Linear(Layer):
    """y = W x + c on each row.

    norm      bound on the spectral norm ||W||, or a concrete matrix (list of rows, out x in)
    bias      bound on |c|, a concrete vector, or None: then there is no bias parameter
    out       number of output features; default: as many as input features
    row_norm  bound on the largest row norm of W (used for sup bounds in products); default ||W||
    share     name of a tensor pair used elsewhere too; equal names are one parameter group
    """

    norm: Term
    bias: Term | None
    out: Term | None
    row_norm: Term
    share: str | None
    weight_value: Any
    bias_value: Any

    def __init__(self, norm: Any, bias: Any = None, out: Any = None, row_norm: Any = None, share: str | None = None):
        put = object.__setattr__
        put(self, "weight_value", None)
        put(self, "bias_value", None)
        if tensors_.is_concrete(norm):
            rows = tensors_.matrix(norm, "Linear weight")
            put(self, "weight_value", rows)
            put(self, "norm", current().operator_norm(rows))
            put(self, "row_norm", current().maximum(tensors_.euclidean(r) for r in rows))
            if out is None:
                out = len(rows)
            elif current().term(out).literal() != len(rows):
                raise NetworkError(f"Linear: out={out} but the weight has {len(rows)} rows")
        else:
            put(self, "norm", bound(norm, "Linear norm"))
            put(self, "row_norm", self.norm if row_norm is None else bound(row_norm, "Linear row_norm"))
        if tensors_.is_concrete(bias):
            entries = tensors_.vector(bias, "Linear bias")
            if self.weight_value is not None and len(entries) != len(self.weight_value):
                raise NetworkError(f"Linear: the bias has {len(entries)} entries, the weight {len(self.weight_value)} rows")
            put(self, "bias_value", entries)
            put(self, "bias", tensors_.euclidean(entries))
        else:
            put(self, "bias", tensors_.optional_bound(bias, "Linear bias"))
        put(self, "out", None if out is None else natural(out, "Linear out"))
        put(self, "share", share)

    def output_shape(self, shape: Shape) -> Shape:
        if self.weight_value is not None:
            width = shape.features.literal()
            if width is not None and width != len(self.weight_value[0]):
                raise ShapeError(f"Linear: the weight has {len(self.weight_value[0])} columns, the input {width} features")
        return shape if self.out is None else shape.with_features(self.out)

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        out = shape.features if self.out is None else self.out
        inputs = shape.features if self.weight_value is None else current().number(len(self.weight_value[0]))
        rows = None if self.weight_value is not None or self.row_norm == self.norm else self.row_norm
        weight = Parameter("W", "weight", (out, inputs), "spectral", self.norm, self.weight_value, rows)
        if self.bias is None:
            return (weight,)
        return weight, Parameter("b", "bias", (out,), "euclidean", self.bias, self.bias_value)

    def contract(self, context: Context) -> Contract:
        both = context.once(_sensitivities)
        if self.bias is None:
            return Contract(self.norm, context.store.zero, self.norm, both[:1])
        return Contract(self.norm, self.bias, self.norm, both)

    def sup(self, context: Context) -> Term:
        # The rows of a concrete matrix are known only while it stays as given; Theta bounds its spectral norm alone.
        rows = self.norm if self.weight_value is not None and not context.fixed else self.row_norm
        reach = rows * context.radius()
        return reach if self.bias is None else reach + self.bias

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        y = x @ tensors["W"].swapaxes(-1, -2)[..., None, :, :]
        return y + tensors["b"][..., None, None, :] if "b" in tensors else y


def _sensitivities(shape: Shape) -> tuple[Sensitivity, ...]:
    """|dW x| <= |x| |dW| and |dc| on one row."""
    store = shape.rows.store
    return Sensitivity("W", "weight", store.one, store.zero), Sensitivity("b", "bias", store.zero, store.one)


@layer("Scaling", constants=r"$L = \abs{a}$", sharpness="exact: every $x$",
       source=r"the norm is homogeneous: $\abs{a x - a x'} = \abs{a} \abs{x - x'}$", example="Scaling(a)",
       lemma="Zoo.sat_scaling")
@dataclass(frozen=True, slots=True, eq=False, init=False)
class Scaling(Layer):
    """x -> a x with a fixed a >= 0, not a parameter."""

    factor: Term

    def __init__(self, factor: Any):
        object.__setattr__(self, "factor", bound(factor, "Scaling factor"))

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        return (Parameter("a", "constant", (), "exact", self.factor),)

    def contract(self, context: Context) -> Contract:
        return Contract(self.factor, context.store.zero, self.factor)

    def sup(self, context: Context) -> Term:
        return self.factor * context.sup()

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        return tensors["a"][..., None, None, None] * x


@layer("LearnedScale", constants="$L = a$, $p = B$", sharpness=r"exact: $\abs{x} = B$",
       source=r"$\abs{\alpha x - \alpha' x'} \le \abs{\alpha} \abs{x - x'} + \abs{\alpha - \alpha'} \abs{x'}$",
       example="LearnedScale(a)",
       lemma="Zoo.sat_learned_scale")
@dataclass(frozen=True, slots=True, eq=False, init=False)
class LearnedScale(Layer):
    """x -> alpha x with one trainable number, |alpha| <= bound."""

    bound: Term
    share: str | None
    normalizer: bool

    def __init__(self, bound_: Any, share: str | None = None, normalizer: bool = False):
        object.__setattr__(self, "bound", bound(bound_, "LearnedScale bound"))
        object.__setattr__(self, "share", share)
        object.__setattr__(self, "normalizer", normalizer)

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        return (Parameter("alpha", "scale", (), "euclidean", self.bound),)

    def contract(self, context: Context) -> Contract:
        store = context.store
        # The sensitivity |x| needs no lift to rows: B is already the norm over all of them.
        return Contract(self.bound, store.zero, self.bound, (Sensitivity("alpha", "scale", store.one, store.zero),))

    def sup(self, context: Context) -> Term:
        return self.bound * context.sup()

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        return tensors["alpha"][..., None, None, None] * x


@layer("Dropout", constants="$L = 1$ in evaluation", mode="eval only; training is unsupported",
       sharpness="exact: every $x$", source="it is the identity in evaluation mode",
       example='Dropout(1/10, mode="eval")', lemma="Layers.sat_dropout_eval")
@dataclass(frozen=True, slots=True, eq=False, init=False)
class Dropout(Layer):
    """Dropout in evaluation mode, where it is the identity. Training mode is refused, never read as the identity."""

    probability: Term

    def __init__(self, probability: Any = "1/2", mode: str | None = None):
        from normbound.errors import UnsupportedError
        if mode not in ("eval", "train"):
            raise NetworkError('Dropout: mode is required; accepted: mode="eval"')
        if mode == "train":
            raise UnsupportedError('Dropout: mode="train" has no contract here (its constant depends on the law of the '
                                   'masks); accepted: mode="eval"')
        p = bound(probability, "Dropout probability")
        value = p.literal()
        if value is not None and Fraction(value) >= 1:
            raise NetworkError(f"Dropout: the probability {value} must be below 1")
        object.__setattr__(self, "probability", p)

    def contract(self, context: Context) -> Contract:
        one = context.store.one
        return Contract(one, context.store.zero, one)

    def sup(self, context: Context) -> Term:
        return context.sup()

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        return x


@layer("Identity", constants="$L = 1$", sharpness="exact: every $x$", source="it is the identity",
       example="Identity()",
       lemma="Summary.sat_identity")
@dataclass(frozen=True, slots=True, eq=False)
class Identity(Layer):
    """x -> x."""

    def contract(self, context: Context) -> Contract:
        one = context.store.one
        return Contract(one, context.store.zero, one)

    def sup(self, context: Context) -> Term:
        return context.sup()

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        return x


@layer("Outside", constants="$L = 0$ in the stream, $1$ in the captured tensor", sharpness="exact: every input",
       source="the projection onto the captured tensor", example="Outside(u)",
       hypotheses="stands in the body of a Repeat that captures the name", lemma="Zoo.sat_outside")
@dataclass(frozen=True, slots=True, eq=False, init=False)
class Outside(Layer):
    """The tensor captured under ``source`` by the enclosing Repeat; ignores the stream."""

    source: str
    rowwise = False  # the captured radius is that of all rows

    def __init__(self, source: str):
        object.__setattr__(self, "source", str(source))

    def contract(self, context: Context) -> Contract:
        store = context.store
        return Contract(store.zero, context.outside(self.source), store.zero)

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        return tensors[self.source]
