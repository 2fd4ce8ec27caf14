"""The engine ``openai-api``: a server computes. OpenAI's, Groq's, speaches, vLLM, or our own.

The sound is decoded here, as for every engine, so that the same files are taken with the same
limits; what is sent is a WAV (``pieces.py``). Several requests are under way at once, as many as
``[whisper] batch_size`` says. Runs in the worker, and imports no torch.
"""

import queue
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from alternator.errors import AlternatorError, ConfigError, UnsupportedError
from alternator.media.audio import SAMPLE_RATE, Samples, decode
from alternator.media.ffmpeg import find_ffmpeg
from alternator.progress import Progress
from alternator.speech.engines.engine import (
    Batch,
    Done,
    Event,
    Failed,
    LoadOptions,
    Progressed,
    Request,
    Said,
    SegmentFound,
    Server,
)
from alternator.speech.engines.nothing_to_hear import nothing_to_hear
from alternator.speech.engines.openai_api.answer import Reply
from alternator.speech.engines.openai_api.asking import Asker, Manner, Question, Stop
from alternator.speech.engines.openai_api.listing import listed_models, name_of
from alternator.speech.engines.openai_api.pieces import pieces_of
from alternator.speech.engines.refusals import is_default, known_language, refuse_others
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Transcript

NAME = "openai-api"
SIDE_BY_SIDE = 8  # requests under way at once, where nobody says how many
TICK_SECONDS = 0.5
SHOWN_MODELS = 10

# What OpenAI's API has a word for. ``temperature`` 0 stands there for the usual ones, tried one
# after the other. Precision is the server's matter; lines are printed by whoever asks.
CAN = (
    "language",
    "task",
    "initial_prompt",
    "clip_timestamps",
    "temperature",
    "word_timestamps",
    "fp16",
    "verbose",
)


class OpenAIApiEngine:
    """A server behind the Engine protocol."""

    def __init__(self) -> None:
        self.device = ""
        self._loaded: _Loaded | None = None

    def load(self, model: str, device: str, options: LoadOptions, progress: Progress) -> None:
        """As Engine.load; ``model`` is the server's name of it, ``device`` the server's matter."""
        find_ffmpeg()
        if options.server is None:
            raise ConfigError(
                f"the speech engine {NAME!r} needs a server; set [whisper] server_url to its "
                f"address, up to /v1"
            )
        known_language(options.language)
        listing = listed_models(options.server, model)
        loaded = _Loaded(
            server=options.server,
            model=model,
            manner=Manner(confident=listing.confident),
            side_by_side=options.batch_size or SIDE_BY_SIDE,
        )
        name, listed = name_of(options.server), listing.names
        if listed and model not in listed:
            shown = ", ".join(listed[:SHOWN_MODELS])
            more = ", ..." if len(listed) > SHOWN_MODELS else ""
            progress.line(f"{name} does not list the model {model!r}, but {shown}{more}")
        self.device = name
        self._loaded = loaded

    def transcribe(self, batch: Batch) -> Generator[Event, None, None]:
        """As Engine.transcribe."""
        loaded = self._loaded
        assert loaded is not None, "load() comes first"
        events: queue.SimpleQueue[Event | BaseException] = queue.SimpleQueue()
        running: dict[str, _Run] = {}
        pool = ThreadPoolExecutor(loaded.side_by_side, thread_name_prefix="server")
        try:
            while True:
                while len(running) < loaded.side_by_side and (request := batch.take()) is not None:
                    running[request.id] = _Run(request, loaded, events)
                    pool.submit(running[request.id].work)
                if not running:
                    return
                try:
                    event = events.get(timeout=TICK_SECONDS)
                except queue.Empty:
                    for request_id, run in running.items():
                        if batch.cancelled(request_id):
                            run.stop.cancel()
                        if run.decoded:
                            yield run.progressed
                    continue
                if isinstance(event, BaseException):
                    raise event
                if isinstance(event, Done | Failed):
                    del running[event.id]
                yield event
        finally:
            for run in running.values():
                run.stop.cancel()
            pool.shutdown(wait=False)

    def unload(self) -> None:
        """As Engine.unload."""
        self._loaded = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Loaded:
    """The server, and what was learnt of it."""

    server: Server
    model: str
    manner: Manner
    side_by_side: int

    def asker(self) -> Asker:
        """For one thread."""
        return Asker(self.server, self.model, self.manner)


class _Run:
    """One request under way, in a thread of its own."""

    def __init__(
        self,
        request: Request,
        loaded: _Loaded,
        events: "queue.SimpleQueue[Event | BaseException]",
    ) -> None:
        self.stop = Stop()
        self._request = request
        self._loaded = loaded
        self._events = events
        self._total = self._heard = 0.0

    @property
    def progressed(self) -> Progressed:
        """How far it is."""
        return Progressed(id=self._request.id, done=self._heard, total=self._total)

    @property
    def decoded(self) -> bool:
        """Whether its length is known."""
        return self._total > 0

    def work(self) -> None:
        """From the file to the last word. What is no error of ours is the engine's defect."""
        try:
            transcript = self._transcript()
        except AlternatorError as error:
            self._events.put(Failed(id=self._request.id, error=error))
        except BaseException as error:  # noqa: BLE001 - raised by transcribe()
            self._events.put(error)
        else:
            self._events.put(Done(id=self._request.id, transcript=transcript))

    def _transcript(self) -> Transcript:
        request, options = self._request, self._request.options
        question = question_of(options)
        sound = decode(request.path, limit_seconds=request.limit_seconds, track=request.audio_track)
        samples = sound.samples
        self._total = len(samples) / SAMPLE_RATE
        nothing = nothing_to_hear(samples)
        replies = [] if nothing else self._replies(samples, question)
        segments = tuple(segment for reply in replies for segment in reply.segments)
        # Of a translation servers say that it is English, and not what was spoken.
        told = next((reply.language for reply in replies if reply.language), "")
        told = told if question.task == "transcribe" else ""
        return Transcript(
            text="".join(segment.text for segment in segments).strip(),
            language=question.language or told,
            duration=self._total,
            segments=segments,
            confidence=_confidence(replies),
            notes=(*sound.notes, *([nothing] if nothing else [])),
            model=self._loaded.model,
        )

    def _replies(self, samples: Samples, question: Question) -> list[Reply]:
        """What the server hears, piece after piece; each segment is told as it comes."""
        request_id, asker = self._request.id, self._loaded.asker()
        replies: list[Reply] = []
        for piece in pieces_of(samples, self._request.options.clip_timestamps):
            reply = asker.ask(piece, question, self.stop)
            if not reply.timed and not any(not earlier.timed for earlier in replies):
                line = f"{asker.name} tells no times with this model; the text stands as a whole"
                self._events.put(Said(id=request_id, text=line))
            replies.append(reply)
            for segment in reply.segments:
                self._events.put(SegmentFound(id=request_id, segment=segment))
            self._heard = piece.start + piece.seconds
            self._events.put(self.progressed)
        return replies


def question_of(options: DecodingOptions) -> Question:
    """What is asked of the server. UnsupportedError for what its API has no word for."""
    refuse_others(NAME, options, CAN)
    first, *others = options.temperature
    if not is_default(options, "temperature") and (others or first == 0.0):
        raise UnsupportedError(
            f"the speech engine {NAME!r} takes one temperature above 0, or the usual ones; leave "
            f"the others out, or take the engine 'alternator'"
        )
    return Question(
        task=options.task,
        language=known_language(options.language),
        prompt=options.initial_prompt,
        temperature=first,
        words=options.word_timestamps,
    )


def _confidence(replies: list[Reply]) -> float | None:
    """The mean of what the server told of each piece, by the length of its text; None where it
    tells none."""
    told = [
        (reply.confidence, sum(len(segment.text) for segment in reply.segments))
        for reply in replies
        if reply.segments
    ]
    weight = sum(length for _, length in told)
    if not weight or any(confidence is None for confidence, _ in told):
        return None
    return sum((confidence or 0.0) * length for confidence, length in told) / weight
