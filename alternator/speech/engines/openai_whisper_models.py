"""openai-whisper's models: found, fetched, loaded; each way in which that fails has its remedy."""

import pickle
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import torch

from alternator.errors import ModelError, OutOfMemoryError
from alternator.speech.engines.openai_whisper_patches import fetching, model_address
from alternator.speech.engines.whisper_package import whisper

# A download that stands still this long has failed.
NETWORK_TIMEOUT_SECONDS = 60.0


class StepError(BaseException):
    """Carries an error of ``on_step`` out of a download, past what is said of the model's own."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def find_model(name: str, directory: Path) -> str:
    """One of openai-whisper's names, or the path of a checkpoint that is there.

    A checkpoint may be named relative to the directory of models. ModelError if there is none.
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


def load_model(
    source: str, directory: Path, device: str, on_step: Callable[[], None]
) -> whisper.Whisper:
    """The model that find_model gave, downloaded to ``directory`` unless it is there.

    ``on_step`` is called for each piece of the download; its errors pass through. ModelError says
    what is wrong with the model, or with openai-whisper (OtherVersionError), and what to do.
    """

    def step() -> None:
        try:
            on_step()
        except Exception as error:
            raise StepError(error) from error

    socket.setdefaulttimeout(NETWORK_TIMEOUT_SECONDS)
    try:
        with fetching(step):
            return whisper.load_model(source, device=device, download_root=str(directory))
    except StepError as carrier:
        raise carrier.error from None
    except (torch.OutOfMemoryError, MemoryError):
        raise OutOfMemoryError(out_of_memory(f"the Whisper model {source!r}", device)) from None
    except OSError as error:
        raise ModelError(unreachable(source, directory, error)) from None
    except (RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        if "allocate memory" in str(error):
            raise OutOfMemoryError(out_of_memory(f"the Whisper model {source!r}", device)) from None
        raise ModelError(damaged(source, directory)) from None
    except (EOFError, KeyError, TypeError, ValueError, AttributeError):
        # What torch.load and the reading of its result raise on files of all kinds.
        raise ModelError(damaged(source, directory)) from None


def model_file(name: str, directory: Path) -> Path:
    """Where openai-whisper keeps the model of that name."""
    return directory / Path(urlsplit(model_address(name)).path).name


def unreachable(source: str, directory: Path, error: OSError) -> str:
    """Why the checkpoint can't be had: it is not there and can't be fetched, or not readable."""
    reason = str(getattr(error, "reason", None) or error.strerror or error)
    if source not in whisper.available_models():
        return f"the Whisper checkpoint {source} can't be read: {reason}; make it readable"
    file, host = model_file(source, directory), urlsplit(model_address(source)).hostname
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
