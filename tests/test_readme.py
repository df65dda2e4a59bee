"""What the README shows is what happens: its Python runs as doctests, its outputs are compared."""

import doctest
import re
from pathlib import Path

import pytest

from normbound import Store, builtin, derive, load, statement
from normbound.contracts.registry import LAYERS

README = Path(__file__).parent.parent / "README.md"


def block(marker):
    return re.search(rf"<!-- {marker} -->\n```\n(.*?)```", README.read_text(), re.S)[1].rstrip("\n")


def test_python_examples():
    text = "\n".join(re.findall(r"```python\n(.*?)```", README.read_text(), re.S))
    before = set(LAYERS)
    with Store():
        test = doctest.DocTestParser().get_doctest(text, {}, "README", "README.md", 0)
        result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    for name in set(LAYERS) - before:
        del LAYERS[name]
    assert result.attempted > 15 and not result.failed


def test_first_example():
    with Store():
        a = builtin("mlp-layernorm")
        bound = derive(a.network)
        values = {**a.values, "s": "6/5", "b": 4, "sigma": "3/2", "K": 24}
        assert statement(bound, values, a.title) == block("derive")


def test_own_network(tmp_path):
    file = tmp_path / "my-network.toml"
    file.write_text(re.search(r"```toml\n(.*?)```", README.read_text(), re.S)[1])
    with Store():
        assert not derive(load(file).network, "parameters").unbounded


@pytest.mark.parametrize("marker", ["check --all", "bench", "paper", "compare"])
def test_tables_are_whole(marker):
    assert len(block(marker).splitlines()) > 8


def test_table_of_architectures_is_current():
    from normbound.network.builtins import names
    lines = block("check --all").splitlines()[2:2 + len(names())]
    assert [line.split()[0] for line in lines] == list(names())
    assert "triples (network, point, step) checked" in block("check --all")
    assert all(line.endswith("survived") for line in lines)
