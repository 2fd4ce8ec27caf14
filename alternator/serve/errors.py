"""What a client is told when there is no transcript, in the shape that OpenAI's clients read.

``{"error": {"message", "type", "param", "code"}}``:
https://github.com/openai/openai-python/blob/main/src/openai/_exceptions.py (APIError) reads
it. A worker's error becomes a status here and nowhere else.
"""

from collections.abc import Mapping
from typing import TypedDict

from starlette.responses import JSONResponse

from alternator.errors import (
    AlternatorError,
    ConfigError,
    DecoderError,
    MediaError,
    ModelError,
)


class ErrorBody(TypedDict):
    """The object that OpenAI's clients read."""

    message: str
    type: str
    param: str | None
    code: str | None


class Envelope(TypedDict):
    """The whole of such an answer."""

    error: ErrorBody


class ApiError(Exception):
    """There is no transcript, and why. ``param`` is the field that is to blame."""

    # size: what OpenAI's shape has
    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = dict(headers or {})

    @property
    def type(self) -> str:
        """OpenAI's word for the kind of error."""
        if self.status == 429:
            return "rate_limit_error"
        return "invalid_request_error" if self.status < 500 else "server_error"

    @property
    def body(self) -> Envelope:
        """What is sent."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }

    def response(self) -> JSONResponse:
        """The answer."""
        return JSONResponse(self.body, status_code=self.status, headers=self.headers)


def refused(param: str, message: str) -> ApiError:
    """A field that can't be meant."""
    return ApiError(400, message, param=param, code="invalid_value")


def too_large(most: int) -> ApiError:
    """The upload is over its limit."""
    return ApiError(
        413,
        f"the file is larger than {most / 10**6:g} MB, which is this server's limit; send a "
        f"smaller one, such as its sound alone, compressed",
        param="file",
        code="file_too_large",
        headers={"Connection": "close"},
    )


def of_worker(error: AlternatorError, *, names: Mapping[str, str]) -> ApiError:
    """What became of a request, told to its client.

    ``names``: what stands in the message, and what the client calls it; nobody knows the
    temporary file by its name, and a client is told of no path of the machine's.
    """
    message = str(error)
    for own, known in names.items():
        message = message.replace(own, known)
    match error:
        case MediaError():
            return ApiError(400, message, param="file", code="invalid_file")
        case ConfigError():
            return ApiError(400, message, code="unsupported")
        case ModelError() | DecoderError():
            return ApiError(503, message, code="model_unavailable", headers={"Retry-After": "10"})
        case _:
            return ApiError(500, message, code="transcription_failed")
