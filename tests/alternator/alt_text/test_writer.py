from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from PIL import Image

from alternator.alt_text.writer import AltTextWriter
from alternator.config.settings import Config, MastodonSettings
from alternator.errors import MediaError, TemporaryMediaError
from alternator.mastodon.entities import Attachment, AttachmentType
from alternator.speech.transcript import Segment, Transcript
from sandbox.server import SandboxServer
from sandbox.settings import Settings
from sandbox.vision.server import VisionServer

MakeBot = Callable[..., Any]


def test_descriptions_name_the_model_in_the_language_of_the_post(
    server: SandboxServer, make_bot: MakeBot, picture: Path, clip: Path
):
    german = server.post("Schau", files=[picture], language="de")
    sound = server.post("Écoutez", files=[clip], language="fr")
    make_bot(whisper={"model": "/models/special.pt"}).once()
    (described,) = server.descriptions(german["id"])
    assert described is not None
    assert described.endswith("\n\nBeschrieben von pixels")
    assert server.descriptions(sound["id"]) == [
        "Hello from the recording.\n\nTranscrit par Whisper special"
    ]


def test_a_transcript_names_the_servers_model(server: SandboxServer, make_bot: MakeBot, clip: Path):
    heard = [server.post("Listen", files=[clip])["id"] for _ in range(3)]
    bot = make_bot(whisper={"server_url": "http://gpu/v1"})
    bot.transcriber.texts = [
        Transcript(text="Hi.", language="en", duration=1.0, segments=(), model=model)
        for model in ("gpt-4o-transcribe", "turbo", None)
    ]
    bot.once()
    told = {(server.descriptions(key)[0] or "").partition("\n\n")[2] for key in heard}
    assert told == {
        "Transcribed by gpt-4o-transcribe",
        "Transcribed by Whisper turbo",
        "Transcribed by Whisper base",
    }


def test_a_transcript_that_is_too_unsure_is_withheld(
    server: SandboxServer, make_bot: MakeBot, clip: Path
):
    heard = [server.post("Listen", files=[clip])["id"] for _ in range(3)]
    bot = make_bot(whisper={"min_confidence": 0.6})
    bot.transcriber.texts = [
        Transcript(text=text, language="en", duration=1.0, segments=(), confidence=confidence)
        for text, confidence in [("Sure.", 0.6), ("Unsure.", 0.59), ("Who knows.", None)]
    ]
    bot.once()
    told = [server.descriptions(key)[0] for key in heard]
    assert sorted(text is None for text in told) == [False, False, True]
    assert not any("Unsure" in text for text in told if text is not None)
    assert (
        "left",
        "the transcript is too unsure: its confidence is 0.59, and [whisper] "
        "min_confidence asks for 0.6",
        1,
    ) in bot.rows()


def test_that_nothing_can_be_withheld_is_said_once(
    server: SandboxServer, make_bot: MakeBot, clip: Path, caplog: pytest.LogCaptureFixture
):
    for _ in range(2):
        server.post("Listen", files=[clip])
    bot = make_bot(whisper={"min_confidence": 0.6})
    bot.transcriber.texts = [
        Transcript(text="Hi.", language="en", duration=1.0, segments=(), model="a-server's")
    ] * 2
    bot.once()
    assert caplog.text.count("min_confidence withholds nothing of the model a-server's") == 1


def test_who_speaks_is_named_in_the_language_of_the_post(
    server: SandboxServer, make_bot: MakeBot, clip: Path
):
    talk = server.post("Hört", files=[clip], language="de")
    alone = server.post("Hört", files=[clip], language="de")
    bot = make_bot(whisper={"name_speakers": True})
    both = (
        Segment(start=0.0, end=1.0, text=" Wer da?", speaker="SPEAKER_01"),
        Segment(start=1.0, end=2.0, text=" Ich.", speaker="SPEAKER_00"),
    )
    bot.transcriber.texts = [
        Transcript(text="Wer da? Ich.", language="de", duration=2.0, segments=segments)
        for segments in (both, both[:1])
    ]
    bot.once()
    told = {server.descriptions(post["id"])[0] for post in (talk, alone)}
    assert told == {
        "Stimme 1: Wer da?\nStimme 2: Ich.\n\nMitschrift von Whisper base",
        "Wer da? Ich.\n\nMitschrift von Whisper base",
    }


def test_the_prompt_is_in_the_language_of_the_post(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, picture: Path
):
    server.post("Schau", files=[picture], language="de")
    make_bot().once()
    assert "höchstens" in vision.requests()[0]["prompt"]


def test_a_description_stays_within_the_limit_of_the_server(
    make_bot: MakeBot, picture: Path, clip: Path
):
    with SandboxServer(settings=Settings(description_limit=90)) as server:
        first = server.post("Look", files=[picture])
        second = server.post("Listen", files=[clip])
        bot = make_bot(
            mastodon={"instance_url": server.url}, vision={"base_url": "http://127.0.0.1:1/v1"}
        )
        bot.transcriber.texts = ["One short sentence. " + "Then it goes on and on. " * 30]
        bot.once()
        assert server.descriptions(first["id"]) == [None]  # the endpoint is not there
        assert server.descriptions(second["id"]) == [
            "One short sentence. Then it goes on and on. …\n\nTranscribed by Whisper base"
        ]
        bot = make_bot(mastodon={"instance_url": server.url})
        third = server.post("Look", files=[picture])
        bot.once()
        (description,) = server.descriptions(third["id"])
        assert description is not None
        assert len(description) <= 90
        assert description.endswith("…\n\nDescribed by pixels")


@pytest.mark.parametrize(("server_s", "ours", "longest"), [(1500, 90, 90), (90, 1500, 90)])
def test_a_limit_of_ours_is_kept_and_never_above_the_servers(
    make_bot: MakeBot, picture: Path, server_s: int, ours: int, longest: int
):
    with SandboxServer(settings=Settings(description_limit=server_s)) as server:
        written = server.post("Look", files=[picture, picture])
        first, second = (medium["id"] for medium in written["media_attachments"])
        by_hand = {"id": first, "description": "The author's own. " * (server_s // 20)}
        server.edit(
            written["id"], status="Look", media_ids=[first, second], media_attributes=[by_hand]
        )
        bot = make_bot(
            mastodon={"instance_url": server.url}, descriptions={"description_limit": ours}
        )
        bot.once()
        kept, description = server.descriptions(written["id"])
        assert kept == by_hand["description"].strip() or kept == by_hand["description"]
        assert description is not None and longest - 15 < len(description) <= longest
        assert description.endswith("…\n\nDescribed by pixels")


def test_a_long_transcript_is_shortened_by_the_text_model(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, clip: Path
):
    status = server.post("Listen", files=[clip])
    answer = {"choices": [{"message": {"content": "In short: it rains."}}]}
    vision.fail(status=200, body=answer)
    bot = make_bot(vision={"text_model": "shortener"})
    bot.transcriber.texts = ["It rains. " * 300]
    bot.once()
    assert server.descriptions(status["id"]) == [
        "In short: it rains.\n\nTranscribed by Whisper base, shortened by shortener"
    ]


def test_a_faulty_answer_is_never_published(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    vision.fail(answer="refusal", times=None)
    bot = make_bot()
    bot.once()
    assert server.descriptions(status["id"]) == [None]
    assert server.requests("PUT") == []
    ((state, reason, attempts),) = bot.rows()
    assert (state, attempts) == ("waiting", 1)
    assert "refuses to answer, in words" in reason


@pytest.mark.parametrize("status", [429, 503])
def test_while_the_endpoint_fails_pictures_wait_uncharged_and_clips_go_on(
    server: SandboxServer,
    vision: VisionServer,
    make_bot: MakeBot,
    picture: Path,
    clip: Path,
    status: int,
):
    pictures = [server.post("Look", files=[picture]) for _ in range(3)]
    sound = server.post("Listen", files=[clip])
    vision.fail(times=None, status=status, headers={"Retry-After": "3000"})
    media = server.fail("/media/*", times=1000)  # does nothing but count
    bot = make_bot()
    bot.once()
    assert server.descriptions(sound["id"]) != [None]
    assert [server.descriptions(post["id"]) for post in pictures] == [[None]] * 3
    assert sorted((state, attempts) for state, _, attempts in bot.rows()) == [
        ("described", 1),
        ("waiting", 0),
        ("waiting", 0),
        ("waiting", 0),
    ]
    # What can't be sent is not fetched either.
    assert media.times == 1000 - 2


def test_what_whisper_hears_is_cleaned_of_what_nobody_sees(
    server: SandboxServer, make_bot: MakeBot, clip: Path
):
    status = server.post("Listen", files=[clip])
    silent = server.post("Listen", files=[clip])
    bot = make_bot()
    bot.transcriber.texts = ["\u200b\ufeff", "Hel\u00adlo \u202ethere.\x00"]
    bot.once()
    texts = {post["id"]: server.descriptions(post["id"])[0] for post in (status, silent)}
    assert sorted(str(text) for text in texts.values()) == [
        "Hello there.\n\nTranscribed by Whisper base",
        "Silence.\n\nTranscribed by Whisper base",
    ]


def test_all_kinds_are_described(
    server: SandboxServer, make_bot: MakeBot, clip: Path, make_media: Callable[..., Path]
):
    picture = ("-f", "lavfi", "-i", "color=red:s=60x40:r=5:d=1")
    video = make_media("talk.mp4", *picture, "-i", str(clip))
    silent = make_media("silent.mp4", *picture)
    colours = [Image.new("RGB", (60, 40), name) for name in ("white", "red", "white")]
    loop = video.with_name("loop.gif")
    colours[0].save(loop, save_all=True, append_images=colours[1:], duration=300)
    posts = [server.post("Post", files=[file]) for file in (clip, video, silent, loop)]
    kinds = [post["media_attachments"][0]["type"] for post in posts]
    assert kinds == ["audio", "video", "gifv", "gifv"]
    make_bot().once()
    heard, spoken, shown, looped = (server.descriptions(post["id"])[0] for post in posts)
    assert "Hello from the recording." in str(heard)
    assert "Hello from the recording." in str(spoken)
    assert "almost entirely red" in str(shown)
    assert "almost entirely red" in str(looped)


@pytest.fixture
def writer(tmp_path: Path) -> AltTextWriter:
    """A writer that can neither hear nor see."""
    mastodon = MastodonSettings(instance_url="http://127.0.0.1:1", access_token="token")
    config = Config(mastodon=mastodon)
    return AltTextWriter(config, speech=None, vision=None, limit=1500, directory=tmp_path)


@pytest.mark.parametrize("kind", get_args(AttachmentType))
def test_nothing_is_taken_on_without_the_means(writer: AltTextWriter, kind: AttachmentType):
    assert not writer.takes_on(Attachment(id="1", type=kind, url="https://social.example/1"))


def test_a_file_that_is_still_processed_is_waited_for(writer: AltTextWriter):
    with pytest.raises(TemporaryMediaError, match="still processing"):
        writer.write(Attachment(id="1", type="image", url=None), None)


def test_an_attachment_of_an_unknown_type_is_refused(writer: AltTextWriter):
    with pytest.raises(MediaError) as caught:
        writer.write(Attachment(id="1", type="unknown", url="https://social.example/1"), None)
    assert str(caught.value) == "attachments of an unknown type can't be described"
