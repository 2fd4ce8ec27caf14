"""A chat completion, as endpoints that speak OpenAI's API answer it.

https://github.com/openai/openai-python/blob/main/src/openai/types/chat/chat_completion.py
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict


class NoCompletionError(ValueError):
    """The endpoint answered with something else."""


class ImageUrl(TypedDict):
    """Where a picture is: here a ``data:`` URL that holds it."""

    url: str


class TextPart(TypedDict):
    """Text of a message."""

    type: Literal["text"]
    text: str


class ImagePart(TypedDict):
    """A picture of a message."""

    type: Literal["image_url"]
    image_url: ImageUrl


Content = str | list[TextPart | ImagePart]


class Message(TypedDict):
    """What is said to the model."""

    role: Literal["user"]
    content: Content


class Request(TypedDict):
    """The body of ``POST /chat/completions``."""

    model: str
    max_tokens: int
    messages: list[Message]


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What a model answered; the text is as it came, and empty where there is none.

    ``failed`` is the HTTP status of what went wrong at the provider that the endpoint asked, None
    if nothing did. ``cut``: the answer ended at the limit of tokens. ``tokens``: what the endpoint
    counts for question and answer, None where it does not say.
    """

    text: str
    refused: bool = False
    failed: int | None = None
    cut: bool = False
    tokens: int | None = None


def parse_completion(document: object) -> Completion:
    """The completion that an answer's JSON holds. NoCompletionError for what is none."""
    if not isinstance(document, Mapping):
        raise NoCompletionError("no completion")
    # With 200: what went wrong once the model was at work.
    # https://openrouter.ai/docs/api/reference/errors-and-debugging
    if document.get("error"):
        return Completion(text="", failed=_status(document["error"]))
    choices = document.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise NoCompletionError("no completion")
    reason = choice.get("finish_reason")
    if choice.get("error") or reason == "error":
        return Completion(text="", failed=_status(choice.get("error")))
    # https://github.com/openai/openai-python/blob/main/src/openai/types/chat/chat_completion_message.py
    refused = bool(message.get("refusal")) or reason == "content_filter"
    return Completion(
        text=_text(message.get("content")),
        refused=refused,
        cut=reason == "length",
        tokens=_tokens(document.get("usage")),
    )


def reason_of(document: object) -> str:
    """What an error's JSON gives as its reason; empty where it gives none.

    https://platform.openai.com/docs/guides/error-codes
    """
    error = document.get("error") if isinstance(document, Mapping) else None
    message = error.get("message") if isinstance(error, Mapping) else error
    return message if isinstance(message, str) else ""


def _tokens(usage: object) -> int | None:
    """What a completion cost.

    https://github.com/openai/openai-python/blob/main/src/openai/types/completion_usage.py
    """
    if not isinstance(usage, Mapping):
        return None
    total = usage.get("total_tokens")
    parts = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
    if not _is_count(total) and all(map(_is_count, parts)):
        total = sum(part for part in parts if isinstance(part, int))
    return total if isinstance(total, int) and _is_count(total) else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _status(error: object) -> int:
    """The HTTP status that an error names; 502 where it names none."""
    code = error.get("code") if isinstance(error, Mapping) else None
    return code if isinstance(code, int) and 400 <= code <= 599 else 502


def _text(content: object) -> str:
    """A message's text, which some endpoints give in parts; thoughts are parts of another type.

    https://docs.mistral.ai/capabilities/reasoning/
    """
    if isinstance(content, list):
        parts = [
            part.get("text")
            for part in content
            if isinstance(part, Mapping) and part.get("type", "text") in ("text", "output_text")
        ]
        content = "".join(text for text in parts if isinstance(text, str))
    return content.strip() if isinstance(content, str) else ""
