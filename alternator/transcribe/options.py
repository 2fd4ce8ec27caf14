"""The arguments of ``alternator transcribe``: openai-whisper's names, meanings and defaults."""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alternator.speech.formats import FORMATS, Layout
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

STDOUT = "-"
ALL = "all"

# Options that whisper.transcribe takes by the same name.
WHISPER_ARGUMENTS = (
    "verbose",
    "best_of",
    "beam_size",
    "patience",
    "length_penalty",
    "suppress_tokens",
    "initial_prompt",
    "carry_initial_prompt",
    "condition_on_previous_text",
    "fp16",
    "compression_ratio_threshold",
    "logprob_threshold",
    "no_speech_threshold",
    "word_timestamps",
    "prepend_punctuations",
    "append_punctuations",
    "clip_timestamps",
    "hallucination_silence_threshold",
)


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What was asked for. None where the configuration decides.

    ``whisper`` are the keyword arguments of ``whisper.transcribe``; ``formats`` names of FORMATS.
    """

    files: tuple[Path, ...]
    config: Path | None
    model: str | None
    model_dir: Path | None
    device: str | None
    language: str | None
    task: str | None
    threads: int
    output_dir: Path
    to_stdout: bool
    formats: tuple[str, ...]
    layout: Layout
    whisper: dict[str, Any]


def parse(argv: list[str]) -> Arguments:
    """The arguments; ends with exit code 2 and the usage where they make no sense."""
    parser = build_parser()
    given = parser.parse_args(argv)
    check(parser, given)
    to_stdout = given.output_dir == STDOUT
    form = given.output_format or ("txt" if to_stdout else ALL)
    return Arguments(
        files=tuple(given.audio),
        config=given.config,
        model=given.model,
        model_dir=given.model_dir,
        device=given.device,
        language=given.language,
        task=given.task,
        threads=given.threads,
        output_dir=Path(given.output_dir),
        to_stdout=to_stdout,
        formats=tuple(FORMATS) if form == ALL else (form,),
        layout=Layout(
            highlight_words=given.highlight_words,
            max_line_width=given.max_line_width,
            max_line_count=given.max_line_count,
            max_words_per_line=given.max_words_per_line,
        ),
        whisper=whisper_arguments(given),
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


def whisper_arguments(given: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of ``whisper.transcribe``."""
    return {
        "temperature": temperatures(given.temperature, given.temperature_increment_on_fallback),
        **{name: getattr(given, name) for name in WHISPER_ARGUMENTS},
    }


def temperatures(first: float, increment: float | None) -> list[float]:
    """The temperatures to try one after the other, up to 1."""
    if increment is None:
        return [first]
    count = math.ceil((1.0 + 1e-6 - first) / increment)
    return [first + step * increment for step in range(max(count, 1))]


def build_parser() -> argparse.ArgumentParser:
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
    add("--model", help="name of a Whisper model, or path of a checkpoint")
    add("--model_dir", type=Path, help="where models are kept and downloaded to")
    add("--device", help="auto, cpu, cuda, rocm, or one of several GPUs as cuda:1")
    add("--threads", type=whole(0), default=0, help="CPU threads (default: as many as there are)")

    output = parser.add_argument_group("output")
    add = output.add_argument
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

    speech = parser.add_argument_group("speech")
    add = speech.add_argument
    add("--task", choices=["transcribe", "translate"], help="translate: into English")
    add("--language", help="code or English name; auto: detected")
    add("--initial_prompt", help="text to set the style and the spelling of names")
    add("--carry_initial_prompt", type=boolean, default=False, help="for every window, not one")
    add("--condition_on_previous_text", type=boolean, default=True, help="prompt with what came")
    add("--word_timestamps", type=boolean, default=False, help="find the times of words")
    add("--prepend_punctuations", default="\"'“¿([{-", help="belong to the next word")
    add("--append_punctuations", default="\"'.。,，!！?？:：”)]}、", help="to the word before")
    add("--clip_timestamps", type=seconds_list, default="0", help="start,end,start,... in seconds")
    add(
        "--hallucination_silence_threshold",
        type=optional(number),
        help="with word timestamps: skip silence longer than this (seconds) around invented text",
    )

    decoding = parser.add_argument_group("decoding")
    add = decoding.add_argument
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
    return parser
