"""Whether the torch inside an image is the one that the image's variant promises.

Asked in the build, which also imports torch, and again at every start from the files alone, in a
few milliseconds. This module imports nothing of ours: the build runs it as a script by itself.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

VALUE = r"^{name}\s*(?::[^=]+)?=\s*(?:'([^']*)'|None)"


def main() -> None:
    """In a build: import torch, compare, write down; exits with what differs."""
    parser = argparse.ArgumentParser(description=main.__doc__)
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
    folder = Path(torch.__file__).parent
    problem = mismatch(wanted.variant, wanted.torch, wanted.wheel, found) or foreign(
        wanted.variant, folder
    )
    if problem:
        sys.exit(f"installed torch: {problem}")
    record = {"variant": wanted.variant, "wheel": wanted.wheel, **found}
    wanted.write.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(f"installed torch: {torch.__version__} is the {wanted.variant} build asked for")


def wrong_build(variant: str, torch: str, wheel: str, folder: Path | None = None) -> str | None:
    """What the installed torch is instead of what was promised, or None; torch is not imported.

    ``folder`` is torch's; the one that this interpreter would import where it is None.
    """
    folder = folder or torch_folder()
    if folder is None:
        return "there is no torch in this interpreter"
    try:
        found = read_version((folder / "version.py").read_text("utf-8"))
    except OSError as error:
        return f"{error.filename} can't be read: {error.strerror}"
    return mismatch(variant, torch, wheel, found) or foreign(variant, folder)


def torch_folder() -> Path | None:
    """Where this interpreter would import torch from."""
    spec = find_spec("torch")
    return Path(spec.origin).parent if spec and spec.origin else None


def read_version(text: str) -> dict[str, str | None]:
    """``torch`` (without the build's tag), ``cuda`` and ``hip`` of a torch/version.py."""
    values = {}
    for name in ("__version__", "cuda", "hip"):
        match = re.search(VALUE.format(name=name), text, re.MULTILINE)
        values[name] = match[1] if match else None
    version = (values["__version__"] or "").partition("+")[0]
    return {"torch": version, "cuda": values["cuda"], "hip": values["hip"]}


def foreign(variant: str, folder: Path) -> str | None:
    """A GPU library that a CPU image holds all the same, or None."""
    if variant != "cpu":
        return None
    libraries = sorted(folder.glob("lib/libtorch_cuda*")) + sorted(folder.glob("lib/libtorch_hip*"))
    packages = sorted(path for path in folder.parent.glob("nvidia*") if path.is_dir())
    found = [*libraries, *packages]
    return f"the cpu variant holds {found[0]}" if found else None


def mismatch(variant: str, torch: str, wheel: str, found: Mapping[str, str | None]) -> str | None:
    """What is wrong with the torch found, or None.

    ``found`` holds ``torch`` (version), ``cuda`` and ``hip`` (runtime versions or None).
    """
    if found["torch"] != torch:
        return f"torch is {found['torch']}, but {torch} was promised"
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
