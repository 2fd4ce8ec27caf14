"""Asks an image a question: runs a script of ours with the image's own Python."""

import json
from pathlib import Path

from images.engine.container import Container
from images.engine.engine import Engine
from images.errors import EngineError

LONGEST_S = 120


def ask(engine: Engine, tag: str, script: Path) -> object:
    """The JSON that ``script`` prints inside; EngineError if the image is not here or can't answer.

    It is run beside an idle process: what a container's log has is not always whole at its end.
    """
    with Container(
        engine,
        tag,
        [str(LONGEST_S)],
        entrypoint="sleep",
        user="0:0",
        network_mode="none",
        healthcheck={"test": ["NONE"]},
    ) as container:
        answer = container.ask(["python", "-c", script.read_text("utf-8")])
    if answer.status != 0 or not answer.output:
        words = (answer.messages or "it said nothing").strip().splitlines()
        raise EngineError(f"{tag} can't be looked into: {words[-1]}")
    try:
        found: object = json.loads(answer.output)
    except (ValueError, RecursionError) as error:
        raise EngineError(f"{tag} can't be looked into: it printed no JSON ({error})") from error
    return found
