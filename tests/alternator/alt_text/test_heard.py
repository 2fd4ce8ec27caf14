"""What is said of sound, with real files and a listener that hears what it is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alternator.alt_text.heard import is_music, title_of
from alternator.media.sound_tags import Tags
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
MakeMedia = Callable[..., Path]
TONE = ("-f", "lavfi", "-i", "sine=d=1")
SONG = ("-metadata", "title=Blaue Stunde", "-metadata", "artist=Ann \u202eB.")


@pytest.mark.parametrize(
    ("source", "tags", "heard", "text"),
    [
        ("sine=d=1", (), "", "Ton ohne Sprache."),
        ("sine=d=1", (), "♪ ♪", "Musik ohne Worte."),
        ("sine=d=1", (), "[leise Musik]", "Musik ohne Worte."),
        ("sine=d=1", SONG, "", "Ann B. – Blaue Stunde\n\nMusik ohne Worte."),
        ("sine=d=1", SONG[:2], "", "Blaue Stunde\n\nTon ohne Sprache."),
        ("anullsrc=d=1", (), "", "Stille."),
        ("anullsrc=d=1", SONG, "♪", "Ann B. – Blaue Stunde\n\nStille."),
        ("sine=d=1", SONG, "Da oben.", "Ann B. – Blaue Stunde\n\nDa oben."),
    ],
)
# size: two servers' fixtures, a row of four.
def test_sound_is_called_what_it_is_in_the_language_of_the_post(
    server: SandboxServer,
    make_bot: MakeBot,
    make_media: MakeMedia,
    source: str,
    tags: tuple[str, ...],
    heard: str,
    text: str,
):
    sound = make_media("sound.mp3", "-f", "lavfi", "-i", source, *tags)
    post = server.post("Hört", files=[sound], language="de")
    bot = make_bot()
    bot.transcriber.texts = [heard]
    bot.once()
    assert server.descriptions(post["id"]) == [f"{text}\n\nMitschrift von Whisper base"]


def test_a_title_counts_towards_the_limit(
    server: SandboxServer, make_bot: MakeBot, make_media: MakeMedia
):
    sound = make_media("sound.mp3", *TONE, "-metadata", f"title={'long ' * 40}")
    post = server.post("Listen", files=[sound])
    bot = make_bot(descriptions={"description_limit": 400})
    bot.transcriber.texts = ["It goes on and on. " * 60]
    bot.once()
    (description,) = server.descriptions(post["id"])
    assert description is not None and 350 < len(description) <= 400
    assert description.startswith("long long")
    assert description.endswith("It goes on and on. …\n\nTranscribed by Whisper base")


@pytest.mark.parametrize(
    ("text", "music"),
    [
        ("♪", True),
        ("♪♪♪ ♫", True),
        ("[Music]", True),
        ("(upbeat music playing)", True),
        ("*Musik*", True),
        ("[音楽]", True),
        ("Музыка", False),  # somebody says so
        ("♪ We will, we will ♪", False),
        ("[Music] Hello.", False),
        ("", False),
        ("?!", False),
        ("I like music.", False),
    ],
)
def test_what_whisper_writes_for_music(text: str, music: bool):
    assert is_music(text) is music


def test_a_title_without_artist_and_the_other_way_round():
    assert title_of(Tags()) == ""
    assert title_of(Tags(title="A")) == "A"
    assert title_of(Tags(artist="B")) == "B"
    assert title_of(Tags(title="\u200b", artist="B\x07")) == "B"
