"""The lines that openai-whisper prints while it works, for ``verbose``."""

from alternator.speech.engines.whisper_package import LANGUAGES, format_timestamp
from alternator.speech.transcript import Segment

DETECTING = (
    "Detecting language using up to the first 30 seconds. Use `--language` to specify the language"
)


def language_line(language: str) -> str:
    """Which language was detected."""
    return f"Detected language: {LANGUAGES[language].title()}"


def segment_line(segment: Segment) -> str:
    """A segment between its times."""
    start, end = format_timestamp(segment.start), format_timestamp(segment.end)
    return f"[{start} --> {end}] {segment.text}"
