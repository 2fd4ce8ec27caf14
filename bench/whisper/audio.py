"""The sound that is measured with, as wav files: speech, clips, and what has no words in it."""

import random
import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.real import speech
from tests.real.speech import SAMPLE_RATE, Line, Samples

LANGUAGES = ("en", "ru", "cs", "nl")  # those whose packages are there are taken


def write(file: Path, sound: Samples) -> Path:
    """Write 16-bit wav, 16 kHz, mono."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes())
    return file


def seconds(file: Path) -> float:
    """The length of such a file."""
    with wave.open(str(file)) as sound:
        return float(sound.getnframes() / SAMPLE_RATE)


def any_lines(languages: Sequence[str] = LANGUAGES) -> list[Line]:
    """Lines of the languages that can be had here, shuffled, always in the same way."""
    found: list[Line] = []
    for language in languages:
        try:
            found += speech.lines(language)
        except speech.NotHereError as error:
            print(f"  no {language}: {error}", flush=True)
    if not found:
        found = spoken_lines()
    random.Random(13).shuffle(found)
    return found


def spoken_lines() -> list[Line]:
    """Sentences of espeak-ng, where no human speech can be had: enough to time, not to judge by."""
    target = speech.folder() / "espeak"
    target.mkdir(parents=True, exist_ok=True)
    lines = []
    for number in range(40):
        text = f"This is sentence number {number}, and it was spoken by a machine, not by a person."
        path = target / f"{number}.wav"
        if not path.exists():
            subprocess.run(["espeak-ng", "-v", "en-us", "-w", path, text], check=True)
        lines.append(Line(name=str(number), path=path, text=text, language="en", source="espeak"))
    return lines


def talk(length: float, languages: Sequence[str] = LANGUAGES) -> Samples:
    """Speech of so many seconds: lines with half a second between them, repeated if need be."""
    wanted, parts, total = round(length * SAMPLE_RATE), [], 0
    pause = np.zeros(SAMPLE_RATE // 2, np.float32)
    lines = any_lines(languages)
    while total < wanted:
        for line in lines:
            parts += [level(speech.samples(line.path)), pause]
            total += len(parts[-2]) + len(pause)
            if total >= wanted:
                break
    return np.concatenate(parts)[:wanted]


def level(sound: Samples, peak: float = 0.5) -> Samples:
    """The same sound with the given peak."""
    loudest = float(np.abs(sound).max(initial=0))
    return (sound * np.float32(peak / loudest)) if loudest > 0 else sound


def talk_file(folder: Path, length: float, repeated: Path | None = None) -> Path:
    """A file of such speech, or of another file's sound over and over; made once."""
    file = folder / f"talk-{length:g}.wav"
    if file.exists():
        return file
    if repeated:
        sound = np.resize(speech.samples(repeated), round(length * SAMPLE_RATE))
        return write(file, sound)
    return write(file, talk(length))


def clips(folder: Path, count: int, least: float = 2.0, most: float = 12.0) -> list[Path]:
    """Short clips: one line each."""
    found: list[Path] = []
    for line in any_lines():
        if len(found) == count:
            break
        sound = level(speech.samples(line.path))
        if least <= len(sound) / SAMPLE_RATE <= most:
            found.append(write(folder / f"clip-{len(found)}.wav", sound))
    return found
