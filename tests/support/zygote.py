"""A process that has imported the bot and forks it, so that each start takes milliseconds.

``python zygote.py`` reads a line of JSON for each bot (``Order``), forks it, and answers with its
process id, then with its exit code (negative: the signal). Forking the test itself would take the
servers' threads along.
"""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

END_SECONDS = 15.0


class Zygote:
    """The process, as its parent uses it. One bot at a time."""

    def __init__(self) -> None:
        self._runs = False
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, folder: Path, environ: dict[str, str], **switches: Any) -> int:
        """Start ``alternator run`` with these variables and a log in ``folder``; its process id.

        ``kill`` is a number of a signal that it sends itself, before (``when``) or after the
        ``count``-th call of a method of the account's state (``method``), or of what ``part`` of
        it names.
        """
        order = {"log": str(folder / "log"), "environ": environ, **switches}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self._child = self._answer()
        self._runs = True
        return self._child

    def wait(self) -> int:
        """The exit code of the bot that was started last. It is killed if it does not end."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], END_SECONDS)[0]:
            os.kill(self._child, signal.SIGKILL)
        self._runs = False
        return self._answer()

    def end(self) -> None:
        """Kill the bot that a test which failed has left."""
        if self._runs:
            os.kill(self._child, signal.SIGKILL)
            self.wait()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        finally:
            self._process.kill()
            self._process.stdout.close()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


def bot(order: dict[str, Any]) -> int:
    """In the child: become the bot."""
    from alternator.cli import main

    file = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(file, standard)
    os.environ.update(order["environ"])
    if "kill" in order:
        strike(order)
    fast(order.get("speed"))
    sys.argv[1:] = ["run", "--log-level", "debug", *order.get("arguments", [])]
    return main(sys.argv[1:])


def fast(speed: float | None) -> None:
    """Time jumps over the bot's waits, in large steps, or runs ``speed`` times as fast."""
    from fast_clock import FastClock
    from jumping_clock import JumpingClock

    from alternator import stopping
    from alternator.bot import progress, run, watch
    from alternator.stopping import Stop

    if speed is not None:
        passing = FastClock(speed)
        vars(run)["Stop"] = lambda: Stop(passing)
        return
    clock = JumpingClock()
    clock.take_part()
    vars(run)["Stop"] = lambda: Stop(clock)
    stopping.SHIELD_SECONDS = 0.3
    watch.IDLE_SECONDS = progress.SLICE_SECONDS = 300.0


def strike(order: dict[str, Any]) -> None:
    """Have the bot killed at one of its writes."""
    from alternator.store.sql.asked import SqlAsked
    from alternator.store.sql.errands import SqlErrands
    from alternator.store.sql.history import SqlHistory
    from alternator.store.sql.listing import SqlListing
    from alternator.store.sql.state import SqlAccountState

    parts = {
        "asked": SqlAsked,
        "errands": SqlErrands,
        "history": SqlHistory,
        "listing": SqlListing,
    }
    owner = parts.get(order.get("part", ""), SqlAccountState)
    method = getattr(owner, order["method"])
    calls = 0

    def struck(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        mine = calls == order.get("count", 1)
        if mine and order["when"] == "before":
            os.kill(os.getpid(), order["kill"])
        result = method(*arguments, **named)
        if mine and order["when"] == "after":
            os.kill(os.getpid(), order["kill"])
        return result

    setattr(owner, order["method"], struck)


def serve() -> None:
    """The process itself."""
    sys.path.insert(0, str(Path(__file__).parent))
    import alternator.bot.run
    import alternator.store.sqlite.store  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            code = 70
            try:
                code = bot(json.loads(line))
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 1
            finally:
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
