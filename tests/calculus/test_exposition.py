"""Derivations laid out for reading: names stand for what the derivation says, nothing is dropped, order is kept."""

import pytest

from normbound import Input, LayerNorm, Linear, ReLU, Repeat, Store, builtin, derive, parse_block
from normbound.calculus import exposition
from normbound.calculus.exposition import expose
from normbound.calculus.notation import notation
from normbound.network.builtins import names

KINDS = ("input", "parameters", "radius")
FIELDS = {"L": "L", "b": "b0", "G": "G", "q2": "q2", "q1": "q1", "q0": "q0"}


@pytest.mark.parametrize("wrt", KINDS)
@pytest.mark.parametrize("name", names())
def test_names_expand_to_the_derivation(name, wrt):
    with Store():
        bound = derive(builtin(name).network, wrt)
        e = expose(bound)
        states = {s.id for n, s in e.values.items() if e.names[n].quantity in ("state", "sup")}
        for line in e.lines:
            summary = bound.derivation.steps[line.step].summary
            for fact in line.facts:
                if fact.group:
                    c = summary.shared[fact.group]
                    meant = c.l1 if fact.quantity == "c1" else c.l0
                else:
                    meant = getattr(summary, FIELDS[fact.quantity])
                assert e.expand(fact.term) == meant, (line, fact)
        assert all(i not in states for i in e.names)


@pytest.mark.parametrize("name", names())
def test_every_layer_of_the_network_has_a_line(name):
    with Store():
        bound = derive(builtin(name).network, "parameters")
        shown = {line.step for line in expose(bound).lines}
        shown_numbers = shown | {k - 1 for k in shown}  # a contract and the series step after it share one line
        starts = {(*s.path, 1) for s in bound.derivation.scopes if s.repeat is not None and s.repeat.start is None}
        for k, s in enumerate(bound.derivation.steps):
            if s.rule == "contract" and bound.derivation.program.code[s.at].path not in starts:
                assert k in shown_numbers


def test_lines_follow_the_order_of_the_layers_and_name_their_premises():
    bound = derive(builtin("pre-norm").network)
    lines = expose(bound).lines
    assert [line.number for line in lines] == list(range(len(lines)))
    assert [line.step for line in lines] == sorted(line.step for line in lines)
    known = {line.number for line in lines}
    for line in lines:
        assert set(line.premises) <= known and all(p < line.number for p in line.premises)
    assert [line.title for line in lines if line.kind in ("layer", "then")] == [
        "Identity", "LayerNorm", "LayerNorm", "Linear", "ReLU", "Linear"]


def test_a_repeat_is_laid_out_once_whatever_its_depth():
    block = Linear("s", bias="b") >> ReLU()
    few = expose(derive(Input("R", "d") >> Repeat(block, 3), "parameters")).lines
    many = expose(derive(Input("R", "d") >> Repeat(block, 3000), "parameters")).lines
    assert len(few) == len(many)


def test_long_chains_say_how_much_is_left_out(monkeypatch):
    monkeypatch.setattr(exposition, "MAX_LINES", 10)
    chain = Input("R", "d") >> parse_block(" >> ".join(["Linear(s)", "ReLU"] * 20))
    e = expose(derive(chain))
    assert len(e.lines) == 10 and e.left_out == 41 - 10


def test_notation_covers_every_symbol_once():
    for name in names():
        with Store():
            bound = derive(builtin(name).network, "parameters")
            meanings = notation(bound)
            assert sorted(m.symbol.node[1] for m in meanings) == sorted(t.node[1] for t in bound.symbols().values()), name


def test_notation_says_what_a_symbol_bounds():
    bound = derive(Input("R", "d") >> Linear("s") >> LayerNorm(gamma="g", floor="sigma"))
    words = {str(m.symbol): m for m in notation(bound)}
    assert words["s"].norm == "spectral" and words["s"].tensor == "W"
    assert words["sigma"].words == "floor of the standard deviations" and words["d"].natural
    assert words["R"].words.startswith("bound on the Euclidean norm of the input")
