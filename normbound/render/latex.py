"""A bound as LaTeX: a fragment for \\input, or a document of its own. Nothing is computed here.

The fragment needs amsmath, amssymb and a theorem environment. Line n of the derivation calls its quantities L_(n), B_(n) (a
bound on the norm), b_(n) and G_(n) (|out| <= b + G |in|), p_(n)^2 (or its coefficients u B^2 + v B + w) and c_(n).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from normbound.calculus.bound import Bound, Stated
from normbound.calculus.exposition import Exposition, Fact, Line, expose
from normbound.calculus.notation import notation
from normbound.calculus.status import WORDS, overall, places
from normbound.contracts.context import ROLES
from normbound.contracts.registry import LAYERS
from normbound.errors import NormboundError, UnsupportedError
from normbound.network.language import excerpt
from normbound.network.program import place
from normbound.render import prose
from normbound.render.architecture import formula
from normbound.render.names import Names
from normbound.render.statement import LETTER, TITLES
from normbound.render.templates import Tex, render
from normbound.render.tex import COLUMN, measure
from normbound.render.tex import Tex as Page
from normbound.terms.store import Op, Term
from normbound.theory.attainment import attainment
from normbound.version import VERSION

MAX_TENSORS = 40
MAX_HYPOTHESES = 24
MAX_CONDITIONS = 6
MAX_SYMBOLS = 48
WIDE_SYMBOL = 4.0  # em
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,79}")
_ENVIRONMENT = re.compile(r"[A-Za-z]{1,30}\*?")
_NOT_THEOREMS = frozenset(("document", "align", "aligned", "equation", "gather", "multline", "math", "displaymath", "figure", "table",
                            "tabular", "array", "verbatim", "itemize", "enumerate", "list", "comment", "filecontents"))
_OWN_LETTERS = {"x": "the input", "f": "the network", r"\theta": "the parameters", r"\Theta": "the parameter set", "D": "the domain"}
_PARTS = {"Normalize": ", normalization", "BatchNorm": ", running statistics", "Affine": ", gain and shift"}


@dataclass(frozen=True, slots=True)
class Style:
    """How a fragment is written.

    names        TeX names of symbols and macros, for this fragment alone; None for the default ones
    environment  the theorem environment of the document it goes into
    label        its \\label; None derives a stable one from the title and the kind of the bound
    derivation   whether the derivation is included
    cite         whether layers are cited where the derivation meets them first (``bibliography.bibtex`` gives the entries)
    width        what a displayed formula may take, in em
    """

    names: Names | Mapping[str, str] | None = None
    environment: str = "theorem"
    label: str | None = None
    derivation: bool = True
    cite: bool = False
    width: float = COLUMN

    def __post_init__(self) -> None:
        if isinstance(self.names, Mapping):
            object.__setattr__(self, "names", Names(self.names))
        if self.names is not None and not isinstance(self.names, Names):
            raise UnsupportedError(f"Style: found names of type {type(self.names).__name__}; a Names object or a mapping from "
                                   "symbols to TeX is needed")
        if not _ENVIRONMENT.fullmatch(self.environment) or self.environment.rstrip("*") in _NOT_THEOREMS:
            raise UnsupportedError(f"theorem environment {self.environment[:40]!r}: letters only, e.g. theorem or proposition")
        if self.label is not None and not _LABEL.fullmatch(self.label):
            raise UnsupportedError(f"label {self.label[:40]!r}: letters, digits and : . _ - are accepted, at most 80")


def label_of(bound: Bound, title: str = "") -> str:
    """The label a fragment gets when none is asked for: the same for the same title and kind."""
    slug = re.sub(r"[^a-z0-9]+", "-", (title or bound.network.title or "network").lower()).strip("-")[:50] or "network"
    return f"nb:{slug}:{bound.wrt}"


def to_latex(bound: Bound, style: Style | None = None, title: str = "", measured: str = "") -> str:
    """The bound as a fragment. ``measured`` is a sentence about how close sampled networks came (plain text)."""
    return _Writer(bound, style or Style(), title or bound.network.title, measured).fragment()


def conditions_of(bound: Bound, names: Names) -> str:
    """The domain and the hypotheses of a bound in a few sentences, for pages that state it elsewhere."""
    writer = _Writer(bound, Style(names=names, derivation=False), "", "")
    return " ".join([writer.domain(), *([writer.stated_hypotheses()] if bound.hypotheses else [])])


def setting_of(bound: Bound, names: Names) -> str:
    """The network, its parameter set and its domain in a few sentences, for theorems about it."""
    writer = _Writer(bound, Style(names=names, derivation=False), "", "")
    return f"{writer.setting()} {writer.parameters()} {writer.domain()}"


def document(fragments: Sequence[str], style: Style | None = None, title: str = "", size: str = "10pt",
             bibliography: bool = False) -> str:
    """A document of its own around fragments."""
    style = style or Style()
    if not re.fullmatch(r"\d{1,2}pt", size):
        raise UnsupportedError(f"document: found size {size[:20]!r}; a font size such as 10pt is needed")
    seen: set[str] = set()
    for fragment in fragments:
        if not isinstance(fragment, str):
            raise UnsupportedError(f"document: found {type(fragment).__name__}; fragments are needed, e.g. bound.to_latex()")
        for label in re.findall(r"\\label\{([^}]*)\}", fragment):
            if label in seen:
                raise UnsupportedError(f"label {label!r} is used by two fragments of one document; give one of them another label")
            seen.add(label)
    return render("document.tex.j2", fragments=[Tex(f) for f in fragments], environment=Tex(style.environment),
                  environment_title=style.environment.rstrip("*").capitalize(), title=title, size=Tex(size),
                  bibliography=bibliography) + "\n"


def inline(bound: Bound, names: Names | None = None) -> str:
    """The bound as one formula between dollars, for notebooks."""
    names = names or Names()
    text = r"\infty" if bound.unbounded else Page(names).tex(bound.term)
    return rf"$\displaystyle {LETTER[bound.wrt]} = {text.replace(names.macro('homogeneous'), chr(92) + 'mathrm{H}')}$"


class _Writer:
    def __init__(self, bound: Bound, style: Style, title: str, measured: str):
        self.bound, self.style, self.title, self.measured = bound, style, title, measured
        self.exposition: Exposition | None = expose(bound) if style.derivation else None
        names = style.names if isinstance(style.names, Names) else Names()
        for tex, meaning in _OWN_LETTERS.items():
            names.hold(tex, meaning)
        taken = {names.symbol(n).tex if t.kind == Op.SYM else names.family(n).head for n, t in sorted(bound.symbols().items())}
        self.own = {x: x if x not in taken else rf"\mathsf{{{x}}}" for x in ("B", "p", "L", "P", "M")}
        if self.exposition is not None:
            store, d = bound.term.store, bound.derivation
            for i, parts in _names(self.exposition, [_index(d.binder(k)) for k in range(len(d.scopes))]).items():
                names.reserve(store.nodes[i][1], *parts)
        self.printer, self.n = Page(names), names
        self.cited: set[str] = set()

    def t(self, term: Term) -> str:
        return self.printer.tex(term)

    def m(self, term: Term) -> str:
        return f"${self.t(term)}$"

    # -- the theorem ------------------------------------------------------------------------------------------
    def fragment(self) -> str:
        b, s = self.bound, self.style
        letter = self.own[LETTER[b.wrt]]
        display, where = self._display(letter)
        lines = [] if self.exposition is None else self._lines(self.exposition)
        parts = self._parts()
        rows, wide = self._notation()
        return render(
            "bound.tex.j2", version=VERSION, digest=b.digest, title=self.title, environment=Tex(s.environment),
            heading=f"{TITLES[b.wrt]}{', ' + self.title if self.title else ''}", label=Tex(s.label or label_of(b, self.title)),
            macros=Tex(self.n.preamble()), setting=Tex(self.setting()), claim=Tex(self._claim()), display=Tex(display),
            where=Tex(where), parts=[(h, Tex(x)) for h, x in parts], notation=[Tex(r) for r in rows],
            notation_words=Tex(self._notation_words(wide)), preface=Tex(self._preface()),
            lines=[(Tex(k), Tex(x)) for k, x in lines])

    def _abs(self, inner: str) -> str:
        return f"{self.n.macro('abs')}{{{inner}}}"

    def _norm(self, inner: str) -> str:
        return f"{self.n.macro('norm')}{{{inner}}}"

    def _display(self, letter: str) -> tuple[str, str]:
        b = self.bound
        f = {"input": (self._abs(r"f(x;\theta)-f(x';\theta)"), self._abs("x-x'")),
             "parameters": (self._abs(r"f(x;\theta)-f(x;\theta')"), self._abs(r"\theta-\theta'")),
             "radius": (self._abs(r"f(x;\theta)"), "")}[b.wrt]
        head = rf"{f[0]} &\le {letter}{chr(92) + ',' if f[1] else ''}{f[1]}"
        if b.unbounded:
            return head + rf",\qquad {letter}=\infty", ""
        lines = self.printer.lines(b.term, self.style.width)
        whole = rf"{letter} &= {lines[-1][1]}"
        rest = " \\\\\n".join(rf"{name} &= {text}" for name, text in lines[:-1])
        return f"{head}, \\\\\n{whole}", rest

    def setting(self) -> str:
        b = self.bound
        program = b.derivation.program
        text = formula(b.network.body, self.t)
        if text is None:
            shown = prose.code(excerpt(b.network.body, 600))
        else:
            shown = rf"$f(\cdot;\theta)={text}$"
        i = b.network.input
        sets = [rf"\mathbb{{R}}^{{{self._space(i.shape)}}}", rf"\mathbb{{R}}^{{{self._space(program.out)}}}"]
        then = r" ($A\rhd B$ applies $A$, then $B$)" if text is not None and r"\rhd" in text else ""
        return (f"Let {shown}{then}, from ${sets[0]}$ to ${sets[1]}$, with parameters $\\theta\\in\\Theta$.")

    def _space(self, shape: Any) -> str:
        parts = [t for t in (shape.samples, shape.positions, shape.features) if t.literal() != 1]
        return r"\times ".join(self.t(t) for t in parts) or "1"

    def _claim(self) -> str:
        b = self.bound
        assumed = [h.id for h in b.hypotheses if h.kind != "domain"]
        under = f"Under ({'), ('.join(assumed[:8])}){', ...' if len(assumed) > 8 else ''}, for" if assumed else "For"
        if b.wrt == "parameters":
            fixed = b.derivation.fixed_tensors()
            agree = f" that agree in every other tensor ({prose.escape(', '.join(fixed[:6]))})" if fixed else ""
            return rf"{under} all $\theta,\theta'\in\Theta${agree} and all $x\in D(\theta)\cap D(\theta')$,"
        if b.wrt == "input":
            return rf"{under} all $\theta\in\Theta$ and all $x,x'\in D(\theta)$,"
        return rf"{under} all $\theta\in\Theta$ and all $x\in D(\theta)$,"

    # -- what it means ------------------------------------------------------------------------------------------
    def _parts(self) -> list[tuple[str, str]]:
        b = self.bound
        parts = [("Domain", self.domain()), ("Parameters", self.parameters()), ("Norms", self._norms())]
        if b.hypotheses:
            parts.append(("Hypotheses", self.stated_hypotheses()))
        if not b.unbounded:
            growth = self._growth()
            if growth:
                parts.append(("Growth", growth))
            parts.append(("Sharpness", self._sharpness()))
        status = self._status()
        return [*parts, ("Status", status)] if status else parts

    def _status(self) -> str:
        """How sure the derivation is; where each line names its theorem, that says it."""
        d = self.bound.derivation
        found = overall(d)
        if found.rank == "kernel":
            return "" if self.exposition is not None else "Every step is an instance of a theorem that the kernel of Coq has checked."
        weak = " ".join(f"{WORDS[rank].capitalize()}: {prose.escape(', '.join(places(d, steps)))}." for rank, steps in found.weak)
        weak = weak.replace("...", r"\dots")
        return f"{weak} The other steps are instances of theorems that the kernel of Coq has checked."

    def domain(self) -> str:
        b = self.bound
        i = b.network.input
        ball = rf"all $x$ with ${self._abs('x')}\le {self.t(i.radius)}$" if i.radius is not None else "all $x$"
        floors = [h.id for h in b.hypotheses if h.kind == "floor"]
        more = rf" for which $f(\cdot;\theta)$ meets ({'), ('.join(floors[:8])})" if floors else ""
        unused = " The radius is not used." if i.radius is not None and not b.needs_radius else ""
        return rf"$D(\theta)$ is the set of {ball}{more}.{unused}"

    def parameters(self) -> str:
        b = self.bound
        groups: dict[str, list[str]] = {}
        total = 0
        for t in b.derivation.tensors():
            total += 1
            if total > MAX_TENSORS:
                continue
            binder = b.derivation.binder(t.scope)
            layer = prose.escape(str(getattr(t.layer, "title", t.layer.name)))
            where = f"{layer}, {place(t.path)}" + (f", ${self._binder(binder)}$" if binder else "")
            groups.setdefault(where, []).append(self._constraint(t.parameter, t.trained))
        texts = [f"{', '.join(c)} ({where})" for where, c in groups.items()]
        if total > MAX_TENSORS:
            texts.append(f"and {total - MAX_TENSORS} more tensors with a bound each")
        said = r"$\Theta$: " + ("; ".join(texts) if texts else "no parameters") + "."
        if b.wrt == "parameters":
            names = b.derivation.trainable
            trained = "all of them" if names >= frozenset(ROLES) else prose.escape(", ".join(sorted(names))) or "none"
            said += f" Trained: {trained}."
        return said

    def _constraint(self, p: Any, trained: bool) -> str:
        name = "bias" if p.role == "bias" else p.name
        relation = {"least": r"\ge", "exact": "="}.get(p.norm, r"\le")
        shown = rf"${self._measured(p.norm, name)}{relation} {self.t(p.bound)}$"
        if p.row_bound is not None:
            shown += rf", rows of ${_tensor(name)}$ of norm at most ${self.t(p.row_bound)}$"
        return shown if trained or p.value is None else rf"${_tensor(name)}$ as given ({shown})"

    def _norms(self) -> str:
        metric = (r" Parameters: the Euclidean norm of all trained tensors together (Frobenius for matrices)."
                  if self.bound.wrt == "parameters" else "")
        norm, size = self._norm(r"\cdot"), self._abs(r"\cdot")
        return rf"${size}$ is the Euclidean norm of all entries, ${norm}$ the spectral norm.{metric}"

    def stated_hypotheses(self) -> str:
        b = self.bound
        listed = b.hypotheses
        texts = [self._stated(h) for h in listed[:MAX_HYPOTHESES]]
        if len(listed) > MAX_HYPOTHESES:
            texts.append(f"and {len(listed) - MAX_HYPOTHESES} more of the same kinds.")
        conditions: dict[str, None] = {}
        for _, c in b.conditions():
            guard = " and ".join(rf"${self.t(g)}\ge {n}$" for g, n in c.guard)
            conditions[rf"${self.t(c.left)}\le {self.t(c.right)}$" + (f" (if {guard})" if guard else "")] = None
            if len(conditions) > MAX_CONDITIONS:
                break
        if conditions:
            shown = list(conditions)[:MAX_CONDITIONS]
            more = " and further conditions of this kind" if len(conditions) > MAX_CONDITIONS else ""
            texts.append(f"The floors can be met only if {' and '.join(shown)}{more}; otherwise the statement is empty.")
        return " ".join(texts)

    def _stated(self, h: Stated) -> str:
        words = self._template(h.template, h.terms)
        where = f"{prose.escape(h.title)}, {h.where}: " if h.title else ""
        binder = f" (${self._binder(h.binder)}$)" if h.binder and h.uses else ""
        return f"({h.id})~{where}{words}{binder}."

    def _template(self, template: str, terms: Sequence[Term]) -> str:
        """Words with {0}, {1}, ... as TeX; a comparison with 0 goes into the formula."""
        out: list[str] = []
        rest = template
        for match in re.finditer(r"\{(\d+)\}( > 0)?", template):
            before, _, rest = rest.partition(match[0])
            out += [prose.escape(before), f"${self.t(terms[int(match[1])])}{'>0' if match[2] else ''}$"]
        return "".join([*out, prose.escape(rest)])

    def _growth(self) -> str:
        texts = []
        for depth in self.bound.depths():
            try:
                r = self.bound.rate(depth)
            except NormboundError as error:
                texts.append(f"In {self.m(depth)}: {prose.escape(str(error))}.")
                continue
            K = self.t(depth)
            if r.rate is None:
                assert r.limit is not None
                texts.append(rf"There is no exponential rate in ${K}$; the limit as ${K}\to\infty$ is {self.m(r.limit)}.")
                continue
            text = rf"The rate per unit of ${K}$ is {self.m(r.rate)}"
            order = self._order(K, r.order)
            lines = r.critical_lines()
            if r.never_below_one():
                text += ", never below 1"
            elif len(lines) == 1:
                decays = not any(c.literal() == 1 for c in r.candidates)
                below = "decays" if decays else "does not grow exponentially"
                text += (rf"; the bound {below} below and grows exponentially above the critical line ${self.t(lines[0][0])}="
                         rf"{self.t(lines[0][1])}$, where it is " + (f"at most of order {order}" if order else "bounded"))
            elif lines:
                text += "; it is critical where the largest of the candidates equals 1" + (f" (there of order {order})"
                                                                                       if order else "")
            elif order:
                text += f", of order {order}"
            texts.append(text + ".")
        return " ".join(texts)

    def _order(self, K: str, order: Fraction) -> str:
        if not order:
            return ""
        if order == 1:
            return f"${K}$"
        return f"${K}^{{{order.numerator if order.denominator == 1 else f'{order.numerator}/{order.denominator}'}}}$"

    def _sharpness(self) -> str:
        a = attainment(self.bound)
        own: dict[str, list[str]] = {}
        for _, layer, word in a.layerwise:
            if layer == "Identity":
                continue
            layers = own.setdefault(word, [])
            if layer not in layers:
                layers.append(layer)
        texts = [rf"Constants of single layers: {'; '.join(prose.escape(f'{w} for ' + ', '.join(x)) for w, x in own.items())}."]
        texts.append(prose.to_tex(a.statement, {}, self.printer))
        relations = {">=": r"\ge", "<=": r"\le"}
        shown = a.conditions[:MAX_CONDITIONS]
        conditions = [f"${self.t(left)}{relations.get(relation, relation)} {self.t(right)}$ "
                      f"({prose.to_tex(reason, {}, self.printer)})" for left, relation, right, reason in shown]
        if len(a.conditions) > len(shown):
            conditions.append(f"and {len(a.conditions) - len(shown)} more of these kinds")
        if conditions:
            texts.append(f"Conditions: {'; '.join(conditions)}.")
        if a.witness:
            texts.append(prose.to_tex(a.witness, {}, self.printer))
        if a.obstacle:
            texts.append(f"The argument for exactness stops at {prose.escape(a.obstacle)}.")
        return " ".join([*texts, prose.escape(self.measured)]).strip()

    # -- notation -------------------------------------------------------------------------------------------------
    def _notation(self) -> tuple[list[str], list[str]]:
        """Rows of the table, and sentences for what does not fit a table."""
        cells, wide = [], []
        meanings = notation(self.bound)
        for meaning in meanings[:MAX_SYMBOLS]:
            where = [p.removeprefix("layer ") for p in meaning.places]
            shown = f" ({', '.join(where[:2])}{', ...' if len(where) > 2 else ''})" if where else ""
            words = prose.escape(meaning.words)
            if meaning.norm and meaning.norm != "exact":
                of = "least entry of " if meaning.norm == "least" else "bounds "
                words = f"{of}${self._measured(meaning.norm, meaning.tensor)}$"
            symbol = self.t(meaning.symbol)
            if measure(symbol) <= WIDE_SYMBOL:
                cells.append(f"${symbol}$ & {words}{shown}")
            else:
                wide.append(f"${symbol}$: {words}{shown}.")
        if len(meanings) > MAX_SYMBOLS:
            wide.append(f"The other {len(meanings) - MAX_SYMBOLS} symbols bound tensors in the same way.")
        cells += ["&"] * (-len(cells) % 3)
        return [" & ".join(cells[k:k + 3]) for k in range(0, len(cells), 3)], wide

    def _measured(self, norm: str, tensor: str) -> str:
        """The norm of a tensor that its bound speaks of."""
        name = _tensor(tensor)
        return {"spectral": self._norm(name), "euclidean": self._abs(name), "sup": f"{self.n.macro('supnorm')}{{{name}}}"}.get(norm, name)

    def _notation_words(self, wide: list[str]) -> str:
        naturals = [self.m(x.symbol) for x in notation(self.bound) if x.natural]
        words = [f"{', '.join(naturals)} natural numbers, the other symbols real and nonnegative."] if naturals else \
            ["Symbols are real and nonnegative."]
        words += [*(rf"\par\noindent {w}" for w in wide), *self.printer.notes()]
        words += [rf"${tex}\approx{_digits(name)}$ is {prose.to_tex(definition, {}, self.printer)}."
                  for name, (tex, definition) in self.printer.constants.items()]
        return " ".join(words)

    # -- the derivation ---------------------------------------------------------------------------------------------
    def _preface(self) -> str:
        e = self.exposition
        if e is None:
            return ""
        B, p, L = self.own["B"], self.own["p"], self.own["L"]
        text = (rf"Line $(n)$: the part of the network that ends there, as a map of its own input, of norm at most ${B}$. "
                rf"$L_{{(n)}}$ is a Lipschitz constant in the input (${L}$: of a layer alone)")
        if e.radii:
            text += rf"; the output has norm at most $B_{{(n)}}$ or $b_{{(n)}}+G_{{(n)}}{B}$"
        if e.sensitivities:
            text += (rf"; $p_{{(n)}}^2$ (or $u_{{(n)}}{B}^2+v_{{(n)}}{B}+w_{{(n)}}$) is the squared constant in parameters used once, "
                     rf"${p}^2$ that of a layer alone, $c_{{(n)}}$ the constant in a shared tensor")
        return text + (". ``Then'' composes in series. In the reasons a rule composes $f$ and $g$, with $\\abs{f}\\le b_f+G_fB$; in "
                       "small type the theorem, checked by the kernel of Coq.").replace(
            r"\abs{f}", self._abs("f"))

    def _lines(self, e: Exposition) -> list[tuple[str, str]]:
        said: set[str] = set()
        out: list[tuple[str, str]] = []
        binder = ""
        for k, line in enumerate(e.lines):
            if e.left_out and k == len(e.lines) // 2:
                out.append((r"\dots", f"{e.left_out} lines of the same kinds are left out here."))
            if line.binder != binder:
                binder = line.binder
                out.append((r"\textbullet", rf"\emph{{For ${self._binder(binder)}$:}}" if binder else
                            r"\emph{For the whole:}"))
            indent = rf"\hspace*{{{line.level - 1}em}}" if line.level > 1 else ""
            out.append((f"({line.number})", indent + self._line(line, said)))
        return out

    def _line(self, line: Line, said: set[str]) -> str:
        facts = self._facts(line.facts, line.number)
        sources = ", ".join(f"({p})" for p in line.premises)
        where = line.where.removeprefix("layer ")
        if line.kind == "domain":
            radius = self.bound.network.input.radius
            return f"Domain: ${self._abs('x')}\\le {self.t(radius)}$." if radius is not None else "Domain: all of space."
        if line.kind == "sharing":
            return f"Groups of shared tensors are used no more and enter $p^2$, from {sources}: {facts}."
        if line.kind == "rule":
            name = line.title.replace("-", " ").capitalize()
            return rf"\textsf{{{name}}}" + (f" of {sources}" if sources else "") + f" ({where}): {facts}.{self._reason(line, said)}"
        part = _PARTS.get(line.part, "")
        if self.style.cite and line.title in LAYERS and LAYERS[line.title].references and line.title not in self.cited:
            self.cited.add(line.title)
            part += rf", cf.~\cite{{{','.join(LAYERS[line.title].references)}}}"
        text = rf"{'then ' if line.kind == 'then' and line.premises else ''}\textsf{{{prose.escape(line.title)}}} ({where}{part}): "
        reason = self._reason(line, said)
        if line.kind == "layer":
            return f"{text}{facts}.{reason}"
        own = self._facts(line.own, None)
        if line.neutral:
            return f"{text}{own}; nothing changes.{reason}"
        return f"{text}{own}; with {sources}, {facts}.{reason}"

    def _reason(self, line: Line, said: set[str]) -> str:
        """Why, where it is said for the first time."""
        r = line.reason
        if r is None or r.of in said or not r.text:
            return ""
        said.add(r.of)
        text = (prose.to_tex(r.text, {}, self.printer) if r.ours else prose.escape(r.text)).rstrip(". ")
        return rf" \textit{{Why:}} {text}.{self._mark(line)}"

    def _mark(self, line: Line) -> str:
        """The theorem that proves a line, in small type."""
        if line.lemma:
            shown = ", ".join(rf"\texttt{{{prose.escape(x)}}}" for x in line.lemma.split(", "))
        else:
            shown = f"({WORDS['cited' if line.reason is not None and line.reason.ours else 'numeric']})"
        return rf" {{\tiny {shown}}}"

    def _facts(self, facts: tuple[Fact, ...], number: int | None) -> str:
        """Formulas of a line; ``number`` None: of a layer on its own, in terms of the norm B of its input."""
        found = {(f.quantity, f.group): f.term for f in facts}
        shown: list[str] = []
        lip = found.get(("L", ""))
        if lip is not None:
            shown.append(f"${self.own['L'] if number is None else 'L'}{_sub(number)}={self.t(lip)}$")
        b, G = found.get(("b", "")), found.get(("G", ""))
        if b is not None and G is not None:
            if number is None:
                shown.append(rf"norm at most ${self._affine(b, G)}$")
            elif not G:
                shown.append(f"$B{_sub(number)}={self.t(b)}$")
            else:
                shown += [f"${q}{_sub(number)}={self.t(x)}$" for q, x in (("b", b), ("G", G)) if x or q == "G"]
        q = [found.get((x, "")) for x in ("q2", "q1", "q0")]
        if q[0] is not None and any(q):
            if number is None:
                shown.append(f"${self.own['p']}^2={self._polynomial(q)}$")
            elif not q[0] and not q[1]:
                assert q[2] is not None
                shown.append(f"$p{_sub(number)}^2={self.t(q[2])}$")
            else:
                shown += [f"${x}{_sub(number)}={self.t(y)}$" for x, y in zip("uvw", q, strict=True) if y]
        groups = dict.fromkeys(f.group for f in facts if f.group)
        for g in groups:
            c1, c0 = found[("c1", g)], found[("c0", g)]
            name = rf"c{_sub(number, g)}"
            shown.append(f"${name}={self._affine(c0, c1)}$")
        return ", ".join(shown) or "nothing to note"

    def _affine(self, b: Term, G: Term) -> str:
        if not G:
            return self.t(b)
        B = self.own["B"]
        slope = B if G.literal() == 1 else rf"{self._factor(G)}\,{B}"
        return slope if not b else f"{self.t(b)}+{slope}"

    def _factor(self, t: Term) -> str:
        text = self.t(t)
        return rf"\left({text}\right)" if _is_sum(t) else text

    def _polynomial(self, q: Sequence[Term | None]) -> str:
        out = []
        B = self.own["B"]
        for power, x in zip((f"{B}^2", B, ""), q, strict=True):
            if x and not power:
                out.append(self.t(x))
            elif x:
                out.append(power if x.literal() == 1 else rf"{self._factor(x)}\,{power}")
        return "+".join(out)

    def _binder(self, binder: str) -> str:
        """"i = 1..K, j = 1..m" as TeX, depths printed as terms."""
        parts = []
        for part in binder.split(", "):
            index, _, depth = part.partition(" = 1..")
            term = self._depths().get(depth)
            parts.append(rf"{index}=1,\dots,{self.t(term) if term is not None else prose.escape(depth)}")
        return r";\ ".join(parts)

    def _depths(self) -> Mapping[str, Term]:
        return {str(s.repeat.depth): s.repeat.depth for s in self.bound.derivation.scopes if s.repeat is not None}


def _digits(name: str) -> str:
    """The first digits of a named constant."""
    from normbound.terms.constants import enclosure
    return str(enclosure(name, 64).str(6, radius=False))


def _sub(number: int | None, group: str = "") -> str:
    parts = ([f"({number})"] if number is not None else []) + ([rf"\mathrm{{{prose.escape(group)}}}"] if group else [])
    return f"_{{{','.join(parts)}}}" if parts else ""


def _names(e: Exposition, indices: Sequence[str]) -> dict[int, tuple[str, str, str]]:
    """Letter, subscript and superscript of every name: B_(n) and p_(n)^2 where one coefficient says all, else b, G, u, v, w."""
    single: set[tuple[int, str]] = set()
    for line in e.lines:
        found = {f.quantity: f.term for f in line.facts}
        if not found.get("G", True):
            single.add((line.number, "b"))
        if not found.get("q2", True) and not found.get("q1", True):
            single.add((line.number, "q0"))
    letters = {"L": "L", "b": "b", "G": "G", "q2": "u", "q1": "v", "q0": "w", "c1": "c", "c0": "c"}
    out = {}
    for i, n in e.names.items():
        if n.quantity in ("state", "sup"):
            out[i] = "B" if n.quantity == "state" else "F", f"{indices[n.line]}-1", ""
            continue
        sub = _sub(n.line, n.group)[2:-1]
        if (n.line, n.quantity) in single:
            out[i] = ("B", sub, "") if n.quantity == "b" else ("p", sub, "2")
        else:
            out[i] = letters[n.quantity], sub, "\\prime" if n.quantity == "c1" else ""
    return out


def _index(binder: str) -> str:
    return binder.rpartition(", ")[2].partition(" = ")[0] or "i"


def _is_sum(t: Term) -> bool:
    from normbound.terms.store import Op
    return t.node[0] == Op.ADD


def _tensor(name: str) -> str:
    greek = {"gamma", "beta", "alpha"}
    return rf"\{name}" if name in greek else name if len(name) == 1 else rf"\mathit{{{prose.escape(name)}}}"
