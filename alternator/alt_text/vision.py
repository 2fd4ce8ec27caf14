"""Asks an endpoint that speaks OpenAI's chat completions: about a picture, or to shorten a text."""

import base64
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests

from alternator.alt_text.completion import (
    Completion,
    Content,
    ImagePart,
    NoCompletionError,
    Request,
    TextPart,
    parse_completion,
)
from alternator.config.models import VisionSettings
from alternator.errors import TemporaryError, VisionError
from alternator.progress import SILENT, Progress
from alternator.web.body import TooLargeError, read_limited

log = logging.getLogger(__name__)

ATTEMPTS = 3  # of one model, when it is busy
LONGEST_WAIT_SECONDS = 60.0
CONNECT_TIMEOUT_SECONDS = 10.0
MOST_BYTES = 4 * 1024 * 1024
# https://www.w3.org/TR/png-3/#5PNG-file-signature
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model wrote, and which one it was."""

    text: str
    model: str


class ModelFailedError(TemporaryError, VisionError):
    """One model gave no answer; another one may, and after ``retry_after`` the same one."""


class VisionClient:
    """The endpoint of ``[openrouter]``."""

    def __init__(self, settings: VisionSettings, *, progress: Progress = SILENT) -> None:
        self._settings = settings
        self._progress = progress
        self._session = requests.Session()
        if settings.api_key:
            self._session.headers["Authorization"] = f"Bearer {settings.api_key}"

    def describe(self, pictures: Sequence[bytes], instruction: str) -> Answer:
        """A description of the pictures, which are one to the reader: JPEG or PNG, in order.

        VisionError if none of the vision models gives one.
        """
        parts: list[TextPart | ImagePart] = [{"type": "text", "text": instruction}]
        parts += [image_part(picture) for picture in pictures]
        return self._ask(self._settings.vision_models, parts)

    def shorten(self, text: str, instruction: str) -> Answer:
        """A shorter version of the text. VisionError if none of the text models gives one."""
        return self._ask(self._settings.text_models, f"{instruction}\n\n{text}")

    def _ask(self, models: tuple[str, ...], content: Content) -> Answer:
        """The first model's answer, else the next one's."""
        failures = []
        for model in models:
            try:
                return Answer(text=self._ask_model(model, content), model=model)
            except ModelFailedError as error:
                log.debug("%s", error)
                failures.append(str(error))
        raise VisionError("; ".join(dict.fromkeys(failures)))

    def _ask_model(self, model: str, content: Content) -> str:
        """One model's answer, asked again while it is busy."""
        for attempt in range(ATTEMPTS):
            self._progress.beat()
            try:
                return self._request(model, content)
            except ModelFailedError as error:
                wait = error.retry_after
                if wait is None or wait > LONGEST_WAIT_SECONDS or attempt == ATTEMPTS - 1:
                    raise
            self._progress.pause(wait)
        raise AssertionError("the last attempt returns or raises")

    def _request(self, model: str, content: Content) -> str:
        """One request. ModelFailedError if the model fails, VisionError if the endpoint does."""
        settings = self._settings
        body: Request = {
            "model": model,
            "max_tokens": settings.max_tokens,
            "messages": [{"role": "user", "content": content}],
        }
        try:
            with self._session.post(
                f"{settings.base_url}/chat/completions",
                json=body,
                stream=True,
                timeout=(CONNECT_TIMEOUT_SECONDS, settings.timeout_seconds),
            ) as response:
                if not response.ok:
                    raise refusal_of(response, settings.base_url, model)
                # Some endpoints keep a slow answer alive with blanks, so it is timed as a whole.
                answer = b"".join(
                    read_limited(response, most=MOST_BYTES, seconds=settings.timeout_seconds)
                )
        except requests.Timeout:
            raise ModelFailedError(
                f"{settings.base_url} did not answer for {model} within "
                f"{settings.timeout_seconds:g} s"
            ) from None
        except requests.RequestException:
            raise VisionError(
                f"{settings.base_url} can't be reached; check [openrouter] base_url"
            ) from None
        except TooLargeError:
            raise not_understood(settings.base_url) from None
        return text_of(completion_of(answer, settings.base_url), model)


def image_part(picture: bytes) -> ImagePart:
    """A picture as a part of a message.

    https://platform.openai.com/docs/guides/images-vision#giving-a-model-images-as-input
    """
    media_type = "image/png" if picture.startswith(PNG_SIGNATURE) else "image/jpeg"
    data = base64.b64encode(picture).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{data}"}}


def completion_of(answer: bytes, base_url: str) -> Completion:
    """The completion that the endpoint sent. VisionError for anything else."""
    try:
        document: object = json.loads(answer)
    except ValueError:
        raise not_understood(base_url) from None
    try:
        return parse_completion(document)
    except NoCompletionError:
        raise not_understood(base_url) from None


def not_understood(base_url: str) -> VisionError:
    """An answer that no such endpoint gives."""
    return VisionError(
        f"{base_url} does not answer like a chat completions endpoint; check [openrouter] base_url"
    )


def refusal_of(response: requests.Response, base_url: str, model: str) -> VisionError:
    """What an HTTP error of the endpoint means.

    https://openrouter.ai/docs/api/reference/errors-and-debugging
    """
    code = response.status_code
    if code == 401:
        return VisionError(f"{base_url} rejects the key; set [openrouter] api_key")
    if code == 402:
        return ModelFailedError(f"{base_url} wants to be paid for {model} (HTTP 402); add credit")
    if code == 403:
        return ModelFailedError(f"{base_url} refuses the request for {model} (HTTP 403)")
    if code == 404:
        return ModelFailedError(
            f"{base_url} has no model {model}; set [openrouter] model or vision_model"
        )
    if code == 429:
        wait = retry_after(response.headers.get("Retry-After"))
        return ModelFailedError(f"{base_url} is too busy for {model} (HTTP 429)", retry_after=wait)
    if code >= 500:
        return ModelFailedError(f"{base_url} failed for {model} (HTTP {code})", retry_after=1.0)
    return ModelFailedError(f"{base_url} refused the request for {model} (HTTP {code})")


def retry_after(value: str | None) -> float:
    """Seconds to wait by a Retry-After header; 2 if there is none.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if value is None:
        return 2.0
    if value.strip().isdigit():
        return float(value)
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except ValueError:
        return 2.0


def text_of(completion: Completion, model: str) -> str:
    """A completion's text. ModelFailedError if the model failed, refused or said nothing."""
    if completion.failed:
        raise ModelFailedError(f"the provider of {model} failed")
    if completion.refused:
        raise ModelFailedError(f"{model} refuses to answer")
    if not completion.text:
        raise ModelFailedError(f"{model} gave an empty answer")
    return completion.text
