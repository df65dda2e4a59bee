"""The audit as a table for terminals. It reads plain data (``Audit.to_data()``); nothing is computed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from textwrap import wrap
from typing import Any

from normbound.version import VERSION

COLUMNS = 118
MAX_PROBLEMS = 8
_TITLES = {"layer": "Layers", "part": "Primitive parts", "rule": "Composition rules"}
_HEAD = (f"{'':<17}{'claimed':<10}{'networks':>9}{'points':>8}{'tests':>9}  {'measured/bound':<15}{'attained':<11}"
         f"{'mutants killed':>15}{'left':>6}{'seconds':>9}  verdict")


def table(data: Mapping[str, Any], survivors: bool = False) -> str:
    """One line per contract and rule, then the totals; with ``survivors`` every mutant that was not killed."""
    lines = [_HEAD]
    for kind, title in _TITLES.items():
        rows = [r for r in data["rows"] if r["kind"] == kind]
        if rows:
            lines += ["-" * len(_HEAD), title]
            lines += [_line(r) for r in rows]
    lines.append("-" * len(_HEAD))
    for r in data["rows"]:
        lines += _problems(r)
    lines += _reasons(data)
    if survivors:
        lines += _survivors(data)
    return "\n".join([*lines, *_summary(data)])


def _line(r: Mapping[str, Any]) -> str:
    left = sum(len(c["survivors"]) for c in r["claims"])
    return (f"  {r['name']:<15}{r['claimed']:<10}{r['networks']:>9}{r['points']:>8}{r['tests']:>9}  {_ratio(r['largest']):<15}"
            f"{_ratio(r['attained']):<11}{r['killed']:>7}/{r['mutants']:<7}{left or '-':>6}{r['seconds']:>9.1f}  "
            f"{'passed' if r['passed'] else 'FAILED'}")


def _ratio(x: float) -> str:
    """Six digits, never rounded up to 1."""
    return "1.000000" if x >= 1 - 5e-10 and x <= 1 + 1e-9 else f"{min(x, 0.999999):.6f}" if x < 1 else f"{x:.6f}"


def _problems(r: Mapping[str, Any]) -> list[str]:
    shown = [line for p in r["problems"][:MAX_PROBLEMS]
             for line in wrap(f"FAILED {r['name']}: {p}", COLUMNS, subsequent_indent="    ", break_long_words=False)]
    more = len(r["problems"]) - MAX_PROBLEMS
    return [*shown, f"    and {more} more for {r['name']}"] if more > 0 else shown


def _reasons(data: Mapping[str, Any]) -> list[str]:
    """Why mutants survived, with counts."""
    counts: Counter[tuple[str, str]] = Counter()
    for r in data["rows"]:
        for c in r["claims"]:
            for s in c["survivors"]:
                counts[r["name"], f"{c['claim']}: {s['reason'] or 'NO REASON'}"] += 1
    if not counts:
        return []
    lines = ["mutants that survived, and why they cannot be killed"]
    for (name, reason), count in counts.items():
        lines += wrap(f"  {count:>4}  {name}, {reason}", COLUMNS, subsequent_indent=" " * 8, break_long_words=False)
    return lines


def _survivors(data: Mapping[str, Any]) -> list[str]:
    lines = []
    for r in data["rows"]:
        for c in r["claims"]:
            for s in c["survivors"]:
                lines += wrap(f"  {r['name']}, {c['case']}: {c['claim']} = {c['promise']}: {s['change']}", COLUMNS,
                              subsequent_indent="        ", break_long_words=False)
    return lines


def _summary(data: Mapping[str, Any]) -> list[str]:
    t, c = data["tightness"], data["claims"]
    explained = data["survivors"] - data["unexplained"]
    return [f"{len(data['rows'])} contracts and rules, {data['networks']} networks, {data['tests']} tests, seed {data['seed']}"
            f"{', quick' if data['quick'] else ''}: {'passed' if data['passed'] else 'FAILED'}",
            f"mutants: {data['killed']} of {data['mutants']} killed, {explained} survive with a reason, "
            f"{data['unexplained']} without; {data['equivalent']} more were the same function",
            f"Lipschitz constants, largest measured over promised: smallest {_ratio(t['min'])}, median {_ratio(t['median'])}, "
            f"largest {_ratio(t['max'])}" if t else "nothing was measured",
            f"promises: {c['attained']} attained, {c['approached']} approached, {c['upper']} only upper bounds (the loosest: "
            f"{c['loosest']}, {c['smallest']:.4f})",
            f"{data['seconds']:.1f} seconds, normbound {VERSION}"]


def to_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the version."""
    return {"normbound": VERSION, **data}
