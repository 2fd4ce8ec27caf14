"""The machines of ``tests/machines`` with the choice for each, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from probe.decide.choose import choose
from probe.detect.collect import collect
from probe.errors import ProbeError
from probe.machine.host_software import read_host_software
from probe.recordings.recording import Expected, Recording
from probe.recordings.recording_file import read_recording
from probe.recordings.replay import ReplayMachine
from probe.report.doctor import improvements, improvements_text
from probe.report.schema import Report, report
from probe.tables.builds import Table, load_table

MACHINES = Path(__file__).parents[2] / "tests" / "machines"
HEAD = ("machine", "choice", "torch", "uses", "evidence")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One machine of the matrix."""

    name: str
    recording: Recording
    report: Report

    @property
    def differences(self) -> list[str]:
        """What the choice is, where it is not what the recording expects."""
        return differences(self.recording.expected or Expected(), self.report)


def replay(recording: Recording, table: Table) -> Report:
    """The report on a recorded machine, with nothing asked for."""
    facts = collect(machine=ReplayMachine(recording))
    return report(facts, choose(facts, table))


def doctor_differences(recording: Recording, table: Table) -> list[str]:
    """Where the doctor does not say what the recording expects."""
    machine = ReplayMachine(recording)
    facts = collect(machine=machine)
    steps = improvements(facts, table, choose(facts, table), read_host_software(machine))
    said, expected = improvements_text(steps), recording.expected or Expected()
    return [
        *(f"no advice {part!r}" for part in expected.doctor_says if part not in said),
        *(f"advice {part!r}" for part in expected.doctor_says_not if part in said),
    ]


def load_matrix(directory: Path = MACHINES) -> list[Row]:
    """Every machine, by name. Raises ``ProbeError`` where there are none."""
    files = sorted(directory.glob("*.json"))
    if not files:
        raise ProbeError(f"no machines in {directory}: run this in a checkout of the project")
    table = load_table()
    recordings = {file.stem: read_recording(file) for file in files}
    return [
        Row(name=name, recording=recording, report=replay(recording, table))
        for name, recording in recordings.items()
    ]


def differences(expected: Expected, found: Report) -> list[str]:
    """Where the report is not as expected."""
    chosen = found["selection"]
    pairs: dict[str, tuple[object, object]] = {
        "backend": (chosen["backend"], expected.backend),
        "device": (chosen["device"], expected.device),
        "torch": (chosen["torch"], expected.torch),
        "wheel": (chosen["wheel"], expected.wheel),
        "image": (chosen["image"], expected.image),
        "visible_devices": (chosen["visible_devices"], expected.visible_devices),
        "env": (chosen["env"], expected.env),
        "run_flags": (chosen["run_flags"], expected.run_flags),
        "states": ([gpu["state"] for gpu in found["gpus"]], expected.states),
        "advice_codes": (found["advice_codes"], expected.advice_codes),
    }
    wrong = [
        f"{name} is {value!r}, not {wanted!r}"
        for name, (value, wanted) in pairs.items()
        if wanted is not None and value != wanted
    ]
    said, codes = "\n".join(found["advice"]), _codes(found)
    return [
        *wrong,
        *(f"no advice {part!r}" for part in (*expected.advice, *expected.says) if part not in said),
        *(f"advice {part!r}" for part in expected.says_not if part in said),
        *(f"no finding {code}" for code in expected.findings if code not in codes),
        *(f"finding {code}" for code in expected.not_findings if code in codes),
    ]


def _codes(found: Report) -> set[str]:
    """The codes of all that is in a GPU's way or advised, and of what is behind it."""
    causes = {code for codes in found["advice_causes"] for code in codes}
    return causes | {*found["advice_codes"], *(gpu["code"] for gpu in found["gpus"] if gpu["code"])}


def matrix_text(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for row in rows:
        chosen = row.report["selection"]
        build = "CPU" if chosen["backend"] == "cpu" else f"{chosen['image']} {chosen['wheel']}"
        if chosen["backend"] == "mps":
            build = "MPS, outside of containers"
        uses = len(chosen["visible_devices"])
        env = "".join(f", {name}={value}" for name, value in chosen["env"].items())
        cards = f"{uses} of {len(row.report['gpus'])}" if row.report["gpus"] else "–"
        wrong = "".join(f" **wrong: {difference}**" for difference in row.differences)
        cells = (
            *(row.recording.about, f"{build}{env}{wrong}", chosen["torch"], cards),
            row.recording.evidence or "not said",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
