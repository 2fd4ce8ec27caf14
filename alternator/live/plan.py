"""What of a stream's window is to be heard next, and what for."""

from collections.abc import Sequence
from dataclasses import dataclass

from alternator.live.news import Rules
from alternator.live.sound import Sound
from alternator.speech.transcript import Segment

# Text may end this much later than the sound became quiet: what Whisper is given ends 0.4 s behind
# the speech (alternator/speech/cutting.py, Limits.pad), and its text may end with that.
SLACK_SECONDS = 0.45
# Between two segments it is quiet for so long if the first is over, and so near to where Whisper
# says that it ends: small models tell whole seconds.
GAP_SECONDS = 0.2
NEAR_SECONDS = 0.6
# Where answers are late a sentence waits so long for a pause that ends it: most have one by then.
LATE_SECONDS = 3.0
# A breath between phrases is as long as this. What is before it is heard without what comes, if
# that goes on for so long: waited for until a pause, the text would be too late. Less than so much
# of it is not enough to hear it well. Word errors and delays by these: docs/live.md. Behind so much
# that its first words have waited, a breath may be as short as between two segments.
BREATH_SECONDS = 0.3
ONWARD_SECONDS = 1.0
PHRASE_SECONDS, LONG_PHRASE_SECONDS = 1.5, 4.0
# Somebody who is quiet for so long may have finished: words that are not final wait for that, but
# no longer than this.
REST_SECONDS, MOST_REST_SECONDS = 0.15, 1.0
# Less sound than this holds no word.
SHORTEST_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One look at the window, up to ``end``, in its seconds.

    ``full``: decoded as the operator wants it, may not be left out; else quickly. ``sure``: its
    text is final whatever it is. ``ends``: with it the item ends. ``pause``: where it seems to
    become quiet.
    """

    end: float
    full: bool = True
    sure: bool = False
    ends: bool = False
    pause: float | None = None


@dataclass(frozen=True, kw_only=True)
class State:
    """How far a stream is, in seconds of its window.

    ``mark``: up to where the client asks for an item, None where it does not. ``heard``: up to
    where the window was heard; ``looked``: before this are only pauses in which somebody went on.
    ``over``: nothing more comes, or nothing came for a while. ``doubt``: a quick look found a
    pause, which is not sure enough. ``split``: where a quick look found that a sentence is over and
    another one follows, None if it did not.
    """

    mark: float | None
    heard: float
    looked: float
    over: bool
    doubt: bool
    split: float | None = None


def next_pass(
    sound: Sound, state: State, rules: Rules, *, has_room: bool, in_time: bool
) -> Pass | None:
    """The next look at the window, None as long as there is no reason for one. ``has_room``: for
    looks that may be left out; ``in_time``: answers come soon enough (pace.py).

    In this order, which is that of the sound and does not depend on how fast it comes, but for 3
    and 4: who sends faster than it is spoken waits for no text, and the pause behind a breath is
    there already.

    1. It becomes quiet somewhere: is the sentence over?
    2. It does not, and the window is as long as it may be: it is cut at its quietest place.
    3. One sentence is over, and another one follows it without much of a pause: the first one.
    4. Somebody took a breath and has been going on for a while: what was before it.
    5. The client asks for what it sent, or there is nothing more to come: all of it.
    6. A quick look found a pause where it is not quiet (there is noise): the same in full.
    7. There is enough that is new to tell words that are not final, and somebody still speaks.
    """
    end = sound.seconds if state.mark is None else min(state.mark, sound.seconds)
    pause = sound.pause(state.looked, rules.silence, min(end, rules.longest))
    if pause is not None:
        return Pass(end=pause + rules.silence, pause=pause, ends=rules.turns)
    if end > rules.longest:
        cut = sound.quietest(rules.longest / 2, rules.longest)
        return Pass(end=cut, sure=True)
    if state.split is not None and state.split < end - (0.0 if in_time else LATE_SECONDS):
        return Pass(end=state.split, sure=True)
    latest = end - (ONWARD_SECONDS if in_time else LATE_SECONDS)
    breath = breath_of(sound, state.looked, latest)
    if breath is not None:
        return Pass(end=breath, sure=True)
    if state.mark is not None or state.over:
        return Pass(end=end, sure=True, ends=True)
    fresh = end - state.heard
    if state.doubt or fresh >= rules.patience:
        return Pass(end=end, ends=rules.turns)
    if fresh < rules.step or not has_room:
        return None
    if fresh < rules.step + MOST_REST_SECONDS and sound.rests(REST_SECONDS):
        return None
    return Pass(end=end, full=False)


def split_of(sound: Sound, segments: Sequence[Segment]) -> float | None:
    """Where a segment is over and another one follows, and it is quiet for a moment in between.
    None if there is no such place.

    Speech may go on for long without a pause that ends a sentence by itself; its first words need
    not wait for its last ones. What is before that place is heard once more, by itself, since the
    text of a segment may belong to sound that is a little further off.
    """
    places = (sound.gap(one.end, NEAR_SECONDS, GAP_SECONDS) for one in reversed(segments[:-1]))
    return next((at for at in places if at is not None and at >= SHORTEST_SECONDS), None)


def breath_of(sound: Sound, earliest: float, latest: float) -> float | None:
    """Where somebody took a breath between two moments, of the length that is enough there. None if
    there is no such place."""
    breath = sound.breath(max(PHRASE_SECONDS, earliest), latest, BREATH_SECONDS)
    if breath is not None:
        return breath
    return sound.breath(max(LONG_PHRASE_SECONDS, earliest), latest, GAP_SECONDS)


def is_over(window: Pass, segments: Sequence[Segment], rules: Rules) -> bool:
    """Whether a sentence is over: what was said, in the window's times, ends well before it."""
    end = segments[-1].end
    if window.pause is not None and end - window.pause <= SLACK_SECONDS:
        return True
    return window.end - end >= rules.silence
