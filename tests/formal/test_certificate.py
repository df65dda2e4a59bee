"""What a certificate says beside its data: every hypothesis of the statement is printed, and names prove nothing."""

import numpy as np
import pytest

from normbound import Input, LayerNorm, Linear, MaxMin, Repeat, derive
from normbound.calculus.status import overall
from normbound.contracts.block import scaled
from normbound.formal.certificate import certificate
from normbound.formal.export import export
from normbound.formal.proof import prove
from normbound.layers.activations import Elementwise, Kind
from normbound.network.builtins import get, names
from normbound.terms.store import Store


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("wrt", ["input", "parameters"])
def test_every_fact_about_dimensions_and_constants_is_printed(name, wrt):
    with Store():
        data = export(derive(get(name).network, wrt))
        assert sum(" >= " in c for c in data.conditions) == len(data.least)
        assert sum(" is a multiple of " in c for c in data.conditions) == len(data.divides)
        assert sum(any(k in c for k in ("GELU", "SiLU", "SELU")) for c in data.conditions) == len(data.constants)


def test_conditions_of_unbiased_variance_and_pairs():
    with Store():
        network = Input("R", "d") >> (Linear("s") >> LayerNorm(gamma="g", floor="sigma", variance="unbiased") >> MaxMin())
        conditions = certificate(derive(network)).conditions
    assert "d >= 1" in conditions and "d >= 2" in conditions and "d is a multiple of 2" in conditions


def test_facts_for_every_value_of_an_index_are_said():
    with Store():
        found = certificate(derive(get("indexed").network)).conditions
        assert "what is positive is positive for every natural number i" in found
        assert not any("every natural number" in c for c in certificate(derive(get("mlp-layernorm").network)).conditions)


@pytest.mark.parametrize("network", [
    lambda: Input("R", "d") >> Repeat(scaled("1/i", Linear("s")), "K", index="i"),
    lambda: Input(1, 4) >> (Linear(1) >> LayerNorm(gamma="g", floor=100, eps=0)),
])
def test_what_coq_accepts_without_a_witness_is_not_called_proved(coq, network):
    with Store():
        found = prove(derive(network()))
    assert found.status == "undecided" and "nothing shows that its hypotheses can be met" in found.reason


def test_a_kind_of_the_user_is_not_taken_for_the_one_of_its_name():
    steep = Kind("Tanh", lambda x, a: 10 * np.tanh(x), lambda x, a: 10 / np.cosh(x) ** 2, lambda store, a: store.one,
                 lambda store, a: store.one, "", "")
    with Store():
        bound = derive(Input("R", "d") >> (Linear("s") >> Elementwise(steep)))
        assert certificate(bound).relative == ("layer 2 (Tanh)",)
        assert overall(bound.derivation).rank == "numeric"
