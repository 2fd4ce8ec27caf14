"""Describes one status: a text for each attachment that lacks one, then a single edit.

In two steps, since the first may take minutes and be broken off at any time, while the second
takes moments and should not be: ``prepare`` makes the texts, ``publish`` looks at the status
again and writes them into it.
"""

import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from alternator.config import Config
from alternator.download import PROCESSING_RETRY_SECONDS, downloaded
from alternator.edit import build_edit
from alternator.errors import (
    AlternatorError,
    EditRefusedError,
    GoneError,
    MediaError,
    TemporaryMediaError,
    VisionError,
)
from alternator.mastodon_api import MastodonClient, Status
from alternator.media_type import HEAD_BYTES, media_type
from alternator.picture import jpeg_of_picture, middle_frame
from alternator.prompts import Name, prompt
from alternator.shorten import compose, cut_at_sentence, room_beside
from alternator.state import Claim, Outcome
from alternator.transcript import Transcript
from alternator.vision import VisionClient

log = logging.getLogger(__name__)

EDIT_ATTEMPTS = 3  # while the author edits the post at the same time
EDITING_RETRY_SECONDS = 30.0


class SpeechReader(Protocol):
    """What ``alternator.transcriber.Transcriber`` is here for."""

    def transcribe(
        self, path: Path, *, on_wait: Callable[[], None] | None = None
    ) -> Transcript: ...


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is to be written into a status, and what became of its other attachments."""

    status_id: str
    texts: Mapping[str, str]
    outcomes: tuple[Outcome, ...]


class Describer:
    """Describes statuses of one account.

    ``speech`` or ``vision`` is None where audio and video, or pictures, are not described.
    ``limit`` is the server's for descriptions, in characters. ``beat`` is called all along, and
    may raise to break the work off.
    """

    def __init__(
        self,
        config: Config,
        client: MastodonClient,
        *,
        speech: SpeechReader | None,
        vision: VisionClient | None,
        limit: int,
        directory: Path,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._client = client
        self._speech = speech
        self._vision = vision
        self._limit = limit
        self._directory = directory
        self._beat = beat

    def undescribed(self, status: Status) -> tuple[str, ...]:
        """Ids of the attachments that lack a description and that this bot can describe."""
        return tuple(
            str(attachment["id"])
            for attachment in status.get("media_attachments") or []
            if lacks_description(attachment) and self._takes_on(attachment)
        )

    def _takes_on(self, attachment: Mapping[str, Any]) -> bool:
        needs_vision = attachment.get("type") in ("image", "gifv")
        needs_speech = attachment.get("type") in ("audio", "video")
        return (needs_vision and self._vision is not None) or (
            needs_speech and self._speech is not None
        )

    def prepare(self, claim: Claim) -> Draft:
        """Make the texts for a claim. One bad attachment never stops the next.

        Raises:
            TemporaryMediaError: the server is still processing one of the files.
            ServerError: the server can't be asked.
        """
        try:
            status = self._client.status(claim.status_id)
        except GoneError:
            return self._nothing(claim, "the post was deleted")
        attachments = by_id(status)
        if any(
            not attachments[key].get("url") for key in claim.attachment_ids if key in attachments
        ):
            raise TemporaryMediaError(
                "the server is still processing it", retry_after=PROCESSING_RETRY_SECONDS
            )
        texts: dict[str, str] = {}
        outcomes = []
        for key in claim.attachment_ids:
            self._beat()
            attachment = attachments.get(key)
            if attachment is None:
                outcomes.append(left(key, "it was removed from the post"))
            elif not lacks_description(attachment):
                outcomes.append(left(key, "it has a description by now"))
            else:
                try:
                    texts[key] = self._text(attachment, status.get("language"))
                except Exception as error:
                    outcomes.append(outcome_of(key, error))
        return Draft(status_id=claim.status_id, texts=texts, outcomes=tuple(outcomes))

    def publish(self, draft: Draft) -> list[Outcome]:
        """Write a draft into its status with one edit, unless there is nothing left to write.

        Raises:
            ServerError: the server can't be asked, or the token does not suffice.
        """
        outcomes = list(draft.outcomes)
        if not draft.texts:
            return outcomes
        try:
            snapshot = self._snapshot(draft.status_id)
            if snapshot is None:
                reason = "the post is being edited by its author"
                return outcomes + [
                    Outcome(
                        attachment_id=key,
                        state="failed",
                        reason=reason,
                        retry_after=EDITING_RETRY_SECONDS,
                    )
                    for key in draft.texts
                ]
            status, source = snapshot
            wanted = {
                key: text
                for key, text in draft.texts.items()
                if lacks_description(by_id(status).get(key) or {"description": "removed"})
            }
            outcomes += [
                left(key, "it was described or removed by somebody meanwhile")
                for key in draft.texts
                if key not in wanted
            ]
            if wanted:
                outcomes += self._edit(status, source, wanted)
        except GoneError:
            outcomes += [left(key, "the post was deleted") for key in draft.texts]
        return outcomes

    def _snapshot(self, status_id: str) -> tuple[Status, dict[str, Any]] | None:
        """A status and its source of one and the same version; None while it keeps changing."""
        status = self._client.status(status_id)
        for _ in range(EDIT_ATTEMPTS):
            source = self._client.source(status_id)
            before, status = status, self._client.status(status_id)
            if version(before) == version(status):
                return status, source
        return None

    def _edit(
        self, status: Status, source: dict[str, Any], texts: Mapping[str, str]
    ) -> list[Outcome]:
        """Send the edit and look at what the server made of it."""
        try:
            body = build_edit(status, source, texts, limit=self._limit, now=datetime.now(UTC))
            result = by_id(self._client.edit(str(status["id"]), body))
        except (MediaError, EditRefusedError) as error:
            return [outcome_of(key, error) for key in texts]
        return [
            Outcome(attachment_id=key, state="described")
            if not lacks_description(result.get(key) or {})
            else Outcome(
                attachment_id=key, state="failed", reason="the server did not keep the description"
            )
            for key in texts
        ]

    def _text(self, attachment: dict[str, Any], language: str | None) -> str:
        """The description of one attachment, with its attribution and within the limit."""
        with downloaded(attachment, self._config.media, self._directory, beat=self._beat) as path:
            match attachment.get("type"):
                case "image":
                    return self._describe_picture(path, "picture", language)
                case "gifv":
                    return self._describe_moving(path, attachment, language)
                case _:
                    return self._transcribe(path, language)

    def _describe_picture(self, path: Path, instruction: Name, language: str | None) -> str:
        assert self._vision is not None
        jpeg = jpeg_of_picture(path, self._config.media.resize_max_dimension)
        settings = self._config.openrouter
        # Room for the longest of the attributions that may follow.
        models = (settings.vision_model or settings.model, settings.vision_fallback_model)
        attribution = max((prompt("described", language, model=m) for m in models), key=len)
        room = room_beside(attribution, self._limit)
        text, model = self._vision.describe(jpeg, prompt(instruction, language, limit=room))
        return compose(text, prompt("described", language, model=model), self._limit)

    def _describe_moving(
        self, path: Path, attachment: Mapping[str, Any], language: str | None
    ) -> str:
        with path.open("rb") as file:
            found = media_type(file.read(HEAD_BYTES), "video")
        if found is not None and found.startswith("image/"):
            # Mastodon makes a video of an animated GIF, other servers leave it as it is.
            return self._describe_picture(path, "moving", language)
        original = (attachment.get("meta") or {}).get("original") or {}
        duration = original.get("duration")
        with tempfile.NamedTemporaryFile(
            dir=self._directory, prefix="attachment-", suffix=".png"
        ) as frame:
            middle_frame(path, float(duration) if duration else None, Path(frame.name))
            return self._describe_picture(Path(frame.name), "moving", language)

    def _transcribe(self, path: Path, language: str | None) -> str:
        assert self._speech is not None
        transcript = self._speech.transcribe(path, on_wait=self._beat)
        text = transcript.text.strip()
        if not text:
            raise MediaError("no speech was found in it")
        whisper = whisper_name(self._config.whisper.model)
        attribution = prompt("transcribed", language, model=whisper)
        room = room_beside(attribution, self._limit)
        if len(text) > room and self._vision is not None:
            try:
                return self._shorten(text, whisper, language)
            except VisionError as error:
                log.warning("the transcript is cut, since it could not be shortened: %s", error)
        return compose(cut_at_sentence(text, room), attribution, self._limit)

    def _shorten(self, text: str, whisper: str, language: str | None) -> str:
        """The transcript as a text model shortens it, with an attribution that says so."""
        assert self._vision is not None
        settings = self._config.openrouter
        models = (settings.text_model or settings.model, settings.text_fallback_model)
        attributions = [
            prompt("shortened", language, model=whisper, text_model=model) for model in models
        ]
        room = room_beside(max(attributions, key=len), self._limit)
        short, model = self._vision.shorten(text, prompt("summary", language, limit=room))
        attribution = prompt("shortened", language, model=whisper, text_model=model)
        return compose(cut_at_sentence(short, room), attribution, self._limit)

    def _nothing(self, claim: Claim, reason: str) -> Draft:
        outcomes = tuple(left(key, reason) for key in claim.attachment_ids)
        return Draft(status_id=claim.status_id, texts={}, outcomes=outcomes)


def lacks_description(attachment: Mapping[str, Any]) -> bool:
    """Whether an attachment has no description, or only blanks."""
    return not (attachment.get("description") or "").strip()


def by_id(status: Status) -> dict[str, dict[str, Any]]:
    """A status's attachments by their id."""
    return {str(entry["id"]): entry for entry in status.get("media_attachments") or []}


def version(status: Status) -> tuple[Any, ...]:
    """What changes when a status is edited."""
    attachments = [(key, entry.get("description")) for key, entry in by_id(status).items()]
    return (status.get("edited_at"), status.get("content"), attachments)


def whisper_name(model: str) -> str:
    """How an attribution names the model: by the stem where it is a file."""
    return f"Whisper {Path(model).stem}" if model.endswith(".pt") else f"Whisper {model}"


def left(attachment_id: str, reason: str) -> Outcome:
    """An attachment that is left alone for good."""
    return Outcome(attachment_id=attachment_id, state="left", reason=reason)


def outcome_of(attachment_id: str, error: Exception) -> Outcome:
    """What an error means for an attachment: left alone for good, or tried again."""
    if isinstance(error, TemporaryMediaError):
        return Outcome(
            attachment_id=attachment_id,
            state="failed",
            reason=str(error),
            retry_after=error.retry_after,
        )
    if isinstance(error, MediaError):
        return left(attachment_id, str(error))
    if not isinstance(error, AlternatorError):
        log.debug("unexpected error", exc_info=error)
        reason = f"unexpected {type(error).__name__}: {error}"
        return Outcome(attachment_id=attachment_id, state="failed", reason=reason)
    return Outcome(attachment_id=attachment_id, state="failed", reason=str(error))
