"""What ten more accounts cost a bot, and how soon it watches: ``python -m bench.accounts``.

Starts ``alternator run`` with Whisper off, on one account and on eleven, each of them on a sandbox
server of its own in this process. Printed is what the bot's process has (Linux alone): seconds from
the start of the process until every account's stream of events is open, resident memory and
threads, at rest and after each account has had a picture described.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

MORE = 10
PATIENCE_SECONDS = 60.0
REST_SECONDS = 2.0  # until what a start needed for a moment is given back


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One start: seconds, and MB (10^6 bytes) and threads of the bot's process."""

    seconds: float
    at_rest: float
    worked: float
    threads: int


def configuration(servers: Sequence[SandboxServer], vision: VisionServer, folder: Path) -> str:
    """A file with an account on each server."""
    whole = f"""
[vision]
base_url = "{vision.base_url}"
model = "pixels"
[whisper]
enabled = false
[state]
directory = "{folder / "state"}"
[health]
port = 0
"""
    if len(servers) == 1:
        account = f'instance_url = "{servers[0].url}"\naccess_token = "sandbox"\n'
        return f"{whole}[mastodon]\n{account}"
    return whole + "".join(
        f'[[accounts]]\nname = "account-{number}"\ninstance_url = "{server.url}"\n'
        f'token = "{server.token}"\n'
        for number, server in enumerate(servers)
    )


def of_process(pid: int, key: str) -> int:
    """A number that Linux tells of a process: https://docs.kernel.org/filesystems/proc.html."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    raise KeyError(key)


def wait_for(what: str, done: object) -> None:
    """Until it is so."""
    until = time.monotonic() + PATIENCE_SECONDS
    assert callable(done)
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} took more than {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.002)


def measure(servers: Sequence[SandboxServer], vision: VisionServer, picture: Path) -> Measured:
    """One start of the bot on these servers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "alternator.toml"
        file.write_text(configuration(servers, vision, folder))
        file.chmod(0o600)
        environ = {k: v for k, v in os.environ.items() if not k.startswith("ALTERNATOR_")}
        command = [sys.executable, "-m", "alternator", "run", "--config", str(file)]
        began = time.monotonic()
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as bot:
            try:
                wait_for("the start", lambda: all(one.open_streams() for one in servers))
                seconds = time.monotonic() - began
                time.sleep(REST_SECONDS)
                at_rest = of_process(bot.pid, "VmRSS") * 1024 / 1e6
                threads = of_process(bot.pid, "Threads")
                for server in servers:
                    post = server.post("Look", files=[picture])
                    server.wait_until_described(post["id"], seconds=PATIENCE_SECONDS)
                time.sleep(REST_SECONDS)
                worked = of_process(bot.pid, "VmRSS") * 1024 / 1e6
            finally:
                bot.send_signal(signal.SIGTERM)
                bot.communicate(timeout=PATIENCE_SECONDS)
        for server in servers:
            server.reset()
    return Measured(seconds=seconds, at_rest=at_rest, worked=worked, threads=threads)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m bench.accounts", description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args(argv).times
    with ExitStack() as stack:
        vision = stack.enter_context(VisionServer())
        servers = [stack.enter_context(SandboxServer()) for _ in range(MORE + 1)]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        picture = folder / "picture.png"
        Image.new("RGB", (1280, 960), "royalblue").save(picture)
        found = {
            number: [measure(servers[:number], vision, picture) for _ in range(times)]
            for number in (1, MORE + 1)
        }
    print(f"{'accounts':<10}{'watching, s':>12}{'at rest, MB':>13}{'worked, MB':>12}{'threads':>9}")
    middle = {}
    for number, runs in found.items():
        middle[number] = one = Measured(
            seconds=statistics.median(run.seconds for run in runs),
            at_rest=statistics.median(run.at_rest for run in runs),
            worked=statistics.median(run.worked for run in runs),
            threads=max(run.threads for run in runs),
        )
        print(
            f"{number:<10}{one.seconds:>12.2f}{one.at_rest:>13.1f}{one.worked:>12.1f}"
            f"{one.threads:>9}"
        )
    one, many = middle[1], middle[MORE + 1]
    print(
        f"each more: {(many.at_rest - one.at_rest) / MORE:.2f} MB at rest, "
        f"{(many.worked - one.worked) / MORE:.2f} MB after work, "
        f"{(many.threads - one.threads) / MORE:.1f} threads"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
