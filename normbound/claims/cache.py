"""Outcomes kept between runs. Nothing stored is believed: certificates, counterexamples and gaps are checked again when read.

The key is a digest of the claim (variables, hypotheses, statement, in the printed form of the language), its networks, and
the version and the sources of normbound. Verdicts that nothing can be checked for again (undecided, unsupported, error, a
network as a counterexample, Coq) are not kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

from normbound import files
from normbound.claims.document import Claim
from normbound.claims.syntax import Op
from normbound.claims.verdict import (
    CERTIFICATE,
    ENCLOSED,
    ILL_DEFINED,
    VACUOUS,
    WITNESS,
    Outcome,
    from_data,
)
from normbound.errors import UnsupportedError
from normbound.version import VERSION

MAX_BYTES = 20_000_000
KEPT = (CERTIFICATE, ENCLOSED, WITNESS, VACUOUS, ILL_DEFINED)


@lru_cache(maxsize=1)
def sources() -> str:
    """A digest of every source file of normbound."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted((*root.rglob("*.py"), *root.rglob("*.toml"))):
        digest.update(f"{path.relative_to(root).as_posix()}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def key(claim: Claim) -> str:
    """The name under which the outcome of a claim is kept: a digest of all that it depends on."""
    text = json.dumps([VERSION, sources(), {n: str(s) for n, s in sorted(claim.vars.items())}, [str(g) for g in claim.given],
                       str(claim.show), [[n, a.name, a.text, dict(a.symbols)] for n, a in sorted(claim.networks.items())]])
    return hashlib.sha256(text.encode()).hexdigest()


class Cache:
    """A folder of outcomes; a file that cannot be read or written is as if it were not there."""

    def __init__(self, folder: Path | None = None):
        try:
            self.folder = folder if folder is not None else files.cache() / "claims"
        except FileNotFoundError as error:
            raise UnsupportedError(f"{error}; accepted: a folder named by NORMBOUND_CACHE, or --no-cache") from None

    def get(self, claim: Claim) -> dict[str, Any] | None:
        """What is stored for the claim, as plain data, unchecked."""
        path = self.folder / f"{key(claim)}.json"
        try:
            if path.stat().st_size > MAX_BYTES:
                return None
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return data if isinstance(data, dict) and data.get("verdict") in KEPT else None

    def put(self, claim: Claim, outcome: Outcome) -> None:
        """Keep an outcome that can be checked again."""
        if outcome.cached or outcome.verdict not in KEPT or outcome.sequent is None:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write(self.folder / f"{key(claim)}.json", json.dumps(outcome.to_data()))
        except (OSError, UnsupportedError):
            return


def recheck(claim: Claim, data: Mapping[str, Any], seconds: float) -> Outcome | None:
    """The stored outcome when what it rests on is accepted again for this claim; else None."""
    from normbound.claims.target import sequent_of
    begun = monotonic()
    try:
        stored = from_data(data)
        reason = _reason(claim, stored, seconds) if stored.verdict in KEPT else None
        notes = sequent_of(claim)[1] if reason is not None else ()
    except Exception:  # a file that somebody has changed may hold anything
        return None
    return None if reason is None else Outcome(
        claim.id, stored.verdict, claim.expect, reason, notes=notes, cached=True, seconds=monotonic() - begun, **_evidence(claim, stored))


def _evidence(claim: Claim, stored: Outcome) -> dict[str, Any]:
    """What was checked again, and nothing else that the file may hold."""
    from normbound.claims.checker import from_json, to_json
    from normbound.claims.target import sequent_of
    if stored.verdict in (CERTIFICATE, ENCLOSED, VACUOUS):
        return {"sequent": stored.sequent, "certificate": stored.certificate}
    assert stored.witness is not None and stored.sequent is not None
    sequent = to_json(sequent_of(claim)[0] if stored.verdict == ILL_DEFINED else from_json(stored.sequent))
    return {"sequent": sequent, "witness": {n: v for n, v in stored.witness.items() if n in sequent["sorts"]}}


def _reason(claim: Claim, stored: Outcome, seconds: float) -> str | None:
    """Why the stored verdict holds, in words that are made anew; None where it is not shown to hold."""
    from normbound.claims.checker import from_json, to_json
    from normbound.claims.target import CONTRADICTION, accept, contradiction, equivalent, sequent_of
    sequent, _ = sequent_of(claim)
    if stored.verdict in (CERTIFICATE, ENCLOSED, VACUOUS):
        aim = contradiction(sequent) if stored.verdict == VACUOUS else sequent
        if stored.certificate is None or to_json(aim) != stored.sequent:
            return None
        shown = accept(aim, stored.certificate, seconds)
        return CONTRADICTION if stored.verdict == VACUOUS else "" if shown == stored.verdict else None
    if stored.witness is None or stored.sequent is None or not equivalent(claim):
        return None
    point: dict[str, Any] = {n: tuple(Fraction(x) for x in v) if isinstance(v, list) else Fraction(v) for n, v in stored.witness.items()}
    point = {n: int(v) if isinstance(v, Fraction) and v.denominator == 1 else v for n, v in point.items()}
    if stored.verdict == ILL_DEFINED:
        from normbound.claims.obligations import undefined_at
        gap = undefined_at(sequent, point)
        return None if gap is None else str(gap)
    from normbound.claims.reductions import first_difference, reductions
    from normbound.claims.witness import Witness, verify
    failing = from_json(stored.sequent)
    implied = (note for unroll in (False, True) for task, note in reductions(sequent, [], unroll) if task == failing)
    note = next(implied, None)
    if failing.goal.op == Op.RECURRENCE:
        note = first_difference(failing.goal, point) or note
    return str(Witness(point, failing, note)) if note is not None and verify(failing, point) else None


__all__ = ["Cache", "key", "recheck", "sources"]
