"""The benchmarks measure what they say: contenders agree, questions are those of the claims, tables name what is missing."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from normbound.bench import BENCHMARKS, TimeLimit, benchmark, check, claims, fresh, prove
from normbound.bench.attempts import ATTEMPTS, Attempt
from normbound.claims.document import read
from normbound.claims.pipeline import judge
from normbound.errors import UnsupportedError
from normbound.formal.coq import Coq, CoqError
from normbound.formal.proof import Outcome


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_runs_and_shows_a_table(name):
    module = benchmark(name)
    assert module.__name__ == f"normbound.bench.{name}" and callable(module.run) and callable(module.table)


def test_unknown_benchmark():
    with pytest.raises(UnsupportedError, match="accepted: derive, check, prove, claims"):
        benchmark("attempts")


def test_a_measurement_has_a_process_of_its_own():
    row = fresh("normbound.bench.derive", "product_here", 3)
    assert row["total"] > 0 and row["peak_mb"] > 1
    with pytest.raises(RuntimeError, match=r"product_here three failed: .*TypeError"):
        fresh("normbound.bench.derive", "product_here", "three")
    with pytest.raises(TimeLimit, match=r"product_here 3 took more than 0\.01 s"):
        fresh("normbound.bench.derive", "product_here", 3, seconds=0.01)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(check, "INPUTS", 5)
    monkeypatch.setattr(check, "SPENT", 0.0)
    monkeypatch.setattr(check, "fresh", lambda module, name, *given, env: getattr(check, name)(*given))


def test_contenders_measure_the_same_networks(small):
    given = check.drawn(2)
    reference = check.CONTENDERS[check.REFERENCE](given)()
    assert reference.shape == (2, 5) and np.ptp(reference) > 0.1 * reference.min()
    for name, contender in check.CONTENDERS.items():
        if not name.startswith("torch"):
            assert np.abs(contender(given)() / reference - 1).max() < 1e-11
    # and they are the norms of the networks: a finite difference along the best direction reaches them
    x, J = given["x"][1][0], check._by_hand(given, 1, np.matmul)[0]
    v = np.linalg.svd(J)[2][0]

    def output(x):
        for W, b, g, h in zip(*(given[n][1] for n in "Wbgh"), strict=True):
            z = W @ x + b
            x = np.maximum(g * (z - z.mean()) / np.sqrt(z.var() + check.EPS) + h, 0)
        return x

    step = 1e-6
    slope = np.linalg.norm(output(x + step * v) - output(x - step * v)) / (2 * step)
    assert slope == pytest.approx(reference[1, 0], rel=1e-6)


@pytest.mark.parametrize("work, size", [("prove_input", 7), ("prove_parameters", 6), ("prove_depth", 0), ("prove_depth", 1_000_000)])
def test_certificates_are_written_and_judged(monkeypatch, tmp_path, work, size):
    seen = []

    def judge(source, statement, seconds, megabytes, further):
        seen.append(source)
        return Outcome("proved")
    monkeypatch.setattr("normbound.formal.proof.judge", judge)
    monkeypatch.setattr("normbound.formal.coq.find", lambda: Coq("coqc", "8.16.1", ""))
    monkeypatch.setattr("normbound.formal.library.compiled", lambda *_: tmp_path)
    row = getattr(prove, work)(size)
    assert row["status"] == "proved" and row["terms"] > 5 and len(seen) == 1
    if work == "prove_depth":
        assert ("DNum 1000000" if size else "Rep (DSym") in seen[0]
    else:
        assert seen[0].count("Linear *)") == (size + 2) // 3 and seen[0].count("LayerNorm *)") == (size + 1) // 3


def test_table_of_certificates(monkeypatch):
    asked = []

    def fresh(module, name, n):
        asked.append((name, n))
        return {"derive": 0.1, "write": 0.2, "coq": 2.0 * n / 300 if "depth" not in name else 1.5, "kilobytes": 9.0, "terms": 50,
                "status": "proved" if n != 10 else "undecided", "reason": "" if n != 10 else "limit of time", "coq_mb": 400.0}
    monkeypatch.setattr(prove, "fresh", fresh)
    monkeypatch.setattr("normbound.formal.coq.find", lambda: Coq("coqc", "8.16.1", ""))
    result = json.loads(json.dumps(prove.run()))
    assert ("prove_input", 10_000) in asked and ("prove_parameters", 1_000) in asked and ("prove_depth", 1_000_000) in asked
    assert result["growth"] == pytest.approx(1)
    assert [(b["layers"], b["met"]) for b in result["bars"]] == [(1_000, False), (10_000, False)]
    shown = prove.table(result)
    assert "10,000 layers in 66.7 s, bar 30 s: missed" in shown and "undecided: limit of time" in shown and "depth K" in shown


def test_certificates_without_coq(monkeypatch, tmp_path):
    monkeypatch.setenv("NORMBOUND_COQC", str(tmp_path / "none"))
    with pytest.raises(CoqError, match="apt-get install"):
        prove.run()


def test_check_without_torch_says_how_to_get_it(small, monkeypatch):
    monkeypatch.setattr(check, "find_spec", lambda name: None)
    result = json.loads(json.dumps(check.run(quick=True)))
    assert list(result["contenders"]) == ["numpy einsum + SVD", "numpy matmul + eigvalsh", "normbound"]
    assert result["disagreement"] < 1e-11 and result["turns"] == 3
    for row in result["contenders"].values():
        assert 0 < row["least"] <= row["median"] <= row["most"] and row["ratio"] is None
    shown = check.table(result)
    assert "pip install torch" in shown and re.search(r"^normbound +[\d,]+ +[\d,]+ +[\d,]+ +- +\d", shown, re.M)


def test_table_compares_with_the_torch_loop(small, monkeypatch):
    rates = dict(zip(check.CONTENDERS, (10.0, 500.0, 100.0, 200.0, 1500.0), strict=True))

    def fresh(module, name, contender, file, env):
        assert env["OMP_NUM_THREADS"] == env["OPENBLAS_NUM_THREADS"] == "1"
        np.save(file.replace("networks.npz", f"{list(rates).index(contender)}.npy"),
                np.array([[1.0, 2.0]]) * (1 + 1e-9 * (contender == "normbound")))
        return {"rate": rates[contender]}

    monkeypatch.setattr(check, "find_spec", lambda name: True)
    monkeypatch.setattr(check, "fresh", fresh)
    result = check.run(quick=True)
    assert {n: r["ratio"] for n, r in result["contenders"].items()} == {n: r / 10 for n, r in rates.items()}
    assert result["contenders"]["normbound"]["disagreement"] == result["disagreement"] == pytest.approx(1e-9, rel=1e-6)
    shown = check.table(result)
    assert "150.0x" in shown and "pip install" not in shown


# -- claims ---------------------------------------------------------------------------------------------------------
DOCUMENT = read(claims.FILE)


def test_every_claim_has_a_question_for_sympy():
    assert [c.id for c in DOCUMENT.claims] == list(claims.texts()) == list(ATTEMPTS)
    assert {c.expect for c in DOCUMENT.claims} == {"proved", "refuted"}


@pytest.mark.parametrize("claim", DOCUMENT.claims, ids=lambda c: c.id)
def test_verdicts_are_the_expected_ones(claim):
    alone = read(claims.texts()[claim.id]).claims
    assert [(c.id, c.vars, c.given, c.show) for c in alone] == [(claim.id, claim.vars, claim.given, claim.show)]
    assert judge(claim, claims.LIMIT).as_expected


@pytest.mark.parametrize("claim", DOCUMENT.claims, ids=lambda c: c.id)
def test_sympy_is_not_wrong_and_the_table_says_what_it_was_asked(claim):
    row = claims.asked(claim.id)
    assert row["answer"] in ("unknown", {"proved": "true", "refuted": "false"}[claim.expect])
    assert bool(row["said"]) == (row["answer"] == "unknown") and row["seconds"] > 0


@pytest.fixture
def here(monkeypatch):
    """The measurements of two claims in this process, with the numbers of runs that were asked for."""
    count = {}

    def run(module, name, *given, seconds):
        count[name, given[0]] = count.get((name, given[0]), 0) + 1
        return getattr(claims, name)(*given)
    texts = {n: t for n, t in claims.texts().items() if n in ("limit", "bernoulli-reversed")}
    monkeypatch.setattr(claims, "texts", lambda: texts)
    monkeypatch.setattr(claims, "fresh", run)
    return count


def test_table_of_claims(here):
    result = json.loads(json.dumps(claims.run(quick=True)))
    assert here == {("decided", "limit"): 1, ("checked", "limit"): 1, ("asked", "limit"): 1, ("decided", "bernoulli-reversed"): 1,
                    ("asked", "bernoulli-reversed"): 1}
    assert set(result["start"]) == {"normbound", "checker", "SymPy"}
    shown = claims.table(result)
    assert re.search(r"^limit +proved \(certificate\) +\d+\.\d{3} +\d+ +\d+\.\d{3}  true +\d+\.\d{3}  limit \*$", shown, re.M)
    assert re.search(r"^bernoulli-reversed +refuted \(witness\) +\d+\.\d{3} +- +-  false ", shown, re.M)
    assert f"    limit: {ATTEMPTS['limit'].by_hand}\n" in shown and "one run" in shown and "2 claims: 1 true, 1 false" in shown
    assert "median of the seconds of a claim" in shown and "in CPU seconds" in shown
    assert "imported before the clock starts: normbound" in shown


def test_answers_of_sympy_are_judged(here, monkeypatch):
    from sympy import Symbol, true
    x = Symbol("x")

    def cannot():
        raise NotImplementedError("no method")
    for ask, answer in ((lambda: False, "wrong"), (lambda: true, "true"), (lambda: None, "unknown"), (lambda: 1, "unknown"),
                        (lambda: x <= 1, "unknown"), (cannot, "unknown")):
        monkeypatch.setitem(ATTEMPTS, "limit", Attempt(ask, "nothing", ""))
        assert claims._answered("limit", "proved", 1)["answer"] == answer
        assert claims._answered("limit", "refuted", 1)["answer"] == {"true": "wrong", "wrong": "false"}.get(answer, answer)


def test_slow_answers_are_timeouts(here, monkeypatch):
    monkeypatch.setattr(claims, "LIMIT", 0.0)
    assert claims._answered("limit", "proved", 3)["answer"] == "timeout"

    def late(*given, seconds):
        raise TimeLimit("late")
    monkeypatch.setattr(claims, "fresh", late)
    row = claims._answered("limit", "proved", 3)
    assert row["answer"] == "timeout" and row["start"] is None and row["calls"] == "limit"


def test_the_table_shows_missed_bars_and_other_verdicts(here, monkeypatch):
    def run(module, name, *given, seconds):
        found = getattr(claims, name)(*given)
        return {**found, "seconds": 5.0, "verdict": "undecided", "as_expected": False} if name == "decided" else found
    monkeypatch.setattr(claims, "fresh", run)
    result = claims.run(quick=True)
    assert [bar["met"] for bar in result["bars"]] == [False, False]
    shown = claims.table(result)
    assert "undecided !" in shown and "not the verdict that claims.toml expects: limit, bernoulli-reversed" in shown
    assert shown.count(": missed") == 2


def test_certificates_are_checked_without_provers(tmp_path):
    file = tmp_path / "limit.json"
    file.write_text(claims.decided("limit")["certificate"])
    code = ("import sys; from normbound.bench import claims; print(claims.checked('limit', sys.argv[1])['verdict']); "
            "print([m for m in sys.modules if m.startswith(('normbound.claims.prove', 'normbound.claims.engine', 'sympy'))])")
    out = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True).stdout
    assert out.splitlines() == ["proved (certificate)", "[]"]
