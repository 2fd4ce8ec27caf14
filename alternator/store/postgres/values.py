"""How values and statements go to PostgreSQL: its own way for what the shared SQL says."""

import re
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.types.string import StrDumperUnknown

# A literal, a parameter by its place or its name, and the sign that psycopg's own parameters have.
PARTS = re.compile(r"'[^']*'|\?|(?<!:):([a-z_]+)|%")
SMALLINT = 21  # https://www.postgresql.org/docs/15/catalog-pg-type.html


class BoolDumper(Dumper):
    """A truth value as 0 or 1, as the tables have it."""

    oid = SMALLINT

    def dump(self, obj: bool) -> bytes:
        """The digit."""
        return b"1" if obj else b"0"


class TextDumper(StrDumperUnknown):
    """A text without the sign NUL, which PostgreSQL keeps in none; SQLite does."""

    def dump(self, obj: str) -> Any:
        """The text's bytes."""
        return super().dump(obj.replace("\x00", "\ufffd") if "\x00" in obj else obj)


def prepare(connection: "psycopg.Connection[Any]") -> None:
    """Have a connection take values as the shared SQL gives them."""
    connection.adapters.register_dumper(bool, BoolDumper)
    connection.adapters.register_dumper(str, TextDumper)


@lru_cache(maxsize=1024)
def translated(sql: str) -> bytes:
    """A statement with its parameters as psycopg has them."""
    return PARTS.sub(_part, sql).encode()


def _part(found: "re.Match[str]") -> str:
    part = found[0]
    if part == "?":
        return "%s"
    if part.startswith(":"):
        return f"%({found[1]})s"
    return part.replace("%", "%%")
