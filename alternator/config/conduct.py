"""What an operator can configure of what is done with a text, of which posts, and how fast."""

from dataclasses import dataclass, field
from typing import Literal

from alternator.config.keys import key

# "edit"     written into the post;
# "dry-run"  logged and kept in the state, and nothing more;
# "review"   kept until its author approves it;
# "reply"    posted as a reply.
Mode = Literal["edit", "dry-run", "review", "reply"]


@dataclass(frozen=True, kw_only=True)
class ModeSettings:
    """``[modes]``: what is done with a text, by who may see the post."""

    public: Mode | None = field(
        default=None, metadata=key("The mode for public posts. Default: `[mastodon] mode`.")
    )
    unlisted: Mode | None = field(
        default=None, metadata=key("The mode for unlisted posts. Default: `[mastodon] mode`.")
    )
    private: Mode | None = field(
        default=None,
        metadata=key("The mode for posts to followers. Default: `[mastodon] mode`."),
    )
    direct: Mode | None = field(
        default=None,
        metadata=key(
            "The mode for direct posts, where `[mastodon] visibilities` names them. Default: "
            "`[mastodon] mode`."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class ReviewSettings:
    """``[review]``: how a draft's author is asked, and answers."""

    message: bool = field(
        default=True,
        metadata=key(
            "Send each draft to its author as a direct message. `false`: drafts are decided "
            "about by `alternator drafts` alone."
        ),
    )
    approve_words: tuple[str, ...] = field(
        default=("ok", "yes"), metadata=key("Replies that approve a draft.")
    )
    refuse_words: tuple[str, ...] = field(
        default=("no",), metadata=key("Replies that refuse a draft, or one text of it.")
    )
    favourite: bool = field(
        default=True, metadata=key("A favourite of the message approves the draft, too.")
    )
    keep_days: int = field(
        default=30,
        metadata=key("Days that a draft waits for a word. 0: for ever.", minimum=0, maximum=3650),
    )


@dataclass(frozen=True, kw_only=True)
class OptOutSettings:
    """``[opt_out]``: which posts are left alone."""

    tags: tuple[str, ...] = field(
        default=("noai", "nobot", "nollm"),
        metadata=key("Posts with one of these hashtags are left alone."),
    )
    words: tuple[str, ...] = field(
        default=(),
        metadata=key(
            "Posts with one of these words, or sequences of words, in their text or content "
            "warning are left alone."
        ),
    )
    profile: bool = field(
        default=True,
        metadata=key(
            "While the account's profile (its note or its fields) has one of the hashtags, all "
            "of its posts are left alone."
        ),
    )
    replies: bool = field(
        default=True, metadata=key("Describe replies. `false`: they are left alone.")
    )
    boosts: bool = field(
        default=False,
        metadata=key(
            "Describe an old post of the account's own when the account boosts it. Posts of "
            "others are never described."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class PaceSettings:
    """``[pace]``: an hourly budget."""

    edits_per_hour: int = field(
        default=0,
        metadata=key(
            "Most posts that are edited (or answered) in an hour; what is over it waits. 0: no "
            "limit of ours.",
            minimum=0,
            maximum=10_000,
        ),
    )
    descriptions_per_hour: int = field(
        default=0,
        metadata=key(
            "Most texts that are made in an hour; a post that was begun is described whole. 0: "
            "no limit.",
            minimum=0,
            maximum=10_000,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class MessageSettings:
    """``[messages]``: direct messages to the account."""

    budget: bool = field(
        default=False,
        metadata=key(
            "Say that a budget is used up and posts wait for it (`[vision] daily_tokens`, "
            "`[pace]`), once a day at most."
        ),
    )
    gpu: bool = field(
        default=False,
        metadata=key(
            "Say that speech is computed without the GPU now, once a day at most. Low credit: "
            "`[balance]`."
        ),
    )
    token: bool = field(
        default=False,
        metadata=key(
            "Say that the account's token is refused, once a day at most; needs `access_token`."
        ),
    )
    to: str | None = field(
        default=None,
        metadata=key("Who is told, as `@name` or `@name@server`. Default: the account itself."),
    )
    access_token: str | None = field(
        default=None,
        repr=False,
        metadata=key(
            "Token of a second account on the same server, which then sends all direct messages. "
            "Its scopes: `read:accounts read:statuses write:statuses`. Default: the account "
            "writes to itself.",
            secret=True,
        ),
    )
