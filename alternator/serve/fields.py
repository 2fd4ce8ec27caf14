"""The fields of a request: what OpenAI's clients send, checked, as one typed wish.

Names, values and bounds are those of
https://github.com/openai/openai-python/blob/main/src/openai/types/audio/transcription_create_params.py
and of ``translation_create_params.py`` beside it. None is ignored: one that is unknown, or that
can't be done here, is refused by its name.
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from alternator.config.models import Task
from alternator.serve.diarization import speakers_of
from alternator.serve.errors import ApiError, refused
from alternator.speech.languages import languages
from alternator.speech.options import DecodingOptions, SpeakerOptions
from alternator.web.one_line import one_line

ResponseFormat = Literal["json", "text", "srt", "vtt", "verbose_json", "diarized_json"]
FORMATS: tuple[ResponseFormat, ...] = get_args(ResponseFormat)
Granularity = Literal["segment", "word"]
GRANULARITIES: tuple[Granularity, ...] = get_args(Granularity)
# What `include[]` may add to verbose_json; a word of ours, OpenAI has none there.
CONFIDENCE = "confidence"

OF_BOTH = ("model", "prompt", "response_format", "temperature", "stream", "include")
OF_TRANSCRIPTIONS = (
    "language",
    "languages",
    "keywords",
    "timestamp_granularities",
    "chunking_strategy",
    "known_speaker_names",
    "known_speaker_references",
)
LISTS = ("include", "languages", "keywords", "timestamp_granularities", "known_speaker_names")

Fields = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a client asks for. ``model`` is its word for one, '' if it named none.

    ``granularities`` and ``confidence`` are of verbose_json.
    """

    decoding: DecodingOptions
    model: str = ""
    format: ResponseFormat = "json"
    stream: bool = False
    granularities: frozenset[Granularity] = frozenset()
    confidence: bool = False
    speakers: SpeakerOptions | None = None

    @property
    def task(self) -> Task:
        """What is to be done."""
        return self.decoding.task


def wanted_of(fields: Fields, task: Task, usual: DecodingOptions) -> Wanted:
    """The wish in these fields; ``usual`` is how the operator has files decoded.

    ApiError names the field that can't be meant.
    """
    check_names(fields, task)
    speakers = speakers_of(fields, task)
    form = response_format(fields)
    stream = boolean(fields, "stream")
    if stream and form not in ("json", "text"):
        raise refused("stream", f"stream=true gives json or text, not {form}; ask for one of them")
    granularities = granularities_of(fields, form)
    include = fields.get("include", ())
    for name in include:
        if name != CONFIDENCE or form != "verbose_json":
            raise refused(
                "include",
                f"{shown(name)} can't be included in {form}; verbose_json can have 'confidence'",
            )
    decoding = replace(
        usual,
        task=task,
        language=language_of(fields) or usual.language,
        initial_prompt=one(fields, "prompt") or usual.initial_prompt,
        hotwords=", ".join(fields.get("keywords", ())) or usual.hotwords,
        temperature=temperatures(fields) or usual.temperature,
        word_timestamps="word" in granularities,
    )
    return Wanted(
        model=one(fields, "model") or "",
        format=form,
        stream=stream,
        granularities=granularities,
        confidence=bool(include),
        decoding=decoding,
        speakers=speakers,
    )


def check_names(fields: Fields, task: Task) -> None:
    """No field is passed over."""
    known = (*OF_BOTH, *(OF_TRANSCRIPTIONS if task == "transcribe" else ()))
    for name, values in fields.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise ApiError(
                400,
                f"there is no field {shown(name)}{meant}",
                param=one_line(name, 80),
                code="unknown_parameter",
            )
        if len(values) > 1 and name not in LISTS:
            raise refused(name, f"{name} comes {len(values)} times; send it once")
    strategy = one(fields, "chunking_strategy")
    if strategy not in (None, "", "auto"):
        raise refused(
            "chunking_strategy", "speech is cut at its pauses by itself: leave it away, or 'auto'"
        )


def one(fields: Fields, name: str) -> str | None:
    """The value of a field that comes once, None if it is not there."""
    values = fields.get(name)
    return values[0] if values else None


def response_format(fields: Fields) -> ResponseFormat:
    """How the answer looks; json unless it is said."""
    given = one(fields, "response_format") or "json"
    found = next((form for form in FORMATS if form == given), None)
    if found is None:
        raise refused(
            "response_format", f"there is no {shown(given)}; choose one of {', '.join(FORMATS)}"
        )
    return found


def granularities_of(fields: Fields, form: ResponseFormat) -> frozenset[Granularity]:
    """Segments, words or both; segments unless it is said."""
    given = fields.get("timestamp_granularities", ())
    for name in given:
        if name not in GRANULARITIES:
            raise refused(
                "timestamp_granularities",
                f"there is no {shown(name)}; choose word, segment or both",
            )
    if given and form != "verbose_json":
        raise refused(
            "timestamp_granularities", f"{form} has no times; ask for response_format=verbose_json"
        )
    return frozenset(name for name in GRANULARITIES if name in given) or frozenset({"segment"})


def boolean(fields: Fields, name: str) -> bool:
    """true or false; false unless it is said."""
    given = (one(fields, name) or "false").lower()
    if given not in ("true", "false", "1", "0"):
        raise refused(name, f"{name} must be true or false, not {shown(given)}")
    return given in ("true", "1")


def temperatures(fields: Fields) -> tuple[float, ...] | None:
    """One temperature; None, the usual ones, for 0: OpenAI raises it as well where it must."""
    given = one(fields, "temperature")
    if given is None or given == "":
        return None
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise refused("temperature", f"{shown(given)} is no number from 0 to 1")
    return (value,) if value else None


def language_of(fields: Fields) -> str | None:
    """Whisper's code for the language that was named; None if none was, or ``auto``."""
    given = fields.get("languages", ())
    if len(given) > 1:
        raise refused(
            "languages", "Whisper can't choose among some languages: name one, or none at all"
        )
    names = {name for name in (one(fields, "language"), *given) if name and name != "auto"}
    if len(names) > 1:
        raise refused("language", "language and languages differ; send one of them")
    return next((code_of(name) for name in names), None)


def code_of(name: str) -> str:
    """Whisper's code for a language's code or English name; ``pt-BR`` counts as ``pt``."""
    lowered = name.strip().lower().replace("_", "-")
    by_name = {english: code for code, english in languages().items()}
    for candidate in (lowered, lowered.partition("-")[0]):
        code = by_name.get(candidate, candidate)
        if code in languages():
            return code
    raise refused(
        "language",
        f"Whisper knows no language {shown(name)}; send a code such as en, de or fr, an English "
        f"name such as German, or none to have it detected",
    )


def shown(text: str) -> str:
    """A client's own word, short and on one line."""
    return repr(one_line(text, 80))
