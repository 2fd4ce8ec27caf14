"""What became of an errand that an end of the bot cut short, as its post shows it.

Between the edit and the word that it is done a process may be killed. Nothing that was carried out
is sent a second time: everybody who boosted the post is told of each edit.
"""

from alternator.bot.journal import Journal, edited_at
from alternator.bot.undo import Plan, Undo
from alternator.errors import GoneError
from alternator.mastodon.plain import says
from alternator.store.errands import KeptErrand


def was_carried_out(undo: Undo, kept: KeptErrand) -> bool:
    """Whether an errand that was begun is done; what was not yet written down of it is, then.

    Raises:
        PostBusyError: somebody is at work on the post.
        ServerError: the post can't be looked at.
    """
    errand, history = kept.errand, undo.state.history
    entries = tuple(
        entry
        for entry in history.entries(status_id=errand.status_id)
        if entry.writing.attachment_id == errand.attachment_id
    )
    ours = tuple(entry for entry in entries if entry.stands)[:1]
    if errand.kind == "again" and kept.sent_since:
        return True  # it is described anew already
    try:
        status = undo.client.status(errand.status_id)
    except GoneError:
        return False
    attachment = status.by_id.get(errand.attachment_id)
    if attachment is None or not entries:
        return False
    plan, keys = Plan(status=status, edits=entries[:1]), (errand.attachment_id,)
    if errand.kind == "rewrite":
        if not (ours and says(ours[0].writing.text, errand.text)):
            return False  # it was not sent, whoever wrote what is there
        if not says(attachment.description, errand.text):
            return False
        undo.begin(plan, alone=False)
        Journal(history).written(status, keys)
        undo.end(status.id, keys, ())
        return True
    if not attachment.lacks_description:
        return False
    undo.begin(plan, alone=False)
    undo.end(status.id, keys, keys, edited_at=edited_at(status))
    if errand.kind == "again":
        undo.state.listing.retry(status.id, errand.attachment_id)
    return True
