"""What a certificate of a claim proves: the sequent of a claim, and the check of a certificate against it.

No prover is imported here. ``python -c "import normbound.claims.target"`` and ``normbound claims --verify`` need the syntax, the
parser, the sorts and the checker; for claims about networks also the derivation of their bounds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from normbound.claims.checker import Rejected, Sequent, check, from_json, to_json
from normbound.claims.document import Claim
from normbound.claims.errors import ClaimError
from normbound.claims.syntax import Node, Op, number
from normbound.claims.verdict import CERTIFICATE, ENCLOSED, VACUOUS
from normbound.version import VERSION

SCHEMA = 1
MAX_BYTES = 50_000_000
MAX_SHOWN = 200
CONTRADICTION = "the hypotheses contradict each other"


def sequent_of(claim: Claim) -> tuple[Sequent, tuple[str, ...]]:
    """The sequent that implies the claim, with the bounds of networks written out; and the results of the theory used for it.

    Raises UnsupportedError where a constant of a network stands at a place at which nothing is known about it.
    """
    plain = Sequent(claim.vars, claim.given, claim.show)
    if not claim.networks:
        return plain, ()
    from normbound.claims.lipschitz import reduce
    from normbound.claims.networks import Derived
    found = reduce(plain, Derived(claim.networks))
    return found.sequent, found.notes


def equivalent(claim: Claim) -> bool:
    """Whether ``sequent_of`` says the same as the claim, so that a point at which it fails refutes the claim. It says more where a
    true constant was replaced by a bound."""
    if not claim.networks:
        return True
    from normbound.claims.lipschitz import speaks_of_constants
    return not speaks_of_constants(claim.show)


def contradiction(sequent: Sequent) -> Sequent:
    """The hypotheses with a goal that is false everywhere."""
    return sequent.aim(Node(Op.GE, (number(0), number(1))))


def accept(sequent: Sequent, node: Mapping[str, Any], seconds: float) -> str:
    """Check a certificate the way a reader of its file would: sequent and node read anew from their texts. Raises Rejected.

    Returns what was shown: CERTIFICATE or ENCLOSED.
    """
    try:
        fresh, copy = from_json(json.loads(json.dumps(to_json(sequent)))), json.loads(json.dumps(node))
    except RecursionError:
        raise Rejected((), "the certificate is nested too deeply to be written") from None
    except (TypeError, ValueError) as error:
        raise Rejected((), f"the certificate cannot be written: {error}") from None
    if fresh != sequent:
        raise Rejected((), "the text of the sequent does not denote it")
    check(fresh, copy, seconds)
    return ENCLOSED if uses_balls(copy) else CERTIFICATE


def uses_balls(node: Mapping[str, Any]) -> bool:
    """Whether a rule of the certificate rests on ball arithmetic."""
    stack = [node]
    while stack:
        n = stack.pop()
        if n["rule"] == "boxes" and n["data"].get("balls") is not False:
            return True
        stack.extend(n["premises"])
    return False


# -- files ---------------------------------------------------------------------------------------------------------------
def to_file(claim: Claim, verdict: str, sequent: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """The text of a certificate file."""
    return json.dumps({"schema": SCHEMA, "normbound": VERSION, "claim": claim.id, "verdict": verdict, "sequent": sequent,
                       "certificate": node}, indent=1) + "\n"


def of_file(claims: Mapping[str, Claim], text: str, where: str) -> tuple[Claim, dict[str, Any]]:
    """The claim that a certificate file is about, and its content, not yet checked. Raises ClaimError for another file."""
    if len(text) > MAX_BYTES:
        raise ClaimError(f"found more than {MAX_BYTES} bytes; accepted: at most {MAX_BYTES}", where=where)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ClaimError(f"not JSON: {str(error)[:MAX_SHOWN]}; accepted: a file that --certificates wrote", where=where) from None
    keys = ("schema", "normbound", "claim", "verdict", "sequent", "certificate")
    if not isinstance(data, dict) or set(data) != set(keys) or data["schema"] != SCHEMA:
        raise ClaimError(f"found no certificate; accepted: a table with {', '.join(keys)} and schema = {SCHEMA}", where=where)
    if not isinstance(data["claim"], str) or data["claim"] not in claims:
        raise ClaimError(f"found a certificate of {str(data['claim'])[:MAX_SHOWN]!r}; accepted: {', '.join(list(claims)[:20])}",
                         where=where)
    return claims[data["claim"]], data


def verify(claim: Claim, data: Mapping[str, Any], seconds: float) -> tuple[str, tuple[str, ...]]:
    """The verdict that the content of a certificate file supports, and the results of the theory that it is relative to.

    The sequent is taken from the claim, the one in the file is only compared with it. Raises Rejected for a certificate that does
    not prove the claim, UnsupportedError like ``sequent_of``.
    """
    sequent, notes = sequent_of(claim)
    vacuous = data["verdict"] == VACUOUS
    if vacuous:
        sequent = contradiction(sequent)
    if to_json(sequent) != data["sequent"]:
        raise Rejected((), f"the certificate is about {str(data['sequent'])[:MAX_SHOWN]}, and the claim {claim.id} is another statement")
    shown = accept(sequent, data["certificate"], seconds)
    return VACUOUS if vacuous else shown, notes


__all__ = ["accept", "contradiction", "equivalent", "of_file", "sequent_of", "to_file", "uses_balls", "verify"]
