"""The images of ours that are on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from images.contents.size_report import gigabytes
from images.engine.answers import ImageFacts
from images.engine.engine import Engine

# The templates set these labels. The one of `org.opencontainers.image` is the field's own:
# https://github.com/opencontainers/image-spec/blob/main/annotations.md
VARIANT_LABEL = "alternator.variant"
TORCH_LABEL = "alternator.torch"
WHEEL_LABEL = "alternator.wheel"
FULL_LABEL = "alternator.full"  # "1" where no library was left out
REVISION_LABEL = "org.opencontainers.image.revision"


@dataclass(frozen=True, kw_only=True)
class LocalImage:
    """One tagged image: variant, torch build, bytes, and the time and revision of its commit.

    ``variant`` also tells where it is complete. ``platform`` is as engines name it,
    ``linux/amd64``.
    """

    tag: str
    variant: str
    build: str
    platform: str
    size: int
    created: datetime
    revision: str

    def age(self, now: datetime) -> str:
        """Its age in the largest fitting unit, such as ``3 h``."""
        seconds = max(0, int((now - self.created).total_seconds()))
        for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
            if seconds >= length:
                return f"{seconds // length} {unit}"
        return f"{seconds} s"

    def matches(self, revision: str) -> str:
        """How it stands to a checkout of ``revision``, in a word or two."""
        if self.revision == revision and not revision.endswith("-dirty"):
            return "this commit"
        if self.revision.removesuffix("-dirty") == revision.removesuffix("-dirty"):
            return "edited since" if revision.endswith("-dirty") else "had edits"
        return "another commit"


def local_images(engine: Engine) -> list[LocalImage]:
    """Every tagged image that carries our label, by tag."""
    found = [
        _local_image(tag, image) for image in engine.images(VARIANT_LABEL) for tag in image.tags
    ]
    return sorted(found, key=lambda image: image.tag)


def _local_image(tag: str, image: ImageFacts) -> LocalImage:
    labels = image.labels
    return LocalImage(
        tag=tag,
        variant=labels[VARIANT_LABEL] + (", complete" if labels.get(FULL_LABEL) else ""),
        build=_build(labels),
        platform=f"{image.os}/{image.architecture}",
        size=image.size,
        created=parse_time(image.created),
        revision=labels.get(REVISION_LABEL, "unknown"),
    )


def _build(labels: Mapping[str, str]) -> str:
    torch, wheel = labels.get(TORCH_LABEL, "?"), labels.get(WHEEL_LABEL, "?")
    return f"{torch}+{wheel}" if torch else "at its first start"  # the universal image brings none


def parse_time(text: str) -> datetime:
    """The engine's time, whose fractions have nine digits, to the second."""
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)


def table(images: list[LocalImage], revision: str, now: datetime) -> list[str]:
    """One line an image under a heading; a sentence where there is none."""
    if not images:
        return ["There is no image of ours here; `make images` builds the one for this machine."]
    rows = [("IMAGE", "VARIANT", "TORCH", "PLATFORM", "SIZE", "AGE", "CHECKOUT")]
    for image in images:
        size, age = gigabytes(image.size), image.age(now)
        standing = image.matches(revision)
        rows.append((image.tag, image.variant, image.build, image.platform, size, age, standing))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
