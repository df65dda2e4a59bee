"""Spectral norms of exact matrices, enclosed to any precision."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flint import arb

Matrix = Sequence[Sequence[int | Fraction]]


def spectral_norm(matrix: Matrix, bits: int) -> arb:
    """An enclosure of the largest singular value, of relative radius about 2^-bits.

    With M the smaller Gram matrix, n its size and T_k = tr M^(2^k): (T_k / n)^(1/2^k) <= lambda_max <= T_k^(1/2^k).
    Squaring k = bits times makes the two sides agree to n^(2^-bits); the exponent range of balls is unlimited, and
    the final root divides the accumulated relative error again. No gap between singular values is assumed.
    """
    from flint import arb, arb_mat, ctx, fmpq
    before = ctx.prec
    try:
        ctx.prec = bits + 2 * bits.bit_length() + 40
        rows = [[fmpq(Fraction(x).numerator, Fraction(x).denominator) for x in row] for row in matrix]
        a = arb_mat([[arb(x) for x in row] for row in rows])
        at = a.transpose()
        gram = a * at if a.nrows() <= a.ncols() else at * a
        n = gram.nrows()
        if gram.trace() == 0:
            return arb(0)
        steps = bits + 8
        for _ in range(steps):
            gram = gram * gram
        trace = gram.trace()
        upper = (trace.log() / arb(2) ** (steps + 1)).exp()
        lower = ((trace / n).log() / arb(2) ** (steps + 1)).exp()
        return lower.union(upper)
    finally:
        ctx.prec = before
