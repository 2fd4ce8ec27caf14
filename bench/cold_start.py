"""How long a container takes from its start to a loaded model, cold and warm.

    python -m bench.cold_start [VARIANT ...] [--runs N] [--gpus]

Cold: none of the image's files is in the host's memory, as after a reboot; that takes root and the
overlay2 driver, and is left out elsewhere. Warm: they are. Ready is the first line about the clip,
which comes when the checkpoint (sandbox/whisper/fixture.pt) is loaded: what a larger model takes
comes on top. The universal image is measured with an empty volume, into which it installs the CPU
build from the wheelhouse first, and with that volume. Without --gpus the CUDA image computes on the
CPU.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker.types import DeviceRequest

from images.catalog import CHECKOUT, image_tag, load_catalog
from images.console import Console
from images.engine.container import Container
from images.engine.engine import Engine

CLIP = CHECKOUT / "sandbox" / "samples" / "media" / "bulletin.mp3"
CHECKPOINT = CHECKOUT / "sandbox" / "whisper" / "fixture.pt"
MEDIA = {
    str(CLIP): {"bind": "/media/clip.mp3", "mode": "ro"},
    str(CHECKPOINT): {"bind": "/media/model.pt", "mode": "ro"},
}
TRANSCRIBE = (
    *("alternator", "transcribe", "/media/clip.mp3", "--model", "/media/model.pt"),
    *("--output_format", "txt", "--output_dir", "/tmp", "--verbose", "True"),
)
READY = "Detecting language"  # what Whisper says first of a clip
BUILDS = "/var/lib/alternator/builds"
WHEELS = CHECKOUT / "images" / "wheelhouse"
LONGEST_S = 900
HARDENED: dict[str, Any] = {
    "read_only": True,
    "tmpfs": {"/tmp": "size=64m"},
    "cap_drop": ["ALL"],
    "network_mode": "none",
}


@dataclass(frozen=True, kw_only=True)
class Start:
    """One way to start an image: its command, its mounts, whether it gets the GPUs."""

    image: str
    title: str
    command: tuple[str, ...] = TRANSCRIBE
    mounts: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MEDIA)
    gpus: bool = False


@dataclass(frozen=True, kw_only=True)
class Took:
    """Seconds until ready; ``cold`` is empty where files can't be put out of memory."""

    cold: tuple[float, ...]
    warm: tuple[float, ...]


def main() -> int:
    """Measure what is asked for, or the images of ours that are here."""
    parser = argparse.ArgumentParser(prog="python -m bench.cold_start", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("variants", nargs="*", help="cpu, cuda, rocm, universal (those here)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--gpus", action="store_true", help="hand all GPUs over")
    options = parser.parse_args()
    with Engine(os.environ) as engine:
        for line in report(engine, options.variants, options.runs, gpus=options.gpus):
            Console().say(line)
    return 0


def report(
    engine: Engine, variants: Sequence[str], runs: int, *, gpus: bool = False
) -> Iterator[str]:
    """A line for each start, as it is measured."""
    yield heading()
    catalog = load_catalog()
    images = {name: image_tag(image) for name, image in catalog.variants.items()}
    for name, image in images.items():
        if name in variants or (not variants and engine.find(image)):
            where = "GPU" if gpus else "CPU"
            start = Start(image=image, title=f"{name}, on the {where}", gpus=gpus)
            yield line_of(start.title, measure(engine, start, runs))
    universal = image_tag(catalog.universal)
    if "universal" in variants or (not variants and engine.find(universal)):
        yield from universal_lines(engine, universal, runs)


def universal_lines(engine: Engine, image: str, runs: int) -> Iterator[str]:
    """The universal image with an empty volume, once, and then with what it has installed."""
    with volume(engine) as name:
        mounts = {**MEDIA, name: {"bind": BUILDS, "mode": "rw"}}
        wheels = {**mounts, str(WHEELS): {"bind": "/wheelhouse", "mode": "ro"}}
        first = Start(image=image, title="universal, empty volume", mounts=wheels)
        cold = (seconds(engine, first),) if evict(engine, image) else ()
        warm = () if cold else (seconds(engine, first),)
        yield line_of(first.title, Took(cold=cold, warm=warm))
        later = Start(image=image, title="universal, installed", mounts=mounts)
        yield line_of(later.title, measure(engine, later, runs))


@contextmanager
def volume(engine: Engine) -> Iterator[str]:
    """A volume of the engine's that is gone afterwards."""
    made = engine.client.volumes.create()
    try:
        yield str(made.name)
    finally:
        made.remove(force=True)


def measure(engine: Engine, start: Start, runs: int) -> Took:
    """Start it ``runs`` times cold, where that can be, and as often warm."""
    cold = []
    for _ in range(runs):
        if not evict(engine, start.image):
            break
        cold.append(seconds(engine, start))
    if not cold:
        seconds(engine, start)  # what was not in memory is now
    return Took(cold=(*cold,), warm=tuple(seconds(engine, start) for _ in range(runs)))


def seconds(engine: Engine, start: Start) -> float:
    """From the engine being asked for the container to its first line about the clip."""
    settings = dict(HARDENED)
    if start.gpus:
        settings["device_requests"] = [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    mounts = {name: dict(mount) for name, mount in start.mounts.items()}
    began = time.monotonic()
    with (
        engine.patience(LONGEST_S),
        Container(
            engine, start.image, list(start.command), volumes=mounts, **settings
        ) as container,
    ):
        said = b""
        for chunk in container.started.logs(stream=True, follow=True):
            said += chunk
            if READY.encode() in said:
                return time.monotonic() - began
    raise SystemExit(f"{start.title}: it ended before it was ready:\n{said.decode()}")


def evict(engine: Engine, image: str) -> bool:
    """Put an image's files out of the host's memory; False where that can't be done."""
    found = engine.client.images.get(image).attrs.get("GraphDriver") or {}
    layers = found.get("Data") or {}
    if found.get("Name") != "overlay2" or os.geteuid() != 0:
        return False
    for folder in f"{layers.get('LowerDir', '')}:{layers['UpperDir']}".strip(":").split(":"):
        for path in Path(folder).rglob("*"):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def heading() -> str:
    """Above the lines."""
    return f"{'start to a loaded model, s':<34}{'cold':>18}{'warm':>18}"


def line_of(title: str, took: Took) -> str:
    """A start's least and median, cold and warm."""
    return f"{title:<34}{cell(took.cold):>18}{cell(took.warm):>18}"


def cell(values: Sequence[float]) -> str:
    """One value, or the least and the median of several; a dash for none."""
    if not values:
        return "-"
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{min(values):.2f} / {statistics.median(values):.2f}"


if __name__ == "__main__":
    sys.exit(main())
