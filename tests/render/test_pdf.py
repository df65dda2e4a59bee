"""TeX runs without shell escape, in its own folder, and its errors are shown."""

import pytest

from normbound.render import pdf
from normbound.render.pdf import TexError, compile_tex, complaints

MINIMAL = r"\documentclass{article}\begin{document}%s\end{document}"


def test_compiles(tex):
    compiled = compile_tex(MINIMAL % "Hello.")
    assert compiled.pdf.startswith(b"%PDF") and compiled.pages == 1 and compiled.warnings == ()


def test_equal_sources_give_equal_bytes(tex):
    assert compile_tex(MINIMAL % "Hello.").pdf == compile_tex(MINIMAL % "Hello.").pdf


def test_references_settle(tex):
    text = r"See~\ref{a}.\section{A}\label{a}"
    assert compile_tex(MINIMAL % text).warnings == ()


def test_the_line_of_an_error_is_shown(tex):
    with pytest.raises(TexError, match=r"main\.tex:1: .*Undefined control sequence.*nonsense"):
        compile_tex(MINIMAL % r"\nonsense")


def test_no_shell_escape_and_no_files_outside(tex, tmp_path):
    target = tmp_path / "made"
    compile_tex(MINIMAL % rf"x\immediate\write18{{touch {target}}}")
    assert not target.exists()
    secret = tmp_path / "secret.tex"
    secret.write_text("secret")
    with pytest.raises(TexError):
        compile_tex(MINIMAL % rf"\input{{{secret}}}")


def test_complaints_are_seen(tex):
    wide = compile_tex(MINIMAL % r"\noindent\hbox to 900pt{x\hfil}\ref{nowhere}").warnings
    assert any(w.startswith("Overfull") for w in wide) and any("undefined" in w for w in wide)
    assert complaints("LaTeX Warning: Label(s) may have changed. Rerun to get it right.\n") == ()


def test_no_engine_is_one_error_with_a_hint(monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(TexError, match=r"no TeX engine found.*apt-get install"):
        compile_tex(MINIMAL % "x")


def test_a_time_limit_holds(tex, monkeypatch):
    monkeypatch.setattr(pdf, "SECONDS", 2)
    with pytest.raises(TexError, match="did not finish within 2 seconds"):
        compile_tex(MINIMAL % r"\def\x{\x}\x")


@pytest.mark.parametrize("name", ["../x", "a/b", ""])
def test_attachments_are_plain_names(tex, name):
    with pytest.raises(TexError, match="plain file name"):
        compile_tex(MINIMAL % "x", {name: b""})
