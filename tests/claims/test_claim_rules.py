"""The rules of logic, of products and of monotonicity: what they accept, what they reject, and that they are sound at points."""

import random

import pytest
from claim_proofs import sequent
from claim_random import RELATIONS, data, expression, statement, unsound
from claim_random import sequent as random_sequent

from normbound.claims.checker import Rejected, node, replay, rules
from normbound.claims.errors import ClaimError

SORTS = {"x": "positive", "y": "positive", "z": "nonnegative", "u": "real", "v": "real", "n": "natural", "m": "natural",
         "s": "positive[n]", "t": "positive[n]"}
MINE = ("split", "intro", "hypothesis", "evident", "absurd", "contradiction", "negate", "flip", "stronger", "parts", "apply",
        "instance", "weaken", "cut", "cases", "zero", "replace", "transitive", "extremum", "extremum_cases", "products", "algebra",
        "monotone", "congruence", "sign", "map", "defined")


def premises(given, goal, rule, **datum):
    s = sequent(SORTS, given, goal)
    found = rules()[rule](s, datum)
    return [("; ".join(str(h) for h in p.given[len(s.given):]), str(p.goal)) for p in found]


@pytest.mark.parametrize(("given", "goal", "rule", "datum", "expected"), [
    ([], "u > 0 and v > 0", "split", {}, [("", "u > 0"), ("u > 0", "v > 0")]),
    ([], "u > 0 iff v > 0", "split", {}, [("u > 0", "v > 0"), ("v > 0", "u > 0")]),
    ([], "u == v", "split", {}, [("", "u <= v"), ("", "u >= v")]),
    ([], "u > 0 implies v > 0", "intro", {}, [("u > 0", "v > 0")]),
    ([], "forall(i, 1, n, s[i] > u)", "intro", {}, [("1 <= i_1; i_1 <= n", "s[i_1] > u")]),
    ([], "u <= v", "negate", {}, [("u > v", "0 < 0")]),
    ([], "u <= v", "stronger", {"op": "eq"}, [("", "u == v")]),
    (["u == v"], "u > 0", "parts", {"number": 0}, [("u <= v; v <= u", "u > 0")]),
    (["n < m"], "u > 0", "parts", {"number": 0}, [("n + 1 <= m", "u > 0")]),
    (["max(u, v) < x"], "u > 0", "parts", {"number": 0}, [("u < x; v < x", "u > 0")]),
    (["u > 0 implies v > 0"], "v > 0", "apply", {"number": 0}, [("", "u > 0"), ("v > 0", "v > 0")]),
    (["forall(i, 1, n, s[i] <= 1)"], "s[m] <= 1", "instance", {"number": 0, "at": "m"},
     [("", "1 <= m"), ("", "m <= n"), ("s[m] <= 1", "s[m] <= 1")]),
    ([], "u > 0", "cut", {"lemma": "1/v > 0"}, [("", "v != 0"), ("", "1/v > 0"), ("1/v > 0", "u > 0")]),
    ([], "u > 0", "cases", {"left": "1/u", "right": "2"}, [("", "u != 0"), ("1/u <= 2", "u > 0"), ("1/u > 2", "u > 0")]),
    ([], "n > 0", "zero", {"name": "n"}, [("n == 0", "n > 0"), ("n >= 1", "n > 0")]),
    ([], "u < v", "transitive", {"through": "x", "strict": 1}, [("", "u <= x"), ("", "x < v")]),
    ([], "max(u, v) <= x", "extremum", {"side": "left"}, [("", "u <= x"), ("", "v <= x")]),
    ([], "x <= abs(u)", "extremum", {"side": "right", "choose": 1}, [("", "x <= -u")]),
    ([], "abs(u) <= x", "extremum_cases", {"of": "abs(u)"}, [("u >= 0", "u <= x"), ("u < 0", "-u <= x")]),
    ([], "u*x <= v*y", "monotone", {}, [("", "0 <= x"), ("", "u <= v"), ("", "0 <= v"), ("", "x <= y")]),
    ([], "u*x <= v*y", "monotone", {"way": "second"}, [("", "0 <= y"), ("", "u <= v"), ("", "0 <= u"), ("", "x <= y")]),
    ([], "u*x <= u*y", "monotone", {"way": "negative"}, [("", "u <= 0"), ("", "y <= x")]),
    ([], "u/x < v/y", "monotone", {"strict": 1}, [("", "0 < y"), ("", "u <= v"), ("", "y < x"), ("", "0 < v")]),
    ([], "u^2 <= v^2", "monotone", {"way": "even"}, [("", "u <= v"), ("", "-v <= u")]),
    ([], "u^n <= u^m", "monotone", {"way": "small"}, [("", "0 <= u"), ("", "u <= 1"), ("", "m <= n"), ("", "0 <= m")]),
    ([], "u - x <= u - y", "monotone", {}, [("", "y <= x")]),
    ([], "dd(n; u, 1) <= dd(n; v, 1)", "monotone", {}, [("", "0 <= u"), ("", "u <= v"), ("", "0 <= 1"), ("", "1 <= 1")]),
    ([], "sum(i, 1, n, s[i]) <= sum(j, 1, n, t[j])", "monotone", {}, [("1 <= i_1; i_1 <= n", "s[i_1] <= t[i_1]")]),
    ([], "prod(i, 1, n, s[i]) <= prod(j, 1, n, t[j])", "monotone", {},
     [("1 <= i_1; i_1 <= n", "0 <= s[i_1]"), ("1 <= i_1; i_1 <= n", "s[i_1] <= t[i_1]")]),
    ([], "sum(i, 1, m, s[i]) <= sum(j, 1, n, s[j])", "monotone", {"way": "range"},
     [("", "1 <= 1"), ("", "m <= n"), ("1 <= j_1; j_1 <= n", "0 <= s[j_1]")]),
    ([], "u/x >= 0", "sign", {"signs": {"0": "ge"}}, [("", "u >= 0")]),
    ([], "u - v > 0", "sign", {}, [("", "u > v")]),
    ([], "u <= v", "map", {"by": "square"}, [("", "v >= 0"), ("", "u^2 <= v^2")]),
    (["u == v + 1", "u > 0"], "u^2 > 0", "replace", {"number": 0}, [("", "(v + 1)^2 > 0")]),
])
def test_premises(given, goal, rule, datum, expected):
    assert premises(given, goal, rule, **datum) == expected


@pytest.mark.parametrize(("given", "goal", "rule", "datum"), [
    ([], "u >= 0", "evident", {}), ([], "u^2 > 0", "evident", {}), (["u >= 1"], "u > 1", "evident", {}),
    (["u <= v"], "u < v", "hypothesis", {"number": 0}), (["u != v"], "u < v", "hypothesis", {"number": 0}),
    (["u > 1"], "v > 0", "absurd", {"number": 0}), (["x > 0"], "v > 0", "absurd", {"number": 0}),
    ([], "u <= v", "stronger", {"op": "ne"}), (["u < v"], "u > 0", "parts", {"number": 0}),
    (["forall(i, 1, n, s[i] <= 1)"], "u <= 1", "instance", {"number": 0, "at": "u"}),
    ([], "u > 0", "zero", {"name": "u"}), ([], "u > 0", "zero", {"name": "s"}),
    (["x == 1"], "limit(x, x) == 0", "replace", {"number": 0}), (["n == u"], "dd(n; x, y) > 0", "replace", {"number": 0}),
    (["u == 1"], "increasing(u^2, u)", "replace", {"number": 0}),
    ([], "u < v", "transitive", {"through": "x"}), ([], "u < v", "transitive", {"through": "x", "strict": 2}),
    ([], "x <= min(u, v)", "extremum", {"side": "left"}), ([], "x <= max(u, v)", "extremum", {"side": "right"}),
    ([], "x <= max(u, v)", "extremum", {"side": "right", "choose": 2}),
    ([], "u*x <= v*y", "monotone", {"way": "negative"}), ([], "u^2 <= v^2", "monotone", {"way": "odd"}),
    ([], "u^n <= v^n", "monotone", {"way": "even"}), ([], "u + v <= u*v", "monotone", {}),
    ([], "dd(n; u, 1) <= dd(m; u, 1)", "monotone", {}), ([], "dd(n; u, 1) < dd(n; v, 1)", "monotone", {}),
    ([], "sum(i, 1, m, s[i]) <= sum(i, 1, n, s[i])", "monotone", {}), ([], "u + v < x + y", "monotone", {"strict": 2}),
    ([], "sum(i, 1, m, s[i]) <= sum(i, 1, n, t[i])", "monotone", {"way": "range"}),
    ([], "sum(i, 1, m, s[i]) <= sum(i, 1, n, s[i])", "monotone", {"way": "shrink"}),
    ([], "u*v >= 0", "sign", {"signs": {"0": "ge"}}), ([], "u*v > 0", "sign", {"signs": {"0": "ge", "1": "gt"}}),
    ([], "u*v >= 0", "sign", {"signs": {"2": "ge"}}), ([], "u*v >= 1", "sign", {"signs": {"0": "ge", "1": "ge"}}),
    ([], "sum(i, 1, n, u) > 0", "sign", {"signs": {"2": "gt"}}), ([], "u <= v", "map", {"by": "cube"}),
    ([], "abs(u) == u", "algebra", {}), ([], "sqrt(u^2) == u", "algebra", {}), ([], "x^n == x^m", "algebra", {}),
    ([], "(u*v)^(1/2) == u^(1/2)*v^(1/2)", "algebra", {}), ([], "log(u^2) == 2*log(u)", "algebra", {}),
    ([], "u^(n-1)*u == u^n", "algebra", {}), ([], "sum(i, 1, n-1, 1) == n - 1", "algebra", {}),
    ([], "prod(i, 1, n-1, x) == x^(n-1)", "algebra", {}), ([], "sum(i, 0, n, x^i) == sum(i, 1, n, x^i)", "algebra", {}),
    ([], "sum(i, 1, n, sum(j, 1, n, i*j)) == sum(i, 1, n, sum(j, 1, n, i*i))", "algebra", {}),
    ([], "(u^2)^x == u^(2*x)", "algebra", {}),
])
def test_what_is_rejected(given, goal, rule, datum):
    with pytest.raises((Rejected, ClaimError)):
        rules()[rule](sequent(SORTS, given, goal), datum)


@pytest.mark.parametrize("goal", [
    "x^(2*n+1) == x*(x^n)^2", "u^(n+2) == u^n*u^2", "sqrt(u^2) == abs(u)", "abs(u)^2 == u^2", "sqrt(4*x) == 2*sqrt(x)",
    "x/(x+1) + 1/(x+1) == 1", "(u*v)^n == u^n*v^n", "(x/y)^n*y^n == x^n", "exp(u+v) == exp(u)*exp(v)", "log(x*y) == log(x) + log(y)",
    "exp(n*log(x)) == x^n", "log(x^n) == n*log(x)", "sum(i, 1, n, 2*s[i] + x) == 2*sum(j, 1, n, s[j]) + n*x",
    "prod(i, 1, n, x*s[i]) == x^n*prod(i, 1, n, s[i])", "1/sqrt(x^2+y) == sqrt(x^2+y)/(x^2+y)", "dd(3; u, v) == u^2 + u*v + v^2",
    "dd(n; u, v) == dd(n; v, u)", "4^n == 2^(2*n)", "(x^2+y)^(n+1) == (x^2+y)^n*(x^2+y)", "sqrt(12) == 2*sqrt(3)",
    "(sqrt(x)+sqrt(y))*(sqrt(x)-sqrt(y)) == x - y", "sqrt(x/u^2) == sqrt(x)/abs(u)", "x^(1/3)*x^(2/3) == x", "sum(i, 1, 3, i^2) == 14",
    "1/(1/x+1/y) == x*y/(x+y)", "sqrt(exp(2*u)) == exp(u)",
])
def test_normal_forms(goal):
    replay(sequent(SORTS, [], goal), node("algebra"))


SQUARE = {"facts": [{"sign": "x - y"}, {"sign": "y"}, {"hypothesis": 0}], "terms": [["1", [[0, 2], [1, -1]]]]}


@pytest.mark.parametrize(("goal", "change", "accepted"), [
    ("2*x <= y + x^2/y", {}, True),
    ("2*x < y + x^2/y", {}, False),
    ("2*x <= y + x^2/y", {"terms": [["2", [[0, 2], [1, -1]]]]}, False),
    ("2*x <= y + x^2/y", {"terms": [["1", [[0, 2]]]]}, False),
    ("2*x <= y + x^2/y", {"terms": []}, False),
    ("2*x >= y + x^2/y", {"terms": [["-1", [[0, 2], [1, -1]]]]}, False),
    ("x - y <= 0", {"terms": [["-1", [[0, 1]]]]}, False),
    ("u <= v", {"terms": [["1", [[2, 1]]]]}, True),
    ("u < v", {"terms": [["1", [[2, 1]]]]}, False),
    ("v <= u", {"terms": [["-1", [[2, 1]]]]}, False),
    ("u*y <= v*y", {"terms": [["1", [[2, 1], [1, 1]]]]}, True),
    ("u/y <= v/y", {"terms": [["1", [[2, 1], [1, -1]]]]}, True),
    ("y/u >= y/v", {"terms": [["1", [[2, 1], [1, 1]]]]}, False),
    ("1/(v-u) >= 0", {"terms": [["1", [[2, -1]]]]}, False),
    ("y <= y + v - u", {"terms": [["1", [[2, 1]]], ["0", [[0, 1]]]]}, True),
    ("y < 2*y", {"terms": [["1", [[1, 1]]]]}, True),
    ("y != 2*y", {"terms": [["1", [[1, 1]]]]}, True),
    ("2*y != y", {"terms": [["1", [[1, 1]]]]}, False),
    ("2*y != y", {"terms": [["1", [[1, 1]]]], "negative": True}, True),
    ("y == y", {"terms": []}, True),
    ("0 < 1", {"terms": [["1", []]]}, True),
    ("u <= v", {"terms": [["1", [[5, 1]]]]}, False),
    ("u <= v", {"terms": [["1", [[2, 0]]]]}, False),
    ("u <= v", {"terms": [["1.0", [[2, 1]]]]}, False),
    ("u <= v", {"terms": [["1", [[2, 1], [2]]]]}, False),
    ("u <= v", {"facts": [{"hypothesis": 1}], "terms": []}, False),
    ("u <= v", {"facts": [{"gap": 0}], "terms": []}, False),
    ("u <= v", {"facts": [{"nonsense": 0}], "terms": []}, False),
    ("u <= v", {"facts": [{"part": "u", "number": 0}], "terms": []}, False),
    ("u <= max(u, v)", {"facts": [{"part": "max(u, v)", "number": 0}], "terms": [["1", [[0, 1]]]]}, True),
    ("u <= max(u, v)", {"facts": [{"part": "max(u, v)", "number": 1}], "terms": [["1", [[0, 1]]]]}, False),
    ("min(u, v) <= v", {"facts": [{"part": "min(u, v)", "number": 1}], "terms": [["1", [[0, 1]]]]}, True),
    ("-u <= abs(u)", {"facts": [{"part": "abs(u)", "number": 1}], "terms": [["1", [[0, 1]]]]}, True),
])
def test_products_of_facts(goal, change, accepted):
    s = sequent(SORTS, ["u <= v"], goal)
    certificate = node("products", {**SQUARE, **change})
    if accepted:
        replay(s, certificate)
    else:
        with pytest.raises(Rejected):
            replay(s, certificate)


def test_products_with_integers_equalities_and_what_must_be_defined():
    replay(sequent(SORTS, ["n < m"], "n + 1 <= m"), node("products", {"facts": [{"gap": 0}], "terms": [["1", [[0, 1]]]]}))
    with pytest.raises(Rejected, match="between integers"):
        replay(sequent(SORTS, ["n < x"], "n + 1 <= x"), node("products", {"facts": [{"gap": 0}], "terms": [["1", [[0, 1]]]]}))
    zero = {"facts": [{"hypothesis": 0}, {"sign": "v"}], "terms": [["-3", [[0, 1], [1, 1]]]]}
    replay(sequent(SORTS, ["u == v"], "3*u*v == 3*v^2"), node("products", {**zero, "terms": [["3", [[0, 1], [1, 1]]]]}))
    replay(sequent(SORTS, ["u == v"], "3*v^2 <= 3*u*v"), node("products", zero))
    with pytest.raises(Rejected, match="not known to be 0"):
        replay(sequent(SORTS, ["u <= v"], "3*u*v == 3*v^2"), node("products", {**zero, "terms": [["3", [[0, 1], [1, 1]]]]}))
    root = {"facts": [{"sign": "sqrt(u)"}, {"sign": "(sqrt(u))"}], "terms": [["1", [[0, 1], [1, 1]]]]}
    with pytest.raises(Rejected, match="accepted: 1"):  # u >= 0 has to be proved
        replay(sequent(SORTS, [], "0 <= u"), node("products", root))


def test_no_rule_is_unsound_at_a_point():
    """Where a sequent is false at a point, so is one of the premises that the rule asks for, whatever the data."""
    rng = random.Random(3)
    accepted = dict.fromkeys(MINE, 0)
    for name in MINE * 8:
        try:
            goal = f"{expression(rng, 2)} {rng.choice(RELATIONS)} {rng.choice((expression(rng, 2), '0'))}"
            s = random_sequent([statement(rng) for _ in range(rng.randrange(3))], goal if rng.random() < 0.7 else statement(rng))
        except ClaimError:
            continue
        datum = data(rng, s)
        point, applied = unsound(name, s, datum, 60)
        accepted[name] += applied
        assert point is None, (name, str(s), datum, point)
    assert sum(accepted.values()) > 50


def test_monotonicity_is_sound_at_points():
    """As above, with two sides of one shape."""
    rng = random.Random(4)
    accepted = 0
    for _ in range(70):
        shape = expression(rng, 2)
        other = "".join(rng.choice((c, c, "x", "z", "u")) if c in "xzu" else c for c in shape.replace("max", "MAX").replace("exp", "EXP"))
        try:
            s = random_sequent([], f"{shape} {rng.choice(('<=', '<', '=='))} {other.replace('MAX', 'max').replace('EXP', 'exp')}")
        except ClaimError:
            continue
        for name in ("monotone", "congruence"):
            datum = data(rng, s)
            point, applied = unsound(name, s, datum, 60)
            accepted += applied
            assert point is None, (name, str(s), datum, point)
    assert accepted > 15


def test_normal_forms_keep_their_values():
    """An expression and its normal form, written out again, have the same value where the expression is defined."""
    from claim_proofs import points
    from flint import arb

    from normbound.claims.evaluate import Undefined, truth, value
    from normbound.claims.prove.forms import Writer
    rng = random.Random(5)
    compared = 0
    for _ in range(90):
        given = [rng.choice(("x <= 1", "n >= 1", "u <= 0", "n <= m", "u != 0"))] if rng.random() < 0.5 else []
        try:
            s = random_sequent(given, f"{expression(rng, rng.choice((2, 3)))} == 0")
            form = s.algebra.normal(s.goal.args[0])
        except (Rejected, ClaimError):
            continue
        written = Writer(s.algebra, s.names()).quotient(form)
        assert written is not None
        for p in [p for p in points(s, 200) if all(truth(g, p) is True for g in s.given)][::25]:
            a, b = value(s.goal.args[0], p), value(written, p)
            if isinstance(a, Undefined) or isinstance(b, Undefined):
                continue
            compared += 1
            a, b = (q if isinstance(q, arb) else arb(q.numerator) / q.denominator for q in (a, b))
            assert (a - b).is_nan() or (a - b).contains(0), (str(s), str(written), p)
    assert compared > 100
