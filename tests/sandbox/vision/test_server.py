"""The vision endpoint, over HTTP with real pictures."""

import base64
import io

import pytest
import requests
from PIL import ExifTags, Image

from sandbox.samples import drawings
from sandbox.vision.misbehaviour import REFUSAL
from sandbox.vision.server import VisionServer

PROMPT = "Describe this picture."


def encoded(image: Image.Image, **options) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", **options)
    return content.getvalue()


HOUSE = encoded(drawings.house(512, 341))


def request_of(content: bytes = HOUSE, **fields):
    link = "data:image/jpeg;base64," + base64.b64encode(content).decode()
    parts = [{"type": "text", "text": PROMPT}, {"type": "image_url", "image_url": {"url": link}}]
    messages = [{"role": "user", "content": parts}]
    return {"model": "any", "messages": messages, "max_tokens": 300} | fields


def ask(vision: VisionServer, body, key: str | None = "any", timeout: float = 10):
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    url = f"{vision.base_url}/chat/completions"
    return requests.post(url, json=body, headers=headers, timeout=timeout)


@pytest.mark.picture
def test_picture_is_described_by_its_pixels(vision):
    answer = ask(vision, request_of()).json()
    choice = answer["choices"][0]
    assert choice["message"]["content"].startswith("Landscape picture, 512 by 341 pixels.")
    assert "red area left of the centre" in choice["message"]["content"]
    assert (choice["finish_reason"], answer["model"]) == ("stop", "any")
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.picture
def test_orientation_note_is_written_down_and_not_applied(vision):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    sideways = encoded(drawings.house(512, 341), exif=exif)
    answer = ask(vision, request_of(sideways)).json()
    assert "Landscape picture" in answer["choices"][0]["message"]["content"]
    ask(vision, request_of())
    assert [entry["exif_orientation"] for entry in vision.requests()] == [6, None]


def test_the_log_has_prompt_and_picture(vision):
    ask(vision, request_of())
    entry = vision.requests()[0]
    assert (entry["prompt"], entry["model"], entry["max_tokens"]) == (PROMPT, "any", 300)
    assert (entry["media_type"], entry["image_bytes"]) == ("image/jpeg", len(HOUSE))
    assert (entry["width"], entry["height"]) == (512, 341)
    assert "json" not in entry


def test_answer_is_cut_at_max_tokens(vision):
    choice = ask(vision, request_of(max_tokens=10)).json()["choices"][0]
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["content"].split()) <= 10


@pytest.mark.parametrize(
    "body",
    [
        {"model": "any", "messages": [{"role": "user", "content": "no picture"}]},
        {"model": "any", "messages": []},
        {"messages": request_of()["messages"]},
        request_of(b"no picture at all"),
        request_of(HOUSE[: len(HOUSE) // 2]),
        [],
    ],
    ids=["no-picture", "no-message", "no-model", "undecodable", "truncated", "no-object"],
)
def test_unusable_request_is_400_with_a_reason(vision, body):
    response = ask(vision, body)
    assert response.status_code == 400
    assert response.json()["error"]["message"]


def test_links_are_not_followed(vision):
    body = request_of()
    body["messages"][0]["content"][1]["image_url"]["url"] = f"{vision.url}/v1/models"
    assert ask(vision, body).status_code == 400
    assert len(vision.requests(None, None)) == 1


def test_key_is_checked_where_there_is_one():
    with VisionServer(key="secret") as vision:
        assert [ask(vision, request_of(), key).status_code for key in (None, "x")] == [401, 401]
        assert ask(vision, request_of(), "secret").status_code == 200
        models = requests.get(
            f"{vision.base_url}/models", headers={"Authorization": "Bearer secret"}, timeout=10
        )
        assert [model["id"] for model in models.json()["data"]] == [VisionServer.model]


@pytest.mark.parametrize(
    ("answer", "finish_reason"), [("empty", "stop"), ("content_filter", "content_filter")]
)
def test_answers_without_words(vision, answer, finish_reason):
    vision.fail(answer=answer)
    choice = ask(vision, request_of()).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", finish_reason)
    assert ask(vision, request_of()).json()["choices"][0]["message"]["content"]


def test_a_model_misbehaves_on_request(vision):
    vision.fail(answer="refusal")
    choice = ask(vision, request_of()).json()["choices"][0]
    assert choice["message"]["content"] == REFUSAL
    vision.fail(answer="redirect")
    answer = requests.post(
        f"{vision.base_url}/chat/completions", json=request_of(), timeout=10, allow_redirects=False
    )
    assert (answer.status_code, answer.headers["Location"]) == (307, "/v1/chat/completions")


def test_faults_over_http(vision):
    path = "/v1/chat/completions"
    faults = f"{vision.url}/sandbox/faults"
    requests.post(faults, json={"path": path, "status": 429, "times": 1}, timeout=10)
    requests.post(faults, json={"path": path, "hang": True}, timeout=10)
    assert ask(vision, request_of()).status_code == 429
    with pytest.raises(requests.exceptions.ReadTimeout):
        ask(vision, request_of(), timeout=0.2)
    assert ask(vision, request_of()).status_code == 200
    logged = requests.get(f"{vision.url}/sandbox/requests", timeout=10).json()
    assert [entry["answer"] for entry in logged] == [429, None, 200]
