"""The drawing names what is large, in as many characters as its bar has room for."""

import json
from xml.etree import ElementTree

import pytest
from sample_weights import weights

from images.catalog import Budget
from images.contents import size_svg


@pytest.mark.parametrize(
    ("name", "most", "expected"),
    [
        ("nvidia-cudnn-cu13", 20, "nvidia-cudnn-cu13"),
        ("nvidia-cudnn-cu13", 8, "cudnn"),
        ("nvidia-cuda-nvrtc", 8, "nvrtc"),
        ("libcublasLt.so.13", 9, "cublasLt"),
        ("libcublasLt.so.13", 5, "cubl…"),
        ("base (Debian and Python)", 4, "base"),
    ],
)
def test_a_narrow_bar_keeps_what_tells_its_name_from_others(
    name: str, most: int, expected: str
) -> None:
    assert size_svg.label(name, most) == expected


def test_the_drawing_names_what_is_large_and_is_whole_xml() -> None:
    text = size_svg.draw(weights(), Budget(most=1_000_000_000))
    root = ElementTree.fromstring(text)
    titles = [element.text or "" for element in root.iter() if element.tag.endswith("title")]
    assert "libtorch_cpu.so: 350.0 MB" in titles
    assert "budget 1.00 GB" in text
    assert json.dumps(titles).count("nvidia-cudnn-cu13") == 1
