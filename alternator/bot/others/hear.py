"""Hears what others ask of the account: mentions, wishes, and posts of who asked for all of theirs.

A chore of the main thread. The stream only says that something is there (``stirred``); what it is
gets read from where it was left, so nothing is missed that came while the bot was off, and nothing
is done twice: a place is written down after what was found up to it. What was there before the
first look stays unanswered.
"""

import logging
from collections.abc import Callable
from contextlib import suppress

from alternator.accounts import scopes
from alternator.accounts.account import Account
from alternator.bot.messenger import words_of
from alternator.bot.others.consent import Consents
from alternator.bot.others.rules import lacks
from alternator.bot.others.take_on import TakeOn
from alternator.bot.others.words import command_of
from alternator.config.others import OthersSettings
from alternator.errors import (
    EditRefusedError,
    ForbiddenError,
    GoneError,
    TemporaryServerError,
)
from alternator.mastodon.client import PAGE, MastodonClient
from alternator.mastodon.entities import Notice, Status
from alternator.store.outcomes import by_age

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 900.0  # for what one mention needs, before the next ones go on
MOST_PAGES = 5  # in a step, so that describing has its turn


class Hearing:
    """What one account is asked for. ``stirred`` is for any thread, the rest for ``client``'s."""

    # size: each comes from another owner: account, thread, operator, and the parts of this room.
    def __init__(
        self,
        account: Account,
        client: MastodonClient,
        settings: OthersSettings,
        *,
        consents: Consents,
        take_on: TakeOn,
        monotonic: Callable[[], float],
    ) -> None:
        self._account = account
        self._client = client
        self._settings = settings
        self._consents = consents
        self._take_on = take_on
        self._asked = account.state.asked
        self._followed = self._asked.people("all")
        self._monotonic = monotonic
        self._failing, self._since = "", 0.0  # the notification that fails, and since when
        self.is_due = False

    def stirred(self, author: str | None) -> bool:
        """The stream brought a notification (None), or a post of this author: is it ours to do?"""
        if author is None or author in self._followed:
            self.is_due = True
            return True
        return False

    def step(self, *, everything: bool = False) -> None:
        """Read what is new, and say what has come to nothing. ServerError, StateError."""
        self.is_due = False
        pages = 1000 if everything else MOST_PAGES
        try:
            self._read_notices(pages)
            if self._settings.all_posts:
                self._read_home(pages)
        except ForbiddenError as error:
            more = " ".join(scopes.of_others(self._settings))
            raise ForbiddenError(
                f"what others ask for can't be read: [others] needs a token with {more} too; "
                f"`alternator accounts login` gets one ({error})"
            ) from None
        self._take_on.settle()
        self._followed = self._asked.people("all")

    def _read_notices(self, pages: int) -> None:
        place = self._asked.place("notices")
        if place is None:
            newest = self._client.notices(most=1)
            self._asked.set_place("notices", newest[-1].id if newest else "")
            return
        for _ in range(pages):
            notices = self._client.notices(above=place or None)
            # A server that takes no min_id gives the same page again and again.
            new = [one for one in notices if not place or by_age(one.id) > by_age(place)]
            for notice in new:
                self._hear(notice)
                place = notice.id
                self._asked.set_place("notices", place)
            if not new or len(notices) < PAGE:
                return
        self.is_due = True

    def _hear(self, notice: Notice) -> None:
        """Do what a notification asks for. One that can't be done does not stop the others."""
        if notice.account_id == self._account.id or notice.shunned or not notice.acct:
            return
        try:
            if notice.type == "follow":
                self._consents.follow_back(notice.account_id)
            elif notice.type == "mention" and notice.status is not None:
                self._mentioned(notice, notice.status)
        except GoneError as error:
            log.debug("notification %s comes to nothing: %s", notice.id, error)
        except (EditRefusedError, ForbiddenError) as error:  # they may have blocked the account
            log.warning("%s could not be answered: %s", notice.acct, error)
        except TemporaryServerError as error:
            # In an outage the list of notifications would not have come. It is about this one.
            now = self._monotonic()
            if notice.id != self._failing:
                self._failing, self._since = notice.id, now
            if error.retry_after is not None or now - self._since < PATIENCE_SECONDS:
                raise
            log.warning("what %s asked for is passed over: %s", notice.acct, error)

    def _mentioned(self, notice: Notice, status: Status) -> None:
        command = command_of(words_of(status), self._settings)
        # In a conversation of several the account is mentioned without being meant.
        alone = status.mentions <= {self._account.id}
        if command is not None and (alone or command.wish == "stopped"):
            self._consents.obey(notice, status, command)
            return
        target = self._target(status)
        if target is not None:
            self._take_on.asked(notice, status, target)
        elif status.audience == "direct" and status.in_reply_to_id is None:
            self._consents.explain(notice, status)

    def _target(self, status: Status) -> Status | None:
        """The post that a mention is about: the one that mentions, else the one that it answers.

        None where the mention was only carried over: who answers a post that mentions the account,
        or one of its own, mentions it without meaning to.
        """
        above = None
        if status.in_reply_to_id is not None:
            with suppress(GoneError):
                above = self._client.status(status.in_reply_to_id)
        if above is not None and above.account_id != status.account_id:
            own = self._account.id
            if above.account_id == own or own in above.mentions:
                return None
        if lacks(status):
            return status
        return above if above is not None and lacks(above) else None

    def _read_home(self, pages: int) -> None:
        """Take on what those posted who asked for all of their posts."""
        people = self._asked.people("all")
        if not people:
            return
        place = self._asked.place("home")
        for _ in range(pages):
            page = self._client.home(above=place or None)
            new = [one for one in page.statuses if not place or by_age(one.id) > by_age(place)]
            found = [
                status
                for status in reversed(new)
                if status.account_id in people and not status.is_boost and lacks(status)
            ]
            if found:
                staying = self._consents.still_following({one.account_id for one in found})
                for status in found:
                    if status.account_id in staying:
                        self._take_on.posted(status)
            ids = [*(status.id for status in page.statuses), *page.unread]
            newest = max(ids, key=by_age, default="")
            if by_age(newest) > by_age(place or ""):
                place = newest
                self._asked.set_place("home", place)
            if not new or len(ids) < PAGE:
                return
        self.is_due = True
