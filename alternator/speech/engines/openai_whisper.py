"""Loads an openai-whisper model and transcribes with it. Runs in the worker: it imports torch."""

import os
import pickle
import socket
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import torch
import tqdm
import whisper
from whisper.tokenizer import LANGUAGES, TO_LANGUAGE_CODE

from alternator.errors import ConfigError, ModelError
from alternator.media.audio import SAMPLE_RATE, Samples
from alternator.speech.device import TorchBuild
from alternator.speech.engines.engine import OnProgress
from alternator.speech.spectrogram import spectrogram
from alternator.speech.transcript import Transcript, from_whisper

# Below this peak (-66 dB of full scale) a track is silent: screen recordings and animations
# often carry an empty one, for which the larger models like to invent a "Thank you."
SILENCE_PEAK = 16 / 32_768

# A download that stands still this long has failed.
NETWORK_TIMEOUT_SECONDS = 60.0


class WhisperEngine:
    """openai-whisper, one window of 30 s after the other."""

    def __init__(self, model: whisper.Whisper, device: str, on_progress: OnProgress) -> None:
        self.device = device
        self._model = model
        # Each pass counts. Whisper's own progress bar stands still while nobody speaks.
        for part in (model.encoder, model.decoder):
            part.register_forward_hook(lambda *_: on_progress())

    def transcribe(self, samples: Samples, options: Mapping[str, Any]) -> Transcript:
        """As Engine.transcribe. ModelError if the device's memory is too small."""
        arguments = dict(options)
        arguments["language"] = self._language(arguments.get("language"))
        arguments["fp16"] = bool(arguments.get("fp16", True)) and self.device != "cpu"
        duration = len(samples) / SAMPLE_RATE
        if not len(samples) or peak(samples) < SILENCE_PEAK:
            return Transcript(
                text="", language=arguments["language"] or "", duration=duration, segments=()
            )
        try:
            result = whisper.transcribe(self._model, samples, **arguments)
        except (torch.OutOfMemoryError, MemoryError):
            raise ModelError(out_of_memory("this clip", self.device)) from None
        return from_whisper(result, duration)

    def _language(self, name: str | None) -> str | None:
        """Whisper's code; English-only models know no other."""
        if not self._model.is_multilingual:
            return "en"
        return language_code(name)


def peak(samples: Samples) -> float:
    """The largest deviation from zero. Without the copy that an absolute value would take: hours
    of sound are gigabytes."""
    return max(float(samples.max()), -float(samples.min()))


def load_model(name: str, directory: Path, device: str, on_progress: OnProgress) -> WhisperEngine:
    """The model called ``name`` (downloaded to ``directory`` unless there), or the checkpoint.

    ModelError says what is wrong with it and what to do.
    """
    source = find_model(name, directory)
    socket.setdefaulttimeout(NETWORK_TIMEOUT_SECONDS)
    whisper.tqdm = progress_bar(on_progress)
    # The module: its name in the package is that of the function.
    sys.modules["whisper.transcribe"].log_mel_spectrogram = spectrogram  # type: ignore[attr-defined]
    try:
        model = whisper.load_model(source, device=device, download_root=str(directory))
    except (torch.OutOfMemoryError, MemoryError):
        raise ModelError(out_of_memory(f"the Whisper model {name!r}", device)) from None
    except OSError as error:
        raise ModelError(unreachable(source, directory, error)) from None
    except (RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        if "allocate memory" in str(error):
            raise ModelError(out_of_memory(f"the Whisper model {name!r}", device)) from None
        raise ModelError(damaged(source, directory)) from None
    except (EOFError, KeyError, TypeError, ValueError, AttributeError):
        # What torch.load and the reading of its result raise on files of all kinds.
        raise ModelError(damaged(source, directory)) from None
    return WhisperEngine(model, device, on_progress)


def find_model(name: str, directory: Path) -> str:
    """One of openai-whisper's names, or the path of a checkpoint that is there.

    A checkpoint may be named relative to the directory of models.
    """
    if name in whisper.available_models():
        return name
    path = Path(name).expanduser()
    for candidate in (path, directory / path):
        if candidate.is_file():
            return str(candidate)
    if path.is_dir():
        raise ModelError(
            f"[whisper] model {name!r} is a directory; name the checkpoint (.pt) in it"
        )
    if path.suffix == ".pt" or len(path.parts) > 1:
        raise ModelError(
            f"there is no Whisper checkpoint {name!r}, here or in {directory}; "
            f"correct the path in [whisper] model"
        )
    raise ModelError(
        f"openai-whisper has no model {name!r}; choose one of "
        f"{', '.join(whisper.available_models())}, or the path of a checkpoint"
    )


def is_downloaded(source: str, directory: Path) -> bool:
    """Whether the model's file is there, be it whole or not."""
    return source not in whisper.available_models() or model_file(source, directory).is_file()


def model_file(name: str, directory: Path) -> Path:
    """Where openai-whisper keeps the model of that name."""
    return directory / Path(urlsplit(whisper._MODELS[name]).path).name


def unreachable(source: str, directory: Path, error: OSError) -> str:
    """Why the checkpoint can't be had: it is not there and can't be fetched, or not readable."""
    reason = str(getattr(error, "reason", None) or error.strerror or error)
    if source not in whisper.available_models():
        return f"the Whisper checkpoint {source} can't be read: {reason}; make it readable"
    file, host = model_file(source, directory), urlsplit(whisper._MODELS[source]).hostname
    if isinstance(error, PermissionError) or getattr(error, "filename", None):
        return (
            f"the Whisper model {source!r} can't be kept in {directory}: {reason}; make "
            f"{error.filename or directory} readable and writable for this user, "
            f"or set [whisper] model_dir"
        )
    state = "is damaged or incomplete" if file.is_file() else "is not there"
    return (
        f"the Whisper model {source!r} can't be loaded: {file} {state}, and it can't be "
        f"downloaded from {host} ({reason}); put the file there, or set [whisper] model to the "
        f"path of a checkpoint"
    )


def damaged(source: str, directory: Path) -> str:
    """For a file that torch or Whisper can't make sense of."""
    named = source in whisper.available_models()
    file = model_file(source, directory) if named else Path(source)
    return f"{file} is damaged, or no openai-whisper checkpoint; remove it, and " + (
        "start again to download it" if named else "copy or convert it again"
    )


def out_of_memory(what: str, device: str) -> str:
    """For a device whose memory is too small."""
    where = "the memory" if device == "cpu" else f"the memory of GPU {device!r}"
    smaller = "choose a smaller [whisper] model"
    return f"{what} does not fit into {where}; {smaller}" + (
        "" if device == "cpu" else ", or set [whisper] device to cpu"
    )


def language_code(name: str | None) -> str | None:
    """Whisper's code for a language's code or English name; ``pt-BR`` counts as ``pt``."""
    if name is None:
        return None
    lowered = name.strip().lower().replace("_", "-")
    code: str = TO_LANGUAGE_CODE.get(lowered, lowered)
    if code not in LANGUAGES:
        code = lowered.partition("-")[0]
    if code not in LANGUAGES:
        raise ConfigError(
            f"Whisper knows no language {name!r}; give a code such as en, de or fr, an English "
            f"name such as German, or none to have it detected"
        )
    return code


def torch_build() -> TorchBuild:
    """What the installed torch is and sees."""
    return TorchBuild(
        version=torch.__version__,
        cuda=torch.version.cuda,
        hip=torch.version.hip,
        gpus=torch.cuda.device_count() if torch.cuda.is_available() else 0,
    )


def progress_bar(on_progress: OnProgress) -> "type[tqdm.tqdm[NoReturn]]":
    """A progress bar that also tells of each step, and shows itself only on a terminal."""

    class ReportingBar(tqdm.tqdm):  # type: ignore[type-arg]  # generic in its stubs only
        def __init__(self, *args: Any, **settings: Any) -> None:
            settings["disable"] = settings.get("disable") or not os.isatty(2)
            super().__init__(*args, **settings)

        def update(self, n: float | None = 1) -> bool | None:
            on_progress()
            return super().update(n)

    return ReportingBar
