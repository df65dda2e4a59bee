"""The table of proofs: every layer and composition rule with the theorem behind it.

  python3 proofs/table.py            write proofs/TABLE.md from the registry of normbound, theorems.toml and scope.toml
  python3 proofs/table.py --check    exit with 1 if TABLE.md is out of date
"""

import pathlib
import sys
import tomllib

import normbound.layers  # noqa: F401 - registers the layers
from normbound.contracts.registry import LAYERS
from normbound.contracts.rules import RULES

HERE = pathlib.Path(__file__).resolve().parent
AXIOMS = {"core": "classical reals", "interval": "classical reals, excluded middle, primitive numbers"}


def theorem_names(lemma):
    """The theorems that one ``lemma`` entry of the registry names."""
    return lemma.split(", ") if lemma else []


def rules_of(theorem):
    """The layers, rules or topics that a theorem is filed under."""
    return [r for r in theorem["rule"].split(", ") if r]


def load():
    data = tomllib.loads((HERE / "theorems.toml").read_text())["theorem"]
    return {t["file"].removesuffix(".v") + "." + t["name"]: t for t in data}, \
        tomllib.loads((HERE / "scope.toml").read_text())


def entries():
    """(kind, name, lemma) of every built-in layer and every composition rule."""
    yield from (("layer", e.name, e.lemma) for e in LAYERS.values() if e.origin == "built in")
    yield from (("rule", r.name, r.lemma) for r in RULES.values())


def cell(text):
    return text.replace("|", "\\|")


def row(name, lemma, theorems, scope):
    found = theorem_names(lemma)
    if not found:
        gap = scope["without"][name]
        also = [n for n, t in theorems.items() if name in rules_of(t)]
        return [name, "none", f"not proved: {gap['reason']}", "", "", ", ".join(also)]
    says = "; ".join(theorems[n]["says"] for n in found)
    axioms = {AXIOMS["interval" if n.startswith("interval/") else "core"] for n in found}
    also = [n for n, t in theorems.items() if name in rules_of(t) and n not in found]
    return [name, ", ".join(found), says, ", ".join(sorted(axioms)), scope["scope"].get(name, ""), ", ".join(also)]


def text():
    theorems, scope = load()
    rows = list(entries())
    lines = ["# What is proved", "",
             "Written by `python proofs/table.py`; do not edit. Lemma: the theorem that the catalogue (`normbound layers`)",
             "names. Its exact statement stands in `theorems.toml`; `make check-axioms` compares it with what Coq prints,",
             "and the axioms with the allowlist: the three of the classical reals (`sig_forall_dec`, `sig_not_dec`,",
             "`functional_extensionality_dep`); files under `interval/` may add excluded middle and primitive numbers.",
             "Activations are proved on numbers and lifted by `Acts.sat_act`; bounds on the largest "
             "entry are in `Sup.v` and `Norm.v`.",
             "Reach: what to read beside the theorem; empty where it is the contract as it stands."]
    for kind, title in (("layer", "Layers"), ("rule", "Composition rules")):
        lines += ["", f"## {title}", "", "| name | lemma | statement | axioms | reach | also |", "|---|---|---|---|---|---|"]
        lines += ["| " + " | ".join(map(cell, row(n, lemma, theorems, scope))) + " |" for k, n, lemma in rows if k == kind]
    without = [n for _, n, lemma in rows if not lemma]
    hard = [n for n in without if not scope["without"][n]["elementary"]]
    proved, elementary = len(rows) - len(without), len(rows) - len(hard)
    lines += ["", "## Count", "",
              f"{len(rows)} contracts ({sum(k == 'layer' for k, _, _ in rows)} layers, {len(RULES)} rules): {proved} with a "
              f"theorem ({100 * proved / len(rows):.1f} %), {len(without)} without.",
              f"Without: {', '.join(hard)} (no elementary proof was found); {elementary} remain.",
              f"The library has {len(theorems)} exported theorems."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    target, current = HERE / "TABLE.md", text()
    if sys.argv[1:] == ["--check"]:
        if not target.exists() or target.read_text() != current:
            sys.exit("proofs/TABLE.md is out of date: run python proofs/table.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        target.write_text(current)
