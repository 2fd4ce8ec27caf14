"""Conversations put together out of recordings of people, with who speaks when.

    python -m bench.speakers          # measures on them

Each line that a person speaks is a recording of its own (tests/real/speech.py and further packages
of Debian, read the same way); lines are put one after the other, some over the end of the one
before, all at about the same loudness. Nobody in FITTED is in JUDGED: asterisk's Spanish prompts
are left out, since they are spoken by the speaker of the English ones.
"""

import itertools
import random
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bench.diarization_error import Stretch
from tests.real import speech
from tests.real.speech import SAMPLE_RATE, Samples

# A line of these seconds is used: shorter ones are single words.
LINES = (1.2, 9.0)
SHORT_LINES = (0.5, 1.6)
RECORDINGS = 45  # of a voice that are drawn from: each is decoded once
LOUDNESS = 0.06  # root of the mean square, full scale is 1
# Where a recording is below this share of its peak for BRIDGED seconds or more, nobody speaks. The
# second is NIST's: shorter pauses belong to the speech (RT-09 evaluation plan).
QUIET, BRIDGED = 0.02, 0.3
FRAME = SAMPLE_RATE // 100

Files = Callable[[], list[Path]]


@dataclass(frozen=True, kw_only=True)
class Mix:
    """A conversation: its sound, and who really speaks when."""

    name: str
    kind: str
    samples: Samples
    real: tuple[Stretch, ...]

    @property
    def speakers(self) -> int:
        """How many."""
        return len({stretch.speaker for stretch in self.real})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a conversation is made. ``gap``: seconds between turns, below 0 they overlap.

    ``lines`` of so many seconds each, ``turn`` of them in a turn at most.
    """

    kind: str
    voices: tuple[str, ...]
    turns: int = 12
    turn: int = 2
    gap: tuple[float, float] = (0.2, 0.8)
    lines: tuple[float, float] = LINES
    telephone: bool = False

    @property
    def name(self) -> str:
        """Told apart from all others."""
        return f"{' + '.join(self.voices)}, {self.kind}"


def asterisk(package: str, pattern: str = "*.wav") -> Files:
    """The prompts of a package, all of one speaker."""

    def files() -> list[Path]:
        sounds = speech.package(package) / "usr/share/asterisk/sounds"
        leave = ("letters", "phonetic", "digits", "silence")
        found = sorted(sounds.rglob(pattern))
        return [file for file in found if not {*file.parts} & {*leave} and not file.is_symlink()]

    return files


def fillets(language: str, fish: str) -> Files:
    """The lines of one of the game's two fish: its big (v) and its small one (m)."""

    def files() -> list[Path]:
        sounds = speech.package(f"fillets-ng-data-{language}") / "usr/share/games/fillets-ng/sound"
        return sorted(sounds.rglob(f"*/{language}/*-{fish}-*.ogg"))

    return files


def librivox() -> list[Path]:
    """Five sentences of one reader."""
    return [line.path for line in speech.lines("en", "librivox")]


# By speaker. The sex is as the voice sounds, or as the package has it.
FITTED: Mapping[str, Files] = {
    "fr-june": asterisk("asterisk-core-sounds-fr-wav"),
    "it-carlo": asterisk("asterisk-core-sounds-it-wav"),
    "it-menardi": asterisk("asterisk-prompt-it-menardi-wav"),
    "es-co": asterisk("asterisk-prompt-es-co", "*.gsm"),
    "fr-armelle": asterisk("asterisk-prompt-fr-armelle", "*.gsm"),
    "cs-small": fillets("cs", "m"),
    "cs-big": fillets("cs", "v"),
}
JUDGED: Mapping[str, Files] = {
    "en-allison": asterisk("asterisk-core-sounds-en-wav"),
    "ru": asterisk("asterisk-core-sounds-ru-wav"),
    "librivox": librivox,
    "nl-small": fillets("nl", "m"),
    "nl-big": fillets("nl", "v"),
}


def plans(voices: Sequence[str]) -> list[Plan]:
    """The conversations of a set of voices."""
    pairs = list(itertools.combinations(voices, 2))
    # One of them has no short lines.
    chatty = [pair for pair in pairs if "librivox" not in pair]
    threes = [
        tuple(voices[(at + step) % len(voices)] for step in (0, 1, 2)) for at in range(len(voices))
    ]
    return [
        *(Plan(kind="one voice", voices=(one,), turns=6) for one in voices),
        *(Plan(kind="two", voices=pair) for pair in pairs),
        *(Plan(kind="two, telephone", voices=pair, telephone=True) for pair in pairs[::2]),
        *(
            Plan(kind="two, short turns", voices=pair, turns=20, turn=1, lines=SHORT_LINES)
            for pair in chatty[::2]
        ),
        *(Plan(kind="two, overlapping", voices=pair, gap=(-1.0, 0.2)) for pair in pairs[1::2]),
        *(Plan(kind="three", voices=three, turns=16) for three in threes),
        Plan(kind="all", voices=tuple(voices), turns=30),
    ]


def mixes(voices: Mapping[str, Files], *, every: int = 1) -> Iterator[Mix]:
    """All conversations of these voices, or one in ``every``; always the same.

    NotHereError as speech.package.
    """
    for plan in plans([*voices])[::every]:
        yield made(plan, voices)


def made(plan: Plan, voices: Mapping[str, Files]) -> Mix:
    """The conversation of a plan."""
    chance = random.Random(plan.name)
    decks: dict[str, list[Samples]] = {}
    for name in plan.voices:
        decks[name] = deck(voices[name], plan, chance)
    speaker, at = "", 0.5
    placed: list[tuple[float, str, Samples]] = []
    for _ in range(plan.turns):
        others = [name for name in plan.voices if name != speaker and decks[name]]
        speaker = chance.choice(others or [name for name in plan.voices if decks[name]] or [""])
        if not speaker:
            break
        for number in range(chance.randint(1, plan.turn)):
            if not decks[speaker]:
                break
            line = decks[speaker].pop()
            if number:
                at += chance.uniform(0.15, 0.4)
            placed.append((at, speaker, line))
            at += len(line) / SAMPLE_RATE
        at = max(at + chance.uniform(*plan.gap), placed[-1][0])
    samples = np.zeros(round((at + 2.0) * SAMPLE_RATE), np.float32)
    real: list[Stretch] = []
    for start, name, line in placed:
        first = round(start * SAMPLE_RATE)
        samples[first : first + len(line)] += line
        real += [
            Stretch(start=start + begin, end=start + end, speaker=name)
            for begin, end in spoken(line)
        ]
    noise = np.random.default_rng(len(samples)).standard_normal(len(samples))
    samples += (noise * 1e-4).astype(np.float32)
    return Mix(name=plan.name, kind=plan.kind, samples=samples.clip(-1, 1), real=tuple(real))


def deck(files: Files, plan: Plan, chance: random.Random) -> list[Samples]:
    """As many lines of a voice as a plan may need, in an order of chance."""
    paths = files()
    random.Random(len(paths)).shuffle(paths)
    paths = paths[:RECORDINGS]
    chance.shuffle(paths)
    found: list[Samples] = []
    for path in paths:
        line = loud(path)
        if plan.lines[0] <= len(line) / SAMPLE_RATE <= plan.lines[1]:
            found.append(narrow(line) if plan.telephone else line)
        if len(found) >= plan.turns * plan.turn:
            break
    return found


@cache
def loud(path: Path) -> Samples:
    """A recording without the silence at its ends, at the loudness of all."""
    try:
        line = speech.samples(path)
    except subprocess.CalledProcessError:  # ffmpeg does not know the shortest gsm files as such
        return np.zeros(0, np.float32)
    parts = spoken(line)
    if not parts:
        return line[:0]
    line = line[round(parts[0][0] * SAMPLE_RATE) : round(parts[-1][1] * SAMPLE_RATE)]
    level = float(np.sqrt(np.mean(line.astype(np.float64) ** 2)))
    return (line * (LOUDNESS / max(level, 1e-6))).astype(np.float32)


def spoken(line: Samples) -> list[tuple[float, float]]:
    """Where it is not quiet, in seconds. By loudness alone: the voice detector is not asked, for it
    is a part of what is measured."""
    frames = len(line) // FRAME
    if not frames:
        return []
    levels = np.sqrt((line[: frames * FRAME].reshape(frames, FRAME) ** 2).mean(axis=1))
    at = np.flatnonzero(levels > QUIET * levels.max())
    if not len(at):
        return []
    breaks = np.flatnonzero(np.diff(at) * FRAME / SAMPLE_RATE >= BRIDGED)
    starts = [at[0], *at[breaks + 1]]
    ends = [*at[breaks], at[-1]]
    return [
        (float(start * FRAME / SAMPLE_RATE), float((end + 1) * FRAME / SAMPLE_RATE))
        for start, end in zip(starts, ends, strict=True)
    ]


def narrow(line: Samples) -> Samples:
    """What a telephone lets through, 300 to 3400 Hz: so that no voice is known by its recording."""
    spectrum = np.fft.rfft(line)
    frequencies = np.fft.rfftfreq(len(line), 1 / SAMPLE_RATE)
    spectrum[(frequencies < 300) | (frequencies > 3400)] = 0
    return np.fft.irfft(spectrum, len(line)).astype(np.float32)
