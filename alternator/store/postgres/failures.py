"""What PostgreSQL's errors mean: what is wrong, whether it may pass, and the remedy.

Told by the SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html). Where a connection
can't be made at all there is none, and what libpq says is passed on: it never has the password.
"""

import re
from dataclasses import dataclass

import psycopg
from psycopg_pool import PoolTimeout

from alternator.errors import (
    AccountGoneError,
    AlternatorError,
    ConfigError,
    StateError,
    TemporaryStateError,
)
from alternator.store.postgres.address import Address


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong.

    ``says`` follows the database's name in a message, ``remedy`` says what to do. ``error`` is
    TemporaryStateError for what may be over by itself, or by what an operator does meanwhile.
    ``told``: what the server says belongs to it.
    """

    says: str
    remedy: str
    error: type[AlternatorError]
    told: bool = True

    def of(self, address: Address, detail: str = "") -> AlternatorError:
        """The error for a database."""
        says, remedy = (
            words.format(user=address.user, connections=address.connections)
            for words in (self.says, self.remedy)
        )
        said = f" ({detail})" if detail and self.told else ""
        return self.error(f"{address.shown} {says}{said}; {remedy}")


AWAY = Trouble(
    says="can't be reached",
    remedy="see that it is running, and that [database] url names its host and port",
    error=TemporaryStateError,
)
NOT_UP = Trouble(
    says="is being started or stopped",
    remedy="it is taken up again when it is there",
    error=TemporaryStateError,
)
CROWDED = Trouble(
    says="takes no more connections",
    remedy="lower [database] connections, or raise max_connections there",
    error=TemporaryStateError,
)
IN_USE = Trouble(
    says="is busy: all {connections} connections of this process are in use",
    remedy="raise [database] connections",
    error=TemporaryStateError,
    told=False,
)
FULL = Trouble(
    says="can't be written, since its disk is full",
    remedy="free some space there",
    error=TemporaryStateError,
    told=False,
)
MEMORY = Trouble(
    says="is out of memory",
    remedy="give it more, or see what else uses it",
    error=TemporaryStateError,
)
READ_ONLY = Trouble(
    says="can only be read now",
    remedy="name the primary server in [database] url, or let it be written again",
    error=TemporaryStateError,
)
CONTENDED = Trouble(
    says="could not do two things at once",
    remedy="it is tried again",
    error=TemporaryStateError,
)
SLOW = Trouble(
    says="did not answer in time",
    remedy="see what keeps it (pg_stat_activity, its disk)",
    error=TemporaryStateError,
)
PASSWORD = Trouble(
    says="does not let the user {user} in",
    remedy="set the right user and password in [database] url, or let that user in by pg_hba.conf",
    error=ConfigError,
)
NO_DATABASE = Trouble(
    says="does not exist",
    remedy="make it (createdb), or name another one in [database] url",
    error=ConfigError,
)
NO_TLS = Trouble(
    says="can't be reached by TLS",
    remedy="let the server offer it with a certificate that is trusted, or ask for less by sslmode "
    "in [database] url",
    error=ConfigError,
)
FORBIDDEN = Trouble(
    says="does not let the user {user} do this",
    remedy="make that user the owner of the database and its tables",
    error=ConfigError,
)
FOREIGN = Trouble(
    says="does not hold what this version of Alternator looks for",
    remedy="run `alternator db upgrade`",
    error=StateError,
)
DAMAGED = Trouble(
    says="is damaged",
    remedy="restore it from a backup",
    error=StateError,
)
# All foreign keys of the state are the account's.
LEFT = Trouble(
    says="holds nothing of this account any more",
    remedy="it has left; sign it up anew if it is to be described",
    error=AccountGoneError,
    told=False,
)
DISK = Trouble(
    says="can't be read or written, since its disk fails",
    remedy="look into the server's log",
    error=TemporaryStateError,
)

# By whole codes, then by their class, the first two signs.
TROUBLES = {
    "28000": PASSWORD,
    "28P01": PASSWORD,
    "3D000": NO_DATABASE,
    "53100": FULL,
    "53200": MEMORY,
    "53300": CROWDED,
    "57014": SLOW,
    "57P01": NOT_UP,
    "57P02": NOT_UP,
    "57P03": NOT_UP,
    "23503": LEFT,
    "25006": READ_ONLY,
    "25P03": SLOW,
    "40001": CONTENDED,
    "40P01": CONTENDED,
    "55P03": CONTENDED,
    "42501": FORBIDDEN,
    "42P01": FOREIGN,
    "42703": FOREIGN,
    "42883": FOREIGN,
    "58030": DISK,
    "58P01": DAMAGED,
    "08": AWAY,
    "53": CROWDED,
    "57": NOT_UP,
    "XX": DAMAGED,
}


# How a server refuses a connection: of that libpq has the text alone.
REFUSALS = {
    "authentication failed|no password supplied|no pg_hba.conf entry": PASSWORD,
    'role "[^"]*" does not exist|is not permitted to log in': PASSWORD,
    'database "[^"]*" does not exist': NO_DATABASE,
    "too many (clients|connections)|connection slots are reserved": CROWDED,
    "system is (starting up|shutting down)|in recovery mode": NOT_UP,
}


def trouble_of(error: psycopg.Error, address: Address) -> Trouble | None:
    """What an error means; None for one of ours."""
    if isinstance(error, PoolTimeout):
        return IN_USE
    state = error.sqlstate
    if state is not None:
        return TROUBLES.get(state) or TROUBLES.get(state[:2])
    if not isinstance(error, psycopg.OperationalError):
        return None
    said = str(error)
    if address.with_tls and ("SSL" in said or "certificate" in said):
        return NO_TLS
    return next((trouble for sign, trouble in REFUSALS.items() if re.search(sign, said)), AWAY)


def failure_of(error: psycopg.Error, address: Address) -> AlternatorError:
    """The error for a database that psycopg's one means."""
    trouble = trouble_of(error, address)
    said = one_line(error)
    if trouble is None:
        return StateError(f"{address.shown} can't be used ({said}); please report this")
    return trouble.of(address, said)


def one_line(error: psycopg.Error) -> str:
    """What the server or libpq says, without what stands below it."""
    if error.diag.message_primary:
        return error.diag.message_primary
    # Of several addresses of one host libpq tells one after the other; what it supposes about each
    # follows in lines that begin with a tab.
    lines = [
        line.strip(" -")
        for line in str(error).splitlines()
        if line.strip(" -") and not line.startswith("\t")
    ]
    return lines[-1].removeprefix("connection failed: ") if lines else type(error).__name__
