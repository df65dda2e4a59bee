r"""How symbols, families and macros print in TeX.

Every symbol has a default form (``sigma`` is \sigma, ``s1`` is s_{1}, ``s_max`` is s_{\mathrm{max}}); users may choose
their own from a closed subset of TeX, so that no choice can break a page or run a command. Within one ``Names`` two
different names never print alike: whoever comes second gets the name itself in upright letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from normbound.errors import TermError
from normbound.terms.constants import CONSTANTS
from normbound.terms.names import MAX_NAME, is_name

MAX_TEX = 80
LONG_NAME = 18.0  # em
SCRIPT = 0.72  # size of sub- and superscripts relative to the text, a little generous
_LOWER = dict(zip("abcdefghijklmnopqrstuvwxyz", (
    .53, .43, .43, .52, .47, .60, .49, .58, .35, .42, .53, .30, .88, .60, .49, .51, .46, .46, .47, .37, .58, .49, .72, .58, .50,
    .48), strict=True))
_UPPER = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (
    .75, .77, .73, .84, .77, .79, .79, .92, .52, .66, .93, .69, 1.10, .92, .77, .79, .80, .77, .66, .73, .80, .82, 1.09, .92, .81,
    .76), strict=True))
_LETTER = _LOWER | _UPPER
_SYMBOL = {"+": 1.23, "-": 1.23, "*": .95, "/": .5, "(": .39, ")": .39, "[": .28, "]": .28, ",": .45, ".": .28, "'": .25,
           "|": .28}

_GREEK = {
    "alpha": .65, "beta": .62, "gamma": .58, "delta": .46, "epsilon": .41, "varepsilon": .47, "zeta": .52, "eta": .54,
    "theta": .47, "vartheta": .60, "iota": .36, "kappa": .58, "varkappa": .67, "lambda": .59, "mu": .61, "nu": .56, "xi": .49,
    "pi": .61, "varpi": .83, "rho": .52, "varrho": .52, "sigma": .61, "varsigma": .37, "tau": .56, "upsilon": .55, "phi": .60,
    "varphi": .66, "chi": .63, "psi": .69, "omega": .63, "Gamma": .77, "Delta": .84, "Theta": .77, "Lambda": .70, "Xi": .82,
    "Pi": .92, "Sigma": .81, "Upsilon": .78, "Phi": .67, "Psi": .78, "Omega": .77}
_ATOMS = _GREEK | {
    "ell": .42, "star": .95, "ast": .95, "dagger": .9, "ddagger": .9, "infty": 1.0, "prime": .25, "partial": .58, "top": .78,
    "bot": .78, "perp": 1.3, "circ": .95, "bullet": .95, "hbar": .55, "max": 1.9, "min": 1.75, "sup": 1.5, "inf": 1.3,
    "lVert": .5, "rVert": .5, "lvert": .28, "rvert": .28, "langle": .39, "rangle": .39, "|": .5, ",": .17}
_FONTS = ("mathrm", "mathbf", "mathsf", "mathit", "mathtt", "mathcal", "mathbb", "mathfrak")
_ACCENTS = ("hat", "tilde", "bar", "vec", "dot", "ddot", "check", "overline", "underline", "widehat", "widetilde")
_WORDS = ("text", "operatorname")
_TEXT = re.compile(r"[A-Za-z0-9 +\-*/()\[\],.']*", re.ASCII)
_TOKEN = re.compile(r"\\[A-Za-z]+|\\[|,]|[A-Za-z0-9+\-*/()\[\],.'|^_{} ]", re.ASCII)
_PAIRS = {")": "(", "]": "[", "rVert": "lVert", "rvert": "lvert", "rangle": "langle"}
_OPENING = ("(", "[", "|", r"\|", r"\lVert", r"\lvert", r"\langle")
_CLOSING = (")", "]", "|", r"\|", r"\rVert", r"\rvert", r"\rangle")
_OPERATORS = frozenset("+-*/,") | {r"\ast", r"\star", r"\circ", r"\bullet", r"\perp", r"\dagger", r"\ddagger"}
_ACCEPTED = (f"at most {MAX_TEX} characters: letters, digits, + - * / ( ) [ ] , . ' | ^ _ balanced braces, spaces, Greek "
             r"letters, \ell \star \ast \infty \dagger \prime \partial \max \min \sup \inf \| \lVert \rVert \lvert \rvert, "
             r"fonts and accents with a braced argument (\mathrm \mathbf \mathcal \mathsf \mathit \mathtt \mathbb \mathfrak "
             r"\text \operatorname \hat \tilde \bar \vec \dot \overline \underline \widehat \widetilde)")


@dataclass(frozen=True, slots=True)
class Name:
    """A symbol in TeX: ``head`` with the subscript ``sub`` and the superscript ``sup`` ("" when absent).

    width  an estimate in em
    loose  whether it needs parentheses beside other factors and under scripts
    solo   whether it is one letter without scripts
    """

    head: str
    sub: str = ""
    sup: str = ""
    width: float = 0.6
    loose: bool = False
    solo: bool = False

    @property
    def tex(self) -> str:
        return _scripted(self.head, self.sub, self.sup)

    def indexed(self, index: str, width: float) -> Name:
        """This name with one more subscript."""
        if self.loose:
            return Name(rf"\left({self.tex}\right)", index, "", self.width + 0.9 + width * SCRIPT)
        sub = f"{self.sub},{index}" if self.sub else index
        return Name(self.head, sub, self.sup, self.width + width * SCRIPT + (0.25 if self.sub else 0.05))


def _scripted(head: str, sub: str, sup: str) -> str:
    return head + (f"_{{{sub}}}" if sub else "") + (f"^{{{sup}}}" if sup else "")


def text_width(text: str) -> float:
    """The width of upright text, in em."""
    narrow, wide = "iljtfr,.'()[]| ", "mwMWABCDEFGHKNOPQRTUVXYZ"
    return sum(0.37 if c in narrow else 0.85 if c in wide else 0.78 if c == "_" else 0.55 for c in text)


# -- what users choose -----------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Frame:
    """A group that is being read: what closes it, and its atoms (nucleus, subscript, superscript)."""

    closes: str  # "group", "argument" or "script"
    command: str = ""
    atoms: list[list[str]] = field(default_factory=list)
    width: float = 0.0
    brackets: list[str] = field(default_factory=list)
    bars: int = 0


def parse_name(text: object, where: str) -> Name:
    """The TeX a user chose for ``where``, checked and in canonical form; anything outside the closed subset is an error."""

    def refuse(found: str) -> TermError:
        return TermError(f"the TeX name of {where}: {found}; accepted: {_ACCEPTED}")

    if not isinstance(text, str):
        raise refuse(f"found {type(text).__name__}, not text")
    if not text.strip():
        raise refuse("it is empty")
    if len(text) > MAX_TEX:
        raise refuse(f"it has {len(text)} characters")
    if "^^" in text:
        raise refuse("'^^' starts a character code")
    tokens: list[tuple[str, int]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            shown = re.match(r"\\?.", text[at:], re.DOTALL)
            raise refuse(f"found {shown.group()!r} at character {at + 1}" if shown else "it ends in a backslash")
        tokens.append((match.group(), at + 1))
        at = match.end()

    stack = [_Frame("group")]
    script = ""  # "^" or "_" when a script must follow
    argument = ""  # a command that waits for its braces
    k = 0

    def add(tex: str, width: float) -> None:
        nonlocal script
        frame = stack[-1]
        if script:
            slot = 1 if script == "_" else 2
            if frame.atoms[-1][slot]:
                raise refuse(f"a second {'subscript' if slot == 1 else 'superscript'} on {frame.atoms[-1][0]}")
            frame.atoms[-1][slot] = tex
            frame.width += width * SCRIPT + 0.05
            script = ""
        else:
            frame.atoms.append([tex, "", ""])
            frame.width += width

    while k < len(tokens):
        token, place = tokens[k]
        k += 1
        frame = stack[-1]
        if argument and token != "{":
            if token == " ":
                continue
            raise refuse(f"{argument} needs an argument in braces")
        if token == " ":
            continue
        if token in "^_":
            if script:
                raise refuse(f"nothing follows {script!r}")
            if not frame.atoms:
                raise refuse(f"nothing stands before {token!r} at character {place}")
            script = token
        elif token == "{":
            if argument[1:] in _WORDS:
                start = tokens[k][1] - 1 if k < len(tokens) else len(text)
                inner = text[start:].split("}")[0]
                if "}" not in text[start:] or not inner.strip() or not _TEXT.fullmatch(inner):
                    raise refuse(f"{argument} takes letters, digits and plain punctuation in braces")
                while tokens[k][0] != "}":
                    k += 1
                k += 1
                add(f"{argument}{{{inner}}}", text_width(inner))
            else:
                stack.append(_Frame("argument" if argument else "script" if script else "group", argument))
                if not argument and script:
                    stack[-1].command, script = script, ""
            argument = ""
        elif token == "}":
            if len(stack) == 1:
                raise refuse("the braces are not balanced")
            if script or not frame.atoms:
                raise refuse(f"nothing follows {script!r}" if script else "empty braces")
            _check_brackets(frame, refuse)
            stack.pop()
            body = _join(frame.atoms)
            if frame.closes == "argument":
                add(f"{frame.command}{{{body}}}", frame.width + (0.1 * len(frame.atoms)))
            elif frame.closes == "script":
                script = frame.command
                add(body, frame.width)
            else:
                if script or len(frame.atoms) > 1:
                    add(f"{{{body}}}", frame.width)
                else:  # {s} is s, and {s_1} may still not take a second subscript
                    stack[-1].atoms.append(frame.atoms[0])
                    stack[-1].width += frame.width
        elif token.startswith("\\") and token[1:] in (*_FONTS, *_ACCENTS, *_WORDS):
            if script:
                raise refuse(f"{token} after {script!r} needs braces around it")
            argument = token
        elif token.startswith("\\") and token[1:] not in _ATOMS:
            raise refuse(f"found {token!r} at character {place}")
        elif token == "'":
            if not frame.atoms or frame.atoms[-1][2].replace(r"\prime", "") or script:
                raise refuse(f"a prime with nothing to stand on at character {place}")
            frame.atoms[-1][2] += r"\prime"
            frame.width += 0.25
        else:
            plain = token.lstrip("\\")
            if script and (plain in _PAIRS or plain in _PAIRS.values() or token in ("|", r"\|")):
                raise refuse(f"{token!r} after {script!r}")
            if plain in _PAIRS.values():
                frame.brackets.append(plain)
            elif plain in _PAIRS and (not frame.brackets or frame.brackets.pop() != _PAIRS[plain]):
                raise refuse(f"{token!r} closes nothing")
            frame.bars += token in ("|", r"\|")
            width = (_ATOMS if token.startswith("\\") else _LETTER | _SYMBOL).get(plain, 0.5)
            add(token, width)
    if argument or script or len(stack) > 1:
        raise refuse(f"{argument} needs an argument in braces" if argument else f"nothing follows {script!r}" if script
                     else "the braces are not balanced")
    top = stack[0]
    _check_brackets(top, refuse)
    *front, (head, sub, sup) = top.atoms
    first = top.atoms[0][0]
    delimited = first in _OPENING and head in _CLOSING and len(top.atoms) > 1
    word = first.startswith((r"\operatorname", r"\text")) and not any(a[0] in _OPERATORS for a in top.atoms)
    single = not front
    whole = (_join(front) + " " if front and _ends_in_word(_join(front)) and head[0].isalpha() else _join(front)) + head
    return Name(whole, sub, sup, top.width, loose=not ((single and head not in _OPERATORS) or delimited or word),
                solo=single and not sub and not sup and len(head.lstrip("\\")) > 0 and (len(head) == 1 or head[1:] in _GREEK))


def _check_brackets(frame: _Frame, refuse: object) -> None:
    if frame.brackets or frame.bars % 2:
        raise refuse("the brackets or bars are not balanced")  # type: ignore[operator]


def _ends_in_word(tex: str) -> bool:
    return re.search(r"\\[A-Za-z]+$", tex) is not None


def _join(atoms: Iterable[list[str]]) -> str:
    result = ""
    for head, sub, sup in atoms:
        if result and head[0].isalpha() and _ends_in_word(result):
            result += " "
        result += _scripted(head, sub, sup)
    return result


# -- defaults --------------------------------------------------------------------------------------------------------
_ALIASES = {"eps": "varepsilon"}
_PART = re.compile(r"([A-Za-z]+?)(\d*)", re.ASCII)


def _letters(word: str) -> tuple[str, float] | None:
    """A letter or the name of a Greek one, in TeX."""
    if len(word) == 1:
        return word, _LETTER[word]
    greek = _ALIASES.get(word, word)
    return (rf"\{greek}", _GREEK[greek]) if greek in _GREEK else (r"\ell", 0.42) if word == "ell" else None


def pretty(name: str) -> Name | None:
    """The default form of a name; None when only its upright spelling will do."""
    head, *rest = name.split("_")
    match = _PART.fullmatch(head)
    if match is None or not all(rest) or len(rest) > 2 or any(len(p) > 20 for p in (head, *rest)):
        return None
    letter = _letters(match.group(1))
    nucleus, width = letter or (rf"\mathit{{{match.group(1)}}}", text_width(match.group(1)))
    subs: list[str] = [match.group(2)] if match.group(2) else []
    width += 0.5 * SCRIPT * len(match.group(2))
    for part in rest:
        found = _letters(part) if part.isalpha() else None
        if found is not None or part.isdigit():
            subs.append(found[0] if found else part)
            width += SCRIPT * (found[1] if found else 0.5 * len(part))
        else:
            subs.append(rf"\mathrm{{{part}}}")
            width += SCRIPT * text_width(part)
    width += 0.05 + 0.2 * max(len(subs) - 1, 0) if subs else 0
    return Name(nucleus, ",".join(subs), "", width, solo=letter is not None and not subs)


def _upright(name: str, font: str) -> Name:
    escaped = name.replace("_", r"\_")
    width = text_width(name) + 0.1
    if width > LONG_NAME:  # nothing is left out: a name that would fill a row is set in a smaller size
        return Name(rf"{{\scriptstyle\{font}{{{escaped}}}}}", "", "", width * SCRIPT)
    return Name(rf"\{font}{{{escaped}}}", "", "", width)


# -- macros ----------------------------------------------------------------------------------------------------------
_MACROS = {
    "norm": ("norm", r"[1]{\left\lVert#1\right\rVert}"),
    "abs": ("abs", r"[1]{\left\lvert#1\right\rvert}"),
    "supnorm": ("supnorm", r"[1]{\left\lvert#1\right\rvert_{\infty}}"),
    "Lip": ("Lip", r"{\operatorname{Lip}}"),
    "Var": ("Var", r"{\operatorname{Var}}"),
    "diag": ("diag", r"{\operatorname{diag}}"),
    "homogeneous": ("chsp", r"{\mathrm{H}}"),
}
_PRIMITIVE = re.compile(
    r"\\(input|include\w*|write|read|open(in|out)|immediate|special|catcode|def|edef|gdef|xdef|let|futurelet|csname|endcsname"
    r"|expandafter|noexpand|end|begin|bye|par|hbox|vbox|halign|loop|repeat|if\w*|else|fi|or|new\w*|renew\w*|provide\w*|declare\w*"
    r"|usepackage|require\w*|document\w*|pdf\w*|lua\w*|direct\w*|shell\w*|every\w*|global|long|outer|relax|the|string|meaning"
    r"|jobname|message|typeout|errmessage|uppercase|lowercase|char|mathchar|output|shipout|hskip|vskip|kern|left|right|frac|sqrt"
    r"|sum|prod|over|atop|cr|span|omit|noalign|verb|url|href|label|ref|cite|item|footnote|title|author|date|bibliography|quad|qquad)",
    re.ASCII)


class Names:
    """The TeX names on one page. ``symbols`` maps names of symbols or families to TeX, ``macros`` maps the macros of
    ``Names.MACROS`` to control words of the user's own.

    Names that were printed once keep their form as long as the object lives; use one object per page.
    """

    MACROS = tuple(_MACROS)

    def __init__(self, symbols: Mapping[str, str] | None = None, macros: Mapping[str, str] | None = None):
        self._chosen: dict[str, Name] = {}
        self._reserved: set[str] = set()
        self._known: dict[tuple[str, str], Name] = {}  # (kind, name) -> form; kind is "symbol" or "family"
        self._taken: dict[str, str] = {}  # TeX -> who prints like this
        self._heads: dict[str, set[str]] = {}  # head -> owners of that head with a subscript of any kind
        self._families: dict[str, str] = {}  # head with an open subscript -> the family it belongs to
        self._macros = _checked_macros(macros or {})
        for constant in CONSTANTS.values():
            self._taken[constant.tex] = f"the constant {constant.name}"
        self._taken[r"\mathrm{H}"] = "the macro for complete homogeneous polynomials"
        for name, tex in (symbols or {}).items():
            if not isinstance(name, str) or not is_name(name):
                raise TermError(f"the TeX name of {str(name)[:MAX_NAME]!r}: this is not the name of a symbol; a name is an ASCII "
                                f"identifier of at most {MAX_NAME} characters that is not reserved")
            form = parse_name(tex, f"{name!r}")
            if form.tex in self._taken:
                raise TermError(f"clashing names: {name} and {self._taken[form.tex]} both print as {form.tex}; every symbol "
                                "needs a TeX name of its own")
            self._chosen[name] = form
            self._claim(form, name)
        # Subterms and matrices are numbered families of the printer's own.
        self.subterm = self._own("TQZYXUV")
        self.matrix = self._own("WVUAMXY")

    def reserve(self, name: str, head: str, sub: str, sup: str = "") -> None:
        """Let the page's own symbol ``name`` (not one that users can write) print as ``head_{sub}^{sup}``, which is TeX."""
        form = Name(head, sub, sup, 0.7 + SCRIPT * text_width(re.sub(r"\\[a-z]+|[{}\\]", "", sub)))
        owner = self._taken.get(form.tex, name)
        if owner != name:
            raise TermError(f"clashing names: {form.tex}, chosen for {owner}, stands for a line of the derivation; choose another")
        self._chosen[name] = form
        self._reserved.add(name)
        self._taken[form.tex] = name

    def hold(self, tex: str, meaning: str) -> None:
        """Keep ``tex`` for the page's own ``meaning``: symbols print otherwise, and choosing it for a symbol is an error."""
        owner = self._taken.get(tex)
        if owner is not None and owner != meaning:
            raise TermError(f"clashing names: {tex}, chosen for {owner}, is {meaning} on this page; choose another")
        self._taken[tex] = meaning

    def _claim(self, form: Name, name: str) -> None:
        self._taken[form.tex] = name
        if form.sub:
            self._heads.setdefault(form.head, set()).add(name)

    def _own(self, letters: str) -> str:
        for head in (*letters, *(rf"\mathcal{{{x}}}" for x in letters)):
            if head not in self._families and head not in self._heads and head not in self._taken:
                self._families[head] = "the printer"
                return head
        raise TermError("the TeX names leave no letter for numbered subterms; rename one of "
                        + ", ".join(sorted(self._chosen)))

    def register(self, symbols: Iterable[str] = (), families: Iterable[str] = ()) -> None:
        """Make names known together, so that which of two gets the shorter form does not depend on the order of printing."""
        for name in sorted(set(families)):
            self.family(name)
        for name in sorted(set(symbols), key=lambda n: ("_" not in n, n)):
            self.symbol(name)

    def symbol(self, name: str) -> Name:
        """How the symbol ``name`` prints."""
        known = self._known.get(("symbol", name))
        if known is None:
            known = self._known["symbol", name] = self._choose(name, self._free_symbol)
        return known

    def family(self, name: str) -> Name:
        """What the members of the family ``name`` print with, before their index is added (``Name.indexed``)."""
        known = self._known.get(("family", name))
        if known is None:
            known = self._known["family", name] = self._choose(name, self._free_family)
            self._families[self._open(known)] = name
        return known

    @staticmethod
    def _open(form: Name) -> str:
        return form.head + (f"_{{{form.sub}" if form.sub else "")

    def _free_symbol(self, form: Name, name: str) -> bool:
        owner = self._taken.get(form.tex, name)
        if owner != name:
            return False
        # a symbol s_1 beside the members s[i] of a family s would read as a member
        openings = [form.head]
        parts = form.sub.split(",") if form.sub else []
        openings += [f"{form.head}_{{{','.join(parts[:k])}" for k in range(1, len(parts))]
        return not parts or all(self._families.get(o, name) == name for o in openings)

    def _free_family(self, form: Name, name: str) -> bool:
        if self._families.get(self._open(form), name) != name:
            return False
        others = {owner for owner in self._heads.get(form.head, ()) if owner != name}
        if not form.sub:
            return not others
        return not any(tex.startswith(self._open(form) + ",") for tex, owner in self._taken.items() if owner in others)

    def _choose(self, name: str, free: object) -> Name:
        chosen = self._chosen.get(name)
        if chosen is not None:
            if name not in self._reserved and not free(chosen, name):  # type: ignore[operator]
                raise TermError(f"clashing names: {chosen.tex}, chosen for {name}, already stands for something else on this page")
            return chosen
        default = pretty(name)
        options = [default] if default is not None else []
        for form in [*options, *(_upright(name, font) for font in ("mathrm", "mathsf", "mathtt"))]:
            if self._taken.get(form.tex, name) == name and free(form, name):  # type: ignore[operator]
                self._claim(form, name)
                return form
        raise TermError(f"clashing names: every TeX form of {name} is taken by another symbol; choose a name for it")

    def taken(self, tex: str) -> bool:
        """Whether something on the page prints as ``tex``, alone or with a subscript."""
        return tex in self._taken or tex in self._families or tex in self._heads

    def macro(self, name: str) -> str:
        """The control word that prints the macro ``name``."""
        if name not in self._macros:
            raise TermError(f"unknown macro {str(name)[:40]!r}; there are {', '.join(_MACROS)}")
        return self._macros[name]

    def preamble(self) -> str:
        """Definitions of the macros, one per line, that leave definitions of the user's alone. They need amsmath."""
        return "\n".join(rf"\providecommand{{{self._macros[name]}}}{body}" for name, (_, body) in _MACROS.items())


def _checked_macros(macros: Mapping[str, str]) -> dict[str, str]:
    result = {name: rf"\{word}" for name, (word, _) in _MACROS.items()}
    for name, word in macros.items():
        if name not in _MACROS:
            raise TermError(f"unknown macro {str(name)[:40]!r}; there are {', '.join(_MACROS)}")
        if (not isinstance(word, str) or not re.fullmatch(r"\\[A-Za-z]{1,30}", word, re.ASCII) or _PRIMITIVE.fullmatch(word)
                or word[1:] in (*_ATOMS, *_FONTS, *_ACCENTS, *_WORDS)):
            raise TermError(f"the macro {name}: found {str(word)[:40]!r}; accepted: a backslash and 1 to 30 letters that are not "
                            r"a command of TeX or LaTeX, such as \mynorm")
        result[name] = word
    if len(set(result.values())) < len(result):
        raise TermError(f"clashing macros: {', '.join(f'{k} = {v}' for k, v in result.items())}")
    return result
