"""``normbound paper``: the nine results, derived, checked on sampled networks and by the kernel of Coq, and typeset.

The folder receives ``paper.tex``, ``references.bib``, the plots, ``paper.pdf`` where TeX is installed, and last
``report.json``: a folder without a report is an unfinished run.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from normbound.calculus.bound import Bound
from normbound.check.experiments import EXPERIMENTS
from normbound.check.finding import Finding
from normbound.errors import NormboundError, TermError, UnsupportedError
from normbound.files import templates, write
from normbound.formal.proof import Proof
from normbound.formal.proof import prove as prove_bound
from normbound.render import plots, prose
from normbound.render.comparison import comparison_latex
from normbound.render.latex import Style, to_latex
from normbound.render.names import Names
from normbound.render.pdf import TexError, compile_tex
from normbound.render.templates import Tex, render
from normbound.render.theorem import theorem_latex
from normbound.terms.store import Store
from normbound.theory.results import RESULTS, Result
from normbound.version import VERSION

GENERATED = ("paper.tex", "paper.pdf", "references.bib", "report.json")
MARK = "report.json"
CAPTIONS = {
    "tightness": "Largest measured Jacobian norm over the derived bound, one dash per sampled network (Gaussian and other laws), by "
                 "depth; the line is the median of Gaussian weights; squares are exact networks, which attain the bound; triangles "
                 "lie below the axis.",
    "R5-tightness": "As in the figures before, for the parameters of networks with LayerNorm; the squares are exact networks with "
                    "given gains at epsilon 0, for which the recursion is attained.",
    "lower-bound": "Measured Lipschitz constants of random members of the two families (marks) and the stated constants (lines).",
    "reduction": "True Lipschitz constants of members of the exact family, measured (marks) and stated (lines), without the normalizer "
                 "and with it on either side of the threshold and at it.",
    "gradients": "Gradient of the loss with respect to the parameters of each layer, for exact networks.",
    "violations": "Rate at which the bound of the generalization gap is violated over the draws, with exact binomial intervals, and the "
                  "same for a deliberately wrong bound without the term that counts cells.",
    "gap": "The part of the generalization bound that the network contributes, with and without normalizers.",
    "border": "Members of the exact family on a grid: whether the measured rate per layer is below or above 1, and the border.",
    "explosion": "Weights of spectral norm 1: the constant with LayerNorm (marks measured, line stated) and without.",
}


NOT_RUN = "not run"
Certified = tuple[str, Proof | None]  # what the bound is, and its proof; None where none was asked for


@dataclass(frozen=True, slots=True)
class Outcome:
    """One result: what was found, what the kernel of Coq accepted, and its section of the paper."""

    id: str
    title: str
    finding: Finding
    seconds: float
    section: str = field(repr=False)
    fragments: tuple[str, ...] = field(repr=False, default=())
    plots: tuple[Path, ...] = ()
    proofs: tuple[Certified, ...] = ()
    library: tuple[tuple[str, str], ...] = ()
    unproved: str = ""

    @property
    def passed(self) -> bool:
        """The check found nothing, and the kernel refused nothing."""
        return self.finding.passed and not any(p is not None and p.status == "rejected" for _, p in self.proofs)

    @property
    def certified(self) -> str:
        """How many of the bounds are certified, for the table."""
        if not self.proofs:
            return "no bounds"
        if all(p is None or p.status == NOT_RUN for _, p in self.proofs):
            return NOT_RUN
        return f"{sum(p is not None and p.status == 'proved' for _, p in self.proofs)} of {len(self.proofs)}"

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title, "verdict": self.finding.verdict,
                "says": _sentence(self.finding.says, prose.to_text, str),
                "figures": dict(self.finding.figures), "plots": [p.name for p in self.plots],
                "certificates": [_certificate_json(what, p) for what, p in self.proofs],
                "library": [{"theorem": name, "proves": prose.to_text(part)} for name, part in self.library],
                "unproved": prose.to_text(self.unproved),
                "seconds": round(self.seconds, 2)}


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole run."""

    outcomes: tuple[Outcome, ...]
    folder: Path
    pdf: Path | None
    note: str

    @property
    def passed(self) -> bool:
        return all(o.passed for o in self.outcomes)

    def __str__(self) -> str:
        width = max(len(o.title) for o in self.outcomes)
        rows = [f"{o.id}  {o.title:<{width}}  {o.finding.verdict:<11} certified: {o.certified:<9} {o.seconds:6.1f} s"
                for o in self.outcomes]
        rows += [f"    {o.id}: {_sentence(o.finding.says, prose.to_text, str)}" for o in self.outcomes if not o.finding.passed]
        rows += [f"    {o.id}: {what}: {p.verdict}: {p.reason}" for o in self.outcomes for what, p in o.proofs
                 if p is not None and p.reason and p.status != NOT_RUN]
        rows += [f"certificates: {reason}" for reason in dict.fromkeys(
            p.reason for o in self.outcomes for _, p in o.proofs if p is not None and p.status == NOT_RUN)]
        rows.append(f"written: {self.folder / 'paper.tex'}" + (f", {self.pdf}" if self.pdf else "")
                    + f", {self.folder / MARK}" + (f"\n{self.note}" if self.note else ""))
        return "\n".join(rows)


def write_paper(out: Path, seed: int = 0, quick: bool = False, pdf: bool = True,
                advance: Callable[[str], None] = lambda _: None, prove: bool = True) -> Paper:
    """Derive, check and typeset the nine results into the folder ``out``.

    prove  let Coq check the certificates of the bounds; without Coq they are reported as not run

    Raises UnsupportedError when the folder cannot be written or belongs to something else. A verdict that fails is not
    an exception: read ``Paper.passed``.
    """
    _prepare(out)
    outcomes = []
    known: dict[tuple[str, str], Proof] = {}
    for name in RESULTS:
        outcomes.append(_outcome(name, out, seed, quick, known if prove else None))
        advance(name)
    source = _document(outcomes, seed, quick)
    write(out / "paper.tex", source)
    bibliography = (templates() / "references.bib").read_bytes()
    write(out / "references.bib", bibliography)
    path, note = None, ""
    if pdf:
        attachments = {p.name: p.read_bytes() for o in outcomes for p in o.plots if p.suffix == ".pdf"}
        try:
            compiled = compile_tex(source, {**attachments, "references.bib": bibliography}, bibliography=True)
            path = write(out / "paper.pdf", compiled.pdf)
            note = "\n".join(f"TeX: {w}" for w in compiled.warnings)
        except TexError as error:
            note = f"no paper.pdf: {error}"
    paper = Paper(tuple(outcomes), out, path, note)
    report = {"normbound": VERSION, "seed": seed, "quick": quick, "passed": paper.passed,
              "pdf": path.name if path else None, "note": note, "results": [o.as_json() for o in outcomes]}
    write(out / MARK, json.dumps(report, indent=1) + "\n")
    return paper


def _prepare(out: Path) -> None:
    """A folder to write into: new, empty, or one of an earlier run, whose report and paper are removed first."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        present = {p.name for p in out.iterdir()}
        if present and not present & set(GENERATED):
            raise UnsupportedError(f"{out} holds other files; name a new or empty folder, or one of an earlier run")
        for name in reversed(GENERATED):
            (out / name).unlink(missing_ok=True)
        for old in out.glob("R[1-9]*.*"):
            if old.suffix in (".pdf", ".png"):
                old.unlink()
    except OSError as error:
        raise UnsupportedError(f"cannot write into {out}: {error.strerror or error}") from None
    if shutil.disk_usage(out).free < 50_000_000:
        raise UnsupportedError(f"less than 50 MB are free where {out} is")


def _bounds(result: Result) -> list[tuple[str, Bound]]:
    """The bounds that a result rests on, each once."""
    found = dict[str, tuple[str, Bound]]()
    compared = result.comparison
    both = [] if compared is None else [("with the normalizers", compared.first), ("without the normalizers", compared.second)]
    for what, bound in [*result.bounds, *both]:
        found.setdefault(f"{bound.digest} {bound.wrt}", (what, bound))
    return list(found.values())


def _proved(bound: Bound, known: dict[tuple[str, str], Proof]) -> Proof:
    """The verdict on a bound; bounds that several results share are proved once."""
    key = bound.digest, bound.wrt
    if key not in known:
        known[key] = prove_bound(bound)
    return known[key]


def _certificate_json(what: str, proof: Proof | None) -> dict[str, Any]:
    if proof is None:
        return {"bound": what, "verdict": NOT_RUN, "reason": "not asked for"}
    shown = ("wrt", "words", "hypotheses", "relative", "witness", "kernel", "axioms", "digest", "seconds")
    return {"bound": what, "verdict": proof.verdict, "reason": proof.reason, **{k: proof.to_json()[k] for k in shown}}


def _outcome(name: str, out: Path, seed: int, quick: bool, known: dict[tuple[str, str], Proof] | None) -> Outcome:
    start = perf_counter()
    with Store():
        result = RESULTS[name]()
        finding = EXPERIMENTS[name](seed, quick)
        if finding.verdict == "attained" and not result.attained:
            finding = replace(finding, verdict="survived")
        if any(b.unbounded for _, b in result.bounds):
            finding = Finding("refuted", "a bound of this result is unbounded", finding.figures)
        try:
            drawn = tuple(plots.plot(name, finding, out))
        except UnsupportedError:
            drawn = ()
        proofs = tuple((what, None if known is None else _proved(bound, known)) for what, bound in _bounds(result))
        section = _section(result, finding, drawn, proofs)
        fragments = tuple(
            to_latex(bound, Style(names=Names(), environment="proposition", label=f"prop:{name.lower()}-{k}", cite=True),
                     f"{bound.network.title or 'network'}, {title}") for k, (title, bound) in enumerate(result.bounds, 1))
    return Outcome(name, result.title, finding, perf_counter() - start, section, fragments, drawn, proofs, result.library,
                   result.unproved)


def _section(result: Result, finding: Finding, drawn: tuple[Path, ...], proofs: tuple[Certified, ...]) -> str:
    names = Names()
    slug = result.id.lower()
    theorems = [theorem_latex(t, names, f"thm:{slug}" + (f"-{k}" if k else ""), cite=True, macros=False)
                for k, t in enumerate(result.theorems)]
    families = {f.name: (f.name, Tex(prose.to_tex(f.statement)), Tex(prose.to_tex(f.continuum))) for f in result.families}
    derived = ", ".join(rf"Proposition~\ref{{prop:{slug}-{k}}}" for k in range(1, len(result.bounds) + 1))
    comparison = comparison_latex(result.comparison, names, macros=False) if result.comparison is not None else ""
    return render("section.tex.j2", title=result.title, label=f"sec:{slug}", theorems=[Tex(t) for t in theorems],
                  families=list(families.values()), comparison=Tex(comparison), derived=Tex(derived),
                  certificates=[(what, Tex(_verdict_tex(p))) for what, p in proofs],
                  library=[(lemma, Tex(prose.to_tex(part))) for lemma, part in result.library],
                  unproved=Tex(prose.to_tex(result.unproved)),
                  verdict=finding.verdict, says=Tex(_sentence(finding.says, prose.to_tex, prose.escape)),
                  figures=[(k, _shown(v)) for k, v in finding.figures.items()],
                  plots=[(p.name, CAPTIONS.get(p.stem, CAPTIONS[p.stem.partition('-')[2]])) for p in drawn if p.suffix == ".pdf"])


def _verdict_tex(proof: Proof | None) -> str:
    """The verdict on a certificate in a few words; no times, so that equal runs give equal pages."""
    if proof is None or proof.status == NOT_RUN:
        return NOT_RUN
    if proof.status == "proved":
        return prose.escape(f"proved, {proof.kernel}" + (f", relative to {', '.join(proof.relative)}" if proof.relative else ""))
    return prose.escape(f"{proof.status}: {proof.reason}")


def _sentence(says: str, as_prose: Callable[[str], str], plain: Callable[[str], str]) -> str:
    """What a check says: prose where it is prose, else (a counterexample in words and numbers) plain text."""
    try:
        prose.check(says)
    except TermError:
        return plain(says)
    return as_prose(says)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def _document(outcomes: list[Outcome], seed: int, quick: bool) -> str:
    rows = [(o.id, o.title, o.certified, "in parts" if o.library else "no", o.finding.verdict, f"sec:{o.id.lower()}") for o in outcomes]
    return render("paper.tex.j2", macros=Tex(Names().preamble()), rows=rows, sections=[Tex(o.section) for o in outcomes],
                  fragments=[Tex(f) for o in outcomes for f in o.fragments],
                  version=VERSION, seed=seed, quick=quick)


__all__ = ["NormboundError", "Outcome", "Paper", "write_paper"]
