"""Laws: how the tensors and the inputs of a random network are drawn.

A weight law gives the direction of one tensor; whoever draws scales it to its budget. An input law gives points of a
ball. Both are small functions of a generator, listed in ``WEIGHTS`` and ``INPUTS`` with what they are good for: bounds
are seldom attained, and seldom broken, by Gaussian numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Array = Any
CONDITION = 1e8  # of the law "near-singular"
NEARLY = (-5.0, -1.0)  # powers of ten: how far nearly constant rows are from constant ones, relative to their size
SCALES = (-8.0, 4.0)  # powers of ten: sizes of the inputs of the law "scales", relative to the radius


class Units:
    """Unit vectors, the same for every tensor of one network: what is along them stays along them."""

    def __init__(self, rng: Any):
        self.rng = rng
        self.style = int(rng.integers(0, 3))
        self._found: dict[int, tuple[Array, Array, Array]] = {}

    def at(self, width: int) -> tuple[Array, Array, Array]:
        """(nonnegative, centred, centred and orthogonal to the former) unit vectors of one width."""
        if width not in self._found:
            rng = self.rng
            styles = (np.ones(width), np.abs(rng.standard_normal(width)) + 1e-3, np.eye(width)[0])
            plus = styles[self.style] / np.linalg.norm(styles[self.style])
            frame = rng.standard_normal((width, 2))
            if width > 2:
                frame = frame - frame.mean(axis=0)
            if width == 4 and self.style != 1:
                frame = np.array([[1.0, 1], [-1, 1], [1, -1], [-1, -1]])
            q = np.linalg.qr(frame)[0] if width > 1 else np.ones((1, 2))
            self._found[width] = plus, q[:, 0], q[:, 1]
        return self._found[width]


class Wanted(NamedTuple):
    """What a weight law is asked for: the norm that bounds the tensor, its role, its dimensions."""

    norm: str
    role: str
    dims: tuple[int, ...]

    @property
    def matrix(self) -> bool:
        return len(self.dims) == 2 and self.norm == "spectral"


# -- weights ------------------------------------------------------------------------------------------------------
def gaussian(rng: Any, units: Units, t: Wanted) -> Array:
    """Independent normal entries; uniform ones where the largest entry is bounded."""
    return rng.uniform(-1, 1, t.dims) if t.norm == "sup" else rng.standard_normal(t.dims)


def orthogonal(rng: Any, units: Units, t: Wanted) -> Array:
    """All singular values equal; random signs where the largest entry is bounded."""
    if t.norm == "sup":
        return rng.choice([-1.0, 1.0], t.dims)
    if not t.matrix:
        return rng.standard_normal(t.dims)
    q = np.linalg.qr(rng.standard_normal((max(t.dims), min(t.dims))))[0]
    return q if t.dims[0] >= t.dims[1] else q.T


def low_rank(rng: Any, units: Units, t: Wanted) -> Array:
    """Rank one or two."""
    if not t.matrix:
        return gaussian(rng, units, t)
    rank = int(rng.integers(1, 3))
    return rng.standard_normal((t.dims[0], rank)) @ rng.standard_normal((rank, t.dims[1]))


def aligned(rng: Any, units: Units, t: Wanted) -> Array:
    """Rank one and nonnegative, with the same unit vectors along the network: the witness of many bounds."""
    if t.norm == "sup":
        return np.ones(t.dims)
    if t.matrix:
        return np.outer(units.at(t.dims[0])[0], units.at(t.dims[1])[0])
    return units.at(t.dims[0])[0].copy() if len(t.dims) == 1 else rng.standard_normal(t.dims)


def bias_dominated(rng: Any, units: Units, t: Wanted) -> Array:
    """Weights of rank one along one centred direction, biases along another: normalizers see the biases alone."""
    if t.norm == "sup":
        return np.ones(t.dims)
    if t.matrix:
        return np.outer(units.at(t.dims[0])[2], units.at(t.dims[1])[2])
    if len(t.dims) == 1:
        return units.at(t.dims[0])[1] * (t.role == "bias" or rng.random() < 0.5)
    return rng.standard_normal(t.dims)


def zero(rng: Any, units: Units, t: Wanted) -> Array:
    """Every entry 0."""
    return np.zeros(t.dims)


def spiked(rng: Any, units: Units, t: Wanted) -> Array:
    """One dominant singular value (or entry) over small noise; in two networks of three along common unit vectors."""
    noise = 10.0 ** rng.uniform(-4, -1) * rng.standard_normal(t.dims)
    common = units.style != 1
    if t.matrix:
        u, v = (units.at(n)[0] if common else rng.standard_normal(n) for n in t.dims)
        return np.outer(u / np.linalg.norm(u), v / np.linalg.norm(v)) + noise / np.sqrt(max(t.dims))
    if common and len(t.dims) == 1:
        return np.abs(noise) / np.sqrt(t.dims[0]) + (1.0 if t.norm == "sup" else units.at(t.dims[0])[0])
    noise.flat[int(rng.integers(noise.size))] += rng.choice([-1.0, 1.0])
    return noise


def heavy_tailed(rng: Any, units: Units, t: Wanted) -> Array:
    """Student entries with 1 (Cauchy), 2 or 3 degrees of freedom: a few entries carry the norm."""
    return np.clip(rng.standard_t(int(rng.integers(1, 4)), t.dims), -1e6, 1e6)


def near_singular(rng: Any, units: Units, t: Wanted) -> Array:
    """Singular values (or entries) from 1 down to 1/CONDITION, evenly on a logarithmic scale."""
    if t.matrix:
        k = min(t.dims)
        u, v = (np.linalg.qr(rng.standard_normal((n, k)))[0] for n in t.dims)
        return (u * np.geomspace(1, 1 / CONDITION, k)) @ v.T
    n = int(np.prod(t.dims))
    return (rng.permutation(np.geomspace(1, 1 / CONDITION, n)) * rng.choice([-1.0, 1.0], n)).reshape(t.dims)


def signs(rng: Any, units: Units, t: Wanted) -> Array:
    """Entries 1 and -1, in random, alternating or row-wise patterns."""
    kind = int(rng.integers(0, 3))
    if kind == 0 or not t.dims:
        return rng.choice([-1.0, 1.0], t.dims)
    alternating = np.where(np.arange(t.dims[-1]) % 2, -1.0, 1.0)
    rows = alternating if kind == 1 else np.ones(t.dims[-1])
    return rows * rng.choice([-1.0, 1.0], (*t.dims[:-1], 1))


def equal(rng: Any, units: Units, t: Wanted) -> Array:
    """All entries equal, of one sign per tensor, mostly positive."""
    return np.full(t.dims, 1.0 if rng.random() < 0.9 else -1.0)


@dataclass(frozen=True, slots=True)
class WeightLaw:
    """A law of tensors.

    draw   the direction of one tensor; 0 means a zero tensor
    along  which of ``Units.at`` the inputs follow (0: nonnegative, 1 or 2: centred, None: no direction)
    full   every tensor uses its whole budget, numbers are positive, other networks may be close to the first (else a
           random fraction, a random sign)
    """

    draw: Callable[[Any, Units, Wanted], Array]
    along: tuple[int, ...] = ()
    full: bool = False

    @property
    def says(self) -> str:
        return (self.draw.__doc__ or "").strip()


WEIGHTS: Mapping[str, WeightLaw] = {
    "gaussian": WeightLaw(gaussian), "orthogonal": WeightLaw(orthogonal), "low-rank": WeightLaw(low_rank),
    "aligned": WeightLaw(aligned, (0,), True), "bias-dominated": WeightLaw(bias_dominated, (1, 2), True),
    "zero": WeightLaw(zero), "spiked": WeightLaw(spiked, (0,), True), "heavy-tailed": WeightLaw(heavy_tailed),
    "near-singular": WeightLaw(near_singular), "signs": WeightLaw(signs, (), True), "equal": WeightLaw(equal, (), True)}


# -- inputs -------------------------------------------------------------------------------------------------------
class Ball(NamedTuple):
    """Where inputs are wanted: ``shape`` of one (samples, positions, features), |x| <= ``radius``.

    along  a direction in the features that the network is made for
    free   the radius is not given: larger inputs may be drawn, their size will be measured
    """

    shape: tuple[int, int, int]
    radius: float
    along: Array
    free: bool


def sized(x: Array, sizes: Any) -> Array:
    """Points (n, samples, positions, features) rescaled to Euclidean norms ``sizes``; zero stays zero."""
    found = np.sqrt((x * x).sum(axis=(1, 2, 3), keepdims=True))
    return x * (np.asarray(sizes, dtype=float).reshape(-1, 1, 1, 1) / np.where(found > 0, found, 1.0))


def mixed(rng: Any, n: int, ball: Ball) -> Array:
    """In turn: along the network's direction, on the sphere, close to the last one, inside, nearly constant."""
    shape, R = ball.shape, ball.radius
    out = np.zeros((n, *shape))
    for k in range(n):
        if k % 8 == 0:
            x = np.broadcast_to(ball.along, shape)
        elif k % 8 == 2:
            x = out[k - 1] + R * 10.0 ** rng.uniform(-4, -1) * rng.standard_normal(shape) / np.sqrt(np.prod(shape))
        elif k % 8 == 4:
            x = np.broadcast_to(ball.along, shape) * 1.0 + 0.02 * rng.standard_normal(shape)
        elif k % 8 == 5:
            x = np.ones(shape) + 0.05 * rng.standard_normal(shape)
        elif k % 8 == 6:
            x = np.broadcast_to(rng.standard_normal(shape[2]), shape)
        else:
            x = rng.standard_normal(shape)
        size = float(np.sqrt((x * x).sum()))
        inner = {3: rng.random(), 6: rng.random() ** 2}.get(k % 8, 1.0)
        out[k] = x * (R * inner / size) if k % 8 != 2 else x * min(1.0, R / size if size else 1.0)
    return out


def radii(rng: Any, n: int, ball: Ball) -> Array:
    """Uniform directions at uniformly distributed radii."""
    return sized(rng.standard_normal((n, *ball.shape)), ball.radius * rng.random(n))


def sphere(rng: Any, n: int, ball: Ball) -> Array:
    """Uniform on the sphere |x| = R."""
    return sized(rng.standard_normal((n, *ball.shape)), np.full(n, ball.radius))


def antipodal(rng: Any, n: int, ball: Ball) -> Array:
    """Pairs x, -x, from the sphere inwards to a thousandth of the radius."""
    half = (n + 1) // 2
    x = sized(rng.standard_normal((half, *ball.shape)), ball.radius * 10.0 ** rng.uniform(-3, 0, half))
    return np.stack([x, -x], axis=1).reshape(2 * half, *ball.shape)[:n]


def nearly_constant(rng: Any, n: int, ball: Ball) -> Array:
    """Rows that are nearly constant vectors: deviations close to 0."""
    noise = 10.0 ** rng.uniform(*NEARLY, (n, 1, 1, 1)) * rng.standard_normal((n, *ball.shape))
    level = rng.choice([-1.0, 1.0], (n, *ball.shape[:2], 1))
    return sized(level + noise, np.full(n, ball.radius))


def equal_rows(rng: Any, n: int, ball: Ball) -> Array:
    """All rows equal: what makes the factor sqrt(rows) sharp."""
    x = rng.standard_normal((n, 1, 1, ball.shape[2]))
    return sized(np.broadcast_to(x, (n, *ball.shape)), ball.radius * np.where(rng.random(n) < 0.5, 1.0, rng.random(n)))


def sparse(rng: Any, n: int, ball: Ball) -> Array:
    """One or two entries carry the whole input; its other rows vanish."""
    size = int(np.prod(ball.shape))
    x = np.zeros((n, size))
    for k in range(n):
        for _ in range(int(rng.integers(1, 3))):
            x[k, int(rng.integers(size))] += rng.choice([-1.0, 1.0])
    return sized(x.reshape(n, *ball.shape), np.full(n, ball.radius))


def scales(rng: Any, n: int, ball: Ball) -> Array:
    """Sizes over twelve powers of ten: tiny inputs, and huge ones where the radius is not given."""
    sizes = 10.0 ** rng.uniform(SCALES[0], SCALES[1] if ball.free else 0.0, n)
    return sized(rng.standard_normal((n, *ball.shape)), ball.radius * sizes)


def floor(rng: Any, n: int, ball: Ball) -> Array:
    """Pushed along chords until the deviation at the first normalizer is just above its floor (spheres without one)."""
    return sphere(rng, n, ball)


InputLaw = Callable[[Any, int, Ball], Array]
INPUTS: Mapping[str, InputLaw] = {
    "mixed": mixed, "radii": radii, "sphere": sphere, "antipodal": antipodal, "nearly constant": nearly_constant,
    "equal rows": equal_rows, "sparse": sparse, "scales": scales, "floor": floor}
MIXED = 1 / 2, 4 / 5  # share of the law "mixed", which is many laws: of all networks, of those that use their budgets


def input_law(rng: Any, law: str) -> str:
    """The input law of a realization with the weight law ``law``: "mixed", or any other with equal probability."""
    names = list(INPUTS)
    share = MIXED[WEIGHTS[law].full]
    return names[0] if rng.random() < share else names[int(rng.integers(1, len(names)))]


def inside(x: Array, radius: float) -> Array:
    """Points moved into the closed ball, where rounding or a chord left it."""
    size = np.sqrt((x * x).sum(axis=(1, 2, 3), keepdims=True))
    return x * np.minimum(1.0, radius / np.where(size > 0, size, 1.0))


__all__ = ["INPUTS", "WEIGHTS", "Ball", "InputLaw", "Units", "Wanted", "WeightLaw", "input_law", "inside", "sized"]
