"""Statements that hostile readers got proved, or refuted, against the truth; and what false certificates rest on."""

import pytest

from normbound.claims.checker import Rejected, check, from_json
from normbound.claims.checker.algebra import Algebra
from normbound.claims.checker.signs import Signs
from normbound.claims.document import read
from normbound.claims.evaluate import truth
from normbound.claims.grammar import parse_statement
from normbound.claims.pipeline import judge
from normbound.terms.constants import CONSTANTS, enclosure

FAR = "abs(n - 98765)"
FALSE = {  # nearly always true: false where a range is empty, a base negative, an exponent no literal
    "empty sum": ('n = "integer", x = "real"', [], f"sum(i, 1, {FAR}, x/{FAR}) == x"),
    "empty sum, strict": ('n = "integer", x = "positive"', [], f"sum(i, 1, {FAR}, x/{FAR}) > x/2"),
    "empty sum in an exponential": ('n = "integer", p = "positive"', [], f"exp(sum(i, 1, {FAR}, log(p)/{FAR})) == p"),
    "empty product": ('n = "integer", x = "real"', [], f"prod(i, 1, {FAR}, exp(x/{FAR})) == exp(x)"),
    "nested sums": ('n = "integer", x = "real"', [], f"sum(i, 1, {FAR}, 1/sum(j, 1, {FAR}, 1)) == 1 + 0*x"),
    "square of an empty sum": ('n = "integer"', [], f"sum(i, 1, {FAR}, 1/sqrt({FAR}^3))^2*{FAR} == 1"),
    "power of the number of terms": ('n = "integer"', [], f"sum(i, 1, {FAR}, {FAR}^({FAR} - 1)) == {FAR}^{FAR}"),
    "empty sum in a limit": ('K = "natural", n = "integer", a = "real"', [], f"limit(sum(i, 1, {FAR}, 1/{FAR}) + a/K, K) == 1"),
    "empty sum in a recurrence": ('n = "integer"', [],
                                  f"recurrence x(0) = 0, x(i+1) = x(i) + sum(j, 1, {FAR}, 1/{FAR}) has closed form x(i) = i"),
    "contradiction": ('n = "integer", m = "integer"', ["sum(i, 1, abs(3*n - 7*m - 98765), 1/abs(3*n - 7*m - 98765)) == 0"], "n == m"),
    "odd power": ('x = "real", y = "real"', ["-1 <= x <= 1", "-1 <= y <= 1"],
                  "x^(1+2) + 100000000000000*(y - 0.3141592653589)^2 + 1000000000000*(x + 0.9182736455463728)^2 >= -1/2"),
    "even power": ('x = "real", y = "real"', ["-2 <= x <= 1", "0 <= y <= 1", "exp(y) == 2"], "x^(1+1) + y <= 2.5"),
    "natural power": ('x = "real", y = "real", K = "natural"', ["-2 <= x <= 1", "1 <= K <= 3", "0 <= y <= 1", "exp(y) == 2"],
                      "x^K + y >= -0.5"),
    "induction": ('x = "real", K = "natural"', ["K >= x", "sqrt(K - x) >= 0"], "K >= 2*x"),
    "sum of an end": ('k = "integer", n = "natural"', ["k <= n implies k < 0"], "sum(i, k, n, k) < 0"),
}
TRUE = {
    "long product": ('x = "positive"', ["x <= 1"], "prod(i, 1, 30000, 2*max(min(i - 10051.5, 1/2), -(1/2))) <= -x/2"),
    "nonempty sum": ('K = "natural", x = "real"', ["K >= 1"], "sum(i, 1, K, x/K) == x"),
    "empty or not": ('K = "natural", x = "real"', [], "sum(i, 1, K, x) == K*x"),
    "a factor in front": ('K = "natural", x = "positive", s = "real[K]"', [], "sum(i, 1, K, s[i]/x) == sum(i, 1, K, s[i])/x"),
}


def claim(variables, given, show):
    quoted = ", ".join(f'"{g}"' for g in given)
    return read(f'schema = 1\n[[claim]]\nid = "c"\nvars = {{{variables}}}\ngiven = [{quoted}]\nshow = "{show}"\n', "f").claims[0]


@pytest.mark.parametrize("name", FALSE)
def test_false_statements_are_not_proved(name):
    found = judge(claim(*FALSE[name]), 2)
    assert found.kind not in ("proved", "vacuous", "error"), found.verdict


@pytest.mark.parametrize("name", TRUE)
def test_true_statements_are_not_refuted(name):
    found = judge(claim(*TRUE[name]), 3)
    assert found.verdict == ("undecided" if name == "long product" else "proved (certificate)"), found.reason


def test_a_step_without_a_value_leaves_no_truth():
    found = judge(claim("", [], "recurrence x(0) = 0, x(i+1) = 1/(i - 2) has closed form x(i) = 5"), 2)
    assert found.verdict == "ill-defined"


@pytest.mark.parametrize(("sequent", "certificate"), [
    ({"sorts": {"K": "natural", "x": "real"}, "given": [], "goal": "sum(i, 1, K, x/K) == x"},
     {"rule": "algebra", "data": {}, "premises": []}),
    ({"sorts": {"k": "integer", "n": "natural"}, "given": ["k <= n implies k < 0"], "goal": "sum(i, k, n, k) < 0"},
     {"rule": "sign", "data": {"signs": {"2": "lt"}}, "premises": [
         {"rule": "apply", "data": {"hypothesis": 0}, "premises": [{"rule": "hypothesis", "data": {"hypothesis": 1}, "premises": []}]}]}),
])
def test_false_certificates_are_rejected(sequent, certificate):
    with pytest.raises(Rejected):
        check(from_json(sequent), certificate)


def test_the_number_of_terms_does_not_cancel_where_the_range_may_be_empty():
    data = {"sorts": {"K": "natural", "x": "real"}, "given": [], "goal": "sum(i, 1, K, x/K) == x"}
    for given, equal in (([], False), (["K >= 1"], True)):
        sequent = from_json({**data, "given": given})
        assert Algebra(sequent).difference(*sequent.goal.args).is_zero is equal
    assert truth(parse_statement(data["goal"]), {"K": 0, "x": 1}) is False


def test_the_body_of_a_sum_does_not_speak_for_its_ends():
    sequent = from_json({"sorts": {"k": "integer", "n": "natural"}, "given": [], "goal": "sum(i, k, n, k) < 0"})
    total = sequent.goal.args[0]
    assert Signs(sequent).of_operator(total, total.args, [7, 6, 1]) & 2, "an empty sum is 0"


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_are_positive(name):
    assert enclosure(name, 64) > 0
