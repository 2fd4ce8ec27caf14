"""What a stream of events is, whichever way it comes, and what its events say.

https://docs.joinmastodon.org/methods/streaming/#events
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

from mastodon import StreamListener

from alternator.errors import UnexpectedAnswerError
from alternator.mastodon.entities import Status
from alternator.mastodon.json_fields import fields_of, id_of
from alternator.mastodon.parse import parse_status
from alternator.web.json_body import NoJsonError, parse_json

# Heartbeats come every 15 s (https://github.com/mastodon/mastodon/blob/main/streaming/index.js),
# a WebSocket's pings are ours: after a minute without either, a connection is dead.
SILENCE_SECONDS = 60.0
# Of one event. A post with 16 attachments, each with the longest description that a server takes
# (10,000 characters, six bytes each in JSON's escapes), has 1 MB.
MOST_BYTES = 4 * 1024 * 1024
# Those that bring a post; the others bring nothing that can lack a description.
BRINGS_STATUS = ("update", "status.update")


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event: its name, and what it brings as a text, which is JSON for most."""

    name: str
    payload: str


class EventSource(Protocol):
    """One way to hear a server's events."""

    @property
    def name(self) -> str:
        """For the log."""

    def events(self) -> Generator[Event | None, None, None]:
        """The events of a new connection as they come. Closing it closes the connection.

        None is a sign of life: the first as soon as the connection is open, then one at least
        every ``SILENCE_SECONDS``. Memory is bounded: nothing is read ahead of who listens but a
        few events, none longer than ``MOST_BYTES``.

        Raises:
            TemporaryServerError: the connection can't be opened now, broke off or is dead.
            ServerError: the server does not stream this way, or not to this token.
        """


def nobody_listens(author: str | None) -> None:
    """Nobody wants to hear of others."""


class EventReader(StreamListener):
    """Reads the events of an account's own posts, by Mastodon.py's parser. For one thread.

    ``others`` is told that there is a notification (None), or a post of the account with that id.

    https://mastodonpy.readthedocs.io/en/stable/10_streaming.html
    """

    def __init__(
        self, account_id: str, *, others: Callable[[str | None], None] = nobody_listens
    ) -> None:
        self._account_id = account_id
        self._others = others
        self._found: Status | None = None

    def read(self, event: Event) -> Status | None:
        """The account's new or edited post that an event brings, if it brings one.

        UnexpectedAnswerError for one that should bring somebody's and does not.
        """
        # Most of a home timeline is other people's. Looking whose it is took 0.02 ms, Mastodon.py's
        # making of its types 5 ms (two cores of a build machine).
        if event.name == "notification":
            self._others(None)
        if event.name not in BRINGS_STATUS:
            return None
        if (author := author_of(event)) != self._account_id:
            self._others(author)
            return None
        self._found = None
        try:
            parser: Any = self  # its methods carry no types
            parser.handle_websocket_message({"event": event.name, "payload": event.payload})
        except UnexpectedAnswerError:
            raise
        except Exception as error:
            kind = type(error).__name__
            raise UnexpectedAnswerError(f"the event is no status ({kind})") from error
        return self._found

    def on_update(self, status: object) -> None:
        """A new status in the account's home timeline. Called by Mastodon.py."""
        self._found = parse_status(status)

    def on_status_update(self, status: object) -> None:
        """An edited status, perhaps with new media; also the bot's own edits."""
        self._found = parse_status(status)


def author_of(event: Event) -> str:
    """The id of the account whose post an event brings. UnexpectedAnswerError if it brings none."""
    try:
        fields = fields_of(parse_json(event.payload), "status")
    except NoJsonError:
        raise UnexpectedAnswerError("the event is no JSON") from None
    return id_of(fields_of(fields.get("account"), "account"), "account")
