"""What a server says of itself to a cluster's workers, which write it down.

It has no database, and no password of one: it opens files of strangers (docs/decisions).
"""

import os
import socket
import time
import uuid
from importlib.metadata import version

from alternator.serve.metrics import LOADED
from alternator.serve.preload import Preload
from alternator.serve.service import Service

# By which those who ask know what answers.
KIND = "alternator.process"


class Portrait:
    """Of this process. For the event loop's thread."""

    def __init__(self, service: Service, preload: Preload) -> None:
        self._service = service
        self._preload = preload
        self._id = str(uuid.uuid4())
        self._began = time.monotonic()

    def drawn(self) -> dict[str, object]:
        """As JSON; ``up_seconds`` by a clock that nobody sets."""
        return {
            "object": KIND,
            "id": self._id,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": version("alternator"),
            "up_seconds": round(time.monotonic() - self._began, 1),
            "facts": self._facts(),
        }

    def _facts(self) -> dict[str, object]:
        kept = self._service.models.kept
        loaded = [one for one in kept if one.transcriber.state in LOADED]
        devices = {worker.device for one in loaded for worker in one.transcriber.workers}
        gate = self._service.gate
        why = "it is about to stop" if gate.closed else self._preload.why_not_ready()
        return {
            "models": sorted(one.name for one in loaded),
            "devices": sorted(devices - {""}),
            "under_way": gate.inside,
            "waiting": self._service.models.waiting,
            **({} if why is None else {"not_ready": why}),
        }
