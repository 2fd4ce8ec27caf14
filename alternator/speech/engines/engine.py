"""What an engine is: loaded once, then asked for transcripts, which it gives as events.

The bot, ``alternator transcribe`` and whatever else wants a transcript meet an engine only through
the requests and events here. ``registry.py`` says how an engine is found. Nothing here imports
numpy or torch: the asking side lives without them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from alternator.config.models import ComputeType
from alternator.errors import AlternatorError
from alternator.progress import Progress
from alternator.speech.options import DecodingOptions, SpeakerOptions
from alternator.speech.transcript import Segment, Transcript


class CancelledRequestError(AlternatorError):
    """Whoever made the request does not want its answer any more."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that speaks OpenAI's audio API, for the engine that asks one.

    ``url`` up to ``/v1`` included; ``token`` is sent to it and shown nowhere; it may take
    ``timeout_seconds`` for each answer.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    timeout_seconds: float = 300.0


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """What an engine needs to know beside its model and its device.

    ``model_dir``: where models are kept and fetched to; ``model_mirror``: from where, None for
    OpenAI's server. ``threads``: for work on the CPU, 0 for as
    many as there are. ``language``: the operator's, looked at before anything is fetched; what
    a request says goes before it. ``proven_device``: on which device the container's entrypoint
    has computed, by PyTorch's name (``cpu``, ``cuda``, ``cuda:1``); where the operator asks for
    ``auto``, this one is to be taken. None: nothing was tried. An engine asks no environment.
    ``compute_type``: a precision of ``config.models.ComputeType``; ``auto`` is what is best on
    the device. ``batch_size``: the most windows that are computed together; 0: as many as pay and
    the free memory bears. An engine without a batch takes no notice of it. ``server``: whom to ask,
    for an engine that computes nothing itself.
    """

    model_dir: Path
    model_mirror: str | None = None
    threads: int = 0
    language: str | None = None
    proven_device: str | None = None
    compute_type: ComputeType = "auto"
    batch_size: int = 0
    server: Server | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """The beginning of a file whose text is known: ``said``, in its seconds.

    Only what is behind ``until`` is to be heard; what was said before helps to hear it.
    """

    until: float
    said: Segment


@dataclass(frozen=True, kw_only=True)
class Request:
    """One audio or video file to transcribe.

    ``id`` names it in every event about it. A file longer than ``limit_seconds`` is refused; None
    leaves it to the decoder's own bound. ``audio_track``: which of its audio tracks, from 0; None
    is the one that players take. ``speakers``: who speaks is to be told, which is the worker's to
    do (speakers/beside.py) and no engine's. ``urgent``: somebody waits for it while they speak; an
    engine that computes several requests together may let others wait for it a little. ``known``:
    what of it was heard already, only for an engine that says that it ``continues``; no clips
    (DecodingOptions.clip_timestamps) beside it.
    """

    id: str
    path: Path
    limit_seconds: float | None
    options: DecodingOptions
    audio_track: int | None = None
    speakers: SpeakerOptions | None = None
    urgent: bool = False
    known: Known | None = None


@dataclass(frozen=True, kw_only=True)
class SegmentFound:
    """One more segment of the transcript, as soon as it is known. Segments come in their order."""

    id: str
    segment: Segment


@dataclass(frozen=True, kw_only=True)
class Progressed:
    """A step was taken: ``done`` of ``total`` seconds of sound have been heard.

    An engine gives one at least every few seconds while it computes, be ``done`` the same as
    before: that is how slow is told from stuck.
    """

    id: str
    done: float
    total: float


@dataclass(frozen=True, kw_only=True)
class Said:
    """A line for the person who waits, in the engine's own words."""

    id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """The whole transcript; nothing more comes about this request."""

    id: str
    transcript: Transcript


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Why there is no transcript; nothing more comes about this request."""

    id: str
    error: AlternatorError


Event = SegmentFound | Progressed | Said | Done | Failed


class Batch(Protocol):
    """Where an engine takes its requests from, and learns that one is not wanted any more.

    It stays open while the engine works: an engine that computes several requests together takes
    further ones whenever it has room, in the middle of the others. Any thread may call.
    """

    def take(self, *, urgent: bool = False) -> Request | None:
        """The next request, now the engine's to answer; None while no other waits. Never blocks.

        Urgent ones come first; ``urgent``: those alone.
        """

    def cancelled(self, request_id: str) -> bool:
        """Whether a request that was taken is not wanted any more. To be asked at every step.

        False for one that was not taken, or is answered.
        """


class Engine(Protocol):
    """Turns sound into text. One thread calls it; what it does inside is its own.

    It may have an attribute ``continues``, True if it takes notice of Request.known.
    """

    @property
    def device(self) -> str:
        """Where it computes, by PyTorch's name or the engine's own word; once it is loaded."""

    def load(self, model: str, device: str, options: LoadOptions, progress: Progress) -> None:
        """Load the model, fetching it if need be; ``device`` is what the operator asked for.

        ``progress`` is told of every step. ConfigError, ModelError and DecoderError say what to
        mend.
        """

    def transcribe(self, batch: Batch) -> Iterator[Event]:
        """Take requests and give events about them until none is left.

        Every request that was taken ends with Done or Failed, a cancelled one with
        Failed(CancelledRequestError). What is wrong with one request is its Failed; an exception
        out of the iterator is a defect, after which the process is given up with all it held.
        """

    def unload(self) -> None:
        """Give back the model's memory and whatever else is held; ``load`` may follow.

        The worker calls it at rest, before it ends, and is killed after two seconds.
        """
