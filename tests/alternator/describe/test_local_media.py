from pathlib import Path

import pytest

from alternator.config.settings import MediaSettings
from alternator.describe.local_media import LocalMedia, type_of
from alternator.errors import DamagedMediaError, MediaError


def test_a_file_is_what_its_content_says(picture: Path, clip: Path, tmp_path: Path):
    assert type_of(picture) == "image"
    assert type_of(clip) == "audio"
    misnamed = tmp_path / "sound.png"
    misnamed.write_bytes(clip.read_bytes())
    assert type_of(misnamed) == "audio"
    misnamed.write_text("Words, and no medium.")
    with pytest.raises(DamagedMediaError, match="is no picture"):
        type_of(misnamed)
    with pytest.raises(MediaError, match="does not exist"):
        type_of(tmp_path / "none")


def test_a_file_is_held_to_the_settings(picture: Path):
    with LocalMedia(MediaSettings()).file(str(picture), "image") as path:
        assert path == picture
    with (
        pytest.raises(MediaError, match="is not among"),
        LocalMedia(MediaSettings(supported_formats=("image/gif",))).file(str(picture), "image"),
    ):
        pass
