"""What is written down around an edit, as the bot makes it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from statuses import attachment, status

from alternator.alt_text.prompts import prompt
from alternator.bot.after_edit import NOT_KEPT
from alternator.bot.journal import Journal, attribution_of, edited_at
from alternator.errors import EditRefusedError, TemporaryStateError
from alternator.store.edit_history import EditHistory, PastEdit
from alternator.store.interface import Store
from alternator.store.opening import opened_beside
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
POST = status(attachment(1), attachment(2, description=""))


def entries_of(bot: Any) -> list[PastEdit]:
    with opened_beside(bot.config.state.directory, clock=bot.clock.now) as store:
        (state,) = store.known_accounts(bot.config.mastodon.instance_url).values()
        return state.history.entries()


@pytest.fixture
def history(store: Store) -> EditHistory:
    return store.use_account("https://social.example", "7").history


def test_what_the_bot_writes_is_written_down(
    server: SandboxServer, make_bot: MakeBot, picture: Path, clip: Path
):
    pictures = server.post("Look", files=[picture, picture], descriptions=[None, "By hand"])
    sound = server.post("Listen", files=[clip])
    bot = make_bot()
    bot.once()
    found = {entry.status_id: entry for entry in entries_of(bot)}
    assert {key: (e.writing.kind, e.writing.before, e.outcome) for key, e in found.items()} == {
        pictures["id"]: ("image", None, "written"),
        sound["id"]: ("audio", None, "written"),
    }
    seen = found[pictures["id"]]
    assert seen.writing.text == server.descriptions(pictures["id"])[0]
    assert seen.writing.attribution == prompt("described", None, model="pixels")
    edited = server.status(pictures["id"])["edited_at"]
    assert edited is not None
    assert seen.edited_at == datetime.fromisoformat(edited).timestamp()


def test_what_the_server_refuses_is_not_written(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", status=422, body={"error": "No"}, times=None)
    bot = make_bot()
    bot.once()
    (entry,) = entries_of(bot)
    assert entry.outcome == "refused"
    assert entry.reason


def test_what_the_server_does_not_keep_is_not_written(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", status=200, body=dict(post), times=None)
    bot = make_bot()
    bot.once()
    assert [(entry.outcome, entry.reason) for entry in entries_of(bot)] == [("refused", NOT_KEPT)]


def test_nothing_is_sent_that_can_not_be_written_down():
    class Full:
        def sending(self, *_: object) -> None:
            raise TemporaryStateError("the disk is full")

    journal = Journal(Full())  # type: ignore[arg-type]  # of the history only this is asked
    with pytest.raises(TemporaryStateError), journal.sending(POST, {"1": "A boat"}):
        raise AssertionError("it was sent")


def test_an_edit_that_was_made_stays_one_where_that_can_not_be_written_down(history: EditHistory):
    class FullAfterwards:
        sending = history.sending

        def written(self, *_: object, **__: object) -> None:
            raise TemporaryStateError("the disk is full")

        refused = written

    journal = Journal(FullAfterwards())  # type: ignore[arg-type]  # likewise
    with journal.sending(POST, {"1": "A boat", "2": "A ship"}):
        pass
    journal.written(POST, ["1"])
    journal.refused(POST.id, ["2"], "HTTP 500")
    assert {(e.writing.attachment_id, e.writing.before, e.outcome) for e in history.entries()} == {
        ("1", None, "sent"),
        ("2", "", "sent"),
    }


def test_a_refusal_is_passed_on(history: EditHistory):
    journal = Journal(history)
    with pytest.raises(EditRefusedError), journal.sending(POST, {"1": "A boat"}):
        raise EditRefusedError("HTTP 422")
    assert [(entry.outcome, entry.reason) for entry in history.entries()] == [
        ("refused", "HTTP 422")
    ]


def test_without_a_history_nothing_is_kept():
    journal = Journal()
    with journal.sending(POST, {"1": "A boat"}):
        journal.written(POST, ["1"])


def test_facts_of_an_entry():
    assert edited_at(POST) is None
    assert edited_at(status(edited_at=datetime(1970, 1, 2, tzinfo=UTC))) == 86400
    assert attribution_of("A boat") == ""
