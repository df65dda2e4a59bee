"""The definitions of proofs/Claims.v mean what the evaluator of claims means, at points."""

import pytest

from normbound.claims.checker import from_json
from normbound.claims.evaluate import truth, value
from normbound.claims.grammar import parse_expression
from normbound.claims.replay.statement import rational, sequent_text, term
from normbound.formal.coq import run

HEAD = """From Coq Require Import Reals Lra Lia ZArith List.
From Normbound Require Import MeanValue Claims.
Import ListNotations.
Open Scope R_scope.
Ltac powers := repeat match goal with
  | |- context [pw ?x 0] => rewrite (pw_0 x)
  | |- context [pw ?x (IZR (Zpos ?p))] => rewrite (pw_pos_lit x p); let n := eval compute in (Pos.to_nat p) in change (Pos.to_nat p) with n
  | |- context [pw ?x (IZR (Zneg ?p))] => rewrite (pw_neg_lit x p); let n := eval compute in (Pos.to_nat p) in change (Pos.to_nat p) with n
  end; simpl pow.
Ltac range := unfold rsum, rprod; repeat match goal with
  |- context [count (IZR ?a) (IZR ?b)] => rewrite (count_Z a b); let n := eval compute in (Z.to_nat (b - a + 1)) in
    change (Z.to_nat (b - a + 1)) with n end; simpl.
"""
AT_POINTS = [
    "0^0", "0^3", "(-2)^3", "(-2)^(-2)", "(1/2)^(-3)", "2^10 - 3*4/5", "1 - 2 - 3", "-2^2", "(-2)^2", "2/3/4", "-(1 - 4)*2",
    "sum(i, 1, 4, i^2)", "sum(i, 3, 2, i)", "sum(i, -1, 1, 2*i + 1)", "prod(i, 1, 4, i)", "prod(i, 2, 1, 0)", "prod(i, 0, 3, 2)",
    "sum(i, 1, 2, sum(j, 0, 1, i*j + 1))", "dd(3; 1, 2)", "dd(2; 1, 1, 1)", "dd(4; 2, 2)", "dd(1; 1, 2, 3)", "dd(0; 5)", "dd(3; 2)",
]
TACTICS = {"sum": "range; powers; lra", "prod": "range; powers; lra", "dd(": "unfold dd; rewrite Int_part_IZR; simpl; lra"}


def tactic(text):
    return next((t for k, t in TACTICS.items() if text.startswith(k)), "powers; simpl; field")


def test_values(coq):
    lines = []
    for k, text in enumerate(AT_POINTS):
        found = value(parse_expression(text), {})
        lines.append(f"Lemma v{k} : {term(parse_expression(text))} = {rational(found)[0]}.\nProof. {tactic(text)}. Qed.")
    done = run(HEAD + "\n".join(lines), 120)
    assert done.status == "ok", (done.place, done.message)


@pytest.mark.parametrize("text", ["0^0", "(-2)^3", "sum(i, 3, 2, i)", "dd(2; 1, 1, 1)"])
def test_other_values_are_refused(coq, text):
    found = value(parse_expression(text), {}) + 1
    done = run(HEAD + f"Lemma v : {term(parse_expression(text))} = {rational(found)[0]}.\nProof. {tactic(text)}. Qed.", 120)
    assert done.status == "rejected"


def test_roots_and_logarithms(coq):
    done = run(HEAD + """Lemma a : pw 4 (1 / 2) = 2.
Proof. rewrite pw_half by lra. replace 4 with (2 * 2) by ring. apply sqrt_square. lra. Qed.
Lemma b : pw 0 (1 / 2) = 0.
Proof. apply pw_base_0. lra. Qed.
Lemma c x : 0 < x -> pw x (log 3 / log x) = 3 \\/ x = 1.
Proof. intros H. destruct (Req_dec x 1) as [E|E]; [right; exact E|left]. rewrite pw_exp by exact H.
assert (log x <> 0) by (intros C; apply E, log_inj; [exact H|lra|rewrite C; symmetry; apply log_1]).
replace (log 3 / log x * log x) with (log 3) by (field; assumption). apply exp_log. lra. Qed.
Lemma d : dd (INR 2) [5] = 25.
Proof. rewrite dd_single by apply isnat_INR. rewrite pw_nat. simpl. lra. Qed.
Lemma e x : isnat x -> isint x /\\ 0 <= x.
Proof. intros H. split; [apply isnat_isint, H|apply isnat_ge0, H]. Qed.
Lemma f : ~ isnat (1 / 2) /\\ ~ isnat (- 1).
Proof. split; intros H; [|apply isnat_ge0 in H; lra]. destruct (isnat_cases _ H); lra. Qed.
Lemma g : limit_to isnat (fun K : R => 1 / (K + 1)) 0.
Proof. intros eps E. destruct (archimed_cor1 eps E) as [N [A B]]. exists N. intros x H L. apply isnat_ge0 in H.
assert (0 < INR N) by (apply lt_0_INR; lia). rewrite Rminus_0_r, Rabs_pos_eq by (apply Rlt_le, Rdiv_lt_0_compat; lra).
apply Rle_lt_trans with (/ INR N); [|exact A]. unfold Rdiv. rewrite Rmult_1_l. apply Rinv_le_contravar; lra. Qed.
Lemma h : ~ limit_inf isnat (fun K : R => 1).
Proof. intros H. destruct (H 1) as [N P]. specialize (P (INR N) (isnat_INR N) (Rle_refl _)). lra. Qed.
""", 120)
    assert done.status == "ok", (done.place, done.message)


def test_statements_at_points(coq):
    """Closed comparisons: what the evaluator finds true is proved, what it finds false has a proof of the contrary."""
    texts = ["2^10 > 1000", "3/7 <= 0.428", "sum(i, 1, 5, i) == 15", "(-1)^5 < -1", "1 - 1/3 - 2/3 != 0", "dd(2; 1, 2) >= 3"]
    lines = []
    for k, text in enumerate(texts):
        s = from_json({"sorts": {}, "given": [], "goal": text})
        holds = truth(s.goal, {})
        body = tactic(text)
        claim = sequent_text(s)
        end = body.removesuffix("field").removesuffix("lra").rstrip("; ")
        if holds:
            lines.append(f"Lemma s{k} : {claim}.\nProof. {end}; lra. Qed.")
        else:
            lines.append(f"Lemma s{k} : ~ ({claim}).\nProof. {end}; lra. Qed.")
    done = run(HEAD + "\n".join(lines), 120)
    assert done.status == "ok", (done.place, done.message)
