"""Where two images differ: the first file of the first layer that is not the same."""

import hashlib
import json
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from images.build.build import BuildRequest, build
from images.build.builder import Builder
from images.catalog import AnyImage
from images.engine.engine import Engine


def first_difference(engine: Engine, first: str, second: str) -> str | None:
    """The first differing layer and file of two images, in words; None if they are one image."""
    if engine.inspect(first).image_id == engine.inspect(second).image_id:
        return None
    with tempfile.TemporaryDirectory() as folder:
        archives = [
            save(engine, tag, Path(folder, str(n))) for n, tag in enumerate((first, second))
        ]
        layers = [layer_names(archive) for archive in archives]
        for number, (one, other) in enumerate(zip(*layers, strict=False)):
            listing = [
                contents(path, name) for path, name in zip(archives, (one, other), strict=True)
            ]
            for name in sorted({*listing[0], *listing[1]}):
                facts = [entries.get(name, "absent") for entries in listing]
                if facts[0] != facts[1]:
                    return f"layer {number}, /{name}: {facts[0]} and {facts[1]}"
    return "the configuration alone"


def save(engine: Engine, tag: str, path: Path) -> Path:
    """Write an image's archive to ``path``."""
    with path.open("wb") as file:
        for chunk in engine.client.images.get(tag).save():
            file.write(chunk)
    return path


def layer_names(archive: Path) -> list[str]:
    """The layers of an archive, the base first."""
    with tarfile.open(archive) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        names: list[str] = json.load(manifest)[0]["Layers"]
        return names


def contents(archive: Path, layer: str) -> dict[str, str]:
    """What a layer says of each of its entries: kind, mode, owner, time, size, digest."""
    found = {}
    with tarfile.open(archive) as outer:
        inner = outer.extractfile(layer)
        assert inner is not None
        with tarfile.open(fileobj=inner) as tar:
            for entry in tar:
                file = tar.extractfile(entry) if entry.isfile() else None
                found[entry.name] = (
                    f"type {entry.type!r} mode {entry.mode:o} owner {entry.uid}:{entry.gid} "
                    f"time {entry.mtime:.0f} size {entry.size} {entry.linkname} "
                    f"{digest(file) if file else ''}"
                )
    return found


def digest(file: IO[bytes]) -> str:
    """The SHA-256 of what a file holds, in hex."""
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # typeshed asks for more than is read


def build_twice(builder: Builder, image: AnyImage) -> str | None:
    """Build an image again without cache; the first difference, None where there is none.

    Prints both digests. The image that was there first stays.
    """
    engine = builder.engine
    first = build(BuildRequest(image=image), builder)
    fresh = build(BuildRequest(image=image, tag="alternator-test-same:fresh", fresh=True), builder)
    print(f"\n{first.tag} {first.image_id}\nbuilt again without cache {fresh.image_id}")
    try:
        return first_difference(engine, first.tag, fresh.tag)
    finally:
        engine.client.images.remove(fresh.tag, force=True)
