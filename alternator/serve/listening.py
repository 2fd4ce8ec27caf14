"""Reads a transcription's events for the event loop, and gives a request up with its client."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from typing import TypeVar

from starlette.types import Receive

from alternator.speech.engines.engine import Done, Failed
from alternator.speech.transcriber import Transcription
from alternator.speech.worker.job import News

T = TypeVar("T")


class HungUpError(Exception):
    """The client went away: there is nobody to answer."""


async def heard(transcription: Transcription) -> AsyncGenerator[News, None]:
    """What comes of a transcription, the last one is Done or Failed.

    Left before that, or cancelled, it cancels the transcription. A thread of its own reads for
    it, since the pool's queues are made for threads; it ends with the last event, and there is one
    for each request under way, whose number is bounded (``gate.py``).
    """
    loop = asyncio.get_running_loop()
    news: asyncio.Queue[News] = asyncio.Queue()

    def read() -> None:
        with suppress(RuntimeError):  # the loop is closed: the server ends
            for event in transcription.events():
                loop.call_soon_threadsafe(news.put_nowait, event)

    threading.Thread(target=read, name=f"listening {transcription.id}", daemon=True).start()
    over = False
    try:
        while not over:
            event = await news.get()
            over = isinstance(event, Done | Failed)
            yield event
    finally:
        if not over:
            transcription.cancel()


async def while_connected(receive: Receive, work: Coroutine[None, None, T]) -> T:
    """What the work comes to; it is cancelled, and HungUpError raised, if the client hangs up.

    The request's body has been read: nothing else calls ``receive`` meanwhile.
    """
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_hung_up(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise HungUpError
    finally:
        working.cancel()
        watching.cancel()
        # Until what the work holds (its place, its file) is given back.
        await asyncio.gather(working, watching, return_exceptions=True)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
