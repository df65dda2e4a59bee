"""Sentences of Coq files, and the gate before a certificate."""

import pytest

from normbound.formal.library import sources
from normbound.formal.sentences import header, names, objection, one_expression, required, sentences

GOOD = """(* a comment. With a dot (* and another *) and "a string *)" *)
From Coq Require Import Reals List.
From Normbound Require Import Vec
  DD.
Import ListNotations.
Open Scope R_scope.
Definition a : R := 1.5.
Definition text := "one. Redirect ""x"" two".
Theorem bound : a = a.
Proof.
  { - reflexivity. }
Qed.
"""


def test_lines_and_texts():
    found = list(sentences(GOOD))
    assert [s.line for s in found] == [2, 3, 5, 6, 7, 8, 9, 10, 11, 11]  # a closing brace belongs to the sentence after it
    assert found[1].text == "From Normbound Require Import Vec\n  DD"
    assert found[4].text == "Definition a : R := 1.5"
    assert found[-2].command == "reflexivity" and found[-1].command == "Qed"


def test_comments_split_no_word_and_hide_no_line():
    first, second = sentences("Definition(* \n\n *)a := 1. (* \n *) Lemma(**)b : True.")
    assert (first.line, first.text, second.line, second.name) == (1, "Definition a := 1", 4, "b")


@pytest.mark.parametrize(("text", "what"), [("Qed. (* ", "comment"), ('Definition a := "b.', "string"), ("Proof", "dot"),
                                            ('(* "*) Qed.', "string")])
def test_what_does_not_end(text, what):
    with pytest.raises(ValueError, match=what):
        list(sentences(text))
    assert what in objection(text)[1]


def test_the_library_is_read_whole():
    for path in sources().glob("*.v"):
        text = path.read_text()
        found = list(sentences(text))
        lines = text.splitlines()
        assert len(found) > 5
        for s in found:
            assert s.text.split()[0] in lines[s.line - 1], (path.name, s)


def test_a_certificate_passes():
    assert objection(GOOD) is None
    assert names(GOOD) == {"a", "text", "bound"} and names(GOOD, theorems=True) == {"bound"}
    assert required(GOOD) == ["Vec", "DD"]
    assert header(GOOD).splitlines()[0] == "From Coq Require Import Reals List." and header(GOOD).endswith("Open Scope R_scope.\n")


@pytest.mark.parametrize("command", [
    "Axiom x : False.", "Parameter x : False.", "Admitted.", 'Redirect "f" Print nat.', 'Time Redirect "f" Print nat.',
    'Extraction "f" nat.', 'Load "x".', 'Declare ML Module "x".', 'Cd "/".', "Unset Guard Checking.",
    "#[bypass_check(guard)] Definition x := 1.",
    "Module Reals. End Reals.", "Notation x := 1.", 'Add LoadPath "/" as A.', "Hypothesis x : False.", "Global Set Printing All.",
    "Local Axiom x : False.", "Coercion f : a >-> b.", "Hint Resolve x.", "Drop.", "Obligation Tactic := idtac.",
])
def test_other_commands_are_refused_with_their_line(command):
    for text in (GOOD + command + "\n", GOOD.replace("  { -", f"  {{ - {command}"), GOOD.replace("Open", f"{command} Open", 1)):
        line, why = objection(text)
        assert text.splitlines()[line - 1].count(command.split()[0]) and "accepted" in why
    assert objection(GOOD + f"(* {command} *)") is None


@pytest.mark.parametrize("line", ["From Elsewhere Require Import A.", "Require Import A.", "From Coq Require Import A(b)."])
def test_other_libraries_are_refused(line):
    assert "libraries are named" in objection(line + "\n" + GOOD)[1]


def test_names_are_given_once_and_the_theorem_is_there():
    assert "defined twice" in objection(GOOD + "Definition a := 2.\n")[1]
    assert "no theorem" in objection("Definition a := 2.\n")[1]


def test_required_reads_every_form():
    text = "From Normbound.interval Require Gaussian.\nRequire Import Normbound.Vec Coq.Lists.List.\nFrom Coq Require Import Reals.\n"
    assert required(text) == ["interval.Gaussian", "Vec"]
    assert required("From. From Normbound. From Normbound Import Vec. Require.") == []  # Coq says what is wrong with them


@pytest.mark.parametrize(("text", "fine"), [
    ("forall x, (x = [1; 2])", True), ("a (* b. *) = {| c := 1.5 |}", True), ('f "a). b"', True), ("", False),
    ("True) . Admitted. (", False),
    ("True) := I. Definition x : (True", False), ("a)(b", False), ("(a", False), ("a (* ", False), ('a "', False),
])
def test_a_statement_is_one_expression(text, fine):
    assert one_expression(text) is fine
