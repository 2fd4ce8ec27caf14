"""Finds the account's own posts that lack descriptions: by looking through them, and by events."""

from collections.abc import Iterator
from itertools import islice

from alternator.bot.describe import Describer
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Status
from alternator.store.outcomes import Found, order
from alternator.store.state import Store

# Sorts before every id of a status.
BEGINNING = "0"


class PostFinder:
    """Looks through one account's posts and records in the store what is to be done."""

    def __init__(
        self,
        client: MastodonClient,
        store: Store,
        describer: Describer,
        *,
        account_id: str,
        backfill_count: int,
    ) -> None:
        self._client = client
        self._store = store
        self._describer = describer
        self._account_id = account_id
        self._backfill_count = backfill_count

    def look(self) -> int:
        """Record what is new since the last look; returns the number of attachments found.

        It goes back to the newest post that the last look saw. The newest page is looked at as a
        whole, so media that an edit added to a recent post are found as well, stream or not. The
        first look of all takes the newest ``backfill_count`` posts.
        """
        cursor, floor = self._store.cursors()
        if cursor is None:
            return self._first_look()
        found = []
        newest = cursor
        for status in self._statuses(back_to=cursor):
            newest = max(newest, status.id, key=order)
            if order(status.id) > order(floor or BEGINNING):
                found += self._found(status, backfill=False)
        return self._store.record(found, cursor=newest)

    def notice(self, status: Status) -> int:
        """Record what an event of the stream tells; returns the number of attachments found."""
        if status.account_id != self._account_id:
            return 0
        return self._store.record(self._found(status, backfill=False))

    def _first_look(self) -> int:
        statuses = list(islice(self._statuses(), self._backfill_count + 1))
        cursor = statuses[0].id if statuses else BEGINNING
        wanted, older = statuses[: self._backfill_count], statuses[self._backfill_count :]
        floor = older[0].id if older else BEGINNING
        found = [entry for status in wanted for entry in self._found(status, backfill=True)]
        return self._store.record(found, cursor=cursor, floor=floor)

    def _statuses(self, *, back_to: str = BEGINNING) -> Iterator[Status]:
        """The account's posts, newest first: whole pages, back to the one that has ``back_to``."""
        page = self._client.own_statuses(self._account_id)
        while page:
            yield from page
            if order(page[-1].id) <= order(back_to):
                return
            page = self._client.own_statuses(self._account_id, max_id=page[-1].id)

    def _found(self, status: Status, *, backfill: bool) -> list[Found]:
        """What is to be done for a status; nothing for a boost, whose media are another's."""
        if status.is_boost:
            return []
        attachment_ids = self._describer.undescribed(status)
        if not attachment_ids:
            return []
        return [Found(status_id=status.id, attachment_ids=attachment_ids, backfill=backfill)]
