"""The command line: derive, check, layers, bench, doctor. Every error is one line and exit code 2."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from normbound.version import VERSION

if TYPE_CHECKING:
    from normbound.network.files import Architecture

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
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise TermError(f"--set {setting!r}: write name=value, e.g. --set s=6/5")
        try:
            numbers = [exact(part) for part in text.split(",")]
        except TermError as error:
            raise TermError(f"--set {setting!r}: {error}") from None
        found[name] = numbers[0] if len(numbers) == 1 else numbers
    return found


def _emit(text: str, output: Path | None) -> None:
    """Print, or write the whole text at once (a failed write leaves no half file)."""
    from normbound.errors import NetworkError
    if output is None:
        print(text)
        return
    if not output.name or output.is_dir():
        raise NetworkError(f"cannot write {output}: a file name is needed")
    temporary = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(output)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise NetworkError(f"cannot write {output}: {error.strerror or error}") from None


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
                    "normbound check my-network.toml --json")
def check(sources: Annotated[list[str] | None, typer.Argument(help="Built-in names or .toml files.")] = None,
          everything: Annotated[bool, typer.Option("--all", help="Check every built-in architecture.")] = False,
          networks: Annotated[int, typer.Option(help="Random networks per architecture.")] = 110,
          points: Annotated[int, typer.Option(help="Inputs per network.")] = 8,
          seed: Annotated[int, typer.Option(help="Seed; equal seeds draw equal networks.")] = 0,
          settings: Settings = None,
          verbose: Annotated[bool, typer.Option("--steps", help="One line per step of the derivation.")] = False,
          as_json: AsJson = False, output: Output = None) -> None:
    """Derive the bounds, draw random networks and try to break every step. Exit code 1 if one breaks."""
    from normbound.check.falsify import check as falsify
    from normbound.errors import TermError
    from normbound.network import builtins
    names = list(sources or []) + (list(builtins.names()) if everything else [])
    if not names:
        raise typer.BadParameter("name architectures, or give --all")
    if settings and len(names) > 1:
        raise TermError("--set applies to one architecture; name one")
    reports = []
    with _progress(len(names), quiet=as_json or verbose) as advance:
        for name in names:
            architecture = _load(name)
            fixed = _values(architecture, settings)
            reports.append((architecture, falsify(architecture.network, networks, seed, points=points, values=fixed or None)))
            advance(name)
    if as_json:
        _emit(json.dumps([{"name": a.name, **json.loads(r.to_json())} for a, r in reports], indent=1), output)
    elif verbose:
        _emit("\n\n".join(str(r) for _, r in reports), output)
    else:
        _emit(_table(reports), output)
    if any(r.verdict != "survived" for _, r in reports):
        raise typer.Exit(1)


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


def _table(reports: list[tuple[Architecture, Any]]) -> str:
    from normbound.calculus.bound import derive as derive_bound
    rows = [("architecture", "Lipschitz constant in the input", "networks", "tests", "best L", "best P", "verdict")]
    for a, r in reports:
        text = str(derive_bound(a.network).term)
        text = text if len(text) <= 46 else text[:43] + "..."
        rows.append((a.name, text, str(r.executed), str(r.totals["executed"]), f"{r.best_input:.4f}",
                     f"{r.best_parameters:.4f}", r.verdict))
    widths = [max(len(row[k]) for row in rows) for k in range(7)]
    lines = ["  ".join(c.rjust(w) if k in (2, 3, 4, 5) else c.ljust(w) for k, (c, w) in
                       enumerate(zip(row, widths, strict=True))).rstrip() for row in rows]
    lines.insert(1, "-" * len(lines[0]))
    failures = [str(v) for _, r in reports for v in r.violations[:3]]
    lines.append("best L, best P: largest measured/bound over all networks (1 means the bound is attained); tests: instances "
                 "of steps that were tested")
    return "\n".join(lines + failures)


@app.command(epilog="Examples:  normbound layers;  normbound layers LayerNorm")
def layers(name: Annotated[str, typer.Argument(help="One layer in full.")] = "", as_json: AsJson = False) -> None:
    """The catalogue: constants, mode, hypotheses, sharpness, source and proof status of every layer and rule."""
    import normbound.layers  # noqa: F401 - registers the layers
    from normbound.contracts.registry import LAYERS, lookup
    from normbound.contracts.rules import RULES
    if as_json:
        entries = [{k: getattr(e, k) for k in ("name", "constants", "mode", "hypotheses", "sharpness", "source", "example",
                                               "status")} for e in LAYERS.values()]
        rules = [{"name": r.name, "statement": r.statement, "reason": r.reason, "sharpness": r.sharpness,
                  "status": f"lemma {r.lemma}" if r.lemma else "cited"} for r in RULES.values()]
        print(json.dumps({"normbound": VERSION, "layers": entries, "rules": rules}, indent=1))
        return
    if not name:
        print("L: Lipschitz constant; rho, G: of an activation, sup of the slope and of |phi(x) - phi(0)|/|x|;\n"
              "B: norm of the input; p: sensitivity to parameters; F: largest entry; n: rows, d: features;\n"
              "g, h: bounds on |gamma|_inf and |beta|;\n"
              "status: the theorem of the proof library, or cited (proved on paper)\n")
    for e in [lookup(name)] if name else LAYERS.values():
        print(f"{e.name}\n    {e.constants}")
        print(f"    mode: {e.mode}; assuming: {e.hypotheses}\n    sharpness: {e.sharpness}\n    why: {e.source}")
        print(f"    example: {e.example}; status: {e.status}")
    if not name:
        print("\nComposition rules")
        for r in RULES.values():
            print(f"{r.name}\n    {r.statement}\n    why: {r.reason}\n    sharpness: {r.sharpness}; status: "
                  f"{f'lemma {r.lemma}' if r.lemma else 'cited'}")


@app.command(epilog="Examples:  normbound bench derive;  normbound bench derive --quick")
def bench(what: Annotated[str, typer.Argument(help="derive")] = "derive",
          quick: Annotated[bool, typer.Option("--quick", help="Smaller sizes, for a first look.")] = False,
          as_json: AsJson = False) -> None:
    """Time the calculus beside what one would write by hand."""
    from normbound import bench as benchmarks
    from normbound.errors import UnsupportedError
    if what != "derive":
        raise UnsupportedError(f"no benchmark {what!r}; accepted: derive")
    result = benchmarks.derive(quick)
    print(json.dumps(result, indent=1) if as_json else benchmarks.table(result))


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
