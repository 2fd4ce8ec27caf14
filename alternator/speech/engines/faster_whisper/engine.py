"""The engine ``faster-whisper``: one request after the other, the windows of each side by side.

A model of another form than CTranslate2's is converted once; nothing is fetched from a hub. Runs in
the worker; torch is imported only where a model is converted.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import faster_whisper
import numpy as np

from alternator.errors import ModelError, OutOfMemoryError
from alternator.media.audio import SAMPLE_RATE, Samples
from alternator.media.ffmpeg import find_ffmpeg
from alternator.models.store import locate, obtain
from alternator.progress import Progress
from alternator.speech.device import cpu_quota, threads_for
from alternator.speech.engines.engine import Batch, Event, LoadOptions, Request
from alternator.speech.engines.faster_whisper.arguments import NAME, way_of
from alternator.speech.engines.faster_whisper.device import choose_device, choose_precision
from alternator.speech.engines.one_by_one import OneByOne, Told
from alternator.speech.engines.refusals import known_language
from alternator.speech.transcript import Decoding, Segment, Transcript, Word

CPU_WINDOWS, GPU_WINDOWS = 8, 16  # computed together, where nobody says how many
# What CTranslate2 needs of a directory beside the weights; without the tokenizer faster-whisper
# would fetch one from a hub.
WHOLE = ("model.bin", "config.json", "tokenizer.json")
WINDOW_FRAMES = 3000


@dataclass(frozen=True, kw_only=True, eq=False)
class _Loaded:
    """What there is while a model is loaded."""

    model: faster_whisper.WhisperModel
    pipeline: faster_whisper.BatchedInferencePipeline
    batch_size: int
    compute_type: str


class FasterWhisperEngine:
    """faster-whisper behind the Engine protocol."""

    def __init__(self) -> None:
        self.device = ""
        self._loaded: _Loaded | None = None

    @property
    def batch_size(self) -> int:
        """How many windows are computed together, 0 before it is loaded."""
        return 0 if self._loaded is None else self._loaded.batch_size

    @property
    def compute_type(self) -> str:
        """The precision that was chosen; '' before it is loaded."""
        return "" if self._loaded is None else self._loaded.compute_type

    def load(self, model: str, device: str, options: LoadOptions, progress: Progress) -> None:
        """As Engine.load; ``model`` is a name or a path, as store.locate takes them."""
        find_ffmpeg()
        known_language(options.language)
        locate(model, options.model_dir)
        gpus = ctranslate2.get_cuda_device_count()
        chosen = choose_device(device, options.proven_device, gpus)
        compute_type = choose_precision(options.compute_type, chosen)
        folder = directory(model, options, progress)
        threads = options.threads or threads_for(cpu_quota(), os.cpu_count() or 1)
        try:
            loaded = faster_whisper.WhisperModel(
                str(folder),
                device=chosen.kind,
                device_index=chosen.index or 0,
                compute_type=compute_type,
                cpu_threads=threads,
                local_files_only=True,
            )
            if chosen.kind == "cuda":
                # The libraries of CUDA are loaded only now.
                mels = loaded.feature_extractor.mel_filters.shape[0]
                loaded.encode(np.zeros((mels, WINDOW_FRAMES), dtype=np.float32))
        except (RuntimeError, ValueError, OSError) as error:
            raise trouble(error, f"the Whisper model {model!r}") from None
        self.device = str(chosen)
        windows = CPU_WINDOWS if chosen.kind == "cpu" else GPU_WINDOWS
        self._loaded = _Loaded(
            model=loaded,
            pipeline=faster_whisper.BatchedInferencePipeline(loaded),
            batch_size=options.batch_size or windows,
            compute_type=compute_type,
        )

    def transcribe(self, batch: Batch) -> Iterator[Event]:
        """As Engine.transcribe."""
        return OneByOne(batch, check, self._hear).events()

    def unload(self) -> None:
        """As Engine.unload."""
        self._loaded = None

    def _hear(self, samples: Samples, request: Request, told: Told) -> Transcript:
        loaded = self._loaded
        assert loaded is not None, "load() comes first"
        way = way_of(request.options)
        arguments: dict[str, Any] = way.arguments
        segments = []
        try:
            if way.side_by_side:
                found, info = loaded.pipeline.transcribe(
                    samples, batch_size=loaded.batch_size, **arguments
                )
            else:
                found, info = loaded.model.transcribe(samples, **arguments)
            for entry in found:  # each batch is computed as it is asked for
                told.check()
                segments.append(segment_of(entry))
                told.segment(segments[-1])
        except (RuntimeError, MemoryError) as error:
            raise trouble(error, "this clip") from None
        return Transcript(
            text="".join(segment.text for segment in segments).strip(),
            language=info.language,
            duration=len(samples) / SAMPLE_RATE,
            segments=tuple(segments),
            language_probability=(
                float(info.language_probability) if arguments["language"] is None else None
            ),
        )


def check(request: Request) -> None:
    """UnsupportedError for what the engine has not."""
    way_of(request.options)


def directory(model: str, options: LoadOptions, progress: Progress) -> Path:
    """CTranslate2's directory of a model: the one that was named, or one that is made of it."""
    place = obtain(model, options.model_dir, mirror=options.model_mirror, progress=progress)
    if all((place.path / name).is_file() for name in WHOLE):
        return place.path
    try:
        # Only now: they import torch and openai-whisper.
        from alternator.speech.engines.converted.ctranslate2 import write
        from alternator.speech.engines.converted.keeping import Form, converted
    except ImportError as error:
        raise ModelError(
            f"{place.path} is no model of CTranslate2 that is whole ({', '.join(WHOLE)}), and to "
            f"convert it torch and openai-whisper are needed ({error}); install the extra "
            f"`whisper` too, or name such a directory in [whisper] model"
        ) from None
    form = Form(engine=NAME, suffix="", write=write)
    return converted(place, options.model_dir, form, progress)


def segment_of(entry: faster_whisper.transcribe.Segment) -> Segment:
    """A segment as faster-whisper tells it; numpy's numbers become plain ones."""
    words = entry.words
    return Segment(
        start=float(entry.start),
        end=float(entry.end),
        text=entry.text,
        words=None if words is None else tuple(word_of(word) for word in words),
        decoding=Decoding(
            seek=int(entry.seek),
            tokens=tuple(int(token) for token in entry.tokens),
            temperature=float(entry.temperature or 0.0),
            avg_logprob=float(entry.avg_logprob),
            compression_ratio=float(entry.compression_ratio),
            no_speech_prob=float(entry.no_speech_prob),
        ),
    )


def word_of(word: faster_whisper.transcribe.Word) -> Word:
    """One of its words."""
    return Word(
        start=float(word.start),
        end=float(word.end),
        text=word.word,
        probability=float(word.probability),
    )


def trouble(error: Exception, what: str) -> ModelError:
    """What CTranslate2's errors mean, which are told by their texts alone.

    https://github.com/OpenNMT/CTranslate2/blob/v4.6.0/src/cuda/utils.h and cuda/cublas_stub.cc
    """
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if isinstance(error, MemoryError) or "out of memory" in text or "bad_alloc" in text:
        return OutOfMemoryError(
            f"{what} does not fit into the memory; choose a smaller [whisper] model, or set "
            f"[whisper] device to cpu"
        )
    if "is not found or cannot be loaded" in text:
        return ModelError(
            f"CTranslate2 lacks a library of CUDA: {text}; install CUDA 12's cuBLAS and cuDNN 9, "
            f"or set [whisper] device to cpu"
        )
    return ModelError(f"faster-whisper can't work with {what}: {text}; choose another model")
