"""What is heard next, and why, in the order of the sound."""

from array import array
from dataclasses import replace

import pytest

from alternator.live.news import Rules
from alternator.live.plan import Pass, State, is_over, next_pass, split_of
from alternator.live.sound import Sound
from alternator.speech.transcript import Segment

RULES = Rules()
FRESH = State(mark=None, heard=0.0, looked=0.0, over=False, doubt=False)


def sound(*parts: tuple[float, int]) -> Sound:
    found = Sound(16000)
    for seconds, amplitude in parts:
        found.append(array("h", [amplitude] * round(seconds * 16000)).tobytes())
    return found


def planned(
    window: Sound, state: State = FRESH, *, has_room: bool = True, in_time: bool = True
) -> Pass | None:
    return next_pass(window, state, RULES, has_room=has_room, in_time=in_time)


def test_a_pause_comes_before_all_else() -> None:
    window = sound((2, 5000), (0.6, 0), (25, 5000))
    expected = Pass(end=pytest.approx(2.5), pause=pytest.approx(2.0), ends=True)  # type: ignore[arg-type]
    assert planned(window) == expected
    assert planned(window, replace(FRESH, mark=27.0, over=True)) == expected
    assert planned(window, replace(FRESH, mark=1.0)) == Pass(end=1.0, sure=True, ends=True)


def test_without_turns_a_pause_ends_no_item() -> None:
    rules = replace(RULES, turns=False)
    found = next_pass(sound((2, 5000), (1, 0)), FRESH, rules, has_room=True, in_time=True)
    assert found is not None
    assert (found.pause, found.ends) == (pytest.approx(2.0), False)


def test_a_window_that_is_too_long_is_cut_at_its_quietest() -> None:
    found = planned(sound((14, 5000), (0.2, 900), (8, 5000)))
    assert found is not None
    assert found.sure
    assert not found.ends
    assert found.end == pytest.approx(14.1, abs=0.06)
    assert planned(sound((20, 5000)), replace(FRESH, heard=19.5)) is None


def test_what_was_looked_at_is_no_pause_again() -> None:
    window = sound((2, 5000), (0.6, 0), (1, 5000))
    found = planned(window, replace(FRESH, looked=2.5, heard=2.5))
    assert found == Pass(end=pytest.approx(3.6), full=False)  # type: ignore[arg-type]


def test_quick_looks_need_room_and_something_new_and_full_ones_patience() -> None:
    talk = sound((1.2, 5000))
    assert planned(talk) == Pass(end=pytest.approx(1.2), full=False)  # type: ignore[arg-type]
    assert planned(talk, has_room=False) is None
    assert planned(talk, replace(FRESH, heard=0.5)) is None
    long = sound((5.0, 5000))
    assert planned(long, has_room=False) == Pass(end=pytest.approx(5.0), ends=True)  # type: ignore[arg-type]


def test_the_end_and_doubt_are_heard_in_full() -> None:
    talk = sound((0.8, 5000))
    assert planned(talk, replace(FRESH, over=True)) == Pass(
        end=pytest.approx(0.8),  # type: ignore[arg-type]
        sure=True,
        ends=True,
    )
    found = planned(talk, replace(FRESH, heard=0.8, doubt=True), has_room=False)
    assert found is not None
    assert found.full
    assert not found.sure


@pytest.mark.parametrize(
    ("end", "pause", "over"),
    [
        (2.0, 2.0, True),
        (2.43, 2.0, True),  # what Whisper is given ends 0.4 s behind the speech
        (2.49, 2.0, False),  # somebody speaks in what seemed quiet
        (2.0, None, True),
        (2.1, None, False),
    ],
)
def test_a_sentence_is_over_where_its_text_ends_well_before_the_window(
    end: float, pause: float | None, *, over: bool
) -> None:
    segments = (Segment(start=0.2, end=end, text=" Yes."),)
    assert is_over(Pass(end=2.5, pause=pause), segments, RULES) is over


def test_a_sentence_that_another_one_follows_need_not_wait_for_it() -> None:
    window = sound((3, 5000), (0.25, 0), (3.05, 5000))
    first = Segment(start=0.0, end=3.5, text=" One.")  # it ends at 3.0
    second = Segment(start=3.5, end=6.0, text=" Two")
    assert split_of(window, (first,)) is None
    assert split_of(window, (first, second)) == pytest.approx(3.125)
    assert split_of(sound((6, 5000)), (first, second)) is None
    found = planned(window, replace(FRESH, heard=6.0, split=3.15))
    assert found == Pass(end=3.15, sure=True)
    state = replace(FRESH, heard=6.0, split=3.5)
    assert planned(window, state, has_room=False, in_time=False) is None
    window.append(array("h", [5000] * 8000).tobytes())
    assert planned(window, state, has_room=False, in_time=False) == Pass(end=3.5, sure=True)


def test_a_short_breath_is_enough_where_words_have_waited() -> None:
    window = sound((2, 5000), (0.2, 0), (3, 5000), (0.2, 0), (0.7, 5000))
    state = replace(FRESH, heard=6.0)
    assert planned(window, state) is None  # it is not known yet who goes on
    window.append(array("h", [5000] * 4000).tobytes())
    # Not at the first one, before which nothing has waited for long.
    cut = Pass(end=pytest.approx(5.3), sure=True)  # type: ignore[arg-type]
    assert planned(window, state) == planned(window, state, has_room=False) == cut
    assert planned(window, state, in_time=False) is None
    assert planned(window, replace(state, looked=5.4)) is None  # somebody spoke in it


def test_words_that_are_not_final_wait_where_somebody_may_have_finished() -> None:
    window = sound((1.5, 5000), (0.2, 0))
    assert planned(window) is None
    window.append(array("h", [5000] * 1600).tobytes())
    assert planned(window) == Pass(end=pytest.approx(1.8), full=False)  # type: ignore[arg-type]


def test_words_do_not_wait_for_a_pause_that_is_long() -> None:
    rules = replace(RULES, silence=3.0)
    window = sound((1.5, 5000), (0.4, 0))
    assert next_pass(window, FRESH, rules, has_room=True, in_time=True) is None
    window.append(bytes(2 * 1600))
    found = next_pass(window, FRESH, rules, has_room=True, in_time=True)
    assert found == Pass(end=pytest.approx(2.0), full=False)  # type: ignore[arg-type]


def test_the_last_such_sentence_counts() -> None:
    window = sound((2, 5000), (0.3, 0), (2, 5000), (0.3, 0), (2, 5000))
    ends = (2.0, 4.3, 6.6)
    segments = [Segment(start=0.0, end=end, text=" One.") for end in ends]
    assert split_of(window, segments) == pytest.approx(4.45)


def test_what_is_before_a_breath_need_not_wait_for_a_long_sentence() -> None:
    window = sound((1, 5000), (0.3, 0), (1, 5000), (0.3, 0), (0.6, 5000))
    state = replace(FRESH, heard=3.2)
    assert planned(window, state) is None  # it may end soon
    window.append(array("h", [5000] * 3200).tobytes())
    # Not at the first one, which is of too short a phrase.
    cut = Pass(end=pytest.approx(2.45), sure=True)  # type: ignore[arg-type]
    assert planned(window, state) == planned(window, state, has_room=False) == cut
    assert planned(window, state, in_time=False) is None
    assert planned(window, replace(state, looked=2.5)) is None  # somebody spoke in it
    window.append(array("h", [5000] * 32000).tobytes())
    assert planned(window, replace(state, heard=5.4), in_time=False) == cut


def test_a_pause_in_which_a_voice_faded_is_looked_at_once_more() -> None:
    window = sound((2, 5000), (1.6, 0))
    (first, again) = (planned(window, replace(FRESH, looked=at, heard=3.6)) for at in (0.0, 2.5))
    assert first == Pass(end=pytest.approx(2.5), pause=pytest.approx(2.0), ends=True)  # type: ignore[arg-type]
    assert again == Pass(end=pytest.approx(3.0), pause=pytest.approx(2.5), ends=True)  # type: ignore[arg-type]
    assert planned(window, replace(FRESH, looked=3.0, heard=3.6)) is None
