"""What the processes of a cluster know of each other, in PostgreSQL (``store/cluster.py``).

All times are the database's own (``alternator_now``), so nobody's clock matters.
"""

from collections.abc import Mapping, Sequence

from psycopg import sql
from psycopg.rows import dict_row

from alternator.store.cluster import OF_ACCOUNT, Erased
from alternator.store.postgres.database import Database
from alternator.store.postgres.enrolment import PostgresEnrolment
from alternator.store.postgres.jobs import PostgresJobs
from alternator.store.postgres.limits import PostgresLimits
from alternator.store.postgres.processes import PostgresProcesses
from alternator.store.postgres.sign_ups import PostgresSignUps
from alternator.store.postgres.troubles import PostgresTroubles

# Neither is the account's: the first is a secret, the others are about processes.
NOT_EXPORTED = ("token", "holder", "until")


class PostgresCluster:
    """``alternator.store.cluster.Cluster``. For any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.processes = PostgresProcesses(database)
        self.enrolment = PostgresEnrolment(database)
        self.limits = PostgresLimits(database)
        self.sign_ups = PostgresSignUps(database)
        self.jobs = PostgresJobs(database)
        self.troubles = PostgresTroubles(database)

    def now(self) -> float:
        """Unix time in seconds by the database's clock."""
        with self._database.plain() as connection:
            row = connection.execute("SELECT alternator_now()").fetchone()
        assert row is not None, "a function gives a row"
        return float(row[0])

    def halted(self) -> Mapping[str, str]:
        """Why nothing is edited any more, by the names of the accounts of which that is so."""
        with self._database.plain() as connection:
            rows = connection.execute(
                "SELECT COALESCE(NULLIF(w.handle, ''), a.remote_id || ' on ' || a.server), "
                "a.halted "
                "FROM account AS a LEFT JOIN watched AS w ON w.account = a.id "
                "WHERE a.halted IS NOT NULL ORDER BY 1"
            ).fetchall()
        return dict(rows)

    def export(self, account: int) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """All that is remembered of an account, by table; no token."""
        keys = {"account": "id", "watched": "account"} | dict.fromkeys(OF_ACCOUNT, "account")
        found: dict[str, Sequence[Mapping[str, object]]] = {}
        with self._database.plain() as connection, connection.transaction():
            # One moment for all tables.
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor = connection.cursor(row_factory=dict_row)
            for table, key in keys.items():
                query = sql.SQL("SELECT * FROM {} WHERE {} = %s").format(
                    sql.Identifier(table), sql.Identifier(key)
                )
                rows = cursor.execute(query, (account,)).fetchall()
                found[table] = [
                    {name: value for name, value in row.items() if name not in NOT_EXPORTED}
                    for row in rows
                ]
        return found

    def erase(self, account: int) -> Erased:
        """Take away all that is remembered of an account, its jobs too."""
        rows: dict[str, int] = {}
        with self._database.plain() as connection, connection.transaction():
            for table in OF_ACCOUNT:
                query = sql.SQL("DELETE FROM {} WHERE account = %s").format(sql.Identifier(table))
                rows[table] = connection.execute(query, (account,)).rowcount
            rows["jobs"] = connection.execute(
                # One that is under way ends by itself, and its worker needs it for that.
                "DELETE FROM procrastinate_jobs WHERE (args ->> 'account')::bigint = %s "
                "AND task_name LIKE 'alternator.%%' AND status != 'doing'",
                (account,),
            ).rowcount
            rows["account"] = connection.execute(
                "DELETE FROM account WHERE id = %s", (account,)
            ).rowcount
        return Erased(rows=rows)
