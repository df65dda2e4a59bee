(** Symbolic terms: a table of nodes, each over earlier ones, and their values.

    Terms denote nonnegative reals. A node refers to others by their number in the table (1, 2, ...), so equal subterms are
    written once. [pat] are the expressions that the rules of the calculus build; [matches] decides that a node of the table
    is such an expression, up to the simplifications that the construction of terms makes (units, literals, powers). *)
From Coq Require Import Reals Lra Lia Bool List PeanoNat BinPos NArith ZArith FMapPositive Permutation.
From Normbound Require Import Vec DD Networks Summaries MeanValue Acts SmoothActs ActsExact.
Import ListNotations.
Open Scope R_scope.

Inductive constant := CGelu | CSilu | CSelu | CLog2.
Inductive node :=
  | TNum (p : BinNums.N) (q : positive)              (* p/q *)
  | TReal (x : sym) | TNat (d : dim) | TFam (f : sym) (i : dim)
  | TConst (c : constant)
  | TAdd (a b : positive) | TMul (a b : positive)
  | TPow (a : positive) (e : Z)                        (* a^(e/2) *)
  | TMax (l : list positive) | TMin (l : list positive)
  | TDD (k : dim) (l : list positive)
  | TProd (i : sym) (k : dim) (a : positive) | TSum (i : sym) (k : dim) (a : positive)     (* over i = 1..k *)
  | TRec (c : nat) (k : dim) (i : sym) (xs : list sym) (starts steps : list positive).
    (* component c after k simultaneous steps x <- step, i = 1..k *)

Definition value := env -> positive -> R.
(** x^(e/2) for x >= 0 *)
Definition half_power (x : R) (e : Z) : R :=
  match e with Z0 => 1 | Zpos p => sqrt x ^ Pos.to_nat p | Zneg p => / (sqrt x ^ Pos.to_nat p) end.
Definition num (p : BinNums.N) (q : positive) : R := INR (N.to_nat p) / INR (Pos.to_nat q).
Fixpoint prod_to (k : nat) (f : nat -> R) : R := match k with O => 1 | S j => prod_to j f * f (S j) end.
Fixpoint sum_to (k : nat) (f : nat -> R) : R := match k with O => 0 | S j => sum_to j f + f (S j) end.
Fixpoint set_reals (E : env) (xs : list sym) (rs : list R) : env :=
  match xs, rs with x :: xs, r :: rs => set_real (set_reals E xs rs) x r | _, _ => E end.
Fixpoint recursion (ev : value) (E : env) (i : sym) (xs : list sym) (starts steps : list positive) (k : nat) : list R :=
  match k with
  | O => map (ev E) starts
  | S j => map (ev (set_reals (set_nat E i (S j)) xs (recursion ev E i xs starts steps j))) steps
  end.
Definition cval (E : env) (c : constant) : R :=
  match c with
  | CGelu => ecdf E (sqrt 2) + sqrt 2 * dens (ez E) (sqrt 2)
  | CSilu => 1 / 2 + epeak E / 4
  | CSelu => fst (eselu E) * snd (eselu E)
  | CLog2 => log 2
  end.
Definition nval (ev : value) (E : env) (n : node) : R :=
  match n with
  | TNum p q => num p q
  | TReal x => ereal E x | TNat d => INR (dval E d) | TFam f i => efam E f (dval E i)
  | TConst c => cval E c
  | TAdd a b => ev E a + ev E b | TMul a b => ev E a * ev E b
  | TPow a e => half_power (ev E a) e
  | TMax l => fold_right (fun a m => Rmax (ev E a) m) 0 l
  | TMin [] => 0
  | TMin (a :: l) => fold_right (fun a m => Rmin (ev E a) m) (ev E a) l
  | TDD k l => dd (dval E k) (map (ev E) l)
  | TProd i k a => prod_to (dval E k) (fun j => ev (set_nat E i j) a)
  | TSum i k a => sum_to (dval E k) (fun j => ev (set_nat E i j) a)
  | TRec c k i xs starts steps => nth c (recursion ev E i xs starts steps (dval E k)) 0
  end.

(** A table, newest node first: node number n is the n-th from the end. *)
Definition table := list node.
Fixpoint size (t : table) : positive := match t with [] => 1%positive | _ :: r => Pos.succ (size r) end.   (* the next number *)
Fixpoint tval (t : table) (E : env) (i : positive) : R :=
  match t with [] => 0 | n :: r => if Pos.eqb i (size r) then nval (tval r) E n else tval r E i end.

(** The table as a map, and the check that nodes refer to earlier ones. *)
Definition map_of := PositiveMap.t node.
Definition get (m : map_of) (i : positive) : option node := PositiveMap.find i m.
Fixpoint index (l : list node) (i : positive) (m : map_of) : map_of :=      (* l: oldest first *)
  match l with [] => m | n :: r => index r (Pos.succ i) (PositiveMap.add i n m) end.
Definition below (i : positive) (l : list positive) : bool := forallb (fun a => Pos.ltb a i) l.
Definition ordered_node (i : positive) (n : node) : bool :=
  match n with
  | TNum _ _ | TReal _ | TNat _ | TFam _ _ | TConst _ => true
  | TAdd a b | TMul a b => below i [a; b]
  | TPow a _ | TProd _ _ a | TSum _ _ a => below i [a]
  | TMax l | TMin l | TDD _ l => below i l
  | TRec _ _ _ _ l l' => below i l && below i l'
  end.
Fixpoint ordered (l : list node) (i : positive) : bool :=
  match l with [] => true | n :: r => ordered_node i n && ordered r (Pos.succ i) end.

(** ** The expressions that rules build *)
Inductive pat :=
  | PId (i : positive) | PNum (p : BinNums.N) (q : positive) | PDim (d : dim) | PConst (c : constant)
  | PQuot (d : dim) (n : dim)                     (* the real quotient of two naturals *)
  | PAdd (a b : pat) | PMul (a b : pat) | PSq (a : pat) | PSqrt (a : pat) | PInvSqrt (a : pat) | PInv (a : pat)
  | PMax (a b : pat) | PMin (a b : pat) | PHyp (a b : pat)
  | PDD (k : dim) (l : list pat).
Section Patterns.
Variable ev : value.
Fixpoint pval (E : env) (p : pat) : R :=
  match p with
  | PId i => ev E i | PNum p q => num p q | PDim d => INR (dval E d) | PConst c => cval E c
  | PQuot d n => INR (dval E d) / INR (dval E n)
  | PAdd a b => pval E a + pval E b | PMul a b => pval E a * pval E b | PSq a => pval E a * pval E a
  | PSqrt a => sqrt (pval E a) | PInvSqrt a => / sqrt (pval E a) | PInv a => / pval E a
  | PMax a b => Rmax (pval E a) (pval E b) | PMin a b => Rmin (pval E a) (pval E b) | PHyp a b => h2 (pval E a) (pval E b)
  | PDD k l => dd (dval E k) (map (pval E) l)
  end.
End Patterns.

(** ** What is assumed of the environment *)
(** E' is E up to the values of the index symbols [ix] (naturals) and the state symbols [xs] (nonnegative reals). *)
Record variant (ix xs : list sym) (E E' : env) : Prop := {
  v_real : forall x, ~ In x xs -> ereal E' x = ereal E x; v_state : forall x, In x xs -> 0 <= ereal E' x;
  v_nat : forall x, ~ In x ix -> enat E' x = enat E x;
  v_fam : efam E' = efam E; v_tensor : etensor E' = etensor E; v_layer : elayer E' = elayer E; v_adm : eadm E' = eadm E;
  v_cdf : ecdf E' = ecdf E; v_z : ez E' = ez E; v_peak : epeak E' = epeak E; v_selu : eselu E' = eselu E }.
(** E' is E up to the values of the index symbols. *)
Record reindex (ix : list sym) (E E' : env) : Prop := {
  r_real : ereal E' = ereal E; r_nat : forall x, ~ In x ix -> enat E' x = enat E x;
  r_fam : efam E' = efam E; r_tensor : etensor E' = etensor E; r_layer : elayer E' = elayer E; r_adm : eadm E' = eadm E;
  r_cdf : ecdf E' = ecdf E; r_z : ez E' = ez E; r_peak : epeak E' = epeak E; r_selu : eselu E' = eselu E }.
Record facts := {
  f_index : list sym; f_state : list sym;                  (* symbols bound by products, sums, recurrences: indices, states *)
  f_pos : PositiveMap.t unit;                              (* numbers of terms that are positive *)
  f_least : list (dim * BinNums.N);                        (* dim >= n *)
  f_divides : list (dim * dim);                            (* (a, k): a is a multiple of k *)
  f_gelu : bool; f_silu : bool; f_selu : bool }.           (* the constants are what they are called *)
Record meets (t : table) (F : facts) (E : env) : Prop := {
  m_nonneg : nonneg_env E; m_signs : signs E;
  m_pos : forall E' i, variant (f_index F) (f_state F) E E' -> PositiveMap.mem i (f_pos F) = true -> 0 < tval t E' i;
  m_least : forall E' d n, variant (f_index F) (f_state F) E E' -> In (d, n) (f_least F) -> (N.to_nat n <= dval E' d)%nat;
  m_divides : forall E' a k, variant (f_index F) (f_state F) E E' -> In (a, k) (f_divides F) ->
    exists w, dval E' a = (dval E' k * w)%nat;
  m_gelu : f_gelu F = true -> normal_cdf E;
  m_silu : f_silu F = true -> 0 < epeak E /\ epeak E * (2 * sigmoid (epeak E) - 1) = 2;
  m_selu : f_selu F = true -> 0 <= fst (eselu E) /\ 1 <= snd (eselu E) }.
(** The map m and the table t are the same data: [table_map] below gives both from the list of nodes. *)
Definition of_table (m : map_of) (t : table) : Prop := forall i n E, get m i = Some n -> tval t E i = nval (tval t) E n.

(** ** Arithmetic of naturals and of literals *)
Fixpoint dim_eqb (a b : dim) : bool :=
  match a, b with
  | DNum m, DNum n => N.eqb m n | DSym x, DSym y => Pos.eqb x y
  | DAdd a b, DAdd c d | DMul a b, DMul c d | DSub a b, DSub c d | DDiv a b, DDiv c d => dim_eqb a c && dim_eqb b d
  | _, _ => false
  end.
(** Units and literals of naturals folded. *)
Definition dadd (a b : dim) : dim :=
  match a, b with DNum m, DNum n => DNum (m + n) | DNum 0, _ => b | _, DNum 0 => a | _, _ => DAdd a b end.
Definition dmul (a b : dim) : dim :=
  match a, b with
  | DNum m, DNum n => DNum (m * n) | DNum 0, _ | _, DNum 0 => DNum 0 | DNum 1, _ => b | _, DNum 1 => a | _, _ => DMul a b end.
Definition dsub (a b : dim) : dim :=
  match a, b with
  | DNum m, DNum n => DNum (m - n) | _, DNum 0 => a | _, _ => if dim_eqb a b then DNum 0 else DSub a b end.
Definition ddiv (a b : dim) : dim :=
  match a, b with DNum m, DNum n => DNum (m / n) | _, DNum 1 => a | _, _ => DDiv a b end.
Fixpoint dsimp (d : dim) : dim :=
  match d with
  | DNum _ | DSym _ => d
  | DAdd a b => dadd (dsimp a) (dsimp b) | DMul a b => dmul (dsimp a) (dsimp b)
  | DSub a b => dsub (dsimp a) (dsimp b) | DDiv a b => ddiv (dsimp a) (dsimp b)
  end.
Definition same_dim (a b : dim) : bool := dim_eqb (dsimp a) (dsimp b).
(** A lower bound on a natural. *)
Fixpoint declared (l : list (dim * BinNums.N)) (d : dim) : BinNums.N :=
  match l with [] => 0%N | (d', n) :: r => if same_dim d d' then N.max n (declared r d) else declared r d end.
Fixpoint dim_least (l : list (dim * BinNums.N)) (d : dim) : BinNums.N :=
  N.max (declared l d)
    match d with
    | DNum n => n | DSym _ => 0%N
    | DAdd a b => dim_least l a + dim_least l b | DMul a b => dim_least l a * dim_least l b
    | DSub a (DNum n) => dim_least l a - n
    | _ => 0
    end%N.

Definition literal := (BinNums.N * positive)%type.
Definition leqb (a b : literal) : bool := N.eqb (fst a * Npos (snd b)) (fst b * Npos (snd a)).
Definition lleb (a b : literal) : bool := N.leb (fst a * Npos (snd b)) (fst b * Npos (snd a)).
Definition ladd (a b : literal) : literal := ((fst a * Npos (snd b) + fst b * Npos (snd a))%N, (snd a * snd b)%positive).
Definition lmul (a b : literal) : literal := ((fst a * fst b)%N, (snd a * snd b)%positive).
Definition lpown (a : literal) (k : positive) : literal := (N.pow (fst a) (Npos k), Pos.pow (snd a) k).
(** The square root of a literal, if rational. *)
Definition lsqrt (a : literal) : option literal :=
  let g := N.gcd (fst a) (Npos (snd a)) in
  let n := N.sqrt (fst a / g) in
  match N.sqrt (Npos (snd a) / g) with
  | N0 => None
  | Npos d => if N.eqb (n * n * Npos (snd a)) (fst a * Npos (d * d)) then Some (n, d) else None
  end%N.
Definition small (a : literal) (k : positive) : bool := N.leb (N.max (N.size (fst a)) (N.size (Npos (snd a))) * Npos k) 8192.
(** a^(k/2) *)
Definition lhalves (a : literal) (k : positive) : option literal :=
  match k with
  | xO j => if small a j then Some (lpown a j) else None
  | _ => if small a k then lsqrt (lpown a k) else None
  end.
Definition lpow (a : literal) (e : Z) : option literal :=
  if N.eqb (fst a) (Npos (snd a)) then Some (1%N, 1%positive) else
  match e, fst a with
  | Zpos _, N0 => Some (0%N, 1%positive)
  | Zpos k, _ => lhalves a k
  | Zneg k, Npos p => lhalves (Npos (snd a), p) k
  | _, _ => None
  end.

(** ** Expressions after the foldings that the construction of terms makes *)
Inductive expr :=
  | XId (i : positive) | XNum (x : literal) | XDim (d : dim) | XConst (c : constant)
  | XAdd (a b : expr) | XMul (a b : expr) | XPow (a : expr) (e : Z)
  | XMax (l : list expr) | XMin (l : list expr) | XAll (l : list expr)                (* XAll: a sum in any order *)
  | XDD (k : dim) (l : list expr).
Definition const_eqb (a b : constant) : bool :=
  match a, b with CGelu, CGelu | CSilu, CSilu | CSelu, CSelu | CLog2, CLog2 => true | _, _ => false end.
Fixpoint expr_eqb (a b : expr) {struct a} : bool :=
  let list_eqb := fix go (l r : list expr) : bool :=
    match l, r with [], [] => true | a :: l, b :: r => expr_eqb a b && go l r | _, _ => false end in
  match a, b with
  | XId i, XId j => Pos.eqb i j
  | XNum x, XNum y => N.eqb (fst x) (fst y) && Pos.eqb (snd x) (snd y)
  | XDim d, XDim d' => dim_eqb d d'
  | XConst c, XConst c' => const_eqb c c'
  | XAdd a b, XAdd c d | XMul a b, XMul c d => expr_eqb a c && expr_eqb b d
  | XPow a e, XPow b f => Z.eqb e f && expr_eqb a b
  | XMax l, XMax r | XMin l, XMin r | XAll l, XAll r => list_eqb l r
  | XDD k l, XDD k' r => dim_eqb k k' && list_eqb l r
  | _, _ => false
  end.
Definition xnum (n : BinNums.N) : expr := XNum (n, 1%positive).
Section Folding.
Variable m : map_of.
Variable least : dim -> BinNums.N.
Definition xdim (d : dim) : expr := match dsimp d with DNum n => xnum n | d => XDim d end.
Definition xid (i : positive) : expr := match get m i with Some (TNum p q) => XNum (p, q) | Some (TNat d) => xdim d | _ => XId i end.
Definition is_lit (n : BinNums.N) (a : expr) : bool := match a with XNum l => leqb l (n, 1%positive) | _ => false end.
Definition xadd (a b : expr) : expr :=
  match a, b with
  | XNum x, XNum y => XNum (ladd x y)
  | _, _ => if is_lit 0 a then b else if is_lit 0 b then a else XAdd a b
  end.
Definition xmul (a b : expr) : expr :=
  match a, b with
  | XNum x, XNum y => XNum (lmul x y)
  | _, _ => if is_lit 1 a then b else if is_lit 1 b then a else if is_lit 0 a || is_lit 0 b then xnum 0 else XMul a b
  end.
(** a^(e/2) where a is no power *)
Definition xpow0 (a : expr) (e : Z) : expr :=
  if Z.eqb e 2 then a else if Z.eqb e 0 then xnum 1 else
  match a with XNum x => match lpow x e with Some y => XNum y | None => XPow a e end | _ => XPow a e end.
Definition half_mul (e f : Z) : option Z :=          (* e f / 2, for exponents that are not 0 *)
  if Z.eqb e 0 || Z.eqb f 0 then None else let p := (e * f)%Z in if Z.even p then Some (Z.div2 p) else None.
Definition xpow (a : expr) (e : Z) : expr :=
  if Z.eqb e 2 then a else
  match a with
  | XPow b f => match half_mul f e with Some g => xpow0 b g | None => XPow a e end
  | XId i => match get m i with
      | Some (TPow b f) => match half_mul f e with Some g => xpow0 (xid b) g | None => XPow a e end
      | _ => xpow0 a e end
  | _ => xpow0 a e
  end.
Definition short (l : list positive) : bool := Nat.ltb (length l) 32.
Definition max_args (a : expr) : list expr :=
  match a with
  | XMax l => l
  | XId i => match get m i with Some (TMax l) => if short l then map xid l else [a] | _ => [a] end
  | _ => [a]
  end.
Definition min_args (a : expr) : list expr :=
  match a with
  | XMin (x :: l) => x :: l
  | XId i => match get m i with Some (TMin (x :: l)) => if short (x :: l) then map xid (x :: l) else [a] | _ => [a] end
  | _ => [a]
  end.
Definition is_id (i : positive) (a : expr) : bool := match a with XId j => Pos.eqb i j | _ => false end.
(** The literal among the arguments, and the others without repetition. *)
Fixpoint split_args (pick : literal -> literal -> literal) (l : list expr) : option literal * list expr :=
  match l with
  | [] => (None, [])
  | a :: r => let '(b, s) := split_args pick r in
      match a with
      | XNum x => (Some (match b with Some y => pick x y | None => x end), s)
      | _ => (b, if existsb (expr_eqb a) s then s else a :: s)
      end
  end.
Definition lmax (x y : literal) : literal := if lleb x y then y else x.
Definition lmin (x y : literal) : literal := if lleb x y then x else y.
Definition xmax (a b : expr) : expr :=
  let '(c, s) := split_args lmax (max_args a ++ max_args b) in
  let s := match c with Some x => if leqb x (0%N, 1%positive) then s else s ++ [XNum x] | None => s end in
  match s with [] => xnum 0 | [x] => x | _ => XMax s end.
Definition xmin (a b : expr) : expr :=
  if is_lit 0 a || is_lit 0 b then xnum 0 else
  let '(c, s) := split_args lmin (min_args a ++ min_args b) in
  let s := match c with Some x => s ++ [XNum x] | None => s end in
  match s with [x] => x | _ => XMin s end.
Definition xhyp (a b : expr) : expr :=
  if is_lit 0 a then b else if is_lit 0 b then a else xpow (xadd (xpow a 4) (xpow b 4)) 1.
Definition xall (l : list expr) : expr :=
  let l := filter (fun a => negb (is_lit 0 a)) l in
  match l with [] => xnum 0 | [x] => x | [XNum x; XNum y] => XNum (ladd x y) | _ => XAll l end.
Definition xdd (k : dim) (l : list expr) : expr :=
  let n := N.of_nat (length l) in
  let k := dsimp k in
  let other := match l with [x] => if is_lit 1 x then xnum 1 else XDD k l | _ => XDD k l end in
  match l, k with
  | [], _ => XDD k l
  | _, DNum K =>
      if N.ltb (K + 1) n then xnum 0 else if N.eqb (K + 1) n then xnum 1 else
      match l with [x] => xpow x (2 * Z.of_N K) | _ => if N.eqb K n then xall l else other end
  | _, _ => other
  end.
(** (n - c) + c, where n is known to be at least c *)
Definition xsum (a b : expr) : expr :=
  match a, b with
  | XDim (DSub d (DNum c)), XNum x | XNum x, XDim (DSub d (DNum c)) =>
      if leqb x (c, 1%positive) && N.leb c (least d) then xdim d else xadd a b
  | _, _ => xadd a b
  end.
Fixpoint folded (p : pat) : expr :=
  match p with
  | PId i => xid i | PNum p q => XNum (p, q) | PDim d => xdim d | PConst c => XConst c
  | PQuot d n => xmul (xdim d) (xpow (xdim n) (-2))
  | PAdd a b => xsum (folded a) (folded b) | PMul a b => xmul (folded a) (folded b)
  | PSq a => xpow (folded a) 4 | PSqrt a => xpow (folded a) 1 | PInvSqrt a => xpow (folded a) (-1) | PInv a => xpow (folded a) (-2)
  | PMax a b => xmax (folded a) (folded b) | PMin a b => xmin (folded a) (folded b) | PHyp a b => xhyp (folded a) (folded b)
  | PDD k l => xdd k (map folded l)
  end.

(** ** Does node r compute the expression? *)
(** The natural that an expression is. *)
Fixpoint to_dim (a : expr) : option dim :=
  match a with
  | XNum (n, 1%positive) => Some (DNum n)
  | XDim d => Some d
  | XAdd a b => match to_dim a, to_dim b with Some a, Some b => Some (DAdd a b) | _, _ => None end
  | XMul a b => match to_dim a, to_dim b with Some a, Some b => Some (DMul a b) | _, _ => None end
  | _ => None
  end.
Definition is_num (x : literal) (r : positive) : bool :=
  match get m r with
  | Some (TNum p q) => leqb x (p, q)
  | Some (TNat (DNum n)) => leqb x (n, 1%positive)
  | _ => false
  end.
Fixpoint match_dim (d : dim) (r : positive) : bool :=
  match get m r with
  | Some (TNat d') => same_dim d d'
  | Some (TNum p 1) => match d with DNum n => N.eqb n p | _ => false end
  | Some (TAdd x y) => match d with DAdd a b => match_dim a x && match_dim b y | _ => false end
  | Some (TMul x y) => match d with DMul a b => match_dim a x && match_dim b y | _ => false end
  | _ => false
  end.
(** Leaves of a sum, n levels down its left spine. *)
Fixpoint spine (n : nat) (r : positive) : list positive :=
  match n with
  | O => [r]
  | S k => match get m r with Some (TAdd x y) => y :: spine k x | _ => [r] end
  end.
Definition number_of (r : positive) : option literal := match get m r with Some (TNum p q) => Some (p, q) | _ => None end.
Definition lzero : literal := (0%N, 1%positive).
Fixpoint sum_numbers (l : list positive) : literal :=
  match l with [] => lzero | r :: s => match number_of r with Some x => ladd x (sum_numbers s) | None => sum_numbers s end end.
Fixpoint sum_literals (l : list expr) : literal :=
  match l with [] => lzero | XNum x :: s => ladd x (sum_literals s) | _ :: s => sum_literals s end.
Definition is_number (r : positive) : bool := match number_of r with Some _ => true | None => false end.
Definition is_literal (a : expr) : bool := match a with XNum _ => true | _ => false end.
(** One argument is matched and removed. *)
Fixpoint take (f : positive -> bool) (l : list positive) : option (list positive) :=
  match l with
  | [] => None
  | x :: r => if f x then Some r else match take f r with Some s => Some (x :: s) | None => None end
  end.
Section Multisets.
Variable f : expr -> positive -> bool.
Fixpoint multiset (l : list expr) (r : list positive) : bool :=
  match l with
  | [] => match r with [] => true | _ => false end
  | a :: l => match take (f a) r with Some s => multiset l s | None => false end
  end.
Fixpoint multiset_rest (l : list expr) (r : list positive) : bool :=       (* literals left out *)
  match l with
  | [] => match r with [] => true | _ => false end
  | a :: l => if is_literal a then multiset_rest l r else
      match take (f a) r with Some s => multiset_rest l s | None => false end
  end.
Definition covers (l : list expr) (r : list positive) : bool :=
  forallb (fun a => existsb (f a) r) l && forallb (fun x => existsb (fun a => f a x) l) r.
Definition one_of (l : list expr) (x : positive) : bool := match l with [] => false | _ => forallb (fun a => f a x) l end.
End Multisets.
Fixpoint node_is (a : expr) (r : positive) {struct a} : bool :=
  match get m r with
  | None => false
  | Some (TNat d) => match to_dim a with Some d' => same_dim d' d | None => is_id r a end
  | Some n =>
    match a with
    | XId i => Pos.eqb i r
    | XNum x => is_num x r
    | XDim d => match_dim d r
    | XConst c => match n with TConst c' => const_eqb c c' | _ => false end
    | XAdd a b => match n with TAdd x y => node_is a x && node_is b y | _ => false end
    | XMul a b => match n with TMul x y => node_is a x && node_is b y | _ => false end
    | XPow a e => match n with TPow x e' => Z.eqb e e' && node_is a x | _ => false end
    | XMax l => one_of node_is l r || match n with TMax s => covers node_is l s | _ => false end
    | XMin l => one_of node_is l r || match n with TMin s => covers node_is l s | _ => false end
    | XAll l => existsb (fun n => let s := spine n r in
        leqb (sum_literals l) (sum_numbers s) && multiset_rest node_is l (filter (fun x => negb (is_number x)) s)) (seq 0 (length l))
    | XDD k l => match n with TDD k' s => same_dim k k' && multiset node_is l s | _ => false end
    end
  end.
End Folding.
Definition matches (m : map_of) (F : facts) (r : positive) (p : pat) : bool := node_is m (folded m (dim_least (f_least F)) p) r.

(** ** Positive terms *)
(** Is a node positive, given which of its arguments are? *)
Definition positive_node (F : facts) (pos : positive -> bool) (n : node) : bool :=
  match n with
  | TNum p _ => negb (N.eqb p 0)
  | TConst _ => true
  | TNat d => N.leb 1 (dim_least (f_least F) d)
  | TAdd a b => if pos a then true else pos b
  | TMul a b => if pos a then pos b else false
  | TPow a _ | TDD _ [a] => pos a
  | TMax l => existsb pos l
  | TMin (a :: l) => forallb pos (a :: l)
  | TProd x _ a => if existsb (Pos.eqb x) (f_index F) then pos a else false
  | _ => false
  end.
Fixpoint positive_at (m : map_of) (F : facts) (fuel : nat) (i : positive) : bool :=
  match fuel with
  | O => false
  | S fuel => if PositiveMap.mem i (f_pos F) then true else
      match get m i with Some n => positive_node F (positive_at m F fuel) n | None => false end
  end.
Definition positive_term (m : map_of) (F : facts) (i : positive) : bool := positive_at m F 20 i.
(** All positive terms of a table at once, bottom-up; [l] only counts. *)
Fixpoint positive_from (m : map_of) (F : facts) (l : list node) (i : positive) (P : PositiveMap.t unit) : PositiveMap.t unit :=
  match l with
  | [] => P
  | _ :: r =>
      let here := if PositiveMap.mem i (f_pos F) then true else
        match get m i with Some n => positive_node F (fun a => PositiveMap.mem a P) n | None => false end in
      positive_from m F r (Pos.succ i) (if here then PositiveMap.add i tt P else P)
  end.
Definition positive_map (m : map_of) (F : facts) (l : list node) : PositiveMap.t unit :=
  positive_from m F l 1 (PositiveMap.empty unit).

(** ** Which index symbols of [ix] and real symbols of [xs] occur free in a node *)
Definition names := (list sym * list sym)%type.                      (* naturals, reals *)
Definition add_name (x : sym) (l : list sym) : list sym := if existsb (Pos.eqb x) l then l else x :: l.
Definition union (a b : list sym) : list sym := fold_right add_name b a.
Definition unite (a b : names) : names :=
  match a, b with ([], []), _ => b | _, ([], []) => a | _, _ => (union (fst a) (fst b), union (snd a) (snd b)) end.
Definition without (l xs : list sym) : list sym := filter (fun x => negb (existsb (Pos.eqb x) xs)) l.
Definition only (x : sym) (ix : list sym) : list sym := if existsb (Pos.eqb x) ix then [x] else [].
Fixpoint dim_names (ix : list sym) (d : dim) : list sym :=
  match d with
  | DNum _ => [] | DSym x => only x ix
  | DAdd a b | DMul a b | DSub a b | DDiv a b => union (dim_names ix a) (dim_names ix b)
  end.
Definition none : names := ([], []).
Definition names_at (M : PositiveMap.t names) (i : positive) : names := match PositiveMap.find i M with Some n => n | None => none end.
Definition names_of (M : PositiveMap.t names) (l : list positive) : names := fold_right (fun i s => unite (names_at M i) s) none l.
Definition node_names (ix xs : list sym) (M : PositiveMap.t names) (n : node) : names :=
  match n with
  | TNum _ _ | TConst _ => none
  | TReal x => ([], only x xs) | TNat d | TFam _ d => (dim_names ix d, [])
  | TAdd a b | TMul a b => unite (names_at M a) (names_at M b)
  | TPow a _ => names_at M a
  | TMax l | TMin l => names_of M l
  | TDD k l => unite (dim_names ix k, []) (names_of M l)
  | TProd i k a | TSum i k a => let s := names_at M a in unite (dim_names ix k, []) (without (fst s) [i], snd s)
  | TRec _ k i ys l l' => let s := names_of M l' in
      unite (dim_names ix k, []) (unite (names_of M l)
        (without (fst s) [i], without (snd s) (firstn (Nat.min (length l) (length l')) ys)))
  end.
Fixpoint free_names (ix xs : list sym) (l : list node) (i : positive) (M : PositiveMap.t names) : PositiveMap.t names :=
  match l with
  | [] => M
  | n :: r => let s := node_names ix xs M n in
      free_names ix xs r (Pos.succ i) (match s with ([], []) => M | _ => PositiveMap.add i s M end)
  end.
(** Computed once for a table. *)
Definition free_map (ix xs : list sym) (l : list node) : PositiveMap.t names := free_names ix xs l 1 (PositiveMap.empty names).
Definition indexfree (M : PositiveMap.t names) (i : positive) : bool := match names_at M i with ([], _) => true | _ => false end.
Definition mentions_real (M : PositiveMap.t names) (x : sym) (i : positive) : bool := existsb (Pos.eqb x) (snd (names_at M i)).
Definition mentions_nat (M : PositiveMap.t names) (x : sym) (i : positive) : bool := existsb (Pos.eqb x) (fst (names_at M i)).

(** ** The table as a map *)
Definition map_of_list (l : list node) : map_of := index l 1 (PositiveMap.empty node).
Lemma below_spec i l : below i l = true -> forall a, In a l -> (a < i)%positive.
Proof. intros H a Ha. unfold below in H. rewrite forallb_forall in H. apply Pos.ltb_lt, H, Ha. Qed.
Lemma prod_to_ext k f g : (forall j, f j = g j) -> prod_to k f = prod_to k g.
Proof. intros H. induction k; [reflexivity|]. simpl. rewrite IHk, H. reflexivity. Qed.
Lemma sum_to_ext k f g : (forall j, f j = g j) -> sum_to k f = sum_to k g.
Proof. intros H. induction k; [reflexivity|]. simpl. rewrite IHk, H. reflexivity. Qed.
Lemma fold_ext {A B} (f g : A -> B -> B) l b : (forall a, In a l -> forall x, f a x = g a x) -> fold_right f b l = fold_right g b l.
Proof. induction l as [|a l IH]; intros H; [reflexivity|]. simpl. rewrite (IH (fun a' h => H a' (or_intror h))). apply H. left; auto. Qed.
Lemma recursion_ext ev ev' E i xs starts steps k :
  (forall E a, In a starts -> ev E a = ev' E a) -> (forall E a, In a steps -> ev E a = ev' E a) ->
  recursion ev E i xs starts steps k = recursion ev' E i xs starts steps k.
Proof. intros H H'. induction k; simpl; [|rewrite IHk]; apply map_ext_in; auto. Qed.
(** The value of a node depends on what it refers to. *)
Lemma nval_ext i n ev ev' E : ordered_node i n = true -> (forall E j, (j < i)%positive -> ev E j = ev' E j) ->
  nval ev E n = nval ev' E n.
Proof.
  intros O H. destruct n; simpl in *; try reflexivity; try (apply andb_prop in O; destruct O as [O O']);
    repeat match goal with h : _ && _ = true |- _ => apply andb_prop in h; destruct h end;
    repeat match goal with h : Pos.ltb _ _ = true |- _ => apply Pos.ltb_lt in h end.
  - rewrite !H by auto. reflexivity.
  - rewrite !H by auto. reflexivity.
  - rewrite !H by auto. reflexivity.
  - pose proof (below_spec _ _ O) as B. apply fold_ext. intros a Ha x. rewrite H by auto. reflexivity.
  - pose proof (below_spec _ _ O) as B. destruct l as [|a l]; [reflexivity|].
    rewrite (H E a) by (apply B; left; auto). apply fold_ext. intros b Hb x. rewrite H by (apply B; right; auto). reflexivity.
  - pose proof (below_spec _ _ O) as B. f_equal. apply map_ext_in. auto.
  - apply prod_to_ext. intros. auto.
  - apply sum_to_ext. intros. auto.
  - f_equal. pose proof (below_spec _ _ O). pose proof (below_spec _ _ O'). apply recursion_ext; auto.
Qed.
Definition known (m : map_of) (t : table) : Prop := forall j n, get m j = Some n ->
  (j < size t)%positive /\ ordered_node j n = true /\ forall E, tval t E j = nval (tval t) E n.
Lemma tval_older n t E j : (j < size t)%positive -> tval (n :: t) E j = tval t E j.
Proof. intros H. simpl. rewrite (proj2 (Pos.eqb_neq _ _)); [reflexivity|lia]. Qed.
Lemma known_add m t n : known m t -> ordered_node (size t) n = true -> known (PositiveMap.add (size t) n m) (n :: t).
Proof.
  intros K O j n' G. unfold get in G. simpl size. destruct (Pos.eq_dec j (size t)) as [->|N].
  - rewrite PositiveMap.gss in G. injection G as <-. split; [lia|split; [auto|]]. intros E.
    simpl tval at 1. rewrite Pos.eqb_refl. apply (nval_ext _ _ _ _ _ O). intros; symmetry; apply tval_older; auto.
  - rewrite PositiveMap.gso in G by auto. destruct (K _ _ G) as (A & B & C). split; [lia|split; [auto|]]. intros E.
    rewrite tval_older, C by auto. apply (nval_ext _ _ _ _ _ B). intros; symmetry; apply tval_older; lia.
Qed.
Lemma known_index l : forall m t, known m t -> ordered l (size t) = true -> known (index l (size t) m) (rev l ++ t).
Proof.
  induction l as [|n l IH]; intros m t K O; [exact K|]. simpl in O. apply andb_prop in O. destruct O as [O O'].
  simpl. rewrite <- app_assoc. apply (IH (PositiveMap.add (size t) n m) (n :: t)); auto. apply known_add; auto.
Qed.
(** The map and the table of a list of nodes, oldest first. *)
Lemma table_map l : ordered l 1 = true -> of_table (map_of_list l) (rev l).
Proof.
  intros O i n E G. rewrite <- (app_nil_r (rev l)). apply (known_index l (PositiveMap.empty node) [] ); auto.
  intros j n' H. unfold get in H. rewrite PositiveMap.gempty in H. discriminate.
Qed.
Lemma index_none l : forall m t E i, (forall j, get m j = None -> tval t E j = 0) ->
  get (index l (size t) m) i = None -> tval (rev l ++ t) E i = 0.
Proof.
  induction l as [|n l IH]; intros m t E i H G; [apply H, G|]. simpl. rewrite <- app_assoc.
  apply (IH (PositiveMap.add (size t) n m) (n :: t)); auto. intros j Hj. unfold get in Hj.
  destruct (Pos.eq_dec j (size t)) as [->|N]; [rewrite PositiveMap.gss in Hj; discriminate|].
  rewrite PositiveMap.gso in Hj by auto. simpl. rewrite (proj2 (Pos.eqb_neq _ _)) by auto. apply H, Hj.
Qed.
(** Numbers that are not in the table have value 0. *)
Lemma tval_outside l i E : get (map_of_list l) i = None -> tval (rev l) E i = 0.
Proof. intros G. rewrite <- (app_nil_r (rev l)). apply (index_none l (PositiveMap.empty node) []); auto. Qed.

(** ** Terms are nonnegative *)
Lemma num_ge0 p q : 0 <= num p q.
Proof. unfold num. apply Rmult_le_pos; [apply pos_INR|]. apply Rlt_le, Rinv_0_lt_compat, lt_0_INR. lia. Qed.
Lemma half_power_ge0 x e : 0 <= half_power x e.
Proof.
  destruct e; simpl; try lra; [apply pow_le, sqrt_pos|].
  assert (0 <= sqrt x ^ Pos.to_nat p) by apply pow_le, sqrt_pos. destruct H as [H| <-]; [|rewrite Rinv_0; lra].
  apply Rlt_le, Rinv_0_lt_compat, H.
Qed.
Lemma log2_pos : 0 < log 2.
Proof.
  apply Rnot_le_lt. intros H. pose proof (exp_log 2 ltac:(lra)) as Q.
  apply exp_mono in H. rewrite exp_0 in H. lra.
Qed.
Lemma cval_pos E c : signs E -> 0 < cval E c.
Proof.
  intros (Hz & Hc & Hp & H1 & H2). destruct c; simpl.
  - pose proof (Hc (sqrt 2)). assert (0 < dens (ez E) (sqrt 2)).
    { unfold dens. apply Rmult_lt_0_compat; [apply Rinv_0_lt_compat; auto|apply exp_pos]. }
    assert (0 < sqrt 2) by (apply sqrt_lt_R0; lra). nra.
  - lra.
  - apply Rmult_lt_0_compat; auto.
  - apply log2_pos.
Qed.
Definition proper (E : env) : Prop := nonneg_env E /\ signs E.
Lemma proper_set_nat E x k : proper E -> proper (set_nat E x k).
Proof. intros H. exact H. Qed.
Lemma proper_set_real E x r : proper E -> 0 <= r -> proper (set_real E x r).
Proof. intros [[H H'] S] Hr. split; [|exact S]. split; [|exact H']. intros y. simpl. destruct (Pos.eqb y x); auto. Qed.
Lemma proper_set_reals E xs rs : proper E -> Forall (fun r => 0 <= r) rs -> proper (set_reals E xs rs).
Proof.
  intros H. revert rs. induction xs as [|x xs IH]; intros [|r rs] F; simpl; auto. inversion F; subst.
  apply proper_set_real; auto.
Qed.
Lemma recursion_nonneg ev i xs starts steps : (forall E j, proper E -> 0 <= ev E j) ->
  forall k E, proper E -> Forall (fun r => 0 <= r) (recursion ev E i xs starts steps k).
Proof.
  intros H k E HE. induction k; simpl; apply Forall_forall; intros r Hr; apply in_map_iff in Hr; destruct Hr as (a & <- & _).
  - apply H, HE.
  - apply H, proper_set_reals; auto.
Qed.
Lemma prod_to_ge0 k f : (forall j, 0 <= f j) -> 0 <= prod_to k f.
Proof. intros H. induction k; simpl; [lra|]. apply Rmult_le_pos; auto. Qed.
Lemma sum_to_ge0 k f : (forall j, 0 <= f j) -> 0 <= sum_to k f.
Proof. intros H. induction k; simpl; [lra|]. apply Rplus_le_le_0_compat; auto. Qed.
Lemma nval_nonneg ev E n : (forall E j, proper E -> 0 <= ev E j) -> proper E -> 0 <= nval ev E n.
Proof.
  intros H P. pose proof P as [[N1 N2] S]. destruct n; simpl.
  - apply num_ge0.
  - apply N1.
  - apply pos_INR.
  - apply N2.
  - apply Rlt_le, cval_pos, S.
  - pose proof (H E a P). pose proof (H E b P). lra.
  - apply Rmult_le_pos; auto.
  - apply half_power_ge0.
  - induction l; simpl; [lra|]. eapply Rle_trans; [apply IHl|apply Rmax_r].
  - destruct l as [|a l]; [lra|]. induction l; simpl; [auto|]. apply Rmin_glb; auto.
  - apply dd_nonneg, Forall_forall. intros r Hr. apply in_map_iff in Hr. destruct Hr as (a & <- & _). auto.
  - apply prod_to_ge0. intros j. apply H, P.
  - apply sum_to_ge0. intros j. apply H, P.
  - pose proof (recursion_nonneg ev i xs starts steps H (dval E k) E P) as F.
    destruct (nth_in_or_default c (recursion ev E i xs starts steps (dval E k)) 0) as [I| ->]; [|lra].
    rewrite Forall_forall in F. apply F, I.
Qed.
Lemma tval_proper t : forall E i, proper E -> 0 <= tval t E i.
Proof. induction t as [|n t IH]; intros E i P; simpl; [lra|]. destruct (Pos.eqb i (size t)); auto. apply nval_nonneg; auto. Qed.
Lemma tval_nonneg t E : nonneg_env E -> signs E -> forall i, 0 <= tval t E i.
Proof. intros H S i. apply tval_proper. split; auto. Qed.
Lemma meets_proper t F E : meets t F E -> proper E.
Proof. intros M. split; [apply (m_nonneg _ _ _ M)|apply (m_signs _ _ _ M)]. Qed.
Lemma pval_proper t E p : proper E -> 0 <= pval (tval t) E p.
Proof.
  intros P. revert p. fix IH 1. intros p. destruct p; simpl.
  - apply tval_proper, P.
  - apply num_ge0.
  - apply pos_INR.
  - apply Rlt_le, cval_pos, P.
  - unfold Rdiv. pose proof (half_power_ge0 (INR (dval E n)) (-2)) as Q. simpl in Q. change (Pos.to_nat 2) with 2%nat in Q.
    simpl in Q. rewrite Rmult_1_r, sqrt_sqrt in Q by apply pos_INR. apply Rmult_le_pos; [apply pos_INR|auto].
  - pose proof (IH p1). pose proof (IH p2). lra.
  - apply Rmult_le_pos; auto.
  - apply Rmult_le_pos; auto.
  - apply sqrt_pos.
  - pose proof (half_power_ge0 (pval (tval t) E p) (-1)) as Q. simpl in Q. change (Pos.to_nat 1) with 1%nat in Q. simpl in Q.
    rewrite Rmult_1_r in Q. exact Q.
  - pose proof (IH p). destruct H as [H| <-]; [apply Rlt_le, Rinv_0_lt_compat, H|rewrite Rinv_0; lra].
  - eapply Rle_trans; [apply (IH p1)|apply Rmax_l].
  - apply Rmin_glb; auto.
  - apply h2_ge0.
  - apply dd_nonneg. induction l as [|a l IHl]; simpl; constructor; auto.
Qed.
Lemma pval_nonneg t E p : nonneg_env E -> signs E -> 0 <= pval (tval t) E p.
Proof. intros H S. apply pval_proper. split; auto. Qed.

(** ** Naturals *)
Lemma dim_eqb_sound a b : dim_eqb a b = true -> a = b.
Proof.
  revert b. induction a; intros [] H; simpl in H; try discriminate;
    try (apply andb_prop in H; destruct H as [H H']; apply IHa1 in H; apply IHa2 in H'; congruence).
  - apply N.eqb_eq in H. congruence.
  - apply Pos.eqb_eq in H. congruence.
Qed.
Lemma dadd_sound E a b : dval E (dadd a b) = (dval E a + dval E b)%nat.
Proof. destruct a as [[|p]| | | | |], b as [[|q]| | | | |]; cbn [dadd dval]; rewrite ?N2Nat.inj_add; simpl; lia. Qed.
Lemma dmul_sound E a b : dval E (dmul a b) = (dval E a * dval E b)%nat.
Proof.
  destruct a as [[|[p|p|]]| | | | |], b as [[|[q|q|]]| | | | |]; cbn [dmul dval]; rewrite ?N2Nat.inj_mul; change (N.to_nat 0) with 0%nat;
    change (N.to_nat 1) with 1%nat; lia.
Qed.
Lemma dsub_sound E a b : dval E (dsub a b) = (dval E a - dval E b)%nat.
Proof.
  assert (G : dval E (if dim_eqb a b then DNum 0 else DSub a b) = (dval E a - dval E b)%nat).
  { destruct (dim_eqb a b) eqn:H; [apply dim_eqb_sound in H; subst; simpl; lia|reflexivity]. }
  unfold dsub. destruct a, b as [[|q]| | | | |]; cbn [dval] in *; rewrite ?N2Nat.inj_sub; change (N.to_nat 0) with 0%nat; auto; lia.
Qed.
Lemma ddiv_sound E a b : dval E (ddiv a b) = (dval E a / dval E b)%nat.
Proof.
  destruct a, b as [[|[q|q|]]| | | | |]; cbn [ddiv dval]; rewrite ?N2Nat.inj_div; auto; change (N.to_nat 1) with 1%nat;
    rewrite Nat.div_1_r; reflexivity.
Qed.
Lemma dsimp_sound E d : dval E (dsimp d) = dval E d.
Proof. induction d; simpl; rewrite ?dadd_sound, ?dmul_sound, ?dsub_sound, ?ddiv_sound; congruence. Qed.
Lemma same_dim_sound E a b : same_dim a b = true -> dval E a = dval E b.
Proof. intros H. apply dim_eqb_sound in H. rewrite <- (dsimp_sound E a), <- (dsimp_sound E b), H. reflexivity. Qed.

(** ** Half powers *)
Lemma half_power_Z x e : half_power x e = powerRZ (sqrt x) e.
Proof. destruct e; reflexivity. Qed.
Lemma half_power_2 x : 0 <= x -> half_power x 2 = x.
Proof. intros H. simpl. change (Pos.to_nat 2) with 2%nat. simpl. rewrite Rmult_1_r. apply sqrt_sqrt, H. Qed.
Lemma half_power_4 x : 0 <= x -> half_power x 4 = x * x.
Proof.
  intros H. simpl. change (Pos.to_nat 4) with 4%nat. simpl. rewrite Rmult_1_r.
  replace (sqrt x * (sqrt x * (sqrt x * sqrt x))) with ((sqrt x * sqrt x) * (sqrt x * sqrt x)) by ring. rewrite sqrt_sqrt; auto.
Qed.
Lemma half_power_1 x : half_power x 1 = sqrt x.
Proof. simpl. change (Pos.to_nat 1) with 1%nat. simpl. ring. Qed.
Lemma half_power_m1 x : half_power x (-1) = / sqrt x.
Proof. simpl. change (Pos.to_nat 1) with 1%nat. simpl. rewrite Rmult_1_r. reflexivity. Qed.
Lemma half_power_m2 x : 0 <= x -> half_power x (-2) = / x.
Proof. intros H. simpl. change (Pos.to_nat 2) with 2%nat. simpl. rewrite Rmult_1_r, sqrt_sqrt by auto. reflexivity. Qed.
Lemma half_power_0 e : e <> 0%Z -> half_power 0 e = 0.
Proof.
  intros H. destruct e; simpl; try congruence; rewrite sqrt_0, pow_i by lia; [reflexivity|apply Rinv_0].
Qed.
Lemma half_power_one e : half_power 1 e = 1.
Proof. rewrite half_power_Z, sqrt_1. apply powerRZ_R1. Qed.
Lemma half_power_pow x k : 0 <= x -> half_power x (2 * Z.of_nat k) = x ^ k.
Proof.
  intros H. destruct k; [reflexivity|]. rewrite <- (sqrt_sqrt x) at 2 by auto.
  change (2 * Z.of_nat (S k))%Z with (Zpos (2 * Pos.of_succ_nat k)).
  unfold half_power. rewrite Pos2Nat.inj_mul, SuccNat2Pos.id_succ. change (Pos.to_nat 2) with 2%nat.
  rewrite pow_mult. f_equal. simpl. ring.
Qed.
Lemma Rsqr_eq_pos x y : 0 <= x -> 0 <= y -> x * x = y * y -> x = y.
Proof. intros. nra. Qed.
Lemma powerRZ_Zmul x e f : x <> 0 -> powerRZ (powerRZ x e) f = powerRZ x (e * f).
Proof.
  intros H. assert (N : powerRZ x e <> 0) by (apply powerRZ_NOR; auto).
  assert (P : forall n, powerRZ (powerRZ x e) (Z.of_nat n) = powerRZ x (e * Z.of_nat n)).
  { induction n; [rewrite Z.mul_0_r; reflexivity|].
    rewrite Nat2Z.inj_succ. unfold Z.succ. rewrite Z.mul_add_distr_l, !powerRZ_add, IHn, Z.mul_1_r, powerRZ_1 by auto. reflexivity. }
  destruct (Z.le_gt_cases 0 f) as [h|h].
  - rewrite <- (Z2Nat.id f) by auto. apply P.
  - replace f with (- Z.of_nat (Z.to_nat (- f)))%Z by lia. rewrite Z.mul_opp_r, !powerRZ_neg', P. reflexivity.
Qed.
Lemma half_power_mul x e f g : 0 <= x -> half_mul e f = Some g -> half_power (half_power x e) f = half_power x g.
Proof.
  intros Hx H. unfold half_mul in H. destruct (Z.eqb_spec e 0) as [|He]; [discriminate|].
  destruct (Z.eqb_spec f 0) as [|Hf]; [discriminate|]. cbv beta zeta iota delta [orb] in H.
  destruct (Z.even (e * f)) eqn:V; [|discriminate]. injection H as <-.
  assert (G : (e * f = 2 * Z.div2 (e * f))%Z).
  { rewrite Z.div2_div. apply Zeven_bool_iff in V. apply Zeven_ex in V. destruct V as [k V].
    rewrite V. rewrite Z.mul_comm, Z.div_mul by lia. lia. }
  assert (Hg : Z.div2 (e * f) <> 0%Z) by nia. set (g := Z.div2 (e * f)) in *.
  destruct Hx as [Hx| <-]; [|rewrite !half_power_0 by auto; reflexivity].
  assert (Hs : 0 < sqrt x) by (apply sqrt_lt_R0; auto). apply Rsqr_eq_pos; try apply half_power_ge0.
  rewrite (half_power_Z (half_power x e)), <- powerRZ_mult, sqrt_sqrt by apply half_power_ge0.
  rewrite !half_power_Z, <- powerRZ_add, powerRZ_Zmul by lra. f_equal. lia.
Qed.

(** ** Literals *)
Definition lval (a : literal) : R := num (fst a) (snd a).
Lemma num_Z p q : num p q = IZR (Z.of_N p) / IZR (Zpos q).
Proof. unfold num. rewrite !INR_IZR_INZ, N_nat_Z, positive_nat_Z. reflexivity. Qed.
Lemma IZR_pos q : 0 < IZR (Zpos q).
Proof. apply IZR_lt. lia. Qed.
Lemma lval_n n : lval (n, 1%positive) = INR (N.to_nat n).
Proof. unfold lval. simpl. rewrite num_Z, INR_IZR_INZ, N_nat_Z. unfold Rdiv. rewrite Rinv_1. ring. Qed.
Lemma lval_0 : lval (0%N, 1%positive) = 0.
Proof. rewrite lval_n. reflexivity. Qed.
Lemma lval_1 : lval (1%N, 1%positive) = 1.
Proof. rewrite lval_n. reflexivity. Qed.
Lemma lval_ge0 a : 0 <= lval a.
Proof. apply num_ge0. Qed.
Lemma cross x y a b : 0 < a -> 0 < b -> x / a = y / b <-> x * b = y * a.
Proof.
  intros Ha Hb. split; intros H.
  - replace (x * b) with (x / a * (a * b)) by (field; lra). rewrite H. field. lra.
  - replace (x / a) with (x * b / (a * b)) by (field; lra). rewrite H. field. lra.
Qed.
Lemma leqb_sound a b : leqb a b = true -> lval a = lval b.
Proof.
  intros H. apply N.eqb_eq in H. unfold lval. rewrite !num_Z. apply cross; try apply IZR_pos.
  apply (f_equal (fun n => IZR (Z.of_N n))) in H. rewrite !N2Z.inj_mul, !mult_IZR in H. exact H.
Qed.
Lemma lleb_sound a b : if lleb a b then lval a <= lval b else lval b <= lval a.
Proof.
  assert (G : forall a b, (fst a * Npos (snd b) <= fst b * Npos (snd a))%N -> lval a <= lval b).
  { intros x y H. unfold lval. rewrite !num_Z. pose proof (IZR_pos (snd x)). pose proof (IZR_pos (snd y)).
    apply (Rmult_le_reg_r (IZR (Zpos (snd x)) * IZR (Zpos (snd y)))); [nra|].
    apply N2Z.inj_le, IZR_le in H. rewrite !N2Z.inj_mul, !mult_IZR in H. cbn [Z.of_N] in H.
    replace (IZR (Z.of_N (fst x)) / IZR (Z.pos (snd x)) * (IZR (Z.pos (snd x)) * IZR (Z.pos (snd y))))
      with (IZR (Z.of_N (fst x)) * IZR (Z.pos (snd y))) by (field; lra).
    replace (IZR (Z.of_N (fst y)) / IZR (Z.pos (snd y)) * (IZR (Z.pos (snd x)) * IZR (Z.pos (snd y))))
      with (IZR (Z.of_N (fst y)) * IZR (Z.pos (snd x))) by (field; lra). exact H. }
  destruct (lleb a b) eqn:H; unfold lleb in H.
  - apply G, N.leb_le, H.
  - apply G. apply N.leb_gt in H. lia.
Qed.
Lemma ladd_sound a b : lval (ladd a b) = lval a + lval b.
Proof.
  unfold lval, ladd. simpl. rewrite !num_Z, N2Z.inj_add, !N2Z.inj_mul, plus_IZR, Pos2Z.inj_mul, !mult_IZR.
  pose proof (IZR_pos (snd a)). pose proof (IZR_pos (snd b)). cbn [Z.of_N]. field. lra.
Qed.
Lemma lmul_sound a b : lval (lmul a b) = lval a * lval b.
Proof.
  unfold lval, lmul. simpl. rewrite !num_Z, !N2Z.inj_mul, Pos2Z.inj_mul, !mult_IZR.
  pose proof (IZR_pos (snd a)). pose proof (IZR_pos (snd b)). field. lra.
Qed.
Lemma Npow_R n k : IZR (Z.of_N (N.pow n (Npos k))) = IZR (Z.of_N n) ^ Pos.to_nat k.
Proof. rewrite N2Z.inj_pow, pow_IZR. f_equal. f_equal. simpl. rewrite positive_nat_Z. reflexivity. Qed.
Lemma lpown_sound a k : lval (lpown a k) = lval a ^ Pos.to_nat k.
Proof.
  unfold lval, lpown. cbn [fst snd]. rewrite !num_Z. unfold Rdiv. rewrite Rpow_mult_distr, pow_inv, Npow_R. f_equal. f_equal.
  rewrite Pos2Z.inj_pow, pow_IZR. f_equal. f_equal. rewrite positive_nat_Z. reflexivity.
Qed.
Lemma lsqrt_sound a b : lsqrt a = Some b -> lval b = sqrt (lval a).
Proof.
  unfold lsqrt. destruct (N.sqrt _) as [|d]; [discriminate|]. set (n := N.sqrt _). intros H.
  destruct (N.eqb _ _) eqn:Q; [|discriminate]. injection H as <-. apply N.eqb_eq in Q.
  assert (G : lval (n, d) * lval (n, d) = lval a).
  { unfold lval. cbn [fst snd]. rewrite !num_Z. apply (f_equal (fun n => IZR (Z.of_N n))) in Q.
    rewrite !N2Z.inj_mul, !mult_IZR in Q. change (Z.of_N (N.pos (d * d))) with (Zpos d * Zpos d)%Z in Q. rewrite mult_IZR in Q.
    change (Z.of_N (N.pos (snd a))) with (Zpos (snd a)) in Q. pose proof (IZR_pos (snd a)). pose proof (IZR_pos d).
    replace (IZR (Z.of_N n) / IZR (Z.pos d) * (IZR (Z.of_N n) / IZR (Z.pos d)))
      with ((IZR (Z.of_N n) * IZR (Z.of_N n)) / (IZR (Z.pos d) * IZR (Z.pos d))) by (field; lra).
    apply cross; [nra|auto|lra]. }
  rewrite <- G. symmetry. apply sqrt_square, lval_ge0.
Qed.
Lemma sqrt_pow x n : 0 <= x -> sqrt (x ^ n) = sqrt x ^ n.
Proof.
  intros H. apply Rsqr_eq_pos; [apply sqrt_pos|apply pow_le, sqrt_pos|]. rewrite sqrt_sqrt by (apply pow_le; auto).
  rewrite <- Rpow_mult_distr, sqrt_sqrt; auto.
Qed.
Lemma lhalves_sound a k b : lhalves a k = Some b -> lval b = half_power (lval a) (Zpos k).
Proof.
  intros H. assert (O : forall k, (if small a k then lsqrt (lpown a k) else None) = Some b -> lval b = half_power (lval a) (Zpos k)).
  { intros j Q. destruct (small a j); [|discriminate]. apply lsqrt_sound in Q. rewrite Q, lpown_sound, sqrt_pow by apply lval_ge0.
    reflexivity. }
  destruct k as [j|j|]; simpl in H; try (apply O; exact H). destruct (small a j); [|discriminate]. injection H as <-.
  rewrite lpown_sound. rewrite <- half_power_pow by apply lval_ge0. rewrite positive_nat_Z. reflexivity.
Qed.
Lemma half_power_neg x k : half_power x (Zneg k) = / half_power x (Zpos k).
Proof. reflexivity. Qed.
Lemma lval_inv p q : lval (Npos q, p) = / lval (Npos p, q).
Proof.
  unfold lval. cbn [fst snd]. rewrite !num_Z. simpl. pose proof (IZR_pos p). pose proof (IZR_pos q). field. lra.
Qed.
Lemma half_power_inv x e : 0 <= x -> half_power (/ x) e = / half_power x e.
Proof. intros H. rewrite !half_power_Z, sqrt_inv, powerRZ_inv'. reflexivity. Qed.
Lemma lpow_sound a e b : lpow a e = Some b -> lval b = half_power (lval a) e.
Proof.
  intros H. unfold lpow in H. destruct (N.eqb (fst a) (N.pos (snd a))) eqn:Q.
  - injection H as <-. rewrite (leqb_sound a (1%N, 1%positive)), lval_1, half_power_one; [reflexivity|].
    unfold leqb. simpl. rewrite N.mul_1_r. exact Q.
  - destruct e as [|k|k]; [discriminate| |]; destruct a as [[|p] q]; cbn [fst snd] in H; try discriminate.
    + injection H as <-. rewrite lval_0. replace (lval (0%N, q)) with 0; [symmetry; apply half_power_0; discriminate|].
      unfold lval, num. simpl. unfold Rdiv. ring.
    + apply lhalves_sound, H.
    + apply lhalves_sound in H. rewrite H, half_power_neg, lval_inv, half_power_inv by apply lval_ge0. reflexivity.
Qed.

(** ** Foldings preserve values *)
Definition maxl (l : list R) : R := fold_right Rmax 0 l.
Definition minl (l : list R) : R := match l with [] => 0 | a :: r => fold_right Rmin a r end.
Definition suml (l : list R) : R := fold_right Rplus 0 l.
Lemma maxl_ge0 l : 0 <= maxl l.
Proof. induction l; simpl; [lra|]. eapply Rle_trans; [apply IHl|apply Rmax_r]. Qed.
Lemma maxl_ub l x : In x l -> x <= maxl l.
Proof. induction l as [|a l IH]; [intros []|]. intros [->|H]; simpl; [apply Rmax_l|]. eapply Rle_trans; [apply IH, H|apply Rmax_r]. Qed.
Lemma maxl_lub l b : 0 <= b -> (forall x, In x l -> x <= b) -> maxl l <= b.
Proof.
  intros Hb. induction l as [|a l IH]; intros H; simpl; auto.
  apply Rmax_lub; [apply H; left; auto|apply IH; intros; apply H; right; auto].
Qed.
Lemma maxl_app l r : maxl (l ++ r) = Rmax (maxl l) (maxl r).
Proof.
  induction l; simpl; [rewrite Rmax_right; auto using maxl_ge0|]. rewrite IHl. apply Rmax_assoc.
Qed.
Lemma minl_in a r : In (minl (a :: r)) (a :: r).
Proof.
  simpl. induction r as [|b r IH]; simpl; auto.
  destruct (Rle_dec b (fold_right Rmin a r)); [rewrite Rmin_left by lra; auto|rewrite Rmin_right by lra]. destruct IH; auto.
Qed.
Lemma minl_lb l x : In x l -> minl l <= x.
Proof.
  destruct l as [|a r]; intros H; [destruct H|]. simpl. assert (G : fold_right Rmin a r <= a).
  { clear. induction r; simpl; [lra|]. eapply Rle_trans; [apply Rmin_r|apply IHr]. }
  destruct H as [->|H]; auto. clear G. induction r as [|b r IH]; [destruct H|]. destruct H as [->|H]; simpl; [apply Rmin_l|].
  eapply Rle_trans; [apply Rmin_r|apply IH, H].
Qed.
Lemma minl_eq l r : l <> [] -> r <> [] -> (forall x, In x l -> exists y, In y r /\ y <= x) ->
  (forall y, In y r -> exists x, In x l /\ x <= y) -> minl l = minl r.
Proof.
  intros Hl Hr A B. destruct l as [|a l]; [congruence|]. destruct r as [|b r]; [congruence|].
  apply Rle_antisym.
  - destruct (B _ (minl_in b r)) as (x & I & Q). eapply Rle_trans; [apply minl_lb, I|exact Q].
  - destruct (A _ (minl_in a l)) as (x & I & Q). eapply Rle_trans; [apply minl_lb, I|exact Q].
Qed.
Lemma minl_app l r : l <> [] -> r <> [] -> minl (l ++ r) = Rmin (minl l) (minl r).
Proof.
  intros Hl Hr. apply Rle_antisym.
  - apply Rmin_glb; apply minl_lb, in_or_app; [left|right]; destruct l, r; try congruence; apply minl_in.
  - assert (I : In (minl (l ++ r)) (l ++ r)) by (destruct l; [congruence|apply minl_in]).
    apply in_app_or in I. destruct I as [I|I]; apply minl_lb in I; eapply Rle_trans; try exact I; [apply Rmin_l|apply Rmin_r].
Qed.
Lemma suml_perm l r : Permutation l r -> suml l = suml r.
Proof. induction 1; simpl; lra. Qed.
Lemma fold_max_map (v : positive -> R) l : fold_right (fun a m => Rmax (v a) m) 0 l = maxl (map v l).
Proof. induction l; simpl; congruence. Qed.
Lemma fold_min_map (v : positive -> R) a l : fold_right (fun a m => Rmin (v a) m) (v a) l = minl (map v (a :: l)).
Proof. simpl. induction l; simpl; congruence. Qed.
Lemma dd_sum : forall k l, length l = k -> dd k l = suml l.
Proof.
  induction k; intros [|a r] H; simpl in H; try lia; [reflexivity|].
  rewrite dd_S, dd_one_at_length by (simpl; lia). rewrite IHk by lia. simpl. ring.
Qed.

Lemma const_eqb_sound a b : const_eqb a b = true -> a = b.
Proof. destruct a, b; simpl; congruence. Qed.
Lemma expr_eqb_sound : forall a b, expr_eqb a b = true -> a = b.
Proof.
  fix IH 1. intros a b.
  assert (L : forall l r, (forall x, In x l -> forall y, expr_eqb x y = true -> x = y) ->
    (fix go (l r : list expr) : bool := match l, r with [], [] => true | a :: l, b :: r => expr_eqb a b && go l r | _, _ => false end) l r
      = true -> l = r).
  { clear. intros l. induction l as [|x l IHl]; intros [|y r] H Q; try discriminate; auto. apply andb_prop in Q. destruct Q as [Q Q'].
    rewrite (H x (or_introl eq_refl) y Q). f_equal. apply IHl; auto. intros z Hz. apply H. right. exact Hz. }
  assert (A : forall l x, In x l -> forall y, expr_eqb x y = true -> x = y).
  { clear - IH. intros l. induction l as [|z l IHl]; [intros ? []|]. intros x [<-|H]; [apply IH|apply IHl, H]. }
  intros H. destruct a, b; try discriminate H; simpl in H;
    repeat match goal with h : _ && _ = true |- _ => apply andb_prop in h; destruct h end;
    try (f_equal; try (apply IH; assumption); try (apply Z.eqb_eq; assumption); try (apply dim_eqb_sound; assumption);
         (apply L; [apply A|assumption])).
  - apply Pos.eqb_eq in H. congruence.
  - destruct x, x0. simpl in *. f_equal. f_equal; [apply N.eqb_eq|apply Pos.eqb_eq]; auto.
  - f_equal. apply const_eqb_sound, H.
Qed.

Section Values.
Variables (t : table) (E : env).
Let v (i : positive) : R := tval t E i.
Fixpoint xval (a : expr) : R :=
  match a with
  | XId i => v i | XNum x => lval x | XDim d => INR (dval E d) | XConst c => cval E c
  | XAdd a b => xval a + xval b | XMul a b => xval a * xval b | XPow a e => half_power (xval a) e
  | XMax l => maxl (map xval l) | XMin l => minl (map xval l) | XAll l => suml (map xval l)
  | XDD k l => dd (dval E k) (map xval l)
  end.
Variable m : map_of.
Hypothesis Hm : of_table m t.
Hypothesis HE : proper E.
Lemma v_ge0 i : 0 <= v i.
Proof. apply tval_proper, HE. Qed.
Lemma xval_ge0 a : 0 <= xval a.
Proof.
  revert a. fix IH 1. intros a. destruct a; simpl.
  - apply v_ge0.
  - apply lval_ge0.
  - apply pos_INR.
  - apply Rlt_le, cval_pos, HE.
  - pose proof (IH a1). pose proof (IH a2). lra.
  - apply Rmult_le_pos; auto.
  - apply half_power_ge0.
  - apply maxl_ge0.
  - assert (F : Forall (fun x => 0 <= x) (map xval l)) by (induction l; simpl; constructor; auto).
    destruct l as [|a l]; simpl in *; [lra|]. rewrite Forall_forall in F. apply F, (minl_in (xval a) (map xval l)).
  - induction l as [|a l IHl]; simpl; [lra|]. pose proof (IH a). lra.
  - apply dd_nonneg. induction l as [|a l IHl]; simpl; constructor; auto.
Qed.
Lemma xdim_s d : xval (xdim d) = INR (dval E d).
Proof. rewrite <- (dsimp_sound E d). unfold xdim, xnum. destruct (dsimp d); simpl; try reflexivity. rewrite lval_n. reflexivity. Qed.
Lemma xid_s i : xval (xid m i) = v i.
Proof.
  unfold xid. destruct (get m i) as [[]|] eqn:G; try reflexivity; unfold v; rewrite (Hm _ _ E G); [reflexivity|apply xdim_s].
Qed.
Lemma xid_map l : map xval (map (xid m) l) = map v l.
Proof. rewrite map_map. apply map_ext. apply xid_s. Qed.
Lemma is_lit_s n a : is_lit n a = true -> xval a = INR (N.to_nat n).
Proof. intros H. destruct a; try discriminate. apply leqb_sound in H. simpl. rewrite H, lval_n. reflexivity. Qed.
Lemma xadd_s a b : xval (xadd a b) = xval a + xval b.
Proof.
  assert (G : xval (if is_lit 0 a then b else if is_lit 0 b then a else XAdd a b) = xval a + xval b).
  { destruct (is_lit 0 a) eqn:A; [apply is_lit_s in A; simpl in A; lra|].
    destruct (is_lit 0 b) eqn:B; [apply is_lit_s in B; simpl in B; lra|reflexivity]. }
  unfold xadd. destruct a; auto. destruct b; auto. simpl. apply ladd_sound.
Qed.
Lemma xmul_s a b : xval (xmul a b) = xval a * xval b.
Proof.
  assert (G : xval (if is_lit 1 a then b else if is_lit 1 b then a else if is_lit 0 a || is_lit 0 b then xnum 0 else XMul a b)
              = xval a * xval b).
  { destruct (is_lit 1 a) eqn:A; [apply is_lit_s in A; change (INR (N.to_nat 1)) with 1 in A; rewrite A; ring|].
    destruct (is_lit 1 b) eqn:B; [apply is_lit_s in B; change (INR (N.to_nat 1)) with 1 in B; rewrite B; ring|].
    destruct (is_lit 0 a) eqn:A0; [apply is_lit_s in A0; simpl in A0; simpl; rewrite A0, lval_0; ring|].
    destruct (is_lit 0 b) eqn:B0; [apply is_lit_s in B0; simpl in B0; simpl; rewrite B0, lval_0; ring|reflexivity]. }
  unfold xmul. destruct a; auto. destruct b; auto. simpl. apply lmul_sound.
Qed.
Lemma xpow0_s a e : xval (xpow0 a e) = half_power (xval a) e.
Proof.
  unfold xpow0. destruct (Z.eqb_spec e 2) as [->|]; [symmetry; apply half_power_2, xval_ge0|].
  destruct (Z.eqb_spec e 0) as [->|]; [simpl; apply lval_1|].
  destruct a; try reflexivity. destruct (lpow _ e) eqn:Q; [|reflexivity]. apply lpow_sound in Q. exact Q.
Qed.
Lemma xpow_s a e : xval (xpow m a e) = half_power (xval a) e.
Proof.
  unfold xpow. destruct (Z.eqb_spec e 2) as [->|]; [symmetry; apply half_power_2, xval_ge0|].
  destruct a; try apply xpow0_s.
  - destruct (get m i) as [[]|] eqn:G; try apply xpow0_s. destruct (half_mul e0 e) eqn:H; [|reflexivity].
    rewrite xpow0_s, xid_s. simpl. unfold v at 2. rewrite (Hm _ _ E G). simpl. symmetry. apply half_power_mul; auto. apply v_ge0.
  - destruct (half_mul e0 e) eqn:H; [|reflexivity]. rewrite xpow0_s. simpl. symmetry. apply half_power_mul; auto. apply xval_ge0.
Qed.
Lemma max_args_s a : maxl (map xval (max_args m a)) = xval a.
Proof.
  assert (G : forall b, maxl (map xval [b]) = xval b) by (intros; simpl; apply Rmax_left, xval_ge0).
  destruct a; try apply G; simpl; [|reflexivity].
  destruct (get m i) as [[]|] eqn:Q; try apply G. destruct (short l); [|apply G].
  rewrite xid_map. unfold v at 2. rewrite (Hm _ _ E Q). simpl. symmetry. apply fold_max_map.
Qed.
Lemma min_args_s a : minl (map xval (min_args m a)) = xval a.
Proof.
  destruct a; try reflexivity; simpl; [|destruct l; reflexivity].
  destruct (get m i) as [[]|] eqn:Q; try reflexivity. destruct l as [|a l]; [reflexivity|]. destruct (short (a :: l)); [|reflexivity].
  change (xid m a :: map (xid m) l) with (map (xid m) (a :: l)).
  rewrite xid_map. unfold v at 2. rewrite (Hm _ _ E Q). symmetry. apply fold_min_map.
Qed.
Lemma min_args_some a : min_args m a <> [].
Proof.
  destruct a; simpl; try discriminate; [|destruct l; discriminate].
  destruct (get m i) as [[]|]; try discriminate. destruct l; [discriminate|]. destruct (short _); discriminate.
Qed.
Definition olist (c : option literal) : list expr := match c with Some x => [XNum x] | None => [] end.
Section Split.
Variable Rel : R -> R -> Prop.
Variable pick : literal -> literal -> literal.
Hypothesis Rel_refl : forall x, Rel x x.
Hypothesis Rel_trans : forall x y z, Rel x y -> Rel y z -> Rel x z.
Hypothesis pick_l : forall x y, Rel (lval (pick x y)) (lval x).
Hypothesis pick_r : forall x y, Rel (lval (pick x y)) (lval y).
Hypothesis pick_or : forall x y, pick x y = x \/ pick x y = y.
(** Every argument is dominated by one that is kept, and those kept are arguments. *)
Lemma split_s l : let '(c, s) := split_args pick l in
  (forall a, In a l -> exists b, In b (s ++ olist c) /\ Rel (xval b) (xval a)) /\ (forall b, In b (s ++ olist c) -> In b l).
Proof.
  induction l as [|a l IH]; simpl; [split; intros ? []|]. destruct (split_args pick l) as [c s]. destruct IH as [IH1 IH2].
  assert (K : forall x, In x (s ++ olist c) -> In x (a :: s ++ olist c)) by (intros; right; auto).
  assert (G : (forall b, a = b \/ In b l -> exists d, In d ((a :: s) ++ olist c) /\ Rel (xval d) (xval b)) /\
              (forall b, In b ((a :: s) ++ olist c) -> a = b \/ In b l)).
  { split.
    - intros b [<-|H]; [exists a; split; [left; auto|auto]|]. destruct (IH1 b H) as (d & I & Q). exists d. split; [right; auto|auto].
    - intros b [H|H]; auto. }
  assert (D : (forall b, a = b \/ In b l ->
                exists d, In d ((if existsb (expr_eqb a) s then s else a :: s) ++ olist c) /\ Rel (xval d) (xval b)) /\
              (forall b, In b ((if existsb (expr_eqb a) s then s else a :: s) ++ olist c) -> a = b \/ In b l)).
  { destruct (existsb (expr_eqb a) s) eqn:X; [|exact G]. apply existsb_exists in X. destruct X as (d & I & Q). apply expr_eqb_sound in Q.
    subst d. split; [|intros b H; right; auto]. intros b [<-|H]; auto. exists a. split; [apply in_or_app; auto|auto]. }
  destruct a as [i|x| | | | | | | | |]; try exact D. clear D.
  { destruct c as [y|]; simpl in *.
    + split.
      * intros b [<-|H]; [exists (XNum (pick x y)); split; [apply in_or_app; right; left; auto|apply pick_l]|].
        destruct (IH1 b H) as (d & I & Q). apply in_app_or in I. destruct I as [I|[<-|[]]]; [exists d; split; auto; apply in_or_app; auto|].
        exists (XNum (pick x y)). split; [apply in_or_app; right; left; auto|]. eapply Rel_trans; [apply pick_r|exact Q].
      * intros b H. apply in_app_or in H. destruct H as [H|[<-|[]]]; [right; apply IH2, in_or_app; auto|].
        destruct (pick_or x y) as [-> | ->]; auto. right. apply IH2, in_or_app. right. left. auto.
    + rewrite app_nil_r in *. split.
      * intros b [<-|H]; [exists (XNum x); split; [apply in_or_app; right; left; auto|auto]|].
        destruct (IH1 b H) as (d & I & Q). exists d. split; [apply in_or_app; auto|auto].
      * intros b H. apply in_app_or in H. destruct H as [H|[<-|[]]]; auto. }
Qed.
End Split.
Lemma xmax_s a b : xval (xmax m a b) = Rmax (xval a) (xval b).
Proof.
  unfold xmax. pose proof (split_s Rge lmax) as P. specialize (P Rge_refl Rge_trans).
  assert (L : forall x y, lval (lmax x y) >= lval x /\ lval (lmax x y) >= lval y /\ (lmax x y = x \/ lmax x y = y)).
  { intros x y. unfold lmax. pose proof (lleb_sound x y) as Q. destruct (lleb x y); repeat split; auto; lra. }
  specialize (P (fun x y => proj1 (L x y)) (fun x y => proj1 (proj2 (L x y))) (fun x y => proj2 (proj2 (L x y)))).
  specialize (P (max_args m a ++ max_args m b)). destruct (split_args lmax _) as [c s]. destruct P as [P1 P2].
  rewrite <- (max_args_s a), <- (max_args_s b), <- maxl_app, <- map_app. set (l := max_args m a ++ max_args m b) in *.
  assert (Q : maxl (map xval (s ++ olist c)) = maxl (map xval l)).
  { apply Rle_antisym; apply maxl_lub; try apply maxl_ge0; intros x Hx; apply in_map_iff in Hx; destruct Hx as (d & <- & Hd).
    - apply maxl_ub, in_map, P2, Hd.
    - destruct (P1 d Hd) as (e & I & Q). apply Rge_le in Q. eapply Rle_trans; [exact Q|]. apply maxl_ub, in_map, I. }
  rewrite <- Q.
  replace (maxl (map xval (s ++ olist c))) with
    (maxl (map xval (match c with Some x => if leqb x (0%N, 1%positive) then s else s ++ [XNum x] | None => s end))).
  2: { destruct c as [x|]; simpl; [|rewrite app_nil_r; reflexivity]. destruct (leqb x _) eqn:Z; [|reflexivity].
       apply leqb_sound in Z. rewrite lval_0 in Z. rewrite map_app, maxl_app. simpl. rewrite Z, (Rmax_left 0 0) by lra.
       symmetry. apply Rmax_left, maxl_ge0. }
  set (s' := match c with Some _ => _ | None => _ end). destruct s' as [|x [|y r]]; [simpl; apply lval_0| |reflexivity].
  simpl. symmetry. apply Rmax_left, xval_ge0.
Qed.
Lemma xmin_s a b : xval (xmin m a b) = Rmin (xval a) (xval b).
Proof.
  unfold xmin. pose proof (xval_ge0 a) as Ha. pose proof (xval_ge0 b) as Hb.
  destruct (is_lit 0 a) eqn:A; [apply is_lit_s in A; simpl in A; simpl; rewrite lval_0, A, Rmin_left; lra|].
  destruct (is_lit 0 b) eqn:B; [apply is_lit_s in B; simpl in B; simpl; rewrite lval_0, B, Rmin_right; lra|]. simpl orb. cbv iota.
  pose proof (split_s Rle lmin) as P. specialize (P Rle_refl Rle_trans).
  assert (L : forall x y, lval (lmin x y) <= lval x /\ lval (lmin x y) <= lval y /\ (lmin x y = x \/ lmin x y = y)).
  { intros x y. unfold lmin. pose proof (lleb_sound x y) as Q. destruct (lleb x y); repeat split; auto; lra. }
  specialize (P (fun x y => proj1 (L x y)) (fun x y => proj1 (proj2 (L x y))) (fun x y => proj2 (proj2 (L x y)))).
  specialize (P (min_args m a ++ min_args m b)). destruct (split_args lmin _) as [c s]. destruct P as [P1 P2].
  assert (NE : forall d, map xval (min_args m d) <> []).
  { intros d H. apply (min_args_some d). destruct (min_args m d); [auto|discriminate]. }
  rewrite <- (min_args_s a), <- (min_args_s b), <- minl_app, <- map_app by apply NE. set (l := min_args m a ++ min_args m b) in *.
  assert (Q : minl (map xval (s ++ olist c)) = minl (map xval l)).
  { assert (N : l <> []) by (unfold l; pose proof (min_args_some a); destruct (min_args m a); [congruence|discriminate]).
    apply minl_eq.
    - intros H. destruct l as [|d l]; [congruence|]. destruct (P1 d (or_introl eq_refl)) as (e & I & _).
      destruct (s ++ olist c); [destruct I|discriminate].
    - destruct l; [congruence|discriminate].
    - intros x Hx. apply in_map_iff in Hx. destruct Hx as (d & <- & Hd). exists (xval d). split; [apply in_map, P2, Hd|lra].
    - intros x Hx. apply in_map_iff in Hx. destruct Hx as (d & <- & Hd). destruct (P1 d Hd) as (e & I & W).
      exists (xval e). split; [apply in_map, I|exact W]. }
  rewrite <- Q. replace (match c with Some x => s ++ [XNum x] | None => s end) with (s ++ olist c)
    by (destruct c; simpl; [reflexivity|apply app_nil_r]).
  destruct (s ++ olist c) as [|x [|y r]]; reflexivity.
Qed.
Lemma xhyp_s a b : xval (xhyp m a b) = h2 (xval a) (xval b).
Proof.
  unfold xhyp, h2. pose proof (xval_ge0 a). pose proof (xval_ge0 b).
  destruct (is_lit 0 a) eqn:A; [apply is_lit_s in A; simpl in A; rewrite A, Rmult_0_l, Rplus_0_l, sqrt_square; auto|].
  destruct (is_lit 0 b) eqn:B; [apply is_lit_s in B; simpl in B; rewrite B, Rmult_0_l, Rplus_0_r, sqrt_square; auto|].
  rewrite xpow_s, half_power_1, xadd_s, !xpow_s, !half_power_4 by auto. reflexivity.
Qed.
Lemma xall_s l : xval (xall l) = suml (map xval l).
Proof.
  unfold xall. set (k := filter _ l).
  assert (Q : suml (map xval k) = suml (map xval l)).
  { unfold k. clear k. induction l as [|a l IH]; [reflexivity|]. simpl. destruct (is_lit 0 a) eqn:A; simpl; rewrite IH; [|reflexivity].
    apply is_lit_s in A. simpl in A. lra. }
  rewrite <- Q. destruct k as [|x [|y [|z r]]]; try reflexivity; try (simpl; rewrite ?lval_0; lra).
  - simpl; try lra; destruct x; simpl; lra.
  - destruct x, y; simpl; try reflexivity. rewrite ladd_sound. lra.
  - destruct x, y; reflexivity.
Qed.
Lemma xdd_s k l : xval (xdd m k l) = dd (dval E k) (map xval l).
Proof.
  unfold xdd. rewrite <- (dsimp_sound E k). set (d := dsimp k).
  assert (O : xval (match l with [x] => if is_lit 1 x then xnum 1 else XDD d l | _ => XDD d l end) = dd (dval E d) (map xval l)).
  { destruct l as [|x [|y r]]; try reflexivity. destruct (is_lit 1 x) eqn:A; [|reflexivity].
    apply is_lit_s in A. change (INR (N.to_nat 1)) with 1 in A. simpl map. rewrite A, dd_pow, pow1. simpl. apply lval_1. }
  destruct l as [|a l]; [reflexivity|]. set (L := a :: l) in *. destruct d as [K| | | | |]; try exact O.
  destruct (N.ltb_spec (K + 1) (N.of_nat (length L))) as [h|h].
  { rewrite dd_zero_low by (rewrite map_length; cbn [dval]; lia). simpl. apply lval_0. }
  destruct (N.eqb_spec (K + 1) (N.of_nat (length L))) as [h'|h'].
  { rewrite dd_one_at_length by (rewrite map_length; cbn [dval]; lia). simpl. apply lval_1. }
  destruct l as [|b l]; unfold L in *.
  - rewrite xpow_s. simpl map. rewrite dd_pow. cbn [dval]. rewrite <- half_power_pow by apply xval_ge0. rewrite N_nat_Z. reflexivity.
  - destruct (N.eqb_spec K (N.of_nat (length (a :: b :: l)))) as [q|]; [|exact O].
    rewrite xall_s, dd_sum; [reflexivity|]. rewrite map_length. cbn [dval]. rewrite q, Nat2N.id. reflexivity.
Qed.
Variable least : dim -> BinNums.N.
Hypothesis Hleast : forall d, (N.to_nat (least d) <= dval E d)%nat.
Lemma xsum_s a b : xval (xsum least a b) = xval a + xval b.
Proof.
  assert (G : forall d c x, leqb x (c, 1%positive) && N.leb c (least d) = true -> xval (xdim d) = xval (XDim (DSub d (DNum c))) + lval x).
  { intros d c x H. apply andb_prop in H. destruct H as [H1 H2]. apply leqb_sound in H1. apply N.leb_le in H2. rewrite H1, lval_n, xdim_s.
    simpl. pose proof (Hleast d). rewrite minus_INR by lia. ring. }
  unfold xsum. destruct a; try apply xadd_s; destruct b; try apply xadd_s.
  all: destruct d as [| | | |d e'|]; try apply xadd_s; destruct e' as [c'| | | | |]; try apply xadd_s.
  - destruct (leqb x (c', 1%positive) && N.leb c' (least d)) eqn:Q; [|apply xadd_s]. rewrite (G _ _ _ Q). apply Rplus_comm.
  - destruct (leqb x (c', 1%positive) && N.leb c' (least d)) eqn:Q; [|apply xadd_s]. apply (G _ _ _ Q).
Qed.
Lemma folded_s p : xval (folded m least p) = pval (tval t) E p.
Proof.
  revert p. fix IH 1. intros p. destruct p; simpl.
  - apply xid_s.
  - reflexivity.
  - apply xdim_s.
  - reflexivity.
  - rewrite xmul_s, xpow_s, !xdim_s, half_power_m2 by apply pos_INR. reflexivity.
  - rewrite xsum_s, !IH. reflexivity.
  - rewrite xmul_s, !IH. reflexivity.
  - rewrite xpow_s, IH, half_power_4 by apply pval_proper, HE. reflexivity.
  - rewrite xpow_s, IH, half_power_1. reflexivity.
  - rewrite xpow_s, IH, half_power_m1. reflexivity.
  - rewrite xpow_s, IH, half_power_m2 by apply pval_proper, HE. reflexivity.
  - rewrite xmax_s, !IH. reflexivity.
  - rewrite xmin_s, !IH. reflexivity.
  - rewrite xhyp_s, !IH. reflexivity.
  - rewrite xdd_s. f_equal. induction l as [|a l IHl]; simpl; [reflexivity|]. rewrite IH, IHl. reflexivity.
Qed.
End Values.

(** ** Matching is sound *)
Section Matching.
Variables (t : table) (E : env) (m : map_of).
Hypothesis Hm : of_table m t.
Hypothesis HE : proper E.
Let v (i : positive) : R := tval t E i.
Let X (a : expr) : R := xval t E a.
Lemma node_s r n : get m r = Some n -> v r = nval (tval t) E n.
Proof. apply Hm. Qed.
Lemma to_dim_s a : forall d, to_dim a = Some d -> X a = INR (dval E d).
Proof.
  induction a; intros d' H; simpl in H; try discriminate.
  - destruct x as [n [| |]]; try discriminate. injection H as <-. simpl. apply lval_n.
  - injection H as <-. reflexivity.
  - destruct (to_dim a1); [|discriminate]. destruct (to_dim a2); [|discriminate]. injection H as <-.
    unfold X in *. simpl. rewrite plus_INR, (IHa1 _ eq_refl), (IHa2 _ eq_refl). reflexivity.
  - destruct (to_dim a1); [|discriminate]. destruct (to_dim a2); [|discriminate]. injection H as <-.
    unfold X in *. simpl. rewrite mult_INR, (IHa1 _ eq_refl), (IHa2 _ eq_refl). reflexivity.
Qed.
Lemma is_id_s r a : is_id r a = true -> X a = v r.
Proof. destruct a; try discriminate. intros H. apply Pos.eqb_eq in H. subst. reflexivity. Qed.
Lemma is_num_s x r : is_num m x r = true -> lval x = v r.
Proof.
  unfold is_num. destruct (get m r) as [n|] eqn:G; [|discriminate]. rewrite (node_s _ _ G). destruct n; try discriminate.
  - apply leqb_sound.
  - destruct d; try discriminate. intros H. apply leqb_sound in H. rewrite H. apply lval_n.
Qed.
Lemma match_dim_s d : forall r, match_dim m d r = true -> INR (dval E d) = v r.
Proof.
  assert (B : forall r n p, get m r = Some (TNum p 1) -> N.eqb n p = true -> INR (N.to_nat n) = v r).
  { intros r n p G H. apply N.eqb_eq in H. subst. rewrite (node_s _ _ G). simpl. symmetry. apply (lval_n p). }
  assert (D : forall r d d', get m r = Some (TNat d') -> same_dim d d' = true -> INR (dval E d) = v r).
  { intros r d1 d2 G H. rewrite (node_s _ _ G). simpl. f_equal. apply same_dim_sound, H. }
  induction d; intros r H; simpl in H; destruct (get m r) as [[]|] eqn:G;
    try discriminate H; try (apply (D _ _ _ G H)); try (destruct q; try discriminate H; apply (B _ _ _ G H)).
  - apply andb_prop in H. destruct H as [H H']. rewrite (node_s _ _ G). simpl. rewrite plus_INR, (IHd1 _ H), (IHd2 _ H'). reflexivity.
  - apply andb_prop in H. destruct H as [H H']. rewrite (node_s _ _ G). simpl. rewrite mult_INR, (IHd1 _ H), (IHd2 _ H'). reflexivity.
Qed.
Lemma number_of_s r x : number_of m r = Some x -> v r = lval x.
Proof.
  unfold number_of. destruct (get m r) as [[]|] eqn:G; try discriminate. intros H. injection H as <-. rewrite (node_s _ _ G). reflexivity.
Qed.
Lemma spine_s n : forall r, suml (map v (spine m n r)) = v r.
Proof.
  assert (O : forall r, suml (map v [r]) = v r) by (intros; simpl; lra).
  induction n; intros r; [apply O|]. simpl spine. destruct (get m r) as [[]|] eqn:G; try apply O.
  rewrite (node_s _ _ G). change (suml (map v (b :: spine m n a)) = v a + v b). simpl suml. rewrite IHn. lra.
Qed.
Lemma sum_numbers_s s : suml (map v s) = lval (sum_numbers m s) + suml (map v (filter (fun x => negb (is_number m x)) s)).
Proof.
  induction s as [|r s IH]; simpl; [unfold lzero; rewrite lval_0; lra|].
  destruct (is_number m r) eqn:I; unfold is_number in I; destruct (number_of m r) as [x|] eqn:N; try discriminate; simpl; rewrite IH.
  - rewrite ladd_sound, (number_of_s _ _ N). lra.
  - lra.
Qed.
Lemma take_s f l s : take f l = Some s -> exists x, f x = true /\ Permutation l (x :: s).
Proof.
  revert s. induction l as [|x l IH]; intros s H; simpl in H; [discriminate|]. destruct (f x) eqn:F.
  - injection H as <-. exists x. auto.
  - destruct (take f l) as [s'|]; [|discriminate]. injection H as <-. destruct (IH _ eq_refl) as (y & Q & P).
    exists y. split; auto. rewrite P. apply perm_swap.
Qed.
Section Lists.
Variable f : expr -> positive -> bool.
Variable l : list expr.
Hypothesis Hf : forall a, In a l -> forall x, f a x = true -> X a = v x.
Lemma one_of_max_s r : one_of f l r = true -> maxl (map X l) = v r.
Proof.
  intros H. assert (G : forall a, In a l -> X a = v r).
  { intros a Ha. destruct l; [discriminate|].
    apply Hf; auto. change (forallb (fun a => f a r) (e :: l0) = true) in H. rewrite forallb_forall in H. apply H, Ha. }
  assert (V : 0 <= v r) by apply (v_ge0 t E HE).
  apply Rle_antisym.
  - apply maxl_lub; auto. intros x Hx. apply in_map_iff in Hx. destruct Hx as (a & <- & Ha). rewrite (G a Ha). lra.
  - destruct l as [|a l']; [discriminate|]. rewrite <- (G a (or_introl eq_refl)). apply maxl_ub. left. reflexivity.
Qed.
Lemma one_of_min_s r : one_of f l r = true -> minl (map X l) = v r.
Proof.
  intros H. assert (G : forall a, In a l -> X a = v r).
  { intros a Ha. destruct l; [discriminate|]. apply Hf; auto.
    change (forallb (fun a => f a r) (e :: l0) = true) in H. rewrite forallb_forall in H. apply H, Ha. }
  destruct l as [|a l']; [discriminate|]. pose proof (minl_in (X a) (map X l')) as I.
  change (X a :: map X l') with (map X (a :: l')) in I. apply in_map_iff in I. destruct I as (b & Q & Hb).
  rewrite <- Q. apply G, Hb.
Qed.
Lemma covers_s r : covers f l r = true ->
  (forall a, In a l -> exists x, In x r /\ X a = v x) /\ (forall x, In x r -> exists a, In a l /\ X a = v x).
Proof.
  intros H. apply andb_prop in H. destruct H as [H H']. rewrite forallb_forall in H, H'. split.
  - intros a Ha. specialize (H a Ha). apply existsb_exists in H. destruct H as (x & I & Q). exists x. split; auto.
  - intros x Hx. specialize (H' x Hx). apply existsb_exists in H'. destruct H' as (a & I & Q). exists a. split; auto.
Qed.
Lemma covers_max_s r : covers f l r = true -> maxl (map X l) = maxl (map v r).
Proof.
  intros H. apply covers_s in H. destruct H as [A B]. apply Rle_antisym; apply maxl_lub; try apply maxl_ge0; intros x Hx;
    apply in_map_iff in Hx; destruct Hx as (a & <- & Ha).
  - destruct (A a Ha) as (y & I & ->). apply maxl_ub, in_map, I.
  - destruct (B a Ha) as (y & I & <-). apply maxl_ub, in_map, I.
Qed.
Lemma covers_min_s r : covers f l r = true -> minl (map X l) = minl (map v r).
Proof.
  intros H. apply covers_s in H. destruct H as [A B].
  destruct l as [|a l'] eqn:L; [destruct r as [|x r]; [reflexivity|destruct (B x (or_introl eq_refl)) as (? & [] & _)]|].
  destruct r as [|x r]; [destruct (A a (or_introl eq_refl)) as (? & [] & _)|].
  apply minl_eq; try (simpl; discriminate).
  - intros y Hy. apply in_map_iff in Hy. destruct Hy as (b & <- & Hb). destruct (A b Hb) as (z & I & Q). exists (v z).
    split; [apply in_map, I|lra].
  - intros y Hy. apply in_map_iff in Hy. destruct Hy as (b & <- & Hb). destruct (B b Hb) as (z & I & Q). exists (X z).
    split; [apply in_map, I|lra].
Qed.
End Lists.
Lemma multiset_s f l : (forall a, In a l -> forall x, f a x = true -> X a = v x) -> forall r, multiset f l r = true ->
  Permutation (map X l) (map v r).
Proof.
  induction l as [|a l IH]; intros Hf r H; simpl in H.
  - destruct r; [constructor|discriminate].
  - destruct (take (f a) r) as [s|] eqn:T; [|discriminate]. apply take_s in T. destruct T as (x & Q & P).
    rewrite P. simpl. rewrite (Hf a (or_introl eq_refl) x Q). constructor. apply IH; auto. intros b Hb. apply Hf. right. exact Hb.
Qed.
Lemma multiset_rest_s f l : (forall a, In a l -> forall x, f a x = true -> X a = v x) -> forall r, multiset_rest f l r = true ->
  suml (map X l) = lval (sum_literals l) + suml (map v r).
Proof.
  induction l as [|a l IH]; intros Hf r H; simpl in H.
  - destruct r; [|discriminate]. simpl. unfold lzero. rewrite lval_0. lra.
  - assert (Hl : forall b, In b l -> forall x, f b x = true -> X b = v x) by (intros b Hb; apply Hf; right; exact Hb).
    destruct (is_literal a) eqn:A.
    + destruct a; try discriminate. simpl. rewrite (IH Hl r H), ladd_sound. unfold X. simpl. lra.
    + destruct (take (f a) r) as [s|] eqn:T; [|discriminate]. apply take_s in T. destruct T as (x & Q & P).
      rewrite (suml_perm _ _ (Permutation_map v P)). simpl. rewrite (Hf a (or_introl eq_refl) x Q), (IH Hl s H).
      destruct a; try discriminate; lra.
Qed.
Lemma node_is_s a : forall r, node_is m a r = true -> X a = v r.
Proof.
  revert a. fix IH 1. intros a r H.
  destruct (get m r) as [n|] eqn:G; [|destruct a; simpl in H; rewrite G in H; discriminate].
  assert (T : forall d, n = TNat d -> X a = v r).
  { intros d ->. assert (H' : match to_dim a with Some d' => same_dim d' d | None => is_id r a end = true).
    { destruct a; simpl in H; rewrite G in H; exact H. }
    destruct (to_dim a) eqn:D.
    - rewrite (to_dim_s _ _ D), (node_s _ _ G). simpl. f_equal. apply same_dim_sound, H'.
    - apply is_id_s, H'. }
  pose proof (node_s _ _ G) as V.
  destruct a as [i|x|d|c|a b|a b|a e|l|l|l|k l].
  - simpl in H. rewrite G in H. destruct n; try (apply T with (1 := eq_refl)); apply Pos.eqb_eq in H; subst; reflexivity.
  - simpl in H. rewrite G in H. destruct n; try (apply T with (1 := eq_refl)); apply is_num_s, H.
  - assert (H' : (exists d', n = TNat d') \/ match_dim m d r = true) by (simpl in H; rewrite G in H; destruct n; eauto).
    destruct H' as [[d' Q]|H']; [apply (T _ Q)|apply match_dim_s, H'].
  - simpl in H. rewrite G in H. destruct n; try discriminate; try (apply T with (1 := eq_refl)).
    apply const_eqb_sound in H. subst. rewrite V. reflexivity.
  - simpl in H. rewrite G in H. destruct n; try discriminate; try (apply T with (1 := eq_refl)).
    apply andb_prop in H. destruct H as [H H']. rewrite V. unfold X. simpl. f_equal; apply IH; auto.
  - simpl in H. rewrite G in H. destruct n; try discriminate; try (apply T with (1 := eq_refl)).
    apply andb_prop in H. destruct H as [H H']. rewrite V. unfold X. simpl. f_equal; apply IH; auto.
  - simpl in H. rewrite G in H. destruct n; try discriminate; try (apply T with (1 := eq_refl)).
    apply andb_prop in H. destruct H as [H H']. apply Z.eqb_eq in H. subst. rewrite V. unfold X. simpl. f_equal; apply IH; auto.
  - assert (Hl : forall b, In b l -> forall x, node_is m b x = true -> X b = v x).
    { clear - IH. induction l as [|b l IHl]; [intros ? []|]. intros b' [<-|Hb]; [apply IH|apply IHl, Hb]. }
    clear IH.
    assert (H' : (exists d', n = TNat d') \/ one_of (node_is m) l r = true \/ exists s, n = TMax s /\ covers (node_is m) l s = true).
    { simpl in H. rewrite G in H. destruct n; eauto; apply orb_prop in H; destruct H; eauto; discriminate. }
    destruct H' as [[d' Q]|[H'|(s & -> & H')]]; [apply (T _ Q)|apply (one_of_max_s _ _ Hl _ H')|].
    rewrite V. unfold X. simpl. rewrite fold_max_map. apply (covers_max_s _ _ Hl _ H').
  - assert (Hl : forall b, In b l -> forall x, node_is m b x = true -> X b = v x).
    { clear - IH. induction l as [|b l IHl]; [intros ? []|]. intros b' [<-|Hb]; [apply IH|apply IHl, Hb]. }
    clear IH.
    assert (H' : (exists d', n = TNat d') \/ one_of (node_is m) l r = true \/ exists s, n = TMin s /\ covers (node_is m) l s = true).
    { simpl in H. rewrite G in H. destruct n; eauto; apply orb_prop in H; destruct H; eauto; discriminate. }
    destruct H' as [[d' Q]|[H'|(s & -> & H')]]; [apply (T _ Q)|apply (one_of_min_s _ _ Hl _ H')|].
    rewrite V. unfold X. change (xval t E (XMin l)) with (minl (map X l)). rewrite (covers_min_s _ _ Hl _ H').
    destruct s as [|x s]; [reflexivity|]. simpl nval. symmetry. apply (fold_min_map v x s).
  - assert (Hl : forall b, In b l -> forall x, node_is m b x = true -> X b = v x).
    { clear - IH. induction l as [|b l IHl]; [intros ? []|]. intros b' [<-|Hb]; [apply IH|apply IHl, Hb]. }
    clear IH. assert (H' : (exists d', n = TNat d') \/ existsb (fun k => leqb (sum_literals l) (sum_numbers m (spine m k r)) &&
        multiset_rest (node_is m) l (filter (fun x => negb (is_number m x)) (spine m k r))) (seq 0 (length l)) = true).
    { simpl in H. rewrite G in H. destruct n; eauto. }
    destruct H' as [[d' Q]|H']; [apply (T _ Q)|]. apply existsb_exists in H'. destruct H' as (k & _ & H').
    apply andb_prop in H'. destruct H' as [A B]. apply leqb_sound in A. apply (multiset_rest_s _ _ Hl) in B.
    change (suml (map X l) = v r). rewrite B, A, <- sum_numbers_s. apply spine_s.
  - assert (Hl : forall b, In b l -> forall x, node_is m b x = true -> X b = v x).
    { clear - IH. induction l as [|b l IHl]; [intros ? []|]. intros b' [<-|Hb]; [apply IH|apply IHl, Hb]. }
    clear IH. simpl in H. rewrite G in H. destruct n; try discriminate; try (apply T with (1 := eq_refl)).
    apply andb_prop in H. destruct H as [A B]. apply (multiset_s _ _ Hl) in B. rewrite V. unfold X. simpl.
    rewrite (same_dim_sound E _ _ A). apply dd_perm, B.
Qed.
End Matching.
(** ** Environments that differ in bound symbols only *)
Lemma variant_refl ix xs E : nonneg_env E -> variant ix xs E E.
Proof. intros [H _]. constructor; auto. Qed.
Lemma variant_trans ix xs E E' E'' : variant ix xs E E' -> variant ix xs E' E'' -> variant ix xs E E''.
Proof.
  intros [] []. constructor; try congruence; auto; intros x H; [transitivity (ereal E' x)|transitivity (enat E' x)]; auto.
Qed.
Lemma reindex_variant ix xs ix' E E' : nonneg_env E -> incl ix' ix -> reindex ix' E E' -> variant ix xs E E'.
Proof.
  intros [P _] I [R1 R2 R3 R4 R5 R6 R7 R8 R9 R10]. constructor; auto; intros x N; rewrite ?R1; auto.
Qed.
Lemma reindex_refl ix E : reindex ix E E.
Proof. constructor; auto. Qed.
Lemma reindex_trans ix E E' E'' : reindex ix E E' -> reindex ix E' E'' -> reindex ix E E''.
Proof.
  intros [] []. constructor; try congruence. intros x H. transitivity (enat E' x); auto.
Qed.
Lemma reindex_set_nat ix E x k : In x ix -> reindex ix E (set_nat E x k).
Proof.
  intros I. constructor; try reflexivity. intros y H. simpl. destruct (Pos.eqb_spec y x); [subst; contradiction|reflexivity].
Qed.
Lemma variant_set_real ix xs E x r : nonneg_env E -> In x xs -> 0 <= r -> variant ix xs E (set_real E x r).
Proof.
  intros [P _] I Hr. constructor; try reflexivity; intros y H; simpl; destruct (Pos.eqb_spec y x); auto. subst. contradiction.
Qed.
Lemma meets_variant t F E E' : variant (f_index F) (f_state F) E E' -> meets t F E -> meets t F E'.
Proof.
  intros V M. pose proof (m_nonneg _ _ _ M) as (P1 & P2 & P3).
  assert (S' : signs E').
  { unfold signs in *. rewrite (v_z _ _ _ _ V), (v_cdf _ _ _ _ V), (v_peak _ _ _ _ V), (v_selu _ _ _ _ V). exact P3. }
  constructor; try (intros; eapply M; eauto using variant_trans; fail).
  - split; [|rewrite (v_fam _ _ _ _ V); auto]. intros x. destruct (in_dec Pos.eq_dec x (f_state F)) as [I|I].
    + apply (v_state _ _ _ _ V), I.
    + rewrite (v_real _ _ _ _ V) by auto. apply P1.
  - exact S'.
  - intros H. pose proof (m_gelu _ _ _ M H) as G. unfold normal_cdf in *. rewrite (v_z _ _ _ _ V), (v_cdf _ _ _ _ V). exact G.
  - rewrite (v_peak _ _ _ _ V). apply (m_silu _ _ _ M).
  - rewrite (v_selu _ _ _ _ V). apply (m_selu _ _ _ M).
Qed.
Lemma meets_reindex t F ix E E' : incl ix (f_index F) -> reindex ix E E' -> meets t F E -> meets t F E'.
Proof. intros I R M. apply (meets_variant t F E E'); auto. apply (reindex_variant _ _ ix); auto. apply M. Qed.
Lemma meets_set_nat t F E x k : In x (f_index F) -> meets t F E -> meets t F (set_nat E x k).
Proof. intros I M. apply (meets_reindex t F [x] E); auto; [intros y [<-|[]]; exact I|]. apply reindex_set_nat. left. reflexivity. Qed.
Lemma meets_set_real t F E x r : In x (f_state F) -> 0 <= r -> meets t F E -> meets t F (set_real E x r).
Proof. intros I Hr M. apply (meets_variant t F E); auto. apply variant_set_real; auto. apply M. Qed.
Lemma meets_set_reals t F E xs rs : incl xs (f_state F) -> Forall (fun r => 0 <= r) rs -> meets t F E -> meets t F (set_reals E xs rs).
Proof.
  intros I. revert rs. induction xs as [|x xs IH]; intros [|r rs] H M; simpl; auto. inversion H; subst.
  apply meets_set_real; auto; [apply I; left; auto|]. apply IH; auto. intros y Hy. apply I. right. exact Hy.
Qed.

(** ** Least values of naturals, and positive terms *)
Lemma dim_least_sound t F E d : meets t F E -> (N.to_nat (dim_least (f_least F) d) <= dval E d)%nat.
Proof.
  intros M. assert (L : forall a n, In (a, n) (f_least F) -> (N.to_nat n <= dval E a)%nat).
  { intros a n. apply (m_least _ _ _ M). apply variant_refl, M. }
  clear M. generalize dependent (f_least F). intros l L.
  assert (D : forall d, (N.to_nat (declared l d) <= dval E d)%nat).
  { clear d. intros d. induction l as [|[a n] r IH]; simpl; [lia|].
    assert (R : (N.to_nat (declared r d) <= dval E d)%nat) by (apply IH; intros; apply L; right; auto).
    destruct (same_dim d a) eqn:Q; auto. apply (same_dim_sound E) in Q. specialize (L a n (or_introl eq_refl)).
    rewrite N2Nat.inj_max. lia. }
  assert (J : forall d k, (N.to_nat k <= dval E d)%nat -> (N.to_nat (N.max (declared l d) k) <= dval E d)%nat).
  { intros a k H. specialize (D a). rewrite N2Nat.inj_max. lia. }
  induction d; cbn [dim_least]; apply J; cbn [dval]; rewrite ?N2Nat.inj_add, ?N2Nat.inj_mul; try (simpl; lia);
    [apply Nat.mul_le_mono; auto|]. all: try (destruct d2; try (simpl; lia); rewrite N2Nat.inj_sub; cbn [dval]; lia).
Qed.
Theorem matches_sound m t F r p E : of_table m t -> matches m F r p = true -> meets t F E -> tval t E r = pval (tval t) E p.
Proof.
  intros Hm H HM. pose proof (meets_proper _ _ _ HM) as M.
  rewrite <- (folded_s t E m Hm M (dim_least (f_least F)) (fun d => dim_least_sound t F E d HM) p).
  symmetry. apply (node_is_s t E m Hm M), H.
Qed.
Lemma half_power_pos x e : 0 < x -> 0 < half_power x e.
Proof. intros H. rewrite half_power_Z. apply powerRZ_lt, sqrt_lt_R0, H. Qed.
Lemma prod_to_pos k f : (forall j, 0 < f j) -> 0 < prod_to k f.
Proof. intros H. induction k; simpl; [lra|]. apply Rmult_lt_0_compat; auto. Qed.
Lemma if_or (a b : bool) : (if a then true else b) = true -> a = true \/ b = true.
Proof. destruct a; auto. Qed.
Lemma if_and (a b : bool) : (if a then b else false) = true -> a = true /\ b = true.
Proof. destruct a; [auto|discriminate]. Qed.
Lemma positive_node_sound t F pos n : (forall a E, pos a = true -> meets t F E -> 0 < tval t E a) ->
  forall E, positive_node F pos n = true -> meets t F E -> 0 < nval (tval t) E n.
Proof.
  intros IH E H M. pose proof (meets_proper _ _ _ M) as P.
  assert (N : forall a, 0 <= tval t E a) by (intros; apply tval_proper, P).
  destruct n; try discriminate; cbn [nval]; cbn [positive_node] in H.
  - apply negb_true_iff, N.eqb_neq in H. unfold num. apply Rmult_lt_0_compat; [apply lt_0_INR; lia|].
    apply Rinv_0_lt_compat, lt_0_INR. lia.
  - apply N.leb_le in H. pose proof (dim_least_sound t F E d M). apply lt_0_INR. lia.
  - apply cval_pos, P.
  - pose proof (N a). pose proof (N b). apply if_or in H. destruct H as [H|H]; apply (IH _ E) in H; auto; lra.
  - apply if_and in H. destruct H as [H H']. apply Rmult_lt_0_compat; auto.
  - apply half_power_pos; auto.
  - apply existsb_exists in H. destruct H as (a & I & H). rewrite (fold_max_map (tval t E)). apply Rlt_le_trans with (tval t E a); auto.
    apply maxl_ub, in_map, I.
  - destruct l as [|a l]; [discriminate|]. assert (A : forall b, In b (a :: l) -> 0 < tval t E b).
    { intros b Hb. apply IH; auto. rewrite forallb_forall in H. auto. }
    rewrite (fold_min_map (tval t E)). pose proof (minl_in (tval t E a) (map (tval t E) l)) as I.
    change (tval t E a :: map (tval t E) l) with (map (tval t E) (a :: l)) in I. apply in_map_iff in I. destruct I as (b & <- & Hb). auto.
  - destruct l as [|a [|]]; try discriminate. simpl. rewrite dd_pow. apply pow_lt. auto.
  - apply if_and in H. destruct H as [H H']. apply existsb_exists in H. destruct H as (y & I & Q). apply Pos.eqb_eq in Q. subst y.
    apply prod_to_pos. intros j. apply IH; auto. apply meets_set_nat; auto.
Qed.
Lemma positive_here m t F pos i E : of_table m t -> (forall a E, pos a = true -> meets t F E -> 0 < tval t E a) ->
  (if PositiveMap.mem i (f_pos F) then true else match get m i with Some n => positive_node F pos n | None => false end) = true ->
  meets t F E -> 0 < tval t E i.
Proof.
  intros Hm IH H M. apply if_or in H. destruct H as [H|H].
  - apply (m_pos _ _ _ M E i); auto. apply variant_refl, M.
  - destruct (get m i) as [n|] eqn:G; [|discriminate]. rewrite (Hm _ _ E G). apply (positive_node_sound t F pos); auto.
Qed.
Theorem positive_term_sound m t F i E : of_table m t -> positive_term m F i = true -> meets t F E -> 0 < tval t E i.
Proof.
  intros Hm. unfold positive_term. generalize 20%nat. intros fuel. revert i E.
  induction fuel as [|fuel IH]; intros i E H M; [discriminate|].
  apply (positive_here m t F (positive_at m F fuel)); auto.
Qed.
Lemma positive_map_sound m t F l i E : of_table m t -> PositiveMap.mem i (positive_map m F l) = true -> meets t F E -> 0 < tval t E i.
Proof.
  intros Hm. unfold positive_map. assert (G : forall j P, (forall a E, PositiveMap.mem a P = true -> meets t F E -> 0 < tval t E a) ->
    PositiveMap.mem i (positive_from m F l j P) = true -> meets t F E -> 0 < tval t E i).
  { induction l as [|n r IH]; intros j P H; [apply H|]. simpl. apply IH. intros a E' Ha M.
    match type of Ha with context [if ?b then PositiveMap.add _ _ _ else _] =>
      set (here := b) in Ha end.
    destruct here eqn:Q; [|apply H; auto]. destruct (Pos.eq_dec a j) as [->|N].
    - apply (positive_here m t F (fun a => PositiveMap.mem a P)); auto.
    - apply H; auto. rewrite PositiveMap.mem_find, PositiveMap.gso, <- PositiveMap.mem_find in Ha by auto. exact Ha. }
  apply G. intros a E' H. rewrite PositiveMap.mem_find, PositiveMap.gempty in H. discriminate.
Qed.

(** ** A term changes only with the symbols that occur free in it *)
Lemma existsb_eqb x l : existsb (Pos.eqb x) l = true <-> In x l.
Proof.
  rewrite existsb_exists. split; [intros (y & I & Q); apply Pos.eqb_eq in Q; subst; exact I|].
  intros I. exists x. split; [exact I|apply Pos.eqb_refl].
Qed.
Lemma existsb_eqb_false x l : existsb (Pos.eqb x) l = false <-> ~ In x l.
Proof. rewrite <- existsb_eqb. destruct (existsb _ l); split; congruence. Qed.
Lemma in_union x a b : In x a \/ In x b -> In x (union a b).
Proof.
  induction a as [|y a IH]; simpl; [tauto|]. intros H. unfold add_name. destruct (existsb (Pos.eqb y) (union a b)) eqn:Q.
  - destruct H as [[<-|H]|H]; [apply existsb_eqb, Q| |]; apply IH; auto.
  - destruct H as [[<-|H]|H]; simpl; auto.
Qed.
Lemma in_without x l ys : In x l -> ~ In x ys -> In x (without l ys).
Proof. intros I N. apply filter_In. split; [exact I|]. rewrite (proj2 (existsb_eqb_false x ys) N). reflexivity. Qed.
Definition rest (E E' : env) : Prop :=
  efam E' = efam E /\ ecdf E' = ecdf E /\ ez E' = ez E /\ epeak E' = epeak E /\ eselu E' = eselu E.
Section Free.
Variables ix xs : list sym.
Definition agree (s : names) (E E' : env) : Prop :=
  (forall x, ~ In x ix \/ In x (fst s) -> enat E' x = enat E x) /\
  (forall x, ~ In x xs \/ In x (snd s) -> ereal E' x = ereal E x) /\ rest E E'.
Definition sub (a b : names) : Prop := incl (fst a) (fst b) /\ incl (snd a) (snd b).
Lemma agree_sub a b E E' : sub a b -> agree b E E' -> agree a E E'.
Proof. intros [S S'] (A & B & R). repeat split; try apply R; intros x [H|H]; auto. Qed.
Lemma sub_none a : sub none a.
Proof. split; intros x []. Qed.
Lemma sub_refl a : sub a a.
Proof. split; apply incl_refl. Qed.
Lemma sub_trans a b c : sub a b -> sub b c -> sub a c.
Proof. intros [A A'] [B B']. split; eapply incl_tran; eauto. Qed.
Lemma unite_l a b : sub a (unite a b).
Proof.
  destruct a as [a1 a2], b as [b1 b2].
  assert (G : sub (a1, a2) (union a1 b1, union a2 b2)) by (split; intros x H; apply in_union; auto).
  unfold unite. destruct a1, a2; try (apply sub_none); destruct b1, b2; auto using sub_refl.
Qed.
Lemma unite_r a b : sub b (unite a b).
Proof.
  destruct a as [a1 a2], b as [b1 b2].
  assert (G : sub (b1, b2) (union a1 b1, union a2 b2)) by (split; intros x H; apply in_union; auto).
  unfold unite. destruct a1, a2; auto using sub_refl; destruct b1, b2; auto using sub_none.
Qed.
Lemma agree_unite a b E E' : agree (unite a b) E E' -> agree a E E' /\ agree b E E'.
Proof. intros A. split; [apply (agree_sub a (unite a b))|apply (agree_sub b (unite a b))]; auto using unite_l, unite_r. Qed.
Lemma dval_names E E' d : (forall x, ~ In x ix \/ In x (dim_names ix d) -> enat E' x = enat E x) -> dval E' d = dval E d.
Proof.
  induction d; simpl; intros H; auto;
    try (rewrite IHd1, IHd2; auto; intros y [N|I]; auto; apply H; right; apply in_union; auto; fail).
  apply H. unfold only. destruct (existsb (Pos.eqb x) ix) eqn:Q; [right; left; auto|left; apply existsb_eqb_false, Q].
Qed.
Lemma dval_agree E E' d : agree (dim_names ix d, []) E E' -> dval E' d = dval E d.
Proof. intros A. apply dval_names, A. Qed.
Lemma agree_set_nat s E E' i j : agree (without (fst s) [i], snd s) E E' -> agree s (set_nat E i j) (set_nat E' i j).
Proof.
  intros (A & B & R). repeat split; try apply R; auto. intros x H. simpl. destruct (Pos.eqb_spec x i); auto. apply A.
  destruct H as [H|H]; auto. right. apply in_without; auto. intros [Q|[]]; congruence.
Qed.
Lemma set_reals_nat E ys rs : enat (set_reals E ys rs) = enat E.
Proof. revert rs. induction ys as [|y ys IH]; intros [|r rs]; simpl; auto. Qed.
Lemma set_reals_rest E E' ys rs : rest E E' -> rest (set_reals E ys rs) (set_reals E' ys rs).
Proof. intros R. revert rs. induction ys as [|y ys IH]; intros [|r rs]; simpl; auto. apply IH. Qed.
Lemma set_reals_real E E' ys rs x : ereal E' x = ereal E x \/ In x (firstn (length rs) ys) ->
  ereal (set_reals E' ys rs) x = ereal (set_reals E ys rs) x.
Proof.
  revert rs. induction ys as [|y ys IH]; intros [|r rs] H; simpl in *; try tauto.
  destruct (Pos.eqb_spec x y); auto. apply IH. destruct H as [H|[H|H]]; auto. congruence.
Qed.
Lemma in_firstn (x : sym) n k l : In x (firstn n l) -> (n <= k)%nat -> In x (firstn k l).
Proof.
  revert n k. induction l as [|y l IH]; intros [|n] [|k] H L; simpl in *; try tauto; try lia.
  destruct H; auto. right. apply (IH n); auto. lia.
Qed.
Variable M : PositiveMap.t names.
Variable ev : value.
Hypothesis Hev : forall j E E', agree (names_at M j) E E' -> ev E' j = ev E j.
Lemma names_of_s l a : In a l -> sub (names_at M a) (names_of M l).
Proof.
  induction l as [|b l IH]; [intros []|]. intros [->|H]; simpl; [apply unite_l|]. eapply sub_trans; [apply IH, H|apply unite_r].
Qed.
Lemma ev_list l E E' : agree (names_of M l) E E' -> map (ev E') l = map (ev E) l.
Proof. intros A. apply map_ext_in. intros a Ha. apply Hev. eapply agree_sub; [apply names_of_s, Ha|exact A]. Qed.
Lemma recursion_agree E E' i ys l l' k : agree (names_of M l) E E' ->
  agree (without (fst (names_of M l')) [i], without (snd (names_of M l')) (firstn (Nat.min (length l) (length l')) ys)) E E' ->
  recursion ev E' i ys l l' k = recursion ev E i ys l l' k.
Proof.
  intros A (B1 & B2 & R). induction k as [|k IH]; simpl; [apply ev_list, A|]. rewrite IH.
  set (rs := recursion ev E i ys l l' k). assert (L : (Nat.min (length l) (length l') <= length rs)%nat).
  { unfold rs. destruct k; simpl; rewrite map_length; lia. }
  apply ev_list. repeat split; try apply set_reals_rest; try apply R.
  - intros x H. rewrite !set_reals_nat. simpl. destruct (Pos.eqb_spec x i); auto. apply B1.
    destruct H as [H|H]; auto. right. apply in_without; auto. intros [Q|[]]; congruence.
  - intros x H. apply set_reals_real. simpl. destruct (in_dec Pos.eq_dec x (firstn (Nat.min (length l) (length l')) ys)) as [I|I].
    + right. eapply in_firstn; eauto.
    + left. apply B2. destruct H as [H|H]; auto. right. apply in_without; auto.
Qed.
Lemma nval_agree n E E' : agree (node_names ix xs M n) E E' -> nval ev E' n = nval ev E n.
Proof.
  destruct n; cbn [node_names nval]; intros A; pose proof A as (A1 & A2 & R1 & R2 & R3 & R4 & R5).
  - reflexivity.
  - apply A2. unfold only. simpl. destruct (existsb (Pos.eqb x) xs) eqn:Q; [right; left; auto|left; apply existsb_eqb_false, Q].
  - f_equal. apply dval_agree, A.
  - rewrite R1, (dval_agree _ _ _ A). reflexivity.
  - destruct c; simpl; congruence.
  - apply agree_unite in A. destruct A as [A B]. rewrite (Hev _ _ _ A), (Hev _ _ _ B). reflexivity.
  - apply agree_unite in A. destruct A as [A B]. rewrite (Hev _ _ _ A), (Hev _ _ _ B). reflexivity.
  - rewrite (Hev _ _ _ A). reflexivity.
  - rewrite !fold_max_map, (ev_list _ _ _ A). reflexivity.
  - destruct l as [|a l]; [reflexivity|]. rewrite !fold_min_map, (ev_list _ _ _ A). reflexivity.
  - apply agree_unite in A. destruct A as [A B]. rewrite (dval_agree _ _ _ A), (ev_list _ _ _ B). reflexivity.
  - apply agree_unite in A. destruct A as [A B]. rewrite (dval_agree _ _ _ A). apply prod_to_ext. intros j. apply Hev, agree_set_nat, B.
  - apply agree_unite in A. destruct A as [A B]. rewrite (dval_agree _ _ _ A). apply sum_to_ext. intros j. apply Hev, agree_set_nat, B.
  - apply agree_unite in A. destruct A as [A B]. apply agree_unite in B. destruct B as [B C].
    rewrite (dval_agree _ _ _ A), (recursion_agree E E') by auto. reflexivity.
Qed.
End Free.
Lemma free_names_s ix xs l : forall M t, (forall j E E', agree ix xs (names_at M j) E E' -> tval t E' j = tval t E j) ->
  forall j E E', agree ix xs (names_at (free_names ix xs l (size t) M) j) E E' -> tval (rev l ++ t) E' j = tval (rev l ++ t) E j.
Proof.
  induction l as [|n l IH]; intros M t H; [exact H|]. simpl. rewrite <- app_assoc.
  apply (IH _ (n :: t)). intros j E E' A. simpl. set (s := node_names ix xs M n) in *. destruct (Pos.eqb_spec j (size t)) as [->|N].
  - apply (nval_agree ix xs M (tval t) H). fold s. eapply agree_sub; [|exact A].
    assert (G : sub s (names_at (PositiveMap.add (size t) s M) (size t))).
    { unfold names_at. rewrite PositiveMap.gss. apply sub_refl. }
    destruct s as [[|a1 a] [|b1 b]]; auto. apply (sub_none (names_at M (size t))).
  - apply H. assert (G : names_at (PositiveMap.add (size t) s M) j = names_at M j).
    { unfold names_at. rewrite PositiveMap.gso by auto. reflexivity. }
    destruct s as [[|a1 a] [|b1 b]]; [exact A| | |]; rewrite G in A; exact A.
Qed.
Lemma tval_agree ix xs l E E' i : ordered l 1 = true ->
  (forall x, ~ In x ix \/ In x (fst (names_at (free_map ix xs l) i)) -> enat E' x = enat E x) ->
  (forall x, ~ In x xs \/ In x (snd (names_at (free_map ix xs l) i)) -> ereal E' x = ereal E x) ->
  efam E' = efam E -> ecdf E' = ecdf E -> ez E' = ez E -> epeak E' = epeak E -> eselu E' = eselu E ->
  tval (rev l) E' i = tval (rev l) E i.
Proof.
  intros _ A B R1 R2 R3 R4 R5. rewrite <- (app_nil_r (rev l)).
  apply (free_names_s ix xs l (PositiveMap.empty names) []); [reflexivity|]. repeat split; auto.
Qed.
Lemma tval_reindex ix xs l E E' i : ordered l 1 = true -> indexfree (free_map ix xs l) i = true ->
  reindex ix E E' -> tval (rev l) E' i = tval (rev l) E i.
Proof.
  intros O H [R1 R2 R3 R4 R5 R6 R7 R8 R9 R10]. unfold indexfree in H. apply (tval_agree ix xs); auto.
  - intros x [N|I]; auto. destruct (names_at _ i) as [[|] ?]; [destruct I|discriminate].
  - intros x _. rewrite R1. reflexivity.
Qed.
Lemma tval_set_nat ix xs l E x k i : ordered l 1 = true -> In x ix -> mentions_nat (free_map ix xs l) x i = false ->
  tval (rev l) (set_nat E x k) i = tval (rev l) E i.
Proof.
  intros O I H. apply existsb_eqb_false in H. apply (tval_agree ix xs); auto. intros y Hy. simpl.
  destruct (Pos.eqb_spec y x); [subst; tauto|reflexivity].
Qed.
Lemma tval_set_real ix xs l E x r i : ordered l 1 = true -> In x xs -> mentions_real (free_map ix xs l) x i = false ->
  tval (rev l) (set_real E x r) i = tval (rev l) E i.
Proof.
  intros O I H. apply existsb_eqb_false in H. apply (tval_agree ix xs); auto. intros y Hy. simpl.
  destruct (Pos.eqb_spec y x); [subst; tauto|reflexivity].
Qed.
Lemma dval_reindex ix E E' d : dim_names ix d = [] -> reindex ix E E' -> dval E' d = dval E d.
Proof. intros H R. apply (dval_names ix). rewrite H. intros x [N|[]]. apply (r_nat _ _ _ R), N. Qed.
Lemma tval_variant ix xs l E E' i : ordered l 1 = true -> names_at (free_map ix xs l) i = none -> variant ix xs E E' ->
  tval (rev l) E' i = tval (rev l) E i.
Proof.
  intros O H []. apply (tval_agree ix xs); auto; rewrite H; intros x [N|[]]; auto.
Qed.

(** ** Facts that mention no bound symbol need to be assumed of one environment only *)
Definition no_names (n : names) : bool := match n with ([], []) => true | _ => false end.
Definition no_syms (l : list sym) : bool := match l with [] => true | _ => false end.
Definition closed_facts (l : list node) (F : facts) : bool :=
  let M := free_map (f_index F) (f_state F) l in let free d := no_syms (dim_names (f_index F) d) in
  forallb (fun x => no_names (names_at M (fst x))) (PositiveMap.elements (f_pos F)) &&
  forallb (fun x => free (fst x)) (f_least F) && forallb (fun x => free (fst x) && free (snd x)) (f_divides F).
Lemma no_syms_s l : no_syms l = true -> l = [].
Proof. destruct l; [auto|discriminate]. Qed.
Lemma dval_variant ix xs E E' d : no_syms (dim_names ix d) = true -> variant ix xs E E' -> dval E' d = dval E d.
Proof. intros H []. apply no_syms_s in H. apply (dval_names ix). rewrite H. intros x [N|[]]. auto. Qed.
Lemma meets_closed l F E : ordered l 1 = true -> closed_facts l F = true -> nonneg_env E ->
  (forall i, PositiveMap.mem i (f_pos F) = true -> 0 < tval (rev l) E i) ->
  (forall d n, In (d, n) (f_least F) -> (N.to_nat n <= dval E d)%nat) ->
  (forall a k, In (a, k) (f_divides F) -> exists w, dval E a = (dval E k * w)%nat) ->
  (f_gelu F = true -> normal_cdf E) ->
  (f_silu F = true -> 0 < epeak E /\ epeak E * (2 * sigmoid (epeak E) - 1) = 2) ->
  (f_selu F = true -> 0 <= fst (eselu E) /\ 1 <= snd (eselu E)) -> meets (rev l) F E.
Proof.
  intros O C HE P L D G1 G2 G3. pose proof (proj2 (proj2 HE)) as S.
  apply andb_prop in C. destruct C as [C C3]. apply andb_prop in C. destruct C as [C1 C2].
  rewrite forallb_forall in C1, C2, C3. constructor; auto.
  - intros E' i V H. rewrite (tval_variant (f_index F) (f_state F) l E E' i O); auto.
    rewrite PositiveMap.mem_find in H. destruct (PositiveMap.find i (f_pos F)) as [u|] eqn:Q; [|discriminate].
    apply PositiveMap.elements_correct in Q. specialize (C1 _ Q). simpl in C1.
    destruct (names_at _ i) as [[|] [|]]; try discriminate. reflexivity.
  - intros E' d n V H. rewrite (dval_variant (f_index F) (f_state F) E E'); auto. apply (C2 _ H).
  - intros E' a k V H. specialize (C3 _ H). apply andb_prop in C3. destruct C3 as [Ca Ck].
    rewrite !(dval_variant (f_index F) (f_state F) E E'); auto.
Qed.

(** ** Examples *)
Module Examples.
Local Open Scope positive_scope.
Definition no_facts : facts := {| f_index := [1]; f_state := []; f_pos := PositiveMap.empty unit; f_least := []; f_divides := [];
  f_gelu := true; f_silu := true; f_selu := true |}.
(* 1: 0, 2: 1, 3: x, 4: y, 5: x y, 6: sqrt x, 7: 1/sqrt x, 8: n, 9: 9/4, 10: 3/2, 11: max(x, y, 3/2), 12: dd(n; x, 1), 13: x + 1,
   14: x^2, 15: y^2, 16: x^2 + y^2, 17: its root, 18: n d, 19: 2, 20: 1/n, 21: (n d)/n, 22: prod over i = 1..n of f_i, 23: f_i *)
Definition nodes : list node := [TNum 0 1; TNum 1 1; TReal 1; TReal 2; TMul 3 4; TPow 3 1; TPow 3 (-1); TNat (DSym 1); TNum 9 4; TNum 3 2;
  TMax [3; 4; 10]; TDD (DSym 1) [2; 3]; TAdd 3 2; TPow 3 4; TPow 4 4; TAdd 14 15; TPow 16 1; TNat (DMul (DSym 1) (DSym 2)); TNum 2 1;
  TPow 8 (-2); TMul 18 20; TFam 1 (DSym 1); TProd 1 (DSym 2) 22].
Definition m := map_of_list nodes.
Definition x := PId 3. Definition y := PId 4.
Definition ok := matches m no_facts.
Example right : forallb (fun t => ok (fst t) (snd t))
  [(5, PMul (PNum 1 1) (PAdd (PMul x y) (PMul (PNum 0 1) x))); (3, PSq (PSqrt x)); (2, PDD (DNum 1) [x; y]); (3, PSq (PId 6));
   (7, PInvSqrt x); (7, PInv (PSqrt x)); (6, PInv (PId 7)); (14, PDD (DNum 2) [x]); (10, PSqrt (PId 9)); (10, PSqrt (PNum 18 8));
   (13, PDD (DNum 2) [PNum 1 1; x]); (12, PDD (DSym 1) [x; PNum 1 1]); (11, PMax (PMax y x) (PMax (PNum 3 2) (PMax x (PNum 1 1))));
   (17, PHyp x y); (3, PHyp x (PNum 0 1)); (3, PMax x (PNum 0 1)); (18, PDim (DMul (DSym 1) (DMul (DSym 2) (DNum 1))));
   (18, PMul (PDim (DSym 1)) (PDim (DSym 2))); (19, PQuot (DNum 8) (DNum 4)); (21, PQuot (DMul (DSym 1) (DSym 2)) (DSym 1));
   (1, PDD (DNum 1) [x; y; PNum 1 1]); (11, PMax (PId 11) y); (3, PMin x x)] = true.
Proof. vm_compute. reflexivity. Qed.
Example refused : existsb (fun t => ok (fst t) (snd t))
  [(5, PMul y x); (3, PSqrt x); (5, PMul x x); (13, PAdd (PNum 1 1) x); (12, PDD (DSym 1) [x; x]); (12, PDD (DSym 2) [x; PNum 1 1]);
   (11, PMax x y); (17, PHyp x x); (10, PSqrt (PNum 2 1)); (18, PDim (DMul (DSym 1) (DSym 1))); (99, x); (1, x)] = false.
Proof. vm_compute. reflexivity. Qed.
Example free : let M := free_map [1] [] nodes in
  (indexfree M 23, indexfree M 22, indexfree M 5, indexfree M 18) = (true, false, true, false).
Proof. vm_compute. reflexivity. Qed.
Example least : dim_least [(DSym 1, 3%N)] (DMul (DSub (DSym 1) (DNum 1)) (DNum 4)) = 8%N.
Proof. reflexivity. Qed.
End Examples.
