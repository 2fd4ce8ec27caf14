"""The whole bot while somebody else is at the same post: between any two of its requests.

There is no edit on condition, so what an author changes while the edit itself is on its way is the
one moment that no client can guard (https://docs.joinmastodon.org/methods/statuses/#edit).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest
from fault_scene import Scene

End = Literal["described", "by somebody", "gone", "either"]
OVER_LONG = "x" * 3000  # the server takes 1500 characters


def delete(scene: Scene) -> None:
    scene.world.server.delete(scene.victim)


def edit(scene: Scene, **fields: Any) -> None:
    """Edit the victim by hand, all else left as it is."""
    server, post = scene.world.server, scene.world.record(scene.victim)
    usual = {
        "status": post["text"],
        "spoiler_text": post["spoiler_text"],
        "sensitive": post["sensitive"],
        "language": post["language"],
        "media_ids": list(post["media_ids"]),
    }
    server.edit(scene.victim, **usual | fields)


def edit_text(scene: Scene) -> None:
    edit(scene, status="Other words")


def edit_warning(scene: Scene) -> None:
    edit(scene, spoiler_text="", sensitive=False)


def describe(scene: Scene) -> None:
    scene.world.server.describe(scene.victim, ["By hand as well", "By hand meanwhile"])


def describe_at_length(scene: Scene) -> None:
    """As some clients do where the server does not look at an edit's lengths."""
    store = scene.world.server.sandbox.store
    first = store.attachments[scene.world.record(scene.victim)["media_ids"][0]]
    store.keep(replace(first, description=OVER_LONG))


def remove_picture(scene: Scene) -> None:
    media_ids = scene.world.record(scene.victim)["media_ids"]
    edit(scene, media_ids=[media_ids[0]])


def add_picture(scene: Scene) -> None:
    media_ids = scene.world.record(scene.victim)["media_ids"]
    edit(scene, media_ids=[*media_ids, scene.world.server.upload(scene.files.picture)])


def reorder(scene: Scene) -> None:
    edit(scene, media_ids=list(reversed(scene.world.record(scene.victim)["media_ids"])))


@dataclass(frozen=True, kw_only=True)
class Act:
    """What an author does meanwhile, and how the post is at the end."""

    do: Callable[[Scene], None]
    end: End = "described"


ACTS = {
    "deleted": Act(do=delete, end="gone"),
    "text edited": Act(do=edit_text),
    "warning removed": Act(do=edit_warning),
    "described by hand": Act(do=describe, end="by somebody"),
    "over-long description": Act(do=describe_at_length, end="either"),
    "picture removed": Act(do=remove_picture, end="by somebody"),
    "picture added": Act(do=add_picture),
    "pictures in another order": Act(do=reorder),
}
# Method, path, and how many of the same kind go before.
MOMENTS = {
    "before it is read": ("GET", "/api/v1/statuses/{victim}", 0),
    "while the picture is fetched": ("GET", "{media}", 0),
    "while the model is asked": ("POST", "/v1/chat/completions", 0),
    "before it is read again": ("GET", "/api/v1/statuses/{victim}", 1),
    "before its source is read": ("GET", "/api/v1/statuses/{victim}/source", 0),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", ACTS)
def test_somebody_at_the_same_post(scene: Scene, name: str, moment: str) -> None:
    act = ACTS[name]
    method, template, skip = MOMENTS[moment]
    scene.post()
    path = template.format(victim=scene.victim, media=scene.media())
    seen = 0

    def meanwhile(its_method: str, its_path: str) -> None:
        nonlocal seen
        if (its_method, its_path) == (method, path):
            seen += 1
            if seen == skip + 1:
                act.do(scene)
                if scene.victim in scene.world.server.sandbox.store.statuses:
                    scene.before[scene.victim] = scene.world.record(scene.victim)
                    scene.edits["victim"] = scene.world.edits(scene.victim)

    scene.world.meanwhile = meanwhile
    scene.bot.start()
    scene.until(lambda: seen > skip, "the moment")
    scene.described("other")
    match act.end:
        case "described":
            scene.described("victim")
            # One that was put together before a picture came has a second edit for that.
            mine = len(bot_edits(scene))
            assert mine == 1 or (mine == 2 and act.do is add_picture)
            scene.edits["victim"] += mine
        case "by somebody":
            scene.passes(3600)
            assert bot_edits(scene) == []
            assert scene.bot.states(scene.victim) == {"left"}
        case "gone":
            scene.until(lambda: scene.bot.states(scene.victim) == {"left"}, "it to be left alone")
            assert bot_edits(scene) == []
        case "either":
            # Cut to size it would be damaged, so it is sent as it is, or the post is left alone.
            scene.passes(24 * 3600)
            first = scene.world.server.descriptions(scene.victim)[0]
            assert first == OVER_LONG
            scene.edits["victim"] += len(bot_edits(scene))
    scene.harmed_nothing()


def bot_edits(scene: Scene) -> list[object]:
    """The edits that the bot made of the victim."""
    path = f"/api/v1/statuses/{scene.victim}"
    found = scene.world.server.requests(method="PUT", path=path)
    return [request for request in found if request["answer"] == 200]


@pytest.mark.parametrize("answer", ["comes", "is lost"])
@pytest.mark.parametrize("name", ["text edited", "warning removed", "pictures in another order"])
def test_somebody_at_the_same_post_right_after_our_edit(
    scene: Scene, name: str, answer: str
) -> None:
    # Found by the soak: where the answer was lost, what the author had changed by the time of our
    # look was taken for damage, and nothing of the account was edited any more.
    scene.post()
    path = f"/api/v1/statuses/{scene.victim}"
    if answer == "is lost":
        scene.fail("PUT", path, after=True, drop=True, times=1)
    acted = False

    def meanwhile(method: str, its_path: str) -> None:
        nonlocal acted
        is_look = method == "GET" and its_path in (path, f"{path}/source")
        if is_look and not acted and scene.world.described(scene.victim):
            acted = True
            ACTS[name].do(scene)
            scene.before[scene.victim] = scene.world.record(scene.victim)
            scene.edits["victim"] = scene.world.edits(scene.victim)

    scene.world.meanwhile = meanwhile
    scene.bot.start()
    scene.until(lambda: acted, "the look after the edit")
    scene.described("other")
    # Not halted: another post is described as well.
    later = scene.world.server.post("Later", files=[scene.files.picture])["id"]
    scene.until(lambda: scene.world.described(later), "a later post to be described")
    scene.harmed_nothing()
