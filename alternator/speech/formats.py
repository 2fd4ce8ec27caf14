"""Writes transcripts as txt, vtt, srt, tsv and json, byte for byte as openai-whisper does.

Two differences: a segment that openai-whisper has cleared makes no caption, and where it is known
who speaks, lines and captions say so as whisperX's do: ``[SPEAKER_00]: …``.
https://github.com/m-bain/whisperX/blob/main/whisperx/utils.py (WriteTXT, SubtitlesWriter)

Its own writers can't be used here: importing any part of whisper imports torch.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from alternator.speech.transcript import Segment, Transcript, Word
from alternator.speech.whisper_dictionary import to_whisper

# Where lines may be put together across segments, a pause this long still ends a caption.
LONG_PAUSE_SECONDS = 3.0
UNBOUNDED = 1000


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How words are put into captions of srt and vtt; takes effect with word timestamps only.

    ``max_line_width`` in characters; None for no bound.
    """

    highlight_words: bool = False
    max_line_width: int | None = None
    max_line_count: int | None = None
    max_words_per_line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What is shown from ``start`` to ``end``, both already written as the format has them."""

    start: str
    end: str
    text: str


def txt(transcript: Transcript, layout: Layout) -> str:
    """One line for each segment."""
    return "".join(
        f"{who(segment.speaker)}{segment.text.strip()}\n" for segment in transcript.segments
    )


def vtt(transcript: Transcript, layout: Layout) -> str:
    """WebVTT; hours only where there are some."""
    cues = captions(transcript.segments, layout, vtt_time)
    return "WEBVTT\n\n" + "".join(f"{cue.start} --> {cue.end}\n{cue.text}\n\n" for cue in cues)


def srt(transcript: Transcript, layout: Layout) -> str:
    """SubRip."""
    cues = captions(transcript.segments, layout, srt_time)
    return "".join(
        f"{number}\n{cue.start} --> {cue.end}\n{cue.text}\n\n"
        for number, cue in enumerate(cues, start=1)
    )


def tsv(transcript: Transcript, layout: Layout) -> str:
    """Start and end in whole milliseconds, and the text, between tabulators."""
    rows = ["start\tend\ttext\n"]
    for segment in transcript.segments:
        text = segment.text.strip().replace("\t", " ")
        rows.append(f"{round(1000 * segment.start)}\t{round(1000 * segment.end)}\t{text}\n")
    return "".join(rows)


def whisper_json(transcript: Transcript, layout: Layout) -> str:
    """The dictionary of ``whisper.transcribe``, on one line."""
    return json.dumps(to_whisper(transcript))


FORMATS: Mapping[str, Callable[[Transcript, Layout], str]] = MappingProxyType(
    {"txt": txt, "vtt": vtt, "srt": srt, "tsv": tsv, "json": whisper_json}
)


def captions(
    segments: tuple[Segment, ...], layout: Layout, time: Callable[[float], str]
) -> Iterator[Caption]:
    """The captions: of the words if all that was said has some, else of the segments.

    openai-whisper asks the first segment alone, which may be one that it has cleared: that has an
    empty list of words, whether words were asked for or not.
    https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py (clear segments)
    """
    spoken = tuple(segment for segment in segments if segment.text.strip())
    if not all(segment.words for segment in spoken):
        for segment in spoken:
            # An arrow in the text would read as a time line.
            text = who(segment.speaker) + segment.text.strip().replace("-->", "->")
            yield Caption(start=time(segment.start), end=time(segment.end), text=text)
        return
    for words in words_of_captions(segments, layout):
        if layout.highlight_words:
            yield from highlighted(words, time)
        else:
            text = who(words[0].speaker) + "".join(word.text for word in words)
            yield Caption(start=time(words[0].start), end=time(words[-1].end), text=text)


def who(speaker: str | None) -> str:
    """What stands before the words of a speaker; nothing where it is not known."""
    return "" if speaker is None else f"[{speaker}]: "


def words_of_captions(segments: tuple[Segment, ...], layout: Layout) -> Iterator[list[Word]]:
    """The words of each caption; a word that begins a further line has a newline in front."""
    width = layout.max_line_width or UNBOUNDED
    words_per_line = layout.max_words_per_line or UNBOUNDED
    keep_segments = not layout.max_line_count or not layout.max_line_width
    caption: list[Word] = []
    line_length, lines = 0, 1
    last_start = next((word.start for segment in segments for word in segment.words or ()), 0.0)
    for segment in segments:
        for index, word in enumerate(segment.words or ()):
            long_pause = not keep_segments and word.start - last_start > LONG_PAUSE_SECONDS
            boundary = bool(caption) and (
                (keep_segments and index % words_per_line == 0)
                or word.speaker != caption[-1].speaker
            )
            last_start = word.start
            fits = 0 < line_length <= width - len(word.text)
            if fits and not long_pause and not boundary:
                line_length += len(word.text)
                caption.append(word)
                continue
            text = word.text.strip()
            full = layout.max_line_count and (long_pause or lines >= layout.max_line_count)
            if boundary or (caption and full):
                yield caption
                caption, lines = [], 1
            elif line_length > 0:
                lines += 1
                text = f"\n{text}"
            line_length = len(text.strip())
            caption.append(dataclasses.replace(word, text=text))
    if caption:
        yield caption


def highlighted(words: list[Word], time: Callable[[float], str]) -> Iterator[Caption]:
    """One caption for each word, underlined, and one for each pause between two."""
    name = who(words[0].speaker)
    plain = name + "".join(word.text for word in words)
    shown_until = time(words[0].start)
    for index, word in enumerate(words):
        start, end = time(word.start), time(word.end)
        if shown_until != start:
            yield Caption(start=shown_until, end=start, text=plain)
        underlined = re.sub(r"^(\s*)(.*)$", r"\1<u>\2</u>", word.text)
        before = "".join(other.text for other in words[:index])
        after = "".join(other.text for other in words[index + 1 :])
        yield Caption(start=start, end=end, text=f"{name}{before}{underlined}{after}")
        shown_until = end


def vtt_time(seconds: float) -> str:
    """``01:02.345``, with hours in front where there are some."""
    hours, rest = _clock(seconds)
    return f"{hours:02d}:{rest}" if hours else rest


def srt_time(seconds: float) -> str:
    """``00:01:02,345``."""
    hours, rest = _clock(seconds)
    return f"{hours:02d}:{rest.replace('.', ',')}"


def _clock(seconds: float) -> tuple[int, str]:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return hours, f"{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
