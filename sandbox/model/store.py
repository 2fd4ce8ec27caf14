"""What the sandbox remembers: statuses, attachments and the media folder.

Everything is held in memory and written to ``state.json`` after each change, so a restart of the
container keeps the posts. The amounts are a demo's: some hundred posts.
"""

import json
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.errors import not_found
from sandbox.model.model import Account, Attachment, Poll, Revision, Status

STATE_FILE = "state.json"


class Store:
    """Records by id, in one folder. ``lock`` guards every change: requests run in threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.media_folder = folder / "media"
        self.media_folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.statuses: dict[str, Status] = {}
        self.attachments: dict[str, Attachment] = {}
        self.idempotency_keys: dict[str, str] = {}
        self.last_id = 0
        self.load()

    def new_id(self) -> str:
        """A fresh id: milliseconds since 1970 in the upper bits as in Mastodon's snowflakes."""
        with self.lock:
            self.last_id = max(self.last_id + 1, int(time.time() * 1000) << 16)
            return str(self.last_id)

    def status(self, status_id: str) -> Status:
        """The status of that id. Raises ``RefusedError`` (404) when there is none."""
        try:
            return self.statuses[status_id]
        except KeyError:
            raise not_found() from None

    def own_status(self, status_id: str, account: Account) -> Status:
        """A status of this account; anybody else's is answered as if it were not there."""
        status = self.status(status_id)
        if status.account_id != account.id:
            raise not_found()
        return status

    def attachments_of(self, status: Status) -> list[Attachment]:
        """The attachments that a status shows, in their order."""
        return [self.attachments[media_id] for media_id in status.media_ids]

    def newest_first(self, account_id: str | None = None) -> list[Status]:
        """All statuses (of one account), newest first."""
        with self.lock:
            statuses = list(self.statuses.values())
        statuses.sort(key=lambda status: int(status.id), reverse=True)
        return [s for s in statuses if account_id is None or s.account_id == account_id]

    def keep(self, *records: Status | Attachment) -> None:
        """Add or replace records and write the state."""
        with self.lock:
            for record in records:
                if isinstance(record, Status):
                    self.statuses[record.id] = record
                else:
                    self.attachments[record.id] = record
            self.save()

    def forget(self, *records: Status | Attachment) -> None:
        """Remove records, and the files of removed attachments."""
        with self.lock:
            for record in records:
                if isinstance(record, Status):
                    self.statuses.pop(record.id, None)
                else:
                    self.attachments.pop(record.id, None)
                    for name in (record.file, record.preview):
                        if name is not None:
                            (self.media_folder / name).unlink(missing_ok=True)
            self.save()

    def clear(self) -> None:
        """Remove every status and attachment. Ids keep growing, as on a real server."""
        with self.lock:
            self.forget(*self.statuses.values(), *self.attachments.values())
            self.idempotency_keys.clear()
            self.save()

    def save(self) -> None:
        """Write the state beside the old file and put it in its place, so none is half written."""
        document = {
            "statuses": [asdict(status) for status in self.statuses.values()],
            "attachments": [asdict(attachment) for attachment in self.attachments.values()],
            "idempotency_keys": self.idempotency_keys,
            "last_id": self.last_id,
        }
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=self.folder, prefix=".state-", delete=False
        ) as file:
            json.dump(document, file, ensure_ascii=False, indent=1)
        Path(file.name).replace(self.folder / STATE_FILE)

    def load(self) -> None:
        """Read the state of an earlier run, when there is one."""
        try:
            document = json.loads((self.folder / STATE_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        for fields in document["attachments"]:
            focus = fields.pop("focus")
            attachment = Attachment(focus=None if focus is None else tuple(focus), **fields)
            self.attachments[attachment.id] = attachment
        for fields in document["statuses"]:
            status = revive_status(fields)
            self.statuses[status.id] = status
        self.idempotency_keys = document["idempotency_keys"]
        self.last_id = document["last_id"]


def revive_status(fields: dict[str, Any]) -> Status:
    """A status from its JSON form: lists become tuples again."""
    poll = fields.pop("poll")
    if poll is not None:
        poll = Poll(options=tuple(poll.pop("options")), **poll)
    revisions = tuple(
        Revision(
            attachments=tuple((media_id, text) for media_id, text in revision.pop("attachments")),
            poll_options=tuple(revision.pop("poll_options")),
            **revision,
        )
        for revision in fields.pop("revisions")
    )
    media_ids = tuple(fields.pop("media_ids"))
    return Status(poll=poll, revisions=revisions, media_ids=media_ids, **fields)
