"""A machine as a file: what the probes saw of it, so that a choice can be made again elsewhere.

The file is JSON: ``platform``; ``environ`` (only what hides GPUs); ``commands`` (tool, arguments,
exit code, output as lines, ``why`` where it did not end by itself); ``tools`` that are installed;
``files`` by path (lines; null for one that is there and can't be read); ``nodes`` (device nodes and
who may open them). A machine of the matrix also has ``about`` and ``expected``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probe.detect.probe_result import NOT_INSTALLED, Outcome
from probe.detect.visibility import NAMES
from probe.errors import ProbeError
from probe.facts import Node
from probe.machine.files import Tree
from probe.machine.this_machine import Machine, Platform
from probe.recordings.mask import Mask

FORMAT = 1
LARGEST = 32 * 1024 * 1024  # bytes; the largest honest recording has a hundredth


@dataclass(kw_only=True)
class Recording:
    """What was seen; filled while probing, and read back."""

    platform: Platform
    environ: dict[str, str] = field(default_factory=dict)
    commands: list[tuple[tuple[str, ...], Outcome]] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    files: dict[str, str | None] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    about: str = ""
    expected: dict[str, Any] = field(default_factory=dict)


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
    """This machine, remembering what was seen of it in ``recording``."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine.tree.root, machine.environ)
        environ = {name: self.environ[name] for name in NAMES if name in self.environ}
        self.recording = Recording(platform=self.platform(), environ=environ)
        self.tree = RecordingTree(machine.tree, self.recording)

    def find(self, tool: str) -> str | None:
        """As ``Machine.find``."""
        path = super().find(tool)
        if path is not None and tool not in self.recording.tools:
            self.recording.tools.append(tool)
        return path

    def run(self, tool: str, arguments: Sequence[str], timeout_s: float) -> Outcome:
        """As ``Machine.run``."""
        outcome = super().run(tool, arguments, timeout_s)
        if outcome.why != NOT_INSTALLED:
            self.recording.commands.append(((tool, *arguments), outcome))
        return outcome


def write_recording(recording: Recording, path: Path, mask: Mask) -> None:
    """Write a recording with everything that tells machines apart masked."""
    commands = [
        {
            "command": [mask(word) for word in command],
            "exit": outcome.exit,
            "ms": outcome.ms,
            "why": outcome.why and mask(outcome.why),
            "text": mask(outcome.text).split("\n"),
        }
        for command, outcome in sorted(recording.commands, key=lambda item: item[0][0])
    ]
    files = {
        name: None if text is None else mask(text).split("\n")
        for name, text in sorted(recording.files.items())
    }
    data = {
        "recording": FORMAT,
        "platform": {"system": recording.platform.system, "arch": recording.platform.arch},
        "environ": {name: mask.visible(value) for name, value in sorted(recording.environ.items())},
        "tools": sorted(recording.tools),
        "commands": commands,
        "files": files,
        "nodes": {
            name: {"group": node.group, "open_to_all": node.open_to_all, "usable": node.usable}
            for name, node in sorted(recording.nodes.items())
        },
    }
    try:
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ProbeError(f"--record {path}: can't be written: {error.strerror}") from error


def read_recording(path: Path) -> Recording:
    """Read a recording. Raises ``ProbeError`` for a file that is none."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ProbeError(f"{path}: too large to be a recording of the probe")
        data = json.loads(content.decode("utf-8-sig"))  # editors of Windows add a byte order mark
    except OSError as error:
        raise ProbeError(f"{path}: can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ProbeError(f"{path}: not JSON; make one with: alternator probe --record") from error
    form = data.get("recording") if isinstance(data, dict) else None
    if isinstance(form, int) and form > FORMAT:
        raise ProbeError(
            f"{path}: a recording of format {form}, and this version reads format {FORMAT}; "
            f"update it (alternator --version tells which it is)"
        )
    if form != FORMAT:
        raise ProbeError(
            f"{path}: not a recording of format {FORMAT}; make one with: alternator probe --record"
        )
    try:
        return _parse(data)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ProbeError(
            f"{path}: a damaged recording ({type(error).__name__}: {error}); record it again"
        ) from error


def _parse(data: Mapping[str, Any]) -> Recording:
    platform = data["platform"]
    return Recording(
        platform=Platform(system=str(platform["system"]), arch=str(platform["arch"])),
        environ={str(name): str(value) for name, value in data.get("environ", {}).items()},
        commands=[_command(entry) for entry in data.get("commands", [])],
        tools=[str(name) for name in data.get("tools", [])],
        files={str(name): _text(lines) for name, lines in data.get("files", {}).items()},
        nodes={
            str(name): Node(
                path=str(name),
                group=int(node.get("group", 0)),
                open_to_all=bool(node.get("open_to_all", True)),
                usable=bool(node.get("usable", True)),
            )
            for name, node in data.get("nodes", {}).items()
        },
        about=str(data.get("about", "")),
        expected=dict(data.get("expected", {})),
    )


def _command(entry: Mapping[str, Any]) -> tuple[tuple[str, ...], Outcome]:
    why, code = entry.get("why"), entry.get("exit", 0)
    outcome = Outcome(
        exit=None if code is None else int(code),
        ms=int(entry.get("ms", 0)),
        text=_text(entry.get("text", [])) or "",
        why=None if why is None else str(why),
    )
    command = entry["command"]
    if not isinstance(command, list) or not command:
        raise ValueError(f"{command!r} is no command")
    return tuple(str(word) for word in command), outcome


def _text(lines: Any) -> str | None:
    if lines is None or isinstance(lines, str):
        return lines
    return "\n".join(str(line) for line in lines)
