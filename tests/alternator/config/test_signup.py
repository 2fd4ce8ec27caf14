from pathlib import Path
from typing import get_args

import pytest

from alternator.config.conduct import Mode
from alternator.config.load import load_section
from alternator.config.signup import CHOICES, MODES, SignupSettings
from alternator.errors import ConfigError


def test_members_may_choose_among_the_modes_that_there_are():
    assert set(MODES) == set(get_args(Mode))
    # A reply is another post of the member's: only where the operator offers that.
    assert "reply" not in SignupSettings().modes
    assert SignupSettings().choices == CHOICES


def test_nobody_may_connect_as_it_comes_and_the_key_is_not_shown():
    assert SignupSettings().server == ()
    assert "a-key-of-some-length" not in repr(SignupSettings(key="a-key-of-some-length"))


def test_an_operator_may_leave_members_nothing_to_choose(tmp_path: Path):
    file = tmp_path / "alternator.toml"
    file.write_text("[signup]\nchoices = []\n")
    assert load_section(SignupSettings, file).choices == ()
    file.write_text("[signup]\nmodes = []\n")
    with pytest.raises(ConfigError, match="modes must be a list of some of edit"):
        load_section(SignupSettings, file)
