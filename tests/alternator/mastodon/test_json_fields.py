from datetime import UTC, datetime, timedelta, timezone

import pytest

from alternator.mastodon.json_fields import kind, parse_time


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("2026-11-22T12:00:00Z", UTC),
        ("2026-11-22T12:00:00.000Z", UTC),
        ("2026-11-22T12:00:00", UTC),
        ("2026-11-22T12:00:00+02:00", timezone(timedelta(hours=2))),
    ],
)
def test_a_time_always_has_a_zone(written: str, zone: timezone):
    assert parse_time(written) == datetime(2026, 11, 22, 12, tzinfo=zone)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"error": "the password is sesame"}, "an error"),
        ({"id": "1"}, "an object"),
        (["sesame"], "a list"),
        ("sesame", "a text"),
        (None, "nothing"),
        (5, "of type int"),
    ],
)
def test_what_came_is_named_and_never_quoted(answer: object, name: str):
    assert kind(answer) == name
