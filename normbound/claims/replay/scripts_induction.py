"""Scripts of the rules ``induction``, ``successor``, ``recurrence``, ``steps`` and ``two_points``.

Induction needs the premises for all values of its variable, while a script knows them for the value at hand. ``General`` states them
anew: it takes the variable, and what depends on it, out of the context, states the premises, and puts all back.
"""

from __future__ import annotations

from collections.abc import Sequence

from normbound.claims.checker import Sequent
from normbound.claims.checker.logforms import flatten
from normbound.claims.checker.sequent import mentions
from normbound.claims.replay.replay import _premise as premise_text
from normbound.claims.replay.scripts import Step, script
from normbound.claims.replay.signs import Context
from normbound.claims.replay.statement import (
    Unreplayed,
    binder,
    coq_name,
    goal_text,
    hypothesis_text,
    introduced,
    ordered,
    proposition,
    relative,
    sort_name,
    term,
)
from normbound.claims.syntax import Node, Op, free_names, number, parts, substitute, variable

LIBRARY = ("ClaimInduction",)
AND = " /\\ "


class General:
    """The premises of a node for all values of a variable: facts P__1, P__2, ... in the order of ``first``, the others after them."""

    def __init__(self, step: Step, name: str, first: Sequence[int] = ()):
        self.step = step
        self.variable = name
        sequent = step.sequent
        lengths = sequent.lengths()
        self.families = [x for x in ordered(sequent) if x in lengths and mentions(lengths[x], name)]
        self.varying = [name, *self.families]
        self.kept = [k for k, g in enumerate(sequent.given) if not free_names(g) & set(self.varying)]
        self.bound = [k for k in range(len(sequent.given)) if k not in self.kept]
        self.fixed = [k for k, c in enumerate(step.conditions) if self._fixed(c)]
        order = [*first, *(k for k in range(len(step.premises)) if k not in first)]
        self.order = order
        # what premise_text asks of a step
        self.sequent = Sequent({x: s for x, s in sequent.sorts.items() if x not in self.varying},
                               tuple(sequent.given[k] for k in self.kept), sequent.goal)
        self.premises = tuple(step.premises[k] for k in order)
        self.conditions = tuple(step.conditions[k] for k in self.fixed)

    def _fixed(self, c: Sequent) -> bool:
        names, given = relative(c, self.step.sequent)
        seen = frozenset().union(*(free_names(s) for s in (c.goal, *given)))
        return not seen & set(self.varying) and not any(c.sorts[x].is_family for x in names)

    def h(self, number_: int) -> str:
        return self.step.h(self.kept[number_])

    def c(self, number_: int) -> str:
        return self.step.c(self.fixed[number_])

    def p(self, number_: int) -> str:
        return f"P__{self.order[number_] + 1}"

    def script(self, more: Sequence[str] = (), facts: Sequence[str] = ()) -> str:
        """Tactics; ``more`` stands where the variable is out of the context, ``facts`` are further hypotheses on it."""
        step = self.step
        moved = [*introduced(step.sequent.sorts, self.varying), *dict.fromkeys(
            step.h(k) for k in self.bound), *(step.c(k) for k in range(len(step.conditions)) if k not in self.fixed), *facts]
        clear = " ".join(step.p(k) for k in range(len(step.premises)))
        lines = [f"clear {clear}.", f"revert {' '.join(moved)}."]
        for place, k in enumerate(self.order):
            lines.append(premise_text(self, place, step.premises[k], step.lemmas[k]))  # type: ignore[arg-type]
        return "\n".join([*lines, *more, f"intros {' '.join(moved)}."])

    def relative(self, k: int) -> tuple[list[str], list[Node]]:
        return relative(self.step.premises[k], self.sequent)


@script("induction")
def induction(step: Step) -> str:
    """The statement Q K (for all families, guards -> goal) from Q start and the step."""
    sequent = step.sequent
    name, start = step.data["variable"], step.data.get("from", 0)
    k = coq_name(name)
    sort = sort_name(name)
    whole = General(step, name, range(start + 2, len(step.premises)))
    bound = list(dict.fromkeys(sequent.given[j] for j in whole.bound))
    least = Node(Op.GE, (variable(name), number(start)))
    free = tuple(sequent.given[j] for j in whole.kept)
    context = sequent.replace((*free, least))
    guards = [g for g in bound if not all(context.signs.holds(part) for part in flatten(g))]
    evident = [g for g in bound if g not in guards]
    if any(free_names(g) & set(whole.families) for g in evident):
        raise Unreplayed("found an evident hypothesis on a family whose length varies")
    lines = [_evident(whole, step, n, g, name, start) for n, g in enumerate(evident)]
    families = binder(sequent.sorts, whole.families)
    names = introduced(sequent.sorts, whole.families)
    body = families + "".join(f"{hypothesis_text(g, sequent.sorts)} -> " for g in guards) + goal_text(sequent)
    given = [f"h__{n + 1}" for n in range(len(guards))]
    lines.append(f"assert (Q__ : forall x__ : R, isnat x__ -> x__ >= {start} -> (fun {k} : R => {body}) x__).\n"
                 f"{{ refine (nat_induction (fun {k} : R => {body}) {start} {_isnat(start)} _ _); cbv beta; [|intros x__ s__x a__x I__].")
    lines.append(f"{{ intros {' '.join([*names, *given]) or '*'}.\n"
                 f"{_apply(whole, start, number(start), dict(zip(guards, given, strict=True)), evident, name, start)} }}")
    lines.append(f"{{ intros {' '.join([*names, *given]) or '*'}.\n{_step(whole, step, guards, given, evident, name, start)} }} }}")
    lines = [whole.script(lines)]
    # the values below the start, and those from it on
    for j in range(start):
        lines.append(f"destruct (nat_below {k} {j} {sort} (isint_Z {j})) as [e__{j}|[e__{j}|e__{j}]]; "
                     f"[|exfalso; pose proof (isnat_ge0 _ {sort}); lra|].")
        known = {g: step.h(i) for i, g in reversed(list(enumerate(sequent.given)))}
        lines.append(f"{{ subst {k}.\n{_apply(whole, j, number(j), known, [], name, start)} }}")
    if start == 0:
        lines.append(f"assert (e__a : {k} >= 0) by (apply Rle_ge, isnat_ge0; exact {sort}).")
    else:
        lines.append(f"assert (e__a : {k} >= {start}) by lra.")
    hypotheses = [next(step.h(i) for i, h in enumerate(sequent.given) if h == g) for g in guards]
    lines.append(f"exact ({' '.join(['Q__', k, sort, 'e__a', *names, *hypotheses])}).")
    return "\n".join(line for line in lines if line)


def _isnat(n: int) -> str:
    return "isnat_0" if n == 0 else f"(isnat_pos {n})"


def _evident(whole: General, step: Step, n: int, g: Node, name: str, start: int) -> str:
    """An evident hypothesis for every K from the start on."""
    sorts = {**whole.sequent.sorts, name: step.sequent.sorts[name]}
    least = Node(Op.GE, (variable(name), number(start)))
    context = Context(sorts, [*((step.sequent.given[j], step.h(j)) for j in whole.kept), (least, "a__0")])
    found = [f"{{ {context.evident(p)} }}" for p in flatten(g)]
    proof = "\n".join([f"split.\n{s}" for s in found[:-1]] + [found[-1]])
    k = coq_name(name)
    return (f"assert (v__{n + 1} : forall {k} : R, isnat {k} -> {k} >= {start} -> {proposition(g)}).\n"
            f"{{ intros {k} {sort_name(name)} a__0.\n{proof} }}")


def _apply(whole: General, premise: int, value: Node, known: dict[Node, str], evident: list[Node], name: str,
           start: int) -> str:
    """The goal at a number from the premise for it."""
    names, given = whole.relative(premise)
    change = {name: value}
    found = {substitute(g, change): h for g, h in known.items()}
    for n, g in enumerate(evident):
        found.setdefault(substitute(g, change), f"(v__{n + 1} {start} {_isnat(start)} (Rge_refl _))")
    missing = [g for g in given if g not in found]
    if missing:
        raise Unreplayed(f"found the hypothesis {str(missing[0])[:60]} of a premise without a proof")
    arguments = [f"P__{premise + 1}", *introduced(whole.step.premises[premise].sorts, names), *(found[g] for g in given)]
    return f"exact ({' '.join(arguments)})."


def _step(whole: General, step: Step, guards: list[Node], given: list[str], evident: list[Node], name: str, start: int) -> str:
    """Q (x__ + 1) from Q x__, which is I__."""
    sequent = step.sequent
    number_ = start + 1
    premise = step.premises[number_]
    _, wanted = whole.relative(number_)
    after = Node(Op.ADD, (variable(name), number(1)))
    least = Node(Op.GE, (variable(name), number(start)))
    found: dict[Node, str] = {least: "a__x"}
    for g, h in zip(guards, given, strict=True):
        found.setdefault(substitute(g, {name: after}), h)
    for n, g in enumerate(evident):
        found.setdefault(substitute(g, {name: after}), f"(v__{n + 1} (x__ + 1) (isnat_add _ _ s__x (isnat_pos 1)) b__x)")
    names = introduced(sequent.sorts, whole.families)
    lines = ["assert (b__x : x__ + 1 >= " + str(start) + ") by lra."]
    shorter = []
    for x in whole.families:
        sort = sequent.sorts[x]
        if sort.kind == "real":
            continue
        new = f"w__{x}"
        shorter.append(new)
        i = f"{coq_name(x)} i"
        said = {"positive": f"0 < {i}", "nonnegative": f"0 <= {i}", "natural": f"isnat ({i})", "integer": f"isint ({i})"}[sort.kind]
        assert sort.length is not None
        lines.append(f"assert ({new} : forall i : R, isint i -> 1 <= i -> i <= (fun {coq_name(name)} : R => {term(sort.length)}) x__ -> "
                     f"{said}).\n{{ cbv beta. intros i i__z i__l i__u. apply {sort_name(x)}; first [assumption | lra]. }}")
    earlier = " ".join(["I__", *(coq_name(x) for x in whole.families), *shorter])
    found[premise.given[-1]] = f"({earlier})"
    if any(g not in found for g in wanted):
        raise Unreplayed("found a hypothesis of the step without a proof")
    variables = ["x__", *(coq_name(x) for x in whole.families)]
    sorts = ["s__x", *(sort_name(x) for x in whole.families if sequent.sorts[x].kind != "real")]
    order = relative(premise, whole.sequent)[0]
    arguments = _ordered(order, name, variables, sorts, whole.families, sequent)
    lines.append(f"exact ({' '.join([f'P__{number_ + 1}', *arguments, *(found[g] for g in wanted)])}).")
    del names
    return "\n".join(lines)


def _ordered(order: list[str], name: str, variables: list[str], sorts: list[str], families: list[str], sequent: Sequent) -> list[str]:
    """Variables and sorts in the order in which the premise binds them."""
    texts = dict(zip([name, *families], variables, strict=True))
    facts = dict(zip([name, *(x for x in families if sequent.sorts[x].kind != "real")], sorts, strict=True))
    return [*(texts[x] for x in order), *(facts[x] for x in order if x in facts)]


@script("successor")
def successor(step: Step) -> str:
    """K is m + 1; the premise is about m."""
    sequent = step.sequent
    name = step.data["variable"]
    k, sort = coq_name(name), sort_name(name)
    whole = General(step, name)
    last = len(step.premises) - 1
    least = step.evident(Node(Op.GE, (variable(name), number(1)))) if last == 0 else f"exact {step.p(0)}."
    _, given = whole.relative(last)
    change = {name: Node(Op.ADD, (variable(name), number(1)))}
    found = {substitute(g, change): step.h(j) for j, g in reversed(list(enumerate(sequent.given)))}
    if any(g not in found for g in given):
        raise Unreplayed("found a hypothesis of the premise without a proof")
    order = relative(step.premises[last], whole.sequent)[0]
    variables = ["x__", *(coq_name(x) for x in whole.families)]
    sorts = ["s__x", *(sort_name(x) for x in whole.families if sequent.sorts[x].kind != "real")]
    arguments = _ordered(order, name, variables, sorts, whole.families, sequent)
    return "\n".join([
        f"assert (l__k : {k} >= 1).\n{{ {least} }}", whole.script(facts=["l__k"]),
        f"destruct (nat_successor {k} {sort} (Rge_le _ _ l__k)) as [x__ [s__x e__x]]. subst {k}.",
        f"exact ({' '.join([f'P__{last + 1}', *arguments, *(found[g] for g in given)])})."])


@script("steps")
def steps(step: Step) -> str:
    """One step after the other; the bounds on K hold between the ends."""
    sequent = step.sequent
    name = str(sequent.goal.value)
    k, sort = coq_name(name), sort_name(name)
    whole = General(step, name, range(1, len(step.premises)))
    _, given = whole.relative(0)
    lemma = "nat_steps" if step.goal.op == Op.INCREASING else "nat_steps_down"
    later = [f"t__{n + 1}" for n in range(sum(1 for h in sequent.given if mentions(h, name)))]
    body = term(sequent.goal.args[0])
    facts = " ".join("_" for _ in given)
    return "\n".join([
        whole.script(), f"intros k__2 s__2 o__2 {' '.join(later)}.".replace(" .", "."),
        f"apply ({lemma} (fun {k} : R => {body}) {k} {sort} k__2 s__2 o__2).", "intros x__ s__x l__x u__x.",
        f"refine (P__1 x__ s__x {facts}); repeat split; lra." if given else "exact (P__1 x__ s__x)."])


@script("two_points")
def two_points(step: Step) -> str:
    """The premise is the goal for a new variable."""
    sequent = step.sequent
    name = str(sequent.goal.value)
    sort = sequent.sorts[name]
    count = len([h for h in sequent.given if mentions(h, name)])
    said = "s__2 " if sort.kind != "real" else ""
    later = [f"t__{n + 1}" for n in range(count)]
    names, given = relative(step.premises[0], sequent)
    if len(names) != 1 or len(given) != len(dict.fromkeys(h for h in sequent.given if mentions(h, name))) + 1:
        raise Unreplayed("found a premise with other hypotheses than those of the second point")
    finish = "" if step.goal.op == Op.INCREASING else "apply Rge_le. "
    return f"intros y__2 {said}o__2 {' '.join(later)}.\n{finish}exact (p1 y__2 {said}{' '.join([*later, 'o__2'])}).".replace(" .", ".")


@script("recurrence")
def recurrence(step: Step) -> str:
    """Each sequence equals its form at 0 and, if it does at i, at i + 1."""
    sequent = step.sequent
    index, sequences = parts(sequent.goal)
    i = coq_name(index)
    names = [coq_name(s.name) for s in sequences]
    n = len(names)
    forms = [f"{x} {i} = {term(s.form)}" for x, s in zip(names, sequences, strict=True)]
    starts = [f"b__{j + 1}" for j in range(n)]
    later = [f"t__{j + 1}" for j in range(n)]
    known = [f"I__{j + 1}" for j in range(n)]
    base = " | ".join(f"exact (eq_trans {starts[j]} {step.p(j)})" for j in range(n))
    forms_known = "".join(f", ?{h}" for h in known)
    moves = [f"rewrite ({later[j]} x__ s__x){forms_known}; symmetry; exact ({step.p(n + j)} x__ s__x)" for j in range(n)]
    split = "repeat split; [{}]" if n > 1 else "{}"
    pattern = known[0] if n == 1 else "[" + " [".join(known[:-1]) + " " + known[-1] + "]" * (n - 1)
    return "\n".join([
        f"intros {' '.join([*names, *starts, *later])}.",
        f"assert (Q__ : forall x__ : R, isnat x__ -> x__ >= 0 -> (fun {i} : R => {AND.join(forms)}) x__).",
        f"{{ apply nat_induction; [exact isnat_0 | cbv beta | cbv beta; intros x__ s__x a__x {pattern}].",
        f"{{ {split.format(base)}. }}",
        f"{{ {split.format(' | '.join(moves))}. }} }}",
        "intros x__ s__x. exact (Q__ x__ s__x (Rle_ge _ _ (isnat_ge0 _ s__x)))."])


__all__ = ["General", "induction", "recurrence", "steps", "successor", "two_points"]
