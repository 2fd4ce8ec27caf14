from pathlib import Path

import pytest
from clock import Clock

from alternator.errors import ConfigError, StateError
from alternator.store.opening import STATE_FILE, opened


def test_a_store_is_this_ones_alone_until_it_is_closed(tmp_path: Path, clock: Clock):
    with opened(tmp_path, clock=clock) as store:
        store.use_account("https://social.example", "7")
        with pytest.raises(ConfigError, match="another bot"), opened(tmp_path, clock=clock):
            pass
    with pytest.raises(StateError):
        store.knows_server("https://social.example")
    with opened(tmp_path, clock=clock) as store:
        assert store.knows_server("https://social.example")


def test_a_file_that_can_not_be_read_leaves_the_directory_free(tmp_path: Path, clock: Clock):
    (tmp_path / STATE_FILE).write_bytes(b"This is something else entirely." * 100)
    with pytest.raises(StateError, match="is damaged"), opened(tmp_path, clock=clock):
        pass
    (tmp_path / STATE_FILE).unlink()
    with opened(tmp_path, clock=clock):
        pass
