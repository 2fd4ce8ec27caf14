"""Inside a build: fails unless the torch that is installed is the variant's.

It imports what the bot imports at start, in the interpreter that will run it, which leaves
byte-code for those modules; then it writes down what it found.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

STARTUP_IMPORTS = ("whisper", "whisper.timing", "mastodon", "requests", "PIL.Image")


def main() -> None:
    """Compare, import, write; exits with a message that names both sides of a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", required=True, choices=("cpu", "cuda", "rocm"))
    parser.add_argument("--torch", required=True, help="version without the build's tag")
    parser.add_argument("--wheel", required=True, help="the build's tag, e.g. cu130")
    parser.add_argument("--write", required=True, type=Path, metavar="FILE")
    wanted = parser.parse_args()

    import torch

    found = {
        "torch": torch.__version__.partition("+")[0],
        "cuda": torch.version.cuda,
        "hip": torch.version.hip,
    }
    problem = mismatch(wanted.variant, wanted.torch, wanted.wheel, found)
    if problem:
        sys.exit(f"assert_variant: {problem}")
    for name in STARTUP_IMPORTS:
        importlib.import_module(name)
    record = {"variant": wanted.variant, "wheel": wanted.wheel, **found}
    wanted.write.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(f"assert_variant: torch {torch.__version__} is the {wanted.variant} build asked for")


def mismatch(variant: str, torch: str, wheel: str, found: dict[str, str | None]) -> str | None:
    """What is wrong with the torch found, or None.

    ``found`` holds ``torch`` (version), ``cuda`` and ``hip`` (runtime versions or None).
    """
    if found["torch"] != torch:
        return f"torch is {found['torch']}, the catalog says {torch}"
    by_variant: dict[str, dict[str, str | None]] = {
        "cpu": {"cuda": None, "hip": None},
        "cuda": {"cuda": runtime(wheel), "hip": None},
        "rocm": {"cuda": None, "hip": runtime(wheel)},
    }
    for name, version in by_variant[variant].items():
        actual = found[name]
        if version is None and actual is not None:
            return f"torch.version.{name} is {actual}, but the {variant} variant has no {name}"
        if version is not None and not (actual or "").startswith(version):
            return f"torch.version.{name} is {actual}, but the build {wheel} has {version}"
    return None


def runtime(wheel: str) -> str:
    """The runtime version in a build's tag: ``cu130`` is 13.0, ``rocm7.2`` is 7.2."""
    if wheel.startswith("rocm"):
        return wheel.removeprefix("rocm")
    digits = wheel.removeprefix("cu")
    return f"{digits[:-1]}.{digits[-1]}"


if __name__ == "__main__":
    main()
