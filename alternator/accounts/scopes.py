"""What a token may do, beside what it has to: https://docs.joinmastodon.org/api/oauth-scopes/."""

from collections.abc import Collection

from alternator.mastodon.server_errors import SCOPES

NEEDED = tuple(SCOPES.split())


def missing(granted: Collection[str], needed: Collection[str] = NEEDED) -> tuple[str, ...]:
    """The scopes that are needed and not granted, one by one or as a whole."""
    return tuple(scope for scope in needed if scope not in granted and whole(scope) not in granted)


def needless(granted: Collection[str], needed: Collection[str] = NEEDED) -> tuple[str, ...]:
    """The scopes that are granted and not needed: a whole where a part would do is one."""
    return tuple(scope for scope in granted if scope not in needed)


def whole(scope: str) -> str:
    """``read`` of ``read:accounts``."""
    return scope.partition(":")[0]
