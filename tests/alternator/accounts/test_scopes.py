import pytest

from alternator.accounts.scopes import NEEDED, check, missing, needless, of_others
from alternator.config.others import OthersSettings
from alternator.errors import ForbiddenError


@pytest.mark.parametrize(
    ("granted", "lacking", "more"),
    [
        (NEEDED, (), ()),
        (("read", "write"), (), ("read", "write")),
        (("read", "write", "push"), (), ("read", "write", "push")),
        (("read",), ("write:statuses",), ("read",)),
        (("read:accounts", "write:statuses"), ("read:statuses",), ()),
        ((), NEEDED, ()),
    ],
)
def test_what_a_token_lacks_and_what_it_does_not_need(
    granted: tuple[str, ...], lacking: tuple[str, ...], more: tuple[str, ...]
):
    assert missing(granted) == lacking
    assert needless(granted) == more


def test_some_servers_need_more():
    needed = (*NEEDED, "write:media")
    assert missing(NEEDED, needed) == ("write:media",)
    assert needless(needed, needed) == ()


def test_what_is_not_told_is_not_refused():
    check(None, NEEDED, "[mastodon] access_token")
    with pytest.raises(ForbiddenError, match="lacks the scope write:statuses; create one with"):
        check(("read",), NEEDED, "[mastodon] access_token")
    with pytest.raises(ForbiddenError, match="lacks the scopes read:accounts read:statuses;"):
        check(("write",), NEEDED, "[mastodon] access_token")


def test_describing_for_others_needs_more_as_it_is_configured():
    assert of_others(OthersSettings(all_posts=True)) == ()
    assert of_others(OthersSettings(enabled=True, all_posts=False)) == ("read:notifications",)
    assert of_others(OthersSettings(enabled=True)) == (
        "read:notifications",
        "read:follows",
        "write:follows",
    )
