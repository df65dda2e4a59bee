"""Random sequents and data for certificates; and what it means that a rule is sound at a point."""

import itertools

from claim_proofs import points

from normbound.claims.checker import Rejected, from_json, rules
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import truth
from normbound.claims.syntax import postorder

SORTS = {"x": "positive", "z": "nonnegative", "u": "real", "n": "natural", "m": "natural", "s": "positive[2]"}
LEAVES = ("x", "z", "u", "n", "s[1]", "s[2]", "1", "2", "0", "(1/2)", "m")
RELATIONS = ("<=", "<", "==", "!=", ">=", ">")


def expression(rng, depth=2, leaves=LEAVES, index=0):
    """A text; not everything in it is defined everywhere."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(leaves)

    def part():
        return expression(rng, depth - 1, leaves, index)

    kind = rng.randrange(15)
    if kind < 3:
        return f"({part()} {'+-*'[kind]} {part()})"
    if kind == 3:
        return f"({part()}*{part()})"
    if kind == 4:
        return f"({part()}/{part()})"
    if kind == 5:
        return f"({part()})^{rng.choice(('2', '3', '(-1)', '(-2)', 'n', 'm', '(1/2)', '(n+1)', '(n-1)', 'u', 'z'))}"
    if kind in (6, 7):
        return f"{rng.choice(('sqrt', 'abs'))}({part()})"
    if kind == 8:
        return f"{rng.choice(('exp', 'log'))}({part()})"
    if kind in (9, 10):
        return f"{rng.choice(('max', 'min'))}({part()}, {part()})"
    if kind == 11:
        return f"dd({rng.choice(('n', 'n+1', '2', '3', 'm'))}; {part()}, {part()})"
    if kind == 12 and index < 2:
        i = f"i{index}"
        body = expression(rng, depth - 1, (*leaves, i, i, i), index + 1)
        low, high = rng.choice(("0", "1", "2")), rng.choice(("n", "2", "m", "n+1", "n-1", "3"))
        return f"{rng.choice(('sum', 'prod'))}({i}, {low}, {high}, {body})"
    return f"({part()} + {part()})" if kind == 13 else f"(-{part()})"


def statement(rng, depth=1):
    kind = rng.randrange(12)
    if kind == 0:
        return f"({statement(rng, depth)}) and ({statement(rng, depth)})"
    if kind == 1:
        return f"({statement(rng, depth)}) {rng.choice(('implies', 'iff'))} ({statement(rng, depth)})"
    if kind == 2:
        i = rng.choice(("j", "k"))
        leaves = (*LEAVES, i, i)
        return f"forall({i}, 1, {rng.choice(('n', '2'))}, {expression(rng, depth, leaves)} {rng.choice(RELATIONS)} {rng.choice(leaves)})"
    return f"{expression(rng, depth)} {rng.choice(RELATIONS)} {expression(rng, depth)}"


def sequent(given, goal):
    rules()
    return from_json({"sorts": SORTS, "given": list(given), "goal": goal})


def parts(rng, s):
    """An expression that occurs in the sequent, or a new one."""
    inside = [str(n) for n in postorder(*s.given, s.goal) if not n.is_statement]
    return rng.choice(inside) if inside and rng.random() < 0.6 else expression(rng, 1)


def data(rng, s):
    """Data as some rule reads it; what another rule needs is there as well."""
    count = max(1, len(s.given))
    facts = [rng.choice(({"hypothesis": rng.randrange(count)}, {"sign": parts(rng, s)}, {"gap": rng.randrange(count)},
                         {"part": parts(rng, s), "number": rng.randrange(2)})) for _ in range(3)]
    terms = [[str(rng.choice((1, 2, -1, "1/2"))), [[rng.randrange(3), rng.choice((1, 2, -1))] for _ in range(rng.randrange(3))]]
             for _ in range(rng.randrange(3))]
    return {"number": rng.randrange(count), "at": rng.choice(("1", "2", "n", "m", "n+1", "0")), "through": parts(rng, s),
            "left": parts(rng, s), "right": parts(rng, s), "of": parts(rng, s), "lemma": statement(rng),
            "keep": [k for k in range(len(s.given)) if rng.random() < 0.7], "op": rng.choice(("eq", "le", "lt", "ge", "gt", "ne")),
            "side": rng.choice(("left", "right")), "choose": rng.randrange(2), "strict": rng.randrange(2), "back": rng.random() < 0.5,
            "way": rng.choice(("", "second", "negative", "odd", "even", "small", "large", "range", "shrink")),
            "by": rng.choice(("square", "exp", "log", "sqrt", "reciprocal")), "name": rng.choice(("n", "m", "x")),
            "signs": {str(k): rng.choice(("ge", "gt", "le", "lt", "ne", "eq")) for k in range(3) if rng.random() < 0.6},
            "facts": facts, "terms": terms, "negative": rng.random() < 0.5}


def fails(premise, point):
    """Whether a premise is, or may be, false at the point or at an extension of it to the premise's own variables."""
    new = [name for name in premise.sorts if name not in point]
    for values in itertools.product(range(-2, 8), repeat=len(new)):
        full = {**point, **dict(zip(new, values, strict=True))}
        if any(premise.sorts[name].kind == "natural" and v < 0 for name, v in zip(new, values, strict=True)):
            continue
        if all(truth(g, full) in (True, None) for g in premise.given) and truth(premise.goal, full) in (False, None):
            return True
    return False


def counterexamples(s, most=300):
    """Points at which every hypothesis is true and the goal false."""
    return (p for p in points(s, most) if all(truth(g, p) is True for g in s.given) and truth(s.goal, p) is False)


def unsound(name, s, datum, most=300):
    """A point at which the sequent is false although every premise of the rule holds there; None when the rule refuses."""
    try:
        premises = rules()[name](s, datum)
    except (Rejected, ClaimError, ValueError, KeyError, TypeError, IndexError, ArithmeticError):
        return None, False
    for p in itertools.islice(counterexamples(s, most), 12):
        if not any(fails(q, p) for q in premises):
            return p, True
    return None, True
