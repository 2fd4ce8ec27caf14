"""``alternator images``: renders Dockerfiles and builds images."""

import argparse

from images import cli_built_images as more
from images.build import base, host_choice, render, stubs
from images.build.build import build_sandbox, build_universal, build_variant
from images.catalog import Catalog, Variant, load_catalog, with_build
from images.console import say
from images.engine import platforms
from images.engine.engine import connect
from images.engine.setup import ensure_engine
from images.errors import CatalogError
from images.packages import lock


def main(argv: list[str]) -> int:
    """Render the Dockerfiles and build the images."""
    parser = argparse.ArgumentParser(prog="alternator images", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build images")
    build.add_argument(
        "variant",
        nargs="?",
        default="auto",
        help="cpu, cuda, rocm, universal, sandbox, all, or auto: what suits this host",
    )
    build.add_argument("--wheel", help="another torch build of the variant, e.g. cu126")
    build.add_argument("--base", help="registry, bootstrap, or an image reference")
    build.add_argument(
        "--platform",
        metavar="PLATFORMS",
        help="linux/amd64, linux/arm64, or both with a comma; without it the engine's own",
    )
    build.add_argument("--gfx", default="", help="AMD targets to keep kernels for: gfx1100,gfx1101")
    build.add_argument(
        "--stubs",
        nargs="?",
        const=stubs.ALL,
        default="",
        metavar="NAMES",
        help="CUDA: stubs in place of these libraries (nccl,cusparselt,nvshmem) or, without names, "
        "of all three; never run on a GPU",
    )
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
    handlers = more.register(commands)
    options = parser.parse_args(argv)

    if options.command in handlers:
        return handlers[options.command](options)
    if options.command == "render":
        return _render(check=options.check)
    if options.command == "lock":
        return _lock(options.variants, check=options.check)
    if options.command == "pin-base":
        say(base.pin())
        return _render(check=False)
    return _build(load_catalog(), options)


def _render(*, check: bool) -> int:
    if check:
        render.check()
        lock.check(load_catalog())
        say("The committed Dockerfiles and locks are what the templates and the catalog give.")
        return 0
    changed = render.write()
    for path in changed:
        say(f"wrote {path}")
    if not changed:
        say("The Dockerfiles were current.")
    return 0


def _lock(names: list[str], *, check: bool) -> int:
    catalog = load_catalog()
    if check:
        lock.check(catalog)
        say("The committed locks are what the catalog asks for.")
    else:
        lock.write(catalog, names)
    return 0


def _build(catalog: Catalog, options: argparse.Namespace) -> int:
    name, override = options.variant, options.base
    wanted = [platforms.named(text) for text in (options.platform or "").split(",") if text]
    if wanted and name in ("auto", "sandbox"):
        raise CatalogError(
            f"--platform {options.platform} needs a VARIANT, such as cpu: without one it is chosen "
            f"for this very machine, and so is the sandbox"
        )
    variants = [] if name in ("sandbox", "universal") else _variants(catalog, name)
    if options.wheel is not None:
        if len(variants) != 1 or name == "auto":
            raise CatalogError(f"--wheel {options.wheel} needs one VARIANT that it is a build of")
        variants = [with_build(variants[0], wheel=options.wheel)]
    for each in [variant.name for variant in variants] or [name]:
        stubs.choose(options.stubs, each)  # what is wrong is told before any build
    ensure_engine()
    client = connect()
    wanted = wanted or [platforms.native(client)]
    builds = [
        (variant, platform)
        for platform in wanted
        for variant in variants
        if name != "all" or _exists(variant, platform)
    ]
    for build in builds:
        platforms.demand(*build)
    platforms.ensure_builds(client, wanted)
    render.write()
    for variant, platform in builds:
        build_variant(
            catalog,
            variant,
            base_override=override,
            gfx=options.gfx,
            stubbed=options.stubs,
            platform=platform,
        )
    for platform in wanted:
        if name in ("universal", "all"):
            build_universal(catalog, base_override=override, platform=platform)
    if name == "sandbox":
        build_sandbox(catalog, base_override=override)
    return 0


def _exists(variant: Variant, platform: platforms.Platform) -> bool:
    """Whether torch has this build for the platform; says why not."""
    why = platforms.refusal(variant, platform)
    if why is not None:
        say(f"Left out: {why}")
    return why is None


def _variants(catalog: Catalog, name: str) -> list[Variant]:
    if name == "all":
        return list(catalog.variants.values())
    if name != "auto":
        return [catalog.variant(name)]
    report = host_choice.probe()
    for line in host_choice.summary(report):
        say(line)
    return [host_choice.variant(catalog, report)]
