"""Writes docs/alternator.schema.json: ``python -m tools.config_schema [--check]``.

What ``alternator config schema`` prints. ``--check`` fails if the file is not current.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from alternator.config.schema import document
from tools.write_or_check import write_or_check

DOCUMENT = Path(__file__).parents[1] / "docs" / "alternator.schema.json"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the document, or with --check tell whether it is current."""
    current = write_or_check({DOCUMENT: document()}, "python -m tools.config_schema", argv)
    return int(not current)


if __name__ == "__main__":
    sys.exit(main())
