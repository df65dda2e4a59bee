"""Coq: found, judged by its version, run under limits; errors with their place."""

import pytest

from normbound.formal.coq import Coq, CoqError, Place, find, run
from normbound.formal.proof import judge

VERSION = "echo 'The Coq Proof Assistant, version {}'; echo 'compiled with OCaml 4.13.1'"


@pytest.mark.parametrize(("version", "fine"), [("8.15.2", False), ("8.16.1", True), ("8.18.0", True), ("8.20+rc1", True), ("8.21.0", False),
                                               ("9.0.0", False), ("10.16", False)])
def test_versions(program, monkeypatch, version, fine):
    monkeypatch.setenv("NORMBOUND_COQC", str(program(VERSION.format(version))))
    if fine:
        assert find().version == version and "OCaml 4.13.1" in find().banner
        return
    with pytest.raises(CoqError, match=rf"version {version}; accepted: Coq 8\.16 to 8\.20; get it with: apt-get") as caught:
        find()
    assert caught.value.status == "version"
    assert run("Definition a := 1.").status == "version"


def test_a_program_that_is_no_coq(program, monkeypatch):
    monkeypatch.setenv("NORMBOUND_COQC", str(program("echo hello")))
    with pytest.raises(CoqError, match="coqc is no Coq, its --version prints 'hello'; accepted"):
        find()
    path = program("")
    path.write_bytes(b"\x7fELF, and nothing that can be run")
    monkeypatch.setenv("NORMBOUND_COQC", str(path.rename(path.with_name("other"))))
    with pytest.raises(CoqError, match="other cannot be run: Exec format error; accepted"):
        find()


def test_no_coq(monkeypatch, tmp_path):
    monkeypatch.setenv("NORMBOUND_COQC", str(tmp_path / "coqc"))
    with pytest.raises(CoqError, match="is no program; accepted: Coq"):
        find()
    monkeypatch.delenv("NORMBOUND_COQC")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = run("Definition a := 1.")
    assert found.status == "missing" and "coqc is not installed" in found.message and "apt-get" in found.message


def test_a_file_with_the_library(coq):
    found = run("From Normbound Require Import Vec.\nDefinition a := sm_0.\nCheck a.\n")
    assert found.status == "ok" and "sm" in found.stdout and found.place is None and found.seconds > 0


def test_the_place_of_an_error(coq):
    found = run("From Coq Require Import Arith.\n(* a\n comment *)\nTheorem small : 1 = 1.\nProof. reflexivity. Qed.\n"
                "Theorem wrong :\n  1 = 2.\nProof.\n  reflexivity.\nQed.\n")
    assert found.status == "rejected" and found.place == Place(9, "wrong") and "Unable to unify" in found.message
    assert str(found.place) == "line 9, in wrong"
    found = run("Definition a := 1.\nDefinition b := nothing.\n")
    assert found.place == Place(2, "b") and "nothing" in found.message
    assert run("Definition a := 1. (* ").status == "rejected"


def test_a_damaged_library_is_no_verdict_on_the_file(coq, tmp_path, monkeypatch):
    monkeypatch.delenv("NORMBOUND_PROOFS", raising=False)
    monkeypatch.setattr("normbound.formal.library.compiled", lambda *_: tmp_path)
    (tmp_path / "Vec.vo").write_bytes(b"")
    source = "From Normbound Require Import Vec.\nDefinition a := 1.\n"
    found = run(source)
    assert (found.status, found.place) == ("version", None) and f"library is in {tmp_path}: without" in found.message
    (tmp_path / "Vec.vo").write_bytes(b"of another compiler" * 100)
    assert run(source).status == "version"
    assert judge(source, "a = 1").status == "not run"


def test_a_compiler_that_does_nothing(program, monkeypatch):
    """Its version is right, and it writes no file, or disappears."""
    path = program('[ "$1" = --version ] && echo "The Coq Proof Assistant, version 8.16.1"; true')
    monkeypatch.setenv("NORMBOUND_COQC", str(path))
    found = run("Definition a := 1.")
    assert found.status == "rejected" and "without a compiled file" in found.message
    path.chmod(0o644)
    monkeypatch.setattr("normbound.formal.coq.find", lambda: Coq(str(path), "8.16.1", ""))
    found = run("Definition a := 1.")
    assert found.status == "missing" and "ermission denied" in found.message


def test_time(coq):
    found = run("Theorem slow : True.\nProof. do 1000000 (do 1000000 idtac). exact I. Qed.\n", seconds=2)
    assert found.status == "timeout" and 2 <= found.seconds < 20


def test_memory(coq):
    doubling = "Fixpoint f (n : nat) : list nat := match n with O => cons 1 nil | S k => app (f k) (f k) end.\n"
    found = run(doubling + "Definition many := Eval vm_compute in f 40.\n", seconds=100, megabytes=700)
    assert found.status == "memory"


def test_nothing_stays_behind(coq, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    run("Definition a := 1.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("variable", ["COQPATH", "XDG_DATA_DIRS", "XDG_DATA_HOME"])
def test_folders_of_the_user_do_not_count(coq, tmp_path, monkeypatch, variable):
    """Files that Coq itself would find through its environment are not read."""
    folder = tmp_path / "coq"  # the one that Coq looks for in folders of data
    folder.mkdir()
    (folder / "Foreign.v").write_text("Definition x := 1.")
    monkeypatch.setenv(variable, str(folder if variable == "COQPATH" else tmp_path))
    found = run("Load Foreign.")
    assert found.status == "rejected"
