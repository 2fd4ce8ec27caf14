import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alternator.alt_text.keep import keep_transcript
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
SERVER = "https://social.example"


def test_a_transcript_is_this_users_alone_and_whole(tmp_path: Path):
    folder = tmp_path / "kept" / "here"
    os.umask(os.umask(0o022))
    path = keep_transcript("Grüße.\n", folder, SERVER, "114")
    assert path == folder / "social.example-114.txt"
    assert path.read_text(encoding="utf-8") == "Grüße.\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    keep_transcript("Anew.", folder, SERVER, "114")
    assert path.read_text() == "Anew.\n"
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("key", ["../../etc/passwd", ".", "", "a/b", "x" * 500, "\x00"])
def test_no_id_leads_out_of_the_directory(tmp_path: Path, key: str):
    path = keep_transcript("Hello.", tmp_path, "https://social.example:8080", key)
    assert path.parent == tmp_path and path.name.startswith("social.example_8080-")
    assert len(path.name) < 255


def test_what_fails_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "social.example-1.txt").mkdir()
    with pytest.raises(OSError, match="directory"):
        keep_transcript("Hello.", tmp_path, SERVER, "1")
    assert [path.name for path in tmp_path.iterdir()] == ["social.example-1.txt"]


def test_the_bot_keeps_the_whole_of_what_it_cuts(
    server: SandboxServer, make_bot: MakeBot, clip: Path, tmp_path: Path
):
    post = server.post("Listen", files=[clip])
    silent = server.post("Listen", files=[clip])
    kept = tmp_path / "kept"
    bot = make_bot(
        descriptions={"transcripts_directory": kept, "description_limit": 100},
        vision={"base_url": "https://openrouter.ai/api/v1"},
    )
    bot.transcriber.texts = ["", "It goes on and on. " * 200]
    bot.once()
    (description,) = server.descriptions(post["id"])
    assert description is not None and len(description) <= 100
    (file,) = kept.iterdir()
    assert file.name.endswith(f"-{post['media_attachments'][0]['id']}.txt")
    assert file.read_text() == ("It goes on and on. " * 200).strip() + "\n"
    assert server.descriptions(silent["id"]) != [None]


def test_a_directory_that_can_t_be_written_costs_no_description(
    server: SandboxServer, make_bot: MakeBot, clip: Path, tmp_path: Path
):
    post = server.post("Listen", files=[clip])
    (tmp_path / "file").touch()
    make_bot(descriptions={"transcripts_directory": tmp_path / "file" / "kept"}).once()
    assert server.descriptions(post["id"]) != [None]
