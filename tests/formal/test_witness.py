"""Numbers at which the hypotheses of certificates hold, confirmed by the library."""

import re

import pytest

from normbound import builtin, derive, parse_block
from normbound.formal.certificate import certificate
from normbound.formal.export import export
from normbound.formal.proof import judge
from normbound.formal.witness import assignment
from normbound.network import builtins
from normbound.network.program import Input
from normbound.terms.store import Store

THEOREM = re.compile(r"Theorem bound : .*", re.DOTALL)
STATEMENT = "satisfiable_statement the_certificate"


@pytest.fixture(autouse=True)
def own_store():
    with Store():
        yield


def found(text, wrt="input", **domain):
    bound = derive(Input("R", domain.pop("features", "d"), **domain) >> parse_block(text), wrt=wrt)
    return assignment(bound, export(bound))


FOUND = [  # network, symbols that are 0, those that the library does not find by itself, naturals
    ("Repeat(Linear(s) >> LayerNorm(floor=sigma, eps=e), 2)", {"sigma"}, set(), {"d": 2}),
    ("LayerNorm(floor=2*sigma*t, eps=1/10)", {"sigma"}, {"sigma"}, {"d": 2}),
    ("LayerNorm(floor=a + b^2, eps=e)", {"a", "b"}, {"a", "b"}, {"d": 2}),
    ("LayerNorm(floor=0, eps=e)", set(), set(), {"d": 2}),
    ("Repeat(Linear(s[i]) >> LayerNorm(floor=f[i], eps=e), K, index=i)", {"f"}, set(), {"K": 2, "d": 2}),
    ("GroupNorm(3, floor=f, eps=e)", {"f"}, set(), {"d": 6}),
    ("MaxMin >> GroupNorm(8, eps=e)", set(), set(), {"d": 8}),
    ("Repeat(x + (1/K)*Linear(s), K)", set(), set(), {"K": 2, "d": 2}),
    ("BatchNorm(mode=eval, var=v, mean=u)", set(), set(), {"d": 2}),
    ("Repeat(BatchNorm(mode=eval, var=2*v[i]*w, mean=u[i], eps=1/100), K, index=i)", set(), set(), {"K": 2, "d": 2}),
    ("Repeat(Linear(s) >> GELU >> SELU >> SiLU, K)", set(), set(), {"K": 2, "d": 2}),
    ("Repeat(Linear(s) >> Mish, K)", set(), set(), {"K": 2, "d": 2}),  # its contract is a hypothesis
]


@pytest.mark.parametrize(("text", "zero", "listed", "naturals"), FOUND, ids=[f[0] for f in FOUND])
def test_found(text, zero, listed, naturals):
    where = found(text)
    assert where.found and (where.zero, where.listed, where.naturals) == (zero, listed, naturals)
    assert str(where).endswith("the input zero") and all(f"{n} = {k}" in str(where) for n, k in naturals.items())


@pytest.mark.parametrize(("text", "reason"), [
    ("LayerNorm(floor=1/2, eps=e)", "the floor 1/2 cannot be 0"),
    ("LayerNorm(floor=sigma + 1, eps=e)", "cannot be 0"),
    ("LayerNorm(floor=sigma, eps=0)", "sigma^2 > 0 is not seen to hold where floors are 0"),
])
def test_none(text, reason):
    where = found(text)
    assert not where.found and reason in where.reason and str(where) == f"none: {where.reason}"


def test_a_certificate_without_witness_says_so():
    made = certificate(derive(Input("R", "d") >> parse_block("LayerNorm(floor=1/2, eps=e)"), wrt="input"))
    assert "satisfiable" not in made.source and "Satisfiable" not in made.source and made.witness.startswith("none: ")


@pytest.mark.parametrize("wrt", ["input", "parameters", "radius"])
def test_every_builtin_has_one(wrt):
    for name in builtins.names():
        with Store():
            bound = derive(builtin(name).network, wrt=wrt)
            assert assignment(bound, export(bound)).found, name


def only_the_witness(text, **domain):
    """The certificate without its bound, whose witness alone is to be confirmed."""
    source = certificate(derive(Input("R", "d", **domain) >> parse_block(text), wrt="input")).source
    return THEOREM.sub("", source).replace("Theorem satisfiable", "Theorem bound")


@pytest.mark.parametrize("text", [f[0] for f in FOUND])
def test_the_library_confirms(coq, text):
    assert judge(only_the_witness(text, positions=3), STATEMENT).status == "proved"


@pytest.mark.parametrize(("old", "new"), [("a_zero := []", "a_zero := [d1; d2; d3; d4; d5; d6; d7; d8]"), ("(d1, 6%N)", "(d1, 4%N)"),
                                          ("(d1, 6%N)", "(d1, 0%N)")])
def test_the_library_refuses_other_numbers(coq, old, new):
    """eps = 0 where the floor is 0; widths that 3 groups do not divide; no features."""
    source = only_the_witness("GroupNorm(3, floor=f, eps=e)")
    assert old in source
    assert judge(source.replace(old, new), STATEMENT).status == "rejected"
