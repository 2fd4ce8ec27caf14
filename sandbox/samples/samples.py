"""The sample posts of the demo, from ``samples/samples.toml``."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from sandbox.model.entities import Visibility
from sandbox.model.records import DEMO_ACCOUNT, Attachment
from sandbox.model.sandbox import Sandbox
from sandbox.model.status_params import PostParams
from sandbox.model.uploads import UploadParams

FOLDER = Path(__file__).parent
MEDIA = FOLDER / "media"


@dataclass(frozen=True, kw_only=True)
class SampleAttachment:
    """A file of a sample post. ``phrases`` are the words spoken in it."""

    file: str
    phrases: tuple[str, ...] = ()
    language: str | None = None  # spoken
    description: str | None = None

    @property
    def path(self) -> Path:
        """Where the file is."""
        return MEDIA / self.file


@dataclass(frozen=True, kw_only=True)
class SamplePost:
    """One sample post, in the words of Mastodon's API."""

    text: str
    language: str
    attachments: tuple[SampleAttachment, ...]
    spoiler_text: str = ""
    sensitive: bool = False
    visibility: Visibility = "public"


class AttachmentTable(TypedDict):
    """``SampleAttachment`` as TOML."""

    file: str
    phrases: NotRequired[list[str]]
    language: NotRequired[str]
    description: NotRequired[str]


class PostTable(TypedDict):
    """``SamplePost`` as TOML."""

    text: str
    language: str
    attachments: NotRequired[list[AttachmentTable]]
    spoiler_text: NotRequired[str]
    sensitive: NotRequired[bool]
    visibility: NotRequired[Visibility]


def load_samples() -> list[SamplePost]:
    """The sample posts, oldest first."""
    document = tomllib.loads((FOLDER / "samples.toml").read_text(encoding="utf-8"))
    return [sample_post(table) for table in document["posts"]]


def sample_post(table: PostTable) -> SamplePost:
    """One entry of the file."""
    return SamplePost(
        text=table["text"],
        language=table["language"],
        attachments=tuple(sample_attachment(entry) for entry in table.get("attachments", ())),
        spoiler_text=table.get("spoiler_text", ""),
        sensitive=table.get("sensitive", False),
        visibility=table.get("visibility", "public"),
    )


def sample_attachment(table: AttachmentTable) -> SampleAttachment:
    """One attachment of an entry."""
    return SampleAttachment(
        file=table["file"],
        phrases=tuple(table.get("phrases", ())),
        language=table.get("language"),
        description=table.get("description"),
    )


def post_samples(sandbox: Sandbox) -> int:
    """Post all samples for the demo account; returns how many there are."""
    samples = load_samples()
    for sample in samples:
        attachments = [upload(sandbox, attachment) for attachment in sample.attachments]
        params = PostParams(
            text=sample.text,
            language=sample.language,
            spoiler_text=sample.spoiler_text,
            sensitive=sample.sensitive or None,
            visibility=sample.visibility,
            media_ids=tuple(attachment.id for attachment in attachments),
        )
        sandbox.posting.create(DEMO_ACCOUNT, params)
    return len(samples)


def upload(sandbox: Sandbox, attachment: SampleAttachment) -> Attachment:
    """Upload one file, without the wait that a client would have."""
    params = UploadParams(
        name=attachment.file,
        content=attachment.path.read_bytes(),
        description=attachment.description,
    )
    return sandbox.uploads.finish(sandbox.uploads.accept(DEMO_ACCOUNT, params))
