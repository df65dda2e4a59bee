"""Rules of monotonicity and signs (``checker.rules_monotone``)."""

from __future__ import annotations

from normbound.claims.checker.rules_logic import FLIPPED
from normbound.claims.checker.signs import NOUGHT
from normbound.claims.replay.scripts import Step, Unreplayed, script
from normbound.claims.replay.signs import Context
from normbound.claims.syntax import Node, Op, literal


def turned(goal: Node) -> tuple[str, Node, Node, str]:
    """A comparison as <, <= or ==: operator, sides, and the tactic that turns the goal round."""
    a, b = goal.args
    if goal.op == Op.GE:
        return Op.LE, b, a, "apply Rle_ge. "
    if goal.op == Op.GT:
        return Op.LT, b, a, "apply Rlt_gt. "
    return goal.op, a, b, ""


@script("monotone")
def monotone(step: Step) -> str:
    op, a, b, turn = turned(step.goal)
    way = step.data.get("way", "")
    names = [step.p(k) for k in range(len(step.premises))]
    facts = f"clear - {' '.join(names)}; " if names else ""
    if a.op in (Op.SUM, Op.PROD):
        return turn + _over_index(step, op, a, b, way, names)
    if a.op in (Op.ADD, Op.SUB, Op.NEG):
        return f"{turn}{facts}lra."
    if a.op == Op.EXP:
        return f"{turn}apply {'exp_strict' if op == Op.LT else 'exp_mono'}; exact {names[0]}."
    if a.op == Op.SQRT:
        if op == Op.LE:
            return f"{turn}apply sqrt_le_1_alt; exact {names[0]}."
        return f"{turn}apply sqrt_lt_1_alt; split; [{_nonnegative(step, a.args[0])} | exact {names[0]}]."
    if a.op == Op.LOG:
        return f"{turn}apply {'log_lt' if op == Op.LT else 'log_le'}; [{_positive(step, a.args[0])} | exact {names[0]}]."
    if a.op in (Op.MIN, Op.MAX):
        function = "Rmin" if a.op == Op.MIN else "Rmax"
        return f"{turn}{facts}unfold {function}; repeat (destruct (Rle_dec _ _)); lra."
    if a.op == Op.ABS:
        return f"{turn}{facts}unfold Rabs; repeat (destruct (Rcase_abs _)); lra."
    if a.op in (Op.MUL, Op.DIV):
        return turn + _chain(step, op, a, b, way, names)
    if a.op == Op.POW:
        return turn + _power(op, a, b, way, names)
    if a.op == Op.DD:
        pairs = "".join(f"constructor; [split; [exact {x} | exact {y}] | ]. " for x, y in zip(names[::2], names[1::2], strict=True))
        return f"{turn}apply dd_mono. {pairs}constructor."
    raise Unreplayed(f"monotone for {a.op}")


def _positive(step: Step, e: Node) -> str:
    """A tactic for 0 < e, an argument of a logarithm of the goal."""
    known = next((step.c(k) for k, c in enumerate(step.conditions) if c.goal == Node(Op.GT, (e, NOUGHT))), None)
    if known is not None:
        return f"exact {known}"
    found = step.context.sign(e)
    return f"{_inline(step.context.script(found.line))}exact (is_pos _ _ {found.name} eq_refl)"


def _nonnegative(step: Step, e: Node) -> str:
    """A tactic for 0 <= e, an argument of a root of the goal."""
    known = next((step.c(k) for k, c in enumerate(step.conditions) if c.goal.op == Op.GE and c.goal.args[0] == e), None)
    if known is not None:
        return f"apply Rge_le; exact {known}"
    found = step.context.sign(e)
    return f"{_inline(step.context.script(found.line))}exact (is_nonneg _ _ {found.name} eq_refl)"


def _inline(lines: str) -> str:
    """Sentences as one tactic, to stand inside of brackets."""
    return "".join(f"{line[:-1]}; " if line.endswith(".") else f"{line} " for line in lines.splitlines() if line.strip())


def _chain(step: Step, op: str, a: Node, b: Node, way: str, names: list[str]) -> str:
    """a c <= b c <= b d, or with the way second a c <= a d <= b d; quotients in the same way."""
    (x, c), (y, d) = a.args, b.args
    strict = step.data.get("strict", 0) if op == Op.LT else None
    if way == "negative":
        if a.op == Op.DIV:
            return f"apply div_negative_{'lt' if op == Op.LT else 'le'}; {_exactly([], names)}."
        return f"apply mul_negative_{'lt' if op == Op.LT else 'le'}_{'l' if x == y else 'r'}; {_exactly([], names)}."
    kind = "mul" if a.op == Op.MUL else "div"
    order = (1, 0) if way == "second" else (0, 1)
    rest = iter(names if kind == "mul" else names[1:])
    moves: dict[int, str] = {}
    for k, changed in ((0, x != y), (1, c != d)):
        sharp = strict == k
        if not changed and not sharp:
            continue
        rel = "lt" if sharp else "le"
        first = next(rest)
        if kind == "mul":  # first says the sign of the factor beside, the next compares
            moves[k] = f"apply mul_{rel}_{'r' if k == 0 else 'l'}; [exact {first} | exact {next(rest)}]"
        elif k == 0:
            moves[k] = f"apply div_top_{rel}; [clear - {' '.join(names)}; lra | exact {first}]"
        else:
            moves[k] = f"apply div_bottom_{rel}; [exact {next(rest)} | exact {names[0]} | exact {first}]"
    if not moves:
        return "apply Rle_refl."
    if len(moves) == 1:
        return f"{next(iter(moves.values()))}."
    middle = f"{step.term(y)} {'*' if kind == 'mul' else '/'} {step.term(c)}" if order == (0, 1) else \
             f"{step.term(x)} {'*' if kind == 'mul' else '/'} {step.term(d)}"
    if strict is None:
        through = "Rle_trans"
    else:
        through = "Rlt_le_trans" if strict == order[0] else "Rle_lt_trans"
    return f"apply {through} with ({middle}); [{moves[order[0]]} | {moves[order[1]]}]."


def _power(op: str, a: Node, b: Node, way: str, names: list[str]) -> str:
    (x, d), (y, e) = a.args, b.args
    kind = "lt" if op == Op.LT else "le"
    if d == e and way in ("odd", "even"):
        exponent = f"pw_{way}_{kind} with (p := {literal(e)}%positive)"
        return f"apply {exponent}; {_exactly(['lra', 'reflexivity'], names)}."
    if d == e:
        lemma = f"pw_{'negative' if way == 'negative' else 'base'}_{kind}"
    elif x == y:
        lemma = f"pw_{'small' if way == 'small' else 'large'}_{kind}"
    else:
        lemma = f"pw_both_{'small' if way == 'small' else 'large'}"
    return f"apply {lemma}; {_exactly([], names)}."


def _exactly(first: list[str], names: list[str]) -> str:
    """Tactics for the conditions of a lemma: some of their own, then the premises in order."""
    return f"[{' | '.join([*first, *(f'exact {n}' for n in names)])}]"


def _over_index(step: Step, op: str, a: Node, b: Node, way: str, names: list[str]) -> str:
    """Sums and products over an index; the last premises speak of the bodies."""
    ends = (*b.args[:2], *a.args[:2]) if way == "shrink" else (*a.args[:2], *b.args[:2])
    lines = [f"assert (z__{k + 3} : isint {step.term(e)}).\n{{ {step.integer(e)} }}" for k, e in enumerate(ends)]
    function = "rsum" if a.op == Op.SUM else "rprod"
    if way in ("range", "shrink"):
        lemma, given, first = f"{function}_{way} _ _ _ _ _ z__3 z__4 z__5 z__6", names[:2], 2
        low = ends[2]
    elif op == Op.LT:
        lemma, given, first, low = f"{function}_lt _ _ _ _ z__3 z__4", names[:1], 1, a.args[0]
    else:
        lemma, given, first, low = f"{function}_le _ _ _ _ z__3 z__4", [], 0, a.args[0]
    holes = ["_"] * (len(names) - first)
    return "\n".join([*lines, f"refine ({' '.join([lemma, *given, *holes])}).",
                      *(f"{{ {step.each(k, low)} }}" for k in range(first, len(names)))])


@script("congruence")
def congruence(step: Step) -> str:
    _, a, _, _ = turned(step.goal)
    if a.op in (Op.SUM, Op.PROD):
        lines = [f"assert (z__{k + 3} : isint {step.term(e)}).\n{{ {step.integer(e)} }}" for k, e in enumerate(a.args[:2])]
        lemma = "rsum_ext" if a.op == Op.SUM else "rprod_ext"
        return "\n".join([*lines, f"refine ({lemma} _ _ _ _ z__3 z__4 _).", step.each(0, a.args[0])])
    return " ".join(f"try rewrite {step.p(k)}." for k in range(len(step.premises))) + " reflexivity."


@script("sign")
def sign(step: Step) -> str:
    """The signs of the arguments are the premises; the table of the operator gives that of the whole."""
    goal = step.goal
    e = goal.args[1] if goal.args[0] == NOUGHT else goal.args[0]
    if e.op == Op.SUB:
        return f"clear - {step.p(0)}; lra."
    if e.op == Op.LOG:
        op = goal.op if goal.args[1] == NOUGHT else FLIPPED[goal.op]
        x = step.term(e.args[0])
        end = "intros n__1; apply q__2; lra" if op == Op.NE else "lra"
        return (f"assert (q__1 : 0 < {x}) by ({_positive(step, e.args[0])}).\n"
                f"pose proof (log_{op}_0 _ q__1 {step.p(0)}) as q__2; clear - q__2; {end}.")
    if e.op in (Op.SUM, Op.PROD):
        raise Unreplayed("signs of sums and products over an index from premises")
    given = [*step.context.given, *((s.goal, step.p(k)) for k, s in enumerate(step.premises))]
    return Context(step.sequent.sorts, given).evident(goal)


@script("map")
def map_(step: Step) -> str:
    op, _, _, turn = turned(step.goal)
    by = step.data["by"]
    names = [step.p(k) for k in range(len(step.premises))]
    kind = {Op.LE: "le", Op.LT: "lt", Op.EQ: "eq"}[op]
    lemma = {"exp": "exp_inj", "log": "log_inj"}.get(by, f"{by}_eq_back") if op == Op.EQ else f"{by}_{kind}_back"
    signs = "apply Rgt_lt; exact" if by in ("log", "reciprocal") else "apply Rge_le; exact"
    return f"{turn}apply {lemma}; [{' | '.join([*(f'{signs} {n}' for n in names[:-1]), f'exact {names[-1]}'])}]."
