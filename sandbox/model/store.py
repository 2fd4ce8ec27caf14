"""What the sandbox remembers: statuses, attachments and the media folder.

Everything is held in memory and written to ``state.json`` after each change, so a restart of the
container keeps the posts. That is for a demo's amounts, some hundred posts; who has thousands does
without the file.
"""

import threading
import time
from pathlib import Path

from sandbox.errors import not_found
from sandbox.model.records import (
    ACCOUNTS,
    FOLLOWS,
    Account,
    Attachment,
    Notification,
    Profile,
    Revision,
    Status,
)
from sandbox.model.state_file import State, read_state, write_state
from sandbox.model.statuses import Statuses


class Store:
    """Records by id, in one folder. ``lock`` guards every change: requests run in threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.media_folder = folder / "media"
        self.media_folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.statuses = Statuses()
        self.attachments: dict[str, Attachment] = {}
        self.idempotency_keys: dict[str, str] = {}
        # What accounts say of themselves now, by their id; not kept over a restart.
        self.profiles: dict[str, Profile] = {}
        # Nor are who follows whom, by ids, and what accounts were told of that and of mentions.
        self.follows: dict[str, frozenset[str]] = dict(FOLLOWS)
        self.notifications: list[Notification] = []
        self.last_id = 0
        self.load()

    def new_id(self) -> str:
        """A fresh id: milliseconds since 1970 in the upper bits as in Mastodon's snowflakes.

        https://github.com/mastodon/mastodon/blob/v4.4.8/lib/mastodon/snowflake.rb
        """
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
            if account_id is None:
                statuses = list(self.statuses.values())
            else:
                statuses = self.statuses.of_account(account_id)
        return sorted(statuses, key=lambda status: int(status.id), reverse=True)

    def boosts_of(self, status_id: str) -> list[Status]:
        """Everybody's boosts of a status."""
        with self.lock:
            return self.statuses.boosts_of(status_id)

    def is_following(self, account_id: str, other_id: str) -> bool:
        """Whether one account follows another."""
        return other_id in self.follows.get(account_id, frozenset())

    def profile_of(self, account: Account) -> Profile:
        """What an account says of itself."""
        return self.profiles.get(account.id, Profile(note=ACCOUNTS[account.id].note))

    def replies_to(self, status_id: str) -> list[Status]:
        """The answers to a status, oldest first."""
        with self.lock:
            replies = self.statuses.replies_to(status_id)
        return sorted(replies, key=lambda status: int(status.id))

    def snapshot(self, status: Status, created_at: float) -> Revision:
        """A status as it stands, for its edit history. ``created_at`` is Unix time in seconds.

        https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/concerns/status/snapshot_concern.rb
        """
        return Revision(
            created_at=created_at,
            text=status.text,
            spoiler_text=status.spoiler_text,
            sensitive=status.sensitive,
            attachments=tuple((a.id, a.description) for a in self.attachments_of(status)),
            poll_options=status.poll.options if status.poll else (),
        )

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
            self.profiles.clear()
            self.follows.clear()
            self.follows.update(FOLLOWS)
            self.notifications.clear()
            self.save()

    def save(self) -> None:
        """Write the state."""
        state = State(
            statuses=list(self.statuses.values()),
            attachments=list(self.attachments.values()),
            idempotency_keys=self.idempotency_keys,
            last_id=self.last_id,
        )
        write_state(self.folder, state)

    def load(self) -> None:
        """Read the state of an earlier run, when there is one. Raises as ``read_state`` does."""
        state = read_state(self.folder)
        if state is not None:
            self.attachments = {attachment.id: attachment for attachment in state.attachments}
            self.statuses = Statuses(state.statuses)
            self.idempotency_keys = state.idempotency_keys
            self.last_id = state.last_id
