"""Elementwise activations, and the two sorting activations that are their kin.

For each: |phi(0)|, the Lipschitz constant rho = sup |phi'|, the growth ratio G = sup |phi(x) - phi(0)|/|x| (which can
be smaller: GELU has G = 1), and the range where it is bounded. Radii propagate with G, never with rho.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from normbound.contracts.block import Layer, Parameter, bound
from normbound.contracts.context import Context, Contract, Sensitivity, Shape
from normbound.contracts.hypothesis import Hypothesis
from normbound.contracts.registry import Entry, layer, register
from normbound.errors import NetworkError, ShapeError
from normbound.layers.functions import clip, maximum, minimum, normal_cdf, number, softplus, where_positive
from normbound.terms.store import Store, Term

Array = Any
Constant = Callable[[Store, Term], Term]


@dataclass(frozen=True, slots=True)
class Kind:
    """One activation phi_a with its derivative; ``a`` is the fixed argument where ``argument`` names one.

    at_zero, lip, growth and sup map (store, a) to |phi_a(0)|, rho, G and sup |phi_a| (None: unbounded).
    peak(a) is the point where |phi_a'| attains rho, or, with side = -1, the point that it approaches from the left.
    sharpness and source are TeX prose: where rho is attained or approached, and why rho and G hold.
    lemma is the theorem of the proof library for rho, |phi(0)| and G on numbers; Acts.sat_act lifts it to tensors.
    """

    name: str
    phi: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    lip: Constant
    growth: Constant
    sharpness: str
    source: str
    at_zero: Constant = lambda store, a: store.zero
    sup: Constant | None = None
    argument: str | None = None
    default: Any = None
    positive: bool = False
    peak: Callable[[float], float] = lambda a: 1.0
    side: int = 0
    lemma: str | None = None


def _one(store: Store, a: Term) -> Term:
    return store.one


def _named(name: str) -> Constant:
    return lambda store, a: store.constant(name)


def _number(value: str | int) -> Constant:
    return lambda store, a: store.term(value)


def _logistic(x: Array) -> Array:
    return 0.5 * (1 + np.tanh(x / 2))


def _pdf(x: Array) -> Array:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _gelu_tanh(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(number(x, "sqrt(2/pi)") * (x + number(x, "0.044715") * x**3)))


def _gelu_tanh_slope(x: Array) -> Array:
    root, cubic = number(x, "sqrt(2/pi)"), number(x, "0.044715")
    t = np.tanh(root * (x + cubic * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * cubic * x * x)


def _mish_slope(x: Array) -> Array:
    t = np.tanh(softplus(x))
    return t + x * (1 - t * t) * _logistic(x)


def _silu_slope(x: Array, b: Array = 1.0) -> Array:
    s = _logistic(b * x)
    return s + b * x * s * (1 - s)


def _selu(x: Array) -> Array:
    below = number(x, "selu_alpha") * np.expm1(minimum(x, 0))
    return number(x, "selu_scale") * where_positive(x, x, below)


def _selu_slope(x: Array) -> Array:
    return number(x, "selu_scale") * np.where(x > 0, 1.0, number(x, "selu_alpha") * np.exp(np.minimum(x, 0)))


KINDS: tuple[Kind, ...] = (
    Kind("ReLU", lambda x, a: maximum(x, 0), lambda x, a: (x > 0) * 1.0, _one, _one,
         "exact: $x > 0$",
         r"$\abs{\max(x, 0) - \max(y, 0)} \le \abs{x - y}$: the slopes are $0$ and $1$", lemma="Acts.act_relu"),
    Kind("ReLU6", lambda x, a: clip(x, 0, 6), lambda x, a: ((x > 0) & (x < 6)) * 1.0, _one, _one,
         "exact: $0 < x < 6$",
         "clipping is the projection onto an interval: the slopes are $0$ and $1$", sup=_number(6),
         lemma="Acts.act_hardtanh"),
    Kind("HardTanh", lambda x, a: clip(x, -1, 1), lambda x, a: (abs(x) < 1) * 1.0, _one, _one,
         r"exact: $\abs{x} < 1$",
         "clipping is the projection onto an interval: the slopes are $0$ and $1$", sup=_one,
         peak=lambda a: 0.0, lemma="Acts.act_hardtanh"),
    Kind("Abs", lambda x, a: np.abs(x), lambda x, a: np.sign(x), _one, _one,
         "exact: $x > 0$",
         r"reverse triangle inequality: $\abs{\abs{x} - \abs{y}} \le \abs{x - y}$",
         lemma="Acts.act_abs"),
    Kind("LeakyReLU", lambda x, a: where_positive(x, x, a * x), lambda x, a: np.where(x > 0, 1.0, a),
         lambda store, a: store.maximum((store.one, a)), lambda store, a: store.maximum((store.one, a)),
         "exact: the steeper side",
         "piecewise linear with slopes $1$ and $a$", argument="a", default="1/100",
         peak=lambda a: 1.0 if a <= 1 else -1.0, lemma="Acts.act_leaky"),
    Kind("ELU", lambda x, a: where_positive(x, x, a * np.expm1(minimum(x, 0))),
         lambda x, a: np.where(x > 0, 1.0, a * np.exp(np.minimum(x, 0))), lambda store, a: store.maximum((store.one, a)),
         lambda store, a: store.maximum((store.one, a)),
         r"exact for $a \le 1$; supremum as $x \to 0$ from the left for $a > 1$",
         r"the slopes are $1$ for $x > 0$ and $a \exp(x) \le a$ for $x < 0$", argument="a", default=1,
         peak=lambda a: 1.0 if a <= 1 else 0.0, side=-1, lemma="ActsExact.act_elu"),
    Kind("CELU", lambda x, a: where_positive(x, x, a * np.expm1(minimum(x, 0) / a)),
         lambda x, a: np.where(x > 0, 1.0, np.exp(np.minimum(x, 0) / a)), _one, _one,
         "exact: $x > 0$",
         r"the slopes are $1$ for $x > 0$ and $\exp(x/a) \le 1$ for $x < 0$", argument="a", default=1, positive=True,
         lemma="Zoo.act_celu"),
    Kind("SELU", lambda x, a: _selu(x), lambda x, a: _selu_slope(x), _named("selu_lip"),
         _named("selu_lip"),
         r"supremum as $x \to 0$ from the left",
         r"the slopes are $\lambda$ for $x > 0$ and $\lambda \alpha \exp(x)$ for $x < 0$, with the constants "
         r"$\lambda$, $\alpha > 1$ of the layer: their supremum is $\lambda \alpha$",
         peak=lambda a: 0.0, side=-1, lemma="Zoo.act_selu"),
    Kind("GELU", lambda x, a: x * normal_cdf(x), lambda x, a: normal_cdf(x) + x * _pdf(x), _named("gelu_lip"), _one,
         r"exact: $x = \sqrt{2}$",
         r"$\varphi(x) = x \Phi(x)$ with the normal distribution function $\Phi$; $\varphi''(x) = (2 - x^2)\, \Phi'(x)$, so "
         r"$\abs{\varphi'}$ is largest at $\sqrt{2}$; $0 \le \Phi \le 1$ gives $G = 1$",
         peak=lambda a: math.sqrt(2), lemma="SmoothActs.act_gelu"),
    Kind("GELUTanh", lambda x, a: _gelu_tanh(x),
         lambda x, a: _gelu_tanh_slope(x), _named("gelu_tanh_lip"), _one,
         r"exact: $x = 1.4185\ldots$",
         r"$\abs{\varphi'}$ is largest at the stationary point of $\varphi'$; $\varphi(x) = x t(x)$ with $0 \le t "
         r"\le 1$ gives $G = 1$",
         peak=lambda a: 1.418504008790828),
    Kind("SiLU", lambda x, a: x * _logistic(a * x), lambda x, a: _silu_slope(x, a), _named("silu_lip"), _one,
         r"exact: the $x > 0$ with $a x \tanh(a x/2) = 2$",
         r"at the stationary point $t = a x$ of $\varphi'$, where $t \tanh(t/2) = 2$, the slope is $\frac{1}{2} + "
         r"\frac{t}{4}$; $\varphi(x) = x s(a x)$ with the logistic function $0 \le s \le 1$ gives $G = 1$",
         argument="a", default=1, positive=True,
         peak=lambda a: 2.3993572805154677 / a, lemma="Zoo.act_silu_scaled"),
    Kind("Mish", lambda x, a: x * np.tanh(softplus(x)), lambda x, a: _mish_slope(x), _named("mish_lip"), _one,
         r"exact: $x = 1.4905\ldots$",
         r"$\abs{\varphi'}$ is largest at the stationary point of $\varphi'$; $\varphi(x) = x t(x)$ with $0 \le t "
         r"\le 1$ gives $G = 1$",
         peak=lambda a: 1.4905711794854284),
    Kind("Softplus", lambda x, a: softplus(a * x) / a, lambda x, a: _logistic(a * x), _one, _one,
         r"supremum as $x \to \infty$",
         r"$\varphi'(x)$ is the logistic function of $a x$, between $0$ and $1$", at_zero=lambda store,
         a: store.constant("log2") / a, argument="a", default=1,
         positive=True,
         peak=lambda a: 40 / a, lemma="Acts.act_softplus"),
    Kind("Sigmoid", lambda x, a: _logistic(x), lambda x, a: _logistic(x) * _logistic(-x), _number("1/4"), _number("1/4"),
         "exact: $x = 0$",
         r"$s' = s (1 - s) \le \frac{1}{4}$", at_zero=_number("1/2"), sup=_one,
         peak=lambda a: 0.0, lemma="Acts.act_sigmoid"),
    Kind("Tanh", lambda x, a: np.tanh(x), lambda x, a: 1 / np.cosh(np.clip(x, -300, 300)) ** 2, _one, _one,
         "exact: $x = 0$",
         r"the slope is $1 - \tanh(x)^2 \le 1$", sup=_one,
         peak=lambda a: 0.0, lemma="Acts.act_tanh"),
    Kind("HardSigmoid", lambda x, a: clip(x + 3, 0, 6) / 6, lambda x, a: (abs(x) < 3) / 6, _number("1/6"),
         _number("1/6"),
         r"exact: $\abs{x} < 3$",
         r"clipping is the projection onto an interval: the slopes are $0$ and $\frac{1}{6}$", at_zero=_number("1/2"),
         sup=_one,
         peak=lambda a: 0.0, lemma="Acts.act_hardsigmoid"),
    Kind("HardSwish", lambda x, a: x * clip(x + 3, 0, 6) / 6,
         lambda x, a: np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, x / 3 + 0.5)), _number("3/2"), _one,
         r"supremum as $x \to 3$ from the left",
         r"the slope is $\frac{x}{3} + \frac{1}{2}$ on $(-3, 3)$, between $-\frac{1}{2}$ and $\frac{3}{2}$; "
         r"$\varphi(x) = x t(x)$ with $0 \le t \le 1$ gives $G = 1$",
         peak=lambda a: 3.0, side=-1, lemma="Acts.act_hardswish"),
    Kind("LogSigmoid", lambda x, a: -softplus(-x), lambda x, a: _logistic(-x), _one, _one,
         r"supremum as $x \to -\infty$",
         "the slope is the logistic function of $-x$, between $0$ and $1$", at_zero=lambda store,
         a: store.constant("log2"),
         peak=lambda a: -40.0, lemma="Acts.act_logsigmoid"),
    Kind("Tanhshrink", lambda x, a: x - np.tanh(x), lambda x, a: np.tanh(x) ** 2, _one, _one,
         r"supremum as $x \to \infty$",
         r"the slope is $\tanh(x)^2 < 1$",
         peak=lambda a: 20.0, lemma="Zoo.act_tanhshrink"),
    Kind("Softsign", lambda x, a: x / (1 + abs(x)), lambda x, a: 1 / (1 + abs(x)) ** 2, _one, _one,
         "exact: $x = 0$",
         r"the slope is $(1 + \abs{x})^{-2} \le 1$", sup=_one,
         peak=lambda a: 0.0, lemma="Acts.act_softsign"),
    Kind("Sin", lambda x, a: np.sin(a * x), lambda x, a: a * np.cos(a * x), lambda store, a: a, lambda store, a: a,
         "exact: $x = 0$",
         r"the slope is $a \cos(a x)$", sup=_one, argument="a", default=1,
         peak=lambda a: 0.0, lemma="Acts.act_sin"),
)
_TABLE = {k.name: k for k in KINDS}
_REFERENCES = {"GELU": ("hendrycks2016gelu",), "GELUTanh": ("hendrycks2016gelu",), "SiLU": ("elfwing2017silu",),
               "Mish": ("misra2019mish",), "SELU": ("klambauer2017selu",)}


@dataclass(frozen=True, slots=True, eq=False)
class Elementwise(Layer):
    """phi on every entry."""

    kind: Kind
    argument: Term | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.kind.name

    def _call(self, f: Constant, store: Store) -> Term:
        return f(store, self.argument if self.argument is not None else store.one)

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        return () if self.argument is None else (Parameter("a", "constant", (), "exact", self.argument),)

    def contract(self, context: Context) -> Contract:
        store = context.store
        at_zero = self._call(self.kind.at_zero, store)
        offset = at_zero * context.width_root if at_zero else at_zero
        needed: tuple[Hypothesis, ...] = ()
        if self.kind.positive and self.argument is not None and not self.argument.is_positive:
            needed = (Hypothesis("positive", self.name, "{0} > 0", (self.argument,)),)
        return Contract(self._call(self.kind.lip, store), offset, self._call(self.kind.growth, store), hypotheses=needed)

    def sup(self, context: Context) -> Term:
        store = context.store
        reach = self._call(self.kind.at_zero, store) + self._call(self.kind.growth, store) * context.sup()
        return reach if self.kind.sup is None else store.minimum((self._call(self.kind.sup, store), reach))

    def entry_bound(self, shape: Shape) -> Term | None:
        return None if self.kind.sup is None else self._call(self.kind.sup, shape.rows.store)

    def witness(self, shape: tuple[int, int, int], number: Callable[[Term], float], t: float) -> tuple[Array, Array]:
        peak = self.kind.peak(1.0 if self.argument is None else number(self.argument))
        first, second = (t, -t) if not self.kind.side else (-t, -2 * t)
        return np.full(shape, peak + first), np.full(shape, peak + second)

    def forward(self, tensors: Mapping[str, Array], x: Array) -> Array:
        a = tensors["a"][..., None, None, None] if "a" in tensors else None
        if np.iscomplexobj(x):
            return self.kind.phi(x.real, a) + 1j * (self.kind.slope(x.real, a) * x.imag)
        return self.kind.phi(x, a)


_PLAIN = {k.name: Elementwise(k) for k in KINDS if k.argument is None}  # immutable, so one object serves all


def activation(name: str, argument: Any = None) -> Elementwise:
    """The activation called ``name``, with its argument where it has one."""
    kind = _TABLE[name]
    if kind.argument is None:
        if argument is not None:
            raise NetworkError(f"{name} takes no argument")
        return _PLAIN[name]
    value = bound(kind.default if argument is None else argument, f"{name} argument")
    if kind.positive and not value:
        raise NetworkError(f"{name}: the argument must be positive")
    return Elementwise(kind, value)


def _register(kind: Kind) -> None:
    def build(a: Any = None) -> Elementwise:
        return activation(kind.name, a)

    build.__name__ = build.__qualname__ = kind.name
    build.__doc__ = f"The activation {kind.name} on every entry."
    if kind.argument is None:  # the catalogue and the text language read the signature
        build.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
    argument = "" if kind.argument is None else "a"
    store = Store()
    a = store.symbol("a")
    terms = {"lip": kind.lip(store, a), "growth": kind.growth(store, a), "at_zero": kind.at_zero(store, a)}
    constants = r"$\rho = <<lip>>$, $G = <<growth>>$, $\abs{\varphi(0)} = <<at_zero>>$"
    register(Entry(kind.name, build, constants, kind.sharpness, kind.source, f"{kind.name}({argument})",
                   hypotheses=f"${argument} > 0$" if kind.positive else "none", lemma=kind.lemma, terms=terms,
                   references=_REFERENCES.get(kind.name, ())))
    globals()[kind.name] = build


for _kind in KINDS:
    _register(_kind)


@layer("PReLU", constants=r"$L = \max(1, a)$, $p = B$", sharpness="exact: all entries negative",
       source=r"the slopes are $1$ and $a$; $\abs{\varphi_a(x) - \varphi_{a'}(x)} = \abs{a - a'} \abs{\min(x, 0)} "
              r"\le \abs{a - a'} \abs{x}$", example="PReLU(a)", lemma="Zoo.sat_prelu")
@dataclass(frozen=True, slots=True, eq=False, init=False)
class PReLU(Layer):
    """max(x, 0) + a min(x, 0) with one trainable slope, |a| <= bound."""

    bound: Term
    share: str | None

    def __init__(self, bound_: Any, share: str | None = None):
        object.__setattr__(self, "bound", bound(bound_, "PReLU slope"))
        object.__setattr__(self, "share", share)

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        return (Parameter("a", "slope", (), "euclidean", self.bound),)

    def contract(self, context: Context) -> Contract:
        store = context.store
        steep = store.maximum((store.one, self.bound))
        return Contract(steep, store.zero, steep, (Sensitivity("a", "slope", store.one, store.zero),))

    def sup(self, context: Context) -> Term:
        return context.store.maximum((context.store.one, self.bound)) * context.sup()

    def witness(self, shape: tuple[int, int, int], number: Callable[[Term], float], t: float) -> tuple[Array, Array]:
        return np.full(shape, 1.0 if number(self.bound) <= 1 else -1.0), np.zeros(shape)

    def forward(self, tensors: Mapping[str, Array], x: Array) -> Array:
        a = tensors["a"][..., None, None, None]
        return where_positive(x, x, a * x)


@layer("SquaredReLU", constants="$L = 2 F$, $G = F$ with $F$ the largest entry of the input",
       sharpness="exact: one entry equal to $F$",
       source=r"$\abs{u^2 - v^2} = \abs{u + v} \abs{u - v} \le 2 F \abs{u - v}$ for $0 \le u, v \le F$",
       example="SquaredReLU()",
       hypotheses="bounded inputs", lemma="Zoo.sat_relu_sq")
@dataclass(frozen=True, slots=True, eq=False)
class SquaredReLU(Layer):
    """max(x, 0)^2 on bounded inputs."""

    def contract(self, context: Context) -> Contract:
        reach = context.sup()
        return Contract(2 * reach, context.store.zero, reach)

    def sup(self, context: Context) -> Term:
        return context.sup() ** 2

    def witness(self, shape: tuple[int, int, int], number: Callable[[Term], float], t: float) -> tuple[Array, Array]:
        x, y = super(SquaredReLU, self).witness(shape, number, t)
        return x, y + (1 - t) * x

    def forward(self, tensors: Mapping[str, Array], x: Array) -> Array:
        return where_positive(x, x * x, 0 * x)


@layer("MaxMin", constants="$L = 1$; output and input have equal norms",
       sharpness="exact: locally it is a permutation",
       source=r"rearrangement inequality: sorting both pairs makes $\abs{u - v}$ smallest among all pairings of "
              "their entries",
       example="MaxMin()",
       hypotheses="an even number of features", lemma="Zoo.sat_maxmin")
@dataclass(frozen=True, slots=True, eq=False)
class MaxMin(Layer):
    """Sorts consecutive pairs of features (GroupSort with groups of two)."""

    def output_shape(self, shape: Shape) -> Shape:
        width = shape.features.literal()
        if width is not None and width % 2:
            raise ShapeError(f"MaxMin: found {width} features; an even number is needed")
        return shape

    def contract(self, context: Context) -> Contract:
        one = context.store.one
        return Contract(one, context.store.zero, one)

    def sup(self, context: Context) -> Term:
        return context.sup()

    def forward(self, tensors: Mapping[str, Array], x: Array) -> Array:
        a, b = x[..., 0::2], x[..., 1::2]
        over = b - a
        return np.stack([where_positive(over, b, a), where_positive(over, a, b)], axis=-1).reshape(x.shape)


@layer("CReLU", constants="$L = 1$; output and input have equal norms",
       sharpness="exact: $x$ and $x'$ with entries of equal signs",
       source=r"entries of equal sign keep their distance; for entries of opposite sign it becomes $\sqrt{x^2 + "
              r"y^2} \le \abs{x} + \abs{y} = \abs{x - y}$", example="CReLU()", lemma="Zoo.sat_crelu")
@dataclass(frozen=True, slots=True, eq=False)
class CReLU(Layer):
    """(max(x, 0), max(-x, 0)), doubling the features."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape.with_features(2 * shape.features)

    def contract(self, context: Context) -> Contract:
        one = context.store.one
        return Contract(one, context.store.zero, one)

    def sup(self, context: Context) -> Term:
        return context.sup()

    def forward(self, tensors: Mapping[str, Array], x: Array) -> Array:
        return np.concatenate([where_positive(x, x, 0 * x), where_positive(-x, -x, 0 * x)], axis=-1)


__all__ = ["CReLU", "Elementwise", "MaxMin", "PReLU", "SquaredReLU", "activation"]
