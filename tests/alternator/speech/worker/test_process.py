"""What becomes of the worker, and of what it holds, when it is stopped, killed or left alone."""

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import ModelError, WorkerError
from alternator.progress import Progress
from alternator.speech.engines.engine import Done, LoadOptions, Request
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber, Transcription
from alternator.speech.worker.held import Lost, Mailbox
from alternator.speech.worker.patience import Deadlines
from alternator.speech.worker.process import WorkerProcess
from alternator.speech.worker.protocol import Load

pytest.importorskip("whisper")

Speak = Callable[..., Path]

SPOKEN = "Captions help everyone understand."
VERBOSE = DecodingOptions(verbose=True)


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
    settings = WhisperSettings(model=str(checkpoint), preload=False)
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
def test_a_crash_costs_one_file(fragile: Transcriber, speak: Speak, blow: signal.Signals) -> None:
    fragile.start()
    pid = worker_of(fragile)
    told = Told(line=lambda _: os.kill(pid, blow))
    with pytest.raises(WorkerError, match=rf"died of {blow.name} while at work; "):
        fragile.transcribe(speak(SPOKEN), options=VERBOSE, progress=told)
    assert fragile.state == "stopped"
    assert fragile.transcribe(speak(SPOKEN)).text == SPOKEN
    assert worker_of(fragile) != pid


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


def test_a_worker_that_hangs_is_killed(fragile: Transcriber, speak: Speak) -> None:
    fragile.start()
    pid = worker_of(fragile)
    states: list[str] = []
    with pytest.raises(WorkerError, match="was silent for 6 s and was stopped"):
        fragile.transcribe(
            speak(SPOKEN),
            options=VERBOSE,
            progress=Told(
                beat=lambda: states.append(fragile.state),
                line=lambda _: os.kill(pid, signal.SIGSTOP),
            ),
        )
    assert states[-1] == "hung"
    assert gone(pid)
    assert fragile.transcribe(speak(SPOKEN)).text == SPOKEN


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


def test_a_death_costs_only_what_was_begun(fragile: Transcriber, speak: Speak) -> None:
    """One file runs and one waits; the second is asked again of the next worker."""
    fragile.start()
    pid = worker_of(fragile)
    waiting: list[Transcription] = []

    def blow(_: str) -> None:
        if not waiting:
            waiting.append(fragile.submit(speak("Keep calm and carry on.")))
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(WorkerError, match="died of SIGKILL while at work"):
        fragile.transcribe(speak(SPOKEN), options=VERBOSE, progress=Told(line=blow))
    *_, last = waiting[0].events()
    assert isinstance(last, Done) and last.transcript.text == "Keep calm and carry on."
    assert worker_of(fragile) != pid


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
    assert f"OMP_WAIT_POLICY={os.environ.get('OMP_WAIT_POLICY', 'PASSIVE')}".encode() in environ


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
        with pytest.raises(WorkerError):
            worker.wait_until_loaded()
        names = set(file.read().split())
    assert "ROCR_VISIBLE_DEVICES" in names and not names & given.keys()


LOAD = Load(
    engine="auto", model="base", device="cpu", options=LoadOptions(model_dir=Path("/nowhere"))
)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            '{"frame": "Hello", "version": 3, "news": []}',
            "the Whisper worker speaks version 3 of the protocol instead of 2: alternator was "
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
    mailbox: Mailbox = queue.SimpleQueue()
    worker.submit(request("1"), mailbox)
    with pytest.raises(WorkerError) as caught:
        worker.wait_until_loaded()
    assert str(caught.value) == message
    lost = mailbox.get(timeout=10)
    assert isinstance(lost, Lost) and str(lost.error) == message and not lost.again
    assert not worker.usable
    worker.submit(request("2"), mailbox)  # it is over already
    assert isinstance(mailbox.get(timeout=10), Lost)


def request(number: str) -> Request:
    return Request(
        id=number, path=Path("/nowhere.wav"), limit_seconds=None, options=DecodingOptions()
    )
