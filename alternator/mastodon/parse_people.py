"""Reads what is told around a post: its hashtags, who wrote it, who likes it, what a token may do.

No edit is made of any of it, so what is not understood is left out.
"""

from collections.abc import Mapping

from alternator.errors import UnexpectedAnswerError
from alternator.mastodon.json_fields import Fields, fields_of, id_of, kind


def parse_accounts(answer: object) -> frozenset[str]:
    """The ids of a list of accounts. UnexpectedAnswerError for what is none."""
    if not isinstance(answer, list):
        raise UnexpectedAnswerError(f"the server's answer is no list but {kind(answer)}")
    return frozenset(id_of(fields_of(entry, "account"), "account") for entry in answer)


def parse_scopes(answer: object) -> frozenset[str] | None:
    """What the token's application may do; None where the server does not tell (before 4.3).

    https://docs.joinmastodon.org/methods/apps/#verify_credentials
    """
    scopes = fields_of(answer, "application").get("scopes")
    if not isinstance(scopes, list) or not scopes:
        return None
    return frozenset(scope for scope in scopes if isinstance(scope, str))


def tags_of(status: Fields) -> frozenset[str]:
    """A post's hashtags as the server found them: https://docs.joinmastodon.org/entities/Status/#Tag

    Without their "#", case-folded.
    """
    return frozenset(
        text.casefold().removeprefix("#") for text in texts_within(status.get("tags"), "name")
    )


def mentions_of(status: Fields) -> frozenset[str]:
    """Whom a post mentions: https://docs.joinmastodon.org/entities/Status/#Mention"""
    return frozenset(texts_within(status.get("mentions"), "id"))


def profile_of(account: Fields) -> str:
    """What an account says of itself: its note and its fields, as HTML, line by line.

    https://docs.joinmastodon.org/entities/Account/#note
    """
    note = account.get("note")
    fields = account.get("fields")
    parts = [note] if isinstance(note, str) else []
    parts += [*texts_within(fields, "name"), *texts_within(fields, "value")]
    return "<br>".join(parts)


def acct_of(account: Fields) -> str:
    """How an account is mentioned: https://docs.joinmastodon.org/entities/Account/#acct"""
    found = account.get("acct")
    return found if isinstance(found, str) else ""


def parse_followers(answer: object) -> frozenset[str]:
    """Which of the accounts that were asked about follow the token's own.

    https://docs.joinmastodon.org/entities/Relationship/#followed_by
    """
    if not isinstance(answer, list):
        raise UnexpectedAnswerError(f"the server's answer is no list but {kind(answer)}")
    found = [fields_of(entry, "relationship") for entry in answer]
    return frozenset(id_of(one, "relationship") for one in found if one.get("followed_by") is True)


def parse_followed(answer: object) -> bool:
    """Whether an account is followed now; UnexpectedAnswerError for what is no relationship."""
    return fields_of(answer, "relationship").get("following") is True


def texts_within(entries: object, key: str) -> list[str]:
    """The texts under a key of a list's objects."""
    if not isinstance(entries, list):
        return []
    found = [entry.get(key) for entry in entries if isinstance(entry, Mapping)]
    return [text for text in found if isinstance(text, str)]
