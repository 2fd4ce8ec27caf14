"""Which stretches of the sound are to be heard, as DecodingOptions.clip_timestamps says."""

from collections.abc import Iterator, Sequence

from alternator.media.audio import SAMPLE_RATE, Samples


def stretches(samples: Samples, clips: Sequence[float]) -> Iterator[tuple[int, int]]:
    """The first sample of each, and the one behind its last."""
    total = len(samples) / SAMPLE_RATE
    times = [*clips, total] if len(clips) % 2 else list(clips)
    for start, end in zip(times[::2], times[1::2], strict=True):
        yield int(start * SAMPLE_RATE), int(min(end, total) * SAMPLE_RATE)
