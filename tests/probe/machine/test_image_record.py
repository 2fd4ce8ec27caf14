"""What the build wrote down about an image, read in one way by all."""

import json

import pytest

from probe.errors import ProbeError
from probe.machine.image_record import (
    PATH,
    ImageRecord,
    find_image_record,
    read_image_record,
    record_path,
)


def environ(path) -> dict[str, str]:
    return {"ALTERNATOR_VARIANT_FILE": str(path)}


def test_where_it_is():
    assert record_path({}) == PATH == "/opt/alternator/variant.json"
    assert record_path({"ALTERNATOR_VARIANT_FILE": ""}) == PATH
    assert record_path(environ("/x")) == "/x"


def test_what_it_says(tmp_path):
    file = tmp_path / "variant.json"
    said = {"variant": "cuda", "torch": "2.13.0", "wheel": "cu130", "cuda": "13.0", "hip": None}
    file.write_text(json.dumps(said))
    assert read_image_record(environ(file)) == ImageRecord(
        variant="cuda", torch="2.13.0", wheel="cu130"
    )
    file.write_text('{"variant": "universal"}')
    assert find_image_record(environ(file)) == ImageRecord(variant="universal")


def test_outside_of_images_there_is_none(tmp_path):
    missing = environ(tmp_path / "none.json")
    assert find_image_record(missing) is None
    with pytest.raises(ProbeError, match=r"none\.json does not say .* \(FileNotFoundError\)"):
        read_image_record(missing)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "does not say which torch this image holds"),
        ("[]", "does not say which torch this image holds"),
        ('{"variant": "cuda"}', "does not say which torch this image holds"),
        ('{"variant": "cuda", "torch": 2, "wheel": "x"}', "does not say which torch"),
        ('{"variant": "cuda", "torch": "2.13.0", "wheel": 3}', "does not say which torch"),
        ('{"variant": "tpu", "torch": "2", "wheel": "x"}', "'tpu' is none of cpu, cuda, rocm"),
        ("[" * 100_000, "does not say which torch"),
    ],
)
def test_a_broken_file_is_named_for_whoever_reads_it(tmp_path, content, message):
    file = tmp_path / "variant.json"
    file.write_text(content)
    for read in (read_image_record, find_image_record):
        with pytest.raises(ProbeError, match=message) as caught:
            read(environ(file))
        assert str(caught.value).startswith(str(file))
