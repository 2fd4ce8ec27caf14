"""The base image: the registry's, pinned by digest, or one made from Debian's own packages.

A site without a container registry is an ordinary case: mmdebstrap makes the same Debian release
with the same Python in about a minute, and the result is kept under a local tag.
"""

from datetime import UTC, datetime
from pathlib import Path

from docker.errors import DockerException

from images.build.bootstrap import RECIPE_LABEL, bootstrap, recipe
from images.build.builder import Builder
from images.catalog import CATALOG_FILE, BaseImage, load_catalog, pin_file
from images.engine.engine import Engine
from images.engine.platforms import Platform
from images.errors import EngineError

REGISTRY_TIMEOUT_S = 15
PIN = """\
# Written whole by `alternator images pin-base`, where a registry can be reached.
digest = "{digest}"
source = "{source}"
"""


def resolve(builder: Builder, override: str | None, platform: Platform) -> str:
    """The reference that the build's ``BASE`` argument gets for a platform.

    ``override`` is ``registry``, ``bootstrap``, an image reference (a mirror, say), or None: then
    the first of these is taken that is there: the registry's image already pulled, a base made here
    before, the registry, a base made now.
    """
    base, engine = builder.catalog.base, builder.engine
    if override == "registry":
        return qualified(base) if engine.podman else base.reference
    if override not in (None, "bootstrap"):
        return override
    if override is None and _is_here(engine, base.reference, platform):
        return base.reference
    tag = base.bootstrap_tag(platform.architecture)
    if _is_current(engine, base, tag):
        return tag
    if override is None:
        why = registry_refusal(engine, base)
        if why is None:
            return base.reference
        builder.console.say(
            f"No container registry answers ({why}): making the base image from Debian's packages."
        )
    return bootstrap(builder, platform)


def qualified(base: BaseImage) -> str:
    """The reference with its registry, which Podman does not take for granted.

    https://docs.podman.io/en/latest/markdown/podman-pull.1.html
    """
    return base.reference if "/" in base.image else f"docker.io/library/{base.reference}"


def arguments(builder: Builder, override: str | None, platform: Platform) -> dict[str, str]:
    """The base as build arguments; for another platform also the engine's own, to compile on."""
    reference, own = resolve(builder, override, platform), builder.engine.platform
    found = {"BASE": reference, "BASE_DIGEST": digest(builder.engine, reference)}
    if platform != own:
        found["BUILD_BASE"] = resolve(builder, override, own)
    return found


def digest(engine: Engine, reference: str) -> str:
    """The digest that a base's reference stands for: the registry's, or that of the local image."""
    _, _, pinned = reference.partition("@")
    if pinned:
        return pinned
    image = engine.find(reference)
    if image is None:
        return "unknown"
    return (image.digests or (f"@{image.image_id}",))[0].partition("@")[2]


def registry_refusal(engine: Engine, base: BaseImage) -> str | None:
    """Why the registry does not serve the pinned base, in a few words; None if it does."""
    if engine.podman:
        return "Podman's API does not tell; BASE=registry has its build ask"
    try:
        with engine.patience(REGISTRY_TIMEOUT_S) as client:
            client.images.get_registry_data(base.reference)
    except (DockerException, OSError) as error:
        text = str(getattr(error, "explanation", None) or error)
        return text.rsplit(": ", 1)[-1].strip() or type(error).__name__
    return None


def pin(engine: Engine, catalog: Path = CATALOG_FILE) -> str:
    """Write down the digest that the base's tag has in the registry now; returns what to say."""
    base = load_catalog(catalog).base
    try:
        with engine.patience(REGISTRY_TIMEOUT_S) as client:
            found = str(client.images.get_registry_data(base.image).id)
    except (DockerException, OSError) as error:
        raise EngineError(
            f"the registry does not tell the digest of {base.image} ({error}); "
            f"the catalog keeps {base.digest}"
        ) from error
    source = f"the registry's answer for {base.image}, {datetime.now(UTC).date().isoformat()}"
    pin_file(catalog).write_text(PIN.format(digest=found, source=source), "utf-8")
    load_catalog.cache_clear()
    return f"{base.image} is pinned to {found}"


def _is_current(engine: Engine, base: BaseImage, tag: str) -> bool:
    """Whether a base made earlier is here and was made of the packages the catalog names now."""
    image = engine.find(tag)
    return image is not None and image.labels.get(RECIPE_LABEL) == recipe(base)


def _is_here(engine: Engine, reference: str, platform: Platform) -> bool:
    image = engine.find(reference)
    return image is not None and image.architecture == platform.architecture
