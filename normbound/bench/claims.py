"""``normbound bench claims``: claims typical for a theorist, judged and checked, beside what one would ask SymPy.

The claims are those of claims.toml. Each is read and judged in a fresh process, without a cache; its certificate is checked in another,
which imports no prover; the question to SymPy (``attempts``) is put in a third. What is imported before the clock starts is measured
apart. SymPy's answer is wrong where it contradicts the verdict that the file expects.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from normbound.bench import TimeLimit, fresh

FILE = Path(__file__).with_name("claims.toml")
LIMIT = 20.0  # seconds for a claim, and for a question to SymPy
START = 10.0  # further seconds for a process to start
MEDIAN, SHARE, MOST = 0.3, 0.95, 3.0  # bars: median of the seconds, and the share of claims below MOST seconds


def texts() -> dict[str, str]:
    """Each claim of the file as a file of its own: id -> text."""
    head, *claims = re.split(r"^(?=\[\[claim\]\]$)", FILE.read_text(encoding="utf-8"), flags=re.M)
    found = {}
    for text in claims:
        name = re.search(r'^id = "([^"]+)"$', text, re.M)
        assert name is not None, f"{FILE}: a claim without an id of its own line"
        found[name[1]] = head + text
    return found


def decided(claim: str) -> dict[str, Any]:
    """Read and judge a claim. Provers and rules are loaded before the clock starts."""
    begun = time.perf_counter()
    from normbound.claims.checker.registry import rules
    from normbound.claims.document import read
    from normbound.claims.engine import provers
    from normbound.claims.pipeline import judge
    from normbound.claims.report import steps
    from normbound.claims.target import to_file
    provers()
    rules()
    text = texts()[claim]
    start, cpu = time.perf_counter(), time.process_time()
    found = read(text, FILE.name).claims[0]
    outcome = judge(found, LIMIT)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    written = ""
    if outcome.certificate is not None and outcome.sequent is not None and outcome.kind == "proved":
        written = to_file(found, outcome.verdict, outcome.sequent, outcome.certificate)
    return {"start": start - begun, "seconds": seconds, "cpu": cpu, "verdict": outcome.verdict, "expected": outcome.expect,
            "as_expected": outcome.as_expected, "nodes": int(steps(outcome)) if written else None, "certificate": written}


def checked(claim: str, file: str) -> dict[str, Any]:
    """Check the certificate in a file against the claim. The rules are loaded before the clock starts. Raises Rejected."""
    begun = time.perf_counter()
    from normbound.claims.checker.registry import rules
    from normbound.claims.document import read
    from normbound.claims.target import of_file, verify
    rules()
    found = read(texts()[claim], FILE.name).claims[0]
    _, data = of_file({claim: found}, Path(file).read_text(encoding="utf-8"), file)
    start = time.perf_counter()
    verdict, _ = verify(found, data, LIMIT)
    return {"start": start - begun, "seconds": time.perf_counter() - start, "verdict": verdict}


def asked(claim: str) -> dict[str, Any]:
    """Put the question to SymPy. The answer is true, false or unknown; ``said`` is what SymPy gave where it did not decide."""
    begun = time.perf_counter()
    import sympy

    from normbound.bench.attempts import ATTEMPTS
    start = time.perf_counter()
    try:
        found = ATTEMPTS[claim].ask()
    except NotImplementedError as error:
        found = f"NotImplementedError: {error}"
    seconds = time.perf_counter() - start
    answer = "true" if found is True or found is sympy.true else "false" if found is False or found is sympy.false else "unknown"
    return {"start": start - begun, "seconds": seconds, "answer": answer, "said": str(found)[:200] if answer == "unknown" else ""}


def _answered(claim: str, expected: str, runs: int) -> dict[str, Any]:
    """SymPy's answer, judged by the expected verdict, and the median of its seconds."""
    from normbound.bench.attempts import ATTEMPTS
    asked_how = {"calls": ATTEMPTS[claim].calls, "by_hand": ATTEMPTS[claim].by_hand}
    rows: list[dict[str, Any]] = []
    for _ in range(runs):
        try:
            rows.append(fresh(__name__, "asked", claim, seconds=LIMIT + START))
        except TimeLimit:
            return {"answer": "timeout", "said": "", "seconds": LIMIT, "start": None, **asked_how}
        if rows[-1]["seconds"] > LIMIT:
            return {**rows[-1], "answer": "timeout", "said": "", "seconds": LIMIT, **asked_how}
    answer = rows[0]["answer"]
    if answer != "unknown" and (answer == "true") != (expected == "proved"):
        answer = "wrong"
    return {**rows[0], "answer": answer, "seconds": median(r["seconds"] for r in rows), "start": median(r["start"] for r in rows),
            **asked_how}


def run(quick: bool = False) -> dict[str, Any]:
    """All figures of ``normbound bench claims``. ``quick``: one run instead of the median of five."""
    runs = 1 if quick else 5
    rows: dict[str, dict[str, Any]] = {}
    starts: dict[str, list[float]] = {"normbound": [], "checker": [], "SymPy": []}
    with tempfile.TemporaryDirectory() as folder:
        for claim in texts():
            ours = [fresh(__name__, "decided", claim, seconds=2*LIMIT + START) for _ in range(runs)]
            shown = next((r for r in ours if not r["as_expected"]), ours[0])
            row = {k: shown[k] for k in ("verdict", "expected", "as_expected", "nodes")}
            row |= {"seconds": median(r["seconds"] for r in ours), "most": max(r["seconds"] for r in ours),
                    "cpu": median(r["cpu"] for r in ours), "checker": None}
            starts["normbound"] += [r["start"] for r in ours]
            if shown["certificate"]:
                file = Path(folder) / f"{len(rows)}.json"
                file.write_text(shown["certificate"], encoding="utf-8")
                again = [fresh(__name__, "checked", claim, str(file), seconds=2*LIMIT + START) for _ in range(runs)]
                row["checker"] = median(r["seconds"] for r in again)
                starts["checker"] += [r["start"] for r in again]
            row["sympy"] = _answered(claim, row["expected"], runs)
            if row["sympy"]["start"] is not None:
                starts["SymPy"].append(row["sympy"]["start"])
            rows[claim] = row
    seconds = [r["seconds"] for r in rows.values()]
    middle, below = median(seconds), sum(s < MOST for s in seconds) / len(seconds)
    return {"claims": rows, "runs": runs, "limit": LIMIT, "start": {k: median(v) for k, v in starts.items() if v},
            "bars": [{"what": "median of the seconds of a claim", "figure": middle, "bar": MEDIAN, "met": middle < MEDIAN},
                     {"what": f"share of claims under {MOST:g} s", "figure": below, "bar": SHARE, "met": below >= SHARE}]}


def table(result: dict[str, Any]) -> str:
    """The figures as text."""
    lines = [f"{'':<22}{'normbound':<45}checker  SymPy",
             f"{'claim':<22}{'verdict':<24}{'seconds':>8}{'nodes':>7}{'seconds':>13}  {'answer':<9}{'seconds':>8}  asked with"]
    for name, r in result["claims"].items():
        nodes = "-" if r["nodes"] is None else str(r["nodes"])
        checker = "-" if r["checker"] is None else f"{r['checker']:.3f}"
        verdict = r["verdict"] + ("" if r["as_expected"] else " !")
        s = r["sympy"]
        lines.append(f"{name:<22}{verdict:<24}{r['seconds']:>8.3f}{nodes:>7}{checker:>13}  {s['answer']:<9}{s['seconds']:>8.3f}  "
                     f"{s['calls']}{' *' if s['by_hand'] else ''}")
    unexpected = [name for name, r in result["claims"].items() if not r["as_expected"]]
    if unexpected:
        lines.append(f"! not the verdict that claims.toml expects: {', '.join(unexpected)}")
    lines.append("* done by hand before SymPy is asked, and not in its seconds:")
    lines += [f"    {name}: {r['sympy']['by_hand']}" for name, r in result["claims"].items() if r["sympy"]["by_hand"]]
    theirs = Counter(r["sympy"]["answer"] for r in result["claims"].values())
    alone = sum(r["sympy"]["answer"] in ("true", "false") and not r["sympy"]["by_hand"] for r in result["claims"].values())
    lines.append(f"SymPy, {len(result['claims'])} claims: " + ", ".join(f"{n} {answer}" for answer, n in theirs.items())
                 + f"; {alone} answered with nothing done by hand")
    lines += [f"{bar['what']}: {bar['figure']:.3g}, bar {bar['bar']:g}: {'met' if bar['met'] else 'missed'}" for bar in result["bars"]]
    cpu = median(r["cpu"] for r in result["claims"].values())
    lines.append(f"the median in CPU seconds, which a loaded machine changes less: {cpu:.3g}")
    runs = f"median of {result['runs']} runs" if result["runs"] > 1 else "one run"
    lines.append(f"seconds: wall, each in a fresh process, {runs}; normbound: read and judged without a cache; timeout: more than "
                 f"{result['limit']:g} s")
    lines.append("nodes: of the certificate; checker: the certificate alone, no prover imported")
    lines.append("imported before the clock starts: " + ", ".join(f"{k} {v:.3f} s" for k, v in result["start"].items()))
    lines.append("wrong: SymPy's answer contradicts the expected verdict; unknown: None, the statement unevaluated, or NotImplementedError")
    return "\n".join(lines)
