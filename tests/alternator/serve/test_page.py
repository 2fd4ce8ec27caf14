"""The page in a real browser, against the whole server and a real, small Whisper."""

import inspect
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from browser import Browser
from running_serve import RunningServe
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.serve.options import ServeOptions
from alternator.serve.page import html, policy
from alternator.serve.tokens import Client, Tokens, digest

Speak = Callable[..., Path]

SPOKEN = "Captions help everyone understand."
GERMAN = "Meine Katze schläft auf dem Sofa."


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests here."""
    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def opened(browser: Browser, url: str, scheme: str = "light") -> None:
    """The page, with nothing to complain of so far."""
    browser.complaints.clear()
    browser.open(f"{url}/", scheme)


def status(browser: Browser, words: str) -> None:
    wait_for(lambda: words in browser.text("#status"), what=f"the words {words!r}")


def test_a_file_that_is_dropped_becomes_text(
    served: RunningServe, browser: Browser, speak: Speak
) -> None:
    opened(browser, served.url)
    wait_for(lambda: browser.run("document.querySelector('#model').value") == "fixture")
    assert browser.run("document.querySelector('#save').disabled")
    browser.drop(speak(SPOKEN))
    status(browser, "Done.")
    assert browser.text("#text") == SPOKEN
    assert not browser.run("document.querySelector('#save').disabled")
    assert browser.complaints == []


def test_a_file_that_is_chosen_becomes_subtitles_in_english(
    served: RunningServe, browser: Browser, speak: Speak
) -> None:
    opened(browser, served.url)
    browser.run("document.querySelector('#format').value = 'srt'")
    browser.run("document.querySelector('#task').value = 'translations'")
    browser.choose("#file", [speak(GERMAN, "de")])
    status(browser, "Done.")
    assert browser.text("#text").startswith("1\n00:00:00,")
    assert "My cat is sleeping on the sofa." in browser.text("#text")
    assert browser.complaints == []


def test_what_is_wrong_is_said(served: RunningServe, browser: Browser, tmp_path: Path) -> None:
    notes = tmp_path / "notes.mp3"
    notes.write_text("no sound at all" * 99)
    opened(browser, served.url)
    browser.choose("#file", [notes])
    status(browser, "notes.mp3: is not audio")
    assert browser.run("document.querySelector('#status').classList.contains('wrong')")
    browser.run("document.querySelector('#language').value = 'tlhingan'")
    browser.choose("#file", [notes])
    status(browser, "knows no language 'tlhingan'")


def test_stopping_cancels_the_request(
    served: RunningServe, browser: Browser, speak: Speak, make_media: Callable[..., Path]
) -> None:
    line = 'alternator_requests_total{status="499",task="transcribe"}'
    before = served.metric(line)
    long_clip = make_media("long.wav", "-stream_loop", "59", "-i", str(speak(SPOKEN)))
    opened(browser, served.url)
    browser.choose("#file", [long_clip])
    wait_for(lambda: served.metric("alternator_requests_under_way") == 1, what="the request")
    browser.run("document.querySelector('#stop').click()")
    status(browser, "Stopped.")
    wait_for(lambda: served.metric(line) == before + 1, what="the end of it")
    served.wait_until_empty()


def test_a_token_is_asked_for(
    whisper_settings: WhisperSettings, browser: Browser, speak: Speak, tmp_path: Path
) -> None:
    known = Tokens(clients={digest("a-long-secret"): Client(name="a", at_once=1)})
    with RunningServe(whisper_settings, tmp_path, ServeOptions(), known) as running:
        opened(browser, running.url)
        status(browser, "This server asks for a token.")
        for token, words in (("wrong-secret", "is not one of"), ("a-long-secret", "")):
            browser.run(
                f"document.querySelector('#token').value = {token!r};"
                "document.querySelector('#token').dispatchEvent(new Event('change'))"
            )
            status(browser, words)
        wait_for(lambda: browser.run("document.querySelector('#model').value") == "fixture")
        browser.choose("#file", [speak(SPOKEN)])
        status(browser, "Done.")
        assert browser.text("#text") == SPOKEN


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(
    served: RunningServe, browser: Browser, speak: Speak, scheme: str
) -> None:
    opened(browser, served.url, scheme)
    # Its own policy keeps the checker's script out as well: the browser lets it in.
    assert browser.violations() == []
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(251, 251, 253)", "dark": "rgb(20, 23, 28)"}[scheme]
    browser.choose("#file", [speak(SPOKEN)])
    status(browser, "Done.")
    assert browser.violations() == []
    browser.run("document.querySelector('#token-label').hidden = false")
    browser.run("document.querySelector('#status').classList.add('wrong')")
    assert browser.violations() == []


def test_all_of_it_can_be_reached_by_the_keyboard(served: RunningServe, browser: Browser) -> None:
    opened(browser, served.url)
    reached = []
    for _ in range(7):
        for kind in ("keyDown", "keyUp"):
            browser.send("Input.dispatchKeyEvent", type=kind, key="Tab", windowsVirtualKeyCode=9)
        reached.append(browser.run("document.activeElement.id"))
    assert reached[:6] == ["model", "language", "task", "format", "file", "text"]


def test_nothing_but_its_own_script_may_run(served: RunningServe, browser: Browser) -> None:
    opened(browser, served.url)
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=stray()>')")
    wait_for(lambda: browser.run("1") and browser.complaints, what="a complaint")
    assert "Content Security Policy" in browser.complaints[0]


def test_the_policy_names_style_and_script_by_their_hash() -> None:
    found = policy(html())
    assert found.count("'sha256-") == 2
    assert "unsafe-inline" not in found and "default-src 'none'" in found
    assert "http" not in html().replace("http-equiv", "")  # it asks nobody else


def browsers(folder: Path) -> list[int]:
    """The processes of whoever has a profile there."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            if str(folder).encode() in command.read_bytes():
                found.append(int(command.parent.name))
    return found


def test_no_process_of_the_browser_is_left(tmp_path: Path) -> None:
    with Browser(tmp_path) as browser:
        assert browser.run("1 + 1") == 2
        assert browsers(tmp_path)
    wait_for(lambda: not browsers(tmp_path), what="the browser to end")


def test_a_browser_that_does_not_start_is_ended(tmp_path: Path) -> None:
    class Broken(Browser):
        def send(self, method: str, **params: object) -> dict[str, object]:
            raise ConnectionError(method)

    with pytest.raises(ConnectionError, match=r"Target\.createTarget"), Broken(tmp_path):
        pass
    wait_for(lambda: not browsers(tmp_path), what="the browser to end")


def test_the_browser_of_tests_that_were_killed_ends(tmp_path: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed: nothing ends it then")
    profile = tmp_path / "profile"
    profile.mkdir()
    program = "import sys, pathlib; from browser import Browser; path = pathlib.Path(sys.argv[1])"
    program += "\nwith Browser(path): print('open', flush=True); sys.stdin.read()"
    place = str(Path(inspect.getfile(Browser)).parent)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(profile)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": place},
    ) as tests:
        assert tests.stdout is not None
        assert tests.stdout.readline() == b"open\n"
        assert set(browsers(profile)) - {tests.pid}
        tests.kill()
    wait_for(lambda: not browsers(profile), what="the browser to end")
