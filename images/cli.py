"""``alternator images``: renders Dockerfiles and builds images."""

import argparse
import os
from collections.abc import Sequence

from images import cli_built_images as built_images
from images.build import base, gfx, host_choice, render
from images.build.build import BuildRequest, build
from images.build.builder import Builder, builder_here
from images.build.lean import check_full
from images.catalog import AnyImage, Catalog, Variant, load_catalog, with_build
from images.console import Console
from images.ending import by_signal
from images.engine import platforms
from images.engine.address import with_address
from images.engine.apt import may_install
from images.engine.emulation import require_emulation
from images.engine.engine import Engine
from images.engine.platforms import Platform
from images.engine.setup import ensure_engine
from images.errors import CatalogError
from images.packages import committed_locks
from images.packages.make_lock import LockMaker
from images.packages.targets import select
from probe.command_help import with_examples
from probe.tables.builds import load_table


def main(argv: list[str]) -> int:
    """Render the Dockerfiles and build the images."""
    console = Console()
    with by_signal(), Engine(with_address(os.environ)) as engine:
        return run(argv, engine, console)


def run(argv: list[str], engine: Engine, console: Console) -> int:
    """The command with an engine of the caller's."""
    parser, handlers = make_parser()
    options = parser.parse_args(argv)
    if options.command in handlers:
        return handlers[options.command](options, engine, console)
    if options.command == "render":
        return _render(console, check=options.check)
    if options.command == "lock":
        return _lock(options.variants, engine, console, check=options.check)
    if options.command == "pin-base":
        console.say(base.pin(engine))
        return _render(console, check=False)
    return _build(options, engine, console)


EXAMPLES = (
    ("alternator images build", "the image that suits this machine"),
    ("alternator images build cpu", "one of them"),
    ("alternator images render --check", "are the committed Dockerfiles current?"),
)


def make_parser() -> tuple[argparse.ArgumentParser, dict[str, built_images.Handler]]:
    """The command's options, and what carries out the sub-commands for images that are built."""
    parser = argparse.ArgumentParser(prog="alternator images", description=main.__doc__)
    with_examples(parser, main.__doc__, EXAMPLES)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_build(commands)
    rendering = commands.add_parser("render", help="write the Dockerfiles from their templates")
    rendering.add_argument(
        "--check", action="store_true", help="write nothing; fail if a committed one is stale"
    )
    locking = commands.add_parser("lock", help="lock every package of the images by its hash")
    locking.add_argument("variants", nargs="*", metavar="VARIANT", help="or one build of it")
    locking.add_argument(
        "--check", action="store_true", help="ask no index; fail if a lock is not the catalog's"
    )
    commands.add_parser("pin-base", help="pin the base image to the digest its tag has now")
    return parser, built_images.register(commands)


def _add_build(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("build", help="build images")
    parser.add_argument(
        "variant",
        nargs="?",
        default="auto",
        help="cpu, cuda, rocm, universal, sandbox, postgres, all, or auto: what suits this host",
    )
    parser.add_argument("--wheel", help="another torch build of the variant, such as cu126")
    parser.add_argument("--base", help="registry, bootstrap, or an image reference")
    parser.add_argument(
        "--platform",
        metavar="PLATFORMS",
        help="linux/amd64, linux/arm64, or both with a comma; without it the engine's own",
    )
    parser.add_argument(
        "--gfx", default="", help="ROCm: targets to keep kernels for: gfx1100,gfx1101"
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="CUDA: the complete image, with the libraries that no transcription calls (+1.9 GB)",
    )


def _render(console: Console, *, check: bool) -> int:
    if check:
        render.check()
        committed_locks.check(load_catalog())
        console.say(
            "The committed Dockerfiles and locks are what the templates and the catalog give."
        )
        return 0
    changed = render.write()
    for path in changed:
        console.say(f"wrote {path}")
    if not changed:
        console.say("The Dockerfiles were current.")
    return 0


def _lock(names: list[str], engine: Engine, console: Console, *, check: bool) -> int:
    catalog = load_catalog()
    if check:
        select(catalog, names)  # a name that is no lock's is said here as well
        committed_locks.check(catalog)
        console.say("The committed locks are what the catalog asks for.")
    else:
        maker = LockMaker(
            catalog=catalog, environ=engine.environ, table=load_table(), console=console
        )
        maker.write(names)
    return 0


def _build(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    """Render the Dockerfiles, then build what was asked for."""
    builder = builder_here(engine, console, may_install=may_install(engine.environ))
    # What is wrong is told before anything is installed or built.
    wanted = parse_platforms(options.platform)
    images = choose_images(options, builder)
    ensure_engine(engine, builder.apt, console)
    wanted = wanted or [engine.platform]
    requests = plan(images, wanted, options, console)
    require_emulation(engine, wanted)
    render.write()
    for request in requests:
        build(request, builder)
    return 0


def parse_platforms(text: str | None) -> list[Platform]:
    """The platforms of ``linux/amd64,linux/arm64``; none of an empty text."""
    return [platforms.parse_platform(name) for name in (text or "").split(",") if name]


def choose_images(options: argparse.Namespace, builder: Builder) -> list[AnyImage]:
    """The images that the options name; CatalogError for options that don't go together."""
    name, catalog = options.variant, builder.catalog
    if options.platform and name in ("auto", "sandbox", "postgres"):
        raise CatalogError(
            f"--platform {options.platform} needs a VARIANT, such as cpu: without one it is chosen "
            f"for this very machine, and so are the sandbox and postgres"
        )
    images: list[AnyImage]
    images = [_best_here(builder)] if name == "auto" else _named(name, catalog)
    if options.wheel is not None:
        if len(images) != 1 or name == "auto" or not isinstance(images[0], Variant):
            raise CatalogError(f"--wheel {options.wheel} needs one VARIANT that it is a build of")
        images = [with_build(images[0], wheel=options.wheel)]
    for image in images:
        check_full(options.full, image)
    gfx.choose(options.gfx, images, load_table())
    return images


def plan(
    images: Sequence[AnyImage],
    wanted: Sequence[Platform],
    options: argparse.Namespace,
    console: Console,
) -> list[BuildRequest]:
    """A request for each image and platform; CatalogError for one that torch has no build for.

    Of ``all`` images, those that can't be built for a platform are left out, and that is said.
    """
    requests = []
    for platform in wanted:
        for image in images:
            if options.variant == "all" and not _exists(image, platform, console):
                continue
            if isinstance(image, Variant):
                platforms.require_platform(image, platform)
            requests.append(
                BuildRequest(
                    image=image,
                    platform=platform,
                    base=options.base,
                    gfx=gfx.kept(options.gfx, image),
                    full=options.full,
                )
            )
    return requests


def _named(name: str, catalog: Catalog) -> list[AnyImage]:
    if name == "all":
        return [*catalog.variants.values(), catalog.universal]
    for image in (catalog.universal, catalog.sandbox, catalog.postgres):
        if name == image.name:
            return [image]
    return [catalog.variant(name)]


def _best_here(builder: Builder) -> Variant:
    report = host_choice.probe(builder.environ)
    for line in host_choice.summary(report):
        builder.console.say(line)
    return host_choice.variant(builder.catalog, report)


def _exists(image: AnyImage, platform: Platform, console: Console) -> bool:
    """Whether torch has this build for the platform; says why not."""
    why = platforms.refusal(image, platform) if isinstance(image, Variant) else None
    if why is not None:
        console.say(f"Left out: {why}")
    return why is None
