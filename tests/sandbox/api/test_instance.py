"""What the server says of itself."""

import pytest

from sandbox.server import SandboxServer
from sandbox.settings import Settings


@pytest.mark.parametrize("version", [1, 2])
def test_limits_are_announced(api, version):
    configuration = api("GET", f"/api/v{version}/instance").json()["configuration"]
    assert configuration["media_attachments"]["description_limit"] == 1500
    assert configuration["statuses"]["max_characters"] == 500


def test_links_follow_the_name_that_the_client_uses(api, server):
    by_name = {"Host": "sandbox:3000"}
    instance = api("GET", "/api/v2/instance", headers=by_name).json()
    assert instance["configuration"]["urls"]["streaming"] == "ws://sandbox:3000"
    status = server.post("x")
    path = f"/api/v1/statuses/{status['id']}"
    assert api("GET", path, headers=by_name).json()["url"].startswith("http://sandbox:3000/")


def test_public_url_fixes_the_links(connect):
    with SandboxServer(settings=Settings(public_url="https://social.example/")) as server:
        instance = connect(server.url)("GET", "/api/v1/instance").json()
    assert instance["urls"]["streaming_api"] == "wss://social.example"


def test_unknown_endpoint_is_404_in_json(api):
    response = api("GET", "/api/v1/nonsense")
    assert (response.status_code, response.json()) == (404, {"error": "Not Found"})
