"""The paper: nine results with verdicts, a clean log, and no folder that looks finished when it is not."""

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from normbound import paper
from normbound.check.finding import Finding
from normbound.cli import app
from normbound.errors import UnsupportedError
from normbound.formal.proof import Proof
from normbound.paper import write_paper
from normbound.render.pdf import TexError, compile_tex
from normbound.terms.store import Store
from normbound.theory.results import RESULTS


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    return write_paper(folder, quick=True, prove=False), folder


def stub(monkeypatch, verdict="survived"):
    """Experiments that only say a verdict, so that what happens around them is quick."""
    for name in RESULTS:
        monkeypatch.setitem(paper.EXPERIMENTS, name, lambda seed, quick: Finding("survived", "stub"))
    monkeypatch.setitem(paper.EXPERIMENTS, "R6", lambda seed, quick: Finding(verdict, "a counterexample: $x_1$ & 100%"))


def test_nine_results_pass(written):
    found, folder = written
    assert found.passed and [o.id for o in found.outcomes] == [f"R{k}" for k in range(1, 10)]
    report = json.loads((folder / "report.json").read_text())
    assert report["passed"] and len(report["results"]) == 9
    for r in report["results"]:
        assert set(r) == {"id", "title", "verdict", "says", "figures", "plots", "certificates", "library", "unproved", "seconds"}
        assert all(c["verdict"] == "not run" for c in r["certificates"])
        assert r["verdict"] in ("attained", "survived") and r["figures"] and r["plots"]
        assert all((folder / p).stat().st_size > 1000 for p in r["plots"])


def test_the_page_compiles_without_a_complaint(written, tex):
    found, folder = written
    assert found.note == "" and found.pdf is not None and found.pdf.read_bytes().startswith(b"%PDF")
    text = (folder / "paper.tex").read_text()
    assert "What is claimed, and what is not" in text and "full text was not at hand" in text
    assert all(o.title in text.replace("\\", "") for o in found.outcomes)


def test_a_second_run_gives_the_same_page(written, tmp_path):
    found, folder = written
    again = write_paper(tmp_path, quick=True, pdf=False, prove=False)
    assert (tmp_path / "paper.tex").read_text() == (folder / "paper.tex").read_text()
    assert [o.finding for o in again.outcomes] == [o.finding for o in found.outcomes]


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_theorems_with_finite_bounds(name):
    with Store():
        result = RESULTS[name]()
        assert result.id == name and result.theorems and all(t.statement for t in result.theorems)
        assert not any(b.unbounded for _, b in result.bounds)
        for family in result.families:
            assert family.continuum and family.proof


@pytest.mark.parametrize("verdict, code", [("attained", 0), ("refuted", 1), ("not checked", 1)])
def test_exit_code_follows_the_verdicts(monkeypatch, tmp_path, verdict, code):
    stub(monkeypatch, verdict)
    done = CliRunner().invoke(app, ["paper", "--out", str(tmp_path / "new"), "--no-pdf", "--no-prove"])
    assert done.exit_code == code
    report = json.loads((tmp_path / "new" / "report.json").read_text())
    assert report["passed"] is (code == 0) and report["results"][5]["verdict"] == verdict
    if code:
        assert "a counterexample" in done.output


@pytest.fixture
def kernel(monkeypatch):
    """The kernel replaced: which bounds it was asked, and what it answers."""
    asked, answer = [], {"status": "proved", "reason": ""}

    def prove(bound):
        asked.append((bound.digest, bound.wrt))
        return Proof(title="", wrt=bound.wrt, kernel="Coq 8.16.1", axioms=("A.b",), words="it holds", **answer)
    monkeypatch.setattr(paper, "prove_bound", prove)
    return asked, answer


def test_the_kernel_is_asked_once_for_each_bound(monkeypatch, kernel, tmp_path):
    stub(monkeypatch)
    found = write_paper(tmp_path, pdf=False)
    asked, _ = kernel
    assert found.passed and len(asked) == len(set(asked)) >= 7
    text = (tmp_path / "paper.tex").read_text()
    report = {r["id"]: r for r in json.loads((tmp_path / "report.json").read_text())["results"]}
    for name in ("R1", "R2", "R4", "R5", "R6"):
        assert report[name]["certificates"]
        for c in report[name]["certificates"]:
            assert (c["verdict"], c["words"], c["axioms"]) == ("proved (kernel)", "it holds", ["A.b"])
    assert text.count("(proved, Coq 8.16.1)") == sum(len(r["certificates"]) for r in report.values())
    assert "R2  Upper bound in the parameters, without normalization  survived    certified: 2 of 2" in str(found)


def test_what_the_kernel_refuses_fails_the_paper(monkeypatch, kernel, tmp_path):
    stub(monkeypatch)
    kernel[1].update(status="rejected", reason="line 7: layer 1 Repeat & more")
    found = write_paper(tmp_path, pdf=False)
    assert not found.passed and "layer 1 Repeat & more" in str(found)
    assert r"layer 1 Repeat \& more" in (tmp_path / "paper.tex").read_text()
    report = json.loads((tmp_path / "report.json").read_text())
    assert not report["passed"] and report["results"][0]["certificates"][0]["reason"] == "line 7: layer 1 Repeat & more"


def test_without_coq_the_certificates_are_not_run(monkeypatch, tmp_path):
    stub(monkeypatch)
    monkeypatch.setenv("NORMBOUND_COQC", str(tmp_path / "none"))
    found = write_paper(tmp_path / "new", pdf=False)
    assert found.passed and "certified: not run" in str(found) and str(found).count("apt-get install") == 1
    assert "(not run)" in (tmp_path / "new" / "paper.tex").read_text()


def test_theorems_of_the_library_exist():
    with (Path(__file__).parent.parent / "proofs" / "theorems.toml").open("rb") as stream:
        known = {f"{t['file'].removesuffix('.v')}.{t['name']}" for t in tomllib.load(stream)["theorem"]}
    with Store():
        for name in RESULTS:
            result = RESULTS[name]()
            assert {lemma for lemma, _ in result.library} <= known
            assert result.library or result.unproved


def test_an_interrupted_run_does_not_look_finished(monkeypatch, tmp_path):
    stub(monkeypatch)
    write_paper(tmp_path, pdf=False, prove=False)
    assert (tmp_path / "report.json").exists()

    def interrupt(*_):
        raise KeyboardInterrupt
    monkeypatch.setitem(paper.EXPERIMENTS, "R4", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_paper(tmp_path, pdf=False, prove=False)
    assert {p.name for p in tmp_path.iterdir()} == set()


def test_without_tex_there_is_the_source_and_a_hint(monkeypatch, tmp_path):
    stub(monkeypatch)

    def missing(*_, **__):
        raise TexError("no TeX engine found")
    monkeypatch.setattr(paper, "compile_tex", missing)
    found = write_paper(tmp_path, prove=False)
    assert found.passed and found.pdf is None and "no TeX engine found" in str(found)
    assert (tmp_path / "paper.tex").exists() and not (tmp_path / "paper.pdf").exists()


def test_without_matplotlib_there_are_no_plots(monkeypatch, tmp_path, tex):
    stub(monkeypatch)

    def missing(*_):
        raise UnsupportedError("plots need matplotlib")
    monkeypatch.setattr(paper.plots, "plot", missing)
    found = write_paper(tmp_path, pdf=False, prove=False)
    assert found.passed and "includegraphics[" not in (tmp_path / "paper.tex").read_text()
    assert compile_tex((tmp_path / "paper.tex").read_text(), {"references.bib": (tmp_path / "references.bib").read_bytes()}, True)


def test_folders_of_others_are_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UnsupportedError, match="holds other files"):
        write_paper(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "x").write_text("")
    done = CliRunner().invoke(app, ["paper", "--out", str(tmp_path / "x")])
    assert done.exit_code != 0 and isinstance(done.exception, UnsupportedError) and "cannot write into" in str(done.exception)
