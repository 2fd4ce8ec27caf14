"""Whose posts are described for whom: one rule when somebody asks, and until it is answered.

In this order, and the first that holds decides:

1. a bot's post is not described, so that two bots never talk to each other;
2. who said stop is left alone, whoever asks;
3. a post that stays on its server is not answered, since a reply would not stay there;
4. a post that not everybody sees is described for its author alone;
5. the hashtags and words of ``[opt_out]``, in the post or in its author's profile, count always;
6. a post is described for others than its author only with the author's consent, unless
   ``who = "anyone"``.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from alternator.bot.modes import Modes
from alternator.bot.wanted import Wanted
from alternator.config.conduct import OptOutSettings
from alternator.config.others import Who
from alternator.mastodon.entities import VISIBILITIES, Status
from alternator.store.asked import Asked, Consent

Refusal = Literal["bot", "stopped", "local", "restricted", "opted-out", "consent"]
# For the log, and for what is remembered.
REASONS: Mapping[Refusal, str] = {
    "bot": "its author is a bot",
    "stopped": "its author has said stop",
    "local": "the post stays on its server, and a reply would not",
    "restricted": "not everybody sees the post, and somebody else than its author asks",
    "opted-out": "the post or its author's profile says that bots are to leave it alone",
    "consent": "its author has never asked for descriptions",
}


class OthersWanted(Wanted):
    """Judges posts of others. Any thread may ask."""

    def __init__(self, asked: Asked, opt_out: OptOutSettings, who: Who) -> None:
        # What an operator takes out of the list for their own posts others still mean.
        tags = tuple(dict.fromkeys((*opt_out.tags, *OptOutSettings().tags)))
        theirs = replace(opt_out, tags=tags, profile=True)
        super().__init__(VISIBILITIES, theirs, Modes("reply"))
        self._asked = asked
        self._who = who

    def refusal(
        self, status: Status, asker: str, consent: Consent | None, *, for_all: bool = False
    ) -> Refusal | None:
        """Why a post is not described for somebody; ``consent`` is its author's."""
        by_author = asker == status.account_id
        if status.by_bot:
            return "bot"
        if consent is not None and consent.wish == "stopped":
            return "stopped"
        if for_all and (consent is None or consent.wish != "all"):
            return "stopped"
        if status.local_only:
            return "local"
        if is_restricted(status) and not by_author:
            return "restricted"
        if self.said_by_author(status) or self.said_in_profile(status):
            return "opted-out"
        if not by_author and consent is None and self._who == "authors":
            return "consent"
        return None

    def reason_against(self, status: Status) -> str | None:
        """Why a post that was taken on is not described now; None if there is no reason."""
        asking = self._asked.asking(status.id)
        if asking is None or asking.state == "dropped":
            return "nobody asks for it any more"
        found = self.refusal(
            status,
            asking.asker,
            self._asked.consent(status.account_id),
            for_all=asking.for_all,
        )
        return None if found is None else REASONS[found]


def is_restricted(status: Status) -> bool:
    """Whether not everybody can see a post. The account's followers are not its author's."""
    return status.audience in ("private", "direct")


def lacks(status: Status) -> bool:
    """Whether something attached to a post lacks a description."""
    return any(entry.lacks_description for entry in status.attachments)
