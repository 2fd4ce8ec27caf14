"""OpenAI's own client against the whole server and a real, small Whisper."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest
import requests
from openai import AsyncOpenAI
from openai.types.audio import (
    Transcription,
    TranscriptionDiarized,
    TranscriptionTextDeltaEvent,
    TranscriptionTextDoneEvent,
    TranscriptionVerbose,
    TranslationVerbose,
)
from running_serve import RunningServe
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import ModelError
from alternator.models.speaker_weights import find_speaker_weights
from alternator.serve.openai_audio import beating, piece_of
from alternator.serve.options import ServeOptions
from alternator.serve.streaming import BEAT, Told
from alternator.serve.tokens import Client, Tokens, digest
from alternator.speech.transcriber import Transcriber
from alternator.speech.transcript import Segment

Speak = Callable[..., Path]
MakeMedia = Callable[..., Path]

SPOKEN = "Captions help everyone understand."
GERMAN = "Meine Katze schläft auf dem Sofa."


@pytest.fixture(scope="module")
def long_clip(speak: Speak, make_media: MakeMedia) -> Path:
    """More than a minute of speech, which takes a while."""
    return make_media("long.wav", "-stream_loop", "29", "-i", str(speak(SPOKEN)))


@pytest.fixture
def small(
    whisper_settings: WhisperSettings, tmp_path: Path
) -> Iterator[Callable[..., RunningServe]]:
    """Makes servers with other options, or with tokens."""
    with contextlib.ExitStack() as stack:

        def make(options: ServeOptions, **more: Tokens) -> RunningServe:
            return stack.enter_context(RunningServe(whisper_settings, tmp_path, options, **more))

        yield make


def test_json(served: RunningServe, speak: Speak) -> None:
    with speak(SPOKEN).open("rb") as file:
        found = served.client().audio.transcriptions.create(file=file, model="whisper-1")
    assert found.text == SPOKEN
    assert found.usage is not None and found.usage.type == "duration"
    assert found.usage.seconds == 3  # 2.66 s, counted as OpenAI does


@pytest.mark.parametrize("suffix", [".mp3", ".ogg", ".m4a", ".mp4"])
def test_every_kind_of_file(served: RunningServe, speak: Speak, suffix: str) -> None:
    found = served.client().audio.transcriptions.create(
        file=speak(SPOKEN, suffix=suffix), model="fixture"
    )
    assert found.text == SPOKEN


def test_text_and_subtitles(served: RunningServe, speak: Speak) -> None:
    create = served.client().audio.transcriptions.create
    path = speak(SPOKEN)
    assert create(file=path, model="fixture", response_format="text") == f"{SPOKEN}\n"
    srt = str(create(file=path, model="fixture", response_format="srt"))
    assert srt.startswith("1\n00:00:00,") and srt.endswith(f"\n{SPOKEN}\n\n")
    vtt = str(create(file=path, model="fixture", response_format="vtt"))
    assert vtt.startswith("WEBVTT\n\n00:00.") and vtt.endswith(f"\n{SPOKEN}\n\n")


def test_verbose_json_has_every_field(served: RunningServe, speak: Speak) -> None:
    found = served.client().audio.transcriptions.create(
        file=speak(SPOKEN),
        model="fixture",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert isinstance(found, TranscriptionVerbose)
    # Strictly: the client itself takes whatever comes.
    TranscriptionVerbose.model_validate(found.model_dump(), strict=True)
    assert (found.text, found.language, found.model_extra) == (
        SPOKEN,
        "english",
        {"task": "transcribe"},
    )
    assert found.duration == pytest.approx(2.66, abs=0.01)
    assert found.segments is not None and found.words is not None
    assert [segment.text for segment in found.segments] == [f" {SPOKEN}"]
    assert found.segments[0].model_extra == {} and found.segments[0].tokens
    assert found.segments[0].avg_logprob < 0 < found.segments[0].compression_ratio
    assert [word.word for word in found.words] == SPOKEN.split()
    assert all(0 <= word.start <= word.end <= 2.7 for word in found.words)


def test_granularities_are_what_was_asked_for(served: RunningServe, speak: Speak) -> None:
    create = served.client().audio.transcriptions.create
    path = speak(SPOKEN)
    usual = create(file=path, model="fixture", response_format="verbose_json")
    assert usual.segments and usual.words is None
    words = create(
        file=path, model="fixture", response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert words.words and words.segments is None


def test_confidence_for_who_asks(served: RunningServe, speak: Speak) -> None:
    answer = requests.post(
        f"{served.url}/v1/audio/transcriptions",
        data={"response_format": "verbose_json", "include[]": "confidence"},
        files={"file": ("a.wav", speak(SPOKEN).read_bytes())},
        timeout=60,
    ).json()
    assert 0 < answer["confidence"] <= 1 and 0 < answer["language_probability"] <= 1
    assert 0 < answer["segments"][0]["confidence"] <= 1 and answer["notes"] == []


def test_language_prompt_temperature_and_keywords(served: RunningServe, speak: Speak) -> None:
    found = served.client().audio.transcriptions.create(
        file=speak(GERMAN, "de"),
        model="fixture",
        language="de-AT",
        prompt="Ein Gespräch über Tiere.",
        keywords=["Katze", "Sofa"],
        chunking_strategy="auto",
        temperature=0,
        response_format="verbose_json",
    )
    assert (found.text, found.language) == (GERMAN, "german")
    warm = served.client().audio.transcriptions.create(
        file=speak(SPOKEN), model="fixture", temperature=0.4, response_format="verbose_json"
    )
    assert warm.segments is not None
    assert {segment.temperature for segment in warm.segments} == {0.4}


# OpenAI's client calls it so since OpenAI will end whisper-1, the only one that translates there.
@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_translation(served: RunningServe, speak: Speak) -> None:
    create = served.client().audio.translations.create
    found = create(file=speak(GERMAN, "de"), model="fixture", response_format="verbose_json")
    assert isinstance(found, TranslationVerbose)
    assert (found.text, found.language) == ("My cat is sleeping on the sofa.", "english")


def test_silence_is_an_empty_text_and_no_error(served: RunningServe, make_media: MakeMedia) -> None:
    path = make_media("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=16000", "-t", "2")
    found = served.client().audio.transcriptions.create(
        file=path, model="fixture", response_format="verbose_json"
    )
    assert (found.text, found.segments, found.duration) == ("", [], 2.0)


def test_streaming(served: RunningServe, long_clip: Path) -> None:
    with served.client().audio.transcriptions.create(
        file=long_clip, model="fixture", stream=True
    ) as stream:
        events = list(stream)
    deltas = [event.delta for event in events if isinstance(event, TranscriptionTextDeltaEvent)]
    assert isinstance(events[-1], TranscriptionTextDoneEvent)
    assert len(deltas) == len(events) - 1 > 1
    assert "".join(deltas) == events[-1].text
    assert "Captions" in events[-1].text


def test_the_asynchronous_client(served: RunningServe, speak: Speak) -> None:
    async def ask() -> tuple[str, list[str]]:
        async with AsyncOpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0) as client:
            create = client.audio.transcriptions.create
            plain = await create(file=speak(SPOKEN), model="fixture")
            stream = await create(file=speak(SPOKEN), model="fixture", stream=True)
            return plain.text, [event.type async for event in stream]

    assert asyncio.run(ask()) == (SPOKEN, ["transcript.text.delta", "transcript.text.done"])


# What is sent, and what the client's error says: of which field, by which code, in which words.
REFUSED: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "language": ({"language": "tlhingan"}, "language", "invalid_value", "knows no language"),
    "format": ({"response_format": "docx"}, "response_format", "invalid_value", "verbose_json"),
    "temperature": ({"temperature": 1.5}, "temperature", "invalid_value", "from 0 to 1"),
    "words of json": (
        {"timestamp_granularities": ["word"]},
        "timestamp_granularities",
        "invalid_value",
        "verbose_json",
    ),
    "stream of srt": (
        {"response_format": "srt", "stream": True},
        "stream",
        "invalid_value",
        "json or text",
    ),
    "unknown": ({"extra_body": {"langauge": "de"}}, "langauge", "unknown_parameter", "'language'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(served: RunningServe, speak: Speak, name: str) -> None:
    sent, param, code, words = REFUSED[name]
    with pytest.raises(openai.BadRequestError) as caught:
        served.client().audio.transcriptions.create(
            file=speak(SPOKEN),
            model="fixture",
            **sent,
        )
    assert (caught.value.param, caught.value.code) == (param, code)
    assert caught.value.type == "invalid_request_error"
    assert words in caught.value.message


def test_an_unknown_model(served: RunningServe, speak: Speak) -> None:
    with pytest.raises(openai.NotFoundError, match="there are: fixture") as caught:
        served.client().audio.transcriptions.create(file=speak(SPOKEN), model="gpt-4o-transcribe")
    assert (caught.value.param, caught.value.code) == ("model", "model_not_found")
    # A path is no name, though the operator may give one.
    with pytest.raises(openai.NotFoundError):
        served.client().audio.transcriptions.create(file=speak(SPOKEN), model="/etc/passwd")


@pytest.mark.parametrize("stream", [False, True])
def test_a_file_that_is_no_sound(served: RunningServe, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError, match=r"notes\.mp3: is not audio") as caught:
        served.client().audio.transcriptions.create(
            file=("notes.mp3", b"no sound at all" * 99), model="fixture", stream=stream
        )
    assert caught.value.code == "invalid_file"
    assert str(served.folder) not in caught.value.message
    served.wait_until_empty()


def test_a_client_that_hangs_up_cancels_its_request(served: RunningServe, long_clip: Path) -> None:
    line = 'alternator_requests_total{status="499",task="transcribe"}'
    before = served.metric(line)

    async def ask() -> None:
        async with AsyncOpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0) as client:
            create = client.audio.transcriptions.create
            asking = asyncio.create_task(create(file=long_clip, model="fixture"))
            await asyncio.to_thread(
                wait_for, lambda: served.metric("alternator_requests_under_way") == 1
            )
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            stream = await create(file=long_clip, model="fixture", stream=True)
            await anext(aiter(stream))
            await stream.close()

    asyncio.run(ask())
    wait_for(lambda: served.metric(line) == before + 2, what="both to be noticed")
    served.wait_until_empty()
    # The model is there for the next one, and not busy with what nobody wants.
    (kept,) = served.models.kept
    wait_for(lambda: kept.transcriber.state == "ready", what="the worker to be free")


def test_two_hundred_at_once(served: RunningServe, speak: Speak) -> None:
    async def ask() -> list[str]:
        async with AsyncOpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0) as client:
            create = client.audio.transcriptions.create
            content = speak(SPOKEN).read_bytes()
            asked = [create(file=("a.wav", content), model="fixture") for _ in range(200)]
            return [found.text for found in await asyncio.gather(*asked)]

    assert set(asyncio.run(ask())) == {SPOKEN}
    served.wait_until_empty()


def test_a_worker_that_is_killed_under_load(served: RunningServe, speak: Speak) -> None:
    """Every client still gets its answer: what was under way is tried again."""
    (kept,) = served.models.kept
    pid = kept.transcriber.worker_pid
    assert pid is not None
    create = served.client().audio.transcriptions.create
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(create, file=speak(SPOKEN), model="fixture") for _ in range(8)]
        wait_for(lambda: kept.transcriber.state == "busy", what="the worker to be at work")
        os.kill(pid, signal.SIGKILL)
        assert {found.result().text for found in asked} == {SPOKEN}
    served.wait_until_empty()
    assert kept.transcriber.worker_pid not in (pid, None)


def test_a_full_server_asks_to_wait(
    small: Callable[..., RunningServe], speak: Speak, long_clip: Path
) -> None:
    running = small(ServeOptions(most_requests=1))
    asking = threading.Thread(
        target=running.client().audio.transcriptions.create,
        kwargs={"file": long_clip, "model": "fixture"},
    )
    asking.start()
    wait_for(lambda: running.metric("alternator_requests_under_way") == 1, what="the first one")
    with pytest.raises(openai.RateLimitError, match="1 requests are under way") as caught:
        running.client().audio.transcriptions.create(file=speak(SPOKEN), model="fixture")
    assert int(caught.value.response.headers["retry-after"]) >= 1
    assert caught.value.code == "rate_limit_exceeded"
    # OpenAI's client waits as long as it is asked to, and tries again.
    patient = running.client(retries=300).audio.transcriptions.create
    assert patient(file=speak(SPOKEN), model="fixture").text == SPOKEN
    asking.join()


def test_tokens_and_their_limits(
    small: Callable[..., RunningServe], speak: Speak, long_clip: Path
) -> None:
    known = Tokens(
        clients={
            digest("first-secret"): Client(name="first", at_once=1),
            digest("second-secret"): Client(name="second", at_once=1),
        }
    )
    running = small(ServeOptions(), known=known)
    with pytest.raises(openai.AuthenticationError, match="is not one of this server's") as wrong:
        running.client("wrong-secret").audio.transcriptions.create(file=long_clip, model="x")
    assert wrong.value.code == "invalid_api_key"
    with pytest.raises(openai.AuthenticationError):
        running.client("wrong-secret").models.list()
    assert requests.get(f"{running.url}/v1/status", timeout=10).status_code == 401
    first = running.client("first-secret")
    assert [model.id for model in first.models.list()] == ["fixture"]
    asking = threading.Thread(
        target=first.audio.transcriptions.create, kwargs={"file": long_clip, "model": "fixture"}
    )
    asking.start()
    line = "alternator_requests_under_way"
    wait_for(lambda: running.metric(line, "second-secret") == 1, what="the first one")
    with pytest.raises(openai.RateLimitError, match="1 requests of this token"):
        first.audio.transcriptions.create(file=speak(SPOKEN), model="fixture")
    second = running.client("second-secret").audio.transcriptions.create
    assert second(file=speak(SPOKEN), model="fixture").text == SPOKEN
    asking.join()


def test_models(served: RunningServe) -> None:
    (model,) = served.client().models.list()
    assert (model.id, model.object, model.owned_by) == ("fixture", "model", "operator")
    assert served.client().models.retrieve("whisper-1") == model
    with pytest.raises(openai.NotFoundError, match="no model 'large'"):
        served.client().models.retrieve("large")


def test_our_own_engine_learns_how_sure_the_server_is(
    served: RunningServe, speak: Speak, tmp_path: Path
) -> None:
    """What a bot needs whose transcripts are made here: its `min_confidence` counts."""
    direct = served.models.kept[0].transcriber.transcribe(speak(SPOKEN))
    settings = WhisperSettings(
        engine="openai-api", server_url=f"{served.url}/v1", model="fixture", model_dir=tmp_path
    )
    with Transcriber(settings) as transcriber:
        asked = transcriber.transcribe(speak(SPOKEN))
    assert asked.text == direct.text == SPOKEN
    assert asked.confidence == direct.confidence is not None


def test_while_nothing_comes_a_comment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alternator.serve.openai_audio.BEAT_SECONDS", 0.01)
    ended = asyncio.Event()

    async def nothing() -> AsyncGenerator[Segment, None]:
        try:
            await asyncio.Event().wait()
            yield Segment(start=0, end=0, text="")
        finally:
            ended.set()

    async def listen() -> bytes:
        async with contextlib.aclosing(beating(nothing())) as events:
            return piece_of(await anext(events), Told())

    assert asyncio.run(listen()) == BEAT
    assert ended.is_set()


def test_a_stream_that_is_left_between_two_events_is_closed_at_once() -> None:
    ended = asyncio.Event()

    async def many() -> AsyncGenerator[Segment, None]:
        try:
            while True:
                yield Segment(start=0, end=0, text="")
        finally:
            ended.set()

    async def leave() -> bool:
        async with contextlib.aclosing(beating(many())) as events:
            await anext(events)
        return ended.is_set()

    assert asyncio.run(leave())


def test_more_at_once_than_fit(small: Callable[..., RunningServe], speak: Speak) -> None:
    """Each of them is answered at once, by its text or by a time to come back."""
    running = small(ServeOptions(most_requests=8))

    async def ask() -> list[object]:
        async with AsyncOpenAI(base_url=f"{running.url}/v1", api_key="x", max_retries=0) as client:
            create = client.audio.transcriptions.create
            content = speak(SPOKEN).read_bytes()
            asked = [create(file=("a.wav", content), model="fixture") for _ in range(64)]
            return list(await asyncio.gather(*asked, return_exceptions=True))

    found = asyncio.run(ask())
    texts = [one.text for one in found if isinstance(one, Transcription)]
    refusals = [one for one in found if isinstance(one, openai.RateLimitError)]
    assert len(texts) + len(refusals) == 64, found
    assert set(texts) == {SPOKEN} and len(texts) >= 8 and refusals
    running.wait_until_empty()


def test_speakers_or_why_not(served: RunningServe, speak: Speak) -> None:
    """Where the weights that tell voices apart are not here, that is said; never less told."""
    create = served.client().audio.transcriptions.create
    try:
        find_speaker_weights(served.settings.model_dir)
    except ModelError:
        with pytest.raises(openai.InternalServerError, match="who speaks can't be told"):
            create(file=speak(SPOKEN), model="fixture", response_format="diarized_json")
        return
    found = create(file=speak(SPOKEN), model="fixture", response_format="diarized_json")
    assert isinstance(found, TranscriptionDiarized)
    assert [(one.speaker, one.text.strip()) for one in found.segments] == [("A", SPOKEN)]
