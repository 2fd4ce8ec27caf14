"""A cluster whose roles run in threads, and look after things sooner than they would."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from roles_in_threads import Cluster

from alternator.config.database import DatabaseSettings
from alternator.queue import taking
from alternator.roles import bot_command, presence
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer


@pytest.fixture
def cluster(
    database: DatabaseSettings,
    server: SandboxServer,
    vision: VisionServer,
    picture: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Cluster]:
    """A cluster whose roles look after things sooner than they would."""
    monkeypatch.setattr(bot_command, "SHARE_SECONDS", 0.3)
    monkeypatch.setattr(bot_command, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(presence, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(presence, "MEND_SECONDS", 0.5)
    monkeypatch.setattr(taking, "POLL_SECONDS", 0.2)
    monkeypatch.setattr(taking, "GRACE_SECONDS", 1.0)
    with ExitStack() as stack:
        cluster = Cluster(database, server, vision, tmp_path, stack)
        cluster.picture = picture
        yield cluster


@pytest.fixture
def another() -> str:
    """The token of another account of the sandbox."""
    return "neighbour"
