"""The checker: sound architectures survive, broken rules are named at the right step, reports mean what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from normbound.calculus import derive, repeat
from normbound.check.falsify import MARGIN, check, replay
from normbound.check.realization import LAWS, draw, plan
from normbound.contracts import rules
from normbound.contracts.block import Layer, Repeat, concat, parallel, scaled
from normbound.contracts.summary import largest
from normbound.errors import HypothesisError, NetworkError, UnsupportedError
from normbound.layers import (
    BatchNorm,
    DyT,
    GroupNorm,
    Identity,
    InstanceNorm,
    LayerNorm,
    LearnedScale,
    Linear,
    MaxMin,
    Outside,
    PReLU,
    RMSNorm,
    ScaleNorm,
    activation,
)
from normbound.layers import linear as linear_module
from normbound.layers import normalization as normalization_module
from normbound.network.builtins import get, names
from normbound.network.program import Input

RELU, TANH, SIGMOID = activation("ReLU"), activation("Tanh"), activation("Sigmoid")


def lin(s="s", b="b", **options):
    return Linear(s, bias=b, **options)


def norm():
    return LayerNorm(gamma="g", beta="h", floor="sigma", eps="eps")


def rows(block):
    return Input(radius="R", features="d", positions="n") >> block


# -- (a) what is sound survives -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", names())
def test_builtin_survives_and_every_step_is_tested(name):
    report = check(get(name), networks=18, seed=3)
    assert report.verdict == "survived", report
    assert report.unchecked == [] and report.executed == 18
    assert all(row.survived + row.unbounded == row.executed for row in report.steps)
    assert report.suspected == [] and report.totals["suspected"] == 0
    assert 0.2 < report.best_input <= 1 + MARGIN
    assert 0.2 < report.best_parameters <= 1 + MARGIN


# -- (b) what is wrong is found, and named ------------------------------------------------------------------------
def culprits(network, networks=24, laws=LAWS, **options):
    """(rule, label) of the violated steps whose premises hold; every violation is proved."""
    report = check(network, networks=networks, seed=1, laws=laws, **options)
    assert report.verdict == "violated", report
    for violation in report.violations:
        assert violation.kind == "undefined" or violation.measured > violation.bound
        assert violation.confirmation["bits"] >= 128
        if violation.confirmation["left"] != "no output":
            assert float(violation.confirmation["left"]) > float(violation.confirmation["right"])
    return [(row.rule, row.label) for row in report.culprits], report


def test_series_without_the_transport_factor(monkeypatch):
    true = rules.series

    def broken(f, g):  # p^2 = p_f^2 + p_g^2
        alone = true(f, g._replace(L=g.L**0))
        return true(f, g)._replace(q2=alone.q2, q1=alone.q1, q0=alone.q0)

    monkeypatch.setattr(rules, "series", broken)
    found, report = culprits(rows(lin() >> lin("t", "c")))
    assert found == [("series", "layer 2 (Linear)")]
    assert any(v.kind == "rule" for v in report.violations)


def test_series_with_a_wrong_cross_term_in_the_radius(monkeypatch):
    true = rules.series

    def broken(f, g):  # p_g(b_f + G_f B)^2 without 2 b_f G_f B
        whole = true(f, g)
        if not (g.q2 and f.G and f.b0):
            return whole
        return whole._replace(q1=true(f._replace(b0=f.b0 * 0), g).q1)

    monkeypatch.setattr(rules, "series", broken)
    found, _ = culprits(rows(Repeat(lin() >> lin("t", "c"), 1)))
    assert found == [("series", "layer 1.2.2 (Linear)")]


def test_sum_with_maximum_instead_of_sum(monkeypatch):
    true = rules.add
    monkeypatch.setattr(rules, "add", lambda f, g: true(f, g)._replace(L=largest(f.L, g.L)))
    found, _ = culprits(get("post-norm"))
    assert [rule for rule, _ in found] == ["sum"]


def test_sum_that_forgets_the_parameters_of_one_branch(monkeypatch):
    true = rules.add
    monkeypatch.setattr(rules, "add", lambda f, g: true(f, g)._replace(q2=f.q2, q1=f.q1, q0=f.q0))
    found, _ = culprits(rows(lin() + lin("t", "c")))
    assert found == [("sum", "layer 1")]


def test_concat_with_maximum(monkeypatch):
    true = rules.concat
    monkeypatch.setattr(rules, "concat", lambda f, g: true(f, g)._replace(L=largest(f.L, g.L)))
    found, _ = culprits(get("dense"))
    assert [rule for rule, _ in found] == ["concat"]


def test_product_that_forgets_one_factor(monkeypatch):
    true = rules.product
    monkeypatch.setattr(rules, "product", lambda f, g, a, b: true(f, g, a, b)._replace(L=a * g.L))
    found, _ = culprits(get("gated"))
    assert [rule for rule, _ in found] == ["product"]


def test_repeat_without_the_linear_term_of_a_two_layer_body(monkeypatch):
    true = repeat.Iteration._closed
    monkeypatch.setattr(repeat.Iteration, "_closed", lambda self: true(
        replace(self, body=self.body._replace(q1=self.body.q1 * 0))))
    found, report = culprits(get("two-layer"), laws=("aligned",))
    assert [rule for rule, _ in found] == ["repeat"]
    kinds = {v.kind for v in report.violations if v.rule == "repeat"}
    assert {"parameters", "rule"} <= kinds  # against the derived bound, and fed with measured constants


def test_tied_repeat_that_adds_squares(monkeypatch):
    true = repeat.Iteration._tied
    monkeypatch.setattr(repeat.Iteration, "_tied", lambda self, c: true(self, c._replace(l0=c.l0 * 0)))
    found, _ = culprits(get("recurrent"))
    assert [rule for rule, _ in found] == ["repeat-tied"]


def test_released_capture_without_its_transport(monkeypatch):
    true = repeat.release

    def broken(s, name, source, radius):
        return true(s, name, source, radius)._replace(L=s.L)

    monkeypatch.setattr(repeat, "release", broken)
    monkeypatch.setattr(derive, "release", broken)
    found, _ = culprits(get("injected"))
    assert [rule for rule, _ in found] == ["repeat-tied"]


def test_affine_without_the_factor_of_rows(monkeypatch):
    true = normalization_module.Affine.contract

    def broken(self, context):
        shape = context.shape
        context.shape = shape._replace(rows=shape.rows.store.one)
        try:
            return true(self, context)
        finally:
            context.shape = shape

    monkeypatch.setattr(normalization_module.Affine, "contract", broken)
    found, _ = culprits(rows(Repeat(lin() >> norm(), "K")))
    assert found == [("contract", "layer 1.2.2 (Affine)")]


def test_rows_that_are_not_lifted(monkeypatch):
    true = derive.Engine._lift

    def broken(self, layer, contract, shape, path, sup):
        return true(self, layer, contract, shape._replace(rows=shape.rows.store.one), path, sup)

    monkeypatch.setattr(derive.Engine, "_lift", broken)
    found, _ = culprits(rows(Repeat(lin() >> RELU, "K")))
    assert found == [("contract", "layer 1.2.1 (Linear)")]


def test_normalizer_with_a_wrong_constant(monkeypatch):
    true = normalization_module.Normalize.contract
    monkeypatch.setattr(normalization_module.Normalize, "contract",
                        lambda self, context: true(self, context)._replace(lip=true(self, context).lip ** 2))
    found, _ = culprits(get("mlp-layernorm"), values={"R": 9, "s": 3})
    assert found == [("contract", "layer 1.2.2 (Normalize)")]


def test_standardization_whose_epsilon_is_counted_twice(monkeypatch):
    true = normalization_module.Standardize.contract

    def broken(self, context):
        return true(replace(self, eps=2 * self.eps), context)

    monkeypatch.setattr(normalization_module.Standardize, "contract", broken)
    found, _ = culprits(get("batchnorm-eval"))
    assert [rule for rule, label in found] == ["contract"] and "Standardize" in found[0][1]


def test_linear_that_forgets_its_bias_parameter(monkeypatch):
    true = linear_module.Linear.contract
    monkeypatch.setattr(linear_module.Linear, "contract", lambda self, context: true(self, context)._replace(
        parameters=true(self, context).parameters[:1]))
    with pytest.raises(NetworkError, match="tensor b must be both"):
        culprits(get("mlp"))


def test_linear_that_calls_its_bias_harmless(monkeypatch):
    def contract(self, context):
        honest = true(self, context)
        return honest._replace(parameters=tuple(s._replace(l0=context.store.zero) for s in honest.parameters))

    true = linear_module.Linear.contract
    monkeypatch.setattr(linear_module.Linear, "contract", contract)
    found, _ = culprits(get("mlp"))
    assert [rule for rule, _ in found] == ["contract"]


def test_forward_pass_that_is_not_the_layer(monkeypatch):
    true = linear_module.Linear.forward
    monkeypatch.setattr(linear_module.Linear, "forward", lambda self, tensors, x: 1.01 * true(self, tensors, x))
    found, _ = culprits(get("mlp"))
    assert [rule for rule, _ in found] == ["contract"]


def test_captured_tensor_without_its_parameters(monkeypatch):
    true = repeat.release

    def broken(s, name, source, radius):  # p_u is forgotten
        return true(s, name, source._replace(q2=source.q2 * 0, q1=source.q1 * 0, q0=source.q0 * 0), radius)

    monkeypatch.setattr(repeat, "release", broken)
    monkeypatch.setattr(derive, "release", broken)
    found, _ = culprits(get("injected"))
    assert [rule for rule, _ in found] == ["repeat-tied"]


# -- (c) the row rule ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [1, 4, 32])
def test_row_rule_is_attained_by_equal_rows_of_small_norm(n):
    """Parameter bounds hold on n rows, and a bias-dominated network attains them to 1 %."""
    network = rows(Repeat(lin() >> LayerNorm(gamma="g", beta="h", floor="sigma", eps=0), "K"))
    report = check(network, networks=12, seed=5, laws=("bias-dominated",),
                   values={"n": n, "d": 4, "R": "1/20", "K": 2}, trainable=("weight", "bias", "shift"))
    assert report.verdict == "survived", report
    assert 0.99 < report.best_parameters <= 1 + MARGIN
    plain = check(rows(Repeat(lin() >> RELU, "K")), networks=12, seed=5, laws=("aligned", "gaussian"),
                  values={"n": n, "d": 4, "R": "1/20", "K": 2})
    assert plain.verdict == "survived", plain
    assert 0.99 < plain.best_parameters <= 1 + MARGIN


# -- (d) what a report says ---------------------------------------------------------------------------------------
class Broken(Layer):
    """A layer whose forward pass is not defined for large inputs."""

    name = "Broken"

    def contract(self, context):
        return Identity().contract(context)

    def forward(self, tensors, x):
        return np.where(np.abs(x) > 0.5, np.nan, x)


class Overflow(Broken):
    def forward(self, tensors, x):
        return x * 1e200 * 1e200


@pytest.mark.parametrize("layer", [Broken(), Overflow()])
def test_not_a_number_is_a_violation_at_its_layer(layer):
    report = check(Input(radius="R", features="d") >> lin() >> layer >> RELU, networks=6, seed=0)
    assert report.verdict == "violated"
    assert {row.label for row in report.culprits} == {"layer 2 (Broken)"}
    assert "undefined" in {v.kind for v in report.violations if v.label == "layer 2 (Broken)"}
    assert json.loads(report.to_json())["verdict"] == "violated"


def test_reports_are_not_truthy():
    report = check(get("mlp"), networks=1, seed=0)
    with pytest.raises(TypeError, match="no truth value"):
        bool(report)


@pytest.mark.parametrize("options, message", [
    ({"networks": 0}, "at least 1"), ({"points": 0}, "at least 1"), ({"networks": True}, "at least 1"),
    ({"laws": ()}, "no law"), ({"laws": ("cauchy",)}, "accepted: gaussian"), ({"values": {"zz": 1}}, "its symbols are"),
    ({"values": {"K": "1/2"}}, "natural"), ({"values": {"s": -1}}, "nonnegative")])
def test_bad_requests_name_what_is_accepted(options, message):
    with pytest.raises(NetworkError, match=message):
        check(get("mlp"), **{"networks": 2, **options})


def test_what_is_not_a_network_is_refused():
    with pytest.raises(NetworkError, match="needs a network"):
        check(lin())


def test_unbounded_everywhere_is_nothing_checked():
    class Unknown(Broken):
        def contract(self, context):
            top = context.store.unbounded
            return Identity().contract(context)._replace(lip=top, offset=top, growth=top)

        def forward(self, tensors, x):
            return x

    report = check(Input(radius="R", features="d") >> Unknown(), networks=3, seed=0)
    assert report.verdict == "nothing checked"
    assert [row.step for row in report.unchecked] == [1, 2]
    assert report.steps[1].unbounded == 3


def test_steps_inside_a_repeat_of_depth_zero_are_listed_as_unchecked():
    report = check(get("mlp"), networks=3, seed=0, values={"K": 0})
    assert "layer 1.2.1 (Linear)" in {row.label for row in report.unchecked}


def test_floor_that_no_sample_meets_is_an_error_that_says_what_was_tried():
    network = Input(radius=1, features=4) >> LayerNorm(floor=100, eps="eps")
    with pytest.raises(HypothesisError, match=r"4 networks with 8 points .* gaussian"):
        check(network, networks=4)


def test_points_below_a_given_floor_are_counted_not_tested():
    network = Input(radius=4, features=4) >> LayerNorm(floor="3/2", eps="eps")
    report = check(network, networks=12, seed=0, laws=("gaussian",))
    assert report.verdict == "survived" and report.steps[1].unmet > 0


@pytest.mark.parametrize("network, cap", [
    (Input(radius=1, features=1000) >> RELU, "at most 160"),
    (Input(radius=1, features=3) >> Repeat(RELU, 100_000), "more than 400")])
def test_too_large_to_sample(network, cap):
    with pytest.raises(UnsupportedError, match=cap):
        check(network, networks=1)


def test_violation_is_replayed_with_the_same_numbers(monkeypatch):
    true = rules.add
    monkeypatch.setattr(rules, "add", lambda f, g: true(f, g)._replace(L=largest(f.L, g.L)))
    network = get("post-norm")
    report = check(network, networks=12, seed=7, values={"d": 4})
    first = report.violations[0]
    place = (first.step, first.kind, first.iterations)
    again = [v for v in replay(network, first) if (v.step, v.kind, v.iterations) == place]
    assert (again[0].measured, again[0].bound, again[0].values) == (first.measured, first.bound, first.values)
    assert again[0].witness == first.witness
    assert json.loads(report.to_json())["violations"][0]["seed"] == first.seed


def test_same_seed_same_realization_other_seed_other_realization():
    p = plan(get("mlp").network)
    a, b, c = (draw(p, seed, "gaussian") for seed in (1, 1, 2))
    assert a.values == b.values and all(np.array_equal(a.tensors[k], b.tensors[k]) for k in a.tensors)
    assert a.values != c.values


def test_tensors_obey_their_bounds_in_all_networks():
    p = plan(rows(Linear("1/2", bias="2*b") >> BatchNorm(mode="eval", gamma=1, beta="h", var="v", mean="u")))
    for law in LAWS:
        r = draw(p, 11, law)
        weight, bias = r.tensors["1.W", ()], r.tensors["1.b", ()]
        gamma, variance = r.tensors["2.gamma", ()], next(t for k, t in r.tensors.items() if k[0].endswith("var"))
        assert np.linalg.norm(weight, 2, axis=(-2, -1)).max() <= 0.5 * (1 + 1e-12)
        assert np.sqrt((bias**2).sum(-1)).max() <= 2 * float(r.values["b"]) * (1 + 1e-12)
        assert np.abs(gamma).max() <= 1 + 1e-12
        assert variance.min() == r.values["v"] > 0
        assert np.array_equal(variance[0], variance[2])  # running statistics are the same for all networks


# -- (e) sharing, capture, nesting, families, products ------------------------------------------------------------
NETWORKS = {
    "tied": Repeat(lin() >> TANH, "K", tied=True),
    "tied in untied": Repeat(Repeat(lin() >> RELU, "m", tied=True) >> lin("t", "c"), "K"),
    "untied in tied": Repeat(Repeat(lin() >> RELU, "m") >> lin("t", "c"), "K", tied=True),
    "three deep": Repeat(Repeat(Repeat(Identity() + lin(), "m") >> RELU, 2, tied=True) >> norm(), "K"),
    "shared in one chain": lin(share="A") >> RELU >> lin("t", "c") >> lin(share="A"),
    "shared in two branches": (lin(share="A") >> RELU)
                              + (concat(lin(share="A"), lin("t", "c")) >> Linear("q", out="d")),
    "shared across iterations": Repeat(lin(share="A") >> RELU >> lin("t", "c"), "K") >> lin(share="A"),
    "captured": Repeat((lin() + Outside("u")) >> TANH, "K", tied=True, capture={"u": lin("t", "c")}),
    "captured, untied": Repeat((lin() + Outside("u")) >> RELU, "K", capture={"u": lin("t", "c") >> SIGMOID}),
    "captured shared tensor": Repeat((lin(share="A") + Outside("u")) >> RELU, "K", capture={"u": lin(share="A")}),
    "captured twice": Repeat(lin() + Outside("u") + Outside("v"), "K", capture={"u": lin("t", "c"), "v": TANH}),
    "captured by the outer repeat": Repeat(Repeat(lin() + Outside("u"), "m") >> RELU, "K",
                                           capture={"u": lin("t", "c")}),
    "start": Repeat(Outside("u") + lin(), "K", start=lin("t", "c"), capture={"u": Identity()}),
    "family": Repeat(Linear("s[i]", bias="b[i]") >> LayerNorm(gamma="g[i]", beta="h", floor="f[i]") >> RELU, "K",
                     index="i"),
    "tied family of depth": Repeat(Repeat(lin("s[i]", "b[i]"), "m", tied=True), "K", index="i"),
    "product": (lin() >> SIGMOID) * lin("t", "c"),
    "products repeated": Repeat(Identity() + (lin() >> SIGMOID) * lin("t", "c"), "K"),
    "products tied": Repeat((lin() >> SIGMOID) * lin("t", "c"), "K", tied=True),
    "parallel": parallel(Linear("s", bias="b"), Linear("t") >> RELU),
    "scaled": Repeat(Identity() + scaled(-2, lin() >> RELU) + scaled("q", lin("t", "c")), "K"),
    "sorting and slopes": Repeat(lin() >> MaxMin() >> PReLU("a") >> LearnedScale("z"), "K"),
    "batch": Repeat(lin() >> BatchNorm(mode="train", gamma="g", beta="h", floor="sigma"), "K"),
    "instance": Repeat(lin() >> InstanceNorm(gamma="g", beta="h", floor="sigma", eps="1/10"), "K"),
    "group": Repeat(lin() >> GroupNorm("k", gamma="g", beta="h", floor="sigma"), "K"),
    "unfloored": Repeat(lin() >> RMSNorm(gamma="g", eps="1/10") >> DyT("a", gamma="f", beta="h")
                        >> ScaleNorm("z", eps="1/4"), "K"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_composed_networks_survive(name):
    report = check(rows(NETWORKS[name]), networks=18, seed=2)
    assert report.verdict == "survived", report
    assert report.unchecked == []
    assert report.best_input > 0.3 and report.best_parameters > 0.2


def test_unconditional_bounds_ignore_floors():
    network = rows(Repeat(lin() >> LayerNorm(gamma="g", beta="h", floor=1000, eps="1/10"), "K"))
    report = check(network, networks=12, seed=0, floors=False)
    assert report.verdict == "survived" and report.totals["unmet"] == 0


def test_concrete_tensors_are_used_as_given():
    weight = [["1/2", 1, 0, "-1/3"], [0, 1, "1/4", 0], [1, 0, 0, "2/3"], ["1/5", 0, -1, 0]]
    network = Input(radius="R", features=4, positions="n") >> Linear(weight, bias=[1, 0, "1/2", -1]) >> LayerNorm(
        gamma=[1, "-1/2", 2, "1/3"], beta="h", floor="sigma")
    drawn = draw(plan(network), 3, "gaussian")
    assert np.array_equal(drawn.tensors["1.W", ()][0, 0], [[float(Fraction(x)) for x in row] for row in weight])
    report = check(network, networks=12, seed=0)
    assert report.verdict == "survived" and report.best_input > 0.5


def test_overflow_is_counted_and_not_a_pass():
    deep = Repeat(activation("ReLU") * Identity(), "K")  # entries to the power 2^K
    report = check(Input(radius=1000, features=3) >> deep, networks=6, points=1, laws=("aligned",), values={"K": 9})
    assert report.totals["overflow"] > 0 and report.totals["violated"] == 0
    assert report.verdict == "nothing checked"


def test_name_that_is_symbol_and_family_is_refused():
    with pytest.raises(NetworkError, match="both as a symbol and as a family"):
        check(rows(Repeat(Linear("s[i]"), "K", index="i") >> Linear("s")), networks=1)


def test_only_trainable_tensors_change():
    report = check(get("mlp"), networks=6, seed=0, laws=("aligned",), trainable=("bias",))
    assert report.verdict == "survived" and report.best_parameters > 0.99
