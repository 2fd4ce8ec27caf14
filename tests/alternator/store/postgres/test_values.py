from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from alternator.config.database import DatabaseSettings
from alternator.store.postgres.values import prepare, translated


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT ? FROM t WHERE a = ?", "SELECT %s FROM t WHERE a = %s"),
        (":now + :taken_at, :now", "%(now)s + %(taken_at)s, %(now)s"),
        ("key = 'answer:' || id AND x LIKE 'a?%' AND y % 2 = ?", None),
        ("a::text = ?", "a::text = %s"),
    ],
)
def test_parameters_are_written_as_psycopg_has_them(sql: str, expected: str | None):
    whole = "key = 'answer:' || id AND x LIKE 'a?%%' AND y %% 2 = %s"
    assert translated(sql).decode() == (expected or whole)


@pytest.fixture
def db(database: DatabaseSettings) -> Iterator["psycopg.Connection[Any]"]:
    assert database.url is not None
    with psycopg.connect(database.url, autocommit=True) as connection:
        prepare(connection)
        yield connection


def test_truth_is_a_number(db: "psycopg.Connection[Any]"):
    row = db.execute(translated("SELECT 1 WHERE 1 = ? AND 0 = ?"), (True, False)).fetchone()
    assert row == (1,)


def test_a_text_comes_back_as_it_was_but_for_nul(db: "psycopg.Connection[Any]"):
    text = "100 % of ?, :now, 'so' \\ \n 🛥\x00 end"
    row = db.execute(translated("SELECT CAST(? AS text)"), (text,)).fetchone()
    assert row == (text.replace("\x00", "\ufffd"),)


def test_a_moment_comes_back_to_the_last_bit(db: "psycopg.Connection[Any]"):
    moment = 1_764_416_203.123_456_7
    row = db.execute(translated("SELECT CAST(? AS double precision)"), (moment,)).fetchone()
    assert row == (moment,)
