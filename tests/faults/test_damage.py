"""The whole bot on a server that damages a post with an edit: it is the account's last edit.

The damage itself can't be prevented, since no server tells beforehand what it will do. That it
happens once, and is said, can.
"""

from typing import Any, get_args

import pytest
from fault_scene import Scene

from alternator.bot.run import Wishes
from sandbox.control.faults import Damage

POLL = {"options": ["One", "Two"], "expires_in": 86400, "hide_totals": True}
# What a post must have for a damage to be one.
NEEDS: dict[Damage, dict[str, Any]] = {
    "drop_poll": {"poll": POLL, "files": []},
    "publish_poll": {"poll": POLL, "files": []},
    "prolong_poll": {"poll": POLL, "files": []},
    "turn_sensitive": {"sensitive": False, "spoiler_text": ""},
    "turn_public": {"visibility": "private"},
}
# Mastodon takes no poll beside media, so no post that is described has one.
WITHOUT_MEDIA = ("drop_poll", "publish_poll", "prolong_poll")


@pytest.mark.parametrize("damage", [d for d in get_args(Damage) if d not in WITHOUT_MEDIA])
def test_one_damage_is_the_last_edit(scene: Scene, damage: Damage) -> None:
    scene.post(**NEEDS.get(damage, {}))
    if damage == "lose_focus":
        focus(scene)
    scene.fail("PUT", "/api/v1/statuses/*", damage=damage, times=None)
    scene.bot.start()
    scene.until(lambda: scene.world.hits, "the edit")
    scene.until(lambda: "Nothing of demo@" in scene.bot.log, "the bot to say so")
    scene.passes(24 * 3600)
    assert len(edits(scene)) == 1
    # Neither a new post nor a new start changes that.
    more = scene.world.server.post("More", files=[scene.files.picture])["id"]
    scene.passes(3600)
    scene.bot = scene.bot.again()
    scene.passes(24 * 3600)
    assert len(edits(scene)) == 1
    assert not scene.world.described(more)
    # A person does.
    scene.world.clear()
    scene.bot = scene.bot.again(Wishes(resume_editing=True))
    scene.until(lambda: scene.world.described(more), "the post after it")
    scene.described("other")


def focus(scene: Scene) -> None:
    """Give the victim's pictures a focal point."""
    media_ids = scene.world.record(scene.victim)["media_ids"]
    attributes = [{"id": key, "focus": "0.5,-0.25"} for key in media_ids]
    scene.world.server.edit(
        scene.victim, status="Look", media_ids=media_ids, media_attributes=attributes
    )


def edits(scene: Scene) -> list[Any]:
    """All edits that the server took."""
    return scene.world.server.requests(method="PUT", path="/api/v1/statuses/*")
