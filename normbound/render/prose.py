r"""Mathematical prose: one TeX source, printed in TeX and in the terminal.

Prose is ASCII text with inline ``$...$`` mathematics in a small closed subset of LaTeX (the tables below; ``check`` refuses
everything else). ``<<name>>`` inside mathematics stands for the term of that name. ``to_tex`` puts in the TeX of the terms,
``to_text`` makes Unicode text: fractions become quotients with every parenthesis they need, scripts stay linear
(``a^(2(K-j))``, ``x_(i-1)``), and a term is put in as the grammar of terms prints it, in parentheses where its neighbours
would bind tighter.

Text of users is never prose: ``escape`` makes any string safe for LaTeX's text mode, and ``describe`` says for each field
of a catalogue entry which of the two it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from normbound.errors import TermError

if TYPE_CHECKING:
    from normbound.contracts.registry import Entry
    from normbound.contracts.rules import Rule
    from normbound.render.tex import Tex
    from normbound.terms.store import Term

LONGEST = 20_000  # characters of one prose string
DEEPEST = 24  # nested braces: the parser recurses on them
_PLACE = re.compile(r"<<([^<>]*)>>")
_MARK = "nbplace"

# Symbols of mathematics. Greek letters carry their own names.
_GREEK = {name: unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}") for name in (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "nu", "xi", "pi", "rho", "sigma",
    "tau", "upsilon", "phi", "chi", "psi", "omega")}
_GREEK |= {"lambda": "λ", "mu": "μ", "varepsilon": "ε", "varphi": "φ", "vartheta": "θ", "varrho": "ρ"}
_GREEK |= {name: unicodedata.lookup(f"GREEK CAPITAL LETTER {name.upper()}") for name in (
    "Gamma", "Delta", "Theta", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega")} | {"Lambda": "Λ"}
_ATOMS = _GREEK | {
    "infty": "∞", "ell": "ℓ", "partial": "∂", "nabla": "∇", "emptyset": "∅", "varnothing": "∅", "top": "⊤", "prime": "′",
    "forall": "∀", "exists": "∃", "sum": "∑", "prod": "∏", "int": "∫", "ldots": "...", "dots": "...", "cdots": "...",
    "vdots": "...", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "colon": ":",
    "cdot": "·", "circ": "∘", "odot": "⊙", "otimes": "⊗", "ast": "*", "star": "⋆", "lbrace": "{", "rbrace": "}", "{": "{",
    "}": "}", "%": "%", "dagger": "†", "bullet": "•"}
_RELATIONS = {
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "sim": "~", "equiv": "≡", "ll": "≪",
    "gg": "≫", "in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "supset": "⊃", "supseteq": "⊇",
    "to": "→", "rightarrow": "→", "mapsto": "↦", "Rightarrow": "⇒", "implies": "⟹", "iff": "⟺", "mid": "|", "perp": "⊥",
    "parallel": "∥", "propto": "∝", "pm": "±", "mp": "∓", "times": "×", "cup": "∪", "cap": "∩", "setminus": "∖",
    "wedge": "∧", "land": "∧", "lor": "∨", "preceq": "⪯", "succeq": "⪰", "lt": "<", "gt": ">", "uparrow": "↑",
    "downarrow": "↓"}
_BINARY = {"±", "∓", "×", "∪", "∩", "∖", "∧", "∨"}  # relations of the table above that bind tighter than a comparison
_WORDS = {name: name for name in (
    "Lip", "Var", "diag", "max", "min", "sup", "inf", "lim", "exp", "log", "ln", "sin", "cos", "tan", "tanh", "cosh", "sinh",
    "arctan", "det", "dim", "ker", "deg", "gcd", "Pr", "arg")}
_WORDS |= {"limsup": "lim sup", "liminf": "lim inf"}
_SPACES = {",": " ", ":": " ", ";": " ", "!": "", " ": " ", "quad": "  ", "qquad": "   ", "thinspace": " "}
_SIZES = frozenset(("left", "right", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "big", "Big", "displaystyle",
                    "textstyle", "limits", "nolimits"))
_ONE = frozenset(("norm", "abs", "sqrt", "text", "textrm", "mathrm", "operatorname", "mathbb", "mathcal", "mathbf", "hat",
                  "bar", "tilde", "dot", "overline", "emph", "textit", "textbf", "texttt", _MARK))
_TWO = frozenset(("frac", "tfrac", "dfrac", "binom"))
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "overline": "\u0304"}
_TEXT_MACROS = frozenset(("emph", "textit", "textbf", "texttt"))
_TEXT_SYMBOLS = {"%": "%", "&": "&", "#": "#", "$": "$", "_": "_", "{": "{", "}": "}", " ": " ", ",": " ", "-": "",
                 "dots": "...", "ldots": "..."}
_TEXT_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n.,;:!?()[]/*+-='`@~")
_MATH_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n.,;:!()[]/*+-=<>'|^_~")

# Brackets that are only counted, or that print as bars; removed when the text is finished.
_OPEN, _CLOSE, _NORM_OPEN, _NORM_CLOSE, _ABS_OPEN, _ABS_CLOSE = "\ue000\ue001\ue002\ue003\ue004\ue005"
_FINISH = str.maketrans({_OPEN: "", _CLOSE: "", _NORM_OPEN: "‖", _NORM_CLOSE: "‖", _ABS_OPEN: "|", _ABS_CLOSE: "|"})
_OPENING, _CLOSING = f"([{{⟨⌊⌈{_OPEN}{_NORM_OPEN}{_ABS_OPEN}", f")]}}⟩⌋⌉{_CLOSE}{_NORM_CLOSE}{_ABS_CLOSE}"
_SUM, _PRODUCT, _POWER, _ATOM = range(4)


@dataclass(slots=True)
class _Item:
    """A piece of a formula. kind: "atom", "word", "quotient", "place", "script", "space", "relation", "mark" (brackets,
    operators, punctuation); ``place`` counts the places of the prose."""

    kind: str
    text: str
    level: int = _ATOM
    place: int = -1


def to_tex(prose: str, terms: Mapping[str, Term] | None = None, page: Tex | None = None) -> str:
    """``prose`` as LaTeX for running text, every ``<<name>>`` replaced by the TeX of ``terms[name]``.

    ``page`` prints the terms (a new one by default). A term that its neighbours would tear apart is put in parentheses.
    Raises TermError where the prose leaves the closed subset or names a term that is not given.
    """
    from normbound.render.tex import Tex
    page = page or Tex()
    terms = terms or {}
    rendering = _Rendering(prose, terms)
    rendering.run()

    def put(k: int, name: str) -> str:
        body = page.tex(terms[name])
        if k in rendering.scripts:
            return "{" + body + "}"
        if k not in rendering.protected:
            return body
        tall = re.search(r"\\(?:frac|sqrt|sum|prod|binom|d?tfrac)(?![A-Za-z])", body)
        return rf"\left({body}\right)" if tall else f"({body})"

    count = iter(range(len(prose)))
    names = page.names
    own = re.sub(r"\\abs\{([^{}]*)\}_(?:\{\\infty\}|\\infty)", lambda m: rf"{names.macro('supnorm')}{{{m[1]}}}", prose)
    own = re.sub(r"\\(norm|abs|Lip|Var|diag)(?![A-Za-z])", lambda m: names.macro(m[1]), own)
    return _PLACE.sub(lambda m: put(next(count), m[1]), own)


def to_text(prose: str, terms: Mapping[str, Term] | None = None) -> str:
    """``prose`` as Unicode text for terminals, every ``<<name>>`` replaced by the text of ``terms[name]``.

    Raises TermError where the prose leaves the closed subset or names a term that is not given.
    """
    return _Rendering(prose, terms or {}).run() if terms or "<<" in prose else _plain_text(prose)


@lru_cache(maxsize=1024)
def _plain_text(prose: str) -> str:
    return _Rendering(prose, {}).run()


def check(prose: str) -> None:
    """Raise TermError unless ``prose`` is in the closed subset: balanced, mathematics closed, known control words only."""
    _Rendering(prose, None).run()


def places(prose: str) -> tuple[str, ...]:
    """The names of the terms that ``prose`` refers to, in order."""
    return tuple(_PLACE.findall(prose))


class _Rendering:
    """One pass over one prose string. ``terms`` None: every place is allowed (only the form is checked)."""

    def __init__(self, prose: str, terms: Mapping[str, Term] | None):
        self.prose = prose
        self.terms = terms
        self.names: list[str] = []
        self.protected: set[int] = set()
        self.scripts: set[int] = set()

    def fail(self, what: str) -> TermError:
        shown = self.prose if len(self.prose) <= 60 else self.prose[:57] + "..."
        return TermError(f"prose {shown!r}: {what}")

    def run(self) -> str:
        if len(self.prose) > LONGEST:
            raise self.fail(f"{len(self.prose)} characters; at most {LONGEST} are accepted")
        if rf"\{_MARK}" in self.prose:
            raise self.fail(rf"\{_MARK} is not accepted")
        depth = 0
        for ch in self.prose:
            depth += (ch == "{") - (ch == "}")
            if depth > DEEPEST:
                raise self.fail(f"braces nested deeper than {DEEPEST}")
        source = _PLACE.sub(self._placed, self.prose)
        return re.sub(r"[ \n]+", " ", self._text(_parse(source, self))).strip().translate(_FINISH)

    def _placed(self, match: re.Match[str]) -> str:
        name = match[1]
        if self.terms is not None and name not in self.terms:
            raise self.fail(f"no term {name!r}; there are {', '.join(self.terms) or 'none'}")
        self.names.append(name)
        return rf"\{_MARK}{{{len(self.names) - 1}}}"

    # -- text mode ----------------------------------------------------------------------------------------------------

    def _text(self, nodes: Sequence[Any]) -> str:
        from pylatexenc import latexwalker as w
        out: list[str] = []
        for node in nodes:
            if node.isNodeType(w.LatexCharsNode):
                bad = next((c for c in node.chars if c not in _TEXT_CHARS), None)
                if bad is not None:
                    raise self.fail(f"{bad!r} outside mathematics")
                text = node.chars.replace("``", "“").replace("''", "”").replace("---", "—").replace("--", "–")
                out.append(text.replace("`", "‘").replace("'", "’").replace("~", " "))
            elif node.isNodeType(w.LatexMathNode):
                if node.delimiters != ("$", "$"):
                    raise self.fail("displayed mathematics; only $...$ is accepted")
                items = self._items(node.nodelist)
                if not any(i.kind != "space" for i in items):
                    raise self.fail("empty mathematics")
                out.append(self._join(items).strip())
            elif node.isNodeType(w.LatexGroupNode):
                out.append(self._text(node.nodelist))
            elif node.isNodeType(w.LatexMacroNode):
                name = node.macroname
                if name in _TEXT_SYMBOLS:
                    out.append(_TEXT_SYMBOLS[name] + node.macro_post_space)
                elif name in _TEXT_MACROS:
                    out.append(self._text(self._argument(node, 0)))
                elif name == _MARK:
                    raise self.fail("a term outside mathematics")
                else:
                    raise self.fail(f"\\{name} is not accepted outside mathematics")
            else:
                raise self.fail("comments, environments and special characters are not accepted")
        return "".join(out)

    # -- mathematics --------------------------------------------------------------------------------------------------

    def _argument(self, node: Any, k: int) -> Sequence[Any]:
        from pylatexenc import latexwalker as w
        found = node.nodeargd.argnlist[k]
        if found is None:
            raise self.fail(f"\\{node.macroname} lacks an argument")
        return found.nodelist if found.isNodeType(w.LatexGroupNode) else [found]

    def _items(self, nodes: Sequence[Any]) -> list[_Item]:
        from pylatexenc import latexwalker as w
        items: list[_Item] = []
        pending = ""  # a script whose argument comes next
        sides = 0
        for node in nodes:
            if node.isNodeType(w.LatexCharsNode):
                pending = self._chars(node.chars, items, pending)
                continue
            if node.isNodeType(w.LatexGroupNode):
                found = self._items(node.nodelist)
                text = self._join(found)
                if pending:
                    pending = self._script(items, pending, text, found)
                elif len(whole := [i for i in found if i.kind != "space"]) == 1:
                    items.append(whole[0])
                else:
                    items.append(_Item("atom", text))
                continue
            if not node.isNodeType(w.LatexMacroNode):
                raise self.fail("only plain formulas are accepted inside mathematics")
            if node.macroname in _SIZES:
                sides += (node.macroname == "left") - (node.macroname == "right")
                if sides < 0:
                    raise self.fail(r"\right without \left")
                continue
            item = self._macro(node)
            if pending:
                if item.kind == "space":
                    raise self.fail(f"nothing after {pending}")
                pending = self._script(items, pending, item.text, [item])
            else:
                items.append(item)
            if item.text in ("⟩", "⌋", "⌉"):
                while len(items) > 1 and items[-2].kind == "space":
                    del items[-2]
            if node.macro_post_space and item.kind != "relation" and item.text not in ("⟨", "⌊", "⌈"):
                items.append(_Item("space", " "))
        if pending:
            raise self.fail(f"nothing after {pending}")
        if sides:
            raise self.fail(r"\left without \right")
        return items

    def _chars(self, chars: str, items: list[_Item], pending: str) -> str:
        k = 0
        while k < len(chars):
            ch = chars[k]
            if ch not in _MATH_CHARS:
                raise self.fail(f"{ch!r} inside mathematics")
            k += 1
            if ch in " \n~":
                if not pending:
                    items.append(_Item("space", " "))
            elif ch in "^_":
                if pending:
                    raise self.fail(f"{ch} after {pending}")
                pending = ch
            elif pending:
                pending = self._script(items, pending, ch, [])
            elif ch.isdigit():
                number = re.match(r"\d+(?:\.\d+)?", chars[k - 1:])
                assert number is not None
                items.append(_Item("atom", number[0]))
                k += len(number[0]) - 1
            elif ch.isalpha():
                items.append(_Item("atom", ch))
            elif ch == "'":
                items.append(_Item("script", "′"))
            elif ch in "=<>":
                items.append(_Item("relation", ch))
            else:
                items.append(_Item("mark", ch))
        return pending

    def _script(self, items: list[_Item], sign: str, text: str, parts: Sequence[_Item]) -> str:
        """Append a script; the empty string, since nothing is pending afterwards."""
        seen = [i.text[0] for i in items[_run(items):]]
        if sign in seen:
            raise self.fail(f"two scripts {sign} on one symbol")
        text = text.strip()
        if not text:
            raise self.fail(f"nothing after {sign}")
        whole = [i for i in parts if i.kind != "space"]
        if len(whole) == 1 and whole[0].kind == "place":
            self.scripts.add(whole[0].place)
            self.protected.discard(whole[0].place)
        plain = len(text) == 1 or text.isdigit() or (len(whole) == 1 and whole[0].kind == "word") \
            or (text[0] == _OPEN and _matching(text) == len(text) - 1)
        if not plain:
            text = "(" + re.sub(" *([=→≤]) *", r"\1", text) + ")"
        items.append(_Item("script", sign + text))
        return ""

    def _macro(self, node: Any) -> _Item:
        name = node.macroname
        if name == _MARK:
            return self._place(int(node.nodeargd.argnlist[0].nodelist[0].chars))
        if name in _ATOMS:
            text = _ATOMS[name]
            mark = text in "·∘⊙⊗*⋆:⟨⟩⌊⌋⌈⌉{}" or text == "..."
            return _Item("mark" if mark else "atom", text)
        if name in _RELATIONS:
            return _Item("relation", _RELATIONS[name])
        if name in _WORDS:
            return _Item("word", _WORDS[name])
        if name in _SPACES:
            return _Item("space", _SPACES[name])
        if name in _TWO:
            above, below = (self._join(self._items(self._argument(node, k))) for k in (0, 1))
            if not above.strip() or not below.strip():
                raise self.fail(f"\\{name} with an empty argument")
            if name == "binom":
                return _Item("word", f"binom({above}, {below})")
            return _Item("quotient", f"{_at(above, _POWER if _divides(above) else _PRODUCT)}/{_at(below, _POWER)}", _PRODUCT)
        if name not in _ONE:
            raise self.fail(f"\\{name} is not accepted")
        if name in ("text", "textrm", *_TEXT_MACROS):
            return _Item("word", self._text(self._argument(node, 0)))
        text = self._join(self._items(self._argument(node, 0))).strip()
        if not text:
            raise self.fail(f"\\{name} with an empty argument")
        if name == "norm":
            return _Item("atom", _NORM_OPEN + text + _NORM_CLOSE)
        if name == "abs":
            return _Item("atom", _ABS_OPEN + text + _ABS_CLOSE)
        if name == "sqrt":
            simple = re.fullmatch(rf"[^\W_]|\d+|{_OPEN}[^{_OPEN}{_CLOSE}]*{_CLOSE}", text)
            return _Item("atom", f"√{text}" if simple else f"√({text})")
        if name in _ACCENTS:
            return _Item("atom", text + _ACCENTS[name] if len(text) == 1 else f"{name}({text})")
        if name in ("mathbb", "mathcal", "mathbf"):
            return _Item("atom", "".join(_styled(c, name) for c in text))
        return _Item("word", text)

    def _place(self, k: int) -> _Item:
        if self.terms is None:
            return _Item("place", "x", _ATOM, k)
        from normbound.terms.text import to_text as term_text
        text = term_text(self.terms[self.names[k]])
        level = _level(text, term=True)
        return _Item("place", _OPEN + text + _CLOSE if level == _ATOM else text, level, k)

    def _join(self, items: Sequence[_Item]) -> str:
        """The text of a formula: parentheses around quotients and terms whose neighbours bind, spaces around relations."""
        solid = [i for i in items if i.kind != "space"]
        before: dict[int, _Item | None] = {}
        after: dict[int, _Item | None] = {}
        for a, b in zip([None, *solid], [*solid, None], strict=True):
            if b is not None:
                before[id(b)] = a
            if a is not None:
                after[id(a)] = b
        out = ""
        last: _Item | None = None
        for item in items:
            text = item.text
            if item.kind == "space":
                out += text
                continue
            if item.kind in ("quotient", "place"):
                left, right = before[id(item)], after[id(item)]
                if self._torn(item, left, right):
                    text = f"({text})"
                    self.protected.add(item.place)
            if item.kind == "relation" or (item.kind == "mark" and text in "+-" and before[id(item)] is not None
                                           and not _opens(before[id(item)])):
                text = f" {text} " if item.kind == "relation" else text
            elif last is not None and out[-1:] != " " and _glued(last, item, text):
                out += " "
            out += text
            last = item
        return re.sub(r" +", " ", out)

    @staticmethod
    def _torn(item: _Item, left: _Item | None, right: _Item | None) -> bool:
        """Whether the neighbours of a quotient or term would bind to a part of it."""
        if right is not None and right.kind == "script" and item.level != _ATOM:
            return True
        if item.level >= _POWER:
            return False
        binding = ("+",) if item.level == _SUM else ("+", "-")
        return not ((left is None or _opens(left) or left.text in binding)
                    and (right is None or _closes(right) or right.text in ("+", "-")))


def _run(items: Sequence[_Item]) -> int:
    """Where the scripts at the end of ``items`` begin."""
    k = len(items)
    while k and items[k - 1].kind == "script":
        k -= 1
    return k


def _opens(item: _Item | None) -> bool:
    """Whether what follows ``item`` starts afresh."""
    return item is None or (item.kind == "relation" and item.text not in _BINARY) or (
        item.kind == "mark" and item.text in tuple("([,;:|{⟨⌊⌈"))


def _closes(item: _Item) -> bool:
    return (item.kind == "relation" and item.text not in _BINARY) or (
        item.kind == "mark" and item.text in tuple(")],;:.!|}⟩⌋⌉"))


def _glued(last: _Item, item: _Item, text: str) -> bool:
    """Whether two neighbours need a space to stay apart: words beside letters, letters after a script."""
    starts = item.kind in ("atom", "word", "quotient", "place") and (text.lstrip(_OPEN)[:1].isalnum() or text[:1] in "√∑∏")
    if not starts:
        return False
    if last.kind == "script":
        return last.text[-1] not in "′"
    return ("word" in (last.kind, item.kind) and last.kind in ("atom", "word", "place", "quotient")) or (
        "place" in (last.kind, item.kind) and last.kind in ("atom", "place", "quotient"))


def _level(text: str, term: bool = False) -> int:
    """How loosely the outermost operator of a finished formula binds; in the text of a ``term`` a word is one symbol."""
    depth, level = 0, _ATOM
    text = text.strip()
    if term and re.match(r"(?:sum|prod)\(", text):
        return _SUM  # printed in TeX without brackets
    for k, ch in enumerate(text):
        if ch in _OPENING:
            depth += 1
        elif ch in _CLOSING:
            depth -= 1
        elif depth == 0:
            if ch in "+-=<>≤≥,;±∓≠≈|∈→∑∏∫" and not (k == 0 and ch == "-"):
                return _SUM
            if ch in " */·×∘⊙":
                level = _PRODUCT
            elif ch == "^":
                level = min(level, _POWER)
    if level < _ATOM:
        return level
    return _ATOM if _single(text, term) else _PRODUCT


def _single(text: str, term: bool) -> bool:
    """Whether a formula without operators is one symbol, number, name or bracket, with its scripts."""
    name = r"√?(?:\d+(?:\.\d+)?|[^\W\d_]|[∞∅⊤ℓ])" if not term else r"\w+"
    rest = text if term else re.sub(r"_(?:\w|(?=\())|′|[\u0302\u0303\u0304\u0307]", "", text)
    while rest and rest[-1] in _CLOSING:
        depth = 0
        for k in range(len(rest) - 1, -1, -1):
            depth += (rest[k] in _CLOSING) - (rest[k] in _OPENING)
            if depth == 0:
                break
        if k == 0 or (rest := rest[:k]) == "√" or re.fullmatch(r"[A-Za-z]\w*", rest):
            return True
    return re.fullmatch(name, rest) is not None


def _matching(text: str) -> int:
    """Where the bracket that opens ``text`` closes."""
    depth = 0
    for k, ch in enumerate(text):
        depth += (ch in _OPENING) - (ch in _CLOSING)
        if depth == 0:
            return k
    return -1


def _divides(text: str) -> bool:
    """Whether a formula is itself a quotient."""
    depth = 0
    for ch in text:
        depth += (ch in _OPENING) - (ch in _CLOSING)
        if ch == "/" and depth == 0:
            return True
    return False


def _at(text: str, level: int) -> str:
    text = text.strip()
    return text if _level(text) >= level else f"({text})"


def _styled(ch: str, style: str) -> str:
    """A letter or digit in another alphabet, where Unicode has it."""
    if not (ch.isascii() and ch.isalnum()):
        return ch
    kind = ("DIGIT " + unicodedata.name(ch).split()[-1] if ch.isdigit()
            else ("CAPITAL " if ch.isupper() else "SMALL ") + ch.upper())
    word = {"mathbb": "DOUBLE-STRUCK", "mathcal": "SCRIPT", "mathbf": "BOLD"}[style]
    for name in (f"{word} {kind}", f"MATHEMATICAL {word} {kind}"):
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    return ch


def _parse(source: str, rendering: _Rendering) -> Sequence[Any]:
    from pylatexenc.latexwalker import LatexWalker, LatexWalkerParseError
    try:
        nodes, _, _ = LatexWalker(source, latex_context=_context(), tolerant_parsing=False).get_latex_nodes()
    except LatexWalkerParseError as error:
        raise rendering.fail(str(error).splitlines()[0]) from None
    found: Sequence[Any] = nodes
    return found


@lru_cache(maxsize=1)
def _context() -> Any:
    """The macros that take arguments; no environments, no specials."""
    from pylatexenc.macrospec import LatexContextDb, MacroSpec
    known = LatexContextDb()
    known.add_context_category("prose", macros=[MacroSpec(name, "{") for name in sorted(_ONE)]
                               + [MacroSpec(name, "{{") for name in sorted(_TWO)])
    return known


# -- text of users ----------------------------------------------------------------------------------------------------

_SPECIALS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "\n": " ", "\t": " ", "\r": " ", "\u00a0": "~"}
_COMBINING = {"\u0300": r"\`", "\u0301": r"\'", "\u0302": r"\^", "\u0303": r"\~", "\u0304": r"\=", "\u0306": r"\u",
              "\u0307": r"\.", "\u0308": r'\"', "\u030a": r"\r", "\u030b": r"\H", "\u030c": r"\v", "\u0327": r"\c",
              "\u0328": r"\k"}
_LETTERS = {"ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
            "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''",
            "…": r"\dots{}", "°": r"\ensuremath{^\circ}", "‖": r"\ensuremath{\|}", "√": r"\ensuremath{\surd}",
            "²": r"\ensuremath{^2}", "³": r"\ensuremath{^3}"}
_LETTERS |= {text: rf"\ensuremath{{\{name}}}" for name, text in (_GREEK | _RELATIONS).items()
             if not text.isascii() and name not in (
                 "omicron", "upsilon", "epsilon", "phi", "vartheta", "varrho", "leq", "geq", "neq", "rightarrow", "implies",
                 "iff", "land", "wedge", "lor", "notin")}
_LETTERS |= {"ε": r"\ensuremath{\varepsilon}", "φ": r"\ensuremath{\varphi}", "υ": r"\ensuremath{\upsilon}",
             "∧": r"\ensuremath{\wedge}", "∞": r"\ensuremath{\infty}", "ℓ": r"\ensuremath{\ell}", "·": r"\ensuremath{\cdot}",
             "∂": r"\ensuremath{\partial}", "∇": r"\ensuremath{\nabla}", "∑": r"\ensuremath{\sum}",
             "∀": r"\ensuremath{\forall}",
             "∃": r"\ensuremath{\exists}", "∅": r"\ensuremath{\emptyset}"}


def escape(text: str) -> str:
    """Any text as LaTeX for text mode; it compiles with T1 and lmodern and shows every character.

    Letters that TeX cannot set are shown by their code point, e.g. U+4E2D; line breaks become spaces.
    """
    out: list[str] = []
    for ch, following in zip(text, [*text[1:], ""], strict=False):
        if ch in _SPECIALS:
            out.append(_SPECIALS[ch])
        elif ch in "-," and ch == following:
            out.append(ch + "{}")  # no ligature
        elif " " <= ch <= "~":
            out.append(ch)
        elif ch in _LETTERS:
            out.append(_LETTERS[ch])
        else:
            parts = unicodedata.normalize("NFD", ch)
            if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in _COMBINING:
                base = parts[0]
                if base in "ij" and parts[1] not in "\u0327\u0328":
                    base = rf"\{base}"
                out.append(f"{_COMBINING[parts[1]]}{{{base}}}")
            else:
                out.append(rf"\texttt{{U+{ord(ch):04X}}}")
    return "".join(out)


def code(text: str) -> str:
    """Plain text in typewriter type that may break at spaces; comparison signs are those of the typewriter font."""
    safe = escape(text)
    for was, shown in ((r"\textgreater{}", ">{}"), (r"\textless{}", "<{}"), ("''", r"\char34{}")):  # {}: no ligature of >>
        safe = safe.replace(was, shown)
    return rf"\texttt{{{safe.replace(' ', ' ' + chr(92) + 'allowbreak{}')}}}"


# -- catalogue --------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that is either prose (with the terms it refers to) or plain text of unknown origin."""

    raw: str
    prose: bool = False
    terms: Mapping[str, Term] | None = None

    @property
    def text(self) -> str:
        """For terminals."""
        return to_text(self.raw, self.terms) if self.prose else self.raw

    def tex(self, page: Tex | None = None) -> str:
        """For LaTeX's text mode; ``page`` prints the terms, plain text is escaped."""
        return to_tex(self.raw, self.terms, page) if self.prose else escape(self.raw)


def describe(entry: Entry | Rule) -> dict[str, Passage]:
    """The printable fields of a registered layer or of a composition rule, in the order of the catalogue.

    What this package says about its own layers and rules is prose. What users say about their layers is plain text,
    as are names, examples and the status of the proof.
    """
    terms: Mapping[str, Term] = getattr(entry, "terms", {})
    ours = getattr(entry, "origin", "built in") == "built in"
    found: dict[str, Passage] = {}
    for field in ("name", "constants", "statement", "mode", "hypotheses", "reason", "sharpness", "source", "example", "status"):
        if not hasattr(entry, field):
            continue
        raw = str(getattr(entry, field))
        prose = ours and field not in ("name", "example", "status") and _accepted(raw, terms)
        found[field] = Passage(raw, prose, terms if prose else None)
    return found


def _accepted(raw: str, terms: Mapping[str, Term]) -> bool:
    """Whether a text is prose; a layer may be registered under the default origin by someone who wrote plain text."""
    try:
        check(raw)
    except TermError:
        return False
    return all(name in terms for name in places(raw))
