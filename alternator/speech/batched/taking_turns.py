"""A queue in which owners take turns: a short request is not behind an hour of another."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class TakingTurns(Generic[Item]):
    """First in, first out for each owner; between owners one after the other."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, deque[Item]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def put(self, owner: str, item: Item) -> None:
        """Add an item behind all of its owner's."""
        self._of.setdefault(owner, deque()).append(item)

    def put_back(self, owner: str, item: Item) -> None:
        """Add an item before all of its owner's."""
        self._of.setdefault(owner, deque()).appendleft(item)

    def take(self) -> Item | None:
        """The next item of the owner who waited longest; None if there is none."""
        if not self._of:
            return None
        owner, items = self._of.popitem(last=False)
        item = items.popleft()
        if items:
            self._of[owner] = items
        return item

    def drop(self, owner: str) -> None:
        """Forget all items of an owner."""
        self._of.pop(owner, None)
