"""What pip complains of, by its own words."""

import pytest

from probe.universal.pip_output import HASH_MISMATCH, errors_in, hash_mismatch, lines_in

REFUSED = f"""Collecting alpha
ERROR: THESE PACKAGES {HASH_MISMATCH} FROM THE REQUIREMENTS FILE. If you have updated

    alpha==1 from file:///wheelhouse/alpha-1.whl:
        Expected sha256 0
             Got        1
"""


def test_a_wrong_hash_is_followed_by_the_file() -> None:
    assert hash_mismatch(REFUSED) == [
        "alpha==1 from file:///wheelhouse/alpha-1.whl:",
        "Expected sha256 0",
        "Got        1",
    ]


@pytest.mark.parametrize("output", ["", "ERROR: No matching distribution found for alpha\n"])
def test_another_failure_is_none(output: str) -> None:
    assert hash_mismatch(output) is None


def test_a_complaint_that_was_cut_off_names_no_file() -> None:
    assert hash_mismatch(HASH_MISMATCH) == []


def test_errors_are_the_marked_lines() -> None:
    assert errors_in(lines_in("one\n\n ERROR: two \nthree\n")) == ["ERROR: two"]
