"""Builds one image as a request says: packages, base, BuildKit, times, budget.

The Dockerfiles are those that lie in the checkout: whoever wants them current renders them first
(``images.build.render``), as both commands do.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from docker.errors import APIError

from images.build import base, slim_base
from images.build.builder import Builder
from images.build.buildkit import Recipe, run_build
from images.build.lean import check_full, has_lean, is_full
from images.build.provenance import Provenance, read_provenance
from images.build.reproducible import reset_times
from images.catalog import AnyImage, Postgres, Sandbox, Universal, Variant, image_tag
from images.contents import budget
from images.contents.inventory import VARIANT_LABEL
from images.engine.engine import Engine
from images.engine.platforms import Platform, require_platform, tag_for
from images.packages.wheelhouse import POOL, Wheelhouse


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """Which image to build, and how.

    ``platform`` is the engine's own if it is None. ``base`` is ``registry``, ``bootstrap``, an
    image reference, or None for the first that is there. ``gfx`` names the AMD targets to keep
    kernels for (all where it is empty). ``full`` keeps the libraries that a lean image leaves out
    (``lean.py``). ``fresh`` uses no step from cache. ``tag`` and ``pool`` keep a build apart from
    the ones that operators run.
    """

    image: AnyImage
    platform: Platform | None = None
    base: str | None = None
    gfx: str = ""
    full: bool = False
    fresh: bool = False
    tag: str | None = None
    pool: Path = POOL


@dataclass(frozen=True, kw_only=True)
class Built:
    """An image that was built: its tag, its size in bytes as the engine reports it."""

    tag: str
    image_id: str
    size: int
    seconds: float


def build(request: BuildRequest, builder: Builder) -> Built:
    """Build one image; BuildError with the failing step if it does not build.

    Raises CatalogError if torch has no build for the platform, WheelhouseError, SiteError and
    EngineError where packages or the base can't be had, BudgetError where it grew too large.
    """
    image, own = request.image, builder.engine.platform
    platform = request.platform or own
    if isinstance(image, Variant):
        require_platform(image, platform)
    check_full(request.full, image)
    named = image_tag(image, full=request.full and has_lean(image))
    tag = request.tag or tag_for(named, platform, own)
    builder.console.say(f"Building {tag} ({contents(image, platform)})")
    wheels = fetch_packages(request, builder, platform)
    provenance = read_provenance(builder.site.source_date_epoch)
    recipe = Recipe(
        name=image.name,
        tag=tag,
        platform=str(platform),
        arguments=build_arguments(request, builder, platform, provenance),
        fresh=request.fresh,
        epoch=provenance.epoch,
    )
    built = _make(recipe, builder, provenance)
    if wheels and not isinstance(image, Sandbox | Postgres) and not request.full:
        allowed = budget.allowed(builder.catalog, image, wheels)
        base_bytes = builder.engine.inspect(recipe.arguments["RUNTIME_BASE"]).size
        allowed = budget.over_base(allowed, builder.catalog, base_bytes)
        budget.check_size(builder.engine, tag, image.name, allowed)
    return built


def contents(image: AnyImage, platform: Platform) -> str:
    """What is built, in a few words."""
    match image:
        case Variant():
            return f"torch {image.torch}, {image.wheel}, {platform}"
        case Universal():
            return f"its torch is installed at the first start, {platform}"
        case Sandbox():
            return "the demo's Mastodon server and vision endpoint"
        case Postgres():
            return f"Debian's PostgreSQL {image.version}, {platform}"


def fetch_packages(request: BuildRequest, builder: Builder, platform: Platform) -> Path | None:
    """Fill the wheelhouse of an image; the folder that its build mounts, None where it has none."""
    if isinstance(request.image, Postgres):
        return None
    wheelhouse = Wheelhouse(
        catalog=builder.catalog,
        environ=builder.environ,
        console=builder.console,
        pool=request.pool,
    )
    folder = wheelhouse.fill(request.image, platform.machine)
    if isinstance(request.image, Universal):
        wheelhouse.prepare_locks(builder.catalog.variant("cpu"), platform.machine)
    return folder


def build_arguments(
    request: BuildRequest,
    builder: Builder,
    platform: Platform,
    provenance: Provenance,
) -> dict[str, str]:
    """What the Dockerfile's ARG lines get: the base, which torch and what is left of it, labels."""
    bases = base.arguments(builder, request.base, platform)
    if isinstance(request.image, Sandbox | Postgres):
        return {"BASE": bases["BASE"]}
    runtime = {"RUNTIME_BASE": slim_base.slim(builder.engine, bases["BASE"], platform)}
    match request.image:
        case Universal():
            return {**bases, **runtime, **provenance.build_arguments()}
        case Variant():
            torch = {"TORCH": request.image.torch, "WHEEL": request.image.wheel, "GFX": request.gfx}
            full = {"FULL": "1"} if is_full(request.full, request.image) else {}
            return {**bases, **runtime, **torch, **full, **provenance.build_arguments()}


def _make(recipe: Recipe, builder: Builder, provenance: Provenance) -> Built:
    """Run the build, put its times to the commit's, and remove what it took the tag from."""
    started = time.monotonic()
    cached = run_build(builder, recipe)
    if builder.engine.podman:
        # It settled the times itself, but for steps from cache, and takes no configuration alone.
        image_id = builder.engine.inspect(recipe.tag).image_id
    else:
        # The checkout may be at another commit by now: the time is the one from before the build.
        image_id = reset_times(builder.engine, recipe.tag, provenance.epoch)
    _remove_replaced(builder.engine, recipe.name)
    built = Built(
        tag=recipe.tag,
        image_id=image_id,
        size=builder.engine.inspect(recipe.tag).size,
        seconds=time.monotonic() - started,
    )
    from_cache = f", {cached} steps from cache" if cached else ""
    builder.console.say(
        f"  {built.tag}: {built.size / 1e9:.2f} GB in {built.seconds:.0f} s{from_cache}"
    )
    return built


def _remove_replaced(engine: Engine, name: str) -> None:
    """Remove what earlier builds of an image left without a tag, unless a container is made of it.

    One by one and looked at: what a prune takes by such filters is each engine's own matter.
    """
    filters = {"dangling": True, "label": f"{VARIANT_LABEL}={name}"}
    for image in engine.client.images.list(filters=filters):
        if not image.tags:
            with suppress(APIError):
                engine.client.images.remove(str(image.id))
