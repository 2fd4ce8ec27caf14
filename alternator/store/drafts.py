"""Texts that are kept and not written into their posts: until a person decides, or for a dry run.

A draft goes

    waiting → approved → applied | dropped
       ↓
    refused | dropped

``waiting`` for a person's word; ``approved`` makes its attachments due again, so that the bot takes
up the post in its turn, looks at it anew and writes the texts; ``dropped`` is one that no edit came
of, with the reason: its post was edited or deleted since, say. Only a waiting draft can be decided
about, so one that is approved twice is written once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from alternator.errors import AlternatorError

DraftKind = Literal["review", "dry-run"]
DraftState = Literal["waiting", "approved", "applied", "refused", "dropped"]
WAITING: tuple[DraftState, ...] = ("waiting",)


class DraftError(AlternatorError):
    """A draft can't be decided about: there is none of that number, or somebody did before."""


@dataclass(frozen=True, kw_only=True)
class NewDraft:
    """What is to be kept: texts by attachment, in the order of the post.

    ``basis`` stands for what the post said when the texts were made (``alternator/bot/basis.py``),
    ``audience`` is who saw it, ``numbers`` the places of the attachments in the post, from 1 on.
    """

    status_id: str
    kind: DraftKind
    audience: str
    basis: str
    texts: Mapping[str, str]
    numbers: Mapping[str, int]
    url: str = ""  # of the post, for people
    note: str = ""  # for who decides: why there is another draft, say


@dataclass(frozen=True, kw_only=True)
class KeptDraft(NewDraft):
    """A draft by its number. ``messages`` are the ids of the direct messages that ask about it.

    ``made`` and ``changed`` are Unix times in seconds; ``reason`` says why it was refused or
    dropped.
    """

    number: int
    state: DraftState
    reason: str = ""
    messages: tuple[str, ...] = ()
    made: float = 0.0
    changed: float = 0.0
    words: Mapping[int, str] = field(init=False, compare=False)  # the texts by their places

    def __post_init__(self) -> None:
        words = {self.numbers[key]: text for key, text in self.texts.items()}
        object.__setattr__(self, "words", dict(sorted(words.items())))


class Drafts(Protocol):
    """The drafts of one account. Any thread and any process may decide about them."""

    def keep(self, draft: NewDraft) -> KeptDraft:
        """Keep a draft. One that waits for a word on the same attachments is dropped for it.

        Where the same try has kept one before, and died, that one stays.
        """

    def get(self, number: int) -> KeptDraft:
        """One draft. DraftError if there is none of that number."""

    def listed(
        self, states: Collection[DraftState] = WAITING, *, kind: DraftKind | None = None
    ) -> tuple[KeptDraft, ...]:
        """The drafts in these states, oldest first; of one kind where it is named."""

    def approved_of(self, status_id: str) -> KeptDraft | None:
        """The oldest draft of a post that was approved and is not applied yet."""

    def approve(self, number: int, texts: Mapping[str, str] | None = None) -> KeptDraft:
        """Let a draft be written into its post, with ``texts`` in place of its own.

        DraftError if it does not wait for that, or has no texts.
        """

    def refuse(self, number: int, reason: str = "") -> KeptDraft:
        """Let a draft not be written. DraftError if it does not wait for a word."""

    def rewrite(self, number: int, texts: Mapping[str, str | None]) -> KeptDraft:
        """Put other words into a draft that waits, by attachment; None takes one's text out.

        DraftError if it does not wait, or has no such attachment.
        """

    def drop(self, number: int, reason: str) -> None:
        """No edit comes of a draft that waits or was approved."""

    def asked(self, number: int, messages: Collection[str]) -> None:
        """A draft's author was asked by these direct messages."""

    def settle(self, status_id: str) -> None:
        """What was approved of a post is done with if none of its attachments waits any more."""

    def end_dry_runs(self, audiences: Collection[str], *, review: bool) -> int:
        """Take up the drafts of a dry run that is over, of posts with these audiences.

        They wait for a word from now on, as if made now, or are approved without one; returns how
        many they are.
        """


def place_of(draft: KeptDraft, number: int) -> str:
    """The attachment in a place of the post. DraftError if the draft has none there."""
    for key, place in draft.numbers.items():
        if place == number:
            return key
    places = ", ".join(str(place) for place in sorted(draft.numbers.values()))
    raise DraftError(f"draft {draft.number} has no attachment {number}; it has {places}")
