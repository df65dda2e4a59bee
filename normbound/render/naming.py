"""Terms too wide for running text: they get a name there, and a display defines it."""

from __future__ import annotations

from normbound.render.tex import Tex, measure
from normbound.terms.store import Term

WIDEST = 14.0  # em


class Naming:
    """A page that gives wide terms names. ``tex`` prints for running text; ``definitions`` are rows for ``align*``."""

    def __init__(self, page: Tex, widest: float = WIDEST):
        self.page = page
        self.names = page.names
        self.widest = widest
        self.found: dict[int, tuple[str, Term]] = {}
        self.letter = next(x for x in (r"\Phi", r"\Psi", r"\Xi", r"\mathcal{F}") if not page.names.taken(x))

    def tex(self, term: Term) -> str:
        if term.id not in self.found:
            shown = self.page.tex(term)
            if measure(shown) <= self.widest:
                return shown
            self.found[term.id] = (f"{self.letter}_{{{len(self.found) + 1}}}", term)
        return self.found[term.id][0]

    def definitions(self) -> list[str]:
        """One row (or several, broken) for each name."""
        return [self.page.display(name, term) for name, term in self.found.values()]
