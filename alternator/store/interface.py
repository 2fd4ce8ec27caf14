"""What the bot remembers, and in which words it is told and asked; the homes lie beside.

Times are Unix times in seconds, so they are UTC whatever the machine's zone. Every write is
idempotent: one that is made again, because nobody knows whether it was carried out, changes
nothing more. All methods may be called by any thread; each is done as a whole or not at all.
StateError where the store can't be read or written.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from alternator.store.asked import Asked
from alternator.store.cluster import Cluster
from alternator.store.drafts import Drafts
from alternator.store.edit_history import EditHistory
from alternator.store.errands import Errands
from alternator.store.ledger import Ledger
from alternator.store.listing import Listing
from alternator.store.outcomes import AttachmentState, Claim, Cursors, Found, Outcome
from alternator.store.outgoing import Outgoings
from alternator.store.overview import Overview


class AccountState(Protocol):
    """What is remembered about one account's posts.

    An attachment goes

        waiting → claimed → described | left | failed
                     ↓ (try again later, or look whether it is still so)
                  waiting

    ``left`` are attachments left alone for a lasting reason (too large, no speech in it, described
    by somebody meanwhile), ``failed`` those given up after the last attempt. A claim is held by
    who took it until it is finished, released or put back; after that it changes nothing.
    """

    @property
    def key(self) -> int:
        """The number of the account in this store."""

    @property
    def listing(self) -> Listing:
        """All attachments that are remembered, to look at."""

    @property
    def drafts(self) -> Drafts:
        """Texts that are kept and not written into their posts."""

    @property
    def errands(self) -> Errands:
        """What a person asked the bot to do with posts that are described."""

    @property
    def ledger(self) -> Ledger:
        """What was sent and how fast, and how far a backfill came."""

    @property
    def history(self) -> EditHistory:
        """What was written into the account's posts."""

    @property
    def asked(self) -> Asked:
        """What others ask the account for."""

    @property
    def outgoing(self) -> Outgoings:
        """What the account posts in parts."""

    def cursors(self) -> Cursors:
        """How far the account has been looked through."""

    def first_start(self) -> float:
        """When the account was first used, by its server's clock where that was known.

        What was posted before is old: at most a set number of such posts is taken on.
        """

    def admit_old(self, status_ids: Sequence[str], limit: int) -> frozenset[str]:
        """Which of these posts from before the first start are taken on.

        Those that were before, and of the others the first ones as they are given (so the newest
        go first), until ``limit`` posts of the account are taken on in all, now and ever before.
        """

    def record(
        self, found: Iterable[Found], *, cursor: str | None = None, floor: str | None = None
    ) -> tuple[str, ...]:
        """Remember statuses with work to do, and how far the account has been looked through.

        Attachments already known keep their row, and the cursor never goes back. Returns the post
        of each attachment that was new: of two that record the same, one is told.
        """

    def claim(self, *, backfill: bool = True, speech: bool = True) -> Claim | None:
        """Take the next status that is due: new posts before backfill, the newest first.

        Without ``speech`` those with an attachment that is due and is transcribed are left out as
        a whole. None while the account is halted.
        """

    def claim_of(self, status_id: str) -> Claim | None:
        """Take what is due of one post, for who holds its lock.

        Whatever of it is still claimed was left by a worker that died, since nobody else has the
        lock: it is freed first, as at a start, and taken where it is due then. None where nothing
        is due, while the account is halted, and while an undo is at work on the post.
        """

    def due_of(self, status_id: str) -> float | None:
        """When the next attachment of a post is due; None as of ``next_due``."""

    def editing(self, claim: Claim) -> AbstractContextManager[bool]:
        """A stretch in which the post of a claim is edited: one at a time for the whole account.

        Whether the claim still holds and nothing is halted: where not, nothing may be edited. With
        one process it always is so, and nobody is waited for.
        """

    def finish(self, claim: Claim, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Write down what became of a claim, and that an edit succeeded, where one did.

        Returns the outcomes that are not final, with the wait in seconds: failures that are tried
        again, and what one answer of the server said that is asked for once more.
        """

    def release(self, claim: Claim, *, wait: float = 0.0, speech: Collection[str] = ()) -> None:
        """Give a claim back as if it had not been taken, due again after ``wait`` seconds.

        ``speech`` are those of its attachments that turned out to be transcribed.
        """

    def put_back(self, claim: Claim, *, edit_failed: bool = False) -> float | None:
        """Release a claim for which the server did not answer, so that others have their turn.

        It waits longer each time in a row. Returns the wait in seconds. ``edit_failed``: the edit
        itself failed. That counts as an attempt once another post's edit has succeeded (``finish``
        has said so) since this one's first failed in a row; None if it was the last one.
        """

    def halt(self, reason: str) -> None:
        """Edit nothing more until a person says otherwise; the first reason is kept.

        It holds at once, and for later starts as soon as it could be written. No StateError.
        """

    def halted(self) -> str | None:
        """Why nothing is edited any more; None if there is no such reason."""

    def resume(self) -> None:
        """A person has said that editing may go on."""

    def make_due(self) -> None:
        """Make due what was put back, as if it never had been: the server answers again."""

    def make_deferred_due(self, *, speech: bool = False) -> int:
        """Make due what waits for somebody else's failure (``Outcome.counts``), which is over.

        Of posts with ``speech`` alone, or of all. Returns how many attachments that are. If it is
        not over, they wait as long as they would have.
        """

    def retry_failed(self) -> int:
        """Make everything that was given up due again; returns how many attachments that are."""

    def found_at(self, claim: Claim) -> float:
        """When the first of a claim's attachments was met."""

    def next_due(self) -> float | None:
        """When the next attachment is due; None if none waits, or the account is halted."""

    def counts(self) -> Mapping[AttachmentState, int]:
        """Number of attachments by state."""

    def overview(self, most_troubles: int) -> Overview:
        """What stands out, with so many of the attachments in trouble at most."""


class Store(Protocol):
    """The states of all accounts of a bot."""

    def knows_server(self, server: str) -> bool:
        """Whether an account on this server was in use before: its address and token worked."""

    def tokens_used(self, day: int) -> int:
        """How many tokens models have used on a day, for all accounts; days are counted from 1970,
        by UTC."""

    def reserve_tokens(self, day: int, tokens: int, limit: int) -> bool:
        """Add to what models have used on a day if the sum stays within a limit, whatever other
        processes add meanwhile; whether it does. An error means that nothing was added."""

    def use_tokens(self, day: int, tokens: int) -> None:
        """Add to what models have used on a day, or take from it. It is not idempotent: an error
        means that nothing was added."""

    def use_account(
        self, server: str, remote_id: str, *, server_time: float | None = None
    ) -> AccountState:
        """The state of one account, which is made if it is new.

        Once for each account and start: claims that are left from before are free again, and posts
        that the bot held for an undo of its own. Not in a store that several processes share: what
        is claimed there may be at work (``claim_of`` frees what is not).
        ``server_time`` is the Unix time in seconds by the server's clock, for the first start.
        """

    def all_accounts(self) -> Mapping[tuple[str, str], AccountState]:
        """The states of all accounts, by their server and their id there, as they are.

        For a process beside the bot: no claim of its is freed.
        """

    def known_accounts(self, server: str) -> Mapping[str, AccountState]:
        """The states of the accounts on a server by their ids there, as they are.

        For a process beside the bot: no claim of its is freed.
        """

    def of_account(self, key: int) -> AccountState:
        """The state of the account with this number, as it is: no claim of its is freed."""

    @property
    def cluster(self) -> Cluster | None:
        """What the processes that share the store know of each other; None where there is one."""

    def close(self) -> None:
        """The store and its states can't be used any more."""
