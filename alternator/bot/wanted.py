"""Which posts are described at all: by who sees them, and by what their author says of bots.

One rule for those that find posts and for those that describe them. Nothing of a post that is left
alone here is fetched or sent anywhere. It is not written down either, so one whose author takes the
hashtag away is found by that edit.
"""

import logging
import re
from collections.abc import Collection, Iterable

from alternator.bot.modes import Modes
from alternator.config.conduct import OptOutSettings
from alternator.mastodon.entities import Status
from alternator.mastodon.plain import text_of_html

log = logging.getLogger(__name__)

# Who may see a post that is described, where the configuration says nothing.
USUAL_VISIBILITIES = ("public", "unlisted", "private")


class Wanted:
    """Judges posts of one account. Any thread may ask."""

    def __init__(
        self,
        visibilities: Collection[str] = USUAL_VISIBILITIES,
        opt_out: OptOutSettings | None = None,
        modes: Modes | None = None,
    ) -> None:
        self.modes = modes or Modes()
        self.opt_out = opt_out or OptOutSettings()
        self._visibilities = frozenset(visibilities)
        self._tags = tuple(tag.casefold().lstrip("#") for tag in self.opt_out.tags if tag.strip())
        self._in_profile = pattern_of(f"#{tag}" for tag in self._tags)
        self._words = pattern_of(self.opt_out.words)
        self._profile_told = False

    def reason_against(self, status: Status) -> str | None:
        """Why no attachment of this post is described; None if there is no reason."""
        if status.audience not in self._visibilities:
            return (
                f"the post's visibility is {status.visibility or 'not known'}; [mastodon] "
                f"visibilities says which are described"
            )
        if status.in_reply_to_id is not None and not self.opt_out.replies:
            return "the post is a reply; [opt_out] replies is false"
        return self.said_by_author(status) or self._reason_in_profile(status)

    def said_by_author(self, status: Status) -> str | None:
        """What an author says in a post itself that bots are to leave it alone for."""
        for tag in self._tags:
            if tag in status.tags:
                return f"the post has the hashtag #{tag} ([opt_out] tags)"
        text = f"{text_of_html(status.content)}\n{text_of_html(status.spoiler_text)}"
        if (found := self._words.search(text)) is not None:
            return f"the post has the word {found[0]!r} ([opt_out] words)"
        return None

    def said_in_profile(self, status: Status) -> str | None:
        """As Altbot has it: https://github.com/micr0-dev/Altbot/blob/main/main.go (isDNI)"""
        if not self.opt_out.profile or "#" not in status.profile:
            return None
        found = self._in_profile.search(text_of_html(status.profile))
        return found and f"the account's profile has {found[0]} ([opt_out] profile)"

    def _reason_in_profile(self, status: Status) -> str | None:
        reason = self.said_in_profile(status)
        if reason is not None and not self._profile_told:
            self._profile_told = True
            log.warning("no post is described: %s; set it to false to describe them", reason)
        return reason


def pattern_of(words: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the words, or sequences of words, as a whole; nothing if there are none."""
    found = [word.split() for word in words if word.split()]
    parts = (r"\s+".join(map(re.escape, word)) for word in found)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)" if found else r"(?!)", re.IGNORECASE)
