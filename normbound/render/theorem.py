"""Theorems in text, as data and in LaTeX. Nothing is computed here."""

from __future__ import annotations

import re
from typing import Any

from normbound.render import prose
from normbound.render.names import Names
from normbound.render.templates import Tex, render
from normbound.render.tex import Tex as Page
from normbound.render.tex import measure
from normbound.terms.store import Term
from normbound.terms.text import to_text
from normbound.theory.theorem import Theorem

WIDEST = 14.0  # em: a wider term leaves the running text for a display


def theorem_text(theorem: Theorem) -> str:
    """The theorem for a terminal."""
    t = theorem
    rows = [t.title, "  " + prose.to_text(t.statement, t.terms)]
    for head, texts in (("assuming", t.hypotheses), ("because", t.proof), ("sharp", (t.sharpness,)), ("beware", t.warnings)):
        rows += [f"  {head if k == 0 else '':<10}{prose.to_text(x, t.terms)}" for k, x in enumerate(x for x in texts if x)]
    rows += [f"  {'with' if k == 0 else '':<10}{prose.to_text(f'${s}$')}: {prose.to_text(meaning, t.terms)}"
             for k, (s, meaning) in enumerate(t.symbols)]
    if t.lemma:
        rows.append(f"  {'proved':<10}{t.lemma}")
    return "\n".join(rows)


def theorem_json(theorem: Theorem) -> dict[str, Any]:
    """The theorem as plain data: texts as terminals show them, terms as the grammar reads them."""
    t = theorem
    return {"name": t.name, "title": t.title, "statement": prose.to_text(t.statement, t.terms),
            "hypotheses": [prose.to_text(h, t.terms) for h in t.hypotheses], "proof": [prose.to_text(p, t.terms) for p in t.proof],
            "terms": {n: to_text(x) for n, x in t.terms.items()}, "sharpness": prose.to_text(t.sharpness, t.terms),
            "warnings": [prose.to_text(w, t.terms) for w in t.warnings], "sources": list(t.sources), "lemma": t.lemma}


def theorem_latex(theorem: Theorem, names: Names | None = None, label: str = "", environment: str = "theorem") -> str:
    """The theorem as a fragment that needs amsmath, amssymb, amsthm and the macros of ``Names.preamble``."""
    t = theorem
    page = _Naming(Page(names))

    def tex(text: str) -> Tex:
        return Tex(prose.to_tex(text, t.terms, page))  # type: ignore[arg-type]

    statement = tex(t.statement)
    if t.sources:
        statement = Tex(f"{statement} (Cf.~\\cite{{{','.join(t.sources)}}}.)")
    hypotheses, proof = [tex(h) for h in t.hypotheses], [tex(p) for p in t.proof]
    sharpness, warnings = tex(t.sharpness) if t.sharpness else "", Tex(" ".join(tex(w) for w in t.warnings))
    return render("theorem.tex.j2", environment=Tex(environment), title=t.title,
                  label=Tex(label or "nb:" + re.sub(r"[^A-Za-z0-9:-]+", "-", t.name)), statement=statement,
                  where=Tex(" \\\\\n".join(page.definitions())), hypotheses=hypotheses,
                  symbols=[(Tex(s), tex(m)) for s, m in t.symbols], proof=proof, sharpness=sharpness, warnings=warnings,
                  lemma=t.lemma or "")


class _Naming:
    """A page that gives terms too wide for running text a name, and defines the names in a display."""

    def __init__(self, page: Page):
        self.page = page
        self.found: dict[int, tuple[str, Term]] = {}
        self.letter = next(x for x in (r"\Phi", r"\Psi", r"\Xi", r"\mathcal{F}") if not page.names.taken(x))

    def tex(self, term: Term) -> str:
        if term.id not in self.found:
            shown = self.page.tex(term)
            if measure(shown) <= WIDEST:
                return shown
            self.found[term.id] = (f"{self.letter}_{{{len(self.found) + 1}}}", term)
        return self.found[term.id][0]

    def definitions(self) -> list[str]:
        return [self.page.display(name, term) for name, term in self.found.values()]
