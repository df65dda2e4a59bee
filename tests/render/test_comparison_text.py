"""The text a reader of a comparison sees (golden files), its JSON, and the regime diagram.

NORMBOUND_UPDATE_GOLDEN=1 writes the golden files anew.
"""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from normbound import Input, LayerNorm, Linear, ReLU, Repeat, RMSNorm, Store, UnsupportedError, builtin
from normbound.calculus.comparison import compare
from normbound.render.comparison import COLUMNS, comparison_json, comparison_text
from normbound.render.figures import RegimePoint, regime_diagram, regime_point

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(autouse=True)
def store():
    with Store() as fresh:
        yield fresh


NUMBERS = {"R": 2, "d": 4, "K": 24, "s": "6/5", "b": 4, "g": 1, "h": "1/2", "sigma": "3/2", "eps": "1/100000"}


def mlp(norm=None, bias="b"):
    norm = LayerNorm(gamma="g", beta="h", floor="sigma", eps="eps") if norm is None else norm
    return Input("R", "d") >> Repeat(Linear("s", bias=bias) >> norm >> ReLU(), "K")


def reduces():
    return compare(mlp()), NUMBERS


def neutral():
    return compare(mlp()), {**NUMBERS, "sigma": "3/5", "eps": "16/25"}


def explodes():
    a = builtin("pre-norm")
    return compare(a.network), a.values


def vacuous():
    return compare(mlp()), {**NUMBERS, "b": "1/4"}


def misleading():
    """The ratio is 2^-24 and the first bound still explodes: large floors come from large weights."""
    norm = RMSNorm(gamma="g", floor="sigma", eps=0)
    return compare(mlp(norm, None)), {"R": 8, "d": 4, "K": 24, "s": 4, "g": 1, "sigma": 2}


def no_floor():
    values = {n: v for n, v in NUMBERS.items() if n != "sigma"}
    return compare(mlp(), floors=False), values


def parameters():
    return compare(mlp(), wrt="parameters"), NUMBERS


def batchnorm():
    a = builtin("batchnorm-train")
    return compare(a.network), {**a.values, "sigma": "5/4", "R": 10}


def unbounded():
    return compare(mlp(LayerNorm(eps=0)), mlp(bias=None).without_normalization()), {"R": 2, "d": 4, "K": 2, "s": 1, "b": 1}


CASES = {f.__name__: f for f in (reduces, neutral, explodes, vacuous, misleading, no_floor, parameters, batchnorm, unbounded)}
VERDICTS = {"reduces": "reduces", "neutral": "neutral", "explodes": "explodes", "vacuous": "vacuous", "misleading": "reduces",
            "no_floor": "explodes", "parameters": "reduces", "batchnorm": "reduces", "unbounded": "unbounded"}


@pytest.mark.parametrize("name", CASES)
def test_text(name):
    comparison, values = CASES[name]()
    text = comparison_text(comparison, values) + "\n"
    path = GOLDEN / f"compare-{name}.txt"
    if os.environ.get("NORMBOUND_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= COLUMNS
    assert f"regime       {VERDICTS[name]}" in text
    for w in comparison.warnings:
        assert f"[{w.name}]" in text


def test_vacuous_text_gives_no_ratio_at_numbers():
    c, values = vacuous()
    text = comparison_text(c, values)
    tail = text[text.index("\n  at "):]
    assert "L1/L2" not in tail and "reduces:" not in text and "[vacuous]" in tail and "the floor needs a norm" in tail


def test_without_numbers_there_is_no_regime():
    c, _ = reduces()
    assert "regime" not in comparison_text(c)
    assert "regime" not in comparison_json(c)


def test_networks_without_symbols_need_no_numbers():
    net = Input(2, 3) >> Linear(2, bias=1) >> LayerNorm(gamma=1, floor="1/4", eps="1/100") >> ReLU()
    text = comparison_text(compare(net))
    assert "explodes: L1 > L2, proved at these numbers" in text


def test_never_and_always():
    same = mlp()
    assert "never: L1 = L2" in comparison_text(compare(same, same))
    fixed = LayerNorm(gamma=1, floor=3, eps=0)
    assert "always and K >= 1" in comparison_text(compare(mlp(fixed)))


@pytest.mark.parametrize("name", CASES)
def test_json(name):
    comparison, values = CASES[name]()
    data = json.loads(json.dumps(comparison_json(comparison, values)))
    assert data["regime"]["verdict"] == VERDICTS[name]
    assert [w["name"] for w in data["warnings"]] == [w.name for w in comparison.warnings]
    assert (data["ratio"] is None) == bool(data["obstacle"])


# -- the figure --------------------------------------------------------------------------------------------------------
def test_point():
    c, values = reduces()
    p = regime_point(c, values, "MLP")
    assert (p.label, p.verdict) == ("MLP", "reduces")
    assert p.second == pytest.approx(1.2) and p.second / p.first == pytest.approx(1.5, rel=1e-4)


def test_files_are_deterministic_vector_and_bitmap(tmp_path, drawing):
    c, values = reduces()
    first = regime_diagram(c, tmp_path / "one", values)
    second = regime_diagram(c, str(tmp_path / "two.png"), values)
    assert [p.name for p in first] == ["one.pdf", "one.png"] and [p.name for p in second] == ["two.pdf", "two.png"]
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes()
    assert first[0].read_bytes().startswith(b"%PDF") and first[1].read_bytes().startswith(b"\x89PNG")
    assert b"/Subtype /Image" not in first[0].read_bytes() and not re.search(rb"CreationDate", first[0].read_bytes())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.pdf", "one.png", "two.pdf", "two.png"]


def test_no_global_state_and_many_points(tmp_path, drawing):
    import matplotlib
    before = dict(matplotlib.rcParams)
    loaded = "matplotlib.pyplot" in sys.modules
    points = [RegimePoint("a $x$ & _b_ " * 9, 0.01, 30.0, "reduces"), RegimePoint("", 5.0, 0.2, "vacuous")]
    assert len(regime_diagram(points, tmp_path / "many")) == 2
    assert len(regime_diagram([], tmp_path / "none")) == 2
    assert dict(matplotlib.rcParams) == before and ("matplotlib.pyplot" in sys.modules) == loaded


def test_without_matplotlib(tmp_path, monkeypatch):
    for name in [m for m in sys.modules if m.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UnsupportedError, match=r'pip install "normbound\[plots\]"'):
        regime_diagram([], tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_refusals(tmp_path, drawing):
    with pytest.raises(UnsupportedError, match="cannot write"):
        regime_diagram([], tmp_path / "missing" / "x")
    with pytest.raises(UnsupportedError, match="no rates"):
        regime_point(compare(builtin("indexed").network), builtin("indexed").values)
    with pytest.raises(UnsupportedError, match="no rates in m"):
        regime_point(compare(mlp()), NUMBERS, depth="m")
    with pytest.raises(UnsupportedError, match="both positive"):
        regime_point(compare(mlp()), {**NUMBERS, "s": 0})
    with pytest.raises(UnsupportedError, match="powers of ten"):
        regime_diagram([RegimePoint("far", 1e-30, 1.0)], tmp_path / "x")


def test_fragments_of_all_built_ins_compile(tex):
    from normbound.network.builtins import names
    from normbound.render.comparison import comparison_latex
    from normbound.render.pdf import compile_tex
    found = []
    for name in names():
        for wrt in ("input", "parameters"):
            with Store():
                network = builtin(name).network
                found.append(comparison_latex(compare(network, network.without_normalization(), wrt)))
    source = r"\documentclass{article}\usepackage{amsmath,amssymb}\begin{document}" + "\n\n".join(found) + r"\end{document}"
    assert compile_tex(source).warnings == ()
