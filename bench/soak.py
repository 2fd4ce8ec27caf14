"""Thousands of posts while everything fails by chance: ``python -m bench.soak`` (or ``make soak``).

See tests/support/soak.py for what goes wrong. Prints what happened and what was wrong; ends with 1
if anything was. ``--record`` writes the result to tests/faults/soak.toml, from which
`python -m tools.reliability_docs` makes its paragraph in docs/reliability.md.
"""

import argparse
import os
import platform
import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from cluster_soak import soak_of
from soak import Plan, Result

RECORD = Path(__file__).parents[1] / "tests" / "faults" / "soak.toml"
CLUSTER = RECORD.with_name("soak_cluster.toml")


def main() -> int:
    """Soak the bot, and say what became of the posts."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=main.__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--seed", type=int, help="default: another one each time")
    parser.add_argument(
        "--cluster", action="store_true", help="two bots and three workers on PostgreSQL"
    )
    parser.add_argument("--record", action="store_true", help="write the result down")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    plan = Plan(
        seed=seed, posts=arguments.posts, accounts=arguments.accounts, cluster=arguments.cluster
    )
    print(f"{plan.posts} posts of {plan.accounts} accounts, seed {plan.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    result = soak_of(plan, folder).run()
    print(told(result))
    if result.wrong:
        print(f"what was logged: {folder}")
    elif arguments.record:
        (CLUSTER if plan.cluster else RECORD).write_text(recorded(plan, result))
    return int(bool(result.wrong))


def told(result: Result) -> str:
    """What happened, for a person."""
    lines = [
        f"{result.seconds:.0f} s, {result.most_memory:.0f} MB of memory at the most",
        f"{result.posts} posts with {result.attachments} attachments, {result.deleted} deleted",
        f"{result.edits} edits wrote {result.described} descriptions",
        *(f"  {number:>6} {what}" for what, number in sorted(result.faults.items())),
        *(["wrong:"] if result.wrong else ["nothing is wrong"]),
        *(f"  {what}" for what in result.wrong),
    ]
    return "\n".join(lines)


def recorded(plan: Plan, result: Result) -> str:
    """The result as TOML."""
    blows = ("bot: ", "cluster: ")
    by_bot = {k.partition(": ")[2]: n for k, n in result.faults.items() if k.startswith(blows)}
    failed = sum(result.faults.values()) - sum(by_bot.values())
    numbers = {
        "seed": plan.seed,
        "posts": result.posts,
        "accounts": plan.accounts,
        "attachments": result.attachments,
        "deleted": result.deleted,
        "edits": result.edits,
        "described": result.described,
        "failed_requests": failed,
        "minutes": round(result.seconds / 60),
        "most_memory_mb": round(result.most_memory),
        "killed": by_bot.get("killed", 0),
        "ended": by_bot.get("ended", 0),
        "stopped": by_bot.get("stopped", 0),
        "locked": by_bot.get("locked", 0),
        "streams": by_bot.get("streams", 0),
    }
    if plan.cluster:
        numbers |= {
            "restarted": by_bot.get("database restarted", 0),
            "crashed": by_bot.get("database crashed", 0),
            "cut": by_bot.get("connections", 0),
        }
    head = "# The result of the last `make soak RECORD=1`, in which nothing was wrong.\n"
    day = datetime.now(UTC).date().isoformat()
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    words = f'day = "{day}"\nmachine = "{machine}"\n'
    return head + words + "".join(f"{key} = {value}\n" for key, value in numbers.items())


if __name__ == "__main__":
    sys.exit(main())
