"""The files of claims that are kept under test: where they are, what they may answer, what kind of statement a claim is."""

import os
from pathlib import Path

from normbound.claims.document import read
from normbound.claims.pool import Limits, Task, run
from normbound.claims.syntax import COMPARISONS, Op, postorder

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "proofs" / "paper.claims.toml"
FILES = (PAPER, *sorted((Path(__file__).parent / "corpus").glob("*.claims.toml")))
ALL = os.environ.get("NORMBOUND_ALL_CLAIMS") == "1"
"""Whether the tests run everything with long limits; otherwise samples."""

OTHER = {"vacuous:": {"vacuous"}, "undefined:": {"ill-defined"}}
"""Verdicts that a file cannot expect, by the beginning of the id; ids that end in -guarded or -not expect what their file says."""

_MISSING: dict[str, str] = {}
OPEN = {id: why for why, ids in _MISSING.items() for id in ids.split()}
"""True or false claims that nothing decides yet, and what is missing. They may be undecided, never the opposite."""


def documents():
    """The files, read."""
    return [read(f) for f in FILES]


def wanted(claim):
    """The kinds of verdict that a claim may have."""
    if not claim.id.endswith(("-guarded", "-not")):
        for head, kinds in OTHER.items():
            if claim.id.startswith(head):
                return kinds
    return {claim.expect}


def judged(documents, seconds, jobs=1, keep=lambda claim: True):
    """The claims of the documents with their outcomes, in the order of the files."""
    tasks = [Task(d, c) for d in documents for c in d.claims if keep(c)]
    outcomes = dict(run(tasks, jobs, Limits(seconds=seconds)))
    return [(t.claim, outcomes[k]) for k, t in enumerate(tasks)]


def kind(claim):
    """One word or two for the statement, the most specific that fits."""
    ops = {n.op for n in postorder(claim.show, *claim.given)}
    shown = {n.op for n in postorder(claim.show)}
    nets = {n.value[0] for n in postorder(claim.show) if n.op == Op.NET}
    if nets & {"Lip", "param_Lip"}:
        return "true constants"
    if Op.RECURRENCE in shown:
        return "recurrences"
    if shown & {Op.LIMIT, Op.RATE}:
        return "limits and rates"
    if shown & {Op.INCREASING, Op.DECREASING}:
        return "monotonicity"
    if nets:
        return "bounds of networks"
    if Op.IFF in shown:
        return "thresholds"
    if Op.DD in ops:
        return "divided differences"
    if ops & {Op.SUM, Op.PROD, Op.FORALL, Op.ELT}:
        return "sums and products"
    if not any(n.op == Op.VAR for n in postorder(claim.show)):
        return "constants"
    if ops & {Op.EXP, Op.LOG, Op.CONST}:
        return "exponentials and logarithms"
    if any(n.op == Op.POW and n.args[1].op != Op.NUM for n in postorder(claim.show, *claim.given)):
        return "symbolic exponents"
    if ops & {Op.SQRT, Op.DIV}:
        return "roots and fractions"
    return "polynomials" if ops & set(COMPARISONS) else "other"


__all__ = ["ALL", "FILES", "OPEN", "PAPER", "ROOT", "documents", "judged", "kind", "wanted"]
