"""What generators of committed files do with what they made: write it, or look if it is there."""

import argparse
import os.path
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def write_or_check(
    documents: Mapping[Path, str],
    remedy: str,
    argv: Sequence[str] | None,
    *,
    root: Path = CHECKOUT,
) -> bool:
    """Write the files that are not as given; with ``--check`` name them and write nothing.

    ``remedy`` is the command that makes them current; a file is named by its path below ``root``.
    Returns whether the files are as given now.
    """
    parser = argparse.ArgumentParser(prog=remedy.removeprefix("run "))
    parser.add_argument("--check", action="store_true", help="write nothing, fail if not current")
    check = parser.parse_args(argv).check
    stale = [path for path, text in documents.items() if not _is(path, text)]
    for path in stale:
        if check:
            print(f"{os.path.relpath(path, root)} is not current: {remedy}", file=sys.stderr)
        else:
            path.write_text(documents[path], encoding="utf-8")
    return not (check and stale)


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text
