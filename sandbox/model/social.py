"""Who follows whom, and what accounts are told: mentions and new followers.

https://github.com/mastodon/mastodon/blob/main/app/services/notify_service.rb,
https://github.com/mastodon/mastodon/blob/main/app/services/follow_service.rb
"""

import time

from sandbox.model.entities import NotificationType, Relationship
from sandbox.model.records import Account, Notification, Status
from sandbox.model.store import Store
from sandbox.model.streams import Event, Hub


class Social:
    """What accounts have to do with each other; each change is announced on the streams."""

    def __init__(self, store: Store, hub: Hub) -> None:
        self.store = store
        self.hub = hub

    def tell(
        self, to: Account, account: Account, kind: NotificationType, status: Status | None = None
    ) -> None:
        """Tell somebody of what another one did; what is filtered is on no stream."""
        if to == account:
            return
        direct = status is not None and status.visibility == "direct"
        with self.store.lock:
            told = Notification(
                id=self.store.new_id(),
                type=kind,
                to=to.id,
                account_id=account.id,
                created_at=time.time(),
                status_id=None if status is None else status.id,
                filtered=direct and not self.store.is_following(to.id, account.id),
            )
            self.store.notifications.append(told)
        if not told.filtered:
            self.hub.publish(Event(name="notification", payload=told))

    def notifications(self, account: Account, *, filtered: bool) -> list[Notification]:
        """What an account was told, newest first; what is filtered only if that is asked for."""
        with self.store.lock:
            found = [one for one in self.store.notifications if one.to == account.id]
        return [one for one in reversed(found) if filtered or not one.filtered]

    def follow(self, account: Account, other: Account, *, follows: bool = True) -> Relationship:
        """Let an account follow another, or no longer."""
        with self.store.lock:
            before = self.store.follows.get(account.id, frozenset())
            after = before | {other.id} if follows else before - {other.id}
            self.store.follows[account.id] = after
        if follows and other.id not in before:
            self.tell(other, account, "follow")
        return self.relationship(account, other)

    def relationship(self, account: Account, other: Account) -> Relationship:
        """What two accounts have to do with each other, as the first one is told."""
        following = self.store.is_following(account.id, other.id)
        return {
            "id": other.id,
            "following": following,
            "showing_reblogs": following,
            "followed_by": self.store.is_following(other.id, account.id),
            "blocking": False,
            "blocked_by": False,
            "muting": False,
            "requested": False,
            "note": "",
        }
