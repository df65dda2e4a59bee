"""The registry of layers: every layer the language knows, with what a catalogue prints about it.

A new layer is one class: fields, ``contract``, ``parameters`` (its tensors), ``forward``, registered with its source
and sharpness. Derivation, closed form, checks, the catalogue and the text language read this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from normbound.contracts.block import Block, Layer
from normbound.errors import NetworkError
from normbound.terms.names import is_name
from normbound.terms.store import Term


@dataclass(frozen=True, slots=True)
class Entry:
    """A registered layer.

    constants   its constants in words
    sharpness   "exact" (attained), "supremum" (approached) or "upper", with the witness
    source      why the constants hold, or where the contract is proved
    example     a call in the text language that the catalogue and the tests instantiate
    mode        what training and evaluation change
    hypotheses  what it assumes
    references  keys of the bibliography: where the layer was introduced
    terms       the exact terms that ``<<name>>`` in the texts refers to
    origin      "built in", or "user": then nothing about the layer counts as proved
    lemma       theorem of the proof library that proves the contract, as File.theorem (two modes: two theorems,
                separated by ", "), or None: then the status reads "cited"

    Of built-in layers constants, sharpness, source, mode and hypotheses are TeX prose (words with ``$...$``
    mathematics); of other layers they are plain text, which is printed as it is and escaped in TeX.
    """

    name: str
    build: Callable[..., Block]
    constants: str
    sharpness: str
    source: str
    example: str
    mode: str = "same in training and evaluation"
    hypotheses: str = "none"
    lemma: str | None = None
    origin: str = "built in"
    references: tuple[str, ...] = ()
    terms: Mapping[str, Term] = field(default_factory=dict, repr=False, compare=False)

    @property
    def status(self) -> str:
        if self.lemma:
            return f"lemma {self.lemma}"
        return "cited" if self.origin == "built in" else "user, unproved"


LAYERS: dict[str, Entry] = {}


def register(entry: Entry) -> None:
    """Add a layer; the name must be new, or that of a layer that is not built in."""
    if entry.origin != "built in" and not is_name(entry.name):
        raise NetworkError(f"{entry.name!r} cannot name a layer; an ASCII identifier that is not reserved is needed")
    if entry.name in LAYERS and LAYERS[entry.name].origin == "built in":
        raise NetworkError(f"a layer named {entry.name} is already registered")
    LAYERS[entry.name] = entry


def lookup(name: str) -> Entry:
    """The layer called ``name``; an unknown one is an error that names the nearest."""
    if name not in LAYERS:
        lower = {n.lower(): n for n in LAYERS}
        close = [lower[n] for n in get_close_matches(name.lower(), lower, 3, 0.5)]
        hint = f"; did you mean {' or '.join(close)}?" if close else "; `normbound layers` lists those known"
        raise NetworkError(f"unknown layer {name!r}{hint}")
    return LAYERS[name]


def layer(name: str, **facts: Any) -> Callable[[type[Layer]], type[Layer]]:
    """Class decorator: register a layer class under ``name``."""
    def wrap(cls: type[Layer]) -> type[Layer]:
        cls.name = name
        facts.setdefault("origin", "built in" if cls.__module__.startswith("normbound.") else "user")
        register(Entry(name, cls, **facts))
        return cls
    return wrap
