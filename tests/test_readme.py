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


@pytest.mark.parametrize("marker", ["check --all", "bench", "paper", "compare", "prove --all", "bench prove", "bench claims", "claims"])
def test_tables_are_whole(marker):
    assert len(block(marker).splitlines()) > 8


def test_table_of_architectures_is_current():
    from normbound.network.builtins import names
    lines = block("check --all").splitlines()[2:2 + len(names())]
    assert [line.split()[0] for line in lines] == list(names())
    assert "triples (network, point, step) checked" in block("check --all")
    assert all(line.endswith("survived") for line in lines)


def test_table_of_proofs_is_current():
    """Every built-in and every kind of bound, none refused, and no axioms but those that a proof may rest on."""
    from normbound.calculus.bound import KINDS
    from normbound.formal.proof import CLASSICAL
    from normbound.network.builtins import names
    from normbound.render.proof import SHORT
    lines = block("prove --all").splitlines()
    rows = [re.split(r"  +", line) for line in lines[2:2 + len(names()) * len(KINDS)]]
    assert [(row[0], row[1]) for row in rows] == [(name, SHORT[kind]) for name in names() for kind in KINDS]
    proved = [row for row in rows if row[2].startswith("proved (kernel)")]
    assert all(row[4] == str(len(CLASSICAL)) for row in proved) and f"{len(proved)} of {len(rows)} proved" in lines
    assert all(row[2] == "undecided" for row in rows if row not in proved)
    assert all(axiom.rpartition(".")[2] in block("prove --all") for axiom in CLASSICAL)


def test_table_of_certificates_is_current():
    """The sizes and depths that `bench prove` measures, each proved, each bar met."""
    from normbound.bench.prove import BARS
    lines = block("bench prove").splitlines()
    for n in (300, 1_000, 3_000, 10_000):
        assert re.search(rf"^  {n:,} layers, own symbols, input .* proved$", "\n".join(lines), re.M)
    for depth in ("K", "10", "1,000", "1,000,000"):
        assert re.search(rf"^  repeated block, depth {depth}, parameters .* proved$", "\n".join(lines), re.M)
    assert sum(line.endswith(": met") for line in lines) == len(BARS)


def test_claims_of_the_readme(tmp_path):
    """The file that is shown has the verdicts that are shown, and the table counts the claims there are."""
    from normbound.claims.document import read
    from normbound.claims.pipeline import judge
    text = next(t for t in re.findall(r"```toml\n(.*?)```", README.read_text(), re.S) if "[[claim]]" in t)
    outcomes = [judge(c, 20) for c in read(text).claims]
    assert [(o.id, o.verdict) for o in outcomes] == [("threshold", "proved (certificate)"), ("folklore-contraction", "refuted (witness)")]
    broken = read(text.replace('sqrt(sigma^2 + eps)"', 'sigma"')).claims[0]
    assert judge(broken, 20).verdict == "refuted (witness)"
    root = README.parent
    files = (root / "proofs" / "paper.claims.toml", *(root / "tests" / "claims" / "corpus").glob("*.claims.toml"))
    total = re.search(r"^all +(\d+)", block("claims"), re.M)
    assert total and int(total[1]) == sum(len(read(f).claims) for f in files)
