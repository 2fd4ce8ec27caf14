import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pauses import Pauses
from PIL import Image
from waiting import wait_for

from alternator.accounts.account import Account
from alternator.bot.bot import build_writer
from alternator.bot.describe import Describer
from alternator.bot.draft import Draft
from alternator.config.models import VisionSettings
from alternator.config.settings import Config, StateSettings
from alternator.errors import MediaError, WorkerError
from alternator.mastodon.dialect import named
from alternator.progress import SILENT
from alternator.store.outcomes import Claim, Outcome
from sandbox.control.request_log import LoggedRequest
from sandbox.model import entities
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

MakeBot = Callable[..., Any]
KEPT = {"content", "spoiler_text", "sensitive", "language", "visibility", "in_reply_to_id"}


def edits(server: SandboxServer) -> list[LoggedRequest]:
    return server.requests(method="PUT", path="/api/v1/statuses/*")


def kept(status: entities.Status) -> dict[str, object]:
    """What no edit of the bot's may change."""
    return {key: value for key, value in status.items() if key in KEPT}


def media_ids(status: entities.Status) -> list[str]:
    return [attachment["id"] for attachment in status["media_attachments"]]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"spoiler_text": "Weather", "sensitive": True, "language": "de"},
        {"spoiler_text": "Weather", "sensitive": "false", "language": "ja"},
        {"sensitive": True, "visibility": "unlisted"},
        {"visibility": "private", "language": "pt-BR"},
    ],
)
def test_nothing_of_a_post_is_lost(
    server: SandboxServer, make_bot: MakeBot, picture: Path, fields: dict[str, Any]
):
    text = "Two lines & a <tag>\n#rain https://example.org/a_b?c=d @demo"
    status = server.post(
        text, files=[picture] * 4, descriptions=[None, "My own words", None, None], **fields
    )
    # The author moved the focus of two pictures and put the last one first.
    ids = media_ids(status)
    attributes = [{"id": ids[3], "focus": "0.5,-0.25"}, {"id": ids[1], "focus": "-1.0,1.0"}]
    before = server.edit(
        status["id"],
        status=text,
        media_ids=[ids[3], *ids[:3]],
        media_attributes=attributes,
        **{k: v for k, v in fields.items() if k != "visibility"},
    )
    make_bot().once()
    after = server.status(status["id"])
    assert kept(after) == kept(before)
    assert set(kept(after)) == KEPT
    assert media_ids(after) == media_ids(before)
    for old, new in zip(before["media_attachments"], after["media_attachments"], strict=True):
        assert new["meta"] == old["meta"]
        assert new["url"] == old["url"]
    descriptions = server.descriptions(status["id"])
    assert descriptions[2] == "My own words"
    for number in (0, 1, 3):
        assert "picture, 320 by 200 pixels" in str(descriptions[number])
    assert len(edits(server)) == 1


def test_boosts_and_posts_of_others_are_left_alone(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    other = server.post("Look", files=[picture], token="neighbour")
    server.boost(other["id"])
    bot = make_bot()
    bot.once()
    assert bot.rows() == []
    assert server.descriptions(other["id"]) == [None]


def test_one_bad_attachment_does_not_stop_the_next(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture] * 3)
    # What the server stored under the second one's address is damaged, the first one's is gone.
    folder = server.sandbox.store.media_folder
    names = [str(a["url"]).rpartition("/")[2] for a in status["media_attachments"]]
    (folder / names[0]).unlink()
    (folder / names[1]).write_bytes(b"<!DOCTYPE html>")
    bot = make_bot()
    bot.once()
    first, second, third = server.descriptions(status["id"])
    assert (first, second) == (None, None)
    assert "320 by 200" in str(third)
    (waiting, why, _), (left, reason, _), (described, _, _) = bot.rows()
    # That it is no picture was said by one answer: it is fetched again before that is final.
    assert (waiting, left, described) == ("waiting", "waiting", "described")
    assert "HTTP 404" in why
    assert "instead of the file came a page" in reason
    assert len(edits(server)) == 1


@pytest.mark.parametrize(
    ("heard", "state", "reason"),
    [
        (MediaError("the file is damaged"), "left", "the file is damaged"),
        (WorkerError("the worker died"), "waiting", "the worker died"),
        (RuntimeError("surprise"), "waiting", "unexpected RuntimeError: surprise"),
    ],
)
def test_a_clip_that_yields_nothing_is_not_described(
    server: SandboxServer,
    make_bot: MakeBot,
    clip: Path,
    heard: str | Exception,
    state: str,
    reason: str,
):
    status = server.post("Listen", files=[clip])
    bot = make_bot()
    bot.transcriber.texts = [heard]
    bot.once()
    assert bot.rows() == [(state, reason, 1)]
    assert server.descriptions(status["id"]) == [None]
    assert edits(server) == []


def test_a_file_that_is_too_large_is_left_alone(
    server: SandboxServer, make_bot: MakeBot, tmp_path: Path, picture: Path
):
    noise = tmp_path / "noise.png"
    Image.effect_noise((1400, 1400), 100).convert("RGB").save(noise)
    assert noise.stat().st_size > 1024 * 1024
    status = server.post("Look", files=[noise, picture])
    bot = make_bot(media={"max_size_mb": 1})
    bot.once()
    first, second = server.descriptions(status["id"])
    assert first is None
    assert "320 by 200" in str(second)
    assert bot.rows()[0][:2] == (
        "waiting",  # for the server to say so again
        "it is larger than 1 MB; [media] max_size_mb, max_audio_size_mb and max_video_size_mb "
        "set the limits",
    )


def test_what_is_turned_off_is_left_for_later(
    server: SandboxServer, make_bot: MakeBot, clip: Path, picture: Path
):
    sound = server.post("Listen", files=[clip])
    image = server.post("Look", files=[picture])
    make_bot(whisper={"enabled": False}).once()
    assert server.descriptions(sound["id"]) == [None]
    assert server.descriptions(image["id"]) != [None]
    make_bot().once()
    assert server.descriptions(sound["id"]) != [None]


class Meanwhile:
    """A bot that is held up in its first clip while something happens to the post."""

    def __init__(self, bot: Any) -> None:
        self.bot = bot

    def __enter__(self) -> None:
        self.bot.transcriber.gate.clear()
        self.bot.start()
        assert self.bot.transcriber.reached.wait(10)

    def __exit__(self, *_: object) -> None:
        self.bot.transcriber.gate.set()


def settled(bot: Any) -> list[tuple[str, str, int]]:
    """The bot's memory once something came of all that it has met."""

    def rows() -> list[tuple[str, str, int]] | None:
        found: list[tuple[str, str, int]] = bot.rows()
        return None if any(row[0] == "claimed" or not row[1] for row in found) else found

    return wait_for(rows)


def test_a_description_written_meanwhile_is_kept(
    server: SandboxServer, make_bot: MakeBot, clip: Path
):
    status = server.post("Listen", files=[clip])
    bot = make_bot()
    with Meanwhile(bot):
        ids = media_ids(status)
        attributes = [{"id": ids[0], "description": "The author's own words"}]
        server.edit(status["id"], status="Listen", media_ids=ids, media_attributes=attributes)
    assert settled(bot) == [("waiting", "it was described by somebody meanwhile", 0)]
    assert server.descriptions(status["id"]) == ["The author's own words"]
    assert edits(server) == []


def test_a_text_edited_meanwhile_is_kept(server: SandboxServer, make_bot: MakeBot, clip: Path):
    status = server.post("Lisen", files=[clip])
    bot = make_bot()
    with Meanwhile(bot):
        server.edit(
            status["id"],
            status="Listen, corrected",
            spoiler_text="Loud",
            sensitive=True,
            language="de",
            media_ids=media_ids(status),
        )
    (description,) = server.wait_until_described(status["id"])
    after = server.status(status["id"])
    assert "Hello from the recording." in description
    assert "Listen, corrected" in after["content"]
    assert (after["spoiler_text"], after["sensitive"], after["language"]) == ("Loud", True, "de")


def test_a_text_edited_between_the_last_look_and_the_edit_is_kept(
    server: SandboxServer, make_bot: MakeBot, clip: Path
):
    status = server.post("Lisen", files=[clip])
    ids = media_ids(status)
    bot = make_bot()
    edited: list[str] = []

    own_status = server.sandbox.store.own_status

    def watched(status_id: str, account: Any) -> Any:
        """The server's look-up for the source: right after it, the author edits the post."""
        found = own_status(status_id, account)
        if not edited:
            edited.append(status_id)
            server.edit(status["id"], status="Listen, corrected", media_ids=ids)
        return found

    server.sandbox.store.own_status = watched  # type: ignore[method-assign]  # a test's eavesdropper
    bot.once()
    sources = server.requests(path="/api/v1/statuses/*/source")
    # The first one was of another version than the status, the last one is a look afterwards.
    assert len(sources) == 3
    after = server.status(status["id"])
    assert "Listen, corrected" in after["content"]
    assert "Hello from the recording." in str(server.descriptions(status["id"])[0])


def test_a_post_deleted_meanwhile_is_no_error(server: SandboxServer, make_bot: MakeBot, clip: Path):
    status = server.post("Listen", files=[clip])
    bot = make_bot()
    with Meanwhile(bot):
        server.delete(status["id"])
    assert settled(bot) == [("waiting", "the post was deleted", 0)]


def test_an_attachment_removed_meanwhile_is_no_error(
    server: SandboxServer, make_bot: MakeBot, clip: Path
):
    status = server.post("Listen", files=[clip])
    bot = make_bot()
    with Meanwhile(bot):
        server.edit(status["id"], status="Never mind", media_ids=[])
    assert settled(bot) == [("waiting", "it was removed from the post meanwhile", 0)]
    assert server.status(status["id"])["media_attachments"] == []


def test_a_text_edited_while_an_edit_is_put_off_is_kept(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Lok", files=[picture])
    reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
    busy = server.fail(
        "/api/v1/statuses/*", method="PUT", status=429, headers={"X-RateLimit-Reset": reset}
    )
    make_bot().start()
    wait_for(lambda: busy.times == 0)
    server.edit(status["id"], status="Look, corrected", media_ids=media_ids(status))
    server.wait_until_described(status["id"])
    assert "Look, corrected" in server.status(status["id"])["content"]


def test_an_edit_whose_answer_is_lost_is_not_made_twice(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", after=True, drop=True)
    bot = make_bot()
    bot.once()
    assert bot.rows() == [("described", "", 1)]
    assert "320 by 200" in str(server.descriptions(status["id"])[0])
    assert len(edits(server)) == 1


def test_a_description_that_the_server_does_not_keep_is_not_sent_again(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", status=200, body=status, times=None)
    bot = make_bot()
    bot.once()
    reason = "the server took the edit without its description; add it by hand"
    assert bot.rows() == [("left", reason, 1)]
    bot.once()
    assert len(edits(server)) == 1


def test_without_a_source_nothing_is_risked(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*/source", status=404, times=None)
    bot = make_bot()
    bot.once()
    ((state, reason, _),) = bot.rows()
    assert state == "waiting"  # for the server to say so again
    assert "the server does not tell a post's source" in reason
    assert edits(server) == []


def test_a_server_that_takes_booleans_alone_is_sent_one(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    server.edit(
        status["id"],
        status="Look",
        media_ids=media_ids(status),
        spoiler_text="Weather",
        sensitive="false",  # type: ignore[arg-type]  # a form's text, which Mastodon takes too
    )
    server.fail("/api/v2/instance", status=200, body={"version": "0.20.0+git-1a2b3c"})
    make_bot().once()
    (edit,) = edits(server)
    assert edit["json"]["sensitive"] is False


@pytest.mark.parametrize("body", [{"error": "busy"}, [], {"id": "1", "media_attachments": []}])
def test_an_answer_that_is_no_such_post_is_not_taken_for_one_without_media(
    server: SandboxServer, make_bot: MakeBot, picture: Path, body: Any
):
    status = server.post("Look", files=[picture])
    server.fail(f"/api/v1/statuses/{status['id']}", method="GET", status=200, body=body, times=2)
    bot = make_bot()
    bot.once()
    assert bot.rows() == [("described", "", 1)]
    assert "320 by 200" in str(server.descriptions(status["id"])[0])


def test_a_defect_of_ours_is_logged_with_its_trace(
    server: SandboxServer, make_bot: MakeBot, clip: Path, caplog: pytest.LogCaptureFixture
):
    server.post("Listen", files=[clip])
    bot = make_bot()
    bot.transcriber.texts = [RuntimeError("surprise")]
    bot.once()
    (defect,) = [record for record in caplog.records if record.exc_info]
    assert defect.levelname == "ERROR"
    assert "unexpected error" in defect.getMessage()


def test_what_an_edit_may_do_is_said_by_the_account_and_not_by_the_session(
    account: Account, server: SandboxServer, picture: Path, tmp_path: Path
) -> None:
    """Every session but the one that signed the account in took its server for Mastodon."""
    akkoma = named("Akkoma")
    status = server.post("Look", files=[picture])
    writer = build_writer(
        Config(
            mastodon=account.settings,
            vision=VisionSettings(base_url="http://127.0.0.1:1", model="pixels"),
            state=StateSettings(directory=tmp_path),
        ),
        1500,
        None,
        SILENT,
    )
    describer = Describer(account.session(SILENT), writer, akkoma)
    ids = tuple(entry["id"] for entry in status["media_attachments"])
    claim = Claim(status_id=status["id"], attachment_ids=ids, backfill=False, taken_at=0.0)
    (outcome,) = describer.prepare(claim).outcomes
    assert outcome.state == "left"
    assert str(outcome.reason).startswith("Akkoma has no edit that changes the description")


class OneOfTwo:
    """A bot of several on one account, as far as it describes; its model has a name of its own."""

    def __init__(self, account: Account, vision: VisionServer, folder: Path, model: str) -> None:
        config = Config(
            mastodon=account.settings,
            vision=VisionSettings(base_url=vision.base_url, model=model),
            state=StateSettings(directory=folder / model),
        )
        self.pauses = Pauses()
        writer = build_writer(config, 1500, None, SILENT)
        dialect = account.instance.dialect
        self.describer = Describer(account.session(SILENT), writer, dialect, progress=self.pauses)
        self.drafts: dict[str, Draft] = {}

    def look(self, post: entities.Status) -> None:
        """Make the texts."""
        claim = Claim(
            status_id=post["id"],
            attachment_ids=tuple(media_ids(post)),
            backfill=False,
            taken_at=0.0,
        )
        self.drafts[post["id"]] = self.describer.prepare(claim)

    def write(self, post: entities.Status) -> list[Outcome]:
        """Edit."""
        return self.describer.publish(self.drafts[post["id"]])


def test_of_two_bots_on_one_account_one_gives_way(
    account: Account,
    server: SandboxServer,
    vision: VisionServer,
    picture: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    first = OneOfTwo(account, vision, tmp_path, "pixels")
    second = OneOfTwo(account, vision, tmp_path, "other-pixels")
    posts = [server.post(f"Look {number}", files=[picture]) for number in range(4)]
    for post in posts:
        # Both look at the same moment, as an event of the stream has them.
        first.look(post)
        second.look(post)
    assert [outcome.state for outcome in first.write(posts[0])] == ["described"]
    (outcome,) = second.write(posts[0])
    assert (outcome.state, outcome.sure) == ("left", False)
    assert outcome.reason == "it was described by somebody meanwhile"
    warnings = [message for message in caplog.messages if "another bot of this kind" in message]
    assert len(warnings) == 1
    # From now on the second one waits before its last look, and the first one never.
    for post in posts[1:]:
        # What the other does while this one waits.
        second.pauses.then = partial(first.write, post)
        (outcome,) = second.write(post)
        assert outcome.reason == "it was described by somebody meanwhile"
    assert len(second.pauses.made) == 3
    assert all(10 <= wait <= 30 for wait in second.pauses.made)
    assert first.pauses.made == []
    assert len(edits(server)) == len(posts)
    for post in posts:
        assert str(server.descriptions(post["id"])[0]).endswith("Described by pixels")
    assert len([m for m in caplog.messages if "another bot of this kind" in m]) == 1


def test_what_stays_after_two_edits_at_once_is_noticed_by_the_next_event(
    account: Account, server: SandboxServer, vision: VisionServer, picture: Path, tmp_path: Path
):
    bot = OneOfTwo(account, vision, tmp_path, "pixels")
    post = server.post("Look", files=[picture])
    bot.look(post)
    bot.write(post)
    session = account.session(SILENT)
    bot.describer.undescribed(session.status(post["id"]))
    server.describe(post["id"], ["A house.\n\nDescribed by another-model"])
    bot.describer.undescribed(session.status(post["id"]))
    again = server.post("Look", files=[picture])
    bot.look(again)
    bot.write(again)
    assert len(bot.pauses.made) == 1
