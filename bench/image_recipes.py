"""The two ways to an image that bench/images.py compares, in a copy of the checkout."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cold_start import TRANSCRIBE
from images.build.site_settings import read_site
from images.catalog import CHECKOUT, image_tag, load_catalog
from images.engine.engine import Engine
from images.packages.wheelhouse import POOL
from images.project import project

# What a build doesn't read, or what it must not find made already.
LEFT_OUT = (
    *(".git", ".venv", ".cache", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info"),
    *("tests", "docs", "alternator.toml", "*.whl", "*.tar.gz"),
)
CHANGED = Path("alternator", "bot", "run.py")
# A person's command, and the same without a step from the cache. They run in the copy, whose
# folder comes first on Python's path.
BUILD = "import sys; from images.cli import main; sys.exit(main(['build', sys.argv[1]]))"
BUILD_COLD = """
import os, sys
from images.build import render
from images.build.build import BuildRequest, build
from images.build.builder import builder_here
from images.console import Console
from images.engine.engine import Engine
with Engine(os.environ) as engine:
    builder = builder_here(engine, Console(), may_install=False)
    render.write()
    build(BuildRequest(image=builder.catalog.variant(sys.argv[1]), fresh=True), builder)
"""
# The plain image loads the checkpoint and begins with a clip.
LOAD = """
import whisper
model = whisper.load_model("/media/model.pt", device="cpu")
whisper.transcribe(model, "/media/clip.mp3", fp16=False, verbose=True)
"""
LAST_WORDS = 30  # lines of a failed build


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A way to the image ``tag``: ``build(fresh)`` runs it and returns its seconds.

    ``ready`` is the command in the image that loads the checkpoint and says cold_start.READY.
    """

    tag: str
    build: Callable[[bool], float]
    ready: tuple[str, ...] = TRANSCRIBE


def our_recipe(tree: Path, variant: str, *, use_pool: bool) -> Recipe:
    """`alternator images build` in ``tree``, with the checkout's downloads only if ``use_pool``."""
    version = f"0.dev{os.getpid()}"
    settings = tree / "pyproject.toml"
    text, pattern = settings.read_text("utf-8"), re.compile(r'^version = ".*"$', re.MULTILINE)
    settings.write_text(pattern.sub(f'version = "{version}"', text, count=1), "utf-8")
    (tree / ".cache").mkdir()
    if use_pool:
        (tree / ".cache" / POOL.name).symlink_to(POOL)
    else:
        macros = tree / "templates" / "macros.j2"
        macros.write_text(with_own_cache_mounts(macros.read_text("utf-8"), version), "utf-8")
    tag = image_tag(load_catalog().variant(variant)).replace(project().version, version)

    def build(fresh: bool) -> float:
        command = [sys.executable, "-c", BUILD_COLD if fresh else BUILD, variant]
        return run(command, tree, {**os.environ, "PIP_NO_CACHE_DIR": "1"})

    return Recipe(tag=tag, build=build)


def plain_recipe(tree: Path, variant: str, reference: str, engine: Engine) -> Recipe:
    """`docker build` of bench/plain.Dockerfile, after our recipe has filled the wheelhouse."""
    tag = f"alternator-bench-plain:{os.getpid()}"
    command = [str(engine.build_client), "build", "--tag", tag, "--file", "bench/plain.Dockerfile"]
    command += ["--build-arg", f"BASE={reference}", "--build-arg", f"VARIANT={variant}"]
    command += read_site(engine.environ).build_options()
    environment = engine.build_environ()
    return Recipe(
        tag=tag,
        ready=("python", "-u", "-c", LOAD),
        build=lambda fresh: run(
            [*command, *(["--no-cache"] if fresh else []), "."], tree, environment
        ),
    )


def with_own_cache_mounts(text: str, name: str) -> str:
    """A template whose cache mounts are shared with no other build, so that they start empty."""
    text, found = re.subn(r"--mount=type=cache,(?!\{)", rf"\g<0>id={name}-pip,", text)
    text, named = re.subn(
        r"--mount=type=cache,\{% if cache %\}id=(\{\{ cache \}\}),\{% endif %\}",
        rf"--mount=type=cache,id={name}-apt-\1,",
        text,
    )
    if not (found and named):
        raise SystemExit("templates/macros.j2 has other cache mounts than this benchmark knows")
    return text


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """The seconds that a command takes; its last words and the end where it fails."""
    started = time.monotonic()
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise SystemExit("\n".join(["a build failed:", *result.stdout.splitlines()[-LAST_WORDS:]]))
    return time.monotonic() - started


@contextmanager
def copy_of_checkout() -> Iterator[Path]:
    """A copy of the checkout on its own file system, where the wheelhouse can link to its files."""
    (CHECKOUT / ".cache").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=CHECKOUT / ".cache"))
    try:
        tree = folder / "tree"
        shutil.copytree(CHECKOUT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
        yield tree
    finally:
        shutil.rmtree(folder)


@contextmanager
def own_build_cache(engine: Engine) -> Iterator[None]:
    """Removes at the end what the engine's build cache has got meanwhile."""
    before = cache_records(engine)
    try:
        yield
    finally:
        left = cache_records(engine) - before
        while left:
            for record in left:
                # The stub knows two of the engine's filters.
                filters: Any = {"id": record}
                engine.client.api.prune_builds(filters=filters, all=True)
            still, left = left, (cache_records(engine) - before) & left
            if still == left:  # in use by a build that runs beside this
                break


def cache_records(engine: Engine) -> set[str]:
    """The names of what is in the engine's build cache."""
    return {str(record["ID"]) for record in engine.client.df()["BuildCache"] or ()}
