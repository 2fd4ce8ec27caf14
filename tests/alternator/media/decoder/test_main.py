"""The decoder's process itself, as the bot starts it."""

import subprocess
import sys
from pathlib import Path

import pytest
from pictures import BLUE, RED, at, close, file_of, halves, opened
from PIL import Image

from alternator.media.decoder.protocol import Order, Reply


def answer(path: Path, media_type: str) -> Reply:
    with path.open("rb") as file:
        order = Order(files=(file.fileno(),), media_type=media_type, longest_side=2048)
        done = subprocess.run(
            [sys.executable, "-P", "-m", "alternator.media.decoder.main", order.to_json()],
            pass_fds=[file.fileno()],
            capture_output=True,
            check=True,
        )
    return Reply.from_bytes(done.stdout)


def test_an_order_gets_one_reply(tmp_path: Path):
    path = tmp_path / "picture"
    path.write_bytes(file_of(halves((60, 40), RED, BLUE), "png"))
    reply = answer(path, "image/png")
    assert close(at(opened(reply.pictures[0]), 0.2, 0.5), RED)


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/tiff", "image/heic"])
def test_damage_is_a_reply_too(tmp_path: Path, media_type: str):
    path = tmp_path / "picture"
    path.write_bytes(b"nothing of the kind" * 9)
    reply = answer(path, media_type)
    assert reply.fault == "damaged" and reply.detail


def test_libraries_that_talk_do_not_disturb_it(tmp_path: Path):
    # libtiff complains on the standard error about tags that it does not know.
    path = tmp_path / "picture"
    content = file_of(Image.new("RGB", (60, 40), RED), "tiff", tiffinfo={65000: "x"})
    path.write_bytes(content)
    assert answer(path, "image/tiff").fault is None
