"""What ``/metrics`` tells of the bot (https://prometheus.io/docs/practices/naming/).

Looked up when somebody asks. Labels are the accounts, states of a closed set, and devices: few.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client import generate_latest as text_of
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alternator.dashboard.plots import quantile
from alternator.dashboard.watched import Condition, Watched
from alternator.errors import StateError
from alternator.store.asked import AskingState
from alternator.store.outcomes import AttachmentState

MEDIA_TYPE = CONTENT_TYPE_LATEST
DAY_SECONDS = 86_400.0
QUANTILES = (0.5, 0.95)
# Of a transcriber that has its model in memory.
LOADED = ("ready", "busy")

Conditions = Sequence[tuple[Watched, Condition]]


class BotMetrics(Collector):
    """Of each account, and of the workers that they share."""

    def __init__(self, watched: Sequence[Watched], now: Callable[[], float] = time.time) -> None:
        self._watched = watched
        self._now = now
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """All of it."""
        return text_of(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing is asked for at the registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        """One family for each question; how each account is, is asked for once."""
        conditions = [(one, one.condition()) for one in self._watched]
        yield self._well(conditions)
        yield self._described(conditions)
        yield self._last_success(conditions)
        yield from self._queue()
        yield from self._editing(conditions)
        yield from self._workers(conditions)

    def _well(self, conditions: Conditions) -> Metric:
        well = gauge("bot_up", "1 while the work for an account goes on as it should.", "account")
        for one, condition in conditions:
            well.add_metric([one.name], float(not condition.trouble and not condition.starting))
        return well

    def _described(self, conditions: Conditions) -> Metric:
        described = CounterMetricFamily(
            "alternator_descriptions",
            "Descriptions written into posts, or answered with, since the start.",
            labels=["account"],
        )
        for one, condition in conditions:
            described.add_metric([one.name], condition.described)
        return described

    def _last_success(self, conditions: Conditions) -> Metric:
        last = gauge(
            "last_description_timestamp_seconds",
            "Unix time of the last description since the start.",
            "account",
        )
        for one, condition in conditions:
            moment = condition.last_success
            if moment is not None:
                last.add_metric([one.name], moment.timestamp())
        return last

    def _queue(self) -> Iterator[Metric]:
        attachments = gauge("attachments", "Attachments by their state.", "account", "state")
        oldest = gauge(
            "oldest_waiting_seconds", "How long the oldest attachment has waited.", "account"
        )
        delay = gauge(
            "description_delay_seconds",
            "From meeting an attachment of a new post to its description, of the last day's.",
            "account",
            "quantile",
        )
        asked = gauge("asked_posts", "Posts of others that were asked about.", "account", "state")
        now = self._now()
        for one in self._watched:
            if not one.account.is_signed_in:
                continue
            try:
                listing, counts = one.account.state.listing, one.account.queue()
                first = listing.oldest_waiting()
                found = listing.described_since(now - DAY_SECONDS)
                askings = one.account.state.asked.numbers()
            except StateError:
                continue  # what can't be known is not told; `bot_up` tells that
            for state in get_args(AttachmentState):
                attachments.add_metric([one.name, state], counts.get(state, 0))
            for asking in get_args(AskingState):
                asked.add_metric([one.name, asking], askings.get(asking, 0))
            oldest.add_metric([one.name], 0.0 if first is None else max(now - first, 0.0))
            delays = [each.after for each in found if not each.backfill]
            if delays:
                for part, value in zip(QUANTILES, quantile(delays, *QUANTILES), strict=True):
                    delay.add_metric([one.name, f"{part:g}"], value)
        yield from (attachments, asked, oldest, delay)

    def _editing(self, conditions: Conditions) -> Iterator[Metric]:
        reachable = gauge("server_up", "1 while the account's server answers.", "account")
        halted = gauge("editing_halted", "1 where nothing is edited any more.", "account")
        for one, condition in conditions:
            reachable.add_metric([one.name], float(condition.server.state == "reachable"))
            try:
                halted.add_metric([one.name], float(one.account.halted is not None))
            except StateError:
                continue
        yield from (reachable, halted)

    def _workers(self, conditions: Conditions) -> Iterator[Metric]:
        """They are the whole bot's: the first account tells of them."""
        ready = gauge("worker_up", "1 where a worker has its model in memory.", "device", "worker")
        under_way = gauge(
            "worker_requests", "Requests that a worker is at work on.", "device", "worker"
        )
        workers = conditions[0][1].workers if conditions else ()
        for number, worker in enumerate(workers):
            ready.add_metric([worker.device, str(number)], float(worker.state in LOADED))
            under_way.add_metric([worker.device, str(number)], worker.requests)
        yield from (ready, under_way)


def gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    """A family with these labels."""
    return GaugeMetricFamily(f"alternator_{name}", text, labels=labels)
