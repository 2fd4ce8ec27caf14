"""``alternator web`` as a process: from its start to its end, by its configuration."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests
from waiting import wait_for

from alternator.accounts.oauth import App
from alternator.config.dashboard import DashboardSettings
from alternator.config.database import DatabaseSettings
from alternator.config.load import ClusterConfig
from alternator.config.settings import Config, MastodonSettings, StateSettings
from alternator.config.signup import SignupSettings
from alternator.errors import ConfigError
from alternator.members.cipher import Cipher, new_key
from alternator.members.credentials import Credentials, sealed
from alternator.stopping import Stop
from alternator.store.cluster import Enrolled
from alternator.store.postgres.store import PostgresStore
from alternator.website.run import check_tokens, serve

ACCOUNT = MastodonSettings(instance_url="https://social.example", access_token="")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """The command in a process of its own."""
    names = {f"ALTERNATOR_{key}": value for key, value in environment.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "alternator", "web"],
        env=os.environ | names,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_it_serves_says_that_it_is_there_and_ends(tmp_path: Path, database: DatabaseSettings):
    port, health, key = free_port(), free_port(), new_key()
    assert database.url is not None
    with running(
        tmp_path,
        DATABASE_URL=database.url,
        STATE_DIR=str(tmp_path / "state"),
        DASHBOARD_PORT=str(port),
        HEALTH_PORT=str(health),
        SIGNUP_SERVER="https://social.example",
        SIGNUP_ADDRESS=f"http://127.0.0.1:{port}",
        SIGNUP_KEY=key,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{url}/join") or process.poll() is not None, 60, "the pages")
        assert process.poll() is None, process.communicate()[0]
        assert "social.example" in requests.get(f"{url}/join", timeout=20).text
        assert requests.get(f"{url}/readyz", timeout=20).text == "ready\n"
        well = requests.get(f"http://127.0.0.1:{health}/health", timeout=20)
        assert well.json() == {"status": "ok", "role": "web"}
        store = PostgresStore(database, role="test", shared=True)
        try:
            seen = store.cluster.processes.seen
            wait_for(lambda: [one.role for one in seen()] == ["web"], 20, "its presence")
            assert '<th scope="row">web</th>' in requests.get(url, timeout=20).text
            # The key is in no list of processes that others see.
            assert key not in Path(f"/proc/{process.pid}/cmdline").read_text("utf-8")
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=30)[0]
            assert process.returncode == 0, said
            assert seen() == []
        finally:
            store.close()
    assert f"members connect at {url}/join" in said and key not in said
    assert "Traceback" not in said


def test_whose_token_no_key_opens_is_named(
    database: DatabaseSettings, caplog: pytest.LogCaptureFixture
):
    with closing(PostgresStore(database, role="test", shared=True)) as store:
        old, new = Cipher(new_key()), Cipher(new_key())
        app = App(client_id="i", client_secret="s")
        for name, cipher in (("ann", old), ("bob", new)):
            token = sealed(Credentials(token=f"a-token-of-{name}", app=app), cipher)
            store.cluster.enrolment.enrol(
                Enrolled(key=name, source="member", server="x", handle=f"{name}@x", token=token)
            )
        check_tokens(store.cluster, new)
    (line,) = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert "kept of ann@x" in line and "a-token" not in line


def config_of(directory: Path, database: DatabaseSettings, **sections: object) -> ClusterConfig:
    base = Config(
        mastodon=ACCOUNT,
        database=database,
        state=StateSettings(directory=directory),
        **sections,  # type: ignore[arg-type]
    )
    return ClusterConfig(base=base, accounts=())


@pytest.mark.parametrize(
    ("dashboard", "signup", "message"),
    [
        (DashboardSettings(port=0), SignupSettings(), "nothing to serve"),
        (DashboardSettings(host="0.0.0.0"), SignupSettings(), "everybody there could open"),
        (
            DashboardSettings(),
            SignupSettings(server=("https://social.example",)),
            "address is not set",
        ),
        (
            DashboardSettings(),
            SignupSettings(server=("https://x.example",), address="http://127.0.0.1:1"),
            "key is not set",
        ),
        (
            DashboardSettings(),
            SignupSettings(server=("https://x.example",), address="http://localhost", key="abc"),
            "is no key",
        ),
    ],
)
def test_what_can_t_be_served_is_said_at_the_start(
    tmp_path: Path, dashboard: DashboardSettings, signup: SignupSettings, message: str
):
    config = config_of(tmp_path, DatabaseSettings(), dashboard=dashboard, signup=signup)
    with pytest.raises(ConfigError, match=message):
        serve(config, Stop())


def test_a_port_that_is_taken_is_said(tmp_path: Path, database: DatabaseSettings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = config_of(tmp_path, database, dashboard=DashboardSettings(port=port))
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port} can't be listened on"):
            serve(config, Stop())
