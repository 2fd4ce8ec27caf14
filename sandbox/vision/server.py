"""The sandbox vision endpoint: OpenAI's chat completions, answered by measuring the pixels.

By hand, or in a container::

    python -m sandbox.vision.server --port 3001

In a test::

    from sandbox.vision.server import VisionServer

    with VisionServer() as vision:             # VisionServer(key="…") refuses other keys with 401
        ...                                    # point a client at vision.base_url
        vision.fail(status=500, times=2)       # or hang=True, answer="refusal", "loop", …
        request = vision.requests()[0]
        assert (request["width"], request["exif_orientation"]) == (2048, None)

Of each request the log has ``model``, ``prompt``, ``media_type``, ``image_bytes``, ``width``,
``height``, ``exif_orientation`` and ``max_tokens`` beside method, path and answer; of several
pictures these are the first one's, and ``pictures`` has all.
"""

import argparse
import os
from dataclasses import dataclass
from typing import Unpack

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.control import endpoints
from sandbox.control.fault_middleware import FaultMiddleware, fault_of
from sandbox.control.faults import Fault, FaultFields, Faults, faults_of
from sandbox.control.origin import OriginMiddleware
from sandbox.control.request_log import (
    LoggedRequest,
    RequestLog,
    RequestLogMiddleware,
    entry_of,
    request_log_of,
)
from sandbox.errors import RefusedError
from sandbox.serving import AppServer, serve_forever
from sandbox.vision.chat import completion
from sandbox.vision.languages import in_language_of
from sandbox.vision.misbehaviour import misbehaved
from sandbox.vision.pixels import describe
from sandbox.vision.question import BadRequestError, Question, question_of, read_chat_request

MODEL = "sandbox-vision"
COMPLETIONS_PATH = "/v1/chat/completions"


@dataclass(kw_only=True)
class Money:
    """What the endpoint tells of money, in USD: paid and spent, if it does; left of the key."""

    credits: tuple[float, float] | None = None
    limit_remaining: float | None = None


def create_app(key: str | None = None) -> Starlette:
    """The endpoint as an ASGI application; with ``key``, requests need it as Bearer token."""
    request_log, faults = RequestLog(), Faults()
    app = Starlette(
        routes=[
            Route(COMPLETIONS_PATH, complete, methods=["POST"]),
            Route("/v1/models", models),
            Route("/v1/credits", credits),
            Route("/v1/key", current_key),
            Route("/sandbox/reset", reset, methods=["POST"]),
            *endpoints.routes,
        ],
        middleware=[
            Middleware(OriginMiddleware, prefixes=("/v1/", "/sandbox/")),
            Middleware(
                RequestLogMiddleware,
                request_log=request_log,
                prefixes=("/v1/",),
                keep_bodies=False,
            ),
            Middleware(FaultMiddleware, faults=faults),
        ],
        exception_handlers={RefusedError: refuse, BadRequestError: refuse},
    )
    app.state.request_log, app.state.faults, app.state.key = request_log, faults, key
    app.state.money = Money()
    return app


async def complete(request: Request) -> JSONResponse:
    """Describe the pictures of a request."""
    check_key(request)
    asked = read_chat_request(await request.body())
    question = await run_in_threadpool(question_of, asked)
    entry_of(request).notes.update(question.notes())
    fault = fault_of(request)
    if fault is not None and fault.answer == "redirect":
        # Whoever follows it sends the picture once more, and is answered.
        return JSONResponse({}, status_code=307, headers={"Location": COMPLETIONS_PATH})
    text = await run_in_threadpool(describe_all, question)
    if fault is None or fault.answer is None:
        return JSONResponse(completion(question, text, "stop"))
    wrong, finish_reason = misbehaved(fault.answer, text, question.prompt)
    return JSONResponse(completion(question, wrong, finish_reason))


def describe_all(question: Question) -> str:
    """A description of all pictures, in the prompt's language; of those that look alike, the
    first one."""
    texts = dict.fromkeys(describe(picture.image) for picture in question.pictures)
    return in_language_of(question.prompt, " Then: ".join(texts))


async def models(request: Request) -> JSONResponse:
    """The one model; requests may name any."""
    check_key(request)
    model = {"id": MODEL, "object": "model", "created": 1767225600, "owned_by": "sandbox"}
    return JSONResponse({"object": "list", "data": [model]})


async def credits(request: Request) -> JSONResponse:
    """The account's money, as OpenRouter tells it to a management key alone.

    https://openrouter.ai/docs/api/api-reference/credits/get-credits
    """
    check_key(request)
    money: Money = request.app.state.money
    if money.credits is None:
        raise RefusedError(403, "Only management keys can perform this operation")
    paid, spent = money.credits
    return JSONResponse({"data": {"total_credits": paid, "total_usage": spent}})


async def current_key(request: Request) -> JSONResponse:
    """What is left of the key's own limit, null without one.

    https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key
    """
    check_key(request)
    money: Money = request.app.state.money
    return JSONResponse({"data": {"label": "sandbox", "limit_remaining": money.limit_remaining}})


async def reset(request: Request) -> JSONResponse:
    """No faults, an empty request log."""
    faults_of(request).clear()
    request_log_of(request).clear()
    return JSONResponse({})


def check_key(request: Request) -> None:
    """Refuse a request without the key, where there is one. Raises ``RefusedError`` (401)."""
    key: str | None = request.app.state.key
    if key is not None and request.headers.get("authorization") != f"Bearer {key}":
        raise RefusedError(401, "Incorrect API key provided.")


async def refuse(request: Request, error: Exception) -> JSONResponse:
    """An error as https://platform.openai.com/docs/guides/error-codes has it."""
    status = error.status if isinstance(error, RefusedError) else 400
    code = "invalid_api_key" if status == 401 else None
    body = {"message": str(error), "type": "invalid_request_error", "param": None, "code": code}
    return JSONResponse({"error": body}, status_code=status)


class VisionServer(AppServer):
    """The endpoint in this process; the module's docstring shows its use."""

    model = MODEL

    def __init__(self, *, key: str | None = None, port: int = 0) -> None:
        super().__init__(create_app(key), port=port)
        self.request_log: RequestLog = self.app.state.request_log
        self.faults: Faults = self.app.state.faults
        self.money: Money = self.app.state.money
        self.base_url = f"{self.url}/v1"
        self.key = key

    def requests(
        self, method: str | None = "POST", path: str | None = COMPLETIONS_PATH
    ) -> list[LoggedRequest]:
        """The log of completions (or of other requests), oldest first."""
        return self.request_log.find(method, path)

    def fail(self, path: str = COMPLETIONS_PATH, **fields: Unpack[FaultFields]) -> Fault:
        """Let requests fail; ``fields`` are those of ``sandbox.control.faults.Fault``."""
        return self.faults.add(Fault(path=path, **fields))

    def reset(self) -> None:
        """No faults, an empty request log."""
        self.faults.clear()
        self.request_log.clear()


def main(argv: list[str] | None = None) -> int:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.vision.server",
        description="A vision endpoint that says what it measures in a picture.",
    )
    environ = os.environ  # an empty variable counts as not set
    parser.add_argument("--host", default=environ.get("SANDBOX_VISION_HOST") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=environ.get("SANDBOX_VISION_PORT") or "3001")
    parser.add_argument("--key", default=environ.get("SANDBOX_VISION_KEY") or None)
    arguments = parser.parse_args(argv)
    serve_forever(create_app(arguments.key), host=arguments.host, port=arguments.port)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
