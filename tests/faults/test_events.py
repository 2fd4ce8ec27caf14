"""The whole bot with events that are none, streams that die in silence, and a second bot."""

from pathlib import Path

import pytest
from fault_scene import HOUR, Scene
from fault_world import Bot

from sandbox.model.streams import Event
from sandbox.params import Json

# What comes as a status in an event.
PAYLOADS: dict[str, Json] = {
    "an object": {},
    "a list": [],
    "nothing": None,
    "a number": 1e308,
    "no JSON": "<html>",
    "a status without media": {"id": "1", "account": {"id": "1"}},
    "a status of a stranger": {"id": "1", "account": {"id": "2"}, "media_attachments": []},
    "media that are none": {"id": "1", "account": {"id": "1"}, "media_attachments": [{}]},
}


@pytest.mark.parametrize("name", ["update", "status.update", "a-new-kind", "delete"])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_event_that_is_none(scene: Scene, name: str, payload: str) -> None:
    scene.start_first()
    for _ in range(3):
        scene.world.server.sandbox.hub.publish(Event(name=name, payload=PAYLOADS[payload]))
    scene.post()
    scene.described("victim")
    scene.described("other")
    scene.harmed_nothing()


def test_an_event_of_somebody_elses_post(scene: Scene) -> None:
    scene.start_first()
    theirs = scene.world.server.post("Not mine", files=[scene.files.picture], token="neighbour")
    scene.post()
    scene.described("victim")
    scene.described("other")
    scene.harmed_nothing()
    assert scene.world.server.requests(path=f"/api/v1/statuses/{theirs['id']}*") == []


def test_a_stream_that_lives_and_says_nothing(scene: Scene) -> None:
    scene.start_first()
    scene.world.server.mute_streams()
    scene.post()
    scene.described("victim")
    scene.described("other")
    scene.harmed_nothing()


def test_two_bots_on_one_account(scene: Scene, tmp_path: Path) -> None:
    """There is no lock that both could take: posts stay whole, and one gives way after the first.

    The first posts may be edited by both, with the same words.
    """
    second = Bot(scene.world, tmp_path / "second")
    scene.start_first()
    second.start()
    try:
        scene.post()
        scene.described("victim")
        scene.described("other")
        scene.passes(HOUR)
    finally:
        second.end()
    store = scene.world.server.sandbox.store
    for name, key in vars(scene.posts).items():
        assert scene.world.edits(key) <= 2, name
        scene.edits[name] = scene.world.edits(key)
        assert store.statuses[key].text == scene.before[key]["text"]
    scene.harmed_nothing()
    assert scene.edits["older"] == scene.edits["by_hand"] == 0
