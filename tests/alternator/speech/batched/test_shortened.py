"""What is left of a sound with long pauses, and when in the file it was said."""

import itertools

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from decoded_windows import decoded  # after importorskip

from alternator.speech.batched.drafts import Draft, TimedWord
from alternator.speech.batched.shortened import Seams, Shortened, shortened
from alternator.speech.cutting import CHUNK, Probabilities, Span, speech_spans

# Somebody speaks for 64 chunks, 2.048 s, before each pause and behind the last one.
SPOKEN = 64
SEAMS = Seams(seams=((2.5, 1.6), (5.0, 4.8)))


def probabilities(*pauses: int, within: float = 0.0) -> Probabilities:
    """``pauses``: their lengths in chunks; ``within`` is the highest probability in them."""
    parts = [np.full(SPOKEN, 0.9)]
    for pause in pauses:
        silence = np.zeros(pause)
        silence[pause // 2] = within
        parts += [silence, np.full(SPOKEN, 0.9)]
    return np.concatenate(parts).astype(np.float32)


def left_of(found: Probabilities) -> Shortened:
    """Of a sound whose samples are their own numbers."""
    return shortened(np.arange(len(found) * CHUNK - 100, dtype=np.float32), found)


def test_around_speech_as_much_stays_as_at_the_ends_of_a_window():
    found = probabilities(100, 20, 60)
    left = left_of(found)
    gone = len(left.samples) - left.length
    assert gone == (len(found) - len(left.probabilities)) * CHUNK > 0
    spans = speech_spans(left.probabilities, left.length)
    for (before, after), pause in zip(itertools.pairwise(spans), (100, 20, 60), strict=True):
        # 0.8 s stay of a long one, and less than 160 ms that were too few to be left out.
        silence = after.start - before.end
        assert silence == pytest.approx(min(pause * 0.032 - 0.06, 0.9), abs=0.1)


def test_times_of_the_file_are_those_of_the_whole_sound():
    found = probabilities(100, 20, 60)
    left = left_of(found)
    whole = speech_spans(found, len(left.samples))
    spans = speech_spans(left.probabilities, left.length)
    assert len(spans) == len(whole) == 4
    for span, known in zip(spans, left.spans, strict=True):
        assert (known.start, known.end) == pytest.approx((span.start, span.end))
    for span, own in zip(spans, whole, strict=True):
        assert left.seams.in_file(span.start, span.end) == (round(own.start, 2), round(own.end, 2))
        samples, first = left.sound(span), round(own.start * 16_000)
        assert samples[0] == first and len(samples) == round(own.seconds * 16_000)
    length = len(left.samples) / 16_000
    assert left.seams.moment(left.length / 16_000) == pytest.approx(length)


def test_a_window_over_a_seam_has_the_sound_of_both_sides():
    left = left_of(probabilities(100))
    whole = left.sound(Span(start=0.0, end=left.length / 16_000))
    (first, second) = left.stretches
    expected = np.concatenate([left.samples[slice(*first)], left.samples[slice(*second)]])
    assert np.array_equal(whole, expected)
    assert len(left.sound(Span(start=99.0, end=100.0))) == 0


@pytest.mark.parametrize(
    "found",
    [
        probabilities(),
        probabilities(20),  # a short one
        probabilities(200),  # no window reaches over 6 s
        probabilities(100, within=0.3),  # somebody may speak in it
        np.zeros(0, dtype=np.float32),
    ],
    ids=["none", "short", "long", "doubtful", "empty"],
)
def test_what_stays_whole(found: Probabilities):
    left = left_of(found)
    assert left.seams.seams == () and left.length == len(left.samples)
    assert left.probabilities is found


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0.5, 1.5, (0.5, 1.5)),
        (3.0, 4.0, (4.6, 5.6)),
        (5.5, 6.0, (10.3, 10.8)),
        (1.5, 2.6, (1.5, 2.6)),  # ends in the silence behind a seam
        (2.2, 4.0, (3.8, 5.6)),  # begins in the silence before one
        (1.5, 4.0, (1.5, 5.6)),  # reaches over a pause
        (2.2, 2.7, (2.2, 2.7)),  # within the pause, more of it ahead of the seam
        (2.4, 2.9, (4.0, 4.5)),
    ],
)
def test_a_pause_belongs_to_no_word(start: float, end: float, expected: tuple[float, float]):
    assert SEAMS.in_file(start, end) == expected


def test_a_segment_holds_its_words():
    draft = Draft(
        seek=300,
        start=3.0,
        end=5.2,
        text=" a b",
        tokens=(1, 2),
        first=0,
        decoded=decoded((1, 2)),
        words=[
            TimedWord(start=3.0, end=3.4, text=" a", probability=1.0),
            TimedWord(start=5.3, end=5.9, text=" b", probability=1.0),
        ],
    )
    SEAMS.place(draft)
    assert draft.words is not None
    assert [(word.start, word.end) for word in draft.words] == [(4.6, 5.0), (10.1, 10.7)]
    assert (draft.seek, draft.start, draft.end) == (460, 4.6, 10.7)
