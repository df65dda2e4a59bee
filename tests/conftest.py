"""What several test folders share."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from normbound.render.pdf import ENGINES, INSTALL


@pytest.fixture(scope="session")
def tex():
    """Present where a TeX engine is; elsewhere the test is skipped, and in CI it fails."""
    if not any(shutil.which(e) for e in ENGINES) or shutil.which("bibtex") is None:
        assert os.environ.get("CI") != "true", f"CI must have TeX: {INSTALL}"
        pytest.skip(f"no TeX: {INSTALL}")


@pytest.fixture(scope="session")
def drawing():
    """matplotlib, as for TeX."""
    if find_spec("matplotlib") is None:
        assert os.environ.get("CI") != "true", "CI must have matplotlib"
        pytest.skip('no matplotlib: pip install "normbound[plots]"')


@pytest.fixture
def golden(request):
    """Compare a text with ``golden/NAME`` beside the test; NORMBOUND_UPDATE_GOLDEN=1 rewrites the file."""
    def check(name, text):
        path = Path(request.path).parent / "golden" / name
        if os.environ.get("NORMBOUND_UPDATE_GOLDEN") == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert path.is_file(), f"no golden file {path.name}; set NORMBOUND_UPDATE_GOLDEN=1 to write it, then read it"
        assert text == path.read_text(), f"{path.name} differs; read the difference, then NORMBOUND_UPDATE_GOLDEN=1"
    return check


@pytest.fixture
def command_line(monkeypatch, capsys):
    """Call the command line with arguments: (exit code, standard output, standard error)."""
    from normbound import cli

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["normbound", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        out = capsys.readouterr()
        return code, out.out, out.err
    return call


@pytest.fixture(scope="session")
def folder_for_compiled(tmp_path_factory):
    """One cache for all tests, apart from the user's."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def coq(monkeypatch, folder_for_compiled):
    """Present where an accepted Coq is; elsewhere the test is skipped, and in CI it fails."""
    from normbound.formal import coq as programs
    try:
        found = programs.find()
    except programs.CoqError as error:
        assert os.environ.get("CI") != "true", f"CI must have Coq: {error}"
        pytest.skip(str(error))
    monkeypatch.setenv("NORMBOUND_CACHE", str(folder_for_compiled))
    return found
