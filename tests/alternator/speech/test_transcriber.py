"""Transcripts of real speech, several under way at once, and what cancels them."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from alternator.config.models import WhisperSettings
from alternator.errors import ConfigError, MediaError, ModelError, NoAudioError
from alternator.models import speaker_weights
from alternator.progress import Progress
from alternator.speech.engines.engine import (
    CancelledRequestError,
    Done,
    Failed,
    Progressed,
    SegmentFound,
)
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber, Transcription
from alternator.speech.whisper_dictionary import to_whisper
from alternator.speech.worker.protocol import Started

pytest.importorskip("whisper")

Speak = Callable[..., Path]
MakeMedia = Callable[..., Path]

SPOKEN = "Captions help everyone understand."
VERBOSE = DecodingOptions(verbose=True)


def test_a_start_with_speakers_to_name_and_no_weights_is_refused(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker_weights, "PACKAGE", "resemblyzer-nowhere")
    settings = WhisperSettings(model=str(checkpoint), model_dir=tmp_path, name_speakers=True)
    with Transcriber(settings) as reader:
        with pytest.raises(ModelError, match="run `alternator models speakers`"):
            reader.start()
        assert reader.worker_pid is None


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


def test_the_result_of_the_engine_openai_is_that_of_openai_whisper(
    speak: Speak, checkpoint: Path
) -> None:
    import whisper

    path = speak("Open source software is fun.")
    options = {"beam_size": 5, "best_of": 5, "fp16": False, "word_timestamps": True}
    with Transcriber(WhisperSettings(engine="openai", model=str(checkpoint))) as transcriber:
        transcript = transcriber.transcribe(path, options=DecodingOptions(word_timestamps=True))
    ours = to_whisper(transcript)
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
    heard: list[tuple[float, float]] = []

    class Listener(Progress):
        def line(self, text: str) -> None:
            lines.append(text)

        def advanced(self, done: float, total: float) -> None:
            heard.append((done, total))

    transcript = transcriber.transcribe(speak(SPOKEN), options=VERBOSE, progress=Listener())
    assert "Detected language: English" in lines
    assert any(line.startswith("[00:00.100 --> ") and SPOKEN in line for line in lines)
    assert transcriber.state == "ready"
    assert heard[0] == (0.0, transcript.duration)
    assert heard[-1][0] == pytest.approx(transcript.duration, abs=0.02)


def test_files_of_several_threads_are_under_way_together(
    transcriber: Transcriber, speak: Speak
) -> None:
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


def last_event(transcription: Transcription) -> Done | Failed:
    """Waits for the end of a request."""
    *_, last = transcription.events()
    assert isinstance(last, Done | Failed)
    return last


def test_one_that_waits_is_cancelled(
    transcriber: Transcriber, speak: Speak, make_media: MakeMedia
) -> None:
    noise = "anoisesrc=d=50:amplitude=0.2:seed=1"
    media = make_media("noise.wav", "-f", "lavfi", "-i", noise)
    running = transcriber.submit(media, DecodingOptions(vad=False))  # nobody speaks in it
    waiting = transcriber.submit(speak(SPOKEN))
    waiting.cancel()
    last = last_event(waiting)
    assert isinstance(last, Failed) and type(last.error) is CancelledRequestError
    assert transcriber.state == "busy", "the one before it ended first"
    last = last_event(running)
    assert isinstance(last, Done) and last.transcript.duration == pytest.approx(50.0, abs=0.1)


def test_one_that_runs_is_cancelled_and_the_model_stays(
    transcriber: Transcriber, speak: Speak
) -> None:
    pid = transcriber.worker_pid
    running = transcriber.submit(speak(" ".join([SPOKEN] * 20)))
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
    assert transcriber.worker_pid == pid


def test_segments_come_before_the_whole(transcriber: Transcriber, speak: Speak) -> None:
    options = DecodingOptions(word_timestamps=True)
    *events, last = transcriber.submit(speak(SPOKEN), options).events()
    assert isinstance(events[0], Started)
    assert isinstance(last, Done)
    found = tuple(event.segment for event in events if isinstance(event, SegmentFound))
    assert found == last.transcript.segments and found[0].words


def test_model_errors_come_from_start(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"PK\x03\x04 not really")
    transcriber = Transcriber(WhisperSettings(model=str(broken)))
    with pytest.raises(ModelError, match=r"broken\.pt is damaged"):
        transcriber.start()
    assert transcriber.state == "stopped"


def test_the_asking_side_needs_neither_numpy_nor_torch() -> None:
    program = (
        "import sys, alternator.speech.transcriber;"
        "print({'numpy', 'torch', 'whisper'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout == "set()\n", done.stderr
