"""Takes on posts of others, within what an hour has room for, and says what comes to nothing."""

import logging
from collections.abc import Callable

from alternator.bot.find_posts import found_of
from alternator.bot.others.consent import DAY_SECONDS, Consents
from alternator.bot.others.rules import REASONS, OthersWanted, Refusal, is_restricted, lacks
from alternator.bot.others.words import BUSY, REFUSED, UNABLE, no_consent
from alternator.config.others import OthersSettings
from alternator.errors import EditRefusedError, ForbiddenError, GoneError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Notice, Status
from alternator.store.asked import Asking, Consent, answer_key
from alternator.store.interface import AccountState
from alternator.store.ledger import HOUR_SECONDS

log = logging.getLogger(__name__)

MINUTE_SECONDS = 60.0


class TakeOn:
    """Puts posts of others into the account's queue. For ``client``'s thread."""

    # size: each comes from another owner: session, state, operator, clock, parts of this room.
    def __init__(
        self,
        client: MastodonClient,
        state: AccountState,
        settings: OthersSettings,
        *,
        wanted: OthersWanted,
        consents: Consents,
        now: Callable[[], float],
    ) -> None:
        self._client = client
        self._state = state
        self._asked = state.asked
        self._settings = settings
        self._wanted = wanted
        self._consents = consents
        self._now = now

    def asked(self, notice: Notice, mention: Status, target: Status) -> None:
        """Somebody asks about a post: take it on, or tell them why not."""
        known = self._asked.asking(target.id)
        if known is not None and not known.for_all and known.state != "dropped":
            self._queue(known, target)
            return
        by_author = notice.account_id == target.account_id
        consent = self._asked.consent(target.account_id)
        if by_author and (consent is None or consent.wish == "stopped"):
            consent = Consent(person=target.account_id, wish="asked")  # they say so now
        refusal = self._wanted.refusal(target, notice.account_id, consent)
        if refusal is not None:
            self._refuse(notice, mention, target, refusal)
            return
        if self._is_over(notice.account_id):
            kind = f"others:busy:{notice.account_id}"
            self._consents.tell_once(kind, HOUR_SECONDS, notice, mention, BUSY)
            log.info("post %s is not taken on: %s has used up an hour's", target.id, notice.acct)
            return
        if by_author and consent is not None:
            self._asked.set_consent(consent)
        asking = Asking(
            status_id=target.id,
            asker=notice.account_id,
            author=target.account_id,
            address=f"@{notice.acct}",
            below=mention.id,
            is_open=not is_restricted(mention),
        )
        self._take(asking, target)

    def posted(self, status: Status) -> None:
        """Somebody posted who asked for all of their posts."""
        known = self._asked.asking(status.id)
        if known is not None:
            self._queue(known, status)
            return
        person = status.account_id
        consent = self._asked.consent(person)
        refusal = self._wanted.refusal(status, person, consent, for_all=True)
        if refusal is not None or self._is_over(person):
            reason = "an hour's are used up" if refusal is None else REASONS[refusal]
            log.info("post %s is not taken on: %s", status.id, reason)
            return
        asking = Asking(
            status_id=status.id,
            asker=person,
            author=person,
            address=f"@{status.acct}",
            below=status.id,
            is_open=not is_restricted(status),
            for_all=True,
            not_before=self._now() + self._settings.wait_minutes * MINUTE_SECONDS,
        )
        self._take(asking, status)

    def settle(self) -> None:
        """Close what is done with, and say to who asked what could not be described."""
        for asking in self._asked.open():
            sent = self._state.outgoing.of(answer_key(asking.status_id))
            pending = self._state.listing.number(("waiting", "claimed"), status_id=asking.status_id)
            if pending:
                continue
            if sent is not None and any(sent.posts):
                self._asked.close(asking.status_id, "answered")
                continue
            if not asking.for_all:
                self._say_unable(asking)
            self._asked.close(asking.status_id, "dropped")

    def _say_unable(self, asking: Asking) -> None:
        """Unless there is nothing to describe any more, or nobody wants it described."""
        try:
            status = self._client.status(asking.status_id)
            if lacks(status) and self._wanted.reason_against(status) is None:
                self._consents.say(asking.below, asking.address, UNABLE)
        except (GoneError, EditRefusedError, ForbiddenError) as error:
            log.info("%s is not told of post %s: %s", asking.address, asking.status_id, error)

    def _take(self, asking: Asking, status: Status) -> None:
        before = self._asked.asking(status.id)
        self._asked.ask(asking)
        self._queue(asking, status)
        if before is not None:  # it came to nothing, or waits
            self._state.listing.retry(status.id)
        log.info("post %s is taken on for %s", status.id, asking.address)

    def _queue(self, asking: Asking, status: Status) -> None:
        """Put a post into the queue; one that was taken on when the bot ended may not be there."""
        if asking.state != "open":
            return
        lacking = [entry for entry in status.attachments if entry.lacks_description]
        self._state.record(found_of(status, lacking, backfill=False))

    def _is_over(self, person: str) -> bool:
        since = self._now() - HOUR_SECONDS
        each, all_of_them = self._settings.asks_per_hour, self._settings.answers_per_hour
        return bool(
            (each and self._asked.asked_since(since, person) >= each)
            or (all_of_them and self._asked.asked_since(since) >= all_of_them)
        )

    def _refuse(self, notice: Notice, mention: Status, target: Status, refusal: Refusal) -> None:
        """Tell who asked why not: once a day for the posts of one author."""
        log.info("post %s is not described: %s", target.id, REASONS[refusal])
        kind = f"others:{refusal}:{notice.account_id}:{target.account_id}"
        text = no_consent(self._settings) if refusal == "consent" else REFUSED[refusal]
        self._consents.tell_once(kind, DAY_SECONDS, notice, mention, text)
