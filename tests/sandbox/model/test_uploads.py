"""Uploads: what is refused, when they are processed, who may describe them."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.errors import RefusedError
from sandbox.model.records import DEMO_ACCOUNT, NEIGHBOUR
from sandbox.model.status_params import MediaAttributes
from sandbox.model.store import Store
from sandbox.model.uploads import UploadParams, Uploads
from sandbox.settings import Settings

SETTINGS = Settings(image_bytes=2000, video_bytes=20_000, description_limit=10)


@pytest.fixture
def uploads(tmp_path) -> Uploads:
    return Uploads(Store(tmp_path / "data"), SETTINGS)


def upload_of(file: Path, **fields) -> UploadParams:
    return UploadParams(name=file.name, content=file.read_bytes(), **fields)


def test_a_picture_is_ready_at_once_and_a_clip_later(uploads, picture, clip):
    assert uploads.accept(DEMO_ACCOUNT, upload_of(picture)).ready_at <= time.time()
    before = time.time()
    attachment = uploads.accept(DEMO_ACCOUNT, upload_of(clip))
    assert attachment.ready_at >= before + uploads.settings.processing_seconds
    assert uploads.finish(attachment).ready_at <= time.time()


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (UploadParams(name="note.txt", content=b"words"), "content type is invalid"),
        (UploadParams(name="empty.png", content=b""), "file size must be less"),
        (UploadParams(name="large.png", content=b"x" * 2001), "file size must be less"),
        (UploadParams(name="large.mp3", content=b"x" * 20_001), "file size must be less"),
        (UploadParams(name="broken.png", content=b"x"), "content type is invalid"),
        (UploadParams(name="a.png", content=b"x", description="x" * 11), "is too long"),
    ],
    ids=["type", "empty", "large-picture", "large-clip", "broken", "description"],
)
def test_what_mastodon_refuses_leaves_nothing_behind(uploads, upload, reason):
    with pytest.raises(RefusedError, match=reason) as refusal:
        uploads.accept(DEMO_ACCOUNT, upload)
    assert refusal.value.status == 422
    assert uploads.store.attachments == {}
    assert list(uploads.store.media_folder.iterdir()) == []


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
def test_a_broken_clip_is_taken_and_fails(uploads):
    upload = UploadParams(name="broken.mp3", content=b"ID3 but no sound")
    assert uploads.accept(DEMO_ACCOUNT, upload).failed


def test_only_its_account_finds_an_upload_until_a_status_takes_it(uploads, picture):
    attachment = uploads.accept(DEMO_ACCOUNT, upload_of(picture))
    assert uploads.unattached(attachment.id, DEMO_ACCOUNT) == attachment
    with pytest.raises(RefusedError):
        uploads.unattached(attachment.id, NEIGHBOUR)
    uploads.store.keep(replace(attachment, status_id="1"))
    with pytest.raises(RefusedError):
        uploads.unattached(attachment.id, DEMO_ACCOUNT)


def test_what_is_not_named_stays(uploads, picture):
    upload = upload_of(picture, description="blue", focus=(0.5, 0.5))
    attachment = uploads.accept(DEMO_ACCOUNT, upload)
    moved = uploads.describe(attachment, MediaAttributes(focus=(1.0, 0.0)))
    assert (moved.description, moved.focus) == ("blue", (1.0, 0.0))
    cleared = uploads.describe(moved, MediaAttributes(describes=True, description=None))
    assert (cleared.description, cleared.focus) == (None, (1.0, 0.0))
    with pytest.raises(RefusedError, match="too long"):
        uploads.describe(cleared, MediaAttributes(describes=True, description="x" * 11))
