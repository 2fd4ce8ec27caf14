"""Uploads: types, states of processing, and what happens once they are posted."""

import shutil
from typing import Any

import pytest
import requests
from PIL import ExifTags, Image
from waiting import wait_for

from sandbox.server import SandboxServer
from sandbox.settings import Settings

HAS_FFPROBE = shutil.which("ffprobe") is not None


def processed(api: Any, media_id: str) -> requests.Response:
    """The server's answer about an upload once it is no longer "still processing"."""
    wait_for(lambda: api("GET", f"/api/v1/media/{media_id}").status_code != 206)
    response: requests.Response = api("GET", f"/api/v1/media/{media_id}")
    return response


def test_picture_is_ready_at_once_and_measured(api, picture):
    response = api.upload(picture, description="blue", focus="0.0,1.0")
    media = response.json()
    assert response.status_code == 200
    assert (media["type"], media["description"]) == ("image", "blue")
    assert media["meta"]["original"]["size"] == "60x40"
    assert media["meta"]["focus"] == {"x": 0.0, "y": 1.0}
    assert api("GET", media["url"].removeprefix(api.url)).content == picture.read_bytes()


def test_preview_of_a_large_picture_is_small(api, tmp_path):
    large = tmp_path / "large.png"
    Image.new("RGB", (2000, 1000), "green").save(large)
    media = api.upload(large).json()
    small = media["meta"]["small"]
    assert small["width"] * small["height"] <= 640 * 360
    preview = api("GET", media["preview_url"].removeprefix(api.url))
    assert preview.headers["content-type"] == "image/jpeg"


def test_exif_is_kept_in_the_file_and_heeded_in_its_measures(api, tmp_path):
    sideways = tmp_path / "sideways.jpg"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (60, 40)).save(sideways, exif=exif)
    media = api.upload(sideways).json()
    assert media["meta"]["original"]["size"] == "40x60"
    assert api("GET", media["url"].removeprefix(api.url)).content == sideways.read_bytes()


def test_audio_is_processed_for_a_while(connect, clip):
    with SandboxServer(settings=Settings(processing_seconds=3.0)) as server:
        api = connect(server.url)
        uploaded = api.upload(clip)
        media = uploaded.json()
        assert (uploaded.status_code, media["type"], media["url"]) == (202, "audio", None)
        assert api("GET", f"/api/v1/media/{media['id']}").status_code == 206
        early = api("POST", "/api/v1/statuses", json={"media_ids": [media["id"]]})
        assert early.status_code == 422
        state = processed(api, media["id"])
        assert state.status_code == 200
        assert state.json()["url"].endswith(".wav")
        posted = api("POST", "/api/v1/statuses", json={"media_ids": [media["id"]]})
        assert posted.json()["media_attachments"][0]["id"] == media["id"]


def test_old_upload_waits_until_the_clip_is_ready(api, clip):
    response = api.upload(clip, version=1)
    assert response.status_code == 200
    assert response.json()["url"] is not None


@pytest.mark.skipif(not HAS_FFPROBE, reason="ffprobe is not installed: durations stay unknown")
def test_duration_of_audio_is_measured(api, clip):
    meta = api.upload(clip, version=1).json()["meta"]
    assert meta["original"]["duration"] == pytest.approx(0.5, abs=0.01)
    assert meta["length"] == "0:00:00.50"


def test_video_without_sound_is_a_gifv_with_a_preview(api, silent_video):
    media = api.upload(silent_video, version=1).json()
    assert media["type"] == "gifv"
    assert media["meta"]["original"]["width"] == 64
    assert api("GET", media["preview_url"].removeprefix(api.url)).status_code == 200


@pytest.mark.parametrize("name", ["note.txt", "broken.png", "empty.jpg"])
def test_no_media_is_refused(api, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"" if name.startswith("empty") else b"not a picture")
    response = api.upload(path)
    assert response.status_code == 422
    assert "error" in response.json()


@pytest.mark.skipif(not HAS_FFPROBE, reason="ffprobe is not installed: nothing looks into clips")
def test_broken_clip_fails_after_its_upload(api, server, tmp_path):
    path = tmp_path / "broken.mp3"
    path.write_bytes(b"ID3 but no sound" * 10)
    uploaded = api.upload(path)
    assert uploaded.status_code == 202
    assert processed(api, uploaded.json()["id"]).status_code == 422


def test_upload_can_be_described_until_it_is_posted(api, picture):
    media_id = api.upload(picture).json()["id"]
    path = f"/api/v1/media/{media_id}"
    assert api("PUT", path, json={"description": "blue"}).json()["description"] == "blue"
    assert api("PUT", path, json={"description": "x" * 1501}).status_code == 422
    api("POST", "/api/v1/statuses", json={"media_ids": [media_id]})
    assert api("PUT", path, json={"description": "late"}).status_code == 404
    assert api("GET", path).status_code == 404


def test_one_upload_serves_one_status(api, picture):
    body = {"media_ids": [api.upload(picture).json()["id"]]}
    assert api("POST", "/api/v1/statuses", json=body).status_code == 200
    assert api("POST", "/api/v1/statuses", json=body).status_code == 422


def test_uploads_of_others_cannot_be_used(api, server, picture):
    theirs = server.upload(picture, token="neighbour")
    assert api("GET", f"/api/v1/media/{theirs}").status_code == 404
    assert api("POST", "/api/v1/statuses", json={"media_ids": [theirs]}).status_code == 422


def test_audio_does_not_go_with_pictures(api, server, picture, clip):
    mixed = [server.upload(picture), server.upload(clip)]
    assert api("POST", "/api/v1/statuses", json={"media_ids": mixed}).status_code == 422


def test_unposted_upload_can_be_deleted(api, picture):
    path = f"/api/v1/media/{api.upload(picture).json()['id']}"
    assert api("DELETE", path).status_code == 200
    assert api("GET", path).status_code == 404
