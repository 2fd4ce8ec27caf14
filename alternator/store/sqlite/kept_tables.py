"""The tables of drafts, and of what else is remembered: ``drafts.py`` and ``ledger.py``."""

# A number is shown to people and must not mean another draft later:
# https://www.sqlite.org/autoinc.html
DRAFT = """
CREATE TABLE draft (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (id),
    status_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('review', 'dry-run')),
    state TEXT NOT NULL
        CHECK (state IN ('waiting', 'approved', 'applied', 'refused', 'dropped')),
    audience TEXT NOT NULL,
    basis TEXT NOT NULL,
    texts TEXT NOT NULL,     -- JSON: text by attachment
    places TEXT NOT NULL,    -- JSON: place in the post by attachment
    messages TEXT NOT NULL,  -- JSON: ids
    reason TEXT NOT NULL,
    made REAL NOT NULL,
    changed REAL NOT NULL,
    url TEXT NOT NULL,
    note TEXT NOT NULL
)
"""
DRAFT_BY_POST = "CREATE INDEX draft_by_post ON draft (account, status_id, state)"
DRAFT_BY_STATE = "CREATE INDEX draft_by_state ON draft (account, state)"
# What was made or sent within the last hour, a row each.
SPENT = """
CREATE TABLE spent (
    account INTEGER NOT NULL REFERENCES account (id),
    what TEXT NOT NULL CHECK (what IN ('description', 'edit')),
    at REAL NOT NULL
)
"""
SPENT_BY_TIME = "CREATE INDEX spent_by_time ON spent (account, what, at)"
TOLD = """
CREATE TABLE told (
    account INTEGER NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (account, kind)
) WITHOUT ROWID
"""
REPLY = """
CREATE TABLE reply (
    account INTEGER NOT NULL REFERENCES account (id),
    status_id TEXT NOT NULL,
    reply_id TEXT NOT NULL,
    PRIMARY KEY (account, status_id, reply_id)
) WITHOUT ROWID
"""
BACKFILL = """
CREATE TABLE backfill (
    account INTEGER PRIMARY KEY REFERENCES account (id),
    below TEXT,
    since REAL,
    remaining INTEGER,
    done INTEGER NOT NULL
)
"""

KEPT_TABLES = (
    DRAFT,
    DRAFT_BY_POST,
    DRAFT_BY_STATE,
    SPENT,
    SPENT_BY_TIME,
    TOLD,
    REPLY,
    BACKFILL,
)
