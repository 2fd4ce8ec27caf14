"""How the website is, for ``alternator health`` and the cluster's list of processes."""

from collections.abc import Mapping

from alternator.errors import StateError
from alternator.store.cluster import Cluster


class WebHealth:
    """Asked by the threads that answer over HTTP. A restart mends nothing: it is well while it
    answers, and says whether the database does."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def facts(self) -> Mapping[str, object]:
        """What stands in the list of processes."""
        return {}

    def report(self) -> tuple[int, Mapping[str, object]]:
        """HTTP status and body for ``alternator health``."""
        try:
            self._cluster.now()
        except StateError as error:
            return 200, {"status": str(error), "role": "web"}
        return 200, {"status": "ok", "role": "web"}
