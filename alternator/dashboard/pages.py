"""The pages: each reads what it shows, in a thread of its own, and fills its template."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alternator.dashboard import plots, words
from alternator.dashboard.access import Access
from alternator.dashboard.door import is_open
from alternator.dashboard.errors import PageError
from alternator.dashboard.hardware import Hardware
from alternator.dashboard.settings_view import sections_of
from alternator.dashboard.views import (
    ALL,
    PER_PAGE,
    Filter,
    filter_of,
    number_of,
    past_of,
    post_url,
    results,
    written_on,
)
from alternator.dashboard.watched import Watched
from alternator.store.listing import Described, Listed

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
MOST_REASONS = 8
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


def overview(site: Site, request: Request) -> Response:
    """What the bot does now, and how it did lately."""
    number, watched = site.account(request.query_params)
    span: plots.Span = "week" if request.query_params.get("span") == "week" else "day"
    condition = watched.condition()
    is_known = watched.account.is_signed_in
    now = site.now()
    found: Sequence[Described] = ()
    at_work: Sequence[Listed] = ()
    oldest, waiting_drafts = None, 0
    if is_known:
        state = watched.account.state
        found = state.listing.described_since(now - plots.SPANS[span][0])
        at_work = state.listing.page(["claimed"], most=MOST_REASONS)
        oldest = state.listing.oldest_waiting()
        waiting_drafts = len(state.drafts.listed())
    return site.page(
        request,
        # What changes while somebody looks at it is asked for alone.
        "live.html" if "hx-request" in request.headers else "overview.html",
        number=number,
        watched=watched,
        condition=condition,
        counts=watched.account.queue(),
        halted=watched.account.halted,
        at_work=at_work,
        oldest=oldest,
        drafts=waiting_drafts,
        span=span,
        pictures=(plots.throughput(found, span, now), plots.latency(found, span, now)),
        elsewhere=site.elsewhere is not None,
        hardware=site.hardware,
        seen=site.hardware.seen() if site.hardware is not None else None,
    )


def posts(site: Site, request: Request) -> Response:
    """The attachments, filtered, page by page."""
    number, watched = site.signed_in(request.query_params)
    wanted = filter_of(request.query_params)
    found = results(watched.account.state, wanted, number_of(request.query_params, "page"))
    return site.page(
        request,
        "posts.html",
        number=number,
        watched=watched,
        wanted=wanted,
        texts=written_on(watched.account.state, found.entries),
        link=partial(link, request),
        results=found,
    )


def failures(site: Site, request: Request) -> Response:
    """What was given up, with reasons."""
    number, watched = site.signed_in(request.query_params)
    found = results(
        watched.account.state, Filter(state="failed"), number_of(request.query_params, "page")
    )
    return site.page(
        request,
        "failures.html",
        number=number,
        watched=watched,
        results=found,
        link=partial(link, request),
        reasons=watched.account.state.listing.reasons("failed", MOST_REASONS),
    )


def one_post(site: Site, request: Request) -> Response:
    """One post: its attachments, and what can be done."""
    number, watched = site.signed_in(request.query_params)
    status_id = request.path_params["status_id"]
    listing = watched.account.state.listing
    entries = listing.page(ALL, most=PER_PAGE, status_id=status_id)
    if not entries:
        raise PageError(404, f"Nothing is remembered of a post {status_id[:40]!r}.")
    return site.page(
        request,
        "post.html",
        number=number,
        watched=watched,
        status_id=status_id,
        entries=entries,
        url=post_url(watched, status_id),
        past=past_of(watched.account.state, status_id),
        errands={
            one.attachment_id: one for one in watched.account.state.errands.waiting(status_id)
        },
        ended=watched.account.state.errands.ended(status_id),
        limit=watched.account.description_limit,
    )


def drafts(site: Site, request: Request) -> Response:
    """What waits for a person's word."""
    number, watched = site.signed_in(request.query_params)
    waiting = watched.account.state.drafts.listed()
    page = number_of(request.query_params, "page")
    of = max(-(-len(waiting) // PER_PAGE), 1)
    page = min(page, of)
    return site.page(
        request,
        "drafts.html",
        number=number,
        watched=watched,
        drafts=waiting[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(waiting),
        page_number=page,
        of=of,
        limit=watched.account.description_limit,
        link=partial(link, request),
        url=partial(post_url, watched),
    )


def settings(site: Site, request: Request) -> Response:
    """The settings in effect."""
    number, watched = site.account(request.query_params)
    return site.page(
        request,
        "settings.html",
        number=number,
        watched=watched,
        sections=list(sections_of(watched.config)),
    )


def link(request: Request, **changes: object) -> str:
    """The address of this page with some of its query changed."""
    query = {key: value for key, value in request.query_params.items() if key != "said"}
    wanted = {**query, **{key: str(value) for key, value in changes.items()}}
    return f"{request.url.path}?{urlencode({key: value for key, value in wanted.items() if value})}"
