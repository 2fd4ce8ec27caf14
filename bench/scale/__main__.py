"""What a cluster bears: ``python -m bench.scale [--only PART ...] [--json FILE]``.

PostgreSQL, the sandbox server and the roles run on this machine, all of them on the same cores, so
the figures are lower bounds. Nothing waits for the disk: ``fsync`` is off, as in the tests.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.scale import accounts, million, queue, recovery, roles
from bench.scale.scene import PostgresServer, server

ACCOUNTS = 1_000
SECONDS = 60.0
TIMES = 3
LATENCY_POSTS = 20


def of_accounts(postgres: PostgresServer) -> object:
    """A thousand accounts that one process watches."""
    return asdict(accounts.measure(postgres, ACCOUNTS, SECONDS))


def of_queue(postgres: PostgresServer) -> object:
    """Posts a second through the queue."""
    return [asdict(one) for one in queue.measure(postgres, TIMES)]


def of_latency(postgres: PostgresServer) -> object:
    """From a post to the first request for it."""
    return asdict(roles.latency(postgres, LATENCY_POSTS))


def of_recovery(postgres: PostgresServer) -> object:
    """From a SIGKILL of each role until nothing waits for it."""
    return [asdict(one) for one in recovery.recoveries(postgres)]


def of_million(postgres: PostgresServer) -> object:
    """The same steps after a thousand posts and after a million."""
    return [asdict(one) | {"ratio": one.ratio} for one in million.measure(postgres)]


# What a part was measured with, where the report tells it.
MEASURED_WITH: dict[str, dict[str, float]] = {
    "accounts": {"seconds": SECONDS},
    "queue": {"times": TIMES},
    "latency": {"posts": LATENCY_POSTS},
    "million": {"rounds": million.ROUNDS, "turns": million.TURNS},
}


PARTS: dict[str, Callable[[PostgresServer], object]] = {
    "accounts": of_accounts,
    "queue": of_queue,
    "latency": of_latency,
    "recovery": of_recovery,
    "million": of_million,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--only", choices=list(PARTS), nargs="+", default=list(PARTS))
    parser.add_argument("--json", type=Path, help="write the figures into this file")
    arguments = parser.parse_args(argv)
    found: dict[str, Any] = {}
    if arguments.json is not None and arguments.json.exists():
        found = json.loads(arguments.json.read_text())
    with server() as postgres:
        for name in arguments.only:
            print(f"{name} ...", file=sys.stderr, flush=True)
            found[name] = PARTS[name](postgres)
            print(json.dumps({name: found[name]}, indent=1), flush=True)
            # Of each part: the others may be of another day, and measured for longer.
            found.setdefault("measured", {})[name] = {
                "day": datetime.now(UTC).date().isoformat(),
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                **MEASURED_WITH.get(name, {}),
            }
            if arguments.json is not None:
                arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
