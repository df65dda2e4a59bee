(** Checking the claims of an annotated network: every block states the coefficients of its summary as terms; the
    checker compares them with what the calculus builds from those of the parts, and decides well-formedness. *)
From Coq Require Import Reals Lra Lia List PeanoNat BinPos NArith ZArith Bool FMapPositive.
From Normbound Require Import Vec DD Lips Summary Repeat SmoothActs MeanValue Networks Summaries Terms.
Import ListNotations.
Open Scope R_scope.

(** ** Annotations: what a block claims. [b, G] and [q2, q1, q0, shared] may be left out; shared groups not listed have 0. *)
Record claim := Claim { kL : positive; kaff : option (positive * positive); kq : option (positive * positive * positive);
  ks : list (nat * positive * positive); ksup : option positive }.
(** [under]: of a Normalize or Standardize leaf, the number of the term whose root divides (sigma^2 + eps, eps, var + eps). *)
Record ann := Ann { claimed : option claim; under : positive }.

(** ** Dimensions *)
(** Equal after folding of literals, up to the order of sums and products. *)
Fixpoint deq (a b : dim) : bool :=
  match a, b with
  | DNum x, DNum y => N.eqb x y
  | DSym x, DSym y => Pos.eqb x y
  | DAdd a c, DAdd b d => (deq a b && deq c d) || (deq a d && deq c b)
  | DMul a c, DMul b d => (deq a b && deq c d) || (deq a d && deq c b)
  | DSub a c, DSub b d | DDiv a c, DDiv b d => deq a b && deq c d
  | _, _ => false
  end.
Definition same (a b : dim) : bool := deq (dsimp a) (dsimp b).
(** The symbol x does not occur. *)
Fixpoint dfree (x : sym) (d : dim) : bool :=
  match d with
  | DNum _ => true | DSym y => negb (Pos.eqb y x)
  | DAdd a b | DMul a b | DSub a b | DDiv a b => dfree x a && dfree x b
  end.
Definition drows (sh : shape) : dim := DMul (samples sh) (positions sh).
Definition dlen (sh : shape) : dim := DMul (drows sh) (features sh).
Definition same_rows (a b : shape) : bool :=
  (same (samples a) (samples b) && same (positions a) (positions b)) || same (drows a) (drows b).
Definition same_shape (a b : shape) : bool := same_rows a b && same (features a) (features b).
Definition shape_free (x : sym) (sh : shape) : bool := dfree x (samples sh) && dfree x (positions sh) && dfree x (features sh).

(** ** Summaries whose coefficients are patterns *)
Definition zero : pat := PNum 0 1.
Definition one : pat := PNum 1 1.
Definition two : pat := PNum 2 1.
Inductive opat := Unknown | Absent | Known (p : pat).           (* an optional real: nothing known, None, Some *)
Definition shared := list (nat * (pat * pat)).                   (* groups not listed have (0, 0) *)
Record pq := { q2 : pat; q1 : pat; q0 : pat; qs : shared }.
Record psum := { pL : pat; pA : option (pat * pat); pQ : option pq }.

Fixpoint at_group (sh : shared) (g : nat) : pat * pat :=
  match sh with [] => (zero, zero) | (h, x) :: r => if Nat.eqb h g then x else at_group r g end.
Definition listed (sh : shared) (g : nat) : bool := existsb (fun x => Nat.eqb (fst x) g) sh.
Definition join (j : pat * pat -> pat * pat -> pat * pat) (a b : shared) : shared :=
  map (fun x => (fst x, j (snd x) (at_group b (fst x)))) a
  ++ map (fun y => (fst y, j (zero, zero) (snd y))) (filter (fun y => negb (listed a (fst y))) b).
Definition each (j : pat * pat -> pat * pat) (a : shared) : shared := map (fun x => (fst x, j (snd x))) a.
Definition plus2 (x y : pat * pat) : pat * pat := (PAdd (fst x) (fst y), PAdd (snd x) (snd y)).
Definition hyp2 (x y : pat * pat) : pat * pat := (PHyp (fst x) (fst y), PHyp (snd x) (snd y)).

(** The rules, in the order of operations of the Python code (contracts/rules.py). *)
Definition p_plain (L b G : pat) : psum := {| pL := L; pA := Some (b, G); pQ := Some {| q2 := zero; q1 := zero; q0 := zero; qs := [] |} |}.
Definition p_series (f g : psum) : psum :=
  let gL := pL g in
  {| pL := PMul (pL f) gL;
     pA := match pA f, pA g with Some (fb, fG), Some (gb, gG) => Some (PAdd gb (PMul gG fb), PMul gG fG) | _, _ => None end;
     pQ := match pA f, pQ f, pQ g with
       | Some (fb, fG), Some a, Some b => Some
         {| q2 := PAdd (PMul (PSq gL) (q2 a)) (PMul (q2 b) (PSq fG));
            q1 := PAdd (PMul (PSq gL) (q1 a)) (PAdd (PMul (q1 b) fG) (PMul (PMul (PMul two (q2 b)) fG) fb));
            q0 := PAdd (PMul (PSq gL) (q0 a)) (PAdd (PMul (q2 b) (PSq fb)) (PAdd (PMul (q1 b) fb) (q0 b)));
            qs := join (fun x y => (PAdd (PMul gL (fst x)) (PMul (fst y) fG),
                                    PAdd (PMul gL (snd x)) (PAdd (PMul (fst y) fb) (snd y)))) (qs a) (qs b) |}
       | _, _, _ => None end |}.
(** Two parts side by side: L, b, G, (q2, q1, q0), shared joined each by its own operation. *)
Definition p_join (oL ob oG oq : pat -> pat -> pat) (j : pat * pat -> pat * pat -> pat * pat) (f g : psum) : psum :=
  {| pL := oL (pL f) (pL g);
     pA := match pA f, pA g with Some (fb, fG), Some (gb, gG) => Some (ob fb gb, oG fG gG) | _, _ => None end;
     pQ := match pQ f, pQ g with
       | Some a, Some b => Some {| q2 := oq (q2 a) (q2 b); q1 := oq (q1 a) (q1 b); q0 := oq (q0 a) (q0 b); qs := join j (qs a) (qs b) |}
       | _, _ => None end |}.
Definition p_sum := p_join PAdd PAdd PAdd PAdd plus2.
Definition p_concat := p_join PHyp PHyp PHyp PMax hyp2.
Definition p_parallel := p_join PMax PHyp PMax PMax hyp2.
Definition p_scale (c : pat) (f : psum) : psum :=
  {| pL := PMul c (pL f); pA := match pA f with Some (b, G) => Some (PMul c b, PMul c G) | None => None end;
     pQ := match pQ f with
       | Some a => Some {| q2 := PMul (PSq c) (q2 a); q1 := PMul (PSq c) (q1 a); q0 := PMul (PSq c) (q0 a);
                           qs := each (fun x => (PMul c (fst x), PMul c (snd x))) (qs a) |}
       | None => None end |}.
Definition p_product (F G : pat) (f g : psum) : psum :=
  {| pL := PAdd (PMul F (pL g)) (PMul G (pL f));
     pA := match pA g with Some (b, H) => Some (PMul F b, PMul F H) | None => None end;
     pQ := match pQ f, pQ g with
       | Some a, Some b => let o x y := PAdd (PMul (PSq F) y) (PMul (PSq G) x) in
         Some {| q2 := o (q2 a) (q2 b); q1 := o (q1 a) (q1 b); q0 := o (q0 a) (q0 b);
                 qs := join (fun x y => (PAdd (PMul G (fst x)) (PMul F (fst y)), PAdd (PMul G (snd x)) (PMul F (snd y)))) (qs a) (qs b) |}
       | _, _ => None end |}.
(** K equal iterations (calculus/repeat.py, _closed and _tied). *)
Definition p_repeat (K : dim) (s : psum) : psum :=
  let L := pL s in let l := PSq L in
  {| pL := PDD K [L];
     pA := match pA s with Some (b, G) => Some (PMul b (PDD K [G; one]), PDD K [G]) | None => None end;
     pQ := match pA s, pQ s with
       | Some (b, G), Some a => let G2 := PSq G in Some
         {| q2 := PMul (q2 a) (PDD K [l; G2]);
            q1 := PAdd (PMul (PMul (PMul (PMul two (q2 a)) G) b) (PDD K [l; G2; G])) (PMul (q1 a) (PDD K [l; G]));
            q0 := PAdd (PAdd (PMul (PMul (q2 a) (PSq b)) (PAdd (PDD K [l; G2; one]) (PMul (PMul two G) (PDD K [l; G2; G; one]))))
                             (PMul (PMul (q1 a) b) (PDD K [l; G; one]))) (PMul (q0 a) (PDD K [l; one]));
            qs := each (fun x => (PMul (fst x) (PDD K [L; G]),
                                  PAdd (PMul (PMul (fst x) b) (PDD K [L; G; one])) (PMul (snd x) (PDD K [L; one])))) (qs a) |}
       | _, _ => None end |}.
(** calculus/repeat.py, release; B: the radius of the input. *)
Definition p_captured (g : nat) (B : pat) (f h : psum) : option psum :=
  match pQ f with
  | None => None
  | Some a => let c := PAdd (PMul (fst (at_group (qs a) g)) B) (snd (at_group (qs a) g)) in Some
    {| pL := PAdd (pL f) (PMul c (pL h)); pA := pA f;
       pQ := match pQ h with
         | None => None
         | Some b => let o x y := PAdd x (PMul (PSq c) y) in Some
           {| q2 := o (q2 a) (q2 b); q1 := o (q1 a) (q1 b); q0 := o (q0 a) (q0 b);
              qs := join plus2 (filter (fun x => negb (Nat.eqb (fst x) g)) (qs a))
                               (each (fun y => (PMul c (fst y), PMul c (snd y))) (qs b)) |} end |}
  end.
(** calculus/repeat.py, close_groups, the groups in the order of [gs]. *)
Definition p_closed (gs : list nat) (f : psum) : psum :=
  {| pL := pL f; pA := pA f;
     pQ := match pQ f with
       | None => None
       | Some a => let x g := at_group (qs a) g in Some
         {| q2 := fold_left (fun acc g => PAdd acc (PSq (fst (x g)))) gs (q2 a);
            q1 := fold_left (fun acc g => PAdd acc (PMul (PMul two (fst (x g))) (snd (x g)))) gs (q1 a);
            q0 := fold_left (fun acc g => PAdd acc (PSq (snd (x g)))) gs (q0 a);
            qs := filter (fun y => negb (existsb (Nat.eqb (fst y)) gs)) (qs a) |} end |}.

(** ** Layers *)
Definition p_rroot (sh : shape) : pat := PSqrt (PDim (drows sh)).
Definition p_act_lip (a : activation) : pat :=
  match a with
  | ALeaky s | AELU s => PMax one (PId s)
  | ASELU => PConst CSelu | AGELU => PConst CGelu | ASiLU _ => PConst CSilu
  | ASigmoid => PNum 1 4 | AHardSigmoid => PNum 1 6 | AHardSwish => PNum 3 2 | ASin w => PId w
  | _ => one
  end.
Definition p_act_growth (a : activation) : pat :=
  match a with
  | ALeaky s | AELU s => PMax one (PId s)
  | ASELU => PConst CSelu
  | ASigmoid => PNum 1 4 | AHardSigmoid => PNum 1 6 | ASin w => PId w
  | _ => one
  end.
Definition p_act_offset (a : activation) : pat :=
  match a with
  | ASigmoid | AHardSigmoid => PNum 1 2 | ASoftplus b => PMul (PConst CLog2) (PInv (PId b)) | ALogSigmoid => PConst CLog2
  | _ => zero
  end.
(** Entries in one group: as a dimension, and as the quotient that Python writes. *)
Definition dsize (sh : shape) (p : partition) : dim :=
  match p with
  | PRow => features sh | PSampleChannel => positions sh | PChannel => drows sh
  | PGroup k => DMul (positions sh) (DDiv (features sh) k)
  end.
Definition p_size (sh : shape) (p : partition) : pat :=
  match p with PGroup k => PMul (PDim (positions sh)) (PQuot (features sh) k) | _ => PDim (dsize sh p) end.
Definition dcount (sh : shape) (p : partition) : dim :=
  match p with
  | PRow => drows sh | PSampleChannel => DMul (samples sh) (features sh) | PChannel => features sh | PGroup k => DMul (samples sh) k
  end.
Definition p_divisor sh p (d : variance) : pat :=
  match d with Biased => p_size sh p | Unbiased => PDim (DSub (dsize sh p) (DNum 1)) | Plain => one end.
Definition p_entry sh p (c : bool) (d : variance) : pat :=
  let rest := PDim (DSub (dsize sh p) (DNum 1)) in
  if c then match d with Biased => PSqrt rest | _ => PSqrt (PMul (PMul (p_divisor sh p d) rest) (PInv (p_size sh p))) end
  else PSqrt (p_divisor sh p d).
Definition p_gain_sens sh p c d : pat :=
  match p with
  | PRow => PMul (p_rroot sh) (p_entry sh p c d)
  | PChannel => PSqrt (p_divisor sh p d)
  | _ => PSqrt (PMul (PDim (samples sh)) (p_divisor sh p d))
  end.
Definition p_range2 sh p (d : variance) : pat :=
  match d with Biased => PMul (PDim (drows sh)) (PDim (features sh)) | _ => PMul (PDim (dcount sh p)) (p_divisor sh p d) end.

Record ppromise := { wL : pat; wb : pat; wG : pat; wS : list (pat * pat) }.
Definition w_plain L b G : ppromise := {| wL := L; wb := b; wG := G; wS := [] |}.
Definition p_affine sh (a : affine) (g1 g0 : pat) : ppromise :=
  let gain := match gain_bound a with Some g => PId g | None => one end in
  let r := p_rroot sh in
  {| wL := gain; wb := match shift_bound a with Some b => PMul r (PId b) | None => zero end; wG := gain;
     wS := match a with ANone => [] | AGain _ => [(g1, g0)] | AShift _ => [(zero, r)]
           | ABoth _ _ => [(g1, g0); (zero, r)] | AJoint _ _ _ => [(zero, r)] end |}.
(** [u]: the number of the term below the root of a normalizer; [F]: the largest entry of the input. *)
Definition p_core sh (l : layer) (u : positive) (F : pat) : ppromise :=
  let r := p_rroot sh in
  match l with
  | Linear _ w b _ => let s := PId (tb w) in
      {| wL := s; wb := match b with Some b => PMul r (PId (tb b)) | None => zero end; wG := s;
         wS := (one, zero) :: match b with Some _ => [(zero, r)] | None => [] end |}
  | Act a => w_plain (p_act_lip a) (PMul r (PMul (p_act_offset a) (PSqrt (PDim (features sh))))) (p_act_growth a)
  | Scaling a => w_plain (PId a) zero (PId a)
  | LearnedScale t => {| wL := PId (tb t); wb := zero; wG := PId (tb t); wS := [(one, zero)] |}
  | Normalize p _ d _ _ _ => w_plain (PInvSqrt (PId u)) (PSqrt (p_range2 sh p d)) zero
  | Standardize m _ _ => let s := PInvSqrt (PId u) in
      {| wL := s; wb := PMul r (PMul s (PId (tb m))); wG := s; wS := [(zero, zero); (zero, zero)] |}
  | Affine a => p_affine sh a one zero
  | Squash _ => w_plain one (PMul r (PSqrt (PDim (features sh)))) zero
  | PReLU t => let m := PMax one (PId (tb t)) in {| wL := m; wb := zero; wG := m; wS := [(one, zero)] |}
  | SquaredReLU => w_plain (PMul two F) zero F
  | Outside _ _ b => {| wL := zero; wb := PId b; wG := zero; wS := [(zero, one)] |}
  | Assumed _ _ ts L b G => {| wL := PId L; wb := PId b; wG := PId G;
      wS := map (fun x => let '(_, _, _, l1, l0) := x in (PId l1, PId l0)) ts |}
  | Identity | MaxMin | CReLU => w_plain one zero one
  end.
Definition p_second sh (l : layer) : option ppromise :=
  match l with
  | Normalize _ _ _ _ _ ANone | Squash ANone => None
  | Normalize p c d _ _ a => Some (p_affine sh a zero (p_gain_sens sh p c d))
  | Squash a => Some (p_affine sh a zero (p_rroot sh))
  | _ => None
  end.
Fixpoint p_once (f : pat * pat -> pat) (us : list use) (se : list (pat * pat)) (acc : pat) : pat :=
  match us, se with
  | Once :: us, x :: se => p_once f us se (PAdd acc (f x))
  | _ :: us, _ :: se => p_once f us se acc
  | _, _ => acc
  end.
Fixpoint p_uses (us : list use) (se : list (pat * pat)) (acc : shared) : shared :=
  match us, se with
  | Shared h :: us, x :: se => p_uses us se (join plus2 acc [(h, x)])
  | _ :: us, _ :: se => p_uses us se acc
  | _, _ => acc
  end.
Definition p_promise (us : list use) (c : ppromise) : psum :=
  {| pL := wL c; pA := Some (wb c, wG c); pQ := Some
     {| q2 := p_once (fun x => PSq (fst x)) us (wS c) zero;
        q1 := p_once (fun x => PMul (PMul two (fst x)) (snd x)) us (wS c) zero;
        q0 := p_once (fun x => PSq (snd x)) us (wS c) zero;
        qs := p_uses us (wS c) [] |} |}.

(** *** Largest entries *)
Definition o_in (B F : opat) : opat := match F with Absent => B | _ => F end.
Definition o_map (f : pat -> pat) (x : opat) : opat := match x with Known p => Known (f p) | _ => x end.
Definition o_join (f : pat -> pat -> pat) (x y : opat) : opat :=
  match x, y with Known a, Known b => Known (f a b) | Absent, _ | _, Absent => Absent | _, _ => Unknown end.
Definition p_sup_affine (a : affine) (F : pat) : pat :=
  let y := match gain_bound a with Some g => PMul (PId g) F | None => F end in
  match shift_bound a with Some b => PAdd y (PId b) | None => y end.
Definition p_act_sup (a : activation) : option pat :=
  match a with
  | AReLU6 => Some (PNum 6 1) | AHardTanh | ASigmoid | ATanh | AHardSigmoid | ASoftsign | ASin _ => Some one
  | _ => None
  end.
(** [u]: as in [p_core]. *)
Definition p_sup sh (l : layer) (u : positive) (B F : opat) : opat :=
  match l with
  | Linear _ w b r => o_map (fun B => let y := PMul (PId (match r with Some r => r | None => tb w end)) B in
      match b with Some b => PAdd y (PId (tb b)) | None => y end) B
  | Act a => match o_in B F with
      | Unknown => Unknown
      | Absent => match p_act_sup a with Some M => Known M | None => Absent end
      | Known F => let y := PAdd (p_act_offset a) (PMul (p_act_growth a) F) in
          Known (match p_act_sup a with Some M => PMin M y | None => y end) end
  | Scaling a => o_map (PMul (PId a)) (o_in B F)
  | LearnedScale t => o_map (PMul (PId (tb t))) (o_in B F)
  | Identity => o_in B F
  | Normalize p c d _ _ a => Known (p_sup_affine a (p_entry sh p c d))
  | Squash a => Known (p_sup_affine a one)
  | SquaredReLU => o_map PSq (o_in B F)
  | PReLU t => o_map (PMul (PMax one (PId (tb t)))) (o_in B F)
  | MaxMin | CReLU => o_in B F
  | Standardize m _ _ => o_map (fun F => PMul (PInvSqrt (PId u)) (PAdd F (PId (tb m)))) (o_in B F)
  | Affine a => o_map (p_sup_affine a) (o_in B F)
  | Outside _ _ _ | Assumed _ _ _ _ _ _ => Absent
  end.
Definition p_radius (s : psum) (B : opat) : opat :=
  match B with
  | Absent => Absent
  | Known r => match pA s with Some (b, G) => Known (PAdd b (PMul G r)) | None => Unknown end
  | Unknown => Unknown
  end.

(** *** Tensors *)
Definition pdims (sh : shape) (l : layer) : list (dim * dim) :=
  let row d := (DNum 1, d) in
  let aff a := match a with ANone => [] | AGain _ | AShift _ => [row (features sh)]
    | ABoth _ _ => [row (features sh); row (features sh)] | AJoint _ _ _ => [(DNum 2, features sh)] end in
  match l with
  | Linear out _ b _ => (out, features sh) :: match b with Some _ => [row out] | None => [] end
  | LearnedScale _ | PReLU _ => [row (DNum 1)]
  | Normalize _ _ _ _ _ a | Affine a | Squash a => aff a
  | Standardize _ _ _ => [row (features sh); row (features sh)]
  | Outside _ out _ => [row (dlen out)]
  | Assumed _ _ ts _ _ _ => map (fun x => let '(a, b, _, _, _) := x in (a, b)) ts
  | _ => []
  end.
Fixpoint absentb {A} (g : nat) (f : net A) : bool :=
  match f with
  | Skip _ | Ball _ _ => true
  | Leaf l _ => negb (existsb (fun u => match u with Shared h => Nat.eqb h g | _ => false end) (uses l))
  | Series f h _ | Sum f h _ | Concat f h _ | Parallel _ _ f h _ | Product f h _ => absentb g f && absentb g h
  | Scale _ _ f _ | Rep _ _ f _ => absentb g f
  | Capture k h f _ => negb (Nat.eqb k g) && absentb g h && absentb g f
  | Close gs f _ => negb (existsb (Nat.eqb g) gs) && absentb g f
  end.
Fixpoint nodup (gs : list nat) : bool := match gs with [] => true | g :: r => negb (existsb (Nat.eqb g) r) && nodup r end.

(** What is known of the input of a block: bound on its norm, on its largest entry; the captured tensors in scope. *)
Record context := { cB : opat; cF : opat; cC : list (nat * shape * pat) }.
(** A checked block: its summary (in two steps for a leaf with an affine part), the largest entry, the output shape. *)
(** [r_exact] = false: the coefficients are right at the radius of the input of the block only (recurrences). *)
Record result := { r_core : psum; r_aff : option psum; r_sup : opat; r_shape : shape; r_exact : bool }.
Definition flat (r : result) : psum := match r_aff r with None => r_core r | Some a => p_series (r_core r) a end.
Definition block (p : psum) (s : opat) (sh : shape) (x : bool) : result :=
  {| r_core := p; r_aff := None; r_sup := s; r_shape := sh; r_exact := x |}.
Definition psum_of (c : claim) : psum :=
  {| pL := PId (kL c); pA := match kaff c with Some (b, G) => Some (PId b, PId G) | None => None end;
     pQ := match kq c with
       | Some (a, b, d) => Some {| q2 := PId a; q1 := PId b; q0 := PId d;
                                   qs := map (fun x => let '(g, l1, l0) := x in (g, (PId l1, PId l0))) (ks c) |}
       | None => None end |}.

Section Check.
(** The decisions about terms and facts (Terms.v). *)
Variable mt : positive -> pat -> bool.               (* the term is this expression *)
Variable pos : positive -> bool.                      (* the term is positive *)
Variable lower : dim -> BinNums.N.                    (* a lower bound *)
Variable divides : dim -> dim -> bool.                (* the first is a multiple of the second *)
Variables gelu silu selu : bool.                      (* the constants are what they are called *)
Variable isindex : sym -> bool.                       (* index symbols of families *)
Variable free : sym -> positive -> bool.              (* the index symbol does not occur free in the term *)
Variable assumed : shape -> layer -> bool.             (* the contract of the layer is a hypothesis *)
Variable groups : list (dim * dim).                    (* dimensions of the shared groups *)
Variable look : positive -> option node.               (* the node of a term *)
Variable isstate : sym -> bool.                        (* symbols of radii in recurrences *)
Variable rfree : sym -> positive -> bool.              (* the real symbol does not occur free in the term *)
Variable real_of : sym -> option positive.             (* a term that is this real symbol *)

Fixpoint low (d : dim) : BinNums.N :=
  N.max (lower d) (match d with DNum n => n | DAdd a b => low a + low b | DMul a b => low a * low b | _ => 0 end)%N.
Definition least (n : BinNums.N) (d : dim) : bool := N.leb n (low d).
Fixpoint multiple (a k : dim) : bool :=
  divides a k || same a k ||
  match a with
  | DNum n => match k with DNum m => negb (N.eqb m 0) && N.eqb (N.modulo n m) 0 | _ => false end
  | DMul a b => multiple a k || multiple b k
  | DAdd a b => multiple a k && multiple b k
  | _ => false
  end.
Fixpoint pfree (x : sym) (p : pat) : bool :=
  match p with
  | PId i => free x i | PNum _ _ => true | PDim d => dfree x d | PConst _ => true | PQuot a b => dfree x a && dfree x b
  | PAdd a b | PMul a b | PMax a b | PMin a b | PHyp a b => pfree x a && pfree x b
  | PSq a | PSqrt a | PInvSqrt a | PInv a => pfree x a
  | PDD k l => dfree x k && forallb (pfree x) l
  end.
Definition ofree (x : sym) (p : opat) : bool := match p with Known p => pfree x p | _ => true end.
Definition sfree (x : sym) (s : psum) : bool :=
  pfree x (pL s) && match pA s with Some (b, G) => pfree x b && pfree x G | None => true end &&
  match pQ s with
  | Some a => pfree x (q2 a) && pfree x (q1 a) && pfree x (q0 a) && forallb (fun y => pfree x (fst (snd y)) && pfree x (snd (snd y))) (qs a)
  | None => true end.

(** *** Claims *)
Definition claims_ok (c : claim) (p : psum) : bool :=
  mt (kL c) (pL p) &&
  match kaff c with
  | None => true
  | Some (b, G) => match pA p with Some (b', G') => mt b b' && mt G G' | None => false end
  end &&
  match kq c with
  | None => true
  | Some (a, b, d) => match pQ p with
    | None => false
    | Some q => mt a (q2 q) && mt b (q1 q) && mt d (q0 q)
        && forallb (fun x => let '(g, l1, l0) := x in mt l1 (fst (at_group (qs q) g)) && mt l0 (snd (at_group (qs q) g))) (ks c)
        && forallb (fun y => existsb (fun x => Nat.eqb (fst (fst x)) (fst y)) (ks c)) (qs q)
    end
  end.
(** A block without a claim keeps the expressions made from its parts. *)
Definition settle (c : option claim) (r : result) : option result :=
  match c with
  | None => Some r
  | Some c =>
    if claims_ok c (flat r) then
      match ksup c, r_sup r with
      | None, s => Some (block (psum_of c) s (r_shape r) (r_exact r))
      | Some i, Known p => if mt i p then Some (block (psum_of c) (Known (PId i)) (r_shape r) (r_exact r)) else None
      | Some _, s => Some (block (psum_of c) s (r_shape r) (r_exact r))                    (* not confirmed, so not used *)
      end
    else None
  end.

(** *** Well-formedness of a layer *)
Definition tensors_ok (us : list use) (ds : list (dim * dim)) : bool :=
  forallb (fun x => match fst x with
    | Shared g => match nth_error groups g with Some (a, b) => same a (fst (snd x)) && same b (snd (snd x)) | None => false end
    | _ => true end) (combine us ds) && Nat.leb (length us) (length ds).
Definition activation_ok (a : activation) : bool :=
  match a with ACELU s | ASoftplus s => pos s | ASiLU s => pos s && silu | ASELU => selu | AGELU => gelu | _ => true end.
Definition fixed (u : use) : bool := match u with Fixed _ _ => true | _ => false end.
Definition joint (a : affine) : bool := match a with AJoint _ _ _ => true | _ => false end.
Definition layer_ok (c : context) (sh : shape) (l : layer) (u : positive) : bool :=
  tensors_ok (uses l) (pdims sh l) &&
  match l with
  | Outside g out b => existsb (fun x => let '(h, s, r) := x in Nat.eqb h g && same (dlen s) (dlen out) && mt b r) (cC c)
  | Act a => activation_ok a
  | Normalize p c d f e a =>
      pos u && mt u (match f with Some f => PAdd (PSq (PId f)) (PId e) | None => PId e end)
      && least 1 (samples sh) && least 1 (positions sh) && least 1 (features sh)
      && match p with PGroup k => multiple (features sh) k | _ => true end
      && match d with Unbiased => least 2 (dsize sh p)
           || match p with PGroup k => least 1 (positions sh) && least 1 k && least 2 (DDiv (features sh) k) | _ => false end
         | _ => true end
      && (negb (joint a) || (c && match p with PSampleChannel | PChannel => true | _ => false end))
  | Affine a | Squash a => negb (joint a)
  | Standardize m s e => pos u && mt u (PAdd (PId (tb s)) (PId e)) && fixed (tu m) && fixed (tu s)
  | MaxMin => multiple (features sh) (DNum 2)
  | SquaredReLU => match o_in (cB c) (cF c) with Known _ => true | _ => false end
  | Assumed _ _ _ _ _ _ => assumed sh l
  | _ => true
  end.
Definition o_the (x : opat) : pat := match x with Known p => p | _ => zero end.
Definition leaf (c : context) (sh : shape) (l : layer) (u : positive) : option result :=
  if layer_ok c sh l u then
    let F := o_the (o_in (cB c) (cF c)) in
    Some match p_second sh l with
    | None => {| r_core := p_promise (uses l) (p_core sh l u F); r_aff := None;
                 r_sup := p_sup sh l u (cB c) (cF c); r_shape := lshape sh l; r_exact := true |}
    | Some a => {| r_core := p_promise [] (p_core sh l u F); r_aff := Some (p_promise (uses l) a);
                   r_sup := p_sup sh l u (cB c) (cF c); r_shape := lshape sh l; r_exact := true |}
    end
  else None.
(** Nothing is known of the tensor that enters an iteration. *)
Definition inside (c : context) : context := {| cB := Unknown; cF := Unknown; cC := cC c |}.
Definition index_ok (c : context) (sh : shape) (i : option sym) (r : result) : bool :=
  match i with
  | None => true
  | Some x => isindex x && shape_free x sh && sfree x (flat r) && ofree x (r_sup r)
      && forallb (fun p => dfree x (fst p) && dfree x (snd p)) groups
      && forallb (fun y => shape_free x (snd (fst y)) && pfree x (snd y)) (cC c)
  end.
(** *** Recurrences (calculus/repeat.py, _recurrence): [under] of the annotation of a Rep whose coefficients depend on the
    index or on the radius is the number of the symbol that stands for the radius at the start of an iteration. *)
Definition layer_ids (l : layer) : list positive :=
  let aff a := match a with
    | ANone => [] | AGain g => [tb g] | AShift b => [tb b] | ABoth g b => [tb g; tb b] | AJoint g b _ => [g; b] end in
  match l with
  | Linear _ w b r => tb w :: match b with Some b => [tb b] | None => [] end ++ match r with Some r => [r] | None => [] end
  | Act a => match a with ALeaky s | AELU s | ACELU s | ASiLU s | ASoftplus s | ASin s => [s] | _ => [] end
  | Scaling a => [a]
  | LearnedScale t | PReLU t => [tb t]
  | Normalize _ _ _ f e a => match f with Some f => [f] | None => [] end ++ e :: aff a
  | Standardize m s e => [tb m; tb s; e]
  | Affine a | Squash a => aff a
  | Outside _ _ b => [b]
  | Identity | MaxMin | CReLU | SquaredReLU => []
  | Assumed _ _ ts L b G => L :: b :: G :: flat_map (fun x => let '(_, _, _, l1, l0) := x in [l1; l0]) ts
  end.
(** All terms in a network satisfy p. *)
Fixpoint netall {A} (p : positive -> bool) (f : net A) : bool :=
  match f with
  | Skip _ => true
  | Ball r _ => p r
  | Leaf l _ => forallb p (layer_ids l)
  | Series f g _ | Sum f g _ | Concat f g _ | Parallel _ _ f g _ | Product f g _ | Capture _ g f _ => netall p f && netall p g
  | Scale _ k f _ => p k && netall p f
  | Rep _ _ f _ | Close _ f _ => netall p f
  end.
(** The real symbol x does not occur. *)
Fixpoint pclear (x : sym) (p : pat) : bool :=
  match p with
  | PId i => rfree x i | PNum _ _ | PDim _ | PConst _ | PQuot _ _ => true
  | PAdd a b | PMul a b | PMax a b | PMin a b | PHyp a b => pclear x a && pclear x b
  | PSq a | PSqrt a | PInvSqrt a | PInv a => pclear x a
  | PDD _ l => forallb (pclear x) l
  end.
Definition zero_pat (p : pat) : bool := match p with PId i => mt i zero | PNum 0 _ => true | _ => false end.
(** The states that stand for the input of an iteration (its radius, its largest entry): symbol, first value, next value. *)
Definition states := list (sym * pat * pat).
Definition state_of (a : sym * pat * pat) : sym := fst (fst a).
Definition is_in (x : sym) (l : list sym) : bool := existsb (Pos.eqb x) l.
Definition indexed (i : option sym) (j : sym) (p : pat) : bool := match i with Some y => Pos.eqb y j | None => pfree j p end.
Definition constant (i : option sym) (A : states) (p : pat) : bool :=
  forallb (fun a => pclear (state_of a) p) A && match i with Some x => pfree x p | None => true end.
(** The states [xs] of a recursion are among A, start and go on as there, and use no state of A but those of the recursion. *)
Fixpoint chain_in (i : option sym) (j : sym) (own : list sym) (A : states) (xs : list sym) (ss ts : list positive) : bool :=
  match xs, ss, ts with
  | [], [], [] => true
  | x :: xs, s :: ss, t :: ts =>
      match find (fun a => Pos.eqb (state_of a) x) A with
      | Some (_, s', t') => mt s s' && mt t t' && forallb (fun a => is_in (state_of a) own || pclear (state_of a) t') A
          && indexed i j t' && chain_in i j own A xs ss ts
      | None => false end
  | _, _, _ => false
  end.
(** Term r is state x after K iterations. *)
Definition chain (i : option sym) (K : dim) (A : states) (x : sym) (r : positive) : bool :=
  match look r with
  | Some (TRec O k j (y :: xs) ss ts) => Pos.eqb x y && same k K && isindex j && chain_in i j (y :: xs) A (y :: xs) ss ts
  | _ => false
  end.
(** Term r is what [own <- step own] gives after K iterations from [start]; [parts]: what else [step] is made of. *)
Definition runs (i : option sym) (A : states) (K : dim) (parts : list pat) (start : pat) (step : pat -> pat) (r : positive) : bool :=
  match look r with
  | Some (TRec _ _ _ (own :: _) _ _) =>
    match real_of own with
    | Some o => match look o with Some (TReal y) => Pos.eqb y own | _ => false end
        && isstate own && negb (is_in own (map state_of A)) && forallb (pclear own) parts && forallb (fun a => pclear own (snd a)) A
        && chain i K ((own, start, step (PId o)) :: A) own r
    | None => false end
  | _ => false
  end.
Definition lip_runs (i : option sym) (A : states) (K : dim) (L : pat) (r : positive) : bool :=
  runs i A K [L] one (fun o => PMul L o) r
  || match look r, i with
     | Some (TProd j k a), Some x => Pos.eqb x j && same k K && mt a L && forallb (fun a => pclear (state_of a) L) A
     | _, _ => false end
  || (constant i A L && mt r (PDD K [L])).
(** The claims k of K iterations of a body with summary p; xB: the radius at the start of an iteration, B its term. *)
Definition recurrent (i : option sym) (A : states) (xB : sym) (bid : positive) (K : dim) (entry : pat) (p : psum) (k : claim) : bool :=
  let B := PId bid in let L := pL p in
  match pA p with
  | None => false
  | Some (b, G) =>
    lip_runs i A K L (kL k) &&
    match kaff k with
    | None => true
    | Some (kb, kG) => mt kG zero && (chain i K A xB kb
        || (constant i A b && constant i A G && mt kb (PAdd (PMul entry (PDD K [G])) (PMul b (PDD K [G; one])))))
    end &&
    match kq k with
    | None => true
    | Some (a2, a1, a0) => match pQ p with
      | None => false
      | Some q => mt a2 zero && mt a1 zero
          && ((zero_pat (q2 q) && zero_pat (q1 q) && zero_pat (q0 q) && mt a0 zero)
              || (zero_pat (q2 q) && zero_pat (q1 q) && runs i A K [L; q0 q] zero (fun o => PAdd (PMul (PSq L) o) (q0 q)) a0)
              || runs i A K [L; q2 q; q1 q; q0 q; B] zero
                   (fun o => PAdd (PMul (PSq L) o) (PAdd (PMul (q2 q) (PSq B)) (PAdd (PMul (q1 q) B) (q0 q)))) a0)
          && forallb (fun x => let '(g, l1, l0) := x in let c := at_group (qs q) g in mt l1 zero
              && ((zero_pat (fst c) && runs i A K [L; snd c] zero (fun o => PAdd (PMul L o) (snd c)) l0)
                  || runs i A K [L; fst c; snd c; B] zero
                       (fun o => PAdd (PMul L o) (PAdd (PMul (fst c) B) (snd c))) l0)) (ks k)
          && forallb (fun y => existsb (fun x => Nat.eqb (fst (fst x)) (fst y)) (ks k)) (qs q)
      end
    end
  end.
(** The state that stands for the largest entry at the start of an iteration: another one that the claimed recursions have. *)
Definition other_state (xB : sym) (first : bool) (r : positive) : option sym :=
  match look r with
  | Some (TRec _ _ _ xs _ _) => find (fun x => negb (Pos.eqb x xB)) (if first then xs else tl xs)
  | _ => None
  end.
Definition sup_state (xB : sym) (k : claim) : option (sym * positive) :=
  let l := match kaff k with Some (b, _) => [b] | None => [] end ++ kL k :: match kq k with Some (_, _, q) => [q] | None => [] end
    ++ map snd (ks k) in
  match fold_right (fun r acc => match other_state xB false r with Some x => Some x | None => acc end)
      (match ksup k with Some r => other_state xB true r | None => None end) l with
  | Some x => match real_of x with
      | Some f => match look f with Some (TReal y) => if Pos.eqb y x && isstate x then Some (x, f) else None | _ => None end
      | None => None end
  | None => None
  end.
Definition sup_known (F : option (sym * positive)) : opat := match F with Some (_, f) => Known (PId f) | None => Unknown end.
(** The states of the iterations; the largest entry goes on as the body says, or as its radius. *)
Definition states_of (xB : sym) (entry radius : pat) (F : option (sym * positive)) (start next : opat) : option states :=
  match F with
  | None => Some [(xB, entry, radius)]
  | Some (x, _) => if Pos.eqb x xB then None else match start, next with
      | Known s, Known t => Some [(xB, entry, radius); (x, s, t)]
      | Known s, Absent => Some [(xB, entry, radius); (x, s, radius)]
      | _, _ => None end
  end.
(** The largest entry after K iterations. *)
Definition sup_after (i : option sym) (A : states) (K : dim) (F : option (sym * positive)) (next : opat) (r : option positive) : opat :=
  match r, next with
  | Some r, Known q =>
      if match F with Some (x, _) => chain i K A x r | None => false end then Known (PId r)
      else if constant i A q && least 1 K && mt r q then Known (PId r) else Unknown
  | _, _ => Unknown
  end.
Definition captures (c : context) (g : nat) : bool := existsb (fun x => Nat.eqb (fst (fst x)) g) (cC c).
Definition closable (c : context) (g : nat) : bool := match nth_error groups g with Some _ => negb (captures c g) | None => false end.

Fixpoint check_block (c : context) (sh : shape) (f : net ann) : option result :=
  match f with
  | Skip a => settle (claimed a) (block (p_plain one zero one) (cF c) sh true)
  | Ball r a => settle (claimed a) (block (p_plain one (PId r) zero) (cF c) sh true)
  | Leaf l a => match leaf c sh l (under a) with Some r => settle (claimed a) r | None => None end
  | Series f g a =>
      match check_block c sh f with None => None | Some x => let p := flat x in
      match check_block {| cB := p_radius p (cB c); cF := r_sup x; cC := cC c |} (r_shape x) g with None => None | Some y =>
      let s := p_series p (r_core y) in
      settle (claimed a) (block (match r_aff y with None => s | Some z => p_series s z end) (r_sup y) (r_shape y) (r_exact x &&
        r_exact y)) end end
  | Sum f g a =>
      match check_block c sh f, check_block c sh g with
      | Some x, Some y => if same_shape (r_shape x) (r_shape y) then
          settle (claimed a) (block (p_sum (flat x) (flat y)) (o_join PAdd (r_sup x) (r_sup y)) (r_shape x) (r_exact x &&
            r_exact y)) else None
      | _, _ => None end
  | Concat f g a =>
      match check_block c sh f, check_block c sh g with
      | Some x, Some y => if same_rows (r_shape x) (r_shape y) && r_exact x && r_exact y then
          settle (claimed a) (block (p_concat (flat x) (flat y)) (o_join PMax (r_sup x) (r_sup y))
            (with_features (r_shape x) (DAdd (features (r_shape x)) (features (r_shape y)))) true) else None
      | _, _ => None end
  | Parallel d1 d2 f g a =>
      match check_block c (with_features sh d1) f, check_block c (with_features sh d2) g with
      | Some x, Some y => if same_rows (r_shape x) (r_shape y) && same (features sh) (DAdd d1 d2) && r_exact x && r_exact y then
          settle (claimed a) (block (p_parallel (flat x) (flat y)) (o_join PMax (r_sup x) (r_sup y))
            (with_features (r_shape x) (DAdd (features (r_shape x)) (features (r_shape y)))) true) else None
      | _, _ => None end
  | Scale _ k f a =>
      match check_block c sh f with
      | Some x => settle (claimed a) (block (p_scale (PId k) (flat x)) (o_map (PMul (PId k)) (r_sup x)) (r_shape x) (r_exact x))
      | None => None end
  | Product f g a =>
      match check_block c sh f, check_block c sh g with
      | Some x, Some y => if same_shape (r_shape x) (r_shape y) then
          match o_in (p_radius (flat x) (cB c)) (r_sup x), o_in (p_radius (flat y) (cB c)) (r_sup y) with
          | Known F, Known G => settle (claimed a) (block (p_product F G (flat x) (flat y)) (Known (PMul F G)) (r_shape x) (r_exact x &&
            r_exact y))
          | _, _ => None end else None
      | _, _ => None end
  | Rep K i f a =>
      let closed := match check_block (inside c) sh f with
        | Some x => if same_shape (r_shape x) sh && index_ok c sh i x && r_exact x then
            settle (claimed a) (block (p_repeat K (flat x)) (if least 1 K then r_sup x else Unknown) sh true) else None
        | None => None end in
      match closed, cB c, claimed a with
      | Some r, _, _ => Some r
      | None, Known entry, Some k =>
          match look (under a) with
          | Some (TReal xB) =>
              let F := sup_state xB k in
              match check_block {| cB := Known (PId (under a)); cF := sup_known F; cC := cC c |} sh f with
              | Some x =>
                  match pA (flat x) with None => None | Some (b, G) =>
                  match states_of xB entry (PAdd b (PMul G (PId (under a)))) F (o_in (cB c) (cF c)) (r_sup x) with None => None | Some A =>
                  if same_shape (r_shape x) sh && isstate xB && forallb (fun a => netall (rfree (state_of a)) f) A
                    && match i with Some y => isindex y && shape_free y sh
                         && forallb (fun p => dfree y (fst p) && dfree y (snd p)) groups
                         && forallb (fun z => shape_free y (snd (fst z)) && pfree y (snd z)) (cC c) | None => true end
                    && forallb (fun a => forallb (fun z => pclear (state_of a) (snd z)) (cC c)) A
                    && recurrent i A xB (under a) K entry (flat x) k
                  then Some (block (psum_of k) (sup_after i A K F (r_sup x) (ksup k)) sh false) else None end end
              | None => None end
          | _ => None end
      | _, _, _ => None end
  | Capture g h f a =>
      match check_block c sh h with None => None | Some y =>
      match p_radius (flat y) (cB c), cB c with
      | Known r, Known B =>
          match check_block {| cB := cB c; cF := cF c; cC := (g, r_shape y, r) :: cC c |} sh f with None => None | Some x =>
          match p_captured g B (flat x) (flat y), nth_error groups g with
          | Some p, Some (d1, d2) => if same d1 (DNum 1) && same d2 (dlen (r_shape y)) && absentb g h && negb (captures c g)
              then settle (claimed a) (block p (r_sup x) (r_shape x) (r_exact x && r_exact y)) else None
          | _, _ => None end end
      | _, _ => None end end
  | Close gs f a =>
      match check_block c sh f with
      | Some x => if nodup gs && forallb (closable c) gs then
          settle (claimed a) (block (p_closed gs (flat x)) (r_sup x) (r_shape x) (r_exact x)) else None
      | None => None end
  end.
End Check.

(** ** Layers whose contract is a hypothesis *)
Section Contracts.
Variable v : value.
(** An assumed layer keeps its promise: it meets the inequality of a summary with the numbers that it states. *)
Definition contract_met (E : env) (sh : shape) (l : layer) : Prop :=
  match l with
  | Assumed k out ts _ _ _ =>
      sat (len E sh) (len E out) punit (lspace (dims E sh l)) (fun x _ t => eadm E k x t) (fun x _ t => elayer E k x t)
        (let c := core v E sh l 0 in {| sL := cL c; sb := cb c; sG := cG c; sq2 := 0; sq1 := 0; sq0 := 0;
           sl1 := fun i => fst (nth i (Summaries.cS c) (0, 0)); sl0 := fun i => snd (nth i (Summaries.cS c) (0, 0)) |})
  | _ => True
  end.
End Contracts.
(** The assumed layers of a network, each with the shape of its input; none, for a network of layers that are proved. *)
Fixpoint assumed_layers {A} (sh : shape) (f : net A) (acc : list (shape * layer)) : list (shape * layer) :=
  match f with
  | Skip _ | Ball _ _ => acc
  | Leaf l _ => match l with Assumed _ _ _ _ _ _ => (sh, l) :: acc | _ => acc end
  | Series f g _ => assumed_layers sh f (assumed_layers (oshape sh f) g acc)
  | Sum f g _ | Concat f g _ | Product f g _ | Capture _ f g _ => assumed_layers sh f (assumed_layers sh g acc)
  | Parallel d1 d2 f g _ => assumed_layers (with_features sh d1) f (assumed_layers (with_features sh d2) g acc)
  | Scale _ _ f _ | Rep _ _ f _ | Close _ f _ => assumed_layers sh f acc
  end.
(** Whether this layer at this shape is among them: found by its number. *)
Definition use_eqb (a b : use) : bool :=
  match a, b with
  | Once, Once => true
  | Shared g, Shared h => Nat.eqb g h
  | Fixed k l, Fixed j r => Nat.eqb k j && (if list_eq_dec Pos.eq_dec l r then true else false)
  | _, _ => false
  end.
Definition shape_eqb (a b : shape) : bool :=
  dim_eqb (samples a) (samples b) && dim_eqb (positions a) (positions b) && dim_eqb (features a) (features b).
Fixpoint tensors_eqb (l r : list (dim * dim * use * bound * bound)) : bool :=
  match l, r with
  | [], [] => true
  | (a, b, u, p, q) :: l, (a', b', u', p', q') :: r =>
      dim_eqb a a' && dim_eqb b b' && use_eqb u u' && Pos.eqb p p' && Pos.eqb q q' && tensors_eqb l r
  | _, _ => false
  end.
Definition assumed_eqb (a b : layer) : bool :=
  match a, b with
  | Assumed k out ts L b G, Assumed k' out' ts' L' b' G' =>
      Nat.eqb k k' && shape_eqb out out' && tensors_eqb ts ts' && Pos.eqb L L' && Pos.eqb b b' && Pos.eqb G G'
  | _, _ => false
  end.
Definition number_of (l : layer) : positive := match l with Assumed k _ _ _ _ _ => Pos.of_succ_nat k | _ => 1%positive end.
Definition by_number (l : list (shape * layer)) : PositiveMap.t (shape * layer) :=
  fold_right (fun x m => PositiveMap.add (number_of (snd x)) x m) (PositiveMap.empty (shape * layer)) l.
Definition among (m : PositiveMap.t (shape * layer)) (sh : shape) (l : layer) : bool :=
  match PositiveMap.find (number_of l) m with
  | Some (sh', l') => shape_eqb sh sh' && assumed_eqb l l'
  | None => false
  end.

(** ** The checker of a certificate: nodes of the table (oldest first), facts, dimensions of the shared groups, the
    radius of the input (if it is bounded) and its shape. *)
Definition divides_in (l : list (dim * dim)) (a k : dim) : bool := existsb (fun x => same a (fst x) && same k (snd x)) l.
Fixpoint real_ids (l : list node) (i : positive) (m : PositiveMap.t positive) : PositiveMap.t positive :=
  match l with
  | [] => m
  | TReal x :: r => real_ids r (Pos.succ i) (PositiveMap.add x i m)
  | _ :: r => real_ids r (Pos.succ i) m
  end.
(** Coefficients that are right at the radius B of the input (all of them, if [r_exact]). *)
Definition check_table (l : list node) (F : facts) (gs : list (dim * dim)) (hyps : list (shape * layer)) : context -> shape -> net ann ->
  option result :=
  let m := map_of_list l in let H := by_number hyps in let M := free_map (f_index F) (f_state F) l in let R := real_ids l 1
    (PositiveMap.empty positive) in
  check_block (matches m F) (positive_term m F) (dim_least (f_least F)) (divides_in (f_divides F)) (f_gelu F) (f_silu F) (f_selu F)
    (fun x => existsb (Pos.eqb x) (f_index F)) (fun x i => negb (mentions_nat M x i)) (among H) gs
    (get m) (fun x => existsb (Pos.eqb x) (f_state F)) (fun x i => negb (mentions_real M x i)) (fun x => PositiveMap.find x R).
Definition check_network_at (l : list node) (F : facts) (gs : list (dim * dim)) (B : option positive) (sh : shape) (f : net ann) : option
  result :=
  check_table l F gs (assumed_layers sh f []) {| cB := match B with Some r => Known (PId r) | None => Absent end; cF := Absent;
    cC := [] |} sh f.
(** Coefficients that are right at every radius. *)
Definition check_network (l : list node) (F : facts) (gs : list (dim * dim)) (B : option positive) (sh : shape) (f : net ann) : option
  result :=
  match check_network_at l F gs B sh f with Some r => if r_exact r then Some r else None | None => None end.
(** Without recurrences. *)
Definition check mt pos lower divides gelu silu selu isindex free assumed groups : context -> shape -> net ann -> option result :=
  check_block mt pos lower divides gelu silu selu isindex free assumed groups (fun _ => None) (fun _ => false) (fun _ _ => false) (fun _
    => None).
