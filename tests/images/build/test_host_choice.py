"""What the builder takes from the probe's report."""

import os
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
