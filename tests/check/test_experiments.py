"""The checks of the nine results: they pass, they refute wrong claims, and they check nothing when nothing is sampled."""

from fractions import Fraction
from functools import cache
from math import comb, log

import numpy as np
import pytest

from normbound.check.experiments import EXPERIMENTS, Finding
from normbound.check.experiments import bounds as bounds
from normbound.check.experiments import families as families_
from normbound.check.experiments import generalization as generalization
from normbound.check.experiments.tools import Tally, at_point, conclude, log_value, shown
from normbound.errors import NetworkError
from normbound.terms.store import Store
from normbound.theory import families

SMALLER = {name: {"networks": 5} for name in EXPERIMENTS} | {"R6": {"networks": 10}, "R8": {}, "R9": {"networks": 4}}


@cache
def found(name):
    return EXPERIMENTS[name](0, True, **SMALLER[name])


def plain(value):
    return isinstance(value, (int, float, str)) and not isinstance(value, bool)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_result_stands(name):
    finding = found(name)
    assert finding.verdict == ("survived" if name == "R8" else "attained"), finding.says
    assert finding.figures["comparisons"] > 0 and finding.figures["failed"] == 0
    assert all(plain(v) for v in finding.figures.values()), finding.figures
    for series in finding.series.values():
        assert len({len(v) for v in series.values() if isinstance(v, list)}) == 1


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_claim_that_is_too_small_is_refuted(name):
    factor = {"R3": "101/100", "R8": "1/2"}.get(name, "99/100")  # R3 claims lower bounds
    finding = EXPERIMENTS[name](0, True, factor=factor, **SMALLER[name])
    assert finding.verdict == "refuted" and finding.figures["failed"] >= (name != "R8"), finding


@pytest.mark.parametrize(("name", "verdict"), [("R1", "survived"), ("R5", "survived"), ("R6", "refuted"), ("R7", "refuted"),
                                               ("R9", "refuted")])
def test_a_claim_that_is_too_large_is_not_attained(name, verdict):
    finding = EXPERIMENTS[name](0, True, factor=Fraction(1000001, 1000000), **SMALLER[name])
    assert finding.verdict == verdict


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_nothing_sampled_is_not_a_pass(name):
    finding = EXPERIMENTS[name](0, True, networks=0)
    assert finding.verdict == "not checked" and not finding.passed


@pytest.mark.parametrize("bad", [{"factor": 0}, {"factor": "-1"}, {"factor": 0.5}, {"networks": -1}, {"networks": True}])
@pytest.mark.parametrize("name", ["R1", "R3", "R7", "R8"])
def test_bad_arguments(name, bad):
    with pytest.raises(NetworkError, match=r"found|0\.5"):
        EXPERIMENTS[name](0, True, **bad)


def test_the_same_seed_gives_the_same_finding_and_another_seed_other_networks():
    again = EXPERIMENTS["R3"](0, True, networks=5)
    assert again == found("R3")
    other = EXPERIMENTS["R3"](1, True, networks=5)
    assert other.verdict == "attained" and other.series != again.series


# -- what the checks rest on --------------------------------------------------------------------------------------
def test_tally_refuses_nan_and_finds_the_worst():
    tally = Tally()
    tally.at_most([0.0, 1.0], [0.0, 0.5], "second")
    assert (tally.tests, tally.failures) == (2, 1) and tally.first.startswith("second: measured 2.71828183 exceeds 1.64872127")
    for how in ("at_most", "at_least", "equal"):
        fresh = Tally()
        getattr(fresh, how)([float("nan")], [0.0], "nan")
        assert fresh.failures == 1
    close = Tally()
    close.equal(1 + 1e-12, 1.0, "rounding")
    close.at_least(float("-inf"), float("-inf"), "zero is at least zero")
    assert not close.failures and close.deviation < 1e-11
    empty = Tally()
    empty.at_most([], [], "nothing")
    assert conclude([close, empty], True, "", {}, {}).verdict == "not checked"
    assert conclude([], True, "", {}, {}).verdict == "not checked"
    assert conclude([close], True, "", {}, {}, [Finding("not checked", "x")]).verdict == "not checked"
    assert conclude([close, empty], True, "", {}, {}, [Finding("refuted", "x")]).verdict == "refuted"


def test_sizes_beyond_doubles_are_shown():
    assert shown(log(2.5)) == "2.5"
    assert shown(1000 * log(10) + log(3)) == "3.000000000e+1000"
    assert shown(float("inf")) == "inf"


def test_at_point_measures_what_numpy_measures():
    with Store():
        family = families.exact_family("3/2", "6/5", 1, "64/25", 3)
        here = at_point(family.network, family.probes[0].point, family.trainable)
        assert here.met and here.least == pytest.approx(1)
        assert here.along_input(family.probes[0].direction) == pytest.approx(0.75**3, rel=1e-12)
        assert here.input_norm() == pytest.approx(0.75**3, rel=1e-12)
        assert log(here.parameter_norm()) == pytest.approx(log_value(family.parameters), abs=1e-12)
        missed = at_point(families.explosion(2, 1).network, ((0, 0, 0, 1),))
        assert not missed.met  # deviation sqrt(3)/8 < 1/2


def test_an_exploding_member_keeps_its_rate_through_forty_layers():
    """Rounding along v is multiplied by g s/q in every layer; without its removal the slope at 0 is lost near K = 20."""
    rng = np.random.default_rng(0)
    with Store():
        m = families_._members(rng, 20, 5, True)
    assert set(m.side) == {-1, 0, 1}
    x = m.u + 1j * families_.STEP * m.v
    for _ in range(40):
        x = m.ahead(x, True)
    assert np.abs(families_._logs(families_._speed(x)) - 40 * m.log_rate).max() < 1e-11
    assert np.abs(m.u.sum(1)).max() < 1e-14 and np.abs((m.u * m.v).sum(1)).max() < 1e-14


def test_a_wrong_family_does_not_reach_its_bound():
    """The attained ratio is measured: a point away from the witness stays below the bound."""
    with Store():
        family = families.exact_family("3/2", "3/10", "4/5", "4/25", 4)
        a = bounds._of(family, 4)[0]._replace(point=((2, 1, -1, -2),), exact=None)
        upper, reached, attained = Tally(), Tally(), {"x": [], "y": [], "family": []}
        bounds._reach(a, "input", 0.0, upper, reached, attained)
    assert not upper.failures and attained["y"][0] < 0.9


def test_positive_entries_below_c_are_refuted(monkeypatch):
    """The claim (c d)^K needs all entries above c: smaller ones are noticed."""
    def thin(rng, c, width):
        return c[:, None, None] * (1 - 0.5 * rng.random((len(c), width, width)))

    monkeypatch.setattr(families_, "_entries_above", thin)
    finding = families_.result_3(0, True, networks=4)
    assert finding.verdict == "refuted" and "positive entries" in finding.says


# -- binomial intervals -------------------------------------------------------------------------------------------
def tail(k, n, p):
    return sum(comb(n, j) * p**j * (1 - p)**(n - j) for j in range(k, n + 1))


@pytest.mark.parametrize(("k", "n"), [(1, 10), (5, 10), (10, 10), (3, 40), (39, 40)])
def test_the_interval_is_clopper_pearson(k, n):
    level = Fraction(1, 20)
    low, high = generalization.interval(k, n, level)
    assert tail(k, n, Fraction(low)) <= level / 2 <= tail(k, n, Fraction(low) + Fraction(1, 2**19))
    if k < n:
        q = Fraction(high)
        assert 1 - tail(k + 1, n, q) <= level / 2 <= 1 - tail(k + 1, n, q - Fraction(1, 2**19))
    for p in (Fraction(1, 100), Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)):
        assert generalization.exceeds(k, n, p, level) == (tail(k, n, p) < level / 2)


def test_the_ends_of_intervals():
    assert generalization.interval(0, 50)[0] == 0.0 and generalization.interval(50, 50)[1] == 1.0
    with pytest.raises(NetworkError, match="at least one draw"):
        generalization.interval(0, 0)


def test_few_draws_have_no_power_and_say_so():
    finding = EXPERIMENTS["R8"](0, True, networks=2)
    assert finding.verdict == "not checked" and "not rejected" in finding.says


def test_the_learner_stays_in_the_parameter_set_and_its_risk_is_exact():
    w = generalization._world(0)
    assert w.probability.sum() == pytest.approx(1) and len(w.points) == 96
    for i in range(generalization.CELLS):
        inside = w.points[w.cell == i]
        assert np.linalg.norm(inside - np.eye(generalization.CELLS)[i], axis=1).max() <= float(generalization.REACH)
    counts = np.random.default_rng(1).multinomial(400, w.probability, 5)
    seen = []
    original = generalization._losses

    def watch(world, weight, bias):
        assert np.linalg.norm(weight, 2, axis=(1, 2)).max() <= 0.36 * (1 + 1e-12)
        assert np.linalg.norm(bias, axis=1).max() <= 1 + 1e-12
        seen.append(original(world, weight, bias))
        return seen[-1]

    generalization._losses = watch
    try:
        best, _ = generalization._overfit(w, counts, 0.36, 1.0)
    finally:
        generalization._losses = original
    risks = [(loss * w.probability).sum(1) - (loss * counts / 400).sum(1) for loss in seen]
    assert np.allclose(best, np.max(risks, axis=0))
    assert best.min() > 0  # it overfits every sample
