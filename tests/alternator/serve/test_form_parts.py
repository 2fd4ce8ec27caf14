"""Forms in pieces of every size."""

import pytest
from python_multipart import MultipartParser

from alternator.serve.errors import ApiError
from alternator.serve.form_parts import MOST_FIELD_BYTES, MOST_FIELDS, Parts, boundary_of


def part(name: str, value: str, file: str | None = None) -> str:
    more = f'; filename="{file}"' if file is not None else ""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n'
    return f"{head}Content-Type: text/plain\r\n\r\n{value}\r\n"


def parsed(*parts: str, step: int = 10_000, most: int = 1000) -> Parts:
    found = Parts(most)
    parser = MultipartParser(b"b", found.callbacks())
    raw = ("".join(parts) + "--b--\r\n").encode()
    for start in range(0, len(raw), step):
        parser.write(raw[start : start + step])
    return found


@pytest.mark.parametrize("step", [1, 2, 3, 7, 10_000])
def test_fields_and_a_file(step: int) -> None:
    found = parsed(
        part("model", "base"),
        part("timestamp_granularities[]", "word"),
        part("file", "sound\r\n--bad\r\nsound", "Gespräch.mp3"),
        part("timestamp_granularities[]", "segment"),
        part("prompt", "Ünï"),
        step=step,
    )
    assert found.fields() == {
        "model": ("base",),
        "timestamp_granularities": ("word", "segment"),
        "prompt": ("Ünï",),
    }
    assert (found.file_name, found.file_bytes, found.ended) == ("Gespräch.mp3", 19, True)
    assert found.waiting_bytes == 19
    assert (found.taken(), found.waiting_bytes) == (b"sound\r\n--bad\r\nsound", 0)


def test_a_name_is_one_line() -> None:
    assert parsed(part("file", "x", "a\u202e\tb.mp3")).file_name == "a b.mp3"
    assert parsed(part("file", "x", "")).file_name == "the file"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([part("f", "x")] * (MOST_FIELDS + 1), "over 64 fields"),
        ([part("prompt", "x" * (MOST_FIELD_BYTES + 1))], "prompt is longer than"),
        ([part("model", "x", "a.mp3")], "model can't be a file"),
        ([part("file", "x", "a.mp3")] * 2, "file can't be a file; send one file"),
        ([part("", "x")], "has no name"),
        ([part("file", "x" * 1001, "a.mp3")], "larger than 0.001 MB"),
    ],
)
def test_what_is_refused(parts: list[str], words: str) -> None:
    with pytest.raises(ApiError, match=words):
        parsed(*parts)


def test_the_boundary() -> None:
    assert boundary_of('multipart/form-data; boundary="a b"') == b"a b"
    for kind in ("", "text/plain; boundary=x", "multipart/form-data"):
        with pytest.raises(ApiError, match="as multipart/form-data with a boundary"):
            boundary_of(kind)
