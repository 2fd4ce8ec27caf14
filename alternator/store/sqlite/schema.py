"""The tables of the state file, and how a file of an earlier release becomes one of this one.

Whoever changes a table raises ``version`` and adds the step from the version before.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alternator.store.sqlite.asked_tables import ASKED_TABLES
from alternator.store.sqlite.kept_tables import KEPT_TABLES
from alternator.store.sqlite.tally import TALLY


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The statements that make an empty file one of ``version``, and those that bring one up.

    ``steps`` leads from each earlier version to the next; a file of a version without one can't be
    read.
    """

    version: int
    create: tuple[str, ...]
    steps: Mapping[int, tuple[str, ...]]

    def statements_from(self, found: int) -> tuple[str, ...] | None:
        """What brings a file of a version up to this one, 0 for an empty one; None if nothing can.

        Nothing where it is of this version.
        """
        if found == 0:
            return self.create
        statements: tuple[str, ...] = ()
        while found != self.version:
            if found not in self.steps:
                return None
            statements += self.steps[found]
            found += 1
        return statements


# What waits, in the order in which it is taken: new posts before old ones, the newest first. Ids
# grow as numbers or as text: alternator.store.outcomes.by_age. `not_before` is there to be read
# from the index alone, and so is `speech`.
QUEUE = """
CREATE INDEX attachment_queue ON attachment (
    account, backfill, length(status_id) DESC, status_id DESC, not_before, speech
) WHERE state = 'waiting'
"""
# The posts from before the first start that are taken on, whether they need anything or not.
ADMITTED = """
CREATE TABLE admitted (
    account INTEGER NOT NULL REFERENCES account (id),
    status_id TEXT NOT NULL,
    PRIMARY KEY (account, status_id)
) WITHOUT ROWID
"""

# What models used, by the day since 1970 (UTC).
TOKENS = """
CREATE TABLE tokens (
    day INTEGER PRIMARY KEY,
    used INTEGER NOT NULL
)
"""
# What was written into posts, and what was there before: alternator/store/edit_history.py. The
# oldest are dropped by their `id`, so it is never given twice:
# https://www.sqlite.org/autoinc.html
WRITTEN = """
CREATE TABLE written (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (id),
    status_id TEXT NOT NULL,
    attachment_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    before TEXT,
    text TEXT NOT NULL,
    attribution TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'written', 'refused', 'undone')),
    reason TEXT NOT NULL DEFAULT '',
    sent REAL NOT NULL,
    changed REAL NOT NULL,
    edited_at REAL
)
"""
WRITTEN_BY_POST = "CREATE INDEX written_by_post ON written (account, status_id, attachment_id)"
# The posts that an undo is at work on, each until a moment after which that is not so any more.
HELD = """
CREATE TABLE held (
    account INTEGER NOT NULL REFERENCES account (id),
    status_id TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (account, status_id)
) WITHOUT ROWID
"""
# What a person asked the bot for: alternator/store/errands.py. Those without `ended` wait, in the
# order of their `number`, which is never given twice. `begun` is the newest `id` of `written` at
# the time when it was.
ERRAND = """
CREATE TABLE errand (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('rewrite', 'undo', 'again')),
    status_id TEXT NOT NULL,
    attachment_id TEXT NOT NULL,
    text TEXT NOT NULL,
    asked REAL NOT NULL,
    begun INTEGER,
    ended REAL,
    why TEXT NOT NULL DEFAULT ''
)
"""
# Beside the table: the words of ours that a text takes the place of, until it is known to be there;
# and whether it is the bot that is at work on a post, so that its next start lets go of it.
ERRANDS = (
    ERRAND,
    "ALTER TABLE written ADD COLUMN replaces TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE held ADD COLUMN by_bot INTEGER NOT NULL DEFAULT 0",
)


SCHEMA = Schema(
    version=9,
    create=(
        """
        CREATE TABLE account (
            id INTEGER PRIMARY KEY,
            server TEXT NOT NULL,
            remote_id TEXT NOT NULL,
            cursor TEXT,
            floor TEXT,
            first_start REAL,
            edits INTEGER NOT NULL DEFAULT 0,
            halted TEXT,
            UNIQUE (server, remote_id)
        )
        """,
        # `changed` of a claimed row is the moment of the claim, which tells claims apart;
        # `put_back` counts how often in a row the server did not answer for it, `deferred` how
        # often in a row it waited for somebody else. `said_left` is when it was first said, in a
        # row, that it be left. `edits_before` is the account's number of `edits` that had
        # succeeded when one of this post first failed in a row. `speech`: it is transcribed.
        """
        CREATE TABLE attachment (
            account INTEGER NOT NULL REFERENCES account (id),
            status_id TEXT NOT NULL,
            attachment_id TEXT NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('waiting', 'claimed', 'described', 'left', 'failed')),
            backfill INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            not_before REAL NOT NULL,
            reason TEXT NOT NULL DEFAULT '',
            found REAL NOT NULL,
            changed REAL NOT NULL,
            put_back INTEGER NOT NULL DEFAULT 0,
            first_attempt REAL,
            said_left REAL,
            deferred INTEGER NOT NULL DEFAULT 0,
            edits_before INTEGER,
            speech INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (account, status_id, attachment_id)
        )
        """,
        "CREATE INDEX attachment_by_state ON attachment (account, state, not_before)",
        QUEUE,
        ADMITTED,
        TOKENS,
        WRITTEN,
        WRITTEN_BY_POST,
        HELD,
        *KEPT_TABLES,
        *ERRANDS,
        *ASKED_TABLES,
        *TALLY,
    ),
    steps={
        # https://www.sqlite.org/lang_altertable.html#alter_table_add_column
        1: ("ALTER TABLE attachment ADD COLUMN put_back INTEGER NOT NULL DEFAULT 0",),
        2: (
            "ALTER TABLE account ADD COLUMN first_start REAL",
            "ALTER TABLE account ADD COLUMN edits INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE account ADD COLUMN halted TEXT",
            "ALTER TABLE attachment ADD COLUMN first_attempt REAL",
            "ALTER TABLE attachment ADD COLUMN said_left REAL",
            "ALTER TABLE attachment ADD COLUMN deferred INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE attachment ADD COLUMN edits_before INTEGER",
            "ALTER TABLE attachment ADD COLUMN speech INTEGER NOT NULL DEFAULT 0",
            QUEUE,
            ADMITTED,
            # Addresses were kept as they were configured, a password in them too. Today's
            # configuration has none: alternator.config.checked_types.address.
            """
            UPDATE OR IGNORE account SET
                server = substr(server, 1, instr(server, '://') + 2)
                    || substr(server, instr(server, '@') + 1)
                WHERE instr(server, '@') > 0
                    AND instr(substr(server, instr(server, '://') + 3, instr(server, '@')), '/')
                    NOT BETWEEN 1 AND instr(server, '@') - instr(server, '://') - 3
            """,
            # The first start met the first attachment. Where it met none, the next start is the
            # first: what is older than that is limited all the same.
            """
            UPDATE account SET first_start = (
                SELECT MIN(attachment.found) FROM attachment WHERE attachment.account = account.id
            )
            """,
            """
            INSERT INTO admitted
                SELECT DISTINCT account, status_id FROM attachment WHERE backfill = 1
            """,
        ),
        3: (TOKENS,),
        4: (WRITTEN, WRITTEN_BY_POST, HELD),
        5: KEPT_TABLES,
        6: ERRANDS,
        7: ASKED_TABLES,
        8: TALLY,
    },
)
