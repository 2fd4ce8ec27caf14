from typing import get_args

from alternator.config.conduct import Mode
from alternator.config.signup import CHOICES, MODES, SignupSettings


def test_members_may_choose_among_the_modes_that_there_are():
    assert set(MODES) == set(get_args(Mode))
    # A reply is another post of the member's: only where the operator offers that.
    assert "reply" not in SignupSettings().modes
    assert SignupSettings().choices == CHOICES


def test_nobody_may_connect_as_it_comes_and_the_key_is_not_shown():
    assert SignupSettings().server == ()
    assert "a-key-of-some-length" not in repr(SignupSettings(key="a-key-of-some-length"))
