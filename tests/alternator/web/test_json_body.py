import pytest

from alternator.web.json_body import NoJsonError, parse_json


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b'{"a"',
        b"\xff",
        b"NaN",
        b"[" * 100_000,  # deeper than the interpreter goes
        b"1" * 10_000,  # longer than it takes for a number
    ],
)
def test_what_is_no_json(content: bytes) -> None:
    with pytest.raises(NoJsonError):
        parse_json(content)


def test_what_is_json() -> None:
    assert parse_json(b'{"a": [1, null, true]}') == {"a": [1, None, True]}
