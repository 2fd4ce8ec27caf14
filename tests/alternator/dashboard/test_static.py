"""The whole of what stands in static/: whose it is, and that it is unchanged."""

import hashlib
from importlib.resources import files

STATIC = files("alternator.dashboard").joinpath("static")
# htmx 4.0.1, dist/htmx.min.js of its package htmx.org, as its maintainers published it:
# https://github.com/bigskysoftware/htmx/releases/tag/v4.0.1
HTMX_SHA256 = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"


def test_htmx_is_as_it_was_published():
    content = STATIC.joinpath("htmx.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == HTMX_SHA256
    assert "Zero-Clause BSD" in STATIC.joinpath("htmx.LICENSE.txt").read_text("utf-8")


def test_all_together_is_small():
    sizes = {file.name: len(file.read_bytes()) for file in STATIC.iterdir()}
    assert sum(sizes.values()) < 60_000, sizes


def test_the_style_asks_for_nothing():
    style = STATIC.joinpath("style.css").read_text("utf-8")
    assert "url(" not in style and "@import" not in style
