"""Who speaks: what of a request asks for that, and what comes of it.

The one place of the server that knows of speakers. Nobody tells them apart here yet, so a wish for
it is refused in words, rather than answered without them.
"""

from collections.abc import Mapping

from alternator.serve.errors import ApiError

DIARIZED = "diarized_json"
FIELDS = ("known_speaker_names", "known_speaker_references")


def check_speakers(fields: Mapping[str, tuple[str, ...]]) -> None:
    """ApiError if the fields of a request ask for speakers."""
    asks = [name for name in FIELDS if name in fields]
    if DIARIZED in fields.get("response_format", ()):
        asks.insert(0, "response_format")
    if asks:
        raise ApiError(
            400,
            f"this server does not tell speakers apart, so it has no {DIARIZED}; ask for "
            f"verbose_json, which says when what was said",
            param=asks[0],
            code="unsupported",
        )
