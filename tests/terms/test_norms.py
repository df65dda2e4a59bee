from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from normbound.terms.norms import spectral_norm


@pytest.mark.parametrize(("matrix", "squared"), [
    ([[3]], 9), ([[0, 0], [0, 0]], 0), ([[1, 0], [0, 1]], 1), ([[2, 0], [0, -2]], 4), ([[1, 1], [1, 1]], 4),
    ([[3, 4]], 25), ([[3], [4]], 25), ([[1, 2, 2], [2, 4, 4]], 45), ([[0, 1], [0, 0]], 1),
    ([[Fraction(3, 5), Fraction(4, 5)], [Fraction(-4, 5), Fraction(3, 5)]], 1), ([[Fraction(1, 7)]], Fraction(1, 49)),
    ([[1, 0, 0], [0, 1, 0], [0, 0, Fraction(999, 1000)]], 1), ([[10**30, 0], [0, 1]], 10**60),
])
@pytest.mark.parametrize("bits", [20, 64, 128])
def test_known_matrices(matrix: list[list[Fraction]], squared: Fraction, bits: int) -> None:
    ball = spectral_norm(matrix, bits)
    before, ctx.prec = ctx.prec, 400
    try:
        q = Fraction(squared)
        exact = (arb(q.numerator) / q.denominator).sqrt()
        assert ball.overlaps(exact) and (ball - exact).abs_upper() <= exact * arb((1, 1 - bits))
    finally:
        ctx.prec = before


def test_against_numpy() -> None:
    rng = np.random.default_rng(3)
    for rows, columns in [(1, 4), (4, 1), (3, 5), (6, 6), (5, 2)]:
        a = rng.integers(-9, 10, (rows, columns))
        ball = spectral_norm(a.tolist(), 64)
        reference = np.linalg.norm(a.astype(float), 2)
        assert abs(float(ball.mid()) - reference) < 1e-12 * reference
        assert float(ball.rad()) < 1e-15 * reference


def test_precision_is_restored() -> None:
    before = ctx.prec
    spectral_norm([[1, 2], [3, 4]], 200)
    assert ctx.prec == before
