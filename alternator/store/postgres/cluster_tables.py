"""The tables of what exists only where several processes work together."""

# Each process at its start, and when it was seen last (Unix time in seconds).
PROCESS = """
CREATE TABLE process (
    id text PRIMARY KEY,
    role text NOT NULL,
    host text NOT NULL,
    pid bigint NOT NULL,
    version text NOT NULL,
    started double precision NOT NULL,
    seen double precision NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}'
)
"""
PROCESS_BY_TIME = "CREATE INDEX process_by_time ON process (seen)"
# The accounts that are watched: of the configuration (`config:NAME`), or of members
# (`member:UUID`). `account` is NULL until the account was signed in for the first time; `token` is
# encrypted, and NULL for those of the configuration. `holder` is the process that watches it, until
# `until`.
WATCHED = """
CREATE TABLE watched (
    key text PRIMARY KEY,
    account bigint REFERENCES account (id) ON DELETE SET NULL,
    source text NOT NULL CHECK (source IN ('config', 'member')),
    server text NOT NULL,
    handle text NOT NULL,
    token bytea,
    settings jsonb NOT NULL DEFAULT '{}',
    created double precision NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    holder text,
    until double precision NOT NULL DEFAULT 0
)
"""
WATCHED_BY_ACCOUNT = "CREATE INDEX watched_by_account ON watched (account)"
WATCHED_BY_LEASE = "CREATE INDEX watched_by_lease ON watched (until)"
# Until when a server lets an account send nothing of a kind: one budget for all who work for it.
LIMITS = """
CREATE TABLE limits (
    account bigint NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind text NOT NULL,
    until double precision NOT NULL,
    PRIMARY KEY (account, kind)
)
"""
# What each server knows this program by, encrypted; and sign-ups that are under way, by the hash of
# what their browser brings back.
SIGNUP_APP = """
CREATE TABLE signup_app (
    server text PRIMARY KEY,
    sealed bytea NOT NULL
)
"""
SIGNUP_BEGUN = """
CREATE TABLE signup_begun (
    state text PRIMARY KEY,
    sealed bytea NOT NULL,
    until double precision NOT NULL
)
"""

CLUSTER_TABLES = (
    PROCESS,
    PROCESS_BY_TIME,
    WATCHED,
    WATCHED_BY_ACCOUNT,
    WATCHED_BY_LEASE,
    LIMITS,
    SIGNUP_APP,
    SIGNUP_BEGUN,
)
