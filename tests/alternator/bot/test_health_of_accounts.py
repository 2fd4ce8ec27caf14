from collections.abc import Mapping

from alternator.accounts.health import AccountHealth
from alternator.bot.health import Health
from alternator.bot.health_of_accounts import HealthOfAccounts
from alternator.errors import ServerError, TemporaryServerError
from alternator.store.outcomes import AttachmentState


class Parts:
    """What one account tells of itself."""

    def __init__(self, queue: Mapping[AttachmentState, int], halted: str | None = None) -> None:
        self.server = AccountHealth()
        self.counts = queue
        self.halted = halted
        self.now = 0.0
        self.health = Health(server=self.server, queue=self, worker=None, clock=lambda: self.now)

    def queue(self) -> Mapping[AttachmentState, int]:
        return self.counts


def of(**accounts: Parts) -> HealthOfAccounts:
    return HealthOfAccounts({name: parts.health for name, parts in accounts.items()})


def test_a_start_is_one_until_an_account_is_ready():
    work, home = Parts({}), Parts({})
    health = of(work=work, home=home)
    assert health.report()[0] == 503
    assert health.report()[1]["status"] == "starting"
    work.health.ready()
    assert health.report()[1]["status"] == "home: starting"


def test_the_sum_of_the_accounts_and_each_of_them():
    work = Parts({"waiting": 2, "described": 1})
    home = Parts({"waiting": 1}, halted="an edit did harm")
    for parts in (work, home):
        parts.health.ready()
        parts.server.recovered()
    work.health.succeeded()
    code, body = of(work=work, home=home).report()
    assert code == 200
    assert body["status"] == "ok"
    assert body["queue"] == {"waiting": 3, "described": 1}
    assert body["halted"] == "home: an edit did harm"
    assert body["last_success"] == body["accounts"][0]["last_success"] is not None
    assert [(line["name"], line["queue"]) for line in body["accounts"]] == [
        ("work", {"waiting": 2, "described": 1}),
        ("home", {"waiting": 1}),
    ]


def test_a_refused_token_is_told_and_is_no_fault_of_the_bot():
    work, home = Parts({}), Parts({})
    work.health.ready()
    work.server.recovered()
    home.server.failed(ServerError("no"))
    code, body = of(work=work, home=home).report()
    assert (code, body["status"], body["server"]) == (200, "ok", "refusing")
    assert [line["server"] for line in body["accounts"]] == ["reachable", "refusing"]
    home.server.failed(TemporaryServerError("away"))
    assert of(work=work, home=home).report()[1]["server"] == "unreachable"


def test_an_account_that_hangs_is_named():
    work, home = Parts({}), Parts({})
    for parts in (work, home):
        parts.health.ready()
        parts.server.recovered()
    home.now = 500.0
    code, body = of(work=work, home=home).report()
    assert code == 503
    assert body["status"] == "home: the bot has been silent for 500 s"
