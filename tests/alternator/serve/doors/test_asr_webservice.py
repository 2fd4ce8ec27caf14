"""What clients of whisper-asr-webservice send, against the whole server and a small Whisper.

It has no client of its own: its documentation and Bazarr use requests, and so do these.
"""

import json
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from running_serve import RunningServe
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import ModelError
from alternator.models.speaker_weights import find_speaker_weights
from alternator.serve.options import MEGABYTE, ServeOptions
from alternator.serve.tokens import Client, Tokens, digest

Speak = Callable[..., Path]
MakeMedia = Callable[..., Path]

SPOKEN = "Captions help everyone understand."
GERMAN = "Meine Katze schläft auf dem Sofa."
FASTAPI_ENTRY = {"type", "loc", "msg"}


def ask(url: str, path: Path | bytes, name: str = "a.wav", **params: str) -> requests.Response:
    """Send a file as their documentation's curl does."""
    content = path if isinstance(path, bytes) else path.read_bytes()
    return requests.post(url, params=params, files={"audio_file": (name, content)}, timeout=60)


def refusal(answer: requests.Response) -> tuple[list[str], str]:
    """Place and words of a 422, as FastAPI's clients read them."""
    assert answer.status_code == 422, answer.text
    (entry,) = answer.json()["detail"]
    assert entry.keys() == FASTAPI_ENTRY
    return entry["loc"], entry["msg"]


def test_plain_text_unless_it_is_said(served: RunningServe, speak: Speak) -> None:
    answer = ask(f"{served.url}/asr", speak(SPOKEN, suffix=".mp3"), "my talk.mp3")
    assert (answer.status_code, answer.text) == (200, f"{SPOKEN}\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my%20talk.mp3.txt"'
    assert answer.headers["Asr-Engine"]


@pytest.mark.parametrize(
    ("output", "begins", "ends"),
    [
        ("text", SPOKEN, f"{SPOKEN}\n"),
        ("srt", "1\n00:00:00,", f"\n{SPOKEN}\n\n"),
        ("vtt", "WEBVTT\n\n00:00.", f"\n{SPOKEN}\n\n"),
        ("tsv", "start\tend\ttext\n", f"\t{SPOKEN}\n"),
    ],
)
def test_every_output(
    served: RunningServe, speak: Speak, output: str, begins: str, ends: str
) -> None:
    answer = ask(f"{served.url}/asr", speak(SPOKEN), output=output)
    assert answer.status_code == 200
    assert answer.text.startswith(begins) and answer.text.endswith(ends)


def test_json_is_whispers_own_and_called_plain_text(served: RunningServe, speak: Speak) -> None:
    answer = ask(f"{served.url}/asr", speak(SPOKEN), output="json", word_timestamps="true")
    assert answer.headers["Content-Type"].startswith("text/plain")
    found = json.loads(answer.text)
    assert list(found) == ["text", "segments", "language"]
    assert (found["text"], found["language"]) == (f" {SPOKEN}", "en")
    words = [word["word"].strip() for word in found["segments"][0]["words"]]
    assert words == SPOKEN.split()
    plain = json.loads(ask(f"{served.url}/asr", speak(SPOKEN), output="json").text)
    assert "words" not in plain["segments"][0] and plain["segments"][0]["tokens"]


def test_language_prompt_voice_detection_and_a_name_of_another_version(
    served: RunningServe, speak: Speak
) -> None:
    for vad in ("true", "false"):
        answer = ask(
            f"{served.url}/asr",
            speak(GERMAN, "de"),
            task="transcribe",
            language="de",
            initial_prompt="Ein Gespräch über Tiere.",
            vad_filter=vad,
            video_file="/films/a.mkv",
            output="json",
        )
        assert answer.status_code == 200, answer.text
        assert json.loads(answer.text)["language"] == "de"
        assert json.loads(answer.text)["text"].strip()


def test_bare_samples_as_bazarr_sends_them(
    served: RunningServe, make_media: MakeMedia, speak: Speak
) -> None:
    path = make_media("bare.wav", "-i", str(speak(SPOKEN)), "-ar", "16000", "-ac", "1")
    with wave.open(str(path)) as file:
        samples = file.readframes(file.getnframes())
    answer = requests.post(
        f"{served.url}/asr",
        params={"task": "transcribe", "language": "en", "output": "srt", "encode": "false"},
        files={"audio_file": samples},
        timeout=60,
    )
    assert (answer.status_code, answer.text.splitlines()[2]) == (200, SPOKEN)
    found = requests.post(
        f"{served.url}/detect-language",
        params={"encode": "false"},
        files={"audio_file": samples},
        timeout=60,
    )
    assert found.json()["language_code"] == "en"


@pytest.mark.parametrize(
    ("text", "voice", "name"), [(SPOKEN, "en", "english"), (GERMAN, "de", "german")]
)
def test_the_language(served: RunningServe, speak: Speak, text: str, voice: str, name: str) -> None:
    answer = ask(f"{served.url}/detect-language", speak(text, voice))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    found = answer.json()
    assert list(found) == ["detected_language", "language_code", "confidence"]
    assert (found["detected_language"], found["language_code"]) == (name, voice)
    assert 0 < found["confidence"] <= 1


def test_of_a_long_file_the_first_half_minute_tells_the_language(
    served: RunningServe, make_media: MakeMedia, speak: Speak
) -> None:
    before = served.metric('alternator_requests_total{status="200",task="detect-language"}')
    path = make_media("long-de.wav", "-stream_loop", "29", "-i", str(speak(GERMAN, "de")))
    found = ask(f"{served.url}/detect-language", path).json()
    assert found["language_code"] == "de"
    after = served.metric('alternator_requests_total{status="200",task="detect-language"}')
    assert after == before + 1


def test_silence_has_no_language_and_no_words(served: RunningServe, make_media: MakeMedia) -> None:
    path = make_media("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "3")
    place, words = refusal(ask(f"{served.url}/detect-language", path))
    assert place == ["body", "audio_file"] and "nobody speaks" in words
    answer = ask(f"{served.url}/asr", path)
    assert (answer.status_code, answer.text) == (200, "")


@pytest.mark.parametrize(
    ("params", "place", "words"),
    [
        ({"output": "docx"}, "output", "choose one of txt, vtt, srt, tsv, json"),
        ({"task": "sing"}, "task", "choose one of transcribe, translate"),
        ({"language": "klingon"}, "language", "Whisper knows no language 'klingon'"),
        ({"encode": "perhaps"}, "encode", "must be true or false"),
        ({"word_timestamps": ""}, "word_timestamps", "must be true or false"),
        ({"vad_filter": "2"}, "vad_filter", "must be true or false"),
        ({"diarize": "true", "task": "translate"}, "diarize", "not in its translation"),
        ({"diarize": "true", "max_speakers": "3"}, "diarize", "leave both away"),
        ({"diarize": "perhaps"}, "diarize", "must be true or false"),
        ({"min_speakers": "two"}, "min_speakers", "must be a whole number"),
    ],
)
def test_what_can_not_be_meant(
    served: RunningServe, params: dict[str, str], place: str, words: str
) -> None:
    found, said = refusal(ask(f"{served.url}/asr", b"never looked at", **params))
    assert found == ["query", place] and words in said


def test_diarize_that_is_not_wanted(served: RunningServe, speak: Speak) -> None:
    answer = ask(f"{served.url}/asr", speak(SPOKEN), diarize="false", min_speakers="2")
    assert answer.text == f"{SPOKEN}\n"


def test_who_speaks_or_why_not(served: RunningServe, speak: Speak) -> None:
    asked = {"output": "json", "diarize": "true", "min_speakers": "1", "max_speakers": "1"}
    answer = ask(f"{served.url}/asr", speak(SPOKEN), **asked)
    try:
        find_speaker_weights(served.settings.model_dir)
    except ModelError:
        assert answer.status_code >= 400 and "who speaks can't be told" in answer.text
        return
    assert [one["speaker"] for one in answer.json()["segments"]] == ["SPEAKER_00"]


def test_what_is_no_sound_and_what_is_no_form(served: RunningServe) -> None:
    for door in ("asr", "detect-language"):
        url = f"{served.url}/{door}"
        place, words = refusal(ask(url, b"never heard", "talk.mp3"))
        assert place == ["body", "audio_file"] and "talk.mp3" in words
        assert str(served.folder) not in words
        assert refusal(ask(url, b"", "talk.mp3"))[1] == "talk.mp3 is empty"
        other = requests.post(url, files={"file": ("a.wav", b"x")}, timeout=60)
        assert "send one file, as 'audio_file'" in refusal(other)[1]
        none = requests.post(url, files={"audio_file": (None, "text")}, timeout=60)
        assert refusal(none)[0] == ["body", "audio_file"]
        assert refusal(requests.post(url, data=b"x", timeout=60))[0] == ["body"]
    served.wait_until_empty()


def test_an_odd_byte_of_bare_samples(served: RunningServe) -> None:
    answer = ask(f"{served.url}/asr", bytes(32001), encode="false")
    assert (answer.status_code, answer.text) == (200, "")


@pytest.fixture
def strict(whisper_settings: WhisperSettings, tmp_path: Path) -> Iterator[RunningServe]:
    """A server that wants tokens and takes files of one MB."""
    options = ServeOptions(most_upload=MEGABYTE)
    known = Tokens(clients={digest("one-of-these-tokens"): Client(name="a", at_once=4)})
    with RunningServe(whisper_settings, tmp_path, options, known=known) as running:
        yield running


def test_tokens_and_limits_are_the_servers(strict: RunningServe) -> None:
    url = f"{strict.url}/asr"
    answer = ask(url, b"x")
    assert answer.status_code == 401 and "bearer token is missing" in answer.json()["detail"]
    large = requests.post(
        url,
        files={"audio_file": ("a.wav", bytes(MEGABYTE + 1))},
        headers={"Authorization": "Bearer one-of-these-tokens"},
        timeout=60,
    )
    assert large.status_code == 413 and "larger than 1 MB" in large.json()["detail"]
    wait_for(lambda: list(strict.folder.iterdir()) == [], what="the upload to go")


def test_a_client_that_hangs_up_leaves_nothing(
    served: RunningServe, make_media: MakeMedia, speak: Speak
) -> None:
    gone = 'alternator_requests_total{status="499",task="asr"}'
    before = served.metric(gone)
    path = make_media("long-en.wav", "-stream_loop", "29", "-i", str(speak(SPOKEN)))
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{served.url}/asr",
            files={"audio_file": ("a.wav", path.read_bytes())},
            timeout=(10, 0.5),
        )
    wait_for(lambda: served.metric(gone) == before + 1, what="the hang-up to be seen")
    served.wait_until_empty()
