"""The sample posts of the demo, from ``samples/samples.toml``."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.context import Sandbox
from sandbox.model.model import DEMO_ACCOUNT, Attachment

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
    visibility: str = "public"


def load_samples() -> list[SamplePost]:
    """The sample posts, oldest first."""
    document = tomllib.loads((FOLDER / "samples.toml").read_text(encoding="utf-8"))
    return [sample_post(dict(fields)) for fields in document["posts"]]


def sample_post(fields: dict[str, Any]) -> SamplePost:
    """One entry of the file."""
    attachments = tuple(
        SampleAttachment(phrases=tuple(attachment.pop("phrases", ())), **attachment)
        for attachment in map(dict, fields.pop("attachments", ()))
    )
    return SamplePost(attachments=attachments, **fields)


def post_samples(sandbox: Sandbox) -> int:
    """Post all samples for the demo account; returns how many there are."""
    samples = load_samples()
    for sample in samples:
        attachments = [upload(sandbox, attachment) for attachment in sample.attachments]
        sandbox.posting.create(
            DEMO_ACCOUNT,
            {
                "status": sample.text,
                "language": sample.language,
                "spoiler_text": sample.spoiler_text,
                "sensitive": sample.sensitive,
                "visibility": sample.visibility,
                "media_ids": [attachment.id for attachment in attachments],
            },
        )
    return len(samples)


def upload(sandbox: Sandbox, attachment: SampleAttachment) -> Attachment:
    """Upload one file, without the wait that a client would have."""
    kept = sandbox.uploads.accept(
        DEMO_ACCOUNT,
        name=attachment.file,
        content=attachment.path.read_bytes(),
        description=attachment.description,
    )
    return sandbox.uploads.finish(kept)
