"""The report of every recorded machine is what its published schema says."""

import json
from pathlib import Path

import jsonschema
import pytest
from cards import machine_with, nvidia

from probe.decide.choice import Rejected
from probe.decide.choose import choose
from probe.finding import KINDS, Advice
from probe.findings.advice import ImageDoesNotFit
from probe.findings.builds import ProofFailed
from probe.findings.proof import ProofCrashed
from probe.findings.trace import MEANINGS
from probe.frozen_record import replace
from probe.recordings.matrix import MACHINES, replay
from probe.recordings.recording_file import read_recording
from probe.report.host_report import read_report
from probe.report.schema import report as report_on
from probe.tables.builds import Table, load_table

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text("utf-8"))
FILES = sorted(MACHINES.glob("*.json"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recorded_machine(file, validator):
    report = json.loads(json.dumps(replay(read_recording(file), load_table())))
    validator.validate(report)
    for entry in (*report["gpus"], *report["rejected"], *report["trace"]):
        assert (entry["code"] is None) == (entry["why"] is None)
    assert len(report["advice_codes"]) == len(report["advice"]) == len(report["advice_causes"])
    assert ["; ".join(parts) for parts in report["advice_parts"]] == report["advice"]
    behind = (*report["advice_causes"], *(entry["causes"] for entry in report["rejected"]))
    assert {code for codes in behind for code in codes} <= {*KINDS}
    told = {entry["code"] for entry in (*report["gpus"], *report["rejected"])}
    assert told | set(report["advice_codes"]) <= {None, *KINDS}
    assert {line["code"] for line in report["trace"]} <= {None, *MEANINGS}
    assert read_report(report).backend == report["selection"]["backend"]


def test_the_schema_refuses_what_is_no_report(validator):
    report = replay(read_recording(MACHINES / "nothing.json"), load_table())
    assert not validator.is_valid({**report, "schema": 2})
    assert not validator.is_valid({**report, "advice": [7]})
    assert validator.is_valid({**report, "added_later": True})


def test_what_is_behind_a_finding_has_its_code(table: Table) -> None:
    crashed = ProofCrashed(how="killed by signal 6 (SIGABRT)")
    failed = ProofFailed(name="card", why=crashed)
    facts = machine_with(nvidia("6.1", "580.95.05"), nvidia("8.9", "580.95.05", index=1))
    choice = choose(facts, table)
    rejected = Rejected(wheel="cu130", why=failed)
    told = Advice(finding=ImageDoesNotFit(wheel="cu130", why=failed))
    made = replace(choice, rejected=(rejected,), advice=(*choice.advice, told))
    found = report_on(facts, made)
    assert (found["rejected"][0]["code"], found["rejected"][0]["causes"]) == (
        "proof-failed",
        ["proof-crashed"],
    )
    assert found["advice_codes"] == ["gpu-left-out-by-build", "image-does-not-fit"]
    assert found["advice_causes"] == [
        ["no-code-for-compute-capability"],
        ["proof-failed", "proof-crashed"],
    ]
