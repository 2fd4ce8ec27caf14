"""``alternator worker``: takes posts from the queue, describes them, and edits them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import get_args

from alternator.bot import health_address
from alternator.bot.answers import answering
from alternator.bot.bot import MakeSpeechWorker, SpeechWorker, downloads_of
from alternator.bot.conduct import no_workers
from alternator.bot.draft import Draft
from alternator.bot.endpoints import Endpoints
from alternator.bot.health import serving
from alternator.bot.members import shared_whisper
from alternator.bot.starting import Shared, workers_of
from alternator.bot.traces import tracing_to
from alternator.config.load import ClusterConfig
from alternator.config.settings import Config
from alternator.errors import ConfigError, TemporaryStateError
from alternator.log import log
from alternator.media.confined.kernel import keep_memory_private
from alternator.media.download import remove_leftovers
from alternator.queue.names import SPEECH, Kind, queues_of
from alternator.queue.taking import QueueThread, Taking, Tasks
from alternator.roles.account_config import AccountConfigs
from alternator.roles.desks import Desks
from alternator.roles.hearing import Hearing
from alternator.roles.observed import Observations, ObservedSpeech
from alternator.roles.opening import add_arguments, begun, shared_store
from alternator.roles.post_job import PostJobs
from alternator.roles.presence import Presence
from alternator.roles.troubles import GpuTrouble, tokens_refused
from alternator.roles.worker_health import WorkerHealth
from alternator.roles.worker_metrics import WorkerMetrics
from alternator.roles.worker_speech import begin_speech, check_gpu, heard_as, look_after
from alternator.speech.opening import open_speech
from alternator.stopping import Stop, Stopping
from alternator.store.cluster import Cluster
from alternator.store.interface import Store
from alternator.store.outcomes import Claim, Outcome
from alternator.store.postgres.address import address_of
from probe.command_help import command_parser

EXAMPLES = (
    ("alternator worker", "take all kinds of posts"),
    ("alternator worker --kind speech --need-gpu", "transcribe on a GPU, or not at all"),
    ("alternator worker --kind vision --concurrency 16", "pictures alone, many at once"),
)
LOOK_SECONDS = 1.0


def main(argv: list[str]) -> int:
    """Take posts from the queue of a cluster, describe them, and edit them.

    As many as wanted may run, on any machines that reach the database.
    """
    parser = command_parser("alternator worker", main.__doc__, EXAMPLES)
    parser.add_argument(
        "--kind",
        choices=get_args(Kind),
        default="all",
        help="which posts: those with speech, those without, or all (default)",
    )
    parser.add_argument(
        "--concurrency",
        type=int,
        metavar="N",
        help="how many posts at once (default: [worker] concurrency)",
    )
    parser.add_argument(
        "--need-gpu",
        action="store_true",
        help="end with an error where Whisper would compute on the CPU",
    )
    add_arguments(parser)
    arguments = parser.parse_args(argv)
    if arguments.concurrency is not None and not 1 <= arguments.concurrency <= 100:
        parser.error("--concurrency must be from 1 to 100")
    keep_memory_private()
    config = begun(arguments)
    stop = Stop()
    stop.on_signals()
    kind: Kind = arguments.kind
    concurrency = arguments.concurrency or config.base.worker.concurrency
    worker = WorkerRole(config, stop, kind=kind, need_gpu=arguments.need_gpu)
    try:
        worker.run(concurrency)
    except Stopping:
        log.info("stopped")
    return 0


class WorkerRole:
    """One process that works."""

    # size: two say what for, two how.
    def __init__(
        self,
        config: ClusterConfig,
        stop: Stop,
        *,
        kind: Kind = "all",
        need_gpu: bool = False,
        make_speech_worker: MakeSpeechWorker = open_speech,
    ) -> None:
        self._config = config
        self._stop = stop
        self._kind = kind
        self._need_gpu = need_gpu
        self._make = make_speech_worker
        self._whisper = None if kind == "vision" else shared_whisper(configs_of(config))

    def run(self, concurrency: int) -> None:
        """Work until ``Stopping`` is raised. ConfigError, StateError where it can't begin."""
        base = self._config.base
        # Each edit holds one while others are needed.
        connections = max(base.database.connections, 2 * concurrency + 2)
        base = replace(base, database=replace(base.database, connections=connections))
        with ExitStack() as stack:
            store, cluster = stack.enter_context(shared_store(base, "worker", self._stop))
            remove_leftovers(downloads_of(base))
            speech = self._speech(stack)
            work = self._stop.child()
            observations, hearing = Observations(), Hearing(self._stop.clock.monotonic)
            observed = None if speech is None else ObservedSpeech(speech, observations, hearing)
            desks = self._desks(store, cluster, observed, work, observations)
            jobs = PostJobs(desks, None if speech is None else hearing)
            queue = QueueThread(
                Taking(
                    connect=address_of(base.database, "worker").parameters,
                    queues=queues_of(self._kind),
                    concurrency=concurrency,
                    name=f"alternator {self._kind}",
                ),
                Tasks(
                    describe=jobs.describe,
                    errand=jobs.errand,
                    abandon=jobs.abandon,
                    takes=lambda queue: queue != SPEECH or hearing.takes,
                ),
                work,
            )
            health = WorkerHealth(store, queue, speech, hearing)
            presence = Presence("worker", cluster, self._stop.clock, self._facts(health, desks))
            metrics = WorkerMetrics(cluster, desks, queue, workers_of(speech), observations)
            stack.enter_context(tracing_to(base.tracing, "worker"))
            stack.enter_context(serving(health, base.health))
            stack.enter_context(health_address.announced(base.state.directory, base.health))
            stack.enter_context(
                answering({**health.answers(), "/metrics": metrics.answer}, base.metrics, "metrics")
            )
            begin_speech(self._whisper or base.whisper, speech, hearing)
            look_after(self._whisper, speech, hearing, cluster, work)
            stack.callback(presence.go)
            stack.callback(jobs.abandon_all)
            stack.callback(queue.end)
            stack.callback(work.request)
            queue.start()
            log.info("taking posts: %s, %d at once", self._kind, concurrency)
            trouble = GpuTrouble(cluster, presence.process.id, speech, self._stop.clock)
            self._look_after(presence, trouble, speech)

    def _look_after(
        self, presence: Presence, trouble: GpuTrouble, speech: SpeechWorker | None
    ) -> None:
        """Say that the process is there, until ``Stopping`` is raised."""
        while True:
            # Broken off in the middle of a lock, it would leave that as it is: a signal is noticed
            # between two rounds.
            with self._stop.shielded():
                with suppress(TemporaryStateError):  # logged by the store, once
                    presence.do_due()
                    trouble.do_due()
                if self._need_gpu and speech is not None:
                    check_gpu(speech)
                self._stop.pause(LOOK_SECONDS)

    def _speech(self, stack: ExitStack) -> SpeechWorker | None:
        if self._whisper is None:
            if self._need_gpu:
                raise ConfigError("--need-gpu: this worker transcribes nothing; leave it out")
            return None
        speech = self._make(self._whisper)
        stack.callback(speech.close)
        if self._need_gpu:
            check_gpu(speech)
        return speech

    def _desks(
        self,
        store: Store,
        cluster: Cluster,
        observed: ObservedSpeech | None,
        work: Stop,
        observations: Observations,
    ) -> Desks:
        endpoints = Endpoints(store, tokens_refused(cluster))

        def on_published(claim: Claim, draft: Draft, outcomes: Sequence[Outcome]) -> None:
            observations.published(self._stop.clock.now(), claim, draft, outcomes)

        def shared_for(config: Config) -> Shared:
            return Shared(
                speech=heard_as(observed, config, self._whisper),
                endpoints=endpoints,
                workers=no_workers if observed is None else lambda: observed.workers,
                on_published=on_published,
            )

        configs = AccountConfigs(self._config)
        return Desks(configs.told, store, cluster, shared_for, work)

    def _facts(self, health: WorkerHealth, desks: Desks) -> Callable[[], Mapping[str, object]]:
        def facts() -> Mapping[str, object]:
            return {"kind": self._kind, "described": desks.described, **health.facts()}

        return facts


def configs_of(config: ClusterConfig) -> Sequence[Config]:
    """Those that may have audio described; the base stands for members who sign up."""
    return config.accounts or (config.base,)
