"""Asks an image a question: runs a script of ours with the image's own Python."""

import json
from pathlib import Path
from typing import Any, cast

import docker
from docker.errors import DockerException, ImageNotFound

from images.errors import EngineError

LONGEST_S = 120


def ask(client: docker.DockerClient, tag: str, script: Path) -> Any:
    """The JSON that ``script`` prints inside; EngineError if the image is not here or can't answer.

    It is run beside an idle process: what a container's log has is not always whole at its end.
    """
    try:
        container = client.containers.run(
            tag,
            [str(LONGEST_S)],
            entrypoint="sleep",
            user="0:0",
            network_mode="none",
            healthcheck={"test": ["NONE"]},
            detach=True,
        )
    except ImageNotFound as error:
        raise EngineError(
            f"there is no image {tag} here; `alternator images list` shows those that are"
        ) from error
    except DockerException as error:
        raise EngineError(f"{tag} can't be looked into: {error}") from error
    try:
        command = ["python", "-c", script.read_text("utf-8")]
        answer = container.exec_run(command, demux=True)
    finally:
        container.remove(force=True, v=True)
    output, messages = cast(tuple[bytes | None, bytes | None], answer.output)
    if answer.exit_code != 0 or output is None:
        words = (messages or b"it said nothing").decode("utf-8", "replace").strip().splitlines()
        raise EngineError(f"{tag} can't be looked into: {words[-1]}")
    return json.loads(output)
