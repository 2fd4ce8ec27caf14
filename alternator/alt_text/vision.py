"""Asks an endpoint that speaks OpenAI's chat completions: about pictures, or to shorten a text.

Models are asked in the order of the settings until one gives a text that passes the check
(``check/answer.py``). One that failed a moment ago is asked last. No question takes longer than
three time-outs, so a slow endpoint holds no other post up for long.
"""

import base64
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from alternator.alt_text.breaker import Breaker, nothing_waits
from alternator.alt_text.check.answer import Asked, checked
from alternator.alt_text.check.fault import Fault
from alternator.alt_text.completion import Completion, Content, ImagePart, TextPart
from alternator.alt_text.endpoint import Endpoint, Kind, TroubleError
from alternator.config.models import VisionSettings
from alternator.errors import VisionError
from alternator.progress import SILENT, Progress

log = logging.getLogger(__name__)

ATTEMPTS = 2  # of one model, where it may pass in a moment
PASSING_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 5.0
# How long a model that failed is asked last.
REST_SECONDS = 60.0
LONGEST_REST_SECONDS = 3600.0
PATIENCE = 2.0  # time-outs, after which no further request begins
# https://www.w3.org/TR/png-3/#5PNG-file-signature
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model wrote, and which one it was."""

    text: str
    model: str


class FaultyAnswerError(VisionError):
    """A model answered, and not with a text that may be published."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, and a shorter form of it for endpoints that take one picture at a time."""

    content: Content
    asked: Asked
    shorter: Content | None = None

    @property
    def key(self) -> str:
        """Tells this question from others."""
        return hashlib.sha256(repr(self.content).encode("utf-8", "replace")).hexdigest()


class VisionClient:
    """The endpoint of ``[vision]``, for one thread; it waits in ``progress``'s time.

    ``answers_again`` is told when pictures are sent again that were not: ``Breaker``.
    """

    def __init__(
        self,
        settings: VisionSettings,
        *,
        progress: Progress = SILENT,
        answers_again: Callable[[], int] = nothing_waits,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._clock = clock = progress.clock
        self._endpoint = Endpoint(settings)
        self.name = self._endpoint.name  # as it may be shown
        self._pictures = Breaker("pictures", clock=clock, answers_again=answers_again)
        self._transcripts = Breaker("transcripts", clock=clock)
        self._resting: dict[str, float] = {}  # until when (monotonic)
        self._one_picture: set[str] = set()  # models that take no more at a time

    def beside(self, progress: Progress, settings: VisionSettings | None = None) -> Self:
        """A client for another thread, which knows what this one knows of the endpoint.

        ``settings`` are those of another account, which asks the same endpoint.
        """
        other = type(self)(settings or self._settings, progress=progress)
        other._pictures, other._transcripts = self._pictures, self._transcripts
        return other

    def check(self) -> None:
        """EndpointError while no picture is sent, so that none need be fetched either."""
        self._pictures.check()

    def describe(self, pictures: Sequence[bytes], instruction: str) -> Answer:
        """A description of the pictures, which are one to the reader: JPEG or PNG, in order.

        Raises:
            EndpointError: the endpoint as a whole fails; that is no fault of the pictures.
            VisionError: none of the vision models gives one.
        """
        question = Question(
            content=content_of(pictures, instruction),
            asked=Asked(instruction=instruction),
            shorter=content_of(pictures[:1], instruction) if len(pictures) > 1 else None,
        )
        return self._ask(self._settings.vision_models, question, self._pictures)

    def shorten(self, text: str, instruction: str) -> Answer:
        """A shorter version of the text; errors as of ``describe``, of the text models."""
        question = Question(
            content=f"{instruction}\n\n{text}", asked=Asked(instruction=instruction, given=text)
        )
        return self._ask(self._settings.text_models, question, self._transcripts)

    def _ask(self, models: tuple[str, ...], question: Question, breaker: Breaker) -> Answer:
        """The first model's answer, else the next one's."""
        key = question.key
        breaker.check(key)
        until = self._clock.monotonic() + PATIENCE * self._settings.timeout_seconds
        failures: list[VisionError] = []
        for model in sorted(models, key=self._is_resting):
            if failures and self._clock.monotonic() > until:
                break
            try:
                text = self._ask_model(model, question, until)
            except TroubleError as trouble:
                log.debug("%s", trouble)
                failures.append(trouble)
                rest = max(REST_SECONDS, trouble.retry_after or 0.0)
                self._resting[model] = self._clock.monotonic() + min(rest, LONGEST_REST_SECONDS)
                if trouble.kind.whole:
                    break
            except FaultyAnswerError as error:
                log.debug("%s", error)
                failures.append(error)
            else:
                self._resting.pop(model, None)
                breaker.answered(key)
                return Answer(text=text, model=model)
        troubles = [failure for failure in failures if isinstance(failure, TroubleError)]
        if troubles and (len(troubles) == len(failures) or troubles[-1].kind.whole):
            raise breaker.failed(key, as_one(troubles))
        breaker.answered(key)
        raise VisionError(joined(failures))

    def _is_resting(self, model: str) -> bool:
        return self._resting.get(model, 0.0) > self._clock.monotonic()

    def _ask_model(self, model: str, question: Question, until: float) -> str:
        """One model's text, asked once more where that may help."""
        content = question.content
        if question.shorter is not None and model in self._one_picture:
            content = question.shorter
        for attempt in range(1, ATTEMPTS + 1):
            self._progress.beat()
            try:
                completion = self._endpoint.ask(model, content)
            except TroubleError as trouble:
                last = attempt == ATTEMPTS or self._clock.monotonic() > until
                if last:
                    raise
                if trouble.kind.not_taken and content is not question.shorter and question.shorter:
                    content = question.shorter
                    continue
                wait = PASSING_SECONDS if trouble.retry_after is None else trouble.retry_after
                if not trouble.kind.passing or wait > LONGEST_WAIT_SECONDS:
                    raise
                self._progress.pause(wait)
            else:
                if content is question.shorter:
                    self._one_picture.add(model)
                return text_of(completion, model, question.asked)
        raise AssertionError("the last attempt returns or raises")


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


def as_one(troubles: list[TroubleError]) -> TroubleError:
    """Several models' troubles as one: the picture's, if one of them may be; the shortest wait."""
    whole = [trouble for trouble in troubles if trouble.kind.whole]
    kinds = [trouble.kind for trouble in whole or troubles]
    kind = Kind(
        whole=bool(whole),
        certain=all(kind.certain for kind in kinds),
        closes=all(kind.closes for kind in kinds),
    )
    waits = [trouble.retry_after for trouble in troubles if trouble.retry_after is not None]
    wait = min(waits) if len(waits) == len(troubles) else None
    return TroubleError(joined(whole or troubles), kind, retry_after=wait)


def joined(failures: Sequence[VisionError]) -> str:
    """The messages of several failures, each once."""
    return "; ".join(dict.fromkeys(str(failure) for failure in failures))
