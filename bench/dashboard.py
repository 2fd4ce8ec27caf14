"""How long the dashboard's pages take with 10,000 posts: ``python -m bench.dashboard``.

Each page is asked for over loopback, one after the other, from a dashboard in this process; printed
is the median and the slowest of each in milliseconds, and its size in bytes. ``--picture FILE``
takes the screenshot of docs/dashboard.md instead.
"""

import argparse
import base64
import statistics
import sys
import tempfile
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from browser import Browser
from dashboard_site import DashboardSite

from alternator.accounts.account import Account
from alternator.config.settings import MastodonSettings
from alternator.progress import SILENT
from alternator.store.opening import opened
from sandbox.server import SandboxServer

POSTS = 10_000
FAILURES = 10_000
PATHS = (
    "/",
    "/?span=week",
    "/posts",
    "/posts?page=400",
    "/posts?state=described&page=200",
    "/posts/115000000000100001",
    "/failures",
    "/failures?page=400",
    "/drafts",
    "/settings",
    "/metrics",
)


def main() -> int:
    """Measure, or take the picture."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboard", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="times each page is asked for")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="where a screenshot goes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, SandboxServer() as server:
        directory = Path(folder) / "state"
        with opened(directory, clock=time.time) as store:
            settings = MastodonSettings(instance_url=server.url, access_token=server.token)
            account = Account(settings, store)
            account.sign_in(account.session(SILENT))
            with DashboardSite(account, directory) as site:
                if arguments.picture is not None:
                    picture(site, Path(folder) / "browser", arguments.picture)
                else:
                    measure(site, arguments.rounds)
    return 0


def measure(site: DashboardSite, rounds: int) -> None:
    """Print a line for each page."""
    site.fill("described", POSTS, apart=60)
    site.fill("failed", FAILURES, apart=60, first=100_000)
    with requests.Session() as session:
        session.get(f"{site.url}/", timeout=60)  # templates are compiled at their first use
        for path in PATHS:
            times, size = [], 0
            session.get(f"{site.url}{path}", timeout=60)
            for _ in range(rounds):
                begun = time.perf_counter()
                answer = session.get(f"{site.url}{path}", timeout=60)
                times.append((time.perf_counter() - begun) * 1000)
                size = len(answer.content)
                answer.raise_for_status()
            print(f"{path:<34}{statistics.median(times):8.1f}{max(times):8.1f} ms{size:9d} bytes")


def picture(site: DashboardSite, profile: Path, file: Path) -> None:
    """The overview of a bot that has something to show."""
    states = (("described", 160), ("waiting", 7), ("claimed", 1), ("left", 12), ("failed", 4))
    for first, (state, number) in enumerate(states):
        site.fill(state, number, apart=480, first=first * 1000)
    site.site.hardware.seen()
    while site.site.hardware.is_looking:
        time.sleep(0.1)
    with Browser(profile) as browser:
        size = {"width": 1100, "height": 860}
        browser.send(
            "Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False
        )
        browser.open(f"{site.url}/")
        browser.run("document.querySelector('h1').textContent = 'demo@social.example'")
        shot = browser.send("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    sys.exit(main())
