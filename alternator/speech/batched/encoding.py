"""Sound to what the decoder listens to, beside the decoder's steps where the device can."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from alternator.speech.batched.network import Network
from alternator.speech.batched.silence import Sound
from alternator.speech.batched.streams import Moment, Side


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoded:
    """Encoded sound of each window; it is there when ``ready`` is past."""

    audio: list[Sound]
    ready: Moment


class Encoding:
    """The network's encoder, on a GPU in a stream of its own: steps of the decoder wait for memory,
    the encoder for arithmetic, so they share a GPU well."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._frames = 2 * network.dimensions.n_audio_ctx
        self._side = Side(network.device)

    def encode(self, mels: Sequence[Tensor], exact: Sequence[bool]) -> Encoded:
        """Begin to encode spectrograms, (mels, frames) each, and ``exact`` of each as Window's.

        On a GPU windows go side by side, for which they have to be of one length.
        """
        if self._network.device.type == "cpu":
            heard = [self._one(mel, whole) for mel, whole in zip(mels, exact, strict=True)]
            return Encoded(audio=heard, ready=Moment(self._network.device))
        batch = torch.stack([self._padded(mel) for mel in mels])
        with self._side.after(Moment(self._network.device)):
            found = self._network.encode(batch)
            ready = Moment(self._network.device)
        self._side.lend(batch, found)
        return Encoded(audio=[Sound(states=states) for states in found], ready=ready)

    def _one(self, mel: Tensor, exact: bool) -> Sound:
        if exact:
            return Sound(states=self._network.encode(self._padded(mel)[None])[0])
        return self._network.encode_short(mel[..., : self._frames])

    def _padded(self, mel: Tensor) -> Tensor:
        """As openai-whisper's pad_or_trim."""
        kept = mel[..., : self._frames]
        return functional.pad(kept, (0, self._frames - kept.shape[-1]))
