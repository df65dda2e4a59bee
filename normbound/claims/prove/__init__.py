"""Provers: they search for certificates. Nothing they return is believed before ``normbound.claims.checker`` accepts it.

A module of this folder has ``attempt(sequent, budget) -> node | None``: a certificate node as the checker reads it, in which a
premise may be left open: OPEN (None) in the list of premises. Whoever called closes what is open: the rule of the node says
which sequent stands there (``premises``). ``budget.deadline`` is a time of time.monotonic that every search looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.registry import rules
from normbound.claims.checker.sequent import Sequent

OPEN: Any = None


def premises(sequent: Sequent, node: Mapping[str, Any]) -> list[Sequent]:
    """The sequents that the premises of the node prove, by the rule itself. Raises what the rule raises."""
    return rules()[node["rule"]](sequent, node["data"])


__all__ = ["OPEN", "premises"]
