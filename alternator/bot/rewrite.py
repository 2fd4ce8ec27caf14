"""Puts other words in the place of a description of ours, by the same safe edit.

As an undo it touches only what is ours word for word, in a post that was not edited since
(``Undo.plan``), and keeps the bot from the post meanwhile. What stood there before our first words
stays written down, so that an undo still puts that back.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from alternator.bot.journal import Journal, with_text
from alternator.bot.other_bot import OtherBot
from alternator.bot.undo import Plan, Undo, by_key
from alternator.bot.whose_change import is_described
from alternator.errors import (
    DamageError,
    EditRefusedError,
    GoneError,
    MediaError,
    ServerError,
    UndoRefusedError,
    UnprovenEditError,
)
from alternator.mastodon.entities import Status


def rewrite(undo: Undo, status_id: str, words: Mapping[str, str], other_bot: OtherBot) -> None:
    """Write a text in the place of ours; ``words`` has it under the id of its attachment.

    Raises:
        PostBusyError: the bot, or another undo, is at work on the post.
        UndoRefusedError: it can't be done; the message says why.
        DamageError: the edit changed more than that; the account is halted.
        ServerError, MediaError, EditRefusedError, UnprovenEditError: it was not done, or nobody
            can tell.
        TemporaryStateError: it was not done, since it can't be written down.
    """
    (attachment_id,) = words
    plan = undo.plan(status_id, attachment_id)
    undo.begin(plan, alone=False)
    with undo.stop.shielded():
        # Whichever words are there in the end, the attachment has a description.
        kept = plan.keys
        try:
            after = written(undo, plan, words, other_bot)
            if is_described(after, words):
                Journal(undo.state.history).written(after, plan.keys)
        except DamageError as error:
            kept = ()
            undo.state.halt(str(error))
            raise
        except GoneError:
            kept = ()
            raise UndoRefusedError(f"post {status_id} was deleted meanwhile") from None
        finally:
            undo.end(status_id, kept, ())


def written(undo: Undo, plan: Plan, words: Mapping[str, str], other_bot: OtherBot) -> Status:
    """Write the texts into the post; the post as it is then."""
    if undo.instance.dialect.describes == "medium":
        undo.check(Plan(status=undo.client.status(plan.status.id), edits=plan.edits))
        with sending(undo, plan, words, other_bot):
            for key, text in words.items():
                undo.client.describe_medium(key, text)
            return undo.client.status(plan.status.id)
    editor, snapshot = undo.looked_at(plan)
    with sending(undo, plan, words, other_bot):
        replaced = {key: edit.writing.text for key, edit in by_key(plan)}
        return editor.rewrite(snapshot, words, replaced)


@contextmanager
def sending(
    undo: Undo, plan: Plan, words: Mapping[str, str], other_bot: OtherBot
) -> Iterator[None]:
    """Around the edit: its words are written down, and the old ones again where those stay.

    Not before: an end of the bot while the post is read must not cost the old ones.
    """
    for key, text in words.items():
        other_bot.wrote(key, text)
    new = [
        with_text(edit.writing, words[key], replaces=edit.writing.text)
        for key, edit in by_key(plan)
    ]
    undo.may_change()
    undo.state.history.sending(plan.status.id, new)
    try:
        yield
    except (DamageError, GoneError):
        raise
    except (EditRefusedError, MediaError, UnprovenEditError):
        still_ours(undo, plan)
        raise
    except ServerError:
        with suppress(ServerError):
            there = undo.client.status(plan.status.id)
            if is_described(there, {key: edit.writing.text for key, edit in by_key(plan)}):
                still_ours(undo, plan)
        raise


def still_ours(undo: Undo, plan: Plan) -> None:
    """Write down again the words of ours that a rewriting left in their place."""
    history = undo.state.history
    history.sending(plan.status.id, [edit.writing for edit in plan.edits])
    # Where the answer to their own edit was lost, nobody knows when that was.
    if all(edit.outcome == "written" for edit in plan.edits):
        history.written(plan.status.id, plan.keys, edited_at=plan.edits[0].edited_at)
