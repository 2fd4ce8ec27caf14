"""Modes, with the real bot against the sandbox: what is edited, kept, asked and answered."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.store.drafts import DraftError, Drafts, KeptDraft
from alternator.store.opening import STATE_FILE, opened
from sandbox.model import entities
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


def edits(server: SandboxServer) -> int:
    return len(server.requests(method="PUT", path="/api/v1/statuses/*"))


def posts(server: SandboxServer) -> int:
    return len(server.requests(method="POST", path="/api/v1/statuses"))


@contextmanager
def drafts_of(bot: Any) -> Iterator[Drafts]:
    """The drafts in a bot's state, while it does not run."""
    with opened(bot.config.state.directory, clock=bot.clock.now) as store:
        me = store.use_account(bot.config.mastodon.instance_url, "109876543210000001")
        yield me.drafts


def the_draft(bot: Any, *states: Any) -> KeptDraft:
    with drafts_of(bot) as drafts:
        (draft,) = drafts.listed(states or ("waiting",))
        return draft


def messages(server: SandboxServer) -> list[entities.Status]:
    """The direct messages, oldest first."""
    return [status for status in server.statuses() if status["visibility"] == "direct"][::-1]


@pytest.fixture
def review(make_bot: MakeBot) -> Any:
    """A bot whose posts wait for their author."""
    return make_bot(mastodon={"mode": "review"})


def test_a_dry_run_does_all_but_the_edit(
    server: SandboxServer, make_bot: MakeBot, picture: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="alternator")
    status = server.post("Look", files=[picture, picture], descriptions=["Mine", None])
    bot = make_bot(mastodon={"mode": "dry-run"})
    bot.once()
    assert server.descriptions(status["id"]) == ["Mine", None]
    assert (edits(server), posts(server)) == (0, 0)
    draft = the_draft(bot)
    assert (draft.kind, draft.status_id, draft.url) == ("dry-run", status["id"], status["url"])
    assert "320 by 200 pixels" in draft.words[2]
    line = f"dry run: post {status['id']}, attachment 2 would get: "
    assert any(message.startswith(line) for message in caplog.messages)
    # Nothing is made a second time.
    bot.once()
    assert the_draft(bot) == draft


def test_a_dry_run_that_is_over_is_written_without_another_question(
    server: SandboxServer, make_bot: MakeBot, picture: Path, vision: Any
):
    status = server.post("Look", files=[picture])
    make_bot(mastodon={"mode": "dry-run"}).once()
    asked = len(vision.requests())
    bot = make_bot()
    bot.once()
    assert "320 by 200 pixels" in str(server.descriptions(status["id"])[0])
    assert len(vision.requests()) == asked
    assert the_draft(bot, "applied").status_id == status["id"]


def test_a_draft_goes_to_its_author_and_to_nobody_else(
    server: SandboxServer, review: Any, picture: Path
):
    status = server.post("Look", files=[picture])
    review.once()
    assert server.descriptions(status["id"]) == [None]
    (message,) = messages(server)
    assert [mention["acct"] for mention in message["mentions"]] == ["demo"]
    draft = the_draft(review)
    assert draft.messages == (message["id"],)
    for words in (f"Draft {draft.number} for your post", status["url"], "1: ", "320 by 200"):
        assert words in message["content"]
    review.once()
    assert len(messages(server)) == 1
    assert edits(server) == 0


@pytest.mark.parametrize("answer", ["@demo ok", "Yes.", "OK!"])
def test_what_its_author_approves_is_written(
    server: SandboxServer, review: Any, picture: Path, answer: str
):
    status = server.post("Look", files=[picture], spoiler_text="Weather")
    review.once()
    text = the_draft(review).words[1]
    server.post(answer, in_reply_to_id=messages(server)[0]["id"], visibility="direct")
    review.once()
    assert server.descriptions(status["id"]) == [text]
    assert server.status(status["id"])["spoiler_text"] == "Weather"
    assert the_draft(review, "applied").words == {1: text}
    review.once()
    assert edits(server) == 1


def test_a_favourite_of_the_message_approves_it(server: SandboxServer, review: Any, picture: Path):
    status = server.post("Look", files=[picture])
    review.once()
    server.favourite(messages(server)[0]["id"], token="neighbour")  # it is not theirs to say
    review.once()
    assert server.descriptions(status["id"]) == [None]
    server.favourite(messages(server)[0]["id"])
    review.once()
    assert "320 by 200" in str(server.descriptions(status["id"])[0])


def test_what_its_author_refuses_is_dropped(server: SandboxServer, review: Any, picture: Path):
    status = server.post("Look", files=[picture])
    review.once()
    server.post("no", in_reply_to_id=messages(server)[0]["id"], visibility="direct")
    review.once()
    review.once()
    assert server.descriptions(status["id"]) == [None]
    assert the_draft(review, "refused").reason == "its author said no"
    assert edits(server) == 0


def test_a_deleted_message_is_a_no(server: SandboxServer, review: Any, picture: Path):
    server.post("Look", files=[picture])
    review.once()
    server.delete(messages(server)[0]["id"])
    review.once()
    assert the_draft(review, "refused").number
    assert edits(server) == 0


def test_an_author_writes_other_words(server: SandboxServer, review: Any, picture: Path):
    status = server.post("Look", files=[picture, picture, picture])
    review.once()
    message = messages(server)[0]["id"]
    server.post("2: A red boat\nat sea", in_reply_to_id=message, visibility="direct")
    review.once()
    assert server.descriptions(status["id"]) == [None] * 3  # two of them are not approved yet
    server.post("3: no\nok", in_reply_to_id=message, visibility="direct")
    review.once()
    first, second, third = server.descriptions(status["id"])
    assert "320 by 200" in str(first)
    assert second == "A red boat\nat sea"
    assert third is None


def test_words_for_all_of_it_need_no_further_yes(server: SandboxServer, review: Any, picture: Path):
    status = server.post("Look", files=[picture])
    review.once()
    message = messages(server)[0]["id"]
    server.post("1: A red boat", in_reply_to_id=message, visibility="direct")
    review.once()
    assert server.descriptions(status["id"]) == ["A red boat"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("what is this?", "that was not understood"),
        ("7: A boat", "has no attachment 7"),
        ("1: " + "x" * 1501, "has 1501 characters, and this server takes 1500"),
    ],
)
def test_an_answer_that_can_not_be_followed_is_answered_once(
    make_bot: MakeBot, server: SandboxServer, picture: Path, answer: str, said: str
):
    server.sandbox.settings.__dict__["status_limit"] = 5000
    status = server.post("Look", files=[picture])
    review = make_bot(mastodon={"mode": "review"})
    review.once()
    server.post(answer, in_reply_to_id=messages(server)[0]["id"], visibility="direct")
    review.once()
    review.once()
    assert len(messages(server)) == 3
    assert said in messages(server)[2]["content"]
    assert server.descriptions(status["id"]) == [None]
    server.post("ok", in_reply_to_id=messages(server)[2]["id"], visibility="direct")
    review.once()
    assert "320 by 200" in str(server.descriptions(status["id"])[0])


def test_a_long_draft_comes_in_parts(server: SandboxServer, review: Any, clip: Path):
    status = server.post("Listen", files=[clip])
    review.transcriber.texts = ["One word after the other. " * 50]
    review.once()
    parts = messages(server)
    assert len(parts) > 1
    assert all(len(part["content"]) < 700 for part in parts)
    server.post("ok", in_reply_to_id=parts[-1]["id"], visibility="direct")
    review.once()
    assert str(server.descriptions(status["id"])[0]).startswith("One word after the other. One")


def test_nobody_named_in_a_text_is_told_of_it(server: SandboxServer, review: Any, clip: Path):
    server.post("Listen", files=[clip])
    review.transcriber.texts = ["Ask @neighbour about #secrets"]
    review.once()
    (message,) = messages(server)
    assert [mention["acct"] for mention in message["mentions"]] == ["demo"]
    assert message["tags"] == []
    # What is written into the post is the text itself.
    assert the_draft(review).words[1].startswith("Ask @neighbour about #secrets")


def test_approved_twice_it_is_written_once(server: SandboxServer, review: Any, picture: Path):
    status = server.post("Look", files=[picture])
    review.once()
    message = messages(server)[0]["id"]
    server.post("ok", in_reply_to_id=message, visibility="direct")
    server.post("ok", in_reply_to_id=message, visibility="direct")
    server.favourite(message)
    review.once()
    review.once()
    assert edits(server) == 1
    draft = the_draft(review, "applied")
    with drafts_of(review) as drafts, pytest.raises(DraftError, match="was applied before"):
        drafts.approve(draft.number)
    assert server.descriptions(status["id"]) == [draft.words[1]]


def test_approved_after_its_post_was_edited_it_is_made_anew(
    server: SandboxServer, review: Any, picture: Path
):
    status = server.post("Look at this house", files=[picture])
    review.once()
    ids = [entry["id"] for entry in status["media_attachments"]]
    after = server.edit(status["id"], status="Look at this barn", media_ids=ids)
    server.post("ok", in_reply_to_id=messages(server)[0]["id"], visibility="direct")
    review.once()
    assert server.status(status["id"])["content"] == after["content"]
    assert server.descriptions(status["id"]) == [None]
    old = the_draft(review, "dropped")
    assert old.reason == "the post was edited since"
    new = the_draft(review)
    assert new.note == f"the post was edited since draft {old.number} was made"
    asked = [one for one in messages(server) if "edited since" in one["content"]]
    server.post("ok", in_reply_to_id=asked[0]["id"], visibility="direct")
    review.once()
    assert server.descriptions(status["id"]) == [new.words[1]]
    assert server.status(status["id"])["content"] == after["content"]


def test_approved_after_its_post_was_deleted_it_is_dropped(
    server: SandboxServer, review: Any, picture: Path
):
    status = server.post("Look", files=[picture])
    review.once()
    server.delete(status["id"])
    server.post("ok", in_reply_to_id=messages(server)[0]["id"], visibility="direct")
    review.once()
    assert the_draft(review, "approved")  # one answer is not believed
    review.clock.skip(700)
    review.once()
    assert the_draft(review, "dropped").reason == "the post was deleted"
    assert edits(server) == 0


@pytest.mark.parametrize(
    ("since", "reason"),
    [
        ({"opt_out": {"words": ("look",)}}, "the post has the word 'Look' ([opt_out] words)"),
        (
            {"mastodon": {"visibilities": ("private",)}},
            "the post's visibility is public; [mastodon] visibilities says which are described",
        ),
    ],
)
@pytest.mark.parametrize("mode", ["review", "dry-run"])
def test_what_is_to_be_left_alone_by_now_is(
    server: SandboxServer,
    make_bot: MakeBot,
    picture: Path,
    mode: str,
    since: dict[str, Any],
    reason: str,
):
    status = server.post("Look", files=[picture])
    before = make_bot(mastodon={"mode": mode})
    before.once()
    if mode == "review":
        with drafts_of(before) as drafts:
            drafts.approve(drafts.listed()[0].number)
    bot = make_bot(**since)
    bot.once()
    assert the_draft(bot, "approved")  # one answer is not believed
    bot.clock.skip(700)
    bot.once()
    assert the_draft(bot, "dropped").reason == reason
    assert bot.rows()[0][:2] == ("left", reason)
    assert server.descriptions(status["id"]) == [None] and edits(server) == 0


def test_what_its_author_described_meanwhile_stays(
    server: SandboxServer, review: Any, picture: Path
):
    status = server.post("Look", files=[picture, picture])
    review.once()
    server.describe(status["id"], ["My own words", None])
    server.post("ok", in_reply_to_id=messages(server)[0]["id"], visibility="direct")
    review.once()
    first, second = server.descriptions(status["id"])
    assert first == "My own words"
    assert "320 by 200" in str(second)


def test_a_running_bot_hears_its_author(server: SandboxServer, review: Any, picture: Path):
    review.start()
    status = server.post("Look", files=[picture])
    wait_for(lambda: messages(server))
    server.post("ok", in_reply_to_id=messages(server)[0]["id"], visibility="direct")
    assert "320 by 200" in server.wait_until_described(status["id"])[0]
    review.end()


def test_a_second_account_asks_and_hears(server: SandboxServer, make_bot: MakeBot, picture: Path):
    bot = make_bot(mastodon={"mode": "review"}, messages={"access_token": "neighbour"})
    first, second = (server.post("Look", files=[picture])["id"] for _ in range(2))
    bot.once()
    assert {one["account"]["acct"] for one in messages(server)} == {"neighbour"}
    asked = {
        status: next(one["id"] for one in messages(server) if status in one["content"])
        for status in (first, second)
    }
    server.post("@neighbour ok", in_reply_to_id=asked[first], visibility="direct")
    server.favourite(asked[second])
    bot.once()
    assert all(server.descriptions(status)[0] for status in (first, second))


def test_without_messages_a_draft_waits_for_the_command(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot(mastodon={"mode": "review"}, review={"message": False})
    status = server.post("Look", files=[picture])
    bot.once()
    assert posts(server) == 0
    with drafts_of(bot) as drafts:
        drafts.approve(drafts.listed()[0].number)
    bot.once()
    assert "320 by 200" in str(server.descriptions(status["id"])[0])


def test_a_draft_that_nobody_decides_about_is_dropped(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot(mastodon={"mode": "review"}, review={"keep_days": 2})
    server.post("Look", files=[picture])
    bot.once()
    bot.clock.skip(2 * 86400.0 + 1)
    bot.once()
    assert the_draft(bot, "dropped").reason == "nobody decided about it within 2 days"


def test_an_edit_that_fails_leaves_the_approval(server: SandboxServer, review: Any, picture: Path):
    status = server.post("Look", files=[picture])
    review.once()
    server.post("ok", in_reply_to_id=messages(server)[0]["id"], visibility="direct")
    server.fail(f"/api/v1/statuses/{status['id']}", method="PUT", status=500, times=1)
    review.once()
    assert "320 by 200" in str(server.descriptions(status["id"])[0])
    assert the_draft(review, "applied")


def test_a_message_that_is_not_taken_is_sent_later(
    server: SandboxServer, review: Any, picture: Path
):
    server.post("Look", files=[picture])
    server.fail("/api/v1/statuses", method="POST", status=503, times=None)
    review.once()
    assert the_draft(review).messages == ()
    server.sandbox.faults.clear()
    review.once()
    assert len(the_draft(review).messages) == 1


def test_modes_by_visibility(server: SandboxServer, make_bot: MakeBot, picture: Path):
    bot = make_bot(modes={"public": "dry-run", "private": "review"}, review={"message": False})
    public, unlisted, private = (
        server.post("Look", files=[picture], visibility=visibility)["id"]
        for visibility in ("public", "unlisted", "private")
    )
    bot.once()
    assert server.descriptions(public) == server.descriptions(private) == [None]
    assert server.descriptions(unlisted) != [None]
    with drafts_of(bot) as drafts:
        found = {(draft.kind, draft.status_id) for draft in drafts.listed()}
    assert found == {("dry-run", public), ("review", private)}


def test_an_old_draft_is_not_forgotten_where_the_mode_is_another(
    server: SandboxServer, review: Any, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    review.once()
    server.post("ok", in_reply_to_id=messages(server)[0]["id"], visibility="direct")
    make_bot().once()
    assert "320 by 200" in str(server.descriptions(status["id"])[0])


def test_what_waits_is_counted_as_left_alone(server: SandboxServer, review: Any, picture: Path):
    server.post("Look", files=[picture])
    review.once()
    path = review.config.state.directory / STATE_FILE
    with closing(sqlite3.connect(path)) as db:
        (row,) = db.execute("SELECT state, reason FROM attachment").fetchall()
    assert row == ("left", "its text is draft 1, that waits for its author's word")
