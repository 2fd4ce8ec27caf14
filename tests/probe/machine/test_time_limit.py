"""The bound of each tool: the flag, else the variable, else what is built in."""

import pytest

from probe.errors import ProbeError
from probe.machine.time_limit import PATIENCE_S, TIMEOUT_S, read_patience, read_timeout

VARIABLE = "ALTERNATOR_PROBE_TIMEOUT"


def test_the_flag_goes_before_the_variable():
    assert read_timeout({}) == TIMEOUT_S == 5.0
    assert read_timeout({VARIABLE: ""}) == TIMEOUT_S
    assert read_timeout({VARIABLE: "2.5"}) == 2.5
    assert read_timeout({VARIABLE: "2.5"}, "1") == 1.0
    assert read_timeout({}, "3600") == 3600


def test_what_the_operator_says_is_the_last_word_on_patience():
    assert read_patience({}) == PATIENCE_S == 60.0
    assert read_patience({VARIABLE: ""}) == PATIENCE_S
    assert read_patience({VARIABLE: "2.5"}) == 2.5
    assert read_patience({VARIABLE: "90"}) == 90
    assert read_patience({VARIABLE: "2.5"}, "1") == 1.0


@pytest.mark.parametrize("text", ["soon", "nan", "0", "-1", "3601", "inf"])
def test_what_is_no_bound_is_named(text):
    with pytest.raises(ProbeError, match=f"^--timeout: {text!r} is no number of seconds"):
        read_timeout({}, text)
    with pytest.raises(ProbeError, match=f"^{VARIABLE}: {text!r} is no number of seconds"):
        read_timeout({VARIABLE: text})
    with pytest.raises(ProbeError, match=f"^{VARIABLE}: {text!r} is no number of seconds"):
        read_patience({VARIABLE: text})
