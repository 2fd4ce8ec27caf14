"""How much of the speech is given to the wrong speaker: the diarization error of NIST's md-eval.

Time within ``collar`` seconds of where a speaker begins or ends, as it really was, is not scored.
Of each stretch in which nothing changes, with R speakers as it was and H that were found, and the
found ones mapped to the real ones so that most time agrees:

- missed: R - H where more spoke than were found;
- false alarm: H - R where more were found than spoke;
- confusion: the smaller of the two, less those that are found and right.

All three are shares of the time spoken, of which a stretch counts R times.
https://web.archive.org/web/20150901000000*/nist.gov/itl/iad/mig/rt (RT-09 evaluation plan, 6.1)
https://pyannote.github.io/pyannote-metrics/reference.html#diarization
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

COLLAR = 0.25  # seconds, at each side


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """One speaker from ``start`` to ``end``, in seconds."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Seconds: of speech that was scored, and of what is wrong with it. They can be added."""

    scored: float = 0.0
    missed: float = 0.0
    false_alarm: float = 0.0
    confusion: float = 0.0

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            scored=self.scored + other.scored,
            missed=self.missed + other.missed,
            false_alarm=self.false_alarm + other.false_alarm,
            confusion=self.confusion + other.confusion,
        )

    @property
    def rate(self) -> float:
        """All that is wrong, as a share of the speech."""
        return (self.missed + self.false_alarm + self.confusion) / self.scored

    def share(self, seconds: float) -> float:
        """Seconds as a share of the speech."""
        return seconds / self.scored


@dataclass(frozen=True, kw_only=True)
class _Moment:
    seconds: float
    real: frozenset[str]
    found: frozenset[str]


def errors(real: Sequence[Stretch], found: Sequence[Stretch], *, collar: float = COLLAR) -> Errors:
    """What is wrong with ``found``, by what is ``real``."""
    moments = list(_moments(real, found, collar))
    right = _mapping(moments)
    missed = false_alarm = confusion = scored = 0.0
    for moment in moments:
        r, h = len(moment.real), len(moment.found)
        agree = len({right.get(name) for name in moment.found} & moment.real)
        scored += r * moment.seconds
        missed += max(0, r - h) * moment.seconds
        false_alarm += max(0, h - r) * moment.seconds
        confusion += (min(r, h) - agree) * moment.seconds
    return Errors(scored=scored, missed=missed, false_alarm=false_alarm, confusion=confusion)


def _moments(real: Sequence[Stretch], found: Sequence[Stretch], collar: float) -> Iterator[_Moment]:
    """The stretches that are scored, in which nothing changes."""
    edges = [edge for one in real for edge in (one.start, one.end)]
    cuts = {at for one in (*real, *found) for at in (one.start, one.end)}
    cuts |= {at for edge in edges for at in (edge - collar, edge + collar)}
    points = sorted(cuts)
    for start, end in itertools.pairwise(points):
        middle = (start + end) / 2
        if collar and any(abs(middle - edge) < collar for edge in edges):
            continue
        yield _Moment(
            seconds=end - start,
            real=frozenset(one.speaker for one in real if one.start <= middle < one.end),
            found=frozenset(one.speaker for one in found if one.start <= middle < one.end),
        )


def _mapping(moments: Sequence[_Moment]) -> Mapping[str, str]:
    """The real speaker of each one that was found, each at most once, so that most time agrees."""
    together: dict[tuple[str, str], float] = {}
    for moment in moments:
        for name in moment.found:
            for speaker in moment.real:
                key = (name, speaker)
                together[key] = together.get(key, 0.0) + moment.seconds
    speakers = sorted({speaker for _, speaker in together})
    names = sorted({name for name, _ in together})
    # For each set of real speakers that are taken: the best time, and who took them.
    best: dict[int, tuple[float, dict[str, str]]] = {0: (0.0, {})}
    for name in names:
        after = dict(best)
        for taken, (seconds, pairs) in best.items():
            for bit, speaker in enumerate(speakers):
                more = together.get((name, speaker), 0.0)
                key = taken | 1 << bit
                if more and not taken >> bit & 1 and seconds + more > after.get(key, (-1.0,))[0]:
                    after[key] = (seconds + more, {**pairs, name: speaker})
        best = after
    return max(best.values(), key=lambda found: found[0])[1]
