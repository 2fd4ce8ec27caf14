"""What a token may do, and what it has to, where the server tells (Mastodon 4.3).

Told is what the token's application may do, which is as much as the token may at most.
https://docs.joinmastodon.org/methods/apps/#verify_credentials,
https://docs.joinmastodon.org/api/oauth-scopes/
"""

from collections.abc import Collection

from alternator.config.others import OthersSettings
from alternator.errors import ForbiddenError
from alternator.mastodon.dialect import SCOPES as NEEDED

__all__ = ["NEEDED", "check", "missing", "needless"]


# https://docs.joinmastodon.org/methods/notifications/#get
MENTIONS = ("read:notifications",)
# https://docs.joinmastodon.org/methods/accounts/#relationships and #follow
FOLLOWS = ("read:follows", "write:follows")


def of_others(settings: OthersSettings) -> tuple[str, ...]:
    """What more is needed to describe for others, as it is configured."""
    if not settings.enabled:
        return ()
    return MENTIONS + (FOLLOWS if settings.all_posts else ())


def missing(granted: Collection[str], needed: Collection[str] = NEEDED) -> tuple[str, ...]:
    """The scopes that are needed and not granted, one by one or as a whole."""
    return tuple(
        scope
        for scope in dict.fromkeys(needed)
        if scope not in granted and whole(scope) not in granted
    )


def needless(granted: Collection[str], needed: Collection[str] = NEEDED) -> tuple[str, ...]:
    """The scopes that are granted and not needed: a whole where a part would do is one."""
    return tuple(scope for scope in granted if scope not in needed)


def whole(scope: str) -> str:
    """``read`` of ``read:accounts``."""
    return scope.partition(":")[0]


def check(granted: Collection[str] | None, needed: Collection[str], key: str) -> None:
    """ForbiddenError if the token under ``key`` lacks a scope; nothing where that is not told."""
    lacking = () if granted is None else missing(granted, needed)
    if lacking:
        scope = "scope" if len(lacking) == 1 else "scopes"
        raise ForbiddenError(
            f"the token in {key} lacks the {scope} {' '.join(lacking)}; "
            f"create one with {' '.join(dict.fromkeys(needed))} (Preferences, Development)"
        )
