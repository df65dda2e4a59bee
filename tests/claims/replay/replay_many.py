"""Many replayed certificates as one file, judged at once: Coq spends most of a short replay on loading its library."""

import re

from normbound.formal.proof import judge

_NAMES = re.compile(r"\b(n[0-9]+|claim|defined)\b(?!')")
_LIBRARY = re.compile(r"From Normbound Require Import ([\w ]+)\.")


def together(made):
    """The kernel's verdict on all of them; ``place`` names the lemma of the first that is wrong, with its number at the end."""
    head, libraries, bodies, theorems = "", {}, [], []
    for k, written in enumerate(made):
        head, body = written.source.split("\n\n", 1)
        libraries.update(dict.fromkeys(_LIBRARY.search(head).group(1).split()))
        bodies.append(_NAMES.sub(rf"\1_{k}", body))
        theorems.append((f"claim_{k}", written.statement))
        if written.defined:
            theorems.append((f"defined_{k}", written.defined))
    head = _LIBRARY.sub(f"From Normbound Require Import {' '.join(libraries)}.", head)
    (first, statement), *further = theorems
    return judge("\n\n".join([head, *bodies]), statement, 300, 4000, further, first)
