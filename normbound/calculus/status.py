"""What a derivation rests on: each step is a theorem of the proof library, or cited, or checked numerically only.

A derivation is as sure as the weakest of its steps. A step whose rule or contract names a theorem of the library rests on what
the kernel of Coq has checked, once and for all networks; ``bound.prove()`` has it check this network.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from normbound.calculus.derivation import Derivation, Step
from normbound.contracts.block import Layer
from normbound.contracts.registry import LAYERS
from normbound.contracts.rules import RULES
from normbound.layers.activations import KINDS, Elementwise

Rank = Literal["kernel", "cited", "numeric"]
RANKS: tuple[Rank, ...] = ("kernel", "cited", "numeric")  # from sure to weak
WORDS = {"kernel": "proved (kernel)", "cited": "cited", "numeric": "checked numerically"}
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


def layer_lemma(layer: Layer) -> Status:
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
        return layer_lemma(d.layer(step))
    lemma = RULES[step.rule].lemma
    return Status("kernel", (lemma,)) if lemma else Status("cited")


def statuses(d: Derivation) -> Iterator[Status]:
    """The status of every step, in order."""
    return (step_status(d, s) for s in d.steps)


class Summary(NamedTuple):
    """The status of a whole derivation: the weakest of its steps, which steps those are, and all theorems used."""

    rank: Rank
    weak: tuple[int, ...]
    lemmas: tuple[str, ...]


def overall(d: Derivation) -> Summary:
    """The weakest status of the steps of ``d``."""
    found = list(statuses(d))
    rank = max((s.rank for s in found), key=RANKS.index)
    weak = () if rank == "kernel" else tuple(k for k, s in enumerate(found) if s.rank == rank)
    return Summary(rank, weak, tuple(dict.fromkeys(x for s in found for x in s.lemmas)))
