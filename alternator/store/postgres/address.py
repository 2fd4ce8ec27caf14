"""Where a database is, and how it is named to people: never with its password."""

from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict

from alternator.config.database import DatabaseSettings
from alternator.errors import ConfigError

SCHEMES = ("postgresql://", "postgres://")
# A connection that was cut without a word is noticed within so long, in seconds and milliseconds:
# https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-KEEPALIVES
NOTICED_SECONDS = 15
PARAMETERS: dict[str, str | int] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": NOTICED_SECONDS * 1000,
}
# What a statement may take, and a transaction that nobody goes on with, in milliseconds.
STATEMENT_MILLISECONDS = 30_000
IDLE_MILLISECONDS = 60_000


@dataclass(frozen=True, kw_only=True)
class Address:
    """A database: what libpq is given, and what people are told.

    ``role`` is what the process is: the server's list of connections has it.
    """

    parameters: dict[str, str | int] = field(repr=False)
    role: str
    connections: int

    @property
    def shown(self) -> str:
        """Its name in a message."""
        host = str(self.parameters.get("host") or self.parameters.get("hostaddr") or "")
        port = self.parameters.get("port")
        name = self.parameters.get("dbname") or self.parameters.get("user") or "?"
        where = "this machine" if not host or host.startswith("/") else host
        return f"the database {name} on {where}{f':{port}' if port else ''}"

    @property
    def user(self) -> str:
        """Who connects."""
        return str(self.parameters.get("user") or "this system's user")

    @property
    def with_tls(self) -> bool:
        """Whether the address insists on TLS."""
        return str(self.parameters.get("sslmode", "prefer")) in (
            "require",
            "verify-ca",
            "verify-full",
        )

    def connect(self, **others: str | int) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of its own, where each statement is a transaction. psycopg.Error."""
        # psycopg takes what libpq does, of which its types know none.
        given = {**self.parameters, **others}
        return psycopg.connect(**given, autocommit=True)  # type: ignore[arg-type]


def address_of(settings: DatabaseSettings, role: str) -> Address:
    """The database of the configuration. ConfigError if its address is none."""
    url = settings.url or ""
    wrong = ConfigError(
        "[database] url is no address of a PostgreSQL database; write it as "
        "postgresql://user:password@host:5432/name (signs such as @ / : # % in the password as "
        "%40 %2F %3A %23 %25)"
    )
    if not url.startswith(SCHEMES):
        raise wrong
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:  # which may quote a part of the password
        raise wrong from None
    options = str(given.pop("options", "") or "")
    own = (
        f"-c statement_timeout={STATEMENT_MILLISECONDS} "
        f"-c idle_in_transaction_session_timeout={IDLE_MILLISECONDS} -c timezone=UTC"
    )
    parameters = {key: value for key, value in given.items() if isinstance(value, str | int)}
    return Address(
        parameters={
            **PARAMETERS,
            **parameters,
            "options": f"{own} {options}".strip(),
            "application_name": f"alternator {role}",
        },
        role=role,
        connections=settings.connections,
    )
