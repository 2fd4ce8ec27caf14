"""What is seen in an attachment, as a vision model says it."""

import tempfile
from pathlib import Path

from alternator.alt_text.language.detect import Detector
from alternator.alt_text.part import Part
from alternator.alt_text.prompts import Name
from alternator.alt_text.question import Tongue
from alternator.alt_text.shorten import cut_at_sentence, room_beside
from alternator.alt_text.vision import VisionClient
from alternator.alt_text.wording import Words
from alternator.config.settings import Config
from alternator.mastodon.entities import Attachment
from alternator.media.media_type import HEAD_BYTES, media_type
from alternator.media.picture import ViewKind, Views, views_of, views_of_frames
from alternator.media.video_frames import frames_of_video
from alternator.progress import SILENT, Progress

# By what the model is shown.
INSTRUCTIONS: dict[ViewKind, Name] = {"still": "picture", "moving": "moving", "long": "long"}
# Frames of a video with sound, which may be minutes long; a soundless one is a loop of seconds.
FRAMES_OF_VIDEO = 6


class PictureReader:
    """Says what pictures and videos show, for one thread; frames go to ``directory``."""

    # size: operator, endpoint, languages, disk, caller.
    def __init__(
        self,
        config: Config,
        vision: VisionClient,
        detector: Detector,
        directory: Path,
        progress: Progress = SILENT,
    ) -> None:
        self._config = config
        self._vision = vision
        self._detector = detector
        self._directory = directory
        self._progress = progress

    def check(self) -> None:
        """EndpointError while nothing is sent, so that nothing need be fetched either."""
        self._vision.check()

    def attribution(self, words: Words) -> str:
        """The longest that may follow."""
        return words.longest("described", self._config.vision.vision_models)

    def of_picture(self, path: Path, attachment: Attachment, limit: int, words: Words) -> Part:
        """What a picture or a soundless video shows. VisionError and EndpointError, MediaError."""
        views = self._views(path, attachment)
        room = room_beside(self.attribution(words), limit)
        return self._said_of(views, words.instruction(INSTRUCTIONS[views.kind], room), words)

    def of_video(self, path: Path, attachment: Attachment, room: int, words: Words) -> Part:
        """What a video shows, in up to ``room`` characters. Errors as of ``of_picture``."""
        views = self._views(path, attachment, FRAMES_OF_VIDEO)
        part = self._said_of(views, words.instruction("video", room), words)
        return Part(text=cut_at_sentence(part.text, room), attribution=part.attribution)

    def _said_of(self, views: Views, instruction: str, words: Words) -> Part:
        tongue = None
        if words.again is not None:
            tongue = Tongue(language=words.language, again=words.again, detector=self._detector)
        answer = self._vision.describe(
            views.pictures, instruction, context=words.before, tongue=tongue
        )
        attribution = words.text("described", model=answer.model)
        return Part(text=answer.text, attribution=attribution)

    def _views(self, path: Path, attachment: Attachment, frames: int | None = None) -> Views:
        """What the model is shown. What the file is decides, whatever the server takes it for:
        Mastodon makes a video of an animated GIF, other servers leave it as it is."""
        side = self._config.media.resize_max_dimension
        with path.open("rb") as file:
            found = media_type(file.read(HEAD_BYTES), "video")
        if found is None or not found.startswith("video/"):
            return views_of(path, side, progress=self._progress)
        with tempfile.TemporaryDirectory(dir=self._directory, prefix="attachment-") as folder:
            taken = frames_of_video(
                path, attachment.duration, side, Path(folder), progress=self._progress
            )
            return views_of_frames(taken, side, most=frames, progress=self._progress)
