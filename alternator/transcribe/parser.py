"""The parser of ``alternator transcribe``: openai-whisper's names and defaults, and our own."""

import argparse
from pathlib import Path
from typing import get_args

from alternator.config.models import ComputeType
from alternator.speech.formats import FORMATS
from alternator.speech.options import DecodingOptions
from alternator.transcribe.option_types import (
    address,
    boolean,
    fraction,
    number,
    optional,
    positive,
    seconds_list,
    token_list,
    whole,
)
from probe.command_help import with_examples

STDOUT = "-"
ALL = "all"

DEFAULTS = DecodingOptions()


EXAMPLES = (
    ("alternator transcribe talk.mp3", "text, subtitles and JSON beside each other, here"),
    ("alternator transcribe talks/ --output_format srt --output_dir subtitles", "all in a folder"),
    ("alternator transcribe --live -f srt", "what a microphone hears, while it is spoken"),
)


def build_parser() -> argparse.ArgumentParser:
    """The parser; its help groups the options."""
    parser = argparse.ArgumentParser(
        prog="alternator transcribe",
        usage="alternator transcribe [OPTION ...] FILE|FOLDER|PATTERN|URL|- ...",
        description="Write down the speech in audio and video files. Options are those of "
        "openai-whisper's command; model, device and language come from alternator.toml and "
        "ALTERNATOR_WHISPER_* where they are not given here. Everything is heard side by side.",
    )
    with_examples(parser, parser.description, EXAMPLES)
    add = parser.add_argument
    add(
        "audio",
        nargs="+",
        metavar="FILE",
        help="audio or video file; a folder stands for all in it and below; also a pattern in "
        "quotes, an http(s) address, and - for standard input",
    )
    add(
        "--live",
        action="store_true",
        help="write speech down while it comes: from - (samples of 16 bits, 16 kHz, mono, or a "
        "format that ffmpeg reads from a pipe), mic or mic:DEVICE",
    )
    add("--config", type=Path, metavar="FILE", help="configuration file (default: alternator.toml)")
    add("--engine", help="name of a speech engine, or auto; several by commas: where one can't")
    add("--server_url", type=address, help="a server of OpenAI's audio API to ask first, up to /v1")
    add("--server_model", help="what that server calls its model (default: as --model)")
    add("--model", help="name of a Whisper model, or path of a checkpoint")
    add("--model_dir", type=Path, help="where models are kept and downloaded to")
    add("--device", help="auto, cpu, cuda, rocm, or one of several GPUs as cuda:1")
    add("--threads", type=whole(0), default=0, help="CPU threads (default: as many as there are)")
    add("--compute_type", choices=get_args(ComputeType), help="precision (default: what is best)")
    add("--batch_size", type=whole(0), help="most windows computed together (0: as many as pay)")
    add("--audio_track", type=whole(0), help="of several, from 0 (default: what players take)")
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
    add(
        "--resume",
        action="store_true",
        help="leave out what has all its results already, none older than its file",
    )
    add(
        "--verbose",
        type=optional(boolean),
        default=True,
        help="print the text as it is recognised (False: only a bar on a terminal; None: neither)",
    )
    add("--highlight_words", type=boolean, default=False, help="underline each word in srt and vtt")
    add("--max_line_width", type=optional(whole(1)), help="characters in a line of a caption")
    add("--max_line_count", type=optional(whole(1)), help="lines in a caption")
    add("--max_words_per_line", type=optional(whole(1)), help="words in a caption")


def add_speech(group: "argparse._ArgumentGroup") -> None:
    """What is spoken, and what is to be told about it."""
    add = group.add_argument
    add("--task", choices=["transcribe", "translate"], help="translate: into English")
    add("--language", help="code or English name; auto: detected")
    add(
        "--vad",
        type=optional(boolean),
        help="hear speech only, in windows cut at silences; False: windows of 30 s, as "
        "openai-whisper (default: the engine's own way)",
    )
    add("--hotwords", help="words that may come up, told before every window")
    add("--prefix", help="how the text of the first window begins")
    add("--initial_prompt", help="text to set the style and the spelling of names")
    add("--carry_initial_prompt", type=boolean, default=False, help="for every window, not one")
    add(
        "--condition_on_previous_text",
        type=optional(boolean),
        help="prompt each window with the text before it (default: the engine's own way)",
    )
    add("--diarize", action="store_true", help="tell who speaks (SPEAKER_00, SPEAKER_01, ...)")
    add("--speakers", type=whole(1), metavar="N", help="how many there are (default: found out)")
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
    add("--fp16", type=boolean, default=True, help="False: full precision, as float32 above")
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
