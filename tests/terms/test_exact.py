from decimal import Decimal
from fractions import Fraction

import pytest

from normbound.errors import TermError
from normbound.terms.exact import exact


@pytest.mark.parametrize(("given", "expected"), [
    (3, 3), (Fraction(6, 5), Fraction(6, 5)), (Fraction(4, 2), 2), ("6/5", Fraction(6, 5)), ("0.1", Fraction(1, 10)),
    ("1e-5", Fraction(1, 10**5)), (" -2 ", -2), ("+.5", Fraction(1, 2)), ("1E3", 1000), ("2.50/5", Fraction(1, 2)),
    ("9" * 400, 10**400 - 1), ("1e999", 10**999),
])
def test_accepted(given: object, expected: object) -> None:
    found = exact(given)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("given", "message"), [
    (0.1, r"float 0\.1, which is not exact; write the string '0\.1'"), (float("nan"), "not exact"),
    (True, "found True"), (None, "found NoneType"), (Decimal("0.1"), "found Decimal"), ("", "is not an exact number"),
    ("1/0", "denominator 0"), ("1e10001", "beyond 10000"), ("1e-99999999999", "beyond 10000"),
    ("9" * 401, "at most 400 characters"), ("9" * 10**6, "at most 400"), ("0x10", "not an exact number"),
    ("1_000", "not an exact number"), ("٣", "not an exact number"), ("nan", "not an exact number"),
    ("inf", "not an exact number"), ("1/2/3", "not an exact number"), ("--1", "not an exact number"),
    ("1 2", "not an exact number"), ("1e", "not an exact number"), ("1.", "not an exact number"),
])
def test_refused(given: object, message: str) -> None:
    with pytest.raises(TermError, match=message):
        exact(given)
