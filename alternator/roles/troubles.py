"""What workers notice and the bot tells: a GPU that is lost, the day's tokens that are used up.

Workers write no messages: each would write its own. They say in the database what is wrong, and the
bot that watches an account tells it, once a day whichever bot that is. Both are the operator's
concern, who has the endpoint and the GPUs: accounts of the configuration are told, members are not.
"""

import socket
from collections.abc import Callable
from contextlib import suppress

from alternator.alt_text.budget import Refused
from alternator.bot.bot import SpeechWorker
from alternator.bot.conduct import nothing_wrong
from alternator.bot.starting import workers_of
from alternator.bot.telling import LostGpu
from alternator.clock import Clock
from alternator.config.models import VisionSettings
from alternator.errors import StateError
from alternator.store.cluster import GONE_SECONDS, Cluster, Source
from alternator.store.troubles import GPU, TOKENS

SAY_SECONDS = 10.0


class GpuTrouble:
    """Says of this worker that its GPU is lost, while that is so. For its main thread."""

    def __init__(
        self, cluster: Cluster, process_id: str, speech: SpeechWorker | None, clock: Clock
    ) -> None:
        self._cluster = cluster
        self._kind = f"{GPU}{process_id}"
        self._lost = LostGpu(workers_of(speech))
        self._clock = clock
        self._next = 0.0  # monotonic seconds

    def do_due(self) -> None:
        """Look, and say it again when it is time to. StateError while the database is gone."""
        reason = self._lost()
        now = self._clock.monotonic()
        if reason and now >= self._next:
            text = f"{reason} (the worker on {socket.gethostname()})"
            self._cluster.troubles.say(self._kind, text, GONE_SECONDS)
            self._next = now + SAY_SECONDS


def tokens_refused(cluster: Cluster) -> Refused:
    """What says that the day's tokens are used up."""

    def refused(limit: int, reason: str, seconds: float) -> None:
        with suppress(StateError):  # the next post that is refused says it again
            cluster.troubles.say(f"{TOKENS}{limit}", reason, seconds)

    return refused


def gpu_lost(cluster: Cluster, source: Source) -> Callable[[], str]:
    """What tells who watches an account that workers have lost their GPUs."""
    return told_of(cluster, GPU, source)


def tokens_used_up(cluster: Cluster, source: Source, vision: VisionSettings) -> Callable[[], str]:
    """What tells who watches an account that its day's tokens are used up."""
    return told_of(cluster, f"{TOKENS}{vision.daily_tokens}", source)


def told_of(cluster: Cluster, kind: str, source: Source) -> Callable[[], str]:
    """What is said of a kind of trouble, to an account of the configuration."""
    if source != "config":
        return nothing_wrong
    return lambda: "; ".join(dict.fromkeys(cluster.troubles.recent(kind)))
