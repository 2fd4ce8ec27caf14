"""What every role begins with: its configuration, its log, and the database that it shares."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from alternator.config.load import ClusterConfig, load_cluster
from alternator.config.secrets import secrets_of
from alternator.config.settings import Config
from alternator.errors import ConfigError, StateError
from alternator.log import LEVELS, log, set_up
from alternator.stopping import Stop
from alternator.store.cluster import Cluster, Role
from alternator.store.interface import Store
from alternator.store.opening import opened

NO_DATABASE = (
    "a role of a cluster needs a database that its processes share: set [database] url, or "
    "ALTERNATOR_DATABASE_URL, to a PostgreSQL database (docs/scaling.md); `alternator run` needs "
    "none"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that all roles have."""
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="default: alternator.toml"
    )
    parser.add_argument("--log-level", choices=list(LEVELS), help="instead of [logging] level")


def begun(arguments: argparse.Namespace) -> ClusterConfig:
    """The configuration; the log is set up. ConfigError, also where there is no database."""
    config = load_cluster(arguments.config)
    base = config.base
    secrets = chain(*map(secrets_of, (base, *config.accounts)))
    set_up(arguments.log_level or base.logging.level, secrets, base.logging.format)
    for notice in base.notices:
        log.warning("%s", notice)
    if base.database.url is None:
        raise ConfigError(NO_DATABASE)
    return config


@contextmanager
def shared_store(config: Config, role: Role, stop: Stop) -> Iterator[tuple[Store, Cluster]]:
    """The store that a role shares with others. ConfigError, StateError."""
    with opened(
        config.state.directory,
        clock=stop.clock.now,
        monotonic=stop.clock.monotonic,
        database=config.database,
        role=role,
        shared=True,
    ) as store:
        assert store.cluster is not None, "it is PostgreSQL"
        yield store, store.cluster


def troubles_of(store: Store) -> list[str]:
    """Why the database does not answer; nothing while it does."""
    try:
        store.tokens_used(0)
    except StateError as error:
        return [str(error)]
    return []
