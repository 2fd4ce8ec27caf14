"""``alternator db``: makes and brings up the tables, shows them, copies a state file into them."""

import argparse
import json
from pathlib import Path

from alternator.config.database import DatabaseSettings
from alternator.config.load import load_section
from alternator.db.facts import DatabaseFacts, facts_of
from alternator.db.importing import Imported, import_state
from alternator.errors import ConfigError, StateError
from alternator.store.postgres.database import check, check_server, newer
from alternator.store.postgres.looking import looking
from alternator.store.postgres.schema import VERSION
from alternator.store.postgres.schema.upgrade import NewerError, upgrade
from alternator.terminal import say
from probe.command_help import command_parser
from probe.exit_codes import ExitCode

EXAMPLES = (
    ("alternator db upgrade", "make the tables, or bring them up to this version"),
    ("alternator db status", "versions, sizes, jobs"),
    ("alternator db import ~/.local/state/alternator", "copy what a bot remembers in a file"),
)
MIB = 2**20


def main(argv: list[str]) -> int:
    """Make the tables in PostgreSQL, look at them, copy a state file into them."""
    arguments = parser().parse_args(argv)
    settings = load_section(DatabaseSettings, arguments.config)
    if settings.url is None:
        raise ConfigError(
            "there is no [database] url: what the bot remembers is in a file, which needs no "
            "command; set ALTERNATOR_DATABASE_URL=postgresql://user:password@host/name"
        )
    match arguments.command:
        case "upgrade":
            return run_upgrade(settings)
        case "status":
            return run_status(settings, as_json=arguments.json)
        case _:
            return run_import(settings, arguments.directory, replace=arguments.replace)


def parser() -> argparse.ArgumentParser:
    """The options of ``alternator db``."""
    whole = command_parser("alternator db", main.__doc__, EXAMPLES)
    whole.add_argument("-c", "--config", type=Path, metavar="FILE", help="default: alternator.toml")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("upgrade", help="make the tables, or bring them up to this version")
    status = commands.add_parser("status", help="versions, sizes, jobs")
    status.add_argument("--json", action="store_true", help="one JSON object, for programs")
    importing = commands.add_parser("import", help="copy what a bot remembers in a file")
    importing.add_argument(
        "directory", type=Path, metavar="STATE_DIR", help="its [state] directory"
    )
    importing.add_argument(
        "--replace",
        action="store_true",
        help="drop what the database has of the same accounts first",
    )
    return whole


def run_upgrade(settings: DatabaseSettings) -> int:
    """Make the tables, or bring them up. It may be run at any time, by several at once."""
    with looking(settings, "db upgrade") as (connection, address):
        check_server(connection, address)
        try:
            done = upgrade(connection)
        except NewerError as error:
            raise StateError(newer(address, error.found, VERSION)) from None
    if done.before is None:
        say(f"{address.shown}: the tables are made (schema {done.after})")
    elif done.is_change:
        say(f"{address.shown}: brought up from schema {done.before} to {done.after}")
    else:
        say(f"{address.shown}: nothing to do, it has schema {done.after}")
    return 0


def run_status(settings: DatabaseSettings, *, as_json: bool) -> int:
    """Show what is there; exit code FAILED where the tables are not of this version."""
    with looking(settings, "db status") as (connection, address):
        check_server(connection, address)
        found = facts_of(connection)
    if as_json:
        print(json.dumps(found.as_json(), indent=1))
    else:
        tell(address.shown, found)
    return 0 if found.schema == VERSION else ExitCode.FAILED


def tell(name: str, found: DatabaseFacts) -> None:
    """The facts for people."""
    say(f"{name}: PostgreSQL {found.server}, {found.size / MIB:.1f} MiB")
    if found.schema is None:
        say("tables: none of Alternator; run `alternator db upgrade`")
        return
    also = ""
    if found.schema != VERSION:
        also = (
            "; run `alternator db upgrade`"
            if found.schema < VERSION
            else "; newer than this program"
        )
    say(f"schema: {found.schema} (this program: {VERSION}), queue: {found.queue}{also}")
    say(f"accounts: {found.accounts}, at work here: {'yes' if found.in_use else 'no'}")
    for table in found.tables:
        say(f"  {table.name}: {table.size / MIB:.1f} MiB, about {table.rows} rows")
    for job in found.jobs:
        say(f"jobs {job.task}, queue {job.queue}: {job.number} {job.status}")
    if not found.jobs:
        say("jobs: none")


def run_import(settings: DatabaseSettings, directory: Path, *, replace: bool) -> int:
    """Copy a state file into the database: all of it or nothing."""
    with looking(settings, "db import") as (connection, address):
        check(connection, address)
        done = import_state(connection, directory, replace=replace)
    for line in lines_of(done):
        say(line)
    say(f"{address.shown} has all of it; {directory} is as it was")
    return 0


def lines_of(done: Imported) -> list[str]:
    """What was copied, for people."""
    lines = [f"account {remote_id} on {server}" for server, remote_id in done.accounts]
    if not lines:
        lines.append("no account was ever at work there")
    lines += [f"  {table}: {number} rows" for table, number in done.rows.items() if number]
    lines.append(f"jobs for {done.waiting} posts that wait")
    return lines
