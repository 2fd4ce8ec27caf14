"""What a server says of itself, as those read it who write it down."""

import os
import socket

import pytest
from running_serve import RunningServe

from alternator.roles.servers import asked
from alternator.speech.engines.engine import Server


def test_a_worker_reads_what_a_server_says(
    served: RunningServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(url=f"{served.url}/v1")
    found = asked(server)
    assert found is not None
    process, up_seconds = found
    assert (process.role, process.host, process.pid) == ("serve", socket.gethostname(), os.getpid())
    assert process.facts == {
        "models": ["fixture"],
        "devices": ["cpu"],
        "under_way": 0,
        "waiting": 0,
    }
    assert up_seconds >= 0
    monkeypatch.setattr(served.preload, "loading", True)
    again = asked(server)
    assert again is not None and again[0].id == process.id
    assert again[0].facts["not_ready"] == "the model fixture is being loaded"
