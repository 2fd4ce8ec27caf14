"""Puts other words in the place of a description of ours, by the same safe edit.

As an undo it touches only what is ours word for word, in a post that was not edited since
(``Undo.plan``), and keeps the bot from the post meanwhile. What stood there before our first words
stays written down, so that an undo still puts that back.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from alternator.bot.edit_post import is_described
from alternator.bot.journal import edited_at
from alternator.bot.undo import Plan, Undo, by_key
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


def rewrite(undo: Undo, status_id: str, attachment_id: str, text: str) -> None:
    """Write a text in the place of ours.

    Raises:
        UndoRefusedError: it can't be done; the message says why.
        DamageError: the edit changed more than that; the account is halted.
        ServerError, MediaError, EditRefusedError, UnprovenEditError: it was not done, or nobody
            can tell.
    """
    plan = undo.plan(status_id, attachment_id)
    undo.begin(plan, alone=False)
    history = undo.state.history
    texts = {attachment_id: text}
    new = [replace(edit.writing, text=text) for edit in plan.edits]
    with undo.stop.shielded():
        kept: tuple[str, ...] = ()
        try:
            history.sending(status_id, new)
            after = written(undo, plan, texts)
            if is_described(after, texts):
                history.written(status_id, plan.keys, edited_at=edited_at(after))
            kept = plan.keys
        except DamageError as error:
            undo.state.halt(str(error))
            raise
        except GoneError:
            raise UndoRefusedError(f"post {status_id} was deleted meanwhile") from None
        except (UndoRefusedError, EditRefusedError, MediaError, UnprovenEditError):
            kept = plan.keys
            still_ours(undo, plan)
            raise
        except ServerError:
            # Whichever of our words are there now, the attachment has a description.
            kept = plan.keys
            with suppress(ServerError):
                there = undo.client.status(status_id)
                if is_described(there, {key: edit.writing.text for key, edit in by_key(plan)}):
                    still_ours(undo, plan)
            raise
        finally:
            history.end_undo(status_id, kept, ())


def still_ours(undo: Undo, plan: Plan) -> None:
    """Write down again the words of ours that a rewriting left in their place."""
    history = undo.state.history
    history.sending(plan.status.id, [edit.writing for edit in plan.edits])
    history.written(plan.status.id, plan.keys, edited_at=plan.edits[0].edited_at)


def written(undo: Undo, plan: Plan, texts: Mapping[str, str]) -> Status:
    """Write the texts into the post; the post as it is then."""
    if undo.instance.dialect.describes == "medium":
        undo.check(Plan(status=undo.client.status(plan.status.id), edits=plan.edits))
        for key, text in texts.items():
            undo.client.describe_medium(key, text)
        return undo.client.status(plan.status.id)
    editor, snapshot = undo.looked_at(plan)
    return editor.rewrite(snapshot, texts, {key: edit.writing.text for key, edit in by_key(plan)})
