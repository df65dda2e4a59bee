"""The figures of the nine results: files, identical bytes, honest errors."""

import hashlib
import logging
import sys
from functools import cache
from itertools import pairwise

import pytest

from normbound.check.experiments import EXPERIMENTS, Finding
from normbound.errors import UnsupportedError
from normbound.render import plots

pytestmark = pytest.mark.usefixtures("drawing")


@cache
def found(name):
    smaller = {"R8": {}, "R9": {}}.get(name, {"networks": 5})
    return EXPERIMENTS[name](0, True, **smaller)


def digests(paths):
    return [hashlib.sha256(p.read_bytes()).hexdigest() for p in paths]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_result_has_a_figure(name, tmp_path):
    paths = plots.plot(name, found(name), tmp_path)
    assert paths and sorted(paths) == sorted(tmp_path.iterdir())
    assert {p.suffix for p in paths} == {".pdf", ".png"}
    for path in paths:
        data = path.read_bytes()
        assert data.startswith(b"%PDF" if path.suffix == ".pdf" else b"\x89PNG") and len(data) > 4000
        if path.suffix == ".pdf":
            assert b"CreationDate" not in data and b"/Subtype /Type3" not in data


def test_bytes_do_not_depend_on_the_run_or_on_the_settings_of_the_user(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    one = digests(plots.plot("R6", found("R6"), first))
    import matplotlib
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "pdf.fonttype": 3}):
        two = digests(plots.plot("R6", found("R6"), second))
        assert matplotlib.rcParams["font.size"] == 30
    assert one == two
    assert logging.getLogger("fontTools").level == logging.NOTSET


def test_other_series_give_another_figure(tmp_path):
    before = digests(plots.plot("R9", found("R9"), tmp_path))
    series = dict(found("R9").series)
    series["regimes"] = {**series["regimes"], "sign": [-s for s in series["regimes"]["sign"]]}
    after = digests(plots.plot("R9", Finding("attained", "", {}, series), tmp_path))
    assert before[:2] != after[:2] and before[2:] == after[2:]


def test_nothing_to_draw(tmp_path):
    for name in EXPERIMENTS:
        assert plots.plot(name, Finding("not checked", "nothing"), tmp_path) == []
        assert plots.plot(name, EXPERIMENTS[name](0, True, networks=0), tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_unknown_result(tmp_path):
    with pytest.raises(UnsupportedError, match=r"no plot for 'R10'; there are plots for R1, R2"):
        plots.plot("R10", found("R3"), tmp_path)


def test_missing_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UnsupportedError, match=r'pip install "normbound\[plots\]"'):
        plots.plot("R3", found("R3"), tmp_path)


def test_labels_are_moved_apart_and_keep_their_order():
    moved = plots._spread([0.0, 0.5, 10.0, 0.2], 1.0)
    assert moved[2] == 10.0
    ordered = sorted((moved[0], moved[3], moved[1]))
    assert (moved[0], moved[3], moved[1]) == tuple(ordered)
    assert min(b - a for a, b in pairwise(ordered)) >= 1 - 1e-6
    assert [plots._fraction(v) for v in (1.5, 2.0, 1.875)] == ["3/2", "2", "15/8"]
    assert [plots._power(v) for v in (1.0, 2.0, 0.75)] == ["1", "2^K", "(3/4)^K"]
    assert [plots._below(v) for v in (1.0, 0.5, 1e-3, 2e-7)] == [0, -1, -3, -7]
