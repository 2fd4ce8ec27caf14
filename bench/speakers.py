"""How often speech is given to the wrong speaker, on conversations of human voices.

    python -m bench.speakers             # the voices that it is judged on
    python -m bench.speakers --fit       # the others, over a grid of limits: the best are printed

Each figure stands beside that of "one speaker for all" with the same speech found, which is what a
transcript without speakers says. bench/speaker_mixes.py has the set.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from alternator.speech.speakers.diarizing import Diarizer
from alternator.speech.speakers.following import Voices, turns_of
from alternator.speech.speakers.limits import FITTED, Limits
from bench import speaker_mixes
from bench.diarization_error import Errors, Stretch, errors
from bench.speaker_mixes import Mix, mixes
from tests.real import voices
from tests.real.speech import SAMPLE_RATE, NotHereError

SIMILARITY = (0.62, 0.66, 0.7, 0.74)
CENTRES = (0.82, 0.85, 0.88)
SHARE = (0.08, 0.12, 0.16)
EVERY = 3  # of the conversations for the fit: one in so many

Find = Callable[["Heard"], list[Stretch]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Heard:
    """A conversation, and what is the same whatever the limits are."""

    mix: Mix
    voices: Voices


def found(heard: Heard, count: int | None, limits: Limits = FITTED) -> list[Stretch]:
    """Who speaks when, as it is found."""
    turns = turns_of(heard.voices, count, limits)
    return [Stretch(start=t.start, end=t.end, speaker=str(t.speaker)) for t in turns]


def all_in_one(heard: Heard) -> list[Stretch]:
    """One speaker for all the speech that was found."""
    return [Stretch(start=s.start, end=s.end, speaker="0") for s in heard.voices.spans]


def judged(conversations: Iterable[Heard], find: Find) -> Errors:
    """The errors of all of them together."""
    total = Errors()
    for heard in conversations:
        total += errors(heard.mix.real, find(heard))
    return total


def grid() -> Iterator[Limits]:
    """All limits that the fit tries."""
    for similarity, centres, share in itertools.product(SIMILARITY, CENTRES, SHARE):
        yield Limits(similarity=similarity, centres=centres, share=share)


def fit(heard: Sequence[Heard]) -> None:
    """Print the limits with the least error, the number of speakers being unknown."""
    tried = [
        (judged(heard, lambda one, limits=limits: found(one, None, limits)).rate, limits)  # type: ignore[misc]  # a lambda's default
        for limits in grid()
    ]
    for rate, limits in sorted(tried, key=lambda pair: pair[0])[:8]:
        print(f"{rate:6.1%}  {limits}")


def row(name: str, heard: Sequence[Heard]) -> str:
    """A line of the table."""
    ours = judged(heard, lambda one: found(one, None))
    told = judged(heard, lambda one: found(one, one.mix.speakers))
    single = judged(heard, all_in_one)
    right = sum(
        len({stretch.speaker for stretch in found(one, None)}) == one.mix.speakers for one in heard
    )
    parts = (ours.missed, ours.false_alarm, ours.confusion)
    cells = [f"{ours.share(seconds):.1%}" for seconds in parts]
    cells += [f"{ours.rate:.1%}", f"{told.rate:.1%}", f"{single.rate:.1%}"]
    return f"| {name} | {ours.scored:.0f} s | {' | '.join(cells)} | {right} of {len(heard)} |"


def table(heard: Sequence[Heard]) -> Iterator[str]:
    """The whole table, in Markdown."""
    names = "missed | false alarm | confusion | **error** | number told | one speaker for all"
    yield f"| conversations | speech | {names} | number right |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for kind in dict.fromkeys(one.mix.kind for one in heard):
        some = [one for one in heard if one.mix.kind == kind]
        yield row(kind, some)
    several = [one for one in heard if one.mix.speakers > 1]
    yield row("**all with more than one voice**", several)


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="on the voices that are not judged")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    arguments = parser.parse_args()
    chosen = speaker_mixes.FITTED if arguments.fit else speaker_mixes.JUDGED
    try:
        diarizer = Diarizer(voices.weights(), arguments.device)
        heard: list[Heard] = []
        seconds = spent = 0.0
        for mix in mixes(chosen, every=EVERY if arguments.fit else 1):
            began = time.process_time()  # others may use the machine meanwhile
            heard.append(Heard(mix=mix, voices=diarizer.voices(mix.samples)))
            spent += time.process_time() - began
            seconds += len(mix.samples) / SAMPLE_RATE
    except NotHereError as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 1
    if arguments.fit:
        fit(heard)
    else:
        print("\n".join(table(heard)))
    print(f"\n{seconds / 60:.0f} minutes heard in {spent:.0f} s of the processors' time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
