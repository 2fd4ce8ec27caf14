"""Asks a server: sends a piece of sound, waits, asks again where that may help."""

import random
import threading
from dataclasses import dataclass

import requests

from alternator.config.models import Task
from alternator.errors import SpeechServerError, UnsupportedError
from alternator.speech.engines.engine import CancelledRequestError, Server
from alternator.speech.engines.openai_api.answer import NoReplyError, Reply, read_reply
from alternator.speech.engines.openai_api.listing import CONFIDENCE, name_of, session_of
from alternator.speech.engines.openai_api.pieces import Piece, wav, wav_size
from alternator.speech.engines.openai_api.trouble import (
    Trouble,
    not_understood,
    refused,
    unanswered,
)
from alternator.web.deadline import Deadline
from alternator.web.form import Form, FormFile
from alternator.web.json_body import NoJsonError
from alternator.web.session import Answer, Limits, TooLargeError

MOST_BYTES = 16 * 1024 * 1024  # of an answer about 12 min of sound, with every word's time
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0  # longer than this it is left to whoever asks

ENDPOINTS: dict[Task, str] = {
    "transcribe": "audio/transcriptions",
    "translate": "audio/translations",
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked about each piece. ``language`` is a code, None has it detected."""

    task: Task
    language: str | None
    prompt: str | None
    temperature: float
    words: bool


@dataclass(kw_only=True)
class Manner:
    """What was learnt of a server. ``plain``: this model has no ``verbose_json``, as
    gpt-4o-transcribe and some servers have none. ``confident``: it says how sure it is."""

    plain: bool = False
    confident: bool = False


class Stop:
    """The end of a request before its time: whatever it waits for is broken off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._deadline: Deadline | None = None

    def cancel(self) -> None:
        """Any thread may call."""
        with self._lock:
            self._stopped.set()
            if self._deadline is not None:
                self._deadline.strike()

    def check(self) -> None:
        """CancelledRequestError once it is over."""
        if self._stopped.is_set():
            raise CancelledRequestError("the transcription was cancelled")

    def pause(self, seconds: float) -> None:
        """Wait; errors as check."""
        self._stopped.wait(seconds)
        self.check()

    def deadline(self, seconds: float) -> Deadline:
        """For the next request to the server."""
        made = Deadline(seconds)
        with self._lock:
            self._deadline = made
            if self._stopped.is_set():
                made.strike()
        return made


class Asker:
    """One server and model, for one thread. ``name`` is its address as messages may show it."""

    def __init__(self, server: Server, model: str, manner: Manner) -> None:
        self.name = name_of(server)
        self._server = server
        self._model = model
        self._manner = manner
        self._session = session_of(server)

    def ask(self, piece: Piece, question: Question, stop: Stop) -> Reply:
        """What the server hears in a piece.

        SpeechServerAwayError and SpeechServerError say why it does not, UnsupportedError that it
        can't tell the times of words, CancelledRequestError that it was stopped.
        """
        tried = 0
        while True:
            plain = self._manner.plain
            if plain and question.words:
                raise self._no_words()
            answer = self._sent(piece, question, plain, stop)
            if isinstance(answer, Reply):
                if question.words and lacks_words(answer):
                    raise self._no_words()
                return answer
            if not plain and lacks_verbose(answer):
                self._manner.plain = True
                continue
            if self._manner.confident and lacks_confidence(answer):
                self._manner.confident = False
                continue
            tried += 1
            wait = answer.wait
            if tried >= answer.tries or (wait or 0.0) > LONGEST_WAIT_SECONDS:
                raise answer.error
            if wait is None:
                wait = FIRST_WAIT_SECONDS * 2.0 ** (tried - 1) * random.uniform(0.75, 1.25)
            stop.pause(wait)

    def _no_words(self) -> UnsupportedError:
        return UnsupportedError(
            f"{self.name} tells no times of words with the model {self._model!r}; leave "
            f"word_timestamps out, or choose another [whisper] server_model"
        )

    def _sent(self, piece: Piece, question: Question, plain: bool, stop: Stop) -> Reply | Trouble:
        stop.check()
        seconds = self._server.timeout_seconds
        limits = Limits(
            seconds=seconds,
            silence=seconds,  # a server may be silent until its answer is whole
            most=MOST_BYTES,
            deadline=stop.deadline(seconds),
        )
        form = self._form(piece, question, plain)
        answer = self._asked(ENDPOINTS[question.task], form, limits)
        stop.check()
        if isinstance(answer, Trouble):
            return answer
        if not answer.ok:
            return refused(self.name, self._model, answer)
        try:
            found = answer.json()
            return read_reply(found, start=piece.start, seconds=piece.seconds, words=question.words)
        except (NoJsonError, NoReplyError):
            return not_understood(self.name)

    def _asked(self, path: str, form: Form, limits: Limits) -> Answer | Trouble:
        try:
            return self._session.send(
                "POST", f"{self._server.url}/{path}", form=form, limits=limits
            )
        except (requests.RequestException, UnicodeError) as error:
            remedy = ", or raise [whisper] server_timeout_seconds"
            return unanswered(self.name, error, limits.seconds, remedy)
        except TooLargeError:
            return Trouble(
                error=SpeechServerError(
                    f"{self.name} gives an answer of more than {MOST_BYTES >> 20} MiB, which is "
                    f"no transcript"
                )
            )

    def _form(self, piece: Piece, question: Question, plain: bool) -> Form:
        fields = [("model", self._model), ("temperature", f"{question.temperature:g}")]
        if question.language is not None and question.task == "transcribe":
            fields.append(("language", question.language))
        if question.prompt is not None:
            fields.append(("prompt", question.prompt))
        fields.append(("response_format", "json" if plain else "verbose_json"))
        if self._manner.confident and not plain:
            fields.append(("include[]", CONFIDENCE))
        if question.words:
            fields += [("timestamp_granularities[]", kind) for kind in ("word", "segment")]
        file = FormFile(
            field="file",
            name="sound.wav",
            media_type="audio/wav",
            size=wav_size(piece),
            pieces=lambda: wav(piece),
        )
        return Form(fields, file)


def lacks_words(reply: Reply) -> bool:
    """Whether something was said, and no word of it has its time."""
    spoken = [segment for segment in reply.segments if segment.text.strip()]
    return bool(spoken) and not any(segment.words for segment in spoken)


def lacks_confidence(trouble: Trouble) -> bool:
    """Whether it is its confidence that was refused: another server stands there now."""
    return trouble.status in (400, 422) and "include" in trouble.words


def lacks_verbose(trouble: Trouble) -> bool:
    """Whether it is ``verbose_json`` that was refused."""
    named = "response_format" in trouble.words or "verbose_json" in trouble.words
    return trouble.status in (400, 422) and named
