"""A reply that is a thread, by the server's own records: which parts stand, and whether all do."""

import re

from fault_world import World

PICTURES = 3
# A content warning leaves little room for the words behind it, which takes several posts, then.
WARNING = "What is seen here is told at length. " * 10
NUMBER = re.compile(r"(?:^|\s)(\d+): ")


def parts_below(world: World, status_id: str) -> list[str]:
    """The texts of a thread below a post, each part below the one before; it has no branches."""
    store = world.server.sandbox.store
    found: list[str] = []
    with store.lock:
        while True:
            answers = [one for one in store.statuses.values() if one.in_reply_to_id == status_id]
            assert len(answers) < 2, [one.text for one in answers]
            if not answers:
                return found
            found.append(answers[0].text)
            status_id = answers[0].id


def numbers_below(world: World, status_id: str) -> list[int]:
    """Of which attachments a thread says something, in its order."""
    return [int(one) for part in parts_below(world, status_id) for one in NUMBER.findall(part)]


def forget_keys(world: World) -> None:
    """The server knows no idempotency key any more, as an hour later."""
    world.server.sandbox.store.idempotency_keys.clear()
