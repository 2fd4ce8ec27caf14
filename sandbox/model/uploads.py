"""Uploading attachments and describing them before they are posted."""

import time
from dataclasses import replace
from typing import Any

from starlette.datastructures import UploadFile

from sandbox.errors import RefusedError, invalid, not_found
from sandbox.model.media import SUFFIXES, UnreadableError, inspect, media_type_of
from sandbox.model.model import Account, Attachment
from sandbox.model.params import text
from sandbox.model.store import Store
from sandbox.settings import Settings


class Uploads:
    """The uploads of all accounts."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def accept(
        self,
        account: Account,
        *,
        name: str,
        content: bytes,
        media_type: str | None = None,
        description: str | None = None,
        focus: str | None = None,
    ) -> Attachment:
        """Keep a file. Audio and video count as being processed for a while after that.

        Raises:
            RefusedError: 422, for a type, size or description that Mastodon would not take.
        """
        kind = media_type_of(name, media_type)
        if kind is None:
            raise invalid("File content type is invalid, File is invalid")
        is_image = kind.startswith("image/") and kind != "image/gif"
        limit = self.settings.image_bytes if is_image else self.settings.video_bytes
        if not content or len(content) > limit:
            raise invalid(f"File file size must be less than {limit // (1024 * 1024)} MB")
        check_description(description, self.settings.description_limit)
        media_id = self.store.new_id()
        path = self.store.media_folder / (media_id + SUFFIXES[kind])
        path.write_bytes(content)
        attachment = Attachment(
            id=media_id,
            account_id=account.id,
            type="image" if is_image else "video" if kind.startswith("video/") else "audio",
            file=path.name,
            preview=None,
            meta={},
            ready_at=time.time() + (0.0 if is_image else self.settings.processing_seconds),
            description=description,
            focus=parse_focus(focus),
        )
        attachment = self.process(attachment, kind, is_image)
        self.store.keep(attachment)
        return attachment

    def process(self, attachment: Attachment, media_type: str, is_image: bool) -> Attachment:
        """Look into the file. A broken picture is refused at once, a broken clip fails later."""
        path = self.store.media_folder / attachment.file
        try:
            found = inspect(path, media_type)
        except UnreadableError as error:
            if not is_image:
                return replace(attachment, failed=True)
            path.unlink()
            raise invalid("File content type is invalid, File is invalid") from error
        preview = None if found.preview is None else found.preview.name
        return replace(attachment, type=found.type, meta=found.meta, preview=preview)

    def unattached(self, media_id: str, account: Account) -> Attachment:
        """An upload of this account that no status has taken yet; otherwise 404."""
        attachment = self.store.attachments.get(media_id)
        if (
            attachment is None
            or attachment.account_id != account.id
            or attachment.status_id is not None
        ):
            raise not_found()
        return attachment

    def describe(self, attachment: Attachment, attributes: dict[str, Any]) -> Attachment:
        """Keep an attachment with new ``description`` and ``focus``; what is not named stays."""
        described = describe(attachment, attributes, self.settings.description_limit)
        self.store.keep(described)
        return described

    def finish(self, attachment: Attachment) -> Attachment:
        """Keep an attachment as processed from now on."""
        finished = replace(attachment, ready_at=0.0)
        self.store.keep(finished)
        return finished


def describe(attachment: Attachment, attributes: dict[str, Any], limit: int) -> Attachment:
    """An attachment with the attributes of an edit; ``limit`` in characters.

    Raises:
        RefusedError: 422, when the description is longer than the limit.
    """
    if "description" in attributes:
        description = text(attributes, "description")
        check_description(description, limit)
        attachment = replace(attachment, description=description)
    if text(attributes, "focus"):
        attachment = replace(attachment, focus=parse_focus(text(attributes, "focus")))
    return attachment


def check_description(description: str | None, limit: int) -> None:
    """Refuse a description over the limit, counted in characters."""
    if description is not None and len(description) > limit:
        raise invalid(f"Description is too long (maximum is {limit} characters)")


def parse_focus(focus: str | None) -> tuple[float, float] | None:
    """``"x,y"`` with each part from -1 to 1; None when there is none."""
    if not focus:
        return None
    try:
        x, y = (float(part) for part in focus.split(","))
    except ValueError:
        raise RefusedError(422, "Validation failed: Focus is invalid") from None
    return x, y


def read_upload(params: dict[str, Any], key: str) -> UploadFile | None:
    """The uploaded file of a form, if there is one with a name."""
    value = params.get(key)
    return value if isinstance(value, UploadFile) and value.filename else None
