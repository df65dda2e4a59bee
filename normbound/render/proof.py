"""The outcome of `normbound prove` for a terminal. Works on the plain data of a proof; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from normbound.render.statement import TITLES

NARROW, WIDE = 80, 120  # columns that are used, whatever the terminal has
LABEL = 12
MAX_LINES = 14  # of the statement in Coq and of the hypotheses; the whole is in the JSON
SHORT = {"input": "L, input", "parameters": "P, parameters", "radius": "M, radius"}
_COLOURS = {"proved": "\x1b[1;32m", "rejected": "\x1b[1;31m"}
_OTHER, _END = "\x1b[1;33m", "\x1b[0m"
Data = Mapping[str, Any]


def proof_text(data: Data, columns: int = 100, colour: bool = False) -> str:
    """One proof: the verdict first, then what is proved, under which conditions, and what the verdict rests on."""
    width = max(NARROW, min(WIDE, columns)) - LABEL - 3
    lines = [f"{TITLES[data['wrt']]}, {data['title']}"]

    def add(label: str, rows: Sequence[str]) -> None:
        for k, row in enumerate(rows):
            lines.append(f"  {label if k == 0 else '':<{LABEL}}{row}".rstrip())

    add("verdict", [_painted(data, line, colour) for line in _wrapped(data["verdict"], width)])
    add("reason", _wrapped(data["reason"], width))
    add("says", _wrapped(data["words"], width))
    add("assuming", _cut([row for h in data["hypotheses"] for row in _wrapped(h, width)], "hypotheses"))
    add("relative to", _wrapped("; ".join(data["relative"]), width))
    add("witness", _wrapped(data["witness"], width))
    add("in Coq", _cut(_wrapped(data["statement"], width), "statement"))
    if data["kernel"]:
        add("kernel", _wrapped(f"{data['kernel']}, {data['seconds']:.1f} s", width))
    if data["status"] == "proved":
        add("axioms", _wrapped(_axioms(data["axioms"]), width))
    if data["size"]:
        add("certificate", _wrapped(f"{data['size']:,} bytes, {data['nodes']:,} terms"
                                    + (f", written to {data['kept']}" if data["kept"] else ""), width))
    add("normbound", [f"{data['version']}, digest {data['digest']}"])
    return "\n".join(lines)


def proof_table(rows: Sequence[tuple[str, Data]], columns: int = 100, colour: bool = False) -> str:
    """Several proofs, one line each: network, bound, verdict, seconds, number of axioms; below, each reason once."""
    width = max(NARROW, min(WIDE, columns))
    shown = [("network", "bound", "verdict", "seconds", "axioms"),
             *((name, SHORT[d["wrt"]], d["verdict"], f"{d['seconds']:.1f}" if d["kernel"] else "-",
                str(len(d["axioms"])) if d["status"] == "proved" else "-") for name, d in rows)]
    sizes = [max(len(row[k]) for row in shown) for k in range(5)]
    sizes[2] = min(sizes[2], max(20, width - sizes[0] - sizes[1] - sizes[3] - sizes[4] - 8))
    lines = []
    for row, data in zip(shown, [None, *(d for _, d in rows)], strict=True):
        cells = [c.ljust(w) if k < 3 else c.rjust(w) for k, (c, w) in enumerate(zip(row, sizes, strict=True))]
        if len(row[2]) > sizes[2]:
            cells[2] = row[2][:sizes[2] - 3] + "..."
        if data is not None:
            cells[2] = _painted(data, cells[2], colour)
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * (sum(sizes) + 8))
    proved = sum(d["status"] == "proved" for _, d in rows)
    used = sorted({a for _, d in rows if d["status"] == "proved" for a in d["axioms"]})
    lines.append(f"{proved} of {len(rows)} proved")
    if proved:
        lines += wrap(f"axioms: {_axioms(used)}", width)
    reasons: dict[str, list[str]] = {}
    for name, d in rows:
        if d["reason"]:
            reasons.setdefault(f"{d['verdict']}: {d['reason']}", []).append(f"{name}, {d['wrt']}")
    for reason, where in reasons.items():
        shared = "all" if 1 < len(where) == len(rows) else "; ".join(where)
        lines += wrap(f"{shared}: {reason}", width, subsequent_indent="    ")
    return "\n".join(lines)


def _axioms(names: Sequence[str]) -> str:
    if not names:
        return "none"
    return f"of the classical reals: {', '.join(n.rpartition('.')[2] for n in names)}"


def _painted(data: Data, text: str, colour: bool) -> str:
    return f"{_COLOURS.get(data['status'], _OTHER)}{text}{_END}" if colour else text


def _wrapped(text: str, width: int) -> list[str]:
    return [row for line in text.splitlines() for row in wrap(line, width, break_on_hyphens=False) or [""]]


def _cut(rows: Sequence[str], what: str) -> list[str]:
    if len(rows) <= MAX_LINES:
        return list(rows)
    return [*rows[:MAX_LINES - 1], f"... ({len(rows) - MAX_LINES + 1} more lines; --json prints the whole {what})"]
