"""The tables of what others ask for: ``asked.py``."""

CONSENT = """
CREATE TABLE consent (
    account INTEGER NOT NULL REFERENCES account (id),
    person TEXT NOT NULL,
    wish TEXT NOT NULL CHECK (wish IN ('asked', 'all', 'stopped')),
    how TEXT CHECK (how IN ('reply', 'suggestion')),
    changed REAL NOT NULL,
    PRIMARY KEY (account, person)
) WITHOUT ROWID
"""
ASKING = """
CREATE TABLE asking (
    account INTEGER NOT NULL REFERENCES account (id),
    status_id TEXT NOT NULL,
    asker TEXT NOT NULL,
    author TEXT NOT NULL,
    address TEXT NOT NULL,
    below TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    for_all INTEGER NOT NULL,
    not_before REAL NOT NULL,
    at REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'dropped')),
    texts TEXT NOT NULL DEFAULT '{}',  -- JSON: text by attachment
    PRIMARY KEY (account, status_id)
) WITHOUT ROWID
"""
ASKING_BY_STATE = "CREATE INDEX asking_by_state ON asking (account, state, at)"
ASKING_BY_TIME = "CREATE INDEX asking_by_time ON asking (account, at)"
# `parts` are emptied once all are posted: what was said to people is not kept.
OUTGOING = """
CREATE TABLE outgoing (
    account INTEGER NOT NULL REFERENCES account (id),
    key TEXT NOT NULL,
    parts TEXT NOT NULL,  -- JSON: texts
    posts TEXT NOT NULL,  -- JSON: ids
    at REAL NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID
"""
PLACE = """
CREATE TABLE place (
    account INTEGER NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID
"""

ASKED_TABLES = (CONSENT, ASKING, ASKING_BY_STATE, ASKING_BY_TIME, OUTGOING, PLACE)
