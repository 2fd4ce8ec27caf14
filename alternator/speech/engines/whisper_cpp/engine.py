"""The engine ``whisper.cpp``: one request after the other, window after window of 30 s.

A model of another form than ggml is converted once, to half precision; a file of whisper.cpp's own,
of any precision, is taken as it is. Runs in the worker; torch is imported only where a model is
converted.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _pywhispercpp as cpp
from pywhispercpp.model import Model

from alternator.errors import ConfigError, ModelError
from alternator.media.audio import SAMPLE_RATE, Samples
from alternator.media.ffmpeg import find_ffmpeg
from alternator.models.store import locate, obtain
from alternator.progress import Progress
from alternator.speech.device import cpu_quota, parse_device, threads_for
from alternator.speech.engines.clips import stretches
from alternator.speech.engines.engine import Batch, Event, LoadOptions, Request
from alternator.speech.engines.one_by_one import OneByOne, Told
from alternator.speech.engines.refusals import known_language
from alternator.speech.engines.whisper_cpp.ggml_file import check_whole, is_ggml
from alternator.speech.engines.whisper_cpp.heard import Heard
from alternator.speech.engines.whisper_cpp.parameters import NAME, parameters
from alternator.speech.transcript import Segment, Transcript

# Less than this is no window to it: https://github.com/ggml-org/whisper.cpp/blob/v1.8.2/src/whisper.cpp
# (whisper_full_with_state: "input is too short")
LEAST_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True, eq=False)
class _Loaded:
    """``context`` is what the binding's C functions take; it has no public name for it."""

    model: Any
    context: object
    multilingual: bool


class WhisperCppEngine:
    """whisper.cpp behind the Engine protocol."""

    def __init__(self) -> None:
        self.device = ""
        self._loaded: _Loaded | None = None

    def load(self, model: str, device: str, options: LoadOptions, progress: Progress) -> None:
        """As Engine.load; ``model`` is a name or a path, as store.locate takes them."""
        find_ffmpeg()
        known_language(options.language)
        locate(model, options.model_dir)
        check_device(device)
        file = ggml(model, options, progress)
        check_whole(file)
        threads = options.threads or threads_for(cpu_quota(), os.cpu_count() or 1)
        loaded: Any = Model(
            str(file),
            redirect_whispercpp_logs_to=None,
            context_params={"use_gpu": False},
            n_threads=threads,
            print_progress=False,
            print_realtime=False,
        )
        progress.beat()
        context = loaded._ctx
        self._loaded = _Loaded(
            model=loaded, context=context, multilingual=bool(cpp.whisper_is_multilingual(context))
        )
        self.device = "cpu"

    def transcribe(self, batch: Batch) -> Iterator[Event]:
        """As Engine.transcribe."""
        return OneByOne(batch, check, self._hear).events()

    def unload(self) -> None:
        """As Engine.unload."""
        self._loaded = None

    def _hear(self, samples: Samples, request: Request, told: Told) -> Transcript:
        loaded = self._loaded
        assert loaded is not None, "load() comes first"
        arguments = parameters(request.options)
        if not loaded.multilingual:
            arguments["language"] = "en"
        segments: list[Segment] = []
        language = ""
        for first, last in stretches(samples, request.options.clip_timestamps):
            if last - first < LEAST_SECONDS * SAMPLE_RATE:
                continue
            heard = Heard(
                loaded.context,
                shift=first / SAMPLE_RATE,
                words=request.options.word_timestamps,
            )
            _run(loaded.model, samples[first:last], arguments, heard, told, segments)
            language = language or heard.language
        return Transcript(
            text="".join(segment.text for segment in segments).strip(),
            language=language or request.options.language or "",
            duration=len(samples) / SAMPLE_RATE,
            segments=tuple(segments),
        )


# size: the model, its sound and parameters; where what it hears is read, told and kept
def _run(
    model: Any,
    samples: Samples,
    arguments: dict[str, Any],
    heard: Heard,
    told: Told,
    segments: list[Segment],
) -> None:
    """Hear one stretch; each segment is told as soon as it is known."""

    def came(_: object) -> None:
        for segment in heard.new():
            segments.append(segment)
            told.segment(segment)

    strategy = cpp.whisper_sampling_strategy
    beam = arguments["beam_search"]["beam_size"] > 1
    model.transcribe(
        samples,
        new_segment_callback=came,
        abort_callback=lambda: told.unwanted,
        strategy=(
            strategy.WHISPER_SAMPLING_BEAM_SEARCH if beam else strategy.WHISPER_SAMPLING_GREEDY
        ),
        **arguments,
    )
    told.check()
    came(None)


def check(request: Request) -> None:
    """UnsupportedError for what the engine has not."""
    parameters(request.options)


def check_device(wanted: str) -> None:
    """ConfigError for anything but the CPU: the binding's wheels are built for that alone."""
    device = parse_device(wanted)
    if device is None or device.kind not in ("auto", "cpu"):
        raise ConfigError(
            f"whisper.cpp as pywhispercpp brings it can't compute on device {wanted!r}; set "
            f"[whisper] device to auto or cpu, or take the engine 'alternator'"
        )


def ggml(model: str, options: LoadOptions, progress: Progress) -> Path:
    """whisper.cpp's file of a model: the one that was named, or one that is made of it."""
    place = obtain(model, options.model_dir, mirror=options.model_mirror, progress=progress)
    if place.path.is_file() and is_ggml(place.path):
        return place.path
    try:
        # Only now: they import torch and openai-whisper.
        from alternator.speech.engines.converted.ggml import write
        from alternator.speech.engines.converted.keeping import Form, converted
    except ImportError as error:
        raise ModelError(
            f"{place.path} is no model of whisper.cpp (ggml), and to convert it torch and "
            f"openai-whisper are needed ({error}); install the extra `whisper` too, or name such a "
            f"file in [whisper] model"
        ) from None
    form = Form(engine=NAME, suffix=".bin", write=write)
    return converted(place, options.model_dir, form, progress)
