"""The report of every recorded machine is what its published schema says."""

import json
from pathlib import Path

import jsonschema
import pytest

from probe.finding import KINDS
from probe.findings.trace import MEANINGS
from probe.recordings.matrix import MACHINES, replay
from probe.recordings.recording_file import read_recording
from probe.report.host_report import read_report
from probe.tables.builds import load_table

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
    assert len(report["advice_codes"]) == len(report["advice"])
    told = {entry["code"] for entry in (*report["gpus"], *report["rejected"])}
    assert told | set(report["advice_codes"]) <= {None, *KINDS}
    assert {line["code"] for line in report["trace"]} <= {None, *MEANINGS}
    assert read_report(report).backend == report["selection"]["backend"]


def test_the_schema_refuses_what_is_no_report(validator):
    report = replay(read_recording(MACHINES / "nothing.json"), load_table())
    assert not validator.is_valid({**report, "schema": 2})
    assert not validator.is_valid({**report, "advice": [7]})
    assert validator.is_valid({**report, "added_later": True})
