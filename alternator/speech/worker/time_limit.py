"""How long one request may be worked on, from the length of its sound.

Beside the bounds on silence and standstill (``patience.py``): an engine that takes step after step
and comes to no end would meet neither.
"""

from dataclasses import dataclass

from alternator.errors import WorkerError
from alternator.speech.worker.job import Job
from alternator.speech.worker.less import CPU
from alternator.speech.worker.patience import TICK_SECONDS
from alternator.speech.worker.slot import Slot

# What the decoder reads at most where nobody sets a limit (LONGEST_SECONDS of
# alternator/media/audio.py, which needs numpy and is not imported here).
LONGEST_SECONDS = 12 * 3600.0


@dataclass(frozen=True, kw_only=True)
class TimeLimits:
    """Seconds of work: ``floor`` for each request, and for each second of its sound ``cpu`` or
    ``gpu``.

    Generous: the largest model on two cores takes some ten seconds for one of sound, and each
    window may be decoded six times, once for each temperature.
    """

    floor: float = 900.0
    cpu: float = 60.0
    gpu: float = 10.0

    # How long a worker has to end one whose time is over.
    grace: float = 60.0

    def look_at(self, slot: Slot) -> None:
        """Every tick: cancel what is over its limit at a place. Those that are computed together
        share the time. A worker that does not end one then is ended itself: its neighbours there
        are asked of another."""
        begun = [job for job in slot.jobs.values() if job.begun]
        if slot.process is None or slot.leaving:
            return
        for job in begun:
            job.spent += TICK_SECONDS / len(begun)
            if job.late is None and job.spent >= self.of(job, slot.device):
                job.late = self.error(job, slot.device)
                job.spent = 0.0
                slot.process.cancel(job.id)
            elif job.late is not None and job.spent * len(begun) >= self.grace:
                slot.leave(job.late)
                return

    def of(self, job: Job, device: str) -> float:
        """For a request on that device. Until its length is known, the decoder's bound counts."""
        return self.floor + self.seconds_of(job) * (self.cpu if device == CPU else self.gpu)

    def seconds_of(self, job: Job) -> float:
        """Of its sound, or the most that it can be."""
        if job.seconds is not None:
            return job.seconds
        return job.request.limit_seconds or LONGEST_SECONDS

    def error(self, job: Job, device: str) -> WorkerError:
        """For one that is over its limit."""
        known = job.seconds is not None
        length = minutes(self.seconds_of(job)) + (" of sound" if known else " of sound at most")
        return WorkerError(
            f"the transcription of {job.name} was given up after {minutes(self.of(job, device))} "
            f"of work on {device}, which is the limit for {length}; choose a smaller [whisper] "
            f"model, or cut the file into pieces"
        )


def minutes(seconds: float) -> str:
    """A time in words."""
    return f"{seconds / 60:.3g} min"
