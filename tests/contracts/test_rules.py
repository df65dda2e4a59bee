"""The composition rules as algebra on exact fractions: laws, attained examples, and refusals."""

from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normbound.contracts import rules
from normbound.contracts.summary import NO_SHARED, Shared, Summary, hypotenuse, identity, largest, root
from normbound.errors import UnsupportedError
from normbound.terms.store import Store, Term

fractions = st.fractions(min_value=0, max_value=5, max_denominator=7)
shared = st.dictionaries(st.sampled_from(["w", "v"]), st.builds(Shared, fractions, fractions, st.just(())), max_size=2)
summaries = st.builds(Summary, fractions, fractions, fractions, fractions, fractions, fractions, shared, st.none())
ID = identity(F(1), F(0))
quick = settings(max_examples=60, deadline=None, derandomize=True)


def values(s):
    return (*s[:6], {g: c[:2] for g, c in s.shared.items()})


@given(summaries, summaries, summaries)
@quick
def test_series_is_associative(f, g, h):
    assert values(rules.series(rules.series(f, g), h)) == values(rules.series(f, rules.series(g, h)))


@given(summaries)
@quick
def test_identity_is_neutral(f):
    assert values(rules.series(ID, f)) == values(f) == values(rules.series(f, ID))


@given(summaries, summaries)
@quick
def test_sum_commutes_and_scale_distributes(f, g):
    assert values(rules.add(f, g)) == values(rules.add(g, f))
    assert values(rules.scale(rules.add(f, g), F(3, 2))) == values(rules.add(rules.scale(f, F(3, 2)), rules.scale(g, F(3, 2))))


@given(summaries, summaries, fractions)
@quick
def test_series_is_the_recursion_of_squares(f, g, B):
    """p^2 of the chain at radius B is L_g^2 p_f^2(B) + p_g^2(radius of f at B)."""
    chain = rules.series(f, g)
    assert chain.p_squared(B) == g.L**2 * f.p_squared(B) + g.p_squared(f.radius(B))
    assert chain.radius(B) == g.radius(f.radius(B))


@given(summaries, summaries, fractions)
@quick
def test_monotone_in_every_coefficient(f, g, extra):
    for k in range(6):
        larger = f._replace(**{f._fields[k]: f[k] + extra})
        for rule in (rules.series, rules.add):
            for a, b in zip(rule(f, g)[:6], rule(larger, g)[:6], strict=True):
                assert a <= b


def test_branches_of_absent_parameters():
    f = Summary(F(3), F(0), F(3), F(1), F(0), F(2))
    g = Summary(F(4), F(0), F(4), F(0), F(0), F(5))
    both = rules.concat(f, g)
    assert (both.L, both.G, both.q2, both.q0) == (5, 5, 1, 5)
    assert rules.parallel(f, g).L == 4
    product = rules.product(f, g, F(2), F(7))
    assert product.L == 2 * 4 + 7 * 3
    assert product.q0 == 4 * 5 + 49 * 2


def test_shared_groups_add_before_squaring():
    f = Summary(F(1), F(0), F(1), F(0), F(0), F(0), {"w": Shared(F(0), F(3))})
    g = Summary(F(2), F(0), F(2), F(0), F(0), F(0), {"w": Shared(F(0), F(4))})
    assert rules.series(f, g).shared["w"].l0 == 2 * 3 + 4
    assert rules.add(f, g).shared["w"].l0 == 7
    assert rules.concat(f, g).shared["w"].l0 == 5
    with Store() as store:
        other = f._replace(shared={"w": Shared(F(0), F(3), ((store.symbol("j"), store.symbol("K")),))})
        with pytest.raises(UnsupportedError, match="indexed family"):
            rules.add(other, g)


def test_unbounded_absorbs_but_an_absent_part_stays_absent():
    with Store() as store:
        free = Summary(store.unbounded, store.zero, store.one, store.zero, store.zero, store.zero)
        zero = Summary(*[store.zero] * 6)
        assert store.zero == rules.series(free, zero).L
        assert rules.series(free, identity(store.one, store.zero)).L.is_unbounded
        assert rules.add(free, zero).L.is_unbounded


def test_helpers_work_for_terms_and_numbers():
    with Store() as store:
        x = store.symbol("x")
        assert isinstance(root(x), Term) and root(F(9, 4)) == F(3, 2) and root(2) == pytest.approx(2**0.5)
        assert hypotenuse(x, store.zero) == x and hypotenuse(store.zero, x) == x
        assert largest(store.number(2), store.number(3)).literal() == 3 and largest(2.0, 3.0) == 3.0


def test_every_rule_is_documented():
    for rule in rules.RULES.values():
        assert rule.statement and rule.reason and rule.sharpness
    assert NO_SHARED == {}
