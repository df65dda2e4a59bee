"""The paper as claims and the corpora: every claim has the verdict its file expects."""

from collections import Counter

import pytest
from claim_corpus import ALL, OPEN, PAPER, documents, judged, kind, wanted

from normbound.claims.document import read
from normbound.claims.verdict import PROVED

SECONDS = 20.0 if ALL else 10.0


@pytest.fixture(scope="module")
def rows():
    return judged(documents(), SECONDS, 2, keep=lambda claim: ALL or (claim.id not in OPEN and claim.expect != "undecided"))


def test_verdicts_are_as_expected(rows):
    differ = {c.id: f"{o.verdict}, expected {wanted(c)}: {o.reason}" for c, o in rows if c.id not in OPEN and o.kind not in wanted(c)}
    assert not differ


def test_open_claims_are_open(rows):
    """None of them is decided against what is expected; one that is decided leaves the list."""
    assert set(OPEN) <= {c.id for d in documents() for c in d.claims}
    decided = {c.id: o.verdict for c, o in rows if c.id in OPEN and o.kind != "undecided"}
    assert not decided


def test_proofs_carry_certificates(rows):
    proved = [o for _, o in rows if o.verdict in PROVED]
    assert sum(o.certificate is not None for o in proved) >= 0.95*len(proved)


def test_refutations_carry_points(rows):
    assert all(o.witness is not None or o.certificate is not None for _, o in rows if o.kind == "refuted")


def test_paper_covers_the_results_and_their_folklore():
    claims = read(PAPER).claims
    assert len(claims) >= 60 and all(c.title and c.source for c in claims)
    expected = Counter(c.expect for c in claims)
    assert expected["refuted"] >= 0.45*len(claims) and expected["undecided"] >= 2
    for k in range(1, 10):
        mine = [c for c in claims if c.id.startswith(f"r{k}:")]
        assert len({c.expect for c in mine}) == 2 and any(f"R{k} of the paper" in c.source for c in mine), k
    assert all(c.source.startswith(("R", "this project, theorem ", "folklore")) for c in claims)


def test_lemmas_named_as_sources_exist():
    import re
    import tomllib

    from claim_corpus import ROOT
    known = {t["name"] for t in tomllib.loads((ROOT / "proofs" / "theorems.toml").read_text())["theorem"]}
    named = {m for c in read(PAPER).claims for m in re.findall(r"theorem ([\w.]+)", c.source)}
    assert named and named <= known


def test_all_kinds_of_statements_occur():
    kinds = Counter(kind(c) for d in documents() for c in d.claims)
    assert {"true constants", "recurrences", "limits and rates", "monotonicity", "bounds of networks", "thresholds",
            "divided differences", "sums and products", "constants", "exponentials and logarithms", "symbolic exponents",
            "roots and fractions", "polynomials"} <= set(kinds)
