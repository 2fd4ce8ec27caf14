"""Goes through old posts, page by page, and records what lacks a description: a backfill.

How far it came is written down after each page, so one that was broken off goes on there. What it
records waits in the state like any other post from before the first start: after all new ones, and
only while more of the server's limit on edits is left than its author's share.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from alternator.alt_text.takes_on import takes_on
from alternator.bot.find_posts import begin_traces, found_of
from alternator.bot.wanted import Wanted
from alternator.config.settings import Config
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Page, Status
from alternator.store.interface import AccountState
from alternator.store.ledger import BackfillPlace
from alternator.store.outcomes import Found, by_age


@dataclass(kw_only=True)
class Seen:
    """What was seen so far: numbers of posts and attachments, and the date of the last post."""

    posts: int = 0
    attachments: int = 0
    new: int = 0


class Backfill:
    """Old posts of one account. For the thread that ``client`` belongs to.

    ``state`` is None for a dry run: nothing is recorded then. ``seen`` is told after each page.
    """

    # size: session, account, operator, state, who waits.
    def __init__(
        self,
        client: MastodonClient,
        account_id: str,
        config: Config,
        state: AccountState | None,
        *,
        wanted: Wanted,
        told: Callable[[Seen], None],
    ) -> None:
        self._client = client
        self._account_id = account_id
        self._config = config
        self._state = state
        self._wanted = wanted
        self._told = told

    def walk(self, place: BackfillPlace) -> Seen:
        """Go on from a place to the end of what it wants. ServerError; called again it goes on."""
        seen = Seen()
        while not place.done:
            page = self._client.own_statuses(self._account_id, max_id=place.below)
            wanted, place = self._of_page(page, place)
            found = [entry for status in wanted for entry in self._found(status)]
            seen.posts += len(wanted)
            seen.attachments += sum(len(entry.attachment_ids) for entry in found)
            if self._state is not None:
                new = self._state.record(found)
                begin_traces(found, new, self._config.mastodon.instance_url, "backfill", {})
                seen.new += len(new)
                self._state.ledger.set_backfill(place)
            self._told(seen)
        return seen

    def _of_page(self, page: Page, place: BackfillPlace) -> tuple[list[Status], BackfillPlace]:
        """The posts of a page that are wanted, and the place below them."""
        if page.oldest is None:
            return [], replace(place, done=True)
        # Pinned posts may stand first, whatever their age.
        statuses = sorted(page.statuses, key=lambda status: by_age(status.id), reverse=True)
        wanted = [status for status in statuses if not is_before(status, place.since)]
        if place.left is not None:
            wanted = wanted[: place.left]
            left = place.left - len(wanted)
            place = replace(place, left=left, done=left == 0)
        if len(wanted) < len(statuses):
            place = replace(place, done=True)
        return wanted, replace(place, below=page.oldest)

    def _found(self, status: Status) -> list[Found]:
        """What is to be done for a post."""
        if status.is_boost or self._wanted.reason_against(status) is not None:
            return []
        sees, hears = self._config.vision.enabled, self._config.whisper.enabled
        lacking = [
            entry
            for entry in status.attachments
            if entry.lacks_description and takes_on(entry, sees=sees, hears=hears)
        ]
        return found_of(status, lacking, backfill=True)


def is_before(status: Status, since: float | None) -> bool:
    """Whether a post was made before a moment; one that tells no time is taken for old."""
    if since is None:
        return False
    return status.created_at is None or status.created_at.timestamp() < since
