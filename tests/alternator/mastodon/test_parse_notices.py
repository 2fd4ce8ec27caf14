import pytest

from alternator.errors import UnexpectedAnswerError
from alternator.mastodon.parse_notices import parse_notices
from sandbox.server import SandboxServer


def told(server: SandboxServer) -> list[dict[str, object]]:
    """The demo account's notifications as its server tells them."""
    import requests

    return requests.get(
        f"{server.url}/api/v1/notifications?include_filtered=true",
        headers={"Authorization": f"Bearer {server.token}"},
        timeout=10,
    ).json()


def test_notifications_are_read_oldest_first(server: SandboxServer):
    post = server.post("Hello @demo", token="neighbour")
    server.post("@demo", token="robot", visibility="direct")
    server.follow("passerby", server.token)
    found = parse_notices(told(server))
    assert [(one.type, one.acct, one.shunned) for one in found] == [
        ("mention", "neighbour", False),
        ("mention", "robot", True),
        ("follow", "passerby", False),
    ]
    assert found[0].status is not None and found[0].status.id == post["id"]
    assert found[2].status is None


def test_a_limited_account_is_shunned_and_half_a_post_left_out(server: SandboxServer):
    server.post("Hello @demo", token="neighbour")
    (entry,) = told(server)
    assert isinstance(entry["account"], dict)
    half = entry | {"account": entry["account"] | {"limited": True}, "status": {"id": "1"}}
    (found,) = parse_notices([half])
    assert (found.shunned, found.status) == (True, None)


@pytest.mark.parametrize("answer", [{"error": "x"}, ["text"], [{"id": "1"}], [{"type": "mention"}]])
def test_what_is_no_list_of_notifications_is_told(answer: object):
    with pytest.raises(UnexpectedAnswerError):
        parse_notices(answer)
