"""Asks an endpoint that speaks OpenAI's chat completions: about pictures, or to shorten a text.

Models are asked in the order of the settings until one gives a text that passes the check
(``check/answer.py``). One that failed a moment ago is asked last. No question takes longer than
three time-outs, so a slow endpoint holds no other post up for long.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from alternator import tracing
from alternator.alt_text.breaker import Breaker, nothing_waits
from alternator.alt_text.budget import UNLIMITED, DailyBudget
from alternator.alt_text.check.answer import Asked
from alternator.alt_text.completion import Completion, Content
from alternator.alt_text.endpoint import Endpoint, Kind, TroubleError
from alternator.alt_text.question import (
    FaultyAnswerError,
    Question,
    Tongue,
    question_of,
    text_of,
    tokens_of,
)
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


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model wrote, and which one it was."""

    text: str
    model: str


class VisionClient:
    """The endpoint of ``[vision]``, for one thread; it waits in ``progress``'s time.

    ``answers_again`` is told when pictures are sent again that were not: ``Breaker``. ``budget``
    is shared with all that may use up the same tokens.
    """

    def __init__(
        self,
        settings: VisionSettings,
        *,
        progress: Progress = SILENT,
        answers_again: Callable[[], int] = nothing_waits,
        budget: DailyBudget = UNLIMITED,
    ) -> None:
        self._settings = settings
        self._budget = budget
        self._progress = progress
        self._clock = clock = progress.clock
        self._endpoint = Endpoint(settings)
        self.name = self._endpoint.name  # as it may be shown
        self._pictures = Breaker("pictures", clock=clock, answers_again=answers_again)
        self._transcripts = Breaker("transcripts", clock=clock)
        self._resting: dict[str, float] = {}  # until when (monotonic)
        self._one_picture: set[str] = set()  # models that take no more at a time

    def beside(
        self,
        progress: Progress,
        settings: VisionSettings | None = None,
        budget: DailyBudget | None = None,
    ) -> Self:
        """A client for another thread, which knows what this one knows of the endpoint.

        ``settings`` and ``budget`` are those of another account, which asks the same endpoint.
        """
        other = type(self)(
            settings or self._settings, progress=progress, budget=budget or self._budget
        )
        other._pictures, other._transcripts = self._pictures, self._transcripts
        return other

    def check(self) -> None:
        """EndpointError while no picture is sent, so that none need be fetched either."""
        self._pictures.check()
        self._budget.check(self._settings.max_tokens)

    def describe(
        self,
        pictures: Sequence[bytes],
        instruction: str,
        *,
        context: str = "",
        tongue: Tongue | None = None,
    ) -> Answer:
        """A description of the pictures, which are one to the reader: JPEG or PNG, in order.

        ``context`` goes before the instruction; in a language other than ``tongue``'s no answer is
        taken.

        Raises:
            EndpointError: the endpoint as a whole fails, or the budget is used up; that is no fault
                of the pictures.
            VisionError: none of the vision models gives one.
        """
        question = question_of(pictures, instruction, context, tongue)
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
        with tracing.span("vision", model=model):
            return self._asked(model, question, until)

    def _asked(self, model: str, question: Question, until: float) -> str:
        """One model's text, asked once more where that may help."""
        short = question.shorter is not None and model in self._one_picture
        again = False
        for attempt in range(1, ATTEMPTS + 1):
            self._progress.beat()
            last = attempt == ATTEMPTS or self._clock.monotonic() > until
            try:
                completion = self._completion(model, question.form(short=short, again=again))
            except TroubleError as trouble:
                if last:
                    raise
                if trouble.kind.not_taken and not short and question.shorter is not None:
                    short = True
                    continue
                wait = PASSING_SECONDS if trouble.retry_after is None else trouble.retry_after
                if not trouble.kind.passing or wait > LONGEST_WAIT_SECONDS:
                    raise
                self._progress.pause(wait)
            else:
                if short:
                    self._one_picture.add(model)
                text = text_of(completion, model, question.asked)
                foreign = question.foreign(text)
                if foreign is None:
                    return text
                if last:
                    raise FaultyAnswerError(f"{model} answers in another language: {foreign}")
                again = True
        raise AssertionError("the last attempt returns or raises")

    def _completion(self, model: str, content: Content) -> Completion:
        """What a model answers, within the budget."""
        most = self._settings.max_tokens
        with self._budget.spending(most) as spending:
            completion = self._endpoint.ask(model, content)
            spending.tokens = tokens_of(completion, content, most)
            return completion


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
