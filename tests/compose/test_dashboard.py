"""Whether a container's dashboard is published, and what a person is told of it."""

from pathlib import Path

import pytest

from alternator.config.dashboard import DashboardSettings
from compose import dashboard
from compose.errors import ComposeError

TOKEN = '[dashboard]\ntoken = "0123456789abcdef"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "alternator.toml"


def test_the_port_is_the_bots_own():
    assert DashboardSettings().port == dashboard.DEFAULT_PORT


def test_with_a_token_it_is_published(config: Path):
    config.write_text(TOKEN)
    found = dashboard.of_account(config, {})
    assert (found.port, found.overlays) == (8766, ("dashboard",))
    assert found.variables == {"DASHBOARD_PORT": "8766"}
    assert "http://127.0.0.1:8766/" in found.line
    assert "0123456789abcdef" not in found.line


@pytest.mark.parametrize("name", dashboard.TOKENS)
def test_a_token_may_come_from_a_variable(name: str):
    assert dashboard.of_account(None, {name: "x"}).port == 8766


@pytest.mark.parametrize("text", ["", "[dashboard]\nport = 9000\n", "[dashboard", "dashboard = 3"])
def test_without_a_token_it_is_not_and_that_is_said(config: Path, text: str):
    config.write_text(text)
    found = dashboard.of_account(config, {})
    assert (found.port, found.overlays, found.variables) == (None, (), {})
    assert "needs a token. Write [dashboard] token" in found.line


def test_the_port_of_this_machine_is_the_configured_one_or_the_named_one(config: Path):
    config.write_text(f"{TOKEN}port = 9000\n")
    assert dashboard.of_account(config, {}).port == 9000
    assert dashboard.of_account(config, {"DASHBOARD_PORT": "9001"}).port == 9001
    assert dashboard.of_account(config, {"ALTERNATOR_DASHBOARD_PORT": "9002"}).port == 9002


def test_whoever_wants_none_gets_none_and_no_line(config: Path):
    config.write_text("[dashboard]\nport = 0\n")
    none = dashboard.Dashboard(port=None, line="")
    assert dashboard.of_account(config, {}) == none
    assert dashboard.of_account(None, {"DASHBOARD_PORT": "0"}) == none
    assert dashboard.of_demo({"DASHBOARD_PORT": "0"}) == none


def test_the_demos_says_its_token():
    found = dashboard.of_demo({"DASHBOARD_PORT": "9001"})
    assert found.line == "The bot's dashboard: http://127.0.0.1:9001/ (token: sandbox-dashboard)"


@pytest.mark.parametrize("port", ["x", "65536", "-1"])
def test_a_port_that_is_none_is_named(port: str):
    with pytest.raises(ComposeError, match=f"DASHBOARD_PORT={port} is no port"):
        dashboard.of_demo({"DASHBOARD_PORT": port})
