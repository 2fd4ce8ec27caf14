"""Which media types are taken."""

import mimetypes

import pytest

from sandbox.model.media_types import MEDIA_TYPE_OF_SUFFIX, SUFFIXES, media_type_of


@pytest.mark.parametrize(
    ("name", "declared", "expected"),
    [
        ("clip.mp3", "audio/ogg", "audio/ogg"),
        ("clip.mp3", "audio/ogg; codecs=opus", "audio/ogg"),
        ("clip.mp3", "AUDIO/OGG", "audio/ogg"),
        ("CLIP.MP3", None, "audio/mpeg"),
        ("clip.opus", "application/octet-stream", "audio/ogg"),
        ("note.txt", "text/plain", None),
        ("", None, None),
    ],
)
def test_the_declared_type_wins_if_it_is_of_use(name, declared, expected):
    assert media_type_of(name, declared) == expected


def test_served_files_have_a_type_that_a_browser_plays():
    for suffix, media_type in MEDIA_TYPE_OF_SUFFIX.items():
        assert mimetypes.guess_type(f"x{suffix}")[0] == media_type
        assert media_type in SUFFIXES
