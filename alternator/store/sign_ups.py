"""What is kept of members who are about to connect, for all processes that serve their pages."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol


class SignUps(Protocol):
    """What is kept of sign-ups beside the enrolment, for all processes that serve their pages.

    ``sealed`` is encrypted; what it holds is no matter of the store.
    """

    def app(self, server: str) -> bytes | None:
        """What a server knows this program by."""

    def apps(self) -> Mapping[str, bytes]:
        """The same of all servers."""

    def keep_app(self, server: str, sealed: bytes) -> None:
        """A server knows this program by this from now on."""

    def begin(self, state: str, sealed: bytes, *, seconds: float, most: int) -> bool:
        """Keep what is needed when somebody comes back with ``state``, for so many seconds.

        False, and nothing is kept, while there are ``most`` already that are not over.
        """

    def alone(self) -> AbstractContextManager[None]:
        """A stretch in which no process of the cluster admits another member."""

    def take(self, state: str) -> bytes | None:
        """What was kept, once; None for what was not, is over, or was taken before."""
