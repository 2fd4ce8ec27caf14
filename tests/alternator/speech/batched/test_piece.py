"""What a piece of a file left unheard is heard again; what it heard is not."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from decoded_windows import decoded  # after importorskip

from alternator.speech.batched.asking import Model
from alternator.speech.batched.piece import Piece, PieceReader, Read
from alternator.speech.batched.voiced import Voice
from alternator.speech.batched.window import Decoded
from alternator.speech.cutting import Span
from alternator.speech.engines.whisper_package import get_tokenizer
from alternator.speech.options import DecodingOptions

PLAIN = DecodingOptions(language="en")
TOKENIZER = get_tokenizer(True, language="en", task="transcribe")
BEGIN = TOKENIZER.timestamp_begin


def voice(*spoken: tuple[float, float]) -> Voice:
    spans = tuple(Span(start=start, end=end) for start, end in spoken)
    return Voice(probabilities=np.zeros(0, dtype=np.float32), spans=spans, total=60.0)


def tokens(*parts: float | str) -> tuple[int, ...]:
    """Seconds are timestamps."""
    found: list[int] = []
    for part in parts:
        if isinstance(part, str):
            found += TOKENIZER.encode(part)
        else:
            found.append(BEGIN + round(part * 50))
    return tuple(found)


def reader(heard: Voice, options: DecodingOptions) -> PieceReader:
    def never(*_: object) -> object:
        raise AssertionError

    model = Model(
        tokenizers=lambda *_: TOKENIZER,
        text_context=448,
        audio_context=1500,
        force=never,  # type: ignore[arg-type]
    )
    return PieceReader(heard, options, TOKENIZER, model)


def read(
    heard: Voice,
    said: tuple[int, ...] | Decoded,
    options: DecodingOptions = PLAIN,
    *,
    times: int = 0,
) -> Read:
    """Of a piece from second 10 to second 30, that was cut so many ``times`` before."""
    result = said if isinstance(said, Decoded) else decoded(said)
    piece = Piece(window=0, span=Span(start=10.0, end=30.0), round=times)
    return reader(heard, options).read(piece, result)


def found(result: Read) -> list[tuple[float, float, str]]:
    return [(one.start, one.end, one.text) for one in result.drafts]


def test_all_of_it_was_heard() -> None:
    result = read(voice((10.4, 15.0), (16.0, 29.0)), tokens(0.4, " One.", 5.0, 5.0, " Two.", 19.0))
    assert found(result) == [(10.4, 15.0, " One."), (15.0, 29.0, " Two.")]
    assert result.again == ()


def test_speech_behind_the_last_timestamp_is_heard_again() -> None:
    result = read(voice((10.4, 15.0), (21.0, 29.0)), tokens(0.4, " One.", 5.0))
    assert found(result) == [(10.4, 15.0, " One.")]
    assert result.again == (Span(start=20.6, end=30.0),)


def test_the_end_of_a_word_is_not_heard_again() -> None:
    assert read(voice((10.4, 16.2)), tokens(0.4, " One.", 5.0)).again == ()


def test_the_rest_of_a_long_stretch_is_heard_again() -> None:
    assert read(voice((10.4, 29.0)), tokens(0.4, " One.", 5.0)).again == (
        Span(start=15.0, end=30.0),
    )


def test_text_without_its_last_timestamp_lasts_as_long_as_the_voice() -> None:
    result = read(voice((10.4, 26.0)), tokens(0.4, " One.", 5.0, 5.0, " And two"))
    assert found(result) == [(10.4, 15.0, " One."), (15.0, 26.0, " And two")]
    assert result.again == ()


def test_a_window_that_was_full_goes_on_from_its_last_whole_segment() -> None:
    result = read(voice((10.0, 30.0)), tokens(0.0, " One.", 5.0, 5.0, " two" * 220))
    assert found(result) == [(10.0, 15.0, " One.")]
    assert result.again == (Span(start=15.0, end=30.0),)


def test_a_segment_longer_than_a_window_holds_is_cut_at_a_pause() -> None:
    spoken = voice((10.0, 16.0), (16.2, 21.0), (22.0, 30.0))
    result = read(spoken, tokens(0.0, " two" * 223))
    assert found(result) == []
    assert result.again == (Span(start=10.0, end=21.5), Span(start=21.5, end=30.0))


LOOP = decoded(tokens(0.0, " two" * 223), compression_ratio=30.0)


@pytest.mark.parametrize("times", [0, 1])
def test_a_window_that_runs_in_a_circle_is_heard_in_halves(times: int) -> None:
    spoken = voice((10.0, 16.0), (16.2, 21.0), (22.0, 30.0))
    result = read(spoken, LOOP, times=times)
    assert found(result) == []
    assert result.again == (Span(start=10.0, end=21.5), Span(start=21.5, end=30.0))


def test_a_loop_is_not_cut_again_and_again() -> None:
    result = read(voice((10.0, 30.0)), LOOP, times=2)
    assert len(result.drafts) == 1 and result.again == ()
    short = Piece(window=0, span=Span(start=10.0, end=13.5))
    result = reader(voice((10.0, 13.5)), PLAIN).read(short, LOOP)
    assert len(result.drafts) == 1 and result.again == ()


def test_silence_is_not_heard_again() -> None:
    spoken = voice((10.0, 30.0))
    result = read(spoken, decoded(tokens(0.0, " Hm.", 2.0), no_speech_prob=0.9, avg_logprob=-1.5))
    assert (result.drafts, result.again) == ([], ())
    assert read(spoken, tokens(0.0, 0.0)).again == ()


def test_without_timestamps_the_voice_tells_the_times() -> None:
    options = dataclasses.replace(PLAIN, without_timestamps=True)
    result = read(voice((11.0, 15.0), (16.0, 27.0)), tokens(" One and two."), options)
    assert found(result) == [(11.0, 27.0, " One and two.")]
    assert result.again == ()


def test_a_sentence_that_was_begun_and_not_written_is_heard_again():
    """The last timestamp has no text behind it, and the voice goes on: it was once taken for the
    end of what was heard."""
    heard = voice((10.0, 14.0), (14.5, 18.0))
    result = read(heard, tokens(0.0, " Hello.", 4.0, 4.4))
    assert found(result) == [(10.0, 14.0, " Hello.")]
    assert result.again == (Span(start=14.1, end=30.0),)
