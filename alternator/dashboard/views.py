"""What the pages show, put together from the account's state; the templates hold the words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alternator.dashboard.errors import PageError
from alternator.dashboard.watched import Watched
from alternator.store.edit_history import PastEdit
from alternator.store.interface import AccountState
from alternator.store.listing import Listed
from alternator.store.outcomes import AttachmentState

PER_PAGE = 25
ALL: tuple[AttachmentState, ...] = ("described", "waiting", "claimed", "left", "failed")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What of the posts is shown: a state, None for all; one post, '' for all."""

    state: AttachmentState | None = None
    post: str = ""

    @property
    def states(self) -> tuple[AttachmentState, ...]:
        """The states that are let through."""
        return ALL if self.state is None else (self.state,)


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Which page of how many, and the numbers of the entries on it, from 1 on."""

    number: int
    of: int
    first: int
    last: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Results:
    """A page of attachments."""

    entries: Sequence[Listed]
    pages: Pages


def results(state: AccountState, wanted: Filter, page: int) -> Results:
    """One page of what is wanted. A page that is past the last one is the last one."""
    listing = state.listing
    post = wanted.post or None
    total = listing.number(wanted.states, status_id=post)
    of = max(-(-total // PER_PAGE), 1)
    number = min(page, of)
    skip = (number - 1) * PER_PAGE
    entries = listing.page(wanted.states, most=PER_PAGE, skip=skip, status_id=post)
    first = skip + 1 if entries else 0
    pages = Pages(number=number, of=of, first=first, last=skip + len(entries), total=total)
    return Results(entries=entries, pages=pages)


def past_of(state: AccountState, status_id: str) -> dict[str, PastEdit]:
    """The last that was written about each attachment of a post, by its id."""
    entries = state.history.entries(status_id=status_id)
    return {entry.writing.attachment_id: entry for entry in reversed(entries)}


def written_on(state: AccountState, entries: Sequence[Listed]) -> dict[tuple[str, str], str]:
    """The texts of ours that stand in these attachments' posts, by post and attachment."""
    return {
        (status_id, key): entry.writing.text
        for status_id in dict.fromkeys(entry.status_id for entry in entries)
        for key, entry in past_of(state, status_id).items()
        if entry.stands
    }


def filter_of(asked: Mapping[str, str]) -> Filter:
    """What a query asks for; PageError where there is no such state."""
    state, post = asked.get("state", ""), asked.get("post", "").strip()[:100]
    found = next((known for known in ALL if known == state), None)
    if state and found is None:
        raise PageError(404, f"There is no state {state[:20]!r}.")
    # What somebody copies is a post's address rather than its id.
    return Filter(state=found, post=post.rstrip("/").rpartition("/")[2])


def number_of(asked: Mapping[str, str], name: str, least: int = 1) -> int:
    """A whole number of a query, ``least`` where it is none or less."""
    text = asked.get(name, "")
    return max(int(text), least) if text.isascii() and text.isdigit() and len(text) < 9 else least


def post_url(watched: Watched, status_id: str) -> str:
    """Where the post is on its server, as Mastodon's own pages have it.

    https://github.com/mastodon/mastodon/blob/main/config/routes.rb (short_account_status). One of
    somebody else, who asked for it, by its id alone, for who is logged in there:
    https://github.com/mastodon/mastodon/blob/main/config/routes/web_app.rb
    """
    server = watched.config.mastodon.instance_url.rstrip("/")
    if watched.account.state.asked.asking(status_id) is not None:
        return f"{server}/statuses/{status_id}"
    return f"{server}/@{watched.name.partition('@')[0]}/{status_id}"
