"""A queue in which owners take turns: a short request is not behind an hour of another."""

from collections import OrderedDict, deque
from collections.abc import Collection
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

    def take(self, but: Collection[str] = ()) -> Item | None:
        """The next item of the owner who waited longest, of all ``but`` these; None if there is
        none."""
        owner = next((owner for owner in self._of if owner not in but), None)
        if owner is None:
            return None
        items = self._of.pop(owner)
        item = items.popleft()
        if items:
            self._of[owner] = items
        return item

    def drop(self, owner: str) -> None:
        """Forget all items of an owner."""
        self._of.pop(owner, None)
