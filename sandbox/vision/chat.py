"""Requests and answers of OpenAI's chat completions, as far as pictures go.

https://platform.openai.com/docs/api-reference/chat/create
"""

import base64
import binascii
import io
import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import Literal, TypedDict

from PIL import ExifTags, Image, UnidentifiedImageError

from sandbox.control.request_log import PictureNotes, QuestionNotes
from sandbox.params import Json

DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+);base64,(?P<data>.*)", re.DOTALL)
# The rule of thumb for English:
# https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them
WORDS_PER_TOKEN = 0.75
# What a picture costs: https://platform.openai.com/docs/guides/images-vision#calculating-costs
TOKENS_PER_PICTURE = 85
TOKENS_PER_TILE = 170
TILE_PIXELS = 512

FinishReason = Literal["stop", "length", "content_filter"]


class BadRequestError(Exception):
    """A request that the endpoint can't answer: 400, with the message."""


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """The body of a request: its texts as one prompt, and the links of its pictures."""

    model: str
    prompt: str
    links: tuple[str, ...]
    max_tokens: int | None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of a question, decoded."""

    media_type: str  # as the data URL says
    content: bytes
    image: Image.Image
    exif_orientation: int | None

    def notes(self) -> PictureNotes:
        """What the request log keeps of it."""
        return {
            "media_type": self.media_type,
            "image_bytes": len(self.content),
            "width": self.image.width,
            "height": self.image.height,
            "exif_orientation": self.exif_orientation,
        }


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a client asks: one picture at least, with a prompt."""

    model: str
    prompt: str
    pictures: tuple[Picture, ...]
    max_tokens: int | None

    def notes(self) -> QuestionNotes:
        """What the request log keeps of it."""
        pictures = [picture.notes() for picture in self.pictures]
        first = pictures[0]
        return {
            "model": self.model,
            "prompt": self.prompt,
            "media_type": first["media_type"],
            "image_bytes": first["image_bytes"],
            "width": first["width"],
            "height": first["height"],
            "exif_orientation": first["exif_orientation"],
            "max_tokens": self.max_tokens,
            "pictures": pictures,
        }


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


def read_chat_request(body: bytes) -> ChatRequest:
    """A request's body. Raises ``BadRequestError`` without a model or a message."""
    try:
        document: Json = json.loads(body)
    except ValueError as error:
        raise BadRequestError("the request's body is no JSON") from error
    model = document.get("model") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(model, str):
        raise BadRequestError("you must provide a model parameter")
    texts: list[str] = []
    links: list[str] = []
    for part in content_parts(document.get("messages")):
        if part.get("type") == "text":
            texts.append(str(part.get("text", "")))
        elif part.get("type") == "image_url":
            link = part.get("image_url")
            links.append(str(link.get("url", "")) if isinstance(link, dict) else str(link))
    limit = document.get("max_completion_tokens", document.get("max_tokens"))
    return ChatRequest(
        model=model,
        prompt="\n".join(texts),
        links=tuple(links),
        max_tokens=limit if isinstance(limit, int) and limit > 0 else None,
    )


def content_parts(messages: Json) -> list[dict[str, Json]]:
    """The parts of all messages; plain text becomes a part too."""
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("messages must be a list with at least one message")
    parts: list[dict[str, Json]] = []
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, str):
            parts.append({"type": "text", "text": content})
        elif isinstance(content, list):
            parts += [part for part in content if isinstance(part, dict)]
    return parts


def question_of(request: ChatRequest) -> Question:
    """The question in a request. Raises ``BadRequestError`` for no picture or a broken one."""
    if not request.links:
        raise BadRequestError("this model describes pictures: send one as image_url")
    return Question(
        model=request.model,
        prompt=request.prompt,
        pictures=tuple(picture_of(link) for link in request.links),
        max_tokens=request.max_tokens,
    )


def picture_of(link: str) -> Picture:
    """The picture that a data URL holds. Raises ``BadRequestError`` for anything else."""
    media_type, content = decode(link)
    image = open_image(content)
    return Picture(
        media_type=media_type,
        content=content,
        image=image,
        exif_orientation=image.getexif().get(ExifTags.Base.Orientation),
    )


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
