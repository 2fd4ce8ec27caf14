"""Who asks, and what they may see."""

import pytest

from sandbox.api.caller import visible
from sandbox.model.records import DEMO_ACCOUNT, NEIGHBOUR, Status


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
@pytest.mark.parametrize("viewer", [None, NEIGHBOUR, DEMO_ACCOUNT])
def test_only_the_author_sees_private_and_direct_posts(visibility, viewer):
    status = Status(
        id="1", account_id=DEMO_ACCOUNT.id, created_at=0.0, text="x", visibility=visibility
    )
    expected = viewer == DEMO_ACCOUNT or visibility in ("public", "unlisted")
    assert visible(status, viewer) is expected


@pytest.mark.parametrize(
    ("header", "status_code"),
    [
        ("Bearer sandbox", 200),
        ("bearer sandbox", 200),
        ("Basic sandbox", 401),
        ("sandbox", 401),
        ("Bearer other", 401),
    ],
)
def test_the_token_is_that_of_the_header(api, header, status_code):
    path = "/api/v1/accounts/verify_credentials"
    assert api("GET", path, headers={"Authorization": header}).status_code == status_code


def test_the_token_may_stand_in_the_query(connect, server):
    nobody = connect(server.url, None)
    path = "/api/v1/accounts/verify_credentials?access_token=neighbour"
    assert nobody("GET", path).json()["username"] == "neighbour"


def test_a_token_that_may_only_read_writes_nothing(connect, server):
    api = connect(server.url, "sandbox-read-only")
    response = api("POST", "/api/v1/statuses", json={"status": "x"})
    assert response.status_code == 403
    assert response.json() == {"error": "This action is outside the authorized scopes"}
