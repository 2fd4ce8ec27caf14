"""What a cluster's operator is told by direct message: once, however many workers noticed it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from roles_in_threads import Cluster, Heard
from waiting import wait_for

from alternator.clock import SYSTEM_CLOCK
from alternator.config.conduct import MessageSettings
from alternator.config.database import DatabaseSettings
from alternator.config.models import WhisperSettings
from alternator.roles import account_watch
from alternator.roles.troubles import GpuTrouble, gpu_lost, tokens_used_up
from alternator.speech.worker.slot import WorkerReport
from alternator.store.postgres.store import PostgresStore
from alternator.store.postgres.troubles import PostgresTroubles
from alternator.store.troubles import GPU

GPU_THERE = WorkerReport(device="cuda:0", state="ready", pid=1, requests=0, why="")
CPU_ALONE = replace(GPU_THERE, device="cpu", why="the GPU fell off the bus")


@pytest.fixture
def store(database: DatabaseSettings) -> Iterator[PostgresStore]:
    made = PostgresStore(database, role="worker", shared=True)
    yield made
    made.close()


def told(cluster: Cluster) -> list[str]:
    found = [one for one in cluster.server.statuses() if one["visibility"] == "direct"]
    return [one["content"] for one in found]


def lose_gpu(store: PostgresStore, process: str) -> GpuTrouble:
    """A worker that had a GPU, and has none any more."""
    speech: Any = Heard(WhisperSettings())
    trouble = GpuTrouble(store.cluster, process, speech, SYSTEM_CLOCK)
    speech.workers = (GPU_THERE,)
    before = list(store.cluster.troubles.told(f"{GPU}{process}"))
    trouble.do_due()
    # With a GPU it says nothing; what one of that name said before may hold yet.
    assert store.cluster.troubles.told(f"{GPU}{process}") == before
    speech.workers = (CPU_ALONE,)
    trouble.do_due()
    return trouble


def test_a_gpu_that_a_worker_lost_is_said_by_it(store: PostgresStore):
    lose_gpu(store, "one")
    (text,) = store.cluster.troubles.told(GPU)
    assert text.startswith("speech is computed on the CPU now, no longer on the GPU: the GPU fell")
    assert "(the worker on " in text
    assert gpu_lost(store.cluster, "config")() == text


def test_members_are_not_told_of_what_is_the_operators(cluster: Cluster, store: PostgresStore):
    lose_gpu(store, "one")
    vision = replace(cluster.config.vision, daily_tokens=100)
    store.cluster.troubles.say("tokens:100", "used up", 60)
    assert gpu_lost(store.cluster, "member")() == ""
    assert tokens_used_up(store.cluster, "member", vision)() == ""
    assert tokens_used_up(store.cluster, "config", vision)() == "used up"
    assert tokens_used_up(store.cluster, "config", replace(vision, daily_tokens=10))() == ""


def test_the_operator_is_told_once_whoever_notices_it_and_whichever_bot_watches(
    cluster: Cluster, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(account_watch, "CHORES_SECONDS", 0.2)
    monkeypatch.setattr("alternator.bot.conduct.LOOK_SECONDS", 0.2)
    cluster.config = replace(
        cluster.config,
        vision=replace(cluster.config.vision, daily_tokens=100),
        messages=MessageSettings(budget=True, gpu=True),
    )
    looks: list[str] = []
    tells = PostgresTroubles.recent

    def looked(troubles: PostgresTroubles, kind: str) -> Sequence[str]:
        looks.append(kind)
        return tells(troubles, kind)

    monkeypatch.setattr(PostgresTroubles, "recent", looked)
    for process in ("one", "two"):
        lose_gpu(store, process)
    bot = cluster.bot()
    cluster.worker()
    cluster.worker()
    for _ in range(4):
        cluster.server.post("Look", files=[cluster.picture])
    wait_for(lambda: len(told(cluster)) >= 2, 120, "the messages")
    bot.end()
    for process in ("one", "two"):
        lose_gpu(store, process)
    looks.clear()
    cluster.bot()
    wait_for(lambda: len(looks) > 4, 120, "the other bot's chores")
    found = told(cluster)
    assert len(found) == 2
    assert sum("no longer on the GPU" in text for text in found) == 1
    assert sum("the 100 tokens of [vision] daily_tokens are used up" in text for text in found) == 1
