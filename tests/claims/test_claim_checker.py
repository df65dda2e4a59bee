"""The checker's core: sequents, definedness, the walk over a certificate."""

import pytest
from claim_proofs import sequent

from normbound.claims.checker import Rejected, check, from_json, needs, node, obligations, rational, replay, to_json
from normbound.claims.checker.registry import MODULES, RULES, rule
from normbound.claims.syntax import variable

REALS = {"x": "positive", "u": "real", "n": "natural", "K": "natural", "s": "positive[K]"}
EVIDENT = node("evident")


def wanted(given, goal, sorts=REALS):
    return [str(s).split("|- ")[1] for s in obligations(sequent(sorts, given, goal))]


@pytest.mark.parametrize(("given", "goal", "found"), [
    ([], "1/x >= 0", []),
    ([], "1/u <= 1", ["u != 0"]),
    (["u >= 1"], "1/u <= 1", []),
    ([], "sqrt(u) >= 0", ["u >= 0"]),
    ([], "log(u) >= 0", ["u > 0"]),
    ([], "u^(-2) >= 0", ["u != 0"]),
    ([], "u^(1/2) >= 0", ["u >= 0"]),
    ([], "u^n >= 0", []),
    ([], "u^(n-1) >= 0", ["n - 1 < 0 implies u != 0"]),
    (["n >= 1"], "u^(n-1) >= 0", []),
    ([], "x^u > 0", []),
    ([], "dd(n-1; x, 1) >= 0", ["n - 1 >= 0"]),
    ([], "s[1] > 0", ["1 <= K"]),
    ([], "sum(i, 1, K, s[i]) >= 0", []),
    ([], "sum(i, 0, K, s[i]) >= 0", ["1 <= i_1"]),
    ([], "sum(i, 1, K, 1/(u-i)) >= 0", ["u - i_1 != 0"]),
    ([], "u > 0 implies 1/u > 0", []),
    ([], "u >= 0 implies 1/u > 0", ["u != 0"]),
    ([], "u > 0 and 1/u > 0", []),
    ([], "1/u > 0 and u > 0", ["u != 0"]),
    (["u > 0", "1/u <= 3"], "x > 0", []),
    (["1/u <= 3", "u > 0"], "x > 0", ["u != 0"]),
    ([], "1/sqrt(u) > 0", ["u >= 0", "sqrt(u) != 0"]),
    ([], "limit(1/n, n) == 0", []),
    (["n >= 3"], "limit(1/(n-2), n) == 0", ["n_1 - 2 != 0"]),
    ([], "forall(i, 1, K, s[i+1] > 0)", ["i_1 + 1 <= K"]),
    ([], "recurrence a(0) = 1, a(i+1) = a(i)/u has closed form a(i) = 1", ["u != 0"]),
])
def test_what_must_be_shown_for_a_statement_to_be_defined(given, goal, found):
    assert wanted(given, goal) == found


def test_a_claim_is_not_accepted_before_it_is_defined():
    s = sequent(REALS, ["u >= 0"], "sqrt(u) + 1/(1+u) >= 0")
    assert obligations(s) == []
    check(s, EVIDENT)
    s = sequent(REALS, ["u^2 >= 1"], "u/u == 1")
    replay(s, node("algebra"))
    with pytest.raises(Rejected, match="must begin with the rule defined: 1 proof"):
        check(s, node("algebra"))
    with pytest.raises(Rejected, match="found 1 premises; accepted: 2"):
        check(s, node("defined", {}, [node("algebra")]))
    with pytest.raises(Rejected, match="at 0: evident"):
        check(s, node("defined", {}, [EVIDENT, node("algebra")]))
    # u == 0 would give 0^2 >= 1
    zero = node("negate", {}, [node("replace", {"number": 1}, [node("absurd", {"number": 0})])])
    check(s, node("defined", {}, [zero, node("algebra")]))


@pytest.mark.parametrize(("certificate", "message"), [
    (None, "found no node"), ([], "found no node"), ({"rule": "evident"}, "found no node"),
    (node("nonsense"), "unknown rule"), ({"rule": 3, "data": {}, "premises": []}, "unknown rule"),
    ({"rule": "evident", "data": [], "premises": []}, "malformed"), (node("evident", {}, [EVIDENT]), "found 1 premises; accepted: 0"),
    (node("hypothesis", {"number": 7}), "from 0 to 0"), (node("hypothesis", {"number": True}), "from 0 to 0"),
    (node("hypothesis", {}), "no datum 'number'"), (node("cut", {"lemma": "u +"}), "found the end"),
    (node("cut", {"lemma": "w > 0"}), "unknown name 'w'"), (node("cut", {"lemma": "1/0"}), "found an expression"),
    (node("weaken", {"keep": 3}), "accepted: a list"), (node("weaken", {"keep": [5]}), "from 0 to 0"),
    (node("cut", {"lemma": "limit(x, n) == x"}), "accepted as a lemma"),
    (node("weaken", {"keep": []}, [node("evident")]), "rejected at 0: evident"),
])
def test_malformed_certificates_are_rejected(certificate, message):
    with pytest.raises(Rejected, match=message):
        replay(sequent(REALS, ["u >= x"], "u > 0"), certificate)


def test_the_path_leads_to_the_fault():
    s = sequent(REALS, [], "x > 0 and u >= 0")
    with pytest.raises(Rejected) as error:
        check(s, node("split", {}, [EVIDENT, node("flip", {}, [EVIDENT])]))
    assert error.value.path == (1, 0) and "signs do not decide" in error.value.reason


def test_a_crash_in_a_rule_is_a_rejection():
    @rule("a rule of this test")
    def crash(sequent, data):
        return [][0]
    try:
        with pytest.raises(Rejected, match="IndexError"):
            replay(sequent(REALS, [], "x > 0"), node("a rule of this test"))
        with pytest.raises(ValueError, match="two rules"):
            rule("a rule of this test")(crash)
    finally:
        del RULES["a rule of this test"]


def test_deep_certificates_and_endless_ones():
    s = sequent(REALS, [], "x > 0")
    deep = EVIDENT
    for _ in range(20_001):
        deep = node("flip", {}, [deep])
    replay(s, node("flip", {}, [deep]))
    endless = node("flip")
    endless["premises"].append(endless)
    with pytest.raises(Rejected, match=r"more than 50000 nodes|took more than"):
        replay(s, endless)
    with pytest.raises(Rejected, match="took more than 0 s"):
        replay(s, deep, seconds=0)


@pytest.mark.parametrize("goal", ["w > 0", "x[1] > 0", "s > 0", "Lip(net) <= 1", "increasing(x, x) implies x > 0"])
def test_ill_formed_sequents_are_rejected(goal):
    from normbound.claims.checker import Sequent
    from normbound.claims.grammar import parse_statement
    from normbound.claims.sorts import declared
    with pytest.raises(Rejected):
        replay(Sequent(declared(REALS), (), parse_statement(goal)), EVIDENT)


def test_monotonicity_keeps_its_hypotheses():
    s = sequent(REALS, [], "increasing(u^2, u)")
    for data in ("cases", {"left": "u", "right": "0"}), ("cut", {"lemma": "u^2 >= 0"}), ("zero", {"name": "n"}):
        with pytest.raises(Rejected, match="keep their hypotheses"):
            replay(s, node(*data, [EVIDENT, EVIDENT]))
    both = sequent(REALS, ["u >= 0"], "x > 0 and increasing(u, u)")
    with pytest.raises(Rejected, match="rejected at 1"):  # the parts are not put under each other
        replay(both, node("split", {}, [EVIDENT, EVIDENT]))


def test_sequents_as_json_and_their_names():
    s = sequent(REALS, ["u >= x/3", "forall(i, 1, K, s[i] <= 1)"], "sum(j, 1, K, s[j]) <= K")
    assert from_json(to_json(s)) == s and hash(from_json(to_json(s))) == hash(s)
    assert s.fresh("i") == "i_1" and s.fresh("t") == "t" and s.fresh("sqrt") == "sqrt_1"
    with pytest.raises(ValueError, match="occurs"):
        s.declare("j", "natural")
    assert [str(n) for n in needs(s, variable("u"))] == []


@pytest.mark.parametrize("text", ["1.5", "1/0", "1e5", "", "2/-3", "0x1", "9" * 3000, None, True, 1.0])
def test_numbers_of_certificates(text):
    with pytest.raises(Rejected):
        rational(text)


def test_every_module_of_rules_is_a_file_and_every_rule_says_what_it_is():
    from importlib import import_module

    from normbound.claims.checker import rules
    assert {f"rules_{m}" for m in ("logic", "linear", "monotone")} <= set(MODULES)
    for module in MODULES:
        import_module(f"normbound.claims.checker.{module}")
    assert all(f.__doc__ for f in rules().values())


def test_the_checker_imports_no_prover():
    import subprocess
    import sys
    code = ("import sys, normbound.claims.checker as c; c.rules(); "
            "print(sorted(m for m in sys.modules if m.startswith('normbound.claims.prove') or m in ('sympy', 'numpy', 'scipy')))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
