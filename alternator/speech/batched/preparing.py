"""From a request to what is listened to: its file decoded, speech found, windows cut.

Runs in helper threads, a few files ahead of the decoder.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from alternator.media.audio import SAMPLE_RATE, GoOn, Samples, decode
from alternator.speech.batched import sequential, side_by_side
from alternator.speech.batched.asking import Listening, Model
from alternator.speech.batched.heap import trim
from alternator.speech.batched.lead import lead_of
from alternator.speech.batched.shortened import shortened, whole
from alternator.speech.batched.voiced import Voiced, find_windows
from alternator.speech.cutting import CHUNK, CHUNK_SECONDS, Probabilities, Span
from alternator.speech.engines.engine import Request
from alternator.speech.engines.language_code import language_code
from alternator.speech.engines.nothing_to_hear import nothing_to_hear
from alternator.speech.engines.whisper_package import HOP_LENGTH
from alternator.speech.options import DecodingOptions
from alternator.speech.spectrogram import Spectrogram, spectrogram
from alternator.speech.voice import VoiceDetector

PADDING = 30 * SAMPLE_RATE  # samples of silence that openai-whisper puts behind a file

# A shorter file leaves little behind: to give that back and to take it anew for the next one costs
# more than it is worth.
TRIMMED_SECONDS = 30.0

# A window whose peak is below this share of full scale (-36 dB) is brought up to that (-12 dB).
QUIET, LOUD = 0.016, 0.25

# The second argument: how many windows it may have asked for, at that moment.
Begin = Callable[[Model, Callable[[], int]], Listening]


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A request that can be listened to.

    ``duration`` of its sound, in seconds. ``begin`` is None where there is nothing to hear: then
    ``notes`` say so; ``language`` is what the request asked for, '' if nothing.
    """

    duration: float
    notes: tuple[str, ...]
    language: str
    begin: Begin | None


class Preparer:
    """Prepares requests for a model with ``n_mels`` bands; any thread may call.

    ``device``: PyTorch's name of where speech is found and spectrograms are computed.
    """

    def __init__(self, *, n_mels: int, multilingual: bool, device: str) -> None:
        self._n_mels = n_mels
        self._multilingual = multilingual
        self._spectrogram = Spectrogram(n_mels, device)
        self._detector = VoiceDetector(device)

    def prepare(self, request: Request, go_on: GoOn) -> Prepared:
        """AlternatorError says what is wrong with the request or its file; and what ``go_on``
        raises, which is asked between the steps."""
        options = self._known(request.options)
        sound = decode(
            request.path,
            limit_seconds=request.limit_seconds,
            track=request.audio_track,
            go_on=go_on,
        )
        samples, notes = sound.samples, sound.notes
        duration = len(samples) / SAMPLE_RATE
        if nothing := nothing_to_hear(samples):
            language = options.language or ""
            notes = (*notes, nothing)
            return Prepared(duration=duration, notes=notes, language=language, begin=None)
        if request.known is not None:
            options = replace(options, clip_timestamps=(request.known.until,))
        begin = (
            self._sequential(request.id, samples, options)
            if is_sequential(options)
            else self._side_by_side(request, samples, options)
        )
        if duration > TRIMMED_SECONDS:
            trim()
        go_on(duration)
        return Prepared(
            duration=duration, notes=notes, language=options.language or "", begin=begin
        )

    def _known(self, options: DecodingOptions) -> DecodingOptions:
        """With Whisper's code of the language; ConfigError if it knows no such language."""
        language = language_code(options.language) if self._multilingual else "en"
        return replace(options, language=language)

    def _sequential(self, owner: str, samples: Samples, options: DecodingOptions) -> Begin:
        mel = spectrogram(samples, self._n_mels, padding=PADDING)
        recording = sequential.Recording(owner=owner, mel=mel)
        follows = options.condition_on_previous_text is not False
        return lambda model, _: sequential.listen(recording, options, model, follows=follows)

    def _side_by_side(self, request: Request, samples: Samples, options: DecodingOptions) -> Begin:
        known = request.known
        probabilities = self._speech(samples, known.until if known else 0.0)
        left = (shortened if may_be_shortened(options) else whole)(samples, probabilities)
        voice, windows = find_windows(left, options.clip_timestamps)

        def mels(spans: Sequence[Span]) -> list[torch.Tensor]:
            return self._mels([left.sound(span) for span in spans])

        sound = Voiced(
            owner=request.id,
            voice=voice,
            windows=windows,
            mels=mels,
            seams=left.seams,
            lead=lead_of(known, windows, options),
        )
        return lambda model, ahead: side_by_side.listen(sound, options, model, ahead=ahead)

    def _speech(self, samples: Samples, after: float) -> Probabilities:
        """How probable it is in each chunk; before the second ``after`` nobody asks."""
        found = np.zeros(-(-len(samples) // CHUNK), dtype=np.float32)
        first = min(int(after / CHUNK_SECONDS), len(found))
        found[first:] = self._detector.probabilities(samples[first * CHUNK :])
        return found

    def _mels(self, pieces: Sequence[Samples]) -> list[torch.Tensor]:
        """Spectrograms of stretches of sound. On a GPU they are computed together."""
        pieces = [louder(piece) for piece in pieces]
        if self._spectrogram.device.type == "cpu":
            return [self._spectrogram(torch.from_numpy(piece)[None])[0] for piece in pieces]
        rows = np.zeros((len(pieces), max(map(len, pieces))), dtype=np.float32)
        for row, piece in zip(rows, pieces, strict=True):
            row[: len(piece)] = piece
        together = self._spectrogram(torch.from_numpy(rows))
        return [
            mel[:, : len(piece) // HOP_LENGTH] for mel, piece in zip(together, pieces, strict=True)
        ]


def is_sequential(options: DecodingOptions) -> bool:
    """Whether windows are heard one after the other: where that was asked for."""
    return options.vad is False or (
        options.vad is None and bool(options.condition_on_previous_text)
    )


def may_be_shortened(options: DecodingOptions) -> bool:
    """Whether no option speaks of times in the file, or of its silences."""
    clips = any(options.clip_timestamps)
    return not clips and options.hallucination_silence_threshold is None


def louder(samples: Samples) -> Samples:
    """Very quiet speech as loud as speech mostly is. Whisper's spectrogram is relative to its peak
    in its depth, not in its level, and models saw few recordings as quiet as that."""
    peak = max(float(samples.max()), -float(samples.min()))
    return samples * np.float32(LOUD / peak) if 0 < peak < QUIET else samples
