"""Rules of logic and order (``checker.rules_logic``)."""

from __future__ import annotations

from normbound.claims.checker.signs import NOUGHT
from normbound.claims.replay.scripts import Step, script
from normbound.claims.replay.statement import relative
from normbound.claims.syntax import Node, Op


# -- connectives -----------------------------------------------------------------------------------------------------------
@script("defined")
def defined(step: Step) -> str:
    """The last premise is the sequent itself; the others are its conditions."""
    return f"exact {step.p(len(step.premises) - 1)}."


@script("split")
def split(step: Step) -> str:
    goal = step.goal
    if goal.op == Op.AND:
        # part k is proved under the parts before it
        lines = []
        for k in range(len(goal.args)):
            new = relative(step.premises[k], step.sequent)[1]
            lines.append(f"assert (q__{k + 1} := {step.p(k)}{''.join(f' q__{goal.args.index(g) + 1}' for g in new)}).")
        return "\n".join([*lines, "repeat split; assumption."])
    if goal.op == Op.IFF:
        return f"split; [exact {step.p(0)} | exact {step.p(1)}]."
    return f"apply Rle_antisym; [exact {step.p(0)} | apply Rge_le; exact {step.p(1)}]."


@script("intro")
def intro(step: Step) -> str:
    if step.goal.op == Op.IMPLIES:
        return f"first [exact {step.p(0)} | intros; assumption | intros; apply {step.p(0)}]."
    return step.each(0, step.goal.args[0])


@script("hypothesis")
def hypothesis(step: Step) -> str:
    """The hypothesis, or a comparison weaker than it."""
    name = step.h(step.data["number"])
    if step.sequent.given[step.data["number"]] == step.goal:
        return f"exact {name}."
    return f"clear - {name}; lra."


@script("evident")
def evident(step: Step) -> str:
    return step.evident(step.goal)


@script("absurd")
def absurd(step: Step) -> str:
    k = step.data["number"]
    return str(step.context.without(step.h(k)).absurd(step.sequent.given[k], step.h(k)))


@script("contradiction")
def contradiction(step: Step) -> str:
    return f"exfalso; exact (Rlt_irrefl _ {step.p(0)})."


@script("negate")
def negate(step: Step) -> str:
    a, b = (step.term(x) for x in step.goal.args)
    p = f"(Rlt_irrefl _ ({step.p(0)} n__1))"
    known = {
        Op.EQ: f"destruct (Req_EM_T {a} {b}) as [n__1 | n__1]; [exact n__1 | exfalso; exact {p}]",
        Op.NE: f"intros n__1; exact {p}",
        Op.LE: f"destruct (Rle_lt_dec {a} {b}) as [n__0 | n__0]; [exact n__0 | assert (n__1 : {a} > {b}) by exact n__0; exfalso; "
               f"exact {p}]",
        Op.LT: f"destruct (Rlt_le_dec {a} {b}) as [n__0 | n__0]; [exact n__0 | assert (n__1 : {a} >= {b}) by (apply Rle_ge; exact n__0); "
               f"exfalso; exact {p}]",
        Op.GE: f"destruct (Rlt_le_dec {a} {b}) as [n__1 | n__1]; [exfalso; exact {p} | apply Rle_ge; exact n__1]",
        Op.GT: f"destruct (Rle_lt_dec {a} {b}) as [n__1 | n__1]; [exfalso; exact {p} | exact n__1]",
    }
    return f"{known[step.goal.op]}."


@script("contrapose")
def contrapose(step: Step) -> str:
    """The last premise gives the negated hypothesis from the negated goal."""
    k = step.data["number"]
    p = step.p(len(step.premises) - 1)
    a, b = (step.term(x) for x in step.goal.args)
    cases = {Op.EQ: f"destruct (Req_EM_T {a} {b}) as [n__1 | n__1]; [exact n__1 | exfalso]",
             Op.NE: "intros n__1",
             Op.LE: f"destruct (Rle_lt_dec {a} {b}) as [n__1 | n__1]; [exact n__1 | exfalso]",
             Op.LT: f"destruct (Rlt_le_dec {a} {b}) as [n__1 | n__1]; [exact n__1 | exfalso; apply Rle_ge in n__1]",
             Op.GE: f"destruct (Rlt_le_dec {a} {b}) as [n__1 | n__1]; [exfalso | apply Rle_ge; exact n__1]",
             Op.GT: f"destruct (Rle_lt_dec {a} {b}) as [n__1 | n__1]; [exfalso | exact n__1]"}
    return f"{cases[step.goal.op]}; pose proof ({p} n__1) as n__2; clear - n__2 {step.h(k)}; lra."


@script("flip")
def flip(step: Step) -> str:
    ways = {Op.EQ: "symmetry", Op.NE: "apply not_eq_sym", Op.LE: "apply Rge_le", Op.LT: "apply Rgt_lt", Op.GE: "apply Rle_ge",
            Op.GT: "apply Rlt_gt"}
    return f"{ways[step.goal.op]}; exact {step.p(0)}."


@script("stronger")
def stronger(step: Step) -> str:
    return f"clear - {step.p(0)}; lra."


# -- hypotheses ------------------------------------------------------------------------------------------------------------
@script("parts")
def parts(step: Step) -> str:
    k = step.data["number"]
    given, h, p = step.sequent.given[k], step.h(k), step.p(0)
    added = [g for g in step.premises[0].given[len(step.sequent.given):] if g in relative(step.premises[0], step.sequent)[1]]
    if given.op == Op.AND:
        names = [f"q__{j + 1}" for j in range(len(given.args))]
        pattern = names[-1]
        for x in reversed(names[:-1]):
            pattern = f"[{x} {pattern}]"
        return f"destruct {h} as {pattern}; apply {p}; assumption."
    if given.op == Op.IFF:
        return f"exact ({p}{''.join(f' (proj{1 if g.args == given.args else 2} {h})' for g in added)})."
    if given.op == Op.EQ:
        return f"apply {p}; clear - {h}; lra."
    a, b = given.args if given.op in (Op.LE, Op.LT) else given.args[::-1]
    if a.op == Op.MAX or b.op == Op.MIN:
        return f"{extremum_facts(step, a if a.op == Op.MAX else b)}\napply {p}; lra."
    whole = [f"assert (z__{j + 1} : isint {step.term(x)}).\n{{ {step.integer(x)} }}" for j, x in enumerate((a, b))]
    return "\n".join([*whole, f"apply {p}; apply isint_lt; [exact z__1 | exact z__2 | lra]."])


def extremum_facts(step: Step, e: Node) -> str:
    """What a maximum or minimum says about each of its parts, as facts of the context."""
    function, lemmas = ("Rmax", ("Rmax_l", "Rmax_r")) if e.op == Op.MAX else ("Rmin", ("Rmin_l", "Rmin_r"))
    text, lines = step.term(e.args[0]), []
    for a in e.args[1:]:
        lines += [f"pose proof ({lemma} {text} {step.term(a)})." for lemma in lemmas]
        text = f"({function} {text} {step.term(a)})"
    return "\n".join(lines)


@script("apply")
def apply(step: Step) -> str:
    return f"first [exact ({step.p(1)} ({step.h(step.data['number'])} {step.p(0)})) | exact {step.p(1)}]."


@script("instance")
def instance(step: Step) -> str:
    k = step.data["number"]
    at = step.sequent.expression(step.data["at"])
    n = len(step.premises)
    low, high, use = (step.p(j) for j in range(n - 3, n))
    return (f"assert (z__1 : isint {step.term(at)}).\n{{ {step.integer(at)} }}\n"
            f"pose proof ({step.h(k)} _ z__1 {low} {high}) as q__1.\nfirst [exact ({use} q__1) | exact {use}].")


@script("weaken")
def weaken(step: Step) -> str:
    return f"exact {step.p(0)}."


@script("cut")
def cut(step: Step) -> str:
    n = len(step.premises)
    return f"first [exact ({step.p(n - 1)} {step.p(n - 2)}) | exact {step.p(n - 1)}]."


@script("cases")
def cases(step: Step) -> str:
    a, b = (step.term(step.sequent.expression(step.data[x])) for x in ("left", "right"))
    n = len(step.premises)
    first, second = step.p(n - 2), step.p(n - 1)
    return (f"destruct (Rle_lt_dec {a} {b}) as [n__1 | n__1]; [first [exact ({first} n__1) | exact {first}] | "
            f"first [exact ({second} n__1) | exact {second}]].")


@script("zero")
def zero(step: Step) -> str:
    x = step.data["name"]
    first, second = step.p(0), step.p(1)
    return (f"destruct (isnat_cases _ {step.sort(x)}) as [n__1 | n__1]; [first [exact ({first} n__1) | exact {first}] | "
            f"apply Rle_ge in n__1; first [exact ({second} n__1) | exact {second}]].")


@script("replace")
def replace(step: Step) -> str:
    """Rewriting the goal and the hypotheses by an equality among them."""
    k = step.data["number"]
    h = step.h(k)
    arrow = "<- " if step.data.get("back") is True else ""
    lines = [f"try rewrite {arrow}{h}."]
    lines += [f"try rewrite {arrow}{h} in {step.h(j)}." for j in range(len(step.sequent.given)) if j != k]
    return "\n".join([*lines, f"first [exact {step.p(0)} | apply {step.p(0)}; assumption]."])


@script("generalize")
def generalize(step: Step) -> str:
    """The expression is a value of the new variable."""
    e = step.sequent.expression(step.data["of"])
    last = step.premises[-1]
    p = step.p(len(step.premises) - 1)
    new = next(x for x in last.sorts if x not in step.sequent.sorts)
    kind = last.sorts[new].kind
    lines = []
    if kind != "real":
        statement = Node(Op.LT if kind == "positive" else Op.LE, (NOUGHT, e))
        lines.append(step.fact(statement, "q__1"))
    return "\n".join([*lines, f"apply ({p} {step.term(e)}); assumption."])


# -- order -----------------------------------------------------------------------------------------------------------------
@script("transitive")
def transitive(step: Step) -> str:
    n = len(step.premises)
    return f"pose proof {step.p(n - 2)}; pose proof {step.p(n - 1)}; clear - {step.p(n - 2)} {step.p(n - 1)}; lra."


@script("extremum")
def extremum(step: Step) -> str:
    """A comparison with max, min, abs from comparisons with its parts."""
    goal = step.goal
    turned = goal.op in (Op.GE, Op.GT)
    a, b = goal.args[::-1] if turned else goal.args
    left = step.data["side"] == "left"
    e = a if left else b
    turn = {Op.GE: "apply Rle_ge; ", Op.GT: "apply Rlt_gt; "}.get(goal.op, "")
    kind = "lt" if goal.op in (Op.LT, Op.GT) else "le"
    names = [step.p(k) for k in range(len(step.premises))]
    if e.op == Op.ABS:
        if left:
            return f"{turn}apply abs_{kind}; [exact {names[0]} | exact {names[1]}]."
        return f"{turn}apply {kind}_abs_{'left' if step.data['choose'] == 0 else 'right'}; exact {names[0]}."
    if (e.op == Op.MAX) == left:
        lemma = ("Rmax_lub" if left else "Rmin_glb") + ("_lt" if kind == "lt" else "")
        return f"{turn}repeat apply {lemma}; assumption."
    return f"{extremum_facts(step, e)}\n{turn}lra."


@script("extremum_cases")
def extremum_cases(step: Step) -> str:
    """The value of max, min, abs is that of one part, which is the greatest or least."""
    e = step.sequent.expression(step.data["of"])
    total = len(step.premises)
    parts_ = 2 if e.op == Op.ABS else len(e.args)
    names = [step.p(total - parts_ + k) for k in range(parts_)]
    given = " ".join(step.h(k) for k in range(len(step.sequent.given)))
    revert = f"revert {given}; " if given else ""
    if e.op == Op.ABS:
        a = step.term(e.args[0])
        return (f"{revert}destruct (Rlt_le_dec {a} 0) as [n__1 | n__1].\n"
                f"{{ replace {step.term(e)} with (- {a}) in * by (symmetry; apply Rabs_left; exact n__1).\n"
                f"intros; apply {names[1]}; assumption. }}\n"
                f"{{ replace {step.term(e)} with {a} in * by (symmetry; apply Rabs_pos_eq; exact n__1).\n"
                f"apply Rle_ge in n__1; intros; apply {names[0]}; assumption. }}")
    function, op = ("Rmax", ">=") if e.op == Op.MAX else ("Rmin", "<=")
    texts = [step.term(x) for x in e.args]
    cases, patterns, ways = [], [], []
    for k, x in enumerate(texts):
        others = [f"{x} {op} {y}" for j, y in enumerate(texts) if j != k]
        cases.append("(" + " /\\ ".join([f"{step.term(e)} = {x}", *others]) + ")")
        facts = ["q__1", *(f"q__{j + 2}" for j in range(len(others)))]
        pattern = facts[-1]
        for name in reversed(facts[:-1]):
            pattern = f"[{name} {pattern}]"
        patterns.append(pattern)
        path = ["right"] * k + (["left"] if k < len(texts) - 1 else [])
        ways.append(f"solve [{'; '.join([*path, 'repeat split', 'lra'])}]")
    pattern = patterns[-1]
    for x in reversed(patterns[:-1]):
        pattern = f"[{x} | {pattern}]"
    lines = ["assert (q__0 : " + " \\/ ".join(cases) + ").",
             f"{{ unfold {function}; repeat (destruct (Rle_dec _ _)); first [{' | '.join(ways)}]. }}",
             f"destruct q__0 as {pattern}; rewrite ?q__1 in *."]
    lines += [f"{{ intros; apply {name}; assumption. }}" for name in names]
    return "\n".join(lines)
