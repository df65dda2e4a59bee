"""Files of claims for tests of what stands around the provers."""

from normbound.claims.document import read

HEAD = 'schema = 1\n[vars]\nK = "natural"\nq = "positive"\n'
CLAIMS = {
    "power": ("proved", 'given = ["q <= 1"]\nshow = "q^K <= 1"'),
    "quotient": ("proved", 'given = ["q < 1"]\nshow = "1/(1 - q) >= 1"'),
    "false": ("refuted", 'show = "q^K <= 1"'),
    "vacuous": ("vacuous", 'given = ["q < 1", "q > 2"]\nshow = "q^K <= 1"'),
    "undefined": ("ill-defined", 'show = "1/(1 - q) != 0"'),
    "other-limit": ("refuted", 'given = ["q < 1"]\nshow = "limit(q^K + 1, K) == 0"'),
    "limit": ("proved", 'given = ["q < 1"]\nshow = "limit(q^K, K) == 0"'),
}


def claim_text(*ids, expect=None):
    """The text of a file with these claims; ``expect`` is written into each."""
    found = HEAD
    for name in ids or CLAIMS:
        found += f'[[claim]]\nid = "{name}"\n{CLAIMS[name][1]}\n'
        if expect or CLAIMS[name][0] == "refuted":
            found += f'expect = "{expect or CLAIMS[name][0]}"\n'
        if expect == "undecided":
            found += 'reason = "nobody knows"\n'
    return found


def claims(*ids, **more):
    return read(claim_text(*ids, **more))
