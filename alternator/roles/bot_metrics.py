"""What ``/metrics`` of a watcher tells (https://prometheus.io/docs/practices/naming/)."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from alternator.dashboard.metrics import gauge
from alternator.roles.bot_health import Watching
from alternator.roles.role_metrics import RoleMetrics
from alternator.store.cluster import Cluster


class BotRoleMetrics(RoleMetrics):
    """The cluster's queue, and the accounts that this process watches."""

    def __init__(self, cluster: Cluster, bot: Watching) -> None:
        super().__init__(cluster)
        self._bot = bot

    def own(self) -> Iterator[Metric]:
        """What this process knows."""
        watches = self._bot.watches
        accounts = gauge("watched_accounts", "Accounts that this process watches.", "state")
        for state, number in (
            ("signed in", sum(one.account.is_signed_in for one in watches)),
            ("streaming", sum(one.is_streaming for one in watches)),
            ("failing", sum(one.account.health.report.failing for one in watches)),
            ("all", len(watches)),
        ):
            accounts.add_metric([state], number)
        yield accounts
        found = CounterMetricFamily(
            "alternator_attachments_found",
            "Attachments without a description that this process has found since its start.",
        )
        found.add_metric([], sum(one.found for one in watches))
        yield found
