"""Claims about true constants: proved through bounds, refuted through exact bounds and measured networks."""

import time
from fractions import Fraction
from types import SimpleNamespace

import pytest

from normbound.claims.checker.sequent import Sequent
from normbound.claims.document import read
from normbound.claims.grammar import parse_statement
from normbound.claims.lipschitz import inhabited, measured, positivity, reduce, refute_constants, shapes, speaks_of_constants
from normbound.claims.networks import Derived
from normbound.claims.refute import refute, verify
from normbound.claims.sorts import declared
from normbound.errors import UnsupportedError

TEXT = """
schema = 1
[networks]
norm = {builtin = "mlp-layernorm"}
indexed = {builtin = "indexed"}
[networks.plain]
network = "Repeat(Linear(t) >> ReLU, K)"
input = {radius = "R", features = "d"}
[networks.twice]
network = "Repeat(Linear(t) >> ReLU, 2*K)"
input = {radius = "R", features = "d"}
[networks.skip]
network = "Repeat(Identity + (Linear(t) >> GELU), K)"
input = {radius = "R", features = "d"}
[networks.floored]
network = "Linear(t) >> LayerNorm(gamma=1, beta=0, floor=sigma, eps=0)"
input = {radius = "R", features = "d"}
[[claim]]
id = "a"
vars = {t = "positive"}
show = "t <= t"
"""
NETWORKS = read(TEXT).networks
SORTS = {
    "plain": {"t": "positive", "K": "natural", "R": "positive", "d": "natural"},
    "norm": dict.fromkeys(("s", "b", "g", "h", "sigma", "eps", "R"), "positive") | {"K": "natural", "d": "natural"},
    "floored": {"t": "positive", "sigma": "positive", "R": "positive", "d": "natural"},
}
SORTS["skip"] = SORTS["twice"] = SORTS["plain"]


@pytest.fixture(scope="module")
def derived():
    return Derived(NETWORKS)


def sequent(net, show, *given):
    return Sequent(declared(SORTS[net]), tuple(map(parse_statement, given)), parse_statement(show))


def test_a_constant_is_at_most_its_bound(derived):
    found = reduce(sequent("plain", "Lip(plain) <= t^K and 5 >= Lip(plain)"), derived)
    assert str(found.sequent.goal) == "t^K <= t^K and 5 >= t^K"
    assert len(found.notes) == 1 and found.notes[0].startswith("Lip(plain) <= bound(plain) by the derivation ")
    found = reduce(sequent("norm", "K >= 1 implies Lip(norm) < 7"), derived)
    assert str(found.sequent.goal) == "K >= 1 implies sigma^2 + eps > 0 and (s/sqrt(sigma^2 + eps)*g)^K < 7"


def test_an_exact_bound_is_the_constant(derived):
    found = reduce(sequent("plain", "Lip(plain) >= t^K"), derived)
    assert str(found.sequent.goal) == "d >= 1 and R > 0 and t^K >= t^K"
    assert "attained by a family of networks" in found.notes[0]
    found = reduce(sequent("plain", "Lip(plain) == t^K"), derived)
    assert str(found.sequent.goal) == "d >= 1 and R > 0 and t^K == t^K"
    found = reduce(sequent("norm", "1 <= Lip(norm)"), derived)
    assert str(found.sequent.goal) == ("sigma^2 + eps > 0 and d >= 1 and R > 0 and b >= sigma*sqrt(d) and d >= 3 and sigma > 0 and "
                                       "1 <= (s/sqrt(sigma^2 + eps)*g)^K")
    found = reduce(sequent("plain", "Lip(plain) <= Lip(twice)"), derived)
    assert str(found.sequent.goal) == "d >= 1 and R > 0 and t^K <= t^(2*K)"
    assert len(found.notes) == 2


def test_other_functions_are_derived_bounds(derived):
    s = sequent("plain", "bound(plain) <= param_bound(plain) + radius(plain)", "bound(plain) >= 1")
    found = reduce(s, derived)
    assert not speaks_of_constants(found.sequent.goal) and "(" in str(found.sequent.goal)
    assert str(found.sequent.given[0]) == "t^K >= 1"
    assert found.notes == ()
    assert found.equivalent


def test_a_false_bound_does_not_refute_a_constant(derived):
    """The bound of skip is not known to be attained: what it exceeds, the constant need not exceed."""
    s = sequent("skip", "Lip(skip) <= (1 + 1.1289*t)^K", "t <= 1/10^9")
    found = reduce(s, derived)
    assert not found.equivalent
    assert refute(found.sequent) is not None
    assert refute_constants(s, derived, SimpleNamespace(deadline=time.monotonic() + 1)).witness is None


@pytest.mark.parametrize(("show", "given", "why"), [
    ("2*Lip(plain) <= 1", (), "alone on a side"),
    ("Lip(plain) <= 2 implies t <= 1", (), "alone on a side"),
    ("Lip(plain) <= 2 iff t <= 1", (), "alone on a side"),
    ("increasing(Lip(plain), t)", (), "alone on a side"),
    ("t <= 1", ("Lip(plain) <= 1",), "among the hypotheses"),
    ("Lip(skip) >= 1", (), "not known to be attained"),
    ("1 == Lip(skip)", (), "not known to be attained"),
])
def test_places_at_which_nothing_is_known(derived, show, given, why):
    with pytest.raises(UnsupportedError, match=why):
        reduce(sequent("plain", show, *given), derived)


@pytest.mark.parametrize(("net", "show", "given"), [
    ("plain", "Lip(plain) <= 1", ()),
    ("plain", "Lip(plain) < t^K", ()),
    ("plain", "Lip(plain) >= 1/2 + t^K", ()),
    ("plain", "Lip(plain) == 2*t^K", ()),
    ("plain", "param_Lip(plain) <= 5", ()),
    ("plain", "Lip(twice) <= Lip(plain)", ()),
    ("plain", "t <= 1 implies Lip(plain) >= 1", ()),
    ("norm", "Lip(norm) <= 0.9*(s*g/sigma)^K", ("eps <= sigma^2/100",)),
    ("norm", "Lip(norm) <= param_bound(norm)", ("K >= 1",)),
    ("skip", "Lip(skip) >= (1 + 1.2*t)^K", ("K >= 1",)),
])
def test_counterexamples_from_bounds(derived, net, show, given):
    s = sequent(net, show, *given)
    w = refute_constants(s, derived).witness
    assert w is not None
    assert verify(w.sequent, w.point)
    assert w.point["d"] >= 1
    assert "bound" in w.note


@pytest.mark.parametrize(("net", "show"), [
    ("plain", "Lip(plain) <= t^K"),
    ("plain", "Lip(plain) >= t^K"),
    ("norm", "Lip(norm) <= (s*g/sigma)^K"),
    ("skip", "Lip(skip) <= (1 + 1.13*t)^K"),
    ("skip", "Lip(skip) >= (1 + 1.1289*t)^K"),
])
def test_what_is_true_has_none(derived, net, show):
    begun = time.monotonic()
    assert refute_constants(sequent(net, show), derived, SimpleNamespace(deadline=begun + 2)).witness is None
    assert time.monotonic() - begun < 5


def test_a_measured_network_refutes(derived):
    s = sequent("skip", "Lip(skip) <= 1 + t", "K == 1")
    found = refute_constants(s, derived)
    w = found.witness
    assert w is not None
    assert w.point["K"] == 1 and w.point["d"] >= 1
    assert w.sequent.goal.op == "le" and verify(w.sequent, w.point)
    assert "enclosed in ball arithmetic" in w.note
    assert "K = 1" in str(w) and "R = " in str(w)


def test_measured_quotients_stay_below_the_bound(derived):
    bound = derived.derived("bound", "skip")
    for t, K, d in ((Fraction(1), 1, 1), (Fraction(1, 2), 2, 2)):
        found = measured(NETWORKS["skip"], bound, {"t": t, "K": K, "R": 5, "d": d}, 0.5)
        assert found is not None
        assert (1 + Fraction(9, 10) * t) ** K <= found <= (1 + Fraction(113, 100) * t) ** K


def test_networks_without_inputs_are_no_counterexamples(derived):
    """A floor that no input meets: the bound is large there, the constant is not."""
    s = sequent("floored", "Lip(floored) <= 5*t/sigma", "sigma*sqrt(d) > t*R")
    assert refute_constants(s, derived, SimpleNamespace(deadline=time.monotonic() + 2)).witness is None
    s = sequent("floored", "Lip(floored) <= t/(2*sigma)", "sigma*sqrt(d) > t*R")
    assert refute_constants(s, derived, SimpleNamespace(deadline=time.monotonic() + 2)).witness is None
    s = sequent("floored", "Lip(floored) >= 2*t/sigma", "sigma*sqrt(d) > t*R")
    assert refute_constants(s, derived, SimpleNamespace(deadline=time.monotonic() + 2)).witness is None
    s = sequent("floored", "Lip(floored) >= 2*t/sigma")
    w = refute_constants(s, derived, SimpleNamespace(deadline=time.monotonic() + 2)).witness
    assert w is not None and w.point["sigma"] ** 2 * w.point["d"] <= w.point["t"] ** 2 * w.point["R"] ** 2


def test_what_bounds_need(derived):
    bound = derived.derived("bound", "norm")
    assert [str(s) for s in positivity(bound)] == ["sigma^2 + eps > 0"]
    assert [str(s) for s in shapes(bound)] == ["d >= 1"]
    assert [str(s) for s in inhabited(bound)] == [
        "K >= 1 implies sigma*sqrt(d) <= b + s*R", "K >= 2 implies sigma*sqrt(d) <= b + s*(h + g*sqrt(d))"]
