(** Networks as data and their meaning.

    A network is a value of the type [net]: layers with symbolic bounds, composed. Its meaning in an environment is a map
    of an input, the tensors used once and the shared tensors, together with the set of those that are admitted (floors,
    bounds on tensors). Entries are numbered row by row: entry r d + j is feature j of row r, and row s p + q is position
    q of sample s. A tensor is a matrix, a vector its row 0, a number its entry (0, 0). *)
From Coq Require Import Reals List PeanoNat BinPos NArith.
From Normbound Require Import Vec DD Lips Summary Repeat Acts SmoothActs ActsExact Norm Groups Layers Zoo.
Import ListNotations.
Open Scope R_scope.

Definition sym := positive.

(** ** Natural numbers: depths and dimensions *)
Inductive dim := DNum (n : BinNums.N) | DSym (x : sym) | DAdd (a b : dim) | DMul (a b : dim) | DSub (a b : dim) | DDiv (a b : dim).

(** What the symbols stand for. [etensor] are tensors that do not change; [elayer], [eadm]: layers whose contract is a
    hypothesis and the set where it holds; [ecdf], [edens0]: the normal distribution function and 1/Z of its density
    exp(-x^2/2)/Z; [epeak]: the positive root of x tanh(x/2) = 2; [eselu]: the two factors of SELU. *)
Record env := { ereal : sym -> R; enat : sym -> nat; efam : sym -> nat -> R; etensor : nat -> list nat -> mat;
  elayer : nat -> vec -> (nat -> mat) -> vec; eadm : nat -> vec -> (nat -> mat) -> Prop;
  ecdf : R -> R; ez : R; epeak : R; eselu : R * R }.
Definition set_nat (E : env) (x : sym) (k : nat) : env :=
  {| ereal := ereal E; enat := fun y => if Pos.eqb y x then k else enat E y; efam := efam E; etensor := etensor E;
     elayer := elayer E; eadm := eadm E; ecdf := ecdf E; ez := ez E; epeak := epeak E; eselu := eselu E |}.
Definition set_real (E : env) (x : sym) (r : R) : env :=
  {| ereal := fun y => if Pos.eqb y x then r else ereal E y; enat := enat E; efam := efam E; etensor := etensor E;
     elayer := elayer E; eadm := eadm E; ecdf := ecdf E; ez := ez E; epeak := epeak E; eselu := eselu E |}.
Definition set_index (E : env) (i : option sym) (k : nat) : env := match i with None => E | Some x => set_nat E x k end.

Fixpoint dval (E : env) (d : dim) : nat :=
  match d with
  | DNum n => N.to_nat n
  | DSym x => enat E x
  | DAdd a b => dval E a + dval E b
  | DMul a b => dval E a * dval E b
  | DSub a b => dval E a - dval E b
  | DDiv a b => dval E a / dval E b
  end.

(** ** Layers *)
Definition bound := positive.                                   (* a term, by its number in a table *)
Inductive use := Once | Shared (g : nat) | Fixed (k : nat) (ix : list sym).
  (* where a tensor is read: its own, a shared group, a constant that may depend on iteration indices *)
Record tensor := { tb : bound; tu : use }.
Inductive activation :=
  | AReLU | AReLU6 | AHardTanh | AAbs | ALeaky (a : bound) | AELU (a : bound) | ACELU (a : bound) | ASELU | AGELU
  | ASiLU (a : bound) | ASoftplus (a : bound) | ASigmoid | ATanh | AHardSigmoid | AHardSwish | ALogSigmoid | ATanhshrink
  | ASoftsign | ASin (a : bound).
Inductive partition := PRow | PSampleChannel | PChannel | PGroup (k : dim).
Inductive variance := Biased | Unbiased | Plain.
(** The affine part of a normalizer: gain, shift, both, or both as one tensor of two rows (row 0 the gain). *)
Inductive affine := ANone | AGain (g : tensor) | AShift (b : tensor) | ABoth (g b : tensor) | AJoint (g b : bound) (u : use).
Record shape := { samples : dim; positions : dim; features : dim }.
Definition with_features (sh : shape) (d : dim) : shape := {| samples := samples sh; positions := positions sh; features := d |}.
Inductive layer :=
  | Linear (out : dim) (w : tensor) (b : option tensor) (rows : option bound)
  | Act (a : activation)
  | Scaling (a : bound)
  | LearnedScale (t : tensor)
  | Identity
  | Normalize (p : partition) (centre : bool) (v : variance) (floor : option bound) (eps : bound) (a : affine)
  | Standardize (mean var : tensor) (eps : bound)
  | Affine (a : affine)
  | Squash (a : affine)
  | PReLU (t : tensor)
  | MaxMin
  | CReLU
  | SquaredReLU
  | Outside (g : nat) (out : shape) (b : bound)
  | Assumed (k : nat) (out : shape) (ts : list (dim * dim * use * bound * bound)) (lip off grow : bound).

(** ** Networks; every node carries an annotation that its meaning ignores *)
Inductive net (A : Type) :=
  | Skip (a : A)
  | Ball (r : bound) (a : A)                              (* the identity on inputs of norm at most r *)
  | Leaf (l : layer) (a : A)
  | Series (f g : net A) (a : A)                          (* g after f *)
  | Sum (f g : net A) (a : A)
  | Concat (f g : net A) (a : A)                          (* joined along the features *)
  | Parallel (d1 d2 : dim) (f g : net A) (a : A)          (* f reads the first d1 features, g the other d2 *)
  | Scale (negative : bool) (c : bound) (f : net A) (a : A)
  | Product (f g : net A) (a : A)
  | Rep (K : dim) (i : option sym) (f : net A) (a : A)    (* K iterations, numbered 1..K by i *)
  | Capture (g : nat) (h f : net A) (a : A)               (* f where shared group g is h of the input *)
  | Close (gs : list nat) (f : net A) (a : A).            (* f where the shared groups gs become tensors used once *)
Arguments Skip {A}. Arguments Ball {A}. Arguments Leaf {A}. Arguments Series {A}. Arguments Sum {A}. Arguments Concat {A}.
Arguments Parallel {A}. Arguments Scale {A}. Arguments Product {A}. Arguments Rep {A}. Arguments Capture {A}. Arguments Close {A}.

Definition lshape (sh : shape) (l : layer) : shape :=
  match l with
  | Linear out _ _ _ => with_features sh out
  | CReLU => with_features sh (DAdd (features sh) (features sh))
  | Outside _ out _ => out
  | Assumed _ out _ _ _ _ => out
  | _ => sh
  end.
Fixpoint oshape {A} (sh : shape) (f : net A) : shape :=
  match f with
  | Skip _ | Ball _ _ => sh
  | Leaf l _ => lshape sh l
  | Series f g _ => oshape (oshape sh f) g
  | Sum f _ _ | Product f _ _ | Scale _ _ f _ | Close _ f _ | Capture _ _ f _ => oshape sh f
  | Concat f g _ => with_features (oshape sh f) (DAdd (features (oshape sh f)) (features (oshape sh g)))
  | Parallel d1 d2 f g _ => with_features (oshape (with_features sh d1) f)
      (DAdd (features (oshape (with_features sh d1) f)) (features (oshape (with_features sh d2) g)))
  | Rep _ _ _ _ => sh
  end.

Section Meaning.
(** The value of a term in an environment. *)
Variable v : env -> bound -> R.

Definition rows E sh : nat := dval E (samples sh) * dval E (positions sh).
Definition len E sh : nat := rows E sh * dval E (features sh).

Definition actf (E : env) (a : activation) : R -> R :=
  match a with
  | AReLU => relu | AReLU6 => hardtanh 0 6 | AHardTanh => hardtanh (-1) 1 | AAbs => Rabs
  | ALeaky s => leaky (v E s) | AELU s => elu (v E s) | ACELU s => celu (v E s)
  | ASELU => fun x => fst (eselu E) * elu (snd (eselu E)) x
  | AGELU => gelu (ecdf E)
  | ASiLU b => fun x => x * sigmoid (v E b * x)
  | ASoftplus b => softplus (v E b) | ASigmoid => sigmoid | ATanh => tanh | AHardSigmoid => hardsigmoid
  | AHardSwish => hardswish | ALogSigmoid => fun x => - softplus 1 (- x) | ATanhshrink => fun x => x - tanh x
  | ASoftsign => softsign | ASin w => fun x => sin (v E w * x)
  end.

(** *** Groups of entries that a normalizer treats together *)
Definition gwidth E sh (k : dim) : nat := dval E (features sh) / dval E k.
Definition group E sh (p : partition) (i : nat) : nat :=
  let P := dval E (positions sh) in let D := dval E (features sh) in
  match p with
  | PRow => i / D
  | PSampleChannel => i / (P * D) * D + i mod D
  | PChannel => i mod D
  | PGroup k => i / (P * D) * dval E k + i mod D / gwidth E sh k
  end%nat.
Definition gcount E sh (p : partition) : nat :=
  match p with
  | PRow => rows E sh
  | PSampleChannel => dval E (samples sh) * dval E (features sh)
  | PChannel => dval E (features sh)
  | PGroup k => dval E (samples sh) * dval E k
  end%nat.
Definition gsize E sh (p : partition) : nat :=
  match p with
  | PRow => dval E (features sh)
  | PSampleChannel => dval E (positions sh)
  | PChannel => rows E sh
  | PGroup k => dval E (positions sh) * gwidth E sh k
  end%nat.
Definition divisor E sh (p : partition) (d : variance) : R :=
  match d with Biased => INR (gsize E sh p) | Unbiased => INR (gsize E sh p - 1) | Plain => 1 end.
Definition centred E sh (p : partition) (c : bool) (z : vec) : vec := if c then CG (len E sh) (group E sh p) z else z.
Definition deviation2 E sh (p : partition) (c : bool) (d : variance) (g : nat) (z : vec) : R :=
  varG (len E sh) (group E sh p) (fun _ => divisor E sh p d) g (centred E sh p c z).
Definition normalized E sh (p : partition) (c : bool) (d : variance) (e : R) (z : vec) : vec :=
  NG (len E sh) (group E sh p) (fun _ => divisor E sh p d) e (centred E sh p c z).

(** *** Affine parts: gain and shift of each feature *)
Definition gain_of (a : affine) (t : nat -> mat) : vec :=
  match a with AGain _ | ABoth _ _ | AJoint _ _ _ => t 0%nat 0%nat | _ => fun _ => 1 end.
Definition shift_of (a : affine) (t : nat -> mat) : vec :=
  match a with AShift _ => t 0%nat 0%nat | ABoth _ _ => t 1%nat 0%nat | AJoint _ _ _ => t 0%nat 1%nat | _ => v0 end.
Definition features_affine (D : nat) (ga be : vec) (z : vec) : vec := fun i => ga (i mod D)%nat * z i + be (i mod D)%nat.
Definition apply_affine (D : nat) (a : affine) (t : nat -> mat) (z : vec) : vec :=
  match a with ANone => z | _ => features_affine D (gain_of a t) (shift_of a t) z end.
Definition gain_bound (a : affine) : option bound :=
  match a with AGain g | ABoth g _ => Some (tb g) | AJoint g _ _ => Some g | _ => None end.
Definition shift_bound (a : affine) : option bound :=
  match a with AShift b | ABoth _ b => Some (tb b) | AJoint _ b _ => Some b | _ => None end.
Definition adm_affine E (D : nat) (a : affine) (t : nat -> mat) : Prop :=
  match gain_bound a with Some g => forall j, (j < D)%nat -> Rabs (gain_of a t j) <= v E g | None => True end /\
  match shift_bound a with Some b => nrm D (shift_of a t) <= v E b | None => True end.
Definition affine_uses (a : affine) : list use :=
  match a with ANone => [] | AGain g => [tu g] | AShift b => [tu b] | ABoth g b => [tu g; tu b] | AJoint _ _ u => [u] end.
Definition affine_dims (D : nat) (a : affine) : list (nat * nat) :=
  match a with ANone => [] | AGain _ | AShift _ => [(1, D)]%nat | ABoth _ _ => [(1, D); (1, D)]%nat | AJoint _ _ _ => [(2, D)]%nat end.

(** *** The tensors of a layer, its map, and what it admits; tensor i is [t i] *)
Definition uses (l : layer) : list use :=
  match l with
  | Linear _ w b _ => tu w :: match b with Some b => [tu b] | None => [] end
  | LearnedScale t | PReLU t => [tu t]
  | Normalize _ _ _ _ _ a | Affine a | Squash a => affine_uses a
  | Standardize m s _ => [tu m; tu s]
  | Outside g _ _ => [Shared g]
  | Assumed _ _ ts _ _ _ => map (fun x => snd (fst (fst x))) ts
  | _ => []
  end.
Definition dims E sh (l : layer) : list (nat * nat) :=
  match l with
  | Linear out _ b _ => (dval E out, dval E (features sh)) :: match b with Some _ => [(1%nat, dval E out)] | None => [] end
  | LearnedScale _ | PReLU _ => [(1, 1)]%nat
  | Normalize _ _ _ _ _ a | Affine a | Squash a => affine_dims (dval E (features sh)) a
  | Standardize _ _ _ => [(1%nat, dval E (features sh)); (1%nat, dval E (features sh))]
  | Outside _ out _ => [(1%nat, len E out)]
  | Assumed _ _ ts _ _ _ => map (fun x => let '(a, b, _, _, _) := x in (dval E a, dval E b)) ts
  | _ => []
  end.
Definition lfwd E sh (l : layer) (x : vec) (t : nat -> mat) : vec :=
  let D := dval E (features sh) in
  match l with
  | Linear out _ b _ => liftrows D (dval E out) (linear D (t 0%nat) (match b with Some _ => t 1%nat 0%nat | None => v0 end)) x
  | Act a => ew (actf E a) x
  | Scaling a => vscal (v E a) x
  | LearnedScale _ => vscal (t 0%nat 0%nat 0%nat) x
  | Identity => x
  | Normalize p c d _ e a => apply_affine D a t (normalized E sh p c d (v E e) x)
  | Standardize _ _ e => fun i => (x i - t 0%nat 0%nat (i mod D)%nat) * / sqrt (t 1%nat 0%nat (i mod D)%nat + v E e)
  | Affine a => apply_affine D a t x
  | Squash a => apply_affine D a t (ew tanh x)
  | PReLU _ => ew (leaky (t 0%nat 0%nat 0%nat)) x
  | MaxMin => liftrows 2 2 maxmin x
  | CReLU => liftrows D (D + D) (crelu D) x
  | SquaredReLU => ew (fun a => relu a * relu a) x
  | Outside _ _ _ => t 0%nat 0%nat
  | Assumed k _ _ _ _ _ => elayer E k x t
  end.
Definition ladm E sh (l : layer) (x : vec) (t : nat -> mat) : Prop :=
  let D := dval E (features sh) in
  match l with
  | Linear out w b r => opn (dval E out) D (t 0%nat) (v E (tb w))
      /\ match b with Some b => nrm (dval E out) (t 1%nat 0%nat) <= v E (tb b) | None => True end
      /\ match r with Some r => forall i, (i < dval E out)%nat -> nrm D (t 0%nat i) <= v E r | None => True end
  | LearnedScale a | PReLU a => Rabs (t 0%nat 0%nat 0%nat) <= v E (tb a)
  | Normalize p c d f _ a =>
      match f with Some f => forall g, (g < gcount E sh p)%nat -> v E f * v E f <= deviation2 E sh p c d g x | None => True end
      /\ adm_affine E D a t
  | Standardize m s _ => nrm D (t 0%nat 0%nat) <= v E (tb m) /\ forall j, (j < D)%nat -> v E (tb s) <= t 1%nat 0%nat j
  | Affine a | Squash a => adm_affine E D a t
  | Assumed k _ _ _ _ _ => eadm E k x t
  | _ => True
  end.

(** *** Parameters of a network: tensors used once; shared tensors are a family [u] *)
Fixpoint params {A} (f : net A) : Type :=
  match f with
  | Skip _ | Ball _ _ => unit
  | Leaf _ _ => nat -> mat
  | Series f g _ | Sum f g _ | Concat f g _ | Parallel _ _ f g _ | Product f g _ => params f * params g
  | Scale _ _ f _ => params f
  | Rep _ _ f _ => nat -> params f
  | Capture _ h f _ => params f * params h
  | Close _ f _ => params f * (nat -> mat)
  end.
(** Where tensor i of a layer is read. *)
Definition read E (us : list use) (t u : nat -> mat) (i : nat) : mat :=
  match nth i us Once with Once => t i | Shared g => u g | Fixed k ix => etensor E k (map (enat E) ix) end.
(** Shared tensors with those of [gs] replaced: the k-th of [gs] by [w k]. *)
Fixpoint replace_at (gs : list nat) (w u : nat -> mat) (g : nat) : mat :=
  match gs with [] => u g | h :: r => if Nat.eqb h g then w 0%nat else replace_at r (fun k => w (Datatypes.S k)) u g end.
Definition put (g : nat) (y : vec) (u : nat -> mat) : nat -> mat := fun h => if Nat.eqb h g then fun _ => y else u h.

(** Joining and splitting along the features, for r rows. *)
Definition rcat (m k : nat) (y z : vec) : vec :=
  fun i => let q := (i / (m + k))%nat in let c := (i mod (m + k))%nat in
    if Nat.ltb c m then y (q * m + c)%nat else z (q * k + (c - m))%nat.
Definition rfirst (m k : nat) (x : vec) : vec := fun i => x (i / m * (m + k) + i mod m)%nat.
Definition rsecond (m k : nat) (x : vec) : vec := fun i => x (i / k * (m + k) + m + i mod k)%nat.

Fixpoint iterate {T : Type} (f : nat -> vec -> T -> (nat -> mat) -> vec) (K : nat) (x : vec) (t : nat -> T) (u : nat -> mat) : vec :=
  match K with O => x | Datatypes.S k => f k (iterate f k x t u) (t k) u end.

Fixpoint fwd {A} E sh (f : net A) : vec -> params f -> (nat -> mat) -> vec :=
  match f return vec -> params f -> (nat -> mat) -> vec with
  | Skip _ | Ball _ _ => fun x _ _ => x
  | Leaf l _ => fun x t u => lfwd E sh l x (read E (uses l) t u)
  | Series f g _ => fun x t u => fwd E (oshape sh f) g (fwd E sh f x (fst t) u) (snd t) u
  | Sum f g _ => fun x t u => vadd (fwd E sh f x (fst t) u) (fwd E sh g x (snd t) u)
  | Concat f g _ => fun x t u => rcat (dval E (features (oshape sh f))) (dval E (features (oshape sh g)))
      (fwd E sh f x (fst t) u) (fwd E sh g x (snd t) u)
  | Parallel d1 d2 f g _ => fun x t u =>
      rcat (dval E (features (oshape (with_features sh d1) f))) (dval E (features (oshape (with_features sh d2) g)))
        (fwd E (with_features sh d1) f (rfirst (dval E d1) (dval E d2) x) (fst t) u)
        (fwd E (with_features sh d2) g (rsecond (dval E d1) (dval E d2) x) (snd t) u)
  | Scale neg c f _ => fun x t u => vscal (if neg then - v E c else v E c) (fwd E sh f x t u)
  | Product f g _ => fun x t u => vmul (fwd E sh f x (fst t) u) (fwd E sh g x (snd t) u)
  | Rep K i f _ => fun x t u => iterate (fun j => fwd (set_index E i (Datatypes.S j)) sh f) (dval E K) x t u
  | Capture g h f _ => fun x t u => fwd E sh f x (fst t) (put g (fwd E sh h x (snd t) u) u)
  | Close gs f _ => fun x t u => fwd E sh f x (fst t) (replace_at gs (snd t) u)
  end.

(** The admitted inputs and parameters: bounds on tensors, floors, the radius of the domain. *)
Fixpoint adm {A} E sh (f : net A) : vec -> params f -> (nat -> mat) -> Prop :=
  match f return vec -> params f -> (nat -> mat) -> Prop with
  | Skip _ => fun _ _ _ => True
  | Ball r _ => fun x _ _ => nrm (len E sh) x <= v E r
  | Leaf l _ => fun x t u => ladm E sh l x (read E (uses l) t u)
  | Series f g _ => fun x t u => adm E sh f x (fst t) u /\ adm E (oshape sh f) g (fwd E sh f x (fst t) u) (snd t) u
  | Sum f g _ | Concat f g _ | Product f g _ => fun x t u => adm E sh f x (fst t) u /\ adm E sh g x (snd t) u
  | Parallel d1 d2 f g _ => fun x t u =>
      adm E (with_features sh d1) f (rfirst (dval E d1) (dval E d2) x) (fst t) u /\
      adm E (with_features sh d2) g (rsecond (dval E d1) (dval E d2) x) (snd t) u
  | Scale _ _ f _ => adm E sh f
  | Rep K i f _ => fun x t u => forall j, (j < dval E K)%nat ->
      adm (set_index E i (Datatypes.S j)) sh f
        (iterate (fun j => fwd (set_index E i (Datatypes.S j)) sh f) j x t u) (t j) u
  | Capture g h f _ => fun x t u => adm E sh h x (snd t) u /\ adm E sh f x (fst t) (put g (fwd E sh h x (snd t) u) u)
  | Close gs f _ => fun x t u => adm E sh f x (fst t) (replace_at gs (snd t) u)
  end.

(** Distance of two parameter values: Euclidean over all entries of the tensors used once. [gd g]: dimensions of group g. *)
Variable gd : nat -> nat * nat.
Definition is_once (us : list use) (i : nat) : bool := match nth i us (Fixed 0 []) with Once => true | _ => false end.
Definition tdist (dm : nat * nat) (a b : mat) : R := frob (fst dm) (snd dm) (msub a b).
Fixpoint dist {A} E sh (f : net A) : params f -> params f -> R :=
  match f return params f -> params f -> R with
  | Skip _ | Ball _ _ => fun _ _ => 0
  | Leaf l _ => fun a b => nrm (length (uses l))
      (fun i => if is_once (uses l) i then tdist (nth i (dims E sh l) (0, 0)%nat) (a i) (b i) else 0)
  | Series f g _ => fun a b => h2 (dist E sh f (fst a) (fst b)) (dist E (oshape sh f) g (snd a) (snd b))
  | Sum f g _ | Concat f g _ | Product f g _ => fun a b => h2 (dist E sh f (fst a) (fst b)) (dist E sh g (snd a) (snd b))
  | Parallel d1 d2 f g _ => fun a b =>
      h2 (dist E (with_features sh d1) f (fst a) (fst b)) (dist E (with_features sh d2) g (snd a) (snd b))
  | Scale _ _ f _ => dist E sh f
  | Rep K i f _ => fun a b => nrm (dval E K) (fun j => dist (set_index E i (Datatypes.S j)) sh f (a j) (b j))
  | Capture _ h f _ => fun a b => h2 (dist E sh f (fst a) (fst b)) (dist E sh h (snd a) (snd b))
  | Close gs f _ => fun a b => h2 (dist E sh f (fst a) (fst b))
      (nrm (length gs) (fun k => tdist (gd (nth k gs 0%nat)) (snd a k) (snd b k)))
  end.
End Meaning.
