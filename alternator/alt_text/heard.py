"""What is heard in an attachment: what Whisper writes down, or that there are no words in it."""

import functools
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from alternator.alt_text.check.characters import shows_something, visible
from alternator.alt_text.part import Part
from alternator.alt_text.shorten import cut_at_sentence, room_beside
from alternator.alt_text.vision import VisionClient
from alternator.alt_text.wording import Words
from alternator.config.settings import Config
from alternator.errors import MediaError, VisionError
from alternator.media.silence import is_silent
from alternator.media.sound_tags import Tags, tags_of
from alternator.models import catalog
from alternator.progress import SILENT, Progress
from alternator.speech.speakers.dialogue import dialogue
from alternator.speech.transcript import Transcript

log = logging.getLogger(__name__)

# How Whisper writes down that there is music and no word: "♪♪", "[Music]", "(soft music playing)".
# It learned that from captions: https://github.com/openai/whisper/blob/main/whisper/tokenizer.py
# (non_speech_tokens).
NOTES = re.compile("[♩♪♫♬🎵🎶🎼]")
Wordless = Literal["music", "sound", "silence"]

MUSIC = re.compile(
    r"\W*[\[(*（【][^\])*）】]*(?:musi[ckq]|músi|muzi|muzy|музы|музик|音楽|音乐|음악)[^\])*）】]*[\])*）】]\W*",
    re.IGNORECASE,
)


class SpeechReader(Protocol):
    """What ``alternator.speech.transcriber.Transcriber`` is here for."""

    def transcribe(self, path: Path, *, progress: Progress) -> Transcript: ...


@dataclass(frozen=True, kw_only=True)
class Heard:
    """``text`` is what is said, '' where nobody speaks; ``whisper`` is what wrote it down, as an
    attribution names it. ``music``: there are no words, and Whisper itself calls it music."""

    text: str
    whisper: str
    music: bool = False


class SoundReader:
    """Says what is heard, for one thread. Without ``vision`` nothing is shortened by a model."""

    def __init__(
        self,
        config: Config,
        speech: SpeechReader,
        vision: VisionClient | None,
        progress: Progress = SILENT,
    ) -> None:
        self._config = config
        self._speech = speech
        self._vision = vision
        self._progress = progress

    def hear(self, path: Path, words: Words) -> Heard:
        """What is said in a file. MediaError, also for a transcript of which too little is likely
        to be right; WorkerError and ModelError."""
        transcript = self._speech.transcribe(path, progress=self._progress)
        whisper = whisper_name(self._config.whisper.model)
        if transcript.model is not None:
            whisper = model_name(transcript.model)
        named = dialogue(transcript, lambda number: words.text("speaker", number=number))
        text = visible(named).strip()
        if is_music(text):
            return Heard(text="", whisper=whisper, music=True)
        if not shows_something(text):
            return Heard(text="", whisper=whisper)
        self._check_confidence(transcript)
        return Heard(text=text, whisper=whisper)

    def of_sound(self, path: Path, heard: Heard, limit: int, words: Words) -> Part:
        """What a sound file is: whose, if it says so, and what is said in it, or that it has no
        words. In up to ``limit`` characters with its attribution."""
        tags = tags_of(path, progress=self._progress)
        head = title_of(tags)
        if heard.text:
            taken = len(head) + 2 if head else 0
            part = self.of_speech(heard, limit - taken, words)
            text = part.text
        else:
            text = words.text(self._wordless(path, heard, tags))
            part = Part(text=text, attribution=words.text("transcribed", model=heard.whisper))
        return Part(text=f"{head}\n\n{text}" if head else text, attribution=part.attribution)

    def of_speech(self, heard: Heard, limit: int, words: Words) -> Part:
        """What is said, in up to ``limit`` characters with its attribution: whole, shortened by a
        text model, or cut at the end of a sentence."""
        attribution = words.text("transcribed", model=heard.whisper)
        room = room_beside(attribution, limit)
        if len(heard.text) > room and self._vision is not None:
            try:
                return self._shorten(self._vision, heard, limit, words)
            except VisionError as error:
                log.warning("a transcript is cut, since it could not be shortened: %s", error)
        return Part(text=cut_at_sentence(heard.text, room), attribution=attribution)

    def longest_attribution(self, heard: Heard, words: Words) -> str:
        """The longest that may stand below what is said."""
        plain = words.text("transcribed", model=heard.whisper)
        if self._vision is None:
            return plain
        return max(plain, self._longest_shortened(heard, words), key=len)

    def _shorten(self, vision: VisionClient, heard: Heard, limit: int, words: Words) -> Part:
        """The transcript as a text model shortens it, with an attribution that says so."""
        room = room_beside(self._longest_shortened(heard, words), limit)
        answer = vision.shorten(heard.text, words.text("summary", limit=room))
        attribution = words.text("shortened", model=heard.whisper, text_model=answer.model)
        return Part(text=cut_at_sentence(answer.text, room), attribution=attribution)

    def _longest_shortened(self, heard: Heard, words: Words) -> str:
        models = self._config.vision.text_models
        return max(
            (words.text("shortened", model=heard.whisper, text_model=model) for model in models),
            key=len,
        )

    def _wordless(self, path: Path, heard: Heard, tags: Tags) -> Wordless:
        """What sound in which nobody speaks is.

        That nobody speaks, the engine has said: its voice detector found nothing, or what Whisper
        heard was probably no speech. What cannot be heard is silence. Music is what Whisper calls
        so, and what names both title and artist, as recordings of songs do; nothing else tells it
        from rain.
        """
        if is_silent(path, progress=self._progress):
            return "silence"
        return "music" if heard.music or (tags.title and tags.artist) else "sound"

    def _check_confidence(self, transcript: Transcript) -> None:
        """MediaError for a transcript of which too little is likely to be right."""
        least, confidence = self._config.whisper.min_confidence, transcript.confidence
        if least and confidence is None and transcript.text:
            say_that_none_is_told(transcript.model or self._config.whisper.model)
        if confidence is not None and confidence < least:
            raise MediaError(
                f"the transcript is too unsure: its confidence is {confidence:.2f}, and [whisper] "
                f"min_confidence asks for {least:g}"
            )


def is_music(text: str) -> bool:
    """Whether a transcript says nothing but that there is music."""
    without = NOTES.sub("", text)
    notes = without != text and not any(map(str.isalnum, without))
    return notes or MUSIC.fullmatch(text) is not None


def title_of(tags: Tags) -> str:
    """Artist and title in one line, as in a list of songs; '' where there is neither."""
    return " – ".join(
        text for text in (visible(tags.artist).strip(), visible(tags.title).strip()) if text
    )


def whisper_name(model: str) -> str:
    """How an attribution names the model: by the stem where it is a file."""
    return f"Whisper {Path(model).stem}" if model.endswith(".pt") else f"Whisper {model}"


def model_name(model: str) -> str:
    """How an attribution names a server's model: as the server does, and what is known as one of
    Whisper's sizes as that."""
    return whisper_name(model) if catalog.find(model) is not None else model


@functools.cache
def say_that_none_is_told(model: str) -> None:
    """Once for each model: what the operator set has no effect."""
    log.warning(
        "[whisper] min_confidence withholds nothing of the model %s: whoever runs it tells no "
        "confidence",
        model,
    )
