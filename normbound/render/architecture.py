"""A network as one formula: layers in the order in which they act, A ▷ B for "A, then B"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from normbound.contracts.block import Block, Composite, Layer, Repeat
from normbound.layers.linear import Identity, Outside
from normbound.network.program import parts_of_series
from normbound.render.prose import escape
from normbound.terms.store import Term

MAX_LAYERS = 60
_SERIES, _SUM, _PRODUCT, _ATOM = range(4)


def formula(block: Block, term: Callable[[Term], str]) -> str | None:
    """The TeX formula of ``block`` with ``term`` printing factors and depths; None beyond MAX_LAYERS layers."""
    pieces: list[str] = []
    stack: list[Any] = [(block, _SERIES)]
    layers = 0
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        b, level = item
        layers += isinstance(b, Layer)
        if layers > MAX_LAYERS:
            return None
        parts, own = _parts(b, term)
        if own < level:
            parts = [r"\bigl(", *parts, r"\bigr)"]
        stack.extend(reversed(parts))
    return "".join(pieces)


def _parts(b: Block, term: Callable[[Term], str]) -> tuple[list[Any], int]:
    if isinstance(b, Identity):
        return [r"\mathrm{id}"], _ATOM
    if isinstance(b, Outside):
        return [f"u_{{{layer_name(b.source)}}}"], _ATOM
    if isinstance(b, Layer):
        shared = f"_{{{layer_name(b.share)}}}" if b.share is not None else ""
        return [layer_name(b.name) + shared], _ATOM
    if isinstance(b, Repeat):
        tied = r",\,\text{tied}" if b.tied else ""
        index = f"{term(b.depth.store.symbol(b.index))}=1..." if b.index is not None else ""
        inner: list[Any] = [r"\bigl[", (b.body, _SERIES), rf"\bigr]^{{{index}{term(b.depth)}{tied}}}"]
        if index:
            inner[-1] = rf"\bigr]_{{{term(b.depth.store.symbol(b.index or 'i'))}=1}}^{{{term(b.depth)}{tied}}}"
        captured: list[Any] = []
        for name, c in b.capture.items():
            captured += [rf"u_{{{layer_name(name)}}}=", (c, _SUM), r";\ "]
        if captured:
            inner = [r"\bigl\{", *captured, *inner, r"\bigr\}"]
        if b.start is not None:
            return [(b.start, _SUM), r"\rhd ", *inner], _SERIES
        return inner, _ATOM
    assert isinstance(b, Composite)
    if b.rule == "series":
        return _between(r"\rhd ", [(p, _SUM) for p in parts_of_series(b)]), _SERIES
    if b.rule == "sum":
        out: list[Any] = [(b.parts[0], _SUM)]
        for p in b.parts[1:]:
            if isinstance(p, Composite) and p.rule == "scale" and p.sign < 0:
                out += ["-", *_scaled(p, term)]
            else:
                out += ["+", (p, _PRODUCT)]
        return out, _SUM
    if b.rule == "product":
        return [(b.parts[0], _ATOM), r"\odot ", (b.parts[1], _ATOM)], _PRODUCT
    if b.rule == "scale":
        return ["-" if b.sign < 0 else "", *_scaled(b, term)], _SUM if b.sign < 0 else _PRODUCT
    name = r"\mathrm{concat}" if b.rule == "concat" else r"\mathrm{parallel}"
    return [name, r"\bigl(", *_between(r",\ ", [(p, _SERIES) for p in b.parts]), r"\bigr)"], _ATOM


def _scaled(b: Composite, term: Callable[[Term], str]) -> list[Any]:
    assert b.factor is not None
    text = term(b.factor)
    plain = b.factor.node[0] not in ("ADD",) and "+" not in text
    return [text if plain else rf"\left({text}\right)", r"\,", (b.parts[0], _ATOM)]


def layer_name(name: str) -> str:
    """An identifier set in sans serif."""
    return rf"\mathsf{{{escape(name)}}}"


def _between(separator: str, items: list[Any]) -> list[Any]:
    out: list[Any] = []
    for k, item in enumerate(items):
        if k:
            out.append(separator)
        out.append(item)
    return out
