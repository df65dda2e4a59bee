"""The wall of refuted rules for a terminal, as data and in LaTeX. Works on plain data; nothing is computed here.

An entry is a mapping with the fields claim, believed, measures, why, correct (TeX prose), the names ``use``, ``side``,
``verdict``, ``claimed`` and ``measured`` (decimals that are rounded so that the printed inequality is true),
``corrected`` (term, value, side, standing, derived) and ``witness`` (pairs of a name and a text).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import TextWrapper
from typing import Any

from normbound.errors import TermError
from normbound.render.names import Names
from normbound.render.prose import code, escape, to_tex, to_text
from normbound.render.tex import Tex, measure
from normbound.terms.grammar import parse
from normbound.terms.store import Store

WIDTH = 110
LONGEST = 48  # characters of a claimed term beside its number
WIDEST = 24.0  # em: a wider term is left out of the running text of LaTeX
PROSE = ("claim", "believed", "measures", "why", "correct")
Entry = Mapping[str, Any]
_STRUCK, _LOUD, _GOOD, _DIM, _BOLD, _END = "\x1b[9m", "\x1b[1;31m", "\x1b[32m", "\x1b[2m", "\x1b[1m", "\x1b[0m"


def _sides(entry: Entry) -> tuple[str, str]:
    """The words for the claimed and for the measured number."""
    return ("at most", "at least") if entry["side"] == "upper" else ("at least", "at most")


def _outcome(entry: Entry) -> str:
    claimed, found = _sides(entry)
    term, value = entry["claimed"]["term"], entry["claimed"]["value"]
    number = value if _is_number(term) or len(term) > LONGEST else f"{term} ({value})"
    if entry["verdict"] != "refuted":
        return f"claimed {claimed} {number}; this witness does not refute it"
    return f"claimed {claimed} {number}, true {found} {entry['measured']['value']}"


def _standing(corrected: Mapping[str, Any]) -> str:
    sign = "<=" if corrected["side"] == "upper" else ">="
    said = {"holds": "holds here", "attained": "attained here", "contradicted": "CONTRADICTED HERE"}
    return f"{sign} {corrected['value']}, {said[corrected['standing']]}"


def wall_text(entries: Sequence[Entry], colour: bool = False) -> str:
    """The wall for a terminal; ``colour`` uses ANSI escapes (claims struck out, numbers red, what to use green)."""
    def paint(style: str, text: str) -> str:
        return f"{style}{text}{_END}" if colour else text

    count = sum(e["verdict"] == "refuted" for e in entries)
    lines = [paint(_BOLD, f"The wall of refuted rules: {count} of {len(entries)} refuted, replayed just now in ball "
                          "arithmetic."),
             "Printed numbers are rounded towards each other: every inequality shown is rigorous.", ""]
    for k, e in enumerate(entries, 1):
        head = f"{k:>3}  "
        rows = _wrapped(to_text(e["claim"]), len(head))
        lines.append(head + paint(_STRUCK, rows[0]))
        lines += [" " * len(head) + paint(_STRUCK, row) for row in rows[1:]]
        lines.append("     " + paint(_LOUD if e["verdict"] == "refuted" else _BOLD, f"x  {_outcome(e)}"))
        for title, text, style in (("what", to_text(e["measures"]), _DIM), ("witness", _witness(e), ""),
                                   ("seen in", to_text(e["believed"]), _DIM),
                                   ("why", to_text(e["why"]), ""), ("instead", to_text(e["correct"]), _GOOD)):
            rows = _wrapped(text, 18)
            lines += [f"        {title if n == 0 else '':<10}" + (paint(style, row) if style else row)
                      for n, row in enumerate(rows)]
        for c in e["corrected"]:
            source = "derived " if c["derived"] else ""
            term = "" if _is_number(c["term"]) else f"{c['term']} "
            shown = f"{source}{term}{_standing(c)}" + (f"  [{', '.join(e['use'])}]" if e["use"] else "")
            lines += [" " * 18 + row for row in _wrapped(shown, 18)]
        lines.append("")
    return "\n".join(lines).rstrip()


def _is_number(term: str) -> bool:
    return not any(c.isalpha() or c == "(" for c in term)


def _wrapped(text: str, indent: int) -> list[str]:
    return TextWrapper(WIDTH - indent, break_long_words=False, break_on_hyphens=False).wrap(text) or [""]


def _witness(entry: Entry) -> str:
    """f = ...; with ...; x = ...: one line of text. Symbols of the claim that are measured come last."""
    said = [text if name == "with" else f"{name} = {text}" for name, text in entry["witness"]]
    return "; ".join(said)


def wall_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The entries with their prose as terminals show it."""
    return [{k: to_text(v) if k in PROSE else v for k, v in e.items()} for e in entries]


def wall_latex(entries: Sequence[Entry]) -> str:
    r"""The wall as a fragment for article with amsmath and amssymb; it provides the macros \norm, \abs and so on."""
    parts = [Names().preamble() + "\n" + r"\begingroup\setlength{\parindent}{0pt}\raggedright"]
    with Store():
        for k, e in enumerate(entries, 1):
            below, above = (r"\le", r"\ge") if e["side"] == "upper" else (r"\ge", r"\le")
            numbers = rf"Claimed ${below} {_tex_number(e['claimed']['value'])}$, "
            if e["verdict"] == "refuted":
                numbers += rf"true ${above} {_tex_number(e['measured']['value'])}$"
            else:
                numbers += "not refuted"
            corrected = " ".join(_tex_corrected(c) for c in e["corrected"])
            use = rf" \textsf{{[{escape(', '.join(e['use']))}]}}" if e["use"] else ""
            witness = "; ".join(code(text) if name == "with" else f"{code(name)}~=~{code(text)}"
                                for name, text in e["witness"])
            parts.append("\n".join((
                rf"\textbf{{{k}.}}\enspace\emph{{{to_tex(e['claim'])}}}\par\nopagebreak",
                rf"\textbf{{{numbers}}} ({to_tex(e['measures'])}).\par\nopagebreak",
                rf"{{\small\emph{{Seen in}} {to_tex(e['believed'])}. \emph{{Witness:}} {witness}.\par",
                rf"\emph{{Why:}} {to_tex(e['why'])}\par",
                rf"\emph{{Instead:}} {to_tex(e['correct'])} {corrected}{use}\par}}\medskip")))
    parts.append(r"\endgroup")
    return "\n\n".join(parts)


def _tex_corrected(corrected: Mapping[str, Any]) -> str:
    sign = r"\le" if corrected["side"] == "upper" else r"\ge"
    number = _tex_number(corrected["value"])
    said = {"holds": "holds here", "attained": "is attained here",
            "contradicted": "IS CONTRADICTED HERE"}[corrected["standing"]]
    word = "Derived: " if corrected["derived"] else ""
    try:
        term = Tex().tex(parse(corrected["term"]))
    except TermError:
        return f"{word}${sign} {number}$ {said}."
    if measure(term) > WIDEST:
        return f"{word}${sign} {number}$ {said}."
    if _is_number(corrected["term"]):
        return f"{word}${sign} {term}$ {said}."
    return f"{word}${term} {sign} {number}$ {said}."


def _tex_number(text: str) -> str:
    mantissa, exponent, power = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(power)}}}" if exponent else text
