"""The sample posts: complete, small, and spoken so that the small checkpoint understands them."""

import json
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from sandbox.samples import samples
from sandbox.samples.samples import load_samples

SANDBOX = Path(samples.__file__).parents[1]
ATTACHMENTS = [attachment for post in load_samples() for attachment in post.attachments]
SPOKEN = [attachment for attachment in ATTACHMENTS if attachment.phrases]


@pytest.fixture(scope="module")
def model():
    whisper = pytest.importorskip("whisper", reason="openai-whisper is not installed")
    return whisper.load_model(str(SANDBOX / "whisper" / "fixture.pt"), device="cpu")


@pytest.mark.filterwarnings("ignore:FP16 is not supported on CPU")
@pytest.mark.parametrize("attachment", SPOKEN, ids=lambda attachment: attachment.file)
def test_whisper_hears_the_phrases(model, attachment):
    heard = model.transcribe(str(attachment.path))
    assert heard["text"].strip() == " ".join(attachment.phrases)
    assert heard["language"] == attachment.language


def test_phrases_are_ones_that_the_checkpoint_knows():
    manifest = json.loads((SANDBOX / "whisper" / "manifest.json").read_text(encoding="utf-8"))
    for attachment in SPOKEN:
        known = {phrase.partition("|")[0] for phrase in manifest["phrases"][attachment.language]}
        assert set(attachment.phrases) <= known - set(manifest["files_exact"]["not_exact"])


def test_samples_cover_what_the_bot_meets():
    posts = load_samples()
    assert {Path(attachment.file).suffix for attachment in ATTACHMENTS} == {
        *(".mp3", ".opus", ".m4a", ".mp4", ".jpg", ".png")
    }
    assert {attachment.language for attachment in SPOKEN} == {"en", "de", "fr"}
    assert any(post.spoiler_text for post in posts)
    assert any(
        {bool(attachment.description) for attachment in post.attachments} == {True, False}
        for post in posts
    )


def test_one_large_picture_lies_on_its_side():
    with Image.open(samples.MEDIA / "lighthouse.jpg") as image:
        assert max(image.size) > 2048
        assert image.getexif()[ExifTags.Base.Orientation] == 6


def test_samples_are_small_and_none_is_left_over():
    files = {path.name for path in samples.MEDIA.iterdir()}
    assert files == {attachment.file for attachment in ATTACHMENTS}
    assert sum(path.stat().st_size for path in samples.MEDIA.iterdir()) < 1_000_000


def test_posted_samples_have_their_types_and_settings(server):
    assert samples.post_samples(server.sandbox) == len(load_samples())
    statuses = list(reversed(server.statuses()))
    for status, sample in zip(statuses, load_samples(), strict=True):
        assert (status["spoiler_text"], status["sensitive"], status["language"]) == (
            sample.spoiler_text,
            sample.sensitive,
            sample.language,
        )
        given = [attachment.description for attachment in sample.attachments]
        assert [a["description"] for a in status["media_attachments"]] == given
    kinds = [a["type"] for status in statuses for a in status["media_attachments"]]
    assert kinds == ["audio"] * 3 + ["image"] * 3 + ["audio", "video"]
