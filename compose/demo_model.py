"""Which Whisper the demo hears with: OpenAI's where it is here or is soon had, else the small one.

In order:
1. what ``ALTERNATOR_DEMO_MODEL`` names: one of OpenAI's, or ``fixture`` for the small one that
   comes along;
2. one of ``WANTED`` in the stack's volume of models, or in a folder of this machine that is known
   to hold some, which is mounted then;
3. the first of them, downloaded into that volume. A closed network is found out in seconds, and a
   slow one is not waited for: what came is kept for the next time;
4. the small checkpoint.

``alternator models pull`` decides, in a container of the stack: it knows the files' hashes, and has
the volume, the proxies and the certificates of the bot.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from compose.errors import ComposeError
from compose.stack import Project, Stack
from images.console import Console

WANTED = ("base", "tiny")
ASKED_VARIABLE = "ALTERNATOR_DEMO_MODEL"
FIXTURE = "fixture"
MODEL_VARIABLE = "ALTERNATOR_DEMO_WHISPER"  # as demo.yaml takes it
CACHE_VARIABLE, CACHE_OVERLAY = "ALTERNATOR_DEMO_CACHE", "demo-cache"
CACHE_INSIDE = "/opt/alternator/demo-cache/"
# Seconds until something must have come, and until all of it must be here (145 MB).
PATIENCE_S, WITHIN_S = 5, 180
SPEAKER = "alternator models: "
PULLED = re.compile(r"^([\w.-]+): (/\S+)$", re.MULTILINE)


def with_model(project: Project, stack: Stack, console: Console) -> Stack:
    """The demo's stack with the model that it can have; says which one that is."""
    environ = project.engine.environ
    asked = environ.get(ASKED_VARIABLE)
    if asked == FIXTURE:
        console.say(f"Whisper: the demo's small checkpoint, as {ASKED_VARIABLE} says.")
        return stack
    folder = cache_here(environ)
    if folder is not None:
        stack = replace(
            stack,
            overlays=(*stack.overlays, CACHE_OVERLAY),
            variables={**stack.variables, CACHE_VARIABLE: str(folder)},
        )
    try:
        with console.status() as status:
            status.update("looking for one of OpenAI's Whisper models")
            said = project.compose(stack, *pull((asked,) if asked else WANTED))
    except ComposeError as error:
        if asked:
            raise ComposeError(f"{ASKED_VARIABLE}={asked}: {reason(str(error))}") from error
        console.say(
            f"Whisper: the demo's small checkpoint, which knows the sample posts' phrases alone, "
            f"since none of OpenAI's can be had: {reason(str(error))}"
        )
        return stack
    pulled = PULLED.findall(said)
    if not pulled:
        console.say("Whisper: the demo's small checkpoint; nothing was said of OpenAI's.")
        return stack
    name, path = pulled[-1]
    where = f"found in {folder}" if path.startswith(CACHE_INSIDE) else "kept in the stack's volume"
    console.say(f"Whisper: OpenAI's model {name}, {where}.")
    return replace(stack, variables={**stack.variables, MODEL_VARIABLE: name})


def pull(names: tuple[str, ...]) -> tuple[str, ...]:
    """The words for Compose: in a container of the bot's, and nothing else of the stack."""
    run = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "alternator", "bot")
    limits = ("--patience", str(PATIENCE_S), "--within", str(WITHIN_S))
    return (*run, "models", "pull", "--any", *limits, *names)


def cache_here(environ: Mapping[str, str]) -> Path | None:
    """The folder of this machine that holds one of the models: where the bot or openai-whisper
    would have put it. None if there is none."""
    home = Path(environ.get("HOME") or "/nonexistent")
    cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "whisper"
    named = environ.get("ALTERNATOR_WHISPER_MODEL_DIR")
    own = Path(named).expanduser() if named else home / ".alternator" / "models"
    for name in WANTED:
        for folder in (own, cache):
            if (folder / f"{name}.pt").is_file():
                return folder.resolve()
    return None


def reason(words: str) -> str:
    """Why there is none, out of what Compose and the command said (version 1 of Compose adds the
    exit code): the command's own last line, without its name."""
    lines = [line for line in words.splitlines() if line.strip()] or ["nothing was said"]
    own = [line.removeprefix(SPEAKER) for line in lines if line.startswith(SPEAKER)]
    last = own[-1] if own else lines[-1]
    found = re.search(r"can't be downloaded from (\S+) \((.*?)\)", last)
    return f"{found[1]} does not give it ({found[2]})" if found else last
