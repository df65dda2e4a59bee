"""The outcome of `normbound prove` on a terminal."""

import re

import pytest

from normbound.render.proof import proof_table, proof_text

PROVED = {"verdict": "proved (kernel), relative to softmax", "status": "proved", "reason": "", "title": "a network", "wrt": "parameters",
          "words": "For every network of the architecture " + "and every input " * 20, "statement": "forall E, " * 300,
          "hypotheses": [f"F{k}  a floor" for k in range(40)], "kernel": "Coq 8.16.1", "axioms": ["A.sig_not_dec"], "relative": ["softmax"],
          "witness": "x = 0", "place": "", "size": 12345, "nodes": 678, "seconds": 3.21, "digest": "abc", "version": "0.1.0", "kept": "b.v"}
REJECTED = {**PROVED, "verdict": "rejected", "status": "rejected", "reason": "line 7, in bound: no", "axioms": [], "kept": ""}
NOT_RUN = {**PROVED, "verdict": "not run", "status": "not run", "reason": "coqc is not installed", "kernel": "", "axioms": []}


@pytest.mark.parametrize("columns", [20, 80, 100, 500])
def test_width_and_content(columns):
    text = proof_text(PROVED, columns)
    assert max(map(len, text.splitlines())) <= max(80, min(120, columns))
    for part in ("Lipschitz constant in the parameters, a network", "verdict     proved (kernel), relative to softmax", "x = 0",
                 "Coq 8.16.1, 3.2 s", "sig_not_dec", "12,345 bytes, 678 terms, written to b.v", "digest abc", "more lines"):
        assert part in text
    assert text.index("verdict") < text.index("says") < text.index("in Coq") < text.index("kernel ")
    assert "\x1b" not in text


def test_only_a_proof_names_axioms():
    for data in (REJECTED, NOT_RUN):
        text = proof_text(data)
        assert "axioms" not in text and data["reason"] in text
    assert "none" in proof_text({**PROVED, "axioms": []}).split("axioms")[1].splitlines()[0]
    assert "kernel " not in proof_text(NOT_RUN)


def test_colour():
    for data, code in ((PROVED, "32"), (REJECTED, "31"), (NOT_RUN, "33")):
        text = proof_text(data, colour=True)
        assert f"\x1b[1;{code}m{data['verdict']}\x1b[0m" in text
        assert re.sub(r"\x1b\[[\d;]*m", "", text) == proof_text(data)


@pytest.mark.parametrize("columns", [80, 120])
def test_table_says_each_reason_once(columns):
    def reasons(*rows):
        lines = proof_table([(str(k), d) for k, d in enumerate(rows)], columns).splitlines()
        return " ".join(x.strip() for x in lines[lines.index(next(x for x in lines if x.endswith(" proved"))) + 1:])
    assert reasons(NOT_RUN, NOT_RUN, NOT_RUN) == "all: not run: coqc is not installed"
    assert reasons(NOT_RUN) == "0, parameters: not run: coqc is not installed"
    assert reasons(NOT_RUN, REJECTED, NOT_RUN) == ("0, parameters; 2, parameters: not run: coqc is not installed "
                                                   "1, parameters: rejected: line 7, in bound: no")


@pytest.mark.parametrize("columns", [80, 120])
def test_table(columns):
    rows = [("mlp", PROVED), ("mlp-layernorm", REJECTED), ("dense", NOT_RUN)]
    text = proof_table(rows, columns)
    lines = text.splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[0].split() == ["network", "bound", "verdict", "seconds", "axioms"]
    verdict = "proved (kernel), relative to softmax" if columns == 120 else "proved (kernel), relative to s..."
    assert re.fullmatch(rf"mlp +P, parameters +{re.escape(verdict)} +3\.2 +1", lines[2])
    assert re.fullmatch(r"dense +P, parameters +not run +- +-", lines[4])
    assert "1 of 3 proved" in lines and any("line 7, in bound: no" in line for line in lines)
    assert re.sub(r"\x1b\[[\d;]*m", "", proof_table(rows, columns, True)) == text
