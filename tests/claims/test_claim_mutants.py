"""Mutants of true claims: nothing that fails at some point is proved, and most of it is refuted.

A sample runs with the suite; NORMBOUND_ALL_CLAIMS=1 runs everything and asks for the shares that are promised.
"""

import random
from collections import Counter

import pytest
from claim_corpus import ALL, documents, wanted
from mutants import KINDS, counterexample, mutants

from normbound.claims.document import read
from normbound.claims.pool import Limits, Task, run
from normbound.claims.verdict import PROVED

SAMPLE = 30
EACH = 12 if ALL else 4  # mutants of a claim
SECONDS = 10.0 if ALL else 1.5
SHARE = 0.9  # of the false mutants that have to be refuted


@pytest.fixture(scope="module")
def made():
    """Mutants of every claim that is expected proved."""
    found = []
    for document in documents():
        for claim in document.claims:
            if claim.expect == "proved" and wanted(claim) == {"proved"}:
                found += mutants(document, claim, EACH)
    return found if ALL else random.Random(7).sample(found, SAMPLE)


def test_every_true_claim_is_broken_in_three_ways():
    few = []
    kinds = Counter()
    for document in documents():
        for claim in document.claims:
            if claim.expect == "proved" and wanted(claim) == {"proved"}:
                found = mutants(document, claim, 6)
                kinds.update(m.kind for m in found)
                if len(found) < 3:
                    few.append(claim.id)
    assert not few
    assert set(kinds) == set(KINDS) and min(kinds.values()) >= 10


def test_sampler_agrees_with_the_files():
    """The independent evaluator finds no counterexample to a true claim, and one to most false ones."""
    found = missed = 0
    for document in documents():
        for claim in document.claims:
            if wanted(claim) == {"proved"}:
                assert counterexample(claim, 200 if ALL else 20) is None, claim.id
            elif claim.expect == "refuted":
                if counterexample(claim, 400 if ALL else 80) is None:
                    missed += 1
                else:
                    found += 1
    assert found >= 0.85*(found + missed)


def test_sampler_knows_what_it_does():
    text = """schema = 1
[vars]
K = "natural"
x = "positive"
[[claim]]
id = "a"
show = "x^K < x^(K+1)"
[[claim]]
id = "b"
show = "x^K <= x^K + 1e-12"
[[claim]]
id = "c"
show = "sqrt(x - 1) >= 0"
[[claim]]
id = "d"
given = ["x < 1"]
show = "limit(K*x^K, K) == 1"
[[claim]]
id = "e"
show = "decreasing(dd(K; x, 1), x)"
[[claim]]
id = "f"
show = "recurrence X(0) = 1, X(i+1) = x*X(i) has closed form X(i) = x^(i+1)"
"""
    claims = read(text).claims
    assert [counterexample(c) is not None for c in claims] == [True, False, True, True, True, True]


def test_no_false_mutant_is_proved(made):
    tasks = [Task(m.document, m.claim) for m in made]
    verdicts = dict(run(tasks, 2 if ALL else 1, Limits(seconds=SECONDS)))
    false = [k for k, m in enumerate(made) if counterexample(m.claim, 400) is not None]
    proved = [(made[k].claim.id, made[k].what) for k in false if verdicts[k].verdict in PROVED]
    assert not proved
    errors = [(made[k].claim.id, o.reason) for k, o in verdicts.items() if o.verdict == "error"]
    assert not errors
    refuted = sum(verdicts[k].kind in ("refuted", "ill-defined") for k in false)
    assert len(false) > len(made)/4
    assert refuted >= (SHARE if ALL else 0.7)*len(false), [(made[k].claim.id, made[k].what) for k in false
                                                          if verdicts[k].kind not in ("refuted", "ill-defined")]
