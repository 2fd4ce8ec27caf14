"""What errors mean for attachments: left alone, or tried again, and at whose cost."""

import logging
from collections.abc import Collection

from alternator.errors import (
    AlternatorError,
    EndpointError,
    MediaError,
    SpeechServerAwayError,
    TemporaryMediaError,
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
    if isinstance(error, EndpointError | SpeechServerAwayError):
        return to_retry(attachment_id, str(error), retry_after=error.retry_after, counts=False)
    if not isinstance(error, AlternatorError):
        log.error("attachment %s: unexpected error", attachment_id, exc_info=error)
        return to_retry(attachment_id, f"unexpected {type(error).__name__}: {error}")
    return to_retry(attachment_id, str(error))
