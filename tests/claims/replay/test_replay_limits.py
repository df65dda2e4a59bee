"""Limits, rates, derivatives and boxes in the kernel: what the provers find is proved, and a rule that accepts anything proves nothing."""

import pytest

from normbound.claims.checker import Rejected, check, from_json, node, rules
from normbound.claims.checker.registry import RULES
from normbound.claims.document import read
from normbound.claims.pipeline import judge
from normbound.claims.replay.replay import replay
from normbound.claims.replay.scripts import scripts
from normbound.claims.replay.scripts_boxes import PRECISIONS, Arithmetic, Search
from normbound.formal.coq import run
from normbound.formal.proof import CLASSICAL

SORTS = {"K": "natural", "x": "positive", "y": "positive", "q": "positive", "a": "nonnegative", "b": "nonnegative", "u": "real",
         "v": "real", "t": "real"}
CLAIMS = [  # a rule that the certificate uses, the claim, its hypotheses
    ("limit_terms", "limit(3*t/(t + 1), t) == 3", ["t >= 1"]),
    ("limit_parts", "limit(sqrt(K + 1) + 2, K) == inf", []),
    ("limit_same", "limit((K^2 + 1)/(2*K^2 + K + 1), K) == 1/2", []),
    ("limit_parts", "limit(max(1/(K + 1), q^K), K) == 0", ["q < 1"]),
    ("limit_parts", "limit(exp(1/(K + 1)), K) == 1", []),
    ("limit_parts", "limit(log(K + 1), K) == inf", []),
    ("limit_terms", "limit(1/(1 + x^K), K) == 1", ["x < 1"]),
    ("limit_dd", "limit(dd(K; a, b), K) == 0", ["a < 1", "b < 1"]),
    ("limit_dd", "limit(dd(K; a, 2), K) == inf", []),
    ("limit_dd", "limit(dd(2*K + 1; a, 1), K) == 1/(1 - a)", ["a < 1"]),
    ("limit_terms", "limit((-1/2)^K, K) == 0", []),
    ("limit_power", "limit((1 - 1/(K + 2))^(K + 2), K) == exp(-1)", []),
    ("rate_terms", "rate(x^K*y^K, K) == x*y", []),
    ("rate_terms", "rate(x^K/(K + 1), K) == x", []),
    ("rate_parts", "rate(max(x^K, y^K), K) == max(x, y)", []),
    ("rate_terms", "rate(x^K - y^K, K) == x", ["y < x"]),
    ("rate_dd", "rate(dd(K; a, b), K) == max(a, b)", []),
    ("rate_terms", "rate(x^(2*K + 1), K) == x^2", []),
    ("rate_terms", "rate(1 + 1/(K + 1), K) == 1", []),
    ("rate_parts", "rate(min(x^K, 2^K), K) == min(x, 2)", []),
    ("rate_same", "rate((q/sqrt(x + 1)*y)^K, K) == y*q/sqrt(x + 1)", []),
    ("slope", "increasing(x - log(1 + x), x)", []),
    ("slope", "decreasing(exp(-a)/(1 + a), a)", []),
    ("boxes", "exp(1) < 2.7182819", []),
    ("boxes", "log(10) + sqrt(2) > 3.7167", []),
    ("boxes", "x*exp(1 - x) < 1.01", ["x <= 3"]),
    ("boxes", "exp(u) >= 1 + u + u^2/2 - 1/100", ["-1/4 <= u", "u <= 1"]),
    ("boxes", "x^1.5 <= 5.2", ["1 <= x", "x <= 3"]),
    ("boxes", "log(x)/x <= 0.37", ["1 <= x", "x <= 20"]),
]
SIMPLE = [node("evident"), node("algebra"), *(node("hypothesis", {"number": k}) for k in range(3))]


def sequent(goal, *given):
    return from_json({"sorts": SORTS, "given": list(given), "goal": goal})


def completed(s, name, data):
    """The certificate of one rule whose premises are simple."""
    found = []
    for p in rules()[name](s, data):
        for simple in SIMPLE:
            try:
                check(p, simple)
            except Rejected:
                continue
            found.append(simple)
            break
        else:
            raise AssertionError(f"{p} is not simple")
    return node(name, data, found)


def of_claim(goal, given):
    """The sequent and the certificate that the provers find."""
    lists = ", ".join(f'"{g}"' for g in given)
    head = "".join(f'{n} = "{s}"\n' for n, s in SORTS.items())
    document = read(f'schema = 1\n[vars]\n{head}[[claim]]\nid = "it"\ngiven = [{lists}]\nshow = "{goal}"\n')
    outcome = judge(document.claims[0], 20)
    assert outcome.certificate is not None, outcome
    return from_json(outcome.sequent), outcome.certificate


def used(certificate):
    found, stack = set(), [certificate]
    while stack:
        n = stack.pop()
        found.add(n["rule"])
        stack += n["premises"]
    return found


def proved(s, certificate):
    found = replay(s, certificate)
    assert found.verdict == "proved (kernel)", found.reason
    assert found.axioms and set(found.axioms) <= set(CLASSICAL)
    return found


@pytest.mark.parametrize("case", CLAIMS, ids=[c[1] for c in CLAIMS])
def test_claims_are_proved(coq, case):
    name, goal, given = case
    s, certificate = of_claim(goal, given)
    assert name in used(certificate), sorted(used(certificate))
    proved(s, certificate)


DERIVATIVES = [
    ("0 <= sqrt(a) + a^2.5 + log(1 + a)", [], {"variable": "a", "at": "0", "side": "right"}),
    ("0 < x^3 + exp(x) - 1", [], {"variable": "x", "at": "0", "side": "right", "strict": True}),
    ("exp(u) <= 1", ["u <= 0"], {"variable": "u", "at": "0", "side": "left"}),
    ("x^(-2) <= 1", ["x >= 1"], {"variable": "x", "at": "1", "side": "right"}),
    ("1 <= x^x", ["x >= 1"], {"variable": "x", "at": "1", "side": "right"}),
    ("1 >= 1/(1 + a*y)", [], {"variable": "a", "at": "0", "side": "right"}),
    ("1 <= (1 + a)^y", [], {"variable": "a", "at": "0", "side": "right"}),
]


@pytest.mark.parametrize("goal, given, data", DERIVATIVES, ids=[d[0] for d in DERIVATIVES])
def test_signs_of_derivatives(coq, goal, given, data):
    s = sequent(goal, *given)
    proved(s, completed(s, "derivative", data))


FALSE = [  # a rule with data that its checker refuses, and premises that suit it
    ("limit_terms", {"case": "equal", "top": [{"c": "2", "a": "1"}, {}], "top_ways": ["power"], "bottom": [{"a": "1"}, {"c": "3"}],
                     "bottom_ways": ["power"]}, "limit((2*K + 1)/(K + 3), K) == 3"),
    ("limit_terms", {"case": "zero", "top": [{"b": "q"}], "ways": ["base"]}, "limit(q^K, K) == 0"),
    ("limit_terms", {"case": "infinite", "top": [{"a": "1"}], "way": "base"}, "limit(K, K) == inf"),
    ("rate_terms", {"top": [{"b": "x"}, {"b": "y"}], "top_ways": ["base"]}, "rate(x^K + y^K, K) == x"),
    ("rate_terms", {"top": [{"c": "-1", "b": "x"}, {"b": "x"}], "top_ways": ["level"]}, "rate(x^K - x^K, K) == x"),
    ("rate_dd", {"slope": "1", "offset": "0", "largest": 0}, "rate(dd(K; a, b), K) == a"),
    ("limit_dd", {"slope": "1", "case": "one", "node": 1}, "limit(dd(K; q, 1), K) == 1/(1 - q)"),
    ("limit_parts", {"values": ["1", "K"]}, "limit(1/(K + 1) + u, K) == 1 + u"),
    ("limit_power", {"exponent": "1"}, "limit((1 + 2/(K + 1))^(K + 1), K) == exp(1)"),
    ("derivative", {"variable": "a", "at": "0", "side": "right"}, "1 <= 1 - a"),
    ("slope", {}, "increasing(1/x, x)"),
    ("boxes", {"variables": [], "tree": ["direct"], "bits": 80}, "exp(1) < 2.718"),
    ("boxes", {"variables": [], "tree": ["direct"], "bits": 80}, "sqrt(2)^2 < 2"),
]


@pytest.mark.parametrize("name, data, goal", FALSE, ids=[f"{k}-{c[0]}" for k, c in enumerate(FALSE)])
def test_a_rule_that_accepts_everything_proves_nothing_false(coq, monkeypatch, name, data, goal):
    """The checker is bypassed: the rule asks only for those of its premises that simple certificates prove."""
    s = sequent(goal)
    rules()
    scripts()

    def simple(p):
        for c in SIMPLE[:2]:
            try:
                check(p, c)
            except Rejected:
                continue
            return c
        return None

    try:
        wanted = [(p, simple(p)) for p in RULES[name](s, data)]
    except Rejected:
        wanted = []
    kept = [(p, c) for p, c in wanted if c is not None]
    monkeypatch.setitem(RULES, name, lambda sequent, data: [p for p, _ in kept])
    found = replay(s, node(name, data, [c for _, c in kept]))
    assert found.status in ("rejected", "not replayed") and found.reason, found


@pytest.mark.parametrize("goal", ["exp(1) < 2.718", "sqrt(2)^2 < 2", "log(2) > 0.7"])
def test_enclosures_are_computed_by_coq(coq, monkeypatch, goal):
    """The search is replaced by one that always says that it has succeeded."""
    s = sequent(goal)
    rules()
    scripts()
    monkeypatch.setattr(Search, "tree", lambda self, domain: "Direct")
    monkeypatch.setitem(RULES, "boxes", lambda sequent, data: [])
    found = replay(s, node("boxes", {"variables": [], "tree": ["direct"], "bits": 80}, []))
    assert found.status == "rejected" and "rule boxes" in found.reason, found


def test_a_divided_difference_of_three_nodes_is_not_replayed():
    s = sequent("rate(dd(K; a, b, x), K) == max(a, b, x)")
    data = {"slope": "1", "offset": "0"}
    certificate = completed(s, "rate_dd", data)
    check(s, certificate)
    assert "3 nodes" in replay(s, certificate).reason


def test_the_arithmetic_is_that_of_the_library(coq):
    """What the search computes is what Coq computes, to the last digit."""
    bits, steps = PRECISIONS[0]
    a = Arithmetic(bits, steps)
    one, far = (1 << bits, (3 << bits) // 2), (-5 << bits, -(7 << bits) // 3)
    s = f"{1 << bits}"
    cases = [(f"Some (i_mul {s} {pair(one)} {pair(far)})", a.multiply(one, far)), (f"i_inv {s} {pair(far)}", a.inverse(far)),
             (f"i_exp {s} {steps} {pair(far)}", a.exp(far)), (f"i_exp {s} {steps} {pair(one)}", a.exp(one)),
             (f"i_log {s} {steps} {pair(one)}", a.log(one)), (f"Some (i_pow {s} 5 {pair(far)})", a.power(far, 5))]
    goals = [f"Goal {term} = Some {pair(value)}. vm_compute. reflexivity. Qed." for term, value in cases]
    text = ("From Coq Require Import ZArith.\nFrom Normbound Require Import ClaimBoxes.\nOpen Scope Z_scope.\n" + "\n".join(goals) + "\n")
    found = run(text, 60)
    assert found.status == "ok", found.message


def pair(x):
    return f"({x[0]}, {x[1]})"
