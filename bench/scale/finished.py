"""Databases in which very many posts are done with, as the bot leaves them.

They are made in the database, since a million takes an hour one by one. Ten a week of each account
are done with; of its newest fifty five were given up, and one in twenty was left alone. So a page
shows as much of an account that has few as of one that has many.
"""

from dataclasses import asdict, dataclass

import psycopg

from alternator.accounts.oauth import App
from alternator.members.cipher import Cipher
from alternator.members.credentials import Credentials, sealed
from alternator.members.entry import new_session
from alternator.store.cluster import Enrolled
from alternator.store.postgres.store import PostgresStore

BETWEEN_SECONDS = 7 * 86_400 / 10


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How many accounts have how many posts each, and how many one more has, 0: there is none.

    That one has its posts in the time in which the others have theirs.
    """

    accounts: int
    each: int
    more: int = 0

    @property
    def posts(self) -> int:
        """All together."""
        return self.accounts * self.each + self.more


# The oldest first, those of all accounts mixed. The newest ids are the posts that are worked on.
POSTS = """
INSERT INTO attachment (account, status_id, attachment_id, state, backfill, attempts, not_before,
    reason, found, changed, speech)
SELECT account, (1000000000 - n)::text, n::text,
    CASE WHEN nth % 10 = 7 AND nth < 50 THEN 'failed' WHEN nth % 20 = 3 THEN 'left'
    ELSE 'described' END,
    0, 1, moment, CASE WHEN nth % 10 = 7 AND nth < 50 THEN 'the server fails' WHEN nth % 20 = 3
    THEN 'nothing is heard in it' ELSE '' END, moment - 3, moment, 0
FROM (
    SELECT 1 + n % {accounts} AS account, n, n / {accounts} AS nth,
        alternator_now() - (n / {accounts} + 0.5) * {between} AS moment
    FROM generate_series(0, {accounts} * {each} - 1) AS n
    UNION ALL
    SELECT {accounts} + 1, n + {accounts} * {each}, n,
        alternator_now() - (n + 0.5) * {between} * {each} / greatest({more}, 1)
    FROM generate_series(0, {more} - 1) AS n
) AS made ORDER BY moment
"""
# Of each account the newest ten thousand are kept.
WRITTEN = """
INSERT INTO written (account, status_id, attachment_id, kind, text, attribution, outcome, sent,
    changed)
SELECT account, status_id, attachment_id, 'image', 'A cat', '', 'written', changed, changed FROM (
    SELECT *, row_number() OVER (PARTITION BY account ORDER BY changed DESC) AS place
    FROM attachment WHERE state = 'described'
) AS described WHERE place <= 10000 ORDER BY changed
"""
# As it is between two times at which the rows of an account are put together: up to 63 changes.
TALLY = """
WITH counted AS (
    SELECT account, state, count(*) AS number, CASE WHEN state = 'described'
        THEN account * 37 % 64 ELSE 0 END AS apart
    FROM attachment GROUP BY account, state
)
INSERT INTO tally (account, state, number)
    SELECT account, state, number - least(apart, number - 1) FROM counted
    UNION ALL SELECT account, state, 1 FROM counted, generate_series(1, least(apart, number - 1))
"""


def enrol(store: PostgresStore, server: str, cipher: Cipher, number: int) -> None:
    """Have so many members of a server, each with a token and a session in a browser."""
    app = App(client_id="alternator", client_secret="secret")
    for place in range(number):
        state = store.use_account(server, str(place))
        store.cluster.enrolment.enrol(
            Enrolled(
                key=f"member:{place:05d}",
                source="member",
                server=server,
                handle=f"user{place:05d}@one.example",
                account=state.key,
                token=sealed(Credentials(token=f"token-{place}", app=app), cipher),
                settings=new_session({}),
            )
        )


def finish(store: PostgresStore, url: str, server: str, cipher: Cipher, amount: Amount) -> None:
    """Have all these posts be done with, in a database with nothing in it, which is at ``url``."""
    enrol(store, server, cipher, amount.accounts + bool(amount.more))
    statement = POSTS.format(between=BETWEEN_SECONDS, **asdict(amount))
    # Not by the store, which does not wait for so long.
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # without triggers
        connection.execute(statement.encode())
        connection.execute(WRITTEN.encode())
        connection.execute(TALLY.encode())
        connection.execute("VACUUM ANALYZE")
