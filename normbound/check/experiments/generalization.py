"""Check of the consequence for generalization: finite cells, a known distribution, a learner that tries to overfit.

The distribution lives on finitely many points, so risks are sums and nothing is estimated. In each of 1,000 draws the
learner sees the sample and picks a network of the parameter set whose loss is high where the sample has too few points;
the statement claims that this fails with probability at least 1 - delta, for all networks at once. The number of draws in
which it succeeds is binomial: an exact (Clopper-Pearson) interval for its probability decides. Beside it runs a wrong
statement, which treats the network as chosen before the sample; a check that does not reject it decides nothing.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import log
from typing import Any, NamedTuple

import numpy as np

from normbound.check.experiments.tools import ROUNDING, Tally, conclude, count_of, factor_of, scaled
from normbound.check.finding import Finding
from normbound.check.theorems import check
from normbound.errors import NetworkError
from normbound.network import builtins
from normbound.network.language import parse_block
from normbound.network.program import Input
from normbound.terms.evaluate import evaluate, precision
from normbound.terms.exact import exact
from normbound.terms.store import Store
from normbound.theory.generalization import RiskTheorem, parametric_bound, partition_bound
from normbound.theory.losses import loss_on

DRAWS = 1000
SAMPLE = 400
CELLS = 16                         # also the number of features: cell i surrounds the i-th unit vector
POINTS = 6                         # points of the distribution in each cell
REACH = Fraction(1, 500)           # radius of a cell
MARGIN = Fraction(1)               # of the ramp loss
EPS = Fraction(1, 100_000)
DELTAS = tuple(Fraction(d) for d in ("1/2", "1/5", "1/10", "1/20", "1/50", "1/100"))
LEVEL = Fraction(1, 1000)          # error probability of each interval

Array = Any


# -- exact binomial intervals -------------------------------------------------------------------------------------
def _ball(q: Fraction | int) -> Any:
    """A rational as a ball."""
    from flint import arb, fmpq
    f = Fraction(q)
    return arb(fmpq(f.numerator, f.denominator))


def exceeds(successes: int, draws: int, probability: Fraction, level: Fraction = LEVEL) -> bool:
    """Whether the success probability is above ``probability``, at error probability level/2, decided in balls:
    P(Bin(draws, probability) >= successes) < level/2.
    """
    if successes == 0 or probability >= 1:
        return False
    with precision(96):
        p = _ball(probability)
        tail = p.beta_lower(_ball(successes), _ball(draws - successes + 1), True)
        return bool(tail < _ball(level / 2))


@cache
def interval(successes: int, draws: int, level: Fraction = LEVEL) -> tuple[float, float]:
    """The Clopper-Pearson interval of error probability ``level``, to 2^-20, rounded outwards."""
    if draws < 1 or not 0 <= successes <= draws:
        raise NetworkError(f"found {successes} successes in {draws} draws; at least one draw is needed, and no more successes")
    low, high = Fraction(0), Fraction(1)
    if successes:
        a, b = Fraction(0), Fraction(1)
        for _ in range(20):
            middle = (a + b) / 2
            a, b = (middle, b) if exceeds(successes, draws, middle, level) else (a, middle)
        low = a
    if successes < draws:           # the failures, seen from the other side
        a, b = Fraction(0), Fraction(1)
        for _ in range(20):
            middle = (a + b) / 2
            a, b = (middle, b) if exceeds(draws - successes, draws, middle, level) else (a, middle)
        high = 1 - a
    return float(low), float(high)


# -- the experiment -----------------------------------------------------------------------------------------------
class _World(NamedTuple):
    """The known distribution: points (atoms, features), their probabilities, the cell of each; outputs of the normalizer."""

    points: Array
    probability: Array
    cell: Array
    normalized: Array


def _world(seed: int) -> _World:
    """POINTS points in each of CELLS balls, with unequal probabilities."""
    rng = np.random.default_rng([seed, 8])
    offsets = rng.standard_normal((CELLS, POINTS, CELLS))
    offsets *= float(REACH) * rng.random((CELLS, POINTS, 1)) / np.sqrt((offsets**2).sum(-1, keepdims=True))
    points = (np.eye(CELLS)[:, None] + offsets).reshape(-1, CELLS)
    weight = rng.integers(4, 9, CELLS)[:, None] * rng.integers(1, 4, (CELLS, POINTS))
    probability = weight.reshape(-1) / weight.sum()
    centred = points - points.mean(1, keepdims=True)
    normalized = centred / np.sqrt((centred**2).mean(1, keepdims=True) + float(EPS))
    return _World(points, probability, np.repeat(np.arange(CELLS), POINTS), normalized)


def _statement() -> RiskTheorem:
    """The theorem that is checked: LayerNorm and a linear map to two logits, ramp loss, cells of one diameter."""
    network = Input("R", "d") >> parse_block("LayerNorm(gamma=1, beta=0, floor=sigma, eps=eps) >> Linear(s, bias=b, out=2)")
    return partition_bound(network, loss_on(network, "ramp", width=MARGIN), cells="N", n="n", diameters="D")


def _numbers(norm: Fraction, shift: Fraction) -> dict[str, Any]:
    """Exact numbers of the parameter set and of the cells. Every point of a cell is within REACH of a unit vector, whose
    deviation is sqrt((1 - 1/d)/d) >= (1 - 1/d)/sqrt(d); the deviation is 1/sqrt(d)-Lipschitz.
    """
    root = Fraction(4)              # sqrt(CELLS)
    assert root**2 == CELLS
    return {"R": 1 + REACH, "d": CELLS, "sigma": (1 - Fraction(1, CELLS) - REACH) / root, "eps": EPS, "s": norm, "b": shift,
            "N": CELLS, "n": SAMPLE, "D": 2 * REACH}


def _losses(w: _World, weight: Array, bias: Array) -> Array:
    """The ramp loss of class 0 at every point, for stacks of networks (draws, 2, d) and (draws, 2)."""
    logits = np.einsum("kij,pj->kpi", weight, w.normalized) + bias[:, None]
    return np.clip(1 - (logits[..., 0] - logits[..., 1]) / float(MARGIN), 0, 1)


def _overfit(w: _World, counts: Array, norm: float, shift: float) -> tuple[Array, Array]:
    """Risk minus empirical risk of the best of two networks per draw, and the largest change of its loss inside a cell.

    The margin is linear in the normalized point; the learner makes it small on the cells (or the points) that the sample
    shows too rarely. Weights and biases stay inside the parameter set: ||W|| <= norm, |b| <= shift.
    """
    excess = w.probability - counts / counts.sum(1, keepdims=True)          # (draws, atoms)
    by_cell = np.stack([excess[:, w.cell == i].sum(1) for i in range(CELLS)], 1)
    best, change = np.full(len(counts), -np.inf), np.zeros(len(counts))
    for aim in (-np.sign(by_cell), -np.einsum("kp,pj->kj", excess, w.normalized)):
        size = np.sqrt((aim**2).sum(1, keepdims=True))
        a = aim / np.where(size > 0, size, 1) * norm * np.sqrt(2)             # the difference of the rows of W
        weight = np.stack([a / 2, -a / 2], 1)                               # spectral norm |a|/sqrt(2) = norm
        margins = a @ w.normalized.T
        # the bias puts the middle between the two groups of cells into the middle of the ramp
        middle = 0.5 * ((margins * (margins > 0)).sum(1) / np.maximum((margins > 0).sum(1), 1)
                        + (margins * (margins <= 0)).sum(1) / np.maximum((margins <= 0).sum(1), 1))
        offset = np.clip(float(MARGIN) / 2 - middle, -shift * np.sqrt(2), shift * np.sqrt(2))
        bias = np.stack([offset / 2, -offset / 2], 1)
        loss = _losses(w, weight, bias)
        inside = np.max([np.ptp(loss[:, w.cell == i], axis=1) for i in range(CELLS)], axis=0)
        best, change = np.maximum(best, (excess * loss).sum(1)), np.maximum(change, inside)
    return best, change


def result_8(seed: int = 0, quick: bool = False, factor: Any = 1, networks: int | None = None) -> Finding:
    """Risk <= empirical risk + gap with probability at least 1 - delta, for all networks of the parameter set at once.

    factor multiplies the claimed gap; networks is the number of draws of a sample (with one overfitting network each).
    The finding is "not checked" when the wrong statement is not rejected at every delta.
    """
    scale = factor_of(factor)
    draws = count_of(networks, DRAWS, "networks (draws)")
    norm, shift = Fraction(9, 25), Fraction(1)
    with Store():
        theorem = _statement()
        numbers = _numbers(norm, shift)
        gaps = {d: float(theorem.at(numbers, delta=d).ball.upper()) for d in DELTAS}
        status = theorem.at(numbers, delta=DELTAS[0]).status
        change = float(evaluate(theorem.terms["Lambda"] * theorem.terms["diameter"], numbers).upper())
        layered = builtins.get("mlp-layernorm").network
        statements = [partition_bound(layered, "ramp"), partition_bound(layered.without_normalization(), "ramp"),
                      parametric_bound(layered, "ramp")]
        parts = [check(scaled(t, scale), seed, 12 if quick else 24) for t in statements] if draws else []
    series = {"gap by depth": _by_depth(quick)}
    if not draws:
        return Finding("not checked", "no sample was drawn", {"draws": 0}, {})
    w = _world(seed)
    rng = np.random.default_rng([seed, 88])
    counts = rng.multinomial(SAMPLE, w.probability, draws)
    found, inside = _overfit(w, counts, float(norm), float(shift))
    floor = np.sqrt(((w.points - w.points.mean(1, keepdims=True)) ** 2).mean(1)).min()
    premises = Tally()
    premises.sure([status == "holds"], f"the theorem is {status} at the numbers of the experiment")
    premises.sure([floor >= float(numbers["sigma"]) * (1 - ROUNDING)], "a point of the distribution misses the floor")
    with np.errstate(divide="ignore"):
        premises.at_most(np.log(inside), log(change), "the loss inside a cell changes by more than Lambda diam")
    right: dict[str, list[Any]] = {"x": [], "y": [], "low": [], "high": []}
    wrong: dict[str, list[Any]] = {"x": [], "y": [], "low": [], "high": []}
    refuted, missed = [], []
    for d in DELTAS:
        fixed = change + np.sqrt(log(1 / d) / (2 * SAMPLE))   # the network as if it were chosen before the sample
        for row, limit in ((right, float(scale) * gaps[d]), (wrong, fixed)):
            k = int((found > limit * (1 + ROUNDING)).sum())
            low, high = interval(k, draws)
            for name, value in (("x", float(d)), ("y", k / draws), ("low", low), ("high", high)):
                row[name].append(value)
            above = exceeds(k, draws, d)
            if row is right and above:
                refuted.append(f"delta = {d}: {k} of {draws} samples violate the bound, a rate of at least {low:.4f}")
            if row is wrong and not above:
                missed.append(str(d))
    figures = {
        "draws": draws, "sample size": SAMPLE, "cells": CELLS, "points of the distribution": len(w.points),
        "violations at delta = 1/2, 1/5, 1/10, 1/20, 1/50, 1/100": ", ".join(f"{round(y * draws)}" for y in right["y"]),
        "upper ends of the intervals": ", ".join(f"{y:.4f}" for y in right["high"]),
        "violations of the wrong statement": ", ".join(f"{round(y * draws)}" for y in wrong["y"]),
        "lower ends of its intervals": ", ".join(f"{y:.4f}" for y in wrong["low"]),
        "error probability of an interval": float(LEVEL),
        **{f"{name}, delta = 1/20: violations, of the wrong variant":
           f"{f.figures.get('violations')}, {f.figures.get('violations of the wrong variant')}"
           for name, f in zip(("cells, with normalization", "cells, without", "parameters"), parts, strict=True)},
        "largest (risk - empirical risk)/gap, delta = 1/100": float(found.max() / (float(scale) * gaps[DELTAS[-1]])),
        "largest change of the loss inside a cell/(Lambda diam)": float(inside.max() / change),
        "bounds Lambda diam with, without normalization, s = 3/2, q = 2, K = 20":
            ", ".join(f"{series['gap by depth'][k][-1]:.3g}" for k in ("with", "without")),
    }
    series |= {"stated": right, "wrong": wrong}
    if missed:
        parts.append(Finding("not checked", f"the wrong statement was not rejected at delta = {', '.join(missed)}: {draws} draws "
                             "decide nothing"))
    says = (f"in {draws} draws an overfitting learner violates the bound at a rate compatible with every $\\delta = e^{{-t}}$; the "
            "statement without the number of cells is rejected at every $\\delta$")
    return conclude([premises], False, says, figures, series, parts, refuted)


def _by_depth(quick: bool) -> dict[str, Any]:
    """Lambda diam of networks with and without normalization, by depth; the other term of the gap does not change."""
    depths = (1, 20) if quick else (1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20)
    numbers: dict[str, Any] = {"s": "3/2", "sigma": "6/5", "eps": "64/25", "g": 1, "D": 2 * REACH}
    out: dict[str, Any] = {"x": list(depths), "with": [], "without": []}
    with Store():
        network = builtins.get("mlp-layernorm").network
        for name, net in (("with", network), ("without", network.without_normalization())):
            theorem = partition_bound(net, "ramp", cells="N", n="n", diameters="D")
            term = theorem.terms["Lambda"] * theorem.terms["diameter"]
            for depth in depths:
                values = {k: exact(v) for k, v in {**numbers, "K": depth}.items()}
                known = {k: v for k, v in values.items() if k in term.store.symbols(term)}
                out[name].append(float(evaluate(term, known).mid()))
    return out

