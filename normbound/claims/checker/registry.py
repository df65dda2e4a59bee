"""The rules by name, and how a rule refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from normbound.errors import NormboundError

if TYPE_CHECKING:
    from normbound.claims.checker.sequent import Sequent

MODULES = (  # every module of rules, one to a line
    "rules_logic",
    "rules_linear",
    "rules_monotone",
    "rules_loglinear",
    "rules_powers",
    "rules_induction",
    "rules_expoly",
    "rules_boxes",
    "rules_derivative",
    "rules_limits",
    "rules_integers",
    "rules_symmetry",
    "rules_generic",
    "rules_rates",
    "rules_differences",
)
Rule = Callable[["Sequent", Mapping[str, Any]], list["Sequent"]]
RULES: dict[str, Rule] = {}


class Rejected(NormboundError, ValueError):
    """A certificate is not accepted.

    path    the way from the root to the node: numbers of premises
    reason  what is wrong there
    """

    def __init__(self, path: tuple[int, ...], reason: str):
        self.path = tuple(path)
        self.reason = reason
        place = "/".join(str(k) for k in path[:30]) or "the root"
        super().__init__(f"certificate rejected at {place}: {reason}")


def reject(reason: str) -> NoReturn:
    """Refuse; the checker adds the path."""
    raise Rejected((), reason)


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register a rule. The name is what certificates say."""
    def register(function: Rule) -> Rule:
        if name in RULES:
            raise ValueError(f"two rules with the name {name}")
        RULES[name] = function
        return function
    return register


def rules() -> dict[str, Rule]:
    """All rules, their modules loaded."""
    for module in MODULES:
        import_module(f"normbound.claims.checker.{module}")
    return RULES


__all__ = ["MODULES", "RULES", "Rejected", "Rule", "reject", "rule", "rules"]
