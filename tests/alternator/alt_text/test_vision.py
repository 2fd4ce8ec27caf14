import base64
import contextlib
import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from alternator.alt_text.prompts import prompt
from alternator.alt_text.vision import VisionClient, answer_of, retry_after
from alternator.config.models import VisionSettings
from alternator.errors import VisionError
from alternator.media.picture import jpeg_of_picture
from sandbox.vision.server import VisionServer


@pytest.fixture
def jpeg() -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (64, 48), "royalblue").save(output, "JPEG")
    return output.getvalue()


class Pauses(list[float]):
    """Pauses that are noted down and not made."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(vision: VisionServer, pause: Any = time.sleep, **settings: Any) -> VisionClient:
    fields = {
        "base_url": vision.base_url,
        "vision_model": "first",
        "vision_fallback_model": "second",
    }
    return VisionClient(VisionSettings(**fields | settings), pause=pause)


@pytest.mark.picture
def test_a_picture_is_sent_small_upright_and_in_base64(vision: VisionServer, tmp_path: Path):
    photo = Image.effect_noise((3000, 1500), 60).convert("RGB")
    photo.paste("firebrick", (0, 0, 1000, 1500))
    exif = Image.Exif()
    exif[0x0112] = 8  # to be turned by 90 degrees counter-clockwise
    path = tmp_path / "photo.jpg"
    photo.save(path, quality=95, exif=exif)
    instruction = prompt("picture", "en", limit=1400)
    text, model = client(vision).describe(jpeg_of_picture(path, 1024), instruction)
    (request,) = vision.requests()
    assert request["media_type"] == "image/jpeg"
    assert (request["width"], request["height"]) == (512, 1024)
    assert request["exif_orientation"] is None
    assert request["image_bytes"] < path.stat().st_size / 4
    assert request["prompt"] == instruction
    assert request["model"] == model == "first"
    # The endpoint measures the pixels that it was sent: the red part is below once upright.
    assert "Portrait picture, 512 by 1024 pixels" in text
    assert "red" in text.partition("lower")[2]


def test_the_key_is_sent(jpeg: bytes):
    with VisionServer(key="the-right-key") as vision:
        text, _ = client(vision, api_key="the-right-key").describe(jpeg, "What is this?")
        assert "blue" in text
        with pytest.raises(VisionError) as caught:
            client(vision, api_key="the-wrong-key").describe(jpeg, "What is this?")
    assert str(caught.value) == (f"{vision.base_url} rejects the key; set [openrouter] api_key")


def test_another_model_is_asked_when_the_first_one_fails(vision: VisionServer, jpeg: bytes):
    vision.fail(status=404)
    _, model = client(vision).describe(jpeg, "What is this?")
    assert model == "second"
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
    _, model = client(vision, pauses).describe(jpeg, "What is this?")
    assert model == "first"
    assert pauses == [pause]


def test_a_model_that_is_busy_for_long_is_not_waited_for(vision: VisionServer, jpeg: bytes):
    vision.fail(status=429, headers={"Retry-After": "3600"})
    pauses = Pauses()
    _, model = client(vision, pauses).describe(jpeg, "What is this?")
    assert model == "second"
    assert pauses == []


@pytest.mark.parametrize("answer", ["empty", "content_filter"])
def test_no_answer_is_no_description(vision: VisionServer, jpeg: bytes, answer: str):
    vision.fail(answer=answer, times=2)
    with pytest.raises(VisionError, match=r"first .*; second "):
        client(vision).describe(jpeg, "What is this?")


def test_without_a_fallback_only_one_model_is_asked(vision: VisionServer, jpeg: bytes):
    vision.fail(answer="empty")
    with pytest.raises(VisionError) as caught:
        client(vision, vision_fallback_model="").describe(jpeg, "What is this?")
    assert str(caught.value) == "first gave an empty answer"


def test_an_endpoint_that_hangs_is_given_up(vision: VisionServer, jpeg: bytes):
    vision.fail(hang=True, times=2)
    started = time.monotonic()
    with pytest.raises(VisionError, match="did not answer for first within 1 s"):
        client(vision, timeout_seconds=1.0).describe(jpeg, "What is this?")
    assert time.monotonic() - started < 20


def test_an_endpoint_that_is_not_there_is_one_line(jpeg: bytes):
    settings = VisionSettings(base_url="http://127.0.0.1:1/v1")
    with pytest.raises(VisionError) as caught:
        VisionClient(settings).describe(jpeg, "What is this?")
    assert str(caught.value) == (
        "http://127.0.0.1:1/v1 can't be reached; check [openrouter] base_url"
    )


def test_what_is_no_such_endpoint_is_told(vision: VisionServer, jpeg: bytes):
    vision.fail(status=200, body="<html>Hello</html>", times=2)
    with pytest.raises(VisionError, match="does not answer like a chat completions endpoint"):
        client(vision).describe(jpeg, "What is this?")


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
            VisionClient(settings).describe(jpeg, "What is this?")
        assert time.monotonic() - started < 8
        server.shutdown()


def completion(content: Any, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content}, "finish_reason": "stop"} | choice]}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (completion("  A house.\n"), "A house."),
        (completion([{"type": "text", "text": "A house."}]), "A house."),
        (completion("<think>Is it a house?\nYes.</think>\nA house."), "A house."),
    ],
)
def test_answers_come_in_several_forms(document: Any, text: str):
    assert answer_of(document, "m") == text


@pytest.mark.parametrize(
    "document",
    [
        completion(None),
        completion("<think>Hm.</think>"),
        completion("A house.", finish_reason="content_filter"),
        {"choices": [{"message": {"content": "", "refusal": "I won't"}}]},
        {"error": {"code": 502, "message": "Provider returned error"}},
    ],
)
def test_what_is_no_answer_is_a_failure(document: Any):
    with pytest.raises(VisionError):
        answer_of(document, "m")


@pytest.mark.parametrize("document", [{}, {"choices": []}, [], None, "text", {"choices": [1]}])
def test_what_is_no_completion_is_told(document: Any):
    with pytest.raises(ValueError, match="no completion"):
        answer_of(document, "m")


def test_a_time_to_wait_comes_in_seconds_or_as_a_date():
    assert retry_after("12") == 12
    assert retry_after(None) == 2
    assert retry_after("soon") == 2
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_pictures_travel_as_data_urls(jpeg: bytes, monkeypatch: pytest.MonkeyPatch):
    sent: list[Any] = []

    def ask(self: VisionClient, model: str, content: Any) -> str:
        sent.append(content)
        return "A house."

    monkeypatch.setattr(VisionClient, "_ask_model", ask)
    VisionClient(VisionSettings()).describe(jpeg, "What is this?")
    text, image = sent[0]
    assert text == {"type": "text", "text": "What is this?"}
    head, _, data = image["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data, validate=True) == jpeg
