import pytest

from alternator.mastodon.nodeinfo import software_name
from sandbox.server import SandboxServer

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
    assert software_name(server.url, "alternator") == "gotosocial"


def test_it_is_asked_without_the_token(server: SandboxServer):
    offer(server, {"software": {"name": "mastodon"}})
    software_name(server.url, "alternator")
    assert [request["authorized"] for request in server.requests(path=DOCUMENT)] == [False]


@pytest.mark.parametrize(
    "document", [[], {}, "text", {"software": "gotosocial"}, {"software": {"name": 5}}]
)
def test_what_is_no_nodeinfo_is_none(server: SandboxServer, document: object):
    offer(server, document)
    assert software_name(server.url, "alternator") is None


@pytest.mark.parametrize("address", ["http://localhost:1/nodeinfo", "file:///etc/passwd", "\\"])
def test_it_goes_to_no_other_server(server: SandboxServer, address: str):
    offer(server, {"software": {"name": "mastodon"}}, address)
    assert software_name(server.url, "alternator") is None
    assert server.requests(path=DOCUMENT) == []


def test_a_server_without_it_is_no_error(server: SandboxServer):
    server.fail("/.well-known/nodeinfo", status=404)
    assert software_name(server.url, "alternator") is None
    assert software_name(server.url, "alternator") == "mastodon"
    assert software_name("http://127.0.0.1:1", "alternator") is None
