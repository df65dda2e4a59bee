"""Verdicts in ball arithmetic: proved violations and nothing else."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from normbound.check import falsify
from normbound.check.confirm import MAX_BITS, confirm, confirm_in, judge, pair, single
from normbound.check.falsify import check
from normbound.check.realization import draw, plan
from normbound.check.report import Violation
from normbound.contracts import rules
from normbound.contracts.block import Layer, Repeat, concat, parallel, scaled
from normbound.layers import (
    BatchNorm,
    Identity,
    LayerNorm,
    LearnedScale,
    Linear,
    MaxMin,
    Outside,
    PReLU,
    activation,
)
from normbound.layers import linear as linear_module
from normbound.network.builtins import get, names
from normbound.network.program import Input

RELU, SIGMOID = activation("ReLU"), activation("Sigmoid")


def rows(block):
    return Input(radius="R", features="d", positions="n") >> block


def lin(s="s", b="b", **options):
    return Linear(s, bias=b, **options)


NETWORKS = {
    "tied, captured": Repeat((lin() + Outside("u")) >> RELU, "K", tied=True, capture={"u": lin("t", "c")}),
    "shared": (lin(share="A") >> RELU) + (concat(lin(share="A"), lin("t", "c")) >> Linear("q", out="d")),
    "family": Repeat(Linear("s[i]", bias="b[i]") >> LayerNorm(gamma="g[i]", beta="h", floor="f[i]") >> RELU, "K",
                     index="i"),
    "untied in tied": Repeat(Repeat(lin() >> RELU, "m") >> lin("t", "c"), "K", tied=True),
    "product": Repeat(Identity() + (lin() >> SIGMOID) * lin("t", "c"), "K"),
    "scaled parallel": scaled(-2, parallel(lin(), Linear("t") >> RELU)),
    "sorting and slopes": Repeat(lin() >> MaxMin() >> PReLU("a") >> LearnedScale("z"), "K"),
    "batch": Repeat(lin() >> BatchNorm(mode="train", gamma="g", beta="h", floor="sigma"), "K"),
    "given numbers": Linear("1/2", bias="2*b", row_norm="1/3") >> BatchNorm(mode="eval", gamma=1, beta="h", var="v", mean="u"),
    "given tensors": Linear([["1/3", 1], [0, 1]], bias=[1, "1/7"]) >> LayerNorm(gamma=[1, "-1/2"], beta="h", eps="1/3"),
}


def suspicious(monkeypatch, network, **options):
    """A run in which doubles suspect nearly every test."""
    monkeypatch.setattr(falsify, "MARGIN", -0.3)
    monkeypatch.setattr(falsify, "ASKED", 1)
    return check(network, **{"networks": 2, "seed": 11, "points": 2, "laws": ("aligned", "gaussian"), **options})


@pytest.mark.parametrize("name", [n for n in names() if n in ("mlp", "gated", "recurrent", "injected", "batchnorm-eval")])
def test_sound_builtins_are_never_refuted(monkeypatch, name):
    report = suspicious(monkeypatch, get(name))
    assert report.totals["suspected"] > 3 and report.verdict != "violated" and not report.violations


@pytest.mark.parametrize("name", NETWORKS)
def test_sound_compositions_are_never_refuted(monkeypatch, name):
    body = NETWORKS[name]
    given = name == "given tensors"
    network = Input(radius="R", features=2) >> body if given else rows(body)
    report = suspicious(monkeypatch, network, values={} if given else {"d": 2, "n": 2})
    assert report.totals["suspected"] > 0 and not report.violations


def weakened(monkeypatch, factor):
    """Linear with its exact constant times ``factor``."""
    true = linear_module.Linear.contract
    monkeypatch.setattr(linear_module.Linear, "contract", lambda self, context: true(self, context)._replace(
        lip=true(self, context).lip * context.store.number(factor)))


@pytest.mark.parametrize("kind, law", [("input", "gaussian"), ("input", "aligned"), ("input", "orthogonal"),
                                       ("pair", "aligned")])
def test_violation_far_below_rounding_is_proved(monkeypatch, kind, law):
    """1e-13 and even 1e-25 below an exact constant: invisible to doubles, decided by balls; the exact constant holds.

    Of nearly equal singular values (orthogonal) doubles give a direction that is good to about 1e-16 only.
    """
    network = Input(radius="R", features=4) >> Linear("s")
    where = {"network": 0, "point": 0, "network'": 0, "point'": 3}
    fixed = {"s": 2} if kind == "pair" else {}
    for gap, expected in (("1e-13", True), ("1e-25", kind == "input" and law != "orthogonal"), ("0", False)):
        with monkeypatch.context() as m:
            weakened(m, 1 - Fraction(gap))
            p = plan(network)
            r = draw(p, 4, law, 8, fixed)
            if kind == "pair":
                for stack in r.tensors.values():  # all of the weight on one entry, both points along it
                    stack[:] = 0
                    stack[..., 0, 0] = 2
                r.points[:] = 0
                r.points[0, ..., 0], r.points[3, ..., 0] = 0.75, -0.25
            found = confirm_in(r, 1, (), kind, "", where)
            assert (found.confirmed is True) == (expected or (kind == "pair" and gap != "0")), (gap, str(found))
            if gap == "1e-13":
                assert check(network, networks=6, seed=1, laws=(law,)).verdict == "survived"


def test_floor_missed_by_1e_20_is_noticed():
    """Doubles take the deviation of (1, -1, 1, -1) (1 -+ 1e-20) for 1."""
    network = Input(radius=9, features=4) >> LayerNorm(floor=1, eps="1/10")
    r = draw(plan(network), 1, "gaussian")
    found = single(r, 0, 0, "radius")
    sign = np.array([1, -1, 1, -1], dtype=object).reshape(1, 1, 1, 4)
    below = judge(r, replace(found, x=sign * (1 - Fraction(1, 10**20))), 1, ())
    above = judge(r, replace(found, x=sign * (1 + Fraction(1, 10**20))), 1, ())
    assert below.confirmed is None and "hypothesis not surely met" in below.reason and "floor" in below.reason
    assert above.confirmed is False
    outside = judge(r, replace(found, x=sign * 5), 1, ())  # |x| = 10 is scaled back into the domain
    assert outside.confirmed is False


class Choosing(Layer):
    """The identity, with a branch that a ball around 0 cannot take."""

    name = "Choosing"

    def contract(self, context):
        return Identity().contract(context)

    def forward(self, tensors, x):
        return np.where(x > 0, x, 1 * x)


def test_branch_at_a_kink_is_undecided_and_a_hull_is_not():
    """Linear gives 3 (1/3) - 1 = 0, which no precision separates from 0."""
    found = {}
    for layer in (Choosing(), RELU):
        network = Input(radius=9, features=1) >> Linear([["1/3"]], bias=[-1]) >> layer
        r = draw(plan(network), 1, "gaussian")
        witness = single(r, 0, 0, "radius")
        found[layer.name] = judge(r, replace(witness, x=np.full((1, 1, 1, 1), Fraction(3))), 4, ())
    assert found["Choosing"].confirmed is None and 512 <= found["Choosing"].bits <= MAX_BITS
    assert "undecided" in found["Choosing"].reason
    assert found["ReLU"].confirmed is False


class Double(Layer):
    """Claims to be the identity and runs on doubles only."""

    name = "Double"

    def contract(self, context):
        return Identity().contract(context)

    def forward(self, tensors, x):
        return np.asarray(2 * x, dtype=float if x.dtype == object else x.dtype)


def test_forward_pass_that_balls_cannot_follow_is_suspected_only():
    report = check(Input(radius="R", features=3) >> Double(), networks=4, seed=0)
    assert report.verdict != "violated" and not report.violations
    assert report.totals["suspected"] > 0 and {row.step for row in report.suspected} == {1, 2}
    where = {"network": 0, "point": 0}
    r = draw(plan(Input(radius="R", features=3) >> Double()), 0, "gaussian")
    assert "does not run on balls" in confirm_in(r, 1, (), "radius", "", where).reason


def test_violation_is_read_back_and_proved_again(monkeypatch):
    true = rules.series
    monkeypatch.setattr(rules, "series", lambda f, g: true(f, g)._replace(L=f.L))
    network = rows(lin() >> lin("t", "c"))
    report = check(network, networks=8, seed=2)
    assert report.verdict == "violated"
    kinds = set()
    for violation in report.violations:
        again = confirm(plan(network), Violation.from_data(violation.to_data()))
        assert again.confirmed and again.to_data() == dict(violation.confirmation)
        kinds.add(violation.kind)
    assert {"input", "pair", "rule"} <= kinds
    monkeypatch.setattr(rules, "series", true)
    assert not any(confirm(plan(network), v).confirmed for v in report.violations)


def test_wrong_rule_behind_slack_is_proved_by_linear_maps(monkeypatch):
    """max instead of the sum: far from violated by the networks (small second branch), refuted as a rule."""
    true = rules.add
    monkeypatch.setattr(rules, "add", lambda f, g: true(f, g)._replace(L=true(f, g).L / 2 + f.L / 2))
    network = rows((Linear(3) >> SIGMOID) + (Linear("t") >> SIGMOID))
    report = check(network, networks=12, seed=0)
    found = [v for v in report.violations if v.kind == "rule"]
    assert found and {v.rule for v in found} == {"sum"} and {v.confirmation["how"] for v in found} == {"rule"}


def test_tensors_beyond_a_given_bound_by_rounding_are_scaled_back():
    network = Input(radius=1, features=3) >> Linear("1/3", bias="1/7")
    p = plan(network)
    for seed in range(6):
        r = draw(p, seed, "gaussian")
        for point in range(4):
            found = judge(r, pair(r, (0, point), (2, point + 1)), 1, ())
            assert found.confirmed is False, str(found)  # the hypotheses surely hold, and so does the bound


def test_what_cannot_be_reached_is_not_a_verdict():
    r = draw(plan(rows(lin() >> RELU)), 3, "zero")
    found = confirm_in(r, 2, (), "rule", "input", {"point": 0})
    assert found.confirmed is None
    nothing = SimpleNamespace(seed=3, law="zero", points=8, fixed={}, step=3, iterations=(9,), kind="rule", group="input",
                              witness={"point": 0})
    assert "not executed" in confirm(plan(rows(lin() >> RELU)), nothing).reason


# -- layers that balls cannot evaluate, parameter sets of given matrices, and branches that are not taken ----------
def _user_layer(name, forward):
    from dataclasses import dataclass

    from normbound.contracts.context import Contract

    @dataclass(frozen=True, eq=False)
    class User(Layer):
        def contract(self, context):
            return Contract(context.store.one, context.store.zero, context.store.one)

        def forward(self, tensors, x):
            return forward(x)
    User.name = name
    return User()


def test_a_suspicion_that_balls_cannot_examine_is_not_a_pass():
    import math

    import numpy as np
    opaque = _user_layer("Opaque", lambda x: 2 * x + 0 * np.vectorize(math.erf, otypes=[float])(x.real))
    report = check(Input("R", "d") >> Linear("s") >> opaque, networks=6)
    assert report.verdict == "undecided" and any(r.undecided for r in report.steps)


def test_a_branch_that_is_not_taken_may_have_no_value():
    import numpy as np

    def forward(x):
        with np.errstate(all="ignore"):
            return np.where(x == 0, 0, x * x / np.where(x == 0, 1, x)) * (np.exp(x) / np.exp(x))
    report = check(Input(1000, "d") >> _user_layer("Same", forward), networks=40)
    assert report.verdict != "violated"


def test_a_wrong_entry_bound_of_a_given_matrix_is_proved(monkeypatch):
    monkeypatch.setattr(Linear, "sup", lambda self, context: self.row_norm * context.radius() + (self.bias or 0))
    report = check(Input("R", 2) >> Linear([[1, "1/2"], ["1/2", 1]]) * Linear("s"), networks=220)
    assert report.verdict == "violated"


def test_networks_near_a_given_one_are_compared_with_each_other(monkeypatch):
    from normbound.layers.normalization import Affine
    honest = Affine._lip
    monkeypatch.setattr(Affine, "_lip", lambda self, context, gain: honest(self, _Fixed(context), gain))
    network = Input("R", 2) >> LayerNorm(gamma=[1, "1/2"], floor="sigma", eps="eps") >> Linear("t")
    assert check(network, networks=60).verdict == "violated"


def test_wrong_bounds_on_entries_are_named_where_they_arise(monkeypatch):
    from normbound.contracts.rules import add
    network = Input("R", "d") >> (Linear("r", bias="b") >> activation("Tanh") >> Linear("s")) * Linear("t")
    assert check(network, networks=60).verdict == "survived"
    with monkeypatch.context() as broken:
        broken.setattr(Linear, "sup", lambda self, context: self.row_norm * context.sup() + (self.bias or context.store.zero))
        assert [row.label for row in check(network, networks=60).culprits] == ["layer 1.1.3 (Linear)"]
    sums = Input("R", "d") >> (activation("Tanh") + activation("Sigmoid")) * Linear("t")
    assert check(sums, networks=60).verdict == "survived"
    monkeypatch.setattr(rules, "add", lambda f, g: add(f, g)._replace(sup=f.sup))
    assert {row.rule for row in check(sums, networks=60).culprits} == {"sum"}


class _Fixed:
    """A context that says no parameter changes."""

    def __init__(self, context):
        self._context = context
        self.fixed = True

    def __getattr__(self, name):
        return getattr(self._context, name)
