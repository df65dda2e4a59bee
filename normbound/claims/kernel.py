"""What the kernel of Coq says of a proved claim: its certificate replayed, and the derivations of the bounds it speaks of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from normbound.claims.budget import Budget
from normbound.claims.checker import Sequent, from_json
from normbound.claims.checker.obligations import obligations
from normbound.claims.checker.signs import MINUS
from normbound.claims.document import Claim
from normbound.claims.syntax import COMPARISONS, Op, postorder
from normbound.claims.target import equivalent, sequent_of
from normbound.claims.verdict import KERNEL, Outcome


def confirmed(claim: Claim, outcome: Outcome, seconds: float, progress: Callable[[str], None]) -> Outcome:
    """A proved outcome with what Coq says. The verdict is KERNEL when every step is checked: the certificate, and for bounds of networks
    their derivations too, or the derivation alone where the claim is what was derived, word for word. Else notes say what is missing."""
    budget, notes = Budget.of(seconds), list(outcome.notes)
    used = sorted({n.value for n in postorder(*claim.given, claim.show) if n.op == Op.NET})
    derived = _derivations(claim, used, budget, progress, notes) if used else True
    if derived and len(used) == 1 and _plain(claim, sequent_of(claim)[0]):
        return replace(outcome, verdict=KERNEL, notes=tuple(notes))
    replayed = _replayed(outcome, budget, progress, notes)
    if replayed and _negative_rates(outcome):
        notes.append("Coq: a power of a negative number is 0 in the theorem, and nothing there says that the rate is not of such")
        return replace(outcome, notes=tuple(notes))
    if replayed and used and not equivalent(claim):
        notes.append("Coq: the statement that was replayed has bounds in the place of constants; why it implies the claim is not replayed")
        return replace(outcome, notes=tuple(notes))
    return replace(outcome, verdict=KERNEL if replayed and derived else outcome.verdict, notes=tuple(notes))


def _negative_rates(outcome: Outcome) -> bool:
    """Whether the statement has the rate of an expression that is not evidently nonnegative."""
    assert outcome.sequent is not None
    sequent = from_json(outcome.sequent)
    return any(n.op == Op.RATE and sequent.signs.sign(n.args[0]) & MINUS for n in postorder(sequent.goal))


def _replayed(outcome: Outcome, budget: Budget, progress: Callable[[str], None], notes: list[str]) -> bool:
    if outcome.sequent is None or outcome.certificate is None:
        notes.append("Coq: there is no certificate to replay")
        return False
    from normbound.claims.replay.replay import replay
    progress("Coq: the certificate")
    found = replay(outcome.sequent, outcome.certificate, max(1.0, budget.left), title=outcome.id)
    if found.status == "proved":
        notes.append("the kernel of Coq has checked the certificate")
        return True
    notes.append(f"Coq, the certificate: {found.verdict}")
    return False


def _derivations(claim: Claim, used: list[tuple[str, str]], budget: Budget, progress: Callable[[str], None], notes: list[str]) -> bool:
    """Whether the kernel has checked every derivation behind a bound of the claim."""
    from normbound.claims.networks import Derived
    from normbound.formal.proof import prove
    networks, proved = Derived(claim.networks), True
    for function, net in used:
        bound = networks.derived({"Lip": "bound", "param_Lip": "param_bound"}.get(function, function), net)
        progress("Coq: the derivations")
        found = prove(bound, max(1.0, budget.left))
        fine = found.status == "proved" and not found.relative
        proved &= fine
        said = f": {found.status}" + (f": {found.reason}" if found.reason else "")
        notes.append(f"the kernel of Coq has checked the derivation {bound.digest} of {net}" if fine else
                     f"Coq, the derivation {bound.digest} of {net}{said}")
    return proved


def _plain(claim: Claim, sequent: Sequent) -> bool:
    """Whether the claim says bound(net) == e, or a constant <= e, where e is the bound that was derived, as it was derived: then
    nothing is left to prove but what the derivation proves. A constant from below rests on more."""
    show, goal = claim.show, sequent.goal
    if not equivalent(claim) and not ((show.op == Op.LE and show.args[0].op == Op.NET) or (show.op == Op.GE and show.args[1].op == Op.NET)):
        return False
    if goal.op not in COMPARISONS or show.op != goal.op or goal.op not in (Op.EQ, Op.LE, Op.GE) or goal.args[0] != goal.args[1]:
        return False
    return not obligations(sequent) and sum(a.op == Op.NET for a in show.args) == 1


__all__ = ["confirmed"]
