"""The store in a database: the accounts in it, and what belongs to none of them."""

from alternator.store.cluster import Cluster
from alternator.store.elapsed import ElapsedTime
from alternator.store.sql.claims import free_interrupted
from alternator.store.sql.database import Database
from alternator.store.sql.state import SqlAccountState


class SqlStore:
    """``alternator.store.interface.Store``; ``alone``: no other process is at work in it."""

    def __init__(self, database: Database, time: ElapsedTime, *, alone: bool) -> None:
        self._database = database
        self._time = time
        self._alone = alone

    def close(self) -> None:
        """The store can't be used any more."""
        self._database.close()

    def knows_server(self, server: str) -> bool:
        """Whether an account on this server was in use before."""
        with self._database.reading() as db:
            row = db.execute("SELECT 1 FROM account WHERE server = ?", (server,)).fetchone()
            return row is not None

    def tokens_used(self, day: int) -> int:
        """How many tokens models have used on a day."""
        with self._database.reading() as db:
            row = db.execute("SELECT used FROM tokens WHERE day = ?", (day,)).fetchone()
            return 0 if row is None else int(row[0])

    def reserve_tokens(self, day: int, tokens: int, limit: int) -> bool:
        """Add to what models have used on a day if it stays within a limit; whether it does."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "INSERT INTO tokens (day, used) VALUES (?, 0) ON CONFLICT DO NOTHING", (day,)
            )
            row = db.execute(
                "UPDATE tokens SET used = used + ? WHERE day = ? AND used + ? <= ? RETURNING used",
                (tokens, day, tokens, limit),
            ).fetchone()
            return row is not None

    def use_tokens(self, day: int, tokens: int) -> None:
        """Add to what models have used on a day, or take from it."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "INSERT INTO tokens (day, used) VALUES (?, ?) "
                "ON CONFLICT (day) DO UPDATE SET used = tokens.used + excluded.used",
                (day, tokens),
            )

    def all_accounts(self) -> dict[tuple[str, str], SqlAccountState]:
        """The states of all accounts, by their server and their id there, as they are."""
        with self._database.reading() as db:
            rows = db.execute("SELECT server, remote_id, id FROM account ORDER BY id").fetchall()
        return {
            (server, remote_id): SqlAccountState(self._database, int(account), self._time)
            for server, remote_id, account in rows
        }

    def use_account(
        self, server: str, remote_id: str, *, server_time: float | None = None
    ) -> SqlAccountState:
        """The state of one account; free of the claims that a crash left behind, where no other
        process is at work."""
        now = self._time.now()
        with self._database.writing(durable=True) as db:
            db.execute(
                "INSERT INTO account (server, remote_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (server, remote_id),
            )
            (account,) = db.execute(
                "SELECT id FROM account WHERE server = ? AND remote_id = ?", (server, remote_id)
            ).fetchone()
            # None of an account whose file is of a release that did not write it down.
            db.execute(
                "UPDATE account SET first_start = ? WHERE id = ? AND first_start IS NULL",
                (now if server_time is None else server_time, account),
            )
            if self._alone:
                free_interrupted(db, int(account), now)
                db.execute("DELETE FROM held WHERE account = ? AND by_bot = 1", (account,))
        return SqlAccountState(self._database, int(account), self._time)

    def of_account(self, key: int) -> SqlAccountState:
        """The state of the account with this number, as it is."""
        return SqlAccountState(self._database, key, self._time)

    @property
    def cluster(self) -> Cluster | None:
        """None: there are no other processes."""
        return None

    def known_accounts(self, server: str) -> dict[str, SqlAccountState]:
        """The states of the accounts on a server by their ids there, as they are."""
        found = self.all_accounts().items()
        return {remote_id: state for (where, remote_id), state in found if where == server}
