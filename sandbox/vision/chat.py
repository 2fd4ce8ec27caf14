"""Answers of OpenAI's chat completions.

https://platform.openai.com/docs/api-reference/chat/object
"""

import time
import uuid
from typing import Literal, TypedDict

from PIL import Image

from sandbox.vision.question import Question

# The rule of thumb for English:
# https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them
WORDS_PER_TOKEN = 0.75
# What a picture costs: https://platform.openai.com/docs/guides/images-vision#calculating-costs
TOKENS_PER_PICTURE = 85
TOKENS_PER_TILE = 170
TILE_PIXELS = 512

FinishReason = Literal["stop", "length", "content_filter"]


class Message(TypedDict):
    """``message`` of a choice."""

    role: Literal["assistant"]
    content: str
    refusal: None


class Choice(TypedDict):
    """One of ``choices``."""

    index: int
    message: Message
    logprobs: None
    finish_reason: FinishReason


class Usage(TypedDict):
    """``usage``: tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(TypedDict):
    """An answer: https://platform.openai.com/docs/api-reference/chat/object"""

    id: str
    object: Literal["chat.completion"]
    created: int  # Unix time in seconds
    model: str
    choices: list[Choice]
    usage: Usage


def completion(question: Question, text: str, finish_reason: FinishReason) -> ChatCompletion:
    """An answer. A text over ``max_tokens`` is cut off, and says so in ``finish_reason``."""
    words = text.split(" ")
    if question.max_tokens is not None and finish_reason == "stop":
        most = max(1, int(question.max_tokens * WORDS_PER_TOKEN))
        if len(words) > most:
            words, finish_reason = words[:most], "length"
    content = " ".join(words)
    picture_tokens = sum(
        TOKENS_PER_PICTURE + TOKENS_PER_TILE * tiles(picture.image) for picture in question.pictures
    )
    prompt_tokens, completion_tokens = tokens(question.prompt) + picture_tokens, tokens(content)
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": question.model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": None},
                "logprobs": None,
                "finish_reason": finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def tokens(text: str) -> int:
    """About how many tokens a text is."""
    return round(len(text.split()) / WORDS_PER_TOKEN)


def tiles(image: Image.Image) -> int:
    """How many tiles a picture takes."""
    return -(-image.width // TILE_PIXELS) * -(-image.height // TILE_PIXELS)
