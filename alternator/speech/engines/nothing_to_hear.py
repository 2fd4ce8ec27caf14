"""Sound in which there is nothing at all: no engine is asked about it, and that is said.

Only digital silence counts. Speech whose peak lies at -67 dB of full scale, as 24-bit recordings
have it, is heard by Whisper with hardly a word wrong; for a track of zeros the larger models like
to invent a "Thank you.", and screen recordings often carry an empty one.
"""

from alternator.media.audio import Samples

NO_SOUND = "There is no sound in it."
SILENCE = "It is silent from beginning to end."


def nothing_to_hear(samples: Samples) -> str | None:
    """Why there is nothing to listen to; None if there is something, be it ever so quiet."""
    if not len(samples):
        return NO_SOUND
    return None if samples.any() else SILENCE
