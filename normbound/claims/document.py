'''Files of claims.

    schema = 1
    title = "Normalization reduces the constant"        # optional

    [vars]                                # optional: variables that every claim may use
    K = "natural"
    s = "positive[K]"                     # the family s[1], ..., s[K]

    [networks]                            # optional: networks that claims may speak of
    normalized = {builtin = "mlp-layernorm"}
    [networks.plain]
    network = "Repeat(Linear(t) >> ReLU, K)"
    input = {radius = "R", features = "d"}

    [[claim]]
    id = "products-below-powers"          # unique; usable as a label
    title = "A product of factors at most L"            # optional
    source = "folklore"                   # optional: where the statement comes from
    vars = {L = "positive"}               # optional: variables of this claim alone
    given = ["forall(i, 1, K, s[i] <= L)"]              # optional
    show = "prod(i, 1, K, s[i]) <= L^K"
    expect = "proved"                     # optional: proved (default), refuted or undecided
    reason = "..."                        # required where undecided is expected
    seconds = 20                          # optional: time limit

The keys of a network are those of architecture files (``network.files``): network, input, symbols, title; or builtin alone.
A file is data: TOML, the closed grammars of claims and of networks, nothing runs. Every error names file, line, column, the
finding and what is accepted; a place inside a string is a place of the file.
'''

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any, NoReturn

from normbound.claims import places, sorts
from normbound.claims.errors import ClaimError
from normbound.claims.grammar import parse_statement
from normbound.claims.names import fault, nearest, shown
from normbound.claims.places import Places
from normbound.claims.sorts import Sort
from normbound.claims.syntax import Node, free_names, networks
from normbound.errors import NormboundError
from normbound.network.files import INPUT_KEYS, Architecture
from normbound.network.files import read as read_architecture
from normbound.terms.store import Store

SCHEMA = 1
MAX_BYTES = 1_000_000
MAX_SECONDS = 3600
EXPECTED = ("proved", "refuted", "undecided")
KEYS = ("schema", "title", "vars", "networks", "claim")
CLAIM_KEYS = ("id", "title", "source", "vars", "given", "show", "expect", "reason", "seconds")
NETWORK_KEYS = ("network", "input", "symbols", "title")
ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_.:][A-Za-z0-9]+)*", re.ASCII)
MAX_ID = 80
# The TOML parser needs quadratic time for a key of many dotted parts.
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){20}[\w"'-]""", re.ASCII)
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_SORT = {"nonneg": "nonnegative", "family": "nonnegative[K]"}  # for kinds of symbols of networks
_FITS = {"nonneg": ("positive", "nonnegative", "natural"), "positive": ("positive",), "natural": ("natural",),
         "family": ("positive", "nonnegative", "natural")}


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of a file.

    vars      the sorts of its variables, those of the file included
    given     hypotheses; show: the statement
    expect    the verdict the file expects; reason: why, where it says
    line      of [[claim]] in the file; where: the file
    seconds   time limit, None where the file has none
    networks  the networks it speaks of
    """

    id: str
    title: str
    source: str
    vars: Mapping[str, Sort]
    given: tuple[Node, ...]
    show: Node
    expect: str
    reason: str
    line: int
    seconds: float | None = None
    networks: Mapping[str, Architecture] = field(default_factory=dict, repr=False)
    where: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A file of claims."""

    where: str
    title: str
    claims: tuple[Claim, ...]
    networks: Mapping[str, Architecture] = field(repr=False)
    vars: Mapping[str, Sort] = field(default_factory=dict)
    text: str = field(default="", repr=False)

    def claim(self, id: str) -> Claim:
        """The claim called ``id``. Raises ClaimError."""
        for c in self.claims:
            if c.id == id:
                return c
        raise ClaimError(f"found no claim {shown(id)}{nearest(id, [c.id for c in self.claims])}; accepted: "
                         f"{', '.join(c.id for c in self.claims[:20])}", where=self.where)


def read(source: str | PathLike[str], where: str = "") -> Document:
    """The claims of a file (a path, or a text, which is a str with a line break). Raises ClaimError with the exact place."""
    if isinstance(source, str) and "\n" in source:
        return _Reader(where or "claims", source).document()
    path = fsdecode(source)
    if "\0" in path or len(path) > 4000:
        raise ClaimError(f"{shown(path)} is not a path")
    return _Reader(where or path, _text_of(Path(path), where or path)).document()


def _text_of(path: Path, where: str) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ClaimError("found a directory, a device or a pipe; accepted: a TOML file", where=where)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ClaimError("no such file", where=where) from None
    except OSError as error:
        raise ClaimError(f"cannot be read: {error.strerror or error}", where=where) from None
    if len(data) > MAX_BYTES:
        raise ClaimError(f"found more than {MAX_BYTES} bytes; accepted: at most {MAX_BYTES}", where=where)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise ClaimError(f"found the byte 0x{data[error.start]:02x}, which is not UTF-8; accepted: a file in UTF-8", line, column,
                         where) from None


class _Decimal(str):
    """A float literal of the file, as written."""


class _Reader:
    def __init__(self, where: str, text: str):
        self.where = where
        if len(text) > MAX_BYTES:
            raise ClaimError(f"found {len(text)} characters; accepted: at most {MAX_BYTES}", where=where)
        self.text = text.replace("\r\n", "\n")
        self.table = self.toml()
        try:
            self.places = Places(self.text)
        except ClaimError as error:
            raise ClaimError(error.finding, error.line, error.column, where) from None

    # -- errors -----------------------------------------------------------------------------------------------------
    def fail(self, path: places.Path, finding: str, key: bool = False) -> NoReturn:
        line, column = self.places.key(path) if key else self.places.value(path)
        raise ClaimError(finding, line, column, self.where)

    def inside(self, path: places.Path, text: str, error: ClaimError, what: str) -> NoReturn:
        """Raise an error about the string at ``path``, at its place in the file."""
        line, column = self.places.inside(path, text, error.line, error.column)
        raise ClaimError(f"{what}: {error.finding}", line, column, self.where) from None

    # -- the file ---------------------------------------------------------------------------------------------------
    def toml(self) -> dict[str, Any]:
        long = _LONG_KEY.search(self.text)
        if long is not None:
            line = self.text.count("\n", 0, long.start()) + 1
            raise ClaimError("found a key of more than 20 dotted parts; accepted: at most 4", line, 1, self.where)
        try:
            return tomllib.loads(self.text, parse_float=_Decimal)
        except tomllib.TOMLDecodeError as error:
            message = str(error)
            at = _AT.search(message)
            line, column = (int(at[1]), int(at[2])) if at and at[1] else (self.text.count("\n") + 1, 1)
            found = ascii(message[: at.start()] if at else message)[1:-1]
            raise ClaimError(f"not TOML: {found}; accepted: a TOML file", line, column, self.where) from None
        except RecursionError:
            raise ClaimError("found arrays or tables nested too deeply; accepted: a file of claims", where=self.where) from None
        except ValueError as error:  # an integer of thousands of digits, a date that does not exist
            raise ClaimError(f"not TOML: {error}", where=self.where) from None

    def document(self) -> Document:
        table = self.table
        self.known((), table, KEYS, "the file")
        if "schema" not in table:
            self.fail((), f"found no key schema; accepted: schema = {SCHEMA} at the head of the file")
        if type(table["schema"]) is not int or table["schema"] != SCHEMA:
            self.fail(("schema",), f"schema: found {_kind(table['schema'])}; accepted: schema = {SCHEMA}")
        title = self.line(("title",), table, "title")
        shared = self.variables(("vars",), table.get("vars", {}), {})
        declared = self.networks(table.get("networks", {}))
        for name in shared:
            if name in declared:
                self.fail(("vars", name), f"{name} is a variable and a network; accepted: two names", key=True)
        entries = table.get("claim", [])
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            self.fail(("claim",), f"claim: found {_kind(entries)}; accepted: tables that begin with [[claim]]")
        if not entries:
            self.fail((), "found no claim; accepted: at least one [[claim]]")
        claims: list[Claim] = []
        lines: dict[str, int] = {}
        for k, entry in enumerate(entries):
            claim = self.claim(("claim", k), entry, shared, declared, lines)
            lines[claim.id.lower()] = claim.line
            claims.append(claim)
        return Document(self.where, title, tuple(claims), declared, shared, self.text)

    def known(self, path: places.Path, table: Mapping[str, Any], accepted: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in accepted:
                self.fail((*path, key), f"found the unknown key {shown(key)} in {where}{nearest(key, accepted)}; accepted: "
                                        f"{', '.join(accepted)}", key=True)

    def string(self, path: places.Path, value: Any, what: str) -> str:
        if not isinstance(value, str) or isinstance(value, _Decimal):
            self.fail(path, f"{what}: found {_kind(value)}; accepted: a string")
        return value

    def line(self, path: places.Path, table: Mapping[str, Any], key: str) -> str:
        """A text for people: printable, in any language."""
        value = self.string(path, table.get(key, ""), key)
        bad = next((c for c in value if not (c.isprintable() or c == "\n")), None)
        if bad is not None:
            self.fail(path, f"found U+{ord(bad):04X} in {key}; accepted: printable text")
        return value

    # -- variables and networks -------------------------------------------------------------------------------------
    def variables(self, path: places.Path, table: Any, shared: Mapping[str, Sort]) -> dict[str, Sort]:
        if not isinstance(table, dict):
            self.fail(path, f"vars: found {_kind(table)}; accepted: a table such as {{K = \"natural\"}}")
        found: dict[str, Sort] = {}
        for name, text in table.items():
            place = (*path, name)
            why = fault(name)
            if why:
                self.fail(place, f"vars: {why}", key=True)
            if name in shared:
                self.fail(place, f"{name} is declared in the [vars] of the file too; accepted: one declaration", key=True)
            text = self.string(place, text, f"the sort of {name}")
            try:
                found[name] = sorts.parse_sort(text)
            except ClaimError as error:
                self.inside(place, text, error, f"the sort of {name}")
        whole = {**shared, **found}
        for name in found:
            try:
                sorts.check_length(name, whole)
            except ClaimError as error:
                at = ClaimError(error.finding, error.line, error.column + table[name].index("[") + 1)
                self.inside((*path, name), table[name], at, f"the sort of {name}")
        return found

    def networks(self, table: Any) -> dict[str, Architecture]:
        if not isinstance(table, dict):
            self.fail(("networks",), f"networks: found {_kind(table)}; accepted: a table [networks]")
        return {name: self.network(("networks", name), name, entry) for name, entry in table.items()}

    def network(self, path: places.Path, name: str, entry: Any) -> Architecture:
        why = fault(name)
        if why:
            self.fail(path, f"networks: {why}", key=True)
        if not isinstance(entry, dict):
            self.fail(path, f"the network {name}: found {_kind(entry)}; accepted: a table with network and input, or "
                            '{builtin = "name"}')
        with Store():  # of its own: two networks may declare one symbol differently
            if "builtin" in entry:
                self.known(path, entry, ("builtin",), f"the network {name} beside builtin")
                wanted = self.string((*path, "builtin"), entry["builtin"], "builtin")
                from normbound.network import builtins
                if wanted not in builtins.names():
                    self.fail((*path, "builtin"), f"found the unknown architecture {shown(wanted)}{nearest(wanted, builtins.names())}; "
                                                  f"accepted: {', '.join(builtins.names())}")
                return builtins.get(wanted)
            self.known(path, entry, (*NETWORK_KEYS, "builtin"), f"the network {name}")
            for key in ("network", "input"):
                if key not in entry:
                    self.fail(path, f"found no key {key} in the network {name}; accepted: {', '.join(NETWORK_KEYS)}, or builtin",
                              key=True)
            lines = []
            for key in ("network", "title"):
                if key in entry:
                    lines.append(f"{key} = {_quoted(self.ascii((*path, key), entry[key], key))}")
            for key, accepted in (("input", INPUT_KEYS), ("symbols", None)):
                if key in entry:
                    lines += self.section((*path, key), key, entry[key], accepted)
            try:
                return read_architecture("\n".join(lines) + "\n", name, f"the network {name}")
            except NormboundError as error:
                message = str(error)
                named = re.search(r": (network|input|symbols|title)(?:\.(\w+))?: ", message)
                line, column = self.places.value((*path, *(part for part in (named.groups() if named else ()) if part)))
                at = re.search(r": network: (?:[A-Za-z ]*)column (\d+): ", message)
                if at:
                    source = entry["network"]
                    before = source[: int(at[1]) - 1]
                    line, column = self.places.inside((*path, "network"), source, before.count("\n") + 1,
                                                      len(before) - (before.rfind("\n") + 1) + 1)
                raise ClaimError(message, line, column, self.where) from None

    def section(self, path: places.Path, key: str, table: Any, accepted: tuple[str, ...] | None) -> list[str]:
        """A table of strings and integers, as TOML."""
        if not isinstance(table, dict):
            self.fail(path, f"{key}: found {_kind(table)}; accepted: a table")
        if accepted is not None:
            self.known(path, table, accepted, key)
        lines = [f"[{key}]"]
        for name, value in table.items():
            if type(value) is int:
                lines.append(f"{_quoted(name)} = {value}")
            else:
                lines.append(f"{_quoted(name)} = {_quoted(self.ascii((*path, name), value, f'{key}.{shown(name)}'))}")
        return lines

    def ascii(self, path: places.Path, value: Any, what: str) -> str:
        text = self.string(path, value, what)
        for k, char in enumerate(text):
            if not (" " <= char <= "~" or char in "\n\t"):
                line = text.count("\n", 0, k) + 1
                column = k - (text.rfind("\n", 0, k) + 1) + 1
                self.inside(path, text, ClaimError(f"found U+{ord(char):04X}; accepted: ASCII", line, column), what)
        return text

    # -- claims -----------------------------------------------------------------------------------------------------
    def claim(self, path: places.Path, entry: dict[str, Any], shared: Mapping[str, Sort], declared: Mapping[str, Architecture],
              lines: Mapping[str, int]) -> Claim:
        number = int(path[1]) + 1
        what = f"claim {number}"
        self.known(path, entry, CLAIM_KEYS, what)
        for key in ("id", "show"):
            if key not in entry:
                self.fail(path, f"found no key {key} in {what}; accepted: {', '.join(CLAIM_KEYS)}", key=True)
        id = self.string((*path, "id"), entry["id"], "id")
        if ID.fullmatch(id[: MAX_ID + 1]) is None or len(id) > MAX_ID:
            self.fail((*path, "id"), f"found the id {shown(id)}; accepted: at most {MAX_ID} letters and digits, in parts joined by "
                                     "- _ . or :, beginning with a letter")
        if id.lower() in lines:  # ids become names of files
            self.fail((*path, "id"), f"found the id {id!r} again, first in line {lines[id.lower()]}; accepted: unique ids, also without "
                                     "regard to upper and lower case")
        what = f"claim {id}"
        own = self.variables((*path, "vars"), entry.get("vars", {}), shared)
        variables = {**shared, **own}
        for name in own:
            if name in declared:
                self.fail((*path, "vars", name), f"{what}: {name} is a variable and a network; accepted: two names", key=True)
        items = entry.get("given", [])
        if not isinstance(items, list):
            self.fail((*path, "given"), f"given: found {_kind(items)}; accepted: a list of strings")
        given = tuple(self.statement((*path, "given", k), item, f"{what}, given", variables, declared)
                      for k, item in enumerate(items))
        show = self.statement((*path, "show"), entry["show"], f"{what}, show", variables, declared)
        used = networks(show, *given)
        self.unused(path, own, variables, (show, *given), [declared[n] for n in sorted(used)], what)
        expect = self.string((*path, "expect"), entry.get("expect", "proved"), "expect")
        if expect not in EXPECTED:
            self.fail((*path, "expect"), f"found expect = {shown(expect)}{nearest(expect, EXPECTED)}; accepted: {', '.join(EXPECTED)}")
        reason = self.line((*path, "reason"), entry, "reason")
        if expect == "undecided" and not reason.strip():
            self.fail((*path, "reason") if "reason" in entry else (*path, "expect"),
                      f"{what}: found no reason; accepted: with expect = \"undecided\", a reason why nothing decides it")
        return Claim(id, self.line((*path, "title"), entry, "title"), self.line((*path, "source"), entry, "source"), variables,
                     given, show, expect, reason, self.places.key(path).line, self.seconds((*path, "seconds"), entry.get("seconds")),
                     {n: declared[n] for n in sorted(used)}, self.where)

    def statement(self, path: places.Path, value: Any, what: str, variables: Mapping[str, Sort],
                  declared: Mapping[str, Architecture]) -> Node:
        text = self.string(path, value, what)
        try:
            node = parse_statement(text)
            sorts.check(node, variables, declared)
        except ClaimError as error:
            self.inside(path, text, error, what)
        for name in sorted(networks(node)):
            self.symbols(path, name, declared[name], variables, what)
        return node

    def symbols(self, path: places.Path, name: str, network: Architecture, variables: Mapping[str, Sort], what: str) -> None:
        """The symbols of a network are variables of the claims that speak of it."""
        missing = [s for s in network.symbols if s not in variables]
        if missing:
            line = ", ".join(f'{s} = "{_SORT.get(network.symbols[s], network.symbols[s])}"' for s in missing)
            self.fail(path, f"{what}: the network {name} uses symbols that are not declared; accepted: vars with, for instance, {line}")
        for symbol, kind in network.symbols.items():
            sort_of = variables[symbol]
            if sort_of.kind not in _FITS[kind] or sort_of.is_family != (kind == "family"):
                fits = ", ".join(f"{k}[...]" if kind == "family" else k for k in _FITS[kind])
                self.fail(path, f"{what}: {symbol} is declared {sort_of}, and the network {name} uses it as {_SORT.get(kind, kind)}; "
                                f"accepted: {fits}")

    def unused(self, path: places.Path, own: Mapping[str, Sort], variables: Mapping[str, Sort], statements: tuple[Node, ...],
               architectures: list[Architecture], what: str) -> None:
        used: set[str] = set().union(*(free_names(s) for s in statements), *(a.symbols for a in architectures))
        for sort in [variables[n] for n in used if n in variables]:
            used |= free_names(sort.length) if sort.length is not None else set()
        for name in own:
            if name not in used:
                self.fail((*path, "vars", name), f"{what}: {name} is declared and not used; accepted: the variables of the claim",
                          key=True)

    def seconds(self, path: places.Path, value: Any) -> float | None:
        if value is None:
            return None
        if type(value) is not int and not isinstance(value, _Decimal):
            self.fail(path, f"seconds: found {_kind(value)}; accepted: a number, more than 0 and at most {MAX_SECONDS}")
        number = float(value)
        if not 0 < number <= MAX_SECONDS:
            self.fail(path, f"found seconds = {shown(str(value))}; accepted: more than 0 and at most {MAX_SECONDS}")
        return number


def _quoted(text: str) -> str:
    """An ASCII text as a basic string of TOML."""
    return '"' + text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n").replace("\t", r"\t") + '"'


def _kind(value: Any) -> str:
    if isinstance(value, _Decimal):
        return f"the float {shown(value)}"
    if type(value) is int:
        return f"the integer {value if abs(value) < 10**40 else 'of more than 40 digits'}"
    if isinstance(value, str):
        return f"the string {shown(value)}"
    return {bool: "a boolean", list: "an array", dict: "a table"}.get(type(value), "a date or a time")


__all__ = ["Claim", "Document", "read"]
