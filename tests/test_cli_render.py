"""render and compare on the command line: what a user sees, and what bad input says."""

import json

import pytest
from typer.testing import CliRunner

from normbound.cli import app
from normbound.render import pdf
from normbound.render.pdf import compile_tex

RUN = CliRunner()


def run(*arguments):
    return RUN.invoke(app, list(arguments))


def test_render_prints_a_fragment_that_documents_can_input():
    done = run("render", "pre-norm", "--wrt", "parameters")
    assert done.exit_code == 0 and done.output.startswith("% normbound") and r"\begin{theorem}" in done.output


def test_render_all_kinds_as_one_document(tex):
    done = run("render", "mlp", "--wrt", "all", "--format", "document")
    assert done.output.count(r"\begin{theorem}") == 3 and compile_tex(done.output).warnings == ()


def test_render_pdf(tex, tmp_path):
    target = tmp_path / "b.pdf"
    done = run("render", "mlp", "--format", "pdf", "-o", str(target))
    assert done.exit_code == 0 and target.read_bytes().startswith(b"%PDF") and "1 page" in done.output


def test_render_pdf_without_tex_writes_the_source(monkeypatch, tmp_path):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    done = run("render", "mlp", "--format", "pdf", "-o", str(tmp_path / "b.pdf"))
    assert done.exit_code == 0 and (tmp_path / "b.tex").exists() and not (tmp_path / "b.pdf").exists()
    assert "no TeX engine found" in done.stderr and "apt-get install" in done.stderr


def test_render_text_and_json():
    assert "Lipschitz constant in the input" in run("render", "mlp", "--format", "text").output
    found = json.loads(run("render", "mlp", "--format", "json", "--wrt", "input,radius").output)
    assert [f["wrt"] for f in found] == ["input", "radius"] and found[0]["derivation"] and found[0]["sharpness"]


def test_render_options_reach_the_page():
    done = run("render", "mlp-layernorm", "--name", r"sigma=\varsigma", "--macro", r"norm=\mynorm", "--environment", "lemma",
               "--label", "lem:a", "--no-derivation", "--measure", "20")
    text = done.output
    assert r"\varsigma" in text and r"\mynorm{W}" in text and r"\begin{lemma}" in text and r"\label{lem:a}" in text
    assert "Derivation" not in text and "over 20 sampled networks" in text


def test_citations_and_their_entries(tex, tmp_path):
    text = run("render", "pre-norm", "--cite").output
    assert r"\cite{ba2016layernorm}" in text and text.count(r"\cite{") == 1
    entries = run("render", "pre-norm", "--bibtex").output
    assert run("render", "pre-norm", "--bibtex", "--format", "json").output == entries
    assert entries.startswith("@") and "ba2016layernorm" in entries
    done = run("render", "pre-norm", "--cite", "--format", "pdf", "-o", str(tmp_path / "b.pdf"))
    assert done.exit_code == 0 and done.stderr == "" and (tmp_path / "b.pdf").stat().st_size > 1000
    assert run("render", "mlp", "--cite", "--format", "pdf", "-o", str(tmp_path / "c.pdf")).exit_code == 0  # nothing to cite


def test_render_without_normalization_and_without_floors():
    assert "LayerNorm" not in run("render", "mlp-layernorm", "--without-normalization").output.replace("MLP with LayerNorm", "")
    assert r"\sqrt{\varepsilon}" in run("render", "mlp-layernorm", "--no-floors").output


@pytest.mark.parametrize("arguments, message", [
    (("render", "mlp", "--format", "doc"), "accepted: tex, document, pdf, text, json"),
    (("render", "mlp", "--wrt", "weights"), "accepted: input, parameters, radius"),
    (("render", "mlp", "--name", "s"), "write name=TeX"),
    (("render", "mlp", "--name", r"s=\input{/etc/passwd}"), "TeX name of 's'"),
    (("render", "mlp", "--name", "s=x", "--name", "b=x"), "clashing"),
    (("render", "mlp", "--label", "a", "--wrt", "all"), "--label names one bound"),
    (("render", "mlp", "--label", "a}b"), "label"),
    (("render", "mlp", "--environment", "the orem"), "environment"),
    (("render", "mlp", "-o", "/nonexistent/x.tex"), "cannot write"),
    (("render", "mpl"), "did you mean"),
    (("compare", "mlp", "--set", "s=0.5x"), "s=0.5x"),
    (("compare", "mlp", "--set", "q=1"), "unknown symbol"),
    (("compare", "mlp", "--wrt", "radius"), "accepted"),
    (("compare", "mlp", "nothing"), "unknown architecture"),
])
def test_bad_input_is_one_error(arguments, message):
    done = run(*arguments)
    assert done.exit_code != 0
    assert message in str(done.exception) or message in done.output


def test_search_climbs_and_says_how_tight():
    done = run("search", "mlp", "--iterations", "5", "--networks", "4")
    assert done.exit_code == 0 and "best measured/bound" in done.output
    found = json.loads(run("search", "mlp", "--iterations", "2", "--networks", "2", "--steps", "--json").output)
    assert len(found) > 3
    assert run("search", "mlp", "--quantity", "zz").exit_code != 0


def test_compare_is_a_statement():
    done = run("compare", "mlp-layernorm", "--set", "K=24", "--set", "sigma=3/2", "--set", "b=4")
    assert done.exit_code == 0
    for line in ("below 1      iff g < sqrt(sigma^2 + eps) and K >= 1", "reduces: L1 < L2, proved", "[whose-sigma]"):
        assert line in done.output


def test_compare_two_networks_json_latex_and_figure(tmp_path, tex):
    found = json.loads(run("compare", "pre-norm", "post-norm", "--json").output)
    assert found["ratio"] and found["warnings"]
    text = run("compare", "pre-norm", "--latex").output
    source = r"\documentclass{article}\usepackage{amsmath,amssymb}\begin{document}" + text + r"\end{document}"
    assert compile_tex(source).warnings == ()
    done = run("compare", "mlp-layernorm", "--figure", str(tmp_path / "r.pdf"))
    assert done.exit_code == 0 and (tmp_path / "r.pdf").stat().st_size > 1000
