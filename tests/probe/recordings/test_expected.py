"""The right answer for a machine, as its file has it."""

import pytest

from probe.recordings.expected import read_expected
from probe.recordings.recording import Expected
from probe.strict_json import DamagedError


def test_what_is_expected_of_the_doctor():
    assert read_expected({"doctor_says": ["emerge"], "doctor_says_not": ["apt-get"]}) == Expected(
        doctor_says=("emerge",), doctor_says_not=("apt-get",)
    )


def test_nothing_is_expected_of_what_is_not_named():
    assert read_expected({}) == Expected()


@pytest.mark.parametrize("entry", [{"doctor": []}, {"doctor_says": "emerge"}, {"torch": 2.13}])
def test_what_is_no_expectation_is_refused(entry):
    with pytest.raises(DamagedError):
        read_expected(entry)
