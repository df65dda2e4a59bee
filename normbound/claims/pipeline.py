"""From a claim to its verdict: definedness, consistency of the hypotheses, counterexamples, proofs; the cheapest first.

    1  bounds in the place of networks and constants (``lipschitz``)          else unsupported
    2  a point at which something has no value (``obligations``)              ill-defined
    3  a point that meets the hypotheses, or a proof that there is none       vacuous
    4  a counterexample in exact numbers (``refute``)                         refuted (witness)
    5  proofs that all is defined, then of the goal (``engine``), and the
       whole read anew and accepted by the checker                            proved (certificate) or enclosed
    6  with ``kernel``: the certificate, and the derivations behind
       bounds, run through Coq (``kernel``)                                   proved (kernel), or a note

Only the checker makes a claim proved; only exact evaluation at a point makes it refuted or ill-defined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from time import monotonic
from typing import Any

from normbound.claims.budget import Budget
from normbound.claims.checker import Rejected, Sequent, node, to_json
from normbound.claims.checker.obligations import obligations as demanded
from normbound.claims.document import Claim
from normbound.claims.engine import Engine
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import truth
from normbound.claims.syntax import Node, Op, free_names, postorder
from normbound.claims.target import CONTRADICTION, accept, contradiction, equivalent, sequent_of
from normbound.claims.verdict import (
    CERTIFICATE,
    ENCLOSED,
    ERROR,
    ILL_DEFINED,
    OPPOSITE,
    UNDECIDED,
    UNSUPPORTED,
    VACUOUS,
    WITNESS,
    Outcome,
)
from normbound.errors import UnsupportedError

SECONDS = 20.0
RESERVED = 0.15  # of the time, kept for the checker
QUICK, THOROUGH = 0.15, 0.6  # seconds of the refuter before and after the cheap proofs
QUICK_NETWORK = 0.5  # the same before the cheap proofs, for claims about true constants
EASY = 0.6  # seconds of a first search for a proof
CONSISTENCY = 2.0
MAX_SHOWN = 300
TOO_LONG = ("with the bounds written out the statement is too long for a certificate, since parts of them occur many times; no "
            "counterexample was found")
Progress = Callable[[str], None]


def judge(claim: Claim, seconds: float = SECONDS, kernel: float = 0.0, progress: Progress | None = None,
          interim: Callable[[Outcome], None] | None = None) -> Outcome:
    """The verdict of a claim within about ``seconds``. ``progress`` is told what is being tried.

    kernel   further seconds for Coq, 0 to leave it out; ``interim`` is told the outcome that holds whatever Coq says

    Anything unforeseen gives the verdict error; nothing is raised but KeyboardInterrupt and MemoryError.
    """
    begun = monotonic()
    try:
        outcome = _Case(claim, seconds, progress or (lambda stage: None)).outcome()
        if kernel and outcome.verdict in (CERTIFICATE, ENCLOSED):
            if interim is not None:
                interim(outcome)
            from normbound.claims.kernel import confirmed
            outcome = confirmed(claim, outcome, kernel, progress or (lambda stage: None))
    except UnsupportedError as error:
        outcome = Outcome(claim.id, UNSUPPORTED, claim.expect, str(error))
    except MemoryError:
        raise
    except Exception as error:
        outcome = Outcome(claim.id, ERROR, claim.expect, f"{type(error).__name__}: {str(error)[:MAX_SHOWN]}")
    return replace(outcome, seconds=monotonic() - begun)


class _Case:
    def __init__(self, claim: Claim, seconds: float, progress: Progress):
        self.claim = claim
        self.budget = Budget.of(seconds * (1 - RESERVED))
        self.check_seconds = max(1.0, seconds * RESERVED)
        self.progress = progress
        self.tried: list[str] = []
        self.notes: list[str] = []
        self.margin: float | None = None
        self.names: set[str] = set()

    def result(self, verdict: str, reason: str = "", **more: Any) -> Outcome:
        return Outcome(self.claim.id, verdict, self.claim.expect, reason, tuple(self.tried), self.margin,
                       notes=tuple(dict.fromkeys(self.notes)), **more)

    def told(self, what: str, *found: str) -> None:
        """What was tried, in the place of what was said of an earlier and shorter trial."""
        self.tried = [t for t in self.tried if not t.startswith(f"{what}: ")] + [f"{what}: {'; '.join(found)}"]

    def outcome(self) -> Outcome:
        self.progress("bounds of networks")
        try:
            sequent, notes = sequent_of(self.claim)
        except UnsupportedError as error:
            return self.unreduced(error)
        self.notes += notes
        self.names = {n for s in (*sequent.given, sequent.goal) for n in free_names(s)}
        for step in (self.undefined, self.vacuous, self.refuted, self.other_limit):
            found = step(sequent)
            if found is not None:
                return found
        if any(n.op == Op.NET for n in postorder(*sequent.given, sequent.goal)):
            found = self.refuted(sequent, THOROUGH)
            return found if found is not None else self.result(
                UNDECIDED, "a bound of a network has no expression (a recurrence, or unbounded), so nothing can be proved about it; no "
                           "counterexample was found")
        if _written(sequent) is None:
            found = self.refuted(sequent, THOROUGH)
            return found if found is not None else self.result(UNDECIDED, TOO_LONG)
        return self.proof(sequent)

    # -- without a certificate -----------------------------------------------------------------------------------------
    def unreduced(self, error: UnsupportedError) -> Outcome:
        """A constant that no theorem covers from the side in question may still be refuted by a network."""
        found = self.refuted_network(self.budget.left / 2)
        return found if found is not None else self.result(UNSUPPORTED, str(error))

    def undefined(self, sequent: Sequent) -> Outcome | None:
        from normbound.claims.obligations import gap
        if any(n.op == Op.NET for n in postorder(*sequent.given, sequent.goal)) or not equivalent(self.claim):
            return None
        self.progress("where something has no value")
        found = gap(sequent, self.budget)
        if found is None:
            return None
        return self.result(ILL_DEFINED, str(found), witness=_point(found.point), sequent=_written(sequent))

    def refuted_network(self, seconds: float) -> Outcome | None:
        """A counterexample to a statement about Lip or param_Lip: by theorems, or a network with exact numbers."""
        if equivalent(self.claim):
            return None
        from normbound.claims.lipschitz import refute_constants
        from normbound.claims.networks import Derived
        self.progress("networks as counterexamples")
        plain = Sequent(self.claim.vars, self.claim.given, self.claim.show)
        try:
            found = refute_constants(plain, Derived(self.claim.networks), self.budget.share(seconds))
        except UnsupportedError as error:
            self.told("networks as counterexamples", str(error))
            return None
        self.margin = found.margin
        if found.witness is not None:
            return self.result(WITNESS, str(found.witness), witness=_point(found.witness.point))
        self.told("networks as counterexamples", f"{found.points:,} points", *found.notes)
        return None

    def vacuous(self, sequent: Sequent) -> Outcome | None:
        if not sequent.given:
            return None
        from normbound.claims.consistency import UNKNOWN, point_of
        self.progress("a point that meets the hypotheses")
        if point_of(sequent, self.budget.share(CONSISTENCY)) is not None:
            return None
        if not any(n.op == Op.NET for n in postorder(*sequent.given)):
            absurd = contradiction(sequent)
            self.progress("a contradiction among the hypotheses")
            engine = Engine(self.budget.share(max(CONSISTENCY, self.budget.left / 4)), progress=self.progress)
            certificate, _ = self.whole(absurd, engine)
            if certificate is not None:
                try:
                    accept(absurd, certificate, self.check_seconds)
                    return self.result(VACUOUS, CONTRADICTION, sequent=_written(absurd),
                                       certificate=certificate)
                except Rejected as error:
                    self.notes.append(f"a proof that the hypotheses contradict each other was refused: {error}")
        self.notes.append(UNKNOWN)
        return None

    def refuted(self, sequent: Sequent, seconds: float = QUICK) -> Outcome | None:
        """A point at which the sequent fails. Where true constants were replaced by bounds the sequent says more than the claim, and
        what refutes it refutes nothing: then the claim itself is looked at."""
        if not equivalent(self.claim):
            return self.refuted_network(QUICK_NETWORK if seconds <= QUICK else self.budget.left / 2)
        from normbound.claims.refute import search
        self.progress("counterexamples")
        resolver = None
        if any(n.op == Op.NET for n in postorder(*sequent.given, sequent.goal)):
            from normbound.claims.networks import Derived
            resolver = Derived(self.claim.networks)
        found = search(sequent, self.budget.share(seconds), resolver, quick=seconds <= QUICK)
        if found.margin is not None and (self.margin is None or found.margin < self.margin):
            self.margin = found.margin
        if found.witness is not None:
            w = found.witness
            return self.result(WITNESS, str(w), witness=_point(w.point), sequent=_written(w.sequent))
        self.told("counterexamples", f"{found.points:,} points", *found.notes)
        return None

    def other_limit(self, sequent: Sequent) -> Outcome | None:
        """A certificate of the true limit or rate, and a point that meets the hypotheses and at which it is not the claimed one."""
        goal = sequent.goal
        if goal.op not in (Op.LIMIT, Op.RATE):
            return None
        from normbound.claims.consistency import point_of
        from normbound.claims.prove.limits import true_limit
        from normbound.claims.refute import search
        self.progress("the true limit")
        found = true_limit(sequent, self.budget.share(THOROUGH))
        if found is None:
            return self.limit_at_points(sequent)
        if found[0] == goal.args[1]:
            return None
        true, first = found
        same = sequent.aim(Node(Op.EQ, (true, goal.args[1])))
        if Op.INF in (true.op, goal.args[1].op):
            point = point_of(sequent, self.budget.share(CONSISTENCY))
        else:
            witness = search(same, self.budget.share(THOROUGH)).witness
            point = None if witness is None else witness.point
        return None if point is None else self.opposite(sequent, true, first, point)

    def limit_at_points(self, sequent: Sequent) -> Outcome | None:
        """The same with simple numbers in the place of the parameters."""
        from normbound.claims.prove.limits import true_limit
        from normbound.claims.specialized import specialized
        deadline = self.budget.share(THOROUGH)
        for special, point in specialized(sequent):
            if deadline.over:
                break
            found = true_limit(special, deadline)
            claimed = special.goal.args[1]
            if found is None or found[0] == claimed:
                continue
            if Op.INF not in (found[0].op, claimed.op) and truth(Node(Op.EQ, (found[0], claimed)), {}) is not False:
                continue
            outcome = self.opposite(special, found[0], found[1], point)
            if outcome is not None:
                return outcome
        return None

    def opposite(self, sequent: Sequent, true: Node, first: Mapping[str, Any], point: Mapping[str, Any]) -> Outcome | None:
        """The outcome where a certificate of another limit or rate is accepted; it differs from the claimed one at the point."""
        goal = sequent.goal
        aim = sequent.aim(Node(goal.op, (goal.args[0], true), goal.value))
        engine = Engine(self.budget.share(self.budget.left / 2), progress=self.progress)
        wanted = demanded(aim)
        closed = [*(engine.solve(o) for o in wanted), engine.close(aim, first)]
        if any(c is None for c in closed):
            return None
        certificate = node("defined", {}, closed) if wanted else closed[0]  # type: ignore[arg-type]
        try:
            accept(aim, certificate, self.check_seconds)  # type: ignore[arg-type]
        except Rejected as error:
            self.notes.append(f"a certificate of another limit was refused: {error}")
            return None
        shown = ", ".join(f"{n} = {v}" for n, v in _point(point).items() if n in self.names and n != goal.value)
        reason = f"the {goal.op} is {_cut(true)}, not {_cut(goal.args[1])}" + (f"; they differ at {shown}" if shown else "")
        return self.result(OPPOSITE, reason, witness=_point(point), sequent=_written(aim), certificate=certificate)

    # -- certificates --------------------------------------------------------------------------------------------------
    def whole(self, sequent: Sequent, engine: Engine) -> tuple[dict[str, Any] | None, str]:
        """A certificate for the checker, or what could not be proved."""
        wanted = demanded(sequent)
        parts = []
        for obligation in wanted:
            found = engine.solve(obligation)
            if found is None:
                return None, f"it is not shown that everything is defined: {_cut(obligation.goal)} is missing"
            parts.append(found)
        found = engine.solve(sequent)
        if found is None:
            return None, "neither a proof nor a counterexample was found"
        return (node("defined", {}, [*parts, found]) if wanted else found), ""

    def proof(self, sequent: Sequent) -> Outcome:
        missing = ""
        failures: dict[str, str] = {}
        calls: dict[str, int] = {}
        for k, seconds in enumerate((EASY, self.budget.left)):
            if k:
                found = self.refuted(sequent, THOROUGH)
                if found is not None:
                    return found
            engine = Engine(self.budget.share(seconds), progress=self.progress)
            certificate, missing = self.whole(sequent, engine)
            failures.update(engine.failures)
            for name, count in engine.calls.items():
                calls[name] = calls.get(name, 0) + count
            if certificate is not None:
                self.progress("the checker")
                try:
                    shown = accept(sequent, certificate, self.check_seconds)
                except Rejected as error:
                    failures["checker"] = str(error)
                    continue
                return self.result(shown, sequent=_written(sequent), certificate=certificate)
        if calls:
            self.tried.append("provers and how often they were asked: " + ", ".join(f"{n} {k}" for n, k in calls.items()))
        if failures:
            return self.result(ERROR, "; ".join(f"{name} failed: {why}" for name, why in failures.items()), sequent=_written(sequent))
        if self.budget.over:
            missing += "; the time was used up"
        return self.result(UNDECIDED, missing, sequent=_written(sequent))


def _written(sequent: Sequent) -> dict[str, Any] | None:
    """The sequent as JSON; None where shared parts of bounds would make it too long."""
    try:
        return to_json(sequent)
    except ClaimError:
        return None


def _cut(statement: Any) -> str:
    try:
        text = str(statement)
    except ClaimError:
        return "a statement that is too long to be written out"
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN - 3] + "..."


def _point(point: Mapping[str, Any]) -> dict[str, Any]:
    """The point as texts."""
    return {n: [str(Fraction(x)) for x in v] if isinstance(v, tuple | list) else str(Fraction(v)) for n, v in point.items()}


__all__ = ["SECONDS", "judge"]
