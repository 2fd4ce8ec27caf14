"""What became of each post of a soak, by the server's records and the log."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from sandbox.model.records import Revision, Status

if TYPE_CHECKING:
    from soak import Soak

MOST_TOLD = 20


@dataclass(kw_only=True)
class Author:
    """What the authors did themselves: the bot must undo none of it."""

    texts: dict[str, list[str]] = field(default_factory=dict)  # by post, in their order
    deleted: set[str] = field(default_factory=set)
    _tokens: dict[str, str] = field(default_factory=dict)
    _described: set[tuple[str, str, str]] = field(default_factory=set)

    def wrote(self, status_id: str, token: str, text: str) -> None:
        """A post has this text from now on."""
        self.texts.setdefault(status_id, []).append(text)
        self._tokens[status_id] = token

    def token(self, status_id: str) -> str:
        """Whose post it is."""
        return self._tokens[status_id]

    def described(self, status_id: str, attachment_id: str, text: str | None) -> None:
        """An attachment was described by hand."""
        self._described.add((status_id, attachment_id, str(text)))

    def is_by(self, status_id: str, attachment_id: str, text: str | None) -> bool:
        """Whether a description is the author's."""
        return (status_id, attachment_id, str(text)) in self._described


def verdict(soak: "Soak") -> None:
    """Write into the result what is wrong, and what was done."""
    result, store = soak.result, soak.server.sandbox.store
    result.deleted = len(soak.author.deleted)
    for status_id, texts in soak.author.texts.items():
        if status_id in soak.author.deleted:
            continue
        status = store.statuses.get(status_id)
        if status is None:
            result.wrong.append(f"post {status_id} is gone")
            continue
        for key in status.media_ids:
            if not store.attachments[key].description:
                result.wrong.append(f"attachment {key} of post {status_id} has no description")
        result.wrong += wrong_in(soak, status, texts)
    result.wrong += wrong_in_log(soak)
    result.wrong += soak.left_behind()
    if len(result.wrong) > MOST_TOLD:
        result.wrong[MOST_TOLD:] = [f"and {len(result.wrong) - MOST_TOLD} more"]


def wrong_in(soak: "Soak", status: Status, texts: list[str]) -> list[str]:
    """What is wrong in the history of a post: damage, and what was written twice."""
    wrong = []
    chain = status.revisions
    if chain and [one.text for one in chain if one.text not in texts]:
        wrong.append(f"post {status.id} has a text that nobody wrote")
    place = 0
    for before, after in pairwise(chain):
        if after.text != before.text:
            place += 1
            if place >= len(texts) or after.text != texts[place]:
                wrong.append(f"post {status.id}: its author's text was undone")
            if descriptions(before) != descriptions(after):
                wrong.append(f"post {status.id}: descriptions changed with its author's edit")
            continue
        wrong += wrong_in_edit(soak, status.id, before, after)
    if status.text != texts[-1]:
        wrong.append(f"post {status.id} has another text than its author gave it")
    return wrong


def wrong_in_edit(soak: "Soak", status_id: str, before: Revision, after: Revision) -> list[str]:
    """What is wrong in an edit of descriptions, the bot's or the author's by hand."""
    kept = ("spoiler_text", "sensitive", "poll_options")
    wrong = [
        f"post {status_id}: {name} was changed"
        for name in kept
        if getattr(before, name) != getattr(after, name)
    ]
    then, now = descriptions(before), descriptions(after)
    if list(then) != list(now):
        return [*wrong, f"post {status_id}: its attachments were changed"]
    new = [key for key in now if now[key] != then[key]]
    if all(soak.author.is_by(status_id, key, now[key]) for key in new) and new:
        return wrong
    soak.result.edits += 1
    soak.result.described += len(new)
    if not new:
        wrong.append(f"post {status_id} was edited for nothing")
    wrong += [
        f"attachment {key} of post {status_id}: {then[key]!r} became {now[key]!r}"
        for key in new
        if then[key] or not now[key]
    ]
    return wrong


def descriptions(revision: Revision) -> dict[str, str | None]:
    """What each attachment said then, in their order."""
    return dict(revision.attachments)


def wrong_in_log(soak: "Soak") -> list[str]:
    """Defects and secrets in what the bot said."""
    text = soak.said().replace("unexpectedly", "")  # libpq's, of a connection
    wrong = [f"the log has: {word}" for word in ("Traceback", "unexpected") if word in text]
    if any(token in text for token in soak.tokens):
        wrong.append("a token is in the log")
    if "Nothing of" in text and "is edited any more" in text:
        wrong.append("an account was halted")
    return wrong
