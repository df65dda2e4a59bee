"""Checks of the Coq library (standard library of Python only; Coq does the proving).

  python3 check.py theorems            every theorem of theorems.toml exists, has the recorded
                                       statement, and rests on allowed axioms only
  python3 check.py theorems --update   rewrite the recorded statements and hashes
  python3 check.py negative            every wrong statement fails with the proof script of its
                                       right twin, and the right twin passes
  python3 check.py coqchk REPORT       the report of coqchk lists nothing that was accepted unchecked
  python3 check.py digest              print a hash of everything that the checks read
"""
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
CLASSICAL = {
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
}
# Only for files under interval/: primitive integers and floats with their specification, and
# excluded middle (used by the analysis library below the tactic).
PRIMITIVE = re.compile(r"^(PrimInt63|PrimFloat|FloatAxioms|Uint63|Uint63Axioms|Sint63|FloatOps|Primitive)\b|"
                       r"^(int|float|lsl|lsr|land|lor|lxor|asr|add|sub|mul|div|mod|eqb|ltb|leb|compare|sqrt|"
                       r"abs|opp|head0|tail0|addc|addcarryc|subc|subcarryc|mulc|diveucl|diveucl_21|addmuldiv|"
                       r"of_uint63|of_int63|normfr_mantissa|frshiftexp|ldshiftexp|next_up|next_down|classify)$|"
                       r"_spec$|_axiom$|^(Prim2SF|SF2Prim|PrimFloat\.|Uint63\.|of_to_Z|to_Z_)")


def run_coq(text):
    with tempfile.TemporaryDirectory() as d:
        f = pathlib.Path(d) / "probe.v"
        f.write_text(text)
        r = subprocess.run(["coqc", "-q", "-Q", str(HERE), "Normbound", str(f)],
                           capture_output=True, text=True, cwd=d)
    return r.returncode, r.stdout, r.stderr


def module(file):
    return "Normbound." + file.removesuffix(".v").replace("/", ".")


def squeeze(s):
    return re.sub(r"\s+", " ", s).strip()


def fingerprint(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def axioms(body):
    """Names of the axioms in the output of Print Assumptions, with their last module."""
    if re.search(r"\bis assumed to be\b|\brelies on\b|inconsistent", body):
        return {"unsafe.flag"}
    if "Axioms:" not in body:
        return set()
    names = re.findall(r"^([A-Za-z_][\w.']*)\s*(?::|$)", body.split("Axioms:", 1)[1], re.M)
    return {".".join(n.split(".")[-2:]) for n in names}


def outside(names, mod):
    extra = names - CLASSICAL
    if ".interval." in mod:
        return {n for n in extra if not PRIMITIVE.search(n) and n != "Classical_Prop.classic"}
    return extra


def defined(text):
    """The definitions of a file, with the modules they stand in."""
    inside = []
    for line in text.splitlines():
        if opened := re.match(r"Module\s+([\w']+)\.\s*$", line):
            inside.append(opened[1])
        elif inside and re.match(rf"End\s+{inside[-1]}\.", line):
            inside.pop()
        elif found := re.match(r"\s*(?:Definition|Fixpoint|Record)\s+([\w']+)", line):
            yield ".".join([*inside, found[1]])


def quote(s):
    return '"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"'


def mark(what):
    return f'Goal True. idtac "@@{what}". exact I. Qed.'


def probe(table, mods):
    """The file that prints the statements, the definitions and the axioms, each behind a mark."""
    lines = ["From Coq Require Import Reals List Permutation.", "Set Printing Width 100000.",
             "Set Printing Depth 100000.", "Open Scope R_scope."]
    lines += [f"Require Import {m}." for m in mods if ".interval." not in m]
    lines += [f"Require {m}." for m in mods if ".interval." in m]
    for i, t in enumerate(table):
        lines += [mark(i), f"Check @{module(t['file'])}.{t['name']}."]
    # The definitions that statements speak of, so that none changes unnoticed.
    for m in mods:
        text = (HERE / (m.removeprefix("Normbound.").replace(".", "/") + ".v")).read_text()
        for n in defined(text):
            lines += [mark(f"def {m}.{n}"), f"Print {m}.{n}."]
    # Axioms are printed once per file, for all its theorems together; a file that
    # fails is printed again theorem by theorem.
    for m in mods:
        lets = " ".join(f"let _ := @{m}.{t['name']} in" for t in table if module(t["file"]) == m)
        name = "probe_" + m.replace(".", "_")
        lines += [f"Definition {name} : True := {lets} I.", mark(m), f"Print Assumptions {name}."]
    return "\n".join(lines) + "\n"


def blame(mod, names):
    """Print which theorems of a file rest on axioms outside the allowlist."""
    lines = [f"Require {mod}."]
    for n in names:
        lines += [mark(n), f"Print Assumptions {mod}.{n}."]
    for part in run_coq("\n".join(lines) + "\n")[1].split("@@")[1:]:
        n, _, body = part.partition("\n")
        if outside(axioms(body), mod):
            print(f"  {n.strip()}: {', '.join(sorted(outside(axioms(body), mod)))}")


def record(path, table, printed):
    """Rewrite the statements and hashes."""
    head = ("# Every exported theorem: what it says, which contract or rule it proves (rule = \"\" for\n"
            "# supporting facts), its statement as Coq prints it, and a hash of that statement.\n"
            "# The statements and hashes are rewritten by `make update-statements`.\n")
    keys = ("name", "file", "rule", "says", "statement", "hash")
    path.write_text(head + "".join(
        "\n[[theorem]]\n" + "".join(f"{k} = {quote(t[k])}\n" for k in keys) for t in table)
        + "\n# Hashes of the definitions, as Coq prints them.\n[definitions]\n"
        + "".join(f"{quote(n)} = {quote(h)}\n" for n, h in sorted(printed.items())))


def faults_of_sources(table):
    """Theorems that are not listed, and what must not stand in a source."""
    files = [*HERE.glob("*.v"), *HERE.glob("interval/*.v")]
    exported = {(str(f.relative_to(HERE)), n) for f in files for n in re.findall(r"^\s*Theorem\s+([\w']+)", f.read_text(), re.M)}
    for f, n in sorted(exported - {(t["file"], t["name"]) for t in table}):
        yield f"{f}: {n} is not in theorems.toml"
    for s in files:
        if re.search(r"Unset\s+\w+\s+Checking|bypass_check|type-in-type", s.read_text()):
            yield f"{s.name}: turns a check of the kernel off"
        for w in ("Admitted", "admit", "Axioms?", "Parameters?", "Conjectures?"):
            if re.search(rf"^\s*{w}\b|\b{w}\.\s*$", s.read_text(), re.M):
                yield f"{s.name}: contains {w}"


def faults_of_statements(table, recorded, printed):
    """Statements and definitions that are not the recorded ones."""
    for t in table:
        if t.get("hash") != fingerprint(t["seen"]) or t.get("statement") != t["seen"]:
            yield f"{t['name']}: the statement differs from the recorded one\n  now: {t['seen']}"
    for name in sorted(set(recorded) | set(printed)):
        if recorded.get(name) != printed.get(name):
            yield f"{name}: the definition differs from the recorded one"


def theorems(update):
    path = HERE / "theorems.toml"
    data = tomllib.loads(path.read_text())
    table, printed, used, bad = data["theorem"], {}, {}, 0
    mods = list(dict.fromkeys(module(t["file"]) for t in table))
    code, out, err = run_coq(probe(table, mods))
    if code:
        print(err)
        return 1
    for block in out.split("@@")[1:]:
        head, _, body = block.partition("\n")
        head = head.strip()
        if head.startswith("def "):
            printed[head.removeprefix("def Normbound.")] = fingerprint(squeeze(body))
        elif head.isdigit():
            table[int(head)]["seen"] = squeeze(body.split(":", 1)[1])
        else:
            used[head] = axioms(body)
            extra = outside(used[head], head)
            if extra:
                print(f"{head}: axioms outside the allowlist: {', '.join(sorted(extra))}")
                bad += 1
                blame(head, [t["name"] for t in table if module(t["file"]) == head])
    faults = [] if update else list(faults_of_statements(table, data.get("definitions", {}), printed))
    if update:
        for t in table:
            t["statement"] = t.pop("seen")
            t["hash"] = fingerprint(t["statement"])
        record(path, table, printed)
    faults += faults_of_sources(table)
    for fault in faults:
        print(fault)
    print(f"{len(table)} theorems, {len(printed)} definitions, {bad + len(faults)} problems")
    for m, names in used.items():
        print(f"  {m}: {', '.join(sorted(n.split('.')[-1] for n in names)) or 'no axiom'}")
    return bad + len(faults) > 0


def unsafe(report):
    """Whether the independent checker lists anything that was accepted without a check of the kernel."""
    listed = [line for line in report.splitlines() if re.search(r"relying on|is assumed", line)]
    bad = [line for line in listed if not line.rstrip().endswith("<none>")]
    for line in bad or ([] if listed else ["no report"]):
        print(f"coqchk: {line.strip()}")
    return bool(bad) or not listed


def negative():
    bad = count = 0
    for f in sorted((HERE / "negative").glob("*.v")):
        text = f.read_text()
        right = re.search(r"\(\*RIGHT\*\)(.*?)\(\*END\*\)", text, re.S).group(1)
        wrong = re.search(r"\(\*WRONG\*\)(.*?)\(\*END\*\)", text, re.S).group(1)
        head, proof = text[:text.index("(*RIGHT*)")], text[text.rindex("(*END*)") + len("(*END*)"):]
        c1, _, e1 = run_coq(head + right + proof)
        c2, _, e2 = run_coq(head + wrong + proof)
        count += 1
        # The wrong statement itself must be well formed: only its proof may fail.
        c3, _, _ = run_coq(head + wrong + "\nAbort.\n")
        ok = c1 == 0 and c2 != 0 and c3 == 0
        bad += not ok
        where = squeeze(e2)[-120:] if c2 else ""
        print(f"{'ok ' if ok else 'BAD'} {f.stem}: right {'passes' if c1 == 0 else 'FAILS'}, "
              f"wrong {'fails' if c2 else 'PASSES'}{'' if c3 == 0 else ', wrong is ill-formed'}  [{where}]")
        if c1:
            print(e1)
    print(f"{count} wrong statements, {bad} problems")
    return bad > 0 or count < 10


def digest():
    h = hashlib.sha256()
    for f in sorted([*HERE.rglob("*.v"), HERE / "Makefile", HERE / "check.py", HERE / "theorems.toml"]):
        text = f.read_bytes()
        h.update(f"{f.relative_to(HERE).as_posix()} {len(text)}\n".encode() + text)
    print(h.hexdigest())


if __name__ == "__main__":
    if sys.argv[1:2] == ["theorems"]:
        sys.exit(theorems("--update" in sys.argv))
    if sys.argv[1:] == ["digest"]:
        sys.exit(digest())
    if sys.argv[1:2] == ["coqchk"]:
        sys.exit(unsafe(pathlib.Path(sys.argv[2]).read_text()))
    if sys.argv[1:] == ["negative"]:
        sys.exit(negative())
    sys.exit(__doc__)
