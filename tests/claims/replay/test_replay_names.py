"""Variables of a claim never hide names that scripts use."""

import pytest

from normbound.claims.checker import check, from_json, node
from normbound.claims.replay.names import taken
from normbound.claims.replay.replay import replay, write
from normbound.claims.replay.statement import coq_name


def power_claim(a, b, c):
    """a <= b gives a^c*b <= b^(c+1), with these names."""
    sorts = {a: "positive", b: "positive", c: "natural"}
    s = from_json({"sorts": sorts, "given": [f"{a} <= {b}"], "goal": f"{a}^{c}*{b} <= {b}^({c} + 1)"})
    certificate = node("loglinear", {"mode": "log", "facts": [{"given": 0, "mode": "log"}, {"sign": c}], "rows": [["1", [0, 1]]]})
    check(s, certificate)
    return s, certificate


def test_names_of_the_library_are_taken():
    assert {"pos", "count", "means", "log_line", "nat_induction", "eq_trans", "I", "conj"} <= taken()
    assert not taken() & {"x", "y", "K", "s", "gamma", "sigma", "eps", "radius"}
    assert coq_name("pos") == "pos__" and coq_name("gamma") == "gamma" and coq_name("h1") == "h1__" and coq_name("forall") == "forall__"


@pytest.mark.parametrize("names", [("pos", "conj", "means"), ("eq_trans", "I", "log_pw"), ("left", "field", "first"),
                                   ("nat", "lra", "apply")])
def test_claims_with_such_names_are_proved(coq, names):
    found = replay(*power_claim(*names))
    assert found.verdict == "proved (kernel)", found.reason


def test_other_names_stay_as_they_are():
    made = write(*power_claim("width", "gain", "depth"))
    assert made.statement == ("forall (width : R) (gain : R) (depth : R), 0 < width -> 0 < gain -> isnat depth -> width <= gain -> "
                              "pw width depth * gain <= pw gain (depth + 1)")
