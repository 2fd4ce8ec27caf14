"""The pages: each reads what it shows, in a thread of its own, and fills its template."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from alternator.dashboard import plots
from alternator.dashboard.errors import PageError
from alternator.dashboard.settings_view import sections_of
from alternator.dashboard.site import Site
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
from alternator.store.listing import Described, Listed

MOST_REASONS = 8


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
