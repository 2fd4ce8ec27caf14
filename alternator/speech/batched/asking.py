"""How a request's listening speaks with the engine: it asks for windows, and is told of them.

A way of listening (``sequential.py``, ``side_by_side.py``) is a generator. It yields a Step: what
it found since the last one, and the windows that it wants decoded now. It is sent an Answer to each
of them, in whatever order they are done, and returns its Outcome. Who drives it (``listening.py``)
puts the windows of many requests to one decoder.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

import torch

from alternator.config.models import Task
from alternator.speech.batched.window import Decoded, Window
from alternator.speech.engines.whisper_package import Tokenizer
from alternator.speech.transcript import Segment


@dataclass(frozen=True, kw_only=True, eq=False)
class Ask:
    """A window that is wanted; ``number`` comes back with its Answer."""

    number: int
    window: Window


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What became of the Ask of that number."""

    number: int
    decoded: Decoded


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """What is known since the step before. ``heard``: seconds of the sound that are done, of all
    that there are; ``lines`` are for the person who waits, in openai-whisper's words."""

    heard: float
    asks: tuple[Ask, ...] = ()
    segments: tuple[Segment, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is said of the whole beside its segments: all of them, in their order.

    ``language`` is Whisper's code, '' where nothing was there to detect it by;
    ``language_probability`` is None unless it was detected. ``confidence`` and ``notes`` as
    Transcript's.
    """

    segments: tuple[Segment, ...]
    language: str
    language_probability: float | None = None
    confidence: float | None = None
    notes: tuple[str, ...] = ()


Listening = Generator[Step, Answer | None, Outcome]

# The tokenizer for a language and a task.
Tokenizers = Callable[[str, Task], Tokenizer]
# The probability of each language for a padded spectrogram, float32, shape (n_mels, 3000).
DetectLanguage = Callable[[torch.Tensor], Mapping[str, float]]
# Lays tokens along a padded spectrogram: the raw scores of the alignment heads, float32 on the CPU,
# (heads, tokens, positions of 20 ms), and the logits behind each token, float32, on any device.
Force = Callable[[torch.Tensor, Sequence[int]], tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """What a listening needs to know of the model: its tokens, its measures, its languages.

    ``text_context`` and ``audio_context`` are positions (448 and 1500). ``detect_language`` is
    None for a model that knows English only.
    """

    tokenizers: Tokenizers
    text_context: int
    audio_context: int
    force: Force
    detect_language: DetectLanguage | None = None
