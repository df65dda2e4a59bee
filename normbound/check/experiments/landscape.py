"""Check of the consequence for the loss landscape: gradients of a loss in the parameters, as a whole and layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import log
from typing import Any

import numpy as np

from normbound.calculus.bound import derive
from normbound.check.experiments.tools import (
    AtPoint,
    Tally,
    as_array,
    at_point,
    conclude,
    count_of,
    factor_of,
    log_value,
    scaled,
)
from normbound.check.finding import Finding
from normbound.check.theorems import check
from normbound.network import builtins
from normbound.terms.store import Store, current, sqrt
from normbound.theory import families
from normbound.theory.landscape import landscape

Array = Any

# (s, sigma, g, eps): with normalization the rate is 3/4, 1, 5/4; without it is 3/2 each time
_FAMILIES = {"3/4": ("3/2", "6/5", "1", "64/25"), "1": ("3/2", "9/10", "1", "36/25"), "5/4": ("3/2", "18/25", "1", "576/625")}
_TRAINABLE = frozenset({"weight", "bias", "shift"})


# -- result 7: the loss landscape ---------------------------------------------------------------------------------
def result_7(seed: int = 0, quick: bool = False, factor: Any = 1, networks: int | None = None) -> Finding:
    """Gradients of the loss in the parameters, the whole one and iteration by iteration.

    The landscape theorem with the cross-entropy is checked on sampled networks, for every label.
    The loss <v, x_K> (constant 1) of the exact family has in layer j a gradient of norm a^(K-j) sqrt((g/q)^2 (B_(j-1)^2 + 1)
    + 1) with normalization and s^(K-j) sqrt(B_(j-1)^2 + 1) without, B_(j-1) the norm of the layer's input. factor multiplies
    the claimed constants.
    """
    scale = factor_of(factor)
    claim = log(scale)
    many = count_of(networks, 30 if quick else 240)
    layers, totals = Tally(), Tally()
    found: dict[str, Finding] = {}
    for k, name in enumerate(("mlp", "mlp-layernorm", "pre-norm") if many else ()):
        with Store():
            theorem = scaled(landscape(builtins.get(name).network, "cross-entropy"), scale)
            found[name] = check(theorem, seed + k, many)
    ends = (4, 12) if quick else (1, 2, 4, 8, 12, 20, 30)
    series: dict[str, dict[str, Any]] = {}
    total: dict[str, dict[int, float]] = {}
    for rate, numbers in _FAMILIES.items() if many else ():
        for depth in ends:
            with Store():
                profile, plain = _profiles(numbers, depth, claim, layers, totals)
            total.setdefault(rate, {})[depth] = float(np.linalg.norm(profile))
            if depth == max(d for d in ends if d <= 20):
                series[f"with normalization, rate {rate}"] = {"x": list(range(1, depth + 1)), "y": profile,
                                                              "rate": float(Fraction(rate))}
                if rate == "3/4":
                    series["without normalization"] = {"x": list(range(1, depth + 1)), "y": plain, "rate": 1.5}
    shown = series.get("with normalization, rate 3/4", {"y": [1.0]})["y"]
    bare = series.get("without normalization", {"y": [1.0]})["y"]
    figures = {
        "networks": sum(f.figures["networks"] for f in found.values()),
        "gradients": sum(f.figures["gradient: comparisons"] for f in found.values()),
        **{f"largest gradient/bound, {name}": f.figures["gradient: largest measured/claimed"] for name, f in found.items()},
        "exact networks": sum(len(v) for v in total.values()) * 2,
        "largest |log(measured) - log(stated)| per layer": layers.deviation,
        "depth of the profiles": len(bare),
        "first layer/last layer, without normalization": bare[0] / bare[-1],
        "first layer/last layer, rate 3/4": shown[0] / shown[-1],
        "share of the last two layers in the squared gradient, rate 3/4":
            float(np.square(shown[-2:]).sum() / np.square(shown).sum()),
        **{f"whole gradient at K = {d}, rate 3/4": v for d, v in list(total.get("3/4", {}).items())[-2:]},
    }
    says = (r"gradients of the loss stay below the constant of the loss times $P$; in the exact family layer $j$ has exactly the "
            r"stated one: with $g s < q$ it shrinks geometrically towards the first layer, the last layer keeps its own")
    return conclude([layers, totals], True, says, figures, series, list(found.values()))


def _layer_norms(here: AtPoint, direction: Array) -> list[float]:
    """The norm of the gradient of <direction, output> in the tensors of each iteration."""
    squares: dict[int, float] = {}
    for key in here.tangents.where:
        size = float(((here.tangents.part(key)[0] @ direction) ** 2).sum())
        squares[key[1][0]] = squares.get(key[1][0], 0.0) + size
    return [float(np.sqrt(squares[k])) for k in sorted(squares)]


def _profiles(numbers: Sequence[str], depth: int, claim: float, layers: Tally,
              totals: Tally) -> tuple[list[float], list[float]]:
    """Gradients per layer with and without normalization, compared with the stated ones; the total with the bound."""
    s, sigma, g, eps = (Fraction(n) for n in numbers)
    family = families.exact_family(s, sigma, g, eps, depth)
    probe = family.probes[0]
    direction = as_array(probe.direction).ravel()
    here = at_point(family.network, probe.point, _TRAINABLE)
    profile = _layer_norms(here, direction)
    bare_network = family.network.without_normalization()
    plain = _layer_norms(at_point(bare_network, probe.point, _TRAINABLE), direction)
    store = current()
    number = store.number
    q2 = sigma**2 + eps
    for j in range(1, depth + 1):
        rate = number(g * s) / sqrt(number(q2))
        inside = 1 if j == 1 else g**2 * families.WIDTH * sigma**2 / q2
        stated = rate ** (depth - j) * sqrt(number(g**2 / q2 * (inside + 1) + 1))
        layers.equal(log(profile[j - 1]), log_value(stated) + claim, f"layer {j} of {depth}, with normalization")
        inside = 1 if j == 1 else families.WIDTH * sigma**2
        stated = number(s) ** (depth - j) * sqrt(number(inside + 1))
        layers.equal(log(plain[j - 1]), log_value(stated) + claim, f"layer {j} of {depth}, without normalization")
    for network, sizes in ((family.network, profile), (bare_network, plain)):
        bound = derive(network, "parameters", _TRAINABLE).term
        totals.at_most(log(np.linalg.norm(sizes)), log_value(bound) + claim, f"depth {depth}: the whole gradient")
    assert family.parameters is not None
    totals.equal(log(np.linalg.norm(profile)), log_value(family.parameters) + claim, f"depth {depth}: the whole gradient")
    return profile, plain
