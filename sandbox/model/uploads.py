"""Uploading attachments and describing them before they are posted.

https://docs.joinmastodon.org/methods/media/
"""

import time
from dataclasses import dataclass, replace

from sandbox.errors import invalid, not_found
from sandbox.model.media import UnreadableError, inspect
from sandbox.model.media_types import SUFFIXES, media_type_of
from sandbox.model.records import Account, Attachment
from sandbox.model.status_params import MediaAttributes
from sandbox.model.store import Store
from sandbox.settings import MIB, Settings


@dataclass(frozen=True, kw_only=True)
class UploadParams:
    """A file as a client sends it. ``media_type`` is what the client says it is."""

    name: str
    content: bytes
    media_type: str | None = None
    description: str | None = None
    focus: tuple[float, float] | None = None


class Uploads:
    """The uploads of all accounts."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def accept(self, account: Account, upload: UploadParams) -> Attachment:
        """Keep a file. Audio and video count as being processed for a while after that.

        Raises:
            RefusedError: 422, for a type, size or description that Mastodon would not take.
        """
        kind = media_type_of(upload.name, upload.media_type)
        if kind is None:
            raise invalid("File content type is invalid, File is invalid")
        is_image = kind.startswith("image/") and kind != "image/gif"
        limit = self.settings.image_bytes if is_image else self.settings.video_bytes
        if not upload.content or len(upload.content) > limit:
            raise invalid(f"File file size must be less than {limit // MIB} MB")
        check_description(upload.description, self.settings.description_limit)
        media_id = self.store.new_id()
        path = self.store.media_folder / (media_id + SUFFIXES[kind])
        path.write_bytes(upload.content)
        attachment = Attachment(
            id=media_id,
            account_id=account.id,
            type="image" if is_image else "video" if kind.startswith("video/") else "audio",
            file=path.name,
            preview=None,
            meta={},
            ready_at=time.time() + (0.0 if is_image else self.settings.processing_seconds),
            description=upload.description,
            focus=upload.focus,
        )
        attachment = self.process(attachment, kind, is_image)
        self.store.keep(attachment)
        return attachment

    def process(self, attachment: Attachment, media_type: str, is_image: bool) -> Attachment:
        """Look into the file. A broken picture is refused at once, a broken clip fails later.

        Pictures are processed before the answer, anything larger after it (``delay_processing``):
        https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/media_attachment.rb
        """
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
        """An upload of this account that no status has taken yet; otherwise 404.

        https://github.com/mastodon/mastodon/blob/v4.4.8/app/controllers/api/v1/media_controller.rb
        """
        attachment = self.store.attachments.get(media_id)
        if (
            attachment is None
            or attachment.account_id != account.id
            or attachment.status_id is not None
        ):
            raise not_found()
        return attachment

    def changeable(self, media_id: str, account: Account) -> Attachment:
        """An upload of this account that ``PUT /api/v1/media/:id`` may describe; otherwise 404."""
        if self.settings.dialect.posted_media == "404":
            return self.unattached(media_id, account)
        attachment = self.store.attachments.get(media_id)
        if attachment is None or attachment.account_id != account.id:
            raise not_found()
        return attachment

    def describe(self, attachment: Attachment, attributes: MediaAttributes) -> Attachment:
        """Keep an attachment with new ``description`` and ``focus``; what is not named stays.

        Where a post has a copy of its own, that is not touched: the answer shows the upload.
        """
        described = describe(attachment, attributes, self.settings.description_limit)
        is_copied = self.settings.dialect.posted_media == "upload alone"
        if not (is_copied and attachment.status_id is not None):
            self.store.keep(described)
        return described

    def finish(self, attachment: Attachment) -> Attachment:
        """Keep an attachment as processed from now on."""
        finished = replace(attachment, ready_at=0.0)
        self.store.keep(finished)
        return finished


def describe(attachment: Attachment, attributes: MediaAttributes, limit: int) -> Attachment:
    """An attachment with the attributes of an edit; ``limit`` in characters.

    Raises:
        RefusedError: 422, when the description is longer than the limit.
    """
    if attributes.describes:
        check_description(attributes.description, limit)
        attachment = replace(attachment, description=attributes.description)
    if attributes.focus is not None:
        attachment = replace(attachment, focus=attributes.focus)
    return attachment


def check_description(description: str | None, limit: int) -> None:
    """Refuse a description over the limit, counted in characters.

    https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/media_attachment.rb
    """
    if description is not None and len(description) > limit:
        raise invalid(f"Description is too long (maximum is {limit} characters)")
