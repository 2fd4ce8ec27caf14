"""What ``/metrics`` of ``alternator web`` tells. An account is no label: there are thousands."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from alternator.dashboard.metrics import gauge
from alternator.errors import StateError
from alternator.roles.role_metrics import RoleMetrics


class ClusterMetrics(RoleMetrics):
    """What every role tells of the cluster, and the accounts that are enrolled."""

    def own(self) -> Iterator[Metric]:
        """Nothing while the database can't be asked."""
        try:
            entries = self._cluster.enrolment.all()
        except StateError:
            return
        accounts = gauge("enrolled_accounts", "Accounts to watch, by source.", "source")
        for source in ("config", "member"):
            accounts.add_metric([source], sum(one.source == source for one in entries))
        yield accounts
        unwatched = gauge("accounts_not_watched", "Accounts that are not, by why.", "why")
        unwatched.add_metric(["paused"], sum(one.paused for one in entries))
        unheld = sum(not one.paused and one.holder is None for one in entries)
        unwatched.add_metric(["no_bot"], unheld)
        yield unwatched
