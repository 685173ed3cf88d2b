"""AL-5: a certificate holds by its dates and by every annual check that covers the day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.certificate import Certificate, Check, Holds, certificate_rule, holds, is_valid

YEAR = (date(2024, 1, 1), date(2024, 12, 31))


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        (Certificate(None, None), "equipment.certificate_unknown"),
        (Certificate(date(2020, 1, 1), date(2024, 5, 5)), "equipment.certificate_expired"),
        (Certificate(*YEAR), "equipment.check_unknown"),
        (Certificate(*YEAR, (Check(True, date(2023, 1, 1), date(2023, 12, 31)),)), "equipment.check_missed"),
        (Certificate(*YEAR, (Check(False, *YEAR),)), "equipment.check_missed"),
        (Certificate(*YEAR, (Check(True, *YEAR),)), "equipment.certificate_good"),
    ],
)
def test_a_certificate_holds_with_its_annual_check(certificate: Certificate, code: str) -> None:
    found = certificate_rule("zhang", certificate, date(2024, 5, 6))
    assert (found.rule, found.code, found.passed) == ("AL-5", code, code == "equipment.certificate_good")


DAYS = st.integers(0, 900).map(lambda n: date(2023, 6, 1) + timedelta(days=n))
SPANS = st.tuples(DAYS, DAYS).map(lambda two: (min(two), max(two)))
CHECKS = st.builds(lambda passed, span: Check(passed, *span), st.booleans(), SPANS)
CERTIFICATES = st.builds(
    lambda span, checks: Certificate(*span, tuple(checks)),
    SPANS | st.just((None, None)), st.lists(CHECKS, max_size=4),
)  # fmt: skip


@given(CERTIFICATES, DAYS)
def test_links_and_sheets_agree_on_every_certificate(certificate: Certificate, on: date) -> None:
    """They part only where no annual check was ever entered: a gap of the sheet, no doubt of a link."""
    valid, rule = is_valid(certificate, on), certificate_rule("zhang", certificate, on)
    if holds(certificate, on) is Holds.UNCHECKED:
        assert (valid, rule.passed, rule.code) == (True, False, "equipment.check_unknown")
    else:
        assert bool(valid) is rule.passed


@given(CERTIFICATES, CHECKS, DAYS)
def test_a_failed_check_never_makes_a_certificate_hold(
    certificate: Certificate, check: Check, on: date
) -> None:
    failed = Check(False, check.valid_from, check.valid_to)
    with_it = Certificate(certificate.valid_from, certificate.valid_to, (*certificate.checks, failed))
    assert not is_valid(with_it, on) or is_valid(certificate, on)
    reordered = Certificate(certificate.valid_from, certificate.valid_to, with_it.checks[::-1])
    assert holds(reordered, on) is holds(with_it, on)
