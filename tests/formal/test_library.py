"""What a certificate needs of the library, and the cache of its compiled form."""

import fcntl
import os
import threading

import pytest

from normbound.formal import library
from normbound.formal.library import LibraryError, compiled, needed, sources

QUICK = "for a; do f=$a; done\necho \"$f\" >> \"$LOG\"\n: > \"${f%.v}.vo\"\n: > \"${f%.v}.glob\""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("NORMBOUND_PROOFS", raising=False)
    monkeypatch.setenv("NORMBOUND_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    return tmp_path / "cache"


@pytest.fixture
def silent():
    said = []
    yield said.append, said


def entries(cache):
    return sorted(p.name for p in (cache / "coq").iterdir() if p.is_dir())


def test_files_come_after_what_they_require():
    found = list(needed(["Params"]))
    assert found[-1] == "Params" and found.index("Vec") < found.index("Lips") < found.index("Summary")
    assert "LowerBounds" not in found and len(found) == len(set(found))
    assert list(needed(["Vec", "Vec"])) == ["Vec"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LibraryError, match=r"a certificate requires Normbound\.Nothing"):
        needed(["Nothing"])
    (tmp_path / "A.v").write_text("From Normbound Require Import B.\n")
    with pytest.raises(LibraryError, match=r"A\.v requires Normbound\.B"):
        needed(["A"], tmp_path)
    (tmp_path / "B.v").write_text("From Normbound Require Import A.\n")
    with pytest.raises(LibraryError, match="requires itself"):
        needed(["A"], tmp_path)


def test_compiled_once_and_without_leftovers(cache, program, silent, tmp_path):
    say, said = silent
    coqc = str(program(QUICK))
    first = compiled(coqc, "one", ["DD"], say)
    assert first == compiled(coqc, "one", ["DD"], say)
    assert (tmp_path / "log").read_text() == "Vec.v\nDD.v\n" and len(said) == 1 and "once" in said[0]
    assert sorted(p.name for p in first.iterdir()) == ["DD.v", "DD.vo", "Vec.v", "Vec.vo"]
    assert compiled(coqc, "two", ["DD"], say) != first  # another version of Coq
    assert compiled(coqc, "one", ["Lips"], say) != first
    assert len(entries(cache)) == 3


def test_other_sources_are_another_entry(cache, program, silent, tmp_path, monkeypatch):
    coqc = str(program(QUICK))
    first = compiled(coqc, "one", ["Vec"], silent[0])
    changed = tmp_path / "proofs"
    changed.mkdir()
    (changed / "theorems.toml").write_text("")
    (changed / "Vec.v").write_text((sources() / "Vec.v").read_text() + "\n(* changed *)\n")
    monkeypatch.setattr(library, "sources", lambda: changed)
    assert compiled(coqc, "one", ["Vec"], silent[0]) != first


def test_a_broken_build_leaves_nothing(cache, program, silent):
    coqc = str(program("echo Error: this fails >&2; exit 1"))
    with pytest.raises(LibraryError, match=r"Vec\.v: Error: this fails"):
        compiled(coqc, "one", ["DD"], silent[0])
    assert entries(cache) == []
    with pytest.raises(LibraryError, match=r"with .*other: Vec\.v: no compiled file, exit code 0"):
        compiled(str(program("exit 0", "other")), "one", ["DD"], silent[0])  # it wrote nothing
    assert entries(cache) == []
    compiled(str(program(QUICK, "better")), "one", ["DD"], silent[0])
    assert len(entries(cache)) == 1


def test_leftovers_of_a_killed_build_are_removed(cache, program, silent):
    (cache / "coq" / ".building-x").mkdir(parents=True)
    compiled(str(program(QUICK)), "one", ["Vec"], silent[0])
    assert len(entries(cache)) == 1 and not (cache / "coq" / ".building-x").exists()


def test_an_entry_from_which_files_were_removed_is_made_again(cache, program, silent):
    coqc = str(program(QUICK))
    first = compiled(coqc, "one", ["DD"], silent[0])
    (first / "Vec.vo").unlink()
    assert compiled(coqc, "one", ["DD"], silent[0]) == first and (first / "Vec.vo").is_file()
    assert len(silent[1]) == 2 and len(entries(cache)) == 1


def test_a_second_process_waits(cache, program, silent, tmp_path):
    say, said = silent
    (cache / "coq").mkdir(parents=True)
    results = []
    with (cache / "coq" / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        thread = threading.Thread(target=lambda: results.append(compiled(str(program(QUICK)), "one", ["Vec"], say)))
        thread.start()
        thread.join(1)
        assert thread.is_alive() and said == ["waiting for another process that compiles the proof library"]
        assert not (tmp_path / "log").exists()
    thread.join(20)
    assert len(results) == 1 and results[0].is_dir()


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch, program, silent):
    monkeypatch.delenv("NORMBOUND_PROOFS", raising=False)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NORMBOUND_CACHE", str(tmp_path / "file"))
    with pytest.raises(LibraryError, match="NORMBOUND_CACHE names another"):
        compiled(str(program(QUICK)), "one", ["Vec"], silent[0])


def test_a_folder_that_is_compiled_already(tmp_path, monkeypatch, silent):
    monkeypatch.setenv("NORMBOUND_PROOFS", str(tmp_path))
    with pytest.raises(LibraryError, match=r"Vec\.v is not compiled"):
        compiled("coqc", "one", ["Vec"], silent[0])
    source, target = tmp_path / "Vec.v", tmp_path / "Vec.vo"
    source.write_bytes((sources() / "Vec.v").read_bytes())
    target.write_text("")
    assert compiled("coqc", "one", ["Vec"], silent[0]) == tmp_path.resolve()
    os.utime(source, (target.stat().st_mtime + 10,) * 2)
    with pytest.raises(LibraryError, match="newer than its compiled form"):
        compiled("coqc", "one", ["Vec"], silent[0])
    source.write_text("(* another *)")
    with pytest.raises(LibraryError, match="not the file that this version"):
        compiled("coqc", "one", ["Vec"], silent[0])
    assert silent[1] == []
