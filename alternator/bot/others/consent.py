"""What people want done with their posts: heard, kept, and confirmed to them.

Only what a person says themselves counts. To follow the account says nothing yet; it follows back
who asked for all of their posts, and nobody else, and no longer when they say stop or leave.
"""

import logging
from collections.abc import Collection
from dataclasses import replace

from alternator.bot.others.words import Command, agreed, help_for
from alternator.bot.outbox import Outbox
from alternator.config.others import OthersSettings
from alternator.errors import EditRefusedError, ForbiddenError, GoneError, TakenBackError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import NewPost, Notice, Status
from alternator.store.asked import Consent, Wish
from alternator.store.interface import AccountState

log = logging.getLogger(__name__)

DAY_SECONDS = 24 * 3600.0
LANGUAGE = "en"


class Consents:
    """The people who have to do with one account. For ``client``'s thread."""

    def __init__(
        self,
        client: MastodonClient,
        state: AccountState,
        settings: OthersSettings,
        outbox: Outbox,
    ) -> None:
        self._client = client
        self._state = state
        self._asked = state.asked
        self._settings = settings
        self._outbox = outbox

    def obey(self, notice: Notice, status: Status, command: Command) -> None:
        """Do what a message asks for, and say so. ServerError if it can't be done now."""
        person = notice.account_id
        before = self._asked.consent(person)
        wish = self._wish(command, before)
        if wish == "all" and not (before is not None and before.wish == "all"):
            self._begin_home(status.id)
        self._asked.set_consent(Consent(person=person, wish=wish, how=command.how))
        follows = False
        if wish == "stopped":
            self._stop(person)
        elif wish == "all":
            follows = self.follow_back(person)
        after = self._asked.consent(person)
        how = (after.how if after is not None else None) or self._settings.how
        log.info("%s wants from now on: %s, by %s", notice.acct, wish, how)
        said = replace(command, wish=command.wish or (wish if wish == "stopped" else None))
        self.tell(notice, status, agreed(said, self._settings, follows=follows, how=how))

    def _wish(self, command: Command, before: Consent | None) -> Wish:
        """What holds from now on."""
        if command.wish == "all" and not self._settings.all_posts:
            return "asked" if before is None or before.wish == "stopped" else before.wish
        return command.wish or ("asked" if before is None else before.wish)

    def explain(self, notice: Notice, status: Status) -> None:
        """Say what the account does, to who wrote to it and was not understood: once a day."""
        kind = f"others:help:{notice.account_id}"
        self.tell_once(kind, DAY_SECONDS, notice, status, help_for(self._settings))

    def tell(self, notice: Notice, below: Status, text: str) -> None:
        """Say something to who sent a notification, once, below their post."""
        self.say(below.id, f"@{notice.acct}", text)

    # size: what is said, to whom, and how often.
    def tell_once(self, kind: str, apart: float, notice: Notice, below: Status, text: str) -> None:
        """Say something of a kind, once in so many seconds; what was begun is said to its end."""
        is_begun = self._state.outgoing.of(notice_key(below.id)) is not None
        if is_begun or self._state.ledger.tell(kind, apart=apart):
            self.tell(notice, below, text)

    def say(self, below: str, name: str, text: str) -> None:
        """Say something, once, below the post with this id."""
        post = NewPost(text=text, visibility="direct", language=LANGUAGE, in_reply_to_id=below)
        try:
            self._outbox.send(notice_key(below), name, post)
        except TakenBackError as error:
            log.info("%s is not told more: %s", name, error)

    def follow_back(self, person: str) -> bool:
        """Follow who follows and asked for all of their posts; whether they follow."""
        consent = self._asked.consent(person)
        if consent is None or consent.wish != "all" or not self._settings.all_posts:
            return False
        if person not in self._client.followers_among([person]):
            return False
        self._client.follow(person, key=f"alternator-follow-{person}")
        return True

    def still_following(self, people: Collection[str]) -> frozenset[str]:
        """Which of them still follow; who left is taken at that word."""
        staying = self._client.followers_among(people)
        for person in set(people) - staying:
            log.info("account %s follows no longer: its posts are described no longer", person)
            self._asked.set_consent(Consent(person=person, wish="asked"))
            self._unfollow(person)
        return staying & frozenset(people)

    def _begin_home(self, place: str) -> None:
        """What was posted before somebody asked for all of their posts stays as it is.

        Servers put it into the timeline when they are followed:
        https://github.com/mastodon/mastodon/blob/main/app/workers/merge_worker.rb
        """
        if not self._asked.people("all"):
            self._asked.set_place("home", place)

    def _stop(self, person: str) -> None:
        for asking in self._asked.open():
            if asking.author == person:
                self._asked.close(asking.status_id, "dropped")
        self._unfollow(person)

    def _unfollow(self, person: str) -> None:
        if not self._settings.all_posts:
            return
        try:
            self._client.follow(person, key=f"alternator-unfollow-{person}", follows=False)
        except (ForbiddenError, GoneError, EditRefusedError) as error:
            log.warning("account %s could not be unfollowed: %s", person, error)


def notice_key(below: str) -> str:
    """The key under which something is said below a post, beside an answer to it."""
    return f"notice:{below}"
