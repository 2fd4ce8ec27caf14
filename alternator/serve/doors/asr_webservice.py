"""whisper-asr-webservice's ``/asr`` and ``/detect-language``, for those who have its clients.

Fields, answers and content types are those of
https://github.com/ahmetoner/whisper-asr-webservice/blob/v1.9.1/app/webservice.py; errors have the
shape of FastAPI, which it is built with.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from alternator.serve.doors.asr_query import AsrQuery, asr_query, boolean, detection
from alternator.serve.doors.bare_sound import HEADER_BYTES, OF_WHISPER, put_header
from alternator.serve.errors import ApiError
from alternator.serve.fields import Wanted
from alternator.serve.lingering import Body
from alternator.serve.listening import HungUpError, while_connected
from alternator.serve.service import Service
from alternator.serve.upload import Upload
from alternator.speech.formats import FORMATS, Layout
from alternator.speech.languages import languages
from alternator.speech.transcript import Transcript

FIELD = "audio_file"
# They say which engine answers.
ENGINE = {"Asr-Engine": "alternator"}

Work = Callable[[Upload], Coroutine[None, None, Response]]


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What one request is for: what to do with its file. ``encode`` as in AsrQuery."""

    encode: bool
    work: Work


def routes(service: Service) -> list[BaseRoute]:
    """Where they are."""

    def asr(params: QueryParams) -> Errand:
        query = asr_query(params, service.usual)

        async def work(upload: Upload) -> Response:
            transcript = await transcribed(service, upload, query.wanted)
            return transcript_response(transcript, query, upload.name)

        return Errand(encode=query.encode, work=work)

    def detect_language(params: QueryParams) -> Errand:
        async def work(upload: Upload) -> Response:
            wanted = detection(service.usual)
            return language_response(await transcribed(service, upload, wanted))

        return Errand(encode=boolean(params, "encode", True), work=work)

    return [
        Route("/asr", Endpoint(service, "asr", asr), methods=["POST"]),
        Route(
            "/detect-language",
            Endpoint(service, "detect-language", detect_language),
            methods=["POST"],
        ),
    ]


class Endpoint:
    """One of the two, as an ASGI application. ``errand`` reads the address, ApiError if it can't
    be meant."""

    def __init__(
        self, service: Service, door: str, errand: Callable[[QueryParams], Errand]
    ) -> None:
        self._service = service
        self._door = door
        self._errand = errand

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one whose client hung up gets no answer."""
        body = Body(receive)
        request = Request(scope, body.receive)
        try:
            async with self._service.visit(request, self._door) as visit:
                errand = self._errand(request.query_params)
                room = 0 if errand.encode else HEADER_BYTES
                async with self._service.upload(request, FIELD, room=room) as form:
                    if not errand.encode:
                        size = form.upload.size
                        await asyncio.to_thread(put_header, form.upload.path, OF_WHISPER, size)
                    response = await while_connected(receive, errand.work(form.upload))
                    visit.status = response.status_code
                    await response(scope, receive, send)
        except ApiError as error:
            # One that waits to be told to go on sends nothing; nor does one that was silent.
            if "expect" not in request.headers and error.status != 408:
                await body.linger()
            await told(error)(scope, receive, send)
        except (HungUpError, ClientDisconnect):
            pass


async def transcribed(service: Service, upload: Upload, wanted: Wanted) -> Transcript:
    """What is said in a file, by the default model. ApiError if there is no transcript."""
    model = service.names.find(wanted.model)
    async with aclosing(service.listen(upload, model, wanted)) as events:
        async for event in events:
            if isinstance(event, Transcript):
                return event
    raise AssertionError("the last event is a transcript, or an error was raised")


def transcript_response(transcript: Transcript, query: AsrQuery, name: str) -> Response:
    """``/asr``'s answer. It is plain text whatever it holds, JSON too: so is theirs."""
    disposition = f'attachment; filename="{quote(name)}.{query.output}"'
    return Response(
        FORMATS[query.output](transcript, Layout()),
        media_type="text/plain",
        headers={**ENGINE, "Content-Disposition": disposition},
    )


def language_response(transcript: Transcript) -> Response:
    """``/detect-language``'s answer; ``confidence`` is null where a model has one language only.
    ApiError if nobody speaks."""
    code = transcript.language
    if not code:
        raise ApiError(
            400,
            "nobody speaks in the first 30 s, so there is no language to tell",
            param="file",
            code="no_speech",
        )
    return JSONResponse(
        {
            "detected_language": languages().get(code, code),
            "language_code": code,
            "confidence": transcript.language_probability,
        }
    )


def told(error: ApiError) -> JSONResponse:
    """Why there is no answer. What a client got wrong is 422, with its place, as FastAPI has it:
    https://fastapi.tiangolo.com/tutorial/handling-errors/"""
    if error.status != 400:
        return JSONResponse(
            {"detail": error.message}, status_code=error.status, headers=error.headers
        )
    place = {None: ["body"], "file": ["body", FIELD], FIELD: ["body", FIELD]}.get(
        error.param, ["query", error.param]
    )
    entry = {"type": error.code or "missing", "loc": place, "msg": error.message}
    return JSONResponse({"detail": [entry]}, status_code=422, headers=error.headers)
