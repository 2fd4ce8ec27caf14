"""What a transcription yields."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word; ``start`` and ``end`` in seconds, ``probability`` from 0 to 1.

    ``text`` keeps the space before the word and the punctuation around it. ``probability`` is None
    where the engine tells none. ``confidence`` as Transcript.confidence, ``speaker`` as
    Segment.speaker.
    """

    start: float
    end: float
    text: str
    probability: float | None
    confidence: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How Whisper came to a segment: what a person needs to judge how far to trust it.

    ``seek`` is the start of the decoded window in frames of 10 ms, ``avg_logprob`` the mean log
    probability of a token, ``no_speech_prob`` from 0 to 1.
    """

    seek: int
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of speech; ``start`` and ``end`` in seconds.

    ``text`` is as Whisper gives it, mostly with a space in front; ``words`` is None unless word
    timestamps were asked for. ``confidence`` as Transcript.confidence. ``speaker`` is who says it
    (``SPEAKER_00``), None unless that was asked for.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] | None = None
    decoding: Decoding | None = None
    confidence: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """A whole transcript.

    ``text`` is stripped, and '' where there is no speech; ``language`` is Whisper's code for what
    was spoken, '' where there was nothing to hear and none was given; ``duration`` is the length
    of the audio in seconds. ``language_probability`` from 0 to 1 where the language was detected.

    ``confidence`` from 0 to 1: the share of words like these that are right, as far as it could be
    measured (docs/transcription.md); None where the engine gives none or there are no words.
    ``notes`` are lines about the sound that its listener should know: it was cut off, say.
    ``model`` names what made it where that is not the configured model: a server's.
    """

    text: str
    language: str
    duration: float
    segments: tuple[Segment, ...]
    language_probability: float | None = None
    confidence: float | None = None
    notes: tuple[str, ...] = ()
    model: str | None = None
