"""A bound, its closed form and its hypotheses, checked by the kernel of Coq.

Two files are compiled. The certificate holds data and the theorem ``bound``. The second file, written here, never imports the
first: it takes the compiled theorem by its full name, gives it the stated type, and asks which axioms it rests on. What the
certificate prints, redefines or assumes therefore cannot change the verdict.
"""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn

from normbound.calculus.bound import Bound
from normbound.errors import HypothesisError, UnsupportedError
from normbound.files import write
from normbound.formal import coq, library
from normbound.formal.certificate import Certificate, certificate
from normbound.formal.sentences import header, names, objection, one_expression, sentences
from normbound.version import VERSION

CLASSICAL = ("ClassicalDedekindReals.sig_forall_dec", "ClassicalDedekindReals.sig_not_dec",
             "FunctionalExtensionality.functional_extensionality_dep")
SECONDS, MEGABYTES = 120.0, 4000
_UNEQUAL = re.compile(r'^Unable to unify "(?:true" with "false|false" with "true)"')
_REFUSAL = "the checker of the library does not accept the data"  # its decision computes to false
_NO_AXIOMS = "Closed under the global context"
Status = Literal["proved", "rejected", "not run", "undecided", "vacuous"]


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of `prove`, plain data.

    status      "proved"; "rejected" (Coq refuses the certificate, or it rests on more than the classical reals); "not run" (no
                accepted Coq, or no compiled library); "undecided" (time, memory, the network is not representable, or nothing
                shows that its hypotheses can be met); "vacuous" (the hypotheses contradict each other)
    reason      why it is not proved, "" if it is
    title, wrt  the network and the kind of bound
    words, statement, hypotheses, witness    what is proved: in words, in Coq, the conditions, and what shows that they can be met
    relative    contracts that are hypotheses of the statement, not proved
    kernel      "Coq 8.16.1", "" if none ran
    axioms      what the theorem rests on, as `Print Assumptions` names it
    place       where the certificate is refused, "" elsewhere
    size, nodes bytes of the certificate, rows of its table of terms
    seconds     time of Coq, without compiling the library
    digest, version    of the bound, of normbound
    kept        the file that holds the certificate, "" if none does
    """

    status: Status
    reason: str
    title: str
    wrt: str
    words: str = ""
    statement: str = ""
    hypotheses: tuple[str, ...] = ()
    kernel: str = ""
    axioms: tuple[str, ...] = ()
    relative: tuple[str, ...] = ()
    witness: str = ""
    place: str = ""
    size: int = 0
    nodes: int = 0
    seconds: float = 0.0
    digest: str = ""
    version: str = VERSION
    kept: str = ""

    @property
    def verdict(self) -> str:
        """The status as it is shown: what the kernel accepted, and relative to what."""
        if self.status != "proved":
            return self.status
        return "proved (kernel)" + (f", relative to {', '.join(self.relative)}" if self.relative else "")

    def __bool__(self) -> NoReturn:
        raise TypeError("a proof has a verdict, not a truth value; ask for proof.status == 'proved'")

    def to_json(self) -> dict[str, Any]:
        """The same content as plain data."""
        data = asdict(self)
        return {"verdict": self.verdict, **{k: list(v) if isinstance(v, tuple) else v for k, v in data.items()}}


class Outcome(NamedTuple):
    """What the two files gave."""

    status: Status
    reason: str = ""
    axioms: tuple[str, ...] = ()
    place: str = ""
    seconds: float = 0.0


def prove(bound: Bound, seconds: float = SECONDS, megabytes: int = MEGABYTES, keep: str | Path | None = None,
          certify: Callable[[Bound], Certificate] | None = None) -> Proof:
    """Write the certificate of a bound and let the kernel of Coq check it.

    seconds, megabytes  limits of Coq, without compiling the library; 0 megabytes: no limit of memory
    keep                write the certificate to this file, whatever the verdict
    certify             makes the certificate (default: ``normbound.formal.certificate.certificate``)

    Raises UnsupportedError for limits that are not positive and for a file that cannot be written, NetworkError for a layer that
    has no name in the language. Everything else is a verdict.
    """
    if not seconds > 0 or megabytes < 0:
        raise UnsupportedError(f"limits of {seconds} seconds and {megabytes} megabytes; accepted: a positive time, and 0 (no limit) or "
                               "more megabytes")
    from normbound.network.language import excerpt
    known: dict[str, Any] = {"title": bound.network.title or excerpt(bound.network.body), "wrt": bound.wrt, "digest": bound.digest,
                             "hypotheses": tuple(map(str, bound.hypotheses))}
    try:
        made = (certify or certificate)(bound)
    except HypothesisError as error:
        return Proof("vacuous", str(error), **known)
    except UnsupportedError as error:
        return Proof("undecided", f"not representable: {error}", **known)
    known["hypotheses"] += made.conditions
    known |= {"words": made.words, "statement": made.statement, "witness": made.witness, "relative": made.relative,
              "nodes": made.nodes, "size": len(made.source.encode("utf-8"))}
    if keep is not None:
        known["kept"] = str(write(Path(keep), made.source))
    wrong = objection(made.source)
    if wrong is not None:
        place = str(coq.Place(wrong[0], ""))
        return Proof("rejected", f"{place}: {wrong[1]}", place=place, **known)
    try:
        version = coq.find().version
        found = judge(made.source, made.statement, seconds, megabytes, made.further)
    except (coq.CoqError, library.LibraryError) as error:
        return Proof("not run", str(error), **known)
    if found.status != "not run":
        known["kernel"] = f"Coq {version}"
    if found.status == "rejected" and _REFUSAL in found.reason:
        found = _explained(found, made.source, bound.wrt, seconds, megabytes)
    if found.status == "proved" and not made.witnessed:
        return Proof("undecided", f"Coq accepts the certificate, but nothing shows that its hypotheses can be met: witness {made.witness}",
                     axioms=found.axioms, place=found.place, seconds=found.seconds, **known)
    return Proof(found.status, found.reason, axioms=found.axioms, place=found.place, seconds=found.seconds, **known)


def _explained(found: Outcome, source: str, wrt: str, seconds: float, megabytes: int) -> Outcome:
    """The refusal of the theorem ``bound`` with what is wrong in the certificate, if the library can say it."""
    if not found.place.endswith(", in bound") or "the_certificate" not in names(source):
        return found
    from normbound.formal.diagnosis import diagnose, in_words
    fault = diagnose(source, wrt, seconds, megabytes)
    if fault is None or fault.kind == "Sound":
        return found
    return found._replace(reason=f"{found.place}: {_REFUSAL}: {in_words(fault, source)}")


def judge(source: str, statement: str, seconds: float = SECONDS, megabytes: int = MEGABYTES,
          further: Sequence[tuple[str, str]] = (), theorem: str = "bound") -> Outcome:
    """Compile a certificate, then let a second file compare its theorem with ``statement`` and list its axioms.

    The limits hold for both files together. "proved" needs all of: the certificate compiles; its ``theorem`` has the type
    ``statement``, read with the library's names, and the theorems ``further`` (name, statement) have theirs; no definition of the
    certificate has a name of the library; all theorems of the certificate assume nothing but the three axioms of the classical
    reals, and no check of the kernel was off.
    """
    compared = ((theorem, statement), *further)
    for name, stated in compared:
        if not one_expression(stated) or not re.fullmatch(r"[A-Za-z_][\w']*", name):
            return Outcome("rejected", f"the statement of {name[:60]} is not one expression of Coq", (), f"theorem {name[:60]}")
    with tempfile.TemporaryDirectory(prefix="normbound-coq-") as name:
        folder = Path(name)
        first = coq.run(source, seconds, megabytes, folder, "Emitted")
        if first.status != "ok":
            return _failed(first, "the certificate")
        mark = secrets.token_hex(16)
        text, guarded, checked = second_file(source, compared, mark)
        left = seconds - first.seconds
        second = coq.run(text, left, megabytes, folder, "Verify") if left > 0 else coq.Run("timeout", "", "", 0.0)
    spent = first.seconds + second.seconds
    if second.status == "rejected":
        line = second.place.line if second.place else 0
        if line in guarded:
            return Outcome("rejected", f"the certificate redefines {guarded[line]}, a name of the library", (),
                           f"definition of {guarded[line]}", spent)
        name = next((n for n, lines in checked.items() if line in lines), theorem)
        return Outcome("rejected", f"the theorem {name} does not say what is stated: {second.message}", (), f"theorem {name}", spent)
    if second.status != "ok":
        return _failed(second, "the comparison of theorem and statement")._replace(seconds=spent)
    axioms = assumptions(second.stdout, mark)
    if axioms is None:
        return Outcome("rejected", "Coq's list of assumptions cannot be read, or says that a check of the kernel was off", (),
                       f"theorem {theorem}", spent)
    extra = [a for a in axioms if a not in CLASSICAL]
    if extra:
        return Outcome("rejected", f"the theorem rests on {', '.join(extra[:6])}{', ...' if len(extra) > 6 else ''}; accepted are the "
                       "axioms of the classical reals only", axioms, f"theorem {theorem}", spent)
    return Outcome("proved", "", axioms, "", spent)


def _failed(run: coq.Run, what: str) -> Outcome:
    if run.status in ("missing", "version"):
        return Outcome("not run", run.message or "no accepted Coq")
    if run.status == "rejected":
        place = str(run.place) if run.place else ""
        said = f"{_REFUSAL}: {run.message}" if _UNEQUAL.search(run.message) else run.message
        return Outcome("rejected", ": ".join(filter(None, (place, said))), (), place, run.seconds)
    limit = "time" if run.status == "timeout" else "memory"
    at = f" ({run.place})" if run.place else ""
    return Outcome("undecided", f"{what} exceeded the limit of {limit}{at}", (), "", run.seconds)


def second_file(source: str, compared: Sequence[tuple[str, str]], mark: str) -> tuple[str, dict[int, str], dict[str, range]]:
    """The file that judges a compiled certificate; the name that each guarding line guards; the lines that compare each theorem.

    It has the imports and scopes of the certificate and nothing else of it. That the library has none of the names which the
    certificate defines is checked first, so that definitions and statements speak of the library's notions; where a statement uses
    such a name, it stands for the certificate's definition. The imports end with the module, so that Coq prints each axiom with
    the file it comes from.
    """
    imports, words = header(source), set(re.findall(r"[A-Za-z_][\w']*", " ".join(stated for _, stated in compared)))
    theorems = names(source, theorems=True)
    data = sorted(names(source) - theorems)
    text = [re.sub(r"\bRequire\s+(?:Import|Export)\b", "Require", f"{s.text}.\n") for s in sentences(imports) if s.command == "From"]
    text += [f"Require {coq.PREFIX}.Emitted.\nModule Judged.\n", imports]
    line = 1 + "".join(text).count("\n")
    guarded = dict(enumerate(data, line))
    text += [f"Fail Check {name}.\n" for name in data]
    used = [name for name in data if name in words]
    text += [f"Notation {name} := {coq.PREFIX}.Emitted.{name} (only parsing).\n" for name in used]
    line += len(data) + len(used)
    checked: dict[str, range] = {}
    for k, (name, stated) in enumerate(compared):
        text.append(f"Definition compared_{k} :\n({stated}\n) := {coq.PREFIX}.Emitted.{name}.\n")
        checked[name] = range(line, line + text[-1].count("\n"))
        line = checked[name].stop

    def say(what: str) -> str:
        return f'Goal True. idtac "{mark} {what}". exact I. Qed.\n'

    # One definition over all theorems: its axioms are theirs. The widest lines: each axiom stands on a line of its own.
    lets = " ".join([f"let _ := compared_{k} in" for k in range(len(compared))]
                    + [f"let _ := {coq.PREFIX}.Emitted.{name} in" for name in sorted(theorems - {n for n, _ in compared})])
    text += [f"Definition every_theorem : True := {lets} I.\nEnd Judged.\nSet Printing Width 1000000.\n", say("begin"),
             "Print Assumptions Judged.every_theorem.\n", say("end")]
    return "".join(text), guarded, checked


def assumptions(output: str, mark: str) -> tuple[str, ...] | None:
    """The axioms between the two marks in the output of Coq; None when anything else stands there.

    ``mark`` is random, so that no text of a certificate can imitate it. Coq shows definitions whose check was turned off as
    sentences ("... is assumed to be guarded"): these are no entries of the list, and None results.
    """
    _, begun, rest = output.partition(f"{mark} begin\n")
    body, ended, _ = rest.partition(f"{mark} end\n")
    lines = [line for line in body.splitlines() if line.strip()]
    if not begun or not ended or not lines:
        return None
    if lines == [_NO_AXIOMS]:
        return ()
    if lines[0] != "Axioms:":
        return None
    found: list[str] = []
    for line in lines[1:]:
        entry = re.match(r"([A-Za-z_][\w'.]*)(?: :\s|$)", line)
        if entry is not None:
            found.append(entry[1])
        elif not (line.startswith("  ") and found):
            return None
    return tuple(sorted(found)) or None
