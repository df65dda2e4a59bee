"""Facts that a rule demands: each is a premise, or evident by signs, as the checker decides it (``rules_derivative.required``)."""

from __future__ import annotations

from normbound.claims.replay.scripts import Step
from normbound.claims.replay.signs import Context
from normbound.claims.replay.statement import proposition, relative
from normbound.claims.syntax import Node


class Facts:
    """The facts by name; ``lines`` put those that are evident into the context."""

    def __init__(self, step: Step):
        self.step = step
        plain = [(p.goal, step.p(k)) for k, p in enumerate(step.premises) if relative(p, step.sequent) == ([], [])]
        self.context: Context = step.context.extended({}, plain) if plain else step.context
        self.names = dict(reversed(plain))
        self.lines: list[str] = []

    def of(self, statement: Node) -> str:
        """The name of the fact. Raises Unreplayed where signs do not give it."""
        if statement not in self.names:
            name = f"fact__{len(self.lines)}"
            self.lines.append(f"assert ({name} : {proposition(statement)}).\n{{ {self.context.evident(statement)} }}")
            self.names[statement] = name
        return self.names[statement]


__all__ = ["Facts"]
