"""What was said before a window and is known: the model is given its sound and its text.

Whisper writes the text of 30 s at once, and the end of it is better for its beginning. A stream
that is heard sentence by sentence has that beginning too: it is said already. So the sentence is
heard as the end of a longer window whose first words are given, with their times, as if the model
had just written them. Figures: docs/live.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alternator.speech.batched.voiced import Lead
from alternator.speech.cutting import Limits, Span
from alternator.speech.engines.engine import Known
from alternator.speech.engines.whisper_package import CHUNK_LENGTH, Tokenizer
from alternator.speech.options import DecodingOptions


def lead_of(known: Known | None, windows: Sequence[Span], options: DecodingOptions) -> Lead | None:
    """What of it the first window is given; None where that can't be.

    Not where the language is still to be detected, which may be another one by now; nor where
    tokens have no times, or words need theirs.
    """
    can = options.language is not None and not (
        options.without_timestamps or options.word_timestamps or options.prefix
    )
    if known is None or not (windows and can):
        return None
    limits = Limits()
    start = max(known.said.start - limits.pad, 0.0)
    if windows[0].end - start > limits.longest:
        return None
    return Lead(start=start, until=windows[0].start, said=known.said)


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A lead as a window is given it: its tokens, the last of which is a timestamp, and the second
    of the window at which the new text may begin."""

    tokens: tuple[int, ...] = ()
    until: float | None = None


def spoken(lead: Lead, tokenizer: Tokenizer, audio_context: int, most: int) -> Spoken:
    """As tokens of a window that begins with the lead; nothing where they are more than ``most``,
    or the text holds one of Whisper's own signs."""
    try:
        text = tokenizer.encode(lead.said.text)
    except ValueError:
        return Spoken()
    times = (lead.said.start - lead.start, lead.said.end - lead.start)
    begin, end = (
        tokenizer.timestamp_begin + round(max(at, 0.0) * audio_context / CHUNK_LENGTH)
        for at in times
    )
    if len(text) + 2 > most:
        return Spoken()
    return Spoken(tokens=(begin, *text, end), until=lead.until - lead.start)
