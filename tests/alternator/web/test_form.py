"""A form is sent piece by piece, with its length before it."""

from collections.abc import Iterator
from email.parser import BytesParser

from alternator.web.form import Fields, Form, FormFile


def pieces() -> Iterator[bytes]:
    yield b"ab\r\n"
    yield b"--cd"


def test_its_length_is_what_is_sent_each_time_anew() -> None:
    file = FormFile(field="file", name="a.wav", media_type="audio/wav", size=8, pieces=pieces)
    form = Form([("model", "base"), ("prompt", "größer\r\n--x")], file)
    first, second = b"".join(form), b"".join(form)
    assert first == second and len(form) == len(first)
    head = f"Content-Type: {form.headers['Content-Type']}\r\n\r\n".encode()
    parts = list(BytesParser().parsebytes(head + first).walk())[1:]
    assert [part.get_payload(decode=True) for part in parts] == [
        b"base",
        "größer\r\n--x".encode(),
        b"ab\r\n--cd",
    ]
    assert parts[2].get_filename() == "a.wav" and parts[2].get_content_type() == "audio/wav"


def test_fields_alone_are_encoded_as_pages_do() -> None:
    form = Fields({"scope": "read:accounts write", "name": "größer&x=1"})
    assert b"".join(form) == b"scope=read%3Aaccounts+write&name=gr%C3%B6%C3%9Fer%26x%3D1"
    assert len(form) == len(b"".join(form))
    assert form.headers == {"Content-Type": "application/x-www-form-urlencoded"}
