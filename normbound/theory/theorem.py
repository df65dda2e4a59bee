"""Theorems above single networks: a statement, its hypotheses, a proof, the exact terms it speaks of.

Texts are TeX prose: words with ``$...$`` mathematics. ``<<name>>`` inside mathematics stands for the term called ``name``
in ``terms``; renderers print it in TeX or in plain text, with the user's names for symbols. Nothing here is printed,
sampled or measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from normbound.errors import HypothesisError
from normbound.terms.store import Term

_PLACE = re.compile(r"<<([^<>]*)>>")


@dataclass(frozen=True, slots=True)
class Theorem:
    """One theorem, for one network or for a class of networks.

    name        identifier, e.g. "partition-bound"
    title       a few words
    statement   what holds, with all quantifiers
    hypotheses  what it needs, one condition each
    proof       the steps, each with its reason
    terms       the exact terms the texts refer to; "value" is the number the theorem bounds its object by
    symbols     notation: (TeX of a symbol, its meaning)
    sharpness   what is attained, by which witness, or that nothing is claimed
    warnings    where a reader could be misled
    sources     keys of the bibliography
    lemma       theorem of the proof library, as File.theorem, or None
    """

    name: str
    title: str
    statement: str
    hypotheses: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    terms: Mapping[str, Term] = field(default_factory=dict)
    symbols: tuple[tuple[str, str], ...] = ()
    sharpness: str = ""
    warnings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    lemma: str | None = None

    def __post_init__(self) -> None:
        texts = (self.statement, *self.hypotheses, *self.proof, *(meaning for _, meaning in self.symbols), self.sharpness,
                 *self.warnings)
        for text in texts:
            for name in _PLACE.findall(text):
                if name not in self.terms:
                    raise HypothesisError(f"theorem {self.name}: no term {name!r}; it has {', '.join(self.terms) or 'none'}")
        object.__setattr__(self, "terms", MappingProxyType(dict(self.terms)))

    @property
    def value(self) -> Term:
        """The term that the theorem bounds its object by."""
        if "value" not in self.terms:
            raise HypothesisError(f"theorem {self.name} states no single value; its terms: {', '.join(self.terms) or 'none'}")
        return self.terms["value"]
