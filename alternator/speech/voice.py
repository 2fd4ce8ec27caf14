"""Where somebody speaks: Silero's voice activity detector, computed for much sound at once.

The network and its weights are those of the package silero-vad (MIT), whose own way is one chunk of
32 ms after the other, in Python. Here the convolutions see all chunks of a block together, and the
recurrent layer runs over several pieces of the block side by side where the device likes that.
https://github.com/snakers4/silero-vad/blob/master/src/silero_vad/tinygrad_model.py

Runs in the worker: it imports torch.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from alternator.speech.loudness import gains
from alternator.speech.silero_weights import silero_weights
from probe.prove.operations import without_cudnn

SAMPLE_RATE = 16_000  # Hz
CHUNK = 512  # samples: the detector says one probability for each
CONTEXT = 64  # samples before a chunk that it hears as well
N_FFT, STFT_HOP = 256, 128
BINS = N_FFT // 2 + 1
STATE = 128  # units of the recurrent layer
RECURRENT = ("onnx::LSTM_209", "onnx::LSTM_210", "onnx::LSTM_211")
FULL_SCALE = 32_768.0  # of a 16-bit sample

# Chunks that are in memory as samples, and as spectra, at one time.
BLOCK = {"cpu": 4096, "gpu": 32_768}
SPECTRA = {"cpu": 256, "gpu": 8192}
# Steps that the recurrent layer is given at a time: 2 kB of memory each.
STEPS = {"cpu": 1024, "gpu": 32_768}
# On a CPU one step of the recurrent layer takes 5 µs, and all go through in turn; a GPU takes as
# long for hundreds of pieces as for one.
PIECES = {"cpu": 1, "gpu": 256}
# Chunks (2 s) that a piece hears before its own, so that its state is what it would be had it heard
# all of the sound; where it is not, by more than this in any unit, it is computed again from the
# state in which the piece before it ended.
WARM_UP = 64
SETTLED = 1e-3

Sound = npt.NDArray[np.int16] | npt.NDArray[np.float32]
State = tuple[torch.Tensor, torch.Tensor]  # hidden and cell, (1, pieces, 128) each


class VoiceDetector:
    """Silero VAD for 16 kHz on one device; any thread may call it, many at once.

    ``pieces``: of a block, how many are computed side by side; None: what suits the device.
    """

    def __init__(self, device: str = "cpu", *, pieces: int | None = None) -> None:
        self.device = torch.device(device)
        kind = "cpu" if self.device.type == "cpu" else "gpu"
        if self.device.type == "cuda":
            without_cudnn(torch)
        self._block, self._spectra = BLOCK[kind], SPECTRA[kind]
        self._pieces, self._steps = pieces or PIECES[kind], STEPS[kind]
        weights = {
            name: torch.from_numpy(values.astype(np.float32)).to(self.device)
            for name, values in silero_weights().items()
        }
        self._fourier = weights["stft.forward_basis_buffer"][:, 0].T.contiguous()  # (256, 2 * 129)
        self._convolutions = [
            (weights[f"encoder.{number}.weight"], weights[f"encoder.{number}.bias"], stride)
            for number, stride in enumerate((1, 2, 2, 1))
        ]
        self._recurrent = recurrent_weights(weights)
        self._last = weights["output.weight"][0, :, 0], weights["output.bias"]

    def probabilities(self, samples: Sound) -> npt.NDArray[np.float32]:
        """How probable speech is, from 0 to 1, in each 512 samples (32 ms), the last filled up.

        ``samples``: mono, 16 kHz, int16 or float32 from -1 to 1, shape (samples,). Samples that are
        no numbers count as silence; quiet stretches are heard louder (loudness.py). Memory does not
        grow with their count.
        """
        found = np.empty(-(-len(samples) // CHUNK), dtype=np.float32)
        context = torch.zeros(CONTEXT, device=self.device)
        state = (torch.zeros(1, 1, STATE, device=self.device),) * 2
        with torch.inference_mode():
            for first in range(0, len(found), self._block):
                last = min(first + self._block, len(found))
                block = self._block_of(samples[first * CHUNK : last * CHUNK], last - first, context)
                factors = gains(block[CONTEXT:].view(-1, CHUNK))
                chunks = block.unfold(0, CONTEXT + CHUNK, CHUNK)
                context = block[-CONTEXT:].clone()
                few = (slice(at, at + self._spectra) for at in range(0, len(chunks), self._spectra))
                features = torch.cat(
                    [self._features(chunks[some] * factors[some, None]) for some in few]
                )
                hidden, state = self._through_time(features, state)
                found[first:last] = self._speech(hidden).cpu().numpy()
        return found

    def _block_of(self, samples: Sound, chunks: int, context: torch.Tensor) -> torch.Tensor:
        """The context and the samples as float32, shape (64 + chunks * 512,), zeros for what is no
        number."""
        block = torch.zeros(CONTEXT + chunks * CHUNK, device=self.device)
        block[:CONTEXT] = context
        there = block[CONTEXT : CONTEXT + len(samples)]
        there.copy_(torch.from_numpy(np.ascontiguousarray(samples)))
        if samples.dtype == np.int16:
            there.div_(FULL_SCALE)
        else:
            there.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)
        return block

    def _features(self, chunks: torch.Tensor) -> torch.Tensor:
        """What the recurrent layer hears of chunks with their contexts, (n, 576) -> (n, 128).

        Products of matrices all: torch's own convolution on a GPU, without cuDNN, takes the chunks
        one by one.
        """
        mirrored = functional.pad(chunks, (0, CONTEXT), mode="reflect")
        frames = mirrored.unfold(1, N_FFT, STFT_HOP)
        parts = frames.reshape(-1, N_FFT) @ self._fourier
        real, imaginary = parts[:, :BINS], parts[:, BINS:]
        x = (real.square() + imaginary.square()).sqrt_().view(len(chunks), -1, BINS)
        for weight, bias, stride in self._convolutions:
            x = convolution(x, weight, bias, stride).relu_()
        return x[:, 0]

    def _through_time(self, features: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """The recurrent layer's output for (chunks, 128), and its state behind the last chunk."""
        length = len(features) // self._pieces
        if self._pieces == 1 or length < WARM_UP:
            outputs = []
            for at in range(0, len(features), self._steps):
                output, state = self._recur(features[at : at + self._steps, None], state)
                outputs.append(output[:, 0])
            return torch.cat(outputs), state
        whole = length * self._pieces
        pieces = features[:whole].view(self._pieces, length, STATE).transpose(0, 1)
        output, state = self._side_by_side(pieces, state)
        rest, state = self._recur(features[whole:, None], state)
        return torch.cat([output.transpose(0, 1).reshape(whole, STATE), rest[:, 0]]), state

    def _side_by_side(self, pieces: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """The same for (chunks of a piece, pieces, 128), the pieces at the same time."""
        others = pieces.shape[1] - 1
        nothing = torch.zeros(1, others, STATE, device=self.device)
        _, settled = self._recur(pieces[-WARM_UP:, :-1], (nothing, nothing))
        before = torch.cat([torch.stack(state), torch.stack(settled)], dim=2)  # (2, 1, pieces, 128)
        output, ends = self._recur(pieces, (before[0], before[1]))
        after = torch.stack(ends)
        while True:
            off = (after[:, :, :-1] - before[:, :, 1:]).abs().amax(dim=(0, 1, 3)) > SETTLED
            again = off.nonzero()[:, 0] + 1
            if not len(again):
                return output, (after[0, :, -1:], after[1, :, -1:])
            before[:, :, again] = after[:, :, again - 1]
            start = before[0][:, again], before[1][:, again]
            output[:, again], ends = self._recur(pieces[:, again], start)
            after[:, :, again] = torch.stack(ends)

    def _recur(self, steps: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """The recurrent layer over (steps, pieces, 128)."""
        if not len(steps):
            return steps, state
        output, hidden, cell = torch.lstm(
            steps,
            state,
            self._recurrent,
            True,  # has biases
            1,  # layers
            0.0,  # dropout
            False,  # training
            False,  # in both directions
            False,  # pieces before steps
        )
        return output, (hidden, cell)

    def _speech(self, hidden: torch.Tensor) -> torch.Tensor:
        """The probabilities, (chunks, 128) -> (chunks,)."""
        weight, bias = self._last
        return torch.sigmoid(hidden.relu() @ weight + bias)


def convolution(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, stride: int
) -> torch.Tensor:
    """Three taps over time, with a zero at both ends: (n, times, channels in) -> (…, out)."""
    taps = functional.pad(x, (0, 0, 1, 1)).unfold(1, 3, stride)  # (n, times, channels in, 3)
    n, times = taps.shape[:2]
    rows = taps.reshape(n * times, -1)
    return torch.addmm(bias, rows, weight.flatten(1).T).view(n, times, -1)


def recurrent_weights(weights: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    """Those of the recurrent layer as torch.lstm takes them: of input, of state, and two biases.

    ONNX has the gates in the order input, output, forget, cell, torch input, forget, cell, output.
    https://github.com/onnx/onnx/blob/main/docs/Operators.md#lstm
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """

    def gates(rows: torch.Tensor) -> torch.Tensor:
        of_input, of_output, of_forget, of_cell = rows.chunk(4)
        return torch.cat([of_input, of_forget, of_cell, of_output])

    of_input, of_state, biases = (weights[name][0] for name in RECURRENT)
    return [gates(rows) for rows in (of_input, of_state, *biases.chunk(2))]
