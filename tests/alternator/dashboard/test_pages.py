"""The pages in a real browser: for everybody, light and dark, on a phone and at a desk."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from browser import Browser
from dashboard_site import TOKEN, DashboardSite
from waiting import wait_for

from alternator.accounts.account import Account

POSTS = ("/posts/115000000000004060", "/posts/115000000000000089")
PAGES = ("/", "/posts", "/drafts", "/failures", "/settings", *POSTS)
FORMS = {"desk": (1280, 900), "phone": (360, 740)}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def sized(browser: Browser, form: str) -> int:
    """Make it a phone or a desk; its width in pixels."""
    width, height = FORMS[form]
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=form == "phone",
    )
    return width


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_every_page(
    filled: DashboardSite, browser: Browser, scheme: str, form: str
) -> None:
    width = sized(browser, form)
    for path in (*PAGES, "/?span=week", "/posts?state=claimed&post=1", "/nowhere"):
        browser.complaints.clear()
        browser.open(f"{filled.url}{path}", scheme)
        assert browser.violations() == [], path
        ground = browser.run("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(246, 245, 249)", "dark": "rgb(20, 23, 28)"}[scheme]
        # Nothing has to be shoved aside to be read.
        assert browser.run("document.documentElement.scrollWidth") <= width, path
        assert path == "/nowhere" or browser.complaints == [], path


def shows(browser: Browser, words: str) -> bool:
    """Whether a page that is whole has these words."""
    is_whole = browser.run("document.readyState") == "complete"
    return is_whole and words in browser.text("main")


def test_the_login_page_is_for_everybody_too(
    account: Account, tmp_path: Path, browser: Browser
) -> None:
    sized(browser, "phone")
    with DashboardSite(account, tmp_path / "state", token=TOKEN) as site:
        browser.open(f"{site.url}/login?next=/settings", "dark")
        assert browser.violations() == []
        for token, words in (("not-the-token-at-all", "not the token"), (TOKEN, "in effect")):
            browser.run(f"document.querySelector('[type=password]').value = {token!r}")
            browser.run("document.querySelector('button.main').click()")
            shown = partial(shows, browser, words)
            wait_for(shown, what=words)
            assert browser.violations() == []
        assert browser.run("document.cookie") == ""
        assert "settings" in str(browser.run("location.pathname"))


def test_a_filter_shows_its_results_without_another_page(
    filled: DashboardSite, browser: Browser
) -> None:
    sized(browser, "desk")
    browser.complaints.clear()
    browser.open(f"{filled.url}/posts")
    browser.run("window.same = true; document.querySelector('select').value = 'claimed'")
    browser.run(
        "document.querySelector('select').dispatchEvent(new Event('change', {bubbles: true}))"
    )
    wait_for(lambda: "1 to 1 of 1" in browser.text("#results"), what="the results")
    wait_for(
        lambda: browser.run("location.search").startswith("?state=claimed"), what="the address"
    )
    assert browser.run("window.same")
    assert browser.complaints == []


def test_the_overview_keeps_up(filled: DashboardSite, browser: Browser) -> None:
    browser.complaints.clear()
    browser.open(f"{filled.url}/")
    filled.account.state.retry_failed()
    browser.run("htmx.trigger(document.querySelector('[hx-get]'), 'every')")
    wait_for(lambda: browser.text(".tiles .failed strong") == "0", 30, "the new number")
    assert browser.run("document.querySelectorAll('h1').length") == 1
    assert browser.complaints == []


def test_a_failure_is_tried_again_with_the_keyboard_and_without_scripts(
    filled: DashboardSite, browser: Browser
) -> None:
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.send("Page.navigate", url=f"{filled.url}/failures")
        wait_for(lambda: browser.run("document.readyState") == "complete", what="the page")
        browser.run("document.querySelector('.entries button').focus()")
        for kind in ("keyDown", "keyUp"):
            browser.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key="Enter",
                code="Enter",
                text="\r",
                windowsVirtualKeyCode=13,
            )
        # Between two pages there is no <main>.
        said = "document.querySelector('main')?.innerText ?? ''"
        wait_for(lambda: "tried again" in browser.run(said), what="what was done")
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
    assert filled.account.queue()["failed"] == 59


def test_every_link_is_reached_by_the_keyboard_first_of_all_the_content(
    filled: DashboardSite, browser: Browser
) -> None:
    browser.open(f"{filled.url}/")
    reached = []
    for _ in range(7):
        for kind in ("keyDown", "keyUp"):
            browser.send("Input.dispatchKeyEvent", type=kind, key="Tab", windowsVirtualKeyCode=9)
        reached.append(browser.run("document.activeElement.innerText"))
    assert reached[:6] == [
        "To the content",
        "Overview",
        "Posts",
        "Drafts",
        "Failures",
        "Settings",
    ]
