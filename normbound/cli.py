"""The command line: derive, compare, render, paper, check, prove, claims, search, audit, layers, bench, doctor.

Every error is one line and exit code 2.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from normbound.bench import BENCHMARKS, benchmark
from normbound.version import VERSION

if TYPE_CHECKING:
    from normbound.network.files import Architecture
    from normbound.render.prose import Passage

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
                  context_settings={"help_option_names": ["-h", "--help"]},
                  help="Formal Lipschitz bounds of neural networks, in inputs and parameters, with and without normalization.")

Source = Annotated[str, typer.Argument(help="Name of a built-in architecture, or a .toml file.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="Give a symbol an exact value, e.g. --set s=6/5; families: "
                                                    "--set s=1,6/5,2. Repeatable.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file instead of the terminal.")]


def main() -> None:
    """Entry point: run the application, turn known errors into one line and exit code 2."""
    from normbound.errors import NormboundError
    try:
        try:
            app(standalone_mode=True)
        finally:
            sys.stdout.flush()
    except NormboundError as error:
        print(f"normbound: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    except OSError as error:
        print(f"normbound: {error.strerror or error}", file=sys.stderr)
        raise SystemExit(2) from None


def _version(show: bool) -> None:
    if show:
        print(f"normbound {VERSION}")
        raise typer.Exit


@app.callback()
def _options(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True,
                                                   help="Print the version.")] = False) -> None:
    """Formal Lipschitz bounds of neural networks, in inputs and parameters, with and without normalization."""


def _load(source: str) -> Architecture:
    from normbound.network import builtins, files
    if source.endswith(".toml") or "/" in source or "\\" in source:
        return files.load(source)
    return builtins.get(source)


def _values(architecture: Architecture, settings: list[str] | None) -> dict[str, Any]:
    """The numbers of --set; empty without any, over the file's own values otherwise."""
    from normbound.errors import TermError
    from normbound.terms.exact import exact
    if not settings:
        return {}
    found: dict[str, Any] = dict(architecture.values)
    seen: set[str] = set()
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise TermError(f"--set {setting!r}: write name=value, e.g. --set s=6/5")
        try:
            numbers = [exact(part) for part in text.split(",")]
        except TermError as error:
            raise TermError(f"--set {setting!r}: {error}") from None
        if name in seen:
            raise TermError(f"--set {name} is given twice")
        seen.add(name)
        found[name] = numbers[0] if len(numbers) == 1 else numbers
    return found


def _kinds(wrt: str) -> list[str]:
    """The kinds of bounds that --wrt names, each once."""
    from normbound.calculus.bound import KINDS
    from normbound.errors import UnsupportedError
    kinds = list(KINDS) if wrt == "all" else [w.strip() for w in wrt.split(",")]
    if any(k not in KINDS for k in kinds):
        raise UnsupportedError(f"--wrt {wrt!r}; accepted: {', '.join(KINDS)}, several separated by commas, or all")
    return list(dict.fromkeys(kinds))


def _emit(text: str, output: Path | None) -> None:
    """Print, or write the whole text at once."""
    if output is None:
        print(text)
        return
    from normbound.files import write
    write(output, text + "\n")


@app.command(epilog="Examples:  normbound derive --list;  normbound derive mlp-layernorm --wrt parameters;  "
                    "normbound derive pre-norm --set s=6/5 --set K=24 --json;  normbound derive my-network.toml")
def derive(source: Annotated[str, typer.Argument(help="Name of a built-in architecture, or a .toml file.")] = "",
           wrt: Annotated[str, typer.Option(help="input, parameters or radius.")] = "input",
           settings: Settings = None,
           trainable: Annotated[str, typer.Option(help="Comma-separated roles or groups (with --wrt parameters): weight, "
                                                       "bias, gain, shift, scale, slope.")] = "",
           floors: Annotated[bool, typer.Option("--floors/--no-floors", help="Use the declared variance floors, or the "
                                                "unconditional constants.")] = True,
           drop: Annotated[str, typer.Option(help="Show the bound that remains without this hypothesis (its id).")] = "",
           blame: Annotated[bool, typer.Option("--blame", help="Which layer contributes what (needs numbers).")] = False,
           norm: Annotated[str, typer.Option(help="Norm of inputs and outputs.")] = "l2",
           as_json: AsJson = False, output: Output = None,
           listing: Annotated[bool, typer.Option("--list", help="List the built-in architectures.")] = False) -> None:
    """Derive a bound and print it as a statement."""
    if listing:
        _list()
        return
    if not source:
        raise typer.BadParameter("name a built-in architecture (see --list) or a .toml file")
    from normbound.calculus.bound import derive as derive_bound
    from normbound.render import statement as rendering
    architecture = _load(source)
    roles = [r.strip() for r in trainable.split(",") if r.strip()] or None
    bound = derive_bound(architecture.network, wrt, roles, floors, norm)
    if drop:
        witness = bound.witness(drop)
        bound = bound.drop(drop)
        if not as_json:
            print(f"without {drop}: {witness}\n")
    values = _values(architecture, settings)
    if as_json:
        found = rendering.to_json(bound, values)
        if blame:
            found["contributions"] = [row._asdict() for row in bound.contributions(values or architecture.values)]
        _emit(json.dumps(found, indent=1), output)
        return
    text = rendering.statement(bound, values, architecture.title)
    if blame:
        text += "\n" + _blame(bound.contributions(values or architecture.values))
    _emit(text, output)


def _blame(rows: list[Any]) -> str:
    lines = [f"  {'where':<16}{'layer':<22}{'log10 of L':>12}{'share of P^2':>14}"]
    for r in rows:
        log = "varies" if r.log10_lip is None else f"{r.log10_lip:.3f}"
        lines.append(f"  {'  ' * r.level + r.where:<16}{r.layer:<22}{log:>12}{r.share:>13.1%}")
    return "\n".join(lines)


def _list() -> None:
    from normbound.network import builtins
    for name in builtins.names():
        print(f"{name:<18}{builtins.get(name).title}")


@app.command(epilog="Examples:  normbound check --all;  normbound check pre-norm --networks 500 --seed 7;  "
                    "normbound check --all --networks 700 --workers 2 --jsonl run.jsonl;  normbound check --replay run.jsonl;  "
                    "normbound check my-network.toml --json")
def check(sources: Annotated[list[str] | None, typer.Argument(help="Built-in names or .toml files.")] = None,
          everything: Annotated[bool, typer.Option("--all", help="Check every built-in architecture.")] = False,
          networks: Annotated[int, typer.Option(help="Random networks per architecture.")] = 110,
          points: Annotated[int, typer.Option(help="Inputs per network.")] = 8,
          seed: Annotated[int, typer.Option(help="Seed; equal seeds draw equal networks.")] = 0,
          settings: Settings = None,
          workers: Annotated[int, typer.Option(help="Processes; -1: one per core. The result does not depend on it.")] = 1,
          backend: Annotated[str, typer.Option(help="loky, or dask: a local Dask cluster.")] = "",
          jsonl: Annotated[Path | None, typer.Option("--jsonl", help="Also write the run as JSON Lines, while it proceeds.")] = None,
          replay: Annotated[Path | None, typer.Option("--replay", help="Draw the networks of the violations in this file again.")] = None,
          verbose: Annotated[bool, typer.Option("--steps", help="One line per step of the derivation.")] = False,
          as_json: AsJson = False, output: Output = None) -> None:
    """Derive the bounds, draw random networks and try to break every step. Exit code 1 if one breaks, or nothing was tested."""
    from normbound.check.falsify import batches
    from normbound.check.run import run
    from normbound.errors import TermError, UnsupportedError
    from normbound.network import builtins
    names = list(sources or []) + (list(builtins.names()) if everything else [])
    if replay is not None:
        if settings or jsonl or backend:
            raise UnsupportedError("--replay draws what the file says: --set, --jsonl and --backend do not go with it")
        _replay(replay, [_load(name) for name in names], as_json, output)
        return
    if not names:
        raise typer.BadParameter("name architectures, or give --all")
    if settings and len(names) > 1:
        raise TermError("--set applies to one architecture; name one")
    architectures = [_load(name) for name in names]
    fixed = _values(architectures[0], settings)
    with _meter(len(names) * len(batches(networks)), quiet=as_json or verbose) as advance, _stream(jsonl) as sink:
        reports = run(architectures, networks, points, seed, workers, backend or None, sink, advance, values=fixed or None)
    if as_json:
        _emit(json.dumps([{"name": r.title, **r.to_data()} for r in reports], indent=1), output)
    elif verbose:
        _emit("\n\n".join(str(r) for r in reports), output)
    else:
        _emit(_table(architectures, reports), output)
    if any(r.verdict != "survived" for r in reports):
        raise typer.Exit(1)


def _replay(path: Path, architectures: list[Architecture], as_json: bool, output: Path | None) -> None:
    """Print which stored violations are confirmed again; exit code 1 if any is."""
    from normbound.check.run import read_record, replay_record
    record = read_record(path)
    found = replay_record(record, architectures, str(path))
    if as_json:
        _emit(json.dumps([{"name": r.title, "again": r.again is not None, "same_numbers": r.same_numbers,
                           "violation": r.violation.to_data()} for r in found], indent=1), output)
    else:
        again = sum(r.again is not None for r in found)
        note = "" if record.finished else "; the run was interrupted"
        _emit("\n".join([*map(str, found), f"{again} of {len(found)} violations confirmed again{note}"]), output)
    if any(r.again is not None for r in found):
        raise typer.Exit(1)


@contextmanager
def _stream(path: Path | None) -> Iterator[TextIO | None]:
    """The file for JSON Lines, opened before any work."""
    if path is None:
        yield None
        return
    from normbound.errors import UnsupportedError
    try:
        stream = path.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise UnsupportedError(f"--jsonl: cannot write {path}: {error.strerror or error}") from None
    with stream:
        yield stream


@contextmanager
def _meter(total: int, quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """A progress bar of batches on a terminal, nothing elsewhere: rate, and the largest measured/bound so far."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    triples, closest = 0, 0.0
    begun = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
               TextColumn("{task.fields[closest]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("checking", total=total, rate="", closest="")

        def advance(report: Any) -> None:
            nonlocal triples, closest
            triples += report.triples
            closest = max(closest, *(row.best for row in report.steps))
            progress.update(task, advance=1, description=report.title, closest=f"closest {closest:.6f}",
                            rate=f"{triples / (time.perf_counter() - begun):,.0f} triples/s")

        yield advance


def _progress(total: int, quiet: bool) -> Any:
    """A progress bar on a terminal, nothing elsewhere."""
    from contextlib import contextmanager

    @contextmanager
    def bar() -> Any:
        if quiet or not sys.stderr.isatty():
            yield lambda _: None
            return
        from rich.console import Console
        from rich.progress import Progress
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("checking", total=total)
            yield lambda name: progress.update(task, advance=1, description=name)

    return bar()


def _table(architectures: list[Architecture], reports: list[Any]) -> str:
    from normbound.calculus.bound import derive as derive_bound
    rows = [("architecture", "Lipschitz constant in the input", "networks", "triples", "unmet", "best L", "median", "best P",
             "median", "verdict")]
    for a, r in zip(architectures, reports, strict=True):
        text = str(derive_bound(a.network).term)
        text = text if len(text) <= 39 else text[:36] + "..."
        lip, parameters = r.tightness("L"), r.tightness("P")
        rows.append((a.name, text, f"{r.executed:,}", f"{r.triples:,}", f"{r.totals['unmet']:,}", f"{lip.best:.4f}",
                     f"{lip.median:.2f}", f"{parameters.best:.4f}", f"{parameters.median:.2f}", r.verdict))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) if k in (0, 1, 9) else c.rjust(w) for k, (c, w) in
                       enumerate(zip(row, widths, strict=True))).rstrip() for row in rows]
    lines.insert(1, "-" * max(map(len, lines)))
    first = reports[0]
    lines.append(f"{sum(r.triples for r in reports):,} triples (network, point, step) checked: {first.points} points per network, "
                 f"seed {first.seed}")
    lines.append("best, median: largest measured/bound of a network, over all networks (1: the bound is attained); unmet: points "
                 "left out")
    lines.append("because a stated hypothesis does not hold there")
    lines += [f"{r.title}: suspected by doubles, not proved: step {', '.join(str(row.step) for row in r.suspected)}"
              for r in reports if r.suspected]
    lines += [f"{r.title}: undecided: step {', '.join(str(row.step) for row in r.steps if row.undecided)} exceeds its bound in doubles, "
              "and the layer cannot be evaluated on balls" for r in reports if r.totals["undecided"]]
    lines += [f"{r.title}: never tested: step {', '.join(str(row.step) for row in r.unchecked if row.rule != 'domain')}"
              for r in reports if any(row.rule != "domain" for row in r.unchecked)]
    lines += [f"{r.title}: overflow: {r.totals['overflow']:,} points left out, whose numbers doubles cannot hold"
              for r in reports if r.totals["overflow"]]
    return "\n".join(lines + [f"{r.title}: {v}" for r in reports for v in r.violations[:3]])


@app.command(epilog="Examples:  normbound prove mlp-layernorm;  normbound prove pre-norm --wrt parameters -o pre-norm.v;  "
                    "normbound prove --all --wrt all;  normbound prove my-network.toml --json")
def prove(source: Annotated[str, typer.Argument(help="Name of a built-in architecture, or a .toml file.")] = "",
          wrt: Annotated[str, typer.Option(help="input, parameters or radius; several, separated by commas, or all.")] = "input",
          trainable: Annotated[str, typer.Option(help="Comma-separated roles or groups (with --wrt parameters): weight, "
                                                      "bias, gain, shift, scale, slope.")] = "",
          floors: Annotated[bool, typer.Option("--floors/--no-floors", help="Use the declared variance floors, or the "
                                               "unconditional constants.")] = True,
          everything: Annotated[bool, typer.Option("--all", help="Prove every built-in architecture, and print a table.")] = False,
          keep: Annotated[Path | None, typer.Option("-o", "--output", help="Write the certificate (a .v file) to this file.")] = None,
          seconds: Annotated[float, typer.Option("--time-limit", min=1, help="Seconds that Coq may take for a bound.")] = 120,
          megabytes: Annotated[int, typer.Option("--memory-limit", min=0, help="Megabytes that Coq may take; 0: no limit.")] = 4000,
          as_json: AsJson = False) -> None:
    """Let the kernel of Coq check a bound: its derivation, closed form and hypotheses. Exit code 1 if one is not proved."""
    from normbound.calculus.bound import derive as derive_bound
    from normbound.errors import UnsupportedError
    from normbound.formal.proof import prove as prove_bound
    from normbound.network import builtins
    from normbound.render.proof import proof_table, proof_text
    if bool(source) == everything:
        raise typer.BadParameter("name a built-in architecture (see derive --list) or a .toml file, or give --all")
    kinds = _kinds(wrt)
    several = everything or len(kinds) > 1
    if several and keep is not None:
        raise UnsupportedError("--output holds the certificate of one bound; name one network and one kind of bound")
    roles = [r.strip() for r in trainable.split(",") if r.strip()] or None
    architectures = [builtins.get(name) for name in builtins.names()] if everything else [_load(source)]
    rows: list[tuple[str, dict[str, Any]]] = []
    with _progress(len(architectures) * len(kinds), quiet=as_json or not several) as advance:
        for a in architectures:
            for kind in kinds:
                bound = derive_bound(a.network, kind, roles, floors)
                rows.append((a.name, {**prove_bound(bound, seconds, megabytes, keep).to_json(), "title": a.title}))
                advance(a.name)
    columns, colour = get_terminal_size().columns, sys.stdout.isatty() and "NO_COLOR" not in os.environ
    if as_json:
        data = [{"name": name, **found} for name, found in rows]
        print(json.dumps(data if several else data[0], indent=1))
    elif several:
        print(proof_table(rows, columns, colour))
    else:
        print(proof_text(rows[0][1], columns, colour))
    if any(found["status"] != "proved" for _, found in rows):
        raise typer.Exit(1)


@app.command(epilog="Examples:  normbound claims theory.claims.toml;  normbound claims claims/*.toml --jobs 2 --json;  normbound claims "
                    "theory.claims.toml --certificates out --latex theory.tex;  normbound claims theory.claims.toml --verify out/a.json")
def claims(files: Annotated[list[Path], typer.Argument(help="Files of claims (TOML).")],
           only: Annotated[list[str] | None, typer.Option("--claim", help="Look at the claim with this id only. Repeatable.")] = None,
           certificates: Annotated[Path | None, typer.Option("--certificates", help="Write a certificate for each proved claim into "
                                                             "this folder: JSON, and a file for Coq where there is one.")] = None,
           latex: Annotated[Path | None, typer.Option("--latex", help="Write theorems with proofs, and counterexamples, to this "
                                                      "file.")] = None,
           jobs: Annotated[int, typer.Option("--jobs", min=-1, help="Processes; -1: one per core.")] = 1,
           seconds: Annotated[float, typer.Option("--time-limit", min=0.1, max=3600, help="Seconds for a claim that names none.")] = 20,
           megabytes: Annotated[int, typer.Option("--memory-limit", min=0, max=10**6, help="Megabytes for a process, at least 256; 0: no "
                                                  "limit.")] = 3000,
           coq: Annotated[bool, typer.Option("--coq", help="Replay certificates, and the derivations behind bounds, in the kernel "
                                         "of Coq: at most two more minutes a claim, and no memory limit of ours.")] = False,
           stored: Annotated[bool, typer.Option("--cache/--no-cache", help="Keep certificates and counterexamples; what is kept is "
                                                "checked again.")] = True,
           verify: Annotated[list[Path] | None, typer.Option("--verify", help="Only check this certificate, or those in this folder, "
                                                             "against the claims of the files. Repeatable.")] = None,
           steps: Annotated[bool, typer.Option("--steps", help="Say what was tried, for every claim.")] = False,
           as_json: AsJson = False, output: Output = None) -> None:
    """Prove, refute or leave undecided the claims of files. Exit code 1 if a verdict is not the expected one, 2 if a file is malformed."""
    from normbound.claims.document import read
    from normbound.errors import UnsupportedError
    if 0 < megabytes < 256:
        raise UnsupportedError(f"--memory-limit {megabytes}: a process needs more to start; accepted: 0 for no limit, or 256 to 1000000")
    documents = [read(path) for path in files]
    wanted = [(d, c) for d in documents for c in d.claims if not only or c.id in only]
    for name in only or ():
        if not any(c.id == name for _, c in wanted):
            documents[0].claim(name)  # raises with what there is
    if verify:
        _verify(verify, wanted, (seconds, megabytes, jobs), as_json, output)
        return
    from normbound.claims import report
    from normbound.claims.cache import Cache
    from normbound.claims.pool import Limits, Task, run
    cache = Cache() if stored and not coq else None
    tasks = [Task(d, c, cache.get(c) if cache else None) for d, c in wanted]
    found: dict[int, Any] = {}
    workers = (os.cpu_count() or 1) if jobs < 1 else jobs
    with _progress(len(tasks), quiet=as_json) as advance:
        for k, outcome in run(tasks, workers, Limits(seconds, 0 if coq else megabytes, coq)):
            found[k] = outcome
            if cache:
                cache.put(wanted[k][1], outcome)
            advance(outcome.id)
    rows = [(d, c, found[k]) for k, (d, c) in enumerate(wanted)]
    if certificates is not None:
        report.write_certificates(rows, certificates)
    if latex is not None:
        from normbound.claims.typeset import fragment
        _emit(fragment(rows).rstrip("\n"), latex)
    columns, colour = get_terminal_size().columns, output is None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    _emit(json.dumps(report.as_data(rows), indent=1) if as_json else report.table(rows, columns, colour, steps), output)
    if not all(o.as_expected for _, _, o in rows):
        raise typer.Exit(1)


def _verify(paths: list[Path], wanted: list[Any], limits: tuple[float, int, int], as_json: bool, output: Path | None) -> None:
    """Check certificate files with the checker alone; no prover is imported. Exit code 1 if one proves nothing."""
    from normbound.claims.pool import Limits, Task, checker, run
    from normbound.claims.target import of_file
    from normbound.claims.verdict import PROVED, VACUOUS
    from normbound.errors import UnsupportedError
    known = {c.id: c for _, c in wanted}
    if len(known) < len(wanted):
        raise UnsupportedError("two files have a claim with the same id; name one file with --verify")
    documents = {c.id: d for d, c in wanted}
    tasks = []
    paths = [p for path in paths for p in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise UnsupportedError(f"cannot read {path}: {error.strerror or error}") from None
        claim, data = of_file(known, text, str(path))
        tasks.append(Task(documents[claim.id], claim, certificate=data))
    seconds, megabytes, jobs = limits
    found = dict(run(tasks, (os.cpu_count() or 1) if jobs < 1 else jobs, Limits(seconds, megabytes), checker))
    rows: list[dict[str, Any]] = []
    for k, path in enumerate(paths):
        o = found[k]
        failed = "rejected" if o.reason.startswith("certificate rejected") else "not checked"
        said = o.verdict if o.verdict in {*PROVED, VACUOUS} else failed
        rows.append({"file": str(path), "claim": o.id, "verdict": said, "notes": list(o.notes), "reason": o.reason})
    lines = [f"{r['file']}: {r['claim'] + ': ' if r['claim'] else ''}{r['verdict']}"
             + "".join(f"\n    {x}" for x in [r["reason"], *r["notes"]] if x) for r in rows]
    _emit(json.dumps(rows, indent=1) if as_json else "\n".join(lines), output)
    if any(r["verdict"] not in PROVED for r in rows):
        raise typer.Exit(1)


def _split(settings: list[str] | None, option: str) -> dict[str, str]:
    """name=text pairs of a repeatable option."""
    from normbound.errors import UnsupportedError
    found: dict[str, str] = {}
    for setting in settings or []:
        name, equals, text = setting.partition("=")
        if not equals or not name.strip() or not text.strip():
            raise UnsupportedError(f"{option} {setting!r}: write name=TeX, e.g. {option} s=\\\\rho")
        found[name.strip()] = text.strip()
    return found


@app.command(epilog="Examples:  normbound search pre-norm;  normbound search dense --quantity parameters --seconds 10;  "
                    "normbound search mlp-layernorm --steps --json")
def search(source: Source,
           quantity: Annotated[str, typer.Option(help="input, parameters or pair.")] = "input",
           networks: Annotated[int, typer.Option(help="Random networks to climb from.")] = 24,
           iterations: Annotated[int, typer.Option(help="Climbing steps; equal seeds then give equal results.")] = 200,
           seconds: Annotated[float, typer.Option(help="Climb for this long instead.")] = 0.0,
           seed: Annotated[int, typer.Option(help="Seed of the starts and of the climb.")] = 0,
           settings: Settings = None,
           steps: Annotated[bool, typer.Option("--steps", help="Climb on every step of the derivation.")] = False,
           as_json: AsJson = False, output: Output = None) -> None:
    """Climb towards a bound over points, directions and weights: how tight is it? Exit code 1 if balls prove it exceeded."""
    from normbound.check import search as climbing
    architecture = _load(source)
    values = _values(architecture, settings) or None
    limit = {"seconds": seconds} if seconds else {"iterations": iterations}
    found: dict[Any, Any]
    if steps:
        found = climbing.tightness(architecture.network, quantity if quantity != "pair" else "input", networks, seed=seed,
                                   values=values, **limit)
    else:
        found = {quantity: climbing.search(architecture, quantity, networks, seed=seed, values=values, **limit)}
    proved = [k for k, s in found.items() if not isinstance(s, str) and s.suspicious
              and climbing.confirmed(architecture.network, s).confirmed]
    if as_json:
        shown = {str(k): s if isinstance(s, str) else json.loads(s.to_json()) for k, s in found.items()}
        _emit(json.dumps(shown, indent=1), output)
    else:
        _emit("\n".join(f"step {k}: {s}" if steps else str(s) for k, s in found.items()), output)
    if proved:
        print(f"exceeded, proved in ball arithmetic: {', '.join(map(str, proved))}", file=sys.stderr)
        raise typer.Exit(1)


@app.command(epilog="Examples:  normbound render pre-norm --wrt parameters -o bound.tex;  normbound render mlp-layernorm "
                    "--format pdf -o bound.pdf;  normbound render pre-norm --name sigma=\\\\varsigma --environment proposition")
def render(source: Source,
           wrt: Annotated[str, typer.Option(help="input, parameters or radius; several, separated by commas, or all.")] = "input",
           form: Annotated[str, typer.Option("--format", help="tex (a fragment for \\\\input), document, pdf, text or json.")] = "tex",
           names: Annotated[list[str] | None, typer.Option("--name", help="TeX name of a symbol, e.g. --name sigma=\\\\varsigma. "
                                                           "Repeatable.")] = None,
           macros: Annotated[list[str] | None, typer.Option("--macro", help="Your own macro for norm, abs, supnorm, Lip, Var, diag or "
                                                            "homogeneous, e.g. --macro norm=\\\\mynorm. Repeatable.")] = None,
           environment: Annotated[str, typer.Option(help="Theorem environment of the document it goes into.")] = "theorem",
           label: Annotated[str, typer.Option(help="The \\\\label; default: from the title and the kind of the bound.")] = "",
           derivation: Annotated[bool, typer.Option("--derivation/--no-derivation", help="Include the derivation.")] = True,
           floors: Annotated[bool, typer.Option("--floors/--no-floors", help="Use the declared variance floors, or the "
                                                "unconditional constants.")] = True,
           without: Annotated[bool, typer.Option("--without-normalization", help="Remove whole normalizers first.")] = False,
           cite: Annotated[bool, typer.Option("--cite", help="Cite the papers that introduced the layers.")] = False,
           bibtex: Annotated[bool, typer.Option("--bibtex", help="Print the BibTeX entries of these papers, and nothing else.")] = False,
           measure: Annotated[int, typer.Option(help="Also sample this many networks and say how close they come.")] = 0,
           output: Output = None) -> None:
    """Typeset bounds with their derivations: LaTeX for a paper, a document, a PDF."""
    from normbound.calculus.bound import derive as derive_bound
    from normbound.errors import UnsupportedError
    from normbound.render import latex, statement
    from normbound.render.bibliography import bibtex as bibliography
    from normbound.render.bibliography import references
    from normbound.render.names import Names
    forms = ("tex", "document", "pdf", "text", "json")
    if form not in forms:
        raise UnsupportedError(f"--format {form!r}; accepted: {', '.join(forms)}")
    kinds = _kinds(wrt)
    if label and len(kinds) > 1:
        raise UnsupportedError("--label names one bound; with several, leave the labels to normbound")
    architecture = _load(source)
    network = architecture.network.without_normalization() if without else architecture.network
    title = architecture.title + (", without its normalizers" if without else "")
    bounds = [derive_bound(network, kind, floors=floors) for kind in kinds]
    papers = references(bounds[0])
    if bibtex:
        _emit(bibliography(papers), output)
        return
    if form == "json":
        _emit(json.dumps([statement.to_json(b) for b in bounds], indent=1), output)
        return
    if form == "text":
        _emit("\n\n".join(statement.statement(b, None, title) for b in bounds), output)
        return
    chosen = _split(names, "--name")
    known = set().union(*(b.symbols() for b in bounds))
    unknown = [n for n in chosen if n not in known]
    if unknown:
        raise UnsupportedError(f"--name {unknown[0]}: this network has no such symbol; it has {', '.join(sorted(known))}")
    said = _measured(network, measure) if measure else {}
    fragments = [latex.to_latex(b, latex.Style(Names(chosen, _split(macros, "--macro")), environment,
                                               label or None, derivation, cite), title, said.get(b.wrt, "")) for b in bounds]
    if form == "tex":
        _emit("\n\n".join(fragments), output)
        return
    whole = latex.document(fragments, latex.Style(environment=environment), bibliography=cite and bool(papers))
    if form == "document":
        _emit(whole, output)
        return
    _compile(whole, {"references.bib": bibliography(papers).encode()}, bool(cite and papers), output or Path(f"{architecture.name}.pdf"))


def _compile(whole: str, beside: Mapping[str, bytes], cited: bool, target: Path) -> None:
    """Write a document as PDF; without TeX, write its source."""
    from normbound.files import write
    from normbound.render.pdf import TexError, compile_tex, engine
    if engine() is None:
        written = write(target.with_suffix(".tex"), whole)
        try:
            compile_tex(whole)  # says what is missing
        except TexError as error:
            print(f"written: {written}\n{error}", file=sys.stderr)
        return
    compiled = compile_tex(whole, beside, cited)
    for warning in compiled.warnings:
        print(f"TeX: {warning}", file=sys.stderr)
    print(f"written: {write(target, compiled.pdf)} ({compiled.pages} page{'s' if compiled.pages != 1 else ''})")


def _measured(network: Any, networks: int) -> dict[str, str]:
    """How close sampled networks come to the bounds, in a sentence each."""
    from normbound.check.falsify import check as falsify
    r = falsify(network, networks)
    return {kind: f"The largest measured quotient over {r.executed} sampled networks is {best:.4f} times the bound (seed 0; verdict: "
                  f"{r.verdict})." for kind, best in (("input", r.best_input), ("parameters", r.best_parameters))}


@app.command(epilog="Examples:  normbound compare mlp-layernorm;  normbound compare pre-norm post-norm --set K=24;  "
                    "normbound compare pre-norm --wrt parameters --json")
def compare(source: Source,
            other: Annotated[str, typer.Argument(help="The network to compare with; default: the first without its "
                                                      "normalizers.")] = "",
            wrt: Annotated[str, typer.Option(help="input or parameters.")] = "input", settings: Settings = None,
            floors: Annotated[bool, typer.Option("--floors/--no-floors", help="Use the declared variance floors, or the "
                                                 "unconditional constants.")] = True,
            figure: Annotated[Path | None, typer.Option(help="Draw the regime diagram into this file (.pdf and .png).")] = None,
            as_json: AsJson = False, latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX fragment.")] = False,
            output: Output = None) -> None:
    """Compare two bounds: quotient, when it is below 1, rates, regime at numbers, and where the quotient misleads."""
    from normbound.calculus.comparison import compare as compare_networks
    from normbound.errors import UnsupportedError
    from normbound.render import comparison as rendering
    if as_json and latex:
        raise UnsupportedError("--json and --latex: choose one")
    first = _load(source)
    second = _load(other) if other else None
    found = compare_networks(first.network, second.network if second else None, wrt, floors=floors)
    values: dict[str, Any] = {**(second.values if second else {}), **_defaults(first, settings)}
    values = {n: v for n, v in values.items() if n in found.symbols() or n not in first.values}
    if figure is not None:
        from normbound.render.figures import regime_diagram
        regime_diagram(found, figure, values)
    if as_json:
        _emit(json.dumps(rendering.comparison_json(found, values), indent=1), output)
    elif latex:
        _emit(rendering.comparison_latex(found), output)
    else:
        _emit(rendering.comparison_text(found, values), output)


def _defaults(architecture: Architecture, settings: list[str] | None) -> dict[str, Any]:
    """The file's own numbers, over which --set puts others."""
    return _values(architecture, settings) or dict(architecture.values)


@app.command(epilog="Example:  normbound paper --out paper")
def paper(out: Annotated[Path, typer.Option("--out", help="Folder to write into: new, empty, or of an earlier run.")],
          seed: Annotated[int, typer.Option(help="Seed; equal seeds draw equal networks.")] = 0,
          quick: Annotated[bool, typer.Option("--quick", help="Smaller samples, for a first look.")] = False,
          pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Compile paper.pdf where TeX is installed.")] = True,
          prove: Annotated[bool, typer.Option("--prove/--no-prove", help="Let Coq check the certificates of the bounds, where it is "
                                              "installed.")] = True,
          as_json: AsJson = False) -> None:
    """The nine results: derived, checked on sampled networks and by Coq, typeset. Exit code 1 if one verdict fails."""
    from normbound.paper import write_paper
    with _progress(9, quiet=as_json) as advance:
        found = write_paper(out, seed, quick, pdf, advance, prove)
    print((out / "report.json").read_text() if as_json else found)
    if not found.passed:
        raise typer.Exit(1)


@app.command(epilog="Examples:  normbound audit --quick;  normbound audit --layer LayerNorm --layer concat;  normbound audit "
                    "--json -o audit.json")
def audit(names: Annotated[list[str] | None, typer.Option("--layer", help="Only this layer, primitive part or rule. "
                                                          "Repeatable.")] = None,
          quick: Annotated[bool, typer.Option("--quick", help="Fewer networks, under a minute.")] = False,
          seed: Annotated[int, typer.Option(min=0, help="Seed; equal seeds draw equal networks.")] = 0,
          survivors: Annotated[bool, typer.Option("--survivors", help="List every mutant that was not killed.")] = False,
          as_json: AsJson = False, output: Output = None) -> None:
    """Try to break every registered contract and rule, attain its constants, kill its mutants. Exit code 1 if one fails."""
    from normbound.check import audit as auditing
    from normbound.render import audit as rendering
    wanted = names or list(auditing.subjects())
    with _progress(len(wanted), quiet=as_json) as advance:
        found = auditing.audit(wanted, quick, seed, progress=advance)
    data = found.to_data()
    _emit(json.dumps(rendering.to_json(data), indent=1, allow_nan=False) if as_json else rendering.table(data, survivors), output)
    if not found.passed:
        raise typer.Exit(1)


@app.command(epilog="Examples:  normbound layers;  normbound layers LayerNorm;  normbound layers --refuted")
def layers(name: Annotated[str, typer.Argument(help="One layer in full.")] = "", as_json: AsJson = False,
           refuted: Annotated[bool, typer.Option("--refuted", help="The wall of refuted rules: wrong folklore with witnesses, "
                                                 "replayed now; with a name: those about this layer or rule.")] = False,
           latex: Annotated[bool, typer.Option("--latex", help="With --refuted: print a LaTeX fragment.")] = False) -> None:
    """The catalogue: constants, mode, hypotheses, sharpness, source and proof status of every layer and rule."""
    if refuted:
        _refuted(name, as_json, latex)
        return
    if latex:
        raise typer.BadParameter("--latex goes with --refuted")
    import normbound.layers  # noqa: F401 - registers the layers
    from normbound.contracts.registry import LAYERS, lookup
    from normbound.contracts.rules import RULES
    from normbound.render.prose import describe
    if as_json:
        chosen = [lookup(name)] if name else LAYERS.values()
        entries = [{k: passage.text for k, passage in describe(e).items()} for e in chosen]
        rules = [{k: passage.text for k, passage in describe(r).items()} for r in RULES.values()]
        print(json.dumps({"normbound": VERSION, "layers": entries, "rules": rules}, indent=1))
        return
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal without Unicode shows escapes
        sys.stdout.reconfigure(errors="backslashreplace")
    if not name:
        print("L: Lipschitz constant; ρ, G: of an activation φ, sup of the slope and of |φ(x) - φ(0)|/|x|;\n"
              "B: norm of the input; p: sensitivity to parameters, c: to a shared group; F: largest entry;\n"
              "n: rows, d: features; g, h: bounds on |γ|_∞ and |β|; dd: divided difference of z^K;\n"
              "status: the theorem of the proof library, or cited (proved on paper)\n")
    for e in [lookup(name)] if name else LAYERS.values():
        _entry(describe(e), ("constants", "mode", "hypotheses", "sharpness", "source", "example", "status"))
    if not name:
        print("\nComposition rules")
        for r in RULES.values():
            _entry(describe(r), ("statement", "reason", "sharpness", "status"))


def _refuted(name: str, as_json: bool, latex: bool) -> None:
    """Replay the wall of refuted rules and print it; exit code 1 if a witness no longer refutes."""
    from normbound.check.refuted import about, data, replay
    from normbound.render import refuted as rendering
    found = [data(replay(e)) for e in about(name)]
    if as_json:
        print(json.dumps({"normbound": VERSION, "refuted": rendering.wall_json(found)}, indent=1))
    elif latex:
        print(rendering.wall_latex(found))
    else:
        if isinstance(sys.stdout, TextIOWrapper):  # a terminal without Unicode shows escapes
            sys.stdout.reconfigure(errors="backslashreplace")
        print(rendering.wall_text(found, sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    if any(e["verdict"] != "refuted" or any(c["standing"] == "contradicted" for c in e["corrected"]) for e in found):
        raise typer.Exit(1)


def _entry(passages: Mapping[str, Passage], fields: tuple[str, ...]) -> None:
    """One entry of the catalogue: its name, then a wrapped line for each field."""
    from textwrap import fill
    titles = {"hypotheses": "assuming: ", "source": "why: ", "reason": "why: ", "constants": "", "statement": ""}
    print(passages["name"].text)
    for field in fields:
        print(fill(titles.get(field, f"{field}: ") + passages[field].text, 116, initial_indent="    ",
                   subsequent_indent="        ", break_long_words=False, break_on_hyphens=False))


@app.command(epilog="Examples:  normbound bench derive --quick;  normbound bench check --json;  normbound bench prove;  normbound bench "
                    "claims")
def bench(what: Annotated[str, typer.Argument(help="; ".join(f"{name}: {times}" for name, times in BENCHMARKS.items()))] = "derive",
          quick: Annotated[bool, typer.Option("--quick", help="Smaller sizes, for a first look.")] = False,
          as_json: AsJson = False) -> None:
    """Time normbound in fresh processes, beside what one would write by hand."""
    chosen = benchmark(what)
    result = chosen.run(quick)
    print(json.dumps(result, indent=1) if as_json else chosen.table(result))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """What is installed, which version, and how to get what is missing."""
    from normbound import doctor as examination
    found = examination.examine()
    if as_json:
        print(json.dumps([f._asdict() for f in found], indent=1))
    else:
        print("\n".join(map(str, found)))
    if any(f.needed and f.version is None for f in found):
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
