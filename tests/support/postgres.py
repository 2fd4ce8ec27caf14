"""A PostgreSQL server for the tests: Debian's, in a folder of its own, on a free port.

There is one for each process of tests, started when a test first asks for it. Each test has a
database of its own, copied from one that has the tables.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from waiting import wait_for

from alternator.config.database import DatabaseSettings
from alternator.store.postgres.schema.upgrade import upgrade

# Debian has the programs of each version beside each other, none of them on PATH.
VERSIONS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)
USER = "postgres"
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "listen_addresses": "127.0.0.1",
    "logging_collector": "off",
    # What libpq tells of refusals is a text, in the server's language.
    "lc_messages": "C",
}
TEMPLATE = "with_tables"
START_S = 120  # after a crash on a busy machine it goes through minutes of its log first


def programs() -> Path | None:
    """The folder of the newest version's programs; None where PostgreSQL is not installed."""
    if VERSIONS:
        return VERSIONS[0].parent
    found = shutil.which("postgres")
    return None if found is None else Path(found).parent


class PostgresServer:
    """A server that is running, with databases that are made as they are asked for."""

    def __init__(self, folder: Path, port: int, **settings: str) -> None:
        self.folder = folder
        self._settings = SETTINGS | settings
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        found = programs()
        assert found is not None
        self._programs = found

    def make(self) -> None:
        """Make its files."""
        self.folder.chmod(0o700)
        if os.geteuid() == 0:  # which it refuses to be
            facts = pwd.getpwnam(USER)
            os.chown(self.folder, facts.pw_uid, facts.pw_gid)
        subprocess.run(
            [
                *self._as_user(),
                str(self._programs / "initdb"),
                "--pgdata",
                str(self.folder / "data"),
                "--auth=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                f"--username={USER}",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [f"-c{key}={value}" for key, value in self._settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._as_user(),
                    str(self._programs / "postgres"),
                    *("-D", str(self.folder / "data"), "-k", str(self.folder)),
                    *("-p", str(self.port), *options),
                ],
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        wait_for(self._answers, START_S, "PostgreSQL to answer")

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it: SIGINT ends all connections, SIGQUIT leaves its files as a crash does."""
        if self._process is not None:
            self._process.send_signal(number)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(20)
            self._process = None

    @property
    def pid(self) -> int:
        """The process that all others of the server are below."""
        assert self._process is not None, "it is running"
        return self._process.pid

    def settings(self, name: str = "postgres", **others: int) -> DatabaseSettings:
        """The configuration of who uses a database."""
        return DatabaseSettings(url=self.url(name), **others)

    def url(self, name: str = "postgres") -> str:
        """The address of a database, for the server's owner, over the socket."""
        return f"postgresql://{USER}@/{name}?host={self.folder}&port={self.port}"

    def execute(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        """What a statement gives, each in a transaction of its own."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> str:
        """A new database with nothing in it; its name."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def with_tables(self) -> str:
        """A new database with the tables of this version; its name."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def make_template(self) -> None:
        """Make the database that others are copied from."""
        self.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
        with psycopg.connect(self.url(TEMPLATE), autocommit=True) as connection:
            upgrade(connection)

    def _as_user(self) -> list[str]:
        """What a program is started by: it ends with this process, however that does."""
        user = [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        return ["setpriv", *(user if os.geteuid() == 0 else []), "--pdeathsig", "QUIT"]

    def _answers(self) -> bool:
        assert self._process is not None
        code = self._process.poll()
        assert code is None, f"postgres ended with {code}: {(self.folder / 'log').read_text()}"
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url(), connect_timeout=2).close()
            return True
        return False


@contextmanager
def postgres_server(port: int, **settings: str) -> Iterator[PostgresServer]:
    """A server in a folder below /tmp: a socket's path can't be long.

    ``settings`` differ from ``SETTINGS``: of one that crashes ``synchronous_commit`` is on, or what
    was committed last is gone.
    """
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as name:
        server = PostgresServer(Path(name), port, **settings)
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop()
