"""A recording as a file.

The file is JSON: ``recording`` (the number of this format); ``platform``; ``environ``; ``commands``
(tool, arguments, exit code, output as lines; ``why`` and ``failure`` where it did not end by
itself); ``tools``, and in ``absent`` those that were looked for and are not there; ``root``;
``files`` by path (lines, or null); ``nodes`` by path. A machine of the matrix also has ``about``,
``evidence``, ``source`` and ``expected``.
"""

import json
from pathlib import Path
from typing import NotRequired, TypedDict, TypeVar, get_args

from probe.errors import ProbeError
from probe.facts import Node
from probe.foreign_json import as_int
from probe.machine.outcome import Failure, Outcome
from probe.machine.this_machine import Platform
from probe.recordings.expected import read_expected
from probe.recordings.mask import Mask
from probe.recordings.recording import Evidence, RecordedCommand, Recording
from probe.strict_json import (
    DamagedError,
    a_bool,
    a_list,
    a_text,
    a_text_or_none,
    an_int,
    an_object,
    by_name,
    lines,
    one_of,
    texts,
)

FORMAT = 1
LARGEST = 32 * 1024 * 1024  # bytes; the largest honest recording has a hundredth
# Recordings of before ``failure`` was written have only these words.
FAILURES: dict[str, Failure] = {
    "can't be started": "not-started",
    "no answer within": "timeout",
    "killed by signal": "signal",
    "printed more than": "too-long",
}

T = TypeVar("T")


class PlatformEntry(TypedDict):
    """``platform``."""

    system: str
    arch: str


class CommandEntry(TypedDict):
    """One of ``commands``."""

    command: list[str]
    exit: int | None
    ms: int
    failure: Failure | None
    why: str | None
    text: list[str]


class NodeEntry(TypedDict):
    """One of ``nodes``."""

    group: int
    open_to_all: bool
    usable: bool


class RecordingEntry(TypedDict):
    """The file as the probe writes it."""

    recording: int
    evidence: NotRequired[Evidence]
    platform: PlatformEntry
    environ: dict[str, str]
    root: bool
    tools: list[str]
    absent: list[str]
    commands: list[CommandEntry]
    files: dict[str, list[str] | None]
    nodes: dict[str, NodeEntry]


def write_recording(recording: Recording, path: Path, mask: Mask) -> None:
    """Write a recording with everything that tells machines apart masked.

    Raises ``ProbeError`` where the file can't be written.
    """
    commands: list[CommandEntry] = [
        {
            "command": [mask(word) for word in command],
            "exit": outcome.exit,
            "ms": outcome.ms,
            "failure": outcome.failure,
            "why": outcome.why and mask(outcome.why),
            "text": mask(outcome.text).split("\n"),
        }
        for command, outcome in sorted(recording.commands, key=lambda item: item.command[0])
    ]
    data: RecordingEntry = {
        "recording": FORMAT,
        "platform": {"system": recording.platform.system, "arch": recording.platform.arch},
        "environ": {
            name: mask.device_list(value) for name, value in sorted(recording.environ.items())
        },
        "root": recording.root,
        "tools": sorted(recording.tools),
        "absent": sorted(recording.absent),
        "commands": commands,
        "files": {
            name: None if text is None else mask(text).split("\n")
            for name, text in sorted(recording.files.items())
        },
        "nodes": {
            name: {"group": node.group, "open_to_all": node.open_to_all, "usable": node.usable}
            for name, node in sorted(recording.nodes.items())
        },
    }
    if recording.evidence is not None:
        data["evidence"] = recording.evidence
    try:
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ProbeError(f"--record {path}: can't be written: {error.strerror}") from error


def read_recording(path: Path) -> Recording:
    """Read a recording. Raises ``ProbeError`` for a file that is none, or of a later format."""
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
    number = as_int(data.get("recording")) if isinstance(data, dict) else None
    if number is not None and number > FORMAT:
        raise ProbeError(
            f"{path}: a recording of format {number}, and this version reads format {FORMAT}; "
            f"update it (alternator --version tells which it is)"
        )
    if number != FORMAT:
        raise ProbeError(
            f"{path}: not a recording of format {FORMAT}; make one with: alternator probe --record"
        )
    try:
        return _recording(an_object(data, "it"))
    except DamagedError as error:
        raise ProbeError(f"{path}: a damaged recording ({error}); record it again") from error


def _recording(data: dict[str, object]) -> Recording:
    platform = an_object(data.get("platform"), "platform")
    evidence = data.get("evidence")
    expected = data.get("expected")
    return Recording(
        platform=Platform(
            system=a_text(platform.get("system"), "platform.system"),
            arch=a_text(platform.get("arch"), "platform.arch"),
        ),
        environ=by_name(data, "environ", a_text),
        commands=[_command(entry) for entry in a_list(data.get("commands", []), "commands")],
        root=a_bool(data.get("root", False), "root"),
        tools=texts(data.get("tools", []), "tools"),
        absent=texts(data.get("absent", []), "absent"),
        files=by_name(data, "files", lines),
        nodes={
            path: _node(path, an_object(entry, path))
            for path, entry in an_object(data.get("nodes", {}), "nodes").items()
        },
        about=a_text(data.get("about", ""), "about"),
        evidence=None if evidence is None else one_of(get_args(Evidence), evidence, "evidence"),
        source=a_text(data.get("source", ""), "source"),
        expected=None if expected is None else read_expected(an_object(expected, "expected")),
    )


def _command(value: object) -> RecordedCommand:
    entry = an_object(value, "a command")
    words = texts(entry.get("command"), "command")
    if not words:
        raise DamagedError("command is empty")
    code, why, failure = entry.get("exit", 0), entry.get("why"), entry.get("failure")
    reason = a_text_or_none(why, "why")
    outcome = Outcome(
        exit=None if code is None else an_int(code, "exit"),
        ms=an_int(entry.get("ms", 0), "ms"),
        text=lines(entry.get("text", []), "text") or "",
        failure=_failure_of(reason)
        if failure is None
        else one_of(get_args(Failure), failure, "failure"),
        why=reason,
    )
    return RecordedCommand(tuple(words), outcome)


def _failure_of(why: str | None) -> Failure | None:
    if why is None:
        return None
    for words, failure in FAILURES.items():
        if why.startswith(words):
            return failure
    raise DamagedError(f"why is {why!r}")


def _node(path: str, entry: dict[str, object]) -> Node:
    return Node(
        path=path,
        group=an_int(entry.get("group", 0), "group"),
        open_to_all=a_bool(entry.get("open_to_all", True), "open_to_all"),
        usable=a_bool(entry.get("usable", True), "usable"),
    )
