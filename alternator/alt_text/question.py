"""A question to a model, and what becomes of an answer to it."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from alternator.alt_text.budget import estimated
from alternator.alt_text.check.answer import Asked, checked
from alternator.alt_text.check.fault import Fault
from alternator.alt_text.completion import Completion, Content, ImagePart, TextPart
from alternator.alt_text.language.detect import Detector
from alternator.alt_text.language.judgement import other_language
from alternator.errors import VisionError

# https://www.w3.org/TR/png-3/#5PNG-file-signature
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class FaultyAnswerError(VisionError):
    """A model answered, and not with a text that may be published."""


@dataclass(frozen=True, kw_only=True)
class Tongue:
    """The language that an answer is wanted in, and what tells a model so once more."""

    language: str
    again: str
    detector: Detector


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, and a shorter form of it for endpoints that take one picture at a time."""

    content: Content
    asked: Asked
    shorter: Content | None = None
    tongue: Tongue | None = None

    @property
    def key(self) -> str:
        """Tells this question from others."""
        return hashlib.sha256(repr(self.content).encode("utf-8", "replace")).hexdigest()

    def form(self, *, short: bool, again: bool) -> Content:
        """As it is sent: for one picture at a time, or with its language said once more."""
        content = self.shorter if short and self.shorter is not None else self.content
        if not again or self.tongue is None:
            return content
        if isinstance(content, str):
            return f"{content}\n\n{self.tongue.again}"
        return [*content, {"type": "text", "text": self.tongue.again}]

    def foreign(self, text: str) -> str | None:
        """The language of an answer that is in another one than wanted; else None."""
        tongue = self.tongue
        return other_language(text, tongue.language, tongue.detector) if tongue else None


def question_of(
    pictures: Sequence[bytes], instruction: str, context: str, tongue: Tongue | None
) -> Question:
    """A question about pictures, with ``context`` before the instruction."""
    told = f"{context}{instruction}"
    return Question(
        content=content_of(pictures, told),
        asked=Asked(instruction=instruction),
        shorter=content_of(pictures[:1], told) if len(pictures) > 1 else None,
        tongue=tongue,
    )


def content_of(pictures: Sequence[bytes], instruction: str) -> Content:
    """A message that asks about pictures."""
    parts: list[TextPart | ImagePart] = [{"type": "text", "text": instruction}]
    parts += [image_part(picture) for picture in pictures]
    return parts


def image_part(picture: bytes) -> ImagePart:
    """A picture as a part of a message.

    https://platform.openai.com/docs/guides/images-vision#giving-a-model-images-as-input
    """
    media_type = "image/png" if picture.startswith(PNG_SIGNATURE) else "image/jpeg"
    data = base64.b64encode(picture).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{data}"}}


def tokens_of(completion: Completion, content: Content, most: int) -> int:
    """What a question and its answer cost, by the endpoint's own count where it gives one."""
    if completion.tokens is not None:
        return completion.tokens
    if isinstance(content, str):
        return estimated(len(content), 0, most)
    told = sum(len(part["text"]) for part in content if part["type"] == "text")
    return estimated(told, sum(part["type"] == "image_url" for part in content), most)


def text_of(completion: Completion, model: str, asked: Asked) -> str:
    """A completion's text, checked. FaultyAnswerError if none may be published."""
    if completion.refused:
        raise FaultyAnswerError(f"{model} refuses to answer")
    if not completion.text and not completion.cut:
        raise FaultyAnswerError(f"{model} gave an empty answer")
    text = checked(completion.text, asked, cut=completion.cut)
    if isinstance(text, Fault):
        # The whole limit may go into thoughts that the endpoint keeps to itself.
        fault = Fault.CUT if completion.cut and text is Fault.NOTHING else text
        raise FaultyAnswerError(f"{model} {fault.value}")
    return text
