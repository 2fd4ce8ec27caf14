"""This machine, remembering what is seen of it."""

from collections.abc import Callable, Sequence

from probe.detect.visibility import visibility
from probe.detect.where import NAMES as PLACE_NAMES
from probe.facts import Node
from probe.machine.files import Tree
from probe.machine.outcome import Outcome
from probe.machine.this_machine import Machine
from probe.recordings.recording import RecordedCommand, Recording


class RecordingTree(Tree):
    """Files that remember being read."""

    def __init__(self, tree: Tree, recording: Recording) -> None:
        super().__init__(tree.root)
        self.recording = recording

    def read(self, path: str) -> str | None:
        """As ``Tree.read``."""
        text = super().read(path)
        if text is not None or super().exists(path):
            self.recording.files[path] = text
        return text

    def read_part(self, path: str, part: Callable[[str], str]) -> str | None:
        """As ``Tree.read_part``; what is left out is not remembered either."""
        text = super().read(path)
        kept = None if text is None else part(text)
        if kept:
            self.recording.files[path] = kept
        return kept

    def exists(self, path: str) -> bool:
        """As ``Tree.exists``."""
        there = super().exists(path)
        if there:
            self.recording.files.setdefault(path, None)
        return there

    def node(self, path: str) -> Node | None:
        """As ``Tree.node``."""
        node = super().node(path)
        if node is not None:
            self.recording.nodes[path] = node
        return node


class RecordingMachine(Machine):
    """A machine that keeps what was seen of it in ``recording``."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine.tree.root, machine.environ)
        environ = visibility(self.environ)
        # Of these it matters only that they are set; a distribution under WSL may have any name.
        environ |= {name: "set" for name in PLACE_NAMES if name in self.environ}
        if "container" in self.environ:
            environ["container"] = self.environ["container"]
        self.recording = Recording(platform=self.platform(), environ=environ, evidence="recorded")
        self.tree = RecordingTree(machine.tree, self.recording)

    def find(self, tool: str) -> str | None:
        """As ``Machine.find``."""
        path = super().find(tool)
        if path is not None and tool not in self.recording.tools:
            self.recording.tools.append(tool)
        return path

    def has(self, tool: str) -> bool | None:
        """As ``Machine.has``."""
        there = super().has(tool)
        known = self.recording.tools if there else self.recording.absent
        if tool not in known:
            known.append(tool)
        return there

    def root(self) -> bool:
        """As ``Machine.root``."""
        self.recording.root = super().root()
        return self.recording.root

    def run(
        self,
        tool: str,
        arguments: Sequence[str],
        timeout_s: float,
        given_up: Callable[[], bool] | None = None,
    ) -> Outcome:
        """As ``Machine.run``."""
        outcome = super().run(tool, arguments, timeout_s, given_up)
        if outcome.failure != "not-installed":
            self.recording.commands.append(RecordedCommand((tool, *arguments), outcome))
        return outcome
