"""What the probes look at: files, tools and the platform, here and now.

A recording plays the same part for another machine (``recordings.replay``); nothing else in this
package starts a tool or reads a file of the system.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence

from probe.facts import HSA_OVERRIDE
from probe.frozen_record import Record
from probe.machine.files import Tree
from probe.machine.operator_config import whisper_settings
from probe.machine.outcome import MISSING, Outcome

# Where vendors install tools that PATH often lacks. WSL's own come first: what a Linux driver
# installed there by mistake brings along can't talk to the driver of Windows
# (https://docs.nvidia.com/cuda/wsl-user-guide/). GKE mounts NVIDIA's into a pod below /usr/local
# (https://cloud.google.com/kubernetes-engine/docs/how-to/gpus#cuda).
FIRST_DIRECTORIES = ("/usr/lib/wsl/lib",)
TOOL_DIRECTORIES = ("/opt/rocm/bin", "/usr/local/nvidia/bin")
# Where root's commands are, which a user's PATH may lack (Debian's), and what systems have instead.
SYSTEM_DIRECTORIES = (
    *("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"),
    *("/run/current-system/sw/bin", "/run/wrappers/bin", "/snap/bin"),
)
WINDOWS_DRIVES = "/mnt/"  # PATH under WSL has Windows' folders, and each look there takes long
# A 32-bit Python on a 64-bit kernel (Raspberry Pi OS) needs 32-bit wheels.
NARROW = {"aarch64": "armv7l", "x86_64": "i686"}
# NVIDIA's driver library has no tool of its own; a child of this Python asks it.
LIBCUDA = "libcuda"
LIBCUDA_CHILD = os.path.join(
    os.path.dirname(os.path.dirname(__file__)), "detect", "libcuda_child.py"
)


class Platform(Record):
    """What ``uname`` says."""

    system: str  # linux, darwin
    arch: str  # x86_64, aarch64, arm64, …


class Machine:
    """The machine below ``root`` ("/", or a directory that stands for another one)."""

    def __init__(
        self, root: "str | os.PathLike[str]" = "/", environ: Mapping[str, str] | None = None
    ) -> None:
        self.tree = Tree(root)
        self.environ = os.environ if environ is None else environ

    def platform(self) -> Platform:
        """Operating system and machine architecture."""
        if not hasattr(os, "uname"):
            return Platform(
                system="windows", arch=self.environ.get("PROCESSOR_ARCHITECTURE", "unknown")
            )
        system = os.uname()
        narrow = sys.maxsize < 1 << 32
        arch = NARROW.get(system.machine, system.machine) if narrow else system.machine
        return Platform(system=system.sysname.lower(), arch=arch)

    def whisper_settings(self) -> dict[str, str]:
        """What the bot's configuration here says about the device."""
        return whisper_settings(self.environ)

    def find(self, tool: str) -> str | None:
        """The path of an installed tool, or None."""
        return find_executable(tool, self._directories())

    def has(self, tool: str) -> bool | None:
        """Whether a tool is there for whoever may become root; None where nobody knows."""
        own = [path for path in self._directories() if not path.startswith(WINDOWS_DRIVES)]
        system = [self.tree.at(path) for path in SYSTEM_DIRECTORIES]
        return find_executable(tool, [*dict.fromkeys([*own, *system])]) is not None

    def root(self) -> bool:
        """Whether this process is root's."""
        return hasattr(os, "geteuid") and os.geteuid() == 0

    def run(
        self,
        tool: str,
        arguments: Sequence[str],
        timeout_s: float,
        given_up: Callable[[], bool] | None = None,
    ) -> Outcome:
        """Run a tool for at most ``timeout_s`` seconds; a missing one is an outcome.

        ``given_up`` is asked meanwhile, and ends it before its time by saying yes.
        """
        if tool == LIBCUDA:
            # Isolated and without site: it needs none of it, and starts in half the time.
            command = [sys.executable, "-I", "-S", LIBCUDA_CHILD, *arguments]
            return self._run(command, timeout_s, given_up)
        outcome = MISSING
        for directory in self._directories():
            executable = find_executable(tool, [directory])
            if executable is None:
                continue
            outcome = self._run([executable, *arguments], timeout_s, given_up)
            if outcome.failure != "not-started":
                break  # one that can't be started (of another architecture) hides no other
        return outcome

    def _directories(self) -> list[str]:
        first, last = (
            [self.tree.at(d) for d in ds] for ds in (FIRST_DIRECTORIES, TOOL_DIRECTORIES)
        )
        return [*first, *filter(None, self.environ.get("PATH", "").split(os.pathsep)), *last]

    def _run(
        self, command: Sequence[str], timeout_s: float, given_up: Callable[[], bool] | None
    ) -> Outcome:
        # A machine without any tool need not pay for this.
        from probe.machine.command import run_bounded

        # The tools are asked about the hardware, not about what this makes of it.
        environ = {
            name: value
            for name, value in self.environ.items()
            if not name.startswith(HSA_OVERRIDE)  # also that of one node
        }
        return run_bounded(command, timeout_s=timeout_s, environ=environ, given_up=given_up)


def find_executable(name: str, directories: Sequence[str]) -> str | None:
    """The first executable file of that name, or None. (``shutil`` costs 10 ms to import.)"""
    for directory in directories:
        path = f"{directory or '.'}/{name}"
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return None
