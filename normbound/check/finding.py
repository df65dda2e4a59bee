"""What a numerical check of a theorem found: a verdict and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERDICTS = ("attained", "survived", "refuted", "not checked")


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    verdict  "attained" (survived, and the stated constant was reached), "survived" (nothing contradicted it),
             "refuted" (a counterexample, in ``says``), "not checked" (nothing met the hypotheses: not a pass)
    says     one sentence, as TeX prose where it can be read as such
    figures  the numbers a reader wants to see, by name
    series   data for plots: name -> {"x": [...], "y": [...], ...}
    """

    verdict: str
    says: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    series: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict {self.verdict!r}; accepted: {', '.join(VERDICTS)}")

    @property
    def passed(self) -> bool:
        return self.verdict in ("attained", "survived")

    def __bool__(self) -> bool:
        raise TypeError("a finding has no truth value; read .verdict or .passed")
