"""Verdicts of proofs: honest, broken and dishonest certificates."""

import json
from dataclasses import replace

import pytest

from normbound import builtin, derive
from normbound.errors import HypothesisError, UnsupportedError
from normbound.formal import proof as proving
from normbound.formal.certificate import Certificate
from normbound.formal.proof import CLASSICAL, assumptions, judge, prove
from normbound.formal.sentences import objection
from normbound.version import VERSION

HEAD = "From Coq Require Import Reals Lra.\nFrom Normbound Require Import Vec.\nOpen Scope R_scope.\n"
STATEMENT = "forall n, 0 <= sm n (fun _ => width)"
WIDTH = "Definition width : R := 0.\n"
GOOD = HEAD + WIDTH + f"Theorem bound : {STATEMENT}.\nProof.\n  intros n. unfold width.\n  rewrite sm_0. lra.\nQed.\n"


HONEST = Certificate(GOOD, "Sums of zeros are not negative.", STATEMENT, (), (), "n = 0", True, ("all terms are 0",), 1)


@pytest.fixture(scope="module")
def bound():
    return derive(builtin("mlp-layernorm").network, wrt="input")


def proof(bound, certificate=HONEST, **options):
    return prove(bound, certify=lambda _: certificate, **options)


def test_proved(coq, bound, tmp_path):
    found = proof(bound, keep=tmp_path / "kept.v")
    assert (found.status, found.verdict, found.reason) == ("proved", "proved (kernel)", "")
    assert found.axioms and set(found.axioms) <= set(CLASSICAL)
    assert found.kernel == f"Coq {coq.version}" and found.seconds > 0
    assert (found.wrt, found.title, found.digest, found.version) == ("input", bound.network.title, bound.digest, VERSION)
    assert found.hypotheses == (*map(str, bound.hypotheses), "all terms are 0") and bound.hypotheses
    assert (found.size, found.nodes, found.words) == (len(GOOD), 1, HONEST.words)
    assert (tmp_path / "kept.v").read_text() == GOOD and found.kept == str(tmp_path / "kept.v")
    assert [p.name for p in tmp_path.iterdir()] == ["kept.v"]
    assert json.loads(json.dumps(found.to_json()))["verdict"] == "proved (kernel)"
    with pytest.raises(TypeError, match="not a truth value"):
        bool(found)


def test_proved_without_axioms_and_relative_to_contracts(coq, bound):
    bare = replace(HONEST, source="Theorem bound : 1 + 1 = 2.\nProof. reflexivity. Qed.\n", statement="1 + 1 = 2",
                   relative=("softmax", "Mish"))
    found = proof(bound, bare)
    assert found.verdict == "proved (kernel), relative to softmax, Mish" and found.axioms == ()


def test_a_long_proof_term_is_not_limited_by_the_stack(coq):
    """Deep terms end in a verdict of the kernel with the stack that the memory limit allows."""
    deep = "(S " * 20000 + "O" + ")" * 20000
    text = f"Definition deep := {deep}.\nTheorem bound : deep = deep.\nProof. reflexivity. Qed.\n"
    assert judge(text, "deep = deep").status == "proved"


REFUSED = [  # name, certificate, statement, what the reason says
    ("axiom", HEAD + WIDTH + f"Axiom a : False.\nTheorem bound : {STATEMENT}.\nProof. destruct a. Qed.\n", "rests on Emitted.a;"),
    ("admitted", GOOD.replace("lra.\nQed.", "Admitted."), "rests on Emitted.bound;"),
    ("parameter", HEAD + WIDTH + f"Parameter bound : {STATEMENT}.\n", "rests on Emitted.bound;"),
    ("axiom named as an allowed one", HEAD + WIDTH + "Module ClassicalDedekindReals.\nAxiom sig_forall_dec : False.\nEnd "
     f"ClassicalDedekindReals.\nTheorem bound : {STATEMENT}.\nProof. destruct ClassicalDedekindReals.sig_forall_dec. Qed.\n",
     "rests on Emitted.ClassicalDedekindReals.sig_forall_dec;"),
    ("excluded middle", HEAD.replace("Lra", "Lra Classical") + WIDTH + f"Theorem bound : {STATEMENT}.\nProof.\n  intros n. unfold width.\n"
     "  destruct (classic (n = n)); rewrite sm_0; lra.\nQed.\n", "rests on Classical_Prop.classic;"),
    ("kernel check off", HEAD + WIDTH + "Unset Guard Checking.\nFixpoint loop (n : nat) : False := loop n.\nSet Guard Checking.\n"
     f"Theorem bound : {STATEMENT}.\nProof. destruct (loop O). Qed.\n", "a check of the kernel was off"),
    ("universes off", HEAD + WIDTH + f"Unset Universe Checking.\nTheorem bound : {STATEMENT}.\nProof.\n  assert (T : Type) by exact Type.\n"
     "  intros n. unfold width. rewrite sm_0. lra.\nQed.\n", "a check of the kernel was off"),
    ("another statement", HEAD + WIDTH + "Theorem bound : 0 <= width.\nProof. unfold width. lra. Qed.\n", "does not say what is stated"),
    ("a weaker statement", GOOD.replace(f"bound : {STATEMENT}", f"bound : 0 = 1 -> {STATEMENT}").replace("intros n", "intros _ n"),
     "does not say what is stated"),
    ("library name redefined", HEAD + WIDTH + "Definition sm (n : nat) (f : nat -> R) : R := 0.\n"
     f"Theorem bound : {STATEMENT}.\nProof. intros n. unfold sm. lra. Qed.\n", "redefines sm"),
    ("notation of the library redefined", HEAD + WIDTH + 'Notation "a <= b" := (a = a /\\ b = b) : R_scope.\n'
     f"Theorem bound : {STATEMENT}.\nProof. split; reflexivity. Qed.\n", "does not say what is stated"),
    ("theorem missing", HEAD + WIDTH, "bound was not found"),
    ("wrong proof", GOOD.replace("width : R := 0", "width : R := -1"), "line 8, in bound"),
    ("fake report", HEAD + WIDTH + 'Goal True. idtac "Axioms:". idtac "Closed under the global context". exact I. Qed.\n'
     f"Theorem bound : {STATEMENT}.\nProof. Admitted.\n", "rests on Emitted.bound;"),
]


@pytest.mark.parametrize(("source", "reason"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_the_kernel_and_the_second_file_refuse(coq, source, reason):
    """Without the gate on commands: what reaches Coq is refused all the same."""
    found = judge(source, STATEMENT)
    assert found.status == "rejected" and reason in found.reason, found
    assert found.place


def test_a_library_that_does_not_exist(coq, bound):
    """It is no fault of the bound: nothing was judged."""
    found = proof(bound, replace(HONEST, source=GOOD.replace("Require Import Vec", "Require Import Vec Vec2")))
    assert (found.status, found.kernel) == ("not run", "") and "requires Normbound.Vec2" in found.reason


@pytest.mark.parametrize("name", ["axiom", "admitted", "parameter", "axiom named as an allowed one", "kernel check off", "fake report",
                                  "notation of the library redefined"])
def test_the_gate_refuses_before(bound, name, monkeypatch):
    def never(*_):
        raise AssertionError("Coq must not see this file")
    monkeypatch.setattr(proving, "judge", never)
    source = next(r[1] for r in REFUSED if r[0] == name)
    assert objection(source)
    found = proof(bound, replace(HONEST, source=source))
    assert found.status == "rejected" and found.place.startswith("line ") and "accepted: " in found.reason


def test_a_binder_named_like_a_definition_is_no_redefinition(coq):
    """The statement is read as Coq reads it: a bound variable hides the definition of that name."""
    text = "Definition n := 5.\nTheorem bound : forall n : nat, n = n.\nProof. reflexivity. Qed.\n"
    assert judge(text, "forall n : nat, n = n").status == "proved"
    assert judge(text, "forall m : nat, n = 4").status == "rejected"


CHEAT = "Definition rows (n : nat) := n.\nDefinition data := rows 3.\nTheorem bound : data = 3%nat.\nProof. reflexivity. Qed.\n"


def test_no_definition_may_have_a_name_of_the_library(coq):
    """Not even one that the statement does not mention: the data would not be what they seem to be."""
    assert judge("From Normbound Require Import Vec.\n" + CHEAT, "data = 3%nat").status == "proved"
    found = judge("From Normbound Require Import Vec.\n" + CHEAT.replace("rows", "sm"), "data = 3%nat")
    assert (found.status, found.place) == ("rejected", "definition of sm")


def test_further_theorems(coq, bound):
    """They are compared as well; and none may rest on more than the bound may."""
    second = GOOD + "Theorem other (n : nat) : n = n.\nProof. reflexivity. Qed.\n"
    assert judge(second, STATEMENT).status == "proved"
    assert judge(second, STATEMENT, further=[("other", "forall n : nat, n = n")]).status == "proved"
    found = judge(second, STATEMENT, further=[("other", "forall n : nat, n = S n")])
    assert (found.status, found.place) == ("rejected", "theorem other") and "other does not say" in found.reason
    assert judge(second, "0 = 1", further=[("other", "forall n : nat, n = n")]).place == "theorem bound"
    found = judge(second.replace("reflexivity. Qed", "Admitted"), STATEMENT)
    assert found.status == "rejected" and "Emitted.other" in found.reason
    found = judge(second, STATEMENT, further=[("none", "True")])
    assert found.status == "rejected" and found.place == "theorem none"
    assert judge(second, STATEMENT, further=[("other", "True). Admitted. (")]).status == "rejected"
    assert proof(bound, replace(HONEST, source=second, further=(("other", "False"),))).place == "theorem other"


def test_a_certificate_whose_hypotheses_nothing_is_shown_to_meet(coq, bound):
    found = proof(bound, replace(HONEST, witnessed=False))
    assert found.status == "undecided" and "nothing shows that its hypotheses can be met: witness n = 0" in found.reason


def test_a_statement_cannot_bring_commands(bound):
    found = judge(GOOD, "True).\nAdmitted.\nDefinition x := (True")
    assert found.status == "rejected" and "not one expression" in found.reason
    found = judge(GOOD, "True) := I. Definition x : (True")
    assert found.status == "rejected" and "not one expression" in found.reason


def test_a_statement_that_cannot_be_read(coq):
    found = judge(GOOD, "forall n, 0 <= nothing n")
    assert found.status == "rejected" and "nothing" in found.reason


def test_a_checker_that_says_no(coq):
    """What a reflexive certificate looks like when the decision is false."""
    text = "Theorem bound : Nat.eqb 1 2 = true.\nProof. vm_compute. reflexivity. Qed.\n"
    found = judge(text, "Nat.eqb 1 2 = true")
    assert (found.status, found.place) == ("rejected", "line 2, in bound") and "the checker of the library does not accept" in found.reason


def test_time_and_memory(coq, bound):
    slow = replace(HONEST, source=GOOD.replace("intros n.", "intros n. do 1000000 (do 1000000 idtac)."))
    found = proof(bound, slow, seconds=2)
    assert (found.status, found.axioms) == ("undecided", ()) and "limit of time" in found.reason
    doubling = "Fixpoint f (n : nat) : list nat := match n with O => cons O nil | S k => app (f k) (f k) end.\n"
    big = GOOD.replace("Definition width", f"{doubling}Definition many := Eval vm_compute in f 40.\nDefinition width")
    found = proof(bound, replace(HONEST, source=big), megabytes=1000)
    assert found.status == "undecided" and "limit of memory" in found.reason


def test_what_the_exporter_refuses(bound):
    def vacuous(_):
        raise HypothesisError("sigma > R: no input meets the floor")

    def unknown(_):
        raise UnsupportedError("softmax has no certificate")
    found = prove(bound, certify=vacuous)
    assert (found.status, found.reason) == ("vacuous", "sigma > R: no input meets the floor")
    found = prove(bound, certify=unknown)
    assert (found.status, found.reason) == ("undecided", "not representable: softmax has no certificate")


def test_not_run(bound, monkeypatch, tmp_path):
    monkeypatch.setenv("NORMBOUND_COQC", str(tmp_path / "none"))
    found = proof(bound, keep=tmp_path / "kept.v")
    assert found.status == "not run" and "apt-get" in found.reason and found.kernel == ""
    assert (tmp_path / "kept.v").read_text() == GOOD  # can be checked elsewhere


def test_a_library_that_does_not_compile_is_no_verdict_on_the_bound(coq, bound, monkeypatch, tmp_path):
    monkeypatch.setenv("NORMBOUND_PROOFS", str(tmp_path))
    found = proof(bound)
    assert (found.status, found.kernel) == ("not run", "") and "Vec.v is not compiled" in found.reason


def test_input_errors(bound, tmp_path):
    with pytest.raises(UnsupportedError, match="limits of 0 seconds"):
        proof(bound, seconds=0)
    with pytest.raises(UnsupportedError, match="limits of"):
        proof(bound, megabytes=-1)
    for target in (tmp_path, tmp_path / "missing" / "x.v"):
        with pytest.raises(UnsupportedError, match="cannot write"):
            proof(bound, keep=target)
    assert list(tmp_path.iterdir()) == []


MARK = "0123"


def report(body):
    return f"noise\n{MARK} begin\n{body}{MARK} end\nmore\n"


def test_reports_are_read_strictly():
    assert assumptions(report("Closed under the global context\n"), MARK) == ()
    listed = "Axioms:\nA.b : forall x,\n  x = x\nc\n  : nat\n"
    assert assumptions(report(listed), MARK) == ("A.b", "c")
    for body in ("", "Axioms:\n", "Axioms:\nA.b : nat\nloop is assumed to be guarded.\n", "Section Variables:\nx : nat\n",
                 "Axioms:\nA.b relies on an unsafe hierarchy.\n", "Axioms:\n  c : nat\n", "Closed under the global context\nAxioms:\n",
                 "Closed under the global context\nx : nat\n"):
        assert assumptions(report(body), MARK) is None, body
    whole = report(listed)
    assert assumptions(whole[:whole.index("c\n")], MARK) is None  # cut off
    assert assumptions(whole, "another mark") is None
