"""What a child is started with of our own environment."""

import os

# How to find programs and libraries, and no secret of the bot's.
VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
VARIABLE_FAMILIES = ("LC_", "LD_", "PYTHON", "COVERAGE")


def environment() -> dict[str, str]:
    """The variables that a child is given."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in VARIABLES or name.startswith(VARIABLE_FAMILIES)
    }
    # An arena for each thread would use up the address space without being used.
    # https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html
    return {**kept, "MALLOC_ARENA_MAX": "2"}
