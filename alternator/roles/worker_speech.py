"""What a worker hears by: how it begins, how it is looked after, and whose wishes it follows."""

from alternator.bot.bot import SpeechWorker
from alternator.bot.members import OfAccount
from alternator.bot.starting import start_speech
from alternator.config.models import WhisperSettings
from alternator.config.settings import Config
from alternator.errors import ConfigError, SpeechServerAwayError
from alternator.roles.hearing import Hearing
from alternator.roles.hearing_again import HearingAgain
from alternator.roles.observed import ObservedSpeech
from alternator.roles.servers import ServersSeen
from alternator.speech.opening import server_asked
from alternator.stopping import Stop
from alternator.store.cluster import Cluster


def begin_speech(settings: WhisperSettings, speech: SpeechWorker | None, hearing: Hearing) -> None:
    """Load the model. A speech server that is away ends no worker: others of its posts need none,
    and it is asked again."""
    try:
        start_speech(settings, speech)
    except SpeechServerAwayError as error:
        hearing.failed(error)


# size: each comes from another owner: operator, worker, cluster, signals.
def look_after(
    settings: WhisperSettings | None,
    speech: SpeechWorker | None,
    hearing: Hearing,
    cluster: Cluster,
    stop: Stop,
) -> None:
    """Find out when an engine that was of no use is again, and who is behind a server's address."""
    if settings is None or speech is None:
        return
    HearingAgain(hearing, speech.probe, cluster.jobs, stop).start()
    server = server_asked(settings)
    if server is not None:
        ServersSeen(server, cluster.processes, stop).start()


def heard_as(
    speech: ObservedSpeech | None, config: Config, whisper: WhisperSettings | None
) -> ObservedSpeech | OfAccount | None:
    """The shared transcriber as an account's settings ask for its work."""
    if speech is None or not config.whisper.enabled:
        return None
    if config.whisper == whisper:
        return speech
    return OfAccount(shared=speech, settings=config.whisper)


def check_gpu(speech: SpeechWorker) -> None:
    """ConfigError where Whisper computes on the CPU."""
    devices = {one.device for one in speech.workers}
    if devices and all(device.startswith("cpu") for device in devices):
        raise ConfigError(
            "--need-gpu: Whisper would compute on the CPU here; `alternator doctor` says why. "
            "Start this worker where there is a GPU, or without --need-gpu"
        )
