"""A chat completion, as endpoints that speak OpenAI's API answer it.

https://github.com/openai/openai-python/blob/main/src/openai/types/chat/chat_completion.py
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

# Reasoning models put their thoughts before the answer.
THOUGHTS = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


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
    """What a model answered; the text is without its thoughts, and empty where there is none."""

    text: str
    refused: bool = False
    failed: bool = False  # at the provider that the endpoint asked


def parse_completion(document: object) -> Completion:
    """The completion that an answer's JSON holds. NoCompletionError for what is none."""
    if not isinstance(document, Mapping):
        raise NoCompletionError("no completion")
    if document.get("error"):
        # With 200: what went wrong once the model was at work.
        # https://openrouter.ai/docs/api/reference/errors-and-debugging
        return Completion(text="", failed=True)
    choices = document.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise NoCompletionError("no completion")
    # https://github.com/openai/openai-python/blob/main/src/openai/types/chat/chat_completion_message.py
    refused = bool(message.get("refusal")) or choice.get("finish_reason") == "content_filter"
    return Completion(text=_text(message.get("content")), refused=refused)


def _text(content: object) -> str:
    """A message's text, which some endpoints give in parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        content = "".join(text for text in parts if isinstance(text, str))
    return THOUGHTS.sub("", content).strip() if isinstance(content, str) else ""
