"""A live session while it lasts: one task reads the client's events, one tells what comes of them.

Sound that can't be heard in time is not read from the connection, so a client that floods waits.
"""

import asyncio
import json
import time
from contextlib import aclosing
from typing import assert_never

from starlette.websockets import WebSocket, WebSocketDisconnect

from alternator.errors import AlternatorError
from alternator.live.asking import transcript_of
from alternator.live.look import Look
from alternator.live.news import Began, Ended, Final, Lost, News, Partial
from alternator.live.pace import Pace
from alternator.live.stream import Stream
from alternator.serve.errors import ApiError, of_worker, refused
from alternator.serve.realtime_events import (
    ServerEvent,
    Telling,
    bad,
    error_event,
    event,
    parsed,
    pcm_of,
    unknown,
)
from alternator.serve.realtime_session import SECONDS, Session, updated
from alternator.serve.service import Service
from alternator.speech.transcript import Transcript

# A client that sends nothing for so long is given up.
SILENCE_SECONDS = 300.0
TICK_SECONDS = 0.1
# A session that ends still takes what comes without such a gap, and not for longer than that.
REST_SECONDS, MOST_REST = 0.2, 2.0
# So many wrong events in a row, and it is no client of this API.
MOST_WRONG = 20
# https://platform.openai.com/docs/api-reference/realtime-client-events/input_audio_buffer/commit
LEAST_COMMIT_SECONDS = 0.1
HUNG_UP = 499
# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 and
# https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number
GOING_AWAY, POLICY, DEFECT, RESTART = 1001, 1008, 1011, 1012


class Dialogue:
    """One session. ``paces`` by the model's name."""

    def __init__(
        self, service: Service, socket: WebSocket, session: Session, paces: dict[str, Pace]
    ) -> None:
        self._service = service
        self._socket = socket
        self._session = session
        self._model = service.names.find(session.model)
        self._paces = paces
        self._telling = Telling()
        self._stream: Stream | None = None
        self._started = asyncio.Event()  # there is a stream
        self._last = time.monotonic()  # something was read
        self._wrong = 0
        self._taking = False  # an event is being answered, which may wait for room

    async def run(self) -> int:
        """Until the client leaves or the session is over; what it counts as, as HTTP has it."""
        reading = asyncio.create_task(self._read())
        telling = asyncio.create_task(self._tell())
        watching = asyncio.create_task(self._watch())
        tasks = (reading, telling, watching)
        try:
            await self._send(event("session.created", session=self._session.told()))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return reading.result()
            if telling.done():
                telling.result()
            code, error = watching.result()
            await self._read_the_rest(reading)
            if reading.done():
                return reading.result()
            if self._stream is not None:
                self._stream.finish()
                await telling
            await self._send(error_event(error))
            await self._socket.close(code, error.code)
            return 101
        except AlternatorError as error:
            told = self._of_worker(error)
            await self._send(error_event(told))
            await self._socket.close(DEFECT, told.code)
            return told.status
        except WebSocketDisconnect:
            return HUNG_UP  # it went away while it was told something
        finally:
            for task in tasks:
                task.cancel()
            # Until what they hold (files, windows that are heard) is given back.
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read_the_rest(self, reading: asyncio.Task[int]) -> None:
        """Take what the client sent before the session's end: it may wait in the connection, or for
        room in the stream. Who goes on sending is not listened to for long."""
        began = now = time.monotonic()
        while self._taking or now < min(max(self._last, began) + REST_SECONDS, began + MOST_REST):
            await asyncio.wait({reading}, timeout=TICK_SECONDS)
            if reading.done():
                return
            now = time.monotonic()
        reading.cancel()

    async def _read(self) -> int:
        """The client's events, until it leaves."""
        while True:
            self._taking = False
            message = await self._socket.receive()
            self._taking = True
            self._last = time.monotonic()
            if message["type"] == "websocket.disconnect":
                return 101 if message.get("code") in (1000, 1001, 1005) else HUNG_UP
            event_id: object = None
            try:
                given = parsed(message.get("text"))
                event_id = given.get("event_id")
                await self._take(given)
            except ApiError as error:
                self._wrong += 1
                await self._send(error_event(error, event_id))
                if self._wrong >= MOST_WRONG:
                    await self._socket.close(POLICY, "too many wrong events")
                    return error.status
            else:
                self._wrong = 0
            self._last = time.monotonic()

    async def _take(self, given: dict[str, object]) -> None:
        """Do what one event asks."""
        match given["type"]:
            case "session.update":
                await self._update(given.get("session"))
            case "input_audio_buffer.append":
                await self._begun().feed(pcm_of(given))
            case "input_audio_buffer.commit":
                if self._stream is None or self._stream.uncommitted < LEAST_COMMIT_SECONDS:
                    raise ApiError(
                        400,
                        "there is less than 0.1 s of sound to commit; append some first",
                        code="input_audio_buffer_commit_empty",
                    )
                self._stream.commit()
            case "input_audio_buffer.clear":
                if self._stream is not None:
                    self._stream.clear()
                    self._telling.cleared()
                await self._send(event("input_audio_buffer.cleared"))
            case str(kind):
                raise unknown(kind)
            case _:
                raise bad("an event is an object with a 'type'")

    async def _update(self, given: object) -> None:
        session = updated(self._session, given)
        model = self._service.names.find(session.model)
        if self._stream is not None:
            if session.rate != self._session.rate:
                raise refused("session.audio.input.format.rate", "it can't change once sound came")
            if model.id != self._model.id:
                place = "session.audio.input.transcription.model"
                raise refused(place, "it can't change once sound came")
            self._stream.rules = session.rules()
        self._session, self._model = session, model
        await self._send(event("session.updated", session=session.told()))

    def _begun(self) -> Stream:
        if self._stream is None:
            self._service.models.wake()
            pace, session = self._paces[self._model.id], self._session
            self._stream = Stream(self._hear, pace, session.rate, session.rules())
            self._started.set()
        return self._stream

    async def _hear(self, look: Look) -> Transcript:
        service = self._service
        options = self._session.decoding(service.usual)
        async with service.models.borrowed(self._model.id) as transcriber:
            return await transcript_of(transcriber, look, options, service.folder)

    async def _tell(self) -> None:
        """What comes of the sound. AlternatorError once nothing can be heard any more."""
        await self._started.wait()
        assert self._stream is not None
        async with aclosing(self._stream.news()) as news:
            async for one in news:
                for told in self._events(one):
                    await self._send(told)

    def _events(self, news: News) -> list[ServerEvent]:
        telling = self._telling
        match news:
            case Began():
                if not self._session.turns:
                    return []
                at = max(round(news.at * 1000) - self._session.padding_ms, 0)
                started = "input_audio_buffer.speech_started"
                return [event(started, item_id=telling.item(), audio_start_ms=at)]
            case Partial():
                return telling.partial(news.confirmed)
            case Final():
                latency = self._service.metrics.live_latency.labels(model=self._model.id)
                latency.observe(news.latency)
                return telling.final(news)
            case Ended():
                self._service.metrics.audio.labels(model=self._model.id).inc(news.seconds)
                told = telling.item()
                ended = telling.ended(news)
                if news.asked or not self._session.turns:
                    return ended
                at, stopped = round(news.at * 1000), "input_audio_buffer.speech_stopped"
                return [event(stopped, item_id=told, audio_end_ms=at), *ended]
            case Lost():
                return telling.lost(self._of_worker(news.error))
            case _:
                assert_never(news)

    async def _watch(self) -> tuple[int, ApiError]:
        """Until the session must end, with the reason."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            if self._service.gate.closed:
                return RESTART, ApiError(503, "the server is about to stop", code="stopping")
            if now - began >= SECONDS:
                message = f"a session lasts {SECONDS // 60} minutes; begin another one"
                return GOING_AWAY, ApiError(400, message, code="session_expired")
            if now - self._last >= SILENCE_SECONDS and not self._is_behind():
                message = f"nothing came for {SILENCE_SECONDS:g} s; begin another session"
                return GOING_AWAY, ApiError(408, message, code="timeout")

    def _is_behind(self) -> bool:
        return self._stream is not None and self._stream.is_full

    def _of_worker(self, error: AlternatorError) -> ApiError:
        return of_worker(error, names={f"{self._service.folder}/": ""})

    async def _send(self, told: ServerEvent) -> None:
        await self._socket.send_text(json.dumps(told, ensure_ascii=False))
