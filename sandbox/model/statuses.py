"""The statuses, found by what requests ask for without a look at all of them."""

from collections import UserDict
from collections.abc import Iterable

from sandbox.model.records import Status


class Statuses(UserDict[str, Status]):
    """Statuses by their ids, and by account, by parent and by what they boost."""

    def __init__(self, statuses: Iterable[Status] = ()) -> None:
        self._by_account: dict[str, dict[str, Status]] = {}
        self._by_parent: dict[str, dict[str, Status]] = {}
        self._by_original: dict[str, dict[str, Status]] = {}
        super().__init__({status.id: status for status in statuses})

    def __setitem__(self, key: str, status: Status) -> None:
        if key in self.data:
            self._unlist(self.data[key])
        super().__setitem__(key, status)
        for index, by in self._places(status):
            index.setdefault(by, {})[key] = status

    def __delitem__(self, key: str) -> None:
        self._unlist(self.data[key])
        super().__delitem__(key)

    def of_account(self, account_id: str) -> list[Status]:
        """Those of an account."""
        return list(self._by_account.get(account_id, {}).values())

    def replies_to(self, status_id: str) -> list[Status]:
        """Those that answer one."""
        return list(self._by_parent.get(status_id, {}).values())

    def boosts_of(self, status_id: str) -> list[Status]:
        """Those that boost one."""
        return list(self._by_original.get(status_id, {}).values())

    def _places(self, status: Status) -> list[tuple[dict[str, dict[str, Status]], str]]:
        places = [(self._by_account, status.account_id)]
        if status.in_reply_to_id is not None:
            places.append((self._by_parent, status.in_reply_to_id))
        if status.reblog_of is not None:
            places.append((self._by_original, status.reblog_of))
        return places

    def _unlist(self, status: Status) -> None:
        for index, by in self._places(status):
            del index[by][status.id]
            if not index[by]:
                del index[by]
