"""How a member leaves, and what is handed out of what is kept.

The order holds whatever fails: nothing is done for the account any more, its token is worth
nothing, what is remembered is gone, and last the enrolment itself, by which it can be done again.
A bot that watches the account lets go of it within seconds of the pause. That is waited for: it
would write down more, or sign the account in anew.
"""

import logging
import time
from dataclasses import dataclass

from alternator.accounts.oauth import OAuthServer
from alternator.errors import AlternatorError
from alternator.members.choices import KEPT_AS
from alternator.members.cipher import Cipher
from alternator.members.credentials import credentials_of, name_of
from alternator.store.cluster import Cluster, Enrolled

log = logging.getLogger(__name__)

# A bot shares out anew every 5 s (alternator/roles/bot_command.py).
PATIENCE_SECONDS = 12.0
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
    cluster.enrolment.pause(entry.key, True)
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
