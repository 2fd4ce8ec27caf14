"""The worker on real speech, and what becomes of it when it is stopped, killed or left alone."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import ConfigError, MediaError, ModelError, NoAudioError, WorkerError
from alternator.progress import Progress
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from alternator.speech.transcript import to_whisper
from alternator.speech.worker.patience import Deadlines
from alternator.speech.worker.protocol import Started

pytest.importorskip("whisper")

Speak = Callable[..., Path]
MakeMedia = Callable[..., Path]

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


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".ogg", ".m4a", ".flac", ".mp4"])
def test_every_format_gives_the_words(transcriber: Transcriber, speak: Speak, suffix: str) -> None:
    transcript = transcriber.transcribe(speak(SPOKEN, suffix=suffix))
    assert transcript.text == SPOKEN
    assert transcript.language == "en"
    assert 1.0 < transcript.duration < 5.0
    assert transcript.segments[-1].end <= transcript.duration + 0.5


@pytest.mark.parametrize(
    ("voice", "language", "text"),
    [("de", "de", "Die Kinder spielen im Garten."), ("fr", "fr", "Nous allons au cinéma demain.")],
)
def test_the_language_is_detected(
    transcriber: Transcriber, speak: Speak, voice: str, language: str, text: str
) -> None:
    transcript = transcriber.transcribe(speak(text, voice))
    assert (transcript.text, transcript.language) == (text, language)


def test_translation(transcriber: Transcriber, speak: Speak) -> None:
    path = speak("Meine Katze schläft auf dem Sofa.", "de")
    transcript = transcriber.transcribe(
        path, options=DecodingOptions(language="German", task="translate")
    )
    assert transcript.text == "My cat is sleeping on the sofa."
    assert transcript.language == "de"


def test_word_timestamps(transcriber: Transcriber, speak: Speak) -> None:
    options = DecodingOptions(word_timestamps=True)
    transcript = transcriber.transcribe(speak(SPOKEN), options=options)
    words = transcript.segments[0].words
    assert words is not None
    assert [word.text.strip() for word in words] == SPOKEN.split()
    starts = [word.start for word in words]
    assert starts == sorted(starts) and starts[-1] > starts[0]
    assert all(0 <= word.start <= word.end <= transcript.duration + 0.5 for word in words)


def test_the_result_is_that_of_openai_whisper(
    transcriber: Transcriber, speak: Speak, checkpoint: Path
) -> None:
    import whisper

    path = speak("Open source software is fun.")
    options = {"beam_size": 5, "best_of": 5, "fp16": False, "word_timestamps": True}
    ours = to_whisper(transcriber.transcribe(path, options=DecodingOptions(word_timestamps=True)))
    theirs = whisper.transcribe(whisper.load_model(str(checkpoint)), str(path), **options)
    assert list(ours) == list(theirs)
    assert [list(s) for s in ours["segments"]] == [list(s) for s in theirs["segments"]]
    # Another process may add in another order, so the last digits may differ.
    assert json.loads(json.dumps(ours), parse_float=lambda text: round(float(text), 3)) == (
        json.loads(json.dumps(theirs), parse_float=lambda text: round(float(text), 3))
    )


@pytest.mark.parametrize("sound", ["anullsrc=d=4", "anoisesrc=d=4:amplitude=0.2:seed=1"])
def test_where_nobody_speaks_the_text_is_empty(
    transcriber: Transcriber, make_media: MakeMedia, sound: str
) -> None:
    transcript = transcriber.transcribe(make_media("nobody.wav", "-f", "lavfi", "-i", sound))
    assert (transcript.text, transcript.segments) == ("", ())
    assert transcript.duration == pytest.approx(4.0, abs=0.1)


def test_a_bad_file_does_not_stop_the_next(
    transcriber: Transcriber, speak: Speak, make_media: MakeMedia, tmp_path: Path
) -> None:
    pid = transcriber.worker_pid
    text = tmp_path / "text.mp3"
    text.write_text("not a sound")
    silent = make_media("silent.mp4", "-f", "lavfi", "-i", "color=red:s=64x64:d=1")
    long = make_media("long.wav", "-f", "lavfi", "-i", "anullsrc=d=62:r=8000")
    for path, error, message in (
        (text, MediaError, "is not audio or video"),
        (silent, NoAudioError, "no audio track"),
        (long, MediaError, "longer than the limit of 1 minutes"),
        (tmp_path / "nowhere.mp3", MediaError, "does not exist"),
    ):
        with pytest.raises(error, match=message):
            transcriber.transcribe(path)
    with pytest.raises(ConfigError, match="no language 'Klingon'"):
        transcriber.transcribe(speak(SPOKEN), options=DecodingOptions(language="Klingon"))
    assert transcriber.transcribe(speak(SPOKEN)).text == SPOKEN
    assert transcriber.worker_pid == pid, "the model was loaded again"


def test_lines_come_while_it_works(transcriber: Transcriber, speak: Speak) -> None:
    lines: list[str] = []
    states: list[str] = []
    heard: list[tuple[float, float]] = []

    class Listener(Progress):
        def line(self, text: str) -> None:
            lines.append(text)
            states.append(transcriber.state)

        def advanced(self, done: float, total: float) -> None:
            heard.append((done, total))

    transcript = transcriber.transcribe(speak(SPOKEN), options=VERBOSE, progress=Listener())
    assert "Detected language: English" in lines
    assert any(line.startswith("[00:00.000 --> ") and SPOKEN in line for line in lines)
    assert states[0] == "busy"  # when the last ones are read, the answer may be there already
    assert transcriber.state == "ready"
    assert heard[0] == (0.0, transcript.duration)
    assert heard[-1] == (pytest.approx(transcript.duration, abs=0.02), transcript.duration)


def test_files_of_several_threads_are_taken_in_turn(transcriber: Transcriber, speak: Speak) -> None:
    phrases = ["Music makes people happy.", "The bus was late again.", SPOKEN]
    texts: dict[str, str] = {}

    def transcribe(phrase: str, path: Path) -> None:
        texts[phrase] = transcriber.transcribe(path).text

    threads = [
        threading.Thread(target=transcribe, args=(phrase, speak(phrase))) for phrase in phrases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {phrase: phrase for phrase in phrases}


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


def last_event(transcription: Transcription) -> Done | Failed:
    """Waits for the end of a request."""
    *_, last = transcription.events()
    assert isinstance(last, Done | Failed)
    return last


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
    last = last_event(waiting[0])
    assert isinstance(last, Done) and last.transcript.text == "Keep calm and carry on."
    assert worker_of(fragile) != pid


def test_one_that_waits_is_cancelled(
    transcriber: Transcriber, speak: Speak, make_media: MakeMedia
) -> None:
    noise = "anoisesrc=d=50:amplitude=0.2:seed=1"
    running = transcriber.submit(make_media("noise.wav", "-f", "lavfi", "-i", noise))
    waiting = transcriber.submit(speak(SPOKEN))
    waiting.cancel()
    last = last_event(waiting)
    assert isinstance(last, Failed) and type(last.error) is CancelledRequestError
    assert transcriber.state == "busy", "the one before it ended first"
    last = last_event(running)
    assert isinstance(last, Done) and last.transcript.duration == pytest.approx(50.0, abs=0.1)


def test_one_that_runs_is_cancelled_and_the_model_stays(
    transcriber: Transcriber, speak: Speak, make_media: MakeMedia
) -> None:
    pid = worker_of(transcriber)
    noise = "anoisesrc=d=55:amplitude=0.2:seed=1"
    running = transcriber.submit(make_media("noise.wav", "-f", "lavfi", "-i", noise))
    waiting = transcriber.submit(speak(SPOKEN))
    events = running.events()
    while not isinstance(next(events), Progressed):
        pass
    running.cancel()
    (*_, last) = events
    assert isinstance(last, Failed) and type(last.error) is CancelledRequestError
    running.cancel()  # nothing is left to cancel
    last = last_event(waiting)
    assert isinstance(last, Done) and last.transcript.text == SPOKEN
    assert worker_of(transcriber) == pid


def test_segments_come_before_the_whole(transcriber: Transcriber, speak: Speak) -> None:
    options = DecodingOptions(word_timestamps=True)
    *events, last = transcriber.submit(speak(SPOKEN), options).events()
    assert isinstance(events[0], Started)
    assert isinstance(last, Done)
    found = tuple(event.segment for event in events if isinstance(event, SegmentFound))
    assert found == last.transcript.segments and found[0].words


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
    thread = threading.Thread(
        target=lambda: wait_for(lambda: closing.state == "starting") and closing.close()
    )
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


def test_model_errors_come_from_start(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"PK\x03\x04 not really")
    transcriber = Transcriber(WhisperSettings(model=str(broken)))
    with pytest.raises(ModelError, match=r"broken\.pt is damaged"):
        transcriber.start()
    assert transcriber.state == "stopped"
