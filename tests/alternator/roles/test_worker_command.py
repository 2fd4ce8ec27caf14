"""``alternator worker`` against the sandbox and a database."""

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from roles_in_threads import Cluster, Heard
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import ConfigError, SpeechServerAwayError
from alternator.roles import hearing
from alternator.roles.worker_command import main
from alternator.roles.worker_speech import check_gpu
from alternator.speech.transcript import Transcript
from alternator.speech.worker.slot import WorkerReport
from alternator.store.errands import Errand
from alternator.store.postgres.store import PostgresStore
from sandbox.server import SandboxServer


class Away(Heard):
    """A transcriber whose server is away, until it ``answers`` probes, and ``hears``."""

    def __init__(self) -> None:
        super().__init__(WhisperSettings())
        self.answers = self.hears = False
        self.probes = self.asked = 0
        self.most_at_once_since = 0  # since it answers
        self._under_way = 0
        self._lock = threading.Lock()

    def probe(self) -> None:
        self.probes += 1
        if not self.answers:
            raise SpeechServerAwayError("it is away")

    def transcribe(self, path: Path, **asked: object) -> Transcript:
        with self._lock:
            self.asked += 1
            self._under_way += 1
            if self.answers and not self.hears:
                self.most_at_once_since = max(self.most_at_once_since, self._under_way)
        try:
            if self.hears:
                return super().transcribe(path, **asked)
            time.sleep(0.1)
            raise SpeechServerAwayError("it is away")
        finally:
            with self._lock:
                self._under_way -= 1


def edits(server: SandboxServer, post: str) -> int:
    return len(server.requests("PUT", f"/api/v1/statuses/{post}"))


def test_a_post_is_described_once_whoever_is_there(cluster: Cluster):
    cluster.bot()
    cluster.bot()
    for _ in range(3):
        cluster.worker()
    wait_for(lambda: cluster.server.open_streams() >= 1)
    posts = [cluster.server.post(f"Post {n}", files=[cluster.picture])["id"] for n in range(12)]
    for post in posts:
        cluster.described(post)
    wait_for(lambda: cluster.states() == ["described"] * 12)
    assert [edits(cluster.server, post) for post in posts] == [1] * 12
    wait_for(lambda: cluster.execute("SELECT count(*) FROM procrastinate_jobs") == [(0,)])


def test_speech_goes_to_those_who_hear(cluster: Cluster, clip: Path):
    heard = replace(cluster.config, whisper=WhisperSettings(enabled=True))
    cluster.bot(heard)
    cluster.worker(heard, kind="vision")
    wait_for(lambda: cluster.server.open_streams() == 1)
    seen = cluster.server.post("Look", files=[cluster.picture])["id"]
    said = cluster.server.post("Listen", files=[clip])["id"]
    cluster.described(seen)
    assert cluster.server.descriptions(said) == [None]
    wait_for(
        lambda: (
            cluster.execute("SELECT queue_name, status::text FROM procrastinate_jobs")
            == [("speech", "todo")]
        )
    )
    cluster.worker(heard, kind="speech")
    cluster.described(said)


def test_a_worker_that_can_not_hear_takes_no_speech_until_it_can(
    cluster: Cluster, clip: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hearing, "FIRST_SECONDS", 0.2)
    monkeypatch.setattr(hearing, "LONGEST_DEAF_SECONDS", 0.4)
    engine = Away()
    heard = replace(cluster.config, whisper=WhisperSettings(enabled=True))
    cluster.bot(heard)
    cluster.worker(heard, make=lambda settings: engine)
    wait_for(lambda: cluster.server.open_streams() == 1)
    said = [cluster.server.post(f"Listen {n}", files=[clip])["id"] for n in range(6)]
    wait_for(lambda: engine.probes >= 3)
    # Those that were taken before it was known; a picture is described meanwhile.
    asked = engine.asked
    assert 1 <= asked <= 2
    seen = cluster.server.post("Look", files=[cluster.picture])["id"]
    cluster.described(seen, seconds=60)
    wait_for(lambda: engine.probes >= 6)
    assert engine.asked == asked
    [facts] = cluster.execute("SELECT facts ->> 'deaf' FROM process WHERE role = 'worker'")
    assert facts == ("it is away",)
    jobs = "SELECT DISTINCT queue_name, status::text, attempts FROM procrastinate_jobs"
    wait_for(lambda: cluster.execute(jobs) == [("speech", "todo", 0)])  # the picture's has ended
    assert engine.asked == asked
    # A server that answers a probe and hears nothing costs one post at a time.
    engine.answers = True
    wait_for(lambda: engine.asked >= asked + 3)
    assert engine.most_at_once_since == 1
    engine.hears = True
    for post in said:
        cluster.described(post, seconds=60)
    wait_for(lambda: cluster.states() == ["described"] * 7)
    assert cluster.execute("SELECT max(attempts) FROM attachment") == [(1,)]


def test_an_errand_is_done_by_a_worker(cluster: Cluster):
    cluster.bot()
    cluster.worker()
    wait_for(lambda: cluster.server.open_streams() == 1)
    post = cluster.server.post("Look", files=[cluster.picture])
    cluster.described(post["id"])
    wait_for(lambda: cluster.states() == ["described"])
    key = post["media_attachments"][0]["id"]
    store = PostgresStore(cluster.config.database, role="test", shared=None)
    [state] = store.all_accounts().values()
    state.errands.ask(
        Errand(kind="rewrite", status_id=post["id"], attachment_id=key, text="A cat of mine")
    )
    wait_for(lambda: cluster.server.descriptions(post["id"]) == ["A cat of mine"])
    wait_for(lambda: cluster.execute("SELECT count(*) FROM procrastinate_jobs") == [(0,)])
    assert state.errands.next() is None
    store.close()


def test_a_limit_that_one_meets_holds_for_all(cluster: Cluster):
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    cluster.server.fail(
        "/api/v1/statuses/*", method="PUT", status=429, headers={"Retry-After": "1000"}, times=1
    )
    cluster.worker()
    cluster.worker()
    posts = [cluster.server.post(f"Post {n}", files=[cluster.picture])["id"] for n in range(6)]
    wait_for(lambda: cluster.execute("SELECT 1 FROM limits WHERE kind LIKE 'edit:%'"))
    far = "SELECT count(*) FROM procrastinate_jobs WHERE scheduled_at > now() + interval '9 min'"

    def all_are_through():
        states = cluster.states()
        waiting = states.count("waiting")
        return "claimed" not in states and cluster.execute(far) == [(waiting,)]

    wait_for(all_are_through)
    assert cluster.states().count("waiting") >= 3
    assert sum(edits(cluster.server, post) for post in posts) <= 4
    cluster.execute("DELETE FROM limits")
    cluster.execute("UPDATE attachment SET not_before = alternator_now()")
    for post in posts:
        cluster.described(post)


def test_what_is_paused_waits_until_it_goes_on(cluster: Cluster):
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    cluster.server.post("Look", files=[cluster.picture])
    wait_for(lambda: cluster.states() == ["waiting"])
    store = PostgresStore(cluster.config.database, role="test", shared=None)
    enrolment = store.cluster.enrolment
    enrolment.pause("config:account", paused=True)
    cluster.worker()
    wait_for(lambda: cluster.execute("SELECT count(*) FROM procrastinate_jobs") == [(0,)])
    assert cluster.states() == ["waiting"]
    enrolment.pause("config:account", paused=False)
    wait_for(lambda: cluster.states() == ["described"])
    store.close()


def test_jobs_of_an_account_that_left_come_to_nothing(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    bot = cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    for number in range(5):
        cluster.server.post(f"Post {number}", files=[cluster.picture])
    wait_for(lambda: cluster.states() == ["waiting"] * 5)
    bot.end()
    cluster.execute("DELETE FROM watched")
    cluster.worker()
    wait_for(lambda: cluster.execute("SELECT count(*) FROM procrastinate_jobs") == [(0,)])
    assert not cluster.server.requests("PUT")
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_a_worker_without_the_accounts_configuration_says_so(
    cluster: Cluster, caplog: pytest.LogCaptureFixture, another: str
):
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    cluster.server.post("Look", files=[cluster.picture])
    wait_for(lambda: cluster.states() == ["waiting"])
    cluster.worker(cluster.named("other", another))
    wait_for(lambda: "give all processes of the cluster the same one" in caplog.text)
    assert cluster.states() == ["waiting"]


def test_a_server_that_fails_is_tried_again_by_whoever_is_free(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
):
    cluster.bot()
    cluster.worker()
    wait_for(lambda: cluster.server.open_streams() == 1)
    cluster.server.fail("/api/v1/statuses/*", method="GET", status=503, times=1)
    post = cluster.server.post("Look", files=[cluster.picture])["id"]
    cluster.described(post, seconds=40)
    assert edits(cluster.server, post) == 1


def test_a_worker_that_ends_gives_its_post_back(cluster: Cluster):
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    cluster.vision.fail(hang=True, times=1)
    worker = cluster.worker()
    post = cluster.server.post("Look", files=[cluster.picture])["id"]
    wait_for(lambda: cluster.states() == ["claimed"])
    wait_for(cluster.vision.requests)
    cluster.worker()
    worker.stop.request()
    cluster.described(post)


class OnCpu(Heard):
    """A transcriber without a GPU."""

    def __init__(self, settings: WhisperSettings) -> None:
        super().__init__(settings)
        report = WorkerReport(device="cpu", state="ready", pid=1, requests=0, why="")
        self.workers = (report,)


def test_need_gpu_refuses_a_cpu():
    with pytest.raises(ConfigError, match="alternator doctor"):
        check_gpu(OnCpu(WhisperSettings()))
    check_gpu(Heard(WhisperSettings()))  # nothing is known yet


def test_need_gpu_without_speech_is_a_mistake(cluster: Cluster):
    error = cluster.worker(kind="vision", need_gpu=True).failed_with()
    assert isinstance(error, ConfigError) and "transcribes nothing" in str(error)


@pytest.mark.parametrize("number", ["0", "101", "x"])
def test_concurrency_is_checked(number: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(["--concurrency", number])
    assert caught.value.code == 2
    assert "--concurrency" in capsys.readouterr().err
