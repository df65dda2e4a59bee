"""The proofs of nodes: for each rule of the checker, a function that writes a Coq script.

    @script("cut")
    def cut(step: Step) -> str: ...tactics...

A node becomes a lemma: for all values of the variables, the sorts, the hypotheses and the conditions under which the sequent is
defined (``obligations``, those that signs do not show) imply the goal. The script proves the goal in a context in which all of this is
introduced and in which the premises, proved before, stand relative to the node:

    step.name(x)       the variable x of the sequent (its own name, changed only where Coq needs that name)
    step.sort(x)       the fact that says its sort (none for real)
    h1, h2, ...        the hypotheses (step.h(k), k from 0, as in step.sequent.given)
    c1, c2, ...        what is defined (step.conditions): statements closed over new variables and hypotheses
    p1, p2, ...        the premises: forall new variables, their sorts -> new hypotheses -> goal of the premise. New is what the
                       premise has and the node has not (``statement.relative``)

Helpers of Step: ``term(node)`` and ``prop(statement)`` are texts of Coq; ``evident(statement)`` is a script that proves a comparison
from signs, ``fact(statement, name)`` puts it into the context; ``integer(node)`` a script for isint (``natural`` for isnat).
Names with a double underscore never collide with variables of a claim: use those in scripts. A module that needs more of the library
than Claims and ClaimSigns names it: LIBRARY = ("ClaimPowers",) for proofs/ClaimPowers.v. Raise ``Unreplayed(reason)`` where the
script cannot do a case. A script that is wrong is refused by Coq; nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

from normbound.claims.checker import Sequent
from normbound.claims.checker.obligations import obligations
from normbound.claims.replay.statement import Unreplayed, coq_name, proposition, sort_name, term
from normbound.claims.syntax import Node

MODULES = (  # every module of scripts, one to a line
    "scripts_logic",
    "scripts_linear",
    "scripts_monotone",
    "scripts_loglinear",
    "scripts_unfold",
    "scripts_powers",
    "scripts_induction",
    "scripts_generic",
    "scripts_differences",
    "scripts_limits",
    "scripts_depths",
    "scripts_derivative",
    "scripts_boxes",
)


@dataclass(frozen=True)
class Step:
    """A node of a certificate as its script sees it; see the head of this module."""

    sequent: Sequent
    data: Mapping[str, Any]
    premises: tuple[Sequent, ...] = field(default=())
    lemmas: tuple[str, ...] = field(default=())  # the names of the premises' lemmas, for scripts that need them for other variables

    @cached_property
    def conditions(self) -> tuple[Sequent, ...]:
        """The conditions c1, c2, ... as the checker states them."""
        return tuple(obligations(self.sequent))

    @property
    def goal(self) -> Node:
        return self.sequent.goal

    def name(self, variable: str) -> str:
        return coq_name(variable)

    def sort(self, variable: str) -> str:
        return sort_name(variable)

    def h(self, number: int) -> str:
        """The name of the hypothesis with that number, from 0."""
        return f"h{number + 1}"

    def p(self, number: int) -> str:
        """The name of the premise with that number, from 0."""
        return f"p{number + 1}"

    def c(self, number: int) -> str:
        """The name of the condition with that number, from 0."""
        return f"c{number + 1}"

    def term(self, node: Node) -> str:
        """An expression as text of Coq, in parentheses where it needs them as an argument."""
        return term(node, argument=True)

    def prop(self, statement: Node) -> str:
        """A statement as text of Coq, in parentheses."""
        return f"({proposition(statement)})"

    @cached_property
    def context(self) -> Any:
        """``signs.Context``: proofs of signs in the context of the script."""
        from normbound.claims.replay.signs import Context
        return Context.of(self)

    def evident(self, statement: Node) -> str:
        """A script that proves a comparison (or a conjunction of them) which ``sequent.signs`` decides."""
        return str(self.context.evident(statement))

    def fact(self, statement: Node, name: str) -> str:
        """A script that puts such a comparison into the context under a name."""
        return f"assert ({name} : {proposition(statement)}).\n{{ {self.evident(statement)} }}"

    def integer(self, node: Node) -> str:
        """A script for ``isint (term(node))``, the expression being an integer by its form."""
        return str(self.context.integer(node))

    def natural(self, node: Node) -> str:
        """A script for ``isnat (term(node))``, the expression being natural by its form."""
        return str(self.context.natural(node))


    def each(self, number: int, low: Node) -> str:
        """A script for a goal that says what a premise says, for each index i of a range:
        forall i, isint i -> low <= i -> i <= high -> ... The index is the new variable of the premise."""
        premise = self.premises[number]
        new = next(x for x in premise.sorts if x not in self.sequent.sorts)
        if premise.sorts[new].kind != "natural":
            return f"intros i__1 z__1 l__1 u__1.\nexact ({self.p(number)} i__1 z__1 l__1 u__1)."
        sign = self.context.sign(low)
        return (f"intros i__1 z__1 l__1 u__1.\n{self.context.script(sign.line)}\n"
                f"assert (z__2 : isnat i__1) by (apply isint_isnat; [exact z__1 | pose proof (is_nonneg _ _ {sign.name} eq_refl); lra]).\n"
                f"exact ({self.p(number)} i__1 z__2 l__1 u__1).")


Script = Callable[[Step], str]
SCRIPTS: dict[str, Script] = {}


def script(rule: str) -> Callable[[Script], Script]:
    """Register the script of a rule."""
    def register(function: Script) -> Script:
        if rule in SCRIPTS:
            raise ValueError(f"two scripts for the rule {rule}")
        SCRIPTS[rule] = function
        return function
    return register


def scripts() -> dict[str, Script]:
    """All scripts, their modules loaded."""
    for module in MODULES:
        import_module(f"normbound.claims.replay.{module}")
    return SCRIPTS


def libraries() -> list[str]:
    """The files of the library that some script needs: all are loaded for each certificate, so that they are compiled once."""
    named = (getattr(import_module(f"normbound.claims.replay.{module}"), "LIBRARY", ()) for module in MODULES)
    return sorted({name for names in named for name in names})


__all__ = ["MODULES", "SCRIPTS", "Script", "Step", "Unreplayed", "libraries", "script", "scripts"]
