"""What several test folders share."""

import os
import shutil
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
