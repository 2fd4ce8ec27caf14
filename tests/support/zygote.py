"""A process that has imported the bot and forks it, so that each start takes milliseconds.

``python zygote.py`` reads a line of JSON for each order: to fork a bot or another role, which it
answers with its process id, or to wait for one, answered with its exit code (negative: the signal).
Forking the test itself would take the servers' threads along.
"""

import ctypes
import faulthandler
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

END_SECONDS = 60.0  # for a bot on a machine that others load, too: it takes one or two
PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html


class Zygote:
    """The process, as its parent uses it, with any number of children."""

    def __init__(self) -> None:
        self._running: list[int] = []
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, folder: Path, environ: dict[str, str], **switches: Any) -> int:
        """Start ``alternator run`` with these variables and a log in ``folder``; its process id.

        ``role`` is another command, ``pace`` how many times shorter the waits of a cluster are
        (``cluster_pace.py``), ``log`` the log's name. ``kill`` is a number of a signal that it
        sends itself, before (``when``) or after the ``count``-th call of a method of the account's
        state (``method``), or of what ``part`` of it names; or at its ``count``-th transaction
        (``write``: "job" for those of a worker's jobs, "any" for all). ``site`` is one more folder
        of packages.
        """
        order = {"environ": environ, **switches, "log": str(folder / switches.get("log", "log"))}
        child = self._asked(order)
        self._running.append(child)
        return child

    def wait(self, child: int | None = None, seconds: float = END_SECONDS) -> int:
        """The exit code of a child, the last one started if none is named; killed if too slow."""
        child = self._running[-1] if child is None else child
        assert self._process.stdout is not None
        self._send({"wait": child})
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            os.kill(child, signal.SIGKILL)
        self._running.remove(child)
        return self._answer()

    def is_there(self, child: int) -> bool:
        """Whether a child has not ended yet."""
        stat = Path(f"/proc/{child}/stat").read_text("utf-8")
        return stat.rpartition(")")[2].split()[0] != "Z"

    @property
    def running(self) -> list[int]:
        """The children that were started and not waited for."""
        return list(self._running)

    def end(self) -> None:
        """Kill the children that a test which failed has left."""
        for child in self.running:
            os.kill(child, signal.SIGKILL)
            self.wait(child)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self.end()
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:  # on a machine that is too busy; it has nothing to lose
            self._process.kill()
            self._process.wait()
        finally:
            self._process.stdout.close()

    def _asked(self, order: dict[str, Any]) -> int:
        self._send(order)
        return self._answer()

    def _send(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


def bot(order: dict[str, Any]) -> int:
    """In the child: become the bot, or what ``role`` names."""
    from alternator.cli import main

    file = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(file, standard)
    faulthandler.register(signal.SIGUSR1)  # where all threads are, for who looks for a fault
    os.environ.update(order["environ"])
    sys.path += [order["site"]] if "site" in order else []
    if "write" in order:
        strike_at_write(order)
    elif "kill" in order:
        strike(order)
    role = order.get("role", "run")
    if role == "run":
        fast(order.get("speed"))
    else:
        from cluster_pace import hurry

        hurry(order.get("pace", 1.0), order.get("clock", ""))
    level = [] if role == "serve" else ["--log-level", "debug"]
    sys.argv[1:] = [role, *level, *order.get("arguments", [])]
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
    from alternator.store.postgres.cluster import PostgresCluster
    from alternator.store.postgres.enrolment import PostgresEnrolment
    from alternator.store.sql.asked import SqlAsked
    from alternator.store.sql.drafts import SqlDrafts
    from alternator.store.sql.errands import SqlErrands
    from alternator.store.sql.history import SqlHistory
    from alternator.store.sql.ledger import SqlLedger
    from alternator.store.sql.listing import SqlListing
    from alternator.store.sql.outgoing import SqlOutgoings
    from alternator.store.sql.state import SqlAccountState

    parts = {
        "asked": SqlAsked,
        "errands": SqlErrands,
        "history": SqlHistory,
        "listing": SqlListing,
        "outgoing": SqlOutgoings,
        "drafts": SqlDrafts,
        "ledger": SqlLedger,
        "enrolment": PostgresEnrolment,
        "cluster": PostgresCluster,
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


def strike_at_write(order: dict[str, Any]) -> None:
    """Have a process killed before or after one of its transactions is carried out."""
    import threading

    from alternator.store.postgres.database import Database

    calls = 0
    writing = Database.writing

    @contextmanager
    def struck(self: Database, *, durable: bool = False) -> Iterator[Any]:
        nonlocal calls
        mine = order["write"] == "any" or threading.current_thread().name.startswith("job")
        calls += mine
        is_it = mine and calls == order["count"]
        with writing(self, durable=durable) as db:
            yield db
            if is_it and order["when"] == "before":
                os.kill(os.getpid(), order["kill"])
        if is_it:
            os.kill(os.getpid(), order["kill"])

    Database.writing = struck  # type: ignore[method-assign]


def serve() -> None:
    """The process itself."""
    sys.path.insert(0, str(Path(__file__).parent))
    import cluster_pace  # noqa: F401

    import alternator.bot.run
    import alternator.store.sqlite.store  # noqa: F401

    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        child = os.fork()
        if child == 0:
            # Whatever becomes of the tests, it does not outlive this process.
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            code = 70
            try:
                code = bot(order)
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 1
            finally:
                os._exit(code)
        print(child, flush=True)


if __name__ == "__main__":
    serve()
