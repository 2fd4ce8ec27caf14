"""Wheels in folders: which of a lock's entries are there, and how large they are unpacked."""

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from probe.universal.errors import HashError
from probe.universal.lock import Entry, normalise

CHUNK = 1 << 20


def folders(root: Path) -> list[Path]:
    """The folders below a mounted wheelhouse that hold wheels: itself, or one for each variant."""
    try:
        candidates = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
        return [folder for folder in candidates if any(folder.glob("*.whl"))]
    except OSError:
        return []


def find(entries: Iterable[Entry], places: Iterable[Path]) -> dict[Entry, Path]:
    """The wheel of each entry that is there, by the name and version in its file name."""
    present: dict[tuple[str, str], Path] = {}
    for place in places:
        for wheel in sorted(place.glob("*.whl")):
            name, version, *_ = wheel.name.split("-")
            present.setdefault((normalise(name), version), wheel)
    return {entry: present[entry.key] for entry in entries if entry.key in present}


def is_locked(entry: Entry, wheel: Path) -> bool:
    """Whether a file has one of the entry's hashes."""
    value = hashlib.sha256()
    with wheel.open("rb") as file:
        while chunk := file.read(CHUNK):
            value.update(chunk)
    return value.hexdigest() in entry.hashes


def unpacked_size(wheels: Mapping[Entry, Path]) -> int:
    """Bytes that the wheels take unpacked. Raises HashError for a file that is no archive."""
    total = 0
    for entry, wheel in wheels.items():
        try:
            with zipfile.ZipFile(wheel) as archive:
                total += sum(item.file_size for item in archive.infolist())
        except (OSError, zipfile.BadZipFile) as error:
            raise HashError(
                f"{wheel} is not the {entry.name} {entry.version} that was locked (it is no "
                f"archive): replace it"
            ) from error
    return total
