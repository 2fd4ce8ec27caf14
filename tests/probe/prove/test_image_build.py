"""Whether an image holds what it says."""

import pytest

from probe.decide.choice import ImageBuild
from probe.errors import ProbeError
from probe.machine.image_record import ImageRecord
from probe.prove.image_build import image_build

CUDA = ImageRecord(variant="cuda", torch="2.13.0", wheel="cu130")
ELSEWHERE = {"ALTERNATOR_VARIANT_FILE": "/elsewhere.json"}


def test_a_file_named_elsewhere_speaks_of_a_torch_elsewhere():
    assert image_build(CUDA, ELSEWHERE) == ImageBuild(variant="cuda", torch="2.13.0", wheel="cu130")


def test_the_universal_image_holds_none_of_its_own():
    assert image_build(ImageRecord(variant="universal"), {}) is None


def test_an_image_that_holds_another_torch_is_refused():
    """Whatever torch this interpreter has, or none: it is not that one."""
    record = ImageRecord(variant="cuda", torch="0.0.1", wheel="cu130")
    with pytest.raises(ProbeError, match=r"this image is not what it says: .*; build it again"):
        image_build(record, {})
