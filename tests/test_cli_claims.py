"""`normbound claims` as a user meets it."""

import json
from functools import partial

import pytest

HEAD = 'schema = 1\n[vars]\nK = "natural"\nq = "positive"\n'
TRUE = '[[claim]]\nid = "power"\ngiven = ["q <= 1"]\nshow = "q^K <= 1"\n'
FALSE = '[[claim]]\nid = "false"\nshow = "q^K <= 1"\n'


@pytest.fixture
def run(command_line, monkeypatch, tmp_path):
    monkeypatch.setenv("NORMBOUND_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    return partial(command_line, "claims")


def test_as_expected(run, tmp_path):
    (tmp_path / "f.toml").write_text(HEAD + TRUE + FALSE + 'expect = "refuted"\n')
    code, out, err = run("f.toml", "--certificates", "out", "--latex", "f.tex", "--jobs", "2")
    assert code == 0 and not err and "2 claims: 1 proved (certificate), 1 refuted (witness); all as expected" in " ".join(out.split())
    assert r"\begin{proof}" in (tmp_path / "f.tex").read_text()
    code, out, _ = run("f.toml")
    assert code == 0 and "2 stored and checked again" in " ".join(out.split())
    code, out, _ = run("f.toml", "--no-cache", "--json")
    assert code == 0 and not any(c["cached"] for c in json.loads(out)["claims"])
    code, out, _ = run("f.toml", "--verify", "out/power.json")
    assert code == 0 and "power: proved (certificate)" in out
    code, out, _ = run("f.toml", "--claim", "false")
    assert code == 0 and "1 claim:" in out


def test_another_verdict_is_exit_code_1(run, tmp_path):
    (tmp_path / "f.toml").write_text(HEAD + FALSE)
    code, out, _ = run("f.toml")
    assert code == 1 and "refuted (witness), expected proved" in out and "1 not as expected: false" in out


def test_a_claim_that_is_no_longer_undecided_is_exit_code_1(run, tmp_path):
    (tmp_path / "f.toml").write_text(HEAD + TRUE + 'expect = "undecided"\nreason = "open"\n')
    code, out, _ = run("f.toml")
    assert code == 1 and 'write expect = "proved"' in out


def test_a_rejected_certificate_is_exit_code_1(run, tmp_path):
    (tmp_path / "f.toml").write_text(HEAD + TRUE)
    run("f.toml", "--certificates", "out")
    data = json.loads((tmp_path / "out" / "power.json").read_text())
    (tmp_path / "bad.json").write_text(json.dumps({**data, "certificate": {"rule": "evident", "data": {}, "premises": []}}))
    code, out, _ = run("f.toml", "--verify", "bad.json")
    assert code == 1 and "rejected" in out


@pytest.mark.parametrize(("text", "arguments", "said"), [
    (HEAD + '[[claim]]\nid = "a"\nshow = "q^K <= "\n', (), "f.toml:7:"), (HEAD + TRUE, ("--claim", "pover"), "power"),
    (HEAD + TRUE, ("--verify", "absent.json"), "No such file"), (HEAD + TRUE, ("--time-limit", "0"), "time-limit"),
    (HEAD + TRUE, ("absent.toml",), "no such file")])
def test_bad_input_is_exit_code_2(run, tmp_path, text, arguments, said):
    (tmp_path / "f.toml").write_text(text)
    code, out, err = run("f.toml", *arguments)
    assert code == 2 and said in err and not out and sorted(p.name for p in tmp_path.iterdir()) == ["f.toml"]
