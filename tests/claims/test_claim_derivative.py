"""Signs of derivatives: what the rules ask for, what the prover decides over all reals, and what is rejected."""

import copy
import random
import re
import time

import mpmath
import pytest
from claim_proofs import budget, counterexample, nodes, sequent
from claim_random import expression

from normbound.claims.checker import Rejected, obligations, replay, rules
from normbound.claims.checker.differential import derivative as differentiate
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import Undefined, value
from normbound.claims.grammar import parse_expression
from normbound.claims.prove import derivative
from normbound.claims.prove.expoly import complete

SIGMOID = "1/(1 + exp(-x))"
TANH = "((exp(x) - exp(-x))/(exp(x) + exp(-x)))"
SLOPE = f"{SIGMOID} + x*{SIGMOID}*(1 - {SIGMOID})"
X = {"x": "real"}
PLUS = {"x": "positive"}
TRUE = [
    (X, [], f"{SLOPE} <= 11/10"), (X, [], f"{SLOPE} <= 1.0999"), (X, [], f"{SLOPE} >= -1/10"), (PLUS, [], "x*exp(1 - x) <= 1"),
    (X, [], "x*exp(1 - x) <= 1"), (X, [], "exp(x) >= 1 + x"), (PLUS, [], "exp(x) > 1 + x + x^2/2"), (PLUS, [], "log(x) <= x - 1"),
    ({"x": "nonnegative"}, [], "log(1 + x) >= x/(1 + x)"), ({"x": "nonnegative"}, [], "sqrt(1 + x) <= 1 + x/2"), (X, [], f"{TANH} < 1"),
    ({"x": "nonnegative"}, [], f"{TANH} <= x"), (X, [], f"1 - {TANH}^2 <= 1"), (X, [], "log(1 + exp(x)) >= x/2 + log(2)"),
    (PLUS, [], "x^2*exp(-x) <= 4*exp(-2)"), (X, [], "x^4 - 2*x^2 + 1 >= 0"), (X, ["x >= 4"], "2^x >= x^2"),
    (X, [], f"increasing({TANH}, x)"), (X, [], "increasing(log(1 + exp(x)), x)"), (X, [], "decreasing(1/(1 + exp(x)), x)"),
    ({"x": "real", "e": "positive"}, [], "increasing(x/sqrt(e + x^2), x)"), (PLUS, ["x >= 1"], "decreasing(x*exp(1 - x), x)"),
    ({"x": "nonnegative"}, [], "increasing(sqrt(x), x)"), (PLUS, [], "x*log(x) >= -exp(-1)"), (PLUS, [], "log(x) <= x*exp(-1)"),
    (X, [], "x*exp(-x^2/2) <= exp(-1/2)"), (PLUS, [], "x + 2/x >= 2*sqrt(2)"),
]
FALSE = [
    (X, [], f"{SLOPE} <= 1.0998"), (PLUS, [], "x*exp(1 - x) < 1"), (PLUS, [], "x*exp(1 - x) <= 0.999"), (X, [], "exp(x) >= 1 + x + x^2/2"),
    (PLUS, [], "log(x) < x - 1"), (X, [], f"{TANH} <= x"), (X, [], f"{TANH} < 0.9999"), (X, [], "2^x >= x^2"),
    (X, ["x >= 2"], "2^x > x^2"), (X, [], "x^4 - 2*x^2 + 1 > 0"), (X, [], "log(1 + exp(x)) <= x"), (X, [], "increasing(x*exp(1 - x), x)"),
    (X, [], f"decreasing({TANH}, x)"), (PLUS, [], "increasing(x - x^2/100, x)"), (X, [], "increasing(1/(1 + x^2), x)"),
    (PLUS, [], "x*log(x) >= -exp(-1) + 1e-12"), (PLUS, [], "x + 2/x > 2*sqrt(2)"), (X, [], "x + 2/x >= 2*sqrt(2)"),
    (PLUS, [], "log(x) < x*exp(-1)"),
]


def text(t):
    return t[2][:70]


@pytest.mark.parametrize("claim", TRUE, ids=text)
def test_decided_over_unbounded_domains(claim):
    s = sequent(*claim)
    start = time.process_time()
    found = derivative.attempt(s, budget(20.0))
    assert found is not None and complete(found) and time.process_time() - start < 3
    replay(s, found)


@pytest.mark.parametrize("claim", FALSE, ids=text)
def test_false_goals_are_left_open(claim):
    found = derivative.attempt(sequent(*claim), budget(2.0))
    assert found is None or not complete(found)


def test_certificates_of_true_goals_do_not_prove_false_ones():
    pool = [(c, f) for c in TRUE if (f := derivative.attempt(sequent(*c), budget(20.0))) is not None]
    for claim in FALSE:
        s = sequent(*claim)
        for _, certificate in pool:
            with pytest.raises(Rejected):
                replay(s, certificate)


def test_changed_certificates_are_rejected():
    """Every rule of derivatives in the certificates, with another end, side or variable, or a premise less."""
    rejected = 0
    for claim in TRUE:
        s = sequent(*claim)
        whole = derivative.attempt(s, budget(20.0))
        for way, n in nodes(whole):
            if n["rule"] not in ("derivative", "slope"):
                continue
            for key, put in (("at", "-7"), ("at", "x"), ("side", "left" if n["data"].get("side") == "right" else "right"),
                             ("variable", "z"), ("premises", None)):
                bad = copy.deepcopy(whole)
                target = bad
                for k in way:
                    target = target["premises"][k]
                if key == "premises":
                    target["premises"].pop()
                elif n["rule"] == "derivative":
                    target["data"][key] = put
                else:
                    continue
                with pytest.raises(Rejected):
                    replay(s, bad)
                rejected += 1
    assert rejected > 60


def premises(sorts, given, goal, rule, **data):
    s = sequent(sorts, given, goal)
    return [("; ".join(str(h) for h in p.given[len(s.given):]), str(p.goal)) for p in rules()[rule](s, data)]


def test_premises():
    assert premises(X, ["x >= 1"], "log(x) <= x", "derivative", variable="x", at="1", side="right") == [
        ("1 < x_1; x_1 < x", "0 <= 1 - 1/x_1"), ("", "log(1) <= 1")]
    assert premises(X, [], "sqrt(x) <= x + 1", "derivative", variable="x", at="4", side="left") == [
        ("", "x <= 4"), ("x <= x_1; x_1 <= 4", "x_1 >= 0"), ("x < x_1; x_1 < 4", "x_1 >= 0"), ("x < x_1; x_1 < 4", "2*sqrt(x_1) != 0"),
        ("x < x_1; x_1 < 4", "1 - 1/(2*sqrt(x_1)) <= 0"), ("", "sqrt(4) <= 4 + 1")]
    assert premises({"x": "nonnegative"}, [], "increasing(sqrt(x), x)", "slope") == [("x > 0", "0 <= 1/(2*sqrt(x))")]
    # a power with a real exponent needs a positive base, and so does one whose exponent varies
    found = premises({"x": "real", "u": "real"}, ["x >= 1"], "x^u <= 2", "derivative", variable="x", at="1", side="right")
    assert ("1 <= x_1; x_1 <= x", "x_1 > 0") in found or all("x_1 > 0" not in goal for _, goal in found)  # evident from 1 <= x_1
    found = premises({"x": "real", "u": "real"}, ["u >= 1"], "(x + 2)^u <= 2", "derivative", variable="x", at="0", side="right")
    assert ("0 <= x_1; x_1 <= x", "x_1 + 2 > 0") in found or ("0 <= x_1; x_1 <= x", "x_1 + 2 >= 0") not in found


@pytest.mark.parametrize(("sorts", "given", "goal", "rule", "data"), [
    ({"x": "real"}, [], "abs(x) >= 0", "derivative", {"variable": "x", "at": "0", "side": "right"}),
    ({"x": "real"}, [], "max(x, 1) >= 0", "derivative", {"variable": "x", "at": "0", "side": "right"}),
    ({"x": "real"}, [], "x == 1", "derivative", {"variable": "x", "at": "0", "side": "right"}),
    ({"x": "real"}, [], "x >= 1", "derivative", {"variable": "x", "at": "x - 1", "side": "right"}),
    ({"x": "real"}, [], "x >= 1", "derivative", {"variable": "x", "at": "0", "side": "both"}),
    ({"x": "real"}, [], "x >= 1", "derivative", {"variable": "x", "at": "0", "side": "right", "strict": True}),
    ({"n": "natural", "s": "positive[n]"}, [], "n >= 0", "derivative", {"variable": "n", "at": "0", "side": "right"}),
    ({"n": "natural", "x": "positive"}, [], "sum(i, 1, n, x) >= 0", "derivative", {"variable": "n", "at": "0", "side": "right"}),
    ({"x": "real"}, ["x != 0"], "increasing(-1/x, x)", "slope", {}),
    ({"x": "real"}, ["x^2 >= 1"], "increasing(-1/x, x)", "slope", {}),
    ({"x": "real"}, ["x >= 1 iff x >= 2"], "increasing(x, x)", "slope", {}),
    ({"n": "natural"}, [], "increasing(n, n)", "slope", {}),
    ({"n": "integer"}, [], "increasing(n, n)", "slope", {}),
])
def test_rejected(sorts, given, goal, rule, data):
    with pytest.raises(Rejected):
        replay(sequent(sorts, given, goal), {"rule": rule, "data": data, "premises": []})


def test_a_pole_inside_is_not_passed():
    """1/x falls on both sides of 0, and is larger on the right: the premises ask that it be defined between."""
    s = sequent(X, ["x >= 1"], "-1/x >= 1")  # false; at -1 the sides agree, and -1/x grows wherever it is defined
    wanted = rules()["derivative"](s, {"variable": "x", "at": "-1", "side": "right"})
    assert any(str(p.goal) == "x_1 != 0" for p in wanted)
    assert derivative.attempt(s, budget(1.0)) is None


def test_derivatives_are_those_of_numerical_differentiation():
    rng = random.Random(3)
    compared = 0
    for _ in range(1200):
        e = parse_expression(re.sub(r"\b[nm]\b", "3", expression(rng, 3, ("x", "x", "u", "1", "2", "(1/2)"))))
        try:
            d = differentiate(e, "x")
        except (Rejected, ClaimError):
            continue
        point = {"x": mpmath.mpf(rng.randrange(3, 30)) / 8, "u": mpmath.mpf(rng.randrange(-9, 30)) / 8, "z": mpmath.mpf(2)}
        try:
            with mpmath.workdps(60):
                wanted = mpmath.diff(lambda x, f=e, p=point: number(f, {**p, "x": x}), point["x"])
                found = number(d, point)
        except (KeyError, ValueError, ZeroDivisionError, OverflowError, TypeError):
            continue
        compared += 1
        assert abs(found - wanted) <= 1e-12 * (1 + abs(wanted)), (str(e), str(d), point)
    assert compared > 300


def number(root, point):
    """The value in mpmath, by a walk of its own."""
    from normbound.claims.syntax import postorder
    done = {}
    for n in postorder(root):
        a = [done[id(x)] for x in n.args]
        if n.op == "num":
            v = mpmath.mpf(n.value.numerator) / n.value.denominator
        elif n.op == "var":
            v = point[n.value]
        elif n.op in ("sqrt", "log") and a[0] <= 0:
            raise ValueError
        else:
            v = {"add": lambda a: a[0] + a[1], "sub": lambda a: a[0] - a[1], "mul": lambda a: a[0] * a[1], "div": lambda a: a[0] / a[1],
                 "neg": lambda a: -a[0], "pow": power, "sqrt": lambda a: mpmath.sqrt(a[0]), "exp": lambda a: mpmath.exp(a[0]),
                 "log": lambda a: mpmath.log(a[0])}[n.op](a)
        done[id(n)] = v
    return done[id(root)]


def power(a):
    if abs(a[1]) > 50 or abs(a[0]) > 1e6 or (a[0] < 0 and a[1] != int(a[1])):
        raise ValueError
    return a[0] ** a[1]


def test_the_prover_is_sound_on_random_goals():
    rng = random.Random(17)
    proved = 0
    for _ in range(250):
        goal = f"{expression(rng, 2, ('x', 'x', '1', '2'))} {rng.choice(('<=', '<', '>=', '>'))} {expression(rng, 1, ('x', '1', '3'))}"
        try:
            s = sequent({"x": rng.choice(("real", "positive", "nonnegative"))}, rng.choice(([], ["x >= 1"], ["x <= 2"])), goal)
        except ClaimError:
            continue
        found = derivative.attempt(s, budget(0.15))
        if found is None:
            continue
        replay(s, found)
        proved += 1
        assert counterexample(s) is None, str(s)
    assert proved > 20


def test_the_root_of_a_certificate_shows_that_everything_is_defined():
    s = sequent(PLUS, [], "log(x) <= x - 1")
    assert obligations(s) == []
    s = sequent(X, [], "log(x) <= x - 1")
    assert [str(o.goal) for o in obligations(s)] == ["x > 0"]
    assert isinstance(value(s.goal.args[0], {"x": 0}), Undefined)
