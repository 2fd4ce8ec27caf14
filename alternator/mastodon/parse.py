"""Reads a Mastodon server's answers into typed objects, each once, where it arrives.

What else an answer holds is ignored. What is not understood is an ``UnexpectedAnswerError``: an
edit made from a half-understood status would damage it. JSON comes as it was sent, or as
Mastodon.py's listener hands it on, which has read the times already.
"""

from collections.abc import Mapping
from typing import get_args

from alternator.errors import UnexpectedAnswerError
from alternator.mastodon.dialect import recognise
from alternator.mastodon.entities import (
    Account,
    Attachment,
    AttachmentType,
    Focus,
    Instance,
    Page,
    Poll,
    PollOption,
    QuoteApproval,
    Revision,
    Source,
    Status,
)
from alternator.mastodon.json_fields import (
    Fields,
    fields_of,
    flag_of,
    given_text,
    id_of,
    inner,
    kind,
    list_of,
    number_of,
    reference_of,
    text_of,
    time_of,
)
from alternator.mastodon.parse_people import acct_of, mentions_of, profile_of, tags_of

# What a server tells of itself that has no description of itself at all.
NOTHING_TOLD = {"version": "unknown"}
# Characters of a post where a server does not tell (before 3.4.2): no known one takes fewer.
# https://docs.joinmastodon.org/entities/V1_Instance/#max_characters
USUAL_POST_LIMIT = 500

ATTACHMENT_TYPES: dict[str | None, AttachmentType] = {n: n for n in get_args(AttachmentType)}


def parse_account(answer: object, host: str) -> Account:
    """An account of the server ``host``. UnexpectedAnswerError for what is none."""
    fields = fields_of(answer, "account")
    return Account(id=id_of(fields, "account"), name=f"{text_of(fields, 'acct') or ''}@{host}")


def parse_attachment(answer: object) -> Attachment:
    """UnexpectedAnswerError for what is no attachment."""
    fields = fields_of(answer, "attachment")
    meta = inner(fields, "meta")
    focus = inner(meta, "focus")
    x, y = number_of(focus, "x"), number_of(focus, "y")
    return Attachment(
        id=id_of(fields, "attachment"),
        type=ATTACHMENT_TYPES.get(text_of(fields, "type"), "unknown"),
        # Of another server's, where this one keeps no copy, there is but the original.
        # https://docs.joinmastodon.org/entities/MediaAttachment/#remote_url
        url=text_of(fields, "url") or text_of(fields, "remote_url") or None,
        description=text_of(fields, "description"),
        focus=None if x is None or y is None else Focus(x=float(x), y=float(y)),
        duration=_duration(meta),
    )


def parse_poll(answer: object) -> Poll:
    """UnexpectedAnswerError for what is no poll."""
    fields = fields_of(answer, "poll")
    options = []
    for entry in list_of(fields, "options"):
        option = fields_of(entry, "option of a poll")
        count = number_of(option, "votes_count")
        options.append(
            PollOption(
                title=text_of(option, "title") or "",
                votes_count=None if count is None else int(count),
            )
        )
    return Poll(
        options=tuple(options),
        multiple=flag_of(fields, "multiple"),
        expired=flag_of(fields, "expired"),
        expires_at=time_of(fields, "expires_at"),
    )


def parse_status(answer: object) -> Status:
    """UnexpectedAnswerError for what is no status, and for half of one.

    Every server gives the text's fields of each post, so one without them is no post whose text is
    empty: an edit made from it would empty the post.
    """
    fields = fields_of(answer, "status")
    poll = fields.get("poll")
    author = fields_of(fields.get("account"), "account")
    return Status(
        id=id_of(fields, "status"),
        account_id=id_of(author, "account"),
        created_at=time_of(fields, "created_at"),
        edited_at=time_of(fields, "edited_at"),
        visibility=given_text(fields, "visibility"),
        content=given_text(fields, "content"),
        spoiler_text=given_text(fields, "spoiler_text"),
        sensitive=flag_of(fields, "sensitive"),
        language=text_of(fields, "language") or None,
        attachments=tuple(map(parse_attachment, list_of(fields, "media_attachments"))),
        poll=None if poll is None else parse_poll(poll),
        quote_approval=_quote_approval(inner(fields, "quote_approval")),
        is_boost=fields.get("reblog") is not None,
        in_reply_to_id=reference_of(fields, "in_reply_to_id"),
        local_only=None if fields.get("local_only") is None else flag_of(fields, "local_only"),
        quotes=bool(inner(fields, "quote")),
        quoted_id=_quoted_id(inner(fields, "quote")),
        tags=tags_of(fields),
        profile=profile_of(author),
        favourited=fields.get("favourited") is True,
        url=url if isinstance(url := fields.get("url"), str) else None,
        boosted=post_within(fields.get("reblog")),
        acct=acct_of(author),
        mentions=mentions_of(fields),
        by_bot=author.get("bot") is True,
    )


def parse_page(answer: object) -> Page:
    """A page of statuses. UnexpectedAnswerError for what is none.

    One status that is not understood does not hold up the others.
    """
    if not isinstance(answer, list):
        raise UnexpectedAnswerError(f"the server's answer is no list of posts but {kind(answer)}")
    statuses, unread = [], []
    oldest = None
    for entry in answer:
        oldest = id_of(fields_of(entry, "status"), "status")
        try:
            statuses.append(parse_status(entry))
        except UnexpectedAnswerError:
            unread.append(oldest)
    return Page(statuses=tuple(statuses), unread=tuple(unread), oldest=oldest)


def parse_source(answer: object) -> Source:
    """UnexpectedAnswerError for what is no source."""
    fields = fields_of(answer, "source of a post")
    text = text_of(fields, "text")
    if text is None:
        raise UnexpectedAnswerError("the server's answer is no source of a post: it has no text")
    return Source(
        id=id_of(fields, "source of a post"),
        text=text,
        spoiler_text=given_text(fields, "spoiler_text"),
        content_type=text_of(fields, "content_type") or None,
    )


def parse_history(answer: object) -> tuple[Revision, ...]:
    """A post's versions, oldest first. UnexpectedAnswerError for what is no history."""
    if not isinstance(answer, list):
        raise UnexpectedAnswerError(f"the server's answer is no history but {kind(answer)}")
    return tuple(map(_revision, answer))


def parse_instance(answer: object, software: str | None = None) -> Instance:
    """What the server says of itself. UnexpectedAnswerError for what is nothing such.

    ``software`` is its name in nodeinfo, if it tells it there. A limit that it does not announce
    (Mastodon does since 4.4) is its dialect's.
    """
    fields = fields_of(answer, "description of itself")
    configuration = inner(fields, "configuration")
    # Akkoma and Pleroma give the limit at the top level:
    # https://docs.akkoma.dev/stable/development/API/differences_in_mastoapi_responses/#instance
    limit = number_of(inner(configuration, "media_attachments"), "description_limit")
    limit = limit or number_of(fields, "description_limit")
    posts = number_of(inner(configuration, "statuses"), "max_characters")
    streaming = text_of(inner(configuration, "urls"), "streaming")
    # Every server names one. Taken for Mastodon, another would be sent what harms its posts.
    version = text_of(fields, "version")
    if not version:
        raise UnexpectedAnswerError("the server's answer is no description of itself")
    dialect = recognise(version, software)
    return Instance(
        version=version,
        description_limit=int(limit or dialect.description_limit),
        post_limit=int(posts or USUAL_POST_LIMIT),
        streaming_url=streaming or text_of(inner(fields, "urls"), "streaming_api") or None,
        dialect=dialect,
    )


def post_within(reblog: object) -> Status | None:
    """The post that something else is of; None for one that is not understood."""
    try:
        return None if reblog is None else parse_status(reblog)
    except UnexpectedAnswerError:
        return None


def _revision(answer: object) -> Revision:
    fields = fields_of(answer, "version of a post")
    poll = inner(fields, "poll")
    options = list_of(poll, "options") if poll else []
    return Revision(
        created_at=time_of(fields, "created_at"),
        content=given_text(fields, "content"),
        spoiler_text=given_text(fields, "spoiler_text"),
        sensitive=flag_of(fields, "sensitive"),
        attachments=tuple(map(parse_attachment, list_of(fields, "media_attachments"))),
        poll_options=tuple(
            text_of(fields_of(option, "option of a poll"), "title") or "" for option in options
        ),
    )


def _duration(meta: Fields) -> float | None:
    """Of a video, in seconds. It only helps to choose a frame, so any other value is none."""
    original = meta.get("original")
    found = original.get("duration") if isinstance(original, Mapping) else None
    return found if isinstance(found, float | int) and found > 0 else None


def _quoted_id(quote: Fields) -> str | None:
    """The id of the post that is quoted: https://docs.joinmastodon.org/entities/Quote/"""
    return reference_of(inner(quote, "quoted_status"), "id") or reference_of(
        quote, "quoted_status_id"
    )


def _quote_approval(fields: Fields) -> QuoteApproval | None:
    """Who may quote a status, where the server tells it (Mastodon since 4.5)."""
    if fields.get("automatic") is None:
        return None
    manual = list_of(fields, "manual") if fields.get("manual") is not None else []
    return QuoteApproval(
        automatic=frozenset(map(str, list_of(fields, "automatic"))),
        manual=frozenset(map(str, manual)),
    )
