import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from pauses import Pauses

from alternator.config.settings import MastodonSettings
from alternator.errors import (
    EditRefusedError,
    ForbiddenError,
    GoneError,
    RedirectedError,
    ServerError,
    TemporaryServerError,
    UnexpectedAnswerError,
)
from alternator.mastodon import parse
from alternator.mastodon.api_session import ATTEMPTS, POST_ATTEMPTS
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.dialect import named
from alternator.mastodon.edit import Snapshot
from alternator.mastodon.edit_check import CheckedEdit, checked_edit
from alternator.mastodon.entities import NewPost, Status
from alternator.mastodon.streams.ways import ways_to_hear
from alternator.progress import SILENT, Progress
from alternator.web.session import Limits
from sandbox.model.records import DEMO_ACCOUNT, NEIGHBOUR, PASSERBY
from sandbox.server import SandboxServer
from sandbox.settings import Settings


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def client(server: SandboxServer, pauses: Pauses) -> MastodonClient:
    return client_of(server.url, progress=pauses)


def client_of(url: str, token: str = "sandbox", progress: Progress | None = None) -> MastodonClient:
    settings = MastodonSettings(instance_url=url, access_token=token)
    return MastodonClient(settings, progress=progress or Pauses())


def edit_of(client: MastodonClient, status_id: str, text: str = "A house") -> CheckedEdit:
    """The edit that describes a post's first attachment."""
    rules = named("Mastodon").edit
    assert rules is not None
    snapshot = Snapshot(status=client.status(status_id), source=client.source(status_id))
    first = snapshot.status.attachments[0].id
    return checked_edit(snapshot, {first: text}, rules=rules, limit=1500)


def failure(call: Callable[[], object]) -> ServerError:
    with pytest.raises(ServerError) as caught:
        call()
    return caught.value


def test_the_account_is_that_of_the_token(server: SandboxServer, client: MastodonClient):
    account = client.verify()
    assert account.name == f"demo@{client.host}"
    assert server.requests(path="/api/v1/accounts/verify_credentials")


def test_a_token_that_is_refused_says_which_scopes_it_needs(server: SandboxServer):
    error = failure(client_of(server.url, "wrong").verify)
    assert not isinstance(error, TemporaryServerError)
    assert str(error) == (
        f"{server.url} rejects the access token; create one with the scopes read:accounts "
        f"read:statuses write:statuses (Preferences, Development) and set [mastodon] access_token"
    )
    assert error.exit_code == 4


def test_a_token_that_may_not_write_says_which_scopes_it_needs(
    server: SandboxServer, picture: Path
):
    status = server.post("Look", files=[picture])
    client = client_of(server.url, "sandbox-read-only")
    error = failure(lambda: client.edit(edit_of(client, status["id"])))
    assert isinstance(error, ForbiddenError)
    assert "it needs the scopes read:accounts read:statuses write:statuses" in str(error)


def test_a_token_is_never_taken_for_a_file(
    server: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("sandbox").write_text("another-token\n")
    assert client_of(server.url).verify().name.startswith("demo@")


def test_an_unreachable_server_is_one_line(pauses: Pauses):
    error = failure(client_of("http://127.0.0.1:1", progress=pauses).verify)
    assert isinstance(error, TemporaryServerError)
    assert str(error) == (
        "http://127.0.0.1:1 can't be reached (no connection); check [mastodon] instance_url, and "
        "that this machine reaches it"
    )
    assert len(pauses.made) == ATTEMPTS - 1
    assert sum(pauses.made) < 10


@pytest.fixture
def tls_url(tmp_path: Path) -> Iterator[str]:
    """A TLS server whose certificate nobody signed."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                    context.wrap_socket(connection, server_side=True).close()
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def test_a_certificate_that_is_not_accepted_says_so(tls_url: str):
    error = failure(client_of(tls_url).verify)
    assert str(error) == (
        f"{tls_url}: the server's TLS certificate is not accepted; correct [mastodon] "
        f"instance_url, or name the authority that signed it in REQUESTS_CA_BUNDLE"
    )


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"drop": True}])
def test_a_passing_fault_is_sat_out(
    server: SandboxServer, client: MastodonClient, pauses: Pauses, fault: dict[str, Any]
):
    server.fail("/api/v1/accounts/verify_credentials", times=2, **fault)
    assert client.verify().name.startswith("demo@")
    assert len(pauses.made) == 2


def test_a_lasting_fault_is_given_back(server: SandboxServer, client: MastodonClient):
    server.fail("/api/v1/accounts/verify_credentials", status=502, times=None)
    error = failure(client.verify)
    assert isinstance(error, TemporaryServerError)
    assert str(error) == f"{server.url} has trouble (HTTP 502); tried again later"


def test_a_rate_limit_is_waited_for_until_its_end(
    server: SandboxServer, client: MastodonClient, pauses: Pauses
):
    server.exhaust_rate_limit(40)
    error = failure(client.verify)  # the pauses take no time, so the limit stays
    assert isinstance(error, TemporaryServerError)
    assert error.retry_after == pytest.approx(40, abs=5)
    # Each of the waits is made in slices, so that the bot is seen to be alive.
    assert max(pauses.made) <= 10
    assert sum(pauses.made) == pytest.approx(40 * (ATTEMPTS - 1), abs=15)


def test_a_rate_limit_ends(server: SandboxServer):
    server.exhaust_rate_limit(1.5)
    started = time.monotonic()
    assert client_of(server.url, progress=SILENT).verify().name.startswith("demo@")
    assert time.monotonic() - started > 1


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 500}, {"drop": True}])
def test_an_edit_is_never_sent_twice(
    server: SandboxServer,
    client: MastodonClient,
    pauses: Pauses,
    picture: Path,
    fault: dict[str, Any],
):
    status = server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", **fault)
    # By the time of another try its author may have edited it: that is for the caller to see.
    edit = edit_of(client, status["id"])
    error = failure(lambda: client.edit(edit))
    assert isinstance(error, TemporaryServerError)
    assert pauses.made == []
    assert len(server.requests(method="PUT")) == 1


def test_a_rate_limit_of_hours_is_given_back(
    server: SandboxServer, client: MastodonClient, pauses: Pauses
):
    server.exhaust_rate_limit(3 * 3600)
    error = failure(client.verify)
    assert isinstance(error, TemporaryServerError)
    assert error.retry_after == pytest.approx(3600, abs=60)  # it is asked about again by then
    assert pauses.made == []


def test_a_post_that_is_gone_is_told(client: MastodonClient):
    assert isinstance(failure(lambda: client.status("1234")), GoneError)


def test_an_edit_that_the_server_does_not_accept_is_told(
    server: SandboxServer, client: MastodonClient, picture: Path
):
    status = server.post("Hello", files=[picture])
    edit = edit_of(client, status["id"], "x" * 1500)
    said = {"error": "Validation failed: Description is too long"}
    server.fail("/api/v1/statuses/*", method="PUT", status=422, body=said)
    error = failure(lambda: client.edit(edit))
    assert isinstance(error, EditRefusedError)
    assert "(it says: Validation failed: Description is too long)" in str(error)


def test_an_edit_is_json_with_real_booleans(
    server: SandboxServer, client: MastodonClient, picture: Path
):
    status = server.post("Look", files=[picture], sensitive=True)
    edit = edit_of(client, status["id"])
    assert client.edit(edit).attachments[0].description == "A house"
    (request,) = server.requests(method="PUT")
    assert request["json"] == edit.body
    assert request["json"]["sensitive"] is True


def test_the_limit_is_the_one_that_the_server_names():
    with SandboxServer(settings=Settings(description_limit=420)) as server:
        instance = client_of(server.url).instance()
        assert instance.description_limit == 420
        assert instance.streaming_url == server.url.replace("http", "ws", 1)


def test_without_a_named_limit_it_is_that_of_its_dialect(server: SandboxServer):
    settings = Settings(announce_description_limit=False)
    with SandboxServer(settings=settings) as quiet:
        assert client_of(quiet.url).instance().description_limit == 1500
    server.fail("/api/*/instance", status=404, times=None)
    instance = client_of(server.url).instance()
    # One that tells nothing may be any.
    assert (instance.description_limit, instance.streaming_url) == (500, None)


def test_own_posts_come_page_by_page_without_boosts(server: SandboxServer, client: MastodonClient):
    other = server.post("By a neighbour", token="neighbour")
    server.boost(other["id"])
    ids = [server.post(f"Post {number}")["id"] for number in range(45)]
    account = client.verify()
    first = client.own_statuses(account.id)
    assert [status.id for status in first.statuses] == ids[:4:-1]
    second = client.own_statuses(account.id, max_id=first.oldest)
    assert [status.id for status in second.statuses] == ids[4::-1]
    assert client.own_statuses(account.id, max_id=second.oldest).oldest is None


def test_a_page_that_is_not_the_one_asked_for_is_none(
    server: SandboxServer, client: MastodonClient
):
    account = client.verify()
    own, other = server.post("Mine"), server.post("Theirs", token="neighbour")
    path = f"/api/v1/accounts/{account.id}/statuses"
    server.fail(path, status=200, body=[other], times=ATTEMPTS)
    assert "another account's posts" in str(failure(lambda: client.own_statuses(account.id)))
    # A server that takes no max_id would be asked for ever.
    server.fail(path, status=200, body=[own], times=ATTEMPTS)
    error = failure(lambda: client.own_statuses(account.id, max_id=own["id"]))
    assert "a page of newer posts" in str(error)
    assert isinstance(error, UnexpectedAnswerError)


def test_one_post_that_is_not_understood_does_not_hold_up_its_page(
    server: SandboxServer, client: MastodonClient
):
    account = client.verify()
    body: list[Any] = [server.post("Newest"), server.post("Newer") | {"content": 5}]
    path = f"/api/v1/accounts/{account.id}/statuses"
    server.fail(path, status=200, body=body)
    page = client.own_statuses(account.id)
    assert [status.id for status in page.statuses] == [body[0]["id"]]
    assert (page.unread, page.oldest) == ((body[1]["id"],), body[1]["id"])


def test_the_dialect_is_known_once_the_server_was_asked(
    server: SandboxServer, client: MastodonClient
):
    assert client.instance().dialect.software == "Mastodon"
    server.fail("/.well-known/nodeinfo", status=404)
    body = {"version": "0.17.0+git-1a2b3c", "urls": {"streaming_api": "wss://social.example"}}
    server.fail("/api/v2/instance", status=404)
    server.fail("/api/v1/instance", status=200, body=body)
    instance = client.instance()
    assert instance.streaming_url == "wss://social.example"
    assert instance.dialect.software == "GoToSocial"


def test_nodeinfo_names_a_server_that_borrows_a_version(
    server: SandboxServer, client: MastodonClient
):
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    links = [{"rel": rel, "href": f"{server.url}/nodeinfo/2.0"}]
    server.fail("/.well-known/nodeinfo", status=200, body={"links": links})
    server.fail("/nodeinfo/2.0", status=200, body={"software": {"name": "gotosocial"}})
    assert client.instance().dialect.software == "GoToSocial"


@pytest.mark.parametrize("path", ["", "/source"])
@pytest.mark.parametrize("body", [{"error": "busy"}, [], {}, '"text"'])
def test_an_answer_that_is_not_what_was_asked_for_may_pass(
    server: SandboxServer, client: MastodonClient, pauses: Pauses, path: str, body: Any
):
    status_id = server.post("Look")["id"]
    ask = client.source if path else client.status
    times = POST_ATTEMPTS + 1
    server.fail(f"/api/v1/statuses/{status_id}{path}", status=200, body=body, times=times)
    error = failure(lambda: ask(status_id))
    assert isinstance(error, UnexpectedAnswerError)
    # Others wait behind this post.
    assert len(pauses.made) == POST_ATTEMPTS - 1
    assert sum(pauses.made) <= 1
    assert ask(status_id).id == status_id


@pytest.mark.parametrize("path", ["", "/source"])
def test_an_answer_about_another_post_is_not_taken_for_this_one(
    server: SandboxServer, client: MastodonClient, path: str
):
    status_id, other = server.post("Look")["id"], server.post("Look again")
    body = other | {"text": "Look again", "spoiler_text": ""}
    server.fail(f"/api/v1/statuses/{status_id}{path}", status=200, body=body, times=POST_ATTEMPTS)
    ask = client.source if path else client.status
    assert str(failure(lambda: ask(status_id))) == (
        f"{server.url} answers with another post than {status_id}; tried again later"
    )


def test_the_token_goes_before_a_netrc_file(
    server: SandboxServer, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client = client_of(server.url)
    status = server.post("Look", files=[picture])
    assert client.verify().name.startswith("demo@")
    assert client.edit(edit_of(client, status["id"])).id == status["id"]
    settings = MastodonSettings(instance_url=server.url, access_token=server.token)
    for way in ways_to_hear(settings, client.instance()):
        with closing(way.events()) as events:
            assert next(events) is None


def test_a_defect_in_the_reading_is_no_outage(
    server: SandboxServer,
    client: MastodonClient,
    pauses: Pauses,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def defective(_: object) -> Status:
        raise ValueError("a defect of ours")

    status_id = server.post("Look")["id"]
    monkeypatch.setattr(parse, "parse_status", defective)
    with pytest.raises(ValueError, match="a defect of ours"):
        client.status(status_id)
    assert not pauses.made, "it would be the same again"


@pytest.mark.parametrize("path", ["", "/source"])
def test_what_an_edit_is_made_from_comes_out_of_no_cache(
    server: SandboxServer, client: MastodonClient, path: str
):
    status = server.post("Look")
    ask = client.source if path else client.status
    body = status | {"text": "Look"}
    url = f"/api/v1/statuses/{status['id']}{path}"
    server.fail(url, status=200, body=body, headers={"Age": "17"}, times=POST_ATTEMPTS)
    error = failure(lambda: ask(status["id"]))
    assert isinstance(error, UnexpectedAnswerError)
    assert "what a cache has kept" in str(error)
    server.fail(url, status=200, body=body, headers={"Age": "0"})
    assert ask(status["id"]).id == status["id"]


def test_no_redirect_is_followed(server: SandboxServer, client: MastodonClient, picture: Path):
    status = server.post("Look", files=[picture])
    edit = edit_of(client, status["id"])
    with SandboxServer() as other:
        headers = {"Location": f"{other.url}/api/v1/statuses/{status['id']}"}
        for code in (301, 302, 303, 307, 308):
            server.fail("/api/*", status=code, headers=headers, times=POST_ATTEMPTS)
            error = failure(lambda: client.status(status["id"]))
            assert f"redirects to http://127.0.0.1 (HTTP {code})" in str(error)
            server.fail("/api/*", status=code, headers=headers)
            assert isinstance(failure(lambda: client.edit(edit)), RedirectedError)
        assert other.requests() == []
    assert server.descriptions(status["id"]) == [None]


def test_what_the_server_has_no_end_of_is_not_taken_in(
    server: SandboxServer, client: MastodonClient
):
    status = server.post("Look")
    server.fail("/api/v1/statuses/*", spoil="gzip_bomb", times=POST_ATTEMPTS)
    error = failure(lambda: client.status(status["id"]))
    assert isinstance(error, UnexpectedAnswerError)
    assert "more than any answer of its kind has" in str(error)


@pytest.mark.parametrize("trickle", ["header", "body"])
def test_an_answer_that_comes_byte_by_byte_has_an_end(
    server: SandboxServer,
    client: MastodonClient,
    monkeypatch: pytest.MonkeyPatch,
    trickle: Literal["header", "body"],
):
    monkeypatch.setattr("alternator.mastodon.api_session.LIMITS", Limits(seconds=0.3))
    status = server.post("Look")
    server.fail("/api/v1/statuses/*", trickle=trickle, pace=0.1, times=None)
    started = time.monotonic()
    error = failure(lambda: client.status(status["id"]))
    assert "no answer in time" in str(error)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://social.example", "https://social.example"),
        ("https://user:word@social.example/", "https://social.example/"),
        ("http://a@b@social.example:3000/x", "http://social.example:3000/x"),
        ("https://user:w@[::1]:3000", "https://[::1]:3000"),
    ],
)
def test_a_password_in_the_address_is_never_shown(url: str, shown: str):
    assert client_of(url).url == shown


def test_the_clock_of_the_server_is_known_from_its_answers(
    server: SandboxServer, client: MastodonClient
):
    assert client.server_time is None
    failure(lambda: client.status("1"))
    assert client.server_time == pytest.approx(time.time(), abs=60)


WRONG: list[dict[str, Any]] = [
    {"status": 401},
    {"status": 403},
    {"status": 404},
    {"status": 404, "body": "404 page not found"},
    {"status": 410},
    {"status": 422},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"status": 500},
    {"status": 503, "body": "<html>"},
    {"status": 200, "body": "<html>"},
    {"status": 200, "body": ""},
    {"status": 200, "body": {}},
    {"status": 200, "body": [{}]},
    {"status": 200, "body": [None]},
    {"status": 200, "body": '{"id": "1", "acc'},
    {"status": 302, "headers": {"Location": "https://elsewhere.example"}},
    {"drop": True},
    {"spoil": "truncated"},
    {"spoil": "gzip_bomb"},
]
FINAL = (401, 403, 404, 410, 422)  # in the server's own form: not asked again at once


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_wrong_answer_to_any_call_passes_or_is_told_as_what_it_is(
    server: SandboxServer, wrong: dict[str, Any]
):
    server.post("Look")
    own = wrong.get("status") in FINAL and "body" not in wrong
    account_id = client_of(server.url).verify().id
    calls: dict[str, Callable[[MastodonClient], object]] = {
        "/api/v1/accounts/verify_credentials": MastodonClient.verify,
        "/api/v1/accounts/*/statuses": lambda client: client.own_statuses(account_id),
    }
    for path, call in calls.items():
        right = call(client_of(server.url))
        if not own:
            server.fail(path, times=2, **wrong)
            assert call(client_of(server.url)) == right, path
        server.fail(path, times=None, **wrong)
        error = failure(lambda call=call: call(client_of(server.url)))  # type: ignore[misc]
        temporary = isinstance(error, TemporaryServerError)
        gone = path.endswith("credentials") and wrong.get("status") in (404, 410)
        assert temporary == (not own or gone), path
        server.sandbox.faults.clear()


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_wrong_answer_about_itself_never_makes_another_server_of_it(
    server: SandboxServer, wrong: dict[str, Any]
):
    right = client_of(server.url).instance()
    server.fail("/api/v2/instance", times=2, **wrong)
    try:
        found = client_of(server.url).instance()
    except ServerError:
        assert wrong.get("status") in (401, 403, 422)
    else:
        # The older description of itself says the same of what counts here.
        assert found.dialect == right.dialect
        assert found.version == right.version


def test_a_post_is_made_once_and_its_answers_are_read(server: SandboxServer):
    client = client_of(server.url)
    status = server.post("Look")
    new = NewPost(
        text="1: A house",
        visibility="unlisted",
        spoiler_text="Weather",
        language="de",
        in_reply_to_id=status["id"],
    )
    made = client.post(new, key="one")
    assert client.post(new, key="one").id == made.id
    assert (made.visibility, made.spoiler_text, made.language) == ("unlisted", "Weather", "de")
    assert made.in_reply_to_id == status["id"]
    deeper = client.post(replace(new, in_reply_to_id=made.id), key="two")
    assert [found.id for found in client.answers(status["id"])] == [made.id, deeper.id]
    server.fail("/api/v1/statuses", method="POST", status=500, times=1)
    with pytest.raises(TemporaryServerError):
        client.post(new, key="three")
    assert len(server.requests(method="POST", path="/api/v1/statuses")) == 4


def test_favourites_tags_and_profile_are_read(server: SandboxServer):
    client = client_of(server.url)
    server.say_of_self("I paint", [("Bots", "#nobot")])
    status_id = server.post("Look #NoAI")["id"]
    assert not client.status(status_id).favourited
    server.favourite(status_id)
    server.favourite(status_id, token="neighbour")
    status = client.status(status_id)
    assert status.favourited
    assert status.tags == {"noai"}
    assert status.profile == "<p>I paint</p><br>Bots<br>#nobot"
    assert client.favourited_by(status_id) == {DEMO_ACCOUNT.id, NEIGHBOUR.id}


def test_a_boost_brings_the_post_that_it_is_of(server: SandboxServer):
    boost = server.boost(server.post("Look")["id"])
    found = client_of(server.url).status(boost["id"])
    assert found.is_boost and found.boosted is not None
    assert found.boosted.content == "<p>Look</p>"


@pytest.mark.parametrize(
    ("dialect", "token", "scopes"),
    [
        ("mastodon-4.4", "sandbox", {"read", "write"}),
        ("mastodon-4.4", "sandbox-narrow", {"read:accounts", "read:statuses", "write:statuses"}),
        ("mastodon-4.2", "sandbox", None),
    ],
)
def test_scopes_are_known_where_the_server_tells_them(
    dialect: str, token: str, scopes: set[str] | None
):
    with SandboxServer(settings=Settings.of(dialect)) as server:
        settings = MastodonSettings(instance_url=server.url, access_token=token)
        assert MastodonClient(settings).scopes() == scopes


def test_notifications_are_read_upwards_those_that_were_filtered_too(
    server: SandboxServer, client: MastodonClient
):
    posts = [
        server.post("@demo", token=who, visibility="direct")["id"]
        for who in ("neighbour", "passerby", "neighbour")
    ]
    (newest,) = client.notices(most=1)
    assert newest.status is not None and newest.status.id == posts[2]
    server.favourite(server.post("Hello")["id"], token="neighbour")
    first, second, third = client.notices()
    assert [one.status and one.status.id for one in (first, second, third)] == posts
    assert client.notices(above=first.id, most=1) == (second,)
    assert client.notices(above=third.id) == ()


def test_who_is_followed_is_read_at_home(server: SandboxServer, client: MastodonClient):
    theirs = server.post("Hello", token="passerby")["id"]
    assert client.home().statuses == ()
    assert client.follow(PASSERBY.id, key="one")
    page = client.home()
    assert ([one.id for one in page.statuses], page.oldest) == ([theirs], theirs)
    newer = server.post("Hello again", token="passerby")["id"]
    assert [one.id for one in client.home(above=theirs, most=1).statuses] == [newer]
    (follow,) = server.requests(method="POST", path="/api/v1/accounts/*/follow")
    assert follow["json"] == {"reblogs": False}
    assert not client.follow(PASSERBY.id, key="two", follows=False)
    assert client.home().statuses == ()


def test_followers_are_told_from_others(server: SandboxServer, client: MastodonClient):
    server.follow("passerby", server.token)
    assert client.followers_among([NEIGHBOUR.id, PASSERBY.id, "0"]) == {PASSERBY.id}
    server.fail("/api/v1/accounts/relationships", status=200, body={"not": "a list"}, times=None)
    with pytest.raises(UnexpectedAnswerError):
        client.followers_among([PASSERBY.id])


def test_what_is_told_of_an_author_is_read(server: SandboxServer, client: MastodonClient):
    post = client.status(server.post("@demo @neighbour", token="robot")["id"])
    assert (post.acct, post.by_bot) == ("robot", True)
    assert post.mentions == {DEMO_ACCOUNT.id, NEIGHBOUR.id}
