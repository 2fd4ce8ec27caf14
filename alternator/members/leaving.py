"""How a member leaves, and what is handed out of what is kept.

The order holds whatever fails: nothing is done for the account any more, its token is worth
nothing, what is remembered is gone, and last the enrolment itself, by which it can be done again:
by the member, or after a while by whoever serves the pages (``Unfinished``). A bot that watches the
account lets go of it within seconds of the pause. That is waited for: it would write down more, or
sign the account in anew.
"""

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from alternator.accounts.oauth import OAuthServer
from alternator.errors import AlternatorError, StateError
from alternator.members.choices import KEPT_AS
from alternator.members.cipher import Cipher
from alternator.members.credentials import credentials_of, name_of
from alternator.members.entry import begin_leaving, leaving_since
from alternator.stopping import Stop, Stopping
from alternator.store.cluster import Cluster, Enrolled

log = logging.getLogger(__name__)

# A bot shares out anew every 5 s (alternator/roles/bot_command.py).
PATIENCE_SECONDS = 12.0
# Longer than that, and than a server has to revoke a token.
UNFINISHED_SECONDS = 120.0
BETWEEN_LOOKS_SECONDS = 0.2
# Where a person revokes it: https://docs.joinmastodon.org/user/preferences/
BY_HAND = "Preferences → Account → Authorized apps"


@dataclass(frozen=True, kw_only=True)
class Left:
    """What became of it: rows that are gone, and why the token could not be revoked, or ''."""

    rows: int
    not_revoked: str


def leave(cluster: Cluster, entry: Enrolled, cipher: Cipher) -> Left:
    """Give an account up, and delete what is kept of it. StateError: do it again."""
    begin_leaving(cluster.enrolment, entry, cluster.now())
    wait_for_bot(cluster, entry.key)
    not_revoked = ""
    try:
        credentials = credentials_of(entry, cipher)
        OAuthServer(entry.server).revoke(credentials.app, credentials.token)
    except AlternatorError as error:
        not_revoked = str(error)
        log.warning("the token of %s was not revoked: %s", name_of(entry), error)
    rows = 0
    if entry.account is not None:
        rows = sum(cluster.erase(entry.account).rows.values())
    cluster.enrolment.withdraw(entry.key)
    log.info("a member left; %d rows were deleted", rows)
    return Left(rows=rows, not_revoked=not_revoked)


def wait_for_bot(cluster: Cluster, key: str) -> None:
    """Wait until no bot watches an account that is paused, but not for ever."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        entry = cluster.enrolment.get(key)
        if entry is None or entry.holder is None:
            return
        time.sleep(BETWEEN_LOOKS_SECONDS)
    log.info("a bot still watches the account of a member who leaves")


class Unfinished:
    """Ends what a process that died, or a database that was gone, left of a leave-taking."""

    def __init__(self, cluster: Cluster, cipher: Cipher, stop: Stop) -> None:
        self._cluster = cluster
        self._cipher = cipher
        self._stop = stop

    def start(self) -> None:
        """In a thread of its own: a server that is asked may take its time."""
        threading.Thread(target=self._run, name="leaving", daemon=True).start()

    def _run(self) -> None:
        with suppress(Stopping):
            while True:
                with suppress(StateError):  # logged by the store, once
                    self.end_all()
                self._stop.pause(UNFINISHED_SECONDS / 2)

    def end_all(self) -> None:
        """End what was begun a while ago. StateError."""
        now = self._cluster.now()
        for entry in self._cluster.enrolment.each("member"):
            since = leaving_since(entry)
            if since is not None and not 0 <= now - since < UNFINISHED_SECONDS:
                log.info("a member's leave-taking was cut short, and is ended now")
                leave(self._cluster, entry, self._cipher)


def export_of(cluster: Cluster, entry: Enrolled) -> dict[str, object]:
    """All that is kept of a member, as JSON; no token."""
    tables = {} if entry.account is None else dict(cluster.export(entry.account))
    tables.pop("watched", None)  # which is the enrolment, with the word of its session
    return {
        "enrolment": {
            "key": entry.key,
            "server": entry.server,
            "handle": entry.handle,
            "created": entry.created,
            "paused": entry.paused,
            "choices": entry.settings.get(KEPT_AS, {}),
        },
        "tables": tables,
    }
