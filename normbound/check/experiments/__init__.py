"""The numerical checks of the nine results, by the identifier of the result.

Each takes (seed, quick) and gives a finding: quick for continuous integration (the nine together in seconds), otherwise the
full size (about a minute on one core). Two further keywords exist for tests and for the curious: ``factor`` multiplies the
claimed constants, so that a wrong claim is refuted (or, for upper bounds that are too large, no longer attained), and
``networks`` is the number of samples; 0 gives "not checked".
"""

from __future__ import annotations

from collections.abc import Callable

from normbound.check.experiments.bounds import result_1, result_2, result_4, result_5
from normbound.check.experiments.families import result_3, result_6, result_9
from normbound.check.experiments.generalization import result_8
from normbound.check.experiments.landscape import result_7
from normbound.check.finding import Finding

EXPERIMENTS: dict[str, Callable[..., Finding]] = {
    "R1": result_1, "R2": result_2, "R3": result_3, "R4": result_4, "R5": result_5, "R6": result_6, "R7": result_7,
    "R8": result_8, "R9": result_9}

__all__ = ["EXPERIMENTS", "Finding", *(f"result_{k}" for k in range(1, 10))]
