"""What Podman's cache can't be trusted with, so that an image is built whole or not at all.

Our Dockerfiles mount what one stage made into another. Podman takes such a step from its cache
although the mounted stage has changed, and its version 4.3 mounts a stage that came from the cache
without what was made in it (tried, 2026-11):
https://github.com/podman-container-tools/buildah/issues/6609 (open when read, 2026-11)
https://github.com/podman-container-tools/buildah/issues/4375
So no step comes from there, and an image whose label tells that it was made of the same files and
arguments is not built again.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from images.engine.engine import Engine

LABEL = "alternator.inputs"
# What the Dockerfiles copy or mount, from the checkout's root, beside an image's own folders.
SHARED = ("pyproject.toml", "README.md", "LICENSE", "images/scripts", "images/wheelhouse/locks")
CODE = ("alternator", "probe")
OTHER_CODE = {"sandbox": ("sandbox",), "postgres": ()}
LOCKS = ("images/cpu", "images/cuda", "images/rocm")
NO_INPUT = ("sizes.json", ".pyc", "libkernels.so")
# Arguments that tell of a build and change nothing in it.
ABOUT = frozenset({"REVISION", "CREATED", "SOURCE", "SOURCE_DATE_EPOCH"})


def inputs(checkout: Path, name: str, arguments: Mapping[str, str]) -> str:
    """A digest of all that an image is made of: files by their content, wheels by their name.

    A wheel in the wheelhouse is what its lock's hash says.
    """
    known = hashlib.sha256()
    for key, value in sorted(arguments.items()):
        if key not in ABOUT:
            known.update(f"{key}={value}\n".encode())
    for path in _files(checkout, name):
        known.update(f"{path.relative_to(checkout)} {path.stat().st_mode & 0o111}\n".encode())
        if path.suffix not in (".whl", ".gz"):
            known.update(path.read_bytes())
    return known.hexdigest()


def is_current(engine: Engine, tag: str, made_of: str) -> bool:
    """Whether the image of that tag was made of these inputs."""
    found = engine.find(tag)
    return found is not None and found.labels.get(LABEL) == made_of


def options(made_of: str, epoch: int) -> list[str]:
    """What Podman's build is told beside what BuildKit's is.

    It settles the times by itself.
    https://docs.podman.io/en/latest/markdown/podman-build.1.html
    """
    return ["--no-cache", "--label", f"{LABEL}={made_of}", "--timestamp", str(epoch)]


def _files(checkout: Path, name: str) -> Iterator[Path]:
    own = (f"images/{name}", f"images/wheelhouse/{name}")
    code: tuple[str, ...] = OTHER_CODE.get(name, CODE)
    for folder in (*SHARED, *own, *code, *(LOCKS if name == "universal" else ())):
        path = checkout / folder
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not file.name.endswith(NO_INPUT):
                yield file
