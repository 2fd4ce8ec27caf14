"""Real guesses about texts in the languages of the prompts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alternator.alt_text.language.detect import Detector
from alternator.alt_text.language.judgement import UNKNOWN, language_of, other_language
from alternator.alt_text.prompts import table
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

MakeBot = Callable[..., Any]
HOUSE = {
    "en": "A red house stands beside a lake, and a boat is tied to the jetty before it.",
    "de": "Ein rotes Haus steht an einem See, davor liegt ein Boot an einem Steg.",
    "ja": "湖のほとりに赤い家が立っていて、その前の桟橋に小舟がつながれている。",
    "ru": "Красный дом стоит у озера, перед ним к причалу привязана лодка.",
    "zh": "湖边有一座红色的房子，房前的码头上系着一条小船。",
}


@pytest.fixture(scope="module")
def detector() -> Iterator[Detector]:
    detector = Detector()
    yield detector
    detector.close()


@pytest.mark.parametrize("language", sorted(table()))
def test_no_text_of_the_table_is_taken_for_another_language(language: str, detector: Detector):
    for name in ("picture", "moving", "video", "long", "summary", "context"):
        text = table()[language][name].replace("{limit}", "900")
        assert other_language(text, language, detector) is None, name


@pytest.mark.parametrize("written", HOUSE)
@pytest.mark.parametrize("wanted", HOUSE)
def test_an_answer_in_another_language_is_told(written: str, wanted: str, detector: Detector):
    other = other_language(HOUSE[written], wanted, detector)
    assert (other is None) is (written == wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A red house.", "de"),  # too short to be sure
        ('Ein Schild: "All visitors must report to the office before they enter the site."', "de"),
        ("„Visitors must report to the office“ steht auf einem Schild an der Tür.", "de"),
        ("@visitor #office https://example.org/all/visitors/must/report/to/the/office", "de"),
        ("iPhone 15 Pro", "ja"),
        ("Et rødt hus står ved en sø, og foran det ligger en båd ved broen.", "nb"),
        ("12:30 14:45 16:00", "ru"),
        ("", "en"),
    ],
)
def test_what_is_not_sure_or_quoted_is_left(text: str, wanted: str, detector: Detector):
    assert other_language(text, wanted, detector) is None


def test_a_language_that_nothing_knows_is_told_by_its_script_alone(detector: Detector):
    assert "gsw" in UNKNOWN and "yi" in UNKNOWN
    assert other_language(HOUSE["en"], "gsw", detector) is None
    assert other_language(HOUSE["ru"], "gsw", detector) == "one in cyrillic letters"
    assert other_language(HOUSE["de"], "yi", detector) == "one in latin letters"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Heute war ich am See.", "de"),
        ("J'ai vu un héron ce matin !", "fr"),
        ("今日は湖に行きました。", "ja"),
        ("Look at this boat https://x.example #bateau @ann", "en"),
        ("#sunset", None),
        ("😀😀😀😀😀😀😀😀😀", None),
        ("", None),
    ],
)
def test_the_language_of_a_post_is_that_of_its_words(
    text: str, language: str | None, detector: Detector
):
    assert language_of(text, detector) == language


def test_a_post_without_a_tag_is_described_in_its_language(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Das Boot liegt heute am Steg.", files=[picture], language="und")
    make_bot().once()
    (description,) = server.descriptions(post["id"])
    assert description is not None and description.endswith("\n\nBeschrieben von pixels")


def test_an_answer_in_another_language_is_asked_for_once_more_then_of_the_next_model(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Schau", files=[picture], language="de")
    english = {"choices": [{"message": {"content": HOUSE["en"]}}]}
    vision.fail(status=200, body=english, times=3)
    make_bot(vision={"vision_fallback_model": "second"}).once()
    (description,) = server.descriptions(post["id"])
    assert description is not None and description.endswith("\n\nBeschrieben von second")
    # The first three are answered by the fault; the log of them has no model.
    *_, last = requests = vision.requests()
    assert len(requests) == 4 and last["model"] == "second"
    assert last["prompt"].endswith("Schreibe es auf Deutsch.")


def test_one_that_is_never_right_is_not_published(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Schau", files=[picture], language="de")
    other = server.post("Schau", files=[picture], language="en")
    english = {"choices": [{"message": {"content": HOUSE["en"]}}]}
    vision.fail(status=200, body=english, times=None)
    bot = make_bot(vision={"vision_fallback_model": ""})
    bot.once()
    assert server.descriptions(post["id"]) == [None]
    assert server.descriptions(other["id"]) != [None]
    (reason,) = {reason for state, reason, _ in bot.rows() if state == "waiting"}
    assert reason == "pixels answers in another language: en"
    bot = make_bot(descriptions={"check_language": False})
    bot.clock._now += 3600
    bot.once()
    assert server.descriptions(post["id"]) == [f"{HOUSE['en']}\n\nBeschrieben von pixels"]
