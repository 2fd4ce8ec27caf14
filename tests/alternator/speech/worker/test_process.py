"""What becomes of the worker, and of what it holds, when it is stopped, killed or left alone."""

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import ModelError, WorkerError
from alternator.progress import Progress
from alternator.speech.engines.engine import Done, Failed, LoadOptions, Request
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from alternator.speech.worker.held import Lost
from alternator.speech.worker.patience import Deadlines
from alternator.speech.worker.process import WorkerProcess
from alternator.speech.worker.protocol import Answer, Load, Retried, Started

pytest.importorskip("whisper")

Speak = Callable[..., Path]

SPOKEN = "Captions help everyone understand."
VERBOSE = DecodingOptions(verbose=True)
# Long enough to be hit in the middle.
LONG = " ".join([SPOKEN] * 4)


class Told(Progress):
    """Calls what it was given."""

    def __init__(
        self,
        beat: Callable[[], object] = lambda: None,
        line: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._beat, self._line = beat, line

    def beat(self) -> None:
        self._beat()

    def line(self, text: str) -> None:
        self._line(text)


@pytest.fixture(scope="module")
def fragile(checkpoint: Path) -> Iterator[Transcriber]:
    """A transcriber that loses patience within seconds, for the tests that maltreat it."""
    # Not int8, which `auto` may be: a smaller precision is to be left to try.
    settings = WhisperSettings(model=str(checkpoint), preload=False, compute_type="float32")
    with Transcriber(settings, deadlines=Deadlines(hung=3, silence=6)) as transcriber:
        yield transcriber


def worker_of(transcriber: Transcriber) -> int:
    assert transcriber.worker_pid is not None
    return transcriber.worker_pid


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie that nobody waited for has, too)."""
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


def test_starts_at_first_use(fragile: Transcriber, speak: Speak) -> None:
    assert fragile.state == "stopped" and fragile.worker_pid is None
    waits: list[str] = []
    transcript = fragile.transcribe(
        speak(SPOKEN), progress=Told(lambda: waits.append(fragile.state))
    )
    assert transcript.text == SPOKEN
    assert "starting" in waits
    assert fragile.state == "ready"


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSEGV])
def test_a_crash_costs_a_file_some_time_and_no_more(
    fragile: Transcriber, speak: Speak, blow: signal.Signals
) -> None:
    fragile.start()
    pid = worker_of(fragile)
    transcription = fragile.submit(speak(LONG), VERBOSE)
    news = transcription.events()
    assert isinstance(next(news), Started)
    os.kill(pid, blow)
    told = list(news)
    (again,) = [event for event in told if isinstance(event, Retried)]
    assert ".wav is tried again alone, with batches of 4: the Whisper worker died of " in again.text
    assert f" died of {blow.name} while at work; " in again.text
    kinds = [type(event) for event in told[told.index(again) :]]
    assert kinds[1] is Started
    last = told[-1]
    assert isinstance(last, Done) and SPOKEN in last.transcript.text
    assert worker_of(fragile) != pid and gone(pid)


def test_a_death_in_the_middle_of_ten_costs_none_of_them(
    checkpoint: Path, speak: Speak, tmp_path: Path
) -> None:
    phrases = [SPOKEN, "Keep calm and carry on."] * 5
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    with Transcriber(WhisperSettings(model=str(checkpoint)), environ=environ) as transcriber:
        transcriber.start()
        pid = worker_of(transcriber)
        files = [speak(phrase) for phrase in phrases]
        under_way = [transcriber.submit(path) for path in files]
        assert isinstance(next(under_way[2].events()), Started)
        os.kill(pid, signal.SIGKILL)
        for transcription, phrase in zip(under_way, phrases, strict=True):
            *_, last = transcription.events()
            assert isinstance(last, Done) and last.transcript.text == phrase
        second = worker_of(transcriber)
        assert second != pid
    assert gone(pid) and gone(second)
    assert not list(tmp_path.iterdir())


def test_a_file_that_kills_each_worker_fails_in_plain_words(
    fragile: Transcriber, speak: Speak
) -> None:
    fragile.start()
    pids: list[int] = []
    path = speak(LONG)
    with pytest.raises(WorkerError) as caught:
        for event in fragile.submit(path, VERBOSE).events():
            if isinstance(event, Started):
                pids.append(worker_of(fragile))
                os.kill(pids[-1], signal.SIGKILL)
            elif isinstance(event, Failed):
                raise event.error
    assert len(set(pids)) == 3
    assert str(caught.value).endswith(
        f"{path.name} was tried 3 times, the last time alone, with batches of 4, in int8, and is "
        f"given up"
    )
    assert fragile.transcribe(speak("Keep calm and carry on.")).text == "Keep calm and carry on."


def test_death_between_two_files_costs_none(fragile: Transcriber, speak: Speak) -> None:
    fragile.start()
    pid = worker_of(fragile)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: fragile.state == "stopped")
    assert fragile.transcribe(speak(SPOKEN)).text == SPOKEN


def test_a_pause_shows_as_hung_and_passes(fragile: Transcriber) -> None:
    fragile.start()
    pid = worker_of(fragile)
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: fragile.state == "hung")
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: fragile.state == "ready")
    assert worker_of(fragile) == pid


def test_a_worker_that_hangs_at_work_is_killed_and_its_file_given_to_another(
    fragile: Transcriber, speak: Speak
) -> None:
    fragile.start()
    pid = worker_of(fragile)
    states: list[str] = []
    news = fragile.submit(speak(LONG), VERBOSE).events(
        Told(beat=lambda: states.append(fragile.state))
    )
    assert isinstance(next(news), Started)
    os.kill(pid, signal.SIGSTOP)
    again = next(event for event in news if isinstance(event, Retried))
    assert "was silent for 6 s and was stopped" in again.text
    assert "hung" in states
    assert gone(pid)
    *_, last = news
    assert isinstance(last, Done) and SPOKEN in last.transcript.text


def test_a_waiter_that_gives_up_cancels_its_file(fragile: Transcriber, speak: Speak) -> None:
    fragile.start()
    pid = worker_of(fragile)

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fragile.transcribe(speak(SPOKEN), options=VERBOSE, progress=Told(line=stop))
    wait_for(lambda: fragile.state == "ready")
    assert fragile.transcribe(speak(SPOKEN)).text == SPOKEN
    assert worker_of(fragile) == pid, "the model was loaded again"


def test_what_was_not_begun_is_asked_of_the_next_one_as_if_nothing_had_been(
    fragile: Transcriber, speak: Speak
) -> None:
    fragile.start()
    first = fragile.submit(speak(LONG), VERBOSE)
    news = first.events()
    assert isinstance(next(news), Started)
    os.kill(worker_of(fragile), signal.SIGKILL)
    # Nobody takes what a dead worker is sent.
    second = fragile.submit(speak("Keep calm and carry on."))
    assert any(isinstance(event, Retried) for event in news)
    told = list(second.events())
    assert not any(isinstance(event, Retried) for event in told)
    last = told[-1]
    assert isinstance(last, Done) and last.transcript.text == "Keep calm and carry on."


def test_no_step_within_its_bound(checkpoint: Path) -> None:
    # Importing torch alone takes longer than this, and it answers heartbeats meanwhile.
    settings = WhisperSettings(model=str(checkpoint))
    with (
        Transcriber(settings, deadlines=Deadlines(stall=0.5)) as impatient,
        pytest.raises(WorkerError, match=r"made no progress in 0\.5 s"),
    ):
        impatient.start()


def test_close_ends_the_worker_in_the_middle_of_a_file(checkpoint: Path, speak: Speak) -> None:
    closing = Transcriber(WhisperSettings(model=str(checkpoint)))

    def close_in_the_middle() -> None:
        wait_for(lambda: closing.state == "starting")
        closing.close()

    thread = threading.Thread(target=close_in_the_middle)
    thread.start()
    with pytest.raises(WorkerError):
        closing.transcribe(speak(SPOKEN))
    thread.join()
    assert closing.state == "stopped"
    with pytest.raises(WorkerError, match="closed"):
        closing.transcribe(speak(SPOKEN))
    assert closing.state == "stopped"


def test_the_worker_ends_with_its_parent(checkpoint: Path) -> None:
    script = (
        "import time\n"
        "from alternator.config.models import WhisperSettings\n"
        "from alternator.speech.transcriber import Transcriber\n"
        f"transcriber = Transcriber(WhisperSettings(model={str(checkpoint)!r}))\n"
        "transcriber.start()\n"
        "print(transcriber.worker_pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert b"speech.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: gone(pid))


def test_a_file_called_torch_in_the_working_directory_is_not_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("torch.py", "whisper.py", "struct.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')\n")
    monkeypatch.chdir(tmp_path)
    # Only the real whisper knows its models.
    with pytest.raises(ModelError, match="choose one of tiny"):
        Transcriber(WhisperSettings(model="bsae")).start()


def test_threads_that_wait_do_not_spin(transcriber: Transcriber) -> None:
    environ = Path(f"/proc/{worker_of(transcriber)}/environ").read_bytes().split(b"\0")
    assert f"GOMP_SPINCOUNT={os.environ.get('GOMP_SPINCOUNT', '7000')}".encode() in environ


def test_a_variable_that_rocm_can_not_read_does_not_reach_the_worker() -> None:
    told = (
        "import os, sys; sys.stdin.close();"
        "open(sys.argv[1], 'w').write(' '.join(sorted(os.environ)))"
    )
    given = dict.fromkeys(("HIP_VISIBLE_DEVICES", "HSA_OVERRIDE_GFX_VERSION"), "")
    with tempfile.NamedTemporaryFile("r") as file:
        command = [sys.executable, "-c", told, file.name]
        environ = {**given, "ROCR_VISIBLE_DEVICES": "0"}
        worker = WorkerProcess(LOAD, Deadlines(), environ, command=command)
        wait_for(lambda: worker.ending)
        names = set(file.read().split())
    assert "ROCR_VISIBLE_DEVICES" in names and not names & given.keys()


def test_no_secret_is_in_the_workers_environment() -> None:
    told = "import os, sys; sys.stdin.close(); open(sys.argv[1], 'w').write(str(dict(os.environ)))"
    names = ("MASTODON_ACCESS_TOKEN", "OPENROUTER_API_KEY", "VISION_API_KEY", "DASHBOARD_TOKEN")
    given = {f"ALTERNATOR_{name}": "s3cret-and-long" for name in names}
    with tempfile.NamedTemporaryFile("r") as file:
        command = [sys.executable, "-c", told, file.name]
        worker = WorkerProcess(LOAD, Deadlines(), {**given, "KEPT": "kept"}, command=command)
        wait_for(lambda: worker.ending)
        environ = file.read()
    assert "KEPT" in environ and "s3cret" not in environ


LOAD = Load(
    engine="auto", model="base", device="cpu", options=LoadOptions(model_dir=Path("/nowhere"))
)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            '{"frame": "Hello", "version": 6, "news": []}',
            "the Whisper worker speaks version 6 of the protocol instead of 5: alternator was "
            "installed anew under the running program; start it again",
        ),
        (
            '{"frame": "Sing", "id": "1"}',
            "the Whisper worker sent an unknown frame 'Sing', which is not understood, and was "
            "stopped",
        ),
        (
            '{"frame": "Cancel", "id": "1"}',
            "the Whisper worker sent a frame 'Cancel' before its greeting, which is not "
            "understood, and was stopped",
        ),
    ],
    ids=["another version", "an unknown frame", "no greeting"],
)
def test_a_worker_that_is_not_understood_is_stopped(frame: str, message: str) -> None:
    program = (
        "import sys, struct, time; body = sys.argv[1].encode();"
        "sys.stdout.buffer.write(struct.pack('>I', len(body)) + body); sys.stdout.flush();"
        "sys.stdin.buffer.read()"
    )
    worker = WorkerProcess(
        LOAD, Deadlines(), os.environ, command=[sys.executable, "-c", program, frame]
    )
    mailbox: queue.SimpleQueue[Answer | Lost] = queue.SimpleQueue()
    worker.submit(request("1"), mailbox)
    wait_for(lambda: worker.ending)
    assert worker.ending is not None
    assert (str(worker.ending.error), worker.ending.cause) == (message, "refused")
    lost = mailbox.get(timeout=10)
    assert isinstance(lost, Lost) and lost.ending is worker.ending and not lost.begun
    assert not worker.usable
    worker.submit(request("2"), mailbox)  # it is over already
    assert isinstance(mailbox.get(timeout=10), Lost)


def test_a_worker_that_reads_nothing_holds_nobody_up() -> None:
    """A pipe holds 64 KiB; what is more waits in a thread of its own."""
    program = "import signal; signal.pause()"
    worker = WorkerProcess(LOAD, Deadlines(), os.environ, command=[sys.executable, "-c", program])
    mailbox: queue.SimpleQueue[Answer | Lost] = queue.SimpleQueue()
    long = DecodingOptions(initial_prompt="word " * 10_000)
    for number in range(8):
        worker.submit(replace(request(str(number)), options=long), mailbox)
    worker.kill(WorkerError("enough"))
    lost = [mailbox.get(timeout=10) for _ in range(8)]
    assert all(isinstance(item, Lost) and item.ending.cause == "asked" for item in lost)


def request(number: str) -> Request:
    return Request(
        id=number, path=Path("/nowhere.wav"), limit_seconds=None, options=DecodingOptions()
    )
