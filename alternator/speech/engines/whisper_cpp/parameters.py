"""A request's options as whisper.cpp calls them.

https://github.com/ggml-org/whisper.cpp/blob/v1.8.2/include/whisper.h (whisper_full_params)
"""

import math

from alternator.errors import UnsupportedError
from alternator.speech.engines.refusals import known_language, refuse_others
from alternator.speech.options import DecodingOptions

NAME = "whisper.cpp"

# Without its own detector of voices, which needs a model of its own; a patience is not implemented;
# its measure of repetition is an entropy, which no compression ratio stands for.
CAN = (
    "language",
    "task",
    "initial_prompt",
    "carry_initial_prompt",
    "clip_timestamps",
    "condition_on_previous_text",
    "temperature",
    "beam_size",
    "best_of",
    "length_penalty",
    "suppress_tokens",
    "without_timestamps",
    "logprob_threshold",
    "no_speech_threshold",
    "word_timestamps",
    "vad",
    "fp16",  # the file's precision is the one
    "verbose",  # lines are printed by whoever asks
)
CONTEXT_TOKENS = 16_384  # whisper.cpp's own default: as many as there are
NEVER_BELOW = -1e9
NEVER_ABOVE = 2.0


def parameters(options: DecodingOptions) -> dict[str, object]:
    """Keywords of pywhispercpp's ``transcribe``, each of them said: it keeps what was said last.

    UnsupportedError for what whisper.cpp has not.
    """
    refuse_others(NAME, options, CAN)
    if options.vad:
        raise refused("vad=True")
    if options.suppress_tokens not in ((), (-1,)):
        raise refused("suppress_tokens but -1 or none")
    remembers = options.condition_on_previous_text is not False
    if options.initial_prompt and not remembers:
        raise refused("initial_prompt where condition_on_previous_text is False")
    first, step = steps(options.temperature)
    logprob, silence = options.logprob_threshold, options.no_speech_threshold
    return {
        "language": known_language(options.language) or "",  # detected
        "translate": options.task == "translate",
        "initial_prompt": options.initial_prompt or "",
        "carry_initial_prompt": options.carry_initial_prompt,
        "no_context": True,  # of the file before
        "n_max_text_ctx": CONTEXT_TOKENS if remembers else 0,
        "temperature": first,
        "temperature_inc": step,
        "greedy": {"best_of": options.best_of or 1},
        "beam_search": {"beam_size": options.beam_size or 1, "patience": -1.0},
        "length_penalty": -1.0 if options.length_penalty is None else options.length_penalty,
        "suppress_nst": options.suppress_tokens == (-1,),
        "no_timestamps": options.without_timestamps,
        "logprob_thold": NEVER_BELOW if logprob is None else logprob,
        "no_speech_thold": NEVER_ABOVE if silence is None else silence,
        "token_timestamps": options.word_timestamps,
    }


def steps(temperatures: tuple[float, ...]) -> tuple[float, float]:
    """The first temperature and the step from one to the next; it goes up to 1."""
    first = temperatures[0]
    if len(temperatures) == 1:
        return first, 0.0
    step = temperatures[1] - first
    even = all(
        math.isclose(value, first + place * step, abs_tol=1e-6)
        for place, value in enumerate(temperatures)
    )
    if not even or step <= 0 or temperatures[-1] + step <= 1.0 + 1e-6:
        raise refused("temperatures but equal steps up to 1, or a single one")
    return first, step


def refused(what: str) -> UnsupportedError:
    """For a value that can't be had."""
    return UnsupportedError(
        f"the speech engine {NAME!r} has no {what}; leave it out, or take the engine 'alternator'"
    )
