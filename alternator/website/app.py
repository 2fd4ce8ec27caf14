"""The routes of ``alternator web``: the dashboard's, the cluster's and the members'."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from alternator.config.settings import Config
from alternator.dashboard.access import Access
from alternator.dashboard.app import create_app, in_lines
from alternator.dashboard.door import Door
from alternator.dashboard.forms import form_of
from alternator.dashboard.site import Site, environment
from alternator.errors import StateError
from alternator.members.checked import host_of
from alternator.members.cipher import Cipher
from alternator.members.joining import Joining
from alternator.members.limits import Limits
from alternator.members.pages import OPEN_TO, routes_of
from alternator.members.picture_page import route_of
from alternator.members.pictures import MemberPictures
from alternator.members.site import MemberSite
from alternator.members.states import States
from alternator.store.cluster import Cluster
from alternator.store.interface import Store
from alternator.website import pages
from alternator.website.metrics import ClusterMetrics
from alternator.website.pages import ClusterSite
from alternator.website.stored import StoredAccounts

log = logging.getLogger(__name__)

ClusterPage = Callable[[ClusterSite, Request], Response]
ClusterAction = Callable[[ClusterSite, Mapping[str, str], Mapping[str, str]], str]
PAGES: Mapping[str, ClusterPage] = {
    "/": pages.front,
    "/accounts": pages.accounts,
    "/jobs": pages.jobs,
}
ACTIONS: Mapping[str, ClusterAction] = {
    "/accounts/pause": pages.pause,
    "/jobs/{job:int}/retry": pages.retry_job,
}


# size: what is configured for all and for each, what is kept, the keys, the time.
def web_app(
    base: Config,
    configured: Sequence[Config],
    store: Store,
    cluster: Cluster,
    cipher: Cipher | None,
    now: Callable[[], float] = time.time,
) -> Door:
    """The application. ``cipher`` is None where nobody may connect."""
    states, limits = States(store), Limits()
    accounts = StoredAccounts(base, configured, cluster, states, limits, now)
    names = (*base.dashboard.names, *filter(None, [host_of(base.signup)]))
    site = Site(
        watched=(),
        access=Access(token=base.dashboard.token, names=names),
        hardware=None,
        now=now,
        templates=environment("alternator.website"),
        elsewhere=accounts,
        open_to=OPEN_TO,
    )
    routes = routes_of_cluster(ClusterSite(site=site, cluster=cluster, accounts=accounts))
    if cipher is not None:
        pictures = MemberPictures(base, cluster, states, cipher)
        pictures.begin()
        members = MemberSite(
            base=base,
            cluster=cluster,
            states=states,
            cipher=cipher,
            joining=Joining(base, store, cluster, cipher),
            limits=limits,
            pictures=pictures,
            now=now,
        )
        routes += [*routes_of(members), route_of(members)]
    return create_app(site, routes)


def routes_of_cluster(site: ClusterSite) -> list[BaseRoute]:
    """The operator's pages, and what is for machines."""
    metrics = ClusterMetrics(site.cluster)

    def alive(site: ClusterSite, request: Request) -> Response:
        return in_lines([], "alive")  # a restart would mend nothing of a database that is gone

    def ready(site: ClusterSite, request: Request) -> Response:
        try:
            site.cluster.processes.seen()
        except StateError as error:
            # What it says may name the database, which is nobody's business who asks for this.
            log.warning("the database can't be asked: %s", error)
            return in_lines(["the database can't be asked"], "ready")
        return in_lines([], "ready")

    def measured(site: ClusterSite, request: Request) -> Response:
        found = metrics.answer()
        return Response(found.content, media_type=found.kind)

    machines: Mapping[str, ClusterPage] = {
        "/healthz": alive,
        "/readyz": ready,
        "/metrics": measured,
    }
    return [
        *(Route(path, shown(site, page)) for path, page in {**PAGES, **machines}.items()),
        *(Route(path, done(site, act), methods=["POST"]) for path, act in ACTIONS.items()),
    ]


def shown(site: ClusterSite, page: ClusterPage) -> Callable[[Request], Awaitable[Response]]:
    """A page as an endpoint, made in a thread of its own."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(page, site, request)

    return endpoint


def done(site: ClusterSite, action: ClusterAction) -> Callable[[Request], Awaitable[Response]]:
    """An action as an endpoint."""

    async def endpoint(request: Request) -> Response:
        fields = await form_of(request)
        path = {key: str(value) for key, value in request.path_params.items()}
        made = partial(action, site, fields, path)
        return RedirectResponse(await run_in_threadpool(made), status_code=303)

    return endpoint
