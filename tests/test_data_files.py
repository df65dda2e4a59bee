"""Folders and files: found where they are, written whole or not at all."""

from pathlib import Path

import pytest

from normbound import files
from normbound.errors import UnsupportedError
from normbound.files import cache, environment, shipped, write


def test_write(tmp_path):
    target = tmp_path / "a.txt"
    assert write(target, "µ\n") == target and target.read_bytes() == "µ\n".encode()
    assert write(target, b"\x00\r\n").read_bytes() == b"\x00\r\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("where", ["folder", "missing/a", "file/a", "x" * 250])
def test_what_cannot_be_written_is_one_error_that_names_it(tmp_path, where):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(UnsupportedError, match="cannot write .*" + where):
        write(tmp_path / where, "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"] and (tmp_path / "file").read_text() == "kept"
    with pytest.raises(UnsupportedError, match="a file name is needed"):
        write(Path(), "new")


@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_what_was_there(tmp_path, monkeypatch, stop):
    target = write(tmp_path / "a.txt", "old")

    def replace(self, to):
        raise stop
    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises((UnsupportedError, KeyboardInterrupt)) as caught:
        write(target, "new")
    assert isinstance(caught.value, KeyboardInterrupt) or str(caught.value) == f"cannot write {target}: No space left on device"
    assert target.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_data_are_found_in_the_package_first(tmp_path, monkeypatch):
    assert (shipped("templates", "references.bib") / "certificate.v.j2").is_file()
    assert (shipped("proofs", "theorems.toml") / "Vec.v").is_file()
    monkeypatch.setattr(files, "__file__", str(tmp_path / "package" / "files.py"))
    beside, inside = tmp_path / "data", tmp_path / "package" / "data"
    beside.mkdir()
    with pytest.raises(FileNotFoundError, match="the folder of data is missing"):
        shipped("data", "mark")  # the folder alone is another one of that name
    (beside / "mark").write_text("")
    assert shipped("data", "mark") == beside
    inside.mkdir(parents=True)
    (inside / "mark").write_text("")
    assert shipped("data", "mark") == inside


def test_templates_do_not_pass_over_names_without_a_value():
    from jinja2 import UndefinedError
    template = environment().from_string("<# no #>\\begin{x} << name >> {{ %}")
    assert template.render(name="a") == "\\begin{x} a {{ %}"
    with pytest.raises(UndefinedError):
        template.render()


def test_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.delenv("NORMBOUND_CACHE", raising=False)
    assert cache() == tmp_path / "user" / "normbound"
    monkeypatch.setenv("NORMBOUND_CACHE", str(tmp_path / "own"))
    assert cache() == tmp_path / "own"

    def nobody():
        raise RuntimeError("Could not determine home directory.")
    for name in ("NORMBOUND_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    with pytest.raises(FileNotFoundError, match="home"):
        cache()
