"""The statements that are replayed: what a sequent says in Coq, and under which names."""

import re

import pytest

from normbound.claims.checker import from_json
from normbound.claims.replay.definedness import definedness_text
from normbound.claims.replay.scripts import libraries
from normbound.claims.replay.statement import Unreplayed, sequent_text, term
from normbound.formal.library import sources


def sequent(sorts, goal, *given):
    return from_json({"sorts": sorts, "given": list(given), "goal": goal})


def goal(text, **sorts):
    return sequent_text(sequent(sorts, text)).split(" -> ")[-1].split(", ", 1)[-1]


@pytest.mark.parametrize(("text", "coq"), [
    ("x - (y - 1) <= x - y + 1", "x - (y - 1) <= x - y + 1"),
    ("x/(y*z) == x/y/z", "x / (y * z) = x / y / z"),
    ("-x*y >= -(x*y)", "- (x * y) >= - (x * y)"),
    ("(-x)*y != 1.5", "(- x) * y <> 3 / 2"),
    ("x^2*y^(x + 1) > 0", "pw x 2 * pw y (x + 1) > 0"),
    ("sqrt(x + y)*exp(-x) < log(1 + x)", "sqrt (x + y) * exp (- x) < log (1 + x)"),
    ("max(x, y, z) <= abs(x) + min(y, 0)", "Rmax (Rmax x y) z <= Rabs x + Rmin y 0"),
    ("pi <= 2*log2", "PI <= 2 * log 2"),
])
def test_expressions(text, coq):
    assert goal(text, x="real", y="real", z="real").removeprefix("forall (x : R) (y : R) (z : R), ") == coq


def test_sorts_hypotheses_and_families_in_the_order_of_their_lengths():
    s = sequent({"s": "positive[K + 1]", "K": "natural", "n": "integer", "x": "real"}, "sum(i, 1, K, s[i + 1]) <= x*n",
                "forall(j, 1, K, s[j] <= x)", "x > 0 and n >= 1")
    assert sequent_text(s) == (
        "forall (K : R) (s : R -> R) (n : R) (x : R), isnat K -> (forall i : R, isint i -> 1 <= i -> i <= K + 1 -> 0 < s i) -> isint n -> "
        "(forall j : R, isint j -> 1 <= j -> j <= K -> s j <= x) -> x > 0 /\\ n >= 1 -> rsum 1 K (fun i : R => s (i + 1)) <= x * n")


def test_the_index_in_the_sort_of_a_family_is_no_variable_of_its_length():
    assert "(forall i__ : R, isint i__ -> 1 <= i__ -> i__ <= i -> 0 <= a i__)" in sequent_text(
        sequent({"i": "natural", "a": "nonnegative[i]"}, "0 <= 1"))


@pytest.mark.parametrize("name", ["R", "pw", "ln", "exp2", "Rmin", "isnat", "in", "fun", "h1", "p2", "c3", "rsum", "limit_to"])
def test_names_that_coq_or_a_statement_uses_are_changed(name):
    used = name if name in ("ln", "exp2") else f"{name}__"
    assert sequent_text(sequent({name: "positive"}, f"0 < {name}")) == f"forall ({used} : R), 0 < {used} -> 0 < {used}"


def test_a_family_cannot_take_the_place_of_a_function():
    text = sequent_text(sequent({"pw": "real[2]", "x": "real"}, "x^2 <= pw[1]"))
    assert text == "forall (pw__ : R -> R) (x : R), pw x 2 <= pw__ 1"


def test_statements():
    assert goal("x > 0 implies (y > 0 iff x*y > 0)", x="real", y="real") == "(y > 0 <-> x * y > 0)"
    assert sequent_text(sequent({"K": "natural", "x": "real"}, "limit(x/(K + 1), K) == 0")) == (
        "forall (K : R) (x : R), isnat K -> limit_to isnat (fun K : R => x / (K + 1)) 0")
    assert sequent_text(sequent({"x": "positive"}, "limit(x, x) == inf")) == (
        "forall (x : R), 0 < x -> limit_inf (fun x : R => 0 < x) (fun x : R => x)")
    assert sequent_text(sequent({"K": "natural"}, "rate(2^K, K) == 2")).endswith("limit_to isnat (fun K : R => pw (pw 2 K) (1 / K)) 2")
    assert sequent_text(sequent({"a": "real"}, "recurrence x(0) = 1, x(i + 1) = a*x(i) has closed form x(i) = a^i")).endswith(
        "forall x : R -> R, x 0 = 1 -> (forall i : R, isnat i -> x (i + 1) = a * x i) -> forall i : R, isnat i -> x i = pw a i")


def test_monotonicity_repeats_the_hypotheses_that_speak_of_the_variable():
    s = sequent({"x": "positive", "y": "real"}, "increasing(x*y, x)", "x <= y", "y >= 1")
    assert sequent_text(s) == ("forall (x : R) (y : R), 0 < x -> x <= y -> y >= 1 -> "
                               "forall x' : R, 0 < x' -> x <= x' -> x' <= y -> x * y <= x' * y")
    family = sequent_text(sequent({"K": "natural", "s": "real[K]"}, "decreasing(-s[K], s)", "K >= 1"))
    assert family.endswith("forall s' : R -> R, (forall i : R, isint i -> 1 <= i -> i <= K -> s i <= s' i) -> - s' K <= - s K")


def test_everything_that_must_have_a_value_is_listed_also_what_is_evident():
    s = sequent({"x": "real", "K": "natural"}, "sqrt(x)/x <= sum(i, 1, K, log(x + i))", "x >= 1")
    assert definedness_text(s) == (
        "forall (x : R) (K : R), isnat K -> (x >= 1 -> x >= 0) /\\ (x >= 1 -> x <> 0) /\\ "
        "(forall (i_1 : R), isnat i_1 -> x >= 1 -> 1 <= i_1 -> i_1 <= K -> x + i_1 > 0)")
    assert definedness_text(sequent({"x": "real"}, "x^2 >= 0")) == ""


def test_what_has_no_definition_in_coq_is_not_replayed():
    with pytest.raises(Unreplayed, match="gelu_lip has no definition"):
        sequent_text(sequent({"x": "real"}, "x <= gelu_lip"))
    s = sequent({"x": "real"}, "x <= x")
    assert term(s.goal.args[0]) == "x"


VOCABULARY = {"isnat", "isint", "pw", "rsum", "rprod", "dd", "log", "exp", "sqrt", "limit_to", "limit_inf", "Rabs", "Rmin", "Rmax", "R",
              "IZR", "PI"}


@pytest.mark.parametrize("name", libraries())
def test_no_file_that_certificates_import_gives_the_words_of_statements_another_meaning(name):
    text = (sources() / f"{name}.v").read_text()
    words = "Definition|Fixpoint|Lemma|Theorem|Notation|Inductive|Record|Local Notation"
    defined = set(re.findall(rf"^\s*(?:{words})\s+\"?([\w']+)", text, re.M))
    assert defined and not defined & VOCABULARY, defined & VOCABULARY
