"""The routes of the server, and what answers where there is none."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from alternator.serve import page
from alternator.serve.doors import asr_webservice
from alternator.serve.errors import ApiError
from alternator.serve.fields import CONFIDENCE
from alternator.serve.metrics import MEDIA_TYPE
from alternator.serve.names import Model
from alternator.serve.openai_audio import AudioEndpoint
from alternator.serve.origins import OwnPagesOnly
from alternator.serve.portrait import Portrait
from alternator.serve.preload import Preload
from alternator.serve.realtime import RealtimeEndpoint
from alternator.serve.service import Service


def create_app(service: Service, preload: Preload, origins: Sequence[str] = ()) -> Starlette:
    """The application. Its lifespan begins the loading of the default model."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        preload.start()
        yield

    middleware: list[Middleware] = []
    if not service.tokens.clients:
        middleware.append(Middleware(OwnPagesOnly, allowed=frozenset(origins)))
    if origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
        )
        middleware.append(cors)
    return Starlette(
        routes=[
            *openai_routes(service),
            *asr_webservice.routes(service),
            *operator_routes(service, preload),
            *page.routes(),
        ],
        middleware=middleware,
        lifespan=lifespan,
        exception_handlers={ApiError: _told, HTTPException: _no_route, Exception: _defect},
    )


def openai_routes(service: Service) -> list[BaseRoute]:
    """What OpenAI's clients ask."""

    async def models(request: Request) -> Response:
        service.tokens.client(request.headers.get("authorization"))
        found = [model_object(model) for model in service.names.listed()]
        return JSONResponse({"object": "list", "data": found})

    async def model(request: Request) -> Response:
        service.tokens.client(request.headers.get("authorization"))
        return JSONResponse(model_object(service.names.find(request.path_params["name"])))

    return [
        Route("/v1/audio/transcriptions", AudioEndpoint(service, "transcribe"), methods=["POST"]),
        Route("/v1/audio/translations", AudioEndpoint(service, "translate"), methods=["POST"]),
        WebSocketRoute("/v1/realtime", RealtimeEndpoint(service)),
        Route("/v1/models", models),
        Route("/v1/models/{name}", model),
    ]


def model_object(model: Model) -> dict[str, object]:
    """https://github.com/openai/openai-python/blob/main/src/openai/types/model.py; ``include`` is
    ours: what ``include[]`` can have, by which the engine openai-api knows this server."""
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owner,
        "include": [CONFIDENCE],
    }


def operator_routes(service: Service, preload: Preload) -> list[BaseRoute]:
    """Whether it lives, whether it can answer, how it fares."""

    async def alive(request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(request: Request) -> Response:
        why = "the server is about to stop" if service.gate.closed else preload.why_not_ready()
        return PlainTextResponse(f"{why or 'ready'}\n", status_code=503 if why else 200)

    portrait = Portrait(service, preload)

    async def status(request: Request) -> Response:
        service.tokens.client(request.headers.get("authorization"))
        return JSONResponse(portrait.drawn())

    async def metrics(request: Request) -> Response:
        service.tokens.client(request.headers.get("authorization"))
        return Response(service.metrics.text(), media_type=MEDIA_TYPE)

    answers: dict[str, Callable[..., object]] = {
        "/healthz": alive,
        "/readyz": ready,
        "/metrics": metrics,
        "/v1/status": status,
    }
    return [Route(path, endpoint) for path, endpoint in answers.items()]


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError), "it is registered for these"
    return error.response()


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "it is registered for these"
    phrase = HTTPStatus(error.status_code).phrase
    answer = ApiError(
        error.status_code,
        f"{request.method} {request.url.path}: {phrase}; there are POST /v1/audio/transcriptions, "
        f"POST /v1/audio/translations and GET /v1/models",
        code="unknown_url",
        headers=error.headers,
    )
    return answer.response()


async def _defect(request: Request, error: Exception) -> Response:
    answer = ApiError(
        500, "this should not have happened; the server's log says more", code="internal_error"
    )
    return answer.response()
