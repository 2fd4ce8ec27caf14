from collections.abc import Callable
from pathlib import Path

import pytest

from alternator.media.sound_tags import MOST_CHARACTERS, Tags, tags_in, tags_of

MakeMedia = Callable[..., Path]
TONE = ("-f", "lavfi", "-i", "sine=d=0.5")


@pytest.mark.parametrize("name", ["song.mp3", "song.ogg", "song.m4a", "song.flac", "song.opus"])
def test_title_and_artist_are_read_from_every_kind(make_media: MakeMedia, name: str):
    named = ("-metadata", "title=Blaue Stunde", "-metadata", "artist=Ann Ö.")
    song = make_media(name, *TONE, *named)
    assert tags_of(song) == Tags(title="Blaue Stunde", artist="Ann Ö.")


def test_an_album_s_artist_will_do(make_media: MakeMedia):
    song = make_media("song.mp3", *TONE, "-metadata", "album_artist=The Band")
    assert tags_of(song) == Tags(artist="The Band")


def test_no_tags_and_no_sound_are_no_tags(make_media: MakeMedia, tmp_path: Path):
    assert tags_of(make_media("plain.wav", *TONE)) == Tags()
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"ID3\x04" + bytes(100))
    assert tags_of(broken) == Tags()


def test_a_tag_is_one_line_within_bounds_and_can_t_pass_for_another(make_media: MakeMedia):
    forged = "A\n  Duration: 00:00:01.00\n    artist          : Somebody else"
    song = make_media("song.mp3", *TONE, "-metadata", f"title={forged}")
    assert tags_of(song) == Tags(title="A")
    song = make_media("long.mp3", *TONE, "-metadata", f"title={'long ' * 1000}")
    title = tags_of(song).title
    assert title.startswith("long long") and title.endswith("…") and len(title) <= MOST_CHARACTERS


def test_a_chapter_s_and_a_cover_s_title_are_not_the_file_s():
    log = """Input #0, mov,mp4,m4a, from 'file:book.m4b':
  Duration: 00:10:00.00, start: 0.000000, bitrate: 64 kb/s
  Chapters:
    Chapter #0:0: start 0.000000, end 60.000000
      Metadata:
        title           : The first chapter
  Stream #0:0: Video: mjpeg, 300x300
    Metadata:
      title           : Album cover
  Stream #0:1: Audio: aac (LC), 44100 Hz, mono
    Metadata:
      title           : The book
"""
    assert tags_in(log) == Tags(title="The book")
