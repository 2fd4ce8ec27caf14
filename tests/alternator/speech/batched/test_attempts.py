"""When a window is tried again."""

import itertools
from typing import Any

import pytest
import torch
from decoding_like_whisper import needs_fallback

from alternator.speech.batched.attempts import looks_wrong
from alternator.speech.batched.window import Decoded, Search, Window

NUMBERS = list(itertools.product([1.0, 3.0], [-2.0, -1.0, -0.5], [0.1, 0.9]))


@pytest.mark.parametrize("ratio", [None, 2.4])
@pytest.mark.parametrize("logprob", [None, -1.0])
@pytest.mark.parametrize("silence", [None, 0.6])
def test_it_is_tried_again_where_openai_whisper_would(ratio, logprob, silence):
    search = Search(
        compression_ratio_threshold=ratio, logprob_threshold=logprob, no_speech_threshold=silence
    )
    window = Window(owner="", mel=torch.zeros(80, 10), search=search, language="en")
    for compression, average, no_speech in NUMBERS:
        found: Any = Decoded(
            tokens=(1,),
            text="",
            language="en",
            avg_logprob=average,
            no_speech_prob=no_speech,
            temperature=0.0,
            compression_ratio=compression,
            token_logprobs=(0.0, 0.0),
        )
        assert looks_wrong(found, search) == needs_fallback(found, window)
