"""The bench of live streams: what it reckons, and that it runs."""

import asyncio
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.live import Heard, Spoken, by_file, figures, stream, wrong
from bench.serve_process import Server
from bench.whisper.figures import Setup

Speak = Callable[..., Path]


def test_words_are_compared_without_case_punctuation_and_the_form_of_numbers() -> None:
    assert wrong(["It's BLUE, he'll say! Press one."], ["it is blue he will say press 1"]) == 0
    assert wrong(["red green blue grey"], ["red green black grey"]) == 25
    assert wrong(["red green", ""], ["red green blue", ""]) == 50
    assert wrong([""], [""]) == 0


def test_the_figures() -> None:
    heard = [
        Heard(late=[0.5, 1.5], behind=0.1, texts=["Red green.", "Blue grey."]),
        Heard(late=[0.7], behind=0.3, texts=["Fine sick"]),
    ]
    said = [
        Spoken(samples=b"", text="red green blue grey"),
        Spoken(samples=b"", text="fines sik"),
    ]
    lines = list(figures(heard, ["red green blue grey", "fine sik"], said))
    values = [line.value for line in lines[2:]]
    assert values[:4] == [0.7, 100, 1.5, 0.3]
    # Live from the files', live from what was said, the files' from that.
    assert values[4:] == [pytest.approx(100 * wrong / 6) for wrong in (1, 2, 1)]
    late = [line.value for line in figures([Heard(late=[1.0, 9.0])], [""], said[:1])]
    assert late[3] == 50
    assert [line.value for line in figures([Heard()], [""], said[:1])] == [0, 0]


def test_a_stream_says_what_its_file_says(speak: Speak, checkpoint: Path, tmp_path: Path) -> None:
    pytest.importorskip("whisper")
    from tests.real.speech import samples

    sound = (samples(speak("Captions help everyone understand.")) * 32767).astype("<i2").tobytes()
    sound += array("h", bytes(2 * 16000)).tobytes()
    with Server(Setup(folder=tmp_path, threads=1), checkpoint) as server:
        server.ready()
        heard = asyncio.run(stream(server.url, sound, 0.0))
        (text,) = by_file(server.url, tmp_path, [Spoken(samples=sound, text="")])
    assert heard.text == text == "Captions help everyone understand."
    assert len(heard.late) == 1
    assert heard.deltas >= 1
