"""The pages of members: what it is about, what was done for one, and how one leaves."""

import json
from collections.abc import Mapping
from functools import partial
from math import ceil
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from alternator.dashboard.views import Filter, filter_of, number_of, results, written_on
from alternator.errors import KeyMismatchError
from alternator.members import actions
from alternator.members.choices import choices_of
from alternator.members.config_of import posts_an_hour, shown_config_of
from alternator.members.credentials import credentials_of, name_of
from alternator.members.entry import is_held
from alternator.members.leaving import BY_HAND, export_of
from alternator.members.names import language_names
from alternator.members.services import services_of
from alternator.members.site import MemberSite, Page, done, shown, to
from alternator.store.cluster import Enrolled
from alternator.store.interface import AccountState

OPEN_TO = ("/join", "/me")
MINUTE = 60.0


def join(site: MemberSite, request: Request) -> Response:
    """What is done, who sees what, what is kept; and the way in."""
    return site.page(
        request,
        "join.html",
        base=site.base,
        settings=site.base.signup,
        services=services_of(site.base),
        hourly=posts_an_hour(site.base),
        member=site.visitor(request),
    )


def left(site: MemberSite, request: Request) -> Response:
    """What one reads who has left."""
    return site.page(
        request, "left.html", revoked="by-hand" not in request.query_params, by_hand=BY_HAND
    )


def me(site: MemberSite, request: Request) -> Response:
    """What was and is done for a member, and what there is to choose."""
    entry = site.visitor(request)
    if entry is None:
        return to("/join")
    state = site.states.get(entry.account)
    wanted: Filter = filter_of(request.query_params)
    found = None
    if state is not None:
        found = results(state, wanted, number_of(request.query_params, "page"))
    choices = choices_of(entry.settings, site.base.signup, name_of(entry))
    config = shown_config_of(site.base, entry, choices)
    return site.page(
        request,
        "me.html",
        member=entry,
        held=is_held(entry),
        refused=is_refused(site, entry),
        counts={} if state is None else state.counts(),
        halted=None if state is None else state.halted(),
        minutes=minutes_to_wait(state, config.pace.edits_per_hour),
        hourly=config.pace.edits_per_hour,
        drafts=() if state is None else state.drafts.listed(),
        limit=site.description_limit(entry.server),
        wanted=wanted,
        results=found,
        texts={} if state is None or found is None else written_on(state, found.entries),
        url=partial(url_of, entry),
        link=partial(link, request),
        config=config,
        choices=choices,
        offered=site.base.signup.choices,
        modes=site.base.signup.modes,
        languages=language_names(),
    )


def is_refused(site: MemberSite, entry: Enrolled) -> bool:
    """Whether the member's server does not take the token any more that is kept now."""
    if entry.account is None:
        return False
    try:
        token = credentials_of(entry, site.cipher).token
    except KeyMismatchError:
        return False
    return site.cluster.limits.is_refused(entry.account, token)


def minutes_to_wait(state: AccountState | None, most: int) -> int:
    """How many minutes the next post waits for the hour's room; 0: it need not."""
    if state is None or not most:
        return 0
    return ceil(state.ledger.seconds_until_room("edit", most) / MINUTE)


def url_of(entry: Enrolled, status_id: str) -> str:
    """Where a member's post is on its server."""
    return f"{entry.server}/@{entry.handle.partition('@')[0]}/{status_id}"


def link(request: Request, **changes: object) -> str:
    """The address of this page with some of its query changed."""
    kept = {key: request.query_params.get(key, "") for key in ("state", "page", "post")}
    wanted = kept | {key: str(value) for key, value in changes.items()}
    return f"/me?{urlencode({key: value for key, value in wanted.items() if value})}"


def export(site: MemberSite, request: Request) -> Response:
    """All that is kept of a member, as a file."""
    entry = site.member(request)
    text = json.dumps(export_of(site.cluster, entry), indent=1, ensure_ascii=False, default=str)
    headers = {"Content-Disposition": 'attachment; filename="alternator-export.json"'}
    return Response(text, media_type="application/json", headers=headers)


def leave(site: MemberSite, request: Request) -> Response:
    """What it means to leave, and the button that does it."""
    return site.page(request, "leave.html", member=site.member(request))


PAGES: Mapping[str, Page] = {
    "/join": join,
    "/join/left": left,
    "/join/callback": actions.callback,
    "/me": me,
    "/me/export": export,
    "/me/leave": leave,
}


def routes_of(site: MemberSite) -> list[BaseRoute]:
    """The pages, and what their forms do."""
    return [
        *(Route(path, shown(site, page)) for path, page in PAGES.items()),
        *(Route(path, done(site, form), methods=["POST"]) for path, form in actions.FORMS.items()),
    ]
