"""What is asked of a status and its attachments beside their fields."""

import pytest

from alternator.mastodon.entities import Attachment, Status


def attachment(id: str, description: str | None = None) -> Attachment:
    return Attachment(id=id, type="image", url=None, description=description)


@pytest.mark.parametrize(
    ("description", "lacks"), [(None, True), ("", True), (" \n", True), ("a house", False)]
)
def test_blanks_are_no_description(description: str | None, lacks: bool) -> None:
    assert attachment("1", description).lacks_description is lacks


def test_attachments_by_id_keep_their_order() -> None:
    attachments = (attachment("20"), attachment("3"))
    status = Status(
        id="1",
        account_id="1",
        content="",
        edited_at=None,
        sensitive=False,
        language=None,
        attachments=attachments,
        poll=None,
        quote_approval=None,
        is_boost=False,
    )
    assert tuple(status.by_id) == ("20", "3")
    assert tuple(status.by_id.values()) == attachments
