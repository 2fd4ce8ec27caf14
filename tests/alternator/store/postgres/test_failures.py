from dataclasses import replace

import psycopg
import pytest
from loopback import free_port
from postgres import PostgresServer
from psycopg import errors
from psycopg_pool import PoolTimeout

from alternator.config.database import DatabaseSettings
from alternator.errors import (
    AccountGoneError,
    AlternatorError,
    ConfigError,
    StateError,
    TemporaryStateError,
)
from alternator.store.postgres.address import Address, address_of
from alternator.store.postgres.failures import failure_of

ADDRESS = address_of(DatabaseSettings(url="postgresql://bot:s3cr3t@db.example/posts"), "worker")


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (errors.DiskFull(), TemporaryStateError, "its disk is full; free some space there"),
        (errors.TooManyConnections(), TemporaryStateError, "lower [database] connections"),
        (errors.AdminShutdown(), TemporaryStateError, "is being started or stopped"),
        (errors.CannotConnectNow(), TemporaryStateError, "is being started or stopped"),
        (errors.CrashShutdown(), TemporaryStateError, "is being started or stopped"),
        (errors.ConnectionFailure(), TemporaryStateError, "see that it is running"),
        (errors.ReadOnlySqlTransaction(), TemporaryStateError, "name the primary server"),
        (errors.QueryCanceled(), TemporaryStateError, "did not answer in time"),
        (errors.DeadlockDetected(), TemporaryStateError, "it is tried again"),
        (errors.SerializationFailure(), TemporaryStateError, "it is tried again"),
        (PoolTimeout("x"), TemporaryStateError, "all 10 connections of this process are in use"),
        (errors.InvalidPassword(), ConfigError, "does not let the user bot in"),
        (errors.InvalidCatalogName(), ConfigError, "does not exist"),
        (errors.InsufficientPrivilege(), ConfigError, "make that user the owner"),
        (errors.UndefinedTable(), StateError, "run `alternator db upgrade`"),
        (errors.UndefinedColumn(), StateError, "run `alternator db upgrade`"),
        (errors.DataCorrupted(), StateError, "restore it from a backup"),
        (errors.ForeignKeyViolation(), AccountGoneError, "it has left"),
        (errors.NotNullViolation(), StateError, "please report this"),
        (psycopg.ProgrammingError("no result"), StateError, "please report this"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_names_the_database_and_the_remedy(
    error: psycopg.Error, kind: type[AlternatorError], said: str
):
    failure = failure_of(error, ADDRESS)
    assert type(failure) is kind
    assert str(failure).startswith("the database posts on db.example ")
    assert said in str(failure)
    assert "\n" not in str(failure)


def refused(address: Address, **others: str | int) -> AlternatorError:
    """What is said of a real server that can't be had."""
    with pytest.raises(psycopg.Error) as raised:
        address.connect(**others).close()
    failure = failure_of(raised.value, address)
    assert "\n" not in str(failure) and "s3cr3t" not in str(failure)
    return failure


@pytest.fixture
def by_network(postgres: PostgresServer) -> Address:
    """Over TCP, where the server asks for a password."""
    url = f"postgresql://bot:s3cr3t@127.0.0.1:{postgres.port}/postgres"
    return address_of(DatabaseSettings(url=url), "worker")


def test_a_wrong_password_is_told(by_network: Address):
    failure = refused(by_network)
    assert isinstance(failure, ConfigError) and "does not let the user bot in" in str(failure)


def test_a_user_that_does_not_exist_is_told(postgres: PostgresServer):
    url = postgres.url().replace("postgres@", "nobody@")
    failure = refused(address_of(DatabaseSettings(url=url), "worker"))
    assert isinstance(failure, ConfigError) and "the user nobody in" in str(failure)


def test_a_database_that_does_not_exist_is_told(postgres: PostgresServer):
    failure = refused(address_of(postgres.settings("none"), "worker"))
    assert isinstance(failure, ConfigError) and "database none" in str(failure)
    assert "does not exist" in str(failure)


def test_a_server_without_tls_is_told(by_network: Address):
    wanted = replace(by_network, parameters={**by_network.parameters, "sslmode": "require"})
    failure = refused(wanted)
    assert isinstance(failure, ConfigError) and "by TLS" in str(failure)


def test_a_port_at_which_nobody_is_is_told(by_network: Address):
    failure = refused(by_network, port=free_port())
    assert isinstance(failure, TemporaryStateError) and "can't be reached" in str(failure)


def test_a_host_that_nobody_has_is_told(by_network: Address):
    failure = refused(by_network, host="db.invalid")
    assert isinstance(failure, TemporaryStateError) and "can't be reached" in str(failure)
