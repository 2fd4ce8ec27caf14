"""Requests to chat completions: a model, a prompt and pictures.

https://platform.openai.com/docs/api-reference/chat/create
"""

import base64
import binascii
import io
import json
import re
from dataclasses import dataclass

from PIL import ExifTags, Image, UnidentifiedImageError

from sandbox.control.request_log import PictureNotes, QuestionNotes
from sandbox.params import Json

DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+);base64,(?P<data>.*)", re.DOTALL)


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
