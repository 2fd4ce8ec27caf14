"""Runs one build through the engine's command-line client, with its progress told on a console.

That is BuildKit's or, where Podman answers, Podman's, which takes the same Dockerfiles.
"""

import os
import select
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from images.build import podman
from images.build.builder import Builder
from images.build.progress import BuildProgress
from images.build.progress_podman import PodmanProgress
from images.catalog import CHECKOUT
from images.ending import child
from images.errors import BuildError

Progress = BuildProgress | PodmanProgress
LOGS = CHECKOUT / ".cache" / "logs"
TICK_S = 0.5  # how often the running step is redrawn while BuildKit is silent


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One build as the client is told: a Dockerfile of ``images/<name>`` and its arguments.

    ``epoch`` is the image's time in seconds since 1970, for a client that settles it by itself.
    """

    name: str
    tag: str
    platform: str
    arguments: Mapping[str, str]
    fresh: bool = False  # no step from cache
    epoch: int = 0

    def options(self) -> list[str]:
        """The client's options, but for what a site adds.

        https://docs.docker.com/reference/cli/docker/buildx/build/
        """
        options = ["--tag", self.tag, "--file", f"images/{self.name}/Dockerfile"]
        options += ["--platform", self.platform]
        for key, value in self.arguments.items():
            options += ["--build-arg", f"{key}={value}"]
        return options + (["--no-cache"] if self.fresh else [])


def run_build(builder: Builder, recipe: Recipe, logs: Path = LOGS) -> int:
    """Build and tag; returns how many steps came from cache. BuildError with the failing step.

    BuildKit's whole output goes to a file in ``logs``.
    """
    engine = builder.engine
    command = [*engine.build_command, *recipe.options()]
    if engine.podman:
        made_of = podman.inputs(CHECKOUT, recipe.name, recipe.arguments)
        if not recipe.fresh and podman.is_current(engine, recipe.tag, made_of):
            builder.console.say("  nothing that it is made of has changed")
            return 0
        command += podman.options(made_of, recipe.epoch)
    command += [*builder.site.build_options(), str(CHECKOUT)]
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"build-{recipe.name}.log"
    with builder.console.status() as status:
        progress = PodmanProgress(status) if engine.podman else BuildProgress(status)
        exit_code = _follow(command, engine.build_environ(), progress, log)
    if exit_code != 0:
        words = "\n".join(f"    {line}" for line in progress.failure or ["nothing was printed"])
        raise BuildError(f"{recipe.tag} did not build; the failing step:\n{words}\nAll: {log}")
    return progress.cached


def _follow(command: list[str], environ: Mapping[str, str], progress: Progress, log: Path) -> int:
    """Run the build, feeding its output to ``progress`` and ``log``; returns the exit code."""
    with (
        log.open("wb") as record,
        child(
            subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        ) as process,
    ):
        assert process.stdout is not None  # PIPE was asked for
        source = process.stdout.fileno()
        rest = b""
        while True:
            if not select.select([source], [], [], TICK_S)[0]:
                progress.tick()
                continue
            chunk = os.read(source, 65536)
            record.write(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                progress.feed(line.decode("utf-8", "replace"))
            if not chunk:
                return process.wait()
