"""What a client asks of its live session, in OpenAI's words.

https://github.com/openai/openai-python/blob/main/src/openai/types/realtime/
(realtime_transcription_session_create_request.py, ..._audio_input.py, audio_transcription.py,
realtime_audio_formats.py). A field that can't be done here is refused by its name.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from alternator.live.news import Rules
from alternator.serve.errors import ApiError, refused
from alternator.serve.fields import code_of, shown
from alternator.speech.options import DecodingOptions

Rate = Literal[24000, 16000]
SHORTEST_MS, LONGEST_MS = 200, 5000
MOST_TEXT = 10_000  # signs of a prompt, and of all keywords
MOST_KEYWORDS = 100

Given = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Session:
    """``model`` as the client calls it, '' for the default; ``rate`` of its samples per second.

    ``turns``: items end at pauses, else only where the client commits; times in milliseconds.
    """

    id: str
    began: float
    model: str = ""
    language: str | None = None
    prompt: str | None = None
    keywords: tuple[str, ...] = ()
    rate: Rate = 24000
    turns: bool = True
    silence_ms: int = 500
    padding_ms: int = 300

    def rules(self) -> Rules:
        """How its stream is heard."""
        return Rules(
            silence=self.silence_ms / 1000,
            padding=min(self.padding_ms, self.silence_ms) / 1000,
            turns=self.turns,
        )

    def decoding(self, usual: DecodingOptions) -> DecodingOptions:
        """How its sound is decoded; ``usual`` is how the operator has it."""
        return replace(
            usual,
            task="transcribe",
            language=self.language or usual.language,
            initial_prompt=self.prompt or usual.initial_prompt,
            hotwords=", ".join(self.keywords) or usual.hotwords,
        )

    def told(self) -> dict[str, object]:
        """As OpenAI tells it (RealtimeTranscriptionSessionCreateResponse)."""
        transcription: dict[str, object] = {
            "model": self.model or "whisper-1",
            "language": self.language,
            "prompt": self.prompt,
        }
        if self.keywords:
            transcription["keywords"] = list(self.keywords)
        turns: dict[str, object] = {
            "type": "server_vad",
            "threshold": 0.5,
            "prefix_padding_ms": self.padding_ms,
            "silence_duration_ms": self.silence_ms,
        }
        return {
            "id": self.id,
            "object": "realtime.transcription_session",
            "type": "transcription",
            "expires_at": int(self.began) + SECONDS,
            "include": None,
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": self.rate},
                    "noise_reduction": None,
                    "transcription": transcription,
                    "turn_detection": turns if self.turns else None,
                }
            },
        }


# No session is longer, as at OpenAI:
# https://platform.openai.com/docs/guides/realtime-conversations#session-lifecycle-events
SECONDS = 60 * 60


def created(name: str, model: str) -> Session:
    """A session as it begins."""
    return Session(id=name, began=time.time(), model=model)


def updated(session: Session, given: object) -> Session:
    """The session with what ``session.update`` changes; what it leaves out stays.

    ApiError names the field that can't be meant.
    """
    fields = fields_of(given, "session", ("type", "audio", "include", "id", "object", "expires_at"))
    if fields.get("type") != "transcription":
        raise refused(
            "session.type",
            "this server only writes down: the type of a session is 'transcription'",
        )
    if fields.get("include"):
        raise unsupported("session.include", "there are no log probabilities of tokens here")
    audio = fields_of(fields.get("audio", {}), "session.audio", ("input",))
    place = "session.audio.input"
    entry = fields_of(
        audio.get("input", {}),
        place,
        ("format", "noise_reduction", "transcription", "turn_detection"),
    )
    if entry.get("noise_reduction") is not None:
        raise unsupported(f"{place}.noise_reduction", "there is none here: send null")
    if "format" in entry:
        session = replace(session, rate=rate_of(entry["format"], f"{place}.format"))
    if "transcription" in entry:
        session = transcribed(session, entry["transcription"], f"{place}.transcription")
    if "turn_detection" in entry:
        session = in_turns(session, entry["turn_detection"], f"{place}.turn_detection")
    return session


def rate_of(given: object, place: str) -> Rate:
    """The rate of PCM; 24000 where it is left out."""
    fields = fields_of(given, place, ("type", "rate"))
    kind = fields.get("type", "audio/pcm")
    if kind != "audio/pcm":
        raise unsupported(f"{place}.type", f"send audio/pcm, not {shown(str(kind))}")
    match fields.get("rate"):
        case None | 24000:
            return 24000
        case 16000:
            return 16000
        case rate:
            raise refused(f"{place}.rate", f"the rate is 24000 or 16000, not {shown(str(rate))}")


def transcribed(session: Session, given: object, place: str) -> Session:
    """By which model, and what it is told beforehand."""
    if given is None:
        raise refused(place, "a session for transcription can't be without it")
    names = ("model", "language", "languages", "prompt", "keywords", "delay")
    fields = fields_of(given, place, names)
    if fields.get("delay") is not None:
        raise unsupported(f"{place}.delay", "words come as soon as there is time for them")
    languages = texts(fields.get("languages"), f"{place}.languages")
    language = text(fields.get("language"), f"{place}.language") or None
    if len({*languages, *([language] if language else [])}) > 1:
        raise refused(f"{place}.languages", "name one language, or none to have it detected")
    named = language or next(iter(languages), None)
    if "model" in fields:
        session = replace(session, model=text(fields["model"], f"{place}.model"))
    if "language" in fields or "languages" in fields:
        code = code_of(named) if named and named != "auto" else None
        session = replace(session, language=code)
    if "prompt" in fields:
        session = replace(session, prompt=text(fields["prompt"], f"{place}.prompt") or None)
    if "keywords" in fields:
        session = replace(session, keywords=texts(fields["keywords"], f"{place}.keywords"))
    return session


def in_turns(session: Session, given: object, place: str) -> Session:
    """Whether items end at pauses, and at which."""
    if given is None:
        return replace(session, turns=False)
    names = ("type", "threshold", "prefix_padding_ms", "silence_duration_ms")
    # Of conversations: nothing answers here, so they change nothing.
    fields = fields_of(given, place, (*names, "create_response", "interrupt_response"))
    kind = fields.get("type", "server_vad")
    if kind != "server_vad":
        raise unsupported(f"{place}.type", f"send server_vad or null, not {shown(str(kind))}")
    if fields.get("threshold") not in (None, 0.5):
        raise unsupported(f"{place}.threshold", "it is always 0.5")
    silence = milliseconds(fields.get("silence_duration_ms"), f"{place}.silence_duration_ms", 500)
    padding = milliseconds(fields.get("prefix_padding_ms"), f"{place}.prefix_padding_ms", 300, 0)
    return replace(session, turns=True, silence_ms=silence, padding_ms=padding)


def milliseconds(given: object, place: str, usual: int, least: int = SHORTEST_MS) -> int:
    """A time within its bounds."""
    if given is None:
        return usual
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= LONGEST_MS:
        raise refused(place, f"send a whole number from {least} to {LONGEST_MS}")
    return given


def fields_of(given: object, place: str, known: tuple[str, ...]) -> Given:
    """An object that has none but these fields. ApiError names the first other one."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise refused(place, f"{place} must be an object")
    for name in given:
        if name not in known:
            raise ApiError(
                400,
                f"there is no field {shown(name)} in {place}; there are {', '.join(known)}",
                param=f"{place}.{name[:80]}",
                code="unknown_parameter",
            )
    return given


def text(given: object, place: str) -> str:
    """A text; '' for null."""
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > MOST_TEXT:
        raise refused(place, f"send a text of up to {MOST_TEXT} signs")
    return given


def texts(given: object, place: str) -> tuple[str, ...]:
    """Several texts; none for null."""
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MOST_KEYWORDS:
        raise refused(place, f"send a list of up to {MOST_KEYWORDS} texts")
    return tuple(text(one, place) for one in given)


def unsupported(place: str, message: str) -> ApiError:
    """A field that OpenAI has and this server does not."""
    return ApiError(400, message, param=place, code="unsupported")
