"""What a run measures: figures by name, with what is wanted of them (targets.toml)."""

import json
import os
import platform
import statistics
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

TARGETS = Path(__file__).with_name("targets.toml")
Device = Literal["cpu", "cuda"]
State = Literal["held", "missed", "open"]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How to measure: where files go, on what, how often, how many lines of each language.

    ``quick`` takes a tiny network and little sound: it shows that the bench runs, and no more.
    ``audio`` is a file of speech to take where no package with speech can be had.
    """

    folder: Path
    device: Device = "cpu"
    threads: int = 2
    rounds: int = 2
    lines: int = 50
    quick: bool = False
    audio: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number; None where it could not be measured, and ``why``. ``parts`` led to it."""

    name: str
    value: float | None = None
    why: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a figure should be: at ``least`` or at ``most`` so much.

    ``against`` names it in the picture; without it, it is not drawn.
    """

    name: str
    section: str
    device: Device
    says: str
    unit: str
    least: float | None = None
    most: float | None = None
    against: str = ""

    @property
    def bound(self) -> float:
        """The number to be reached."""
        bound = self.least if self.least is not None else self.most
        if bound is None:
            raise ValueError(f"{self.name} in {TARGETS.name} has neither least nor most")
        return bound

    def state(self, value: float | None) -> State:
        """Whether a figure is as it should be."""
        if value is None:
            return "open"
        good = value >= self.bound if self.least is not None else value <= self.bound
        return "held" if good else "missed"


def load_targets(file: Path = TARGETS) -> tuple[Target, ...]:
    """All targets, in the order in which they are shown."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(Target(**entry) for entry in content["target"])


def faster_by(times: Mapping[str, Sequence[float]], ours: str, theirs: str) -> float | None:
    """How many times as long the other one takes, by the least of each one's runs."""
    if not times.get(ours) or not times.get(theirs):
        return None
    return min(times[theirs]) / min(times[ours])


def spread(times: Mapping[str, Sequence[float]], suffix: str = " s") -> dict[str, float]:
    """The least and the median of each one's runs, as parts of a figure."""
    found = {}
    for name, runs in times.items():
        if runs:
            found[f"{name}{suffix}"] = round(min(runs), 3)
            found[f"{name}, median{suffix}"] = round(statistics.median(runs), 3)
    return found


def machine(setup: Setup) -> dict[str, str]:
    """What the figures were taken on."""
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "threads": str(setup.threads),
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": platform.platform(),
        "date": datetime.now(UTC).date().isoformat(),
    }
    for package in ("torch", "openai-whisper"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    if setup.device == "cuda":
        import torch  # seconds that a run on the CPU need not wait

        found["gpu"] = torch.cuda.get_device_name(0)
    return found


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def save(file: Path, setup: Setup, figures: Iterable[Figure]) -> None:
    """Write the figures, beside those that a file of the same machine and settings has already.

    A run of some sections replaces their figures and keeps the others.
    """
    taken = {figure.name: asdict(figure) for figure in figures}
    here = machine(setup)
    if file.exists():
        before = json.loads(file.read_text(encoding="utf-8"))
        if before["machine"]["processor"] == here["processor"]:
            taken = {entry["name"]: entry for entry in before["figures"]} | taken
    content = {"machine": here, "quick": setup.quick, "figures": list(taken.values())}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(file: Path) -> tuple[dict[str, str], dict[str, Figure]]:
    """The machine and the figures of a file that was saved."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return content["machine"], {entry["name"]: Figure(**entry) for entry in content["figures"]}
