"""The main job, end to end: the demo stack from the built CPU image describes its posts."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from demo_client import Demo, Json, output_of
from waiting import wait_for

SAMPLES = Path(__file__).parents[2] / "sandbox" / "samples"
KEPT = ("content", "spoiler_text", "sensitive", "language", "visibility", "poll", "in_reply_to_id")
DESCRIBED_WITHIN_S = 20


def words(text: str) -> list[str]:
    """A text's words in lower case: what a listener would compare."""
    return re.findall(r"\w+", text.lower())


def first_words(status: Json, count: int) -> list[str]:
    """The first words of what the status's first attachment is described by."""
    return words(status["media_attachments"][0]["description"])[:count]


def sample_posts() -> list[Json]:
    posts: list[Json] = tomllib.loads((SAMPLES / "samples.toml").read_text("utf-8"))["posts"]
    return posts


@pytest.fixture(scope="module")
def described_samples(demo: Demo) -> dict[str, Json]:
    """The sample posts by their text, once every attachment is described."""

    def all_described() -> list[Json] | None:
        statuses = demo.statuses()
        media = [item for status in statuses for item in status["media_attachments"]]
        return statuses if media and all(item["description"] for item in media) else None

    statuses = wait_for(all_described, 180, "the descriptions of the sample posts", every_s=0.5)
    sources = [demo.get(f"/api/v1/statuses/{status['id']}/source") for status in statuses]
    return {source["text"]: status for source, status in zip(sources, statuses, strict=True)}


@pytest.mark.parametrize("post", sample_posts(), ids=lambda post: post["text"][:20])
def test_sample_post_is_described(described_samples: dict[str, Json], post: Json) -> None:
    status = described_samples[post["text"]]
    assert len(status["media_attachments"]) == len(post["attachments"])
    for media, sample in zip(status["media_attachments"], post["attachments"], strict=True):
        description = media["description"]
        if "description" in sample:
            assert description == sample["description"]
        elif "phrases" in sample:
            spoken = words(" ".join(sample["phrases"]))
            # Of a video, what is seen comes first.
            said = description.partition("What is said: ")[2] or description
            assert words(said)[: len(spoken)] == spoken
        else:
            assert re.search(r"\d+ (by|×|x) \d+", description)  # measured in the pixels it was sent
    assert status["spoiler_text"] == post.get("spoiler_text", "")
    assert status["visibility"] == post.get("visibility", "public")
    assert status["sensitive"] == post.get("sensitive", False)


@pytest.mark.parametrize("suffix", [".mp3", ".ogg", ".m4a", ".wav", ".flac", ".mp4"])
def test_new_post_is_described_in_place(
    demo: Demo, described_samples: dict[str, Json], speak: Callable[..., Path], suffix: str
) -> None:
    phrase = "The train leaves at half past nine."
    text = f"Listen to this {suffix} <b>&amp;</b> tell me.\n\nSecond paragraph."
    media_id = demo.upload(speak(phrase, suffix=suffix))
    before = demo.post(
        status=text,
        media_ids=[media_id],
        spoiler_text="Railway",
        sensitive=True,
        language="fr",
        visibility="unlisted",
    )
    after = demo.until_described(before["id"], DESCRIBED_WITHIN_S)
    description = after["media_attachments"][0]["description"]
    if suffix == ".mp4":  # what is seen comes first
        seen, label, description = description.partition("Ce qui se dit : ")
        assert seen and label
    assert words(description)[: len(words(phrase))] == words(phrase)
    assert [media["id"] for media in after["media_attachments"]] == [media_id]
    assert {key: after[key] for key in KEPT} == {key: before[key] for key in KEPT}
    assert demo.get(f"/api/v1/statuses/{before['id']}/source")["text"] == text


def test_a_file_without_speech_is_called_what_it_is(
    demo: Demo,
    described_samples: dict[str, Json],
    make_media: Callable[..., Path],
    speak: Callable[..., Path],
) -> None:
    silence = make_media("silence.mp3", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "3")
    silent = demo.post(status="Nothing to hear", media_ids=[demo.upload(silence)])
    phrase = "Music makes people happy."
    spoken = demo.post(status="Something to hear", media_ids=[demo.upload(speak(phrase))])
    after = demo.until_described(spoken["id"], DESCRIBED_WITHIN_S)
    assert first_words(after, 4) == words(phrase)
    assert first_words(demo.until_described(silent["id"], DESCRIBED_WITHIN_S), 1) == ["silence"]


def test_restart_repeats_nothing_and_misses_nothing(
    demo: Demo, described_samples: dict[str, Json], speak: Callable[..., Path]
) -> None:
    bot = demo.container("bot")
    bot.stop(timeout=20)
    bot.reload()
    assert bot.attrs["State"]["ExitCode"] in (0, 143)  # it ended by itself, not by SIGKILL (137)
    edited = {status["id"]: status["edited_at"] for status in demo.statuses()}
    phrase = "Winter is coming soon."
    missed = demo.post(status="Posted while nobody watched", media_ids=[demo.upload(speak(phrase))])
    bot.start()
    after = demo.until_described(missed["id"], 60)
    assert first_words(after, 4) == words(phrase)
    demo.until_healthy()
    now = {status["id"]: status["edited_at"] for status in demo.statuses()}
    assert {key: now[key] for key in edited} == edited


def test_each_post_was_edited_once(demo: Demo, described_samples: dict[str, Json]) -> None:
    for status in described_samples.values():
        history = demo.get(f"/api/v1/statuses/{status['id']}/history")
        assert len(history) == 2, "the post and one edit, however many attachments"


def test_the_bot_runs_as_nobody_under_an_init(demo: Demo) -> None:
    bot = demo.container("bot")
    status = output_of(bot, "cat", "/proc/1/status")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert fields["Name"].strip() == "tini"
    assert fields["Uid"].split() == ["10001"] * 4
    assert int(fields["CapEff"].strip(), 16) == 0
    assert fields["NoNewPrivs"].strip() == "1"
