"""The Wyoming package's own client, as Home Assistant uses it, and sockets that behave worse."""

import asyncio
import contextlib
import json
import signal
import socket
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from running_serve import RunningServe
from waiting import wait_for
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong

from alternator.config.models import WhisperSettings
from alternator.serve import run
from alternator.serve.doors import wyoming_session
from alternator.serve.doors.wyoming import WyomingDoor
from alternator.serve.options import MEGABYTE, ServeOptions

Speak = Callable[..., Path]
MakeMedia = Callable[..., Path]

SPOKEN = "Captions help everyone understand."
GERMAN = "Meine Katze schläft auf dem Sofa."
OPTIONS = ServeOptions(wyoming_port=0, most_upload=4 * MEGABYTE, most_requests=4)
REQUESTS = "alternator_requests_total"


@pytest.fixture(scope="module")
def door(
    whisper_settings: WhisperSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServe]:
    """A server with the port; four requests fit in, of 4 MB each."""
    with RunningServe(whisper_settings, tmp_path_factory.mktemp("wyoming"), OPTIONS) as running:
        wait_for(lambda: running.preload.why_not_ready() is None, what="the model")
        yield running


class Sound:
    """A clip's samples, and what they are."""

    def __init__(self, path: Path) -> None:
        with wave.open(str(path)) as file:
            self.format = {
                "rate": file.getframerate(),
                "width": file.getsampwidth(),
                "channels": file.getnchannels(),
            }
            self.raw = file.readframes(file.getnframes())

    def pieces(self, size: int = 2048) -> Iterator[AudioChunk]:
        """As Home Assistant sends them."""
        for start in range(0, len(self.raw), size):
            yield AudioChunk(audio=self.raw[start : start + size], **self.format)


def client(running: RunningServe) -> AsyncTcpClient:
    return AsyncTcpClient("127.0.0.1", running.wyoming_ports[0], read_timeout=60)


async def say(asking: AsyncTcpClient, sound: Sound, wish: Transcribe | None = None) -> Event | None:
    """One request; the event that answers it."""
    if wish is not None:
        await asking.write_event(wish.event())
    await asking.write_event(AudioStart(**sound.format).event())
    for piece in sound.pieces():
        await asking.write_event(piece.event())
    await asking.write_event(AudioStop().event())
    return await asking.read_event()


def heard(running: RunningServe, sound: Sound, wish: Transcribe | None = None) -> Transcript:
    """The transcript of a connection's only request."""

    async def ask() -> Transcript:
        async with client(running) as asking:
            event = await say(asking, sound, wish)
            assert event is not None and Transcript.is_type(event.type), event
            return Transcript.from_event(event)

    return asyncio.run(ask())


def refused(running: RunningServe, *events: Event) -> Error:
    """The error that these come to; the connection ends after it."""

    async def ask() -> Error:
        async with client(running) as asking:
            for event in events:
                await asking.write_event(event)
            answer = await asking.read_event()
            assert answer is not None and Error.is_type(answer.type), answer
            assert await asking.read_event() is None
            return Error.from_event(answer)

    return asyncio.run(ask())


def test_describe_says_what_home_assistant_asks_for(door: RunningServe) -> None:
    async def ask() -> Info:
        async with client(door) as asking:
            await asking.write_event(Describe().event())
            event = await asking.read_event()
            assert event is not None and Info.is_type(event.type)
            return Info.from_event(event)

    (program,) = asyncio.run(ask()).asr
    assert program.installed and program.name == "alternator" and program.version
    assert not program.supports_transcript_streaming
    (model,) = program.models
    assert (model.name, model.installed) == ("fixture", True)
    assert len(model.languages) == 100 and {"en", "de"} <= set(model.languages)


def test_a_command_with_its_language(door: RunningServe, speak: Speak) -> None:
    found = heard(door, Sound(speak(SPOKEN)), Transcribe(language="en"))
    assert (found.text, found.language) == (SPOKEN, "en")
    assert heard(door, Sound(speak(GERMAN, "de")), Transcribe(language="de-AT")).language == "de"
    door.wait_until_empty()


def test_the_language_is_found_where_none_is_named(door: RunningServe, speak: Speak) -> None:
    assert heard(door, Sound(speak(GERMAN, "de"))).language == "de"


def test_a_model_and_words_that_may_come_up(door: RunningServe, speak: Speak) -> None:
    wish = Transcribe(
        name="fixture",
        language="en",
        transcript_names=["Captions"] * 20,
        transcript_terms=["understand"],
        vad_sensitivity="relaxed",
        context={"a": 1},
    )
    assert heard(door, Sound(speak(SPOKEN)), wish).text
    # More than a prompt holds: an answer, whatever such a prompt makes of it.
    wish.transcript_names = ["Captions"] * 300
    assert heard(door, Sound(speak(SPOKEN)), wish).language == "en"


def test_one_connection_many_requests(door: RunningServe, speak: Speak) -> None:
    """The wish of one is not the next one's; a client may look around in between."""
    sound = Sound(speak(SPOKEN))

    async def ask() -> list[str]:
        async with client(door) as asking:
            await asking.write_event(Ping(text="there?").event())
            pong = await asking.read_event()
            assert pong is not None and Pong.from_event(pong).text == "there?"
            await asking.write_event(Event(type="select-program", data={"name": "x"}))
            found = []
            for wish in (Transcribe(language="de"), None, None):
                event = await say(asking, sound, wish)
                assert event is not None
                found.append(Transcript.from_event(event).language or "")
            return found

    assert asyncio.run(ask()) == ["de", "en", "en"]


@pytest.mark.parametrize(
    "arguments",
    [("-ar", "48000", "-ac", "2"), ("-ar", "8000"), ("-c:a", "pcm_u8")],
)
def test_other_kinds_of_samples(
    door: RunningServe, speak: Speak, make_media: MakeMedia, arguments: tuple[str, ...]
) -> None:
    path = make_media("other.wav", "-i", str(speak(SPOKEN)), *arguments)
    assert heard(door, Sound(path), Transcribe(language="en")).text


@pytest.mark.parametrize("width", [3, 4])
def test_wide_samples(door: RunningServe, speak: Speak, width: int) -> None:
    sound = Sound(speak(SPOKEN))
    pairs = (sound.raw[start : start + 2] for start in range(0, len(sound.raw), 2))
    sound.raw = b"".join(bytes(width - 2) + pair for pair in pairs)
    sound.format["width"] = width
    assert heard(door, sound, Transcribe(language="en")).text == SPOKEN


def test_silence_is_an_empty_transcript(door: RunningServe, make_media: MakeMedia) -> None:
    path = make_media("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "2")
    assert heard(door, Sound(path)).text == ""


def test_many_at_once(door: RunningServe, speak: Speak) -> None:
    sound = Sound(speak(SPOKEN))

    async def ask() -> list[str]:
        async def one() -> str:
            async with client(door) as asking:
                event = await say(asking, sound, Transcribe(language="en"))
                assert event is not None
                return Transcript.from_event(event).text

        return await asyncio.gather(*(one() for _ in range(4)))

    assert asyncio.run(ask()) == [SPOKEN] * 4


START = AudioStart(rate=16000, width=2, channels=1).event()
PIECE = AudioChunk(rate=16000, width=2, channels=1, audio=bytes(2000)).event()


@pytest.mark.parametrize(
    ("events", "code", "words"),
    [
        ([Transcribe(language="klingon").event()], "invalid_value", "no language 'klingon'"),
        ([Event(type="transcribe", data={"language": 7})], "invalid_value", "must be a text"),
        ([Event(type="transcribe", data={"transcript_names": 7})], "invalid_value", "a list"),
        ([Transcribe(name="gpt-9").event(), START], "model_not_found", "no model 'gpt-9' here"),
        ([Event(type="audio-start")], "invalid_value", "rate must be a whole number"),
        ([AudioStart(rate=1, width=2, channels=1).event()], "invalid_value", "rate must be"),
        ([AudioStart(rate=16000, width=9, channels=1).event()], "invalid_value", "width must be"),
        (
            [START, AudioChunk(rate=8000, width=2, channels=1, audio=b"ab").event()],
            "invalid_value",
            "differ from those",
        ),
        ([START, AudioStop().event()], "invalid_file", "no sound before audio-stop"),
    ],
)
def test_what_can_not_be_meant(
    door: RunningServe, events: list[Event], code: str, words: str
) -> None:
    found = refused(door, *events)
    assert found.code == code and words in found.text
    door.wait_until_empty()


def test_more_sound_than_the_limit(door: RunningServe) -> None:
    piece = AudioChunk(rate=16000, width=2, channels=1, audio=bytes(MEGABYTE)).event()
    found = refused(door, START, *[piece] * 5)
    assert found.code == "file_too_large" and "4 MB" in found.text
    door.wait_until_empty()


def header(**more: object) -> bytes:
    return json.dumps({"type": "audio-chunk", **more}).encode() + b"\n"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "the header is no JSON"),
        (b"[]\n", "the header is no object"),
        (b"{}\n", "no type"),
        (b"[" * 60_000 + b"\n", "the header is no JSON"),
        (b"\xff\xfe\n", "the header is no JSON"),
        (b"x" * 200_000, "longer than 65536 bytes"),
        (header(data=7), "data is no object"),
        (header(data_length=10**12), "data_length must be from 0 to 1048576"),
        (header(data_length="7"), "data_length must be"),
        (header(data_length=2) + b"[]", "data is no object"),
        (header(data_length=2) + b"{x", "data is no JSON"),
        (header(payload_length=10**12), "payload_length must be from 0 to 1048576"),
        (header(payload_length=-1), "payload_length must be"),
        (header(payload_length=True), "payload_length must be"),
    ],
)
def test_what_is_no_event(door: RunningServe, raw: bytes, words: str) -> None:
    with connected(door) as connection:
        connection.sendall(raw)
        with connection.makefile("rb") as file:
            answer = json.loads(file.readline())
            told = json.loads(file.read(answer["data_length"]))
        assert answer["type"] == "error" and words in told["text"]


@contextmanager
def connected(running: RunningServe) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", running.wyoming_ports[0]), 30) as connection:
        yield connection


@pytest.mark.parametrize(
    "cut", [b"", b'{"type": "pi', header(data_length=9) + b"{", header(payload_length=9) + b"ab"]
)
def test_a_client_that_ends_in_the_middle_gets_nothing(door: RunningServe, cut: bytes) -> None:
    with connected(door) as connection:
        connection.sendall(cut)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""


def is_heard() -> bool:
    """Whether a worker has a request: a thread of the server's listens to it."""
    return any(thread.name.startswith("listening ") for thread in threading.enumerate())


def test_hanging_up_while_it_is_recorded_or_heard(
    door: RunningServe, make_media: MakeMedia, speak: Speak
) -> None:
    gone = f'{REQUESTS}{{status="499",task="wyoming"}}'
    before = door.metric(gone)
    long = Sound(
        make_media("long.wav", "-stream_loop", "19", "-i", str(speak(SPOKEN)), "-ar", "16000")
    )

    async def leave(*, in_the_middle: bool) -> None:
        async with client(door) as asking:
            await asking.write_event(AudioStart(**long.format).event())
            for piece in long.pieces(100_000):
                await asking.write_event(piece.event())
            if not in_the_middle:
                await asking.write_event(AudioStop().event())
                await asyncio.to_thread(wait_for, is_heard, what="the worker to have it")

    asyncio.run(leave(in_the_middle=True))
    wait_for(lambda: door.metric(gone) == before + 1, what="the first to be given up")
    asyncio.run(leave(in_the_middle=False))
    wait_for(lambda: door.metric(gone) == before + 2, what="the second to be given up")
    door.wait_until_empty()


def test_a_full_server_says_so(door: RunningServe) -> None:
    async def ask() -> Error:
        inside = [client(door) for _ in range(4)]
        try:
            for one in inside:
                await one.connect()
                await one.write_event(START)
                await one.write_event(PIECE)
            await asyncio.to_thread(
                wait_for,
                lambda: door.metric("alternator_requests_under_way") == 4,
                what="four requests",
            )
            async with client(door) as late:
                await late.write_event(START)
                answer = await late.read_event()
                assert answer is not None
                return Error.from_event(answer)
        finally:
            for one in inside:
                await one.disconnect()

    found = asyncio.run(ask())
    assert found.code == "rate_limit_exceeded" and "the server is full" in found.text
    door.wait_until_empty()


def test_a_client_that_falls_silent_is_given_up(
    door: RunningServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wyoming_session, "SILENCE_SECONDS", 0.2)
    found = refused(door, START, PIECE)
    assert found.code == "timeout" and "nothing came for 0.2 s" in found.text
    monkeypatch.setattr(wyoming_session, "IDLE_SECONDS", 0.2)
    assert refused(door, Event(type="unheard-of")).code == "timeout"
    door.wait_until_empty()


def test_sound_without_end_is_given_up(door: RunningServe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wyoming_session, "LONGEST_SECONDS", 0.2)
    assert refused(door, START, PIECE).text == "the sound goes on for more than 0.2 s"
    door.wait_until_empty()


def test_a_client_that_asks_and_never_reads_is_held_back(
    door: RunningServe, monkeypatch: pytest.MonkeyPatch, speak: Speak
) -> None:
    """What it is owed does not grow; it is cut off, and others are answered meanwhile."""
    monkeypatch.setattr(wyoming_session, "SILENCE_SECONDS", 1.0)
    with connected(door) as connection:
        connection.settimeout(120)
        with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
            while True:
                connection.sendall(b'{"type": "describe"}\n' * 1000)
    assert heard(door, Sound(speak(SPOKEN)), Transcribe(language="en")).text == SPOKEN


def test_more_connections_than_there_may_be(
    whisper_settings: WhisperSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "WyomingDoor", lambda service: WyomingDoor(service, most=2))
    with (
        RunningServe(whisper_settings, tmp_path, OPTIONS) as running,
        contextlib.ExitStack() as held,
    ):
        for _ in range(2):
            one = held.enter_context(connected(running))
            one.sendall(b'{"type": "ping"}\n')
            assert b'"pong"' in one.recv(100)
        found = refused(running)
        assert found.text == "the server is full: 2 connections are open"


def test_a_second_signal_waits_for_nobody(
    whisper_settings: WhisperSettings, tmp_path: Path
) -> None:
    with RunningServe(whisper_settings, tmp_path, OPTIONS) as running:

        async def ask() -> Event | None:
            async with client(running) as asking:
                await asking.write_event(START)
                await asyncio.to_thread(
                    wait_for,
                    lambda: running.metric("alternator_requests_under_way") == 1,
                    what="the request",
                )
                running.server.handle_exit(signal.SIGTERM, None)
                running.server.handle_exit(signal.SIGTERM, None)
                return await asking.read_event()

        assert asyncio.run(ask()) is None
    assert list(tmp_path.iterdir()) == []


def test_a_stop_finishes_what_is_under_way_and_ends_who_only_waits(
    whisper_settings: WhisperSettings, tmp_path: Path, speak: Speak
) -> None:
    sound = Sound(speak(SPOKEN))
    with RunningServe(whisper_settings, tmp_path, OPTIONS) as running:

        async def ask() -> str:
            async with client(running) as idle, client(running) as asking:
                await idle.write_event(Ping().event())
                assert await idle.read_event() is not None
                await asking.write_event(AudioStart(**sound.format).event())
                for piece in sound.pieces():
                    await asking.write_event(piece.event())
                await asyncio.to_thread(
                    wait_for,
                    lambda: running.metric("alternator_requests_under_way") == 1,
                    what="the request",
                )
                running.server.stop()
                assert await idle.read_event() is None
                await asking.write_event(AudioStop().event())
                event = await asking.read_event()
                assert event is not None
                return Transcript.from_event(event).text

        assert asyncio.run(ask()) == SPOKEN
    assert list(tmp_path.iterdir()) == []
