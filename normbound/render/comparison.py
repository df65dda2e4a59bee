"""A comparison of two networks as text for terminals, and as JSON. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

from normbound.calculus.bound import Bound, Value
from normbound.calculus.cautions import Caution
from normbound.calculus.comparison import Comparison, DepthRates, RateAt, Regime
from normbound.calculus.inequality import Inequality
from normbound.network.language import excerpt
from normbound.render.latex import conditions_of
from normbound.render.names import Names
from normbound.render.naming import Naming
from normbound.render.prose import code, escape, to_tex, to_text
from normbound.render.statement import LETTER, TITLES, domain, number_shown, vacuity
from normbound.render.templates import Tex, render
from normbound.render.tex import Tex as Page
from normbound.terms.evaluate import format_ball
from normbound.terms.store import Op, Term
from normbound.terms.text import to_lines
from normbound.version import VERSION

WIDTH = 13
COLUMNS = 112
MAX_LISTED = 6
MAX_NETWORK = 400
MAX_CONDITION = 240
NECESSARY = "the test for vacuity is necessary only: passing it does not prove that an input meets the floors"
_AT_LEAST_ONE = r"\ge 1"
_NEXT = " \\\\\n"
_ABOUT = {"first": "first network", "second": "second network", "both": "both networks"}
_MOVES = {-1: "shrinks", 0: "has rate 1", 1: "grows", None: "is not decided"}


def comparison_text(comparison: Comparison, values: Mapping[str, object] | None = None) -> str:
    """The comparison as a statement; with ``values`` also its regime there."""
    letter = LETTER[comparison.wrt]
    one, two = f"{letter}1", f"{letter}2"
    both = f"{one}/{two}"
    rows: list[tuple[str, str]] = []
    stripped = (comparison.normalizers[0].literal() != 0 and comparison.normalizers[1].literal() == 0
                and not {"other-differences", "different-inputs"} & {c.name for c in comparison.warnings})
    rows.append(("first", _network(comparison.first)))
    rows.append(("second", _network(comparison.second, "the first without its normalizers" if stripped else "")))
    counts = [str(t) for t in comparison.normalizers]
    rows.append(("normalizers", f"{counts[0]} in the first, {counts[1]} in the second"))
    rows += _term_rows(one, comparison.first.term)
    rows += _term_rows(two, comparison.second.term)
    if comparison.ratio is None:
        rows.append((both, f"undefined: {comparison.obstacle}"))
    else:
        rows += _term_rows(both, comparison.ratio)
    if comparison.condition is not None:
        rows += [("below 1" if k == 0 else "", line) for k, line in
                 enumerate(condition_text(comparison.condition, comparison, one, two))]
    for r in comparison.rates:
        rows += [(f"in {r.depth}" if k == 0 else "", line) for k, line in enumerate(_rate_lines(r, one, two))]
    for name, bound in (("first", comparison.first), ("second", comparison.second)):
        listed = bound.hypotheses
        lines = [f"{name}: {domain(bound)}", *map(str, listed[:MAX_LISTED])]
        if len(listed) > MAX_LISTED:
            lines.append(f"... and {len(listed) - MAX_LISTED} more")
        if not listed:
            lines.append("no hypothesis")
        rows += [("holds for" if k == 0 and name == "first" else "", line if k == 0 else f"  {line}")
                 for k, line in enumerate([*lines, *vacuity(bound)])]
    if values or not comparison.symbols():
        rows += _regime_rows(comparison, comparison.regime(values), values or {}, one, two)
    for k, caution in enumerate(comparison.warnings):
        rows.append(("beware" if k == 0 else "", _caution(caution)))
    rows.append(("normbound", f"{VERSION}, digests {comparison.first.digest} and {comparison.second.digest}"))
    title = f"{TITLES[comparison.wrt]}: two upper bounds compared"
    return "\n".join([title, *(line for name, text in rows for line in _wrapped(name, text))])


def condition_text(condition: Inequality, comparison: Comparison, one: str, two: str) -> list[str]:
    """When the first bound is below the second, in words."""
    if condition.always is not None:
        guard = _guard(condition) if condition.always else ""
        equal = comparison.ratio is not None and comparison.ratio.literal() == 1
        return [f"always{guard}" if condition.always else f"never: {one} = {two}" if equal else f"never: {one} >= {two}"]
    text = str(condition)
    bounds = (comparison.first.term, comparison.second.term)
    if (condition.left, condition.right) == bounds and len(text) > MAX_CONDITION:
        return [f"iff {one} < {two} as they stand: nothing cancels{_guard(condition)}"]
    if len(text) > MAX_CONDITION or "\n" in text:
        rows = [f"iff A < B{_guard(condition)}, at positive values of the symbols, where"]
        for name, side in (("A", condition.left), ("B", condition.right)):
            rows += [f"  {n} {t}".rstrip() for n, t in _term_rows(f"{name} =", side)]
        return rows
    return [f"iff {text}{_guard(condition)}, at positive values of the symbols"]


def comparison_latex(comparison: Comparison, names: Names | None = None, macros: bool = True) -> str:
    """The comparison as a fragment: bounds, quotient, when it is below 1, rates and cautions. It needs amsmath and amssymb."""
    names = names or Names()
    page = Page(names)
    letter = LETTER[comparison.wrt]
    one, two = f"{letter}_1", f"{letter}_2"
    rows = [page.display(x, bound.term) for x, bound in ((one, comparison.first), (two, comparison.second)) if not bound.unbounded]
    if comparison.ratio is not None:
        rows.append(page.display(f"{one}/{two}", comparison.ratio))
    naming = Naming(page)
    condition = comparison.condition
    said = ""
    if condition is not None and condition.always is None:
        sides = (condition.left, condition.right)
        shown = f"{one} < {two}" if sides == (comparison.first.term, comparison.second.term) else " < ".join(map(naming.tex, sides))
        as_is = " as they stand: nothing cancels" if shown == f"{one} < {two}" else ""
        guards = [f"${naming.tex(g)}{_AT_LEAST_ONE if g.kind == Op.SYM else '>0'}$" for g in condition.guard]
        said = f"${one}<{two}$ if and only if ${shown}${as_is}{''.join(f' and {g}' for g in guards)}, at positive values."
    elif condition is not None:
        said = f"${one}<{two}$ {'always' if condition.always else 'never'}."
    rates = []
    for r in comparison.rates:
        found = [f"${x}$ has rate ${naming.tex(y.rate)}$" for x, y in ((one, r.first), (two, r.second))
                 if y is not None and y.rate is not None]
        if r.ratio is not None:
            found.append(f"the quotient ${naming.tex(r.ratio)}$")
        if found:
            rates.append(f"Per unit of ${page.tex(r.depth)}$, {', '.join(found)}.")
    cautions = [Tex((rf"\emph{{{escape(_ABOUT[c.about]).capitalize()}:}} " if c.about != "both" else "")
                    + to_tex(c.text, c.terms, naming)) for c in comparison.warnings]  # type: ignore[arg-type]
    holds = [f"\\emph{{{which} network:}} {conditions_of(b, names)}" for which, b in (
        ("First", comparison.first), ("Second", comparison.second))]
    networks = [code(excerpt(b.network.body, MAX_NETWORK)) for b in (comparison.first, comparison.second)]
    return render("comparison.tex.j2", macros=Tex(names.preamble()) if macros else "",
                  heading=Tex(f" ({escape(TITLES[comparison.wrt])})"),
                  intro=Tex(rf"The bound ${one}$ is that of {networks[0]}, ${two}$ that of {networks[1]}."),
                  display=Tex(_NEXT.join(rows)), condition=Tex(said), rates=[Tex(r) for r in rates],
                  where=Tex(_NEXT.join(naming.definitions())), holds=[Tex(h) for h in holds],
                  notes=[Tex(n) for n in page.notes()], cautions=cautions)


def _guard(condition: Inequality) -> str:
    if not condition.guard:
        return ""
    return f" and {' and '.join(f'{g} >= 1' if g.kind == Op.SYM else f'{g} > 0' for g in condition.guard)}"


def _network(bound: Bound, title: str = "") -> str:
    title = title or bound.network.title
    return excerpt(bound.network.body, MAX_NETWORK) + (f"  ({title})" if title else "")


def _term_rows(name: str, term: Term) -> list[tuple[str, str]]:
    if term.is_unbounded:
        return [(name, "unbounded: no finite constant follows from the hypotheses")]
    lines = to_lines(term)
    return [(name, lines[-1][1]), *(("", f"  {n} = {t}" if n != "..." else f"  {t}") for n, t in lines[:-1])]


def _rate_lines(r: DepthRates, one: str, two: str) -> list[str]:
    lines = [f"{letter} {found}" for letter, found in ((one, r.first), (two, r.second)) if found is not None]
    if r.ratio is not None:
        if r.ratio.literal() == 1:
            return [*lines, f"{one}/{two} has rate 1: it neither grows nor shrinks exponentially"]
        per = "" if r.normalizer is None else (" and of normalizers" if r.normalizer == r.ratio else
                                               f", {r.normalizer} per normalizer")
        line = f"{one}/{two} {r.ratio} per unit of {r.depth}{per}"
        t = r.threshold
        if t is not None and t.always is None:
            line += f"; below 1 iff {t}"
        elif t is not None:
            line += f"; {'always' if t.always else 'never'} below 1"
        lines.append(line)
    return [*lines, *r.notes]


def _regime_rows(comparison: Comparison, regime: Regime, values: Mapping[str, object], one: str,
                 two: str) -> list[tuple[str, str]]:
    rows = [("at", ", ".join(f"{k} = {_value(v)}" for k, v in list(values.items())[:20]))] if values else []
    rows += [(one, _short(regime.first)), (two, _short(regime.second))]
    if regime.ratio is not None and regime.verdict not in ("vacuous", "unmet"):
        rows.append((f"{one}/{two}", format_ball(regime.ratio)))
    bare = all(t.literal() == 0 for t in comparison.normalizers)
    proved = "proved at these numbers" + ("; neither network has normalizers" if bare else "")
    said = {
        "reduces": f"reduces: {one} < {two}, {proved}",
        "neutral": f"neutral: {one} = {two}, {proved}",
        "explodes": f"explodes: {one} > {two}, {proved}",
        "undecided": f"undecided: {regime.reasons[0] if regime.reasons else ''}",
        "vacuous": "vacuous: no input meets the floors, so the bound says nothing and the ratio means nothing",
        "unmet": "unmet: a hypothesis is false at these numbers, so the bound says nothing",
        "unbounded": f"unbounded: {regime.reasons[0] if regime.reasons else ''}",
    }
    rows.append(("regime", said[regime.verdict]))
    if regime.verdict in ("vacuous", "unmet"):
        rows += [("", f"  {r}") for r in regime.reasons]
    elif any(h.kind == "floor" for b in (comparison.first, comparison.second) for h in b.hypotheses):
        rows.append(("", NECESSARY))
    for r in regime.rates if regime.verdict != "vacuous" else ():
        line = _moves(r, one, two)
        if line:
            rows.append(("", f"with {r.depth}: {line}"))
    return rows


def _moves(r: RateAt, one: str, two: str) -> str:
    parts = []
    for name, ball, side in zip((one, two, f"{one}/{two}"), r[1:4], r.sides, strict=True):
        if ball is None:
            continue
        parts.append(f"{name} {_MOVES[side]}" + (f" (rate {format_ball(ball, 5)})" if side else ""))
    return ", ".join(parts)


def _short(value: Value) -> str:
    number = f"<= {value.upper}" if value.ball.is_finite() else value.upper
    return number if value.status == "holds" else f"{number} [{value.status}]"


def _value(v: object) -> str:
    if isinstance(v, (list, tuple)):
        return f"({', '.join(map(number_shown, v[:4]))}{', ...' if len(v) > 4 else ''})"
    return number_shown(v)


def _caution(caution: Caution) -> str:
    about = "" if caution.about == "both" else f" ({_ABOUT[caution.about]})"
    return f"[{caution.name}]{about} {to_text(caution.text, caution.terms)}"


def _wrapped(name: str, text: str) -> list[str]:
    indent = len(text) - len(text.lstrip())
    lines = wrap(text, COLUMNS - WIDTH - 2, break_long_words=False, break_on_hyphens=False,
                 subsequent_indent=" " * (indent + 2)) or [""]
    return [f"  {name:<{WIDTH}}{lines[0]}".rstrip(), *(f"  {'':<{WIDTH}}{line}" for line in lines[1:])]


def comparison_json(comparison: Comparison, values: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The same content as plain data; texts of cautions in plain text and as TeX prose."""
    found: dict[str, Any] = {
        "normbound": VERSION,
        "wrt": comparison.wrt,
        "first": _bound_json(comparison.first, comparison.normalizers[0]),
        "second": _bound_json(comparison.second, comparison.normalizers[1]),
        "ratio": None if comparison.ratio is None else _term_json(comparison.ratio),
        "obstacle": comparison.obstacle or None,
        "condition": None if comparison.condition is None else _condition_json(comparison.condition),
        "rates": [{
            "depth": str(r.depth), "first": None if r.first is None else str(r.first),
            "second": None if r.second is None else str(r.second), "ratio": None if r.ratio is None else str(r.ratio),
            "per_normalizer": None if r.normalizer is None else str(r.normalizer),
            "below_1": None if r.threshold is None else _condition_json(r.threshold),
            "critical_lines_of_first": [] if r.first is None else [[str(a), str(b)] for a, b in r.first.critical_lines()],
            "notes": list(r.notes)} for r in comparison.rates],
        "warnings": [{"name": c.name, "about": c.about, "condition": to_text(c.condition, c.terms),
                      "text": to_text(c.text, c.terms), "tex": c.text, "terms": {k: str(t) for k, t in c.terms.items()}}
                     for c in comparison.warnings],
    }
    if values or not comparison.symbols():
        regime = comparison.regime(values)
        found["at"] = {k: [str(y) for y in v] if isinstance(v, (list, tuple)) else str(v) for k, v in (values or {}).items()}
        found["regime"] = {
            "verdict": regime.verdict, "reasons": list(regime.reasons),
            "ratio": None if regime.ratio is None else regime.ratio.str(20),
            "first": _value_json(regime.first), "second": _value_json(regime.second),
            "rates": [{"depth": str(r.depth), **{name: None if ball is None else ball.str(20)
                                                 for name, ball in zip(("first", "second", "ratio"), r[1:4], strict=True)},
                       "sides": list(r.sides)} for r in regime.rates]}
    return found


def _bound_json(bound: Bound, count: Term) -> dict[str, Any]:
    return {"digest": bound.digest, "title": bound.network.title, "network": excerpt(bound.network.body, 100_000),
            "normalizers": str(count), **_term_json(bound.term), "unbounded": bound.unbounded, "domain": domain(bound),
            "hypotheses": [{"id": h.id, "kind": h.kind, "statement": h.statement, "binder": h.binder}
                           for h in bound.hypotheses], "vacuity": vacuity(bound)}


def _term_json(term: Term) -> dict[str, Any]:
    lines = to_lines(term)
    return {"term": lines[-1][1], "where": dict(lines[:-1])}


def _condition_json(condition: Inequality) -> dict[str, Any]:
    return {"left": _term_json(condition.left), "relation": condition.relation, "right": _term_json(condition.right),
            "solved": condition.solved, "always": condition.always, "positive": [str(g) for g in condition.guard]}


def _value_json(value: Value) -> dict[str, Any]:
    return {"ball": value.ball.str(20), "at_most": value.upper, "status": value.status, "reasons": list(value.reasons)}
