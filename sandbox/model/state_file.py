"""``state.json``: what the store writes after each change and reads at its start."""

import json
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NotRequired, TypedDict

from sandbox.model.entities import AttachmentType, MediaMeta, Visibility
from sandbox.model.records import Attachment, Poll, Revision, Status

STATE_FILE = "state.json"


@dataclass(frozen=True, kw_only=True)
class State:
    """All that is kept over a restart."""

    statuses: list[Status]
    attachments: list[Attachment]
    idempotency_keys: dict[str, str]
    last_id: int


class StoredAttachment(TypedDict):
    """``Attachment`` as JSON."""

    id: str
    account_id: str
    type: AttachmentType
    file: str
    preview: str | None
    meta: MediaMeta
    ready_at: float
    failed: bool
    description: str | None
    focus: tuple[float, float] | None
    status_id: str | None


class StoredPoll(TypedDict):
    """``Poll`` as JSON."""

    id: str
    options: list[str]
    expires_at: float
    multiple: bool
    hide_totals: bool


class StoredRevision(TypedDict):
    """``Revision`` as JSON."""

    created_at: float
    text: str
    spoiler_text: str
    sensitive: bool
    attachments: list[tuple[str, str | None]]
    poll_options: list[str]


class StoredStatus(TypedDict):
    """``Status`` as JSON."""

    id: str
    account_id: str
    created_at: float
    text: str
    visibility: Visibility
    spoiler_text: str
    sensitive: bool
    language: str | None
    media_ids: list[str]
    poll: StoredPoll | None
    in_reply_to_id: str | None
    reblog_of: str | None
    edited_at: float | None
    revisions: list[StoredRevision]
    quote_policy: NotRequired[str]
    has_source: NotRequired[bool]
    favourited_by: NotRequired[list[str]]


class StoredState(TypedDict):
    """``state.json``. Older ones are read as they are: what is added here must be optional."""

    statuses: list[StoredStatus]
    attachments: list[StoredAttachment]
    idempotency_keys: dict[str, str]
    last_id: int


def write_state(folder: Path, state: State) -> None:
    """Write the state beside the old file and put it in its place, so none is half written."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=folder, prefix=".state-", delete=False
    ) as file:
        json.dump(asdict(state), file, ensure_ascii=False, indent=1)
    Path(file.name).replace(folder / STATE_FILE)


def read_state(folder: Path) -> State | None:
    """The state of an earlier run; None when there is none.

    Raises:
        OSError, ValueError, KeyError, TypeError: for a file that is no state.
    """
    try:
        stored: StoredState = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return State(
        statuses=[status_from(status) for status in stored["statuses"]],
        attachments=[attachment_from(attachment) for attachment in stored["attachments"]],
        idempotency_keys=stored["idempotency_keys"],
        last_id=stored["last_id"],
    )


def attachment_from(stored: StoredAttachment) -> Attachment:
    """An attachment from its JSON form, in which a pair is a list."""
    focus = stored["focus"]
    read = Attachment(**stored)
    return replace(read, focus=None if focus is None else (focus[0], focus[1]))


def status_from(stored: StoredStatus) -> Status:
    """A status from its JSON form: lists become tuples again."""
    poll = stored["poll"]
    return Status(
        id=stored["id"],
        account_id=stored["account_id"],
        created_at=stored["created_at"],
        text=stored["text"],
        visibility=stored["visibility"],
        spoiler_text=stored["spoiler_text"],
        sensitive=stored["sensitive"],
        language=stored["language"],
        media_ids=tuple(stored["media_ids"]),
        poll=None if poll is None else poll_from(poll),
        in_reply_to_id=stored["in_reply_to_id"],
        reblog_of=stored["reblog_of"],
        edited_at=stored["edited_at"],
        revisions=tuple(revision_from(revision) for revision in stored["revisions"]),
        quote_policy=stored.get("quote_policy", "public"),
        has_source=stored.get("has_source", True),
        favourited_by=tuple(stored.get("favourited_by", ())),
    )


def poll_from(stored: StoredPoll) -> Poll:
    """A poll from its JSON form."""
    return Poll(
        id=stored["id"],
        options=tuple(stored["options"]),
        expires_at=stored["expires_at"],
        multiple=stored["multiple"],
        hide_totals=stored["hide_totals"],
    )


def revision_from(stored: StoredRevision) -> Revision:
    """A revision from its JSON form."""
    return Revision(
        created_at=stored["created_at"],
        text=stored["text"],
        spoiler_text=stored["spoiler_text"],
        sensitive=stored["sensitive"],
        attachments=tuple((media_id, words) for media_id, words in stored["attachments"]),
        poll_options=tuple(stored["poll_options"]),
    )
