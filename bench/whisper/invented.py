"""Words where nobody speaks, and words that are lost where somebody does.

A minute each of silence, noise, a synthetic tune and real music, heard by every engine with the
settings that a user gets; then speech under music and speech after a long silence, where a word
counts as lost if whisper.transcribe hears it and ours does not.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from bench.whisper import audio
from bench.whisper.engines import Hearing, Kind, Loading
from bench.whisper.figures import Figure, Setup
from bench.whisper.peers import Child, MissingError
from tests.real import speech
from tests.real.speech import SAMPLE_RATE, NotHereError, Samples
from tests.real.words import missing, normalised

MINUTE = 60 * SAMPLE_RATE
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # the default of all engines
MUSIC_BELOW = 10.0  # dB that the music lies below the speech
SILENCE = 40.0  # seconds before the speech begins
ENGINES: tuple[tuple[str, Kind, str], ...] = (
    ("whisper.transcribe", "openai", "sequential"),
    ("alternator", "alternator", "batched"),
    ("faster-whisper", "faster", "vad"),
)


def run(setup: Setup) -> Iterator[Figure]:
    """Invented words by sound, lost words by kind of speech."""
    from tests.real import weights  # imports torch and whisper: seconds

    wordless = sounds(setup.folder)
    try:
        spoken = speech_in_trouble(setup.folder)
        models: dict[Kind, Path] = {
            "openai": weights.checkpoint("base"),
            "alternator": weights.checkpoint("base"),
            "faster": weights.directory("base"),
        }
    except NotHereError as error:
        for name in (*wordless, "lost under music", "lost after silence"):
            yield Figure(name=f"invented.{name}", why=str(error))
        return
    files = {name: path for paths in (wordless, spoken) for name, path in paths.items()}
    heard: dict[str, dict[str, list[str]]] = {}
    for name, kind, way in ENGINES:
        try:
            heard[name] = _hear(setup, (kind, way), models[kind], files)
        except MissingError as error:
            print(f"  {name}: {error}", flush=True)
    for name in wordless:
        counts = {
            engine: sum(len(normalised(text, "en")) for text in texts[name]) / len(texts[name])
            for engine, texts in heard.items()
        }
        yield Figure(name=f"invented.{name}", value=counts.get("alternator"), parts=counts)
    _, text = spoken_text()
    for name in spoken:
        if "alternator" in heard and "whisper.transcribe" in heard:
            ours, theirs = (heard[key][name][0] for key in ("alternator", "whisper.transcribe"))
            words = lost(text, ours, theirs)
            parts = {
                f"{engine}, words missed": float(len(missing(text, texts[name][0], "en")))
                for engine, texts in heard.items()
            }
            value = float(len(words))
            why = " ".join(words)
            yield Figure(name=f"invented.{name}", value=value, why=why, parts=parts)
        else:
            yield Figure(name=f"invented.{name}", why="an engine is missing")


def _hear(
    setup: Setup, how: tuple[Kind, str], model: Path, files: Mapping[str, list[Path]]
) -> dict[str, list[str]]:
    kind, way = how
    found = {}
    with Child(kind) as child:
        child.load(Loading(model=str(model), device=setup.device, threads=setup.threads))
        for name, paths in files.items():
            wanted = Hearing(
                files=tuple(map(str, paths)),
                way=way,  # type: ignore[arg-type]  # one of its words
                language="en",
                temperature=TEMPERATURES,
            )
            found[name] = list(child.transcribe(wanted).texts)
            print(f"  {kind}, {name}: {' | '.join(found[name])[:150]!r}", flush=True)
    return found


def lost(said: str, ours: str, theirs: str) -> list[str]:
    """The words that the other heard rightly and ours did not."""
    not_theirs = missing(said, theirs, "en")
    right = normalised(said, "en")
    at = 0
    for word in not_theirs:  # they come in order
        at = right.index(word, at)
        del right[at]
    return missing(" ".join(right), ours, "en")


def sounds(folder: Path) -> dict[str, list[Path]]:
    """A minute of each, as wav files; music only where its package can be had."""
    makers: dict[str, Callable[[], Samples]] = {
        "silence": lambda: np.zeros(MINUTE, np.float32),
        "white noise": lambda: _noise(white=True),
        "brown noise": lambda: _noise(white=False),
        "tune": _tune,
    }
    found = {name: [audio.write(folder / f"{name}.wav", make())] for name, make in makers.items()}
    try:
        pieces = speech.music()
    except NotHereError as error:
        print(f"  no music: {error}", flush=True)
        return found
    found["music"] = [
        audio.write(folder / f"music-{number}.wav", _minute(piece))
        for number, piece in enumerate(pieces)
    ]
    return found


def _minute(piece: Path) -> Samples:
    """The second half minute on, where a piece is in full swing."""
    return audio.level(speech.samples(piece)[MINUTE // 2 : MINUTE // 2 + MINUTE])


def _noise(*, white: bool) -> Samples:
    noise = np.random.default_rng(5).standard_normal(MINUTE)
    if not white:
        noise = np.cumsum(noise)
        noise -= np.convolve(noise, np.ones(1601) / 1601, mode="same")  # nothing below 10 Hz
    return audio.level(noise.astype(np.float32), 0.3)


def _tune() -> Samples:
    """Notes of a scale with their overtones, two a second, each dying away."""
    chance = np.random.default_rng(6)
    note = SAMPLE_RATE // 2
    time = np.arange(note) / SAMPLE_RATE
    parts = []
    for step in chance.integers(0, 8, 120):
        pitch = 220.0 * 2 ** ((0, 2, 4, 5, 7, 9, 11, 12)[step] / 12)
        tone = sum(np.sin(2 * np.pi * pitch * over * time) / over for over in range(1, 6))
        parts.append(tone * np.exp(-4 * time))
    return audio.level(np.concatenate(parts).astype(np.float32), 0.4)


def spoken_text() -> tuple[Samples, str]:
    """LibriVox's sentences, read by a person who is easy to understand."""
    return speech.joined(speech.lines("en", "librivox"))


def speech_in_trouble(folder: Path) -> dict[str, list[Path]]:
    """The same sentences under music, and after a long silence."""
    sound, _ = spoken_text()
    sound = audio.level(sound)
    late = np.concatenate([np.zeros(round(SILENCE * SAMPLE_RATE), np.float32), sound])
    found = {"lost after silence": [audio.write(folder / "late.wav", late)]}
    music = _minute(speech.music()[0])[: len(sound)]
    loud = float(np.sqrt(np.mean(sound**2)) / np.sqrt(np.mean(music**2)))
    mixed = sound[: len(music)] + music * np.float32(loud * 10 ** (-MUSIC_BELOW / 20))
    found["lost under music"] = [audio.write(folder / "under-music.wav", audio.level(mixed))]
    return found
