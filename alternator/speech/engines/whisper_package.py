"""The one door to openai-whisper: imports it without numba, and gives words their times without it.

Whatever here needs something of it imports it from here: who came first elsewhere would bring numba
in, or fail where there is none.
"""

import torch  # before whisper: its own searches must not meet what stands in for numba

from alternator.speech.engines.time_warping import cheapest_path
from probe.prove.whisper_import import numba_stood_in

with numba_stood_in():
    import whisper
    from whisper import timing
    from whisper.audio import (
        CHUNK_LENGTH,
        FRAMES_PER_SECOND,
        HOP_LENGTH,
        N_FFT,
        log_mel_spectrogram,
        mel_filters,
    )
    from whisper.model import ModelDimensions
    from whisper.tokenizer import LANGUAGES, TO_LANGUAGE_CODE, Tokenizer, get_tokenizer
    from whisper.utils import compression_ratio, format_timestamp

__all__ = [
    "CHUNK_LENGTH",
    "FRAMES_PER_SECOND",
    "HOP_LENGTH",
    "LANGUAGES",
    "N_FFT",
    "TO_LANGUAGE_CODE",
    "ModelDimensions",
    "Tokenizer",
    "compression_ratio",
    "format_timestamp",
    "get_tokenizer",
    "log_mel_spectrogram",
    "mel_filters",
    "timing",
    "torch",
    "whisper",
]

# For good, unlike what openai_whisper_patches.py replaces: without numba the function that stands
# there is plain Python, 50 times as slow, and rounds otherwise.
timing.dtw_cpu = cheapest_path
