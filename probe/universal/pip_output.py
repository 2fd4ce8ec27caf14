"""What pip says when it fails: it ends with 1 for everything, and does not translate its words."""

# What a file that is not the locked one is told by; the file is named in the lines that follow, and
# only there (HashMismatch in
# https://github.com/pypa/pip/blob/main/src/pip/_internal/exceptions.py).
HASH_MISMATCH = "DO NOT MATCH THE HASHES"


def lines_in(output: str) -> list[str]:
    """The lines of an output that say something."""
    return [line.strip() for line in output.splitlines() if line.strip()]


def errors_in(lines: list[str]) -> list[str]:
    """Those lines that pip marks as errors."""
    return [line for line in lines if line.startswith("ERROR")]


def hash_mismatch(output: str) -> list[str] | None:
    """The lines after pip's complaint of a wrong hash, the file's first; None where it has none."""
    lines = lines_in(output)
    for position, line in enumerate(lines):
        if HASH_MISMATCH in line:
            return lines[position + 1 :]
    return None
