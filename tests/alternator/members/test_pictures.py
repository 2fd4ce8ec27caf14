"""Small pictures of a member's posts: whose they are, where they come from, what they cost."""

import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from clock import Clock
from member_site import MemberWebsite, Visit
from PIL import Image
from waiting import wait_for

from alternator.accounts.small_picture import LONGEST_SIDE
from alternator.config.settings import StateSettings
from alternator.media.download import Downloads
from alternator.members import picture_page, pictures
from alternator.members.cipher import Cipher
from alternator.members.credentials import credentials_of
from alternator.members.pictures import MemberPictures
from alternator.members.states import States
from alternator.store.cluster import Enrolled
from alternator.store.outcomes import Found

MakeSite = Callable[..., MemberWebsite]


@pytest.fixture
def site(make_site: MakeSite, tmp_path: Path) -> MemberWebsite:
    return make_site(sections={"state": StateSettings(directory=tmp_path / "state")})


@pytest.fixture
def visit(site: MemberWebsite) -> Visit:
    """The demo account's browser, signed in."""
    visit = site.visit()
    visit.join("demo")
    return visit


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    path = tmp_path / "wide.png"
    Image.new("RGB", (1600, 400), "teal").save(path)
    return path


def entry_of(site: MemberWebsite) -> Enrolled:
    (entry,) = (one for one in site.members if one.handle.startswith("demo@"))
    return entry


def posted(site: MemberWebsite, file: Path, **how: Any) -> str:
    """Where the picture of a post is that the demo account has made, and that is remembered."""
    status = site.server.post("Look", files=[file], **how)
    (attachment,) = status["media_attachments"]
    account = entry_of(site).account
    assert account is not None
    found = Found(status_id=status["id"], attachment_ids=(attachment["id"],), backfill=False)
    site.store.of_account(account).record([found])
    return f"/me/picture/{status['id']}/{attachment['id']}"


def looks(site: MemberWebsite) -> int:
    """How often the server was asked for a post."""
    return len(site.server.requests("GET", "/api/v1/statuses/*"))


def test_a_member_sees_the_own_posts_small(site: MemberWebsite, visit: Visit, wide: Path):
    path = posted(site, wide)
    page = visit.get("/me")
    assert f'<img class="thumb" src="{path}" alt=""' in page.text
    assert "img-src 'self'" in page.headers["Content-Security-Policy"]
    found = visit.get(path)
    assert found.status_code == 200 and found.headers["Content-Type"].startswith("image/")
    with Image.open(BytesIO(found.content)) as picture:
        assert picture.size == (LONGEST_SIDE, LONGEST_SIDE // 4)
    # No browser keeps it for whoever comes next, and none takes it for something else.
    assert found.headers["Cache-Control"] == "no-store"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    asked = looks(site)
    assert visit.get(path).content == found.content and looks(site) == asked
    assert list((site.base.state.directory / "pictures").iterdir()) == []
    token = credentials_of(entry_of(site), Cipher(site.key)).token
    assert token not in page.text and token not in str(found.headers)


def test_nobody_sees_another_ones(site: MemberWebsite, visit: Visit, wide: Path):
    path = posted(site, wide)
    asked = looks(site)
    other = site.visit()
    other.join("neighbour")
    assert other.get(path).status_code == 404
    assert other.get(path.replace("/me/picture/", "/me/picture/0")).status_code == 404
    assert site.visit().get(path).status_code == 401
    # Nor does the operator, who has no session of the member's.
    assert site.operator().get(path).status_code == 401
    assert looks(site) == asked, "no id from elsewhere asks a server anything"
    assert visit.get(path).status_code == 200
    # What is made and kept for one is shown to that one alone.
    assert other.get(path).status_code == 404


def test_with_the_session_the_pictures_end(site: MemberWebsite, visit: Visit, wide: Path):
    path = posted(site, wide)
    assert visit.get(path).status_code == 200
    for end, fields in (("/me/sign-out", {}), ("/me/leave", {"sure": "yes"})):
        kept = site.visit()  # a browser that goes on to bring what it had
        kept.session.cookies.update(dict(visit.session.cookies))
        assert kept.get(path).status_code == 200
        assert visit.send(end, **fields).status_code == 303
        assert kept.get(path).status_code == 401
        visit = site.visit()
        visit.join("demo")
    # Of one who left and came back nothing of before is known.
    assert visit.get(path).status_code == 404


def test_what_is_no_picture_or_not_described_has_an_empty_one(
    site: MemberWebsite, visit: Visit, clip: Path, wide: Path
):
    for path in (posted(site, clip), posted(site, wide, visibility="direct")):
        found = visit.get(path)
        assert found.status_code == 200 and found.headers["Content-Type"] == "image/svg+xml"


def test_a_file_within_a_private_network_is_not_fetched(
    site: MemberWebsite, visit: Visit, wide: Path, monkeypatch: pytest.MonkeyPatch
):
    """The sandbox is on loopback; a server that is not leads nobody there."""

    def of_public_server(settings: Any, folder: Path, own_url: str) -> Downloads:
        assert own_url == site.server.url
        return Downloads(settings, folder, "https://1.1.1.1")

    monkeypatch.setattr(pictures, "Downloads", of_public_server)
    path = posted(site, wide)
    files = len(site.server.requests("GET", "/media/*"))
    assert visit.get(path).headers["Content-Type"] == "image/svg+xml"
    assert len(site.server.requests("GET", "/media/*")) == files


def test_a_server_that_fails_is_not_asked_again_at_once(
    site: MemberWebsite, visit: Visit, wide: Path
):
    path = posted(site, wide)
    site.server.fail("/api/v1/statuses/*", method="GET", status=429, headers={"Retry-After": "99"})
    assert visit.get(path).headers["Content-Type"] == "image/svg+xml"
    entry = entry_of(site)
    assert entry.account is not None
    token = credentials_of(entry, Cipher(site.key)).token
    assert 90 < site.cluster.limits.get(entry.account, token)["read"] <= 100  # all wait for it
    asked = looks(site)
    for other in (path, posted(site, wide)):
        assert visit.get(other).headers["Content-Type"] == "image/svg+xml"
    assert looks(site) == asked


def test_so_much_is_asked_and_kept_and_no_more(
    site: MemberWebsite,
    visit: Visit,
    wide: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(pictures, "MOST_LOOKS", 3)
    monkeypatch.setattr(pictures, "MOST_KEPT", 2)
    made = MemberPictures(site.base, site.cluster, States(site.store), Cipher(site.key), clock)
    entry = entry_of(site)

    def get(path: str) -> bytes | None:
        *_, status, attachment = path.split("/")
        wanted = made.wanted(entry, status, attachment)
        assert wanted is not None
        return made.make(entry, wanted).picture

    paths = [posted(site, wide) for _ in range(4)]
    assert [get(path) is not None for path in paths] == [True, True, True, False]
    assert len(made._kept) == 2
    clock.now += pictures.LOOKS_SECONDS + pictures.KEPT_SECONDS
    assert get(paths[3]) is not None
    assert len(made._kept) == len(made._statuses) == len(made._looks) == 1
    assert entry.account is not None
    made.forget(entry.account)
    assert not made._kept and not made._statuses


def test_a_slow_server_holds_no_page_up(
    site: MemberWebsite, visit: Visit, wide: Path, monkeypatch: pytest.MonkeyPatch
):
    """One member has one picture made at a time, and so many may wait."""
    monkeypatch.setattr(picture_page, "MOST_WAITING", 3)
    paths = [posted(site, wide) for _ in range(4)]
    site.server.fail("/api/v1/statuses/*", method="GET", delay=1.5)
    answers: list[int] = []
    before = looks(site)

    def ask(path: str) -> None:
        own = Visit(site)
        own.session.cookies.update(visit.session.cookies)
        answers.append(own.get(path).status_code)

    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    wait_for(lambda: looks(site) > before)
    assert looks(site) == before + 1
    assert visit.get("/me").status_code == 200
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [200, 200, 200, 429]
