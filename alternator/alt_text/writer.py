"""The text for one attachment: of its picture or of its speech, within the server's limit."""

import logging
import tempfile
from contextlib import AbstractContextManager
from copy import copy
from pathlib import Path
from typing import Protocol, Self, assert_never

from alternator.alt_text.check.characters import shows_something, visible
from alternator.alt_text.prompts import Name, prompt
from alternator.alt_text.shorten import compose, cut_at_sentence, room_beside
from alternator.alt_text.vision import VisionClient
from alternator.config.settings import Config
from alternator.errors import MediaError, TemporaryMediaError, UnsureError, VisionError
from alternator.mastodon.entities import Attachment, AttachmentType
from alternator.media.download import Downloads
from alternator.media.media_type import HEAD_BYTES, Kind, media_type
from alternator.media.picture import ViewKind, Views, views_of, views_of_frames
from alternator.media.video_frames import frames_of_video
from alternator.models import catalog
from alternator.progress import SILENT, Progress
from alternator.speech.speakers.dialogue import dialogue
from alternator.speech.transcript import Transcript

log = logging.getLogger(__name__)

# A ``gifv`` is a soundless looping video: a picture to the reader, a video to the downloader.
# https://docs.joinmastodon.org/entities/MediaAttachment/#type
KINDS: dict[AttachmentType, Kind | None] = {
    "image": "image",
    "gifv": "video",
    "video": "video",
    "audio": "audio",
    "unknown": None,
}

# By what the model is shown.
INSTRUCTIONS: dict[ViewKind, Name] = {"still": "picture", "moving": "moving", "long": "long"}


class SpeechReader(Protocol):
    """What ``alternator.speech.transcriber.Transcriber`` is here for."""

    def transcribe(self, path: Path, *, progress: Progress) -> Transcript: ...


class MediaFiles(Protocol):
    """Where media come from: ``alternator.media.download.Downloads``, unless told otherwise."""

    def file(self, url: str, kind: Kind) -> AbstractContextManager[Path]: ...


class AltTextWriter:
    """Writes texts for attachments.

    ``speech`` or ``vision`` is None where audio and video, or pictures, are not described.
    ``limit`` is the server's for descriptions, in characters; downloads go to ``directory``.
    """

    # size: each comes from another owner: operator, worker, endpoint, server, disk, caller.
    def __init__(
        self,
        config: Config,
        *,
        speech: SpeechReader | None,
        vision: VisionClient | None,
        limit: int,
        directory: Path,
        progress: Progress = SILENT,
    ) -> None:
        self.limit = limit
        self._config = config
        self._speech = speech
        self._vision = vision
        self._directory = directory
        self._progress = progress
        self._downloads: MediaFiles = Downloads(
            config.media, directory, config.mastodon.instance_url, progress=progress
        )

    def beside(self, progress: Progress | None = None) -> Self:
        """A writer for another thread, with connections of its own; without a progress of its own
        it tells this one's."""
        progress = progress or self._progress
        return type(self)(
            self._config,
            speech=self._speech,
            vision=None if self._vision is None else self._vision.beside(progress),
            limit=self.limit,
            directory=self._directory,
            progress=progress,
        )

    def reading(self, files: MediaFiles) -> Self:
        """The same writer for media that are had elsewhere than from their address."""
        other = copy(self)
        other._downloads = files
        return other

    def takes_on(self, attachment: Attachment) -> bool:
        """Whether attachments of this type are described."""
        match attachment.type:
            case "image" | "gifv":
                return self._vision is not None
            case "audio" | "video":
                return self._speech is not None
            case "unknown":
                return False
            case _:
                assert_never(attachment.type)

    def write(self, attachment: Attachment, language: str | None) -> str:
        """The text for one attachment, with its attribution and within the limit.

        ``language`` is the post's. Raises TemporaryMediaError and MediaError, EndpointError and
        VisionError, WorkerError and ModelError: what keeps this attachment from being described.
        While the vision endpoint fails as a whole, no picture is even fetched.
        """
        self._progress.beat()
        kind = KINDS[attachment.type]
        if kind is None:
            raise UnsureError("attachments of an unknown type can't be described")
        if attachment.url is None:
            raise TemporaryMediaError("the server is still processing it")
        if attachment.type in ("image", "gifv") and self._vision is not None:
            self._vision.check()
        with self._downloads.file(attachment.url, kind) as path:
            match attachment.type:
                case "image" | "gifv":
                    return self._of_picture(path, attachment, language)
                case _:
                    return self._of_speech(path, attachment, language)

    def _of_picture(self, path: Path, attachment: Attachment, language: str | None) -> str:
        assert self._vision is not None
        views = self._views(path, attachment)
        # Room for the longest of the attributions that may follow.
        models = self._config.vision.vision_models
        attributions = [prompt("described", language, model=model) for model in models]
        room = room_beside(max(attributions, key=len), self.limit)
        instruction = prompt(INSTRUCTIONS[views.kind], language, limit=room)
        answer = self._vision.describe(views.pictures, instruction)
        return compose(answer.text, prompt("described", language, model=answer.model), self.limit)

    def _views(self, path: Path, attachment: Attachment) -> Views:
        """What the model is shown. What the file is decides, whatever the server takes it for:
        Mastodon makes a video of an animated GIF, other servers leave it as it is."""
        side = self._config.media.resize_max_dimension
        with path.open("rb") as file:
            found = media_type(file.read(HEAD_BYTES), "video")
        if found is None or not found.startswith("video/"):
            return views_of(path, side, progress=self._progress)
        with tempfile.TemporaryDirectory(dir=self._directory, prefix="attachment-") as folder:
            frames = frames_of_video(
                path, attachment.duration, side, Path(folder), progress=self._progress
            )
            return views_of_frames(frames, side, progress=self._progress)

    def _of_speech(self, path: Path, attachment: Attachment, language: str | None) -> str:
        assert self._speech is not None
        transcript = self._speech.transcribe(path, progress=self._progress)
        named = dialogue(transcript, lambda number: prompt("speaker", language, number=number))
        text = visible(named)
        if not shows_something(text):
            raise MediaError("no speech was found in it")
        self._check_confidence(transcript)
        whisper = whisper_name(self._config.whisper.model)
        if transcript.model is not None:
            whisper = model_name(transcript.model)
        attribution = prompt("transcribed", language, model=whisper)
        room = room_beside(attribution, self.limit)
        if len(text) > room and self._vision is not None:
            try:
                return self._shorten(text, whisper, language)
            except VisionError as error:
                log.warning(
                    "the transcript of attachment %s is cut, since it could not be shortened: %s",
                    attachment.id,
                    error,
                )
        return compose(cut_at_sentence(text, room), attribution, self.limit)

    def _check_confidence(self, transcript: Transcript) -> None:
        """MediaError for a transcript of which too little is likely to be right."""
        least, confidence = self._config.whisper.min_confidence, transcript.confidence
        if confidence is not None and confidence < least:
            raise MediaError(
                f"the transcript is too unsure: its confidence is {confidence:.2f}, and [whisper] "
                f"min_confidence asks for {least:g}"
            )

    def _shorten(self, text: str, whisper: str, language: str | None) -> str:
        """The transcript as a text model shortens it, with an attribution that says so."""
        assert self._vision is not None
        models = self._config.vision.text_models
        attributions = [
            prompt("shortened", language, model=whisper, text_model=model) for model in models
        ]
        room = room_beside(max(attributions, key=len), self.limit)
        answer = self._vision.shorten(text, prompt("summary", language, limit=room))
        attribution = prompt("shortened", language, model=whisper, text_model=answer.model)
        return compose(cut_at_sentence(answer.text, room), attribution, self.limit)


def whisper_name(model: str) -> str:
    """How an attribution names the model: by the stem where it is a file."""
    return f"Whisper {Path(model).stem}" if model.endswith(".pt") else f"Whisper {model}"


def model_name(model: str) -> str:
    """How an attribution names a server's model: as the server does, and what is known as one of
    Whisper's sizes as that."""
    return whisper_name(model) if catalog.find(model) is not None else model
