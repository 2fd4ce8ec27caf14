"""``alternator accounts``: log accounts in and out, list them, check their tokens."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alternator.accounts import token_files
from alternator.accounts.scopes import missing, needless, of_others
from alternator.config.accounts import NAME, source_of_account
from alternator.config.load import build_section, load_accounts
from alternator.config.others import OthersSettings
from alternator.config.reading import read_source
from alternator.config.settings import Config
from alternator.config.source import Source
from alternator.config.values import Value, convert, key
from alternator.errors import ConfigError, ServerError
from alternator.terminal import say
from probe.command_help import command_parser
from probe.exit_codes import ExitCode
from probe.machine.operator_config import find_config_file

SUFFIX = ".token"
EXAMPLES = (
    ("alternator accounts login social.example --name home", "through a browser on this machine"),
    ("alternator accounts login social.example --no-browser", "over ssh: copy a code"),
    ("alternator accounts check", "whether the tokens are taken, and what they may"),
    ("alternator accounts logout home", "revoke its token and delete the file"),
)


@dataclass(frozen=True, kw_only=True)
class Login:
    """A token's file that a login wrote, or that the configuration names."""

    name: str
    token_file: Path


def main(argv: list[str]) -> int:
    """Log accounts in and out, list them, check their tokens."""
    arguments = parser().parse_args(argv)
    match arguments.command:
        case "login":
            return login(arguments)
        case "list":
            return listed(arguments.config)
        case "check":
            return checked(arguments.config, arguments.names)
        case _:
            return logout(arguments.config, arguments.name)


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    whole = command_parser("alternator accounts", main.__doc__, EXAMPLES)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    login = commands.add_parser("login", help="get a token with the smallest scopes that do")
    login.add_argument("server", metavar="SERVER", help="its address, such as social.example")
    login.add_argument("--name", help="what the account is called here (default: the server's)")
    login.add_argument(
        "--no-browser",
        action="store_true",
        help="print the address, and take the code that is typed",
    )
    login.add_argument(
        "--token-file", type=Path, metavar="FILE", help="default: NAME.token beside alternator.toml"
    )
    listing = commands.add_parser("list", help="the accounts, and where their tokens are from")
    checking = commands.add_parser("check", help="whether the tokens are taken, and what they may")
    checking.add_argument("names", nargs="*", metavar="NAME", help="default: all accounts")
    logout = commands.add_parser(
        "logout", help="revoke a token that login got, and delete its file"
    )
    logout.add_argument("name", metavar="NAME")
    for one in (login, listing, checking, logout):
        one.add_argument(
            "-c", "--config", type=Path, metavar="FILE", help="default: alternator.toml"
        )
    return whole


def login(arguments: argparse.Namespace) -> int:
    """Get a token and write it; print what to write into the configuration."""
    from alternator.accounts.login import log_in
    from alternator.accounts.oauth import host_of

    value = Value(raw=arguments.server, origin="SERVER")
    url = str(convert(value, str, key("", form="url")["key"]))
    name = arguments.name or host_of(url).replace(":", "-")
    if not NAME.fullmatch(name):
        raise ConfigError(f"--name {name!r} must be of letters, digits and . _ -")
    token_file = arguments.token_file or folder_of(arguments.config) / f"{name}{SUFFIX}"
    more = of_others(others_for(read_source(arguments.config, os.environ, []), name))
    found = log_in(url, token_file, browser=not arguments.no_browser, more=more)
    say(f"{found.name} is logged in, with {' '.join(found.scopes)}.", file=sys.stderr)
    say("Write this into alternator.toml, unless it is there:\n", file=sys.stderr)
    say(f'[[accounts]]\nname = "{name}"\ninstance_url = "{url}"\ntoken_file = "{token_file}"')
    return 0


def others_for(source: Source, name: str) -> OthersSettings:
    """Whether the account of that name, there or yet to be written, is to describe for others."""
    for account in source.accounts:
        if account.name == name:
            source = source_of_account(source, account)
            break
    return build_section(OthersSettings, source)


def listed(config: Path | None) -> int:
    """Print each account with its server and its token's place, and logins that none names."""
    source = read_source(config, os.environ, [])
    named = {one.token_file for one in logins_of(source)}
    if source.accounts:
        for account in source.accounts:
            url, token = (
                account.values.get(("mastodon", own)) for own in ("instance_url", "access_token")
            )
            shown = "no token" if token is None else place_of(account.token_file)
            say(f"{account.name}\t{'no server' if url is None else url.raw}\t{shown}")
    elif (url := source.values.get(("mastodon", "instance_url"))) is not None:
        token = source.values.get(("mastodon", "access_token"))
        say(f"[mastodon]\t{url.raw}\t{'no token' if token is None else token.origin}")
    for login in logins_in(folder_of(config)):
        if login.token_file not in named:
            say(f"{login.name}\tnot in the configuration\t{login.token_file}")
    return 0


def place_of(token_file: Path | None) -> str:
    """Where an account's token is from."""
    return "alternator.toml" if token_file is None else str(token_file)


def checked(config: Path | None, names: Sequence[str]) -> int:
    """Ask each account's server; FAILED where a token is refused or may too little."""
    configs = load_accounts(config, os.environ)
    known = [one.account for one in configs]
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no account {name!r}; `alternator accounts list` has them")
    failed = False
    for one in configs:
        if names and one.account not in names:
            continue
        try:
            lines = list(lines_of(one))
        except ServerError as error:
            lines, failed = [str(error)], True
        failed |= any("lacks" in line for line in lines)
        for line in lines:
            say(f"{one.account or '[mastodon]'}: {line}")
    return ExitCode.FAILED if failed else 0


def lines_of(config: Config) -> Iterator[str]:
    """What the server says of an account's token. ServerError if it takes none."""
    from alternator.accounts.oauth import OAuthServer
    from alternator.mastodon.client import MastodonClient

    client = MastodonClient(config.mastodon)
    name = client.verify().name
    needed = (*client.instance().dialect.scopes, *of_others(config.others))
    granted = OAuthServer(config.mastodon.instance_url).scopes_of(config.mastodon.access_token)
    if granted is None:
        yield f"{name}: the token is taken; the server does not tell its scopes"
        return
    if lacking := missing(granted, needed):
        yield f"{name}: the token lacks {' '.join(lacking)}; `alternator accounts login` gets one"
    elif more := needless(granted, needed):
        yield (
            f"{name}: the token does, and may more than is needed: {' '.join(more)}; `alternator "
            f"accounts login` gets one that may not"
        )
    else:
        yield f"{name}: the token does, and may nothing more"


def logout(config: Path | None, name: str) -> int:
    """Revoke a login's token, then delete its files. Nothing is deleted where that fails."""
    from alternator.accounts.oauth import OAuthServer

    source = read_source(config, os.environ, [])
    logins = [*logins_of(source), *logins_in(folder_of(config))]
    found = next((login for login in logins if login.name == name), None)
    if found is None:
        raise ConfigError(
            f"there is no login {name!r} with a file of its own; `alternator accounts list` has "
            f"them"
        )
    token, app = token_files.read_token(found.token_file), token_files.read_app(found.token_file)
    if app is None:
        raise ConfigError(
            f"{found.token_file} was not written by a login, so the token can't be revoked from "
            f"here: do that on the server's page (Preferences, Account, Authorized apps), and "
            f"delete the file"
        )
    server, known_as = app
    OAuthServer(server).revoke(known_as, token)
    token_files.remove(found.token_file)
    say(f"{name} is logged out of {server}; {found.token_file} is deleted", file=sys.stderr)
    return 0


def logins_of(source: Source) -> list[Login]:
    """The accounts of the configuration that have their token in a file."""
    return [
        Login(name=account.name, token_file=account.token_file)
        for account in source.accounts
        if account.token_file is not None
    ]


def logins_in(folder: Path) -> list[Login]:
    """The logins in a folder."""
    return [
        Login(name=path.name.removesuffix(SUFFIX), token_file=path)
        for path in sorted(folder.glob(f"*{SUFFIX}"))
    ]


def folder_of(config: Path | None) -> Path:
    """Where the configuration is, or would be."""
    found = find_config_file(os.environ, str(config) if config else None)
    if found is not None:
        return Path(found).absolute().parent
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "alternator"
