"""A member's pages over HTTP: what they show, what their forms do, whose they are."""

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any, get_args

import pytest
import requests
from member_site import MemberWebsite, Visit

from alternator.config.models import VisionSettings, WhisperSettings
from alternator.members.cipher import Cipher, Purpose
from alternator.members.credentials import credentials_of
from alternator.members.session import SESSION_SECONDS, session_cookie
from alternator.store.cluster import Enrolled
from alternator.store.drafts import NewDraft
from alternator.store.edit_history import Writing
from alternator.store.interface import AccountState
from alternator.store.outcomes import Found

MakeSite = Callable[..., MemberWebsite]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'twice'"


@pytest.fixture
def visit(site: MemberWebsite) -> Visit:
    """The demo account's browser, signed in."""
    visit = site.visit()
    visit.join("demo")
    return visit


def entry_of(site: MemberWebsite, name: str = "demo") -> Enrolled:
    (entry,) = (one for one in site.members if one.handle.startswith(f"{name}@"))
    return entry


def state_of(site: MemberWebsite, name: str = "demo") -> AccountState:
    account = entry_of(site, name).account
    assert account is not None
    return site.store.of_account(account)


def fill(state: AccountState, status_id: str, text: str) -> None:
    """Something of everything that is remembered of a post."""
    state.record([Found(status_id=status_id, attachment_ids=(f"{status_id}1",), backfill=False)])
    state.history.sending(
        status_id, [Writing(attachment_id=f"{status_id}1", kind="image", before=None, text=text)]
    )
    state.history.written(status_id, [f"{status_id}1"], edited_at=None)
    state.drafts.keep(
        NewDraft(
            status_id=status_id,
            kind="review",
            audience="public",
            basis="",
            texts={f"{status_id}1": text},
            numbers={f"{status_id}1": 1},
        )
    )
    state.ledger.spend("edit")


def test_what_it_is_about_is_told_before(make_site: MakeSite):
    site = make_site(note="Ask @ann. <b>Free</b>.", posts_an_hour=7)
    found = site.visit().get("/join")
    assert found.status_code == 200
    for words in (
        "Pictures are not looked at here",
        "written down on a machine of the operator",
        "Ask @ann. &lt;b&gt;Free&lt;/b&gt;.",
        "Up to 7 of your posts",
        "#noai, #nobot or #nollm",
        "delete as well; nothing is ever deleted",
        site.server.url.partition("://")[2],
    ):
        assert words in found.text, words
    # The form leads to the server, and to nowhere else.
    policy = found.headers["Content-Security-Policy"]
    assert f"form-action 'self' {site.server.url};" in policy and "default-src 'none'" in policy
    assert not re.search(r"<script(?! src=)|style=|\son\w+=", found.text)


@pytest.mark.parametrize(
    ("vision", "whisper", "words"),
    [
        (
            VisionSettings(api_key="k", model="some/model", vision_fallback_model=""),
            WhisperSettings(enabled=False),
            ("sent to <strong>openrouter.ai</strong>", "some/model", "Sound is not listened to"),
        ),
        (
            VisionSettings(base_url="http://127.0.0.1:8000/v1"),
            WhisperSettings(server_url="https://speech.example/v1"),
            ("on a machine of the operator", "sent to <strong>speech.example</strong>"),
        ),
    ],
)
def test_who_sees_the_pictures_is_told(
    make_site: MakeSite, vision: VisionSettings, whisper: WhisperSettings, words: tuple[str, ...]
):
    text = make_site(sections={"vision": vision, "whisper": whisper}).visit().get("/join").text
    for one in words:
        assert one in text, one


def test_a_member_sees_what_was_done(site: MemberWebsite, visit: Visit):
    fill(state_of(site), "115440007", "A black cat sits on a windowsill.")
    text = visit.get("/me").text
    for words in (
        "A black cat sits on a windowsill.",
        f'href="{site.server.url}/@demo/115440007"',
        "<strong>1</strong> waiting",
        "1 to 1 of 1",
        "Approve draft",
        "taken up within a minute",
    ):
        assert words in text, words
    assert "1 to 1 of 1" in visit.get("/me?state=waiting").text
    assert "Nothing yet" in visit.get("/me?state=failed").text
    assert visit.get("/me?state=%3Cb%3E").status_code == 404


def test_what_others_wrote_is_text(site: MemberWebsite, visit: Visit):
    fill(state_of(site), "115440007", HOSTILE)
    visit.send("/me/choices", style=HOSTILE, **{"visibility-public": "on"})
    text = visit.get("/me").text
    assert HOSTILE not in text and text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3


def test_a_member_sees_nothing_of_others(site: MemberWebsite, visit: Visit):
    other = site.visit()
    other.join("neighbour")
    fill(state_of(site), "115440007", "Of demo.")
    fill(state_of(site, "neighbour"), "226440007", "Of neighbour.")
    assert "Of demo." in visit.get("/me").text and "Of neighbour." not in visit.get("/me").text
    found = other.get("/me")
    assert (
        "Of neighbour." in found.text and "demo" not in found.text and "115440007" not in found.text
    )
    export = json.dumps(other.get("/me/export").json())
    assert "Of neighbour." in export and "demo" not in export and "115440007" not in export
    # Another's draft is none of theirs, whatever number they name.
    (draft,) = state_of(site).drafts.listed()
    refused = other.send(f"/me/drafts/{draft.number}/refuse")
    assert refused.status_code == 409
    assert (
        other.send(f"/me/drafts/{draft.number}/approve", **{"text-1154400071": "x"}).status_code
        == 409
    )
    assert [one.number for one in state_of(site).drafts.listed()] == [draft.number]
    # Nor is a session anybody's who changes a letter of it.
    cookie = visit.session.cookies["alternator_member"]
    for forged in (cookie[:-2] + "AA", cookie[1:], "", "a" * 200, cookie + "é"):
        assert forged_visit(site, forged).headers.get("Location") == "/join", forged


def forged_visit(site: MemberWebsite, cookie: str) -> requests.Response:
    headers = {"Cookie": f"alternator_member={cookie}".encode().decode("latin-1")}
    return site.visit().get("/me", **headers)


@pytest.mark.parametrize("path", ["/me/export", "/me/leave"])
def test_who_is_not_signed_in_sees_nothing(site: MemberWebsite, path: str):
    assert site.visit().get(path).status_code == 401
    assert site.visit().get("/me").headers["Location"] == "/join"
    for form in ("choices", "pause", "resume", "sign-out", "leave", "drafts/1/approve"):
        assert site.visit().send(f"/me/{form}", sure="yes").status_code == 401, form


def test_what_was_sealed_for_another_purpose_is_no_session(site: MemberWebsite, visit: Visit):
    entry, cipher = entry_of(site), Cipher(site.key)
    text = json.dumps([entry.key, entry.settings["session"]])
    for purpose in PURPOSES:
        sealed = cipher.seal_until(purpose, text, time.time() + 60)
        is_session = forged_visit(site, sealed).status_code == 200
        assert is_session is (purpose == "session"), purpose


def test_a_session_ends_after_a_month_and_by_signing_out(site: MemberWebsite, visit: Visit):
    cipher = Cipher(site.key)
    now = time.time()
    for seconds, answer in ((60, 303), (-60, 200)):
        old = session_cookie(entry_of(site), cipher, now - SESSION_SECONDS - seconds)
        assert forged_visit(site, old).status_code == answer
    cookie = visit.session.cookies["alternator_member"]
    assert forged_visit(site, cookie).status_code == 200
    out = visit.send("/me/sign-out")
    assert out.headers["Location"] == "/join?said=signed-out"
    assert forged_visit(site, cookie).headers.get("Location") == "/join"
    assert entry_of(site).token is not None  # the posts are described as before


def test_cookies_are_nobody_else_s(site: MemberWebsite):
    visit = site.visit()
    begun = visit.send("/join/begin")
    found = visit.get(visit.way_back(begun.headers["Location"]))
    for answer, name in ((begun, "alternator_joining"), (found, "alternator_member")):
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=")
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie


def test_a_form_of_another_site_does_nothing(site: MemberWebsite, visit: Visit):
    for origin in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        found = visit.session.post(
            f"{site.url}/me/leave", data={"sure": "yes"}, headers=origin, timeout=20
        )
        assert found.status_code == 403
    assert len(site.members) == 1


def test_a_member_chooses(site: MemberWebsite, visit: Visit):
    found = visit.send(
        "/me/choices",
        language="de",
        style="  One sentence.\r\nNo colours. ",
        mode="review",
        **{"visibility-public": "on", "visibility-direct": "on"},
    )
    assert found.headers["Location"] == "/me?said=chosen"
    assert entry_of(site).settings["choices"] == {
        "language": "de",
        "style": "One sentence. No colours.",
        "mode": "review",
        "visibilities": ["public", "direct"],
    }
    text = visit.get("/me?said=chosen").text
    assert "Your choices are kept" in text
    assert '<option value="de" lang="de" selected>' in text
    assert '<option value="review" selected>' in text
    for name, is_on in (("public", True), ("unlisted", False), ("direct", True)):
        assert (f'name="visibility-{name}" checked' in text) is is_on


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"language": "tlh"}, "no such language"),
        ({"style": "x" * 501}, "501 characters"),
        ({"mode": "reply"}, "be chosen here"),
        ({"mode": "<b>"}, "be chosen here"),
        ({"visibility-public": ""}, "one kind of posts"),
    ],
)
def test_what_can_t_be_chosen_is_said_and_not_kept(
    visit: Visit, site: MemberWebsite, fields: dict[str, str], words: str
):
    wanted = {"visibility-public": "on"} | fields
    if not wanted["visibility-public"]:
        del wanted["visibility-public"]
    found = visit.send("/me/choices", **wanted)
    assert found.status_code == 400 and words in found.text
    assert "choices" not in entry_of(site).settings


def test_what_the_operator_does_not_offer_is_not_there(make_site: MakeSite):
    site = make_site(choices=("style",))
    visit = site.visit()
    visit.join()
    text = visit.get("/me").text
    assert 'name="style"' in text and 'name="mode"' not in text and "visibility-" not in text
    visit.send("/me/choices", style="Dry.", mode="review", **{"visibility-direct": "on"})
    assert entry_of(site).settings["choices"] == {"style": "Dry."}


def test_a_member_pauses_and_goes_on_but_not_what_the_operator_paused(
    site: MemberWebsite, visit: Visit
):
    visit.send("/me/pause")
    assert entry_of(site).paused and "You paused it" in visit.get("/me").text
    visit.send("/me/resume")
    assert not entry_of(site).paused
    site.operator().send("/accounts/pause", key=entry_of(site).key, held="yes")
    assert entry_of(site).paused and "The operator paused" in visit.get("/me").text
    assert visit.send("/me/resume").status_code == 403
    assert entry_of(site).paused
    site.operator().send("/accounts/pause", key=entry_of(site).key, held="no")
    assert not entry_of(site).paused


def test_a_member_decides_about_drafts(site: MemberWebsite, visit: Visit):
    state = state_of(site)
    fill(state, "115440007", "A cat.")
    fill(state, "116", "A dog.")
    first, second = state.drafts.listed()
    approved = visit.send(
        f"/me/drafts/{first.number}/approve", **{"text-1154400071": "A black cat."}
    )
    assert approved.headers["Location"] == "/me?said=approved"
    assert state.drafts.get(first.number).texts == {"1154400071": "A black cat."}
    assert visit.send(f"/me/drafts/{second.number}/refuse").status_code == 303
    assert state.drafts.get(second.number).state == "refused"
    assert visit.send(f"/me/drafts/{second.number}/refuse").status_code == 409
    texts = {"text-1154400071": "x" * 1501}
    long = visit.send(f"/me/drafts/{first.number}/approve", **texts)
    assert long.status_code == 400 and "1500 characters" in long.text


def test_who_is_over_the_hour_s_number_is_told(make_site: MakeSite):
    site = make_site(posts_an_hour=2)
    visit = site.visit()
    visit.join()
    state = state_of(site)
    for _ in range(2):
        assert "of this hour are edited" not in visit.get("/me").text
        state.ledger.spend("edit")
    assert "The 2 posts of this hour are edited. The next one waits for 60 min." in (
        visit.get("/me").text
    )


def test_the_export_is_complete_and_has_no_token(site: MemberWebsite, visit: Visit):
    fill(state_of(site), "115440007", "A cat.")
    visit.send("/me/choices", language="de", **{"visibility-public": "on"})
    entry = entry_of(site)
    found = visit.get("/me/export")
    assert found.headers["Content-Disposition"].startswith("attachment")
    export = found.json()
    assert export["enrolment"]["handle"] == entry.handle
    assert export["enrolment"]["choices"]["language"] == "de"
    assert entry.account is not None
    rows = site.rows(entry.account)
    assert {name: len(export["tables"][name]) for name in rows} == rows
    assert {"attachment", "written", "draft", "spent"} <= {name for name in rows if rows[name]}
    assert export["tables"]["account"][0]["id"] == entry.account
    assert_no_secret(site, entry, found.text)


def assert_no_secret(site: MemberWebsite, entry: Enrolled, text: str) -> None:
    credentials = credentials_of(entry, Cipher(site.key))
    for secret in (
        credentials.token,
        credentials.app.client_secret,
        (entry.token or b"").decode(),
        str(entry.settings["session"]),
        site.key,
    ):
        assert secret not in text


def test_no_page_and_no_line_of_the_log_has_a_secret(
    site: MemberWebsite, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    visit = site.visit()
    visit.join()
    entry, operator = entry_of(site), site.operator()
    pages = [visit.get(path).text for path in ("/join", "/me", "/me/leave", "/me/export")]
    number = entry.account
    own = [f"{path}?account={number}" for path in ("/", "/posts", "/drafts", "/settings")]
    for path in ("/", "/accounts", "/jobs", "/metrics", *own):
        found = operator.get(path)
        assert found.status_code == 200, path
        pages.append(found.text)
    site.server.fail("/oauth/revoke", status=500, body={"error": "no"})
    visit.send("/me/leave", sure="yes")
    for text in (*pages, caplog.text):
        assert_no_secret(site, entry, text)


def test_who_took_the_permission_back_reads_so_and_can_connect_again(
    site: MemberWebsite, visit: Visit
):
    entry = entry_of(site)
    assert entry.account is not None
    assert "Connect again" not in visit.get("/me").text
    # Said late, by a worker that has a former token still: it is no matter of this one.
    site.cluster.limits.refuse(entry.account, "a-former-token", 60.0)
    assert "Connect again" not in visit.get("/me").text
    token = credentials_of(entry, Cipher(site.key)).token
    site.cluster.limits.refuse(entry.account, token, 60.0)
    assert token not in site.dump()
    assert site.cluster.limits.get(entry.account, token) == {}  # nothing is held up by it
    assert "does not let this program in any more" in visit.get("/me").text
    assert visit.join().headers["Location"] == "/me?said=connected"
    assert "Connect again" not in visit.get("/me").text


def test_leaving_deletes_everything_and_revokes_the_token(site: MemberWebsite, visit: Visit):
    other = site.visit()
    other.join("neighbour")
    fill(state_of(site), "115440007", "A cat.")
    fill(state_of(site, "neighbour"), "226440007", "A dog.")
    entry = entry_of(site)
    token = credentials_of(entry, Cipher(site.key)).token
    assert visit.get("/me/leave").status_code == 200
    assert visit.send("/me/leave").status_code == 400 and len(site.members) == 2
    cookie = visit.session.cookies["alternator_member"]
    gone = visit.send("/me/leave", sure="yes")
    assert gone.headers["Location"] == "/join/left"
    assert "The token was revoked" in visit.get("/join/left").text
    assert token not in site.granted and len(site.granted) == 1
    assert forged_visit(site, cookie).headers.get("Location") == "/join"
    assert [one.handle.partition("@")[0] for one in site.members] == ["neighbour"]
    assert entry.account is not None and sum(site.rows(entry.account).values()) == 0
    assert_gone(site, entry, token)
    assert "A dog." in other.get("/me").text


def assert_gone(site: MemberWebsite, entry: Enrolled, token: str) -> None:
    """Nothing of it is in the whole of the database."""
    dump = site.dump()
    for what in (
        token,
        entry.handle,
        entry.key,
        "115440007",
        "A cat.",
        (entry.token or b"").decode(),
    ):
        assert what not in dump, what
    assert "A dog." in dump and "neighbour@" in dump  # which shows that the dump has what there is


def test_leaving_goes_on_where_the_server_is_gone(site: MemberWebsite, visit: Visit):
    site.server.fail("/oauth/revoke", status=503, times=50)
    gone = visit.send("/me/leave", sure="yes")
    assert gone.headers["Location"] == "/join/left?by-hand"
    text = visit.get("/join/left?by-hand").text
    assert "could not be revoked" in text and "Authorized apps" in text
    assert site.members == []


def test_leaving_goes_on_where_the_token_can_t_be_opened(
    site: MemberWebsite, visit: Visit, caplog: pytest.LogCaptureFixture
):
    entry = entry_of(site)
    site.cluster.enrolment.enrol(
        Enrolled(
            key=entry.key,
            source="member",
            server=entry.server,
            handle=entry.handle,
            token=b"of another key",
            settings=entry.settings,
        )
    )
    assert visit.send("/me/leave", sure="yes").headers["Location"] == "/join/left?by-hand"
    assert site.members == [] and f"kept of {entry.handle}" in caplog.text


def test_where_the_database_is_gone_it_is_said_and_leaving_can_be_done_again(
    site: MemberWebsite, visit: Visit, monkeypatch: pytest.MonkeyPatch
):
    from alternator.errors import TemporaryStateError

    def broken(account: int) -> Any:
        raise TemporaryStateError("the database can't be reached")

    with monkeypatch.context() as patch:
        patch.setattr(site.cluster, "erase", broken)
        found = visit.send("/me/leave", sure="yes")
        assert found.status_code == 503 and "Try again later" in found.text
    assert entry_of(site).paused  # nothing is done meanwhile
    assert visit.send("/me/leave", sure="yes").status_code == 303
    assert site.members == []
