"""Tables, certificate files, LaTeX, and the guide."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from claim_files import CLAIMS, claim_text, claims

import normbound.claims
from normbound.claims import report, target
from normbound.claims.checker import Rejected
from normbound.claims.document import read
from normbound.claims.errors import ClaimError
from normbound.claims.pipeline import judge
from normbound.claims.typeset import fragment
from normbound.claims.verdict import RANKED

GUIDE = Path(normbound.claims.__file__).parent / "GUIDE.md"


@pytest.fixture(scope="module")
def rows():
    document = claims()
    return [(document, c, judge(c, 10)) for c in document.claims]


def test_table(rows):
    text = report.table(rows, 90)
    assert max(map(len, text.splitlines())) <= 90
    for name in CLAIMS:
        assert re.search(rf"^{name} ", text, re.M)
    assert "q^K <= 1 is false" in text and "2 not as expected: vacuous, undefined" in " ".join(text.split())
    assert "\x1b" not in text and "\x1b" in report.table(rows, 90, True)


def test_data(rows):
    data = json.loads(json.dumps(report.as_data(rows)))
    assert data["as_expected"] is False and [c["id"] for c in data["claims"]] == list(CLAIMS)


def test_certificates_verify_and_corrupted_ones_do_not(rows, tmp_path):
    known = {c.id: c for _, c, _ in rows}
    paths = [p for p in report.write_certificates(rows, tmp_path / "out") if p.suffix == ".json"]
    assert {p.stem for p in paths} == {"power", "quotient", "vacuous", "limit"}
    for path in paths:
        claim, data = target.of_file(known, path.read_text(), str(path))
        assert claim.id == path.stem
        assert target.verify(claim, data, 20)[0] == ("vacuous" if claim.id == "vacuous" else "proved (certificate)")
    data = json.loads((tmp_path / "out" / "quotient.json").read_text())
    for change in ({"certificate": {"rule": "evident", "data": {}, "premises": []}}, {"claim": "power"}, {"verdict": "vacuous"},
                   {"certificate": {**data["certificate"], "premises": [{"rule": "evident", "data": {}, "premises": []}]}}):
        with pytest.raises(Rejected):
            target.verify(*target.of_file(known, json.dumps({**data, **change}), "c"), 20)
    for text in ("{", "[]", json.dumps({**data, "schema": 2}), json.dumps({**data, "claim": "nobody"}), json.dumps({**data, "more": 1})):
        with pytest.raises(ClaimError, match="accepted"):
            target.of_file(known, text, "c")


def test_verification_imports_no_prover(rows, tmp_path):
    paths = [p for p in report.write_certificates(rows, tmp_path / "out") if p.suffix == ".json"]
    questions = [json.dumps({"text": claim_text(), "where": "f.toml", "id": p.stem, "expect": "proved", "seconds": 20, "kernel": 0,
                             "recheck": None, "certificate": json.loads(p.read_text())}) for p in paths]
    code = ("import sys\nfrom normbound.claims.worker import serve\nserve(sys.stdin, sys.stdout, 0, False)\n"
            "print(sorted(m for m in sys.modules if m.startswith('normbound.claims.prove')))\n"
            "print(sorted(m for m in sys.modules if m.startswith('normbound.claims.checker.rules')) != [])")
    found = subprocess.run([sys.executable, "-c", code], input="\n".join(questions), capture_output=True, text=True, check=True)
    lines = found.stdout.splitlines()
    assert lines[-2:] == ["[]", "True"]
    verdicts = {o["id"]: o["verdict"] for o in (json.loads(x)["outcome"] for x in lines[1:-2])}
    assert verdicts.pop("vacuous") == "vacuous" and set(verdicts.values()) == {"proved (certificate)"} and len(verdicts) == 3


def test_several_files_get_folders(rows, tmp_path):
    other = read(claim_text("power"), "elsewhere/other.claims.toml")
    paths = report.write_certificates([*rows, (other, other.claims[0], rows[0][2])], tmp_path)
    assert tmp_path / "other" / "power.json" in paths and tmp_path / "claims" / "power.json" in paths


def test_latex(rows, tex, tmp_path):
    text = fragment(rows)
    assert text.count(r"\begin{theorem}") == 3 and text.count(r"\begin{proof}") == 3 and text.count("Refuted:") == 2
    (tmp_path / "f.tex").write_text(text)
    (tmp_path / "m.tex").write_text(r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{lmodern}"
                                    r"\usepackage{amsmath,amssymb,amsthm}\newtheorem{theorem}{Theorem}\begin{document}\input{f}\end{document}")
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "m.tex"], cwd=tmp_path,
                          capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]


def shown(show, given=(), expect="proved", **more):
    quoted = ", ".join(f'"{g}"' for g in given)
    extra = "".join(f'{k} = "{v}"\n' for k, v in more.items())
    sorts = 'x = "positive"\ny = "positive"\nz = "real"\nK = "natural"\ns = "real[K]"\n'
    claim = f'[[claim]]\nid = "c"\n{extra}given = [{quoted}]\nshow = "{show}"\nexpect = "{expect}"\n'
    document = read(f"schema = 1\n[vars]\n{sorts}{claim}", "f")
    return fragment([(document, document.claims[0], judge(document.claims[0], 5))])


def test_hypotheses_that_reach_further_stand_in_parentheses():
    text = shown("x <= 1", ("y <= x implies x <= 1", "y <= x"))
    assert r"Suppose that ($y \leq x \implies x \leq 1$) and $y \leq x$." in text


@pytest.mark.parametrize(("show", "point"), [("increasing(z^2, z)", r"$z = -2$, $z_{1} ="), ("decreasing(x^K, x)", "$x_{1} ="),
                                             ("increasing(sum(i, 1, K, s[i]^2), s)", "$s_{1} = (")])
def test_a_counterexample_names_both_points(show, point):
    assert point in shown(show, expect="refuted")


def test_a_counterexample_shows_that_the_sides_differ():
    text = shown("sqrt(2)*x <= 1.41421356237309504880", ("x == 1",), "refuted")
    assert "the left side is about $1.41421356237309504880169$, the right side is about $1.41421356237309504880000$" in text
    assert "about" not in shown("x <= 1", expect="refuted")


def test_a_title_with_brackets_and_a_variable_of_the_proof():
    assert r"\begin{theorem}[{on [0, 1] 50\%}]" in shown("x >= 0", title="on [0, 1] 50%")
    assert ", for natural $k$" in shown("(-1)^K <= 1")


def test_every_rule_lemma_and_equation_has_words():
    from normbound.claims import wording
    from normbound.claims.checker.registry import rules
    from normbound.claims.checker.rules_expoly import EQUATIONS
    from normbound.claims.checker.rules_powers import LEMMAS
    special = {"evident", "hypothesis", "products", "loglinear", "lemma", "induction", "unfold", "boxes"}
    assert rules().keys() <= wording.RULES.keys() | special
    assert LEMMAS.keys() == wording.LEMMAS.keys() and EQUATIONS.keys() == wording.EQUATIONS.keys()


def test_the_guide_names_every_verdict_and_option():
    text = GUIDE.read_text()
    rows = re.findall(r"^\| ((?:proved|refuted|enclosed|undecided|vacuous|ill-defined|unsupported|error)[^|]*) \|", text, re.M)
    assert rows == list(RANKED)
    from typer.main import get_command

    from normbound.cli import app
    command = get_command(app).commands["claims"]
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    named = set(re.findall(r"`(--[a-z-]+)", text))
    assert named <= known
    assert {o for o in known if o.startswith("--")} - {"--help", "--cache", "--output"} <= named


def test_the_workflow_is_yaml_and_runs_the_command():
    block = re.search(r"```yaml\n(.*?)```", GUIDE.read_text(), re.S)[1]
    flow = yaml.safe_load(block)
    steps = flow["jobs"]["claims"]["steps"]
    command = next(s["run"] for s in steps if "normbound claims" in s.get("run", ""))
    from typer.main import get_command

    from normbound.cli import app
    context = get_command(app).commands["claims"].make_context("claims", command.split()[2:])
    assert context.params["jobs"] == 2 and context.params["stored"] is False
