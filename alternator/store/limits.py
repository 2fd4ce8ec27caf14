"""What an account's server takes of it, as all processes of a cluster know it."""

from collections.abc import Mapping
from typing import Literal, Protocol

LimitKind = Literal["read", "edit", "reserve"]


class Limits(Protocol):
    """How long an account's server takes no more requests, for all processes.

    All of it is said of the account's token that was met with it. Whoever still has a former one
    says nothing of the one that took its place.
    """

    def get(self, account: int, token: str) -> Mapping[LimitKind, float]:
        """Seconds left of each; none that are over."""

    def set(self, account: int, token: str, kind: LimitKind, seconds: float) -> None:
        """From now on for so many seconds; 0: no more."""

    def refuse(self, account: int, token: str, seconds: float) -> None:
        """The server refuses this token, as is said for so many seconds; 0: no more."""

    def is_refused(self, account: int, token: str) -> bool:
        """Whether it was said of late that the server refuses this token."""
