# size: a method for each request that is made, a few lines each
"""The Mastodon client API as the bot needs it: each answer is what was asked for, or an error.

How a request is made and its answer told from others' stands in ``api_session.py``. Here each is
read once into a typed object, whose id must be the one that was asked for; anything else is an
``UnexpectedAnswerError``, which is temporary.

Answers are read from the JSON as it came: Mastodon.py makes None of what it does not understand and
a list of an error, and an edit made from that would lose what it stood for.
"""

from collections.abc import Callable, Collection
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from requests.auth import AuthBase

from alternator.config.settings import MastodonSettings
from alternator.errors import GoneError, ServerError, UnexpectedAnswerError
from alternator.mastodon import nodeinfo, parse, parse_people
from alternator.mastodon.api_session import LONGEST_WAIT_SECONDS, ApiSession, anybody
from alternator.mastodon.edit_check import CheckedEdit
from alternator.mastodon.entities import (
    Account,
    Instance,
    NewPost,
    Notice,
    Page,
    Revision,
    Source,
    Status,
)
from alternator.mastodon.json_fields import fields_of, list_of
from alternator.mastodon.parse_notices import parse_notices
from alternator.mastodon.rate_budget import RateBudget
from alternator.progress import SILENT, Progress
from alternator.store.outcomes import by_age
from alternator.web.credentials import BearerToken, NoAuth, without_user
from alternator.web.session import USER_AGENT, WebSession

__all__ = ["LONGEST_WAIT_SECONDS", "MastodonClient"]

OfStatus = TypeVar("OfStatus", Status, Source)

# JSON alone: what a path is not there for is otherwise told by a page for people.
# https://github.com/mastodon/mastodon/blob/main/app/controllers/application_controller.rb
ACCEPT = "application/json"
PAGE = 40  # statuses, the most at once: https://docs.joinmastodon.org/methods/accounts/#statuses


class MastodonClient:
    """One account on one server. Not for use by two threads at once.

    ``budget`` is shared by all clients of the account. ``url`` is the server's address as messages
    show it: without a user's name and password.
    """

    def __init__(
        self,
        settings: MastodonSettings,
        *,
        progress: Progress = SILENT,
        budget: RateBudget | None = None,
        may_change: Callable[[], None] = anybody,
    ) -> None:
        self.url = without_user(settings.instance_url)
        self.host = urlsplit(self.url).netloc
        self.progress = progress
        # Without a token for what everybody may ask: an empty one is refused by some servers.
        token = settings.access_token
        self._auth: AuthBase = BearerToken(token) if token else NoAuth()
        session = WebSession(auth=self._auth, headers={"User-Agent": USER_AGENT, "Accept": ACCEPT})
        self._api = ApiSession(
            self.url,
            session,
            budget=budget or RateBudget(),
            progress=progress,
            may_change=may_change,
        )

    @property
    def server_time(self) -> float | None:
        """What the server's clock said last, as Unix time in seconds; None before any answer."""
        return self._api.server_time

    def verify(self) -> Account:
        """The token's account. ServerError if the server refuses it."""
        try:
            return self._api.get(
                "/api/v1/accounts/verify_credentials",
                lambda answer: parse.parse_account(answer, self.host),
            )
        except GoneError as error:
            raise UnexpectedAnswerError(str(error)) from None

    def instance(self) -> Instance:
        """The server's limits and addresses, and its dialect."""

        software = nodeinfo.software_name(self.url, USER_AGENT, self.progress)

        def read(answer: object) -> Instance:
            return parse.parse_instance(answer, software)

        try:
            return self._api.get("/api/v2/instance", read)
        except (GoneError, UnexpectedAnswerError):
            # Not every server has it, nor says so in the API's form.
            try:
                return self._api.get("/api/v1/instance", read)
            except GoneError:
                return read(parse.NOTHING_TOLD)

    def own_statuses(
        self,
        account_id: str,
        *,
        max_id: str | None = None,
        min_id: str | None = None,
        boosts: bool = False,
    ) -> Page:
        """A page of the account's own posts, newest first, with its ``boosts`` or without.

        Those right below ``max_id``, or those right above ``min_id``.

        UnexpectedAnswerError also for posts of somebody else and for a page that was had before.
        """

        def read(answer: object) -> Page:
            page = parse.parse_page(answer)
            if any(status.account_id != account_id for status in page.statuses):
                raise UnexpectedAnswerError(f"{self.url} answers with another account's posts")
            # One that takes no max_id would be asked for the same page for ever.
            if max_id and page.oldest and by_age(page.oldest) >= by_age(max_id):
                raise UnexpectedAnswerError(f"{self.url} answers with a page of newer posts")
            return page

        query = {"exclude_reblogs": str(not boosts).lower(), "limit": str(PAGE)}
        if max_id is not None:
            query["max_id"] = max_id
        if min_id is not None:
            query["min_id"] = min_id
        return self._api.get(f"/api/v1/accounts/{account_id}/statuses", read, query=query)

    def status(self, status_id: str) -> Status:
        """A status as it is now. GoneError if it was deleted."""
        return self._of_post(status_id, "", parse.parse_status)

    def source(self, status_id: str) -> Source:
        """A status's plain text and content warning, as its author typed them."""
        return self._of_post(status_id, "/source", parse.parse_source)

    def history(self, status_id: str) -> tuple[Revision, ...]:
        """A status's versions, oldest first. GoneError also where the server does not tell them."""
        path = f"/api/v1/statuses/{status_id}/history"
        return self._api.get(path, parse.parse_history, of_post=True)

    def edit(self, edit: CheckedEdit) -> Status:
        """Carry an edit out and return what the server made of it.

        Tried once only: by the next try, what the edit was made from may have been edited, and it
        would take that back.
        """
        status_id = edit.snapshot.status.id
        return self._api.put(
            f"/api/v1/statuses/{status_id}",
            edit.body,
            lambda answer: self._own(parse.parse_status(answer), status_id),
        )

    def describe_medium(self, attachment_id: str, description: str | None) -> None:
        """Describe an attachment, on servers that let one do so after it was posted.

        None takes its description away, where the server understands that.

        https://docs.joinmastodon.org/methods/media/#update. GoneError where they don't.
        """
        self._api.put(
            f"/api/v1/media/{attachment_id}",
            {"description": description},
            parse.parse_attachment,
        )

    def scopes(self) -> frozenset[str] | None:
        """What the token's application may do; None where the server does not tell (now)."""
        try:
            return self._api.get("/api/v1/apps/verify_credentials", parse_people.parse_scopes)
        except ServerError:
            return None

    def post(self, new: NewPost, *, key: str) -> Status:
        """Make a post; the same ``key`` within an hour makes none again, where that is known.

        https://docs.joinmastodon.org/methods/statuses/#headers. Tried once: who asks again first
        looks whether it is there.
        """
        body: dict[str, object] = {"status": new.text, "visibility": new.visibility}
        if new.spoiler_text:
            body["spoiler_text"] = new.spoiler_text
        if new.language:
            body["language"] = new.language
        if new.in_reply_to_id:
            body["in_reply_to_id"] = new.in_reply_to_id
        return self._api.post("/api/v1/statuses", body, parse.parse_status, key=key)

    def answers(self, status_id: str) -> tuple[Status, ...]:
        """The answers to a post that this account may see, and those to them."""
        path = f"/api/v1/statuses/{status_id}/context"
        return self._api.get(path, read_descendants, of_post=True)

    def favourited_by(self, status_id: str) -> frozenset[str]:
        """The ids of the accounts that favourited a post."""
        path = f"/api/v1/statuses/{status_id}/favourited_by"
        return self._api.get(path, parse_people.parse_accounts, of_post=True)

    def notices(self, *, above: str | None = None, most: int = PAGE) -> tuple[Notice, ...]:
        """The account's mentions and new followers, oldest first: those right above an id.

        Those that its owner has filtered are asked for as well: by default a direct message from
        somebody whom the account does not follow is one, and such a message may ask for something.
        https://docs.joinmastodon.org/methods/notifications/#get,
        https://github.com/mastodon/mastodon/blob/main/app/models/notification_policy.rb
        """
        query = [("types[]", "mention"), ("types[]", "follow"), ("include_filtered", "true")]
        query += [("limit", str(most))] + ([("min_id", above)] if above else [])
        return self._api.get(f"/api/v1/notifications?{urlencode(query)}", parse_notices)

    def home(self, *, above: str | None = None, most: int = PAGE) -> Page:
        """What the accounts that this one follows posted, newest first: right above an id.

        https://docs.joinmastodon.org/methods/timelines/#home
        """
        query = {"limit": str(most)} | ({"min_id": above} if above else {})
        return self._api.get("/api/v1/timelines/home", parse.parse_page, query=query)

    def followers_among(self, account_ids: Collection[str]) -> frozenset[str]:
        """Which of these accounts follow this one.

        https://docs.joinmastodon.org/methods/accounts/#relationships
        """
        query = urlencode([("id[]", key) for key in account_ids])
        path = f"/api/v1/accounts/relationships?{query}"
        return self._api.get(path, parse_people.parse_followers)

    def follow(self, account_id: str, *, key: str, follows: bool = True) -> bool:
        """Follow an account, without its boosts, or no longer; whether it is followed now.

        One that is locked may take its time: https://docs.joinmastodon.org/methods/accounts/#follow
        """
        path = f"/api/v1/accounts/{account_id}/{'follow' if follows else 'unfollow'}"
        body = {"reblogs": False} if follows else {}
        return self._api.post(path, body, parse_people.parse_followed, key=key)

    def _of_post(self, status_id: str, part: str, read: Callable[[object], OfStatus]) -> OfStatus:
        """What is told of one post, fresh, if it is of the post that was asked for."""
        return self._api.get(
            f"/api/v1/statuses/{status_id}{part}",
            lambda answer: self._own(read(answer), status_id),
            of_post=True,
        )

    def _own(self, found: OfStatus, status_id: str) -> OfStatus:
        """What was found, if it is of the status that was asked for."""
        if found.id != status_id:
            raise UnexpectedAnswerError(
                f"{self.url} answers with another post than {status_id}; tried again later"
            )
        return found


def read_descendants(answer: object) -> tuple[Status, ...]:
    """The answers in https://docs.joinmastodon.org/entities/Context/, as far as understood."""
    entries = list_of(fields_of(answer, "context of a post"), "descendants")
    return parse.parse_page(entries).statuses
