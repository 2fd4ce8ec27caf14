"""How a tool ended."""

from probe.machine.outcome import MISSING, Outcome


def test_only_a_good_end_is_ok():
    assert Outcome(exit=0, ms=1).ok
    assert not Outcome(exit=1, ms=1).ok
    assert not Outcome(exit=None, ms=1, failure="timeout", why="no answer within 5 s").ok
    assert not MISSING.ok
