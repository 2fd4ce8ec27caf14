"""What images weigh, how long they take to build and to start, beside the plain recipe.

    python -m bench.images [--variant cpu] [--runs N] [--skip-cold] [--skip-plain]

First the images of ours that are here are held against their budgets; then one is built.

Ours is the command that people type (`alternator images build`), its own start included; the plain
recipe (bench/plain.Dockerfile) is one `docker build` from the same base with the same torch wheel.
A cold build has no layer and no download of an earlier one, but the base. A code-only build follows
a change of one line of the bot. Both images are started as bench/cold_start.py says. All of it
happens in a copy of the checkout with names of its own; at the end its images are removed, and what
the engine's build cache got since a cold start.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from docker.errors import DockerException

from bench import cold_start
from bench.image_recipes import (
    CHANGED,
    Recipe,
    copy_of_checkout,
    our_recipe,
    own_build_cache,
    plain_recipe,
)
from bench.sizes import budget_lines
from images.build import base
from images.build.builder import builder_here
from images.build.reproducible import EMPTY
from images.catalog import load_catalog
from images.console import Console
from images.engine.answers import HistoryStep
from images.engine.engine import Engine

NOT_STARTED = cold_start.Took(cold=(), warm=())
SLOW_S = 600  # an engine that builds answers late


@dataclass(kw_only=True)
class Measured:
    """What the builds of one recipe took, in seconds, and what came of them, in bytes."""

    cold: list[float] = field(default_factory=list)
    code_only: list[float] = field(default_factory=list)
    unchanged: list[float] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    size: int = 0
    start: cold_start.Took = NOT_STARTED


def main() -> int:
    """Build, print the table, clean up."""
    parser = argparse.ArgumentParser(prog="python -m bench.images", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--variant", default="cpu", choices=list(load_catalog().variants))
    parser.add_argument("--runs", type=int, default=5, help="of each rebuild (5); cold runs once")
    parser.add_argument("--skip-cold", action="store_true", help="start from what is in the cache")
    parser.add_argument("--skip-plain", action="store_true", help="measure ours alone")
    options = parser.parse_args()
    with Engine(os.environ) as engine, engine.patience(SLOW_S):
        return compare(options, engine, Console())


def compare(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    """Hold what is here against the budgets, build both ways and print the table."""
    for line in budget_lines(engine):
        console.say(line)
    builder = builder_here(engine, console, may_install=False)
    reference = base.resolve(builder, None, engine.platform)
    cache = nullcontext() if options.skip_cold else own_build_cache(engine)
    with cache, copy_of_checkout() as tree:
        recipes = {"ours": our_recipe(tree, options.variant, use_pool=options.skip_cold)}
        if not options.skip_plain:
            recipes["plain"] = plain_recipe(tree, options.variant, reference, engine)
        measuring = Measuring(engine=engine, console=console, tree=tree, recipes=recipes)
        try:
            results = measuring.run(options.runs, cold=not options.skip_cold)
        finally:
            for recipe in recipes.values():
                if engine.find(recipe.tag):
                    engine.client.images.remove(recipe.tag, force=True)
        [wheel] = (tree / "images" / "wheelhouse" / options.variant).glob("torch-*.whl")
    console.say(f"\n{options.variant}, {wheel.name.split('-cp')[0]}, base {reference}")
    console.say(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end")
    for line in table(results):
        console.say(line)
    if not options.skip_cold:
        console.say("Cold: nothing downloaded before, but the base; plain got ours' torch wheel.")
    return 0


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """The builds of each recipe in a tree, and what the engine says of what came of them."""

    engine: Engine
    console: Console
    tree: Path
    recipes: Mapping[str, Recipe]

    def run(self, runs: int, *, cold: bool) -> dict[str, Measured]:
        """Build each recipe once, then by turns after a change and without one."""
        results = {name: self._first(name, cold=cold) for name in self.recipes}
        module = self.tree / CHANGED
        original = module.read_text("utf-8")
        for number in range(runs):
            load = os.getloadavg()[0]
            self.console.say(f"rebuilds, run {number + 1} of {runs}, load {load:.1f} ...")
            # Another line each time, and another one than any earlier benchmark's.
            module.write_text(f"{original}BENCH = {time.time_ns()}\n", "utf-8")
            for name, recipe in self.recipes.items():
                self._rebuild(recipe, results[name])
        for name, recipe in self.recipes.items():
            results[name].size = self.engine.inspect(recipe.tag).size
            self.console.say(f"{name}: starts, load {os.getloadavg()[0]:.1f} ...")
            start = cold_start.Start(image=recipe.tag, title=name, command=recipe.ready)
            results[name].start = cold_start.measure(self.engine, start, runs)
        return results

    def _first(self, name: str, *, cold: bool) -> Measured:
        measured, recipe = Measured(), self.recipes[name]
        kind = "cold build" if cold else "what the cache lacks, not counted"
        self.console.say(f"{name}: {kind}, load {os.getloadavg()[0]:.1f} ...")
        seconds = recipe.build(cold)
        if cold:
            self.console.say(f"{name}: {seconds:.0f} s")
            measured.cold.append(seconds)
        recipe.build(False)  # in a new folder the engine takes in all of the context once
        return measured

    def _rebuild(self, recipe: Recipe, measured: Measured) -> None:
        before = self.engine.inspect(recipe.tag)
        measured.code_only.append(recipe.build(False))
        layers = self.engine.inspect(recipe.tag).layers
        sizes = layer_sizes(self.engine.history(recipe.tag))
        measured.added.append(added_bytes(before.layers, layers, sizes))
        measured.unchanged.append(recipe.build(False))
        with suppress(DockerException):  # our builder removes what it replaces
            self.engine.client.images.remove(before.image_id)


def layer_sizes(history: Sequence[HistoryStep]) -> list[int]:
    """The bytes of each layer, oldest first, from the engine's history of an image."""
    return [step.size for step in reversed(history) if not EMPTY.match(step.created_by)]


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
        ("cold start to a loaded model, s", lambda found: [*found.start.cold]),
        ("warm start to a loaded model, s", lambda found: [*found.start.warm]),
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


if __name__ == "__main__":
    sys.exit(main())
