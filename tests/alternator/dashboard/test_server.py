"""The dashboard as a running bot serves it."""

import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from dashboard_site import WELL, DashboardSite

from alternator.accounts.account import Account
from alternator.config.dashboard import DashboardSettings
from alternator.dashboard.server import access_of, is_loopback, serving
from alternator.errors import ConfigError


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def threads() -> Iterator[str]:
    return (thread.name for thread in threading.enumerate())


def test_it_answers_from_the_first_visit_to_the_end(account: Account, tmp_path: Path, port: int):
    watched = [DashboardSite(account, tmp_path / "state").watched]
    with serving(watched, DashboardSettings(port=port)):
        assert "dashboard" in threads()
        assert requests.get(f"http://localhost:{port}/", timeout=20).status_code == 200
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=20).text == "alive\n"
    assert "dashboard" not in threads()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/", timeout=5)
    # Where nobody came there is nothing to wait for.
    with serving(watched, DashboardSettings(port=port)):
        pass
    assert "dashboard" not in threads()


def test_it_can_be_turned_off(account: Account, tmp_path: Path):
    with serving([DashboardSite(account, tmp_path / "state").watched], DashboardSettings(port=0)):
        assert "dashboard" not in threads()


def test_a_port_that_is_taken_ends_no_bot(
    account: Account, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    watched = [DashboardSite(account, tmp_path / "state").watched]
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with caplog.at_level(logging.ERROR), serving(watched, DashboardSettings(port=taken)):
            assert f"127.0.0.1:{taken} can't be listened on" in caplog.text


def test_it_is_open_to_others_with_a_token_alone():
    for host in ("0.0.0.0", "::", "", "192.0.2.7", "alt.example"):
        with pytest.raises(ConfigError, match=r"set \[dashboard\] token"):
            access_of(DashboardSettings(host=host))
    with pytest.raises(ConfigError, match="has 5 characters and could be guessed"):
        access_of(DashboardSettings(token="short"))
    open_access = access_of(DashboardSettings(host="0.0.0.0", token="x" * 16))
    assert open_access.token == "x" * 16
    assert is_loopback("::1") and is_loopback("localhost") and not is_loopback("::")


def test_a_start_loads_nothing_of_it():
    """A second of start is all there is, and nobody may ever look."""
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, alternator.bot.run; "
            "print([name for name in ('starlette', 'uvicorn', 'jinja2', 'prometheus_client', "
            "'alternator.dashboard.app') if name in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert found.stdout == "[]\n"


def test_health_and_readiness_are_told(account: Account, tmp_path: Path):
    from dataclasses import replace

    with DashboardSite(account, tmp_path / "state") as site:
        for condition, alive, ready in (
            (WELL, 200, 200),
            (replace(WELL, starting=True), 200, 503),
            (replace(WELL, trouble="the Whisper worker hangs"), 503, 503),
            (replace(WELL, server=replace(WELL.server, state="unreachable")), 200, 503),
        ):
            site.condition = condition
            assert requests.get(f"{site.url}/healthz", timeout=20).status_code == alive
            assert requests.get(f"{site.url}/readyz", timeout=20).status_code == ready
