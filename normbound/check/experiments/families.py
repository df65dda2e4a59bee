"""Checks of the exponential lower bound, the exponential reduction, and the opposite regime with its border.

Random members of the continua are drawn in doubles and executed with forward passes written here; their derivatives are
complex steps along the direction the proof names, so a measured value is a lower bound of a true constant up to
rounding. Members with rational entries are executed by the general interpreter and compared with the derived bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import log
from typing import Any, NamedTuple

import numpy as np

from normbound.calculus.bound import derive
from normbound.check.experiments.tools import (
    Tally,
    at_point,
    conclude,
    count_of,
    factor_of,
    log_value,
)
from normbound.check.finding import Finding
from normbound.terms.store import Store, current, sqrt
from normbound.theory import families
from normbound.theory.families import Family

STEP = 1e-150  # the derivative grows with the depth and must stay infinitesimal beside the values
Array = Any


# -- result 3: exponential lower bound ----------------------------------------------------------------------------
def _relu_chain(weights: Sequence[Array], x: Array) -> Array:
    """ReLU(W_K ... ReLU(W_1 x)) for stacks of networks: weights (networks, d, d), x (networks, d)."""
    for w in weights:
        z = np.einsum("nij,nj->ni", w, x)
        x = np.where(z.real > 0, z, 0)
    return x


def _length(x: Array) -> Array:
    return np.sqrt((x.real * x.real).sum(-1))


def _speed(x: Array) -> Array:
    """The norm of the derivative that the imaginary parts carry."""
    d = x.imag / STEP
    return np.sqrt((d * d).sum(-1))


def _logs(x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(x)


def _positive_units(rng: Any, networks: int, width: int) -> Array:
    u = np.abs(rng.standard_normal((networks, width))) + 1e-3
    return u / _length(u)[:, None]


def _entries_above(rng: Any, c: Array, width: int) -> Array:
    """Random matrices with all entries at least c."""
    return c[:, None, None] * (1 + 0.5 * rng.random((len(c), width, width)))


def result_3(seed: int = 0, quick: bool = False, factor: Any = 1, networks: int | None = None) -> Finding:
    """Without normalization the constants s^K (input), sqrt(K) s^(K-1) B (parameters) and at least (c d)^K occur.

    Members of both continua: W_i = s u_i u_(i-1)^T with random s > 1 and positive unit vectors; random matrices with all
    entries above c, c d > 1. factor multiplies the claimed constants.
    """
    claim = log(factor_of(factor))
    many = count_of(networks, 40 if quick else 300)
    depths = (1, 2, 4, 8, 16, 32) if quick else (1, 2, 3, 5, 8, 12, 16, 20, 25, 32, 40)
    widths = (2, 4, 8, 16)
    aligned, parameters, positive, above, exact = Tally(), Tally(), Tally(), Tally(), Tally()
    slopes: list[float] = []
    series: dict[str, dict[str, Any]] = {
        "aligned": {"x": [], "y": [], "s": []}, "positive": {"x": [], "y": [], "cd": []},
        "parameters": {"x": [], "y": [], "s": []}}
    pairs = members = 0
    for number, width in enumerate(widths if many else ()):
        rng = np.random.default_rng([seed, number])
        s = np.exp(rng.uniform(0.01, 1.2, many))
        B = np.exp(rng.uniform(-1, 1, many))
        units = [_positive_units(rng, many, width) for _ in range(max(depths) + 1)]
        weights = [s[:, None, None] * np.einsum("ni,nj->nij", units[k + 1], units[k]) for k in range(max(depths))]
        c = np.exp(rng.uniform(0.01, 1.0, many)) / width
        least = [_entries_above(rng, c, width) for _ in range(max(depths))]
        members += 2 * many
        logs = []
        for depth in depths:
            x = B[:, None] * units[0]
            measured = _logs(_speed(_relu_chain(weights[:depth], x + 1j * STEP * units[0])))
            logs.append(measured)
            aligned.equal(measured, depth * np.log(s) + claim, f"aligned family, d = {width}, K = {depth}: Lipschitz constant")
            # a pair on the ray (attained), a pair of arbitrary points (never above)
            far = _relu_chain(weights[:depth], 2 * x) - _relu_chain(weights[:depth], x)
            aligned.equal(_logs(_length(far) / B), depth * np.log(s) + claim, f"aligned family, K = {depth}: two points")
            y, z = rng.standard_normal((2, many, width))
            quotient = _length(_relu_chain(weights[:depth], y) - _relu_chain(weights[:depth], z)) / _length(y - z)
            above.at_most(_logs(quotient), depth * np.log(s) + claim, f"aligned family, K = {depth}: arbitrary points")
            moved = [w + 1j * STEP * np.einsum("ni,nj->nij", units[k + 1], units[k]) / np.sqrt(depth)
                     for k, w in enumerate(weights[:depth])]
            grown = _logs(_speed(_relu_chain(moved, x.astype(complex))))
            exponent = 0.5 * log(depth) + (depth - 1) * np.log(s) + np.log(B)
            parameters.equal(grown, exponent + claim, f"aligned family, K = {depth}: constant in the parameters")
            one = np.ones((many, width)) / np.sqrt(width)
            quotient = _length(_relu_chain(least[:depth], 2 * one) - _relu_chain(least[:depth], one))
            positive.at_least(_logs(quotient), depth * np.log(c * width) + claim, f"positive entries, d = {width}, K = {depth}")
            pairs += 3 * many
            if width == 8:
                for name, ys, key, values in (("aligned", measured, "s", s), ("parameters", grown - np.log(B), "s", s),
                                              ("positive", _logs(quotient), "cd", c * width)):
                    series[name]["x"] += [depth] * min(many, 40)
                    series[name]["y"] += ys[:40].tolist()
                    series[name][key] += values[:40].tolist()
        table = np.array(logs)
        k = np.array(depths, float) - np.mean(depths)
        slopes += ((k @ table) / (k @ k) - np.log(s)).tolist()
    for depth in (2, 5, 12, 24) if many else ():
        with Store():
            _exact_member(families.aligned_relu(["3/2"] * depth, "5/4"), depth, claim, exact)
            _exact_member(families.aligned_relu([Fraction(k % 3 + 2, 2) for k in range(depth)]), depth, claim, exact)
            _exact_member(families.positive_weights("3/10", depth), depth, claim, exact)
    figures = {
        "networks": members, "pairs of points": pairs, "depths": f"1 to {max(depths)}",
        "largest |log(measured) - K log s|": aligned.deviation,
        "largest |slope per layer - log s|": float(np.abs(slopes).max()) if slopes else 0.0,
        "largest |log(measured/(sqrt(K) s^(K-1) B))|": parameters.deviation,
        "smallest measured/(c d)^K": float(np.exp(positive.smallest)) if positive.tests else 0.0,
        "members with rational entries, comparisons": exact.tests,
    }
    says = (rf"every drawn member has the stated exponential constant up to $K = {max(depths)}$: $s^K$ and $\sqrt{{K}} s^{{K-1}} B$ are "
            r"reached, $(c d)^K$ is exceeded")
    return conclude([aligned, parameters, positive, above, exact], True, says, figures, series)


def _exact_member(family: Family, depth: int, claim: float, tally: Tally) -> None:
    """A member with rational entries: measured, stated and (where it is attained) derived constants."""
    here = at_point(family.network, family.probes[0].point, family.trainable)
    measured = log(here.along_input(family.probes[0].direction))
    stated = log_value(family.constant) + claim
    derived = log_value(derive(family.network, "input").term) + claim
    if family.relation == "exact":
        tally.equal(measured, stated, f"{family.name}, K = {depth}")
        tally.equal(measured, derived, f"{family.name}, K = {depth}: the derived bound")
    else:
        tally.at_least(measured, stated, f"{family.name}, K = {depth}")
    if family.parameters is not None:
        tally.equal(log(here.parameter_norm()), log_value(family.parameters) + claim,
                    f"{family.name}, K = {depth}: constant in the parameters")


# -- result 6: exponential reduction ------------------------------------------------------------------------------
class _Members(NamedTuple):
    """Random members of the exact family, one per row."""

    s: Array
    sigma: Array
    g: Array
    eps: Array
    u: Array
    v: Array
    shift: Array         # c_0 of b = sigma sqrt(d) u + c_0 1 (LayerNorm ignores it)
    log_rate: Array      # log(g s/sqrt(sigma^2 + eps)), from balls
    log_ratio: Array     # log(g/sqrt(sigma^2 + eps))
    log_s: Array
    side: Array          # sign of g s - sqrt(sigma^2 + eps), decided with rationals
    reduces: Array       # sign of g - sqrt(sigma^2 + eps)
    centred: bool

    @property
    def width(self) -> int:
        return int(self.u.shape[1])

    def step(self, x: Array, normalized: bool) -> Array:
        """One block: g N(s v v^T x + sigma sqrt(d) u + c_0 1), or without N and g."""
        along = (self.v * x).sum(-1, keepdims=True)
        z = self.s[:, None] * along * self.v + (self.sigma * np.sqrt(self.width))[:, None] * self.u + self.shift[:, None]
        if not normalized:
            return z
        z = z - z.mean(-1, keepdims=True) if self.centred else z
        return self.g[:, None] * z / np.sqrt((z * z).mean(-1, keepdims=True) + self.eps[:, None])

    def ahead(self, x: Array, normalized: bool) -> Array:
        """One block from a base point with <v, x> = 0, which stays so: the rounding error along v, which every further
        block would multiply by g s/q, is removed from the base point; the derivative, its imaginary part, is kept.
        """
        x = self.step(x, normalized)
        return x - (self.v * x.real).sum(-1, keepdims=True) * self.v

    def deviation(self, x: Array) -> Array:
        z = self.step(x, normalized=False)
        z = z - z.mean(-1, keepdims=True) if self.centred else z
        return np.sqrt((z * z).mean(-1))


def _sign(left: Fraction, right: Fraction) -> int:
    return (left > right) - (left < right)


def _members(rng: Any, many: int, width: int, centred: bool) -> _Members:
    """Members below, at and above the threshold: at it, sqrt(sigma^2 + eps) is rational (3, 4, 5) and s = q/g."""
    rows, logs, sides = [], [], []
    for k in range(many):
        def draw(low: float, high: float) -> Fraction:
            return Fraction(float(np.exp(rng.uniform(low, high)))).limit_denominator(1000)
        s, g = draw(-1, 1), draw(-0.7, 0.7)
        sigma, eps = draw(-1.2, 0.9), (draw(-6, 0) if k % 4 else Fraction(0))
        if k % 5 == 0:                                   # exactly at the threshold of the absolute rate
            q = draw(-1, 1)
            sigma, eps = q * Fraction(3, 5), q * q * Fraction(16, 25)
            s = q / g
        if k % 5 == 1:                                   # exactly at the threshold of the ratio
            q = draw(-1, 1)
            sigma, eps, g = q * Fraction(4, 5), q * q * Fraction(9, 25), q
        store = current()
        q_term = sqrt(store.number(sigma**2 + eps))
        rows.append((s, sigma, g, eps))
        logs.append((log_value(store.number(g * s) / q_term), log_value(store.number(g) / q_term),
                     log_value(store.number(s))))
        sides.append((_sign((g * s) ** 2, sigma**2 + eps), _sign(g**2, sigma**2 + eps)))
    frame = rng.standard_normal((many, width, 2))
    if centred:
        frame = frame - frame.mean(1, keepdims=True)
    basis = np.linalg.qr(frame)[0]
    if centred:                                          # rounding of the mean would be amplified by every layer
        basis = basis - basis.mean(1, keepdims=True)
    table = np.array([[float(x) for x in row] for row in rows])
    values = np.array(logs)
    signs = np.array(sides)
    shift = rng.standard_normal(many) if centred else np.zeros(many)
    return _Members(table[:, 0], table[:, 1], table[:, 2], table[:, 3], basis[:, :, 0], basis[:, :, 1], shift,
                    values[:, 0], values[:, 1], values[:, 2], signs[:, 0], signs[:, 1], centred)


def result_6(seed: int = 0, quick: bool = False, factor: Any = 1, networks: int | None = None) -> Finding:
    """The constant with normalization is (g s/q)^K, without it s^K, q = sqrt(sigma^2 + eps); the ratio is (g/q)^K.

    Random members (s, sigma, g, eps, u, v in R^d) of the exact family below, at and above both thresholds g s = q and
    g = q. factor multiplies the claimed constants and must be 1: a smaller constant is exceeded, a larger one missed.
    """
    claim = log(factor_of(factor))
    many = count_of(networks, 40 if quick else 250)
    depths = tuple(range(1, 41))
    attained, plain, ratio, above, floor, thresholds, exact = (Tally() for _ in range(7))
    pairs = total = 0
    largest = float("-inf")
    counts = {-1: 0, 0: 0, 1: 0}
    relative = {-1: 0, 0: 0, 1: 0}
    for number, (width, centred) in enumerate(((3, True), (4, True), (8, True), (16, True), (2, False), (8, False))
                                              if many else ()):
        rng = np.random.default_rng([seed, number])
        with Store():
            m = _members(rng, many, width, centred)
        total += many
        for side in (-1, 0, 1):
            counts[side] += int((m.side == side).sum())
            relative[side] += int((m.reduces == side).sum())
        x = np.exp(rng.uniform(-1, 1, many))[:, None] * m.u + 1j * STEP * m.v
        y = x.copy()
        # points: near t = 0, anywhere, far away; they travel through the same layers
        cloud = np.stack([x.real + m.v * t for t in (0.0, 1e-3, -1e-3, 0.1)]
                         + [size * rng.standard_normal((many, width)) for size in (0.3, 1.0, 3.0, 30.0)])
        start = cloud
        for depth in depths:
            x, y = m.ahead(x, True), m.ahead(y, False)
            floor.at_least(_logs(np.stack([m.deviation(c) for c in cloud])), np.log(m.sigma), "the floor at a drawn point")
            cloud = np.stack([m.step(c, True) for c in cloud])
            with_norm = _logs(_speed(x))
            without = _logs(_speed(y))
            kind = "LayerNorm" if centred else "RMSNorm"
            attained.equal(with_norm, depth * m.log_rate + claim, f"{kind}, d = {width}, K = {depth}: with normalization")
            plain.equal(without, depth * m.log_s, f"{kind}, d = {width}, K = {depth}: without normalization")
            ratio.equal(with_norm - without, depth * m.log_ratio + claim, f"{kind}, K = {depth}: ratio of the constants")
            for i in range(len(cloud)):
                for j in range(i):
                    inside = _length(start[i] - start[j])
                    moved = _length(cloud[i] - cloud[j])
                    # differences below rounding of the outputs say nothing about the constant
                    clear = moved > 1e-5 * (_length(cloud[i]) + _length(cloud[j]))
                    quotient = _logs(moved[clear] / inside[clear])
                    limit = depth * m.log_rate[clear] + claim
                    above.at_most(quotient, limit, f"{kind}, K = {depth}: two arbitrary points")
                    pairs += int(clear.sum())
                    if clear.any():
                        largest = max(largest, float((quotient - limit).max()))
        # the two thresholds, decided exactly, against the measured signs at the largest depth
        for measured, sign in ((with_norm, m.side), (with_norm - without, m.reduces)):
            seen = np.where(np.abs(measured) <= 1e-9 * max(depths), 0, np.sign(measured))
            thresholds.sure(seen == sign, "a measured rate is on the other side of its threshold")
    for depth in ((4, 16) if quick else (1, 4, 16, 40)) if many else ():
        for numbers in (("1/2", "3/5", "1", "16/25"), ("4/3", "2", "3/2", "0"), ("3/2", "3/10", "4/5", "4/25")):
            with Store():
                family = families.exact_family(*numbers, depth)
                _exact_member(family, depth, claim, exact)
                bare = at_point(family.network.without_normalization(), family.probes[0].point)
                assert family.unnormalized is not None
                exact.equal(log(bare.along_input(family.probes[0].direction)), log_value(family.unnormalized),
                            f"exact family, K = {depth}: without normalization")
    figures = {
        "networks": total, "pairs of points": pairs, "depths": f"1 to {max(depths)}",
        "networks with g s < q, = q, > q": f"{counts[-1]}, {counts[0]}, {counts[1]}",
        "networks with g < q, = q, > q": f"{relative[-1]}, {relative[0]}, {relative[1]}",
        "largest |log(measured) - K log(g s/q)|": attained.deviation,
        "largest |log(ratio) - K log(g/q)|": ratio.deviation,
        "largest quotient of two points/claimed": float(np.exp(largest)),
        "members with rational entries, comparisons": exact.tests,
    }
    says = (r"the constant is $(g s/q)^K$ with normalization and $s^K$ without, $q = \sqrt{\sigma^2 + \varepsilon}$, for every drawn "
            rf"member and every $K$ up to {max(depths)}; no pair of points exceeds it")
    return conclude([attained, plain, ratio, above, floor, thresholds, exact], True, says, figures,
                    _lines(depths[::13] if quick else depths) if many else {})


def _lines(depths: Sequence[int]) -> dict[str, dict[str, Any]]:
    """Measured constants of four members with the same weights s = 3/2, d = 4, at every depth, for the figure."""
    series: dict[str, dict[str, Any]] = {}
    for q in (Fraction(4, 5), Fraction(6, 5), Fraction(3, 2), Fraction(2)):
        points: list[float] = []
        plain: list[float] = []
        for depth in depths:
            with Store():
                family = families.exact_family("3/2", q * Fraction(3, 5), 1, q * q * Fraction(16, 25), depth)
                probe = family.probes[0]
                points.append(log(at_point(family.network, probe.point).along_input(probe.direction)))
                if q == 2:
                    bare = at_point(family.network.without_normalization(), probe.point)
                    plain.append(log(bare.along_input(probe.direction)))
        series[f"normalized, q = {q}"] = {"x": list(depths), "y": points, "rate": log(Fraction(3, 2) / q), "q": float(q)}
        if plain:
            series["without normalization"] = {"x": list(depths), "y": plain, "rate": log(1.5)}
    return series


# -- result 9: the opposite regime and the border -----------------------------------------------------------------
def result_9(seed: int = 0, quick: bool = False, factor: Any = 1, networks: int | None = None) -> Finding:
    """Normalization can increase the constant exponentially: c^K with spectral norms 1; and where the border runs.

    The certificate is attained by the exploding families (LayerNorm, RMSNorm, BatchNorm in training mode, in the
    parameters) and, without a floor, by the global epsilon family. On a grid of (s, q/g) the sign of the measured rate is
    compared with the inequality g s < q. factor multiplies the claimed constants, and g s in the inequality.
    """
    scale = factor_of(factor)
    claim = log(scale)
    side = count_of(networks, 9 if quick else 17, "networks (grid points per axis)")
    cs = ("11/10", "3/2", "3") if quick else ("11/10", "5/4", "3/2", "2", "3")
    depths = (1, 4, 12) if quick else (1, 2, 5, 10, 20, 40)
    attained, bare, border = Tally(), Tally(), Tally()
    series: dict[str, dict[str, Any]] = {}
    executed = 0
    for c in cs if side else ():
        for depth in depths:
            with Store():
                found = [families.explosion(c, depth), families.explosion(c, depth, "RMSNorm"),
                         families.batch_explosion(c, depth)]
                if depth <= 20:
                    found.append(families.parameter_explosion(c, depth))
                found.append(families.global_epsilon(c, "1", "1/4", depth))
                for f in found:
                    executed += 1
                    size = _explodes(f, depth, claim, attained, bare)
                    if f.name == "explosion" and "RMSNorm" not in str(f.network.body) and c in ("5/4", "3/2", "2"):
                        row = series.setdefault(f"c = {c}", {"x": [], "y": [], "rate": log(Fraction(c))})
                        if not row["x"] or row["x"][-1] != depth:
                            row["x"].append(depth)
                            row["y"].append(size)
    if side:
        series["regimes"] = _border(seed, side, scale, border)
    signs = series.get("regimes", {}).get("sign", [])
    figures = {
        "exact networks": executed, "deepest": max(depths) if side else 0,
        "largest |log(measured) - log(claimed)|": attained.deviation,
        "largest constant reached with spectral norms 1":
            float(np.exp(max(y for name, row in series.items() if name.startswith("c =") for y in row["y"]))) if side else 0.0,
        "networks on the grid": len(signs), "contracting": signs.count(-1), "at the border": signs.count(0),
        "expanding": signs.count(1), "on the wrong side": border.failures,
    }
    says = (r"constants $c^K$ are reached by weights of spectral norm 1 and equal the certificate; on the grid the measured rate "
            r"is below 1 exactly where $g s < \sqrt{\sigma^2 + \varepsilon}$")
    return conclude([attained, bare, border], True, says, figures, series)


def _explodes(family: Family, depth: int, claim: float, attained: Tally, bare: Tally) -> float:
    """Probes of one family against its constant and against the derived bound; the same weights without normalizers."""
    size = 0.0
    for k, probe in enumerate(family.probes):
        here = at_point(family.network, probe.point, family.trainable)
        attained.sure(here.met, f"{family.name}: the floor is missed at the probe")
        if probe.layer is None:
            measured = log(here.along_input(probe.direction))
            attained.equal(measured, log_value(derive(family.network, "input").term) + claim,
                           f"{family.name}, K = {depth}: the derived bound")
            size = max(size, measured)
        else:
            measured = log(here.along_weight(probe.layer, probe.direction))
        attained.equal(measured, log_value(probe.constant) + claim, f"{family.name}, K = {depth}, probe {k + 1}")
        if family.unnormalized is not None and probe.layer is None:
            plain = at_point(family.network.without_normalization(), probe.point)
            bare.at_most(log(plain.input_norm()), log_value(family.unnormalized),
                         f"{family.name}, K = {depth}: without normalization")
    return size


def _border(seed: int, side: int, scale: Fraction, border: Tally) -> dict[str, Any]:
    """A grid over (s, q/g), its diagonal included: the measured rate of the exact family against the inequality."""
    rng = np.random.default_rng([seed, 9])
    ticks = [Fraction(k, 4) for k in range(1, side + 1)]
    rows = [(s, height) for s in ticks for height in ticks]
    g = [Fraction(int(rng.integers(1, 12)), 4) for _ in rows]
    split = [((3, 4), (5, 12), (8, 15), (1, 0))[int(rng.integers(4))] for _ in rows]  # sigma : sqrt(eps) : q as integers
    exact: list[tuple[Fraction, Fraction, Fraction, Fraction]] = []
    for (s, height), gain, (a, b) in zip(rows, g, split, strict=True):
        hypotenuse = Fraction({(3, 4): 5, (5, 12): 13, (8, 15): 17, (1, 0): 1}[a, b])
        q = height * gain
        exact.append((s, q * a / hypotenuse, gain, (q * b / hypotenuse) ** 2))
    expected = np.array([_sign((scale * gain * s) ** 2, sigma**2 + eps) for s, sigma, gain, eps in exact])
    table = np.array([[float(v) for v in row] for row in exact])
    many, width, depth = len(rows), 6, 40
    frame = rng.standard_normal((many, width, 2))
    basis = np.linalg.qr(frame - frame.mean(1, keepdims=True))[0]
    basis = basis - basis.mean(1, keepdims=True)
    zero = np.zeros(many)
    m = _Members(table[:, 0], table[:, 1], table[:, 2], table[:, 3], basis[:, :, 0], basis[:, :, 1], zero, zero, zero, zero,
                 zero, zero, True)
    x = m.u + 1j * STEP * m.v
    for _ in range(depth):
        x = m.ahead(x, True)
    rate = _logs(_speed(x)) / depth
    sign = np.where(np.abs(rate) <= 1e-9, 0, np.sign(rate)).astype(int)
    border.sure(sign == expected, "a network of the grid contracts or expands on the wrong side of g s = sqrt(sigma^2 + eps)")
    return {"x": table[:, 0].tolist(), "y": [float(h) for _, h in rows], "rate": rate.tolist(), "sign": sign.tolist()}
