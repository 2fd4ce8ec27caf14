"""How long an image takes to build and what it weighs, beside the plain recipe.

    python -m bench.images [--variant cpu] [--runs N] [--skip-cold] [--skip-plain]

Ours is the command that people type (`alternator images build`), its own start included; the plain
recipe (bench/plain.Dockerfile) is one `docker build` from the same base with the same torch wheel.
A cold build has no layer and no download of an earlier one, but the base. A code-only build follows
a change of one line of the bot. All of it happens in a copy of the checkout with names of its own;
at the end its images are removed, and what the engine's build cache got since a cold start.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker

from images.build import base, reproducible, site_settings
from images.catalog import CHECKOUT, load_catalog
from images.console import say
from images.engine.engine import BUILDKIT, build_client, connect
from images.packages.wheelhouse import POOL

# What a build doesn't read, or what it must not find made already.
LEFT_OUT = (
    *(".git", ".venv", ".cache", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info"),
    *("tests", "docs", "alternator.toml", "*.whl", "*.tar.gz"),
)
CHANGED = Path("alternator", "run.py")
# A person's command, and the same without a step from the cache. They run in the copy, whose
# folder comes first on Python's path.
BUILD = "import sys; from images.cli import main; sys.exit(main(['build', sys.argv[1]]))"
BUILD_COLD = """
import sys
from images import build, catalog, render
render.write()
build.build_variant(catalog.load_catalog(), catalog.load_catalog().variant(sys.argv[1]), fresh=True)
"""
LAST_WORDS = 30  # lines of a failed build


@dataclass(kw_only=True)
class Measured:
    """What the builds of one recipe took, in seconds, and what came of them, in bytes."""

    cold: list[float] = field(default_factory=list)
    code_only: list[float] = field(default_factory=list)
    unchanged: list[float] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    size: int = 0


def main() -> int:
    """Build, print the table, clean up."""
    parser = argparse.ArgumentParser(prog="python -m bench.images", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--variant", default="cpu", choices=list(load_catalog().variants))
    parser.add_argument("--runs", type=int, default=5, help="of each rebuild (5); cold runs once")
    parser.add_argument("--skip-cold", action="store_true", help="start from what is in the cache")
    parser.add_argument("--skip-plain", action="store_true", help="measure ours alone")
    options = parser.parse_args()
    client = connect(timeout_s=600)
    reference = base.resolve(load_catalog().base)
    cache = nullcontext() if options.skip_cold else own_build_cache(client)
    with cache, copy_of_checkout() as tree:
        ours = our_recipe(tree, options.variant, use_pool=options.skip_cold)
        recipes = {"ours": ours}
        if not options.skip_plain:
            recipes["plain"] = plain_recipe(tree, options.variant, reference)
        try:
            results = measure(client, tree, recipes, options.runs, cold=not options.skip_cold)
        finally:
            for recipe in recipes.values():
                if client.images.list(recipe.tag):
                    client.images.remove(recipe.tag, force=True)
        [wheel] = (tree / "images" / "wheelhouse" / options.variant).glob("torch-*.whl")
    say(f"\n{options.variant}, {wheel.name.split('-cp')[0]}, base {reference}")
    say(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end")
    for line in table(results):
        say(line)
    if not options.skip_cold:
        say("Cold: nothing downloaded before, but the base; plain was handed ours' torch wheel.")
    return 0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A way to the image ``tag``: ``build(fresh)`` runs it and returns its seconds."""

    tag: str
    build: Callable[[bool], float]


def our_recipe(tree: Path, variant: str, *, use_pool: bool) -> Recipe:
    """`alternator images build` in ``tree``, with the checkout's downloads only if ``use_pool``."""
    version = f"0.dev{os.getpid()}"
    project = tree / "pyproject.toml"
    text, pattern = project.read_text("utf-8"), re.compile(r'^version = ".*"$', re.MULTILINE)
    project.write_text(pattern.sub(f'version = "{version}"', text, count=1), "utf-8")
    (tree / ".cache").mkdir()
    if use_pool:
        (tree / ".cache" / POOL.name).symlink_to(POOL)
    else:
        macros = tree / "templates" / "macros.j2"
        macros.write_text(with_own_cache_mounts(macros.read_text("utf-8"), version), "utf-8")
    wheel = load_catalog().variant(variant).wheel
    suffix = variant if wheel == variant else f"{variant}-{wheel}"

    def build(fresh: bool) -> float:
        command = [sys.executable, "-c", BUILD_COLD if fresh else BUILD, variant]
        return run(command, tree, {**os.environ, "PIP_NO_CACHE_DIR": "1"})

    return Recipe(tag=f"alternator:{version}-{suffix}", build=build)


def plain_recipe(tree: Path, variant: str, reference: str) -> Recipe:
    """`docker build` of bench/plain.Dockerfile, after our recipe has filled the wheelhouse."""
    tag = f"alternator-bench-plain:{os.getpid()}"
    command = [str(build_client()), "build", "--tag", tag, "--file", "bench/plain.Dockerfile"]
    command += ["--build-arg", f"BASE={reference}", "--build-arg", f"VARIANT={variant}"]
    command += site_settings.arguments()
    environment = {**os.environ, **BUILDKIT}
    return Recipe(
        tag=tag,
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


def measure(
    client: docker.DockerClient,
    tree: Path,
    recipes: Mapping[str, Recipe],
    runs: int,
    *,
    cold: bool,
) -> dict[str, Measured]:
    """Build each recipe once, then by turns after a change and without one."""
    results = {name: Measured() for name in recipes}
    for name, recipe in recipes.items():
        kind = "cold build" if cold else "what the cache lacks, not counted"
        say(f"{name}: {kind}, load {os.getloadavg()[0]:.1f} ...")
        seconds = recipe.build(cold)
        if cold:
            say(f"{name}: {seconds:.0f} s")
            results[name].cold.append(seconds)
        recipe.build(False)  # in a new folder the engine takes in all of the context once
    module = tree / CHANGED
    original = module.read_text("utf-8")
    for number in range(runs):
        say(f"rebuilds, run {number + 1} of {runs}, load {os.getloadavg()[0]:.1f} ...")
        # Another line each time, and another one than any earlier benchmark's.
        module.write_text(f"{original}BENCH = {time.time_ns()}\n", "utf-8")
        for name, recipe in recipes.items():
            before = client.images.get(recipe.tag).attrs["RootFS"]["Layers"]
            results[name].code_only.append(recipe.build(False))
            image = client.images.get(recipe.tag)
            layers = image.attrs["RootFS"]["Layers"]
            results[name].added.append(added_bytes(before, layers, layer_sizes(image.history())))
            results[name].unchanged.append(recipe.build(False))
    for name, recipe in recipes.items():
        results[name].size = int(client.images.get(recipe.tag).attrs["Size"])
    return results


def layer_sizes(history: Sequence[Mapping[str, Any]]) -> list[int]:
    """The bytes of each layer, oldest first, from the engine's history of an image."""
    return [
        int(step["Size"])
        for step in reversed(history)
        if not reproducible.EMPTY.match(step["CreatedBy"])
    ]


def added_bytes(before: Sequence[str], after: Sequence[str], sizes: Sequence[int]) -> int:
    """The bytes of the layers of ``after`` (of these ``sizes``) that ``before`` has not."""
    return sum(
        size for layer, size in zip(after, sizes, strict=True) if layer not in frozenset(before)
    )


def table(results: Mapping[str, Measured]) -> list[str]:
    """Ours, the plain recipe if it was measured, and the ratio of the medians."""
    ours, plain = results["ours"], results.get("plain")
    rows: list[tuple[str, Callable[[Measured], list[float]]]] = [
        ("cold build, s", lambda found: found.cold),
        ("code-only rebuild, s", lambda found: found.code_only),
        ("nothing changed, s", lambda found: found.unchanged),
        ("image, MB", lambda found: [found.size / 1e6]),
        ("added by a code-only rebuild, MB", lambda found: [size / 1e6 for size in found.added]),
    ]
    lines = [f"{'least / median':<34}{'ours':>18}"]
    lines[0] += f"{'plain':>18}{'ours / plain':>14}" if plain else ""
    for title, values in rows:
        mine = values(ours)
        if not mine:
            continue
        line = f"{title:<34}{cell(mine):>18}"
        if plain:
            theirs = values(plain)
            line += f"{cell(theirs):>18}{ratio(mine, theirs):>14}"
        lines.append(line)
    return lines


def cell(values: Sequence[float]) -> str:
    """One value, or the least and the median of several."""
    digits = 0 if min(values) >= 100 else 1 if min(values) >= 10 else 2
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{min(values):.{digits}f} / {statistics.median(values):.{digits}f}"


def ratio(ours: Sequence[float], plain: Sequence[float]) -> str:
    """The medians' ratio; a dash where the plain one is nothing."""
    below = statistics.median(plain)
    return f"{statistics.median(ours) / below:.2f}" if below else "-"


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
def own_build_cache(client: docker.DockerClient) -> Iterator[None]:
    """Removes at the end what the engine's build cache has got meanwhile."""
    before = cache_records(client)
    try:
        yield
    finally:
        left = cache_records(client) - before
        while left:
            for record in left:
                # The stub knows two of the engine's filters.
                filters: Any = {"id": record}
                client.api.prune_builds(filters=filters, all=True)
            still, left = left, (cache_records(client) - before) & left
            if still == left:  # in use by a build that runs beside this
                break


def cache_records(client: docker.DockerClient) -> set[str]:
    """The names of what is in the engine's build cache."""
    return {str(record["ID"]) for record in client.df()["BuildCache"] or ()}


if __name__ == "__main__":
    sys.exit(main())
