"""What the builder takes from the probe's report."""

import json
import os
import sys
from pathlib import Path

import pytest
from reports import report_of, selection_of

from images.build import host_choice
from images.catalog import load_catalog
from images.errors import ImagesError


def test_the_choice_names_variant_and_build() -> None:
    report = report_of(selection_of("cuda", "2.13.0", "cu126"))
    variant = host_choice.variant(load_catalog(), report)
    assert (variant.name, variant.torch, variant.wheel) == ("cuda", "2.13.0", "cu126")


def test_the_choice_may_name_an_older_line() -> None:
    report = report_of(selection_of("cuda", "2.11.0", "cu128"))
    variant = host_choice.variant(load_catalog(), report)
    assert variant.build == "cuda-2.11.0-cu128"


def test_the_report_of_this_machine_is_summed_up_with_its_reason() -> None:
    lines = host_choice.summary(host_choice.probe(os.environ, "cpu"))
    assert lines[0].startswith("machine ")
    assert any(line.startswith("choice    CPU") for line in lines)


def test_a_configuration_that_cannot_work_here_says_why(tmp_path: Path) -> None:
    config = tmp_path / "alternator.toml"
    config.write_text('[whisper]\nbackend = "tpu"\n')
    with pytest.raises(ImagesError, match=r"^\[whisper\] backend .* 'tpu' is none of"):
        host_choice.probe(os.environ, config=config)


def test_a_probe_that_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_choice, "PROBE_TIMEOUT_S", 0.001)
    with pytest.raises(ImagesError, match=r"^the probe did not end within 0\.001 s; see what"):
        host_choice.probe(os.environ)


def test_what_the_probe_waits_for_is_shown_and_is_no_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Said on the way, before a good report and before a refusal."""
    script = tmp_path / "python"
    said = 'echo "alternator: waiting for nvidia-smi" >&2\n'
    script.write_text(f'#!/bin/sh\n{said}exec {sys.executable} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    assert host_choice.probe(os.environ, "cpu")["selection"]["backend"] == "cpu"
    assert capfd.readouterr().err == "alternator: waiting for nvidia-smi\n"
    with pytest.raises(ImagesError, match=r"^--backend: 'tpu' is none of"):
        host_choice.probe(os.environ, "tpu")


def test_a_report_is_read_whole() -> None:
    made = report_of(selection_of("cpu", "2.13.0", "cpu"))
    assert host_choice.read_report(json.dumps(made)) == made


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schema": 2}, "it.schema is 2, none of 1"),
        ({"selection": {}}, "it.selection has no backend"),
        ({"advice": [1]}, r"it.advice\[0\] is not a text"),
    ],
)
def test_what_is_no_report_says_why(changes: dict[str, object], why: str) -> None:
    text = json.dumps({**report_of(selection_of("cpu", "2.13.0", "cpu")), **changes})
    with pytest.raises(ImagesError, match=f"the probe printed no report that is known here: {why}"):
        host_choice.read_report(text)


def test_neither_is_what_is_no_json() -> None:
    with pytest.raises(ImagesError, match="no report that is known here"):
        host_choice.read_report("warning: {}")
