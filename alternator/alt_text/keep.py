"""Keeps full transcripts as files, where the operator wants them."""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

# What a file's name may have; ids are numbers or words, and come from a server.
OTHER = re.compile(r"[^A-Za-z0-9._-]+")
MOST_CHARACTERS = 100


def keep_transcript(text: str, directory: Path, server: str, attachment_id: str) -> Path:
    """Write a transcript into ``directory``, readable for this user alone, whole or not at all.

    It is called by the server's address and the attachment's id there. Returns its path. OSError
    where that can't be.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{part_of_name(urlsplit(server).netloc)}-{part_of_name(attachment_id)}.txt"
    # Made with mode 600: https://docs.python.org/3.11/library/tempfile.html#tempfile.mkstemp
    descriptor, name = tempfile.mkstemp(dir=directory, prefix=".transcript-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{text.rstrip()}\n")
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    return path


def part_of_name(text: str) -> str:
    """The text as it may stand in a file's name."""
    return OTHER.sub("_", text)[:MOST_CHARACTERS].lstrip(".") or "_"
