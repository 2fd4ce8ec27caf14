"""The description of one attachment: what is seen in it and what is heard, within the limit."""

import logging
from contextlib import AbstractContextManager
from copy import copy
from pathlib import Path
from typing import Protocol, Self

from alternator.alt_text.heard import Heard, SoundReader, SpeechReader
from alternator.alt_text.keep import keep_transcript
from alternator.alt_text.language.detect import shared
from alternator.alt_text.language.judgement import language_of
from alternator.alt_text.part import BETWEEN, Part, room_for
from alternator.alt_text.seen import PictureReader
from alternator.alt_text.takes_on import takes_on
from alternator.alt_text.vision import VisionClient
from alternator.alt_text.wording import Wording, Words
from alternator.config.settings import Config
from alternator.errors import MediaError, TemporaryMediaError, UnsureError, VisionError
from alternator.mastodon.entities import Attachment, AttachmentType
from alternator.media.download import Downloads
from alternator.media.media_type import Kind
from alternator.progress import SILENT, Progress
from probe.errors import reason_of

__all__ = ["AltTextWriter", "SpeechReader"]

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
# What a language's code says where none is meant: https://www.rfc-editor.org/rfc/rfc5646
NO_LANGUAGES = ("und", "zxx", "mul", "mis")


class MediaFiles(Protocol):
    """Where media come from: ``alternator.media.download.Downloads``, unless told otherwise."""

    def file(self, url: str, kind: Kind) -> AbstractContextManager[Path]: ...


class AltTextWriter:
    """Writes texts for attachments.

    ``speech`` is None where nothing is listened to, ``vision`` where nothing is looked at.
    ``limit`` is the server's for descriptions, in characters; downloads go to ``directory``.
    ConfigError if the configured prompts can't be used.
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
        self._most = min(config.descriptions.description_limit or limit, limit)
        self._config = config
        self._speech = speech
        self._vision = vision
        self._directory = directory
        self._progress = progress
        self._wording = Wording(config.descriptions)
        self._detector = shared()
        self._sound = None if speech is None else SoundReader(config, speech, vision, progress)
        self._pictures = (
            None
            if vision is None
            else PictureReader(config, vision, self._detector, directory, progress)
        )
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
        return takes_on(attachment, sees=self._pictures is not None, hears=self._sound is not None)

    def write(self, attachment: Attachment, language: str | None, says: str = "") -> str:
        """The text for one attachment, with its attribution and within the limit.

        ``language`` is the post's own word for it, ``says`` its text without markup. Raises
        TemporaryMediaError and MediaError, EndpointError and VisionError, WorkerError and
        ModelError: what keeps this attachment from being described. While the vision endpoint
        fails as a whole, no picture is even fetched.
        """
        self._progress.beat()
        kind = KINDS[attachment.type]
        if kind is None:
            raise UnsureError("attachments of an unknown type can't be described")
        if attachment.url is None:
            raise TemporaryMediaError("the server is still processing it")
        if attachment.type in ("image", "gifv") and self._pictures is not None:
            self._pictures.check()
        if not language or language.lower() in NO_LANGUAGES:
            language = language_of(says, self._detector)
        words = self._wording.of(language, says)
        with self._downloads.file(attachment.url, kind) as path:
            match attachment.type:
                case "image" | "gifv":
                    assert self._pictures is not None
                    part = self._pictures.of_picture(path, attachment, self._most, words)
                case "audio":
                    part = self._of_audio(path, attachment, words)
                case "video":
                    part = self._of_video(path, attachment, words)
        return part.whole(self._most)

    def _of_audio(self, path: Path, attachment: Attachment, words: Words) -> Part:
        assert self._sound is not None
        heard = self._heard(self._sound, path, attachment, words)
        return self._sound.of_sound(path, heard, self._most, words)

    def _of_video(self, path: Path, attachment: Attachment, words: Words) -> Part:
        """What is seen and what is said, or the one of both that there is.

        Where nobody speaks, or what is said can't be told, it is what is seen; and what is said
        does not wait for an endpoint that fails.
        """
        heard, silent = self._said(path, attachment, words)
        if self._pictures is None:
            if heard is None:
                raise silent
            return self._speech_part(heard, self._most, words)
        try:
            if heard is None:
                return self._pictures.of_video(
                    path, attachment, self._room(self._pictures.attribution(words)), words
                )
            return self._of_both(heard, path, attachment, words)
        except (VisionError, MediaError) as error:
            if heard is None or isinstance(error, TemporaryMediaError):
                raise
            log.warning("of attachment %s only what is said is described: %s", attachment.id, error)
            return self._speech_part(heard, self._most, words)

    def _said(
        self, path: Path, attachment: Attachment, words: Words
    ) -> tuple[Heard | None, MediaError]:
        """What is said in a video; None, and why, where there is nothing."""
        silent = MediaError("no speech was found in it")
        if self._sound is None:
            return None, silent
        try:
            heard = self._heard(self._sound, path, attachment, words)
        except TemporaryMediaError:
            raise
        except MediaError as error:
            log.info("what is said in attachment %s is left out: %s", attachment.id, error)
            return None, error
        return (heard if heard.text else None), silent

    def _heard(self, sound: SoundReader, path: Path, attachment: Attachment, words: Words) -> Heard:
        """What is said; the whole of it is kept where that is wished."""
        heard = sound.hear(path, words)
        directory = self._config.descriptions.transcripts_directory
        if directory is not None and heard.text:
            server = self._config.mastodon.instance_url
            try:
                keep_transcript(heard.text, directory, server, attachment.id)
            except OSError as error:
                log.warning("a transcript can't be kept in %s: %s", directory, reason_of(error))
        return heard

    def _of_both(self, heard: Heard, path: Path, attachment: Attachment, words: Words) -> Part:
        """What is seen, then what is said. Where both are long, each gets half."""
        assert self._pictures is not None and self._sound is not None
        lines = [
            self._pictures.attribution(words),
            self._sound.longest_attribution(heard, words),
        ]
        label = len(words.text("said", text="")) + 2
        room = room_for(lines, self._most) - label
        seen = self._pictures.of_video(
            path, attachment, max(room // 2, room - len(heard.text)), words
        )
        # With its own attribution it is part of the same room.
        left = room - len(seen.text) + len(lines[1]) + 2
        said = self._speech_part(heard, left, words)
        return Part(
            text=f"{seen.text}\n\n{words.text('said', text=said.text)}",
            attribution=BETWEEN.join([seen.attribution, said.attribution]),
        )

    def _speech_part(self, heard: Heard, limit: int, words: Words) -> Part:
        assert self._sound is not None
        return self._sound.of_speech(heard, limit, words)

    def _room(self, attribution: str) -> int:
        return room_for([attribution], self._most)
