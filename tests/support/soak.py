"""Thousands of posts of many accounts, a bot whose process is killed, servers that fail by chance.

The bot is the real command in a process of its own (``zygote.py``), in a time that runs faster, so
that its waits are short. What goes wrong is drawn from a seed: requests to the server and to the
model fail in all the ways in ``WRONG`` and ``WRONG_MODEL``, streams break off, the state file is
locked, the process is stopped and killed, and authors edit, describe and delete their posts
meanwhile. Then nothing fails any more, and everything that is left is described. What became of
each post is read from the server's own records (``soak_verdict.py``).
"""

import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from soak_verdict import Author, verdict
from zygote import Zygote

from alternator.store.opening import STATE_FILE
from sandbox.control.faults import Fault
from sandbox.errors import RefusedError
from sandbox.model.records import ACCOUNTS, TOKENS, Account, Token
from sandbox.server import SandboxServer
from sandbox.settings import Settings
from sandbox.vision.server import VisionServer

SPEED = 60.0  # the bot's seconds in one of the machine's
AT_ONCE = (1, 1, 1, 1, 2, 2, 3, 4)  # pictures of a post: most have one
WRONG: tuple[dict[str, Any], ...] = (
    {"status": 429, "headers": {"Retry-After": "5"}},
    {"status": 500},
    {"status": 502, "spoil": "html"},
    {"status": 503},
    {"drop": True},
    {"delay": 0.2},
    {"spoil": "truncated"},
    {"spoil": "empty"},
    {"status": 200, "spoil": "html"},
)
# Of an edit: it is carried out, and its answer lost.
LOST: dict[str, Any] = {"after": True, "drop": True}
WRONG_MODEL: tuple[dict[str, Any], ...] = (
    {"status": 429, "headers": {"Retry-After": "5"}},
    {"status": 500},
    {"status": 503, "spoil": "html"},
    {"drop": True},
    {"spoil": "truncated"},
    {"answer": "empty"},
    {"delay": 0.3},
)
POST = re.compile(r"/api/v1/statuses/(\d+)")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much, and from which seed. ``share`` of all requests fail."""

    seed: int
    posts: int
    accounts: int
    share: float = 0.06
    least: int = 0  # so many faults, if there is enough to do
    ends: bool = True  # whether the process is killed
    patience: float = 120.0  # real seconds in which nothing is described any more
    cluster: bool = False  # several processes on PostgreSQL (``cluster_soak.py``)


@dataclass(kw_only=True)
class Result:
    """What happened. ``wrong`` is what must not be; nothing, in a good one."""

    seconds: float = 0.0
    posts: int = 0
    attachments: int = 0
    described: int = 0
    deleted: int = 0
    edits: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    most_memory: float = 0.0  # MB of the bot's process
    wrong: list[str] = field(default_factory=list)


class Soak:
    """One run; ``run`` is called once."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.random = random.Random(plan.seed)
        self.result = Result()
        self.author = Author()
        self.is_calm = False
        self.tokens = [f"token-of-soak-{number:03d}" for number in range(plan.accounts)]
        self.pictures = [self._picture(number) for number in range(12)]
        self._process = 0
        self._open: set[str] = set()  # posts that may lack a description

    def run(self) -> Result:
        """Post, let everything fail, wait until all is described, and look at it."""
        began = time.monotonic()
        settings = Settings(request_limit=10**9, posting_limit=10**9)
        with (
            known(self.tokens),
            SandboxServer(settings=settings) as server,
            VisionServer() as vision,
        ):
            self.server, self.vision = server, vision
            vars(server.sandbox.store)["save"] = lambda: None  # costs more than all else
            vars(server.sandbox.faults)["take"] = self._fault_of_server
            vars(vision.faults)["take"] = self._fault_of_model
            self.zygote = Zygote()
            try:
                self._start()
                self._while_it_storms()
                self.is_calm = True
                self._until_described()
                self._finish()
            finally:
                self.zygote.close()
                self._close()
            verdict(self)
        self.result.seconds = time.monotonic() - began
        return self.result

    def said(self) -> str:
        """What was logged."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def left_behind(self) -> list[str]:
        """What must not be there at the end."""
        left = [path.name for path in (self.folder / "state" / "downloads").glob("*")]
        return [f"files are left: {', '.join(left[:5])}"] if left else []

    def _finish(self) -> None:
        """Everything is described."""
        self._end(signal.SIGTERM)

    def _close(self) -> None:
        """Whatever became of it."""

    def _while_it_storms(self) -> None:
        """Post everything, at a pace that the bot can nearly follow."""
        while self.result.posts < self.plan.posts or (
            self.result.faults.total() < self.plan.least and self._left()
        ):
            for _ in range(self.random.randint(1, 8)):
                if self.result.posts < self.plan.posts:
                    self._post()
            time.sleep(self.random.uniform(0.1, 0.6))
            if self._left() > 60 + 2 * self.plan.accounts:
                time.sleep(1.0)
            self._look_at_memory()
            if self.random.random() < 0.25:
                self._strike()

    def _strike(self) -> None:
        """Something happens to the bot as a whole."""
        blows = ["streams", "locked", "stopped", *(["killed", "killed", "ended"] * self.plan.ends)]
        blow = self.random.choice(blows)
        self.result.faults[f"bot: {blow}"] += 1
        match blow:
            case "streams":
                self.server.drop_streams()
            case "locked":
                self._lock()
            case "stopped":
                os.kill(self._process, signal.SIGSTOP)
                time.sleep(0.5)
                os.kill(self._process, signal.SIGCONT)
            case "killed" | "ended":
                self._end(signal.SIGKILL if blow == "killed" else signal.SIGTERM)
                self._start()

    def _lock(self) -> None:
        path = self.folder / "state" / STATE_FILE
        with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=0.2)) as db:
            db.execute("BEGIN IMMEDIATE")
            time.sleep(0.5)

    def _post(self) -> None:
        chance = self.random
        token = chance.choice(self.tokens)
        files = chance.choices(self.pictures, k=chance.choice(AT_ONCE))
        by_hand = [f"By hand {n}" if chance.random() < 0.1 else None for n in range(len(files))]
        number = self.result.posts
        fields: dict[str, Any] = {
            "language": chance.choice(["en", "de", "fr"]),
            "visibility": chance.choice(["public", "unlisted", "private"]),
            "sensitive": chance.random() < 0.1,
        }
        if chance.random() < 0.1:
            fields["spoiler_text"] = f"Warning {number}"
        text = f"Post {number}"
        post = self.server.post(text, files=files, descriptions=by_hand, token=token, **fields)
        self.author.wrote(post["id"], token, text)
        self._open.add(post["id"])
        self.result.posts += 1
        self.result.attachments += len(files)

    def _fault_of_server(self, method: str, path: str) -> Fault | None:
        """What goes wrong with a request; the author may be at the same post just before it."""
        if self.is_calm or path.startswith(("/api/v1/streaming", "/sandbox")):
            return None
        if method == "GET" and (found := POST.fullmatch(path)) and self.random.random() < 0.05:
            self._author_acts(found[1])
        if self.random.random() > self.plan.share:
            return None
        fields = self.random.choice([*WRONG, LOST, LOST] if method == "PUT" else WRONG)
        fields = self._soon(fields)
        return self._counted("server", path, fields)

    def _fault_of_model(self, method: str, path: str) -> Fault | None:
        if self.is_calm or self.random.random() > self.plan.share:
            return None
        return self._counted("model", path, self._soon(self.random.choice(WRONG_MODEL)))

    def _soon(self, fields: dict[str, Any]) -> dict[str, Any]:
        """A fault as it is in the time of who is asked to wait."""
        return fields

    def _counted(self, where: str, path: str, fields: dict[str, Any]) -> Fault:
        words = ", ".join(f"{key} {value}" for key, value in fields.items() if key != "headers")
        self.result.faults[f"{where}: {words}"] += 1
        return Fault(path=path, **fields)

    def _author_acts(self, status_id: str) -> None:
        """Change the text, describe a picture, or delete a post that the bot is about to read."""
        store = self.server.sandbox.store
        if (status := store.statuses.get(status_id)) is None:
            return
        act = self.random.choice(["text", "text", "describes", "deletes"])
        token = self.author.token(status_id)
        with suppress(RefusedError), store.lock:
            if act == "deletes":
                self.server.delete(status_id)
                self.author.deleted.add(status_id)
                return
            now = [one.description for one in store.attachments_of(status)]
            if act == "describes":
                missing = [place for place, text in enumerate(now) if not text]
                if not missing:
                    return
                now[missing[0]] = f"By hand, later, {status_id}"
                self.author.described(status_id, status.media_ids[missing[0]], now[missing[0]])
                self.server.describe(status_id, now, token=token)
                return
            text = f"{status.text}, edited"
            self.author.wrote(status_id, token, text)
            self.server.edit(
                status_id,
                token=token,
                status=text,
                spoiler_text=status.spoiler_text,
                sensitive=status.sensitive,
                language=status.language,
                media_ids=list(status.media_ids),
                media_attributes=[
                    {"id": key, "description": text}
                    for key, text in zip(status.media_ids, now, strict=True)
                ],
            )

    def _until_described(self) -> None:
        """Wait until nothing lacks a description, or nothing is described any more."""
        self.server.drop_streams()
        left, since = self._left(), time.monotonic()
        while left and time.monotonic() - since < self.plan.patience:
            time.sleep(0.3)
            self._look_at_memory()
            if (now := self._left()) != left:
                left, since = now, time.monotonic()

    def _left(self) -> int:
        """How many attachments lack a description; the verdict looks at all of them once more."""
        store = self.server.sandbox.store
        left = 0
        with store.lock:
            for status_id in list(self._open):
                status = store.statuses.get(status_id)
                attachments = [] if status is None else store.attachments_of(status)
                lacking = sum(not one.description for one in attachments)
                left += lacking
                if not lacking:
                    self._open.remove(status_id)
        return left

    def _start(self) -> None:
        file = self.folder / "alternator.toml"
        if not file.exists():
            file.write_text(self._configuration())
            file.chmod(0o600)
        environ = {"HOME": str(self.folder)}
        arguments = ["--config", str(file)]
        self._process = self.zygote.start(self.folder, environ, arguments=arguments, speed=SPEED)

    def _end(self, number: signal.Signals) -> None:
        os.kill(self._process, number)
        code = self.zygote.wait()
        if code != (-number if number == signal.SIGKILL else 0):
            self.result.wrong.append(f"the bot ended with {code} after {number.name}")

    def _configuration(self) -> str:
        whole = f"""
[mastodon]
backfill_pause = 0
poll_interval_seconds = 900
[vision]
base_url = "{self.vision.base_url}"
model = "pixels"
[whisper]
enabled = false
[state]
directory = "{self.folder / "state"}"
[health]
port = 0
[dashboard]
port = 0
"""
        return whole + "".join(
            f'[[accounts]]\nname = "a{number}"\ninstance_url = "{self.server.url}"\n'
            f'token = "{token}"\n'
            for number, token in enumerate(self.tokens)
        )

    def _look_at_memory(self) -> None:
        with suppress(OSError):
            for line in Path(f"/proc/{self._process}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    memory = int(line.split()[1]) * 1024 / 1e6
                    self.result.most_memory = max(self.result.most_memory, memory)

    def _picture(self, number: int) -> Path:
        file = self.folder / f"picture-{number}.png"
        colour = tuple(self.random.randrange(256) for _ in range(3))
        Image.new("RGB", (64, 48), colour).save(file)
        return file


@contextmanager
def known(tokens: list[str]) -> Iterator[None]:
    """Accounts of the sandbox server for these tokens, as long as it takes."""
    made = {}
    for number, token in enumerate(tokens):
        key = str(109_876_543_210_100_000 + number)
        made[key] = Account(id=key, username=f"soak{number}", display_name="", note="")
        TOKENS[token] = Token(account=made[key])
    ACCOUNTS.update(made)
    try:
        yield
    finally:
        for token in tokens:
            del TOKENS[token]
        for key in made:
            del ACCOUNTS[key]
