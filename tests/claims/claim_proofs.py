"""What the tests of rules and provers share: sequents from texts, all small points, certificates with one change."""

import copy
import itertools
import random
import time
from fractions import Fraction
from types import SimpleNamespace

from normbound.claims.checker import from_json, rules
from normbound.claims.checker.signs import rational_value
from normbound.claims.evaluate import truth
from normbound.claims.syntax import number, substitute

VALUES = {"positive": [Fraction(1, 3), Fraction(1), Fraction(5, 2)], "nonnegative": [Fraction(0), Fraction(1, 2), Fraction(2)],
          "real": [Fraction(-4), Fraction(-1, 2), Fraction(0), Fraction(1), Fraction(3)], "natural": [0, 1, 2, 3, 4],
          "integer": [-2, 0, 1, 3]}


def sequent(sorts, given, goal):
    rules()
    return from_json({"sorts": sorts, "given": list(given), "goal": goal})


def budget(seconds=5.0):
    return SimpleNamespace(deadline=time.monotonic() + seconds)


def points(s, most=4000):
    """Points with all combinations of a few values, or a sample of them; families of equal and of growing members."""
    single = [n for n, sort in s.sorts.items() if not sort.is_family]
    combinations = list(itertools.product(*(VALUES[s.sorts[n].kind] for n in single)))
    if len(combinations) > most:
        combinations = random.Random(1).sample(combinations, most)
    for values in combinations:
        point = dict(zip(single, values, strict=True))
        families = [n for n in s.sorts if n not in point]
        lengths = [_length(s.sorts[n].length, point) for n in families]
        for k in range(2 if families else 1):
            yield {**point, **{n: [VALUES[s.sorts[n].kind][(j * k + k) % len(VALUES[s.sorts[n].kind])] for j in range(m)]
                               for n, m in zip(families, lengths, strict=True)}}


def _length(length, point):
    return int(rational_value(substitute(length, {n: number(v) for n, v in point.items()})))


def false_at(s, point):
    """Whether the point is a counterexample: every hypothesis true, the goal false."""
    return all(truth(g, point) is True for g in s.given) and truth(s.goal, point) is False


def counterexample(s, most=4000):
    return next((p for p in points(s, most) if false_at(s, p)), None)


def nodes(certificate):
    """Every node, with the way to it."""
    stack = [((), certificate)]
    while stack:
        way, node = stack.pop()
        yield way, node
        stack.extend(((*way, k), p) for k, p in enumerate(node["premises"]))


def changed(certificate, way, change):
    """A copy in which ``change`` has altered the node at the end of the way."""
    new = copy.deepcopy(certificate)
    node = new
    for k in way:
        node = node["premises"][k]
    change(node)
    return new
