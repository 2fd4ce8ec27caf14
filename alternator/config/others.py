"""What an operator can configure of describing for others who ask for it: ``[others]``."""

from dataclasses import dataclass, field
from typing import Literal

from alternator.config.keys import key

# "authors"  posts whose author has asked for it, once at least;
# "anyone"   whatever post somebody mentions the account below, unless its author has said no.
Who = Literal["authors", "anyone"]
# "reply"       a reply below the post;
# "suggestion"  a direct message to the author, to paste from.
How = Literal["reply", "suggestion"]
Widest = Literal["unlisted", "direct"]


@dataclass(frozen=True, kw_only=True)
class OthersSettings:
    """``[others]``: an account that describes for others who ask it to."""

    enabled: bool = field(
        default=False,
        metadata=key(
            "Describe posts of others below which somebody mentions the account "
            "([modes.md](modes.md#for-others)). Needs the scope `read:notifications` too."
        ),
    )
    who: Who = field(
        default="authors",
        metadata=key(
            "Whose posts: `authors`, who asked for it themselves, once at least; or those of "
            "`anyone`, whoever asks. An author's no always counts."
        ),
    )
    how: How = field(
        default="reply",
        metadata=key(
            "How it answers: by a `reply` to the post, or by a direct message to its author, a "
            "`suggestion` to paste. What an author chose goes before that."
        ),
    )
    visibility: Widest = field(
        default="unlisted",
        metadata=key(
            "Who may see a reply at most: `unlisted`, or only who asked (`direct`). It is direct "
            "wherever the post, or the asking, is seen by fewer than everybody."
        ),
    )
    all_posts: bool = field(
        default=True,
        metadata=key(
            "Authors may ask for all of their posts, by a direct message; the account follows "
            "those back. Needs the scopes `read:follows write:follows` too."
        ),
    )
    wait_minutes: float = field(
        default=3.0,
        metadata=key(
            "How long such an author has to describe a post before the account does.",
            minimum=0,
            maximum=1440,
        ),
    )
    asks_per_hour: int = field(
        default=20,
        metadata=key(
            "Most posts that are taken on in an hour from one person; what is over it is "
            "refused. 0: no limit.",
            minimum=0,
            maximum=10_000,
        ),
    )
    answers_per_hour: int = field(
        default=100,
        metadata=key(
            "Most posts that are taken on in an hour from all of them. 0: no limit.",
            minimum=0,
            maximum=10_000,
        ),
    )
    all_words: tuple[str, ...] = field(
        default=("describe my posts",),
        metadata=key("Words to the account that ask for all of an author's posts."),
    )
    stop_words: tuple[str, ...] = field(
        default=("stop",),
        metadata=key("Words that end it: no post of who says so is described for anybody."),
    )
    reply_words: tuple[str, ...] = field(
        default=("reply",), metadata=key("Words by which an author wants replies.")
    )
    suggestion_words: tuple[str, ...] = field(
        default=("suggest",), metadata=key("Words by which an author wants direct messages.")
    )
