"""Walks through the account's posts page by page, and loses none whatever the pages are like.

A server gives posts in pages, the newest first. What can be relied on is little: pages are cut
short, repeated, empty once, unsorted (some put pinned posts first), or the server fails between two
of them. So

- the cursor in the account's state moves only when all posts down to it were seen. What a look did
  not reach is a gap, which the next look goes on with; a restart begins again at the cursor, and
  recording a post twice changes nothing;
- an empty page is no end by itself: the server must also say that the oldest post that was seen is
  the first after the cursor, or say again later that there is nothing;
- a look asks for so many pages at most, so a walk without an end takes turns with all else.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from alternator.clock import Clock
from alternator.errors import TemporaryServerError
from alternator.mastodon.entities import Page
from alternator.store.outcomes import CONFIRM_SECONDS, by_age

log = logging.getLogger(__name__)

# Of one look, 200 posts; the next one goes on, once those found have had their turn.
MOST_PAGES = 5
# Sorts before every id of a status.
BEGINNING = "0"


class AskForPage(Protocol):
    """Asks the server: a page older than ``max_id``, or the one right after ``min_id``."""

    def __call__(self, *, max_id: str | None = None, min_id: str | None = None) -> Page: ...


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Posts that were not seen yet: older than ``above``, newer than ``below``.

    Without ``below`` it ends where no more posts are wanted, or where there are none.
    """

    above: str
    below: str | None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one look saw.

    ``cursor`` is the newest post, if all older ones are known now; ``newer`` are the posts that
    the look before did not see, though they are newer than all that it saw. ``more``: there are
    pages left to ask for at once. ``trouble``: what kept the look from going on.
    """

    cursor: str | None = None
    newer: tuple[str, ...] = ()
    more: bool = False
    trouble: TemporaryServerError | None = None


class Walk:
    """Remembers between two looks what is still to be seen. For one thread.

    ``take`` gets each page and returns the ids of those of its posts below which none is wanted.
    """

    def __init__(
        self, ask: AskForPage, take: Callable[[Page], frozenset[str]], clock: Clock
    ) -> None:
        self._ask = ask
        self._take = take
        self._clock = clock
        self._newest: str | None = None  # of all that was seen
        self._looked = False
        self._gap: Gap | None = None
        self._odd: tuple[Gap, float] | None = None  # where a page had no post first, and when
        self._pages = 0  # left to this look

    def look(self, cursor: str | None) -> Seen:
        """See what is new, and go on with what is left. ServerError if nothing could be seen."""
        self._pages = MOST_PAGES - 1
        page = self._ask()
        unwanted = self._take(page)
        before, ids = self._newest, ids_of(page)
        known = cursor if before is None else before
        self._newest = max((*ids, *([known] if known else [])), key=by_age, default=None)
        newer = tuple(i for i in ids if before is None or by_age(i) > by_age(before))
        if not self._looked:
            self._looked, newer = True, ()
        edge = edge_of(page)
        gap, trouble = None, None
        if edge is not None and not reaches(edge, known, unwanted):
            gap = Gap(above=edge, below=known)
        try:
            gap = self._close(gap)
            if gap is None:
                gap = self._close(self._gap)
            elif self._gap is not None:
                gap = replace(gap, below=self._gap.below)  # the older one lies below the newer
        except _StoppedError as error:
            gap, trouble = error.gap, error.trouble
            if self._gap is not None:
                gap = replace(gap, below=self._gap.below)
        self._gap = gap
        return Seen(
            cursor=self._newest if gap is None else None,
            newer=newer,
            more=gap is not None and self._pages == 0,
            trouble=trouble,
        )

    def _close(self, gap: Gap | None) -> Gap | None:
        """Walk down a gap; what is left of it. _StoppedError with that if the server fails."""
        while gap is not None and self._pages > 0:
            self._pages -= 1
            try:
                page = self._ask(max_id=gap.above)
                unwanted = self._take(page)
                if not page.statuses and not self._is_believed(gap, page):
                    return gap
            except TemporaryServerError as error:
                raise _StoppedError(gap, error) from error
            if page.oldest is None:
                return None
            edge = edge_of(page, older_than=gap.above) if page.statuses else page.oldest
            if edge is None:
                log.debug("the server gives a page again that was had before %s", gap.above)
                return gap
            gap = None if reaches(edge, gap.below, unwanted) else replace(gap, above=edge)
        return gap

    def _is_believed(self, gap: Gap, page: Page) -> bool:
        """Whether a page without any post that is understood may be taken at its word.

        An empty one says that there are no more; so must what comes right after the cursor, or the
        same answer again after a while. One of posts that are not understood is gone by after a
        while: it hides what lies below.
        """
        now = self._clock.monotonic()
        if self._odd is None or self._odd[0] != gap:
            self._odd = (gap, now)
        if now - self._odd[1] >= CONFIRM_SECONDS:
            return True
        if page.unread:
            return False
        first = ids_of(self._ask(min_id=gap.below or BEGINNING))
        return bool(first) and by_age(min(first, key=by_age)) >= by_age(gap.above)


class _StoppedError(Exception):
    """A walk that the server did not let go on; ``gap`` is what is left."""

    def __init__(self, gap: Gap, trouble: TemporaryServerError) -> None:
        super().__init__(str(trouble))
        self.gap = gap
        self.trouble = trouble


def reaches(edge: str, below: str | None, unwanted: frozenset[str]) -> bool:
    """Whether a walk that came to ``edge`` has come to its end."""
    return edge in unwanted or (below is not None and by_age(edge) <= by_age(below))


def ids_of(page: Page) -> tuple[str, ...]:
    """The ids of a page's posts. What was not understood may be anything, its id as well."""
    return tuple(status.id for status in page.statuses)


def edge_of(page: Page, *, older_than: str | None = None) -> str | None:
    """From where the next page goes on: all of the account's posts down to it are on this one.

    The last post, if the page is sorted. Of one that is not, the middle by age: some of its posts
    lie far below the others, such as pinned ones, and what is between them is on no page yet.
    """
    ids = ids_of(page)
    falling = sorted(ids, key=by_age, reverse=True)
    is_sorted = list(ids) == falling
    if older_than is not None:
        falling = [entry for entry in falling if by_age(entry) < by_age(older_than)]
    if not falling:
        return None
    return falling[-1] if is_sorted else falling[(len(falling) - 1) // 2]
