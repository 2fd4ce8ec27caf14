from pathlib import Path

from PIL import Image

from alternator.accounts.account import Account
from alternator.accounts.small_picture import LONGEST_SIDE
from alternator.bot.thumbnails import PostThumbnails
from alternator.config.settings import Config, StateSettings
from alternator.store.outcomes import Found
from sandbox.server import SandboxServer


def thumbnails_of(account: Account, folder: Path) -> PostThumbnails:
    state = StateSettings(directory=folder)
    return PostThumbnails(Config(mastodon=account.settings, state=state), account)


def test_a_picture_comes_small_and_is_asked_for_once(
    server: SandboxServer, account: Account, tmp_path: Path
):
    path = tmp_path / "wide.png"
    Image.new("RGB", (1600, 400), "teal").save(path)
    status = server.post("Look", files=[path])
    (attachment,) = status["media_attachments"]
    thumbnails = thumbnails_of(account, tmp_path)
    assert thumbnails.get(status["id"], attachment["id"]) is None  # nothing is remembered of it
    found = Found(status_id=status["id"], attachment_ids=(attachment["id"],), backfill=False)
    account.state.record([found])
    # What nothing was remembered of was not kept as nothing.
    fresh = thumbnails_of(account, tmp_path)
    content = fresh.get(status["id"], attachment["id"])
    assert content is not None
    small = tmp_path / "small"
    small.write_bytes(content)
    with Image.open(small) as picture:
        assert picture.size == (LONGEST_SIDE, LONGEST_SIDE // 4)
    server.delete(status["id"])
    assert fresh.get(status["id"], attachment["id"]) == content
    assert not list((tmp_path / "downloads").iterdir())


def test_what_can_not_be_had_is_none(server: SandboxServer, account: Account, tmp_path: Path):
    account.state.record([Found(status_id="404", attachment_ids=("1",), backfill=False)])
    assert thumbnails_of(account, tmp_path).get("404", "1") is None


def test_sound_and_hidden_posts_have_none(
    server: SandboxServer, account: Account, tmp_path: Path, clip: Path, picture: Path
):
    sound = server.post("Listen", files=[clip])
    direct = server.post("Look", files=[picture], visibility="direct")
    thumbnails = thumbnails_of(account, tmp_path)
    for status in (sound, direct):
        (attachment,) = status["media_attachments"]
        found = Found(status_id=status["id"], attachment_ids=(attachment["id"],), backfill=False)
        account.state.record([found])
        assert thumbnails.get(status["id"], attachment["id"]) is None
