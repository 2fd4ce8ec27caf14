"""Says that this process is there, and sees to it that no job is left behind."""

import logging
import os
import socket
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version

from alternator.clock import Clock
from alternator.errors import StateError
from alternator.store.cluster import Cluster, Process, Role

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
MEND_SECONDS = 15.0


class Presence:
    """One process of the cluster. For its main thread.

    ``facts`` tells what the process says of itself.
    """

    def __init__(
        self, role: Role, cluster: Cluster, clock: Clock, facts: Callable[[], Mapping[str, object]]
    ) -> None:
        self.process = Process(
            id=str(uuid.uuid4()),
            role=role,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=version("alternator"),
        )
        self._cluster = cluster
        self._clock = clock
        self._facts = facts
        self._next_beat = 0.0  # monotonic seconds
        self._next_mend = 0.0
        self._known = False

    def do_due(self) -> None:
        """Beat and mend, when it is time to. StateError while the database is gone."""
        now = self._clock.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + BEAT_SECONDS
            if not self._known:
                self._cluster.processes.come(self.process)
                self._known = True
            self._cluster.processes.beat(self.process.id, self._facts())
        if now >= self._next_mend:
            self._next_mend = now + MEND_SECONDS
            mended = self._cluster.jobs.mend()
            if mended:
                log.info("%d jobs were left behind, and are taken up again", mended)

    def go(self) -> None:
        """The process ends."""
        with suppress(StateError):
            self._cluster.processes.go(self.process.id)
