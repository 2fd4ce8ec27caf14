"""Reads an account's notifications: https://docs.joinmastodon.org/entities/Notification/"""

from alternator.errors import UnexpectedAnswerError
from alternator.mastodon.entities import Notice
from alternator.mastodon.json_fields import fields_of, id_of, kind, text_of
from alternator.mastodon.parse import post_within
from alternator.mastodon.parse_people import acct_of
from alternator.store.outcomes import by_age


def parse_notices(answer: object) -> tuple[Notice, ...]:
    """A page of notifications, oldest first. UnexpectedAnswerError for what is none."""
    if not isinstance(answer, list):
        raise UnexpectedAnswerError(f"the server's answer is no list but {kind(answer)}")
    return tuple(sorted(map(notice_of, answer), key=lambda notice: by_age(notice.id)))


def notice_of(entry: object) -> Notice:
    """One notification; a post in it that is not understood is left out."""
    fields = fields_of(entry, "notification")
    account = fields_of(fields.get("account"), "account")
    return Notice(
        id=id_of(fields, "notification"),
        type=text_of(fields, "type") or "",
        account_id=id_of(account, "account"),
        acct=acct_of(account),
        shunned=account.get("bot") is True or account.get("limited") is True,
        status=post_within(fields.get("status")),
    )
