"""What is asked of a status and its attachments beside their fields."""

from dataclasses import replace

import pytest
from statuses import PLAIN

from alternator.mastodon.entities import Attachment, Poll, PollOption


def attachment(id: str, description: str | None = None) -> Attachment:
    return Attachment(id=id, type="image", url=None, description=description)


@pytest.mark.parametrize(
    ("description", "lacks"), [(None, True), ("", True), (" \n", True), ("a house", False)]
)
def test_blanks_are_no_description(description: str | None, lacks: bool) -> None:
    assert attachment("1", description).lacks_description is lacks


def test_attachments_by_id_keep_their_order() -> None:
    attachments = (attachment("20"), attachment("3"))
    status = replace(PLAIN, attachments=attachments)
    assert tuple(status.by_id) == ("20", "3")
    assert tuple(status.by_id.values()) == attachments


@pytest.mark.parametrize(
    ("visibility", "audience"),
    [
        ("public", "public"),
        ("unlisted", "unlisted"),
        ("private", "private"),
        ("direct", "direct"),
        ("mutuals_only", "direct"),
        ("", "direct"),
    ],
)
def test_a_visibility_that_is_not_known_counts_as_direct(visibility: str, audience: str) -> None:
    assert replace(PLAIN, visibility=visibility).audience == audience


def test_a_poll_hides_its_totals_when_a_count_is_missing() -> None:
    options = (PollOption(title="Yes", votes_count=3), PollOption(title="No", votes_count=None))
    poll = Poll(options=options, multiple=False, expired=False, expires_at=None)
    assert poll.hides_totals
    assert not replace(poll, options=options[:1]).hides_totals
