"""Reads from a torch wheel, without installing it, which build it is."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from images.errors import WheelhouseError


@dataclass(frozen=True, kw_only=True)
class TorchWheel:
    """What ``torch/version.py`` says: versions as strings, None where a runtime is absent."""

    version: str
    cuda: str | None
    hip: str | None


def read(wheel: Path) -> TorchWheel:
    """The build inside ``wheel``; WheelhouseError if it is no torch wheel or is damaged."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            text = archive.read("torch/version.py").decode("utf-8")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise WheelhouseError(
            f"{wheel.name} is no readable torch wheel ({error}): remove {wheel} and try again"
        ) from error
    return TorchWheel(
        version=_value(text, "__version__") or "",
        cuda=_value(text, "cuda"),
        hip=_value(text, "hip"),
    )


def _value(text: str, name: str) -> str | None:
    match = re.search(rf"^{name}\s*(?::[^=]+)?=\s*'([^']*)'", text, re.MULTILINE)
    return match[1] if match else None
