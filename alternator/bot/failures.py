"""Tells a server that fails as a whole from one that fails for a post."""

import logging

from alternator.bot.outage import back_off
from alternator.errors import ServerError

log = logging.getLogger(__name__)

# So many posts in a row, and it is not for the posts.
POSTS_OF_AN_OUTAGE = 2


class Failures:
    """The posts that the server did not answer for, since it last did for one. For one thread."""

    def __init__(self) -> None:
        self._posts: set[str] = set()
        self.times = 0  # in a row

    @property
    def of_the_server(self) -> bool:
        """Whether the server as a whole seems to fail."""
        return len(self._posts) >= POSTS_OF_AN_OUTAGE

    def pause_after(self, status_id: str, error: ServerError) -> float:
        """Seconds during which no other post need be tried; 0 if only this one waits."""
        self.times += 1
        self._posts.add(status_id)
        if self.of_the_server:
            return back_off(self.times, error)
        log.warning("post %s waits, others go on: %s", status_id, error)
        return 0.0

    def clear(self) -> None:
        """The server answered for a post."""
        self._posts.clear()
        self.times = 0
