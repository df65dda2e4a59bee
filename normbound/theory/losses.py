r"""Losses: Lipschitz constants in the logits, smoothness, and what they give for the loss of a network.

One table. An entry says, for logits z in R^C and a target y, in Euclidean norms and uniformly over the targets:
lipschitz L with |l(z, y) - l(z', y)| <= L |z - z'|, and smoothness H with |grad l(z, y) - grad l(z', y)| <= H |z - z'|
(None: the gradient jumps). Each constant comes with its reason and its witness: "attained" means that two points (or a
point with its gradient) have exactly this quotient, "supremum" that the quotients come arbitrarily close.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np

from normbound.errors import HypothesisError, NetworkError, ShapeError, TermError, UnsupportedError
from normbound.network.program import Network
from normbound.terms.exact import exact
from normbound.terms.normal import same
from normbound.terms.store import Exact, Store, Term, TermLike, current, sqrt
from normbound.theory.premises import Assumptions, NetworkTheorem, Quantities, bounded, trained

Array = Any
Numbers = Mapping[str, float]
Arguments = Mapping[str, Term]
Constant = Callable[[Store, Term, Arguments], Term]
Words = Callable[["Places"], str]
TARGETS = ("class", "distribution", "fractions", "vector")


@dataclass(frozen=True, slots=True)
class Argument:
    """A number that belongs to a loss.

    exact    True: a literal number is needed (the constant subtracts it)
    low, high  accepted range of literals; ``strict`` excludes the lower end
    default  None: it has to be given
    """

    name: str
    meaning: str
    default: TermLike | None = None
    exact: bool = False
    low: Exact = 0
    high: Exact | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One loss. Calling it with the number of logits and its arguments gives a ``Loss``.

    formula     the loss in TeX prose, as a function of the places of its arguments; so are witness_text (what attains the
                constant), reason (why it holds) and smooth_reason (why the smoothness holds)
    lipschitz   the constant in the logits, from (store, number of logits, arguments)
    smoothness  the Lipschitz constant of the gradient, or None: the loss is not differentiable everywhere
    least       a lower bound, for every z, on the largest |grad l(z, y)| over the targets y; None where there is none
    targets     "class" (an integer), "distribution" (over the classes), "fractions" (each in [0, 1]) or "vector"
    value       l(z, y) with z of shape (..., C), numbers for the arguments
    gradient    its gradient in z, wherever it exists
    witness     (C, numbers, t) -> (z, z', y) whose quotient attains the constant, or tends to it as t -> 0
    bend        the same for the quotient of gradients and the smoothness
    project     the nearest logits in the domain of the loss (the identity where the domain is everything)
    unit_range  whether the values lie in [0, 1]
    """

    name: str
    title: str
    formula: Words
    lipschitz: Constant
    smoothness: Constant | None
    sharpness: str
    witness_text: Words
    reason: Words
    targets: str
    value: Callable[[Array, Array, Numbers], Array]
    gradient: Callable[[Array, Array, Numbers], Array]
    witness: Callable[[int, Numbers, float], tuple[Array, Array, Array]]
    bend: Callable[[int, Numbers, float], tuple[Array, Array, Array]] | None = None
    smooth_reason: Words | None = None
    arguments: tuple[Argument, ...] = ()
    least: Constant | None = None
    domain: Words | None = None
    project: Callable[[Array, Array, Numbers], Array] = lambda z, y, a: z
    least_logits: int = 2
    unit_range: bool = False

    def __call__(self, logits: TermLike = "C", samples: TermLike = 1, **arguments: Any) -> Loss:
        """The loss on ``logits`` logits; with ``samples`` n it is the mean over n rows of logits.

        Raises NetworkError for an unknown, missing, inexact or impossible argument.
        """
        store = current()
        unknown = sorted(set(arguments) - {a.name for a in self.arguments})
        if unknown:
            known = ", ".join(a.name for a in self.arguments) or "no arguments"
            raise NetworkError(f"{self.name}: unknown argument {unknown[0]!r}; it has {known}")
        found = {a.name: self._argument(a, arguments.get(a.name, a.default)) for a in self.arguments}
        sizes = []
        for what, size, least in (("logits", logits, self.least_logits), ("samples", samples, 1)):
            try:
                t = store.term(size)
            except TermError as error:
                raise NetworkError(f"{self.name}: {what}: {error}") from None
            number = t.literal()
            if number is not None and (not isinstance(number, int) or number < least):
                raise NetworkError(f"{self.name}: found {number} {what}; a natural number of at least {least} is needed")
            sizes.append(t)
        made = Loss(self, sizes[0], MappingProxyType(found), sizes[1])
        _ = made.lipschitz, made.smoothness  # arguments that do not fit are refused here, not later
        return made

    def _argument(self, a: Argument, given: Any) -> Term:
        if given is None:
            raise NetworkError(f"{self.name}: {a.name} is missing ({a.meaning})")
        try:
            t = current().term(given)
        except TermError as error:
            raise NetworkError(f"{self.name}: {a.name}: {error}") from None
        number = t.literal()
        if number is None:
            if a.exact:
                raise NetworkError(f"{self.name}: {a.name} = {t}: an exact number is needed ({a.meaning})")
            return t
        if number < a.low or (a.strict and number == a.low) or (a.high is not None and number > a.high):
            upper = "" if a.high is None else f" and at most {a.high}"
            raise NetworkError(f"{self.name}: {a.name} = {number}; a number {'above' if a.strict else 'of at least'} "
                               f"{a.low}{upper} is needed ({a.meaning})")
        return t


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """A loss with its arguments, on ``logits`` logits; the mean over ``samples`` rows of them."""

    kind: Kind
    logits: Term
    arguments: Arguments
    samples: Term = field(repr=False)

    @property
    def name(self) -> str:
        return self.kind.name

    @property
    def title(self) -> str:
        return self.kind.title if self.single else f"mean over the samples of the {self.kind.title}"

    @property
    def single(self) -> bool:
        """Whether the loss reads one row of logits."""
        return self.samples.literal() == 1

    @property
    def lipschitz(self) -> Term:
        """L: the mean of n losses, each reading its own row, has gradient norm at most sqrt(n L^2)/n = L/sqrt(n)."""
        L = self.kind.lipschitz(self.logits.store, self.logits, self.arguments)
        return L if self.single else L / sqrt(self.samples)

    @property
    def smoothness(self) -> Term | None:
        """The Lipschitz constant of the gradient: the Hessian of the mean is block-diagonal with blocks H/n."""
        if self.kind.smoothness is None:
            return None
        H = self.kind.smoothness(self.logits.store, self.logits, self.arguments)
        return H if self.single else H / self.samples

    @property
    def least(self) -> Term | None:
        """A lower bound on the largest gradient norm over the targets, at every z (one row of logits)."""
        if self.kind.least is None or not self.single:
            return None
        return self.kind.least(self.logits.store, self.logits, self.arguments)

    @property
    def range(self) -> tuple[Term, Term] | None:
        """(0, 1) where the values lie there, else None."""
        store = self.logits.store
        return (store.zero, store.one) if self.kind.unit_range else None

    @property
    def terms(self) -> dict[str, Term]:
        """The terms that ``formula`` and ``domain`` refer to."""
        return {f"loss_{name}": t for name, t in self.arguments.items()} | {"loss_logits": self.logits}

    def formula(self, places: Places | None = None) -> str:
        """The loss of one row, in prose over ``terms``."""
        return self.kind.formula(places or self.places())

    def domain(self, places: Places | None = None) -> str | None:
        """Where the constants hold, if not everywhere."""
        return None if self.kind.domain is None else self.kind.domain(places or self.places())

    def assumptions(self, places: Places | None = None) -> tuple[str, ...]:
        """What the loss needs: its domain, and the number of classes where that is a symbol."""
        own = self.domain(places)
        few = self.kind.least_logits >= 2 and self.logits.literal() is None
        return (*((rf"There are at least two classes: $<<loss_logits>> \ge {self.kind.least_logits}$.",) if few else ()),
                *((own,) if own else ()))

    def places(self, letter: Callable[..., str] | None = None) -> Places:
        """What the texts of the loss call its arguments and letters; ``letter`` picks one that is free on the page."""
        return Places(self, letter or (lambda *wanted: wanted[0]))

    def value(self, z: Array, y: Array, numbers: Numbers) -> Array:
        """l(z, y) for z of shape (..., C), or (..., n, C) for the mean over n rows."""
        found = self.kind.value(z, y, numbers)
        return found if self.single else found.mean(axis=-1)

    def gradient(self, z: Array, y: Array, numbers: Numbers) -> Array:
        """The gradient in z, of the shape of z."""
        found = self.kind.gradient(z, y, numbers)
        return found if self.single else found / z.shape[-2]

    def __repr__(self) -> str:
        given = ", ".join(f"{n}={t}" for n, t in self.arguments.items())
        return f"<loss {self.name} on {self.logits} logits{', ' + given if given else ''}>"


#: Letters of the texts, each with what stands in for it.
_LETTERS = {"j": "jklicr", "k": "kalcr", "p": "pPuw", "q": "qQvw", "m": "mMuh", "e": "euvw", "s": "sShg", "v": "vuwh"}


class Places(dict[str, str]):
    """What the texts of a loss call things.

    Names of arguments give their places, the empty string for those that are neutral (1 as a factor, 0 as a summand);
    "logits" gives the number of logits; one letter gives a letter that is free, always the same one.
    """

    def __init__(self, loss: Loss, letter: Callable[..., str]):
        super().__init__({name: f"<<loss_{name}>>" for name in (*loss.arguments, "logits")})
        self.letter = letter
        for a in loss.kind.arguments:
            given = loss.arguments[a.name].literal()
            if given is not None and given == a.default:
                self[a.name] = ""

    def __missing__(self, name: str) -> str:
        self[name] = self.letter(*_LETTERS[name])
        return self[name]


@dataclass(frozen=True, slots=True)
class LossTheorem(NetworkTheorem):
    """A theorem about the loss of a network.

    loss       the loss
    trainable  the roles and groups whose change counts
    """

    loss: Loss | None = None
    trainable: frozenset[str] = frozenset()


# -- NumPy pieces -------------------------------------------------------------------------------------------------

def _log_softmax(z: Array) -> Array:
    top = z.max(axis=-1, keepdims=True)
    return z - top - np.log(np.exp(z - top).sum(axis=-1, keepdims=True))


def _one_hot(y: Array, C: int) -> Array:
    return (np.asarray(y)[..., None] == np.arange(C)) * 1.0


def _logistic(z: Array) -> Array:
    return 0.5 * (1 + np.tanh(z / 2))


def _smoothed(y: Array, C: int, a: Numbers) -> Array:
    return (1 - a["smoothing"]) * _one_hot(y, C) + a["smoothing"] / C


def _cross_entropy(z: Array, y: Array, a: Numbers) -> Array:
    return -(_smoothed(y, z.shape[-1], a) * _log_softmax(z / a["temperature"])).sum(-1)


def _cross_entropy_gradient(z: Array, y: Array, a: Numbers) -> Array:
    return (np.exp(_log_softmax(z / a["temperature"])) - _smoothed(y, z.shape[-1], a)) / a["temperature"]


def _kl(z: Array, y: Array, a: Numbers) -> Array:
    return (y * np.log(np.where(y > 0, y, 1.0)) - y * _log_softmax(z / a["temperature"])).sum(-1)


def _kl_gradient(z: Array, y: Array, a: Numbers) -> Array:
    return (np.exp(_log_softmax(z / a["temperature"])) - y) / a["temperature"]


def _bce(z: Array, y: Array, a: Numbers) -> Array:
    return (a["pos_weight"] * y * np.logaddexp(0.0, -z) + (1 - y) * np.logaddexp(0.0, z)).sum(-1)


def _bce_gradient(z: Array, y: Array, a: Numbers) -> Array:
    return -a["pos_weight"] * y * _logistic(-z) + (1 - y) * _logistic(z)


def _at(z: Array, y: Array) -> Array:
    return np.take_along_axis(z, np.asarray(y)[..., None], axis=-1)


def _others(z: Array, y: Array) -> Array:
    """z with the entry of the class y at -infinity."""
    return np.where(_one_hot(y, z.shape[-1]) > 0, -np.inf, z)


def _margin(z: Array, y: Array, a: Numbers = MappingProxyType({})) -> Array:
    return _at(z, y)[..., 0] - _others(z, y).max(-1)


def _margin_gradient(z: Array, y: Array, a: Numbers = MappingProxyType({})) -> Array:
    return _one_hot(y, z.shape[-1]) - _one_hot(_others(z, y).argmax(-1), z.shape[-1])


def _ramp(z: Array, y: Array, a: Numbers) -> Array:
    return np.clip(1 - _margin(z, y) / a["width"], 0.0, 1.0)


def _ramp_gradient(z: Array, y: Array, a: Numbers) -> Array:
    m = _margin(z, y)
    return -_margin_gradient(z, y) / a["width"] * ((m > 0) & (m < a["width"]))[..., None]


def _hinge(z: Array, y: Array, a: Numbers) -> Array:
    return np.maximum(0.0, a["width"] - _margin(z, y))


def _hinge_gradient(z: Array, y: Array, a: Numbers) -> Array:
    return -_margin_gradient(z, y) * (_margin(z, y) < a["width"])[..., None]


def _sum_hinge(z: Array, y: Array, a: Numbers) -> Array:
    return np.maximum(0.0, _others(z, y) + a["width"] - _at(z, y)).sum(-1)


def _sum_hinge_gradient(z: Array, y: Array, a: Numbers) -> Array:
    active = (_others(z, y) + a["width"] - _at(z, y) > 0) * 1.0
    return active - active.sum(-1, keepdims=True) * _one_hot(y, z.shape[-1])


def _project(z: Array, y: Array, a: Numbers) -> Array:
    e = z - y
    size = np.sqrt((e * e).sum(-1, keepdims=True))
    return y + e * np.minimum(1.0, a["residual"] / np.maximum(size, 1e-300))


def _huber(z: Array, y: Array, a: Numbers) -> Array:
    d, e = a["delta"], np.abs(z - y)
    return np.where(e <= d, e * e / 2, d * (e - d / 2)).sum(-1)


def _smooth_l1(z: Array, y: Array, a: Numbers) -> Array:
    b, e = a["beta"], np.abs(z - y)
    return np.where(e < b, e * e / (2 * b), e - b / 2).sum(-1)


# -- witnesses ----------------------------------------------------------------------------------------------------

def _basis(C: int, j: int) -> Array:
    return np.eye(C)[j]


def _saturated(C: int, q: Array, tau: float, t: float) -> tuple[Array, Array]:
    """Logits at which the softmax is e_1 up to exp(-1/t), moved along e_1 - q."""
    z = _basis(C, 1) * tau / t
    return z, z + tau * (_basis(C, 1) - q)


def _cross_entropy_witness(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    return *_saturated(C, _smoothed(np.array(0), C, a), a["temperature"], t), np.array(0)


def _kl_witness(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    return *_saturated(C, _basis(C, 0), a["temperature"], t), _basis(C, 0)


def _two_even(C: int, tau: float, t: float) -> tuple[Array, Array]:
    """Logits at which the softmax is (1/2, 1/2, 0, ...) up to exp(-1/t), moved a little along e_0 - e_1."""
    z = (_basis(C, 0) + _basis(C, 1)) * (tau / t)
    step = 1e-3 * tau * (_basis(C, 0) - _basis(C, 1))
    return z + step, z - step


def _bce_witness(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    positive = a["pos_weight"] >= 1
    z = np.full(C, (-1 if positive else 1) / t)
    return z, z + (-1 if positive else 1), np.full(C, 1.0 if positive else 0.0)


def _bce_bend(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    return np.full(C, 1e-3), np.full(C, -1e-3), np.full(C, 1.0 if a["pos_weight"] >= 1 else 0.0)


def _soft_witness(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    positive = a["pos_weight"] * a["target"] >= 1 - a["target"]
    z = np.full(C, (-1 if positive else 1) / t)
    return z, z + (-1 if positive else 1), np.zeros(C)


def _soft_bend(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    return np.full(C, 1e-3), np.full(C, -1e-3), np.zeros(C)


def _margin_witness(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    z = 5 * _basis(C, 1)
    return z, z + _basis(C, 0) - _basis(C, 1), np.array(0)


def _ramp_witness(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    w = a["width"]
    z = 10 * w * (_basis(C, 0) + _basis(C, 1)) + w / 4 * _basis(C, 0)
    return z, z + w / 4 * (_basis(C, 0) - _basis(C, 1)), np.array(0)


def _hinge_witness(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    z = 5 * _basis(C, 1)
    return z, z + _basis(C, 1) - _basis(C, 0), np.array(0)


def _sum_hinge_witness(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    step = np.ones(C) - C * _basis(C, 0)
    return np.zeros(C), step, np.array(0)


def _squared_witness(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    e = a["residual"] * _basis(C, 0)
    return e, (1 - t) * e, np.zeros(C)


def _squared_bend(C: int, a: Numbers, t: float) -> tuple[Array, Array, Array]:
    e = a["residual"] * _basis(C, 0)
    return e, -e, np.zeros(C)


def _corner(C: int, size: float) -> tuple[Array, Array, Array]:
    return np.full(C, 2 * size), np.full(C, 3 * size), np.zeros(C)


def _inside(C: int, size: float) -> tuple[Array, Array, Array]:
    return np.full(C, size / 2), np.full(C, -size / 2), np.zeros(C)


# -- constants ----------------------------------------------------------------------------------------------------

def _root_two(store: Store, C: Term, a: Arguments) -> Term:
    return sqrt(store.number(2))


def _over_temperature(store: Store, C: Term, a: Arguments) -> Term:
    return sqrt(store.number(2)) / a["temperature"]


def _smoothing_and_classes(C: Term, a: Arguments) -> tuple[Fraction, Fraction | None]:
    smoothing = a["smoothing"].literal()
    assert smoothing is not None
    classes = C.literal()
    if smoothing and classes is None:
        raise UnsupportedError(f"cross-entropy: with label smoothing the number of classes must be a number, found {C}")
    return Fraction(smoothing), None if classes is None else Fraction(classes)


def _cross_entropy_lipschitz(store: Store, C: Term, a: Arguments) -> Term:
    smoothing, classes = _smoothing_and_classes(C, a)
    square = Fraction(2) if classes is None or not smoothing else 1 + (1 - smoothing) ** 2 - smoothing**2 / classes
    return sqrt(store.number(square)) / a["temperature"]


def _softmax_smoothness(store: Store, C: Term, a: Arguments) -> Term:
    return store.number(Fraction(1, 2)) / a["temperature"] ** 2


def _cross_entropy_least(store: Store, C: Term, a: Arguments) -> Term:
    smoothing, _ = _smoothing_and_classes(C, a)
    return store.number(1 - smoothing) * sqrt(store.monus(C, 1) / C) / a["temperature"]


def _kl_least(store: Store, C: Term, a: Arguments) -> Term:
    return sqrt(store.monus(C, 1) / C) / a["temperature"]


def _soft_sides(a: Arguments) -> tuple[Exact, Term, Term]:
    y = a["target"].literal()
    assert y is not None
    store = a["target"].store
    return y, a["pos_weight"] * store.number(y), store.number(1 - y)


def _soft_lipschitz(store: Store, C: Term, a: Arguments) -> Term:
    _, up, down = _soft_sides(a)
    return sqrt(C) * store.maximum((up, down))


def _soft_smoothness(store: Store, C: Term, a: Arguments) -> Term:
    _, up, down = _soft_sides(a)
    return (up + down) * store.number(Fraction(1, 4))


def _over(places: Places, name: str, what: str = "z") -> str:
    return rf"{what}/{places[name]}" if places[name] else what


def _margin_of(p: Places) -> str:
    return rf"z_y - \max_{{{p['j']} \ne y}} z_{{{p['j']}}}"


def _softmax_reason(p: Places, target: str) -> str:
    gradient = rf"({p['p']} - {target})/{p['temperature']}" if p["temperature"] else f"{p['p']} - {target}"
    return (rf"The gradient is ${gradient}$ with ${p['p']}$ the softmax of ${_over(p, 'temperature')}$ and ${target}$ the target "
            rf"distribution. The convex function $\abs{{{p['p']} - {target}}}$ of ${p['p']}$ is at most its maximum over the "
            "vertices")


def _softmax_smooth(p: Places) -> str:
    square = rf"/{p['temperature']}^2" if p["temperature"] else ""
    P, v = p["p"], p["v"]
    return (rf"The Hessian is $(\diag({P}) - {P} {P}^\top){square}$ with ${P}$ the softmax, and "
            rf"${v}^\top(\diag({P}) - {P} {P}^\top){v}$ is the variance of ${v}$ under ${P}$, at most "
            rf"$(\max {v} - \min {v})^2/4 \le \abs{{{v}}}^2/2$. It is attained for two classes at ${P} = (1/2, 1/2)$, and "
            rf"approached for more as ${P} \to (1/2, 1/2, 0, \ldots, 0)$.")


def _cross_entropy_reason(p: Places) -> str:
    a, C = p["smoothing"], p["logits"]
    size = rf"\sqrt{{1 + (1-{a})^2 - {a}^2/{C}}}" if a else r"\sqrt{2}"
    return (_softmax_reason(p, p["q"])
            + rf", ${size}$, reached at a unit vector ${p['e']}_{{{p['j']}}}$ with ${p['j']} \ne y$.")


def _slope(p: Places, y: str) -> str:
    """The derivative of the binary cross-entropy in one logit, with the logistic function."""
    w, s = p["pos_weight"], p["s"]
    return rf"-{w} {y} {s}(-z) + (1-{y}) {s}(z)"


def _bend_of(p: Places, y: str) -> str:
    return rf"{p['pos_weight']} {y} + 1 - {y}"


def _bce_reason(p: Places) -> str:
    return (rf"Each derivative is ${_slope(p, 'y')}$ with ${p['s']}$ the logistic function; it lies between "
            rf"$-{p['pos_weight'] or '1'}$ and $1$. The squares of ${p['logits']}$ of them add.")


def _bce_smooth(p: Places) -> str:
    w = rf"\max({p['pos_weight']}, 1)" if p["pos_weight"] else "1"
    return (rf"The second derivatives are $({_bend_of(p, 'y')}) {p['s']}(z)(1 - {p['s']}(z)) \le {w}/4$ with ${p['s']}$ the "
            r"logistic function, attained at $z = 0$.")


def _soft_reason(p: Places) -> str:
    return (rf"Each derivative ${_slope(p, 'y')}$ with ${p['s']}$ the logistic function lies between its limits "
            rf"$-{p['pos_weight']} y$ and $1 - y$. The squares of ${p['logits']}$ of them add.")


def _soft_smooth(p: Places) -> str:
    return (rf"The second derivatives are $({_bend_of(p, 'y')}) {p['s']}(z)(1 - {p['s']}(z)) \le ({_bend_of(p, 'y')})/4$ with "
            rf"${p['s']}$ the logistic function, attained at $z = 0$.")


def _all_active(p: Places) -> str:
    return rf"all ${p['logits']} - 1$ terms active, moving along $\sum_{{{p['j']} \ne y}} ({p['e']}_{{{p['j']}}} - {p['e']}_y)$."


def _along(p: Places, up: bool) -> str:
    """The direction of the margin, or against it."""
    y, j = f"{p['e']}_y", f"{p['e']}_{{{p['j']}}}"
    return f"{y} - {j}" if up else f"{j} - {y}"


def _logistic_sum(p: Places, y: str) -> str:
    return rf"\sum_{{{p['j']}}} {p['pos_weight']} {y} \ln(1 + \exp(-z_{{{p['j']}}})) + (1 - {y}) \ln(1 + \exp(z_{{{p['j']}}}))"


_TAU = Argument("temperature", "the logits are divided by it", 1, strict=True)
_WIDTH = Argument("width", "the margin that is asked for", 1, strict=True)
_RESIDUAL = Argument("residual", "a bound on the Euclidean norm of z - y", None, strict=True)


def _ball(places: Places) -> str:
    return rf"$\abs{{z - y}} \le {places['residual']}$ for all logits $z$ and targets $y$ that are compared."


_TABLE = (
    Kind("cross-entropy", "cross-entropy",
         lambda p: rf"$-\sum_{{{p['j']}=1}}^{{{p['logits']}}} {p['q']}_{{{p['j']}}} \ln {p['p']}_{{{p['j']}}}$, where ${p['p']}$ is "
                   rf"the softmax of ${_over(p, 'temperature')}$ "
                   + (rf"and ${p['q']}$ the one-hot vector of $y$ mixed with the uniform distribution, of weight "
                      rf"${p['smoothing']}$" if p["smoothing"] else rf"and ${p['q']}$ the one-hot vector of $y$"),
         _cross_entropy_lipschitz, _softmax_smoothness, "supremum",
         lambda p: rf"the softmax ${p['p']}$ tends to the unit vector ${p['e']}_{{{p['j']}}}$ with ${p['j']} \ne y$, moving along "
                   rf"${p['e']}_{{{p['j']}}} - {p['q']}$; no finite logits attain it.",
         _cross_entropy_reason,
         "class", _cross_entropy, _cross_entropy_gradient, _cross_entropy_witness,
         lambda C, a, t: (*_two_even(C, a["temperature"], t), np.array(0)), _softmax_smooth,
         (_TAU, Argument("smoothing", "label smoothing", 0, exact=True, high=1)), _cross_entropy_least),
    Kind("kl", "Kullback-Leibler divergence from the softmax",
         lambda p: rf"$\sum_{{{p['j']}=1}}^{{{p['logits']}}} y_{{{p['j']}}} \ln(y_{{{p['j']}}}/{p['p']}_{{{p['j']}}})$, where "
                   rf"${p['p']}$ is the softmax of ${_over(p, 'temperature')}$ and $y$ a distribution over the classes",
         _over_temperature, _softmax_smoothness, "supremum",
         lambda p: rf"$y = {p['e']}_0$ and the softmax ${p['p']} \to {p['e']}_1$, two unit vectors, moving along ${p['e']}_1 - "
                   rf"{p['e']}_0$; no finite logits attain it.",
         lambda p: _softmax_reason(p, "y") + r", at most $\sqrt{2}$, the distance of two vertices.",
         "distribution", _kl, _kl_gradient, _kl_witness,
         lambda C, a, t: (*_two_even(C, a["temperature"], t), _basis(C, 0)), _softmax_smooth, (_TAU,), _kl_least),
    Kind("bce", "binary cross-entropy, summed over the logits",
         lambda p: rf"${_logistic_sum(p, 'y_{' + p['j'] + '}')}$ with each $y_{{{p['j']}}} \in [0, 1]$",
         lambda store, C, a: sqrt(C) * store.maximum((store.one, a["pos_weight"])),
         lambda store, C, a: store.maximum((store.one, a["pos_weight"])) * store.number(Fraction(1, 4)), "supremum",
         lambda p: r"$y = 1$, $z \to -\infty$ if the weight of positives is at least 1, else $y = 0$, $z \to \infty$.",
         _bce_reason, "fractions", _bce, _bce_gradient, _bce_witness, _bce_bend, _bce_smooth,
         (Argument("pos_weight", "the weight of positives", 1, strict=True),),
         lambda store, C, a: sqrt(C) * a["pos_weight"] / (store.one + a["pos_weight"]), least_logits=1),
    Kind("soft-bce", "binary cross-entropy with one soft target, summed over the logits",
         lambda p: rf"${_logistic_sum(p, 'y')}$ with $y = {p['target']}$ for every logit",
         _soft_lipschitz, _soft_smoothness, "supremum",
         lambda p: r"$z \to -\infty$ or $z \to \infty$, whichever has the steeper slope.", _soft_reason,
         "vector", lambda z, y, a: _bce(z, np.full_like(z, a["target"]), a),
         lambda z, y, a: _bce_gradient(z, np.full_like(z, a["target"]), a), _soft_witness, _soft_bend, _soft_smooth,
         (Argument("target", "the target y", None, exact=True, high=1),
          Argument("pos_weight", "the weight of positives", 1, strict=True)), least_logits=1),
    Kind("margin", "margin", lambda p: rf"${_margin_of(p)}$", _root_two, None, "attained",
         lambda p: rf"one runner-up ${p['j']}$, moving along ${_along(p, True)}$ with unit vectors ${p['e']}$.",
         lambda p: rf"Where the runner-up ${p['j']}$ is unique the gradient is ${_along(p, True)}$ with unit vectors ${p['e']}$; "
                   "elsewhere the function is a minimum of such ones.",
         "class", _margin, _margin_gradient, _margin_witness,
         least=_root_two),
    Kind("ramp", "ramp loss of the margin",
         lambda p: rf"the margin ${p['m']} = {_margin_of(p)}$ cut off: $\min(1, \max(0, 1 - {_over(p, 'width', p['m'])}))$",
         lambda store, C, a: sqrt(store.number(2)) / a["width"], None, "attained",
         lambda p: rf"margins between 0 and the width, moving along ${_along(p, True)}$ with unit vectors ${p['e']}$.",
         lambda p: rf"A function of slope at most ${'1/' + p['width'] if p['width'] else '1'}$ of the margin, which is "
                   r"$\sqrt{2}$-Lipschitz.",
         "class", _ramp, _ramp_gradient, _ramp_witness, arguments=(_WIDTH,), unit_range=True),
    Kind("crammer-singer", "hinge loss of Crammer and Singer",
         lambda p: rf"$\max(0, {p['width'] or '1'} - {p['m']})$ with the margin ${p['m']} = {_margin_of(p)}$", _root_two, None,
         "attained",
         lambda p: rf"margin below the width, moving along ${_along(p, False)}$ with unit vectors ${p['e']}$.",
         lambda p: r"A 1-Lipschitz function of the margin, which is $\sqrt{2}$-Lipschitz.",
         "class", _hinge, _hinge_gradient, _hinge_witness, arguments=(_WIDTH,)),
    Kind("weston-watkins", "hinge loss of Weston and Watkins",
         lambda p: rf"$\sum_{{{p['j']} \ne y}} \max(0, {p['width'] or '1'} + z_{{{p['j']}}} - z_y)$",
         lambda store, C, a: sqrt(C * store.monus(C, 1)), None, "attained", _all_active,
         lambda p: rf"With ${p['k']}$ active terms the gradient is $\sum_{{{p['j']}}} {p['e']}_{{{p['j']}}} - {p['k']} {p['e']}_y$ "
                   rf"with unit vectors ${p['e']}$, of squared norm ${p['k']} + {p['k']}^2 \le ({p['logits']}-1) {p['logits']}$.",
         "class", _sum_hinge, _sum_hinge_gradient, _sum_hinge_witness, arguments=(_WIDTH,)),
    Kind("multi-margin", "multi-class margin loss, mean over the classes",
         lambda p: rf"$\frac{{1}}{{{p['logits']}}} \sum_{{{p['j']} \ne y}} \max(0, {p['width'] or '1'} + z_{{{p['j']}}} - z_y)$",
         lambda store, C, a: sqrt(store.monus(C, 1) / C), None, "attained", _all_active,
         lambda p: rf"The sum over the classes has constant $\sqrt{{{p['logits']}({p['logits']}-1)}}$, as for Weston and Watkins; "
                   rf"the mean divides it by ${p['logits']}$.",
         "class", lambda z, y, a: _sum_hinge(z, y, a) / z.shape[-1],
         lambda z, y, a: _sum_hinge_gradient(z, y, a) / z.shape[-1], _sum_hinge_witness, arguments=(_WIDTH,)),
    Kind("half-squared", "half the squared error", lambda p: r"$\frac{1}{2} \abs{z - y}^2$",
         lambda store, C, a: a["residual"], lambda store, C, a: store.one, "supremum",
         lambda p: r"two residuals on one ray, both of norm close to the bound.",
         lambda p: r"$\abs{\abs{@}^2 - \abs{@'}^2}/2 = \abs{(@ - @')^\top(@ + @')}/2 \le \abs{@ - @'}\, (\abs{@} + \abs{@'})/2$ "
                   r"for the residuals $@ = z - y$, $@' = z' - y$.".replace("@", p["e"]),
         "vector", lambda z, y, a: ((z - y) ** 2).sum(-1) / 2, lambda z, y, a: z - y, _squared_witness, _squared_bend,
         lambda p: "The gradient is $z - y$.", (_RESIDUAL,), domain=_ball, project=_project, least_logits=1),
    Kind("mse", "mean squared error over the outputs", lambda p: rf"$\frac{{1}}{{{p['logits']}}} \abs{{z - y}}^2$",
         lambda store, C, a: 2 * a["residual"] / C, lambda store, C, a: store.number(2) / C, "supremum",
         lambda p: r"two residuals on one ray, both of norm close to the bound.",
         lambda p: rf"It is $2/{p['logits']}$ times half the squared error.",
         "vector", lambda z, y, a: ((z - y) ** 2).mean(-1), lambda z, y, a: 2 * (z - y) / z.shape[-1], _squared_witness,
         _squared_bend, lambda p: rf"The gradient is $2(z - y)/{p['logits']}$.", (_RESIDUAL,), domain=_ball, project=_project,
         least_logits=1),
    Kind("huber", "Huber loss, summed over the outputs",
         lambda p: rf"the sum over the entries $@$ of $z - y$ of $@^2/2$ where $\abs{{@}} \le {p['delta'] or '1'}$ and "
                   rf"${p['delta']}(\abs{{@}} - {p['delta'] or '1'}/2)$ elsewhere".replace("@", p["e"]),
         lambda store, C, a: a["delta"] * sqrt(C), lambda store, C, a: store.one, "attained",
         lambda p: rf"all residuals beyond ${p['delta'] or '1'}$, moving along $(1, \ldots, 1)$.",
         lambda p: rf"Every entry of the gradient is a residual cut off at $\pm {p['delta'] or '1'}$.",
         "vector", _huber, lambda z, y, a: np.clip(z - y, -a["delta"], a["delta"]),
         lambda C, a, t: _corner(C, a["delta"]), lambda C, a, t: _inside(C, a["delta"]),
         lambda p: "The gradient cuts off the residuals, a projection; residuals inside attain 1.",
         (Argument("delta", "where the loss turns linear", 1, strict=True),), least_logits=1),
    Kind("smooth-l1", "smooth L1 loss, summed over the outputs",
         lambda p: rf"the sum over the entries $@$ of $z - y$ of $@^2/{'(2 ' + p['beta'] + ')' if p['beta'] else '2'}$ where "
                   rf"$\abs{{@}} < {p['beta'] or '1'}$ and $\abs{{@}} - {p['beta'] or '1'}/2$ elsewhere".replace("@", p["e"]),
         lambda store, C, a: sqrt(C), lambda store, C, a: a["beta"] ** -1, "attained",
         lambda p: rf"all residuals beyond ${p['beta'] or '1'}$, moving along $(1, \ldots, 1)$.",
         lambda p: (rf"Every entry of the gradient is a residual over ${p['beta']}$" if p["beta"] else
                    "Every entry of the gradient is a residual") + r" cut off at $\pm 1$.",
         "vector", _smooth_l1, lambda z, y, a: np.clip((z - y) / a["beta"], -1.0, 1.0),
         lambda C, a, t: _corner(C, a["beta"]), lambda C, a, t: _inside(C, a["beta"]),
         lambda p: rf"The gradient is {'$1/' + p['beta'] + '$ times ' if p['beta'] else ''}a projection of the residuals; residuals "
                   "inside attain it.",
         (Argument("beta", "where the loss turns linear", 1, strict=True),), least_logits=1),
)

LOSSES: dict[str, Kind] = {k.name: k for k in _TABLE}
"""All losses by name."""


def lookup(name: str) -> Kind:
    """The loss called ``name``; an unknown one is an error that names the nearest."""
    if name not in LOSSES:
        close = get_close_matches(str(name), LOSSES, 2, 0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise NetworkError(f"unknown loss {str(name)[:60]!r}{hint}; known: {', '.join(LOSSES)}")
    return LOSSES[name]


def weighted_mean_factor(weights: Collection[Any]) -> Term:
    r"""The factor sqrt(sum w^2)/sum w by which a weighted mean of losses multiplies their Lipschitz constant.

    ``weights`` are the exact weights of the samples (class weights of their labels; 0 for ignored samples).
    """
    try:
        found = [Fraction(exact(w)) for w in weights]
    except TermError as error:
        raise NetworkError(f"weights: {error}") from None
    if any(w < 0 for w in found) or not any(found):
        raise NetworkError("weights: nonnegative numbers, not all 0, are needed")
    return sqrt(current().number(sum(w * w for w in found))) / current().number(sum(found))


def loss_on(network: Network, loss: Loss | str, **arguments: Any) -> Loss:
    """``loss`` on the outputs of ``network``: a name is built for them, a ``Loss`` must fit them.

    Raises ShapeError where the numbers of logits or of rows differ, NetworkError for an unknown name.
    """
    if not isinstance(network, Network):
        raise NetworkError(f"found {type(network).__name__}; a network is needed, e.g. Input(\"R\", \"d\") >> layers")
    out = network.program().out
    if isinstance(loss, str):
        return lookup(loss)(out.features, out.rows, **arguments)
    if not isinstance(loss, Loss):
        raise NetworkError(f"found {type(loss).__name__}; a loss is needed, e.g. \"cross-entropy\" or "
                           "LOSSES[\"ramp\"](10, width=\"1/2\")")
    if arguments:
        raise NetworkError(f"{loss.name}: its arguments are part of the loss that is given")
    for what, mine, theirs in (("logits", loss.logits, out.features), ("rows", loss.samples, out.rows)):
        if mine.store is not theirs.store:
            raise HypothesisError(f"{loss.name}: the loss and the network belong to two stores; build both under the same one")
        if mine != theirs and not same(mine, theirs):
            raise ShapeError(f"{loss.name} reads {mine} {what}, the network puts out {theirs}")
    return loss


def residual_of(network: Network, target: TermLike = "Y", floors: bool = True) -> Term:
    """A bound on |f(x) - y| for |y| <= ``target``: the radius of the outputs of the network plus ``target``."""
    bound = bounded(network, "radius", floors=floors)
    return bound.term + bound.term.store.term(target)


def loss_bound(network: Network, loss: Loss | str, wrt: str = "input", trainable: Collection[str] | None = None,
               floors: bool = True, **arguments: Any) -> LossTheorem:
    """The Lipschitz constant of the loss of a network, in the input or in the parameters: L_loss times its bound.

    loss       a ``Loss``, or its name (then ``arguments`` are its arguments)
    wrt        "input" or "parameters"
    trainable  as in ``derive``
    """
    if wrt not in ("input", "parameters"):
        raise UnsupportedError(f"loss_bound: wrt={wrt!r}; accepted: input, parameters")
    loss = loss_on(network, loss, **arguments)
    bound = bounded(network, wrt, trainable, floors)
    page = Quantities(bound, *loss.terms.values())
    places, said, theta = loss.places(page.letter), Assumptions(bound, page), trained(bound)
    L = loss.lipschitz
    over = "" if loss.single else r" The loss is the mean over the rows of the output of $f$, each with its own target."
    let = rf"Let $\ell(z, y)$ be the {loss.title}: {loss.formula(places)}.{over}"
    symbols = [("f", "the network"), (r"\ell", "the loss of one sample")]
    if wrt == "input":
        statement = (rf"{let} For all targets $y$ and {said.pair}{said.met}, "
                     r"$\abs{\ell(f(x), y) - \ell(f(x'), y)} \le <<value>> \, \abs{x - x'}$.")
    else:
        fixed = theta.sentence("the same in both networks")
        statement = (rf"{let} {fixed} For all targets $y$, {said.domain} and all $\theta, \theta' \in \Theta${said.met}, "
                     r"$\abs{\ell(f(x;\theta), y) - \ell(f(x;\theta'), y)} \le <<value>> \, \abs{\theta - \theta'}$.")
        symbols += theta.symbols
    return LossTheorem(
        f"loss-{wrt}", f"The {loss.title} of the network, with respect to its {wrt}", statement,
        (*said.texts, *loss.assumptions(places)),
        (rf"$\ell$ is $<<loss>>$-Lipschitz in the logits. {loss.kind.reason(places)}",
         "The network has the Lipschitz constant $<<network>>$" + (" on its domain." if wrt == "input" else
         r" in $\theta$, on $\Theta$, uniformly over the domain."),
         "Constants of a composition multiply."),
        {"value": L * bound.term, "loss": L, "network": bound.term, **loss.terms, **said.terms}, tuple(symbols),
        rf"The constant $<<loss>>$ of the loss is {'attained' if loss.kind.sharpness == 'attained' else 'a supremum'}: "
        rf"{loss.kind.witness_text(places)} The product with the constant of the network is an upper bound.",
        () if loss.smoothness is not None else (
            "The loss is not differentiable everywhere; the inequality needs no derivative.",),
        (), None, network, bound, loss, bound.derivation.trainable)
