"""Members' and the operator's pages in a real browser: for everybody, and all the way through."""

from collections.abc import Callable, Iterator

import pytest
from browser import Browser
from member_site import TOKEN, MemberWebsite
from waiting import wait_for

from alternator.store.drafts import NewDraft
from alternator.store.edit_history import Writing
from alternator.store.interface import AccountState
from alternator.store.outcomes import Found

MakeSite = Callable[..., MemberWebsite]
FORMS = {"desk": (1280, 900), "phone": (360, 740)}
GROUND = {"light": "rgb(246, 245, 249)", "dark": "rgb(20, 23, 28)"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def browser(opened: Browser) -> Browser:
    """The browser without what another test's site left in it."""
    opened.send("Network.clearBrowserCookies")
    opened.complaints.clear()
    return opened


def sized(browser: Browser, form: str) -> int:
    """Make it a phone or a desk; its width in pixels."""
    browser.open("about:blank")  # else it may ask a site for pictures that ended with its test
    browser.complaints.clear()
    width, height = FORMS[form]
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=form == "phone",
    )
    return width


def looked_at(browser: Browser, url: str, scheme: str, width: int) -> None:
    """A page that everybody can use, and that asks nobody for anything."""
    browser.open(url, scheme)
    assert browser.violations() == [], url
    assert browser.run("getComputedStyle(document.body).backgroundColor") == GROUND[scheme]
    assert browser.run("document.documentElement.scrollWidth") <= width, url
    assert browser.complaints == [], url


def press(browser: Browser, selector: str, then: str) -> None:
    """Press a button; what is there after it."""
    browser.run(f"document.querySelector({selector!r}).click()")
    wait_for(
        lambda: browser.run("document.readyState") == "complete" and then in browser.text("body"),
        what=then,
    )


def connect(browser: Browser, site: MemberWebsite) -> None:
    """Connect as a person does: through the server's page of consent, and back."""
    browser.open(f"{site.url}/join")
    press(browser, "form[action='/join/begin'] button", "Alternator")
    wait_for(lambda: str(browser.run("location.href")).startswith(site.server.url), what="consent")
    press(browser, "button[value='1']", "Your account is connected")
    # What the sandbox's own page has not got is no matter of ours.
    browser.complaints[:] = [one for one in browser.complaints if site.server.url not in one]


def fill(state: AccountState) -> None:
    for number in range(30):
        post = str(115_440_007_000_000_000 + number)
        state.record([Found(status_id=post, attachment_ids=(f"{post}1",), backfill=False)])
        writing = Writing(attachment_id=f"{post}1", kind="image", before=None, text="A cat. " * 30)
        state.history.sending(post, [writing])
        state.history.written(post, [f"{post}1"], edited_at=None)
    state.drafts.keep(
        NewDraft(
            status_id="115440007000000001",
            kind="review",
            audience="public",
            basis="",
            texts={"1154400070000000011": "A cat sits on a windowsill."},
            numbers={"1154400070000000011": 1},
        )
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_every_page_of_a_member(
    site: MemberWebsite, browser: Browser, scheme: str, form: str
) -> None:
    width = sized(browser, form)
    looked_at(browser, f"{site.url}/join", scheme, width)
    connect(browser, site)
    (entry,) = site.members
    assert entry.account is not None
    fill(site.store.of_account(entry.account))
    for path in ("/me", "/me?page=2", "/me?state=waiting", "/me/leave", "/join/left?by-hand"):
        looked_at(browser, f"{site.url}{path}", scheme, width)


@pytest.mark.parametrize("form", FORMS)
def test_everybody_can_use_every_page_of_the_operator(
    site: MemberWebsite, browser: Browser, form: str
) -> None:
    width = sized(browser, form)
    site.visit().join("demo")
    (entry,) = site.members
    assert entry.account is not None
    fill(site.store.of_account(entry.account))
    site.query("UPDATE procrastinate_jobs SET status = 'failed' WHERE id % 3 = 0")
    browser.open(f"{site.url}/login")
    browser.run(f"document.querySelector('[type=password]').value = {TOKEN!r}")
    press(browser, "button.main", "Queues")
    own = [f"{path}?account={entry.account}" for path in ("/", "/posts", "/settings")]
    for path in ("/", "/accounts", "/jobs", *own):
        looked_at(browser, f"{site.url}{path}", "light", width)


def test_all_the_way_without_scripts(site: MemberWebsite, browser: Browser) -> None:
    sized(browser, "phone")
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        connect(browser, site)
        browser.run("document.querySelector('[name=mode]').value = 'review'")
        press(browser, "form[action='/me/choices'] button", "Your choices are kept")
        (entry,) = site.members
        choices = entry.settings["choices"]
        assert isinstance(choices, dict) and choices["mode"] == "review"
        press(browser, "form[action='/me/pause'] button", "You paused it")
        browser.open(f"{site.url}/me/leave")
        # The box has to be ticked before.
        browser.run("document.querySelector('[name=sure]').click()")
        press(browser, "form[action='/me/leave'] button", "You have left")
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
    assert site.members == [] and site.granted == []
    assert browser.complaints == []
