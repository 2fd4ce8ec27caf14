"""The arguments of ``alternator transcribe``: openai-whisper's names, meanings and defaults."""

import argparse
import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

from alternator.config.models import ComputeType, Task
from alternator.live.sources import MICROPHONE
from alternator.speech.formats import FORMATS, Layout
from alternator.speech.options import DecodingOptions, SpeakerOptions
from alternator.transcribe.output import Output
from alternator.transcribe.parser import ALL, DEFAULTS, STDOUT, build_parser

# Not given by an option of the same name: the temperatures are counted up from two; lines of text
# are this side's to print, since files are heard side by side; the others are in Overrides.
ELSEWHERE = ("language", "task", "temperature", "vad", "verbose", "without_timestamps")
SAME_NAMES = tuple(
    field.name for field in dataclasses.fields(DecodingOptions) if field.name not in ELSEWHERE
)


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Keys of ``[whisper]`` that the command line goes before. None: the configuration decides."""

    engine: str | None
    server_url: str | None
    server_model: str | None
    model: str | None
    model_dir: Path | None
    language: str | None
    task: Task | None
    vad: bool | None
    compute_type: ComputeType | None
    batch_size: int | None


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What was asked for. ``decoding`` lacks what Overrides says."""

    inputs: tuple[str, ...]
    live: bool
    config: Path | None
    overrides: Overrides
    device: str | None
    threads: int
    audio_track: int | None
    speakers: SpeakerOptions | None
    resume: bool
    shows_lines: bool
    shows_bar: bool
    output: Output
    decoding: DecodingOptions


def parse(argv: list[str]) -> Arguments:
    """The arguments; ends with exit code 2 and the usage where they make no sense."""
    parser = build_parser()
    given = parser.parse_args(argv)
    check(parser, given)
    return Arguments(
        inputs=tuple(given.audio),
        live=given.live,
        config=given.config,
        overrides=overrides_of(given),
        device=given.device,
        threads=given.threads,
        audio_track=given.audio_track,
        speakers=SpeakerOptions(count=given.speakers) if given.diarize else None,
        resume=given.resume,
        shows_lines=given.verbose is True and given.output_dir != STDOUT,
        shows_bar=given.verbose is not None,
        output=output_of(given),
        decoding=decoding_of(given),
    )


def check(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """What openai-whisper refuses, and what it finds out only once the model is loaded."""
    if not given.word_timestamps:
        for name in ("highlight_words", "max_line_count", "max_line_width", "max_words_per_line"):
            if getattr(given, name):
                parser.error(f"--{name} requires --word_timestamps True")
    if given.speakers is not None and not given.diarize:
        parser.error("--speakers requires --diarize")
    if given.patience is not None and given.beam_size is None:
        parser.error("--patience requires --beam_size")
    if given.output_dir == STDOUT:
        if given.output_format == ALL:
            parser.error("--output_dir - takes one --output_format, not all of them")
        if given.resume:
            parser.error("--resume looks for results in --output_dir, and there are none in -")
    if given.live:
        check_live(parser, given)
    times = given.clip_timestamps
    if any(end < start for start, end in zip(times[::2], times[1::2], strict=False)):
        parser.error("--clip_timestamps takes start,end,start,end,...: an end is before its start")


def check_live(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """What has no sense while somebody speaks."""
    (source, *others) = given.audio
    if others or not (source == STDOUT or source.partition(":")[0] == MICROPHONE):
        parser.error("--live takes one source: - for standard input, mic or mic:DEVICE")
    if given.clip_timestamps != DEFAULTS.clip_timestamps:
        parser.error("--live hears what comes from now on: leave out --clip_timestamps")
    if given.diarize:
        parser.error("--live tells no speakers apart: leave out --diarize")
    for name in ("output_dir", "output_format", "resume", "audio_track"):
        if getattr(given, name) != parser.get_default(name):
            parser.error(f"--live prints its lines and writes no files: leave out --{name}")


def overrides_of(given: argparse.Namespace) -> Overrides:
    """What goes before the configuration. ``--fp16 False`` asks for full precision."""
    names = (field.name for field in dataclasses.fields(Overrides))
    overrides = Overrides(**{name: getattr(given, name) for name in names})
    if not given.fp16 and overrides.compute_type is None:
        return dataclasses.replace(overrides, compute_type="float32")
    return overrides


def output_of(given: argparse.Namespace) -> Output:
    """Where the transcripts go, and how they look there."""
    to_stdout = given.output_dir == STDOUT
    form = given.output_format or ("txt" if to_stdout else ALL)
    return Output(
        directory=None if to_stdout else Path(given.output_dir),
        formats=tuple(FORMATS) if form == ALL else (form,),
        layout=Layout(
            highlight_words=given.highlight_words,
            max_line_width=given.max_line_width,
            max_line_count=given.max_line_count,
            max_words_per_line=given.max_words_per_line,
        ),
    )


def decoding_of(given: argparse.Namespace) -> DecodingOptions:
    """How each file is decoded."""
    return DecodingOptions(
        temperature=temperatures(given.temperature, given.temperature_increment_on_fallback),
        **{name: getattr(given, name) for name in SAME_NAMES},
    )


def temperatures(first: float, increment: float | None) -> tuple[float, ...]:
    """The temperatures to try one after the other, up to 1."""
    if increment is None:
        return (first,)
    count = math.ceil((1.0 + 1e-6 - first) / increment)
    return tuple(first + step * increment for step in range(max(count, 1)))
