"""Where a member's browser gets the small pictures of the member's posts."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alternator.dashboard.app import picture_answer
from alternator.dashboard.errors import PageError
from alternator.errors import KeyMismatchError, StateError
from alternator.members.pictures import Made, Wanted
from alternator.members.site import MemberSite
from alternator.store.cluster import Enrolled

# Made at once, of all members together: a server that is slow holds no page up.
AT_ONCE = 4
# Of one member, who has one made at a time: as many as two pages show.
MOST_WAITING = 100


class Turns:
    """Who may have a picture made now. Of the event loop's thread."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(AT_ONCE)
        self._own: dict[int, asyncio.Lock] = {}
        self._waiting: Counter[int] = Counter()

    @asynccontextmanager
    async def turn(self, account: int) -> AsyncIterator[None]:
        """A member's turn. PageError for one who has too many waiting."""
        if self._waiting[account] >= MOST_WAITING:
            raise PageError(429, "Too many pictures are asked for at once. Try again.")
        self._waiting[account] += 1
        try:
            async with self._own.setdefault(account, asyncio.Lock()), self._all:
                yield
        finally:
            self._waiting[account] -= 1
            if not self._waiting[account]:
                del self._waiting[account], self._own[account]


def route_of(site: MemberSite) -> Route:
    """The endpoint."""
    turns, pictures = Turns(), site.pictures

    def looked_up(request: Request) -> tuple[Enrolled, Wanted, Made | None]:
        entry = site.member(request)
        path = request.path_params
        wanted = pictures.wanted(entry, path["status_id"], path["attachment_id"])
        if wanted is None:
            raise PageError(404, "There is no such picture of yours.")
        return entry, wanted, pictures.kept(wanted)

    async def endpoint(request: Request) -> Response:
        try:
            entry, wanted, made = await run_in_threadpool(looked_up, request)
            if made is None:
                async with turns.turn(wanted.account):
                    made = await run_in_threadpool(pictures.make, entry, wanted)
        except (PageError, StateError, KeyMismatchError) as error:
            return await run_in_threadpool(site.refused, request, error)
        return picture_answer(made.picture)

    return Route("/me/picture/{status_id}/{attachment_id}", endpoint)
