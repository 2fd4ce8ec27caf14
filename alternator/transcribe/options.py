"""The arguments of ``alternator transcribe``: openai-whisper's names, meanings and defaults."""

import argparse
import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

from alternator.config.models import Task
from alternator.speech.formats import FORMATS, Layout
from alternator.speech.options import DecodingOptions
from alternator.transcribe.option_types import (
    boolean,
    fraction,
    number,
    optional,
    positive,
    seconds_list,
    token_list,
    whole,
)
from alternator.transcribe.output import Output

STDOUT = "-"
ALL = "all"

DEFAULTS = DecodingOptions()

# Options of a request that the command line has by the same name, and decodes by itself. The
# temperatures are counted up from two; language and task come from the configuration.
SAME_NAMES = tuple(
    field.name
    for field in dataclasses.fields(DecodingOptions)
    if field.name
    not in ("language", "task", "temperature", "without_timestamps", "vad", "hotwords", "prefix")
)


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What was asked for. None where the configuration decides; so it does for the language and
    the task in ``decoding`` too."""

    files: tuple[Path, ...]
    config: Path | None
    engine: str | None
    model: str | None
    model_dir: Path | None
    device: str | None
    language: str | None
    task: Task | None
    threads: int
    output: Output
    decoding: DecodingOptions


def parse(argv: list[str]) -> Arguments:
    """The arguments; ends with exit code 2 and the usage where they make no sense."""
    parser = build_parser()
    given = parser.parse_args(argv)
    check(parser, given)
    return Arguments(
        files=tuple(given.audio),
        config=given.config,
        engine=given.engine,
        model=given.model,
        model_dir=given.model_dir,
        device=given.device,
        language=given.language,
        task=given.task,
        threads=given.threads,
        output=output_of(given),
        decoding=decoding_of(given),
    )


def check(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """What openai-whisper refuses, and what it finds out only once the model is loaded."""
    if not given.word_timestamps:
        for name in ("highlight_words", "max_line_count", "max_line_width", "max_words_per_line"):
            if getattr(given, name):
                parser.error(f"--{name} requires --word_timestamps True")
    if given.patience is not None and given.beam_size is None:
        parser.error("--patience requires --beam_size")
    if given.output_dir == STDOUT:
        if given.output_format == ALL:
            parser.error("--output_dir - takes one --output_format, not all of them")
        # Whisper's lines would stand between those of the transcript.
        given.verbose = None


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


def build_parser() -> argparse.ArgumentParser:
    """The parser; its help groups the options."""
    parser = argparse.ArgumentParser(
        prog="alternator transcribe",
        usage="alternator transcribe [OPTION ...] FILE ...",
        description="Write down the speech in audio and video files. Options are those of "
        "openai-whisper's command; model, device and language come from alternator.toml and "
        "ALTERNATOR_WHISPER_* where they are not given here.",
    )
    add = parser.add_argument
    add("audio", nargs="+", type=Path, metavar="FILE", help="audio or video file")
    add("--config", type=Path, metavar="FILE", help="configuration file (default: alternator.toml)")
    add("--engine", help="name of a speech engine, or auto")
    add("--model", help="name of a Whisper model, or path of a checkpoint")
    add("--model_dir", type=Path, help="where models are kept and downloaded to")
    add("--device", help="auto, cpu, cuda, rocm, or one of several GPUs as cuda:1")
    add("--threads", type=whole(0), default=0, help="CPU threads (default: as many as there are)")
    add_output(parser.add_argument_group("output"))
    add_speech(parser.add_argument_group("speech"))
    add_decoding(parser.add_argument_group("decoding"))
    return parser


def add_output(group: "argparse._ArgumentGroup") -> None:
    """What is written, and where."""
    add = group.add_argument
    add("--output_dir", "-o", default=".", help="directory for the results; - for stdout")
    add(
        "--output_format",
        "-f",
        choices=[*FORMATS, ALL],
        help="default: all; txt where they go to stdout",
    )
    add("--verbose", type=boolean, default=True, help="print the text as it is recognised")
    add("--highlight_words", type=boolean, default=False, help="underline each word in srt and vtt")
    add("--max_line_width", type=optional(whole(1)), help="characters in a line of a caption")
    add("--max_line_count", type=optional(whole(1)), help="lines in a caption")
    add("--max_words_per_line", type=optional(whole(1)), help="words in a caption")


def add_speech(group: "argparse._ArgumentGroup") -> None:
    """What is spoken, and what is to be told about it."""
    add = group.add_argument
    add("--task", choices=["transcribe", "translate"], help="translate: into English")
    add("--language", help="code or English name; auto: detected")
    add("--initial_prompt", help="text to set the style and the spelling of names")
    add("--carry_initial_prompt", type=boolean, default=False, help="for every window, not one")
    add(
        "--condition_on_previous_text",
        type=optional(boolean),
        help="prompt each window with the text before it (default: the engine's own way)",
    )
    add("--word_timestamps", type=boolean, default=False, help="find the times of words")
    add(
        "--prepend_punctuations",
        default=DEFAULTS.prepend_punctuations,
        help="belong to the next word",
    )
    add(
        "--append_punctuations",
        default=DEFAULTS.append_punctuations,
        help="to the word before",
    )
    add("--clip_timestamps", type=seconds_list, default="0", help="start,end,start,... in seconds")
    add(
        "--hallucination_silence_threshold",
        type=optional(number),
        help="with word timestamps: skip silence longer than this (seconds) around invented text",
    )


def add_decoding(group: "argparse._ArgumentGroup") -> None:
    """How tokens are chosen, and what makes a result look wrong."""
    add = group.add_argument
    add("--temperature", type=number, default=0.0, help="default: 0")
    add(
        "--temperature_increment_on_fallback",
        type=optional(positive),
        default=0.2,
        help="added for each new try where the result looks wrong (default: 0.2)",
    )
    add("--best_of", type=optional(whole(1)), default=5, help="candidates at temperature > 0")
    add("--beam_size", type=optional(whole(1)), default=5, help="beams at temperature 0")
    add("--patience", type=optional(positive), help="of the beam search (default: 1)")
    add("--length_penalty", type=optional(fraction), help="0 to 1 (default: plain length)")
    add("--suppress_tokens", type=token_list, default="-1", help="ids; -1: most special signs")
    add("--fp16", type=boolean, default=True, help="half precision on a GPU; CPUs take full")
    add(
        "--compression_ratio_threshold",
        type=optional(number),
        default=2.4,
        help="text that repeats itself more than this looks wrong (default: 2.4)",
    )
    add(
        "--logprob_threshold",
        type=optional(number),
        default=-1.0,
        help="a mean log probability below this looks wrong (default: -1)",
    )
    add(
        "--no_speech_threshold",
        type=optional(number),
        default=0.6,
        help="probability of silence above which such text is dropped (default: 0.6)",
    )
