"""The network that tells voices apart: Resemblyzer's, 256 numbers for 1.6 s of a voice.

Three recurrent layers and one linear one, by the generalized end-to-end loss
(https://arxiv.org/abs/1710.10467); many windows are computed together.
https://github.com/resemble-ai/Resemblyzer/blob/master/resemblyzer/voice_encoder.py

Runs in the worker: it imports torch.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from alternator.errors import ModelError
from alternator.speech.speakers.mel import BANDS
from probe.prove.operations import without_cudnn

HIDDEN, LAYERS, EMBEDDING = 256, 3, 256
WINDOW = 160  # frames of 10 ms that it was trained on
# Windows that are computed together: 33 MB of activations on the CPU, 8 times that on a GPU.
TOGETHER = {"cpu": 64, "gpu": 512}

Embeddings = npt.NDArray[np.float32]


class VoiceNetwork:
    """The network on one device; one thread at a time may call it."""

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        """ModelError where ``weights`` is not Resemblyzer's checkpoint."""
        self.device = torch.device(device)
        if self.device.type == "cuda":
            without_cudnn(torch)
        self.together = TOGETHER["cpu" if self.device.type == "cpu" else "gpu"]
        layers = read_layers(weights)
        layers.eval().requires_grad_(requires_grad=False).to(self.device)
        self._lstm, self._linear = layers["lstm"], layers["linear"]

    def embed(self, mels: torch.Tensor) -> Embeddings:
        """One embedding for each spectrogram: (n, frames, 40) -> (n, 256), float32 of length 1.

        No number in it is below 0. What is silent all through may have none that is above: then
        it is all zeros.
        """
        found = np.empty((len(mels), EMBEDDING), dtype=np.float32)
        with torch.inference_mode():
            for first in range(0, len(mels), self.together):
                some = mels[first : first + self.together].to(self.device)
                _, (hidden, _) = self._lstm(some)
                raw = self._linear(hidden[-1]).relu()
                lengths = raw.norm(dim=1, keepdim=True).clamp_min(1e-12)
                found[first : first + len(some)] = (raw / lengths).cpu().numpy()
        return found


def read_layers(path: Path) -> nn.ModuleDict:
    """The layers with the weights of Resemblyzer's checkpoint, on the CPU.

    Its two numbers for the loss and the state of its optimizer are left where they are.
    """
    layers = nn.ModuleDict(
        {
            "lstm": nn.LSTM(BANDS, HIDDEN, LAYERS, batch_first=True),
            "linear": nn.Linear(HIDDEN, EMBEDDING),
        }
    )
    try:
        # Nothing but tensors: a pickle could run anything.
        state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        layers.load_state_dict({name: state[name] for name in layers.state_dict()})
    except Exception as error:  # noqa: BLE001 - torch raises whatever a broken file leads to
        raise ModelError(
            f"{path} can't be read, which should tell voices apart ({type(error).__name__}); "
            f"remove it and run `alternator models speakers`"
        ) from None
    return layers
