"""Shapes at numbers: what could not be refused while dimensions were symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from normbound.contracts.block import Layer
from normbound.contracts.context import Shape
from normbound.errors import NormboundError, ShapeError
from normbound.network.program import LEAF, Program, place
from normbound.terms.evaluate import evaluate_exact
from normbound.terms.store import Term


def check_sizes(program: Program, values: Mapping[str, object]) -> None:
    """Raise ShapeError unless every dimension is a positive natural number that its layer accepts."""
    store = program.out.rows.store
    known: dict[int, Term] = {}

    def number(t: Term, where: str) -> Term:
        if t.id not in known and any(name not in values for name in store.symbols(t)):
            known[t.id] = t  # no number is given for it: it stays a symbol
        elif t.id not in known:
            value = t.literal() if t.literal() is not None else evaluate_exact(t, values)
            if not isinstance(value, int) or value < 1:
                raise ShapeError(f"{where}: a dimension is {t} = {value}; a natural number of at least 1 is needed")
            known[t.id] = store.number(value)
        return known[t.id]

    shapes: dict[int, Shape] = {}
    for i in program.code:
        where = place(i.path)
        for shape in (i.shape, i.out):
            if id(shape) not in shapes:
                shapes[id(shape)] = Shape.of(*(number(t, where) for t in shape[:3]))
        layer = i.block
        if i.op != LEAF or not isinstance(layer, Layer) or type(layer).output_shape is Layer.output_shape:
            continue
        groups = getattr(layer, "groups", None)
        if isinstance(groups, Term) and groups.literal() is None:
            layer = replace(layer, groups=number(groups, where))  # type: ignore[type-var]
        try:
            layer.output_shape(shapes[id(i.shape)])
        except NormboundError as error:
            raise type(error)(f"{where}: {error}") from None
