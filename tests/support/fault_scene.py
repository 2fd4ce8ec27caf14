"""A scene of the world: posts, a fault, the bot, and what must be so at its end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fault_world import KEY, TOKEN, Bot, Files, Posts, World, untouched_but, wait_until
from stranger import Stranger

from sandbox.control.faults import Fault

HOUR = 3600.0
CALM = 2 * HOUR  # time in which nothing more may happen
LOOKS = "/api/v1/accounts/*/statuses"


class Scene:
    """Posts, a bot that is not started yet, and all that can go wrong."""

    # size: everything that a scene needs, each from its own fixture.
    def __init__(
        self, world: World, files: Files, stranger: Stranger, folder: Path, **mastodon: Any
    ) -> None:
        self.world = world
        self.files = files
        self.stranger = stranger
        self.bot = Bot(world, folder, **mastodon)
        self.before: dict[str, dict[str, Any]] = {}
        self.edits = {"other": 1, "victim": 1}
        self.older = world.server.post("Long ago", files=[files.picture])["id"]
        self.made_before(self.older, seconds=2 * HOUR)

    def made_before(self, *status_ids: str, seconds: float = HOUR) -> None:
        """Have posts be from before the start, by the server's clock.

        It tells its time by the second, so what is posted in the second of the start counts as new.
        """
        store = self.world.server.sandbox.store
        for key in status_ids:
            status = store.statuses[key]
            store.keep(replace(status, created_at=status.created_at - seconds))

    @property
    def victim(self) -> str:
        """The post that the fault is for."""
        return self.posts.victim

    def start_first(self) -> None:
        """Start the bot before there are posts, and wait until it waits."""
        for number in range(4):  # so that what is older is beyond the limit of back-fill
            self.made_before(self.world.server.post(f"Words {number}")["id"])
        self.bot.start()
        self.until(lambda: self.world.server.requests(path=LOOKS), "the first look")
        if self.bot.config.mastodon.user_stream:
            self.until(self.world.server.open_streams, "the stream")

    def post(self, **fields: Any) -> None:
        """The posts of a world; ``fields`` are the victim's."""
        server, picture = self.world.server, self.files.picture
        by_hand = server.post("Mine", files=[picture], descriptions=["By hand"])["id"]
        words = server.post("Words alone")["id"]
        other = server.post("Listen", files=[self.files.clip], language="de")["id"]
        usual: dict[str, Any] = {
            "files": [picture, picture],
            "descriptions": ["By hand as well"],
            "spoiler_text": "Colours",
            "sensitive": True,
            "language": "en",
            "visibility": "unlisted",
            "in_reply_to_id": by_hand,
        }
        victim = server.post("Look, *two* of them", **usual | fields)["id"]
        if not self.bot.started:
            self.made_before(by_hand, words, other, victim)
        self.posts = Posts(older=self.older, by_hand=by_hand, other=other, victim=victim)
        self.before = {key: self.world.record(key) for key in vars(self.posts).values()}

    # size: what ``Fault`` has, and whose fault it is.
    def fail(self, method: str, path: str, *, model: bool = False, **fields: Any) -> None:
        """Let requests fail. {victim} in a path is the post, {media} the file that lacks a text."""
        if "{" in path:
            path = path.format(victim=self.victim, media=self.media())
        if "headers" in fields:
            reset = (datetime.now(UTC) + timedelta(seconds=120)).isoformat()
            words = {"{in 120 s}": reset, "{stranger}": f"{self.stranger.url}/elsewhere"}
            headers = fields["headers"].items()
            fields["headers"] = {name: words.get(value, value) for name, value in headers}
        self.world.add(Fault(method=method, path=path, **fields), model=model)

    def media(self) -> str:
        """The path of the victim's file that lacks a description."""
        attachments = self.world.server.status(self.victim)["media_attachments"]
        (url,) = [a["url"] for a in attachments if not a["description"]][-1:]
        return urlsplit(str(url)).path

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition."""
        wait_until(condition, what, self.bot)

    def passes(self, seconds: float) -> None:
        """Let so much of the bot's time pass."""
        end = self.world.clock.monotonic() + seconds
        self.until(lambda: self.world.clock.monotonic() > end, f"{seconds:g} s to pass")

    def described(self, name: str) -> None:
        """Wait until a post is."""
        key = getattr(self.posts, name)
        self.until(lambda: self.world.described(key), f"the {name} to be described")

    def close(self) -> None:
        """The end, also of what failed."""
        if self.bot.started:
            self.world.clear()
            self.bot.end()

    def harmed_nothing(self) -> None:
        """Nothing more happens, each post is whole by the server's records, the log is clean."""
        self.passes(CALM)
        self.bot.end()
        world = self.world
        for name, key in vars(self.posts).items():
            if key in world.server.sandbox.store.statuses:
                assert untouched_but(self.before[key], world.record(key)) == [], name
                assert world.edits(key) == self.edits.get(name, 0), f"edits of {name}"
        assert not world.described(self.posts.older)
        assert [seen for seen in self.stranger.seen if "authorization" in seen] == []
        log = self.bot.log
        assert "Traceback" not in log
        assert TOKEN not in log and KEY not in log
        assert "unexpected" not in log
