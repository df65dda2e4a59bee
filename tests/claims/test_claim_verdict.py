"""Outcomes as data."""

import json

import pytest

from normbound.claims.verdict import PROVED, RANKED, REFUTED, Outcome, from_data


def test_an_outcome_is_no_boolean():
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(Outcome("a", "proved (certificate)"))
    with pytest.raises(ValueError, match="accepted: proved"):
        Outcome("a", "true")


@pytest.mark.parametrize("verdict", RANKED)
def test_what_counts_as_expected(verdict):
    kind = "proved" if verdict in PROVED else "refuted" if verdict in REFUTED else verdict
    for expect in ("proved", "refuted", "undecided"):
        assert Outcome("a", verdict, expect).as_expected == (kind == expect)


def test_a_decided_claim_that_should_be_undecided_has_a_hint():
    assert 'expect = "proved"' in Outcome("a", "enclosed", "undecided").hint
    assert not Outcome("a", "enclosed").hint


def test_round_trip():
    outcome = Outcome("a", "undecided", "undecided", "why", ("x",), 0.5, {"K": "1"}, None, None, ("n",), 1.0)
    assert from_data(json.loads(json.dumps(outcome.to_data()))) == outcome
    with pytest.raises(ValueError):
        from_data({"verdict": "proved (certificate)"})
