"""Verdicts and outcomes: plain data. A verdict is never a boolean, so testing an outcome for truth raises.

Ranked, the strongest first
    proved (kernel)        the kernel of Coq has checked every step
    proved (certificate)   the checker has accepted a certificate, in exact arithmetic
    enclosed               the checker has accepted a certificate that rests on ball arithmetic as well
    refuted (witness)      a counterexample in exact numbers, at which sorts, hypotheses and the failure are certain
    refuted (certificate)  the checker has accepted a certificate of something that contradicts the claim
    undecided              neither was found; the reason says what is missing
    vacuous                a certificate shows that no point meets the hypotheses
    ill-defined            a point at which a hypothesis, or the goal under true hypotheses, has no value
    unsupported            the claim asks for what normbound cannot look at; the reason says what
    error                  normbound failed; the reason says where
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

KERNEL, CERTIFICATE, ENCLOSED = "proved (kernel)", "proved (certificate)", "enclosed"
WITNESS, OPPOSITE = "refuted (witness)", "refuted (certificate)"
UNDECIDED, VACUOUS, ILL_DEFINED, UNSUPPORTED, ERROR = "undecided", "vacuous", "ill-defined", "unsupported", "error"
RANKED = (KERNEL, CERTIFICATE, ENCLOSED, WITNESS, OPPOSITE, UNDECIDED, VACUOUS, ILL_DEFINED, UNSUPPORTED, ERROR)
PROVED = frozenset((KERNEL, CERTIFICATE, ENCLOSED))
REFUTED = frozenset((WITNESS, OPPOSITE))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one claim.

    id, verdict   the claim; one of RANKED
    expect        what the file expects: proved, refuted or undecided
    reason        why it is not proved: the counterexample, the gap, what is missing; empty when proved
    tried         what was tried, one line each
    margin        the smallest relative margin of the goal seen where the hypotheses hold; floating point, None without one
    witness       the point of a counterexample or of a gap, as texts: name -> number, or list of numbers
    sequent       what the certificate or the witness speaks of, as JSON (``checker.to_json``)
    certificate   the node that the checker accepted, None without one
    notes         what the verdict rests on besides: results of the theory, what could not be looked at
    seconds       time for the claim;  cached: a stored certificate or witness was checked again
    """

    id: str
    verdict: str
    expect: str = "proved"
    reason: str = ""
    tried: tuple[str, ...] = ()
    margin: float | None = None
    witness: Mapping[str, Any] | None = None
    sequent: Mapping[str, Any] | None = None
    certificate: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    cached: bool = False

    def __post_init__(self) -> None:
        if self.verdict not in RANKED:
            raise ValueError(f"found the verdict {self.verdict!r}; accepted: {', '.join(RANKED)}")

    def __bool__(self) -> NoReturn:
        raise TypeError("an outcome is neither true nor false; compare .verdict, or ask .as_expected")

    @property
    def kind(self) -> str:
        """proved, refuted, or the verdict itself: what a file can expect."""
        return "proved" if self.verdict in PROVED else "refuted" if self.verdict in REFUTED else self.verdict

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is what the file expects."""
        return self.kind == self.expect

    @property
    def hint(self) -> str:
        """What to do about a verdict that the file does not expect; empty where nothing is to say."""
        if self.expect == "undecided" and self.kind in ("proved", "refuted"):
            return f'it is decided now: write expect = "{self.kind}" and drop the reason'
        if self.expect == "refuted" and self.kind == "proved":
            return "the file expects a counterexample, and there is none"
        return ""

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**asdict(self), "tried": list(self.tried), "notes": list(self.notes), "kind": self.kind,
                "as_expected": self.as_expected}


def from_data(data: Mapping[str, Any]) -> Outcome:
    """The outcome that ``to_data`` wrote. Raises ValueError."""
    fields = {k: v for k, v in data.items() if k in Outcome.__slots__}
    try:
        return Outcome(**{**fields, "tried": tuple(fields.get("tried", ())), "notes": tuple(fields.get("notes", ()))})
    except TypeError as error:
        raise ValueError(f"not an outcome: {error}") from None


__all__ = ["CERTIFICATE", "ENCLOSED", "ERROR", "ILL_DEFINED", "KERNEL", "OPPOSITE", "PROVED", "RANKED", "REFUTED", "UNDECIDED",
           "UNSUPPORTED", "VACUOUS", "WITNESS", "Outcome", "from_data"]
