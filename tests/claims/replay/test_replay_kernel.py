"""Certificates replayed by the kernel: right ones are proved, and nothing else is, whatever the checker written in Python accepts."""

import json

import pytest

from normbound.claims.checker import Rejected, check, from_json, node, rules
from normbound.claims.checker.obligations import obligations
from normbound.claims.checker.registry import RULES
from normbound.claims.replay import replay as module
from normbound.claims.replay.replay import Written, items, replay, verdict, write
from normbound.claims.replay.scripts import SCRIPTS, scripts
from normbound.claims.replay.statement import Unreplayed
from normbound.formal.coq import run
from normbound.formal.proof import CLASSICAL
from normbound.formal.sentences import header, objection


def sequent(sorts, goal, *given):
    return from_json({"sorts": sorts, "given": list(given), "goal": goal})


def N(rule, data=None, *premises):
    return node(rule, data or {}, premises)


X = {"x": "real", "y": "real", "z": "real"}
P = {"x": "positive", "y": "positive", "z": "nonnegative"}
K = {"K": "natural", "x": "positive"}


def H(k):
    return N("hypothesis", {"number": k})


H0 = H(0)
EVIDENT = N("evident")
RIGHT = [
    # connectives
    (X, "x <= y and y <= z", ["x < y", "z == y"], N("split", {}, H0, H(1))),
    (X, "x == y", ["x <= y", "y <= x"], N("split", {}, H0, H(1))),
    (X, "x < y iff y > x", [], N("split", {}, N("flip", {}, H0), N("flip", {}, H0))),
    (X, "x > 0 implies x >= 0", [], N("intro", {}, H0)),
    ({"K": "natural", "s": "positive[K]"}, "forall(i, 1, K, s[i] >= 0)", [], N("intro", {}, EVIDENT)),
    (X, "y > 2", ["x > 1 and y > 2"], N("parts", {"number": 0}, H(2))),
    (X, "y > 0", ["x > 1 implies y > 0", "x > 1"], N("apply", {"number": 0}, H(1), H(2))),
    ({"K": "natural", "s": "real[K]", "x": "real"}, "s[1] <= x", ["forall(i, 1, K, s[i] <= x)", "K >= 1"],
     N("instance", {"number": 0, "at": "1"}, EVIDENT, N("flip", {}, H(1)), H(2))),
    (X, "x >= 0", ["x > 0", "y > 0"], N("weaken", {"keep": [0]}, H0)),
    (X, "x*y <= 4", ["x == y", "y*y <= 4"], N("replace", {"number": 0}, H(1))),
    (X, "x <= z", ["x <= y", "y <= z"], N("transitive", {"through": "y"}, H0, H(1))),
    (X, "max(x, y, z) <= 5", ["x <= 5", "y <= 5", "z < 5"], N("extremum", {"side": "left"}, H0, H(1),
                                                             H(2))),
    (X, "abs(x) < 5", ["x < 5", "-x < 5"], N("extremum", {"side": "left"}, H0, H(1))),
    (X, "x <= max(y, x)", [], N("extremum", {"side": "right", "choose": 1}, N("algebra"))),
    (X, "min(x, y) <= max(x, y)", [], N("extremum_cases", {"of": "min(x, y)"}, N("extremum", {"side": "right", "choose": 0}, N("algebra")),
                                       N("extremum", {"side": "right", "choose": 1}, N("algebra")))),
    (X, "abs(x)*x <= x*x", [], N("extremum_cases", {"of": "abs(x)"}, N("algebra"),
                                 N("products", {"facts": [{"sign": "x"}], "terms": [["2", [[0, 2]]]]}))),
    (K, "x^K >= 0", [], N("zero", {"name": "K"}, EVIDENT, EVIDENT)),
    (X, "x*x >= 0", [], N("cases", {"left": "x", "right": "y"}, EVIDENT, EVIDENT)),
    (X, "x > 3", ["x < 0", "x > 1"], N("absurd", {"number": 1})),
    (X, "x <= 1", ["y <= 1", "x <= y"], N("cut", {"lemma": "x <= 1 and y <= 1"}, N("split", {}, N("transitive", {"through": "y"},
     H(1), H0), H0), N("parts", {"number": 2}, H(3)))),
    # signs
    (P, "x*y^2/(1 + z) + sqrt(z) > 0", [], EVIDENT),
    (X, "x*y > 0", ["x < 0", "y < -1"], EVIDENT),
    ({"K": "natural", "s": "positive[K]"}, "prod(i, 1, K, 1 + s[i]) > 0", [], EVIDENT),
    ({"K": "natural", "s": "nonnegative[K]"}, "sum(i, 1, K, s[i]*sqrt(s[i])) >= 0", [], EVIDENT),
    ({"K": "natural"}, "log(K + 1) >= 0", [], EVIDENT),
    ({"K": "natural", "a": "nonnegative"}, "dd(K; a, 1, a^2) >= 0", [], EVIDENT),
    ({"K": "natural"}, "K >= 1", ["K > 0"], EVIDENT),
    # linear
    (X, "2*x*y <= x^2 + y^2", [], N("products", {"facts": [{"sign": "x - y"}], "terms": [["1", [[0, 2]]]]})),
    (P, "x/(1 + x) <= y/(1 + y)", ["x <= y"], N("products", {"facts": [{"hypothesis": 0}, {"sign": "1 + x"}, {"sign": "1 + y"}],
                                                             "terms": [["1", [[0, 1], [1, -1], [2, -1]]]]})),
    (P, "2/(1/x + 1/y) <= sqrt(x*y)", [], N("products", {"facts": [{"sign": "y^0.75*x^0.25 - y^0.25*x^0.75"}, {"sign": "y + x"}],
                                                         "terms": [["1", [[0, 2], [1, -1]]]]})),
    (X, "x + y <= max(x, z) + max(y, 0)", [],
     N("products", {"facts": [{"part": "max(x, z)", "number": 0}, {"part": "max(y, 0)", "number": 0}],
                    "terms": [["1", [[0, 1]]], ["1", [[1, 1]]]]})),
    ({"K": "natural"}, "0 < 0", ["K > 1", "K < 2"],
     N("products", {"facts": [{"gap": 0}, {"hypothesis": 1}], "terms": [["1", [[0, 1]]], ["1", [[1, 1]]]]})),
    ({}, "((1 + sqrt(5))/2)^2 == (1 + sqrt(5))/2 + 1", [], N("algebra")),
    ({"u": "real"}, "sqrt(u^2) == abs(u)", [], N("algebra")),
    ({}, "sqrt(12)*sqrt(3) == 6", [], N("algebra")),
    # monotone
    (P, "exp(x) + sqrt(x) < exp(y) + sqrt(y)", ["x < y"],
     N("monotone", {"strict": 0}, N("monotone", {}, H0), N("monotone", {}, N("stronger", {"op": "lt"}, H0)))),
    (P, "x*z <= y*(z + 1)", ["x <= y"], N("monotone", {}, EVIDENT, H0, EVIDENT, N("algebra"))),
    (P, "z/y <= z/x", ["x <= y"], N("monotone", {}, EVIDENT, H0, EVIDENT)),
    (P, "x^z <= y^z", ["x <= y"], N("monotone", {}, EVIDENT, H0, EVIDENT)),
    (K, "x^K <= x^(K + 1)", ["x >= 1"], N("monotone", {}, N("flip", {}, H0), N("algebra"))),
    (X, "x^3 <= y^3", ["x <= y"], N("monotone", {"way": "odd"}, H0)),
    ({"K": "natural", "s": "nonnegative[K]", "L": "real"}, "prod(i, 1, K, s[i]) <= prod(i, 1, K, L)", ["forall(i, 1, K, s[i] <= L)"],
     N("monotone", {}, EVIDENT, N("instance", {"number": 0, "at": "i_1"}, H(1), H(2),
                                  H(3)))),
    ({"K": "natural", "a": "nonnegative", "b": "nonnegative"}, "dd(K; a, 1) <= dd(K; b, 1)", ["a <= b"],
     N("monotone", {}, EVIDENT, H0, EVIDENT, N("algebra"))),
    (P, "x <= y", ["x^2 <= y^2"], N("map", {"by": "square"}, EVIDENT, H0)),
    (X, "x < y", ["exp(x) < exp(y)"], N("map", {"by": "exp"}, H0)),
    (X, "x - y >= 0", ["x >= y"], N("sign", {"signs": {}}, H0)),
    (X, "x*y >= 0", ["x >= 0 and y >= 0"], N("sign", {"signs": {"0": "ge", "1": "ge"}}, N("parts", {"number": 0}, H(1)),
                                            N("parts", {"number": 0}, H(2)))),
]


@pytest.mark.parametrize("case", RIGHT, ids=[f"{k}-{r[3]['rule']}" for k, r in enumerate(RIGHT)])
def test_right_certificates_are_accepted_by_the_checker_and_written(case):
    sorts, goal, given, certificate = case
    s = sequent(sorts, goal, *given)
    rules()
    assert not obligations(s)
    check(s, certificate)
    made = write(s, certificate)
    assert f"Theorem claim : {made.statement}." in made.source and objection(made.source, "claim") is None


def test_right_certificates_are_proved(coq):
    """All of them in one file, each in a module of its own."""
    made = [write(sequent(sorts, goal, *given), certificate) for sorts, goal, given, certificate in RIGHT]
    lines = dict.fromkeys(line for m in made for line in header(m.source).splitlines())
    bodies = [m.source[m.source.index("Lemma n"):] for m in made]
    text = "\n".join(lines) + "\n" + "\n".join(f"Module M{k}.\n{b}End M{k}." for k, b in enumerate(bodies))
    found = run(text, 300)
    at = 0 if found.place is None else text[:text.replace("\n", "\0", found.place.line - 1).rindex("\0")].count("\nEnd M")
    assert found.status == "ok", f"case {at}: {found.message}"


@pytest.mark.parametrize("k", [0, 10, 30])
def test_a_right_certificate_is_proved_with_the_axioms_of_the_reals(coq, k):
    sorts, goal, given, certificate = RIGHT[k]
    found = replay(sequent(sorts, goal, *given), certificate)
    assert found.verdict == "proved (kernel)", found.reason
    assert found.axioms and set(found.axioms) <= set(CLASSICAL)


def test_everything_has_a_value_is_a_theorem_of_its_own(coq):
    s = sequent({"x": "real", "y": "positive"}, "sqrt(x - y)/y >= 0", "x - 1 >= y")
    (wanted,) = obligations(s)
    assert str(wanted.goal) == "x - y >= 0"
    above = N("products", {"facts": [{"hypothesis": 0}], "terms": [["1", [[0, 1]]], ["1", []]]})
    check(s, N("defined", {}, above, EVIDENT))
    found = replay(s, N("defined", {}, above, EVIDENT))
    assert found.status == "proved", found.reason
    assert found.defined == "forall (x : R) (y : R), 0 < y -> (x - 1 >= y -> x - y >= 0) /\\ (x - 1 >= y -> y <> 0)"
    assert replay(s, EVIDENT).reason == "the certificate does not begin with proofs that everything is defined"


# -- what must not be proved -------------------------------------------------------------------------------------------------
FALSE = [
    ("hypothesis", {"number": 0}, X, "x <= y", ["y <= x"], []),
    ("evident", {}, X, "x*y >= 0", [], []),
    ("apply", {"number": 0}, X, "y <= 0", ["x > 0 implies y <= 0"], ["0 <= 1", "0 <= 1"]),
    ("absurd", {"number": 0}, X, "x <= y", ["x > 0"], []),
    ("flip", {}, X, "x <= y", ["x <= y + 1"], ["x <= y + 1"]),
    ("stronger", {"op": "lt"}, X, "x < y", ["x <= y"], ["x <= y"]),
    ("split", {}, X, "x == y", ["x <= y"], ["x <= y", "x <= y"]),
    ("transitive", {"through": "y"}, X, "x <= z", ["x <= y", "y <= z + 1"], ["x <= y", "y <= z + 1"]),
    ("extremum", {"side": "left"}, X, "max(x, y) <= z", ["x <= z"], ["x <= z"]),
    ("cases", {"left": "x", "right": "y"}, X, "x <= y", ["x <= y + 1"], ["x <= y + 1", "x <= y + 1"]),
    ("zero", {"name": "K"}, {"K": "natural"}, "K >= 1", ["K >= 0"], ["K >= 0", "K >= 0"]),
    ("cut", {"lemma": "x <= y"}, X, "x <= y", ["x <= y + 1"], ["x <= y + 1", "x <= y + 1"]),
    ("products", {"facts": [{"sign": "x - y"}], "terms": [["1", [[0, 2]]]]}, X, "3*x*y <= x^2 + y^2", [], []),
    ("algebra", {}, X, "x*(y + 1) == x*y + 1", [], []),
    ("algebra", {}, X, "x/x == 1", [], []),
    ("monotone", {}, X, "x*z <= y*z", ["x <= y"], ["x <= y"]),
    ("monotone", {}, X, "x^2 <= y^2", ["x <= y"], ["x <= y"]),
    ("monotone", {"way": "odd"}, X, "x^2 <= y^2", ["x <= y"], ["x <= y"]),
    ("congruence", {}, X, "x*z == y*z", ["x <= y"], ["x <= y"]),
    ("map", {"by": "square"}, X, "x <= y", ["x^2 <= y^2"], ["x^2 <= y^2"]),
    ("sign", {"signs": {"0": "ge"}}, X, "x*y >= 0", ["x >= 0"], ["x >= 0"]),
    ("instance", {"number": 0, "at": "K"}, {"K": "natural", "s": "real[K]"}, "s[K] <= 0", ["forall(i, 1, K, s[i] <= 0)"], ["0 <= K"]),
]


@pytest.mark.parametrize("case", FALSE, ids=[f"{k}-{c[0]}" for k, c in enumerate(FALSE)])
def test_a_rule_that_accepts_everything_proves_nothing_false(coq, monkeypatch, case):
    """The checker is bypassed: the rule returns whatever premises suit it, which the certificate proves rightly."""
    name, data, sorts, goal, given, premises = case
    s = sequent(sorts, goal, *given)
    wanted = [s.aim(s.statement(p)) for p in premises]
    rules()
    scripts()
    monkeypatch.setitem(RULES, name, lambda sequent, data: wanted if sequent == s else [])
    found = replay(s, N(name, data, *[N("hypothesis", {"number": given.index(p)}) if p in given else EVIDENT for p in premises]))
    assert found.status in ("rejected", "not replayed"), found
    assert found.reason


def test_a_script_that_says_anything_is_refused_at_its_node(coq, monkeypatch):
    scripts()
    monkeypatch.setitem(SCRIPTS, "evident", lambda step: "lra.")
    s = sequent(X, "x >= 0 and y <= y", "x >= 0")
    parts = [s.aim(s.statement(t)) for t in ("x >= 1", "y <= y")]
    monkeypatch.setitem(RULES, "split", lambda sequent, data: parts)
    monkeypatch.setitem(RULES, "evident", lambda sequent, data: [])
    found = replay(s, N("split", {}, EVIDENT, EVIDENT))
    assert found.status == "rejected" and found.reason.startswith("at node 0, rule evident: "), found.reason


def right():
    return write(sequent(X, "x <= y", "x < y"), H0)


def test_the_second_file_compares_the_theorem_with_the_statement(coq):
    made = right()
    assert verdict(made).status == "proved"
    other = write(sequent(X, "x < y", "x < y"), H0)
    found = verdict(Written(made.source, other.statement, "", made.nodes))
    assert found.status == "rejected" and "does not say what is stated" in found.reason
    weaker = "forall (x : R) (y : R) (z : R), x < y -> x <= y \\/ True"
    assert verdict(Written(made.source, weaker, "", made.nodes)).status == "rejected"


def test_the_theorem_on_definedness_is_compared_too(coq):
    s = sequent({"x": "positive"}, "1/x > 0")
    made = write(s, EVIDENT)
    assert made.defined == "forall (x : R), 0 < x -> x <> 0" and verdict(made).status == "proved"
    found = verdict(Written(made.source, made.statement, "forall (x : R), x <> 0", made.nodes))
    assert found.status == "rejected" and "defined" in found.reason
    without = made.source[:made.source.index("Theorem defined")]
    assert verdict(Written(without, made.statement, made.defined, made.nodes)).status == "rejected"


@pytest.mark.parametrize("line", ["Axiom a : forall x y : R, x <= y.", "Parameter a : False.", "Admitted.", "Unset Guard Checking.",
                                  "Add LoadPath \"/tmp\".", "Ltac f := idtac.", "Notation \"a <= b\" := True."])
def test_files_with_other_commands_are_refused_before_coq_sees_them(line):
    made = right()
    head, rest = made.source.split("Lemma", 1)
    found = verdict(Written(f"{head}{line}\nLemma{rest}", made.statement, "", made.nodes))
    assert found.status == "rejected" and "is no command" in found.reason


def test_a_definition_of_a_name_of_the_library_is_refused(coq):
    s = sequent(X, "x^2 >= 1")
    definition = "Definition pw (x y : R) : R := 1."
    source = ("From Coq Require Import Reals Lra Lia ZArith List Permutation.\nFrom Normbound Require Import Claims.\nOpen Scope R_scope.\n"
              f"{definition}\nTheorem claim : forall (x : R) (y : R) (z : R), pw x 2 >= 1.\nProof. intros. unfold pw. lra. Qed.\n")
    made = Written(source, module.sequent_text(s), "", {})
    found = verdict(made)
    assert found.status == "rejected" and "redefines pw" in found.reason


def test_an_axiom_behind_a_lemma_is_refused(coq):
    source = ("From Coq Require Import Reals Lra Classical.\nOpen Scope R_scope.\n"
              "Theorem claim : forall (x : R), x <= x.\nProof. intros. destruct (classic (x = x)); lra. Qed.\n")
    found = verdict(Written(source, "forall (x : R), x <= x", "", {}))
    assert found.status == "rejected" and "classic" in found.reason


# -- what is said where there is no proof ------------------------------------------------------------------------------------
def test_a_rule_without_a_script_is_named(monkeypatch):
    scripts()
    monkeypatch.delitem(SCRIPTS, "evident")
    found = replay(sequent(X, "x^2 >= 0"), EVIDENT)
    assert found.verdict == "not replayed: rule evident has no proof in Coq"


def test_without_coq_the_reason_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("NORMBOUND_COQC", "/nowhere/coqc")
    found = replay(sequent(X, "x^2 >= 0"), EVIDENT)
    assert found.status == "not run" and "apt-get install" in found.reason and found.source


def test_a_certificate_that_the_checker_refuses_is_refused():
    with pytest.raises(Rejected):
        items(sequent(X, "x <= y"), EVIDENT)
    assert replay(sequent(X, "x <= y"), EVIDENT).status == "rejected"
    assert replay(sequent(X, "x <= y"), {"rule": "evident"}).status == "rejected"


def test_a_certificate_with_too_many_nodes_is_not_replayed(monkeypatch):
    monkeypatch.setattr(module, "MAX_NODES", 1)
    with pytest.raises(Unreplayed, match="more than 1 nodes"):
        write(sequent(X, "x <= y and y <= z", "x <= y", "y <= z"), N("split", {}, H0, H(1)))


def test_the_limit_of_time_is_undecided(coq):
    found = verdict(right(), seconds=0.05)
    assert found.status == "undecided" and "time" in found.reason


# -- the command line ----------------------------------------------------------------------------------------------------------
CLAIMS = """schema = 1
[vars]
x = "positive"
y = "positive"
[networks.plain]
network = "Linear(s) >> ReLU"
input = {features = 4}
[[claim]]
id = "mean"
show = "2*x*y <= x^2 + y^2"
[[claim]]
id = "bound"
vars = {s = "nonnegative"}
given = ["s <= x"]
show = "bound(plain) <= x"
"""


def test_claims_with_coq(coq, command_line, tmp_path):
    path = tmp_path / "a.claims.toml"
    path.write_text(CLAIMS)
    code, out, err = command_line("claims", path, "--coq", "--json", "--certificates", tmp_path / "out")
    assert code == 0, err
    rows = {r["id"]: r for r in json.loads(out)["claims"]}
    assert rows["mean"]["verdict"] == "proved (kernel)" and "the kernel of Coq has checked the certificate" in rows["mean"]["notes"]
    assert rows["bound"]["verdict"] == "proved (kernel)"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["bound.json", "bound.v", "mean.json", "mean.v"]
    text = (tmp_path / "out" / "mean.v").read_text()
    assert "Theorem claim : forall (x : R) (y : R), 0 < x -> 0 < y -> 2 * x * y <= pw x 2 + pw y 2." in text


def test_claims_without_coq(command_line, tmp_path, monkeypatch):
    monkeypatch.setenv("NORMBOUND_COQC", "/nowhere/coqc")
    path = tmp_path / "a.claims.toml"
    path.write_text(CLAIMS.split("[networks")[0] + '[[claim]]\nid = "mean"\nshow = "2*x*y <= x^2 + y^2"\n')
    code, out, _ = command_line("claims", path, "--coq", "--json")
    (row,) = json.loads(out)["claims"]
    assert code == 0 and row["verdict"] == "proved (certificate)"
    assert any("apt-get install" in note for note in row["notes"])
