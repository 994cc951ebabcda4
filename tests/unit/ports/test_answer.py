"""What status and headers alone tell."""

import pytest

from everyleg.ports.answer import Answer, retry_after, transport_fault
from everyleg.ports.bare_errors import bare_error


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(error="no route"), "unreachable"),
        (Answer(status=503), "unreachable"),
        (Answer(status=429), "rate_limited"),
        (Answer(status=403), "refused"),
    ],
)
def test_a_failed_transport_is_a_failure_of_its_kind(answer, kind):
    assert transport_fault(answer).kind == kind


def test_success_and_not_found_need_the_body():
    assert transport_fault(Answer(status=200)) is None
    assert transport_fault(Answer(status=404)) is None


def test_retry_after_is_seconds_or_a_date():
    assert retry_after({"retry-after": "90"}) == 90
    dates = {"retry-after": "Sun, 22 Nov 2026 10:02:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}
    assert retry_after(dates) == 120
    assert retry_after({}) is None


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        ({"error": "Unauthorized"}, "refused"),
        ({"message": "Too many requests"}, "rate_limited"),
        ({"Envelope": {"Body": {"Fault": {"faultstring": "Internal server error"}}}}, "unreachable"),
        ({"errors": [{"code": "E1", "message": "Bad header"}]}, "refused"),
    ],
)
def test_a_bare_error_says_why_there_is_no_journey(tree, kind):
    assert bare_error(tree).kind == kind


@pytest.mark.parametrize("tree", [{"parcels": [{"id": "1"}]}, {"message": "success"}, [], "x", {"status": "ok"}])
def test_what_is_no_error_is_none(tree):
    assert bare_error(tree) is None
