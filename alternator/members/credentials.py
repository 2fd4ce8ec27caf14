"""What is kept to work for a member and to give that up again: the token, and what revokes it."""

import json
from dataclasses import dataclass, field

from alternator.accounts.oauth import App
from alternator.errors import KeyMismatchError
from alternator.log import hide
from alternator.members.cipher import Cipher
from alternator.store.cluster import Enrolled


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A member's token, and the application that it was given to."""

    token: str = field(repr=False)
    app: App


def sealed(credentials: Credentials, cipher: Cipher) -> bytes:
    """The same, encrypted."""
    app = credentials.app
    return cipher.seal("token", json.dumps([credentials.token, app.client_id, app.client_secret]))


def credentials_of(entry: Enrolled, cipher: Cipher) -> Credentials:
    """What is kept of a member. KeyMismatchError where that can't be opened."""
    whose = name_of(entry)
    if entry.token is None:
        raise KeyMismatchError(f"no token is kept of {whose}; have the member connect again")
    text = cipher.unseal("token", bytes(entry.token), whose)
    token, client_id, client_secret = texts_of(text, 3, whose)
    hide(token)
    return Credentials(token=token, app=App(client_id=client_id, client_secret=client_secret))


def texts_of(text: str, number: int, whose: str) -> list[str]:
    """So many texts as JSON has them; KeyMismatchError for anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if (
        not isinstance(found, list)
        or len(found) != number
        or not all(isinstance(part, str) for part in found)
    ):
        raise KeyMismatchError(f"what is kept of {whose} is not what it should be")
    return found


def name_of(entry: Enrolled) -> str:
    """How messages call a member: never by a token."""
    return entry.handle or entry.key
