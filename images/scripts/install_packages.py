"""Inside a build: installs an image's packages into /opt/alternator/venv, each held to its hash.

The lock is that of a torch build (TORCH, WHEEL) or, without one, of the image, for this machine.
The files come from the wheelhouse, if the host filled one (it brings the lock that they were held
to); otherwise from the default index and, for torch, from TORCH_INDEX_URL. Which file is taken is
the hashes' doing, so a further index can't change what is installed. What a lock has no hash of is
installed by itself, without what it requires, and named in one line.

It runs with the pip of /opt/build, beside the few modules of `probe` that it imports: the lock has
one parser, for all who read it.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from probe.universal import requires
from probe.universal.lock import Entry, Lock, LockError, pin, read, requirements

HELD = ("--require-hashes", "--no-deps")
ONLY_WHEELS = ("--only-binary", ":all:")
# A newer pip notes the hash of a wheel that is built here: it must not hold the hour of the build.
EPOCH = "315532800"  # 1980-01-01, in seconds since 1970


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a build has what: its pip, the interpreter that is shipped, and what is mounted."""

    pip: str = "/opt/build/bin/pip"
    shipped: str = "/opt/alternator/venv/bin/python"
    requirements: Path = Path("/requirements")
    wheelhouse: Path = Path("/wheelhouse")
    secrets: Path = Path("/run/secrets")
    # Of one name in every build: pip notes it in the image, beside what was installed from there.
    built: Path = Path("/tmp/built")

    @property
    def filled(self) -> bool:
        """Whether the host filled the wheelhouse."""
        return any(self.wheelhouse.glob("*.whl"))

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """pip's variables: where it looks for files."""
        if self.filled:
            return {**environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheelhouse)}
        found = dict(environ)
        if index := environ.get("TORCH_INDEX_URL"):
            found["PIP_EXTRA_INDEX_URL"] = index
        for secret, variable in (("ca_bundle", "PIP_CERT"), ("pip_conf", "PIP_CONFIG_FILE")):
            if (self.secrets / secret).is_file():
                found[variable] = str(self.secrets / secret)
        return found


@dataclass(frozen=True, kw_only=True)
class Installer:
    """Installs what a lock names; ``environ`` is pip's."""

    places: Places
    environ: Mapping[str, str]

    def install(self, lock: Lock, name: str) -> None:
        """Install all of it; exits where pip fails, or torch requires something else."""
        shipped = ("--python", self.places.shipped, "install", "--no-compile")
        if lock.open:
            self._say_what_is_open(lock, name)
        self._held([*shipped, *ONLY_WHEELS], lock.packages)
        for entry in lock.open:
            index = ("--index-url", self.environ["TORCH_INDEX_URL"])
            self._pip([*shipped, *ONLY_WHEELS, "--no-deps", *index, pin(entry.name, entry.version)])
        self._held(["install"], lock.tools)
        self._build(shipped, lock.source)
        problems = requires.unmet([self._site_packages()])
        if problems:
            sys.exit(
                f"{name} is not what torch requires: {'; '.join(problems)}. Mend "
                f"images/packages/known_torch.toml, then `make lock`"
            )

    def _say_what_is_open(self, lock: Lock, name: str) -> None:
        """Name what is taken without a hash; exits where there is no index to take it from."""
        names = ", ".join(pin(entry.name, entry.version) for entry in lock.open)
        index = self.environ.get("TORCH_INDEX_URL")
        if self.places.filled or not index:
            sys.exit(f"{name} has no hash of {names}: run 'make images' again")
        print(
            f"without a hash in {name}: {names}, as {index} serves it. 'make lock' completes the "
            f"lock where that index can be reached.",
            file=sys.stderr,
            flush=True,
        )

    def _held(self, arguments: Sequence[str], entries: Sequence[Entry]) -> None:
        """Have pip take these entries by their hashes."""
        if not entries:
            return
        with tempfile.TemporaryDirectory() as folder:
            wanted = Path(folder, "requirements.txt")
            wanted.write_text(requirements(entries), "utf-8")
            self._pip([*arguments, *HELD, "--requirement", str(wanted)])

    def _build(self, shipped: Sequence[str], entries: Sequence[Entry]) -> None:
        """Build wheels from source archives and install them.

        An archive is held to its hash; the wheel that comes of it exists only here.
        """
        if not entries:
            return
        built = self.places.built
        built.mkdir()
        self._held(["wheel", "--no-build-isolation", "--wheel-dir", str(built)], entries)
        wheels = sorted(str(wheel) for wheel in built.glob("*.whl"))
        self._pip([*shipped, "--no-deps", "--no-index", *wheels])
        shutil.rmtree(built)

    def _pip(self, arguments: Sequence[str]) -> None:
        """Run pip, whose words are the build's; exits as it does."""
        variables = {**self.environ, "SOURCE_DATE_EPOCH": EPOCH}
        status = subprocess.run([self.places.pip, *arguments], env=variables, check=False)
        if status.returncode != 0:
            sys.exit(status.returncode)

    def _site_packages(self) -> str:
        """Where the shipped interpreter has its packages."""
        command = [self.places.shipped, "-c", "import sysconfig as s; print(s.get_path('purelib'))"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def find_lock(places: Places, environ: Mapping[str, str]) -> tuple[Lock, str]:
    """The lock to install from, and its name; exits without one.

    The wheelhouse's own comes first: it has the hashes that its files were held to.
    """
    machine = platform.machine()
    build = f"{environ['TORCH']}-{environ['WHEEL']}" if environ.get("TORCH") else ""
    paths = sorted(places.requirements.glob(f"*{build}.{machine}.lock"))
    brought = places.wheelhouse / "wheels.lock"
    if places.filled and brought.is_file():
        paths = [brought]
    if len(paths) != 1:
        found = f"not one lock but {len(paths)}" if paths else "no lock"
        sys.exit(
            f"there is {found} of {build or 'this image'} for {machine} in the checkout: "
            f"'make images' makes one"
        )
    try:
        return read(paths[0]), paths[0].name
    except LockError as error:
        sys.exit(str(error))


def main(places: Places | None = None) -> None:
    """Install; exits with a line where something is missing, or not what it should be."""
    places = places or Places()
    lock, name = find_lock(places, os.environ)
    Installer(places=places, environ=places.environ(os.environ)).install(lock, name)


if __name__ == "__main__":
    main()
