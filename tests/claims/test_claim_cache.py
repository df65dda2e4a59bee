"""The cache is not believed."""

import json

import pytest
from claim_files import claims

from normbound.claims.cache import Cache, key, recheck
from normbound.claims.pipeline import judge
from normbound.claims.verdict import Outcome


@pytest.fixture(scope="module")
def proved():
    claim = claims("power").claims[0]
    return claim, judge(claim, 10)


def test_kept_and_checked_again(tmp_path, proved):
    claim, outcome = proved
    cache = Cache(tmp_path / "c")
    assert cache.get(claim) is None
    cache.put(claim, outcome)
    again = recheck(claim, cache.get(claim), 10)
    assert again.cached and again.verdict == outcome.verdict and again.certificate == outcome.certificate


@pytest.mark.parametrize("name", ["false", "vacuous", "undefined", "quotient"])
def test_every_verdict_that_is_kept_is_checked(name):
    claim = claims(name).claims[0]
    outcome = judge(claim, 10)
    data = json.loads(json.dumps(outcome.to_data()))
    assert recheck(claim, data, 10).verdict == outcome.verdict
    other = claims("limit").claims[0]
    assert recheck(other, data, 10) is None


@pytest.mark.parametrize("change", [
    {"certificate": {"rule": "evident", "data": {}, "premises": []}}, {"certificate": None}, {"certificate": 3},
    {"verdict": "enclosed"}, {"verdict": "undecided"}, {"verdict": "nonsense"}, {"sequent": None},
    {"verdict": "refuted (witness)", "witness": {"K": "1", "q": "2"}}, {"verdict": "refuted (witness)", "witness": {"K": "1/2", "q": "x"}}])
def test_a_changed_file_is_as_if_absent(proved, change):
    claim, outcome = proved
    assert recheck(claim, {**outcome.to_data(), **change}, 10) is None


def test_a_counterexample_of_another_sequent_is_refused():
    claim = claims("power").claims[0]  # true, so nothing refutes it
    false = judge(claims("false").claims[0], 10)
    assert recheck(claim, false.to_data(), 10) is None


def test_the_key_names_all_that_matters():
    one, two = claims("power").claims[0], claims("false").claims[0]
    assert key(one) == key(claims("power", expect="undecided").claims[0]) != key(two)


def test_undecided_is_not_kept_and_unreadable_files_do_no_harm(tmp_path, proved):
    claim, outcome = proved
    cache = Cache(tmp_path)
    cache.put(claim, Outcome("power", "undecided"))
    assert not list(tmp_path.iterdir())
    (tmp_path / f"{key(claim)}.json").write_text("{")
    assert cache.get(claim) is None
    file = tmp_path / "file"
    file.write_text("")
    Cache(file / "below").put(claim, outcome)
    assert file.read_text() == ""
