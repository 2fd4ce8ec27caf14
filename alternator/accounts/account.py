"""One account on one server: all that belongs to it, in one object.

Nothing here knows whether there are others. What accounts share is the store, which gives each its
own state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alternator.accounts.health import AccountHealth
from alternator.clock import SYSTEM_CLOCK, Clock
from alternator.config.settings import MastodonSettings
from alternator.errors import (
    RedirectedError,
    ServerError,
    UnexpectedAnswerError,
    UnsupportedServerError,
)
from alternator.mastodon.api_session import anybody
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Instance
from alternator.mastodon.rate_budget import Limit, RateBudget, nobody
from alternator.mastodon.server_errors import not_understood
from alternator.progress import Progress
from alternator.store.interface import AccountState, Store
from alternator.store.outcomes import AttachmentState


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """What is known once the server has answered to the token."""

    id: str
    name: str  # user@server
    instance: Instance
    state: AccountState


class Account:
    """An account: its settings, sessions, rate budget, state and health.

    Its threads share this object. What changes in it has a lock of its own (``health``,
    ``budget``, ``state``), and ``sign_in`` happens before there is a second thread.
    ``edits`` is False where no post is to be edited, so that a server will do which lets nobody do
    that. ``limits`` is told of the server's limits, for other processes; ``may_change`` is asked
    right before each request that changes something, and raises where that is another's by now.
    """

    # size: what it is, and what the processes of a cluster know of each other.
    def __init__(
        self,
        settings: MastodonSettings,
        store: Store,
        clock: Clock = SYSTEM_CLOCK,
        *,
        edits: bool = True,
        limits: Callable[[Limit, float], None] = nobody,
        may_change: Callable[[], None] = anybody,
    ) -> None:
        self.settings = settings
        self.health = AccountHealth()
        self.budget = RateBudget(clock.monotonic, limits)
        self._edits = edits
        self._may_change = may_change
        self._store = store
        self._signed_in: SignedIn | None = None

    def session(self, progress: Progress) -> MastodonClient:
        """A client of the account's server, for one thread.

        Each thread has its own, since they keep connections that two threads must not use at once
        (https://github.com/psf/requests/issues/2766); what the server says about its rate limit
        is known to all of them. ``progress`` is told of waits, and may break them off.
        """
        return MastodonClient(
            self.settings, progress=progress, budget=self.budget, may_change=self._may_change
        )

    @property
    def server_is_known(self) -> bool:
        """Whether an account on this server was signed in before: its address is right."""
        return self._store.knows_server(self.settings.instance_url)

    def sign_in(self, session: MastodonClient) -> None:
        """Learn whose the token is and what the server allows, and take up the account's state.

        Once, before the account's work begins. ServerError if the server refuses or can't be
        reached, or if what is at the address of a new one is no Mastodon server; then it may be
        called again. UnsupportedServerError if it is of a kind for which there is nothing to do
        (docs/servers.md), which is asked first: it may have nothing of what comes after.
        """
        known = self.server_is_known
        try:
            instance = session.instance()
            refusal = instance.dialect.refusal(session.url)
            if refusal is not None and self._edits:
                raise UnsupportedServerError(refusal)
            owner = session.verify()
        except RedirectedError as error:
            raise error if known else ServerError(str(error)) from None
        except UnexpectedAnswerError:
            if known:
                raise  # a page in its place says nothing about a server that worked before
            raise not_understood(session.url) from None
        state = self._store.use_account(
            self.settings.instance_url, owner.id, server_time=session.server_time
        )
        self._signed_in = SignedIn(id=owner.id, name=owner.name, instance=instance, state=state)

    @property
    def is_signed_in(self) -> bool:
        """Whether the server has answered to the token since the start."""
        return self._signed_in is not None

    @property
    def id(self) -> str:
        """The server's id of the account."""
        return self._known().id

    @property
    def name(self) -> str:
        """user@server"""
        return self._known().name

    @property
    def instance(self) -> Instance:
        """What the server says about itself."""
        return self._known().instance

    @property
    def description_limit(self) -> int:
        """The server's limit for descriptions, in characters."""
        return self._known().instance.description_limit

    @property
    def state(self) -> AccountState:
        """What is remembered about this account's posts."""
        return self._known().state

    @property
    def halted(self) -> str | None:
        """Why nothing of the account is edited any more; None if there is no such reason.

        StateError if the store can't be read.
        """
        return None if self._signed_in is None else self._signed_in.state.halted()

    def queue(self) -> Mapping[AttachmentState, int]:
        """Number of attachments by state; none before the account is signed in.

        StateError if the store can't be read.
        """
        return {} if self._signed_in is None else self._signed_in.state.counts()

    def _known(self) -> SignedIn:
        assert self._signed_in is not None, "sign_in() comes first"
        return self._signed_in
