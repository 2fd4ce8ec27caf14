"""``alternator web`` on loopback for members of a sandbox server, and a member's browser."""

import threading
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any, Self

import psycopg
import requests
import uvicorn
from owner import answer
from waiting import wait_for

from alternator.config.dashboard import DashboardSettings
from alternator.config.database import DatabaseSettings
from alternator.config.settings import Config, MastodonSettings
from alternator.config.signup import SignupSettings
from alternator.dashboard.server import listening
from alternator.members.cipher import Cipher, new_key
from alternator.store.cluster import OF_ACCOUNT, Enrolled
from alternator.store.postgres.store import PostgresStore
from alternator.website.app import web_app
from sandbox.server import SandboxServer

TOKEN = "a-token-of-the-dashboard"
SECONDS = 20


class Site:
    """Where the pages are, who visits them, and where a server leads whoever is asked there."""

    url: str

    def visit(self) -> "Visit":
        """Somebody's browser."""
        return Visit(self)

    def operator(self) -> "Visit":
        """The operator's, who knows the dashboard's token."""
        visit = self.visit()
        visit.session.headers["Authorization"] = f"Bearer {TOKEN}"
        return visit

    def way_back(self, asked: str, *, user: str, allow: bool) -> str:
        """Where the server leads whoever answers there: the address is not gone to."""
        found = answer(asked, allow=allow, user=user, follow=False)
        return found.headers["Location"]


class Visit:
    """A browser without a screen: it keeps cookies, follows no redirect by itself."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.origin = site.url  # as the browser knows the site
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, **headers: str) -> requests.Response:
        """A page."""
        url = path if "://" in path else f"{self.site.url}{path}"
        return self.session.get(url, headers=headers, timeout=SECONDS, allow_redirects=False)

    def send(self, path: str, **fields: str) -> requests.Response:
        """A form, as a browser sends it from a page of the site."""
        return self.session.post(
            f"{self.site.url}{path}",
            data=fields,
            headers={"Origin": self.origin},
            timeout=SECONDS,
            allow_redirects=False,
        )

    def begin(self, **fields: str) -> str:
        """Press "Connect"; the server's address where the owner is asked."""
        found = self.send("/join/begin", **fields)
        assert found.status_code == 303, found.text
        return found.headers["Location"]

    def way_back(self, asked: str, *, user: str = "demo", allow: bool = True) -> str:
        """Where the server sends the owner who answers at an address."""
        return self.site.way_back(asked, user=user, allow=allow)

    def join(self, user: str = "demo") -> requests.Response:
        """Connect an account, all the way."""
        return self.get(self.way_back(self.begin(), user=user))


class MemberWebsite(Site):
    """The site over a database of PostgreSQL, until the ``with`` block ends."""

    # size: the server whose members come, what is kept where, and what a test sets.
    def __init__(
        self,
        server: SandboxServer,
        database: DatabaseSettings,
        *,
        configured: tuple[Config, ...] = (),
        sections: Mapping[str, Any] | None = None,
        closed: bool = False,
        **signup: Any,
    ) -> None:
        self.server = server
        self.database = database
        self.configured = configured
        servers = () if closed else (server.url,)
        self.signup = replace(SignupSettings(server=servers, key=new_key()), **signup)
        self.key = self.signup.key or ""
        mastodon = MastodonSettings(instance_url=server.url, access_token="")
        self.base = replace(Config(mastodon=mastodon), **(sections or {}))
        self.url = ""
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        home = PostgresStore(self.database, role="web", shared=True)
        self.store = self._ending.enter_context(closing(home))
        self.cluster = self.store.cluster
        sockets = listening(replace(DashboardSettings(), port=0))
        for one in sockets:
            self._ending.callback(one.close)
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        self.signup = replace(self.signup, address=self.url)
        self.base = replace(self.base, signup=self.signup, dashboard=DashboardSettings(token=TOKEN))
        cipher = Cipher(self.key) if self.signup.server else None
        app = web_app(self.base, self.configured, self.store, self.cluster, cipher)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
        thread.start()

        def end() -> None:
            server.should_exit = True
            thread.join(SECONDS)

        self._ending.callback(end)
        wait_for(lambda: server.started, what="the members' pages")
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement gives, beside the site."""
        assert self.database.url is not None
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def rows(self, account: int) -> dict[str, int]:
        """How many rows an account has in each table that has such."""
        return {
            table: self.query(f"SELECT count(*) FROM {table} WHERE account = {account}")[0][0]
            for table in OF_ACCOUNT
        }

    def dump(self) -> str:
        """The whole of the database as text: its tables are looked up, so that none is missed.

        Bytes stand in it as they are, so that what they hold can be looked for.
        """
        tables = self.query("SELECT relname FROM pg_stat_user_tables")
        lines = []
        for (table,) in sorted(tables):
            lines += [f"{table}: {row!r}" for row in self.query(f"SELECT * FROM {table}")]
        return "\n".join(lines)

    @property
    def members(self) -> list[Enrolled]:
        """Who is enrolled."""
        return list(self.cluster.enrolment.all(source="member"))

    @property
    def granted(self) -> list[str]:
        """The tokens that the server has given and not taken back."""
        return list(self.server.sandbox.oauth._tokens)
