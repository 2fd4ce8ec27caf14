"""The demo is over once every attachment has its description; what was written is shown."""

import io
import socket

import pytest

from compose import demo
from compose.demo import Attachment, Post
from compose.errors import DemoError
from images.console import Console


def test_a_servers_answer_becomes_posts() -> None:
    medium = {"id": 7, "type": "image", "description": None}
    [post] = demo.parse_posts([{"id": "1", "media_attachments": [medium]}])
    assert post == Post(
        post_id="1", attachments=(Attachment(media_id="7", kind="image", description=""),)
    )


@pytest.mark.parametrize("answer", [{}, None, [{"id": "1"}], [1]])
def test_an_answer_of_another_shape_is_an_error(answer: object) -> None:
    with pytest.raises(DemoError, match="the sandbox server's answer"):
        demo.parse_posts(answer)


def test_the_oldest_is_shown_first_and_posts_without_media_not() -> None:
    def post(number: str, *kinds: str) -> Post:
        media = tuple(Attachment(media_id="1", kind=kind, description=kind) for kind in kinds)
        return Post(post_id=number, attachments=media, source=f"post {number}")

    stream = io.StringIO()
    demo.show([post("3", "audio"), post("2"), post("1", "image", "video")], Console(stream))
    assert stream.getvalue().splitlines() == [
        "",
        "post 1",
        "  image  image",
        "  video  video",
        "",
        "post 3",
        "  audio  audio",
    ]


def test_a_server_that_does_not_answer_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DemoError, match=f"the sandbox server on port {port} does not answer"):
        demo.Sandbox(port=port).account()
