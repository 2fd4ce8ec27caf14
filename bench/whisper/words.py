"""Word errors on human speech with OpenAI's own weights, engine by engine.

Lines are joined to files of nearly a minute, so that windows end in the midst of speech. Every
engine hears the same files, greedy and (a third of them) with five beams, at temperature 0, where
nothing is left to chance. Ratios have an interval of 95 %, from drawing the files anew.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.whisper import audio
from bench.whisper.engines import Hearing, Kind, Loading
from bench.whisper.figures import Figure, Setup
from bench.whisper.peers import Child, MissingError
from tests.real import speech
from tests.real.speech import NotHereError
from tests.real.words import Errors, errors, rate, ratio_interval

LANGUAGES = ("en", "ru", "cs", "nl")
FILE_SECONDS = 55.0
BEAMS = 5


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A file, and what is said in it."""

    path: Path
    text: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """One engine's way through the files."""

    name: str
    kind: Kind
    way: str
    precision: str = "float32"
    beam: int = 1


REFERENCE = Run(name="whisper.transcribe", kind="openai", way="sequential")
RUNS = (
    REFERENCE,
    Run(name="alternator sequential", kind="alternator", way="sequential"),
    Run(name="alternator", kind="alternator", way="batched"),
    Run(name="alternator int8", kind="alternator", way="batched", precision="int8"),
    Run(name="faster-whisper", kind="faster", way="sequential"),
    Run(name="faster-whisper batched", kind="faster", way="batched"),
    Run(name="faster-whisper batched int8", kind="faster", way="batched", precision="int8"),
)
WITH_BEAMS = tuple(
    Run(name=f"{run.name}, {BEAMS} beams", kind=run.kind, way=run.way, beam=BEAMS)
    for run in RUNS
    if run.precision == "float32"
)


def run(setup: Setup) -> Iterator[Figure]:
    """Figures of word errors, and of the texts that are equal."""
    from tests.real import weights  # imports torch and whisper: seconds

    names = ("sequential.equal", "sequential.beam.equal", "batched", "batched.beam", "int8")
    try:
        models: dict[Kind, Path] = {
            "openai": weights.checkpoint("base"),
            "alternator": weights.checkpoint("base"),
            "faster": weights.directory("base"),
        }
        files = spoken(setup)
    except NotHereError as error:
        for name in names:
            yield Figure(name=f"words.{name}", why=str(error))
        return
    greedy = hear_all(setup, RUNS, files, models)
    few = files[::3]
    beams = hear_all(setup, WITH_BEAMS, few, models)
    yield equal("words.sequential.equal", greedy, REFERENCE.name, "alternator sequential")
    reference, ours = WITH_BEAMS[0].name, f"alternator sequential, {BEAMS} beams"
    yield equal("words.sequential.beam.equal", beams, reference, ours)
    yield ratio("words.batched", files, greedy, ("alternator", REFERENCE.name))
    yield ratio("words.batched.beam", few, beams, (f"alternator, {BEAMS} beams", reference))
    yield ratio("words.int8", files, greedy, ("alternator int8", "alternator"))
    yield ratio("words.faster", files, greedy, ("faster-whisper batched", REFERENCE.name))
    yield ratio(
        "words.faster.int8",
        files,
        greedy,
        ("faster-whisper batched int8", "faster-whisper batched"),
    )


def spoken(setup: Setup) -> list[Spoken]:
    """The files, the languages in turn; NotHereError if there is no human speech at all."""
    found: dict[str, list[Spoken]] = {}
    for language in LANGUAGES:
        try:
            lines = list(speech.lines(language))
        except NotHereError as error:
            print(f"  no {language}: {error}", flush=True)
            continue
        random.Random(7).shuffle(lines)
        found[language] = _joined(setup.folder, language, lines[: setup.lines])
    if not found:
        raise NotHereError("no package with human speech can be had")
    most = max(map(len, found.values()))
    return [files[at] for at in range(most) for files in found.values() if at < len(files)]


def _joined(folder: Path, language: str, lines: Sequence[speech.Line]) -> list[Spoken]:
    files: list[Spoken] = []
    group: list[speech.Line] = []
    length = 0.0
    for line in (*lines, None):
        if line is None or length >= FILE_SECONDS - 5:
            if group:
                sound, text = speech.joined(group)
                path = folder / f"{language}-{len(files)}.wav"
                audio.write(path, audio.level(sound))
                files.append(Spoken(path=path, text=text, language=language))
            group, length = [], 0.0
        if line is not None:
            group.append(line)
            length += len(speech.samples(line.path)) / speech.SAMPLE_RATE + 0.6
    return files


def hear_all(
    setup: Setup, runs: Sequence[Run], files: Sequence[Spoken], models: Mapping[Kind, Path]
) -> dict[str, list[str]]:
    """What each run heard of each file; a run that can't be made is missing, and said."""
    heard: dict[str, list[str]] = {}
    for one in runs:
        try:
            with Child(one.kind) as child:
                loading = Loading(
                    model=str(models[one.kind]),
                    device=setup.device,
                    precision=one.precision,
                    threads=setup.threads,
                )
                child.load(loading)
                texts, seconds = [], 0.0
                for file in files:
                    wanted = Hearing(
                        files=(str(file.path),),
                        way=one.way,  # type: ignore[arg-type]  # one of its words
                        language=file.language,
                        beam=one.beam,
                    )
                    answer = child.transcribe(wanted)
                    texts.append(answer.texts[0])
                    seconds += answer.seconds
        except MissingError as error:
            print(f"  {one.name}: {error}", flush=True)
            continue
        heard[one.name] = texts
        wrong = rate(counted(files, texts))
        print(f"  {one.name}: {100 * wrong:.2f} % of words wrong, {seconds:.0f} s", flush=True)
    return heard


def counted(files: Sequence[Spoken], texts: Sequence[str]) -> list[Errors]:
    """The errors in each file."""
    return [errors(file.text, text, file.language) for file, text in zip(files, texts, strict=True)]


def equal(name: str, heard: Mapping[str, list[str]], theirs: str, ours: str) -> Figure:
    """How many per cent of the files have the same text, letter by letter."""
    if ours not in heard or theirs not in heard:
        return Figure(name=name, why="an engine is missing")
    pairs = list(zip(heard[ours], heard[theirs], strict=True))
    same = sum(one.strip() == other.strip() for one, other in pairs)
    parts = {"files": float(len(pairs)), "equal": float(same)}
    return Figure(name=name, value=100 * same / len(pairs), parts=parts)


def ratio(
    name: str, files: Sequence[Spoken], heard: Mapping[str, list[str]], pair: tuple[str, str]
) -> Figure:
    """One run's word errors as a share of another's, over all files and by language."""
    if any(one not in heard for one in pair):
        return Figure(name=name, why="an engine is missing")
    ours, theirs = (counted(files, heard[one]) for one in pair)
    low, high = ratio_interval(ours, theirs)
    parts = {"words": float(sum(count.words for count in ours)), "from": low, "to": high}
    for language in dict.fromkeys(file.language for file in files):
        at = [place for place, file in enumerate(files) if file.language == language]
        for one, counts in zip(pair, (ours, theirs), strict=True):
            parts[f"{one}, {language} %"] = 100 * rate([counts[place] for place in at])
    share = rate(theirs)
    return Figure(name=name, value=rate(ours) / share if share else None, parts=parts)
