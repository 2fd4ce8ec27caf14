import pytest

from alternator.accounts.scopes import TO_POST, check, missing
from alternator.errors import ForbiddenError


@pytest.mark.parametrize(
    ("granted", "lacking"),
    [
        (("read", "write"), ()),
        (TO_POST, ()),
        (("read", "write:media"), ("write:statuses",)),
        (("read:statuses",), ("read:accounts", "write:statuses")),
        ((), TO_POST),
    ],
)
def test_a_scope_holds_what_it_begins(granted: tuple[str, ...], lacking: tuple[str, ...]):
    assert missing(granted, TO_POST) == lacking


def test_what_is_not_told_is_not_refused():
    check(None, TO_POST, "[mastodon] access_token")
    with pytest.raises(ForbiddenError, match="lacks the scope write:statuses; create one with"):
        check(("read",), TO_POST, "[mastodon] access_token")
    with pytest.raises(ForbiddenError, match="lacks the scopes read:accounts read:statuses;"):
        check(("write",), TO_POST, "[mastodon] access_token")
