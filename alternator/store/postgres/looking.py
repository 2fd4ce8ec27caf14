"""A look at a database for a moment, on a connection of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from alternator.config.database import DatabaseSettings
from alternator.store.postgres.address import Address, address_of
from alternator.store.postgres.failures import failure_of
from alternator.store.postgres.guard import is_held


@contextmanager
def looking(
    settings: DatabaseSettings, role: str
) -> Iterator[tuple["psycopg.Connection[Any]", Address]]:
    """A connection and where it leads; psycopg's errors are ours then.

    ConfigError, StateError and TemporaryStateError as of ``database.Database``.
    """
    address = address_of(settings, role)
    try:
        with address.connect() as connection:
            yield connection, address
    except psycopg.Error as error:
        raise failure_of(error, address) from error


def is_in_use(settings: DatabaseSettings) -> bool:
    """Whether a bot is at work in a database; errors as of ``looking``."""
    with looking(settings, "look") as (connection, _):
        return is_held(connection)
