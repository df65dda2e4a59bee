"""A bound as a statement in plain text, and as JSON. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from normbound.calculus.bound import Bound
from normbound.calculus.derivation import Derivation
from normbound.calculus.status import WORDS, overall, places, step_status
from normbound.errors import NormboundError
from normbound.network.language import to_text as network_text
from normbound.network.program import natural_symbols
from normbound.render.prose import to_text
from normbound.terms.evaluate import format_upper
from normbound.terms.exact import exact
from normbound.terms.text import number_text, to_lines
from normbound.theory.attainment import attainment
from normbound.version import VERSION

WIDTH = 11
MAX_LISTED = 12
MAX_STEPS = 200
TITLES = {"input": "Lipschitz constant in the input", "parameters": "Lipschitz constant in the parameters",
          "radius": "Radius of the output"}
LETTER = {"input": "L", "parameters": "P", "radius": "M"}
_CLAIM = {
    "input": "|f(x; theta) - f(x'; theta)| <= {letter} |x - x'|  for all theta in Theta and all x, x' in {D}",
    "parameters": "|f(x; theta) - f(x; theta')| <= {letter} |theta - theta'|  for all theta, theta' in Theta{agree} and all x in {D}",
    "radius": "|f(x; theta)| <= {letter}  for all theta in Theta and all x in {D}",
}


def letter(bound: Bound) -> str:
    """What the bound is called: L, P or M, unless a symbol of the network is called so."""
    name, taken = LETTER[bound.wrt], bound.symbols()
    return next(n for n in (name, f"{name}_f", *(f"{name}_{k}" for k in range(len(taken) + 1))) if n not in taken)


def claim(bound: Bound) -> str:
    """The inequality with its quantifiers."""
    both = "the intersection of D(theta) and D(theta')" if bound.wrt == "parameters" else "D(theta)"
    fixed = bound.derivation.fixed_tensors() if bound.wrt == "parameters" else []
    agree = f" that agree in every other tensor ({', '.join(fixed[:6])}{', ...' if len(fixed) > 6 else ''})" if fixed else ""
    return _CLAIM[bound.wrt].format(letter=letter(bound), D=both if _floors(bound) else "D", agree=agree)


def _floors(bound: Bound) -> bool:
    return any(h.kind == "floor" for h in bound.hypotheses)


def domain(bound: Bound) -> str:
    """The set D that the statement ranges over."""
    i = bound.network.input
    shape = f"{i.samples} x {i.positions} x {i.features}"
    ball = "all x" if i.radius is None else f"|x| <= {i.radius}, x"
    unused = i.radius is not None and not bound.needs_radius
    return (f"{ball} in R^({shape}) (samples x positions x features)"
            + (", every normalizer input of f(.; theta) meets its floor" if _floors(bound) else "")
            + ("; the radius is not used" if unused else ""))


def symbols(bound: Bound) -> str:
    """What the symbols and the bars of the statement stand for."""
    naturals = sorted(natural_symbols(bound.derivation.program))
    words = [f"{', '.join(naturals)} natural numbers"] if naturals else []
    if any(name not in naturals for name in bound.symbols()):
        words.append("the other symbols real and >= 0" if naturals else "all symbols real and >= 0")
    return "; ".join([*words, "||.|| spectral norm, |.| Euclidean norm, |.|_inf largest entry"])


def norms(bound: Bound) -> str:
    metric = ("; theta: Euclidean norm of all trainable tensors together (Frobenius for matrices)"
              if bound.wrt == "parameters" else "")
    return f"{bound.norms[0]} -> {bound.norms[1]}, Euclidean over all entries{metric}"


def parameters(bound: Bound) -> list[str]:
    """The constraints that define Theta, one per tensor."""
    lines = []
    for k, (where, constraint, binder) in enumerate(bound.derivation.parameters()):
        if k == MAX_LISTED:
            lines.append("... (more tensors, one constraint each)")
            break
        lines.append(f"{constraint}  ({where}{', ' + binder if binder else ''})")
    return lines


def trainable(bound: Bound) -> str:
    from normbound.contracts.context import ROLES
    names = bound.derivation.trainable
    return "all parameters" if names >= frozenset(ROLES) else ", ".join(sorted(names)) or "none"


def rates(bound: Bound) -> list[str]:
    """One line per symbolic depth: rate and critical line, or why there is none."""
    lines = []
    for depth in bound.depths():
        try:
            lines.append(str(bound.rate(depth)))
        except NormboundError as error:
            lines.append(f"in {depth}: {error}")
    return lines


def statement(bound: Bound, values: Mapping[str, object] | None = None, title: str = "") -> str:
    """The bound as a theorem in plain text; with ``values`` also its enclosure there."""
    name_of_bound = letter(bound)
    rows: list[tuple[str, str]] = []
    name = title or bound.network.title
    rows.append((TITLES[bound.wrt], "upper bound" + (f", {name}" if name else "")))
    rows.append(("network", _shorten(network_text(bound.network.body))))
    rows.append(("claim", claim(bound)))
    if bound.unbounded:
        rows.append((name_of_bound, "unbounded: no finite constant follows from these hypotheses"))
    else:
        lines = to_lines(bound.term)
        rows.append((name_of_bound, lines[-1][1]))
        rows += [("  " + n if n != "..." else "", f"= {t}" if n != "..." else t) for n, t in lines[:-1]]
    rows.append(("D(theta)" if _floors(bound) else "D", domain(bound)))
    rows += [("Theta" if k == 0 else "", line) for k, line in enumerate(parameters(bound))]
    if bound.wrt == "parameters":
        rows.append(("trainable", trainable(bound)))
    rows.append(("norms", norms(bound)))
    rows.append(("symbols", symbols(bound)))
    listed = bound.hypotheses
    for k, h in enumerate(listed[:MAX_LISTED]):
        rows.append(("assuming" if k == 0 else "", str(h)))
    if len(listed) > MAX_LISTED:
        rows.append(("", f"... and {len(listed) - MAX_LISTED} more"))
    if not listed:
        rows.append(("assuming", "nothing beyond D and Theta"))
    rows += [("vacuity" if k == 0 else "", v) for k, v in enumerate(vacuity(bound))]
    rows += [("rate" if k == 0 else "", r) for k, r in enumerate(rates(bound))] if not bound.unbounded else []
    if not bound.unbounded:
        rows += [("sharpness" if k == 0 else "", line) for k, line in enumerate(sharpness(bound))]
    rows.append(("form", f"{bound.form}; over the reals, for every input and network as stated (not on average)"))
    if values or not bound.symbols():
        if values:
            rows.append(("at", ", ".join(f"{k} = {_value(v)}" for k, v in list(values.items())[:20])))
        rows.append((name_of_bound, str(bound.at(values))))
    rows += [("status" if k == 0 else "", line) for k, line in enumerate(status(bound.derivation))]
    rows.append(("normbound", f"{VERSION}, digest {bound.digest}"))
    first = f"{rows[0][0]} ({rows[0][1]})"
    return "\n".join([first, *(f"  {k:<{WIDTH}}{v}" for k, v in rows[1:])])


def status(d: Derivation) -> list[str]:
    """How sure the derivation is: which of its steps no theorem proves."""
    found = overall(d)
    if found.rank == "kernel":
        return [f"every step is an instance of a theorem that the kernel of Coq checked ({len(found.lemmas)} theorems); prove() has it "
                "check this network"]
    weak = "; ".join(f"{WORDS[rank]} at {', '.join(places(d, steps))}" for rank, steps in found.weak)
    return [f"{weak}; the other steps are instances of theorems that the kernel of Coq checked"]


def derivation_text(d: Derivation) -> str:
    """The steps of a derivation, one line each: number, rule, place, premises, what is promised, and the status."""
    lines = []
    for k, s in enumerate(d.steps):
        if k == MAX_STEPS:
            lines.append(f"... and {len(d.steps) - MAX_STEPS} more steps")
            break
        m = s.summary
        facts = [f"L = {m.L}", f"|out| <= {m.b0}" + (f" + {m.G} |in|" if m.G else "")]
        own = " + ".join(f"{q}{power}" for q, power in ((m.q2, " B^2"), (m.q1, " B"), (m.q0, "")) if q)
        facts += [f"p^2 = {own}"] if own else []
        facts += [f"c[{g}] = {c.l1} B + {c.l0}" for g, c in m.shared.items()]
        binder = d.binder(s.scope)
        premises = f" from {', '.join(map(str, s.premises))}" if s.premises else ""
        lines.append(f"{k:>3}  {s.rule}{premises}, {d.label(k)}{f' ({binder})' if binder else ''}: {'; '.join(facts)}"
                     f"  [{step_status(d, s)}]")
    return "\n".join(lines)


def _status_json(d: Derivation) -> dict[str, Any]:
    found = overall(d)
    return {"weakest": WORDS[found.rank], "steps": [k for _, steps in found.weak for k in steps][:MAX_STEPS], "lemmas": list(found.lemmas)}


def sharpness(bound: Bound) -> list[str]:
    """Whether some network of Theta attains the bound, and under which conditions; or where the argument stops."""
    a = attainment(bound)
    if not a.exact:
        return ["an upper bound; that some network of Theta comes close is not claimed", f"the argument stops at {to_text(a.obstacle)}"]
    conditions = [f"{left} {relation} {right}  ({to_text(reason)})" for left, relation, right, reason in a.conditions]
    head = f"exact: some network of Theta {'attains it' if a.mode == 'attained' else 'comes as close as desired'}"
    return [f"{head}, if", *conditions] if conditions else [head]


def vacuity(bound: Bound) -> list[str]:
    """The conditions without which no input meets the floors."""
    seen: dict[str, None] = {}
    for _, c in bound.conditions():
        guard = " and ".join(f"{g} >= {n}" for g, n in c.guard)
        seen[f"{c.left} <= {c.right}" + (f"  (for {guard})" if guard else "")] = None
        if len(seen) > 6:
            break
    lines = list(seen)
    if len(lines) > 6:
        lines = [*lines[:6], "..."]
    return lines[:1] and [f"the floors can be met only if {lines[0]}", *lines[1:]]


def _value(v: object) -> str:
    if isinstance(v, (list, tuple)):
        shown = ", ".join(map(number_shown, v[:4]))
        return f"({shown}{', ...' if len(v) > 4 else ''})"
    return number_shown(v)


def number_shown(v: object) -> str:
    """A number as it was given; one with too many digits for a line as a power of ten."""
    number = exact(v) if isinstance(v, (int, Fraction, str)) else v
    if isinstance(number, (int, Fraction)) and max(abs(number.numerator), number.denominator).bit_length() > 200:
        return number_text(number).text
    return str(v)


def _shorten(text: str, limit: int = 400) -> str:
    return text if len(text) <= limit else f"{text[:limit - 60]} ... [{len(text)} characters]"


def to_json(bound: Bound, values: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The same content as plain data."""
    lines = to_lines(bound.term)
    found: dict[str, Any] = {
        "normbound": VERSION,
        "digest": bound.digest,
        "wrt": bound.wrt,
        "title": bound.network.title,
        "network": _shorten(network_text(bound.network.body), 100_000),
        "claim": claim(bound),
        "bound": lines[-1][1],
        "where": dict(lines[:-1]),
        "unbounded": bound.unbounded,
        "form": bound.form,
        "norms": list(bound.norms),
        "domain": domain(bound),
        "symbols": symbols(bound),
        "theta": parameters(bound),
        "trainable": sorted(bound.derivation.trainable),
        "hypotheses": [{"id": h.id, "kind": h.kind, "statement": h.statement, "binder": h.binder} for h in bound.hypotheses],
        "vacuity": vacuity(bound),
        "rates": rates(bound) if not bound.unbounded else [],
        "sharpness": sharpness(bound) if not bound.unbounded else [],
        "derivation": derivation_text(bound.derivation).splitlines(),
        "status": _status_json(bound.derivation),
    }
    if values or not bound.symbols():
        v = bound.at(values)
        found["at"] = {k: [str(y) for y in x] if isinstance(x, (list, tuple)) else str(x) for k, x in (values or {}).items()}
        found["value"] = {"ball": v.ball.str(20), "at_most": format_upper(v.ball), "status": v.status,
                          "reasons": list(v.reasons)}
    return found
