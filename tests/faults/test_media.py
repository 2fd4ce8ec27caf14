"""The whole bot with media that are not what a post should carry."""

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
from fault_scene import HOUR, Scene
from fault_world import World
from PIL import Image

Outcome = Literal["left", "described", "given-up"]
PLAYLIST = "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nhttp://127.0.0.1:1/\n"


def picture(format: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "royalblue").save(file, format)
    return file.getvalue()


def huge() -> bytes:
    """A few kilobytes that are 40,000 by 40,000 pixels."""
    return picture().replace(
        (64).to_bytes(4, "big") + (48).to_bytes(4, "big"), (40_000).to_bytes(4, "big") * 2, 1
    )


def many_frames() -> bytes:
    """An animation of 5,000 frames, which all differ."""
    frames = [Image.new("P", (8, 8), number % 256) for number in range(5_000)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=20, loop=0)
    return file.getvalue()


@dataclass(frozen=True, kw_only=True)
class File:
    """What the server hands out in the place of a picture, and what comes of it."""

    content: Callable[[], bytes]
    outcomes: frozenset[Outcome] = frozenset({"left", "given-up"})


FILES = {
    "a playlist of local files": File(content=PLAYLIST.encode),
    "SVG that fetches": File(
        content=b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'.__bytes__
    ),
    "text": File(content=b"not a picture at all".__bytes__),
    "zeros": File(content=lambda: bytes(100_000)),
    "a packed picture": File(content=lambda: gzip.compress(picture())),
    "a picture cut in half": File(content=lambda: picture(size=(640, 480))[:200]),
    "40,000 by 40,000 pixels": File(content=huge),
    "larger than the limit": File(content=lambda: picture() + bytes(11 * 1024 * 1024)),
    "an animation of 5,000 frames": File(
        content=many_frames, outcomes=frozenset({"left", "given-up", "described"})
    ),
    "a picture of one pixel": File(
        content=lambda: picture(size=(1, 1)),
        outcomes=frozenset({"left", "given-up", "described"}),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file(scene: Scene, name: str) -> None:
    file = FILES[name]
    scene.post()
    stored(scene.world, scene.media()).write_bytes(file.content())
    scene.bot.start()
    scene.described("other")
    scene.passes(20 * HOUR)
    states = scene.bot.states(scene.victim)
    ends: dict[str, Outcome] = {"left": "left", "failed": "given-up", "described": "described"}
    assert {ends[state] for state in states} <= file.outcomes
    if not scene.world.described(scene.victim):
        scene.edits["victim"] = 0
        assert f"post {scene.victim}" in scene.bot.log  # what became of it is said
    scene.harmed_nothing()
    assert "root:" not in str(scene.world.record(scene.victim))


def test_an_endless_file(scene: Scene) -> None:
    """More than the limit comes, and more would come for ever."""
    scene.post()
    size = 11 * 1024 * 1024
    scene.fail("GET", "{media}", status=200, body=" " * size, times=None)
    scene.bot.start()
    scene.described("other")
    scene.until(lambda: scene.bot.states(scene.victim) == {"left"}, "it to be left alone")
    scene.edits["victim"] = 0
    scene.harmed_nothing()


def test_sixteen_attachments_are_one_edit(scene: Scene) -> None:
    scene.post(files=[scene.files.picture] * 16, descriptions=["By hand as well"])
    scene.bot.start()
    scene.described("other")
    scene.described("victim")
    scene.harmed_nothing()


@pytest.mark.parametrize("hours", [0.01, 0.5, 48])
def test_attachments_that_have_no_address_yet(scene: Scene, hours: float) -> None:
    """The server still works at the file, for a while or for ever."""
    scene.post()
    store = scene.world.server.sandbox.store
    record = scene.world.record(scene.victim)["attachments"][-1]
    attachment = store.attachments[record["id"]]
    body = scene.world.server.status(scene.victim)
    for entry in body["media_attachments"]:
        if entry["id"] == attachment.id:
            entry["url"] = None
    scene.fail("GET", "/api/v1/statuses/{victim}", status=200, body=body, times=None)
    started = scene.world.clock.monotonic()
    scene.bot.start()
    scene.described("other")
    scene.until(lambda: scene.world.clock.monotonic() > started + hours * HOUR, "the time")
    scene.world.clear()
    if hours > 20:  # longer than six tries take
        from alternator.bot.run import Wishes

        scene.bot = scene.bot.again(Wishes(retry_failed=True))
    scene.described("victim")
    scene.harmed_nothing()


def stored(world: World, path: str) -> Path:
    """The file behind a path of the server's media."""
    return world.server.sandbox.store.media_folder / Path(path).name


def test_a_described_attachment_is_never_fetched(scene: Scene) -> None:
    scene.post()
    store = scene.world.server.sandbox.store
    first = store.attachments[scene.world.record(scene.victim)["media_ids"][0]]
    store.keep(replace(first, file="missing.png"))
    scene.before[scene.victim] = scene.world.record(scene.victim)
    scene.bot.start()
    scene.described("victim")
    scene.described("other")
    scene.harmed_nothing()
