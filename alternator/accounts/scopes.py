"""Whether a token may do what the bot is to do with it, where the server tells (Mastodon 4.3).

Told is what the token's application may do, which is as much as the token may at most.
https://docs.joinmastodon.org/methods/apps/#verify_credentials
"""

from collections.abc import Collection, Iterable

from alternator.errors import ForbiddenError

# For messages and replies: posting, and reading what is answered. Reading who favourited a post
# takes read:accounts: https://docs.joinmastodon.org/methods/statuses/#favourited_by
TO_POST = ("read:accounts", "read:statuses", "write:statuses")


def missing(granted: Collection[str], needed: Iterable[str]) -> tuple[str, ...]:
    """The scopes that are needed and not granted; "read" holds all that begin with "read:".

    https://docs.joinmastodon.org/api/oauth-scopes/
    """
    return tuple(
        scope
        for scope in dict.fromkeys(needed)
        if scope not in granted and scope.partition(":")[0] not in granted
    )


def check(granted: Collection[str] | None, needed: Iterable[str], key: str) -> None:
    """ForbiddenError if the token under ``key`` lacks a scope; nothing where that is not told."""
    lacking = () if granted is None else missing(granted, needed)
    if lacking:
        scope = "scope" if len(lacking) == 1 else "scopes"
        raise ForbiddenError(
            f"the token in {key} lacks the {scope} {' '.join(lacking)}; "
            f"create one with {' '.join(dict.fromkeys(needed))} (Preferences, Development)"
        )
