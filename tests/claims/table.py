"""Claims by kind and verdict: how many, how fast, with which certificates.

    python -m tests.claims.table [--seconds S] [--jobs N] [--mutants M] [FILE...]

Prints a table as text, or with --json the figures. Without files: the paper and the corpora. Each certificate is checked again
from its text in a process of its own. --mutants M adds the share of the false ones of M mutants that are refuted.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))

from claim_corpus import FILES, ROOT, judged, kind, wanted
from mutants import counterexample, mutants

from normbound.claims.document import read
from normbound.claims.pool import Limits, Task, run
from normbound.claims.verdict import PROVED

CHECK = """
import json, sys
from normbound.claims.checker import Rejected
from normbound.claims.target import accept
from normbound.claims.checker import from_json
for line in sys.stdin:
    sequent, certificate = json.loads(line)
    try:
        print(accept(from_json(sequent), certificate, 60.0), flush=True)
    except Rejected as error:
        print("rejected:", str(error).replace(chr(10), " "), flush=True)
"""


def checked(outcomes):
    """How many certificates a fresh process accepts that has seen no prover."""
    lines = [json.dumps([o.sequent, o.certificate]) for o in outcomes if o.certificate is not None]
    done = subprocess.run([sys.executable, "-c", CHECK], input="\n".join(lines) + "\n", capture_output=True, text=True, cwd=ROOT,
                          check=True)
    return sum(line in PROVED for line in done.stdout.splitlines())


def figures(rows):
    """Plain data for the rows (claim, outcome)."""
    kinds = {}
    for claim, outcome in rows:
        here = kinds.setdefault(kind(claim), {"claims": 0, "verdicts": Counter(), "seconds": []})
        here["claims"] += 1
        here["verdicts"][outcome.verdict] += 1
        here["seconds"].append(outcome.seconds)
    proved = [o for _, o in rows if o.verdict in PROVED]
    times = sorted(o.seconds for _, o in rows)
    return {"claims": len(rows), "verdicts": Counter(o.verdict for _, o in rows), "kinds": kinds,
            "median": median(times), "most_of_95_percent": _at(times, 0.95), "slowest": times[-1],
            "proved": len(proved), "certificates_checked": checked(proved),
            "not_as_expected": {c.id: f"{o.verdict}, expected {' or '.join(sorted(wanted(c)))}: {o.reason}" for c, o in rows
                                if o.kind not in wanted(c)}}


def mutant_figures(documents, count, seconds, jobs, seed=0):
    """Mutants of the true claims: how many are false, and what became of those."""
    made = [m for d in documents for c in d.claims if wanted(c) == {"proved"} for m in mutants(d, c, 12)]
    made = random.Random(seed).sample(made, min(count, len(made)))
    outcomes = dict(run([Task(m.document, m.claim) for m in made], jobs, Limits(seconds=seconds)))
    false = [k for k, m in enumerate(made) if counterexample(m.claim) is not None]
    became = Counter(outcomes[k].kind for k in false)
    rest = Counter(outcomes[k].kind for k in range(len(made)) if k not in set(false))
    return {"mutants": len(made), "false": len(false), "became": became, "others": rest,
            "refuted_share": (became["refuted"] + became["ill-defined"])/max(1, len(false)),
            "false_proved": [(made[k].claim.id, made[k].what, str(made[k].claim.show)) for k in false if outcomes[k].kind == "proved"],
            "missed": [(made[k].claim.id, made[k].what, [str(g) for g in made[k].claim.given], str(made[k].claim.show)) for k in false
                       if outcomes[k].kind not in ("refuted", "ill-defined", "proved")],
            "errors": [(made[k].claim.id, o.reason) for k, o in outcomes.items() if o.verdict == "error"]}


def _at(times, share):
    return times[min(len(times) - 1, int(share*len(times)))]


def text(found):
    """The figures as a table."""
    verdicts = [v for v, n in found["verdicts"].most_common() if n]
    short = {v: v.replace("(certificate)", "(cert.)").replace("(witness)", "(wit.)") for v in verdicts}
    head = f"{'kind':<28}{'claims':>8}" + "".join(f"{short[v]:>16}" for v in verdicts) + f"{'median s':>10}{'95 % s':>9}"
    lines = [head, "-"*len(head)]
    for name, row in sorted(found["kinds"].items(), key=lambda kv: -kv[1]["claims"]):
        times = sorted(row["seconds"])
        lines.append(f"{name:<28}{row['claims']:>8}" + "".join(f"{row['verdicts'][v] or '':>16}" for v in verdicts)
                     + f"{median(times):>10.3f}{_at(times, 0.95):>9.2f}")
    lines += ["-"*len(head), f"{'all':<28}{found['claims']:>8}" + "".join(f"{found['verdicts'][v]:>16}" for v in verdicts)
              + f"{found['median']:>10.3f}{found['most_of_95_percent']:>9.2f}", "",
              f"certificates checked again in a process of their own: {found['certificates_checked']} of {found['proved']} proved claims",
              f"not as expected: {len(found['not_as_expected'])}",
              *(f"  {id}: {what[:160]}" for id, what in found["not_as_expected"].items())]
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--mutants", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    documents = [read(f) for f in given.files or FILES]
    begun = time.monotonic()
    found = figures(judged(documents, given.seconds, given.jobs))
    if given.mutants:
        found["mutants"] = mutant_figures(documents, given.mutants, given.seconds, given.jobs)
    found["total_seconds"] = time.monotonic() - begun
    if given.json:
        print(json.dumps(found, indent=1))
    else:
        print(text(found))
        if given.mutants:
            m = found["mutants"]
            print(f"mutants: {m['mutants']}, false {m['false']}, of these refuted {m['refuted_share']:.1%}, "
                  f"proved {len(m['false_proved'])}")
            for key in ("false_proved", "missed", "errors"):
                for item in m[key]:
                    print(f"  {key}: {item}")


if __name__ == "__main__":
    main()
