"""The certificate of a claim as a file of Coq, and what the kernel says about it.

The rules of the checker give the sequent of each node. Each node becomes one lemma, children first; its script comes from
``scripts``. Nothing here has to be trusted: the theorem ``claim`` is compared with the statement by a second file that imports only the
library (``normbound.formal.proof.judge``), and so is the theorem ``defined``, which says that every expression of the claim has a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from time import monotonic
from typing import Any, Literal

from normbound.claims.checker import Rejected, Sequent, from_json, rules
from normbound.claims.checker.obligations import obligations
from normbound.claims.replay.definedness import definedness, definedness_text
from normbound.claims.replay.scripts import Step, Unreplayed, scripts
from normbound.claims.replay.scripts import libraries as loaded
from normbound.claims.replay.signs import Context
from normbound.claims.replay.statement import (
    introduced,
    ordered,
    relative,
    relative_text,
    sequent_text,
)
from normbound.claims.syntax import Node, free_names
from normbound.formal import coq, library
from normbound.formal.proof import judge
from normbound.formal.sentences import objection

SECONDS, MEGABYTES = 120.0, 4000
MAX_NODES = 2_000
_UNFORESEEN = (ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError, ValueError)  # of a script
Status = Literal["proved", "rejected", "not replayed", "undecided", "not run"]
_LIBRARY = ("MeanValue", "Claims", "ClaimSigns", "ClaimOrder")


@dataclass(frozen=True, slots=True)
class Replay:
    """The outcome of `replay`, plain data.

    status     "proved"; "rejected" (Coq refuses a node, or the theorem says something else); "not replayed" (a rule without a script, or
               a case that its script cannot do); "undecided" (time or memory); "not run" (no accepted Coq)
    reason     why it is not proved, "" if it is
    statement  the theorem ``claim`` in Coq, "" if there is none
    defined    the theorem ``defined``, "" where nothing has to be shown
    source     the file
    axioms     what both rest on
    kernel     "Coq 8.16.1", "" if none ran
    seconds    of writing the file and of Coq, without compiling the library
    """

    status: Status
    reason: str = ""
    statement: str = ""
    defined: str = ""
    source: str = ""
    axioms: tuple[str, ...] = ()
    kernel: str = ""
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """The status as it is shown."""
        if self.status == "proved":
            return "proved (kernel)"
        return f"{self.status}: {self.reason}" if self.reason else self.status


@dataclass(frozen=True, slots=True)
class Item:
    """One node of a certificate: the way from the root, its sequent, its rule and data, its premises as items."""

    path: tuple[int, ...]
    sequent: Sequent
    rule: str
    data: Mapping[str, Any]
    premises: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A file of Coq, the statements of its theorems, and the node that each lemma is of."""

    source: str
    statement: str
    defined: str
    nodes: Mapping[str, Item]


def replay(sequent: Sequent | Mapping[str, Any], certificate: Mapping[str, Any], seconds: float = SECONDS,
           megabytes: int = MEGABYTES, title: str = "") -> Replay:
    """Write the certificate of a sequent as a file of Coq, and let the kernel judge it.

    seconds, megabytes  limits of Coq, without compiling the library; 0 megabytes: no limit of memory
    """
    begun = monotonic()
    try:
        written = write(sequent if isinstance(sequent, Sequent) else from_json(sequent), certificate, title)
    except Unreplayed as error:
        return Replay("not replayed", str(error), seconds=monotonic() - begun)
    except Rejected as error:
        return Replay("rejected", str(error), seconds=monotonic() - begun)
    return verdict(written, seconds, megabytes, monotonic() - begun)


def verdict(written: Written, seconds: float = SECONDS, megabytes: int = MEGABYTES, spent: float = 0.0) -> Replay:
    """What the kernel says about a written certificate."""
    known: dict[str, Any] = {"statement": written.statement, "defined": written.defined, "source": written.source}
    wrong = objection(written.source, "claim")
    if wrong is not None:
        return Replay("rejected", f"line {wrong[0]}: {wrong[1]}", seconds=spent, **known)
    try:
        known["kernel"] = f"Coq {coq.find().version}"
        further = (("defined", written.defined),) if written.defined else ()
        found = judge(written.source, written.statement, seconds, megabytes, further, "claim")
    except (coq.CoqError, library.LibraryError) as error:
        return Replay("not run", str(error), seconds=spent, **known)
    reason = found.reason
    lemma = found.place.rpartition(", in ")[2]
    if found.status == "rejected" and lemma in written.nodes:
        item = written.nodes[lemma]
        reason = f"at node {'/'.join(map(str, item.path)) or 'the root'}, rule {item.rule}: {reason}"
    status: Status = found.status if found.status in ("proved", "rejected", "undecided", "not run") else "rejected"  # type: ignore[assignment]
    return Replay(status, reason, axioms=found.axioms, seconds=spent + found.seconds, **known)


# -- the nodes ---------------------------------------------------------------------------------------------------------------
def items(sequent: Sequent, certificate: Mapping[str, Any]) -> list[Item]:
    """The nodes of a certificate, each before its premises. Raises Rejected as the checker does."""
    known = rules()
    found: list[list[Any]] = []
    stack: list[tuple[tuple[int, ...], Sequent, Any, int]] = [((), sequent, certificate, -1)]
    while stack:
        path, current, node, parent = stack.pop()
        if len(found) >= MAX_NODES:
            raise Unreplayed(f"the certificate has more than {MAX_NODES} nodes")
        name = node.get("rule") if isinstance(node, Mapping) else None
        if name not in known or not isinstance(node.get("data"), Mapping) or not isinstance(node.get("premises"), list):
            raise Rejected(path, "found no node of a certificate")
        try:
            wanted = known[name](current, node["data"])
        except Rejected as error:
            raise Rejected(path, f"{name}: {error.reason}") from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise Rejected(path, f"{name}: {type(error).__name__}: {error}") from error
        if len(wanted) != len(node["premises"]):
            raise Rejected(path, f"{name}: found {len(node['premises'])} premises; accepted: {len(wanted)}")
        number = len(found)
        found.append([path, current, name, node["data"], []])
        if parent >= 0:
            found[parent][4].append(number)
        stack.extend(((*path, k), s, node["premises"][k], number) for k, s in reversed(list(enumerate(wanted))))
    return [Item(p, s, n, d, tuple(c)) for p, s, n, d, c in found]


def write(sequent: Sequent, certificate: Mapping[str, Any], title: str = "") -> Written:
    """The file of a certificate. Raises Unreplayed, Rejected."""
    return written(items(sequent, certificate), title)


def written(nodes: Sequence[Item], title: str = "") -> Written:
    """The file of nodes, the root first."""
    known = scripts()
    missing = list(dict.fromkeys(n.rule for n in nodes if n.rule not in known))
    if missing:
        raise Unreplayed(f"rule {', '.join(missing)} has no proof in Coq")
    libraries = dict.fromkeys(_LIBRARY)
    lemmas: list[str] = []
    for k in reversed(range(len(nodes))):
        item = nodes[k]
        script = known[item.rule]
        libraries.update(dict.fromkeys(getattr(import_module(script.__module__), "LIBRARY", ())))
        try:
            lemmas.append(_lemma(f"n{k}", item, [nodes[j] for j in item.premises], [f"n{j}" for j in item.premises], script))
        except (Unreplayed, *_UNFORESEEN) as error:
            place = "/".join(map(str, item.path)) or "the root"
            said = str(error) if isinstance(error, Unreplayed) else f"{type(error).__name__}: {error}"
            raise Unreplayed(f"rule {item.rule} at node {place}: {said}") from error
    root = nodes[0].sequent
    statement = sequent_text(root)
    defined = definedness_text(root)
    text = "\n\n".join([_head(title, list(libraries)), *lemmas, _claim(nodes, statement), *([_defined(nodes, defined)] if defined else [])])
    return Written(text + "\n", statement, defined, {f"n{k}": n for k, n in enumerate(nodes)})


def _head(title: str, libraries: Sequence[str]) -> str:
    from normbound.version import VERSION
    words = "".join(c if c.isascii() and c.isprintable() and c not in '"*()' else " " for c in title)[:200]
    return (f"(* normbound {VERSION}, certificate of a claim{': ' + words if words.strip() else ''}.\n"
            "   One lemma for each node of the certificate, then the theorems claim and defined.\n"
            "   In the folder of normbound's proofs: make core, then coqc -Q . Normbound with the name of this file. *)\n"
            "From Coq Require Import Reals Lra Lia ZArith List Permutation.\n"
            f"From Normbound Require {' '.join(loaded())}.\n"
            f"From Normbound Require Import {' '.join(libraries)}.\nImport ListNotations.\nOpen Scope R_scope.")


# -- one lemma ---------------------------------------------------------------------------------------------------------------
def _lemma(name: str, item: Item, premises: Sequence[Item], lemmas: Sequence[str], script: Callable[[Step], str]) -> str:
    step = Step(item.sequent, item.data, tuple(p.sequent for p in premises), tuple(lemmas))
    lines = [f"Lemma {name} : {sequent_text(item.sequent, conditional=True)}.", "Proof.", f"intros {' '.join(_intros(step))}."]
    for k, (premise, lemma) in enumerate(zip(premises, lemmas, strict=True)):
        lines.append(_premise(step, k, premise.sequent, lemma))
    lines += [script(step), "Qed."]
    return "\n".join(lines)


def _intros(step: Step) -> list[str]:
    sequent = step.sequent
    return [*introduced(sequent.sorts, ordered(sequent)), *(step.h(k) for k in range(len(sequent.given))),
            *(step.c(k) for k in range(len(step.conditions)))] or ["*"]


def _premise(step: Step, number: int, premise: Sequent, lemma: str) -> str:
    """The premise as a fact in the context of the node."""
    base = step.sequent
    names, given = relative(premise, base)
    new = [f"e__{j + 1}" for j in range(len(given))]
    called = {h: step.h(j) for j, h in reversed(list(enumerate(base.given))) if h not in given}
    called.update(zip(given, new, strict=True))
    arguments = [*introduced(premise.sorts, ordered(premise)), *(called[h] for h in premise.given)]
    needed = obligations(premise)
    lines = [f"assert ({step.p(number)} : {relative_text(premise, base)}).", "{"]
    lines += _introduction(base, premise, names, new)
    lines.append(f"refine ({' '.join([lemma, *arguments, *('_' for _ in needed)])}).")
    lines += [f"{{ {_condition(step, number, premise, o, called, names)} }}" for o in needed]
    return "\n".join([*lines, "}"])


def _introduction(outer: Sequent, inner: Sequent, names: Sequence[str], facts: Sequence[str]) -> list[str]:
    """Introduce new variables and hypotheses; a variable of the same name that is there already is renamed."""
    lines = []
    for x in names:
        if x in outer.sorts:
            lines += [f"rename {n} into {n}__old." for n in introduced(outer.sorts, [x])]
    intros = [*introduced(inner.sorts, names), *facts]
    return [*lines, f"intros {' '.join(intros)}."] if intros else lines


def _condition(step: Step, number: int, premise: Sequent, wanted: Sequent, called: Mapping[Node, str], names: Sequence[str]) -> str:
    """A condition under which the premise is defined, in the context of the premise."""
    more, given = relative(wanted, premise)
    new = [f"d__{j + 1}" for j in range(len(given))]
    shadowed = {*names, *more}
    facts = [(h, called[h]) for h in premise.given] + list(zip(given, new, strict=True))
    conditions = [(c.goal, step.c(k)) for k, c in enumerate(step.conditions) if relative(c, step.sequent) == ([], [])]
    proved = [(p.goal, step.p(k)) for k, p in enumerate(step.premises[:number]) if relative(p, step.sequent) == ([], [])]
    kept = [(h, step.h(k)) for k, h in enumerate(step.sequent.given)]
    for h, name in (*kept, *conditions, *proved):
        if not free_names(h) & shadowed and h not in {f for f, _ in facts}:
            facts.append((h, name))
    lines = _introduction(premise, wanted, more, new)
    goal = wanted.goal
    exact = next((name for h, name in facts if h == goal), None)
    if exact is not None:
        return "\n".join([*lines, f"exact {exact}."])
    context = Context(wanted.sorts, facts)
    try:
        return "\n".join([*lines, context.evident(goal)])
    except Unreplayed:
        pass
    ways = [step.c(k) for k in range(len(step.conditions))] + [step.p(k) for k in range(number)]
    applied = " | ".join(["assumption", *(f"solve [apply {w}; assumption]" for w in ways), "lra", "solve [eauto 6]"])
    return "\n".join([*lines, f"first [{applied}]."])


# -- the theorems -------------------------------------------------------------------------------------------------------------
def _claim(nodes: Sequence[Item], statement: str) -> str:
    root = nodes[0].sequent
    step = Step(root, {})
    variables = introduced(root.sorts, ordered(root))
    hypotheses = [step.h(k) for k in range(len(root.given))]
    lines = [f"Theorem claim : {statement}.", "Proof.", f"intros {' '.join([*variables, *hypotheses]) or '*'}."]
    needed = obligations(root)
    if needed and nodes[0].rule != "defined":
        raise Unreplayed("the certificate does not begin with proofs that everything is defined")
    lines.append(f"refine ({' '.join(['n0', *variables, *hypotheses, *('_' for _ in needed)])}).")
    for o, k in zip(needed, nodes[0].premises[:len(needed)], strict=True):
        lines.append(f"{{ {_apply_obligation(root, o, nodes[k].sequent, f'n{k}')} }}")
    return "\n".join([*lines, "Qed."])


def _apply_obligation(root: Sequent, wanted: Sequent, proved: Sequent, lemma: str) -> str:
    """An obligation of the root from the lemma of the node that proves it."""
    names, given = relative(wanted, root)
    new = [f"e__{j + 1}" for j in range(len(given))]
    called = {h: f"h{j + 1}" for j, h in reversed(list(enumerate(root.given))) if h not in given}
    called.update(zip(given, new, strict=True))
    intros = [*introduced(wanted.sorts, names), *new]
    step = Step(root, {})
    lines = [f"intros {' '.join(intros)}."] if intros else []
    needed = obligations(proved)
    arguments = [*introduced(proved.sorts, ordered(proved)), *(called[h] for h in proved.given), *("_" for _ in needed)]
    lines.append(f"refine ({' '.join([lemma, *arguments])}).")
    lines += [f"{{ {_condition(step, 0, proved, o, called, names)} }}" for o in needed]
    return "\n".join(lines)


def _defined(nodes: Sequence[Item], statement: str) -> str:
    """The theorem that all is defined: from the signs, or from the nodes that prove the obligations."""
    root = nodes[0].sequent
    demanded = obligations(root)
    lemmas = dict(zip(demanded, nodes[0].premises, strict=False)) if demanded else {}
    lines = [f"Theorem defined : {statement}.", "Proof."]
    variables = introduced(root.sorts, ordered(root))
    lines.append(f"intros {' '.join(variables)}." if variables else "")
    conditions = list(definedness(root))
    for j, condition in enumerate(conditions):
        last = j == len(conditions) - 1
        lines.append("" if last else "split.")
        lines.append(f"{{ {_one_defined(root, condition, lemmas)} }}")
    return "\n".join([*(line for line in lines if line), "Qed."])


def _one_defined(root: Sequent, condition: Sequent, lemmas: Mapping[Sequent, int]) -> str:
    base = Sequent(root.sorts, (), root.goal)
    names, given = relative(condition, base)
    new = [f"e__{j + 1}" for j in range(len(given))]
    intros = [*introduced(condition.sorts, names), *new]
    lines = [f"intros {' '.join(intros)}."] if intros else []
    called = dict(zip(given, new, strict=True))
    number = lemmas.get(condition)
    if number is None:
        context = Context(condition.sorts, [(h, called[h]) for h in condition.given])
        return "\n".join([*lines, context.evident(condition.goal)])
    needed = obligations(condition)
    arguments = [*introduced(condition.sorts, ordered(condition)), *(called[h] for h in condition.given), *("_" for _ in needed)]
    lines.append(f"refine ({' '.join([f'n{number}', *arguments])}).")
    step = Step(base, {})
    lines += [f"{{ {_condition(step, 0, condition, o, called, names)} }}" for o in needed]
    return "\n".join(lines)


__all__ = ["Item", "Replay", "Written", "items", "replay", "verdict", "write", "written"]
