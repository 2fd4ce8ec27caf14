"""A request's options as faster-whisper calls them, and which of its two ways suits them.

Side by side (``BatchedInferencePipeline``), many windows of speech are computed at once; each is
decoded once, so thresholds and further temperatures, a prefix and text before have no say there.
A request that asks for any of these, by a value that is not the default, is computed one window
after the other (``WhisperModel.transcribe``), where all of them have.
https://github.com/SYSTRAN/faster-whisper/blob/v1.2.1/faster_whisper/transcribe.py
"""

from dataclasses import dataclass

from alternator.errors import UnsupportedError
from alternator.speech.engines.refusals import is_default, known_language, refuse_others
from alternator.speech.options import DecodingOptions

NAME = "faster-whisper"

# What has no say side by side.
SEQUENTIAL = (
    "best_of",
    "clip_timestamps",
    "compression_ratio_threshold",
    "condition_on_previous_text",
    "hallucination_silence_threshold",
    "logprob_threshold",
    "no_speech_threshold",
    "prefix",
    "temperature",
)
# Decided here (how windows are cut and prompted), as it loads (the precision), by whoever asks (the
# lines that are printed).
ELSEWHERE = ("carry_initial_prompt", "fp16", "vad", "verbose")


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a request is computed; ``arguments`` are keywords of faster-whisper's function."""

    side_by_side: bool
    arguments: dict[str, object]


def way_of(options: DecodingOptions) -> Way:
    """UnsupportedError for what faster-whisper has not."""
    arguments = common(options)
    refuse_others(NAME, options, can=(*arguments, *SEQUENTIAL, *ELSEWHERE))
    alone = [name for name in SEQUENTIAL if not is_default(options, name)]
    if options.condition_on_previous_text is False:
        alone.remove("condition_on_previous_text")  # side by side none is
    side_by_side = options.vad is not False and not alone
    if options.hotwords and options.prefix:
        raise refused("hotwords beside a prefix")
    if options.carry_initial_prompt and not side_by_side:
        raise refused("carry_initial_prompt where windows are computed one after the other")
    if options.vad and not is_default(options, "clip_timestamps"):
        raise refused("vad beside clip_timestamps")
    if not side_by_side:
        arguments |= sequential(options)
    return Way(side_by_side=side_by_side, arguments=arguments)


def common(options: DecodingOptions) -> dict[str, object]:
    """What both ways take."""
    return {
        "language": known_language(options.language),
        "task": options.task,
        "initial_prompt": options.initial_prompt,
        "hotwords": options.hotwords,
        "beam_size": options.beam_size or 1,
        "patience": 1.0 if options.patience is None else options.patience,
        "length_penalty": 1.0 if options.length_penalty is None else options.length_penalty,
        "suppress_tokens": list(options.suppress_tokens),
        "without_timestamps": options.without_timestamps,
        "word_timestamps": options.word_timestamps,
        "prepend_punctuations": options.prepend_punctuations,
        "append_punctuations": options.append_punctuations,
        "temperature": list(options.temperature),
    }


def sequential(options: DecodingOptions) -> dict[str, object]:
    """What only the one after the other takes."""
    conditioned = options.condition_on_previous_text
    clips = options.clip_timestamps
    whole = is_default(options, "clip_timestamps")
    # None: the engine's own way, which is True unless windows are conditioned on each other.
    vad = (whole and not conditioned) if options.vad is None else options.vad
    return {
        "best_of": options.best_of or 1,
        "clip_timestamps": "0" if whole else list(clips),
        "compression_ratio_threshold": options.compression_ratio_threshold,
        "condition_on_previous_text": (not vad) if conditioned is None else conditioned,
        "hallucination_silence_threshold": options.hallucination_silence_threshold,
        "log_prob_threshold": options.logprob_threshold,
        "no_speech_threshold": options.no_speech_threshold,
        "prefix": options.prefix,
        "vad_filter": vad,
    }


def refused(what: str) -> UnsupportedError:
    """For what can't be had together."""
    return UnsupportedError(
        f"the speech engine {NAME!r} has no {what}; leave one of them out, or take the engine "
        f"'alternator'"
    )
