"""What a derivation rests on: each step is a theorem of the proof library, or cited, or checked numerically only.

A derivation is as sure as the weakest of its steps. A step whose rule or contract names a theorem of the library rests on what
the kernel of Coq has checked, once and for all networks; ``bound.prove()`` has it check this network.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from normbound.calculus.derivation import Derivation, Step
from normbound.contracts.block import Layer
from normbound.contracts.registry import LAYERS
from normbound.contracts.rules import RULES
from normbound.layers.activations import KINDS, Elementwise

Rank = Literal["kernel", "cited", "numeric"]
RANKS: tuple[Rank, ...] = ("kernel", "cited", "numeric")  # from sure to weak
WORDS = {"kernel": "proved (kernel)", "cited": "cited", "numeric": "checked numerically"}
MAX_PLACES = 4
_CLOSING = "Summary.rule_close"  # shared tensors that are used no more


class Status(NamedTuple):
    """How sure a step is, and by which theorems.

    rank    "kernel": theorems of the library; "cited": a source argues for it; "numeric": a layer of the user, which only
            sampled networks have tested
    lemmas  the theorems
    """

    rank: Rank
    lemmas: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{WORDS[self.rank]}: {', '.join(self.lemmas)}" if self.lemmas else WORDS[self.rank]


def layer_status(layer: Layer) -> Status:
    """The status of a layer's contract; parts of a layer have that of the layer."""
    if isinstance(layer, Elementwise) and not any(layer.kind is k for k in KINDS):
        return Status("numeric")  # a kind of the user, whatever its name
    entry = LAYERS.get(layer.name) or LAYERS.get(str(getattr(layer, "title", "")))
    if entry is None:
        return Status("cited")
    if entry.lemma:
        return Status("kernel", tuple(entry.lemma.split(", ")))
    return Status("cited" if entry.origin == "built in" else "numeric")


def step_status(d: Derivation, step: Step) -> Status:
    """The status of one step."""
    if step.rule == "domain":
        return Status("kernel")
    if step.rule == "sharing":
        return Status("kernel", (_CLOSING,))
    if step.rule == "contract":
        return layer_status(d.layer(step))
    lemma = RULES[step.rule].lemma
    return Status("kernel", (lemma,)) if lemma else Status("cited")


class Overall(NamedTuple):
    """The status of a whole derivation.

    weak    the ranks below "kernel" that steps have, the weakest first, with the numbers of those steps
    lemmas  all theorems used
    """

    weak: tuple[tuple[Rank, tuple[int, ...]], ...]
    lemmas: tuple[str, ...]

    @property
    def rank(self) -> Rank:
        """That of the weakest step."""
        return self.weak[0][0] if self.weak else "kernel"


def overall(d: Derivation) -> Overall:
    """The status of ``d``: which of its steps no theorem proves, and the theorems of the others."""
    found = [step_status(d, s) for s in d.steps]
    weak = ((rank, tuple(k for k, s in enumerate(found) if s.rank == rank)) for rank in reversed(RANKS[1:]))
    return Overall(tuple((rank, steps) for rank, steps in weak if steps), tuple(dict.fromkeys(x for s in found for x in s.lemmas)))


def places(d: Derivation, steps: Iterable[int]) -> list[str]:
    """Where these steps stand, each place once; behind the first few "..." for the others."""
    found = list(dict.fromkeys(map(d.label, steps)))
    return found[:MAX_PLACES] + ["..."] * (len(found) > MAX_PLACES)
