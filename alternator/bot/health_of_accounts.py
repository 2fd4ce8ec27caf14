"""``GET /health`` of a bot with several accounts: each of them, and how they are as one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypedDict

from alternator.accounts.health import ServerState
from alternator.bot.health import Health
from alternator.bot.health_report import Report, WorkerLine
from alternator.store.outcomes import AttachmentState

# Of several servers, the first of these that one of them is in.
WORST_FIRST: tuple[ServerState, ...] = ("refusing", "unreachable", "unknown", "reachable")


class AccountLine(TypedDict):
    """One account, in the words of a bot's own answer."""

    name: str
    status: str
    server: ServerState
    server_since: str | None
    last_success: str | None
    queue: Mapping[AttachmentState, int]
    halted: str | None


class ReportOfAccounts(TypedDict):
    """The body of an answer: the keys of one account's, for all of them, and each one's.

    ``server`` is the worst of them, ``queue`` the sum, ``last_success`` the latest; what ``status``
    and ``halted`` say begins with the account's name.
    """

    status: str
    worker: str
    workers: list[WorkerLine]
    server: ServerState
    server_since: str | None
    last_success: str | None
    queue: Mapping[AttachmentState, int]
    halted: str | None
    accounts: list[AccountLine]


class HealthOfAccounts:
    """The accounts' records by their names. They are told by the accounts' own threads."""

    def __init__(self, accounts: Mapping[str, Health]) -> None:
        self._accounts = accounts

    def report(self) -> tuple[int, ReportOfAccounts]:
        """HTTP status and body of an answer."""
        found = [(name, *health.report()) for name, health in self._accounts.items()]
        reports = {name: report for name, _, report in found}
        ill = [f"{name}: {report['status']}" for name, code, report in found if code != 200]
        halted = [f"{name}: {one['halted']}" for name, one in reports.items() if one["halted"]]
        worst = min(reports.values(), key=lambda report: WORST_FIRST.index(report["server"]))
        counts: Counter[AttachmentState] = Counter()
        for report in reports.values():
            counts.update(report["queue"])
        body = ReportOfAccounts(
            status=status_of(list(reports.values()), ill),
            worker=worst["worker"],
            workers=worst["workers"],
            server=worst["server"],
            server_since=worst["server_since"],
            last_success=latest([report["last_success"] for report in reports.values()]),
            queue=dict(counts),
            halted="; ".join(halted) or None,
            accounts=[line_of(name, report) for name, report in reports.items()],
        )
        return (503 if ill else 200), body


def status_of(reports: Sequence[Report], ill: Sequence[str]) -> str:
    """ "ok", or what is wrong with which account."""
    if all(report["status"] == "starting" for report in reports):
        return "starting"
    return "; ".join(ill) or "ok"


def latest(moments: Sequence[str | None]) -> str | None:
    """The latest of some times in ISO 8601, all of them in UTC."""
    return max((moment for moment in moments if moment is not None), default=None)


def line_of(name: str, report: Report) -> AccountLine:
    """One account's line: what its report has that is not of the whole bot."""
    return AccountLine(
        name=name,
        status=report["status"],
        server=report["server"],
        server_since=report["server_since"],
        last_success=report["last_success"],
        queue=report["queue"],
        halted=report["halted"],
    )
