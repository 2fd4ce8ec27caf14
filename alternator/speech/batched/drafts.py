"""From the tokens of a window to segments, by their timestamps.

As openai-whisper does it, with its arithmetic, so that times are equal to the last bit:
https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py
"""

from dataclasses import dataclass

from alternator.speech.batched.window import Decoded
from alternator.speech.engines.whisper_package import Tokenizer
from alternator.speech.transcript import Decoding, Segment, Word

SAMPLE_RATE, HOP_LENGTH = 16_000, 160  # Hz; samples between two frames
FRAMES_PER_SECOND = 100
WINDOW_FRAMES = 3000  # of 10 ms


@dataclass(kw_only=True)
class TimedWord:
    """A word while its times may still move; seconds of the file."""

    start: float
    end: float
    text: str
    probability: float
    confidence: float | None = None


@dataclass(kw_only=True, eq=False)
class Draft:
    """A segment while its times may still move; ``start`` and ``end`` in seconds of the file.

    ``first`` is the place of its first token among those of ``decoded``. ``seek`` is the start of
    the window in frames of 10 ms. ``words`` is None where nobody asked for them.
    """

    seek: int
    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    first: int
    decoded: Decoded
    words: list[TimedWord] | None = None
    confidence: float | None = None

    def clear_if_empty(self) -> None:
        """A segment without length or text keeps its place and its number, and nothing else."""
        if self.start == self.end or not self.text.strip():
            self.text, self.tokens, self.words = "", (), []

    def finished(self) -> Segment:
        """As it is told."""
        return Segment(
            start=self.start,
            end=self.end,
            text=self.text,
            words=None if self.words is None else tuple(map(_word, self.words)),
            decoding=Decoding(
                seek=self.seek,
                tokens=self.tokens,
                temperature=self.decoded.temperature,
                avg_logprob=self.decoded.avg_logprob,
                compression_ratio=self.decoded.compression_ratio,
                no_speech_prob=self.decoded.no_speech_prob,
            ),
            confidence=self.confidence,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """A window's segments. ``heard`` of its frames are done with: what follows is to be heard
    again. ``ended`` is whether the last token alone is a timestamp, which says that no speech
    follows it; ``rest`` is the number of tokens behind the last whole segment."""

    drafts: list[Draft]
    heard: int
    ended: bool
    rest: int


def cut(decoded: Decoded, tokenizer: Tokenizer, seek: int, frames: int, audio_context: int) -> Cut:
    """The segments of a window that begins at frame ``seek`` and has ``frames`` frames of sound."""
    tokens, begin = decoded.tokens, tokenizer.timestamp_begin
    stamps = [token >= begin for token in tokens]
    ended = stamps[-2:] == [False, True]
    stride = WINDOW_FRAMES // audio_context  # frames of 10 ms to a timestamp's step
    precision = stride * HOP_LENGTH / SAMPLE_RATE
    offset = float(seek * HOP_LENGTH / SAMPLE_RATE)

    def draft(first: int, last: int, start: float, end: float) -> Draft:
        own = tokens[first:last]
        text = tokenizer.decode([token for token in own if token < tokenizer.eot])
        return Draft(
            seek=seek, start=start, end=end, text=text, tokens=own, first=first, decoded=decoded
        )

    borders = [place for place in range(1, len(tokens)) if stamps[place - 1] and stamps[place]]
    if not borders:
        duration = frames * HOP_LENGTH / SAMPLE_RATE
        last = [token for token in tokens if token >= begin][-1:]
        if last and last[0] != begin:
            duration = (last[0] - begin) * precision
        whole = draft(0, len(tokens), offset, offset + duration)
        return Cut(drafts=[whole], heard=frames, ended=ended, rest=0)
    if ended:
        borders.append(len(tokens))
    drafts = [
        draft(
            first,
            last,
            offset + (tokens[first] - begin) * precision,
            offset + (tokens[last - 1] - begin) * precision,
        )
        for first, last in zip([0, *borders], borders, strict=False)
    ]
    heard = frames if ended else (tokens[borders[-1] - 1] - begin) * stride
    return Cut(drafts=drafts, heard=heard, ended=ended, rest=len(tokens) - borders[-1])


def seconds(frames: int) -> float:
    """Frames of 10 ms in seconds, as openai-whisper rounds them."""
    return float(frames * HOP_LENGTH / SAMPLE_RATE)


def frames_of(seconds: float) -> int:
    """The frame of 10 ms at that second."""
    return round(seconds * FRAMES_PER_SECOND)


def last_end(drafts: list[Draft]) -> float | None:
    """The end of the last word, or of the last segment where words were not asked for
    (https://github.com/openai/whisper/blob/v20250625/whisper/utils.py, get_end)."""
    for draft in reversed(drafts):
        for word in reversed(draft.words or []):
            return word.end
    return drafts[-1].end if drafts else None


def _word(word: TimedWord) -> Word:
    return Word(
        start=word.start,
        end=word.end,
        text=word.text,
        probability=word.probability,
        confidence=word.confidence,
    )
