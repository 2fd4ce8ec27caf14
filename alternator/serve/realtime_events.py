"""The events of a live session: what a client sends, and what it is told.

https://github.com/openai/openai-python/tree/main/src/openai/types/realtime
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping

from alternator.live.news import Ended, Final
from alternator.serve.errors import ApiError, refused
from alternator.serve.fields import shown
from alternator.speech.transcript import Segment

ServerEvent = Mapping[str, object]

# https://github.com/openai/openai-python/blob/main/src/openai/types/realtime/input_audio_buffer_append_event.py
MOST_APPEND_BYTES = 15 * 1024 * 1024
TRANSCRIPTION = "conversation.item.input_audio_transcription"


def parsed(text: str | None) -> dict[str, object]:
    """A client's event. ApiError for what is none."""
    if text is None:
        raise bad("send JSON as text; sound goes into input_audio_buffer.append, as base64")
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise bad("this is no JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise bad("an event is an object with a 'type'")
    return event


def pcm_of(event: Mapping[str, object]) -> bytes:
    """The samples of an append."""
    audio = event.get("audio")
    if not isinstance(audio, str):
        raise refused("audio", "send samples of 16 bits as base64")
    try:
        pcm = base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError):
        raise refused("audio", "this is no base64") from None
    if len(pcm) > MOST_APPEND_BYTES:
        raise refused("audio", f"send up to {MOST_APPEND_BYTES >> 20} MiB at once")
    if len(pcm) % 2:
        raise refused("audio", "send whole samples of 16 bits, mono, little-endian")
    return pcm


def bad(message: str) -> ApiError:
    """What a client sent is no event."""
    return ApiError(400, message, code="invalid_event")


def unknown(kind: str) -> ApiError:
    """An event that is none of those that are answered here."""
    return ApiError(
        400,
        f"there is no event {shown(kind)} for transcription; there are session.update and "
        f"input_audio_buffer.append, .commit, .clear",
        param="type",
        code="unknown_event",
    )


def event(kind: str, **fields: object) -> ServerEvent:
    """One event of the server."""
    return {"type": kind, "event_id": f"event_{secrets.token_hex(8)}", **fields}


def error_event(error: ApiError, event_id: object = None) -> ServerEvent:
    """What went wrong; ``event_id`` as the client called its event."""
    told = event_id if isinstance(event_id, str) else None
    return event("error", error={**error.body["error"], "event_id": told})


def delta(item: str, text: str) -> ServerEvent:
    """More text of an item."""
    return event(f"{TRANSCRIPTION}.delta", item_id=item, content_index=0, delta=text)


def segment_of(item: str, number: int, segment: Segment) -> ServerEvent:
    """A segment that does not change any more; seconds of the stream. Nobody tells speakers apart
    here."""
    return event(
        f"{TRANSCRIPTION}.segment",
        item_id=item,
        content_index=0,
        id=f"seg_{number}",
        start=round(segment.start, 3),
        end=round(segment.end, 3),
        text=segment.text.strip(),
        speaker="",
    )


def completed(item: str, ended: Ended) -> ServerEvent:
    """All text of an item."""
    return event(
        f"{TRANSCRIPTION}.completed",
        item_id=item,
        content_index=0,
        transcript=ended.text,
        usage={"type": "duration", "seconds": round(ended.seconds, 3)},
    )


def failed(item: str, error: ApiError) -> ServerEvent:
    """There is no text of an item."""
    return event(
        f"{TRANSCRIPTION}.failed", item_id=item, content_index=0, error=error.body["error"]
    )


class Telling:
    """What was told of the items, one after the other, so that deltas together are their text."""

    def __init__(self) -> None:
        self._item: str | None = None
        self._before: str | None = None
        self._text = ""  # final
        self._told = ""
        self._segments = 0

    def item(self) -> str:
        """The item that is being spoken; a new one after the end of the last."""
        if self._item is None:
            self._item = f"item_{secrets.token_hex(8)}"
        return self._item

    def partial(self, confirmed: str) -> list[ServerEvent]:
        """Words that will stay, behind the final ones."""
        return self._further(self._text + confirmed)

    def final(self, final: Final) -> list[ServerEvent]:
        """Words that are final."""
        self._text += "".join(segment.text for segment in final.segments)
        told = self._further(self._text)
        for segment in final.segments:
            told.append(segment_of(self.item(), self._segments, segment))
            self._segments += 1
        return told

    def ended(self, ended: Ended) -> list[ServerEvent]:
        """The item is over; should it have come to other words than were told, its last event has
        them."""
        item = self.item()
        committed = event(
            "input_audio_buffer.committed", item_id=item, previous_item_id=self._before
        )
        told = [committed, *self._further(ended.text), completed(item, ended)]
        self._forget(item)
        return told

    def lost(self, error: ApiError) -> list[ServerEvent]:
        """The item could not be heard."""
        item = self.item()
        committed = event(
            "input_audio_buffer.committed", item_id=item, previous_item_id=self._before
        )
        self._forget(item)
        return [committed, failed(item, error)]

    def cleared(self) -> None:
        """The item is no more."""
        self._forget(self._before)

    def _forget(self, before: str | None) -> None:
        self._before = before
        self._item = None
        self._text = self._told = ""

    def _further(self, text: str) -> list[ServerEvent]:
        text = text.strip()
        if not text.startswith(self._told) or text == self._told:
            return []
        more, self._told = text[len(self._told) :], text
        return [delta(self.item(), more)]
