"""Figures of the numerical checks, as vector PDF and as PNG.

A plot reads the ``series`` of a finding and draws them; it computes nothing but the lines whose formula the series names.
Figures are black on white, labelled directly, as wide as one column, and the same bytes for the same series.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from normbound.errors import UnsupportedError

SIZE = (4.8, 3.0)  # inches: one column
GREY, LIGHT = "0.45", "0.75"
_STYLE = {
    "font.family": "cmr10", "mathtext.fontset": "cm", "axes.formatter.use_mathtext": True, "axes.unicode_minus": False,
    "font.size": 9, "axes.labelsize": 9, "xtick.labelsize": 8, "ytick.labelsize": 8, "axes.linewidth": 0.6,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.minor.width": 0.4, "ytick.minor.width": 0.4,
    "xtick.direction": "in", "ytick.direction": "in", "lines.linewidth": 0.9, "pdf.fonttype": 42, "path.simplify": True,
    "svg.hashsalt": "normbound", "figure.dpi": 200, "savefig.dpi": 200, "figure.autolayout": False,
}


class Found(Protocol):
    """What a plot reads of a finding."""

    @property
    def series(self) -> Mapping[str, Mapping[str, Any]]: ...


def plot(result_id: str, finding: Found, folder: Path) -> list[Path]:
    """Draw the figure of one result ("R1" to "R9") into ``folder``; the paths written, PDF before PNG.

    A finding without series has nothing to draw: the list is empty. Raises UnsupportedError when matplotlib is missing or
    the result is unknown.
    """
    if result_id not in _FIGURES:
        raise UnsupportedError(f"no plot for {result_id!r}; there are plots for {', '.join(_FIGURES)}")
    if not finding.series:
        return []
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UnsupportedError('plots need matplotlib, which is not installed; pip install "normbound[plots]"') from error
    written = []
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams
        settings.update(_STYLE)
        for name, draw in _FIGURES[result_id].items():
            figure = Figure(figsize=SIZE, layout="constrained")
            FigureCanvasAgg(figure)
            if not draw(figure.add_subplot(), finding.series):
                continue
            for kind, metadata in (("pdf", {"CreationDate": None, "Creator": "normbound", "Producer": None}),
                                   ("png", {"Software": None})):
                path = Path(folder) / f"{name}.{kind}"
                with _quiet():
                    figure.savefig(path, format=kind, metadata=metadata)
                written.append(path)
    return written


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the remarks of the font subsetter on the dates inside matplotlib's Computer Modern fonts."""
    log = logging.getLogger("fontTools")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


# -- pieces -------------------------------------------------------------------------------------------------------
def _bare(axes: Any) -> None:
    """No frame above and on the right."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _whole(axes: Any, ticks: Iterable[int]) -> None:
    axes.set_xticks(sorted(set(ticks)))


def _spread(positions: Sequence[float], gap: float) -> list[float]:
    """Positions moved apart to at least ``gap``, order kept, as little as possible for few labels."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    out = list(positions)
    for _ in range(200):
        moved = False
        for a, b in pairwise(order):
            short = gap - (out[b] - out[a])
            if short > 1e-9:
                out[a] -= short / 2
                out[b] += short / 2
                moved = True
        if not moved:
            break
    return out


def _end_labels(axes: Any, ends: Sequence[tuple[float, float, str]], share: float = 0.065) -> None:
    """Texts right of the ends of lines, moved apart where they would overlap; y in the units of the axis."""
    scale = axes.transData.transform
    height = axes.transAxes.transform([(0, 0), (0, 1)])[:, 1]
    pixels = [float(scale((x, y))[1]) for x, y, _ in ends]
    spread = _spread(pixels, share * (height[1] - height[0]))
    for (x, y, text), pixel, moved in zip(ends, pixels, spread, strict=True):
        axes.annotate(text, (x, y), xytext=(4, (moved - pixel) * 72 / axes.figure.dpi), textcoords="offset points",
                      va="center", ha="left", fontsize=8)


def _fraction(value: float) -> str:
    """3/2 for 1.5, in TeX, for the few ratios that label lines."""
    from fractions import Fraction
    q = Fraction(value).limit_denominator(64)
    return str(q.numerator) if q.denominator == 1 else f"{q.numerator}/{q.denominator}"


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


# -- R1, R2, R4, R5: measured/bound by depth ----------------------------------------------------------------------
def _ratios(symbol: str) -> Callable[[Any, Mapping[str, Mapping[str, Any]]], bool]:
    def draw(axes: Any, series: Mapping[str, Mapping[str, Any]]) -> bool:
        """Every sampled network a dash, the median of the Gaussian ones a line, the exact networks squares on 1."""
        sampled, attained = series["sampled"], series["attained"]
        depths = sorted(set(sampled["x"]))
        if not depths:
            return False
        rows = list(zip(sampled["x"], sampled["y"], sampled["law"], strict=True))
        places = {k: i for i, k in enumerate(depths)}
        gaussian = {k: [y for x, y, law in rows if x == k and law == "gaussian"] for k in depths}
        medians = [(places[k] + 0.14, _quantile(v, 0.5)) for k, v in gaussian.items() if v]
        lowest = [_quantile([y for x, y, _ in rows if x == k], 0.05) for k in depths]
        floor = 10.0 ** _below(max(1e-12, min(*lowest, *(y for _, y in medians), 0.1)))
        for text, color, shift, law in (("other laws", LIGHT, -0.14, False), ("Gaussian", GREY, 0.14, True)):
            chosen = [(places[x] + shift, y) for x, y, name in rows if (name == "gaussian") == law and y >= floor]
            axes.plot([x for x, _ in chosen], [y for _, y in chosen], linestyle="none", marker="_", markersize=7,
                      markeredgewidth=0.5, color=color, zorder=1, label=text)
            lost = sorted({places[x] + shift for x, y, name in rows if (name == "gaussian") == law and y < floor})
            axes.plot(lost, [floor * 1.4] * len(lost), linestyle="none", marker="v", markersize=2.5, color=color)
        axes.plot([x for x, _ in medians], [y for _, y in medians], color="black", marker=".", markersize=4, zorder=3,
                  label="Gaussian, median")
        exact = sorted({(places[k], y) for k, y in zip(attained["x"], attained["y"], strict=True) if k in places})
        axes.plot([x for x, _ in exact], [y for _, y in exact], linestyle="none", marker="s", markersize=4.5,
                  markerfacecolor="white", markeredgecolor="black", markeredgewidth=0.9, zorder=4, label="exact networks")
        axes.axhline(1.0, color="black", linewidth=0.6, zorder=0)
        axes.set_yscale("log")
        axes.set_ylim(floor, 2.5)
        axes.set_xlim(-0.5, len(depths) - 0.5)
        axes.set_xticks(range(len(depths)), [str(k) for k in depths])
        axes.set_xlabel("depth $K$")
        axes.set_ylabel(f"measured / bound {symbol}")
        axes.minorticks_off()
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=4, frameon=False, fontsize=8, handlelength=1.4,
                    handletextpad=0.5, columnspacing=1.6, borderaxespad=0.2)
        _bare(axes)
        return True
    return draw


def _below(value: float) -> int:
    """The exponent of the power of ten at or below a number in (0, 1]."""
    exponent = 0
    while 10.0 ** exponent > value:
        exponent -= 1
    return exponent


# -- R3: exponential lower bound ----------------------------------------------------------------------------------
def _lower(axes: Any, series: Mapping[str, Mapping[str, Any]]) -> bool:
    """Random members: logarithms of measured constants, and the exponential lines they reach or exceed."""
    from math import log
    top = 0
    ends = []
    for name, key in (("aligned", "s"), ("positive", "cd")):
        row = series[name]
        if not row["x"]:
            return False
        last = max(row["x"])
        top = max(top, last)
        bases = sorted(set(row[key]))
        if name == "aligned":
            picked = [bases[0], bases[len(bases) // 2], bases[-1]]
        else:  # the member whose line is farthest from those above
            shown = [log(b) for b in (min(series["aligned"]["s"]), max(series["aligned"]["s"]))]
            aim = shown[0] + 0.72 * (shown[1] - shown[0])
            picked = [min(bases, key=lambda b: abs(log(b) - aim))]
        for base in picked:
            points = sorted((x, y) for x, y, b in zip(row["x"], row["y"], row[key], strict=True) if b == base)
            plain = name == "aligned"
            axes.plot([0, last], [0, last * log(base) / log(10)], color="black", linewidth=0.8,
                      linestyle="-" if plain else "--", zorder=1)
            axes.plot([x for x, _ in points], [y / log(10) for _, y in points], linestyle="none", marker="o" if plain else "^",
                      markersize=4, markerfacecolor="white", markeredgecolor="black", markeredgewidth=0.8, zorder=2)
            ends.append((last, last * log(base) / log(10), f"$s^K,\\ s={base:.2f}$" if plain else f"$(cd)^K,\\ cd={base:.2f}$"))
            if not plain:
                ends.append((last, points[-1][1] / log(10), r"entries $>c$"))
    axes.set_xlim(0, top * 1.36)
    axes.set_ylim(bottom=0)
    axes.spines["bottom"].set_bounds(0, top)
    _whole(axes, range(0, top + 1, 8))
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("depth $K$", x=0.5 / 1.36)
    axes.set_ylabel(r"$\log_{10}$ of the Lipschitz constant")
    axes.figure.draw_without_rendering()
    _end_labels(axes, ends)
    _bare(axes)
    return True


# -- R6: exponential reduction ------------------------------------------------------------------------------------
def _reduction(axes: Any, series: Mapping[str, Mapping[str, Any]]) -> bool:
    """True constants with the same weights: markers measured, lines exact."""
    from math import exp
    ends = []
    for name, row in series.items():
        plain = name == "without normalization"
        rate = row["rate"]
        axes.plot([0, row["x"][-1]], [1.0, exp(rate * row["x"][-1])], color="black", linewidth=0.8,
                  linestyle="--" if plain else "-", zorder=1)
        every = list(range(1, len(row["x"]), 3)) if len(row["x"]) > 12 else range(len(row["x"]))
        axes.plot([row["x"][i] for i in every], [exp(row["y"][i]) for i in every], linestyle="none",
                  marker="s" if plain else "o", markersize=3.5, markeredgecolor="black", markeredgewidth=0.7,
                  markerfacecolor="black" if plain else "white", zorder=2)
        label = r"without: $s^K$" if plain else f"$q={_fraction(row['q'])}$: ${_power(exp(rate))}$"
        ends.append((row["x"][-1], exp(row["y"][-1]), label))
    axes.set_yscale("log")
    last = ends[0][0]
    axes.set_xlim(0, last * 1.36)
    axes.spines["bottom"].set_bounds(0, last)
    _whole(axes, range(0, last + 1, 10))
    axes.set_xlabel("depth $K$", x=0.5 / 1.36)
    axes.set_ylabel("Lipschitz constant")
    axes.figure.draw_without_rendering()
    _end_labels(axes, ends)
    axes.text(0.03, 0.96, r"$s=3/2,\ g=1,\ q=\sqrt{\sigma^2+\varepsilon}$", transform=axes.transAxes, va="top", fontsize=9)
    _bare(axes)
    return True


def _power(base: float) -> str:
    text = _fraction(base)
    return "1" if text == "1" else rf"({text})^K" if "/" in text else f"{text}^K"


# -- R7: gradients by layer ---------------------------------------------------------------------------------------
def _gradients(axes: Any, series: Mapping[str, Mapping[str, Any]]) -> bool:
    """The norm of the gradient in each layer; the same weights with and without normalization."""
    notes = []
    for name, row in series.items():
        plain = name == "without normalization"
        axes.plot(row["x"], row["y"], color="black", linewidth=0.8, linestyle="--" if plain else "-",
                  marker="s" if plain else "o", markersize=3.5, markeredgecolor="black", markeredgewidth=0.7,
                  markerfacecolor="black" if plain else "white")
        text = "without normalization" if plain else f"$gs/q={_fraction(row['rate'])}$"
        at = len(row["x"]) // 4
        notes.append((row["x"][at], row["y"][at], text, row["y"][0] < row["y"][-1] / 2))
    axes.set_yscale("log")
    depth = max(max(row["x"]) for row in series.values())
    axes.set_xlim(0.3, depth + 0.7)
    _whole(axes, [1, *range(5, depth + 1, 5)] if depth >= 10 else range(1, depth + 1))
    axes.set_xlabel(f"layer $j$ of {depth}")
    axes.set_ylabel("norm of the gradient in layer $j$")
    for x, y, text, rising in notes:
        axes.annotate(text, (x, y), xytext=(4, -4 if rising else 4), textcoords="offset points", fontsize=8,
                      va="top" if rising else "bottom")
    _bare(axes)
    return True


# -- R8: generalization -------------------------------------------------------------------------------------------
def _violations(axes: Any, series: Mapping[str, Mapping[str, Any]]) -> bool:
    """Rates of violation with their intervals against delta: below the diagonal is what a bound promises."""
    if "stated" not in series:
        return False
    least = min(series["stated"]["x"])
    floor = 10.0 ** (_below(min(h for h in series["stated"]["high"])) - 0.3)
    for name, marker, face in (("wrong", "s", "black"), ("stated", "o", "white")):
        row = series[name]
        ys = [max(y, floor) for y in row["y"]]
        low = [y - max(v, floor) for y, v in zip(ys, row["low"], strict=True)]
        high = [v - y for y, v in zip(ys, row["high"], strict=True)]
        axes.errorbar(row["x"], ys, yerr=[low, high], linestyle="none", marker=marker, markersize=4, color="black",
                      markerfacecolor=face, markeredgewidth=0.8, elinewidth=0.8, capsize=2.5, clip_on=False, zorder=3)
    axes.plot([least / 2, 1], [least / 2, 1], color="black", linewidth=0.8)
    axes.fill_between([least / 2, 1], [least / 2, 1], 1, color="0.92", linewidth=0, zorder=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(least / 1.6, 0.8)
    axes.set_ylim(floor, 1.0)
    ticks = series["stated"]["x"]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    axes.set_xlabel(r"$\delta$")
    axes.set_ylabel("rate of violation")
    stated = series["stated"]
    axes.annotate("without the number of cells: rejected", (least, 0.17), xytext=(-4, 0), textcoords="offset points",
                  fontsize=8, va="top")
    zero = any(y < floor for y in stated["y"])
    axes.annotate("the stated bound" + (" (circles on the axis: no violation)" if zero else ""),
                  (max(ticks), max(stated["high"])), xytext=(8, 5), textcoords="offset points", fontsize=8, ha="right")
    axes.annotate(r"rate $=\delta$", (ticks[-1], ticks[-1]), xytext=(4, -12), textcoords="offset points", fontsize=8)
    _bare(axes)
    return True


def _gaps(axes: Any, series: Mapping[str, Mapping[str, Any]]) -> bool:
    """The term of the gap that the network enters, with and without normalization."""
    row = series.get("gap by depth")
    if row is None:
        return False
    ends = []
    for name, marker, face, style in (("without", "s", "black", "--"), ("with", "o", "white", "-")):
        axes.plot(row["x"], row[name], color="black", linewidth=0.8, linestyle=style, marker=marker, markersize=3.5,
                  markeredgecolor="black", markeredgewidth=0.7, markerfacecolor=face)
        ends.append((row["x"][-1], row[name][-1], f"{name} normalization"))
    axes.plot([0, row["x"][-1]], [1, 1], color="black", linewidth=0.6, linestyle=":")
    ends.append((row["x"][-1], 1.0, "range of the loss"))
    axes.text(0.03, 0.96, r"$s=3/2,\ g=1,\ \sqrt{\sigma^2+\varepsilon}=2$", transform=axes.transAxes, va="top")
    axes.set_yscale("log")
    last = max(row["x"])
    axes.set_xlim(0, last * 1.4)
    axes.spines["bottom"].set_bounds(0, last)
    _whole(axes, range(0, last + 1, 5))
    axes.set_xlabel("depth $K$", x=0.5 / 1.4)
    axes.set_ylabel(r"$\Lambda\,\mathrm{diam}$, bound")
    axes.figure.draw_without_rendering()
    _end_labels(axes, ends)
    _bare(axes)
    return True


# -- R9: the border, and explosion --------------------------------------------------------------------------------
def _regimes(axes: Any, series: Mapping[str, Mapping[str, Any]]) -> bool:
    """Measured signs on a grid, and the two lines: g s = q (absolute) and g = q (relative to the network without N)."""
    row = series["regimes"]
    if not row["x"]:
        return False
    for sign, marker, face, size in ((-1, "o", "white", 3.2), (0, "s", LIGHT, 4.2), (1, "o", "black", 3.2)):
        chosen = [(x, y) for x, y, s in zip(row["x"], row["y"], row["sign"], strict=True) if s == sign]
        axes.plot([x for x, _ in chosen], [y for _, y in chosen], linestyle="none", marker=marker, markersize=size,
                  markerfacecolor=face, markeredgecolor="black", markeredgewidth=0.6, zorder=2)
    top = max(row["x"]) + 0.125
    axes.plot([0, top], [0, top], color="black", linewidth=0.9, zorder=1)
    axes.plot([0, top], [1, 1], color="black", linewidth=0.7, linestyle="--", zorder=1)
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    axes.set_xlabel("spectral norm $s$")
    axes.set_ylabel(r"$\sqrt{\sigma^2+\varepsilon}\,/\,g$")
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(range(int(top) + 1))
    notes = ((0.92, r"$\circ$  measured rate below 1"), (0.83, r"grey squares: measured rate 1"),
             (0.74, r"$\bullet$  measured rate above 1"), (0.56, r"solid line: $gs=\sqrt{\sigma^2+\varepsilon}$"),
             (0.44, r"dashed line: $g=\sqrt{\sigma^2+\varepsilon}$,"),
             (0.36, "below it the constant exceeds"), (0.28, "that without normalization"))
    for height, text in notes:
        axes.text(1.06, height, text, transform=axes.transAxes, fontsize=8, va="baseline")
    return True


def _explosion(axes: Any, series: Mapping[str, Mapping[str, Any]]) -> bool:
    """Constants of networks whose weights have spectral norm 1, with LayerNorm; without it all constants are 1."""
    from math import exp
    ends = []
    for name, row in sorted(series.items()):
        if not name.startswith("c = "):
            continue
        axes.plot([0, row["x"][-1]], [1.0, exp(row["rate"] * row["x"][-1])], color="black", linewidth=0.8)
        axes.plot(row["x"], [exp(y) for y in row["y"]], linestyle="none", marker="o", markersize=4, markerfacecolor="white",
                  markeredgecolor="black", markeredgewidth=0.8)
        ends.append((row["x"][-1], exp(row["y"][-1]), f"${_power(exp(row['rate']))}$"))
    if not ends:
        return False
    last = max(x for x, _, _ in ends)
    axes.plot([0, last], [1, 1], color="black", linewidth=0.8, linestyle="--")
    ends.append((last, 1.0, "without LayerNorm"))
    axes.set_yscale("log")
    axes.set_xlim(0, last * 1.36)
    axes.spines["bottom"].set_bounds(0, last)
    axes.set_ylim(0.3, None)
    _whole(axes, range(0, last + 1, 10 if last > 12 else 4))
    axes.set_xlabel("depth $K$, all weights of spectral norm 1", x=0.5 / 1.36)
    axes.set_ylabel("Lipschitz constant")
    for x, y, text in ends:
        axes.annotate(text, (x, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8)
    _bare(axes)
    return True


_FIGURES: dict[str, dict[str, Callable[[Any, Mapping[str, Mapping[str, Any]]], bool]]] = {
    "R1": {"R1-tightness": _ratios("$L$")},
    "R2": {"R2-tightness": _ratios("$P$")},
    "R3": {"R3-lower-bound": _lower},
    "R4": {"R4-tightness": _ratios("$L$")},
    "R5": {"R5-tightness": _ratios("$P$")},
    "R6": {"R6-reduction": _reduction},
    "R7": {"R7-gradients": _gradients},
    "R8": {"R8-violations": _violations, "R8-gap": _gaps},
    "R9": {"R9-border": _regimes, "R9-explosion": _explosion},
}
