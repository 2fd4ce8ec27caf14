"""``alternator web`` over a database, and its pages as a browser on this machine gets them."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import requests

from alternator.members.cipher import Cipher
from alternator.members.session import session_cookie
from alternator.store.postgres.store import PostgresStore
from bench.scale.scene import PostgresServer, process, wait_for

TOKEN = "a-token-of-the-dashboard"
SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Site:
    """The site, its operator's browser, and those of members."""

    url: str
    pid: int
    store: PostgresStore
    cipher: Cipher
    environ: Mapping[str, str]
    operator: requests.Session = field(default_factory=requests.Session)
    member: requests.Session = field(default_factory=requests.Session)
    cookies: dict[int, str] = field(default_factory=dict)

    def get(self, path: str) -> None:
        """A page of the operator's, which must be there."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        whole(self.operator.get(f"{self.url}{path}", headers=headers, **ASKED))

    def get_as(self, account: int, path: str) -> None:
        """A page of the member with this account."""
        if account not in self.cookies:
            entry = self.store.cluster.enrolment.of_account(account)
            assert entry is not None, "it is enrolled"
            self.cookies[account] = session_cookie(entry, self.cipher, time.time())
        headers = {"Cookie": f"alternator_member={self.cookies[account]}"}
        whole(self.member.get(f"{self.url}{path}", headers=headers, **ASKED))

    def run(self, *words: str) -> None:
        """A command that looks at the database. RuntimeError unless it says how that is."""
        command = [sys.executable, "-m", "alternator", *words]
        done = subprocess.run(command, env=self.environ, capture_output=True, check=False)
        if not done.stdout.startswith(b"the cluster is"):
            raise RuntimeError(f"{words}: {done.stdout!r} {done.stderr!r}")


ASKED = {"timeout": SECONDS, "allow_redirects": False}


def whole(answer: requests.Response) -> None:
    """RuntimeError unless a page came, to its end."""
    if answer.status_code != 200 or not answer.content:
        raise RuntimeError(f"{answer.url}: {answer.status_code} {answer.text[:200]}")


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def website(  # size: what the command is told
    postgres: PostgresServer, name: str, store: PostgresStore, server: str, key: str, port: int = 0
) -> Iterator[Site]:
    """The command in a process of its own, until the block ends; at a free port, if none is said.

    The address is the one that its members' browsers know, so a site that is started again needs
    the port that it had.
    """
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        environ = {
            "ALTERNATOR_DATABASE_URL": postgres.url(name),
            "ALTERNATOR_STATE_DIRECTORY": folder,
            "ALTERNATOR_DASHBOARD_PORT": str(port),
            "ALTERNATOR_DASHBOARD_TOKEN": TOKEN,
            "ALTERNATOR_HEALTH_PORT": "0",
            "ALTERNATOR_SIGNUP_SERVER": server,
            "ALTERNATOR_SIGNUP_ADDRESS": url,
            "ALTERNATOR_SIGNUP_KEY": key,
        }
        pid = stack.enter_context(process(["-m", "alternator", "web"], environ))
        wait_for(lambda: answers(url), "the start of the pages")
        yield Site(url=url, pid=pid, store=store, cipher=Cipher(key), environ=os.environ | environ)


def answers(url: str) -> bool:
    """Whether it is there."""
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
