"""Integers by their residues: what the rules accept and reject, that they are sound at points, and what the prover decides."""

import random

import pytest
from claim_proofs import budget, counterexample, sequent
from claim_random import unsound

from normbound.claims.checker import Rejected, node, replay, rules
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import truth
from normbound.claims.prove import integers

SORTS = {"n": "natural", "m": "natural", "j": "integer", "k": "integer", "x": "real", "s": "integer[n]"}


@pytest.mark.parametrize(("goal", "modulus"), [
    ("2*n != 2*m + 1", 2), ("3*j + 1 != 6*k - 3", 3), ("n^2 + m^2 != 4*j + 3", 4), ("3^n != 2*m", 2), ("2^n != 3*m", 3),
    ("n != m + 1/2", 2), ("j*(j + 1) != 2*k + 1", 2), ("(-2)^n != 3*m", 3), ("j^2 != 3*k + 2", 3), ("7 != 3*n + 5*m*3", 3),
    ("n^3 - n != 6*m + 1", 6), ("sum(i, 1, n, i)*2 != 4*m + 1", 2), ("2*max(n, j) != 1", 2), ("5^n + 1 != 4*m", 4),
])
def test_residues_are_accepted(goal, modulus):
    s = sequent(SORTS, [], goal)
    replay(s, node("residues", {"modulus": modulus}))
    assert counterexample(s) is None
    found = integers.attempt(s, budget())
    assert found is not None and found["premises"] == []
    replay(s, found)


@pytest.mark.parametrize(("goal", "data"), [
    ("2*n != 2*m + 1", {"modulus": 3}), ("2*n != 2*m", {"modulus": 2}), ("2*n != 2*m + 1", {}), ("2*n != 2*m + 1", {"modulus": 1}),
    ("2*n != 2*m + 1", {"modulus": 0}), ("2*n != 2*m + 1", {"modulus": -2}), ("2*n != 2*m + 1", {"modulus": "2"}),
    ("2*n != 2*m + 1", {"modulus": True}), ("2*n != 2*m + 1", {"modulus": 100_000}), ("2*x != 2*m + 1", {"modulus": 2}),
    ("2*n < 2*m + 1", {"modulus": 2}), ("2*n == 2*m + 1", {"modulus": 2}), ("3^n != 2*m + 1", {"modulus": 2}),
    ("2^n != 3*m + 1", {"modulus": 3}), ("2^n != 2*m + 1", {"modulus": 2}), ("n^2 + m^2 != 4*j + 2", {"modulus": 4}),
    ("2*n/3 != 2*m/3 + 2/9", {"modulus": 2}), ("x != 1/2", {"modulus": 2}), ("2*sqrt(n) != 1", {"modulus": 2}),
    ("2/(n + 1) != 1", {"modulus": 2}), ("2^j != 3*m", {"modulus": 3}), ("2*n^(-1) != 1", {"modulus": 2}),
    ("n + m + j + k + s[1] + s[2] != 0", {"modulus": 997}),
])
def test_what_is_rejected(goal, data):
    with pytest.raises((Rejected, ClaimError)):
        replay(sequent(SORTS, [], goal), node("residues", data))


def test_cases_of_residues():
    s = sequent(SORTS, ["n >= 3"], "(-1)^n*x <= abs(x)")
    found = rules()["residue_cases"](s, {"name": "n", "modulus": 2})
    assert [str(p.goal) for p in found] == ["(-1)^(2*k_1)*x <= abs(x)", "(-1)^(2*k_1 + 1)*x <= abs(x)"]
    assert [str(p.given[0]) for p in found] == ["2*k_1 >= 3", "2*k_1 + 1 >= 3"]
    assert all("n" not in p.sorts and str(p.sorts["k_1"]) == "natural" for p in found)
    assert str(found[1].sorts["s"]) == "integer[2*k_1 + 1]"
    for data in ({"name": "x", "modulus": 2}, {"name": "s", "modulus": 2}, {"name": "n", "modulus": 1}, {"name": "n", "modulus": 13},
                 {"name": "z", "modulus": 2}, {"name": "n"}, {"modulus": 2}):
        with pytest.raises((Rejected, ClaimError)):
            rules()["residue_cases"](s, data)
    with pytest.raises((Rejected, ClaimError)):  # a variable that varies is none to substitute
        rules()["residue_cases"](sequent(SORTS, [], "increasing((-1)^n*x, n)"), {"name": "n", "modulus": 2})


@pytest.mark.parametrize("goal", ["(-1)^(2*n) == 1", "(-1)^(2*n + 1) == -1", "(-1)^(4*n + 2*m + 3) == -1", "(-2)^(2*n) == 4^n",
                                  "(-x)^(2*n) == x^(2*n)", "(-x)^(2*n + 1) == -x^(2*n + 1)", "(-1)^(3*n) == (-1)^n"])
def test_powers_of_minus_one_in_normal_forms(goal):
    s = sequent(SORTS, [], goal)
    replay(s, node("algebra"))
    assert counterexample(s) is None


@pytest.mark.parametrize("goal", ["(-1)^(2*n) == -1", "(-1)^n == 1", "(-1)^(2*n + 1) == 1", "(-1)^(2*j + 1) == 1", "(-1)^(n*m) == 1"])
def test_powers_of_minus_one_that_are_not(goal):
    with pytest.raises(Rejected):
        replay(sequent(SORTS, [], goal), node("algebra"))


def test_a_hypothesis_that_no_integers_meet():
    s = sequent(SORTS, ["x > 0", "2*n == 2*m + 1"], "n == 7")
    found = integers.attempt(s, budget())
    assert found is not None and found["rule"] == "contrapose"
    wanted = rules()["contrapose"](s, found["data"])[-1]
    replay(wanted, integers.attempt(wanted, budget()))
    assert integers.attempt(sequent(SORTS, ["2*n == 2*m + 2"], "n == 7"), budget()) is None


@pytest.mark.parametrize("goal", ["2*n != 2*m", "3^n != 2*m + 1", "n != m + 1", "n^2 != 2*m^2", "x != 1/2", "2*n <= 2*m + 1"])
def test_the_prover_leaves_alone_what_it_does_not_decide(goal):
    assert integers.attempt(sequent(SORTS, [], goal), budget()) is None


def test_residues_are_sound_at_points():
    rng = random.Random(11)
    accepted = 0
    leaves = ("n", "m", "j", "2", "3", "1", "0.5", "2^n", "(-3)^m", "max(n, j)", "n^2", "4")
    for _ in range(400):
        terms = [f"{rng.choice(('', '2*', '3*', '4*', '6*'))}{rng.choice(leaves)}" for _ in range(rng.randrange(2, 5))]
        cut = rng.randrange(1, len(terms))
        s = sequent(SORTS, [], f"{' + '.join(terms[:cut])} != {' - '.join(terms[cut:])}")
        point, applied = unsound("residues", s, {"modulus": rng.randrange(2, 9)}, 200)
        accepted += applied
        assert point is None, (str(s), point)
        s = sequent(SORTS, [], f"{' + '.join(terms[:cut])} <= {' - '.join(terms[cut:])}")
        point, _ = unsound("residue_cases", s, {"name": rng.choice("nmj"), "modulus": rng.randrange(2, 4)}, 60)
        assert point is None, (str(s), point)
    assert accepted > 20


def test_the_cases_cover_every_integer():
    s = sequent({"j": "integer"}, [], "j != 7")
    found = rules()["residue_cases"](s, {"name": "j", "modulus": 5})
    assert sum(truth(p.goal, {"k": 1}) is False for p in found) == 1
