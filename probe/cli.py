"""``alternator probe`` and ``alternator doctor``: collect, choose, print."""

import argparse
import atexit
import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from probe.cli_examples import DOCTOR_EXAMPLES, PROBE_EXAMPLES
from probe.command_help import epilog_of
from probe.decide.overrides import VALUES, Overrides, read_overrides
from probe.detect.run_probes import RunningProbes, start_probes
from probe.errors import NoGpuError, ProbeError, print_trace
from probe.exit_codes import ExitCode
from probe.machine.this_machine import Machine
from probe.machine.time_limit import PATIENCE_S, TIMEOUT_S
from probe.machine.variables import DEBUG, TIMEOUT, WHISPER_MODEL

if TYPE_CHECKING:
    from probe.report.schema import Report


def probe(argv: list[str]) -> int:
    """Show this machine's hardware, the image and torch build that suit it, and why."""
    parser = _parser(
        "probe",
        "Show this machine's hardware and which image and torch suit it.",
        PROBE_EXAMPLES,
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument(
        "--require-gpu", action="store_true", help="exit with 3 where no GPU can be used"
    )
    _add_record(parser)
    parser.add_argument("--replay", metavar="FILE", help="decide for the machine of a recording")
    parser.add_argument(
        "--matrix", action="store_true", help="print the choice for every machine of the tests"
    )
    parser.add_argument(
        "--snippet",
        metavar="KIND",
        help="print what docker, compose, podman, quadlet or kubernetes needs for the choice",
    )
    arguments = parser.parse_args(argv)
    # At its end Python would search all that was imported for garbage: a seventh of the whole run.
    atexit.register(gc.freeze)
    if arguments.matrix:
        return matrix()
    machine = _machine(arguments.replay, arguments.record)
    overrides = _overrides(arguments, machine)
    running = start_probes(machine, flag=arguments.timeout)
    # The tools are at work: time to load what decides and what prints.
    from probe.decide.choose import choose
    from probe.detect.collect import facts_from
    from probe.report.schema import report
    from probe.tables.builds import load_table

    table, text = load_table(), _printer(arguments, machine)
    facts = facts_from(running)
    _show_defects(running)
    if arguments.record:
        _write_recording(machine, arguments.record)
    found = report(facts, choose(facts, table, overrides))
    _print(text(found))
    if arguments.require_gpu and found["selection"]["backend"] == "cpu":
        sys.stdout.flush()
        reasons = "; ".join(found["advice"]) or "none was found"
        raise NoGpuError(f"a GPU is required (--require-gpu) and can't be used: {reasons}")
    return 0


def doctor(argv: list[str]) -> int:
    """Show hardware and choice, then what would make it better and the command for it."""
    from probe.decide.choose import choose
    from probe.detect.collect import facts_from
    from probe.machine.host_software import read_host_software
    from probe.machine.image_record import find_image_record
    from probe.prove.image_build import image_build
    from probe.report.doctor import improvements, improvements_text
    from probe.report.examination import Setting
    from probe.report.host_report import read_host_report
    from probe.report.schema import report
    from probe.report.text import human_text
    from probe.tables.builds import load_table

    parser = _parser(
        "doctor", "Show what would make this machine's choice better.", DOCTOR_EXAMPLES
    )
    parser.add_argument(
        "--model", metavar="NAME", help="the Whisper model to be used (default: the configured one)"
    )
    _add_record(parser)
    parser.add_argument("--replay", metavar="FILE", help="examine the machine of a recording")
    arguments = parser.parse_args(argv)
    machine = _machine(arguments.replay, arguments.record)
    record = None if arguments.replay else find_image_record(os.environ)
    setting = Setting(
        # The universal image has none: it takes the best build for every machine.
        image=image_build(record, os.environ) if record else None,
        model=arguments.model
        or os.environ.get(WHISPER_MODEL)
        or machine.whisper_settings().get("model"),
        host=None if arguments.replay else read_host_report(os.environ),
    )
    overrides, table = _overrides(arguments, machine), load_table()
    running = start_probes(machine, flag=arguments.timeout, memory=True)
    facts = facts_from(running)
    _show_defects(running)
    if arguments.record:
        _write_recording(machine, arguments.record)
    choice = choose(facts, table, overrides, setting.image)
    # The advice comes below, with commands.
    _print(human_text({**report(facts, choice), "advice": [], "advice_parts": []}))
    steps = improvements(facts, table, choice, read_host_software(machine), setting)
    _print(improvements_text(steps))
    return 0


def _show_defects(running: RunningProbes) -> None:
    """The traces of the probes that failed themselves, for those who ask; advice tells of them."""
    if not os.environ.get(DEBUG):
        return
    for _, error in running.defects():
        print_trace(error)


def _print(text: str) -> None:
    """Print all of it. Raises ``ProbeError`` where the output has no room (``BrokenPipeError``
    where nobody reads it any more)."""
    try:
        try:
            print(text, end="", flush=True)
        except UnicodeEncodeError:  # a terminal of another encoding; the text without what it lacks
            encoding = sys.stdout.encoding
            print(text.encode(encoding, "replace").decode(encoding), end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer would be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise ProbeError(f"the output can't be written: {error.strerror}") from error


def _parser(
    name: str, description: str, examples: tuple[tuple[str, str], ...]
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"alternator {name}",
        description=description,
        # With a width of its own it does not import shutil to ask the terminal.
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=100),
        epilog=epilog_of(examples),
    )
    parser.add_argument("--backend", metavar="|".join(VALUES), help="instead of the best one")
    parser.add_argument("--torch", metavar="LINE", help="a line of torch, such as 2.11")
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        help=f"for each tool that is asked (default: ${TIMEOUT}, else {TIMEOUT_S:g}, and "
        f"{PATIENCE_S:g} for NVIDIA's where its driver's device nodes are)",
    )
    return parser


def _add_record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--record", metavar="FILE", help="also write what the probes saw, with names masked"
    )


def version() -> str:
    """The version of this distribution, as image tags have it."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("alternator")
    except PackageNotFoundError:
        return "latest"


def matrix() -> int:
    """Print the matrix; ``FAILED`` if a machine's choice is not the one it expects."""
    from probe.recordings.matrix import load_matrix, matrix_text

    rows = load_matrix()
    _print(matrix_text(rows))
    return ExitCode.FAILED if any(row.differences for row in rows) else 0


def _machine(replayed: str | None, recorded: str | None) -> Machine:
    """This machine or the one of a recording, remembering what is seen of it where asked to."""
    if replayed is not None:
        if recorded is not None:
            raise ProbeError("--record and --replay: there is nothing new to record; drop one")
        from pathlib import Path

        from probe.recordings.recording_file import read_recording
        from probe.recordings.replay import ReplayMachine

        return ReplayMachine(read_recording(Path(replayed)))
    if recorded is not None:
        from probe.recordings.recorder import RecordingMachine

        return RecordingMachine(Machine())
    return Machine()


def _write_recording(machine: Machine, path: str) -> None:
    from pathlib import Path

    from probe.machine.host_software import read_host_software
    from probe.recordings.mask import Mask
    from probe.recordings.recorder import RecordingMachine
    from probe.recordings.recording_file import write_recording

    if isinstance(machine, RecordingMachine):
        read_host_software(machine)  # what the doctor would look at belongs to the report as well
        variables = ("HOSTNAME", "USER", "LOGNAME", "SUDO_USER")
        names = (os.uname().nodename, *(os.environ.get(name, "") for name in variables))
        write_recording(machine.recording, Path(path), Mask(names))
        print(f"alternator: recorded in {path}", file=sys.stderr)


def _overrides(arguments: argparse.Namespace, machine: Machine) -> Overrides:
    return read_overrides(
        machine.environ,
        backend=arguments.backend,
        torch=arguments.torch,
        settings=machine.whisper_settings(),
    )


def _printer(arguments: argparse.Namespace, machine: Machine) -> "Callable[[Report], str]":
    """What makes the text that was asked for of a report."""
    if arguments.snippet:
        from probe.report.snippet import host_details, snippet

        return lambda found: snippet(arguments.snippet, found, version(), host_details(machine))
    if arguments.json:
        import json

        return lambda found: json.dumps(found, indent=2) + "\n"
    from probe.report.text import human_text

    return human_text
