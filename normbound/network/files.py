"""Architectures in TOML files: a network in the composition language with its domain, symbols and default numbers.

    title = "MLP with LayerNorm after each layer"            # optional
    network = "Repeat(Linear(s, bias=b) >> LayerNorm(gamma=g, floor=sigma, eps=eps) >> ReLU, K)"

    [input]
    radius = "R"          # optional: without it the domain is all of space
    features = "d"
    samples = 1           # optional, default 1
    positions = 1         # optional, default 1

    [symbols]             # optional; where present, every symbol must be declared
    s = "nonneg"          # a number >= 0
    eps = "positive"      # a number > 0
    K = "natural"         # a depth or a width
    t = "family"          # t[1], t[2], ...: one number per iteration

    [values]              # optional default numbers, exact: integers or strings such as "6/5"
    s = "6/5"
    K = 3
    t = ["1", "1/2", 3]

A file is data: it is read by the TOML parser of the standard library and by the closed grammar, and nothing in it runs.
Errors name the file, the key, and the column where there is one.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any, NoReturn

from normbound.contracts.block import Layer, Repeat
from normbound.errors import NetworkError, NormboundError
from normbound.network.language import MAX_TEXT, parse_network
from normbound.network.program import CLOSE, LEAF, OPEN, Input, Network, Program, branches, natural_symbols
from normbound.terms.exact import exact
from normbound.terms.names import check_name
from normbound.terms.store import Exact, Node, Op, Store, Term, bound_symbols, current

MAX_BYTES = 10_000_000
KINDS = ("nonneg", "positive", "natural", "family")
KEYS = ("title", "network", "input", "symbols", "values")
INPUT_KEYS = ("radius", "features", "samples", "positions")
MAX_FAMILY = 100_000
# The TOML parser needs quadratic time for a key of many dotted parts; no file of this format has any.
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){20}[\w"'-]""", re.ASCII)
_NATURAL = {Op.DD: (1,), Op.SUB: (1, 2), Op.PROD: (2,), Op.SUM: (2,), Op.REC: (2,)}  # where a node takes a depth
Value = Exact | tuple[Exact, ...]


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network as a file declares it.

    name     the name of the built-in or of the file
    title    one line for people
    symbols  the kind of each symbol: as declared, or as used where nothing is declared
    values   default exact numbers, possibly not for every symbol; a tuple for a family
    text     the file
    """

    name: str
    title: str
    network: Network = field(repr=False)
    symbols: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    text: str = field(default="", repr=False)


def load(path: str | PathLike[str]) -> Architecture:
    """The architecture in the file at ``path``, over the current store. Raises NormboundError with the exact place."""
    where = fsdecode(path)
    if "\0" in where:
        raise NetworkError(f"{where[:100]!r} is not a path")
    return read(_text_of(Path(where), where), Path(where).stem, where)


def _text_of(path: Path, where: str) -> str:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise NetworkError(f"{where}: found a directory; a TOML file is needed")
        if not stat.S_ISREG(status.st_mode):
            raise NetworkError(f"{where}: found a device or a pipe; a TOML file is needed")
        if status.st_size > MAX_BYTES:
            raise NetworkError(f"{where}: found {status.st_size} bytes; at most {MAX_BYTES} are read")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NetworkError(f"{where}: no such file") from None
    except OSError as error:
        raise NetworkError(f"{where}: cannot be read: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise NetworkError(f"{where}: found more than {MAX_BYTES} bytes; at most {MAX_BYTES} are read")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NetworkError(f"{where}: byte offset {error.start}: found 0x{data[error.start]:02x}, which is not UTF-8; "
                           "a file in UTF-8 is needed") from None


def read(text: str, name: str, where: str | None = None) -> Architecture:
    """The architecture that ``text`` (TOML) declares; ``where`` stands in front of every error."""
    reader = _Reader(where or name, current())
    return reader.architecture(text, name)


class _Decimal(str):
    """A float literal of the file, as written."""


class _Reader:
    def __init__(self, where: str, store: Store):
        self.where = where
        self.store = store

    def fail(self, key: str, message: str) -> NoReturn:
        raise NetworkError(f"{self.where}: {key}: {message}" if key else f"{self.where}: {message}")

    def architecture(self, text: str, name: str) -> Architecture:
        table = self.toml(text)
        self.known("", table, KEYS)
        for key in ("network", "input"):
            if key not in table:
                self.fail("", f"the key {key!r} is missing; accepted keys: {', '.join(KEYS)}")
        title = self.string("title", table.get("title", ""))
        if not title.isprintable():
            self.fail("title", "found a control character or a line break; one printable line is needed")
        source = self.string("network", table["network"])
        if len(source) > MAX_TEXT:
            self.fail("network", f"found {len(source)} characters; at most {MAX_TEXT} are read")
        declared = self.declarations(table["symbols"]) if "symbols" in table else None
        if declared is not None:
            self.signs(declared)
        domain = self.input(table["input"])
        try:
            network = parse_network(source, domain, title)
            program = network.program()
        except NormboundError as error:
            raise type(error)(f"{self.where}: network: {error}") from None
        used = self.uses(program)
        if declared is not None:
            self.compare(declared, used)
        symbols = declared if declared is not None else used
        values = self.values(self.table("values", table.get("values", {})), symbols)
        return Architecture(name, title, network, symbols, values, text)

    # -- TOML -------------------------------------------------------------------------------------------------
    def toml(self, text: str) -> dict[str, Any]:
        long = _LONG_KEY.search(text)
        if long is not None:
            line = text.count("\n", 0, long.start()) + 1
            self.fail(f"line {line}", "found a key of more than 20 dotted parts; keys of this format have at most 2")
        try:
            return tomllib.loads(text, parse_float=_Decimal)
        except tomllib.TOMLDecodeError as error:
            self.fail("", f"not TOML: {error}")
        except RecursionError:
            self.fail("", "not an architecture: the file is nested too deeply")
        except ValueError as error:  # an integer of thousands of digits, a date that does not exist
            self.fail("", f"not TOML: {error}")

    def known(self, place: str, table: Mapping[str, Any], accepted: tuple[str, ...]) -> None:
        for key in table:
            if key not in accepted:
                close = get_close_matches(key, accepted, 1, 0.6)
                hint = f"; did you mean {close[0]}?" if close else ""
                self.fail(place, f"unknown key {key[:60]!r}{hint}; accepted: {', '.join(accepted)}")

    def table(self, key: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.fail(key, f"found {_kind(value)}; a table [{key}] is needed")
        return value

    def string(self, key: str, value: Any) -> str:
        if not isinstance(value, str) or isinstance(value, _Decimal):
            self.fail(key, f"found {_kind(value)}; a string is needed")
        return value

    # -- declarations -----------------------------------------------------------------------------------------
    def declarations(self, value: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, kind in self.table("symbols", value).items():
            key = f"symbols.{name[:60]}"
            try:
                check_name(name)
            except NormboundError as error:
                self.fail(key, str(error))
            if not isinstance(kind, str) or kind not in KINDS:
                shown = repr(kind[:60]) if type(kind) is str else _kind(kind)
                self.fail(key, f"found {shown}; accepted: {', '.join(KINDS)}")
            found[name] = kind
        return found

    def signs(self, declared: Mapping[str, str]) -> None:
        """Declare which symbols are > 0, before any term is built on them."""
        for name, kind in declared.items():
            if kind == "family":
                continue
            symbol = self.store.symbol(name, positive=kind == "positive")
            if symbol.is_positive != (kind == "positive"):
                was = "positive" if symbol.is_positive else "nonneg"
                self.fail(f"symbols.{name}", f"declared {kind}, but {name!r} is already in use as {was}; load the file "
                                             "before other networks, or under a fresh store (with Store(): ...)")

    def input(self, value: Any) -> Input:
        table = self.table("input", value)
        self.known("input", table, INPUT_KEYS)
        if "features" not in table:
            self.fail("input", "the key 'features' is missing; it is the width of the input, such as \"d\" or 4")
        terms: dict[str, Any] = {}
        for key in INPUT_KEYS:
            entry = table.get(key)
            if entry is None:
                continue
            if isinstance(entry, _Decimal):
                self.fail(f"input.{key}", f"found the float {entry}; write the string \"{entry}\"")
            if isinstance(entry, bool) or not isinstance(entry, (int, str)):
                self.fail(f"input.{key}", f"found {_kind(entry)}; an integer or an expression in a string is needed")
            try:
                terms[key] = self.store.term(entry)
                Input(**{"features": 1, key: terms[key]})
            except NormboundError as error:
                self.fail(f"input.{key}", str(error))
        return Input(**terms)

    # -- symbols in use ---------------------------------------------------------------------------------------
    def uses(self, program: Program) -> dict[str, str]:
        """The kind of every symbol of the network, by its use; raises where a name has two uses."""
        nodes = self.store.nodes
        naturals = natural_symbols(program)
        kinds: dict[str, str] = {}
        seen: dict[tuple[int, tuple[str, ...]], None] = {}
        for term, bound in _terms(program):
            if (term.id, bound) in seen:
                continue
            seen[term.id, bound] = None
            ids = self.store.reachable([term])
            inner = {nodes[i][1] for i in _bound_ids(nodes, ids)}
            for i in ids:
                node = nodes[i]
                if node[0] in _NATURAL:
                    deep = [node[k] for k in _NATURAL[node[0]]]
                    naturals |= {n for n, t in self.store.symbols(*(Term(self.store, j) for j in deep)).items()
                                 if t.kind == Op.SYM and n not in bound}
                if node[0] == Op.SYM and node[1] not in bound and node[1] not in inner:
                    self.use(kinds, node[1], "nonneg")
                elif node[0] == Op.ELT:
                    self.use(kinds, node[1], "family")
        for name in naturals:
            if kinds.get(name) == "family":
                self.fail("network", f"{name!r} is used as a family and as a natural number")
            kinds[name] = "natural"
        return kinds

    def use(self, kinds: dict[str, str], name: str, kind: str) -> None:
        if kinds.setdefault(name, kind) != kind:
            self.fail("network", f"{name!r} is used as a family, {name}[...], and as a symbol; choose two names")

    def compare(self, declared: Mapping[str, str], used: Mapping[str, str]) -> None:
        for name, kind in used.items():
            if name not in declared:
                close = get_close_matches(name, declared, 1, 0.6)
                hint = f"; did you mean {close[0]}?" if close else ""
                self.fail("symbols", f"the network uses {name!r}, which is not declared{hint}; "
                                     f"declare it as one of {', '.join(KINDS)}")
            has = declared[name]
            if (kind == "natural" and has != "natural") or ((kind == "family") != (has == "family")):
                uses = {"natural": "a natural number (a depth, a width or a count)", "family": f"a family, {name}[...]",
                        "nonneg": "one symbol"}[kind]
                self.fail(f"symbols.{name}", f"declared {has}, but the network uses {name!r} as {uses}")
        for name in declared:
            if name not in used:
                self.fail(f"symbols.{name}", "declared, but the network does not use it")

    # -- values -----------------------------------------------------------------------------------------------
    def values(self, table: Mapping[str, Any], symbols: Mapping[str, str]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, entry in table.items():
            key = f"values.{name[:60]}"
            if name not in symbols:
                close = get_close_matches(name, symbols, 1, 0.6)
                hint = f"; did you mean {close[0]}?" if close else ""
                known = ", ".join(list(symbols)[:20]) or "(none)"
                self.fail(key, f"the network has no such symbol{hint}; its symbols: {known}")
            if symbols[name] == "family":
                if not isinstance(entry, list) or not entry:
                    self.fail(key, f"found {_kind(entry)}; {name!r} is a family: a list with one number per iteration "
                                   "is needed")
                if len(entry) > MAX_FAMILY:
                    self.fail(key, f"found {len(entry)} numbers; at most {MAX_FAMILY} are read")
                found[name] = tuple(self.number(f"{key}[{k}]", x, "nonneg") for k, x in enumerate(entry, 1))
            else:
                found[name] = self.number(key, entry, symbols[name])
        return found

    def number(self, key: str, entry: Any, kind: str) -> Exact:
        if isinstance(entry, _Decimal):
            self.fail(key, f"found the float {entry}, which is not exact; write the string \"{entry}\" or a fraction "
                           'such as "6/5"')
        if isinstance(entry, bool) or not isinstance(entry, (int, str)):
            self.fail(key, f"found {_kind(entry)}; an integer or an exact number in a string such as \"6/5\" is needed")
        try:
            value = exact(entry)
        except NormboundError as error:
            self.fail(key, str(error))
        if kind == "natural" and (isinstance(value, Fraction) or value < 0):
            self.fail(key, f"found {entry}; a natural number is needed")
        if value < 0 or (kind == "positive" and not value):
            self.fail(key, f"found {entry}; a number {'> 0' if kind == 'positive' else '>= 0'} is needed")
        return value


def _kind(value: Any) -> str:
    if isinstance(value, _Decimal):
        return f"the float {value}"
    names = {bool: "a boolean", int: "an integer", str: "a string", list: "an array", dict: "a table"}
    return names.get(type(value), "a date or a time")


def _terms(program: Program) -> list[tuple[Term, tuple[str, ...]]]:
    """Every term the network is made of, with the iteration indices that are bound where it stands."""
    domain = program.network.input
    found: list[tuple[Term, tuple[str, ...]]] = [(t, ()) for t in (domain.features, domain.samples, domain.positions)]
    if domain.radius is not None:
        found.append((domain.radius, ()))
    bound: list[str] = []
    for i in program.code:
        block, names = i.block, tuple(bound)
        if isinstance(block, Repeat):
            if i.op == OPEN:
                found.append((block.depth, names))
            if block.index is not None and i.op != CLOSE and i.branch == len(branches(block)) - 1:
                bound.append(block.index)
            elif block.index is not None and i.op == CLOSE:
                bound.pop()
        elif i.op == LEAF:
            assert isinstance(block, Layer)
            found.extend((t, names) for t in _fields(block))
            for p in block.parameters(i.shape):
                found.extend((t, names) for t in (p.bound, *p.dims))
        elif i.op == OPEN:
            factor = getattr(block, "factor", None)
            if factor is not None:
                found.append((factor, names))
    return found


def _fields(layer: Layer) -> list[Term]:
    values = (getattr(layer, name, None) for name in getattr(layer, "__dataclass_fields__", ()))
    return [v for v in values if isinstance(v, Term)]


def _bound_ids(nodes: Sequence[Node], ids: Sequence[int]) -> set[int]:
    return {b for i in ids for b in bound_symbols(nodes[i])}
