import contextlib
import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_args

import pytest
from pauses import Pauses
from PIL import Image

from alternator.alt_text.completion import Completion
from alternator.alt_text.prompts import prompt
from alternator.alt_text.vision import VisionClient, retry_after, text_of
from alternator.config.models import VisionSettings
from alternator.errors import VisionError
from alternator.media.picture import jpeg_of_picture
from alternator.progress import SILENT, Progress
from sandbox.control.faults import Answer
from sandbox.vision.server import VisionServer


@pytest.fixture
def jpeg() -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (64, 48), "royalblue").save(output, "JPEG")
    return output.getvalue()


def client(vision: VisionServer, progress: Progress = SILENT, **settings: Any) -> VisionClient:
    fields = {
        "base_url": vision.base_url,
        "vision_model": "first",
        "vision_fallback_model": "second",
    }
    return VisionClient(VisionSettings(**fields | settings), progress=progress)


@pytest.mark.picture
def test_a_picture_is_sent_small_upright_and_in_base64(vision: VisionServer, tmp_path: Path):
    photo = Image.effect_noise((3000, 1500), 60).convert("RGB")
    photo.paste("firebrick", (0, 0, 1000, 1500))
    exif = Image.Exif()
    exif[0x0112] = 8  # to be turned by 90 degrees counter-clockwise
    path = tmp_path / "photo.jpg"
    photo.save(path, quality=95, exif=exif)
    instruction = prompt("picture", "en", limit=1400)
    answer = client(vision).describe([jpeg_of_picture(path, 1024)], instruction)
    (request,) = vision.requests()
    assert request["media_type"] == "image/jpeg"
    assert (request["width"], request["height"]) == (512, 1024)
    assert request["exif_orientation"] is None
    assert request["image_bytes"] < path.stat().st_size / 4
    assert request["prompt"] == instruction
    assert request["model"] == answer.model == "first"
    # The endpoint measures the pixels that it was sent: the red part is below once upright.
    assert "Portrait picture, 512 by 1024 pixels" in answer.text
    assert "red" in answer.text.partition("lower")[2]


def test_the_key_is_sent(jpeg: bytes):
    with VisionServer(key="the-right-key") as vision:
        answer = client(vision, api_key="the-right-key").describe([jpeg], "What is this?")
        assert "blue" in answer.text
        with pytest.raises(VisionError) as caught:
            client(vision, api_key="the-wrong-key").describe([jpeg], "What is this?")
    assert str(caught.value) == (f"{vision.base_url} rejects the key; set [openrouter] api_key")


def test_another_model_is_asked_when_the_first_one_fails(vision: VisionServer, jpeg: bytes):
    vision.fail(status=404)
    answer = client(vision).describe([jpeg], "What is this?")
    assert answer.model == "second"
    assert vision.requests()[-1]["model"] == "second"


@pytest.mark.parametrize(
    ("fault", "pause"),
    [({"status": 503}, 1.0), ({"status": 429, "headers": {"Retry-After": "7"}}, 7.0)],
)
def test_a_passing_failure_is_tried_again_with_the_same_model(
    vision: VisionServer, jpeg: bytes, fault: dict[str, Any], pause: float
):
    vision.fail(**fault)
    pauses = Pauses()
    answer = client(vision, pauses).describe([jpeg], "What is this?")
    assert answer.model == "first"
    assert pauses.made == [pause]


def test_a_model_that_is_busy_for_long_is_not_waited_for(vision: VisionServer, jpeg: bytes):
    vision.fail(status=429, headers={"Retry-After": "3600"})
    pauses = Pauses()
    answer = client(vision, pauses).describe([jpeg], "What is this?")
    assert answer.model == "second"
    assert pauses.made == []


@pytest.mark.parametrize("answer", get_args(Answer))
def test_no_answer_is_no_description(vision: VisionServer, jpeg: bytes, answer: Answer):
    vision.fail(answer=answer, times=2)
    with pytest.raises(VisionError, match=r"first .*; second "):
        client(vision).describe([jpeg], "What is this?")


def test_without_a_fallback_only_one_model_is_asked(vision: VisionServer, jpeg: bytes):
    vision.fail(answer="empty")
    with pytest.raises(VisionError) as caught:
        client(vision, vision_fallback_model="").describe([jpeg], "What is this?")
    assert str(caught.value) == "first gave an empty answer"


def test_an_endpoint_that_hangs_is_given_up(vision: VisionServer, jpeg: bytes):
    vision.fail(hang=True, times=2)
    started = time.monotonic()
    with pytest.raises(VisionError, match="did not answer for first within 1 s"):
        client(vision, timeout_seconds=1.0).describe([jpeg], "What is this?")
    assert time.monotonic() - started < 20


def test_an_endpoint_that_is_not_there_is_one_line(jpeg: bytes):
    settings = VisionSettings(base_url="http://127.0.0.1:1/v1")
    with pytest.raises(VisionError) as caught:
        VisionClient(settings).describe([jpeg], "What is this?")
    assert str(caught.value) == (
        "http://127.0.0.1:1/v1 can't be reached; check [openrouter] base_url"
    )


def test_what_is_no_such_endpoint_is_told(vision: VisionServer, jpeg: bytes):
    vision.fail(status=200, body="<html>Hello</html>", times=2)
    with pytest.raises(VisionError, match="does not answer like a chat completions endpoint"):
        client(vision).describe([jpeg], "What is this?")


def test_an_answer_that_trickles_is_given_up(jpeg: bytes):
    class Trickle(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(100):
                    self.wfile.write(b" ")
                    time.sleep(0.1)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Trickle) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        settings = VisionSettings(
            base_url=url, model="first", vision_fallback_model="", timeout_seconds=1.0
        )
        started = time.monotonic()
        with pytest.raises(VisionError, match="did not answer for first within 1 s"):
            VisionClient(settings).describe([jpeg], "What is this?")
        assert time.monotonic() - started < 8
        server.shutdown()


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (Completion(text="A house.", failed=True), "the provider of m failed"),
        (Completion(text="A house.", refused=True), "m refuses to answer"),
        (Completion(text=""), "m gave an empty answer"),
    ],
)
def test_what_is_no_answer_is_a_failure(completion: Completion, reason: str):
    with pytest.raises(VisionError) as caught:
        text_of(completion, "m")
    assert str(caught.value) == reason


def test_a_time_to_wait_comes_in_seconds_or_as_a_date():
    assert retry_after("12") == 12
    assert retry_after(None) == 2
    assert retry_after("soon") == 2
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def png() -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (48, 64), "firebrick").save(output, "PNG")
    return output.getvalue()


def test_several_pictures_travel_in_order_each_with_its_own_type(
    vision: VisionServer, jpeg: bytes
) -> None:
    answer = client(vision).describe([jpeg, png()], "What is this?")
    (request,) = vision.requests()
    assert [picture["media_type"] for picture in request["pictures"]] == ["image/jpeg", "image/png"]
    assert [picture["width"] for picture in request["pictures"]] == [64, 48]
    assert [picture["image_bytes"] for picture in request["pictures"]] == [len(jpeg), len(png())]
    assert answer.text.index("blue") < answer.text.index("red")


def test_a_defect_in_the_reading_is_not_the_endpoints(
    vision: VisionServer, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defective(_: object) -> Completion:
        raise ValueError("a defect of ours")

    monkeypatch.setattr("alternator.alt_text.vision.parse_completion", defective)
    with pytest.raises(ValueError, match="a defect of ours"):
        client(vision).describe([jpeg], "Describe it.")
