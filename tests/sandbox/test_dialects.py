"""The sandbox as other servers, held to what those servers do: the source is beside each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests

from sandbox.dialects import DIALECTS
from sandbox.server import SandboxServer
from sandbox.settings import Settings

STATUSES = "/api/v1/statuses"
POLL = {"options": ["Yes", "No"], "expires_in": 3600, "hide_totals": True}
MASTODONS = [name for name in DIALECTS if name.startswith("mastodon-")]
DESCRIBED_AFTER_POSTING = [
    "gotosocial",
    "gotosocial-0.17",
    "gotosocial-0.11",
    "pixelfed",
    "friendica",
    "takahe",
    "sharkey",
    "iceshrimp",
    "firefish",
    "iceshrimp.net",
]


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[str], SandboxServer]]:
    """Servers by their dialect, each started when it is first asked for."""
    running: dict[str, SandboxServer] = {}
    with ExitStack() as stack:

        def server_of(name: str) -> SandboxServer:
            if name not in running:
                server = SandboxServer(settings=Settings.of(name))
                running[name] = stack.enter_context(server)
            return running[name]

        yield server_of


@pytest.fixture
def open_as(servers, connect) -> Any:
    """Opens an empty server of a dialect, with a client for raw requests."""

    @contextmanager
    def run(name: str) -> Iterator[tuple[SandboxServer, Any]]:
        server = servers(name)
        server.reset()
        yield server, connect(server.url)

    return run


def whole(status: Any, /, **changes: Any) -> dict[str, Any]:
    """An edit that sends everything of a status again."""
    ids = [attachment["id"] for attachment in status["media_attachments"]]
    return {
        "status": "Look",
        "spoiler_text": status["spoiler_text"],
        "sensitive": status["sensitive"],
        "language": "de",
        "media_ids": ids,
        "media_attributes": [{"id": media_id, "description": "Blue"} for media_id in ids],
    } | changes


def edit(api: Any, status: Any, /, **changes: Any) -> requests.Response:
    response: requests.Response = api(
        "PUT", f"{STATUSES}/{status['id']}", json=whole(status, **changes)
    )
    return response


def description(status: Any) -> str | None:
    found: str | None = status["media_attachments"][0]["description"]
    return found


@pytest.mark.parametrize("name", DIALECTS)
def test_each_names_itself(open_as, name):
    dialect = DIALECTS[name]
    with open_as(name) as (_, api):
        version_1 = api("GET", "/api/v1/instance").json()
        version_2 = api("GET", "/api/v2/instance")
        (link,) = api("GET", "/.well-known/nodeinfo").json()["links"]
        nodeinfo = requests.get(link["href"], timeout=10).json()
    assert version_1["version"] == dialect.version
    assert version_2.ok is dialect.has_instance_v2
    assert nodeinfo["software"] == {"name": dialect.software, "version": dialect.version}


# https://github.com/mastodon/mastodon/pull/33153 (4.4),
# https://github.com/mastodon/mastodon/blob/v4.6.0/app/models/media_attachment.rb,
# https://docs.akkoma.dev/stable/development/API/differences_in_mastoapi_responses/#instance
@pytest.mark.parametrize(
    ("name", "in_its_place", "at_the_top"),
    [
        ("mastodon-4.0", None, None),
        ("mastodon-4.3", None, None),
        ("mastodon-4.4", 1500, None),
        ("mastodon-4.6", 10_000, None),
        ("gotosocial", 1500, None),
        ("gotosocial-0.17", None, None),
        ("akkoma", None, 5000),
        ("pixelfed", None, None),
        ("friendica", None, None),
        ("takahe", None, None),
    ],
)
def test_where_the_limit_is_told(open_as, name, in_its_place, at_the_top):
    with open_as(name) as (_, api):
        for version in (1, 2):
            instance = api("GET", f"/api/v{version}/instance").json()
            media = instance["configuration"]["media_attachments"]
            assert media.get("description_limit") == in_its_place
            assert instance.get("description_limit") == at_the_top


# https://github.com/mastodon/mastodon/pull/20878: since 4.1
@pytest.mark.parametrize("name", [*MASTODONS, "glitch-soc", "hometown"])
def test_mastodon_describes_in_edits_since_4_1(open_as, picture, name):
    old = name in ("mastodon-4.0", "hometown")
    with open_as(name) as (server, api):
        status = server.post("Look", files=[picture], language="de")
        edited = edit(api, status)
        assert edited.status_code == 200
        assert description(edited.json()) == (None if old else "Blue")
        assert edited.json()["edited_at"] is None if old else edited.json()["edited_at"]
        path = f"/api/v1/media/{status['media_attachments'][0]['id']}"
        assert api("PUT", path, json={"description": "Blue"}).status_code == 404


# https://github.com/mastodon/mastodon/blob/v4.3.0/app/services/update_status_service.rb (not_found)
@pytest.mark.parametrize(
    ("name", "code"), [("mastodon-4.2", 200), ("mastodon-4.3", 422), ("gotosocial", 400)]
)
def test_media_that_the_post_can_not_have(open_as, picture, name, code):
    with open_as(name) as (server, api):
        status = server.post("Look", files=[picture])
        ids = [status["media_attachments"][0]["id"], "1"]
        assert edit(api, status, media_ids=ids).status_code == code


# https://github.com/mastodon/mastodon/blob/v4.5.0/app/controllers/api/v1/statuses_controller.rb,
# …/v4.5.5/…: the account's default policy, or the post's own
@pytest.mark.parametrize(
    ("name", "automatic"),
    [
        ("mastodon-4.4", None),
        ("mastodon-4.5.0", ["public"]),
        ("mastodon-4.5", []),
        ("mastodon-4.6", []),
    ],
)
def test_who_may_quote_after_an_edit_without_a_policy(open_as, name, automatic):
    with open_as(name) as (server, api):
        status = server.post("Look", quote_approval_policy="nobody")
        edited = edit(api, status, status="Look again").json()
        told = edited.get("quote_approval")
        assert (None if told is None else told["automatic"]) == automatic
        kept = edit(api, status, quote_approval_policy="nobody").json().get("quote_approval")
        assert kept is None or kept["automatic"] == []


# https://github.com/mastodon/mastodon/blob/v4.6.5/app/services/update_status_service.rb,
# https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/api/model/status.go
@pytest.mark.parametrize(
    ("name", "with_false", "with_text"),
    [
        ("mastodon-4.6", True, (200, False)),
        ("glitch-soc", True, (200, False)),
        ("gotosocial", False, (400, None)),
        ("akkoma", False, (200, False)),
    ],
)
def test_what_false_beside_a_warning_becomes(open_as, picture, name, with_false, with_text):
    with open_as(name) as (server, api):
        status = server.post("Look", files=[picture], spoiler_text="Rain")
        sent = edit(api, status, sensitive=False, status="Look again")
        assert sent.json()["sensitive"] is with_false
        text = edit(api, status, sensitive="false", status="And again")
        assert (text.status_code, text.json().get("sensitive")) == with_text
        if name == "gotosocial":  # a form's text is read
            form = api("PUT", f"{STATUSES}/{status['id']}", data={"status": "x", "sensitive": "no"})
            assert form.status_code == 200


# https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/processing/status/edit.go
def test_gotosocial_edits_in_its_own_way(open_as, picture):
    with open_as("gotosocial") as (server, api):
        status = server.post("Look", files=[picture], language="de")
        over_long = [{"id": status["media_attachments"][0]["id"], "description": "x" * 1501}]
        assert description(edit(api, status, media_attributes=over_long).json()) == "x" * 1501
        unchanged = edit(api, status, media_attributes=over_long)
        assert (unchanged.status_code, "not changed" in unchanged.json()["error"]) == (422, True)
        left_out = [{"id": status["media_attachments"][0]["id"]}]
        assert description(edit(api, status, media_attributes=left_out).json()) is None


# https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/middleware/useragent.go
@pytest.mark.parametrize(("name", "code"), [("gotosocial", 418), ("mastodon-4.6", 200)])
def test_a_request_that_does_not_say_who_asks(open_as, name, code):
    with open_as(name) as (_, api):
        nameless = {"User-Agent": ""}
        assert api("GET", "/api/v1/instance", headers=nameless).status_code == code
        assert api("GET", "/api/v1/instance").status_code == 200


# https://github.com/mastodon/mastodon/blob/v4.6.5/app/models/poll.rb (show_totals_now?),
# https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/typeutils/internaltofrontend.go
# (isAuthor || !*poll.HideCounts),
# https://github.com/external-mirrors/akkoma/blob/develop/lib/pleroma/web/mastodon_api/views/poll_view.ex
@pytest.mark.parametrize(
    ("name", "author", "others"),
    [("mastodon-4.6", None, None), ("gotosocial", 0, None), ("akkoma", 0, 0)],
)
def test_who_sees_hidden_counts(open_as, connect, name, author, others):
    with open_as(name) as (server, api):
        path = f"{STATUSES}/{server.post('Well?', poll=POLL)['id']}"
        shown = {
            who: ask("GET", path).json()["poll"]["options"][0]["votes_count"]
            for who, ask in {"author": api, "others": connect(server.url, "neighbour")}.items()
        }
    assert shown == {"author": author, "others": others}


# https://github.com/superseriousbusiness/gotosocial/blob/v0.11.0/internal/middleware/ratelimit.go
@pytest.mark.parametrize(
    ("name", "is_number"),
    [("mastodon-4.6", False), ("gotosocial", False), ("gotosocial-0.11", True)],
)
def test_how_the_reset_is_written(open_as, name, is_number):
    with open_as(name) as (_, api):
        reset = api("GET", "/api/v1/instance").headers["x-ratelimit-reset"]
    assert reset.isdigit() is is_number


# …/gotosocial/tree/v0.17.0/internal/api/client/statuses: no PUT, https://github.com/pixelfed/pixelfed/blob/dev/routes/api.php
@pytest.mark.parametrize(
    ("name", "edits", "source"),
    [
        ("gotosocial-0.17", 404, 200),
        ("gotosocial-0.11", 404, 404),
        ("pixelfed", 200, 404),
        ("mastodon-4.6", 200, 200),
    ],
)
def test_what_is_not_there_is_404(open_as, name, edits, source):
    with open_as(name) as (server, api):
        status = server.post("Look")
        assert edit(api, status).status_code == edits
        assert api("GET", f"{STATUSES}/{status['id']}/source").status_code == source


# …/akkoma/blob/develop/lib/pleroma/web/mastodon_api/views/status_view.ex (source.json)
def test_the_source_tells_how_it_is_to_be_read(open_as):
    told = {}
    for name in ("mastodon-4.6", "glitch-soc", "gotosocial", "gotosocial-0.17", "akkoma"):
        with open_as(name) as (server, api):
            source = api("GET", f"{STATUSES}/{server.post('Look')['id']}/source").json()
            told[name] = source.get("content_type")
            assert source["text"] == "Look"
    assert told == {
        "mastodon-4.6": None,
        "glitch-soc": "text/plain",
        "gotosocial": "text/plain",
        "gotosocial-0.17": None,
        "akkoma": "text/plain",
    }


# get_source_text(_) in the same file
def test_akkoma_has_no_source_of_old_posts(open_as):
    with open_as("akkoma") as (server, api):
        status = server.post("Look")
        server.lose_source(status["id"])
        source = api("GET", f"{STATUSES}/{status['id']}/source")
        assert (source.status_code, source.json()["text"]) == (200, "")
        assert api("GET", f"{STATUSES}/{status['id']}").json()["content"] == "<p>Look</p>"


# …/akkoma/blob/develop/lib/pleroma/web/api_spec/operations/status_operation.ex
# (StatusUpdateRequest), …/common_api/activity_draft.ex (language),
# …/external-mirrors/pleroma/…/media_controller.ex (update)
@pytest.mark.parametrize(("name", "language"), [("akkoma", "en"), ("pleroma", "de")])
def test_akkoma_and_pleroma_describe_nothing_that_is_posted(open_as, picture, name, language):
    with open_as(name) as (server, api):
        status = server.post("Look", files=[picture], language="de")
        edited = edit(api, status, status="Look again").json()
        assert (description(edited), edited["language"]) == (None, language)
        path = f"/api/v1/media/{status['media_attachments'][0]['id']}"
        upload = api("PUT", path, json={"description": "Blue"})
        assert (upload.status_code, upload.json()["description"]) == (200, "Blue")
        assert server.descriptions(status["id"]) == [None]


# …/pixelfed/blob/dev/app/Http/Controllers/Api/ApiV1Controller.php (mediaUpdate),
# …/friendica/blob/develop/src/Module/Api/Mastodon/Media.php (put),
# …/takahe/blob/main/api/views/media.py, …/Controllers/Mastodon/MediaController.cs,
# …/sharkey-stelpolva/…/MastodonApiServerService.ts, …/fireghoti/…/helpers/media.ts,
# …/gotosocial/…/internal/processing/media/update.go
@pytest.mark.parametrize("name", DESCRIBED_AFTER_POSTING)
def test_where_a_posted_medium_can_be_described_nothing_else_changes(
    open_as, picture, other_picture, name
):
    with open_as(name) as (server, api):
        status = server.post(
            "Look",
            files=[picture, other_picture],
            spoiler_text="Rain",
            visibility="private",
            language="de",
        )
        path = f"/api/v1/media/{status['media_attachments'][0]['id']}"
        assert api("PUT", path, json={"description": "Blue"}).json()["description"] == "Blue"
        now = server.status(status["id"])
        assert server.descriptions(status["id"]) == ["Blue", None]
        now["media_attachments"] = status["media_attachments"]
        assert now == status


def test_each_dialect_says_what_becomes_of_a_posted_medium():
    after = {name for name, dialect in DIALECTS.items() if dialect.posted_media == "described"}
    assert after == set(DESCRIBED_AFTER_POSTING)


# https://github.com/pixelfed/pixelfed/blob/dev/app/Http/Controllers/Api/ApiV1Controller.php
# (RateLimiter::attempt), /config/pixelfed.php (max_altext_length)
def test_pixelfed_takes_ten_descriptions_a_minute_of_a_thousand_characters(open_as, picture):
    with open_as("pixelfed") as (server, api):
        path = f"/api/v1/media/{server.post('x', files=[picture])['media_attachments'][0]['id']}"
        codes = [
            api("PUT", path, json={"description": "x" * length}).status_code
            for length in (1000, 1001, *range(8), 8)
        ]
    assert codes == [200, 422, *[200] * 8, 429]


# https://github.com/jointakahe/takahe/blob/main/activities/models/post.py (edit_local)
@pytest.mark.parametrize("visibility", ["private", "direct", "unlisted"])
def test_takahe_makes_each_edited_post_public(open_as, picture, visibility):
    with open_as("takahe") as (server, api):
        status = server.post("Look", files=[picture], visibility=visibility)
        edited = edit(api, status).json()
        assert (edited["visibility"], description(edited), edited["language"]) == (
            "public",
            "Blue",
            None,
        )


# …/takahe/blob/main/api/urls.py, …/friendica/blob/develop/static/routes.config.php,
# …/gotosocial/…/internal/api/client/streaming/stream.go, …/pixelfed/…/ApiV1Controller.php
@pytest.mark.parametrize(
    ("name", "scheme"),
    [("mastodon-4.6", "ws"), ("gotosocial", "ws"), ("pixelfed", None), ("takahe", None)],
)
def test_where_streams_are(open_as, name, scheme):
    with open_as(name) as (server, api):
        url = api("GET", "/api/v2/instance").json()["configuration"]["urls"]["streaming"]
    assert url == (None if scheme is None else server.url.replace("http", scheme))


def test_an_unknown_dialect_is_refused():
    with pytest.raises(KeyError, match="nobody"):
        Settings.of("nobody")
