"""Whose the files are that are handed in, and what happens to a memory of another user."""

import io
import tarfile

import pytest

from alternator.store.opening import STATE_FILE
from compose import settings
from compose.errors import ComposeError

IMAGE = "alternator:1-cpu"


def choose(asked: str, owner: tuple[int, int] | None) -> str:
    return settings.choose_user(asked, owner, "alternator_state", IMAGE)


def test_the_bot_runs_as_the_images_user() -> None:
    assert choose("", None) == "10001:10001"
    assert choose("", (10001, 10001)) == "10001:10001"


def test_a_memory_of_an_earlier_version_keeps_its_owner() -> None:
    assert choose("", (1000, 985)) == "1000:985"


def test_the_operators_own_number_counts() -> None:
    assert choose("1234:5", None) == "1234:5"
    assert choose("1234", (1234, 5)) == "1234:1234"


@pytest.mark.parametrize("asked", ["0", "0:0", "root", "me:users", "-1"])
def test_a_user_that_is_none_is_refused(asked: str) -> None:
    with pytest.raises(ComposeError, match="is no user for the bot"):
        choose(asked, None)


@pytest.mark.parametrize(
    ("asked", "owner", "to"), [("", (0, 0), "10001:10001"), ("1234:5", (1000, 1000), "1234:5")]
)
def test_a_memory_that_could_not_be_used_has_its_remedy(
    asked: str, owner: tuple[int, int], to: str
) -> None:
    with pytest.raises(ComposeError) as caught:
        choose(asked, owner)
    assert f"alternator_state belongs to user {owner[0]}" in str(caught.value)
    assert f"--volume alternator_state:/var/lib/alternator/state {IMAGE} -R {to} " in str(
        caught.value
    )


def test_the_files_are_for_the_bots_user_alone() -> None:
    content = settings.archive({"alternator.toml": b"a = 1\n"}, "1000:985")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        (entry,) = tar.getmembers()
    assert (entry.name, entry.uid, entry.gid, entry.mode) == ("alternator.toml", 1000, 985, 0o400)


def test_a_change_of_a_file_changes_the_digest() -> None:
    one = settings.digest({"a": b"1", "b": b""})
    assert one == settings.digest({"b": b"", "a": b"1"})
    assert len({one, settings.digest({"a": b"", "b": b"1"}), settings.digest({"a": b"2"})}) == 3


def test_the_state_file_is_the_bots() -> None:
    assert settings.STATE_FILE == STATE_FILE
