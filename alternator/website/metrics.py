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
            found = self._cluster.enrolment.totals()
        except StateError:
            return
        accounts = gauge("enrolled_accounts", "Accounts to watch, by source.", "source")
        accounts.add_metric(["config"], found.configured)
        accounts.add_metric(["member"], found.members)
        yield accounts
        unwatched = gauge("accounts_not_watched", "Accounts that are not, by why.", "why")
        unwatched.add_metric(["paused"], found.paused)
        unwatched.add_metric(["no_bot"], found.unwatched)
        yield unwatched
