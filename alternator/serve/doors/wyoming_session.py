"""One connection of the Wyoming protocol, from its first event to its end.

A client sends ``transcribe`` (or not), ``audio-start``, pieces of sound and ``audio-stop``, and
reads the ``transcript``; then it may begin anew. Whatever goes wrong is told by an ``error``, and
the connection ends: Home Assistant passes ``error`` over and waits for a transcript until then
(https://github.com/home-assistant/core/blob/dev/homeassistant/components/wyoming/stt.py).
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from alternator.serve.doors.bare_sound import HEADER_BYTES, Samples, put_header
from alternator.serve.doors.wyoming_events import (
    MOST_LINE,
    Event,
    ProtocolError,
    read_event,
    write_event,
)
from alternator.serve.doors.wyoming_wishes import Wish, error_data, info, samples_of, wish_of
from alternator.serve.errors import ApiError, refused, too_large
from alternator.serve.lingering import LINGER_SECONDS
from alternator.serve.listening import HungUpError
from alternator.serve.service import Service
from alternator.serve.tokens import Client
from alternator.serve.upload import SILENCE_SECONDS, Upload, kept, no_room
from alternator.speech.transcript import Transcript

T = TypeVar("T")

DOOR = "wyoming"
# So much sound is gathered in memory before it is written.
BLOCK_BYTES = 64 << 10
# A connection without a request is closed after so long, in seconds.
IDLE_SECONDS = 300.0
# From ``audio-start`` to ``audio-stop``; whoever drips sound keeps a place no longer.
LONGEST_SECONDS = 3600.0


class Session:
    """``client`` is who is counted: the protocol knows no tokens."""

    # size: the two ends of a connection, and what serves it
    def __init__(
        self,
        service: Service,
        client: Client,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._service = service
        self._client = client
        self._reader = reader
        self._writer = writer
        # Read ahead by one: that is how a hang-up is noticed while a transcript is made. More is
        # not taken from a client, which so has to wait.
        self._next: asyncio.Task[Event | None] | None = None
        self._wish = Wish()
        self.busy = False

    async def run(self) -> None:
        """Until the client hangs up, is silent for too long, or something is wrong."""
        try:
            with suppress(HungUpError, ConnectionError):
                try:
                    await self._serve()
                except ApiError as error:
                    await self._refuse(error_data(error))
                except ProtocolError as error:
                    await self._refuse({"text": str(error), "code": "invalid_event"})
        finally:
            await self._read_no_further()

    async def _refuse(self, data: dict[str, str]) -> None:
        """Say why the connection ends, and let a client that is still sending come to read it."""
        await self._send("error", data)
        await self._read_no_further()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while await self._reader.read(MOST_LINE):
                    pass

    async def _read_no_further(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)
            self._next = None

    async def _serve(self) -> None:
        while not self._service.gate.closed:
            event = await self._event(IDLE_SECONDS)
            match event.type:
                case "describe":
                    await self._send("info", info(self._service.names))
                case "ping":
                    await self._send("pong", {"text": str(event.data.get("text") or "")[:1000]})
                case "transcribe":
                    self._wish = wish_of(event.data)
                case "audio-start" | "audio-chunk":
                    await self._request(event)
                case _:
                    pass  # servers drop what they don't know (wyoming/info.py, SelectProgram)

    async def _request(self, first: Event) -> None:
        """One request, from its first sound to its transcript. ApiError if there is none."""
        self.busy = True
        try:
            async with self._service.visit_of(lambda: self._client, DOOR) as visit:
                wanted = self._wish.wanted(self._service.usual)
                model = self._service.names.find(wanted.model)
                self._service.models.wake()
                async with self._recorded(first) as upload:
                    events = self._service.listen(upload, model, wanted)
                    async with aclosing(events):
                        transcript = await self._while_connected(last_of(events))
                visit.status = 200
                language = {"language": transcript.language} if transcript.language else {}
                await self._send("transcript", {"text": transcript.text, **language})
            self._wish = Wish()
        finally:
            self.busy = False

    @asynccontextmanager
    async def _recorded(self, first: Event) -> AsyncIterator[Upload]:
        """The sound up to ``audio-stop``, as a file during the block."""
        with kept(self._service.folder) as file:
            path = Path(file.name)
            try:
                try:
                    async with asyncio.timeout(LONGEST_SECONDS):
                        size = await self._record(first, file, path)
                except TimeoutError:
                    raise ApiError(
                        408,
                        f"the sound goes on for more than {LONGEST_SECONDS:g} s",
                        code="timeout",
                    ) from None
                except OSError as error:
                    raise no_room(error) from None
                self._service.metrics.uploaded.inc(size)
                yield Upload(name="the sound", path=path, size=size)
            finally:
                with suppress(FileNotFoundError):
                    path.unlink()  # noqa: ASYNC240  # of a local disk: it does not wait

    async def _record(self, first: Event, file: IO[bytes], path: Path) -> int:
        samples = samples_of(first.data)
        file.write(bytes(HEADER_BYTES))
        size = 0
        waiting = bytearray()
        event = first
        while event.type != "audio-stop":
            if event.type == "audio-chunk":
                check_alike(samples_of(event.data), samples)
                size += len(event.payload)
                if size > self._service.most_upload:
                    raise too_large(self._service.most_upload)
                waiting += event.payload
                if len(waiting) >= BLOCK_BYTES:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            event = await self._event(SILENCE_SECONDS)
        if not size:
            raise ApiError(400, "there was no sound before audio-stop", code="invalid_file")
        file.write(bytes(waiting))
        await asyncio.to_thread(file.flush)
        await asyncio.to_thread(put_header, path, samples, size)
        return size

    async def _event(self, seconds: float) -> Event:
        """The next event. HungUpError if there is none; ApiError 408 if it takes too long."""
        ahead = self._ahead()
        done, _ = await asyncio.wait({ahead}, timeout=seconds)
        if not done:
            raise ApiError(408, f"nothing came for {seconds:g} s", code="timeout")
        self._next = None
        event = ahead.result()
        if event is None:
            raise HungUpError
        return event

    def _ahead(self) -> asyncio.Task[Event | None]:
        if self._next is None:
            self._next = asyncio.create_task(read_event(self._reader))
        return self._next

    async def _while_connected(self, work: Coroutine[None, None, T]) -> T:
        """What the work comes to; cancelled, and HungUpError raised, if the client hangs up."""
        working = asyncio.create_task(work)
        ahead = self._ahead()
        try:
            await asyncio.wait({working, ahead}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done() and ahead.result() is None:
                raise HungUpError
            return await working  # an event that came early waits for its turn
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _send(self, kind: str, data: dict[str, object] | dict[str, str]) -> None:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await write_event(self._writer, kind, data)
        except TimeoutError:
            raise HungUpError from None  # it does not read


async def last_of(events: "AsyncIterator[object]") -> Transcript:
    """The transcript that the events end with."""
    async for event in events:
        if isinstance(event, Transcript):
            return event
    raise AssertionError("the last event is a transcript, or an error was raised")


def check_alike(piece: Samples, all_of_it: Samples) -> None:
    """ApiError if a piece is of another kind than what came before."""
    if piece != all_of_it:
        raise refused(
            "rate", "rate, width and channels of a piece differ from those of the sound's start"
        )
