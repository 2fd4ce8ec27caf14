"""What is remembered of others who ask an account to describe their posts.

All of it is for a restart: who has asked for what, and who has said no; which posts are to be
answered, and how. What of an answer is posted already: ``outgoing.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from alternator.config.others import How

# "asked"    for a post of their own, once at least;
# "all"      for all of their posts;
# "stopped"  nothing of theirs is to be described.
Wish = Literal["asked", "all", "stopped"]
# "open" until it is "answered", or "dropped": there was nothing to say, or it could not be said.
AskingState = Literal["open", "answered", "dropped"]
# What is read from where it was left: notifications, and the posts of who is followed.
Place = Literal["notices", "home"]
# How long what is done with is kept, so that the same post is not answered again.
KEPT_SECONDS = 90 * 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What a person wants done with their posts; ``how`` is None where they did not choose."""

    person: str  # the server's id of the account
    wish: Wish
    how: How | None = None


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A post that somebody asked about. Times are Unix times in seconds.

    ``asker`` and ``author`` are the server's ids of their accounts, ``address`` how the asker is
    mentioned, ``below`` the post that asks. ``is_open`` says whether everybody can see that one.
    ``not_before``: until then its author may describe it.
    """

    status_id: str
    asker: str
    author: str
    address: str
    below: str
    is_open: bool
    for_all: bool = False  # asked for with all other posts of its author
    not_before: float = 0.0
    at: float = 0.0
    state: AskingState = "open"

    @property
    def by_author(self) -> bool:
        """Whether its author asks."""
        return self.asker == self.author


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A post that was answered, with the ids of our answer's posts, and when that was begun."""

    asking: Asking
    posts: tuple[str, ...]
    at: float


class Asked(Protocol):
    """What one account was asked for. StateError where the store can't be read or written.

    Any thread, any process; every write is idempotent.
    """

    def consent(self, person: str) -> Consent | None:
        """What a person wants; None for one who never said anything."""

    def set_consent(self, consent: Consent) -> None:
        """A person wants this from now on; a ``how`` of None leaves what they chose before."""

    def people(self, wish: Wish) -> frozenset[str]:
        """Those who want this."""

    def ask(self, asking: Asking) -> None:
        """Take a post on. One that is open or answered stays as it is.

        But one that waits, since all of its author's posts were asked for, waits no longer when it
        is asked for by itself.
        """

    def asking(self, status_id: str) -> Asking | None:
        """What is known of a post; None if nobody asked about it."""

    def open(self) -> list[Asking]:
        """The posts that are not done with, oldest first."""

    def close(self, status_id: str, state: AskingState) -> None:
        """A post is done with; texts that were kept for it are dropped."""

    def asked_since(self, moment: float, asker: str | None = None) -> int:
        """How many posts were taken on since a time: from all, or one person."""

    def numbers(self) -> Mapping[AskingState, int]:
        """How many posts there are in each state."""

    def answers(self, most: int, *, status_id: str | None = None) -> list[Answered]:
        """The posts that were answered last, newest first; one of them where it is named."""

    def keep_texts(self, status_id: str, texts: Mapping[str, str]) -> None:
        """Keep texts, by attachment, until the others of their post are there as well."""

    def texts(self, status_id: str) -> dict[str, str]:
        """The texts that are kept for a post."""

    def place(self, where: Place) -> str | None:
        """The id up to which it was read, '' where there was nothing yet; None before a look."""

    def set_place(self, where: Place, place: str) -> None:
        """It was read up to there."""


def answer_key(status_id: str) -> str:
    """The key under which a post is answered."""
    return f"answer:{status_id}"
