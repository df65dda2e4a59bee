"""Outcomes for a terminal, as JSON and as certificate files. Nothing is computed here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from normbound.claims.document import Claim, Document
from normbound.claims.verdict import CERTIFICATE, ENCLOSED, KERNEL, PROVED, RANKED, REFUTED, VACUOUS, Outcome
from normbound.version import VERSION

NARROW, WIDE = 80, 120
LONGEST = 12  # lines of a reason
_GREEN, _RED, _YELLOW, _END = "\x1b[32m", "\x1b[1;31m", "\x1b[33m", "\x1b[0m"
Row = tuple[Document, Claim, Outcome]


def table(rows: Sequence[Row], columns: int = 100, colour: bool = False, details: bool = False) -> str:
    """A line for each claim; below, what is to say about those that are not simply proved. ``details``: what was tried, too."""
    width = max(NARROW, min(WIDE, columns))
    several = len({d.where for d, _, _ in rows}) > 1
    lines: list[str] = []
    where = ""
    shown = [("claim", "expected", "verdict", "seconds", "steps"),
             *((c.id, o.expect, o.verdict, f"{o.seconds:.2f}" + ("*" if o.cached else ""), steps(o)) for _, c, o in rows)]
    sizes = [max(len(r[k]) for r in shown) for k in range(5)]
    sizes[0] = min(sizes[0], width - sum(sizes[1:]) - 10)
    for row, item in zip(shown, [None, *rows], strict=True):
        if item is not None and several and item[0].where != where:
            where = item[0].where
            lines.append(where)
        cells = [t.ljust(w) if k < 3 else t.rjust(w) for k, (t, w) in enumerate(zip(row, sizes, strict=True))]
        if len(row[0]) > sizes[0]:
            cells[0] = row[0][:sizes[0] - 3] + "..."
        if item is not None:
            cells[2] = painted(item[2], cells[2], colour)
            cells.append(" " if item[2].as_expected else "!")
        lines.append("  ".join(cells).rstrip())
        if item is None:
            lines.append("-" * (sum(sizes) + 8))
    for document, claim, outcome in rows:
        text = remarks(outcome, details)
        if text:
            head = f"{document.where}: {claim.id}" if several else claim.id
            lines += ["", f"{head}: {painted(outcome, outcome.verdict, colour)}" + ("" if outcome.as_expected else
                                                                                     f", expected {outcome.expect}")]
            for line in text:
                found = wrap(line, width - 4, break_on_hyphens=False) or [""]
                if len(found) > LONGEST:
                    found = [*found[:LONGEST - 1], f"... ({len(found) - LONGEST + 1} more lines; --json prints all)"]
                lines += ["    " + x for x in found]
    return "\n".join([*lines, "", *wrap(summary(rows), width, break_on_hyphens=False)])


def remarks(outcome: Outcome, details: bool = False) -> list[str]:
    """What is to say about an outcome beyond its line in the table."""
    lines = [outcome.reason] if outcome.reason else []
    if outcome.hint:
        lines.append(outcome.hint)
    lines += outcome.notes
    if outcome.verdict not in PROVED | REFUTED and outcome.margin is not None:
        lines.append(f"smallest relative margin seen: {outcome.margin:.3g}")
    if details or (outcome.verdict == "undecided" and not outcome.as_expected):
        lines += [f"tried: {t}" for t in outcome.tried]
    return lines


def summary(rows: Sequence[Row]) -> str:
    """How many of which verdict, and how many are as expected."""
    counts = {v: sum(o.verdict == v for _, _, o in rows) for v in RANKED}
    said = ", ".join(f"{n} {v}" for v, n in counts.items() if n)
    differ = [o.id for _, _, o in rows if not o.as_expected]
    named = ", ".join(differ[:10]) + (", ..." if len(differ) > 10 else "")
    tail = f"{len(differ)} not as expected: {named}" if differ else "all as expected"
    cached = sum(o.cached for _, _, o in rows)
    again = f"; *{cached} stored and checked again" if cached else ""
    return f"{len(rows)} claim{'s' if len(rows) != 1 else ''}: {said}; {tail}{again}"


def steps(outcome: Outcome) -> str:
    """The number of nodes of the certificate."""
    if outcome.certificate is None:
        return "-"
    stack: list[Mapping[str, Any]] = [outcome.certificate]
    count = 0
    while stack:
        count += 1
        stack.extend(stack.pop()["premises"])
    return str(count)


def painted(outcome: Outcome, text: str, colour: bool) -> str:
    if not colour:
        return text
    style = _RED if not outcome.as_expected else _GREEN if outcome.kind in ("proved", "refuted") else _YELLOW
    return f"{style}{text}{_END}"


def as_data(rows: Sequence[Row]) -> dict[str, Any]:
    """Everything, for JSON."""
    return {"normbound": VERSION, "as_expected": all(o.as_expected for _, _, o in rows),
            "claims": [{"file": d.where, "line": c.line, "title": c.title, "show": str(c.show), "given": [str(g) for g in c.given],
                        "vars": {n: str(s) for n, s in c.vars.items()}, **o.to_data()} for d, c, o in rows]}


def write_certificates(rows: Sequence[Row], folder: Path) -> list[Path]:
    """One file for each claim with a certificate, and beside it the file for Coq where every rule has a proof there; several files of
    claims get folders of their own. Returns the paths."""
    from normbound.claims.checker import Rejected, from_json
    from normbound.claims.replay.replay import write as for_coq
    from normbound.claims.replay.statement import Unreplayed
    from normbound.claims.target import to_file
    from normbound.errors import UnsupportedError
    from normbound.files import write
    names = folders([d.where for d, _, _ in rows])
    written = []
    for document, claim, outcome in rows:
        if outcome.certificate is None or outcome.sequent is None or outcome.verdict not in (KERNEL, CERTIFICATE, ENCLOSED, VACUOUS):
            continue
        target = folder / names[document.where]
        try:
            target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnsupportedError(f"cannot write into {target}: {error.strerror or error}") from None
        name = claim.id.replace(":", "~")
        written.append(write(target / f"{name}.json", to_file(claim, outcome.verdict, outcome.sequent, outcome.certificate)))
        try:
            text = for_coq(from_json(outcome.sequent), outcome.certificate, claim.id).source
        except (Rejected, Unreplayed):
            (target / f"{name}.v").unlink(missing_ok=True)  # of an earlier certificate
            continue
        written.append(write(target / f"{name}.v", text))
    return written


def folders(files: Sequence[str]) -> dict[str, str]:
    """A folder for each file, empty where there is one file: its stem, numbered where stems agree."""
    distinct = list(dict.fromkeys(files))
    if len(distinct) <= 1:
        return dict.fromkeys(distinct, "")
    names: dict[str, str] = {}
    for f in distinct:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(f).name.removesuffix(".toml").removesuffix(".claims")) or "claims"
        name, k = stem, 1
        while name in names.values():
            k += 1
            name = f"{stem}-{k}"
        names[f] = name
    return names


__all__ = ["Row", "as_data", "folders", "remarks", "steps", "summary", "table", "write_certificates"]
