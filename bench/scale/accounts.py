"""A thousand accounts that one ``alternator bot`` watches, each with a stream of its own."""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bench.scale.scene import PostgresServer, connections, known, process, usage_of, wait_for
from sandbox.server import SandboxServer
from sandbox.settings import Settings

REST_SECONDS = 10.0
POSTS_A_SECOND = 1.0


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What watching costs. ``start`` is seconds until all streams are open; ``memory`` MB at the
    most; ``at_rest`` and ``busy`` are shares of a core, without posts and with one a second;
    ``connections`` are those to PostgreSQL, once it has been busy."""

    accounts: int
    start: float
    memory: float
    at_rest: float
    busy: float
    found: int
    connections: int


def configuration(server: SandboxServer, tokens: list[str], url: str, folder: Path) -> str:
    """A file with all the accounts."""
    return f"""
[vision]
base_url = "http://127.0.0.1:1"
model = "none"
[whisper]
enabled = false
[state]
directory = "{folder / "state"}"
[health]
port = 0
[metrics]
port = 0
[database]
url = "{url}"
""" + "".join(
        f'[[accounts]]\nname = "account-{number}"\ninstance_url = "{server.url}"\n'
        f'token = "{token}"\n'
        for number, token in enumerate(tokens)
    )


def measure(postgres: PostgresServer, accounts: int, seconds: float) -> Watched:
    """Watch so many accounts for so many seconds, in each of two ways."""
    tokens = [f"token-of-account-{number:05d}" for number in range(accounts)]
    settings = Settings(request_limit=10**9, posting_limit=10**9)
    with ExitStack() as stack:
        stack.enter_context(known(tokens))
        server = stack.enter_context(SandboxServer(settings=settings))
        vars(server.sandbox.store)["save"] = lambda: None  # costs more than all else
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        name = postgres.with_tables()
        file = folder / "alternator.toml"
        file.write_text(configuration(server, tokens, postgres.url(name), folder))
        file.chmod(0o600)
        picture = folder / "picture.png"
        Image.new("RGB", (64, 64), "royalblue").save(picture)
        began = time.monotonic()
        pid = stack.enter_context(process(["-m", "alternator", "bot", "--config", str(file)]))
        wait_for(lambda: server.open_streams() >= accounts, "opening the streams")
        start = time.monotonic() - began
        time.sleep(REST_SECONDS)  # until the first looks are over
        resting = over(pid, seconds, lambda: None)
        posts = iter(range(10**9))

        def post() -> None:
            number = next(posts)
            token = tokens[number * 37 % accounts]
            server.post(f"Post {number}", files=[picture], token=token)

        busy = over(pid, seconds, post)
        [(found,)] = postgres.execute("SELECT count(*) FROM attachment", name)
        memory = usage_of(pid).memory
        connected = connections(postgres, name)
    postgres.drop(name)
    assert isinstance(found, int)
    return Watched(
        accounts=accounts,
        start=start,
        memory=memory,
        at_rest=resting,
        busy=busy,
        found=found,
        connections=connected,
    )


def over(pid: int, seconds: float, each: Callable[[], None]) -> float:
    """The share of a core that a process uses while something is done once a second."""
    before, began = usage_of(pid), time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        each()
        time.sleep(max(1 / POSTS_A_SECOND - (time.monotonic() - began - passed), 0.0))
    return (usage_of(pid).seconds - before.seconds) / (time.monotonic() - began)
