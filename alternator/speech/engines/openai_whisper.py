"""The engine ``openai``: openai-whisper, one request after the other, window after window of 30 s.

Runs in the worker: it imports torch.
"""

import contextlib
import dataclasses
import io
import queue
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

from alternator.errors import AlternatorError, OutOfMemoryError, UnsupportedError
from alternator.media.audio import SAMPLE_RATE, Samples, decode
from alternator.media.ffmpeg import find_ffmpeg
from alternator.models.store import locate
from alternator.progress import Progress
from alternator.speech.device import (
    TorchBuild,
    choose_device,
    cpu_quota,
    threads_for,
    without_mps,
)
from alternator.speech.engines.engine import (
    Batch,
    CancelledRequestError,
    Done,
    Event,
    Failed,
    LoadOptions,
    Progressed,
    Request,
    Said,
    SegmentFound,
)
from alternator.speech.engines.language_code import language_code
from alternator.speech.engines.nothing_to_hear import nothing_to_hear
from alternator.speech.engines.openai_whisper_models import load_model, out_of_memory
from alternator.speech.engines.openai_whisper_patches import listening
from alternator.speech.engines.whisper_package import whisper
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Transcript
from alternator.speech.whisper_dictionary import from_whisper, segment_from_whisper
from probe.prove.operations import without_cudnn

Tell = Callable[[Event], None]


class OpenAIWhisperEngine:
    """openai-whisper behind the Engine protocol."""

    def __init__(self) -> None:
        self.device = ""
        self._model: whisper.Whisper | None = None
        self._step: Callable[[bool], None] = no_step

    def load(self, model: str, device: str, options: LoadOptions, progress: Progress) -> None:
        """As Engine.load; ``model`` is one of openai-whisper's names or a checkpoint's path."""
        find_ffmpeg()
        language_code(options.language)
        locate(model, options.model_dir)
        self.device = without_mps(
            device, choose_device(device, options.proven_device, torch_build())
        )
        without_cudnn(torch)
        torch.set_num_threads(options.threads or threads_for(cpu_quota(), torch.get_num_threads()))
        loaded = load_model(
            model,
            options.model_dir,
            self.device,
            mirror=options.model_mirror,
            progress=progress,
        )
        # Each pass counts as a step. Whisper's own progress bar stands still while nobody speaks.
        for part in (loaded.encoder, loaded.decoder):
            part.register_forward_hook(self._passed, with_kwargs=True)
        self._model = loaded

    def transcribe(self, batch: Batch) -> Generator[Event, None, None]:
        """As Engine.transcribe. Whisper's function returns only at the end of a clip, so it runs in
        a thread of its own, and events come out of it through a queue."""
        assert self._model is not None, "load() comes first"
        events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        closing = threading.Event()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="whisper") as pool:
            work = pool.submit(self._work, batch, events.put, closing)
            work.add_done_callback(lambda _: events.put(None))
            try:
                while (event := events.get()) is not None:
                    yield event
            finally:
                closing.set()
            work.result()

    def unload(self) -> None:
        """As Engine.unload."""
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _work(self, batch: Batch, tell: Tell, closing: threading.Event) -> None:
        while not closing.is_set() and (request := batch.take()) is not None:
            tell(self._answer(request, batch, tell, closing))

    def _answer(
        self, request: Request, batch: Batch, tell: Tell, closing: threading.Event
    ) -> Done | Failed:
        run = _Run(request, tell, lambda: closing.is_set() or batch.cancelled(request.id))
        self._step = run.step
        try:
            refuse_foreign(request.options)
            sound = decode(
                request.path, limit_seconds=request.limit_seconds, track=request.audio_track
            )
            found = self._transcript(sound.samples, request.options, run)
            transcript = dataclasses.replace(found, notes=(*sound.notes, *found.notes))
        except AlternatorError as error:
            return Failed(id=request.id, error=error)
        except (torch.OutOfMemoryError, MemoryError):
            lack = OutOfMemoryError(out_of_memory("this clip", self.device))
            return Failed(id=request.id, error=lack)
        finally:
            self._step = no_step
        return Done(id=request.id, transcript=transcript)

    def _transcript(self, samples: Samples, options: DecodingOptions, run: "_Run") -> Transcript:
        language = self._language(options.language)
        run.begin(len(samples) / SAMPLE_RATE)
        if nothing := nothing_to_hear(samples):
            return Transcript(
                text="",
                language=language or "",
                duration=run.total,
                segments=(),
                notes=(nothing,),
            )
        arguments = whisper_arguments(options) | {
            "language": language,
            "fp16": options.fp16 and self.device != "cpu",
        }
        with listening(run.window), contextlib.redirect_stdout(_Lines(run.line)):
            result = whisper.transcribe(self._model, samples, **arguments)
        return from_whisper(result, run.total)

    def _language(self, name: str | None) -> str | None:
        """Whisper's code; English-only models know no other."""
        assert self._model is not None
        return language_code(name) if self._model.is_multilingual else "en"

    def _passed(self, _part: object, _args: object, keywords: Mapping[str, Any], _: Any) -> None:
        """After a pass through the encoder or the decoder.

        Only while tokens are decoded, which is with a cache of keys and values (PyTorchInference
        in https://github.com/openai/whisper/blob/v20250625/whisper/decoding.py), may a pass be
        broken off: the search for the times of words would leave its hooks in the model
        (find_alignment in https://github.com/openai/whisper/blob/v20250625/whisper/timing.py).
        """
        self._step("kv_cache" in keywords)


class _Run:
    """One request under way: turns what Whisper lets out into events, and breaks it off."""

    def __init__(self, request: Request, tell: Tell, unwanted: Callable[[], bool]) -> None:
        self.total = 0.0
        self._id = request.id
        self._tell = tell
        self._unwanted = unwanted
        self._done = 0.0
        self._told = 0

    def begin(self, total: float) -> None:
        """The sound is there, ``total`` seconds of it."""
        self.total = total
        self.step(True)

    def step(self, may_end: bool) -> None:
        """CancelledRequestError if the request is not wanted any more and this ``may_end`` it."""
        if may_end and self._unwanted():
            raise CancelledRequestError("the transcription was cancelled")
        self._tell(Progressed(id=self._id, done=self._done, total=self.total))

    def window(self, heard: float, segments: list[Mapping[str, object]]) -> None:
        """A window was done; ``segments`` are all so far."""
        for entry in segments[self._told :]:
            self._tell(SegmentFound(id=self._id, segment=segment_from_whisper(entry)))
        self._told, self._done = len(segments), heard
        self.step(True)

    def line(self, text: str) -> None:
        """Whisper printed a line."""
        self._tell(Said(id=self._id, text=text))


class _Lines(io.TextIOBase):
    """A text stream that tells of each line; stands in for stdout while Whisper prints."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._on_line(line)
        return len(text)


def no_step(_: bool) -> None:
    """No request is under way."""


def refuse_foreign(options: DecodingOptions) -> None:
    """UnsupportedError for what openai-whisper does not have."""
    for name, asked in (("vad", options.vad), ("hotwords", options.hotwords)):
        if asked:
            raise UnsupportedError(
                f"the speech engine 'openai' has no {name}; leave it out, or take the engine "
                f"'alternator'"
            )


def whisper_arguments(options: DecodingOptions) -> dict[str, Any]:
    """The keyword arguments of ``whisper.transcribe``: the same names, lists where it asserts
    that they are."""
    arguments = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    for name in ("clip_timestamps", "suppress_tokens"):
        arguments[name] = list(arguments[name])
    del arguments["vad"], arguments["hotwords"]
    if arguments["condition_on_previous_text"] is None:
        del arguments["condition_on_previous_text"]
    return arguments


def torch_build() -> TorchBuild:
    """What the installed torch is and sees."""
    return TorchBuild(
        version=torch.__version__,
        cuda=torch.version.cuda,
        hip=torch.version.hip,
        gpus=torch.cuda.device_count() if torch.cuda.is_available() else 0,
        mps=torch.backends.mps.is_available(),
    )
