"""What is taken for invented, and above all what is not."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from decoded_windows import decoded  # after importorskip

from alternator.speech.batched.drafts import Draft
from alternator.speech.batched.invented import Inventions
from alternator.speech.batched.voiced import Voice

SECONDS = 60


def voice(*spoken: tuple[float, float]) -> Voice:
    """A minute in which somebody speaks from second to second."""
    probabilities = np.full(SECONDS * 16_000 // 512, 0.01, dtype=np.float32)
    for start, end in spoken:
        probabilities[int(start / 0.032) : int(end / 0.032)] = 0.95
    return Voice(probabilities=probabilities, spans=(), total=float(SECONDS))


def draft(
    text: str,
    start: float = 0.0,
    end: float = 4.0,
    *,
    avg_logprob: float = -0.2,
    no_speech_prob: float = 0.01,
) -> Draft:
    window = decoded(avg_logprob=avg_logprob, no_speech_prob=no_speech_prob)
    return Draft(seek=0, start=start, end=end, text=text, tokens=(), first=0, decoded=window)


def left(heard: Voice, *drafts: Draft) -> list[str]:
    inventions = Inventions(heard)
    return [one.text for one in inventions.without(list(drafts))]


def test_speech_stays() -> None:
    said = [" And now, the news.", " Thank you.", " Thanks for watching!", " no no no"]
    assert left(voice((0.0, 4.0)), *map(draft, said)) == said


def test_a_famous_phrase_that_somebody_says_badly_stays() -> None:
    assert left(voice((0.0, 4.0)), draft(" Thank you.", avg_logprob=-0.9)) == [" Thank you."]


def test_words_where_nobody_speaks_go() -> None:
    assert left(voice((30.0, 40.0)), draft(" And now, the news.")) == []


def test_a_famous_phrase_in_hardly_any_voice_goes_other_words_stay() -> None:
    """A cough of 0.5 s in 4 s."""
    cough = voice((1.0, 1.5))
    assert left(cough, draft(" Thank you.")) == []
    assert left(cough, draft(" Hello Anna.")) == [" Hello Anna."]
    assert left(cough, draft(" Hello Anna.", avg_logprob=-1.2)) == []


def test_unlikely_words_that_the_model_takes_for_silence_go() -> None:
    some = voice((0.0, 1.2))
    assert left(some, draft(" Hm, well.", avg_logprob=-1.1, no_speech_prob=0.8)) == []
    assert left(some, draft(" Hm, well.", avg_logprob=-1.1)) == [" Hm, well."]


def test_the_same_sentence_over_and_over_needs_a_voice() -> None:
    loud = voice((0.0, 60.0))
    drafts = [draft(" It is me.", at, at + 4.0) for at in range(0, 24, 4)]
    assert len(left(loud, *drafts)) == 6
    faint = voice(*((at, at + 1.5) for at in range(0, 24, 4)))
    assert len(left(faint, *drafts)) == 2


def test_a_loop_faster_than_speech_is_cut_to_one_turn() -> None:
    fast = draft(" Well," + " it is so" * 20 + ".", 0.0, 4.0)
    assert left(voice((0.0, 4.0)), fast) == [" Well, it is so"]


def test_a_loop_that_somebody_says_stays() -> None:
    song = " la" * 12
    assert left(voice((0.0, 4.0)), draft(song)) == [song]


def test_a_loop_in_a_language_without_spaces() -> None:
    fast = draft("はい" * 80, 0.0, 4.0)
    assert left(voice((0.0, 4.0)), fast) == ["はい"]
