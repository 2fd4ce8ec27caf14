"""The engine that asks a server: what it sends, what it makes of the answers, how it fails."""

import io
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine_runs import inbox_of, run, transcribed
from sounds import joined, noise, silence, sound_file
from speech_server import NO_VERBOSE, SPOKEN, Refusal, SpeechServer, error, speech_server

from alternator.config.models import WhisperSettings
from alternator.errors import (
    ConfigError,
    MediaError,
    SpeechServerAwayError,
    SpeechServerError,
    UnsupportedError,
)
from alternator.progress import SILENT, Progress
from alternator.speech.engines.engine import (
    CancelledRequestError,
    Done,
    Failed,
    LoadOptions,
    Said,
    SegmentFound,
    Server,
)
from alternator.speech.engines.openai_api import asking, pieces
from alternator.speech.engines.openai_api.engine import OpenAIApiEngine
from alternator.speech.engines.openai_api.trouble import Trouble
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from alternator.speech.whisper_dictionary import to_whisper
from alternator.transcribe.options import parse

OPTIONS = DecodingOptions()
REFUSED, AWAY = SpeechServerError, SpeechServerAwayError


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    with speech_server() as running:
        yield running


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return sound_file(tmp_path / "sound.wav", noise(2.0))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a second that nobody asked for."""
    monkeypatch.setattr(asking, "FIRST_WAIT_SECONDS", 0.01)


class Lines(Progress):
    """Keeps what is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def line(self, text: str) -> None:
        self.told.append(text)


def loaded(
    server: SpeechServer,
    tmp_path: Path,
    *,
    model: str = "whisper-1",
    progress: Progress = SILENT,
    **known: object,
) -> OpenAIApiEngine:
    """The engine with that server."""
    engine = OpenAIApiEngine()
    whom = Server(url=server.url, **known)  # type: ignore[arg-type]
    engine.load(model, "auto", LoadOptions(model_dir=tmp_path, server=whom), progress)
    return engine


def failure(engine: OpenAIApiEngine, path: Path, options: DecodingOptions = OPTIONS) -> Exception:
    ends, _ = run(engine, inbox_of([path], options))
    assert isinstance(ends["0"], Exception), ends
    return ends["0"]


def test_a_whole_answer_is_a_whole_transcript(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    engine = loaded(server, tmp_path, token="secret")
    assert engine.device == server.url
    ends, events = run(engine, inbox_of([sound], replace(OPTIONS, word_timestamps=True)))
    transcript = ends["0"]
    assert not isinstance(transcript, Exception)
    assert (transcript.text, transcript.language) == ("Hello, dear world. (Yes!)", "en")
    assert (transcript.duration, transcript.model) == (2.0, "whisper-1")
    assert [event.segment for event in events if isinstance(event, SegmentFound)] == list(
        transcript.segments
    )
    first, second = transcript.segments
    assert first.decoding is not None and first.decoding.tokens == (50364, 2425, 50414)
    assert [word.text for word in first.words or ()] == [" Hello,", " dear", " world."]
    assert [(word.text, word.start, word.end) for word in second.words or ()] == [
        (" (Yes!)", 1.6, 2.0)
    ]
    entry = to_whisper(transcript)["segments"][0]
    assert entry["words"][0] == {"word": " Hello,", "start": 0.0, "end": 0.5}
    (asked,) = server.asked
    assert (asked.path, asked.token) == ("/v1/audio/transcriptions", "secret")
    assert not asked.chunked, "many servers take no body without a length"
    assert asked.fields == {
        "model": ["whisper-1"],
        "temperature": ["0"],
        "response_format": ["verbose_json"],
        "timestamp_granularities[]": ["word", "segment"],
    }


def test_what_is_sent_is_the_sound_to_the_last_bit(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    options = replace(OPTIONS, language="German", initial_prompt='Frau "Müller"\r\nsagt:')
    transcript = transcribed(loaded(server, tmp_path), sound, options)
    assert transcript.language == "de", "what was asked for goes before what the server says"
    (asked,) = server.asked
    assert asked.token is None
    assert asked.fields["language"] == ["de"]
    assert asked.fields["prompt"] == ['Frau "Müller"\r\nsagt:']
    with wave.open(io.BytesIO(asked.sound)) as sent, wave.open(str(sound)) as original:
        assert sent.getparams() == original.getparams()
        assert sent.readframes(1 << 20) == original.readframes(1 << 20)


def test_temperatures_that_were_counted_up_are_the_usual_ones(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    decoding = parse(["x.mp3"]).decoding
    assert decoding.temperature != OPTIONS.temperature, "0.6000000000000001"
    assert transcribed(loaded(server, tmp_path), sound, decoding).text


def test_of_a_translation_nobody_says_what_was_spoken(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    options = replace(OPTIONS, task="translate")
    assert transcribed(loaded(server, tmp_path), sound, options).language == ""


def test_a_confidence_is_asked_of_a_server_that_tells_one(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    server.include = ["confidence"]
    server.answer = {**SPOKEN, "confidence": 0.75}
    engine = loaded(server, tmp_path)
    assert transcribed(engine, sound, OPTIONS).confidence == 0.75
    assert server.asked[-1].fields["include[]"] == ["confidence"]
    # Another server stands there now.
    server.answers = [error(400, "there is no field 'include'", "unknown_parameter")]
    server.answer = SPOKEN
    assert transcribed(engine, sound, OPTIONS).confidence is None
    assert transcribed(engine, sound, OPTIONS).text == "Hello, dear world. (Yes!)"
    asked = ["include[]" in one.fields for one in server.asked]
    assert asked == [True, True, False, False]


def test_nobody_else_is_asked_for_a_confidence(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    for include in (None, ["logprobs"]):
        server.include = include
        assert transcribed(loaded(server, tmp_path), sound, OPTIONS).confidence is None
    assert not any("include[]" in one.fields for one in server.asked)


def test_a_translation_has_an_address_of_its_own(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    options = replace(OPTIONS, task="translate", language="de", temperature=(0.4,))
    assert transcribed(loaded(server, tmp_path), sound, options).language == "de"
    (asked,) = server.asked
    assert asked.path == "/v1/audio/translations"
    assert "language" not in asked.fields and asked.fields["temperature"] == ["0.4"]


def test_without_verbose_json_the_text_stands_as_a_whole(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    server.plain = True
    engine = loaded(server, tmp_path)
    ends, events = run(engine, inbox_of([sound], OPTIONS))
    transcript = ends["0"]
    assert not isinstance(transcript, Exception)
    (segment,) = transcript.segments
    assert (segment.start, segment.end) == (0.0, 2.0)
    assert segment.text == " Hello, dear world. (Yes!)" and transcript.language == ""
    assert [event.text for event in events if isinstance(event, Said)] == [
        f"{server.url} tells no times with this model; the text stands as a whole"
    ]
    transcribed(engine, sound, OPTIONS)
    formats = [asked.fields["response_format"][0] for asked in server.asked]
    assert formats == ["verbose_json", "json", "json"], "it is learnt once"
    refusal = failure(engine, sound, replace(OPTIONS, word_timestamps=True))
    assert isinstance(refusal, UnsupportedError) and "tells no times of words" in str(refusal)


def test_words_without_their_times_are_no_answer_to_who_asked_for_them(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    server.answer = {**SPOKEN}  # some servers pass the wish over
    engine = loaded(server, tmp_path)
    assert transcribed(engine, sound, OPTIONS).text
    refusal = failure(engine, sound, replace(OPTIONS, word_timestamps=True))
    assert isinstance(refusal, UnsupportedError) and "tells no times of words" in str(refusal)
    server.answer = {"text": "", "segments": []}
    assert transcribed(engine, sound, replace(OPTIONS, word_timestamps=True)).text == ""


def test_a_busy_server_is_asked_again_when_it_said(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    server.answers = [error(429, "slow down", Retry_After="0"), error(503, "loading"), SPOKEN]
    assert transcribed(loaded(server, tmp_path), sound, OPTIONS).text
    assert len(server.asked) == 3
    assert server.asked[0].sound == server.asked[2].sound, "the sound is sent anew"
    server.asked.clear()
    server.answers = [error(429, "come back tomorrow", Retry_After="7200")]
    away = failure(loaded(server, tmp_path), sound)
    assert type(away) is SpeechServerAwayError and away.retry_after == 7200
    assert str(away) == (f"{server.url} is too busy (HTTP 429: come back tomorrow); try later")
    assert len(server.asked) == 1, "so long a wait is not for a worker to wait"


def test_a_broken_connection_is_made_anew(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    engine = loaded(server, tmp_path)
    server.breaks = 2
    assert transcribed(engine, sound, OPTIONS).text
    server.breaks = 4
    assert "broke the connection off" in str(failure(engine, sound))


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (error(400, "bad\nsound"), REFUSED, "the request for 'whisper-1' (HTTP 400: bad sound)"),
        (error(413, ""), REFUSED, "(HTTP 413)"),
        (error(500, "it hung", "transcription_failed"), REFUSED, "(HTTP 500: it hung)"),
        (
            Refusal(status=422, body='{"detail": [{"loc": ["body", "file"], "msg": "missing"}]}'),
            REFUSED,
            "(HTTP 422: body.file: missing)",
        ),
        (error(401, "no"), AWAY, "token (HTTP 401: no); set [whisper] server_token"),
        (error(404, "none such"), AWAY, "or no model 'whisper-1' (HTTP 404: none such)"),
        (error(429, "pay", "insufficient_quota"), AWAY, "wants to be paid (HTTP 429: pay)"),
        (
            Refusal(status=307, headers={"Location": "https://elsewhere.example/v1"}),
            AWAY,
            "redirects to https://elsewhere.example/v1 (HTTP 307), where no sound is sent",
        ),
        (Refusal(status=200, body="<html>"), AWAY, "does not answer like a server"),
        ({"text": None, "segments": []}, AWAY, "does not answer like a server"),
        ([1, 2], AWAY, "does not answer like a server"),
    ],
)
def test_each_refusal_says_whose_it_is(
    server: SpeechServer,
    sound: Path,
    tmp_path: Path,
    answer: object,
    kind: type[Exception],
    words: str,
) -> None:
    server.answer = answer
    found = failure(loaded(server, tmp_path, token="tell-nobody"), sound)
    assert type(found) is kind and words in str(found)
    assert len(server.asked) == 1, "asking again would not help"
    assert "tell-nobody" not in str(found)


def test_an_answer_has_an_end(
    server: SpeechServer, sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_BYTES", 4 << 20)
    server.answer = {"text": "x" * (5 << 20)}
    assert "an answer of more than 4 MiB" in str(failure(loaded(server, tmp_path), sound))


def test_a_server_that_never_answers_is_given_up(
    server: SpeechServer, sound: Path, tmp_path: Path
) -> None:
    server.gate.clear()
    found = failure(loaded(server, tmp_path, timeout_seconds=0.3), sound)
    assert isinstance(found, SpeechServerAwayError)
    assert "did not answer within 0.3 s" in str(found)


def test_a_cancelled_request_hangs_up(server: SpeechServer, sound: Path, tmp_path: Path) -> None:
    server.gate.clear()
    inbox = inbox_of([sound, sound], OPTIONS)
    events = loaded(server, tmp_path).transcribe(inbox)
    ended: dict[str, object] = {}
    for event in events:
        if server.waiting.is_set() and not ended:
            inbox.cancel("0")
        if isinstance(event, Done | Failed):
            ended[event.id] = event
            inbox.finished(event.id)
            assert server.hung_up.wait(10)
            server.gate.set()
    first, second = ended["0"], ended["1"]
    assert isinstance(first, Failed) and type(first.error) is CancelledRequestError
    assert isinstance(second, Done), "another one goes on"


def test_several_are_under_way_at_once(server: SpeechServer, sound: Path, tmp_path: Path) -> None:
    server.gate.clear()
    inbox = inbox_of([sound] * 5, OPTIONS)
    done = 0
    for event in loaded(server, tmp_path).transcribe(inbox):
        if len(server.asked) == 5:
            server.gate.set()
        if isinstance(event, Done):
            inbox.finished(event.id)
            done += 1
    assert done == 5


def test_long_sound_goes_in_pieces_cut_where_it_is_quiet(
    server: SpeechServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "MOST_SECONDS", 4)
    monkeypatch.setattr(pieces, "SEARCHED_SECONDS", 2)
    long = sound_file(
        tmp_path / "long.wav", joined(noise(3.0), noise(0.2, 0.0001), noise(3.0), silence(9.0))
    )
    transcript = transcribed(loaded(server, tmp_path), long, OPTIONS)
    lengths = [(len(asked.sound) - 44) / 32000 for asked in server.asked]
    assert len(lengths) == 2 and 3.0 <= lengths[0] <= 3.2, "what is silent is not sent"
    assert transcript.duration == pytest.approx(15.2)
    starts = [segment.start for segment in transcript.segments]
    assert starts == [0.0, 1.5, lengths[0], lengths[0] + 1.5]
    assert transcript.segments[2].decoding is not None
    assert transcript.segments[2].decoding.seek == round(100 * lengths[0])


def test_clips_are_what_is_sent(server: SpeechServer, tmp_path: Path) -> None:
    path = sound_file(tmp_path / "sound.wav", noise(10.0))
    options = replace(OPTIONS, clip_timestamps=(1.0, 2.0, 7.5))
    transcript = transcribed(loaded(server, tmp_path), path, options)
    assert [(len(asked.sound) - 44) / 32000 for asked in server.asked] == [1.0, 2.5]
    assert [segment.start for segment in transcript.segments] == [1.0, 2.0, 7.5, 9.0]
    assert transcript.segments[1].end == 2.0, "no time lies outside of its piece"


def test_nothing_is_asked_about_silence_and_what_is_no_sound(
    server: SpeechServer, tmp_path: Path
) -> None:
    engine = loaded(server, tmp_path)
    quiet = sound_file(tmp_path / "quiet.wav", silence(1.0))
    assert transcribed(engine, quiet, OPTIONS).notes == ("It is silent from beginning to end.",)
    page = tmp_path / "page.mp3"
    page.write_text("<html>")
    assert isinstance(failure(engine, page), MediaError)
    assert server.asked == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hotwords": "Zürich", "prefix": "So"}, "has no hotwords, prefix; leave them out"),
        ({"vad": True}, "has no vad; leave it out"),
        ({"beam_size": 1}, "has no beam_size"),
        ({"condition_on_previous_text": False}, "has no condition_on_previous_text"),
        ({"without_timestamps": True}, "has no without_timestamps"),
        ({"no_speech_threshold": None}, "has no no_speech_threshold"),
        ({"temperature": (0.0,)}, "takes one temperature above 0, or the usual ones"),
        ({"temperature": (0.2, 0.4)}, "takes one temperature above 0, or the usual ones"),
        ({"language": "klingon"}, "knows no language 'klingon'"),
    ],
)
def test_what_the_api_has_no_word_for_is_refused(
    server: SpeechServer, sound: Path, tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    found = failure(loaded(server, tmp_path), sound, replace(OPTIONS, **changes))  # type: ignore[arg-type]
    assert type(found) is UnsupportedError and named in str(found)
    assert server.asked == []


def test_a_start_says_what_is_wrong(server: SpeechServer, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"needs a server; set \[whisper\] server_url"):
        OpenAIApiEngine().load("base", "auto", LoadOptions(model_dir=tmp_path), SILENT)
    server.token = "right"
    with pytest.raises(ConfigError, match=r"rejects the token .HTTP 401: Incorrect API key"):
        loaded(server, tmp_path, token="wrong")
    lines = Lines()
    loaded(server, tmp_path, token="right", model="large", progress=lines)
    assert lines.told == [f"{server.url} does not list the model 'large', but base, whisper-1"]
    server.models = None
    loaded(server, tmp_path, token="right", progress=lines)
    assert len(lines.told) == 1, "some servers list nothing"
    with speech_server() as gone:
        pass
    with pytest.raises(SpeechServerAwayError, match="can't be reached; start that server, or"):
        loaded(gone, tmp_path)


def test_by_its_worker_as_by_any_other(
    server: SpeechServer, sound: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    settings = WhisperSettings(
        engine="openai-api", server_url=server.url, server_token="hush", server_model="whisper-1"
    )
    server.token = "hush"
    with Transcriber(settings) as transcriber:
        assert transcriber.transcribe(sound).text == "Hello, dear world. (Yes!)"
        server.answer = error(429, "later", Retry_After="100")
        with pytest.raises(SpeechServerAwayError) as caught:
            transcriber.transcribe(sound)
        assert caught.value.retry_after == 100, "it comes through the pipe"
    assert server.asked[0].fields["model"] == ["whisper-1"]
    assert "hush" not in caplog.text + repr(settings)


def test_the_upload_is_never_held_as_a_whole(server: SpeechServer, tmp_path: Path) -> None:
    found = pieces.pieces_of(np.full(600 * 16000, 0.1, dtype=np.float32), (0.0,))
    assert pieces.wav_size(found[0]) == 44 + 600 * 32000
    assert max(map(len, pieces.wav(found[0]))) <= 30 * 32000


def test_the_refusal_of_verbose_json_is_told_from_others() -> None:
    words = Trouble(error=SpeechServerError(""), words=NO_VERBOSE.body, status=400)
    assert asking.lacks_verbose(words)
    assert not asking.lacks_verbose(replace(words, words="the file is too short"))
    assert not asking.lacks_verbose(replace(words, status=413))
