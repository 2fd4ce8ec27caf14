"""The numbers of ``/metrics``, after requests of which everything is known."""

from collections.abc import Callable
from pathlib import Path

import openai
import pytest
from running_serve import RunningServe


def test_what_a_request_adds(served: RunningServe, speak: Callable[..., Path]) -> None:
    clip = speak("Captions help everyone understand.")

    def numbers() -> list[float]:
        return [
            served.metric(line)
            for line in (
                'alternator_requests_total{status="200",task="transcribe"}',
                'alternator_requests_total{status="404",task="transcribe"}',
                'alternator_audio_seconds_total{model="fixture"}',
                "alternator_upload_bytes_total",
                'alternator_request_seconds_count{task="transcribe"}',
                'alternator_real_time_factor_count{model="fixture"}',
            )
        ]

    before = numbers()
    create = served.client().audio.transcriptions.create
    create(file=clip, model="fixture")
    with pytest.raises(openai.NotFoundError):
        create(file=clip, model="none")
    size = clip.stat().st_size
    added = [after - first for after, first in zip(numbers(), before, strict=True)]
    assert added == pytest.approx([1, 1, 2.66, 2 * size, 2, 1], abs=0.01)
    assert served.metric("alternator_queue") == served.metric("alternator_requests_under_way") == 0
    assert served.metric('alternator_model_loaded{model="fixture"}') == 1
