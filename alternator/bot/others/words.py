"""What people write to the account, and what it says to them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from alternator.bot.others.rules import Refusal
from alternator.bot.verdict import bare
from alternator.config.others import How, OthersSettings
from alternator.store.asked import Wish

# Between two wishes of one message: "describe my posts, suggest".
BETWEEN = re.compile(r"[,;.!\n]")

REFUSED: Mapping[Refusal, str] = {
    "bot": "I don't describe posts of other bots.",
    "stopped": "The author of this post does not want it described.",
    "local": "This post stays on its server, and my reply would not, so I leave it alone.",
    "restricted": "Not everybody can see this post, so only its author can ask me about it.",
    "opted-out": "This post, or its author's profile, asks bots to leave it alone, so I do.",
}
BUSY = (
    "I am asked for more than I may describe in an hour. Please ask again later: mention me once "
    "more below the post."
)
UNABLE = (
    "I could not describe what is attached to this post: it may be too large, damaged, or of a "
    "kind that I don't know. You can ask once more later."
)
SUGGESTED = "A description for your post{where}, to paste into it (edit the post, then its media):"


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a person wants from now on; None where they did not say."""

    wish: Wish | None = None
    how: How | None = None


def command_of(words: str, settings: OthersSettings) -> Command | None:
    """What a message asks for; None unless all of it is understood.

    "Please don't describe my posts" is no command, and so does nothing.
    """
    wish: Wish | None = None
    how: How | None = None
    meant = {
        "all": settings.all_words,
        "stopped": settings.stop_words,
        "reply": settings.reply_words,
        "suggestion": settings.suggestion_words,
    }
    said = [bare(part) for part in BETWEEN.split(words)]
    for part in filter(None, said):
        match next((name for name, known in meant.items() if part in map(bare, known)), None):
            case "all" | "stopped" as found:
                wish = "stopped" if "stopped" in (wish, found) else found
            case "reply" | "suggestion" as chosen:
                how = chosen
            case _:
                return None
    return None if wish is None and how is None else Command(wish=wish, how=how)


def first(words: tuple[str, ...], otherwise: str = "") -> str:
    """The word that people are told, in quotation marks."""
    return f'"{next(iter(words), otherwise)}"'


def no_consent(settings: OthersSettings) -> str:
    """What somebody is told who asks about another's post."""
    ways = "they can mention me below it"
    if settings.all_posts and settings.all_words:
        ways += f", or write {first(settings.all_words)} to me in a direct message"
    return (
        f"I describe a post only if its author wants that. If they do, {ways}. After that you can "
        f"ask about their posts too."
    )


def help_for(settings: OthersSettings) -> str:
    """What the account does, and what it understands."""
    about = "I describe pictures, sound and video that have no description."
    lines = [f"{about} Mention me in your post, or in a reply below it."]
    if settings.all_posts and settings.all_words:
        lines.append(
            f"For all of your posts, follow me and write {first(settings.all_words)} to me."
        )
    if settings.suggestion_words and settings.reply_words:
        lines.append(
            f"Write {first(settings.suggestion_words)} for descriptions by direct message, to "
            f"paste into your post, or {first(settings.reply_words)} for replies."
        )
    if settings.stop_words:
        lines.append(f"Write {first(settings.stop_words)} to end all of it.")
    return "\n\n".join(lines)


# size: what it depends on, each from another owner.
def agreed(command: Command, settings: OthersSettings, *, follows: bool, how: How | None) -> str:
    """What a command is answered with; ``how`` is what holds from now on."""
    if command.wish == "stopped":
        return "I describe none of your posts any more, whoever asks."
    by = "direct message" if how == "suggestion" else "reply"
    if command.wish != "all":
        return f"From now on I describe your posts by {by}."
    if not settings.all_posts:
        return "I describe only what I am asked about: mention me below each such post."
    end = f" Write {first(settings.stop_words)} to end it." if settings.stop_words else ""
    if not follows:
        return (
            f"Please follow me, so that I know you mean it. Then I follow you back, and describe "
            f"your new posts by {by}.{end}"
        )
    return f"I describe your new posts that lack a description, by {by}.{end}"
