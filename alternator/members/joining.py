"""How a member connects an account: asked at its server, verified here, enrolled.

OAuth 2's authorization code with PKCE (https://www.rfc-editor.org/rfc/rfc7636), as
https://www.rfc-editor.org/rfc/rfc9700 has it. ``state`` is good once, for ten minutes, and for the
browser that began alone, which has a word of its own in a cookie.

Mastodon gives an account that connects again the token that it has: its applications reuse them
(https://github.com/mastodon/mastodon/blob/main/config/initializers/doorkeeper.rb,
``reuse_access_token``). So a token that another sign-up may live by is never revoked.
"""

import hashlib
import hmac
import json
import logging
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass, replace

from alternator.accounts.oauth import Granted, OAuthServer
from alternator.accounts.pkce import Challenge
from alternator.accounts.scopes import missing
from alternator.config.settings import Config, MastodonSettings
from alternator.errors import AlternatorError, KeyMismatchError
from alternator.log import hide
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Account
from alternator.members.application import Applications, Door
from alternator.members.cipher import Cipher
from alternator.members.credentials import Credentials, credentials_of, sealed
from alternator.members.entry import key_of_member, leaving_since, new_session
from alternator.members.errors import JoinError
from alternator.store.cluster import Cluster, Enrolled
from alternator.store.interface import Store

log = logging.getLogger(__name__)

SECONDS = 600
MOST_AT_ONCE = 1000
PATH = "/join/callback"
OVER = (
    "That took longer than ten minutes, was done before, or began in another browser. Begin anew."
)


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Where to send somebody, and what their browser is to bring back."""

    address: str
    word: str


class Joining:
    """Connects accounts. Any thread may ask."""

    def __init__(
        self,
        base: Config,
        store: Store,
        cluster: Cluster,
        cipher: Cipher,
    ) -> None:
        self._settings = base.signup
        self._store = store
        self._cluster = cluster
        self._cipher = cipher
        # The number of members is looked at, and then there is one more.
        self._lock = threading.Lock()
        self._applications = Applications(cluster.sign_ups, cipher, f"{base.signup.address}{PATH}")

    def begin(self, url: str) -> Begun:
        """Somebody of a server wants to connect. JoinError where that can't be, ServerError where
        the server does not answer."""
        if url not in self._settings.server:
            raise JoinError("Members of that server can't connect here.")
        door = self._applications.door(url)
        challenge = Challenge() if door.takes_pkce else None
        state, word = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        kept = json.dumps([url, digest(word), challenge.verifier if challenge else ""])
        began = self._cluster.sign_ups.begin(
            digest(state),
            self._cipher.seal("joining", kept),
            seconds=SECONDS,
            most=MOST_AT_ONCE,
        )
        if not began:
            raise JoinError("Too many people are connecting now. Try again later.", status=503)
        return Begun(address=door.address(state, challenge), word=word)

    def give_up(self, state: str) -> None:
        """Somebody came back without consent: nothing can come of it any more."""
        self._cluster.sign_ups.take(digest(state))

    def finish(self, state: str, word: str, code: str) -> Enrolled:
        """Somebody came back with a code: enrol the account.

        JoinError where that can't be; ServerError where the server does not do its part. A token
        that was given meanwhile is revoked.
        """
        url, verifier = self._begun(state, word)
        door = self._applications.door(url)
        challenge = Challenge(verifier=verifier) if verifier else None
        granted = door.server.exchange(door.app, code, door.redirect_uri, challenge)
        hide(granted.token)
        credentials = Credentials(token=granted.token, app=door.app)
        try:
            return self._enrolled(url, door, granted, credentials)
        except BaseException:
            if not self._is_lived_by(url, credentials.token):
                with suppress(AlternatorError):
                    door.server.revoke(door.app, credentials.token)
            raise

    def _begun(self, state: str, word: str) -> tuple[str, str]:
        """The server, and the secret of PKCE, of what was begun in this browser."""
        kept = self._cluster.sign_ups.take(digest(state))
        if kept is None:
            raise JoinError(OVER, status=400)
        text = self._cipher.unseal("joining", bytes(kept), "a sign-up")
        url, mark, verifier = json.loads(text)
        if not hmac.compare_digest(str(mark), digest(word)):
            raise JoinError(OVER, status=400)
        return str(url), str(verifier)

    # size: which server, how it was asked, and what it gave.
    def _enrolled(
        self, url: str, door: Door, granted: Granted, credentials: Credentials
    ) -> Enrolled:
        if lacking := missing(granted.scopes or door.scopes, door.scopes):
            raise JoinError(f"The token may not do what is needed: {' '.join(lacking)}.")
        client = MastodonClient(MastodonSettings(instance_url=url, access_token=credentials.token))
        owner = client.verify()
        # One process keeps one connection for that; the number of members is the cluster's.
        with self._lock, self._cluster.sign_ups.alone():
            before = self._admitted(url, owner)
            state = self._store.use_account(url, owner.id, server_time=client.server_time)
            other = self._cluster.enrolment.of_account(state.key)
            if other is not None and other.source == "config":
                raise JoinError(
                    f"{owner.name} is in the operator's configuration already, and is described "
                    f"for. There is nothing to connect."
                )
            if before is not None and leaving_since(before) is not None:
                # Nothing of before comes back; the token may be the one that is given again.
                self._cluster.erase(state.key)
                self._cluster.enrolment.withdraw(before.key)
                before = None
                state = self._store.use_account(url, owner.id, server_time=client.server_time)
            entry = Enrolled(
                key=key_of_member(url, owner.id),
                source="member",
                server=url,
                handle=owner.name,
                token=sealed(credentials, self._cipher),
                settings=new_session(before.settings if before else {}),
                paused=before.paused if before else False,
            )
            self._cluster.enrolment.enrol(entry)
            self._cluster.enrolment.bind(entry.key, state.key, owner.name)
            # The token may be the one that was refused before: a server gives it out again.
            self._cluster.limits.refuse(state.key, credentials.token, 0.0)
            self._cluster.limits.set(state.key, credentials.token, "read", 0.0)
        log.info("%s connected%s", owner.name, " again" if before else "")
        if before is not None:
            self._let_go(before, credentials.token)
        return replace(entry, account=state.key)

    def _admitted(self, url: str, owner: Account) -> Enrolled | None:
        """The enrolment of one who is a member already. JoinError for one who may not be."""
        before = self._cluster.enrolment.get(key_of_member(url, owner.id))
        if before is not None:
            return before  # who was let in must be able to come back, and to leave
        name, host = owner.name.lower(), f"@{owner.name.lower().partition('@')[2]}"
        denied = [one.lower().removeprefix("@") for one in self._settings.deny]
        allowed = [one.lower() for one in self._settings.allow]
        names = [one.removeprefix("@") for one in allowed if one.count("@") != 1 or one[0] != "@"]
        if name in denied or (allowed and name not in names and host not in allowed):
            raise JoinError(
                f"{owner.name} can't be connected here: the operator does not allow it."
            )
        most = self._settings.most_accounts
        if most and self._cluster.enrolment.totals().members >= most:
            raise JoinError(
                f"There is room for {most} accounts here, and all of it is taken. Ask the operator."
            )
        return None

    def _let_go(self, before: Enrolled, token: str) -> None:
        """Revoke the token that another one took the place of."""
        try:
            old = credentials_of(before, self._cipher)
            if old.token != token:
                OAuthServer(before.server).revoke(old.app, old.token)
        except AlternatorError as error:
            log.warning("the former token of %s was not revoked: %s", before.handle, error)

    def _is_lived_by(self, url: str, token: str) -> bool:
        """Whether a member has this very token, or that can't be told."""
        for entry in self._cluster.enrolment.each("member"):
            if entry.server == url:
                with suppress(KeyMismatchError):
                    if credentials_of(entry, self._cipher).token == token:
                        return True
        return False


def digest(text: str) -> str:
    """What is kept in place of a secret that comes back."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
