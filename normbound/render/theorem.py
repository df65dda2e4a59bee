"""Theorems in text and in LaTeX. Nothing is computed here."""

from __future__ import annotations

import re

from normbound.render import prose
from normbound.render.latex import setting_of
from normbound.render.names import Names
from normbound.render.naming import Naming
from normbound.render.templates import Tex, render
from normbound.render.tex import Tex as Page
from normbound.theory.theorem import Theorem


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


def theorem_latex(theorem: Theorem, names: Names | None = None, label: str = "", environment: str = "theorem",
                  cite: bool = False, macros: bool = True) -> str:
    """The theorem as a fragment that needs amsmath, amssymb and amsthm.

    cite    cite the sources (keys of ``references.bib``)
    macros  define the macros it uses, unless they are defined
    """
    t = theorem
    names = names or Names()
    bound = getattr(t, "bound", None)
    network = setting_of(bound, names) if bound is not None else ""  # first: its letters are kept for it
    page = Naming(Page(names))

    def tex(text: str) -> Tex:
        return Tex(prose.to_tex(text, t.terms, page))  # type: ignore[arg-type]

    statement = tex(t.statement)
    if t.sources and cite:
        statement = Tex(f"{statement} (Cf.~\\cite{{{','.join(t.sources)}}}.)")
    hypotheses, proof = [tex(h) for h in t.hypotheses], [tex(p) for p in t.proof]
    sharpness, warnings = tex(t.sharpness) if t.sharpness else "", Tex(" ".join(tex(w) for w in t.warnings))
    where = page.definitions()
    return render("theorem.tex.j2", network=Tex(network), notes=[Tex(n) for n in page.page.notes()],
                  macros=Tex(names.preamble()) if macros else "", environment=Tex(environment), title=t.title,
                  label=Tex(label or "nb:" + re.sub(r"[^A-Za-z0-9:-]+", "-", t.name)), statement=statement,
                  where=Tex(" \\\\\n".join(where)), hypotheses=hypotheses,
                  symbols=[(Tex(s), tex(m)) for s, m in t.symbols], proof=proof, sharpness=sharpness, warnings=warnings,
                  lemma=t.lemma or "")
