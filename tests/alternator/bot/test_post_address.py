import pytest

from alternator.bot.post_address import status_id_of
from alternator.errors import ConfigError

SERVER = "https://me:secret@Social.example"


@pytest.mark.parametrize(
    ("post", "status_id"),
    [
        ("113456789012345678", "113456789012345678"),
        (" 01JDZ5T4V3A2X6Y7W8Q9R0S1T2 ", "01JDZ5T4V3A2X6Y7W8Q9R0S1T2"),
        ("https://social.example/@me/1134", "1134"),
        ("https://SOCIAL.example/@me/1134/", "1134"),
        ("https://social.example/@me/1134?x=1#2", "1134"),
        ("https://social.example/@me/statuses/01JDZ5T4V3", "01JDZ5T4V3"),
        ("https://social.example/notice/AbC9z", "AbC9z"),
        ("https://social.example/p/me/77", "77"),
        ("https://social.example/users/me/statuses/1134", "1134"),
    ],
)
def test_a_post_is_named_by_its_id_or_address(post: str, status_id: str):
    assert status_id_of(post, SERVER) == status_id


@pytest.mark.parametrize(
    ("post", "says"),
    [
        ("https://other.example/@me@social.example/1134", "other.example is another server"),
        ("https://social.example:8443/@me/1134", "another server"),
        ("https://social.example/", "is no post"),
        ("https://[x/1", "is no address of a post"),
        ("../accounts/1", "is no post"),
        ("12 34", "is no post"),
        ("", "is no post"),
        ("1" * 65, "is no post"),
    ],
)
def test_what_is_no_post_of_this_server_is_refused(post: str, says: str):
    with pytest.raises(ConfigError, match=says) as caught:
        status_id_of(post, SERVER)
    assert "secret" not in str(caught.value)
