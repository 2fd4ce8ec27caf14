"""The text as it comes: server-sent events that OpenAI's clients read.

https://github.com/openai/openai-python/blob/main/src/openai/types/audio/transcription_stream_event.py
"""

import json
from typing import Literal, TypedDict

from alternator.serve.errors import ApiError
from alternator.speech.transcript import Segment, Transcript

# A comment, which clients pass over: proxies keep the connection, and a hang-up is noticed.
BEAT = b": listening\n\n"


class Delta(TypedDict):
    """More text."""

    type: Literal["transcript.text.delta"]
    delta: str


class TextDone(TypedDict):
    """All of the text."""

    type: Literal["transcript.text.done"]
    text: str


class Told:
    """What was told of a text that grows, so that the pieces together are the text.

    What was told can't be taken back. A request that is begun anew (its worker was killed, say)
    tells nothing until it is further than before; should it come to other words then, the last
    event has them, and nothing comes in between.
    """

    def __init__(self) -> None:
        self._told = ""
        self._heard = ""

    def anew(self) -> None:
        """The request is begun anew."""
        self._heard = ""

    def more(self, segment: Segment) -> bytes:
        """The event for one more segment, b'' if there is nothing to tell."""
        self._heard += segment.text
        # A transcript's text begins without the space that Whisper puts before each segment.
        return self._further(self._heard.strip())

    def done(self, transcript: Transcript) -> bytes:
        """The last events."""
        last: TextDone = {"type": "transcript.text.done", "text": transcript.text}
        return self._further(transcript.text) + event(last)

    def _further(self, text: str) -> bytes:
        if not text.startswith(self._told) or text == self._told:
            return b""
        delta: Delta = {"type": "transcript.text.delta", "delta": text[len(self._told) :]}
        self._told = text
        return event(delta)


def event(data: Delta | TextDone) -> bytes:
    """One event."""
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def failed(error: ApiError) -> bytes:
    """What a client is told whose answer has begun: its client raises it as an error."""
    return b"data: " + json.dumps(error.body, ensure_ascii=False).encode() + b"\n\n"
