"""The database's image, built and started hardened as the stacks have it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from images.build.build import BuildRequest, build
from images.build.builder import Builder
from images.engine.container import Container
from images.engine.engine import Engine

SECRET = "/run/secrets/database-password"
# What a shell, psql and SQL would each take for something else.
PASSWORD = 'it\'s a \\n $HOME "%s" `id`'
START_S = 60


@pytest.fixture(scope="module")
def postgres_image(builder: Builder) -> str:
    return build(BuildRequest(image=builder.catalog.postgres), builder).tag


@pytest.fixture
def start(
    engine: Engine, postgres_image: str, tmp_path: Path
) -> Iterator[Callable[..., Container]]:
    """Makes containers on one volume, which goes with the test."""
    volume = engine.client.volumes.create(f"alternator-test-postgres-{os.getpid()}")
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    password.chmod(0o444)

    def container(*options: str, **settings: Any) -> Container:
        return Container(
            engine,
            postgres_image,
            list(options),
            **{
                "read_only": True,
                "tmpfs": {"/tmp": "size=64m"},
                "cap_drop": ["ALL"],
                "security_opt": ["no-new-privileges:true"],
                "environment": {"POSTGRES_PASSWORD_FILE": SECRET},
                "volumes": [f"{volume.name}:/var/lib/postgresql", f"{password}:{SECRET}:ro"],
                **settings,
            },
        )

    yield container
    volume.remove(force=True)


def until_healthy(database: Container) -> None:
    def healthy() -> bool:
        database.started.reload()
        assert database.started.status == "running", database.said()
        return bool(database.started.health == "healthy")

    wait_for(healthy, START_S, "the database to be healthy", every_s=0.2)


def sql(database: Container, text: str, password: str = PASSWORD) -> str:
    """What the owner's query gives, by TCP, where everybody needs the password."""
    address = "postgresql://alternator@127.0.0.1/alternator"
    command = ["env", f"PGPASSWORD={password}", "psql", "-qAtX", "-d", address, "-c", text]
    answer = database.ask(command)
    return (answer.output + answer.messages).strip()


def test_it_keeps_what_is_in_its_volume(start: Callable[..., Container]) -> None:
    with start() as database:
        until_healthy(database)
        assert sql(database, "SELECT current_user") == "alternator"
        assert sql(database, "CREATE TABLE kept AS SELECT 42 AS answer") == ""
        assert "password authentication failed" in sql(database, "SELECT 1", password="other")
        database.started.stop(timeout=30)
        database.started.reload()
        assert database.started.attrs["State"]["ExitCode"] == 0
        assert "database system is shut down" in database.said()
        assert PASSWORD not in database.said()
    # The second start makes nothing, so it needs no password, and takes an option.
    with start("-c", "max_connections=33", environment={}) as database:
        until_healthy(database)
        assert sql(database, "SELECT answer FROM kept") == "42"
        assert sql(database, "SHOW max_connections") == "33"


def test_it_runs_as_its_own_user_who_is_no_superuser_of_the_database(
    start: Callable[..., Container], builder: Builder
) -> None:
    with start() as database:
        until_healthy(database)
        user = builder.catalog.postgres.user
        assert database.ask(["id", "-u"]).output.strip() == str(user)
        assert sql(database, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "f"
        assert sql(database, "SHOW data_checksums") == "on"
        # Nobody reaches the superuser by the network, whatever the password.
        address = "postgresql://postgres@127.0.0.1/postgres"
        refused = database.ask(["env", "PGPASSWORD=x", "psql", "-qX", "-d", address, "-c", "\\q"])
        assert "password authentication failed" in refused.messages


def test_a_first_start_that_is_killed_is_begun_anew(start: Callable[..., Container]) -> None:
    with start() as database:
        wait_for(
            lambda: database.ask(["test", "-e", "/var/lib/postgresql/new"]).status == 0,
            START_S,
            "the first start to begin",
        )
        database.started.kill()
    with start() as database:
        until_healthy(database)
        assert sql(database, "SELECT current_database()") == "alternator"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"environment": {}}, "the first start needs POSTGRES_PASSWORD_FILE"),
        ({"environment": {"POSTGRES_PASSWORD_FILE": "/nowhere"}}, "/nowhere can't be read by user"),
        ({"environment": {"POSTGRES_PASSWORD_FILE": "/dev/null"}}, "/dev/null is empty"),
        ({"user": "4711"}, "/var/lib/postgresql is not writable for user 4711"),
    ],
)
def test_what_is_missing_is_one_line(
    start: Callable[..., Container], settings: dict[str, Any], said: str
) -> None:
    with start(**settings) as database:
        ended = database.until_it_ends(START_S)
        lines = ended.messages.splitlines()
        assert ended.status == 1
        assert lines[-1].startswith("alternator-postgres: ")
        assert said in lines[-1]


def test_a_volume_of_another_version_is_left_as_it_is(start: Callable[..., Container]) -> None:
    with start() as database:
        until_healthy(database)
        place = "/var/lib/postgresql/data/PG_VERSION"
        assert database.ask(["sh", "-c", f"echo 14 > {place}"]).status == 0
    with start() as database:
        ended = database.until_it_ends(START_S)
        assert ended.status == 1
        assert "the volume is of PostgreSQL 14, and this is 15" in ended.messages
