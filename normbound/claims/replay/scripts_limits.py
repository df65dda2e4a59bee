"""Rules of limits and rates (``checker.rules_limits``): lemmas of ``proofs/ClaimLimits.v`` applied to the terms of the data."""

from __future__ import annotations

from typing import Any

from normbound.claims.checker.rules_limits import ONE, ZERO, Scene, Term, dominated, leading, ordered, read
from normbound.claims.checker.rules_rates import chosen
from normbound.claims.checker.sequent import mentions
from normbound.claims.checker.signs import NOUGHT
from normbound.claims.replay.premises import Facts
from normbound.claims.replay.scripts import Step, Unreplayed, script
from normbound.claims.replay.statement import coq_name, proposition, sort_name
from normbound.claims.syntax import Node, Op, literal, number

LIBRARY = ("ClaimLimits", "ClaimRates")
_SORTS = {"natural": "isnat", "integer": "isint", "real": "(fun _ => True)", "positive": "(fun x : R => 0 < x)",
          "nonnegative": "(fun x : R => 0 <= x)"}  # as ``statement`` writes the sort of a limit's variable


# -- the parts of the goal ---------------------------------------------------------------------------------------------------
class Limit(Scene):
    """A scene with its texts in Coq: the sort P of the variable, e and the value."""

    def __init__(self, step: Step, op: str = Op.LIMIT):
        super().__init__(step.sequent, step.data, op)
        self.step = step
        self.sort = _SORTS[self.sequent.sorts[self.name].kind]
        self.has_sort = self.sequent.sorts[self.name].kind != "real"

    def function(self, e: Node) -> str:
        return f"(fun {coq_name(self.name)} : R => {self.step.term(e)})"

    def at_k(self, name: str) -> str:
        """A premise about large k, applied to k__0."""
        return f"({name} k__0{' z__0' if self.has_sort else ''} l__0)"

    def introduction(self) -> str:
        return "intros k__0 z__0 l__0."


def text(scene: Limit, t: Term) -> str:
    """The term as the record that the library has."""
    step = scene.step
    return f"(Term {step.term(t.c)} {step.term(t.a)} {step.term(number(t.l))} {step.term(t.b)})"


def listed(texts: list[str]) -> str:
    return f"[{'; '.join(texts)}]"


def valued(scene: Limit, t: Term, name: str) -> str:
    """The value of a term, as the rule writes it: factors that are 1 are left out."""
    k = "k__0"
    ways = [f"(pw_0 {k})" if t.a == ZERO else f"(pw_1 {k})" if t.a == ONE else "",
            "" if t.l else f"(pw_0 (log {k}))", f"(pw_base_1 {k})" if t.b == ONE else ""]
    rewriting = "".join(f" rewrite {w};" for w in ways if w)
    written = scene.step.term(t.node(scene.k))
    return (f"assert ({name} : forall {coq_name(scene.k.value)} : R, value {text(scene, t)} {coq_name(scene.k.value)} = {written}).\n"
            f"{{ intros {k}; unfold value, mono; cbn [t_co t_ex t_lo t_ba];{rewriting} ring. }}")


def sums(scene: Limit, top: list[Term], bottom: list[Term]) -> list[str]:
    """same__0: e is the quotient of the sums of terms from the start on."""
    step = scene.step
    terms = {text(scene, t): t for t in (*top, *bottom)}
    lines = [valued(scene, t, f"v__{j}") for j, t in enumerate(terms.values())]
    e = step.term(scene.at(scene.e))
    k = coq_name(scene.k.value)
    sides = [f"total {text(scene, x[0])} {listed([text(scene, t) for t in x[1:]])} {k}" for x in (top, bottom)]
    statement = f"forall {k} : R, {scene.sort} {k} -> {k} >= {scene.start} -> {e} = {sides[0]} / {sides[1]}"
    last = next(k for k in reversed(range(len(step.premises))) if scene.k.value in step.premises[k].sorts)
    end = "reflexivity." if "bottom" in step.data else "rewrite over_1; reflexivity."
    rewriting = ", ".join(f"v__{j}" for j in range(len(terms)))
    return [*lines, f"assert (same__0 : {statement}).",
            f"{{ {scene.introduction()} etransitivity; [exact {scene.at_k(step.p(last))}|].",
            f"unfold total; cbn [fold_left]; rewrite {rewriting}; {end} }}"]


def dominates(scene: Limit, facts: Facts, t: Term, t0: Term, way: object, level: bool = False) -> str:
    """A proof of ``below`` (or ``level``): the constructor with its conditions."""
    conditions = [facts.of(s) for s in dominated(scene, t, t0, way, level)]
    of = f"{scene.sort} {text(scene, t0)} {text(scene, t)}"
    if way == "level":
        c, low, high, first = conditions
        return f"(conj {c} (conj {low} (conj {high} {first})))"
    if way == "base":
        if scene.sequent.sorts[scene.name].kind in ("natural", "integer") and not scene.sequent.signs.is_nonnegative(t.b):
            whole = "isnat_isint" if scene.sequent.sorts[scene.name].kind == "natural" else "(fun _ z__1 => z__1)"
            return f"(by_base_int {of} {whole} {conditions[0]} {conditions[1]})"
        return f"(by_base {of} {conditions[0]} {conditions[1]})"
    if way == "power":
        if t.b == t0.b:
            positive = facts.of(Node(Op.LT, (NOUGHT, t0.b)))
            return f"(by_power {of} (Rlt_le _ _ {positive}) (Rle_refl _) {conditions[0]})"
        return f"(by_power {of} {' '.join(conditions)})"
    return f"(by_log {of} eq_refl eq_refl {facts.of(Node(Op.LT, (number(t.l), number(t0.l))))})"


def below(scene: Limit, facts: Facts, terms: list[Term], first: Term, ways: list[object], level: bool) -> str:
    """A proof of ``Forall (below P first) terms``; with ``level`` of the disjunction that rates accept."""
    proof = "(Forall_nil _)"
    for t, way in zip(reversed(terms), reversed(ways), strict=True):
        one = dominates(scene, facts, t, first, way, level)
        if level:
            one = f"(or_intror {one})" if way == "level" else f"(or_introl {one})"
        proof = f"(Forall_cons _ {one} {proof})"
    return proof


# -- the rules ---------------------------------------------------------------------------------------------------------------
@script("limit_terms")
def limit_terms(step: Step) -> str:
    scene, facts, case = Limit(step), Facts(step), step.data["case"]
    bottom, _ = ordered(scene, step.data, "bottom")
    top = read(scene, step.data, "top") if case == "zero" else ordered(scene, step.data, "top")[0]
    t, s = top[0], bottom[0]
    positive = facts.of(Node(Op.LT, (ZERO, s.b)))
    order = below(scene, facts, bottom[1:], s, list(step.data.get("bottom_ways", [])), False)
    nonzero = facts.of(Node(Op.NE, (s.c, ZERO)))
    known = f"_ _ {scene.start} {text(scene, t)} {text(scene, s)} {listed([text(scene, x) for x in top[1:]])} " \
            f"{listed([text(scene, x) for x in bottom[1:]])} same__0 {positive} {order} {nonzero}"
    if case == "zero":
        above = below(scene, facts, top, s, list(step.data["ways"]), False)
        value = facts.of(Node(Op.EQ, (scene.v, ZERO)))
        end = f"exact (limit_zero {known} _ {above} {value})."
    else:
        above = f"{facts.of(Node(Op.LT, (ZERO, t.b)))} {below(scene, facts, top[1:], t, list(step.data.get('top_ways', [])), False)}"
        if case == "equal":
            value = over_one(facts, Op.EQ, scene.v, t, s)
            end = f"exact (limit_equal {known} {above} _ eq_refl eq_refl eq_refl {value})."
        else:
            way = dominates(scene, facts, s, t, step.data["way"])
            end = f"exact (limit_infinite {known} {above} {way} {over_one(facts, Op.LT, ZERO, t, s)})."
    return "\n".join([*facts.lines, *sums(scene, top, bottom), end])


@script("rate_terms")
def rate_terms(step: Step) -> str:
    scene, facts = Limit(step, Op.RATE), Facts(step)
    bottom, top = (ordered(scene, step.data, key, level=True)[0] for key in ("bottom", "top"))
    t, s = top[0], bottom[0]
    orders = [below(scene, facts, x[1:], x[0], list(step.data.get(f"{key}_ways", [])), True)
              for x, key in ((top, "top"), (bottom, "bottom"))]
    positive = [facts.of(Node(Op.LT, (ZERO, x.b))) for x in (t, s)]
    nonzero = facts.of(Node(Op.NE, (s.c, ZERO)))
    ratio = over_one(facts, Op.LT, ZERO, t, s)
    if s.b == ONE:
        value = f"(eq_trans {facts.of(Node(Op.EQ, (scene.v, t.b)))} (eq_sym (over_1 _)))"
    else:
        value = facts.of(Node(Op.EQ, (scene.v, Node(Op.DIV, (t.b, s.b)))))
    end = (f"exact (rate_quotient _ {scene.function(scene.e)} {scene.start} {text(scene, t)} {text(scene, s)} "
           f"{listed([text(scene, x) for x in top[1:]])} {listed([text(scene, x) for x in bottom[1:]])} _ "
           f"same__0 {' '.join(positive)} {nonzero} {' '.join(orders)} {ratio} {value}).")
    return "\n".join([*facts.lines, *sums(scene, top, bottom), end])


def over_one(facts: Facts, op: str, left: Node, t: Term, s: Term) -> str:
    """left = c/d or left < c/d, from the fact about c where d is 1."""
    fact = facts.of(Node(op, (left, leading(t, s))))
    if s.c != ONE:
        return fact
    if op == Op.EQ:
        return f"(eq_trans {fact} (eq_sym (over_1 _)))"
    return f"(eq_ind_r (fun x__0 => {facts.step.term(left)} < x__0) {fact} (over_1 _))"


# -- compound expressions ----------------------------------------------------------------------------------------------------
def limit_of(step: Step, scene: Scene, e: Node, op: str = Op.LIMIT, value: Node | None = None) -> str:
    """The premise that says a limit (or rate) of e."""
    for j, p in enumerate(step.premises):
        g = p.goal
        plain = g.op == op and g.value == scene.name and p.given == step.sequent.given
        if plain and g.args[0] == e and (value is None or g.args[1] == value):
            return step.p(j)
    raise Unreplayed(f"there is no premise on {str(e)[:60]}")


def from_start(step: Step, scene: Scene, goal: Node) -> str:
    """The premise with the goal about large k."""
    for j, p in enumerate(step.premises):
        if p.goal == goal and p.given == scene.large.given:
            return step.p(j)
    raise Unreplayed(f"there is no premise {str(goal)[:60]}")


def about_k(scene: Limit, name: str) -> str:
    """A premise about large k as a function of k, its sort and its start."""
    return name if scene.has_sort else f"(fun k__0 (_ : True) => {name} k__0)"


@script("limit_same")
def limit_same(step: Step) -> str:
    return _same(step, Op.LIMIT, "limit_same")


@script("rate_same")
def rate_same(step: Step) -> str:
    return _same(step, Op.RATE, "rate_same")


def _same(step: Step, op: str, lemma: str) -> str:
    scene, facts = Limit(step, op), Facts(step)
    if "value" in step.data:
        w = scene.free(step.data["value"], ZERO)
        value = facts.of(Node(Op.EQ, (scene.v, w)))
        return "\n".join([*facts.lines, f"exact (limit_value _ _ _ _ {value} {limit_of(step, scene, scene.e, op, w)})."])
    other = step.sequent.expression(step.data["other"])
    same = about_k(scene, from_start(step, scene, Node(Op.EQ, (scene.at(scene.e), scene.at(other)))))
    e, f = scene.function(scene.e), scene.function(other)
    if scene.v.op == Op.INF:
        return f"exact (limit_same_inf {scene.sort} {e} {f} {scene.start} {same} {limit_of(step, scene, other, op)})."
    return f"exact ({lemma} {scene.sort} {e} {f} _ {scene.start} {same} {limit_of(step, scene, other, op)})."


@script("squeeze")
def squeeze(step: Step) -> str:
    scene = Limit(step)
    found: dict[str, tuple[str, str, str]] = {}
    for key in ("lower", "upper"):
        if key == "upper" and scene.v.op == Op.INF:
            continue
        bound = step.sequent.expression(step.data[key])
        sides = (scene.at(bound), scene.at(scene.e))
        order = from_start(step, scene, Node(Op.LE, sides if key == "lower" else sides[::-1]))
        found[key] = (scene.function(bound), about_k(scene, order), limit_of(step, scene, bound))
    f, (low, order, limit) = scene.function(scene.e), found["lower"]
    if scene.v.op == Op.INF:
        return f"exact (limit_above {scene.sort} {f} {low} {scene.start} {order} {limit})."
    high, below_it, other = found["upper"]
    return f"exact (limit_squeeze {scene.sort} {f} {low} {high} _ {scene.start} {order} {below_it} {limit} {other})."


@script("limit_power")
def limit_power(step: Step) -> str:
    scene, facts = Limit(step), Facts(step)
    u, w = scene.e.args
    exponent = scene.free(step.data["exponent"], ZERO)
    value = facts.of(Node(Op.EQ, (scene.v, Node(Op.EXP, (exponent,)))))
    product = Node(Op.MUL, (w, Node(Op.SUB, (u, ONE))))
    return "\n".join([*facts.lines, f"exact (limit_power {scene.sort} {scene.function(u)} {scene.function(w)} {step.term(exponent)} _ "
                      f"{limit_of(step, scene, u, value=ONE)} {limit_of(step, scene, product)} {value})."])


_PROPER = {Op.ADD: "lim_add", Op.SUB: "lim_sub", Op.MUL: "lim_mul", Op.NEG: "lim_opp", Op.EXP: "lim_exp", Op.ABS: "lim_abs"}


@script("limit_parts")
def limit_parts(step: Step) -> str:
    """The limit of each argument, then the lemma of the operator."""
    scene, facts = Limit(step), Facts(step)
    e, sort = scene.e, scene.sort
    if not mentions(e, scene.name):
        return f"exact (limit_value _ _ _ _ {step.p(len(step.premises) - 1)} (lim_const {sort} {step.term(e)}))."
    values = [x if x in ("inf", "-inf") else scene.free(x, ZERO) for x in step.data["values"]]
    f = [scene.function(a) for a in e.args]
    limits = []
    for a, x in zip(e.args, values, strict=True):
        if not mentions(a, scene.name):
            limits.append(f"(lim_const {sort} {step.term(a)})")
        elif x == "-inf":
            limits.append(limit_of(step, scene, a.args[0] if a.op == Op.NEG else Node(Op.NEG, (a,))))
        else:
            limits.append(limit_of(step, scene, a, value=Node(Op.INF) if x == "inf" else x))
    if any(x in ("inf", "-inf") for x in values):
        proof, w = _infinite(facts, e, values, f, limits, sort)
    else:
        proof, w = _finite(facts, e, values, f, limits, sort)
    if w is None:
        return "\n".join([*facts.lines, f"exact {proof}."])
    value = facts.of(Node(Op.EQ, (scene.v, w)))
    return "\n".join([*facts.lines, f"exact (limit_value _ {scene.function(e)} _ {step.term(w)} {value} {proof})."])


def _finite(facts: Facts, e: Node, values: list[Node], f: list[str], limits: list[str], sort: str) -> tuple[str, Node]:
    w = Node(e.op, tuple(values))
    op, term = e.op, facts.step.term
    texts = [term(x) for x in values]
    if op in _PROPER:
        return f"({_PROPER[op]} {sort} {' '.join((*f, *texts, *limits))})", w
    if op == Op.DIV:
        return f"(lim_div {sort} {' '.join((*f, *texts))} {facts.of(Node(Op.NE, (values[1], ZERO)))} {' '.join(limits)})", w
    if op == Op.SQRT:
        return f"(lim_sqrt {sort} {f[0]} {texts[0]} (Rge_le _ _ {facts.of(Node(Op.GE, (values[0], ZERO)))}) {limits[0]})", w
    if op == Op.LOG:
        return f"(lim_log {sort} {f[0]} {texts[0]} (Rgt_lt _ _ {facts.of(Node(Op.GT, (values[0], ZERO)))}) {limits[0]})", w
    if op in (Op.MAX, Op.MIN):
        lemma = "lim_max" if op == Op.MAX else "lim_min"
        proof = limits[0]
        for one in limits[1:]:
            proof = f"({lemma} {sort} _ _ _ _ {proof} {one})"
        return proof, w
    assert op == Op.POW
    q = literal(e.args[1])
    if q is None:
        return f"(lim_pw {sort} {' '.join((*f, *texts))} {facts.of(Node(Op.LT, (ZERO, values[0])))} {' '.join(limits)})", w
    if q.denominator == 1 and q >= 0:
        natural = f"(ltac:(first [exact isnat_0 | apply isnat_pos]) : isnat {texts[1]})"
        return f"(lim_pw_nat {sort} {f[0]} {texts[0]} {texts[1]} {natural} {limits[0]})", w
    positive = Node(Op.LT, (ZERO, values[0]))
    if not facts.context.holds(positive):
        raise Unreplayed(f"the base tends to {str(values[0])[:60]}, which signs do not show to be positive, and the exponent is {q}")
    return f"(lim_pw {sort} {' '.join((*f, *texts))} {facts.of(positive)} {' '.join(limits)})", w


def _infinite(facts: Facts, e: Node, values: list[Any], f: list[str], limits: list[str], sort: str) -> tuple[str, Node | None]:
    op = e.op
    first, second = (*values, None)[:2]
    texts = [x if isinstance(x, str) else facts.step.term(x) for x in values]

    def positive(x: Node) -> str:
        return facts.of(Node(Op.LT, (ZERO, x)))

    if op == Op.ADD and first == second == "inf":
        return f"(inf_add_inf {sort} {' '.join((*f, *limits))})", None
    if op == Op.ADD and first == "inf":
        return f"(inf_add {sort} {f[0]} {f[1]} {texts[1]} {' '.join(limits)})", None
    if op == Op.MUL and first == second == "inf":
        return f"(inf_mul_inf {sort} {' '.join((*f, *limits))})", None
    if op == Op.MUL and first == "inf":
        return f"(inf_mul {sort} {f[0]} {f[1]} {texts[1]} {positive(second)} {' '.join(limits)})", None
    if op in (Op.ADD, Op.MUL) and second == "inf":
        commute = "Rplus_comm" if op == Op.ADD else "Rmult_comm"
        lemma = "inf_add" if op == Op.ADD else "inf_mul"
        other = f"({lemma} {sort} {f[1]} {f[0]} {texts[0]}{'' if op == Op.ADD else ' ' + positive(first)} {limits[1]} {limits[0]})"
        return f"(limit_same_inf {sort} _ _ 0 (fun k__0 _ _ => {commute} _ _) {other})", None
    if op == Op.SUB and first == "inf" and isinstance(second, Node):
        negated = f"(lim_opp {sort} {f[1]} {texts[1]} {limits[1]})"
        return f"(inf_add {sort} {f[0]} (fun k__0 => - {f[1]} k__0) (- {texts[1]}) {limits[0]} {negated})", None
    if op == Op.DIV and first == "inf" and isinstance(second, Node):
        p = positive(second)
        inverse = f"(lim_inv {sort} {f[1]} {texts[1]} (Rgt_not_eq _ _ {p}) {limits[1]})"
        return f"(inf_mul {sort} {f[0]} (fun k__0 => / {f[1]} k__0) (/ {texts[1]}) (Rinv_0_lt_compat _ {p}) {limits[0]} {inverse})", None
    if op == Op.DIV and isinstance(first, Node) and second == "inf":
        return f"(inf_over {sort} {f[0]} {f[1]} {texts[0]} {' '.join(limits)})", ZERO
    if op == Op.DIV and isinstance(first, Node) and second == "-inf" and e.args[1].op != Op.NEG:
        return f"(inf_over_neg {sort} {f[0]} {f[1]} {texts[0]} {' '.join(limits)})", ZERO
    if op == Op.EXP and first == "inf":
        return f"(inf_exp {sort} {f[0]} {limits[0]})", None
    if op == Op.EXP:
        turned = limits[0]
        if e.args[0].op == Op.NEG:  # the premise is about what is negated
            turned = f"(limit_same_inf {sort} _ _ 0 (fun k__0 _ _ => Ropp_involutive _) {turned})"
        return f"(inf_exp_neg {sort} {f[0]} {turned})", ZERO
    if op in (Op.LOG, Op.SQRT):
        return f"({'inf_log' if op == Op.LOG else 'inf_sqrt'} {sort} {f[0]} {limits[0]})", None
    if op == Op.POW:
        q = literal(e.args[1])
        assert q is not None
        if q > 0:
            return f"(inf_pw {sort} {f[0]} {texts[1]} {positive(values[1])} {limits[0]})", None
        return f"(inf_pw_neg {sort} {f[0]} {texts[1]} {facts.of(Node(Op.LT, (values[1], ZERO)))} {limits[0]})", ZERO
    if op == Op.MAX and len(values) == 2:
        side, lemma = (0, "inf_max_left") if first == "inf" else (1, "inf_max_right")
        return f"({lemma} {sort} {f[0]} {f[1]} {limits[side]})", None
    raise Unreplayed(f"{op} with the values {', '.join(str(x)[:20] for x in values)} has no lemma")


# -- rates of compound expressions -------------------------------------------------------------------------------------------
@script("rate_limit")
def rate_limit(step: Step) -> str:
    scene, facts = Limit(step, Op.RATE), Facts(step)
    w = scene.free(step.data["value"], ZERO)
    positive, value = facts.of(Node(Op.LT, (ZERO, w))), facts.of(Node(Op.EQ, (scene.v, ONE)))
    return "\n".join([*facts.lines, f"exact (rate_limit {scene.sort} {scene.function(scene.e)} _ {step.term(w)} "
                      f"{limit_of(step, scene, scene.e, value=w)} {positive} {value})."])


@script("rate_zero")
def rate_zero(step: Step) -> str:
    scene, facts = Limit(step, Op.RATE), Facts(step)
    value = facts.of(Node(Op.EQ, (scene.v, ZERO)))
    zero = about_k(scene, from_start(step, scene, Node(Op.EQ, (scene.at(scene.e), ZERO))))
    return "\n".join([*facts.lines, f"exact (rate_zero {scene.sort} {scene.function(scene.e)} _ {scene.start} {zero} {value})."])


@script("rate_parts")
def rate_parts(step: Step) -> str:
    """A rate in Coq does not say that the expression is not negative, so the signs of the arguments must show it."""
    scene, facts = Limit(step, Op.RATE), Facts(step)
    e, sort = scene.e, scene.sort
    parts = e.args[:1] if e.op == Op.POW else e.args
    values = [scene.free(t, ZERO) for t in step.data["values"]]
    lines = [_nonnegative(scene, facts, x, f"sign__{j}") for j, x in enumerate(parts)]
    signs = [f"sign__{j}" for j in range(len(parts))]
    f = [scene.function(x) for x in parts]
    texts = [step.term(v) for v in values]
    rates = [limit_of(step, scene, x, Op.RATE, v) for x, v in zip(parts, values, strict=True)]
    known = f"{sort} {' '.join((*f, *texts))} {scene.start} {' '.join(signs)}"
    w: Node | None = None
    if e.op == Op.MUL:
        proof, w = f"rate_mul {known} {' '.join(rates)}", Node(Op.MUL, tuple(values))
    elif e.op == Op.DIV:
        proof = f"rate_div {known} {facts.of(Node(Op.LT, (ZERO, values[1])))} {' '.join(rates)}"
        w = Node(Op.DIV, tuple(values))
    elif e.op == Op.SUB:
        proof = f"rate_sub {known} {_rate_sign(scene, facts, values[1])} {facts.of(Node(Op.LT, (values[1], values[0])))} {' '.join(rates)}"
        w = values[0]
    elif e.op == Op.SQRT:
        proof = f"rate_sqrt {sort} {f[0]} {texts[0]} {scene.start} {signs[0]} {_rate_sign(scene, facts, values[0])} {rates[0]}"
        w = Node(Op.SQRT, tuple(values))
    elif e.op == Op.POW:
        q = e.args[1]
        known_ = literal(q)
        w = Node(Op.POW, (values[0], q))
        if known_ is None or known_ <= 0:
            positive = facts.of(Node(Op.LT, (ZERO, values[0])))
            proof = f"rate_pw {sort} {f[0]} {texts[0]} {step.term(q)} {scene.start} {signs[0]} {positive} {rates[0]}"
        else:
            proof = (f"rate_pw_pos {sort} {f[0]} {texts[0]} {step.term(q)} {scene.start} {signs[0]} {_rate_sign(scene, facts, values[0])} "
                     f"{facts.of(Node(Op.LT, (ZERO, q)))} {rates[0]}")
    else:
        return _extremal(scene, facts, lines, signs, texts, rates, values)
    value = facts.of(Node(Op.EQ, (scene.v, w)))
    return "\n".join([*lines, *facts.lines, f"exact (limit_value _ _ _ {step.term(w)} {value} ({proof}))."])


def _extremal(scene: Limit, facts: Facts, lines: list[str], signs: list[str], texts: list[str], rates: list[str],
              values: list[Node]) -> str:
    """Sum, maximum, minimum: the lemma of two arguments, used for one more each time."""
    step, e = scene.step, scene.e
    lemma, function = {Op.ADD: ("rate_add", "Rmax"), Op.MAX: ("rate_max", "Rmax"), Op.MIN: ("rate_min", "Rmin")}[e.op]
    proof, text_, sign = rates[0], texts[0], signs[0]
    f = scene.function(e.args[0])
    for j in range(1, len(e.args)):
        g = scene.function(e.args[j])
        proof = f"({lemma} {scene.sort} {f} {g} {text_} {texts[j]} {scene.start} {sign} {signs[j]} {proof} {rates[j]})"
        text_ = f"({function} {text_} {texts[j]})"
        if j < len(e.args) - 1:
            part = Node(e.op, e.args[:j + 1])
            f, sign = scene.function(part), f"sign__m{j}"
            lines.append(_nonnegative(scene, facts, part, sign))
    if e.op == Op.MIN:
        w: Node = Node(Op.MIN, tuple(values))
        conditions: list[Node] = []
    else:
        w, conditions = chosen(values, step.data)
    names = [facts.of(c) for c in conditions]
    value = facts.of(Node(Op.EQ, (scene.v, w)))
    same = (f"assert (w__0 : {step.term(w)} = {text_}).\n{{ clear{' - ' + ' '.join(names) if names else ''}; unfold {function}; "
            f"repeat (destruct (Rle_dec _ _)); lra. }}")
    return "\n".join([*lines, *facts.lines, same, f"exact (limit_value _ _ _ _ (eq_trans {value} w__0) {proof})."])


def _nonnegative(scene: Limit, facts: Facts, x: Node, name: str) -> str:
    """That an argument is not negative for large k, by signs."""
    k, s = coq_name(scene.k.value), sort_name(scene.k.value)
    start = Node(Op.GE, (scene.k, number(scene.start)))
    context = facts.context.extended({scene.k.value: scene.large.sorts[scene.k.value]}, [(start, "l__0")])
    statement = Node(Op.LE, (ZERO, scene.at(x)))
    return (f"assert ({name} : forall {k} : R, {scene.sort} {k} -> {k} >= {scene.start} -> {proposition(statement)}).\n"
            f"{{ intros {k} {s} l__0.\n{context.evident(statement)} }}")


def _rate_sign(scene: Limit, facts: Facts, v: Node) -> str:
    return facts.of(Node(Op.LE, (ZERO, v)))


__all__ = ["Limit", "limit_parts", "limit_power", "limit_same", "limit_terms", "rate_limit", "rate_parts", "rate_same", "rate_terms",
           "rate_zero", "squeeze"]
