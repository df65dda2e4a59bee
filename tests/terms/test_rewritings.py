"""Every display rewriting is an equality: exactly, for all small depths, with coinciding and zero nodes."""

import re
import tomllib
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from term_reference import STABLE, TREES, VALUES, NotRational, build, homogeneous, value

from normbound.terms.grammar import parse
from normbound.terms.normal import normal
from normbound.terms.rewritings import (
    BINOMIAL,
    BINOMIAL_3,
    GEOMETRIC,
    HOMOGENEOUS,
    ONES,
    PAIR_SAME,
    REWRITINGS,
    TWO_NODES,
    ZERO_NODE,
    ZERO_POWER,
    Applied,
    lowered,
    rewrite,
)
from normbound.terms.store import Op, Store, Term

PROOFS = Path(__file__).parent.parent.parent / "proofs"
POINTS = [Fraction(0), Fraction(1), Fraction(2), Fraction(1, 3), Fraction(7, 5)]
NODES = {
    "zero_power": [(Fraction(0),)],
    "zero_node": [(Fraction(0), *r) for r in [*product(POINTS, repeat=1), *product(POINTS, repeat=2)]],
    "ones": [(Fraction(1),) * 2], "binomial": [(Fraction(1),) * 3], "binomial_3": [(Fraction(1),) * 4],
    "pair_same": [(a, a) for a in POINTS], "geometric": [(a, Fraction(1)) for a in POINTS],
    "two_nodes": list(product(POINTS, repeat=2)),
    "homogeneous": [*product(POINTS, repeat=3), *product(POINTS[:3], repeat=4)],
}


def recursive(depth: int, nodes: tuple[Fraction, ...]) -> Fraction:
    """The definition: dd(0; l) = 1, dd(0; l1..lm) = 0, dd(K+1; l, r) = l dd(K; l, r) + dd(K; r)."""
    if not nodes:
        return Fraction(0)
    if depth == 0:
        return Fraction(len(nodes) == 1)
    return nodes[0] * recursive(depth - 1, nodes) + recursive(depth - 1, nodes[1:])


@pytest.mark.parametrize("rule", REWRITINGS, ids=lambda r: r.name)
def test_both_sides_agree_under_the_condition(rule):
    first = 1 if rule.condition else 0
    assert rule.condition in ("", r"$K \ge 1$")
    for nodes in NODES[rule.name]:
        for depth in range(first, 9):
            assert rule.value(depth, nodes) == recursive(depth, nodes) == homogeneous(depth - len(nodes) + 1, list(nodes))


def test_the_conditions_are_needed():
    """Without K >= 1 these rules would be false, or undefined, at K = 0."""
    assert ZERO_POWER.value(0, (Fraction(0),)) != recursive(0, (Fraction(0),))
    with pytest.raises(ZeroDivisionError):
        PAIR_SAME.value(0, (Fraction(0), Fraction(0)))
    one = (Fraction(0), Fraction(2))
    assert recursive(0, one) == 0 and ZERO_NODE.condition  # dd(-1; 2) has no meaning


def test_every_lemma_is_in_the_proof_library():
    library = tomllib.loads((PROOFS / "theorems.toml").read_text())
    known = {f"{t['file'].removesuffix('.v')}.{t['name']}" for t in library["theorem"]}
    for rule in REWRITINGS:
        assert rule.lemma in known, rule.lemma
        file, name = rule.lemma.split(".")
        assert re.search(rf"^(Theorem|Lemma) {name}\b", (PROOFS / f"{file}.v").read_text(), re.M)
    assert len({r.name for r in REWRITINGS}) == len(REWRITINGS)


@pytest.mark.parametrize(("text", "rule", "needs"), [
    ("dd(K; a, 1)", GEOMETRIC, ()), ("dd(K; 1, 1)", ONES, ()), ("dd(K; a, a)", PAIR_SAME, ("K",)),
    ("dd(K; a, b)", TWO_NODES, ()), ("dd(K; a, 0)", ZERO_NODE, ("K",)), ("dd(K; 1, 1, 1)", BINOMIAL, ()),
    ("dd(K; 1, 1, 1, 1)", BINOMIAL_3, ()), ("dd(K; a, b, 1)", HOMOGENEOUS, ()), ("dd(K; a, 1, 0)", ZERO_NODE, ("K",)),
    ("dd(K*M; a, 0)", ZERO_NODE, ("K", "M")), ("dd(K + 1; a, 0)", ZERO_NODE, ()), ("dd(5; a, 0)", ZERO_NODE, ()),
    ("dd(K - 1; a, 0)", TWO_NODES, ()), ("dd(K - 1; a, a)", TWO_NODES, ()), ("dd(K; 1, 1, 1, 1, 1)", HOMOGENEOUS, ()),
    ("0^K", ZERO_POWER, ("K",)), ("a^K", None, ()), ("a + b", None, ()),
])
def test_which_rule_applies(text, rule, needs):
    with Store() as store:
        found = rewrite(store, normal(parse(text, store)).id)
        assert (found.rule if found else None) is rule
        assert not found or found.positive == needs


def test_conditions_are_never_assumed_silently():
    with Store() as store:
        for text in ("dd(K; a, 0)", "dd(K; a, a)", "0^K"):
            found = rewrite(store, normal(parse(text, store)).id, conditional=False)
            assert found is None or found.rule.condition == ""
        term = parse("dd(K; a, 0) + dd(K; 1, 1)", store)
        small, used = lowered(term, conditional=False)
        assert [u.rule for u in used] == [ONES] and str(small) == "dd(K; a, 0) + K"
        # the index of a sum starts at 1, so no condition on it has to be reported
        i = store.fresh("i")
        small, used = lowered(store.sum(i, store.symbol("K"), store.dd(i, [store.symbol("a"), store.zero])))
        assert used == [Applied(ZERO_NODE, used[0].result, ())]


def test_nodes_are_compared_by_value():
    with Store() as store:
        small, used = lowered(parse("dd(K; a*b, b*a)", store))
        assert [u.rule for u in used] == [PAIR_SAME] and str(small) == "K*(a*b)^(K - 1)"


@STABLE
@given(TREES)
def test_lowered_terms_have_the_same_value(tree):
    """At depths of at least 1 (K = 3, M = 2 here), and at K = 0 when no rule with a condition is used."""
    with Store() as store:
        term = build(store, tree)
        small, used = lowered(term)
        try:
            expected = value(term, VALUES)
        except NotRational:
            return
        assert value(small, VALUES) == expected
        assert all(u.rule.condition or not u.positive for u in used)
        zero = {**VALUES, "K": 0, "M": 0}
        small, _ = lowered(term, conditional=False)
        try:
            expected = value(term, zero)
        except NotRational:
            return
        assert value(small, zero) == expected


def test_rewriting_leaves_the_order_of_the_parts():
    with Store() as store:
        small, _ = lowered(parse("z + dd(K; q, 0)*y + x*dd(K; q, q, 0)", store))
        assert str(small) == "z + q^(K - 1)*y + x*dd(K - 1; q, q)"
        assert not any(store.nodes[i][0] == Op.DD and 0 in store.nodes[i][2:] for i in store.reachable([Term(store, small.id)]))
