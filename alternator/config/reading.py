"""Reads all that is set: the file with its accounts, then the environment on top of it."""

from collections.abc import Mapping
from pathlib import Path

from alternator.config.accounts import TABLE, accounts_of_file, mistakes_of_accounts
from alternator.config.file import document_of
from alternator.config.source import AccountSource, Source, Values, values_of_file
from alternator.config.variables import values_of_environment
from alternator.errors import ConfigError
from probe.machine.operator_config import find_config_file


def read_source(
    path: Path | None, environ: Mapping[str, str], mistakes: list[str] | None = None
) -> Source:
    """Every value set in the file or the environment; the environment wins.

    ConfigError for the first mistake; with a list for ``mistakes``, those that leave the rest
    readable are put there, and the values they are about are left out.
    """
    found = find_config_file(environ, str(path) if path else None)
    file = Path(found) if found else None
    said: list[str] = [] if mistakes is None else mistakes
    values: Values = {}
    accounts: tuple[AccountSource, ...] = ()
    if file is not None:
        document = dict(document_of(file))
        entries = document.pop(TABLE, [])
        values = values_of_file(file, document, said)
        accounts = accounts_of_file(file, entries, said)
    from_environment, notices = values_of_environment(environ)
    source = Source(file=file, values=values | from_environment, accounts=accounts, notices=notices)
    said += mistakes_of_accounts(source)
    if mistakes is None and said:
        raise ConfigError(said[0])
    return source
