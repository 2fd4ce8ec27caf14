"""The processes of a cluster: the table ``process``."""

from collections.abc import Mapping, Sequence

from psycopg.types.json import Jsonb

from alternator.store.cluster import Process, Role
from alternator.store.postgres.database import Database

# After which one that ended without a word is forgotten.
FORGOTTEN_SECONDS = 24 * 3600.0
# Those who speak for themselves alone, by what others write down of them.
SERVE: Role = "serve"
MOST_SERVERS = 200
TOLD = """
INSERT INTO process (id, role, host, pid, version, started, seen, facts)
SELECT %(id)s, %(role)s, %(host)s, %(pid)s, %(version)s, alternator_now() - %(up)s,
    alternator_now(), %(facts)s
WHERE EXISTS (SELECT 1 FROM process WHERE id = %(id)s)
    OR (SELECT count(*) FROM process WHERE role = %(role)s) < %(most)s
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, facts = excluded.facts
"""


class PostgresProcesses:
    """``alternator.store.cluster.Processes``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def come(self, process: Process) -> None:
        """A process begins."""
        with self._database.plain() as connection:
            connection.execute(
                "DELETE FROM process WHERE seen < alternator_now() - %s", (FORGOTTEN_SECONDS,)
            )
            connection.execute(
                "INSERT INTO process (id, role, host, pid, version, started, seen, facts) "
                "VALUES (%s, %s, %s, %s, %s, alternator_now(), alternator_now(), %s) "
                "ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, facts = excluded.facts",
                (
                    process.id,
                    process.role,
                    process.host,
                    process.pid,
                    process.version,
                    Jsonb(dict(process.facts)),
                ),
            )

    def beat(self, process_id: str, facts: Mapping[str, object]) -> None:
        """A process is there, and says this of itself."""
        with self._database.plain() as connection:
            connection.execute(
                "UPDATE process SET seen = alternator_now(), facts = %s WHERE id = %s",
                (Jsonb(dict(facts)), process_id),
            )
        # The pages write nothing else by themselves, and would go on to say what is over.
        self._database.can_be_written()

    def told(self, process: Process, up_seconds: float) -> None:
        """A server that has no database of its own is there, for so many seconds by now.

        It can take no other role's row, and not fill the table.
        """
        with self._database.plain() as connection:
            connection.execute(
                "DELETE FROM process WHERE seen < alternator_now() - %s", (FORGOTTEN_SECONDS,)
            )
            connection.execute(
                TOLD,
                {
                    "id": f"{SERVE}:{process.id}",
                    "role": SERVE,
                    "host": process.host,
                    "pid": process.pid,
                    "version": process.version,
                    "up": up_seconds,
                    "facts": Jsonb(dict(process.facts)),
                    "most": MOST_SERVERS,
                },
            )

    def go(self, process_id: str) -> None:
        """A process ends."""
        with self._database.plain() as connection:
            connection.execute("DELETE FROM process WHERE id = %s", (process_id,))

    def seen(self, *, within: float = 3600.0) -> Sequence[Process]:
        """Those that were heard of within so many seconds."""
        with self._database.plain() as connection:
            rows = connection.execute(
                "SELECT id, role, host, pid, version, started, seen, facts FROM process "
                "WHERE seen > alternator_now() - %s ORDER BY role, started, id",
                (within,),
            ).fetchall()
        return [
            Process(
                id=row[0],
                role=row[1],
                host=row[2],
                pid=row[3],
                version=row[4],
                started=row[5],
                seen=row[6],
                facts=row[7],
            )
            for row in rows
        ]
