"""The checker of certificates: exact arithmetic only, no recursion, no code shared with provers.

WHEN A SEQUENT IS VALID. A point gives each variable a number of its sort, each family a member for each index from 1 to its
length. A sequent is valid when the goal is true at every point at which all hypotheses are defined and true and the goal is
defined. Undefined are: division by zero, a root of a negative number, a logarithm of a number <= 0, a power with no
real value (``obligations.conditions``), dd at a negative depth, a member of a family outside its range. ``P implies Q`` is
defined when P is, and Q is wherever P is true; sums, products and ``forall`` are defined when their parts are at every index of
the range (an empty range needs nothing); all else is defined when its parts are.
0^0 = 1. An empty sum is 0, an empty product is 1.
``increasing(e, x)`` says: e(x1) <= e(x2) for any two points that differ in x alone, x1 <= x2, at both of which the
hypotheses of the sequent hold. Its truth depends on the hypotheses, so it is accepted only as the goal or as a part of a
conjunction that is the goal, and a premise with such a goal may have no new hypotheses and no new variables (``replay`` rejects it).
A rule that uses derivatives must see to it that the hypotheses on x leave an interval. ``limit(e, K) == v`` and rates speak of all large
K of the sort of K, whatever the hypotheses say of K; the other variables are as at the point.

EVERY RULE is sound alone in this sense: if the premises it returns are valid, the sequent is valid. A rule may therefore
use that the hypotheses are true and that every expression of hypotheses and goal is defined. What it must not do is to
put an expression into a premise that may be undefined where those of the sequent are defined (the premise would be
vacuous there), unless it also returns ``obligations.needs(sequent, new)`` as premises: these say that the new
expression or statement is defined wherever the hypotheses hold. Dropping hypotheses is always allowed.
``check`` proves more than validity: it also demands a proof that hypotheses and goal are defined.

API
    Sequent(sorts, given, goal)             sequent.py: variables with sorts, tuple of hypotheses, goal
        .aim(goal) .assume(*hyps) .replace(given) .declare(name, sort) .fresh(like) .names()
        .statement(text) .expression(text) .hypothesis(k)      read and sort-check data of a certificate, or reject
        .signs    signs.Signs: evident signs: .sign(expression), a set of bits, .holds(comparison)
        .algebra  algebra.Algebra: exact normal forms: .normal(expression), .equal(a, b), .difference(a, b)
    rational(data) string(data) listing(data) number_below(data, end) entry(data, key)     read data, or reject
    @rule("name") def f(sequent, data) -> list of premises     registry.py; add your module to registry.MODULES
    reject(reason)                          inside a rule; the checker adds the path of the node
    Rejected(path, reason)                  what ``check`` and ``replay`` raise
    node(rule, data, premises)              a certificate node as JSON: {"rule", "data", "premises"}
    obligations.needs(sequent, new) -> list of sequents        see above; evident ones are left out; "cut" does it for you
    obligations.obligations(sequent) -> list of sequents       what ``check`` demands of the root
    replay(sequent, node)                   follow the rules; raises Rejected. Proves: the sequent is valid
    check(sequent, node)                    the same, and everything is defined. When obligations(sequent) is not empty, the
                                            root must be the rule "defined": a premise for each of them, then the proof
    to_json(sequent), from_json(data)

Premises come in the order the rule returns them, and a certificate has exactly as many. Expressions in data are texts of
the grammar of claims, hypotheses are given by number, numbers are "p/q".
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from normbound.claims.checker.obligations import needs, obligations
from normbound.claims.checker.registry import Rejected, reject, rule, rules
from normbound.claims.checker.sequent import (
    Sequent,
    entry,
    from_json,
    listing,
    number_below,
    rational,
    string,
    to_json,
)
from normbound.claims.errors import ClaimError
from normbound.claims.sorts import check as check_sorts
from normbound.claims.sorts import check_lengths
from normbound.claims.syntax import Op, postorder

MAX_NODES = 50_000
SECONDS = 60.0
_MALFORMED = (ArithmeticError, AttributeError, ClaimError, LookupError, TypeError, ValueError)


def node(rule: str, data: Mapping[str, Any] | None = None, premises: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """A certificate node."""
    return {"rule": rule, "data": dict(data or {}), "premises": list(premises)}


_Path = tuple[Any, int] | None  # the way from the root, last step first


def _path(place: _Path) -> tuple[int, ...]:
    steps: list[int] = []
    while place is not None:
        place, k = place
        steps.append(k)
    return tuple(reversed(steps))


def replay(sequent: Sequent, certificate: Mapping[str, Any], seconds: float = SECONDS) -> None:
    """Follow the rules from the root to the leaves. Raises Rejected; returning means that the sequent is valid."""
    _well_formed(sequent)
    known = rules()
    end = time.monotonic() + seconds
    stack: list[tuple[_Path, Sequent, Any]] = [(None, sequent, certificate)]
    count = 0
    while stack:
        place, current, item = stack.pop()
        count += 1
        if count > MAX_NODES:
            raise Rejected(_path(place), f"found more than {MAX_NODES} nodes")
        if time.monotonic() > end:
            raise Rejected(_path(place), f"the check took more than {seconds} s")
        if not isinstance(item, Mapping) or set(item) != {"rule", "data", "premises"}:
            raise Rejected(_path(place), "found no node; accepted: a table with rule, data, premises")
        name, data, premises = item["rule"], item["data"], item["premises"]
        if not isinstance(name, str) or name not in known:
            raise Rejected(_path(place), f"found the unknown rule {str(name)[:60]!r}")
        if not isinstance(data, Mapping) or not isinstance(premises, list):
            raise Rejected(_path(place), f"{name}: found malformed data or premises")
        try:
            wanted = known[name](current, data)
        except Rejected as error:
            raise Rejected(_path(place), f"{name}: {error.reason}") from None
        except _MALFORMED as error:
            raise Rejected(_path(place), f"{name}: {type(error).__name__}: {error}") from error
        if len(wanted) != len(premises):
            raise Rejected(_path(place), f"{name}: found {len(premises)} premises; accepted: {len(wanted)}")
        if any(_widens(current, s) for s in wanted):
            raise Rejected(_path(place), f"{name}: increasing and decreasing keep their hypotheses; use their own rules first")
        stack.extend(((place, k), s, premises[k]) for k, s in reversed(list(enumerate(wanted))))


def check(sequent: Sequent, certificate: Mapping[str, Any], seconds: float = SECONDS) -> None:
    """Like ``replay``; returning means also that hypotheses and goal are defined: each hypothesis wherever the earlier
    ones hold, the goal wherever all hold."""
    _well_formed(sequent)
    wanted = obligations(sequent)
    if wanted and (not isinstance(certificate, Mapping) or certificate.get("rule") != "defined"):
        raise Rejected((), f"the certificate must begin with the rule defined: {len(wanted)} proofs that something is "
                           f"defined are needed, the first of {str(wanted[0])[:200]}")
    replay(sequent, certificate, seconds)


def _widens(before: Sequent, after: Sequent) -> bool:
    """Whether a goal that speaks of monotonicity has got new hypotheses or variables."""
    goals = after.goal.args if after.goal.op == Op.AND else (after.goal,)
    if not any(g.op in (Op.INCREASING, Op.DECREASING) for g in goals):
        return False
    return not set(after.given) <= set(before.given) or after.sorts != before.sorts


def _well_formed(sequent: Sequent) -> None:
    """Names, sorts, where monotonicity may stand; no networks (they are replaced by their bounds before)."""
    goals = sequent.goal.args if sequent.goal.op == Op.AND else (sequent.goal,)
    inner = [a for g in goals if g.op in (Op.INCREASING, Op.DECREASING) for a in g.args]
    outer = [g for g in goals if g.op not in (Op.INCREASING, Op.DECREASING)]
    if any(n.op in (Op.INCREASING, Op.DECREASING) for n in postorder(*sequent.given, *inner, *outer)):
        raise Rejected((), "increasing and decreasing are accepted as the goal or as a part of a conjunction that is the goal")
    try:
        check_lengths(sequent.sorts)
        for statement in (*sequent.given, sequent.goal):
            if not statement.is_statement:
                raise Rejected((), "found an expression among the statements of the sequent")
            check_sorts(statement, sequent.sorts)
    except ClaimError as error:
        raise Rejected((), f"the sequent is not well formed: {error.finding}") from error


__all__ = ["Rejected", "Sequent", "check", "entry", "from_json", "listing", "needs", "node", "number_below", "obligations",
           "rational", "reject", "replay", "rule", "rules", "string", "to_json"]
