"""What the bot itself costs: time of an attachment, back-fill within a server's limits, memory.

    .venv/bin/python -m bench.bot [--parts time,backfill,memory] [--against CHECKOUT]
                                  [--posts 200] [--runs 5] [--backfill 1000] [--memory-posts 10000]

Time: `alternator run --once` over posts of one small picture each, with the sandbox server and an
endpoint that answers at once in a process of their own, no rate limits, and no Whisper; a pass that
finds nothing is taken off. Printed are milliseconds an attachment, of the clock, of the processor
in the bot's process, and in its children (the decoder's), for posts that somebody described
meanwhile (one request) and for posts that the endpoint describes (all requests). Beside them stand
the same requests sent by `http.client` and nothing else: what the servers take and no bot can save.
`--against` runs the bot of another checkout in turn with this one, and prints the ratio.

Back-fill: the bot and the sandbox with Mastodon's own limits (300 requests in 5 minutes, 300 edits
in 3 hours) in one process, in a time that jumps over waits: hours of the bot's time, requests, and
answers 429. The least possible is what the windows of the edits allow, whole and without the third
that older posts leave the author.

Memory: `alternator run` as it is started, while posts are made one after the other. Printed is the
resident memory (VmRSS, and VmHWM, the most so far) in MB (10^6 bytes).
"""

import argparse
import http.client
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

CHECKOUT = Path(__file__).parents[1]
SERVERS, PASS = "--servers", "--pass"  # what this file does in a child process
WINDOW_SECONDS = 3 * 3600
EDITS = 300  # in a window
STEP = 1000  # posts between two lines of the memory's table


def main() -> int:
    """Measure what is asked for; a child process serves, or makes one pass."""
    if sys.argv[1:2] == [SERVERS]:
        return serve()
    if sys.argv[1:2] == [PASS]:
        return one_pass(json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", default="time,backfill,memory")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT")
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--backfill", type=int, default=1000)
    parser.add_argument("--memory-posts", type=int, default=10_000)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"load {load:.1f} on {os.cpu_count()} processors", flush=True)
    parts = arguments.parts.split(",")
    if "time" in parts:
        measure_time(arguments.posts, arguments.runs, arguments.against)
    if "backfill" in parts:
        measure_backfill(arguments.backfill)
    if "memory" in parts:
        measure_memory(arguments.memory_posts)
    return 0


# Time

Times = tuple[float, ...]  # milliseconds of the clock, of the processor, and in children


def measure_time(posts: int, runs: int, against: Path | None) -> None:
    """Print what an attachment takes."""
    heads = f"{'wall':>8}{'cpu':>8}{'children':>10}"
    print(f"\n{f'{posts} posts, {runs} runs, median; ms an attachment':<52}{heads}")
    checkouts = [CHECKOUT] if against is None else [CHECKOUT, against.resolve()]
    for scenario in ("described by somebody", "described by the bot"):
        taken: dict[Path, list[Times]] = {path: [] for path in checkouts}
        alone = []
        for _ in range(runs):
            for path in checkouts:
                with servers() as ask:
                    taken[path].append(attachment_time(ask, scenario, posts, path))
                    if path == CHECKOUT:
                        alone.append(bare_time(ask, posts))
        found = {path: medians(times) for path, times in taken.items()}
        row(f"{scenario}", found[CHECKOUT])
        row("  the same requests alone", medians(alone))
        for path in checkouts[1:]:
            row(f"  by {path}", found[path])
            ratios = [old / new for old, new in zip(found[path][:2], found[CHECKOUT], strict=False)]
            print(f"{'    times as much':<52}{ratios[0]:>8.2f}{ratios[1]:>8.2f}", flush=True)


def medians(times: Sequence[Times]) -> Times:
    """The medians of each kind of time."""
    return tuple(statistics.median(one) for one in zip(*times, strict=True))


def row(name: str, taken: Times) -> None:
    """One line of the table."""
    print(f"{name:<52}{taken[0]:>8.2f}{taken[1]:>8.2f}{taken[2]:>10.2f}", flush=True)


def now() -> Times:
    """The times so far, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), time.process_time(), children.ru_utime + children.ru_stime


def since(before: Times) -> Times:
    """The times since some moment, in seconds."""
    return tuple(after - one for after, one in zip(now(), before, strict=True))


def attachment_time(ask: "Ask", scenario: str, posts: int, checkout: Path) -> Times:
    """Milliseconds that a post takes, by the bot of a checkout."""
    made_by = {**os.environ, "PYTHONPATH": str(checkout)}
    with tempfile.TemporaryDirectory() as folder:
        order = {**ask.addresses, "folder": folder, "posts": posts, "scenario": scenario}
        command = [
            sys.executable,
            "-P",
            str(CHECKOUT / "bench" / "bot.py"),
            PASS,
            json.dumps(order),
        ]
        child = subprocess.Popen(
            command, env=made_by, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert child.stdin is not None and child.stdout is not None
        result: dict[str, Any] = {"described": 0}
        for line in child.stdout:  # what it wants the server's author to do
            if line.startswith("{"):
                result = json.loads(line)
                break
            ask(*line.split())
            child.stdin.write("done\n")
            child.stdin.flush()
        child.wait()
    if result["described"] != posts:
        raise SystemExit(f"{scenario}: {result['described']} of {posts} posts came out as told")
    return tuple(seconds / posts * 1000 for seconds in result["times"])


def one_pass(order: Mapping[str, Any]) -> int:
    """In a child: one pass that finds nothing, one over all posts; prints the difference."""
    from alternator.bot import run as bot_run
    from alternator.bot.find_posts import PostFinder
    from alternator.stopping import Stop

    def please(*words: str) -> None:
        print(*words, flush=True)
        sys.stdin.readline()

    def timed(number: int) -> Times:
        config = config_of(order, Path(order["folder"]) / str(number), backfill=number)
        before = now()
        if hasattr(bot_run, "Wishes"):
            bot_run.run(config, Stop(), bot_run.Wishes(once=True))
        else:  # another checkout's, from before November 2026
            bot_run.run(config, Stop(), once=True)
        return since(before)

    timed(0)  # imports and first connections
    empty = timed(0)
    please("post", str(order["posts"]))
    by_somebody = order["scenario"] == "described by somebody"
    if by_somebody:
        look = PostFinder.look

        def look_and_describe(finder: PostFinder) -> int:
            """The author describes everything between the bot's look and its work."""
            nonlocal pause
            found = look(finder)
            started = now()
            please("describe")
            pause = since(started)
            return found

        PostFinder.look = look_and_describe  # type: ignore[method-assign]
    pause: Times = (0.0, 0.0, 0.0)
    finished = finishes()
    whole = timed(order["posts"])
    taken = zip(whole, empty, pause, strict=True)
    wanted = "left" if by_somebody else "described"
    print(
        json.dumps(
            {
                "times": [all_of_it - nothing - paused for all_of_it, nothing, paused in taken],
                "described": sum(outcome.state == wanted for outcome in finished),
            }
        ),
        flush=True,
    )
    return 0


def finishes() -> list[Any]:
    """A list that every outcome is added to from now on."""
    from alternator.store.sql.state import SqlAccountState

    found: list[Any] = []
    finish = SqlAccountState.finish

    def finish_and_tell(state: Any, claim: Any, outcomes: Any) -> Any:
        listed = list(outcomes)
        found.extend(listed)
        return finish(state, claim, listed)

    SqlAccountState.finish = finish_and_tell  # type: ignore[method-assign]
    return found


def bare_time(ask: "Ask", posts: int) -> Times:
    """The requests that the bot has just made, sent again by nothing but ``http.client``."""
    requests = ask("log")
    connections = {
        name: http.client.HTTPConnection(urlsplit(ask.addresses[name]).netloc)
        for name in ("server", "endpoint")
    }
    described = any(request["method"] == "PUT" for request in requests)
    media = ask("media") if described else []
    key = {"Authorization": "Bearer sandbox", "Content-Type": "application/json"}
    before = now()
    for request in requests:
        query = f"?{urlencode(request['query'])}" if request["query"] else ""
        body = json.dumps(request["json"]).encode() if "json" in request else None
        send(connections["server"], request["method"], request["path"] + query, body, key)
    for path, content in media:
        send(connections["server"], "GET", path, None, {})
        send(connections["endpoint"], "POST", "/v1/chat/completions", b" " * content * 2, key)
    taken = since(before)
    for connection in connections.values():
        connection.close()
    return tuple(seconds / posts * 1000 for seconds in taken)


def send(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
) -> None:
    """One request, its answer read and thrown away."""
    connection.request(method, path, body=body, headers=dict(headers))
    connection.getresponse().read()


def config_of(addresses: Mapping[str, Any], state: Path, *, backfill: int) -> Any:
    """The configuration of a bot for the servers; beyond what an operator may set."""
    from alternator.config.models import VisionSettings, WhisperSettings
    from alternator.config.settings import Config, HealthSettings, MastodonSettings, StateSettings

    return Config(
        mastodon=MastodonSettings(
            instance_url=addresses["server"],
            access_token="sandbox",
            user_stream=False,
            backfill_pause=0,
            backfill_count=backfill,
        ),
        vision=VisionSettings(base_url=f"{addresses['endpoint']}/v1", model="instant"),
        whisper=WhisperSettings(enabled=False),
        state=StateSettings(directory=state),
        health=HealthSettings(port=0),
    )


# The servers


class Ask:
    """Orders for the process that serves."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._to, self._from = process.stdin, process.stdout
        self.addresses: dict[str, str] = json.loads(self._from.readline())

    def __call__(self, *words: str) -> Any:
        """What it answers."""
        self._to.write(" ".join(words) + "\n")
        self._to.flush()
        return json.loads(self._from.readline())


@contextmanager
def servers() -> Iterator[Ask]:
    """The sandbox server and an endpoint that answers at once, in a process of their own."""
    command = [sys.executable, "-m", "bench.bot", SERVERS]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Ask(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(20)


def instant_endpoint() -> Any:
    """An endpoint that describes every picture at once, with the same words."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from sandbox.serving import AppServer

    words = "A blue field above a green one, with a straight edge between them."
    message = {"role": "assistant", "content": words}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    answer = json.dumps({"id": "1", "object": "chat.completion", "choices": choices})

    async def complete(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    routes = [Route("/v1/chat/completions", complete, methods=["POST"])]
    return AppServer(Starlette(routes=routes))


def serve() -> int:
    """In a child: serve, and do what the lines of standard input say."""
    from sandbox.server import SandboxServer, Settings

    unlimited = Settings(request_limit=10**9, posting_limit=10**9)
    with (
        SandboxServer(settings=unlimited) as server,
        instant_endpoint() as endpoint,
        tempfile.TemporaryDirectory() as folder,
    ):
        forget_nothing(server)
        picture = make_picture(Path(folder) / "picture.png")
        print(json.dumps({"server": server.url, "endpoint": endpoint.url}), flush=True)
        for line in sys.stdin:
            print(json.dumps(obey(server, picture, line.split())), flush=True)
    return 0


def obey(server: Any, picture: Path, words: Sequence[str]) -> Any:
    """Do one order; returns what is to be answered."""
    store = server.sandbox.store
    match words:
        case ["post", count]:
            for number in range(int(count)):
                server.post(f"Look, number {number}", files=[picture], language="en")
            server.sandbox.request_log.clear()
        case ["describe"]:
            for status in store.newest_first():
                server.describe(status.id, ["Described by hand"])
            server.sandbox.request_log.clear()
        case ["log"]:
            return [r for r in server.requests() if not r["path"].endswith("verify_credentials")]
        case ["media"]:
            size = picture.stat().st_size
            return [[f"/media/{a.file}", size] for a in store.attachments.values()]
        case ["lacking"]:
            return sum(not a.description for a in store.attachments.values())
        case _:
            raise SystemExit(f"no such order: {words}")
    return "done"


def forget_nothing(server: Any) -> None:
    """Keep posts in memory alone, and every request: a restart is not the point."""
    from collections import deque

    server.sandbox.store.save = lambda: None
    server.sandbox.request_log.entries = deque()


def make_picture(file: Path) -> Path:
    """A small one: 320 by 200 pixels."""
    from PIL import Image

    image = Image.new("RGB", (320, 200), "royalblue")
    image.paste("forestgreen", (0, 100, 320, 200))
    image.save(file)
    return file


# Back-fill


def measure_backfill(posts: int) -> None:
    """Print how a long back-fill gets along with a server's limits."""
    sys.path.insert(0, str(CHECKOUT / "tests" / "support"))
    from jumping_clock import JumpingClock

    from alternator.bot.run import run
    from alternator.stopping import Stop
    from sandbox.server import SandboxServer, Settings

    clock = JumpingClock()
    server = SandboxServer(settings=Settings())
    in_its_time(server, clock)
    with (
        server,
        instant_endpoint() as endpoint,
        tempfile.TemporaryDirectory() as folder,
    ):
        forget_nothing(server)
        picture = make_picture(Path(folder) / "picture.png")
        obey(server, picture, ["post", str(posts)])
        addresses = {"server": server.url, "endpoint": endpoint.url}
        config = config_of(addresses, Path(folder) / "state", backfill=posts)
        started, real = clock.now(), time.perf_counter()
        stop = Stop(clock)
        # The bot as it runs for months, not a single pass, which gives up on a long wait.
        bot = threading.Thread(target=until_stopped, args=(run, config, stop), name="main loop")
        bot.start()
        while obey(server, picture, ["lacking"]) and bot.is_alive():
            time.sleep(0.05)
        taken = clock.now() - started
        stop.request()
        bot.join(30)
        report_backfill(server, posts, started, taken, time.perf_counter() - real)


def until_stopped(run: Any, config: Any, stop: Any) -> None:
    """Run the bot in a thread."""
    from alternator.stopping import Stopping

    try:
        run(config, stop)
    except Stopping:
        return


def in_its_time(server: Any, clock: Any) -> None:
    """Have the server count its windows, and tell the time, by a clock of ours."""
    from email.utils import formatdate

    server.server.config.date_header = False
    limits = server.sandbox.limits
    limits.clock = clock.now
    spend = limits.spend

    def spend_and_date(client: str, method: str, path: str) -> tuple[bool, dict[str, str]]:
        passed, headers = spend(client, method, path)
        return passed, {**headers, "date": formatdate(clock.now(), usegmt=True)}

    limits.spend = spend_and_date


def least_seconds(posts: int, edits: int, started: float) -> float:
    """A window's edits at once, then at each beginning of a window."""
    windows = -(-posts // edits) - 1
    return (started // WINDOW_SECONDS + windows) * WINDOW_SECONDS - started if windows else 0.0


def report_backfill(server: Any, posts: int, started: float, taken: float, real: float) -> None:
    """Print the figures of a back-fill."""
    requests = server.requests()
    refused = [r for r in requests if r["answer"] == 429]
    edits = [r for r in requests if r["method"] == "PUT" and r["answer"] == 200]
    revisions = [len(s.revisions) - 1 for s in server.sandbox.store.statuses.values()]
    least = {edits: least_seconds(posts, edits, started) for edits in (EDITS, EDITS * 2 // 3)}
    print(f"\nback-fill of {posts} posts, Mastodon's limits, in {real:.0f} s of real time")
    print(f"{'hours of the bot’s time':<52}{taken / 3600:>8.2f}")
    for edits, seconds in least.items():
        print(f"{f'  least with {edits} edits in three hours':<52}{seconds / 3600:>8.2f}")
    print(f"{'requests, a post':<52}{len(requests) / posts:>8.2f}")
    print(f"{'answers 429':<52}{len(refused):>8}")
    print(f"{'edits carried out':<52}{len(edits):>8}")
    print(f"{'posts left out':<52}{sum(n < 1 for n in revisions):>8}")
    print(f"{'posts edited more than once':<52}{sum(n > 1 for n in revisions):>8}", flush=True)


# Memory


def measure_memory(posts: int) -> None:
    """Print the memory of a bot that runs, by the number of posts that it has described."""
    print(f"\n{'MB after so many posts':<52}{'VmRSS':>8}{'VmHWM':>8}")
    with servers() as ask, tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "alternator", "run"],
            cwd=CHECKOUT,
            env={**os.environ, **variables(ask.addresses, folder)},
            stderr=subprocess.DEVNULL,
        )
        try:
            memory_row(process.pid, 0, wait=5.0)
            # So few at once that it is at work, not behind: nobody posts thousands at once.
            for made in range(20, posts + 1, 20):
                ask("post", "20")
                while ask("lacking") > 10:
                    if process.poll() is not None:
                        raise SystemExit(f"the bot ended with {process.returncode}")
                    time.sleep(0.02)
                if made % STEP == 0 or made == posts:
                    memory_row(process.pid, made)
        finally:
            process.terminate()
            process.wait(20)


def variables(addresses: Mapping[str, str], folder: str) -> dict[str, str]:
    """The environment of a bot that is started as an operator starts it."""
    return {
        "HOME": folder,
        "ALTERNATOR_STATE_DIR": f"{folder}/state",
        "ALTERNATOR_HEALTH_PORT": "0",
        "ALTERNATOR_WHISPER_ENABLED": "false",
        "ALTERNATOR_MASTODON_INSTANCE_URL": addresses["server"],
        "ALTERNATOR_MASTODON_ACCESS_TOKEN": "sandbox",
        "ALTERNATOR_OPENROUTER_BASE_URL": f"{addresses['endpoint']}/v1",
        "ALTERNATOR_OPENROUTER_MODEL": "instant",
    }


def memory_row(process: int, posts: int, *, wait: float = 0.0) -> None:
    """One line of the table, after ``wait`` seconds."""
    time.sleep(wait)
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines)
    cells = [int(found[name].split()[0]) * 1024 / 10**6 for name in ("VmRSS", "VmHWM")]
    print(f"{posts:<52}{cells[0]:>8.1f}{cells[1]:>8.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
