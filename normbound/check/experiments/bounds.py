"""Checks of the four upper bounds: in the input and in the parameters, without and with normalization.

Each check does three things. It attacks every step of the derivation on sampled networks (``check``). It measures the
Jacobian of whole sampled networks against the derived bound, by depth. And it executes exact families, whose derived
bound must be reached: an upper bound that is too small is refuted there, one that is too large is not attained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import log
from typing import Any, NamedTuple

import numpy as np

from normbound.calculus.bound import derive
from normbound.check.experiments.tools import (
    ROUNDING,
    Tally,
    at_point,
    conclude,
    count_of,
    factor_of,
    log_value,
    sample,
)
from normbound.check.falsify import check
from normbound.check.finding import Finding
from normbound.check.realization import LAWS
from normbound.check.report import Report
from normbound.contracts.block import Repeat
from normbound.layers import Linear, activation
from normbound.network import builtins
from normbound.network.program import Input, Network
from normbound.terms.store import Store, Term
from normbound.theory import families
from normbound.theory.families import Family

DEPTHS = (1, 2, 3, 4, 6, 8)
POINTS = 6


class Attained(NamedTuple):
    """A concrete network, the point and quantity at which its derived bound is reached, and its depth."""

    name: str
    depth: int
    network: Network
    point: Any
    trainable: frozenset[str]      # empty: the constant in the input
    direction: Any = None          # of the input, or of the weight ``layer``; None: the norm of the whole Jacobian
    layer: int | None = None
    exact: Term | None = None      # the true constant, where the family states it


def _of(family: Family, depth: int, norm: bool = False) -> list[Attained]:
    """The probes of a family; ``norm`` asks for its parameter constant at the first probe."""
    if norm:
        return [Attained(family.name, depth, family.network, family.probes[0].point, family.trainable, None, None,
                         family.parameters)]
    return [Attained(family.name, depth, family.network, p.point, frozenset() if p.layer is None else family.trainable,
                     p.direction, p.layer, p.constant) for p in family.probes]


def _inputs_plain(depth: int) -> list[Attained]:
    found = _of(families.aligned_relu(["3/2"] * depth), depth)
    found += _of(families.aligned_relu([Fraction(2, 3 + k % 3) for k in range(depth)], "5/4"), depth)
    return found


def _parameters_plain(depth: int) -> list[Attained]:
    return [*_of(families.aligned_relu(["6/5"] * depth, "3/2"), depth, norm=True),
            *_of(families.aligned_relu(["3/4"] * depth), depth, norm=True),
            *(_biased_chain(s, depth) for s in ("6/5", "1", "3/4"))]


def _biased_chain(s: str, depth: int) -> Attained:
    """x -> ReLU(s x + 1/2) on x >= 0, scalar: every contribution of every layer adds with equal sign."""
    network = Input("3/2", 1) >> Repeat(Linear([[s]], bias=["1/2"]) >> activation("ReLU"), depth)
    return Attained("biased-chain", depth, network, ((Fraction(3, 2),),), frozenset({"weight", "bias"}))


def _inputs_normalized(depth: int) -> list[Attained]:
    found = []
    for s, sigma, g, eps in (("1/2", "3/5", "1", "16/25"), ("5", "3/5", "1/5", "16/25"), ("3/2", "3/10", "4/5", "4/25")):
        found += _of(families.exact_family(s, sigma, g, eps, depth), depth)
        found += _of(families.exact_family(s, sigma, g, eps, depth, norm="RMSNorm", relu=True), depth)
    found += _of(families.explosion("3/2", depth), depth)
    found += _of(families.batch_explosion("3/2", depth), depth)
    found += _of(families.global_epsilon("1/2", "1", "1/16", depth), depth)
    return found + _of(families.reduction("3/2", "2", depth), depth)


def _parameters_normalized(depth: int) -> list[Attained]:
    return [a for s, sigma, g in (("1/2", "2", "3/2"), ("4/3", "2", "3/2"), ("6/5", "1/2", "1"))
            for a in _of(families.exact_family(s, sigma, g, 0, depth), depth, norm=True)]


# -- the common check ---------------------------------------------------------------------------------------------
def _examine(wrt: str, architectures: Sequence[str], probes: Callable[[int], list[Attained]], shown_as: str,
             seed: int, quick: bool, factor: Any, networks: int | None, unconditional: Sequence[str] = (),
             which: str = "exact networks") -> Finding:
    claim = log(factor_of(factor))
    depths = DEPTHS[:3] if quick else DEPTHS
    per_depth = count_of(networks, 10 if quick else 36)
    upper, reached = Tally(), Tally()
    reports: list[Report] = []
    ratios: dict[str, list[Any]] = {"x": [], "y": [], "law": [], "architecture": []}
    drawn = points = unmet = 0
    for k, name in enumerate(architectures if per_depth else ()):
        with Store():
            network = builtins.get(name).network
            reports.append(check(network, networks=2 * per_depth, seed=seed + k, points=POINTS))
            found = sample(network, wrt, depths, LAWS[:5], per_depth, POINTS, seed + 100 * (k + 1))
        drawn, points, unmet = drawn + found.networks, points + found.points, unmet + found.unmet
        bound = np.array(found.bound) + claim
        upper.at_most(found.measured, bound, f"{name}: the Jacobian of a sampled network")
        ratios["x"] += found.depth
        ratios["y"] += [float(v) for v in np.exp(np.array(found.measured) - bound)]
        ratios["law"] += found.law
        ratios["architecture"] += [name] * len(found.depth)
    for k, name in enumerate(unconditional[:1 if quick else None] if per_depth else ()):
        with Store():
            reports.append(check(builtins.get(name).network, 2 * per_depth, seed + 50 + k, points=POINTS, floors=False))
    attained: dict[str, list[Any]] = {"x": [], "y": [], "family": []}
    for depth in (1, 3, 12) if quick else (1, 2, 3, 4, 6, 8, 12, 20):
        for a in probes(depth) if per_depth else ():
            _reach(a, wrt, claim, upper, reached, attained)
    violations = [str(v) for report in reports for v in report.violations]
    best = _best(attained)
    figures = {
        "architectures": len(architectures) if per_depth else 0,
        "networks": drawn + sum(r.executed for r in reports),
        "points": points + sum(r.executed * POINTS for r in reports),
        "points that miss a floor": unmet,
        "tests of steps": sum(r.totals["survived"] + r.totals["suspected"] for r in reports),
        "violated steps": sum(r.totals["violated"] for r in reports),
        "largest quotient/bound, sampled": _largest(ratios["y"]),
        "largest quotient/bound of two points" if wrt == "input" else "largest quotient/bound of two networks":
            max((r.steps[-1].ratios.get("two points" if wrt == "input" else "two networks", 0.0) for r in reports),
                default=0.0) / float(np.exp(claim)),
        **_medians(ratios),
        "exact networks": len(attained["x"]),
        "attained ratio": best,
        "deepest attained": max(attained["x"], default=0),
    }
    says = (f"{shown_as}: no sampled network exceeds it; {which} of depth up to {figures['deepest attained']} reach "
            f"{best:.9f} of it")
    is_reached = bool(attained["y"]) and min(attained["y"]) >= 1 - ROUNDING
    return conclude([upper, reached], is_reached, says, figures, {"sampled": ratios, "attained": attained}, (), violations)


def _reach(a: Attained, wrt: str, claim: float, upper: Tally, reached: Tally, attained: dict[str, list[Any]]) -> None:
    """Execute one exact network and compare: bound, stated constant, measured value."""
    here = at_point(a.network, a.point, a.trainable)
    reached.sure(here.met, f"{a.name}: the floor is missed at the probe")
    if a.layer is not None:
        measured = log(here.along_weight(a.layer, a.direction))
    elif a.direction is not None:
        measured = log(here.along_input(a.direction))
    else:
        measured = log(here.parameter_norm())
    if wrt == "input":
        bound = log_value(derive(a.network, "input").term)
    else:
        bound = log_value(derive(a.network, "parameters", a.trainable).term)
    if a.exact is not None:
        reached.equal(measured, log_value(a.exact), f"{a.name}, depth {a.depth}: the stated true constant")
    upper.at_most(measured, bound + claim, f"{a.name}, depth {a.depth}")
    attained["x"].append(a.depth)
    attained["y"].append(float(np.exp(measured - bound - claim)))
    attained["family"].append(a.name)


def _largest(values: Sequence[float]) -> float:
    return max(values, default=0.0)


def _best(attained: Mapping[str, Sequence[Any]]) -> float:
    """The smallest ratio over the exact networks: all of them must reach the bound."""
    return min(attained["y"], default=0.0)


def _medians(ratios: Mapping[str, Sequence[Any]]) -> dict[str, float]:
    """Median of measured/bound over Gaussian networks, at the smallest and the largest depth."""
    pairs = [(k, r) for k, r, law in zip(ratios["x"], ratios["y"], ratios["law"], strict=True) if law == "gaussian"]
    if not pairs:
        return {}
    ends = sorted({min(k for k, _ in pairs), max(k for k, _ in pairs)})
    return {f"median quotient/bound, Gaussian, K={e}": float(np.median([r for k, r in pairs if k == e])) for e in ends}


def result_1(seed: int = 0, quick: bool = False, factor: Any = 1, networks: int | None = None) -> Finding:
    """The product of the layer constants bounds the Lipschitz constant in the input, without normalization.

    factor multiplies the claimed bound; networks is the number drawn per architecture and depth (0 checks nothing).
    """
    return _examine("input", ("mlp", "two-layer", "gelu", "recurrent"), _inputs_plain,
                    "upper bound in the input without normalization", seed, quick, factor, networks)


def result_2(seed: int = 0, quick: bool = False, factor: Any = 1, networks: int | None = None) -> Finding:
    """The bound in the parameters, uniformly over inputs of the ball, without normalization."""
    return _examine("parameters", ("mlp", "two-layer", "gelu", "recurrent"), _parameters_plain,
                    "upper bound in the parameters without normalization", seed, quick, factor, networks)


_NORMALIZED = ("mlp-layernorm", "indexed", "pre-norm", "post-norm", "rms-residual", "groupnorm", "batchnorm-train",
               "bias-dominated")


def result_4(seed: int = 0, quick: bool = False, factor: Any = 1, networks: int | None = None) -> Finding:
    """The bound in the input with normalization, under the floors met by the sampled networks; and the bound without floors."""
    return _examine("input", _NORMALIZED[:3] if quick else _NORMALIZED, _inputs_normalized,
                    "upper bound in the input with normalization", seed, quick, factor, networks,
                    ("mlp-layernorm", "rms-residual", "batchnorm-train"))


def result_5(seed: int = 0, quick: bool = False, factor: Any = 1, networks: int | None = None) -> Finding:
    """The bound in the parameters with normalization, under the floors met by the sampled networks; and without floors."""
    return _examine("parameters", _NORMALIZED[:3] if quick else _NORMALIZED, _parameters_normalized,
                    "upper bound in the parameters with normalization", seed, quick, factor, networks,
                    ("mlp-layernorm", "batchnorm-train"), "exact networks (eps = 0, gains not trained)")
