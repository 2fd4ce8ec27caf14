"""The process that tells languages, for real, and what takes its place when it fails."""

import sys
import threading

import pytest
from waiting import wait_for

from alternator.alt_text.language import detect
from alternator.alt_text.language.detect import Detector, Guess, shared

GERMAN = "Das ist ein Satz, den jemand auf Deutsch geschrieben hat."
FRENCH = "Voici une phrase que quelqu'un a écrite en français."


def test_it_is_started_once_for_all_and_answers_each():
    detector = Detector()
    found: dict[str, Guess | None] = {}

    def ask(text: str) -> None:
        found[text] = detector.guess(text)

    threads = [threading.Thread(target=ask, args=(text,)) for text in (GERMAN, FRENCH)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {text: guess and guess.language for text, guess in found.items()} == {
        GERMAN: "de",
        FRENCH: "fr",
    }
    process = detector._process
    assert process is not None and process.poll() is None
    assert detector.guess(f"{GERMAN}\n\ud83d\x00" * 500) is not None
    assert detector._process is process
    detector.close()
    assert process.returncode == 0


def test_one_that_has_ended_is_started_again():
    detector = Detector()
    assert detector.guess(GERMAN) is not None
    assert detector._process is not None
    detector._process.kill()
    detector._process.wait()
    guess = detector.guess(GERMAN)
    assert guess is not None and guess.language == "de"
    detector.close()


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(127)",
        "print('nonsense', flush=True)",
        "import os; os.kill(os.getpid(), 9)",
    ],
)
def test_without_py3langid_no_language_is_known_and_it_is_not_asked_on_and_on(code: str):
    detector = Detector((sys.executable, "-c", code))
    assert detector.guess(GERMAN) is None
    assert detector.guess(GERMAN) is None


def test_one_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(detect, "PATIENCE_SECONDS", 0.2)
    detector = Detector((sys.executable, "-c", "import sys; sys.stdin.read()"))
    assert detector.guess(GERMAN) is None


def test_one_that_is_broken_off_leaves_its_answer_to_nobody_else(monkeypatch: pytest.MonkeyPatch):
    detector = Detector()

    def interrupted(descriptor: int, seconds: float) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(detect, "_line_of", interrupted)
        with pytest.raises(KeyboardInterrupt):
            detector.guess(GERMAN)
    guess = detector.guess(FRENCH)
    assert guess is not None and guess.language == "fr"
    detector.close()


def test_it_gets_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALTERNATOR_OPENROUTER_API_KEY", "hunter2")
    code = (
        "import json, os, sys; sys.stdin.readline(); "
        "print(json.dumps([str('hunter2' in str(os.environ)), 1.0]), flush=True)"
    )
    detector = Detector((sys.executable, "-c", code))
    guess = detector.guess(GERMAN)
    detector.close()
    assert guess == Guess(language="False", probability=1.0)


def test_there_is_one_for_the_whole_process():
    assert shared() is shared()


def test_it_ends_by_itself_when_nobody_asks():
    from alternator.alt_text.language import child

    code = f"import {child.__name__} as c; c.IDLE_SECONDS = 0.1; raise SystemExit(c.main())"
    detector = Detector((sys.executable, "-P", "-c", code))
    assert detector.guess(GERMAN) is not None
    process = detector._process
    assert process is not None
    wait_for(lambda: process.poll() is not None)
    assert process.returncode == 0
    assert detector.guess(FRENCH) is not None
    detector.close()
