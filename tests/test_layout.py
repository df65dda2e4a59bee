"""The layout is the architecture: folders import only from folders below, and the README's commands are what CI runs."""

import ast
import re
from pathlib import Path

import pytest

import normbound

PACKAGE = Path(normbound.__file__).parent
ROOT = Path(__file__).parent.parent
ORDER = ["terms", "contracts", "layers", "network", "calculus", "theory"]
TOP = ["check", "render", "formal", "importers"]  # above theory, apart from each other
LAST = ["claims"]  # above all of them
BASE = {"errors": set(), "version": set(), "files": {"errors"}}  # below all folders, and what each imports
EXEMPT = {"__init__", "__main__", "cli", "bench", "doctor", "paper", "pytest_plugin"}
ATTEMPTS = PACKAGE / "bench" / "attempts.py"  # asks SymPy about expressions that stand there


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def imported(path):
    """Every normbound module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "normbound":
            if node.module == "normbound":
                yield from (f"normbound.{a.name}" for a in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "normbound")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downwards(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if len(parts) == 1:
        assert parts[0] in EXEMPT | set(BASE), f"{path.name} belongs into a folder"
        if parts[0] in BASE:
            assert {m.split(".")[1] for m in imported(path)} <= BASE[parts[0]]
        return
    folder = parts[0]
    if folder in EXEMPT:
        return
    assert folder in ORDER + TOP + LAST, f"the folder {folder} has no place in the order"
    allowed = {*BASE, folder}
    allowed |= set(ORDER[:ORDER.index(folder)]) if folder in ORDER else set(ORDER) if folder in TOP else set(ORDER + TOP)
    for module in imported(path):
        assert module.split(".")[1] in allowed, f"{path.name} imports {module}"


def test_no_user_text_is_executed():
    forbidden = {"eval", "exec", "compile", "sympify", "parse_expr", "simplify", "__import__"}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", None) or (
                    getattr(node.func, "attr", None) if not _is_re(node.func) else None)
                allowed = {"simplify"} if path == ATTEMPTS else set()
                assert name not in forbidden - allowed, f"{path}:{node.lineno} calls {name}"
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [a.name for a in node.names] + [getattr(node, "module", "") or ""]
                assert not any(n.split(".")[0] in ("pickle", "marshal", "shelve") for n in names), path


def _is_re(function):
    return isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "re"


def test_readme_commands_are_run_in_ci():
    readme = (ROOT / "README.md").read_text()
    ci = (ROOT / ".ci" / "run").read_text()
    assert 'python3 -m pip install ".[plots]" && normbound paper --out paper' in readme
    command = 'python3 -m pip install ".[test]" && python3 -m pytest'
    assert command in readme
    assert re.sub(r" --quiet", "", ci).count(command) == 1
    assert "normbound paper --out paper" in ci and '.whl)[plots]' in ci


def test_importing_is_lazy():
    import subprocess
    import sys
    code = ("import sys, normbound; normbound.__version__; "
            "print(sorted(m for m in ('sympy', 'numpy', 'flint', 'typer', 'mpmath') if m in sys.modules))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_every_public_name_resolves():
    for name in normbound.__all__:
        assert getattr(normbound, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        _ = normbound.nonsense


def test_every_folder_of_code_and_data_is_packaged():
    import tomllib
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {"normbound" + "".join(f".{p}" for p in f.relative_to(PACKAGE).parts)
               for f in (PACKAGE, *PACKAGE.rglob("*")) if f.is_dir() and any(f.glob("*.py"))}
    assert folders | {"normbound.templates", "normbound.proofs"} == set(tools["packages"])
    data = {f.suffix for f in (ROOT / "templates").iterdir() if f.is_file()}
    assert data == {Path(x).suffix for x in tools["package-data"]["normbound.templates"]}
    # Of the proofs, what `normbound prove` compiles and the two tables; the scripts stay in the repository (setup.py).
    assert set(tools["package-data"]["normbound.proofs"]) == {"*.v", "theorems.toml", "scope.toml"}
    for f in PACKAGE.rglob("*.toml"):
        assert any(f.match(pattern) for pattern in tools["package-data"]["normbound"]), f
