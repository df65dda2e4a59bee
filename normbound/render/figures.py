"""The regime diagram: on which side of the two critical lines a network is.

Coordinates are rates of the bounds per unit of depth: y is the rate of the second (unnormalized) bound, x the quotient
of both. For a chain Linear, normalizer: y = s and x = sqrt(sigma^2 + eps)/g. The first bound decays below the diagonal
y = x (g s < sqrt(sigma^2 + eps)), and is below the second to the right of x = 1 (g < sqrt(sigma^2 + eps)).

Figures are drawn through matplotlib's object interface: no global state is read or changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import isfinite, log10
from pathlib import Path
from typing import Any

from normbound.calculus.comparison import Comparison
from normbound.errors import UnsupportedError
from normbound.files import write

FORMATS = ("pdf", "png")
SIZE = (5.6, 5.4)  # inches, without the legend
DPI = 200
MIN_DECADES = 0.55  # half width of the window, in powers of ten
MAX_DECADES = 12.0
_GREYS = {"both": "#d4d4d4", "relative": "#ececec", "absolute": "#ffffff"}


@dataclass(frozen=True, slots=True)
class RegimePoint:
    """A network in the diagram: the rates of the normalized and of the unnormalized bound, for drawing only.

    verdict  as of the comparison at these numbers; "vacuous" and "unmet" are drawn open
    """

    label: str
    first: float
    second: float
    verdict: str = ""


def regime_point(comparison: Comparison, values: Mapping[str, object] | None = None, label: str = "",
                 depth: str | None = None) -> RegimePoint:
    """The point of a comparison at exact numbers.

    depth  the depth symbol that the rates refer to; default: the outermost one

    Raises UnsupportedError when the bounds have no positive rates in the depth.
    """
    regime = comparison.regime(values)
    found = [r for r in regime.rates if depth is None or str(r.depth) == depth]
    if not found or found[0].first is None or found[0].second is None:
        known = ", ".join(str(r.depth) for r in regime.rates) or "none"
        why = f"{regime.verdict}: {'; '.join(regime.reasons)}" if not regime.rates and regime.reasons else \
            f"symbolic depths here: {known}; a diagram needs the rates of both bounds in one of them"
        raise UnsupportedError(f"regime diagram: no rates{'' if depth is None else f' in {depth}'} ({why})")
    first, second = float(found[0].first.mid()), float(found[0].second.mid())
    if not (first > 0 and second > 0 and isfinite(first) and isfinite(second)):
        raise UnsupportedError(f"regime diagram: the rates are {first:g} and {second:g}; logarithmic axes need both positive")
    name = label or comparison.first.network.title
    return RegimePoint(name, first, second, regime.verdict)


def regime_diagram(what: Comparison | Iterable[RegimePoint], path: str | os.PathLike[str],
                   values: Mapping[str, object] | None = None) -> tuple[Path, ...]:
    """Draw the plane of regimes with the given points, as ``path``.pdf and ``path``.png; returns the files written.

    what    a comparison (with ``values``), or points
    path    with or without one of the two suffixes

    Raises UnsupportedError without matplotlib, and when the files cannot be written.
    """
    figure_class, canvas_class = _matplotlib()
    points = [regime_point(what, values)] if isinstance(what, Comparison) else list(what)
    figure = figure_class(figsize=SIZE)
    canvas_class(figure)
    _draw(figure, points)
    return _save(figure, Path(path))


def _matplotlib() -> tuple[Any, Any]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise UnsupportedError('figures need matplotlib, which is not installed: pip install "normbound[plots]"') from None
    return Figure, FigureCanvasAgg


def _save(figure: Any, path: Path) -> tuple[Path, ...]:
    """Both formats, without dates or versions inside, each put in place when it is complete."""
    stem = path.with_suffix("") if path.suffix.lower() in (".pdf", ".png") else path
    metadata: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None, "Creator": "normbound", "Producer": "normbound"},
                                           "png": {"Software": None}}
    written = []
    for kind in FORMATS:
        target = stem.with_name(f"{stem.name}.{kind}")
        drawn = BytesIO()
        figure.savefig(drawn, format=kind, dpi=DPI, metadata=metadata[kind])
        written.append(write(target, drawn.getvalue()))
    return tuple(written)


def _window(points: Sequence[RegimePoint]) -> float:
    """Half the width of the window in powers of ten, the same in both directions around (1, 1)."""
    far = [abs(log10(v)) for p in points for v in (p.second / p.first, p.second)]
    beyond = max(far, default=0.0)
    if beyond > MAX_DECADES:
        raise UnsupportedError(f"regime diagram: a rate is {beyond:.0f} powers of ten away from 1, beyond {MAX_DECADES:.0f}")
    return max(MIN_DECADES, 1.25 * beyond)


def _draw(figure: Any, points: Sequence[RegimePoint]) -> None:
    reach = _window(points)
    low, high = 10 ** -reach, 10**reach
    legend = 0.22 * len(points) + (0.12 if points else 0.0)  # inches below the plane
    width, height = SIZE
    total = height + legend
    figure.set_size_inches(width, total)
    axes = figure.add_axes((0.115, (0.62 + legend) / total, 0.865, (height - 1.02) / total))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    # Right of x = 1 the first bound is below the second, below y = x it decays with the depth.
    for corners, key in ((([1, high, high, 1], [1, high, low, low]), "both"), (([1, high, 1], [1, high, high]), "relative"),
                         (([low, 1, 1], [low, 1, low]), "absolute")):
        axes.fill(*corners, facecolor=_GREYS[key], edgecolor="none", linewidth=0, zorder=0)
    axes.fill([low, 1, 1, low], [low, 1, high, high], facecolor="white", edgecolor="#c4c4c4", hatch="///", linewidth=0,
              zorder=0)
    axes.plot([low, high], [low, high], color="black", linewidth=1.5, zorder=2)
    axes.plot([1, 1], [low, high], color="black", linewidth=1.5, linestyle=(0, (6, 3)), zorder=2)
    axes.plot([low, high], [1, 1], color="black", linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    _ticks(axes, reach)
    _names(axes, reach)
    for k, p in enumerate(points, 1):
        empty = p.verdict in ("vacuous", "unmet")
        face, ink = ("white", "black") if empty else ("black", "white")
        axes.plot([p.second / p.first], [p.second], marker="o", markersize=11, markerfacecolor=face, markeredgecolor="black",
                  markeredgewidth=1.2, linestyle="none", zorder=5, clip_on=False)
        axes.annotate(str(k), (p.second / p.first, p.second), ha="center", va="center", fontsize=7.5, fontweight="bold",
                      color=ink, zorder=6, xytext=(0, -0.4), textcoords="offset points")
        y = (legend - 0.22 * (k - 0.5)) / total
        said = f"   {p.verdict}" if p.verdict else ""
        figure.text(0.115, y, f"{k}", fontsize=8.5, fontweight="bold", va="center")
        figure.text(0.15, y, f"{_plain(p.label)}{said}   (rates {p.first:.4g} and {p.second:.4g})", fontsize=8.5, va="center",
                    parse_math=False)
    axes.set_xlabel(r"rate of the second bound / rate of the first    (Linear, normalizer: $\sqrt{\sigma^2+\varepsilon}\,/\,g$)",
                    fontsize=9, labelpad=5)
    axes.set_ylabel(r"rate of the second bound    (Linear: $s$)", fontsize=9, labelpad=4)
    figure.text(0.5475, 1 - 0.2 / total, "Two upper bounds per unit of depth: first normalized, second not", ha="center",
                va="center", fontsize=10)


def _ticks(axes: Any, reach: float) -> None:
    if reach <= 2:
        steps = [m * 10.0**e for e in range(-3, 3) for m in ((1, 2, 5) if reach > 1 else (1, 1.5, 2, 3, 4, 5, 7))]
        shown = [v for v in steps if abs(log10(v)) <= reach]
    else:
        stride = int(reach // 4) + 1
        shown = [10.0**e for e in range(-stride * 4, stride * 4 + 1, stride) if abs(e) <= reach]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(shown, labels=[f"{v:g}" for v in shown])
        axis.set_ticks([], minor=True)
    axes.tick_params(which="major", labelsize=8)


def _plain(label: str) -> str:
    text = " ".join(label.split())
    return text if len(text) <= 48 else f"{text[:45]}..."


def _names(axes: Any, reach: float) -> None:
    def at(x: float, y: float, text: str, size: float = 8.5, angle: float = 0.0, box: bool = False) -> None:
        paint = {"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none"} if box else None
        axes.text(10 ** (x * reach), 10 ** (y * reach), text, fontsize=size, ha="center", va="center", rotation=angle,
                  zorder=3, linespacing=1.3, bbox=paint)

    at(0.34, 0.80, "REDUCES\nboth explode,\nthe first more slowly")
    at(0.68, 0.16, "REDUCES\nfrom explosion to decay")
    at(0.55, -0.58, "REDUCES\nboth decay,\nthe first faster")
    at(-0.52, 0.62, "EXPLODES\nboth explode,\nthe first faster", box=True)
    at(-0.68, -0.17, "EXPLODES\nfrom decay to explosion", box=True)
    at(-0.29, -0.83, "EXPLODES\nboth decay,\nthe first more slowly")
    at(0.80, 0.80, r"$g\,s=\sqrt{\sigma^2+\varepsilon}$", 8.5, 45, True)
    at(0.0, -0.42, r"$g=\sqrt{\sigma^2+\varepsilon}$", 8.5, 90, True)
    at(0.93, 0.0, r"$s=1$", 8.5, 0, True)
