"""A recording in the place of this machine."""

import re
from collections.abc import Callable, Sequence

from probe.facts import Node
from probe.machine.files import Tree
from probe.machine.outcome import MISSING, Outcome
from probe.machine.this_machine import LIBCUDA, Machine, Platform
from probe.recordings.recording import Recording

# Tools that every recording names where they are there; others came later.
ALWAYS_RECORDED = (
    *("nvidia-smi", "rocm-smi", "amd-smi", "rocminfo"),
    *(
        "docker",
        "podman",
        "nvidia-ctk",
        "nvidia-container-runtime",
        "nvidia-container-runtime-hook",
    ),
)


class ReplayTree(Tree):
    """The files and nodes of a recording."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording
        self._paths = [*recording.files, *recording.nodes]

    def read(self, path: str) -> str | None:
        """As ``Tree.read``."""
        return self.recording.files.get(path)

    def names(self, directory: str, pattern: str = "") -> list[str]:
        """As ``Tree.names``, of what was seen."""
        start = directory.rstrip("/") + "/"
        below = {p[len(start) :].partition("/")[0] for p in self._paths if p.startswith(start)}
        return sorted(name for name in below if not pattern or re.fullmatch(pattern, name))

    def exists(self, path: str) -> bool:
        """As ``Tree.exists``."""
        return path in self._paths or any(p.startswith(path + "/") for p in self._paths)

    def node(self, path: str) -> Node | None:
        """As ``Tree.node``."""
        return self.recording.nodes.get(path)


class ReplayMachine(Machine):
    """A machine of which there is only a recording; starts nothing and reads nothing."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(environ=recording.environ)
        self.tree = ReplayTree(recording)
        self.recording = recording
        self._answers: dict[tuple[str, str], list[Outcome]] = {}
        for command, outcome in recording.commands:
            self._answers.setdefault(_key(command), []).append(outcome)

    def platform(self) -> Platform:
        """As ``Machine.platform``."""
        return self.recording.platform

    def whisper_settings(self) -> dict[str, str]:
        """None: the configuration here is not that machine's."""
        return {}

    def find(self, tool: str) -> str | None:
        """As ``Machine.find``."""
        ran = any(command[0] == tool != LIBCUDA for command, _ in self.recording.commands)
        return f"/usr/bin/{tool}" if ran or tool in self.recording.tools else None

    def has(self, tool: str) -> bool | None:
        """As ``Machine.has``; of a recording that was not asked nobody knows most tools."""
        if self.find(tool) is not None:
            return True
        return False if tool in self.recording.absent or tool in ALWAYS_RECORDED else None

    def root(self) -> bool:
        """As ``Machine.root``."""
        return self.recording.root

    def run(
        self,
        tool: str,
        arguments: Sequence[str],
        timeout_s: float,
        given_up: Callable[[], bool] | None = None,
    ) -> Outcome:
        """The recorded answer; where a tool was asked the same twice, one after the other."""
        answers = self._answers.get(_key((tool, *arguments)))
        if not answers:
            return MISSING
        return answers.pop(0) if len(answers) > 1 else answers[0]


def _key(command: Sequence[str]) -> tuple[str, str]:
    """What a question is known by: the fields that a query asks for may change with our version."""
    if command[0] != "nvidia-smi" or len(command) < 2:
        return command[0], ""
    return command[0], command[1].partition("=")[0]
