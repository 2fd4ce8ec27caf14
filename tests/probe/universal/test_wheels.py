"""Wheels in folders, and which of a lock's entries they are."""

import pytest
from package_index import make_wheel, sha256

from probe.universal.errors import HashError
from probe.universal.lock import Entry
from probe.universal.wheels import find, folders, is_locked, unpacked_size


def test_a_wheelhouse_is_a_folder_or_has_one_for_each_variant(tmp_path):
    assert folders(tmp_path / "nowhere") == []
    (tmp_path / "empty").mkdir()
    for variant in ("cpu", "cuda"):
        (tmp_path / variant).mkdir()
        make_wheel(tmp_path / variant, "alpha", "1")
    assert folders(tmp_path) == [tmp_path / "cpu", tmp_path / "cuda"]
    make_wheel(tmp_path, "beta", "1")
    assert folders(tmp_path)[0] == tmp_path


def test_an_entry_is_found_by_name_and_version_whatever_its_spelling(tmp_path):
    wheel = make_wheel(tmp_path, "openai-whisper", "1")
    entry = Entry(name="OpenAI_Whisper", version="1", hashes=(sha256(wheel),))
    other = Entry(name="openai-whisper", version="2", hashes=("0" * 64,))
    assert find([entry, other], [tmp_path]) == {entry: wheel}
    assert is_locked(entry, wheel)
    assert not is_locked(other, wheel)
    assert unpacked_size({entry: wheel}) > 0


def test_a_file_that_is_no_archive_is_named(tmp_path):
    wheel = tmp_path / "alpha-1-py3-none-any.whl"
    wheel.write_bytes(b"no archive")
    entry = Entry(name="alpha", version="1", hashes=())
    with pytest.raises(HashError, match=r"alpha-1-py3-none-any\.whl is not the alpha 1 that was"):
        unpacked_size({entry: wheel})
