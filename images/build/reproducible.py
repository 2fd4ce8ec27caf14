"""Gives an image the same digest whenever it is built from the same files.

The layers are the same already (images/scripts/layers). What is left is the configuration, in which
an older BuildKit notes the hour of the build: there every time is put back to that of the commit.
The engine takes a configuration by itself, without layers, because it has them.
"""

import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import docker
from docker.errors import DockerException

from images.errors import BuildError

# Instructions that change no file; an image's history says of each step whether it has a layer, the
# engine's answer does not.
EMPTY = re.compile(
    r"(/bin/sh -c #\(nop\) +)?(ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|"
    r"MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b"
)


def timestamp(epoch: int) -> str:
    """Seconds since 1970 as the time format of image configurations."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def settle(
    client: docker.DockerClient, tag: str, epoch: int, architecture: str | None = None
) -> str:
    """Put every time in the configuration of ``tag`` to ``epoch``; returns the image's id.

    ``architecture`` is what to say of it, where the engine does not know. Where BuildKit settled
    the times itself, there is nothing to do. BuildError if the engine refuses.
    """
    image = client.images.get(tag)
    moment = timestamp(epoch)
    architecture = architecture or str(image.attrs["Architecture"])
    timeless = str(image.attrs["Created"]).startswith(moment.rstrip("Z"))
    if timeless and architecture == image.attrs["Architecture"]:
        return str(image.id)
    facts = {**image.attrs, "Architecture": architecture}
    config = configuration(facts, image.history(), moment)
    try:
        client.images.load(archive(canonical(config), tag, len(config["rootfs"]["diff_ids"])))
        return str(client.images.get(tag).id)
    except DockerException as error:
        raise BuildError(f"the engine does not take the configuration of {tag}: {error}") from error


def configuration(
    facts: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], moment: str
) -> dict[str, Any]:
    """An image's configuration as if every step had been done at ``moment``.

    ``facts`` and ``steps`` (newest first) are the engine's answers about the image and its history.
    """
    history = []
    for step in reversed(steps):
        entry: dict[str, Any] = {"created": moment, "created_by": step["CreatedBy"]}
        if step["Comment"]:
            entry["comment"] = step["Comment"]
        if EMPTY.match(step["CreatedBy"]):
            entry["empty_layer"] = True
        history.append(entry)
    layers = facts["RootFS"]["Layers"]
    with_layer = sum("empty_layer" not in entry for entry in history)
    if with_layer != len(layers):
        raise BuildError(
            f"the history of {facts['RepoTags'][0]} tells of {with_layer} layers and it has "
            f"{len(layers)}: images/build/reproducible.py does not know one of its instructions"
        )
    config = {
        key: value for key, value in facts["Config"].items() if value not in (None, "", False)
    }
    # What the engine adds to its answer and keeps in no image.
    for name in ("Image", "Hostname", "Domainname"):
        config.pop(name, None)
    return {
        "architecture": facts["Architecture"],
        "os": facts["Os"],
        "created": moment,
        "config": config,
        "history": history,
        "rootfs": {"type": "layers", "diff_ids": layers},
    }


def canonical(config: Mapping[str, Any]) -> bytes:
    """The configuration as the bytes that its digest is taken of."""
    return json.dumps(config, sort_keys=True, separators=(",", ":")).encode()


def archive(config: bytes, tag: str, layers: int) -> bytes:
    """An image archive that holds a configuration and no layer."""
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
