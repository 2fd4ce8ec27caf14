"""What errors mean for attachments: left alone, or tried again, and at whose cost."""

import logging
from collections.abc import Collection

from alternator.errors import (
    AlternatorError,
    ConfigError,
    DecoderError,
    EndpointError,
    MediaError,
    ModelError,
    OutOfMemoryError,
    SpeechServerAwayError,
    TemporaryError,
    TemporaryMediaError,
    UnsupportedError,
    UnsureError,
)
from alternator.store.outcomes import Outcome, left_alone, to_retry

log = logging.getLogger(__name__)


def deleted(attachment_ids: Collection[str]) -> tuple[Outcome, ...]:
    """What becomes of the attachments of a post that the server does not have."""
    return tuple(left_alone(key, "the post was deleted", sure=False) for key in attachment_ids)


def outcome_of(attachment_id: str, error: Exception) -> Outcome:
    """What an error means for an attachment: left alone for good, or tried again."""
    if isinstance(error, TemporaryMediaError):
        return to_retry(attachment_id, str(error), retry_after=error.retry_after)
    if isinstance(error, MediaError):
        return left_alone(attachment_id, str(error), sure=not isinstance(error, UnsureError))
    if isinstance(error, EndpointError) or is_the_engines(error):
        wait = error.retry_after if isinstance(error, TemporaryError) else None
        return to_retry(attachment_id, str(error), retry_after=wait, counts=False)
    if not isinstance(error, AlternatorError):
        log.error("attachment %s: unexpected error", attachment_id, exc_info=error)
        return to_retry(attachment_id, f"unexpected {type(error).__name__}: {error}")
    return to_retry(attachment_id, str(error))


def is_the_engines(error: Exception) -> bool:
    """Whether a file was not heard for a reason that every other file would meet as well: the
    server is away, the model or its device can't be had, there is no decoder."""
    if isinstance(error, OutOfMemoryError | UnsupportedError):
        return False  # what this one needs, or asks for
    return isinstance(error, SpeechServerAwayError | ModelError | ConfigError | DecoderError)
