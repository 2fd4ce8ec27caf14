import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from clock import Clock

from alternator.errors import ConfigError, StateError
from alternator.store.opening import (
    STATE_FILE,
    NothingRememberedError,
    bot_is_running,
    opened,
    opened_beside,
)
from alternator.store.outcomes import Found
from alternator.store.sqlite.schema import SCHEMA
from alternator.store.sqlite.tally import TALLY


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


def test_a_look_beside_a_bot_frees_none_of_its_claims(tmp_path: Path, clock: Clock):
    with opened(tmp_path, clock=clock) as store:
        state = store.use_account("https://social.example", "7")
        state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
        assert state.claim() is not None
        assert bot_is_running(tmp_path)
        with opened_beside(tmp_path, clock=clock) as beside:
            known = beside.known_accounts("https://social.example")
            assert known["7"].counts() == {"claimed": 1}
        assert state.counts() == {"claimed": 1}
    assert not bot_is_running(tmp_path)


def test_where_no_bot_was_there_is_nothing_to_look_at(tmp_path: Path, clock: Clock):
    with (
        pytest.raises(NothingRememberedError, match="no bot was started with this"),
        opened_beside(tmp_path / "none", clock=clock),
    ):
        pass
    assert not (tmp_path / "none").exists()


def test_an_earlier_file_is_brought_up_only_where_no_bot_is(tmp_path: Path, clock: Clock):
    with opened(tmp_path, clock=clock) as store:
        store.use_account("https://social.example", "7")
        with closing(sqlite3.connect(tmp_path / STATE_FILE, isolation_level=None)) as other:
            for statement in TALLY:  # what the last step brought
                for kind, name in re.findall(r"CREATE (TABLE|TRIGGER) (\w+)", statement):
                    other.execute(f"DROP {kind} {name}")
            other.execute(f"PRAGMA user_version = {SCHEMA.version - 1}")
        with (
            pytest.raises(StateError, match="of another version of Alternator, and its bot is at"),
            opened_beside(tmp_path, clock=clock),
        ):
            pass
    with opened_beside(tmp_path, clock=clock) as store:
        assert store.known_accounts("https://social.example")["7"].counts() == {}
