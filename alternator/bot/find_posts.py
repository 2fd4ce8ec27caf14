"""Finds the account's own posts that lack descriptions: by looking through them, and by events."""

import logging
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from alternator import tracing
from alternator.accounts.account import Account
from alternator.alt_text.takes_on import takes_on
from alternator.bot.walk import BEGINNING, Walk
from alternator.bot.wanted import Wanted
from alternator.clock import SYSTEM_CLOCK, Clock
from alternator.errors import TemporaryServerError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Attachment, Page, Status
from alternator.store.outcomes import Found, by_age

log = logging.getLogger(__name__)

Way = Literal["stream", "look", "backfill"]  # in which a post is found
MOST_UNREAD = 1000  # ids that are kept so that each is told of once


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a look through the posts found: a number of attachments.

    ``newer`` are the posts made since the look before. ``more``: look again at once, there are
    pages left. ``trouble``: what kept it from going on; the next look will.
    """

    found: int
    newer: tuple[str, ...] = ()
    more: bool = False
    trouble: TemporaryServerError | None = None


def nobody_listens(status: Status) -> None:
    """Nobody wants to hear of posts."""


class Undescribed(Protocol):
    """Who knows what lacks a description: ``alternator.bot.draft.Describes``, or ``TakesOn``."""

    def undescribed(self, status: Status) -> tuple[Attachment, ...]: ...


class TakesOn:
    """What an account's configuration has described, for who finds posts that others describe."""

    def __init__(self, *, sees: bool, hears: bool) -> None:
        self._sees = sees
        self._hears = hears

    def undescribed(self, status: Status) -> tuple[Attachment, ...]:
        """The attachments that lack a description and are of a kind that is described."""
        return tuple(
            attachment
            for attachment in status.attachments
            if attachment.lacks_description
            and takes_on(attachment, sees=self._sees, hears=self._hears)
        )


class PostFinder:
    """Looks through one account's posts and records in its state what is to be done.

    ``look`` is for the thread that ``client`` belongs to; ``notice`` asks nothing, and is for any.
    ``wanted`` says which posts are described; ``heard`` is told of each post that is seen, in the
    thread that sees it.
    """

    # size: each comes from another owner: account, thread, bot, operator.
    def __init__(
        self,
        account: Account,
        client: MastodonClient,
        describer: Undescribed,
        clock: Clock = SYSTEM_CLOCK,
        *,
        wanted: Wanted | None = None,
        heard: Callable[[Status], None] = nobody_listens,
    ) -> None:
        self._account = account
        self._client = client
        self._describer = describer
        self._wanted = wanted or Wanted(account.settings.visibilities)
        self._heard = heard
        self._walk = Walk(self._page, self._take, clock)
        self._found_now = 0
        self._unread: set[str] = set()  # that were told of

    def look(self) -> Look:
        """Record what is new since the last look, and go on with what that one did not reach.

        The newest page is looked at as a whole, so media that an edit added to a recent post are
        found as well, stream or not. ServerError if the server can't be asked.
        """
        self._found_now = 0
        state = self._account.state
        seen = self._walk.look(state.cursors().newest)
        if seen.cursor is not None:
            state.record((), cursor=seen.cursor)
        return Look(found=self._found_now, newer=seen.newer, more=seen.more, trouble=seen.trouble)

    def notice(self, status: Status) -> int:
        """Record what an event of the stream tells; returns the number of attachments found.

        Whatever its age: who edits an old post now has it at hand.
        """
        if status.account_id != self._account.id:
            return 0
        self._heard(status)
        return self._record(self._found(status, backfill=False), [status], "stream")

    def _page(self, *, max_id: str | None = None, min_id: str | None = None) -> Page:
        boosts = self._wanted.opt_out.boosts
        return self._client.own_statuses(
            self._account.id, max_id=max_id, min_id=min_id, boosts=boosts
        )

    def _take(self, page: Page) -> frozenset[str]:
        """Record what is to be done on a page; the ids of those posts that are too old.

        Of the posts from before the first start, ``backfill_count`` are taken on in all, whatever
        the server answers and has answered before (``AccountState.admit_old``).
        """
        state = self._account.state
        first_start = state.first_start()
        old = [status.id for status in page.statuses if is_old(status, first_start)]
        admitted: frozenset[str] = frozenset()
        if old:
            # An earlier release looked at as many as it was to, and wrote down where it ended.
            floor = by_age(state.cursors().floor or BEGINNING)
            above = [key for key in sorted(old, key=by_age, reverse=True) if by_age(key) > floor]
            admitted = state.admit_old(above, self._account.settings.backfill_count)
        self._tell_unread(page)
        for status in page.statuses:
            self._heard(status)
        unwanted = frozenset(old) - admitted
        found = [
            entry
            for status in page.statuses
            if status.id not in unwanted
            for entry in self._found(status, backfill=status.id in admitted)
        ]
        self._found_now += self._record(found, page.statuses, "look")
        return unwanted

    def _record(self, found: Sequence[Found], seen: Sequence[Status], way: Way) -> int:
        """Record what is to be done for posts; how many attachments are new. Their posts'
        traces begin here, with the moment in which they were made."""
        if not found:
            return 0
        new = self._account.state.record(found)
        made = {status.id: made_at(status) for status in seen}
        begin_traces(found, new, self._account.settings.instance_url, way, made)
        return len(new)

    def _tell_unread(self, page: Page) -> None:
        """Say which posts are left out, once: the newest page is looked at again and again."""
        for status_id in set(page.unread) - self._unread:
            log.warning("post %s is left out: the server's answer is not understood", status_id)
        if len(self._unread) > MOST_UNREAD:
            self._unread.clear()
        self._unread.update(page.unread)

    def _found(self, status: Status, *, backfill: bool) -> list[Found]:
        """What is to be done for a status.

        Nothing for a boost, whose media are another's, nor for one that the configuration or its
        author leaves alone. A boost of a post of the account's own stands for that post, if the
        configuration says so.
        """
        if status.is_boost:
            boosted = status.boosted
            own = boosted is not None and boosted.account_id == self._account.id
            if boosted is None or not own or not self._wanted.opt_out.boosts:
                return []
            status, backfill = boosted, False
        if self._wanted.reason_against(status) is not None:
            return []
        return found_of(status, self._describer.undescribed(status), backfill=backfill)


def found_of(status: Status, attachments: Sequence[Attachment], *, backfill: bool) -> list[Found]:
    """What is to be recorded of a post for these attachments of it; nothing for none."""
    if not attachments:
        return []
    return [
        Found(
            status_id=status.id,
            attachment_ids=tuple(entry.id for entry in attachments),
            backfill=backfill,
            speech=tuple(entry.id for entry in attachments if entry.has_speech),
        )
    ]


def begin_traces(
    found: Sequence[Found],
    new: Container[str],
    server: str,
    way: Way,
    made: Mapping[str, float | None],
) -> None:
    """Begin the traces of those posts that are ``new``; ``made``: when, as Unix time, by post."""
    for one in found:
        if one.status_id in new:
            began = None if one.backfill else made.get(one.status_id)
            with tracing.of_post(
                "found", server, one.status_id, began=began, way=way, backfill=one.backfill
            ):
                pass


def made_at(status: Status) -> float | None:
    """When a post was made, as Unix time in seconds; None for what came up again by an edit."""
    if status.created_at is None or status.edited_at is not None:
        return None
    return status.created_at.timestamp()


def is_old(status: Status, first_start: float) -> bool:
    """Whether a post is from before the first start, and nobody has edited it since.

    One that tells no time is taken for old: of these there is a limit.
    """
    moment = status.edited_at or status.created_at
    return moment is None or moment.timestamp() < first_start
