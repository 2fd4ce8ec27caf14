"""OpenAI's two endpoints for sound: a form with a file comes in, its transcript goes out.

https://platform.openai.com/docs/api-reference/audio
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from alternator.config.models import Task
from alternator.serve.answers import answer
from alternator.serve.errors import ApiError
from alternator.serve.fields import Wanted, wanted_of
from alternator.serve.lingering import Body
from alternator.serve.listening import HungUpError, while_connected
from alternator.serve.names import Model
from alternator.serve.service import Service, Visit
from alternator.serve.streaming import BEAT, Told, failed
from alternator.serve.upload import Upload
from alternator.speech.transcript import Segment, Transcript
from alternator.speech.worker.protocol import Retried

# After so long without a segment a comment is sent.
BEAT_SECONDS = 10.0
EVENTS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the events until they are many
]


class AudioEndpoint:
    """``/v1/audio/transcriptions`` or ``/v1/audio/translations``, as an ASGI application."""

    def __init__(self, service: Service, task: Task) -> None:
        self._service = service
        self._task = task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one whose client hung up gets no answer."""
        body = Body(receive)
        request = Request(scope, body.receive)
        try:
            async with (
                self._service.visit(request, self._task) as visit,
                self._service.upload(request) as form,
            ):
                wanted = wanted_of(form.fields, self._task, self._service.usual)
                model = self._service.names.find(wanted.model)
                one = _One(self._service, visit, form.upload, model, wanted)
                work = one.streamed(send) if wanted.stream else one.answered(scope, send)
                await while_connected(receive, work)
        except ApiError as error:
            # One that waits to be told to go on sends nothing; nor does one that was silent.
            if "expect" not in request.headers and error.status != 408:
                await body.linger()
            await error.response()(scope, receive, send)
        except (HungUpError, ClientDisconnect):
            pass


class _One:
    """One file that was received."""

    # size: who asks, what for, of whom
    def __init__(
        self, service: Service, visit: Visit, upload: Upload, model: Model, wanted: Wanted
    ) -> None:
        self._visit = visit
        self._wanted = wanted
        self._events = service.listen(upload, model, wanted)

    async def answered(self, scope: Scope, send: Send) -> None:
        """Send the whole transcript. ApiError if there is none."""
        async with aclosing(self._events) as events:
            async for event in events:
                if isinstance(event, Transcript):
                    found = answer(event, self._wanted)
                    response = Response(found.body, media_type=found.media_type)
                    self._visit.status = 200
                    await response(scope, _nothing, send)

    async def streamed(self, send: Send) -> None:
        """Send the text as it comes. ApiError if there is none, and nothing was sent yet."""
        told = Told()
        begun = False
        try:
            async with aclosing(beating(self._events)) as events:
                async for event in events:
                    piece = piece_of(event, told)
                    if piece and not begun:
                        begun = True
                        self._visit.status = 200
                        await send(
                            {"type": "http.response.start", "status": 200, "headers": EVENTS}
                        )
                    if piece:
                        await _send(send, piece)
        except ApiError as error:
            if not begun:
                raise
            self._visit.status = error.status
            await _send(send, failed(error))
        await _send(send, b"", more=False)


def piece_of(event: Segment | Retried | Transcript | None, told: Told) -> bytes:
    """What to send for an event; None stands for a while without one."""
    match event:
        case Segment():
            return told.more(event)
        case Transcript():
            return told.done(event)
        case Retried():
            told.anew()
            return b""
        case None:
            return BEAT


async def beating(
    events: AsyncGenerator[Segment | Retried | Transcript, None],
) -> AsyncGenerator[Segment | Retried | Transcript | None, None]:
    """The events, and None after each while without one. They are closed with this."""
    waiting: asyncio.Future[Segment | Retried | Transcript] | None = None
    try:
        while True:
            if waiting is None:
                waiting = asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({waiting}, timeout=BEAT_SECONDS)
            if not done:
                yield None
                continue
            try:
                event = waiting.result()
            except StopAsyncIteration:
                return
            waiting = None
            yield event
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await events.aclose()


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _nothing() -> dict[str, object]:
    raise AssertionError("a whole answer asks for nothing")
