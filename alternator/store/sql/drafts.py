# size: all that becomes of a draft, a statement or two for each
"""The drafts of one account, in its rows of ``draft``."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from alternator.store.drafts import WAITING, DraftError, DraftKind, DraftState, KeptDraft, NewDraft
from alternator.store.elapsed import ElapsedTime
from alternator.store.sql.attachments import ANEW
from alternator.store.sql.database import Connection, Database, marks_of

COLUMNS = (
    "number, status_id, kind, state, audience, basis, texts, places, messages, reason, made, "
    "changed, url, note"
)
# What was described meanwhile, or is at work, goes before a draft.
MADE_DUE = (
    f"UPDATE attachment SET {ANEW}, backfill = 0, speech = 0, changed = ? "
    "WHERE account = ? AND status_id = ? AND attachment_id = ? AND state IN ('left', 'failed')"
)


class SqlDrafts:
    """``alternator.store.drafts.Drafts`` of the account with this row."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        self._database = database
        self._account = account
        self._time = time

    def keep(self, draft: NewDraft) -> KeptDraft:
        """Keep a draft, or find it kept."""
        now = self._time.now()
        with self._database.writing(durable=True) as db:
            for older in self._all(db, "status_id = ? AND state = 'waiting'", draft.status_id):
                if self._is_the_same(db, older, draft):
                    return older
                if older.texts.keys() & draft.texts.keys():
                    self._move(db, older, "dropped", "a newer draft took its place")
            (number,) = db.execute(
                "INSERT INTO draft (account, status_id, kind, state, audience, basis, texts, "
                "places, messages, reason, made, changed, url, note) "
                "VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, '[]', '', ?, ?, ?, ?) RETURNING number",
                (
                    self._account,
                    draft.status_id,
                    draft.kind,
                    draft.audience,
                    draft.basis,
                    json.dumps(dict(draft.texts)),
                    json.dumps(dict(draft.numbers)),
                    now,
                    now,
                    draft.url,
                    draft.note,
                ),
            ).fetchone()
            return self._one(db, int(number))

    def _is_the_same(self, db: Connection, older: KeptDraft, draft: NewDraft) -> bool:
        """Whether a draft was kept by the same try, whose process died then: its author may have
        been asked about it."""
        keys = tuple(draft.texts)
        if (older.kind, older.basis) != (draft.kind, draft.basis) or {*older.texts} != {*keys}:
            return False
        tries, began = db.execute(
            "SELECT MIN(attempts), MAX(first_attempt) FROM attachment WHERE account = ? "
            f"AND status_id = ? AND attachment_id IN ({marks_of(keys)})",
            (self._account, draft.status_id, *keys),
        ).fetchone()
        return bool(tries and tries > 1 and began is not None and older.made >= began)

    def get(self, number: int) -> KeptDraft:
        """One draft."""
        with self._database.reading() as db:
            return self._one(db, number)

    def listed(
        self, states: Collection[DraftState] = WAITING, *, kind: DraftKind | None = None
    ) -> tuple[KeptDraft, ...]:
        """The drafts in these states, oldest first; of one kind where it is named."""
        marks = marks_of(states)
        with self._database.reading() as db:
            condition = f"state IN ({marks}) AND (CAST(? AS TEXT) IS NULL OR kind = ?)"
            return self._all(db, condition, *states, kind, kind)

    def approved_of(self, status_id: str) -> KeptDraft | None:
        """The oldest draft of a post that was approved and is not applied yet."""
        with self._database.reading() as db:
            found = self._all(db, "status_id = ? AND state = 'approved'", status_id)
        return found[0] if found else None

    def approve(self, number: int, texts: Mapping[str, str] | None = None) -> KeptDraft:
        """Let a draft be written into its post."""
        with self._database.writing(durable=True) as db:
            draft = self._undecided(db, number)
            if draft.kind == "dry-run":
                raise DraftError(
                    f"draft {number} is of a dry run, in which nothing is edited; set [mastodon] "
                    f"mode to review or edit and start the bot anew, which takes it up"
                )
            if texts:
                draft = self._rewrite(db, draft, texts)
            if not draft.texts:
                raise DraftError(f"draft {number} has no text left; refuse it")
            return self._approve(db, draft)

    def refuse(self, number: int, reason: str = "") -> KeptDraft:
        """Let a draft not be written."""
        with self._database.writing(durable=True) as db:
            return self._move(db, self._undecided(db, number), "refused", reason)

    def rewrite(self, number: int, texts: Mapping[str, str | None]) -> KeptDraft:
        """Put other words into a draft that waits."""
        with self._database.writing(durable=True) as db:
            return self._rewrite(db, self._undecided(db, number), texts)

    def drop(self, number: int, reason: str) -> None:
        """No edit comes of a draft that waits or was approved."""
        with self._database.writing(durable=True) as db:
            draft = self._one(db, number, locked=True)
            if draft.state in ("waiting", "approved"):
                self._move(db, draft, "dropped", reason)

    def asked(self, number: int, messages: Collection[str]) -> None:
        """A draft's author was asked by these direct messages."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "UPDATE draft SET messages = ? WHERE account = ? AND number = ?",
                (json.dumps(list(messages)), self._account, number),
            )

    def settle(self, status_id: str) -> None:
        """What was approved of a post is done with if none of its attachments waits any more."""
        with self._database.writing() as db:
            for draft in self._all(db, "status_id = ? AND state = 'approved'", status_id):
                rows = {
                    key: (state, reason)
                    for key, state, reason in db.execute(
                        "SELECT attachment_id, state, reason FROM attachment "
                        "WHERE account = ? AND status_id = ?",
                        (self._account, status_id),
                    )
                    if key in draft.texts
                }
                if any(state in ("waiting", "claimed") for state, _ in rows.values()):
                    continue
                if any(state == "described" for state, _ in rows.values()):
                    self._move(db, draft, "applied")
                else:
                    reasons = dict.fromkeys(reason for _, reason in rows.values() if reason)
                    self._move(db, draft, "dropped", "; ".join(reasons))

    def end_dry_runs(self, audiences: Collection[str], *, review: bool) -> int:
        """Take up the drafts of a dry run that is over."""
        marks = marks_of(audiences)
        with self._database.writing(durable=True) as db:
            found = self._all(
                db,
                f"kind = 'dry-run' AND state = 'waiting' AND audience IN ({marks})",
                *audiences,
                locked=True,
            )
            for draft in found:
                # Its author has as long to decide as of any other: nobody was asked until now.
                db.execute(
                    "UPDATE draft SET kind = 'review', made = ? WHERE number = ?",
                    (self._time.now(), draft.number),
                )
                if not review:
                    self._approve(db, draft)
        return len(found)

    def _approve(self, db: Connection, draft: KeptDraft) -> KeptDraft:
        """Approve a draft, and make its attachments due."""
        now = self._time.now()
        db.executemany(
            MADE_DUE,
            [(now, now, self._account, draft.status_id, key) for key in draft.texts],
        )
        return self._move(db, draft, "approved")

    def _rewrite(
        self, db: Connection, draft: KeptDraft, texts: Mapping[str, str | None]
    ) -> KeptDraft:
        unknown = texts.keys() - draft.numbers.keys()
        if unknown:
            raise DraftError(
                f"draft {draft.number} has no attachment {', '.join(sorted(unknown))}; it has "
                f"{', '.join(draft.numbers)}"
            )
        if any(text is not None and not text.strip() for text in texts.values()):
            raise DraftError("a description can't be empty; leave the attachment out instead")
        wanted = {**draft.texts, **texts}
        kept = {key: text.strip() for key, text in wanted.items() if text is not None}
        db.execute(
            "UPDATE draft SET texts = ?, changed = ? WHERE account = ? AND number = ?",
            (json.dumps(kept), self._time.now(), self._account, draft.number),
        )
        return self._one(db, draft.number)

    def _undecided(self, db: Connection, number: int) -> KeptDraft:
        """A draft that waits for a word; DraftError if it does not."""
        draft = self._one(db, number, locked=True)
        if draft.state != "waiting":
            why = f" ({draft.reason})" if draft.reason else ""
            raise DraftError(f"draft {number} was {draft.state} before{why}")
        return draft

    def _move(
        self, db: Connection, draft: KeptDraft, state: DraftState, reason: str = ""
    ) -> KeptDraft:
        now = self._time.now()
        db.execute(
            "UPDATE draft SET state = ?, reason = ?, changed = ? WHERE account = ? AND number = ?",
            (state, reason, now, self._account, draft.number),
        )
        return replace(draft, state=state, reason=reason, changed=now)

    def _one(self, db: Connection, number: int, *, locked: bool = False) -> KeptDraft:
        """A draft, kept from other transactions until the end of this one where it is locked."""
        found = self._all(db, "number = ?", number, locked=locked)
        if not found:
            raise DraftError(f"there is no draft {number}")
        return found[0]

    def _all(
        self, db: Connection, condition: str, *values: object, locked: bool = False
    ) -> tuple[KeptDraft, ...]:
        rows = db.execute(
            f"SELECT {COLUMNS} FROM draft WHERE account = ? AND {condition} ORDER BY number"
            f"{self._database.dialect.locked if locked else ''}",
            (self._account, *values),
        )
        return tuple(map(draft_of, rows))


def draft_of(row: tuple[Any, ...]) -> KeptDraft:
    """A draft as it stands in its row."""
    return KeptDraft(
        number=row[0],
        status_id=row[1],
        kind=row[2],
        state=row[3],
        audience=row[4],
        basis=row[5],
        texts=json.loads(row[6]),
        numbers=json.loads(row[7]),
        messages=tuple(json.loads(row[8])),
        reason=row[9],
        made=row[10],
        changed=row[11],
        url=row[12],
        note=row[13],
    )
