"""What all doors of the server share, and how a file goes through it to its transcript.

A door (OpenAI's API here, others beside it) says who asks and what for; whoever is let in, where
the file is kept, which model hears it and what is counted is the same for all.
"""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from starlette.requests import ClientDisconnect, Request

from alternator.errors import AlternatorError
from alternator.serve.errors import ApiError, of_worker
from alternator.serve.fields import Wanted
from alternator.serve.form_parts import FILE
from alternator.serve.gate import Gate
from alternator.serve.listening import HungUpError, heard
from alternator.serve.metrics import Metrics
from alternator.serve.models import Models
from alternator.serve.names import Model, Names
from alternator.serve.tokens import Client, Tokens
from alternator.serve.upload import Expected, Form, Upload, received
from alternator.speech.engines.engine import Done, Failed, Progressed, Said, SegmentFound
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Segment, Transcript
from alternator.speech.worker.protocol import Retried, Started

log = logging.getLogger(__name__)

# What a client that hung up counts as; nginx gave it the number.
HUNG_UP = 499


@dataclass(kw_only=True)
class Visit:
    """One request from its first byte to its last; ``status`` is what it came to."""

    client: Client
    door: str
    status: int = 500
    began: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, kw_only=True)
class Service:
    """``usual``: how the operator has files decoded; ``folder`` keeps uploads, of up to
    ``most_upload`` bytes each."""

    names: Names
    models: Models
    gate: Gate
    tokens: Tokens
    metrics: Metrics
    usual: DecodingOptions
    folder: Path
    most_upload: int

    @asynccontextmanager
    async def visit(self, request: Request, door: str) -> AsyncIterator[Visit]:
        """Let the client of a request in, as ``visit_of`` does."""
        header = request.headers.get("authorization")
        async with self.visit_of(lambda: self.tokens.client(header), door) as visit:
            yield visit

    @asynccontextmanager
    async def visit_of(self, who: Callable[[], Client], door: str) -> AsyncIterator[Visit]:
        """Let a client in and count what becomes of it. ApiError if it may not, or not now.

        ``who`` tells the client, or raises ApiError; ``door`` is a label of the metrics: one of few
        words.
        """
        visit = Visit(client=Client(name="?"), door=door)
        try:
            visit.client = who()
            with self.gate.entered(visit.client):
                yield visit
                self.gate.took(time.monotonic() - visit.began)
        except ApiError as error:
            visit.status = error.status
            raise
        except (HungUpError, ClientDisconnect):
            visit.status = HUNG_UP
            raise
        finally:
            seconds = time.monotonic() - visit.began
            self.metrics.requests.labels(task=door, status=str(visit.status)).inc()
            self.metrics.latency.labels(task=door).observe(seconds)
            log.info("%s: %s, %d after %.2f s", visit.client.name, door, visit.status, seconds)

    @asynccontextmanager
    async def upload(
        self, request: Request, field: str = FILE, *, room: int = 0
    ) -> AsyncIterator[Form]:
        """A request's form, its file named ``field``; ``room`` and errors as in ``upload.py``."""
        self.models.wake()
        expected = Expected(most=self.most_upload, field=field, room=room)
        async with received(request, self.folder, expected) as form:
            self.metrics.uploaded.inc(form.upload.size)
            yield form

    async def listen(
        self, upload: Upload, model: Model, wanted: Wanted
    ) -> AsyncGenerator[Segment | Retried | Transcript, None]:
        """The segments of a file, as they are found, and at last its transcript.

        After Retried it begins anew. ApiError says why there is no transcript. Left early, it
        cancels the request.
        """
        began = time.monotonic()
        names = {str(upload.path): upload.name, upload.path.name: upload.name}
        async with self.models.borrowed(model.id) as transcriber:
            try:
                transcription = transcriber.submit(
                    upload.path, wanted.decoding, speakers=wanted.speakers
                )
            except AlternatorError as error:
                raise of_worker(error, names=names) from None
            async with aclosing(heard(transcription)) as events:
                async for news in events:
                    match news:
                        case SegmentFound():
                            yield news.segment
                        case Retried():
                            yield news
                        case Done():
                            self._count(model, news.transcript, time.monotonic() - began)
                            yield news.transcript
                        case Failed():
                            raise of_worker(news.error, names=names)
                        case Started() | Progressed() | Said():
                            pass
                        case _:
                            assert_never(news)

    def _count(self, model: Model, transcript: Transcript, seconds: float) -> None:
        self.metrics.audio.labels(model=model.id).inc(transcript.duration)
        factor = transcript.duration / max(seconds, 1e-6)
        self.metrics.real_time_factor.labels(model=model.id).observe(factor)
