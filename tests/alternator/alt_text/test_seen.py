"""Videos: what is seen and what is said, by a real endpoint of our own and a told listener."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alternator.alt_text.attribution import is_attributed
from alternator.errors import MediaError, NoAudioError
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

MakeBot = Callable[..., Any]
NO_ENDPOINT = {"base_url": "https://openrouter.ai/api/v1"}  # and no key


@pytest.fixture
def video(make_media: Callable[..., Path], clip: Path) -> Path:
    """Three seconds of three colours, with sound."""
    inputs: list[str] = []
    for colour in ("red", "lime", "blue"):
        inputs += ["-f", "lavfi", "-i", f"color={colour}:d=1:s=64x48:r=10"]
    graph = "[0][1][2]concat=n=3[v]"
    return make_media(
        "v.mp4", *inputs, "-i", str(clip), "-filter_complex", graph, "-map", "[v]", "-map", "3:a"
    )


def test_a_video_says_what_is_seen_and_what_is_said(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, video: Path
):
    post = server.post("Look", files=[video])
    make_bot().once()
    (description,) = server.descriptions(post["id"])
    assert description is not None
    seen, said, attribution = description.split("\n\n")
    assert [colour for colour in ("red", "green", "blue") if colour in seen] == [
        "red",
        "green",
        "blue",
    ]
    assert said == "What is said: Hello from the recording."
    assert attribution == "Described by pixels · Transcribed by Whisper base"
    assert is_attributed(description)
    (request,) = vision.requests()
    assert "frames of one video" in request["prompt"]
    assert "Hello" not in request["prompt"]
    assert len(request["pictures"]) == 3
    assert len(server.requests("PUT")) == 1


@pytest.mark.parametrize("nothing", ["", NoAudioError("it has no audio track"), MediaError("long")])
def test_without_speech_it_is_what_is_seen(
    server: SandboxServer, make_bot: MakeBot, video: Path, nothing: str | Exception
):
    post = server.post("Look", files=[video])
    bot = make_bot()
    bot.transcriber.texts = [nothing]
    bot.once()
    (description,) = server.descriptions(post["id"])
    assert description is not None and "green" in description
    assert description.endswith("\n\nDescribed by pixels") and "said" not in description


def test_without_an_endpoint_it_is_what_is_said(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, video: Path
):
    post, silent = (server.post("Look", files=[video]) for _ in range(2))
    bot = make_bot(vision=NO_ENDPOINT)
    bot.transcriber.texts = ["", "Hello."]  # the newest first
    bot.once()
    told = [server.descriptions(key)[0] for key in (post["id"], silent["id"])]
    assert told == ["Hello.\n\nTranscribed by Whisper base", None]
    assert ("left", "no speech was found in it", 1) in bot.rows()
    assert vision.requests() == []


def test_without_whisper_it_is_what_is_seen(server: SandboxServer, make_bot: MakeBot, video: Path):
    post = server.post("Look", files=[video])
    make_bot(whisper={"enabled": False}).once()
    (description,) = server.descriptions(post["id"])
    assert description is not None and description.endswith("\n\nDescribed by pixels")


def test_while_the_endpoint_fails_what_is_said_does_not_wait(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, video: Path
):
    spoken, silent = (server.post("Look", files=[video]) for _ in range(2))
    vision.fail(status=503, times=None)
    bot = make_bot()
    bot.transcriber.texts = ["", "Hello.", *[""] * 20]  # the silent one is tried again
    bot.once()
    assert server.descriptions(spoken["id"]) == ["Hello.\n\nTranscribed by Whisper base"]
    assert server.descriptions(silent["id"]) == [None]
    assert sorted((state, attempts) for state, _, attempts in bot.rows()) == [
        ("described", 1),
        ("waiting", 0),
    ]


@pytest.mark.parametrize("limit", [200, 400, 1500])
def test_both_share_the_limit(server: SandboxServer, make_bot: MakeBot, video: Path, limit: int):
    post = server.post("Look", files=[video])
    bot = make_bot(
        descriptions={"description_limit": limit},
        vision={"text_model": "none", "text_fallback_model": ""},
    )
    bot.transcriber.texts = ["It goes on and on. " * 200]
    bot.once()
    (description,) = server.descriptions(post["id"])
    assert description is not None and limit * 0.7 < len(description) <= limit
    seen, said, attribution = description.split("\n\n")
    assert "picture" in seen and len(seen) < limit * 0.6
    assert said.startswith("What is said: It goes on and on.") and said.endswith(" …")
    assert attribution == "Described by pixels · Transcribed by Whisper base"
