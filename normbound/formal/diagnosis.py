"""Where a rejected certificate is wrong, in words. Nothing rests on it: the verdict is the kernel's.

The library (``Diagnosis.v``) computes which part of the data fails; the comments in the certificate say where in the network a
block stands.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from normbound.formal import coq, library
from normbound.formal.sentences import sentences

Kind = Literal["Sound", "Table", "Block", "Bound", "Line", "End_"]
_FAULT = r"= (?:(Sound|Table|Bound|End_)|(Line) (\d+)|(Block) \[([0-9; ]*)\])\s*: fault"
_TOKEN = re.compile(r"\(\*(.*?)\*\)|([()\[\]])|([\w'%]+|;)", re.S)
_FIRST_PART = {"Sum": 0, "Concat": 0, "Product": 0, "Series": 0, "Parallel": 2, "Scale": 2, "Close": 1, "Rep": 2, "Capture": 1}


HEADER = ("From Coq Require Import List.\nFrom Normbound Require Import Diagnosis.\nSet Printing Width 1000000.\n"
          "Set Printing Depth 1000000.\n")


class Fault(NamedTuple):
    """What is wrong with the data of a certificate.

    kind  "Table" (a row refers to a later row), "Block" (a block does not follow from its parts), "Bound" (the bound is not what
          the claims give), "Line" (a line of rewriting does not follow from those before), "End_" (the lines do not lead to the
          printed bound), "Sound" (nothing)
    path  of the block: 0 for its first part, 1 for its second
    line  number of the line, from 1
    """

    kind: Kind
    path: tuple[int, ...] = ()
    line: int = 0


def question(wrt: str) -> str:
    """The sentence that asks what is wrong with ``the_certificate``."""
    return f"Eval vm_compute in diagnose p_bound_of_{wrt} the_certificate.\n"


def answers(output: str) -> list[Fault]:
    """What Coq printed for each question, in order."""
    found = []
    for m in re.finditer(_FAULT, " ".join(output.replace("%nat", "").split())):
        if m[1]:
            found.append(Fault(m[1]))  # type: ignore[arg-type]
        elif m[2]:
            found.append(Fault("Line", line=int(m[3])))
        else:
            found.append(Fault("Block", tuple(int(k) for k in m[5].replace(" ", "").split(";") if k)))
    return found


def data_of(source: str) -> str:
    """A certificate without its theorems."""
    first = next((s.line for s in sentences(source) if s.command in ("Theorem", "Lemma")), None)
    return source if first is None else "".join(source.splitlines(keepends=True)[:first - 1])


def diagnose(source: str, wrt: str, seconds: float, megabytes: int) -> Fault | None:
    """What is wrong with the data of a certificate for a bound ``wrt``; None when Coq does not say."""
    try:
        run = coq.run(data_of(source) + HEADER + question(wrt), seconds, megabytes)
    except library.LibraryError:
        return None
    found = answers(run.stdout) if run.status == "ok" else []
    return found[0] if len(found) == 1 else None


def in_words(fault: Fault, source: str) -> str:
    """The fault as a reason: which block, line or part of the certificate."""
    if fault.kind == "Table":
        return "a row of the table of terms refers to a row that does not come before it"
    if fault.kind == "Block":
        where = _places(source, fault.path)
        return f"{where}: what the certificate claims of this block does not follow from its parts"
    if fault.kind == "Bound":
        return "the bound is not the one that follows from the claims of the network"
    if fault.kind == "Line":
        found = re.search(r"c_lines := \[(.*?)\];", source, re.S)
        pairs = re.findall(r"\((\w+|\(.*?\)), (\w+|\(.*?\))\)", found[1]) if found else []
        shown = f" (terms {' and '.join(pairs[fault.line - 1])})" if fault.line <= len(pairs) else ""
        return f"line {fault.line} of the rewriting{shown} does not follow from the lines before it"
    if fault.kind == "End_":
        return "the lines of rewriting do not lead to the printed bound"
    return "nothing is wrong with the data"


# -- places -------------------------------------------------------------------------------------------------------
Tree = list["str | Tree"]  # a bracket: what stands in it, comments as "* text"


def _tree(text: str) -> Tree:
    stack: list[Tree] = [[]]
    for m in _TOKEN.finditer(text):
        if m[1] is not None:
            stack[-1].append(f"* {m[1].strip()}")
        elif m[3]:
            stack[-1].append(m[3])
        elif m[2] in "([":
            stack.append([])
        elif len(stack) > 1:
            done = stack.pop()
            stack[-1].append(done)
    return stack[0]


def _definition(source: str, name: str) -> Tree:
    found = re.search(rf"^Definition {re.escape(name)} : [^\n]*? :=(.*?)\.$", source, re.S | re.M)
    return _tree(found[1]) if found else []


def _note(items: Tree) -> str:
    """The first comment of a step."""
    return next((x[2:] for x in items if isinstance(x, str) and x.startswith("* ")), "")


def _bare(items: Tree) -> Tree:
    """A block without the comments before it."""
    k = next((k for k, x in enumerate(items) if not (isinstance(x, str) and x.startswith("* "))), len(items))
    return items[k:]


def _steps(source: str, chain: str) -> list[Tree]:
    """What ``chain_n`` is made of, first to last: the block that it starts with, then its steps."""
    outer = _definition(source, chain)  # run part_n start
    part = _definition(source, f"part_{chain.removeprefix('chain_')}")
    if outer[:1] != ["run"] or not part or not isinstance(part[0], list):
        return []
    steps: list[Tree] = [outer[2:], []]
    for item in part[0]:
        if item == ";":
            steps.append([])
        else:
            steps[-1].append(item)
    return steps


def _places(source: str, path: tuple[int, ...]) -> str:
    """The block at the end of a path, by the comments on the way; the path itself where the comments say nothing."""
    place = f"the block at {'.'.join(map(str, path))}" if path else "the network as a whole"
    at, rest = _definition(source, "the_network"), list(reversed(path))
    while at:
        if isinstance(at[0], str) and at[0].startswith("* "):
            place, at = at[0][2:], _bare(at)
        elif len(at) == 1 and isinstance(at[0], list):
            at = at[0]
        elif len(at) == 1 and isinstance(at[0], str) and at[0].startswith("chain_"):
            steps = _steps(source, at[0])
            while len(steps) > 1 and rest and rest[-1] == 0:  # the first part of a step is the chain before it
                rest.pop()
                steps.pop()
            at = steps[-1] if steps else []
            if len(steps) > 1:
                place, at = _note(at) or place, _part(_bare(at), rest.pop()) if rest else []
        elif rest:
            at = _part(at, rest.pop())
        else:
            return "the domain" if at[0] in ("Ball", "Skip") else place
    return place


def _part(at: Tree, which: int) -> Tree:
    """A part of a block, with the comment that stands before it."""
    notes: dict[int, str] = {}
    words: Tree = []
    for item in at[1:]:
        if isinstance(item, str) and item.startswith("* "):
            notes[len(words)] = item
        else:
            words.append(item)
    head = at[0] if at else ""
    if head in ("st", "su", "sb"):
        k = len(words) - 1 if which == 0 else (1 if head == "su" else 0)
    elif isinstance(head, str) and head in _FIRST_PART:
        k = _FIRST_PART[head] + which
    else:
        return []
    if k >= len(words):
        return []
    return [notes[k], words[k]] if k in notes else [words[k]]
