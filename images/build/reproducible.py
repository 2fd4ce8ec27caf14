"""Gives an image the same digest whenever it is built from the same files.

The layers are the same already (images/scripts/layers). What is left is the configuration, in which
an older BuildKit notes the hour of the build: there every time is put back to that of the commit.
The engine takes a configuration by itself, without layers, because it has them.
"""

import io
import json
import re
import tarfile
from collections.abc import Sequence
from typing import NotRequired, TypedDict

from docker.errors import DockerException

from images.build.provenance import timestamp
from images.engine.answers import HistoryStep, ImageFacts
from images.engine.engine import Engine
from images.errors import BuildError

# Instructions that change no file; an image's history says of each step whether it has a layer, the
# engine's answer does not.
EMPTY = re.compile(
    r"(/bin/sh -c #\(nop\) +)?(ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|"
    r"MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b"
)
# What the engine adds to its answer about a configuration and keeps in no image.
ANSWERED_ONLY = ("Image", "Hostname", "Domainname")


class HistoryEntry(TypedDict):
    """One step in an image's configuration."""

    created: str
    created_by: str
    comment: NotRequired[str]
    empty_layer: NotRequired[bool]


class RootFs(TypedDict):
    """The layers of an image, the base first."""

    type: str
    diff_ids: list[str]


class Configuration(TypedDict):
    """An image's configuration: https://github.com/opencontainers/image-spec/blob/main/config.md"""

    architecture: str
    os: str
    created: str
    config: dict[str, object]
    history: list[HistoryEntry]
    rootfs: RootFs


def reset_times(engine: Engine, tag: str, epoch: int, architecture: str | None = None) -> str:
    """Put every time in the configuration of ``tag`` to ``epoch``; returns the image's id.

    ``epoch`` is in seconds since 1970. ``architecture`` is what to say of it, where the engine does
    not know. Where BuildKit settled the times itself, there is nothing to do. BuildError if the
    engine refuses.
    """
    image = engine.inspect(tag)
    moment = timestamp(epoch)
    architecture = architecture or image.architecture
    timeless = image.created.startswith(moment.rstrip("Z"))
    if timeless and architecture == image.architecture:
        return image.image_id
    config = configuration(image, engine.history(tag), moment, architecture)
    content = archive(canonical(config), tag, len(image.layers))
    try:
        engine.client.images.load(content)
    except DockerException as error:
        raise BuildError(f"the engine does not take the configuration of {tag}: {error}") from error
    return engine.inspect(tag).image_id


def configuration(
    image: ImageFacts, steps: Sequence[HistoryStep], moment: str, architecture: str
) -> Configuration:
    """An image's configuration as if every step (newest first) had been done at ``moment``."""
    history = [_entry(step, moment) for step in reversed(steps)]
    with_layer = sum("empty_layer" not in entry for entry in history)
    if with_layer != len(image.layers):
        raise BuildError(
            f"the history of {image.tags[0]} tells of {with_layer} layers and it has "
            f"{len(image.layers)}: images/build/reproducible.py does not know one of its "
            f"instructions"
        )
    return {
        "architecture": architecture,
        "os": image.os,
        "created": moment,
        "config": {
            key: value
            for key, value in image.config.items()
            if value not in (None, "", False) and key not in ANSWERED_ONLY
        },
        "history": history,
        "rootfs": {"type": "layers", "diff_ids": list(image.layers)},
    }


def _entry(step: HistoryStep, moment: str) -> HistoryEntry:
    entry: HistoryEntry = {"created": moment, "created_by": step.created_by}
    if step.comment:
        entry["comment"] = step.comment
    if EMPTY.match(step.created_by):
        entry["empty_layer"] = True
    return entry


def canonical(config: Configuration) -> bytes:
    """The configuration as the bytes that its digest is taken of."""
    return json.dumps(config, sort_keys=True, separators=(",", ":")).encode()


def archive(config: bytes, tag: str, layers: int) -> bytes:
    """An image archive that holds a configuration and no layer, for an engine that has them.

    https://github.com/moby/moby/blob/master/image/spec/v1.2.md
    """
    manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": ["absent.tar"] * layers}]
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for name, content in (
            ("config.json", config),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return output.getvalue()
