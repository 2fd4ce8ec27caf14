"""Human speech with its words, and music, from Debian's packages.

    from tests.real import speech
    for line in speech.lines("en"):      # .path, .text, .language, .source

``apt-get download`` fetches a package when it is first asked for, without installing it, into
``folder()``; nothing of it is ever committed. Who can't fetch gets NotHereError with the reason:
a test skips then.

======================  ========  ==========================================================
source                  language  what it is
======================  ========  ==========================================================
librivox                en        five read sentences, 16 kHz (package pocketsphinx-testdata)
cards                   en        five spoken commands, 16 kHz (the same package)
fillets                 cs nl     acted dialogue of a game, ogg; some voices are disguised
                                  (packages fillets-ng-data, -cs, -nl; GPL)
asterisk                en ru     prompts of one professional speaker each, 8 kHz (packages
                                  asterisk-core-sounds-en-wav, -ru-wav; CC-BY-SA)
======================  ========  ==========================================================

The packages of asterisk have no texts. They are in public lists, ``core-sounds-en.txt`` and
``core-sounds-ru.txt``, which Debian's source package asterisk-core-sounds carries in each of its
``orig-en-*`` and ``orig-ru-*`` archives, and of which copies lie in
https://github.com/JessicaMulein/asterisk-custom-poly-sounds and
https://github.com/pbxware/asterisk-sounds. Whoever has them puts them into ``folder() / "texts"``.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
SAMPLE_RATE = 16000

# Where the files go that tests and benches fetch; kept between runs.
FOLDER = "ALTERNATOR_REAL"
LANGUAGES = ("en", "ru", "cs", "nl")
LEAST_WORDS = 3  # below that a line is a number, a letter or a cry


class NotHereError(Exception):
    """Speech, music or weights can't be had on this machine; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One recording and what is said in it, in the spelling of its source."""

    name: str
    path: Path
    text: str
    language: str
    source: str


def folder() -> Path:
    """Where what was fetched is kept: ``$ALTERNATOR_REAL``, else below the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get(FOLDER) or Path(cache) / "alternator-real")


def lines(language: str, source: str | None = None) -> tuple[Line, ...]:
    """All lines of a language, or those of one source: always the same, in the same order.

    A source that can't be had is left out unless it is asked for by name; NotHereError if none can.
    """
    found: list[Line] = []
    why: list[str] = []
    for name, (languages, read) in SOURCES.items():
        if language in languages and source in (None, name):
            try:
                found += [line for line in read(language) if _usable(line)]
            except NotHereError as error:
                why.append(str(error))
    if not found:
        raise NotHereError("; ".join(why) or f"no speech in {language!r} from {source!r}")
    return tuple(found)


def music() -> tuple[Path, ...]:
    """Five pieces of real music without words, 8 kHz wav, one to five minutes each (CC-BY-SA)."""
    pieces = package("asterisk-moh-opsound-wav") / "usr/share/asterisk/moh"
    return tuple(sorted(pieces.glob("*.wav")))


def samples(path: Path) -> Samples:
    """The sound of a file as Whisper hears it: mono, 16 kHz, from -1 to 1."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path)]
    command += ["-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "-"]
    sound = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(sound, np.int16).astype(np.float32) / np.float32(32768)


def joined(chosen: Sequence[Line], *, pause: float = 0.6) -> tuple[Samples, str]:
    """The lines one after the other, with a pause in seconds between them, and their text."""
    silence = np.zeros(round(pause * SAMPLE_RATE), np.float32)
    parts = [part for line in chosen for part in (samples(line.path), silence)]
    return np.concatenate(parts), " ".join(line.text for line in chosen)


def package(name: str) -> Path:
    """The unpacked files of a Debian package, fetched if they are not there yet."""
    target = folder() / name
    if target.exists():
        return target
    tools = [tool for tool in ("apt-get", "dpkg-deb") if not shutil.which(tool)]
    if tools:
        raise NotHereError(f"{name} is a Debian package, and there is no {tools[0]}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        archives = list(Path(work).glob("*.deb"))
        if done.returncode or not archives:
            raise NotHereError(f"apt-get download {name}: {done.stderr.strip() or 'nothing came'}")
        unpacked = Path(work) / "files"
        subprocess.run(["dpkg-deb", "-x", archives[0], unpacked], check=True)
        try:
            unpacked.rename(target)
        except OSError:  # another process was faster
            if not target.exists():
                raise
    return target


def _usable(line: Line) -> bool:
    """Whether the text says what is spoken: no digits where they could be read in two ways (all
    but English, whose numbers the normaliser knows), no stage directions, not cut off."""
    digits = line.language != "en" and re.search(r"\d", line.text)
    words = len(line.text.split())
    return words >= LEAST_WORDS and not digits and not re.search(r"[\[\]()<>%@#]", line.text)


def _librivox(language: str) -> Iterator[Line]:
    return _sphinx(language, "librivox", "transcription")


def _cards(language: str) -> Iterator[Line]:
    return _sphinx(language, "cards", "cards.transcription")


def _sphinx(language: str, source: str, name: str) -> Iterator[Line]:
    """Lines like ``<s> he was not an ill disposed young man </s> (file)``."""
    data = package("pocketsphinx-testdata") / "usr/share/pocketsphinx/test/data" / source
    for entry in (data / name).read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"<s> (.*\S)\s*</s> \((\S+)\)", entry):
            # One word of the list is not in the recording: "a more a amiable woman".
            text = match[1].replace(" a more a amiable ", " a more amiable ")
            yield Line(
                name=match[2],
                path=data / f"{match[2]}.wav",
                text=text,
                language=language,
                source=source,
            )


def _asterisk(language: str) -> Iterator[Line]:
    """Lines like ``conf-invalid: You have entered an invalid number.``"""
    texts = folder() / "texts" / f"core-sounds-{language}.txt"
    if not texts.is_file():
        raise NotHereError(f"{texts} is not there ({__name__} says where it can be had)")
    sounds = package(f"asterisk-core-sounds-{language}-wav") / "usr/share/asterisk/sounds"
    (speaker,) = sounds.glob(f"{language}_*")
    for entry in texts.read_text(encoding="utf-8").splitlines():
        name, colon, text = entry.partition(":")
        path = speaker / f"{name.strip()}.wav"
        spelled = name.startswith(("letters/", "phonetic/", "digits/", "silence/"))
        if colon and not entry.startswith(";") and not spelled and path.is_file():
            yield Line(
                name=name.strip(),
                path=path,
                text=" ".join(text.replace("\\", "").split()),
                language=language,
                source="asterisk",
            )


# ``dialogId("vit-hs-klid1", "font_statue", "Citizens, please remain calm.")`` and then
# ``dialogStr("Občané. Zachovejte klid a rozvahu.")``, each over one or more lines.
_DIALOGUE = re.compile(
    r'dialogId\(\s*"([^"]+)"\s*,\s*"[^"]*"\s*,\s*"(?:[^"\\]|\\.)*"\s*\)'
    r'\s*dialogStr\(\s*"((?:[^"\\]|\\.)*)"\s*\)'
)


def _fillets(language: str) -> Iterator[Line]:
    """The dialogue of the game Fish Fillets: recordings by level, texts in its scripts."""
    game = Path("usr/share/games/fillets-ng")
    scripts = package("fillets-ng-data") / game / "script"
    sounds = package(f"fillets-ng-data-{language}") / game / "sound"
    for script in sorted(scripts.rglob(f"*dialogs_{language}.lua")):
        room = script.parent.relative_to(scripts)
        prefix = script.name.partition("dialogs_")[0]  # share/black_dialogs_cs.lua
        if prefix:
            room = room / f"{prefix.rstrip('_')}jokes"
        for name, text in _DIALOGUE.findall(script.read_text(encoding="utf-8")):
            path = sounds / room / language / f"{name}.ogg"
            if path.is_file():
                yield Line(
                    name=f"{room}/{name}",
                    path=path,
                    text=" ".join(re.sub(r"\\(.)", r"\1", text).split()),
                    language=language,
                    source="fillets",
                )


SOURCES: dict[str, tuple[tuple[str, ...], Callable[[str], Iterator[Line]]]] = {
    "librivox": (("en",), _librivox),
    "cards": (("en",), _cards),
    "asterisk": (("en", "ru"), _asterisk),
    "fillets": (("cs", "nl"), _fillets),
}
