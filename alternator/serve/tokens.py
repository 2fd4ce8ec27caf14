"""Who asks: bearer tokens from a file, each with a limit of its own."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alternator.config.file import notice_of_readers
from alternator.errors import ConfigError
from alternator.log import SHORTEST_SECRET
from alternator.serve.errors import ApiError
from probe.errors import reason_of

# How many requests of one token are under way at once, unless its entry says more.
AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class Client:
    """Who asks: ``name`` for the log; ``at_once`` requests may be under way, None: as many as fit
    into the server."""

    name: str
    at_once: int | None = None


ANYBODY = Client(name="anybody")


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The clients by the SHA-256 of their tokens; empty: everybody may ask.

    A digest is looked up, so that how long that takes says nothing of a token.
    """

    clients: Mapping[bytes, Client]
    secrets: tuple[str, ...] = ()
    notice: str | None = None

    def client(self, authorization: str | None) -> Client:
        """Who sent this header. ApiError 401 for nobody that is known."""
        if not self.clients:
            return ANYBODY
        scheme, _, token = (authorization or "").partition(" ")
        found = self.clients.get(digest(token.strip())) if scheme.lower() == "bearer" else None
        if found is None:
            what = "is not one of this server's" if authorization else "is missing"
            raise ApiError(
                401,
                f"the bearer token {what}; send 'Authorization: Bearer TOKEN' (api_key in OpenAI's "
                f"clients) with a token that the operator gave you",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return found


OPEN = Tokens(clients={})


def digest(token: str) -> bytes:
    """What a token is looked up by."""
    return hashlib.sha256(token.encode()).digest()


def read(path: Path) -> Tokens:
    """The tokens of a TOML file: a section for each client, with ``token`` and ``at_once``.

    ConfigError names the place and the remedy.
    """
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {reason_of(error)}; name a file of tokens with --tokens"
        ) from None
    except ValueError as error:
        raise ConfigError(
            f"{path} is no TOML: {error}; docs/server.md shows how it looks"
        ) from None
    clients: dict[bytes, Client] = {}
    secrets: list[str] = []
    for name, entry in document.items():
        client, token = client_of(f"{path}: [{name}]", name, entry)
        if digest(token) in clients:
            raise ConfigError(f"{path}: [{name}] has the token of another client; give it its own")
        clients[digest(token)] = client
        secrets.append(token)
    if not clients:
        raise ConfigError(f'{path} has no client; write [NAME] and below it token = "..."')
    return Tokens(clients=clients, secrets=tuple(secrets), notice=notice_of_readers(path))


def client_of(place: str, name: str, entry: object) -> tuple[Client, str]:
    """One section's client and its token. ConfigError says what is wrong with it."""
    if not isinstance(entry, dict):
        raise ConfigError(f'{place} is no section; write [{name}] and below it token = "..."')
    unknown = sorted(set(entry) - {"token", "at_once"})
    if unknown:
        raise ConfigError(f"{place} has no key {unknown[0]!r}; there are token and at_once")
    token, at_once = entry.get("token"), entry.get("at_once", AT_ONCE)
    if not isinstance(token, str) or len(token) < SHORTEST_SECRET or token != token.strip():
        raise ConfigError(
            f"{place} token must be a text of {SHORTEST_SECRET} signs at least, without spaces "
            f"around it"
        )
    if not isinstance(at_once, int) or isinstance(at_once, bool) or at_once < 1:
        raise ConfigError(f"{place} at_once must be a whole number from 1 on")
    return Client(name=name, at_once=at_once), token
