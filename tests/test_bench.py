"""The benchmarks measure what they say: the contenders agree, and the table names what is missing."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from normbound import bench
from normbound.formal.coq import Coq, CoqError
from normbound.formal.proof import Outcome


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(bench, "INPUTS", 5)
    monkeypatch.setattr(bench, "SPENT", 0.0)
    monkeypatch.setattr(bench, "_fresh", lambda name, *given, env: getattr(bench, name)(*given))


def test_contenders_measure_the_same_networks(small):
    given = bench.drawn(2)
    reference = bench.CONTENDERS[bench.REFERENCE](given)()
    assert reference.shape == (2, 5) and np.ptp(reference) > 0.1 * reference.min()
    for name, contender in bench.CONTENDERS.items():
        if not name.startswith("torch"):
            assert np.abs(contender(given)() / reference - 1).max() < 1e-11
    # and they are the norms of the networks: a finite difference along the best direction reaches them
    x, J = given["x"][1][0], bench._by_hand(given, 1, np.matmul)[0]
    v = np.linalg.svd(J)[2][0]

    def output(x):
        for W, b, g, h in zip(*(given[n][1] for n in "Wbgh"), strict=True):
            z = W @ x + b
            x = np.maximum(g * (z - z.mean()) / np.sqrt(z.var() + bench.EPS) + h, 0)
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
    row = bench._WORK[work](size)
    assert row["status"] == "proved" and row["terms"] > 5 and len(seen) == 1
    if work == "prove_depth":
        assert ("DNum 1000000" if size else "Rep (DSym") in seen[0]
    else:
        assert seen[0].count("Linear *)") == (size + 2) // 3 and seen[0].count("LayerNorm *)") == (size + 1) // 3


def test_table_of_certificates(monkeypatch):
    asked = []

    def fresh(name, n):
        asked.append((name, n))
        return {"derive": 0.1, "write": 0.2, "coq": 2.0 * n / 300 if "depth" not in name else 1.5, "kilobytes": 9.0, "terms": 50,
                "status": "proved" if n != 10 else "undecided", "reason": "" if n != 10 else "limit of time", "coq_mb": 400.0}
    monkeypatch.setattr(bench, "_fresh", fresh)
    monkeypatch.setattr("normbound.formal.coq.find", lambda: Coq("coqc", "8.16.1", ""))
    result = json.loads(json.dumps(bench.prove()))
    assert ("prove_input", 10_000) in asked and ("prove_parameters", 1_000) in asked and ("prove_depth", 1_000_000) in asked
    assert result["growth"] == pytest.approx(1)
    assert [(b["layers"], b["met"]) for b in result["bars"]] == [(1_000, False), (10_000, False)]
    shown = bench.prove_table(result)
    assert "10,000 layers in 66.7 s, bar 30 s: missed" in shown and "undecided: limit of time" in shown and "depth K" in shown


def test_certificates_without_coq(monkeypatch, tmp_path):
    monkeypatch.setenv("NORMBOUND_COQC", str(tmp_path / "none"))
    with pytest.raises(CoqError, match="apt-get install"):
        bench.prove()


def test_check_without_torch_says_how_to_get_it(small, monkeypatch):
    monkeypatch.setattr(bench, "find_spec", lambda name: None)
    result = json.loads(json.dumps(bench.check(quick=True)))
    assert list(result["contenders"]) == ["numpy einsum + SVD", "numpy matmul + eigvalsh", "normbound"]
    assert result["disagreement"] < 1e-11 and result["turns"] == 3
    for row in result["contenders"].values():
        assert 0 < row["least"] <= row["median"] <= row["most"] and row["ratio"] is None
    shown = bench.check_table(result)
    assert "pip install torch" in shown and re.search(r"^normbound +[\d,]+ +[\d,]+ +[\d,]+ +- +\d", shown, re.M)


def test_table_compares_with_the_torch_loop(small, monkeypatch):
    rates = dict(zip(bench.CONTENDERS, (10.0, 500.0, 100.0, 200.0, 1500.0), strict=True))

    def fresh(name, contender, file, env):
        assert env["OMP_NUM_THREADS"] == env["OPENBLAS_NUM_THREADS"] == "1"
        np.save(file.replace("networks.npz", f"{list(rates).index(contender)}.npy"),
                np.array([[1.0, 2.0]]) * (1 + 1e-9 * (contender == "normbound")))
        return {"rate": rates[contender]}

    monkeypatch.setattr(bench, "find_spec", lambda name: True)
    monkeypatch.setattr(bench, "_fresh", fresh)
    result = bench.check(quick=True)
    assert {n: r["ratio"] for n, r in result["contenders"].items()} == {n: r / 10 for n, r in rates.items()}
    assert result["contenders"]["normbound"]["disagreement"] == result["disagreement"] == pytest.approx(1e-9, rel=1e-6)
    shown = bench.check_table(result)
    assert "150.0x" in shown and "pip install" not in shown
