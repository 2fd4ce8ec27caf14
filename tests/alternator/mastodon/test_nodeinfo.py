from typing import Any

import pytest
from pauses import Pauses

from alternator.mastodon.nodeinfo import software_name
from sandbox.server import SandboxServer


def name_of(url: str) -> str | None:
    return software_name(url, "alternator", Pauses())


LINKS = "/.well-known/nodeinfo"
DOCUMENT = "/api/nodeinfo/2.0"  # where Pixelfed has it


def offer(server: SandboxServer, document: object, address: str | None = None) -> None:
    """Let the server tell its nodeinfo at an address of its own."""
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    links = [
        {"rel": "https://www.w3.org/ns/activitystreams", "href": f"{server.url}/actor"},
        {"rel": rel, "href": address or server.url + DOCUMENT},
    ]
    server.fail(LINKS, status=200, body={"links": links}, times=None)
    server.fail(DOCUMENT, status=200, body=document, times=None)


def test_the_name_is_where_the_links_lead(server: SandboxServer):
    offer(server, {"version": "2.0", "software": {"name": "gotosocial", "version": "0.20.0"}})
    assert name_of(server.url) == "gotosocial"


def test_it_is_asked_without_the_token(server: SandboxServer):
    offer(server, {"software": {"name": "mastodon"}})
    name_of(server.url)
    assert [request["authorized"] for request in server.requests(path=DOCUMENT)] == [False]


@pytest.mark.parametrize(
    "document", [[], {}, "text", {"software": "gotosocial"}, {"software": {"name": 5}}]
)
def test_what_is_no_nodeinfo_is_none(server: SandboxServer, document: object):
    offer(server, document)
    assert name_of(server.url) is None


@pytest.mark.parametrize("address", ["http://localhost:1/nodeinfo", "file:///etc/passwd", "\\"])
def test_it_goes_to_no_other_server(server: SandboxServer, address: str):
    offer(server, {"software": {"name": "mastodon"}}, address)
    assert name_of(server.url) is None
    assert server.requests(path=DOCUMENT) == []


def test_a_server_without_it_is_no_error(server: SandboxServer):
    server.fail(LINKS, status=404)
    assert name_of(server.url) is None
    assert name_of("http://127.0.0.1:1") is None


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}, {"spoil": "html"}])
def test_a_server_that_is_busy_is_asked_again(server: SandboxServer, fault: dict[str, Any]):
    # Taken for Mastodon, GoToSocial would be sent what it does not understand.
    server.fail(LINKS, times=2, **fault)
    offer(server, {"software": {"name": "gotosocial"}})
    assert name_of(server.url) == "gotosocial"


def test_a_server_without_it_is_asked_once(server: SandboxServer):
    server.fail(LINKS, status=404)
    pauses = Pauses()
    assert software_name(server.url, "alternator", pauses) is None
    assert pauses.made == []
