"""Live sessions over WebSockets, with OpenAI's own client and with plain ones."""

import asyncio
import base64
import json
import os
import signal
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import RealtimeConnection
from openai.types.realtime import (
    ConversationItemInputAudioTranscriptionCompletedEvent as Completed,
)
from openai.types.realtime import ConversationItemInputAudioTranscriptionDeltaEvent as Delta
from openai.types.realtime import InputAudioBufferCommittedEvent as Committed
from openai.types.realtime import RealtimeServerEvent
from running_serve import RunningServe
from waiting import wait_for
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from alternator.config.models import WhisperSettings
from alternator.serve.options import ServeOptions
from alternator.serve.tokens import Client, Tokens, digest

Speak = Callable[..., Path]
Event = dict[str, object]

SPOKEN = (
    "This is a test of the caption bot.",
    "Captions help everyone understand.",
    "Hello world.",
)
INTENT = {"intent": "transcription"}
# websockets 17.1 warns of how OpenAI's client (3.57) calls it, which is not ours to change.
of_openais_client = pytest.mark.filterwarnings(
    "ignore:connect\\(\\) must be used:DeprecationWarning"
)
DONE = "conversation.item.input_audio_transcription.completed"
COUNTED = 'alternator_live_final_seconds_count{model="fixture"}'
DELTA = "conversation.item.input_audio_transcription.delta"


@pytest.fixture(scope="session")
def pcm(speak: Speak) -> Callable[[int], bytes]:
    """Three sentences, each with a second of silence behind it, at a rate."""

    def at(rate: int) -> bytes:
        return b"".join(samples(speak(text), rate) + bytes(2 * rate) for text in SPOKEN)

    return at


def samples(path: Path, rate: int) -> bytes:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-ac", "1", "-ar", str(rate)]
    done = subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True)
    return done.stdout


def pieces(sound: bytes, size: int = 9600) -> Iterator[str]:
    for at in range(0, len(sound), size):
        yield base64.b64encode(sound[at : at + size]).decode()


@contextmanager
def opened(
    server: RunningServe,
    query: str = "intent=transcription",
    *,
    token: str | None = None,
    protocols: list[str] | None = None,
    origin: str | None = None,
) -> Iterator["Socket"]:
    with connect(
        f"ws://127.0.0.1:{server.port}/v1/realtime?{query}",
        max_size=None,
        additional_headers={"Authorization": f"Bearer {token}"} if token else None,
        subprotocols=[Subprotocol(name) for name in protocols or ()] or None,
        origin=Origin(origin) if origin else None,
    ) as connection:
        socket = Socket(connection)
        assert socket.next()["type"] == "session.created"
        yield socket


class Socket:
    """A client that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, kind: str, **fields: object) -> None:
        self.connection.send(json.dumps({"type": kind, **fields}))

    def append(self, sound: bytes) -> None:
        for piece in pieces(sound):
            self.send("input_audio_buffer.append", audio=piece)

    def next(self, timeout: float = 60) -> Event:
        event = json.loads(self.connection.recv(timeout))
        assert isinstance(event, dict)
        return event

    def until(self, kind: str, count: int = 1) -> list[Event]:
        """What comes up to so many events of a kind."""
        events: list[Event] = []
        while sum(event["type"] == kind for event in events) < count:
            events.append(self.next())
            assert events[-1]["type"] != "error", events[-1]
        return events

    def update(self, **given: object) -> Event:
        session = {"type": "transcription", "audio": {"input": given}}
        self.send("session.update", session=session)
        return self.next()


def of(events: list[Event], kind: str) -> list[Event]:
    return [event for event in events if event["type"] == kind]


@of_openais_client
def test_openais_client_gets_each_sentence(
    served: RunningServe, pcm: Callable[[int], bytes]
) -> None:
    found: list[RealtimeServerEvent] = []
    with served.client().realtime.connect(extra_query=INTENT) as connection:
        update(connection)
        for piece in pieces(pcm(24000)):
            connection.input_audio_buffer.append(audio=piece)
        for event in connection:
            found.append(event)
            if sum(event.type == DONE for event in found) == len(SPOKEN):
                break

    assert [event.type for event in found[:2]] == ["session.created", "session.updated"]
    for event in found:  # each is one of OpenAI's own types, whole
        assert type(event).model_validate(event.model_dump(), strict=True)
    done = [event for event in found if isinstance(event, Completed)]
    assert [event.transcript for event in done] == list(SPOKEN)
    prefix = "conversation.item.input_audio_transcription."
    order = [event.type.removeprefix(prefix) for event in found[2:]]
    first = order[: order.index("completed") + 1]
    assert first[0] == "input_audio_buffer.speech_started"
    assert [kind for kind in first if kind not in ("delta", "segment")][-3:] == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "completed",
    ]
    committed = [event for event in found if isinstance(event, Committed)]
    before = [None, *(event.item_id for event in committed[:-1])]
    assert [event.previous_item_id for event in committed] == before
    for item in done:
        deltas = [
            e.delta or "" for e in found if isinstance(e, Delta) and e.item_id == item.item_id
        ]
        assert "".join(deltas) == item.transcript
    served.wait_until_empty()


def update(connection: RealtimeConnection) -> None:
    connection.session.update(
        session={
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": {"model": "whisper-1", "language": "en"},
                    "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
                }
            },
        }
    )


@of_openais_client
def test_openais_async_client_commits_by_itself(
    served: RunningServe, pcm: Callable[[int], bytes], speak: Speak
) -> None:
    async def talk() -> list[str]:
        client = AsyncOpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0)
        texts: list[str] = []
        async with client, client.realtime.connect(extra_query=INTENT) as connection:
            await connection.session.update(
                session={"type": "transcription", "audio": {"input": {"turn_detection": None}}}
            )
            for text in SPOKEN[:2]:
                for piece in pieces(samples(speak(text), 24000)):
                    await connection.input_audio_buffer.append(audio=piece)
                await connection.input_audio_buffer.commit()
            async for event in connection:
                if isinstance(event, Completed):
                    texts.append(event.transcript)
                    assert event.usage.type == "duration"
                    assert event.usage.seconds > 1
                if len(texts) == 2:
                    break
        return texts

    assert asyncio.run(talk()) == list(SPOKEN[:2])
    served.wait_until_empty()


def test_sixteen_kilohertz_segments_and_what_a_file_says(
    served: RunningServe, pcm: Callable[[int], bytes]
) -> None:
    before = served.metric(COUNTED)
    with opened(served) as socket:
        told = socket.update(format={"type": "audio/pcm", "rate": 16000})
        session = told["session"]
        assert isinstance(session, dict)
        assert session["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 16000}
        socket.append(pcm(16000))
        events = socket.until(DONE, 3)
    assert [event["transcript"] for event in of(events, DONE)] == list(SPOKEN)
    segments = of(events, "conversation.item.input_audio_transcription.segment")
    assert [segment["text"] for segment in segments] == list(SPOKEN)
    times = [float(str(segment[key])) for segment in segments for key in ("start", "end")]
    assert times == sorted(times)
    assert times[0] < 0.5 and 7 < times[-1] < 9
    assert served.metric(COUNTED) == before + 3


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"format": {"type": "audio/pcmu"}}, "format.type"),
        ({"format": {"type": "audio/pcm", "rate": 8000}}, "format.rate"),
        ({"noise_reduction": {"type": "near_field"}}, "noise_reduction"),
        ({"turn_detection": {"type": "semantic_vad"}}, "turn_detection.type"),
        ({"turn_detection": {"threshold": 0.9}}, "turn_detection.threshold"),
        ({"turn_detection": {"silence_duration_ms": 1}}, "turn_detection.silence_duration_ms"),
        ({"transcription": {"language": "xx"}}, "language"),
        ({"transcription": {"model": "no-such"}}, "model"),
        ({"transcription": {"languages": ["en", "de"]}}, "transcription.languages"),
        ({"transcription": None}, "transcription"),
        ({"transcription": {"colour": "red"}}, "transcription.colour"),
        ({"gain": 3}, "gain"),
    ],
)
def test_what_a_session_cannot_be(served: RunningServe, given: Event, param: str) -> None:
    with opened(served) as socket:
        event = socket.update(**given)
        assert event["type"] == "error"
        error = event["error"]
        assert isinstance(error, dict)
        assert str(error["param"]).endswith(param)
        assert error["message"]
        socket.send("input_audio_buffer.clear")  # the session goes on
        assert socket.next()["type"] == "input_audio_buffer.cleared"


def test_wrong_frames_are_answered_and_many_end_the_session(served: RunningServe) -> None:
    wrong: list[tuple[str | bytes, str]] = [
        ("no json", "invalid_event"),
        ("[1]", "invalid_event"),
        (b"\0\1\2", "invalid_event"),
        ('{"type": 3}', "invalid_event"),
        ("[" * 100_000, "invalid_event"),
        ('{"type": "response.create", "event_id": "mine"}', "unknown_event"),
        ('{"type": "input_audio_buffer.append"}', "invalid_value"),
        ('{"type": "input_audio_buffer.append", "audio": "%%%"}', "invalid_value"),
        ('{"type": "input_audio_buffer.append", "audio": "AAAA"}', "invalid_value"),
        ('{"type": "input_audio_buffer.commit"}', "input_audio_buffer_commit_empty"),
        ('{"type": "session.update"}', "invalid_value"),
        ('{"type": "session.update", "session": {"type": "realtime"}}', "invalid_value"),
    ]
    with opened(served) as socket:
        for frame, code in wrong:
            socket.connection.send(frame)
            error = socket.next()["error"]
            assert isinstance(error, dict)
            assert error["code"] == code, frame
            assert error["event_id"] == ("mine" if code == "unknown_event" else None)
        for _ in range(20 - len(wrong)):
            socket.connection.send("no json")
            assert socket.next()["type"] == "error"
        with pytest.raises(ConnectionClosed) as closed:
            socket.next()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
    served.wait_until_empty()


def test_a_message_that_is_too_large_ends_the_session(served: RunningServe) -> None:
    """Its length is refused, before any of it is there. (Of one that is on its way the client may
    get a reset in place of the code: uvicorn closes the connection with data in it unread.)"""
    text, masked, mask = 0x81, 0x80 | 127, bytes(4)
    with opened(served) as socket:
        head = struct.pack("!BBQ", text, masked, 22 * 1024 * 1024) + mask
        socket.connection.socket.sendall(head)
        with pytest.raises(ConnectionClosed) as closed:
            socket.next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    served.wait_until_empty()


def test_a_message_that_is_too_large_and_comes_leaves_nothing(served: RunningServe) -> None:
    with opened(served) as socket, pytest.raises(ConnectionClosed):
        socket.connection.send("x" * (22 * 1024 * 1024))
        socket.next()
    served.wait_until_empty()


def test_clearing_forgets_what_was_said(served: RunningServe, speak: Speak) -> None:
    with opened(served) as socket:
        socket.update(turn_detection=None, format={"type": "audio/pcm", "rate": 16000})
        socket.append(samples(speak(SPOKEN[0]), 16000))
        socket.send("input_audio_buffer.clear")
        socket.until("input_audio_buffer.cleared")
        socket.append(samples(speak(SPOKEN[1]), 16000))
        socket.send("input_audio_buffer.commit")
        (done,) = of(socket.until(DONE), DONE)
        assert done["transcript"] == SPOKEN[1]


def test_who_falls_silent_in_a_sentence_still_gets_it(served: RunningServe, speak: Speak) -> None:
    with opened(served) as socket:
        socket.update(format={"type": "audio/pcm", "rate": 16000})
        socket.append(samples(speak(SPOKEN[0]), 16000).rstrip(b"\0"))
        (done,) = of(socket.until(DONE), DONE)  # nothing more comes, and nothing is committed
        assert done["transcript"] == SPOKEN[0]


def test_a_silent_client_is_given_up(served: RunningServe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alternator.serve.realtime_dialogue.SILENCE_SECONDS", 0.3)
    with opened(served) as socket:
        error = socket.next()["error"]
        assert isinstance(error, dict) and error["code"] == "timeout"
        with pytest.raises(ConnectionClosed):
            socket.next()
    served.wait_until_empty()


def test_a_flood_waits_and_is_heard(served: RunningServe, pcm: Callable[[int], bytes]) -> None:
    """Minutes of sound at once: they are taken in as they are heard, and none of it is lost."""
    times = 12
    sound = pcm(16000) * times
    with opened(served) as socket:
        socket.update(format={"type": "audio/pcm", "rate": 16000})
        socket.send("input_audio_buffer.append", audio=base64.b64encode(sound).decode())
        events = socket.until(DONE, 3 * times)
    found = [event["transcript"] for event in of(events, DONE)]
    assert found == list(SPOKEN) * times
    served.wait_until_empty()


def test_silence_alone_says_nothing(served: RunningServe) -> None:
    with opened(served) as socket:
        socket.update(format={"type": "audio/pcm", "rate": 16000})
        socket.append(bytes(32000 * 8))
        socket.send("input_audio_buffer.commit")
        events = socket.until(DONE)
    assert [event["type"] for event in events] == ["input_audio_buffer.committed", DONE]
    assert events[-1]["transcript"] == ""


def test_a_client_that_hangs_up_leaves_nothing(
    served: RunningServe, pcm: Callable[[int], bytes]
) -> None:
    for _ in range(3):
        with opened(served) as socket:
            socket.update(format={"type": "audio/pcm", "rate": 16000})
            socket.append(pcm(16000))
            socket.connection.socket.close()
        served.wait_until_empty()


def test_a_worker_killed_under_load_loses_no_sentence(
    served: RunningServe, pcm: Callable[[int], bytes]
) -> None:
    (kept,) = served.models.kept
    with opened(served) as one, opened(served) as other:
        for socket in (one, other):
            socket.update(format={"type": "audio/pcm", "rate": 16000})
            socket.append(pcm(16000))
        one.until(DONE)
        pid = kept.transcriber.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert [event["transcript"] for event in of(one.until(DONE, 2), DONE)] == list(SPOKEN[1:])
        assert [event["transcript"] for event in of(other.until(DONE, 3), DONE)] == list(SPOKEN)
    served.wait_until_empty()


def test_tokens_limits_and_other_sites(
    whisper_settings: WhisperSettings, tmp_path: Path, served: RunningServe
) -> None:
    known = Tokens(clients={digest("a-long-secret-of-one"): Client(name="one", at_once=1)})
    with RunningServe(whisper_settings, tmp_path, ServeOptions(), known) as server:
        wait_for(lambda: server.preload.why_not_ready() is None, what="the model")
        assert refusal(server) == (401, "invalid_api_key")
        assert refusal(server, token="wrong")[0] == 401
        token = "a-long-secret-of-one"
        with opened(server, token=token):
            assert refusal(server, token=token) == (429, "rate_limit_exceeded")
        protocols = ["realtime", "openai-insecure-api-key.a-long-secret-of-one"]
        wait_for(lambda: not server.server._gate.inside, what="the place to be free")
        with opened(server, protocols=protocols) as socket:
            assert socket.connection.subprotocol == "realtime"
    assert refusal(served, origin="https://elsewhere.example") == (403, "origin_not_allowed")
    with opened(served, origin=served.url):
        pass
    assert refusal(served, query="intent=conversation") == (400, "invalid_value")
    assert refusal(served, query="model=nowhere") == (404, "model_not_found")
    assert requests.get(f"{served.url}/v1/realtime", timeout=10).status_code == 404


def refusal(
    server: RunningServe,
    query: str = "intent=transcription",
    *,
    token: str | None = None,
    origin: str | None = None,
) -> tuple[int, str]:
    with (
        pytest.raises(InvalidStatus) as refused,
        opened(server, query, token=token, origin=origin),
    ):
        pass
    body = json.loads(refused.value.response.body or b"{}")
    return refused.value.response.status_code, body["error"]["code"]


def test_a_stop_takes_what_still_waits_for_room(
    whisper_settings: WhisperSettings, tmp_path: Path, pcm: Callable[[int], bytes]
) -> None:
    """More than a stream holds came before the stop, in one event and in some behind it."""
    sound = pcm(16000)
    times = -(-60 * 32000 // len(sound))
    with RunningServe(whisper_settings, tmp_path) as server:
        wait_for(lambda: server.preload.why_not_ready() is None, what="the model")
        with opened(server) as socket:
            socket.update(format={"type": "audio/pcm", "rate": 16000})
            flood = base64.b64encode(sound * times).decode()
            socket.send("input_audio_buffer.append", audio=flood)
            socket.append(sound)
            events = socket.until("input_audio_buffer.speech_started")
            server.server.stop()
            while events[-1]["type"] != "error":
                events.append(socket.next())
    texts = [event["transcript"] for event in of(events, DONE)]
    assert texts == list(SPOKEN) * (times + 1)


def test_a_stop_tells_what_was_said(
    whisper_settings: WhisperSettings, tmp_path: Path, speak: Speak
) -> None:
    with RunningServe(whisper_settings, tmp_path) as server:
        wait_for(lambda: server.preload.why_not_ready() is None, what="the model")
        with opened(server) as socket:
            socket.update(format={"type": "audio/pcm", "rate": 16000}, turn_detection=None)
            socket.append(samples(speak(SPOKEN[0]), 16000))
            server.server.stop()
            events = [socket.next()]
            while events[-1]["type"] != "error":
                events.append(socket.next())
            assert [event["transcript"] for event in of(events, DONE)] == [SPOKEN[0]]
            with pytest.raises(ConnectionClosed) as closed:
                socket.next()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
    assert list(tmp_path.iterdir()) == []
