"""A worker whose describer is instant: it takes a post as the real one does, and says that it is
described. For ``queue.py``: what is measured is the queue and the state."""

import sys
import time
from contextlib import closing
from pathlib import Path

from alternator.config.database import DatabaseSettings
from alternator.queue.names import QUEUES
from alternator.queue.taking import QueueThread, Taking, Tasks
from alternator.stopping import Stop, Stopping
from alternator.store.outcomes import Outcome
from alternator.store.postgres.address import address_of
from alternator.store.postgres.store import PostgresStore
from alternator.store.sql.state import SqlAccountState

CONCURRENCY = 4


def main() -> None:
    """Work from when the file is there until it is told to end: ``URL FILE``."""
    url, go = sys.argv[1], Path(sys.argv[2])
    settings = DatabaseSettings(url=url)
    stop = Stop()
    stop.on_signals()
    states: dict[int, SqlAccountState] = {}
    with closing(PostgresStore(settings, role="worker", shared=True)) as store:

        def describe(account: int, status_id: str) -> None:
            state = states.get(account) or states.setdefault(account, store.of_account(account))
            claim = state.claim_of(status_id)
            if claim is not None:
                with state.editing(claim):
                    outcomes = [
                        Outcome(attachment_id=key, state="described")
                        for key in claim.attachment_ids
                    ]
                    state.finish(claim, outcomes)

        def errand(account: int, number: int) -> None:
            raise AssertionError("there are none")

        taking = Taking(
            connect=address_of(settings, "worker").parameters,
            queues=QUEUES,
            concurrency=CONCURRENCY,
            name="bench",
        )
        queue = QueueThread(
            taking,
            Tasks(
                describe=describe,
                errand=errand,
                abandon=lambda account, status_id: None,
                takes=lambda queue: True,
            ),
            stop.child(),
        )
        try:
            while not go.exists():
                time.sleep(0.01)
            queue.start()
            while True:
                stop.pause(1.0)
        except Stopping:
            queue.end()


if __name__ == "__main__":
    main()
