"""How much louder quiet sound is made for the voice detector, and only for it.

The less loud speech is, the less of it Silero VAD finds: of the chunks of human speech of which it
is sure at full scale, it loses 2 % where the peak is at -30 dB, 3 % at -40 dB and 14 % at -50 dB
(measured on a minute of sentences in English and Russian); of espeak-ng's voice it finds nothing at
-67 dB, which is what a 24-bit recording may have. Whisper hears it all the same, since its
spectrogram is relative to the clip's peak. White and brown noise are no speech to the detector at
any level from -70 dB to 0.
"""

import torch
from torch.nn import functional

QUIET = 10 ** (-26 / 20)  # -26 dB of full scale: sound with a higher peak is left as it is
LOUD = 10 ** (-10 / 20)  # where other peaks are brought to
MOST = 1000.0  # 60 dB: one step of a 16-bit sample is then at -30 dB
SECOND = 32  # chunks of 32 ms
NEIGHBOURS = (
    10  # seconds to both sides whose peaks count: a pause must not be made as loud as words
)


def gains(chunks: torch.Tensor) -> torch.Tensor:
    """A factor for each chunk of samples, (chunks, samples) -> (chunks,), from 1 to MOST.

    It brings the peak of ten seconds to both sides up to LOUD where it is below QUIET. A constant
    offset is no loudness: a peak is half of the range.
    """
    low, high = chunks.aminmax(dim=1)
    peaks = functional.pad((high - low) / 2, (0, -len(chunks) % SECOND))
    seconds = peaks.view(-1, SECOND).amax(dim=1)
    around = functional.max_pool1d(seconds[None], 2 * NEIGHBOURS + 1, stride=1, padding=NEIGHBOURS)[
        0
    ]
    wanted = torch.where(around < QUIET, LOUD / around.clamp(min=LOUD / MOST), 1.0)
    return wanted.repeat_interleave(SECOND)[: len(chunks)]
