"""The sequential way: windows of 30 s one after the other, as ``whisper.transcribe`` hears them.

Where a window ends is known when the one before it is decoded, and its text can lead the next
(``condition_on_previous_text``). The loop is openai-whisper's, and so is its text, word for word:
https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py
Two things are added: clips past the end are cut at it, and a step that moves nothing goes on to the
next window. There openai-whisper never ends.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

import torch

from alternator.speech.batched.anomalies import Heard, skip_silence
from alternator.speech.batched.asking import Answer, Ask, Listening, Model, Outcome, Step
from alternator.speech.batched.drafts import (
    WINDOW_FRAMES,
    Draft,
    cut,
    frames_of,
    last_end,
    seconds,
)
from alternator.speech.batched.lines import DETECTING, language_line, segment_line
from alternator.speech.batched.prompts import Prompts
from alternator.speech.batched.searching import is_silence, search_of
from alternator.speech.batched.sureness import confidence_of, rate
from alternator.speech.batched.window import Decoded, Window
from alternator.speech.batched.word_times import WordTimer, second_look
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Segment


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """What is heard: the whole spectrogram, float32, shape (n_mels, frames + 3000), 30 s of
    silence behind the sound, on any device. ``frames`` are of the sound itself, 10 ms each."""

    owner: str
    mel: torch.Tensor

    @property
    def frames(self) -> int:
        return int(self.mel.shape[-1]) - WINDOW_FRAMES


def listen(
    recording: Recording, options: DecodingOptions, model: Model, *, follows: bool
) -> Listening:
    """``follows``: each window is prompted with the text before it.

    ``options.language`` is a code of Whisper's, or None to have it detected.
    """
    language, probability = options.language, None
    if language is None:
        if options.verbose and model.detect_language is not None:
            yield Step(heard=0.0, lines=(DETECTING,))
        language, probability = detected(recording, model)
        if options.verbose is not None and probability is not None:
            yield Step(heard=0.0, lines=(language_line(language),))
    segments = yield from _Loop(recording, options, model, language, follows).run()
    return Outcome(
        segments=segments,
        language=language,
        language_probability=probability,
        confidence=confidence_of(segments),
    )


def detected(recording: Recording, model: Model) -> tuple[str, float | None]:
    """The language of the first 30 s, and how probable it is; English where nothing else is."""
    if model.detect_language is None:
        return "en", None
    mel = padded(recording.mel[:, :WINDOW_FRAMES])
    probabilities: Mapping[str, float] = model.detect_language(mel)
    language = max(probabilities, key=lambda code: probabilities[code])
    return language, probabilities[language]


def padded(mel: torch.Tensor) -> torch.Tensor:
    """A spectrogram of 30 s: zeros behind it (openai-whisper's pad_or_trim)."""
    return torch.nn.functional.pad(mel, (0, WINDOW_FRAMES - mel.shape[-1]))


def clips(points: tuple[float, ...], frames: int) -> list[tuple[int, int]]:
    """Where to listen, from frame to before frame; ``points`` in seconds, start, end, start, ..."""
    ends = [min(max(0, frames_of(point)), frames) for point in points] or [0]
    if len(ends) % 2:
        ends.append(frames)
    return list(zip(ends[::2], ends[1::2], strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Taken:
    """What a window gave: segments, and where the next one begins."""

    drafts: list[Draft]
    seek: int


class _Loop:
    """One request's way through its windows."""

    # size: what a request, its sound and its model are
    def __init__(
        self,
        recording: Recording,
        options: DecodingOptions,
        model: Model,
        language: str,
        follows: bool,
    ) -> None:
        self._recording = recording
        self._options = options
        self._audio_context, self._force = model.audio_context, model.force
        self._language = language
        self._tokenizer = model.tokenizers(language, options.task)
        self._prompts = Prompts(options, self._tokenizer, model.text_context, follows=follows)
        self._search = replace(search_of(options), wants_attention=False)
        self._timer = (
            WordTimer(self._tokenizer, options.prepend_punctuations, options.append_punctuations)
            if options.word_timestamps
            else None
        )
        self._speech_end = 0.0

    def run(self) -> Generator[Step, Answer | None, tuple[Segment, ...]]:
        """All clips, window after window."""
        segments: list[Segment] = []
        total = self._recording.frames
        for start, end in clips(self._options.clip_timestamps, total):
            seek = start
            while seek < end:
                frames = min(WINDOW_FRAMES, end - seek)
                decoded = yield from self._decode(seek, frames)
                taken = self._take(decoded, seek, frames)
                seek = max(start, taken.seek) if taken.seek > seek else seek + frames
                found = tuple(draft.finished() for draft in taken.drafts)
                segments += found
                yield Step(
                    heard=seconds(min(total, seek)), segments=found, lines=self._lines(found)
                )
        return tuple(segments)

    def _decode(self, seek: int, frames: int) -> Generator[Step, Answer | None, Decoded]:
        window = Window(
            owner=self._recording.owner,
            mel=self._recording.mel[:, seek : seek + frames],
            search=self._search,
            language=self._language,
            task=self._options.task,
            prompt=self._prompts.next(),
            prefix=self._prompts.prefix,
        )
        answer = yield Step(heard=seconds(seek), asks=(Ask(number=seek, window=window),))
        while answer is None:
            answer = yield Step(heard=seconds(seek))
        return answer.decoded

    def _take(self, decoded: Decoded, seek: int, frames: int) -> _Taken:
        options = self._options
        if is_silence(decoded, options):
            return _Taken(drafts=[], seek=seek + frames)
        found = cut(decoded, self._tokenizer, seek, frames, self._audio_context)
        taken = _Taken(drafts=found.drafts, seek=seek + found.heard)
        if self._timer is not None:
            mel = padded(self._recording.mel[:, seek : seek + frames])
            look = second_look(self._force, mel, self._tokenizer)
            self._timer.time(found.drafts, seconds(seek), frames, self._speech_end, look)
            end = last_end(found.drafts)
            if not found.ended and end is not None and end > seconds(seek):
                taken = _Taken(drafts=found.drafts, seek=frames_of(end))
            threshold = options.hallucination_silence_threshold
            if threshold is not None:
                heard = Heard(
                    start=seek,
                    frames=frames,
                    seek=taken.seek,
                    total=self._recording.frames,
                    ended=found.ended,
                    speech_end=self._speech_end,
                )
                kept = skip_silence(found.drafts, heard, threshold)
                if kept.again:
                    return _Taken(drafts=[], seek=kept.seek)
                taken = _Taken(drafts=kept.drafts, seek=kept.seek)
            end = last_end(taken.drafts)
            self._speech_end = self._speech_end if end is None else end
        for draft in taken.drafts:
            draft.clear_if_empty()
        rate(taken.drafts, self._tokenizer)
        tokens = tuple(token for draft in taken.drafts for token in draft.tokens)
        self._prompts.heard(tokens, decoded.temperature)
        return taken

    def _lines(self, segments: tuple[Segment, ...]) -> tuple[str, ...]:
        return tuple(map(segment_line, segments)) if self._options.verbose else ()
