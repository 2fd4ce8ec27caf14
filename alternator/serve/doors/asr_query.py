"""What clients of whisper-asr-webservice ask for, in the address of a request.

Names, values and defaults are theirs:
https://github.com/ahmetoner/whisper-asr-webservice/blob/v1.9.1/app/webservice.py. A name that they
don't have is passed over, as they do. Their best known client, Bazarr, sends bare samples:
https://github.com/morpheus65535/bazarr/blob/master/custom_libs/subliminal_patch/providers/whisperai.py
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from starlette.datastructures import QueryParams

from alternator.config.models import Task
from alternator.serve.errors import ApiError, refused
from alternator.serve.fields import Wanted, code_of, shown
from alternator.speech.options import DecodingOptions, SpeakerOptions

Output = Literal["txt", "vtt", "srt", "tsv", "json"]
OUTPUTS: tuple[Output, ...] = get_args(Output)
TASKS: tuple[Task, ...] = get_args(Task)
# Their documentation calls it so, and their server takes it for txt.
TEXT = "text"
# The words of pydantic, which reads theirs:
# https://docs.pydantic.dev/latest/api/standard_library_types/#booleans
YES = ("true", "1", "yes", "on", "t", "y")
NO = ("false", "0", "no", "off", "f", "n")
# So much of a file is heard to tell its language, in seconds, as theirs.
DETECTION_SECONDS = 30.0
NUMBERS = ("min_speakers", "max_speakers")


@dataclass(frozen=True, kw_only=True)
class AsrQuery:
    """``encode`` False: the file is bare samples, signed, of 16 bits, at 16 kHz, one channel."""

    encode: bool
    output: Output
    wanted: Wanted


def asr_query(params: QueryParams, usual: DecodingOptions) -> AsrQuery:
    """The wish of ``/asr``; ``usual`` is how the operator has files decoded.

    ApiError names the parameter that can't be meant.
    """
    vad = params.get("vad_filter")
    language = params.get("language")
    decoding = replace(
        usual,
        task=task_of(params),
        language=code_of(language) if language else usual.language,
        initial_prompt=params.get("initial_prompt") or usual.initial_prompt,
        vad=usual.vad if vad is None else boolean(params, "vad_filter", False),
        word_timestamps=boolean(params, "word_timestamps", False),
    )
    # Of the default model, the one that theirs has.
    wanted = Wanted(decoding=decoding, speakers=speakers_of(params, decoding.task))
    return AsrQuery(encode=boolean(params, "encode", True), output=output_of(params), wanted=wanted)


def detection(usual: DecodingOptions) -> Wanted:
    """The wish of ``/detect-language``: the language of the first half minute."""
    decoding = replace(
        usual,
        task="transcribe",
        language=None,
        initial_prompt=None,
        clip_timestamps=(0.0, DETECTION_SECONDS),
    )
    return Wanted(decoding=decoding)


def speakers_of(params: QueryParams, task: Task) -> SpeakerOptions | None:
    """What is to be told of the speakers, None for nothing. ApiError for what can't be meant, or
    done: their number is given, or found, not bounded."""
    for name in NUMBERS:
        given = params.get(name)
        if given is not None and not (given.isascii() and given.isdigit()):
            raise refused(name, f"{name} must be a whole number, not {shown(given)}")
    if not boolean(params, "diarize", False):
        return None
    if task == "translate":
        raise unsupported("speakers are told apart in what was said, not in its translation")
    least, most = (int(params.get(name) or 0) for name in NUMBERS)
    if least and least == most:
        return SpeakerOptions(count=least)
    if least or most:
        raise unsupported(
            f"the number of speakers is found, or given by {NUMBERS[0]} and {NUMBERS[1]} being the "
            f"same; leave both away"
        )
    return SpeakerOptions()


def unsupported(why: str) -> ApiError:
    """The error for a wish about speakers."""
    return ApiError(400, why, param="diarize", code="unsupported")


def task_of(params: QueryParams) -> Task:
    """What to do; to transcribe unless it is said."""
    given = params.get("task") or "transcribe"
    for task in TASKS:
        if task == given:
            return task
    raise refused("task", f"there is no task {shown(given)}; choose one of {', '.join(TASKS)}")


def output_of(params: QueryParams) -> Output:
    """How the answer looks; txt unless it is said."""
    given = params.get("output") or "txt"
    for output in OUTPUTS:
        if output == given:
            return output
    if given == TEXT:
        return "txt"
    raise refused("output", f"there is no {shown(given)}; choose one of {', '.join(OUTPUTS)}")


def boolean(params: QueryParams, name: str, usual: bool) -> bool:
    """Yes or no, in any of pydantic's words."""
    given = params.get(name)
    if given is None:
        return usual
    lowered = given.strip().lower()
    if lowered not in (*YES, *NO):
        raise refused(name, f"{name} must be true or false, not {shown(given)}")
    return lowered in YES
