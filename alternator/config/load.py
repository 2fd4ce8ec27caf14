"""Reads the configuration: a TOML file, then the environment on top of it.

The file is ``--config`` or ``ALTERNATOR_CONFIG``, else ``alternator.toml`` in the working
directory, else in ``$XDG_CONFIG_HOME/alternator/``. Every key is also a variable
``ALTERNATOR_<SECTION>_<KEY>``; secrets also come from the file that ``..._FILE`` names. An empty
variable counts as not set, so that compose files can pass through what may be missing.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from alternator.config.accounts import source_of_account
from alternator.config.file import notice_of_readers
from alternator.config.models import WhisperSettings
from alternator.config.reading import read_source
from alternator.config.settings import SECTIONS, Config, keys_of
from alternator.config.source import KeyName, Source, variable
from alternator.config.values import Key, Value, convert
from alternator.errors import ConfigError
from probe.machine.operator_config import FILE_NAME

T = TypeVar("T")

# What makes an account, and what stands there where the configuration names none.
NEEDED: Mapping[KeyName, str] = {
    ("mastodon", "instance_url"): "https://nobody.invalid",
    ("mastodon", "access_token"): "nobody",
}


def load_config(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """The whole configuration, of the first account where there are several.

    ConfigError names the key, the place and the remedy.
    """
    return load_accounts(path, environ)[0]


def load_account(
    name: str | None, path: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Config:
    """The configuration of the account of that name; None for the only one there is.

    ConfigError where there is no such account, or where there are several and none is named.
    """
    configs = load_accounts(path, environ)
    names = [config.account for config in configs if config.account]
    if name is None and len(configs) == 1:
        return configs[0]
    if name is None:
        raise ConfigError(f"there are several accounts; name one by --account: {', '.join(names)}")
    for config in configs:
        if config.account == name:
            return config
    known = f"there are {', '.join(names)}" if names else "the one that there is has no name"
    raise ConfigError(f"there is no account {name!r}; {known}")


def load_accounts(
    path: Path | None = None, environ: Mapping[str, str] = os.environ
) -> tuple[Config, ...]:
    """The configuration as it is for each account. The notices are the first one's."""
    return configs_of(read_source(path, environ))


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """The configuration of a cluster's role: ``base`` for all, and the ``accounts`` that it names.

    There need be none: members may sign up. ``base`` has what holds for all accounts, and an
    account that is none.
    """

    base: Config
    accounts: tuple[Config, ...]


def load_cluster(
    path: Path | None = None, environ: Mapping[str, str] = os.environ
) -> ClusterConfig:
    """The configuration of a cluster's role. ConfigError as of ``load_config``."""
    source = read_source(path, environ)
    own = [name for name in NEEDED if (value := source.values.get(name)) and value.raw != ""]
    accounts = configs_of(source) if own or source.accounts else ()
    nobody = {name: Value(raw=raw, origin="nobody") for name, raw in NEEDED.items()}
    alone = replace(source, values=source.values | nobody, accounts=())
    notices = accounts[0].notices if accounts else configs_of(alone)[0].notices
    base = config_of(alone)
    mastodon = replace(base.mastodon, access_token="")
    if base.signup.server:
        mastodon = replace(mastodon, instance_url=base.signup.server[0])
    return ClusterConfig(base=replace(base, mastodon=mastodon, notices=notices), accounts=accounts)


def load_section(
    cls: type[T], path: Path | None = None, environ: Mapping[str, str] = os.environ
) -> T:
    """Only one section, for what needs no account. The rest of the file is still checked."""
    return build_section(cls, read_source(path, environ))


def load_whisper(
    path: Path | None = None, environ: Mapping[str, str] = os.environ
) -> WhisperSettings:
    """Only ``[whisper]``."""
    return load_section(WhisperSettings, path, environ)


def configs_of(source: Source) -> tuple[Config, ...]:
    """What is set, judged, and the defaults of all the rest, for each account."""
    notices = (*source.notices, *notices_of_secrets(source))
    if not source.accounts:
        return (replace(config_of(source), notices=notices),)
    configs = [
        replace(config_of(source_of_account(source, account)), account=account.name)
        for account in source.accounts
    ]
    return (replace(configs[0], notices=notices), *configs[1:])


def config_of(source: Source) -> Config:
    """What is set, judged, and the defaults of all the rest, for one account."""
    # The field of a section has the section's name, and its type.
    sections: dict[str, Any] = {name: build_section(cls, source) for name, cls in SECTIONS.items()}
    return Config(**sections)


def build_section(cls: type[T], source: Source) -> T:
    """One section as its dataclass, with every value checked."""
    section = next(name for name, known in SECTIONS.items() if known is cls)
    arguments = {
        name: value
        for name in keys_of(cls)
        if (value := value_of((section, name), source)) is not None
    }
    return cls(**arguments)


def value_of(name: KeyName, source: Source) -> object:
    """A key's value, None for one that is not set.

    ConfigError if it is none that the key may have, or if it must be set.
    """
    section, own = name
    cls = SECTIONS[section]
    key = keys_of(cls)[own]
    value = source.values.get(name)
    if value is not None and not (value.raw == "" and key.required):
        return convert(value, get_type_hints(cls)[own], key)
    if key.required:
        raise missing(name, key, source.file)
    return None


def missing(name: KeyName, key: Key, file: Path | None) -> ConfigError:
    """The error for a key that must be set and is not."""
    section, own = name
    also = f" or {variable(section, own)}_FILE" if key.secret else ""
    if file is None:
        return ConfigError(
            f"there is no {FILE_NAME}, and [{section}] {own} is not set; copy "
            f"{FILE_NAME}.example to {FILE_NAME} and fill it in, or set "
            f"{variable(section, own)}{also}"
        )
    return ConfigError(
        f"{file}: [{section}] {own} is missing; write it there or set "
        f"{variable(section, own)}{also}"
    )


def notices_of_secrets(source: Source) -> list[str]:
    """One line if the file holds a secret that others than this user can read."""
    everything = chain(
        source.values.items(), *(account.values.items() for account in source.accounts)
    )
    holds_secret = source.file is not None and any(
        not value.from_variable and value.raw and keys_of(SECTIONS[section])[name].secret
        for (section, name), value in everything
    )
    notice = notice_of_readers(source.file) if source.file is not None and holds_secret else None
    return [notice] if notice else []
