"""Normalization layers: one parameter-free map N on groups of entries, then an affine map.

N(z) = z / sqrt(|z|^2 / D + eps) on each group, z centred first where the layer centres. Two-point theorem, for
a = sqrt(|u|^2/D + eps), b = sqrt(|v|^2/D + eps):  |N(u) - N(v)|^2 <= |u - v|^2/(a b), with equality iff a = b.
Proof: |u-v|^2/(ab) - |u/a - v/b|^2 = (1/b - 1/a)(|u|^2/a - |v|^2/b), both factors having the sign of a - b.
So the constant is 1/sqrt(eps) everywhere and 1/sqrt(sigma^2 + eps) on {deviation >= sigma}, a set that need not be
convex or connected: both points meet the floor, no path between them has to.

The affine map carries the parameters, so that no conditional contract is composed across two parameter values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

import normbound.layers.tensors as tensors_
from normbound.contracts.block import Layer, Parameter, bound, natural
from normbound.contracts.context import Context, Contract, Sensitivity, Shape
from normbound.contracts.hypothesis import Hypothesis
from normbound.contracts.registry import layer
from normbound.errors import NetworkError, ShapeError, UnsupportedError
from normbound.layers.activations import activation
from normbound.layers.linear import LearnedScale
from normbound.terms.store import MINUS_HALF, Term, TermLike, current, sqrt

PARTITIONS = ("row", "sample-channel", "sample-group", "channel")
VARIANCES = ("biased", "unbiased", "sum")


_WITNESS = ("z = t w and z' = -t w with w a unit vector (centred where the layer centres) have "
            "|N(z) - N(z')|/|z - z'| = 1/sqrt(t^2/D + eps), which tends to 1/sqrt(eps) as t -> 0")
_DEVIATIONS = {"biased": "standard deviation (biased variance)", "unbiased": "standard deviation (unbiased variance)",
               "sum": "Euclidean norm"}
_FLOOR_TEXT = {(row, centred, variance): "the "
               + (_DEVIATIONS[variance] if centred or variance == "sum" else "root mean square")
               + f" of every {'row' if row else 'group of entries'} entering it is at least {{0}}"
               for row in (True, False) for centred in (True, False) for variance in VARIANCES}


class Facts(NamedTuple):
    """Numbers of a partition at a shape.

    constant   groups of one centred entry: the output is 0
    total      (number of groups) * D, an upper bound on |N(z)|^2 over all entries; range is its root
    affine     sensitivities to gamma (the largest norm of one feature of N(z) over all rows) and to beta (sqrt(rows))
    """

    constant: bool
    total: Term
    range: Term
    affine: tuple[Sensitivity, Sensitivity]


def _facts(shape: Shape, partition: str, center: bool, variance: str, groups: Term | None) -> Facts:
    one, zero = shape.rows.store.one, shape.rows.store.zero
    n = Normalize(partition, center, None, one, variance, groups)
    total = shape.rows * shape.features if variance == "biased" else n.count(shape) * n.divisor(shape)
    if partition == "row":
        gain = sqrt(shape.rows) * n.entry_bound(shape)
    else:  # a feature lies in one group (or one group per sample), whose squared norm is at most D
        gain = sqrt((one if partition == "channel" else shape.samples) * n.divisor(shape))
    affine = Sensitivity("gamma", "gain", zero, gain), Sensitivity("beta", "shift", zero, sqrt(shape.rows))
    return Facts(center and n.size(shape).literal() == 1, total, sqrt(total), affine)


@dataclass(frozen=True, slots=True, eq=False)
class Normalize(Layer):
    """N on every group of a partition of all entries.

    partition  "row" (LayerNorm, RMSNorm), "sample-channel" (InstanceNorm), "sample-group" (GroupNorm), "channel"
               (BatchNorm in training, a map of the whole batch)
    center     subtract the mean of the group
    floor      sigma: lower bound on the deviation sqrt(|z|^2/D) of every group, or None
    variance   D: "biased" (group size m), "unbiased" (m - 1), "sum" (1: N(z) = z/sqrt(|z|^2 + eps))
    """

    partition: str
    center: bool
    floor: Term | None
    eps: Term
    variance: str = "biased"
    groups: Term | None = None
    title: str = "Normalize"
    normalizer: bool = True
    rowwise = False
    why = (r"with $q(z)^2$ the variance plus $\varepsilon$, $\abs{N(u) - N(v)}^2 \le \frac{\abs{u - v}^2}{q(u) q(v)}$, and "
           r"$\abs{N(z)}^2$ is at most the number of entries")
    name = "Normalize"

    def size(self, shape: Shape) -> Term:
        """Entries in one group."""
        if self.partition == "row":
            return shape.features
        if self.partition == "sample-channel":
            return shape.positions
        if self.partition == "channel":
            return shape.rows
        assert self.groups is not None
        width, count = shape.features.literal(), self.groups.literal()
        if width is not None and count is not None:
            return shape.positions * current().number(Fraction(width, count))
        return shape.positions * (shape.features / self.groups)

    def count(self, shape: Shape) -> Term:
        """Number of groups."""
        if self.partition == "row":
            return shape.rows
        if self.partition == "sample-channel":
            return shape.samples * shape.features
        if self.partition == "channel":
            return shape.features
        assert self.groups is not None
        return shape.samples * self.groups

    def divisor(self, shape: Shape) -> Term:
        """D of one group."""
        if self.variance == "sum":
            return shape.rows.store.one
        size = self.size(shape)
        return size.store.monus(size, 1) if self.variance == "unbiased" else size

    def output_shape(self, shape: Shape) -> Shape:
        size = self.size(shape).literal()
        if self.partition == "sample-group":
            width, count = shape.features.literal(), self.groups.literal() if self.groups is not None else None
            if width is not None and count is not None and (not isinstance(count, int) or count == 0 or width % count):
                raise ShapeError(f"{self.title}: {width} features do not split into {count} groups")
        if size is not None and size < 2 and (self.variance == "unbiased"):
            raise ShapeError(f"{self.title}: groups of {size} entries have no unbiased variance")
        if size == 1 and self.center and self.floor is not None and self.floor:
            raise ShapeError(f"{self.title}: a group of one centred entry has deviation 0, so no input meets the floor "
                             f"{self.floor}; larger groups are needed, or no floor")
        return shape

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        return (Parameter("eps", "constant", (), "exact", self.eps),)

    def contract(self, context: Context) -> Contract:
        store = context.store
        facts = self.facts(context)
        if facts.constant:
            return Contract(store.zero, store.zero, store.zero)
        floor = self.floor if context.floors else None
        under = self.eps if floor is None else floor**2 + self.eps
        lip = store.power(under, MINUS_HALF)
        needed: tuple[Hypothesis, ...]
        if floor is not None and under:
            needed = (Hypothesis("floor", self.title, self._floor_text(), (floor, under), facts.total, _WITNESS),)
        elif under.is_positive:
            needed = ()
        elif under:
            needed = (Hypothesis("positive", self.title, "{0} > 0", (under,), witness=_WITNESS),)
        else:
            needed = (Hypothesis("missing", self.title, "eps = 0 and no variance floor: no constant exists; declare "
                                 "floor=... or eps > 0", (under,), witness=_WITNESS),)
        return Contract(lip, facts.range, store.zero, hypotheses=needed)

    def facts(self, context: Context) -> Facts:
        """What the partition gives at the shape of the context; remembered, since chains ask it again and again."""
        return context.once(_facts, self.partition, self.center, self.variance, self.groups)

    def _floor_text(self) -> str:
        return _FLOOR_TEXT[self.partition == "row", self.center, self.variance]

    def sup(self, context: Context) -> Term | None:
        return self.entry_bound(context.shape)

    def entry_bound(self, shape: Shape) -> Term:
        """sqrt(D), or sqrt(D (m-1)/m) where the group of m entries is centred."""
        size, divisor = self.size(shape), self.divisor(shape)
        if not self.center:
            return sqrt(divisor)
        rest = size.store.monus(size, 1)
        return sqrt(rest) if self.variance == "biased" else sqrt(divisor * rest / size)

    def grouped(self, x: Any) -> tuple[Any, tuple[int, ...]]:
        """``x`` reshaped so that a group lies along the returned axes."""
        if self.partition == "row":
            return x, (-1,)
        if self.partition == "sample-channel":
            return x, (-2,)
        if self.partition == "channel":
            return x, (-3, -2)
        assert self.groups is not None
        count = self.groups.literal()
        if not isinstance(count, int):
            raise UnsupportedError(f"{self.title}: a forward pass needs a number of groups, found {self.groups}")
        return x.reshape(*x.shape[:-1], count, x.shape[-1] // count), (-3, -1)

    def _centred(self, x: Any) -> tuple[Any, tuple[int, ...], Any]:
        z, axes = self.grouped(x)
        if self.center:
            z = z - z.mean(axis=axes, keepdims=True)
        size = int(np.prod([z.shape[a] for a in axes]))
        divisor = {"biased": size, "unbiased": size - 1, "sum": 1}[self.variance]
        return z, axes, (z * z).sum(axis=axes, keepdims=True) / divisor

    def deviations(self, x: Any) -> Any:
        """The deviation of every group of a real array, flattened over the last axes."""
        _, _, variance = self._centred(x)
        return np.sqrt(variance).reshape(*x.shape[:-3], -1)

    def witness(self, shape: tuple[int, int, int], number: Callable[[Term], float], t: float) -> tuple[Any, Any]:
        """z and -z with deviation sigma in every group: equal variances attain the two-point theorem. Without a floor
        the deviation is t.
        """
        x = np.zeros(shape)
        z, axes = self.grouped(x)
        first, second = [tuple(k if a in [ax % z.ndim for ax in axes] else slice(None) for a in range(z.ndim)) for k in (0, -1)]
        z[first] = 1.0
        z[second] -= 1.0
        x = z.reshape(shape)
        size = self.deviations(x)
        floor = t if self.floor is None else number(self.floor)
        x = x * (floor / size.flat[0])
        return x, -x

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        z, axes, variance = self._centred(x)
        if self.center and all(z.shape[a] == 1 for a in axes):
            return 0 * x  # one entry, centred: zero, also where 0/0 would stand
        eps = np.asarray(tensors["eps"])
        eps = eps.reshape(eps.shape + (1,) * (variance.ndim - eps.ndim)) if eps.ndim else eps
        return (z / np.sqrt(variance + eps)).reshape(x.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Standardize(Layer):
    """(x - mean)/sqrt(var + eps) per feature with constants: BatchNorm in evaluation before its affine map."""

    mean: Term
    var: Term
    eps: Term
    title: str = "BatchNorm"
    normalizer: bool = True
    name = "Standardize"

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        width = (shape.features,)
        return (Parameter("mean", "constant", width, "euclidean", self.mean),
                Parameter("var", "constant", width, "least", self.var),
                Parameter("eps", "constant", (), "exact", self.eps))

    def contract(self, context: Context) -> Contract:
        under = self.var + self.eps
        lip = context.store.power(under, MINUS_HALF)
        witness = "a feature with running variance v has slope 1/sqrt(v + eps)"
        needed: tuple[Hypothesis, ...]
        needed = (Hypothesis("assumption", self.title, "running mean and variance are constants, the same for both networks "
                             "of a pair; every running variance is at least {0}, the mean has norm at most {1}",
                             (self.var, self.mean), witness=witness),)
        if not under:
            needed += (Hypothesis("missing", self.title, "running variance and eps are both 0: no constant exists",
                                  witness=witness),)
        elif not under.is_positive:
            needed += (Hypothesis("positive", self.title, "{0} > 0", (under,), witness=witness),)
        return Contract(lip, lip * self.mean, lip, hypotheses=needed)

    def sup(self, context: Context) -> Term:
        under = context.store.power(self.var + self.eps, MINUS_HALF)
        return under * (context.sup() + self.mean)

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        eps = np.asarray(tensors["eps"])[..., None]
        scale = 1 / np.sqrt(tensors["var"] + eps)
        return (x - tensors["mean"][..., None, None, :]) * scale[..., None, None, :]


@dataclass(frozen=True, slots=True, eq=False)
class Affine(Layer):
    """gamma * x + beta, per feature. ``after`` is the layer whose output it reads, when its range is known.

    gain   bound on |gamma|_inf (None: gamma = 1 is not a parameter); shift: bound on |beta| (None: no beta)
    """

    gain: Term | None
    shift: Term | None
    after: Layer | None = None
    gain_value: Any = None
    shift_value: Any = None
    share: str | None = None
    title: str = "Affine"
    normalizer: bool = True
    rowwise = False
    why = (r"$\abs{\gamma \odot z} \le \abs{\gamma}_{\infty} \abs{z}$; a change of $(\gamma, \beta)$ moves the output by at "
           r"most $\sqrt{\nu^2 + 1}$ times its norm per row, $\nu$ the largest entry after normalization")
    name = "Affine"

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        width = (shape.features,)
        found: tuple[Parameter, ...] = ()
        for value, entries in (("gain", self.gain_value), ("shift", self.shift_value)):
            if entries is not None and shape.features.literal() not in (None, len(entries)):
                raise ShapeError(f"{self.title}: the {value} has {len(entries)} entries, the input {shape.features} features")
        if self.gain is not None:
            found += (Parameter("gamma", "gain", width, "sup", self.gain, self.gain_value),)
        if self.shift is not None:
            found += (Parameter("beta", "shift", width, "euclidean", self.shift, self.shift_value),)
        return found

    def contract(self, context: Context) -> Contract:
        store, after = context.store, self.after
        zero = store.zero
        gain = store.one if self.gain is None else self.gain
        if isinstance(after, Normalize):
            both = after.facts(context).affine
        else:
            root = sqrt(context.shape.rows)
            entry = None if after is None else after.entry_bound(context.shape)
            l1, l0 = (store.one, zero) if entry is None else (zero, root * entry)
            both = Sensitivity("gamma", "gain", l1, l0), Sensitivity("beta", "shift", zero, root)
        own = both[self.gain is None:2 - (self.shift is None)]
        offset = zero if self.shift is None else both[1].l0 * self.shift
        return Contract(self._lip(context, gain), offset, gain, own, self._joint(both[1].l0))

    def _joint(self, root: Term) -> tuple[Sensitivity, ...]:
        """Per-channel gamma and beta on centred data act orthogonally: sqrt(rows), not sqrt(2 rows)."""
        after = self.after
        if (self.gain is None or self.shift is None or not isinstance(after, Normalize) or not after.center
                or after.partition not in ("channel", "sample-channel")):
            return ()
        return (Sensitivity("gamma, beta", "gain shift", root.store.zero, root),)

    def _lip(self, context: Context, gain: Term) -> Term:
        """|gamma|_inf; for concrete gamma that is not trained, on centred rows, ||diag(gamma) C||, which can be smaller."""
        after = self.after
        if (not context.fixed or self.gain_value is None or not isinstance(after, Normalize)
                or after.partition != "row" or not after.center
                or len(set(self.gain_value)) == 1 or len(self.gain_value) > 64):
            return gain
        n = len(self.gain_value)
        rows = [[Fraction(g) * (Fraction(int(i == j)) - Fraction(1, n)) for j in range(n)]
                for i, g in enumerate(self.gain_value)]
        return context.store.operator_norm(rows)

    def sup(self, context: Context) -> Term:
        gain = context.store.one if self.gain is None else self.gain
        reach = gain * context.sup()
        return reach if self.shift is None else reach + self.shift

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        if "gamma" in tensors:
            x = tensors["gamma"][..., None, None, :] * x
        return x + tensors["beta"][..., None, None, :] if "beta" in tensors else x


_TWO_POINTS = (r"two points: with $q(z) = \sqrt{\abs{z}^2/D + \varepsilon}$ and $N(z) = \frac{z}{q(z)}$ on each group, "
               r"$\frac{\abs{u-v}^2}{q(u) q(v)} - \abs{N(u) - N(v)}^2 = \left(\frac{1}{q(v)} - \frac{1}{q(u)}\right) "
               r"\left(\frac{\abs{u}^2}{q(u)} - \frac{\abs{v}^2}{q(v)}\right) \ge 0$, since both factors have the sign of "
               "$q(u) - q(v)$; ")
_GAIN = r"the floor makes $q \ge \sqrt{\sigma^2 + \varepsilon}$, $\gamma$ multiplies by at most $g$, $\beta$ cancels"
_AFFINE = "centring is a projection, " + _GAIN
_ORTHOGONAL = (r"; $\gamma$ and $\beta$ act orthogonally on centred data, each with norm $\sqrt{\text{rows}}$ at most")
_SOURCES = {
    "LayerNorm": _TWO_POINTS + _AFFINE,
    "RMSNorm": _TWO_POINTS + _GAIN,
    "PixelNorm": _TWO_POINTS + r"the floor makes $q \ge \sqrt{\sigma^2 + \varepsilon}$",
    "InstanceNorm": _TWO_POINTS + _AFFINE + _ORTHOGONAL,
    "GroupNorm": _TWO_POINTS + _AFFINE + r"; one feature of $N$ has squared norm at most $\abs{\text{group}}$ in each "
                                         r"sample, and $\beta$ repeats over positions",
    "ScaleNorm": _TWO_POINTS + r"here $D = 1$, the floor makes $q \ge \sqrt{r^2 + \varepsilon}$, the gain is at most $g$",
    "L2Norm": _TWO_POINTS + r"here $D = 1$, and the floor makes $q \ge \sqrt{r^2 + \varepsilon}$",
    "BatchNorm": r"eval: an affine map, a feature with running variance $w \ge v$ has slope "
                 r"$\frac{\gamma}{\sqrt{w + \varepsilon}}$. train: " + _TWO_POINTS + _AFFINE + _ORTHOGONAL,
}


_REFERENCES = {"LayerNorm": ("ba2016layernorm",), "RMSNorm": ("zhang2019rmsnorm",), "GroupNorm": ("wu2018groupnorm",),
               "InstanceNorm": ("ulyanov2016instancenorm",), "BatchNorm": ("ioffe2015batchnorm",)}


def _macro(name: str, **facts: str) -> Any:
    return layer(name, source=_SOURCES[name], references=_REFERENCES.get(name, ()), **facts)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class _Normalizer(Layer):
    """Shared shape of the user-level normalizers: N on a partition, then gamma and beta."""

    parts: tuple[Layer, ...]
    normalizer = True

    def _build(self, partition: str, center: bool, gamma: Any, beta: Any, floor: TermLike | None, eps: TermLike,
               variance: str, share: str | None, groups: Term | None = None) -> None:
        if variance not in VARIANCES:
            raise NetworkError(f"{self.name}: variance={variance!r}; accepted: {', '.join(VARIANCES)}")
        n = Normalize(partition, center, tensors_.optional_bound(floor, self.name, "floor"),
                      bound(eps, self.name, "eps"), variance, groups, self.name)
        affine = _affine(self.name, gamma, beta, n, share)
        object.__setattr__(self, "parts", (n,) if affine is None else (n, affine))

    def expand(self) -> tuple[Layer, ...]:
        return self.parts

    def witness(self, shape: tuple[int, int, int], number: Callable[[Term], float], t: float) -> tuple[Any, Any]:
        """The points of the one part that is not linear (all parts are linear for BatchNorm in evaluation)."""
        nonlinear = [p for p in self.parts if isinstance(p, (Normalize, Squash))]
        return (nonlinear or self.parts)[0].witness(shape, number, t)


def _affine(title: str, gamma: Any, beta: Any, after: Layer | None, share: str | None) -> Affine | None:
    gain_value = shift_value = None
    if tensors_.is_concrete(gamma):
        gain_value = tensors_.vector(gamma, f"{title} gamma")
        gamma = tensors_.sup_norm(gain_value)
    if tensors_.is_concrete(beta):
        shift_value = tensors_.vector(beta, f"{title} beta")
        beta = tensors_.euclidean(shift_value)
    if gamma is None and beta is None:
        return None
    return Affine(tensors_.optional_bound(gamma, title, "gamma"), tensors_.optional_bound(beta, title, "beta"), after,
                  gain_value, shift_value, share, title)


@_macro("LayerNorm",
        constants=r"$L = \frac{g}{\sqrt{\sigma^2 + \varepsilon}}$ under the floor, $\frac{g}{\sqrt{\varepsilon}}$ "
                  r"without; the output has norm at most $g \sqrt{nd} + \sqrt{n}\, h$",
        sharpness=r"exact: $u = -v$ centred of variance $\sigma^2$ on each row, equal $\gamma_i = g$",
        example="LayerNorm(gamma=g, beta=h, floor=sigma)",
        hypotheses=r"floor: the standard deviation of every row is at least $\sigma$; without: $\varepsilon > 0$",
        lemma="Layers.sat_LayerNorm")
class LayerNorm(_Normalizer):
    """Rows centred and divided by sqrt(Var + eps), then gamma (|gamma|_inf <= g) and beta (|beta| <= h)."""

    __slots__ = ()

    def __init__(self, gamma: Any = None, beta: Any = None, floor: TermLike | None = None, eps: TermLike = "eps",
                 variance: str = "biased", share: str | None = None):
        self._build("row", True, gamma, beta, floor, eps, variance, share)


@_macro("RMSNorm",
        constants=r"$L = \frac{g}{\sqrt{\sigma^2 + \varepsilon}}$ under the floor, $\frac{g}{\sqrt{\varepsilon}}$ "
                  r"without; the output has norm at most $g \sqrt{nd}$, and $\sqrt{n}\, h$ more with $\beta$",
        sharpness=r"exact: $u = -v$ of norm $\sigma \sqrt{d}$ on each row, equal $\gamma_i = g$",
        example="RMSNorm(gamma=g, floor=sigma)",
        hypotheses=r"floor: the root mean square of every row is at least $\sigma$; without: $\varepsilon > 0$",
        lemma="Layers.sat_RMSNorm")
class RMSNorm(_Normalizer):
    """Rows divided by sqrt(mean square + eps), then gamma and beta."""

    __slots__ = ()

    def __init__(self, gamma: Any = None, beta: Any = None, floor: TermLike | None = None, eps: TermLike = "eps",
                 share: str | None = None):
        self._build("row", False, gamma, beta, floor, eps, "biased", share)


@_macro("PixelNorm",
        constants=r"$L = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}$ under the floor, $\frac{1}{\sqrt{\varepsilon}}$ "
                  r"without; the output has norm at most $\sqrt{nd}$",
        sharpness=r"exact: $u = -v$ of norm $\sigma \sqrt{d}$ on each position", example="PixelNorm(floor=sigma)",
        hypotheses=r"floor: the root mean square of every position is at least $\sigma$; without: $\varepsilon > 0$",
        lemma="Layers.sat_RMS_core")
class PixelNorm(_Normalizer):
    """RMSNorm over the features of each position, without parameters."""

    __slots__ = ()

    def __init__(self, floor: TermLike | None = None, eps: TermLike = "eps"):
        self._build("row", False, None, None, floor, eps, "biased", None)


@_macro("InstanceNorm",
        constants=r"$L = \frac{g}{\sqrt{\sigma^2 + \varepsilon}}$ under the floor, $\frac{g}{\sqrt{\varepsilon}}$ "
                  r"without; sensitivity $\sqrt{\text{rows}}$ to $(\gamma, \beta)$",
        sharpness=r"exact: $u = -v$ of variance $\sigma^2$ on each group, equal $\gamma_i = g$",
        example="InstanceNorm(gamma=g, beta=h, floor=sigma)",
        hypotheses=r"floor: the standard deviation over positions of every (sample, feature) is at least $\sigma$; "
                   r"without: $\varepsilon > 0$",
        lemma="Groups.sat_BN_train")
class InstanceNorm(_Normalizer):
    """Each (sample, feature) centred and divided over its positions."""

    __slots__ = ()

    def __init__(self, gamma: Any = None, beta: Any = None, floor: TermLike | None = None, eps: TermLike = "eps",
                 variance: str = "biased", share: str | None = None):
        self._build("sample-channel", True, gamma, beta, floor, eps, variance, share)


@_macro("GroupNorm",
        constants=r"$L = \frac{g}{\sqrt{\sigma^2 + \varepsilon}}$ under the floor, $\frac{g}{\sqrt{\varepsilon}}$ "
                  r"without; sensitivity $\sqrt{\text{samples} (\abs{\text{group}} + \text{positions})}$ to "
                  r"$(\gamma, \beta)$",
        sharpness=r"exact in the input: $u = -v$ of variance $\sigma^2$ on each group, equal $\gamma_i = g$; upper "
                  r"in $(\gamma, \beta)$",
        example="GroupNorm(2, gamma=g, beta=h, floor=sigma)",
        hypotheses=r"floor: the standard deviation of every (sample, group of features) is at least $\sigma$; "
                   r"without: $\varepsilon > 0$",
        lemma="Zoo.sat_groupnorm")
class GroupNorm(_Normalizer):
    """Each (sample, group of features) centred and divided over features and positions."""

    __slots__ = ()

    def __init__(self, groups: TermLike, gamma: Any = None, beta: Any = None, floor: TermLike | None = None,
                 eps: TermLike = "eps", variance: str = "biased", share: str | None = None):
        count = natural(groups, "GroupNorm groups")
        if not count:
            raise NetworkError("GroupNorm: the number of groups must be at least 1")
        self._build("sample-group", True, gamma, beta, floor, eps, variance, share, count)


@_macro("ScaleNorm",
        constants=r"$L = \frac{g}{\sqrt{r^2 + \varepsilon}}$ where every row has norm at least $r$, "
                  r"$\frac{g}{\sqrt{\varepsilon}}$ without; the output has norm at most $g \sqrt{n}$",
        sharpness="exact: $u = -v$ of norm $r$ on each row", example="ScaleNorm(g, floor=r)",
        hypotheses=r"floor: every row has norm at least $r$; without: $\varepsilon > 0$", lemma="Zoo.sat_scalenorm")
@dataclass(frozen=True, slots=True, eq=False, init=False)
class ScaleNorm(_Normalizer):
    """g x/sqrt(|x|^2 + eps) on each row with one trainable number |g| <= bound."""

    def __init__(self, gain: TermLike, floor: TermLike | None = None, eps: TermLike = "eps", share: str | None = None):
        self._build("row", False, None, None, floor, eps, "sum", None)
        object.__setattr__(self, "parts", (*self.parts, LearnedScale(gain, share, normalizer=True)))


@_macro("L2Norm",
        constants=r"$L = \frac{1}{\sqrt{r^2 + \varepsilon}}$ where every row has norm at least $r$, "
                  r"$\frac{1}{\sqrt{\varepsilon}}$ without; the output has norm at most $\sqrt{n}$",
        sharpness="exact: $u = -v$ of norm $r$ on each row", example="L2Norm(floor=r)",
        hypotheses=r"floor: every row has norm at least $r$; without: $\varepsilon > 0$", lemma="Zoo.sat_N_core")
class L2Norm(_Normalizer):
    """x/sqrt(|x|^2 + eps) on each row."""

    __slots__ = ()

    def __init__(self, floor: TermLike | None = None, eps: TermLike = "eps"):
        self._build("row", False, None, None, floor, eps, "sum", None)


@_macro("BatchNorm",
        constants=r"eval: $L = \frac{g}{\sqrt{v + \varepsilon}}$. train, as a map of the whole batch: $L = "
                  r"\frac{g}{\sqrt{\sigma^2 + \varepsilon}}$ under the floor, $\frac{g}{\sqrt{\varepsilon}}$ "
                  r"without; sensitivity $\sqrt{\text{rows}}$ to $(\gamma, \beta)$",
        sharpness="exact in both modes: eval, a feature of variance $v$ and gain $g$; train, $u = -v$ of variance "
                  r"$\sigma^2$", example='BatchNorm(mode="train", gamma=g, beta=h, floor=sigma)',
        mode="required: eval or train",
        hypotheses="eval: running statistics are constants, every running variance is at least $v$; train: the "
                   r"standard deviation of every feature over the batch is at least $\sigma$, or $\varepsilon > 0$",
        lemma="Groups.sat_BN_train, Layers.sat_BN_eval")
class BatchNorm(_Normalizer):
    """Batch normalization; ``mode`` is required.

    mode="eval"   an affine map per feature with running statistics: ``var`` is a lower bound on every running
                  variance, ``mean`` a bound on the norm of the running mean (default 0 is not assumed: give it)
    mode="train"  a map of the whole batch, Euclidean over all its entries; statistics per feature over all rows
    """

    __slots__ = ()

    def __init__(self, mode: str | None = None, gamma: Any = None, beta: Any = None, floor: TermLike | None = None,
                 eps: TermLike = "eps", var: TermLike | None = None, mean: TermLike | None = None,
                 variance: str = "biased", share: str | None = None):
        if mode not in ("eval", "train"):
            raise NetworkError('BatchNorm: mode is required; accepted: mode="eval" (with var and mean) or mode="train" '
                               "(with floor)")
        if mode == "train":
            if var is not None or mean is not None:
                raise NetworkError('BatchNorm: var and mean are running statistics; accepted with mode="eval" only')
            self._build("channel", True, gamma, beta, floor, eps, variance, share)
            return
        if floor is not None:
            raise NetworkError('BatchNorm: floor belongs to mode="train"; with mode="eval" give var (running variance)')
        if var is None or mean is None:
            raise NetworkError('BatchNorm: mode="eval" needs var (lower bound on the running variances) and mean '
                               "(bound on the norm of the running mean)")
        fixed = Standardize(bound(mean, "BatchNorm mean"), bound(var, "BatchNorm var"), bound(eps, "BatchNorm eps"))
        affine = _affine("BatchNorm", gamma, beta, None, share)
        object.__setattr__(self, "parts", (fixed,) if affine is None else (fixed, affine))


@layer("DyT", constants=r"$L = g a$; the output has norm at most $g \sqrt{nd} + \sqrt{n}\, h$; $p^2 = g^2 B^2 + 2n$",
       sharpness="exact in the input: $x = 0$",
       source=r"$\tanh$ has slope at most $1$ and $\abs{\tanh} \le 1$: $\alpha$ changes $\alpha x$ by at most $B$ "
              r"times its own change, $\gamma$ and $\beta$ act on $n$ rows with entries at most $1$; no "
              r"$\varepsilon$ and no floor",
       example="DyT(a, gamma=g, beta=h)", references=("zhu2025dyt",),
       lemma="Layers.sat_DyT")
@dataclass(frozen=True, slots=True, eq=False, init=False)
class DyT(_Normalizer):
    """gamma * tanh(alpha x) + beta with one trainable number |alpha| <= a (dynamic tanh)."""

    def __init__(self, alpha: TermLike, gamma: Any = None, beta: Any = None, share: str | None = None):
        squash = Squash()
        affine = _affine("DyT", gamma, beta, squash, share)
        parts: tuple[Layer, ...] = (LearnedScale(alpha, share, normalizer=True), squash)
        object.__setattr__(self, "parts", parts if affine is None else (*parts, affine))


@dataclass(frozen=True, slots=True, eq=False)
class Squash(Layer):
    """tanh with its range as envelope: |tanh(z)| <= sqrt(entries) whatever z is."""

    normalizer = True
    why = r"$\tanh$ has slopes in $(0, 1]$ and range $(-1, 1)$"
    name = "tanh"

    def contract(self, context: Context) -> Contract:
        return Contract(context.store.one, context.width_root, context.store.zero)

    def sup(self, context: Context) -> Term:
        return context.store.one

    def entry_bound(self, shape: Shape) -> Term:
        return shape.rows.store.one

    def witness(self, shape: tuple[int, int, int], number: Callable[[Term], float], t: float) -> tuple[Any, Any]:
        return np.full(shape, t), np.full(shape, -t)

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        return activation("Tanh").forward({}, x)
