"""Owners take turns."""

from alternator.speech.batched.taking_turns import TakingTurns


def taken(queue: TakingTurns[str]) -> list[str]:
    found = []
    while (item := queue.take()) is not None:
        found.append(item)
    return found


def test_owners_take_turns_and_each_ones_items_keep_their_order():
    queue: TakingTurns[str] = TakingTurns()
    for number in range(4):
        queue.put("long", f"long {number}")
    queue.put("short", "short 0")
    queue.put("short", "short 1")
    assert len(queue) == 6
    assert taken(queue) == ["long 0", "short 0", "long 1", "short 1", "long 2", "long 3"]
    assert len(queue) == 0


def test_what_is_put_back_comes_first_of_its_owners():
    queue: TakingTurns[str] = TakingTurns()
    queue.put("one", "one 1")
    queue.put_back("one", "one 0")
    queue.put_back("two", "two 0")
    assert taken(queue) == ["one 0", "two 0", "one 1"]


def test_some_owners_may_have_to_wait():
    queue: TakingTurns[str] = TakingTurns()
    for owner in ("one", "two", "one"):
        queue.put(owner, owner)
    assert queue.take({"one"}) == "two"
    assert queue.take({"one", "two"}) is None
    assert taken(queue) == ["one", "one"]


def test_an_owner_is_dropped_with_all_that_is_its_own():
    queue: TakingTurns[str] = TakingTurns()
    for owner in ("one", "two", "one"):
        queue.put(owner, owner)
    queue.drop("one")
    queue.drop("nobody")
    assert taken(queue) == ["two"]
    queue.put("one", "again")
    assert taken(queue) == ["again"]
