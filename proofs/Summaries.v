(** The summary of a network, computed from those of its layers: the calculus, in real numbers. *)
From Coq Require Import Reals List PeanoNat BinPos.
From Normbound Require Import Vec DD Lips Summary Repeat Acts SmoothActs ActsExact Norm Groups Layers Zoo Networks MeanValue.
Import ListNotations.
Open Scope R_scope.

(** ** Shared parameters of a network, and the tensors of one layer: families of matrices *)
Definition tspace (k : nat) (dm : nat -> nat * nat) : sspace.
Proof.
  refine {| st := nat -> mat; sn := k; sd := fun g a b => tdist (dm g) (a g) (b g) |}.
  - intros; apply frob_ge0.
  - intros g a. apply (pd_refl (pmat (fst (dm g)) (snd (dm g)))).
Defined.
Definition lspace (dm : list (nat * nat)) : sspace := tspace (length dm) (fun i => nth i dm (0, 0)%nat).

Section Summaries.
Variable v : env -> bound -> R.

(** Signs of the named constants. *)
Definition signs (E : env) : Prop :=
  0 < ez E /\ (forall x, 0 <= ecdf E x) /\ 0 <= epeak E /\ 0 < fst (eselu E) /\ 0 < snd (eselu E).
(** Symbols are nonnegative, and so are the constants. *)
Definition nonneg_env (E : env) : Prop := (forall x, 0 <= ereal E x) /\ (forall x i, 0 <= efam E x i) /\ signs E.
(** The normal distribution function: symmetric, with density exp(-x^2/2)/Z. *)
Definition normal_cdf (E : env) : Prop :=
  0 < ez E /\ (forall x, 0 <= ecdf E x <= 1) /\ (forall x, ecdf E x + ecdf E (- x) = 1) /\
  (forall x, derivable_pt_lim (ecdf E) x (dens (ez E) x)).

(** ** Layers: constant, offset and growth ratio, and (l1, l0) for each tensor *)
Definition act_lip E (a : activation) : R :=
  match a with
  | ALeaky s | AELU s => Rmax 1 (v E s)
  | ASELU => fst (eselu E) * snd (eselu E)
  | AGELU => ecdf E (sqrt 2) + sqrt 2 * dens (ez E) (sqrt 2)
  | ASiLU _ => 1 / 2 + epeak E / 4
  | ASigmoid => 1 / 4 | AHardSigmoid => 1 / 6 | AHardSwish => 3 / 2 | ASin w => v E w
  | _ => 1
  end.
Definition act_growth E (a : activation) : R :=
  match a with
  | ALeaky s | AELU s => Rmax 1 (v E s)
  | ASELU => fst (eselu E) * snd (eselu E)
  | ASigmoid => 1 / 4 | AHardSigmoid => 1 / 6 | ASin w => v E w
  | _ => 1
  end.
Definition act_offset E (a : activation) : R :=
  match a with ASigmoid | AHardSigmoid => 1 / 2 | ASoftplus b => log 2 / v E b | ALogSigmoid => log 2 | _ => 0 end.

Definition rroot E sh : R := sqrt (INR (rows E sh)).
(** The largest entry after normalization, and the largest norm of one feature over all rows. *)
Definition entry_bound E sh p (c : bool) (d : variance) : R :=
  if c then match d with Biased => sqrt (INR (gsize E sh p - 1))
            | _ => sqrt (divisor E sh p d * INR (gsize E sh p - 1) / INR (gsize E sh p)) end
  else sqrt (divisor E sh p d).
Definition gain_sens E sh p c d : R :=
  match p with
  | PRow => rroot E sh * entry_bound E sh p c d
  | PChannel => sqrt (divisor E sh p d)
  | _ => sqrt (INR (dval E (samples sh)) * divisor E sh p d)
  end.
Definition range2 E sh p (d : variance) : R :=
  match d with Biased => INR (rows E sh) * INR (dval E (features sh)) | _ => INR (gcount E sh p) * divisor E sh p d end.

(** A layer's promise: constant, offset, growth ratio, sensitivities (l1, l0) of its tensors. *)
Record promise := { cL : R; cb : R; cG : R; cS : list (R * R) }.
Definition plain (L b G : R) : promise := {| cL := L; cb := b; cG := G; cS := [] |}.
(** gamma y + beta where a change of gamma moves the output by at most (g1 |y| + g0) times that change *)
Definition affine_promise E sh (a : affine) (g1 g0 : R) : promise :=
  let gain := match gain_bound a with Some g => v E g | None => 1 end in
  let shift := match shift_bound a with Some b => rroot E sh * v E b | None => 0 end in
  {| cL := gain; cb := shift; cG := gain;
     cS := match a with ANone => [] | AGain _ => [(g1, g0)] | AShift _ => [(0, rroot E sh)]
           | ABoth _ _ => [(g1, g0); (0, rroot E sh)] | AJoint _ _ _ => [(0, rroot E sh)] end |}.
Definition core E sh (l : layer) (F : R) : promise :=
  match l with
  | Linear _ w b _ => let s := v E (tb w) in
      {| cL := s; cb := match b with Some b => rroot E sh * v E (tb b) | None => 0 end; cG := s;
         cS := (1, 0) :: match b with Some _ => [(0, rroot E sh)] | None => [] end |}
  | Act a => plain (act_lip E a) (rroot E sh * (act_offset E a * sqrt (INR (dval E (features sh))))) (act_growth E a)
  | Scaling a => plain (v E a) 0 (v E a)
  | LearnedScale t => {| cL := v E (tb t); cb := 0; cG := v E (tb t); cS := [(1, 0)] |}
  | Normalize p c d f e _ =>
      plain (/ sqrt (match f with Some f => v E f * v E f + v E e | None => v E e end)) (sqrt (range2 E sh p d)) 0
  | Standardize m s e => let r := / sqrt (v E (tb s) + v E e) in
      {| cL := r; cb := rroot E sh * (r * v E (tb m)); cG := r; cS := [(0, 0); (0, 0)] |}
  | Affine a => affine_promise E sh a 1 0
  | Squash _ => plain 1 (rroot E sh * sqrt (INR (dval E (features sh)))) 0
  | PReLU t => let m := Rmax 1 (v E (tb t)) in {| cL := m; cb := 0; cG := m; cS := [(1, 0)] |}
  | SquaredReLU => plain (2 * F) 0 F
  | Outside _ _ b => {| cL := 0; cb := v E b; cG := 0; cS := [(0, 1)] |}
  | Assumed _ _ ts L b G => {| cL := v E L; cb := v E b; cG := v E G; cS := map (fun x => let '(_, _, _, l1, l0) := x in (v E l1, v E l0)) ts |}
  | Identity | MaxMin | CReLU => plain 1 0 1
  end.
(** The affine part of a normalizer, as a second promise. *)
Definition second E sh (l : layer) : option promise :=
  match l with
  | Normalize _ _ _ _ _ ANone | Squash ANone => None
  | Normalize p c d _ _ a => Some (affine_promise E sh a 0 (gain_sens E sh p c d))
  | Squash a => Some (affine_promise E sh a 0 (rroot E sh))
  | _ => None
  end.

(** Sums over the tensors used once, and over the uses of shared group g. *)
Fixpoint once_sum (f : R * R -> R) (us : list use) (se : list (R * R)) (acc : R) : R :=
  match us, se with
  | Once :: us, x :: se => once_sum f us se (acc + f x)
  | _ :: us, _ :: se => once_sum f us se acc
  | _, _ => acc
  end.
Fixpoint shared_sum (g : nat) (f : R * R -> R) (us : list use) (se : list (R * R)) (acc : R) : R :=
  match us, se with
  | Shared h :: us, x :: se => shared_sum g f us se (if Nat.eqb h g then acc + f x else acc)
  | _ :: us, _ :: se => shared_sum g f us se acc
  | _, _ => acc
  end.
Definition s_promise (us : list use) (c : promise) : summary :=
  {| sL := cL c; sb := cb c; sG := cG c;
     sq2 := once_sum (fun x => fst x * fst x) us (cS c) 0;
     sq1 := once_sum (fun x => 2 * fst x * snd x) us (cS c) 0;
     sq0 := once_sum (fun x => snd x * snd x) us (cS c) 0;
     sl1 := fun g => shared_sum g fst us (cS c) 0; sl0 := fun g => shared_sum g snd us (cS c) 0 |}.
Definition s_layer E sh (l : layer) (F : R) : summary :=
  match second E sh l with
  | None => s_promise (uses l) (core E sh l F)
  | Some a => s_series (s_promise (uses l) a) (s_promise [] (core E sh l F))
  end.

(** ** Largest entries: of the input (F, or its norm B), of the output *)
Definition sup_in (B F : option R) : option R := match F with Some _ => F | None => B end.
Definition sup_affine E (a : affine) (F : R) : R :=
  let y := match gain_bound a with Some g => v E g * F | None => F end in
  match shift_bound a with Some b => y + v E b | None => y end.
Definition act_sup (a : activation) : option R :=
  match a with AReLU6 => Some 6 | AHardTanh | ASigmoid | ATanh | AHardSigmoid | ASoftsign | ASin _ => Some 1 | _ => None end.
Definition sup_layer E sh (l : layer) (B F : option R) : option R :=
  match l with
  | Linear _ w b r => match B with None => None | Some B =>
      let y := v E (match r with Some r => r | None => tb w end) * B in
      Some (match b with Some b => y + v E (tb b) | None => y end) end
  | Act a => match sup_in B F with None => act_sup a | Some F =>
      let y := act_offset E a + act_growth E a * F in Some (match act_sup a with Some M => Rmin M y | None => y end) end
  | Scaling a => option_map (fun F => v E a * F) (sup_in B F)
  | LearnedScale t => option_map (fun F => v E (tb t) * F) (sup_in B F)
  | Identity => sup_in B F
  | Normalize p c d _ _ a => Some (sup_affine E a (entry_bound E sh p c d))
  | Squash a => Some (sup_affine E a 1)
  | SquaredReLU => option_map (fun F => F * F) (sup_in B F)
  | PReLU t => option_map (fun F => Rmax 1 (v E (tb t)) * F) (sup_in B F)
  | MaxMin | CReLU => sup_in B F
  | Standardize m s e => option_map (fun F => / sqrt (v E (tb s) + v E e) * (F + v E (tb m))) (sup_in B F)
  | Affine a => option_map (sup_affine E a) (sup_in B F)
  | Outside _ _ _ | Assumed _ _ _ _ _ _ => None
  end.
Definition out_radius (s : summary) (B : option R) : option R := option_map (fun r => sb s + sG s * r) B.
Definition the (x : option R) : R := match x with Some r => r | None => 0 end.

(** ** Networks. B bounds the norm of the input, F its largest entry, if known. *)
Definition state := (option R * option R)%type.
Fixpoint state_at (step : nat -> state -> summary * option R) (s : state) (j : nat) : state :=
  match j with O => s | S k => let st := state_at step s k in let '(t, F) := step k st in (out_radius t (fst st), F) end.
(** The captured tensor g is replaced by a block with summary h; c: sensitivity to the tensor. *)
Definition s_captured (g : nat) (c : R) (f h : summary) : summary :=
  {| sL := sL f + c * sL h; sb := sb f; sG := sG f;
     sq2 := sq2 f + c * c * sq2 h; sq1 := sq1 f + c * c * sq1 h; sq0 := sq0 f + c * c * sq0 h;
     sl1 := fun k => (if Nat.eqb k g then 0 else sl1 f k) + c * sl1 h k;
     sl0 := fun k => (if Nat.eqb k g then 0 else sl0 f k) + c * sl0 h k |}.
Fixpoint lsum (x : nat -> R) (gs : list nat) (acc : R) : R :=
  match gs with [] => acc | g :: r => lsum x r (acc + x g) end.
Definition s_closed (gs : list nat) (s : summary) : summary :=
  {| sL := sL s; sb := sb s; sG := sG s;
     sq2 := lsum (fun g => sl1 s g * sl1 s g) gs (sq2 s);
     sq1 := lsum (fun g => 2 * sl1 s g * sl0 s g) gs (sq1 s);
     sq0 := lsum (fun g => sl0 s g * sl0 s g) gs (sq0 s);
     sl1 := fun g => if existsb (Nat.eqb g) gs then 0 else sl1 s g;
     sl0 := fun g => if existsb (Nat.eqb g) gs then 0 else sl0 s g |}.
Fixpoint s_family_of (s : nat -> summary) (K : nat) : summary :=
  match K with O => s_plain 1 0 1 | S k => s_series (s k) (s_family_of s k) end.

Definition sup_or_radius (x : summary * option R) (B : option R) : option R := sup_in (out_radius (fst x) B) (snd x).
Definition omax (a b : option R) : option R :=
  match a, b with Some a, Some b => Some (Rmax a b) | _, _ => None end.
Definition oplus (a b : option R) : option R := match a, b with Some a, Some b => Some (a + b) | _, _ => None end.

Fixpoint summ {A} E sh (B F : option R) (f : net A) : summary * option R :=
  match f with
  | Skip _ => (s_plain 1 0 1, F)
  | Ball r _ => (s_plain 1 (v E r) 0, F)
  | Leaf l _ => (s_layer E sh l (the (sup_in B F)), sup_layer E sh l B F)
  | Series f g _ => let a := summ E sh B F f in let b := summ E (oshape sh f) (out_radius (fst a) B) (snd a) g in
      (s_series (fst b) (fst a), snd b)
  | Sum f g _ => let a := summ E sh B F f in let b := summ E sh B F g in (s_sum (fst a) (fst b), oplus (snd a) (snd b))
  | Concat f g _ => let a := summ E sh B F f in let b := summ E sh B F g in (s_concat (fst a) (fst b), omax (snd a) (snd b))
  | Parallel d1 d2 f g _ => let a := summ E (with_features sh d1) B F f in let b := summ E (with_features sh d2) B F g in
      (s_parallel (fst a) (fst b), omax (snd a) (snd b))
  | Scale _ c f _ => let a := summ E sh B F f in (s_scale (v E c) (fst a), option_map (fun x => v E c * x) (snd a))
  | Product f g _ => let a := summ E sh B F f in let b := summ E sh B F g in
      let Fa := sup_or_radius a B in let Fb := sup_or_radius b B in
      (s_product (the Fa) (the Fb) (fst a) (fst b), match Fa, Fb with Some x, Some y => Some (x * y) | _, _ => None end)
  | Rep K i f _ =>
      let step j st := summ (set_index E i (S j)) sh (fst st) (sup_in (fst st) (snd st)) f in let start := (B, sup_in B F) in
      (s_family_of (fun j => fst (step j (state_at step start j))) (dval E K), snd (state_at step start (dval E K)))
  | Capture g h f _ => let a := summ E sh B F f in let b := summ E sh B F h in
      (s_captured g (Summary.cS (fst a) g (the B)) (fst a) (fst b), snd a)
  | Close gs f _ => let a := summ E sh B F f in (s_closed gs (fst a), snd a)
  end.

(** ** What has to hold for the summary to be valid *)
Variable ng : nat.
Variable gd : nat -> nat * nat.
Definition uses_ok E sh (l : layer) : Prop :=
  forall i g, nth_error (uses l) i = Some (Shared g) -> (g < ng)%nat /\ gd g = nth i (dims E sh l) (0, 0)%nat.
Definition wf_activation E (a : activation) : Prop :=
  match a with
  | ACELU s | ASiLU s | ASoftplus s => 0 < v E s
  | _ => True
  end /\
  match a with
  | ASELU => 0 <= fst (eselu E) /\ 1 <= snd (eselu E)
  | AGELU => normal_cdf E
  | ASiLU _ => 0 < epeak E /\ epeak E * (2 * sigmoid (epeak E) - 1) = 2
  | _ => True
  end.
Definition is_fixed (u : use) : Prop := match u with Fixed _ _ => True | _ => False end.
(** Gain and shift as one tensor: only where the gain acts on centred features, orthogonally to the shift. *)
Definition is_joint (a : affine) : Prop := match a with AJoint _ _ _ => True | _ => False end.
(** Captured tensors in scope: (group, entries, bound on the norm). *)
Definition captured := list (nat * nat * R).
Definition captured_ok (C : captured) (u : nat -> mat) : Prop :=
  Forall (fun c => let '(g, n, r) := c in nrm n (u g 0%nat) <= r) C.
Definition wf_layer E (C : captured) sh (l : layer) (B F : option R) : Prop :=
  uses_ok E sh l /\
  match l with
  | Outside g out b => exists r, In (g, len E out, r) C /\ r <= v E b
  | Act a => wf_activation E a
  | Normalize p c d f e a =>
      0 < match f with Some f => v E f * v E f + v E e | None => v E e end /\
      (1 <= dval E (samples sh))%nat /\ (1 <= dval E (positions sh))%nat /\ (1 <= dval E (features sh))%nat /\
      match p with PGroup k => exists w, dval E (features sh) = (dval E k * w)%nat | _ => True end /\
      match d with Unbiased => (2 <= gsize E sh p)%nat | _ => True end /\
      (is_joint a -> c = true /\ (p = PSampleChannel \/ p = PChannel))
  | Affine a | Squash a => ~ is_joint a
  | Standardize m s e => 0 < v E (tb s) + v E e /\ is_fixed (tu m) /\ is_fixed (tu s)
  | MaxMin => exists q, dval E (features sh) = (q * 2)%nat
  | SquaredReLU => sup_in B F <> None
  | Assumed k out ts _ _ _ =>
      sat (len E sh) (len E out) punit (lspace (dims E sh l)) (fun x _ t => eadm E k x t) (fun x _ t => elayer E k x t)
        (let c := core E sh l 0 in {| sL := cL c; sb := cb c; sG := cG c; sq2 := 0; sq1 := 0; sq0 := 0;
           sl1 := fun i => fst (nth i (cS c) (0, 0)); sl0 := fun i => snd (nth i (cS c) (0, 0)) |})
  | _ => True
  end.
(** Group g does not occur: neither read nor closed. *)
Fixpoint absent {A} (g : nat) (f : net A) : Prop :=
  match f with
  | Skip _ | Ball _ _ => True
  | Leaf l _ => ~ In (Shared g) (uses l)
  | Series f h _ | Sum f h _ | Concat f h _ | Parallel _ _ f h _ | Product f h _ => absent g f /\ absent g h
  | Scale _ _ f _ | Rep _ _ f _ => absent g f
  | Capture k h f _ => k <> g /\ absent g h /\ absent g f
  | Close gs f _ => ~ In g gs /\ absent g f
  end.
Fixpoint wf {A} E (C : captured) sh (B F : option R) (f : net A) : Prop :=
  match f with
  | Skip _ | Ball _ _ => True
  | Leaf l _ => wf_layer E C sh l B F
  | Series f g _ => let a := summ E sh B F f in
      wf E C sh B F f /\ wf E C (oshape sh f) (out_radius (fst a) B) (snd a) g
  | Sum f g _ => wf E C sh B F f /\ wf E C sh B F g /\ len E (oshape sh g) = len E (oshape sh f)
  | Product f g _ => wf E C sh B F f /\ wf E C sh B F g /\ len E (oshape sh g) = len E (oshape sh f)
      /\ sup_or_radius (summ E sh B F f) B <> None /\ sup_or_radius (summ E sh B F g) B <> None
  | Concat f g _ => wf E C sh B F f /\ wf E C sh B F g /\ rows E (oshape sh g) = rows E (oshape sh f)
  | Parallel d1 d2 f g _ => wf E C (with_features sh d1) B F f /\ wf E C (with_features sh d2) B F g
      /\ dval E (features sh) = (dval E d1 + dval E d2)%nat
      /\ rows E (oshape (with_features sh d2) g) = rows E (oshape (with_features sh d1) f)
  | Scale _ _ f _ => wf E C sh B F f
  | Rep K i f _ =>
      let step j st := summ (set_index E i (S j)) sh (fst st) (sup_in (fst st) (snd st)) f in
      (forall j, (j < dval E K)%nat -> let st := state_at step (B, sup_in B F) j in
         wf (set_index E i (S j)) C sh (fst st) (sup_in (fst st) (snd st)) f /\ len (set_index E i (S j)) sh = len E sh
         /\ len (set_index E i (S j)) (oshape sh f) = len E sh)
  | Capture g h f _ => let r := sb (fst (summ E sh B F h)) + sG (fst (summ E sh B F h)) * the B in
      wf E C sh B F h /\ wf E ((g, len E (oshape sh h), r) :: C) sh B F f /\ absent g h /\ (g < ng)%nat
      /\ ~ In g (map (fun c => fst (fst c)) C) /\ gd g = (1%nat, len E (oshape sh h)) /\ B <> None
  | Close gs f _ => wf E C sh B F f /\ NoDup gs /\ Forall (fun g => (g < ng)%nat /\ ~ In g (map (fun c => fst (fst c)) C)) gs
  end.
End Summaries.
