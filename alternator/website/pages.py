"""The operator's pages of a cluster: its processes and queues, its accounts, its dead jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from alternator.dashboard import pages as dashboard
from alternator.dashboard.errors import PageError
from alternator.dashboard.pages import link
from alternator.dashboard.site import Site
from alternator.dashboard.views import PER_PAGE, Pages, number_of
from alternator.members.choices import choices_of
from alternator.members.config_of import posts_an_hour
from alternator.members.credentials import name_of
from alternator.members.entry import hold, is_held
from alternator.store.cluster import (
    GONE_SECONDS,
    Cluster,
    Enrolled,
    Enrolment,
    Process,
    Source,
)
from alternator.store.outcomes import AttachmentState
from alternator.website.stored import StoredAccounts, watcher_of

Fields = Mapping[str, str]
MOST_JOBS = 100
SOURCES = {"": "all", "member": "members", "config": "of the configuration"}
KINDS: Mapping[str, Source] = {"member": "member", "config": "config"}
SAID = {
    "account-paused": "The account is paused: nothing is begun for it any more.",
    "account-resumed": "The account goes on.",
    "job-retried": "The job is tried again in its turn.",
    "no-job": "That job was not dead any more.",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One account of the list. ``queue`` is None before it was ever signed in."""

    entry: Enrolled
    name: str
    queue: Mapping[AttachmentState, int] | None
    is_held: bool
    is_watched: bool
    chosen: str


@dataclass(frozen=True, kw_only=True)
class ClusterSite:
    """What those pages are made of, beside the dashboard's site."""

    site: Site
    cluster: Cluster
    accounts: StoredAccounts


def front(pages: ClusterSite, request: Request) -> Response:
    """Who is there and what waits; the overview of an account where one was chosen."""
    if number_of(request.query_params, "account", 0):
        return dashboard.overview(pages.site, request)
    cluster, now = pages.cluster, pages.site.now()
    there = [one for one in cluster.processes.seen() if now - one.seen < GONE_SECONDS]
    return pages.site.page(
        request,
        "cluster.html",
        processes=sorted(there, key=lambda one: (one.role, one.host, one.pid)),
        queues=cluster.jobs.facts(),
        dead=len(cluster.jobs.dead(MOST_JOBS)),
        most_jobs=MOST_JOBS,
        totals=cluster.enrolment.totals(),
    )


def accounts(pages: ClusterSite, request: Request) -> Response:
    """The accounts, a page at a time, found by a part of their names."""
    asked = request.query_params
    wanted, source = asked.get("name", "").strip().lower()[:100], asked.get("source", "")
    if source not in SOURCES:
        raise PageError(404, "There is no such kind of accounts.")
    kind = KINDS.get(source)
    found, total = page_of(pages.cluster.enrolment, wanted, kind, number_of(asked, "page"))
    there = pages.cluster.processes.seen()
    return pages.site.page(
        request,
        "accounts.html",
        rows=[row_of(pages, entry, there) for entry in found],
        pages=total,
        wanted=wanted,
        source=source,
        sources=SOURCES,
        link=partial(link, request),
        posts_an_hour=posts_an_hour(pages.accounts.base),
        note=SAID.get(asked.get("said", ""), ""),
        quote=partial(quote, safe=""),
    )


def page_of(
    enrolment: Enrolment, name: str, source: Source | None, page: int
) -> tuple[Sequence[Enrolled], Pages]:
    """Those of one page, the last one where there are not so many."""
    skip = (page - 1) * PER_PAGE
    found, total = enrolment.found(name, source=source, most=PER_PAGE, skip=skip)
    of = max(-(-total // PER_PAGE), 1)
    if page > of:
        return page_of(enrolment, name, source, of)
    first, last = (skip + 1 if found else 0), skip + len(found)
    return found, Pages(number=page, of=of, first=first, last=last, total=total)


def row_of(pages: ClusterSite, entry: Enrolled, processes: Sequence[Process]) -> Row:
    """What the list shows of an account."""
    seen = pages.accounts.of(entry).account
    chosen = choices_of(entry.settings, pages.accounts.base.signup, name_of(entry)).kept()
    return Row(
        entry=entry,
        name=name_of(entry),
        queue=seen.queue() if seen.is_signed_in else None,
        is_held=is_held(entry),
        is_watched=watcher_of(entry, processes, pages.site.now()) is not None,
        chosen=", ".join(chosen),
    )


def jobs(pages: ClusterSite, request: Request) -> Response:
    """What the workers could not end."""
    found = pages.cluster.jobs.dead(MOST_JOBS)
    names = {}
    for account in {job.account for job in found}:
        entry = pages.cluster.enrolment.of_account(account)
        names[account] = "" if entry is None else name_of(entry)
    note = SAID.get(request.query_params.get("said", ""), "")
    return pages.site.page(request, "jobs.html", jobs=found, names=names, most=MOST_JOBS, note=note)


def retry_job(pages: ClusterSite, fields: Fields, path: Mapping[str, str]) -> str:
    """Try a dead job again."""
    again = pages.cluster.jobs.retry(int(path["job"]))
    return f"/jobs?said={'job-retried' if again else 'no-job'}"


def pause(pages: ClusterSite, fields: Fields, path: Mapping[str, str]) -> str:
    """The operator pauses an account, or lets it go on."""
    entry = pages.cluster.enrolment.get(fields.get("key", ""))
    if entry is None:
        raise PageError(404, "There is no such account any more.")
    held = fields.get("held") == "yes"
    hold(pages.cluster.enrolment, entry, held)
    return f"/accounts?said={'account-paused' if held else 'account-resumed'}"
