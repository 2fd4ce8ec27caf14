"""Sound whose channels cancel each other out when they are mixed, as one wired wrongly does."""

from pathlib import Path

import numpy as np

from alternator.media.audio_command import Plan
from alternator.media.audio_run import FULL_SCALE, Pcm, Run

# Below this a mix may be what is left of louder channels; in dB of full scale, over 30 s.
# Where the channels are one as the other and one is turned round, lossy codecs leave -50 to -40 dB.
FAINT_DB = -35.0
# A channel that is so much louder than the mix was cancelled out; in dB. Channels that have nothing
# to do with each other lose 3 dB when two are mixed, 9 dB when eight are.
CANCELLED_DB = 20.0


def is_faint(block: Pcm) -> bool:
    """Whether there is next to nothing to be heard in a block."""
    loudness = float(np.sqrt(np.mean(np.square(block, dtype=np.float64)))) / FULL_SCALE
    return loudness < 10 ** (FAINT_DB / 20)


def only_channel(path: Path, plan: Plan, seconds: float) -> int | None:
    """The loudest channel, from 0, where the mix of all is silent beside it; else None.

    Goes through the whole file once, in bounded memory.
    """
    with Run(path, Plan(track=plan.track, exact=plan.exact, apart=True), seconds) as run:
        channels = run.know().channels
        if channels < 2:
            return None
        power = np.zeros(channels)
        mixed = 0.0
        known = 0
        for block in run.blocks(channels):
            # What is no number in one channel is none in the mix.
            lost, known = run.no_numbers - known > len(block) / 2, run.no_numbers
            for start in range(0, len(block), 16_000):  # a second: few bytes as float64
                part = block[start : start + 16_000].astype(np.float64)
                power += np.square(part).sum(axis=0)
                if not lost:
                    mixed += float(np.square(part.mean(axis=1)).sum())
    loudest = int(power.argmax())
    if power[loudest] > mixed * 10 ** (CANCELLED_DB / 10):
        return loudest
    return None
