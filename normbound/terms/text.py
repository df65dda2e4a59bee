"""Terms as text that the grammar reads back; shared subterms are named when the tree would be long."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from normbound.terms.normal import Exponent, Normal
from normbound.terms.store import ONE_ID, Exact, Op, Term, bound_symbols, children

INLINE_LIMIT = 160  # nodes of the tree beyond which shared subterms get names
LINES_LIMIT = 60
_LONGEST = 9_000  # decimal exponents of one literal
_SUM, _PRODUCT, _POWER, _ATOM = range(4)


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    level: int

    def at(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"


class Printer:
    """Prints normalized terms of one store. ``names`` maps ids to the names they are abbreviated by."""

    def __init__(self, forms: Normal, names: dict[int, str] | None = None, symbols: dict[int, str] | None = None):
        self.forms = forms
        self.store = forms.store
        self.names = names or {}
        self.symbols = symbols  # the displayed names of bound symbols; found at the first root when not given
        self.done: dict[int, _Text] = {}

    def print(self, root: int, whole: bool = False) -> str:
        """The text of a normalized id; with ``whole`` its own abbreviation is spelled out."""
        if self.symbols is None:
            self.symbols = bound_names(self.forms, root)
        order: list[int] = []
        stack, seen = [root], set()
        while stack:
            i = stack.pop()
            if i in seen or (i in self.done and i != root):
                continue
            seen.add(i)
            order.append(i)
            if i in self.names and not (whole and i == root):
                continue
            stack.extend(self.parts(i))
        result = _Text("", _ATOM)
        for i in sorted(order):
            if i in self.names and not (whole and i == root):
                result = _Text(self.names[i], _ATOM)
            else:
                result = self._render(i)
            if i != root or not whole:
                self.done[i] = result
        return result.text

    def parts(self, i: int) -> list[int]:
        """The normalized ids that the text of ``i`` is made of, in order."""
        form = self.forms.products.get(i)
        if form is not None:
            return [c for b, e in form.factors for c in (b, *(n for m in e for n in m))]
        total = self.forms.sums.get(i)
        if total is not None:
            return [b for _, b in total.summands if b != ONE_ID]
        node = self.store.nodes[i]
        kind = node[0]
        if kind in (Op.MAX, Op.MIN, Op.DD, Op.SUB, Op.SUM, Op.PROD):
            return list(node[1:])
        if kind in (Op.EXP, Op.POW):
            return [node[1]]
        if kind == Op.ELT:
            return [node[2]]
        if kind == Op.REC:
            _, _, depth, index, states, starts, steps = node
            return [depth, index, *states, *starts, *steps]
        return []

    def _render(self, i: int) -> _Text:
        form = self.forms.products.get(i)
        if form is not None:
            return self._product(form.coefficient, form.factors)
        total = self.forms.sums.get(i)
        if total is not None:
            texts = [self._scaled(c, b) for c, b in total.summands]
            return _Text(" + ".join(texts), _SUM)
        node = self.store.nodes[i]
        kind, args = node[0], node[1:]
        if kind == Op.NUM:
            return number_text(args[0])
        if kind == Op.SYM:
            return _Text((self.symbols or {}).get(i) or args[0].split(".")[0] or f"i{i}", _ATOM)
        if kind == Op.CONST:
            return _Text(args[0], _ATOM)
        if kind == Op.OPNORM:
            rows = self.store.matrices[args[0]]
            return _Text(f"opnorm{args[0]}_{len(rows)}x{len(rows[0])}", _ATOM)
        if kind == Op.INF:
            return _Text("unbounded", _ATOM)
        if kind == Op.ELT:
            return _Text(f"{args[0]}[{self.done[args[1]].text}]", _ATOM)
        if kind == Op.EXP:
            return _Text(f"exp({self.done[args[0]].text})", _ATOM)
        if kind == Op.SUB:
            return _Text(f"{self.done[args[0]].at(_PRODUCT)} - {self.done[args[1]].at(_PRODUCT)}", _SUM)
        if kind in (Op.MAX, Op.MIN):
            return _Text(f"{'max' if kind == Op.MAX else 'min'}({', '.join(self.done[c].text for c in args)})", _ATOM)
        if kind == Op.DD:
            nodes = sorted(args[1:], key=lambda c: (self.store.nodes[c][0] == Op.NUM, c))
            return _Text(f"dd({self.done[args[0]].text}; {', '.join(self.done[c].text for c in nodes)})", _ATOM)
        if kind in (Op.PROD, Op.SUM):
            head = "prod" if kind == Op.PROD else "sum"
            return _Text(f"{head}({', '.join(self.done[c].text for c in args)})", _ATOM)
        component, depth, index, states, starts, steps = args
        lines = "; ".join(f"{self.done[x].text}' = {self.done[f].text}, {self.done[x].text}_0 = {self.done[a].text}"
                          for x, a, f in zip(states, starts, steps, strict=True))
        return _Text(f"recurrence({self.done[states[component]].text} after {self.done[index].text} = 1.."
                     f"{self.done[depth].text}: {lines})", _ATOM)

    def _scaled(self, coefficient: Exact, body: int) -> str:
        if body == ONE_ID:
            return number_text(coefficient).text
        if coefficient == 1:
            return self.done[body].at(_PRODUCT)
        form = self.forms.products.get(body)
        if form is not None and body not in self.names:
            return self._product(coefficient, form.factors).at(_PRODUCT)
        return self._product(coefficient, [(body, {(): Fraction(1)})]).at(_PRODUCT)

    def _product(self, coefficient: Exact, factors: list[tuple[int, Exponent]]) -> _Text:
        groups: dict[tuple[int, ...], list[tuple[int, Fraction]]] = {}
        for b, e in factors:
            for n, x in e.items():
                groups.setdefault(n, []).append((b, x))
        above: list[str] = []
        below: list[str] = []
        value = Fraction(coefficient)
        if value.numerator != 1:
            above.append(number_text(value.numerator).at(_ATOM))
        if value.denominator != 1:
            below.append(number_text(value.denominator).at(_ATOM))
        for n, items in groups.items():
            if n:
                inner = _quotient(*self._sides(items))
                depth = self.done[n[0]].text if len(n) == 1 else "*".join(self.done[a].at(_PRODUCT) for a in n)
                plain = len(n) == 1 and self.done[n[0]].level == _ATOM
                above.append(f"{inner.at(_ATOM)}^{depth if plain else f'({depth})'}")
            else:
                up, down = self._sides(items)
                above.extend(up)
                below.extend(down)
        return _quotient(above, below)

    def _sides(self, items: list[tuple[int, Fraction]]) -> tuple[list[str], list[str]]:
        above: list[str] = []
        below: list[str] = []
        for b, x in items:
            (above if x > 0 else below).append(self._power(b, abs(x)))
        return above, below

    def _power(self, base: int, exponent: Fraction) -> str:
        text = self.done[base]
        if exponent == 1:
            return text.at(_POWER)
        if exponent == Fraction(1, 2):
            return f"sqrt({text.text})"
        inner = str(exponent) if exponent.denominator == 1 else f"({exponent})"
        return f"{text.at(_ATOM)}^{inner}"


def number_text(value: Exact) -> _Text:
    if isinstance(value, Fraction) and value.denominator != 1:
        above, below = number_text(value.numerator), number_text(value.denominator)
        return _Text(f"{above.at(_PRODUCT)}/{below.at(_ATOM)}", _PRODUCT)
    value = int(value)
    if value.bit_length() <= 1000:
        return _Text(str(value), _ATOM)
    return _long_number(value)


def _long_number(value: int) -> _Text:
    """More than 300 digits, as literals that the grammar reads: 10^900 is 1e900, and 10^900 + 7 is 1e900 + 7."""
    parts: list[str] = []
    exponent = 0
    while value and exponent < _LONGEST:
        value, part = divmod(value, 10**300)
        if part:
            digits = str(part)
            short = digits.rstrip("0")
            zeros = exponent + len(digits) - len(short)
            parts.append(f"{short}e{zeros}" if zeros else digits)
        exponent += 300
    if value:
        above = number_text(value)
        parts.append(f"{above.at(_POWER)}*1e{exponent}")
    parts.reverse()
    if len(parts) > 1:
        return _Text(" + ".join(parts), _SUM)
    return _Text(parts[0], _PRODUCT if "*" in parts[0] else _ATOM)


def _quotient(above: list[str], below: list[str]) -> _Text:
    top = "*".join(above) or "1"
    if not below:
        return _Text(top, _level(top) if len(above) == 1 else _PRODUCT)
    bottom = below[0] if len(below) == 1 else f"({'*'.join(below)})"
    return _Text(f"{top}/{bottom}", _PRODUCT)


def _level(text: str) -> int:
    """The level of one factor: how loosely its outermost operator binds."""
    depth, level = 0, _ATOM
    for ch in text:
        depth += (ch in "([") - (ch in ")]")
        if depth == 0 and ch in "*/ ":
            return _PRODUCT
        if depth == 0 and ch == "^":
            level = _POWER
    return level


def bound_names(forms: Normal, root: int) -> dict[int, str]:
    """Displayed names of the bound symbols below ``root``: no name captures another symbol of its scope."""
    store = forms.store
    ids = store.reachable([Term(store, root)])
    binders = [i for i in ids if store.nodes[i][0] in (Op.PROD, Op.SUM, Op.REC)]
    if not binders:
        return {}
    order = sorted({b for i in binders for b in bound_symbols(store.nodes[i])})
    bits = {b: 1 << k for k, b in enumerate(order)}
    masks: dict[int, int] = {}
    clashes: dict[int, int] = dict.fromkeys(order, 0)
    free: set[str] = set()
    for i in ids:
        node = store.nodes[i]
        mask = bits.get(i, 0)
        if node[0] == Op.ELT or (node[0] == Op.SYM and i not in bits):
            free.add(node[1])
        for c in children(node):
            mask |= masks[c]
        own = bound_symbols(node)
        for b in own:
            for other in order:
                if mask & bits[other]:
                    clashes[b] |= bits[other]
                    clashes[other] |= bits[b]
        for b in own:
            mask &= ~bits[b]
        masks[i] = mask
    names: dict[int, str] = {}
    for b in order:
        stem = forms.stems.get(b) or store.nodes[b][1].split(".")[0] or "i"
        avoid = free | {names[o] for o in names if clashes[b] & bits[o] and o != b}
        name, k = stem, 2
        while name in avoid:
            name, k = f"{stem}_{k}", k + 1
        names[b] = name
    return names


def to_text(term: Term) -> str:
    """``term`` as one expression that ``parse`` reads back; beyond a size, as named lines joined by '; '."""
    lines = to_lines(term)
    if len(lines) == 1:
        return lines[0][1]
    return "; ".join([lines[-1][1] + " where", *(f"{n} = {t}" for n, t in lines[:-1])])


def to_lines(term: Term, inline: int = INLINE_LIMIT, limit: int = LINES_LIMIT) -> list[tuple[str, str]]:
    """(name, text) for each named subterm, then ("", text) of the whole.

    A term whose tree has at most ``inline`` nodes is one line. Beyond ``limit`` lines the middle is left out,
    and a line says how much.
    """
    forms = Normal(term.store)
    root = forms(term).id
    symbols = bound_names(forms, root)
    printer = Printer(forms, symbols=symbols)
    order: list[int] = []
    stack, seen = [root], set()
    parents: dict[int, int] = {}
    while stack:
        i = stack.pop()
        if i in seen:
            continue
        seen.add(i)
        order.append(i)
        for c in printer.parts(i):
            parents[c] = parents.get(c, 0) + 1
            stack.append(c)
    order.sort()
    size: dict[int, int] = {}
    for i in order:
        size[i] = 1 + sum(size[c] for c in printer.parts(i))
        size[i] = min(size[i], 10**9)
    if size[root] <= inline:
        return [("", printer.print(root))]
    names: dict[int, str] = {}
    width: dict[int, int] = {}
    taken = {*term.store.symbols(term), *symbols.values()}
    for i in order:
        width[i] = 1 + sum(1 if c in names else width[c] for c in printer.parts(i))
        compound = term.store.nodes[i][0] not in (Op.NUM, Op.SYM, Op.CONST, Op.OPNORM, Op.INF, Op.ELT)
        if compound and i != root and ((parents.get(i, 0) > 1 and width[i] > 4) or width[i] > 60):
            name = f"T{len(names) + 1}"
            while name in taken:
                name += "x"
            names[i] = name
    printer = Printer(forms, names, symbols)
    chosen = list(names)
    if len(chosen) > limit:
        kept = set(chosen[: limit // 2] + chosen[-limit // 2:])
        gap = len(chosen) - len(kept)
    else:
        kept, gap = set(chosen), 0
    lines: list[tuple[str, str]] = []
    for i in chosen:
        if i in kept:
            lines.append((names[i], _cut(printer.print(i, whole=True))))
        elif gap:
            lines.append(("...", f"({gap} subterms left out)"))
            gap = 0
    lines.append(("", _cut(printer.print(root, whole=True))))
    return lines


def _cut(text: str, limit: int = 2000) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit // 2]} ... [{len(text) - limit} characters] ... {text[-limit // 2:]}"
