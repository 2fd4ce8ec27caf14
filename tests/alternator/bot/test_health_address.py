"""A health check finds the bot wherever that listens."""

from pathlib import Path

import pytest

from alternator.bot.health_address import FILE, announced, find
from alternator.config.settings import HealthSettings


def test_it_is_found_while_the_bot_runs(tmp_path: Path) -> None:
    settings = HealthSettings(host="0.0.0.0", port=9000)
    with announced(tmp_path, settings):
        assert find(tmp_path) == settings
        assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert find(tmp_path) is None


def test_a_later_bot_takes_the_place_of_one_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"host": "127.0.0.1", "port": 1}')
    with announced(tmp_path, HealthSettings(port=9000)):
        assert find(tmp_path) == HealthSettings(port=9000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"host": 1, "port": 2}',
        '{"host": "a", "port": true}',
        '{"host": "a", "port": 65536}',
        '{"host": "a", "port": "8765"}',
    ],
)
def test_what_is_no_address_is_passed_over(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    assert find(tmp_path) is None


def test_a_directory_that_is_not_there_ends_nothing(tmp_path: Path) -> None:
    with announced(tmp_path / "none", HealthSettings()):
        assert find(tmp_path / "none") is None
