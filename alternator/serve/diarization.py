"""Who speaks: what of a request asks for that, and the answer that tells it.

The one place of the server that knows of speakers.
"""

import json
from collections.abc import Mapping
from typing import Literal

from alternator.config.models import Task
from alternator.serve.errors import ApiError
from alternator.speech.options import SpeakerOptions
from alternator.speech.speakers.diarized_json import diarized_json
from alternator.speech.transcript import Transcript

Diarized = Literal["diarized_json"]
DIARIZED: Diarized = "diarized_json"
# Of OpenAI's: voices that are known by their name.
KNOWN = ("known_speaker_names", "known_speaker_references")


def speakers_of(fields: Mapping[str, tuple[str, ...]], task: Task) -> SpeakerOptions | None:
    """What is to be told of the speakers, None for nothing. ApiError for what can't be."""
    for name in KNOWN:
        if name in fields:
            raise ApiError(
                400,
                "this server tells speakers apart, and knows none of them by name: leave it away, "
                "and they are called A, B and so on",
                param=name,
                code="unsupported",
            )
    if DIARIZED not in fields.get("response_format", ()):
        return None
    if task == "translate":
        raise ApiError(
            400,
            f"translations have no {DIARIZED}; ask for a transcription",
            param="response_format",
            code="unsupported",
        )
    return SpeakerOptions()


def body(transcript: Transcript) -> str:
    """The answer as it is sent."""
    return json.dumps(diarized_json(transcript), ensure_ascii=False)
