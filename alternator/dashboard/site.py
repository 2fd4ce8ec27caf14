"""What the dashboard's pages are made of: the accounts, who may come, the templates."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alternator.dashboard import words
from alternator.dashboard.access import Access
from alternator.dashboard.door import is_open
from alternator.dashboard.errors import PageError
from alternator.dashboard.hardware import Hardware
from alternator.dashboard.views import ALL, PER_PAGE, number_of
from alternator.dashboard.watched import Watched

# What a page says after something was done, by the word in its address: nobody else's words.
SAID: Mapping[str, str] = {
    "retried": "It will be tried again in its turn.",
    "retried-all": "Everything that was given up will be tried again.",
    "nothing": "There was nothing to do any more.",
    "resumed": "Editing goes on.",
    "approved": "The draft is approved. The bot writes it into the post in its turn.",
    "refused": "The draft is refused. Nothing is written.",
    "asked-rewrite": "The new words are handed to the bot, which writes them into the post.",
    "asked-undo": "The bot takes the description back.",
    "asked-again": "The bot takes the description back and makes a new one.",
}
OF_ACCOUNT = (
    ("/", "Overview"),
    ("/posts", "Posts"),
    ("/drafts", "Drafts"),
    ("/failures", "Failures"),
    ("/settings", "Settings"),
)
OF_CLUSTER = (("/", "Cluster"), ("/accounts", "Accounts"), ("/jobs", "Dead jobs"))


def environment(*packages: str) -> Environment:
    """The templates, of these packages first. What is not escaped in them is our own."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(one) for one in (*packages, "alternator.dashboard")]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"moment": words.moment, "iso": words.iso, "duration": words.duration}
    made.globals |= {"states": words.STATES, "all_states": ALL, "per_page": PER_PAGE}
    return made


class Elsewhere(Protocol):
    """Accounts that other processes work for: looked up by a number when a page is about one."""

    def get(self, number: int) -> Watched | None: ...


@dataclass(frozen=True, kw_only=True)
class Site:
    """What the pages are made of.

    ``watched`` are the accounts of this process, by their places. ``elsewhere`` are others', where
    there are such: then none is shown before it was chosen. ``hardware`` is this machine's, None
    where others compute. What is below ``open_to`` looks itself who comes.
    """

    watched: Sequence[Watched]
    access: Access
    hardware: Hardware | None
    now: Callable[[], float] = time.time
    templates: Environment = field(default_factory=environment)
    elsewhere: Elsewhere | None = None
    open_to: Collection[str] = ()

    def account(self, asked: Mapping[str, str]) -> tuple[int, Watched]:
        """The account that a query or a form is about, and its number."""
        number = number_of(asked, "account", 0)
        found = None
        if self.elsewhere is not None:
            found = self.elsewhere.get(number)
        elif number < len(self.watched):
            found = self.watched[number]
        if found is None:
            raise PageError(404, "There is no such account.")
        return number, found

    def links(self, path: str, number: int) -> list[tuple[str, str, bool]]:
        """Where the row at the top leads: address, name, and whether that is this page."""
        query = f"?account={number}" if number else ""
        found = []
        if self.elsewhere is not None:
            found += [(to, name, path == to and not number) for to, name in OF_CLUSTER]
        if self.elsewhere is None or number:
            found += [(f"{to}{query}", name, is_below(path, to)) for to, name in OF_ACCOUNT]
        return found

    def signed_in(self, asked: Mapping[str, str]) -> tuple[int, Watched]:
        """The same; PageError while nothing is known of it."""
        number, watched = self.account(asked)
        if not watched.account.is_signed_in:
            raise PageError(503, "The account is not signed in yet: its server is waited for.")
        return number, watched

    # size: what every page needs beside its own.
    def page(
        self, request: Request, name: str, *, status: int = 200, number: int = 0, **own: object
    ) -> Response:
        """A page, with what all of them show."""
        now = self.now()
        # Whose they are is nobody's business who has not shown the token.
        is_anybodys = self.access.token is not None and is_open(request.url.path, self.open_to)
        text = self.templates.get_template(name).render(
            accounts=() if is_anybodys else self.watched,
            number=number,
            query=f"?account={number}" if number else "",
            links=[] if is_anybodys else self.links(request.url.path, number),
            path=request.url.path,
            said=SAID.get(request.query_params.get("said", ""), ""),
            with_token=self.access.token is not None and not is_anybodys,
            now=now,
            ago=partial(words.ago, now=now),
            **own,
        )
        return HTMLResponse(text, status_code=status)


def is_below(path: str, to: str) -> bool:
    """Whether a page is this one, or of one of its posts."""
    return path == to or (to != "/" and path.startswith(f"{to}/"))
