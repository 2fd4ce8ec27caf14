"""Requests and answers of OpenAI's chat completions, as far as one picture goes."""

import base64
import binascii
import io
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image, UnidentifiedImageError

DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+);base64,(?P<data>.*)", re.DOTALL)
WORDS_PER_TOKEN = 0.75  # OpenAI's rule of thumb for English


class BadRequestError(Exception):
    """A request that the endpoint can't answer: 400, with the message."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a client asks: one picture with a prompt."""

    model: str
    prompt: str
    media_type: str  # as the data URL says
    content: bytes
    image: Image.Image
    exif_orientation: int | None
    max_tokens: int | None

    def notes(self) -> dict[str, Any]:
        """What the journal keeps of it; sizes in pixels and bytes."""
        return {
            "model": self.model,
            "prompt": self.prompt,
            "media_type": self.media_type,
            "image_bytes": len(self.content),
            "width": self.image.width,
            "height": self.image.height,
            "exif_orientation": self.exif_orientation,
            "max_tokens": self.max_tokens,
        }


def read_question(document: Any) -> Question:
    """The question in a request's JSON.

    Raises:
        BadRequestError: no model, no picture, or a picture that can't be decoded.
    """
    if not isinstance(document, dict) or not isinstance(document.get("model"), str):
        raise BadRequestError("you must provide a model parameter")
    texts: list[str] = []
    links: list[str] = []
    for part in content_parts(document):
        if part.get("type") == "text":
            texts.append(str(part.get("text", "")))
        elif part.get("type") == "image_url":
            link = part.get("image_url")
            links.append(str(link.get("url", "")) if isinstance(link, dict) else str(link))
    if not links:
        raise BadRequestError("this model describes pictures: send one as image_url")
    media_type, content = decode(links[0])
    image = open_image(content)
    limit = document.get("max_completion_tokens", document.get("max_tokens"))
    return Question(
        model=document["model"],
        prompt="\n".join(texts),
        media_type=media_type,
        content=content,
        image=image,
        exif_orientation=image.getexif().get(ExifTags.Base.Orientation),
        max_tokens=limit if isinstance(limit, int) and limit > 0 else None,
    )


def content_parts(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of all messages; plain text becomes a part too."""
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("messages must be a list with at least one message")
    parts: list[dict[str, Any]] = []
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, str):
            parts.append({"type": "text", "text": content})
        elif isinstance(content, list):
            parts += [part for part in content if isinstance(part, dict)]
    return parts


def decode(link: str) -> tuple[str, bytes]:
    """Media type and content of a data URL. Nothing is fetched from anywhere."""
    match = DATA_URL.fullmatch(link)
    if match is None:
        raise BadRequestError("image_url must be a base64 data URL: data:image/jpeg;base64,…")
    try:
        return match["type"], base64.b64decode(match["data"], validate=True)
    except binascii.Error as error:
        raise BadRequestError(f"the picture is no valid base64: {error}") from error


def open_image(content: bytes) -> Image.Image:
    """The decoded picture, all pixels read."""
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise BadRequestError("the picture can't be decoded") from error
    return image


def completion(question: Question, text: str, finish_reason: str) -> dict[str, Any]:
    """An answer. A text over ``max_tokens`` is cut off, and says so in ``finish_reason``."""
    words = text.split(" ")
    if question.max_tokens is not None and finish_reason == "stop":
        most = max(1, int(question.max_tokens * WORDS_PER_TOKEN))
        if len(words) > most:
            words, finish_reason = words[:most], "length"
    prompt_tokens = tokens(question.prompt) + 85 + 170 * tiles(question.image)
    content = " ".join(words)
    completion_tokens = tokens(content)
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
    """How many tiles of 512 pixels a picture takes."""
    return -(-image.width // 512) * -(-image.height // 512)
