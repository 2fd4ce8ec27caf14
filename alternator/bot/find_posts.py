"""Finds the account's own posts that lack descriptions: by looking through them, and by events."""

import logging
from collections.abc import Iterator
from itertools import islice

from alternator.accounts.account import Account
from alternator.bot.describe import Describer
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Status
from alternator.store.outcomes import Found, by_age

log = logging.getLogger(__name__)

# Sorts before every id of a status.
BEGINNING = "0"


class PostFinder:
    """Looks through one account's posts and records in its state what is to be done.

    ``look`` is for the thread that ``client`` belongs to; ``notice`` asks nothing, and is for any.
    """

    def __init__(self, account: Account, client: MastodonClient, describer: Describer) -> None:
        self._account = account
        self._client = client
        self._describer = describer

    def look(self) -> int:
        """Record what is new since the last look; returns the number of attachments found.

        It goes back to the newest post that the last look saw. The newest page is looked at as a
        whole, so media that an edit added to a recent post are found as well, stream or not. The
        first look of all takes the newest ``backfill_count`` posts.
        """
        cursors = self._account.state.cursors()
        if cursors.newest is None:
            return self._first_look()
        found = []
        newest = cursors.newest
        for status in self._statuses(back_to=cursors.newest):
            newest = max(newest, status.id, key=by_age)
            if by_age(status.id) > by_age(cursors.floor or BEGINNING):
                found += self._found(status, backfill=False)
        return self._account.state.record(found, cursor=newest)

    def notice(self, status: Status) -> int:
        """Record what an event of the stream tells; returns the number of attachments found."""
        if status.account_id != self._account.id:
            return 0
        return self._account.state.record(self._found(status, backfill=False))

    def _first_look(self) -> int:
        count = self._account.settings.backfill_count
        statuses = list(islice(self._statuses(), count + 1))
        cursor = statuses[0].id if statuses else BEGINNING
        wanted, older = statuses[:count], statuses[count:]
        floor = older[0].id if older else BEGINNING
        found = [entry for status in wanted for entry in self._found(status, backfill=True)]
        return self._account.state.record(found, cursor=cursor, floor=floor)

    def _statuses(self, *, back_to: str = BEGINNING) -> Iterator[Status]:
        """The account's posts, newest first: whole pages, back to the one that has ``back_to``."""
        page = self._client.own_statuses(self._account.id)
        while page.oldest is not None:
            for status_id in page.unread:
                log.warning("post %s is left out: the server's answer is not understood", status_id)
            yield from page.statuses
            if by_age(page.oldest) <= by_age(back_to):
                return
            page = self._client.own_statuses(self._account.id, max_id=page.oldest)

    def _found(self, status: Status, *, backfill: bool) -> list[Found]:
        """What is to be done for a status; nothing for a boost, whose media are another's."""
        if status.is_boost:
            return []
        attachment_ids = self._describer.undescribed(status)
        if not attachment_ids:
            return []
        return [Found(status_id=status.id, attachment_ids=attachment_ids, backfill=backfill)]
