"""Bounds and verdicts that were once wrong, each with the network that showed it."""

import numpy as np
import pytest

from normbound import (
    Input,
    Layer,
    LayerNorm,
    Linear,
    NetworkError,
    NormboundError,
    Outside,
    Repeat,
    ShapeError,
    SquaredReLU,
    Store,
    TermError,
    UnsupportedError,
    derive,
    parse_block,
)
from normbound.check import check
from normbound.terms import evaluate


@pytest.fixture(autouse=True)
def store():
    with Store() as fresh:
        yield fresh


def network(text, **shape):
    return Input("R", "d", **shape) >> parse_block(text)


def test_rows_of_a_trained_concrete_matrix_are_not_known():
    """Theta bounds the spectral norm of a trained matrix, not its rows: the quotient 2.2357 beats the bound 1.7321."""
    net = Input("R", 2) >> (Linear([[1, 1], [1, 1]]) * Linear("t"))
    W, V, x = np.diag([2.0, 0]), np.diag([1.0, 0]), np.array([1.0, 0])
    step = 1e-3 / np.sqrt(5)
    moved = (W - np.diag([step, 0])) @ x * ((V - np.diag([2 * step, 0])) @ x)
    quotient = np.linalg.norm(moved - (W @ x) * (V @ x)) / 1e-3
    for trainable in (None, ["weight"]):
        assert quotient <= float(derive(net, "parameters", trainable).at(R=1, t=1))
    assert check(net, networks=60).verdict == "survived"
    assert check(Input("R", 2) >> Linear([[1, 1], [1, 1]]) >> SquaredReLU() >> Linear("t"), networks=60).verdict == "survived"
    # where nothing is trained the given rows count
    assert float(derive(net).at(R=1, t=1)) == pytest.approx(2**0.5 + 2)


def test_a_row_bound_is_printed_and_shared():
    bound = derive(Input("R", 2) >> (Linear("s", row_norm="r") * Linear("t")))
    assert "every row of W has norm <= r" in str(bound)
    with pytest.raises(NetworkError, match="shared tensor"):
        derive(Input("R", "d") >> Linear("s", row_norm="r", share="w") >> Linear("s", share="w"))


@pytest.mark.parametrize("text", ["Repeat(Linear(s[n], bias=b), K, index=n)", "Repeat(Linear(s[d]) >> Sigmoid, K, index=d)",
                                  "Repeat(Linear(s[t]) + Outside(u), K, index=t, capture=(u = Linear(t)))",
                                  "Linear(i) >> Repeat(Linear(s[i]), K, index=i)", "Repeat(Linear(s[K]), K, index=K)"])
def test_an_index_must_not_name_a_symbol_outside(text):
    with pytest.raises(NetworkError, match="choose another name for the index"):
        derive(network(text, positions="n"))


def test_an_index_may_be_used_twice_and_as_a_number():
    twice = derive(network("Repeat(Linear(s[i]), K, index=i) >> Repeat(Linear(s[i]), K, index=i)"))
    assert twice.at(K=2, s=[2, 3], R=1, d=1).ball == 36
    number = derive(network("Repeat(Linear(i*s), K, index=i)"))
    assert number.at(K=3, s=1, R=1, d=1).ball == 6


@pytest.mark.parametrize("factor", ["-3-1", "-K-1", "-3+1"])
def test_a_leading_minus_takes_one_product(factor):
    with pytest.raises(TermError, match="one product"):
        factor * Linear("s")
    assert str(derive(Input("R", "d") >> "-(3 + 1)" * Linear("s")).term) == "4*s"


def test_contributions_follow_the_bound():
    net = network("Repeat(Linear(s, bias=b) >> LayerNorm(gamma=g, floor=f) >> Linear(t, bias=c) "
                  ">> LayerNorm(gamma=g, floor=f), K)")
    values = dict.fromkeys("sbgtcf", 1) | {"d": 4, "R": 9, "K": 2, "eps": "1/10000"}
    dropped = derive(net, "parameters").drop("F2")
    rows = [r for r in dropped.contributions(values) if r.share and r.level == 1]
    assert rows[0].share == pytest.approx(0.911, abs=2e-3)
    shared = network("Linear(s, bias=b, share=core) >> ReLU >> Linear(t, bias=c) >> Linear(s, bias=b, share=core)")
    ones = dict.fromkeys("sbtcRd", 1)
    assert not any("core.W" in r.layer and r.share for r in derive(shared, "parameters", ["bias"]).contributions(ones))


def test_no_rate_for_other_powers_of_the_depth():
    with pytest.raises(UnsupportedError, match="not decided"):
        derive(network("Repeat(Linear(s), K^2)")).rate("K")
    assert "critical" not in str(derive(network("Repeat(Linear(1/2, bias=b), K)"), "parameters").rate("K"))


def test_every_member_of_a_family_is_examined():
    zero = derive(network("Repeat(LayerNorm(floor=f[i], eps=0), K, index=i)"), "radius")
    assert zero.at(f=[1, 0], K=2, d=2, R=5).status == "unmet"
    middle = derive(network("Repeat(Linear(s[i], bias=b) >> LayerNorm(floor=f[i], eps=1), K, index=i)"))
    value = middle.at(s=[1, 1, 1], f=[1, 100, 1], b=1, K=3, R=9, d=4)
    assert value.status == "vacuous" and "i = 2" in value.reasons[0]


@pytest.mark.parametrize(("text", "values"), [
    ("parallel(Linear(s), LayerNorm(gamma=g))", {"d": 5}), ("MaxMin >> Linear(s)", {"d": 3}),
    ("GroupNorm(3, gamma=g)", {"d": 4}),
    ("GroupNorm(q, gamma=g)", {"d": 4, "q": "1/2"}), ('LayerNorm(variance="unbiased")', {"d": 1}), ("Linear(s)", {"d": 0}),
    ("LayerNorm(floor=1, eps=0)", {"d": 1})])
def test_impossible_shapes_are_refused_at_numbers(text, values):
    bound = derive(network(text), "radius")
    known = {name: 1 for name in bound.symbols() if name not in values}
    with pytest.raises(NormboundError):
        bound.at({**known, **values})


def test_a_floor_on_one_entry_is_refused():
    with pytest.raises(ShapeError, match="deviation 0"):
        derive(Input("R", 1) >> LayerNorm(floor="f"))


def test_many_nested_floors():
    text = "Linear(s) >> LayerNorm(floor=f)"
    for k in range(9):
        text = f"Repeat({text}, K{k})"
    bound = derive(network(text))
    assert "B1" not in "".join(line for line in str(bound).splitlines() if "floors can be met" in line)
    assert bound.at({**{f"K{k}": 2 for k in range(9)}, "s": 1, "f": 1, "eps": 1, "R": 9, "d": 4}).status == "holds"


def test_absurd_precision_and_work_are_refused(monkeypatch):
    bound = derive(network("Repeat(x * Linear(s), K)"))
    for bits in (10**12, -5, 1.5):
        with pytest.raises(TermError, match="bits"):
            bound.at(R=1, d=1, s=1, K=1, bits=bits)
    nested = derive(network("Repeat(Repeat(Repeat(Repeat(x * Linear(s), K), K), K), K)"))
    monkeypatch.setattr(evaluate, "MAX_ITERATIONS", 50_000)  # the real limit takes a minute to reach
    with pytest.raises(TermError, match="steps"):
        nested.at(R=1, d=1, s="1/100", K=100)


def test_captured_tensors_have_their_own_shape():
    with pytest.raises(ShapeError):
        derive(Input("R", "d") >> Repeat(Linear("s") + Outside("u"), "K", capture={"u": Linear("t", out=3)}))


def test_a_layer_without_a_contract_is_one_clear_error():
    class Bare(Layer):
        name = "Bare"

    with pytest.raises(UnsupportedError, match="Bare defines no contract"):
        derive(Input("R", "d") >> Bare())


def test_outputs_of_shared_normalizers_add():
    """One gamma in layers with and without a joint constant: uses of one tensor add before squaring."""
    net = network('BatchNorm(mode="train", gamma=g, beta=h, floor=f, share=C) >> LayerNorm(gamma=g, beta=h, floor=f, share=C)',
                  samples="n")
    assert check(net, networks=40).verdict == "survived"
