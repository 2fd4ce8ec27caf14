"""Builds the images: wheelhouse, base, BuildKit, tags."""

import os
import re
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from images.build import base, render, reproducible, site_settings, stubs
from images.build.progress import BuildProgress
from images.catalog import CHECKOUT, Catalog, Variant
from images.console import StatusLine, say
from images.contents import budget
from images.engine import platforms
from images.engine.engine import BUILDKIT, build_client, connect
from images.engine.platforms import Platform
from images.errors import BuildError
from images.packages import wheelhouse

LOGS = CHECKOUT / ".cache" / "logs"
SANDBOX_TAG = "alternator-sandbox"


@dataclass(frozen=True, kw_only=True)
class Built:
    """An image that was built: its tag, its size in bytes as the engine reports it."""

    tag: str
    image_id: str
    size: int
    seconds: float


def image_tag(variant: Variant, *, with_stubs: bool = False) -> str:
    """``alternator:<version>-<variant>-<wheel>``; without the wheel where it is the variant.

    An image with stubs ends in ``-stubs``, so that nothing starts it that was not told to.
    """
    parts = [render.project_version(), variant.name]
    if variant.wheel != variant.name:
        parts.append(variant.wheel)
    if with_stubs:
        parts.append("stubs")
    return f"alternator:{'-'.join(parts)}"


def universal_tag(catalog: Catalog) -> str:
    """The universal image's tag."""
    return f"alternator:{render.project_version()}-{catalog.universal.name}"


def build_variant(
    catalog: Catalog,
    variant: Variant,
    *,
    base_override: str | None = None,
    pool_root: Path = wheelhouse.POOL,
    tag: str | None = None,
    gfx: str = "",
    stubbed: str = "",
    fresh: bool = False,
    platform: Platform | None = None,
) -> Built:
    """Build one variant; BuildError with the failing step if it does not build.

    ``tag`` and ``pool_root`` keep a build apart from the ones that operators run. ``gfx`` names the
    AMD targets to keep kernels for (all where it is empty). ``stubbed`` names the libraries to put
    a stub in the place of (``stubs.py``). ``fresh`` uses no step from cache. ``platform`` is the
    engine's own if it is None; CatalogError if torch has no build for it.
    """
    own = platforms.native(connect())
    platform = platform or own
    platforms.demand(variant, platform)
    names = stubs.choose(stubbed, variant.name)
    tag = tag or platforms.tag_for(image_tag(variant, with_stubs=bool(names)), platform, own)
    say(f"Building {tag} (torch {variant.torch}, {variant.wheel}, {platform})")
    if names:
        say(f"  with stubs in place of {names.replace(',', ', ')}; {stubs.UNTRIED}")
    wheels = wheelhouse.fill_variant(
        catalog, variant, machine=platform.machine, pool_root=pool_root
    )
    built = _build(
        variant.name,
        tag,
        platform,
        {
            **_base_arguments(catalog, base_override, platform, own),
            "TORCH": variant.torch,
            "WHEEL": variant.wheel,
            "GFX": gfx,
            **({"STUBS": names} if names else {}),
            **provenance(),
        },
        fresh=fresh,
    )
    budget.hold(connect(), tag, variant.name, budget.allowed(catalog, variant, wheels))
    return built


def build_universal(
    catalog: Catalog,
    *,
    base_override: str | None = None,
    tag: str | None = None,
    platform: Platform | None = None,
) -> Built:
    """Build the thin image that installs its torch at the first start."""
    own = platforms.native(connect())
    platform = platform or own
    tag = tag or platforms.tag_for(universal_tag(catalog), platform, own)
    say(f"Building {tag} (its torch is installed at the first start, {platform})")
    wheelhouse.fill_universal(catalog, platform.machine)
    # The build that every machine can fall back to needs a lock with nothing open in it.
    wheelhouse.fill_variant(catalog, catalog.variant("cpu"), machine=platform.machine)
    wheelhouse.gather_locks(catalog, platform.machine)
    name = catalog.universal.name
    built = _build(
        name,
        tag,
        platform,
        {**_base_arguments(catalog, base_override, platform, own), **provenance()},
    )
    budget.hold(connect(), tag, name, catalog.budgets[name])
    return built


def _base_arguments(
    catalog: Catalog, override: str | None, platform: Platform, own: Platform
) -> dict[str, str]:
    """The base as build arguments; for another platform also the engine's own, to compile on."""
    reference = base.resolve(catalog.base, override, platform)
    arguments = {"BASE": reference, "BASE_DIGEST": base.digest(reference)}
    if platform != own:
        arguments["BUILD_BASE"] = base.resolve(catalog.base, override, own)
    return arguments


def build_sandbox(catalog: Catalog, *, base_override: str | None = None) -> Built:
    """Build the image of the demo's server."""
    tag = f"{SANDBOX_TAG}:{render.project_version()}"
    say(f"Building {tag} (the demo's Mastodon server and vision endpoint)")
    platform = platforms.native(connect())
    wheelhouse.fill_sandbox(catalog, platform.machine)
    reference = base.resolve(catalog.base, base_override, platform)
    return _build("sandbox", tag, platform, {"BASE": reference})


def _build(
    name: str, tag: str, platform: Platform, arguments: dict[str, str], *, fresh: bool = False
) -> Built:
    started = time.monotonic()
    command = [str(build_client()), "build", "--progress=plain", "--tag", tag]
    command += ["--file", f"images/{name}/Dockerfile", "--platform", str(platform)]
    for key, value in arguments.items():
        command += ["--build-arg", f"{key}={value}"]
    command += [*site_settings.arguments(), *(["--no-cache"] if fresh else [])]
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"build-{name}.log"
    with StatusLine() as status:
        progress = BuildProgress(status)
        exit_code = _run([*command, str(CHECKOUT)], progress, log)
    if exit_code != 0:
        words = "\n".join(f"    {line}" for line in progress.failure or ["nothing was printed"])
        raise BuildError(f"{tag} did not build; the failing step:\n{words}\nAll: {log}")
    client = connect()
    # The checkout may be at another commit by now: a build takes minutes.
    reproducible.settle(client, tag, int(arguments.get("SOURCE_DATE_EPOCH") or commit_time()))
    image = client.images.get(tag)
    client.images.prune(filters={"dangling": True, "label": f"alternator.variant={name}"})
    built = Built(
        tag=tag,
        image_id=str(image.id),
        size=int(image.attrs["Size"]),
        seconds=time.monotonic() - started,
    )
    cached = f", {progress.cached} steps from cache" if progress.cached else ""
    say(f"  {tag}: {built.size / 1e9:.2f} GB in {built.seconds:.0f} s{cached}")
    return built


def _run(command: list[str], progress: BuildProgress, log: Path) -> int:
    """Run the build, feeding its output to ``progress`` and ``log``; returns the exit code."""
    with (
        log.open("wb") as record,
        subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env={**os.environ, **BUILDKIT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        assert process.stdout is not None  # PIPE was asked for
        source = process.stdout.fileno()
        rest = b""
        while True:
            if not select.select([source], [], [], 0.5)[0]:
                progress.tick()
                continue
            chunk = os.read(source, 65536)
            record.write(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                progress.feed(line.decode("utf-8", "replace"))
            if not chunk:
                return process.wait()


def provenance() -> dict[str, str]:
    """Where the image comes from, as build arguments: the same for every build of one commit."""
    moment = commit_time()
    return {
        "REVISION": revision(),
        "CREATED": reproducible.timestamp(moment),
        "SOURCE": source(),
        # A newer BuildKit settles the configuration by itself when it is told this.
        "SOURCE_DATE_EPOCH": str(moment),
    }


def revision() -> str:
    """The checkout's commit, ``-dirty`` where files differ from it; ``unknown`` without git."""
    return _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*") or "unknown"


def commit_time() -> int:
    """``SOURCE_DATE_EPOCH``, else the time of the commit, in seconds; 1980 without git."""
    text = os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct")
    return int(text) if text.isdecimal() else base.EPOCH


def source() -> str:
    """Where the checkout was cloned from, without credentials; ``unknown`` where nobody knows."""
    return re.sub(r"//[^/@]*@", "//", _git("config", "--get", "remote.origin.url")) or "unknown"


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git or no repository."""
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
