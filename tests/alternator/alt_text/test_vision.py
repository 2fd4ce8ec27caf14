import contextlib
import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pauses import Pauses
from PIL import Image

from alternator.alt_text.check.answer import Asked
from alternator.alt_text.completion import Completion
from alternator.alt_text.prompts import prompt
from alternator.alt_text.question import text_of
from alternator.alt_text.vision import VisionClient
from alternator.clock import Clock
from alternator.config.models import VisionSettings
from alternator.errors import EndpointError, VisionError
from alternator.media.picture import views_of
from alternator.progress import SILENT, Progress
from sandbox.control.faults import Answer
from sandbox.vision.server import VisionServer

ASKED = Asked(instruction="What is this?")


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
    answer = client(vision).describe(views_of(path, 1024).pictures, instruction)
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
    assert str(caught.value) == (f"{vision.base_url} rejects the key; set [vision] api_key")


def test_another_model_is_asked_when_the_first_one_fails(vision: VisionServer, jpeg: bytes):
    vision.fail(status=404)
    answer = client(vision).describe([jpeg], "What is this?")
    assert answer.model == "second"
    assert vision.requests()[-1]["model"] == "second"


@pytest.mark.parametrize(
    ("fault", "pause"),
    [({"status": 503}, 1.0), ({"status": 429, "headers": {"Retry-After": "3"}}, 3.0)],
)
def test_a_passing_failure_is_tried_again_with_the_same_model(
    vision: VisionServer, jpeg: bytes, fault: dict[str, Any], pause: float
):
    vision.fail(**fault)
    pauses = Pauses()
    answer = client(vision, pauses).describe([jpeg], "What is this?")
    assert answer.model == "first"
    assert pauses.made == [pause]


def test_a_model_that_is_busy_for_long_is_not_waited_for_and_asked_last_for_a_while(
    vision: VisionServer, jpeg: bytes
):
    vision.fail(status=429, headers={"Retry-After": "3600"})
    pauses = Pauses()
    asking = client(vision, pauses)
    assert asking.describe([jpeg], "What is this?").model == "second"
    assert asking.describe([jpeg], "What is this?").model == "second"
    assert pauses.made == []
    # The first was asked once, and that was answered by the fault.
    assert [request.get("model") for request in vision.requests()] == [None, "second", "second"]


UNUSABLE: dict[Answer, str] = {
    "empty": "first gave an empty answer; second gave an empty answer",
    "content_filter": "first refuses to answer; second refuses to answer",
    "refusal": "first refuses to answer, in words; second refuses to answer, in words",
    "prompt": "first says the instruction again; second says the instruction again",
    "thoughts": "first thinks aloud and comes to no answer; second thinks aloud and comes to no "
    "answer",
    "loop": "first says the same over and over; second says the same over and over",
    "invisible": "first says nothing that can be seen; second says nothing that can be seen",
}
USABLE: tuple[Answer, ...] = ("late_thoughts", "markdown", "cut", "bidi", "dict")


@pytest.mark.parametrize("answer", UNUSABLE)
def test_what_is_no_description_is_never_one(vision: VisionServer, jpeg: bytes, answer: Answer):
    instruction = prompt("picture", "en", limit=1400)
    vision.fail(answer=answer, times=2)
    asking = client(vision)
    with pytest.raises(VisionError) as caught:
        asking.describe([jpeg], instruction)
    assert str(caught.value) == UNUSABLE[answer]
    assert not isinstance(caught.value, EndpointError)  # it answers: this is an attempt
    vision.fail(answer=answer)
    assert asking.describe([jpeg], instruction).model == "second"


@pytest.mark.parametrize("answer", USABLE)
def test_what_surrounds_a_description_is_removed(vision: VisionServer, jpeg: bytes, answer: Answer):
    instruction = prompt("picture", "en", limit=1400)
    asking = client(vision)
    text = asking.describe([jpeg], instruction).text
    vision.fail(answer=answer)
    found = asking.describe([jpeg], instruction)
    assert (found.model, found.text) == ("first", text)


def test_a_shortened_transcript_is_checked_as_well(vision: VisionServer):
    said = "I am sorry, but I can't come to see the picture. " * 3
    refusal = {"choices": [{"message": {"content": "I'm sorry, but I can't help with that."}}]}
    short = "I am sorry, but I can't come to see the picture."
    kept = {"choices": [{"message": {"content": short}}]}
    vision.fail(status=200, body=refusal, times=2)
    asking = client(vision, text_model="first", text_fallback_model="second")
    with pytest.raises(VisionError, match="refuses to answer, in words"):
        asking.shorten(said, "Shorten this.")
    vision.fail(status=200, body=kept)
    assert asking.shorten(said, "Shorten this.").text == short


def test_without_a_fallback_only_one_model_is_asked(vision: VisionServer, jpeg: bytes):
    vision.fail(answer="empty")
    with pytest.raises(VisionError) as caught:
        client(vision, vision_fallback_model="").describe([jpeg], "What is this?")
    assert str(caught.value) == "first gave an empty answer"


def test_an_endpoint_that_hangs_is_given_up(vision: VisionServer, jpeg: bytes):
    vision.fail(hang=True, times=2)
    started = time.monotonic()
    with pytest.raises(EndpointError, match="did not answer for first within 1 s"):
        client(vision, timeout_seconds=1.0).describe([jpeg], "What is this?")
    assert time.monotonic() - started < 20


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
        (Completion(text="A house.", refused=True), "m refuses to answer"),
        (Completion(text=""), "m gave an empty answer"),
        (
            Completion(text="", cut=True),
            "m was cut off at its limit of tokens; raise [vision] max_tokens",
        ),
        (Completion(text="<think>Hm."), "m thinks aloud and comes to no answer"),
    ],
)
def test_what_is_no_answer_is_a_failure(completion: Completion, reason: str):
    with pytest.raises(VisionError) as caught:
        text_of(completion, "m", ASKED)
    assert str(caught.value) == reason


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


def test_a_model_that_takes_one_picture_only_is_shown_the_first(
    vision: VisionServer, jpeg: bytes
) -> None:
    body = {"error": {"message": "At most 1 image(s) may be provided in one prompt."}}
    vision.fail(status=400, body=body)
    asking = client(vision)
    assert asking.describe([jpeg, png()], "What is this?").model == "first"
    assert "blue" in asking.describe([jpeg, png()], "What is this?").text
    assert [len(request.get("pictures", [])) for request in vision.requests()] == [0, 1, 1]


class Time(Clock, Progress):
    """A time that stands still but for pauses and what a test adds."""

    def __init__(self) -> None:
        self.clock = self
        self.moment = 1000.0

    def now(self) -> float:
        return self.moment

    def monotonic(self) -> float:
        return self.moment

    def pause(self, seconds: float) -> None:
        self.moment += seconds


DOWN: list[dict[str, Any]] = [
    {"status": 401},
    {"status": 402},
    {"status": 404},
    {"status": 429},
    {"status": 429, "headers": {"Retry-After": "90"}},
    {"status": 500},
    {"status": 503},
    {"status": 200, "body": "<html>Sign in to the Wi-Fi</html>"},
    {"status": 200, "body": ""},
    {"status": 200, "body": '{"choices": [{"mess'},
    {"status": 200, "body": {"id": "7", "content": "A house."}},
    {"status": 200, "body": "[" * 100_000},
    {"status": 200, "body": {"error": {"code": 429, "message": "busy"}}},
    {"drop": True},
    {"answer": "redirect"},
    {"spoil": "truncated"},
    {"spoil": "gzip_bomb"},
]


@pytest.mark.parametrize("fault", DOWN, ids=range(len(DOWN)))
def test_while_the_endpoint_fails_no_other_picture_is_sent_and_none_is_charged(
    vision: VisionServer, jpeg: bytes, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    vision.fail(times=None, **fault)
    life = Time()
    asking = client(vision, life)
    with pytest.raises(EndpointError) as first:
        asking.describe([jpeg], "What is this?")
    sent = len(vision.requests())
    for _ in range(3):
        with pytest.raises(EndpointError) as second:
            asking.describe([png()], "What is this?")
        with pytest.raises(EndpointError):
            asking.check()
        assert second.value.retry_after is not None
        assert 0 < second.value.retry_after <= 3600
    assert len(vision.requests()) == sent
    assert len([entry for entry in caplog.records if entry.levelname == "WARNING"]) == 1
    vision.reset()
    assert first.value.retry_after is not None
    life.moment += first.value.retry_after
    with caplog.at_level("INFO"):
        assert asking.describe([png()], "What is this?").text
    assert "the endpoint answers again" in caplog.text
    asking.check()
    assert asking.describe([jpeg], "What is this?").text


def test_an_endpoint_that_is_not_there_is_one_line_and_asked_less_and_less(jpeg: bytes) -> None:
    life = Time()
    asking = VisionClient(VisionSettings(base_url="http://127.0.0.1:1/v1"), progress=life)
    waits = []
    for _ in range(10):
        with pytest.raises(EndpointError) as caught:
            asking.describe([jpeg], "What is this?")
        assert str(caught.value) == (
            "http://127.0.0.1:1/v1 can't be reached; check [vision] base_url"
        )
        assert caught.value.retry_after is not None
        waits.append(caught.value.retry_after)
        life.moment += caught.value.retry_after
    assert waits[0] < waits[2] < waits[4]
    assert max(waits) <= 600


def test_a_picture_that_alone_is_always_refused_is_charged(
    vision: VisionServer, jpeg: bytes
) -> None:
    life = Time()
    asking = client(vision, life, vision_fallback_model="")
    for status in (400, 413, 500):
        vision.fail(status=status, times=2)
        bad = jpeg + bytes([status % 256])  # a picture of its own
        with pytest.raises(EndpointError) as caught:
            asking.describe([bad], "What is this?")
        life.moment += (caught.value.retry_after or 0.0) + 1
        vision.reset()
        assert asking.describe([png()], "What is this?").text
        vision.fail(status=status, times=2)
        with pytest.raises(VisionError) as charged:
            asking.describe([bad], "What is this?")
        assert not isinstance(charged.value, EndpointError)
        vision.reset()
        asking.check()  # and nobody waits for it


def test_an_endpoint_that_is_busy_never_costs_an_attempt(vision: VisionServer, jpeg: bytes) -> None:
    life = Time()
    asking = client(vision, life, vision_fallback_model="")
    for _ in range(3):
        vision.fail(status=429, headers={"Retry-After": "60"})
        with pytest.raises(EndpointError) as caught:
            asking.describe([jpeg], "What is this?")
        life.moment += (caught.value.retry_after or 0.0) + 1
        assert asking.describe([png()], "What is this?").text


def test_a_redirect_takes_neither_picture_nor_key_anywhere(
    vision: VisionServer, jpeg: bytes
) -> None:
    with VisionServer() as elsewhere:
        target = elsewhere.url.replace("//", "//user:password@") + "/v1/chat/completions"
        vision.fail(status=307, headers={"Location": target}, times=None)
        with pytest.raises(EndpointError) as caught:
            client(vision, api_key="the-key").describe([jpeg], "What is this?")
        assert elsewhere.requests(None, None) == []
    assert "redirects to" in str(caught.value)
    assert "set [vision] base_url" in str(caught.value)
    assert "password" not in str(caught.value)
    assert len(vision.requests()) == 1


def test_a_password_in_the_address_is_used_and_never_shown(jpeg: bytes) -> None:
    with VisionServer(key="x") as vision:
        url = vision.base_url.replace("//", "//bot:secret-word@")
        asking = VisionClient(VisionSettings(base_url=url))
        assert asking.name == vision.base_url
        with pytest.raises(EndpointError) as caught:
            asking.describe([jpeg], "What is this?")
        (request,) = vision.requests()
        assert request["authorized"]
    assert "secret-word" not in str(caught.value)


def test_no_question_takes_longer_than_three_time_outs(vision: VisionServer, jpeg: bytes) -> None:
    class Hours(Time):
        """Each request takes a whole time-out."""

        def beat(self) -> None:
            self.moment += 60.0

    life = Hours()
    vision.fail(status=503, times=None)
    began = life.moment
    with pytest.raises(EndpointError):
        client(vision, life).describe([jpeg], "What is this?")
    assert life.moment - began <= 3 * 60.0 + 5.0


def test_a_defect_in_the_reading_is_not_the_endpoints(
    vision: VisionServer, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defective(_: object) -> Completion:
        raise ValueError("a defect of ours")

    monkeypatch.setattr("alternator.alt_text.endpoint.parse_completion", defective)
    with pytest.raises(ValueError, match="a defect of ours"):
        client(vision).describe([jpeg], "Describe it.")
