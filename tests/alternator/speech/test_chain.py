"""Several engines as one: a server first, another engine while it is away, and back."""

import threading
from collections.abc import Iterator
from pathlib import Path

import foreign_engine
import pytest
from sounds import noise, sound_file
from speech_server import SpeechServer, error, speech_server
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import ConfigError, MediaError, ModelError, SpeechServerAwayError
from alternator.speech import presence
from alternator.speech.chain import EngineChain
from alternator.speech.engines.engine import CancelledRequestError, Done, Failed
from alternator.speech.opening import described, open_speech
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from alternator.speech.worker.protocol import Retried

HELLO = "Hello, dear world. (Yes!)"
ENGINE = """
from alternator.errors import ModelError, OutOfMemoryError
from alternator.speech.engines.engine import Done, Failed
from alternator.speech.transcript import Transcript

class Own:
    device = "here"

    def load(self, model, device, options, progress):
        if model == "gone":
            raise ModelError("the model is gone")

    def transcribe(self, batch):
        while (request := batch.take()) is not None:
            if request.options.hotwords == "much":
                yield Failed(id=request.id, error=OutOfMemoryError("too long a clip"))
                continue
            said = Transcript(text="my own words", language="en", duration=1.0, segments=())
            yield Done(id=request.id, transcript=said)

    def unload(self):
        pass
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A foreign package with the engines ``own`` and ``other``."""
    engines = {"own": "own_engine:Own", "other": "own_engine:Own"}
    foreign_engine.install(tmp_path / "site", monkeypatch, "own_engine", ENGINE, engines)


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    with speech_server() as running:
        yield running


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return sound_file(tmp_path / "sound.wav", noise(1.0))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A server that is away is looked after often."""
    monkeypatch.setattr(presence, "FIRST_SECONDS", 0.05)
    caplog.set_level("INFO", "alternator")


def chain(server: SpeechServer, **keys: object) -> EngineChain:
    """That server, and the foreign engine."""
    settings = WhisperSettings(engine="own", server_url=server.url, **keys)  # type: ignore[arg-type]
    made = open_speech(settings)
    assert isinstance(made, EngineChain)
    return made


def changes(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of coming and going."""
    messages = [
        record.getMessage() for record in caplog.records if record.name.endswith("presence")
    ]
    return [message.partition(" after ")[0] for message in messages]


def test_the_server_is_taken_while_it_is_there(
    own: None, sound: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with speech_server() as gone:
        port = int(gone.url.rsplit(":", 1)[1].partition("/")[0])
    away = f"{gone.url} can't be reached; start that server, or correct [whisper] server_url. "
    instead = "model base of the speech engine 'own' is taken until that one is there again"
    back = f"model base at {gone.url} is there again"
    with chain(gone) as speech:
        speech.start()
        for _ in range(3):
            assert speech.transcribe(sound).text == "my own words"
        assert changes(caplog) == [away + instead], "said once"
        left_out, _ = speech.workers
        assert left_out.state == "left out" and "can't be reached" in left_out.why
        assert speech.state == "ready", "which is healthy"
        with speech_server(port) as running:
            wait_for(lambda: len(changes(caplog)) == 2, what="the server to be there again")
            for _ in range(3):
                assert speech.transcribe(sound).text == HELLO
            assert len(running.asked) == 3
        assert speech.transcribe(sound).text == "my own words", "it left between two files"
        assert changes(caplog) == [away + instead, back, away + instead]
        with speech_server(port):
            wait_for(lambda: len(changes(caplog)) == 4, what="the server to be there again")
            assert speech.transcribe(sound).text == HELLO


def test_a_request_that_the_server_fails_goes_on_to_the_next_engine(
    own: None, server: SpeechServer, sound: Path
) -> None:
    server.answer = error(401, "expired")
    with chain(server) as speech:
        request = speech.submit(sound)
        *_, retried, _, last = request.events()
        assert isinstance(retried, Retried) and isinstance(last, Done)
        assert retried.text == (
            f"{server.url} rejects the token (HTTP 401: expired); set [whisper] server_token; "
            f"model base of the speech engine 'own' is taken"
        )
        assert {request.id} == {retried.id, last.id} == {last.id}


def test_an_option_that_the_server_has_not_is_a_matter_of_one_request(
    own: None, server: SpeechServer, sound: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with chain(server) as speech:
        told = speech.transcribe(sound, options=DecodingOptions(hotwords="Zürich"))
        assert told.text == "my own words" and server.asked == []
        assert speech.transcribe(sound).text == HELLO
        server.answer = error(400, "not this one")
        assert speech.transcribe(sound).text == "my own words"
    assert changes(caplog) == []


def test_what_is_wrong_with_the_file_is_the_last_word(
    own: None, server: SpeechServer, tmp_path: Path
) -> None:
    page = tmp_path / "page.mp3"
    page.write_text("<html>")
    with chain(server) as speech, pytest.raises(MediaError):
        speech.transcribe(page)


def test_a_request_is_cancelled_wherever_it_is(
    own: None, server: SpeechServer, sound: Path
) -> None:
    server.gate.clear()
    with chain(server) as speech:
        request = speech.submit(sound)

        def cancel_at_work() -> None:
            server.waiting.wait(30)
            request.cancel()

        threading.Thread(target=cancel_at_work).start()
        *_, last = request.events()
        assert isinstance(last, Failed) and type(last.error) is CancelledRequestError
        assert server.hung_up.wait(10)


def test_an_engine_that_can_not_be_loaded_is_left_alone(
    own: None, sound: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = WhisperSettings(engine="own", fallback_engines=("other",), model="gone")
    with open_speech(settings) as speech, pytest.raises(ModelError, match="the model is gone"):
        speech.start()
    assert changes(caplog) == [
        "the model is gone. model gone of the speech engine 'other' is taken until that one is "
        "there again"
    ]


def test_a_clip_that_does_not_fit_says_nothing_of_the_next(
    own: None, sound: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_speech(WhisperSettings(engine="own", fallback_engines=("other",))) as speech:
        request = speech.submit(sound, DecodingOptions(hotwords="much"))
        *_, last = request.events()
        assert isinstance(last, Failed) and "too long a clip" in str(last.error)
        assert speech.transcribe(sound).text == "my own words"
        first, second = speech.workers
        assert (first.state, second.state) == ("ready", "ready"), "both were asked"
    assert changes(caplog) == []


def test_a_wrong_token_is_told_at_the_start(own: None, server: SpeechServer) -> None:
    server.token = "right"
    with (
        chain(server, server_token="wrong") as speech,
        pytest.raises(ConfigError, match="rejects the token"),
    ):
        speech.start()


def test_the_last_one_is_asked_whatever_it_did_before(
    server: SpeechServer, own: None, sound: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = error(401, "no")
    with chain(server, model="gone") as speech:
        for _ in range(2):
            with pytest.raises(ModelError, match="the model is gone"):
                speech.transcribe(sound)
    assert not any(change.startswith("the model is gone") for change in changes(caplog))


def test_what_the_settings_ask_for(server: SpeechServer, own: None) -> None:
    settings = WhisperSettings(engine="own", server_url=server.url, server_model="turbo")
    assert described(settings) == (
        f"model turbo at {server.url}, else model base of the speech engine 'own'"
    )
    assert described(WhisperSettings()) == "Whisper model base"
    assert isinstance(open_speech(WhisperSettings()), Transcriber)
    once = WhisperSettings(engine="auto", fallback_engines=("alternator",))
    assert isinstance(open_speech(once), Transcriber), "`auto` stands for it"
    with pytest.raises(
        ConfigError, match=r"'openai-api' needs a server; set \[whisper\] server_url"
    ):
        open_speech(WhisperSettings(fallback_engines=("openai-api",)))
    with pytest.raises(ConfigError, match="there is no speech engine 'opanai'"):
        open_speech(WhisperSettings(fallback_engines=("opanai",)))


def test_a_server_alone_is_waited_for_by_whoever_asks(sound: Path) -> None:
    with speech_server() as gone:
        pass
    settings = WhisperSettings(engine="openai-api", server_url=gone.url)
    with open_speech(settings) as speech, pytest.raises(SpeechServerAwayError, match="reached"):
        speech.transcribe(sound)


def test_a_probe_asks_a_server_each_time_anew() -> None:
    """A worker that had it once would go on to say that it is there."""
    with speech_server() as gone:
        speech = open_speech(WhisperSettings(engine="openai-api", server_url=gone.url))
        speech.probe()
    with speech:
        with pytest.raises(SpeechServerAwayError, match="can't be reached"):
            speech.probe()
        port = int(gone.url.rsplit(":", 1)[1].partition("/")[0])
        with speech_server(port) as back:
            speech.probe()
            assert not back.asked, "no sound was sent"


def test_a_server_that_a_probe_finds_is_taken_at_once(
    own: None,
    sound: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own watch may look minutes later."""
    monkeypatch.setattr(presence, "FIRST_SECONDS", 600.0)
    with speech_server() as gone:
        port = int(gone.url.rsplit(":", 1)[1].partition("/")[0])
    with chain(gone, model="gone") as speech:
        with pytest.raises(ModelError, match="the model is gone"):
            speech.probe()
        with pytest.raises(ModelError, match="the model is gone"):
            speech.transcribe(sound)
        with speech_server(port):
            speech.probe()
            assert speech.transcribe(sound).text == HELLO
    away, back = changes(caplog)
    assert "can't be reached" in away and back == f"model gone at {gone.url} is there again"
