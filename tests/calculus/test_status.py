"""How sure a derivation is: no step is said to rest on a theorem that does not."""

import numpy as np
import pytest

from normbound import Input, Linear, Store, builtin, derive, parse_block
from normbound.calculus.status import overall, places, step_status
from normbound.layers.activations import Elementwise, Kind
from normbound.render.statement import status, to_json

OTHERS = "the other steps are instances of theorems that the kernel of Coq checked"


@pytest.fixture(autouse=True)
def own_store():
    with Store():
        yield


def own_activation():
    """An activation of the user, under a name that the library knows."""
    kind = Kind("Tanh", lambda x, a: 10 * np.tanh(x), lambda x, a: 10 / np.cosh(x) ** 2, lambda store, a: store.one,
                lambda store, a: store.one, "", "")
    return Elementwise(kind)


def found(*blocks):
    network = Linear("s")
    for block in blocks:
        network = network >> (parse_block(block) if isinstance(block, str) else block)
    return derive(Input("R", "d") >> network)


def test_theorems_only():
    d = found("ReLU").derivation
    assert overall(d).rank == "kernel" and overall(d).weak == ()
    assert {step_status(d, s).rank for s in d.steps} == {"kernel"} and "Acts.act_relu" in overall(d).lemmas
    assert status(d)[0].startswith(f"every step is an instance of a theorem that the kernel of Coq checked ({len(overall(d).lemmas)} ")


def test_each_rank_has_its_places():
    """A step that is cited is not among "the other steps" because another one is only checked numerically."""
    bound = found("Mish", own_activation(), "Mish")
    d = bound.derivation
    assert overall(d).rank == "numeric" and [rank for rank, _ in overall(d).weak] == ["numeric", "cited"]
    assert status(d) == [f"checked numerically at layer 3 (Tanh); cited at layer 2 (Mish), layer 4 (Mish); {OTHERS}"]
    said = to_json(bound)["status"]
    assert said["weakest"] == "checked numerically"
    assert sorted(said["steps"]) == [k for k, s in enumerate(d.steps) if step_status(d, s).rank != "kernel"] != []
    assert "Checked numerically: layer 3 (Tanh). Cited: layer 2 (Mish), layer 4 (Mish). The other steps" in bound.to_latex()


def test_many_places_are_cut():
    bound = found(*["Mish"] * 6)
    (rank, steps), = overall(bound.derivation).weak
    assert rank == "cited" and places(bound.derivation, steps) == [*(f"layer {k} (Mish)" for k in range(2, 6)), "..."]
    assert places(bound.derivation, [*steps[:1]] * 9) == ["layer 2 (Mish)"]
    assert r"layer 5 (Mish), \dots. The other" in bound.to_latex()


def test_shared_tensors_are_closed_by_a_theorem():
    assert "Summary.rule_close" in overall(derive(builtin("shared").network, "parameters").derivation).lemmas
