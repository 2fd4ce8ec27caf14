"""An image's locks, a volume and a mounted wheelhouse, with wheels of a few hundred bytes."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from package_index import make_wheel, sha256

from probe.decide.choice import ImageBuild
from probe.decide.overrides import Overrides
from probe.facts import Facts
from probe.tables.builds import load_table
from probe.universal.lock import Entry, Lock, render
from probe.universal.provide import Provider

PLATFORM = f"cp{sys.version_info[0]}{sys.version_info[1]} {os.uname().machine}"
ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Image:
    """A universal image as the provider sees it."""

    locks: Path
    root: Path
    wheelhouse: Path
    said: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    def lock(
        self,
        backend: str,
        torch: str,
        wheel: str,
        *,
        leave_open: bool = False,
        requires: Sequence[str] = (),
    ) -> Lock:
        """Write the lock of a build whose wheels lie in the wheelhouse."""
        build = f"{backend}-{torch}-{wheel}"
        files = {"torch/__init__.py": f"BUILD = {wheel!r}\n"}
        torch_wheel = make_wheel(
            self.wheelhouse, "torch", f"{torch}+{wheel}", files=files, requires=requires
        )
        modules = {"whisper/__init__.py": "import torch\n", "whisper/timing.py": ""}
        other = make_wheel(self.wheelhouse, "openai-whisper", "1", files=modules)
        entry = Entry(name="torch", version=f"{torch}+{wheel}", hashes=(sha256(torch_wheel),))
        packages = [Entry(name="openai-whisper", version="1", hashes=(sha256(other),), size=999)]
        lock = Lock(
            build=build,
            platform=PLATFORM,
            inputs="0",
            packages=tuple(packages if leave_open else [*packages, entry]),
            open=(Entry(name="torch", version=entry.version, hashes=()),) if leave_open else (),
        )
        (self.locks / f"{build}.lock").write_text(render(lock))
        return lock

    def provider(self, wanted: Overrides | None = None) -> "Start":
        """A provider as the entrypoint of one start has it."""
        environ = {**self.environ}
        provider = Provider(load_table(), wanted or Overrides(), environ, self.said.append)
        return Start(image=self, provider=provider)

    def imported(self) -> str:
        """Which torch a process started with the image's environment imports."""
        return subprocess.run(
            [sys.executable, "-c", "import torch; print(torch.BUILD)"],
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def builds(self) -> list[str]:
        """The torch and wheel of each complete build in the volume."""
        names = [path.name for path in self.root.iterdir() if not path.name.startswith(".")]
        return sorted(name.rpartition("-")[0] for name in names)


@dataclass
class Start:
    """Hands the search path on to the image's environment, as the entrypoint does."""

    image: Image
    provider: Provider

    def provide(self, facts: Facts) -> ImageBuild:
        provided = self.provider.provide(facts)
        self.image.environ["PYTHONPATH"] = provided.python_path
        return provided.build


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """An image with the locks of a CPU build and two GPU builds."""
    made = Image(
        locks=tmp_path / "locks", root=tmp_path / "builds", wheelhouse=tmp_path / "wheelhouse"
    )
    for folder in (made.locks, made.root, made.wheelhouse):
        folder.mkdir()
    own = Lock(build="universal", platform=PLATFORM, inputs="0")
    (made.locks / "universal.lock").write_text(render(own))
    made.lock("cpu", "2.13.0", "cpu")
    made.lock("cuda", "2.13.0", "cu130")
    made.lock("rocm", "2.13.0", "rocm7.2")
    made.environ = {
        "PATH": os.environ["PATH"],
        "ALTERNATOR_LOCKS": str(made.locks),
        "ALTERNATOR_BUILDS_DIR": str(made.root),
        "ALTERNATOR_WHEELHOUSE": str(made.wheelhouse),
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",  # nobody listens on the discard port
        "PIP_RETRIES": "0",
        "NO_PROXY": "127.0.0.1",
    }
    return made
