"""The sentences of a Coq file, and which of them a certificate may contain.

A certificate is data and one theorem. Coq's own language can also write files, load programs and change what the kernel checks;
such commands are refused before Coq sees the file. This is a first gate only: the verdict rests on what the kernel says about the
compiled theorem in a second file (``normbound.formal.proof``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

COMMANDS = ("From", "Require", "Import", "Open", "Definition", "Fixpoint", "Lemma", "Theorem", "Proof", "Qed")
_HEADER = ("From", "Require", "Import", "Open")
_NAMED = ("Definition", "Fixpoint", "Lemma", "Theorem")
_NAME = r"[A-Za-z_][\w']*"
_FIRST = re.compile(r"[\s{}*+-]*(?:\d+\s*:\s*[\s{}]*|all\s*:\s*[\s{}]*)?(\w+|.|$)", re.S)
_REQUIRE = re.compile(r"(?:From (\S+) )?Require (?:Import |Export )?(.+)")
_LIBRARIES = re.compile(rf"From (?:Coq|Normbound(?:\.{_NAME})*) Require(?: Import| Export)?(?: {_NAME}(?:\.{_NAME})*)+$")


class Sentence(NamedTuple):
    """One sentence without its comments and its final dot, and the line (from 1) on which it begins."""

    line: int
    text: str

    @property
    def command(self) -> str:
        """Its first word, after bullets, braces and a goal selector; a single character where no word stands there."""
        found = _FIRST.match(self.text)
        return found[1] if found else ""

    @property
    def name(self) -> str:
        """What it names, if it is a definition or a theorem."""
        found = re.match(rf"\s*(?:{'|'.join(_NAMED)})\s+({_NAME})", self.text)
        return found[1] if found else ""


_TOKEN = re.compile(r'\(\*|\*\)|"|\.(?=\s|\Z|\(\*)')


def sentences(source: str) -> Iterator[Sentence]:
    """Split at the dots that end a sentence. Comments nest and may contain strings, as in Coq.

    Where in doubt it splits once more than Coq does, never less, so that no command is hidden. Raises ValueError when a comment
    or a string does not end, or text follows the last dot.
    """
    text: list[str] = []
    begin, at, depth, first, line, counted = 0, 0, 0, -1, 1, 0

    def take(end: int) -> None:
        nonlocal first
        piece = source[begin:end]
        if first < 0 and piece.strip():
            first = begin + len(piece) - len(piece.lstrip())
        text.append(piece)

    while (token := _TOKEN.search(source, at)) is not None:
        kind, start, at = token[0], token.start(), token.end()
        if kind == '"':  # a doubled quotation mark inside a string reads as two strings, which is the same to us
            at = source.find('"', at) + 1
            if not at:
                raise ValueError("a string does not end")
        elif kind == "(*":
            if not depth:
                take(start)
                text.append(" ")
            depth += 1
        elif kind == "*)" and depth:
            depth -= 1
            begin = at
        elif kind == "." and not depth:
            take(start)
            place = first if first >= 0 else start
            line, counted = line + source.count("\n", counted, place), place
            yield Sentence(line, "".join(text).strip())
            text, begin, first = [], at, -1
    if depth:
        raise ValueError("a comment does not end")
    if ("".join(text) + source[begin:]).strip():
        raise ValueError("the last sentence does not end with a dot")


def objection(source: str, theorem: str = "bound") -> tuple[int, str] | None:
    """Why this text is no certificate (line, reason), or None: only COMMANDS and tactics, libraries of Coq and normbound,
    each name defined once, one ``theorem``."""
    seen: set[str] = set()
    try:
        for s in sentences(source):
            word = s.command
            if word not in COMMANDS and not (word[:1].islower() or word in ("(", "[", "")):
                return s.line, f"{word!r} is no command of a certificate; accepted: {', '.join(COMMANDS)}, and tactics"
            if word in ("From", "Require") and not _LIBRARIES.match(" ".join(s.text.split())):
                return s.line, "libraries are named as 'From Coq Require Import ...' or 'From Normbound Require Import ...'"
            if s.name in seen:
                return s.line, f"{s.name} is defined twice"
            if s.name:
                seen.add(s.name)
    except ValueError as error:
        return source.count("\n") + 1, str(error)
    return None if theorem in seen else (source.count("\n") + 1, f"there is no theorem {theorem!r}")


def header(source: str) -> str:
    """The sentences at the front that import libraries and open scopes."""
    lines = []
    for s in sentences(source):
        if s.command not in _HEADER:
            break
        lines.append(s.text + ".\n")
    return "".join(lines)


def names(source: str, theorems: bool = False) -> set[str]:
    """What the definitions and theorems of a file are called, or the theorems only."""
    return {s.name for s in sentences(source) if not theorems or s.command in ("Lemma", "Theorem")} - {""}


def required(source: str, root: str = "Normbound") -> list[str]:
    """The files of the library ``root`` that a file requires, as dotted names below it."""
    found: dict[str, None] = {}
    for s in sentences(source):
        m = _REQUIRE.fullmatch(" ".join(s.text.split()))
        for name in m[2].split() if m else ():
            whole = f"{m[1]}.{name}" if m and m[1] else name
            if whole.startswith(root + "."):
                found[whole.removeprefix(root + ".")] = None
    return list(found)


def one_expression(text: str) -> bool:
    """Whether a text is a single Coq expression as far as dots, comments, strings and brackets show: it cannot end the sentence
    that it is put into."""
    try:
        found = list(sentences(text + " ."))
    except ValueError:
        return False
    if len(found) != 1 or not found[0].text:
        return False
    depth = 0
    for c in re.sub(r'"[^"]*"', "", found[0].text):
        depth += (c in "([{") - (c in ")]}")
        if depth < 0:
            return False
    return depth == 0
